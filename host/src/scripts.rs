//! Scripts as the engine holds them: read, compiled, linked, and found by what starts them.

mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gbvm_lang::declare::{Declaration, Interface};
use gbvm_lang::diagnostic::{Diagnostic, Severity};
use gbvm_lang::project::Known;
use gbvm_lang::reads::Reads;
use gbvm_lang::source::{Source, SourceKind, Span};
use gbvm_stdlib::keyword::{Function, Keyword};
use gbvm_vm::machine::Linked;
use gbvm_vm::native::{EmbeddedFunction, Native};

pub use files::{Files, gather};

use crate::cron::Timetable;
use crate::storage;
use crate::storage::schema::SchemaNeeds;

/// A compiled script, shared by all its runs.
pub struct Script {
    /// The name by which the engine and the database know it: its path as given, or what the embedding program said.
    pub name: String,
    /// The program, ready to run.
    pub linked: Arc<Linked>,
    /// What starts it.
    pub declarations: Vec<Declaration>,
    /// What it says of itself, and its inputs.
    pub interface: Interface,
    /// The tables and columns it needs.
    pub schema: SchemaNeeds,
    /// The origins that it calls by literal URLs.
    pub origins: BTreeSet<String>,
    /// Whether it can write.
    pub writes: bool,
    /// Whether it may wait: for an answer, a pause, or a function of the embedding program, of which nothing is known.
    pub waits: bool,
    /// Whether it can read or write at all.
    pub touches_data: bool,
    /// The tables that it writes or declares, and their columns, as far as the script names them.
    pub written: BTreeMap<String, BTreeSet<String>>,
    /// What it reads.
    pub reads: Reads,
    /// The first instruction of each statement, in the order of the code.
    pub statements: Vec<(u32, Span)>,
    /// What the compiler would have the author know.
    pub warnings: Vec<Diagnostic>,
    /// Its files.
    pub sources: Vec<Source>,
}

/// Why a script could not be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// A file or folder could not be read.
    Unreadable(PathBuf, std::io::Error),
    /// The script does not compile.
    Invalid(Box<CompileError>),
}

/// Everything that is wrong with a script.
#[derive(Debug)]
pub struct CompileError {
    /// Errors and warnings, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The files they speak of.
    pub sources: Vec<Source>,
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LoadError::Unreadable(path, error) => write!(f, "{}: cannot be read: {error}", path.display()),
            LoadError::Invalid(error) => write!(f, "{error}"),
        }
    }
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, diagnostic) in self.diagnostics.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&diagnostic.plain(&self.sources))?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}
impl std::error::Error for CompileError {}

/// A function that an embedding program adds to the language.
pub struct Embedded {
    /// Its record, for the compiler and the help.
    pub keyword: Keyword,
    /// What it does.
    pub function: EmbeddedFunction,
}

impl From<Vec<Source>> for Files {
    /// Files that were not read from a disk: nothing can be included there.
    fn from(sources: Vec<Source>) -> Files {
        let mut sources = sources.into_iter();
        let Some(script) = sources.next() else { return Files::default() };
        let nowhere = |_: &Path| Err(std::io::Error::other("this script was not read from a folder"));
        let mut files = gather(script, &gbvm_stdlib::signatures(), &nowhere);
        files.sources.extend(sources);
        files
    }
}

/// Reads a script, what it includes, and the files of `lib/` beside it.
///
/// # Errors
/// Where the script cannot be read or is no UTF-8, or the folder of the library cannot be listed.
pub fn read(path: &Path) -> Result<Files, LoadError> {
    read_beside(read_one(path)?, path)
}

/// As [`read`], where the script itself is as an editor has it.
///
/// # Errors
/// As [`read`].
pub fn read_edited(path: &Path, text: &str) -> Result<Files, LoadError> {
    read_beside(Source::new(path.display().to_string(), text), path)
}

/// The text of a file.
///
/// # Errors
/// Where it cannot be read, or where it is no UTF-8: then the place of the first byte that is not.
pub fn read_text(path: &Path) -> std::io::Result<String> {
    let bytes = std::fs::read(path)?;
    String::from_utf8(bytes).map_err(|error| std::io::Error::other(not_utf8(error.as_bytes(), error.utf8_error().valid_up_to())))
}

/// What is wrong with bytes that are no UTF-8 from one of them on.
pub fn not_utf8(bytes: &[u8], at: usize) -> String {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return "it is UTF-16; save it as UTF-8".to_owned();
    }
    let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    let in_line = at - bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1) + 1;
    format!("it is not UTF-8 in line {line}, byte {in_line}: 0x{:02X} (byte {} of the file); save it as UTF-8", bytes[at], at + 1)
}

fn read_one(path: &Path) -> Result<Source, LoadError> {
    read_text(path)
        .map(|text| Source::new(path.display().to_string(), text))
        .map_err(|error| LoadError::Unreadable(path.to_owned(), error))
}

fn read_beside(script: Source, path: &Path) -> Result<Files, LoadError> {
    let mut files = gather(script, &gbvm_stdlib::signatures(), &read_text);
    let library = path.parent().unwrap_or(Path::new("")).join("lib");
    if library.is_dir() {
        for file in scripts_in(&library)? {
            let name = files::normal(&file).display().to_string();
            if !files.sources.iter().any(|source| *source.name == *name) {
                library_file(&file, &mut files);
            }
        }
    }
    Ok(files)
}

