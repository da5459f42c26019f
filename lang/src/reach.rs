//! Finds the sums whose result can reach a place where provenance is looked at; only they keep their segments.

use gbvm_vm::signature::{Param, Role, Signature};
use rustc_hash::FxHashSet;

use crate::ast::{Expression, ExpressionKind};
use crate::filter;
use crate::flow::{Flows, Origin, Search};
use crate::lower::filter_sources;
use crate::resolve::Whole;
use crate::source::Span;
use crate::walk;

/// The parameter that an argument is for.
pub fn param(signature: &Signature, index: usize) -> Option<&'static Param> {
    match signature.params.get(index) {
        Some(param) => Some(param),
        None if signature.variadic => signature.params.last(),
        None => None,
    }
}

/// Whether the provenance of such an argument is looked at.
pub fn is_syntactic(role: Role) -> bool {
    match role {
        Role::Table | Role::Filter | Role::Url | Role::Header | Role::MemoryKey | Role::Recipient | Role::Field => true,
        Role::Value | Role::Record | Role::Word => false,
    }
}

/// Whether a filter is parsed while compiling: the values in it are bound whatever they are made of.
fn is_template(argument: &Expression) -> bool {
    matches!(argument.kind, ExpressionKind::Filter { .. }) || filter_sources(argument, |sources| filter::parse(sources).ok()).is_some()
}

/// The places of the sums, and of what `+=` adds, that must remember which parts were written in the script.
pub fn tracked<'a>(whole: &'a Whole<'a>, flows: &Flows<'a>) -> FxHashSet<Span> {
    let mut search = Search::new(flows);
    for (routine, this) in whole.routines.iter().enumerate() {
        walk::each_expression(this.body, &mut |expression| {
            let Some((signature, arguments)) = whole.builtin(routine, expression) else { return };
            for (index, argument) in arguments.into_iter().enumerate() {
                let role = param(signature, index).map_or(Role::Value, |param| param.role);
                if is_syntactic(role) && !(role == Role::Filter && is_template(argument)) {
                    search.add(Origin { expression: argument, routine, block: None });
                }
            }
        });
    }
    let mut tracked = FxHashSet::default();
    while let Some(origin) = search.next() {
        // Any expression may be what `+=` adds, and is then a part of a sum that has no place of its own.
        tracked.insert(origin.expression.span);
        if let ExpressionKind::Sum(parts) | ExpressionKind::Concat(parts) | ExpressionKind::Interpolation(parts) =
            &origin.expression.kind
        {
            parts.iter().for_each(|part| search.add(Origin { expression: part, ..origin }));
        }
    }
    tracked
}
