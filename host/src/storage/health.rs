//! Whether a database is well, and a copy of it.

use std::path::Path;
use std::time::Duration;

use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::{Store, fault};

/// How many pages are copied before others get their turn.
const PAGES: i32 = 1_000;
/// How long that turn is.
const TURN: Duration = Duration::from_millis(5);
/// After what time something that waits is late, in milliseconds.
const LATE_MS: i64 = 15 * 60_000;

/// Something about a database that a person ought to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether something is to be done.
    pub is_wrong: bool,
    /// What it is, and what to do.
    pub message: String,
}

impl Store {
    /// Copies the database into a new file, while others read and write it.
    ///
    /// # Errors
    /// `E_DATABASE` where the file cannot be written; it may be there in part then.
    pub fn back_up(&mut self, file: &Path) -> Result<(), Fault> {
        let mut copy = Connection::open(file).map_err(fault)?;
        Backup::new(&self.connection, &mut copy).and_then(|backup| backup.run_to_completion(PAGES, TURN, None)).map_err(fault)
    }

    /// Looks at the file and at the work that waits in it.
    ///
    /// # Errors
    /// `E_DATABASE` where it cannot even be asked.
    pub fn findings(&mut self, now: Instant) -> Result<Vec<Finding>, Fault> {
        let mut found = Vec::new();
        let mut say = |is_wrong: bool, message: String| found.push(Finding { is_wrong, message });
        let mut statement = self.connection.prepare("PRAGMA integrity_check(10)").map_err(fault)?;
        let problems: Vec<String> = statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).map_err(fault)?;
        match problems.as_slice() {
            [only] if only == "ok" => say(false, "the file is whole".to_owned()),
            problems => problems.iter().for_each(|problem| say(true, format!("the file is damaged: {problem}; go back to a backup"))),
        }
        let count = |sql: &str| self.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(fault);
        let dead = count("SELECT count(*) FROM gbvm_outbox WHERE state = 'dead'")?;
        say(dead > 0, format!("{dead} deliveries are dead{}", if dead > 0 { "; `gbvm outbox list --state dead` shows why, `replay` queues one again" } else { "" }));
        let dead = count("SELECT count(*) FROM gbvm_jobs WHERE state = 'dead'")?;
        say(dead > 0, format!("{dead} runs are dead{}", if dead > 0 { "; `gbvm runs list --state dead` shows why, `replay` queues one again" } else { "" }));
        let late = |table: &str| {
            let sql = format!("SELECT count(*) FROM {table} WHERE state = 'queued' AND due_ms < {}", now.0 - LATE_MS);
            count(&sql)
        };
        let (deliveries, runs) = (late("gbvm_outbox")?, late("gbvm_jobs")?);
        say(deliveries + runs > 0, format!("{} deliveries and runs are due for more than a quarter of an hour{}", deliveries + runs, if deliveries + runs > 0 { "; is `gbvm serve` running?" } else { "" }));
        let sql = "SELECT count(*) FROM gbvm_outbox AS held WHERE state = 'held' AND NOT EXISTS (SELECT 1 FROM gbvm_outbox AS head WHERE head.origin = held.origin AND head.ordering_key = held.ordering_key AND head.state = 'queued')";
        let stuck = count(sql)?;
        if stuck > 0 {
            say(true, format!("{stuck} deliveries wait for one that is not queued; `gbvm serve` queues them when it starts"));
        }
        let ahead = count(&format!("SELECT count(*) FROM gbvm_schedules WHERE last_slot_ms > {}", now.0 + LATE_MS))?;
        if ahead > 0 {
            say(true, format!("{ahead} schedules ran at a time that is still to come: the clock was set back, and they wait for it"));
        }
        Ok(found)
    }
}
