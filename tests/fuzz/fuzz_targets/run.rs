//! What compiles runs to its end or to an error, on little fuel and in memory.
#![no_main]

use std::sync::Arc;

use gbvm::runner::Budget;
use gbvm::{Engine, Event};
use gbvm_lang::source::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if text.to_uppercase().contains("WAIT") {
        return;
    }
    let Ok(script) = gbvm::scripts::compile(vec![Source::new("fuzz.bas", text)], &[]) else { return };
    let engine = Engine::builder().printer(|_, _| {}).build().expect("an engine in memory can be built");
    let script = Arc::new(script);
    if engine.prepare(&script).is_ok() {
        engine.fire_within(&script, &Event::manual(), Budget { fuel: Some(20_000), wall_ms: Some(1_000), query_ms: Some(1_000), memory_bytes: 64 << 20 });
    }
});
