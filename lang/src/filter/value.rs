//! Values in a filter: quoted, bare, lists and functions.

use gbvm_vm::template::{FilterFunction, Literal, Piece, Term};

use super::cursor::{Parser, Symbol};
use super::{Parsed, Problem, deeper, syntax};

/// How many elements an IN list may be written with.
const IN_MAX: usize = 10_000;
/// Characters that a bare value cannot hold: quoted they are text.
const NEEDS_QUOTES: &[char] = &['=', '<', '>', '!', '(', ';', '`', '\'', '"'];

/// Where a bare value stands, which decides what ends it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Within {
    Predicate,
    List,
}

impl Parser<'_> {
    /// The elements after an opening bracket, and the closing one.
    pub(super) fn list(&mut self, depth: u8) -> Parsed<Vec<Term>> {
        self.skip_blanks();
        if self.skip_char(')') {
            return Ok(Vec::new());
        }
        let mut terms = Vec::new();
        loop {
            terms.push(self.value(Within::List, depth)?);
            if terms.len() > IN_MAX {
                let message = format!("a list has at most {IN_MAX} values");
                return Err(Problem("E_FILTER_TOO_LARGE", message));
            }
            self.skip_blanks();
            if self.skip_char(')') {
                return Ok(terms);
            }
            if !self.skip_char(',') {
                return syntax("a list wants commas between its values and a closing bracket");
            }
        }
    }

    pub(super) fn value(&mut self, within: Within, depth: u8) -> Parsed<Term> {
        self.skip_blanks();
        match self.peek() {
            Some(Symbol::Char(quote @ ('\'' | '"'))) => {
                let term = self.quoted(quote)?;
                self.value_ends(within, "text follows a closing quote; put it inside, or AND or OR between")?;
                Ok(term)
            }
            Some(Symbol::Char(c)) if c.is_ascii_alphabetic() || c == '_' => match self.function(depth)? {
                Some(term) => {
                    self.value_ends(within, "something follows the brackets of a function")?;
                    Ok(term)
                }
                None => self.bare(within),
            },
            Some(_) | None => self.bare(within),
        }
    }

    /// Checks that nothing but an end, a separator or white space follows.
    pub(super) fn value_ends(&self, within: Within, message: &str) -> Parsed<()> {
        match self.peek() {
            None | Some(Symbol::Char(')')) => Ok(()),
            Some(Symbol::Char(',')) if within == Within::List => Ok(()),
            Some(Symbol::Char(c)) if c.is_whitespace() => Ok(()),
            Some(_) => syntax(message),
        }
    }

    pub(super) fn quoted(&mut self, quote: char) -> Parsed<Term> {
        self.at += 1;
        let mut pieces = Pieces::default();
        loop {
            match self.peek() {
                None => {
                    return Err(Problem("E_FILTER_QUOTE", format!("the quote {quote} is not closed")));
                }
                Some(Symbol::Char(c)) if c == quote => {
                    self.at += 1;
                    if self.peek() != Some(Symbol::Char(quote)) {
                        break;
                    }
                    pieces.text(c);
                }
                Some(Symbol::Char(c)) => pieces.text(c),
                Some(Symbol::Hole(number) | Symbol::Literal(number, _)) => pieces.hole(number),
            }
            self.at += 1;
        }
        let mut pieces = pieces.0;
        Ok(match pieces.pop() {
            None => Term::Literal(Literal::Empty),
            Some(Piece::Text(text)) if pieces.is_empty() => Term::Literal(Literal::Text(text)),
            Some(last) => {
                pieces.push(last);
                Term::Mixed(pieces)
            }
        })
    }

    /// A function call, if a name with a bracket follows.
    pub(super) fn function(&mut self, depth: u8) -> Parsed<Option<Term>> {
        let start = self.at;
        let mut name = String::new();
        while let Some(Symbol::Char(c)) = self.peek() {
            if !(c.is_ascii_alphanumeric() || c == '_') {
                break;
            }
            name.push(c);
            self.at += 1;
        }
        self.skip_blanks();
        if !self.skip_char('(') {
            self.at = start;
            return Ok(None);
        }
        let Some((function, least, most)) = function_named(&name) else { return unknown_function(&name) };
        let arguments = self.list(deeper(depth)?)?;
        if arguments.len() < least || arguments.len() > most {
            let wanted = if least == most { least.to_string() } else { format!("{least} or {most}") };
            let message = format!("{} takes {wanted} values, not {}", name.to_ascii_uppercase(), arguments.len());
            return Err(Problem("E_FILTER_ARITY", message));
        }
        Ok(Some(Term::Function(function, arguments)))
    }

    pub(super) fn bare(&mut self, within: Within) -> Parsed<Term> {
        let mut pieces = Pieces::default();
        while let Some(symbol) = self.peek() {
            match symbol {
                Symbol::Char(')') => break,
                Symbol::Char(',') if within == Within::List => break,
                Symbol::Char(_) if self.after_blank() && self.ends_bare() => break,
                Symbol::Char(c) if NEEDS_QUOTES.contains(&c) => {
                    return syntax(format!("{c} cannot stand in a value without quotes; write '…' around the value"));
                }
                Symbol::Char(c) => pieces.text(c),
                Symbol::Hole(number) | Symbol::Literal(number, _) => pieces.hole(number),
            }
            self.at += 1;
        }
        Ok(pieces.bare())
    }

    pub(super) fn ends_bare(&self) -> bool {
        ["AND", "OR", "LIMIT", "OFFSET"].iter().any(|word| self.word_follows(word)) || self.order_follows()
    }
}

