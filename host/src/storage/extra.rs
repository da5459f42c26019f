//! `EXTRA json`: the column of a declared table that takes the fields for which the table has no column.

use std::borrow::Cow;

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::object::{Key, Object};
use gbvm_vm::value::Value;

use super::Store;
use super::schema::Table;

/// The name of that column, which is how a declaration says what it is.
pub(super) const EXTRA: &str = "extra";

impl Store {
    /// The record with its further fields in the column that takes them, beside those that the stored row has there.
    ///
    /// # Errors
    /// `E_CONSTRAINT` where the record puts something else there, `E_STRING_TOO_LONG` where it would be too much.
    pub(super) fn with_extra<'r>(&self, table: &Table, record: &'r Object, stored: Option<&Object>) -> Result<Cow<'r, Object>, Fault> {
        let Some(column) = table.extra() else { return Ok(Cow::Borrowed(record)) };
        let is_further = |key: &str| table.column(key).is_none();
        if !record.fields().any(|(key, value)| is_further(key) && !matches!(value, Value::Missing)) {
            return Ok(Cow::Borrowed(record));
        }
        let mut extra = match (record.read(&column.name), stored.map(|row| row.read(&column.name))) {
            (Value::Object(extra), _) | (Value::Missing, Some(Value::Object(extra))) => extra.clone(),
            (Value::Missing | Value::Null, _) => Object::new(),
            (Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::Date(_) | Value::Array(_), _) => {
                let message = format!("{} of {} must be an object where the record has fields that the table has no columns for", column.name, table.name);
                return Err(Fault::new("E_CONSTRAINT", message));
            }
        };
        let mut known = Object::new();
        for (key, value) in record.fields() {
            if is_further(key) { extra.set(key, value.clone())? } else { known.set(key, value.clone())? }
        }
        let extra = Value::Object(extra);
        if coerce::json(&extra).len() > self.limits.string_bytes {
            return Err(Fault::new("E_STRING_TOO_LONG", format!("the further fields of a row of {} would take more than {} bytes", table.name, self.limits.string_bytes)));
        }
        known.set(&Key::from(&*column.name), extra)?;
        Ok(Cow::Owned(known))
    }
}
