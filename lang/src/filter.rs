//! Turns filter text into a template.
//!
//! The parser sees the script's own text and numbered holes, never the data that fills them, so data cannot become
//! syntax: that is the whole defence, and it needs no escaping. A hole may stand where a value may; anywhere else it
//! is refused.

use gbvm_vm::fault::Fault;
use gbvm_vm::template::{
    Comparison, Condition, Count, FilterFunction, Literal, OrderBy, Piece, Source, Template, Term,
};

/// How deeply brackets, NOT and functions may nest.
const DEPTH_MAX: u8 = 32;
/// How many elements an IN list may be written with.
const IN_MAX: usize = 10_000;
/// How long a column's name may be.
const COLUMN_MAX: usize = 63;
/// Characters that a bare value cannot hold: quoted they are text.
const NEEDS_QUOTES: &[char] = &['=', '<', '>', '!', '(', ';', '`', '\'', '"'];

/// Parses a filter.
///
/// ```
/// use gbvm_vm::template::Source;
/// let filter = [Source::Text("status=done AND sku="), Source::Hole(0), Source::Text(" LIMIT 5")];
/// assert_eq!(gbvm_lang::filter::parse(&filter).unwrap().holes, 1);
/// ```
///
/// # Errors
/// A fault with a code `E_FILTER_…`, whose message shows the filter's text with `‹data›` for its holes.
pub fn parse(pieces: &[Source]) -> Result<Template, Fault> {
    let mut symbols = Vec::new();
    let mut holes = 0;
    for piece in pieces {
        match *piece {
            Source::Text(text) => symbols.extend(text.chars().map(Symbol::Char)),
            Source::Hole(number) => symbols.push(Symbol::Hole(number)),
            Source::LiteralHole(number, text) => symbols.push(Symbol::Literal(number, text)),
        }
        if let Source::Hole(number) | Source::LiteralHole(number, _) = *piece {
            holes = holes.max(number.saturating_add(1));
        }
    }
    let mut parser = Parser { symbols, at: 0 };
    let template = parser.filter().map_err(|Problem(code, message)| {
        Fault::new(code, format!("In the filter \"{}\": {message}", shown(pieces)))
    })?;
    Ok(Template { holes, ..template })
}

/// The filter's text for messages, holes as `‹data›`, long ones cut.
fn shown(pieces: &[Source]) -> String {
    const LONGEST: usize = 120;
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Source::Text(part) => text.push_str(part),
            Source::Hole(_) | Source::LiteralHole(..) => text.push_str("‹data›"),
        }
        if text.chars().count() > LONGEST {
            return text.chars().take(LONGEST).chain("…".chars()).collect();
        }
    }
    text
}

/// What the parser reads: the script's characters, and holes between them.
#[derive(Clone, Copy, PartialEq)]
enum Symbol<'a> {
    Char(char),
    Hole(u16),
    Literal(u16, &'a str),
}

/// A code and what to say.
struct Problem(&'static str, String);

type Parsed<T> = Result<T, Problem>;

fn syntax<T>(message: impl Into<String>) -> Parsed<T> {
    Err(Problem("E_FILTER_SYNTAX", message.into()))
}

fn misplaced_hole<T>() -> Parsed<T> {
    let message = "data may only stand where a value stands; write the column, the operator or the order in the script";
    Err(Problem("E_FILTER_IDENT", message.into()))
}

/// Where a bare value stands, which decides what ends it.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    Predicate,
    List,
}

struct Parser<'a> {
    symbols: Vec<Symbol<'a>>,
    at: usize,
}

impl<'a> Parser<'a> {
    fn filter(&mut self) -> Parsed<Template> {
        let mut template = Template::default();
        self.skip_blanks();
        if self.only_star() {
            template.star = true;
            return Ok(template);
        }
        if !self.ended() && !self.at_clause() {
            template.condition = Some(self.top()?);
        }
        self.skip_syntax_blanks();
        if self.order_follows() {
            self.skip_word("ORDER");
            self.skip_syntax_blanks();
            self.skip_word("BY");
            template.order = self.order()?;
        }
        if self.skip_word("LIMIT") {
            template.limit = Some(self.count("LIMIT")?);
            self.skip_syntax_blanks();
            if self.skip_word("OFFSET") {
                template.offset = Some(self.count("OFFSET")?);
                self.skip_syntax_blanks();
            }
        }
        match self.peek() {
            None => Ok(template),
            Some(Symbol::Char(_)) if self.word_follows("OFFSET") => syntax("OFFSET needs a LIMIT before it"),
            Some(Symbol::Char(')')) => syntax("a bracket is closed that was not opened"),
            Some(Symbol::Char(_)) => syntax(format!("nothing can be made of \"{}\"", self.rest())),
            Some(Symbol::Hole(_) | Symbol::Literal(..)) => syntax("data follows where nothing may follow"),
        }
    }

