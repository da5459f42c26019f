//! The whole ways: what every instruction does in every case. What is rare is written for the reader, not for speed.

#![allow(non_snake_case)] // functions that are reached directly are named as their instructions are

use std::cmp::Ordering;

use crate::coerce::{self, Number};
use crate::fault::Fault;
use crate::isa::{Instruction as I, IntReg, PlainReg, RegRange};
use crate::machine::access;
use crate::machine::core::{Core, Flow, Stopped, Window};
use crate::machine::fast;
use crate::machine::place::{self, Move};
use crate::machine::switch::switch;
use crate::machine::trap;
use crate::native::{Changed, Native, PureContext};
use crate::object::{Object, SHAPED_MAX};
use crate::operators;
use crate::program::{CacheIndex, NameIndex, PathIndex, Reg, Root, ShapeIndex, SiteIndex, Step};
use crate::text::Text;
use crate::value::Value;

/// How many bytes of text times bytes of pattern LIKE may compare: no other instruction takes that long.
const LIKE_MAX: usize = 1 << 28;

/// Executes one instruction, whatever its operands hold. A fault is left in the core.
#[inline(never)]
pub fn execute(core: &mut Core<'_>, window: &mut Window, instruction: &I) -> Flow {
    match attempt(core, window, *instruction) {
        Ok(flow) => flow,
        Err(fault) => Flow::Stop(fail(core, fault)),
    }
}

/// Leaves a fault in the core.
#[cold]
#[inline(never)]
pub fn fail(core: &mut Core<'_>, fault: Fault) -> Stopped {
    core.fault = Some(fault);
    Stopped::Failed
}

