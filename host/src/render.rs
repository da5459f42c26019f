//! Diagnostics and faults as people and programs read them.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use gbvm_lang::diagnostic::{Diagnostic, Severity};
use gbvm_lang::source::Source;
use gbvm_vm::fault::{Fault, Place};

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
    text.push_str(&calls(&fault.trace));
    text
}

/// The calls that led to a place, a line each, innermost first.
fn calls(trace: &[Place]) -> String {
    let call = |procedure: &str, at: &Place| format!("\n  in {procedure}, called at {}:{}:{}", at.file, at.line, at.column);
    let mut calls: Vec<(String, &str, u64)> = Vec::new();
    for (at, place) in trace.iter().enumerate() {
        let own = &*place.procedure;
        // All but the outermost of the calls that wait here were made here.
        calls.push((call(own, place), own, u64::from(place.times.saturating_sub(1))));
        match trace.get(at + 1) {
            Some(next) if place.left_out == 0 => calls.push((call(own, next), own, 1)),
            Some(_) => calls.push((format!("\n  … {} more calls …", u64::from(place.left_out) + 1), own, 1)),
            None => {}
        }
    }
    calls.retain(|(_, _, times)| *times > 0);
    let mut text = String::new();
    // A procedure that calls itself would say the same line over and over.
    for same in calls.chunk_by(|one, next| one.0 == next.0) {
        let (line, procedure, _) = &same[0];
        text.push_str(line);
        match same.iter().map(|(_, _, times)| times).sum() {
            1 => {}
            2 => text.push_str(line),
            count => text.push_str(&format!("\n  … {} more calls of {procedure} …", count - 1)),
        }
    }
    text
}
