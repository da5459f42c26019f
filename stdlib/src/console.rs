//! PRINT, TALK and the log.

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::signature::{Form, Param, Role};
use gbvm_vm::text::Text;
use gbvm_vm::value::{Array, Value};

use crate::keyword::{Call, Example, HostContext, Keyword};
use crate::services::Level;

const VALUES: &[Param] = &[Param::optional("value", Role::Value)];
const FAMILY: &str = "Output";

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::host(FAMILY, Form::Statement, "PRINT", VALUES, print).variadic().aliases(&["TALK"]).about(
        "Writes a line",
        "Several values are separated by blanks. Secrets are shown as their key in ‹ ›. A script that is run by hand writes to standard output, one that serves to the log.",
        &[Example::new("PRINT \"total\", 12.50\nPRINT [1, 2], {a: TRUE}", "total 12.5\n1, 2 {\"a\":true}")],
    ),
    Keyword::host(FAMILY, Form::Statement, "BEGIN TALK", &[Param::required("text", Role::Value)], print).text_until("END TALK").about(
        "Writes the text below it, up to END TALK",
        "`${…}` in the text is filled in. So much indentation as the first line has is left out of each.",
        &[Example::new("n = 3\nBEGIN TALK\n  Orders: ${n}\n    late: 0\nEND TALK", "Orders: 3\n  late: 0")],
    ),
    Keyword::host(FAMILY, Form::Statement, "LOG_INFO", VALUES, info).variadic().aliases(&["LOG INFO"]).about(
        "Writes a line to the log",
        "A script that is run by hand writes it to standard output, as PRINT does; one that serves to its log, at the level info.",
        &[Example::new("LOG_INFO \"started\"\nPRINT \"ok\"", "ok")],
    ),
    Keyword::host(FAMILY, Form::Statement, "LOG_WARN", VALUES, warn).variadic().aliases(&["LOG WARN"]).about(
        "Writes a warning to the log",
        "A script that is run by hand writes it to standard output, as PRINT does; one that serves to its log, at the level warn.",
        &[Example::new("LOG_WARN \"slow\"\nPRINT \"ok\"", "ok")],
    ),
    Keyword::host(FAMILY, Form::Statement, "LOG_ERROR", VALUES, error).variadic().aliases(&["LOG ERROR"]).about(
        "Writes an error to the log; the run goes on",
        "A script that is run by hand writes it to standard output, as PRINT does; one that serves to its log, at the level error.",
        &[Example::new("LOG_ERROR \"no answer\"\nPRINT \"ok\"", "ok")],
    ),
];

/// A value as it may be shown: every secret in it replaced by its key in `‹ ›`.
pub fn shown(value: &Value) -> String {
    coerce::text(&masked(value)).as_str().to_owned()
}

/// A copy of a value without secrets; shares what has none.
pub fn masked(value: &Value) -> Value {
    if coerce::secret_in(value).is_none() {
        return value.clone();
    }
    match value {
        Value::Text(text) => Value::Text(Text::data(text.masked())),
        Value::Array(array) => Array::new(array.items().iter().map(masked).collect()).map_or(Value::Null, Value::Array),
        Value::Object(object) => {
            let mut copy = object.clone();
            for slot in 0..object.len() as u32 {
                // The masked value is no deeper than the one it replaces, so nothing can be refused.
                let changed = copy.change_slot(slot, |field| {
                    *field = masked(field);
                    Ok(())
                });
                changed.expect("masking makes no value deeper");
            }
            Value::Object(copy)
        }
        Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => value.clone(),
    }
}

fn write(context: &mut HostContext<'_>, call: &Call<'_>, level: Level) -> Result<Value, Fault> {
    let line = call.arguments.iter().map(shown).collect::<Vec<_>>().join(" ");
    context.console.line(level, &line);
    Ok(Value::Missing)
}

fn print(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    write(context, call, Level::Output)
}

fn info(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    write(context, call, Level::Info)
}

fn warn(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    write(context, call, Level::Warn)
}

fn error(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    write(context, call, Level::Error)
}
