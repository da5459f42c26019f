//! Finds calls that wait for an answer inside of a transaction, where the text shows it.

use gbvm_vm::signature::Boundary;

use crate::ast::{Expression, Statement, StatementKind};
use crate::diagnostic::Diagnostic;
use crate::resolve::Whole;
use crate::source::Span;
use crate::walk;

/// An error for each such call. What depends on the way that a run takes is found when it runs.
pub fn calls_inside(whole: &Whole) -> Vec<Diagnostic> {
    let mut finder = Finder { whole, routine: 0, diagnostics: Vec::new() };
    for (routine, this) in whole.routines.iter().enumerate() {
        finder.routine = routine;
        finder.block(this.body, &mut Vec::new());
    }
    finder.diagnostics
}

struct Finder<'a> {
    whole: &'a Whole<'a>,
    routine: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Finder<'_> {
    /// Follows a block; `open` holds the places where the open transactions began.
    fn block(&mut self, block: &[Statement], open: &mut Vec<Span>) {
        for statement in block {
            if let StatementKind::Expression(expression) = &statement.kind
                && let Some(boundary) = self.boundary(expression)
            {
                match boundary {
                    Boundary::Begin => open.push(statement.span),
                    Boundary::Commit | Boundary::Rollback => drop(open.pop()),
                }
                continue;
            }
            if let Some(&began) = open.last() {
                self.statement(statement, began);
            }
            let inner = walk::blocks(statement);
            for block in &inner {
                self.block(block, &mut open.clone());
            }
            // Whether such a block ran is not known here.
            if inner.iter().any(|block| self.ends_one(block)) {
                open.clear();
            }
        }
    }

    fn boundary(&self, expression: &Expression) -> Option<Boundary> {
        self.whole.builtin(self.routine, expression)?.0.boundary
    }

    fn ends_one(&self, block: &[Statement]) -> bool {
        let mut found = false;
        walk::each_expression(block, &mut |expression| {
            found |= matches!(self.boundary(expression), Some(Boundary::Commit | Boundary::Rollback));
        });
        found
    }

    fn statement(&mut self, statement: &Statement, began: Span) {
        for expression in walk::own_expressions(statement) {
            walk::each_part(expression, &mut |part| {
                let is_used = !matches!(&statement.kind, StatementKind::Expression(whole) if std::ptr::eq(whole, part));
                let Some((signature, _)) = self.whole.builtin(self.routine, part) else { return };
                if signature.immediate && is_used || signature.pauses {
                    let message = format!(
                        "{} waits here while a transaction is open, which would lock the database; end the transaction before it.",
                        signature.phrase
                    );
                    self.diagnostics.push(Diagnostic::error("E_CALL_IN_TRANSACTION", part.span, message).with_related(began, "the transaction"));
                }
            });
        }
    }
}
