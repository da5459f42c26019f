//! Runs that never wait for an answer take turns on one thread, and what they write is committed together.
//!
//! The thread that brings a run leads, once it has brought all that it has: so what came together is executed together,
//! and nobody pays for a change of threads. No run is answered before the commit that holds what it wrote. A run that
//! computes for long without the database steps aside: its thread goes on with it alone, and another leads. Whenever a
//! leader is held up, another thread stands in for it among those that bring runs.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use parking_lot::Mutex;

use crate::engine::World;
use crate::event::Event;
use crate::outcome::Reply;
use crate::runner::{self, Ended, Lead, Leader, Start};
use crate::scripts::Script;

/// Takes the answer to a request.
pub type Respond = Box<dyn FnOnce(Reply) + Send>;

/// A run that waits for its turn.
pub struct Turn {
    /// Its script, which never waits.
    pub script: Arc<Script>,
    /// What caused it.
    pub event: Event,
    /// Who gets the answer. It is called on a thread that must not be held up.
    pub respond: Respond,
}

/// The threads of whoever brings runs.
pub trait Threads: Send + Sync {
    /// Does something that may wait on a thread where it holds up nobody.
    ///
    /// # Errors
    /// [`Full`] where too much of that goes on and waits already.
    fn apart(&self, act: Box<dyn FnOnce() + Send>) -> Result<(), Full>;

    /// Has something done on one of them, after what is ready to be done there.
    fn soon(&self, act: Box<dyn FnOnce() + Send>);

    /// Has something done on one of them after a time.
    fn later(&self, time: Duration, act: Box<dyn FnOnce() + Send>);

    /// Puts another thread in the place of this one, which is busy until what this gives is dropped.
    fn stand_in(&self) -> Box<dyn Send>;
}

/// Too many wait already.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

/// The line of runs.
#[derive(Default)]
pub struct Turns(Mutex<Line>);

#[derive(Default)]
struct Line {
    waiting: VecDeque<Turn>,
    is_led: bool,
    /// How many runs have stepped aside and still go on.
    aside: usize,
}

/// Takes a run into the line, and has it led if nobody leads.
///
/// # Errors
/// [`Full`] where too many wait already.
pub fn take(world: &Arc<World>, turn: Turn, threads: &Arc<dyn Threads>) -> Result<(), Full> {
    let mut line = world.turns().0.lock();
    if line.waiting.len() >= world.limits().queue {
        return Err(Full);
    }
    line.waiting.push_back(turn);
    if !line.is_led {
        line.is_led = true;
        drop(line);
        lead_soon(world, threads);
    }
    Ok(())
}

fn lead_soon(world: &Arc<World>, threads: &Arc<dyn Threads>) {
    let (leadership, own) = (Leadership(Arc::clone(world)), Arc::clone(threads));
    threads.soon(Box::new(move || {
        let world = Arc::clone(&leadership.0);
        let has_passed_on = Cell::new(false);
        let led = catch_unwind(AssertUnwindSafe(|| lead(&world, &own, &has_passed_on)));
        // The panic has been printed; whoever waited for an answer is told that there is none.
        if led.is_err() && !has_passed_on.get() {
            pass_on(&world, &own);
        }
        std::mem::forget(leadership);
    }));
}

/// The right to lead, until it is passed on. Where the thread that was to lead has ended before it began, whoever brings
/// the next run leads.
struct Leadership(Arc<World>);

impl Drop for Leadership {
    fn drop(&mut self) {
        self.0.turns().0.lock().is_led = false;
    }
}

/// Executes one group, and has the next one led where some wait.
fn lead(world: &Arc<World>, threads: &Arc<dyn Threads>, has_passed_on: &Cell<bool>) {
    let group = Group { world, threads, has_passed_on, ended: RefCell::default(), place: RefCell::default() };
    let began = Moment::now();
    loop {
        let Some(Turn { script, event, respond }) = world.turns().0.lock().waiting.pop_front() else { break };
        let lead = Lead::new(&group);
        let ended = catch_unwind(AssertUnwindSafe(|| runner::execute_led(world, Start::of_webhook(world, &script, &event), &lead)));
        if !lead.goes_on() {
            let _aside = OneAside(world);
            respond(ended.map_or_else(|_| Reply::broken(), |ended| ended.settle_unwatched(world).reply));
            return;
        }
        match ended {
            Ok(ended) => group.ended.borrow_mut().push((ended, respond)),
            Err(_) => respond(Reply::broken()),
        }
        if group.ended.borrow().len() >= world.limits().group_runs || began.elapsed() >= Duration::from_millis(world.limits().group_ms) {
            break;
        }
    }
    group.commit();
    group.pass_on();
}

/// A run that has stepped aside.
struct OneAside<'w>(&'w World);

impl Drop for OneAside<'_> {
    fn drop(&mut self) {
        self.0.turns().0.lock().aside -= 1;
    }
}

/// Whether a further run may step aside; it is counted then.
fn makes_room(world: &World) -> bool {
    let mut line = world.turns().0.lock();
    let has_room = line.aside < world.limits().runs;
    line.aside += usize::from(has_room);
    has_room
}

/// Ends the leadership, or has another group led where runs wait.
fn pass_on(world: &Arc<World>, threads: &Arc<dyn Threads>) {
    let mut line = world.turns().0.lock();
    if line.waiting.is_empty() {
        line.is_led = false;
        return;
    }
    drop(line);
    lead_soon(world, threads);
}

/// Runs that have ended and wait for their commit, and the thread that leads them.
struct Group<'w> {
    world: &'w Arc<World>,
    threads: &'w Arc<dyn Threads>,
    has_passed_on: &'w Cell<bool>,
    ended: RefCell<Vec<(Ended, Respond)>>,
    /// What keeps the thread's place while it is held up.
    place: RefCell<Option<Box<dyn Send>>>,
}

impl Group<'_> {
    fn pass_on(&self) {
        self.has_passed_on.set(true);
        pass_on(self.world, self.threads);
    }

    /// Commits what they wrote, and answers.
    fn commit(&self) {
        let ended = std::mem::take(&mut *self.ended.borrow_mut());
        if ended.is_empty() {
            return;
        }
        if !self.world.is_store_free() {
            self.is_held_up();
        }
        self.world.commit_group();
        for (ended, respond) in ended {
            respond(ended.settle_unwatched(self.world).reply);
        }
    }
}

impl Leader for Group<'_> {
    fn is_held_up(&self) {
        self.place.borrow_mut().get_or_insert_with(|| self.threads.stand_in());
    }

    fn steps_aside(&self) -> bool {
        if !makes_room(self.world) {
            self.is_held_up();
            return false;
        }
        self.commit();
        self.is_held_up();
        self.pass_on();
        true
    }
}
