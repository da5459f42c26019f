//! The tables and columns of scripts: what the loaded scripts need, what is there, and what kind columns are of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use gbvm_lang::declare::TableDeclaration;
use gbvm_lang::names;
use gbvm_stdlib::services::Filter;
use gbvm_vm::fault::Fault;
use gbvm_vm::object::{Key, Object};
use gbvm_vm::value::Value;
use rusqlite::types::Value as SqlValue;
use rusqlite::{OptionalExtension, params_from_iter};

use super::extra::EXTRA;
use super::sql::{is_unusual_date, value_of_decimal};
use super::{Store, fault};

/// What scripts need of the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaNeeds {
    /// Tables by name.
    pub tables: BTreeMap<String, TableNeeds>,
    /// The tables that are declared.
    pub declared: Vec<TableDeclaration>,
    /// Every field name that stands in a script: no other may become a column.
    pub names: BTreeSet<String>,
}

/// What scripts need of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableNeeds {
    /// The columns that are written or filtered by.
    pub columns: BTreeSet<String>,
    /// Those that filters compare with `=`.
    pub indexed: BTreeSet<String>,
}

impl SchemaNeeds {
    /// What the compiler found out.
    pub fn of(schema: &gbvm_lang::Schema) -> SchemaNeeds {
        let tables = schema.tables.iter().map(|(name, needs)| (name.clone(), TableNeeds { columns: needs.columns.clone(), indexed: needs.indexed.clone() }));
        SchemaNeeds { tables: tables.collect(), declared: schema.declared.clone(), names: schema.field_names.clone() }
    }
}

/// How the values of a column read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As they are stored.
    Plain,
    /// Canonical texts as dates.
    Date,
    /// 0 and 1 as booleans.
    Boolean,
    /// JSON texts as arrays and objects.
    Json,
    /// As they are stored; numbers and numeric texts compare by their digits.
    Decimal,
}

impl Kind {
    /// The kind that a column takes from its first value; none for one that says nothing.
    fn of(value: &Value) -> Option<Kind> {
        match value {
            Value::Missing | Value::Null => None,
            Value::Bool(_) => Some(Kind::Boolean),
            Value::Int(_) | Value::Float(_) | Value::Text(_) => Some(Kind::Plain),
            Value::Date(_) => Some(Kind::Date),
            Value::Array(_) | Value::Object(_) => Some(Kind::Json),
        }
    }

    /// The word by which the catalogue keeps it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Plain => "plain",
            Kind::Date => "date",
            Kind::Boolean => "boolean",
            Kind::Json => "json",
            Kind::Decimal => "decimal",
        }
    }

    fn parse(word: &str) -> Option<Kind> {
        [Kind::Plain, Kind::Date, Kind::Boolean, Kind::Json, Kind::Decimal].into_iter().find(|kind| kind.word() == word)
    }
}

/// What SQLite makes of values in a column, as its declared type says (SQLite, Datatypes, 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// They stay as they are.
    None,
    /// Numbers become texts.
    Text,
    /// Texts that read as numbers become numbers.
    Number,
}

impl Affinity {
    fn of(declared: &str) -> Affinity {
        let declared = declared.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        if has(&["INT"]) {
            Affinity::Number
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Affinity::Text
        } else if declared.is_empty() || has(&["BLOB"]) {
            Affinity::None
        } else {
            Affinity::Number
        }
    }

    /// Whether a value that is compared with a column stays what it is. Of those that do not, a twin that stays is bound
    /// beside them if there is one.
    pub(super) fn keeps(self, value: &SqlValue) -> bool {
        match (self, value) {
            (Affinity::Text, SqlValue::Integer(_) | SqlValue::Real(_)) => false,
            // What Rust reads beside that, such as inf, has no digit.
            (Affinity::Number, SqlValue::Text(text)) => !text.contains(|c: char| c.is_ascii_digit()) || text.trim().parse::<f64>().is_err(),
            (Affinity::None | Affinity::Text | Affinity::Number, _) => true,
        }
    }
}

