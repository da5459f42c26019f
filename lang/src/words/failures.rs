//! The words about failures, jumps and shared names: TRY, THROW, ON ERROR, ERROR, GOTO, labels, SHARED.

use rustc_hash::FxHashSet;

use super::Reader;
use crate::ast::ErrorPart;
use crate::token::{Lexeme, Token, Word};

/// The folded words behind GOTO.
pub(super) fn destinations(raw: &[Lexeme]) -> FxHashSet<&str> {
    let pairs = raw.iter().zip(raw.iter().skip(1));
    pairs.filter(|(word, _)| word.token.word() == Some("goto")).filter_map(|(_, next)| next.token.word()).collect()
}

impl Reader<'_> {
    /// Whether a word labels its line, if it is no keyword or something jumps to it: `name:` with nothing behind it, or
    /// with the rest of a line that something jumps to.
    pub(super) fn is_label(&self, at: usize, folded: &str) -> bool {
        let starts_line = at == 0 || self.raw[at - 1].token == Token::Newline;
        let is_alone = *self.raw_token(at + 2) == Token::Newline || self.destinations.contains(folded);
        starts_line && *self.raw_token(at + 1) == Token::Colon && is_alone && !self.procedures.contains(folded)
    }

    pub(super) fn label(&mut self, at: usize, word: &Word) -> usize {
        self.push(Token::Label(word.clone()), at, 1);
        self.end_item(at + 1, false);
        2
    }

    /// The words about failures, jumps and shared names; they came late, so that a procedure of the script may have the
    /// name of one.
    pub(super) fn failure_structure(&self, at: usize, folded: &str) -> Option<(Token, usize)> {
        if self.procedures.contains(folded) {
            return None;
        }
        let (next, third) = (self.raw_word(at + 1), self.raw_word(at + 2));
        let found = match (folded, next) {
            ("try", _) if self.ends_item(at + 1) => (Token::Try, 1),
            ("catch", _) if self.ends_item(at + 1) || next.is_some() => (Token::Catch, 1),
            ("finally", _) if self.ends_item(at + 1) => (Token::Finally, 1),
            ("throw", _) if self.starts_argument(at + 1, true) || self.ends_item(at + 1) => (Token::Throw, 1),
            ("goto", _) => (Token::Goto, 1),
            ("shared", Some(_)) => (Token::Shared, 1),
            ("clear", Some("error")) if self.ends_item(at + 2) => (Token::ClearError, 2),
            ("on", Some("error")) => match third {
                Some("resume") if self.raw_word(at + 3) == Some("next") => (Token::OnErrorResume, 4),
                Some("goto") => (Token::OnErrorGoto, 3),
                _ => (Token::OnError, 2),
            },
            _ => return None,
        };
        Some(found)
    }
}

/// The part of the last error that a word behind ERROR names.
pub(super) fn error_part(folded: &str) -> Option<ErrorPart> {
    Some(match folded {
        "message" => ErrorPart::Message,
        "code" => ErrorPart::Code,
        _ => return None,
    })
}
