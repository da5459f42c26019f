//! The call of a procedure.

use crate::program::ProcIndex;

/// A procedure that is running or waits for another to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Which procedure.
    pub procedure: ProcIndex,
    /// Where its registers begin on the stack.
    pub base: usize,
    /// Its next instruction.
    pub pc: u32,
}
