//! What an editor asks of a text that may be half written: the word at a place, the procedures, the variables.

mod place;

use gbvm_vm::signature::{Role, Signature};
use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ast::{Expression, ExpressionKind, Name, Statement, StatementKind};
use crate::parse;
use crate::phrase::Phrases;
use crate::source::Source;
use crate::token::{Lexeme, Token};
use crate::{declare, lexer, walk, words};

pub use place::{Place, place};

/// The words of the language that the table of keywords does not have.
pub const STRUCTURE: &[&str] = &[
    "AND", "BETWEEN", "CALL", "CASE", "CATCH", "CONTINUE", "DEFAULT", "DO", "EACH", "ELSE", "ELSEIF", "END", "ENDIF", "ERROR",
    "EXIT", "FALSE", "FINALLY", "FOR", "FUNCTION", "GOTO", "IF", "IN", "IS", "LET", "LIKE", "LOOP", "MOD", "NEW", "NEXT", "NOT",
    "NULL", "OBJECT", "OR", "RESUME", "RETURN", "SELECT", "SHARED", "STEP", "STOP", "SUB", "SWITCH", "THEN", "THROW", "TO", "TRUE",
    "TRY", "UNTIL", "WEND", "WHILE", "WITH", "XOR",
];

/// A text by its words.
#[derive(Debug, Default)]
pub struct Index {
    /// Its procedures, in order.
    pub procedures: Vec<ProcedureAt>,
    /// The variables, each by its first assignment in its procedure.
    pub variables: Vec<VariableAt>,
    /// The labels, each by its place.
    pub labels: Vec<LabelAt>,
    /// For variables, in lower case, the tables whose rows they were last given.
    rows: FxHashMap<String, String>,
    /// For variables, in lower case, the fields that the text sets on them.
    fields: FxHashMap<String, BTreeSet<String>>,
    words: Vec<(u32, u32, Word)>,
    known: FxHashSet<(Option<usize>, String)>,
}

/// A procedure and where it is.
#[derive(Clone, Debug)]
pub struct ProcedureAt {
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub parameters: Vec<String>,
    /// Whether it is a FUNCTION.
    pub is_function: bool,
    /// The bytes of its name.
    pub name_at: (u32, u32),
    /// The bytes from its first line up to the next procedure or the end.
    pub range: (u32, u32),
}

/// A variable and its first assignment.
#[derive(Clone, Debug)]
pub struct VariableAt {
    /// Its name.
    pub name: String,
    /// The procedure it is assigned in, by number; none for the main part.
    pub procedure: Option<usize>,
    /// The bytes of the name there.
    pub at: (u32, u32),
}

/// A label and where it stands.
#[derive(Clone, Debug)]
pub struct LabelAt {
    /// Its name.
    pub name: String,
    /// The procedure it stands in, by number; none for the main part.
    pub procedure: Option<usize>,
    /// The bytes of the name.
    pub at: (u32, u32),
}

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    /// A keyword or function of the table.
    Keyword(u16),
    /// A name: a variable, procedure or function, as written.
    Name(String),
    /// A field, as written.
    Field(String),
    /// The name of a table, where a keyword wants one.
    Table,
    /// A label, or where a jump names one.
    Label(String),
    /// A word or sign of the language itself, as written.
    Structure(String),
}

impl ProcedureAt {
    /// Its first line, as it is written in one style.
    pub fn signature(&self) -> String {
        let word = if self.is_function { "FUNCTION" } else { "SUB" };
        format!("{word} {}({})", self.name, self.parameters.join(", "))
    }
}

impl Index {
    /// Reads a text; what cannot be read is left out.
    pub fn new(text: &str, signatures: &[Signature]) -> Index {
        if text.len() > parse::TEXT_MAX {
            return Index::default();
        }
        let phrases = Phrases::new(signatures);
        let raw = lexer::lex(text, 0, &phrases, &mut Vec::new());
        let lexemes = words::decide(&raw, &phrases, &FxHashSet::default());
        let mut index = Index { words: words_of(text, &lexemes, signatures), rows: rows(&lexemes, signatures), ..Index::default() };
        let (script, _) = parse::parse(&Source::new("", text), 0, signatures);
        for (at, procedure) in script.procedures.iter().enumerate() {
            let end = script.procedures.get(at + 1).map_or(text.len() as u32, |next| next.span.start);
            index.procedures.push(ProcedureAt {
                name: procedure.name.text.to_string(),
                parameters: procedure.parameters.iter().map(|parameter| parameter.text.to_string()).collect(),
                is_function: procedure.is_function,
                name_at: (procedure.name.span.start, procedure.name.span.end),
                range: (procedure.span.start, end),
            });
            for parameter in &procedure.parameters {
                index.assigned(parameter, Some(at));
            }
        }
        index.inputs(&script.main, signatures);
        index.assignments(&script.main, None);
        for (at, procedure) in script.procedures.iter().enumerate() {
            index.assignments(&procedure.body, Some(at));
        }
        index
    }

