//! The short ways: what the common instructions do in the common case.
//!
//! Each function is named after its instruction and does the same as the whole way, or says [`Flow::Slow`] before it
//! has changed anything that is seen. Results are written where the kinds are known. The threaded and the portable
//! dispatcher are made of these functions.

#![cfg_attr(not(threaded), allow(dead_code, unused_imports))] // some parts serve the threaded dispatcher only

#![allow(non_snake_case)] // named as the instructions are

use crate::isa::{FloatReg, Instruction, IntReg, PlainReg};
use crate::machine::core::{Core, Flow, LONG_TEXT, WINDOW, Window};
use crate::shared::{Held, float, int, plain, store_known, store_plain, vacate};
use crate::program::*;
use crate::value::{Array, Value};

/// Hands the list of instructions with a short way, and their operands, to another macro.
macro_rules! with_short_ways {
    ($make:ident) => {
        $make! {
            Move(dst, src) Take(dst, src) LoadConst(dst, constant) LoadInt(dst, value) LoadBool(dst, value) LoadMissing(dst)
            GetGlobal(dst, slot) SetGlobal(slot, src)
            Add(dst, a, b) Subtract(dst, a, b) Multiply(dst, a, b) Divide(dst, a, b) Modulo(dst, a, b) IntegerDivide(dst, a, b)
            AddInt(dst, a, value) SubtractInt(dst, a, value) MultiplyInt(dst, a, value)
            ModuloInt(dst, a, value) IntegerDivideInt(dst, a, value)
            Negate(dst, src) Not(dst, src)
            Jump(target) JumpIfTrue(src, target) JumpIfFalse(src, target) JumpIfPresent(src, target)
            JumpIfEqual(a, b, target) JumpIfNotEqual(a, b, target)
            JumpIfEqualConst(a, constant, target) JumpIfNotEqualConst(a, constant, target)
            JumpIfLess(a, b, target) JumpUnlessLess(a, b, target)
            JumpIfLessOrEqual(a, b, target) JumpUnlessLessOrEqual(a, b, target)
            JumpIfLessInt(a, value, target) JumpUnlessLessInt(a, value, target)
            JumpIfLessOrEqualInt(a, value, target) JumpUnlessLessOrEqualInt(a, value, target)
            JumpIfGreaterInt(a, value, target) JumpUnlessGreaterInt(a, value, target)
            JumpIfGreaterOrEqualInt(a, value, target) JumpUnlessGreaterOrEqualInt(a, value, target)
            Switch(src, table)
            ForPrepare(counter, rest, exit) ForLoop(counter, rest, body) EachLoop(iterator, variable, body)
            GetField(dst, object, name, cache) SetField(object, src, name, cache)
            GetIndex(dst, object, index) SetIndex(object, index, src)
            GetIndexField(dst, object, index, name, cache) SetIndexField(object, index, src, name, cache)
            AddToField(object, src, name, cache) AddToIndex(object, index, src) AddToIndexField(object, index, src, name, cache)
            SubtractFromField(object, src, name, cache) SubtractFromIndex(object, index, src)
            SubtractFromIndexField(object, index, src, name, cache)
            Push(array, src)
            Call(first, procedure) Return(src)
            AddInts(dst, a, b) SubtractInts(dst, a, b) MultiplyInts(dst, a, b) AddToInt(dst, a, value) ModuloOfInt(dst, a, value)
            AddFloats(dst, a, b) SubtractFloats(dst, a, b) MultiplyFloats(dst, a, b) DivideFloats(dst, a, b)
            JumpIfIntsLess(a, b, target) JumpIfIntsLessOrEqual(a, b, target)
            JumpIfIntLess(a, value, target) JumpIfIntGreater(a, value, target)
            JumpIfFloatsLess(a, b, target) JumpIfFloatsLessOrEqual(a, b, target)
            ForLoopInts(counter, rest, body) MovePlain(dst, src) CallClean(first, procedure) ReturnClean(src)
            GetIndexAt(dst, object, index) SetIndexPlain(object, index, src)
            GetIndexFieldAt(dst, object, index, name, cache) SetIndexFieldPlain(object, index, src, name, cache)
        }
    };
}
pub(super) use with_short_ways;

macro_rules! execute {
    ($($name:ident ( $($operand:ident),* ))*) => {
        /// The short way of an instruction; [`Flow::Slow`] where it has none.
        #[inline(always)]
        pub fn execute(core: &mut Core<'_>, window: &mut Window, instruction: &Instruction) -> Flow {
            match *instruction {
                $( Instruction::$name { $($operand),* } => $name(core, window, $($operand),*), )*
                _ => Flow::Slow,
            }
        }
    };
}
with_short_ways!(execute);

