//! `gbvm check FILE…`: compiles scripts and reports what is wrong with them.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use gbvm_lang::diagnostic::{Diagnostic, Severity};
use gbvm_lang::source::Source;

use super::{Exit, Failure};
use crate::render;
use crate::scripts::{self, LoadError};

/// Options of `check`.
#[derive(Args, Debug)]
pub struct Options {
    /// The scripts
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Fail on warnings too
    #[arg(long)]
    deny_warnings: bool,
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
pub fn check(options: &Options) -> Result<Exit, Failure> {
    let mut reports = Vec::new();
    let mut has_errors = false;
    for file in &options.files {
        let (diagnostics, sources) = match scripts::read(file).and_then(|sources| scripts::compile(sources, &[])) {
            Ok(script) => (script.warnings, script.sources),
            Err(LoadError::Invalid(error)) => (error.diagnostics, error.sources),
            Err(error @ LoadError::Unreadable(..)) => return Err(Failure::new(Exit::Usage, format!("gbvm: {error}"))),
        };
        has_errors |= diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error || options.deny_warnings);
        report(&diagnostics, &sources, options.output, &mut reports);
    }
    if options.output == Output::Json {
        println!("{}", serde_json::Value::Array(reports));
    }
    Ok(if has_errors { Exit::DoesNotCompile } else { Exit::Ok })
}

fn report(diagnostics: &[Diagnostic], sources: &[Source], output: Output, reports: &mut Vec<serde_json::Value>) {
    for diagnostic in diagnostics {
        match output {
            Output::Text => println!("{}", render::diagnostic(diagnostic, sources, std::io::stdout().is_terminal())),
            Output::Json => reports.push(render::json(diagnostic, sources)),
        }
    }
}
