//! The values of the language, sixteen bytes each.
//!
//! Arrays and objects are values: they are shared until one holder changes them. A value nests at most
//! [`DEPTH_MAX`] deep, so that walking one never needs a deep stack.

use compact_str::CompactString;

use crate::fault::Fault;
use crate::instant::Instant;
use crate::memory::Slots;
use crate::object::Object;
use crate::shared::{Held, Shared};
use crate::text::Text;

/// The most that arrays and objects may nest.
pub const DEPTH_MAX: u8 = 128;

/// The most that a value may weigh. A scalar weighs 1, a text 1 more for every 16 bytes, an array or object 1 more than
/// its parts, each counted as often as it stands there: a value that holds another one twice, which does the same, and so
/// on, is small in memory and endless to whoever walks it. At 16 bytes each this is 64 MiB.
pub const WEIGHT_MAX: u32 = 1 << 22;

/// A value of the language: a word that tells its kind, then a word of contents. Kinds that count references come last.
#[derive(Clone, Debug, Default)]
#[repr(u64)]
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
    pub fn text(string: impl Into<CompactString>) -> Value {
        Value::Text(Text::data(string))
    }

    /// An array of values.
    ///
    /// # Errors
    /// `E_DEPTH` where an element nests too deep already, `E_TOO_LARGE` where they weigh too much together.
    pub fn array(items: Vec<Value>) -> Result<Value, Fault> {
        Ok(Value::Array(Array::new(items)?))
    }

    /// Whether it is nothing, or a secret that is not set.
    pub fn reads_as_null(&self) -> bool {
        self.is_nothing() || matches!(self, Value::Text(text) if text.is_unset())
    }

    /// Whether it is NULL or MISSING.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Value::Missing | Value::Null)
    }

    /// The value, or none for NULL and MISSING.
    pub fn present(&self) -> Option<&Value> {
        (!self.is_nothing()).then_some(self)
    }

    /// Whether it counts references, so that dropping it is more than forgetting it.
    #[inline(always)]
    pub fn is_counted(&self) -> bool {
        matches!(self, Value::Text(_) | Value::Array(_) | Value::Object(_))
    }

    /// An upper bound of how deep it nests: 0 for scalars.
    pub fn depth(&self) -> u8 {
        match self {
            Value::Array(array) => array.depth(),
            Value::Object(object) => object.depth(),
            Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) => 0,
        }
    }

    /// How much it weighs: see [`WEIGHT_MAX`].
    pub fn weight(&self) -> u32 {
        match self {
            Value::Text(text) => 1 + (text.as_str().len() / 16) as u32,
            Value::Array(array) => array.weight(),
            Value::Object(object) => object.weight(),
            Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => 1,
        }
    }

    /// How many elements or fields a change inside of it copies, because somebody else holds them too.
    pub(crate) fn copied_by_change(&self) -> usize {
        match self {
            Value::Array(array) => array.copied_by_change(),
            Value::Object(object) => object.copied_by_change(),
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
#[derive(Clone)]
pub struct Array(Shared<ArrayData>);

#[derive(Clone, Debug)]
struct ArrayData {
    items: Slots,
    depth: u8,
    weight: u32,
}

impl std::fmt::Debug for Array {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.items()).finish()
    }
}

impl Array {
    /// An array of values.
    ///
    /// # Errors
    /// `E_DEPTH` where an element nests too deep already, `E_TOO_LARGE` where they weigh too much together.
    pub fn new(items: Vec<Value>) -> Result<Array, Fault> {
        let (depth, weight) = measure(&items)?;
        Ok(Array(Shared::new(ArrayData { items: items.into(), depth, weight })))
    }

    /// Where its contents lie: two holders of one value see the same address.
    pub(crate) fn address(&self) -> usize {
        self.0.address()
    }

    pub(crate) fn shared(&self) -> &Shared<impl Sized> {
        &self.0
    }

    /// The elements.
    pub fn items(&self) -> &[Value] {
        &self.0.items
    }

