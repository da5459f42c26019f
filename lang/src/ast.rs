//! The tree of a script: what the nesting pass yields and every later pass reads.
//!
//! Names keep the author's spelling in `text`; `folded` is the lower-case form that identifies them.

use std::rc::Rc;

use gbvm_vm::template::Comparison;

use gbvm_vm::template::Template;

use crate::declare::TableDeclaration;
use crate::source::Span;

/// The most that expressions and blocks may nest; deeper is a compile error, so no pass needs a deep stack.
pub const DEPTH_MAX: u16 = 200;

/// A name as written and as compared.
#[derive(Clone, Debug)]
pub struct Name {
    /// The author's spelling.
    pub text: Rc<str>,
    /// The spelling that identifies it: lower case, with its `$` or `%` if it has one.
    pub folded: Rc<str>,
    /// Where it stands.
    pub span: Span,
}

/// One file, nested.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The statements of the main part.
    pub main: Vec<Statement>,
    /// The procedures, in order.
    pub procedures: Vec<Procedure>,
    /// The tables that it declares.
    pub tables: Vec<TableDeclaration>,
}

/// A SUB or FUNCTION.
#[derive(Clone, Debug)]
pub struct Procedure {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub parameters: Vec<Name>,
    /// What it does.
    pub body: Vec<Statement>,
    /// Whether it is a FUNCTION.
    pub is_function: bool,
    /// The line that opens it.
    pub span: Span,
}

/// A statement with its place.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it does.
    pub kind: StatementKind,
    /// Its text; of a block, the line that opens it.
    pub span: Span,
}

/// What a statement does.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the fields of a variant are explained by its comment
pub enum StatementKind {
    /// `place = value`; with an operator, `place op= value`.
    Assign { place: Expression, operator: Option<BinaryOperator>, value: Expression },
    /// IF with its arms in order, and ELSE.
    If { arms: Vec<(Expression, Vec<Statement>)>, otherwise: Option<Vec<Statement>> },
    /// SELECT CASE or SWITCH.
    Select { subject: Expression, arms: Vec<CaseArm>, otherwise: Option<Vec<Statement>> },
    /// `FOR EACH variable IN list`.
    ForEach { variable: Name, list: Expression, body: Vec<Statement> },
    /// `FOR variable = from TO to STEP step`.
    For { variable: Name, from: Expression, to: Expression, step: Option<Expression>, body: Vec<Statement> },
    /// `WHILE condition`.
    While { condition: Expression, body: Vec<Statement> },
    /// `DO … LOOP`, with a test at the top or the bottom or none.
    Do { top: Option<LoopTest>, bottom: Option<LoopTest>, body: Vec<Statement> },
    /// EXIT and CONTINUE.
    Leave(Leave),
    /// RETURN with its value.
    Return(Option<Expression>),
    /// `WITH target … END WITH`.
    With { target: Expression, is_new: bool, body: Vec<Statement> },
    /// `.path = value` inside WITH: the place begins with [`ExpressionKind::WithTarget`]; a bare `name = value`
    /// stays an [`StatementKind::Assign`] and is told apart while lowering.
    WithField { place: Expression, operator: Option<BinaryOperator>, value: Expression },
    /// TRY with CATCH, FINALLY or both.
    Try { body: Vec<Statement>, catch: Option<Catch>, finally: Option<Vec<Statement>> },
    /// `THROW value`
    Throw(Expression),
    /// ON ERROR in its forms.
    OnError(OnError),
    /// `CLEAR ERROR`
    ClearError,
    /// `name:`
    Label(Name),
    /// `GOTO name`
    Goto(Name),
    /// `SHARED a, b`
    Shared(Vec<Name>),
    /// An expression as a statement: a call, a keyword, a method.
    Expression(Expression),
    /// PRINT, TALK and other keywords of statement form are keyword expressions too; nothing else remains here:
    /// a statement that failed to parse and was reported.
    Invalid,
}

/// CATCH with the variable that gets the error, if one is named.
#[derive(Clone, Debug)]
pub struct Catch {
    /// The variable.
    pub variable: Option<Name>,
    /// What it does.
    pub body: Vec<Statement>,
    /// The CATCH line.
    pub span: Span,
}

/// What ON ERROR orders for the failures that follow.
#[derive(Clone, Debug)]
pub enum OnError {
    /// `RESUME NEXT`: go on with the next statement.
    Resume,
    /// `GOTO 0`: fail.
    Fail,
    /// `GOTO label`: go on there.
    Goto(Name),
}

/// A part of the last error of the procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorPart {
    /// `ERROR MESSAGE`
    Message,
    /// `ERROR CODE`
    Code,
}

/// An EXIT or CONTINUE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Bare EXIT, END or STOP: the run ends successfully.
    Run,
    /// `EXIT FOR`
    For,
    /// `EXIT DO`
    Do,
    /// `EXIT WHILE`
    While,
    /// `EXIT SUB` or `EXIT FUNCTION`
    Procedure,
    /// `CONTINUE FOR`
    ContinueFor,
    /// `CONTINUE DO`
    ContinueDo,
    /// `CONTINUE WHILE`
    ContinueWhile,
}

