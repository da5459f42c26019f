//! What a script that goes on past failures can and cannot do to the engine that runs it.

use std::sync::{Arc, Mutex};

use gbvm::engine::Engine;
use gbvm::event::Event;
use gbvm::outcome::Outcome;
use gbvm::scripts;
use gbvm_lang::source::Source;
use gbvm_vm::limits::Limits;

/// Fires a script's webhook with little fuel; gives how it ended and how many lines it wrote.
fn fire(text: &str, fuel: u64) -> (Outcome, usize) {
    let lines = Arc::new(Mutex::new(0));
    let sink = lines.clone();
    let limits = Limits { fuel: Some(fuel), ..Limits::default() };
    let engine = Engine::builder().limits(limits).printer(move |_, _| *sink.lock().expect("no writer fails") += 1).build().expect("an engine in memory can be built");
    let text = format!("WEBHOOK \"test\", OPEN\n{text}");
    let script = Arc::new(scripts::compile(vec![Source::new("test.bas", text)], &[]).expect("the script compiles"));
    engine.load(vec![script.clone()]).expect("the script can be loaded");
    let outcome = engine.fire(&script, &Event::webhook("test").body("{}"));
    let written = *lines.lock().expect("no writer fails");
    (outcome, written)
}

fn code(outcome: &Outcome) -> &str {
    outcome.fault.as_ref().map_or("", |fault| &fault.code)
}

#[test]
fn a_loop_of_calls_uses_up_the_fuel() {
    let (outcome, lines) = fire("WHILE TRUE\n  PRINT 1\nWEND", 10_000);
    assert_eq!((code(&outcome), outcome.reply.status), ("E_FUEL", 500));
    assert!((1_000..10_000).contains(&lines), "{lines} lines");
}

#[test]
fn failures_that_are_trapped_use_up_the_fuel() {
    for text in [
        "ON ERROR RESUME NEXT\nWHILE TRUE\n  x = 1 / 0\nWEND",
        "again:\nON ERROR GOTO again\nx = 1 / 0",
        "again:\nON ERROR GOTO again\nINSERT \"t\", 5",
        "WHILE TRUE\n  TRY\n    SAVE \"t\", \"\", {a: 1}\n  CATCH e\n    x = e.message\n  END TRY\nWEND",
        "WHILE TRUE\n  TRY\n    THROW \"x\"\n  CATCH e\n  FINALLY\n    x = 1\n  END TRY\nWEND",
    ] {
        let (outcome, _) = fire(text, 50_000);
        assert_eq!(code(&outcome), "E_FUEL", "{text}");
    }
}

#[test]
fn a_failure_keeps_its_code_through_finally() {
    let text = "INSERT \"t\", {id: \"1\"}\nTRY\n  INSERT \"t\", {id: \"1\"}\nFINALLY\n  PRINT \"tidy\"\nEND TRY";
    let (outcome, lines) = fire(text, 100_000);
    assert_eq!((code(&outcome), outcome.reply.status, lines), ("E_UNIQUE", 409, 1));
    let place = &outcome.fault.as_ref().expect("it failed").trace[0];
    assert_eq!((place.line, place.column), (4, 3));
}

#[test]
fn what_a_script_says_of_json_is_not_told_to_the_caller() {
    let (outcome, _) = fire("THROW {code: \"E_JSON\", message: \"internal detail\"}", 100_000);
    assert_eq!((outcome.reply.status, outcome.reply.text().contains("internal")), (500, false));
}

#[test]
fn long_strings_are_not_trapped() {
    let text = "ON ERROR RESUME NEXT\ns = REPEAT(\"x\", 1000000)\nWHILE TRUE\n  s = s & s\nWEND";
    assert_eq!(code(&fire(text, 50_000_000).0), "E_STRING_TOO_LONG");
}
