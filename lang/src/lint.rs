//! Warnings: what compiles but is probably not meant.

mod stale;

use std::rc::Rc;

use gbvm_vm::signature::{Absence, Access, Kind, Role, Signature};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::address::Addresses;
use crate::ast::{BinaryOperator, Expression, ExpressionKind, Leave, Literal, Name, Statement, StatementKind, UnaryOperator};
use crate::complaint::BEGINNINGS;
use crate::declare::{AUTHENTICATORS, Declaration, SECRET_ENDINGS};
use crate::diagnostic::Diagnostic;
use crate::filter;
use crate::flow::{Flows, SlotIndex};
use crate::foreign;
use crate::labels;
use crate::lower::filter_sources;
use crate::reach;
use crate::resolve::{Answer, Assigned, ERROR, INPUTS, Meaning, RESULT, Scope, Whole};
use crate::source::Span;
use crate::spelling::Names;
use crate::walk;

/// The variable with a request's headers.
const HEADERS: &str = "headers";

/// All warnings of a program.
pub fn lint<'a>(whole: &'a Whole<'a>, flows: &Flows<'a>, addresses: &Addresses<'_, 'a>, declarations: &[Declaration]) -> Vec<Diagnostic> {
    let mut linter = Linter {
        whole,
        flows,
        addresses,
        diagnostics: Vec::new(),
        authenticates: false,
        has_secrets: has_secrets(whole),
        labels: FxHashSet::default(),
        known: FxHashMap::default(),
        callable: Names::new(whole.callable_names()),
        beginnings: Names::new(BEGINNINGS),
        of_main: Names::new(assigned(&whole.scopes[0])),
    };
    for routine in 0..whole.routines.len() {
        linter.routine(routine);
    }
    if !linter.authenticates {
        linter.open_webhooks(declarations);
    }
    linter.diagnostics
}

struct Linter<'f, 'a> {
    whole: &'a Whole<'a>,
    flows: &'f Flows<'a>,
    addresses: &'f Addresses<'f, 'a>,
    diagnostics: Vec<Diagnostic>,
    authenticates: bool,
    /// Whether the program reads a secret at all.
    has_secrets: bool,
    /// What was asked of slots, and the answers.
    known: FxHashMap<(Question, SlotIndex), bool>,
    /// The names that may be called.
    callable: Names<'a>,
    /// The words that begin statements.
    beginnings: Names<'static>,
    /// The variables that the main part sets.
    of_main: Names<'a>,
    /// The labels of the routine.
    labels: FxHashSet<Rc<str>>,
}

/// What is asked of where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Question {
    /// Whether it is a part of the request and nothing that the script wrote.
    Outside,
    /// Whether it may be a secret out of the memory.
    Secret,
    /// Whether it may be a header.
    Header,
}

