//! Every implicit conversion of the language: to truth, text, JSON, number and instant.

use std::fmt::{self, Write};

use crate::instant::Instant;
use crate::text::Text;
use crate::value::Value;

/// A number: what arithmetic works on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A 64-bit integer.
    Int(i64),
    /// A finite float.
    Float(f64),
}

impl Number {
    /// The number as a float, rounded where it must be.
    pub fn as_float(self) -> f64 {
        match self {
            Number::Int(int) => int as f64,
            Number::Float(float) => float,
        }
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        match number {
            Number::Int(int) => Value::Int(int),
            Number::Float(float) => Value::Float(float),
        }
    }
}

/// Whether a condition holds: false are FALSE, 0, `""`, `"0"`, `"false"`, NULL, MISSING and an empty array.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::Missing | Value::Null => false,
        Value::Bool(bool) => *bool,
        Value::Int(int) => *int != 0,
        Value::Float(float) => *float != 0.0,
        Value::Text(text) => !matches!(text.as_str(), "" | "0" | "false"),
        Value::Array(array) => !array.is_empty(),
        Value::Date(_) | Value::Object(_) => true,
    }
}

/// The text of a value, as `+` with a string and PRINT show it. Strings keep their provenance.
pub fn text(value: &Value) -> Text {
    match value {
        Value::Text(text) => text.clone(),
        Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => {
            let mut string = String::new();
            write_text(value, &mut string);
            Text::data(string)
        }
        Value::Array(_) | Value::Object(_) => {
            let mut string = String::new();
            write_text(value, &mut string);
            match secret_of(value) {
                Some(secret) => secret.derive(string),
                None => Text::data(string),
            }
        }
    }
}

/// The first text with a secret part anywhere in a value.
pub fn secret_in(value: &Value) -> Option<&Text> {
    first_text(value, &Text::has_secret)
}

/// The text with a secret part that what is made from a value derives from: one whose secret is not set before others.
pub fn secret_of(value: &Value) -> Option<&Text> {
    let first = secret_in(value)?;
    Some(first_text(value, &|text| text.unset_secret().is_some()).unwrap_or(first))
}

fn first_text<'v>(value: &'v Value, is_it: &impl Fn(&Text) -> bool) -> Option<&'v Text> {
    match value {
        Value::Text(text) => is_it(text).then_some(text),
        Value::Array(array) => array.items().iter().find_map(|item| first_text(item, is_it)),
        Value::Object(object) => object.iter().find_map(|(_, value)| first_text(value, is_it)),
        Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => None,
    }
}

/// Appends the text of a value to a string, secrets included.
pub fn write_text(value: &Value, out: &mut impl Write) {
    try_write_text(value, out).expect("writing to a string cannot fail");
}

/// Appends the text of a value, secrets included, to something that may be full.
///
/// # Errors
/// Where it is.
pub fn try_write_text(value: &Value, out: &mut impl Write) -> fmt::Result {
    match value {
        Value::Missing | Value::Null => Ok(()),
        Value::Bool(bool) => out.write_str(if *bool { "true" } else { "false" }),
        Value::Int(int) => out.write_str(itoa::Buffer::new().format(*int)),
        Value::Float(float) => out.write_str(&float_text(*float)),
        Value::Date(instant) => write!(out, "{instant}"),
        Value::Text(text) => out.write_str(text.as_str()),
        Value::Array(array) => {
            for (at, item) in array.items().iter().enumerate() {
                if at > 0 {
                    out.write_str(", ")?;
                }
                try_write_text(item, out)?;
            }
            Ok(())
        }
        Value::Object(_) => try_write_json(value, out),
    }
}

/// A float as people read it: at most 15 significant digits, no trailing `.0`.
pub fn float_text(float: f64) -> String {
    let rounded = format!("{float:.14e}").parse().unwrap_or(float);
    float_shortest(rounded)
}

/// The shortest decimal text that reads back as the same float; whole numbers below 10²¹ without a point.
pub fn float_shortest(float: f64) -> String {
    if float == 0.0 {
        return "0".to_owned();
    }
    if (1e-7..1e21).contains(&float.abs()) { format!("{float}") } else { format!("{float:e}") }
}

