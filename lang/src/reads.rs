//! Which tables a program reads, and which fields of the rows it found: what the scripts of a project are compared by.

use std::collections::BTreeSet;
use std::rc::Rc;

use gbvm_vm::signature::{Access, Role};
use rustc_hash::FxHashMap;

use crate::ast::{Expression, ExpressionKind};
use crate::flow::Flows;
use crate::names;
use crate::reach;
use crate::resolve::Whole;
use crate::source::Span;
use crate::walk;

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
    pub tables: Vec<String>,
    /// The field.
    pub name: String,
    /// Its name's place.
    pub span: Span,
}

/// What a program reads.
pub fn reads(whole: &Whole, flows: &Flows) -> Reads {
    let mut reader = Reader { whole, flows, reads: Reads::default(), rows: FxHashMap::default() };
    for routine in 0..whole.routines.len() {
        walk::each_expression(whole.routines[routine].body, &mut |expression| reader.expression(routine, expression));
    }
    reader.reads
}

struct Reader<'a> {
    whole: &'a Whole<'a>,
    flows: &'a Flows<'a>,
    reads: Reads,
    /// For each variable, the tables whose rows it holds; none where it may hold something else.
    rows: FxHashMap<(usize, Rc<str>), Rc<[String]>>,
}

impl<'a> Reader<'a> {
    fn expression(&mut self, routine: usize, expression: &'a Expression) {
        if let Some((signature, arguments)) = self.whole.builtin(routine, expression)
            && signature.access == Access::Read
        {
            for (position, argument) in arguments.into_iter().enumerate() {
                if reach::param(signature, position).is_some_and(|param| param.role == Role::Table) {
                    let tables = self.names(routine, argument);
                    self.reads.tables.extend(tables.into_iter().map(|table| (table, argument.span)));
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
                    let tables: Rc<[String]> = self.rows_of(routine, object).into();
                    self.rows.insert(key, tables.clone());
                    tables
                }
            };
            let is_own = self.flows.fields_of(routine, &variable.folded).iter().any(|(own, _)| own.eq_ignore_ascii_case(&field.text));
            if !tables.is_empty() && !is_own {
                self.reads.fields.push(FieldRead { tables: tables.to_vec(), name: field.text.to_string(), span: field.span });
            }
        }
    }

    /// The names of tables that an argument may have.
    fn names(&self, routine: usize, argument: &'a Expression) -> BTreeSet<String> {
        let origins = self.flows.closure(routine, argument);
        let texts = origins.iter().filter_map(|origin| match &origin.expression.kind {
            ExpressionKind::Text(name) if names::is_table(name) => Some(name.to_string()),
            _ => None,
        });
        texts.collect()
    }

    /// The tables whose rows a variable holds, if it holds nothing else.
    fn rows_of(&self, routine: usize, variable: &'a Expression) -> Vec<String> {
        let mut tables = BTreeSet::new();
        for origin in self.flows.closure(routine, variable) {
            if matches!(origin.expression.kind, ExpressionKind::Name(_)) {
                continue;
            }
            let Some((signature, arguments)) = self.whole.builtin(origin.routine, origin.expression) else { return Vec::new() };
            if !signature.row_or_list {
                return Vec::new();
            }
            for (position, argument) in arguments.into_iter().enumerate() {
                if reach::param(signature, position).is_some_and(|param| param.role == Role::Table) {
                    tables.extend(self.names(origin.routine, argument));
                }
            }
        }
        tables.into_iter().collect()
    }
}
