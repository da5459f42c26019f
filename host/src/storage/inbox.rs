//! Requests that were let in: their answers, for repeats, and those that wait for their run.

use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use rusqlite::OptionalExtension;

use super::{Store, fault};
use crate::inbox::Ticket;
use crate::outcome::Reply;

/// The operation of a queued event that is a request.
pub const REQUEST: &str = "REQUEST";

/// A request that is there already.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The run that it started.
    pub run_id: String,
    /// Its answer; none while the run goes on.
    pub reply: Option<Reply>,
}

/// A request that is to be run later.
#[derive(Clone, Copy, Debug)]
pub struct AcceptedRequest<'a> {
    /// The id that its run will have.
    pub run_id: &'a str,
    /// The script that it starts.
    pub script: &'a str,
    /// The endpoint.
    pub endpoint: &'a str,
    /// The event as stored.
    pub event: &'a str,
    /// What its sender is answered.
    pub reply: &'a Reply,
}

impl Store {
    /// The request that is there already, if there is one. The run's own is none.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn received(&mut self, ticket: &Ticket, run_id: &str, now: Instant) -> Result<Option<Received>, Fault> {
        let sql = "SELECT run_id, status, headers, body FROM gbvm_inbox WHERE key = ?1 AND expires_ms > ?2";
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        let found = statement
            .query_row((&ticket.key[..], now.0), |row| {
                let (status, headers): (Option<u16>, Option<String>) = (row.get(1)?, row.get(2)?);
                let headers = headers.and_then(|headers| serde_json::from_str(&headers).ok()).unwrap_or_default();
                let body: Option<Vec<u8>> = row.get(3)?;
                Ok(Received { run_id: row.get(0)?, reply: status.map(|status| Reply { status, headers, body: body.unwrap_or_default() }) })
            })
            .optional()
            .map_err(fault)?;
        Ok(found.filter(|first| first.run_id != run_id))
    }

    /// Keeps a request for its repeats, with its answer if there is one already.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn keep_request(&mut self, ticket: &Ticket, run_id: &str, reply: Option<&Reply>, now: Instant) -> Result<(), Fault> {
        let sql = "INSERT OR REPLACE INTO gbvm_inbox (key, run_id, expires_ms, status, headers, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        let headers = reply.map(stored_headers).transpose()?;
        statement.execute((&ticket.key[..], run_id, now.0.saturating_add(ticket.kept_ms), reply.map(|reply| reply.status), headers, reply.map(|reply| &reply.body))).map_err(fault)?;
        Ok(())
    }

    /// Keeps the answer to the request of a run that was kept without one.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn keep_answer(&mut self, run_id: &str, reply: &Reply) -> Result<(), Fault> {
        let sql = "UPDATE gbvm_inbox SET status = ?2, headers = ?3, body = ?4 WHERE run_id = ?1 AND status IS NULL";
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        statement.execute((run_id, reply.status, stored_headers(reply)?, &reply.body)).map_err(fault)?;
        Ok(())
    }

    /// Forgets the unanswered request of a run, so that its repeat is heard.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn forget_request(&mut self, run_id: &str) -> Result<(), Fault> {
        self.connection.prepare_cached("DELETE FROM gbvm_inbox WHERE run_id = ?1 AND status IS NULL").and_then(|mut statement| statement.execute([run_id])).map_err(fault)?;
        Ok(())
    }

    /// Stores a request for a later run together with its answer, or gives the one that is there already.
    ///
    /// # Errors
    /// `E_DATABASE`, `E_DATABASE_BUSY`, `E_DATABASE_FULL`.
    pub fn accept(&mut self, ticket: Option<&Ticket>, request: &AcceptedRequest<'_>, now: Instant) -> Result<Option<Received>, Fault> {
        self.together(|store| {
            if let Some(ticket) = ticket {
                if let Some(first) = store.received(ticket, request.run_id, now)? {
                    return Ok(Some(first));
                }
                store.keep_request(ticket, request.run_id, Some(request.reply), now)?;
            }
            let sql = "INSERT INTO gbvm_jobs (run_id, script, tbl, row_id, operation, new, depth, state, attempt, due_ms) VALUES (?1, ?2, ?3, ?1, ?4, ?5, 0, 'queued', 0, ?6)";
            let mut statement = store.connection.prepare_cached(sql).map_err(fault)?;
            statement.execute((request.run_id, request.script, request.endpoint, REQUEST, request.event, now.0)).map_err(fault)?;
            drop(statement);
            store.has_queued = true;
            Ok(None)
        })
    }
}

fn stored_headers(reply: &Reply) -> Result<String, Fault> {
    serde_json::to_string(&reply.headers).map_err(|error| Fault::new("E_DATABASE", error.to_string()))
}
