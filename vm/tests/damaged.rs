//! Checkpoints that say what no run can come to are refused: the code trusts what is in its registers.

mod common;

use std::sync::Arc;

use common::NoSecrets;
use gbvm_vm::instant::Instant;
use gbvm_vm::isa::Instruction as I;
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::{Linked, Stop, Vm};
use gbvm_vm::native::Native;
use gbvm_vm::program::*;

/// The main part calls a procedure that asks the host.
fn linked() -> Arc<Linked> {
    let code = vec![
        I::LoadInt { dst: Reg(0), value: 5 },
        I::LoadInt { dst: Reg(3), value: 6 },
        I::Call { first: Reg(1), procedure: ProcIndex(1) },
        I::AddInt { dst: Reg(0), a: Reg(0), value: 1 },
        I::Halt {},
        I::LoadInt { dst: Reg(0), value: 7 },
        I::CallHost { dst: Reg(1), first: Reg(1), site: SiteIndex(0) },
        I::AddInt { dst: Reg(0), a: Reg(0), value: 1 },
        I::Return { src: Reg(0) },
    ];
    let procedure = |entry, end, registers| Procedure { name: "p".into(), entry, end, parameters: 0, registers, variables: Vec::new(), handlers: Vec::new() };
    let program = Program {
        spans: vec![Span::default(); code.len()],
        code,
        imports: vec![Import { phrase: "ASK".into(), is_pure: false, gives_rows: false }],
        sites: vec![CallSite { import: ImportIndex(0), wanted: Wanted::Value, arguments: Vec::new() }],
        procedures: vec![procedure(0, 5, 4), procedure(5, 9, 2)],
        sources: vec![SourceText { name: "damaged.bas".into(), text: "".into() }],
        ..Program::default()
    };
    Arc::new(Linked::new(Arc::new(program), |_| Some(Native::Host)).expect("the program is right"))
}

/// Where the parts of its checkpoint are: behind the name, the hash and two counts.
const MAIN_PC: usize = 17;
const INNER_BASE: usize = 20;
const STATE: usize = 23;
const ANSWER: usize = 24;

/// Whether the run goes on from its checkpoint once that was changed.
fn is_accepted(damage: impl FnOnce(&mut Vec<u8>)) -> bool {
    let (linked, limits) = (linked(), Arc::new(Limits::default()));
    let mut vm = Vm::new(&linked, &limits);
    assert!(matches!(vm.run(&|| Instant(0)), Stop::HostCall));
    let mut bytes = vm.checkpoint(&NoSecrets).expect("the state can be written");
    assert_eq!((bytes[MAIN_PC], bytes[INNER_BASE], bytes[STATE], bytes[ANSWER]), (3, 1, 1, 1), "the test knows the form");
    damage(&mut bytes);
    Vm::restore(&linked, &limits, &bytes, &NoSecrets).is_ok()
}

#[test]
fn what_was_written_is_accepted() {
    assert!(is_accepted(|_| {}));
}

#[test]
fn an_answer_must_go_where_the_call_wants_it() {
    assert!(!is_accepted(|bytes| bytes[ANSWER] = 0));
}

#[test]
fn a_procedure_must_wait_behind_its_call() {
    assert!(!is_accepted(|bytes| bytes[MAIN_PC] = 2));
    assert!(!is_accepted(|bytes| bytes[MAIN_PC] = 0));
    assert!(!is_accepted(|bytes| bytes[INNER_BASE] = 2));
}

#[test]
fn a_register_above_the_called_procedure_must_hold_what_is_known_of_it() {
    // The last register of the main part: an integer, then a text.
    let text = [7, 1, 0, 1, b'x'];
    assert!(!is_accepted(|bytes| drop(bytes.splice(bytes.len() - 2.., text))));
}
