//! General Bots BASIC: from text to a program of the machine.

pub mod ast;
mod complaint;
pub mod diagnostic;
mod lexer;
mod line;
mod nest;
pub mod parse;
mod phrase;
mod shape;
pub mod source;
mod spelling;
mod token;
mod words;
