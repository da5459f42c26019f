//! A compact text of a tree, for comparing: `(= x (sum "a" b))`.

use gbvm_lang::ast::*;
use gbvm_vm::signature::Signature;

/// The whole script, one statement a line, blocks indented.
pub fn script(script: &Script, table: &[Signature]) -> String {
    let mut out = String::new();
    block(&script.main, table, 0, &mut out);
    for procedure in &script.procedures {
        let kind = if procedure.is_function { "function" } else { "sub" };
        let parameters: Vec<&str> = procedure.parameters.iter().map(|name| &*name.folded).collect();
        out += &format!("{kind} {}({})\n", procedure.name.folded, parameters.join(" "));
        block(&procedure.body, table, 1, &mut out);
    }
    out
}

fn block(statements: &[Statement], table: &[Signature], indent: usize, out: &mut String) {
    for statement in statements {
        self::statement(statement, table, indent, out);
    }
}

fn statement(statement: &Statement, table: &[Signature], indent: usize, out: &mut String) {
    let pad = "  ".repeat(indent);
    let e = |expression: &Expression| self::expression(expression, table);
    let mut line = |text: String| *out += &format!("{pad}{text}\n");
    let sign = |operator: &Option<BinaryOperator>| match operator {
        None => "=".to_string(),
        Some(BinaryOperator::Add) => "+=".to_string(),
        Some(BinaryOperator::Subtract) => "-=".to_string(),
        Some(operator) => format!("{operator:?}="),
    };
    match &statement.kind {
        StatementKind::Assign { place, operator, value } => {
            line(format!("({} {} {})", sign(operator), e(place), e(value)));
        }
        StatementKind::WithField { place, operator, value } => {
            line(format!("(with{} {} {})", sign(operator), e(place), e(value)));
        }
        StatementKind::If { arms, otherwise } => {
            for (at, (condition, body)) in arms.iter().enumerate() {
                let word = if at == 0 { "if" } else { "elseif" };
                *out += &format!("{pad}{word} {}\n", e(condition));
                block(body, table, indent + 1, out);
            }
            if let Some(body) = otherwise {
                *out += &format!("{pad}else\n");
                block(body, table, indent + 1, out);
            }
        }
        StatementKind::Select { subject, arms, otherwise } => {
            line(format!("select {}", e(subject)));
            for arm in arms {
                let tests: Vec<String> = arm
                    .tests
                    .iter()
                    .map(|test| match test {
                        CaseTest::Equal(value) => e(value),
                        CaseTest::Compare(operator, value) => format!("({operator:?} {})", e(value)),
                        CaseTest::Range(from, to) => format!("(range {} {})", e(from), e(to)),
                    })
                    .collect();
                *out += &format!("{pad}case {}\n", tests.join(" "));
                block(&arm.body, table, indent + 1, out);
            }
            if let Some(body) = otherwise {
                *out += &format!("{pad}else\n");
                block(body, table, indent + 1, out);
            }
        }
        StatementKind::ForEach { variable, list, body } => {
            line(format!("foreach {} {}", variable.folded, e(list)));
            block(body, table, indent + 1, out);
        }
        StatementKind::For { variable, from, to, step, body } => {
            let step = step.as_ref().map_or(String::new(), |step| format!(" {}", e(step)));
            line(format!("for {} {} {}{step}", variable.folded, e(from), e(to)));
            block(body, table, indent + 1, out);
        }
        StatementKind::While { condition, body } => {
            line(format!("while {}", e(condition)));
            block(body, table, indent + 1, out);
        }
        StatementKind::Do { top, bottom, body } => {
            let test = |test: &Option<LoopTest>| match test {
                None => "_".to_string(),
                Some(test) if test.is_until => format!("(until {})", e(&test.condition)),
                Some(test) => format!("(while {})", e(&test.condition)),
            };
            line(format!("do {} {}", test(top), test(bottom)));
            block(body, table, indent + 1, out);
        }
        StatementKind::Leave(leave) => line(format!("({leave:?})")),
        StatementKind::Return(None) => line("(return)".to_string()),
        StatementKind::Return(Some(value)) => line(format!("(return {})", e(value))),
        StatementKind::With { target, is_new, body } => {
            line(format!("with {}{}", if *is_new { "new " } else { "" }, e(target)));
            block(body, table, indent + 1, out);
        }
        StatementKind::Expression(expression) => line(e(expression)),
        StatementKind::Try { body, catch, finally } => {
            line("try".to_string());
            block(body, table, indent + 1, out);
            if let Some(catch) = catch {
                *out += &format!("{pad}catch {}\n", catch.variable.as_ref().map_or("_", |name| &name.folded));
                block(&catch.body, table, indent + 1, out);
            }
            if let Some(body) = finally {
                *out += &format!("{pad}finally\n");
                block(body, table, indent + 1, out);
            }
        }
        StatementKind::Throw(value) => line(format!("(throw {})", e(value))),
        StatementKind::OnError(OnError::Resume) => line("(on-error resume)".to_string()),
        StatementKind::OnError(OnError::Fail) => line("(on-error fail)".to_string()),
        StatementKind::OnError(OnError::Goto(name)) => line(format!("(on-error {})", name.folded)),
        StatementKind::ClearError => line("(clear-error)".to_string()),
        StatementKind::Label(name) => line(format!("(label {})", name.folded)),
        StatementKind::Goto(name) => line(format!("(goto {})", name.folded)),
        StatementKind::Shared(names) => {
            let names: Vec<&str> = names.iter().map(|name| &*name.folded).collect();
            line(format!("(shared {})", names.join(" ")));
        }
        StatementKind::Invalid => line("INVALID".to_string()),
    }
}