    /// The word that a byte stands in or directly behind, with its first byte and the byte after its last.
    pub fn word_at(&self, at: u32) -> Option<(u32, u32, &Word)> {
        let behind = self.words.partition_point(|(start, ..)| *start <= at);
        let (start, end, word) = self.words.get(behind.checked_sub(1)?)?;
        (at <= *end).then_some((*start, *end, word))
    }

    /// The number of the procedure that a byte stands in; none for the main part.
    pub fn procedure_at(&self, at: u32) -> Option<usize> {
        self.procedures.iter().position(|procedure| (procedure.range.0..=procedure.range.1).contains(&at))
    }

    /// The procedure with a name.
    pub fn procedure(&self, name: &str) -> Option<&ProcedureAt> {
        self.procedures.iter().find(|procedure| procedure.name.to_lowercase() == name.to_lowercase())
    }

    /// The variable that a name means at a byte: one of the procedure there, else of the main part.
    pub fn variable(&self, name: &str, at: u32) -> Option<&VariableAt> {
        let here = self.procedure_at(at);
        let find = |procedure| self.variables.iter().find(|one| one.procedure == procedure && one.name.to_lowercase() == name.to_lowercase());
        find(here).or_else(|| find(None))
    }

    /// The label that a jump at a byte means: one of the procedure there.
    pub fn label(&self, name: &str, at: u32) -> Option<&LabelAt> {
        let here = self.procedure_at(at);
        self.labels.iter().find(|label| label.procedure == here && label.name.to_lowercase() == name.to_lowercase())
    }

    /// The table whose rows a variable was given, if the text says so.
    pub fn table_of(&self, variable: &str) -> Option<&str> {
        self.rows.get(&variable.to_lowercase()).map(String::as_str)
    }

    /// The fields that the text sets on a variable.
    pub fn fields_of(&self, variable: &str) -> impl Iterator<Item = &str> {
        self.fields.get(&variable.to_lowercase()).into_iter().flatten().map(String::as_str)
    }

    /// The fields that a statement sets on a variable.
    fn fields(&mut self, statement: &Statement) {
        let mut set = |variable: &Name, names: Vec<String>| self.fields.entry(variable.folded.to_string()).or_default().extend(names);
        match &statement.kind {
            StatementKind::Assign { place: Expression { kind: ExpressionKind::Name(variable), .. }, value: Expression { kind: ExpressionKind::Object(pairs), .. }, .. } => {
                set(variable, pairs.iter().map(|(key, _)| key.to_string()).collect());
            }
            StatementKind::Assign { place: Expression { kind: ExpressionKind::Field(object, field), .. }, .. } => {
                if let ExpressionKind::Name(variable) = &object.kind {
                    set(variable, vec![field.text.to_string()]);
                }
            }
            StatementKind::With { target: Expression { kind: ExpressionKind::Name(variable), .. }, body, .. } => {
                let fields = body.iter().filter_map(|inner| match &inner.kind {
                    StatementKind::WithField { place: Expression { kind: ExpressionKind::Field(object, field), .. }, .. } if matches!(object.kind, ExpressionKind::WithTarget) => Some(field),
                    StatementKind::Assign { place: Expression { kind: ExpressionKind::Name(field), .. }, .. } => Some(field),
                    _ => None,
                });
                set(variable, fields.map(|field| field.text.to_string()).collect());
            }
            _ => {}
        }
    }

    fn assigned(&mut self, name: &Name, procedure: Option<usize>) {
        if !name.folded.is_empty() && self.known.insert((procedure, name.folded.to_string())) {
            self.variables.push(VariableAt { name: name.text.to_string(), procedure, at: (name.span.start, name.span.end) });
        }
    }

