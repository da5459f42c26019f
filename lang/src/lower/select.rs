//! SELECT CASE and SWITCH: one test after another, or a jump table where there are enough constant cases.

use gbvm_vm::isa::Instruction;
use gbvm_vm::program::{ConstIndex, JumpTable, Reg, Span};

use super::Lowering;
use super::condition::{Test, comparison};
use super::emit::Label;
use crate::ast::{CaseArm, CaseTest, Expression, ExpressionKind, Literal, Statement, UnaryOperator};
use crate::walk;

/// From how many cases on a table is worth its look-up.
const TABLE_MIN: usize = 5;

impl Lowering<'_> {
    pub(super) fn select(&mut self, subject: &Expression, arms: &[CaseArm], otherwise: Option<&[Statement]>) {
        let subject_at = subject.span;
        let subject = self.head(subject_at, &[subject], |this| {
            this.compute_once(&[subject]);
            this.operand(subject)
        });
        if let Some(cases) = self.table_cases(arms) {
            return self.select_by_table(subject, &cases, arms, otherwise, subject_at);
        }
        let end = self.emit.label();
        for (index, arm) in arms.iter().enumerate() {
            let (body, next) = (self.emit.label(), self.emit.label());
            let values: Vec<&Expression> = arm.tests.iter().flat_map(walk::test_expressions).collect();
            self.head(arm.span, &values, |this| {
                for (position, case) in arm.tests.iter().enumerate() {
                    let mark = this.registers.mark();
                    let is_last = position + 1 == arm.tests.len();
                    this.case(subject, case, !is_last, if is_last { next } else { body }, arm.span);
                    this.registers.release(mark);
                }
            });
            self.emit.bind(body);
            self.region(&arm.body);
            if index + 1 < arms.len() || otherwise.is_some() {
                self.jump_on_to(end, arm.span);
            }
            self.emit.bind(next);
        }
        self.region(otherwise.unwrap_or_default());
        self.emit.bind(end);
    }

    /// Goes to the label if the test's truth is `when`.
    fn case(&mut self, subject: Reg, case: &CaseTest, when: bool, label: Label, span: Span) {
        match case {
            CaseTest::Equal(value) => match self.constant(value) {
                Some(constant) => self.jump_on_constant(subject, constant, when, label, value.span),
                None => {
                    let b = self.operand(value);
                    self.jump_on(Test::Equal, subject, b, when, label, value.span);
                }
            },
            CaseTest::Compare(operator, value) => {
                let b = self.operand(value);
                let Some((test, swapped, negated)) = comparison(*operator) else {
                    return self.error("E_SYNTAX", span, "CASE IS wants a comparison: = <> < <= > or >=.");
                };
                let (a, b) = if swapped { (b, subject) } else { (subject, b) };
                self.jump_on(test, a, b, when != negated, label, value.span);
            }
            CaseTest::Range(low, high) => {
                let outside = self.emit.label();
                let a = self.operand(low);
                self.jump_on(Test::LessOrEqual, a, subject, false, if when { outside } else { label }, low.span);
                let b = self.operand(high);
                self.jump_on(Test::LessOrEqual, subject, b, when, label, high.span);
                self.emit.bind(outside);
            }
        }
    }

    /// The constants of a SELECT all of whose cases are integers and texts, each with its arm.
    fn table_cases(&mut self, arms: &[CaseArm]) -> Option<Vec<(ConstIndex, usize)>> {
        let tests = || arms.iter().enumerate().flat_map(|(arm, case)| case.tests.iter().map(move |test| (arm, test)));
        let is_constant = |test: &CaseTest| matches!(test, CaseTest::Equal(value) if is_integer_or_text(value));
        if tests().count() < TABLE_MIN || !tests().all(|(_, test)| is_constant(test)) {
            return None;
        }
        let constant = |(arm, test): (usize, &CaseTest)| match test {
            CaseTest::Equal(value) => self.constant(value).map(|constant| (constant, arm)),
            CaseTest::Compare(..) | CaseTest::Range(..) => None,
        };
        tests().map(constant).collect()
    }

    fn select_by_table(&mut self, src: Reg, cases: &[(ConstIndex, usize)], arms: &[CaseArm], otherwise: Option<&[Statement]>, span: Span) {
        let end = self.emit.label();
        let bodies: Vec<Label> = arms.iter().map(|_| self.emit.label()).collect();
        let other = self.emit.label();
        let cases = cases.iter().map(|(constant, arm)| (*constant, self.emit.target(bodies[*arm]))).collect();
        let otherwise_at = self.emit.target(other);
        let table = self.emit.table(JumpTable { cases, otherwise: otherwise_at });
        self.emit(span, Instruction::Switch { src, table });
        for (index, (arm, body)) in arms.iter().zip(bodies).enumerate() {
            self.emit.bind(body);
            self.region(&arm.body);
            if index + 1 < arms.len() || otherwise.is_some() {
                self.jump_on_to(end, arm.span);
            }
        }
        self.emit.bind(other);
        self.region(otherwise.unwrap_or_default());
        self.emit.bind(end);
    }
}

/// Whether a case can stand in a jump table. NULL is the empty text.
fn is_integer_or_text(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Text(_) | ExpressionKind::Literal(Literal::Null | Literal::Int(_)) => true,
        ExpressionKind::Unary(UnaryOperator::Negate, inner) => matches!(inner.kind, ExpressionKind::Literal(Literal::Int(_))),
        _ => false,
    }
}
