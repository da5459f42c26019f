//! TABLE … END TABLE: a table's columns, read off its lines before words are decided, since they are no statements.

use crate::diagnostic::Diagnostic;
use crate::names;
use crate::source::Span;
use crate::spelling;
use crate::token::{Lexeme, Token};

/// A table with its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDeclaration {
    /// Its name.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<ColumnDeclaration>,
    /// Its first line.
    pub span: Span,
}

impl TableDeclaration {
    /// Whether it has a column of a name; `id` is there in any case.
    pub fn has_column(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case("id") || self.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Whether `EXTRA json` keeps the fields that have no column.
    pub fn keeps_more(&self) -> bool {
        self.columns.iter().any(|column| column.kind == ColumnKind::Json && column.name.eq_ignore_ascii_case("extra"))
    }
}

/// `name type(length) key unique references t`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDeclaration {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// The most characters of a text.
    pub length: Option<u32>,
    /// Whether it is the key, or a part of it.
    pub is_key: bool,
    /// Whether no two rows have one value in it.
    pub is_unique: bool,
    /// The table whose ids it holds.
    pub references: Option<String>,
    /// Its line.
    pub span: Span,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Numbers that keep their digits.
    Decimal,
    /// TRUE and FALSE.
    Boolean,
    /// Instants.
    Date,
    /// Arrays and objects.
    Json,
}

/// The words of each type.
const TYPES: [(ColumnKind, &[&str]); 7] = [
    (ColumnKind::Text, &["string", "text", "varchar", "char", "guid", "uuid", "email", "phone", "url"]),
    (ColumnKind::Integer, &["integer", "int", "bigint", "long"]),
    (ColumnKind::Number, &["number", "double", "float", "real"]),
    (ColumnKind::Decimal, &["decimal", "numeric", "money", "currency"]),
    (ColumnKind::Boolean, &["boolean", "bool"]),
    (ColumnKind::Date, &["date", "datetime", "timestamp"]),
    (ColumnKind::Json, &["json", "object", "array"]),
];

/// Takes the tables out of the tokens of a file.
pub fn take(raw: &mut Vec<Lexeme>, text: &str, source: u16) -> (Vec<TableDeclaration>, Vec<Diagnostic>) {
    let (mut tables, mut diagnostics) = (Vec::new(), Vec::new());
    let blocks = blocks(raw);
    if blocks.is_empty() {
        return (tables, diagnostics);
    }
    let mut kept = Vec::with_capacity(raw.len());
    let mut at = 0;
    for Block { start, head, end } in blocks {
        kept.extend_from_slice(&raw[at..start]);
        let mut reader = Reader { text, source, diagnostics: &mut diagnostics };
        tables.extend(reader.table(&raw[start..end], head - start));
        at = end;
    }
    kept.extend_from_slice(&raw[at..]);
    *raw = kept;
    (tables, diagnostics)
}

/// Where a table stands: its first token, the end of its first line, and the end of its last.
struct Block {
    start: usize,
    head: usize,
    end: usize,
}

/// The tables that have an end, found in one pass over the lines.
fn blocks(raw: &[Lexeme]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    let mut start = 0;
    while let Some(length) = raw[start..].iter().position(|lexeme| lexeme.token == Token::Newline) {
        let end = start + length;
        let line = &raw[start..end];
        let words = [0, 1].map(|at| line.get(at).and_then(|lexeme| lexeme.token.word()));
        let is_named = matches!(line.get(1).map(|lexeme| &lexeme.token), Some(Token::Word(_) | Token::Text(_)));
        match (words, open) {
            ([Some("end"), Some("table")], Some((start, head))) if line.len() == 2 => {
                blocks.push(Block { start, head, end });
                open = None;
            }
            // A column may be called so, where its type follows.
            ([Some("table"), name], _) if is_named && (open.is_none() || !name.is_some_and(is_type)) => open = Some((start, end)),
            ([Some("sub" | "function"), Some(name)], Some(_)) if !is_type(name) => open = None,
            _ => {}
        }
        start = end + 1;
    }
    blocks
}

