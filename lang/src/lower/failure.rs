//! What is done where statements fail or are left: ON ERROR, TRY, THROW, labels and jumps.
//!
//! The normal way has nothing of it but a few loads: handlers stand in the procedure's table, and what they lead to
//! stands behind its code. ON ERROR is a register, the *mode*: 0 lets faults pass, 1 goes on behind the statement that
//! failed, higher ones go to a label. Each statement guards itself in mode 1; each block that holds a label guards
//! itself in that label's mode. While the code at a label runs, the mode is 0; GOTO sets what was ordered again.

use std::rc::Rc;

use gbvm_vm::isa::Instruction;
use gbvm_vm::program::{JumpTable, Reg, Root, Span, Takes};
use gbvm_vm::signature::Access;
use rustc_hash::FxHashMap;

use super::Lowering;
use super::emit::{Guard, Label};
use super::place::Place;
use super::tries::{self, Exit, Finally};
use crate::ast::{ErrorPart, Expression, ExpressionKind, Name, OnError, Statement, StatementKind};
use crate::labels;
use crate::resolve::{Answer, ERROR, Meaning};

/// The mode in which the statement behind the one that failed is next.
const RESUME: u16 = 1;
/// The mode of the first label.
const FIRST_LABEL: u16 = 2;

/// The state of a routine that is being lowered.
#[derive(Default)]
pub(super) struct Failure {
    /// Where the routine says ON ERROR.
    on_error: Option<Rc<Orders>>,
    /// How many parts of TRY are around.
    pub(super) tries: usize,
    /// The FINALLYs around that must run before something is left, innermost last.
    pub(super) finallies: Vec<Finally>,
    /// What the CATCHes around caught, innermost last.
    pub(super) caught: Vec<Reg>,
    /// The labels, and how many FINALLYs each is inside of.
    pub(super) labels: FxHashMap<Rc<str>, (Label, usize)>,
    /// The place that the statement at hand assigns to, from which position on, and the registers in use there.
    assigned: Option<(Place, Label, u8)>,
    /// Where the statement that holds the code at hand is over, and its place, where it may fail and the next follow.
    around: Option<(Label, Span)>,
    pub(super) stubs: Vec<Stub>,
}

/// The registers of ON ERROR. Every statement looks at them, so they are shared.
struct Orders {
    mode: Reg,
    /// What the last ON ERROR said.
    ordered: Reg,
    /// The last error, and the register behind it.
    error: Reg,
    /// Nobody reads what comes here.
    spare: Reg,
    /// How many statements were executed of which nothing stays if they fail.
    count: Reg,
    /// The labels that it goes to, and their modes.
    labels: FxHashMap<Rc<str>, u16>,
}

/// What expressions may do besides giving a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effects {
    /// One keyword among them writes.
    OneWrite,
    /// They call a procedure, or several keywords that write.
    More,
}

/// Code that is rarely needed and stands behind the procedure's own.
pub(super) enum Stub {
    /// Go on behind a statement that failed.
    Resume { entry: Label, unset: Option<(Place, u8)>, resume: Label, span: Span },
    /// Go on at one of a block's labels, that of the mode.
    Trap { entry: Label, labels: Vec<(u16, Label)>, span: Span },
    /// Go on at FINALLY.
    Failed { entry: Label, route: Reg, finally: Label, span: Span },
}

