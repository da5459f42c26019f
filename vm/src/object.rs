//! Objects: ordered fields, reached by slot where the shape is known.
//!
//! Objects with the same keys in the same order share a [`Shape`]; an instruction remembers shape and slot, so that
//! reading a field with a known name neither hashes nor compares text. An object with more than [`SHAPED_MAX`] keys is
//! a hash map.

use std::cell::RefCell;
use std::rc::Rc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::fault::Fault;
use crate::value::{Value, nest};

/// The most keys of an object that has a shape.
pub const SHAPED_MAX: usize = 64;
/// The most shapes a thread keeps for reuse; past it, it begins anew.
const SHAPES_KEPT: usize = 4096;

/// A field's name, shared.
pub type Key = Rc<str>;

/// The keys of objects in order. Equal layouts usually share one shape, and a shape's id is never used again.
#[derive(Debug)]
pub struct Shape {
    id: u64,
    keys: Vec<Key>,
    /// Only for more than eight keys; fewer are compared one by one.
    index: FxHashMap<Key, u32>,
    next: RefCell<FxHashMap<Key, Rc<Shape>>>,
}

struct Shapes {
    root: Rc<Shape>,
    next_id: u64,
    count: usize,
}

thread_local! {
    static SHAPES: RefCell<Shapes> = RefCell::new(Shapes {
        root: Rc::new(Shape { id: 1, keys: Vec::new(), index: FxHashMap::default(), next: RefCell::default() }),
        next_id: 2,
        count: 1,
    });
}

impl Shape {
    /// The shape without keys.
    pub fn empty() -> Rc<Shape> {
        SHAPES.with(|shapes| shapes.borrow().root.clone())
    }

    /// The shape with these keys; none where a key stands twice or there are too many.
    pub fn of(keys: &[Key]) -> Option<Rc<Shape>> {
        let mut shape = Shape::empty();
        for key in keys {
            if shape.slot(key).is_some() || shape.keys.len() == SHAPED_MAX {
                return None;
            }
            shape = shape.with(key);
        }
        Some(shape)
    }

    /// Its identity, never 0.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its keys in order.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The slot of a key.
    pub fn slot(&self, key: &str) -> Option<u32> {
        if self.index.is_empty() {
            self.keys.iter().position(|own| **own == *key).map(|at| at as u32)
        } else {
            self.index.get(key).copied()
        }
    }

    fn with(self: &Rc<Shape>, key: &Key) -> Rc<Shape> {
        if let Some(next) = self.next.borrow().get(&**key) {
            return next.clone();
        }
        let id = SHAPES.with(|shapes| {
            let shapes = &mut *shapes.borrow_mut();
            if shapes.count >= SHAPES_KEPT {
                shapes.root = Rc::new(Shape { id: shapes.next_id, keys: Vec::new(), index: FxHashMap::default(), next: RefCell::default() });
                shapes.next_id += 1;
                shapes.count = 1;
            }
            shapes.count += 1;
            shapes.next_id += 1;
            shapes.next_id - 1
        });
        let mut keys = self.keys.clone();
        keys.push(key.clone());
        let index = if keys.len() > 8 { keys.iter().enumerate().map(|(at, key)| (key.clone(), at as u32)).collect() } else { FxHashMap::default() };
        let next = Rc::new(Shape { id, keys, index, next: RefCell::default() });
        self.next.borrow_mut().insert(key.clone(), next.clone());
        next
    }
}

/// An object, shared until changed.
#[derive(Clone, Debug)]
pub struct Object(Rc<ObjectData>);

#[derive(Clone, Debug)]
struct ObjectData {
    fields: Fields,
    depth: u8,
    lookup: Lookup,
}

/// What reading a field that an object lacks comes to.
#[derive(Clone, Debug)]
enum Lookup {
    /// MISSING.
    Exact,
    /// The header that an index names in any case, else MISSING.
    Header,
    /// The fault `E_HTTP_STATUS` with this message.
    Strict(Rc<str>),
}

#[derive(Clone, Debug)]
enum Fields {
    Shaped(Rc<Shape>, Vec<Value>),
    Map(IndexMap<Key, Value, FxBuildHasher>),
}

