//! Which tables, columns and addresses a program's own text asks for.
//!
//! Only names written in the script count. They are followed through variables, parameters and results; where the
//! same block sets both the table's name and the record, only those two belong together.

use std::collections::{BTreeMap, BTreeSet};

use gbvm_vm::signature::{Access, Role, Signature};
use gbvm_vm::template::{Comparison, Condition, Template, Term};

use crate::ast::{Expression, ExpressionKind, Statement, StatementKind};
use crate::declare::TableDeclaration;
use crate::diagnostic::Diagnostic;
use crate::filter;
use crate::flow::{Flows, Origin};
use crate::lower::filter_sources;
use crate::names;
use crate::reach;
use crate::resolve::Whole;
use crate::source::Span;
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

/// A text that is known from its beginning: up to its end, or up to a value.
#[derive(Clone, Debug)]
struct Prefix {
    text: String,
    is_whole: bool,
}

impl Prefix {
    fn then(&self, after: &Prefix) -> Prefix {
        let text = format!("{}{}", self.text, after.text);
        if text.len() > LENGTH_MAX {
            return Prefix { text: text.chars().take(LENGTH_MAX).collect(), is_whole: false };
        }
        Prefix { text, is_whole: after.is_whole }
    }
}

/// How many beginnings of one address are followed, and how deep.
const PREFIXES_MAX: usize = 64;
/// How many expressions are looked at for one address.
const VISITS_MAX: usize = 2_000;
/// How much of an address is of interest.
const LENGTH_MAX: usize = 512;