/// One expression.
pub fn expression(expression: &Expression, table: &[Signature]) -> String {
    let e = |expression: &Expression| self::expression(expression, table);
    let list = |head: String, parts: &[Expression]| {
        let parts: String = parts.iter().map(|part| format!(" {}", e(part))).collect();
        format!("({head}{parts})")
    };
    let not = |is_negated: &bool| if *is_negated { "not-" } else { "" };
    match &expression.kind {
        ExpressionKind::Literal(Literal::Null) => "NULL".to_string(),
        ExpressionKind::Literal(Literal::Bool(value)) => value.to_string().to_uppercase(),
        ExpressionKind::Literal(Literal::Int(value)) => value.to_string(),
        ExpressionKind::Literal(Literal::Float(value)) => format!("{value:?}"),
        ExpressionKind::Text(text) => format!("{text:?}"),
        ExpressionKind::Interpolation(parts) => list("$".to_string(), parts),
        ExpressionKind::Name(name) => name.folded.to_string(),
        ExpressionKind::WithTarget => "@".to_string(),
        ExpressionKind::Sum(terms) => list("sum".to_string(), terms),
        ExpressionKind::Concat(terms) => list("concat".to_string(), terms),
        ExpressionKind::Binary(operator, left, right) => format!("({operator:?} {} {})", e(left), e(right)),
        ExpressionKind::Unary(operator, value) => format!("({operator:?} {})", e(value)),
        ExpressionKind::Conditional(a, b, c) => format!("(? {} {} {})", e(a), e(b), e(c)),
        ExpressionKind::Field(object, name) => format!("{}.{}", e(object), name.text),
        ExpressionKind::Index(object, index) => format!("{}[{}]", e(object), e(index)),
        ExpressionKind::Call { name, arguments } => list(format!("call {}", name.folded), arguments),
        ExpressionKind::Method { object, name, arguments } => {
            list(format!("method {} {}", e(object), name.text), arguments)
        }
        ExpressionKind::Keyword { index, arguments } => {
            list(table[usize::from(*index)].phrase.replace(' ', "-"), arguments)
        }
        ExpressionKind::Filter { values, .. } => list("filter".to_string(), values),
        ExpressionKind::Array(elements) => list("array".to_string(), elements),
        ExpressionKind::Object(fields) => {
            let fields: String = fields.iter().map(|(key, value)| format!(" {key}:{}", e(value))).collect();
            format!("(object{fields})")
        }
        ExpressionKind::NewObject => "new-object".to_string(),
        ExpressionKind::NewArray => "new-array".to_string(),
        ExpressionKind::In(is_negated, value, set) => format!("({}in {} {})", not(is_negated), e(value), e(set)),
        ExpressionKind::Like(is_negated, value, pattern) => {
            format!("({}like {} {})", not(is_negated), e(value), e(pattern))
        }
        ExpressionKind::Between(is_negated, value, low, high) => {
            format!("({}between {} {} {})", not(is_negated), e(value), e(low), e(high))
        }
        ExpressionKind::IsNull(is_negated, value) => format!("({}null {})", not(is_negated), e(value)),
        ExpressionKind::ErrorPart(part) => format!("error-{part:?}"),
        ExpressionKind::Invalid => "INVALID".to_string(),
    }
}
