//! Source files and places in them.

use std::sync::Arc;

/// One file of a script, as text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name that messages show, as the user gave it.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    /// What it is to the script.
    pub kind: SourceKind,
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
        Source { name: name.into(), text: text.into(), kind: SourceKind::default() }
    }

    /// The same, as a file of this kind.
    pub fn of_kind(self, kind: SourceKind) -> Source {
        Source { kind, ..self }
    }
}

/// Where a span begins, for messages: `file:line:column`.
pub fn place(span: Span, sources: &[Source]) -> String {
    let source = &sources[usize::from(span.source)];
    let (line, column) = gbvm_vm::program::line_and_column(&source.text, span.start as usize);
    format!("{}:{line}:{column}", source.name)
}

pub use gbvm_vm::program::Span;
