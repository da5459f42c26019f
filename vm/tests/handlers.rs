//! Handlers: what is refused before a program runs, where faults and the end of a run go, what is known there.

mod common;

use std::sync::Arc;

use common::NoSecrets;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::isa::Instruction as I;
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::{Dispatcher, Linked, Stop, Vm};
use gbvm_vm::native::Native;
use gbvm_vm::program::*;
use gbvm_vm::value::Value;

const REGISTERS: u8 = 10;

/// A procedure's code, with handlers whose positions count from its first instruction.
struct Part<'a>(&'a [I], &'a [Handler]);

fn handler(guards: std::ops::Range<u32>, takes: Takes, target: u32) -> Handler {
    Handler { start: guards.start, end: guards.end, takes, target: Target(target), error: Reg(6), count: None }
}

/// A program of procedures, the main part first; every register of it is a variable.
fn program(parts: &[Part]) -> Program {
    let mut program = Program {
        constants: vec![Constant::Text("a text that is too long to be part of a cell".into()), Constant::Int(7), Constant::Float(0.5)],
        imports: vec![Import { phrase: "ASK".into(), is_pure: false, gives_rows: false }],
        sites: vec![CallSite { import: ImportIndex(0), wanted: Wanted::Value, arguments: Vec::new() }],
        sources: vec![SourceText { name: "handlers.bas".into(), text: "".into() }],
        ..Program::default()
    };
    for Part(code, handlers) in parts {
        let entry = program.code.len() as u32;
        program.code.extend(code.iter().map(|instruction| moved(*instruction, entry)));
        let handlers = handlers.iter().map(|own| Handler { start: own.start + entry, end: own.end + entry, target: Target(own.target.0 + entry), ..*own });
        let variables = if entry == 0 { (0..REGISTERS).map(|register| (register, format!("r{register}").into())).collect() } else { Vec::new() };
        program.procedures.push(Procedure { name: "p".into(), entry, end: program.code.len() as u32, parameters: 0, registers: REGISTERS, variables, handlers: handlers.collect() });
    }
    program.spans = vec![Span::default(); program.code.len()];
    program
}

fn moved(mut instruction: I, entry: u32) -> I {
    if let Some(target) = instruction.target_mut() {
        target.0 += entry;
    }
    instruction
}

fn link(program: Program) -> Result<Arc<Linked>, Fault> {
    Linked::new(Arc::new(program), |_| Some(Native::Host)).map(Arc::new)
}

/// Runs to the end on a dispatcher; the code of the failure, or `r0`.
fn end_of(linked: &Arc<Linked>, dispatcher: Dispatcher) -> String {
    let mut vm = Vm::new(linked, &Arc::new(Limits::default()));
    vm.set_dispatcher(dispatcher);
    vm.set_fuel(Some(100_000));
    loop {
        match vm.run(&|| Instant(0)) {
            Stop::Done => return format!("{:?}", vm.variable("r0").expect("it is a variable")),
            Stop::OutOfFuel => return "out of fuel".into(),
            Stop::Failed(fault) => return fault.code.into_owned(),
            Stop::HostCall => {
                if let Err(fault) = vm.fail(Fault::new("E_REFUSED", "the host refuses")) {
                    return fault.code.into_owned();
                }
            }
        }
    }
}

fn ends(parts: &[Part], wanted: &str) {
    let linked = link(program(parts)).expect("the program is right");
    for &dispatcher in Dispatcher::ALL {
        assert_eq!(end_of(&linked, dispatcher), wanted, "{dispatcher:?}\n{}", gbvm_vm::disasm::disassemble_linked(&linked));
    }
}

const THROW: I = I::Throw { src: Reg(9) };

#[test]
fn handlers_that_leave_their_procedure_are_refused() {
    let is_refused = |handler: Handler| link(program(&[Part(&[I::Halt {}, I::Halt {}], &[handler]), Part(&[I::Return { src: Reg(0) }], &[])])).is_err();
    let right = handler(0..2, Takes::Faults, 1);
    assert!(!is_refused(right));
    assert!(is_refused(Handler { end: 3, ..right }), "it guards the next procedure");
    assert!(is_refused(Handler { start: 2, end: 1, ..right }), "it ends before it begins");
    assert!(is_refused(Handler { target: Target(2), ..right }), "it leads to the next procedure");
    assert!(is_refused(Handler { error: Reg(REGISTERS - 1), ..right }), "there is no register for the places");
    assert!(is_refused(Handler { takes: Takes::While(Reg(REGISTERS), 1), ..right }), "there is no register for the mode");
    assert!(is_refused(Handler { count: Some(Reg(REGISTERS)), ..right }), "there is no register for the count");
}

