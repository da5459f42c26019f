//! Which tables a program reads, and which fields of the rows it found: what the scripts of a project are compared by.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use gbvm_vm::signature::{Access, Role};
use rustc_hash::FxHashMap;

use crate::ast::{Expression, ExpressionKind};
use crate::flow::{Flows, SlotIndex};
use crate::names;
use crate::reach;
use crate::resolve::Whole;
use crate::source::Span;
use crate::walk;

/// Of how many tables a single argument may be the name; where it may be that of more, nothing is said of any.
const TABLES_MAX: usize = 16;

/// What a program reads, with places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// The tables, each with the argument that names it.
    pub tables: Vec<(String, Span)>,
    /// The fields that are read of rows.
    pub fields: Vec<FieldRead>,
}

/// A field that is read of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRead {
    /// The tables that the row may be of.
    pub tables: Arc<[String]>,
    /// The field.
    pub name: String,
    /// Its name's place.
    pub span: Span,
}

/// What a program reads.
pub fn reads<'a>(whole: &'a Whole<'a>, flows: &Flows<'a>) -> Reads {
    let mut reader = Reader { whole, flows, reads: Reads::default(), rows: FxHashMap::default(), named: FxHashMap::default() };
    for routine in 0..whole.routines.len() {
        walk::each_expression(whole.routines[routine].body, &mut |expression| reader.expression(routine, expression));
    }
    reader.reads
}

struct Reader<'f, 'a> {
    whole: &'a Whole<'a>,
    flows: &'f Flows<'a>,
    reads: Reads,
    /// For each variable, the tables whose rows it holds; none where it may hold something else.
    rows: FxHashMap<(usize, Rc<str>), Arc<[String]>>,
    /// The names of tables that come out of a slot.
    named: FxHashMap<SlotIndex, Rc<BTreeSet<String>>>,
}

impl<'a> Reader<'_, 'a> {
    fn expression(&mut self, routine: usize, expression: &'a Expression) {
        if let Some((signature, arguments)) = self.whole.builtin(routine, expression)
            && signature.access == Access::Read
        {
            for (position, argument) in arguments.into_iter().enumerate() {
                if reach::param(signature, position).is_some_and(|param| param.role == Role::Table) {
                    let tables = self.names(routine, argument);
                    if tables.len() <= TABLES_MAX {
                        self.reads.tables.extend(tables.iter().map(|table| (table.clone(), argument.span)));
                    }
                }
            }
        }
        if let ExpressionKind::Field(object, field) = &expression.kind
            && let ExpressionKind::Name(variable) = &object.kind
        {
            let key = (routine, variable.folded.clone());
            let tables = match self.rows.get(&key) {
                Some(tables) => tables.clone(),
                None => {
                    let tables: Arc<[String]> = self.rows_of(routine, object).into();
                    self.rows.insert(key, tables.clone());
                    tables
                }
            };
            let is_own = self.flows.sets_field(routine, variable, field);
            if !tables.is_empty() && !is_own {
                self.reads.fields.push(FieldRead { tables, name: field.text.to_string(), span: field.span });
            }
        }
    }

    /// The names of tables that an argument may have.
    fn names(&mut self, routine: usize, argument: &'a Expression) -> Rc<BTreeSet<String>> {
        let slot = self.flows.slot_of(routine, argument);
        if let Some(known) = slot.and_then(|slot| self.named.get(&slot)) {
            return known.clone();
        }
        let origins = self.flows.closure(routine, argument);
        let texts = origins.iter().filter_map(|origin| match &origin.expression.kind {
            ExpressionKind::Text(name) if names::is_table(name) => Some(name.to_string()),
            _ => None,
        });
        let names: Rc<BTreeSet<String>> = Rc::new(texts.collect());
        if let Some(slot) = slot {
            self.named.insert(slot, names.clone());
        }
        names
    }

    /// The tables whose rows a variable holds, if it holds nothing else.
    fn rows_of(&mut self, routine: usize, variable: &'a Expression) -> Vec<String> {
        let mut tables = BTreeSet::new();
        let origins = self.flows.closure(routine, variable);
        if !origins.is_whole {
            return Vec::new();
        }
        for origin in origins.iter() {
            if matches!(origin.expression.kind, ExpressionKind::Name(_)) {
                continue;
            }
            let Some((signature, arguments)) = self.whole.builtin(origin.routine, origin.expression) else { return Vec::new() };
            if !signature.row_or_list {
                return Vec::new();
            }
            for (position, argument) in arguments.into_iter().enumerate() {
                if reach::param(signature, position).is_some_and(|param| param.role == Role::Table) {
                    tables.extend(self.names(origin.routine, argument).iter().cloned());
                }
            }
        }
        tables.into_iter().collect()
    }
}
