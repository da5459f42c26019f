//! The world around the machine: engine, storage, server, outbox and the gbvm command.

pub mod client;
pub mod cron;
pub mod percent;
pub mod server;
pub mod smtp;
