//! Works the queues: trigger events start runs, queued calls and mail are delivered, interrupted runs go on.

use std::cell::Cell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant as Moment};

use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;

use crate::engine::World;
use crate::event::{Event, TriggerEvent};
use crate::outbox::{self, Parcel};
use crate::runner::{self, Budget, Start};
use crate::scripts::Script;
use crate::storage::{Job, REQUEST, RunIdentity, Store};

/// How many runs of queued events go on at one time, and how many deliveries: neither takes the other's places.
const AT_ONCE: usize = 32;
/// How long another process's writes may go unnoticed.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How long to wait before work that could not be noted as done is noted again.
const NOTE_AGAIN: Duration = Duration::from_secs(1);
/// How often what is kept for a time is looked through.
const TIDY: Duration = Duration::from_secs(60);
/// How often a run is tried that a trigger or an accepted request started.
const TRIES: u32 = 8;

enum Task {
    Job(Job, Arc<Script>),
    Delivery(Parcel),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum TaskId {
    Job(i64),
    Delivery(i64),
}

impl TaskId {
    fn bury(self, store: &mut Store) -> Result<(), Fault> {
        const WHY: &str = "gbvm itself failed while it did this; its log says more";
        match self {
            TaskId::Job(id) => store.bury_job(id, WHY),
            TaskId::Delivery(id) => store.bury_call(id, WHY),
        }
    }

    fn job(&self) -> Option<i64> {
        match self {
            TaskId::Job(id) => Some(*id),
            TaskId::Delivery(_) => None,
        }
    }

    fn delivery(&self) -> Option<i64> {
        match self {
            TaskId::Delivery(id) => Some(*id),
            TaskId::Job(_) => None,
        }
    }
}

impl Task {
    fn id(&self) -> TaskId {
        match self {
            Task::Job(job, _) => TaskId::Job(job.id),
            Task::Delivery(parcel) => TaskId::Delivery(parcel.id),
        }
    }

