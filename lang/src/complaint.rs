//! Says, in the author's words, why an item did not parse.

use gbvm_vm::signature::Signature;
use lalrpop_util::ParseError;

use crate::diagnostic::Diagnostic;
use crate::foreign;
use crate::habit::{Habit, Refused};
use crate::source::Span;
use crate::spelling;
use crate::token::{Lexeme, Token};

/// Words that a statement may begin with, and that may be misspelt.
pub(crate) const BEGINNINGS: [&str; 23] = [
    "IF", "ELSE", "ELSEIF", "FOR EACH", "FOR", "NEXT", "WHILE", "WEND", "WITH", "SELECT CASE", "CASE", "SWITCH",
    "FUNCTION", "SUB", "CALL", "RETURN", "EXIT", "LOOP", "TRY", "CATCH", "FINALLY", "THROW", "GOTO",
];

/// What END can close.
const ENDS: [&str; 9] = ["IF", "SELECT", "SWITCH", "FOR", "WHILE", "WITH", "SUB", "FUNCTION", "TRY"];

/// An item that the grammar refuses, and what is around it.
pub struct Item<'a> {
    /// The text of the file.
    pub text: &'a str,
    /// Which source it is.
    pub source: u16,
    /// The item's tokens.
    pub tokens: &'a [Lexeme],
    /// Where the item ends.
    pub end: u32,
    /// Whether its line ends there.
    pub ends_line: bool,
    /// The keywords and functions.
    pub signatures: &'a [Signature],
}

/// The message about an item that the grammar refuses.
pub fn complain(item: &Item, error: ParseError<u32, Token, ()>) -> Diagnostic {
    let (found, expected) = match error {
        ParseError::UnrecognizedToken { token: (start, _, end), expected } => (Some((start, end)), expected),
        ParseError::ExtraToken { token: (start, _, end) } => (Some((start, end)), Vec::new()),
        ParseError::UnrecognizedEof { expected, .. } => (None, expected),
        ParseError::InvalidToken { .. } | ParseError::User { .. } => (None, Vec::new()),
    };
    let tokens = item.tokens;
    let at = found.and_then(|found| tokens.iter().position(|lexeme| (lexeme.start, lexeme.end) == found)).unwrap_or(tokens.len());
    // What stands for nothing written is not what the author sees.
    let seen = (at..tokens.len()).find(|&at| tokens[at].start < tokens[at].end);
    let found = found.and_then(|found| if at == tokens.len() { Some(found) } else { seen.map(|at| (tokens[at].start, tokens[at].end)) });
    let at = seen.unwrap_or(tokens.len());
    let complaint =
        Complaint { text: item.text, item: tokens, at, ends_line: item.ends_line, signatures: item.signatures, expected };
    let (start, stop) = found.unwrap_or_else(|| {
        let last = tokens.last().map_or(item.end, |lexeme| lexeme.end);
        (last.min(item.end), last.min(item.end))
    });
    let refused = Refused { text: item.text, tokens, at, signatures: item.signatures };
    let pointed = |habit: Habit| {
        let (start, end) = tokens.get(habit.at).map_or((start, stop), |lexeme| (lexeme.start, lexeme.end));
        Diagnostic::error("E_SYNTAX", Span { source: item.source, start, end }, habit.message)
    };
    if let Some(habit) = refused.statement() {
        return pointed(habit);
    }
    if let Some(special) = complaint.special().or_else(|| complaint.of_another_language()) {
        return Diagnostic::error("E_SYNTAX", Span { source: item.source, start, end: stop }, special);
    }
    match refused.habit() {
        Some(habit) => pointed(habit),
        None => Diagnostic::error("E_SYNTAX", Span { source: item.source, start, end: stop }, complaint.message()),
    }
}

