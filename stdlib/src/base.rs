//! Sync writes: which writes they are, the snapshot that they leave, and which of them say nothing.
//!
//! A write that sets `synced_at` on a row with `external_id` and `external_source` says: the other system has this now.
//! The row without bookkeeping, as it is then, is the base of later merges.

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::object::Object;
use gbvm_vm::value::Value;

use crate::merge::{self, is_absent, is_bookkeeping, is_same};
use crate::upsert::says_anything_new;

/// When another system was last known to have a row.
pub const SYNCED_AT: &str = "synced_at";
const SOURCE: &str = "external_source";
const ID: &str = "external_id";

/// Whose row it is, and how it is called there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The other system.
    pub source: String,
    /// Its id for the row.
    pub id: String,
}

impl Origin {
    /// Where a row says that it comes from; none where it does not say both.
    pub fn of(row: &Object) -> Option<Origin> {
        Origin::new(row.read(SOURCE), row.read(ID))
    }

    /// The origin that two values name; none where one of them is empty. 10 and `"10"` name the same.
    pub fn new(source: &Value, id: &Value) -> Option<Origin> {
        let named = |value: &Value| (!is_absent(value)).then(|| coerce::text(value).as_str().to_owned());
        Some(Origin { source: named(source)?, id: named(id)? })
    }
}

/// Whether a record that is written says that another system has the row now, provided that the row has an origin.
pub fn is_sync(record: &Object) -> bool {
    !is_absent(record.read(SYNCED_AT))
}

/// A row without bookkeeping.
///
/// # Errors
/// None that a row which exists could cause: it only becomes smaller.
pub fn snapshot(row: &Object) -> Result<Object, Fault> {
    Object::of_fields(row.fields().filter(|(name, _)| !is_bookkeeping(name)).map(|(name, value)| (name.clone(), value.clone())))
}

/// What the other system has once a run has told it of a row as it was when the run began: what the run saw, with what
/// it wrote itself. What others changed meanwhile is not in it.
///
/// # Errors
/// `E_TOO_LARGE`.
pub fn as_told(seen: &Object, written: &Object) -> Result<Object, Fault> {
    let mut told = snapshot(seen)?;
    for (name, value) in written.fields().filter(|(name, _)| !is_bookkeeping(name)) {
        told.set(name, value.clone())?;
    }
    Ok(told)
}

/// Whether a sync write says nothing: the row would be as it is stored, and what it tells that the other system has,
/// the system is known to have. A field whose name begins with `_` is a note of the script's own; a new one is news to
/// the script.
pub fn says_nothing(record: &Object, stored: &Object, told: &Object, base: Option<&Object>) -> bool {
    let is_kept = |name: &str, value: &Value| {
        let counts = name.starts_with('_') || [SOURCE, ID].iter().any(|own| own.eq_ignore_ascii_case(name));
        !counts || matches!(value, Value::Missing) || is_same(value, stored.read(name))
    };
    base.is_some_and(|base| merge::changed(base, told).next().is_none())
        && !says_anything_new(record, stored)
        && record.fields().all(|(name, value)| is_kept(name, value))
}
