//! Diagnostics and faults as people and programs read them.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use gbvm_lang::diagnostic::{Diagnostic, Severity};
use gbvm_lang::source::Source;
use gbvm_vm::fault::Fault;

/// How messages are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// One line each.
    Plain,
    /// With the source line and a caret.
    Drawn,
    /// The same, in colour.
    Coloured,
}

/// A diagnostic: as one line, or with its source line.
pub fn diagnostic(diagnostic: &Diagnostic, sources: &[Source], look: Look) -> String {
    let renderer = match look {
        Look::Plain => return diagnostic.plain(sources),
        Look::Drawn => Renderer::plain(),
        Look::Coloured => Renderer::styled(),
    };
    let source = &sources[usize::from(diagnostic.span.source)];
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let range = |start: u32, end: u32| start as usize..(end as usize).min(source.text.len()).max(start as usize);
    let mut snippet = Snippet::source(&*source.text)
        .path(&*source.name)
        .annotation(AnnotationKind::Primary.span(range(diagnostic.span.start, diagnostic.span.end)));
    if let Some((span, label)) = diagnostic.related.as_ref().filter(|(span, _)| span.source == diagnostic.span.source) {
        snippet = snippet.annotation(AnnotationKind::Context.span(range(span.start, span.end)).label(label.as_str()));
    }
    let report: [Group<'_>; 1] = [level.primary_title(diagnostic.message.as_str()).id(&*diagnostic.code).element(snippet)];
    renderer.render(&report)
}

/// A diagnostic for programs.
pub fn json(diagnostic: &Diagnostic, sources: &[Source]) -> serde_json::Value {
    let source = &sources[usize::from(diagnostic.span.source)];
    let (line, column) = source.line_and_column(diagnostic.span.start as usize);
    let (end_line, end_column) = source.line_and_column(diagnostic.span.end as usize);
    serde_json::json!({
        "file": &*source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "severity": match diagnostic.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "code": diagnostic.code,
        "message": diagnostic.message,
        "related": diagnostic.related.as_ref().map(|(span, message)| {
            let source = &sources[usize::from(span.source)];
            let (line, column) = source.line_and_column(span.start as usize);
            serde_json::json!({ "file": &*source.name, "line": line, "column": column, "message": message })
        }),
    })
}

/// A failure of a run: its place and reason, the source line with a caret, and the calls that led there.
pub fn fault(fault: &Fault) -> String {
    let mut text = fault.to_string();
    let Some(place) = fault.trace.first() else { return text };
    let indent: String = place.text.chars().take(place.column.saturating_sub(1) as usize).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    text.push_str(&format!("\n  {}\n  {indent}{}", place.text, "^".repeat(place.width.max(1) as usize)));
    let calls: Vec<(&str, String)> =
        fault.trace.windows(2).map(|pair| (&*pair[0].procedure, format!("\n  in {}, called at {}:{}:{}", pair[0].procedure, pair[1].file, pair[1].line, pair[1].column))).collect();
    // A procedure that calls itself says the same line over and over.
    for same in calls.chunk_by(|one, next| one.1 == next.1) {
        let (procedure, line) = &same[0];
        text.push_str(line);
        match same.len() {
            1 => {}
            2 => text.push_str(line),
            count => text.push_str(&format!("\n  … {} more calls of {procedure} …", count - 1)),
        }
    }
    text
}
