//! An operator that looks at much, or makes much, uses up fuel by that: nothing runs long unnoticed.

use std::sync::Arc;

use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::isa::Instruction as I;
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::{Dispatcher, Linked, Stop, Vm};
use gbvm_vm::native::{Native, PureContext};
use gbvm_vm::program::*;
use gbvm_vm::value::Value;

fn many(_: &PureContext<'_>, _: &[Value]) -> Result<Value, Fault> {
    Value::array(vec![Value::Int(1); 100_000])
}

/// How often a loop executes an instruction on two long arrays before 100,000 instructions are used up.
fn rounds(instruction: I, dispatcher: Dispatcher) -> i64 {
    let code = vec![
        I::LoadInt { dst: Reg(0), value: 0 },
        I::CallPure { dst: Reg(1), first: Reg(1), site: SiteIndex(0) },
        I::CallPure { dst: Reg(2), first: Reg(2), site: SiteIndex(0) },
        I::AddInt { dst: Reg(0), a: Reg(0), value: 1 },
        instruction,
        I::Jump { target: Target(3) },
    ];
    let program = Program {
        spans: vec![Span::default(); code.len()],
        imports: vec![Import { phrase: "MANY".into(), is_pure: true, gives_rows: false }],
        sites: vec![CallSite { import: ImportIndex(0), wanted: Wanted::Value, arguments: Vec::new() }],
        procedures: vec![Procedure { name: "".into(), entry: 0, end: code.len() as u32, parameters: 0, registers: 4, variables: vec![(0, "rounds".into())], handlers: Vec::new() }],
        sources: vec![SourceText { name: "fuel.bas".into(), text: "".into() }],
        code,
        ..Program::default()
    };
    let linked = Arc::new(Linked::new(Arc::new(program), |_| Some(Native::Pure(many))).expect("the program is right"));
    let mut vm = Vm::new(&linked, &Arc::new(Limits::default()));
    vm.set_dispatcher(dispatcher);
    vm.set_fuel(Some(300_000)); // of which the arrays take 200,000
    assert!(matches!(vm.run(&|| Instant(0)), Stop::OutOfFuel));
    let Some(Value::Int(rounds)) = vm.variable("rounds") else { panic!("the loop counts its rounds") };
    *rounds
}

#[test]
fn operators_on_long_arrays_are_not_free() {
    let (dst, a, b) = (Reg(3), Reg(1), Reg(2));
    for &dispatcher in Dispatcher::ALL {
        for instruction in [I::Equal { dst, a, b }, I::JumpIfNotEqual { a, b, target: Target(5) }, I::In { dst, a: Reg(0), b }, I::Add { dst, a, b }] {
            let rounds = rounds(instruction, dispatcher);
            assert!(rounds < 20, "{instruction:?} was executed {rounds} times on {dispatcher:?}");
        }
    }
}
