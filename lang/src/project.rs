//! Compares a script with the others of its project: warns of tables that nobody fills, and of fields that no column is.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::reads::Reads;
use crate::spelling;

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
        for (table, span) in &reads.tables {
            if self.tables.contains_key(&table.to_lowercase()) {
                continue;
            }
            let names = self.tables().map(|(name, _)| name);
            let hint = spelling::nearest(table, names).map_or(String::new(), |near| format!(" Did you mean {near}?"));
            let message = format!("No script here writes the table {table}, and the database does not have it: nothing is found in it.{hint}");
            found.push(Diagnostic::warning("W_TABLE_UNWRITTEN", *span, message));
        }
        for field in &reads.fields {
            let folded = field.name.to_lowercase();
            let columns: Option<Vec<&BTreeSet<String>>> = field.tables.iter().map(|table| self.tables.get(&table.to_lowercase())).collect();
            let Some(columns) = columns else { continue };
            if folded == "id" || columns.iter().any(|columns| columns.contains(&folded)) {
                continue;
            }
            // A column may come from elsewhere; a name that is nearly another is a slip.
            let known = columns.iter().flat_map(|columns| columns.iter().map(String::as_str)).chain(["id"]);
            if let Some(near) = spelling::nearest(&field.name, known) {
                let message = format!("{} has no column {}. Did you mean {near}?", field.tables.join(" or "), field.name);
                found.push(Diagnostic::warning("W_FIELD_UNKNOWN", field.span, message));
            }
        }
        found
    }
}
