//! Whether messages are drawn and coloured: by the option, the environment, and where they go.

use std::io::IsTerminal;

use crate::render::Look;

/// When to colour what is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Colour {
    /// In a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Colour {
    /// How messages look that go to a stream.
    pub fn look(self, stream: &impl IsTerminal) -> Look {
        let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match (self, stream.is_terminal()) {
            (Colour::Always, _) => Look::Coloured,
            (Colour::Auto, true) if !is_refused => Look::Coloured,
            (Colour::Auto | Colour::Never, true) => Look::Drawn,
            (Colour::Auto | Colour::Never, false) => Look::Plain,
        }
    }
}
