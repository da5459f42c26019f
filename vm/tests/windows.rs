//! A call finds nothing in its registers but its arguments, wherever its window lies and on every dispatcher.

use std::sync::Arc;

use gbvm_vm::instant::Instant;
use gbvm_vm::isa::Instruction as I;
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::{Dispatcher, Linked, Stop, Vm};
use gbvm_vm::program::*;

/// A program of procedures without parameters that all have these registers, each a variable where `are_named`.
fn program(procedures: &[(u8, bool, &[I])]) -> Arc<Linked> {
    let mut program = Program {
        constants: vec![Constant::Text("a text that is too long to be part of a cell".into()), Constant::Int(7)],
        sources: vec![SourceText { name: "windows.bas".into(), text: "".into() }],
        ..Program::default()
    };
    for (registers, are_named, code) in procedures {
        let entry = program.code.len() as u32;
        program.code.extend(*code);
        let named = if *are_named { *registers } else { 0 };
        let variables = (0..named).map(|register| (register, format!("r{register}").into())).collect();
        program.procedures.push(Procedure { name: "p".into(), entry, end: program.code.len() as u32, parameters: 0, registers: *registers, variables, handlers: Vec::new() });
    }
    program.spans = vec![Span::default(); program.code.len()];
    Arc::new(Linked::new(Arc::new(program), |_| None).expect("the program is right"))
}

/// What `r0` of the main part is in the end.
fn result_of(linked: &Arc<Linked>, dispatcher: Dispatcher) -> String {
    let mut vm = Vm::new(linked, &Arc::new(Limits::default()));
    vm.set_dispatcher(dispatcher);
    let stop = vm.run(&|| Instant(0));
    assert!(matches!(stop, Stop::Done), "{stop:?}");
    format!("{:?}", vm.variable("r0").expect("it is a variable"))
}

#[test]
fn what_a_caller_of_the_caller_left_above_is_not_seen() {
    let linked = program(&[
        // What was computed in the last register is left there.
        (9, true, &[I::LoadConst { dst: Reg(8), constant: ConstIndex(0) }, I::Call { first: Reg(1), procedure: ProcIndex(1) }, I::Move { dst: Reg(0), src: Reg(1) }, I::Halt {}]),
        (2, false, &[I::Call { first: Reg(1), procedure: ProcIndex(2) }, I::Return { src: Reg(1) }]),
        // Its register 6 is the last one of the main part.
        (8, true, &[I::Move { dst: Reg(0), src: Reg(6) }, I::Return { src: Reg(0) }]),
    ]);
    for &dispatcher in Dispatcher::ALL {
        assert_eq!(result_of(&linked, dispatcher), "Missing", "{dispatcher:?}");
    }
}

#[test]
fn what_an_earlier_call_left_far_above_is_not_seen() {
    let linked = program(&[
        (241, true, &[I::Call { first: Reg(240), procedure: ProcIndex(1) }, I::Call { first: Reg(240), procedure: ProcIndex(1) }, I::Move { dst: Reg(0), src: Reg(240) }, I::Halt {}]),
        (40, true, &[I::Move { dst: Reg(0), src: Reg(30) }, I::LoadConst { dst: Reg(30), constant: ConstIndex(1) }, I::Return { src: Reg(0) }]),
    ]);
    for &dispatcher in Dispatcher::ALL {
        assert_eq!(result_of(&linked, dispatcher), "Missing", "{dispatcher:?}");
    }
}