    /// How many elements a change copies, because somebody else holds them too.
    pub(crate) fn copied_by_change(&self) -> usize {
        if self.0.is_sole() { 0 } else { self.len() }
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

    /// How much it weighs: see [`WEIGHT_MAX`].
    pub fn weight(&self) -> u32 {
        self.0.weight
    }

    /// Adds an element at the end; copies the elements first where somebody else holds the array.
    ///
    /// # Errors
    /// `E_DEPTH`, `E_TOO_LARGE`.
    pub fn push(&mut self, value: Value) -> Result<(), Fault> {
        let depth = nest(&value)?;
        let weight = weigh(self.weight(), value.weight())?;
        let data = self.0.make_mut();
        data.depth = data.depth.max(depth);
        data.weight = weight;
        data.items.push(value);
        Ok(())
    }

    /// Puts values in the place of a range of elements that exist, and gives these; copies the elements first where
    /// somebody else holds the array. Where it fails nothing has changed.
    ///
    /// # Errors
    /// `E_DEPTH`, `E_TOO_LARGE`.
    pub fn splice(&mut self, range: std::ops::Range<usize>, values: Vec<Value>) -> Result<Vec<Value>, Fault> {
        // Both count one for an array around the values.
        let (depth, added) = measure(&values)?;
        let taken: u32 = self.items()[range.clone()].iter().map(Value::weight).sum();
        let weight = weigh(self.weight() - taken, added - 1)?;
        let data = self.0.make_mut();
        data.depth = data.depth.max(depth);
        data.weight = weight;
        Ok(data.items.splice(range, values))
    }

    /// The element at a position that exists, if nobody else holds the array.
    #[inline(always)]
    pub(crate) fn own_item(&mut self, index: usize) -> Option<&mut Value> {
        self.0.get_mut()?.items.get_mut(index)
    }

    /// Adds a value that counts nothing at the end, if nobody else holds the array and it has room; gives back whether
    /// it did.
    #[inline(always)]
    pub(crate) fn try_push(&mut self, plain: &Value) -> bool {
        match self.0.get_mut() {
            Some(data) if data.items.has_room() && data.weight < WEIGHT_MAX => {
                data.weight += 1;
                data.items.push(Value::Missing);
                let last = data.items.len() - 1;
                Held::of(plain).store(&mut data.items[last])
            }
            _ => false,
        }
    }

    /// Changes one element by a function that gets it; the array is extended with NULL up to it first.
    /// The caller bounds `index`.
    ///
    /// # Errors
    /// Those of the function, after which the element is what the function left; `E_DEPTH` and `E_TOO_LARGE`, after which
    /// it is NULL.
    pub fn change<T>(&mut self, index: usize, change: impl FnOnce(&mut Value) -> Result<T, Fault>) -> Result<T, Fault> {
        let data = self.0.make_mut();
        if index >= data.items.len() {
            data.weight = weigh(data.weight, (index + 1 - data.items.len()) as u32)?;
            data.items.resize(index + 1, Value::Null);
        }
        change_part(&mut data.items[index], &mut data.depth, &mut data.weight, change)
    }
}

/// Changes a part of an array or object by a function that gets it, and keeps the measures of the whole. A part that
/// would nest too deep or weigh too much is NULL afterwards.
pub(crate) fn change_part<T>(part: &mut Value, depth: &mut u8, weight: &mut u32, change: impl FnOnce(&mut Value) -> Result<T, Fault>) -> Result<T, Fault> {
    let rest = *weight - part.weight();
    let given = change(part);
    let measured = nest(part).and_then(|own| Ok((own, weigh(rest, part.weight())?)));
    match measured {
        Ok((own, whole)) => {
            (*depth, *weight) = ((*depth).max(own), whole);
            given
        }
        Err(fault) => {
            *part = Value::Null;
            *weight = rest + 1;
            Err(fault)
        }
    }
}

/// The depth and weight of an array or object with these parts.
pub(crate) fn measure(parts: &[Value]) -> Result<(u8, u32), Fault> {
    let mut depth = 1;
    let mut weight = 1;
    for part in parts {
        depth = depth.max(nest(part)?);
        weight = weigh(weight, part.weight())?;
    }
    Ok((depth, weight))
}

/// The weight of two things together.
pub(crate) fn weigh(a: u32, b: u32) -> Result<u32, Fault> {
    let sum = a.saturating_add(b);
    if sum > WEIGHT_MAX {
        return Err(Fault::ending("E_TOO_LARGE", "the value would be larger than 64 MiB, counting every part as often as it stands there"));
    }
    Ok(sum)
}

/// One level deeper than a part. What a value's depth says is an upper bound: where it reaches the limit, it is counted
/// anew.
pub(crate) fn nest(part: &Value) -> Result<u8, Fault> {
    let depth = if part.depth() < DEPTH_MAX { part.depth() } else { counted_depth(part) };
    if depth >= DEPTH_MAX {
        return Err(Fault::new("E_DEPTH", format!("arrays and objects may nest {DEPTH_MAX} deep, and this would be deeper")));
    }
    Ok(depth + 1)
}

#[cold]
fn counted_depth(value: &Value) -> u8 {
    match value {
        Value::Array(array) => 1 + array.items().iter().map(counted_depth).max().unwrap_or(0),
        Value::Object(object) => 1 + object.iter().map(|(_, part)| counted_depth(part)).max().unwrap_or(0),
        Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) => 0,
    }
}
