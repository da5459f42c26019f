//! The `gbvm` command line: one file a verb, the options they share, and the exit codes.

mod check;
mod colour;
mod db;
mod disasm;
mod doctor;
mod explain;
mod fmt;
mod help;
mod ledger;
mod lsp;
mod memory;
mod output;
mod repl;
mod run;
mod serve;
mod shell;
mod world;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything went well.
    Ok = 0,
    /// The script failed.
    ScriptError = 1,
    /// The command or a file it names is wrong.
    Usage = 2,
    /// A script does not compile.
    DoesNotCompile = 3,
    /// The database cannot be used.
    Database = 4,
    /// The address to listen on is taken.
    AddressInUse = 5,
}

/// A verb could not do its work: what to print, and how to end.
#[derive(Debug)]
pub struct Failure {
    /// How to end.
    pub exit: Exit,
    /// What to print on standard error; empty where it is printed already.
    pub message: String,
}

impl Failure {
    /// A failure with its message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure { exit, message: message.into() }
    }
}

#[derive(Parser)]
#[command(name = "gbvm", version, about = "Runs General Bots BASIC: scripts that keep business systems in step", disable_help_subcommand = true)]
struct Cli {
    /// When to colour messages
    #[arg(long = "color", visible_alias = "colour", value_enum, global = true, default_value_t, value_name = "WHEN")]
    colour: colour::Colour,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Compile scripts and report what is wrong with them
    Check(check::Options),
    /// Run a script, fire one event at it, or serve it
    Run(Box<run::Options>),
    /// Talk to the language line by line
    Repl(repl::Options),
    /// Serve all scripts of a folder
    Serve(serve::Options),
    /// Explain an error or warning code
    Explain(explain::Options),
    /// Write scripts in the one style
    Fmt(fmt::Options),
    /// Show the bytecode of a script
    Disasm(disasm::Options),
    /// List the keywords, or explain one
    Help(help::Options),
    /// Set, show and unset memory entries
    Memory(memory::Options),
    /// List runs, show one, queue a dead one again
    Runs(ledger::Runs),
    /// List calls and mail that were queued, show one, queue a dead one again
    Outbox(ledger::Outbox),
    /// List the requests whose repeats are known
    Inbox(ledger::Inbox),
    /// List schedules, pause one
    Schedule(ledger::Schedule),
    /// Copy the database
    Db(db::Options),
    /// Look whether the database and the work in it are well
    Doctor(doctor::Options),
    /// Serve an editor: the Language Server Protocol over standard input and output
    Lsp,
    /// Print what a shell needs to complete this command
    Completions(shell::Options),
    /// Print the manual page
    Man,
}

/// Reads the command line, does what it says and gives the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Asking for help or the version is no mistake; a closed pipe while printing it is none either.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Exit::Usage as u8 } else { Exit::Ok as u8 });
        }
    };
    let done = match cli.verb {
        Verb::Check(options) => check::check(&options, cli.colour),
        Verb::Run(options) => run::run(&options, cli.colour),
        Verb::Repl(options) => repl::repl(&options, cli.colour),
        Verb::Serve(options) => serve::serve(&options, cli.colour),
        Verb::Explain(options) => explain::explain(&options),
        Verb::Fmt(options) => fmt::fmt(&options, cli.colour),
        Verb::Disasm(options) => disasm::disasm(&options, cli.colour),
        Verb::Help(options) => help::help(&options),
        Verb::Memory(options) => memory::memory(&options),
        Verb::Runs(options) => ledger::runs(&options),
        Verb::Outbox(options) => ledger::outbox(&options),
        Verb::Inbox(options) => ledger::inbox(&options),
        Verb::Schedule(options) => ledger::schedule(&options),
        Verb::Db(options) => db::db(&options),
        Verb::Doctor(options) => doctor::doctor(&options),
        Verb::Lsp => lsp::lsp(),
        Verb::Completions(options) => shell::completions(&options),
        Verb::Man => shell::man(),
    };
    match done {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            if !failure.message.is_empty() {
                eprintln!("{}", failure.message);
            }
            ExitCode::from(failure.exit as u8)
        }
    }
}
