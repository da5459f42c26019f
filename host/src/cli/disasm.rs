//! `gbvm disasm FILE`: shows the bytecode of a script.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::colour::Colour;
use super::{Exit, Failure, output, world};
use crate::scripts;

/// Options of `disasm`.
#[derive(Args, Debug)]
pub struct Options {
    /// The script
    file: PathBuf,
    /// Show the code as it is executed, with the instructions that linking has specialized
    #[arg(long)]
    specialized: bool,
    /// Show the lines of the source between the instructions
    #[arg(long)]
    source: bool,
}

/// Prints the disassembly.
pub fn disasm(options: &Options, colour: Colour) -> Result<Exit, Failure> {
    let script = world::loaded(scripts::read(&options.file).and_then(|sources| scripts::compile(sources, &[])).map(Arc::new), colour)?;
    let listing = match (options.source, options.specialized) {
        (true, specialized) => gbvm_vm::disasm::disassemble_with_source(&script.linked, specialized),
        (false, true) => gbvm_vm::disasm::disassemble_linked(&script.linked),
        (false, false) => gbvm_vm::disasm::disassemble(script.linked.program()),
    };
    output::line(listing.trim_end())?;
    Ok(Exit::Ok)
}
