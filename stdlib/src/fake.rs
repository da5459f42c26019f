//! The services in memory, for tests: tables that evaluate filters row by row, calls that are recorded and answered
//! from a list, a clock that moves when it is told to.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::object::Object;
use gbvm_vm::operators;
use gbvm_vm::template::{Comparison, Condition, Template};
use gbvm_vm::value::Value;

use crate::aggregate;
use crate::base::{self, Origin};
use crate::keyword::{FilterParser, HostContext, RunState};
use crate::json;
use crate::upsert::{self, Merged};
use crate::query::{self, Operand};
use crate::services::{Aggregate, Answer, Clock, Console, Filter, HttpClient, Level, Mail, PAGE_ROWS, Request, Storage};

/// All services and the state of one run.
pub struct World {
    /// Tables, memory, outbox.
    pub storage: FakeStorage,
    /// Calls with an answer.
    pub http: FakeHttp,
    /// The present.
    pub clock: FakeClock,
    /// Output and log.
    pub console: FakeConsole,
    /// What the run carries.
    pub run: RunState,
    /// The bounds in force.
    pub limits: Limits,
    /// How filter text is read.
    pub parse_filter: FilterParser,
    /// What scripts may read of the environment.
    pub environment: BTreeMap<String, Option<String>>,
    /// Origins that data may name.
    pub allowed_origins: Vec<String>,
}

impl World {
    /// An empty world whose clock stands still.
    pub fn new(parse_filter: FilterParser, now: Instant) -> World {
        World {
            storage: FakeStorage::default(),
            http: FakeHttp::default(),
            clock: FakeClock::at(now),
            console: FakeConsole::default(),
            run: RunState::default(),
            limits: Limits::default(),
            parse_filter,
            environment: BTreeMap::new(),
            allowed_origins: Vec::new(),
        }
    }

    /// The world as a keyword sees it.
    pub fn context(&mut self) -> HostContext<'_> {
        HostContext {
            storage: &mut self.storage,
            http: &mut self.http,
            clock: &self.clock,
            console: &mut self.console,
            run: &mut self.run,
            limits: &self.limits,
            parse_filter: self.parse_filter,
            environment: &self.environment,
            allowed_origins: &self.allowed_origins,
        }
    }
}

/// A clock that is set by hand.
#[derive(Debug)]
pub struct FakeClock {
    now: Cell<Instant>,
}

impl FakeClock {
    /// A clock that shows this instant until it is moved.
    pub fn at(now: Instant) -> FakeClock {
        FakeClock { now: Cell::new(now) }
    }

    /// Moves the clock on.
    pub fn advance_ms(&self, millis: i64) {
        self.now.set(Instant(self.now.get().0 + millis));
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Instant {
        self.now.get()
    }
}

/// Lines as they were written.
#[derive(Debug, Default)]
pub struct FakeConsole {
    /// Every line with its level, oldest first.
    pub lines: Vec<(Level, String)>,
}

impl FakeConsole {
    /// What PRINT wrote, each line with its end.
    pub fn output(&self) -> String {
        self.lines.iter().filter(|(level, _)| *level == Level::Output).map(|(_, line)| format!("{line}\n")).collect()
    }
}

impl Console for FakeConsole {
    fn line(&mut self, level: Level, line: &str) {
        self.lines.push((level, line.to_owned()));
    }
}

/// A client that records requests and answers from a list.
#[derive(Debug, Default)]
pub struct FakeHttp {
    /// The requests made, oldest first.
    pub requests: Vec<Request>,
    /// The answers to give, in order; after the last one calls fail.
    pub answers: VecDeque<Result<Answer, Fault>>,
}

impl FakeHttp {
    /// Adds a JSON answer to the list.
    pub fn answer(&mut self, status: u16, json: &str) {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        self.answers.push_back(Ok(Answer { status, headers, body: json.as_bytes().to_vec() }));
    }
}

impl HttpClient for FakeHttp {
    fn call(&mut self, request: &Request) -> Result<Answer, Fault> {
        self.requests.push(request.clone());
        self.answers.pop_front().unwrap_or_else(|| Err(Fault::new("E_HTTP", format!("{} {} got no answer", request.method, request.origin))))
    }
}

/// Tables, memory and outbox without a disk. Table names ignore case, rows are kept as given.
#[derive(Debug, Default)]
pub struct FakeStorage {
    tables: BTreeMap<String, Vec<Object>>,
    /// Memory entries, secrets in the clear.
    pub entries: BTreeMap<String, Value>,
    /// Calls to be made after the commit.
    pub calls: Vec<Request>,
    /// Mail to be sent after the commit.
    pub mails: Vec<Mail>,
    limits: Limits,
    last_id: u64,
    bases: Bases,
    /// What the open transactions go back to, innermost last.
    saved: Vec<Saved>,
}

/// What other systems are known to have, by table in lower case and origin.
type Bases = BTreeMap<(String, Origin), Object>;

/// Tables, entries, bases, and how many calls and mails there were.
type Saved = (BTreeMap<String, Vec<Object>>, BTreeMap<String, Value>, Bases, usize, usize);

impl FakeStorage {
    /// Makes a table without rows.
    pub fn create(&mut self, table: &str) {
        self.tables.entry(table.to_ascii_lowercase()).or_default();
    }

