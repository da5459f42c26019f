//! Any text goes through the compiler, the verifier and the editor's index.
#![no_main]

use gbvm_lang::index::Index;
use gbvm_lang::source::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    Index::new(text, &gbvm_stdlib::signatures());
    // A program that compiles is verified and linked here.
    let _ = gbvm::scripts::compile(vec![Source::new("fuzz.bas", text)], &[]);
});
