//! Reading fields and elements, and the texts of faults about them.

use std::fmt;

use compact_str::CompactString;

use crate::coerce::{self, Number};
use crate::fault::Fault;
use crate::limits::Limits;
use crate::machine::place;
use crate::object::Object;
use crate::text::Text;
use crate::value::{Array, Value};

/// What `.name` reads: a field of an object or of an array's first element, the length of arrays and texts.
pub fn field(value: &Value, name: &str) -> Result<Value, Fault> {
    match value {
        Value::Array(array) => array_field(array, name),
        Value::Text(text) if name.eq_ignore_ascii_case("length") => Ok(Value::Int(text.as_str().chars().count() as i64)),
        Value::Text(_) | Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => Ok(Value::Missing),
        Value::Object(object) => read(object, name),
    }
}

/// The kind of a value with its article.
pub fn a_kind(value: &Value) -> String {
    match value {
        Value::Missing | Value::Null => value.kind().to_owned(),
        Value::Array(_) | Value::Object(_) => format!("an {}", value.kind()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) => format!("a {}", value.kind()),
    }
}

/// What `.name` reads of an object: the field, or MISSING, or the fault that an absent field of it is.
pub fn read(object: &Object, name: &str) -> Result<Value, Fault> {
    match object.find_slot(name) {
        Some(slot) => Ok(object.slot(slot).clone()),
        None => absent(object),
    }
}

/// What reading a field that is not there gives.
pub fn absent(object: &Object) -> Result<Value, Fault> {
    match object.strict_message() {
        None => Ok(Value::Missing),
        Some(message) => Err(Fault::new("E_HTTP_STATUS", message)),
    }
}

fn array_field(array: &Array, name: &str) -> Result<Value, Fault> {
    if name.eq_ignore_ascii_case("length") || name.eq_ignore_ascii_case("count") {
        return Ok(Value::Int(array.len() as i64));
    }
    match array.items().first() {
        Some(Value::Object(object)) => read(object, name),
        _ => Ok(Value::Missing),
    }
}

/// What `value[index]` reads.
pub fn element(value: &Value, index: &Value) -> Result<Value, Fault> {
    match value {
        Value::Array(array) => Ok(position(index).and_then(|at| array.items().get(at)).cloned().unwrap_or_default()),
        Value::Object(object) if !index.is_nothing() && index.depth() == 0 => {
            if let Value::Text(key) = index
                && let Some(value) = object.get(key.as_str())
            {
                return Ok(value.clone());
            }
            let key = coerce::text(index);
            match object.get(key.as_str()) {
                Some(value) => Ok(value.clone()),
                None if object.is_headers() => Ok(object.get(&header_key(key.as_str())).cloned().unwrap_or_default()),
                None => absent(object),
            }
        }
        Value::Object(_) | Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) => Ok(Value::Missing),
    }
}

/// The key under which a header stands.
fn header_key(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

/// The position that an index means; none where it is no whole number from 0 on.
pub fn position(index: &Value) -> Option<usize> {
    match coerce::number(index).filter(|_| !index.is_nothing())? {
        Number::Int(int) => usize::try_from(int).ok(),
        Number::Float(float) => (float >= 0.0 && float.fract() == 0.0 && float < 9e15).then_some(float as usize),
    }
}

/// Whether a value is one of a list: an element of an array, a key of an object.
pub fn is_in(value: &Value, list: &Value) -> Result<bool, Fault> {
    match list {
        Value::Array(array) => Ok(array.items().iter().any(|item| crate::operators::equal(value, item))),
        Value::Object(object) => Ok(object.get(coerce::text(value).as_str()).is_some()),
        Value::Missing | Value::Null => Ok(false),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) => Err(Fault::of_value("E_TYPE", "IN needs an array", list, a_kind(list))),
    }
}

/// The texts of values joined, at most `most` bytes.
pub fn concat(parts: &[Value], track: bool, most: usize) -> Result<Value, Fault> {
    let keeps_origin = track || parts.iter().any(|part| coerce::secret_in(part).is_some());
    let joined = if keeps_origin {
        Text::join(&parts.iter().map(coerce::text).collect::<Vec<_>>(), track)
    } else {
        let mut string = CompactString::with_capacity(parts.iter().map(|part| if let Value::Text(text) = part { text.as_str().len() } else { 8 }).sum());
        let mut out = Bounded { string: &mut string, most };
        for part in parts {
            coerce::try_write_text(part, &mut out).map_err(|_| too_long(most))?;
        }
        Text::data(string)
    };
    within(&joined, most)?;
    Ok(Value::Text(joined))
}

/// The texts of values joined behind a value, in place where nobody else holds it and no origin must be kept. Gives with
/// them the weight of what was copied.
pub fn append(mut before: Value, parts: &[Value], track: bool, most: usize) -> Result<(Value, usize), Fault> {
    let is_plain = !track && !parts.iter().any(|part| coerce::secret_in(part).is_some());
    let mut fits = Ok(());
    let mut append = |string: &mut CompactString| {
        let mut out = Bounded { string, most };
        fits = parts.iter().try_for_each(|part| coerce::try_write_text(part, &mut out));
    };
    if is_plain && let Value::Text(text) = &mut before && text.append_with(&mut append) {
        fits.map_err(|_| too_long(most))?;
        return Ok((before, 0));
    }
    let all: Vec<Value> = std::iter::once(before).chain(parts.iter().cloned()).collect();
    let joined = concat(&all, track, most)?;
    let copied = joined.weight() as usize;
    Ok((joined, copied))
}

/// A string that takes at most `most` bytes.
struct Bounded<'a> {
    string: &'a mut CompactString,
    most: usize,
}

impl fmt::Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.string.len() + text.len() > self.most {
            return Err(fmt::Error);
        }
        self.string.push_str(text);
        Ok(())
    }
}

fn too_long(most: usize) -> Fault {
    Fault::ending("E_STRING_TOO_LONG", format!("a string may have {most} bytes, and this one would have more"))
}

/// The value, unless it is a text or an array that is longer than allowed.
///
/// # Errors
/// `E_STRING_TOO_LONG`, `E_ARRAY_TOO_LONG`.
pub fn bounded(value: Value, limits: &Limits) -> Result<Value, Fault> {
    check_size(&value, limits)?;
    Ok(value)
}

/// Whether a text or an array is no longer than allowed.
///
/// # Errors
/// `E_STRING_TOO_LONG`, `E_ARRAY_TOO_LONG`.
pub fn check_size(value: &Value, limits: &Limits) -> Result<(), Fault> {
    match value {
        Value::Text(text) => within(text, limits.string_bytes)?,
        Value::Array(array) if array.len() > limits.array_items => return Err(place::too_long(limits.array_items)),
        Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Array(_) | Value::Object(_) => {}
    }
    Ok(())
}

/// Whether a text has at most `most` bytes.
///
/// # Errors
/// `E_STRING_TOO_LONG`.
pub fn within(text: &Text, most: usize) -> Result<(), Fault> {
    if text.as_str().len() > most { Err(too_long(most)) } else { Ok(()) }
}
