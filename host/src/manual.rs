//! The home of what there is to say of the language itself, of what is no keyword of the table: statements, operators,
//! values; and the reference of both together.
//!
//! `gbvm help`, the dialogue, editors and `stdlib/REFERENCE.md` show this. A test runs the examples, another looks up
//! every word of the language.

mod failures;
mod operators;
mod statements;
mod values;

use std::fmt::Write;

use gbvm_lang::spelling;
use gbvm_stdlib::keyword::Example;
use gbvm_stdlib::reference;

/// One statement, operator or form of value.
#[derive(Clone, Copy)]
pub struct Page {
    /// The words and signs that it is found by; the first is its name.
    pub words: &'static [&'static str],
    /// How it is written, line by line; what may be left out stands in square brackets.
    pub usage: &'static str,
    /// One sentence, without a full stop.
    pub summary: &'static str,
    /// Rules, bounds and errors, in full sentences.
    pub details: &'static str,
    /// Scripts that run as they stand and what each prints.
    pub examples: &'static [Example],
}

/// The pages of one subject.
struct Chapter {
    title: &'static str,
    pages: &'static [Page],
}

const CHAPTERS: &[Chapter] = &[
    Chapter { title: "Statements", pages: statements::PAGES },
    Chapter { title: "Failures", pages: failures::PAGES },
    Chapter { title: "Operators", pages: operators::PAGES },
    Chapter { title: "Values and text", pages: values::PAGES },
];

/// All pages, chapter by chapter.
pub fn pages() -> impl Iterator<Item = &'static Page> {
    CHAPTERS.iter().flat_map(|chapter| chapter.pages)
}

/// The words of the language, of letters alone, each once, in order: some are phrases of several.
pub fn words() -> Vec<&'static str> {
    let is_word = |word: &&str| word.chars().all(|c| c.is_ascii_uppercase() || c == ' ');
    let mut words: Vec<&str> = pages().flat_map(|page| page.words).copied().filter(is_word).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// What there is to say of a word, phrase or sign, in any case: the pages of the language, then the keyword.
pub fn find(phrase: &str) -> Option<String> {
    let phrase = phrase.split_whitespace().collect::<Vec<_>>().join(" ");
    let pages = pages().filter(|page| page.words.iter().any(|word| word.eq_ignore_ascii_case(&phrase))).map(Page::text);
    let found: Vec<String> = pages.chain(gbvm_stdlib::find(&phrase).map(reference::help)).collect();
    (!found.is_empty()).then(|| found.join("\n"))
}

/// As [`find`]; where there is nothing to say, the message about it, with what was perhaps meant.
///
/// # Errors
/// The message, one sentence without a full stop.
pub fn help(phrase: &str) -> Result<String, String> {
    find(phrase).ok_or_else(|| {
        let known = pages().flat_map(|page| page.words).copied().chain(gbvm_stdlib::keywords().iter().flat_map(|keyword| keyword.signature.aliases.iter().copied().chain([keyword.signature.phrase])));
        let hint = spelling::nearest(phrase, known).map_or("`gbvm help` lists them".to_owned(), |near| format!("did you mean {near}?"));
        format!("there is no keyword {}; {hint}", phrase.to_uppercase())
    })
}

/// All there is, with its summary: what `gbvm help` shows.
pub fn overview() -> String {
    let mut out = String::new();
    for chapter in CHAPTERS {
        let _ = writeln!(out, "{}", chapter.title);
        for page in chapter.pages {
            let _ = writeln!(out, "  {:<24} {}", page.words[0], page.summary);
        }
        out.push('\n');
    }
    out + &reference::overview()
}

/// The whole reference as Markdown: the language, then the keywords.
pub fn markdown() -> String {
    let mut out = String::from("# Reference\n\nMade from the records of the language and the keywords; change those and not this page.\n");
    for chapter in CHAPTERS {
        let _ = write!(out, "\n## {}\n", chapter.title);
        for page in chapter.pages {
            page.markdown(&mut out);
        }
    }
    out + &reference::markdown()
}

impl Page {
    /// The page as plain text.
    pub fn text(&self) -> String {
        let mut out = format!("{}\n\n{}.\n", self.usage, self.summary);
        if !self.details.is_empty() {
            let _ = writeln!(out, "{}", self.details);
        }
        reference::examples(self.examples, &mut out);
        out
    }

    fn markdown(&self, out: &mut String) {
        let _ = write!(out, "\n### {}\n\n```text\n{}\n```\n\n{}.", self.words[0], self.usage, self.summary);
        if !self.details.is_empty() {
            let _ = write!(out, " {}", self.details);
        }
        out.push('\n');
        reference::examples_as_markdown(self.examples, out);
    }
}
