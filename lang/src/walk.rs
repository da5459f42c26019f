//! Visits the parts of a tree in the order of its text.

use crate::ast::{CaseTest, Expression, ExpressionKind, Name, Statement, StatementKind};

/// The expressions directly inside of an expression.
pub fn parts(expression: &Expression) -> Vec<&Expression> {
    use ExpressionKind::*;
    match &expression.kind {
        Literal(_) | Text(_) | Name(_) | WithTarget | NewObject | NewArray | ErrorPart(_) | Invalid => Vec::new(),
        Interpolation(parts) | Sum(parts) | Concat(parts) | Array(parts) | Filter { values: parts, .. } => parts.iter().collect(),
        Binary(_, a, b) | In(_, a, b) | Like(_, a, b) | Index(a, b) => vec![a, b],
        Unary(_, a) | IsNull(_, a) | Field(a, _) => vec![a],
        Conditional(a, b, c) | Between(_, a, b, c) => vec![a, b, c],
        Call { arguments, .. } | Keyword { arguments, .. } => arguments.iter().collect(),
        Method { object, arguments, .. } => std::iter::once(&**object).chain(arguments).collect(),
        Object(fields) => fields.iter().map(|(_, value)| value).collect(),
    }
}

/// Calls `see` with an expression and everything inside of it, outer ones first.
pub fn each_part<'a>(expression: &'a Expression, see: &mut dyn FnMut(&'a Expression)) {
    see(expression);
    for part in parts(expression) {
        each_part(part, see);
    }
}

/// The expressions that stand in a statement itself, not in the blocks it holds; the values before the place they
/// are assigned to, as they are computed.
pub fn own_expressions(statement: &Statement) -> Vec<&Expression> {
    use StatementKind::*;
    match &statement.kind {
        Assign { place, value, .. } | WithField { place, value, .. } => vec![value, place],
        If { arms, .. } => arms.iter().map(|(condition, _)| condition).collect(),
        Select { subject, arms, .. } => {
            let tests = arms.iter().flat_map(|arm| &arm.tests);
            std::iter::once(subject).chain(tests.flat_map(test_expressions)).collect()
        }
        ForEach { list, .. } => vec![list],
        For { from, to, step, .. } => [from, to].into_iter().chain(step).collect(),
        While { condition, .. } => vec![condition],
        Do { top, bottom, .. } => top.iter().chain(bottom).map(|test| &test.condition).collect(),
        Return(value) => value.iter().collect(),
        With { target, .. } => vec![target],
        Expression(expression) | Throw(expression) => vec![expression],
        Leave(_) | Try { .. } | OnError(_) | ClearError | Label(_) | Goto(_) | Shared(_) | Invalid => Vec::new(),
    }
}

/// The values that a CASE compares with.
pub fn test_expressions(test: &CaseTest) -> Vec<&Expression> {
    match test {
        CaseTest::Equal(value) | CaseTest::Compare(_, value) => vec![value],
        CaseTest::Range(low, high) => vec![low, high],
    }
}

/// The blocks that a statement holds.
pub fn blocks(statement: &Statement) -> Vec<&[Statement]> {
    use StatementKind::*;
    match &statement.kind {
        If { arms, otherwise } => {
            arms.iter().map(|(_, block)| block.as_slice()).chain(otherwise.as_deref()).collect()
        }
        Select { arms, otherwise, .. } => {
            arms.iter().map(|arm| arm.body.as_slice()).chain(otherwise.as_deref()).collect()
        }
        ForEach { body, .. } | For { body, .. } | While { body, .. } | Do { body, .. } | With { body, .. } => {
            vec![body]
        }
        Try { body, catch, finally } => {
            let parts = std::iter::once(body.as_slice()).chain(catch.as_ref().map(|catch| catch.body.as_slice()));
            parts.chain(finally.as_deref()).collect()
        }
        Assign { .. } | WithField { .. } | Leave(_) | Return(_) | Expression(_) | Invalid => Vec::new(),
        Throw(_) | OnError(_) | ClearError | Label(_) | Goto(_) | Shared(_) => Vec::new(),
    }
}

/// Calls `see` with every statement of a block and of the blocks inside, outer ones first.
pub fn each_statement<'a>(block: &'a [Statement], see: &mut dyn FnMut(&'a Statement)) {
    for statement in block {
        see(statement);
        for inner in blocks(statement) {
            each_statement(inner, see);
        }
    }
}

/// Calls `see` with every expression of a block, at any depth.
pub fn each_expression<'a>(block: &'a [Statement], see: &mut dyn FnMut(&'a Expression)) {
    each_statement(block, &mut |statement| {
        for expression in own_expressions(statement) {
            each_part(expression, see);
        }
    });
}

/// The variable that a place begins with: none inside of WITH and where the expression is no place.
pub fn root(place: &Expression) -> Option<&Name> {
    let mut place = place;
    loop {
        match &place.kind {
            ExpressionKind::Name(name) => return Some(name),
            ExpressionKind::Field(object, _) | ExpressionKind::Index(object, _) => place = object,
            _ => return None,
        }
    }
}

/// How the lines of a WITH block name the fields of its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithStyle {
    /// `.field = value`; a line `name = value` is an assignment like any other.
    Dotted,
    /// `field = value`: no line begins with a dot.
    Bare,
}

/// The style of a WITH block.
pub fn with_style(body: &[Statement]) -> WithStyle {
    let dotted = |statement: &Statement| match &statement.kind {
        StatementKind::WithField { .. } => true,
        StatementKind::With { target, .. } => begins_with_target(target),
        _ => false,
    };
    let is_assignment = |statement: &Statement| matches!(statement.kind, StatementKind::Assign { .. });
    if body.iter().any(dotted) || !body.iter().any(is_assignment) { WithStyle::Dotted } else { WithStyle::Bare }
}

fn begins_with_target(place: &Expression) -> bool {
    match &place.kind {
        ExpressionKind::WithTarget => true,
        ExpressionKind::Field(object, _) | ExpressionKind::Index(object, _) => begins_with_target(object),
        _ => false,
    }
}
