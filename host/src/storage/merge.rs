//! MERGE in SQL: finds the rows that have a key, by an index where every way in which a value may be stored is known, else
//! by one look at the whole table, of which only the places of such rows are kept, and inserts or updates them.

use std::collections::HashMap;
use std::sync::Arc;

use gbvm_stdlib::base;
use gbvm_stdlib::canonical;
use gbvm_stdlib::upsert::{self, Merged};
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::object::{Key, Object};
use gbvm_vm::value::Value;
use rusqlite::types::Value as SqlValue;

use super::rows::Found;
use super::schema::{Table, quoted};
use super::values::{Bound, from_sql};
use super::{Store, fault};

/// From this share of the table's rows on, one look at all of them is cheaper than a look for each.
const SHARE: usize = 50;
/// The most spellings of a text that are asked for one by one.
const SPELLINGS_MAX: usize = 32;
/// The most bytes that they may have together, where there is more than one.
const SPELLINGS_BYTES: usize = 64 << 10;

/// How the rows of a key are found.
enum Lookup {
    /// By asking for each key.
    Each,
    /// In a list of the keys that are merged and the places of their rows.
    All(HashMap<String, Vec<i64>>),
}

impl Store {
    /// Inserts or updates rows by a key of columns.
    pub(super) fn merge_rows(&mut self, name: &str, rows: &[Object], keys: &[String]) -> Result<Merged, Fault> {
        let mut merged = Merged::default();
        if rows.is_empty() {
            return Ok(merged);
        }
        let mut table = self.table_for_writing(name)?;
        for row in rows {
            table = self.table_for_row(name, row)?;
        }
        let mut lookup = self.lookup(&table, rows, keys)?;
        for row in rows {
            let key = upsert::key_of(row, keys);
            let found = self.rows_of(&table, row, keys, &key, &lookup)?;
            if found.is_empty() {
                let place = self.insert_unseen(&table, row)?;
                if let Lookup::All(places) = &mut lookup {
                    places.entry(key).or_default().push(place);
                }
                merged.inserted += 1;
                continue;
            }
            let (mut changed, mut same) = (Vec::new(), Vec::new());
            for found in found {
                let says_news = upsert::says_anything_new(&*self.with_extra(&table, row, Some(&found.row))?, &found.row);
                if says_news { changed.push(found) } else { same.push(found) }
            }
            *(if changed.is_empty() { &mut merged.unchanged } else { &mut merged.updated }) += 1;
            self.update_found(&table, changed, row, self.now)?;
            // What is the same here may be news of what another system has.
            if base::is_sync(row) {
                self.update_found(&table, same, row, self.now)?;
            }
        }
        Ok(merged)
    }

    fn lookup(&mut self, table: &Table, rows: &[Object], keys: &[String]) -> Result<Lookup, Fault> {
        let _query = self.patience.query();
        let is_known = rows.iter().all(|row| keys.iter().any(|key| stored_forms(row.read(key)).is_some()));
        if is_known {
            let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT ?1)", quoted(&table.name));
            let enough = i64::try_from(rows.len().saturating_mul(SHARE)).unwrap_or(i64::MAX);
            let count: i64 = self.connection.prepare_cached(&sql).and_then(|mut statement| statement.query_row([enough], |row| row.get(0))).map_err(fault)?;
            if count >= enough {
                return Ok(Lookup::Each);
            }
        }
        let columns: Vec<_> = keys.iter().map(|key| table.column(key)).collect();
        let names: Vec<String> = columns.iter().map(|column| column.map_or_else(|| "NULL".to_owned(), |column| quoted(&column.name))).collect();
        let mut statement = self.connection.prepare_cached(&format!("SELECT rowid, {} FROM {}", names.join(", "), quoted(&table.name))).map_err(fault)?;
        let mut found = statement.query([]).map_err(fault)?;
        let mut places: HashMap<String, Vec<i64>> = rows.iter().map(|row| (upsert::key_of(row, keys), Vec::new())).collect();
        while let Some(row) = found.next().map_err(fault)? {
            let mut object = Object::new();
            for (at, key) in keys.iter().enumerate() {
                let kind = columns[at].and_then(|column| column.kind);
                object.set(&Key::from(key.as_str()), from_sql(row.get_ref(at + 1).map_err(fault)?, kind))?;
            }
            if let Some(places) = places.get_mut(&upsert::key_of(&object, keys)) {
                places.push(row.get(0).map_err(fault)?);
            }
        }
        Ok(Lookup::All(places))
    }

    /// The rows that have a key.
    fn rows_of(&mut self, table: &Arc<Table>, row: &Object, keys: &[String], key: &str, lookup: &Lookup) -> Result<Vec<Found>, Fault> {
        if let Lookup::All(places) = lookup {
            let places = places.get(key).map_or(&[][..], Vec::as_slice);
            return places.iter().map(|&rowid| Ok(Found { rowid, row: self.row_at(table, rowid)? })).collect();
        }
        let mut sql = Store::select(table);
        let mut between = " WHERE ";
        for column in keys {
            let Some(forms) = stored_forms(row.read(column)) else { continue };
            let name = table.column(column).map_or_else(|| "NULL".to_owned(), |column| quoted(&column.name));
            sql.push(&format!("{between}{name} IN ("));
            for (at, form) in forms.into_iter().enumerate() {
                sql.push(if at > 0 { ", " } else { "" });
                sql.bind(Bound(form));
            }
            sql.push(")");
            between = " AND ";
        }
        let found = self.read_rows(table, &sql)?;
        Ok(found.into_iter().filter(|found| upsert::key_of(&found.row, keys) == key).collect())
    }
}

/// Everything that may be stored of a value with the same canonical form; none where that has no end.
fn stored_forms(value: &Value) -> Option<Vec<SqlValue>> {
    match value {
        Value::Bool(bool) => Some(number_forms(&Value::Int(i64::from(*bool)))),
        Value::Int(_) | Value::Float(_) => Some(number_forms(value)),
        Value::Text(text) => {
            let text = text.as_str();
            if let Some(number) = coerce::numeric_text(text) {
                let mut forms = number_forms(&Value::from(number));
                forms.push(SqlValue::Text(text.to_owned()));
                return Some(forms);
            }
            if Instant::parse_rfc3339(text).is_some() {
                return None;
            }
            let most = (SPELLINGS_BYTES / text.len().max(1)).clamp(1, SPELLINGS_MAX);
            Some(canonical::ascii_spellings(text, most)?.into_iter().map(SqlValue::Text).collect())
        }
        Value::Missing | Value::Null | Value::Date(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn number_forms(number: &Value) -> Vec<SqlValue> {
    let mut forms = vec![SqlValue::Text(coerce::json(number))];
    match number {
        Value::Int(int) => forms.push(SqlValue::Integer(*int)),
        Value::Float(float) => forms.push(SqlValue::Real(*float)),
        _ => {}
    }
    forms
}
