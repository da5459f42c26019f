//! Any filter text, with `{}` for its holes, is refused or becomes SQL that the database takes.
#![no_main]

use std::cell::OnceCell;
use std::sync::Arc;

use gbvm::runner::Budget;
use gbvm::{Engine, Event};
use gbvm_lang::source::Source;
use gbvm_vm::template;
use libfuzzer_sys::fuzz_target;

/// A script that makes the table which the filters are about.
const ROWS: &str = r#"TABLE things
  sku string(20) key
  qty integer
  price number(10,2)
  active boolean
  due date
  parts json
  note string
END TABLE
INSERT "things", [{sku: "a", qty: 1, price: "1.50", active: TRUE, due: "2026-01-31", parts: [1], note: "x'y"}, {sku: "b", qty: NULL, note: "%_"}]
"#;

thread_local! {
    static ENGINE: OnceCell<Engine> = const { OnceCell::new() };
}

fn budget() -> Budget {
    Budget { fuel: Some(100_000), wall_ms: Some(2_000), query_ms: Some(2_000), memory_bytes: 64 << 20 }
}

fn engine() -> Engine {
    let engine = Engine::builder().printer(|_, _| {}).build().expect("an engine in memory can be built");
    run(&engine, ROWS).expect("the table can be filled");
    engine
}

/// Runs a script; gives the code and message of its fault.
fn run(engine: &Engine, text: &str) -> Result<(), (String, String)> {
    let Ok(script) = gbvm::scripts::compile(vec![Source::new("fuzz.bas", text)], &[]) else { return Ok(()) };
    let script = Arc::new(script);
    let fault = match engine.prepare(&script) {
        Ok(()) => engine.fire_within(&script, &Event::manual(), budget()).fault,
        Err(fault) => Some(fault),
    };
    fault.map_or(Ok(()), |fault| Err((fault.code.to_string(), fault.message.to_string())))
}

fuzz_target!(|text: &str| {
    let mut pieces = Vec::new();
    for (number, part) in (0..).zip(text.split("{}").take(20)) {
        if number > 0 {
            pieces.push(template::Source::Hole(number - 1));
        }
        pieces.push(template::Source::Text(part));
    }
    if gbvm_lang::filter::parse(&pieces).is_err() {
        return;
    }
    // As it stands in a script, so that its words are taken apart while compiling.
    let values = ["1", "\"a\"", "NULL", "[1, \"b\"]", "TRUE", "\"2026-01-31\"", "0.5"];
    let mut filter = String::new();
    for (number, part) in text.split("{}").take(20).enumerate() {
        if number > 0 {
            filter += &format!(" + v{} + ", (number - 1) % values.len());
        }
        filter += &format!("\"{}\"", part.replace('"', "\"\"").replace(['\n', '\r'], " ").replace('$', ""));
    }
    let mut script = String::new();
    for (number, value) in values.iter().enumerate() {
        script += &format!("v{number} = {value}\n");
    }
    script += &format!("rows = FIND \"things\", {filter}\n");
    ENGINE.with(|cell| {
        let outcome = run(cell.get_or_init(engine), &script);
        assert!(!outcome.as_ref().is_err_and(|(code, _)| code == "E_DATABASE"), "the database refuses its SQL: {outcome:?}\n{script}");
    });
});