type W = Window;

/// Writes a value that counts nothing.
#[inline(always)]
fn store(window: &mut W, dst: Reg, value: Value) -> Flow {
    done(store_plain(&mut window[dst.at()], value))
}

#[inline(always)]
fn finite(window: &mut W, dst: Reg, float: f64) -> Flow {
    if is_finite(float) { store(window, dst, Value::Float(float)) } else { Flow::Slow }
}

/// As the method of the same name, in fewer instructions: the exponent of an infinity, and of what is no number, is all ones.
#[inline(always)]
fn is_finite(float: f64) -> bool {
    (float.to_bits() >> 52) as u32 & 0x7ff != 0x7ff
}

#[inline(always)]
fn done(is_done: bool) -> Flow {
    if is_done { Flow::Next } else { Flow::Slow }
}

#[inline(always)]
fn jump_if(holds: bool, target: Target) -> Flow {
    if holds { Flow::Jump(target) } else { Flow::Next }
}

#[inline(always)]
pub fn Move(_: &mut Core<'_>, window: &mut W, dst: Reg, src: Reg) -> Flow {
    done(Held::of(&window[src.at()]).store(&mut window[dst.at()]))
}

#[inline(always)]
pub fn Take(_: &mut Core<'_>, window: &mut W, dst: Reg, src: Reg) -> Flow {
    if !vacate(&mut window[dst.at()]) {
        return Flow::Slow;
    }
    window.swap(dst.at(), src.at());
    Flow::Next
}

#[inline(always)]
pub fn LoadConst(core: &mut Core<'_>, window: &mut W, dst: Reg, constant: ConstIndex) -> Flow {
    done(Held::of(&core.constants[constant.at()]).store(&mut window[dst.at()]))
}

#[inline(always)]
pub fn LoadInt(_: &mut Core<'_>, window: &mut W, dst: Reg, value: i32) -> Flow {
    store(window, dst, Value::Int(i64::from(value)))
}

#[inline(always)]
pub fn LoadBool(_: &mut Core<'_>, window: &mut W, dst: Reg, value: bool) -> Flow {
    store(window, dst, Value::Bool(value))
}

#[inline(always)]
pub fn LoadMissing(_: &mut Core<'_>, window: &mut W, dst: Reg) -> Flow {
    done(vacate(&mut window[dst.at()]))
}

#[inline(always)]
pub fn GetGlobal(core: &mut Core<'_>, window: &mut W, dst: Reg, slot: GlobalIndex) -> Flow {
    done(Held::of(&core.globals[slot.at()]).store(&mut window[dst.at()]))
}

#[inline(always)]
pub fn SetGlobal(core: &mut Core<'_>, window: &mut W, slot: GlobalIndex, src: Reg) -> Flow {
    done(Held::of(&window[src.at()]).store(&mut core.globals[slot.at()]))
}

macro_rules! arithmetic {
    ($($name:ident $ints:ident $floats:tt)*) => {$(
        #[inline(always)]
        pub fn $name(_: &mut Core<'_>, window: &mut W, dst: Reg, a: Reg, b: Reg) -> Flow {
            match (&window[a.at()], &window[b.at()]) {
                (Value::Int(a), Value::Int(b)) => match a.$ints(*b) {
                    Some(int) => store(window, dst, Value::Int(int)),
                    None => Flow::Slow,
                },
                (Value::Float(a), Value::Float(b)) => finite(window, dst, a $floats b),
                (Value::Float(a), Value::Int(b)) => finite(window, dst, a $floats (*b as f64)),
                (Value::Int(a), Value::Float(b)) => finite(window, dst, (*a as f64) $floats b),
                _ => Flow::Slow,
            }
        }
    )*};
}

arithmetic! {
    Add checked_add +
    Subtract checked_sub -
    Multiply checked_mul *
}

macro_rules! arithmetic_int {
    ($($name:ident $ints:ident $floats:tt)*) => {$(
        #[inline(always)]
        pub fn $name(_: &mut Core<'_>, window: &mut W, dst: Reg, a: Reg, value: i16) -> Flow {
            match &window[a.at()] {
                Value::Int(a) => match a.$ints(i64::from(value)) {
                    Some(int) => store(window, dst, Value::Int(int)),
                    None => Flow::Slow,
                },
                Value::Float(a) => finite(window, dst, a $floats f64::from(value)),
                _ => Flow::Slow,
            }
        }
    )*};
}

