//! Filter templates as data: a filter's parse tree whose values are literals or numbered holes.
//!
//! A template depends on the script's text only. The values that fill its holes are bound when it is used and
//! can never become syntax.

/// A parsed filter.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Template {
    /// The condition; none means every row.
    pub condition: Option<Condition>,
    /// Whether the filter's text was the explicit `*`.
    pub star: bool,
    /// The sort order, most significant first.
    pub order: Vec<OrderBy>,
    /// The most rows to give.
    pub limit: Option<Count>,
    /// How many rows to pass over.
    pub offset: Option<Count>,
    /// How many holes there are.
    pub holes: u16,
}

/// A condition on one row. AND and OR hold two or more parts. Depth is at most 32.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All hold.
    And(Vec<Condition>),
    /// One holds.
    Or(Vec<Condition>),
    /// The exact complement.
    Not(Box<Condition>),
    /// `column op value`.
    Compare(String, Comparison, Term),
    /// `column LIKE value`; the flag is NOT.
    Like(String, bool, Term),
    /// `column BETWEEN a AND b`; the flag is NOT.
    Between(String, bool, Term, Term),
    /// `column IN (…)`; the flag is NOT.
    In(String, bool, Vec<Term>),
    /// `column IS EMPTY` or `IS NULL`; the flag is NOT.
    Empty(String, bool),
    /// The filter is one value without an operator: `id = value`.
    Id(Term),
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A value in a filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A value written in the script.
    Literal(Literal),
    /// A hole that is the whole value: it keeps its type.
    Hole(u16),
    /// Another column of the same row; only behind a comparison.
    Column(String),
    /// Literal text and holes joined: a string.
    Mixed(Vec<Piece>),
    /// A function of terms.
    Function(FilterFunction, Vec<Term>),
}

/// A value written in a filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// Nothing at all, or `''`, or NULL.
    Empty,
    /// TRUE or FALSE.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number with a fraction or exponent.
    Float(f64),
    /// Text.
    Text(String),
}

/// A part of a mixed value.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text written in the script.
    Text(String),
    /// A hole, as text.
    Hole(u16),
}

/// The functions that a filter may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterFunction {
    /// `NOW()`
    Now,
    /// `TODAY()`
    Today,
    /// `DATE(value)`
    Date,
    /// `DATEADD(date, number, unit)`, told apart by kind
    DateAdd,
    /// `DATEDIFF(a, b [, unit])`
    DateDiff,
    /// `LOWER(text)`
    Lower,
    /// `UPPER(text)`
    Upper,
}

/// A LIMIT or OFFSET.
#[derive(Clone, Debug, PartialEq)]
pub enum Count {
    /// Written in the script.
    Literal(u64),
    /// A hole that must be an integer in range.
    Hole(u16),
}

/// One sort key.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderBy {
    /// The column.
    pub column: String,
    /// Whether larger values come first.
    pub descending: bool,
}

/// A piece of filter text before parsing: where it came from decides what it may become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source<'a> {
    /// Text written in the script.
    Text(&'a str),
    /// The numbered hole.
    Hole(u16),
    /// A numbered hole whose value is wholly literal text: it may also stand where a column does.
    LiteralHole(u16, &'a str),
}
