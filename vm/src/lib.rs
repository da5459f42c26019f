//! The bytecode machine: values, instructions, the loop and its checkpoints.
//!
//! It knows no BASIC, does no I/O and depends on no other crate of the project. A [`program::Program`] is immutable
//! and shared; a [`machine::Vm`] is one run of it. Values count their references without atomics and never leave
//! their thread; a run crosses threads, and process restarts, as the bytes of its checkpoint.

pub mod checkpoint;
pub mod coerce;
pub mod disasm;
pub mod fault;
mod frame;
pub mod instant;
pub mod isa;
pub mod limits;
pub mod machine;
pub mod memory;
pub mod native;
pub mod object;
pub mod operators;
pub mod program;
mod shared;
pub mod signature;
mod specialize;
pub mod template;
pub mod text;
pub mod value;
pub mod verify;