    /// The condition at the top, where one value without an operator means the row with that id.
    fn top(&mut self) -> Parsed<Condition> {
        let whole = self.symbols.len() == self.at + 1;
        if !(whole && matches!(self.peek(), Some(Symbol::Literal(..)))) {
            self.expand();
        }
        if !self.predicate_follows() {
            let start = self.at;
            let value = self.value(Within::Predicate, 0).map_err(|problem| self.column_problem(start, problem))?;
            self.skip_syntax_blanks();
            if self.ended() || self.order_follows() || self.word_follows("LIMIT") {
                return Ok(Condition::Id(value));
            }
            let stray = Problem("E_FILTER_SYNTAX", "a comparison such as column = value is missing".into());
            return Err(self.column_problem(start, stray));
        }
        self.or(0)
    }

    /// If data stood before the place where a column's comparison failed, the data is what is wrong.
    fn column_problem(&self, start: usize, problem: Problem) -> Problem {
        let before_operator = self.symbols[start..self.at.min(self.symbols.len())]
            .iter()
            .any(|symbol| matches!(symbol, Symbol::Hole(_) | Symbol::Literal(..)));
        match misplaced_hole::<()>() {
            Err(misplaced) if before_operator && problem.0 == "E_FILTER_SYNTAX" => misplaced,
            _ => problem,
        }
    }

    fn or(&mut self, depth: u8) -> Parsed<Condition> {
        let mut parts = vec![self.and(depth)?];
        while self.skip_joint("OR") {
            parts.push(self.and(depth)?);
        }
        Ok(joined(parts, Condition::Or))
    }

    fn and(&mut self, depth: u8) -> Parsed<Condition> {
        let mut parts = vec![self.not(depth)?];
        while self.skip_joint("AND") {
            parts.push(self.not(depth)?);
        }
        Ok(joined(parts, Condition::And))
    }

    fn not(&mut self, depth: u8) -> Parsed<Condition> {
        self.skip_syntax_blanks();
        if self.word_follows("NOT") && !self.is_column_named("NOT") {
            let depth = deeper(depth)?;
            self.skip_word("NOT");
            return Ok(Condition::Not(Box::new(self.not(depth)?)));
        }
        if self.skip_char('(') {
            let condition = self.or(deeper(depth)?)?;
            self.skip_syntax_blanks();
            if !self.skip_char(')') {
                return syntax("a bracket is not closed");
            }
            return Ok(condition);
        }
        self.predicate(depth)
    }

    fn predicate(&mut self, depth: u8) -> Parsed<Condition> {
        let start = self.at;
        let column = self.column()?;
        let after = self.at;
        self.skip_syntax_blanks();
        if let Some(comparison) = self.comparison() {
            return Ok(Condition::Compare(column, comparison, self.value(Within::Predicate, depth)?));
        }
        if matches!(self.peek(), Some(Symbol::Hole(_))) {
            return misplaced_hole();
        }
        if self.peek() == Some(Symbol::Char('(')) {
            return match function_named(&column) {
                Some(_) => syntax("a function cannot stand where a column must"),
                None => unknown_function(&column),
            };
        }
        if self.at == after {
            return syntax(format!("\"{column}\" is not followed by a comparison"));
        }
        if self.skip_word("IS") {
            self.skip_syntax_blanks();
            let negated = self.skip_word("NOT");
            self.skip_syntax_blanks();
            if !self.skip_word("NULL") && !self.skip_word("EMPTY") {
                return self.expected("IS wants NULL or EMPTY");
            }
            return Ok(Condition::Empty(column, negated));
        }
        let negated = self.skip_word("NOT");
        self.skip_syntax_blanks();
        if self.skip_word("LIKE") {
            return Ok(Condition::Like(column, negated, self.value(Within::Predicate, depth)?));
        }
        if self.skip_word("BETWEEN") {
            let low = self.value(Within::Predicate, depth)?;
            if !self.skip_joint("AND") {
                return syntax("BETWEEN wants two values with AND between them");
            }
            return Ok(Condition::Between(column, negated, low, self.value(Within::Predicate, depth)?));
        }
        if self.skip_word("IN") {
            self.skip_syntax_blanks();
            if !self.skip_char('(') {
                return self.expected("IN wants its values in brackets");
            }
            return Ok(Condition::In(column, negated, self.list(depth)?));
        }
        self.at = start;
        syntax(format!("\"{column}\" is not followed by a comparison"))
    }