    /// The rows of a table by id.
    pub fn rows(&self, table: &str) -> Vec<Object> {
        let mut rows = self.tables.get(&table.to_ascii_lowercase()).cloned().unwrap_or_default();
        rows.sort_by(|a, b| operators::sort_order(a.read("id"), b.read("id")));
        rows
    }

    fn table(&mut self, table: &str) -> &mut Vec<Object> {
        self.tables.entry(table.to_ascii_lowercase()).or_default()
    }

    /// Whether a record that is written says something new of a row, or of what another system has of it.
    fn is_news(&self, table: &str, record: &Object, stored: &Object) -> bool {
        let base = Origin::of(stored).and_then(|origin| self.bases.get(&(table.to_ascii_lowercase(), origin)));
        !base::is_sync(record) || !base::says_nothing(record, stored, stored, base)
    }

    /// Keeps what another system has, where the record that was written says that it has this row.
    fn keep_base(&mut self, table: &str, record: &Object, row: &Object) -> Result<(), Fault> {
        if base::is_sync(record)
            && let Some(origin) = Origin::of(row)
        {
            self.bases.insert((table.to_ascii_lowercase(), origin), base::snapshot(row)?);
        }
        Ok(())
    }

    /// Lays a record over the rows that pass a test, where it says something new, and gives their number.
    fn lay_over_all(&mut self, table: &str, record: &Object, passes: impl Fn(&Object) -> Result<bool, Fault>) -> Result<u64, Fault> {
        let mut count = 0;
        for at in 0..self.table(table).len() {
            let mut row = self.table(table)[at].clone();
            if passes(&row)? && self.is_news(table, record, &row) {
                lay_over(&mut row, record)?;
                self.keep_base(table, record, &row)?;
                self.table(table)[at] = row;
                count += 1;
            }
        }
        Ok(count)
    }

