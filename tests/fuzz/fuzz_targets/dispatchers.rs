//! A program whose indexes are in range passes the verifier and comes to the same end on every dispatcher.
#![no_main]

#[path = "../../../vm/tests/programs/mod.rs"]
mod programs;

use libfuzzer_sys::fuzz_target;
use programs::Choices;

fuzz_target!(|bytes: &[u8]| {
    let linked = programs::link(programs::program(Choices::Given(bytes), false)).expect("a program with indexes in range passes");
    programs::common_end(&linked, &programs::limits(), &"given");
});
