//! Runs that are ready together share one transaction and its commit, each behind a savepoint of its own: a commit that
//! reaches the disk takes far longer than what a run writes.

use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use gbvm_vm::fault::Fault;
use gbvm_vm::limits::Limits;
use parking_lot::{Condvar, Mutex};

use super::Store;

/// A transaction that runs share.
#[derive(Debug, Default)]
struct Group {
    end: Mutex<Option<Result<(), Fault>>>,
    ended: Condvar,
}

/// A run's place in a group.
#[derive(Debug)]
pub struct Receipt(Arc<Group>);

impl Receipt {
    /// Waits until what the run wrote is on disk. Somebody else commits, or has done so.
    ///
    /// # Errors
    /// `E_DATABASE_FULL`, `E_DATABASE`; then nothing of what the run wrote is kept.
    pub fn wait(self) -> Result<(), Fault> {
        let mut end = self.0.end.lock();
        loop {
            match &*end {
                Some(end) => return end.clone(),
                None => self.0.ended.wait(&mut end),
            }
        }
    }
}

/// A group whose transaction is open.
pub(super) struct OpenGroup {
    group: Arc<Group>,
    runs: usize,
    began: Moment,
    /// Whether it could write from its first statement on.
    writes: bool,
    /// Whether somebody has promised to commit it.
    is_promised: bool,
}

impl OpenGroup {
    /// The group of a transaction that has just begun.
    pub(super) fn new(writes: bool) -> OpenGroup {
        OpenGroup { group: Arc::default(), runs: 1, began: Moment::now(), writes, is_promised: false }
    }

    /// Whether a further run can join.
    pub(super) fn suits(&self, store: &Store, write: bool) -> bool {
        store.in_transaction() && self.has_room(&store.limits) && (self.writes || !write)
    }

    /// Whether neither its runs nor its time are used up.
    pub(super) fn has_room(&self, limits: &Limits) -> bool {
        self.runs < limits.group_runs && self.began.elapsed() < Duration::from_millis(limits.group_ms)
    }

    /// Notes that somebody will commit it, so that nobody else has to.
    pub(super) fn promise(&mut self) {
        self.is_promised = true;
    }

    pub(super) fn is_promised(&self) -> bool {
        self.is_promised
    }

    pub(super) fn count_run(&mut self) {
        self.runs += 1;
    }

    pub(super) fn receipt(&self) -> Receipt {
        Receipt(Arc::clone(&self.group))
    }

    /// Commits, and tells everybody who was in it.
    pub(super) fn end(self, store: &mut Store) {
        let end = if store.in_transaction() {
            store.commit()
        } else {
            Err(Fault::new("E_DATABASE_BUSY", "the database undid a transaction that this run shared with one that failed"))
        };
        if end.is_err() {
            store.rollback();
            store.lacks_room = true;
        }
        if store.lacks_room {
            store.lacks_room = !store.folds_log();
        }
        *self.group.end.lock() = Some(end);
        self.group.ended.notify_all();
    }
}