impl<'a> Linter<'_, 'a> {
    fn warn(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::warning(code, span, message));
    }

    fn warn_related(&mut self, code: &'static str, span: Span, message: String, related: Span, what: &str) {
        self.diagnostics.push(Diagnostic::warning(code, span, message).with_related(related, what));
    }

    fn routine(&mut self, routine: usize) {
        let body = self.whole.routines[routine].body;
        self.labels = labels::names(body);
        let mut words: Vec<&Name> = Vec::new();
        let mut columns: Vec<&Name> = Vec::new();
        let mut tables: FxHashMap<Span, &'static str> = FxHashMap::default();
        walk::each_statement(body, &mut |statement| {
            let StatementKind::Expression(expression) = &statement.kind else { return };
            if let ExpressionKind::Name(name) = &expression.kind
                && self.whole.meaning(routine, &name.folded) == Meaning::Unset
            {
                words.push(name);
            }
            self.unused(expression);
        });
        self.error_variable(routine, body);
        walk::each_expression(body, &mut |expression| {
            self.expression(routine, expression);
            if let Some((signature, arguments)) = self.whole.builtin(routine, expression) {
                let is_table = |position: usize| reach::param(signature, position).is_some_and(|param| param.role == Role::Table);
                let named = arguments.into_iter().enumerate().filter(|(position, _)| is_table(*position));
                tables.extend(named.map(|(position, argument)| (argument.span, if position == 0 { signature.phrase } else { "" })));
            }
            if let ExpressionKind::Filter { values, .. } = &expression.kind {
                columns.extend(values.iter().filter_map(|value| self.whole.column(routine, value)));
            }
        });
        for word in &words {
            if self.whole.answer(&word.folded) == Answer::Nobody {
                self.unanswered(routine, word, &[]);
            }
        }
        words.append(&mut columns);
        self.variables(routine, &words, &tables);
        self.unreachable(body, self.whole.scopes[routine].traps_errors);
        self.stale_reads(routine, body);
    }

    fn expression(&mut self, routine: usize, expression: &'a Expression) {
        if let ExpressionKind::Call { name, arguments } = &expression.kind
            && self.whole.answer(&name.folded) == Answer::Nobody
        {
            let is_bare = arguments.last().is_some_and(|last| last.span.end == expression.span.end);
            self.unanswered(routine, name, if is_bare { arguments } else { &[] });
        }
        if let Some((signature, arguments)) = self.whole.builtin(routine, expression) {
            if let Some(Absence::Service(instead)) = signature.absence {
                let message = format!("{} needs a service that this machine does not have, so this line will fail when it runs; {instead}.", signature.phrase);
                self.warn("W_NOT_HERE", expression.span, message);
            }
            self.authenticates |= AUTHENTICATORS.contains(&signature.phrase);
            for (position, argument) in arguments.into_iter().enumerate() {
                match reach::param(signature, position).map(|param| param.role) {
                    Some(Role::Url) => self.address(routine, argument),
                    Some(Role::Filter) => {
                        self.filter(argument);
                        self.compared(argument);
                        self.whole_filter(routine, signature, argument);
                    }
                    _ => {}
                }
            }
        }
        if let ExpressionKind::Binary(BinaryOperator::Equal | BinaryOperator::NotEqual, a, b) = &expression.kind
            && self.has_secrets
        {
            self.comparison(routine, expression, a, b);
        }
        self.misread(expression);
    }

    /// Two forms that mean something else in BASIC than in mathematics or in speech.
    fn misread(&mut self, expression: &Expression) {
        let ExpressionKind::Binary(operator, a, b) = &expression.kind else { return };
        let ExpressionKind::Binary(inner, ..) = &a.kind else { return };
        if is_order(*operator) && is_order(*inner) {
            let message = "This compares TRUE or FALSE, the answer of the first comparison, with the last value; join two comparisons by AND.";
            self.warn("W_COMPARE_CHAIN", expression.span, message);
        }
        let is_value = matches!(b.kind, ExpressionKind::Text(_) | ExpressionKind::Literal(Literal::Int(_) | Literal::Float(_)));
        if *operator == BinaryOperator::Or && *inner == BinaryOperator::Equal && is_value {
            let message = "The value behind OR is not compared with anything and is true or false by itself; compare it too, or write IN with the values in brackets.";
            self.warn("W_OR_VALUE", b.span, message);
        }
    }

    /// ERROR as a test, where errors are to be looked at and a variable has the name.
    fn error_variable(&mut self, routine: usize, body: &[Statement]) {
        let is_variable = matches!(self.whole.meaning(routine, ERROR), Meaning::Own | Meaning::Main);
        if !is_variable || self.whole.error_owner(routine).is_none() {
            return;
        }
        let mut found = Vec::new();
        walk::each_statement(body, &mut |statement| match &statement.kind {
            StatementKind::If { arms, .. } => arms.iter().for_each(|(condition, _)| tested(condition, &mut found)),
            StatementKind::While { condition, .. } => tested(condition, &mut found),
            StatementKind::Do { top, bottom, .. } => top.iter().chain(bottom).for_each(|test| tested(&test.condition, &mut found)),
            _ => {}
        });
        for span in found {
            let message = "error is a variable here, because the script sets one of this name, so this does not tell whether something \
                           failed. Give the variable another name.";
            self.warn("W_ERROR_VARIABLE", span, message);
        }
    }

    /// A call that nobody answers, and its arguments where no brackets stand around them.
    fn unanswered(&mut self, routine: usize, name: &Name, bare: &[Expression]) {
        let hint = match self.whole.meaning(routine, &name.folded) {
            Meaning::Own | Meaning::Main if matches!(bare, [Expression { kind: ExpressionKind::Unary(UnaryOperator::Negate, _), .. }]) => {
                format!(" To subtract from the variable write {0} -= …; {0} - … with a blank behind the - is its difference, which must be kept.", name.text)
            }
            Meaning::Own | Meaning::Main if !bare.is_empty() => format!(" To set the variable write {} = ….", name.text),
            Meaning::Own | Meaning::Main => format!(" The elements of the variable are {}[0], {}[1] and so on.", name.text, name.text),
            Meaning::Call(_) | Meaning::Error | Meaning::Unset if self.labels.contains(&name.folded) => format!(" To jump to the label write GOTO {}.", name.text),
            Meaning::Call(_) | Meaning::Error | Meaning::Unset => match foreign::advice(&name.folded) {
                Some(advice) => format!(" {advice}"),
                None => suggestion(self.callable.nearest(&name.folded).or_else(|| self.beginnings.nearest(&name.folded).filter(|_| !bare.is_empty()))),
            },
        };
        let message = format!("Nobody answers the name {}: this line will fail when it runs.{hint}", name.text);
        self.warn("W_UNANSWERED", name.span, message);
    }

    /// `a.SORT()` as a statement reads as if it changed the array.
    fn unused(&mut self, expression: &Expression) {
        if let ExpressionKind::Method { object, name, .. } = &expression.kind
            && let Answer::Builtin(index) = self.whole.answer(&name.folded)
            && self.whole.signatures[usize::from(index)].kind == Kind::Pure
            && !self.whole.signatures[usize::from(index)].changes_first
        {
            let variable = walk::root(object).map_or("x", |name| &name.text);
            let message = format!("{} gives a new value and changes nothing; keep it, as in {variable} = …", name.text);
            self.warn("W_UNUSED", name.span, message);
        }
    }

    fn address(&mut self, routine: usize, argument: &'a Expression) {
        if !self.addresses.settles_origin(routine, argument) {
            let message = "The host of this address is not written in the script; it is called only if the project allows it.";
            self.warn("W_ADDRESS_AT_RUN", argument.span, message);
        }
    }

    fn filter(&mut self, argument: &Expression) {
        let refused = filter_sources(argument, |sources| filter::parse(sources).err());
        if refused.is_some_and(|fault| fault.code == "E_FILTER_IDENT") {
            let message = "A value stands where a column, an operator or an order must; this fails when it runs unless \
                           the value is text of the script.";
            self.warn("W_FILTER_AT_RUN", argument.span, message);
        }
    }

    /// A comparison in the place of a filter is computed before: TRUE or FALSE, which is no filter.
    fn compared(&mut self, argument: &Expression) {
        let Some(answer) = truth(argument) else { return };
        let example = match answer {
            Truth::Compared(column) => format!("\"{column}=\" + …"),
            Truth::Written => "\"column=\" + value".to_owned(),
        };
        let message = format!(
            "this is TRUE or FALSE, and no filter: a filter is a text, as in {example}, with column and operator inside of the quotes"
        );
        self.diagnostics.push(Diagnostic::error("E_FILTER_TYPE", argument.span, message));
    }

    /// A filter that is nothing but a part of the request. UPDATE and SAVE take an id in its place, and have a record.
    fn whole_filter(&mut self, routine: usize, signature: &Signature, argument: &'a Expression) {
        if signature.params.iter().any(|param| param.role == Role::Record) {
            return;
        }
        if self.answer(Question::Outside, routine, argument) {
            let message = "This filter is data from end to end, so it is looked up as an id; write column and operator in the \
                           script and join the value, as in \"id=\" + ….";
            self.warn("W_FILTER_AT_RUN", argument.span, message);
        }
    }

    /// The answer to a question about where a value comes from.
    fn answer(&mut self, question: Question, routine: usize, expression: &'a Expression) -> bool {
        let Some(slot) = self.flows.slot_of(routine, expression) else { return self.ask(question, routine, expression) };
        if let Some(known) = self.known.get(&(question, slot)) {
            return *known;
        }
        let answer = self.ask(question, routine, expression);
        self.known.insert((question, slot), answer);
        answer
    }

    fn ask(&self, question: Question, routine: usize, expression: &'a Expression) -> bool {
        let origins = self.flows.closure(routine, expression);
        match question {
            Question::Outside => {
                let is_written = origins.iter().any(|origin| {
                    use ExpressionKind::{Concat, Interpolation, Sum, Text};
                    matches!(origin.expression.kind, Text(_) | Sum(_) | Concat(_) | Interpolation(_))
                });
                let is_outside = origins.iter().any(|origin| {
                    let root = walk::root(origin.expression);
                    root.is_some_and(|root| INPUTS.contains(&&*root.folded) && self.whole.meaning(origin.routine, &root.folded) != Meaning::Unset)
                });
                is_outside && !is_written && origins.is_whole
            }
            Question::Secret => origins.iter().any(|origin| {
                let call = self.whole.builtin(origin.routine, origin.expression);
                call.is_some_and(|(signature, arguments)| reads_secret(signature, &arguments))
            }),
            Question::Header => origins.iter().any(|origin| match &origin.expression.kind {
                ExpressionKind::Field(object, _) | ExpressionKind::Index(object, _) => {
                    matches!(&object.kind, ExpressionKind::Name(name) if &*name.folded == HEADERS)
                }
                _ => false,
            }),
        }
    }

    fn comparison(&mut self, routine: usize, comparison: &Expression, a: &'a Expression, b: &'a Expression) {
        let (a_is_secret, b_is_secret) = (self.answer(Question::Secret, routine, a), self.answer(Question::Secret, routine, b));
        if !a_is_secret && !b_is_secret {
            return;
        }
        self.authenticates = true;
        let given = if a_is_secret { b } else { a };
        if self.answer(Question::Header, routine, given) {
            let message = format!(
                "A header is compared with a secret by = or <>; {}(given, expected) does it without giving the secret \
                 away by the time it takes, and refuses an empty one.",
                AUTHENTICATORS[1]
            );
            self.warn("W_SECRET_COMPARED", comparison.span, message);
        }
    }

    fn variables(&mut self, routine: usize, words: &[&Name], tables: &FxHashMap<Span, &'static str>) {
        let scope = &self.whole.scopes[routine];
        let own = Names::new(assigned(scope));
        let words: FxHashSet<Span> = words.iter().map(|word| word.span).collect();
        for name in &scope.names {
            let is_word = words.contains(&name.span);
            if self.whole.meaning(routine, &name.folded) == Meaning::Unset && !is_word {
                let hint = match (tables.get(&name.span), foreign::value(&name.folded)) {
                    (Some(phrase), _) => {
                        let space = if phrase.is_empty() { "" } else { " " };
                        format!(" The name of a table stands in quotes here: {phrase}{space}\"{}\".", name.text)
                    },
                    (None, Some(advice)) => format!(" {advice}"),
                    (None, None) => suggestion(own.nearest(&name.folded).or_else(|| self.of_main.nearest(&name.folded))),
                };
                let message = format!("{0} is read here, but nothing in the script sets it; only --param {0}=… can.{hint}", name.text);
                self.warn("W_UNASSIGNED", name.span, message);
            }
        }
        let Some(procedure) = self.whole.routines[routine].name else { return };
        for name in &scope.names {
            let Some(assigned) = scope.assigned.get(&name.folded) else { continue };
            let of_main = self.whole.scopes[0].assigned.contains_key(&name.folded);
            if let Assigned::Inside(span) = assigned
                && of_main
            {
                let message = format!(
                    "This sets a variable {} of {} alone; that of the main part stays as it is. Return the value instead.",
                    name.text, procedure.text
                );
                self.warn("W_OWN_VARIABLE", *span, message);
            }
            let is_lost = &*name.folded == RESULT && !self.whole.routines[routine].is_function;
            if is_lost && *assigned == Assigned::Whole && !scope.read.contains(&name.folded) {
                let message = format!("result belongs to {} alone here and is not the run's answer.", procedure.text);
                self.warn("W_OWN_VARIABLE", name.span, message);
            }
        }
    }

    /// Where a procedure says ON ERROR, what fails may be followed by the next statement.
    fn unreachable(&mut self, block: &[Statement], goes_on: bool) {
        for (statement, next) in block.iter().zip(block.iter().skip(1)) {
            let is_reached = matches!(next.kind, StatementKind::Label(_));
            if let Some(words) = leaves(statement, goes_on).filter(|_| !is_reached) {
                self.warn("W_UNREACHABLE", next.span, format!("This line never runs: {words} stands before it."));
                break;
            }
        }
        for statement in block {
            for inner in walk::blocks(statement) {
                self.unreachable(inner, goes_on);
            }
        }
    }

    fn open_webhooks(&mut self, declarations: &[Declaration]) {
        for declaration in declarations {
            if let Declaration::Webhook(webhook) = declaration
                && !webhook.open
                && webhook.scheme.is_none()
            {
                let message = format!(
                    "Anybody may call this webhook: nothing checks a signature or a key. Use {}, or write OPEN behind \
                     its name if that is meant.",
                    AUTHENTICATORS.join(" or ")
                );
                self.warn("W_UNAUTHENTICATED", webhook.span, message);
            }
        }
    }
}

