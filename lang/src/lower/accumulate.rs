//! Numbers that grow where they are: `place += value`, and `place = place + value`, are one instruction.

use gbvm_vm::isa::Instruction;
use gbvm_vm::program::{Reg, Root, Span, Step};

use super::Lowering;
use super::place::Place;
use super::sum::is_textual;
use crate::ast::{BinaryOperator, Expression, ExpressionKind};

impl Lowering<'_> {
    /// Adds to a field or element, or subtracts from one, where there is an instruction for it; gives back whether there
    /// is. The value is computed first, so it may not change what the place is.
    pub(super) fn accumulate(&mut self, target: &Place, place: &Expression, operator: Option<BinaryOperator>, value: &Expression, span: Span) -> bool {
        let (operator, by, span) = match (operator, &value.kind) {
            (Some(operator), _) => (operator, value, span),
            (None, ExpressionKind::Sum(operands)) => match operands.as_slice() {
                [before, by] if is_same_place(before, place) => (BinaryOperator::Add, by, value.span),
                _ => return false,
            },
            (None, ExpressionKind::Binary(operator, before, by)) if is_same_place(before, place) => (*operator, &**by, value.span),
            (None, _) => return false,
        };
        let is_sum = operator == BinaryOperator::Add && !is_textual(by);
        let Some((Root::Register(object), steps)) = target.exact_steps() else { return false };
        if !is_sum && operator != BinaryOperator::Subtract || self.hands_over(by, object) {
            return false;
        }
        let (index, field) = match *steps {
            [Step::Field(name)] => (None, Some(name)),
            [Step::Index(index)] => (Some(index), None),
            [Step::Index(index), Step::Field(name)] => (Some(index), Some(name)),
            _ => return false,
        };
        let src = self.operand(by);
        let cache = field.map(|name| (name, self.emit.cache()));
        let instruction = match (is_sum, index, cache) {
            (true, None, Some((name, cache))) => Instruction::AddToField { object, src, name, cache },
            (true, Some(index), None) => Instruction::AddToIndex { object, index, src },
            (true, Some(index), Some((name, cache))) => Instruction::AddToIndexField { object, index, src, name, cache },
            (false, None, Some((name, cache))) => Instruction::SubtractFromField { object, src, name, cache },
            (false, Some(index), None) => Instruction::SubtractFromIndex { object, index, src },
            (false, Some(index), Some((name, cache))) => Instruction::SubtractFromIndexField { object, index, src, name, cache },
            (_, None, None) => unreachable!("a place has a step"),
        };
        self.emit(span, instruction);
        true
    }

    /// Whether an expression calls something that gets the variable in a register, and so may change it.
    fn hands_over(&self, expression: &Expression, register: Reg) -> bool {
        let mut found = false;
        crate::walk::each_part(expression, &mut |part| {
            found |= match &part.kind {
                ExpressionKind::Call { .. } | ExpressionKind::Method { .. } | ExpressionKind::Keyword { .. } => self.mentions_register(part, register),
                _ => false,
            };
        });
        found
    }
}

/// Whether an expression names the place that is set, letter for letter: reading ignores the case of fields, setting
/// does not.
fn is_same_place(expression: &Expression, place: &Expression) -> bool {
    match (&expression.kind, &place.kind) {
        (ExpressionKind::Name(a), ExpressionKind::Name(b)) => a.folded == b.folded,
        (ExpressionKind::WithTarget, ExpressionKind::WithTarget) => true,
        (ExpressionKind::Field(a, field), ExpressionKind::Field(b, name)) => field.text == name.text && is_same_place(a, b),
        (ExpressionKind::Index(a, index), ExpressionKind::Index(b, at)) => is_same_place(a, b) && is_same_index(index, at),
        _ => false,
    }
}

/// Whether two indexes are the same variable, literal or place: computing one again would do nothing else.
fn is_same_index(a: &Expression, b: &Expression) -> bool {
    match (&a.kind, &b.kind) {
        (ExpressionKind::Literal(a), ExpressionKind::Literal(b)) => a == b,
        _ => is_same_place(a, b),
    }
}
