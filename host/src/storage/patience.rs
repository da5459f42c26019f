//! How long one query may take.
//!
//! SQLite asks every some thousand steps whether to go on. A query that has taken too long ends there. Only what reads is
//! cut: rows are found first and then written by their places, and a write that is cut would undo the whole transaction,
//! which other runs share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gbvm_vm::fault::Fault;
use rusqlite::Connection;

/// After how many steps of SQLite's machine the clock is looked at: some tens of microseconds.
const STEPS: i32 = 10_000;
/// No query runs, or it may take as long as it likes.
const FOREVER: u64 = u64::MAX;

/// The clock of the queries of one connection.
pub(super) struct Patience {
    began: Instant,
    /// When the present query has taken too long, in microseconds from `began`.
    end: Arc<AtomicU64>,
    most: Option<Duration>,
}

impl Patience {
    /// A clock that a connection looks at.
    pub(super) fn with(connection: &mut Connection) -> rusqlite::Result<Patience> {
        let patience = Patience { began: Instant::now(), end: Arc::new(AtomicU64::new(FOREVER)), most: None };
        let (began, end) = (patience.began, patience.end.clone());
        connection.progress_handler(STEPS, Some(move || micros(began.elapsed()) > end.load(Ordering::Relaxed)))?;
        Ok(patience)
    }

    /// Bounds the queries from now on.
    pub(super) fn set_most(&mut self, most_ms: Option<u64>) {
        self.most = most_ms.map(Duration::from_millis);
    }

    /// A query begins, and ends where what this gives is dropped. Nothing else is bounded.
    pub(super) fn query(&self) -> Query {
        let end = self.most.map_or(FOREVER, |most| micros(self.began.elapsed().saturating_add(most)));
        self.end.store(end, Ordering::Relaxed);
        Query(self.end.clone())
    }

    /// The fault of a query that took too long, with how long it might.
    pub(super) fn explain(&self, mut fault: Fault) -> Fault {
        if let Some(most) = self.most.filter(|_| fault.code == TOO_LONG) {
            fault.message = format!("the database took longer than {} ms for this; compare a column with = so that an index serves it, or narrow the filter", most.as_millis());
        }
        fault
    }
}

/// A query that takes so long at most.
pub(super) struct Query(Arc<AtomicU64>);

impl Drop for Query {
    fn drop(&mut self) {
        self.0.store(FOREVER, Ordering::Relaxed);
    }
}

/// The code of a query that took too long.
pub(super) const TOO_LONG: &str = "E_QUERY_TIME";

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(FOREVER - 1)
}