arithmetic_int! {
    AddInt checked_add +
    SubtractInt checked_sub -
    MultiplyInt checked_mul *
}

#[inline(always)]
pub fn Divide(_: &mut Core<'_>, window: &mut W, dst: Reg, a: Reg, b: Reg) -> Flow {
    let quotient = match (&window[a.at()], &window[b.at()]) {
        (Value::Float(a), Value::Float(b)) => a / b,
        (Value::Int(a), Value::Int(b)) => *a as f64 / *b as f64,
        (Value::Float(a), Value::Int(b)) => a / *b as f64,
        (Value::Int(a), Value::Float(b)) => *a as f64 / b,
        _ => return Flow::Slow,
    };
    // Division by zero gives no finite number.
    finite(window, dst, quotient)
}

/// Remainder and quotient by a positive number, by 32 bits where they suffice: that is several times faster.
#[inline(always)]
fn divide_by_positive(a: i64, b: i64) -> (i64, i64) {
    if (a as u64 | b as u64) >> 32 == 0 {
        let (a, b) = (a as u32, b as u32);
        (i64::from(a % b), i64::from(a / b))
    } else {
        (a % b, a / b)
    }
}

#[inline(always)]
pub fn Modulo(_: &mut Core<'_>, window: &mut W, dst: Reg, a: Reg, b: Reg) -> Flow {
    match (&window[a.at()], &window[b.at()]) {
        (Value::Int(a), Value::Int(b)) if *b > 0 => {
            let rest = divide_by_positive(*a, *b).0;
            store(window, dst, Value::Int(rest))
        }
        _ => Flow::Slow,
    }
}

#[inline(always)]
pub fn IntegerDivide(_: &mut Core<'_>, window: &mut W, dst: Reg, a: Reg, b: Reg) -> Flow {
    match (&window[a.at()], &window[b.at()]) {
        (Value::Int(a), Value::Int(b)) if *b > 0 => {
            let quotient = divide_by_positive(*a, *b).1;
            store(window, dst, Value::Int(quotient))
        }
        _ => Flow::Slow,
    }
}

#[inline(always)]
pub fn ModuloInt(_: &mut Core<'_>, window: &mut W, dst: Reg, a: Reg, value: i16) -> Flow {
    match &window[a.at()] {
        Value::Int(a) if value > 0 => {
            let rest = divide_by_positive(*a, i64::from(value)).0;
            store(window, dst, Value::Int(rest))
        }
        _ => Flow::Slow,
    }
}

#[inline(always)]
pub fn IntegerDivideInt(_: &mut Core<'_>, window: &mut W, dst: Reg, a: Reg, value: i16) -> Flow {
    match &window[a.at()] {
        Value::Int(a) if value > 0 => {
            let quotient = divide_by_positive(*a, i64::from(value)).1;
            store(window, dst, Value::Int(quotient))
        }
        _ => Flow::Slow,
    }
}

#[inline(always)]
pub fn Negate(_: &mut Core<'_>, window: &mut W, dst: Reg, src: Reg) -> Flow {
    match &window[src.at()] {
        Value::Int(int) if *int != i64::MIN => {
            let int = -*int;
            store(window, dst, Value::Int(int))
        }
        Value::Float(float) => {
            let float = -*float;
            store(window, dst, Value::Float(float))
        }
        _ => Flow::Slow,
    }
}

/// The truth of a value that needs no look at its contents.
#[inline(always)]
fn plain_truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(bool) => Some(*bool),
        Value::Int(int) => Some(*int != 0),
        Value::Missing | Value::Null => Some(false),
        _ => None,
    }
}

#[inline(always)]
pub fn Not(_: &mut Core<'_>, window: &mut W, dst: Reg, src: Reg) -> Flow {
    match plain_truth(&window[src.at()]) {
        Some(truth) => store(window, dst, Value::Bool(!truth)),
        None => Flow::Slow,
    }
}

#[inline(always)]
pub fn Jump(_: &mut Core<'_>, _: &mut W, target: Target) -> Flow {
    Flow::Jump(target)
}

#[inline(always)]
pub fn JumpIfTrue(_: &mut Core<'_>, window: &mut W, src: Reg, target: Target) -> Flow {
    match plain_truth(&window[src.at()]) {
        Some(truth) => jump_if(truth, target),
        None => Flow::Slow,
    }
}

