//! The soft-keyword rule: decides, from its neighbours, whether a word is structure, a keyword of the table or a
//! name, and splits lines into items where `:`, THEN and ELSE do.
//!
//! After `.` every word is a field; where a value is expected a phrase of the table is a keyword only if what follows
//! can start its argument; at the start of a statement a word is a variable if it is assigned to.

mod failures;
mod forms;

use rustc_hash::FxHashSet;

use gbvm_vm::signature::{Form, Kind};

use crate::ast::Leave;
use crate::phrase::Phrases;
use crate::token::{Lexeme, Token, Word};
use failures::{destinations, error_part};

/// How far a bracket behind IN is looked into for a comma that makes it a list.
const LIST_MAX: usize = 400;

/// Decides every word; `elsewhere` are the procedures of the files beside this one. The result holds items that end with [`Token::Break`].
pub fn decide(raw: &[Lexeme], phrases: &Phrases, elsewhere: &FxHashSet<String>) -> Vec<Lexeme> {
    let mut reader = Reader {
        raw,
        partners: partners(raw),
        phrases,
        procedures: procedures(raw).into_iter().chain(elsewhere.iter().map(String::as_str)).collect(),
        destinations: destinations(raw),
        out: Vec::with_capacity(raw.len()),
        item: 0,
        levels: vec![Level::default()],
        forms: Vec::new(),
    };
    let mut at = 0;
    while at < raw.len() {
        at += reader.step(at);
    }
    reader.out
}

struct Reader<'a> {
    raw: &'a [Lexeme],
    /// For each opening bracket, where its partner stands.
    partners: Vec<u32>,
    phrases: &'a Phrases<'a>,
    /// The procedures of this file and those beside it: they answer before a keyword of one word does.
    procedures: FxHashSet<&'a str>,
    /// The labels that the file jumps to.
    destinations: FxHashSet<&'a str>,
    out: Vec<Lexeme>,
    /// Where the current item begins in `out`.
    item: usize,
    /// The open brackets, outermost first; the first entry is the line itself.
    levels: Vec<Level>,
    /// The word forms whose end has not come, outermost first.
    forms: Vec<forms::OpenForm>,
}

/// What is open in one bracket.
#[derive(Default)]
struct Level {
    /// Whether it is `{`.
    is_object: bool,
    /// Whether it is the `(` of a list behind IN.
    is_list: bool,
    /// The `?` that wait for their `:`.
    questions: u32,
}

/// For each token, the index of the bracket that closes it; itself if none does.
fn partners(raw: &[Lexeme]) -> Vec<u32> {
    let mut partners: Vec<u32> = (0..raw.len() as u32).collect();
    let mut open = Vec::new();
    for (at, lexeme) in raw.iter().enumerate() {
        match lexeme.token {
            Token::OpenParen | Token::OpenBracket | Token::OpenBrace => open.push(at),
            Token::CloseParen | Token::CloseBracket | Token::CloseBrace => {
                if let Some(start) = open.pop() {
                    partners[start] = at as u32;
                }
            }
            Token::Newline => open.clear(),
            _ => {}
        }
    }
    partners
}

/// The folded names of the procedures that the file defines.
fn procedures(raw: &[Lexeme]) -> FxHashSet<&str> {
    let mut names = FxHashSet::default();
    for (at, lexeme) in raw.iter().enumerate() {
        let is_first = at == 0 || raw[at - 1].token.is_break();
        if is_first
            && matches!(lexeme.token.word(), Some("sub" | "function"))
            && let Some(name) = raw.get(at + 1).and_then(|next| next.token.word())
        {
            names.insert(name);
        }
    }
    names
}

