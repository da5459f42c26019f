//! An open file and what is answered about it.

use std::path::{Path, PathBuf};

use gbvm_lang::declare::Declaration;
use gbvm_lang::diagnostic::Severity;
use gbvm_lang::format;
use gbvm_lang::index::{Index, Place, Word, place};
use gbvm_lang::project::Known;
use gbvm_lang::source::Source;
use gbvm_stdlib::reference;
use gbvm_vm::signature::{Form, Signature};
use lsp_types::{
    CompletionItem, CompletionItemKind, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DocumentSymbol, Location, NumberOrString,
    Position, Range, SymbolKind, TextEdit, Uri,
};

use super::position::{offset, position, range};
use crate::manual;
use crate::percent::decode_percent;
use crate::scripts::{self, Files, LoadError};

/// A file that an editor has open.
pub struct Document {
    /// Its address.
    pub uri: Uri,
    /// Its text as the editor has it.
    pub text: String,
}

/// A library file: its address, its text and its words.
struct Library {
    uri: Uri,
    text: String,
    index: Index,
}

impl Document {
    /// The path of its file, if it has one.
    pub fn path(&self) -> Option<PathBuf> {
        path_of(&self.uri)
    }

    fn index(&self, signatures: &[Signature]) -> Index {
        Index::new(&self.text, signatures)
    }