impl Default for Object {
    fn default() -> Object {
        Object::new()
    }
}

impl Object {
    /// An object without fields.
    pub fn new() -> Object {
        Object(Rc::new(ObjectData { fields: Fields::Shaped(Shape::empty(), Vec::new()), depth: 1, lookup: Lookup::Exact }))
    }

    /// An object of a shape, its values in the order of the shape's keys.
    ///
    /// # Errors
    /// `E_DEPTH`.
    ///
    /// # Panics
    /// Where the numbers of keys and values differ.
    pub fn of_shape(shape: Rc<Shape>, values: Vec<Value>) -> Result<Object, Fault> {
        assert_eq!(shape.keys.len(), values.len(), "a shape has one value for each key");
        let depth = nest(values.iter().map(Value::depth).max().unwrap_or(0))?;
        Ok(Object(Rc::new(ObjectData { fields: Fields::Shaped(shape, values), depth, lookup: Lookup::Exact })))
    }

    /// An object from its fields in order; of a repeated key the last value counts.
    ///
    /// # Errors
    /// `E_DEPTH`.
    pub fn of_fields<K: Into<Key>>(fields: impl IntoIterator<Item = (K, Value)>) -> Result<Object, Fault> {
        let mut object = Object::new();
        for (key, value) in fields {
            object.set(&key.into(), value)?;
        }
        Ok(object)
    }

