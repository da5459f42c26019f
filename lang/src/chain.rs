//! Finds `a = b = 0`, which compares where an assignment to both may be meant.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::token::{Lexeme, Token};

/// The warning about an assignment whose value is a bare comparison by `=`. Brackets around it, or `==`, say that it is
/// meant.
pub fn warning(text: &str, source: u16, item: &[Lexeme]) -> Option<Diagnostic> {
    let mut depth = 0;
    let mut equals = Vec::new();
    for (at, lexeme) in item.iter().enumerate() {
        match lexeme.token {
            Token::OpenParen | Token::CallParen | Token::OpenBracket | Token::IndexBracket | Token::OpenBrace | Token::HoleOpen => depth += 1,
            Token::CloseParen | Token::CloseBracket | Token::CloseBrace | Token::HoleClose => depth -= 1,
            Token::Equal if depth == 0 => equals.push(at),
            // Anything but plain values says what it is, or is a form of its own.
            Token::Name(_)
            | Token::Text(_)
            | Token::Int(_)
            | Token::Float(_)
            | Token::True
            | Token::False
            | Token::Null
            | Token::Dot
            | Token::Plus
            | Token::Minus
            | Token::Star
            | Token::Slash => {}
            _ if depth > 0 => {}
            _ => return None,
        }
    }
    let [first, second, ..] = equals[..] else { return None };
    let written = |from: usize, to: usize| {
        let piece = item.get(from..to)?;
        text.get(piece.first()?.start as usize..piece.last()?.end as usize)
    };
    let (place, left, right) = (written(0, first)?, written(first + 1, second)?, written(second + 1, item.len())?);
    let span = Span { source, start: item[second].start, end: item[second].end };
    let message = format!(
        "This compares {left} with {right} and puts TRUE or FALSE into {place}. To compare, write {place} = ({left} = {right}); to \
         assign to both, write two lines."
    );
    Some(Diagnostic::warning("W_ASSIGN_CHAIN", span, message))
}
