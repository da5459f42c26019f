//! Finds a read of the old state of rows that comes after the write which replaced it.

use gbvm_vm::signature::{Access, Role, Signature};
use rustc_hash::FxHashMap;

use super::Linter;
use crate::ast::{Expression, ExpressionKind, Statement, StatementKind};
use crate::reach;
use crate::source::Span;
use crate::walk;

/// How variables begin that are meant to hold an old state.
const OLD: [&str; 4] = ["old", "prev", "before", "original"];

/// What a keyword reads or writes: the table and the filter.
struct Rows<'a> {
    table: &'a Expression,
    filter: &'a Expression,
}

impl Rows<'_> {
    /// How they are written, alike for the same rows; nothing where that does not show it.
    fn key(&self) -> Option<String> {
        let mut key = String::new();
        (written(self.table, &mut key) && written(self.filter, &mut key)).then_some(key)
    }
}

impl<'a> Linter<'_, 'a> {
    /// Looks at each block by itself: a write, and after it a read of the same rows.
    pub(super) fn stale_reads(&mut self, routine: usize, block: &'a [Statement]) {
        let mut written: FxHashMap<String, Span> = FxHashMap::default();
        for statement in block {
            if let StatementKind::Assign { place, value, .. } = &statement.kind
                && let ExpressionKind::Name(name) = &place.kind
                && OLD.iter().any(|beginning| name.folded.starts_with(beginning))
                && let Some((signature, arguments)) = self.whole.builtin(routine, value)
                && signature.row_or_list
                && let Some(read) = rows(signature, &arguments)
                && let Some(span) = read.key().and_then(|key| written.get(&key))
            {
                let message = format!(
                    "{} will hold what was just written to these rows, not their state before; read them first.",
                    name.text
                );
                let span = *span;
                self.warn_related("W_STALE_READ", value.span, message, span, "the write");
            }
            for expression in walk::own_expressions(statement) {
                if let Some((signature, arguments)) = self.whole.builtin(routine, expression)
                    && signature.access == Access::Write
                    && let Some(key) = rows(signature, &arguments).and_then(|rows| rows.key())
                {
                    written.entry(key).or_insert(expression.span);
                }
            }
            for inner in walk::blocks(statement) {
                self.stale_reads(routine, inner);
            }
        }
    }
}

fn rows<'a>(signature: &Signature, arguments: &[&'a Expression]) -> Option<Rows<'a>> {
    let find = |role: Role| {
        let position = (0..arguments.len()).find(|&at| reach::param(signature, at).is_some_and(|param| param.role == role))?;
        Some(arguments[position])
    };
    Some(Rows { table: find(Role::Table)?, filter: find(Role::Filter)? })
}

/// Adds how an expression is written, as far as filters and tables go; false where they do not go so far.
fn written(expression: &Expression, key: &mut String) -> bool {
    match &expression.kind {
        ExpressionKind::Text(text) => *key += &format!("{text:?}"),
        ExpressionKind::Name(name) => *key += &format!("name {}", name.folded),
        ExpressionKind::Field(_, name) => *key += &format!("field {}", name.folded),
        ExpressionKind::Filter { template, .. } => *key += &format!("{template:?}"),
        ExpressionKind::Sum(_) => *key += "sum",
        ExpressionKind::Concat(_) => *key += "text",
        ExpressionKind::Interpolation(_) => *key += "pieces",
        _ => return false,
    }
    *key += "(";
    let is_known = walk::parts(expression).into_iter().all(|part| written(part, key));
    *key += ")";
    is_known
}
