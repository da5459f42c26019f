//! What the grammar's actions call: builds expressions, keeps their depth bounded and gives keyword expressions the
//! arguments that are theirs.

mod form;

use std::rc::Rc;

use gbvm_vm::signature::{Form, Signature};

use crate::ast::{BinaryOperator, DEPTH_MAX, Expression, ExpressionKind, Literal, Name, OnError, StatementKind, UnaryOperator};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::token::Word;

pub use form::FormPart;

/// What the actions of one parse share.
pub struct Shaper<'a> {
    source: u16,
    signatures: &'a [Signature],
    /// What is wrong with the item being parsed.
    pub diagnostics: Vec<Diagnostic>,
}

/// An expression, and what its right edge took: a keyword expression without brackets may stand there.
#[derive(Debug)]
pub struct Edge {
    /// The expression.
    pub expression: Expression,
    /// The values behind commas that the keyword at the edge has no parameter for.
    surplus: Vec<Expression>,
    /// The keyword expression that took a comma, which is misleading inside a list.
    comma: Option<Span>,
}

impl Edge {
    /// An expression whose right edge takes nothing.
    pub fn closed(expression: Expression) -> Edge {
        Edge { expression, surplus: Vec::new(), comma: None }
    }
}

/// The depth from which a chain of AND, OR or ?? is no longer kept as it was written.
const CHAIN_DEPTH: u16 = 64;

