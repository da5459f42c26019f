//! Runs, their checkpoints, and the events that wait for a run.

use std::fmt;

use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use rusqlite::OptionalExtension;

use super::rows::Change;
use super::{RunIdentity, Store, fault};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It has ended well.
    Done,
    /// It has failed.
    Failed,
    /// It will never go on.
    Dead,
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RunState::Done => "done",
            RunState::Failed => "failed",
            RunState::Dead => "dead",
        })
    }
}

/// What is kept of a run.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// Its id.
    pub id: String,
    /// Its script.
    pub script: String,
    /// Which version of the script.
    pub program_hash: u64,
    /// What caused it, in one line.
    pub event: String,
    /// Where it stands.
    pub state: RunState,
    /// Which try it was, from 1.
    pub attempt: u32,
    /// The row that caused it.
    pub cause: Option<String>,
    /// When it began.
    pub started_at: Instant,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Why it failed.
    pub error: Option<String>,
    /// Whether a point was kept from which it goes on.
    pub may_have_checkpoint: bool,
}

impl RunRecord {
    /// Notes that the run failed.
    pub fn fail(&mut self, fault: &Fault) {
        self.state = RunState::Failed;
        self.error = Some(fault.to_string());
    }
}

/// An event that waits for its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The row of the queue.
    pub id: i64,
    /// The id that its run has, in every try.
    pub run_id: String,
    /// The script that it starts.
    pub script: String,
    /// The table, or the endpoint of a request.
    pub table: String,
    /// The row's id as text.
    pub row_id: String,
    /// `INSERT`, `UPDATE` or `DELETE`, or [`super::REQUEST`].
    pub operation: String,
    /// The row after the change, as JSON, or the request as stored.
    pub new: Option<String>,
    /// The row before the change, as JSON.
    pub old: Option<String>,
    /// How many triggers led here, this one included.
    pub depth: u32,
    /// How many tries were made.
    pub attempt: u32,
}

/// A run that was interrupted after a segment was committed.
#[derive(Clone, Debug)]
pub struct Unfinished {
    /// The run.
    pub identity: RunIdentity,
    /// Which version of the script.
    pub program_hash: u64,
    /// What caused it, as stored.
    pub event: String,
    /// The queued event that it answers.
    pub job: Option<i64>,
    /// From where it goes on.
    pub checkpoint: Vec<u8>,
}

