//! How much memory the values of a thread take, and a bound on it.
//!
//! Counted are the cells that values share, and what their lists, texts and keys reserve, each once, however many hold
//! it. Values stay on their thread, so a count for each thread is exact and costs no lock.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

use compact_str::CompactString;

use crate::fault::Fault;
use crate::value::Value;

thread_local! {
    /// The bytes that this thread's values take.
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static BOUND: Cell<Bound> = const { Cell::new(Bound { end: usize::MAX, bytes: usize::MAX }) };
}

/// The bytes that this thread's values take.
pub fn live() -> usize {
    LIVE.get()
}

/// How far a thread's values may grow.
#[derive(Clone, Copy)]
struct Bound {
    /// The bytes that they may take.
    end: usize,
    /// How many of these came with the bound.
    bytes: usize,
}

/// A bound on what this thread's values take, in force until this is dropped. The inner one of two counts.
pub struct Bounded {
    outer: Bound,
}

/// Lets this thread's values take so many bytes more than they take now.
#[must_use]
pub fn bound(bytes: usize) -> Bounded {
    Bounded { outer: BOUND.replace(Bound { end: live().saturating_add(bytes), bytes }) }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        BOUND.set(self.outer);
    }
}

/// Whether the bound holds. It is asked from time to time, so that a script may go past it by a little.
///
/// # Errors
/// `E_MEMORY`, from which no script can go on.
pub fn check() -> Result<(), Fault> {
    let bound = BOUND.get();
    if live() <= bound.end {
        return Ok(());
    }
    let most = bound.bytes >> 20;
    Err(Fault::ending("E_MEMORY", format!("the script holds more than {most} MiB of values at one time; let go of some, or take tables in parts with LIMIT")))
}

/// Notes that values take more.
#[inline(always)]
pub(crate) fn take(bytes: usize) {
    LIVE.set(LIVE.get().wrapping_add(bytes));
}

/// Notes that values take less.
#[inline(always)]
pub(crate) fn give(bytes: usize) {
    LIVE.set(LIVE.get().wrapping_sub(bytes));
}

/// A list of values that is counted.
#[derive(Debug, Default)]
pub(crate) struct Slots(Vec<Value>);

impl Slots {
    pub fn has_room(&self) -> bool {
        self.0.len() < self.0.capacity()
    }

    pub fn push(&mut self, value: Value) {
        self.change(|values| values.push(value));
    }

    pub fn resize(&mut self, len: usize, with: Value) {
        self.change(|values| values.resize(len, with));
    }

    /// Puts values in the place of a range of others, and gives these.
    pub fn splice(&mut self, range: std::ops::Range<usize>, with: Vec<Value>) -> Vec<Value> {
        let mut taken = Vec::new();
        self.change(|values| taken.extend(values.splice(range, with)));
        taken
    }

    pub fn remove(&mut self, at: usize) -> Value {
        self.0.remove(at)
    }

    #[inline(always)]
    fn change(&mut self, change: impl FnOnce(&mut Vec<Value>)) {
        let before = self.0.capacity();
        change(&mut self.0);
        let more = self.0.capacity() - before;
        if more > 0 {
            take(more * size_of::<Value>());
        }
    }
}

impl From<Vec<Value>> for Slots {
    fn from(values: Vec<Value>) -> Slots {
        take(values.capacity() * size_of::<Value>());
        Slots(values)
    }
}

impl Clone for Slots {
    fn clone(&self) -> Slots {
        self.0.clone().into()
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        give(self.0.capacity() * size_of::<Value>());
    }
}

impl Deref for Slots {
    type Target = [Value];

    #[inline(always)]
    fn deref(&self) -> &[Value] {
        &self.0
    }
}

impl DerefMut for Slots {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [Value] {
        &mut self.0
    }
}

/// A string that is counted where it is not part of its cell.
#[derive(Debug)]
pub(crate) struct Letters(CompactString);

fn reserved(string: &CompactString) -> usize {
    if string.is_heap_allocated() { string.capacity() } else { 0 }
}

impl Letters {
    /// Changes the string by a function.
    pub fn change(&mut self, change: impl FnOnce(&mut CompactString)) {
        let before = reserved(&self.0);
        change(&mut self.0);
        give(before);
        take(reserved(&self.0));
    }
}

impl From<CompactString> for Letters {
    fn from(string: CompactString) -> Letters {
        take(reserved(&string));
        Letters(string)
    }
}

impl Clone for Letters {
    fn clone(&self) -> Letters {
        self.0.clone().into()
    }
}

impl Drop for Letters {
    fn drop(&mut self) {
        give(reserved(&self.0));
    }
}

impl Deref for Letters {
    type Target = str;

    #[inline(always)]
    fn deref(&self) -> &str {
        &self.0
    }
}
