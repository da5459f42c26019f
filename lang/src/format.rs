//! Writes a script anew in the one style: indentation, spacing and the case of keywords.
//!
//! The formatter works on tokens and on how deep the nesting pass found each line, so it knows no statement by name.
//! What lies between two tokens (blanks, comments, line breaks, `_`, `:`) is read from the text. Comments, strings,
//! names, numbers and line breaks stay as the author wrote them. The result is read back, and given only if it has the
//! same tokens and compiles to the same code.

use gbvm_vm::program::{ArgumentSite, Program};
use gbvm_vm::signature::Signature;

use crate::compile::compile;
use crate::diagnostic::{Diagnostic, Severity};
use crate::parse::{self, Outline};
use crate::source::{Source, Span};
use crate::token::{Lexeme, Token};

mod gap;

use gap::Piece;

/// Blanks of one level.
const INDENT: usize = 4;

/// The most empty lines that stay between two others.
const BLANK_LINES_MAX: usize = 2;

/// Why a text could not be formatted.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// It cannot be read: its errors.
    Unreadable(Vec<Diagnostic>),
    /// The formatted text would not mean the same; a mistake of the formatter.
    Different,
}

/// How blanks between two tokens of a line are chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spacing {
    /// By rule.
    Ruled,
    /// None or one, as the author had it.
    AsWritten,
}

/// The text in the one style.
///
/// # Errors
/// Where the text has mistakes of syntax, or where its formatted form would compile to something else.
pub fn format(source: &Source, signatures: &[Signature]) -> Result<String, Refusal> {
    let before = parse::outline(source, signatures).map_err(Refusal::Unreadable)?;
    // Blanks decide a few readings (`f [a]` and `f[a]`); where the rules would change one, the author's stay.
    for spacing in [Spacing::Ruled, Spacing::AsWritten] {
        let text = Writer::new(&source.text, &before, spacing).write();
        let formatted = Source::new(source.name.clone(), text.as_str());
        if means_the_same(source, &before, &formatted, signatures) {
            return Ok(text);
        }
    }
    Err(Refusal::Different)
}

/// Whether two texts have the same tokens and, where they compile, the same code.
fn means_the_same(a: &Source, outline: &Outline, b: &Source, signatures: &[Signature]) -> bool {
    let Ok(other) = parse::outline(b, signatures) else { return false };
    // Empty lines at the ends may come and go.
    let tokens = |outline: &Outline| {
        let mut tokens: Vec<Token> = outline.lexemes.iter().map(|lexeme| lexeme.token.clone()).collect();
        tokens.dedup_by(|next, before| matches!((before, next), (Token::Break(true), Token::Break(true))));
        tokens
    };
    let tables = |outline: &Outline| {
        let mut tables = outline.tables.clone();
        for table in &mut tables {
            table.span = Span::default();
            table.columns.iter_mut().for_each(|column| column.span = Span::default());
        }
        tables
    };
    if tokens(outline) != tokens(&other) || tables(outline) != tables(&other) {
        return false;
    }
    let code = |source: &Source| {
        let compilation = compile(std::slice::from_ref(source), signatures);
        let errors = compilation.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        (errors.count(), compilation.script.map(|script| without_places(script.program)))
    };
    code(a) == code(b)
}

/// The program without what tells where its parts stand in the text.
fn without_places(mut program: Program) -> Program {
    program.spans.clear();
    program.sources.clear();
    for site in &mut program.sites {
        for argument in &mut site.arguments {
            *argument = ArgumentSite { span: Span::default(), ..argument.clone() };
        }
    }
    program
}

/// A line of the result.
struct OutLine {
    indent: usize,
    text: String,
    /// Where the author had it, in columns; of a line that is only a comment, to place it.
    column: usize,
    kind: OutKind,
    /// Whether the line break behind it has not come.
    is_open: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OutKind {
    Blank,
    Comment,
    Code,
    /// A line of text that stands below a statement, with all its blanks.
    Text,
}

/// What of one bracket decides the blanks and the indentation inside of it.
struct Bracket {
    /// The line of the result on which it opens.
    line: usize,
    /// The `?` that wait for their `:`.
    questions: u32,
}

struct Writer<'a> {
    text: &'a str,
    outline: &'a Outline,
    spacing: Spacing,
    lines: Vec<OutLine>,
    /// The line being written, and its indentation once it is known.
    line: String,
    indent: Option<usize>,
    /// Where the line being written began in the text.
    column: usize,
    /// The indentation of the statement at hand, and what a line in its place would have.
    base: usize,
    inside: usize,
    /// Whether the statement at hand opens a block, so that a line that continues it must not look like the first of the
    /// block.
    opens_block: bool,
    brackets: Vec<Bracket>,
    questions: u32,
    /// The token before, and whether it is a sign before a value.
    last: Option<&'a Token>,
    last_is_sign: bool,
    /// The byte behind the token before.
    end: usize,
    /// Whether a statement has begun that the next line break only continues.
    is_open: bool,
}

