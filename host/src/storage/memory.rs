//! The key-value store of scripts.

use gbvm_stdlib::json;
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::value::Value;
use rusqlite::OptionalExtension;

use super::{Store, fault};

impl Store {
    pub(super) fn read_memory(&mut self, key: &str) -> Result<Option<Value>, Fault> {
        let mut statement = self.connection.prepare_cached("SELECT value, is_date FROM gbvm_memory WHERE key = ?1").map_err(fault)?;
        let found: Option<(String, bool)> = statement.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional().map_err(fault)?;
        found.map(|(text, is_date)| self.value_of(&text, is_date)).transpose()
    }

    pub(super) fn write_memory(&mut self, key: &str, value: &Value) -> Result<(), Fault> {
        let sql = "INSERT INTO gbvm_memory (key, value, is_date, updated_at) VALUES (?1, ?2, ?3, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value, is_date = excluded.is_date, updated_at = excluded.updated_at";
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        statement.execute((key, coerce::json(value), matches!(value, Value::Date(_)))).map_err(fault)?;
        Ok(())
    }

    /// All entries by key, secrets in the clear.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn memory_list(&mut self) -> Result<Vec<(String, Value)>, Fault> {
        let mut statement = self.connection.prepare("SELECT key, value, is_date FROM gbvm_memory ORDER BY key").map_err(fault)?;
        let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let found: Vec<(String, String, bool)> = found.and_then(Iterator::collect).map_err(fault)?;
        found.into_iter().map(|(key, text, is_date)| Ok((key, self.value_of(&text, is_date)?))).collect()
    }

    /// Removes an entry; false where it was not there.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn memory_unset(&mut self, key: &str) -> Result<bool, Fault> {
        Ok(self.connection.execute("DELETE FROM gbvm_memory WHERE key = ?1", [key]).map_err(fault)? > 0)
    }

    fn value_of(&self, text: &str, is_date: bool) -> Result<Value, Fault> {
        let value = json::parse(text.as_bytes(), &self.limits)?;
        match (&value, is_date) {
            (Value::Text(text), true) => Ok(Instant::parse_rfc3339(text.as_str()).map_or(value, Value::Date)),
            _ => Ok(value),
        }
    }
}
