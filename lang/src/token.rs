//! The tokens of a script: what the lexer yields and what the grammar reads.

use std::rc::Rc;

use crate::ast::{ErrorPart, Leave};

/// A word as written and as compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// The author's spelling.
    pub text: Rc<str>,
    /// Lower case, with its `$` or `%` if it has one.
    pub folded: Rc<str>,
}

/// A token with its place.
#[derive(Clone, Debug)]
pub struct Lexeme {
    /// What it is.
    pub token: Token,
    /// Its first byte.
    pub start: u32,
    /// The byte after its last.
    pub end: u32,
    /// Whether white space or the start of the text stands before it.
    pub is_spaced: bool,
}

/// One token.
///
/// The lexer yields `Word`, `Newline`, `OpenParen`, `OpenBracket` and `Dot` for what only the neighbours can decide;
/// the word pass turns them into the other variants, and `Word` never reaches the grammar.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // the structure words and operators are their own names
pub enum Token {
    /// A word that is not decided yet.
    Word(Word),
    /// The end of a line that does not go on.
    Newline,
    /// The end of an item; the flag says whether the line ends too.
    Break(bool),

    /// A variable, field, procedure or key.
    Name(Word),
    /// A string without interpolation, or a literal piece of one.
    Text(Rc<str>),
    Int(i64),
    Float(f64),
    True,
    False,
    Null,
    /// The start of a string that holds `${…}`.
    TextOpen,
    /// Its end.
    TextClose,
    /// `${`
    HoleOpen,
    /// The `}` of a hole.
    HoleClose,

    /// A keyword of the table whose arguments follow.
    Keyword(u16),
    /// A keyword whose arguments stand in the bracket directly behind it.
    KeywordCall(u16),
    /// A keyword that takes no argument.
    KeywordAlone(u16),

    /// The start of a keyword of the table in a word form. Its parts follow, each behind one of the next five tokens.
    FormOpen(u16),
    /// A part of a word form that fills the numbered parameter with a value.
    Part(u8),
    /// One that fills it with a condition on columns.
    Where(u8),
    /// One that gives its filter an order.
    OrderBy(u8),
    /// One that gives its filter a most number of rows.
    Limit(u8),
    /// One that gives its filter a number of rows to pass over.
    Offset(u8),
    /// Behind a column of an order.
    Descending,
    /// The end of a word form.
    FormClose,
    /// `NUMERIC` behind IS: a function of the table that tests one value.
    Test(u16),

    /// `(` around an expression.
    OpenParen,
    /// `(` of a call.
    CallParen,
    CloseParen,
    /// `[` of an array.
    OpenBracket,
    /// `[` of an index.
    IndexBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Comma,
    Colon,
    Question,
    /// `.` behind a value.
    Dot,
    /// `.` at the start of a place inside WITH.
    LeadDot,
    /// `?.`
    QuestionDot,

    /// `=`, which assigns or compares.
    Equal,
    /// `==`, which only compares.
    EqualEqual,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    PlusEqual,
    MinusEqual,
    Plus,
    Minus,
    Ampersand,
    Star,
    Slash,
    Backslash,
    /// `MOD` or `%`
    Modulo,
    Caret,
    Bang,
    /// `??`
    Coalesce,
    And,
    Or,
    Xor,
    Not,
    In,
    Is,
    Like,
    Between,

    If,
    Then,
    Else,
    ElseIf,
    EndIf,
    SelectCase,
    Switch,
    Case,
    CaseElse,
    EndSelect,
    EndSwitch,
    ForEach,
    For,
    To,
    Step,
    Next,
    EndFor,
    While,
    Until,
    EndWhile,
    Do,
    Loop,
    With,
    EndWith,
    Sub,
    EndSub,
    Function,
    EndFunction,
    Call,
    Return,
    Let,
    /// EXIT, CONTINUE, END and STOP in all their forms.
    Leave(Leave),
    NewObject,
    NewArray,

    Try,
    Catch,
    Finally,
    EndTry,
    Throw,
    /// ON ERROR, where nothing follows that it takes.
    OnError,
    /// ON ERROR RESUME NEXT
    OnErrorResume,
    /// ON ERROR GOTO, before a label or 0.
    OnErrorGoto,
    ClearError,
    /// ERROR MESSAGE and ERROR CODE.
    ErrorPart(ErrorPart),
    Goto,
    /// `name:` at the start of a line.
    Label(Word),
    Shared,
}

impl Token {
    /// Whether a value can end with it, so that an operator, a bracket or a `.` may follow.
    pub fn ends_value(&self) -> bool {
        matches!(
            self,
            Token::Word(_)
                | Token::Name(_)
                | Token::Text(_)
                | Token::Int(_)
                | Token::Float(_)
                | Token::True
                | Token::False
                | Token::Null
                | Token::TextClose
                | Token::CloseParen
                | Token::CloseBracket
                | Token::CloseBrace
                | Token::KeywordAlone(_)
                | Token::ErrorPart(_)
                | Token::FormClose
                | Token::Test(_)
                | Token::NewObject
                | Token::NewArray
        )
    }

    /// Whether it stands between two values, so that a line that ends with it goes on.
    pub fn is_infix(&self) -> bool {
        matches!(
            self,
            Token::Comma
                | Token::Question
                | Token::EqualEqual
                | Token::NotEqual
                | Token::Less
                | Token::LessOrEqual
                | Token::Greater
                | Token::GreaterOrEqual
                | Token::Plus
                | Token::Minus
                | Token::Ampersand
                | Token::Star
                | Token::Slash
                | Token::Backslash
                | Token::Modulo
                | Token::Caret
                | Token::Coalesce
                | Token::And
                | Token::Or
                | Token::Xor
        )
    }

    /// Whether an item ends here.
    pub fn is_break(&self) -> bool {
        matches!(self, Token::Break(_) | Token::Newline)
    }

    /// The folded word, if it is a name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Token::Name(word) => Some(&word.folded),
            _ => None,
        }
    }

    /// The folded word, if it is an undecided word.
    pub fn word(&self) -> Option<&str> {
        match self {
            Token::Word(word) => Some(&word.folded),
            _ => None,
        }
    }
}
