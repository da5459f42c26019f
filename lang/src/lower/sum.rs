//! Sums: what is joined as text and what is added.

use gbvm_vm::isa::{Instruction, RegRange};
use gbvm_vm::program::{Reg, Span};

use super::{Binding, Lowering};
use super::expr::CHUNK;
use crate::ast::{BinaryOperator, Expression, ExpressionKind, Literal};

/// One part of a text that is joined.
#[derive(Clone, Debug)]
pub(crate) enum Part<'e> {
    /// Text written in the script, neighbours joined.
    Text(String, Span),
    /// A value.
    Value(&'e Expression),
    /// Operands that are added first.
    Added(&'e [Expression], Span),
}

/// Whether an expression is textually a string.
pub(crate) fn is_textual(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Text(_) | ExpressionKind::Interpolation(_) | ExpressionKind::Concat(_) => true,
        ExpressionKind::Sum(parts) => parts.iter().any(is_textual),
        _ => false,
    }
}

/// The parts of an expression that is textually a string, in order.
pub(crate) fn text_parts(expression: &Expression) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    collect(expression, &mut parts);
    parts
}

fn collect<'e>(expression: &'e Expression, parts: &mut Vec<Part<'e>>) {
    match &expression.kind {
        ExpressionKind::Text(text) => match parts.last_mut() {
            Some(Part::Text(before, span)) => {
                before.push_str(text);
                *span = span.to(expression.span);
            }
            Some(Part::Value(_) | Part::Added(..)) | None => parts.push(Part::Text(text.to_string(), expression.span)),
        },
        ExpressionKind::Interpolation(pieces) | ExpressionKind::Concat(pieces) => {
            for piece in pieces {
                collect(piece, parts);
            }
        }
        ExpressionKind::Sum(operands) if is_textual(expression) => {
            let first_text = operands.iter().position(is_textual).unwrap_or(0);
            // With one operand before the first text, that one is joined; with more, they are added first.
            let head = if first_text < 2 { 0 } else { first_text };
            if head > 0 {
                let span = operands[0].span.to(operands[head - 1].span);
                parts.push(Part::Added(&operands[..head], span));
            }
            for operand in &operands[head..] {
                collect(operand, parts);
            }
        }
        _ => parts.push(Part::Value(expression)),
    }
}

