//! What instructions work on besides their window of registers, and what they say happens next.

#![cfg_attr(not(threaded), allow(dead_code, unused_imports))] // some parts serve the threaded dispatcher only

use std::rc::Rc;

use crate::fault::Fault;
use crate::frame::Frame;
use crate::instant::Instant;
use crate::isa::Instruction;
use crate::limits::Limits;
use crate::memory;
use crate::machine::switch::Lookup;
use crate::native::Native;
use crate::object::{Key, Shape};
use crate::program::{ProcIndex, Program, Reg, SiteIndex, Target};
use crate::value::Value;
use crate::verify::REGISTERS_MAX;

/// Whether fuel is counted: always, but in the build that measures what counting costs.
const IS_METERED: bool = cfg!(not(feature = "unmetered"));

/// Registers that a window spans: every index of one byte is inside, and so is every register of a procedure that is
/// called from here, so that a call can clear them all.
pub(crate) const WINDOW: usize = 512;

const _: () = assert!(2 * REGISTERS_MAX as usize <= WINDOW);

/// The fuel of one instruction.
pub const INSTRUCTION_FUEL: u64 = size_of::<Instruction>() as u64;
/// How many instructions' fuel taken at once is much.
const HEAVY: usize = 1024;
/// How many bytes of text count as one instruction.
const CHARGED_BYTES: usize = 64;
/// How many elements that a function may look at count as one instruction.
const CHARGED_ITEMS: usize = 1024;
/// How many bytes a text has whose comparison is charged.
pub const LONG_TEXT: usize = 4096;
/// How much weight that an operator looks at or makes counts as one instruction.
const CHARGED_WEIGHT: usize = 16;

/// The registers that the running procedure can name.
pub type Window = [Value; WINDOW];

/// What calling a procedure must know of it.
#[derive(Clone, Copy, Debug)]
pub struct Callee {
    pub entry: u32,
    pub parameters: u8,
    /// How many registers hold variables, parameters included: those that may be read before they are set.
    pub variables: u8,
    pub registers: u8,
}

/// A run while it executes. The stack is not part of it: the window that instructions get is borrowed from there.
pub struct Core<'a> {
    pub program: &'a Program,
    /// The program's instructions.
    pub code: &'a [Instruction],
    /// The program's procedures, in short.
    pub callees: &'a [Callee],
    pub natives: &'a [Native],
    pub limits: &'a Limits,
    pub now: &'a dyn Fn() -> Instant,
    pub constants: &'a [Value],
    pub names: &'a [Key],
    pub shapes: &'a [Option<Rc<Shape>>],
    /// The look-ups of the program's jump tables.
    pub tables: &'a [Lookup],
    pub globals: &'a mut [Value],
    /// For each field instruction, the shape it last met and the field's slot in it.
    pub caches: &'a mut [(u64, u32)],
    /// Room for calls. The first `depth` are alive; the last of them is the running one, whose `pc` is out of date.
    pub frames: &'a mut [Frame],
    pub depth: usize,
    /// Where the window begins on the stack.
    pub base: usize,
    /// How many registers the stack has.
    pub stack_len: usize,
    /// In bytes of code, so that a way back costs what lies between two addresses.
    pub fuel: u64,
    /// Why the threaded dispatcher came back.
    pub stopped: Stopped,
    /// Why the last instruction failed.
    pub fault: Option<Fault>,
    /// Whether data was equal to a secret.
    pub has_matched_secret: bool,
}

/// What happens after an instruction.
pub enum Flow {
    /// The following one.
    Next,
    /// The one at a target; a way back costs fuel.
    Jump(Target),
    /// A procedure was entered: its window begins at a register of the caller's, and this is its first instruction.
    Enter(Reg, u32),
    /// A procedure was left: the caller's window began this many registers before, and this is its next instruction.
    Leave(u32, u32),
    /// The short way does not apply: take the whole one.
    Slow,
    /// The machine gives control back to whoever runs it.
    Stop(Stopped),
}

/// Why execution came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The run has ended.
    Done,
    /// It failed with the fault in the core.
    Failed,
    /// The fuel does not reach for the way back or the call.
    OutOfFuel,
    /// It waits for an answer.
    HostCall { dst: Reg, first: Reg, site: SiteIndex },
    /// The stack must be longer before the instruction can be executed.
    StackFull,
}

impl Stopped {
    /// Whether the instruction that stopped is to be executed again.
    pub fn repeats(self) -> bool {
        match self {
            Stopped::OutOfFuel | Stopped::StackFull => true,
            Stopped::Done | Stopped::Failed | Stopped::HostCall { .. } => false,
        }
    }
}

