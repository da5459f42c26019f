//! One item of a line: a simple statement, or the line that opens, continues or closes a block.

use crate::ast::{CaseTest, Expression, LoopTest, Name, StatementKind};
use crate::source::Span;

/// One item with its place.
#[derive(Debug)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// Its text.
    pub span: Span,
    /// Whether the line ends behind it; else another item follows on the same line.
    pub ends_line: bool,
    /// Whether it did not parse, so that what it opens may be misread and is not complained about again.
    pub is_doubtful: bool,
}

/// What an item is.
#[derive(Debug)]
#[allow(missing_docs)] // each is named after its words
pub enum LineKind {
    /// A statement that holds no other.
    Simple(StatementKind),
    If(Expression),
    ElseIf(Expression),
    Else,
    Select { subject: Expression, is_switch: bool },
    Case(Vec<CaseTest>),
    /// CASE ELSE and DEFAULT.
    CaseElse,
    ForEach { variable: Name, list: Expression },
    For { variable: Name, from: Expression, to: Expression, step: Option<Expression> },
    While(Expression),
    Do(Option<LoopTest>),
    With { target: Expression, is_new: bool },
    Procedure { name: Name, parameters: Vec<Name>, is_function: bool },
    Try,
    /// CATCH, with the variable if it is named.
    Catch(Option<Name>),
    Finally,
    /// NEXT, with the variable if it is named.
    Next(Option<Name>),
    /// LOOP, with its test.
    Loop(Option<LoopTest>),
    /// Any other line that closes a block.
    End(Closer),
}

impl LineKind {
    /// Whether it goes on to the next branch of the block it stands in.
    pub fn is_branch(&self) -> bool {
        matches!(
            self,
            LineKind::ElseIf(_)
                | LineKind::Else
                | LineKind::Case(_)
                | LineKind::CaseElse
                | LineKind::Catch(_)
                | LineKind::Finally
        )
    }
}

/// What a closing line without parts of its own closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is named after its words
pub enum Closer {
    If,
    Select,
    Switch,
    For,
    While,
    With,
    Sub,
    Function,
    Try,
}
