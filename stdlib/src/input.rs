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
pub const KEYWORDS: &[Keyword] = &[Keyword::host("Triggers", Form::Function, "INPUT", &[Param::required("name", Role::Word), Param::optional("type", Role::Word)], input).about(
    "A value that whoever started the run gave it",
    "It is looked for in the fields of the request's body, then in the query, then among `--param` of the command line; MISSING where it is nowhere. With a type (ANY, STRING, INTEGER, NUMBER, BOOLEAN, DATE, EMAIL, ARRAY, OBJECT) it is of that type, or the error `E_PARAM`, which answers a request with 400. `PARAM n AS TYPE` reads it into a variable.",
    &[Example::new("quantity = INPUT(\"quantity\", \"INTEGER\") ?? 1\nPRINT quantity", "1")],
)];

fn input(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let name = coerce::text(call.argument(0));
    let name = name.as_str();
    let kind = coerce::text(call.argument(1));
    let given = given(context, name);
    if operators::is_empty(&given) {
        return Ok(if matches!(given, Value::Text(_)) && matches!(kind.as_str(), "" | "ANY" | "STRING") { given } else { nothing(&given) });
    }
    converted(&given, kind.as_str(), context.limits).ok_or_else(|| {
        let wanted = match kind.as_str() {
            "INTEGER" => "a whole number",
            "NUMBER" => "a number",
            "BOOLEAN" => "TRUE or FALSE",
            "DATE" => "a date such as 2026-01-31 or 2026-01-31T09:05:00Z",
            "EMAIL" => "the address of a mailbox",
            "ARRAY" => "an array",
            "OBJECT" => "an object",
            "STRING" => "text",
            _ => "of a type that there is",
        };
        let shown = match &given {
            Value::Text(text) if text.as_str().len() <= 40 => format!("the text {:?}", text.as_str()),
            value => argument::kind_of(value),
        };
        Fault::new("E_PARAM", format!("the input {name} must be {wanted}, and it is {shown}"))
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

fn converted(value: &Value, kind: &str, limits: &Limits) -> Option<Value> {
    match kind {
        "" | "ANY" => Some(value.clone()),
        "STRING" => match value {
            Value::Text(_) => Some(value.clone()),
            Value::Int(_) | Value::Float(_) | Value::Bool(_) => Some(Value::Text(coerce::text(value))),
            _ => None,
        },
        "INTEGER" => match coerce::number(value)? {
            Number::Int(int) => Some(Value::Int(int)),
            Number::Float(float) => (float.fract() == 0.0 && float.abs() < 9.0e15).then_some(Value::Int(float as i64)),
        },
        "NUMBER" => coerce::number(value).map(Value::from),
        "BOOLEAN" => match value {
            Value::Bool(_) => Some(value.clone()),
            Value::Int(int @ (0 | 1)) => Some(Value::Bool(*int == 1)),
            Value::Text(text) => match text.as_str().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(Value::Bool(true)),
                "false" | "0" | "no" | "off" => Some(Value::Bool(false)),
                _ => None,
            },
            _ => None,
        },
        "DATE" => coerce::instant(value).map(Value::Date),
        "EMAIL" => match value {
            Value::Text(text) => is_mailbox(text.as_str().trim()).then(|| Value::Text(text.derive(text.as_str().trim().to_owned()))),
            _ => None,
        },
        "ARRAY" | "OBJECT" => {
            let parsed = match value {
                Value::Text(text) => json::parse(text.as_str().as_bytes(), limits).ok()?,
                value => value.clone(),
            };
            let fits = if kind == "ARRAY" { matches!(parsed, Value::Array(_)) } else { matches!(parsed, Value::Object(_)) };
            fits.then_some(parsed)
        }
        _ => None,
    }
}

/// Whether a text looks like one address, without a name beside it.
fn is_mailbox(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_plain = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]\\".contains(c));
    is_plain(local) && is_plain(domain) && !local.contains('@') && !domain.starts_with('.') && !domain.ends_with('.')
}
