//! Standard output: a closed pipe ends the command quietly, any other failure is said.

use std::io::{ErrorKind, Write};

use super::{Exit, Failure};

/// Writes a text as it is.
///
/// # Errors
/// As [`line`].
pub fn text(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).map_err(failure)
}

fn failure(error: std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::new(Exit::Ok, ""),
        _ => Failure::new(Exit::ScriptError, format!("gbvm: standard output cannot be written: {error}")),
    }
}

/// Writes one line.
///
/// # Errors
/// Where whoever read the output has gone: then nothing is to be said, and the command ends well. Where it cannot be
/// written for another reason, such as a full disk.
pub fn line(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{text}").and_then(|()| output.flush()).map_err(failure)
}

/// Writes one line of a running script, or ends the process: its reader is gone or will miss lines, and what the
/// script did since its last commit is undone.
pub fn line_of_script(text: &str) {
    if let Err(failure) = line(text) {
        if !failure.message.is_empty() {
            eprintln!("{}", failure.message);
        }
        std::process::exit(failure.exit as i32);
    }
}

/// Text with its control characters spelled out, so that stored data cannot steer a terminal.
pub fn escaped(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}
