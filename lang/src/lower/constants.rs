//! Literals that loops would load again and again: each gets a register, loaded once where the routine begins.

use gbvm_vm::program::{Reg, Span};

use super::Lowering;
use super::expr::small_integer;
use crate::ast::{BinaryOperator, Expression, ExpressionKind, Literal, Statement, StatementKind};
use crate::walk;

/// How many literals of a routine get a register of their own.
const MOST: usize = 24;

/// The literals with a register of their own.
#[derive(Debug, Default)]
pub(super) struct Constants {
    registers: Vec<(Literal, Reg)>,
}

impl Lowering<'_> {
    /// Gives the literals in the routine's loops their registers. All of its variables have theirs already.
    pub(super) fn load_constants(&mut self) {
        self.constants = Constants::default();
        let mut wanted: Vec<(Literal, Span)> = Vec::new();
        let mut want = |literal: &Expression| {
            if let ExpressionKind::Literal(value) = literal.kind
                && wanted.len() < MOST
                && !wanted.iter().any(|(known, _)| *known == value)
            {
                wanted.push((value, literal.span));
            }
        };
        walk::each_statement(self.whole.routines[self.routine].body, &mut |statement| {
            if let StatementKind::For { body, .. } | StatementKind::ForEach { body, .. } | StatementKind::While { body, .. } | StatementKind::Do { body, .. } = &statement.kind {
                walk::each_statement(body, &mut |inner| assigned(inner, &mut want));
                walk::each_expression(body, &mut |expression| operands(expression, &mut want));
            }
            if let StatementKind::While { .. } | StatementKind::Do { .. } = &statement.kind {
                for condition in walk::own_expressions(statement) {
                    walk::each_part(condition, &mut |expression| operands(expression, &mut want));
                }
            }
        });
        for (literal, span) in wanted {
            if !self.registers.has_room() {
                break;
            }
            let register = self.registers.reserve();
            self.literal(literal, register, span);
            self.constants.registers.push((literal, register));
        }
    }

    /// The register of a literal, if it has one.
    pub(super) fn constant_register(&self, expression: &Expression) -> Option<Reg> {
        let ExpressionKind::Literal(literal) = expression.kind else { return None };
        self.constants.registers.iter().find(|(known, _)| *known == literal).map(|(_, register)| *register)
    }
}

/// The literals that operators in an expression work on, but those that stand in instructions themselves.
fn operands(expression: &Expression, want: &mut impl FnMut(&Expression)) {
    let ExpressionKind::Binary(operator, a, b) = &expression.kind else { return };
    let takes_integers = match operator {
        BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Coalesce | BinaryOperator::Concat | BinaryOperator::Equal | BinaryOperator::NotEqual => return,
        BinaryOperator::Divide | BinaryOperator::Power | BinaryOperator::Xor => false,
        BinaryOperator::Add
        | BinaryOperator::Subtract
        | BinaryOperator::Multiply
        | BinaryOperator::IntegerDivide
        | BinaryOperator::Modulo
        | BinaryOperator::Less
        | BinaryOperator::LessOrEqual
        | BinaryOperator::Greater
        | BinaryOperator::GreaterOrEqual => true,
    };
    for side in [a, b] {
        let is_float = matches!(side.kind, ExpressionKind::Literal(Literal::Float(_)));
        if is_float || !takes_integers || small_integer(side).is_none() {
            want(side);
        }
    }
}

/// The literal that a statement puts into a field or element.
fn assigned(statement: &Statement, want: &mut impl FnMut(&Expression)) {
    if let StatementKind::Assign { place, value, operator: None } = &statement.kind
        && let ExpressionKind::Field(..) | ExpressionKind::Index(..) = place.kind
    {
        want(value);
    }
}