    fn expected<T>(&self, message: &str) -> Parsed<T> {
        match self.peek() {
            Some(Symbol::Hole(_) | Symbol::Literal(..)) => misplaced_hole(),
            Some(Symbol::Char(_)) | None => syntax(message),
        }
    }

    fn column(&mut self) -> Parsed<String> {
        self.skip_syntax_blanks();
        let mut name = String::new();
        while let Some(Symbol::Char(c)) = self.peek() {
            if !(c.is_ascii_alphabetic() || c == '_' || c.is_ascii_digit() && !name.is_empty()) {
                break;
            }
            name.push(c);
            self.at += 1;
        }
        if matches!(self.peek(), Some(Symbol::Hole(_))) {
            return misplaced_hole();
        }
        if name.is_empty() {
            return syntax(match self.peek() {
                None => "a condition is missing at its end".into(),
                Some(_) => format!("a column's name is expected at \"{}\"", self.rest()),
            });
        }
        if name.len() > COLUMN_MAX {
            return syntax(format!("a column's name has at most {COLUMN_MAX} characters"));
        }
        Ok(name)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        const OPERATORS: [(&str, Comparison); 8] = [
            ("==", Comparison::Equal),
            ("=", Comparison::Equal),
            ("<>", Comparison::NotEqual),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            ("<", Comparison::Less),
            (">=", Comparison::GreaterOrEqual),
            (">", Comparison::Greater),
        ];
        let found = OPERATORS.iter().find(|(text, _)| self.text_follows(text))?;
        self.at += found.0.len();
        Some(found.1)
    }

