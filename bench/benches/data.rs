//! The data layer beside SQLite itself: FIND by a key, COUNT and SUM, MERGE. `cargo bench -p gbvm-bench --bench data`
//!
//! Each pair does the same on the same file: once a script through the engine, once prepared statements of rusqlite.

use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gbvm::engine::Engine;
use gbvm::event::Event;
use gbvm::scripts::Script;
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

const LOOKUPS: u64 = 10_000;
const ROWS: u64 = 1_000_000;
const MERGED: u64 = 100_000;

/// A database in a file with a table, and an engine and a connection on it.
struct Pair {
    folder: TempDir,
    engine: Engine,
}

impl Pair {
    fn new(needs: &str, fill: &str) -> Pair {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let engine = Engine::builder().database(folder.path().join("data.db")).build().expect("an engine can be built");
        let pair = Pair { folder, engine };
        pair.script(needs);
        pair.connection().execute_batch(fill).expect("the rows can be made");
        pair
    }

    fn script(&self, text: &str) -> Arc<Script> {
        let script = self.engine.compile("bench.bas", text).unwrap_or_else(|error| panic!("{error}"));
        self.engine.load(vec![script.clone()]).expect("its tables can be made");
        script
    }

    fn run(&self, script: &Arc<Script>) {
        let outcome = self.engine.fire(script, &Event::manual());
        assert!(outcome.fault.is_none(), "{:?}", outcome.fault);
    }

    /// Opened as the engine opens it.
    fn connection(&self) -> Connection {
        let connection = Connection::open(self.folder.path().join("data.db")).expect("the database can be opened");
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON").expect("it can be set up");
        connection
    }
}

fn numbers(rows: u64, select: &str) -> String {
    format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) {select}")
}

fn find(criterion: &mut Criterion) {
    let fill = numbers(100_000, "INSERT INTO parts (id, sku, name, qty, price) SELECT 'p' || i, 'S-' || i, 'part ' || i, i % 100, i / 4.0 FROM n");
    let pair = Pair::new("x = FIND \"parts\", \"sku=1\"\ny = {sku: 1, name: 1, qty: 1, price: 1}\nIF FALSE THEN INSERT \"parts\", y\n", &fill);
    let script = pair.script(&format!("FOR i = 1 TO {LOOKUPS}\nsku = \"S-\" + i * 10\nrow = FIND \"parts\", \"sku=\" + sku\nfound = row.qty\nNEXT i\n"));
    let connection = pair.connection();
    let mut group = criterion.benchmark_group("find by a key");
    group.sample_size(20).throughput(Throughput::Elements(LOOKUPS));
    group.bench_function("a script", |bencher| bencher.iter(|| pair.run(&script)));
    group.bench_function("a prepared statement", |bencher| {
        bencher.iter(|| {
            let mut statement = connection.prepare_cached("SELECT id, sku, name, qty, price FROM parts WHERE sku = ?1").expect("it is right");
            for i in 1..=LOOKUPS {
                let row: [Value; 5] = statement
                    .query_row([format!("S-{}", i * 10)], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?]))
                    .expect("the row is there");
                std::hint::black_box(row);
            }
        });
    });
    group.finish();
}

fn aggregate(criterion: &mut Criterion) {
    let fill = numbers(ROWS, "INSERT INTO sales (id, amount, qty) SELECT 's' || i, (i % 100000) / 100.0, i % 7 FROM n");
    let pair = Pair::new("y = {amount: 1, qty: 1}\nIF FALSE THEN INSERT \"sales\", y\n", &fill);
    let connection = pair.connection();
    let mut group = criterion.benchmark_group("1,000,000 rows");
    group.sample_size(10).throughput(Throughput::Elements(ROWS));
    for (name, call, select) in [
        ("COUNT", "AGGREGATE \"COUNT\", \"sales\"", "SELECT count(*) FROM sales"),
        ("SUM of decimals", "AGGREGATE \"SUM\", \"sales\", \"amount\"", "SELECT sum(amount) FROM sales"),
        ("SUM of integers", "AGGREGATE \"SUM\", \"sales\", \"qty\"", "SELECT sum(qty) FROM sales"),
    ] {
        let script = pair.script(&format!("result = {call}\n"));
        group.bench_function(BenchmarkId::new(name, "a script"), |bencher| bencher.iter(|| pair.run(&script)));
        group.bench_function(BenchmarkId::new(name, "SQLite"), |bencher| {
            bencher.iter(|| connection.prepare_cached(select).and_then(|mut statement| statement.query_row([], |row| row.get::<_, f64>(0))).expect("it is right"));
        });
    }
    group.finish();
}

fn merge(criterion: &mut Criterion) {
    let pair = Pair::new("m = MERGE \"stock\", [{sku: 1, name: 1, qty: 1, price: 1}], \"sku\"\nDELETE \"stock\", \"*\"\n", "SELECT 1");
    let rows = "rows = []\nFOR i = 1 TO 100000\nrows.ADD({sku: \"S-\" & i, name: \"part \" & i, qty: i MOD 100, price: i / 4})\nNEXT i\n";
    let (made, merged) = (pair.script(rows), pair.script(&format!("{rows}m = MERGE \"stock\", rows, \"sku\"\nASSERT m.total = {MERGED}, \"all\"\n")));
    let mut group = criterion.benchmark_group("100,000 rows merged");
    group.sample_size(10).throughput(Throughput::Elements(MERGED));
    group.bench_function("the rows alone", |bencher| bencher.iter(|| pair.run(&made)));
    let connection = pair.connection();
    connection.execute_batch("CREATE TABLE plain (id TEXT PRIMARY KEY, sku, name, qty, price); CREATE UNIQUE INDEX plain_sku ON plain (sku)").expect("it is right");
    for is_new in [true, false] {
        let state = if is_new { "new" } else { "there already" };
        let empty = |table: &str| if is_new { connection.execute(&format!("DELETE FROM {table}"), []).map(drop).expect("it is right") };
        group.bench_function(BenchmarkId::new(state, "a script"), |bencher| bencher.iter_batched(|| empty("stock"), |()| pair.run(&merged), criterion::BatchSize::PerIteration));
        let upsert = || {
            connection.execute_batch("BEGIN IMMEDIATE").expect("it can begin");
            {
                let sql = "INSERT INTO plain (id, sku, name, qty, price) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (sku) DO UPDATE SET name = excluded.name, qty = excluded.qty, price = excluded.price";
                let mut statement = connection.prepare_cached(sql).expect("it is right");
                for i in 1..=MERGED {
                    statement.execute((gbvm::engine::new_run_id(), format!("S-{i}"), format!("part {i}"), (i % 100) as i64, i as f64 / 4.0)).expect("it is right");
                }
            }
            connection.execute_batch("COMMIT").expect("it can be committed");
        };
        group.bench_function(BenchmarkId::new(state, "a prepared statement"), |bencher| bencher.iter_batched(|| empty("plain"), |()| upsert(), criterion::BatchSize::PerIteration));
    }
    group.finish();
}

criterion_group!(benches, find, aggregate, merge);
criterion_main!(benches);
