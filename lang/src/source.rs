//! Source files and places in them.

use std::sync::{Arc, OnceLock};

use gbvm_vm::program::Lines;

/// One file of a script, as text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name that messages show, as the user gave it.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    /// What it is to the script.
    pub kind: SourceKind,
    /// Where its lines begin, once somebody has asked.
    lines: OnceLock<Arc<Lines>>,
}

/// What a file is to the script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceKind {
    /// The script itself, as the first of its files; any other is of its library.
    #[default]
    Library,
    /// Included by the script or by a file that it includes.
    Included,
}

impl Source {
    /// A source from its name and text.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Source {
        Source { name: name.into(), text: text.into(), kind: SourceKind::default(), lines: OnceLock::new() }
    }

    /// The line and the column in characters, both from 1, of a byte position.
    pub fn line_and_column(&self, position: usize) -> (u32, u32) {
        self.lines().place(&self.text, position)
    }

    /// The text of a line, from 1, without its line break.
    pub fn line_text(&self, number: u32) -> &str {
        self.lines().text(&self.text, number)
    }

    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Arc::new(Lines::of(&self.text)))
    }

    /// The same, as a file of this kind.
    pub fn of_kind(self, kind: SourceKind) -> Source {
        Source { kind, ..self }
    }
}

/// Where a span begins, for messages: `file:line:column`.
pub fn place(span: Span, sources: &[Source]) -> String {
    let source = &sources[usize::from(span.source)];
    let (line, column) = source.line_and_column(span.start as usize);
    format!("{}:{line}:{column}", source.name)
}

pub use gbvm_vm::program::Span;
