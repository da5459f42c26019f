//! WITH: a fresh object in one instruction where its lines are simple, fields one by one elsewhere.

use gbvm_vm::program::Span;

use super::Lowering;
use super::expr::CHUNK;
use super::place::Place;
use crate::ast::{BinaryOperator, Expression, ExpressionKind, Statement, StatementKind};
use crate::walk::{self, WithStyle};

impl Lowering<'_> {
    pub(super) fn with(&mut self, target: &Expression, is_new: bool, body: &[Statement], span: Span) {
        let style = walk::with_style(body);
        let begun = self.head(span, &[target], |this| {
            let place = this.place(target)?;
            let mut expressions = Vec::new();
            walk::each_statement(body, &mut |line| expressions.extend(walk::own_expressions(line)));
            this.compute_once(&expressions);
            if !is_new && style != WithStyle::Bare {
                return Some((place, 0));
            }
            // Where each line must be able to fail alone, each is one of its own.
            let fields = if this.guards_statements() { Vec::new() } else { leading_fields(target, body, style) };
            this.fresh(&place, &fields, span);
            Some((place, fields.len()))
        });
        let Some((place, done)) = begun else { return };
        self.targets.push(place);
        self.region_of(body, |this| {
            for line in &body[done..] {
                match &line.kind {
                    StatementKind::Assign { place, operator, value } if style == WithStyle::Bare => {
                        this.guarded(line.span, this.does_much(line), |this| this.bare_line(place, *operator, value, line.span));
                    }
                    _ => this.statement(line),
                }
            }
        });
        self.targets.pop();
    }

    /// Sets a place to a new object with these fields.
    fn fresh(&mut self, place: &Place, fields: &[(&str, &Expression)], span: Span) {
        let mark = self.registers.mark();
        match place.register() {
            Some(register) => self.object(fields, register, span),
            None => {
                let object = self.registers.temporary();
                self.object(fields, object, span);
                self.store(place, object, span);
            }
        }
        self.registers.release(mark);
    }

    /// `name = value` as a field of the target.
    fn bare_line(&mut self, place: &Expression, operator: Option<BinaryOperator>, value: &Expression, span: Span) {
        let dotted = dotted(place);
        self.assign(&dotted, operator, value, span);
    }
}

/// The same place, its first name a field of the target of WITH.
fn dotted(place: &Expression) -> Expression {
    let mut kind = place.kind.clone();
    match &mut kind {
        ExpressionKind::Name(name) => {
            let target = Expression { kind: ExpressionKind::WithTarget, span: place.span, depth: 1 };
            kind = ExpressionKind::Field(Box::new(target), name.clone());
        }
        ExpressionKind::Field(object, _) | ExpressionKind::Index(object, _) => **object = dotted(object),
        _ => {}
    }
    Expression { kind, ..*place }
}

/// The fields that the new object can be born with: the leading lines with one distinct name each whose values do
/// not look at the object itself.
fn leading_fields<'e>(target: &Expression, body: &'e [Statement], style: WithStyle) -> Vec<(&'e str, &'e Expression)> {
    let mut fields: Vec<(&str, &Expression)> = Vec::new();
    for line in body {
        let (place, value) = match &line.kind {
            StatementKind::WithField { place, operator: None, value } => (place, value),
            StatementKind::Assign { place, operator: None, value } if style == WithStyle::Bare => (place, value),
            _ => break,
        };
        let name = match &place.kind {
            ExpressionKind::Field(object, name) if matches!(object.kind, ExpressionKind::WithTarget) => &*name.text,
            ExpressionKind::Name(name) if style == WithStyle::Bare => &*name.text,
            _ => break,
        };
        let is_taken = fields.iter().any(|(known, _)| *known == name);
        if fields.len() == CHUNK || is_taken || mentions(value, target) {
            break;
        }
        fields.push((name, value));
    }
    fields
}

/// Whether a value looks at the target, or at anything where the target is inside of something else.
fn mentions(value: &Expression, target: &Expression) -> bool {
    let root = walk::root(target);
    let mut found = false;
    walk::each_part(value, &mut |part| {
        found |= match &part.kind {
            ExpressionKind::WithTarget => true,
            ExpressionKind::Name(name) => root.is_some_and(|root| root.folded == name.folded),
            _ => false,
        };
    });
    found
}
