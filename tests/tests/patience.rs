//! A query that takes too long ends with an error of its own, and hurts nobody else.

use std::sync::Arc;
use std::time::Instant;

use gbvm::engine::Engine;
use gbvm::event::Event;
use gbvm::runner::Budget;
use gbvm::scripts::Script;
use gbvm_vm::limits::Limits;

/// Every row is compared with a function: a second of work, of which a millisecond may be used.
const SLOW: &str = "n = AGGREGATE \"COUNT\", \"parts\", \"qty > 5 AND note LIKE '%x%y%' OR qty < note\"\n";

fn engine(query_ms: Option<u64>) -> Engine {
    Engine::builder().limits(Limits { query_ms, ..Limits::default() }).build().expect("an engine in memory can be built")
}

fn script(engine: &Engine, text: &str) -> Arc<Script> {
    let script = engine.compile("test.bas", text).expect("the script compiles");
    engine.load(vec![script.clone()]).expect("the script can be loaded");
    script
}

fn fill(engine: &Engine) {
    let fill = script(engine, "rows = []\nFOR i = 1 TO 50000\n  rows.ADD({qty: i, note: \"note \" & i})\nNEXT\nINSERT \"parts\", rows\n");
    assert_eq!(engine.fire(&fill, &Event::manual()).fault, None);
}

fn fire(engine: &Engine, text: &str) -> (u16, String) {
    let script = script(engine, &format!("WEBHOOK \"test\", OPEN\n{text}"));
    let outcome = engine.fire(&script, &Event::webhook("test").body("{}"));
    (outcome.reply.status, outcome.fault.map_or_else(|| outcome.reply.text(), |fault| format!("{} {}", fault.code, fault.message)))
}

#[test]
fn a_slow_query_ends_alone() {
    let engine = engine(Some(1));
    fill(&engine);
    let (status, message) = fire(&engine, SLOW);
    assert!(status == 500 && message.starts_with("E_QUERY_TIME the database took longer than 1 ms"), "{status} {message}");
    let (status, message) = fire(&engine, "FOR EACH p IN FIND \"parts\", \"qty > 5 AND note LIKE '%x%y%' ORDER BY note\"\nNEXT\n");
    assert!(status == 500 && message.starts_with("E_QUERY_TIME"), "{status} {message}");
    assert_eq!(fire(&engine, "row = FIND \"parts\", \"qty=7\"\nresult = row.note\n"), (200, "\"note 7\"".to_owned()), "what is quick goes on");
    let trapped = format!("INSERT \"parts\", {{qty: 0, note: \"before\"}}\nON ERROR RESUME NEXT\n{SLOW}result = {{code: ERROR CODE, left: 1}}\nCLEAR ERROR\nrow = FIND \"parts\", \"qty=0\"\nresult.left = row.note\n");
    assert_eq!(fire(&engine, &trapped), (200, r#"{"code":"E_QUERY_TIME","left":"before"}"#.to_owned()), "a script may go on, with what it wrote");
}

#[test]
fn a_write_that_took_too_long_has_written_nothing() {
    let engine = engine(Some(1));
    fill(&engine);
    let (status, message) = fire(&engine, "UPDATE \"parts\", \"note LIKE '%x%y%' OR qty < note OR qty > 1\", {qty: 0}\n");
    assert!(status == 500 && message.starts_with("E_QUERY_TIME"), "{status} {message}");
    assert_eq!(fire(&engine, "n = FIND \"parts\", \"qty=50000\"\nresult = n.note\n").1, "\"note 50000\"");
}

#[test]
fn by_hand_and_without_a_bound_it_may_take_its_time() {
    let engine = engine(Some(1));
    fill(&engine);
    let slow = script(&engine, SLOW);
    assert_eq!(engine.fire(&slow, &Event::manual()).fault, None, "by hand");
    let budget = Budget { fuel: None, wall_ms: None, query_ms: None, memory_bytes: 64 << 20 };
    assert_eq!(engine.fire_within(&slow, &Event::webhook("test"), budget).fault, None);
    let began = Instant::now();
    let budget = Budget { query_ms: Some(1), ..budget };
    let code = engine.fire_within(&slow, &Event::webhook("test"), budget).fault.map(|fault| fault.code.into_owned());
    assert_eq!(code.as_deref(), Some("E_QUERY_TIME"));
    assert!(began.elapsed().as_secs() < 5);
}

/// MERGE keeps of a table only the places of the rows that it merges.
#[test]
fn merge_into_many_rows_keeps_few() {
    let engine = engine(None);
    fill(&engine);
    let merge = "rows = []\nFOR i = 49001 TO 51000\n  rows.ADD({note: \"note \" & i, qty: 1})\nNEXT\nm = MERGE \"parts\", rows, \"note\"\nm2 = MERGE \"parts\", [{note: TODAY(), qty: 5}, {note: \"note 7\", qty: 7}], \"note\"\nresult = [m.inserted, m.updated, m2.inserted, m2.unchanged]\n";
    assert_eq!(fire(&engine, merge), (200, "[1000,1000,1,1]".to_owned()));
}
