//! Looks on while a program runs, instruction by instruction: for traces and counts. A run that nobody watches pays nothing.

use crate::isa::Instruction;
use crate::machine::core::{Core, Window};
use crate::machine::count::Counts;
use crate::program::{Procedure, Program};
use crate::value::Value;

/// Who looks on.
pub(super) enum Observer<'a> {
    /// Counts what is executed.
    Counts(&'a mut Counts),
    /// Sees the moment before each instruction.
    Watch(&'a mut dyn FnMut(&Moment<'_>)),
}

impl Observer<'_> {
    /// Is told of the instruction that comes next.
    pub(super) fn before(&mut self, core: &Core<'_>, window: &Window, instruction: &Instruction) {
        match self {
            Observer::Counts(counts) => counts.note(instruction),
            Observer::Watch(see) => {
                let bytes = std::ptr::from_ref(instruction).addr() - core.code.as_ptr().addr();
                let pc = (bytes / size_of::<Instruction>()) as u32;
                let leaves = matches!(instruction, Instruction::Return { .. } | Instruction::ReturnClean { .. }) && core.depth > 1;
                see(&Moment { pc, leaves, depth: core.depth, program: core.program, registers: window, globals: core.globals });
            }
        }
    }
}

/// A run right before one of its instructions.
pub struct Moment<'a> {
    /// The instruction that comes next.
    pub pc: u32,
    /// Whether it leaves a procedure.
    pub leaves: bool,
    /// How many calls are alive; the main part is the first.
    pub depth: usize,
    program: &'a Program,
    registers: &'a [Value],
    globals: &'a [Value],
}

impl<'a> Moment<'a> {
    /// The procedure that is running.
    pub fn procedure(&self) -> &'a Procedure {
        self.program.procedure_at(self.pc)
    }

    /// The variables of the procedure, each with its value.
    pub fn variables(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.procedure().variables.iter().map(|(register, name)| (&**name, &self.registers[usize::from(*register)]))
    }

    /// The variables that procedures share, each with its value.
    pub fn shared(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.program.globals.iter().zip(self.globals).map(|(name, value)| (&**name, value))
    }
}
