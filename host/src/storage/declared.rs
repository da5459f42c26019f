//! Tables that scripts declare: made with types, keys and references that the database itself holds to.

use gbvm_lang::declare::{ColumnDeclaration, ColumnKind, TableDeclaration};
use gbvm_vm::fault::Fault;
use gbvm_vm::object::Object;
use gbvm_vm::operators;
use rusqlite::OptionalExtension;

use super::extra::EXTRA;
use super::schema::{Kind, Table, index_name, quoted};
use super::values::to_sql;
use super::{Store, fault};

impl Store {
    /// Makes a declared table, or the columns of it that are not there. A table that is there keeps its own rules.
    pub(super) fn make_declared(&mut self, declared: &TableDeclaration) -> Result<(), Fault> {
        match self.table(&declared.name)? {
            None => {
                self.connection.execute_batch(&create(declared)).map_err(fault)?;
                self.catalogue.forget();
            }
            Some(table) => {
                for column in declared.columns.iter().filter(|column| table.column(&column.name).is_none()) {
                    let sql = format!("ALTER TABLE {} ADD COLUMN {}", quoted(&table.name), definition(column));
                    self.connection.execute_batch(&sql).map_err(fault)?;
                    self.catalogue.forget();
                }
            }
        }
        for column in &declared.columns {
            let sql = "INSERT INTO gbvm_columns (tbl, col, kind) VALUES (lower(?1), lower(?2), ?3) ON CONFLICT DO UPDATE SET kind = excluded.kind WHERE kind = 'json' AND excluded.kind = 'extra'";
            let kind = if is_extra(column) { EXTRA } else { kind_of(column.kind).word() };
            self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute((&declared.name, &column.name, kind))).map_err(fault)?;
        }
        for column in declared.columns.iter().filter(|column| column.is_unique && !is_id(column)) {
            self.unique(&declared.name, &[column])?;
        }
        let keys: Vec<&ColumnDeclaration> = declared.columns.iter().filter(|column| column.is_key).collect();
        if !keys.is_empty() && !keys.iter().all(|column| is_id(column)) {
            self.unique(&declared.name, &keys)?;
        }
        self.catalogue.forget();
        Ok(())
    }

    fn unique(&mut self, table: &str, columns: &[&ColumnDeclaration]) -> Result<(), Fault> {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let index = index_name("gbvm_unique", table, &names);
        let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
        let sql = format!("CREATE UNIQUE INDEX IF NOT EXISTS {} ON {} ({})", quoted(&index), quoted(table), names.join(", "));
        self.connection.execute_batch(&sql).map_err(fault)
    }

    /// The same fault, naming the column where a reference of this row leads nowhere.
    pub(super) fn with_reference(&self, fault: Fault, table: &Table, row: &Object) -> Fault {
        if fault.code != "E_REFERENCE" {
            return fault;
        }
        self.broken_reference(table, row).ok().flatten().unwrap_or(fault)
    }

    fn broken_reference(&self, table: &Table, row: &Object) -> Result<Option<Fault>, rusqlite::Error> {
        let mut statement = self.connection.prepare("SELECT \"table\", \"from\" FROM pragma_foreign_key_list(?1)")?;
        let references: Vec<(String, String)> = statement.query_map([&table.name], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (other, column) in references {
            let value = row.read(&column);
            if operators::is_empty(value) {
                continue;
            }
            let sql = format!("SELECT 1 FROM {} WHERE \"id\" = ?1", quoted(&other));
            let is_there = self.connection.query_row(&sql, [to_sql(value, Kind::Plain)], |_| Ok(())).optional()?.is_some();
            if !is_there {
                return Ok(Some(Fault::new("E_REFERENCE", format!("{column} of {} must be the id of a row of {other}, and there is none with this one", table.name))));
            }
        }
        Ok(None)
    }
}

fn is_id(column: &ColumnDeclaration) -> bool {
    column.name.eq_ignore_ascii_case("id")
}

/// Whether it takes the fields that have no column.
fn is_extra(column: &ColumnDeclaration) -> bool {
    column.kind == ColumnKind::Json && column.name.eq_ignore_ascii_case(EXTRA)
}

fn kind_of(kind: ColumnKind) -> Kind {
    match kind {
        ColumnKind::Text | ColumnKind::Integer | ColumnKind::Number => Kind::Plain,
        ColumnKind::Decimal => Kind::Decimal,
        ColumnKind::Boolean => Kind::Boolean,
        ColumnKind::Date => Kind::Date,
        ColumnKind::Json => Kind::Json,
    }
}

fn create(declared: &TableDeclaration) -> String {
    let mut columns = Vec::new();
    if !declared.columns.iter().any(is_id) {
        columns.push("\"id\" TEXT PRIMARY KEY".to_owned());
    }
    columns.extend(declared.columns.iter().map(|column| match (is_id(column), column.kind) {
        // The database assigns it.
        (true, ColumnKind::Integer) => format!("{} INTEGER PRIMARY KEY", quoted(&column.name)),
        (true, _) => format!("{} PRIMARY KEY", definition(column)),
        (false, _) if column.is_key => format!("{} NOT NULL", definition(column)),
        (false, _) => definition(column),
    }));
    format!("CREATE TABLE {} ({})", quoted(&declared.name), columns.join(", "))
}

/// A column with its type, and the check that says in words what it must be.
fn definition(column: &ColumnDeclaration) -> String {
    let name = quoted(&column.name);
    let (declared, rule) = match (column.kind, column.length) {
        (ColumnKind::Text, Some(length)) => ("TEXT", Some((format!("text of at most {length} characters"), format!("length({name}) <= {length}")))),
        (ColumnKind::Text, None) => ("TEXT", None),
        (ColumnKind::Integer, _) => ("INTEGER", Some(("a whole number".to_owned(), format!("typeof({name}) IN ('integer', 'null')")))),
        (ColumnKind::Number, _) => ("NUMERIC", Some(("a number".to_owned(), format!("typeof({name}) IN ('integer', 'real', 'null')")))),
        // Without a type the column keeps integers, floats and the digits of texts as they are given.
        (ColumnKind::Decimal, _) => (
            "",
            Some(("a number".to_owned(), format!("typeof({name}) IN ('integer', 'real') OR typeof({name}) = 'text' AND {name} NOT GLOB '*[^-+.0-9eE]*' AND json_valid({name})"))),
        ),
        (ColumnKind::Boolean, _) => ("BOOLEAN", Some(("TRUE or FALSE".to_owned(), format!("{name} IN (0, 1)")))),
        (ColumnKind::Date, _) => ("TEXT", Some(("a date".to_owned(), format!("{name} GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*'")))),
        (ColumnKind::Json, _) => ("TEXT", None),
    };
    let mut sql = format!("{name} {declared}").trim_end().to_owned();
    if let Some((what, check)) = rule {
        let label = quoted(&format!("{} must be {what}", column.name));
        sql.push_str(&format!(" CONSTRAINT {label} CHECK ({name} IS NULL OR {name} = '' OR {check})"));
    }
    if let Some(table) = &column.references {
        sql.push_str(&format!(" REFERENCES {}(\"id\")", quoted(table)));
    }
    sql
}
