//! Turns WHERE, ORDER BY, LIMIT and OFFSET of a word form into a template.
//!
//! The condition comes as an expression. What stands left of a comparison is a column; what stands right of it is a
//! value: written in the script, it is part of the template, and everything else fills a hole.

use gbvm_vm::template::{Comparison, Condition, Count, Literal, OrderBy, Piece, Template, Term};

use super::{DEPTH_MAX, PREDICATES_MAX, joined};
use crate::ast::{self, BinaryOperator, Expression, ExpressionKind, Name, UnaryOperator};
use crate::diagnostic::Diagnostic;
use crate::lower::{Part, is_textual, text_parts};
use crate::names;
use crate::source::Span;

/// The clauses as they were written.
#[derive(Debug, Default)]
pub struct Clauses {
    /// WHERE.
    pub condition: Option<Expression>,
    /// ORDER BY: columns, and whether each is descending.
    pub order: Vec<(Name, bool)>,
    /// LIMIT.
    pub limit: Option<Expression>,
    /// OFFSET.
    pub offset: Option<Expression>,
}

/// The template of clauses, where they stand, and the values for its holes.
///
/// # Errors
/// What a column, a condition or a number cannot be.
pub fn of_clauses(clauses: Clauses, whole: Span) -> Result<(Span, Template, Vec<Expression>), Box<Diagnostic>> {
    let spans = [&clauses.condition, &clauses.limit, &clauses.offset].into_iter().flatten().map(|clause| clause.span);
    let span = spans.chain(clauses.order.iter().map(|(name, _)| name.span)).reduce(|a, b| if a.start < b.start { a.to(b) } else { b.to(a) });
    let mut reader = Reader { values: Vec::new(), predicates: 0 };
    let mut template = Template::default();
    if let Some(condition) = clauses.condition {
        template.condition = Some(reader.condition(condition, 0)?);
    }
    for (name, descending) in clauses.order {
        template.order.push(OrderBy { column: column(&name)?, descending });
    }
    template.limit = clauses.limit.map(|limit| reader.count(limit, "LIMIT")).transpose()?;
    template.offset = clauses.offset.map(|offset| reader.count(offset, "OFFSET")).transpose()?;
    template.holes = u16::try_from(reader.values.len()).unwrap_or(u16::MAX);
    Ok((span.unwrap_or(whole), template, reader.values))
}

struct Reader {
    values: Vec<Expression>,
    predicates: usize,
}

type Read<T> = Result<T, Box<Diagnostic>>;

fn refuse<T>(code: &'static str, span: Span, message: impl Into<String>) -> Read<T> {
    Err(Box::new(Diagnostic::error(code, span, message)))
}

fn column(name: &Name) -> Read<String> {
    if names::is_column(&name.text) {
        return Ok(name.text.to_string());
    }
    refuse("E_COLUMN_NAME", name.span, names::column_message(&name.text))
}

/// The column that stands left of a comparison.
fn left(expression: &Expression) -> Read<String> {
    match &expression.kind {
        ExpressionKind::Name(name) => column(name),
        _ => refuse("E_FILTER_IDENT", expression.span, "In WHERE the name of a column stands left of a comparison, and what it is compared with right of it."),
    }
}

impl Reader {
    fn condition(&mut self, expression: Expression, depth: u8) -> Read<Condition> {
        let span = expression.span;
        if depth >= DEPTH_MAX {
            return refuse("E_FILTER_DEPTH", span, format!("Brackets and NOT nest at most {DEPTH_MAX} deep in WHERE."));
        }
        match expression.kind {
            ExpressionKind::Binary(operator @ (BinaryOperator::And | BinaryOperator::Or), a, b) => self.joint(operator, *a, *b, depth),
            ExpressionKind::Unary(UnaryOperator::Not, part) => Ok(Condition::Not(Box::new(self.condition(*part, depth + 1)?))),
            kind => {
                self.predicates += 1;
                if self.predicates > PREDICATES_MAX {
                    return refuse("E_FILTER_TOO_LARGE", span, format!("One WHERE has at most {PREDICATES_MAX} comparisons; use IN for many values."));
                }
                self.predicate(kind, span)
            }
        }
    }

    /// `a AND b AND c`, flat.
    fn joint(&mut self, operator: BinaryOperator, a: Expression, b: Expression, depth: u8) -> Read<Condition> {
        let (mut open, mut parts) = (vec![b, a], Vec::new());
        while let Some(part) = open.pop() {
            match part.kind {
                ExpressionKind::Binary(inner, a, b) if inner == operator => open.extend([*b, *a]),
                kind => parts.push(self.condition(Expression { kind, ..part }, depth + 1)?),
            }
        }
        Ok(joined(parts, if operator == BinaryOperator::And { Condition::And } else { Condition::Or }))
    }

    fn predicate(&mut self, kind: ExpressionKind, span: Span) -> Read<Condition> {
        match kind {
            ExpressionKind::Binary(operator, a, b) if let Some(comparison) = operator.comparison() => {
                Ok(Condition::Compare(left(&a)?, comparison, self.term(*b)?))
            }
            ExpressionKind::Like(is_not, a, b) => Ok(Condition::Like(left(&a)?, is_not, self.term(*b)?)),
            ExpressionKind::IsNull(is_not, a) => Ok(Condition::Empty(left(&a)?, is_not)),
            ExpressionKind::In(is_not, a, b) => Ok(Condition::In(left(&a)?, is_not, self.list(*b)?)),
            ExpressionKind::Between(is_not, a, low, high) => {
                let column = left(&a)?;
                let low = Condition::Compare(column.clone(), Comparison::GreaterOrEqual, self.term(*low)?);
                let high = Condition::Compare(column, Comparison::LessOrEqual, self.term(*high)?);
                let both = Condition::And(vec![low, high]);
                Ok(if is_not { Condition::Not(Box::new(both)) } else { both })
            }
            ExpressionKind::Name(name) => refuse(
                "E_FILTER_SYNTAX",
                span,
                format!("{0} is not followed by a comparison; write {0} = TRUE, or what it must be.", name.text),
            ),
            _ => refuse("E_FILTER_SYNTAX", span, "WHERE wants comparisons of columns, such as status = \"open\", joined by AND, OR and NOT."),
        }
    }