fn attempt(core: &mut Core<'_>, window: &mut Window, instruction: I) -> Result<Flow, Fault> {
    // The value of an instruction that does nothing but write one.
    let (dst, value) = match instruction {
        I::Move { dst, src } => (dst, window[src.at()].clone()),
        I::Take { dst, src } => (dst, std::mem::take(&mut window[src.at()])),
        I::LoadConst { dst, constant } => (dst, core.constants[constant.at()].clone()),
        I::LoadInt { dst, value } => (dst, Value::Int(i64::from(value))),
        I::LoadBool { dst, value } => (dst, Value::Bool(value)),
        I::LoadNull { dst } => (dst, Value::Null),
        I::LoadMissing { dst } => (dst, Value::Missing),
        I::GetGlobal { dst, slot } => (dst, core.globals[slot.at()].clone()),
        I::SetGlobal { slot, src } => {
            core.globals[slot.at()] = window[src.at()].clone();
            return Ok(Flow::Next);
        }

        I::Add { dst, a, b } if dst == a && append(window, a, b, core.limits.string_bytes)? => return Ok(Flow::Next),
        I::Add { dst, a, b } => (dst, add(core, &window[a.at()], &window[b.at()])?),
        I::AddInt { dst, a, value } => (dst, add(core, &window[a.at()], &int(value))?),
        I::Subtract { dst, a, b } => (dst, compute(core, operators::subtract, &window[a.at()], &window[b.at()])?),
        I::SubtractInt { dst, a, value } => (dst, compute(core, operators::subtract, &window[a.at()], &int(value))?),
        I::Multiply { dst, a, b } => (dst, compute(core, operators::multiply, &window[a.at()], &window[b.at()])?),
        I::MultiplyInt { dst, a, value } => (dst, compute(core, operators::multiply, &window[a.at()], &int(value))?),
        I::Divide { dst, a, b } => (dst, compute(core, operators::divide, &window[a.at()], &window[b.at()])?),
        I::IntegerDivide { dst, a, b } => (dst, compute(core, operators::integer_divide, &window[a.at()], &window[b.at()])?),
        I::IntegerDivideInt { dst, a, value } => (dst, compute(core, operators::integer_divide, &window[a.at()], &int(value))?),
        I::Modulo { dst, a, b } => (dst, compute(core, operators::modulo, &window[a.at()], &window[b.at()])?),
        I::ModuloInt { dst, a, value } => (dst, compute(core, operators::modulo, &window[a.at()], &int(value))?),
        I::Power { dst, a, b } => (dst, compute(core, operators::power, &window[a.at()], &window[b.at()])?),
        I::Negate { dst, src } => (dst, operators::negate(&window[src.at()])?),
        I::Concat { dst, parts, track } => return next(Concat(core, window, dst, parts, track)),
        I::AppendText { dst, parts, track } => {
            let before = std::mem::take(&mut window[dst.at()]);
            let parts = range(window, parts.first, usize::from(parts.count));
            let (joined, copied) = access::append(before, parts, track, core.limits.string_bytes)?;
            clear(parts);
            core.charge_copy(copied)?;
            (dst, joined)
        }

        I::Not { dst, src } => (dst, Value::Bool(!coerce::truth(&window[src.at()]))),
        I::Xor { dst, a, b } => (dst, Value::Bool(coerce::truth(&window[a.at()]) != coerce::truth(&window[b.at()]))),
        I::Equal { dst, a, b } => (dst, Value::Bool(equal(core, &window[a.at()], &window[b.at()])?)),
        I::NotEqual { dst, a, b } => (dst, Value::Bool(!equal(core, &window[a.at()], &window[b.at()])?)),
        I::Less { dst, a, b } => (dst, Value::Bool(less(core, &window[a.at()], &window[b.at()])?)),
        I::LessOrEqual { dst, a, b } => (dst, Value::Bool(less_or_equal(core, &window[a.at()], &window[b.at()])?)),
        I::In { dst, a, b } => {
            core.charge_walk(&window[b.at()])?;
            operators::check_set(&window[a.at()])?;
            if let Value::Array(list) = &window[b.at()] {
                list.items().iter().try_for_each(operators::check_set)?;
            }
            (dst, Value::Bool(access::is_in(&window[a.at()], &window[b.at()])?))
        }
        I::Like { dst, a, b } => {
            core.charge_walk(&window[a.at()])?;
            operators::check_set(&window[a.at()])?;
            operators::check_set(&window[b.at()])?;
            let (text, pattern) = (coerce::text(&window[a.at()]), coerce::text(&window[b.at()]));
            if text.as_str().len().saturating_mul(pattern.as_str().len()) > LIKE_MAX {
                return Err(Fault::new("E_TOO_LARGE", "this LIKE could take as many steps as the text and the pattern have bytes, multiplied; shorten one of them"));
            }
            (dst, Value::Bool(operators::like(text.as_str(), pattern.as_str())))
        }
        I::IsNull { dst, src } => (dst, Value::Bool(is_null(&window[src.at()]))),

        I::Jump { target } => return Ok(Flow::Jump(target)),
        I::JumpIfTrue { src, target } => return jump_if(coerce::truth(&window[src.at()]), target),
        I::JumpIfFalse { src, target } => return jump_if(!coerce::truth(&window[src.at()]), target),
        I::JumpIfPresent { src, target } => return jump_if(!window[src.at()].reads_as_null(), target),
        I::JumpIfEqual { a, b, target } => return jump_if(equal(core, &window[a.at()], &window[b.at()])?, target),
        I::JumpIfNotEqual { a, b, target } => return jump_if(!equal(core, &window[a.at()], &window[b.at()])?, target),
        I::JumpIfEqualConst { a, constant, target } => return jump_if(operators::equal(&window[a.at()], &core.constants[constant.at()]), target),
        I::JumpIfNotEqualConst { a, constant, target } => return jump_if(!operators::equal(&window[a.at()], &core.constants[constant.at()]), target),
        I::JumpIfLess { a, b, target } => return jump_if(less(core, &window[a.at()], &window[b.at()])?, target),
        I::JumpUnlessLess { a, b, target } => return jump_if(!less(core, &window[a.at()], &window[b.at()])?, target),
        I::JumpIfLessOrEqual { a, b, target } => return jump_if(less_or_equal(core, &window[a.at()], &window[b.at()])?, target),
        I::JumpUnlessLessOrEqual { a, b, target } => return jump_if(!less_or_equal(core, &window[a.at()], &window[b.at()])?, target),
        I::JumpIfLessInt { a, value, target } => return jump_if(less(core, &window[a.at()], &int(value))?, target),
        I::JumpUnlessLessInt { a, value, target } => return jump_if(!less(core, &window[a.at()], &int(value))?, target),
        I::JumpIfLessOrEqualInt { a, value, target } => return jump_if(less_or_equal(core, &window[a.at()], &int(value))?, target),
        I::JumpUnlessLessOrEqualInt { a, value, target } => return jump_if(!less_or_equal(core, &window[a.at()], &int(value))?, target),
        I::JumpIfGreaterInt { a, value, target } => return jump_if(less(core, &int(value), &window[a.at()])?, target),
        I::JumpUnlessGreaterInt { a, value, target } => return jump_if(!less(core, &int(value), &window[a.at()])?, target),
        I::JumpIfGreaterOrEqualInt { a, value, target } => return jump_if(less_or_equal(core, &int(value), &window[a.at()])?, target),
        I::JumpUnlessGreaterOrEqualInt { a, value, target } => return jump_if(!less_or_equal(core, &int(value), &window[a.at()])?, target),

        I::Switch { src, table } => return Ok(Flow::Jump(switch(core, &window[src.at()], table)?)),

        I::ForPrepare { counter, rest, exit } => return Ok(if prepare_for(window, counter, rest)? { Flow::Next } else { Flow::Jump(exit) }),
        I::ForLoop { counter, rest, body } => {
            let Value::Int(more @ 1..) = window[rest.at()] else { return Ok(Flow::Next) };
            let next = access::bounded(operators::add(&window[counter.at()], &window[rest.at() + 1])?, core.limits)?;
            window[counter.at()] = next;
            window[rest.at()] = Value::Int(more - 1);
            return Ok(Flow::Jump(body));
        }
        I::EachPrepare { iterator, list } => {
            let elements = elements_of(&window[list.at()])?;
            window[iterator.at() + 1] = Value::Int(0);
            (iterator, elements)
        }
        I::EachLoop { iterator, variable, body } => {
            let at = iterator.at();
            let next = match (&window[at], &window[at + 1]) {
                (Value::Array(array), Value::Int(next)) => usize::try_from(*next).ok().and_then(|next| array.items().get(next)).cloned().map(|item| (item, *next + 1)),
                _ => None,
            };
            let Some((item, next)) = next else {
                // Who still held the elements could not change them in place.
                window[at] = Value::Missing;
                return Ok(Flow::Next);
            };
            window[variable.at()] = item;
            window[at + 1] = Value::Int(next);
            return Ok(Flow::Jump(body));
        }

        I::NewArray { dst, items } => {
            let items = range(window, items.first, usize::from(items.count)).iter_mut().map(std::mem::take).collect();
            (dst, Value::array(items)?)
        }
        I::NewObject { dst, first, shape } => return next(NewObject(core, window, dst, first, shape)),
        I::GetField { dst, object, name, cache } => (dst, get_field(core, &window[object.at()], name, cache)?),
        I::SetField { object, src, name, cache } => return next(SetField(core, window, object, src, name, cache)),
        I::GetIndex { dst, object, index } => return next(GetIndex(core, window, dst, object, index)),
        I::SetIndex { object, index, src } => return next(SetIndex(core, window, object, index, src)),
        I::GetIndexField { dst, object, index, name, cache } => {
            let element = access::element(&window[object.at()], &window[index.at()])?;
            (dst, get_field(core, &element, name, cache)?)
        }
        I::SetIndexField { object, index, src, name, cache } => return set_index_field(core, window, object, index, window[src.at()].clone(), name, cache),
        I::AddToField { object, src, name, cache } => return next(AddToField(core, window, object, src, name, cache)),
        I::AddToIndex { object, index, src } => return next(AddToIndex(core, window, object, index, src)),
        I::AddToIndexField { object, index, src, name, cache } => return change_index_field(core, window, add, [object, index, src], name, cache),
        I::SubtractFromField { object, src, name, cache } => return next(SubtractFromField(core, window, object, src, name, cache)),
        I::SubtractFromIndex { object, index, src } => return next(SubtractFromIndex(core, window, object, index, src)),
        I::SubtractFromIndexField { object, index, src, name, cache } => return change_index_field(core, window, subtract, [object, index, src], name, cache),
        I::SetPath { path, src } => {
            let value = window[src.at()].clone();
            change(core, path, window, &mut |place, _| {
                *place = value.clone();
                Ok(())
            })?;
            return Ok(Flow::Next);
        }
        I::Push { array, src } => return next(Push(core, window, array, src)),
        I::Append { path, src } => {
            let (mut item, mut copied) = (Some(window[src.at()].clone()), 0);
            let (program, names, items_max) = (core.program, core.names, core.limits.array_items);
            change(core, path, window, &mut |place, is_field| {
                copied = place.copied_by_change();
                let name = || place::name_of(&program.paths[path.at()], names);
                place::append(place, item.take().unwrap_or_default(), name, is_field, items_max)
            })?;
            core.charge_copy(copied)?;
            return Ok(Flow::Next);
        }
        I::AdoptField { path, src, name } => {
            let names = core.names;
            let key = &names[name.at()];
            let field = match &window[src.at()] {
                Value::Object(stored) => stored.get(key).cloned(),
                _ => None,
            };
            if let Some(field) = field {
                change(core, path, window, &mut |place, _| match place {
                    Value::Object(object) => object.set(key, field.clone()),
                    _ => Ok(()),
                })?;
            }
            return Ok(Flow::Next);
        }

        I::Call { first, procedure } => {
            let callee = &core.program.procedures[procedure.at()];
            let to = (first.at() + usize::from(callee.registers)).min(window.len());
            clear(&mut window[(first.at() + usize::from(callee.parameters)).min(to)..to]);
            let callee = core.callees[procedure.at()];
            if core.enter(first, procedure, callee) {
                return Ok(Flow::Enter(first, callee.entry));
            }
            return Ok(Flow::Stop(core.no_room(procedure)));
        }
        I::Throw { src } => return Err(trap::thrown(&window[src.at()])),
        I::Rethrow { error } => {
            return match trap::given(&window[error.at()], &window[error.at() + 1]) {
                Some(fault) => Err(fault),
                None => Ok(Flow::Stop(Stopped::Done)),
            };
        }
        I::Return { src } => return Ok(leave(core, window, src)),
        I::Halt {} => return Ok(Flow::Stop(Stopped::Done)),
        I::CallPure { dst, first, site } => return next(CallPure(core, window, dst, first, site)),
        I::CallChanging { dst, first, path, site } => return call_changing(core, window, dst, first, path, site),
        I::CallHost { dst, first, site } => return Ok(Flow::Stop(Stopped::HostCall { dst, first, site })),

        I::AddInts { dst, a, b } => (dst.0, operators::add(&window[a.0.at()], &window[b.0.at()])?),
        I::SubtractInts { dst, a, b } => (dst.0, compute(core, operators::subtract, &window[a.0.at()], &window[b.0.at()])?),
        I::MultiplyInts { dst, a, b } => (dst.0, compute(core, operators::multiply, &window[a.0.at()], &window[b.0.at()])?),
        I::AddToInt { dst, a, value } => (dst.0, operators::add(&window[a.0.at()], &int(value))?),
        I::ModuloOfInt { dst, a, value } => (dst.0, compute(core, operators::modulo, &window[a.0.at()], &int(value))?),
        I::AddFloats { dst, a, b } => (dst.0, operators::add(&window[a.0.at()], &window[b.0.at()])?),
        I::SubtractFloats { dst, a, b } => (dst.0, compute(core, operators::subtract, &window[a.0.at()], &window[b.0.at()])?),
        I::MultiplyFloats { dst, a, b } => (dst.0, compute(core, operators::multiply, &window[a.0.at()], &window[b.0.at()])?),
        I::DivideFloats { dst, a, b } => (dst.0, compute(core, operators::divide, &window[a.0.at()], &window[b.0.at()])?),
        I::JumpIfIntsLess { a, b, target } => return jump_if(less(core, &window[a.0.at()], &window[b.0.at()])?, target),
        I::JumpIfIntsLessOrEqual { a, b, target } => return jump_if(less_or_equal(core, &window[a.0.at()], &window[b.0.at()])?, target),
        I::JumpIfIntLess { a, value, target } => return jump_if(less(core, &window[a.0.at()], &int(value))?, target),
        I::JumpIfIntGreater { a, value, target } => return jump_if(less(core, &int(value), &window[a.0.at()])?, target),
        I::JumpIfFloatsLess { a, b, target } => return jump_if(less(core, &window[a.0.at()], &window[b.0.at()])?, target),
        I::JumpIfFloatsLessOrEqual { a, b, target } => return jump_if(less_or_equal(core, &window[a.0.at()], &window[b.0.at()])?, target),
        I::ForLoopInts { counter, rest, body } => return attempt(core, window, I::ForLoop { counter: counter.0, rest: rest.0, body }),
        I::CallClean { first, procedure } => return attempt(core, window, I::Call { first, procedure }),
        I::ReturnClean { src } => return Ok(leave(core, window, src.0)),
        I::GetIndexAt { dst, object, index } => return attempt(core, window, I::GetIndex { dst, object, index: index.0 }),
        I::SetIndexPlain { object, index, src } => return next(SetIndexPlain(core, window, object, index, src)),
        I::GetIndexFieldAt { dst, object, index, name, cache } => return attempt(core, window, I::GetIndexField { dst, object, index: index.0, name, cache }),
        I::SetIndexFieldPlain { object, index, src, name, cache } => return attempt(core, window, I::SetIndexField { object, index: index.0, src: src.0, name, cache }),
        I::MovePlain { dst, src } => (dst.0, window[src.0.at()].clone()),

        I::Unanswered { name } => {
            let name = coerce::text(&core.constants[name.at()]);
            return Err(Fault::new("E_UNANSWERED", format!("nobody answers {}: no procedure of the script or of lib/, and no function, has this name", name.as_str())));
        }
    };
    window[dst.at()] = value;
    Ok(Flow::Next)
}

