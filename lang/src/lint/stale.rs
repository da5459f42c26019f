//! Finds a read of the old state of rows that comes after the write which replaced it.

use gbvm_vm::signature::{Access, Role, Signature};

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

impl<'a> Linter<'a> {
    /// Looks at each block by itself: a write, and after it a read of the same rows.
    pub(super) fn stale_reads(&mut self, routine: usize, block: &'a [Statement]) {
        let mut written: Vec<(Rows, Span)> = Vec::new();
        for statement in block {
            if let StatementKind::Assign { place, value, .. } = &statement.kind
                && let ExpressionKind::Name(name) = &place.kind
                && OLD.iter().any(|beginning| name.folded.starts_with(beginning))
                && let Some((signature, arguments)) = self.whole.builtin(routine, value)
                && signature.row_or_list
                && let Some(read) = rows(signature, &arguments)
                && let Some((_, span)) =
                    written.iter().find(|(rows, _)| same(rows.table, read.table) && same(rows.filter, read.filter))
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
                    && let Some(rows) = rows(signature, &arguments)
                {
                    written.push((rows, expression.span));
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

/// Whether two expressions are written alike, as far as filters and tables go.
fn same(a: &Expression, b: &Expression) -> bool {
    let alike = match (&a.kind, &b.kind) {
        (ExpressionKind::Text(a), ExpressionKind::Text(b)) => a == b,
        (ExpressionKind::Name(a), ExpressionKind::Name(b)) => a.folded == b.folded,
        (ExpressionKind::Field(_, a), ExpressionKind::Field(_, b)) => a.folded == b.folded,
        (ExpressionKind::Filter { template: a, .. }, ExpressionKind::Filter { template: b, .. }) => a == b,
        (ExpressionKind::Sum(_), ExpressionKind::Sum(_))
        | (ExpressionKind::Concat(_), ExpressionKind::Concat(_))
        | (ExpressionKind::Interpolation(_), ExpressionKind::Interpolation(_)) => true,
        _ => false,
    };
    let (a, b) = (walk::parts(a), walk::parts(b));
    alike && a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}
