//! The world around the machine: engine, storage, server, outbox and the `gbvm` command.
//!
//! Other programs embed the same engine: see [`engine::Engine`]. A request travels `server` → `endpoints` →
//! [`event::Event`] → `runner` → the machine → keywords → `storage` and back; triggers, schedules and starts by hand
//! enter at the event.

mod address;
pub mod calls;
mod checkpoint;
pub mod cli;
pub mod client;
pub mod clock;
pub mod codes;
pub mod config;
pub mod cron;
pub mod endpoints;
pub mod engine;
pub mod event;
mod form;
pub mod inbox;
mod input;
pub mod lsp;
pub mod manual;
pub mod news;
pub mod outbox;
pub mod outcome;
mod percent;
pub mod render;
pub mod repl;
pub mod retention;
pub mod runner;
mod scheduler;
mod scheme;
pub mod scripts;
mod segment;
pub mod server;
pub mod smtp;
pub mod storage;
pub mod trace;
pub mod traffic;
pub mod turns;
mod work;

pub use engine::Engine;
pub use event::Event;
