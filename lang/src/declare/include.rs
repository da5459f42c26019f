//! INCLUDE: which files a file asks for.

use gbvm_vm::signature::Signature;

use super::text;
use crate::ast::{Expression, ExpressionKind, StatementKind};
use crate::parse::parse;
use crate::source::{Source, Span};

/// `INCLUDE "file.bas"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// The path as it is written.
    pub path: String,
    /// Where it stands.
    pub span: Span,
}

/// What a file includes, in order. What is wrong with the file is said when it is compiled.
pub fn includes(source: &Source, index: u16, signatures: &[Signature]) -> Vec<Include> {
    // Most files include nothing, and need not be read twice to know it.
    if !source.text.as_bytes().windows(PHRASE.len()).any(|window| window.eq_ignore_ascii_case(PHRASE.as_bytes())) {
        return Vec::new();
    }
    let (script, _) = parse(source, index, signatures);
    let of = |kind: &StatementKind, span: Span| {
        let StatementKind::Expression(Expression { kind: ExpressionKind::Keyword { index, arguments }, .. }) = kind else { return None };
        let signature = signatures.get(usize::from(*index))?;
        let path = (signature.phrase == PHRASE).then(|| text(arguments, 0, "", span).ok())??;
        Some(Include { path: path.to_owned(), span })
    };
    script.main.iter().filter_map(|statement| of(&statement.kind, statement.span)).collect()
}

const PHRASE: &str = "INCLUDE";
