//! Which tables and columns a program's own text asks for, and its addresses.
//!
//! Only names written in the script count. They are followed through variables, parameters and results; where the
//! same block sets both the table's name and the record, only those two belong together.

use std::collections::{BTreeMap, BTreeSet};

use gbvm_vm::signature::{Access, Role, Signature};
use gbvm_vm::template::{Comparison, Condition, Template, Term};
use rustc_hash::FxHashSet;

use crate::address::Addresses;
use crate::ast::{Expression, ExpressionKind, Statement, StatementKind};
use crate::declare::TableDeclaration;
use crate::diagnostic::Diagnostic;
use crate::filter;
use crate::flow::{Flows, Origin, SlotIndex};
use crate::lower::filter_sources;
use crate::names;
use crate::reach;
use crate::resolve::Whole;
use crate::source::Span;
use crate::spelling;
use crate::walk::{self, WithStyle};

/// What the loaded scripts need of the database and the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// The tables, by their names in the script.
    pub tables: BTreeMap<String, TableNeeds>,
    /// The tables that scripts declare.
    pub declared: Vec<TableDeclaration>,
    /// Every field name and object key that stands in the script: no other key may become a column.
    pub field_names: BTreeSet<String>,
    /// The origins of addresses, `scheme://host[:port]`, in lower case.
    pub origins: BTreeSet<String>,
}

/// The columns that a table needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableNeeds {
    /// Those that are written or filtered by; `id` is always there and not among them.
    pub columns: BTreeSet<String>,
    /// Those that filters compare with `=`.
    pub indexed: BTreeSet<String>,
}

/// What a program does to stored data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accesses {
    /// Whether it can read.
    pub reads: bool,
    /// Whether it can write.
    pub writes: bool,
    /// The tables that it reads, as far as their names are written in it.
    pub tables_read: BTreeSet<String>,
    /// The tables that it writes, likewise.
    pub tables_written: BTreeSet<String>,
}

/// What a program needs and does, and the names in it that no table or column may have.
pub fn schema<'a>(whole: &'a Whole<'a>, flows: &Flows<'a>, addresses: &Addresses<'_, 'a>, declared: &[&TableDeclaration]) -> (Schema, Accesses, Vec<Diagnostic>) {
    let mut misnamed = Vec::new();
    let mut schema = Schema::default();
    let mut accesses = Accesses::default();
    let mut seen: FxHashSet<Vec<Face>> = FxHashSet::default();
    for (routine, this) in whole.routines.iter().enumerate() {
        field_names(this.body, &mut schema.field_names);
        walk::each_expression(this.body, &mut |expression| {
            if let Some((signature, arguments)) = whole.builtin(routine, expression) {
                let call = Call { flows, addresses, declared, routine, signature, arguments };
                let faces = call.faces();
                if faces.as_ref().is_some_and(|faces| seen.contains(faces)) {
                    return;
                }
                let before = misnamed.len();
                call.misnamed_tables(&mut misnamed);
                call.needs(&mut schema, &mut accesses, &mut misnamed);
                // What is wrong with a call is said at each that is wrong.
                if misnamed.len() == before {
                    seen.extend(faces);
                }
            }
        });
    }
    (schema, accesses, misnamed)
}

impl Schema {
    /// Adds declared tables; a message for each that is declared twice.
    pub fn declare(&mut self, tables: &[TableDeclaration]) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        for table in tables {
            if let Some(first) = self.declared.iter().find(|first| first.name.eq_ignore_ascii_case(&table.name)) {
                let message = format!("The table {} is declared twice; put all columns into one declaration.", table.name);
                diagnostics.push(Diagnostic::error("E_TABLE_TWICE", table.span, message).with_related(first.span, "the first one"));
                continue;
            }
            self.field_names.extend(table.columns.iter().map(|column| column.name.clone()));
            for other in table.columns.iter().filter_map(|column| column.references.as_ref()) {
                self.tables.entry(other.clone()).or_default();
            }
            self.declared.push(table.clone());
        }
        diagnostics
    }
}

/// A field of a record that is written.
struct Field {
    name: String,
    /// The block that sets it.
    block: Option<u32>,
    /// Where to point at it: its value, or the record.
    span: Span,
}

