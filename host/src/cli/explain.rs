//! `gbvm explain [CODE]`: what an error or warning code means, an example, and the cure.

use clap::Args;

use super::{Exit, Failure, output};
use crate::codes;

/// Options of `explain`.
#[derive(Args, Debug)]
pub struct Options {
    /// The code, such as E_SYNTAX; without it, all of them
    code: Option<String>,
}

/// Prints the page of a code, or the first sentence of each.
pub fn explain(options: &Options) -> Result<Exit, Failure> {
    let Some(code) = &options.code else {
        for code in codes::all() {
            let sentence = code.meaning.split_inclusive(['.', ':']).next().unwrap_or(code.meaning);
            output::line(&format!("{:<22}{}", code.code, sentence.trim_end_matches([':', '.'])))?;
        }
        return Ok(Exit::Ok);
    };
    match codes::find(code) {
        Some(found) => {
            output::line(&found.page())?;
            Ok(Exit::Ok)
        }
        None => {
            let known = codes::all().map(|code| code.code);
            let hint = gbvm_lang::spelling::nearest(code, known).map_or("`gbvm explain` lists them".to_owned(), |near| format!("did you mean {near}?"));
            Err(Failure::new(Exit::Usage, format!("gbvm: there is no code {}; {hint}", code.to_uppercase())))
        }
    }
}
