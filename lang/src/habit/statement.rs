//! Statements that other languages write in another way: told before what the grammar expected is.

use gbvm_vm::signature::WordForm;

use super::{Habit, Refused, short};
use crate::token::Token;

impl Refused<'_> {
    /// The habit that a whole statement shows, if it shows one.
    pub fn statement(&self) -> Option<Habit> {
        let here = |message: String| Habit { message, at: self.at };
        let shown = self.case().or_else(|| self.two_variables()).or_else(|| self.end_for_each()).or_else(|| self.nameless());
        self.modifier().or_else(|| shown.or_else(|| self.key()).or_else(|| self.columns()).or_else(|| self.form()).map(here))
    }

    /// `CASE < 6`, `CASE LIKE "a%"`.
    fn case(&self) -> Option<String> {
        if self.token(0) != Some(&Token::Case) {
            return None;
        }
        let is_first = matches!(self.before()?, Token::Case | Token::Comma);
        if let Some(Token::Less | Token::LessOrEqual | Token::Greater | Token::GreaterOrEqual | Token::NotEqual | Token::Equal | Token::EqualEqual) = self.found()
            && is_first
        {
            let value = self.written(self.at + 1);
            return Some(format!("a comparison behind CASE begins with IS: CASE IS {} {}", self.written(self.at), if value.is_empty() { "1".to_owned() } else { short(value) }));
        }
        let at = [self.at, self.at.checked_sub(1)?].into_iter().find(|at| ["like", "in", "between", "not"].iter().any(|word| self.is(*at, word)))?;
        let is_test = matches!(self.token(at.checked_sub(1)?), Some(Token::Case | Token::Comma));
        let instead = match self.written(at).to_ascii_lowercase().as_str() {
            "in" => "the values of a CASE stand side by side, as in CASE 1, 2, 3; a list is looked into by IF x IN list THEN".to_owned(),
            "between" => "a range behind CASE is written with TO, as in CASE 1 TO 5".to_owned(),
            word => format!("CASE takes values, ranges as 1 TO 5, and IS with a sign; for {} write IF … THEN and ELSE IF … THEN", word.to_uppercase()),
        };
        is_test.then_some(instead)
    }

    /// `FOR EACH k, v IN o`.
    fn two_variables(&self) -> Option<String> {
        let is_pair = matches!((self.token(0)?, self.found()?), (Token::ForEach, Token::Comma)) && self.at == 2;
        let (key, object) = (self.written(1), self.tokens.iter().rposition(|lexeme| lexeme.token == Token::In).map(|at| self.written(at + 1)));
        let object = object.filter(|object| object.starts_with(char::is_alphabetic)).unwrap_or("o");
        is_pair.then(|| format!("FOR EACH has one variable: write FOR EACH {key} IN KEYS({object}), and {object}[{key}] is the value"))
    }

    /// `END FOR EACH`.
    fn end_for_each(&self) -> Option<String> {
        let is_end = self.token(0)? == &Token::EndFor && self.is(1, "each");
        is_end.then(|| "FOR EACH is closed by NEXT, or by END FOR: leave EACH out".to_owned())
    }

    /// `x.map(y => y.a)`, `f((a, b) => a)`, `x.each(function(y)`.
    fn nameless(&self) -> Option<String> {
        let is_arrow = |at: usize| matches!((self.token(at), self.token(at + 1)), (Some(Token::Equal | Token::Minus), Some(Token::Greater))) && self.touches(at + 1);
        let arrow = (self.at.checked_sub(2)?..self.tokens.len()).find(|at| is_arrow(*at)).filter(|arrow| *arrow <= self.at + 4)?;
        let opener = self.tokens[..arrow].iter().rposition(|lexeme| lexeme.token == Token::CallParen)?;
        let is_method = opener > 1 && matches!(self.token(opener - 2), Some(Token::Dot | Token::QuestionDot));
        let is_list = matches!(self.token(arrow.checked_sub(1)?), Some(Token::CloseParen));
        (is_method || is_list).then(|| "there are no functions without a name: FOR EACH x IN list … NEXT goes through a list".to_owned())
    }

    /// `SUB f(BYVAL a)`, `f(BYREF a)`.
    fn modifier(&self) -> Option<Habit> {
        let is_word = |at: usize| ["byval", "byref", "optional", "paramarray"].iter().any(|word| self.is(at, word));
        let at = [Some(self.at), self.at.checked_sub(1)].into_iter().flatten().find(|at| *at > 0 && is_word(*at))?;
        let is_place = matches!(self.token(at - 1), Some(Token::OpenParen | Token::CallParen | Token::Comma));
        let is_followed = matches!(self.token(at + 1), Some(Token::Name(_)));
        let word = self.written(at).to_uppercase();
        let why = match word.as_str() {
            "BYREF" => "a procedure gets values of its own and gives one back with RETURN",
            "BYVAL" => "each parameter is a value of the procedure's own already",
            _ => "whatever is not given is MISSING",
        };
        (is_place && is_followed).then(|| Habit { message: format!("parameters are names alone: leave {word} out, {why}"), at })
    }

    /// `{3: 4}`, `{[k]: 1}`.
    fn key(&self) -> Option<String> {
        if !matches!(self.before()?, Token::OpenBrace | Token::Comma) || self.opener() != Some(&Token::OpenBrace) {
            return None;
        }
        match self.found()? {
            Token::Int(_) | Token::Float(_) if self.token(self.at + 1) == Some(&Token::Colon) => {
                Some(format!("the key of a field is a name or a text: write \"{}\"", short(self.written(self.at))))
            }
            Token::OpenBracket => Some("a key that is computed is set behind the object, in a line of its own: o[k] = …".to_owned()),
            _ => None,
        }
    }

    /// `INSERT INTO t (a, b) VALUES (1, 2)`.
    fn columns(&self) -> Option<String> {
        let is_list = matches!(self.found()?, Token::OpenParen | Token::CallParen);
        let form = self.form_of(0).or_else(|| self.form_of(2))?;
        let takes = form.parts.iter().find(|part| !part.words.is_empty() && matches!(part.holds, gbvm_vm::signature::Holds::Fields))?;
        let table = self.written(self.at.checked_sub(1)?);
        let has_values = (self.at..self.tokens.len()).any(|at| self.is(at, "values"));
        (is_list && has_values).then(|| format!("columns stand beside their values: {} {} {} a = 1, b = 2", form.phrase, short(table), takes.words))
    }

    /// `DELETE contacts WHERE …`: the words of another form of the keyword.
    fn form(&self) -> Option<String> {
        let first = if self.token(1) == Some(&Token::Equal) { 2 } else { 0 };
        let form = self.form_of(first)?;
        let signature = self.signature_of(first)?;
        let is_part = |at: usize| form.parts.iter().any(|part| part.words.split(' ').next().is_some_and(|word| !word.is_empty() && self.is(at, word)));
        let at = [Some(self.at), self.at.checked_sub(1)].into_iter().flatten().find(|at| *at == first + 2 && is_part(*at))?;
        let is_name = matches!(self.token(first + 1), Some(Token::Name(_) | Token::Text(_)));
        let is_other = form.phrase != signature.phrase && !matches!(self.token(first), Some(Token::FormOpen(_)));
        let (table, words) = (short(self.written(first + 1)), self.written(at).to_uppercase());
        (is_name && is_other).then(|| format!("with {words} behind the table this is written {} {table} {words} …", form.phrase))
    }

    fn signature_of(&self, at: usize) -> Option<&gbvm_vm::signature::Signature> {
        match self.token(at)? {
            Token::Keyword(index) | Token::KeywordCall(index) | Token::FormOpen(index) => self.signatures.get(usize::from(*index)),
            _ => None,
        }
    }

    fn form_of(&self, at: usize) -> Option<&'static WordForm> {
        self.signature_of(at)?.word_forms.first()
    }
}