/// A table as it is.
#[derive(Debug)]
pub struct Table {
    /// Its name as it was made.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Whether its ids alone tell its rows apart.
    pub has_key: bool,
    /// Whether the database assigns its ids.
    pub has_integer_key: bool,
    /// `SELECT` of all columns, after the row's place.
    pub(super) select: String,
}

/// A column as it is.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name as it was made.
    pub name: Arc<str>,
    /// How its values read; none while it has had no value.
    pub kind: Option<Kind>,
    /// What SQLite makes of values that are stored in it or compared with it.
    pub affinity: Affinity,
    /// Whether it takes the fields for which the table has no column.
    pub is_extra: bool,
}

impl Table {
    /// The column that takes the fields for which there is none.
    pub fn extra(&self) -> Option<&Column> {
        self.columns.iter().find(|column| column.is_extra)
    }

    /// The column of this name, ignoring case.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The columns' names as keys of rows.
    pub fn keys(&self) -> Vec<Key> {
        self.columns.iter().map(|column| Key::from(&*column.name)).collect()
    }
}

/// What is known of the tables. It is forgotten whenever a transaction is undone.
#[derive(Default)]
pub struct Catalogue {
    tables: HashMap<String, Option<Arc<Table>>>,
    names: BTreeSet<String>,
    schema_version: i64,
    /// Whether the present transaction has compared that with the database's: nobody else changes it meanwhile.
    is_compared: bool,
}

impl Catalogue {
    /// Has the version of the schema compared anew.
    pub(super) fn begin_transaction(&mut self) {
        self.is_compared = false;
    }

    /// Forgets what was read of the database.
    pub fn forget(&mut self) {
        self.tables.clear();
    }
}

/// A name as SQL takes it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The name of the index of a table's columns. Between its parts stands what neither tables nor columns may have in
/// their names, so that the name says one thing only: `a_b` with `c` is not `a` with `b_c`.
pub(super) fn index_name(lead: &str, table: &str, columns: &[&str]) -> String {
    format!("{lead}:{table}:{}", columns.join(",")).to_ascii_lowercase()
}

impl Store {
    /// Makes the tables, columns and indexes that scripts need and that are not there.
    ///
    /// # Errors
    /// `E_DATABASE`, `E_TABLE_NAME`.
    pub fn prepare_schema(&mut self, needs: &SchemaNeeds) -> Result<(), Fault> {
        self.catalogue.names.extend(needs.names.iter().map(|name| name.to_ascii_lowercase()));
        self.together(|store| {
            for declared in &needs.declared {
                store.make_declared(declared)?;
            }
            for (table, needs) in &needs.tables {
                let made = store.table_for_writing(table)?;
                for column in &needs.columns {
                    if made.column(column).is_none() {
                        store.add_column(table, column)?;
                    }
                }
                for column in needs.indexed.iter().filter(|column| !column.eq_ignore_ascii_case("id")) {
                    store.add_index(table, column)?;
                }
            }
            Ok(())
        })
    }

    /// Makes the index that serves `=` on a column; for dates another one besides, over the few values that are no
    /// canonical text, so that a comparison with an instant need not look at all rows for them.
    fn add_index(&mut self, table: &str, column: &str) -> Result<(), Fault> {
        let Some(known) = self.table(table)? else { return Ok(()) };
        let Some(found) = known.column(column) else { return Ok(()) };
        let (name, on) = (index_name("gbvm", table, &[column]), format!("{} ({})", quoted(&known.name), quoted(&found.name)));
        let mut sql = format!("CREATE INDEX IF NOT EXISTS {} ON {on};", quoted(&name));
        if found.kind == Some(Kind::Decimal) {
            sql.push_str(&format!("CREATE INDEX IF NOT EXISTS {} ON {} ({});", quoted(&format!("{name}:value")), quoted(&known.name), value_of_decimal(&quoted(&found.name))));
        }
        if found.kind == Some(Kind::Date) {
            sql.push_str(&format!("CREATE INDEX IF NOT EXISTS {} ON {on} WHERE {};", quoted(&format!("{name}:unusual")), is_unusual_date(&quoted(&found.name))));
        }
        self.connection.execute_batch(&sql).map_err(fault)
    }

