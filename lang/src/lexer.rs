//! From text to tokens: comments, strings, numbers, words, operators, and which line breaks end a statement.

mod block;

use std::rc::Rc;

use crate::clause;
use crate::diagnostic::Diagnostic;
use crate::foreign;
use crate::phrase::Phrases;
use crate::source::Span;
use crate::token::{Lexeme, Token, Word};

/// The most tokens that one file may have.
const TOKENS_MAX: usize = 1_000_000;

/// The most that `${…}` may nest.
const HOLES_MAX: usize = 16;

/// Words that begin or end a block or a statement: a line that begins with one does not continue the line before.
const STRUCTURE: [&str; 29] = [
    "if", "elseif", "else", "endif", "end", "for", "next", "while", "wend", "do", "loop", "with", "select", "switch",
    "case", "sub", "function", "return", "exit", "continue", "let", "set", "default", "stop",
    "try", "catch", "finally", "throw", "goto",
];

/// What is said where a brace opens a block.
const BRACES: &str = "blocks have no braces: leave the { out, and end the block with END and its word";

/// Words after which a value is expected.
const VALUE_WORDS: [&str; 19] = [
    "if", "elseif", "while", "until", "case", "switch", "return", "and", "or", "xor", "not", "mod", "in", "like",
    "between", "to", "step", "is", "throw",
];

/// The tokens of a text; what is wrong with it is added to `diagnostics`.
pub fn lex(text: &str, source: u16, phrases: &Phrases, diagnostics: &mut Vec<Diagnostic>) -> Vec<Lexeme> {
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
        source,
        phrases,
        lexemes: Vec::new(),
        brackets: Vec::new(),
        holes: Vec::new(),
        questions: Vec::new(),
        answer_colon: None,
        block: None,
        block_of: None,
        value_words: Vec::new(),
        seen: 0,
        statement: 0,
        statement_before: 0,
        is_spaced: true,
        diagnostics,
    };
    lexer.run();
    lexer.lexemes
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    source: u16,
    phrases: &'a Phrases<'a>,
    lexemes: Vec<Lexeme>,
    /// The brackets that are open, with the byte where each stands.
    brackets: Vec<(u8, usize)>,
    /// The `${` that are open.
    holes: Vec<Hole>,
    /// The `?` of choices whose `:` has not come: the statement of each, and how many brackets were open.
    questions: Vec<(usize, usize)>,
    /// Where the `:` of the last such choice stands.
    answer_colon: Option<u32>,
    /// The text below a statement that is being read.
    block: Option<block::Block>,
    /// The words behind which a value stands in the word forms of the current line.
    value_words: Vec<&'static str>,
    /// How many tokens were looked at for such forms.
    seen: usize,
    /// The statement whose text below it has been read.
    block_of: Option<usize>,
    /// Where the tokens of the current line begin.
    statement: usize,
    /// Where those of the line before it begin.
    statement_before: usize,
    is_spaced: bool,
    diagnostics: &'a mut Vec<Diagnostic>,
}

