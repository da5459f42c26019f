//! Calls and mail that wait to be delivered.
//!
//! Secrets are kept as the keys of their memory entries and resolved when a delivery is read; what was computed from
//! one is sealed.

use std::collections::BTreeMap;

use gbvm_stdlib::services::{Mail, Request};
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::text::{Origin, Text};
use serde::{Deserialize, Serialize};

use super::{Store, fault};

/// Something to deliver.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The row of the outbox.
    pub id: i64,
    /// Where it goes: an origin, or `mail`.
    pub origin: String,
    /// The same in every try.
    pub idempotency_key: String,
    /// What it is.
    pub what: DeliveryKind,
    /// How many tries were made.
    pub attempt: u32,
}

/// A call or a mail.
#[derive(Clone, Debug)]
pub enum DeliveryKind {
    /// A call whose answer nobody waits for.
    Call(Request),
    /// A mail with its Message-ID.
    Mail(Mail, String),
    /// It cannot be read any more, for this reason.
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
enum Stored {
    Call { method: String, url: Vec<Part>, origin: String, headers: Vec<(String, Vec<Part>)>, body: Option<Vec<Part>> },
    Mail { to: Vec<String>, subject: Vec<Part>, body: Vec<Part> },
}

#[derive(Serialize, Deserialize)]
enum Part {
    Literal(String),
    Data(String),
    Secret(String),
    Sealed { of: String, bytes: String },
}

/// The methods that a stored call may have.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

impl Store {
    pub(super) fn put_call(&mut self, request: &Request) -> Result<(), Fault> {
        let headers = request.headers.iter().map(|(name, value)| Ok((name.clone(), self.stored_text(value)?)));
        let headers = headers.collect::<Result<_, Fault>>()?;
        let stored = Stored::Call {
            method: request.method.to_owned(),
            url: self.stored_text(&request.url)?,
            origin: request.origin.clone(),
            headers,
            body: request.body.as_ref().map(|body| self.stored_text(body)).transpose()?,
        };
        self.put("call", &request.origin, &stored, None)
    }

    pub(super) fn put_mail(&mut self, mail: &Mail) -> Result<(), Fault> {
        let stored = Stored::Mail { to: mail.to.clone(), subject: self.stored_text(&mail.subject)?, body: self.stored_text(&mail.body)? };
        self.put("mail", "mail", &stored, mail.refused.as_ref())
    }

    fn put(&mut self, kind: &str, origin: &str, stored: &Stored, refused: Option<&Fault>) -> Result<(), Fault> {
        let payload = serde_json::to_string(stored).map_err(|error| Fault::new("E_DATABASE", error.to_string()))?;
        let order = self.run.cause.as_ref().or(self.last_row.as_ref()).unwrap_or(&self.run.run_id);
        let sql = "INSERT INTO gbvm_outbox (kind, origin, ordering_key, payload, idempotency_key, run_id, script, state, attempt, due_ms, error)
                   SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, CASE WHEN ?8 <> 'queued' THEN ?8
                   WHEN EXISTS (SELECT 1 FROM gbvm_outbox WHERE origin = ?2 AND ordering_key = ?3 AND state IN ('queued', 'held')) THEN 'held' ELSE 'queued' END, 0, ?10, ?9";
        let state = if refused.is_some() { "dead" } else { "queued" };
        let error = refused.map(Fault::to_string);
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        statement.execute((kind, origin, order, payload, crate::engine::new_run_id(), &self.run.run_id, &self.run.script, state, error, self.now.0)).map_err(fault)?;
        drop(statement);
        self.has_queued = true;
        Ok(())
    }

    fn stored_text(&mut self, text: &Text) -> Result<Vec<Part>, Fault> {
        let parts = text.parts().into_iter().map(|(origin, part)| {
            Ok(match origin {
                Origin::Literal => Part::Literal(part.to_owned()),
                Origin::Data => Part::Data(part.to_owned()),
                Origin::Secret(key) => Part::Secret(key.to_string()),
                Origin::Derived(key) => {
                    let sealed = self.seal(part.as_bytes()).ok_or_else(|| Fault::new("E_SECRET_SEAL", format!("what was computed from the secret {key} cannot be kept until it is sent")))?;
                    Part::Sealed { of: key.to_string(), bytes: data_encoding::BASE64.encode(&sealed) }
                }
            })
        });
        parts.collect()
    }

