//! What could stand at a place of a line that is being written: what is before it says so.

use gbvm_vm::signature::{Role, Signature};
use rustc_hash::FxHashSet;

use crate::lexer;
use crate::phrase::Phrases;
use crate::token::{Lexeme, Token};

/// What could stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing: it is inside of a comment.
    Comment,
    /// The name of a table.
    Table,
    /// A column of this table, and nothing else.
    Column(String),
    /// A column of this table, or a value.
    ColumnOrValue(String),
    /// Anything else.
    Any,
}

/// What could stand behind the beginning of a line.
pub fn place(line: &str, signatures: &[Signature]) -> Place {
    let is_quoted = quoted(line);
    let phrases = Phrases::new(signatures);
    // A word written here is a word of the script, or part of a comment.
    let probe = if is_quoted { format!("{line}\"") } else { format!("{line}q") };
    let lexemes = lexer::lex(&probe, 0, &phrases, &mut Vec::new());
    let lexemes: Vec<&Lexeme> = lexemes.iter().filter(|lexeme| lexeme.token != Token::Newline).collect();
    let is_read = lexemes.last().is_some_and(|last| last.end as usize == probe.len());
    if !is_read {
        return Place::Comment;
    }
    let keyword_at = |at: usize| keyword(lexemes[at].token.word()?, signatures);
    // A word that belongs to a keyword before it begins nothing.
    let is_part = |at: usize| (0..at).any(|before| keyword_at(before).zip(lexemes[at].token.word()).is_some_and(|(signature, word)| parts(signature).contains(word)));
    let tables = (0..lexemes.len()).rev().find_map(|at| Some((at, keyword_at(at)?)).filter(|_| !is_part(at)));
    let Some((at, signature)) = tables else { return Place::Any };
    let position = signature.params.iter().position(|param| param.role == Role::Table).unwrap_or(0);
    let forms: FxHashSet<String> = signature.word_forms.iter().flat_map(|form| form.phrase.split(' ').map(str::to_lowercase)).collect();
    let mut table = at + 1;
    while lexemes.get(table).and_then(|lexeme| lexeme.token.word()).is_some_and(|word| forms.contains(word)) {
        table += 1;
    }
    // `AGGREGATE "SUM", "t"`: the table stands behind other values.
    if position > 0 && matches!(lexemes.get(table + 1).map(|lexeme| &lexeme.token), Some(Token::Comma)) {
        table += 2 * position;
    }
    let last = lexemes.len() - 1;
    if table >= last {
        return if table == last && is_quoted { Place::Table } else { Place::Any };
    }
    let name = match &lexemes[table].token {
        Token::Text(text) => text.to_string(),
        Token::Word(word) => word.text.to_string(),
        _ => return Place::Any,
    };
    inside(&lexemes[table + 1..], signature, position, name, is_quoted)
}

/// What could stand behind a table's name and what follows it.
fn inside(behind: &[&Lexeme], signature: &Signature, position: usize, table: String, is_quoted: bool) -> Place {
    let mut open: Vec<&Token> = Vec::new();
    let mut commas = 0;
    let mut in_words = false;
    let parts = parts(signature);
    for lexeme in &behind[..behind.len() - 1] {
        match &lexeme.token {
            Token::OpenBrace | Token::OpenBracket | Token::OpenParen => open.push(&lexeme.token),
            Token::CloseBrace | Token::CloseBracket | Token::CloseParen => {
                open.pop();
            }
            Token::Comma if open.is_empty() => commas += 1,
            Token::Word(word) if open.is_empty() && commas == 0 => in_words |= parts.contains(&*word.folded),
            _ => {}
        }
    }
    let before = behind.len().checked_sub(2).map(|at| &behind[at].token);
    let role = signature.params.get(position + commas).map(|param| param.role);
    match (is_quoted, role) {
        (true, Some(Role::Filter | Role::Field)) if commas > 0 && open.is_empty() => Place::Column(table),
        (true, _) => Place::Any,
        (false, _) if open == [&Token::OpenBrace] && commas > 0 && matches!(before, Some(Token::OpenBrace | Token::Comma)) => Place::Column(table),
        (false, _) if in_words => Place::ColumnOrValue(table),
        (false, _) => Place::Any,
    }
}

/// The first words of what follows a table's name, in lower case.
fn parts(signature: &Signature) -> FxHashSet<String> {
    signature.word_forms.iter().flat_map(|form| form.parts).filter_map(|part| part.words.split(' ').next()).map(str::to_lowercase).collect()
}

/// The keyword of one word that a word is and that names a table.
fn keyword<'s>(word: &str, signatures: &'s [Signature]) -> Option<&'s Signature> {
    signatures.iter().find(|signature| signature.phrase.eq_ignore_ascii_case(word) && signature.params.iter().any(|param| param.role == Role::Table))
}

/// Whether a text in double quotes is open at the end of a line.
fn quoted(line: &str) -> bool {
    let mut is_open = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if is_open => {
                chars.next();
            }
            '"' => is_open = !is_open,
            '\'' if !is_open => return false,
            _ => {}
        }
    }
    is_open
}