impl Store {
    /// Notes what a run came to. The checkpoint of a run that has ended is removed; one that a queued event will try
    /// again keeps its own.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn record_run(&mut self, record: &RunRecord) -> Result<(), Fault> {
        self.together(|store| {
            let sql = "INSERT INTO gbvm_runs (id, script, program_hash, event, state, attempt, cause, started_at, duration_ms, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                       ON CONFLICT (id) DO UPDATE SET state = excluded.state, attempt = excluded.attempt, duration_ms = excluded.duration_ms, error = excluded.error";
            let mut statement = store.connection.prepare_cached(sql).map_err(fault)?;
            let hash = format!("{:016x}", record.program_hash);
            statement
                .execute((&record.id, &record.script, hash, &record.event, record.state.to_string(), record.attempt, &record.cause, record.started_at.to_string(), record.duration_ms as i64, &record.error))
                .map_err(fault)?;
            drop(statement);
            if !record.may_have_checkpoint {
                return Ok(());
            }
            let is_over = record.state != RunState::Failed;
            let sql = "DELETE FROM gbvm_checkpoints WHERE run_id = ?1 AND (?2 OR NOT EXISTS (SELECT 1 FROM gbvm_jobs WHERE gbvm_jobs.id = gbvm_checkpoints.job AND state = 'queued'))";
            store.connection.prepare_cached(sql).and_then(|mut statement| statement.execute((&record.id, is_over))).map_err(fault)?;
            Ok(())
        })
    }

    /// Keeps the point from which a run goes on, in the transaction of what it wrote before.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn save_checkpoint(&mut self, run: &RunIdentity, program_hash: u64, event: &str, job: Option<i64>, bytes: &[u8]) -> Result<(), Fault> {
        let sql = "INSERT INTO gbvm_checkpoints (run_id, script, program_hash, event, cause, depth, job, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                   ON CONFLICT (run_id) DO UPDATE SET bytes = excluded.bytes";
        let hash = format!("{program_hash:016x}");
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        statement.execute((&run.run_id, &run.script, hash, event, &run.cause, run.depth, job, bytes)).map_err(fault)?;
        Ok(())
    }

    /// Where a run goes on.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn load_checkpoint(&mut self, run_id: &str) -> Result<Option<Vec<u8>>, Fault> {
        let mut statement = self.connection.prepare_cached("SELECT bytes FROM gbvm_checkpoints WHERE run_id = ?1").map_err(fault)?;
        statement.query_row([run_id], |row| row.get(0)).optional().map_err(fault)
    }

    /// The runs that were interrupted, oldest first.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn unfinished_runs(&mut self) -> Result<Vec<Unfinished>, Fault> {
        let mut statement = self.connection.prepare("SELECT run_id, script, cause, depth, program_hash, event, job, bytes FROM gbvm_checkpoints ORDER BY rowid").map_err(fault)?;
        let runs = statement.query_map([], |row| {
            let hash: String = row.get(4)?;
            Ok(Unfinished {
                identity: RunIdentity { run_id: row.get(0)?, script: row.get(1)?, cause: row.get(2)?, depth: row.get(3)?, ..RunIdentity::default() },
                program_hash: u64::from_str_radix(&hash, 16).unwrap_or_default(),
                event: row.get(5)?,
                job: row.get(6)?,
                checkpoint: row.get(7)?,
            })
        });
        runs.and_then(Iterator::collect).map_err(fault)
    }

    /// Gives an interrupted run up.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn bury_run(&mut self, run: &Unfinished, now: Instant, error: &str) -> Result<(), Fault> {
        let RunIdentity { run_id, script, cause, .. } = &run.identity;
        let record = RunRecord {
            id: run_id.clone(),
            script: script.clone(),
            program_hash: run.program_hash,
            event: "interrupted".to_owned(),
            state: RunState::Dead,
            attempt: 1,
            cause: cause.clone(),
            started_at: now,
            duration_ms: 0,
            error: Some(error.to_owned()),
            may_have_checkpoint: true,
        };
        self.record_run(&record)
    }

    /// Queues an event for a script, in the transaction of the change.
    #[expect(clippy::too_many_arguments, reason = "a row of the queue has these columns, and one place writes it")]
    pub(super) fn queue_job(&mut self, script: &str, table: &str, row_id: &str, change: Change, old: Option<String>, new: Option<String>, depth: u32) -> Result<(), Fault> {
        let sql = "INSERT INTO gbvm_jobs (run_id, script, tbl, row_id, operation, new, old, depth, state, attempt, due_ms) 
                   SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, CASE WHEN EXISTS (SELECT 1 FROM gbvm_jobs WHERE script = ?2 AND tbl = ?3 AND row_id = ?4 AND state IN ('queued', 'held')) THEN 'held' ELSE 'queued' END, 0, ?9";
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        statement.execute((crate::engine::new_run_id(), script, table, row_id, change.word(), new, old, depth, self.now.0)).map_err(fault)?;
        drop(statement);
        self.has_queued = true;
        Ok(())
    }

    /// The events of these scripts that are due, those that wait longest first. Those that are under way are left out, and
    /// what has to wait for another of its row is not queued yet.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn next_jobs(&mut self, now: Instant, most: usize, under_way: &[i64], scripts: &[&str]) -> Result<Vec<Job>, Fault> {
        let sql = "SELECT id, run_id, script, tbl, row_id, operation, new, old, depth, attempt FROM gbvm_jobs AS job
                   WHERE state = 'queued' AND due_ms <= ?1
                   AND id NOT IN (SELECT value FROM json_each(?3)) AND script IN (SELECT value FROM json_each(?4))
                   ORDER BY due_ms, id LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        let values = (now.0, most as i64, serde_json::json!(under_way).to_string(), serde_json::json!(scripts).to_string());
        let jobs = statement.query_map(values, |row| {
            Ok(Job {
                id: row.get(0)?,
                run_id: row.get(1)?,
                script: row.get(2)?,
                table: row.get(3)?,
                row_id: row.get(4)?,
                operation: row.get(5)?,
                new: row.get(6)?,
                old: row.get(7)?,
                depth: row.get(8)?,
                attempt: row.get(9)?,
            })
        });
        jobs.and_then(Iterator::collect).map_err(fault)
    }

    /// Takes an event from the queue, in the transaction of what its run wrote.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn finish_job(&mut self, id: i64) -> Result<(), Fault> {
        self.queue_job_after(id)?;
        self.connection.prepare_cached("DELETE FROM gbvm_jobs WHERE id = ?1").and_then(|mut statement| statement.execute([id])).map_err(fault)?;
        Ok(())
    }

    /// Queues the event of the same row that has waited for this one, which is about to leave the queue.
    pub(super) fn queue_job_after(&mut self, id: i64) -> Result<(), Fault> {
        let sql = "UPDATE gbvm_jobs SET state = 'queued' WHERE id = (SELECT min(next.id) FROM gbvm_jobs AS ended, gbvm_jobs AS next
                   WHERE ended.id = ?1 AND ended.state = 'queued' AND next.script = ended.script AND next.tbl = ended.tbl AND next.row_id = ended.row_id AND next.state = 'held')";
        let queued = self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute([id])).map_err(fault)?;
        self.has_queued |= queued > 0;
        Ok(())
    }

    /// Leaves an event in the queue, to be tried again from an instant on.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn retry_job(&mut self, id: i64, at: Instant, error: &str) -> Result<(), Fault> {
        let sql = "UPDATE gbvm_jobs SET attempt = attempt + 1, due_ms = ?2, error = ?3 WHERE id = ?1";
        self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute((id, at.0, error))).map_err(fault)?;
        Ok(())
    }

    /// Gives an event up: it stays in the table as dead.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn bury_job(&mut self, id: i64, error: &str) -> Result<(), Fault> {
        self.together(|store| {
            store.queue_job_after(id)?;
            store.connection.execute("UPDATE gbvm_jobs SET attempt = attempt + 1, state = 'dead', error = ?2 WHERE id = ?1", (id, error)).map_err(fault)?;
            store.connection.execute("DELETE FROM gbvm_checkpoints WHERE job = ?1", [id]).map_err(fault)?;
            Ok(())
        })
    }

    /// Queues what is held though nothing before it is queued: a version that held nothing may have worked the queues.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn queue_what_waits_for_nothing(&mut self) -> Result<(), Fault> {
        for (table, lane) in [("gbvm_outbox", "origin, ordering_key"), ("gbvm_jobs", "script, tbl, row_id")] {
            // The state of the row with the least id of each lane.
            let stuck = format!("SELECT id FROM (SELECT min(id) AS id, state FROM {table} WHERE state IN ('queued', 'held') GROUP BY {lane}) WHERE state = 'held'");
            let is_any: bool = self.connection.query_row(&format!("SELECT EXISTS ({stuck})"), [], |row| row.get(0)).map_err(fault)?;
            // On a full disk nothing can be written, and mostly nothing has to be.
            if is_any {
                self.connection.execute(&format!("UPDATE {table} SET state = 'queued' WHERE id IN ({stuck})"), []).map_err(fault)?;
            }
        }
        Ok(())
    }

    /// The last slot of a schedule that was run.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn last_slot(&mut self, name: &str) -> Result<Option<Instant>, Fault> {
        let slot: Option<Option<i64>> = self.connection.query_row("SELECT last_slot_ms FROM gbvm_schedules WHERE name = ?1", [name], |row| row.get(0)).optional().map_err(fault)?;
        Ok(slot.flatten().map(Instant))
    }

    /// Notes that a slot of a schedule is run.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn slot_done(&mut self, name: &str, slot: Instant) -> Result<(), Fault> {
        let sql = "INSERT INTO gbvm_schedules (name, last_slot_ms) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET last_slot_ms = max(coalesce(last_slot_ms, excluded.last_slot_ms), excluded.last_slot_ms)";
        self.connection.execute(sql, (name, slot.0)).map_err(fault)?;
        Ok(())
    }
}
