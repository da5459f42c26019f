//! RESOLVE and DIFF over records that somebody made large.

use gbvm_vm::coerce;
use gbvm_vm::object::Object;
use gbvm_vm::value::Value;

use crate::caller::{call, data, lit, world};

/// A record whose fields are `prefix` and a number, all with this value.
fn wide(prefix: &str, count: usize, value: i64) -> Value {
    Value::Object(Object::of_fields((0..count).map(|number| (format!("{prefix}{number}"), Value::Int(value)))).expect("it is small enough"))
}

fn conflict(base: Value, local: Value, remote: Value) -> Value {
    Value::Object(Object::of_fields([("original_data", base), ("local_data", local), ("remote_data", remote), ("source", data("crm"))]).expect("it is small enough"))
}

/// What a field of an answer is, as JSON.
fn read(answer: &Value, name: &str) -> String {
    let Value::Object(answer) = answer else { panic!("the answer is an object") };
    coerce::json(answer.read(name))
}

/// A comparison of each field with each other would not come to an end here while anyone waits.
#[test]
fn a_hundred_thousand_clashing_fields_are_decided() {
    let count = 100_000;
    let clash = conflict(wide("k", count, 1), wide("k", count, 2), wide("k", count, 3));
    let mut world = world();
    world.storage.entries.insert("sync_priority_source".to_owned(), data("crm"));
    let answer = call(&mut world, "RESOLVE").with(clash.clone()).run().expect("it is decided");
    assert_eq!(read(&answer, "winner"), "\"remote\"");
    assert_eq!(read(&answer, "merged"), coerce::json(&wide("k", count, 3)));
    assert_eq!(read(&answer, "fields").matches("sync_priority_source is crm").count(), count);
    let apart = conflict(Value::Null, wide("a", count, 2), wide("b", count, 3));
    let answer = call(&mut world, "RESOLVE").with(apart).with(lit("seed")).run().expect("it is decided");
    assert_eq!(read(&answer, "winner"), "\"merge\"");
}

#[test]
fn reasons_are_bounded_together() {
    let clash = conflict(wide("k", 100, 1), wide("k", 100, 2), wide("k", 100, 3));
    let mut world = world();
    world.storage.entries.insert("sync_priority_source".to_owned(), data(&"x".repeat(1 << 20)));
    let fault = call(&mut world, "RESOLVE").with(clash).fault();
    assert_eq!((&*fault.code, fault.ends_run), ("E_STRING_TOO_LONG", true));
}

/// A long name above many places would stand in each of their paths.
#[test]
fn paths_are_bounded_together() {
    let below = |value| Value::Object(Object::of_fields([("n".repeat(400_000), wide("k", 4_000, value))]).expect("it is small enough"));
    let (base, local, remote) = (below(1), below(2), below(3));
    let mut world = world();
    for [phrase, more] in [["DIFF", ""], ["MERGE3", "r"], ["MERGE_RECORDS", "r"]] {
        let called = call(&mut world, phrase).with(base.clone()).with(local.clone());
        let fault = if more.is_empty() { called.fault() } else { called.with(remote.clone()).fault() };
        assert_eq!((&*fault.code, fault.ends_run), ("E_TOO_LARGE", true), "{phrase}");
    }
    let fault = call(&mut world, "MERGE3").with(base.clone()).with(local.clone()).with(base.clone()).fault();
    assert_eq!(&*fault.code, "E_TOO_LARGE", "one side's changes");
    let fault = call(&mut world, "RESOLVE").with(conflict(base.clone(), local, remote)).fault();
    assert_eq!(&*fault.code, "E_TOO_LARGE");
    assert_eq!(call(&mut world, "CHANGED_FIELDS").with(base.clone()).with(base).json(), "[]");
}
