//! Removes what nobody needs any more, a little at a time, so that nobody waits for it.

use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;

use super::schema::{Kind, quoted};
use super::{Store, fault};
use crate::retention::{Aged, Retention};

/// How much is removed of each kind at one time.
const AT_ONCE: u32 = 1_000;

impl Store {
    /// Removes some of what is older than it is to be kept; true where more may be left.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn tidy(&mut self, retention: &Retention, now: Instant) -> Result<bool, Fault> {
        let before = |millis: i64| now.0.saturating_sub(millis);
        let mut is_more_left = self.forget("DELETE FROM gbvm_inbox WHERE key IN (SELECT key FROM gbvm_inbox WHERE expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2)", now.0)?;
        // Ids of runs begin with the time, so that the oldest come first.
        let oldest_kept = oldest_id(before(retention.runs.millis));
        is_more_left |= self.forget("DELETE FROM gbvm_runs WHERE id IN (SELECT id FROM gbvm_runs WHERE id < ?1 AND id NOT IN (SELECT run_id FROM gbvm_jobs) AND id NOT IN (SELECT run_id FROM gbvm_checkpoints) ORDER BY id LIMIT ?2)", oldest_kept)?;
        let sql = "DELETE FROM gbvm_outbox WHERE id IN (SELECT id FROM gbvm_outbox WHERE state = 'delivered' AND due_ms < ?1 ORDER BY id LIMIT ?2)";
        is_more_left |= self.forget(sql, before(retention.deliveries.millis))?;
        for (aged, span) in &retention.rows {
            is_more_left |= self.forget_rows(aged, Instant(before(span.millis)))?;
        }
        Ok(is_more_left)
    }

    /// Rows whose column holds no instant are kept.
    fn forget_rows(&mut self, aged: &Aged, before: Instant) -> Result<bool, Fault> {
        let Some(table) = self.table(&aged.table)? else { return Ok(false) };
        let Some(column) = table.column(&aged.column).filter(|column| column.kind == Some(Kind::Date)) else { return Ok(false) };
        let (name, column) = (quoted(&table.name), quoted(&column.name));
        let sql = format!("DELETE FROM {name} WHERE rowid IN (SELECT rowid FROM {name} WHERE typeof({column}) = 'text' AND length({column}) = 24 AND {column} < ?1 LIMIT ?2)");
        self.forget(&sql, before.to_string())
    }

    fn forget(&mut self, sql: &str, before: impl rusqlite::ToSql) -> Result<bool, Fault> {
        let forgotten = self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute((before, AT_ONCE))).map_err(fault)?;
        Ok(forgotten == AT_ONCE as usize)
    }
}

/// The least id that a run of this millisecond can have: a UUID of version 7 begins with 48 bits of time (RFC 9562).
fn oldest_id(millis: i64) -> String {
    let hex = format!("{:012x}", millis.max(0));
    format!("{}-{}", &hex[..8], &hex[8..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_before_a_time_are_less() {
        let id = crate::engine::new_run_id();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970").as_millis() as i64;
        assert!(id < oldest_id(now + 60_000) && id > oldest_id(now - 60_000), "{id}");
    }
}
