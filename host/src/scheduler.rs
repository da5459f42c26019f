//! Starts scripts at the slots of their schedules.
//!
//! A slot runs at most once, because it is noted as done before its run begins. A script's schedule never overlaps
//! itself: slots that pass while it runs become one run after it.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gbvm_lang::declare::Declaration;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;

use crate::cron::Timetable;
use crate::engine::World;
use crate::event::{Event, ScheduleEvent};
use crate::runner::Budget;
use crate::scripts::Script;
use crate::work::millis_until;

/// The longest sleep: a clock that was set is noticed after it.
const LOOK_AGAIN_MS: u64 = 1_000;
/// How old a slot may be that is made up for after a pause.
const CATCH_UP_MS: i64 = 3_600_000;

/// A schedule of a loaded script.
pub struct Entry {
    name: String,
    script: Arc<Script>,
    timetable: Timetable,
}

/// The schedules of the loaded scripts.
///
/// # Errors
/// `E_SCHEDULE` for one that cannot be read, with its script and text.
pub fn timetables(world: &World) -> Result<Vec<Entry>, Fault> {
    let mut entries = Vec::new();
    for script in world.scripts() {
        for declaration in &script.declarations {
            let Declaration::Schedule(schedule) = declaration else { continue };
            let timetable = Timetable::parse(&schedule.when, world.zone())
                .map_err(|reason| Fault::new("E_SCHEDULE", format!("{}: the schedule \"{}\" cannot be read: {reason}", script.name, schedule.when)))?;
            let name = schedule.name.clone().unwrap_or_else(|| schedule.when.clone());
            entries.push(Entry { name: format!("{}:{name}", script.name), script: script.clone(), timetable });
        }
    }
    Ok(entries)
}

/// Starts runs at their slots until the engine takes no more work, then lets those that go on end.
pub fn keep_time(world: &World, entries: Vec<Entry>) {
    let running: Mutex<HashSet<usize>> = Mutex::default();
    let now = world.clock().now();
    let mut next: Vec<Option<Instant>> = entries.iter().map(|entry| first_slot(world, entry, now)).collect();
    std::thread::scope(|scope| {
        while world.takes_work() {
            let now = world.clock().now();
            for (at, entry) in entries.iter().enumerate() {
                let Some(slot) = next[at].filter(|slot| *slot <= now) else { continue };
                if !running.lock().unwrap_or_else(PoisonError::into_inner).insert(at) {
                    continue; // The slot stays due and runs once the present run has ended.
                }
                let latest = entry.timetable.last_before(Instant(now.0 + 1), CATCH_UP_MS).unwrap_or(slot).max(slot);
                next[at] = entry.timetable.next_after(latest.max(now));
                let running = &running;
                scope.spawn(move || {
                    // A panic has been printed; the next slot runs.
                    let _ = catch_unwind(AssertUnwindSafe(|| run_slot(world, entry, latest)));
                    running.lock().unwrap_or_else(PoisonError::into_inner).remove(&at);
                });
            }
            let soonest = next.iter().flatten().map(|slot| millis_until(now, *slot)).min().unwrap_or(LOOK_AGAIN_MS);
            std::thread::sleep(Duration::from_millis(soonest.clamp(10, LOOK_AGAIN_MS).min(200)));
        }
    });
}

/// The slot with which a schedule begins: one that was missed and is young enough, else the next.
fn first_slot(world: &World, entry: &Entry, now: Instant) -> Option<Instant> {
    let done = world.store().and_then(|mut store| store.last_slot(&entry.name)).unwrap_or_default();
    let missed = entry.timetable.last_before(now, CATCH_UP_MS).filter(|slot| done.is_some_and(|done| done < *slot));
    missed.or_else(|| entry.timetable.next_after(done.map_or(now, |done| done.max(now))))
}

fn run_slot(world: &World, entry: &Entry, slot: Instant) {
    let is_paused = world.write(|store| {
        store.slot_done(&entry.name, slot)?;
        store.is_paused(&entry.name)
    });
    match is_paused {
        Ok(false) => {}
        Ok(true) => return,
        Err(fault) => return tracing::error!("the schedule {} could not start: {}", entry.name, fault.message),
    }
    let event = Event::Schedule(ScheduleEvent { name: entry.name.clone(), slot: slot.0 });
    world.fire(&entry.script, &event, Budget::of_job(world.limits()));
}
