//! `gbvm help [KEYWORD]`: the keywords by family, or one of them in full.

use clap::Args;

use super::{Exit, Failure, output};

/// Options of `help`.
#[derive(Args, Debug)]
pub struct Options {
    /// The keyword, such as FIND or GET BOT MEMORY; without it, all of them
    keyword: Vec<String>,
}

/// Prints the help.
pub fn help(options: &Options) -> Result<Exit, Failure> {
    if options.keyword.is_empty() {
        output::line(&gbvm_stdlib::reference::overview())?;
        return Ok(Exit::Ok);
    }
    let phrase = options.keyword.join(" ");
    match gbvm_stdlib::find(&phrase) {
        Some(keyword) => {
            output::line(&gbvm_stdlib::reference::help(keyword))?;
            Ok(Exit::Ok)
        }
        None => Err(Failure::new(Exit::Usage, format!("gbvm: there is no keyword {}; `gbvm help` lists them", phrase.to_uppercase()))),
    }
}
