//! Text that stands below a statement, up to a line that ends it: `BEGIN MAIL to … END MAIL`. It becomes the last
//! argument, a text with the `${…}` in it filled in.

use super::{HOLES_MAX, Hole, Lexer};
use crate::token::Token;

/// Text below a statement.
pub(super) struct Block {
    /// Its first byte.
    pub start: usize,
    /// The byte behind its last line.
    end: usize,
    /// Where the line that ends it is over.
    behind: usize,
    /// How far its first line is indented; so much is left out of each.
    indent: usize,
}

impl Lexer<'_> {
    /// Reads the text below the statement at hand, if its keyword has such.
    pub(super) fn begins_block(&mut self) -> bool {
        if self.block_of == Some(self.statement) {
            return false;
        }
        let statement = &self.lexemes[self.statement..];
        let Some((count, end_words)) = self.phrases.text_block(statement) else { return false };
        let has_arguments = statement.len() > count;
        let (first, last) = (statement[0].start as usize, statement[count - 1].end as usize);
        self.block_of = Some(self.statement);
        let Some((end, behind)) = self.block_end(end_words) else {
            let opener = self.text[first..last].to_uppercase();
            self.error("E_SYNTAX", first, last, format!("the text below {opener} has no line {end_words} behind it"));
            self.at = self.text.len();
            if has_arguments {
                self.push(Token::Comma, self.at, self.at);
            }
            self.push(Token::Text("".into()), self.at, self.at);
            return true;
        };
        let start = self.at;
        let indented = self.text[start..end].lines().find(|line| !line.trim().is_empty());
        let indent = indented.map_or(0, |line| line.len() - line.trim_start_matches([' ', '\t']).len());
        if has_arguments {
            self.push(Token::Comma, start, start);
        }
        self.block = Some(Block { start, end, behind, indent });
        self.push(Token::TextOpen, start, start);
        self.block_text(start);
        true
    }

    /// Where the line stands that ends the text: where the line before it ends, and where it ends itself.
    fn block_end(&self, words: &str) -> Option<(usize, usize)> {
        let mut at = self.at;
        for line in self.text[self.at..].split_inclusive('\n') {
            let said = line.split_whitespace().collect::<Vec<_>>().join(" ");
            if said.eq_ignore_ascii_case(words) {
                return Some((at, at + line.trim_end_matches(['\n', '\r']).len()));
            }
            at += line.len();
        }
        None
    }

    /// Reads the text from a byte to its end or its next `${`.
    pub(super) fn block_text(&mut self, start: usize) {
        let Some(Block { start: first, end, behind, indent }) = self.block else { return };
        let mut content = String::new();
        let mut at = start;
        let mut is_line_start = start == first;
        while at < end {
            if is_line_start {
                let blanks = self.bytes[at..end].iter().take(indent).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                at += blanks;
                is_line_start = false;
                continue;
            }
            match self.bytes[at] {
                b'$' if self.bytes.get(at + 1) == Some(&b'{') && self.holes.len() < HOLES_MAX => {
                    if !content.is_empty() {
                        self.push(Token::Text(content.into()), start, at);
                    }
                    self.push(Token::HoleOpen, at, at + 2);
                    self.holes.push(Hole { quote_at: first, at, brackets: self.brackets.len() });
                    self.at = at + 2;
                    return;
                }
                b'\\' if self.bytes.get(at + 1) == Some(&b'$') => {
                    content.push('$');
                    at += 2;
                }
                b'\r' => at += 1,
                byte => {
                    is_line_start = byte == b'\n';
                    at += self.copy_char(at, &mut content);
                }
            }
        }
        if content.ends_with('\n') {
            content.pop();
        }
        if !content.is_empty() {
            self.push(Token::Text(content.into()), start, end);
        }
        self.push(Token::TextClose, end, end);
        self.block = None;
        self.at = behind;
    }
}
