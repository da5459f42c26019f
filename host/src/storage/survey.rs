//! Looks at the tables of a database without making or changing anything.

use std::path::Path;

use gbvm_lang::names;
use rusqlite::{Connection, OpenFlags};

/// Asks for the tables of scripts and their columns in one line each.
pub const TABLES: &str = "SELECT m.name, group_concat(c.name, ', ') FROM sqlite_schema m, pragma_table_info(m.name) c \
    WHERE m.type = 'table' AND m.name NOT LIKE 'gbvm\\_%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' GROUP BY m.name ORDER BY m.name";

/// The tables of scripts in a database, with their columns; nothing where it is not there or cannot be read.
pub fn tables(path: &Path) -> Vec<(String, Vec<String>)> {
    read(path).unwrap_or_default()
}

fn read(path: &Path) -> rusqlite::Result<Vec<(String, Vec<String>)>> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let mut statement = connection.prepare(
        "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type IN ('table', 'view') ORDER BY m.name, c.cid",
    )?;
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (table, column): (String, String) = (row.get(0)?, row.get(1)?);
        if names::is_reserved(&table) {
            continue;
        }
        match found.last_mut() {
            Some((last, columns)) if *last == table => columns.push(column),
            _ => found.push((table, vec![column])),
        }
    }
    Ok(found)
}