    /// What stands right of a comparison.
    fn term(&mut self, value: Expression) -> Read<Term> {
        if let Some(literal) = literal(&value) {
            return Ok(Term::Literal(literal));
        }
        if !is_textual(&value) {
            return Ok(Term::Hole(self.hole(value)));
        }
        let pieces = text_parts(&value).into_iter().map(|part| match part {
            Part::Text(text, _) => Piece::Text(text),
            Part::Value(value) => Piece::Hole(self.hole(value.clone())),
            Part::Added(operands, span) => {
                let depth = operands.iter().map(|operand| operand.depth).max().unwrap_or(0) + 1;
                Piece::Hole(self.hole(Expression { kind: ExpressionKind::Sum(operands.to_vec()), span, depth }))
            }
        });
        Ok(Term::Mixed(pieces.collect()))
    }

    /// What stands behind IN.
    fn list(&mut self, list: Expression) -> Read<Vec<Term>> {
        match list.kind {
            ExpressionKind::Array(elements) => elements.into_iter().map(|element| self.term(element)).collect(),
            _ => Ok(vec![self.term(list)?]),
        }
    }

    fn count(&mut self, count: Expression, clause: &str) -> Read<Count> {
        match &count.kind {
            ExpressionKind::Literal(ast::Literal::Int(number)) if let Ok(number) = u64::try_from(*number) => Ok(Count::Literal(number)),
            ExpressionKind::Literal(_) | ExpressionKind::Text(_) | ExpressionKind::Unary(..) => {
                refuse("E_FILTER_LIMIT", count.span, format!("{clause} wants a whole number from 0."))
            }
            _ => Ok(Count::Hole(self.hole(count))),
        }
    }

    fn hole(&mut self, value: Expression) -> u16 {
        // So many values never fit into registers, which is reported where they are computed.
        let hole = u16::try_from(self.values.len()).unwrap_or(u16::MAX);
        self.values.push(value);
        hole
    }
}

/// A value that is written as such.
fn literal(value: &Expression) -> Option<Literal> {
    Some(match &value.kind {
        ExpressionKind::Text(text) if text.is_empty() => Literal::Empty,
        ExpressionKind::Text(text) => Literal::Text(text.to_string()),
        ExpressionKind::Literal(ast::Literal::Null) => Literal::Empty,
        ExpressionKind::Literal(ast::Literal::Bool(bool)) => Literal::Bool(*bool),
        ExpressionKind::Literal(ast::Literal::Int(int)) => Literal::Int(*int),
        ExpressionKind::Literal(ast::Literal::Float(float)) => Literal::Float(*float),
        ExpressionKind::Unary(UnaryOperator::Negate, number) => match number.kind {
            ExpressionKind::Literal(ast::Literal::Int(int)) => Literal::Int(int.checked_neg()?),
            ExpressionKind::Literal(ast::Literal::Float(float)) => Literal::Float(-float),
            _ => return None,
        },
        _ => return None,
    })
}

/// The template with columns where it compares with a hole that is one, and the holes that stay, in order.
///
/// `column` gives the column that the numbered hole's value is, if it is one.
pub fn with_columns(template: &Template, column: &dyn Fn(u16) -> Option<String>) -> (Template, Vec<u16>) {
    let mut kept = Vec::new();
    let mut template = template.clone();
    if let Some(condition) = &mut template.condition {
        settle(condition, column, &mut kept);
    }
    for count in [&mut template.limit, &mut template.offset].into_iter().flatten() {
        if let Count::Hole(hole) = count {
            *hole = keep(*hole, &mut kept);
        }
    }
    template.holes = u16::try_from(kept.len()).unwrap_or(u16::MAX);
    (template, kept)
}

fn keep(hole: u16, kept: &mut Vec<u16>) -> u16 {
    kept.push(hole);
    u16::try_from(kept.len() - 1).unwrap_or(u16::MAX)
}

fn settle(condition: &mut Condition, column: &dyn Fn(u16) -> Option<String>, kept: &mut Vec<u16>) {
    match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.iter_mut().for_each(|part| settle(part, column, kept)),
        Condition::Not(part) => settle(part, column, kept),
        Condition::Compare(_, _, term) => match term {
            Term::Hole(hole) if let Some(name) = column(*hole) => *term = Term::Column(name),
            term => renumber(term, kept),
        },
        Condition::Like(_, _, term) | Condition::Id(term) => renumber(term, kept),
        Condition::Between(_, _, low, high) => {
            renumber(low, kept);
            renumber(high, kept);
        }
        Condition::In(_, _, terms) => terms.iter_mut().for_each(|term| renumber(term, kept)),
        Condition::Empty(..) => {}
    }
}

fn renumber(term: &mut Term, kept: &mut Vec<u16>) {
    match term {
        Term::Literal(_) | Term::Column(_) => {}
        Term::Hole(hole) => *hole = keep(*hole, kept),
        Term::Mixed(pieces) => {
            for piece in pieces {
                if let Piece::Hole(hole) = piece {
                    *hole = keep(*hole, kept);
                }
            }
        }
        Term::Function(_, terms) => terms.iter_mut().for_each(|term| renumber(term, kept)),
    }
}
