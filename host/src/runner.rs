//! Executes one run: the only place where the machine meets the world.
//!
//! A run is a sequence of segments. A segment ends, with a checkpoint where something was written, before a call whose
//! answer the script waits for; what the script wrote last is committed together with the record of the run.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Moment};

use gbvm_stdlib::keyword::{Call, Function, HostContext, RunState};
use gbvm_stdlib::services::{Answer, Clock, Console, HttpClient, Level, Request};
use gbvm_vm::fault::{Fault, shown};
use gbvm_vm::instant::Instant;
use gbvm_vm::machine::{Stop, Vm};
use gbvm_vm::memory;
use gbvm_vm::signature::Boundary;
use gbvm_vm::value::Value;

use crate::address::addresses;
use crate::calls;
use crate::checkpoint::{self, StoreSecrets};
use crate::engine::{self, World};
use crate::event::Event;
use crate::inbox::{self, Ticket};
use crate::input;
use crate::outcome::{self, Outcome, Reply};
use crate::scheme;
use crate::scripts::Script;
use crate::trace::Trace;
use crate::segment::{Segment, SegmentStorage};
use crate::storage::group::Receipt;
use crate::storage::{RunIdentity, RunRecord, RunState as RecordState, Told};

/// What a line of the log takes besides its text.
const LINE_BYTES: usize = 64;
/// How many instructions run between two looks at the clock and at what the values take.
const SLICE: u64 = 50_000;

/// After how long a run that does not hold the database no longer leads others.
const LONG: Duration = Duration::from_millis(5);

/// A run that begins or goes on.
pub struct Start<'a> {
    /// Its script.
    pub script: &'a Arc<Script>,
    /// What caused it.
    pub event: &'a Event,
    /// Its id and place in the chain of causes.
    pub identity: RunIdentity,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// The queued job that it answers.
    pub job: Option<i64>,
    /// Where it goes on, if it was interrupted.
    pub checkpoint: Option<Vec<u8>>,
    /// Whether a request that came before gets the answer that it got then.
    pub has_inbox: bool,
    /// Bounds that replace those of the engine.
    pub budget: Budget,
    /// Set once the run is kept, so that it goes on whatever becomes of the process.
    pub is_kept: Option<&'a AtomicBool>,
}

impl<'a> Start<'a> {
    /// A run that begins.
    pub fn new(script: &'a Arc<Script>, event: &'a Event, budget: Budget) -> Start<'a> {
        Start { script, event, identity: engine::identity_of(script, event), attempt: 1, job: None, checkpoint: None, has_inbox: true, budget, is_kept: None }
    }

    /// A run that answers a request.
    pub fn of_webhook(world: &World, script: &'a Arc<Script>, event: &'a Event) -> Start<'a> {
        let limits = world.limits();
        let budget = Budget { fuel: limits.fuel, wall_ms: limits.webhook_wall_ms, query_ms: limits.query_ms, memory_bytes: limits.memory_bytes };
        Start::new(script, event, budget)
    }
}

/// How long a run may take, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Instructions a segment may execute.
    pub fuel: Option<u64>,
    /// Wall time in milliseconds, waits for answers left out.
    pub wall_ms: Option<u64>,
    /// Milliseconds that one query may take.
    pub query_ms: Option<u64>,
    /// Bytes that its values may take at one time.
    pub memory_bytes: usize,
}

/// Executes a run as [`execute`] does, and logs its failure: for runs whose outcome nobody else shows.
pub fn execute_unwatched(world: &World, start: Start<'_>) -> Outcome {
    run(world, start, None, None).settle_unwatched(world)
}

/// Executes a run to its end and gives what it came to. Its effects are committed before this returns.
pub fn execute(world: &World, start: Start<'_>) -> Outcome {
    run(world, start, None, None).settle(world)
}

/// Executes a run as [`execute`] does, with variables of its main part, which are left as the run leaves them.
pub fn execute_with(world: &World, start: Start<'_>, variables: &mut Vec<(String, Value)>) -> Outcome {
    run(world, start, Some(variables), None).settle(world)
}

