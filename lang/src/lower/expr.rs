//! Expressions into registers.

use gbvm_vm::isa::{Instruction, RegRange};
use gbvm_vm::program::{Reg, Span};

use super::{Binding, Lowering};
use crate::ast::{BinaryOperator, Expression, ExpressionKind, Literal, Name, UnaryOperator};
use crate::resolve::{Answer, Meaning};

/// How many values one array or object instruction takes; longer literals are made in pieces.
pub(super) const CHUNK: usize = 60;

impl Lowering<'_> {
    /// A register with the value of an expression: a variable's own, else a new temporary.
    pub(super) fn operand(&mut self, expression: &Expression) -> Reg {
        match &expression.kind {
            ExpressionKind::Name(name) => {
                if let Some(Binding::Register(register)) = self.registers.binding(&name.folded) {
                    return register;
                }
            }
            ExpressionKind::WithTarget => {
                if let Some(register) = self.targets.last().and_then(|target| target.register()) {
                    return register;
                }
            }
            _ => {}
        }
        if let Some(register) = self.once_value(expression).or_else(|| self.constant_register(expression)) {
            return register;
        }
        let dst = self.registers.temporary();
        self.into(expression, dst);
        dst
    }

    /// A register with the value that a field or element is read of. Where that is no variable it is the destination
    /// itself, if that is a temporary: so that nothing keeps holding what is read of, which could then not be changed
    /// in place.
    fn holder(&mut self, expression: &Expression, dst: Reg) -> Reg {
        let is_chain = matches!(expression.kind, ExpressionKind::Field(..) | ExpressionKind::Index(..) | ExpressionKind::Call { .. });
        if !is_chain || self.registers.is_variable(dst) {
            return self.operand(expression);
        }
        self.into(expression, dst);
        dst
    }

    /// Computes an expression for its effects alone.
    pub(super) fn discard(&mut self, expression: &Expression) {
        let mark = self.registers.mark();
        let dst = self.registers.temporary();
        self.into(expression, dst);
        self.registers.release(mark);
    }

    /// Computes an expression into a register. A variable's register is written by the last instruction only, so
    /// the expression may read the variable.
    pub(super) fn into(&mut self, expression: &Expression, dst: Reg) {
        let mark = self.registers.mark();
        self.value(expression, dst);
        self.registers.release(mark);
    }

    fn value(&mut self, expression: &Expression, dst: Reg) {
        let span = expression.span;
        if let Some(src) = self.once_value(expression) {
            return self.emit(span, Instruction::Move { dst, src });
        }
        match &expression.kind {
            ExpressionKind::Literal(literal) => self.literal(*literal, dst, span),
            ExpressionKind::Text(text) => {
                let constant = self.emit.text(text);
                self.emit(span, Instruction::LoadConst { dst, constant });
            }
            ExpressionKind::Interpolation(_) | ExpressionKind::Sum(_) | ExpressionKind::Concat(_) => {
                self.sum(expression, dst);
            }
            ExpressionKind::Name(name) => self.name(name, dst, span),
            ExpressionKind::WithTarget => {
                if let Some(target) = self.place(expression) {
                    self.load(&target, dst, span);
                }
            }
            ExpressionKind::Binary(operator, a, b) => self.binary(*operator, a, b, dst, span),
            ExpressionKind::Unary(operator, value) => self.unary(*operator, value, dst, span),
            ExpressionKind::Conditional(condition, yes, no) => {
                let (otherwise, end) = (self.emit.label(), self.emit.label());
                self.branch(condition, false, otherwise);
                self.into(yes, dst);
                self.jump(end, span);
                self.emit.bind(otherwise);
                self.into(no, dst);
                self.emit.bind(end);
            }
            ExpressionKind::Field(object, name) if self.is_last_error(object) => self.error_field(&name.text, dst, span),
            ExpressionKind::Field(object, name) => {
                let cache = self.emit.cache();
                if let ExpressionKind::Index(array, index) = &object.kind {
                    let (object, index) = (self.holder(array, dst), self.operand(index));
                    let name = self.emit.name(&name.text);
                    return self.emit(span, Instruction::GetIndexField { dst, object, index, name, cache });
                }
                let object = self.holder(object, dst);
                let name = self.emit.name(&name.text);
                self.emit(span, Instruction::GetField { dst, object, name, cache });
            }
            ExpressionKind::Index(object, index) => {
                let object = self.holder(object, dst);
                let index = self.operand(index);
                self.emit(span, Instruction::GetIndex { dst, object, index });
            }
            ExpressionKind::Call { name, arguments } => {
                let answer = self.whole.answer(&name.folded);
                self.call(expression, name, answer, &arguments.iter().collect::<Vec<_>>(), Some(dst));
            }
            ExpressionKind::Method { object, name, arguments } => self.method(expression, object, name, arguments, Some(dst)),
            ExpressionKind::Keyword { index, arguments } => {
                self.builtin(*index, span, &arguments.iter().collect::<Vec<_>>(), Some(dst));
            }
            ExpressionKind::Array(items) => self.array(items, dst, span),
            ExpressionKind::Object(fields) => {
                let fields: Vec<_> = fields.iter().map(|(key, value)| (&**key, value)).collect();
                self.object(&fields, dst, span);
            }
            ExpressionKind::NewObject => self.object(&[], dst, span),
            ExpressionKind::NewArray => self.array(&[], dst, span),
            ExpressionKind::In(negated, a, b) => {
                let (a, b) = (self.operand(a), self.operand(b));
                self.emit(span, Instruction::In { dst, a, b });
                self.negate_if(*negated, dst, span);
            }
            ExpressionKind::Like(negated, a, b) => {
                let (a, b) = (self.operand(a), self.operand(b));
                self.emit(span, Instruction::Like { dst, a, b });
                self.negate_if(*negated, dst, span);
            }
            ExpressionKind::Between(..) => {
                let (otherwise, end) = (self.emit.label(), self.emit.label());
                self.branch(expression, false, otherwise);
                self.emit(span, Instruction::LoadBool { dst, value: true });
                self.jump(end, span);
                self.emit.bind(otherwise);
                self.emit(span, Instruction::LoadBool { dst, value: false });
                self.emit.bind(end);
            }
            ExpressionKind::IsNull(negated, value) => {
                let src = self.operand(value);
                self.emit(span, Instruction::IsNull { dst, src });
                self.negate_if(*negated, dst, span);
            }
            ExpressionKind::ErrorPart(part) => self.error_part(*part, dst, span),
            // A filter stands in an argument only, where it becomes a template.
            ExpressionKind::Invalid | ExpressionKind::Filter { .. } => self.emit(span, Instruction::LoadMissing { dst }),
        }
    }

    pub(super) fn literal(&mut self, literal: Literal, dst: Reg, span: Span) {
        let instruction = match literal {
            Literal::Null => Instruction::LoadNull { dst },
            Literal::Bool(value) => Instruction::LoadBool { dst, value },
            Literal::Int(value) => match i32::try_from(value) {
                Ok(value) => Instruction::LoadInt { dst, value },
                Err(_) => Instruction::LoadConst { dst, constant: self.emit.integer(value) },
            },
            Literal::Float(value) => Instruction::LoadConst { dst, constant: self.emit.float(value) },
        };
        self.emit(span, instruction);
    }

    fn name(&mut self, name: &Name, dst: Reg, span: Span) {
        match self.registers.binding(&name.folded) {
            Some(Binding::Register(src)) if src == dst => {}
            Some(Binding::Register(src)) => self.emit(span, Instruction::Move { dst, src }),
            Some(Binding::Global(slot)) => self.emit(span, Instruction::GetGlobal { dst, slot }),
            None => match self.whole.meaning(self.routine, &name.folded) {
                Meaning::Call(answer) => self.call_named(name, answer, dst, span),
                Meaning::Error => self.has_error(dst, span),
                Meaning::Own | Meaning::Main | Meaning::Unset => self.emit(span, Instruction::LoadMissing { dst }),
            },
        }
    }

    fn call_named(&mut self, name: &Name, answer: Answer, dst: Reg, span: Span) {
        match answer {
            Answer::Procedure(index) => self.call_procedure(index, span, &[], Some(dst)),
            Answer::Builtin(index) => self.builtin(index, span, &[], Some(dst)),
            Answer::Nobody => self.unanswered(name, Some(dst), span),
        }
    }

    fn negate_if(&mut self, negated: bool, dst: Reg, span: Span) {
        if negated {
            self.emit(span, Instruction::Not { dst, src: dst });
        }
    }

    fn unary(&mut self, operator: UnaryOperator, value: &Expression, dst: Reg, span: Span) {
        match (operator, &value.kind) {
            (UnaryOperator::Negate, ExpressionKind::Literal(Literal::Int(integer))) if *integer != i64::MIN => {
                self.literal(Literal::Int(-integer), dst, span);
            }
            (UnaryOperator::Negate, ExpressionKind::Literal(Literal::Float(float))) => {
                self.literal(Literal::Float(-float), dst, span);
            }
            (UnaryOperator::Negate, _) => {
                let src = self.operand(value);
                self.emit(span, Instruction::Negate { dst, src });
            }
            (UnaryOperator::Not, _) => {
                let src = self.operand(value);
                self.emit(span, Instruction::Not { dst, src });
            }
        }
    }

    fn binary(&mut self, operator: BinaryOperator, a: &Expression, b: &Expression, dst: Reg, span: Span) {
        if let BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Coalesce = operator {
            return self.short_circuit(operator, a, b, dst, span);
        }
        if self.operate_int(operator, a, b, dst, span) {
            return;
        }
        let is_equality = matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual);
        let (a, b) = if is_equality { (self.compared(a), self.compared(b)) } else { (self.operand(a), self.operand(b)) };
        self.operate(operator, a, b, dst, span);
    }

    /// The operand of an equality. NULL equals what "" equals, and as a text it shows that it was written here.
    fn compared(&mut self, expression: &Expression) -> Reg {
        if !matches!(expression.kind, ExpressionKind::Literal(Literal::Null)) {
            return self.operand(expression);
        }
        let (dst, constant) = (self.registers.temporary(), self.emit.text(""));
        self.emit(expression.span, Instruction::LoadConst { dst, constant });
        dst
    }

    /// An operator with a small integer on its right, or on either side where the sides do not matter.
    fn operate_int(&mut self, operator: BinaryOperator, a: &Expression, b: &Expression, dst: Reg, span: Span) -> bool {
        let (a, value) = match (operator, small_integer(a), small_integer(b)) {
            (_, None, Some(value)) => (a, value),
            (BinaryOperator::Multiply, Some(value), None) => (b, value),
            _ => return false,
        };
        let instruction: fn(Reg, Reg, i16) -> Instruction = match operator {
            BinaryOperator::Subtract => |dst, a, value| Instruction::SubtractInt { dst, a, value },
            BinaryOperator::Multiply => |dst, a, value| Instruction::MultiplyInt { dst, a, value },
            BinaryOperator::Modulo if value > 0 => |dst, a, value| Instruction::ModuloInt { dst, a, value },
            BinaryOperator::IntegerDivide if value > 0 => |dst, a, value| Instruction::IntegerDivideInt { dst, a, value },
            _ => return false,
        };
        let a = self.operand(a);
        self.emit(span, instruction(dst, a, value));
        true
    }

    /// One operator on two registers.
    pub(super) fn operate(&mut self, operator: BinaryOperator, a: Reg, b: Reg, dst: Reg, span: Span) {
        let instruction = match operator {
            BinaryOperator::Add => Instruction::Add { dst, a, b },
            BinaryOperator::Subtract => Instruction::Subtract { dst, a, b },
            BinaryOperator::Multiply => Instruction::Multiply { dst, a, b },
            BinaryOperator::Divide => Instruction::Divide { dst, a, b },
            BinaryOperator::IntegerDivide => Instruction::IntegerDivide { dst, a, b },
            BinaryOperator::Modulo => Instruction::Modulo { dst, a, b },
            BinaryOperator::Power => Instruction::Power { dst, a, b },
            BinaryOperator::Equal => Instruction::Equal { dst, a, b },
            BinaryOperator::NotEqual => Instruction::NotEqual { dst, a, b },
            BinaryOperator::Less => Instruction::Less { dst, a, b },
            BinaryOperator::LessOrEqual => Instruction::LessOrEqual { dst, a, b },
            BinaryOperator::Greater => Instruction::Less { dst, a: b, b: a },
            BinaryOperator::GreaterOrEqual => Instruction::LessOrEqual { dst, a: b, b: a },
            BinaryOperator::Xor => Instruction::Xor { dst, a, b },
            BinaryOperator::Concat => {
                let first = self.registers.temporary();
                let second = self.registers.temporary();
                self.emit(span, Instruction::Move { dst: first, src: a });
                self.emit(span, Instruction::Move { dst: second, src: b });
                Instruction::Concat { dst, parts: RegRange { first, count: 2 }, track: false }
            }
            BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Coalesce => {
                unreachable!("these decide whether their second operand is computed at all")
            }
        };
        self.emit(span, instruction);
    }

    /// AND, OR and ??: the deciding operand is the result.
    fn short_circuit(&mut self, operator: BinaryOperator, a: &Expression, b: &Expression, dst: Reg, span: Span) {
        // The second operand may read the variable that is being set.
        let result = if self.registers.is_variable(dst) { self.registers.temporary() } else { dst };
        let end = self.emit.label();
        self.into(a, result);
        let target = self.emit.target(end);
        self.emit(span, match operator {
            BinaryOperator::And => Instruction::JumpIfFalse { src: result, target },
            BinaryOperator::Or => Instruction::JumpIfTrue { src: result, target },
            _ => Instruction::JumpIfPresent { src: result, target },
        });
        self.into(b, result);
        self.emit.bind(end);
        if result != dst {
            self.emit(span, Instruction::Move { dst, src: result });
        }
    }

    /// Computes expressions into consecutive new temporaries.
    pub(super) fn consecutive<'e>(&mut self, values: impl IntoIterator<Item = &'e Expression>) -> RegRange {
        let first = Reg(self.registers.mark());
        let mut count = 0;
        for value in values {
            let dst = self.registers.temporary();
            self.into(value, dst);
            count += 1;
        }
        // An empty range names no register, so that the register after the last one is never named.
        RegRange { first: if count == 0 { Reg(0) } else { first }, count }
    }

    pub(super) fn array(&mut self, items: &[Expression], dst: Reg, span: Span) {
        let result = if items.len() > CHUNK { self.registers.temporary() } else { dst };
        let (head, tail) = items.split_at(items.len().min(CHUNK));
        let mark = self.registers.mark();
        let range = self.consecutive(head);
        self.emit(span, Instruction::NewArray { dst: result, items: range });
        self.registers.release(mark);
        let place = self.register_place(result);
        for item in tail {
            let src = self.operand(item);
            self.append(&place, src, item.span);
            self.registers.release(mark);
        }
        if result != dst {
            self.emit(span, Instruction::Move { dst, src: result });
        }
    }

    /// An object with fields in order; of a key that is given twice, the last value counts.
    pub(super) fn object(&mut self, fields: &[(&str, &Expression)], dst: Reg, span: Span) {
        let repeated = |index: usize| fields[..index].iter().any(|(key, _)| *key == fields[index].0);
        let simple = (0..fields.len().min(CHUNK)).take_while(|&index| !repeated(index)).count();
        let (head, tail) = fields.split_at(simple);
        let result = if tail.is_empty() { dst } else { self.registers.temporary() };
        let mark = self.registers.mark();
        let range = self.consecutive(head.iter().map(|(_, value)| *value));
        let names = head.iter().map(|(key, _)| self.emit.name(key)).collect();
        let shape = self.emit.shape(names);
        self.emit(span, Instruction::NewObject { dst: result, first: range.first, shape });
        self.registers.release(mark);
        let place = self.register_place(result);
        for (key, value) in tail {
            let src = self.operand(value);
            let field = self.field_of(&place, key);
            self.store(&field, src, value.span);
            self.registers.release(mark);
        }
        if result != dst {
            self.emit(span, Instruction::Move { dst, src: result });
        }
    }
}

/// The integer that a literal is, if it fits into an instruction.
pub(super) fn small_integer(expression: &Expression) -> Option<i16> {
    match &expression.kind {
        ExpressionKind::Literal(Literal::Int(value)) => i16::try_from(*value).ok(),
        ExpressionKind::Unary(UnaryOperator::Negate, inner) => match inner.kind {
            ExpressionKind::Literal(Literal::Int(value)) => i16::try_from(value.checked_neg()?).ok(),
            _ => None,
        },
        _ => None,
    }
}