#[test]
fn jump_tables_that_lead_nowhere_are_refused() {
    let with = |table: JumpTable| {
        let mut program = program(&[Part(&[I::Switch { src: Reg(0), table: TableIndex(0) }, I::Halt {}], &[]), Part(&[I::Return { src: Reg(0) }], &[])]);
        program.tables.push(table);
        link(program).is_err()
    };
    let case = |constant, target| (ConstIndex(constant), Target(target));
    assert!(!with(JumpTable { cases: vec![case(0, 1), case(1, 0)], otherwise: Target(1) }));
    assert!(with(JumpTable { cases: vec![case(0, 2)], otherwise: Target(1) }), "a case leads to the next procedure");
    assert!(with(JumpTable { cases: Vec::new(), otherwise: Target(2) }), "the rest leads to the next procedure");
    assert!(with(JumpTable { cases: vec![case(2, 1)], otherwise: Target(1) }), "a case is a float");
    assert!(with(JumpTable { cases: vec![case(3, 1)], otherwise: Target(1) }), "a case is no constant");
    assert!(link(program(&[Part(&[I::Switch { src: Reg(0), table: TableIndex(0) }], &[])])).is_err(), "there is no table");
}

#[test]
fn the_innermost_handler_takes_a_fault() {
    let outer = [I::LoadInt { dst: Reg(0), value: 1 }, I::Call { first: Reg(2), procedure: ProcIndex(1) }, I::Halt {}, I::LoadInt { dst: Reg(0), value: 2 }, I::Halt {}];
    let guard = [handler(0..3, Takes::Faults, 3)];
    ends(&[Part(&outer, &guard), Part(&[THROW, I::Return { src: Reg(0) }], &[])], "Int(2)");
    // A handler of the procedure itself goes on there.
    ends(&[Part(&outer, &guard), Part(&[THROW, I::Return { src: Reg(0) }], &[handler(0..1, Takes::Faults, 1)])], "Int(1)");
    // One that guards something else does not.
    ends(&[Part(&outer, &guard), Part(&[THROW, I::Return { src: Reg(0) }], &[handler(1..2, Takes::Faults, 1)])], "Int(2)");
    // Of those that fit, the first takes it.
    ends(&[Part(&[THROW, I::Halt {}, I::LoadInt { dst: Reg(0), value: 5 }, I::Halt {}], &[handler(0..1, Takes::Faults, 2), handler(0..1, Takes::Faults, 1)])], "Int(5)");
}

#[test]
fn a_mode_lets_faults_pass_but_in_its_own_value() {
    for (mode, wanted) in [(1, "Int(5)"), (2, "E_THROWN")] {
        let code = [I::LoadInt { dst: Reg(1), value: mode }, THROW, I::LoadInt { dst: Reg(0), value: 5 }, I::Halt {}];
        ends(&[Part(&code, &[handler(0..2, Takes::While(Reg(1), 1), 2)])], wanted);
    }
}

#[test]
fn the_end_of_the_run_goes_through_everything_that_takes_it() {
    // The called procedure ends the run; its own handler goes first.
    let outer = [I::Call { first: Reg(2), procedure: ProcIndex(1) }, I::Halt {}, I::GetGlobal { dst: Reg(0), slot: GlobalIndex(0) }, I::AddInt { dst: Reg(0), a: Reg(0), value: 1 }, I::Rethrow { error: Reg(6) }];
    let inner = [I::Halt {}, I::LoadInt { dst: Reg(0), value: 41 }, I::SetGlobal { slot: GlobalIndex(0), src: Reg(0) }, I::Rethrow { error: Reg(6) }];
    let everything = |target| handler(0..1, Takes::Everything, target);
    let mut program = program(&[Part(&outer, &[everything(2)]), Part(&inner, &[everything(1)])]);
    program.globals.push("g".into());
    let linked = link(program).expect("the program is right");
    for &dispatcher in Dispatcher::ALL {
        assert_eq!(end_of(&linked, dispatcher), "Int(42)", "{dispatcher:?}");
    }
    // What takes faults alone does not see it.
    ends(&[Part(&[I::LoadInt { dst: Reg(0), value: 1 }, I::Halt {}, I::LoadInt { dst: Reg(0), value: 2 }, I::Halt {}], &[handler(0..2, Takes::Faults, 2)])], "Int(1)");
}

#[test]
fn what_ends_the_run_is_taken_by_none() {
    let again = [I::Call { first: Reg(1), procedure: ProcIndex(1) }, I::Return { src: Reg(0) }];
    let guard = [handler(0..1, Takes::Everything, 1)];
    ends(&[Part(&[I::Call { first: Reg(1), procedure: ProcIndex(1) }, I::Halt {}], &guard), Part(&again, &guard)], "E_CALL_DEPTH");
    let linked = link(program(&[Part(&[I::CallHost { dst: Reg(0), first: Reg(0), site: SiteIndex(0) }, I::Halt {}], &guard)])).expect("the program is right");
    let mut vm = Vm::new(&linked, &Arc::new(Limits::default()));
    assert!(matches!(vm.run(&|| Instant(0)), Stop::HostCall));
    assert!(vm.is_guarded());
    assert!(vm.fail(Fault::ending("E_STOPPING", "the engine stops")).is_err());
    assert!(matches!(vm.run(&|| Instant(0)), Stop::Done), "a run that has ended stays so");
}

