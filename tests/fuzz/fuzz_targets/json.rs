//! The JSON reader takes any bytes; what it reads is read the same from what is written of it.
#![no_main]

use gbvm_stdlib::json::parse;
use gbvm_vm::coerce;
use gbvm_vm::limits::Limits;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let Ok(value) = parse(bytes, &limits) else { return };
    let written = coerce::json(&value);
    let again = parse(written.as_bytes(), &limits).expect("what was written can be read");
    assert_eq!(coerce::json(&again), written, "reading and writing change a value");
});
