//! What a call sends: objects as JSON or as a form, secrets still marked in it.

use gbvm_vm::coerce;
use gbvm_vm::text::{Origin, Text};
use gbvm_vm::value::Value;

use crate::url;

/// The content type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A body and the content type it has where none was asked for; none for NULL and MISSING.
pub fn of_value(value: &Value, content_type: Option<&str>) -> Option<(Text, &'static str)> {
    match value {
        Value::Missing | Value::Null => None,
        Value::Text(text) => Some((text.clone(), "text/plain; charset=utf-8")),
        Value::Object(_) if content_type.is_some_and(is_form) => Some((form(value), FORM)),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Array(_) | Value::Object(_) => Some((json(value), "application/json")),
    }
}

fn is_form(content_type: &str) -> bool {
    content_type.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case(FORM)
}

/// A value as JSON whose secrets are parts of their own.
pub fn json(value: &Value) -> Text {
    if coerce::secret_in(value).is_none() {
        return Text::data(coerce::json(value));
    }
    let mut parts = Parts::default();
    parts.json(value);
    parts.done()
}

/// An object as a form. Fields that are MISSING are left out, NULL is empty, an array repeats its name.
fn form(value: &Value) -> Text {
    let mut parts = Parts::default();
    let Value::Object(object) = value else { return parts.done() };
    for (name, field) in object.fields() {
        let items = match field {
            Value::Array(array) => array.items(),
            _ => std::slice::from_ref(field),
        };
        for item in items {
            if !parts.is_empty() {
                parts.plain.push('&');
            }
            parts.plain.push_str(&form_encode(name));
            parts.plain.push('=');
            parts.text(&coerce::text(item), form_encode);
        }
    }
    parts.done()
}

fn form_encode(text: &str) -> String {
    url::encode(text).replace("%20", "+")
}

/// Text under construction: plain text gathers until a secret interrupts it.
#[derive(Default)]
struct Parts {
    done: Vec<(Origin, String)>,
    plain: String,
}

impl Parts {
    fn is_empty(&self) -> bool {
        self.done.is_empty() && self.plain.is_empty()
    }

    fn done(mut self) -> Text {
        self.done.push((Origin::Data, self.plain));
        Text::of_parts(self.done)
    }

    fn json(&mut self, value: &Value) {
        match value {
            Value::Text(text) => {
                self.plain.push('"');
                self.text(text, json_escape);
                self.plain.push('"');
            }
            Value::Array(array) => {
                self.plain.push('[');
                for (at, item) in array.items().iter().enumerate() {
                    if at > 0 {
                        self.plain.push(',');
                    }
                    self.json(item);
                }
                self.plain.push(']');
            }
            Value::Object(object) => {
                self.plain.push('{');
                for (at, (key, field)) in object.fields().enumerate() {
                    if at > 0 {
                        self.plain.push(',');
                    }
                    coerce::write_json_text(key, &mut self.plain);
                    self.plain.push(':');
                    self.json(field);
                }
                self.plain.push('}');
            }
            Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => coerce::write_json(value, &mut self.plain),
        }
    }

    /// A string, part by part. A secret that encoding changes is no longer the secret itself.
    fn text(&mut self, text: &Text, encode: fn(&str) -> String) {
        for (origin, part) in text.parts() {
            let encoded = encode(part);
            let origin = match origin {
                Origin::Literal | Origin::Data => {
                    self.plain.push_str(&encoded);
                    continue;
                }
                Origin::Secret(key) if encoded != part => Origin::Derived(key),
                origin @ (Origin::Secret(_) | Origin::Derived(_)) => origin,
            };
            self.done.push((Origin::Data, std::mem::take(&mut self.plain)));
            self.done.push((origin, encoded));
        }
    }
}

fn json_escape(text: &str) -> String {
    let mut quoted = String::new();
    coerce::write_json_text(text, &mut quoted);
    quoted[1..quoted.len() - 1].to_owned()
}