impl Core<'_> {
    /// Enters a procedure whose window begins at a register of the caller's; gives back whether there was room and fuel
    /// for it.
    #[inline(always)]
    pub fn enter(&mut self, first: Reg, procedure: ProcIndex, callee: Callee) -> bool {
        let base = self.base + first.at();
        if base + WINDOW > self.stack_len || !self.pay(INSTRUCTION_FUEL as usize) {
            return false;
        }
        let Some(own) = self.frames.get_mut(self.depth) else { return false };
        *own = Frame { base: base as u32, pc: callee.entry, serial: 0, procedure, registers: callee.registers };
        self.depth += 1;
        self.base = base;
        true
    }

    /// Notes where the caller of the procedure that was just entered goes on.
    #[inline(always)]
    pub fn note_return(&mut self, back: u32) {
        if let Some(caller) = self.frames.get_mut(self.depth.wrapping_sub(2)) {
            caller.pc = back;
        }
    }

    /// Why a procedure could not be entered.
    pub fn no_room(&mut self, procedure: ProcIndex) -> Stopped {
        if self.fuel < INSTRUCTION_FUEL {
            return Stopped::OutOfFuel;
        }
        if self.depth <= self.limits.call_depth {
            return Stopped::StackFull;
        }
        let name = &self.program.procedures[procedure.at()].name;
        let message = format!("more than {} procedures wait for one another; does {name} call itself without end?", self.limits.call_depth);
        self.fault = Some(Fault::ending("E_CALL_DEPTH", message));
        Stopped::Failed
    }

    /// Takes fuel for a value that was made, in proportion to its size. It may use up the fuel, which the next jump or
    /// call sees.
    ///
    /// # Errors
    /// This and its kin: `E_MEMORY` where the values have outgrown their bound. It is looked at where much is taken at
    /// once, so that no way without a jump can make too much.
    pub fn charge(&mut self, value: &Value) -> Result<(), Fault> {
        let size = match value {
            Value::Text(text) => text.as_str().len() / CHARGED_BYTES,
            Value::Array(array) => array.len().max(array.weight() as usize / CHARGED_WEIGHT),
            Value::Object(object) => object.len().max(object.weight() as usize / CHARGED_WEIGHT),
            Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => 0,
        };
        self.spend(size)
    }

    /// Takes fuel for a value that a function was given: it may look at all of it, but most do not.
    pub fn charge_look(&mut self, value: &Value) -> Result<(), Fault> {
        let size = match value {
            Value::Text(text) => text.as_str().len() / CHARGED_BYTES,
            Value::Array(array) => array.len() / CHARGED_ITEMS,
            Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Object(_) => 0,
        };
        self.spend(size)
    }

    /// Takes fuel for two values that are compared part by part, or byte by byte where they are long: for the lighter one.
    pub fn charge_compare(&mut self, a: &Value, b: &Value) -> Result<(), Fault> {
        let is_long = match (a, b) {
            (Value::Text(a), Value::Text(_)) => a.as_str().len() >= LONG_TEXT,
            (Value::Array(_) | Value::Object(_), Value::Array(_) | Value::Object(_)) => true,
            _ => false,
        };
        if is_long {
            return self.charge_walk(if a.weight() < b.weight() { a } else { b });
        }
        Ok(())
    }

    /// Takes fuel for an operand that may be read as a number, where it is a long text.
    pub fn charge_read(&mut self, operand: &Value) -> Result<(), Fault> {
        match operand {
            Value::Text(text) if text.as_str().len() >= LONG_TEXT => self.charge_walk(operand),
            _ => Ok(()),
        }
    }

    /// Takes fuel for a value that an operator looks at, or makes, from end to end.
    pub fn charge_walk(&mut self, value: &Value) -> Result<(), Fault> {
        self.spend(value.weight() as usize / CHARGED_WEIGHT)
    }

    /// Takes fuel for steps that do as much as an instruction each.
    pub fn charge_steps(&mut self, steps: usize) {
        self.fuel = self.fuel.saturating_sub(steps as u64 * INSTRUCTION_FUEL);
    }

    /// Takes fuel for elements, fields or pieces of text that a change copied because somebody else held them too, or
    /// added.
    pub fn charge_copy(&mut self, copied: usize) -> Result<(), Fault> {
        self.spend(copied / CHARGED_WEIGHT)
    }

    /// Takes the fuel of so many instructions, or what is left.
    fn spend(&mut self, instructions: usize) -> Result<(), Fault> {
        self.fuel = self.fuel.saturating_sub(instructions as u64 * INSTRUCTION_FUEL);
        if instructions >= HEAVY { memory::check() } else { Ok(()) }
    }

    /// Pays for a call, or a way back over this many bytes of code; false where the fuel does not reach.
    #[inline(always)]
    pub fn pay(&mut self, bytes: usize) -> bool {
        if !IS_METERED {
            return true;
        }
        if self.fuel < bytes as u64 {
            return false;
        }
        self.fuel -= bytes as u64;
        true
    }
}
