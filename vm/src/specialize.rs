//! What the registers of a procedure hold where it cannot be otherwise, and the instructions that need not look.
//!
//! Every way through the program is followed, and for each place in it each register's kind is known: an integer, a
//! float, something that counts no references, or anything. Where ways meet, what all of them agree on is kept. What a
//! procedure is given is what all its calls give it, and what a call gives back is what all RETURNs give. An
//! instruction whose operands are known is replaced, one for one, by one that does not check them. Programs are
//! specialized when they are linked, so that this file alone is trusted: a program that brings such instructions with
//! it is refused.

use std::collections::{BTreeMap, BTreeSet};

use crate::isa::{FloatReg, Instruction as I, IntReg, Operand, PlainReg};
use crate::program::{Constant, Handler, Procedure, Program, Reg, Root};
use crate::value::Value;

/// What a register is known to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No way has led here yet.
    Never,
    Int,
    Float,
    /// Anything that counts no references.
    Plain,
    Any,
}

impl Kind {
    /// What holds of a register that is one of two kinds.
    fn or(self, other: Kind) -> Kind {
        match (self, other) {
            (a, b) if a == b => a,
            (Kind::Never, kind) | (kind, Kind::Never) => kind,
            (Kind::Any, _) | (_, Kind::Any) => Kind::Any,
            (Kind::Int | Kind::Float | Kind::Plain, Kind::Int | Kind::Float | Kind::Plain) => Kind::Plain,
        }
    }

    /// What is left of it once a procedure has used the register and given it back.
    pub fn after_use(self) -> Kind {
        self.or(Kind::Plain)
    }

    /// Whether a value is of this kind.
    pub fn holds(self, value: &Value) -> bool {
        match self {
            Kind::Never => false,
            Kind::Int => matches!(value, Value::Int(_)),
            Kind::Float => matches!(value, Value::Float(_)),
            Kind::Plain => !value.is_counted(),
            Kind::Any => true,
        }
    }

    fn is_plain(self) -> bool {
        match self {
            Kind::Int | Kind::Float | Kind::Plain => true,
            Kind::Never | Kind::Any => false,
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Kind::Int | Kind::Float)
    }
}

/// The kinds of a procedure's registers at one place.
#[derive(Clone, PartialEq)]
struct State(Vec<Kind>);

impl State {
    fn get(&self, register: Reg) -> Kind {
        self.0[register.at()]
    }

    fn set(&mut self, register: Reg, kind: Kind) {
        self.0[register.at()] = kind;
    }

    /// Keeps what holds in another state too; gives back whether that is less than before.
    fn meet(&mut self, other: &State) -> bool {
        let mut is_less = false;
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            let both = own.or(*other);
            is_less |= both != *own;
            *own = both;
        }
        is_less
    }

    fn plain(&self, register: Reg) -> Option<PlainReg> {
        self.get(register).is_plain().then_some(PlainReg(register))
    }

    fn int(&self, register: Reg) -> Option<IntReg> {
        (self.get(register) == Kind::Int).then_some(IntReg(register))
    }

    fn float(&self, register: Reg) -> Option<FloatReg> {
        (self.get(register) == Kind::Float).then_some(FloatReg(register))
    }
}

/// What is known of a program.
pub struct Knowledge {
    /// The registers at the places where ways meet, by position in the code.
    states: BTreeMap<u32, State>,
    /// What each procedure is given and gives.
    procedures: Vec<Contract>,
}

/// What a procedure is given and what it gives.
struct Contract {
    parameters: Vec<Kind>,
    result: Kind,
    is_explored: bool,
    /// Whether nothing above its parameters counts references when it is entered, not even above its own registers:
    /// what its callers left there is under the windows of those that it calls.
    is_clean: bool,
    /// Where jumps in it lead.
    targets: BTreeSet<u32>,
    /// The procedures that call it.
    callers: BTreeSet<usize>,
}

