//! From text to tree: runs the lexer, the word pass, the line parser and the nesting pass over one file.

use gbvm_vm::signature::Signature;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ast::{Expression, ExpressionKind, Script, StatementKind};
use crate::complaint::{Item, complain};
use crate::declare::TableDeclaration;
use crate::diagnostic::{Diagnostic, Severity};
use crate::line::{Line, LineKind};
use crate::nest::Level;
use crate::phrase::Phrases;
use crate::shape::Shaper;
use crate::source::{Source, Span};
use crate::token::{Lexeme, Token};
use crate::{chain, declare, foreign, lexer, nest, words};

#[allow(missing_docs, clippy::all, unused)] // generated
mod grammar {
    include!(concat!(env!("OUT_DIR"), "/grammar.rs"));
}

/// The largest text of one file, in bytes.
pub const TEXT_MAX: usize = 4 << 20;

/// The most errors that one file is told of.
const ERRORS_MAX: usize = 100;

/// The tree of a file, and everything that is wrong with its text, in the order of their places.
///
/// `index` becomes the source of every span. What did not parse is [`StatementKind::Invalid`] in the tree.
pub fn parse(source: &Source, index: u16, signatures: &[Signature]) -> (Script, Vec<Diagnostic>) {
    parse_beside(source, index, signatures, &FxHashSet::default())
}

/// As [`parse`], beside files with procedures of these folded names: they answer before a keyword of one word does.
pub fn parse_beside(source: &Source, index: u16, signatures: &[Signature], procedures: &FxHashSet<String>) -> (Script, Vec<Diagnostic>) {
    let (script, _, diagnostics) = read(source, index, signatures, procedures, &mut |_, _| {});
    (script, diagnostics)
}

/// The tokens of a text, and how deep its lines stand: what the formatter works on.
pub(crate) struct Outline {
    /// The tokens as the grammar reads them, with the breaks between items.
    pub lexemes: Vec<Lexeme>,
    /// For the first byte of each statement's line, where it stands.
    pub levels: FxHashMap<u32, Level>,
    /// The tables that it declares, whose lines are no tokens.
    pub tables: Vec<TableDeclaration>,
}

/// The outline of a text that has no mistake of syntax.
///
/// # Errors
/// Its mistakes.
pub(crate) fn outline(source: &Source, signatures: &[Signature]) -> Result<Outline, Vec<Diagnostic>> {
    let mut levels = FxHashMap::default();
    let (script, lexemes, diagnostics) = read(source, 0, signatures, &FxHashSet::default(), &mut |start, level| {
        levels.insert(start, level);
    });
    let is_wrong = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    if is_wrong { Err(diagnostics) } else { Ok(Outline { lexemes, levels, tables: script.tables }) }
}

/// Whether a text ends inside of a block, a bracket or a line that goes on, so that what follows belongs to it.
pub fn is_open(text: &str, signatures: &[Signature]) -> bool {
    let mut inside = 0;
    let source = Source::new("", text);
    let (_, lexemes, diagnostics) = read(&source, 0, signatures, &FxHashSet::default(), &mut |start, level| {
        if start == u32::MAX {
            inside = level.inside;
        }
    });
    if !diagnostics.is_empty() && ends_in_text(text, signatures) {
        return true;
    }
    let brackets = |lexeme: &Lexeme| match lexeme.token {
        Token::OpenParen | Token::CallParen | Token::OpenBracket | Token::IndexBracket | Token::OpenBrace => 1,
        Token::CloseParen | Token::CloseBracket | Token::CloseBrace => -1,
        _ => 0,
    };
    let last = lexemes.iter().rev().find(|lexeme| !lexeme.token.is_break());
    let goes_on = last.is_some_and(|last| last.token.is_infix()) || text.trim_end().ends_with(" _");
    // A bracket that a whole line follows was forgotten, and its line has ended.
    let end = lexemes.iter().rposition(|lexeme| !lexeme.token.is_break()).map_or(0, |last| last + 1);
    let line = lexemes[..end].iter().rev().take_while(|lexeme| lexeme.token != Token::Break(true));
    inside > 0 || goes_on || line.map(brackets).sum::<i64>() > 0
}