struct Complaint<'a> {
    text: &'a str,
    item: &'a [Lexeme],
    /// Which token the grammar refuses; the number of tokens if it wants one more.
    at: usize,
    ends_line: bool,
    signatures: &'a [Signature],
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
        let reason = self.reason();
        if let Some(advice) = self.foreign_word() {
            return format!("{reason}. {advice}");
        }
        match self.suggestion() {
            Some(suggestion) => format!("{reason}. Did you mean {suggestion}?"),
            None => match self.keyword() {
                Some(phrase) => format!("{reason}; gbvm help {phrase} shows how it is written"),
                None => reason,
            },
        }
    }

    /// The keyword that the statement begins with, or that is assigned.
    fn keyword(&self) -> Option<&'static str> {
        if [")", "]", "}"].into_iter().any(|closing| self.expects(closing) && self.is_open(closing)) {
            return None;
        }
        let first = if self.token(1) == Some(&Token::Equal) { 2 } else { 0 };
        match self.token(first)? {
            Token::Keyword(index) | Token::KeywordCall(index) | Token::FormOpen(index) if first < self.at => Some(self.signatures.get(usize::from(*index))?.phrase),
            _ => None,
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
                    None if word.eq_ignore_ascii_case("loop") => "END LOOP closes nothing: LOOP closes DO, WEND closes WHILE, NEXT closes FOR".to_string(),
                    None => format!("END {word} closes nothing; blocks end with END IF, NEXT, WEND, LOOP, END WITH, END SELECT, END TRY, END SUB, END FUNCTION, and END alone ends the run"),
                })
            }
            (Token::Leave(_), Some(_)) if self.written(self.at).eq_ignore_ascii_case("loop") => None,
            (Token::Leave(_), Some(_)) => Some(format!(
                "after {} comes FOR, DO, WHILE, SUB or FUNCTION, or the end of the line, but here stands {}",
                self.written(0).split_whitespace().next().unwrap_or("EXIT").to_uppercase(),
                self.named(self.at)
            )),
            (Token::If | Token::ElseIf, _) if self.expects("THEN") && self.at == self.item.len() => {
                Some(format!("{} needs THEN behind its condition", self.named(0)))
            }
            (Token::If | Token::ElseIf, Some(Token::Equal)) if self.at > 0 => None,
            (Token::If | Token::ElseIf, Some(Token::OpenBrace)) if self.expects("THEN") => Some(format!(
                "{} needs THEN behind its condition; blocks have no braces, END IF ends this one",
                self.named(0)
            )),
            (Token::If | Token::ElseIf, Some(found)) if self.expects("THEN") && !self.has(&Token::Then) && !self.is_near_then(found) => {
                Some(format!("{} needs THEN between its condition and {}", self.named(0), self.named(self.at)))
            }
            (Token::ForEach, _) if self.expects("IN") && !self.is_typed() => {
                Some(format!("FOR EACH {} needs IN and a list, but here {}", self.written(1), self.stands()))
            }
            (Token::For, _) if self.expects("TO") && self.at == self.item.len() => {
                Some("FOR needs TO and the last value".to_string())
            }
            (Token::For, Some(_)) if self.at > 3 && !self.written(self.at).eq_ignore_ascii_case("downto") && !self.has(&Token::To) && !self.has(&Token::In) => {
                let variable = self.written(1);
                Some(format!("FOR needs TO between its first and its last value (FOR {variable} = 1 TO 10), but here {}", self.stands()))
            }
            (Token::For, Some(Token::In)) => Some(format!("to visit a list write FOR EACH {} IN …", self.written(1))),
            (Token::For, _) if self.at == 2 && !self.is_typed() => Some(format!(
                "FOR wants = behind its variable (FOR i = 1 TO 10), but here {}",
                self.stands()
            )),
            (Token::Call, _) if self.at == 1 => Some("CALL needs the name of a procedure".to_string()),
            (Token::Sub | Token::Function, Some(Token::OpenBrace)) => None,
            (Token::Sub | Token::Function, _) if self.at >= 2 && !self.is_typed() => Some(format!(
                "{} {} wants its parameters as names in brackets, (a, b), but here {}; each is a value of any kind, MISSING where it is not given",
                self.named(0),
                self.written(1),
                self.stands()
            )),
            (Token::Sub | Token::Function, _) if self.at < 2 => Some(format!("{} needs a name", self.named(0))),
            (Token::With, Some(_)) if self.at > 1 && self.token(self.at - 1) == Some(&Token::Equal) => {
                Some("WITH x = takes NEW OBJECT; to assign a value, leave WITH out".to_string())
            }
            (Token::OnError, _) => Some("ON ERROR wants RESUME NEXT, GOTO and a label, or GOTO 0 behind it".to_string()),
            (Token::OnErrorGoto, _) if self.at == 1 => Some(format!("ON ERROR GOTO wants the name of a label, or 0, but here {}", self.stands())),
            (Token::Goto | Token::OnErrorGoto, Some(Token::Int(_))) => None,
            (Token::Goto, _) if self.at == 1 => Some(format!("GOTO wants the name of a label, but here {}", self.stands())),
            (Token::Throw, None) => Some("THROW wants what is wrong: a text, or an object with message and code".to_string()),
            (Token::Catch, _) if !self.is_typed() && self.at > 1 => Some("CATCH takes one variable or nothing".to_string()),
            (Token::Shared, _) => Some(format!("SHARED wants the names of variables of the main part, with commas between them, but here {}", self.stands())),
            (Token::Next, Some(_)) => Some("NEXT takes one variable or nothing".to_string()),
            _ => None,
        }
    }

    /// Signs of other languages.
    fn of_another_language(&self) -> Option<String> {
        let before = self.at.checked_sub(1).and_then(|before| self.token(before));
        let is_adjacent = self.item.get(self.at).is_some_and(|lexeme| !lexeme.is_spaced);
        let place = self.written(0);
        match (before, self.token(self.at)?) {
            (Some(Token::Name(_)), Token::EqualEqual) if self.at == 1 => Some(format!("== compares; to assign write {place} = …")),
            (Some(Token::EqualEqual), Token::Equal) if is_adjacent => Some("=== is no sign here; = or == compares".to_string()),
            (Some(_), Token::EqualEqual) if self.item.len() == self.at + 1 => None,
            (Some(sign @ (Token::Plus | Token::Minus)), found) if found == sign && self.at == 2 => {
                let sign = self.written(1);
                Some(format!("{sign}{sign} is no sign here; write {place} {sign}= 1"))
            }
            (Some(Token::Name(_)), sign @ (Token::Plus | Token::Minus)) if self.at == 1 && self.token(2) == Some(sign) => {
                let sign = self.written(1);
                Some(format!("{sign}{sign} is no sign here; write {place} {sign}= 1"))
            }
            (_, Token::Equal) if self.at == 0 => {
                let start = self.item.first().map_or(0, |lexeme| lexeme.start as usize);
                Some(match self.text[..start].ends_with(':') {
                    true => ":= is no sign here; = alone assigns".to_string(),
                    false => "= stands at the beginning of a statement; the variable before it is missing".to_string(),
                })
            }
            (Some(Token::Name(_)), Token::Star | Token::Slash | Token::Ampersand)
                if self.at == 1 && self.token(2) == Some(&Token::Equal) =>
            {
                let sign = self.written(1);
                Some(format!("{sign}= is no sign here; write {place} = {place} {sign} …"))
            }
            (None, Token::CloseBrace) => {
                Some("} closes no block; write END IF, NEXT, WEND, END SUB or END FUNCTION in its place".to_string())
            }
            (Some(Token::OpenBrace | Token::Comma | Token::Name(_)), Token::Equal) if self.expects(":") => {
                Some("in an object : stands between a key and its value, not =".to_string())
            }
            (Some(Token::Name(word)), _) if &*word.folded == "new" => {
                Some("NEW makes an OBJECT or an ARRAY; there are no other kinds".to_string())
            }
            _ => None,
        }
    }

    /// Whether the type of a variable stands here.
    fn is_typed(&self) -> bool {
        self.written(self.at).eq_ignore_ascii_case("as")
    }

    /// Whether a comment with `'` follows.
    fn is_before_quote(&self) -> bool {
        let end = self.item.last().map_or(0, |lexeme| lexeme.end as usize);
        self.text.get(end..).is_some_and(|rest| rest.trim_start_matches([' ', '\t']).starts_with('\''))
    }

    fn has(&self, token: &Token) -> bool {
        self.item.iter().any(|lexeme| lexeme.token == *token)
    }

    fn is_near_then(&self, found: &Token) -> bool {
        matches!(found, Token::Name(_)) && spelling::nearest(self.written(self.at), ["THEN"]).is_some()
    }

    /// What takes the place of a word of another language: the first one, or the one at fault.
    fn foreign_word(&self) -> Option<&'static str> {
        let word = |at: usize| self.token(at).and_then(Token::name);
        let is_variable = matches!(self.token(1), Some(Token::Equal | Token::PlusEqual | Token::MinusEqual | Token::IndexBracket));
        let first = word(0).filter(|_| !is_variable).and_then(foreign::advice);
        let inside = || [self.at.wrapping_sub(1), self.at].into_iter().find_map(|at| foreign::inside(word(at)?));
        first.or_else(inside)
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
                true if self.is_before_quote() => {
                    format!("a value is missing {behind}: the ' there begins a comment, because no ' on the line closes it. Texts stand best in \"")
                }
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
        let first = match self.first() {
            Some(Token::Name(_)) if self.at > 0 => spelling::nearest(self.written(0), BEGINNINGS).map(str::to_string),
            _ => None,
        };
        first.or_else(|| self.near_phrase())
    }

    /// The keyword of the table that the words around the fault nearly are.
    fn near_phrase(&self) -> Option<String> {
        let is_word = |at: usize| self.written(at).starts_with(char::is_alphabetic) && !self.written(at).contains('\n');
        let phrases = || self.signatures.iter().flat_map(|signature| signature.aliases.iter().copied().chain([signature.phrase]));
        let last = self.at.min(self.item.len().checked_sub(1)?);
        for end in [last, last.checked_sub(1)?] {
            let Some(first) = (0..=end).rev().take_while(|at| is_word(*at)).last() else { continue };
            for start in first..=end {
                let written = (start..=end).map(|at| self.written(at)).collect::<Vec<_>>().join(" ");
                let count = written.split_whitespace().count();
                let near = spelling::nearest(&written, phrases().filter(|phrase| phrase.split(' ').count() == count));
                // One word alone must be nearer: it may be any name.
                let is_near = |near: &&str| count > 1 || near.len() > 3 && spelling::distance(&written.to_uppercase(), near) == 1;
                if let Some(near) = near.filter(is_near) {
                    return Some(near.to_string());
                }
            }
        }
        None
    }
}