#[inline(always)]
pub fn JumpIfFalse(_: &mut Core<'_>, window: &mut W, src: Reg, target: Target) -> Flow {
    match plain_truth(&window[src.at()]) {
        Some(truth) => jump_if(!truth, target),
        None => Flow::Slow,
    }
}

#[inline(always)]
pub fn JumpIfPresent(_: &mut Core<'_>, window: &mut W, src: Reg, target: Target) -> Flow {
    if let Value::Text(text) = &window[src.at()]
        && !text.is_plain()
    {
        return Flow::Slow;
    }
    jump_if(!window[src.at()].is_nothing(), target)
}

/// Whether two values are equal, where that is seen at once.
#[inline(always)]
fn plainly_equal(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a == b),
        (Value::Float(a), Value::Float(b)) => Some(a == b),
        // Comparing long texts takes time, which the whole way charges.
        (Value::Text(a), Value::Text(b)) if a.is_plain() && b.is_plain() && a.as_str().len() < LONG_TEXT => Some(a == b),
        _ => None,
    }
}

macro_rules! jump_equal {
    ($($name:ident $name_const:ident $when:literal)*) => {$(
        #[inline(always)]
        pub fn $name(_: &mut Core<'_>, window: &mut W, a: Reg, b: Reg, target: Target) -> Flow {
            match plainly_equal(&window[a.at()], &window[b.at()]) {
                Some(is_equal) => jump_if(is_equal == $when, target),
                None => Flow::Slow,
            }
        }

        #[inline(always)]
        pub fn $name_const(core: &mut Core<'_>, window: &mut W, a: Reg, constant: ConstIndex, target: Target) -> Flow {
            match plainly_equal(&window[a.at()], &core.constants[constant.at()]) {
                Some(is_equal) => jump_if(is_equal == $when, target),
                None => Flow::Slow,
            }
        }
    )*};
}

jump_equal! {
    JumpIfEqual JumpIfEqualConst true
    JumpIfNotEqual JumpIfNotEqualConst false
}

#[inline(always)]
pub fn Switch(core: &mut Core<'_>, window: &mut W, src: Reg, table: TableIndex) -> Flow {
    match core.tables[table.at()].plainly(&window[src.at()]) {
        Some(target) => Flow::Jump(target),
        None => Flow::Slow,
    }
}

macro_rules! jump_ordered {
    ($($name:ident $compare:tt $when:literal)*) => {$(
        #[inline(always)]
        pub fn $name(_: &mut Core<'_>, window: &mut W, a: Reg, b: Reg, target: Target) -> Flow {
            let holds = match (&window[a.at()], &window[b.at()]) {
                (Value::Int(a), Value::Int(b)) => a $compare b,
                (Value::Float(a), Value::Float(b)) => a $compare b,
                _ => return Flow::Slow,
            };
            jump_if(holds == $when, target)
        }
    )*};
}

jump_ordered! {
    JumpIfLess < true
    JumpUnlessLess < false
    JumpIfLessOrEqual <= true
    JumpUnlessLessOrEqual <= false
}

macro_rules! jump_ordered_int {
    ($($name:ident $compare:tt $when:literal)*) => {$(
        #[inline(always)]
        pub fn $name(_: &mut Core<'_>, window: &mut W, a: Reg, value: i16, target: Target) -> Flow {
            let holds = match &window[a.at()] {
                Value::Int(a) => *a $compare i64::from(value),
                Value::Float(a) => *a $compare f64::from(value),
                _ => return Flow::Slow,
            };
            jump_if(holds == $when, target)
        }
    )*};
}

jump_ordered_int! {
    JumpIfLessInt < true
    JumpUnlessLessInt < false
    JumpIfLessOrEqualInt <= true
    JumpUnlessLessOrEqualInt <= false
    JumpIfGreaterInt > true
    JumpUnlessGreaterInt > false
    JumpIfGreaterOrEqualInt >= true
    JumpUnlessGreaterOrEqualInt >= false
}

#[inline(always)]
pub fn ForPrepare(_: &mut Core<'_>, window: &mut W, counter: Reg, rest: Reg, exit: Target) -> Flow {
    let (Value::Int(first), Value::Int(last), Value::Int(step)) = (&window[counter.at()], &window[rest.at()], &window[(rest.at() + 1) % WINDOW]) else { return Flow::Slow };
    let Some(span) = last.checked_sub(*first).filter(|_| *step > 0) else { return Flow::Slow };
    if span < 0 {
        return Flow::Jump(exit);
    }
    let more = if *step == 1 { span } else { divide_by_positive(span, *step).1 };
    store(window, rest, Value::Int(more))
}

