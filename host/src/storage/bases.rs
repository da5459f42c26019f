//! What other systems are known to have of rows, and the times that the engine itself writes into rows because of that.

use std::borrow::Cow;
use std::sync::Arc;

use gbvm_stdlib::base::{self, Origin, SYNCED_AT};
use gbvm_stdlib::json;
use gbvm_stdlib::merge::is_absent;
use gbvm_stdlib::upsert::says_anything_new;
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::object::{Key, Object};
use gbvm_vm::value::Value;
use rusqlite::OptionalExtension;

use super::rows::id_of;
use super::schema::{Kind, Table};
use super::values::canonical_date;
use super::{Store, fault};
use crate::event::Event;

const UPDATED_AT: &str = "updated_at";
/// The mark of a row that is deleted.
const DELETED_AT: &str = "deleted_at";
/// The fields by which a record says which system it comes from.
const SAYS_SOURCE: [&str; 2] = ["external_source", "deleted_from"];

/// What started a run, as far as it decides what the run's writes tell of other systems.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Told {
    /// Nothing of that kind.
    #[default]
    Nothing,
    /// A request to this endpoint, which may deliver what another system has.
    Request(String),
    /// A change of a row; the row as the run was shown it, in JSON.
    Row(Arc<str>),
}

impl Told {
    /// What an event tells.
    pub fn by(event: &Event) -> Told {
        match event {
            Event::Webhook(request) => Told::Request(request.name.clone()),
            Event::Trigger(trigger) => trigger.new.as_deref().map_or(Told::Nothing, |new| Told::Row(new.into())),
            Event::Schedule(_) | Event::Manual(_) => Told::Nothing,
        }
    }

    /// Whether this delivers what a system has: the request's endpoint has the system's name as a word (`crm-inbound`),
    /// or the record that is written says that it comes from there.
    fn is_delivery_of(&self, source: &Value, record: &Object) -> bool {
        let Told::Request(endpoint) = self else { return false };
        if is_absent(source) {
            return false;
        }
        let source = coerce::text(source);
        let is_source = |word: &str| word.eq_ignore_ascii_case(source.as_str());
        is_source(endpoint) || endpoint.split(['-', '_', '.', '~']).any(is_source) || SAYS_SOURCE.iter().any(|field| is_source(coerce::text(record.read(field)).as_str()))
    }
}