struct Reader<'a> {
    text: &'a str,
    source: u16,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn span(&self, lexemes: &[Lexeme]) -> Span {
        let (start, end) = (lexemes.first().map_or(0, |first| first.start), lexemes.last().map_or(0, |last| last.end));
        Span { source: self.source, start, end }
    }

    fn refuse(&mut self, code: &'static str, lexemes: &[Lexeme], message: impl Into<String>) {
        let span = self.span(lexemes);
        self.diagnostics.push(Diagnostic::error(code, span, message));
    }

    /// A name from words with dots between them, or a text; how many tokens it has.
    fn name(&self, lexemes: &[Lexeme]) -> Option<(String, usize)> {
        let count = crate::clause::name_length(lexemes)?;
        match &lexemes[0].token {
            Token::Text(text) => Some((text.to_string(), 1)),
            _ => Some((self.text[lexemes[0].start as usize..lexemes[count - 1].end as usize].to_owned(), count)),
        }
    }

    fn table(&mut self, lexemes: &[Lexeme], head: usize) -> Option<TableDeclaration> {
        let line = &lexemes[..head];
        let (name, count) = self.name(&line[1..])?;
        if !names::is_table(&name) {
            self.refuse("E_TABLE_NAME", &line[1..=count], names::table_message(&name));
        }
        if line.len() > count + 1 {
            self.refuse("E_DECLARE", &line[count + 1..], "Behind TABLE and its name the line ends; each column stands in a line of its own.");
        }
        let mut columns: Vec<ColumnDeclaration> = Vec::new();
        for line in lexemes[head + 1..].split(|lexeme| lexeme.token == Token::Newline).flat_map(lines) {
            let is_end = matches!(line, [end, table] if end.token.word() == Some("end") && table.token.word() == Some("table"));
            if line.is_empty() || is_end {
                continue;
            }
            let Some(column) = self.column(line) else { continue };
            match columns.iter().find(|known| known.name.eq_ignore_ascii_case(&column.name)) {
                Some(_) => self.refuse("E_DECLARE", &line[..1], format!("The table {name} has two columns {}.", column.name)),
                None => columns.push(column),
            }
        }
        if columns.is_empty() {
            self.refuse("E_DECLARE", line, format!("The table {name} has no columns; write each in a line: name string(100) key."));
        }
        Some(TableDeclaration { name, columns, span: self.span(line) })
    }

    fn column(&mut self, line: &[Lexeme]) -> Option<ColumnDeclaration> {
        let Some((name, count)) = self.name(line) else {
            self.refuse("E_DECLARE", &line[..1], "A column begins with its name: sku string(20) unique.");
            return None;
        };
        if !names::is_column(&name) {
            self.refuse("E_COLUMN_NAME", &line[..count], names::column_message(&name));
            return None;
        }
        let mut rest = &line[count..];
        let Some(word) = rest.first().and_then(|lexeme| lexeme.token.word()) else {
            self.refuse("E_DECLARE", &line[..count], format!("The column {name} needs a type: {}.", type_names()));
            return None;
        };
        let Some((kind, _)) = TYPES.iter().find(|(_, words)| words.contains(&word)) else {
            let near = spelling::nearest(word, TYPES.iter().flat_map(|(_, words)| words.iter().copied()));
            let hint = near.map_or(String::new(), |near| format!(" Did you mean {near}?"));
            let message = format!("{word} is no type of a column; those are {}.{hint}", type_names());
            self.refuse("E_DECLARE", &rest[..1], message);
            return None;
        };
        let mut column = ColumnDeclaration { name, kind: *kind, length: None, is_key: false, is_unique: false, references: None, span: self.span(line) };
        let is_plain_number = word == "number";
        rest = &rest[1..];
        let mut scale = None;
        if rest.first().is_some_and(|lexeme| lexeme.token == Token::OpenParen) {
            let (length, digits, used) = self.lengths(rest)?;
            column.length = Some(length).filter(|_| *kind == ColumnKind::Text);
            scale = digits;
            rest = &rest[used..];
        }
        self.options(&mut column, rest)?;
        // A number that is a key counts rows.
        if is_plain_number && scale.is_none() && column.is_key {
            column.kind = ColumnKind::Integer;
        }
        Some(column)
    }

    /// `(length)` or `(digits, decimals)`; the numbers and how many tokens they take.
    fn lengths(&mut self, rest: &[Lexeme]) -> Option<(u32, Option<u32>, usize)> {
        let number = |at: usize| match rest.get(at).map(|lexeme| &lexeme.token) {
            Some(Token::Int(number)) => u32::try_from(*number).ok().filter(|number| *number > 0),
            _ => None,
        };
        let is = |at: usize, token: Token| rest.get(at).is_some_and(|lexeme| lexeme.token == token);
        if let (Some(length), true) = (number(1), is(2, Token::CloseParen)) {
            return Some((length, None, 3));
        }
        let decimals = match rest.get(3).map(|lexeme| &lexeme.token) {
            Some(Token::Int(number @ 0..=38)) => Some(*number as u32),
            _ => None,
        };
        if let (Some(length), true, Some(decimals), true) = (number(1), is(2, Token::Comma), decimals, is(4, Token::CloseParen)) {
            return Some((length, Some(decimals), 5));
        }
        self.refuse("E_DECLARE", &rest[..1], "In brackets behind a type stands a length, or digits and decimals: string(100), number(10,2).");
        None
    }

    fn options(&mut self, column: &mut ColumnDeclaration, mut rest: &[Lexeme]) -> Option<()> {
        while let Some(first) = rest.first() {
            let mut used = 1;
            match first.token.word() {
                Some("key") => column.is_key = true,
                Some("primary") if rest.get(1).is_some_and(|next| next.token.word() == Some("key")) => {
                    column.is_key = true;
                    used = 2;
                }
                Some("unique") => column.is_unique = true,
                Some("references") => {
                    let Some((table, count)) = self.name(&rest[1..]) else {
                        self.refuse("E_DECLARE", &rest[..1], "Behind references stands the table whose ids the column holds.");
                        return None;
                    };
                    if !names::is_table(&table) {
                        self.refuse("E_TABLE_NAME", &rest[1..=count], names::table_message(&table));
                        return None;
                    }
                    column.references = Some(table);
                    used = 1 + count;
                }
                _ => {
                    self.refuse("E_DECLARE", &rest[..1], "Behind the type of a column stands nothing, key, unique, or references and a table.");
                    return None;
                }
            }
            rest = &rest[used..];
        }
        Some(())
    }
}

/// The columns of a line: a comma at its end, outside of brackets, separates it from the next.
fn lines(line: &[Lexeme]) -> Vec<&[Lexeme]> {
    let mut depth = 0usize;
    let of_columns = |lexeme: &Lexeme| {
        match lexeme.token {
            Token::OpenParen => depth += 1,
            Token::CloseParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && lexeme.token == Token::Comma
    };
    line.split(of_columns).collect()
}

fn is_type(word: &str) -> bool {
    TYPES.iter().any(|(_, words)| words.contains(&word))
}

fn type_names() -> String {
    TYPES.iter().map(|(_, words)| words[0]).collect::<Vec<_>>().join(", ")
}
