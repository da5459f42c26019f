//! Objects: ordered fields, reached by slot where the shape is known.
//!
//! Objects with the same keys in the same order share a [`Shape`]; an instruction remembers shape and slot, so that
//! reading a field with a known name neither hashes nor compares text. An object with more than [`SHAPED_MAX`] keys is
//! a hash map.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::fault::Fault;
use crate::memory::{self, Slots};
use crate::shared::Shared;
use crate::value::{Value, change_part, measure, weigh};

/// The most keys of an object that has a shape.
pub const SHAPED_MAX: usize = 64;
/// The most shapes that are made in one generation. Programs hold shapes too, so that what follows them must be forgotten
/// in its turn, or keys that data makes would fill the memory.
const SHAPES_KEPT: usize = 4096;

/// A field's name, shared.
pub type Key = Rc<str>;

/// The keys of objects in order. Equal layouts usually share one shape, and a shape's id is never used again.
#[derive(Debug)]
pub struct Shape {
    id: u64,
    keys: Vec<Key>,
    /// What the keys weigh: see [`crate::value::WEIGHT_MAX`].
    weight: u32,
    /// Only for more than eight keys; fewer are compared one by one.
    index: FxHashMap<Key, u32>,
    next: RefCell<Successors>,
    /// The shape that a key was added for last.
    last_next: RefCell<Option<Rc<Shape>>>,
    /// The slots that keys were found in, by the addresses of the texts they were looked for with. A guess is compared.
    guesses: [Cell<u8>; GUESSES],
}

/// The shapes that follow a shape by one more key, as far as they were made lately.
#[derive(Debug, Default)]
struct Successors {
    /// In which generation of shapes they were made: those of an older one are forgotten.
    generation: u64,
    by_key: FxHashMap<Key, Rc<Shape>>,
}

/// What a key weighs: short ones nothing, so that they cost no more than their values.
fn key_weight(key: &str) -> u32 {
    (key.len() / 16) as u32
}

/// How many guesses a shape remembers.
const GUESSES: usize = 16;

struct Shapes {
    root: Rc<Shape>,
    next_id: u64,
    /// How many shapes were made in this generation.
    count: usize,
    generation: u64,
}