/// A `${` whose `}` has not come.
struct Hole {
    /// The quote that opened its string.
    quote_at: usize,
    /// The `${` itself.
    at: usize,
    /// How many brackets were open.
    brackets: usize,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some(byte) = self.blanks() {
            if self.lexemes.len() >= TOKENS_MAX {
                let message = format!("this file has more than {TOKENS_MAX} words and signs; split it");
                self.error("E_SIZE", self.at, self.at + 1, message);
                // What is open may be closed in what was not read.
                self.brackets.clear();
                self.holes.clear();
                break;
            }
            match byte {
                b'\n' | b'\r' => {
                    self.at += 1;
                    if byte == b'\n' || self.peek(0) != Some(b'\n') {
                        self.newline();
                    }
                }
                b'_' if self.is_continuation() => self.skip_line_break(),
                b'\'' if !self.single_quoted() => self.comment(),
                b'\'' => {}
                b'"' => self.string(self.at, self.at + 1),
                b'/' if self.peek(1) == Some(b'/') && self.is_spaced => self.comment(),
                b'0'..=b'9' => self.number(),
                b'.' if self.peek(1).is_some_and(|next| next.is_ascii_digit()) && self.wants_value() => self.number(),
                _ => self.word_or_sign(),
            }
        }
        self.finish();
    }

    /// Skips blanks; the byte after them.
    fn blanks(&mut self) -> Option<u8> {
        let start = self.at;
        loop {
            match self.peek(0)? {
                b' ' | b'\t' | 0x0b | 0x0c => self.at += 1,
                0xc2 if self.peek(1) == Some(0xa0) => self.at += 2,
                byte => {
                    self.is_spaced = self.at > start
                        || self.at == 0
                        || matches!(self.bytes[self.at - 1], b'\n' | b'\r');
                    return Some(byte);
                }
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { source: self.source, start: start as u32, end: end as u32 }
    }

    fn error(&mut self, code: &'static str, start: usize, end: usize, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, self.span(start, end), message));
    }

    fn push(&mut self, token: Token, start: usize, end: usize) {
        let lexeme = Lexeme { token, start: start as u32, end: end as u32, is_spaced: self.is_spaced };
        self.lexemes.push(lexeme);
    }

    fn comment(&mut self) {
        while self.peek(0).is_some_and(|byte| byte != b'\n' && byte != b'\r') {
            self.at += 1;
        }
    }

    /// Whether the `_` here ends its line and joins the next to it.
    fn is_continuation(&self) -> bool {
        let rest = self.bytes[self.at + 1..].iter().take_while(|&&byte| byte != b'\n');
        let mut rest = rest.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).copied();
        self.is_spaced && matches!(rest.next(), None | Some(b'\''))
    }

    fn skip_line_break(&mut self) {
        self.comment();
        if self.peek(0) == Some(b'\r') {
            self.at += 1;
        }
        if self.peek(0) == Some(b'\n') {
            self.at += 1;
        }
    }

    /// A line break: ends the statement unless the line goes on.
    fn newline(&mut self) {
        let here = self.at - 1;
        if let Some(hole) = self.holes.pop() {
            self.holes.clear();
            self.error("E_SYNTAX", hole.at, hole.at + 2, "this ${ has no } on its line");
            self.push(Token::HoleClose, here, here);
            self.push(Token::TextClose, here, here);
            self.brackets.clear();
            return self.end_line(here);
        }
        let Some(last) = self.lexemes.last().map(|lexeme| &lexeme.token) else { return };
        if last.is_break() {
            return;
        }
        if self.brackets.is_empty() && self.begins_block() {
            return;
        }
        let Some(last) = self.lexemes.last().map(|lexeme| &lexeme.token) else { return };
        if self.brackets.is_empty() && last.ends_value() && self.clause_follows() {
            return;
        }
        if let Some(&(bracket, at)) = self.brackets.last() {
            // Two values cannot stand side by side, so the bracket was forgotten on the line that opened it.
            let is_over = self.structure_line() || last.ends_value() && !is_open_word(last) && self.begins_statement();
            if !is_over {
                return;
            }
            let message = match bracket {
                b'{' if self.begins_structure() => BRACES.to_string(),
                _ => format!("this {} has no {}", char::from(bracket), char::from(partner(bracket))),
            };
            self.error("E_SYNTAX", at, at + 1, message);
            self.brackets.clear();
            return self.end_line(here);
        }
        let goes_on = match last {
            Token::Equal => self.equal_compares(),
            Token::Word(word) => {
                matches!(&*word.folded, "and" | "or" | "xor")
                    || matches!(&*word.folded, "mod" | "like") && self.follows_value()
            }
            token => token.is_infix(),
        };
        if !goes_on || self.structure_line() {
            self.end_line(here);
        }
    }

    /// Whether the line begins with a word of structure.
    fn begins_structure(&self) -> bool {
        let first = self.lexemes.get(self.statement).and_then(|lexeme| lexeme.token.word());
        first.is_some_and(|word| STRUCTURE.contains(&word))
    }

    /// Whether nothing stands behind a bracket on its line.
    fn ends_line(&self, bracket: usize) -> bool {
        self.text[bracket + 1..].split('\n').next().is_none_or(|rest| rest.trim().is_empty())
    }

    fn end_line(&mut self, here: usize) {
        self.push(Token::Newline, here, here + 1);
        self.statement_before = self.statement;
        self.statement = self.lexemes.len();
    }

    /// Whether the last token stands behind a value in the same line.
    fn follows_value(&self) -> bool {
        let before = self.lexemes.len().wrapping_sub(2);
        before >= self.statement && self.lexemes.get(before).is_some_and(|lexeme| lexeme.token.ends_value())
    }

    /// Whether the `=` that ends this line compares, since the line began with a test or has assigned already.
    fn equal_compares(&self) -> bool {
        let line = &self.lexemes[self.statement..];
        let first = line.first().and_then(|lexeme| lexeme.token.word());
        matches!(first, Some("if" | "elseif" | "while" | "return"))
            || line[..line.len() - 1].iter().any(|lexeme| lexeme.token == Token::Equal)
    }

    /// The word at the start of the next line, and what follows it.
    fn next_line_word(&self) -> (&str, &str) {
        let rest = self.text.get(self.at..).unwrap_or("").trim_start();
        let length = rest.find(|c: char| !is_word_part(c)).unwrap_or(rest.len());
        rest.split_at(length)
    }

    /// Whether the line directly below begins with a part that a word form of this statement lacks.
    fn clause_follows(&self) -> bool {
        let line = self.text.get(self.at..).and_then(|rest| rest.lines().next()).unwrap_or("");
        let mut rest = line.trim_start_matches([' ', '\t']);
        let mut words = Vec::new();
        while words.len() < 2 {
            let length = rest.find(|c: char| !is_word_part(c)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(length);
            rest = behind.trim_start_matches([' ', '\t', '\r']);
            if words.is_empty() && !self.phrases.begins_part(word) {
                return false;
            }
            if word.is_empty() || rest.is_empty() || rest.starts_with(['=', '.', ':', '+', ',']) {
                break;
            }
            let word = Word { text: word.into(), folded: word.to_lowercase().into() };
            words.push(Lexeme { token: Token::Word(word), start: 0, end: 0, is_spaced: true });
        }
        !words.is_empty() && clause::goes_on(self.phrases, &self.lexemes[self.statement..], &words)
    }

    /// Whether the next line begins with a word of structure that is used as one.
    fn structure_line(&self) -> bool {
        let (word, rest) = self.next_line_word();
        let word = word.to_ascii_lowercase();
        let after = rest.trim_start_matches([' ', '\t']).chars().next();
        if after == Some(':') && self.brackets.last().is_some_and(|&(bracket, _)| bracket == b'{') {
            return false; // it is a key
        }
        let is_used = match after {
            None | Some('\n' | '\r' | '"' | '\'' | ':') => true,
            Some('(') => matches!(word.as_str(), "if" | "while" | "case" | "elseif" | "return"),
            Some(c) => is_word_part(c) && rest.starts_with([' ', '\t']),
        };
        is_used && STRUCTURE.contains(&word.as_str())
    }

    /// Whether the next line begins with a word or a field that cannot continue a value.
    fn begins_statement(&self) -> bool {
        let (word, rest) = self.next_line_word();
        if word.is_empty() {
            let Some(field) = rest.strip_prefix('.') else { return false };
            let name = field.trim_start_matches(|c: char| is_word_part(c) || c == '.').trim_start();
            return name.starts_with('=');
        }
        let infix = ["and", "or", "xor", "mod", "in", "is", "like", "between", "not", "rem"];
        !word.starts_with(|c: char| c.is_ascii_digit()) && !infix.contains(&word.to_ascii_lowercase().as_str())
    }

    /// Notes the word forms among the tokens that have come since.
    fn note_forms(&mut self) {
        if self.seen < self.statement {
            self.seen = self.statement;
            self.value_words.clear();
        }
        while self.seen < self.lexemes.len() {
            for word in clause::value_words(self.phrases, &self.lexemes, self.seen) {
                if !self.value_words.contains(&word) {
                    self.value_words.push(word);
                }
            }
            self.seen += 1;
        }
    }

    /// Whether a value is expected here, so that `'` opens a string and `.5` is a number.
    fn wants_value(&self) -> bool {
        self.wants_value_behind(&self.lexemes)
    }

    /// Whether a value is expected behind these of the tokens so far.
    fn wants_value_behind(&self, lexemes: &[Lexeme]) -> bool {
        let Some((last, before)) = lexemes.split_last() else { return false };
        match &last.token {
            Token::Word(word) => {
                let is_field = before.last().is_some_and(|before| matches!(before.token, Token::Dot | Token::QuestionDot));
                !is_field
                    && !self.closes_block(lexemes)
                    && (VALUE_WORDS.contains(&&*word.folded)
                        || self.phrases.wants_value_after(&lexemes[self.statement.min(lexemes.len())..])
                        || self.value_words.iter().any(|value_word| value_word.eq_ignore_ascii_case(&word.folded)))
            }
            Token::Colon => self.answer_colon == Some(last.start) || self.brackets.last().is_some_and(|&(bracket, _)| bracket == b'{'),
            Token::Newline | Token::Dot | Token::QuestionDot => false,
            token => !token.ends_value(),
        }
    }

    /// Whether the last word belongs to END, EXIT or CONTINUE before it: no value follows END IF.
    fn closes_block(&self, lexemes: &[Lexeme]) -> bool {
        let before = lexemes.len().wrapping_sub(2);
        before >= self.statement
            && lexemes
                .get(before)
                .and_then(|lexeme| lexeme.token.word())
                .is_some_and(|word| matches!(word, "end" | "exit" | "continue"))
    }

    /// Reads a string in single quotes; false where the quote opens a comment.
    fn single_quoted(&mut self) -> bool {
        self.note_forms();
        if !self.wants_value() {
            return false;
        }
        let start = self.at;
        let mut content = String::new();
        let mut at = start + 1;
        loop {
            match self.bytes.get(at) {
                None | Some(b'\n' | b'\r') => return false,
                Some(b'\'') if self.bytes.get(at + 1) == Some(&b'\'') => {
                    content.push('\'');
                    at += 2;
                }
                Some(b'\'') => break,
                Some(b'\\') => at = self.escape(at, &mut content),
                Some(_) => at += self.copy_char(at, &mut content),
            }
        }
        self.at = at + 1;
        self.push(Token::Text(content.into()), start, at + 1);
        true
    }

    /// Copies the character at a byte; its length.
    fn copy_char(&self, at: usize, content: &mut String) -> usize {
        let c = self.text[at..].chars().next().expect("the lexer stands on a character boundary inside the text");
        content.push(c);
        c.len_utf8()
    }

    /// Reads an escape into the content; where it ends. An unknown one stays as it is written.
    fn escape(&mut self, at: usize, content: &mut String) -> usize {
        let simple = match self.bytes.get(at + 1) {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(&byte @ (b'"' | b'\'' | b'\\' | b'$')) => char::from(byte),
            Some(b'u') if self.bytes.get(at + 2) == Some(&b'{') => return self.unicode_escape(at, content),
            _ => {
                content.push('\\');
                return at + 1;
            }
        };
        content.push(simple);
        at + 2
    }

    fn unicode_escape(&mut self, at: usize, content: &mut String) -> usize {
        let digits = &self.text[at + 3..];
        let length = digits.bytes().take(8).take_while(u8::is_ascii_hexdigit).count();
        let value = u32::from_str_radix(&digits[..length], 16).ok().and_then(char::from_u32);
        match value {
            Some(c) if digits.as_bytes().get(length) == Some(&b'}') => {
                content.push(c);
                at + 4 + length
            }
            _ => {
                let message = "this \\u{…} names no character: write the character's number in hexadecimal, such as \\u{2022}";
                self.error("E_SYNTAX", at, at + 3 + length, message);
                at + 3 + length
            }
        }
    }

    /// Reads a string, or the rest of one behind a hole, from `at` to its end or its next `${`.
    fn string(&mut self, quote_at: usize, start: usize) {
        let is_first = start == quote_at + 1;
        let mut content = String::new();
        let mut at = start;
        let mut first_break = None;
        loop {
            match self.bytes.get(at) {
                None => return self.unterminated(quote_at, first_break.unwrap_or(at), is_first),
                Some(b'"') if self.bytes.get(at + 1) == Some(&b'"') => {
                    content.push('"');
                    at += 2;
                }
                Some(b'"') => {
                    // A word directly behind the quote says that this quote opens the next string.
                    let is_opening = self.text[at + 1..].starts_with(is_word_part);
                    match first_break {
                        Some(line_end) if is_opening => return self.unterminated(quote_at, line_end, is_first),
                        _ => break,
                    }
                }
                Some(b'$') if self.bytes.get(at + 1) == Some(&b'{') => {
                    return self.open_hole(quote_at, start, at, content, is_first);
                }
                Some(b'\\') => at = self.escape(at, &mut content),
                Some(&byte) => {
                    if byte == b'\n' && first_break.is_none() {
                        first_break = Some(at);
                    }
                    at += self.copy_char(at, &mut content);
                }
            }
        }
        let from = if is_first { quote_at } else { start };
        if is_first || !content.is_empty() {
            let end = if is_first { at + 1 } else { at };
            self.push(Token::Text(content.into()), from, end);
        }
        if !is_first {
            self.push(Token::TextClose, at, at + 1);
        }
        self.at = at + 1;
    }

    fn open_hole(&mut self, quote_at: usize, start: usize, at: usize, content: String, is_first: bool) {
        if self.holes.len() >= HOLES_MAX {
            let message = format!("${{…}} stands inside itself more than {HOLES_MAX} times; use a variable");
            self.error("E_DEPTH", at, at + 2, message);
            self.holes.clear();
            self.brackets.clear();
            self.at = at;
            return self.comment();
        }
        if is_first {
            self.push(Token::TextOpen, quote_at, quote_at + 1);
        }
        if !content.is_empty() {
            self.push(Token::Text(content.into()), start, at);
        }
        self.push(Token::HoleOpen, at, at + 2);
        self.holes.push(Hole { quote_at, at, brackets: self.brackets.len() });
        self.at = at + 2;
    }

    /// Reports a string without an end and goes on behind its first line.
    fn unterminated(&mut self, quote_at: usize, line_end: usize, is_first: bool) {
        let message = match self.text[..quote_at].ends_with(is_word_part) {
            true => "this text has no closing \"; or does the word before it lack its opening \"?",
            false => "this text has no closing \"",
        };
        // Inside of a ${ that does not end, it is that one's fault.
        if self.holes.is_empty() {
            self.error("E_SYNTAX", quote_at, quote_at + 1, message);
        }
        if is_first {
            self.push(Token::Text(Rc::from("")), quote_at, line_end);
        } else {
            self.push(Token::TextClose, line_end, line_end);
        }
        self.at = line_end;
    }

    fn number(&mut self) {
        let start = self.at;
        let is_hexadecimal = self.peek(0) == Some(b'0') && matches!(self.peek(1), Some(b'x' | b'X'));
        if is_hexadecimal {
            self.at += 2;
        }
        let mut is_float = false;
        while let Some(byte) = self.peek(0) {
            let next_is_digit = self.peek(1).is_some_and(|next| next.is_ascii_digit());
            match byte {
                b'0'..=b'9' => {}
                b'_' if self.peek(1).is_some_and(|next| next.is_ascii_alphanumeric()) => {}
                b'a'..=b'f' | b'A'..=b'F' if is_hexadecimal => {}
                b'.' if !is_hexadecimal && !is_float && next_is_digit => is_float = true,
                b'e' | b'E' if !is_hexadecimal && (next_is_digit || self.signed_exponent()) => {
                    is_float = true;
                    self.at += 1;
                }
                _ => break,
            }
            self.at += 1;
        }
        if self.text[self.at..].starts_with(is_word_part) {
            let rest = self.text[self.at..].find(|c| !is_word_part(c)).unwrap_or(self.text.len() - self.at);
            self.at += rest;
            let written = &self.text[start..self.at];
            let message = format!("{written} is neither a number nor a name: a name begins with a letter");
            self.error("E_SYNTAX", start, self.at, message);
            return self.push(Token::Int(0), start, self.at);
        }
        let digits: String = self.text[start..self.at].chars().filter(|&c| c != '_').collect();
        self.push_number(&digits, is_float, start);
    }

    fn signed_exponent(&self) -> bool {
        matches!(self.peek(1), Some(b'+' | b'-')) && self.peek(2).is_some_and(|digit| digit.is_ascii_digit())
    }

    fn push_number(&mut self, digits: &str, is_float: bool, start: usize) {
        let end = self.at;
        if is_float {
            let value: f64 = digits.parse().unwrap_or(f64::INFINITY);
            if !value.is_finite() {
                self.error("E_NUMBER", start, end, "this number is too large: the largest is about 1.8e308");
            }
            return self.push(Token::Float(if value.is_finite() { value } else { 0.0 }), start, end);
        }
        let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
        let value = match hexadecimal {
            Some(digits) => i64::from_str_radix(digits, 16),
            None => digits.parse(),
        };
        match value {
            Ok(value) => self.push(Token::Int(value), start, end),
            Err(_) if digits == "9223372036854775808" && self.is_negated() => {
                let minus = self.lexemes.pop().expect("is_negated saw the minus");
                self.push(Token::Int(i64::MIN), minus.start as usize, end);
            }
            Err(_) => {
                let message = match hexadecimal {
                    Some("") => "0x needs hexadecimal digits behind it",
                    _ => "this number is too large: the largest whole number is 9223372036854775807; write .0 behind it for a float, or quotes around it for a text",
                };
                self.error("E_NUMBER", start, end, message);
                self.push(Token::Int(0), start, end);
            }
        }
    }

    /// Whether a minus sign stands directly before and negates.
    fn is_negated(&self) -> bool {
        let Some((minus, before)) = self.lexemes.split_last() else { return false };
        minus.token == Token::Minus && before.last().is_some() && self.wants_value_behind(before)
    }

    fn word_or_sign(&mut self) {
        let start = self.at;
        let first = self.text[start..].chars().next().expect("the caller saw a byte here");
        if first.is_alphabetic() || first == '_' {
            return self.word();
        }
        if let Some((token, length)) = sign(&self.bytes[start..]) {
            self.at += length;
            return self.push_sign(token, start);
        }
        self.at += first.len_utf8();
        // One message for a whole line of such characters.
        let same_line = self.diagnostics.last().is_some_and(|last| {
            let between = self.text.get(last.span.end as usize..start);
            between.is_some_and(|between| !between.contains('\n'))
        });
        if !same_line {
            let before = self.text[..start].rsplit('\n').next().unwrap_or("");
            let behind = self.text[self.at..].split('\n').next().unwrap_or("");
            let message = foreign::character(first, before, behind, self.brackets.last().map(|(bracket, _)| char::from(*bracket)));
            self.error("E_SYNTAX", start, self.at, message);
        }
    }

    fn word(&mut self) {
        let start = self.at;
        let rest = &self.text[start..];
        let mut length = rest.find(|c| !is_word_part(c)).unwrap_or(rest.len());
        match rest.as_bytes().get(length) {
            Some(b'$') if rest.as_bytes().get(length + 1) != Some(&b'{') => length += 1,
            // Before a name, a digit or a bracket it is the operator.
            Some(b'%') if !rest[length + 1..].starts_with(|c| is_word_part(c) || c == '(') => length += 1,
            _ => {}
        }
        let text = &rest[..length];
        let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii());
        if text.eq_ignore_ascii_case("rem") && self.is_remark(&rest[length..]) {
            return self.comment();
        }
        self.at += length;
        let text: Rc<str> = text.into();
        let folded = if is_lower { text.clone() } else { text.to_lowercase().into() };
        // Nothing begins with these, so they continue the line before.
        if matches!(&*folded, "and" | "or") && self.lexemes.last().is_some_and(|last| last.token == Token::Newline) {
            self.lexemes.pop();
            self.statement = self.statement_before;
        }
        self.push(Token::Word(Word { text, folded }), start, self.at);
    }

    /// Whether the REM before this rest of the text opens a comment.
    fn is_remark(&self, rest: &str) -> bool {
        let after = rest.trim_start_matches([' ', '\t']);
        let is_assigned = ["=", "+=", "-="].iter().any(|sign| after.starts_with(sign)) && !after.starts_with("==");
        let is_apart = rest.is_empty() || rest.starts_with(char::is_whitespace);
        match self.lexemes.last().map(|lexeme| &lexeme.token) {
            // Directly behind a variable's name stand only these.
            None | Some(Token::Newline | Token::Colon) => !is_assigned && (is_apart || !rest.starts_with(['.', '[', '(', '$', '%']) && !rest.starts_with("?.")),
            Some(last) => last.ends_value() && (is_apart || rest.starts_with(['\'', '"', ';', '#', '!', '@', '~', '`'])),
        }
    }

    fn push_sign(&mut self, token: Token, start: usize) {
        let byte = self.bytes[self.at - 1];
        match token {
            Token::OpenParen | Token::OpenBracket | Token::OpenBrace => self.brackets.push((byte, start)),
            Token::Question if self.lexemes.last().is_some_and(|last| last.token.ends_value()) => {
                self.questions.push((self.statement, self.brackets.len()));
            }
            Token::Colon => self.answer(start),
            Token::CloseBrace if self.holes.last().is_some_and(|hole| hole.brackets >= self.brackets.len()) => {
                let hole = self.holes.pop().expect("a hole was seen");
                self.push(Token::HoleClose, start, self.at);
                if self.block.as_ref().is_some_and(|block| block.start == hole.quote_at) {
                    return self.block_text(self.at);
                }
                return self.string(hole.quote_at, self.at);
            }
            Token::CloseParen | Token::CloseBracket | Token::CloseBrace => {
                if let Some((open, at)) = self.brackets.pop()
                    && partner(open) != byte
                {
                    let message = format!(
                        "this {} is closed by {}; it wants {}",
                        char::from(open),
                        char::from(byte),
                        char::from(partner(open))
                    );
                    self.error("E_SYNTAX", at, at + 1, message);
                }
            }
            _ => {}
        }
        self.push(token, start, self.at);
    }

    /// Notes whether a `:` stands between the two values of a choice. Each takes the nearest `?` of its own brackets.
    fn answer(&mut self, colon: usize) {
        let here = (self.statement, self.brackets.len());
        while let Some(&question) = self.questions.last() {
            if question.0 == here.0 && question.1 < here.1 {
                return; // that of brackets around these
            }
            self.questions.pop();
            if question == here {
                self.answer_colon = Some(colon as u32);
                return;
            }
        }
    }

    fn finish(&mut self) {
        let end = self.text.len();
        if let Some(hole) = self.holes.pop() {
            self.error("E_SYNTAX", hole.at, hole.at + 2, "this ${ has no }");
        } else if let Some(&(bracket, at)) = self.brackets.first() {
            let message = match bracket {
                b'{' if self.ends_line(at) && self.begins_structure() => BRACES.to_string(),
                _ => format!("this {} has no {}", char::from(bracket), char::from(partner(bracket))),
            };
            self.error("E_SYNTAX", at, at + 1, message);
        }
        self.push(Token::Newline, end, end);
    }
}

