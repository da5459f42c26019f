//! The multi-word keywords, built from the signatures: which phrases begin with a word, longest first.

use gbvm_vm::signature::{Form, Signature, WordForm};
use rustc_hash::FxHashMap;

use crate::token::{Lexeme, Token};

/// The phrases of a signature table.
pub struct Phrases<'s> {
    signatures: &'s [Signature],
    by_first: FxHashMap<String, Vec<Phrase>>,
    forms: FxHashMap<String, Vec<FormPhrase>>,
    /// The first words of the parts of word forms.
    part_words: Vec<&'static str>,
    longest: usize,
}

/// The first words of a word form.
struct FormPhrase {
    words: Vec<String>,
    index: u16,
    form: &'static WordForm,
}

/// A word form whose first words stand in a script.
#[derive(Clone, Copy, Debug)]
pub struct FormHead {
    /// How many words they are.
    pub count: usize,
    /// The signature that it means.
    pub index: u16,
    /// The form.
    pub form: &'static WordForm,
    /// Whether these words begin nothing else than this form.
    pub is_own_phrase: bool,
}

/// One spelling of one keyword.
struct Phrase {
    /// Its words, folded.
    words: Vec<String>,
    /// The signature that it means.
    index: u16,
}

impl<'s> Phrases<'s> {
    /// The phrases and aliases of a table. A table has at most `u16::MAX` entries; further ones are not reachable.
    pub fn new(signatures: &'s [Signature]) -> Phrases<'s> {
        let mut by_first: FxHashMap<String, Vec<Phrase>> = FxHashMap::default();
        let mut forms: FxHashMap<String, Vec<FormPhrase>> = FxHashMap::default();
        let mut longest = 0;
        for (index, signature) in (0..=u16::MAX).zip(signatures) {
            for text in std::iter::once(&signature.phrase).chain(signature.aliases) {
                let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
                let Some(first) = words.first().cloned() else { continue };
                longest = longest.max(words.len());
                by_first.entry(first).or_default().push(Phrase { words, index });
            }
            for form in signature.word_forms {
                let words: Vec<String> = form.phrase.split_whitespace().map(str::to_lowercase).collect();
                let Some(first) = words.first().cloned() else { continue };
                forms.entry(first).or_default().push(FormPhrase { words, index, form });
            }
        }
        for phrases in by_first.values_mut() {
            phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.words.len()));
        }
        for phrases in forms.values_mut() {
            phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.words.len()));
        }
        let parts = signatures.iter().flat_map(|signature| signature.word_forms).flat_map(|form| form.parts);
        let mut part_words: Vec<&'static str> = parts.filter_map(|part| part.words.split_whitespace().next()).collect();
        part_words.sort_unstable();
        part_words.dedup();
        Phrases { signatures, by_first, forms, part_words, longest }
    }

    /// The signature of an index that this table gave out.
    pub fn signature(&self, index: u16) -> &'s Signature {
        &self.signatures[usize::from(index)]
    }

    /// The phrases that stand at the head of these tokens as (number of words, signature), longest first.
    pub fn at<'a>(&'a self, lexemes: &'a [Lexeme]) -> impl Iterator<Item = (usize, u16)> + 'a {
        let first = lexemes.first().and_then(|lexeme| lexeme.token.word());
        let phrases = first.and_then(|word| self.by_first.get(word)).map_or(&[][..], Vec::as_slice);
        phrases
            .iter()
              .filter(move |phrase| {
                let words = &phrase.words;
                lexemes.len() >= words.len()
                    && words.iter().zip(lexemes).all(|(word, lexeme)| lexeme.token.word() == Some(word))
            })
            .map(|phrase| (phrase.words.len(), phrase.index))
    }

    /// The function that is written `IS` and this word behind the value that it tests.
    pub fn test(&self, folded: &str) -> Option<u16> {
        let phrases = self.by_first.get("is").map_or(&[][..], Vec::as_slice);
        let phrase = phrases.iter().find(|phrase| matches!(&phrase.words[..], [_, word] if word == folded))?;
        (self.signature(phrase.index).form == Form::Function).then_some(phrase.index)
    }

    /// The phrase at the head of these tokens below which text stands: the number of its words, and the line that
    /// ends the text.
    pub fn text_block(&self, lexemes: &[Lexeme]) -> Option<(usize, &'static str)> {
        self.at(lexemes).find_map(|(count, index)| Some((count, self.signature(index).text_end?)))
    }

    /// Whether a part of a word form may begin with a word.
    pub fn begins_part(&self, word: &str) -> bool {
        self.part_words.iter().any(|known| known.eq_ignore_ascii_case(word))
    }

    /// The word forms whose first words stand at the head of these tokens, those with the most words first.
    pub fn forms_at<'a>(&'a self, lexemes: &'a [Lexeme]) -> impl Iterator<Item = FormHead> + 'a {
        let first = lexemes.first().and_then(|lexeme| lexeme.token.word());
        let forms = first.and_then(|word| self.forms.get(word)).map_or(&[][..], Vec::as_slice);
        forms
            .iter()
            .filter(move |phrase| {
                let words = &phrase.words;
                lexemes.len() >= words.len() && words.iter().zip(lexemes).all(|(word, lexeme)| lexeme.token.word() == Some(word))
            })
            .map(|phrase| FormHead {
                count: phrase.words.len(),
                index: phrase.index,
                form: phrase.form,
                is_own_phrase: phrase.form.phrase != self.signature(phrase.index).phrase,
            })
    }

    /// Whether these tokens end with a phrase that wants a value and is not a field name.
    pub fn wants_value_after(&self, lexemes: &[Lexeme]) -> bool {
        (1..=self.longest.min(lexemes.len())).any(|count| {
            let start = lexemes.len() - count;
            let can_begin = start == 0
                || !(lexemes[start - 1].token.ends_value()
                    || matches!(lexemes[start - 1].token, Token::Dot | Token::QuestionDot));
            let can_begin = can_begin || follows_then(lexemes, start);
            can_begin
                && self.at(&lexemes[start..]).any(|(length, index)| {
                    let signature = self.signature(index);
                    length == count && signature.form != Form::Function && signature.most() != Some(0)
                })
        })
    }
}

/// Whether the word before is one after which a statement begins.
fn follows_then(lexemes: &[Lexeme], start: usize) -> bool {
    start > 0 && matches!(lexemes[start - 1].token.word(), Some("then" | "else" | "and" | "or" | "not" | "xor" | "return" | "if" | "elseif" | "while" | "until" | "in" | "case"))
}
