//! Changing what a path names: `a.b.c = v`, `a[i].f = v`, `a.b.ADD(v)`.
//!
//! A change goes through the holders in place: nothing is copied unless somebody else holds it too.

use std::cell::Cell;

use crate::coerce;
use crate::fault::Fault;
use crate::machine::access::{self, position};
use crate::object::{Key, Object};
use crate::program::{Path, Step};
use crate::value::{Array, Value};

/// One step of a place, its index evaluated.
pub enum Move {
    /// A field by name.
    Field(Key),
    /// An element or a key.
    Index(Value),
}

/// Changes the place below `root` by a function that gets it. Inside an object, what is missing on the way becomes an
/// object; the root itself must be one. Gives how many elements and fields were copied because somebody else holds them
/// too, or added.
pub fn change(root: &mut Value, moves: &[Move], name: &str, items_max: usize, act: &mut dyn FnMut(&mut Value) -> Result<(), Fault>) -> Result<usize, Fault> {
    let way = Way { name, moves, items_max, copied: Cell::new(0) };
    way.descend(root, 0, act)?;
    Ok(way.copied.get())
}

/// The whole way to a place.
struct Way<'a> {
    name: &'a str,
    moves: &'a [Move],
    items_max: usize,
    copied: Cell<usize>,
}

impl Way<'_> {
    /// Changes what lies beyond `value`, which the first `done` moves have reached.
    fn descend(&self, value: &mut Value, done: usize, act: &mut dyn FnMut(&mut Value) -> Result<(), Fault>) -> Result<(), Fault> {
        let Some(step) = self.moves.get(done) else { return act(value) };
        if done > 0 && value.is_nothing() {
            *value = Value::Object(Object::new());
        }
        self.copied.set(self.copied.get() + value.copied_by_change());
        match (value, step) {
            (Value::Object(object), Move::Field(key)) => object.change(key, |field| self.descend(field, done + 1, act)),
            (Value::Object(object), Move::Index(index)) => {
                if index.is_nothing() {
                    return Err(Fault::of_empty("E_INDEX", format!("the key in {}[…] is {}", self.reached(done), index.kind())));
                }
                if let Value::Array(_) | Value::Object(_) = index {
                    return Err(Fault::new("E_INDEX", format!("the key in {}[…] must be a text or a number, and this is an {}", self.reached(done), index.kind())));
                }
                let key = coerce::text(index);
                if let Some(secret) = key.secret_key() {
                    return Err(Fault::new("E_SECRET_LEAK", format!("the secret {secret} would become the name of a field")));
                }
                object.change_str(key.as_str(), |field| self.descend(field, done + 1, act))
            }
            (Value::Array(array), Move::Index(index)) => {
                let at = position(index).ok_or_else(|| Fault::new("E_INDEX", format!("the index in {}[…] must be a whole number from 0 on", self.reached(done))))?;
                if at >= self.items_max {
                    return Err(too_long(self.items_max));
                }
                self.copied.set(self.copied.get() + (at + 1).saturating_sub(array.len()));
                array.change(at, |item| {
                    // Among elements a number leads to elements; elsewhere it may be a key.
                    if item.is_nothing() && matches!(self.moves.get(done + 1), Some(Move::Index(Value::Int(_) | Value::Float(_)))) {
                        *item = Value::array(Vec::new())?;
                    }
                    self.descend(item, done + 1, act)
                })
            }
            (Value::Array(_), Move::Field(key)) => {
                let name = self.reached(done);
                Err(Fault::new("E_NOT_AN_OBJECT", format!("`{name}` is an array; to set {key} say which element: {name}[0].{key}")))
            }
            (other, step) => Err(not_an_object(&self.reached(done), other, step)),
        }
    }

    /// What the author calls the value after some moves.
    fn reached(&self, done: usize) -> String {
        let keys = self.moves[..done].iter().map(|step| match step {
            Move::Field(key) => Some(key),
            Move::Index(_) => None,
        });
        spelled(self.name, keys)
    }
}

/// What the author calls the place that a path names.
pub fn name_of(path: &Path, names: &[Key]) -> String {
    let keys = path.steps.iter().map(|step| match step {
        Step::Field(name) => Some(&names[name.at()]),
        Step::Index(_) => None,
    });
    spelled(&path.name, keys)
}

/// A variable's name and its fields. Indexes, which have no key here, may be data and are not shown.
fn spelled<'a>(variable: &str, keys: impl Iterator<Item = Option<&'a Key>>) -> String {
    keys.fold(variable.to_owned(), |name, key| match key {
        Some(key) => format!("{name}.{key}"),
        None => format!("{name}[…]"),
    })
}

/// Adds an element at the end of the array in a place; where an object has no such field yet, the array is made.
pub fn append(value: &mut Value, item: Value, name: impl FnOnce() -> String, is_field: bool, items_max: usize) -> Result<(), Fault> {
    match value {
        Value::Array(array) if array.len() >= items_max => Err(too_long(items_max)),
        Value::Array(array) => array.push(item),
        Value::Missing | Value::Null if is_field => {
            *value = Value::Array(Array::new(vec![item])?);
            Ok(())
        }
        _ => {
            let name = name();
            Err(of_holder("E_NOT_AN_ARRAY", value, format!("{name} is {}, not an array; begin it with {name} = []", access::a_kind(value))))
        }
    }
}

/// The fault of setting a field of what is no object.
pub fn not_an_object(name: &str, value: &Value, step: &Move) -> Fault {
    let what = match step {
        Move::Field(key) => format!("so its field {key} cannot be set"),
        Move::Index(_) => "so nothing in it can be set by an index".to_owned(),
    };
    let name = if name.is_empty() { "the value".to_owned() } else { format!("`{name}`") };
    of_holder("E_NOT_AN_OBJECT", value, format!("{name} is {}, {what}", access::a_kind(value)))
}

/// The fault of changing something in what cannot hold it.
fn of_holder(code: &'static str, value: &Value, message: String) -> Fault {
    if value.is_nothing() { Fault::of_empty(code, message) } else { Fault::new(code, message) }
}

/// The fault of an array that would have more than `most` elements.
pub fn too_long(most: usize) -> Fault {
    Fault::ending("E_ARRAY_TOO_LONG", format!("an array may have {most} elements"))
}