    /// The files that belong to it on disk, this one in the editor's state.
    fn files(&self) -> Files {
        let alone = |name: String| Files { sources: vec![Source::new(name, self.text.as_str())], problems: Vec::new() };
        let Some(path) = self.path() else { return alone(self.uri.as_str().to_owned()) };
        // A library is checked by itself.
        let is_library = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "lib");
        if is_library {
            return alone(path.display().to_string());
        }
        scripts::read_edited(&path, &self.text).unwrap_or_else(|_| alone(path.display().to_string()))
    }

    /// The files whose procedures answer its calls.
    fn libraries(&self, signatures: &[Signature]) -> Vec<Library> {
        let sources = self.files().sources.into_iter().skip(1);
        let read = |source: Source| Some(Library { uri: uri_of(Path::new(&*source.name))?, index: Index::new(&source.text, signatures), text: source.text.to_string() });
        sources.filter_map(read).collect()
    }

    /// What the compiler says of it, and the project.
    pub fn diagnostics(&self, known: &Known) -> Vec<Diagnostic> {
        let files = self.files();
        let mut project = known.clone();
        let (mut found, sources) = match scripts::compile(files, &[]) {
            Ok(script) => {
                scripts::add_written(&mut project, &script);
                let mut found = script.warnings;
                found.extend(project.review(&script.reads));
                (found, script.sources)
            }
            Err(LoadError::Invalid(error)) => (error.diagnostics, error.sources),
            Err(LoadError::Unreadable(..)) => return Vec::new(),
        };
        found.retain(|diagnostic| diagnostic.span.source == 0);
        let text = &*sources[0].text;
        let shown = |diagnostic: &gbvm_lang::diagnostic::Diagnostic| Diagnostic {
            range: range(text, diagnostic.span.start, diagnostic.span.end),
            severity: Some(match diagnostic.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
            }),
            code: Some(NumberOrString::String(diagnostic.code.to_string())),
            source: Some("gbvm".into()),
            message: diagnostic.message.clone(),
            related_information: diagnostic.related.as_ref().filter(|(span, _)| span.source == 0).map(|(span, message)| {
                let location = Location { uri: self.uri.clone(), range: range(text, span.start, span.end) };
                vec![DiagnosticRelatedInformation { location, message: message.clone() }]
            }),
            ..Diagnostic::default()
        };
        found.iter().map(shown).collect()
    }

    /// What there is to say of the word at a place, as Markdown, with its range.
    pub fn hover(&self, at: Position, signatures: &[Signature]) -> Option<(String, Range)> {
        let index = self.index(signatures);
        let at = offset(&self.text, at) as u32;
        let (start, end, word) = index.word_at(at)?;
        let said = match word {
            Word::Keyword(keyword) => help(signatures[usize::from(*keyword)].phrase),
            Word::Name(name) => self.about(name, at, &index, signatures),
            Word::Label(name) => index.label(name, at).map(|label| format!("`{}:` label on line {}", label.name, position(&self.text, label.at.0 as usize).line + 1)),
            Word::Structure(word) => help(word),
            Word::Field(_) | Word::Table => None,
        };
        Some((said?, range(&self.text, start, end)))
    }

    fn about(&self, name: &str, at: u32, index: &Index, signatures: &[Signature]) -> Option<String> {
        if let Some(procedure) = index.procedure(name) {
            return Some(about_procedure(&self.text, procedure));
        }
        for library in self.libraries(signatures) {
            if let Some(procedure) = library.index.procedure(name) {
                return Some(about_procedure(&library.text, procedure));
            }
        }
        if let Some(variable) = index.variable(name, at) {
            let owner = match variable.procedure {
                Some(procedure) => format!("of {}", index.procedures[procedure].name),
                None => "of the main part".to_owned(),
            };
            let line = position(&self.text, variable.at.0 as usize).line + 1;
            let rows = index.table_of(name).map_or(String::new(), |table| format!(", rows of `{table}`"));
            return Some(format!("`{}`: variable {owner}, first set on line {line}{rows}", variable.name));
        }
        help(name)
    }

    /// Where the name at a place comes from.
    pub fn definition(&self, at: Position, signatures: &[Signature]) -> Option<Location> {
        let index = self.index(signatures);
        let at = offset(&self.text, at) as u32;
        let here = |(start, end)| Location { uri: self.uri.clone(), range: range(&self.text, start, end) };
        let name = match index.word_at(at)?.2 {
            Word::Name(name) => name,
            Word::Label(name) => return index.label(name, at).map(|label| here(label.at)),
            Word::Keyword(_) | Word::Field(_) | Word::Table | Word::Structure(_) => return None,
        };
        if let Some(procedure) = index.procedure(name) {
            return Some(here(procedure.name_at));
        }
        if let Some(variable) = index.variable(name, at) {
            return Some(here(variable.at));
        }
        self.libraries(signatures).into_iter().find_map(|library| {
            let (start, end) = library.index.procedure(name)?.name_at;
            Some(Location { range: range(&library.text, start, end), uri: library.uri })
        })
    }

    /// What is known of the tables, with those that this text declares and writes; while the line at a place does not
    /// compile, without that line.
    fn with_own(&self, known: &Known, at: usize) -> Known {
        let mut known = known.clone();
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline);
        let without = format!("{}{}", &self.text[..start], &self.text[end..]);
        for text in [self.text.clone(), without] {
            let edited = Document { uri: self.uri.clone(), text };
            if let Ok(script) = scripts::compile(edited.files(), &[]) {
                scripts::add_written(&mut known, &script);
                break;
            }
        }
        known
    }

    /// What could stand at a place: tables inside of a text that names one, columns behind a dot, else every word.
    pub fn completions(&self, at: Position, known: &Known, signatures: &[Signature]) -> Vec<CompletionItem> {
        let index = self.index(signatures);
        let at = offset(&self.text, at);
        let line = self.text[..at].rsplit('\n').next().unwrap_or("");
        if place(line, signatures) == Place::Comment {
            return Vec::new();
        }
        if let Some((start, _, Word::Table)) = index.word_at(at as u32)
            && at > start as usize
        {
            let known = &self.with_own(known, at);
            return known.tables().map(|(table, _)| item(table, CompletionItemKind::STRUCT, "table")).collect();
        }
        let written = line.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
        if let Some(before) = written.strip_suffix('.') {
            let start = before.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
            let variable = &before[start..];
            let fields: Vec<&str> = index.fields_of(variable).collect();
            if index.table_of(variable).is_none() && !fields.is_empty() {
                return fields.into_iter().map(|name| item(name, CompletionItemKind::FIELD, variable)).collect();
            }
            return columns(index.table_of(variable), &self.with_own(known, at));
        }
        let mut items = match place(line, signatures) {
            Place::Table => return self.with_own(known, at).tables().map(|(table, _)| item(table, CompletionItemKind::STRUCT, "table")).collect(),
            Place::Column(table) => return columns(Some(&table), &self.with_own(known, at)),
            Place::ColumnOrValue(table) => columns(Some(&table), &self.with_own(known, at)),
            Place::Comment | Place::Any => Vec::new(),
        };
        let here = index.procedure_at(at as u32);
        let variables = index.variables.iter().filter(|variable| variable.procedure.is_none() || variable.procedure == here);
        items.extend(variables.map(|variable| item(&variable.name, CompletionItemKind::VARIABLE, "variable")));
        items.extend(index.procedures.iter().map(|procedure| item(&procedure.name, CompletionItemKind::FUNCTION, &procedure.signature())));
        for library in self.libraries(signatures) {
            items.extend(library.index.procedures.iter().map(|procedure| item(&procedure.name, CompletionItemKind::FUNCTION, &procedure.signature())));
        }
        for signature in signatures {
            let kind = if signature.form == Form::Function { CompletionItemKind::FUNCTION } else { CompletionItemKind::KEYWORD };
            let usage = reference::usage(signature);
            items.extend(std::iter::once(&signature.phrase).chain(signature.aliases).map(|phrase| item(phrase, kind, &usage)));
        }
        items.extend(manual::words().into_iter().map(|word| item(word, CompletionItemKind::KEYWORD, "")));
        items
    }

    /// The whole text in the one style, as an edit; nothing where it cannot be read or is in it.
    pub fn formatted(&self, signatures: &[Signature]) -> Vec<TextEdit> {
        let source = Source::new(self.uri.as_str(), self.text.as_str());
        match format::format(&source, signatures) {
            Ok(text) if text != self.text => vec![TextEdit { range: range(&self.text, 0, self.text.len() as u32), new_text: text }],
            Ok(_) | Err(_) => Vec::new(),
        }
    }

    /// Its procedures and what starts it.
    pub fn symbols(&self, signatures: &[Signature]) -> Vec<DocumentSymbol> {
        let index = self.index(signatures);
        let compilation = gbvm_lang::compile(&self.files().sources, signatures);
        let declared = compilation.declarations.iter().map(|declaration| {
            let (name, kind, span) = match declaration {
                Declaration::Webhook(webhook) => (format!("WEBHOOK {}", webhook.name), "webhook", webhook.span),
                Declaration::Schedule(schedule) => (format!("SET SCHEDULE {}", schedule.name.as_deref().unwrap_or(&schedule.when)), "schedule", schedule.span),
                Declaration::Trigger(trigger) => (format!("ON {}", trigger.table), "trigger", trigger.span),
            };
            let place = range(&self.text, span.start, span.end);
            symbol(name, kind.to_owned(), SymbolKind::EVENT, place, place)
        });
        let procedures = index.procedures.iter().map(|procedure| {
            let whole = range(&self.text, procedure.range.0, procedure.range.1);
            let name = range(&self.text, procedure.name_at.0, procedure.name_at.1);
            symbol(procedure.name.clone(), procedure.signature(), SymbolKind::FUNCTION, whole, name)
        });
        declared.chain(procedures).collect()
    }
}

