//! Any bytes go through the lexer, the parser, the lowering, the verifier and the editor's index.
#![no_main]

use gbvm_lang::index::Index;
use gbvm_lang::source::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // A file that is not UTF-8 is refused before it gets here; what stands in for its bytes is a character like others.
    let text = String::from_utf8_lossy(bytes);
    Index::new(&text, &gbvm_stdlib::signatures());
    // A program that compiles is verified and linked here.
    let _ = gbvm::scripts::compile(vec![Source::new("fuzz.bas", &*text)], &[]);
});
