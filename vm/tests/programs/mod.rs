//! Random programs, and how each ends on a dispatcher: for the tests, and for fuzzing.

#[path = "../common/mod.rs"]
mod common;

use std::sync::Arc;

use common::NoSecrets;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::isa::{Instruction as I, RegRange};
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::{Dispatcher, Linked, Stop, Vm};
use gbvm_vm::native::{Changed, Native, PureContext};
use gbvm_vm::program::*;
use gbvm_vm::value::Value;

/// The most registers of a procedure that any instruction may name.
const REGISTERS_MAX: u8 = 8;
const LENGTH: u32 = 14;

/// Where the choices that make up a program come from. Who fuzzes has bytes only.
#[allow(dead_code)]
pub enum Choices<'a> {
    /// Numbers that look random (xorshift, Marsaglia 2003).
    Random(u64),
    /// Bytes, and zeroes behind their end.
    Given(&'a [u8]),
}

/// What chooses each part of a program.
struct Dice<'a> {
    choices: Choices<'a>,
    /// The registers of the procedure at hand that any instruction may name. Calls have their window at the next one:
    /// what is above its first register after a call is nobody's.
    registers: u8,
    /// Whether an operand may be one that no program may have.
    strays: bool,
}

impl Dice<'_> {
    fn below(&mut self, bound: u32) -> u32 {
        match &mut self.choices {
            Choices::Random(state) => {
                *state ^= *state << 13;
                *state ^= *state >> 7;
                *state ^= *state << 17;
                (*state >> 33) as u32 % bound
            }
            Choices::Given(bytes) => bytes.split_off_first().map_or(0, |byte| u32::from(*byte) % bound),
        }
    }

    /// A number below a bound, or seldom any number, where operands may stray.
    fn operand(&mut self, bound: u32) -> u32 {
        if self.strays && self.below(32) == 31 { self.below(256) } else { self.below(bound) }
    }

    fn register(&mut self) -> Reg {
        Reg(self.operand(u32::from(self.registers)) as u8)
    }

    fn small(&mut self) -> i16 {
        [-3, -1, 0, 1, 2, 7, i16::MAX, i16::MIN][self.below(8) as usize]
    }
}

