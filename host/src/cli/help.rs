//! `gbvm help [KEYWORD | FILE]`: the language and the keywords, one of them in full, or what a script says of itself.

use std::fmt::Write;
use std::path::Path;

use clap::Args;
use gbvm_lang::declare::Declaration;

use super::{Exit, Failure, output};
use crate::manual;
use crate::scripts::{self, LoadError};

/// Options of `help`.
#[derive(Args, Debug)]
pub struct Options {
    /// The keyword, statement or sign, such as FIND, FOR EACH or "??", or a script; without it, all there are
    keyword: Vec<String>,
}

/// Prints the help.
pub fn help(options: &Options) -> Result<Exit, Failure> {
    if options.keyword.is_empty() {
        output::line(&manual::overview())?;
        return Ok(Exit::Ok);
    }
    let phrase = options.keyword.join(" ");
    if phrase.ends_with(".bas") {
        return script(Path::new(&phrase));
    }
    let page = manual::help(&phrase).map_err(|message| Failure::new(Exit::Usage, format!("gbvm: {message}")))?;
    output::line(&page)?;
    Ok(Exit::Ok)
}

/// Prints what a script says of itself.
fn script(path: &Path) -> Result<Exit, Failure> {
    let script = scripts::read(path).and_then(|sources| scripts::compile(sources, &[])).map_err(|error| match error {
        LoadError::Unreadable(..) => Failure::new(Exit::Usage, format!("gbvm: {error}")),
        LoadError::Invalid(_) => Failure::new(Exit::DoesNotCompile, error.to_string()),
    })?;
    let mut out = format!("{}\n", script.name);
    if let Some(description) = &script.interface.description {
        let _ = writeln!(out, "\n{description}");
    }
    for declaration in &script.declarations {
        let _ = match declaration {
            Declaration::Webhook(webhook) => writeln!(out, "\nanswers /webhook/{}", webhook.name),
            Declaration::Trigger(trigger) => writeln!(out, "\nruns after changes of {}", trigger.table),
            Declaration::Schedule(schedule) => writeln!(out, "\nruns at {}", schedule.when),
        };
    }
    if !script.interface.params.is_empty() {
        out.push_str("\nInputs, from the body, the query or --param\n");
    }
    for param in &script.interface.params {
        let _ = write!(out, "  {:<20} {:<8}", param.name, param.kind.word());
        if let Some(like) = &param.like {
            let _ = write!(out, " such as {like}");
        }
        if let Some(description) = &param.description {
            let _ = write!(out, "{} {description}", if param.like.is_some() { ":" } else { "" });
        }
        out.push('\n');
    }
    output::line(out.trim_end())?;
    Ok(Exit::Ok)
}
