//! Decides for each keyword that gives rows whether one row, a list, or row after row is wanted.
//!
//! The uses of the variable decide, in the order of the text: FOR EACH, an index, `.length`, `.count`, functions of
//! arrays, and passing the variable on before any of its fields was read make a list. Tests decide nothing. A FOR EACH
//! directly over the keyword goes through the rows without holding them all.

use std::rc::Rc;

use gbvm_vm::program::Wanted;
use gbvm_vm::signature::{Kind, Role, Signature};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ast::{BinaryOperator, Expression, ExpressionKind, Name, Statement, StatementKind};
use crate::reach;
use crate::resolve::{Answer, Meaning, Whole, appends};
use crate::source::Span;
use crate::walk;

/// What is done with the value of an expression.
#[derive(Clone, Copy, PartialEq)]
enum Context {
    /// It is assigned to the numbered variable as a whole.
    Assigned(usize),
    List,
    Row,
    Passed,
    Other,
}

/// What happens to a variable.
#[derive(Clone, Copy, PartialEq)]
enum What {
    /// The rows of this keyword are assigned to it.
    Rows(Span),
    /// Something else is.
    Assigned,
    List,
    Row,
    Passed,
}

/// A way through nested blocks: the statement's number, which of its blocks, and whether it repeats.
type Way = Vec<(usize, usize, bool)>;

struct Event {
    routine: usize,
    variable: usize,
    what: What,
    way: Way,
}

struct Uses<'a> {
    whole: &'a Whole<'a>,
    routine: usize,
    variables: FxHashMap<(usize, Rc<str>), usize>,
    events: Vec<Event>,
    way: Way,
    order: usize,
    rows: FxHashMap<Span, Wanted>,
    /// The routines that jump to labels: there the order of the text says little.
    jumping: FxHashSet<usize>,
}

/// The spans of the keywords of which more than one row is wanted, and what is done with the rows.
pub fn wanted(whole: &Whole) -> FxHashMap<Span, Wanted> {
    let mut uses = Uses {
        whole,
        routine: 0,
        variables: FxHashMap::default(),
        events: Vec::new(),
        way: Vec::new(),
        order: 0,
        rows: FxHashMap::default(),
        jumping: (0..whole.routines.len()).filter(|routine| has_jumps(whole.routines[*routine].body)).collect(),
    };
    for routine in 0..whole.routines.len() {
        uses.routine = routine;
        uses.block(whole.routines[routine].body);
    }
    let mut rows = std::mem::take(&mut uses.rows);
    for (index, event) in uses.events.iter().enumerate() {
        if let What::Rows(span) = event.what
            && uses.wants_list(index)
        {
            rows.insert(span, Wanted::List);
        }
    }
    rows
}