/// The program's code with the instructions that need not look, and what is known of its registers.
pub fn specialize(program: &Program) -> (Vec<I>, Knowledge) {
    let mut knowledge = Knowledge { states: BTreeMap::new(), procedures: Vec::new() };
    for procedure in &program.procedures {
        let jumps = (procedure.entry..procedure.end).flat_map(|pc| program.targets(program.code[pc as usize]));
        // A fault leads into the middle of a way as a jump does.
        let targets = jumps.chain(procedure.handlers.iter().map(|handler| handler.target)).map(|target| target.0);
        knowledge.procedures.push(Contract { parameters: vec![Kind::Never; usize::from(procedure.parameters)], result: Kind::Never, is_explored: false, is_clean: true, targets: targets.collect(), callers: BTreeSet::new() });
    }
    let mut waiting = BTreeSet::from([0]);
    while let Some(at) = waiting.pop_first() {
        knowledge.explore(program, at, &mut waiting);
    }
    let mut code = program.code.clone();
    for (procedure, contract) in program.procedures.iter().zip(&knowledge.procedures) {
        let mut state = None;
        for pc in procedure.entry..procedure.end {
            if let Some(known) = knowledge.states.get(&pc) {
                state = Some(known.clone());
            }
            // What no way leads to is left as it is.
            let Some(known) = &mut state else { continue };
            let instruction = program.code[pc as usize];
            code[pc as usize] = known_form(program, instruction, known, contract.is_clean);
            if !follow(program, &knowledge.procedures, instruction, known).falls_through {
                state = None;
            }
        }
    }
    (code, knowledge)
}

impl Knowledge {
    /// Follows every way through a procedure until nothing new is learnt, and notes the procedures to which that matters.
    fn explore(&mut self, program: &Program, at: usize, others: &mut BTreeSet<usize>) {
        let procedure = &program.procedures[at];
        self.procedures[at].is_explored = true;
        let mut entry = State(vec![Kind::Plain; usize::from(procedure.registers)]);
        for (parameter, kind) in (0..).zip(&self.procedures[at].parameters) {
            entry.set(Reg(parameter), *kind);
        }
        if at == 0 {
            // The host may set any variable before the run begins.
            for (register, _) in &procedure.variables {
                entry.set(Reg(*register), Kind::Any);
            }
        }
        let guards = guards(procedure);
        let mut waiting: Vec<u32> = self.states.range(procedure.entry..procedure.end).map(|(pc, _)| *pc).collect();
        self.arrive(procedure.entry, &entry, &mut waiting);
        while let Some(start) = waiting.pop() {
            let Some(mut state) = self.states.get(&start).cloned() else { continue };
            let mut pc = start;
            loop {
                let instruction = program.code[pc as usize];
                self.note_contract(program, instruction, &state, at, others);
                let targets = program.targets(instruction);
                let guards = guards.get((pc - procedure.entry) as usize).map_or(&[][..], Vec::as_slice);
                let before = (!guards.is_empty() || !targets.is_empty()).then(|| state.clone());
                let after = follow(program, &self.procedures, instruction, &mut state);
                if let Some(before) = before {
                    for target in targets {
                        let there = if after.leaves_as_it_came { &before } else { &state };
                        self.arrive(target.0, there, &mut waiting);
                    }
                    if !guards.is_empty() {
                        let failed = failed(program, instruction, &before, &state);
                        self.fail(guards, &failed, &mut waiting);
                    }
                }
                pc += 1;
                if !after.falls_through || pc >= procedure.end {
                    break;
                }
                if self.procedures[at].targets.contains(&pc) {
                    self.arrive(pc, &state, &mut waiting);
                    break;
                }
            }
        }
    }

    /// Learns from a call what its procedure is given, and from a RETURN what the present one gives.
    fn note_contract(&mut self, program: &Program, instruction: I, state: &State, at: usize, others: &mut BTreeSet<usize>) {
        match instruction {
            I::Call { first, procedure } => {
                let is_clean_above = self.procedures[at].is_clean;
                let callee = &mut self.procedures[procedure.at()];
                callee.callers.insert(at);
                // The call clears the registers of the callee, and none above them.
                let mut above = state.0.iter().skip(first.at() + usize::from(program.procedures[procedure.at()].registers));
                let is_clean = is_clean_above && above.all(|kind| kind.is_plain());
                let mut is_news = callee.is_clean && !is_clean;
                callee.is_clean &= is_clean;
                for (own, given) in callee.parameters.iter_mut().zip(&state.0[first.at()..]) {
                    let both = own.or(*given);
                    is_news |= both != *own;
                    *own = both;
                }
                if is_news || !callee.is_explored {
                    others.insert(procedure.at());
                }
            }
            I::Return { src } => {
                let own = &mut self.procedures[at];
                let both = own.result.or(state.get(src));
                if both != own.result {
                    own.result = both;
                    others.extend(&own.callers);
                }
            }
            _ => {}
        }
    }