/// Whether a token is a word after which a value must come.
fn is_open_word(token: &Token) -> bool {
    matches!(token.word(), Some("and" | "or" | "xor" | "not" | "mod" | "like" | "in" | "between" | "call" | "new"))
}

fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn partner(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

/// The operator or bracket at the head of these bytes, and its length.
fn sign(bytes: &[u8]) -> Option<(Token, usize)> {
    let two = bytes.get(..2).unwrap_or(&[]);
    let token = match two {
        b"==" => Token::EqualEqual,
        b"<>" | b"!=" => Token::NotEqual,
        b"<=" => Token::LessOrEqual,
        b">=" => Token::GreaterOrEqual,
        b"+=" => Token::PlusEqual,
        b"-=" => Token::MinusEqual,
        b"&&" => Token::And,
        b"||" => Token::Or,
        b"??" => Token::Coalesce,
        b"?." if !bytes.get(2).is_some_and(u8::is_ascii_digit) => Token::QuestionDot,
        b"#{" => Token::OpenBrace,
        _ => {
            let token = match bytes.first()? {
                b'(' => Token::OpenParen,
                b')' => Token::CloseParen,
                b'[' => Token::OpenBracket,
                b']' => Token::CloseBracket,
                b'{' => Token::OpenBrace,
                b'}' => Token::CloseBrace,
                b',' => Token::Comma,
                b':' => Token::Colon,
                b'?' => Token::Question,
                b'.' => Token::Dot,
                b'=' => Token::Equal,
                b'<' => Token::Less,
                b'>' => Token::Greater,
                b'+' => Token::Plus,
                b'-' => Token::Minus,
                b'&' => Token::Ampersand,
                b'*' => Token::Star,
                b'/' => Token::Slash,
                b'\\' => Token::Backslash,
                b'%' => Token::Modulo,
                b'^' => Token::Caret,
                b'!' => Token::Bang,
                _ => return None,
            };
            return Some((token, 1));
        }
    };
    Some((token, 2))
}