    /// Does it and notes what became of it. Where that cannot be noted, `again` is asked whether to try once more: what is
    /// not noted is done anew.
    fn perform(self, world: &World, again: &dyn Fn(&Fault) -> bool) -> Result<(), Fault> {
        match self {
            Task::Job(job, script) => run_job(world, &job, &script, again),
            Task::Delivery(parcel) => outbox::deliver(world, parcel, again),
        }
    }
}

/// Writes for the engine itself as [`World::write`] does, as often as `again` says so.
///
/// # Errors
/// Those of the last time.
pub fn write_until_it_holds(world: &World, again: &dyn Fn(&Fault) -> bool, act: impl Fn(&mut Store) -> Result<(), Fault>) -> Result<(), Fault> {
    loop {
        match world.write(&act) {
            Err(fault) if again(&fault) => {}
            written => return written,
        }
    }
}

/// A pause after work could not be noted as done, perhaps because the disk is full; whether it is worth while to try again.
fn rest(world: &World, is_told: &Cell<bool>, fault: &Fault) -> bool {
    if !is_told.replace(true) {
        tracing::error!("a piece of work is done and cannot be noted: {}", fault.message);
    }
    std::thread::sleep(NOTE_AGAIN);
    world.takes_work()
}

/// Works until the engine takes no more work, then lets what has begun end.
pub fn keep_working(world: &World) {
    let in_flight = Mutex::new(HashSet::new());
    let mut tidied: Option<Moment> = None;
    std::thread::scope(|scope| {
        while world.takes_work() {
            if tidied.is_none_or(|tidied| tidied.elapsed() >= TIDY) {
                let is_more_left = world.write(|store| store.tidy(world.retention(), world.clock().now()));
                match is_more_left {
                    Ok(true) => {}
                    Ok(false) => tidied = Some(Moment::now()),
                    Err(fault) => {
                        tracing::error!("what is old cannot be removed: {}", fault.message);
                        tidied = Some(Moment::now());
                    }
                }
            }
            // Asked before the queues are read: what ends meanwhile may be among what was read, and is not to begin anew.
            let busy = in_flight.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let tasks = match due(world, &busy) {
                Ok(tasks) => tasks,
                Err(fault) => {
                    tracing::error!("the queues cannot be read: {}", fault.message);
                    Vec::new()
                }
            };
            in_flight.lock().unwrap_or_else(PoisonError::into_inner).extend(tasks.iter().map(Task::id));
            for task in tasks {
                let in_flight = &in_flight;
                scope.spawn(move || {
                    let id = task.id();
                    let is_told = Cell::new(false);
                    let done = catch_unwind(AssertUnwindSafe(|| task.perform(world, &|fault| rest(world, &is_told, fault))));
                    // The panic has been printed. Done again it would end so again.
                    let noted = done.unwrap_or_else(|_| world.write(|store| id.bury(store)));
                    if let Err(fault) = noted {
                        tracing::error!("a piece of work could not be noted as done: {}", fault.message);
                    }
                    in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                    world.news().tell();
                });
            }
            world.news().wait(LOOK_AGAIN);
        }
    });
}

/// Works off what is due now, one after another, and tells whether there was anything.
///
/// # Errors
/// `E_DATABASE`.
pub fn round(world: &World) -> Result<bool, Fault> {
    let tasks = due(world, &HashSet::new())?;
    let any = !tasks.is_empty();
    for task in tasks {
        task.perform(world, &|_| false)?;
    }
    Ok(any)
}

/// What is due and not under way, as much as may go on besides that.
fn due(world: &World, busy: &HashSet<TaskId>) -> Result<Vec<Task>, Fault> {
    let now = world.clock().now();
    let scripts = world.scripts();
    // Events of scripts that are not loaded stay queued for the process that loads them.
    let names: Vec<&str> = scripts.iter().map(|script| script.name.as_str()).collect();
    let under_way = |is: fn(&TaskId) -> Option<i64>| busy.iter().filter_map(is).collect::<Vec<i64>>();
    let mut store = world.store()?;
    let (busy_jobs, busy_deliveries) = (under_way(TaskId::job), under_way(TaskId::delivery));
    let jobs = store.next_jobs(now, AT_ONCE.saturating_sub(busy_jobs.len()), &busy_jobs, &names)?;
    let deliveries = due_deliveries(world, &mut store, AT_ONCE.saturating_sub(busy_deliveries.len()), &busy_deliveries)?;
    drop(store);
    let jobs = jobs.into_iter().filter_map(|job| {
        let script = scripts.iter().find(|script| script.name == job.script)?.clone();
        Some(Task::Job(job, script))
    });
    Ok(jobs.chain(deliveries.into_iter().map(Task::Delivery)).collect())
}

/// The deliveries that may go now, from each origin as many as it has room for, the origins in any order.
fn due_deliveries(world: &World, store: &mut Store, most: usize, busy: &[i64]) -> Result<Vec<Parcel>, Fault> {
    let now = world.clock().now();
    let mut origins = store.queued_origins()?;
    fastrand::shuffle(&mut origins);
    let mut deliveries = Vec::new();
    for origin in origins {
        let room = world.traffic().room(&origin, now).min(most - deliveries.len());
        if room > 0 {
            let due = store.next_calls(&origin, now, room, busy, world.configured_secrets())?;
            deliveries.extend(due.iter().filter_map(|delivery| Some(Parcel::of(delivery, world.traffic().deliver(&origin, now).ok()?))));
        }
    }
    Ok(deliveries)
}

fn run_job(world: &World, job: &Job, script: &Arc<Script>, again: &dyn Fn(&Fault) -> bool) -> Result<(), Fault> {
    let Some(event) = event_of(job) else {
        return world.write(|store| store.bury_job(job.id, "the request was stored by another version and cannot be read"));
    };
    let cause = matches!(event, Event::Trigger(_)).then(|| format!("{}/{}", job.table, job.row_id));
    let identity = RunIdentity { run_id: job.run_id.clone(), script: script.name.clone(), cause, depth: job.depth, ..RunIdentity::default() };
    let checkpoint = world.store_as_it_is()?.load_checkpoint(&job.run_id)?;
    let outcome = runner::execute_unwatched(world, Start { identity, attempt: job.attempt + 1, job: Some(job.id), checkpoint, has_inbox: false, ..Start::new(script, &event, Budget::of_job(world.limits())) });
    let Some(fault) = outcome.fault else { return Ok(()) };
    write_until_it_holds(world, again, |store| match &*fault.code {
        "E_STOPPING" if fault.ends_run => Ok(()),
        "E_HTTP" | "E_DATABASE_BUSY" | "E_DATABASE_FULL" if job.attempt + 1 < TRIES => {
            let wait_ms = (5_000u64 << job.attempt).min(3_600_000);
            let at = world.clock().now().plus_millis(wait_ms as i64).unwrap_or(gbvm_vm::instant::LAST);
            store.retry_job(job.id, at, &fault.to_string())
        }
        _ => store.bury_job(job.id, &fault.to_string()),
    })
}

/// What a queued event is: a change of a row, or a request that was answered when it was stored.
fn event_of(job: &Job) -> Option<Event> {
    if job.operation == REQUEST {
        return Event::from_stored(job.new.as_deref()?).ok();
    }
    Some(Event::Trigger(TriggerEvent {
        table: job.table.clone(),
        operation: job.operation.clone(),
        row_id: job.row_id.clone(),
        new: job.new.clone(),
        old: job.old.clone(),
        depth: job.depth,
    }))
}

/// Lets runs that the end of an earlier process interrupted go on from their last checkpoint. Those of triggers go on
/// by their queued jobs. Gives the threads on which they go on. A run whose program has changed since ends as dead.
///
/// # Errors
/// `E_DATABASE`.
pub fn recover(world: &Arc<World>) -> Result<Vec<JoinHandle<()>>, Fault> {
    let mut threads = Vec::new();
    let unfinished = world.store()?.unfinished_runs()?;
    let scripts = world.scripts();
    for run in unfinished.into_iter().filter(|run| run.job.is_none()) {
        let Some(script) = scripts.iter().find(|script| script.name == run.identity.script).cloned() else { continue };
        let event = Event::from_stored(&run.event).ok().filter(|_| run.program_hash == script.linked.hash());
        let Some(event) = event else {
            world.write(|store| store.bury_run(&run, world.clock().now(), "the script changed while the run was interrupted"))?;
            continue;
        };
        let world = world.clone();
        threads.push(std::thread::spawn(move || {
            let start = Start { identity: run.identity, attempt: 2, checkpoint: Some(run.checkpoint), ..Start::new(&script, &event, Budget::of_job(world.limits())) };
            runner::execute_unwatched(&world, start);
        }));
    }
    Ok(threads)
}

/// How many milliseconds lie between two instants; none where the second is past.
pub fn millis_until(now: Instant, then: Instant) -> u64 {
    then.0.saturating_sub(now.0).max(0) as u64
}
