//! What people ask of runs, deliveries and requests: lists, one of them in full, and what may be done with it.

use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use rusqlite::{OptionalExtension, Row, params_from_iter};

use super::{Store, fault};

/// A line of a list, or one record in full: names and values in order.
pub type Record = Vec<(&'static str, String)>;

/// Which records a list holds.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only those in this state.
    pub state: Option<String>,
    /// Only those of this script or, for deliveries, to this origin.
    pub of: Option<String>,
    /// At most so many, the newest first.
    pub most: u32,
}

/// A run as lists show it: those that have ended, and those that wait in the queue or for an answer.
const RUNS: &str = "SELECT id, script, state, event, attempt, started_at, duration_ms, cause, error FROM (
    SELECT id, script, coalesce((SELECT job.state FROM gbvm_jobs AS job WHERE job.run_id = gbvm_runs.id), state) AS state,
           event, attempt, started_at, duration_ms, cause, error FROM gbvm_runs
    UNION ALL
    SELECT run_id, script, state, lower(operation) || ' ' || tbl || CASE operation WHEN 'REQUEST' THEN '' ELSE ' ' || row_id END, attempt, NULL, NULL, tbl || '/' || row_id, error
    FROM gbvm_jobs WHERE run_id NOT IN (SELECT id FROM gbvm_runs)
    UNION ALL
    SELECT run_id, script, 'waiting', 'goes on from its checkpoint', NULL, NULL, NULL, cause, NULL
    FROM gbvm_checkpoints WHERE run_id NOT IN (SELECT id FROM gbvm_runs) AND job IS NULL)";
const RUN_NAMES: [&str; 9] = ["id", "script", "state", "event", "attempt", "started", "ms", "cause", "error"];

const DELIVERIES: &str = "SELECT id, kind, origin, state, attempt, due_ms, status, script, run_id, ordering_key, idempotency_key, error FROM gbvm_outbox";
const DELIVERY_NAMES: [&str; 12] = ["id", "kind", "to", "state", "attempt", "due", "status", "script", "run", "order", "key", "error"];

const REQUESTS: &str = "SELECT hex(key), run_id, status, expires_ms FROM gbvm_inbox";
const REQUEST_NAMES: [&str; 4] = ["key", "run", "status", "known_until"];

const SCHEDULES: &str = "SELECT name, last_slot_ms, CASE paused WHEN 1 THEN 'paused' ELSE 'on' END FROM gbvm_schedules";
const SCHEDULE_NAMES: [&str; 3] = ["name", "last_slot", "state"];