impl Store {
    /// The record with the times that the engine writes for the script. Where a row's content changes, `updated_at` is
    /// set to now, unless the script says it, or the run delivers what the row's own source has; a sync write has one
    /// time. A deletion that was delivered counts as synchronized, so that it is not sent back.
    pub(super) fn with_times<'r>(&self, table: &Table, old: &Object, record: &'r Object, now: Instant) -> Result<Cow<'r, Object>, Fault> {
        let says = |field: &str| !matches!(record.read(field), Value::Missing);
        let source = if says("external_source") { record } else { old }.read("external_source");
        let mut with_times = Cow::Borrowed(record);
        let (updated, synced) = (table.column(UPDATED_AT), table.column(SYNCED_AT));
        if self.run.told.is_delivery_of(source, record) {
            if let (Some(_), Some(synced)) = (updated, synced)
                && !is_absent(record.read(DELETED_AT))
                && !says(SYNCED_AT)
            {
                let latest = if says(UPDATED_AT) { record } else { old }.read(UPDATED_AT).clone();
                with_times.to_mut().set(&Key::from(&*synced.name), latest)?;
            }
        } else if let Some(updated) = updated
            && !says(UPDATED_AT)
            && says_anything_new(record, old)
        {
            let time = if base::is_sync(record) { record.read(SYNCED_AT).clone() } else { Value::Date(now) };
            with_times.to_mut().set(&Key::from(&*updated.name), time)?;
        }
        Ok(with_times)
    }

    /// Whether a record that is written says something new of a row, or of what another system has of it.
    pub(super) fn is_news(&mut self, table: &Table, record: &Object, stored: &Object) -> Result<bool, Fault> {
        if !base::is_sync(record) {
            return Ok(true);
        }
        let Some(origin) = Origin::of(stored) else { return Ok(true) };
        let (told, known) = (self.told_of(table, record, stored)?, self.base_of(table, &origin)?);
        let is_echo = base::says_nothing(record, stored, &told, known.as_ref());
        if is_echo {
            tracing::info!("echo: {} has what {} says of {} already", table.name, origin.source, origin.id);
        }
        Ok(!is_echo)
    }

    /// Keeps what another system has, where the record that was written says that it has this row.
    pub(super) fn keep_base(&mut self, table: &Table, record: &Object, row: &Object) -> Result<(), Fault> {
        let Some(origin) = Origin::of(row).filter(|_| base::is_sync(record)) else { return Ok(()) };
        let told = self.told_of(table, record, row)?;
        let sql = "INSERT INTO gbvm_bases (tbl, source, external_id, snapshot) VALUES (lower(?1), ?2, ?3, ?4) ON CONFLICT DO UPDATE SET snapshot = excluded.snapshot";
        let snapshot = coerce::json(&Value::Object(told));
        self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute((&table.name, &origin.source, &origin.id, snapshot))).map_err(fault)?;
        Ok(())
    }

    /// What a sync write tells that another system has: the row, but of the row that started the run only what the run
    /// was shown of it, for that is what it can have sent.
    fn told_of(&self, table: &Table, record: &Object, row: &Object) -> Result<Object, Fault> {
        match &self.run.told {
            Told::Row(shown) if self.is_cause(table, row) => match json::parse(shown.as_bytes(), &self.limits)? {
                Value::Object(shown) => base::as_told(&shown, record),
                _ => base::snapshot(row),
            },
            Told::Row(_) | Told::Request(_) | Told::Nothing => base::snapshot(row),
        }
    }

    /// Forgets what another system has of a row that was removed because that system says so.
    pub(super) fn forget_base(&mut self, table: &Table, row: &Object) -> Result<(), Fault> {
        let Some(origin) = Origin::of(row) else { return Ok(()) };
        if self.run.told.is_delivery_of(row.read("external_source"), row) {
            let sql = "DELETE FROM gbvm_bases WHERE tbl = lower(?1) AND source = ?2 AND external_id = ?3";
            self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute((&table.name, &origin.source, &origin.id))).map_err(fault)?;
        }
        Ok(())
    }

    /// What another system is known to have of a row.
    pub(super) fn base_of(&mut self, table: &Table, origin: &Origin) -> Result<Option<Object>, Fault> {
        let sql = "SELECT snapshot FROM gbvm_bases WHERE tbl = lower(?1) AND source = ?2 AND external_id = ?3";
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        let stored: Option<String> = statement.query_row((&table.name, &origin.source, &origin.id), |row| row.get(0)).optional().map_err(fault)?;
        let Some(stored) = stored else { return Ok(None) };
        let Value::Object(mut snapshot) = json::parse(stored.as_bytes(), &self.limits)? else {
            return Err(Fault::new("E_DATABASE", format!("what {} is known to have of a row of {} is damaged", origin.source, table.name)));
        };
        for column in table.columns.iter().filter(|column| column.kind == Some(Kind::Date)) {
            if let Value::Text(text) = snapshot.read(&column.name)
                && let Some(date) = canonical_date(text.as_str())
            {
                snapshot.set(&Key::from(&*column.name), Value::Date(date))?;
            }
        }
        Ok(Some(snapshot))
    }

    /// Whether the run was started by a change of this row.
    fn is_cause(&self, table: &Table, row: &Object) -> bool {
        let cause = self.run.cause.as_deref().and_then(|cause| cause.split_once('/'));
        cause.is_some_and(|(name, id)| name.eq_ignore_ascii_case(&table.name) && id == id_of(row).as_str())
    }
}