/// Leaves the running procedure: its result comes to its first register, and nothing else is kept.
fn leave(core: &mut Core<'_>, window: &mut Window, src: Reg) -> Flow {
    let Some([caller, own]) = core.frames.get(core.depth.wrapping_sub(2)..core.depth) else { return Flow::Stop(Stopped::Done) };
    let (distance, back) = (own.base - caller.base, caller.pc);
    let count = usize::from(core.program.procedures[own.procedure.at()].registers);
    window.swap(0, src.at());
    clear(&mut window[1..count.max(1)]);
    core.depth -= 1;
    core.base -= distance as usize;
    Flow::Leave(distance, back)
}

/// What follows from how an instruction ended that goes nowhere else.
fn next(done: Result<(), Box<Fault>>) -> Result<Flow, Fault> {
    match done {
        Ok(()) => Ok(Flow::Next),
        Err(fault) => Err(*fault),
    }
}

fn jump_if(holds: bool, target: crate::program::Target) -> Result<Flow, Fault> {
    Ok(if holds { Flow::Jump(target) } else { Flow::Next })
}

fn int(value: i16) -> Value {
    Value::Int(i64::from(value))
}

fn range(window: &mut Window, first: Reg, count: usize) -> &mut [Value] {
    &mut window[first.at()..first.at() + count]
}