/// Executes a run to its end for a thread that leads others. While it leads, it is left to it to commit what the run
/// wrote: [`World::commit_group`], then [`Ended::settle`].
pub fn execute_led(world: &World, start: Start<'_>, lead: &Lead<'_>) -> Ended {
    run(world, start, None, Some(lead))
}

/// What a run knows of the thread that executes it and leads others.
pub struct Lead<'a> {
    goes_on: Cell<bool>,
    step_aside: &'a dyn Fn() -> bool,
}

impl<'a> Lead<'a> {
    /// A thread that leads, and what it does so that another leads: false where it cannot.
    pub fn new(step_aside: &'a dyn Fn() -> bool) -> Lead<'a> {
        Lead { goes_on: Cell::new(true), step_aside }
    }

    /// Whether the thread still leads.
    pub fn goes_on(&self) -> bool {
        self.goes_on.get()
    }

    /// Has another thread lead, if there can be one.
    fn step_aside(&self) {
        if self.goes_on.get() && (self.step_aside)() {
            self.goes_on.set(false);
        }
    }
}

/// A run that has come to its end, and whose effects may not be on disk yet.
pub struct Ended {
    reply: Result<Reply, Fault>,
    /// Says when the effects are on disk.
    receipt: Option<Receipt>,
    record: RunRecord,
    /// What was said of the input that was refused last.
    refused_input: Option<String>,
}

impl Ended {
    /// Waits until the run's effects are on disk, and gives what it came to. A run that cannot be committed has failed.
    pub fn settle(self, world: &World) -> Outcome {
        let Ended { reply, receipt, mut record, refused_input } = self;
        let committed = receipt.map_or(Ok(()), Receipt::wait);
        let failed = |fault: Fault, run_id: String| Outcome { reply: Reply::failed(&fault, &run_id, refused_input.as_deref()), run_id, fault: Some(fault) };
        match (reply, committed) {
            (Ok(reply), Ok(())) => Outcome { run_id: record.id, reply, fault: None },
            (Ok(_), Err(fault)) => {
                record.fail(&fault);
                note_lost(world.write(|store| store.record_run(&record)));
                failed(fault, record.id)
            }
            (Err(fault), committed) => {
                note_lost(committed);
                failed(fault, record.id)
            }
        }
    }

