//! What people write who come from another BASIC, from Python, JavaScript, SQL or a spreadsheet, and what takes its
//! place in this language: told of items that the grammar refuses.
//!
//! Words alone are in [`crate::foreign`]; here are signs, and words in their places.

mod statement;

use gbvm_vm::signature::{Form, Signature};

use crate::token::{Lexeme, Token};

/// What is said of a query in SQL.
const SQL: &str = "SQL is not written here: rows = FIND orders WHERE total > 10 reads rows";

/// An item that the grammar refuses, and where.
pub struct Refused<'a> {
    /// The text of the file.
    pub text: &'a str,
    /// The item's tokens.
    pub tokens: &'a [Lexeme],
    /// The token that the grammar refuses; the number of tokens if it wants one more.
    pub at: usize,
    /// The keywords and functions.
    pub signatures: &'a [Signature],
}

/// What is wrong with an item, and the token to point at where it is another one than the grammar refuses.
#[derive(Debug)]
pub struct Habit {
    /// What is wrong and what to write.
    pub message: String,
    /// The token to point at.
    pub at: usize,
}

impl Refused<'_> {
    /// The habit that an item shows, if it shows one.
    pub fn habit(&self) -> Option<Habit> {
        let here = |message: String| Habit { message, at: self.at };
        let found = self.number_first().or_else(|| self.comment()).or_else(|| self.brace()).or_else(|| self.declaration());
        found.or_else(|| {
            let signs = self.jump().or_else(|| self.two_signs()).or_else(|| self.assignment()).or_else(|| self.word());
            signs.or_else(|| self.lone_value()).or_else(|| self.comma()).or_else(|| self.test()).map(here)
        })
    }

    fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at).map(|lexeme| &lexeme.token)
    }

    fn before(&self) -> Option<&Token> {
        self.token(self.at.checked_sub(1)?)
    }

    fn found(&self) -> Option<&Token> {
        self.token(self.at)
    }

    fn written(&self, at: usize) -> &str {
        self.tokens.get(at).and_then(|lexeme| self.text.get(lexeme.start as usize..lexeme.end as usize)).unwrap_or("")
    }

    fn is(&self, at: usize, word: &str) -> bool {
        self.written(at).eq_ignore_ascii_case(word)
    }

    fn has(&self, token: &Token) -> bool {
        self.tokens.iter().any(|lexeme| lexeme.token == *token)
    }

    /// Whether a token stands directly behind the one before it.
    fn touches(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|lexeme| !lexeme.is_spaced)
    }

    /// What stands before the item on its line.
    fn line_before(&self) -> &str {
        let start = self.tokens.first().map_or(0, |first| first.start as usize);
        let before = self.text.get(..start).unwrap_or("");
        before.rsplit('\n').next().unwrap_or("").trim_end()
    }

    /// `10 PRINT x`, `IF c THEN 100`, `x : 1`, `LET 5 = x`.
    fn number_first(&self) -> Option<Habit> {
        if let (1, Some(Token::Let), Some(Token::Int(_) | Token::Float(_) | Token::Text(_))) = (self.at, self.token(0), self.found()) {
            let message = format!("{} stands before =, where only a variable, a field or an element can be assigned to", short(self.written(1)));
            return Some(Habit { message, at: 1 });
        }
        let (0, Some(Token::Int(_))) = (self.at, self.token(0)) else { return None };
        let number = self.written(0);
        let message = match self.token(1) {
            _ if self.line_before().ends_with(':') => format!("a : ends a statement, and none begins with {number}; = assigns, and the fields of an object stand in braces, {{a: 1}}"),
            Some(Token::Equal) => format!("{number} stands before =, where only a variable, a field or an element can be assigned to"),
            Some(token) if token.is_infix() && *token != Token::Question => format!("a statement cannot begin with {number}; to show a value write PRINT before it"),
            Some(_) | None => format!("a statement cannot begin with {number}. Lines have no numbers: leave it out; a jump goes to a label, as GOTO again to the line again:"),
        };
        Some(Habit { message, at: 0 })
    }

    /// `/* … */`, `-- …`, `<!-- … -->`.
    fn comment(&self) -> Option<Habit> {
        let message = match (self.token(0)?, self.token(1)) {
            (Token::Slash, Some(Token::Star)) => "/* begins no comment; each line of a comment begins with '".to_owned(),
            (Token::Star, Some(Token::Slash)) => "*/ ends no comment; each line of a comment begins with '".to_owned(),
            (Token::Less, Some(Token::Bang)) => "<! begins no comment; each line of a comment begins with '".to_owned(),
            (sign @ (Token::Plus | Token::Minus), Some(next)) if sign == next => {
                let sign = self.written(0);
                format!("{sign}{sign} is no sign here: to count write {} {sign}= 1; a comment begins with '", if self.touches(2) { self.written(2) } else { "x" })
            }
            _ => return None,
        };
        Some(Habit { message, at: 0 })
    }

    /// `{` where another language opens a block.
    fn brace(&self) -> Option<Habit> {
        let first = self.token(0)?;
        let at = self.tokens.iter().position(|lexeme| lexeme.token == Token::OpenBrace)?;
        let end = match first {
            Token::If | Token::ElseIf => return None,
            Token::OpenBrace if self.line_before().to_ascii_lowercase().ends_with("else") => "END IF",
            Token::Else => "END IF",
            Token::While => "WEND",
            Token::For | Token::ForEach => "NEXT",
            Token::Do => "LOOP",
            Token::Sub => "END SUB",
            Token::Function => "END FUNCTION",
            Token::SelectCase => "END SELECT",
            Token::Switch => "END SWITCH",
            Token::Name(word) if at == 1 && matches!(&*word.folded, "try" | "catch" | "finally") => "END TRY",
            _ => return None,
        };
        // The list of a loop may be written here.
        if matches!(first, Token::For | Token::ForEach) && !matches!(self.token(at.checked_sub(1)?), Some(token) if token.ends_value()) {
            return None;
        }
        Some(Habit { message: format!("blocks have no braces: leave the {{ out, and end this one with {end}"), at })
    }

    /// `PUBLIC SUB a()`, `FOR EACH x AS String IN y`.
    fn declaration(&self) -> Option<Habit> {
        let procedure = (1..self.tokens.len().min(4)).find(|at| self.is(*at, "sub") || self.is(*at, "function"));
        if let (Some(Token::Name(word)), Some(procedure)) = (self.token(0), procedure)
            && crate::foreign::is_modifier(&word.folded)
        {
            let message = format!("{} begins its line: leave {} out", self.written(procedure).to_uppercase(), self.written(0).to_uppercase());
            return Some(Habit { message, at: 0 });
        }
        let at = [Some(self.at), self.at.checked_sub(1)].into_iter().flatten().find(|at| *at > 0 && self.is(*at, "as"))?;
        let is_typed = matches!(self.token(at), Some(Token::Name(_))) && matches!(self.token(at - 1), Some(Token::Name(_) | Token::CloseParen));
        // A word of another language says more than the type behind it.
        let is_declared = matches!(self.token(0), Some(Token::Name(word)) if crate::foreign::advice(&word.folded).is_some());
        let message = "variables, parameters and results have no declared type: leave AS and the type out";
        (is_typed && !is_declared).then(|| Habit { message: message.to_owned(), at })
    }

    /// `GO TO x`, `GOTO 100`, `? x`.
    fn jump(&self) -> Option<String> {
        match (self.token(0)?, self.found()) {
            (Token::Name(word), Some(Token::To)) if &*word.folded == "go" => Some("GO TO is written in one word: GOTO".to_owned()),
            (Token::Goto | Token::OnErrorGoto, Some(Token::Int(_))) => {
                Some(format!("lines have no numbers: GOTO wants the name of a label, as GOTO again, which stands as again: in a line of its own, but here stands {}", self.written(self.at)))
            }
            (Token::Question, _) if self.at == 0 => Some("? stands for no keyword here; write PRINT".to_owned()),
            (Token::For, Some(Token::Do)) => Some("FOR … TO needs no DO: leave it out".to_owned()),
            (Token::For, Some(Token::Name(word))) if &*word.folded == "by" => Some("the step of FOR is written STEP, as in FOR i = 1 TO 10 STEP 2".to_owned()),
            (Token::For, Some(Token::Name(word))) if &*word.folded == "downto" => Some("FOR counts down with a negative step: FOR i = 10 TO 1 STEP -1".to_owned()),
            (Token::Catch, Some(Token::OpenParen | Token::CallParen)) => Some("CATCH takes its variable without brackets: CATCH e".to_owned()),
            (Token::Leave(_), Some(Token::Name(word) | Token::Word(word))) if &*word.folded == "loop" => Some("DO … LOOP is left with EXIT DO".to_owned()),
            (Token::Leave(_), Some(Token::Loop)) => Some("DO … LOOP is left with EXIT DO".to_owned()),
            _ => None,
        }
    }

    /// Two signs that are one in other languages.
    fn two_signs(&self) -> Option<String> {
        let found = self.found()?;
        Some(match (self.before()?, found) {
            (Token::Equal, Token::Greater) => "=> is no sign here: at least is written >=",
            (Token::Equal, Token::Less) => "=< is no sign here: at most is written <=",
            (Token::Greater, Token::Less) => ">< is no sign here: unequal is written <>",
            (Token::LessOrEqual, Token::Greater) => "<=> is no sign here: = compares, and IIF chooses a value",
            (Token::Less, Token::Less) => "<< is no sign here: multiply by a power of two, as in x * 2 ^ 3",
            (Token::Greater, Token::Greater) => ">> is no sign here: divide by a power of two, as in x \\ 2 ^ 3",
            (Token::Minus, Token::Greater) if self.touches(self.at) => "-> is no sign here: a field stands behind a dot, as in a.b",
            (Token::Star, Token::Star) => "** is no sign here: a power is written ^",
            (Token::And, Token::Less | Token::LessOrEqual | Token::Greater | Token::GreaterOrEqual | Token::Equal | Token::NotEqual)
            | (Token::Or, Token::Less | Token::LessOrEqual | Token::Greater | Token::GreaterOrEqual | Token::Equal | Token::NotEqual) => {
                "each comparison needs both of its values, as in x > 1 AND x < 5"
            }
            (Token::Dot, Token::Text(_) | Token::TextOpen) => "a . joins no texts: write & between them",
            (_, Token::Dot) if matches!(self.before(), Some(Token::Text(_) | Token::TextClose)) => "a . joins no texts: write & between them",
            (Token::Dot, Token::Dot) => "one dot stands before a field, as in a.b; a range of numbers is RANGE(1, 5)",
            (Token::Int(_) | Token::Float(_), Token::Dot) => "a number has one point, with digits behind it; what has more, such as a version, is a text in quotes",
            (_, Token::Ampersand) if self.tokens.get(self.at + 1).is_some_and(|next| !next.is_spaced && is_hexadecimal(self.written(self.at + 1))) => {
                "numbers of base 16 are written 0xFF"
            }
            (_, Token::Question) => return None,
            _ => return None,
        }
        .to_owned())
    }

    /// Assignments with other signs: `x ^= 2`, `x <- 1`, `x IS 1`, `x, y = 1, 2`.
    fn assignment(&self) -> Option<String> {
        let place = self.written(0);
        let (Some(Token::Name(_)), 1) = (self.token(0), self.at) else {
            return match (self.at, self.token(0)?, self.token(1)) {
                (0, Token::Null | Token::True | Token::False, Some(Token::Equal)) => Some(format!("{} is a value and no variable; give the variable another name", place.to_uppercase())),
                (2, Token::Let, Some(Token::Name(_))) if matches!(self.found(), Some(Token::To | Token::Is)) => Some(format!("= assigns: write {} = …", self.written(1))),
                (_, Token::Name(_), Some(Token::Dot | Token::LeadDot)) if self.at == 2 && self.found() == Some(&Token::Equal) => Some(format!(".= is no sign here; write {place} = {place} & …")),
                (3, Token::Name(_), Some(Token::Minus)) if self.found().is_none() && self.token(2) == Some(&Token::Minus) => Some(format!("-- is no sign here; write {place} -= 1")),
                (_, _, _) if self.found().is_none() && self.before() == Some(&Token::Modulo) => Some("% is the rest of a division, as in 7 % 2; a share is a number, as 0.5 for 50 %".to_owned()),
                _ => None,
            };
        };
        match self.found()? {
            Token::To | Token::Is => Some(format!("= assigns: write {place} = …")),
            Token::Less if self.token(2) == Some(&Token::Minus) => Some(format!("<- is no sign here: write {place} = …")),
            Token::Star if self.token(2) == Some(&Token::Star) && self.token(3) == Some(&Token::Equal) => Some(format!("**= is no sign here; write {place} = {place} ^ …")),
            Token::Caret | Token::Modulo | Token::Backslash | Token::Or | Token::And | Token::Coalesce if self.token(2) == Some(&Token::Equal) => {
                let sign = self.written(1).to_uppercase();
                Some(format!("{sign}= is no sign here; write {place} = {place} {sign} …"))
            }
            Token::Comma if self.has(&Token::Equal) => Some(format!("one variable is assigned at a time: write {place} = … in a line of its own")),
            _ => None,
        }
    }

    /// `x + 1` with nothing done.
    fn lone_value(&self) -> Option<String> {
        let is_value = matches!(self.token(0)?, Token::Name(_)) && self.at == 1 && self.found()?.is_infix() && self.found()? != &Token::Comma && self.token(2)? != &Token::Equal;
        let is_unary = self.at == 0 && matches!(self.token(0)?, Token::Minus | Token::Not | Token::Bang);
        let is_assigned = self.has(&Token::Equal);
        if is_unary || is_value && !is_assigned {
            return Some("a value is computed here and nothing is done with it: keep it, as in y = …, or show it with PRINT".to_owned());
        }
        (is_value && is_assigned).then(|| format!("only a variable, a field or an element stands on the left of =, but here {} stands behind {}", self.written(1).to_uppercase(), self.written(0)))
    }

    /// Commas where none can stand, and none where one must.
    fn comma(&self) -> Option<String> {
        let found = self.found()?;
        if *found == Token::OpenBrace && self.before()?.ends_value() && !matches!(self.token(0), Some(Token::If | Token::ElseIf)) {
            return Some(format!("a comma is missing between {} and the {{", short(self.written(self.at - 1))));
        }
        if *found == Token::Colon && self.opener() == Some(&Token::IndexBracket) {
            return Some("a : selects no elements: a part of a list is SLICE(list, from, to), counted from 0".to_owned());
        }
        if *found == Token::Colon && matches!(self.opener(), Some(Token::CallParen | Token::OpenParen)) {
            return Some("there are no ranges of cells: a list stands in [ ], and rows come from FIND".to_owned());
        }
        if *found != Token::Comma {
            return None;
        }
        let is_number = |at: usize| matches!(self.token(at), Some(Token::Int(_) | Token::Float(_)));
        if let Some(before) = self.at.checked_sub(1)
            && self.opener().is_none()
            && is_number(before)
            && is_number(self.at + 1)
            && self.touches(self.at + 1)
        {
            let whole = self.written(before).replace('.', "");
            return Some(format!("decimals have a point, and thousands no sign: {whole}.{}", self.written(self.at + 1)));
        }
        Some(match self.opener() {
            None if matches!(self.token(0), Some(Token::Name(_) | Token::Let)) && self.has(&Token::Equal) => "a , ends no assignment: write the next one in a line of its own; a list stands in [ ]".to_owned(),
            Some(Token::OpenParen) => "a list stands in [ ], as in [1, 2]; ( ) hold one value".to_owned(),
            Some(Token::IndexBracket) => "one index stands in [ ]: an element of an element is list[1][2]".to_owned(),
            Some(Token::OpenBrace) => "in an object each key has a value behind a :, as in {a: a}; a list stands in [ ]".to_owned(),
            _ => return None,
        })
    }

    /// The bracket that is open where the grammar refuses.
    fn opener(&self) -> Option<&Token> {
        let mut depth = 0usize;
        self.tokens[..self.at].iter().rev().map(|lexeme| &lexeme.token).find(|token| match token {
            Token::CloseParen | Token::CloseBracket | Token::CloseBrace | Token::HoleClose => {
                depth += 1;
                false
            }
            Token::OpenParen | Token::CallParen | Token::OpenBracket | Token::IndexBracket | Token::OpenBrace | Token::HoleOpen => match depth {
                0 => true,
                _ => {
                    depth -= 1;
                    false
                }
            },
            _ => false,
        })
    }

    /// Words that are statements, or functions, and stand as something else.
    fn word(&self) -> Option<String> {
        if self.is(0, "select") && self.found() == Some(&Token::Star) {
            return Some(SQL.to_owned());
        }
        let near = [Some(self.at), self.at.checked_sub(1)].into_iter().flatten();
        for at in near.filter(|at| *at > 0) {
            if self.is(at, "for") && matches!(self.opener(), Some(Token::OpenBracket)) {
                return Some("a list is filled line by line: list = [], FOR EACH x IN other, list.ADD(x), NEXT".to_owned());
            }
            if self.is(at, "if") {
                return Some("IF is a statement and gives no value: write IIF(condition, a, b), or condition ? a : b".to_owned());
            }
            if (self.is(at, "from") || self.found() == Some(&Token::Star)) && (0..=at).any(|before| self.is(before, "select")) {
                return Some(SQL.to_owned());
            }
            if matches!(self.token(at), Some(Token::NewObject | Token::NewArray)) {
                return Some("NEW OBJECT and NEW ARRAY take nothing behind them; with what it holds write {a: 1} or [1, 2]".to_owned());
            }
            if matches!(self.token(at), Some(Token::Text(_) | Token::TextOpen)) && self.touches(at) && self.written(at - 1).len() == 1 && matches!(self.token(at - 1), Some(Token::Name(_))) {
                return Some("a text has no letter before its quote: values stand in \"…\" as ${value}".to_owned());
            }
        }
        let phrase = match self.found()? {
            Token::Name(word) => word.text.to_uppercase(),
            Token::Keyword(index) | Token::KeywordCall(index) | Token::KeywordAlone(index) => self.signatures.get(usize::from(*index))?.phrase.to_owned(),
            _ => return None,
        };
        let function = self.signatures.iter().find(|signature| signature.form == Form::Function && signature.phrase == phrase)?;
        let is_operator = self.before()?.ends_value() && self.tokens.len() > self.at + 1 && function.params.len() > 1;
        is_operator.then(|| format!("{phrase} stands before its values and not between them: {phrase}(a, b)"))
    }

    /// Tests in other words: `x IS 1`, `x NOT y`; a `?` without its `:`.
    fn test(&self) -> Option<String> {
        match (self.before()?, self.found()) {
            (Token::Is, Some(Token::Name(word))) if crate::foreign::inside(&word.folded).is_some() => None,
            (Token::Is, Some(_)) => Some("IS goes with NULL, NOT NULL, EMPTY and NUMERIC; = compares with a value".to_owned()),
            (Token::Not, Some(_)) if self.at > 1 && self.token(self.at - 2).is_some_and(Token::ends_value) => {
                Some("behind a value NOT goes with IN, LIKE and BETWEEN; unequal is <>".to_owned())
            }
            (_, None) if self.has(&Token::Question) && !self.has(&Token::Colon) => Some("the ? needs a : and the value for the other case, as in c ? a : b".to_owned()),
            _ => None,
        }
    }
}

/// Whether a word is what follows & in numbers of base 16.
fn is_hexadecimal(word: &str) -> bool {
    let digits = word.strip_prefix(['h', 'H']);
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn short(written: &str) -> String {
    let mut short: String = written.chars().take(24).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if short.len() < written.len() {
        short.push('…');
    }
    short
}
