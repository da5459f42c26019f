//! Recognizes word forms among words that are not decided yet: whether one begins here, which of its parts begins
//! there, and whether a statement goes on in the next line because a part is lacking.

use gbvm_vm::signature::{Holds, Part, WordForm};

use crate::phrase::{FormHead, Phrases};
use crate::token::{Lexeme, Token};

/// The most tokens that a value may have as the first part of a form.
const FIRST_PART_MAX: usize = 400;

/// Whether the tokens behind the first words of a form are those of the form: its first part, and the word of another.
/// Where its first words say so already, everything but a comma may follow the first part.
pub fn is_written(head: &FormHead, rest: &[Lexeme]) -> bool {
    match first_part(head.form, rest) {
        Some(length) if head.is_own_phrase => !matches!(rest.get(length).map(|lexeme| &lexeme.token), Some(Token::Comma)),
        Some(length) => part_at(head.form, 1, &rest[length..]).is_some(),
        None => false,
    }
}

/// How many tokens the first part of a form has; none where it is not there.
fn first_part(form: &WordForm, rest: &[Lexeme]) -> Option<usize> {
    match form.parts.first()?.holds {
        Holds::Name => name_length(rest),
        Holds::Value | Holds::Values => value_length(form, rest),
        Holds::Fields | Holds::Choice(_) | Holds::Condition | Holds::Order | Holds::Limit | Holds::Offset => Some(0),
    }
}

/// How many tokens a name has that stands for itself: words with dots between them, or one text.
pub fn name_length(rest: &[Lexeme]) -> Option<usize> {
    match &rest.first()?.token {
        Token::Text(_) => Some(1),
        Token::Word(_) => {
            let mut length = 1;
            while let [dot, word, ..] = &rest[length..]
                && dot.token == Token::Dot
                && !dot.is_spaced
                && !word.is_spaced
                && word.token.word().is_some()
            {
                length += 2;
            }
            Some(length)
        }
        _ => None,
    }
}

/// How many tokens stand before the word of the second part, outside of brackets and in the same item. So far is looked,
/// and no further: each word that may begin such a form looks.
fn value_length(form: &WordForm, rest: &[Lexeme]) -> Option<usize> {
    let mut depth = 0usize;
    let mut is_bracket_first = rest.first().is_some_and(|first| first.token == Token::OpenParen);
    for (at, lexeme) in rest.iter().take(FIRST_PART_MAX).enumerate() {
        is_bracket_first &= at == 0 || depth > 0;
        match &lexeme.token {
            // A bracket with a list is what a function is called with, and no value.
            Token::Comma if depth == 1 && is_bracket_first => return None,
            Token::OpenParen | Token::OpenBracket | Token::OpenBrace | Token::HoleOpen => depth += 1,
            Token::CloseParen | Token::CloseBracket | Token::CloseBrace | Token::HoleClose => depth = depth.checked_sub(1)?,
            Token::Newline => return None,
            Token::Colon if depth == 0 => return None,
            Token::Comma if depth == 0 && form.parts[0].holds == Holds::Value => return None,
            Token::Word(_) if depth == 0 && at > 0 && rest[at - 1].token.ends_value() && part_at(form, 1, &rest[at..]).is_some() => {
                return Some(at);
            }
            _ => {}
        }
    }
    None
}

/// Which part of a form, from a numbered one on, begins at the head of these tokens, and with how many words.
pub fn part_at(form: &WordForm, from: usize, rest: &[Lexeme]) -> Option<(usize, usize)> {
    let parts = || form.parts.iter().enumerate().skip(from);
    let mut named = parts().find_map(|(index, part)| Some((index, words_length(part, rest)?)));
    // Where a name may stand too, a word with nothing behind it is one.
    let is_name_next = parts().next().is_some_and(|(_, part)| part.holds == Holds::Name && part.words.is_empty());
    if let Some((_, length)) = named
        && is_name_next
        && !rest.get(length).is_some_and(|next| matches!(next.token, Token::Word(_) | Token::OpenParen))
    {
        named = None;
    }
    named.or_else(|| {
        let word = rest.first()?.token.word()?;
        let (index, part) = parts().next()?;
        match part.holds {
            Holds::Choice(words) if words.iter().any(|choice| choice.eq_ignore_ascii_case(word)) => Some((index, 0)),
            Holds::Name if part.words.is_empty() => Some((index, 0)),
            _ => None,
        }
    })
}

fn words_length(part: &Part, rest: &[Lexeme]) -> Option<usize> {
    let mut length = 0;
    for word in part.words.split_whitespace() {
        if !rest.get(length)?.token.word()?.eq_ignore_ascii_case(word) {
            return None;
        }
        length += 1;
    }
    (length > 0).then_some(length)
}

/// Whether a statement goes on with the next line because the line begins with the words of a part that a word form in
/// it lacks. `next` holds the words that the line begins with.
pub fn goes_on(phrases: &Phrases, statement: &[Lexeme], next: &[Lexeme]) -> bool {
    let heads = (0..statement.len()).rev().filter(|&at| !is_field(statement, at));
    for at in heads {
        for head in phrases.forms_at(&statement[at..]) {
            let rest = &statement[at + head.count..];
            let Some(length) = name_length(rest).filter(|_| head.form.parts[0].holds == Holds::Name) else { continue };
            if length < rest.len() && !is_written(&head, rest) {
                continue;
            }
            let last = last_part(head.form, &rest[length..]);
            if let Some((part, words)) = part_at(head.form, last + 1, next)
                && words > 0
                && !head.form.parts[..=last].iter().skip(1).any(|written| last > 0 && written.param == head.form.parts[part].param && written.holds == head.form.parts[part].holds)
            {
                return true;
            }
        }
    }
    false
}

fn is_field(statement: &[Lexeme], at: usize) -> bool {
    at > 0 && matches!(statement[at - 1].token, Token::Dot | Token::QuestionDot)
}

/// The last part of a form that is written in the tokens behind its first one.
fn last_part(form: &WordForm, rest: &[Lexeme]) -> usize {
    let (mut last, mut depth) = (0, 0usize);
    for (at, lexeme) in rest.iter().enumerate() {
        match &lexeme.token {
            Token::OpenParen | Token::OpenBracket | Token::OpenBrace => depth += 1,
            Token::CloseParen | Token::CloseBracket | Token::CloseBrace => depth = depth.saturating_sub(1),
            Token::Word(_) if depth == 0 && (at == 0 || rest[at - 1].token.ends_value()) => {
                if let Some((part, _)) = part_at(form, last + 1, &rest[at..]) {
                    last = part;
                }
            }
            _ => {}
        }
    }
    last
}

/// The last words of the parts that hold a value, of the forms whose first words stand at a place.
pub fn value_words<'p>(phrases: &'p Phrases, statement: &'p [Lexeme], at: usize) -> impl Iterator<Item = &'static str> + 'p {
    let heads = phrases.forms_at(&statement[at..]).filter(move |_| !is_field(statement, at));
    let parts = heads.flat_map(|head| head.form.parts).filter(|part| matches!(part.holds, Holds::Value | Holds::Values));
    parts.filter_map(|part| part.words.split_whitespace().next_back())
}