    /// Arrives at the handlers that guard an instruction, with what the registers hold where it fails.
    fn fail(&mut self, guards: &[Handler], failed: &State, waiting: &mut Vec<u32>) {
        for handler in guards {
            let mut state = failed.clone();
            state.set(handler.error, Kind::Any);
            state.set(Reg(handler.error.0 + 1), Kind::Any);
            self.arrive(handler.target.0, &state, waiting);
        }
    }

    fn arrive(&mut self, target: u32, state: &State, waiting: &mut Vec<u32>) {
        let is_news = match self.states.get_mut(&target) {
            Some(known) => known.meet(state),
            None => {
                self.states.insert(target, state.clone());
                true
            }
        };
        if is_news {
            waiting.push(target);
        }
    }

    /// What the registers of a procedure hold where it goes on at `pc`; none where it never does.
    pub fn kinds_at(&self, program: &Program, procedure: &Procedure, pc: u32) -> Option<Vec<Kind>> {
        let (&start, state) = self.states.range(procedure.entry..=pc).next_back()?;
        let mut state = state.clone();
        for at in start..pc {
            if !follow(program, &self.procedures, program.code[at as usize], &mut state).falls_through {
                return None;
            }
        }
        Some(state.0)
    }
}

/// How an instruction is left.
struct After {
    /// Whether the following instruction may be next.
    falls_through: bool,
    /// Whether a jump finds the registers as they were before.
    leaves_as_it_came: bool,
}

