//! What starts a script: its declarations, read without running anything.

mod include;
mod param;
mod table;
mod webhook;

use gbvm_vm::signature::{Kind, Signature};

use crate::ast::{Expression, ExpressionKind, Statement, StatementKind};
use crate::diagnostic::Diagnostic;
use crate::names;
use crate::source::Span;

pub use include::{Include, includes};
pub use param::{Interface, Param, ParamKind};
pub use table::{ColumnDeclaration, ColumnKind, TableDeclaration};
pub(crate) use table::take as take_tables;
pub use webhook::{Dedupe, Scheme, Signing, Webhook};

/// The functions that check a caller's secret.
pub const AUTHENTICATORS: [&str; 2] = ["VERIFY_SIGNATURE", "VERIFY_KEY"];

/// The ends of memory keys whose values are secrets.
pub const SECRET_ENDINGS: [&str; 4] = ["_key", "_secret", "_token", "_password"];

/// The declaration of an input, whose first word is a variable.
const DECLARES_INPUT: &str = "PARAM";

/// Whether a keyword declares an input.
pub(crate) fn declares_input(signature: &Signature) -> bool {
    signature.phrase == DECLARES_INPUT
}

/// The most errors in declarations that one file is told of.
const ERRORS_MAX: usize = 100;

/// Something that starts the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declaration {
    /// A request to an endpoint.
    Webhook(Webhook),
    /// A change of a table.
    Trigger(Trigger),
    /// A time.
    Schedule(Schedule),
}

impl Declaration {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Declaration::Webhook(webhook) => webhook.span,
            Declaration::Trigger(trigger) => trigger.span,
            Declaration::Schedule(schedule) => schedule.span,
        }
    }
}

/// `ON "table", "INSERT,UPDATE"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The table.
    pub table: String,
    /// Whether new rows start it.
    pub insert: bool,
    /// Whether changed rows start it.
    pub update: bool,
    /// Whether removed rows start it.
    pub delete: bool,
    /// Where it stands.
    pub span: Span,
}

/// `SET SCHEDULE "name", "when"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The time as written: cron fields or words. What it means is judged where times are known.
    pub when: String,
    /// Where it stands.
    pub span: Span,
}

/// What a main part declares.
#[derive(Debug, Default)]
pub struct Declared {
    /// What starts the script.
    pub events: Vec<Declaration>,
    /// What it says of itself and wants.
    pub interface: Interface,
    /// What is wrong with either.
    pub diagnostics: Vec<Diagnostic>,
}

/// Takes the declarations out of a main part. An input stays there, as the assignment that it is.
pub fn take(main: &mut Vec<Statement>, signatures: &[Signature]) -> Declared {
    let mut declared = Declared::default();
    for statement in std::mem::take(main) {
        let StatementKind::Expression(Expression { kind: ExpressionKind::Keyword { index, arguments }, .. }) = &statement.kind else {
            main.push(statement);
            continue;
        };
        let Some(signature) = signatures.get(usize::from(*index)).filter(|signature| signature.kind == Kind::Declare) else {
            main.push(statement);
            continue;
        };
        match declared.one(signature, arguments, statement.span, signatures) {
            Ok(Some(assignment)) => main.push(assignment),
            Ok(None) => {}
            Err(diagnostic) if declared.diagnostics.len() < ERRORS_MAX => declared.diagnostics.push(diagnostic),
            Err(_) => {}
        }
    }
    declared
}

impl Declared {
    /// Takes one declaration; the statement that stays in its place.
    fn one(&mut self, signature: &Signature, arguments: &[Expression], span: Span, signatures: &[Signature]) -> Result<Option<Statement>, Diagnostic> {
        match signature.phrase {
            "WEBHOOK" => {
                let webhook = webhook::read(arguments, span)?;
                if has_webhook(&self.events, &webhook.name) {
                    let message = format!("The webhook \"{}\" is declared twice in this script; one declaration is enough.", webhook.name);
                    return Err(Diagnostic::error("E_ENDPOINT_TWICE", webhook.span, message));
                }
                self.events.push(Declaration::Webhook(webhook));
            }
            "SET SCHEDULE" => self.events.push(Declaration::Schedule(schedule(arguments, span)?)),
            DECLARES_INPUT => return param::read(&mut self.interface, arguments, span, signatures).map(Some),
            // With its end it was taken before words were decided.
            "TABLE" => return Err(refuse(span, "TABLE has no END TABLE behind its columns, which stand in lines of their own.")),
            // Its file was read before.
            "INCLUDE" => drop(text(arguments, 0, "The file's path", span)?),
            "DESCRIPTION" => param::describe(&mut self.interface, arguments, span)?,
            phrase if phrase == "ON" || phrase.starts_with("ON ") => self.events.push(Declaration::Trigger(trigger(phrase, arguments, span)?)),
            _ => {}
        }
        Ok(None)
    }
}

