//! Filters that stand directly in an argument: parsed while compiling, their values bound when they are used.

use gbvm_vm::isa::{Instruction, RegRange};
use gbvm_vm::program::{Reg, TemplateIndex};
use gbvm_vm::template::Source;

use super::Lowering;
use super::sum::{Part, is_textual, text_parts};
use crate::ast::Expression;
use crate::filter;

impl Lowering<'_> {
    /// Parses a filter made of text and values and computes the values, as an array, into a register. None where
    /// the argument must be judged when it runs, or was refused.
    pub(super) fn filter(&mut self, argument: &Expression, dst: Reg) -> Option<TemplateIndex> {
        if !is_textual(argument) {
            return None;
        }
        let parts = text_parts(argument);
        let template = match filter::parse(&sources(&parts)) {
            Ok(template) => template,
            Err(fault) => {
                // A value where only syntax may stand is allowed if it turns out to be text of the script.
                if fault.code != "E_FILTER_IDENT" {
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