#[allow(deprecated)] // the field `deprecated` has no other way to be left out
fn symbol(name: String, detail: String, kind: SymbolKind, range: Range, selection_range: Range) -> DocumentSymbol {
    DocumentSymbol { name, detail: Some(detail), kind, tags: None, deprecated: None, range, selection_range, children: None }
}

fn item(label: &str, kind: CompletionItemKind, detail: &str) -> CompletionItem {
    CompletionItem { label: label.to_owned(), kind: Some(kind), detail: (!detail.is_empty()).then(|| detail.to_owned()), ..CompletionItem::default() }
}

/// The columns of a table, of all tables where it is not known which.
fn columns(table: Option<&str>, known: &Known) -> Vec<CompletionItem> {
    let is_it = |name: &str| table.is_none_or(|table| table.eq_ignore_ascii_case(name));
    let mut names: Vec<&str> = known.tables().filter(|(name, _)| is_it(name)).flat_map(|(_, columns)| columns.iter().map(String::as_str)).chain(["id"]).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| item(name, CompletionItemKind::FIELD, table.unwrap_or("column"))).collect()
}

fn help(phrase: &str) -> Option<String> {
    Some(format!("```text\n{}\n```", manual::find(phrase)?.trim_end()))
}

/// The first line of a procedure, and the comments above it.
fn about_procedure(text: &str, procedure: &gbvm_lang::index::ProcedureAt) -> String {
    let before = text.get(..procedure.range.0 as usize).unwrap_or("");
    let above = before.trim_end_matches([' ', '\t']).lines().rev().take_while(|line| line.trim_start().starts_with('\''));
    let mut comment: Vec<&str> = above.map(|line| line.trim_start().trim_start_matches('\'').trim()).collect();
    comment.reverse();
    format!("```basic\n{}\n```\n{}", procedure.signature(), comment.join("\n")).trim_end().to_owned()
}

/// The path that an address of a file means.
pub fn path_of(uri: &Uri) -> Option<PathBuf> {
    let path = decode_percent(uri.as_str().strip_prefix("file://")?);
    // On Windows a drive stands behind a slash.
    let is_drive = path.as_bytes().get(2) == Some(&b':');
    Some(PathBuf::from(if is_drive { path[1..].to_owned() } else { path }))
}

fn uri_of(path: &Path) -> Option<Uri> {
    let text = path.to_str()?.replace('\\', "/");
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-._~:".contains(byte);
    let encoded: String = text.as_bytes().iter().map(|byte| if is_plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }).collect();
    let slash = if encoded.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{encoded}").parse().ok()
}