/// Adds a file of the library. One that cannot be read is a mistake of its own and hides none of the others.
fn library_file(path: &Path, files: &mut Files) {
    let text = read_text(path);
    if let (Err(error), Ok(source)) = (&text, u16::try_from(files.sources.len())) {
        let message = format!("This file of the library cannot be read: {error}; mend it, or move it out of lib/.");
        files.problems.push(Diagnostic::error("E_INCLUDE", Span { source, start: 0, end: 0 }, message));
    }
    files.sources.push(Source::new(path.display().to_string(), text.unwrap_or_default()));
}

/// The `.bas` files of a folder, by name; not those of its sub-folders.
///
/// # Errors
/// Where the folder cannot be read.
pub fn scripts_in(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |error| LoadError::Unreadable(folder.to_owned(), error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "bas") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What is known of the tables of a folder's scripts, and of a database if it is there. Scripts that cannot be read or do
/// not compile say nothing.
pub fn known(folder: &Path, database: Option<&Path>) -> Known {
    known_of(scripts_in(folder).unwrap_or_default(), database)
}

/// As [`known`], of the scripts beside one that is compiled already, in its folder.
pub fn known_beside(script: &Path, folder: &Path, database: Option<&Path>) -> Known {
    let mut files = scripts_in(folder).unwrap_or_default();
    files.retain(|file| file.file_name() != script.file_name());
    known_of(files, database)
}

fn known_of(files: Vec<PathBuf>, database: Option<&Path>) -> Known {
    let mut known = Known::default();
    for file in files {
        if let Ok(script) = read(&file).and_then(|sources| compile(sources, &[])) {
            add_written(&mut known, &script);
        }
    }
    for (table, columns) in database.map(storage::survey::tables).unwrap_or_default() {
        known.add_table(&table, columns.iter().map(String::as_str));
    }
    known
}

/// Adds the tables that a script writes.
pub fn add_written(known: &mut Known, script: &Script) {
    for (table, columns) in &script.written {
        known.add_table(table, columns.iter().map(String::as_str));
    }
}

/// Schedules whose time means nothing. The compiler knows no times; the zone changes nothing about that.
fn unreadable_schedules(declarations: &[Declaration]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for declaration in declarations {
        if let Declaration::Schedule(schedule) = declaration
            && let Err(reason) = Timetable::parse(&schedule.when, None)
        {
            let message = format!("The time \"{}\" cannot be read: {reason}", schedule.when);
            found.push(Diagnostic::error("E_SCHEDULE", schedule.span, message));
        }
    }
    found
}

/// Compiles and links a script: the first source is the script itself, the others are its library.
///
/// # Errors
/// Where it does not compile.
pub fn compile(files: impl Into<Files>, embedded: &[Embedded]) -> Result<Script, LoadError> {
    let Files { sources, mut problems } = files.into();
    let mut signatures = gbvm_stdlib::signatures();
    for (index, source) in (0u16..).zip(&sources).skip(1).filter(|(_, source)| source.kind == SourceKind::Library) {
        let message = "A file of the library includes nothing: all files of lib/ are there by themselves.";
        problems.extend(gbvm_lang::includes(source, index, &signatures).iter().map(|include| Diagnostic::error("E_INCLUDE", include.span, message)));
    }
    signatures.extend(embedded.iter().map(|function| function.keyword.signature));
    let mut compilation = gbvm_lang::compile(&sources, &signatures);
    compilation.diagnostics.extend(problems);
    compilation.diagnostics.extend(unreadable_schedules(&compilation.declarations));
    compilation.diagnostics.sort_by_key(|diagnostic| (diagnostic.span.source, diagnostic.span.start, diagnostic.severity));
    let is_wrong = compilation.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let Some(compiled) = compilation.script.filter(|_| !is_wrong) else {
        return Err(LoadError::Invalid(Box::new(CompileError { diagnostics: compilation.diagnostics, sources })));
    };
    let resolve = |phrase: &str| {
        if let Some(own) = embedded.iter().find(|function| function.keyword.signature.phrase == phrase) {
            return Some(Native::Embedded(own.function.clone()));
        }
        gbvm_stdlib::find(phrase).map(|keyword| match keyword.function {
            Function::Pure(function) => Native::Pure(function),
            Function::Changing(function) => Native::Changing(function),
            Function::Asking(function) => Native::Asking(function),
            Function::Host(_) | Function::Declare | Function::Absent => Native::Host,
        })
    };
    let waits = compiled.program.sites.iter().any(|site| {
        let phrase = &*compiled.program.imports[site.import.at()].phrase;
        gbvm_stdlib::find(phrase).is_none_or(|keyword| keyword.signature.waits(site.wanted))
    });
    let linked = Linked::new(Arc::new(compiled.program), resolve).expect("the compiler's programs pass verification and import known keywords");
    let needs = compiled.schema.tables.iter().filter(|(table, _)| compiled.accesses.tables_written.contains(*table));
    let mut written: BTreeMap<String, BTreeSet<String>> = needs.map(|(table, needs)| (table.clone(), needs.columns.clone())).collect();
    // Who declares a table knows that it is filled.
    for table in &compiled.schema.declared {
        written.entry(table.name.clone()).or_default().extend(table.columns.iter().map(|column| column.name.clone()));
    }
    Ok(Script {
        name: sources[0].name.to_string(),
        linked: Arc::new(linked),
        declarations: compiled.declarations,
        interface: compiled.interface,
        schema: SchemaNeeds::of(&compiled.schema),
        origins: compiled.schema.origins,
        writes: compiled.accesses.writes,
        waits,
        touches_data: compiled.accesses.reads || compiled.accesses.writes || !compiled.schema.declared.is_empty(),
        written,
        reads: compiled.reads,
        statements: compiled.statements,
        warnings: compilation.diagnostics,
        sources,
    })
}