thread_local! {
    static SHAPES: RefCell<Shapes> = RefCell::new(Shapes {
        root: Rc::new(Shape::new(1, Vec::new())),
        next_id: 2,
        count: 0,
        generation: 0,
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

    fn new(id: u64, keys: Vec<Key>) -> Shape {
        let index = if keys.len() > 8 { keys.iter().enumerate().map(|(at, key)| (key.clone(), at as u32)).collect() } else { FxHashMap::default() };
        let weight = keys.iter().map(|key| key_weight(key)).sum();
        Shape { id, keys, weight, index, next: RefCell::default(), last_next: RefCell::default(), guesses: Default::default() }
    }

    /// The slot of a key.
    pub fn slot(&self, key: &str) -> Option<u32> {
        let guess = &self.guesses[(key.as_ptr() as usize >> 4) % GUESSES];
        if self.keys.get(usize::from(guess.get())).is_some_and(|own| **own == *key) {
            return Some(u32::from(guess.get()));
        }
        let slot = if self.index.is_empty() { self.keys.iter().position(|own| **own == *key).map(|at| at as u32) } else { self.index.get(key).copied() };
        if let Some(slot) = slot {
            guess.set(slot as u8);
        }
        slot
    }

    fn with(self: &Rc<Shape>, key: &Key) -> Rc<Shape> {
        if let Some(last) = &*self.last_next.borrow()
            && last.keys.last() == Some(key)
        {
            return last.clone();
        }
        let generation = SHAPES.with(|shapes| shapes.borrow().generation);
        let known = Some(self.next.borrow()).filter(|next| next.generation == generation).and_then(|next| next.by_key.get(&**key).cloned());
        let next = known.unwrap_or_else(|| self.extended(key));
        *self.last_next.borrow_mut() = Some(next.clone());
        next
    }

    fn extended(self: &Rc<Shape>, key: &Key) -> Rc<Shape> {
        let (id, generation) = SHAPES.with(|shapes| {
            let shapes = &mut *shapes.borrow_mut();
            if shapes.count >= SHAPES_KEPT {
                shapes.generation += 1;
                shapes.count = 0;
            }
            shapes.count += 1;
            shapes.next_id += 1;
            (shapes.next_id - 1, shapes.generation)
        });
        let next = Rc::new(Shape::new(id, self.keys.iter().chain([key]).cloned().collect()));
        let mut successors = self.next.borrow_mut();
        if successors.generation != generation {
            *successors = Successors { generation, by_key: FxHashMap::default() };
        }
        successors.by_key.insert(key.clone(), next.clone());
        next
    }
}

/// An object, shared until changed.
#[derive(Clone)]
pub struct Object(Shared<ObjectData>);

#[derive(Clone, Debug)]
struct ObjectData {
    /// The identity of the shape, so that a cache compares it without a look at the shape; 0 without one.
    shape_id: u64,
    /// The values of the fields, in the order of the keys.
    values: Slots,
    keys: Keys,
    depth: u8,
    weight: u32,
    /// Whether an index may name a header as it is written in HTTP.
    is_headers: bool,
    /// Why reading a field that it lacks is a fault; none for ordinary objects.
    strict: Option<Box<Key>>,
}

#[derive(Clone, Debug)]
enum Keys {
    Shaped(Rc<Shape>),
    /// Too many for a shape.
    Many(Box<ManyKeys>),
}

#[derive(Debug)]
struct ManyKeys {
    set: IndexSet<Key, FxBuildHasher>,
    /// Where a key was found last: it is often looked for again at once.
    last: Cell<usize>,
}

/// The bytes that a key takes in a hash map: itself, its hash, its place.
fn key_bytes(key: &Key) -> usize {
    key.len() + 48
}

impl From<IndexSet<Key, FxBuildHasher>> for ManyKeys {
    fn from(set: IndexSet<Key, FxBuildHasher>) -> ManyKeys {
        memory::take(set.iter().map(key_bytes).sum());
        ManyKeys { set, last: Cell::new(0) }
    }
}

impl Clone for ManyKeys {
    fn clone(&self) -> ManyKeys {
        self.set.clone().into()
    }
}

impl Drop for ManyKeys {
    fn drop(&mut self) {
        memory::give(self.set.iter().map(key_bytes).sum());
    }
}

impl ManyKeys {
    fn insert(&mut self, key: &Key) {
        if self.set.insert(key.clone()) {
            memory::take(key_bytes(key));
        }
    }

    fn remove(&mut self, key: &str) {
        if let Some((_, key)) = self.set.shift_remove_full(key) {
            memory::give(key_bytes(&key));
        }
    }

    fn slot(&self, name: &str) -> Option<u32> {
        if self.set.get_index(self.last.get()).is_some_and(|key| **key == *name) {
            return Some(self.last.get() as u32);
        }
        let slot = self.set.get_index_of(name)?;
        self.last.set(slot);
        Some(slot as u32)
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Default for Object {
    fn default() -> Object {
        Object::new()
    }
}

impl Object {
    /// An object without fields.
    pub fn new() -> Object {
        Object::shaped(Shape::empty(), Vec::new(), 1, 1)
    }

    /// An object of a shape, its values in the order of the shape's keys.
    ///
    /// # Errors
    /// `E_DEPTH`, `E_TOO_LARGE`.
    ///
    /// # Panics
    /// Where the numbers of keys and values differ.
    pub fn of_shape(shape: Rc<Shape>, values: Vec<Value>) -> Result<Object, Fault> {
        assert_eq!(shape.keys.len(), values.len(), "a shape has one value for each key");
        let (depth, weight) = measure(&values)?;
        let weight = weigh(weight, shape.weight)?;
        Ok(Object::shaped(shape, values, depth, weight))
    }

    fn shaped(shape: Rc<Shape>, values: Vec<Value>, depth: u8, weight: u32) -> Object {
        Object(Shared::new(ObjectData { shape_id: shape.id, values: values.into(), keys: Keys::Shaped(shape), depth, weight, is_headers: false, strict: None }))
    }

    /// An object from its fields in order; of a repeated key the last value counts.
    ///
    /// # Errors
    /// `E_DEPTH`, `E_TOO_LARGE`.
    pub fn of_fields<K: Into<Key>>(fields: impl IntoIterator<Item = (K, Value)>) -> Result<Object, Fault> {
        let mut object = Object::new();
        for (key, value) in fields {
            object.set(&key.into(), value)?;
        }
        Ok(object)
    }

    /// Where its contents lie: two holders of one value see the same address.
    pub(crate) fn address(&self) -> usize {
        self.0.address()
    }

    pub(crate) fn shared(&self) -> &Shared<impl Sized> {
        &self.0
    }

    /// The identity of its shape; 0 for an object without one.
    #[inline]
    pub fn shape_id(&self) -> u64 {
        self.0.shape_id
    }

    /// The value in a slot of a shape, if the object has that shape.
    #[inline(always)]
    pub(crate) fn slot_of(&self, shape_id: u64, slot: u32) -> Option<&Value> {
        if self.0.shape_id == shape_id { self.0.values.get(slot as usize) } else { None }
    }

    /// The value in a slot of a shape, to be replaced by one that does not nest, if the object has that shape and nobody
    /// else holds it.
    #[inline(always)]
    pub(crate) fn own_slot_of(&mut self, shape_id: u64, slot: u32) -> Option<&mut Value> {
        let data = self.0.get_mut()?;
        if data.shape_id == shape_id { data.values.get_mut(slot as usize) } else { None }
    }

    /// The field with exactly that name, to be replaced by one that does not nest, if there is one and nobody else holds
    /// the object.
    pub(crate) fn own_field(&mut self, name: &str) -> Option<&mut Value> {
        let slot = self.exact_slot(name)?;
        self.0.get_mut()?.values.get_mut(slot as usize)
    }

    /// The value in a slot; MISSING where there is none.
    pub fn slot(&self, slot: u32) -> &Value {
        self.0.values.get(slot as usize).unwrap_or(&Value::Missing)
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
        match &self.0.keys {
            Keys::Shaped(shape) => shape.slot(name),
            Keys::Many(keys) => keys.slot(name),
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
    /// `E_DEPTH`, `E_TOO_LARGE`.
    pub fn set(&mut self, name: &Key, value: Value) -> Result<(), Fault> {
        self.change(name, |slot| {
            *slot = value;
            Ok(())
        })
    }

    /// Sets a field by a name that is not shared yet.
    ///
    /// # Errors
    /// `E_DEPTH`, `E_TOO_LARGE`.
    pub fn set_str(&mut self, name: &str, value: Value) -> Result<(), Fault> {
        self.set(&Key::from(name), value)
    }

    /// Changes the field with exactly that name by a function that gets it; an absent one begins as MISSING.
    ///
    /// # Errors
    /// Those of the function; `E_DEPTH` and `E_TOO_LARGE`, after which the field is NULL.
    pub fn change<T>(&mut self, name: &Key, change: impl FnOnce(&mut Value) -> Result<T, Fault>) -> Result<T, Fault> {
        let slot = match self.exact_slot(name) {
            Some(slot) => slot,
            None => self.add(name)?,
        };
        self.change_slot(slot, change)
    }

    /// As [`Object::change`], by a name that is not shared yet.
    ///
    /// # Errors
    /// As [`Object::change`].
    pub fn change_str<T>(&mut self, name: &str, change: impl FnOnce(&mut Value) -> Result<T, Fault>) -> Result<T, Fault> {
        let slot = match self.exact_slot(name) {
            Some(slot) => slot,
            None => self.add(&Key::from(name))?,
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
        let data = self.0.make_mut();
        change_part(&mut data.values[slot as usize], &mut data.depth, &mut data.weight, change)
    }

    fn add(&mut self, name: &Key) -> Result<u32, Fault> {
        let weight = weigh(self.weight(), 1 + key_weight(name))?;
        let data = self.0.make_mut();
        data.weight = weight;
        match &mut data.keys {
            Keys::Shaped(shape) if data.values.len() < SHAPED_MAX => {
                *shape = shape.with(name);
                data.shape_id = shape.id;
            }
            Keys::Shaped(shape) => {
                let set: IndexSet<Key, FxBuildHasher> = shape.keys.iter().chain([name]).cloned().collect();
                data.keys = Keys::Many(Box::new(set.into()));
                data.shape_id = 0;
            }
            Keys::Many(keys) => keys.insert(name),
        }
        data.values.push(Value::Missing);
        Ok(data.values.len() as u32 - 1)
    }

    /// Takes the field with exactly that name out; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let slot = self.exact_slot(name)?;
        let data = self.0.make_mut();
        match &mut data.keys {
            Keys::Shaped(shape) => {
                let keys: Vec<Key> = shape.keys.iter().filter(|key| ***key != *name).cloned().collect();
                *shape = Shape::of(&keys).expect("the keys of a shape less one are distinct and few");
                data.shape_id = shape.id;
            }
            Keys::Many(keys) => keys.remove(name),
        }
        let value = data.values.remove(slot as usize);
        data.weight -= value.weight() + key_weight(name);
        Some(value)
    }

    /// The same object, marked so that reading a field it lacks is the fault `E_HTTP_STATUS` with this message
    /// instead of MISSING: the answer of a call that failed.
    pub fn strict(mut self, message: impl Into<Key>) -> Object {
        self.0.make_mut().strict = Some(Box::new(message.into()));
        self
    }

    /// The same object, marked as the headers of a message, whose keys are lower case with `_` for `-`: an index may
    /// name a header as it is written in HTTP.
    pub fn headers(mut self) -> Object {
        self.0.make_mut().is_headers = true;
        self
    }

    /// Whether it holds the headers of a message.
    pub fn is_headers(&self) -> bool {
        self.0.is_headers
    }

    /// The message of the fault that reading an absent field is; none for ordinary objects, where it gives MISSING.
    pub fn strict_message(&self) -> Option<&str> {
        self.0.strict.as_ref().map(|message| &***message)
    }

    /// How many fields a change copies, because somebody else holds them too.
    pub(crate) fn copied_by_change(&self) -> usize {
        if self.0.is_sole() { 0 } else { self.len() }
    }

    /// How many fields it has, those that are MISSING included.
    pub fn len(&self) -> usize {
        self.0.values.len()
    }

    /// Whether it has no field.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How much it weighs: see [`crate::value::WEIGHT_MAX`].
    pub fn weight(&self) -> u32 {
        self.0.weight
    }

    /// How deep it nests, at least 1; an upper bound after fields were replaced.
    pub fn depth(&self) -> u8 {
        self.0.depth
    }

    /// All fields in order, those that are MISSING included.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Value)> {
        let keys = (0..self.len()).map(|at| match &self.0.keys {
            Keys::Shaped(shape) => &shape.keys[at],
            Keys::Many(keys) => &keys.set[at],
        });
        keys.zip(&*self.0.values)
    }

    /// The fields that are there, in order: what KEYS, JSON and the database see.
    pub fn fields(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.iter().filter(|(_, value)| !matches!(value, Value::Missing))
    }
}