/// What a program needs and does, and the names in it that no table or column may have.
pub fn schema(whole: &Whole, flows: &Flows) -> (Schema, Accesses, Vec<Diagnostic>) {
    let mut misnamed = Vec::new();
    let mut schema = Schema::default();
    let mut accesses = Accesses::default();
    for (routine, this) in whole.routines.iter().enumerate() {
        field_names(this.body, &mut schema.field_names);
        walk::each_expression(this.body, &mut |expression| {
            if let Some((signature, arguments)) = whole.builtin(routine, expression) {
                let call = Call { flows, routine, signature, arguments };
                call.misnamed_tables(&mut misnamed);
                call.needs(&mut schema, &mut accesses, &mut misnamed);
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

/// One call of a keyword.
struct Call<'a> {
    flows: &'a Flows<'a>,
    routine: usize,
    signature: &'a Signature,
    arguments: Vec<&'a Expression>,
}

impl<'a> Call<'a> {
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
                    for prefix in self.prefixes(argument) {
                        schema.origins.extend(origin(&prefix));
                    }
                }
                Role::Filter => self.filter_needs(argument, &tables, schema),
                Role::Field if writes => self.key_needs(argument, &tables, schema),
                // Where a field may stand, some keywords take a filter.
                Role::Field => self.filter_needs(argument, &tables, schema),
                Role::Record if writes => {
                    let mut fields = self.fields(argument);
                    fields.retain(|field| {
                        let is_column = names::is_column(&field.name);
                        if !is_column {
                            misnamed.push(Diagnostic::error("E_COLUMN_NAME", field.span, names::column_message(&field.name)));
                        }
                        is_column
                    });
                    self.columns(&tables, &fields, schema);
                    if let ExpressionKind::Name(name) | ExpressionKind::Field(_, name) = &argument.kind
                        && self.signature.variadic
                        && position + 1 >= self.signature.params.len()
                    {
                        // A value that is no object becomes the column of its name. A single one may be either.
                        schema.field_names.insert(name.text.to_string());
                        if fields.is_empty() && self.arguments.len() > self.signature.params.len() {
                            self.columns(&tables, &[Field { name: name.text.to_string(), block: None, span: name.span }], schema);
                        }
                    }
                }
                Role::Record | Role::Value | Role::Header | Role::MemoryKey | Role::Recipient | Role::Word => {}
            }
        }
    }

    /// The table names that may be meant, with the block that sets each.
    fn tables(&self) -> Vec<(String, Option<u32>)> {
        let mut tables = Vec::new();
        for (position, argument) in self.arguments.iter().enumerate() {
            if !reach::param(self.signature, position).is_some_and(|param| param.role == Role::Table) {
                continue;
            }
            for origin in self.flows.closure(self.routine, argument) {
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
            let mut origins = self.flows.closure(self.routine, argument);
            origins.retain(|origin| !matches!(origin.expression.kind, ExpressionKind::Name(_)));
            for origin in &origins {
                let ExpressionKind::Text(name) = &origin.expression.kind else { continue };
                let is_certain = names::is_reserved(name) || origins.len() == 1;
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
        for Origin { expression, routine, block } in self.flows.closure(self.routine, record) {
            match &expression.kind {
                ExpressionKind::Name(name) => {
                    let set = self.flows.fields_of(routine, &name.folded);
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
            let together = block.is_some() && fields.iter().any(|field| field.block == *block);
            let needs = schema.tables.entry(table.clone()).or_default();
            let mine = fields.iter().filter(|field| !together || field.block == *block);
            needs.columns.extend(mine.map(|field| field.name.clone()).filter(|field| !is_id(field)));
        }
    }

    /// The columns that identify the rows which are written: text with commas.
    fn key_needs(&self, argument: &'a Expression, tables: &[(String, Option<u32>)], schema: &mut Schema) {
        for Origin { expression, .. } in self.flows.closure(self.routine, argument) {
            let ExpressionKind::Text(text) = &expression.kind else { continue };
            let columns = text.split(',').map(str::trim).filter(|column| names::is_column(column) && !is_id(column));
            for column in columns {
                schema.field_names.insert(column.to_owned());
                for (table, _) in tables {
                    let needs = schema.tables.entry(table.clone()).or_default();
                    needs.columns.insert(column.to_owned());
                    needs.indexed.insert(column.to_owned());
                }
            }
        }
    }

    fn filter_needs(&self, argument: &'a Expression, tables: &[(String, Option<u32>)], schema: &mut Schema) {
        for Origin { expression, .. } in self.flows.closure(self.routine, argument) {
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
            for (table, _) in tables {
                let needs = schema.tables.entry(table.clone()).or_default();
                needs.columns.extend(columns.iter().cloned());
                needs.indexed.extend(indexed.iter().cloned());
            }
        }
    }

    /// The beginnings that an address may have.
    fn prefixes(&self, argument: &'a Expression) -> Vec<Prefix> {
        beginnings(self.flows, self.routine, argument)
    }
}

fn beginnings<'a>(flows: &Flows<'a>, routine: usize, argument: &'a Expression) -> Vec<Prefix> {
    let start = Origin { expression: argument, routine, block: None };
    let mut seen = Seen { around: Vec::new(), left: VISITS_MAX };
    prefixes(flows, start, &mut seen)
}

/// Whether the script's text settles the origin of an address, whichever way its value comes about.
pub fn settles_origin<'a>(flows: &Flows<'a>, routine: usize, argument: &'a Expression) -> bool {
    beginnings(flows, routine, argument).iter().all(|prefix| origin(prefix).is_some())
}

/// What stops the search for beginnings.
struct Seen {
    /// The expressions that led here: one of them again says nothing new.
    around: Vec<*const Expression>,
    /// How many more may be looked at.
    left: usize,
}

fn prefixes<'a>(flows: &Flows<'a>, origin: Origin<'a>, seen: &mut Seen) -> Vec<Prefix> {
    let pointer = std::ptr::from_ref(origin.expression);
    if seen.around.contains(&pointer) || seen.around.len() > PREFIXES_MAX || seen.left == 0 {
        return vec![Prefix { text: String::new(), is_whole: false }];
    }
    seen.left -= 1;
    seen.around.push(pointer);
    let here = |expression| Origin { expression, ..origin };
    let found = match &origin.expression.kind {
        ExpressionKind::Text(text) => vec![Prefix { text: text.to_string(), is_whole: true }],
        ExpressionKind::Sum(parts) | ExpressionKind::Concat(parts) | ExpressionKind::Interpolation(parts) => {
            let mut joined = vec![Prefix { text: String::new(), is_whole: true }];
            for part in parts {
                if joined.iter().all(|prefix| !prefix.is_whole) || joined.len() > PREFIXES_MAX {
                    break;
                }
                let next = prefixes(flows, here(part), seen);
                let (whole, ended): (Vec<_>, Vec<_>) = joined.into_iter().partition(|prefix| prefix.is_whole);
                joined = ended;
                joined.extend(whole.iter().flat_map(|before| {
                    next.iter().map(|after| before.then(after))
                }));
            }
            joined
        }
        _ => {
            let sources = flows.next(origin);
            let mut found: Vec<_> = sources.into_iter().flat_map(|source| prefixes(flows, source, seen)).collect();
            if found.is_empty() {
                found.push(Prefix { text: String::new(), is_whole: false });
            }
            found
        }
    };
    seen.around.pop();
    found
}

/// The origin that an address begins with, if its text settles it.
fn origin(prefix: &Prefix) -> Option<String> {
    let text = prefix.text.trim_start();
    let (scheme, rest) = text.split_once("://")?;
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    let end = rest.find(['/', '?', '#']);
    let authority = match end {
        Some(end) => &rest[..end],
        None if prefix.is_whole => rest,
        None => return None,
    };
    let is_plain = !authority.is_empty()
        && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
    is_plain.then(|| format!("{scheme}://{authority}").to_ascii_lowercase())
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