impl<'a> Shaper<'a> {
    /// For the items of one source.
    pub fn new(source: u16, signatures: &'a [Signature]) -> Shaper<'a> {
        Shaper { source, signatures, diagnostics: Vec::new() }
    }

    /// A place in the source.
    pub fn span(&self, start: u32, end: u32) -> Span {
        Span { source: self.source, start, end }
    }

    fn error(&mut self, span: Span, message: String) {
        self.diagnostics.push(Diagnostic::error("E_SYNTAX", span, message));
    }

    /// An expression of a kind, unless it nests too deeply.
    pub fn node(&mut self, kind: ExpressionKind, start: u32, end: u32) -> Expression {
        let depth = deepest(&kind) + 1;
        self.bounded(kind, self.span(start, end), depth)
    }

    fn bounded(&mut self, kind: ExpressionKind, span: Span, depth: u16) -> Expression {
        if depth <= DEPTH_MAX {
            return Expression { kind, span, depth };
        }
        if !self.diagnostics.iter().any(|diagnostic| diagnostic.code == "E_DEPTH") {
            let message = format!("this expression nests more than {DEPTH_MAX} deep; put parts of it into variables");
            self.diagnostics.push(Diagnostic::error("E_DEPTH", span, message));
        }
        Expression { kind: ExpressionKind::Invalid, span, depth: 1 }
    }

    /// A name at its place.
    pub fn name(&self, word: Word, start: u32, end: u32) -> Name {
        Name { text: word.text, folded: word.folded, span: self.span(start, end) }
    }

    /// The expression in brackets: its right edge ends there.
    pub fn group(&mut self, edge: Edge, start: u32, end: u32) -> Expression {
        let inner = self.close(edge);
        self.bounded(inner.kind, self.span(start, end), inner.depth + 1)
    }

    /// The expression of an edge where no list goes on: values that nobody takes are reported.
    pub fn close(&mut self, edge: Edge) -> Expression {
        if let Some(extra) = edge.surplus.first() {
            let message = "this value is one too many for the keyword before it; put brackets around the keyword and its values";
            self.error(extra.span, message.to_string());
        }
        edge.expression
    }

    /// A list of arguments from its elements. A keyword expression in it may take one value, but no comma.
    pub fn list(&mut self, edges: Vec<Edge>, last: Option<Edge>) -> Vec<Expression> {
        let mut list = Vec::with_capacity(edges.len() + 1);
        for edge in edges.into_iter().chain(last) {
            if let Some(span) = edge.comma {
                let message = "it is not clear where the values of this keyword end; put brackets around it and them";
                self.error(span, message.to_string());
            }
            list.push(edge.expression);
            list.extend(edge.surplus);
        }
        list
    }

    /// A keyword expression without brackets around its arguments.
    pub fn keyword(&mut self, index: u16, edges: Vec<Edge>, last: Edge, start: u32, end: u32) -> Edge {
        let has_comma = !edges.is_empty();
        let mut arguments = self.list(edges, Some(last));
        let most = self.signatures[usize::from(index)].most().unwrap_or(usize::MAX).max(1);
        let surplus = arguments.split_off(most.min(arguments.len()));
        let comma = (has_comma && arguments.len() > 1).then(|| self.span(start, end));
        let end = arguments.last().map_or(end, |argument| argument.span.end);
        Edge { expression: self.keyword_node(index, arguments, start, end), surplus, comma }
    }

    /// A keyword with all its arguments; a function of the table is a call by its name.
    pub fn keyword_node(&mut self, index: u16, arguments: Vec<Expression>, start: u32, end: u32) -> Expression {
        let index = self.meant(index, &arguments);
        let signature = &self.signatures[usize::from(index)];
        let kind = match signature.form {
            Form::Keyword | Form::Statement => ExpressionKind::Keyword { index, arguments },
            Form::Function => {
                let folded = signature.phrase.to_lowercase().into();
                let name = Name { text: signature.phrase.into(), folded, span: self.span(start, end) };
                ExpressionKind::Call { name, arguments }
            }
        };
        self.node(kind, start, end)
    }

    /// The keyword that is meant, where an address in the first argument makes another one of it.
    fn meant(&self, index: u16, arguments: &[Expression]) -> u16 {
        let other = self.signatures[usize::from(index)].address_form.filter(|_| arguments.first().is_some_and(is_address));
        let found = other.and_then(|phrase| self.signatures.iter().position(|signature| signature.phrase == phrase));
        found.and_then(|found| u16::try_from(found).ok()).unwrap_or(index)
    }

    /// `name(a, b)`; IIF is a conditional.
    pub fn call(&mut self, name: Name, mut arguments: Vec<Expression>, start: u32, end: u32) -> Expression {
        if &*name.folded == "iif" && arguments.len() == 3 {
            let otherwise = Box::new(arguments.pop().expect("there are three"));
            let then = Box::new(arguments.pop().expect("there are two"));
            let condition = Box::new(arguments.pop().expect("there is one"));
            return self.node(ExpressionKind::Conditional(condition, then, otherwise), start, end);
        }
        self.node(ExpressionKind::Call { name, arguments }, start, end)
    }

    /// `left op right`; chains of `+` and of `&` stay flat.
    pub fn binary(&mut self, left: Edge, operator: BinaryOperator, right: Edge) -> Edge {
        let left = self.left(left);
        let span = left.expression.span.to(right.expression.span);
        let depth = left.expression.depth.max(right.expression.depth + 1);
        let comma = left.comma.or(right.comma);
        let expression = match (operator, left.expression) {
            (BinaryOperator::Add, Expression { kind: ExpressionKind::Sum(mut terms), .. }) => {
                terms.push(right.expression);
                self.bounded(ExpressionKind::Sum(terms), span, depth)
            }
            (BinaryOperator::Concat, Expression { kind: ExpressionKind::Concat(mut terms), .. }) => {
                terms.push(right.expression);
                self.bounded(ExpressionKind::Concat(terms), span, depth)
            }
            (BinaryOperator::Add, left) => {
                self.node(ExpressionKind::Sum(vec![left, right.expression]), span.start, span.end)
            }
            (BinaryOperator::Concat, left) => {
                self.node(ExpressionKind::Concat(vec![left, right.expression]), span.start, span.end)
            }
            (operator @ (BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Coalesce), left) if left.depth > CHAIN_DEPTH => {
                self.balanced(left, operator, right.expression, span)
            }
            (operator, left) => {
                let kind = ExpressionKind::Binary(operator, Box::new(left), Box::new(right.expression));
                self.node(kind, span.start, span.end)
            }
        };
        Edge { expression, surplus: right.surplus, comma }
    }

    /// A long chain of an operator that may be grouped in any way, with one operand more: operands at its end are put
    /// together as digits of a number are carried, so that its depth grows with the logarithm of its length.
    fn balanced(&mut self, mut chain: Expression, operator: BinaryOperator, operand: Expression, span: Span) -> Expression {
        let mut last = operand;
        loop {
            match chain.kind {
                ExpressionKind::Binary(inner, before, end) if inner == operator && end.depth <= last.depth && last.depth <= DEPTH_MAX / 2 => {
                    let (start, stop) = (end.span.start, last.span.end);
                    last = self.node(ExpressionKind::Binary(operator, end, Box::new(last)), start, stop);
                    chain = *before;
                }
                kind => {
                    chain.kind = kind;
                    break;
                }
            }
        }
        self.node(ExpressionKind::Binary(operator, Box::new(chain), Box::new(last)), span.start, span.end)
    }

    /// The left side of an operator: its right edge ends at the operator.
    fn left(&mut self, edge: Edge) -> Edge {
        let comma = edge.comma;
        Edge { expression: self.close(edge), surplus: Vec::new(), comma }
    }

    /// A prefix operator.
    pub fn unary(&mut self, operator: UnaryOperator, edge: Edge, start: u32) -> Edge {
        let end = edge.expression.span.end;
        let expression = self.node(ExpressionKind::Unary(operator, Box::new(edge.expression)), start, end);
        Edge { expression, surplus: edge.surplus, comma: edge.comma }
    }

    /// `left IN right` and the like: a kind from both sides.
    pub fn test(&mut self, left: Edge, right: Edge, kind: fn(bool, Box<Expression>, Box<Expression>) -> ExpressionKind, is_negated: bool) -> Edge {
        let left = self.left(left);
        let span = left.expression.span.to(right.expression.span);
        let kind = kind(is_negated, Box::new(left.expression), Box::new(right.expression));
        let expression = self.node(kind, span.start, span.end);
        Edge { expression, surplus: right.surplus, comma: left.comma.or(right.comma) }
    }

    /// `value BETWEEN low AND high`.
    pub fn between(&mut self, value: Edge, is_negated: bool, low: Edge, high: Edge) -> Edge {
        let (value, low) = (self.left(value), self.left(low));
        let span = value.expression.span.to(high.expression.span);
        let comma = value.comma.or(low.comma).or(high.comma);
        let kind = ExpressionKind::Between(
            is_negated,
            Box::new(value.expression),
            Box::new(low.expression),
            Box::new(high.expression),
        );
        Edge { expression: self.node(kind, span.start, span.end), surplus: high.surplus, comma }
    }

    /// `value IS NULL`.
    pub fn is_null(&mut self, value: Edge, is_negated: bool, end: u32) -> Edge {
        let value = self.left(value);
        let start = value.expression.span.start;
        let kind = ExpressionKind::IsNull(is_negated, Box::new(value.expression));
        Edge { expression: self.node(kind, start, end), surplus: Vec::new(), comma: value.comma }
    }

    /// `value IS NUMERIC`: the function of the table that tests it.
    pub fn is_test(&mut self, value: Edge, is_negated: bool, index: u16, end: u32) -> Edge {
        let value = self.left(value);
        let start = value.expression.span.start;
        let mut expression = self.keyword_node(index, vec![value.expression], start, end);
        if is_negated {
            expression = self.node(ExpressionKind::Unary(UnaryOperator::Not, Box::new(expression)), start, end);
        }
        Edge { expression, surplus: Vec::new(), comma: value.comma }
    }

    /// `condition ? then : otherwise`.
    pub fn conditional(&mut self, condition: Edge, then: Expression, otherwise: Edge) -> Edge {
        let condition = self.left(condition);
        let span = condition.expression.span.to(otherwise.expression.span);
        let kind = ExpressionKind::Conditional(
            Box::new(condition.expression),
            Box::new(then),
            Box::new(otherwise.expression),
        );
        let comma = condition.comma.or(otherwise.comma);
        Edge { expression: self.node(kind, span.start, span.end), surplus: otherwise.surplus, comma }
    }

    /// A pair of an object whose value has this edge; the keys are joined again in [`Shaper::object`].
    pub fn object(&mut self, pairs: Vec<(Rc<str>, Edge)>, last: Option<(Rc<str>, Edge)>, start: u32, end: u32) -> Expression {
        let mut fields = Vec::with_capacity(pairs.len() + 1);
        for (key, edge) in pairs.into_iter().chain(last) {
            let value = self.list(Vec::new(), Some(edge));
            let mut value = value.into_iter();
            fields.extend(value.next().map(|value| (key, value)));
            if let Some(extra) = value.next() {
                self.error(extra.span, "this value has no key; an object is written {key: value}".to_string());
            }
        }
        self.node(ExpressionKind::Object(fields), start, end)
    }

    /// A literal.
    pub fn literal(&mut self, literal: Literal, start: u32, end: u32) -> Expression {
        self.node(ExpressionKind::Literal(literal), start, end)
    }

    /// `place = value` and `place += value`.
    pub fn assign(&mut self, place: Expression, operator: Option<BinaryOperator>, value: Expression) -> StatementKind {
        match self.place_root(&place) {
            Some(PlaceRoot::Name) => StatementKind::Assign { place, operator, value },
            Some(PlaceRoot::With) => StatementKind::WithField { place, operator, value },
            None => {
                let is_called = matches!(&place.kind, ExpressionKind::Call { arguments, .. } | ExpressionKind::Method { arguments, .. } if arguments.len() == 1);
                let hint = if is_called { "; an element stands in square brackets, as in a[0] = …" } else { "" };
                self.error(place.span, format!("only a variable, a field or an element can be assigned to{hint}"));
                StatementKind::Invalid
            }
        }
    }

    fn place_root(&self, place: &Expression) -> Option<PlaceRoot> {
        let mut place = place;
        loop {
            match &place.kind {
                ExpressionKind::Name(_) => return Some(PlaceRoot::Name),
                ExpressionKind::WithTarget => return Some(PlaceRoot::With),
                ExpressionKind::Field(object, _) | ExpressionKind::Index(object, _) => place = object,
                // It nested too deeply and was reported.
                ExpressionKind::Invalid => return Some(PlaceRoot::Name),
                _ => return None,
            }
        }
    }

    /// An expression that stands alone: it must do something.
    pub fn alone(&mut self, expression: Expression) -> StatementKind {
        let span = expression.span;
        match expression.kind {
            ExpressionKind::Name(name) => {
                let call = ExpressionKind::Call { name, arguments: Vec::new() };
                StatementKind::Expression(Expression { kind: call, span, depth: 1 })
            }
            ExpressionKind::Call { .. }
            | ExpressionKind::Method { .. }
            | ExpressionKind::Keyword { .. }
            | ExpressionKind::Conditional(..)
            | ExpressionKind::Invalid => StatementKind::Expression(expression),
            ExpressionKind::Field(..) => {
                let message = "this field is read and nothing is done with it; assign to it with =, or call it with ()";
                self.error(span, message.to_string());
                StatementKind::Invalid
            }
            _ => {
                self.error(span, "this value is computed and nothing is done with it".to_string());
                StatementKind::Invalid
            }
        }
    }

    /// `ON ERROR GOTO` and a number, which must be 0.
    pub fn on_error_goto(&mut self, number: i64, start: u32, end: u32) -> StatementKind {
        if number != 0 {
            let message = format!("ON ERROR GOTO takes the name of a label, or 0 to let errors fail again, but not {number}");
            self.error(self.span(start, end), message);
        }
        StatementKind::OnError(OnError::Fail)
    }

    /// WITH and its target.
    pub fn with_target(&mut self, target: Expression) -> Expression {
        if self.place_root(&target).is_none() {
            self.error(target.span, "WITH needs a variable or a field".to_string());
        }
        target
    }
}

/// Whether the text that an expression begins with is the beginning of an address.
fn is_address(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Text(text) => ["http://", "https://"].iter().any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))),
        ExpressionKind::Sum(parts) | ExpressionKind::Concat(parts) | ExpressionKind::Interpolation(parts) => parts.first().is_some_and(is_address),
        _ => false,
    }
}

