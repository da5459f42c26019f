//! General Bots BASIC: from text to a program of the machine.
//!
//! [`compile`] is the way through all of it: text is parsed into a tree ([`ast`]), names get their meaning, values
//! are followed through the whole program, and each procedure is lowered to instructions. Nothing here runs a
//! script, touches a file, or knows a keyword by name beyond the table of signatures it is given.

mod address;
pub mod ast;
mod chain;
mod clause;
mod compile;
mod complaint;
pub mod declare;
pub mod diagnostic;
pub mod filter;
mod flow;
mod foreign;
pub mod format;
mod habit;
pub mod index;
mod labels;
mod lexer;
mod line;
mod lint;
mod lower;
pub mod names;
mod nest;
pub mod parse;
mod phrase;
pub mod project;
mod reach;
pub mod reads;
mod resolve;
mod rows;
mod schema;
mod shape;
pub mod source;
pub mod spelling;
mod token;
mod transaction;
mod walk;
mod words;

pub use compile::{Compilation, CompiledScript, compile};
pub use declare::includes;
pub use schema::{Accesses, Schema, TableNeeds};
