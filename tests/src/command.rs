//! The `gbvm` command as tests start it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The command, built beside the tests.
///
/// # Panics
/// Where it is not built.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let folder = test.ancestors().nth(2).expect("tests are built in deps/ below the profile's folder");
    let binary = folder.join(format!("gbvm{}", std::env::consts::EXE_SUFFIX));
    assert!(binary.exists(), "{} is not built; run `cargo build` first", binary.display());
    binary
}

/// Runs the command in a folder, with a text on its standard input.
///
/// # Panics
/// Where it cannot be started or does not read its input.
pub fn piped(arguments: &[&str], folder: &Path, input: &str) -> Output {
    let mut child = Command::new(binary())
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command can be started");
    child.stdin.take().expect("its input is a pipe").write_all(input.as_bytes()).expect("it reads its input");
    child.wait_with_output().expect("it ends")
}
