//! `gbvm fmt [FILES]`: writes scripts in the one style, or says which are not in it.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use gbvm_lang::format::{Refusal, format};
use gbvm_lang::source::Source;
use similar::TextDiff;

use super::colour::Colour;
use super::{Exit, Failure, output};
use crate::{render, scripts};

/// Options of `fmt`.
#[derive(Args, Debug)]
pub struct Options {
    /// Scripts, or folders of them; - formats standard input to standard output
    #[arg(default_value = ".", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write nothing; list the scripts that are not formatted and fail if there are any
    #[arg(long)]
    check: bool,
    /// Write nothing; show what would change
    #[arg(long)]
    diff: bool,
}

/// What became of one text.
enum Done {
    Unchanged,
    Changed,
    Refused,
}

/// Formats all files.
pub fn fmt(options: &Options, colour: Colour) -> Result<Exit, Failure> {
    let (mut has_changed, mut is_refused) = (false, false);
    for file in files(&options.files)? {
        match one(options, &file, colour)? {
            Done::Unchanged => {}
            Done::Changed => has_changed = true,
            Done::Refused => is_refused = true,
        }
    }
    Ok(match (is_refused, options.check && has_changed) {
        (true, _) => Exit::DoesNotCompile,
        (false, true) => Exit::ScriptError,
        (false, false) => Exit::Ok,
    })
}

/// The files that are meant: of a folder its scripts and those of its `lib/`.
fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        for folder in [path.clone(), path.join("lib")].iter().filter(|folder| folder.is_dir()) {
            let found = scripts::scripts_in(folder).map_err(|error| Failure::new(Exit::Usage, format!("gbvm: {error}")))?;
            files.extend(found.into_iter().map(|file| file.strip_prefix("./").map(Path::to_owned).unwrap_or(file)));
        }
    }
    Ok(files)
}

fn one(options: &Options, file: &Path, colour: Colour) -> Result<Done, Failure> {
    let is_input = file == Path::new("-");
    let name = if is_input { "<stdin>".to_owned() } else { file.display().to_string() };
    let unreadable = |error| Failure::new(Exit::Usage, format!("gbvm: {name}: cannot be read: {error}"));
    let text = if is_input {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text).map_err(unreadable)?
    } else {
        crate::scripts::read_text(file).map_err(unreadable)?
    };
    let source = Source::new(name.as_str(), text.as_str());
    let formatted = match format(&source, &gbvm_stdlib::signatures()) {
        Ok(formatted) => formatted,
        Err(Refusal::Unreadable(errors)) => {
            for error in &errors {
                eprintln!("{}", render::diagnostic(error, std::slice::from_ref(&source), colour.look(&std::io::stderr())));
            }
            return Ok(Done::Refused);
        }
        Err(Refusal::Different) => {
            eprintln!("gbvm: {name}: is left as it is, because its formatted text would not mean the same; please report it with the script");
            return Ok(Done::Refused);
        }
    };
    let is_changed = formatted != text;
    if options.diff && is_changed {
        let diff = TextDiff::from_lines(&text, &formatted);
        output::text(&diff.unified_diff().context_radius(3).header(&name, &format!("{name} (formatted)")).to_string())?;
    } else if options.check && is_changed {
        output::line(&name)?;
    } else if is_input && !options.check && !options.diff {
        output::text(&formatted)?;
    } else if is_changed && !is_input {
        replace(file, &formatted).map_err(|error| Failure::new(Exit::Usage, format!("gbvm: {name}: cannot be written: {error}")))?;
    }
    Ok(if is_changed { Done::Changed } else { Done::Unchanged })
}

/// Puts a text in place of a file's, so that at no time a part of it stands there.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let file = file.canonicalize()?;
    let beside = file.with_extension(format!("bas.{}.new", std::process::id()));
    let written = std::fs::write(&beside, text)
        .and_then(|()| std::fs::set_permissions(&beside, std::fs::metadata(&file)?.permissions()))
        .and_then(|()| std::fs::rename(&beside, &file));
    if written.is_err() {
        // The failure itself is told; what is left over may be out of reach too.
        let _ = std::fs::remove_file(&beside);
    }
    written
}
