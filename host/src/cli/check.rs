//! `gbvm check FILE…`: compiles scripts and reports what is wrong with them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use clap::Args;
use gbvm_lang::declare::Interface;
use gbvm_lang::diagnostic::{Diagnostic, Severity};
use gbvm_lang::project::Known;
use gbvm_lang::source::Source;
use gbvm_vm::fault::Fault;
use gbvm_vm::limits::Limits;

use super::colour::Colour;
use super::{Exit, Failure, output, world};
use crate::config::Config;
use crate::render;
use crate::scripts::{self, LoadError, Script};
use crate::storage::Store;
use crate::storage::schema::SchemaNeeds;

/// Options of `check`.
#[derive(Args, Debug)]
pub struct Options {
    /// The scripts, or folders: of a folder, its files whose names end in .bas
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Fail on warnings too
    #[arg(long)]
    deny_warnings: bool,
    /// The SQLite file whose tables count as known [default: that of gbvm.toml, or .gbvm/data.db]
    #[arg(long, value_name = "PATH")]
    db: Option<PathBuf>,
    /// Print the tables, columns and indexes that the scripts need, as SQL
    #[arg(long)]
    schema: bool,
    /// How to report
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// How to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// For people: one line each, with the source line in a terminal
    Text,
    /// For programs
    Json,
}

/// Checks all files and reports everything in one pass.
pub fn check(options: &Options, colour: Colour) -> Result<Exit, Failure> {
    let (mut reports, mut needs) = (Vec::new(), Vec::new());
    let (mut has_errors, mut is_missing) = (false, false);
    let mut folders: BTreeMap<PathBuf, Known> = BTreeMap::new();
    for file in &scripts_of(&options.files)? {
        let (diagnostics, sources) = match scripts::read(file).and_then(|sources| scripts::compile(sources, &[])) {
            Ok(script) => {
                if options.output == Output::Json && script.interface != Interface::default() {
                    reports.push(interface(&script));
                }
                let folder = world::folder_of(file);
                let known = match folders.entry(folder.to_owned()) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(place) => place.insert(scripts::known_beside(file, folder, Some(&database(options, folder)?))),
                };
                scripts::add_written(known, &script);
                needs.push(script.schema);
                let mut warnings = script.warnings;
                warnings.extend(known.review(&script.reads));
                warnings.sort_by_key(|diagnostic| (diagnostic.span.source, diagnostic.span.start));
                (warnings, script.sources)
            }
            Err(LoadError::Invalid(error)) => (error.diagnostics, error.sources),
            Err(LoadError::Unreadable(path, error)) => {
                is_missing = true;
                let message = format!("The file cannot be read: {error}");
                match options.output {
                    Output::Text => eprintln!("gbvm: {}: {message}", path.display()),
                    Output::Json => reports.push(serde_json::json!({ "file": path.display().to_string(), "severity": "error", "code": "E_FILE", "message": message })),
                }
                continue;
            }
        };
        has_errors |= diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error || options.deny_warnings);
        report(&diagnostics, &sources, options.output, colour, &mut reports)?;
    }
    // What a script that does not compile needs is not known.
    if options.schema && !has_errors && !is_missing {
        let schema = schema_of(&needs).map_err(|fault| Failure::new(Exit::Database, format!("gbvm: {}", fault.message)))?;
        match options.output {
            Output::Text => schema.iter().try_for_each(|statement| output::line(&format!("{statement};")))?,
            Output::Json => reports.push(serde_json::json!({ "severity": "info", "code": "I_SCHEMA", "message": "what the scripts need of the database", "statements": schema })),
        }
    }
    if options.output == Output::Json {
        output::line(&serde_json::Value::Array(reports).to_string())?;
    }
    if is_missing {
        return Ok(Exit::Usage);
    }
    Ok(if has_errors { Exit::DoesNotCompile } else { Exit::Ok })
}

/// The files, with the scripts of folders in the places of these, by name.
fn scripts_of(files: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for file in files {
        if !file.is_dir() {
            found.push(file.clone());
            continue;
        }
        let scripts = scripts::scripts_in(file).map_err(|error| Failure::new(Exit::Usage, format!("gbvm: {error}")))?;
        if scripts.is_empty() {
            let message = format!("gbvm: {}: there is no script in this folder; scripts are files whose names end in .bas", file.display());
            return Err(Failure::new(Exit::Usage, message));
        }
        found.extend(scripts);
    }
    Ok(found)
}

/// What loading scripts makes in a database that has nothing yet, as SQL.
fn schema_of(needs: &[SchemaNeeds]) -> Result<Vec<String>, Fault> {
    let mut store = Store::open(None, &Limits::default())?;
    for needs in needs {
        store.prepare_schema(needs)?;
    }
    store.schema()
}

/// What a script says of itself, for programs.
fn interface(script: &Script) -> serde_json::Value {
    let inputs = script.interface.params.iter().map(|param| {
        serde_json::json!({ "name": param.name, "type": param.kind.word(), "example": param.like, "description": param.description })
    });
    serde_json::json!({
        "file": script.name,
        "severity": "info",
        "code": "I_SCRIPT",
        "message": script.interface.description.as_deref().unwrap_or(""),
        "inputs": inputs.collect::<Vec<_>>(),
    })
}

/// The database whose tables are known.
fn database(options: &Options, folder: &Path) -> Result<PathBuf, Failure> {
    if let Some(path) = &options.db {
        return Ok(path.clone());
    }
    let config = Config::read_if_there(&folder.join("gbvm.toml")).map_err(|message| Failure::new(Exit::Usage, format!("gbvm: {message}")))?;
    Ok(config.database.unwrap_or_else(|| world::DEFAULT_DATABASE.into()))
}

fn report(diagnostics: &[Diagnostic], sources: &[Source], output: Output, colour: Colour, reports: &mut Vec<serde_json::Value>) -> Result<(), Failure> {
    for diagnostic in diagnostics {
        match output {
            Output::Text => output::line(&render::diagnostic(diagnostic, sources, colour.look(&std::io::stdout())))?,
            Output::Json => reports.push(render::json(diagnostic, sources)),
        }
    }
    Ok(())
}