impl Lowering<'_> {
    /// A chain of `+` or `&`, or an interpolation.
    pub(super) fn sum(&mut self, expression: &Expression, dst: Reg) {
        match &expression.kind {
            ExpressionKind::Sum(operands) if !is_textual(expression) => self.add_all(operands, dst, expression.span),
            _ => {
                let track = self.facts.tracked.contains(&expression.span);
                self.join(&text_parts(expression), None, track, dst, expression.span);
            }
        }
    }

    /// `place = place + value`, the place's value in a register.
    pub(super) fn add_to(&mut self, before: Reg, value: &Expression, dst: Reg) {
        if is_textual(value) {
            let track = self.facts.tracked.contains(&value.span);
            self.join(&text_parts(value), Some(before), track, dst, value.span);
        } else {
            self.add(before, value, dst, value.span);
        }
    }

    /// Joins parts as text, after a value in a register if there is one.
    pub(super) fn join(&mut self, parts: &[Part], before: Option<Reg>, track: bool, dst: Reg, span: Span) {
        if self.join_in_place(parts, before, track, dst, span) {
            return;
        }
        if let ([Part::Text(text, _)], None) = (parts, before) {
            let constant = self.emit.text(text);
            return self.emit(span, Instruction::LoadConst { dst, constant });
        }
        let mark = self.registers.mark();
        let first = Reg(mark);
        let mut count = 0;
        if let Some(src) = before {
            let dst = self.registers.temporary();
            self.emit(span, Instruction::Move { dst, src });
            count += 1;
        }
        for part in parts {
            if usize::from(count) == CHUNK {
                let parts = RegRange { first, count };
                self.emit(span, Instruction::Concat { dst: first, parts, track });
                self.registers.release(mark);
                self.registers.temporary();
                count = 1;
            }
            let dst = self.registers.temporary();
            self.part(part, dst);
            count += 1;
        }
        self.emit(span, Instruction::Concat { dst, parts: RegRange { first, count }, track });
        self.registers.release(mark);
    }

    /// `x = x & …`: appends to the variable's own text. Its other parts must not look at it.
    fn join_in_place(&mut self, parts: &[Part], before: Option<Reg>, track: bool, dst: Reg, span: Span) -> bool {
        let own = |part: &Part| matches!(part, Part::Value(value) if self.is_register(value, dst));
        let rest = match (before, parts) {
            (Some(before), rest) if before == dst => rest,
            (None, [first, rest @ ..]) if own(first) => rest,
            _ => return false,
        };
        let mentions_itself = rest.iter().any(|part| match part {
            Part::Text(..) => false,
            Part::Value(value) => self.mentions_register(value, dst),
            Part::Added(operands, _) => operands.iter().any(|operand| self.mentions_register(operand, dst)),
        });
        if rest.is_empty() || rest.len() > CHUNK || mentions_itself {
            return false;
        }
        let mark = self.registers.mark();
        let first = Reg(mark);
        for part in rest {
            let register = self.registers.temporary();
            self.part(part, register);
        }
        let count = rest.len() as u8;
        self.emit(span, Instruction::AppendText { dst, parts: RegRange { first, count }, track });
        self.registers.release(mark);
        true
    }

    /// Whether an expression is the variable in a register.
    pub(super) fn is_register(&self, expression: &Expression, register: Reg) -> bool {
        match &expression.kind {
            ExpressionKind::Name(name) => self.registers.binding(&name.folded) == Some(Binding::Register(register)),
            _ => false,
        }
    }

    /// Whether an expression looks at the variable in a register.
    pub(super) fn mentions_register(&self, expression: &Expression, register: Reg) -> bool {
        let mut found = false;
        crate::walk::each_part(expression, &mut |part| {
            found |= match &part.kind {
                ExpressionKind::WithTarget => true,
                _ => self.is_register(part, register),
            };
        });
        found
    }

    /// One part of a text into a register.
    pub(super) fn part(&mut self, part: &Part, dst: Reg) {
        match part {
            Part::Text(text, span) => {
                let constant = self.emit.text(text);
                self.emit(*span, Instruction::LoadConst { dst, constant });
            }
            Part::Value(value) => self.into(value, dst),
            Part::Added(operands, span) => {
                let mark = self.registers.mark();
                self.add_all(operands, dst, *span);
                self.registers.release(mark);
            }
        }
    }

    /// Adds operands from left to right.
    fn add_all(&mut self, operands: &[Expression], dst: Reg, span: Span) {
        let (folded, rest) = leading_integers(operands);
        let mut sum = match folded {
            Some(value) => {
                let register = if rest.is_empty() { dst } else { self.registers.temporary() };
                self.literal(Literal::Int(value), register, span);
                register
            }
            None => self.operand(&operands[0]),
        };
        let rest = if folded.is_some() { rest } else { &operands[1..] };
        for (index, operand) in rest.iter().enumerate() {
            let is_last = index + 1 == rest.len();
            let mark = self.registers.mark();
            let result = if is_last { dst } else { self.accumulator(sum) };
            let mark = if is_last { mark } else { self.registers.mark() };
            self.add(sum, operand, result, operands[0].span.to(operand.span));
            self.registers.release(mark);
            sum = result;
        }
        if rest.is_empty() && sum != dst {
            self.emit(span, Instruction::Move { dst, src: sum });
        }
    }

    /// Where an intermediate sum goes: the temporary it is in already, else a new one.
    fn accumulator(&mut self, sum: Reg) -> Reg {
        if self.registers.is_top(sum) { sum } else { self.registers.temporary() }
    }

    fn add(&mut self, a: Reg, operand: &Expression, dst: Reg, span: Span) {
        if let ExpressionKind::Literal(Literal::Int(value)) = operand.kind
            && let Ok(value) = i16::try_from(value)
        {
            return self.emit(span, Instruction::AddInt { dst, a, value });
        }
        let b = self.operand(operand);
        self.operate(BinaryOperator::Add, a, b, dst, span);
    }
}

/// The sum of the integer literals that a chain begins with, if there are two or more, and the rest of the chain.
fn leading_integers(operands: &[Expression]) -> (Option<i64>, &[Expression]) {
    let mut sum = 0i64;
    let mut count = 0;
    for operand in operands {
        let ExpressionKind::Literal(Literal::Int(value)) = operand.kind else { break };
        let Some(next) = sum.checked_add(value) else { break };
        sum = next;
        count += 1;
    }
    if count < 2 { (None, operands) } else { (Some(sum), &operands[count..]) }
}
