//! The loop. Its registers are a window of the stack that every one-byte index is inside of; what is rare stands in
//! functions of its own, so that the loop's code stays small.

use std::cmp::Ordering;

use crate::coerce::{self, Number};
use crate::fault::Fault;
use crate::frame::Frame;
use crate::instant::Instant;
use crate::isa::Instruction as I;
use crate::machine::access;
use crate::machine::place::{self, Move};
use crate::machine::{State, Stop, Vm, WINDOW};
use crate::native::{Native, PureContext};
use crate::object::{Key, Object};
use crate::operators;
use crate::program::{ConstIndex, PathIndex, Reg, Root, Step};
use crate::value::{Array, Value};

type Window = [Value; WINDOW];

impl Vm {
    /// Executes until the run ends, fails, or needs something.
    pub(super) fn execute(&mut self, now: &dyn Fn() -> Instant) -> Result<Stop, Fault> {
        let linked = self.linked.clone();
        let limits = self.limits.clone();
        let program = &*linked.program;
        let code = &program.code[..];
        let Some(&Frame { mut base, pc, .. }) = self.frames.last() else { return Ok(Stop::Done) };
        let mut pc = pc as usize;
        'window: loop {
            let Vm { stack, frames, serials, next_serial, globals, state, constants, names, shapes, caches, fuel, .. } = &mut *self;
            let registers: &mut Window = (&mut stack[base..base + WINDOW]).try_into().expect("the stack reaches a window past every base");

            // What the trace and a later `run` need to know: where the present procedure stands.
            macro_rules! note {
                () => {
                    if let Some(frame) = frames.last_mut() {
                        frame.pc = pc as u32;
                    }
                };
            }
            macro_rules! check {
                ($result:expr) => {
                    match $result {
                        Ok(value) => value,
                        Err(fault) => {
                            note!();
                            return Err(fault);
                        }
                    }
                };
            }
            macro_rules! jump {
                ($target:expr) => {{
                    let target = $target.at();
                    if target < pc {
                        let cost = (pc - target) as u64;
                        if *fuel < cost {
                            pc = target;
                            note!();
                            *fuel = 0;
                            return Ok(Stop::OutOfFuel);
                        }
                        *fuel -= cost;
                    }
                    pc = target;
                }};
            }
            macro_rules! arithmetic {
                ($dst:expr, $a:expr, $b:expr, $ints:ident, $floats:tt, $slow:path) => {
                    match (&registers[$a.at()], &registers[$b.at()]) {
                        (Value::Int(a), Value::Int(b)) => match a.$ints(*b) {
                            Some(int) => registers[$dst.at()] = Value::Int(int),
                            None => check!(Err(operators::overflow())),
                        },
                        (Value::Float(a), Value::Float(b)) if (a $floats b).is_finite() => registers[$dst.at()] = Value::Float(a $floats b),
                        (a, b) => {
                            let value = check!($slow(a, b).and_then(|value| access::bounded(value, limits.string_bytes)));
                            registers[$dst.at()] = value;
                        }
                    }
                };
            }
            macro_rules! slow {
                ($dst:expr, $a:expr, $b:expr, $slow:path) => {{
                    let value = check!($slow(&registers[$a.at()], &registers[$b.at()]));
                    registers[$dst.at()] = value;
                }};
            }

            loop {
                let instruction = code[pc];
                pc += 1;
                match instruction {
                    I::Move { dst, src } => registers[dst.at()] = registers[src.at()].clone(),
                    I::LoadConst { dst, constant } => registers[dst.at()] = constants[constant.at()].clone(),
                    I::LoadInt { dst, value } => registers[dst.at()] = Value::Int(i64::from(value)),
                    I::LoadBool { dst, value } => registers[dst.at()] = Value::Bool(value),
                    I::LoadNull { dst } => registers[dst.at()] = Value::Null,
                    I::LoadMissing { dst } => registers[dst.at()] = Value::Missing,
                    I::GetGlobal { dst, slot } => registers[dst.at()] = globals[slot.at()].clone(),
                    I::SetGlobal { slot, src } => globals[slot.at()] = registers[src.at()].clone(),

                    I::Add { dst, a, b } => arithmetic!(dst, a, b, checked_add, +, operators::add),
                    I::AddInt { dst, a, value } => match &registers[a.at()] {
                        Value::Int(int) => match int.checked_add(i64::from(value)) {
                            Some(sum) => registers[dst.at()] = Value::Int(sum),
                            None => check!(Err(operators::overflow())),
                        },
                        other => {
                            let sum = check!(operators::add(other, &Value::Int(i64::from(value))));
                            registers[dst.at()] = sum;
                        }
                    },
                    I::Subtract { dst, a, b } => arithmetic!(dst, a, b, checked_sub, -, operators::subtract),
                    I::Multiply { dst, a, b } => arithmetic!(dst, a, b, checked_mul, *, operators::multiply),
                    I::Divide { dst, a, b } => slow!(dst, a, b, operators::divide),
                    I::IntegerDivide { dst, a, b } => slow!(dst, a, b, operators::integer_divide),
                    I::Modulo { dst, a, b } => match (&registers[a.at()], &registers[b.at()]) {
                        (Value::Int(a), Value::Int(b)) if *b > 0 => registers[dst.at()] = Value::Int(a % b),
                        (a, b) => {
                            let value = check!(operators::modulo(a, b));
                            registers[dst.at()] = value;
                        }
                    },
                    I::Power { dst, a, b } => slow!(dst, a, b, operators::power),
                    I::Negate { dst, src } => {
                        let value = check!(operators::negate(&registers[src.at()]));
                        registers[dst.at()] = value;
                    }
                    I::Concat { dst, parts, track } => {
                        let first = parts.first.at();
                        let joined = check!(access::concat(&registers[first..first + usize::from(parts.count)], track, limits.string_bytes));
                        registers[dst.at()] = joined;
                    }

                    I::Not { dst, src } => registers[dst.at()] = Value::Bool(!coerce::truth(&registers[src.at()])),
                    I::Xor { dst, a, b } => registers[dst.at()] = Value::Bool(coerce::truth(&registers[a.at()]) != coerce::truth(&registers[b.at()])),
                    I::Equal { dst, a, b } => registers[dst.at()] = Value::Bool(equal(registers, a, b)),
                    I::NotEqual { dst, a, b } => registers[dst.at()] = Value::Bool(!equal(registers, a, b)),
                    I::Less { dst, a, b } => registers[dst.at()] = Value::Bool(less(registers, a, b)),
                    I::LessOrEqual { dst, a, b } => registers[dst.at()] = Value::Bool(less_or_equal(registers, a, b)),
                    I::In { dst, a, b } => {
                        let is_in = check!(access::is_in(&registers[a.at()], &registers[b.at()]));
                        registers[dst.at()] = Value::Bool(is_in);
                    }
                    I::Like { dst, a, b } => {
                        let (text, pattern) = (coerce::text(&registers[a.at()]), coerce::text(&registers[b.at()]));
                        registers[dst.at()] = Value::Bool(operators::like(text.as_str(), pattern.as_str()));
                    }
                    I::IsNull { dst, src } => registers[dst.at()] = Value::Bool(is_null(&registers[src.at()])),

                    I::Jump { target } => jump!(target),
                    I::JumpIfTrue { src, target } => {
                        if coerce::truth(&registers[src.at()]) {
                            jump!(target);
                        }
                    }
                    I::JumpIfFalse { src, target } => {
                        if !coerce::truth(&registers[src.at()]) {
                            jump!(target);
                        }
                    }
                    I::JumpIfPresent { src, target } => {
                        if !registers[src.at()].is_nothing() {
                            jump!(target);
                        }
                    }
                    I::JumpIfEqual { a, b, target } => {
                        if equal(registers, a, b) {
                            jump!(target);
                        }
                    }
                    I::JumpIfNotEqual { a, b, target } => {
                        if !equal(registers, a, b) {
                            jump!(target);
                        }
                    }
                    I::JumpIfEqualConst { a, constant, target } => {
                        if equal_const(registers, a, constants, constant) {
                            jump!(target);
                        }
                    }
                    I::JumpIfNotEqualConst { a, constant, target } => {
                        if !equal_const(registers, a, constants, constant) {
                            jump!(target);
                        }
                    }
                    I::JumpIfLess { a, b, target } => {
                        if less(registers, a, b) {
                            jump!(target);
                        }
                    }
                    I::JumpUnlessLess { a, b, target } => {
                        if !less(registers, a, b) {
                            jump!(target);
                        }
                    }
                    I::JumpIfLessOrEqual { a, b, target } => {
                        if less_or_equal(registers, a, b) {
                            jump!(target);
                        }
                    }
                    I::JumpUnlessLessOrEqual { a, b, target } => {
                        if !less_or_equal(registers, a, b) {
                            jump!(target);
                        }
                    }

                    I::ForPrepare { base: counter, variable, exit } => {
                        if check!(prepare_for(registers, counter)) {
                            registers[variable.at()] = registers[counter.at()].clone();
                        } else {
                            jump!(exit);
                        }
                    }
                    I::ForLoop { base: counter, variable, body } => {
                        let at = counter.at();
                        let more = match &registers[at + 1] {
                            Value::Int(more) if *more > 0 => *more,
                            _ => continue,
                        };
                        registers[at + 1] = Value::Int(more - 1);
                        match (&registers[at], &registers[at + 2]) {
                            (Value::Int(value), Value::Int(step)) => {
                                let next = value.wrapping_add(*step);
                                registers[at] = Value::Int(next);
                                registers[variable.at()] = Value::Int(next);
                            }
                            (value, step) => {
                                let next = check!(operators::add(value, step));
                                registers[variable.at()] = next.clone();
                                registers[at] = next;
                            }
                        }
                        jump!(body);
                    }
                    I::EachPrepare { iterator, list } => {
                        let elements = check!(elements_of(&registers[list.at()]));
                        registers[iterator.at()] = elements;
                        registers[iterator.at() + 1] = Value::Int(0);
                    }
                    I::EachLoop { iterator, variable, body } => {
                        let at = iterator.at();
                        let (Value::Array(array), Value::Int(next)) = (&registers[at], &registers[at + 1]) else { continue };
                        let next = *next;
                        if let Some(item) = usize::try_from(next).ok().and_then(|next| array.items().get(next)).cloned() {
                            registers[at + 1] = Value::Int(next + 1);
                            registers[variable.at()] = item;
                            jump!(body);
                        }
                    }

                    I::NewArray { dst, items } => {
                        let first = items.first.at();
                        let array = check!(Array::new(registers[first..first + usize::from(items.count)].to_vec()));
                        registers[dst.at()] = Value::Array(array);
                    }
                    I::NewObject { dst, first, shape } => {
                        let fields = &program.shapes[shape.at()];
                        let values = &registers[first.at()..first.at() + fields.len()];
                        let object = match &shapes[shape.at()] {
                            Some(shape) => Object::of_shape(shape.clone(), values.to_vec()),
                            None => Object::of_fields(fields.iter().map(|name| names[name.at()].clone()).zip(values.iter().cloned())),
                        };
                        let object = check!(object);
                        registers[dst.at()] = Value::Object(object);
                    }
                    I::GetField { dst, object, name, cache } => {
                        let value = match &registers[object.at()] {
                            Value::Object(object) => {
                                let (shape, slot) = caches[cache.at()];
                                if object.shape_id() == shape {
                                    object.slot(slot).clone()
                                } else {
                                    match object.find_slot(&names[name.at()]) {
                                        Some(slot) => {
                                            // An object without a shape has the id 0, which no cache may hold.
                                            if object.shape_id() != 0 {
                                                caches[cache.at()] = (object.shape_id(), slot);
                                            }
                                            object.slot(slot).clone()
                                        }
                                        None => check!(access::absent(object)),
                                    }
                                }
                            }
                            other => check!(access::field_of_other(other, &names[name.at()])),
                        };
                        registers[dst.at()] = value;
                    }
                    I::GetIndex { dst, object, index } => {
                        let value = check!(access::element(&registers[object.at()], &registers[index.at()]));
                        registers[dst.at()] = value;
                    }
                    I::SetField { object, src, name, cache } => {
                        let value = registers[src.at()].clone();
                        match &mut registers[object.at()] {
                            Value::Object(target) => {
                                let (shape, slot) = caches[cache.at()];
                                if target.shape_id() == shape {
                                    check!(target.change_slot(slot, |field| {
                                        *field = value;
                                        Ok(())
                                    }));
                                } else {
                                    let key = &names[name.at()];
                                    check!(target.set(key, value));
                                    if let Some(slot) = target.exact_slot(key).filter(|_| target.shape_id() != 0) {
                                        caches[cache.at()] = (target.shape_id(), slot);
                                    }
                                }
                            }
                            other => {
                                let variables = frames.last().map_or(&[][..], |frame| &program.procedures[frame.procedure.at()].variables);
                                let variable = variables.iter().find(|(register, _)| *register == object.0).map_or("", |(_, name)| name);
                                check!(Err(place::not_an_object(variable, other, &Move::Field(names[name.at()].clone()))));
                            }
                        }
                    }
                    I::SetPath { path, src } => {
                        let value = registers[src.at()].clone();
                        check!(change(program, path, registers, globals, names, limits.array_items, &mut |place, _| {
                            *place = value.clone();
                            Ok(())
                        }));
                    }
                    I::Append { path, src } => {
                        let mut item = Some(registers[src.at()].clone());
                        check!(change(program, path, registers, globals, names, limits.array_items, &mut |place, is_field| {
                            let name = || place::name_of(&program.paths[path.at()], names);
                            place::append(place, item.take().unwrap_or_default(), name, is_field, limits.array_items)
                        }));
                    }
                    I::AdoptField { path, src, name } => {
                        let key = &names[name.at()];
                        let field = match &registers[src.at()] {
                            Value::Object(stored) => stored.get(key).cloned(),
                            _ => None,
                        };
                        if let Some(field) = field {
                            check!(change(program, path, registers, globals, names, limits.array_items, &mut |place, _| match place {
                                Value::Object(object) => object.set(key, field.clone()),
                                _ => Ok(()),
                            }));
                        }
                    }

                    I::Call { first, procedure } => {
                        note!();
                        if frames.len() > limits.call_depth {
                            return Err(Fault::new("E_CALL_DEPTH", format!("more than {} procedures wait for one another; does {} call itself without end?", limits.call_depth, program.procedures[procedure.at()].name)));
                        }
                        if *fuel == 0 {
                            pc -= 1;
                            note!();
                            return Ok(Stop::OutOfFuel);
                        }
                        *fuel -= 1;
                        let callee = &program.procedures[procedure.at()];
                        base += first.at();
                        pc = callee.entry as usize;
                        frames.push(Frame { procedure, base, pc: callee.entry });
                        serials.push(*next_serial);
                        *next_serial += 1;
                        if stack.len() < base + WINDOW {
                            stack.resize(base + WINDOW, Value::Missing);
                        }
                        for register in &mut stack[base + usize::from(callee.parameters)..base + usize::from(callee.registers)] {
                            *register = Value::Missing;
                        }
                        continue 'window;
                    }
                    I::Return { src } => {
                        if frames.len() == 1 {
                            note!();
                            *state = State::Ended;
                            return Ok(Stop::Done);
                        }
                        let value = std::mem::take(&mut registers[src.at()]);
                        let count = frames.last().map_or(0, |frame| program.procedures[frame.procedure.at()].registers);
                        for register in &mut registers[1..usize::from(count).max(1)] {
                            *register = Value::Missing;
                        }
                        registers[0] = value;
                        frames.pop();
                        serials.pop();
                        let Some(caller) = frames.last() else { return Ok(Stop::Done) };
                        base = caller.base;
                        pc = caller.pc as usize;
                        continue 'window;
                    }
                    I::Halt {} => {
                        note!();
                        *state = State::Ended;
                        return Ok(Stop::Done);
                    }

                    I::CallPure { dst, first, site } => {
                        let site = &program.sites[site.at()];
                        let arguments = &registers[first.at()..first.at() + site.arguments.len()];
                        let given = match &linked.natives[site.import.at()] {
                            Native::Pure(function) => function(&PureContext { now, limits: &limits }, arguments),
                            Native::Embedded(function) => function(arguments),
                            Native::Host => Err(Fault::new("E_PROGRAM", "the program calls a keyword as if it were a function")),
                        };
                        let value = check!(given.and_then(|value| access::bounded(value, limits.string_bytes)));
                        registers[dst.at()] = value;
                    }
                    I::CallHost { dst, first, site } => {
                        note!();
                        *state = State::Waiting { dst, first, site };
                        return Ok(Stop::HostCall);
                    }
                    I::Unanswered { name } => {
                        let name = coerce::text(&constants[name.at()]);
                        check!(Err(Fault::new("E_UNANSWERED", format!("nobody answers {}: no procedure of the script or of lib/, and no function, has this name", name.as_str()))));
                    }
                }
            }
        }
    }
}

