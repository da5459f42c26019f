//! Turns filter text into a template.
//!
//! The parser sees the script's own text and numbered holes, never the data that fills them, so data cannot become
//! syntax: that is the whole defence, and it needs no escaping. A hole may stand where a value may; anywhere else it
//! is refused.

mod clauses;
mod cursor;
mod value;

pub use clauses::{Clauses, of_clauses, with_columns};

use gbvm_vm::fault::Fault;
use gbvm_vm::template::{Comparison, Condition, Count, OrderBy, Source, Template};

use cursor::{Parser, Symbol};
use value::{Within, function_named, unknown_function};

/// How deeply brackets, NOT and functions may nest.
const DEPTH_MAX: u8 = 32;
/// How many comparisons one filter may have: databases bound how deep a condition is, and a chain is as deep as long.
const PREDICATES_MAX: usize = 500;
/// How long a column's name may be.
const COLUMN_MAX: usize = 63;

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
    let mut parser = Parser { symbols, at: 0, predicates: 0 };
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

impl Parser<'_> {
    fn filter(&mut self) -> Parsed<Template> {
        let mut template = Template::default();
        self.skip_blanks();
        if self.only_star() {
            template.star = true;
            return Ok(template);
        }
        if self.peek() == Some(Symbol::Char('*')) {
            return syntax("* stands alone and means every row; leave the * out before ORDER BY or LIMIT");
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
        self.predicates += 1;
        if self.predicates > PREDICATES_MAX {
            return Err(Problem("E_FILTER_TOO_LARGE", format!("one filter has at most {PREDICATES_MAX} comparisons; use IN for many values, or several filters")));
        }
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