fn clear(registers: &mut [Value]) {
    for register in registers {
        *register = Value::Missing;
    }
}

/// `a = b`. What is compared with a secret that is not set would prove nothing: only a literal may be.
fn equal(core: &mut Core<'_>, a: &Value, b: &Value) -> Result<bool, Fault> {
    core.charge_compare(a, b)?;
    for (secret, other) in [(a, b), (b, a)] {
        if !matches!(other, Value::Text(text) if text.is_literal()) {
            operators::check_set(secret)?;
        }
    }
    let is_equal = operators::equal(a, b);
    if is_equal && let (Value::Text(a), Value::Text(b)) = (a, b) {
        let knows = |secret: &Text, other: &Text| secret.has_secret() && !other.has_secret() && !other.is_literal();
        core.has_matched_secret |= !a.as_str().is_empty() && (knows(a, b) || knows(b, a));
    }
    Ok(is_equal)
}

fn add(core: &mut Core<'_>, a: &Value, b: &Value) -> Result<Value, Fault> {
    let sum = access::bounded(compute(core, operators::add, a, b)?, core.limits)?;
    core.charge_walk(&sum)?;
    Ok(sum)
}

fn subtract(core: &mut Core<'_>, a: &Value, b: &Value) -> Result<Value, Fault> {
    compute(core, operators::subtract, a, b)
}