    fn has_index(&self, table: &str, column: &str) -> Result<bool, Fault> {
        let mut statement = self.connection.prepare_cached("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = ?1").map_err(fault)?;
        statement.query_row([index_name("gbvm", table, &[column])], |row| row.get(0)).map_err(fault)
    }

    /// The tables and indexes of scripts as they were made, in SQL: by table, each with its indexes behind it.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn schema(&self) -> Result<Vec<String>, Fault> {
        let sql = r"SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'gbvm\_%' ESCAPE '\' AND tbl_name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY lower(tbl_name), type DESC, name";
        let mut statement = self.connection.prepare(sql).map_err(fault)?;
        let statements = statement.query_map([], |row| row.get(0));
        statements.and_then(Iterator::collect).map_err(fault)
    }

    /// How the database finds the rows of a filter, as SQLite words it, for tests and tools.
    ///
    /// # Errors
    /// The filter's codes, `E_DATABASE`.
    pub fn plan(&mut self, table: &str, filter: &Filter<'_>) -> Result<Vec<String>, Fault> {
        let Some(table) = self.table(table)? else { return Ok(Vec::new()) };
        let mut sql = Store::select(&table);
        sql.condition(&table, filter)?;
        let mut statement = self.connection.prepare(&format!("EXPLAIN QUERY PLAN {}", sql.text)).map_err(fault)?;
        let lines = statement.query_map(params_from_iter(&sql.values), |row| row.get(3));
        lines.and_then(Iterator::collect).map_err(fault)
    }

    /// The table of this name, ignoring case; none where there is none.
    pub(super) fn table(&mut self, name: &str) -> Result<Option<Arc<Table>>, Fault> {
        if names::is_reserved(name) {
            return Err(table_name(name));
        }
        if !self.catalogue.is_compared || !self.in_transaction() {
            let version = self.connection.prepare_cached("PRAGMA schema_version").and_then(|mut statement| statement.query_row([], |row| row.get(0))).map_err(fault)?;
            if version != self.catalogue.schema_version {
                self.catalogue.forget();
                self.catalogue.schema_version = version;
            }
            self.catalogue.is_compared = true;
        }
        let key = name.to_ascii_lowercase();
        if let Some(known) = self.catalogue.tables.get(&key) {
            return Ok(known.clone());
        }
        let read = self.read_table(&key)?.map(Arc::new);
        self.catalogue.tables.insert(key, read.clone());
        Ok(read)
    }

    fn read_table(&self, name: &str) -> Result<Option<Table>, Fault> {
        let mut statement = self.connection.prepare_cached("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND lower(name) = ?1").map_err(fault)?;
        let Some(actual) = statement.query_row([name], |row| row.get::<_, String>(0)).optional().map_err(fault)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached("SELECT i.name, i.type, i.pk, c.kind FROM pragma_table_info(?1) AS i LEFT JOIN gbvm_columns AS c ON c.tbl = lower(?1) AND c.col = lower(i.name) ORDER BY i.cid").map_err(fault)?;
        let mut rows = statement.query([&actual]).map_err(fault)?;
        let (mut columns, mut has_integer_key, mut is_key, mut keys) = (Vec::new(), false, false, 0);
        while let Some(row) = rows.next().map_err(fault)? {
            let (name, declared, key, kind): (String, String, i64, Option<String>) = (row.get(0).map_err(fault)?, row.get(1).map_err(fault)?, row.get(2).map_err(fault)?, row.get(3).map_err(fault)?);
            keys += i64::from(key > 0);
            is_key |= key > 0 && name.eq_ignore_ascii_case("id");
            has_integer_key |= key > 0 && declared.eq_ignore_ascii_case("integer") && name.eq_ignore_ascii_case("id");
            let is_extra = kind.as_deref() == Some(EXTRA);
            let kind = if is_extra { Some(Kind::Json) } else { kind.and_then(|kind| Kind::parse(&kind)) };
            columns.push(Column { name: name.into(), kind, affinity: Affinity::of(&declared), is_extra });
        }
        let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
        let select = format!("SELECT rowid, {} FROM {}", names.join(", "), quoted(&actual));
        Ok(Some(Table { name: actual, columns, has_key: is_key && keys == 1, has_integer_key, select }))
    }

    /// The table of this name, made where it is not there. The caller knows that the name stands in a script.
    pub(super) fn table_for_writing(&mut self, name: &str) -> Result<Arc<Table>, Fault> {
        if let Some(table) = self.table(name)? {
            return Ok(table);
        }
        if !names::is_table(name) {
            return Err(table_name(name));
        }
        self.connection.execute_batch(&format!("CREATE TABLE {} (\"id\" TEXT PRIMARY KEY)", quoted(name))).map_err(fault)?;
        self.catalogue.forget();
        self.table(name)?.ok_or_else(|| Fault::new("E_DATABASE", format!("the table {name} could not be made")))
    }

    fn add_column(&mut self, table: &str, column: &str) -> Result<(), Fault> {
        if !names::is_column(column) {
            return Err(Fault::new("E_COLUMN_NAME", names::column_message(column)));
        }
        let known = self.table_for_writing(table)?;
        if known.columns.len() >= self.limits.columns {
            return Err(Fault::new("E_COLUMNS", format!("the table {table} has {} columns already, and more are not allowed", self.limits.columns)));
        }
        // No declared type, so no affinity: values are kept as given.
        self.connection.execute_batch(&format!("ALTER TABLE {} ADD COLUMN {}", quoted(&known.name), quoted(column))).map_err(fault)?;
        self.catalogue.forget();
        Ok(())
    }

    /// The table with every column that this row needs, and their kinds settled. A field that no loaded script
    /// names makes no column.
    pub(super) fn table_for_row(&mut self, name: &str, row: &Object) -> Result<Arc<Table>, Fault> {
        let mut table = self.table_for_writing(name)?;
        for (key, _) in row.fields() {
            if table.column(key).is_some() || table.extra().is_some() {
                continue;
            }
            if !self.catalogue.names.contains(&key.to_ascii_lowercase()) {
                let message = format!("the table {name} has no column {key}, and no script names it, so it is not made; declare it with TABLE, or EXTRA json there, which keeps such fields");
                return Err(Fault::new("E_COLUMN_UNKNOWN", message));
            }
            self.add_column(name, key)?;
            table = self.table_for_writing(name)?;
        }
        let (mut has_news, mut dates) = (false, Vec::new());
        for (key, value) in row.fields() {
            let Some(column) = table.column(key).filter(|column| column.kind.is_none()) else { continue };
            let Some(kind) = Kind::of(value) else { continue };
            let sql = "INSERT INTO gbvm_columns (tbl, col, kind) VALUES (lower(?1), lower(?2), ?3) ON CONFLICT DO NOTHING";
            self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute((&table.name, &*column.name, kind.word()))).map_err(fault)?;
            dates.extend((kind == Kind::Date).then(|| column.name.clone()));
            has_news = true;
        }
        if has_news {
            self.catalogue.forget();
            for column in dates {
                if self.has_index(&table.name, &column)? {
                    self.add_index(&table.name, &column)?;
                }
            }
            table = self.table_for_writing(name)?;
        }
        Ok(table)
    }
}

fn table_name(name: &str) -> Fault {
    Fault::new("E_TABLE_NAME", names::table_message(name))
}

