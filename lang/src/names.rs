//! The names that tables and columns may have.

/// The longest name of a table or column.
const LONGEST: usize = 63;
/// What the names of tables that scripts may not touch begin with: the engine's own, and those of databases.
const RESERVED: [&str; 3] = ["sqlite_", "pg_", "gbvm_"];

/// Whether a column may have this name.
pub fn is_column(name: &str) -> bool {
    name.len() <= LONGEST
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
}

/// Whether a table may have this name.
pub fn is_table(name: &str) -> bool {
    is_column(name) && !is_reserved(name)
}

/// Whether a name belongs to the engine or the database.
pub fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    RESERVED.iter().any(|prefix| name.starts_with(prefix))
}

/// What to say of a name that no table may have.
pub fn table_message(name: &str) -> String {
    if is_reserved(name) {
        return format!("\"{name}\" cannot be a table of scripts: names that begin with {} belong to the engine and the database. Choose another name.", RESERVED.join(", "));
    }
    format!("\"{name}\" cannot be the name of a table: letters, digits, _ and . are allowed, a letter or _ first, {LONGEST} at most.")
}

/// What to say of a name that no column may have.
pub fn column_message(name: &str) -> String {
    format!("\"{name}\" cannot be the name of a column: letters, digits, _ and . are allowed, a letter or _ first, {LONGEST} at most.")
}
