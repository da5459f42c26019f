//! Formatting keeps the meaning and is done after one time.
#![no_main]

use gbvm_lang::format::{Refusal, format};
use gbvm_lang::source::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let signatures = gbvm_stdlib::signatures();
    match format(&Source::new("fuzz.bas", text), &signatures) {
        Ok(once) => {
            let twice = format(&Source::new("fuzz.bas", once.as_str()), &signatures);
            assert!(twice.is_ok_and(|twice| twice == once), "formatting is not done after one time");
        }
        Err(Refusal::Unreadable(_)) => {}
        Err(Refusal::Different) => panic!("formatting would change the meaning"),
    }
});
