//! Contents that several values hold, counted without atomics, and stores that count without ever having to free.
//!
//! One of the two files with `unsafe`. `std::rc::Rc` would do, but its drop is a call in the middle of each
//! instruction that overwrites a register: the hot instructions would save and restore registers for a case that
//! almost never comes. [`Held::store`] says instead that it cannot go on, and the rare case is done elsewhere. There
//! are no weak references, so that one word counts.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::fmt;
use std::hint::unreachable_unchecked;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

use crate::isa::{FloatReg, IntReg, PlainReg};
use crate::machine::Window;
use crate::memory;
use crate::value::Value;

/// Contents with the number of their holders.
#[repr(C)]
struct Counted<T> {
    holders: Cell<usize>,
    contents: T,
}

/// A holder of contents that may have others. It stays on its thread.
pub struct Shared<T>(NonNull<Counted<T>>);

impl<T> Shared<T> {
    /// The first holder of new contents.
    pub fn new(contents: T) -> Shared<T> {
        memory::take(size_of::<Counted<T>>());
        let counted = Box::new(Counted { holders: Cell::new(1), contents });
        Shared(NonNull::from(Box::leak(counted)))
    }

    #[inline(always)]
    fn holders(&self) -> &Cell<usize> {
        // SAFETY: the contents live as long as a holder does.
        unsafe { &self.0.as_ref().holders }
    }

    /// Whether nobody else holds the contents.
    #[inline(always)]
    pub fn is_sole(&self) -> bool {
        self.holders().get() == 1
    }

    /// The contents, to be changed, if nobody else holds them.
    #[inline(always)]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        if !self.is_sole() {
            return None;
        }
        // SAFETY: this is the only holder, and it is borrowed.
        Some(unsafe { &mut self.0.as_mut().contents })
    }

    /// The address of the contents: all holders see the same.
    pub fn address(&self) -> usize {
        self.0.as_ptr() as usize
    }
}

impl<T: Clone> Shared<T> {
    /// The contents, to be changed; where somebody else holds them too, a copy of them.
    #[inline]
    pub fn make_mut(&mut self) -> &mut T {
        if !self.is_sole() {
            *self = Shared::new((**self).clone());
        }
        // SAFETY: this is the only holder, and it is borrowed.
        unsafe { &mut self.0.as_mut().contents }
    }
}

impl<T> Clone for Shared<T> {
    #[inline(always)]
    fn clone(&self) -> Shared<T> {
        // No memory could hold so many holders that a 64-bit count wraps; `mem::forget` in a loop is not done here.
        self.holders().set(self.holders().get() + 1);
        Shared(self.0)
    }
}

impl<T> Drop for Shared<T> {
    #[inline(always)]
    fn drop(&mut self) {
        let left = self.holders().get() - 1;
        self.holders().set(left);
        if left == 0 {
            free(self.0);
        }
    }
}

#[inline(never)]
fn free<T>(counted: NonNull<Counted<T>>) {
    memory::give(size_of::<Counted<T>>());
    // SAFETY: it came from a box, and its last holder is gone.
    drop(unsafe { Box::from_raw(counted.as_ptr()) });
}

impl<T> Deref for Shared<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the contents live as long as a holder does, and are changed only by a sole one that is borrowed.
        unsafe { &self.0.as_ref().contents }
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The number of holders of a value's contents, if they are counted.
#[inline(always)]
fn holders(value: &Value) -> Option<&Cell<usize>> {
    match value {
        Value::Text(text) => Some(text.shared().holders()),
        Value::Array(array) => Some(array.shared().holders()),
        Value::Object(object) => Some(object.shared().holders()),
        Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => None,
    }
}

/// Makes room in a register where that frees nothing; gives back whether it did. The register is then MISSING.
#[inline(always)]
pub fn vacate(slot: &mut Value) -> bool {
    if let Some(holders) = holders(slot) {
        if holders.get() == 1 {
            return false;
        }
        holders.set(holders.get() - 1);
    }
    // SAFETY: what is overwritten counts nothing, or has been given up above.
    unsafe { std::ptr::write(slot, Value::Missing) }
    true
}

/// Stores a value that counts nothing over one that counts nothing; gives back whether it did.
#[inline(always)]
pub fn store_plain(slot: &mut Value, value: Value) -> bool {
    debug_assert!(!value.is_counted());
    if slot.is_counted() {
        std::mem::forget(value);
        return false;
    }
    // SAFETY: what is overwritten needs no drop.
    unsafe { std::ptr::write(slot, value) }
    true
}

/// The integer in a register that is known to hold one.
#[inline(always)]
pub fn int(window: &Window, register: IntReg) -> i64 {
    match &window[register.0.at()] {
        Value::Int(int) => *int,
        // SAFETY: `specialize` has proved it, and only it makes such operands.
        other => unsafe {
            debug_assert!(false, "a register known to hold an integer holds a {}", other.kind());
            unreachable_unchecked()
        },
    }
}

/// The float in a register that is known to hold one.
#[inline(always)]
pub fn float(window: &Window, register: FloatReg) -> f64 {
    match &window[register.0.at()] {
        Value::Float(float) => *float,
        // SAFETY: `specialize` has proved it, and only it makes such operands.
        other => unsafe {
            debug_assert!(false, "a register known to hold a float holds a {}", other.kind());
            unreachable_unchecked()
        },
    }
}

/// Stores a value that counts nothing into a register that is known to count nothing.
#[inline(always)]
pub fn store_known(window: &mut Window, register: PlainReg, value: Value) {
    let slot = &mut window[register.0.at()];
    debug_assert!(!slot.is_counted() && !value.is_counted());
    // SAFETY: `specialize` has proved that what is overwritten needs no drop, and only it makes such operands.
    unsafe { std::ptr::write(slot, value) }
}

/// A copy of a value that is known to count nothing.
#[inline(always)]
pub fn plain(window: &Window, register: PlainReg) -> Value {
    let value = &window[register.0.at()];
    debug_assert!(!value.is_counted());
    // SAFETY: `specialize` has proved that the value is plain bits, and only it makes such operands.
    unsafe { std::ptr::read(value) }
}

/// One more holder of a value that has another: giving it up frees nothing. Forgotten, it leaks.
pub struct Held(ManuallyDrop<Value>);

impl Held {
    /// Holds a value once more.
    #[inline(always)]
    pub fn of(value: &Value) -> Held {
        if let Some(holders) = holders(value) {
            holders.set(holders.get() + 1);
        }
        // SAFETY: a copy of the bits is one more holder, and that is counted.
        Held(ManuallyDrop::new(unsafe { std::ptr::read(value) }))
    }

    /// Stores the value where that frees nothing; gives back whether it did.
    #[inline(always)]
    pub fn store(self, slot: &mut Value) -> bool {
        if let Some(old) = holders(slot) {
            if old.get() == 1 {
                if let Some(holders) = holders(&self.0) {
                    holders.set(holders.get() - 1);
                }
                return false;
            }
            old.set(old.get() - 1);
        }
        // SAFETY: what is overwritten counts nothing, or has been given up above.
        unsafe { std::ptr::write(slot, ManuallyDrop::into_inner(self.0)) }
        true
    }
}
