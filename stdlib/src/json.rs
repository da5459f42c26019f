//! JSON: text to values without recursion, values to text, and the functions over both.

use std::collections::HashSet;

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::limits::Limits;
use gbvm_vm::native::PureContext;
use gbvm_vm::object::{Key, Object};
use gbvm_vm::operators;
use gbvm_vm::signature::{Param, Role};
use gbvm_vm::value::Value;
use rustc_hash::FxBuildHasher;

use crate::argument::{self, at};
use crate::keyword::{Example, Keyword};

const FAMILY: &str = "JSON";

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::pure(FAMILY, "JSON_PARSE", &[Param::required("text", Role::Value)], parse_text).aliases(&["PARSE_JSON"]).about(
        "The value that JSON text stands for",
        "Text that is no JSON is the error `E_JSON`, with line and column. A whole number beyond 64 bits whose digits a float would not give back stays the text of its digits. NULL and empty text give NULL.",
        &[Example::new("order = JSON_PARSE(\"{\\\"sku\\\": \\\"X1\\\", \\\"qty\\\": [1, 2]}\")\nPRINT order.sku, UBOUND(order.qty)", "X1 2")],
    ),
    Keyword::pure(FAMILY, "JSON_STRINGIFY", &[Param::required("value", Role::Value)], stringify).aliases(&["TO_JSON"]).about(
        "A value as JSON text",
        "Fields that are MISSING are left out, dates are text in the form 2026-01-31T09:05:07.123Z.",
        &[Example::new("PRINT JSON_STRINGIFY({a: 1, b: [TRUE, NULL, \"x\"]})", "{\"a\":1,\"b\":[true,null,\"x\"]}")],
    ),
];

