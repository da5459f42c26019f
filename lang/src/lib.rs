//! General Bots BASIC: from text to a program of the machine.

pub mod ast;
pub mod diagnostic;
pub mod filter;
pub mod source;