    /// As [`Ended::settle`], and logs the failure.
    pub fn settle_unwatched(self, world: &World) -> Outcome {
        let outcome = self.settle(world);
        if let Some(fault) = &outcome.fault {
            let lead = fault.trace.first().map_or(String::new(), |place| format!("{}:{}:{}: ", place.file, place.line, place.column));
            tracing::error!(run = %outcome.run_id, "{lead}error[{}]: {}", shown(&fault.code), shown(&fault.message));
        }
        outcome
    }
}

/// The failure of a run must not hide behind a store that cannot take its record.
fn note_lost(recorded: Result<(), Fault>) {
    if let Err(second) = recorded {
        tracing::error!("the failed run could not be recorded: {}", second.message);
    }
}

fn run(world: &World, start: Start<'_>, variables: Option<&mut Vec<(String, Value)>>, lead: Option<&Lead<'_>>) -> Ended {
    let span = tracing::info_span!("run", id = %start.identity.run_id, script = %start.script.name);
    let _entered = span.enter();
    let began = Moment::now();
    let started_at = world.clock().now();
    let identity = RunIdentity { told: Told::by(start.event), ..start.identity.clone() };
    let segment = Segment::new(world, identity, start.script.writes, start.budget.query_ms);
    let log_left = (!matches!(start.event, Event::Manual(_))).then_some(world.limits().log_bytes);
    let mut run = Run { world, start: &start, segment: &segment, budget: start.budget, deadline: Deadline::new(start.budget), fuel_left: start.budget.fuel, log_left, calls: 0, has_committed: start.checkpoint.is_some(), refused_input: None, inbox: Inbox::Unasked, allowed_origins: world.allowed_origins(), variables, lead };
    let finished = run.drive();
    let (has_committed, refused_input) = (run.has_committed, run.refused_input.take());
    let mut record = RunRecord {
        id: start.identity.run_id.clone(),
        script: start.script.name.clone(),
        program_hash: start.script.linked.hash(),
        event: start.event.summary(),
        state: RecordState::Done,
        attempt: start.attempt,
        cause: start.identity.cause.clone(),
        started_at,
        duration_ms: began.elapsed().as_millis() as u64,
        error: None,
        may_have_checkpoint: has_committed || start.job.is_some(),
    };
    let commits_later = || lead.is_some_and(Lead::goes_on);
    let ended = finished.and_then(|reply| {
        if matches!(run.inbox, Inbox::Repeated) {
            let receipt = segment.withdraw(commits_later());
            if !has_committed {
                return Ok((reply, receipt));
            }
        }
        if segment.has_written() || has_committed || start.job.is_some() || matches!(run.inbox, Inbox::New(_)) {
            segment.within(true, |store| {
                store.record_run(&record)?;
                match &run.inbox {
                    Inbox::New(ticket) if inbox::settles(&reply) => store.keep_request(ticket, &record.id, Some(&reply), started_at)?,
                    Inbox::Kept if inbox::settles(&reply) => store.keep_answer(&record.id, &reply)?,
                    Inbox::Kept => store.forget_request(&record.id)?,
                    Inbox::New(_) | Inbox::Unasked | Inbox::Open | Inbox::Repeated => {}
                }
                start.job.map_or(Ok(()), |job| store.finish_job(job))
            })?;
        }
        Ok((reply, segment.finish(commits_later())?))
    });
    match ended {
        Ok((reply, receipt)) => Ended { reply: Ok(reply), receipt, record, refused_input },
        Err(fault) => {
            segment.withdraw(commits_later());
            record.fail(&fault);
            let receipt = leaves_record(world, &start, &fault, has_committed).then(|| {
                let recorded = segment.within(true, |store| {
                    if start.job.is_none() && has_committed {
                        store.forget_request(&record.id)?;
                    }
                    store.record_run(&record)
                });
                recorded.and_then(|()| segment.finish(commits_later())).unwrap_or_else(|second| {
                    note_lost(Err(second));
                    None
                })
            });
            Ended { reply: Err(fault), receipt: receipt.flatten(), record, refused_input }
        }
    }
}

/// Whether a run that failed leaves a record.
fn leaves_record(world: &World, start: &Start<'_>, fault: &Fault, has_committed: bool) -> bool {
    // The next start takes it up: where a segment is committed by its checkpoint, a queued event by its job.
    let goes_on = fault.ends_run && fault.code == "E_STOPPING" && (has_committed || start.job.is_some());
    // Whoever cannot sign writes nothing here, not even that it tried.
    let is_stranger = fault.code == "E_SIGNATURE" && fault.trace.is_empty() && start.job.is_none();
    // A start by hand that needed no store needs no record.
    let needs_store = !matches!(start.event, Event::Manual(_)) || world.has_store();
    !goes_on && !is_stranger && needs_store
}

struct Run<'r, 'w> {
    world: &'w World,
    start: &'r Start<'r>,
    segment: &'r Segment<'w>,
    budget: Budget,
    deadline: Deadline,
    fuel_left: Option<u64>,
    /// How many bytes it may still log; none means no bound.
    log_left: Option<usize>,
    /// How many calls with an answer were made: part of their idempotency keys.
    calls: u32,
    /// Whether an earlier segment was committed.
    has_committed: bool,
    /// What was said of the input that was refused last.
    refused_input: Option<String>,
    /// Whether its request came before.
    inbox: Inbox,
    /// The origins that it may call, as they were when it began.
    allowed_origins: Arc<[String]>,
    /// Variables to begin with, and as they are at the end.
    variables: Option<&'r mut Vec<(String, Value)>>,
    /// The thread that executes it, if that leads others.
    lead: Option<&'r Lead<'r>>,
}

/// What is known of whether a run's request came before.
enum Inbox {
    /// Nothing: the caller has not proved who it is.
    Unasked,
    /// It may come as often as it likes, or is no request.
    Open,
    /// It is new, and is kept under this with what the run writes.
    New(Ticket),
    /// It is kept already, without an answer.
    Kept,
    /// It came before.
    Repeated,
}

impl Inbox {
    /// What a new request is to be kept under, which it is from now on.
    fn takes_new(&mut self) -> Option<Ticket> {
        match std::mem::replace(self, Inbox::Kept) {
            Inbox::New(ticket) => Some(ticket),
            other => {
                *self = other;
                None
            }
        }
    }
}

impl Run<'_, '_> {
    fn drive(&mut self) -> Result<Reply, Fault> {
        let linked = &self.start.script.linked;
        let _bounded = memory::bound(self.budget.memory_bytes);
        let (mut vm, mut state) = match &self.start.checkpoint {
            None => {
                // A queued request was checked when it was let in.
                let signature = if self.start.job.is_some() { None } else { scheme::authenticate(self.world, self.start.script, self.start.event)? };
                let mut vm = Vm::new(linked, self.world.limits());
                let mut state = input::begin(&mut vm, self.start.event, self.world.inputs(), self.world.limits())?;
                state.is_authenticated |= signature.is_some();
                state.signature = signature.map(str::to_owned);
                (vm, state)
            }
            Some(bytes) => {
                let resumed = checkpoint::read(bytes, linked, self.world.limits(), &StoreSecrets(self.segment))?;
                self.calls = resumed.calls;
                if resumed.is_authenticated {
                    self.inbox = Inbox::Kept;
                }
                (resumed.vm, input::resume(self.start.event, self.world.inputs(), self.world.limits(), resumed.headers, resumed.is_authenticated)?)
            }
        };
        if let Event::Webhook(request) = self.start.event {
            state.asked = (request.method.clone(), addresses(request, self.world.public_url()));
        }
        for (name, value) in self.variables.iter().flat_map(|variables| variables.iter()) {
            vm.set_variable(name, value.clone());
        }
        let clock = self.world.clock().clone();
        let now = move || clock.now();
        let mut trace = self.world.tracer().map(|tracer| Trace::new(self.start.script, &**tracer));
        loop {
            if vm.pending().is_some() {
                self.segment.note_statements(vm.statements())?;
                if let Some(answer) = self.earlier_answer(&vm, &mut state)? {
                    return Ok(answer);
                }
                match self.answer(&vm, &mut state) {
                    Ok(answer) => vm.resume(answer),
                    Err(fault) => {
                        let before = vm.fuel();
                        vm.fail(fault)?;
                        if let Err(fault) = self.spend(before.saturating_sub(vm.fuel())) {
                            vm.fail(fault)?;
                        }
                    }
                }
            }
            // What the host made, such as rows, counts too.
            if let Err(fault) = memory::check() {
                vm.fail(fault)?;
            }
            let slice = self.fuel_left.map_or(SLICE, |left| left.min(SLICE));
            vm.set_fuel(Some(slice));
            let stop = match &mut trace {
                None => vm.run(&now),
                Some(trace) => vm.run_watched(&now, &mut |moment| trace.see(moment)),
            };
            if let (Some(trace), Stop::Done | Stop::Failed(_)) = (&mut trace, &stop) {
                trace.finish(&vm);
            }
            if let (Some(variables), Stop::Done | Stop::Failed(_)) = (&mut self.variables, &stop) {
                keep(variables, &vm);
            }
            match stop {
                Stop::Done => {
                    self.undo_failed(&mut vm)?;
                    self.segment.note_statements(Vec::new())?;
                    return outcome::reply_of(&vm);
                }
                Stop::Failed(fault) => return Err(fault),
                Stop::HostCall | Stop::OutOfFuel => {
                    self.undo_failed(&mut vm)?;
                    let used = if let Stop::OutOfFuel = stop { slice } else { slice.saturating_sub(vm.fuel()) };
                    if let Some(lead) = self.lead.filter(|_| self.deadline.since.elapsed() > LONG && !self.segment.is_open()) {
                        lead.step_aside();
                    }
                    if let Err(fault) = self.spend(used) {
                        vm.fail(fault)?;
                    }
                }
            }
        }
    }