impl Uses<'_> {
    fn wants_list(&self, index: usize) -> bool {
        let assignment = &self.events[index];
        let same = |event: &&Event| event.variable == assignment.variable;
        let jumps = self.jumping.contains(&assignment.routine);
        let ends = |event: &Event| {
            !jumps && matches!(event.what, What::Rows(_) | What::Assigned) && assignment.way.starts_with(&event.way)
        };
        let after = self.events[index + 1..].iter().filter(same);
        let after = after.take_while(|event| !ends(event)).filter(|event| jumps || !are_exclusive(&assignment.way, &event.way));
        // Around a loop, what stands before the assignment comes after it.
        let repeats = assignment.way.iter().find(|(_, _, repeats)| *repeats);
        let around = self.events[..index].iter().filter(same).filter(|event| {
            jumps && event.routine == assignment.routine || repeats.is_some_and(|(statement, ..)| event.way.iter().any(|(other, ..)| other == statement))
        });
        let around = around.take_while(|event| !ends(event));
        let mut was_read = false;
        for event in after.chain(around) {
            match event.what {
                What::List => return true,
                What::Passed if !was_read => return true,
                What::Row => was_read = true,
                What::Passed | What::Rows(_) | What::Assigned => {}
            }
        }
        false
    }

    fn note(&mut self, variable: usize, what: What) {
        self.events.push(Event { routine: self.routine, variable, what, way: self.way.clone() });
    }

    fn variable(&mut self, name: &Name) -> Option<usize> {
        let owner = match self.whole.meaning(self.routine, &name.folded) {
            Meaning::Own => self.routine,
            Meaning::Main => 0,
            Meaning::Call(_) | Meaning::Error | Meaning::Unset => return None,
        };
        let next = self.variables.len();
        Some(*self.variables.entry((owner, name.folded.clone())).or_insert(next))
    }

    fn block(&mut self, block: &[Statement]) {
        for statement in block {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        self.order += 1;
        let number = self.order;
        match &statement.kind {
            StatementKind::Assign { place, operator, value } => self.assign(place, operator.is_some(), value),
            StatementKind::WithField { place, value, .. } => {
                self.uses(value, Context::Passed);
                self.place(place);
            }
            StatementKind::ForEach { variable, list, .. } => {
                self.uses(list, Context::List);
                if self.whole.builtin(self.routine, list).is_some_and(|(signature, _)| signature.row_or_list) {
                    self.rows.insert(list.span, Wanted::Pages);
                }
                self.sets(variable);
            }
            StatementKind::For { variable, .. } => {
                for expression in walk::own_expressions(statement) {
                    self.uses(expression, Context::Other);
                }
                self.sets(variable);
            }
            StatementKind::With { target, is_new, .. } => match &target.kind {
                ExpressionKind::Name(name) if *is_new => self.sets(name),
                ExpressionKind::Name(_) => self.uses(target, Context::Row),
                _ => self.place(target),
            },
            StatementKind::Return(Some(value)) | StatementKind::Throw(value) => self.uses(value, Context::Passed),
            _ => {
                for expression in walk::own_expressions(statement) {
                    self.uses(expression, Context::Other);
                }
            }
        }
        let repeats = matches!(
            statement.kind,
            StatementKind::ForEach { .. } | StatementKind::For { .. } | StatementKind::While { .. } | StatementKind::Do { .. }
        );
        // The body of WITH always runs, once: it is no block of its own here. Each part of TRY may run after the others
        // have begun, so that none of them stands for another.
        let (is_with, is_try) = (matches!(statement.kind, StatementKind::With { .. }), matches!(statement.kind, StatementKind::Try { .. }));
        for (index, block) in walk::blocks(statement).into_iter().enumerate() {
            if is_with {
                self.block(block);
                continue;
            }
            if is_try {
                self.order += 1;
            }
            let number = if is_try { self.order } else { number };
            self.way.push((number, index, repeats));
            self.block(block);
            self.way.pop();
        }
    }

    fn assign(&mut self, place: &Expression, is_compound: bool, value: &Expression) {
        let variable = match &place.kind {
            ExpressionKind::Name(name) if !is_compound => self.variable(name),
            _ => None,
        };
        match variable {
            Some(variable) => {
                let before = self.events.len();
                self.uses(value, Context::Assigned(variable));
                let rows = self.events[before..].iter().any(|event| matches!(event.what, What::Rows(_)));
                if !rows {
                    self.note(variable, What::Assigned);
                }
            }
            None => {
                self.uses(value, if is_compound { Context::Other } else { Context::Passed });
                self.place(place);
            }
        }
    }

    fn sets(&mut self, name: &Name) {
        if let Some(variable) = self.variable(name) {
            self.note(variable, What::Assigned);
        }
    }

    /// A place that is changed: its root is used as what the first step asks for.
    fn place(&mut self, place: &Expression) {
        match &place.kind {
            ExpressionKind::Field(..) | ExpressionKind::Index(..) => self.uses(place, Context::Other),
            _ => {}
        }
    }

    fn uses(&mut self, expression: &Expression, context: Context) {
        if let Some(answer) = self.whole.callee(self.routine, expression) {
            return self.call(expression, answer, context);
        }
        match &expression.kind {
            ExpressionKind::Name(name) => {
                let what = match context {
                    Context::List => What::List,
                    Context::Row => What::Row,
                    Context::Passed | Context::Assigned(_) => What::Passed,
                    Context::Other => return,
                };
                if let Some(variable) = self.variable(name) {
                    self.note(variable, what);
                }
            }
            ExpressionKind::Field(object, name) if is_list_field(name) => self.uses(object, Context::List),
            ExpressionKind::Field(object, _) => self.uses(object, Context::Row),
            ExpressionKind::Index(object, index) => {
                let is_key = matches!(index.kind, ExpressionKind::Text(_));
                self.uses(object, if is_key { Context::Row } else { Context::List });
                self.uses(index, Context::Other);
            }
            ExpressionKind::Method { object, name, arguments } => {
                self.uses(object, if appends(name) || is_list_field(name) { Context::List } else { Context::Other });
                for argument in arguments {
                    self.uses(argument, Context::Passed);
                }
            }
            ExpressionKind::Conditional(condition, yes, no) => {
                self.uses(condition, Context::Other);
                self.uses(yes, context);
                self.uses(no, context);
            }
            ExpressionKind::Binary(BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Coalesce, a, b) => {
                self.uses(a, context);
                self.uses(b, context);
            }
            ExpressionKind::Array(items) => {
                for item in items {
                    self.uses(item, Context::Passed);
                }
            }
            ExpressionKind::Object(fields) => {
                for (_, value) in fields {
                    self.uses(value, Context::Passed);
                }
            }
            ExpressionKind::In(_, value, list) => {
                self.uses(value, Context::Other);
                self.uses(list, Context::List);
            }
            _ => {
                for part in walk::parts(expression) {
                    self.uses(part, Context::Other);
                }
            }
        }
    }

    fn call(&mut self, expression: &Expression, answer: Answer, context: Context) {
        let arguments = walk::parts(expression);
        match answer {
            Answer::Procedure(_) | Answer::Nobody => {
                for argument in arguments {
                    self.uses(argument, Context::Passed);
                }
            }
            Answer::Builtin(index) => {
                let whole = self.whole;
                let signature = &whole.signatures[usize::from(index)];
                for (index, argument) in arguments.into_iter().enumerate() {
                    self.uses(argument, argument_context(signature, index));
                }
                if signature.row_or_list {
                    match context {
                        Context::Assigned(variable) => self.note(variable, What::Rows(expression.span)),
                        Context::List | Context::Passed => drop(self.rows.insert(expression.span, Wanted::List)),
                        Context::Row | Context::Other => {}
                    }
                }
            }
        }
    }
}

