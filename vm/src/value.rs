//! The values of the language, sixteen bytes each.
//!
//! Arrays and objects are values: they are shared until one holder changes them. A value nests at most
//! [`DEPTH_MAX`] deep, so that walking one never needs a deep stack.

use std::rc::Rc;

use crate::fault::Fault;
use crate::instant::Instant;
use crate::object::Object;
use crate::text::Text;

/// The most that arrays and objects may nest.
pub const DEPTH_MAX: u8 = 128;

/// A value of the language.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// What is not there: an unset variable, an absent field, a FIND without a row.
    #[default]
    Missing,
    /// NULL.
    Null,
    /// TRUE or FALSE.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A finite 64-bit float.
    Float(f64),
    /// An instant.
    Date(Instant),
    /// A string.
    Text(Text),
    /// An array.
    Array(Array),
    /// An object with ordered fields.
    Object(Object),
}

const _: () = assert!(size_of::<Value>() == 16);

impl Value {
    /// A string that came from outside or was computed.
    pub fn text(string: impl Into<String>) -> Value {
        Value::Text(Text::data(string))
    }

    /// An array of values.
    ///
    /// # Errors
    /// `E_DEPTH` where an element nests too deep already.
    pub fn array(items: Vec<Value>) -> Result<Value, Fault> {
        Ok(Value::Array(Array::new(items)?))
    }

    /// Whether it is NULL or MISSING.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Value::Missing | Value::Null)
    }

    /// The value, or none for NULL and MISSING.
    pub fn present(&self) -> Option<&Value> {
        (!self.is_nothing()).then_some(self)
    }

    /// An upper bound of how deep it nests: 0 for scalars.
    pub fn depth(&self) -> u8 {
        match self {
            Value::Array(array) => array.depth(),
            Value::Object(object) => object.depth(),
            Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) => 0,
        }
    }

    /// What the author calls its kind: `number`, `string`, `array`, `object`, `date`, `boolean`, `NULL`, `MISSING`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Missing => "MISSING",
            Value::Null => "NULL",
            Value::Bool(_) => "boolean",
            Value::Int(_) | Value::Float(_) => "number",
            Value::Date(_) => "date",
            Value::Text(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::text(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::text(value)
    }
}

impl From<Object> for Value {
    fn from(value: Object) -> Value {
        Value::Object(value)
    }
}

/// An array, shared until changed.
#[derive(Clone, Debug)]
pub struct Array(Rc<ArrayData>);

#[derive(Clone, Debug)]
struct ArrayData {
    items: Vec<Value>,
    depth: u8,
}

impl Array {
    /// An array of values.
    ///
    /// # Errors
    /// `E_DEPTH` where an element nests too deep already.
    pub fn new(items: Vec<Value>) -> Result<Array, Fault> {
        let depth = nest(items.iter().map(Value::depth).max().unwrap_or(0))?;
        Ok(Array(Rc::new(ArrayData { items, depth })))
    }

    /// Where its contents lie: two holders of one value see the same address.
    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }

    /// The elements.
    pub fn items(&self) -> &[Value] {
        &self.0.items
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.0.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.items.is_empty()
    }

    /// How deep it nests, at least 1; an upper bound after elements were replaced.
    pub fn depth(&self) -> u8 {
        self.0.depth
    }

    /// Adds an element at the end; copies the elements first where somebody else holds the array.
    ///
    /// # Errors
    /// `E_DEPTH`.
    pub fn push(&mut self, value: Value) -> Result<(), Fault> {
        let depth = nest(value.depth())?;
        let data = Rc::make_mut(&mut self.0);
        data.depth = data.depth.max(depth);
        data.items.push(value);
        Ok(())
    }

    /// Changes one element by a function that gets it; the array is extended with NULL up to it first.
    /// The caller bounds `index`.
    ///
    /// # Errors
    /// Those of the function, and `E_DEPTH`; the element then keeps what the function left in it, as far as that is allowed.
    pub fn change<T>(&mut self, index: usize, change: impl FnOnce(&mut Value) -> Result<T, Fault>) -> Result<T, Fault> {
        let data = Rc::make_mut(&mut self.0);
        if index >= data.items.len() {
            data.items.resize(index + 1, Value::Null);
        }
        let slot = &mut data.items[index];
        let given = change(slot)?;
        match nest(slot.depth()) {
            Ok(depth) => data.depth = data.depth.max(depth),
            Err(fault) => {
                *slot = Value::Null;
                return Err(fault);
            }
        }
        Ok(given)
    }
}

/// One level deeper than its deepest part.
pub(crate) fn nest(depth: u8) -> Result<u8, Fault> {
    if depth >= DEPTH_MAX {
        return Err(Fault::new("E_DEPTH", format!("arrays and objects may nest {DEPTH_MAX} deep, and this would be deeper")));
    }
    Ok(depth + 1)
}
