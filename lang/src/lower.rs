//! Turns the tree of a program into instructions.
//!
//! One procedure after another, one pass over each. Whatever needs the whole program (which variables are shared,
//! which sums keep their provenance, which keywords give many rows) was found out before.

mod accumulate;
mod call;
mod condition;
mod constants;
mod emit;
mod expr;
mod failure;
mod filters;
mod pages;
mod place;
mod regs;
mod select;
mod stmt;
mod sum;
mod tries;
mod with;

use std::borrow::Cow;
use std::rc::Rc;

use gbvm_vm::isa::Instruction;
use gbvm_vm::program::{GlobalIndex, Procedure, Program, Reg, Span, Wanted};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ast::{Leave, Name};
use crate::diagnostic::Diagnostic;
use crate::resolve::{INPUTS, Meaning, RESULT, Whole};
use emit::{Emitter, Label};
pub(crate) use filters::filter_sources;
pub(crate) use sum::{Part, is_textual, text_parts};
use place::Place;
use regs::{Binding, Registers};

/// What the passes before found out.
#[derive(Debug, Default)]
pub struct Facts {
    /// The sums that remember which of their parts were written in the script.
    pub tracked: FxHashSet<Span>,
    /// What is done with the rows of the keywords of which more than one is wanted.
    pub rows: FxHashMap<Span, Wanted>,
}

/// What lowering gives.
pub struct Lowered {
    /// The program, without its sources.
    pub program: Program,
    /// The first instruction of each statement.
    pub statements: Vec<(u32, Span)>,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// Lowers all routines; `sources` are not yet part of the program that it gives.
pub fn lower(whole: &Whole, facts: &Facts) -> Lowered {
    let mut lowering = Lowering {
        whole,
        facts,
        emit: Emitter::default(),
        diagnostics: Vec::new(),
        globals: FxHashMap::default(),
        routine: 0,
        registers: Registers::default(),
        loops: Vec::new(),
        targets: Vec::new(),
        once: Vec::new(),
        entry: 0,
        constants: constants::Constants::default(),
        failure: failure::Failure::default(),
        error_global: None,
    };
    lowering.share_globals();
    lowering.share_error();
    for routine in 0..whole.routines.len() {
        lowering.routine(routine);
    }
    if lowering.emit.is_full {
        let message = "The script is too large: it has more than 65,536 different constants, names or calls.";
        lowering.error("E_TOO_LARGE", whole.routines[0].span, message);
    }
    Lowered { program: lowering.emit.program, statements: lowering.emit.statements, diagnostics: lowering.diagnostics }
}

/// A loop that is being lowered.
struct Loop {
    kind: LoopKind,
    leave: Label,
    go_on: Label,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LoopKind {
    For,
    While,
    Do,
}

struct Lowering<'a> {
    whole: &'a Whole<'a>,
    facts: &'a Facts,
    emit: Emitter,
    diagnostics: Vec<Diagnostic>,
    /// The main part's variables that procedures share.
    globals: FxHashMap<Rc<str>, GlobalIndex>,

    // Of the routine at hand.
    routine: usize,
    registers: Registers,
    loops: Vec<Loop>,
    /// The targets of the WITH blocks around, the innermost last.
    targets: Vec<Place>,
    /// The values that serve a whole statement, by signature.
    once: Vec<(u16, Reg)>,
    /// Its first instruction.
    entry: u32,
    /// The literals that have a register.
    constants: constants::Constants,
    /// What is done where statements fail.
    failure: failure::Failure,
    /// The main part's last error, where procedures ask for it.
    error_global: Option<GlobalIndex>,
}

impl Lowering<'_> {
    fn error(&mut self, code: impl Into<Cow<'static, str>>, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, message));
    }

    fn emit(&mut self, span: Span, instruction: Instruction) {
        self.emit.emit(span, instruction);
    }

    /// Finds the main part's variables that procedures read. One that nothing sets may be an input that whoever
    /// starts the run gives.
    fn share_globals(&mut self) {
        for (routine, scope) in self.whole.scopes.iter().enumerate().skip(1) {
            for name in &scope.names {
                let is_shared = match self.whole.meaning(routine, &name.folded) {
                    Meaning::Main => true,
                    Meaning::Unset => &*name.folded != RESULT,
                    Meaning::Own | Meaning::Call(_) | Meaning::Error => false,
                };
                if is_shared && !self.globals.contains_key(&name.folded) {
                    let global = self.emit.global(&shown_name(name));
                    self.globals.insert(name.folded.clone(), global);
                }
            }
        }
    }

    fn routine(&mut self, index: usize) {
        let routine = &self.whole.routines[index];
        self.routine = index;
        self.registers = Registers::default();
        self.declare_variables(index);
        self.reserve_for_failure();
        let entry = self.emit.position();
        self.entry = entry;
        self.load_constants();
        self.begin_failure(routine.span);
        self.region(routine.body);
        self.end_routine(index);
        self.emit_stubs();
        let handlers = self.emit.finish(entry);
        let variables = self.registers.variables().iter().map(|(register, name)| (*register, (&**name).into()));
        let procedure = Procedure {
            name: routine.name.map_or("".into(), |name| (&*name.text).into()),
            entry,
            end: self.emit.position(),
            parameters: routine.parameters.len().min(usize::from(u8::MAX)) as u8,
            registers: self.registers.most().max(1),
            variables: variables.collect(),
            handlers,
        };
        self.emit.program.procedures.push(procedure);
    }