fn less(core: &mut Core<'_>, a: &Value, b: &Value) -> Result<bool, Fault> {
    Ok(order(core, a, b)? == Some(Ordering::Less))
}

fn less_or_equal(core: &mut Core<'_>, a: &Value, b: &Value) -> Result<bool, Fault> {
    Ok(order(core, a, b)?.is_some_and(Ordering::is_le))
}

fn order(core: &mut Core<'_>, a: &Value, b: &Value) -> Result<Option<Ordering>, Fault> {
    operators::check_set(a)?;
    operators::check_set(b)?;
    core.charge_read(a)?;
    core.charge_read(b)?;
    Ok(operators::order(a, b))
}

/// What an operator on numbers gives.
fn compute(core: &mut Core<'_>, operate: fn(&Value, &Value) -> Result<Value, Fault>, a: &Value, b: &Value) -> Result<Value, Fault> {
    core.charge_read(a)?;
    core.charge_read(b)?;
    operate(a, b)
}

fn is_null(value: &Value) -> bool {
    value.reads_as_null() || matches!(value, Value::Array(array) if array.is_empty())
}

/// `R[a] := R[a] + R[b]` in place, where both are plain texts and nobody else holds the first; gives back whether they are.
fn append(window: &mut Window, a: Reg, b: Reg, most: usize) -> Result<bool, Fault> {
    let Ok([Value::Text(text), Value::Text(more)]) = window.get_disjoint_mut([a.at(), b.at()]) else { return Ok(false) };
    if !more.is_data() || !text.append_with(|string| string.push_str(more.as_str())) {
        return Ok(false);
    }
    access::within(text, most)?;
    Ok(true)
}

fn get_field(core: &mut Core<'_>, object: &Value, name: NameIndex, cache: CacheIndex) -> Result<Value, Fault> {
    let names = core.names;
    let name = &names[name.at()];
    let Value::Object(object) = object else { return access::field(object, name) };
    let (shape, slot) = core.caches[cache.at()];
    if let Some(value) = object.slot_of(shape, slot) {
        return Ok(value.clone());
    }
    if object.len() > SHAPED_MAX && object.exact_slot(name).is_none() {
        // A name in another case is looked for among all.
        core.charge_steps(object.len() / 2);
    }
    let Some(slot) = object.find_slot(name) else { return access::absent(object) };
    remember(core.caches, cache, object, slot);
    Ok(object.slot(slot).clone())
}

/// Notes where an object's shape has a field. An object without a shape has the id 0, which no cache may hold.
fn remember(caches: &mut [(u64, u32)], cache: CacheIndex, object: &Object, slot: u32) {
    if object.shape_id() != 0 {
        caches[cache.at()] = (object.shape_id(), slot);
    }
}

fn set_index_field(core: &mut Core<'_>, window: &mut Window, object: Reg, index: Reg, value: Value, name: NameIndex, cache: CacheIndex) -> Result<Flow, Fault> {
    let names = core.names;
    let key = &names[name.at()];
    let steps = [Move::Index(window[index.at()].clone()), Move::Field(key.clone())];
    set_in(core, window, object, &steps, value)?;
    // The place exists now: what is there tells the short way where.
    if let (Value::Array(array), Value::Int(index)) = (&window[object.at()], &window[index.at()])
        && let Some(Value::Object(object)) = array.items().get(*index as usize)
        && let Some(slot) = object.exact_slot(key)
    {
        remember(core.caches, cache, object, slot);
    }
    Ok(Flow::Next)
}

