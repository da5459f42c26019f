//! General Bots BASIC: from text to a program of the machine.
//!
//! [`compile_trees`] is the way through all of it: text is parsed into a tree ([`ast`]), names get their meaning, values
//! are followed through the whole program, and each procedure is lowered to instructions. Nothing here runs a
//! script, touches a file, or knows a keyword by name beyond the table of signatures it is given.

pub mod ast;
mod compile;
pub mod declare;
pub mod diagnostic;
pub mod filter;
mod flow;
mod lint;
mod lower;
mod reach;
mod resolve;
mod rows;
mod schema;
pub mod source;
mod walk;

pub use compile::{Compilation, CompiledScript, compile_trees};
pub use schema::{Accesses, Schema, TableNeeds};
