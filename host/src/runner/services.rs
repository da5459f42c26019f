//! The clock, the network and the console as the keywords of a run see them.

use std::time::{Duration, Instant as Moment};

use gbvm_stdlib::services::{Answer, Clock, Console, HttpClient, Level, Request};
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;

use super::Budget;
use crate::calls;
use crate::engine::World;
use crate::segment::Segment;

/// What a line of the log takes besides its text.
const LINE_BYTES: usize = 64;

/// The clock as the keywords of a run see it.
pub(super) struct RunClock<'a> {
    pub(super) world: &'a World,
    pub(super) deadline: Deadline,
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

/// When a run has taken too long. The clock stands while the run waits for an answer.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) most: Option<Duration>,
    pub(super) since: Moment,
    pub(super) waited: Duration,
}

impl Deadline {
    pub(super) fn new(budget: Budget) -> Deadline {
        Deadline { most: budget.wall_ms.map(Duration::from_millis), since: Moment::now(), waited: Duration::ZERO }
    }

    pub(super) fn check(&self, world: &World) -> Result<(), Fault> {
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
pub(super) struct Caller<'r, 'a> {
    pub(super) segment: &'r Segment<'a>,
    pub(super) world: &'a World,
    pub(super) run_id: &'r str,
    pub(super) calls: &'r mut u32,
    pub(super) deadline: &'r mut Deadline,
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
pub(super) struct WorldConsole<'r> {
    pub(super) world: &'r World,
    /// How many bytes it may still log; none means no bound.
    pub(super) left: Option<&'r mut usize>,
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