#[inline(always)]
pub fn ForLoop(_: &mut Core<'_>, window: &mut W, counter: Reg, rest: Reg, body: Target) -> Flow {
    let Value::Int(step) = window[(rest.at() + 1) % WINDOW] else { return Flow::Slow };
    let Ok([Value::Int(value), Value::Int(more)]) = window.get_disjoint_mut([counter.at(), rest.at()]) else { return Flow::Slow };
    if *more <= 0 {
        return Flow::Next;
    }
    let Some(next) = value.checked_add(step) else { return Flow::Slow };
    *value = next;
    *more -= 1;
    Flow::Jump(body)
}

#[inline(always)]
pub fn EachLoop(_: &mut Core<'_>, window: &mut W, iterator: Reg, variable: Reg, body: Target) -> Flow {
    let at = iterator.at();
    let (Value::Array(array), Value::Int(next)) = (&window[at], &window[(at + 1) % WINDOW]) else { return Flow::Slow };
    let next = *next;
    let Some(item) = array.items().get(next as usize) else { return Flow::Slow };
    if !Held::of(item).store(&mut window[variable.at()]) {
        return Flow::Slow;
    }
    store_plain(&mut window[(at + 1) % WINDOW], Value::Int(next + 1));
    Flow::Jump(body)
}

#[inline(always)]
pub fn GetField(core: &mut Core<'_>, window: &mut W, dst: Reg, object: Reg, _: NameIndex, cache: CacheIndex) -> Flow {
    let Value::Object(object) = &window[object.at()] else { return Flow::Slow };
    let Some(&(shape, slot)) = core.caches.get(cache.at()) else { return Flow::Slow };
    match object.slot_of(shape, slot) {
        Some(value) => done(Held::of(value).store(&mut window[dst.at()])),
        None => Flow::Slow,
    }
}

#[inline(always)]
pub fn SetField(core: &mut Core<'_>, window: &mut W, object: Reg, src: Reg, _: NameIndex, cache: CacheIndex) -> Flow {
    let Ok([object, value]) = window.get_disjoint_mut([object.at(), src.at()]) else { return Flow::Slow };
    let Some(&(shape, slot)) = core.caches.get(cache.at()) else { return Flow::Slow };
    if !value.is_counted()
        && let Value::Object(object) = object
        && let Some(field) = object.own_slot_of(shape, slot)
    {
        return done(replace_plain(field, value));
    }
    Flow::Slow
}

/// Replaces one value that counts nothing by another: the weight of what holds it stays the same.
#[inline(always)]
fn replace_plain(part: &mut Value, value: &Value) -> bool {
    !part.is_counted() && Held::of(value).store(part)
}

#[inline(always)]
pub fn GetIndex(_: &mut Core<'_>, window: &mut W, dst: Reg, object: Reg, index: Reg) -> Flow {
    let (Value::Array(array), Value::Int(index)) = (&window[object.at()], &window[index.at()]) else { return Flow::Slow };
    match array.items().get(*index as usize) {
        Some(item) => done(Held::of(item).store(&mut window[dst.at()])),
        None => Flow::Slow,
    }
}

#[inline(always)]
pub fn SetIndex(core: &mut Core<'_>, window: &mut W, object: Reg, index: Reg, src: Reg) -> Flow {
    let Value::Int(index) = window[index.at()] else { return Flow::Slow };
    let Ok([object, value]) = window.get_disjoint_mut([object.at(), src.at()]) else { return Flow::Slow };
    if value.is_counted() {
        return Flow::Slow;
    }
    let Value::Array(array) = object else { return Flow::Slow };
    match array.own_item(index as usize) {
        Some(item) => done(replace_plain(item, value)),
        None => done(grows(core, array, index as usize) && array.try_push(value)),
    }
}

/// Whether `index` is the place after the last element, where an array may still grow.
#[inline(always)]
fn grows(core: &Core<'_>, array: &Array, index: usize) -> bool {
    index == array.len() && index < core.limits.array_items
}