/// One instruction of a procedure whose code spans `entry..entry + LENGTH`.
fn instruction(dice: &mut Dice<'_>, entry: u32) -> I {
    let (a, b, c) = (dice.register(), dice.register(), dice.register());
    let (value, target) = (dice.small(), Target(entry + dice.operand(LENGTH)));
    let first = Reg(dice.operand(u32::from(dice.registers) - 3) as u8);
    let window = Reg(dice.registers);
    let parts = RegRange { first, count: dice.operand(4) as u8 };
    // A cache serves one name.
    let name = dice.operand(2) as u16;
    let (name, cache) = (NameIndex(name), CacheIndex(2 * name + dice.below(2) as u16));
    let constant = ConstIndex(dice.operand(6) as u16);
    let path = PathIndex(dice.operand(3) as u16);
    match dice.below(77) {
        0 => I::Move { dst: a, src: b },
        1 if a != b => I::Take { dst: a, src: b },
        2 | 3 => I::LoadConst { dst: a, constant },
        4 | 5 => I::LoadInt { dst: a, value: i32::from(value) },
        6 => I::LoadBool { dst: a, value: value > 0 },
        7 => I::LoadMissing { dst: a },
        8 => I::LoadNull { dst: a },
        9 => I::GetGlobal { dst: a, slot: GlobalIndex(0) },
        10 => I::SetGlobal { slot: GlobalIndex(0), src: a },
        11 | 12 => I::Add { dst: a, a: b, b: c },
        13 => I::Subtract { dst: a, a: b, b: c },
        14 => I::Multiply { dst: a, a: b, b: c },
        15 => I::Divide { dst: a, a: b, b: c },
        16 => I::Modulo { dst: a, a: b, b: c },
        17 => I::IntegerDivide { dst: a, a: b, b: c },
        18 => I::AddInt { dst: a, a: b, value },
        19 => I::SubtractInt { dst: a, a: b, value },
        20 => I::MultiplyInt { dst: a, a: b, value },
        21 => I::ModuloInt { dst: a, a: b, value },
        22 => I::IntegerDivideInt { dst: a, a: b, value },
        23 => I::Negate { dst: a, src: b },
        24 => I::Not { dst: a, src: b },
        25 => I::Concat { dst: a, parts, track: value > 0 },
        26 => I::AppendText { dst: a, parts, track: false },
        27 => I::Equal { dst: a, a: b, b: c },
        28 => I::Jump { target },
        29 => I::JumpIfTrue { src: a, target },
        30 => I::JumpIfFalse { src: a, target },
        31 => I::JumpIfEqual { a, b, target },
        32 => I::JumpIfNotEqualConst { a, constant, target },
        33 => I::JumpIfLess { a, b, target },
        34 => I::JumpUnlessLess { a, b, target },
        35 => I::JumpUnlessLessOrEqual { a, b, target },
        36 => I::JumpIfLessInt { a, value, target },
        37 => I::JumpUnlessLessInt { a, value, target },
        38 => I::JumpUnlessLessOrEqualInt { a, value, target },
        39 => I::JumpUnlessGreaterInt { a, value, target },
        40 => I::JumpIfGreaterOrEqualInt { a, value, target },
        41..=44 | 46 if first == a || first.0 + 1 == a.0 => I::LoadNull { dst: a },
        41 | 42 => I::ForPrepare { counter: a, rest: first, exit: target },
        43 | 44 => I::ForLoop { counter: a, rest: first, body: target },
        45 => I::EachPrepare { iterator: first, list: a },
        46 => I::EachLoop { iterator: first, variable: a, body: target },
        47 => I::NewArray { dst: a, items: parts },
        48 => I::NewObject { dst: a, first, shape: ShapeIndex(0) },
        49 => I::GetField { dst: a, object: b, name, cache },
        50 => I::SetField { object: a, src: b, name, cache },
        51 => I::GetIndex { dst: a, object: b, index: c },
        52 => I::SetIndex { object: a, index: b, src: c },
        53 => I::GetIndexField { dst: a, object: b, index: c, name, cache },
        54 => I::SetIndexField { object: a, index: b, src: c, name, cache },
        55 => I::Push { array: a, src: b },
        56 => I::Call { first: window, procedure: ProcIndex(1 + dice.operand(2) as u16) },
        57 => I::CallPure { dst: a, first, site: SiteIndex(0) },
        58 => I::CallHost { dst: a, first, site: SiteIndex(1) },
        59 | 60 => I::Move { dst: window, src: a },
        61 => I::Move { dst: a, src: window },
        62 => I::AddToField { object: a, src: b, name, cache },
        63 => I::AddToIndex { object: a, index: b, src: c },
        64 => I::AddToIndexField { object: a, index: b, src: c, name, cache },
        65 => I::SubtractFromField { object: a, src: b, name, cache },
        66 => I::SubtractFromIndex { object: a, index: b, src: c },
        67 => I::SubtractFromIndexField { object: a, index: b, src: c, name, cache },
        68 => I::Throw { src: a },
        69 => I::Rethrow { error: first },
        70 => I::Switch { src: a, table: TableIndex((entry / LENGTH) as u16) },
        71 => I::Halt {},
        72 => I::SetPath { path, src: a },
        73 => I::Append { path, src: a },
        74 | 75 => I::CallChanging { dst: a, first, path, site: SiteIndex(2) },
        _ => I::Return { src: a },
    }
}

