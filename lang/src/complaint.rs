//! Says, in the author's words, why an item did not parse.

use lalrpop_util::ParseError;

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::spelling;
use crate::token::{Lexeme, Token};

/// Words that a statement may begin with, and that may be misspelt.
const BEGINNINGS: [&str; 23] = [
    "IF", "ELSE", "ELSEIF", "FOR EACH", "FOR", "NEXT", "WHILE", "WEND", "WITH", "SELECT CASE", "CASE", "SWITCH",
    "FUNCTION", "SUB", "CALL", "RETURN", "EXIT", "LOOP", "TRY", "CATCH", "FINALLY", "THROW", "GOTO",
];

/// What END can close.
const ENDS: [&str; 9] = ["IF", "SELECT", "SWITCH", "FOR", "WHILE", "WITH", "SUB", "FUNCTION", "TRY"];

/// The message about an item that the grammar refuses; `end` is where the item ends.
pub fn complain(
    text: &str,
    source: u16,
    item: &[Lexeme],
    end: u32,
    ends_line: bool,
    error: ParseError<u32, Token, ()>,
) -> Diagnostic {
    let (found, expected) = match error {
        ParseError::UnrecognizedToken { token: (start, _, end), expected } => (Some((start, end)), expected),
        ParseError::ExtraToken { token: (start, _, end) } => (Some((start, end)), Vec::new()),
        ParseError::UnrecognizedEof { expected, .. } => (None, expected),
        ParseError::InvalidToken { .. } | ParseError::User { .. } => (None, Vec::new()),
    };
    let at = found.and_then(|found| item.iter().position(|lexeme| (lexeme.start, lexeme.end) == found)).unwrap_or(item.len());
    // What stands for nothing written is not what the author sees.
    let seen = (at..item.len()).find(|&at| item[at].start < item[at].end);
    let found = found.and_then(|found| if at == item.len() { Some(found) } else { seen.map(|at| (item[at].start, item[at].end)) });
    let at = seen.unwrap_or(item.len());
    let complaint = Complaint { text, item, at, ends_line, expected };
    let (start, stop) = found.unwrap_or_else(|| {
        let last = item.last().map_or(end, |lexeme| lexeme.end);
        (last.min(end), last.min(end))
    });
    Diagnostic::error("E_SYNTAX", Span { source, start, end: stop }, complaint.message())
}

struct Complaint<'a> {
    text: &'a str,
    item: &'a [Lexeme],
    /// Which token the grammar refuses; the number of tokens if it wants one more.
    at: usize,
    ends_line: bool,
    expected: Vec<String>,
}