impl Reader<'_> {
    /// Decides the token at a place; how many raw tokens that used.
    fn step(&mut self, at: usize) -> usize {
        if let Some(used) = self.in_form(at) {
            return used;
        }
        if self.joins_option(at) {
            let start = self.raw[at].start;
            self.out.push(Lexeme { token: Token::Comma, start, end: start, is_spaced: true });
        }
        let token = match &self.raw[at].token {
            Token::Newline => return self.end_item(at, true),
            Token::Word(word) => return self.word(at, word),
            Token::Colon => return self.colon(at),
            Token::OpenParen => {
                let is_list = self.opens_list(at);
                self.levels.push(Level { is_list, ..Level::default() });
                if is_list { Token::OpenBracket } else { self.paren(at) }
            }
            Token::OpenBracket => {
                self.levels.push(Level::default());
                self.bracket(at)
            }
            Token::OpenBrace => {
                self.levels.push(Level { is_object: true, ..Level::default() });
                Token::OpenBrace
            }
            Token::HoleOpen => {
                self.levels.push(Level::default());
                Token::HoleOpen
            }
            token @ (Token::CloseParen | Token::CloseBracket | Token::CloseBrace | Token::HoleClose) => {
                let level = if self.levels.len() > 1 { self.levels.pop() } else { None };
                if level.is_some_and(|level| level.is_list) { Token::CloseBracket } else { token.clone() }
            }
            Token::Question => {
                self.level().questions += 1;
                Token::Question
            }
            Token::Dot => self.dot(at),
            token => token.clone(),
        };
        self.push(token, at, 1)
    }

    /// Whether a name and its text stand side by side in a declaration, `SCHEME "x" KEY "y"`: they are values of a list.
    fn joins_option(&self, at: usize) -> bool {
        let Some(Token::Keyword(index)) = self.out.get(self.item).map(|first| &first.token) else { return false };
        self.phrases.signature(*index).kind == Kind::Declare
            && self.levels.len() == 1
            && match (self.last(), self.raw_token(at)) {
                (Some(Token::Name(_)), Token::Text(_) | Token::Word(_)) => true,
                (Some(Token::Text(_)), Token::Word(_)) => !self.closes(at),
                _ => false,
            }
    }

    fn level(&mut self) -> &mut Level {
        self.levels.last_mut().expect("the level of the line itself is never popped")
    }

    /// Adds a token that stands for some raw tokens; their number.
    fn push(&mut self, token: Token, at: usize, count: usize) -> usize {
        let first = &self.raw[at];
        let end = self.raw[at + count - 1].end;
        self.out.push(Lexeme { token, start: first.start, end, is_spaced: first.is_spaced });
        count
    }

    /// Ends the item before the raw token at a place, unless one has just ended.
    fn end_item(&mut self, at: usize, ends_line: bool) -> usize {
        self.close_forms(at);
        if ends_line {
            self.levels.truncate(1);
            self.level().questions = 0;
        }
        if ends_line || self.out.len() > self.item {
            let start = self.raw[at].start;
            self.out.push(Lexeme { token: Token::Break(ends_line), start, end: start, is_spaced: false });
        }
        self.item = self.out.len();
        1
    }

    /// A `:` of an object or of `? :` stays; another ends the item.
    fn colon(&mut self, at: usize) -> usize {
        let is_inside = self.levels.len() > 1;
        let level = self.level();
        if level.questions > 0 {
            level.questions -= 1;
        } else if !is_inside {
            return self.end_item(at, false);
        }
        self.push(Token::Colon, at, 1)
    }

    fn at_start(&self) -> bool {
        self.out.len() == self.item
    }

    fn last(&self) -> Option<&Token> {
        self.out[self.item..].last().map(|lexeme| &lexeme.token)
    }

    /// Whether the item so far is one name, which a call statement may begin with.
    fn after_lone_name(&self) -> bool {
        self.out.len() == self.item + 1 && matches!(self.last(), Some(Token::Name(_)))
    }

    fn raw_word(&self, at: usize) -> Option<&str> {
        self.raw.get(at).and_then(|lexeme| lexeme.token.word())
    }

    fn raw_token(&self, at: usize) -> &Token {
        self.raw.get(at).map_or(&Token::Newline, |lexeme| &lexeme.token)
    }

    fn is_spaced(&self, at: usize) -> bool {
        self.raw.get(at).is_none_or(|lexeme| lexeme.is_spaced)
    }

    /// The token behind the bracket that opens at a place.
    fn behind_bracket(&self, at: usize) -> &Token {
        self.raw_token(self.partners.get(at).map_or(at, |&partner| partner as usize) + 1)
    }

    /// Whether the bracket here encloses a list behind IN: in a condition on columns always, else where it has a comma.
    fn opens_list(&self, at: usize) -> bool {
        if self.last() != Some(&Token::In) {
            return false;
        }
        let partner = self.partners[at] as usize;
        let mut depth = 0usize;
        self.is_in_condition()
            || self.raw[at + 1..partner.max(at + 1)].iter().take(LIST_MAX).any(|lexeme| {
                match lexeme.token {
                    Token::OpenParen | Token::OpenBracket | Token::OpenBrace => depth += 1,
                    Token::CloseParen | Token::CloseBracket | Token::CloseBrace => depth = depth.saturating_sub(1),
                    _ => {}
                }
                depth == 0 && lexeme.token == Token::Comma
            })
    }

    /// A `(` behind a value calls it, except where `f (a), b` begins a list of arguments.
    fn paren(&self, at: usize) -> Token {
        let calls = match self.last() {
            Some(Token::KeywordCall(_)) => true,
            Some(last) if last.ends_value() => {
                let behind = self.behind_bracket(at);
                !(self.after_lone_name() && self.is_spaced(at) && behind.is_infix())
            }
            _ => false,
        };
        if calls { Token::CallParen } else { Token::OpenParen }
    }

    /// A `[` behind a value indexes it, except where `f [a]` begins a list of arguments.
    fn bracket(&self, at: usize) -> Token {
        let indexes = self.last().is_some_and(Token::ends_value)
            && !(self.after_lone_name() && self.is_spaced(at) && !self.continues_place(self.behind_bracket(at)));
        if indexes { Token::IndexBracket } else { Token::OpenBracket }
    }

    fn continues_place(&self, token: &Token) -> bool {
        matches!(
            token,
            Token::Equal | Token::PlusEqual | Token::MinusEqual | Token::Dot | Token::QuestionDot | Token::OpenBracket
        )
    }

    fn dot(&self, at: usize) -> Token {
        let reads_field = self.last().is_some_and(Token::ends_value)
            && !(self.after_lone_name() && self.is_spaced(at) && !self.is_spaced(at + 1));
        if reads_field { Token::Dot } else { Token::LeadDot }
    }

    fn name(&mut self, at: usize, word: &Word) -> usize {
        self.push(Token::Name(word.clone()), at, 1)
    }

    fn word(&mut self, at: usize, word: &Word) -> usize {
        let last = self.last();
        if matches!(last, Some(Token::Dot | Token::QuestionDot | Token::LeadDot)) {
            return self.name(at, word);
        }
        let is_key = matches!(last, Some(Token::OpenBrace | Token::Comma))
            && matches!(self.raw_token(at + 1), Token::Colon)
            && self.levels.last().is_some_and(|level| level.is_object);
        let is_named_here = matches!(
            last,
            Some(Token::ForEach | Token::For | Token::Next | Token::Sub | Token::Function | Token::Call | Token::Catch | Token::Goto | Token::OnErrorGoto)
        ) || self.out.get(self.item).is_some_and(|first| first.token == Token::Shared);
        if is_key || is_named_here && !self.closes(at) {
            return self.name(at, word);
        }
        if let Some(token) = reserved(&word.folded) {
            return self.push(token, at, 1);
        }
        if let Some(used) = self.branch(at, word) {
            return used;
        }
        if self.at_start() {
            return self.start(at, word);
        }
        if (self.last().is_some_and(Token::ends_value) || self.is_negated_test(at))
            && let Some(token) = self.infix(at)
        {
            return self.push(token, at, 1);
        }
        self.value(at, word)
    }

    /// Whether the words here close a block or go on to its next branch.
    fn closes(&self, at: usize) -> bool {
        match self.raw_word(at) {
            Some("else" | "elseif") => true,
            Some("endif") => !self.is_assigned(at + 1),
            Some("end") => self.raw_word(at + 1).is_some_and(|next| end_of(next).is_some()),
            _ => false,
        }
    }

    /// THEN, ELSE, ELSE IF and END IF, which stand in the middle of a line too and split it.
    fn branch(&mut self, at: usize, word: &Word) -> Option<usize> {
        if &*word.folded == "then" {
            self.push(Token::Then, at, 1);
            if !self.raw_token(at + 1).is_break() {
                self.end_item(at + 1, false);
            }
            return Some(1);
        }
        if !self.closes(at) {
            return None;
        }
        let (token, count) = match (&*word.folded, self.raw_word(at + 1)) {
            ("else", Some("if")) => (Token::ElseIf, 2),
            ("elseif", _) => (Token::ElseIf, 1),
            ("else", _) => (Token::Else, 1),
            ("endif", _) => (Token::EndIf, 1),
            (_, Some(next)) => (end_of(next)?, 2),
            _ => return None,
        };
        self.end_item(at, false);
        let is_else = token == Token::Else;
        self.push(token, at, count);
        if is_else && !self.raw_token(at + 1).is_break() {
            self.end_item(at + 1, false);
        }
        Some(count)
    }

    /// Whether the token at a place assigns.
    fn is_assigned(&self, at: usize) -> bool {
        matches!(self.raw_token(at), Token::Equal | Token::PlusEqual | Token::MinusEqual)
    }

    /// Whether what stands at a place continues the name before it to a place that is changed or called.
    fn names_place(&self, at: usize) -> bool {
        match self.raw_token(at) {
            Token::Dot => !self.is_spaced(at),
            Token::QuestionDot => true,
            Token::OpenBracket => !self.is_spaced(at) && self.continues_place(self.behind_bracket(at)),
            _ => self.is_assigned(at),
        }
    }

    fn ends_item(&self, at: usize) -> bool {
        matches!(self.raw_token(at), Token::Newline | Token::Colon) || self.closes(at)
    }

    /// A word at the start of a statement.
    fn start(&mut self, at: usize, word: &Word) -> usize {
        if self.names_place(at + 1) {
            return self.name(at, word);
        }
        if self.destinations.contains(&*word.folded) && self.is_label(at, &word.folded) {
            return self.label(at, word);
        }
        if let Some(used) = self.open_form(at, true) {
            return used;
        }
        let keyword = self.keyword(at, true);
        // Only a phrase of several words takes a word of structure with it.
        if let Some((token, count)) = &keyword
            && *count > 1
        {
            return self.push(token.clone(), at, *count);
        }
        if let Some((token, count)) = self.structure(at, &word.folded) {
            return self.push(token, at, count);
        }
        match keyword {
            Some((token, count)) => self.push(token, at, count),
            None if self.is_label(at, &word.folded) => self.label(at, word),
            None => self.name(at, word),
        }
    }

    /// The word of structure at the start of a statement, and how many words it has.
    fn structure(&self, at: usize, folded: &str) -> Option<(Token, usize)> {
        if let Some(found) = self.failure_structure(at, folded) {
            return Some(found);
        }
        let next = self.raw_word(at + 1);
        let token = match (folded, next) {
            ("if", _) => Token::If,
            ("select", Some("case")) => return Some((Token::SelectCase, 2)),
            ("switch", _) => Token::Switch,
            ("case", Some("else")) => return Some((Token::CaseElse, 2)),
            ("case", _) => Token::Case,
            ("default", _) if self.ends_item(at + 1) => Token::CaseElse,
            ("for", Some("each")) if !self.is_assigned(at + 2) => return Some((Token::ForEach, 2)),
            ("for", _) => Token::For,
            ("next", _) => Token::Next,
            ("while", _) => Token::While,
            ("wend", _) => Token::EndWhile,
            ("do", _) => Token::Do,
            ("loop", _) => Token::Loop,
            ("with", _) => Token::With,
            ("sub", _) => Token::Sub,
            ("function", _) => Token::Function,
            ("call", _) => Token::Call,
            ("return", _) => Token::Return,
            ("let", Some(_)) => Token::Let,
            ("let", None) if matches!(self.raw_token(at + 1), Token::Int(_) | Token::Float(_) | Token::Text(_)) => Token::Let,
            ("set", Some(_)) if self.assigns_place(at + 1) => Token::Let,
            ("exit", Some(next)) if let Some(leave) = exit_of(next) => return Some((Token::Leave(leave), 2)),
            ("continue", Some(next)) if let Some(leave) = continue_of(next) => return Some((Token::Leave(leave), 2)),
            ("exit" | "end", _) => Token::Leave(Leave::Run),
            ("stop", _) if self.ends_item(at + 1) => Token::Leave(Leave::Run),
            _ => return None,
        };
        Some((token, 1))
    }

    /// Whether a place begins at a raw token and is assigned to: `a.b[c].d =`.
    fn assigns_place(&self, at: usize) -> bool {
        let mut at = at;
        loop {
            match self.raw_token(at) {
                Token::Word(_) | Token::Dot | Token::QuestionDot => at += 1,
                Token::OpenBracket if self.partners[at] as usize > at => at = self.partners[at] as usize + 1,
                _ => return self.is_assigned(at),
            }
        }
    }

    /// Whether IN, LIKE or BETWEEN stands here behind a value and NOT.
    fn is_negated_test(&self, at: usize) -> bool {
        matches!(self.raw_word(at), Some("in" | "like" | "between"))
            && matches!(&self.out[self.item..], [.., before, not] if not.token == Token::Not && before.token.ends_value())
    }

    /// A word between two values, or one that ends the head of a loop.
    fn infix(&self, at: usize) -> Option<Token> {
        let token = match self.raw_word(at)? {
            "mod" => Token::Modulo,
            "in" => Token::In,
            "is" => Token::Is,
            "like" => Token::Like,
            "between" => Token::Between,
            "to" => Token::To,
            "step" => Token::Step,
            "do" => Token::Do,
            _ => return None,
        };
        let takes_value = !matches!(
            self.raw_token(at + 1),
            Token::Comma | Token::CloseParen | Token::CloseBracket | Token::CloseBrace
        );
        // `f to, subject` names a variable; nothing else stands between a name and a comma.
        (takes_value || !self.after_lone_name()).then_some(token)
    }

    /// A word where a value is expected, or behind one where nothing else fits.
    fn value(&mut self, at: usize, word: &Word) -> usize {
        let next = self.raw_word(at + 1);
        match (&*word.folded, self.last()) {
            ("while", Some(Token::Do | Token::Loop)) => return self.push(Token::While, at, 1),
            ("until", Some(Token::Do | Token::Loop)) => return self.push(Token::Until, at, 1),
            ("is", Some(Token::Case | Token::Comma)) if self.out[self.item].token == Token::Case && self.compares(at + 1) => {
                return self.push(Token::Is, at, 1);
            }
            ("call", _) if next.is_some() && self.starts_argument(at + 1, false) => {
                return self.push(Token::Call, at, 1);
            }
            ("error", _) if let Some(part) = next.and_then(error_part) => return self.push(Token::ErrorPart(part), at, 2),
            ("new", _) if next == Some("object") => return self.push(Token::NewObject, at, 2),
            ("new", _) if next == Some("array") => return self.push(Token::NewArray, at, 2),
            ("empty", Some(Token::Is | Token::Not)) if self.is_in_condition() && self.is_tested() => {
                return self.push(Token::Null, at, 1);
            }
            _ => {}
        }
        if let Some(index) = self.test(word) {
            return self.push(Token::Test(index), at, 1);
        }
        if let Some(used) = self.open_form(at, false) {
            return used;
        }
        match self.keyword(at, false) {
            Some((token, count)) => self.push(token, at, count),
            None => self.name(at, word),
        }
    }

    /// Whether IS, or IS NOT, stands directly before, behind a value.
    fn is_tested(&self) -> bool {
        match &self.out[self.item..] {
            [.., Lexeme { token: Token::Is, .. }] => true,
            [.., is, not] => is.token == Token::Is && not.token == Token::Not,
            _ => false,
        }
    }

    /// The function of the table that `IS` and this word name.
    fn test(&self, word: &Word) -> Option<u16> {
        if !self.is_tested() {
            return None;
        }
        self.phrases.test(&word.folded)
    }

    fn compares(&self, at: usize) -> bool {
        matches!(
            self.raw_token(at),
            Token::Equal
                | Token::EqualEqual
                | Token::NotEqual
                | Token::Less
                | Token::LessOrEqual
                | Token::Greater
                | Token::GreaterOrEqual
        )
    }

    /// The keyword of the table that stands here, if what follows lets it be one; the number of its words.
    fn keyword(&self, at: usize, at_start: bool) -> Option<(Token, usize)> {
        for (count, index) in self.phrases.at(&self.raw[at..]) {
            let next = at + count;
            let is_own = count == 1 && self.raw_word(at).is_some_and(|word| self.procedures.contains(word));
            if is_own || self.names_place(next) {
                continue;
            }
            let signature = self.phrases.signature(index);
            let has_bracket = *self.raw_token(next) == Token::OpenParen;
            if signature.absence.is_some() {
                let is_used = has_bracket || at_start && (count > 1 || self.ends_item(next)) || self.starts_argument(next, at_start);
                if !is_used || count == 1 && is_infix_word(self.raw_word(next)) {
                    continue;
                }
                // Whatever follows is never computed.
                let is_closed = has_bracket && !self.is_spaced(next) && self.partners[next] as usize > next;
                let end = if is_closed { self.partners[next] as usize + 1 } else { self.end_of_expression(next) };
                return Some((Token::KeywordAlone(index), end - at));
            }
            match signature.form {
                Form::Statement if !at_start => continue,
                Form::Function if has_bracket && count > 1 => return Some((Token::KeywordCall(index), count)),
                // Of one word, it is called by its name.
                Form::Function if has_bracket || at_start && count == 1 => continue,
                Form::Function | Form::Keyword | Form::Statement => {}
            }
            if has_bracket && !self.is_spaced(next) {
                let is_whole = !at_start || !self.behind_bracket(next).is_infix();
                let token = if is_whole { Token::KeywordCall(index) } else { Token::Keyword(index) };
                return Some((token, count));
            }
            let starts = self.starts_argument(next, at_start);
            if signature.most() == Some(0) && !starts && (at_start || count > 1) {
                return Some((Token::KeywordAlone(index), count));
            }
            if starts || at_start && self.ends_item(next) {
                return Some((Token::Keyword(index), count));
            }
        }
        None
    }

    /// Where the expression that goes on at a place is over, whatever stands in it.
    fn end_of_expression(&self, from: usize) -> usize {
        let mut depth = 0usize;
        let mut at = from;
        while let Some(lexeme) = self.raw.get(at) {
            match &lexeme.token {
                Token::Newline => break,
                Token::OpenParen | Token::OpenBracket | Token::OpenBrace | Token::HoleOpen => depth += 1,
                Token::CloseParen | Token::CloseBracket | Token::CloseBrace | Token::HoleClose if depth == 0 => break,
                Token::CloseParen | Token::CloseBracket | Token::CloseBrace | Token::HoleClose => depth -= 1,
                Token::Word(word) if depth == 0 && (&*word.folded == "then" || self.closes(at)) => break,
                Token::Colon if depth == 0 => break,
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// Whether the token at a place can start the argument of a keyword before it.
    fn starts_argument(&self, at: usize, at_start: bool) -> bool {
        match self.raw_token(at) {
            Token::Text(_) | Token::Int(_) | Token::Float(_) | Token::TextOpen | Token::OpenBrace | Token::OpenParen => {
                true
            }
            Token::Bang => true,
            Token::OpenBracket => self.is_spaced(at),
            Token::Minus => at_start,
            Token::Dot => self.is_spaced(at) && !self.is_spaced(at + 1),
            Token::Word(word) => match &*word.folded {
                "and" | "or" | "xor" | "then" => false,
                "not" => !matches!(self.raw_word(at + 1), Some("in" | "like" | "between")),
                "mod" | "in" | "is" | "like" | "between" | "to" | "step" => {
                    !self.starts_value(at + 1) || self.phrases.at(&self.raw[at..]).next().is_some()
                }
                "do" => !self.ends_item(at + 1),
                _ => !self.closes(at) && !self.begins_part(at),
            },
            _ => false,
        }
    }

    /// Whether a value can begin at a place, so that a word before it may be an operator.
    fn starts_value(&self, at: usize) -> bool {
        match self.raw_token(at) {
            Token::Word(word) => !matches!(&*word.folded, "and" | "or" | "xor" | "then"),
            Token::Minus => self.is_spaced(at) && !self.is_spaced(at + 1),
            Token::Dot => self.is_spaced(at),
            Token::OpenBracket => self.is_spaced(at),
            token => matches!(
                token,
                Token::Text(_)
                    | Token::Int(_)
                    | Token::Float(_)
                    | Token::TextOpen
                    | Token::OpenParen
                    | Token::OpenBrace
                    | Token::Bang
            ),
        }
    }
}

/// Whether a word stands between two values.
fn is_infix_word(word: Option<&str>) -> bool {
    matches!(word, Some("and" | "or" | "xor" | "mod" | "in" | "is" | "like" | "between" | "to" | "step" | "do"))
}

/// The words that are never names, except behind `.` and as keys.
fn reserved(folded: &str) -> Option<Token> {
    Some(match folded {
        "true" => Token::True,
        "false" => Token::False,
        "null" => Token::Null,
        "and" => Token::And,
        "or" => Token::Or,
        "xor" => Token::Xor,
        "not" => Token::Not,
        _ => return None,
    })
}

/// What END with this word closes.
fn end_of(folded: &str) -> Option<Token> {
    Some(match folded {
        "if" => Token::EndIf,
        "select" => Token::EndSelect,
        "switch" => Token::EndSwitch,
        "for" => Token::EndFor,
        "while" => Token::EndWhile,
        "with" => Token::EndWith,
        "sub" => Token::EndSub,
        "function" => Token::EndFunction,
        "try" => Token::EndTry,
        _ => return None,
    })
}

fn exit_of(folded: &str) -> Option<Leave> {
    Some(match folded {
        "for" => Leave::For,
        "do" => Leave::Do,
        "while" => Leave::While,
        "sub" | "function" => Leave::Procedure,
        _ => return None,
    })
}

fn continue_of(folded: &str) -> Option<Leave> {
    Some(match folded {
        "for" => Leave::ContinueFor,
        "do" => Leave::ContinueDo,
        "while" => Leave::ContinueWhile,
        _ => return None,
    })
}
