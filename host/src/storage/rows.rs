//! Reading and writing rows, and the events that changed rows queue.

use std::borrow::Cow;

use gbvm_stdlib::base::{self, Origin};
use gbvm_stdlib::merge;
use gbvm_stdlib::upsert::Merged;
use gbvm_stdlib::query;
use gbvm_stdlib::services::{Aggregate, Filter, Mail, Request, Storage};
use gbvm_stdlib::aggregate::{self, Fold};
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::memory;
use gbvm_vm::object::Object;
use gbvm_vm::operators;
use gbvm_vm::template::Template;
use gbvm_vm::text::Text;
use gbvm_vm::value::Value;
use rusqlite::types::Value as SqlValue;
use rusqlite::{CachedStatement, params_from_iter};

use super::schema::{Column, Kind, Table, quoted};
use super::sql::Sql;
use super::values::{Bound, from_sql, to_sql};
use super::{Store, fault, totals};

/// A row with its place in the table.
pub(super) struct Found {
    pub(super) rowid: i64,
    pub(super) row: Object,
}

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Insert,
    Update,
    Delete,
}

impl Change {
    /// The word that scripts see.
    pub(super) fn word(self) -> &'static str {
        match self {
            Change::Insert => "INSERT",
            Change::Update => "UPDATE",
            Change::Delete => "DELETE",
        }
    }
}

/// The columns that a record names, with its values. Of several fields for one column the one counts whose name is
/// exactly the column's: data that came as JSON may bring others beside what the script has set.
///
/// # Errors
/// `E_COLUMN_TWICE` where none of them is exactly so.
fn named<'t>(table: &'t Table, record: &'t Object) -> Result<Vec<(&'t Column, &'t Value)>, Fault> {
    let mut found: Vec<(&Column, &str, &Value)> = Vec::with_capacity(table.columns.len());
    for (key, value) in record.fields() {
        let Some(column) = table.column(key) else { continue };
        match found.iter_mut().find(|(known, ..)| std::ptr::eq(*known, column)) {
            None => found.push((column, key, value)),
            Some((_, first, _)) if **first == *column.name => {}
            Some(place) if **key == *column.name => *place = (column, key, value),
            Some((_, first, _)) => {
                let message = format!("the fields {first} and {key} of the record both name the column {} of {}, and neither is written like it", column.name, table.name);
                return Err(Fault::new("E_COLUMN_TWICE", message));
            }
        }
    }
    Ok(found.into_iter().map(|(column, _, value)| (column, value)).collect())
}

/// A row's id as text.
pub(super) fn id_of(row: &Object) -> Text {
    coerce::text(row.read("id"))
}

impl Store {
    pub(super) fn read_rows(&mut self, table: &Table, sql: &Sql) -> Result<Vec<Found>, Fault> {
        let _query = self.patience.query();
        let mut statement = self.connection.prepare_cached(&sql.text).map_err(fault)?;
        let keys = table.keys();
        let mut rows = statement.query(params_from_iter(&sql.values)).map_err(fault)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(fault)? {
            let rowid = row.get(0).map_err(fault)?;
            let mut object = Object::new();
            for (at, key) in keys.iter().enumerate() {
                let value = from_sql(row.get_ref(at + 1).map_err(fault)?, table.columns[at].kind);
                object.set(key, value)?;
            }
            found.push(Found { rowid, row: object });
            memory::check()?;
        }
        Ok(found)
    }

    /// `SELECT` of all columns, after the row's place.
    pub(super) fn select(table: &Table) -> Sql {
        Sql::new(table.select.as_str())
    }

    pub(super) fn row_at(&mut self, table: &Table, rowid: i64) -> Result<Object, Fault> {
        let mut sql = Store::select(table);
        sql.push(" WHERE rowid = ");
        sql.bind(Bound(SqlValue::Integer(rowid)));
        let found = self.read_rows(table, &sql)?.pop();
        found.map(|found| found.row).ok_or_else(|| Fault::new("E_DATABASE", "a row was gone right after it was written"))
    }

    /// What a FIND of one row gives, where no row has to be compared with others for it: no order is asked for, and at
    /// most one matches.
    fn only_row(&mut self, table: &Table, filter: &Filter<'_>, most: Option<u64>) -> Result<Option<Vec<Object>>, Fault> {
        let template = filter.template;
        if most != Some(1) || template.condition.is_none() || !template.order.is_empty() || template.limit.is_some() || template.offset.is_some() {
            return Ok(None);
        }
        let mut sql = Store::select(table);
        sql.condition(table, filter)?;
        sql.push(" LIMIT 2");
        let rows = self.read_rows(table, &sql)?;
        Ok((rows.len() < 2).then(|| rows.into_iter().map(|found| found.row).collect()))
    }