/// `R[object][R[index]].name := R[object][R[index]].name op R[src]`.
fn change_index_field(core: &mut Core<'_>, window: &mut Window, operate: Operate, [object, index, src]: [Reg; 3], name: NameIndex, cache: CacheIndex) -> Result<Flow, Fault> {
    // What is read may be another field than what is set, whose name differs in case: the cache is for the latter.
    let before = access::field(&access::element(&window[object.at()], &window[index.at()])?, &core.names[name.at()])?;
    let after = operate(core, &before, &window[src.at()])?;
    set_index_field(core, window, object, index, after, name, cache)
}

/// What changes a value in its place.
type Operate = fn(&mut Core<'_>, &Value, &Value) -> Result<Value, Fault>;

/// Sets a place inside of a register.
fn set_in(core: &mut Core<'_>, window: &mut Window, object: Reg, steps: &[Move], value: Value) -> Result<(), Fault> {
    let mut value = Some(value);
    let copied = place::change(&mut window[object.at()], steps, variable_name(core, object), core.limits.array_items, &mut |place| {
        *place = value.take().unwrap_or_default();
        Ok(())
    })?;
    core.charge_copy(copied)?;
    Ok(())
}

/// The name of the variable in a register of the running procedure; empty where it holds none.
fn variable_name<'p>(core: &Core<'p>, register: Reg) -> &'p str {
    let Some(frame) = core.frames.get(core.depth.wrapping_sub(1)) else { return "" };
    let variables = &core.program.procedures[frame.procedure.at()].variables;
    variables.iter().find(|(own, _)| *own == register.0).map_or("", |(_, name)| name)
}

/// Hands the list of instructions whose whole way the threaded dispatcher reaches without a `match`, and their operands,
/// to another macro. A function takes at most six words and gives one: with more, its caller would have to keep
/// something on the stack and could not end in a jump.
macro_rules! with_direct_ways {
    ($make:ident) => {
        $make! {
            CallPure(dst, first, site) Concat(dst, parts, track) NewObject(dst, first, shape)
            GetIndex(dst, object, index) SetIndex(object, index, src) SetField(object, src, name, cache) Push(array, src)
            SetIndexPlain(object, index, src)
            AddToField(object, src, name, cache) AddToIndex(object, index, src)
            SubtractFromField(object, src, name, cache) SubtractFromIndex(object, index, src)
        }
    };
}
pub(super) use with_direct_ways;

#[inline(never)]
pub fn CallPure(core: &mut Core<'_>, window: &mut Window, dst: Reg, first: Reg, site: SiteIndex) -> Result<(), Box<Fault>> {
    let site = &core.program.sites[site.at()];
    let arguments = range(window, first, site.arguments.len());
    let native = &core.natives[site.import.at()];
    let value = match native {
        Native::Pure(function) | Native::Asking(function) => function(&PureContext { now: core.now, limits: core.limits }, arguments)?,
        Native::Embedded(function) => function(arguments)?,
        Native::Host | Native::Changing(_) => return Err(Box::new(Fault::ending("E_PROGRAM", "the program calls a keyword as if it were a function"))),
    };
    // What a function looks at and makes takes time that no jump pays for.
    for argument in arguments {
        if argument.is_counted() {
            if !matches!(native, Native::Asking(_)) {
                operators::check_set(argument)?;
            }
            core.charge_look(argument)?;
            *argument = Value::Missing;
        }
    }
    if value.is_counted() {
        core.charge(&value)?;
        access::check_size(&value, core.limits)?;
    }
    window[dst.at()] = value;
    Ok(())
}

#[inline(never)]
pub fn Concat(core: &mut Core<'_>, window: &mut Window, dst: Reg, parts: RegRange, track: bool) -> Result<(), Box<Fault>> {
    let parts = range(window, parts.first, usize::from(parts.count));
    let joined = access::concat(parts, track, core.limits.string_bytes)?;
    clear(parts);
    core.charge(&joined)?;
    window[dst.at()] = joined;
    Ok(())
}

#[inline(never)]
pub fn NewObject(core: &mut Core<'_>, window: &mut Window, dst: Reg, first: Reg, shape: ShapeIndex) -> Result<(), Box<Fault>> {
    let fields = &core.program.shapes[shape.at()];
    let values = range(window, first, fields.len()).iter_mut().map(std::mem::take);
    let object = match &core.shapes[shape.at()] {
        Some(shape) => Object::of_shape(shape.clone(), values.collect())?,
        None => Object::of_fields(fields.iter().map(|name| core.names[name.at()].clone()).zip(values))?,
    };
    window[dst.at()] = Value::Object(object);
    Ok(())
}

