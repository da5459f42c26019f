//! Word forms: puts their parts where the keyword's parameters are, so that later passes know one form only.

use gbvm_vm::signature::{Access, Holds, Part, Signature};

use super::Shaper;
use crate::ast::{Expression, ExpressionKind, Literal, Name};
use crate::diagnostic::Diagnostic;
use crate::filter::{self, Clauses};
use crate::source::Span;

/// One part of a word form.
#[derive(Debug)]
pub enum FormPart {
    /// A value, a name as text, a record.
    Value(Expression),
    /// The condition of a filter.
    Condition(Expression),
    /// Its order: columns, and whether each is descending.
    Order(Vec<(Name, bool)>),
    /// Its LIMIT.
    Limit(Expression),
    /// Its OFFSET.
    Offset(Expression),
}

impl Shaper<'_> {
    /// A keyword in a word form, as the call that it is.
    pub fn form(&mut self, index: u16, parts: Vec<(u8, FormPart)>, start: u32, end: u32) -> Expression {
        let span = self.span(start, end);
        let mut arguments: Vec<Option<Expression>> = Vec::new();
        let mut filter: Option<(usize, Clauses)> = None;
        for (param, part) in parts {
            let param = usize::from(param);
            if let FormPart::Value(value) = part {
                arguments.resize(arguments.len().max(param + 1), None);
                arguments[param] = Some(value);
                continue;
            }
            let (_, clauses) = filter.get_or_insert_with(|| (param, Clauses::default()));
            match part {
                FormPart::Value(_) => {}
                FormPart::Condition(condition) => clauses.condition = Some(condition),
                FormPart::Order(keys) => clauses.order = keys,
                FormPart::Limit(count) => clauses.limit = Some(count),
                FormPart::Offset(count) => clauses.offset = Some(count),
            }
        }
        if let Some((param, clauses)) = filter {
            arguments.resize(arguments.len().max(param + 1), None);
            arguments[param] = Some(self.filter(clauses, span));
        }
        let signature = &self.signatures[usize::from(index)];
        if let Some(diagnostic) = lacking(signature, &arguments, span) {
            self.diagnostics.push(diagnostic);
            return Expression { kind: ExpressionKind::Invalid, span, depth: 1 };
        }
        let nothing = || Expression { kind: ExpressionKind::Literal(Literal::Null), span, depth: 1 };
        let arguments = arguments.into_iter().map(|argument| argument.unwrap_or_else(nothing)).collect();
        self.keyword_node(index, arguments, start, end)
    }

    fn filter(&mut self, clauses: Clauses, whole: Span) -> Expression {
        match filter::of_clauses(clauses, whole) {
            Ok((span, template, values)) => self.node(ExpressionKind::Filter { template: template.into(), values }, span.start, span.end),
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                Expression { kind: ExpressionKind::Invalid, span: whole, depth: 1 }
            }
        }
    }
}

/// What is wrong with a word form in which a parameter has no value.
fn lacking(signature: &Signature, arguments: &[Option<Expression>], span: Span) -> Option<Diagnostic> {
    let is_given = |index: usize| arguments.get(index).is_some_and(Option::is_some);
    let parts = || signature.word_forms.iter().flat_map(|form| form.parts);
    let is_filter = |index: usize| parts().any(|part| usize::from(part.param) == index && part.holds == Holds::Condition);
    let is_needed = |index: usize| !signature.params[index].optional || signature.access == Access::Write && is_filter(index);
    let missing = (0..signature.params.len()).find(|&index| is_needed(index) && !is_given(index))?;
    let is_condition = is_filter(missing);
    let mut words: Vec<&str> = Vec::new();
    for Part { words: part, param, .. } in parts() {
        if usize::from(*param) == missing && !part.is_empty() && !words.contains(part) {
            words.push(part);
        }
    }
    let wanted = if words.is_empty() { format!("its {}", signature.params[missing].name) } else { words.join(" or ") };
    let (code, reason) = match is_condition {
        true => ("E_FILTER_UNBOUNDED", "; without it every row would change, and for that the filter \"*\" is written"),
        false => ("E_SYNTAX", ""),
    };
    Some(Diagnostic::error(code, span, format!("{} lacks {wanted} here{reason}", signature.phrase)))
}