/// The handlers of a procedure, often none. The first one that fits is asked first, whether it stands inside of the
/// others or not.
fn handlers(dice: &mut Dice<'_>, entry: u32) -> Vec<Handler> {
    let count = [0, 0, 1, 2, 4][dice.below(5) as usize];
    let handler = |_| {
        let start = dice.below(LENGTH);
        let takes = match dice.below(4) {
            0 => Takes::Faults,
            1 => Takes::Everything,
            2 => Takes::Between(dice.register(), dice.below(3) as u16, dice.below(9) as u16),
            _ => Takes::While(dice.register(), dice.below(3) as u16),
        };
        let end = start + dice.below(LENGTH - start) + 1;
        Handler { start: entry + start, end: entry + end, takes, target: Target(entry + dice.below(LENGTH)), error: Reg(dice.below(u32::from(dice.registers)) as u8), count: None }
    };
    (0..count).map(handler).collect()
}

/// The program that choices make up. Where it `strays`, some operands may be such that it must be refused.
pub fn program(choices: Choices<'_>, strays: bool) -> Program {
    let mut dice = Dice { choices, registers: REGISTERS_MAX, strays };
    let mut program = Program {
        constants: vec![Constant::Int(3), Constant::Int(i64::MAX), Constant::Float(0.5), Constant::Float(1e300), Constant::Text("ab".into()), Constant::Text("7".into())],
        names: vec!["x".into(), "y".into()],
        shapes: vec![vec![NameIndex(0), NameIndex(1)]],
        imports: vec![Import { phrase: "FIRST".into(), is_pure: true, gives_rows: false }, Import { phrase: "ASK".into(), is_pure: false, gives_rows: false }, Import { phrase: "SWAP".into(), is_pure: true, gives_rows: false }],
        globals: vec!["g".into()],
        paths: vec![
            Path { root: Root::Register(Reg(0)), steps: Vec::new(), name: "r0".into() },
            Path { root: Root::Register(Reg(1)), steps: vec![Step::Field(NameIndex(0)), Step::Index(Reg(2))], name: "r1".into() },
            Path { root: Root::Global(GlobalIndex(0)), steps: vec![Step::Index(Reg(3))], name: "g".into() },
        ],
        caches: 4,
        sources: vec![SourceText { name: "random.bas".into(), text: "".into() }],
        ..Program::default()
    };
    let argument = ArgumentSite { span: Span::default(), name: "".into(), template: None };
    program.sites = (0..3).map(|import| CallSite { import: ImportIndex(import), wanted: Wanted::Value, arguments: vec![argument.clone(); 2] }).collect();
    for index in 0..3u8 {
        let entry = program.code.len() as u32;
        dice.registers = 4 + dice.below(u32::from(REGISTERS_MAX) - 3) as u8;
        for at in 0..LENGTH {
            program.code.push(if at + 1 == LENGTH { I::Return { src: Reg(0) } } else { instruction(&mut dice, entry) });
        }
        let place = |dice: &mut Dice| Target(entry + dice.below(LENGTH));
        let cases = [0, 4, 5].map(|constant| (ConstIndex(constant), place(&mut dice))).to_vec();
        program.tables.push(JumpTable { cases, otherwise: place(&mut dice) });
        let parameters = u8::from(index > 0);
        let handlers = handlers(&mut dice, entry);
        let variables = (0..=dice.registers).map(|register| (register, format!("r{register}").into())).collect();
        program.procedures.push(Procedure { name: "p".into(), entry, end: entry + LENGTH, parameters, registers: dice.registers + 1, variables, handlers });
    }
    program.spans = vec![Span::default(); program.code.len()];
    program
}

fn first(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(arguments[0].clone())
}

/// Puts its argument in a place and gives what was there; refuses texts.
fn swap(_: &PureContext<'_>, place: &mut Value, arguments: &[Value]) -> Result<Changed, Fault> {
    match &arguments[1] {
        Value::Text(_) => Err(Fault::new("E_REFUSED", "no text")),
        value => Ok(Changed { value: std::mem::replace(place, value.clone()), moved: 0 }),
    }
}

