//! Formatting is done after one time, and leaves the bytecode as it was.
#![no_main]

use gbvm_lang::format::{Refusal, format};
use gbvm_lang::source::Source;
use libfuzzer_sys::fuzz_target;

/// The bytecode of a text; none where it does not compile.
fn bytecode(text: &str) -> Option<(Vec<gbvm_vm::isa::Instruction>, Vec<gbvm_vm::program::Constant>)> {
    let script = gbvm::scripts::compile(vec![Source::new("fuzz.bas", text)], &[]).ok()?;
    let program = script.linked.program();
    Some((program.code.clone(), program.constants.clone()))
}

fuzz_target!(|text: &str| {
    let signatures = gbvm_stdlib::signatures();
    match format(&Source::new("fuzz.bas", text), &signatures) {
        Ok(once) => {
            let twice = format(&Source::new("fuzz.bas", once.as_str()), &signatures);
            assert!(twice.is_ok_and(|twice| twice == once), "formatting is not done after one time");
            assert!(bytecode(text) == bytecode(&once), "formatting changes the bytecode");
        }
        Err(Refusal::Unreadable(_)) => {}
        Err(Refusal::Different) => panic!("formatting would change the meaning"),
    }
});