    /// The answer to a request that came before. It is looked for once, where the caller has proved who it is.
    fn earlier_answer(&mut self, vm: &Vm, state: &mut RunState) -> Result<Option<Reply>, Fault> {
        let Event::Webhook(request) = self.start.event else { return Ok(None) };
        state.is_authenticated |= vm.has_matched_secret();
        if !matches!(self.inbox, Inbox::Unasked) || !state.is_authenticated {
            return Ok(None);
        }
        self.inbox = Inbox::Open;
        // A run that changes nothing may as well come twice.
        let webhook = inbox::webhook(self.start.script, request).filter(|_| self.start.has_inbox && self.start.script.writes);
        let Some(ticket) = webhook.and_then(|webhook| inbox::ticket(webhook, request, &state.body, state.signature.as_deref())) else { return Ok(None) };
        let now = self.world.clock().now();
        // The segment stays open from here on, so that no other run keeps the same request meanwhile.
        let first = self.segment.within(false, |store| store.received(&ticket, &self.start.identity.run_id, now))?;
        let Some(first) = first else {
            self.inbox = Inbox::New(ticket);
            return Ok(None);
        };
        self.inbox = Inbox::Repeated;
        Ok(Some(inbox::replay(request, &ticket, first)))
    }

    /// Undoes what statements wrote that have failed while the script went on.
    fn undo_failed(&self, vm: &mut Vm) -> Result<(), Fault> {
        vm.take_undone().into_iter().try_for_each(|statement| self.segment.undo(statement))
    }

