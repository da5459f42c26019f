//! One text for all values that count as the same, so that groups and sets need no comparison of pairs.

use gbvm_vm::coerce::{self, Number};
use gbvm_vm::instant::Instant;
use gbvm_vm::operators;
use gbvm_vm::value::Value;

/// The canonical text of a value. Empty values are one; booleans are 0 and 1; text in the shortest form of a number is
/// that number; text in full RFC 3339 form is that instant.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        _ if operators::is_empty(value) => out.push('e'),
        Value::Bool(bool) => out.push_str(if *bool { "n1" } else { "n0" }),
        Value::Int(_) | Value::Float(_) => {
            out.push('n');
            coerce::write_json(value, out);
        }
        Value::Date(instant) => write_instant(*instant, out),
        Value::Text(text) => write_text(text.as_str(), out),
        Value::Array(array) => {
            out.push('[');
            for item in array.items() {
                write(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(object) => {
            let mut members: Vec<_> = object.fields().filter(|(_, field)| !operators::is_empty(field)).collect();
            members.sort_by(|a, b| a.0.cmp(b.0));
            out.push('{');
            for (key, field) in members {
                coerce::write_json_text(key, out);
                write(field, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Missing | Value::Null => out.push('e'),
    }
}

fn write_text(text: &str, out: &mut String) {
    if let Some(number) = coerce::numeric_text(text) {
        let mut shortest = String::new();
        coerce::write_json(&Value::from(number), &mut shortest);
        let is_canonical = shortest == text && !matches!(number, Number::Int(0) if text != "0");
        if is_canonical {
            out.push('n');
            out.push_str(text);
            return;
        }
    }
    match Instant::parse_rfc3339(text) {
        Some(instant) => write_instant(instant, out),
        None => {
            out.push('t');
            coerce::write_json_text(text, out);
        }
    }
}

fn write_instant(instant: Instant, out: &mut String) {
    out.push('d');
    out.push_str(&instant.0.to_string());
}
