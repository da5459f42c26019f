//! A dialogue with the language: each input is compiled and run, and what it leaves stays for the next.
//!
//! Variables go from run to run as values, procedures as text: those of earlier inputs are the library of the next.

use std::sync::Arc;

use gbvm_lang::ast::StatementKind;
use gbvm_lang::parse;
use gbvm_lang::source::Source;
use gbvm_vm::coerce;
use gbvm_vm::disasm;
use gbvm_vm::signature::Signature;
use gbvm_vm::value::Value;

use crate::Engine;
use crate::manual;
use crate::render::{self, Look};
use crate::scripts::{self, LoadError, Script};
use crate::storage::survey;
use crate::trace;

/// The variable with the value of the last expression.
const IT: &str = "it";

/// The most words of a phrase that are looked at to complete it.
const PHRASE_WORDS_MAX: usize = 4;

/// What `:help` says.
const HELP: &str = "\
An expression prints its value, which is then the variable it; a block, bracket or text goes on until\nit is closed, a line that ends with an operator or with _ goes on in the next; an empty line ends all of it.
:vars            the variables
:tables          the tables and their columns
:disasm [LINE]   the bytecode of a line, or of the last one
:help [KEYWORD]  this, or what a keyword does
:quit            the end, as Ctrl-D";

/// A dialogue.
pub struct Dialogue<'e> {
    engine: &'e Engine,
    look: Look,
    signatures: Vec<Signature>,
    variables: Vec<(String, Value)>,
    /// The procedures of earlier inputs, by name.
    procedures: Vec<(String, Source)>,
    last: Option<Arc<Script>>,
}

/// What an input was answered with.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// Text for standard output; it may be empty.
    Text(String),
    /// Text for standard error.
    Failure(String),
    /// The dialogue is to end.
    Quit,
}

