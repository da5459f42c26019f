//! A loop directly over FIND holds a page of rows and no more, whatever the table is like.

use std::path::Path;

use gbvm::engine::Engine;
use gbvm::event::Event;
use gbvm::outcome::Outcome;
use gbvm::runner::Budget;
use rusqlite::Connection;

/// Bytes that the values of a run may take: less than a fourth of what the rows would.
const MEMORY: usize = 24 << 20;

/// Runs a script over a database with bounded memory.
fn run(database: &Path, text: &str) -> (Outcome, Vec<String>) {
    let printed = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = printed.clone();
    let engine = Engine::builder().database(database).printer(move |_, line| sink.lock().expect("no printer panics").push(line.to_owned())).build().expect("the engine can be built");
    let script = engine.compile("test.bas", text).unwrap_or_else(|error| panic!("{error}"));
    engine.prepare(&script).expect("its tables can be made");
    let outcome = engine.fire_within(&script, &Event::manual(), Budget { fuel: None, wall_ms: None, query_ms: None, memory_bytes: MEMORY });
    let lines = printed.lock().expect("no printer panics").clone();
    (outcome, lines)
}

/// A database file with the tables that these statements make.
fn database(folder: &tempfile::TempDir, statements: &str) -> std::path::PathBuf {
    let path = folder.path().join("data.db");
    let connection = Connection::open(&path).expect("the file can be made");
    connection.execute_batch(statements).expect("the tables can be made");
    path
}

#[test]
fn two_hundred_thousand_rows_take_little_memory() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = database(
        &folder,
        "CREATE TABLE t (id TEXT PRIMARY KEY, n, filler);
         WITH RECURSIVE c(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c WHERE n < 200000)
         INSERT INTO t SELECT printf('0193f4a2-7b1c-7000-8000-%012d', n), n, printf('%0500d', n) FROM c;",
    );
    let (outcome, lines) = run(&path, "count = 0\nsum = 0\nFOR EACH row IN FIND \"t\"\n  count = count + 1\n  sum = sum + row.n\nNEXT row\nPRINT count, sum");
    assert_eq!(outcome.fault, None);
    assert_eq!(lines, ["200000 20000100000"]);
    let (outcome, _) = run(&path, "rows = FIND \"t\", \"n <= 10000\"\nFOR EACH a IN [1, 2, 3, 4, 5]\n  PRINT rows.length\nNEXT a");
    assert_eq!(outcome.fault, None, "a list of as many rows as one may have fits");
    let (outcome, _) = run(&path, "rows = FIND \"t\"\nPRINT rows.length");
    assert_eq!(outcome.fault.map(|fault| fault.code.to_string()).as_deref(), Some("E_FIND_TOO_MANY"));
}

#[test]
fn rows_without_an_id_of_their_own_are_found_again() {
    let tables = [
        "CREATE TABLE t (name, n)",
        "CREATE TABLE t (id, n)",
        "CREATE TABLE t (id TEXT PRIMARY KEY, n)",
        "CREATE TABLE t (id TEXT, part INTEGER, n, PRIMARY KEY (id, part))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n)",
    ];
    for table in tables {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let id = if table.contains("INTEGER PRIMARY KEY, n") { "n" } else { "NULL" };
        let columns = if table.contains("name") { "n" } else { "id, n" };
        let values = if table.contains("name") { "n".to_owned() } else { format!("{id}, n") };
        let path = database(&folder, &format!("{table}; WITH RECURSIVE c(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c WHERE n < 700) INSERT INTO t ({columns}) SELECT {values} FROM c;"));
        let (outcome, lines) = run(&path, "sum = 0\nFOR EACH row IN FIND \"t\", \"n > 0 ORDER BY n\"\n  sum = sum + row.n\nNEXT row\nPRINT sum, row.n");
        assert_eq!(outcome.fault, None, "{table}");
        assert_eq!(lines, ["245350 700"], "{table}");
    }
}