#[inline(always)]
pub fn GetIndexField(core: &mut Core<'_>, window: &mut W, dst: Reg, object: Reg, index: Reg, _: NameIndex, cache: CacheIndex) -> Flow {
    let (Value::Array(array), Value::Int(index)) = (&window[object.at()], &window[index.at()]) else { return Flow::Slow };
    let Some(Value::Object(object)) = array.items().get(*index as usize) else { return Flow::Slow };
    let Some(&(shape, slot)) = core.caches.get(cache.at()) else { return Flow::Slow };
    match object.slot_of(shape, slot) {
        Some(value) => done(Held::of(value).store(&mut window[dst.at()])),
        None => Flow::Slow,
    }
}

#[inline(always)]
pub fn SetIndexField(core: &mut Core<'_>, window: &mut W, object: Reg, index: Reg, src: Reg, _: NameIndex, cache: CacheIndex) -> Flow {
    let Value::Int(index) = window[index.at()] else { return Flow::Slow };
    let Ok([object, value]) = window.get_disjoint_mut([object.at(), src.at()]) else { return Flow::Slow };
    let Some(&(shape, slot)) = core.caches.get(cache.at()) else { return Flow::Slow };
    if !value.is_counted()
        && let Value::Array(array) = object
        && let Some(Value::Object(object)) = array.own_item(index as usize)
        && let Some(field) = object.own_slot_of(shape, slot)
    {
        return done(replace_plain(field, value));
    }
    Flow::Slow
}

#[inline(always)]
fn replace_finite(part: &mut f64, float: f64) -> bool {
    if is_finite(float) {
        *part = float;
    }
    is_finite(float)
}

macro_rules! accumulate {
    ($($in_field:ident $in_index:ident $in_index_field:ident $change:ident $checked:ident $operator:tt)*) => {$(
        /// Changes a number where it is; its weight stays the same.
        #[inline(always)]
        pub(super) fn $change(part: &mut Value, by: &Value) -> bool {
            match (part, by) {
                (Value::Int(part), Value::Int(by)) => match part.$checked(*by) {
                    Some(int) => {
                        *part = int;
                        true
                    }
                    None => false,
                },
                (Value::Float(part), Value::Float(by)) => replace_finite(part, *part $operator by),
                (Value::Float(part), Value::Int(by)) => replace_finite(part, *part $operator *by as f64),
                _ => false,
            }
        }

        #[inline(always)]
        pub fn $in_field(core: &mut Core<'_>, window: &mut W, object: Reg, src: Reg, _: NameIndex, cache: CacheIndex) -> Flow {
            let Ok([object, by]) = window.get_disjoint_mut([object.at(), src.at()]) else { return Flow::Slow };
            let Some(&(shape, slot)) = core.caches.get(cache.at()) else { return Flow::Slow };
            if let Value::Object(object) = object
                && let Some(field) = object.own_slot_of(shape, slot)
            {
                return done($change(field, by));
            }
            Flow::Slow
        }

        #[inline(always)]
        pub fn $in_index(_: &mut Core<'_>, window: &mut W, object: Reg, index: Reg, src: Reg) -> Flow {
            let Value::Int(index) = window[index.at()] else { return Flow::Slow };
            let Ok([object, by]) = window.get_disjoint_mut([object.at(), src.at()]) else { return Flow::Slow };
            if let Value::Array(array) = object
                && let Some(item) = array.own_item(index as usize)
            {
                return done($change(item, by));
            }
            Flow::Slow
        }

        #[inline(always)]
        pub fn $in_index_field(core: &mut Core<'_>, window: &mut W, object: Reg, index: Reg, src: Reg, _: NameIndex, cache: CacheIndex) -> Flow {
            let Value::Int(index) = window[index.at()] else { return Flow::Slow };
            let Ok([object, by]) = window.get_disjoint_mut([object.at(), src.at()]) else { return Flow::Slow };
            let Some(&(shape, slot)) = core.caches.get(cache.at()) else { return Flow::Slow };
            if let Value::Array(array) = object
                && let Some(Value::Object(object)) = array.own_item(index as usize)
                && let Some(field) = object.own_slot_of(shape, slot)
            {
                return done($change(field, by));
            }
            Flow::Slow
        }
    )*};
}

accumulate! {
    AddToField AddToIndex AddToIndexField add_in_place checked_add +
    SubtractFromField SubtractFromIndex SubtractFromIndexField subtract_in_place checked_sub -
}

#[inline(always)]
pub fn Push(core: &mut Core<'_>, window: &mut W, array: Reg, src: Reg) -> Flow {
    let Ok([array, value]) = window.get_disjoint_mut([array.at(), src.at()]) else { return Flow::Slow };
    if !value.is_counted()
        && let Value::Array(array) = array
        && array.len() < core.limits.array_items
        && array.try_push(value)
    {
        return Flow::Next;
    }
    Flow::Slow
}