impl Lowering<'_> {
    /// Gives ON ERROR its registers.
    pub(super) fn reserve_for_failure(&mut self) {
        let body = self.whole.routines[self.routine].body;
        self.failure = Failure::default();
        for (name, depth) in labels::depths(body) {
            let label = self.emit.label();
            self.failure.labels.insert(name, (label, depth));
        }
        if !self.whole.scopes[self.routine].traps_errors {
            return;
        }
        let mut reserve = || self.registers.reserve();
        let (mode, ordered, error) = (reserve(), reserve(), reserve());
        reserve();
        let spare = reserve();
        reserve();
        let count = reserve();
        let labels = labels::trapped(body).into_iter().zip(FIRST_LABEL..).collect();
        self.failure.on_error = Some(Rc::new(Orders { mode, ordered, error, spare, count, labels }));
    }

    /// Nothing was ordered and nothing has failed when a routine begins.
    pub(super) fn begin_failure(&mut self, span: Span) {
        let Some(orders) = self.failure.on_error.clone() else { return };
        self.order(&orders, 0, span);
        for register in [orders.error, Reg(orders.error.0 + 1)] {
            self.emit(span, Instruction::LoadMissing { dst: register });
        }
        self.emit(span, Instruction::LoadInt { dst: orders.count, value: 0 });
    }

    fn order(&mut self, orders: &Orders, mode: u16, span: Span) {
        self.emit(span, Instruction::LoadInt { dst: orders.mode, value: i32::from(mode) });
        self.emit(span, Instruction::LoadInt { dst: orders.ordered, value: i32::from(mode) });
    }

    pub(super) fn on_error(&mut self, order: &OnError, span: Span) {
        let Some(orders) = self.failure.on_error.clone() else { return };
        let mode = match order {
            OnError::Fail => 0,
            OnError::Resume => RESUME,
            // An unknown one is reported where labels are checked.
            OnError::Goto(name) => orders.labels.get(&name.folded).copied().unwrap_or(0),
        };
        self.order(&orders, mode, span);
    }

    /// Whether each statement here must be such that the next can follow where it fails.
    pub(super) fn guards_statements(&self) -> bool {
        self.failure.on_error.is_some() && self.failure.tries == 0
    }

    /// Whether what a variable held may be looked at after the statement that sets it has failed.
    pub(super) fn may_be_caught(&self) -> bool {
        self.failure.on_error.is_some() || self.failure.tries > 0
    }

    /// Lowers one statement, or one line of WITH, so that the next can follow where it fails.
    /// Of one that `is_whole` nothing may stay then, whatever it called.
    pub(super) fn guarded(&mut self, span: Span, is_whole: bool, act: impl FnOnce(&mut Self)) {
        let Some(orders) = self.failure.on_error.clone().filter(|_| self.guards_statements()) else { return act(self) };
        let [start, end, resume] = [(); 3].map(|()| self.emit.label());
        let position = self.emit.position();
        let count = is_whole.then_some(orders.count);
        if let Some(count) = count {
            self.emit(span, Instruction::AddInt { dst: count, a: count, value: 1 });
        }
        self.emit.mark(start);
        let outer = (self.failure.assigned.take(), self.failure.around.replace((resume, span)));
        act(self);
        let assigned = std::mem::replace(&mut self.failure.assigned, outer.0);
        self.failure.around = outer.1;
        self.emit.mark(end);
        if self.emit.position() == position {
            return;
        }
        self.emit.bind(resume);
        match assigned {
            None => self.guard_statement(&orders, count, (start, end), None, (resume, span)),
            Some((place, from, top)) => {
                self.guard_statement(&orders, count, (start, from), None, (resume, span));
                self.guard_statement(&orders, count, (from, end), Some((place, top)), (resume, span));
            }
        }
    }

    /// Lets what fails in a part of the code go on behind the statement that it belongs to.
    fn guard_statement(&mut self, orders: &Orders, count: Option<Reg>, part: (Label, Label), unset: Option<(Place, u8)>, (resume, span): (Label, Span)) {
        let target = if unset.is_none() && self.error_slot().is_none() {
            resume
        } else {
            let entry = self.emit.label();
            self.failure.stubs.push(Stub::Resume { entry, unset, resume, span });
            entry
        };
        self.emit.guard(Guard { start: part.0, end: part.1, takes: Takes::While(orders.mode, RESUME), target, error: orders.error, count });
    }

    /// Lowers what a block computes before its statements, or between two rounds of them: of it nothing may stay if it
    /// fails, while what its statements did stays.
    pub(super) fn head<T>(&mut self, span: Span, expressions: &[&Expression], act: impl FnOnce(&mut Self) -> T) -> T {
        let orders = self.failure.on_error.clone().filter(|_| self.guards_statements());
        let (Some(orders), Some(around)) = (orders, self.failure.around) else { return act(self) };
        if self.effects(expressions).is_none() {
            return act(self);
        }
        let (start, end) = (self.emit.label(), self.emit.label());
        self.emit(span, Instruction::AddInt { dst: orders.count, a: orders.count, value: 1 });
        self.emit.mark(start);
        let done = act(self);
        self.emit.mark(end);
        self.guard_statement(&orders, Some(orders.count), (start, end), None, around);
        done
    }

    /// Whether a statement may have done something before it fails: it calls a procedure, or keywords that write, and is
    /// more than one such call. What stands in blocks are statements of their own, but for TRY, which fails as one.
    pub(super) fn does_much(&self, statement: &Statement) -> bool {
        if !self.guards_statements() {
            return false;
        }
        if matches!(statement.kind, StatementKind::Try { .. }) {
            let mut parts = Vec::new();
            crate::walk::each_statement(std::slice::from_ref(statement), &mut |inner| parts.extend(crate::walk::own_expressions(inner)));
            return self.effects(&parts).is_some();
        }
        if !crate::walk::blocks(statement).is_empty() {
            return false;
        }
        let is_call_alone = match &statement.kind {
            StatementKind::Expression(call) => self.is_write(call),
            StatementKind::Assign { place, operator: None, value } => matches!(place.kind, ExpressionKind::Name(_)) && self.is_write(value),
            _ => false,
        };
        match self.effects(&crate::walk::own_expressions(statement)) {
            None => false,
            Some(Effects::OneWrite) => !is_call_alone,
            Some(Effects::More) => true,
        }
    }

    /// What expressions may have done when one of them fails; none where they only compute.
    fn effects(&self, expressions: &[&Expression]) -> Option<Effects> {
        let mut effects = None;
        for expression in expressions {
            crate::walk::each_part(expression, &mut |part| {
                if matches!(self.whole.callee(self.routine, part), Some(Answer::Procedure(_))) {
                    effects = Some(Effects::More);
                } else if self.is_write(part) {
                    effects = Some(if effects.is_none() { Effects::OneWrite } else { Effects::More });
                }
            });
        }
        effects
    }

    /// Whether an expression is a call of a keyword that writes.
    fn is_write(&self, expression: &Expression) -> bool {
        match self.whole.callee(self.routine, expression) {
            Some(Answer::Builtin(index)) => self.whole.signatures[usize::from(index)].access == Access::Write,
            Some(Answer::Procedure(_) | Answer::Nobody) | None => false,
        }
    }

    /// Notes that the statement at hand assigns to a place, which is MISSING if it fails from here on.
    pub(super) fn note_assigned(&mut self, place: &Place) {
        if self.guards_statements() {
            let from = self.emit.label();
            self.emit.mark(from);
            self.failure.assigned = Some((place.clone(), from, self.registers.mark()));
        }
    }

    /// Lowers a block that is entered at its head, or all of a routine: the labels in it are in force there.
    pub(super) fn region(&mut self, block: &[Statement]) {
        self.region_of(block, |this| this.block(block));
    }

    /// As [`Self::region`], the block lowered in another way.
    pub(super) fn region_of(&mut self, block: &[Statement], act: impl FnOnce(&mut Self)) {
        let Some(orders) = self.failure.on_error.clone().filter(|orders| !orders.labels.is_empty()) else { return act(self) };
        let (start, end) = (self.emit.label(), self.emit.label());
        self.emit.mark(start);
        act(self);
        self.emit.mark(end);
        // One handler for all of them: with one for each, every instruction here would be guarded by all.
        let direct = labels::direct(block).into_iter();
        let mut labels: Vec<(u16, Label)> = direct.filter_map(|name| Some((*orders.labels.get(&name)?, self.failure.labels.get(&name)?.0))).collect();
        labels.sort_by_key(|(mode, _)| *mode);
        let takes = match *labels {
            [] => return,
            [(mode, _)] => Takes::While(orders.mode, mode),
            [(first, _), .., (last, _)] => Takes::Between(orders.mode, first, last),
        };
        let entry = self.emit.label();
        let span = block.first().map_or(Span::default(), |first| first.span);
        self.failure.stubs.push(Stub::Trap { entry, labels, span });
        self.emit.guard(Guard { start, end, takes, target: entry, error: orders.error, count: None });
    }

    pub(super) fn label(&mut self, name: &Name) {
        if let Some(&(label, _)) = self.failure.labels.get(&name.folded) {
            self.emit.bind(label);
        }
    }

    pub(super) fn goto(&mut self, name: &Name, span: Span) {
        if let Some(orders) = self.failure.on_error.clone().filter(|orders| !orders.labels.is_empty()) {
            self.emit(span, Instruction::Move { dst: orders.mode, src: orders.ordered });
        }
        if self.failure.labels.contains_key(&name.folded) {
            self.exit(Exit::Label(name.folded.clone()), span);
        }
    }

    pub(super) fn throw(&mut self, value: &Expression, span: Span) {
        let src = self.operand(value);
        self.emit(span, Instruction::Throw { src });
    }

    /// Where the last error is: that of the CATCH around, else of the routine, else of the main part. None where there
    /// can be none.
    fn last_error(&mut self) -> Option<Root> {
        if let Some(caught) = self.failure.caught.last() {
            return Some(Root::Register(*caught));
        }
        match self.error_slot() {
            Some(slot) => Some(Root::Global(slot)),
            None => self.failure.on_error.as_ref().map(|orders| Root::Register(orders.error)),
        }
    }

    /// The shared variable with the routine's last error, if it is shared.
    fn error_slot(&self) -> Option<gbvm_vm::program::GlobalIndex> {
        self.error_global.filter(|_| self.whole.error_owner(self.routine) == Some(0))
    }

    /// Lets procedures see the main part's last error, where one asks for it.
    pub(super) fn share_error(&mut self) {
        let asks = |routine: usize| {
            let body = self.whole.routines[routine].body;
            let mut found = false;
            crate::walk::each_expression(body, &mut |expression| {
                found |= match &expression.kind {
                    ExpressionKind::ErrorPart(_) => true,
                    ExpressionKind::Name(name) => &*name.folded == ERROR,
                    _ => false,
                };
            });
            crate::walk::each_statement(body, &mut |statement| found |= matches!(statement.kind, StatementKind::ClearError));
            found
        };
        let is_shared = (1..self.whole.routines.len()).any(|routine| self.whole.error_owner(routine) == Some(0) && asks(routine));
        if is_shared {
            // No variable of a script has a blank in its name.
            self.error_global = Some(self.emit.global("last error"));
        }
    }

    /// A register with the last error, if there can be one.
    fn error_register(&mut self, span: Span) -> Option<Reg> {
        match self.last_error()? {
            Root::Register(register) => Some(register),
            Root::Global(slot) => {
                let dst = self.registers.temporary();
                self.emit(span, Instruction::GetGlobal { dst, slot });
                Some(dst)
            }
        }
    }

    /// `ERROR`
    pub(super) fn has_error(&mut self, dst: Reg, span: Span) {
        match self.error_register(span) {
            Some(src) => {
                self.emit(span, Instruction::IsNull { dst, src });
                self.emit(span, Instruction::Not { dst, src: dst });
            }
            None => self.emit(span, Instruction::LoadBool { dst, value: false }),
        }
    }

    /// `ERROR MESSAGE` and `ERROR CODE`; empty where there was no error.
    pub(super) fn error_part(&mut self, part: ErrorPart, dst: Reg, span: Span) {
        self.error_field(match part {
            ErrorPart::Message => "message",
            ErrorPart::Code => "code",
        }, dst, span);
    }

    /// Whether an expression is ERROR, whose fields are those of the error.
    pub(super) fn is_last_error(&self, expression: &Expression) -> bool {
        matches!(&expression.kind, ExpressionKind::Name(name) if self.whole.meaning(self.routine, &name.folded) == Meaning::Error)
    }

    /// `ERROR.message` and the like.
    pub(super) fn error_field(&mut self, field: &str, dst: Reg, span: Span) {
        let Some(object) = self.error_register(span) else { return self.emit(span, Instruction::LoadMissing { dst }) };
        let name = self.emit.name(field);
        let cache = self.emit.cache();
        self.emit(span, Instruction::GetField { dst, object, name, cache });
    }

    pub(super) fn clear_error(&mut self, span: Span) {
        match self.last_error() {
            Some(Root::Register(dst)) => self.emit(span, Instruction::LoadMissing { dst }),
            Some(Root::Global(slot)) => {
                let src = self.registers.temporary();
                self.emit(span, Instruction::LoadMissing { dst: src });
                self.emit(span, Instruction::SetGlobal { slot, src });
            }
            None => {}
        }
    }

    /// The code that is rarely needed.
    pub(super) fn emit_stubs(&mut self) {
        for stub in std::mem::take(&mut self.failure.stubs) {
            match stub {
                Stub::Resume { entry, unset, resume, span } => {
                    self.emit.bind(entry);
                    self.note_error(span);
                    if let Some((place, top)) = unset {
                        self.unset(&place, top, resume, span);
                    }
                    self.jump(resume, span);
                }
                Stub::Trap { entry, labels, span } => {
                    self.emit.bind(entry);
                    self.note_error(span);
                    self.go_on_at_label(&labels, span);
                }
                Stub::Failed { entry, route, finally, span } => {
                    self.emit.bind(entry);
                    self.emit(span, Instruction::LoadInt { dst: route, value: tries::FAILED });
                    self.jump(finally, span);
                }
            }
        }
    }

    /// Goes on at the label of the mode, with no orders in force.
    fn go_on_at_label(&mut self, labels: &[(u16, Label)], span: Span) {
        let (Some(orders), Some(&(_, first))) = (self.failure.on_error.clone(), labels.first()) else { return };
        let off = Instruction::LoadInt { dst: orders.mode, value: 0 };
        if labels.len() == 1 {
            self.emit(span, off);
            return self.jump(first, span);
        }
        self.emit(span, Instruction::Move { dst: orders.spare, src: orders.mode });
        self.emit(span, off);
        let cases = labels.iter().map(|(mode, label)| (self.emit.integer(i64::from(*mode)), self.emit.target(*label))).collect();
        let otherwise = self.emit.target(first);
        let table = self.emit.table(JumpTable { cases, otherwise });
        self.emit(span, Instruction::Switch { src: orders.spare, table });
    }

    /// Shares the error that a handler was given, where procedures ask for it.
    fn note_error(&mut self, span: Span) {
        if let (Some(slot), Some(src)) = (self.error_slot(), self.failure.on_error.as_ref().map(|orders| orders.error)) {
            self.emit(span, Instruction::SetGlobal { slot, src });
        }
    }

    /// Sets a place to MISSING; where that fails too, it stays as it is.
    fn unset(&mut self, place: &Place, top: u8, resume: Label, span: Span) {
        let Some(orders) = self.failure.on_error.clone() else { return };
        if let Some(dst) = place.register() {
            return self.emit(span, Instruction::LoadMissing { dst });
        }
        let (start, end) = (self.emit.label(), self.emit.label());
        let mark = self.registers.mark();
        // The registers of its indexes are still in use.
        self.registers.release(top);
        let src = self.registers.temporary();
        self.emit(span, Instruction::LoadMissing { dst: src });
        self.emit.mark(start);
        self.store(place, src, span);
        self.emit.mark(end);
        self.registers.release(mark);
        self.emit.guard(Guard { start, end, takes: Takes::While(orders.mode, RESUME), target: resume, error: orders.spare, count: None });
    }
}
