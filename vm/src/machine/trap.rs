//! What happens to a fault: a handler of the script takes it, or the run ends.
//!
//! Nothing here runs while nothing fails: handlers are tables beside the code.

use crate::coerce;
use crate::fault::{Fault, Place, Step};
use crate::frame::Frame;
use crate::isa::Instruction;
use crate::machine::core::INSTRUCTION_FUEL;
use crate::machine::{State, Vm};
use crate::object::Object;
use crate::program::{Handler, Program, Span, Takes, line_and_column, line_text};
use crate::text::Text;
use crate::value::Value;

/// One execution of a statement of which nothing may stay if it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementKey {
    /// The serial number of the call of its procedure.
    frame: u64,
    /// Which of the statements executed there.
    count: i64,
}

/// The code of what a script throws without one of its own.
const THROWN: &str = "E_THROWN";
/// The fields of what a handler is given.
const FIELDS: [&str; 3] = ["message", "code", "line"];
/// How many instructions it costs that a handler takes a fault, besides what is looked at for it.
const TRAP_COST: u64 = 64;
/// The most places a trace tells of the innermost calls, and of the outermost ones; what is between them is counted.
const TRACE_INNER: usize = 12;
const TRACE_OUTER: usize = 4;

/// The fault that a script throws with a value.
pub fn thrown(value: &Value) -> Fault {
    let text = |value: &Value| match coerce::text(value) {
        text if text.has_secret() => text.masked().into_owned(),
        text => text.as_str().to_owned(),
    };
    let (message, code) = match value {
        Value::Object(object) if object.get(FIELDS[0]).is_some() => (text(object.read(FIELDS[0])), text(object.read(FIELDS[1]))),
        Value::Object(object) => (text(value), text(object.read(FIELDS[1]))),
        other => (text(other), String::new()),
    };
    let message = if message.is_empty() { "the script threw an error without a message".to_owned() } else { message };
    if code.is_empty() { Fault::new(THROWN, message) } else { Fault::new(code, message) }
}

/// The fault that a handler was given; none where it was given the end of the run.
pub fn given(error: &Value, way: &Value) -> Option<Fault> {
    let Value::Object(error) = error else { return None };
    let text = |field: &str| coerce::text(error.read(field)).as_str().to_owned();
    let mut fault = Fault::new(text(FIELDS[1]), text(FIELDS[0]));
    if let Value::Array(way) = way {
        let number = |value: &Value| match value {
            Value::Int(number) => u32::try_from(*number).ok(),
            _ => None,
        };
        let (argument, steps) = way.items().split_first().unwrap_or((&Value::Missing, &[]));
        fault.argument = number(argument).and_then(|argument| u8::try_from(argument).ok());
        let step = |step: &[Value]| match step {
            [at, times, left_out] => Some(Step { at: number(at)?, times: number(times)?, left_out: number(left_out)? }),
            _ => None,
        };
        fault.way = steps.chunks(3).filter_map(step).collect();
    }
    Some(fault)
}

impl Vm {
    /// Lets the innermost handler that takes a fault go on with the run.
    ///
    /// # Errors
    /// The fault with its places, where there is none; the run has then ended.
    pub(super) fn trap(&mut self, fault: Fault) -> Result<(), Fault> {
        let fault = self.with_way(fault);
        let Some((depth, handler)) = self.handler(|handler, vm, base| !fault.ends_run && vm.takes(handler, base)) else {
            self.state = State::Ended;
            return Err(self.placed(fault));
        };
        self.undone.extend(self.statement(depth - 1, &handler));
        let (error, way) = self.shown_to_script(&fault);
        self.go_on_at(depth, &handler, error, way);
        Ok(())
    }

    /// Lets the innermost handler that stands in the way of the end of the run go on; false where there is none.
    pub(super) fn divert_end(&mut self) -> bool {
        let Some((depth, handler)) = self.handler(|handler, _, _| handler.takes == Takes::Everything) else { return false };
        self.fuel = self.fuel.saturating_sub(TRAP_COST * INSTRUCTION_FUEL);
        self.go_on_at(depth, &handler, Value::Null, Value::Null);
        true
    }

    /// Whether the script would go on if the pending call failed: then the call must have no effect where it fails.
    pub fn is_guarded(&self) -> bool {
        self.handler(|handler, vm, base| vm.takes(handler, base)).is_some()
    }

    /// The statements at hand of which nothing may stay if they fail, outermost first.
    pub fn statements(&self) -> Vec<StatementKey> {
        let program = self.linked.program();
        let of_frame = |(at, frame): (usize, &Frame)| {
            let procedure = &program.procedures[frame.procedure.at()];
            // An inner handler, such as that of CATCH, may take a fault first: the statement around can fail later.
            let mut handlers = procedure.handlers_at(frame.pc.wrapping_sub(1));
            let handler = handlers.find(|handler| handler.count.is_some() && self.takes(handler, frame.base as usize))?;
            self.statement(at, handler)
        };
        self.alive().iter().enumerate().filter_map(of_frame).collect()
    }

    /// The statements that have failed since this was last asked, and of which nothing may stay. To be asked before the
    /// run goes on past a host call, and where it ends: a checkpoint does not hold them.
    pub fn take_undone(&mut self) -> Vec<StatementKey> {
        std::mem::take(&mut self.undone)
    }

    /// The statement that a handler guards as a whole in a procedure; none where nobody has asked for the procedure yet,
    /// so that it can have done nothing.
    fn statement(&self, at: usize, handler: &Handler) -> Option<StatementKey> {
        let frame = &self.frames[at];
        match self.stack[frame.base as usize + handler.count?.at()] {
            Value::Int(count) if frame.serial > 0 => Some(StatementKey { frame: frame.serial, count }),
            _ => None,
        }
    }