/// The function, and the fewest and most values it takes.
pub(super) fn function_named(name: &str) -> Option<(FilterFunction, usize, usize)> {
    Some(match name.to_ascii_uppercase().as_str() {
        "NOW" => (FilterFunction::Now, 0, 0),
        "TODAY" => (FilterFunction::Today, 0, 0),
        "DATE" => (FilterFunction::Date, 1, 1),
        "DATEADD" => (FilterFunction::DateAdd, 3, 3),
        "DATEDIFF" => (FilterFunction::DateDiff, 2, 3),
        "LOWER" => (FilterFunction::Lower, 1, 1),
        "UPPER" => (FilterFunction::Upper, 1, 1),
        _ => return None,
    })
}

pub(super) fn unknown_function<T>(name: &str) -> Parsed<T> {
    let message = format!("a filter knows no function {name}; compute the value in the script and join it in");
    Err(Problem("E_FILTER_FUNC", message))
}

/// The pieces of a value, text joined.
#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn text(&mut self, c: char) {
        match self.0.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            Some(Piece::Hole(_)) | None => self.0.push(Piece::Text(c.into())),
        }
    }

    fn hole(&mut self, number: u16) {
        self.0.push(Piece::Hole(number));
    }

    /// What the pieces mean without quotes.
    fn bare(mut self) -> Term {
        if let Some(Piece::Text(text)) = self.0.last_mut() {
            text.truncate(text.trim_end().len());
            if text.is_empty() {
                self.0.pop();
            }
        }
        match self.0.as_slice() {
            [] => Term::Literal(Literal::Empty),
            [Piece::Hole(number)] => Term::Hole(*number),
            [Piece::Text(text)] => Term::Literal(literal(text)),
            _ => Term::Mixed(self.0),
        }
    }
}

/// Unquoted text: a number, TRUE, FALSE, NULL, else text.
fn literal(text: &str) -> Literal {
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return Literal::Bool(text.eq_ignore_ascii_case("true"));
    }
    if text.eq_ignore_ascii_case("null") {
        return Literal::Empty;
    }
    if !is_number(text) {
        return Literal::Text(text.into());
    }
    match (text.parse(), text.parse::<f64>()) {
        (Ok(integer), _) => Literal::Int(integer),
        (Err(_), Ok(float)) if float.is_finite() => Literal::Float(float),
        (Err(_), _) => Literal::Text(text.into()),
    }
}

/// Whether the text has the form of a JSON number.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}