/// What is known after an instruction.
fn follow(program: &Program, procedures: &[Contract], instruction: I, state: &mut State) -> After {
    let mut after = After { falls_through: true, leaves_as_it_came: false };
    let number = |a: Kind, b: Kind, otherwise: Kind| match (a, b) {
        (Kind::Int, Kind::Int) => Kind::Int,
        (a, b) if a.is_number() && b.is_number() => Kind::Float,
        _ => otherwise,
    };
    match instruction {
        I::Move { dst, src } => state.set(dst, state.get(src)),
        I::Take { dst, src } => {
            let kind = state.get(src);
            state.set(src, Kind::Plain);
            state.set(dst, kind);
        }
        I::LoadConst { dst, constant } => state.set(dst, match program.constants[constant.at()] {
            Constant::Int(_) => Kind::Int,
            Constant::Float(_) => Kind::Float,
            Constant::Text(_) => Kind::Any,
        }),
        I::LoadInt { dst, .. } => state.set(dst, Kind::Int),
        I::LoadBool { dst, .. } | I::LoadNull { dst } | I::LoadMissing { dst } => state.set(dst, Kind::Plain),
        I::Add { dst, a, b } => state.set(dst, number(state.get(a), state.get(b), Kind::Any)),
        I::Subtract { dst, a, b } | I::Multiply { dst, a, b } => state.set(dst, number(state.get(a), state.get(b), Kind::Plain)),
        I::AddInt { dst, a, .. } => state.set(dst, number(state.get(a), Kind::Int, Kind::Any)),
        I::SubtractInt { dst, a, .. } | I::MultiplyInt { dst, a, .. } => state.set(dst, number(state.get(a), Kind::Int, Kind::Plain)),
        I::Divide { dst, .. } => state.set(dst, Kind::Float),
        I::Modulo { dst, a, b } | I::IntegerDivide { dst, a, b } => {
            let is_whole = state.get(a) == Kind::Int && state.get(b) == Kind::Int;
            state.set(dst, if is_whole { Kind::Int } else { Kind::Plain });
        }
        I::ModuloInt { dst, a, .. } | I::IntegerDivideInt { dst, a, .. } => state.set(dst, if state.get(a) == Kind::Int { Kind::Int } else { Kind::Plain }),
        I::Negate { dst, src } => state.set(dst, if state.get(src).is_number() { state.get(src) } else { Kind::Plain }),
        I::Power { dst, .. }
        | I::Not { dst, .. }
        | I::Xor { dst, .. }
        | I::Equal { dst, .. }
        | I::NotEqual { dst, .. }
        | I::Less { dst, .. }
        | I::LessOrEqual { dst, .. }
        | I::In { dst, .. }
        | I::Like { dst, .. }
        | I::IsNull { dst, .. } => state.set(dst, Kind::Plain),
        I::ForPrepare { counter, rest, .. } => {
            let step = Reg(rest.0 + 1);
            let is_whole = state.get(counter) == Kind::Int && state.get(step) == Kind::Int;
            let kind = if is_whole { Kind::Int } else { Kind::Plain };
            state.set(counter, kind);
            state.set(step, kind);
            state.set(rest, Kind::Int);
            after.leaves_as_it_came = true;
        }
        I::ForLoop { counter, rest, .. } => {
            let (own, step) = (state.get(counter), state.get(Reg(rest.0 + 1)));
            state.set(counter, number(own, step, Kind::Any));
            // Where the loop ends, the counter is what it was.
            state.set(counter, state.get(counter).or(own));
            state.set(rest, if state.get(rest) == Kind::Int { Kind::Int } else { Kind::Any });
        }
        I::EachPrepare { iterator, .. } => {
            state.set(iterator, Kind::Any);
            state.set(Reg(iterator.0 + 1), Kind::Int);
        }
        I::EachLoop { iterator, variable, .. } => {
            state.set(iterator, Kind::Any);
            let position = Reg(iterator.0 + 1);
            state.set(position, if state.get(position) == Kind::Int { Kind::Int } else { Kind::Any });
            state.set(variable, Kind::Any);
        }
        I::Call { first, procedure } => {
            // The callee leaves its result in its first register, and nothing that counts references in the others.
            for register in first.at() + 1..state.0.len() {
                state.0[register] = state.0[register].after_use();
            }
            let result = procedures[procedure.at()].result;
            state.set(first, result);
            after.falls_through = result != Kind::Never;
        }
        I::SetPath { path, .. } | I::Append { path, .. } | I::AdoptField { path, .. } => {
            if let Root::Register(register) = program.paths[path.at()].root {
                state.set(register, Kind::Any);
            }
        }
        I::CallChanging { dst, first, path, site } => {
            (0..program.sites[site.at()].arguments.len()).for_each(|at| state.set(Reg(first.0 + at as u8), Kind::Plain));
            if let Root::Register(register) = program.paths[path.at()].root {
                state.set(register, Kind::Any);
            }
            state.set(dst, Kind::Any);
        }
        I::Return { .. } | I::Halt {} | I::Jump { .. } | I::Switch { .. } | I::Throw { .. } | I::Rethrow { .. } => after.falls_through = false,
        other => {
            // What is taken out of a range leaves nothing behind; what is written may be anything.
            let operands = other.operands();
            for operand in &operands {
                match *operand {
                    Operand::Range(range) => (0..range.count).for_each(|at| state.set(Reg(range.first.0 + at), Kind::Plain)),
                    Operand::Arguments(first, site) => (0..program.sites[site.at()].arguments.len()).for_each(|at| state.set(Reg(first.0 + at as u8), Kind::Plain)),
                    Operand::Fields(first, shape) => (0..program.shapes[shape.at()].len()).for_each(|at| state.set(Reg(first.0 + at as u8), Kind::Plain)),
                    Operand::Block(first, count) => (0..count).for_each(|at| state.set(Reg(first.0 + at), Kind::Any)),
                    Operand::Read(_) | Operand::Write(_) | Operand::Window(..) | Operand::Const(_) | Operand::Int(_) | Operand::Flag(_) | Operand::Name(_) | Operand::Path(_) | Operand::Global(_) | Operand::Cache(_) | Operand::To(_) | Operand::Cases(_) => {}
                }
            }
            for operand in operands {
                if let Operand::Write(register) = operand {
                    state.set(register, Kind::Any);
                }
            }
        }
    }
    after
}

/// The handlers that guard each instruction of a procedure; nothing at all where there are none.
fn guards(procedure: &Procedure) -> Vec<Vec<Handler>> {
    let length = if procedure.handlers.is_empty() { 0 } else { procedure.end - procedure.entry };
    let mut guards = vec![Vec::new(); length as usize];
    for handler in &procedure.handlers {
        for guarded in &mut guards[(handler.start - procedure.entry) as usize..(handler.end - procedure.entry) as usize] {
            guarded.push(*handler);
        }
    }
    guards
}