#[inline(never)]
pub fn GetIndex(_: &mut Core<'_>, window: &mut Window, dst: Reg, object: Reg, index: Reg) -> Result<(), Box<Fault>> {
    let element = access::element(&window[object.at()], &window[index.at()])?;
    window[dst.at()] = element;
    Ok(())
}

#[inline(never)]
pub fn SetIndex(core: &mut Core<'_>, window: &mut Window, object: Reg, index: Reg, src: Reg) -> Result<(), Box<Fault>> {
    let value = window[src.at()].clone();
    set_index(core, window, object, index, value)
}

fn set_index(core: &mut Core<'_>, window: &mut Window, object: Reg, index: Reg, value: Value) -> Result<(), Box<Fault>> {
    // The place after the last element is where arrays grow.
    if let Ok([Value::Array(array), &mut Value::Int(at)]) = window.get_disjoint_mut([object.at(), index.at()])
        && at as usize == array.len()
        && array.len() < core.limits.array_items
    {
        core.charge_copy(array.copied_by_change())?;
        return Ok(array.push(value)?);
    }
    if let Ok([Value::Object(object), Value::Text(key)]) = window.get_disjoint_mut([object.at(), index.at()])
        && !key.has_secret()
    {
        core.charge_copy(object.copied_by_change())?;
        object.change_str(key.as_str(), |field| {
            *field = value;
            Ok(())
        })?;
        return Ok(());
    }
    let step = Move::Index(window[index.at()].clone());
    set_in(core, window, object, &[step], value)?;
    Ok(())
}

#[inline(never)]
pub fn SetIndexPlain(core: &mut Core<'_>, window: &mut Window, object: Reg, index: IntReg, src: PlainReg) -> Result<(), Box<Fault>> {
    SetIndex(core, window, object, index.0, src.0)
}

#[inline(never)]
pub fn SetField(core: &mut Core<'_>, window: &mut Window, object: Reg, src: Reg, name: NameIndex, cache: CacheIndex) -> Result<(), Box<Fault>> {
    let value = window[src.at()].clone();
    set_field(core, window, object, value, name, cache)
}

fn set_field(core: &mut Core<'_>, window: &mut Window, object: Reg, value: Value, name: NameIndex, cache: CacheIndex) -> Result<(), Box<Fault>> {
    let names = core.names;
    let key = &names[name.at()];
    let Value::Object(target) = &mut window[object.at()] else {
        return Err(Box::new(place::not_an_object(variable_name(core, object), &window[object.at()], &Move::Field(key.clone()))));
    };
    core.charge_copy(target.copied_by_change())?;
    let (shape, slot) = core.caches[cache.at()];
    if target.slot_of(shape, slot).is_some() {
        target.change_slot(slot, |field| {
            *field = value;
            Ok(())
        })?;
        return Ok(());
    }
    target.set(key, value)?;
    if let Some(slot) = target.exact_slot(key) {
        remember(core.caches, cache, target, slot);
    }
    Ok(())
}

macro_rules! accumulate {
    ($($in_field:ident $in_index:ident $operate:ident $in_place:ident)*) => {$(
        #[inline(never)]
        pub fn $in_field(core: &mut Core<'_>, window: &mut Window, object: Reg, src: Reg, name: NameIndex, cache: CacheIndex) -> Result<(), Box<Fault>> {
            let before = access::field(&window[object.at()], &core.names[name.at()])?;
            let after = $operate(core, &before, &window[src.at()])?;
            set_field(core, window, object, after, name, cache)
        }

        #[inline(never)]
        pub fn $in_index(core: &mut Core<'_>, window: &mut Window, object: Reg, index: Reg, src: Reg) -> Result<(), Box<Fault>> {
            // A counter under a computed key is looked up once.
            if let Ok([Value::Object(object), Value::Text(key), by]) = window.get_disjoint_mut([object.at(), index.at(), src.at()])
                && key.is_plain()
                && object.own_field(key.as_str()).is_some_and(|field| fast::$in_place(field, by))
            {
                return Ok(());
            }
            let before = access::element(&window[object.at()], &window[index.at()])?;
            let after = $operate(core, &before, &window[src.at()])?;
            drop(before);
            set_index(core, window, object, index, after)
        }
    )*};
}

accumulate! {
    AddToField AddToIndex add add_in_place
    SubtractFromField SubtractFromIndex subtract subtract_in_place
}

#[inline(never)]
pub fn Push(core: &mut Core<'_>, window: &mut Window, array: Reg, src: Reg) -> Result<(), Box<Fault>> {
    let item = window[src.at()].clone();
    core.charge_copy(window[array.at()].copied_by_change())?;
    let name = || variable_name(core, array).to_owned();
    place::append(&mut window[array.at()], item, name, false, core.limits.array_items)?;
    Ok(())
}