/// Whether a text in quotes is open at the end: with a quote behind it there is less to complain about.
fn ends_in_text(text: &str, signatures: &[Signature]) -> bool {
    let phrases = Phrases::new(signatures);
    let complaints = |text: &str| {
        let mut diagnostics = Vec::new();
        lexer::lex(text, 0, &phrases, &mut diagnostics);
        diagnostics.len()
    };
    text.len() <= TEXT_MAX && complaints(text) > complaints(&format!("{text}\""))
}

fn read(
    source: &Source,
    index: u16,
    signatures: &[Signature],
    procedures: &FxHashSet<String>,
    see: &mut dyn FnMut(u32, Level),
) -> (Script, Vec<Lexeme>, Vec<Diagnostic>) {
    let text = &*source.text;
    if text.len() > TEXT_MAX {
        let span = Span { source: index, start: 0, end: 0 };
        let message = format!("this file has {} bytes; the most is {TEXT_MAX}", text.len());
        return (Script::default(), Vec::new(), vec![Diagnostic::error("E_SIZE", span, message)]);
    }
    let phrases = Phrases::new(signatures);
    let mut diagnostics = Vec::new();
    let mut raw = lexer::lex(text, index, &phrases, &mut diagnostics);
    let (tables, found) = declare::take_tables(&mut raw, text, index);
    let lexemes = words::decide(&raw, &phrases, procedures);
    drop(raw);
    let lines = lines(text, index, signatures, &lexemes, &mut diagnostics);
    let mut script = nest::nest(lines, text, signatures, &mut diagnostics, see);
    script.tables = tables;
    diagnostics.extend(found);
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    cut(&mut diagnostics);
    (script, lexemes, diagnostics)
}

/// The folded names of the procedures that a text seems to define, line by line.
pub fn procedure_names(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().filter_map(|line| {
        let (word, rest) = line.trim_start().split_once([' ', '\t'])?;
        let is_opener = ["sub", "function"].iter().any(|opener| word.eq_ignore_ascii_case(opener));
        let name: String = rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '%')).collect();
        (is_opener && !name.is_empty()).then(|| name.to_lowercase())
    })
}

/// Leaves a number of errors that a person can read.
fn cut(diagnostics: &mut Vec<Diagnostic>) {
    if diagnostics.len() > ERRORS_MAX {
        let rest = diagnostics.len() - ERRORS_MAX;
        diagnostics.truncate(ERRORS_MAX);
        if let Some(last) = diagnostics.last().map(|diagnostic| diagnostic.span) {
            diagnostics.push(Diagnostic::error("E_SYNTAX", last, format!("{rest} more errors follow")));
        }
    }
}