/// What an argument is, as far as it decides what a call needs: calls with the same ones need the same.
#[derive(PartialEq, Eq, Hash)]
enum Face<'a> {
    Keyword(&'static str),
    Slot(SlotIndex, &'a str),
    Text(&'a str),
}

/// One call of a keyword.
struct Call<'f, 'a> {
    flows: &'f Flows<'a>,
    addresses: &'f Addresses<'f, 'a>,
    /// The tables that the program declares.
    declared: &'f [&'f TableDeclaration],
    routine: usize,
    signature: &'a Signature,
    arguments: Vec<&'a Expression>,
}

impl<'a> Call<'_, 'a> {
    /// The keyword and what its arguments are, where they say all that there is to say.
    fn faces(&self) -> Option<Vec<Face<'a>>> {
        let face = |argument: &&'a Expression| match &argument.kind {
            ExpressionKind::Text(text) => Some(Face::Text(text)),
            // The name may become a column.
            ExpressionKind::Name(name) | ExpressionKind::Field(_, name) => {
                self.flows.slot_of(self.routine, argument).map(|slot| Face::Slot(slot, &name.text))
            }
            _ => None,
        };
        std::iter::once(Some(Face::Keyword(self.signature.phrase))).chain(self.arguments.iter().map(face)).collect()
    }

    fn needs(&self, schema: &mut Schema, accesses: &mut Accesses, misnamed: &mut Vec<Diagnostic>) {
        let writes = self.signature.access == Access::Write;
        let tables = self.tables();
        match self.signature.access {
            Access::None => {}
            Access::Read => {
                accesses.reads = true;
                accesses.tables_read.extend(tables.iter().map(|(table, _)| table.clone()));
            }
            Access::Write => {
                accesses.writes = true;
                accesses.tables_written.extend(tables.iter().map(|(table, _)| table.clone()));
            }
        }
        for (table, _) in &tables {
            schema.tables.entry(table.clone()).or_default();
        }
        for (position, argument) in self.arguments.iter().enumerate() {
            match reach::param(self.signature, position).map_or(Role::Value, |param| param.role) {
                // A few keywords take an address in the place of a table.
                Role::Url | Role::Table => {
                    schema.origins.extend(self.addresses.origins(self.routine, argument));
                }
                Role::Filter => self.filter_needs(argument, &tables, schema, misnamed),
                Role::Field if writes => self.key_needs(argument, &tables, schema, misnamed),
                // Where a field may stand, some keywords take a filter.
                Role::Field => self.filter_needs(argument, &tables, schema, misnamed),
                Role::Record if writes => {
                    let mut fields = self.fields(argument);
                    fields.retain(|field| {
                        let is_column = names::is_column(&field.name);
                        if !is_column {
                            misnamed.push(Diagnostic::error("E_COLUMN_NAME", field.span, names::column_message(&field.name)));
                        }
                        is_column
                    });
                    let is_written_here = matches!(argument.kind, ExpressionKind::Object(_) | ExpressionKind::Array(_));
                    self.undeclared(&tables, fields.iter().map(|field| (field.name.as_str(), field.span)), is_written_here, misnamed);
                    self.columns(&tables, &fields, schema);
                    if let ExpressionKind::Name(name) | ExpressionKind::Field(_, name) = &argument.kind
                        && self.signature.variadic
                        && position + 1 >= self.signature.params.len()
                    {
                        // A value that is no object becomes the column of its name. A single one may be either.
                        schema.field_names.insert(name.text.to_string());
                        if fields.is_empty() && self.arguments.len() > self.signature.params.len() {
                            self.undeclared(&tables, [(&*name.text, name.span)], true, misnamed);
                            self.columns(&tables, &[Field { name: name.text.to_string(), block: None, span: name.span }], schema);
                        }
                    }
                }
                Role::Record | Role::Value | Role::Header | Role::MemoryKey | Role::Recipient | Role::Word => {}
            }
        }
    }

    /// The declaration that settles which columns a table has: one without a place for further fields.
    fn settled(&self, table: &str) -> Option<&TableDeclaration> {
        self.declared.iter().copied().find(|declared| declared.name.eq_ignore_ascii_case(table) && !declared.keeps_more())
    }

    /// Reports columns that the one table which is meant is declared without. One that is near to a declared column is a
    /// slip; any other is made, but without a type or a rule. What a variable holds may be meant for something else.
    fn undeclared<'n>(&self, tables: &[(String, Option<u32>)], columns: impl IntoIterator<Item = (&'n str, Span)>, is_written_here: bool, misnamed: &mut Vec<Diagnostic>) {
        let [(table, _)] = tables else { return };
        let Some(declared) = self.settled(table) else { return };
        for (column, span) in columns.into_iter().filter(|(column, _)| !declared.has_column(column)) {
            let others = declared.columns.iter().map(|column| &*column.name).filter(|other| !is_numbered_alike(column, other));
            let message = format!("the table {table} is declared without a column {column}");
            let diagnostic = match (spelling::nearest(column, others), is_written_here) {
                (Some(near), true) => Diagnostic::error("E_COLUMN_UNKNOWN", span, format!("{message}; did you mean {near}? If not, add {column} to its TABLE")),
                (Some(near), false) => Diagnostic::warning("W_COLUMN_UNDECLARED", span, format!("{message}, and here one may be written; did you mean {near}?")),
                (None, true) => Diagnostic::warning("W_COLUMN_UNDECLARED", span, format!("{message}, so it has neither type nor rule; add it to its TABLE")),
                (None, false) => continue,
            };
            misnamed.push(diagnostic.with_related(declared.span, "the declaration"));
        }
    }

    /// The table names that may be meant, with the block that sets each.
    fn tables(&self) -> Vec<(String, Option<u32>)> {
        let mut tables = Vec::new();
        for (position, argument) in self.arguments.iter().enumerate() {
            if !reach::param(self.signature, position).is_some_and(|param| param.role == Role::Table) {
                continue;
            }
            for origin in self.flows.closure(self.routine, argument).iter() {
                if let ExpressionKind::Text(name) = &origin.expression.kind
                    && names::is_table(name)
                {
                    tables.push((name.to_string(), origin.block));
                }
            }
        }
        tables
    }

    /// Reports names that no table may have: a reserved one wherever it comes from, another where it can only be
    /// this one. What may also be something else is judged when the line runs.
    fn misnamed_tables(&self, misnamed: &mut Vec<Diagnostic>) {
        for (position, argument) in self.arguments.iter().enumerate() {
            if !reach::param(self.signature, position).is_some_and(|param| param.role == Role::Table) {
                continue;
            }
            let closure = self.flows.closure(self.routine, argument);
            let values = closure.iter().filter(|origin| !matches!(origin.expression.kind, ExpressionKind::Name(_)));
            let origins: Vec<Origin> = values.collect();
            for origin in &origins {
                let ExpressionKind::Text(name) = &origin.expression.kind else { continue };
                let is_certain = names::is_reserved(name) || origins.len() == 1 && closure.is_whole;
                // A few keywords take an address in the place of a table.
                if is_certain && !names::is_table(name) && !name.contains("://") {
                    misnamed.push(Diagnostic::error("E_TABLE_NAME", origin.expression.span, names::table_message(name)));
                }
            }
        }
    }

    /// The fields of a record.
    fn fields(&self, record: &'a Expression) -> Vec<Field> {
        let mut fields = Vec::new();
        for Origin { expression, routine, block } in self.flows.closure(self.routine, record).iter() {
            match &expression.kind {
                ExpressionKind::Name(name) => {
                    let set = self.flows.fields_of(routine, name);
                    fields.extend(set.iter().map(|(field, block)| Field { name: field.to_string(), block: Some(*block), span: record.span }));
                }
                ExpressionKind::Object(keys) => fields.extend(keys.iter().map(|(key, value)| Field { name: key.to_string(), block, span: value.span })),
                _ => {}
            }
        }
        fields
    }

    /// Adds a record's fields to the tables it may be written to.
    fn columns(&self, tables: &[(String, Option<u32>)], fields: &[Field], schema: &mut Schema) {
        for (table, block) in tables {
            // Each may become a column.
            if !self.flows.looks(4 * fields.len()) {
                return;
            }
            let together = block.is_some() && fields.iter().any(|field| field.block == *block);
            let needs = schema.tables.entry(table.clone()).or_default();
            let mine = fields.iter().filter(|field| !together || field.block == *block);
            needs.columns.extend(mine.map(|field| field.name.clone()).filter(|field| !is_id(field)));
        }
    }

    /// The columns that identify the rows which are written: text with commas.
    fn key_needs(&self, argument: &'a Expression, tables: &[(String, Option<u32>)], schema: &mut Schema, misnamed: &mut Vec<Diagnostic>) {
        for Origin { expression, .. } in self.flows.closure(self.routine, argument).iter() {
            let ExpressionKind::Text(text) = &expression.kind else { continue };
            let columns = text.split(',').map(str::trim).filter(|column| names::is_column(column) && !is_id(column));
            for column in columns {
                let is_written_here = matches!(argument.kind, ExpressionKind::Text(_));
                self.undeclared(tables, [(column, argument.span)], is_written_here, misnamed);
                schema.field_names.insert(column.to_owned());
                for (table, _) in tables.iter().take_while(|_| self.flows.looks(1)) {
                    let needs = schema.tables.entry(table.clone()).or_default();
                    needs.columns.insert(column.to_owned());
                    needs.indexed.insert(column.to_owned());
                }
            }
        }
    }

    fn filter_needs(&self, argument: &'a Expression, tables: &[(String, Option<u32>)], schema: &mut Schema, misnamed: &mut Vec<Diagnostic>) {
        use ExpressionKind::{Concat, Filter, Interpolation, Sum, Text};
        for Origin { expression, .. } in self.flows.closure(self.routine, argument).iter() {
            let template = match &expression.kind {
                ExpressionKind::Filter { template, values } => {
                    let column = |hole: u16| self.flows.whole().column(self.routine, &values[usize::from(hole)]).map(|name| name.text.to_string());
                    Some(filter::with_columns(template, &column).0)
                }
                _ => filter_sources(expression, |sources| filter::parse(sources).ok()),
            };
            let Some(template) = template else { continue };
            let (mut columns, mut indexed) = (BTreeSet::new(), BTreeSet::new());
            filter_columns(&template, &mut columns, &mut indexed);
            columns.retain(|column| !is_id(column));
            indexed.retain(|column| !is_id(column));
            schema.field_names.extend(columns.iter().cloned());
            if matches!(argument.kind, Text(_) | Sum(_) | Concat(_) | Interpolation(_) | Filter { .. }) {
                self.undeclared(tables, columns.iter().map(|column| (column.as_str(), argument.span)), true, misnamed);
            }
            for (table, _) in tables.iter().take_while(|_| self.flows.looks(columns.len())) {
                let needs = schema.tables.entry(table.clone()).or_default();
                needs.columns.extend(columns.iter().cloned());
                needs.indexed.extend(indexed.iter().cloned());
            }
        }
    }
}