/// Reads JSON text (RFC 8259) that may nest as deep as the limits say.
///
/// ```
/// use gbvm_vm::limits::Limits;
/// let value = gbvm_stdlib::json::parse(b"[1, 2.5]", &Limits::default()).unwrap();
/// assert_eq!(gbvm_vm::coerce::json(&value), "[1,2.5]");
/// ```
///
/// # Errors
/// `E_JSON` with line and column.
pub fn parse(text: &[u8], limits: &Limits) -> Result<Value, Fault> {
    let text = std::str::from_utf8(text).map_err(|_| Fault::new("E_JSON", "the JSON text is not UTF-8"))?;
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut parser = Parser { text, at: start, keys: HashSet::default() };
    parser.document(limits).map_err(|problem| {
        let before = &text[..text.floor_char_boundary(parser.at)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        Fault::new("E_JSON", format!("{problem}, at line {line}, column {column} of the JSON text"))
    })
}

/// What a value inside it waits for.
enum Open {
    Array(Vec<Value>),
    Object(Object, Key),
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Keys seen, so that a thousand records share theirs.
    keys: HashSet<Key, FxBuildHasher>,
}

type Parsed<T> = Result<T, String>;

impl Parser<'_> {
    fn document(&mut self, limits: &Limits) -> Parsed<Value> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            self.skip_blanks();
            let mut value = match self.peek() {
                Some(b'[') => {
                    self.check_depth(open.len(), limits)?;
                    self.at += 1;
                    self.skip_blanks();
                    if self.peek() != Some(b']') {
                        open.push(Open::Array(Vec::new()));
                        continue;
                    }
                    self.at += 1;
                    finish(Value::array(Vec::new()))?
                }
                Some(b'{') => {
                    self.check_depth(open.len(), limits)?;
                    self.at += 1;
                    self.skip_blanks();
                    if self.peek() != Some(b'}') {
                        let key = self.key()?;
                        open.push(Open::Object(Object::new(), key));
                        continue;
                    }
                    self.at += 1;
                    Value::Object(Object::new())
                }
                _ => self.scalar()?,
            };
            // The value is whole: it belongs to what is open, which may be whole with it.
            loop {
                let Some(top) = open.last_mut() else {
                    self.skip_blanks();
                    return if self.at == self.text.len() { Ok(value) } else { Err("text follows after the value".to_owned()) };
                };
                let close = match top {
                    Open::Array(items) => {
                        items.push(value);
                        b']'
                    }
                    Open::Object(object, key) => {
                        finish(object.set(key, value))?;
                        b'}'
                    }
                };
                self.skip_blanks();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if let Open::Object(_, key) = top {
                            self.skip_blanks();
                            *key = self.key()?;
                        }
                        break;
                    }
                    Some(byte) if byte == close => self.at += 1,
                    _ => return Err(format!("\",\" or \"{}\" is missing", char::from(close))),
                }
                value = match open.pop() {
                    Some(Open::Array(items)) => finish(Value::array(items))?,
                    Some(Open::Object(object, _)) => Value::Object(object),
                    None => return Err("a bracket is closed that was not opened".to_owned()),
                };
            }
        }
    }

    fn check_depth(&self, depth: usize, limits: &Limits) -> Parsed<()> {
        if depth >= limits.json_depth { Err(format!("it nests more than {} deep", limits.json_depth)) } else { Ok(()) }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn scalar(&mut self) -> Parsed<Value> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err("a value is missing".to_owned()),
            None => Err("the text ends where a value belongs".to_owned()),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Parsed<Value> {
        if !self.text[self.at..].starts_with(word) {
            return Err("a value is missing".to_owned());
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Parsed<Value> {
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
        let digits = &rest[..length];
        let value = match coerce::numeric_text(digits) {
            Some(coerce::Number::Int(int)) => Value::Int(int),
            Some(coerce::Number::Float(float)) if digits.contains(['.', 'e', 'E']) || coerce::float_shortest(float) == digits => Value::Float(float),
            // A whole number whose digits a float would not give back.
            Some(coerce::Number::Float(_)) => Value::text(digits),
            // In the form of a number, but beyond any: kept as written.
            None if digits.ends_with(|last: char| last.is_ascii_digit()) && digits.parse().is_ok_and(f64::is_infinite) => Value::text(digits),
            None => return Err("this is no number".to_owned()),
        };
        self.at += length;
        Ok(value)
    }

    /// A key and its colon.
    fn key(&mut self) -> Parsed<Key> {
        if self.peek() != Some(b'"') {
            return Err("a key in quotes is missing".to_owned());
        }
        let name = self.string()?;
        let key = match self.keys.get(name.as_str()) {
            Some(key) => key.clone(),
            None => {
                let key = Key::from(name);
                self.keys.insert(key.clone());
                key
            }
        };
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Err("\":\" is missing after the key".to_owned());
        }
        self.at += 1;
        Ok(key)
    }

    fn string(&mut self) -> Parsed<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().position(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')).ok_or("a string has no end")?;
            out.push_str(&rest[..plain]);
            self.at += plain;
            match rest.as_bytes()[plain] {
                b'"' => {
                    self.at += 1;
                    return Ok(out);
                }
                b'\\' => self.escape(&mut out)?,
                _ => return Err("a control character stands in a string".to_owned()),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Parsed<()> {
        let escaped = self.text.as_bytes().get(self.at + 1).ok_or("a string has no end")?;
        self.at += 2;
        out.push(match escaped {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                let code = if (0xD800..0xDC00).contains(&first) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    let second = self.hex()?;
                    if !(0xDC00..0xE000).contains(&second) {
                        return Err("half a surrogate pair stands in a string".to_owned());
                    }
                    0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                } else {
                    first
                };
                char::from_u32(code).ok_or("half a surrogate pair stands in a string")?
            }
            _ => return Err("an unknown escape stands in a string".to_owned()),
        });
        Ok(())
    }

    fn hex(&mut self) -> Parsed<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        self.at += 4;
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or_else(|| "\\u wants four hexadecimal digits".to_owned())
    }
}

fn finish<T>(result: Result<T, Fault>) -> Parsed<T> {
    result.map_err(|fault| fault.message)
}

fn parse_text(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    match at(arguments, 0) {
        value if operators::is_empty(value) => Ok(Value::Null),
        Value::Text(text) if text.has_secret() => Err(Fault::new("E_SECRET_LEAK", "a secret cannot be taken apart as JSON")),
        Value::Text(text) => parse(text.as_str().as_bytes(), context.limits),
        value => Ok(value.clone()),
    }
}

fn stringify(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    argument::computed(arguments, coerce::json(at(arguments, 0)), context.limits)
}
