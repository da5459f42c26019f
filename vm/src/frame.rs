//! The call of a procedure.

use crate::program::ProcIndex;

/// A procedure that is running or waits for another to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where its registers begin on the stack.
    pub base: u32,
    /// Its next instruction.
    pub pc: u32,
    /// Identifies the call within its run; 0 until something asked for it.
    pub serial: u64,
    /// Which procedure.
    pub procedure: ProcIndex,
    /// How many registers it has.
    pub registers: u8,
}
