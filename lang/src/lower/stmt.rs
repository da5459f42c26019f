//! Statements.

use gbvm_vm::isa::Instruction;
use gbvm_vm::program::{Reg, Span};

use super::emit::Label;
use super::place::Place;
use super::{Binding, Loop, LoopKind, Lowering};
use crate::ast::*;
use crate::resolve::{self, Answer, Meaning, RESULT};

/// How many registers in use around a statement are to blame, rather than the statement, where they do not suffice.
const MANY: u8 = 128;

impl Lowering<'_> {
    pub(super) fn block(&mut self, block: &[Statement]) {
        for statement in block {
            self.statement(statement);
        }
    }

    pub(super) fn statement(&mut self, statement: &Statement) {
        let mark = self.registers.mark();
        let once = self.once.len();
        self.emit.statements.push((self.emit.position(), statement.span));
        if can_fail(&statement.kind) {
            self.guarded(statement.span, self.does_much(statement), |this| this.one(statement));
        } else {
            self.one(statement);
        }
        if self.registers.take_overflow() {
            let message = match mark > MANY {
                true => "The blocks and variables around this need too many values at once; move the inner blocks to a SUB.",
                false => "This needs too many values at once; compute parts of it in statements of their own.",
            };
            self.error("E_TOO_LARGE", statement.span, message);
        }
        self.once.truncate(once);
        self.registers.release(mark);
    }

    fn one(&mut self, statement: &Statement) {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Assign { place, operator, value } | StatementKind::WithField { place, operator, value } => {
                self.compute_once(&[value, place]);
                self.assign(place, *operator, value, span);
            }
            StatementKind::If { arms, otherwise } => self.if_arms(arms, otherwise.as_deref(), span),
            StatementKind::Select { subject, arms, otherwise } => self.select(subject, arms, otherwise.as_deref()),
            StatementKind::ForEach { variable, list, body } if self.goes_by_pages(list) => self.for_each_by_pages(variable, list, body, span),
            StatementKind::ForEach { variable, list, body } => self.for_each(variable, list, body, span),
            StatementKind::For { variable, from, to, step, body } => {
                self.count(variable, from, to, step.as_ref(), body, span);
            }
            StatementKind::While { condition, body } => self.while_loop(LoopKind::While, condition, true, body, span),
            StatementKind::Do { top: Some(top), bottom: None, body } => {
                self.while_loop(LoopKind::Do, &top.condition, !top.is_until, body, span);
            }
            StatementKind::Do { top, bottom, body } => self.do_loop(top.as_ref(), bottom.as_ref(), body, span),
            StatementKind::Leave(leave) => self.leave(*leave, span),
            StatementKind::Return(value) => self.return_value(value.as_ref(), span),
            StatementKind::With { target, is_new, body } => self.with(target, *is_new, body, span),
            StatementKind::Expression(expression) => {
                self.compute_once(&[expression]);
                self.expression_statement(expression);
            }
            StatementKind::Try { body, catch, finally } => self.try_block(body, catch.as_ref(), finally.as_deref(), span),
            StatementKind::Throw(value) => {
                self.compute_once(&[value]);
                self.throw(value, span);
            }
            StatementKind::OnError(order) => self.on_error(order, span),
            StatementKind::ClearError => self.clear_error(span),
            StatementKind::Label(name) => self.label(name),
            StatementKind::Goto(name) => self.goto(name, span),
            StatementKind::Shared(_) | StatementKind::Invalid => {}
        }
    }

    fn expression_statement(&mut self, expression: &Expression) {
        match &expression.kind {
            ExpressionKind::Call { name, arguments } => {
                let answer = self.whole.answer(&name.folded);
                self.call(expression, name, answer, &arguments.iter().collect::<Vec<_>>(), None);
            }
            ExpressionKind::Keyword { index, arguments } => {
                self.builtin(*index, expression.span, &arguments.iter().collect::<Vec<_>>(), None);
            }
            ExpressionKind::Method { object, name, arguments } => self.method(expression, object, name, arguments, None),
            ExpressionKind::Name(name) => match self.whole.meaning(self.routine, &name.folded) {
                Meaning::Call(answer) => self.call(expression, name, answer, &[], None),
                Meaning::Unset => match self.whole.answer(&name.folded) {
                    Answer::Nobody => self.unanswered(name, None, expression.span),
                    answer => self.call(expression, name, answer, &[], None),
                },
                Meaning::Own | Meaning::Main | Meaning::Error => {}
            },
            _ => self.discard(expression),
        }
    }

    /// `place = value`, or with an operator `place op= value`.
    pub(super) fn assign(&mut self, place: &Expression, operator: Option<BinaryOperator>, value: &Expression, span: Span) {
        let target = self.place(place);
        let Some(target) = target else { return self.discard(value) };
        self.note_assigned(&target);
        if self.accumulate(&target, place, operator, value, span) {
            return;
        }
        let Some(operator) = operator else {
            match target.register() {
                Some(register) => self.into(value, register),
                None => {
                    let src = self.operand(value);
                    self.store(&target, src, span);
                }
            }
            return;
        };
        let before = target.register().unwrap_or_else(|| {
            let register = self.registers.temporary();
            self.load(&target, register, span);
            register
        });
        let result = target.register().unwrap_or_else(|| self.registers.temporary());
        match operator {
            BinaryOperator::Add => self.add_to(before, value, result),
            BinaryOperator::Concat => {
                let parts = super::sum::text_parts(value);
                self.join(&parts, Some(before), self.facts.tracked.contains(&value.span), result, span);
            }
            BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Coalesce => {
                self.error("E_SYNTAX", span, "Only +, -, *, / and & can stand before = here.");
            }
            _ => {
                let b = self.operand(value);
                self.operate(operator, before, b, result, span);
            }
        }
        self.store(&target, result, span);
    }

    /// Computes a condition and branches on it; the values that serve the whole condition live no longer.
    fn test(&mut self, condition: &Expression, when: bool, label: Label) {
        let (mark, once) = (self.registers.mark(), self.once.len());
        self.head(condition.span, &[condition], |this| {
            this.compute_once(&[condition]);
            this.branch(condition, when, label);
        });
        self.once.truncate(once);
        self.registers.release(mark);
    }

    fn if_arms(&mut self, arms: &[(Expression, Vec<Statement>)], otherwise: Option<&[Statement]>, span: Span) {
        if let ([(condition, block)], None) = (arms, otherwise)
            && let [Statement { kind: StatementKind::Leave(leave), .. }] = block.as_slice()
            && let Some(label) = self.leave_label(*leave)
        {
            return self.test(condition, true, label);
        }
        let end = self.emit.label();
        for (index, (condition, block)) in arms.iter().enumerate() {
            let next = self.emit.label();
            self.test(condition, false, next);
            self.block(block);
            if index + 1 < arms.len() || otherwise.is_some() {
                self.jump_on_to(end, span);
            }
            self.emit.bind(next);
        }
        self.block(otherwise.unwrap_or_default());
        self.emit.bind(end);
    }

    /// A jump, unless the code before never gets here.
    pub(super) fn jump_on_to(&mut self, label: Label, span: Span) {
        if !self.emit.is_unreachable(self.entry) {
            self.jump(label, span);
        }
    }

    pub(super) fn enter(&mut self, kind: LoopKind) -> (Label, Label, Label) {
        let (body, go_on, leave) = (self.emit.label(), self.emit.label(), self.emit.label());
        self.loops.push(Loop { kind, leave, go_on });
        (body, go_on, leave)
    }

    /// A loop that tests before each round: the test stands at the end and is jumped to once.
    fn while_loop(&mut self, kind: LoopKind, condition: &Expression, when: bool, body: &[Statement], span: Span) {
        let (start, go_on, leave) = self.enter(kind);
        let is_endless = matches!(condition.kind, ExpressionKind::Literal(Literal::Bool(value)) if value == when);
        if !is_endless {
            self.jump(go_on, span);
        }
        self.emit.bind(start);
        self.block(body);
        self.emit.bind(go_on);
        self.test(condition, when, start);
        self.emit.bind(leave);
        self.loops.pop();
    }

    fn do_loop(&mut self, top: Option<&LoopTest>, bottom: Option<&LoopTest>, body: &[Statement], span: Span) {
        let (start, go_on, leave) = self.enter(LoopKind::Do);
        self.emit.bind(start);
        if let Some(top) = top {
            self.test(&top.condition, top.is_until, leave);
        }
        self.block(body);
        self.emit.bind(go_on);
        match bottom {
            Some(bottom) => self.test(&bottom.condition, !bottom.is_until, start),
            None => self.jump(start, span),
        }
        self.emit.bind(leave);
        self.loops.pop();
    }

    /// The register that a loop counts in, and the place to copy it to where the variable is a shared one.
    pub(super) fn loop_variable(&mut self, variable: &Name) -> (Reg, Option<Place>) {
        if let Some(Binding::Register(register)) = self.registers.binding(&variable.folded) {
            // A name that is a procedure's is refused where a place is made of it.
            self.variable(variable);
            return (register, None);
        }
        let place = self.variable(variable);
        (self.registers.temporary(), place)
    }

    fn for_each(&mut self, variable: &Name, list: &Expression, body: &[Statement], span: Span) {
        let iterator = self.registers.temporary();
        self.registers.temporary();
        let (element, shared) = self.loop_variable(variable);
        let mark = self.registers.mark();
        self.head(span, &[list], |this| {
            this.compute_once(&[list]);
            let list = this.operand(list);
            this.emit(span, Instruction::EachPrepare { iterator, list });
        });
        self.registers.release(mark);
        let (start, go_on, leave) = self.enter(LoopKind::For);
        self.jump(go_on, span);
        self.emit.bind(start);
        self.loop_body(element, shared.as_ref(), body, span);
        self.emit.bind(go_on);
        let target = self.emit.target(start);
        self.emit(span, Instruction::EachLoop { iterator, variable: element, body: target });
        self.emit.bind(leave);
        self.loops.pop();
    }

    fn count(
        &mut self,
        variable_name: &Name,
        from: &Expression,
        to: &Expression,
        step: Option<&Expression>,
        body: &[Statement],
        span: Span,
    ) {
        let rest = self.registers.temporary();
        let by = self.registers.temporary();
        let (variable, shared) = self.loop_variable(variable_name);
        // The variable counts itself unless the loop sets it, or needs its old value to begin.
        let own_values: Vec<&Expression> = std::iter::once(to).chain(step).collect();
        let is_free = shared.is_none() && !resolve::sets(body, &variable_name.folded) && !own_values.iter().any(|value| self.mentions_register(value, variable));
        let counter = if is_free { variable } else { self.registers.temporary() };
        let (start, go_on, leave) = self.enter(LoopKind::For);
        let exit = self.emit.target(leave);
        let values: Vec<&Expression> = [from, to].into_iter().chain(step).collect();
        self.head(span, &values, |this| {
            this.compute_once(&[from, to]);
            this.into(from, counter);
            this.into(to, rest);
            match step {
                Some(step) => this.into(step, by),
                None => this.emit(span, Instruction::LoadInt { dst: by, value: 1 }),
            }
            // A loop without a round has set its variable too, however it counts.
            if !is_free {
                this.emit(span, Instruction::Move { dst: variable, src: counter });
                if let Some(place) = &shared {
                    this.store(place, variable, span);
                }
            }
            this.emit(span, Instruction::ForPrepare { counter, rest, exit });
        });
        self.emit.bind(start);
        if !is_free {
            self.emit(span, Instruction::Move { dst: variable, src: counter });
        }
        self.loop_body(variable, shared.as_ref(), body, span);
        self.emit.bind(go_on);
        let target = self.emit.target(start);
        self.emit(span, Instruction::ForLoop { counter, rest, body: target });
        self.emit.bind(leave);
        self.loops.pop();
    }

    pub(super) fn loop_body(&mut self, variable: Reg, shared: Option<&Place>, body: &[Statement], span: Span) {
        if let Some(place) = shared {
            self.store(place, variable, span);
        }
        // What the loop's line computed is not known in its body: the time goes on, and the registers serve others there.
        let once = std::mem::take(&mut self.once);
        self.region(body);
        self.once = once;
    }

    fn return_value(&mut self, value: Option<&Expression>, span: Span) {
        if let Some(value) = value {
            self.compute_once(&[value]);
        }
        match (self.routine, value) {
            (0, None) => self.emit(span, Instruction::Halt {}),
            (0, Some(value)) => {
                let name = Name { text: RESULT.into(), folded: RESULT.into(), span };
                if let Some(place) = self.variable(&name) {
                    let src = self.operand(value);
                    self.store(&place, src, span);
                }
                self.emit(span, Instruction::Halt {});
            }
            (_, None) => self.leave_procedure(span),
            (_, Some(value)) => {
                let src = self.operand(value);
                self.give_back(src, span);
            }
        }
    }
}

/// Whether a statement can fail at all.
fn can_fail(kind: &StatementKind) -> bool {
    !matches!(
        kind,
        StatementKind::Leave(_) | StatementKind::OnError(_) | StatementKind::ClearError | StatementKind::Label(_) | StatementKind::Goto(_) | StatementKind::Shared(_) | StatementKind::Invalid
    )
}
