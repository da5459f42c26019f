//! The machine's parts, each by a loop whose body is one statement. `cargo bench -p gbvm-bench --bench parts`
//!
//! The rate is statements in a second; "an empty loop" says how much of each is the loop itself.

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gbvm_bench::{link, native};
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::{Linked, Secrets, Stop, Vm};

const ROUNDS: u64 = 100_000;

/// What is measured, what it needs before the loop, and the loop's body.
const STATEMENTS: &[(&str, &str, &str)] = &[
    ("an empty loop", "", ""),
    ("integers added", "a = 1", "b = a + i"),
    ("floats multiplied", "a = 1.5", "b = a * 1.25"),
    ("a comparison", "a = 5", "IF i < a THEN b = 1"),
    ("a field read", "o = {x: 1, y: 2, z: 3}", "b = o.z"),
    ("a field set", "o = {x: 1, y: 2, z: 3}", "o.z = i"),
    ("a field added to", "o = {x: 1, y: 2, z: 3}", "o.z += i"),
    ("a field read by a computed key", "o = {x: 1, y: 2, z: 3}\nk = \"z\"", "b = o[k]"),
    ("a key counted among a thousand", "o = NEW OBJECT\nFOR j = 0 TO 999\no[\"key\" & j] = 0\nNEXT j\nk = \"key777\"", "o[k] = o[k] + 1"),
    ("an element read", "a = [1, 2, 3]", "b = a[1]"),
    ("an element set", "a = [1, 2, 3]", "a[1] = i"),
    ("an element's field read", "a = [{x: 1}, {x: 2}]", "b = a[1].x"),
    ("an element appended", "a = []", "a.ADD(i)"),
    ("an object of ten fields", "", "o = {a: i, b: 1, c: 2, d: 3, e: 4, f: 5, g: 6, h: 7, i: 8, j: 9}"),
    ("an object shared, then changed", "o = {x: 1, y: 2, z: 3}", "p = o\np.x = i"),
    ("a procedure called", "", "b = twice(i)\nIF FALSE THEN\nb = 0\nEND IF"),
    ("a function called", "", "b = ABS(i)"),
    ("a text of three pieces", "name = \"Ada\"", "b = \"Dear \" + name + \" no. \" + i"),
    ("the same where it ends in a filter", "name = \"Ada\"\nb = \"\"\nIF i > 0 THEN FIND \"t\", b", "b = \"Dear \" + name + \" no. \" + i"),
    ("a text that grows", "text = \"\"", "text = text & \"x\""),
    ("texts compared", "a = \"status: open\"\nc = \"status: paid\"", "IF a = c THEN b = 1"),
];

fn statements(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("statements");
    group.sample_size(20).throughput(Throughput::Elements(ROUNDS));
    let limits = Arc::new(Limits::default());
    for (name, before, body) in STATEMENTS {
        let linked = link(&format!("{before}\nFOR i = 1 TO {ROUNDS}\n{body}\nNEXT i\nFUNCTION twice(n)\nRETURN n + n\nEND FUNCTION"));
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                let mut vm = Vm::new(&linked, &limits);
                let stop = vm.run(&|| Instant(0));
                assert!(matches!(stop, Stop::Done), "{name}: {stop:?}");
            });
        });
    }
    group.finish();
}

/// The scripts of these benchmarks have no secrets.
struct NoSecrets;

impl Secrets for NoSecrets {
    fn reveal(&self, _: &str) -> Option<String> {
        None
    }

    fn seal(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn open(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

/// What is done to a program before it runs, and to a run that waits.
fn around(criterion: &mut Criterion) {
    let script = link(gbvm_bench::CRM_SYNC);
    let program = script.program();
    criterion.bench_function("crm-sync verified and linked", |bencher| {
        bencher.iter(|| Linked::new(program.clone(), native).expect("the project's script passes"));
    });

    let limits = Arc::new(Limits::default());
    let waiting = link("rows = []\nFOR i = 1 TO 100\nrows.ADD({id: i, name: \"customer \" & i, open: TRUE})\nNEXT i\nPRINT rows");
    let mut vm = Vm::new(&waiting, &limits);
    assert!(matches!(vm.run(&|| Instant(0)), Stop::HostCall), "the script waits for PRINT");
    let bytes = vm.checkpoint(&NoSecrets).expect("the run can be written");
    criterion.bench_function("a run with 100 records written", |bencher| bencher.iter(|| vm.checkpoint(&NoSecrets)));
    criterion.bench_function("a run with 100 records read", |bencher| {
        bencher.iter(|| Vm::restore(&waiting, &limits, &bytes, &NoSecrets).expect("what was written can be read"));
    });
}

criterion_group!(benches, statements, around);
criterion_main!(benches);