    /// Gives every variable of a routine its place. Those of the main part that do not fit are shared ones.
    fn declare_variables(&mut self, index: usize) {
        let mut refused = None;
        for name in &self.whole.scopes[index].names {
            let shared = self.globals.get(&name.folded).copied();
            match (self.whole.meaning(index, &name.folded), shared) {
                (Meaning::Main | Meaning::Unset, Some(global)) => self.registers.share(&name.folded, global),
                (Meaning::Own, Some(global)) if index == 0 => self.registers.share(&name.folded, global),
                (Meaning::Unset, None) if index > 0 => {}
                (Meaning::Own | Meaning::Unset, _) if self.registers.has_room() => {
                    self.registers.declare(&name.folded, &shown_name(name));
                }
                (Meaning::Own | Meaning::Unset, _) if index == 0 => {
                    let global = self.emit.global(&shown_name(name));
                    self.globals.insert(name.folded.clone(), global);
                    self.registers.share(&name.folded, global);
                }
                (Meaning::Own | Meaning::Unset, _) => refused = refused.or(Some(name.span)),
                (Meaning::Main | Meaning::Call(_) | Meaning::Error, _) => {}
            }
        }
        if let Some(span) = refused {
            let message = "This procedure has more than 180 variables; split it, or keep some of them in an object.";
            self.error("E_TOO_LARGE", span, message);
        }
    }

    /// What happens where the last statement of a routine is left.
    fn end_routine(&mut self, index: usize) {
        let routine = &self.whole.routines[index];
        // A jump to the end of the code must find an instruction there, and so must an empty procedure.
        if self.emit.is_unreachable(self.entry) {
            return;
        }
        let last = self.emit.program.spans[self.entry as usize..].last();
        let span = last.copied().unwrap_or(routine.span);
        match routine.name {
            None => self.emit(span, Instruction::Halt {}),
            Some(_) => self.leave_procedure(span),
        }
    }

    /// Returns from a procedure without RETURN: a FUNCTION gives what it assigned to its own name.
    fn leave_procedure(&mut self, span: Span) {
        let routine = &self.whole.routines[self.routine];
        let own = routine.name.filter(|_| routine.is_function).and_then(|name| self.registers.binding(&name.folded));
        let mark = self.registers.mark();
        let src = match own {
            Some(Binding::Register(register)) => register,
            Some(Binding::Global(_)) | None => {
                let nothing = self.registers.temporary();
                self.emit(span, Instruction::LoadMissing { dst: nothing });
                nothing
            }
        };
        self.give_back(src, span);
        self.registers.release(mark);
    }

    /// The loop that an EXIT or CONTINUE of a loop is for, if it stands in such a loop, and whether it goes on with it.
    fn left_loop(&self, leave: Leave) -> Option<(usize, bool)> {
        let (kind, continues) = match leave {
            Leave::Run | Leave::Procedure => return None,
            Leave::For => (LoopKind::For, false),
            Leave::While => (LoopKind::While, false),
            Leave::Do => (LoopKind::Do, false),
            Leave::ContinueFor => (LoopKind::For, true),
            Leave::ContinueWhile => (LoopKind::While, true),
            Leave::ContinueDo => (LoopKind::Do, true),
        };
        Some((self.loops.iter().rposition(|around| around.kind == kind)?, continues))
    }

    /// Where an EXIT or CONTINUE of a loop goes, if one jump does it.
    fn leave_label(&self, leave: Leave) -> Option<Label> {
        let (index, continues) = self.left_loop(leave)?;
        let around = &self.loops[index];
        (!self.leaves_finally(index)).then_some(if continues { around.go_on } else { around.leave })
    }

    fn leave(&mut self, leave: Leave, span: Span) {
        if let Some((index, continues)) = self.left_loop(leave) {
            return self.exit(tries::Exit::Loop { index, continues }, span);
        }
        match leave {
            // The machine lets the FINALLYs around, its own and its callers', run first.
            Leave::Run => self.emit(span, Instruction::Halt {}),
            Leave::Procedure => self.leave_procedure(span),
            // Outside of such a loop: refused where blocks are nested.
            Leave::For | Leave::While | Leave::Do | Leave::ContinueFor | Leave::ContinueDo | Leave::ContinueWhile => {}
        }
    }

    fn jump(&mut self, label: Label, span: Span) {
        let target = self.emit.target(label);
        self.emit(span, Instruction::Jump { target });
    }
}

/// A variable's name as the program shows it: as written, but what the host sets and reads is in lower case.
fn shown_name(name: &Name) -> Rc<str> {
    if INPUTS.contains(&&*name.folded) || &*name.folded == "result" {
        return name.folded.clone();
    }
    match name.folded.strip_prefix("result_") {
        Some(_) => format!("result_{}", &name.text["result_".len()..]).into(),
        None => name.text.clone(),
    }
}