impl<'a> Writer<'a> {
    fn new(text: &'a str, outline: &'a Outline, spacing: Spacing) -> Writer<'a> {
        Writer {
            text,
            outline,
            spacing,
            lines: Vec::new(),
            line: String::new(),
            indent: None,
            column: 0,
            base: 0,
            inside: 0,
            opens_block: false,
            brackets: Vec::new(),
            questions: 0,
            last: None,
            last_is_sign: false,
            end: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 },
            is_open: false,
        }
    }

    fn write(mut self) -> String {
        let lexemes: &'a [Lexeme] = &self.outline.lexemes;
        let mut starts_line = true;
        let mut at = 0;
        while let Some(lexeme) = lexemes.get(at) {
            if let Token::Break(ends_line) = lexeme.token {
                starts_line |= ends_line;
                (self.last, self.last_is_sign) = (None, false);
                at += 1;
                continue;
            }
            let used = interpolation(&lexemes[at..]);
            if used > 1 && lexeme.start == lexeme.end {
                self.text_below(lexeme.start as usize, lexemes.get(at + used).map_or(self.text.len(), |behind| behind.start as usize));
                starts_line = false;
                at += used;
                continue;
            }
            // What stands for nothing written.
            if lexeme.start == lexeme.end {
                at += used;
                continue;
            }
            let end = lexemes[at + used - 1].end as usize;
            self.unit(&lexemes[at..], end, starts_line);
            if used > 1 {
                self.last = lexemes.get(at + used - 1).map(|lexeme| &lexeme.token);
            }
            starts_line = false;
            at += used;
        }
        self.is_open = false;
        self.inside = 0;
        self.gap(self.text.len());
        self.flush();
        self.finish()
    }

    /// One token, or one string with everything in it, and what stands before it.
    fn unit(&mut self, rest: &'a [Lexeme], end: usize, starts_line: bool) {
        let lexeme = &rest[0];
        let start = lexeme.start as usize;
        let level = self.outline.levels.get(&lexeme.start).filter(|_| starts_line);
        if starts_line {
            self.is_open = false;
            self.brackets.clear();
            self.questions = 0;
        }
        if let Some(level) = level {
            self.inside = usize::from(level.inside) * INDENT;
        }
        self.gap(start);
        if let Some(level) = level {
            self.base = usize::from(level.indent) * INDENT;
            self.opens_block = level.opens_block;
        }
        let is_first = self.line.is_empty();
        if is_first {
            self.column = column_of(self.text, start);
        } else if self.is_apart(lexeme) {
            self.line.push(' ');
        }
        if self.indent.is_none() {
            self.indent = Some(if starts_line { self.base } else { self.continued(rest) });
        }
        self.note(&lexeme.token);
        self.line.push_str(&shown(&lexeme.token, &self.text[start..end]));
        self.is_open = true;
        self.end = end;
    }

    /// Writes the text below a statement as it is, every blank of it, and the line that ends it.
    fn text_below(&mut self, start: usize, until: usize) {
        self.gap(start);
        let text = self.text[start..until].trim_end();
        let (inside, last) = text.rsplit_once('\n').unwrap_or(("", text));
        for line in inside.split_terminator('\n') {
            let text = line.strip_suffix('\r').unwrap_or(line).to_owned();
            self.lines.push(OutLine { indent: 0, text, column: 0, kind: OutKind::Text, is_open: false });
        }
        self.line = last.split_whitespace().map(str::to_uppercase).collect::<Vec<_>>().join(" ");
        self.indent = Some(self.base);
        self.end = start + text.len();
        self.is_open = true;
    }

    /// The indentation of a line that continues the statement: one level, or one for each line that left brackets
    /// open, those not counted that the line begins by closing.
    fn continued(&self, rest: &[Lexeme]) -> usize {
        if self.brackets.is_empty() {
            return self.base + if self.opens_block { 2 * INDENT } else { INDENT };
        }
        let is_here = |pair: &[Lexeme]| !self.text[pair[0].end as usize..pair[1].start as usize].contains(['\n', '\r']);
        let same_line = 1 + rest.windows(2).take_while(|pair| is_here(pair)).count();
        let closed = rest.iter().take(same_line).take_while(|lexeme| closes(&lexeme.token)).count();
        let open = &self.brackets[..self.brackets.len().saturating_sub(closed)];
        let mut lines: Vec<usize> = open.iter().map(|bracket| bracket.line).collect();
        lines.dedup();
        self.base + lines.len() * INDENT
    }

    /// Whether a blank stands between the last token and this one.
    fn is_apart(&self, lexeme: &Lexeme) -> bool {
        let Some(last) = self.last else { return true };
        match self.spacing {
            Spacing::AsWritten => lexeme.is_spaced,
            // The `=` of a form in words sets a field.
            Spacing::Ruled if lexeme.token == Token::Colon && self.text[lexeme.start as usize..].starts_with('=') => true,
            Spacing::Ruled => self.is_ruled_apart(last, &lexeme.token),
        }
    }

    fn is_ruled_apart(&self, last: &Token, next: &Token) -> bool {
        match (last, next) {
            // Two signs in a row would look like one.
            (Token::Minus, Token::Minus) => true,
            (_, Token::Comma | Token::CloseParen | Token::CloseBracket | Token::CloseBrace) => false,
            (_, Token::CallParen | Token::IndexBracket | Token::Dot | Token::QuestionDot) => false,
            (_, Token::Colon) => self.questions() > 0,
            (Token::OpenParen | Token::CallParen | Token::OpenBracket | Token::IndexBracket | Token::OpenBrace, _) => false,
            (Token::Dot | Token::QuestionDot | Token::LeadDot | Token::Bang, _) => false,
            (Token::Minus, _) => !self.last_is_sign,
            _ => true,
        }
    }

    fn questions(&self) -> u32 {
        self.brackets.last().map_or(self.questions, |bracket| bracket.questions)
    }

    /// Keeps what the next token needs to know of this one.
    fn note(&mut self, token: &'a Token) {
        self.last_is_sign = *token == Token::Minus && !self.last.is_some_and(Token::ends_value);
        let line = self.lines.len();
        let questions = self.brackets.last_mut().map_or(&mut self.questions, |bracket| &mut bracket.questions);
        match token {
            Token::Question => *questions += 1,
            Token::Colon => *questions = questions.saturating_sub(1),
            token if opens(token) => self.brackets.push(Bracket { line, questions: 0 }),
            token if closes(token) => drop(self.brackets.pop()),
            _ => {}
        }
        self.last = Some(token);
    }

    /// Writes what stands between the token before and the next one, which begins at `until`.
    fn gap(&mut self, until: usize) {
        let outline = self.outline;
        for table in &outline.tables {
            let start = table.span.start as usize;
            if (self.end..until).contains(&start) {
                self.between(start);
                self.table(start);
            }
        }
        self.between(until);
    }

    /// Writes the lines of a TABLE, which are no tokens, each as it is written.
    fn table(&mut self, start: usize) {
        let text = self.text;
        let mut at = start;
        for line in text[start..].split_inclusive('\n') {
            let words = line.split_whitespace().take(2).collect::<Vec<_>>().join(" ").to_uppercase();
            let (is_first, is_last) = (at == start, words == "END TABLE");
            self.column = column_of(text, at + line.len() - line.trim_start().len());
            let indent = if is_first || is_last { self.inside } else { self.inside + INDENT };
            self.line = match line.split_whitespace().next() {
                Some(word) if is_first => format!("{}{}", word.to_uppercase(), &line.trim_start()[word.len()..]),
                Some(_) if is_last => words + &line.trim_start()[after_two_words(line.trim_start())..],
                _ => line.trim_start().to_owned(),
            };
            let kind = if self.line.is_empty() { OutKind::Blank } else { OutKind::Code };
            self.push_line(indent, kind);
            at += line.len();
            if is_last {
                break;
            }
        }
        self.end = at;
    }

    /// The same where no TABLE stands in between.
    fn between(&mut self, until: usize) {
        let from = self.end;
        for (at, piece) in gap::pieces(self.text.get(from..until).unwrap_or("")) {
            match piece {
                Piece::LineBreak => self.flush(),
                Piece::Comment(comment) if self.line.is_empty() => {
                    self.column = column_of(self.text, from + at);
                    self.line.push_str(comment);
                    let inside = self.here();
                    self.push_line(inside, OutKind::Comment);
                }
                Piece::Comment(comment) => {
                    self.line.push_str("  ");
                    self.line.push_str(comment);
                }
                Piece::Continuation(comment) => {
                    self.line.push_str(if self.line.is_empty() { "_" } else { " _" });
                    if !comment.is_empty() {
                        self.line.push_str("  ");
                        self.line.push_str(comment);
                    }
                    self.flush();
                }
                Piece::Separator => {
                    // One name alone may be a label.
                    let is_label = self.line.chars().all(|c| c.is_alphanumeric() || c == '_');
                    self.line.push_str(if is_label { ":" } else { " :" });
                }
            }
        }
        self.end = until;
    }

    /// The indentation that a line would have here.
    fn here(&self) -> usize {
        if self.is_open { self.continued(&[]) } else { self.inside }
    }

    fn flush(&mut self) {
        let kind = if self.line.is_empty() { OutKind::Blank } else { OutKind::Code };
        let indent = self.indent.take().unwrap_or_else(|| self.here());
        // A comment has ended its line already.
        let ends_comment = kind == OutKind::Blank && self.lines.last().is_some_and(|line| line.kind == OutKind::Comment && line.is_open);
        if ends_comment {
            if let Some(line) = self.lines.last_mut() {
                line.is_open = false;
            }
            return;
        }
        self.push_line(indent, kind);
    }

    fn push_line(&mut self, indent: usize, kind: OutKind) {
        let text = std::mem::take(&mut self.line).trim_end().to_owned();
        self.indent = None;
        self.lines.push(OutLine { indent, text, column: self.column, kind, is_open: kind == OutKind::Comment });
    }

    /// Places the comments, drops empty lines at the ends and where they are too many, and joins it all.
    fn finish(mut self) -> String {
        let mut next: Option<(usize, usize)> = None;
        for line in self.lines.iter_mut().rev() {
            match line.kind {
                OutKind::Blank | OutKind::Text => {}
                OutKind::Code => next = Some((line.indent, line.column)),
                // A comment inside a block belongs to it, unless its author put it to the line that ends it.
                OutKind::Comment => {
                    if let Some((indent, column)) = next
                        && indent < line.indent
                        && line.column <= column
                    {
                        line.indent = indent;
                    }
                }
            }
        }
        let line_break = if self.text.split('\n').next().is_some_and(|line| line.ends_with('\r') && line.len() < self.text.len()) { "\r\n" } else { "\n" };
        let mut out = String::with_capacity(self.text.len() + self.text.len() / 8);
        if self.text.starts_with('\u{feff}') {
            out.push('\u{feff}');
        }
        let mut blank = 0;
        let mut is_first = true;
        for line in &self.lines {
            if line.kind == OutKind::Blank {
                blank += 1;
                continue;
            }
            if !is_first {
                (0..blank.min(BLANK_LINES_MAX)).for_each(|_| out.push_str(line_break));
            }
            (blank, is_first) = (0, false);
            out.extend(std::iter::repeat_n(' ', line.indent));
            out.push_str(&line.text);
            out.push_str(line_break);
        }
        out
    }
}