    fn matching(&mut self, table: &Table, filter: &Filter<'_>) -> Result<Vec<Found>, Fault> {
        let mut sql = Store::select(table);
        sql.condition(table, filter)?;
        self.read_rows(table, &sql)
    }

    /// Notes which row the run changed last, and queues the event for every script that changes of the table start,
    /// other than the one that runs.
    fn changed(&mut self, table: &Table, change: Change, old: Option<&Object>, new: Option<&Object>) -> Result<(), Fault> {
        let image = new.or(old).ok_or_else(|| Fault::new("E_DATABASE", "a change has neither an old nor a new row"))?;
        let row_id = id_of(image).as_str().to_owned();
        if change == Change::Update {
            self.last_row = Some(format!("{}/{row_id}", table.name));
        }
        if let (Some(old), Some(new)) = (old, new)
            && merge::changed(old, new).next().is_none()
        {
            return Ok(());
        }
        let scripts: Vec<String> = self.handled_by(&table.name, change);
        if scripts.is_empty() {
            return Ok(());
        }
        let depth = self.run.depth + 1;
        if depth > self.limits.trigger_depth {
            return Err(Fault::new("E_TRIGGER_DEPTH", format!("{} triggers started one another, the last by a change of {}; do two scripts change each other's tables?", self.limits.trigger_depth, table.name)));
        }
        let json = |row: Option<&Object>| row.map(|row| coerce::json(&Value::Object(row.clone())));
        for script in scripts {
            self.queue_job(&script, &table.name, &row_id, change, json(old), json(new), depth)?;
        }
        Ok(())
    }

    fn handled_by(&self, table: &str, change: Change) -> Vec<String> {
        let handlers = self.handlers.iter().filter(|handler| {
            let is_on = match change {
                Change::Insert => handler.insert,
                Change::Update => handler.update,
                Change::Delete => handler.delete,
            };
            is_on && handler.table.eq_ignore_ascii_case(table) && handler.script != self.run.script
        });
        let mut scripts: Vec<String> = handlers.map(|handler| handler.script.clone()).collect();
        scripts.dedup();
        scripts
    }

    /// Writes fields over the rows at these places.
    fn write_over(&mut self, table: &Table, places: &[i64], changes: &Object) -> Result<(), Fault> {
        let mut sql = Sql::new(format!("UPDATE {} SET ", quoted(&table.name)));
        let mut between = "";
        for (column, value) in named(table, changes)? {
            if column.name.eq_ignore_ascii_case("id") {
                continue;
            }
            sql.push(between);
            sql.push(&format!("{} = ", quoted(&column.name)));
            sql.bind(to_sql(value, column.kind.unwrap_or(Kind::Plain)));
            between = ", ";
        }
        if between.is_empty() {
            return Ok(());
        }
        sql.push(" WHERE rowid = ");
        let mut statement = self.connection.prepare_cached(&format!("{}?", sql.text)).map_err(fault)?;
        for place in places {
            let place = Bound(SqlValue::Integer(*place));
            statement.execute(params_from_iter(sql.values.iter().chain([&place]))).map_err(fault)?;
        }
        Ok(())
    }

    /// Updates rows that were found, and queues what that starts. Gives the number of those to which it said something.
    pub(super) fn update_found(&mut self, table: &Table, found: Vec<Found>, changes: &Object, now: Instant) -> Result<u64, Fault> {
        let mut count = 0;
        for Found { rowid, row: old } in found {
            let changes = self.with_extra(table, changes, Some(&old))?;
            let record = self.with_times(table, &old, &changes, now)?;
            if !self.is_news(table, &record, &old)? {
                self.last_row = Some(format!("{}/{}", table.name, id_of(&old).as_str()));
                continue;
            }
            let settled;
            let table = match &record {
                Cow::Borrowed(_) => table,
                // A time that the engine writes says what kind its column is of, as one of the script's would.
                Cow::Owned(record) => {
                    settled = self.table_for_row(&table.name, record)?;
                    &settled
                }
            };
            self.write_over(table, &[rowid], &record).map_err(|fault| self.with_reference(fault, table, &record))?;
            let new = self.row_at(table, rowid)?;
            self.keep_base(table, &record, &new)?;
            self.changed(table, Change::Update, Some(&old), Some(&new))?;
            count += 1;
        }
        Ok(count)
    }

