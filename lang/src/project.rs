//! Compares a script with the others of its project: warns of tables that nobody fills, and of fields that no column is.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::diagnostic::Diagnostic;
use crate::reads::Reads;
use crate::spelling::Names;

/// What is known of a project's tables.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The tables that something fills or the database has, with their columns, in lower case.
    tables: BTreeMap<String, BTreeSet<String>>,
    /// How their names are written.
    shown: BTreeMap<String, String>,
}

impl Known {
    /// Adds a table that exists, with its columns.
    pub fn add_table<'n>(&mut self, table: &str, columns: impl IntoIterator<Item = &'n str>) {
        let folded = table.to_lowercase();
        self.shown.entry(folded.clone()).or_insert_with(|| table.to_owned());
        self.tables.entry(folded).or_default().extend(columns.into_iter().map(str::to_lowercase));
    }

    /// The tables, by name.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.tables.iter().map(|(folded, columns)| (self.shown.get(folded).map_or(folded.as_str(), String::as_str), columns))
    }

    /// Warns of what a script reads and the project does not have.
    pub fn review(&self, reads: &Reads) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let names = Names::new(self.tables().map(|(name, _)| name));
        for (table, span) in &reads.tables {
            if self.tables.contains_key(&table.to_lowercase()) {
                continue;
            }
            let hint = names.nearest(table).map_or(String::new(), |near| format!(" Did you mean {near}?"));
            let message = format!("No script here writes the table {table}, and the database does not have it: nothing is found in it.{hint}");
            found.push(Diagnostic::warning("W_TABLE_UNWRITTEN", *span, message));
        }
        let mut columns: FxHashMap<&[String], Option<Columns>> = FxHashMap::default();
        for field in &reads.fields {
            let Some(columns) = columns.entry(&field.tables).or_insert_with(|| self.columns(&field.tables)) else { continue };
            if columns.all.contains(&*field.name.to_lowercase()) {
                continue;
            }
            // A column may come from elsewhere; a name that is nearly another is a slip.
            if let Some(near) = columns.names.nearest(&field.name) {
                let message = format!("{} has no column {}. Did you mean {near}?", field.tables.join(" or "), field.name);
                found.push(Diagnostic::warning("W_FIELD_UNKNOWN", field.span, message));
            }
        }
        found
    }

    /// The columns of several tables, if all of them are known.
    fn columns(&self, tables: &[String]) -> Option<Columns<'_>> {
        let tables: Option<Vec<&BTreeSet<String>>> = tables.iter().map(|table| self.tables.get(&table.to_lowercase())).collect();
        let columns = || tables.iter().flatten().flat_map(|columns| columns.iter().map(String::as_str)).chain(["id"]);
        tables.is_some().then(|| Columns { all: columns().collect(), names: Names::new(columns()) })
    }
}

/// The columns that a row may have.
struct Columns<'a> {
    all: BTreeSet<&'a str>,
    names: Names<'a>,
}