/// An expression that can only be TRUE or FALSE.
enum Truth<'e> {
    /// It compares what a word like a column's name stands for.
    Compared(&'e str),
    /// It is written so, or compares anything else.
    Written,
}

fn is_order(operator: BinaryOperator) -> bool {
    matches!(operator, BinaryOperator::Less | BinaryOperator::LessOrEqual | BinaryOperator::Greater | BinaryOperator::GreaterOrEqual)
}

/// Where a condition tests ERROR.
fn tested(condition: &Expression, found: &mut Vec<Span>) {
    match &condition.kind {
        ExpressionKind::Name(name) if &*name.folded == ERROR => found.push(name.span),
        ExpressionKind::Unary(UnaryOperator::Not, part) => tested(part, found),
        ExpressionKind::Binary(BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Equal | BinaryOperator::NotEqual, a, b) => {
            tested(a, found);
            tested(b, found);
        }
        _ => {}
    }
}

fn truth(expression: &Expression) -> Option<Truth<'_>> {
    match &expression.kind {
        ExpressionKind::Binary(operator, column, _) if operator.comparison().is_some() => Some(match &column.kind {
            ExpressionKind::Name(name) => Truth::Compared(&name.text),
            _ => Truth::Written,
        }),
        ExpressionKind::Binary(BinaryOperator::And | BinaryOperator::Or, a, b) => {
            let (first, second) = (truth(a)?, truth(b)?);
            Some(if matches!(first, Truth::Compared(_)) { first } else { second })
        }
        ExpressionKind::Literal(Literal::Bool(_))
        | ExpressionKind::Unary(UnaryOperator::Not, _)
        | ExpressionKind::Binary(BinaryOperator::Xor, ..) => Some(Truth::Written),
        ExpressionKind::In(_, value, _) | ExpressionKind::Like(_, value, _) | ExpressionKind::Between(_, value, ..) | ExpressionKind::IsNull(_, value) => {
            Some(match &value.kind {
                ExpressionKind::Name(name) => Truth::Compared(&name.text),
                _ => Truth::Written,
            })
        }
        _ => None,
    }
}

