//! Executes one run: the only place where the machine meets the world.
//!
//! A run is a sequence of segments. A segment ends, with a checkpoint where something was written, before a call whose
//! answer the script waits for; what the script wrote last is committed together with the record of the run.

mod drive;
mod services;

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant as Moment;

use gbvm_vm::fault::{Fault, shown};
use gbvm_vm::limits::Limits;
use gbvm_vm::value::Value;

use crate::engine::{self, World};
use crate::event::Event;
use crate::inbox;
use crate::outcome::{Outcome, Reply};
use crate::scripts::Script;
use crate::segment::Segment;
use crate::storage::group::Receipt;
use crate::storage::{RunIdentity, RunRecord, RunState as RecordState, Told};

use drive::{Inbox, Run};

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
    /// Told once the run is kept, so that it goes on whatever becomes of the process.
    pub is_kept: Option<&'a dyn Fn()>,
}

impl<'a> Start<'a> {
    /// A run that begins.
    pub fn new(script: &'a Arc<Script>, event: &'a Event, budget: Budget) -> Start<'a> {
        Start { script, event, identity: engine::identity_of(script, event), attempt: 1, job: None, checkpoint: None, has_inbox: true, budget, is_kept: None }
    }

    /// A run that answers a request.
    pub fn of_webhook(world: &World, script: &'a Arc<Script>, event: &'a Event) -> Start<'a> {
        Start::new(script, event, Budget::of_webhook(world.limits()))
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

impl Budget {
    /// That of a request.
    pub fn of_webhook(limits: &Limits) -> Budget {
        Budget { fuel: limits.fuel, wall_ms: limits.webhook_wall_ms, query_ms: limits.query_ms, memory_bytes: limits.memory_bytes }
    }

    /// That of an event that nobody waits for.
    pub fn of_job(limits: &Limits) -> Budget {
        Budget { wall_ms: limits.job_wall_ms, ..Budget::of_webhook(limits) }
    }

    /// That of a start by hand: somebody is there to end it.
    pub fn of_hand(memory_bytes: usize) -> Budget {
        Budget { fuel: None, wall_ms: None, query_ms: None, memory_bytes }
    }
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

/// A thread that executes runs one after another, and brings them too.
pub trait Leader {
    /// The run at hand holds the thread up: it waits for the database, or computes for long.
    fn is_held_up(&self);

    /// Has another thread lead from now on, if there can be one.
    fn steps_aside(&self) -> bool;
}

/// What a run knows of the thread that executes it and leads others.
pub struct Lead<'a> {
    goes_on: Cell<bool>,
    leader: &'a dyn Leader,
}

impl<'a> Lead<'a> {
    /// A thread that leads.
    pub fn new(leader: &'a dyn Leader) -> Lead<'a> {
        Lead { goes_on: Cell::new(true), leader }
    }

    /// Whether the thread still leads.
    pub fn goes_on(&self) -> bool {
        self.goes_on.get()
    }

    /// The run takes long. One that does not hold the database is left to this thread alone.
    fn takes_long(&self, holds_store: bool) {
        if holds_store {
            self.leader.is_held_up();
        } else if self.goes_on.get() && self.leader.steps_aside() {
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
                // An earlier segment may have kept the request: its sender is to come again, and to be heard.
                note_lost(world.write(|store| {
                    store.forget_request(&record.id)?;
                    store.record_run(&record)
                }));
                failed(fault, record.id)
            }
            (Err(fault), Ok(())) => failed(fault, record.id),
            // What it failed because of may be lost as well.
            (Err(fault), Err(second)) => {
                note_lost(Err(second.clone()));
                failed(if fault.code == "E_SIGNATURE" { fault } else { second }, record.id)
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
    let waits = || lead.into_iter().for_each(|lead| lead.leader.is_held_up());
    let segment = Segment::new(world, identity, start.script.writes, start.budget.query_ms).telling(&waits);
    let mut run = Run::new(world, &start, &segment, variables, lead);
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
            let seen = segment.withdraw(commits_later());
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
            Ended { reply: Err(fault), receipt: receipt.flatten().or(seen), record, refused_input }
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
