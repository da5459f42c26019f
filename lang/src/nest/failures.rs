//! TRY and its parts while lines are nested, and what may not stand where.

use super::{Block, Frame, Nester, TryPart};
use crate::ast::{Catch, Expression, ExpressionKind, StatementKind};
use crate::source::Span;
use crate::spelling;

impl Nester<'_> {
    /// Whether a statement that leaves everything up to a block, or all blocks, would leave a FINALLY; then it says so.
    pub(super) fn leaves_finally(&mut self, is_left: impl Fn(&Block) -> bool, span: Span, words: &str) -> bool {
        let mut left = self.stack.iter().rev().take_while(|frame| !is_left(&frame.block));
        let is_left = left.any(|frame| matches!(frame.block, Block::Try { part: TryPart::Finally, .. }));
        if is_left {
            self.error(span, format!("{words} cannot leave FINALLY: it goes on to its END TRY, and then with what it interrupted"));
        }
        is_left
    }

    /// Whether a TRY is open; then it says that ON ERROR does not belong there.
    pub(super) fn is_inside_try(&mut self, span: Span) -> bool {
        let is_inside = self.stack.iter().any(|frame| matches!(frame.block, Block::Try { .. }));
        if is_inside {
            self.error(span, "ON ERROR cannot stand inside TRY, whose CATCH takes the errors there; write it before TRY or behind END TRY".to_string());
        }
        is_inside
    }

    /// Whether no procedure is open; then it says that SHARED does not belong there.
    pub(super) fn is_outside_procedure(&mut self, span: Span) -> bool {
        let is_outside = !matches!(self.stack.first(), Some(Frame { block: Block::Procedure { .. }, .. }));
        if is_outside {
            self.error(span, "SHARED stands in a SUB or FUNCTION, which then uses these variables of the main part as its own; the main part has them already".to_string());
        }
        is_outside
    }

    /// CATCH and FINALLY: the part of TRY before them ends.
    pub(super) fn try_part(&mut self, next: TryPart, span: Span, words: &str) {
        if !self.unwind_to(span, |block| matches!(block, Block::Try { .. })) {
            self.stray(span, words, "TRY");
            return;
        }
        let Some(frame) = self.stack.last_mut() else { return };
        let Block::Try { body, catch, part } = &mut frame.block else { return };
        let is_finally = matches!(next, TryPart::Finally);
        match (std::mem::replace(part, TryPart::Finally), next) {
            (TryPart::Body, next) => {
                *body = std::mem::take(&mut frame.body);
                *part = next;
            }
            (TryPart::Catch(variable, span), next @ TryPart::Finally) => {
                *catch = Some(Catch { variable, body: std::mem::take(&mut frame.body), span });
                *part = next;
            }
            (before, _) => {
                let message = match &before {
                    TryPart::Finally if is_finally => "this TRY has a FINALLY already",
                    TryPart::Finally => "CATCH stands behind FINALLY of the same TRY; FINALLY comes last",
                    TryPart::Catch(..) | TryPart::Body => "this TRY has a CATCH already; it takes every error, so tell them apart inside of it",
                };
                *part = before;
                self.error(span, message.to_string());
            }
        }
    }

    /// A TRY that ends without CATCH and FINALLY was meant to have one.
    pub(super) fn check_try(&mut self) {
        if let Some(Frame { block: Block::Try { part: TryPart::Body, .. }, span, is_doubtful: false, body, .. }) = self.stack.last() {
            let span = *span;
            let meant = body.iter().find_map(|statement| match &statement.kind {
                StatementKind::Expression(Expression { kind: ExpressionKind::Call { name, .. } | ExpressionKind::Name(name), .. }) | StatementKind::Label(name) => {
                    let is_meant = matches!(&*name.folded, "catch" | "except" | "rescue") || spelling::nearest(&name.text, ["CATCH", "FINALLY"]).is_some();
                    is_meant.then(|| (name.text.to_string(), name.span))
                }
                _ => None,
            });
            let hint = match meant {
                Some((written, at)) => format!(". Did you mean CATCH e, without brackets, where line {} says {written}?", self.line_of(at)),
                None => "; behind CATCH e stands what is done where it fails".to_string(),
            };
            self.error(span, format!("this TRY has neither CATCH nor FINALLY, so it would change nothing{hint}"));
        }
    }
}
