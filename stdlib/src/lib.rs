//! The keywords and functions of the language, over service traits.
//!
//! No sockets and no SQL text: what keywords need of the world is a trait in [`services`]. Each keyword is one record
//! in the file of its family, with its signature, its help, its examples and its function; [`keywords`] lists them all
//! and everything else about keywords, the compiler's tables and the reference among it, is made from that list.

pub mod aggregate;
pub mod argument;
pub mod base;
pub mod body;
pub mod canonical;
pub mod console;
pub mod data;
pub mod elsewhere;
pub mod fake;
pub mod fill;
pub mod flow;
pub mod format;
pub mod headers;
pub mod http;
pub mod input;
pub mod json;
pub mod keyword;
pub mod kind;
pub mod list;
pub mod mail;
pub mod math;
pub mod memory;
pub mod merge;
pub mod query;
pub mod reference;
pub mod security;
pub mod services;
pub mod set_field;
pub mod sync;
mod table;
pub mod text;
pub mod time;
pub mod transaction;
pub mod triggers;
pub mod upsert;
pub mod url;

pub use table::{find, keywords, signatures};