    /// Where its contents lie: two holders of one value see the same address.
    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }

    /// The identity of its shape; 0 for an object without one.
    pub fn shape_id(&self) -> u64 {
        match &self.0.fields {
            Fields::Shaped(shape, _) => shape.id,
            Fields::Map(_) => 0,
        }
    }

    /// The value in a slot of its shape; MISSING where there is none.
    pub fn slot(&self, slot: u32) -> &Value {
        match &self.0.fields {
            Fields::Shaped(_, values) => values.get(slot as usize).unwrap_or(&Value::Missing),
            Fields::Map(map) => map.get_index(slot as usize).map_or(&Value::Missing, |(_, value)| value),
        }
    }

    /// The slot that reading `name` finds: the field with exactly that name, else the first that matches ignoring case.
    pub fn find_slot(&self, name: &str) -> Option<u32> {
        self.exact_slot(name).or_else(|| {
            let mut keys = self.iter().map(|(key, _)| key);
            keys.position(|key| key.len() == name.len() && key.eq_ignore_ascii_case(name)).map(|at| at as u32)
        })
    }

    /// The slot of the field with exactly that name.
    pub fn exact_slot(&self, name: &str) -> Option<u32> {
        match &self.0.fields {
            Fields::Shaped(shape, _) => shape.slot(name),
            Fields::Map(map) => map.get_index_of(name).map(|at| at as u32),
        }
    }

    /// The field with exactly that name; none where it is absent or MISSING.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.exact_slot(name).map(|slot| self.slot(slot)).filter(|value| !matches!(value, Value::Missing))
    }

    /// What `.name` reads: exactly, else ignoring case, else MISSING.
    pub fn read(&self, name: &str) -> &Value {
        self.find_slot(name).map_or(&Value::Missing, |slot| self.slot(slot))
    }

    /// Sets the field with exactly that name, adding it at the end where there is none.
    ///
    /// # Errors
    /// `E_DEPTH`.
    pub fn set(&mut self, name: &Key, value: Value) -> Result<(), Fault> {
        self.change(name, |slot| {
            *slot = value;
            Ok(())
        })
    }

    /// Sets a field by a name that is not shared yet.
    ///
    /// # Errors
    /// `E_DEPTH`.
    pub fn set_str(&mut self, name: &str, value: Value) -> Result<(), Fault> {
        self.set(&Key::from(name), value)
    }

    /// Changes the field with exactly that name by a function that gets it; an absent one begins as MISSING.
    ///
    /// # Errors
    /// Those of the function, and `E_DEPTH`; the field is then MISSING or as the function left it.
    pub fn change<T>(&mut self, name: &Key, change: impl FnOnce(&mut Value) -> Result<T, Fault>) -> Result<T, Fault> {
        let slot = match self.exact_slot(name) {
            Some(slot) => slot,
            None => self.add(name),
        };
        self.change_slot(slot, change)
    }

    /// Changes the value in a slot that exists.
    ///
    /// # Errors
    /// As [`Object::change`].
    ///
    /// # Panics
    /// Where there is no such slot.
    pub fn change_slot<T>(&mut self, slot: u32, change: impl FnOnce(&mut Value) -> Result<T, Fault>) -> Result<T, Fault> {
        let data = Rc::make_mut(&mut self.0);
        let value = match &mut data.fields {
            Fields::Shaped(_, values) => &mut values[slot as usize],
            Fields::Map(map) => &mut map[slot as usize],
        };
        let given = change(value)?;
        match nest(value.depth()) {
            Ok(depth) => data.depth = data.depth.max(depth),
            Err(fault) => {
                *value = Value::Missing;
                return Err(fault);
            }
        }
        Ok(given)
    }

    fn add(&mut self, name: &Key) -> u32 {
        let data = Rc::make_mut(&mut self.0);
        match &mut data.fields {
            Fields::Shaped(shape, values) if values.len() < SHAPED_MAX => {
                *shape = shape.with(name);
                values.push(Value::Missing);
                values.len() as u32 - 1
            }
            Fields::Shaped(shape, values) => {
                let mut map: IndexMap<Key, Value, FxBuildHasher> = shape.keys.iter().cloned().zip(values.drain(..)).collect();
                map.insert(name.clone(), Value::Missing);
                let slot = map.len() as u32 - 1;
                data.fields = Fields::Map(map);
                slot
            }
            Fields::Map(map) => {
                map.insert(name.clone(), Value::Missing);
                map.len() as u32 - 1
            }
        }
    }

    /// Takes the field with exactly that name out; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let slot = self.exact_slot(name)?;
        let data = Rc::make_mut(&mut self.0);
        match &mut data.fields {
            Fields::Shaped(shape, values) => {
                let keys: Vec<Key> = shape.keys.iter().filter(|key| ***key != *name).cloned().collect();
                *shape = Shape::of(&keys).expect("the keys of a shape less one are distinct and few");
                Some(values.remove(slot as usize))
            }
            Fields::Map(map) => map.shift_remove(name),
        }
    }

    /// The same object, marked so that reading a field it lacks is the fault `E_HTTP_STATUS` with this message
    /// instead of MISSING: the answer of a call that failed.
    pub fn strict(mut self, message: impl Into<Rc<str>>) -> Object {
        Rc::make_mut(&mut self.0).lookup = Lookup::Strict(message.into());
        self
    }

    /// The same object, marked as the headers of a message, whose keys are lower case with `_` for `-`: an index may
    /// name a header as it is written in HTTP.
    pub fn headers(mut self) -> Object {
        Rc::make_mut(&mut self.0).lookup = Lookup::Header;
        self
    }

    /// Whether it holds the headers of a message.
    pub fn is_headers(&self) -> bool {
        matches!(self.0.lookup, Lookup::Header)
    }

    /// The message of the fault that reading an absent field is; none for ordinary objects, where it gives MISSING.
    pub fn strict_message(&self) -> Option<&str> {
        match &self.0.lookup {
            Lookup::Strict(message) => Some(message),
            Lookup::Exact | Lookup::Header => None,
        }
    }

    /// How many fields it has, those that are MISSING included.
    pub fn len(&self) -> usize {
        match &self.0.fields {
            Fields::Shaped(_, values) => values.len(),
            Fields::Map(map) => map.len(),
        }
    }

    /// Whether it has no field.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How deep it nests, at least 1; an upper bound after fields were replaced.
    pub fn depth(&self) -> u8 {
        self.0.depth
    }

    /// All fields in order, those that are MISSING included.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Value)> {
        (0..self.len()).map(|at| match &self.0.fields {
            Fields::Shaped(shape, values) => (&shape.keys[at], &values[at]),
            Fields::Map(map) => map.get_index(at).expect("the position is below the length"),
        })
    }

    /// The fields that are there, in order: what KEYS, JSON and the database see.
    pub fn fields(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.iter().filter(|(_, value)| !matches!(value, Value::Missing))
    }
}