    fn find_by_id(&mut self, table: &Table, id: &Value) -> Result<Option<Found>, Fault> {
        let template = Template { condition: Some(gbvm_vm::template::Condition::Id(gbvm_vm::template::Term::Hole(0))), holes: 1, ..Template::default() };
        let holes = [id.clone()];
        let found = self.matching(table, &Filter { template: &template, holes: &holes, now: Instant(0) })?;
        Ok(found.into_iter().next())
    }

    pub(super) fn insert_row(&mut self, table: &Table, row: &Object) -> Result<Object, Fault> {
        let rowid = self.insert_unseen(table, row)?;
        self.row_at(table, rowid)
    }

    /// Inserts a row whose stored form its writer does not look at; its place.
    pub(super) fn insert_unseen(&mut self, table: &Table, row: &Object) -> Result<i64, Fault> {
        let row = &*self.with_extra(table, row, None)?;
        let mut columns = Vec::new();
        let mut values = Vec::new();
        let mut has_id = false;
        for (column, value) in named(table, row)? {
            let is_id = column.name.eq_ignore_ascii_case("id");
            if is_id && operators::is_empty(value) {
                continue;
            }
            has_id |= is_id;
            columns.push(quoted(&column.name));
            values.push(to_sql(value, column.kind.unwrap_or(Kind::Plain)));
        }
        if !has_id && !table.has_integer_key && table.column("id").is_some() {
            columns.push("\"id\"".to_owned());
            values.push(Bound(SqlValue::Text(crate::engine::new_run_id())));
        }
        let sql = if columns.is_empty() {
            format!("INSERT INTO {} DEFAULT VALUES", quoted(&table.name))
        } else {
            format!("INSERT INTO {} ({}) VALUES ({})", quoted(&table.name), columns.join(", "), vec!["?"; values.len()].join(", "))
        };
        let mut statement: CachedStatement<'_> = self.connection.prepare_cached(&sql).map_err(fault)?;
        let inserted = statement.insert(params_from_iter(&values)).map_err(fault);
        drop(statement);
        let rowid = inserted.map_err(|fault| self.with_reference(fault, table, row))?;
        if base::is_sync(row) || !self.handled_by(&table.name, Change::Insert).is_empty() {
            let stored = self.row_at(table, rowid)?;
            self.keep_base(table, row, &stored)?;
            self.changed(table, Change::Insert, None, Some(&stored))?;
        }
        Ok(rowid)
    }
}

impl Storage for Store {
    fn has_table(&mut self, table: &str) -> Result<bool, Fault> {
        Ok(self.table(table).is_ok_and(|table| table.is_some()))
    }

    fn find(&mut self, table: &str, filter: Filter<'_>, most: Option<u64>) -> Result<Vec<Object>, Fault> {
        query::check_read(&filter, &self.limits)?;
        let Some(table) = self.table(table)? else { return Ok(Vec::new()) };
        if let Some(row) = self.only_row(&table, &filter, most)? {
            return Ok(row);
        }
        let bound = self.limits.find_rows;
        let mut sql = Store::select(&table);
        sql.condition(&table, &filter)?;
        sql.order(&table, &filter);
        sql.limit(&filter, most.unwrap_or(bound + 1), &self.limits)?;
        let rows = self.read_rows(&table, &sql)?;
        if rows.len() as u64 > bound {
            return Err(Fault::new("E_FIND_TOO_MANY", format!("more than {bound} rows of {} match; narrow the filter, or go through them one by one with FOR EACH directly over the FIND", table.name)));
        }
        Ok(rows.into_iter().map(|found| found.row).collect())
    }

    fn find_pages(&mut self, table: &str, filter: Filter<'_>) -> Result<Vec<String>, Fault> {
        self.pages(table, &filter)
    }

    fn find_page(&mut self, page: &str) -> Result<Vec<Object>, Fault> {
        self.rows_of_page(page)
    }

    fn insert(&mut self, table: &str, row: &Object) -> Result<Object, Fault> {
        let table = self.table_for_row(table, row)?;
        self.insert_row(&table, row)
    }

    fn update(&mut self, table: &str, filter: Filter<'_>, changes: &Object) -> Result<u64, Fault> {
        query::check_write(&filter, &self.limits)?;
        let table = self.table_for_row(table, changes)?;
        let found = self.matching(&table, &filter)?;
        if let Some(id) = changes.get("id")
            && found.iter().any(|found| !operators::equal(found.row.read("id"), id))
        {
            tracing::warn!("UPDATE of {} never changes an id: the id in its record differs and is left out", table.name);
        }
        self.update_found(&table, found, changes, filter.now)
    }

