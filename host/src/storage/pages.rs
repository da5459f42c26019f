//! Rows of a query read a page at a time: where they are is settled first, each page is read when its turn comes.
//!
//! A page is a JSON text, so that it is small in a checkpoint and one value for SQL: `{"table":…,"ids":[…]}`, or
//! `{"table":…,"places":[…]}` with the places that SQLite gives rows, where ids do not tell them apart.

use gbvm_stdlib::json;
use gbvm_stdlib::query;
use gbvm_stdlib::services::{Filter, PAGE_ROWS};
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::object::Object;
use gbvm_vm::value::Value;
use rusqlite::params_from_iter;
use rusqlite::types::{Value as SqlValue, ValueRef};

use super::schema::{Table, quoted};
use super::sql::Sql;
use super::values::{Bound, from_sql};
use super::{Store, fault};

const TABLE: &str = "table";

/// By what rows are found again.
#[derive(Clone, Copy)]
enum By {
    Id,
    Place,
}

impl By {
    /// The field of a page.
    fn word(self) -> &'static str {
        match self {
            By::Id => "ids",
            By::Place => "places",
        }
    }

    fn column(self) -> &'static str {
        match self {
            By::Id => "\"id\"",
            By::Place => "rowid",
        }
    }
}

impl Store {
    /// The pages of the rows that match.
    pub(super) fn pages(&mut self, table: &str, filter: &Filter<'_>) -> Result<Vec<String>, Fault> {
        query::check_read(filter, &self.limits)?;
        let Some(table) = self.table(table)? else { return Ok(Vec::new()) };
        if table.has_key
            && let Some(pages) = self.pages_by(&table, By::Id, filter)?
        {
            return Ok(pages);
        }
        Ok(self.pages_by(&table, By::Place, filter)?.unwrap_or_default())
    }

    /// The pages; none where a row has no id that JSON can say.
    fn pages_by(&self, table: &Table, by: By, filter: &Filter<'_>) -> Result<Option<Vec<String>>, Fault> {
        let mut sql = Sql::new(format!("SELECT {} FROM {}", by.column(), quoted(&table.name)));
        sql.condition(table, filter)?;
        sql.order(table, filter);
        sql.limit(filter, i64::MAX as u64, &self.limits)?;
        let _query = self.patience.query();
        let mut statement = self.connection.prepare_cached(&sql.text).map_err(fault)?;
        let mut rows = statement.query(params_from_iter(&sql.values)).map_err(fault)?;
        let (mut pages, mut page, mut bytes) = (Vec::new(), Vec::new(), 0);
        while let Some(row) = rows.next().map_err(fault)? {
            match row.get_ref(0).map_err(fault)? {
                // JSON has no bytes.
                ValueRef::Null | ValueRef::Blob(_) => return Ok(None),
                place @ (ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_)) => page.push(from_sql(place, None)),
            }
            if page.len() == PAGE_ROWS {
                pages.push(text_of(table, by, std::mem::take(&mut page))?);
                bytes += pages.last().map_or(0, String::len);
                if bytes > self.limits.memory_bytes {
                    return Err(Fault::new("E_FIND_TOO_MANY", format!("more rows of {} match than a run can remember; narrow the filter, or take them in parts with LIMIT and OFFSET", table.name)));
                }
            }
        }
        if !page.is_empty() {
            pages.push(text_of(table, by, page)?);
        }
        Ok(Some(pages))
    }

    /// The rows of a page that are still there, in its order.
    pub(super) fn rows_of_page(&mut self, page: &str) -> Result<Vec<Object>, Fault> {
        let damaged = || Fault::new("E_DATABASE", "where the rows of the loop are cannot be read");
        let Value::Object(page) = json::parse(page.as_bytes(), &self.limits)? else { return Err(damaged()) };
        let Value::Text(name) = page.read(TABLE) else { return Err(damaged()) };
        let Some(table) = self.table(name.as_str())? else { return Ok(Vec::new()) };
        let by = [By::Id, By::Place].into_iter().find(|by| page.get(by.word()).is_some()).ok_or_else(damaged)?;
        let columns: Vec<String> = table.columns.iter().map(|column| format!("found.{}", quoted(&column.name))).collect();
        // CROSS JOIN keeps the page outside, so that its order stays and each row is looked up by its key.
        let mut sql = Sql::new(format!("SELECT found.rowid, {} FROM json_each(", columns.join(", ")));
        sql.bind(Bound(SqlValue::Text(coerce::json(page.read(by.word())))));
        sql.push(&format!(") AS page CROSS JOIN {} AS found ON found.{} = page.value ORDER BY page.key", quoted(&table.name), by.column()));
        Ok(self.read_rows(&table, &sql)?.into_iter().map(|found| found.row).collect())
    }
}

fn text_of(table: &Table, by: By, places: Vec<Value>) -> Result<String, Fault> {
    let page = Object::of_fields([(TABLE, Value::text(table.name.as_str())), (by.word(), Value::array(places)?)])?;
    Ok(coerce::json(&Value::Object(page)))
}