    /// The variables that declarations name, such as inputs.
    fn inputs(&mut self, block: &[Statement], signatures: &[Signature]) {
        for statement in block {
            if let StatementKind::Expression(Expression { kind: ExpressionKind::Keyword { index, arguments }, .. }) = &statement.kind
                && declare::declares_input(&signatures[usize::from(*index)])
                && let Some(Expression { kind: ExpressionKind::Text(text), span, .. }) = arguments.first()
            {
                self.assigned(&Name { text: text.clone(), folded: text.to_lowercase().into(), span: *span }, None);
            }
        }
    }

    fn assignments(&mut self, block: &[Statement], procedure: Option<usize>) {
        let mut found: Vec<Name> = Vec::new();
        let labels = &mut self.labels;
        walk::each_statement(block, &mut |statement| match &statement.kind {
            StatementKind::Assign { place, .. } | StatementKind::With { target: place, .. } => found.extend(walk::root(place).cloned()),
            StatementKind::ForEach { variable, .. } | StatementKind::For { variable, .. } => found.push(variable.clone()),
            StatementKind::Try { catch: Some(catch), .. } => found.extend(catch.variable.clone()),
            StatementKind::Label(name) => labels.push(LabelAt { name: name.text.to_string(), procedure, at: (name.span.start, name.span.end) }),
            _ => {}
        });
        for name in &found {
            self.assigned(name, procedure);
        }
        walk::each_statement(block, &mut |statement| self.fields(statement));
    }
}

fn words_of(text: &str, lexemes: &[Lexeme], signatures: &[Signature]) -> Vec<(u32, u32, Word)> {
    let mut found = Vec::new();
    // What stands for nothing written separates nothing.
    let mut before = None;
    for lexeme in lexemes {
        let previous = before;
        if lexeme.start < lexeme.end || lexeme.token.is_break() {
            before = Some(&lexeme.token);
        }
        let word = match &lexeme.token {
            Token::Keyword(index) | Token::KeywordCall(index) | Token::KeywordAlone(index) | Token::FormOpen(index) => Word::Keyword(*index),
            Token::Name(word) if matches!(previous, Some(Token::Dot | Token::QuestionDot | Token::LeadDot)) => Word::Field(word.text.to_string()),
            Token::Name(word) if matches!(previous, Some(Token::Goto | Token::OnErrorGoto)) => Word::Label(word.text.to_string()),
            Token::Label(word) => Word::Label(word.text.to_string()),
            Token::Name(word) => Word::Name(word.text.to_string()),
            Token::Text(_) => match previous {
                Some(Token::Keyword(index) | Token::FormOpen(index)) if declare::declares_input(&signatures[usize::from(*index)]) => Word::Name(written(text, lexeme).trim_matches(['"', '\'']).to_owned()),
                Some(Token::Keyword(index) | Token::FormOpen(index)) if wants_table(&signatures[usize::from(*index)]) => Word::Table,
                _ => continue,
            },
            Token::TextOpen | Token::TextClose | Token::Int(_) | Token::Float(_) | Token::Break(_) => continue,
            _ if lexeme.start < lexeme.end => Word::Structure(written(text, lexeme)),
            _ => continue,
        };
        found.push((lexeme.start, lexeme.end, word));
    }
    found
}

fn written(text: &str, lexeme: &Lexeme) -> String {
    text.get(lexeme.start as usize..lexeme.end as usize).unwrap_or("").to_owned()
}

fn wants_table(signature: &Signature) -> bool {
    signature.params.first().is_some_and(|param| param.role == Role::Table)
}

/// The variables that are given rows: `x = FIND "table"`, and `FOR EACH y IN x`.
fn rows(lexemes: &[Lexeme], signatures: &[Signature]) -> FxHashMap<String, String> {
    let mut rows: FxHashMap<String, String> = FxHashMap::default();
    for (at, lexeme) in lexemes.iter().enumerate() {
        let token = |ahead: usize| lexemes.get(at + ahead).map(|lexeme| &lexeme.token);
        match (&lexeme.token, token(1), token(2), token(3)) {
            (Token::Name(variable), Some(Token::Equal | Token::In), Some(Token::Keyword(index)), Some(Token::Text(table)))
                if signatures[usize::from(*index)].row_or_list =>
            {
                rows.insert(variable.folded.to_string(), table.to_string());
            }
            (Token::ForEach, Some(Token::Name(row)), Some(Token::In), Some(Token::Name(list))) => {
                if let Some(table) = rows.get(&*list.folded).cloned() {
                    rows.insert(row.folded.to_string(), table);
                }
            }
            _ => {}
        }
    }
    rows
}