/// Whether two names differ in their digits alone: `line1` is no slip of `line2`.
fn is_numbered_alike(a: &str, b: &str) -> bool {
    let letters = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).map(|c| c.to_ascii_lowercase()).collect::<String>();
    letters(a) == letters(b)
}

fn is_id(field: &str) -> bool {
    field.eq_ignore_ascii_case("id")
}

fn filter_columns(template: &Template, columns: &mut BTreeSet<String>, indexed: &mut BTreeSet<String>) {
    columns.extend(template.order.iter().map(|order| order.column.clone()));
    let mut waiting: Vec<&Condition> = template.condition.iter().collect();
    while let Some(condition) = waiting.pop() {
        match condition {
            Condition::And(parts) | Condition::Or(parts) => waiting.extend(parts),
            Condition::Not(part) => waiting.push(part),
            Condition::Compare(column, comparison, term) => {
                columns.insert(column.clone());
                if let Term::Column(other) = term {
                    columns.insert(other.clone());
                    continue;
                }
                if *comparison == Comparison::Equal {
                    indexed.insert(column.clone());
                }
            }
            Condition::Like(column, ..)
            | Condition::Between(column, ..)
            | Condition::In(column, ..)
            | Condition::Empty(column, _) => {
                columns.insert(column.clone());
            }
            Condition::Id(_) => {}
        }
    }
}

/// Every field name and object key in a block.
fn field_names(block: &[Statement], names: &mut BTreeSet<String>) {
    walk::each_expression(block, &mut |expression| match &expression.kind {
        ExpressionKind::Field(_, name) => drop(names.insert(name.text.to_string())),
        ExpressionKind::Index(_, index) => {
            if let ExpressionKind::Text(key) = &index.kind {
                names.insert(key.to_string());
            }
        }
        ExpressionKind::Object(fields) => names.extend(fields.iter().map(|(key, _)| key.to_string())),
        _ => {}
    });
    walk::each_statement(block, &mut |statement| {
        if let StatementKind::With { body, .. } = &statement.kind
            && walk::with_style(body) == WithStyle::Bare
        {
            for line in body {
                if let StatementKind::Assign { place, .. } = &line.kind
                    && let Some(name) = walk::root(place)
                {
                    names.insert(name.text.to_string());
                }
            }
        }
    });
}
