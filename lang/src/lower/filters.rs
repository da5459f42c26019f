//! Filters that stand directly in an argument: parsed while compiling, their values bound when they are used.

use gbvm_vm::isa::{Instruction, RegRange};
use gbvm_vm::program::{Reg, Span, TemplateIndex};
use gbvm_vm::signature::{Role, Signature};
use gbvm_vm::template::{Source, Template};

use super::Lowering;
use super::sum::{Part, is_textual, text_parts};
use crate::ast::{Expression, ExpressionKind};
use crate::filter;
use crate::names;
use crate::reach;
use crate::walk;

impl Lowering<'_> {
    /// Parses a filter made of text and values and computes the values, as an array, into a register. None where
    /// the argument must be judged when it runs, or was refused.
    pub(super) fn filter(&mut self, argument: &Expression, dst: Reg) -> Option<TemplateIndex> {
        if let ExpressionKind::Filter { template, values } = &argument.kind {
            return Some(self.clauses(template, values, argument.span, dst));
        }
        if !is_textual(argument) {
            return None;
        }
        let parts = text_parts(argument);
        let template = match filter::parse(&sources(&parts)) {
            Ok(template) => template,
            Err(fault) => {
                // A value where only syntax may stand is allowed if it turns out to be text of the script; and where a
                // filter may stand, some keywords take a column, which may be called after a clause.
                let is_column = matches!(&argument.kind, ExpressionKind::Text(text) if names::is_column(text));
                if fault.code != "E_FILTER_IDENT" && !is_column {
                    self.error(fault.code, argument.span, fault.message);
                }
                return None;
            }
        };
        let mark = self.registers.mark();
        let mut items = RegRange { first: Reg(0), count: 0 };
        for part in &parts {
            if !matches!(part, Part::Text(..)) {
                let register = self.registers.temporary();
                self.part(part, register);
                items = RegRange { first: Reg(mark), count: items.count.saturating_add(1) };
            }
        }
        self.emit(argument.span, Instruction::NewArray { dst, items });
        self.registers.release(mark);
        Some(self.emit.template(template))
    }

    /// Refuses `SET qty = qty - 1` where no variable is called so: what is set is computed once, not in each row.
    pub(super) fn refuse_columns(&mut self, signature: &Signature, arguments: &[&Expression]) {
        let is_word_form = arguments.iter().any(|argument| matches!(argument.kind, ExpressionKind::Filter { .. }));
        if !is_word_form {
            return;
        }
        for (position, argument) in arguments.iter().enumerate() {
            let is_record = reach::param(signature, position).is_some_and(|param| param.role == Role::Record);
            let ExpressionKind::Object(fields) = &argument.kind else { continue };
            for (_, value) in fields.iter().filter(|_| is_record) {
                let mut found = None;
                walk::each_part(value, &mut |part| found = found.or(self.whole.column(self.routine, part)));
                if let Some(name) = found {
                    let message = format!(
                        "{0} is no variable of the script, and a column's value in each row cannot be computed with here; read the row first, and set what comes of it.",
                        name.text
                    );
                    self.error("E_COLUMN_VALUE", name.span, message);
                }
            }
        }
    }

    /// The filter of a word form, and the values of the holes that are no columns.
    fn clauses(&mut self, template: &Template, values: &[Expression], span: Span, dst: Reg) -> TemplateIndex {
        let column = |hole: u16| self.whole.column(self.routine, &values[usize::from(hole)]).map(|name| name.text.to_string());
        let (template, kept) = filter::with_columns(template, &column);
        let mark = self.registers.mark();
        for hole in &kept {
            let register = self.registers.temporary();
            self.into(&values[usize::from(*hole)], register);
        }
        let items = RegRange { first: if kept.is_empty() { Reg(0) } else { Reg(mark) }, count: kept.len().min(usize::from(u8::MAX)) as u8 };
        self.emit(span, Instruction::NewArray { dst, items });
        self.registers.release(mark);
        self.emit.template(template)
    }
}

/// Calls a function with the pieces of an expression that is textually a string.
pub(crate) fn filter_sources<T>(expression: &Expression, read: impl FnOnce(&[Source]) -> Option<T>) -> Option<T> {
    if !is_textual(expression) {
        return None;
    }
    read(&sources(&text_parts(expression)))
}

/// A filter's parts as its parser takes them: values are numbered holes.
fn sources<'a>(parts: &'a [Part]) -> Vec<Source<'a>> {
    let mut hole = 0u16;
    let mut sources = Vec::with_capacity(parts.len());
    for part in parts {
        sources.push(match part {
            Part::Text(text, _) => Source::Text(text),
            Part::Value(_) | Part::Added(..) => {
                // So many values never fit into registers, which is reported where they are computed.
                hole = hole.saturating_add(1);
                Source::Hole(hole - 1)
            }
        });
    }
    sources
}