    /// The innermost handler that guards what each procedure is doing and is wanted, with the number of procedures that
    /// are then alive.
    fn handler(&self, is_wanted: impl Fn(&Handler, &Vm, usize) -> bool) -> Option<(usize, Handler)> {
        let program = self.linked.program();
        self.alive().iter().enumerate().rev().find_map(|(at, frame)| {
            let procedure = &program.procedures[frame.procedure.at()];
            let mut handlers = procedure.handlers_at(frame.pc.wrapping_sub(1));
            handlers.find(|handler| is_wanted(handler, self, frame.base as usize)).map(|handler| (at + 1, *handler))
        })
    }

    fn takes(&self, handler: &Handler, base: usize) -> bool {
        match handler.takes {
            Takes::Faults | Takes::Everything => true,
            Takes::While(mode, value) => matches!(self.stack[base + mode.at()], Value::Int(mode) if mode == i64::from(value)),
            Takes::Between(mode, first, last) => matches!(self.stack[base + mode.at()], Value::Int(mode) if (i64::from(first)..=i64::from(last)).contains(&mode)),
        }
    }

    /// Ends the procedures that a handler does not wait for, as if each had been left, and goes on at the handler.
    fn go_on_at(&mut self, depth: usize, handler: &Handler, error: Value, way: Value) {
        for frame in &self.frames[depth..self.depth] {
            let base = frame.base as usize;
            for register in &mut self.stack[base..base + usize::from(frame.registers)] {
                *register = Value::Missing;
            }
        }
        self.depth = depth;
        let frame = &mut self.frames[depth - 1];
        frame.pc = handler.target.0;
        let base = frame.base as usize;
        self.stack[base + handler.error.at()] = error;
        self.stack[base + handler.error.at() + 1] = way;
        self.state = State::Ready;
    }

    /// A fault as a script sees it, and the way that led to it; this takes fuel.
    fn shown_to_script(&mut self, fault: &Fault) -> (Value, Value) {
        let program = self.linked.program();
        let span = fault.way.first().map(|step| program.spans[step.at as usize]);
        let line = span.map(|span| line_and_column(&program.sources[usize::from(span.source)].text, span.start as usize).0);
        // The text is read up to the place, and the procedure's code for who set what.
        let looked_at = span.map_or(0, |span| u64::from(span.start) / 64) + self.alive().len() as u64 + self.linked.code.len() as u64 / 16;
        self.fuel = self.fuel.saturating_sub((TRAP_COST + looked_at) * INSTRUCTION_FUEL);
        let values = [Value::Text(Text::data(fault.message.clone())), Value::Text(Text::data(fault.code.as_ref())), line.map_or(Value::Missing, |line| Value::Int(i64::from(line)))];
        let error = Object::of_fields(FIELDS.into_iter().zip(values)).map_or(Value::Null, Value::Object);
        let argument = fault.argument.map_or(-1, i64::from);
        let way = std::iter::once(argument).chain(fault.way.iter().flat_map(|step| [step.at, step.times, step.left_out].map(i64::from))).map(Value::Int);
        (error, Value::array(way.collect()).unwrap_or_default())
    }

    /// The fault with the instructions that led to it, innermost first, and the names of what is at fault, unless it has
    /// them.
    pub(super) fn with_way(&self, mut fault: Fault) -> Fault {
        let code = self.linked.program().code.len() as u32;
        fault.way.retain(|step| step.at < code);
        if fault.way.is_empty() {
            if !fault.ends_run {
                fault = self.explained(fault);
            }
            fault.way = self.way();
        }
        fault
    }

    /// Where the calls wait, innermost first; of many places the middle is left out.
    fn way(&self) -> Vec<Step> {
        let mut way: Vec<Step> = Vec::new();
        for frame in self.alive().iter().rev() {
            let at = frame.pc.saturating_sub(1);
            match way.last_mut() {
                Some(step) if step.at == at => step.times += 1,
                Some(_) | None => way.push(Step { at, times: 1, left_out: 0 }),
            }
        }
        if way.len() > TRACE_INNER + TRACE_OUTER {
            let left_out = way.drain(TRACE_INNER..way.len() - TRACE_OUTER).map(|step| step.times).sum();
            way[TRACE_INNER - 1].left_out = left_out;
        }
        way
    }

    /// The fault with the places that led to it, innermost first.
    pub(super) fn placed(&self, fault: Fault) -> Fault {
        if !fault.trace.is_empty() {
            return fault;
        }
        let mut fault = self.with_way(fault);
        let program = self.linked.program();
        fault.trace = fault.way.iter().enumerate().map(|(depth, step)| place_of(program, *step, fault.argument.filter(|_| depth == 0))).collect();
        fault
    }
}

/// The place of an instruction, or of an argument of the call that it is.
fn place_of(program: &Program, Step { at, times, left_out }: Step, argument: Option<u8>) -> Place {
    let argument = argument.and_then(|argument| match program.code[at as usize] {
        Instruction::CallPure { site, .. } | Instruction::CallChanging { site, .. } | Instruction::CallHost { site, .. } => program.sites[site.at()].arguments.get(usize::from(argument)),
        _ => None,
    });
    let span: Span = argument.map_or(program.spans[at as usize], |argument| argument.span);
    let source = &program.sources[usize::from(span.source)];
    let (line, column) = line_and_column(&source.text, span.start as usize);
    let text = line_text(&source.text, line);
    let meant = source.text.get(span.start as usize..span.end as usize).unwrap_or("");
    let width = meant.lines().next().unwrap_or("").chars().count().max(1) as u32;
    Place { file: source.name.to_string(), line, column, procedure: program.procedure_at(at).name.to_string(), text: text.to_owned(), width, times, left_out }
}