/// Parses each item by itself, so that one that fails does not hide the next.
fn lines(
    text: &str,
    index: u16,
    signatures: &[Signature],
    lexemes: &[Lexeme],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Line> {
    let parser = grammar::ItemParser::new();
    let mut shaper = Shaper::new(index, signatures);
    let mut lexed = std::mem::take(diagnostics);
    lexed.sort_by_key(|diagnostic| diagnostic.span.start);
    let mut lexed = lexed.into_iter().peekable();
    let mut lines: Vec<Line> = Vec::new();
    let mut rest = lexemes;
    while !rest.is_empty() {
        let length = rest.iter().position(|lexeme| matches!(lexeme.token, Token::Break(_))).unwrap_or(rest.len());
        let (item, behind) = rest.split_at(length);
        let (ends_line, end) = match behind.first() {
            Some(Lexeme { token: Token::Break(ends_line), start, .. }) => (*ends_line, *start),
            _ => (true, text.len() as u32),
        };
        rest = behind.get(1..).unwrap_or(&[]);
        // What the lexer says of an item is enough: its tokens are then a guess.
        let mut is_reported = false;
        while let Some(diagnostic) = lexed.next_if(|diagnostic| diagnostic.span.start <= end) {
            is_reported |= diagnostic.severity == Severity::Error;
            diagnostics.push(diagnostic);
        }
        let (Some(first), Some(last)) = (item.first(), item.last()) else {
            if ends_line && let Some(line) = lines.last_mut() {
                line.ends_line = true;
            }
            continue;
        };
        let span = Span { source: index, start: first.start, end: last.end };
        let tokens = item.iter().map(|lexeme| Ok((lexeme.start, lexeme.token.clone(), lexeme.end)));
        let (kind, is_doubtful) = match parser.parse(&mut shaper, tokens) {
            Ok(kind) => {
                if is_reported {
                    shaper.diagnostics.clear();
                }
                let is_doubtful = is_reported || !shaper.diagnostics.is_empty();
                diagnostics.append(&mut shaper.diagnostics);
                if matches!(kind, LineKind::Simple(StatementKind::Assign { .. } | StatementKind::WithField { .. })) {
                    diagnostics.extend(chain::warning(text, index, item));
                }
                (kind, is_doubtful)
            }
            Err(error) => {
                if !is_reported {
                    diagnostics.push(complain(&Item { text, source: index, tokens: item, end, ends_line, signatures }, error));
                }
                shaper.diagnostics.clear();
                (recover(item, span), true)
            }
        };
        lines.push(Line { kind, span, ends_line, is_doubtful });
    }
    diagnostics.extend(lexed);
    lines
}

/// What an item that failed was meant to open or close, so that its block stays whole.
fn recover(item: &[Lexeme], span: Span) -> LineKind {
    use crate::ast::Name;
    use crate::line::Closer;
    let missing = || Expression { kind: ExpressionKind::Invalid, span, depth: 1 };
    let name = || {
        let word = item.iter().find_map(|lexeme| match &lexeme.token {
            Token::Name(word) => Some(word.clone()),
            _ => None,
        });
        let (text, folded) = word.map_or_else(|| ("".into(), "".into()), |word| (word.text, word.folded));
        Name { text, folded, span }
    };
    // PUBLIC SUB and its kind.
    if let [Lexeme { token: Token::Name(modifier), .. }, rest @ ..] = item
        && foreign::is_modifier(&modifier.folded)
        && let Some(at) = rest.iter().take(2).position(|lexeme| lexeme.token.name().is_some_and(|word| matches!(word, "sub" | "function")))
        && let Some(Lexeme { token: Token::Name(word), start, end, .. }) = rest.get(at + 1)
        && &*modifier.folded != "declare"
    {
        let name = Name { text: word.text.clone(), folded: word.folded.clone(), span: Span { source: span.source, start: *start, end: *end } };
        return LineKind::Procedure { name, parameters: Vec::new(), is_function: rest[at].token.name() == Some("function") };
    }
    match item.first().map(|lexeme| &lexeme.token) {
        Some(Token::If) => LineKind::If(missing()),
        Some(Token::ElseIf) => LineKind::ElseIf(missing()),
        Some(Token::Else) => LineKind::Else,
        Some(Token::SelectCase) => LineKind::Select { subject: missing(), is_switch: false },
        Some(Token::Switch) => LineKind::Select { subject: missing(), is_switch: true },
        Some(Token::Case) => LineKind::Case(Vec::new()),
        Some(Token::CaseElse) => LineKind::CaseElse,
        Some(Token::ForEach) => LineKind::ForEach { variable: name(), list: missing() },
        Some(Token::For) => LineKind::For { variable: name(), from: missing(), to: missing(), step: None },
        Some(Token::While) => LineKind::While(missing()),
        Some(Token::Do) => LineKind::Do(None),
        Some(Token::With) => LineKind::With { target: missing(), is_new: false },
        Some(Token::Sub) => LineKind::Procedure { name: name(), parameters: Vec::new(), is_function: false },
        Some(Token::Function) => LineKind::Procedure { name: name(), parameters: Vec::new(), is_function: true },
        Some(Token::Next) => LineKind::Next(None),
        Some(Token::Loop) => LineKind::Loop(None),
        Some(Token::EndIf) => LineKind::End(Closer::If),
        Some(Token::EndSelect) => LineKind::End(Closer::Select),
        Some(Token::EndSwitch) => LineKind::End(Closer::Switch),
        Some(Token::EndFor) => LineKind::End(Closer::For),
        Some(Token::EndWhile) => LineKind::End(Closer::While),
        Some(Token::EndWith) => LineKind::End(Closer::With),
        Some(Token::EndSub) => LineKind::End(Closer::Sub),
        Some(Token::EndFunction) => LineKind::End(Closer::Function),
        Some(Token::Try) => LineKind::Try,
        Some(Token::Catch) => LineKind::Catch(None),
        Some(Token::Finally) => LineKind::Finally,
        Some(Token::EndTry) => LineKind::End(Closer::Try),
        _ => LineKind::Simple(StatementKind::Invalid),
    }
}
