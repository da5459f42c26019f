//! PARAM and DESCRIPTION: what a script says of itself and what it wants to be given.

use gbvm_vm::signature::Signature;

use super::{refuse, text};
use crate::ast::{Expression, ExpressionKind, Literal, Name, Statement, StatementKind, UnaryOperator};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::spelling;

/// The function that an input is read with.
const READS: &str = "INPUT";

/// What a script says of itself, and its inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// What it does, in its author's words.
    pub description: Option<String>,
    /// Its inputs, in order.
    pub params: Vec<Param>,
}

/// `PARAM n AS TYPE LIKE v DESCRIPTION s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// The variable.
    pub name: String,
    /// What it must be.
    pub kind: ParamKind,
    /// An example, as text.
    pub like: Option<String>,
    /// What it means.
    pub description: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// What an input must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Anything.
    Any,
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// TRUE or FALSE.
    Boolean,
    /// An instant.
    Date,
    /// The address of a mailbox.
    Email,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// The words of each type, the first of which is its name.
const TYPES: [(ParamKind, &[&str]); 9] = [
    (ParamKind::Any, &["ANY", "VARIANT", "JSON"]),
    (ParamKind::Text, &["STRING", "TEXT", "NAME", "PHONE", "URL", "GUID", "UUID"]),
    (ParamKind::Integer, &["INTEGER", "INT", "LONG"]),
    (ParamKind::Number, &["NUMBER", "FLOAT", "DOUBLE", "DECIMAL", "MONEY", "CURRENCY"]),
    (ParamKind::Boolean, &["BOOLEAN", "BOOL"]),
    (ParamKind::Date, &["DATE", "DATETIME", "TIMESTAMP", "TIME"]),
    (ParamKind::Email, &["EMAIL"]),
    (ParamKind::Array, &["ARRAY", "LIST"]),
    (ParamKind::Object, &["OBJECT", "RECORD"]),
];

impl ParamKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        TYPES.iter().find(|(kind, _)| *kind == self).map_or("ANY", |(_, words)| words[0])
    }
}

/// Reads an input, and gives the assignment that stands in its place: `n = INPUT("n", "TYPE")`.
pub(super) fn read(interface: &mut Interface, arguments: &[Expression], span: Span, signatures: &[Signature]) -> Result<Statement, Diagnostic> {
    let (name, name_span) = match arguments.first() {
        Some(Expression { kind: ExpressionKind::Text(name), span, .. }) if is_name(name) => (name.clone(), *span),
        Some(Expression { kind: ExpressionKind::Name(name), span, .. }) => (name.text.clone(), *span),
        Some(argument) => return Err(refuse(argument.span, "PARAM wants the name of a variable: PARAM quantity AS INTEGER.")),
        None => return Err(refuse(span, "PARAM wants the name of a variable: PARAM quantity AS INTEGER.")),
    };
    if interface.params.iter().any(|param| param.name.eq_ignore_ascii_case(&name)) {
        return Err(refuse(name_span, format!("The input {name} is declared twice; one PARAM is enough.")));
    }
    let kind = match arguments.get(1) {
        Some(Expression { kind: ExpressionKind::Text(word), span, .. }) => kind_of(word).ok_or_else(|| unknown(word, *span))?,
        _ => ParamKind::Any,
    };
    let like = match arguments.get(2) {
        None | Some(Expression { kind: ExpressionKind::Literal(Literal::Null), .. }) => None,
        Some(value) => Some(shown(value).ok_or_else(|| refuse(value.span, "Behind LIKE stands an example, written here: a text or a number."))?),
    };
    let description = match arguments.get(3) {
        None => None,
        Some(_) => Some(text(arguments, 3, "The description of the input", span)?.to_owned()),
    };
    interface.params.push(Param { name: name.to_string(), kind, like, description, span });
    let written = |text: &str| Expression { kind: ExpressionKind::Text(text.into()), span, depth: 1 };
    let index = signatures.iter().position(|signature| signature.phrase == READS).and_then(|index| u16::try_from(index).ok());
    let value = match index {
        Some(index) => ExpressionKind::Keyword { index, arguments: vec![written(&name), written(kind.word())] },
        None => ExpressionKind::Invalid,
    };
    let folded = name.to_lowercase().into();
    let place = ExpressionKind::Name(Name { text: name, folded, span: name_span });
    let place = Expression { kind: place, span: name_span, depth: 1 };
    Ok(Statement { kind: StatementKind::Assign { place, operator: None, value: Expression { kind: value, span, depth: 2 } }, span })
}

/// Reads what a script does.
pub(super) fn describe(interface: &mut Interface, arguments: &[Expression], span: Span) -> Result<(), Diagnostic> {
    let description = text(arguments, 0, "The description", span)?;
    if interface.description.is_some() {
        return Err(refuse(span, "The script has a DESCRIPTION already; put both into one."));
    }
    interface.description = Some(description.to_owned());
    Ok(())
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_') && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '%'))
}

fn kind_of(word: &str) -> Option<ParamKind> {
    TYPES.iter().find(|(_, words)| words.iter().any(|known| known.eq_ignore_ascii_case(word))).map(|(kind, _)| *kind)
}

fn unknown(word: &str, span: Span) -> Diagnostic {
    let words = || TYPES.iter().flat_map(|(_, words)| words.iter().copied());
    let hint = spelling::nearest(word, words()).map_or(String::new(), |near| format!(" Did you mean {near}?"));
    let names: Vec<&str> = TYPES.iter().map(|(kind, _)| kind.word()).collect();
    refuse(span, format!("{word} is no type of an input; those are {}.{hint}", names.join(", ")))
}

/// A written value as text.
fn shown(value: &Expression) -> Option<String> {
    Some(match &value.kind {
        ExpressionKind::Text(text) => text.to_string(),
        ExpressionKind::Literal(Literal::Int(int)) => int.to_string(),
        ExpressionKind::Literal(Literal::Float(float)) => float.to_string(),
        ExpressionKind::Literal(Literal::Bool(bool)) => bool.to_string().to_uppercase(),
        ExpressionKind::Unary(UnaryOperator::Negate, number) => format!("-{}", shown(number)?),
        ExpressionKind::Array(items) => items.iter().map(shown).collect::<Option<Vec<_>>>()?.join(", "),
        _ => return None,
    })
}