/// What the registers hold where an instruction fails: what they held before, and in those that it works on also what
/// it makes of them, or nothing any more. What it called has given its registers back.
fn failed(program: &Program, instruction: I, before: &State, after: &State) -> State {
    let mut state = before.clone();
    if writes_last(instruction) {
        return state;
    }
    let mut touch = |register: usize| {
        if let Some(kind) = state.0.get_mut(register) {
            *kind = kind.or(after.0[register]).after_use();
        }
    };
    for operand in instruction.operands() {
        match operand {
            Operand::Write(register) => touch(register.at()),
            Operand::Range(range) => (0..usize::from(range.count)).for_each(|at| touch(range.first.at() + at)),
            Operand::Block(first, count) => (0..usize::from(count)).for_each(|at| touch(first.at() + at)),
            Operand::Arguments(first, site) => (0..program.sites[site.at()].arguments.len()).for_each(|at| touch(first.at() + at)),
            Operand::Fields(first, shape) => (0..program.shapes[shape.at()].len()).for_each(|at| touch(first.at() + at)),
            Operand::Window(first, _) => (first.at()..before.0.len()).for_each(&mut touch),
            Operand::Path(path) => {
                if let Root::Register(register) = program.paths[path.at()].root {
                    touch(register.at());
                }
            }
            Operand::Read(_) | Operand::Const(_) | Operand::Int(_) | Operand::Flag(_) | Operand::Name(_) | Operand::Global(_) | Operand::Cache(_) | Operand::To(_) | Operand::Cases(_) => {}
        }
    }
    state
}

/// Whether an instruction that fails leaves every register as it was: what it writes, it writes in the end.
fn writes_last(instruction: I) -> bool {
    matches!(
        instruction,
        I::Move { .. } | I::LoadConst { .. } | I::LoadInt { .. } | I::LoadBool { .. } | I::LoadNull { .. } | I::LoadMissing { .. } | I::GetGlobal { .. }
            | I::Add { .. } | I::Subtract { .. } | I::Multiply { .. } | I::Divide { .. } | I::IntegerDivide { .. } | I::Modulo { .. } | I::Power { .. } | I::Negate { .. }
            | I::AddInt { .. } | I::SubtractInt { .. } | I::MultiplyInt { .. } | I::ModuloInt { .. } | I::IntegerDivideInt { .. }
            | I::Not { .. } | I::Xor { .. } | I::Equal { .. } | I::NotEqual { .. } | I::Less { .. } | I::LessOrEqual { .. } | I::In { .. } | I::Like { .. } | I::IsNull { .. }
            | I::GetField { .. } | I::GetIndex { .. } | I::GetIndexField { .. } | I::ForLoop { .. }
    )
}

