//! `gbvm disasm FILE`: shows the bytecode of a script.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::{Exit, Failure, common};
use crate::scripts;

/// Options of `disasm`.
#[derive(Args, Debug)]
pub struct Options {
    /// The script
    file: PathBuf,
}

/// Prints the disassembly.
pub fn disasm(options: &Options) -> Result<Exit, Failure> {
    let script = common::loaded(scripts::read(&options.file).and_then(|sources| scripts::compile(sources, &[])).map(Arc::new))?;
    print!("{}", gbvm_vm::disasm::disassemble(script.linked.program()));
    Ok(Exit::Ok)
}
