//! INPUT: what whoever started the run gave it.

use gbvm_vm::coerce::{self, Number};
use gbvm_vm::fault::Fault;
use gbvm_vm::limits::Limits;
use gbvm_vm::operators;
use gbvm_vm::signature::{Form, Param, Role};
use gbvm_vm::value::Value;

use crate::argument;
use crate::json;
use crate::keyword::{Call, Example, HostContext, Keyword};

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[Keyword::host("Triggers", Form::Function, "INPUT", &[Param::required("name", Role::Word), Param::optional("type", Role::Word)], input).value_only("nobody sits at a keyboard here. Write n = INPUT(\"n\") for what whoever started the run gave it, or declare PARAM n AS STRING; body has the fields of a request").about(
    "A value that whoever started the run gave it",
    "It is looked for in the fields of the request's body, then in the query, then among `--param` of the command line; MISSING where it is nowhere. With a type (ANY, STRING, INTEGER, NUMBER, BOOLEAN, DATE, EMAIL, ARRAY, OBJECT) it is of that type, or the error `E_PARAM`, which answers a request with 400. `PARAM n AS TYPE` reads it into a variable.",
    &[Example::new("quantity = INPUT(\"quantity\", \"INTEGER\") ?? 1\nPRINT quantity", "1")],
)];

/// The types that an input may be asked for.
#[derive(Clone, Copy)]
enum Kind {
    Any,
    Text,
    Integer,
    Number,
    Boolean,
    Date,
    Email,
    Array,
    Object,
}

impl Kind {
    const ALL: [Kind; 9] = [Kind::Any, Kind::Text, Kind::Integer, Kind::Number, Kind::Boolean, Kind::Date, Kind::Email, Kind::Array, Kind::Object];

    /// As scripts write it.
    fn name(self) -> &'static str {
        match self {
            Kind::Any => "ANY",
            Kind::Text => "STRING",
            Kind::Integer => "INTEGER",
            Kind::Number => "NUMBER",
            Kind::Boolean => "BOOLEAN",
            Kind::Date => "DATE",
            Kind::Email => "EMAIL",
            Kind::Array => "ARRAY",
            Kind::Object => "OBJECT",
        }
    }

    /// What must have been given.
    fn wanted(self) -> &'static str {
        match self {
            Kind::Any => "any value",
            Kind::Text => "text",
            Kind::Integer => "a whole number",
            Kind::Number => "a number",
            Kind::Boolean => "TRUE or FALSE",
            Kind::Date => "a date such as 2026-01-31 or 2026-01-31T09:05:00Z",
            Kind::Email => "the address of a mailbox",
            Kind::Array => "an array",
            Kind::Object => "an object",
        }
    }

    /// The type that a script asks for; any where it asks for none.
    fn asked(argument: &Value) -> Result<Kind, Fault> {
        if operators::is_empty(argument) {
            return Ok(Kind::Any);
        }
        let word = coerce::text(argument);
        let found = Kind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(word.as_str().trim()));
        found.ok_or_else(|| {
            let names: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
            argument::unknown_word(&format!("the type of an input is one of {}", names.join(", ")), argument).at_argument(1)
        })
    }
}

fn input(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let name = coerce::text(call.argument(0));
    let kind = Kind::asked(call.argument(1))?;
    let given = given(context, name.as_str());
    if operators::is_empty(&given) {
        return Ok(if matches!((&given, kind), (Value::Text(_), Kind::Any | Kind::Text)) { given } else { nothing(&given) });
    }
    converted(&given, kind, context.limits).ok_or_else(|| {
        let message = format!("the input {} must be {}, and it is {}", name.masked(), kind.wanted(), argument::shown(&given));
        context.run.refused_input = Some(message.clone());
        Fault::new("E_PARAM", message)
    })
}

/// What is not there, or is NULL.
fn nothing(given: &Value) -> Value {
    if matches!(given, Value::Missing) { Value::Missing } else { Value::Null }
}

fn given(context: &HostContext<'_>, name: &str) -> Value {
    if let Value::Object(body) = &context.run.body {
        let value = body.read(name);
        if !matches!(value, Value::Missing) {
            return value.clone();
        }
    }
    let inputs = &context.run.inputs;
    let found = inputs.iter().find(|(known, _)| known == name).or_else(|| inputs.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)));
    found.map_or(Value::Missing, |(_, value)| Value::text(value.as_str()))
}

fn converted(value: &Value, kind: Kind, limits: &Limits) -> Option<Value> {
    match kind {
        Kind::Any => Some(value.clone()),
        Kind::Text => match value {
            Value::Text(_) => Some(value.clone()),
            Value::Int(_) | Value::Float(_) | Value::Bool(_) => Some(Value::Text(coerce::text(value))),
            _ => None,
        },
        Kind::Integer => match coerce::number(value)? {
            Number::Int(int) => Some(Value::Int(int)),
            Number::Float(float) => (float.fract() == 0.0 && float.abs() < 9.0e15).then_some(Value::Int(float as i64)),
        },
        Kind::Number => coerce::number(value).map(Value::from),
        Kind::Boolean => match value {
            Value::Bool(_) => Some(value.clone()),
            Value::Int(int @ (0 | 1)) => Some(Value::Bool(*int == 1)),
            Value::Text(text) => match text.as_str().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(Value::Bool(true)),
                "false" | "0" | "no" | "off" => Some(Value::Bool(false)),
                _ => None,
            },
            _ => None,
        },
        Kind::Date => coerce::instant(value).map(Value::Date),
        Kind::Email => match value {
            Value::Text(text) => is_mailbox(text.as_str().trim()).then(|| Value::Text(text.derive(text.as_str().trim().to_owned()))),
            _ => None,
        },
        Kind::Array | Kind::Object => {
            let parsed = match value {
                Value::Text(text) => json::parse(text.as_str().as_bytes(), limits).ok()?,
                value => value.clone(),
            };
            let fits = if matches!(kind, Kind::Array) { matches!(parsed, Value::Array(_)) } else { matches!(parsed, Value::Object(_)) };
            fits.then_some(parsed)
        }
    }
}

/// Whether a text looks like one address, without a name beside it.
fn is_mailbox(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_plain = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]\\".contains(c));
    is_plain(local) && is_plain(domain) && !local.contains('@') && !domain.starts_with('.') && !domain.ends_with('.')
}