fn has_webhook(declarations: &[Declaration], name: &str) -> bool {
    declarations.iter().any(|declaration| matches!(declaration, Declaration::Webhook(webhook) if webhook.name == name))
}

fn refuse(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("E_DECLARE", span, message)
}

/// An argument that is text written in the script.
fn text<'a>(arguments: &'a [Expression], index: usize, what: &str, span: Span) -> Result<&'a str, Diagnostic> {
    match arguments.get(index) {
        Some(Expression { kind: ExpressionKind::Text(text), .. }) if !text.trim().is_empty() => Ok(text.trim()),
        Some(Expression { kind: ExpressionKind::Text(_), span, .. }) => Err(refuse(*span, format!("{what} is empty; write it between the quotes."))),
        Some(argument) => {
            let message = format!("{what} must be written here as text in quotes; it is read without running the script.");
            Err(refuse(argument.span, message))
        }
        None => Err(refuse(span, format!("{what} is missing."))),
    }
}

/// `ON "table", "INSERT,UPDATE"` and `ON INSERT OF "table"`.
fn trigger(phrase: &str, arguments: &[Expression], span: Span) -> Result<Trigger, Diagnostic> {
    let table = text(arguments, 0, "The table's name", span)?;
    if !names::is_table(table) {
        return Err(Diagnostic::error("E_TABLE_NAME", arguments[0].span, names::table_message(table)));
    }
    let (events, at) = match phrase.strip_prefix("ON ") {
        Some(words) => (words.trim_end_matches(" OF"), span),
        None => {
            let events = text(arguments, 1, "The list of events, such as \"INSERT,UPDATE\",", span)?;
            (events, arguments[1].span)
        }
    };
    let mut trigger = Trigger { table: table.into(), insert: false, update: false, delete: false, span };
    for event in events.split([',', ' ']).filter(|event| !event.is_empty()) {
        match event.to_ascii_uppercase().as_str() {
            "INSERT" => trigger.insert = true,
            "UPDATE" => trigger.update = true,
            "DELETE" => trigger.delete = true,
            "OR" => {}
            _ => return Err(refuse(at, format!("{event} is no event of a table; those are INSERT, UPDATE and DELETE."))),
        }
    }
    if !(trigger.insert || trigger.update || trigger.delete) {
        return Err(refuse(at, "Which events start the script? INSERT, UPDATE or DELETE, or several with commas."));
    }
    Ok(trigger)
}

fn schedule(arguments: &[Expression], span: Span) -> Result<Schedule, Diagnostic> {
    let first = text(arguments, 0, "The time", span)?;
    if arguments.len() < 2 {
        return Ok(Schedule { name: None, when: first.into(), span });
    }
    let second = text(arguments, 1, "The time", span)?;
    let (name, when) = if reads_as_time(first) && !reads_as_time(second) { (second, first) } else { (first, second) };
    Ok(Schedule { name: Some(name.into()), when: when.into(), span })
}

/// Whether a text looks like a time rather than a name.
fn reads_as_time(text: &str) -> bool {
    const WORDS: [&str; 11] = [
        "every", "hourly", "daily", "weekly", "monthly", "yearly", "weekdays", "weekends", "business", "at", "on",
    ];
    let text = text.to_ascii_lowercase();
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    if fields.first().is_some_and(|word| WORDS.contains(word) || word.starts_with('@')) {
        return true;
    }
    let is_field = |field: &&str| {
        field.starts_with(|c: char| c.is_ascii_digit() || c == '*' || c == '?')
            || ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
                .iter()
                .any(|name| field.starts_with(name))
    };
    (5..=6).contains(&fields.len()) && fields.iter().all(is_field)
}
