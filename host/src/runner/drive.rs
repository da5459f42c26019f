//! The loop of one run: the machine until it waits, what it waits for, and the ends of segments.

use std::sync::Arc;
use std::time::Duration;

use gbvm_stdlib::keyword::{Call, Function, HostContext, RunState};
use gbvm_vm::fault::Fault;
use gbvm_vm::machine::{Stop, Vm};
use gbvm_vm::memory;
use gbvm_vm::signature::Boundary;
use gbvm_vm::value::Value;

use super::services::{Caller, Deadline, RunClock, WorldConsole};
use super::{Budget, Lead, Start};
use crate::address::addresses;
use crate::checkpoint::{self, StoreSecrets};
use crate::engine::World;
use crate::event::Event;
use crate::inbox::{self, Ticket};
use crate::input;
use crate::outcome::{self, Reply};
use crate::scheme;
use crate::segment::{Segment, SegmentStorage};
use crate::trace::Trace;

/// How many instructions run between two looks at the clock and at what the values take.
const SLICE: u64 = 50_000;
/// After how long a run has held its thread up.
const LONG: Duration = Duration::from_millis(5);

/// A run between its beginning and its end.
pub(super) struct Run<'r, 'w> {
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
    pub(super) has_committed: bool,
    /// What was said of the input that was refused last.
    pub(super) refused_input: Option<String>,
    /// Whether its request came before.
    pub(super) inbox: Inbox,
    /// The origins that it may call, as they were when it began.
    allowed_origins: Arc<[String]>,
    /// Variables to begin with, and as they are at the end.
    variables: Option<&'r mut Vec<(String, Value)>>,
    /// The thread that executes it, if that leads others.
    lead: Option<&'r Lead<'r>>,
}

/// What is known of whether a run's request came before.
pub(super) enum Inbox {
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

impl<'r, 'w> Run<'r, 'w> {
    /// A run that has not begun.
    pub(super) fn new(world: &'w World, start: &'r Start<'r>, segment: &'r Segment<'w>, variables: Option<&'r mut Vec<(String, Value)>>, lead: Option<&'r Lead<'r>>) -> Run<'r, 'w> {
        Run {
            world,
            start,
            segment,
            budget: start.budget,
            deadline: Deadline::new(start.budget),
            fuel_left: start.budget.fuel,
            log_left: (!matches!(start.event, Event::Manual(_))).then_some(world.limits().log_bytes),
            calls: 0,
            has_committed: start.checkpoint.is_some(),
            refused_input: None,
            inbox: Inbox::Unasked,
            allowed_origins: world.allowed_origins(),
            variables,
            lead,
        }
    }

    /// Executes it to its end, its last segment not yet ended, and gives its answer.
    pub(super) fn drive(&mut self) -> Result<Reply, Fault> {
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
                self.segment.set_last_row(resumed.last_row);
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
                    if let Some(lead) = self.lead.filter(|_| self.deadline.since.elapsed() > LONG) {
                        lead.takes_long(self.segment.is_open());
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
        match (self.segment.end_call(answer.is_ok()), answer) {
            // The first failure says why the database has undone everything.
            (Err(_), Err(first)) if first.code.starts_with("E_DATABASE") => Err(first.and_ends()),
            (ended, answer) => ended.and(answer),
        }
    }

    /// Commits what the segment wrote, together with the point from which the run goes on.
    fn end_segment(&mut self, vm: &Vm, state: &RunState) -> Result<(), Fault> {
        if self.segment.has_written() || matches!(self.inbox, Inbox::New(_)) {
            let bytes = checkpoint::write(vm, state, self.calls, self.segment.last_row().as_deref(), &StoreSecrets(self.segment))?;
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
            is_kept();
        }
        self.fuel_left = self.budget.fuel;
        Ok(())
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
