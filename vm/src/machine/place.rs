//! Changing what a path names: `a.b.c = v`, `a[i].f = v`, `a.b.ADD(v)`.
//!
//! A change goes through the holders in place: nothing is copied unless somebody else holds it too.

use crate::coerce;
use crate::fault::Fault;
use crate::machine::access::position;
use crate::object::{Key, Object};
use crate::value::{Array, Value};

/// One step of a place, its index evaluated.
pub enum Move {
    /// A field by name.
    Field(Key),
    /// An element or a key.
    Index(Value),
}

/// Changes the place below `root` by a function that gets it. Inside an object, what is missing on the way becomes an
/// object; the root itself must be one.
pub fn change(root: &mut Value, moves: &[Move], name: &str, items_max: usize, act: &mut dyn FnMut(&mut Value) -> Result<(), Fault>) -> Result<(), Fault> {
    descend(root, moves, name, items_max, true, act)
}

fn descend(value: &mut Value, moves: &[Move], name: &str, items_max: usize, is_root: bool, act: &mut dyn FnMut(&mut Value) -> Result<(), Fault>) -> Result<(), Fault> {
    let Some((step, rest)) = moves.split_first() else { return act(value) };
    if !is_root && value.is_nothing() {
        *value = Value::Object(Object::new());
    }
    match (value, step) {
        (Value::Object(object), Move::Field(key)) => object.change(key, |field| descend(field, rest, name, items_max, false, act)),
        (Value::Object(object), Move::Index(index)) => {
            if index.is_nothing() {
                return Err(Fault::new("E_INDEX", format!("the key in {name}[…] is {}", index.kind())));
            }
            let key = Key::from(coerce::text(index).as_str());
            object.change(&key, |field| descend(field, rest, name, items_max, false, act))
        }
        (Value::Array(array), Move::Index(index)) => {
            let at = position(index).ok_or_else(|| Fault::new("E_INDEX", format!("the index in {name}[…] must be a whole number from 0 on")))?;
            if at >= items_max {
                return Err(too_long(items_max));
            }
            array.change(at, |item| descend(item, rest, name, items_max, false, act))
        }
        (Value::Array(_), Move::Field(key)) => Err(Fault::new("E_NOT_AN_OBJECT", format!("{name} is an array; to set {key} say which element: {name}[0].{key}"))),
        (other, step) => Err(not_an_object(name, other, step)),
    }
}

/// Adds an element at the end of the array in a place; where an object has no such field yet, the array is made.
pub fn append(value: &mut Value, item: Value, name: &str, is_field: bool, items_max: usize) -> Result<(), Fault> {
    match value {
        Value::Array(array) if array.len() >= items_max => Err(too_long(items_max)),
        Value::Array(array) => array.push(item),
        Value::Missing | Value::Null if is_field => {
            *value = Value::Array(Array::new(vec![item])?);
            Ok(())
        }
        _ => Err(Fault::new("E_NOT_AN_ARRAY", format!("{name} is {}, not an array; begin it with {name} = []", described(value)))),
    }
}

/// The fault of setting a field of what is no object.
pub fn not_an_object(name: &str, value: &Value, step: &Move) -> Fault {
    let what = match step {
        Move::Field(key) => format!("so its field {key} cannot be set"),
        Move::Index(_) => "so nothing in it can be set by an index".to_owned(),
    };
    let name = if name.is_empty() { "the value" } else { name };
    Fault::new("E_NOT_AN_OBJECT", format!("{name} is {}, {what}", described(value)))
}

fn described(value: &Value) -> String {
    match value {
        Value::Missing => "not set".to_owned(),
        Value::Null => "NULL".to_owned(),
        Value::Array(_) | Value::Object(_) => format!("an {}", value.kind()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) => format!("a {}", value.kind()),
    }
}

fn too_long(most: usize) -> Fault {
    Fault::new("E_ARRAY_TOO_LONG", format!("an array may have {most} elements"))
}