#[inline(always)]
pub fn Call(core: &mut Core<'_>, window: &mut W, first: Reg, procedure: ProcIndex) -> Flow {
    let Some(&callee) = core.callees.get(procedure.at()) else { return Flow::Slow };
    let from = first.at() + usize::from(callee.parameters);
    let to = (first.at() + usize::from(callee.registers)).min(WINDOW);
    let Some(rest) = window.get_mut(from.min(to)..to) else { return Flow::Slow };
    for register in rest {
        if !store_plain(register, Value::Missing) {
            return Flow::Slow;
        }
    }
    if core.enter(first, procedure, callee) { Flow::Enter(first, callee.entry) } else { Flow::Slow }
}

#[inline(always)]
pub fn Return(core: &mut Core<'_>, window: &mut W, src: Reg) -> Flow {
    let Some([caller, own]) = core.frames.get(core.depth.wrapping_sub(2)..core.depth) else { return Flow::Slow };
    let (distance, back) = (own.base - caller.base, caller.pc);
    let mut register = own.registers;
    while register > 1 {
        register -= 1;
        if window[usize::from(register)].is_counted() && register != src.0 {
            return Flow::Slow;
        }
    }
    if src.0 != 0 {
        if !Held::of(&window[src.at()]).store(&mut window[0]) {
            return Flow::Slow;
        }
        vacate(&mut window[src.at()]);
    }
    core.depth -= 1;
    core.base -= distance as usize;
    Flow::Leave(distance, back)
}

macro_rules! known_ints {
    ($($name:ident $checked:ident)*) => {$(
        #[inline(always)]
        pub fn $name(_: &mut Core<'_>, window: &mut W, dst: PlainReg, a: IntReg, b: IntReg) -> Flow {
            match int(window, a).$checked(int(window, b)) {
                Some(result) => {
                    store_known(window, dst, Value::Int(result));
                    Flow::Next
                }
                None => Flow::Slow,
            }
        }
    )*};
}

known_ints! {
    AddInts checked_add
    SubtractInts checked_sub
    MultiplyInts checked_mul
}

#[inline(always)]
pub fn AddToInt(_: &mut Core<'_>, window: &mut W, dst: PlainReg, a: IntReg, value: i16) -> Flow {
    match int(window, a).checked_add(i64::from(value)) {
        Some(sum) => {
            store_known(window, dst, Value::Int(sum));
            Flow::Next
        }
        None => Flow::Slow,
    }
}

#[inline(always)]
pub fn ModuloOfInt(_: &mut Core<'_>, window: &mut W, dst: PlainReg, a: IntReg, value: i16) -> Flow {
    if value <= 0 {
        return Flow::Slow;
    }
    let rest = divide_by_positive(int(window, a), i64::from(value)).0;
    store_known(window, dst, Value::Int(rest));
    Flow::Next
}

macro_rules! known_floats {
    ($($name:ident $operator:tt)*) => {$(
        #[inline(always)]
        pub fn $name(_: &mut Core<'_>, window: &mut W, dst: PlainReg, a: FloatReg, b: FloatReg) -> Flow {
            let result = float(window, a) $operator float(window, b);
            if !is_finite(result) {
                return Flow::Slow;
            }
            store_known(window, dst, Value::Float(result));
            Flow::Next
        }
    )*};
}

known_floats! {
    AddFloats +
    SubtractFloats -
    MultiplyFloats *
    DivideFloats /
}

macro_rules! known_jumps {
    ($($name:ident $register:ident $read:ident $compare:tt)*) => {$(
        #[inline(always)]
        pub fn $name(_: &mut Core<'_>, window: &mut W, a: $register, b: $register, target: Target) -> Flow {
            jump_if($read(window, a) $compare $read(window, b), target)
        }
    )*};
}

known_jumps! {
    JumpIfIntsLess IntReg int <
    JumpIfIntsLessOrEqual IntReg int <=
    JumpIfFloatsLess FloatReg float <
    JumpIfFloatsLessOrEqual FloatReg float <=
}

#[inline(always)]
pub fn JumpIfIntLess(_: &mut Core<'_>, window: &mut W, a: IntReg, value: i16, target: Target) -> Flow {
    jump_if(int(window, a) < i64::from(value), target)
}

