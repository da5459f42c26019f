//! Reads a filter's characters and holes one after another.

/// What the parser reads: the script's characters, and holes between them.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Symbol<'a> {
    Char(char),
    Hole(u16),
    Literal(u16, &'a str),
}

/// A filter's text with its holes, and how far it was read.
pub(super) struct Parser<'a> {
    pub(super) symbols: Vec<Symbol<'a>>,
    pub(super) at: usize,
    /// How many comparisons were read.
    pub(super) predicates: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn peek(&self) -> Option<Symbol<'a>> {
        self.symbols.get(self.at).copied()
    }

    pub(super) fn ended(&self) -> bool {
        self.at >= self.symbols.len()
    }

    pub(super) fn rest(&self) -> String {
        let tail = &self.symbols[self.at..];
        tail.iter().take(20).map(|symbol| if let Symbol::Char(c) = symbol { c.to_string() } else { "‹data›".into() }).collect()
    }

    pub(super) fn only_star(&self) -> bool {
        let mut rest = self.symbols[self.at..].iter().filter(|symbol| !is_blank(Some(**symbol)));
        rest.next() == Some(&Symbol::Char('*')) && rest.next().is_none()
    }

    pub(super) fn at_clause(&self) -> bool {
        self.order_follows() || self.word_follows("LIMIT") && !self.is_column_named("LIMIT")
    }

    /// Whether the word at this place is followed by a comparison sign and so is a column.
    pub(super) fn is_column_named(&self, word: &str) -> bool {
        let mut at = self.at + word.len();
        while is_blank(self.symbols.get(at).copied()) {
            at += 1;
        }
        matches!(self.symbols.get(at), Some(Symbol::Char('=' | '<' | '>' | '!')))
    }

    pub(super) fn text_follows(&self, text: &str) -> bool {
        let mut symbols = self.symbols[self.at..].iter();
        text.chars().all(|c| symbols.next() == Some(&Symbol::Char(c)))
    }

    pub(super) fn word_follows(&self, word: &str) -> bool {
        let length = word.len();
        let Some(symbols) = self.symbols.get(self.at..self.at + length) else { return false };
        let same = symbols.iter().zip(word.chars()).all(|(symbol, wanted)| match symbol {
            Symbol::Char(c) => c.eq_ignore_ascii_case(&wanted),
            Symbol::Hole(_) | Symbol::Literal(..) => false,
        });
        same && match self.symbols.get(self.at + length) {
            Some(Symbol::Char(c)) => !(c.is_alphanumeric() || *c == '_'),
            Some(Symbol::Hole(_) | Symbol::Literal(..)) | None => true,
        }
    }

    pub(super) fn order_follows(&self) -> bool {
        if !self.word_follows("ORDER") {
            return false;
        }
        let mut after = Parser { symbols: Vec::new(), at: 0, predicates: 0 };
        let mut at = self.at + "ORDER".len();
        if !is_blank(self.symbols.get(at).copied()) {
            return false;
        }
        while is_blank(self.symbols.get(at).copied()) {
            at += 1;
        }
        after.symbols.extend(self.symbols[at..].iter().take("BY".len() + 1));
        after.word_follows("BY")
    }

    pub(super) fn after_blank(&self) -> bool {
        self.at > 0 && is_blank(self.symbols.get(self.at - 1).copied())
    }

    pub(super) fn skip_blanks(&mut self) {
        while is_blank(self.peek()) {
            self.at += 1;
        }
    }

    /// White space where syntax must follow: a literal hole is spelled out there.
    pub(super) fn skip_syntax_blanks(&mut self) {
        loop {
            self.expand();
            if !is_blank(self.peek()) {
                return;
            }
            self.at += 1;
        }
    }

    pub(super) fn expand(&mut self) {
        while let Some(Symbol::Literal(_, text)) = self.peek() {
            self.symbols.splice(self.at..=self.at, text.chars().map(Symbol::Char));
        }
    }

    pub(super) fn skip_char(&mut self, c: char) -> bool {
        let found = self.peek() == Some(Symbol::Char(c));
        self.at += usize::from(found);
        found
    }

    pub(super) fn skip_word(&mut self, word: &str) -> bool {
        let found = self.word_follows(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// AND or OR between conditions.
    pub(super) fn skip_joint(&mut self, word: &str) -> bool {
        self.skip_syntax_blanks();
        self.skip_word(word)
    }
}

pub(super) fn is_blank(symbol: Option<Symbol>) -> bool {
    matches!(symbol, Some(Symbol::Char(c)) if c.is_whitespace())
}