impl Store {
    /// Runs, the newest first.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn list_runs(&mut self, wanted: &Wanted) -> Result<Vec<Record>, Fault> {
        let sql = format!("{RUNS} WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR script LIKE '%' || ?2) ORDER BY id DESC LIMIT ?3");
        self.records(&sql, wanted, &RUN_NAMES)
    }

    /// One run with the calls and mail that it queued.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn show_run(&mut self, id: &str) -> Result<Option<(Record, Vec<Record>)>, Fault> {
        let Some(run) = self.record(&format!("{RUNS} WHERE id = ?1"), id, &RUN_NAMES)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(&format!("{DELIVERIES} WHERE run_id = ?1 ORDER BY id")).map_err(fault)?;
        let rows = statement.query_map([id], |row| Ok(named(row, &DELIVERY_NAMES)));
        Ok(Some((run, rows.and_then(Iterator::collect).map_err(fault)?)))
    }

    /// Queues a dead run of a trigger or of an accepted request again; false where there is none of this id.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn replay_run(&mut self, id: &str) -> Result<bool, Fault> {
        let sql = "UPDATE gbvm_jobs SET attempt = 0, due_ms = 0, error = NULL, state = CASE WHEN EXISTS (SELECT 1 FROM gbvm_jobs AS head
                   WHERE head.script = gbvm_jobs.script AND head.tbl = gbvm_jobs.tbl AND head.row_id = gbvm_jobs.row_id AND head.state = 'queued') THEN 'held' ELSE 'queued' END
                   WHERE run_id = ?1 AND state = 'dead'";
        self.changes(sql, id)
    }

    /// Gives a run up that waits in the queue; false where there is none of this id.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn cancel_run(&mut self, id: &str) -> Result<bool, Fault> {
        self.together(|store| {
            let sql = "SELECT id FROM gbvm_jobs WHERE run_id = ?1 AND state IN ('queued', 'held')";
            let Some(job) = store.connection.query_row(sql, [id], |row| row.get(0)).optional().map_err(fault)? else { return Ok(false) };
            store.queue_job_after(job)?;
            store.connection.execute("UPDATE gbvm_jobs SET state = 'dead', error = 'cancelled by hand' WHERE id = ?1", [job]).map_err(fault)?;
            Ok(true)
        })
    }

    /// Calls and mail, the newest first.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn list_deliveries(&mut self, wanted: &Wanted) -> Result<Vec<Record>, Fault> {
        let sql = format!("{DELIVERIES} WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR origin = ?2) ORDER BY id DESC LIMIT ?3");
        self.records(&sql, wanted, &DELIVERY_NAMES)
    }

    /// One delivery, and what it carries with secrets masked.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn show_delivery(&mut self, id: &str) -> Result<Option<(Record, String)>, Fault> {
        let Some(delivery) = self.record(&format!("{DELIVERIES} WHERE id = ?1"), id, &DELIVERY_NAMES)? else { return Ok(None) };
        let payload: String = self.connection.query_row("SELECT payload FROM gbvm_outbox WHERE id = ?1", [id], |row| row.get(0)).map_err(fault)?;
        Ok(Some((delivery, super::outbox::masked(&payload))))
    }

    /// Queues a dead delivery again; false where there is none of this id.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn replay_delivery(&mut self, id: &str) -> Result<bool, Fault> {
        let sql = "UPDATE gbvm_outbox SET attempt = 0, due_ms = 0, error = NULL, state = CASE WHEN EXISTS (SELECT 1 FROM gbvm_outbox AS head
                   WHERE head.origin = gbvm_outbox.origin AND head.ordering_key = gbvm_outbox.ordering_key AND head.state = 'queued') THEN 'held' ELSE 'queued' END
                   WHERE id = ?1 AND state = 'dead'";
        self.changes(sql, id)
    }

    /// Gives a delivery up that waits; false where there is none of this id.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn drop_delivery(&mut self, id: &str) -> Result<bool, Fault> {
        self.together(|store| {
            let is_dropped = store.changes("UPDATE gbvm_outbox SET state = 'dead', error = 'dropped by hand' WHERE id = ?1 AND state IN ('queued', 'held')", id)?;
            if let (true, Ok(id)) = (is_dropped, id.parse()) {
                store.queue_after(id)?;
            }
            Ok(is_dropped)
        })
    }

    /// Requests that are known, the newest first.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn list_requests(&mut self, wanted: &Wanted) -> Result<Vec<Record>, Fault> {
        let sql = format!("{REQUESTS} WHERE (?1 IS NULL OR ?1 = CASE WHEN status IS NULL THEN 'running' ELSE 'answered' END) AND (?2 IS NULL OR run_id = ?2) ORDER BY run_id DESC LIMIT ?3");
        self.records(&sql, wanted, &REQUEST_NAMES)
    }

    /// Schedules that ran or were paused.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn list_schedules(&mut self) -> Result<Vec<Record>, Fault> {
        let mut statement = self.connection.prepare(&format!("{SCHEDULES} ORDER BY name")).map_err(fault)?;
        let rows = statement.query_map([], |row| Ok(named(row, &SCHEDULE_NAMES)));
        rows.and_then(Iterator::collect).map_err(fault)
    }

    /// Pauses a schedule, or lets it go on. The slots that pass meanwhile are not run.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn pause_schedule(&mut self, name: &str, is_paused: bool) -> Result<(), Fault> {
        let sql = "INSERT INTO gbvm_schedules (name, paused) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET paused = excluded.paused";
        self.connection.execute(sql, (name, is_paused)).map_err(fault)?;
        Ok(())
    }

    /// Whether a schedule is paused.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn is_paused(&mut self, name: &str) -> Result<bool, Fault> {
        let mut statement = self.connection.prepare_cached("SELECT paused FROM gbvm_schedules WHERE name = ?1").map_err(fault)?;
        let paused: Option<Option<bool>> = statement.query_row([name], |row| row.get(0)).optional().map_err(fault)?;
        Ok(paused.flatten().unwrap_or(false))
    }

    fn records(&mut self, sql: &str, wanted: &Wanted, names: &[&'static str]) -> Result<Vec<Record>, Fault> {
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        let rows = statement.query_map((&wanted.state, &wanted.of, wanted.most), |row| Ok(named(row, names)));
        rows.and_then(Iterator::collect).map_err(fault)
    }

    fn record(&mut self, sql: &str, id: &str, names: &[&'static str]) -> Result<Option<Record>, Fault> {
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        statement.query_row(params_from_iter([id]), |row| Ok(named(row, names))).optional().map_err(fault)
    }

    fn changes(&mut self, sql: &str, id: &str) -> Result<bool, Fault> {
        Ok(self.connection.execute(sql, [id]).map_err(fault)? > 0)
    }
}

/// A row with the names of its columns. What is not there is left out; times are shown as instants.
fn named(row: &Row<'_>, names: &[&'static str]) -> Record {
    let values = names.iter().enumerate().filter_map(|(at, name)| {
        let value = row.get_ref(at).ok()?;
        let text = match value {
            rusqlite::types::ValueRef::Null => return None,
            rusqlite::types::ValueRef::Integer(0) if *name == "due" => return None,
            rusqlite::types::ValueRef::Integer(millis) if matches!(*name, "due" | "last_slot" | "known_until") => Instant(millis).to_string(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            rusqlite::types::ValueRef::Real(number) => number.to_string(),
            rusqlite::types::ValueRef::Text(text) | rusqlite::types::ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
        };
        Some((*name, text))
    });
    values.collect()
}
