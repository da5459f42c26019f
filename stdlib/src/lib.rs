//! The keywords and functions of the language, over service traits.
//!
//! No sockets and no SQL text: what keywords need of the world is a trait in [`services`].

pub mod http;
pub mod keyword;
pub mod services;