    fn save(&mut self, table: &str, id: &Value, row: &Object) -> Result<Object, Fault> {
        if operators::is_empty(id) {
            return Err(Fault::of_empty("E_ID_EMPTY", format!("SAVE needs an id for its row of {table}, and this one is empty")));
        }
        let table = self.table_for_row(table, row)?;
        match self.find_by_id(&table, id)? {
            Some(found) => {
                let rowid = found.rowid;
                self.update_found(&table, vec![found], row, self.now)?;
                self.row_at(&table, rowid)
            }
            None => {
                let mut row = row.clone();
                row.set_str("id", id.clone())?;
                let stored = self.insert_row(&table, &row)?;
                self.last_row = Some(format!("{}/{}", table.name, coerce::text(id).as_str()));
                Ok(stored)
            }
        }
    }

    fn merge(&mut self, table: &str, rows: &[Object], keys: &[String]) -> Result<Merged, Fault> {
        self.merge_rows(table, rows, keys)
    }

    fn delete(&mut self, table: &str, filter: Filter<'_>) -> Result<u64, Fault> {
        query::check_write(&filter, &self.limits)?;
        let Some(table) = self.table(table)? else { return Ok(0) };
        let found = self.matching(&table, &filter)?;
        let sql = format!("DELETE FROM {} WHERE rowid = ?1", quoted(&table.name));
        for Found { rowid, row } in &found {
            self.connection.prepare_cached(&sql).and_then(|mut statement| statement.execute([rowid])).map_err(fault)?;
            self.forget_base(&table, row)?;
            self.changed(&table, Change::Delete, Some(row), None)?;
        }
        Ok(found.len() as u64)
    }

    fn sync_base(&mut self, table: &str, origin: &Origin) -> Result<Option<Object>, Fault> {
        self.table(table)?.map_or(Ok(None), |table| self.base_of(&table, origin))
    }

    fn aggregate(&mut self, function: Aggregate, table: &str, field: &str, filter: Filter<'_>) -> Result<Value, Fault> {
        query::check_read(&filter, &self.limits)?;
        let known = self.table(table)?;
        let _query = self.patience.query();
        let column = known.as_ref().and_then(|table| table.column(field)).cloned();
        let Some(table) = known.filter(|_| column.is_some() || function == Aggregate::Count) else {
            return aggregate::fold(function, std::iter::empty());
        };
        if function == Aggregate::Count && column.is_none() {
            let mut sql = Sql::new(format!("SELECT count(*) FROM {}", quoted(&table.name)));
            sql.condition(&table, &filter)?;
            let mut statement = self.connection.prepare_cached(&sql.text).map_err(fault)?;
            return statement.query_row(params_from_iter(&sql.values), |row| row.get(0)).map(Value::Int).map_err(fault);
        }
        let Some(column) = column else { return aggregate::fold(function, std::iter::empty()) };
        if let (Some(total), Some(Kind::Plain | Kind::Decimal) | None) = (totals::function(function), column.kind) {
            let mut sql = Sql::new(format!("SELECT {total}({}) FROM {}", quoted(&column.name), quoted(&table.name)));
            sql.condition(&table, &filter)?;
            let mut statement = self.connection.prepare_cached(&sql.text).map_err(fault)?;
            let result = statement.query_row(params_from_iter(&sql.values), |row| row.get(0)).map_err(fault)?;
            return totals::value_of(result);
        }
        let mut sql = Sql::new(format!("SELECT {} FROM {}", quoted(&column.name), quoted(&table.name)));
        sql.condition(&table, &filter)?;
        let mut statement = self.connection.prepare_cached(&sql.text).map_err(fault)?;
        let mut rows = statement.query(params_from_iter(&sql.values)).map_err(fault)?;
        let mut fold = Fold::new(function);
        while let Some(row) = rows.next().map_err(fault)? {
            fold.add(&from_sql(row.get_ref(0).map_err(fault)?, column.kind));
        }
        fold.finish()
    }

    // The transactions of a script belong to its segment: the store by itself knows points to go back to.
    fn begin_transaction(&mut self) -> Result<(), Fault> {
        Err(Fault::new("E_DATABASE", "a transaction begins in a run's segment"))
    }

    fn commit_transaction(&mut self) -> Result<bool, Fault> {
        Ok(false)
    }

    fn rollback_transaction(&mut self) -> Result<bool, Fault> {
        Ok(false)
    }

    fn memory(&mut self, key: &str) -> Result<Option<Value>, Fault> {
        self.read_memory(key)
    }

    fn set_memory(&mut self, key: &str, value: &Value) -> Result<(), Fault> {
        self.write_memory(key, value)
    }

    fn queue_call(&mut self, request: &Request) -> Result<(), Fault> {
        self.put_call(request)
    }

    fn queue_mail(&mut self, mail: &Mail) -> Result<(), Fault> {
        self.put_mail(mail)
    }
}
