//! Random programs that pass verification come to the same end on every dispatcher, and survive being interrupted.
//!
//! `PROGRAMS=1000000 cargo test --release -p gbvm-vm --test dispatchers` runs more of them.

mod programs;

use std::sync::Arc;

use gbvm_vm::instant::Instant;
use gbvm_vm::isa::{Instruction as I, RegRange};
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::{Dispatcher, Linked, Stop, Vm};
use gbvm_vm::program::*;
use programs::Choices;

#[test]
fn random_programs_agree() {
    let programs_wanted: u64 = std::env::var("PROGRAMS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let limits = programs::limits();
    let mut ends = std::collections::BTreeMap::new();
    for seed in 1..=programs_wanted {
        let program = programs::program(Choices::Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1), false);
        let linked = programs::link(program).expect("a program with indexes in range passes");
        let end = programs::common_end(&linked, &limits, &seed);
        *ends.entry(end.split([' ', ':']).next().unwrap_or_default().to_owned()).or_insert(0) += 1;
    }
    // The programs are worth running only if they end in many ways.
    assert!(ends.len() >= 5 && ends["done"] > programs_wanted / 20, "{ends:?}");
}

#[test]
fn what_strays_is_refused_or_agrees() {
    let limits = programs::limits();
    let (mut accepted, mut refused) = (0, 0);
    let mut state = 1u64;
    for number in 0..2_000 {
        let byte = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        let bytes: Vec<u8> = (0..600).map(byte).collect();
        match programs::link(programs::program(Choices::Given(&bytes), true)) {
            Ok(linked) => {
                accepted += 1;
                programs::common_end(&linked, &limits, &number);
            }
            Err(fault) => {
                refused += 1;
                assert_eq!(fault.code, "E_PROGRAM", "{fault}");
            }
        }
    }
    assert!(accepted > 20 && refused > 200, "{accepted} accepted, {refused} refused");
}

/// A loop of 10⁸ instructions on a small stack: the last call of each instruction's code is a jump.
#[test]
fn long_runs_need_no_stack() {
    let code = vec![
        I::LoadInt { dst: Reg(0), value: 0 },
        I::LoadInt { dst: Reg(2), value: 14_000_000 },
        I::LoadInt { dst: Reg(3), value: 1 },
        I::ForPrepare { counter: Reg(0), rest: Reg(2), exit: Target(12) },
        I::LoadConst { dst: Reg(5), constant: ConstIndex(0) },
        I::Concat { dst: Reg(4), parts: RegRange { first: Reg(5), count: 1 }, track: false },
        I::LoadInt { dst: Reg(5), value: 1 },
        I::Call { first: Reg(5), procedure: ProcIndex(1) },
        I::NewArray { dst: Reg(6), items: RegRange { first: Reg(5), count: 1 } },
        I::Push { array: Reg(6), src: Reg(4) },
        I::Equal { dst: Reg(1), a: Reg(4), b: Reg(6) },
        I::ForLoop { counter: Reg(0), rest: Reg(2), body: Target(4) },
        I::Halt {},
        I::AddInt { dst: Reg(0), a: Reg(0), value: 1 },
        I::Return { src: Reg(0) },
    ];
    let length = if cfg!(debug_assertions) { 1_400_000 } else { 14_000_000 };
    let mut program = Program { constants: vec![Constant::Text("a".into())], sources: vec![SourceText { name: "long.bas".into(), text: "".into() }], code, ..Program::default() };
    program.code[1] = I::LoadInt { dst: Reg(2), value: length };
    program.spans = vec![Span::default(); program.code.len()];
    let procedure = |entry, end, parameters| Procedure { name: "p".into(), entry, end, parameters, registers: 8, variables: Vec::new(), handlers: Vec::new() };
    program.procedures = vec![procedure(0, 13, 0), procedure(13, 15, 1)];
    let linked = Arc::new(Linked::new(Arc::new(program), |_| None).expect("the program is right"));
    for &dispatcher in Dispatcher::ALL {
        let linked = linked.clone();
        let run = move || {
            let mut vm = Vm::new(&linked, &Arc::new(Limits::default()));
            vm.set_dispatcher(dispatcher);
            matches!(vm.run(&|| Instant(0)), Stop::Done)
        };
        let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(run).expect("a thread can be started");
        assert!(thread.join().expect("the stack is large enough"), "{dispatcher:?} comes to its end");
    }
}
