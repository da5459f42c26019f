//! A checkpoint with any damage is refused, or is one from which all dispatchers come to the same end.
//!
//! The first byte says which checkpoint of the script it is. With an even second one the rest replaces it; with an odd
//! one each three bytes change one: where, and into what.
#![no_main]

#[path = "../../../vm/tests/common/mod.rs"]
mod common;

use std::sync::{Arc, LazyLock};

use common::NoSecrets;
use gbvm_lang::source::Source;
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::{Dispatcher, Linked, Stop, Vm};
use gbvm_vm::value::Value;
use libfuzzer_sys::fuzz_target;

/// A script that asks the host from many a place, with values of all kinds at hand.
const SCRIPT: &str = r#"total = 0
half = 0.5
words = ["a", "b", {c: [1, 2.5, NULL, TRUE]}]
record = {name: "n", when: NOW(), inner: {deep: [[], {}]}}
answer = GET "https://host.example/first"
FOR i = 1 TO 3
    TRY
        other = GET "https://host.example/second"
        record.inner.deep = words
        half = half * 1.5
    CATCH problem
        words.ADD(problem.message)
    FINALLY
        total = total + i
    END TRY
NEXT
asked = ask(3, 1)
ON ERROR GOTO failed
each(["x", "y"])
third = GET "https://host.example/third"
failed:
PRINT total, half, words, record, answer, other, third, asked
FUNCTION ask(depth, n)
    IF depth > 0 THEN
        RETURN ask(depth - 1, n + 1) + 1
    END IF
    asked = GET "https://host.example/ask"
    RETURN n
END FUNCTION
SUB each(list)
    FOR EACH item IN list
        GET "https://host.example/" + URL_ENCODE(item)
        seen = GET "https://host.example/item"
        total = total + 1
    NEXT
END SUB
"#;

static LIMITS: LazyLock<Arc<Limits>> = LazyLock::new(|| Arc::new(Limits { call_depth: 20, string_bytes: 10_000, array_items: 1_000, ..Limits::default() }));

/// The script, and a checkpoint at each of its calls.
static CHECKPOINTS: LazyLock<(Arc<Linked>, Vec<Vec<u8>>)> = LazyLock::new(|| {
    let script = gbvm::scripts::compile(vec![Source::new("fuzz.bas", SCRIPT)], &[]).unwrap_or_else(|error| panic!("the script compiles: {error}"));
    let mut vm = Vm::new(&script.linked, &LIMITS);
    let mut checkpoints = Vec::new();
    while matches!(vm.run(&|| Instant(0)), Stop::HostCall) && checkpoints.len() < 40 {
        checkpoints.push(vm.checkpoint(&NoSecrets).expect("the state can be written"));
        vm.resume(Value::text("an answer"));
    }
    assert!(checkpoints.len() > 5, "{}", checkpoints.len());
    (script.linked, checkpoints)
});

/// How a run from a checkpoint ends; none where the checkpoint is refused.
fn end_of(bytes: &[u8], dispatcher: Dispatcher) -> Option<String> {
    let linked = &CHECKPOINTS.0;
    let mut vm = Vm::restore(linked, &LIMITS, bytes, &NoSecrets).ok()?;
    vm.set_dispatcher(dispatcher);
    vm.set_fuel(Some(20_000));
    let mut calls = 0;
    if vm.pending().is_some() {
        vm.resume(Value::Int(7));
    }
    let ended = loop {
        match vm.run(&|| Instant(0)) {
            Stop::Done => break "done".to_owned(),
            Stop::OutOfFuel => break "out of fuel".to_owned(),
            Stop::Failed(fault) => break format!("{}: {}", fault.code, fault.message),
            Stop::HostCall if calls == 20 => break "still asking".to_owned(),
            Stop::HostCall => {
                calls += 1;
                vm.resume(Value::Int(calls));
            }
        }
    };
    // What shares its parts is short in memory and long as text.
    let shown = |value: &Value| if value.weight() < 200 { format!("{value:?}") } else { format!("{} of weight {}", value.kind(), value.weight()) };
    let variables: Vec<String> = vm.variables().map(|(name, value)| format!("{name} = {}", shown(value))).collect();
    Some(format!("{ended} after {calls} calls\n{}", variables.join("\n")))
}

fuzz_target!(|input: &[u8]| {
    let [which, way, rest @ ..] = input else { return };
    let mut bytes = CHECKPOINTS.1[usize::from(*which) % CHECKPOINTS.1.len()].clone();
    if way % 2 == 0 {
        bytes = rest.to_vec();
    } else {
        for change in rest.chunks_exact(3) {
            let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % bytes.len();
            bytes[at] = change[2];
        }
    }
    let wanted = end_of(&bytes, Dispatcher::Reference);
    for &dispatcher in Dispatcher::ALL {
        assert_eq!(end_of(&bytes, dispatcher), wanted, "{dispatcher:?}");
    }
});