#[inline]
fn equal(registers: &Window, a: Reg, b: Reg) -> bool {
    match (&registers[a.at()], &registers[b.at()]) {
        (Value::Int(a), Value::Int(b)) => a == b,
        (a, b) => operators::equal(a, b),
    }
}

#[inline]
fn equal_const(registers: &Window, a: Reg, constants: &[Value], constant: ConstIndex) -> bool {
    match (&registers[a.at()], &constants[constant.at()]) {
        (Value::Int(a), Value::Int(b)) => a == b,
        (a, b) => operators::equal(a, b),
    }
}

#[inline]
fn less(registers: &Window, a: Reg, b: Reg) -> bool {
    match (&registers[a.at()], &registers[b.at()]) {
        (Value::Int(a), Value::Int(b)) => a < b,
        (Value::Float(a), Value::Float(b)) => a < b,
        (a, b) => operators::order(a, b) == Some(Ordering::Less),
    }
}

#[inline]
fn less_or_equal(registers: &Window, a: Reg, b: Reg) -> bool {
    match (&registers[a.at()], &registers[b.at()]) {
        (Value::Int(a), Value::Int(b)) => a <= b,
        (Value::Float(a), Value::Float(b)) => a <= b,
        (a, b) => operators::order(a, b).is_some_and(Ordering::is_le),
    }
}

