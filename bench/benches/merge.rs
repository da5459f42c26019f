//! 100,000 triples of customer records merged by MERGE3. `cargo bench -p gbvm-bench --bench merge`

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gbvm_stdlib::merge::{self, Side};
use gbvm_vm::limits::Limits;
use gbvm_vm::object::Object;
use gbvm_vm::value::Value;

const TRIPLES: usize = 100_000;

fn customer(number: usize, phone: usize, city: usize) -> Object {
    let address = Object::of_fields([("street", Value::text(format!("{number} Main Street"))), ("city", Value::text(format!("city {city}"))), ("zip", Value::Int(10_000 + city as i64))]);
    Object::of_fields([
        ("id", Value::text(number.to_string())),
        ("first_name", Value::text("Ada")),
        ("last_name", Value::text(format!("Lovelace {number}"))),
        ("email", Value::text(format!("ada{number}@example.com"))),
        ("phone", Value::text(format!("555-{phone:04}"))),
        ("status", Value::text("active")),
        ("amount", Value::Float(number as f64 / 4.0)),
        ("address", Value::Object(address.expect("it is small"))),
        ("updated_at", Value::text("2026-01-31T09:05:07Z")),
    ])
    .expect("it is small")
}

/// A record of ten fields, none of which is a record.
fn flat(number: usize, phone: usize, status: &str) -> Object {
    Object::of_fields([
        ("id", Value::text(number.to_string())),
        ("first_name", Value::text("Ada")),
        ("last_name", Value::text(format!("Lovelace {number}"))),
        ("email", Value::text(format!("ada{number}@example.com"))),
        ("phone", Value::text(format!("555-{phone:04}"))),
        ("city", Value::text("London")),
        ("status", Value::text(status)),
        ("orders", Value::Int(number as i64)),
        ("amount", Value::Float(number as f64 / 4.0)),
        ("vip", Value::Bool(number.is_multiple_of(2))),
    ])
    .expect("it is small")
}

fn merging(criterion: &mut Criterion) {
    let triples: Vec<[Object; 3]> = (0..TRIPLES)
        .map(|number| {
            let clashes = number % 10 == 0;
            [customer(number, 1, 1), customer(number, 2, 1), customer(number, if clashes { 3 } else { 1 }, 2)]
        })
        .collect();
    let mut group = criterion.benchmark_group("merge");
    group.sample_size(10).throughput(Throughput::Elements(TRIPLES as u64));
    group.bench_function("100,000 triples", |bencher| {
        bencher.iter(|| {
            let conflicts = |[base, local, remote]: &[Object; 3]| merge::merge(base, local, remote, &|_| Side::Local, &Limits::default()).expect("they are small").conflicts.len();
            assert_eq!(triples.iter().map(conflicts).sum::<usize>(), TRIPLES / 10);
        });
    });
    let flat: Vec<[Object; 3]> = (0..TRIPLES)
        .map(|number| {
            let clashes = number % 10 == 0;
            [flat(number, 1, "open"), flat(number, 2, "open"), flat(number, if clashes { 3 } else { 1 }, "paid")]
        })
        .collect();
    group.bench_function("100,000 flat triples of ten fields", |bencher| {
        bencher.iter(|| {
            let conflicts = |[base, local, remote]: &[Object; 3]| merge::merge(base, local, remote, &|_| Side::Local, &Limits::default()).expect("they are small").conflicts.len();
            assert_eq!(flat.iter().map(conflicts).sum::<usize>(), TRIPLES / 10);
        });
    });
    group.finish();
}

criterion_group!(benches, merging);
criterion_main!(benches);
