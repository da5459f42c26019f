//! What the compiler says of a script: errors and warnings with their places.

use std::borrow::Cow;

use crate::source::{Source, Span, place};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The script does not compile.
    Error,
    /// It compiles, but probably does not do what was meant.
    Warning,
}

/// One message about a place in a script.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The stable code, such as `E_SYNTAX` or `W_UNANSWERED`.
    pub code: Cow<'static, str>,
    /// What is wrong and what to do, in the script author's words.
    pub message: String,
    /// What the caret points at.
    pub span: Span,
    /// A further place that explains, such as the line that opened a block.
    pub related: Option<(Span, String)>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: impl Into<Cow<'static, str>>, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Error, code: code.into(), message: message.into(), span, related: None }
    }

    /// A warning.
    pub fn warning(code: impl Into<Cow<'static, str>>, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, code: code.into(), message: message.into(), span, related: None }
    }

    /// The same with a further place.
    pub fn with_related(mut self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.related = Some((span, message.into()));
        self
    }

    /// `file:line:col: error[CODE]: text`, one line.
    pub fn plain(&self, sources: &[Source]) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        format!("{}: {severity}[{}]: {}", place(self.span, sources), self.code, self.message)
    }

    /// The message with the source line and a caret under the place, and the further place if there is one.
    pub fn rendered(&self, sources: &[Source]) -> String {
        let mut out = format!("{}\n{}", self.plain(sources), excerpt(self.span, sources));
        if let Some((span, message)) = &self.related {
            out += &format!("\n{}: {message}\n{}", place(*span, sources), excerpt(*span, sources));
        }
        out
    }
}

/// The line of a span and, under it, carets as wide as the span's part of that line.
fn excerpt(span: Span, sources: &[Source]) -> String {
    let source = &sources[usize::from(span.source)];
    let text = &source.text;
    let (number, column) = source.line_and_column(span.start as usize);
    let line = source.line_text(number);
    let before = (column as usize - 1).min(line.chars().count());
    let marked = text.get(span.start as usize..span.end as usize).unwrap_or("");
    let width = marked.lines().next().unwrap_or("").trim_end().chars().count().max(1);
    // Tabs stay, so that the caret stands under its place however wide they are.
    let pad: String = line.chars().take(before).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let gutter = number.to_string();
    let blank = " ".repeat(gutter.len());
    format!("{gutter} | {}\n{blank} | {pad}{}", line.trim_end(), "^".repeat(width))
}