/// Appends a value as compact JSON to a string. Fields and elements that are MISSING: fields are left out, elements are
/// null. Secrets are written as they are: whoever shows the result checks first.
pub fn write_json(value: &Value, out: &mut impl Write) {
    try_write_json(value, out).expect("writing to a string cannot fail");
}

/// As [`write_json`], to something that may be full.
///
/// # Errors
/// Where it is.
pub fn try_write_json(value: &Value, out: &mut impl Write) -> fmt::Result {
    match value {
        Value::Missing | Value::Null => out.write_str("null"),
        Value::Bool(_) | Value::Int(_) => try_write_text(value, out),
        Value::Float(float) => out.write_str(&float_shortest(*float)),
        Value::Date(instant) => write!(out, "\"{instant}\""),
        Value::Text(text) => write_json_string(text.as_str(), out),
        Value::Array(array) => {
            out.write_str("[")?;
            for (at, item) in array.items().iter().enumerate() {
                if at > 0 {
                    out.write_str(",")?;
                }
                try_write_json(item, out)?;
            }
            out.write_str("]")
        }
        Value::Object(object) => {
            out.write_str("{")?;
            for (at, (key, field)) in object.fields().enumerate() {
                if at > 0 {
                    out.write_str(",")?;
                }
                write_json_string(key, out)?;
                out.write_str(":")?;
                try_write_json(field, out)?;
            }
            out.write_str("}")
        }
    }
}

/// A value as compact JSON.
pub fn json(value: &Value) -> String {
    let mut out = String::new();
    write_json(value, &mut out);
    out
}

/// Appends a text in JSON quotes to a string.
pub fn write_json_text(text: &str, out: &mut String) {
    write_json_string(text, out).expect("writing to a string cannot fail");
}

fn write_json_string(string: &str, out: &mut impl Write) -> fmt::Result {
    out.write_str("\"")?;
    let mut plain_from = 0;
    for (at, byte) in string.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.write_str(&string[plain_from..at])?;
        plain_from = at + 1;
        match byte {
            b'"' => out.write_str("\\\"")?,
            b'\\' => out.write_str("\\\\")?,
            b'\n' => out.write_str("\\n")?,
            b'\r' => out.write_str("\\r")?,
            b'\t' => out.write_str("\\t")?,
            _ => write!(out, "\\u{byte:04x}")?,
        }
    }
    out.write_str(&string[plain_from..])?;
    out.write_str("\"")
}

/// Reads a whole string in JSON number form (RFC 8259, section 6); integers that fit 64 bits stay integers.
pub fn numeric_text(text: &str) -> Option<Number> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let whole = bytes.get(at..).map_or(0, |_| digits(at));
    if whole == 0 || (whole > 1 && bytes[at] == b'0') {
        return None;
    }
    at += whole;
    let is_whole = at == bytes.len();
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = if at < bytes.len() { digits(at) } else { 0 };
        if exponent == 0 {
            return None;
        }
        at += exponent;
    }
    if at != bytes.len() {
        return None;
    }
    if is_whole && let Ok(int) = text.parse() {
        return Some(Number::Int(int));
    }
    text.parse().ok().filter(|float: &f64| float.is_finite()).map(Number::Float)
}

/// The number that arithmetic reads: numbers and numeric text; NULL and MISSING count as 0. None for all else.
pub fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Int(int) => Some(Number::Int(*int)),
        Value::Float(float) => Some(Number::Float(*float)),
        Value::Missing | Value::Null => Some(Number::Int(0)),
        Value::Text(text) => numeric_text(text.as_str()),
        Value::Bool(_) | Value::Date(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The instant that a value reads as: dates, RFC 3339 and the shorter forms in UTC, and numbers (seconds below 10¹¹, else milliseconds).
pub fn instant(value: &Value) -> Option<Instant> {
    match value {
        Value::Date(instant) => Some(*instant),
        Value::Int(int) => Instant::from_number(*int as f64),
        Value::Float(float) => Instant::from_number(*float),
        Value::Text(text) => {
            let text = text.as_str();
            Instant::parse(text).or_else(|| numeric_text(text).and_then(|number| Instant::from_number(number.as_float())))
        }
        Value::Missing | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