/// The test of a DO loop.
#[derive(Clone, Debug)]
pub struct LoopTest {
    /// The condition.
    pub condition: Expression,
    /// Whether it is UNTIL.
    pub is_until: bool,
}

/// One CASE.
#[derive(Clone, Debug)]
pub struct CaseArm {
    /// The tests, any of which may hold.
    pub tests: Vec<CaseTest>,
    /// What it does.
    pub body: Vec<Statement>,
    /// The CASE line.
    pub span: Span,
}

/// One test of a CASE.
#[derive(Clone, Debug)]
pub enum CaseTest {
    /// `CASE value`
    Equal(Expression),
    /// `CASE IS > value`
    Compare(BinaryOperator, Expression),
    /// `CASE a TO b`
    Range(Expression, Expression),
}

/// An expression with its place.
#[derive(Clone, Debug)]
pub struct Expression {
    /// What it computes.
    pub kind: ExpressionKind,
    /// Its text.
    pub span: Span,
    /// How deeply it nests: one more than its deepest part.
    pub depth: u16,
}

/// What an expression computes.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the fields of a variant are explained by its comment
pub enum ExpressionKind {
    /// TRUE, FALSE, NULL, a number.
    Literal(Literal),
    /// A string literal or the literal pieces of an interpolation.
    Text(Rc<str>),
    /// `"…${e}…"`: pieces in order, always concatenated.
    Interpolation(Vec<Expression>),
    /// A variable, or a call of a procedure without arguments where the name is one.
    Name(Name),
    /// The target of the innermost WITH.
    WithTarget,
    /// `a + b + c`: a flat chain of `+` in order.
    Sum(Vec<Expression>),
    /// `a & b & c`: a flat chain of `&`.
    Concat(Vec<Expression>),
    /// A binary operator other than `+` and `&`.
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
    /// `-`, `NOT`.
    Unary(UnaryOperator, Box<Expression>),
    /// `c ? a : b` and `IIF(c, a, b)`.
    Conditional(Box<Expression>, Box<Expression>, Box<Expression>),
    /// `object.field`; with `?.` the same, since reading a field of nothing is MISSING.
    Field(Box<Expression>, Name),
    /// `object[index]`.
    Index(Box<Expression>, Box<Expression>),
    /// `name(a, b)`, `CALL name(a, b)`, `CALL name`, `name a, b`: a procedure, else a function of the table.
    Call { name: Name, arguments: Vec<Expression> },
    /// `object.method(a, b)`.
    Method { object: Box<Expression>, name: Name, arguments: Vec<Expression> },
    /// A keyword of the table by its index, with its arguments.
    Keyword { index: u16, arguments: Vec<Expression> },
    /// The filter of a word form; its values fill the template's holes, one each. A value that is a name which no
    /// variable has is a column where the template compares with it.
    Filter { template: Rc<Template>, values: Vec<Expression> },
    /// `[a, b]`.
    Array(Vec<Expression>),
    /// `{k: v}`.
    Object(Vec<(Rc<str>, Expression)>),
    /// `NEW OBJECT`.
    NewObject,
    /// `NEW ARRAY`.
    NewArray,
    /// `v IN list`; the flag is NOT.
    In(bool, Box<Expression>, Box<Expression>),
    /// `v LIKE pattern`; the flag is NOT.
    Like(bool, Box<Expression>, Box<Expression>),
    /// `v BETWEEN a AND b`; the flag is NOT.
    Between(bool, Box<Expression>, Box<Expression>, Box<Expression>),
    /// `v IS NULL`; the flag is NOT.
    IsNull(bool, Box<Expression>),
    /// `ERROR MESSAGE`, `ERROR CODE`.
    ErrorPart(ErrorPart),
    /// Reported already; lowers to MISSING.
    Invalid,
}

/// A literal other than text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Literal {
    /// NULL.
    Null,
    /// TRUE or FALSE.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is its own name
pub enum BinaryOperator {
    Add, Subtract, Concat, Multiply, Divide, IntegerDivide, Modulo, Power,
    Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual,
    And, Or, Xor, Coalesce,
}

/// A unary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is its own name
pub enum UnaryOperator {
    Negate, Not,
}

impl BinaryOperator {
    /// The comparison that it is; none for the others.
    pub fn comparison(self) -> Option<Comparison> {
        Some(match self {
            BinaryOperator::Equal => Comparison::Equal,
            BinaryOperator::NotEqual => Comparison::NotEqual,
            BinaryOperator::Less => Comparison::Less,
            BinaryOperator::LessOrEqual => Comparison::LessOrEqual,
            BinaryOperator::Greater => Comparison::Greater,
            BinaryOperator::GreaterOrEqual => Comparison::GreaterOrEqual,
            BinaryOperator::Add
            | BinaryOperator::Subtract
            | BinaryOperator::Concat
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::IntegerDivide
            | BinaryOperator::Modulo
            | BinaryOperator::Power
            | BinaryOperator::And
            | BinaryOperator::Or
            | BinaryOperator::Xor
            | BinaryOperator::Coalesce => return None,
        })
    }
}