/// What an assigned place begins with.
enum PlaceRoot {
    Name,
    With,
}

/// The depth of the deepest part.
fn deepest(kind: &ExpressionKind) -> u16 {
    let of = |parts: &[Expression]| parts.iter().map(|part| part.depth).max().unwrap_or(0);
    match kind {
        ExpressionKind::Literal(_)
        | ExpressionKind::Text(_)
        | ExpressionKind::Name(_)
        | ExpressionKind::WithTarget
        | ExpressionKind::NewObject
        | ExpressionKind::NewArray
        | ExpressionKind::ErrorPart(_)
        | ExpressionKind::Invalid => 0,
        ExpressionKind::Interpolation(parts)
        | ExpressionKind::Sum(parts)
        | ExpressionKind::Concat(parts)
        | ExpressionKind::Array(parts)
        | ExpressionKind::Filter { values: parts, .. }
        | ExpressionKind::Call { arguments: parts, .. }
        | ExpressionKind::Keyword { arguments: parts, .. } => of(parts),
        ExpressionKind::Unary(_, part)
        | ExpressionKind::Field(part, _)
        | ExpressionKind::IsNull(_, part) => part.depth,
        ExpressionKind::Binary(_, left, right)
        | ExpressionKind::Index(left, right)
        | ExpressionKind::In(_, left, right)
        | ExpressionKind::Like(_, left, right) => left.depth.max(right.depth),
        ExpressionKind::Conditional(a, b, c) | ExpressionKind::Between(_, a, b, c) => {
            a.depth.max(b.depth).max(c.depth)
        }
        ExpressionKind::Method { object, arguments, .. } => of(arguments).max(object.depth),
        ExpressionKind::Object(fields) => fields.iter().map(|(_, value)| value.depth).max().unwrap_or(0),
    }
}