fn is_null(value: &Value) -> bool {
    match value {
        Value::Missing | Value::Null => true,
        Value::Array(array) => array.is_empty(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) | Value::Object(_) => false,
    }
}

/// Settles a counting loop; false where its body never runs.
#[cold]
#[inline(never)]
fn prepare_for(registers: &mut Window, counter: Reg) -> Result<bool, Fault> {
    let at = counter.at();
    let number = |register: usize, what: &str| {
        coerce::number(&registers[register]).ok_or_else(|| Fault::new("E_TYPE", format!("FOR needs numbers, and its {what} is a {}", registers[register].kind())))
    };
    let (first, last, step) = (number(at, "first value")?, number(at + 1, "last value")?, number(at + 2, "step")?);
    let more = match (first, last, step) {
        (_, _, Number::Int(0)) => return Err(Fault::new("E_RANGE", "the STEP of a FOR loop is 0, so it would never end")),
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
    registers[at] = if is_whole { first.into() } else { Value::Float(first.as_float()) };
    registers[at + 1] = Value::Int(i64::try_from(more).map_err(|_| operators::overflow())?);
    registers[at + 2] = if is_whole { step.into() } else { Value::Float(step.as_float()) };
    Ok(true)
}

/// What FOR EACH visits: the elements, an object alone, of nothing nothing.
fn elements_of(list: &Value) -> Result<Value, Fault> {
    match list {
        Value::Array(_) => Ok(list.clone()),
        Value::Object(_) => Value::array(vec![list.clone()]),
        Value::Missing | Value::Null => Value::array(Vec::new()),
        Value::Text(text) if text.as_str().is_empty() => Value::array(Vec::new()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) => Err(Fault::new("E_TYPE", format!("FOR EACH needs an array, and this is a {}", list.kind()))),
    }
}

/// Changes the place that a path names; the function learns whether it is a field or element of something.
#[inline(never)]
fn change(
    program: &crate::program::Program,
    path: PathIndex,
    registers: &mut Window,
    globals: &mut [Value],
    names: &[Key],
    items_max: usize,
    act: &mut dyn FnMut(&mut Value, bool) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let path = &program.paths[path.at()];
    let moves: Vec<Move> = path
        .steps
        .iter()
        .map(|step| match step {
            Step::Field(name) => Move::Field(names[name.at()].clone()),
            Step::Index(register) => Move::Index(registers[register.at()].clone()),
        })
        .collect();
    let root = match path.root {
        Root::Register(register) => &mut registers[register.at()],
        Root::Global(global) => &mut globals[global.at()],
    };
    let is_field = !moves.is_empty();
    place::change(root, &moves, &path.name, items_max, &mut |place| act(place, is_field))
}
