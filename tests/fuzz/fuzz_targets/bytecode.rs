//! A program whose operands may be any is refused by the verifier, or comes to the same end on every dispatcher.
#![no_main]

#[path = "../../../vm/tests/programs/mod.rs"]
mod programs;

use libfuzzer_sys::fuzz_target;
use programs::Choices;

fuzz_target!(|bytes: &[u8]| {
    match programs::link(programs::program(Choices::Given(bytes), true)) {
        Ok(linked) => drop(programs::common_end(&linked, &programs::limits(), &"given")),
        Err(fault) => assert_eq!(fault.code, "E_PROGRAM"),
    }
});