    /// Counts instructions that were used up, and looks at the clock.
    fn spend(&mut self, instructions: u64) -> Result<(), Fault> {
        if let Some(left) = &mut self.fuel_left {
            *left = left.saturating_sub(instructions);
            if *left == 0 {
                let most = self.budget.fuel.unwrap_or_default();
                return Err(Fault::ending("E_FUEL", format!("the script used up its {most} instructions without coming to an end; is there a loop that never stops?")));
            }
        }
        self.check_time()
    }

    fn check_time(&self) -> Result<(), Fault> {
        self.deadline.check(self.world)
    }

    /// Does what the machine waits for.
    fn answer(&mut self, vm: &Vm, state: &mut RunState) -> Result<Value, Fault> {
        self.check_time()?;
        let pending = vm.pending().expect("the caller saw that a call is pending");
        let keyword = gbvm_stdlib::find(pending.phrase).ok_or_else(|| Fault::new("E_NOT_HERE", format!("{} is not available here", pending.phrase)))?;
        if let Some(absent) = gbvm_stdlib::elsewhere::fault(keyword) {
            return Err(absent);
        }
        let Function::Host(function) = keyword.function else {
            return Err(Fault::new("E_NOT_HERE", format!("{} is not available here", pending.phrase)));
        };
        let waits = keyword.signature.waits(pending.site.wanted);
        if waits && self.segment.has_transaction() {
            let message = "the script would wait while its transaction is open, which would lock the database; end the transaction with COMMIT before this line";
            return Err(Fault::new("E_CALL_IN_TRANSACTION", message));
        }
        let ends_segment = keyword.signature.boundary == Some(Boundary::Commit) && !self.segment.has_transaction();
        if waits || ends_segment {
            self.end_segment(vm, state).map_err(Fault::and_ends)?;
        }
        // What begins or ends a transaction does nothing else that could be undone.
        if vm.is_guarded() && keyword.signature.boundary.is_none() {
            self.segment.guard_call();
        }
        let clock = RunClock { world: self.world, deadline: self.deadline };
        let mut http = Caller { segment: self.segment, world: self.world, run_id: &self.start.identity.run_id, calls: &mut self.calls, deadline: &mut self.deadline };
        let mut context = HostContext {
            storage: &mut SegmentStorage(self.segment),
            http: &mut http,
            clock: &clock,
            console: &mut WorldConsole { world: self.world, left: self.log_left.as_mut() },
            run: state,
            limits: self.world.limits(),
            parse_filter: gbvm_lang::filter::parse,
            environment: self.world.environment(),
            allowed_origins: &self.allowed_origins,
        };
        let call = Call { arguments: pending.arguments, site: pending.site, templates: &self.start.script.linked.program().templates, frames: pending.frames };
        let answer = function(&mut context, &call);
        if let Some(refused) = state.refused_input.take() {
            self.refused_input = Some(refused);
        }
        self.segment.end_call(answer.is_ok()).and(answer)
    }