#[inline(always)]
pub fn JumpIfIntGreater(_: &mut Core<'_>, window: &mut W, a: IntReg, value: i16, target: Target) -> Flow {
    jump_if(int(window, a) > i64::from(value), target)
}

#[inline(always)]
pub fn ForLoopInts(_: &mut Core<'_>, window: &mut W, counter: IntReg, rest: IntReg, body: Target) -> Flow {
    let more = int(window, rest);
    if more <= 0 {
        return Flow::Next;
    }
    let step = int(window, IntReg(Reg(rest.0.0.wrapping_add(1))));
    let Some(next) = int(window, counter).checked_add(step) else { return Flow::Slow };
    store_known(window, PlainReg(counter.0), Value::Int(next));
    store_known(window, PlainReg(rest.0), Value::Int(more - 1));
    Flow::Jump(body)
}

#[inline(always)]
pub fn MovePlain(_: &mut Core<'_>, window: &mut W, dst: PlainReg, src: PlainReg) -> Flow {
    let value = plain(window, src);
    store_known(window, dst, value);
    Flow::Next
}

#[inline(always)]
pub fn GetIndexAt(_: &mut Core<'_>, window: &mut W, dst: Reg, object: Reg, index: IntReg) -> Flow {
    let at = int(window, index) as usize;
    let Value::Array(array) = &window[object.at()] else { return Flow::Slow };
    match array.items().get(at) {
        Some(item) => done(Held::of(item).store(&mut window[dst.at()])),
        None => Flow::Slow,
    }
}

#[inline(always)]
pub fn SetIndexPlain(core: &mut Core<'_>, window: &mut W, object: Reg, index: IntReg, src: PlainReg) -> Flow {
    let (at, value) = (int(window, index) as usize, plain(window, src));
    let Value::Array(array) = &mut window[object.at()] else { return Flow::Slow };
    match array.own_item(at) {
        Some(item) => done(store_plain(item, value)),
        None => done(grows(core, array, at) && array.try_push(&value)),
    }
}

#[inline(always)]
pub fn GetIndexFieldAt(core: &mut Core<'_>, window: &mut W, dst: Reg, object: Reg, index: IntReg, _: NameIndex, cache: CacheIndex) -> Flow {
    let at = int(window, index) as usize;
    let Value::Array(array) = &window[object.at()] else { return Flow::Slow };
    let Some(Value::Object(object)) = array.items().get(at) else { return Flow::Slow };
    let Some(&(shape, slot)) = core.caches.get(cache.at()) else { return Flow::Slow };
    match object.slot_of(shape, slot) {
        Some(value) => done(Held::of(value).store(&mut window[dst.at()])),
        None => Flow::Slow,
    }
}

#[inline(always)]
pub fn SetIndexFieldPlain(core: &mut Core<'_>, window: &mut W, object: Reg, index: IntReg, src: PlainReg, _: NameIndex, cache: CacheIndex) -> Flow {
    let (at, value) = (int(window, index) as usize, plain(window, src));
    let Some(&(shape, slot)) = core.caches.get(cache.at()) else { return Flow::Slow };
    if let Value::Array(array) = &mut window[object.at()]
        && let Some(Value::Object(object)) = array.own_item(at)
        && let Some(field) = object.own_slot_of(shape, slot)
    {
        return done(store_plain(field, value));
    }
    Flow::Slow
}

#[inline(always)]
pub fn CallClean(core: &mut Core<'_>, window: &mut W, first: Reg, procedure: ProcIndex) -> Flow {
    let Some(&callee) = core.callees.get(procedure.at()) else { return Flow::Slow };
    if !core.enter(first, procedure, callee) {
        return Flow::Slow;
    }
    let mut register = callee.parameters;
    while register < callee.variables {
        if let Some(slot) = window.get_mut(first.at() + usize::from(register)) {
            store_plain(slot, Value::Missing);
        }
        register += 1;
    }
    Flow::Enter(first, callee.entry)
}

#[inline(always)]
pub fn ReturnClean(core: &mut Core<'_>, window: &mut W, src: PlainReg) -> Flow {
    let Some([caller, own]) = core.frames.get(core.depth.wrapping_sub(2)..core.depth) else { return Flow::Slow };
    let (distance, back) = (own.base - caller.base, caller.pc);
    let value = plain(window, src);
    store_known(window, PlainReg(Reg(0)), value);
    core.depth -= 1;
    core.base -= distance as usize;
    Flow::Leave(distance, back)
}
