//! Conditions as compare-and-branch.

use gbvm_vm::isa::Instruction;
use gbvm_vm::program::{ConstIndex, Reg, Span};
use gbvm_vm::template::Comparison;

use super::Lowering;
use super::emit::Label;
use super::expr::small_integer;
use crate::ast::{BinaryOperator, Expression, ExpressionKind, Literal, UnaryOperator};

/// How two values are compared in a jump.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Equal,
    Less,
    LessOrEqual,
}

/// A comparison as it was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn of(test: Test, swapped: bool) -> Option<Order> {
        match (test, swapped) {
            (Test::Equal, _) => None,
            (Test::Less, false) => Some(Order::Less),
            (Test::LessOrEqual, false) => Some(Order::LessOrEqual),
            (Test::Less, true) => Some(Order::Greater),
            (Test::LessOrEqual, true) => Some(Order::GreaterOrEqual),
        }
    }

    /// The same comparison with its sides exchanged.
    fn mirrored(self) -> Order {
        match self {
            Order::Less => Order::Greater,
            Order::LessOrEqual => Order::GreaterOrEqual,
            Order::Greater => Order::Less,
            Order::GreaterOrEqual => Order::LessOrEqual,
        }
    }
}

impl Lowering<'_> {
    /// Goes to the label if the condition's truth is `when`, else on to the next instruction.
    pub(super) fn branch(&mut self, condition: &Expression, when: bool, label: Label) {
        let mark = self.registers.mark();
        self.branch_at(condition, when, label);
        self.registers.release(mark);
    }

    fn branch_at(&mut self, condition: &Expression, when: bool, label: Label) {
        let span = condition.span;
        match &condition.kind {
            ExpressionKind::Literal(Literal::Bool(value)) => {
                if *value == when {
                    self.jump(label, span);
                }
            }
            ExpressionKind::Unary(UnaryOperator::Not, inner) => self.branch(inner, !when, label),
            ExpressionKind::Binary(operator @ (BinaryOperator::And | BinaryOperator::Or), a, b) => {
                // What the first operand decides alone: AND is false with it, OR is true with it.
                let deciding = *operator == BinaryOperator::Or;
                if deciding == when {
                    self.branch(a, when, label);
                    self.branch(b, when, label);
                } else {
                    let decided = self.emit.label();
                    self.branch(a, deciding, decided);
                    self.branch(b, when, label);
                    self.emit.bind(decided);
                }
            }
            ExpressionKind::Binary(operator, a, b) => match comparison(*operator) {
                Some((test, swapped, negated)) => {
                    self.branch_on(test, swapped, a, b, when != negated, label, span);
                }
                None => self.branch_on_value(condition, when, label),
            },
            ExpressionKind::Between(negated, value, low, high) => {
                let value = self.operand(value);
                let when = when != *negated;
                let outside = self.emit.label();
                let low = self.operand(low);
                self.jump_on(Test::LessOrEqual, low, value, false, if when { outside } else { label }, span);
                let high = self.operand(high);
                self.jump_on(Test::LessOrEqual, value, high, when, label, span);
                self.emit.bind(outside);
            }
            ExpressionKind::In(true, ..) | ExpressionKind::Like(true, ..) | ExpressionKind::IsNull(true, _) => {
                let mut positive = condition.clone();
                if let ExpressionKind::In(negated, ..)
                | ExpressionKind::Like(negated, ..)
                | ExpressionKind::IsNull(negated, _) = &mut positive.kind
                {
                    *negated = false;
                }
                self.branch_on_value(&positive, !when, label);
            }
            _ => self.branch_on_value(condition, when, label),
        }
    }

    fn branch_on_value(&mut self, condition: &Expression, when: bool, label: Label) {
        let src = self.operand(condition);
        let target = self.emit.target(label);
        self.emit(condition.span, match when {
            true => Instruction::JumpIfTrue { src, target },
            false => Instruction::JumpIfFalse { src, target },
        });
    }

    #[allow(clippy::too_many_arguments)] // a comparison in full, and where it leads
    fn branch_on(&mut self, test: Test, swapped: bool, a: &Expression, b: &Expression, when: bool, label: Label, span: Span) {
        if test == Test::Equal {
            for (value, literal) in [(a, b), (b, a)] {
                if let Some(constant) = self.constant(literal) {
                    let value = self.operand(value);
                    return self.jump_on_constant(value, constant, when, label, span);
                }
            }
        }
        if let Some(order) = Order::of(test, swapped) {
            let with_literal = match (small_integer(a), small_integer(b)) {
                (None, Some(value)) => Some((a, order, value)),
                (Some(value), None) => Some((b, order.mirrored(), value)),
                _ => None,
            };
            if let Some((a, order, value)) = with_literal {
                let a = self.operand(a);
                return self.jump_on_int(order, a, value, when, label, span);
            }
        }
        let (a, b) = (self.operand(a), self.operand(b));
        let (a, b) = if swapped { (b, a) } else { (a, b) };
        self.jump_on(test, a, b, when, label, span);
    }

    /// Goes to the label if the comparison's truth is `when`.
    pub(super) fn jump_on(&mut self, test: Test, a: Reg, b: Reg, when: bool, label: Label, span: Span) {
        let target = self.emit.target(label);
        self.emit(span, match (test, when) {
            (Test::Equal, true) => Instruction::JumpIfEqual { a, b, target },
            (Test::Equal, false) => Instruction::JumpIfNotEqual { a, b, target },
            (Test::Less, true) => Instruction::JumpIfLess { a, b, target },
            (Test::Less, false) => Instruction::JumpUnlessLess { a, b, target },
            (Test::LessOrEqual, true) => Instruction::JumpIfLessOrEqual { a, b, target },
            (Test::LessOrEqual, false) => Instruction::JumpUnlessLessOrEqual { a, b, target },
        });
    }

    /// Goes to the label if the truth of the comparison with a small integer is `when`.
    fn jump_on_int(&mut self, order: Order, a: Reg, value: i16, when: bool, label: Label, span: Span) {
        let target = self.emit.target(label);
        self.emit(span, match (order, when) {
            (Order::Less, true) => Instruction::JumpIfLessInt { a, value, target },
            (Order::Less, false) => Instruction::JumpUnlessLessInt { a, value, target },
            (Order::LessOrEqual, true) => Instruction::JumpIfLessOrEqualInt { a, value, target },
            (Order::LessOrEqual, false) => Instruction::JumpUnlessLessOrEqualInt { a, value, target },
            (Order::Greater, true) => Instruction::JumpIfGreaterInt { a, value, target },
            (Order::Greater, false) => Instruction::JumpUnlessGreaterInt { a, value, target },
            (Order::GreaterOrEqual, true) => Instruction::JumpIfGreaterOrEqualInt { a, value, target },
            (Order::GreaterOrEqual, false) => Instruction::JumpUnlessGreaterOrEqualInt { a, value, target },
        });
    }

    /// Goes to the label if the truth of equality with a constant is `when`.
    pub(super) fn jump_on_constant(&mut self, a: Reg, constant: ConstIndex, when: bool, label: Label, span: Span) {
        let target = self.emit.target(label);
        self.emit(span, match when {
            true => Instruction::JumpIfEqualConst { a, constant, target },
            false => Instruction::JumpIfNotEqualConst { a, constant, target },
        });
    }

    /// The constant that a literal is, if the program's table can hold it.
    pub(super) fn constant(&mut self, expression: &Expression) -> Option<ConstIndex> {
        match &expression.kind {
            ExpressionKind::Text(text) => Some(self.emit.text(text)),
            // NULL and empty text are one value; as text it is still seen to be written in the script.
            ExpressionKind::Literal(Literal::Null) => Some(self.emit.text("")),
            ExpressionKind::Literal(Literal::Int(value)) => Some(self.emit.integer(*value)),
            ExpressionKind::Literal(Literal::Float(value)) => Some(self.emit.float(*value)),
            ExpressionKind::Unary(UnaryOperator::Negate, inner) => match inner.kind {
                ExpressionKind::Literal(Literal::Int(value)) => Some(self.emit.integer(value.checked_neg()?)),
                ExpressionKind::Literal(Literal::Float(value)) => Some(self.emit.float(-value)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A comparison as a test, with its sides exchanged or not, and negated or not. Only equality may be negated: of
/// values that have no order, neither `a < b` nor `a >= b` holds.
pub(super) fn comparison(operator: BinaryOperator) -> Option<(Test, bool, bool)> {
    Some(match operator.comparison()? {
        Comparison::Equal => (Test::Equal, false, false),
        Comparison::NotEqual => (Test::Equal, false, true),
        Comparison::Less => (Test::Less, false, false),
        Comparison::LessOrEqual => (Test::LessOrEqual, false, false),
        Comparison::Greater => (Test::Less, true, false),
        Comparison::GreaterOrEqual => (Test::LessOrEqual, true, false),
    })
}
