//! Source files and places in them.

use std::sync::Arc;

/// One file of a script, as text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name that messages show, as the user gave it.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

impl Source {
    /// A source from its name and text.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Source {
        Source { name: name.into(), text: text.into() }
    }
}

pub use gbvm_vm::program::Span;
