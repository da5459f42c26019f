//! The keywords and functions of the language, over service traits.
//!
//! No sockets and no SQL text: what keywords need of the world is a trait in [`services`]. Each keyword is one record
//! in the file of its family, with its signature, its help, its examples and its function.

pub mod aggregate;
pub mod argument;
pub mod body;
pub mod canonical;
pub mod fake;
pub mod format;
pub mod headers;
pub mod http;
pub mod json;
pub mod keyword;
pub mod list;
pub mod mail;
pub mod math;
pub mod query;
pub mod services;
pub mod text;
pub mod time;
pub mod url;