    /// Commits what the segment wrote, together with the point from which the run goes on.
    fn end_segment(&mut self, vm: &Vm, state: &RunState) -> Result<(), Fault> {
        if self.segment.has_written() || matches!(self.inbox, Inbox::New(_)) {
            let bytes = checkpoint::write(vm, state, self.calls, &StoreSecrets(self.segment))?;
            let identity = &self.start.identity;
            let event = self.start.event.to_stored();
            let (ticket, now) = (self.inbox.takes_new(), self.world.clock().now());
            self.segment.within(true, |store| {
                if let Some(ticket) = ticket {
                    store.keep_request(&ticket, &identity.run_id, None, now)?;
                }
                store.save_checkpoint(identity, self.start.script.linked.hash(), &event, self.start.job, &bytes)
            })?;
            self.has_committed = true;
        }
        self.segment.commit()?;
        if let Some(is_kept) = self.start.is_kept.filter(|_| self.has_committed) {
            is_kept.store(true, Ordering::SeqCst);
        }
        self.fuel_left = self.budget.fuel;
        Ok(())
    }
}

/// The clock as the keywords of a run see it.
struct RunClock<'a> {
    world: &'a World,
    deadline: Deadline,
}

impl Clock for RunClock<'_> {
    fn now(&self) -> Instant {
        self.world.clock().now()
    }

    fn pause(&self, milliseconds: u64) -> Result<(), Fault> {
        self.deadline.check(self.world)?;
        self.world.clock().pause(milliseconds)
    }
}

/// Puts the variables of a run that has ended to those that are kept.
fn keep(kept: &mut Vec<(String, Value)>, vm: &Vm) {
    for (name, value) in vm.variables() {
        match kept.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value.clone(),
            None if matches!(value, Value::Missing) => {}
            None => kept.push((name.to_owned(), value.clone())),
        }
    }
}

/// When a run has taken too long. The clock stands while the run waits for an answer.
#[derive(Clone, Copy)]
struct Deadline {
    most: Option<Duration>,
    since: Moment,
    waited: Duration,
}

impl Deadline {
    fn new(budget: Budget) -> Deadline {
        Deadline { most: budget.wall_ms.map(Duration::from_millis), since: Moment::now(), waited: Duration::ZERO }
    }

    fn check(&self, world: &World) -> Result<(), Fault> {
        if world.takes_interrupt() {
            return Err(Fault::new("E_STOPPING", "the line was interrupted").and_ends());
        }
        if world.is_stopping() {
            return Err(Fault::ending("E_STOPPING", "the run was cut short because the process is stopping"));
        }
        match self.most {
            Some(most) if self.since.elapsed().saturating_sub(self.waited) > most => {
                Err(Fault::ending("E_TIME", format!("the run took longer than {} ms, not counting its waits for answers", most.as_millis())))
            }
            _ => Ok(()),
        }
    }
}

/// Calls whose answer the script waits for. No transaction is open meanwhile.
struct Caller<'r, 'a> {
    segment: &'r Segment<'a>,
    world: &'a World,
    run_id: &'r str,
    calls: &'r mut u32,
    deadline: &'r mut Deadline,
}

impl HttpClient for Caller<'_, '_> {
    fn call(&mut self, request: &Request) -> Result<Answer, Fault> {
        self.segment.commit().map_err(Fault::and_ends)?;
        *self.calls += 1;
        let began = Moment::now();
        let answered = calls::call_at_once(self.world, request, self.run_id, *self.calls);
        self.deadline.waited += began.elapsed();
        answered
    }
}

/// Where a run prints and logs.
struct WorldConsole<'r> {
    world: &'r World,
    /// How many bytes it may still log; none means no bound.
    left: Option<&'r mut usize>,
}

impl Console for WorldConsole<'_> {
    fn line(&mut self, level: Level, line: &str) {
        let Some(left) = &mut self.left else { return self.world.print(level, line) };
        let bound = std::mem::take(*left);
        if line.len() + LINE_BYTES < bound {
            **left = bound - line.len() - LINE_BYTES;
            return self.world.print(level, line);
        }
        if bound == 0 {
            return;
        }
        self.world.print(level, &line[..line.floor_char_boundary(bound)]);
        self.world.print(Level::Warn, "the run has logged as much as it may: what follows is left out");
    }
}
