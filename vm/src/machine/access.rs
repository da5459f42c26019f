//! Reading fields and elements, and the texts of faults about them.

use crate::coerce::{self, Number};
use crate::fault::Fault;
use crate::object::Object;
use crate::text::Text;
use crate::value::{Array, Value};

/// What `.name` reads of anything that is no object: the length of arrays and texts, a field of an array's first element.
pub fn field_of_other(value: &Value, name: &str) -> Result<Value, Fault> {
    match value {
        Value::Array(array) => array_field(array, name),
        Value::Text(text) if name.eq_ignore_ascii_case("length") => Ok(Value::Int(text.as_str().chars().count() as i64)),
        Value::Text(_) | Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => Ok(Value::Missing),
        Value::Object(object) => read(object, name),
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
        Value::Object(object) if !index.is_nothing() => {
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
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) => Err(Fault::new("E_TYPE", format!("IN needs an array, and this is a {}", list.kind()))),
    }
}

/// The texts of values joined, at most `most` bytes.
pub fn concat(parts: &[Value], track: bool, most: usize) -> Result<Value, Fault> {
    let keeps_origin = track || parts.iter().any(|part| coerce::secret_in(part).is_some());
    let joined = if keeps_origin {
        Text::join(&parts.iter().map(coerce::text).collect::<Vec<_>>(), track)
    } else {
        let mut string = String::with_capacity(parts.iter().map(|part| if let Value::Text(text) = part { text.as_str().len() } else { 8 }).sum());
        for part in parts {
            coerce::write_text(part, &mut string);
        }
        Text::data(string)
    };
    bounded(Value::Text(joined), most)
}

/// The value, unless it is a text of more than `most` bytes.
pub fn bounded(value: Value, most: usize) -> Result<Value, Fault> {
    match &value {
        Value::Text(text) if text.as_str().len() > most => {
            Err(Fault::new("E_STRING_TOO_LONG", format!("a string may have {most} bytes, and this one would have {}", text.as_str().len())))
        }
        _ => Ok(value),
    }
}