/// The form of an instruction that does not check what is known; the instruction itself where it must look.
fn known_form(program: &Program, instruction: I, state: &State, is_clean_above: bool) -> I {
    let form = || match instruction {
        I::Move { dst, src } => Some(I::MovePlain { dst: state.plain(dst)?, src: state.plain(src)? }),
        I::Add { dst, a, b } => match (state.int(a), state.float(a)) {
            (Some(a), _) => Some(I::AddInts { dst: state.plain(dst)?, a, b: state.int(b)? }),
            (None, a) => Some(I::AddFloats { dst: state.plain(dst)?, a: a?, b: state.float(b)? }),
        },
        I::Subtract { dst, a, b } => match (state.int(a), state.float(a)) {
            (Some(a), _) => Some(I::SubtractInts { dst: state.plain(dst)?, a, b: state.int(b)? }),
            (None, a) => Some(I::SubtractFloats { dst: state.plain(dst)?, a: a?, b: state.float(b)? }),
        },
        I::Multiply { dst, a, b } => match (state.int(a), state.float(a)) {
            (Some(a), _) => Some(I::MultiplyInts { dst: state.plain(dst)?, a, b: state.int(b)? }),
            (None, a) => Some(I::MultiplyFloats { dst: state.plain(dst)?, a: a?, b: state.float(b)? }),
        },
        I::Divide { dst, a, b } => Some(I::DivideFloats { dst: state.plain(dst)?, a: state.float(a)?, b: state.float(b)? }),
        I::AddInt { dst, a, value } => Some(I::AddToInt { dst: state.plain(dst)?, a: state.int(a)?, value }),
        I::SubtractInt { dst, a, value } => Some(I::AddToInt { dst: state.plain(dst)?, a: state.int(a)?, value: value.checked_neg()? }),
        I::ModuloInt { dst, a, value } => Some(I::ModuloOfInt { dst: state.plain(dst)?, a: state.int(a)?, value }),
        // Numbers are ordered, so that what is not less is greater or equal.
        I::JumpIfLess { a, b, target } => ordered(state, a, b, target, false),
        I::JumpUnlessLess { a, b, target } => ordered(state, b, a, target, true),
        I::JumpIfLessOrEqual { a, b, target } => ordered(state, a, b, target, true),
        I::JumpUnlessLessOrEqual { a, b, target } => ordered(state, b, a, target, false),
        I::JumpIfLessInt { a, value, target } => Some(I::JumpIfIntLess { a: state.int(a)?, value, target }),
        I::JumpUnlessLessInt { a, value, target } => Some(I::JumpIfIntGreater { a: state.int(a)?, value: value.checked_sub(1)?, target }),
        I::JumpIfLessOrEqualInt { a, value, target } => Some(I::JumpIfIntLess { a: state.int(a)?, value: value.checked_add(1)?, target }),
        I::JumpUnlessLessOrEqualInt { a, value, target } => Some(I::JumpIfIntGreater { a: state.int(a)?, value, target }),
        I::JumpIfGreaterInt { a, value, target } => Some(I::JumpIfIntGreater { a: state.int(a)?, value, target }),
        I::JumpUnlessGreaterInt { a, value, target } => Some(I::JumpIfIntLess { a: state.int(a)?, value: value.checked_add(1)?, target }),
        I::JumpIfGreaterOrEqualInt { a, value, target } => Some(I::JumpIfIntGreater { a: state.int(a)?, value: value.checked_sub(1)?, target }),
        I::JumpUnlessGreaterOrEqualInt { a, value, target } => Some(I::JumpIfIntLess { a: state.int(a)?, value, target }),
        I::Call { first, procedure } => {
            let callee = &program.procedures[procedure.at()];
            let own = (first.at() + usize::from(callee.parameters)).min(state.0.len())..(first.at() + usize::from(callee.registers)).min(state.0.len());
            let is_clean = is_clean_above && state.0[own].iter().all(|kind| kind.is_plain());
            is_clean.then_some(I::CallClean { first, procedure })
        }
        I::Return { src } => {
            let is_clean = state.0.iter().all(|kind| kind.is_plain());
            is_clean.then_some(I::ReturnClean { src: PlainReg(src) })
        }
        I::GetIndex { dst, object, index } => Some(I::GetIndexAt { dst, object, index: state.int(index)? }),
        I::SetIndex { object, index, src } => Some(I::SetIndexPlain { object, index: state.int(index)?, src: state.plain(src)? }),
        I::GetIndexField { dst, object, index, name, cache } => Some(I::GetIndexFieldAt { dst, object, index: state.int(index)?, name, cache }),
        I::SetIndexField { object, index, src, name, cache } => Some(I::SetIndexFieldPlain { object, index: state.int(index)?, src: state.plain(src)?, name, cache }),
        I::ForLoop { counter, rest, body } => {
            state.int(Reg(rest.0 + 1))?;
            Some(I::ForLoopInts { counter: state.int(counter)?, rest: state.int(rest)?, body })
        }
        _ => None,
    };
    form().unwrap_or(instruction)
}

fn ordered(state: &State, a: Reg, b: Reg, target: crate::program::Target, or_equal: bool) -> Option<I> {
    if let (Some(a), Some(b)) = (state.int(a), state.int(b)) {
        return Some(if or_equal { I::JumpIfIntsLessOrEqual { a, b, target } } else { I::JumpIfIntsLess { a, b, target } });
    }
    let (a, b) = (state.float(a)?, state.float(b)?);
    Some(if or_equal { I::JumpIfFloatsLessOrEqual { a, b, target } } else { I::JumpIfFloatsLess { a, b, target } })
}