/// What a built-in does with an argument.
fn argument_context(signature: &Signature, index: usize) -> Context {
    let Some(param) = reach::param(signature, index) else { return Context::Passed };
    match param.role {
        Role::Value if signature.kind == Kind::Pure && signature.phrase.starts_with("IS") => Context::Other,
        Role::Value if matches!(param.name, "array" | "arrays" | "list" | "rows" | "items") => Context::List,
        // Where one record is meant, a list would be refused.
        Role::Value if matches!(param.name, "record" | "base" | "now" | "local" | "remote" | "partial" | "conflict") => Context::Row,
        Role::Value | Role::Record => Context::Passed,
        // A variable with rows stands here only to be counted or summed.
        Role::Table => Context::List,
        Role::Filter | Role::Url | Role::Header | Role::MemoryKey | Role::Recipient | Role::Field
        | Role::Word => Context::Other,
    }
}

fn is_list_field(name: &Name) -> bool {
    matches!(&*name.folded, "length" | "count")
}

/// Whether a routine goes on at labels.
fn has_jumps(body: &[Statement]) -> bool {
    let mut found = false;
    walk::each_statement(body, &mut |statement| found |= matches!(statement.kind, StatementKind::Label(_)));
    found
}

/// Whether two ways part at one statement into different blocks of it, so that only one of them is taken.
fn are_exclusive(a: &Way, b: &Way) -> bool {
    let parting = a.iter().zip(b).find(|(a, b)| a != b);
    parting.is_some_and(|(a, b)| a.0 == b.0)
}
