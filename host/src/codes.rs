//! The home of error and warning codes: what each means, a script that shows it, and the cure.
//!
//! `gbvm explain` and the editor show this. A test looks for codes in the sources: each has its record here, and each
//! record its code there; another runs the examples.

mod compile;
mod data;
mod filters;
mod run;
mod warnings;
mod world;

/// What there is to know of a code.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// The code, such as `E_SYNTAX` or `W_UNANSWERED`.
    pub code: &'static str,
    /// What it means, in full sentences.
    pub meaning: &'static str,
    /// How it comes about.
    pub example: Example,
    /// What to do, in full sentences.
    pub cure: &'static str,
}

/// How a code comes about.
#[derive(Clone, Copy, Debug)]
pub enum Example {
    /// A script that gets it from the compiler or when it runs.
    Script(&'static str),
    /// A situation that no script makes by itself.
    Situation(&'static str),
}

/// All codes, by family.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [compile::CODES, run::CODES, data::CODES, filters::CODES, world::CODES, warnings::CODES].into_iter().flatten()
}

/// The record of a code, whatever its case.
pub fn find(code: &str) -> Option<&'static Code> {
    all().find(|known| known.code.eq_ignore_ascii_case(code))
}

impl Code {
    /// Everything about the code, as a page of text.
    pub fn page(&self) -> String {
        let example = match self.example {
            Example::Script(script) => script.trim_end().lines().map(|line| format!("    {line}\n")).collect::<String>(),
            Example::Situation(situation) => format!("{situation}\n"),
        };
        format!("{}\n\n{}\n\nExample:\n\n{example}\nCure:\n\n{}", self.code, self.meaning, self.cure)
    }
}
