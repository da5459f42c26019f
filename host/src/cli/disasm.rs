//! `gbvm disasm FILE`: shows the bytecode of a script.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::{Exit, Failure, output, world};
use crate::scripts;

/// Options of `disasm`.
#[derive(Args, Debug)]
pub struct Options {
    /// The script
    file: PathBuf,
}

/// Prints the disassembly.
pub fn disasm(options: &Options) -> Result<Exit, Failure> {
    let script = world::loaded(scripts::read(&options.file).and_then(|sources| scripts::compile(sources, &[])).map(Arc::new))?;
    output::line(gbvm_vm::disasm::disassemble(script.linked.program()).trim_end())?;
    Ok(Exit::Ok)
}
