//! The keywords over the services in memory, called as the runner calls them.

mod caller;
mod data;
mod dates;
mod functions;
mod headers;
mod http;
mod json;
mod mail;
mod memory;
mod security;
mod sync;
mod table;
mod url;