    fn matching(&self, table: &str, filter: &Filter<'_>) -> Result<Vec<Object>, Fault> {
        let mut rows = Vec::new();
        for row in self.rows(table) {
            if matches(&row, filter)? {
                rows.push(row);
            }
        }
        Ok(rows)
    }
}

/// Whether a row passes a filter's condition.
///
/// # Errors
/// `E_FILTER_TYPE`, `E_FILTER_TOO_LARGE`.
pub fn matches(row: &Object, filter: &Filter<'_>) -> Result<bool, Fault> {
    filter.template.condition.as_ref().map_or(Ok(true), |condition| holds(condition, row, filter))
}

fn holds(condition: &Condition, row: &Object, filter: &Filter<'_>) -> Result<bool, Fault> {
    match condition {
        Condition::And(parts) => parts.iter().try_fold(true, |all, part| Ok(holds(part, row, filter)? && all)),
        Condition::Or(parts) => parts.iter().try_fold(false, |any, part| Ok(holds(part, row, filter)? || any)),
        Condition::Not(part) => Ok(!holds(part, row, filter)?),
        Condition::Compare(column, comparison, term) => Ok(compares(row.read(column), *comparison, &beside(query::operand(term, filter)?, row))),
        Condition::Like(column, is_not, term) => {
            let text = coerce::text(row.read(column));
            let is_like = query::pattern(term, filter)?.is_some_and(|pattern| query::is_like(text.as_str(), &pattern));
            Ok(is_like != *is_not)
        }
        Condition::Between(column, is_not, low, high) => {
            let value = row.read(column);
            let is_above = compares(value, Comparison::GreaterOrEqual, &query::operand(low, filter)?);
            let is_below = compares(value, Comparison::LessOrEqual, &query::operand(high, filter)?);
            Ok((is_above && is_below) != *is_not)
        }
        Condition::In(column, is_not, terms) => {
            let value = row.read(column);
            let is_in = query::elements(terms, filter)?.iter().any(|element| compares(value, Comparison::Equal, element));
            Ok(is_in != *is_not)
        }
        Condition::Empty(column, is_not) => Ok(operators::is_empty(row.read(column)) != *is_not),
        Condition::Id(term) => Ok(compares(row.read("id"), Comparison::Equal, &query::operand(term, filter)?)),
    }
}

/// An operand, or what stands in the column that it is.
fn beside(operand: Operand, row: &Object) -> Operand {
    match operand {
        Operand::Column(column) if operators::is_empty(row.read(&column)) => Operand::WrittenEmpty,
        Operand::Column(column) => Operand::Known(row.read(&column).clone()),
        operand @ (Operand::Known(_) | Operand::WrittenEmpty | Operand::EmptyHole) => operand,
    }
}

fn compares(value: &Value, comparison: Comparison, operand: &Operand) -> bool {
    let is_equal = || match operand {
        Operand::Known(other) => operators::equal(value, other),
        Operand::WrittenEmpty => operators::is_empty(value),
        Operand::EmptyHole | Operand::Column(_) => false,
    };
    let order = |wanted: &[Ordering]| match operand {
        Operand::Known(other) => operators::order(value, other).is_some_and(|order| wanted.contains(&order)),
        Operand::WrittenEmpty | Operand::EmptyHole | Operand::Column(_) => false,
    };
    match comparison {
        Comparison::Equal => is_equal(),
        Comparison::NotEqual => !is_equal(),
        Comparison::Less => order(&[Ordering::Less]),
        Comparison::LessOrEqual => order(&[Ordering::Less, Ordering::Equal]),
        Comparison::Greater => order(&[Ordering::Greater]),
        Comparison::GreaterOrEqual => order(&[Ordering::Greater, Ordering::Equal]),
    }
}

fn sort(rows: &mut [Object], template: &Template) {
    rows.sort_by(|a, b| {
        for key in &template.order {
            let order = operators::sort_order(a.read(&key.column), b.read(&key.column));
            let order = if key.descending { order.reverse() } else { order };
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    });
}

/// Lays fields over a row; what is MISSING, and the id, stay.
fn lay_over(row: &mut Object, changes: &Object) -> Result<(), Fault> {
    for (key, value) in changes.fields() {
        if **key != *"id" {
            row.set(key, value.clone())?;
        }
    }
    Ok(())
}

impl Storage for FakeStorage {
    fn has_table(&mut self, table: &str) -> Result<bool, Fault> {
        Ok(self.tables.contains_key(&table.to_ascii_lowercase()))
    }

    fn find(&mut self, table: &str, filter: Filter<'_>, most: Option<u64>) -> Result<Vec<Object>, Fault> {
        query::check_read(&filter, &self.limits)?;
        let mut rows = self.matching(table, &filter)?;
        sort(&mut rows, filter.template);
        if let Some(offset) = &filter.template.offset {
            let offset = query::count(offset, &filter, &self.limits)?;
            rows.drain(..rows.len().min(offset as usize));
        }
        if let Some(limit) = &filter.template.limit {
            rows.truncate(query::count(limit, &filter, &self.limits)? as usize);
        }
        if let Some(most) = most {
            rows.truncate(most as usize);
        }
        if rows.len() as u64 > self.limits.find_rows {
            return Err(Fault::new("E_FIND_TOO_MANY", format!("FIND gives at most {} rows, and {} match; narrow the filter or use LIMIT", self.limits.find_rows, rows.len())));
        }
        Ok(rows)
    }

    fn find_pages(&mut self, table: &str, filter: Filter<'_>) -> Result<Vec<String>, Fault> {
        let limits = Limits { find_rows: u64::MAX, ..self.limits.clone() };
        let own = std::mem::replace(&mut self.limits, limits);
        let found = self.find(table, filter, None);
        self.limits = own;
        let found = found?;
        let page = |rows: &[Object]| Ok(coerce::json(&Value::array(std::iter::once(Value::text(table)).chain(rows.iter().map(|row| row.read("id").clone())).collect())?));
        found.chunks(PAGE_ROWS).map(page).collect()
    }

    fn find_page(&mut self, page: &str) -> Result<Vec<Object>, Fault> {
        let page = json::parse(page.as_bytes(), &self.limits)?;
        let [table, ids @ ..] = crate::argument::items(&page) else { return Ok(Vec::new()) };
        let rows = self.rows(coerce::text(table).as_str());
        Ok(ids.iter().filter_map(|id| rows.iter().find(|row| operators::equal(row.read("id"), id)).cloned()).collect())
    }

    fn insert(&mut self, table: &str, row: &Object) -> Result<Object, Fault> {
        let mut stored = Object::new();
        let id = match row.get("id") {
            Some(id) if !operators::is_empty(id) => id.clone(),
            _ => {
                self.last_id += 1;
                Value::text(format!("id-{:06}", self.last_id))
            }
        };
        if self.table(table).iter().any(|other| operators::equal(other.read("id"), &id)) {
            return Err(Fault::new("E_UNIQUE", format!("table {table} has a row with this id already")));
        }
        stored.set_str("id", id)?;
        lay_over(&mut stored, row)?;
        self.table(table).push(stored.clone());
        self.keep_base(table, row, &stored)?;
        Ok(stored)
    }

    fn update(&mut self, table: &str, filter: Filter<'_>, changes: &Object) -> Result<u64, Fault> {
        query::check_write(&filter, &self.limits)?;
        if !self.has_table(table)? {
            return Ok(0);
        }
        self.lay_over_all(table, changes, |row| matches(row, &filter))
    }

    fn save(&mut self, table: &str, id: &Value, row: &Object) -> Result<Object, Fault> {
        let is_it = |other: &Object| operators::equal(other.read("id"), id);
        self.lay_over_all(table, row, |other| Ok(is_it(other)))?;
        if let Some(stored) = self.table(table).iter().find(|other| is_it(other)) {
            return Ok(stored.clone());
        }
        let mut row = row.clone();
        row.set_str("id", id.clone())?;
        self.insert(table, &row)
    }

    fn merge(&mut self, table: &str, rows: &[Object], keys: &[String]) -> Result<Merged, Fault> {
        let mut merged = Merged::default();
        for row in rows {
            let key = upsert::key_of(row, keys);
            let found: Vec<Object> = self.table(table).iter().filter(|stored| upsert::key_of(stored, keys) == key).cloned().collect();
            if found.is_empty() {
                self.insert(table, row)?;
                merged.inserted += 1;
                continue;
            }
            let is_new = found.iter().any(|stored| upsert::says_anything_new(row, stored));
            // One that says nothing new of the row may say that another system has it.
            let is_wanted = |stored: &Object| upsert::says_anything_new(row, stored) || base::is_sync(row);
            self.lay_over_all(table, row, |stored| Ok(upsert::key_of(stored, keys) == key && is_wanted(stored)))?;
            *(if is_new { &mut merged.updated } else { &mut merged.unchanged }) += 1;
        }
        Ok(merged)
    }

    fn delete(&mut self, table: &str, filter: Filter<'_>) -> Result<u64, Fault> {
        query::check_write(&filter, &self.limits)?;
        let mut kept = Vec::new();
        let rows = self.rows(table);
        for row in &rows {
            if !matches(row, &filter)? {
                kept.push(row.clone());
            }
        }
        let count = rows.len() - kept.len();
        if count > 0 {
            *self.table(table) = kept;
        }
        Ok(count as u64)
    }

    fn aggregate(&mut self, function: Aggregate, table: &str, field: &str, filter: Filter<'_>) -> Result<Value, Fault> {
        query::check_read(&filter, &self.limits)?;
        let rows = self.matching(table, &filter)?;
        if function == Aggregate::Count && field.is_empty() {
            return Ok(Value::Int(rows.len() as i64));
        }
        aggregate::fold(function, rows.iter().map(|row| row.read(field)))
    }

    fn sync_base(&mut self, table: &str, origin: &Origin) -> Result<Option<Object>, Fault> {
        Ok(self.bases.get(&(table.to_ascii_lowercase(), origin.clone())).cloned())
    }

    fn begin_transaction(&mut self) -> Result<(), Fault> {
        self.saved.push((self.tables.clone(), self.entries.clone(), self.bases.clone(), self.calls.len(), self.mails.len()));
        Ok(())
    }

    fn commit_transaction(&mut self) -> Result<bool, Fault> {
        Ok(self.saved.pop().is_some())
    }

    fn rollback_transaction(&mut self) -> Result<bool, Fault> {
        let Some((tables, entries, bases, calls, mails)) = self.saved.pop() else { return Ok(false) };
        self.tables = tables;
        self.entries = entries;
        self.bases = bases;
        self.calls.truncate(calls);
        self.mails.truncate(mails);
        Ok(true)
    }

    fn memory(&mut self, key: &str) -> Result<Option<Value>, Fault> {
        Ok(self.entries.get(key).cloned())
    }

    fn set_memory(&mut self, key: &str, value: &Value) -> Result<(), Fault> {
        self.entries.insert(key.to_owned(), value.clone());
        Ok(())
    }

    fn queue_call(&mut self, request: &Request) -> Result<(), Fault> {
        self.calls.push(request.clone());
        Ok(())
    }

    fn queue_mail(&mut self, mail: &Mail) -> Result<(), Fault> {
        self.mails.push(mail.clone());
        Ok(())
    }
}