/// How many lexemes the string has that begins here, with the values in it; one where none does.
fn interpolation(lexemes: &[Lexeme]) -> usize {
    let mut depth = 0;
    for (at, lexeme) in lexemes.iter().enumerate() {
        match lexeme.token {
            Token::TextOpen => depth += 1,
            Token::TextClose => depth -= 1,
            _ => {}
        }
        if depth <= 0 {
            return at + 1;
        }
    }
    lexemes.len()
}

/// Where the second word of a text ends.
fn after_two_words(text: &str) -> usize {
    let first = text.find(char::is_whitespace).unwrap_or(text.len());
    let second = text[first..].find(|c: char| !c.is_whitespace()).map_or(text.len(), |at| first + at);
    text[second..].find(char::is_whitespace).map_or(text.len(), |at| second + at)
}

fn opens(token: &Token) -> bool {
    matches!(token, Token::OpenParen | Token::CallParen | Token::OpenBracket | Token::IndexBracket | Token::OpenBrace)
}

fn closes(token: &Token) -> bool {
    matches!(token, Token::CloseParen | Token::CloseBracket | Token::CloseBrace)
}

/// A token as it is written: what is no name, string or number is a word of the language, in capitals.
fn shown(token: &Token, written: &str) -> String {
    let is_own = matches!(
        token,
        Token::Name(_) | Token::Label(_) | Token::Word(_) | Token::Text(_) | Token::TextOpen | Token::Int(_) | Token::Float(_)
    );
    let is_words = written.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '%' | ' ' | '\t' | '\u{a0}'));
    if is_own || !is_words || !written.starts_with(char::is_alphabetic) {
        return written.to_owned();
    }
    written.split_whitespace().map(str::to_uppercase).collect::<Vec<_>>().join(" ")
}

/// How far from the start of its line a byte stands, a tab counted as one level.
fn column_of(text: &str, at: usize) -> usize {
    let line = text[..at].rfind('\n').map_or(0, |at| at + 1);
    text[line..at].chars().map(|c| if c == '\t' { INDENT } else { 1 }).sum()
}