    fn text_of(&mut self, parts: Vec<Part>, secrets: &BTreeMap<String, String>) -> Result<Text, Fault> {
        let parts = parts.into_iter().map(|part| {
            Ok(match part {
                Part::Literal(text) => (Origin::Literal, text),
                Part::Data(text) => (Origin::Data, text),
                Part::Secret(key) => {
                    let value = match secrets.get(&key) {
                        Some(value) => value.clone(),
                        None => self.read_memory(&key)?.map_or(String::new(), |value| coerce::text(&value).as_str().to_owned()),
                    };
                    (Origin::Secret(key.as_str().into()), value)
                }
                Part::Sealed { of, bytes } => {
                    let sealed = data_encoding::BASE64.decode(bytes.as_bytes()).unwrap_or_default();
                    let opened = self.open_sealed(&sealed).and_then(|plain| String::from_utf8(plain).ok());
                    let opened = opened.ok_or_else(|| Fault::new("E_SECRET_SEAL", format!("what was computed from the secret {of} cannot be opened: the key file beside the database is gone or another")))?;
                    (Origin::Derived(of.as_str().into()), opened)
                }
            })
        });
        Ok(Text::of_parts(parts.collect::<Result<Vec<_>, Fault>>()?))
    }

    /// The origins for which something is queued.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn queued_origins(&mut self) -> Result<Vec<String>, Fault> {
        // From one origin to the next, however much is queued for each.
        let sql = "WITH RECURSIVE origins (origin) AS (SELECT min(origin) FROM gbvm_outbox WHERE state = 'queued'
                   UNION ALL SELECT (SELECT min(origin) FROM gbvm_outbox WHERE state = 'queued' AND origin > origins.origin) FROM origins WHERE origins.origin IS NOT NULL)
                   SELECT origin FROM origins WHERE origin IS NOT NULL";
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        let origins = statement.query_map([], |row| row.get(0));
        origins.and_then(Iterator::collect).map_err(fault)
    }

    /// The deliveries to an origin that are due, those that wait longest first. Those that are under way are left out, and
    /// what has to wait for another is not queued yet. Secrets of the configuration come before stored ones.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn next_calls(&mut self, origin: &str, now: Instant, most: usize, under_way: &[i64], secrets: &BTreeMap<String, String>) -> Result<Vec<Delivery>, Fault> {
        let sql = "SELECT id, origin, payload, idempotency_key, attempt FROM gbvm_outbox
                   WHERE state = 'queued' AND origin = ?1 AND due_ms <= ?2 AND id NOT IN (SELECT value FROM json_each(?4)) ORDER BY due_ms, id LIMIT ?3";
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        let values = (origin, now.0, most as i64, serde_json::json!(under_way).to_string());
        let rows = statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)));
        let rows: Vec<(i64, String, String, String, u32)> = rows.and_then(Iterator::collect).map_err(fault)?;
        drop(statement);
        let deliveries = rows.into_iter().map(|(id, origin, payload, idempotency_key, attempt)| {
            let what = self.read_delivery(&payload, &idempotency_key, secrets).unwrap_or_else(|fault| DeliveryKind::Damaged(fault.to_string()));
            Delivery { id, origin, idempotency_key, what, attempt }
        });
        Ok(deliveries.collect())
    }

    fn read_delivery(&mut self, payload: &str, idempotency_key: &str, secrets: &BTreeMap<String, String>) -> Result<DeliveryKind, Fault> {
        let stored: Stored = serde_json::from_str(payload).map_err(|error| Fault::new("E_DATABASE", format!("the queued delivery cannot be read: {error}")))?;
        match stored {
            Stored::Call { method, url, origin, headers, body } => {
                let method = METHODS.into_iter().find(|known| *known == method).ok_or_else(|| Fault::new("E_DATABASE", "the queued call has an unknown method"))?;
                let url = self.text_of(url, secrets)?;
                let headers = headers.into_iter().map(|(name, value)| Ok((name, self.text_of(value, secrets)?))).collect::<Result<_, Fault>>()?;
                let body = body.map(|body| self.text_of(body, secrets)).transpose()?;
                Ok(DeliveryKind::Call(Request { method, url, origin, headers, body }))
            }
            Stored::Mail { to, subject, body } => {
                let (subject, body) = (self.text_of(subject, secrets)?, self.text_of(body, secrets)?);
                Ok(DeliveryKind::Mail(Mail { to, subject, body, refused: None }, format!("{idempotency_key}@gbvm")))
            }
        }
    }

    /// How many deliveries wait.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn waiting_deliveries(&mut self) -> Result<u64, Fault> {
        let count: i64 = self.connection.query_row("SELECT count(*) FROM gbvm_outbox WHERE state IN ('queued', 'held')", [], |row| row.get(0)).map_err(fault)?;
        Ok(count.unsigned_abs())
    }

    /// Notes that a delivery succeeded.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn finish_call(&mut self, id: i64, status: u16) -> Result<(), Fault> {
        self.set_delivery("UPDATE gbvm_outbox SET state = 'delivered', attempt = attempt + 1, status = ?2, due_ms = ?3, error = NULL WHERE id = ?1", (id, status, self.now.0))?;
        self.queue_after(id)
    }

    /// Leaves a delivery in the queue, to be tried again from an instant on.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn retry_call(&mut self, id: i64, at: Instant, error: &str) -> Result<(), Fault> {
        self.set_delivery("UPDATE gbvm_outbox SET attempt = attempt + 1, due_ms = ?2, error = ?3 WHERE id = ?1", (id, at.0, error))
    }

    /// Gives a delivery up: it stays in the table as dead.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn bury_call(&mut self, id: i64, error: &str) -> Result<(), Fault> {
        self.set_delivery("UPDATE gbvm_outbox SET state = 'dead', attempt = attempt + 1, due_ms = ?3, error = ?2 WHERE id = ?1", (id, error, self.now.0))?;
        self.queue_after(id)
    }

    /// Queues the delivery that has waited for this one, which is not queued any more.
    pub(super) fn queue_after(&mut self, id: i64) -> Result<(), Fault> {
        let sql = "UPDATE gbvm_outbox SET state = 'queued' WHERE id = (SELECT min(next.id) FROM gbvm_outbox AS ended, gbvm_outbox AS next
                   WHERE ended.id = ?1 AND next.origin = ended.origin AND next.ordering_key = ended.ordering_key AND next.state = 'held'
                   AND NOT EXISTS (SELECT 1 FROM gbvm_outbox AS head WHERE head.origin = ended.origin AND head.ordering_key = ended.ordering_key AND head.state = 'queued'))";
        self.set_delivery(sql, [id])?;
        self.has_queued = true;
        Ok(())
    }

    fn set_delivery(&mut self, sql: &str, values: impl rusqlite::Params) -> Result<(), Fault> {
        self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute(values)).map_err(fault)?;
        Ok(())
    }
}

/// What a stored delivery carries, for people: secrets, and what was computed from them, as their keys.
pub(super) fn masked(payload: &str) -> String {
    let text = |parts: &[Part]| -> String {
        let shown = parts.iter().map(|part| match part {
            Part::Literal(text) | Part::Data(text) => text.clone(),
            Part::Secret(key) | Part::Sealed { of: key, .. } => format!("‹{key}›"),
        });
        shown.collect()
    };
    match serde_json::from_str(payload) {
        Ok(Stored::Call { method, url, headers, body, .. }) => {
            let mut shown = format!("{method} {}\n", text(&url));
            for (name, value) in headers {
                shown.push_str(&format!("{name}: {}\n", text(&value)));
            }
            if let Some(body) = body {
                shown.push_str(&format!("\n{}\n", text(&body)));
            }
            shown
        }
        Ok(Stored::Mail { to, subject, body }) => format!("To: {}\nSubject: {}\n\n{}\n", to.join(", "), text(&subject), text(&body)),
        Err(error) => format!("it cannot be read: {error}\n"),
    }
}