#[test]
fn handlers_that_lead_to_what_fails_use_up_the_fuel() {
    ends(&[Part(&[THROW, I::Halt {}], &[handler(0..1, Takes::Faults, 0)])], "out of fuel");
    ends(&[Part(&[I::Halt {}], &[handler(0..1, Takes::Everything, 0)])], "out of fuel");
    ends(&[Part(&[I::LoadNull { dst: Reg(6) }, I::Rethrow { error: Reg(6) }], &[handler(0..2, Takes::Everything, 1)])], "out of fuel");
}

#[test]
fn what_a_call_left_is_gone_where_it_failed() {
    // The called procedure fills its registers with texts and fails; the caller then reads what is there.
    let inner: Vec<I> = (0..REGISTERS).map(|register| I::LoadConst { dst: Reg(register), constant: ConstIndex(0) }).chain([THROW, I::Return { src: Reg(0) }]).collect();
    for register in 2..6 {
        let outer = [I::Call { first: Reg(2), procedure: ProcIndex(1) }, I::Halt {}, I::Move { dst: Reg(0), src: Reg(register) }, I::Halt {}];
        ends(&[Part(&outer, &[handler(0..1, Takes::Faults, 2)]), Part(&inner, &[])], "Missing");
    }
}

#[test]
fn what_is_known_before_a_handler_holds_for_every_guarded_place() {
    // The counter is an integer all the way, except that one guarded instruction makes it a text.
    let code = |is_text: bool| {
        let change = if is_text { I::LoadConst { dst: Reg(1), constant: ConstIndex(0) } } else { I::LoadConst { dst: Reg(1), constant: ConstIndex(1) } };
        [I::LoadInt { dst: Reg(1), value: 1 }, change, THROW, I::LoadInt { dst: Reg(1), value: 2 }, I::Halt {}, I::AddInt { dst: Reg(2), a: Reg(1), value: 1 }, I::Move { dst: Reg(0), src: Reg(2) }, I::Halt {}]
    };
    for (is_text, name, begins) in [(false, "AddToInt", "Int(8)"), (true, "AddInt", "Text")] {
        let parts = [Part(&code(is_text), &[handler(1..3, Takes::Faults, 5)])];
        // Variables may hold anything when the run begins; here they are set before they are read.
        let mut program = program(&parts);
        program.procedures[0].variables.truncate(1);
        let linked = link(program).expect("the program is right");
        assert_eq!(linked.code()[5].name(), name);
        for &dispatcher in Dispatcher::ALL {
            let found = end_of(&linked, dispatcher);
            assert!(found.starts_with(begins), "{dispatcher:?}: {found}");
        }
    }
}

#[test]
fn a_run_goes_on_from_bytes_inside_of_a_handler() {
    // It fails, asks in its handler, and fails on to the end with the place where it began.
    let ask = I::CallHost { dst: Reg(1), first: Reg(1), site: SiteIndex(0) };
    let code = [I::LoadInt { dst: Reg(2), value: 3 }, THROW, I::Halt {}, ask, I::AddInt { dst: Reg(2), a: Reg(2), value: 1 }, I::Rethrow { error: Reg(6) }];
    let mut program = program(&[Part(&code, &[handler(0..2, Takes::Everything, 3)])]);
    program.procedures[0].variables.clear();
    program.sources[0].text = "one\ntwo\nthree".into();
    program.spans[1] = Span { source: 0, start: 4, end: 7 };
    let linked = link(program).expect("the program is right");
    let limits = Arc::new(Limits::default());
    let mut vm = Vm::new(&linked, &limits);
    assert!(matches!(vm.run(&|| Instant(0)), Stop::HostCall));
    let bytes = vm.checkpoint(&NoSecrets).expect("the state can be written");
    let mut vm = Vm::restore(&linked, &limits, &bytes, &NoSecrets).expect("the state can be read");
    vm.resume(Value::Int(1));
    let Stop::Failed(fault) = vm.run(&|| Instant(0)) else { panic!("it fails again") };
    assert_eq!((&*fault.code, fault.trace.len(), fault.trace[0].line), ("E_THROWN", 1, 2));
    // The register that is known to hold an integer there must hold one.
    let at = bytes.windows(2).rposition(|window| window == [4, 6]).expect("the integer 3 is written as such");
    let mut damaged = bytes.clone();
    damaged.splice(at..at + 2, [7, 1, 0, 1, b'x']);
    assert!(Vm::restore(&linked, &limits, &damaged, &NoSecrets).is_err());
}
