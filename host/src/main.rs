//! The `gbvm` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    gbvm::cli::main()
}