impl Complaint<'_> {
    fn expects(&self, terminal: &str) -> bool {
        self.expected.iter().any(|expected| expected.trim_matches('"') == terminal)
    }

    fn expects_value(&self) -> bool {
        self.expects("int")
    }

    fn token(&self, at: usize) -> Option<&Token> {
        self.item.get(at).map(|lexeme| &lexeme.token)
    }

    fn written(&self, at: usize) -> &str {
        self.item.get(at).and_then(|lexeme| self.text.get(lexeme.start as usize..lexeme.end as usize)).unwrap_or("")
    }

    /// The token at a place as the author sees it.
    fn named(&self, at: usize) -> String {
        let written = self.written(at);
        let short: String = written.chars().take(24).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let short = if short.len() < written.len() { format!("{short}…") } else { short };
        match self.token(at) {
            None if self.ends_line => "the line".to_string(),
            None => "the statement".to_string(),
            Some(Token::Name(_)) => format!("the name {short}"),
            Some(Token::Text(_)) => format!("the text {short}"),
            Some(Token::TextOpen | Token::TextClose) => "a text".to_string(),
            Some(Token::Int(_) | Token::Float(_)) => format!("the number {short}"),
            Some(_) => short.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase(),
        }
    }

    fn first(&self) -> Option<&Token> {
        self.token(0)
    }

    fn message(&self) -> String {
        if let Some(special) = self.special() {
            return special;
        }
        let reason = self.reason();
        match self.suggestion() {
            Some(suggestion) => format!("{reason}. Did you mean {suggestion}?"),
            None => reason,
        }
    }

    /// Mistakes that deserve their own words.
    fn special(&self) -> Option<String> {
        let is_first = self.at == 0;
        match (self.first()?, self.token(self.at)) {
            (Token::Then, _) if is_first => Some("THEN stands here without an IF before it on this line".to_string()),
            (Token::LeadDot, _) if self.at == 1 => Some("a field name must follow the .".to_string()),
            (Token::Leave(_), Some(_)) if self.written(0).eq_ignore_ascii_case("end") => {
                let word = self.written(1);
                let near = spelling::nearest(word, ENDS);
                Some(match near {
                    Some(near) => format!("END {word} closes nothing. Did you mean END {near}?"),
                    None => format!("END {word} closes nothing; blocks end with END IF, END WITH, END SELECT, END SUB, END FUNCTION"),
                })
            }
            (Token::Leave(_), Some(_)) => Some(format!(
                "after {} comes FOR, DO, WHILE, SUB or FUNCTION, or the end of the line, but here stands {}",
                self.written(0).split_whitespace().next().unwrap_or("EXIT").to_uppercase(),
                self.named(self.at)
            )),
            (Token::If | Token::ElseIf, _) if self.expects("THEN") && self.at == self.item.len() => {
                Some(format!("{} needs THEN behind its condition", self.named(0)))
            }
            (Token::If | Token::ElseIf, Some(Token::Equal)) if self.at > 0 => None,
            (Token::ForEach, _) if self.expects("IN") => {
                Some(format!("FOR EACH {} needs IN and a list, but here {}", self.written(1), self.stands()))
            }
            (Token::For, _) if self.expects("TO") && self.at == self.item.len() => {
                Some("FOR needs TO and the last value".to_string())
            }
            (Token::For, Some(Token::In)) => Some(format!("to visit a list write FOR EACH {} IN …", self.written(1))),
            (Token::For, _) if self.at == 2 => Some(format!(
                "FOR wants = behind its variable (FOR i = 1 TO 10), but here {}",
                self.stands()
            )),
            (Token::Call, _) if self.at == 1 => Some("CALL needs the name of a procedure".to_string()),
            (Token::Sub | Token::Function, _) if self.at >= 2 => Some(format!(
                "{} {} wants its parameters as names in brackets, (a, b), but here {}",
                self.named(0),
                self.written(1),
                self.stands()
            )),
            (Token::Sub | Token::Function, _) => Some(format!("{} needs a name", self.named(0))),
            (Token::With, Some(_)) if self.at > 1 && self.token(self.at - 1) == Some(&Token::Equal) => {
                Some("WITH x = takes NEW OBJECT; to assign a value, leave WITH out".to_string())
            }
            (Token::OnError, _) => Some("ON ERROR wants RESUME NEXT, GOTO and a label, or GOTO 0 behind it".to_string()),
            (Token::OnErrorGoto, _) if self.at == 1 => Some(format!("ON ERROR GOTO wants the name of a label, or 0, but here {}", self.stands())),
            (Token::Goto, _) if self.at == 1 => Some(format!("GOTO wants the name of a label, but here {}", self.stands())),
            (Token::Throw, None) => Some("THROW wants what is wrong: a text, or an object with message and code".to_string()),
            (Token::Catch, _) => Some("CATCH takes one variable or nothing".to_string()),
            (Token::Shared, _) => Some(format!("SHARED wants the names of variables of the main part, with commas between them, but here {}", self.stands())),
            (Token::Next, Some(_)) => Some("NEXT takes one variable or nothing".to_string()),
            _ => None,
        }
    }

    /// "the name x stands", "the line ends".
    fn stands(&self) -> String {
        match self.token(self.at) {
            None => format!("{} ends", self.named(self.at)),
            Some(_) => format!("stands {}", self.named(self.at)),
        }
    }

    fn reason(&self) -> String {
        let found = self.named(self.at);
        let is_end = self.at == self.item.len();
        let before = (0..self.at).rev().find(|&at| self.item[at].start < self.item[at].end);
        let behind = match before {
            Some(before) => format!("behind {}", self.named(before)),
            None => "here".to_string(),
        };
        if self.expects_value() && !(self.expects("+") && is_end) {
            if let Some(Token::Name(_)) = self.token(self.at) {
                return format!("{found} cannot stand {behind}");
            }
            return match is_end {
                true => format!("a value is missing {behind}, where {found} ends"),
                false => format!("a value is expected {behind}, but here stands {found}"),
            };
        }
        let closing = [")", "]", "}"].into_iter().find(|closing| self.expects(closing) && self.is_open(closing));
        if let Some(closing) = closing {
            return match is_end {
                true => format!("a {closing} is missing {behind}"),
                false => format!("a comma, an operator or {closing} is expected {behind}, but here stands {found}"),
            };
        }
        if is_end {
            return match self.expects("=") && matches!(self.first(), Some(Token::Let)) {
                true => format!("= and a value are missing {behind}"),
                false => format!("something is missing {behind}, where {found} ends"),
            };
        }
        match self.token(self.at) {
            Some(Token::CloseParen | Token::CloseBracket | Token::CloseBrace) => {
                format!("{found} closes a bracket that was not opened")
            }
            Some(Token::Equal) => {
                format!("= stands {behind}, which cannot be assigned to")
            }
            Some(Token::Name(_) | Token::Text(_) | Token::TextOpen | Token::Int(_) | Token::Float(_)) if self.at > 0 => {
                format!("{found} stands directly {behind}: an operator, a comma or the end of the line is expected between them")
            }
            _ if self.at == 0 => format!("a statement cannot begin with {found}"),
            _ => format!("{found} cannot stand {behind}"),
        }
    }

    /// Whether the author wrote what such a bracket closes.
    fn is_open(&self, closing: &str) -> bool {
        self.item[..self.at].iter().any(|lexeme| {
            let fits = match lexeme.token {
                Token::OpenParen | Token::CallParen => closing == ")",
                Token::OpenBracket | Token::IndexBracket => closing == "]",
                Token::OpenBrace => closing == "}",
                _ => false,
            };
            fits && lexeme.start < lexeme.end
        })
    }

    /// The word of structure that the first word was meant to be, or the operator that a later one was.
    fn suggestion(&self) -> Option<String> {
        if let Some(Token::Name(_)) = self.token(self.at)
            && self.at > 0
        {
            let operators = ["AND", "OR", "NOT", "MOD", "THEN", "IN", "LIKE", "BETWEEN", "TO", "STEP"];
            let word = self.written(self.at);
            if word.len() > 2
                && let Some(near) = spelling::nearest(word, operators)
            {
                return Some(near.to_string());
            }
        }
        match self.first() {
            Some(Token::Name(_)) if self.at > 0 => {
                spelling::nearest(self.written(0), BEGINNINGS).map(str::to_string)
            }
            _ => None,
        }
    }
}