    /// The elements after an opening bracket, and the closing one.
    fn list(&mut self, depth: u8) -> Parsed<Vec<Term>> {
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

    fn value(&mut self, within: Within, depth: u8) -> Parsed<Term> {
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
    fn value_ends(&self, within: Within, message: &str) -> Parsed<()> {
        match self.peek() {
            None | Some(Symbol::Char(')')) => Ok(()),
            Some(Symbol::Char(',')) if within == Within::List => Ok(()),
            Some(Symbol::Char(c)) if c.is_whitespace() => Ok(()),
            Some(_) => syntax(message),
        }
    }

    fn quoted(&mut self, quote: char) -> Parsed<Term> {
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
    fn function(&mut self, depth: u8) -> Parsed<Option<Term>> {
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

    fn bare(&mut self, within: Within) -> Parsed<Term> {
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

    fn ends_bare(&self) -> bool {
        ["AND", "OR", "LIMIT", "OFFSET"].iter().any(|word| self.word_follows(word)) || self.order_follows()
    }

    fn order(&mut self) -> Parsed<Vec<OrderBy>> {
        let mut order = Vec::new();
        loop {
            let column = self.column()?;
            self.skip_syntax_blanks();
            let descending = self.skip_word("DESC");
            if !descending {
                self.skip_word("ASC");
            }
            order.push(OrderBy { column, descending });
            self.skip_syntax_blanks();
            if matches!(self.peek(), Some(Symbol::Hole(_))) {
                return misplaced_hole();
            }
            if !self.skip_char(',') {
                return Ok(order);
            }
        }
    }

    fn count(&mut self, clause: &str) -> Parsed<Count> {
        let refused = || Err(Problem("E_FILTER_LIMIT", format!("{clause} wants a whole number from 0")));
        self.skip_blanks();
        let count = match self.peek() {
            Some(Symbol::Hole(number) | Symbol::Literal(number, _)) => {
                self.at += 1;
                Count::Hole(number)
            }
            Some(Symbol::Char(_)) | None => {
                let mut digits = String::new();
                while let Some(Symbol::Char(c)) = self.peek() {
                    if !c.is_ascii_digit() {
                        break;
                    }
                    digits.push(c);
                    self.at += 1;
                }
                match digits.parse() {
                    Ok(count) => Count::Literal(count),
                    Err(_) => return refused(),
                }
            }
        };
        match self.peek() {
            None => Ok(count),
            Some(Symbol::Char(c)) if c.is_whitespace() => Ok(count),
            Some(_) => refused(),
        }
    }

    // What follows.

    fn peek(&self) -> Option<Symbol<'a>> {
        self.symbols.get(self.at).copied()
    }

    fn ended(&self) -> bool {
        self.at >= self.symbols.len()
    }

    fn rest(&self) -> String {
        let tail = &self.symbols[self.at..];
        tail.iter().take(20).map(|symbol| if let Symbol::Char(c) = symbol { c.to_string() } else { "‹data›".into() }).collect()
    }

    fn only_star(&self) -> bool {
        let mut rest = self.symbols[self.at..].iter().filter(|symbol| !is_blank(Some(**symbol)));
        rest.next() == Some(&Symbol::Char('*')) && rest.next().is_none()
    }

    fn at_clause(&self) -> bool {
        self.order_follows() || self.word_follows("LIMIT") && !self.is_column_named("LIMIT")
    }

    /// Whether the word at this place is followed by a comparison sign and so is a column.
    fn is_column_named(&self, word: &str) -> bool {
        let mut at = self.at + word.len();
        while is_blank(self.symbols.get(at).copied()) {
            at += 1;
        }
        matches!(self.symbols.get(at), Some(Symbol::Char('=' | '<' | '>' | '!')))
    }

    /// Whether a condition begins here, not a lone value. Literal holes are spelled out only if one does.
    fn predicate_follows(&mut self) -> bool {
        if self.peek() == Some(Symbol::Char('(')) || self.word_follows("NOT") {
            return true;
        }
        let (symbols, start) = (self.symbols.clone(), self.at);
        let follows = self.column().is_ok() && {
            let after = self.at;
            self.skip_syntax_blanks();
            self.comparison().is_some()
                || self.at > after && ["IS", "IN", "LIKE", "BETWEEN"].iter().any(|word| self.word_follows(word))
                || self.at > after && self.skip_word("NOT") && {
                    self.skip_syntax_blanks();
                    ["IN", "LIKE", "BETWEEN"].iter().any(|word| self.word_follows(word))
                }
        };
        self.at = start;
        if !follows {
            self.symbols = symbols;
        }
        follows
    }

    fn text_follows(&self, text: &str) -> bool {
        let mut symbols = self.symbols[self.at..].iter();
        text.chars().all(|c| symbols.next() == Some(&Symbol::Char(c)))
    }

    fn word_follows(&self, word: &str) -> bool {
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

    fn order_follows(&self) -> bool {
        if !self.word_follows("ORDER") {
            return false;
        }
        let mut after = Parser { symbols: Vec::new(), at: 0 };
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

    fn after_blank(&self) -> bool {
        self.at > 0 && is_blank(self.symbols.get(self.at - 1).copied())
    }

    // Taking it.

    fn skip_blanks(&mut self) {
        while is_blank(self.peek()) {
            self.at += 1;
        }
    }

    /// White space where syntax must follow: a literal hole is spelled out there.
    fn skip_syntax_blanks(&mut self) {
        loop {
            self.expand();
            if !is_blank(self.peek()) {
                return;
            }
            self.at += 1;
        }
    }

    fn expand(&mut self) {
        while let Some(Symbol::Literal(_, text)) = self.peek() {
            self.symbols.splice(self.at..=self.at, text.chars().map(Symbol::Char));
        }
    }

    fn skip_char(&mut self, c: char) -> bool {
        let found = self.peek() == Some(Symbol::Char(c));
        self.at += usize::from(found);
        found
    }

    fn skip_word(&mut self, word: &str) -> bool {
        let found = self.word_follows(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// AND or OR between conditions.
    fn skip_joint(&mut self, word: &str) -> bool {
        self.skip_syntax_blanks();
        self.skip_word(word)
    }
}

fn joined(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

fn deeper(depth: u8) -> Parsed<u8> {
    if depth >= DEPTH_MAX {
        return Err(Problem("E_FILTER_DEPTH", format!("brackets, NOT and functions nest at most {DEPTH_MAX} deep")));
    }
    Ok(depth + 1)
}

/// The function, and the fewest and most values it takes.
fn function_named(name: &str) -> Option<(FilterFunction, usize, usize)> {
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

fn unknown_function<T>(name: &str) -> Parsed<T> {
    let message = format!("a filter knows no function {name}; compute the value in the script and join it in");
    Err(Problem("E_FILTER_FUNC", message))
}

fn is_blank(symbol: Option<Symbol>) -> bool {
    matches!(symbol, Some(Symbol::Char(c)) if c.is_whitespace())
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