/// Runs a program to its end, in slices of fuel and through bytes where asked to, and tells how it ended.
fn end_of(linked: &Arc<Linked>, limits: &Arc<Limits>, dispatcher: Dispatcher, through_bytes: bool) -> String {
    let mut vm = Vm::new(linked, limits);
    vm.set_dispatcher(dispatcher);
    vm.set_variable("r1", Value::Int(5));
    let mut calls = 0;
    let mut slices = 0;
    let ended = loop {
        vm.set_fuel(Some(500));
        match vm.run(&|| Instant(0)) {
            Stop::Done => break "done".to_owned(),
            Stop::Failed(fault) => break format!("{}: {}", fault.code, fault.message),
            Stop::OutOfFuel if slices == 4 => break "out of fuel".to_owned(),
            Stop::OutOfFuel => slices += 1,
            Stop::HostCall if calls == 20 => break "still asking".to_owned(),
            Stop::HostCall => {
                calls += 1;
                let answer = vm.pending().expect("the run waits for an answer").arguments[1].clone();
                // One call in three fails, and not even all of these may be taken by a handler.
                let refused = Fault::new("E_REFUSED", "the host refuses");
                if calls % 3 > 0 {
                    vm.resume(answer);
                } else if let Err(fault) = vm.fail(if calls == 12 { refused.and_ends() } else { refused }) {
                    break format!("{}: {}", fault.code, fault.message);
                }
            }
        }
        if through_bytes {
            let bytes = vm.checkpoint(&NoSecrets).expect("the state can be written");
            vm = Vm::restore(linked, limits, &bytes, &NoSecrets).unwrap_or_else(|fault| panic!("{fault} {:?}\n{}", vm.variables().collect::<Vec<_>>(), gbvm_vm::disasm::disassemble_linked(linked)));
            vm.set_dispatcher(dispatcher);
        }
    };
    for (name, value) in vm.variables().filter(|(_, value)| value.weight() < 1000) {
        assert_eq!(value.weight(), weight_of(value), "{name} = {value:?}");
    }
    // What shares its parts is short in memory and long as text.
    let shown = |value: &Value| if value.weight() < 200 { format!("{value:?}") } else { format!("{} of weight {}", value.kind(), value.weight()) };
    let variables: Vec<String> = vm.variables().map(|(name, value)| format!("{name} = {}", shown(value))).collect();
    format!("{ended} after {calls} calls and {slices} slices\n{}", variables.join("\n"))
}

/// The weight of a value, counted.
fn weight_of(value: &Value) -> u32 {
    match value {
        Value::Array(array) => 1 + array.items().iter().map(weight_of).sum::<u32>(),
        Value::Object(object) => 1 + object.iter().map(|(key, value)| weight_of(value) + (key.len() / 16) as u32).sum::<u32>(),
        _ => value.weight(),
    }
}

/// A program ready to run, or why it is refused.
pub fn link(program: Program) -> Result<Arc<Linked>, Fault> {
    let resolve = |phrase: &str| Some(match phrase {
        "FIRST" => Native::Pure(first),
        "SWAP" => Native::Changing(swap),
        _ => Native::Host,
    });
    Linked::new(Arc::new(program), resolve).map(Arc::new)
}

/// Bounds within which no program takes long.
pub fn limits() -> Arc<Limits> {
    Arc::new(Limits { call_depth: 20, string_bytes: 2_000, array_items: 200, ..Limits::default() })
}

/// Runs a program on every dispatcher, through checkpoints too, and gives the end that all must come to.
pub fn common_end(linked: &Arc<Linked>, limits: &Arc<Limits>, name: &dyn std::fmt::Display) -> String {
    let wanted = end_of(linked, limits, Dispatcher::Reference, false);
    for &dispatcher in Dispatcher::ALL {
        for through_bytes in [false, true] {
            let found = end_of(linked, limits, dispatcher, through_bytes);
            assert!(found == wanted, "program {name} on {dispatcher:?}, through bytes: {through_bytes}\n{found}\n--- instead of\n{wanted}\n{}", gbvm_vm::disasm::disassemble_linked(linked));
        }
    }
    wanted
}
