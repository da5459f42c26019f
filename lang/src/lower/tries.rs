//! TRY, and leaving it: CATCH and FINALLY, and the ways out of blocks.
//!
//! FINALLY stands once in the code. Whoever leaves TRY says in a register, the *route*, where to go on behind it.

use std::rc::Rc;

use gbvm_vm::isa::Instruction;
use gbvm_vm::program::{Reg, Span, Takes};

use super::Lowering;
use super::emit::{Guard, Label};
use super::failure::Stub;
use crate::ast::{Catch, Statement};

/// The route of whoever reached the end of TRY.
const ON: i32 = 0;
/// The route of a fault, and of the end of the run.
pub(super) const FAILED: i32 = 1;
/// The route of the first exit.
const FIRST_EXIT: i32 = 2;

/// A FINALLY whose TRY is being lowered.
pub(super) struct Finally {
    start: Label,
    route: Reg,
    /// What RETURN gives.
    value: Reg,
    /// How many loops are around TRY.
    loops: usize,
    exits: Vec<Exit>,
}

/// A way out of blocks.
#[derive(Clone, PartialEq)]
pub(super) enum Exit {
    Loop { index: usize, continues: bool },
    Return,
    Label(Rc<str>),
}

impl Lowering<'_> {
    pub(super) fn try_block(&mut self, body: &[Statement], catch: Option<&Catch>, finally: Option<&[Statement]>, span: Span) {
        self.failure.tries += 1;
        let error = self.registers.temporary();
        self.registers.temporary();
        let [start, end, done] = [(); 3].map(|()| self.emit.label());
        if finally.is_some() {
            let (route, value) = (self.registers.temporary(), self.registers.temporary());
            self.emit(span, Instruction::LoadInt { dst: route, value: ON });
            self.failure.finallies.push(Finally { start: done, route, value, loops: self.loops.len(), exits: Vec::new() });
        }
        self.emit.mark(start);
        self.region(body);
        self.emit.mark(end);
        if let Some(catch) = catch {
            self.jump_on_to(done, span);
            let caught = self.emit.label();
            self.emit.guard(Guard { start, end, takes: Takes::Faults, target: caught, error, count: None });
            self.emit.bind(caught);
            self.catch(catch, error);
        }
        let guarded = self.emit.label();
        self.emit.mark(guarded);
        self.emit.bind(done);
        if let Some(finally) = finally {
            let around = self.failure.finallies.pop().expect("it was pushed above, and whoever pushed more has popped them");
            let entry = self.emit.label();
            self.emit.guard(Guard { start, end: guarded, takes: Takes::Everything, target: entry, error, count: None });
            self.failure.stubs.push(Stub::Failed { entry, route: around.route, finally: done, span });
            self.region(finally);
            self.go_on_after(around, error, span);
        }
        self.failure.tries -= 1;
    }

    fn catch(&mut self, catch: &Catch, error: Reg) {
        if let Some(place) = catch.variable.as_ref().and_then(|variable| self.variable(variable)) {
            self.store(&place, error, catch.span);
        }
        self.failure.caught.push(error);
        self.region(&catch.body);
        self.failure.caught.pop();
    }

    /// Behind FINALLY: each of those who came here goes on with what it was about.
    fn go_on_after(&mut self, finally: Finally, error: Reg, span: Span) {
        if self.emit.is_unreachable(self.entry) {
            return;
        }
        let route = |this: &mut Self, number: i32, act: &mut dyn FnMut(&mut Self)| {
            let next = this.emit.label();
            let (constant, target) = (this.emit.integer(i64::from(number)), this.emit.target(next));
            this.emit(span, Instruction::JumpIfNotEqualConst { a: finally.route, constant, target });
            act(this);
            this.emit.bind(next);
        };
        route(self, FAILED, &mut |this| this.emit(span, Instruction::Rethrow { error }));
        for (number, exit) in (FIRST_EXIT..).zip(&finally.exits) {
            route(self, number, &mut |this| match exit {
                Exit::Return => this.give_back(finally.value, span),
                Exit::Loop { .. } | Exit::Label(_) => this.exit(exit.clone(), span),
            });
        }
    }

    /// Leaves the routine with a value.
    pub(super) fn give_back(&mut self, src: Reg, span: Span) {
        match self.failure.finallies.last().map(|finally| finally.value) {
            None => self.emit(span, Instruction::Return { src }),
            Some(dst) => {
                if dst != src {
                    self.emit(span, Instruction::Move { dst, src });
                }
                self.exit(Exit::Return, span);
            }
        }
    }

    /// Whether whoever leaves a loop leaves the innermost FINALLY around too.
    pub(super) fn leaves_finally(&self, index: usize) -> bool {
        self.failure.finallies.last().is_some_and(|finally| index < finally.loops)
    }

    /// Goes where an exit leads, through the FINALLYs that it leaves. What RETURN gives is in the innermost one's register.
    pub(super) fn exit(&mut self, exit: Exit, span: Span) {
        let is_left = match &exit {
            Exit::Loop { index, .. } => self.leaves_finally(*index),
            Exit::Return => true,
            Exit::Label(name) => self.failure.labels.get(name).is_some_and(|(_, depth)| *depth < self.failure.finallies.len()),
        };
        if let Some(finally) = self.failure.finallies.last_mut().filter(|_| is_left) {
            let known = finally.exits.iter().position(|known| *known == exit);
            let number = known.unwrap_or(finally.exits.len());
            if known.is_none() {
                finally.exits.push(exit);
            }
            let (dst, start) = (finally.route, finally.start);
            self.emit(span, Instruction::LoadInt { dst, value: FIRST_EXIT + number as i32 });
            return self.jump(start, span);
        }
        let label = match exit {
            Exit::Loop { index, continues } => {
                let around = &self.loops[index];
                if continues { around.go_on } else { around.leave }
            }
            Exit::Label(name) => match self.failure.labels.get(&name) {
                Some((label, _)) => *label,
                None => return,
            },
            Exit::Return => unreachable!("without a FINALLY around, the value is given back at once"),
        };
        self.jump(label, span);
    }
}
