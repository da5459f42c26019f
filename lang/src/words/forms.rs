//! Word forms: `UPDATE t SET a = e WHERE c` and its kin become a keyword with marked parts, which end where what
//! holds them ends, so that the grammar reads them as one closed value.

use gbvm_vm::signature::{Form, Holds, WordForm};

use super::Reader;
use crate::clause;
use crate::token::{Lexeme, Token, Word};

/// A word form whose end has not come.
pub(super) struct OpenForm {
    form: &'static WordForm,
    /// The part at hand.
    part: usize,
    /// The parameters that are filled.
    filled: u8,
    /// How many brackets are open around it, the line itself among them.
    level: usize,
    /// The `?` in the innermost of them that wait for their `:`.
    questions: u32,
}

impl OpenForm {
    fn holds(&self) -> Holds {
        self.form.parts[self.part].holds
    }
}

impl Reader<'_> {
    /// Opens the word form that stands here, if one does; how many raw tokens that used.
    pub(super) fn open_form(&mut self, at: usize, at_start: bool) -> Option<usize> {
        let phrases = self.phrases;
        let raw = self.raw;
        for head in phrases.forms_at(&raw[at..]) {
            let is_own = head.count == 1 && self.raw_word(at).is_some_and(|word| self.procedures.contains(word));
            let is_elsewhere = phrases.signature(head.index).form == Form::Statement && !at_start;
            if is_own || is_elsewhere || self.is_assigned(at + head.count) || !clause::is_written(&head, &raw[at + head.count..]) {
                continue;
            }
            self.push(Token::FormOpen(head.index), at, head.count);
            let questions = self.level().questions;
            self.forms.push(OpenForm { form: head.form, part: 0, filled: 0, level: self.levels.len(), questions });
            return Some(head.count + self.begin_part(0, at + head.count, 0));
        }
        None
    }

    /// Begins a numbered part behind its words; how many raw tokens of it are used already.
    fn begin_part(&mut self, part: usize, at: usize, words: usize) -> usize {
        let Some(open) = self.forms.last_mut() else { return 0 };
        open.part = part;
        let (param, holds) = (open.form.parts[part].param, open.holds());
        let param = if param == gbvm_vm::signature::Part::NEXT { open.filled } else { param };
        open.filled = open.filled.max(param + 1);
        let token = match holds {
            Holds::Condition => Token::Where(param),
            Holds::Order => Token::OrderBy(param),
            Holds::Limit => Token::Limit(param),
            Holds::Offset => Token::Offset(param),
            Holds::Name | Holds::Value | Holds::Values | Holds::Fields | Holds::Choice(_) => Token::Part(param),
        };
        if words > 0 {
            self.push(token, at - words, words);
        } else {
            self.mark(at, token);
        }
        match holds {
            Holds::Name | Holds::Choice(_) => self.name_as_text(at),
            Holds::Order => self.column(at),
            Holds::Fields => {
                self.mark(at, Token::OpenBrace);
                self.key(at).unwrap_or(0)
            }
            Holds::Value | Holds::Values | Holds::Condition | Holds::Limit | Holds::Offset => 0,
        }
    }

    /// Adds a token that stands for nothing written.
    fn mark(&mut self, at: usize, token: Token) {
        let start = self.out.last().map_or_else(|| self.raw[at].start, |before| before.end);
        self.out.push(Lexeme { token, start, end: start, is_spaced: true });
    }

    /// A name that stands for itself.
    fn name_as_text(&mut self, at: usize) -> usize {
        let raw = self.raw;
        let Some(count) = clause::name_length(&raw[at.min(raw.len())..]) else { return 0 };
        if matches!(raw[at].token, Token::Text(_)) {
            return self.push(raw[at].token.clone(), at, 1);
        }
        let mut text = String::new();
        for lexeme in &raw[at..at + count] {
            match &lexeme.token {
                Token::Word(Word { text: word, .. }) => text.push_str(word),
                _ => text.push('.'),
            }
        }
        self.push(Token::Text(text.into()), at, count)
    }

    fn column(&mut self, at: usize) -> usize {
        match &self.raw[at].token {
            Token::Word(word) => self.name(at, &word.clone()),
            _ => 0,
        }
    }

    /// `name =` of a record.
    fn key(&mut self, at: usize) -> Option<usize> {
        if !self.is_assigned(at + 1) || *self.raw_token(at + 1) != Token::Equal {
            return None;
        }
        match self.raw_token(at).clone() {
            Token::Word(word) => self.name(at, &word),
            text @ Token::Text(_) => self.push(text, at, 1),
            _ => return None,
        };
        self.push(Token::Colon, at + 1, 1);
        Some(2)
    }

    /// Ends the innermost form.
    fn close_form(&mut self, at: usize) {
        if let Some(open) = self.forms.pop() {
            if open.holds() == Holds::Fields {
                self.mark(at, Token::CloseBrace);
            }
            self.mark(at, Token::FormClose);
        }
    }

    /// Ends all forms, where the item ends.
    pub(super) fn close_forms(&mut self, at: usize) {
        while !self.forms.is_empty() {
            self.close_form(at);
        }
    }

    /// Whether a later part of the form around begins at a place.
    pub(super) fn begins_part(&self, at: usize) -> bool {
        let around = self.forms.last().filter(|open| self.levels.len() == open.level);
        around.is_some_and(|open| clause::part_at(open.form, open.part + 1, &self.raw[at..]).is_some_and(|(_, words)| words > 0))
    }

    /// Whether a value begins at a place, so that the word before it is no name.
    fn begins_value(&self, at: usize) -> bool {
        match self.raw_token(at) {
            Token::Text(_) | Token::Int(_) | Token::Float(_) => true,
            Token::Word(word) => !matches!(&*word.folded, "and" | "or" | "xor" | "not" | "mod" | "in" | "is" | "like" | "between" | "then" | "do" | "to" | "step" | "asc" | "desc") && !self.begins_part(at) && !self.closes(at),
            _ => false,
        }
    }

    /// Whether this stands in the condition of a form.
    pub(super) fn is_in_condition(&self) -> bool {
        self.forms.last().is_some_and(|open| open.holds() == Holds::Condition)
    }

    /// Decides the token at a place where it belongs to the form around it, or ends it; how many raw tokens that used.
    pub(super) fn in_form(&mut self, at: usize) -> Option<usize> {
        while let Some(open) = self.forms.last() {
            if self.levels.len() > open.level {
                return None;
            }
            match self.within(at) {
                Within::Used(count) => return Some(count),
                Within::Inside => return None,
                Within::Behind => self.close_form(at),
            }
        }
        None
    }

    fn within(&mut self, at: usize) -> Within {
        let Some(open) = self.forms.last() else { return Within::Inside };
        let (holds, questions) = (open.holds(), open.questions);
        let takes_logic = matches!(holds, Holds::Condition | Holds::Fields);
        match self.raw_token(at) {
            Token::Newline | Token::CloseParen | Token::CloseBracket | Token::CloseBrace | Token::HoleClose => Within::Behind,
            Token::Comma => self.comma_in_form(at, holds),
            Token::Colon if self.levels.last().is_none_or(|level| level.questions == questions) => Within::Behind,
            Token::Word(word) => {
                let word = word.clone();
                self.word_in_form(at, &word, takes_logic)
            }
            Token::And | Token::Or | Token::Xor | Token::Equal | Token::EqualEqual | Token::NotEqual | Token::Less
            | Token::LessOrEqual | Token::Greater | Token::GreaterOrEqual | Token::Coalesce | Token::Question
                if !takes_logic =>
            {
                Within::Behind
            }
            _ => Within::Inside,
        }
    }

    fn comma_in_form(&mut self, at: usize, holds: Holds) -> Within {
        match holds {
            Holds::Values => {
                let Some(open) = self.forms.last_mut() else { return Within::Inside };
                let param = open.filled;
                open.filled += 1;
                Within::Used(self.push(Token::Part(param), at, 1))
            }
            Holds::Order => {
                self.push(Token::Comma, at, 1);
                Within::Used(1 + self.column(at + 1))
            }
            Holds::Fields => {
                let out = self.out.len();
                self.push(Token::Comma, at, 1);
                match self.key(at + 1) {
                    Some(used) => Within::Used(1 + used),
                    None => {
                        self.out.truncate(out);
                        Within::Behind
                    }
                }
            }
            Holds::Name | Holds::Value | Holds::Choice(_) | Holds::Condition | Holds::Limit | Holds::Offset => Within::Behind,
        }
    }

    fn word_in_form(&mut self, at: usize, word: &Word, takes_logic: bool) -> Within {
        if &*word.folded == "then" || self.closes(at) {
            return Within::Behind;
        }
        let is_behind_value = self.last().is_some_and(|last| last.ends_value() || *last == Token::Descending);
        let Some(open) = self.forms.last() else { return Within::Inside };
        if let Some((part, words)) = clause::part_at(open.form, open.part + 1, &self.raw[at..])
            && (is_behind_value || words > 0 && self.begins_value(at + words))
        {
            if open.holds() == Holds::Fields {
                self.mark(at, Token::CloseBrace);
            }
            return Within::Used(words + self.begin_part(part, at + words, words));
        }
        if !is_behind_value {
            return Within::Inside;
        }
        match (open.holds(), &*word.folded) {
            (Holds::Order, "desc" | "descending") => Within::Used(self.push(Token::Descending, at, 1)),
            (Holds::Order, "asc" | "ascending") => Within::Used(1),
            (_, "to" | "step" | "do") => Within::Behind,
            (_, "and" | "or" | "xor" | "in" | "is" | "like" | "between" | "not") if !takes_logic => Within::Behind,
            _ => Within::Inside,
        }
    }
}

/// What a token is to the form around it.
enum Within {
    /// It was decided; how many raw tokens that used.
    Used(usize),
    /// It belongs to the part at hand and is decided like any other.
    Inside,
    /// The form ends before it.
    Behind,
}