impl<'e> Dialogue<'e> {
    /// A dialogue on an engine, whose messages look as said.
    pub fn new(engine: &'e Engine, look: Look) -> Dialogue<'e> {
        Dialogue { engine, look, signatures: gbvm_stdlib::signatures(), variables: Vec::new(), procedures: Vec::new(), last: None }
    }

    /// Whether an input wants more lines.
    pub fn is_open(&self, input: &str) -> bool {
        !input.trim_start().starts_with(':') && parse::is_open(input, &self.signatures)
    }

    /// The words that may complete what begins with these letters: variables, procedures, keywords, commands.
    pub fn completions(&self, beginning: &str) -> Vec<String> {
        let folded = beginning.to_lowercase();
        let commands = [":vars", ":tables", ":disasm", ":help", ":quit"].into_iter().map(str::to_owned);
        let variables = self.variables.iter().map(|(name, _)| name.clone());
        let procedures = self.procedures.iter().map(|(name, _)| name.clone());
        let keywords = self.signatures.iter().flat_map(|signature| signature.aliases.iter().copied().chain([signature.phrase])).map(str::to_owned);
        let structure = manual::words().into_iter().map(str::to_owned);
        let mut found: Vec<String> = commands.chain(variables).chain(procedures).chain(keywords).chain(structure).filter(|word| word.to_lowercase().starts_with(&folded)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// What completes the end of a line, and where that end begins: the longest that begins a phrase, else the last word.
    pub fn complete(&self, line: &str) -> (usize, Vec<String>) {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
        let mut starts: Vec<usize> = Vec::new();
        let mut end = line.len();
        while starts.len() < PHRASE_WORDS_MAX {
            let start = line[..end].trim_end_matches(is_part).len();
            if start == end {
                break;
            }
            starts.push(start);
            end = line[..start].trim_end_matches(' ').len();
            if end == start {
                break;
            }
        }
        let found = starts.iter().rev().map(|start| (*start, self.completions(&line[*start..]))).find(|(_, found)| !found.is_empty());
        found.unwrap_or((line.len(), Vec::new()))
    }

    /// Does what an input says.
    pub fn answer(&mut self, input: &str) -> Answer {
        let trimmed = input.trim();
        if let Some(command) = trimmed.strip_prefix(':') {
            return self.command(command);
        }
        if trimmed.is_empty() {
            return Answer::Text(String::new());
        }
        let (script, has_value) = match self.compiled(input) {
            Ok(compiled) => compiled,
            Err(failure) => return Answer::Failure(failure),
        };
        if let Err(fault) = self.engine.prepare(&script) {
            return Answer::Failure(render::fault(&fault));
        }
        self.remember(input);
        self.last = Some(script.clone());
        // One that came while nothing ran was meant for nothing.
        self.engine.world().takes_interrupt();
        let outcome = self.engine.fire_with(&script, &mut self.variables);
        match outcome.fault {
            Some(fault) => Answer::Failure(render::fault(&fault)),
            None if has_value => {
                let text = self.variable(IT).map_or(String::new(), printed);
                // A procedure gives nothing, and need not say so.
                let names_variable = trimmed.chars().all(|c| c.is_alphanumeric() || c == '_') && !self.procedures.iter().any(|(name, _)| name.eq_ignore_ascii_case(trimmed));
                Answer::Text(if text.is_empty() && names_variable && !matches!(self.variable(IT), Some(Value::Text(_))) { "MISSING".to_owned() } else { text })
            }
            None => Answer::Text(String::new()),
        }
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The input as a script, and whether it is an expression whose value is to be shown.
    fn compiled(&self, input: &str) -> Result<(Arc<Script>, bool), String> {
        let (tree, errors) = parse::parse(&Source::new("", input), 0, &self.signatures);
        let may_be_value = match &tree.main[..] {
            [only] => matches!(only.kind, StatementKind::Expression(_) | StatementKind::Invalid),
            _ => !errors.is_empty(),
        };
        if may_be_value
            && tree.procedures.is_empty()
            && let Ok(script) = self.compile(&format!("{IT} = {}", input.trim()))
        {
            return Ok((script, true));
        }
        match self.compile(input) {
            Ok(script) => {
                let known = |name: &str| self.variable(name).is_some();
                for warning in &script.warnings {
                    let written = script.sources[usize::from(warning.span.source)].text.get(warning.span.start as usize..warning.span.end as usize);
                    let is_known = warning.code == "W_UNASSIGNED" && written.is_some_and(known);
                    if !is_known && warning.span.source == 0 {
                        eprintln!("{}", render::diagnostic(warning, &script.sources, self.look));
                    }
                }
                Ok((script, false))
            }
            Err(LoadError::Invalid(error)) => {
                let lines: Vec<String> = error.diagnostics.iter().map(|diagnostic| render::diagnostic(diagnostic, &error.sources, self.look)).collect();
                Err(lines.join("\n"))
            }
            Err(error @ LoadError::Unreadable(..)) => Err(error.to_string()),
        }
    }

    fn compile(&self, text: &str) -> Result<Arc<Script>, LoadError> {
        let (tree, _) = parse::parse(&Source::new("", text), 0, &self.signatures);
        let is_redefined = |name: &str| tree.procedures.iter().any(|procedure| procedure.name.text.eq_ignore_ascii_case(name));
        let mut sources = vec![Source::new("input", text)];
        sources.extend(self.procedures.iter().filter(|(name, _)| !is_redefined(name)).map(|(_, source)| source.clone()));
        scripts::compile(sources, &[]).map(Arc::new)
    }

    /// Keeps the procedures of an input for the next ones.
    fn remember(&mut self, input: &str) {
        let (tree, _) = parse::parse(&Source::new("", input), 0, &self.signatures);
        for (at, procedure) in tree.procedures.iter().enumerate() {
            let end = tree.procedures.get(at + 1).map_or(input.len(), |next| next.span.start as usize);
            let name = procedure.name.text.to_string();
            let source = Source::new(name.as_str(), &input[procedure.span.start as usize..end]);
            self.procedures.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
            self.procedures.push((name, source));
        }
    }

    fn command(&self, command: &str) -> Answer {
        let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let rest = rest.trim();
        match word {
            "quit" | "q" | "exit" => Answer::Quit,
            "help" | "h" if rest.is_empty() => Answer::Text(HELP.to_owned()),
            "help" | "h" => manual::help(rest).map_or_else(Answer::Failure, Answer::Text),
            "vars" => {
                let lines: Vec<String> = self.variables.iter().filter(|(_, value)| !matches!(value, Value::Missing)).map(|(name, value)| format!("{name} = {}", trace::shown(value))).collect();
                Answer::Text(lines.join("\n"))
            }
            "tables" => match self.engine.world().store().and_then(|mut store| store.query(survey::TABLES)) {
                Ok(rows) => Answer::Text(rows.iter().map(|row| row.join(": ")).collect::<Vec<_>>().join("\n")),
                Err(fault) => Answer::Failure(render::fault(&fault)),
            },
            "disasm" if rest.is_empty() => match &self.last {
                Some(script) => Answer::Text(disasm::disassemble_with_source(&script.linked, false).trim_end().to_owned()),
                None => Answer::Failure("nothing was run yet".to_owned()),
            },
            "disasm" => match self.compiled(rest) {
                Ok((script, _)) => Answer::Text(disasm::disassemble_with_source(&script.linked, false).trim_end().to_owned()),
                Err(failure) => Answer::Failure(failure),
            },
            _ => Answer::Failure(format!("there is no command :{word}; :help lists them")),
        }
    }
}

/// A value as it is printed: like PRINT, but NULL is told and secrets are masked.
fn printed(value: &Value) -> String {
    match value {
        Value::Missing => String::new(),
        Value::Null => "NULL".to_owned(),
        Value::Text(text) => text.masked().into_owned(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => coerce::text(value).as_str().to_owned(),
        Value::Array(_) | Value::Object(_) => match coerce::secret_in(value) {
            Some(_) => trace::shown(value),
            None => coerce::json(value),
        },
    }
}