fn has_secrets(whole: &Whole) -> bool {
    let mut found = false;
    for (routine, this) in whole.routines.iter().enumerate() {
        walk::each_expression(this.body, &mut |expression| {
            let call = whole.builtin(routine, expression);
            found |= call.is_some_and(|(signature, arguments)| reads_secret(signature, &arguments));
        });
    }
    found
}

/// Whether a keyword reads a secret out of the memory, by the text that its key ends in.
fn reads_secret(signature: &Signature, arguments: &[&Expression]) -> bool {
    signature.access != Access::Write
        && arguments.iter().enumerate().any(|(position, argument)| {
            let is_key = reach::param(signature, position).is_some_and(|param| param.role == Role::MemoryKey);
            is_key && ending(argument).is_some_and(|text| SECRET_ENDINGS.iter().any(|ending| text.ends_with(ending)))
        })
}

/// The text of the script that an expression ends in.
fn ending(expression: &Expression) -> Option<&str> {
    match &expression.kind {
        ExpressionKind::Text(text) => Some(text),
        ExpressionKind::Sum(parts) | ExpressionKind::Concat(parts) | ExpressionKind::Interpolation(parts) => {
            ending(parts.last()?)
        }
        _ => None,
    }
}

/// What leaves the place of a statement in every case: nothing behind it runs.
fn leaves(statement: &Statement, goes_on: bool) -> Option<&'static str> {
    let in_all = |blocks: &mut dyn Iterator<Item = &[Statement]>| {
        blocks.map(|block| leaves(block.last()?, goes_on)).reduce(Option::and).flatten()
    };
    match &statement.kind {
        StatementKind::Leave(leave) => Some(leave_words(*leave)),
        StatementKind::Goto(_) => Some("GOTO"),
        StatementKind::Return(None) => Some("RETURN"),
        StatementKind::Return(Some(_)) if !goes_on => Some("RETURN"),
        StatementKind::Throw(_) if !goes_on => Some("THROW"),
        StatementKind::If { arms, otherwise: Some(otherwise) } if !goes_on => {
            in_all(&mut arms.iter().map(|(_, block)| block.as_slice()).chain([otherwise.as_slice()]))
        }
        StatementKind::Select { arms, otherwise: Some(otherwise), .. } if !goes_on => {
            in_all(&mut arms.iter().map(|arm| arm.body.as_slice()).chain([otherwise.as_slice()]))
        }
        _ => None,
    }
}

fn leave_words(leave: Leave) -> &'static str {
    match leave {
        Leave::Run => "EXIT",
        Leave::For => "EXIT FOR",
        Leave::Do => "EXIT DO",
        Leave::While => "EXIT WHILE",
        Leave::Procedure => "EXIT SUB or EXIT FUNCTION",
        Leave::ContinueFor => "CONTINUE FOR",
        Leave::ContinueDo => "CONTINUE DO",
        Leave::ContinueWhile => "CONTINUE WHILE",
    }
}

/// The variables that a routine sets, in the order of the text.
fn assigned(scope: &Scope) -> impl Iterator<Item = &str> {
    scope.names.iter().filter(|name| scope.assigned.contains_key(&name.folded)).map(|name| &*name.folded)
}

/// ` Did you mean …?` for the nearest name, if one is near.
fn suggestion(near: Option<&str>) -> String {
    near.map_or(String::new(), |near| format!(" Did you mean {near}?"))
}