/// Calls a function that changes a place.
fn call_changing(core: &mut Core<'_>, window: &mut Window, dst: Reg, first: Reg, path: PathIndex, site: SiteIndex) -> Result<Flow, Fault> {
    let site = &core.program.sites[site.at()];
    let arguments: Vec<Value> = range(window, first, site.arguments.len()).iter_mut().map(std::mem::take).collect();
    let Native::Changing(function) = core.natives[site.import.at()] else {
        return Err(Fault::ending("E_PROGRAM", "the program lets a keyword change what it only looks at"));
    };
    for argument in &arguments {
        core.charge_look(argument)?;
    }
    let context = PureContext { now: core.now, limits: core.limits };
    let (mut changed, mut copied) = (None, 0);
    change(core, path, window, &mut |place, _| {
        copied = place.copied_by_change();
        changed = Some(function(&context, place, &arguments)?);
        Ok(())
    })?;
    let Changed { value, moved } = changed.expect("a place is changed once, or there is a fault");
    core.charge_copy(copied + moved)?;
    core.charge(&value)?;
    access::check_size(&value, core.limits)?;
    window[dst.at()] = value;
    Ok(Flow::Next)
}

/// Settles a counting loop; false where its body never runs.
fn prepare_for(window: &mut Window, counter: Reg, rest: Reg) -> Result<bool, Fault> {
    let (counter, last, step) = (counter.at(), rest.at(), rest.at() + 1);
    let registers = (counter, last, step);
    let number = |register: usize, what: &str| {
        coerce::number(&window[register]).ok_or_else(|| Fault::of_value("E_TYPE", &format!("FOR needs a number as its {what}"), &window[register], access::a_kind(&window[register])))
    };
    let (first, last, step) = (number(counter, "first value")?, number(last, "last value")?, number(step, "step")?);
    let more = match (first, last, step) {
        (_, _, Number::Int(0)) => return Err(Fault::new("E_RANGE", "the STEP of a FOR loop is 0, so it would never end")),
        (Number::Int(first), Number::Int(last), Number::Int(1)) if last.checked_sub(first).is_some() => i128::from((last - first).max(-1)),
        (Number::Int(first), Number::Int(last), Number::Int(step)) => (i128::from(last) - i128::from(first)) / i128::from(step) - i128::from((first < last) != (step > 0) && first != last),
        (first, last, step) => {
            let span = (last.as_float() - first.as_float()) / step.as_float();
            // A last value that rounding put just past a step still counts.
            if span.is_nan() {
                return Err(Fault::new("E_RANGE", "the STEP of a FOR loop is 0, so it would never end"));
            }
            (span + 1e-9).floor().clamp(-1.0, 9e18) as i128
        }
    };
    if more < 0 || ((last.as_float() - first.as_float()) * step.as_float() < 0.0) {
        return Ok(false);
    }
    let is_whole = matches!((first, step), (Number::Int(_), Number::Int(_)));
    window[registers.0] = if is_whole { first.into() } else { Value::Float(first.as_float()) };
    window[registers.1] = Value::Int(i64::try_from(more).unwrap_or(i64::MAX));
    window[registers.2] = if is_whole { step.into() } else { Value::Float(step.as_float()) };
    Ok(true)
}

/// What FOR EACH visits: the elements, an object alone, of nothing nothing.
fn elements_of(list: &Value) -> Result<Value, Fault> {
    match list {
        Value::Array(_) => Ok(list.clone()),
        Value::Object(_) => Value::array(vec![list.clone()]),
        Value::Missing | Value::Null => Value::array(Vec::new()),
        Value::Text(text) if text.as_str().is_empty() => Value::array(Vec::new()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) => Err(Fault::of_value("E_TYPE", "FOR EACH needs an array", list, access::a_kind(list))),
    }
}

/// Changes the place that a path names; the function learns whether it is a field or element of something.
fn change(core: &mut Core<'_>, path: PathIndex, window: &mut Window, act: &mut dyn FnMut(&mut Value, bool) -> Result<(), Fault>) -> Result<(), Fault> {
    let (program, names) = (core.program, core.names);
    let path = &program.paths[path.at()];
    let moves: Vec<Move> = path
        .steps
        .iter()
        .map(|step| match step {
            Step::Field(name) => Move::Field(names[name.at()].clone()),
            Step::Index(register) => Move::Index(window[register.at()].clone()),
        })
        .collect();
    let root = match path.root {
        Root::Register(register) => &mut window[register.at()],
        Root::Global(global) => &mut core.globals[global.at()],
    };
    let is_field = !moves.is_empty();
    let copied = place::change(root, &moves, &path.name, core.limits.array_items, &mut |place| act(place, is_field))?;
    core.charge_copy(copied)?;
    Ok(())
}
