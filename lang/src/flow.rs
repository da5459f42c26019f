//! Where values come from: the definitions of every variable, field and result in the whole program.
//!
//! Fields are followed by their names alone, whatever object they are of. That errs on the side of too many
//! sources, never too few, for everything that the script's own text computes.

use std::rc::Rc;

use gbvm_vm::signature::Kind;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ast::{BinaryOperator, Expression, ExpressionKind, Literal, Statement, StatementKind};
use crate::resolve::{Answer, Meaning, Whole, appends};
use crate::walk::{self, WithStyle};

/// Something that holds values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Slot {
    /// A variable of a routine.
    Variable(usize, Rc<str>),
    /// A field of any object.
    Field(Rc<str>),
    /// A field whose name is only known at run time.
    AnyField,
    /// The result of a routine.
    Result(usize),
}

/// An expression together with where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The expression.
    pub expression: &'a Expression,
    /// The routine it stands in.
    pub routine: usize,
    /// The list of statements in which a variable gets it; none for the expression that one starts from.
    pub block: Option<u32>,
}

/// A variable: the routine it belongs to, and its name.
type Variable = (usize, Rc<str>);

/// A field that is set in a variable, and the list of statements that sets it.
pub type FieldSet = (Rc<str>, u32);

/// The definitions of a program.
#[derive(Debug)]
pub struct Flows<'a> {
    whole: &'a Whole<'a>,
    sources: FxHashMap<Slot, Vec<Origin<'a>>>,
    fields: FxHashMap<Variable, Vec<FieldSet>>,
    blocks: u32,
}

impl<'a> Flows<'a> {
    /// The definitions of a program.
    pub fn new(whole: &'a Whole<'a>) -> Flows<'a> {
        let mut flows = Flows { whole, sources: FxHashMap::default(), fields: FxHashMap::default(), blocks: 0 };
        for routine in 0..whole.routines.len() {
            flows.block(routine, whole.routines[routine].body, None);
        }
        flows
    }

    /// The program.
    pub fn whole(&self) -> &'a Whole<'a> {
        self.whole
    }

    /// The expression and all those whose value it may have, each once.
    pub fn closure(&self, routine: usize, expression: &'a Expression) -> Vec<Origin<'a>> {
        let mut found = vec![Origin { expression, routine, block: None }];
        let mut seen = FxHashSet::from_iter([std::ptr::from_ref(expression)]);
        let mut next = 0;
        while let Some(origin) = found.get(next).copied() {
            next += 1;
            for source in self.next(origin) {
                if seen.insert(std::ptr::from_ref(source.expression)) {
                    found.push(source);
                }
            }
        }
        found
    }

    /// The fields that the script sets in a variable, with the block of each.
    pub fn fields_of(&self, routine: usize, name: &str) -> &[FieldSet] {
        self.owner(routine, name).and_then(|key| self.fields.get(&key)).map_or(&[], Vec::as_slice)
    }

    fn owner(&self, routine: usize, name: &str) -> Option<Variable> {
        match self.whole.meaning(routine, name) {
            Meaning::Own => Some((routine, name.into())),
            Meaning::Main => Some((0, name.into())),
            Meaning::Call(_) | Meaning::Error | Meaning::Unset => None,
        }
    }

    /// The expressions that may give an expression its value, one step back.
    pub fn next(&self, origin: Origin<'a>) -> Vec<Origin<'a>> {
        let Origin { expression, routine, block } = origin;
        let here = |expression: &'a Expression| Origin { expression, routine, block };
        if let Some(answer) = self.whole.callee(routine, expression) {
            return match answer {
                Answer::Procedure(index) => self.sources_of(&Slot::Result(index)),
                Answer::Builtin(index) if self.whole.signatures[usize::from(index)].kind == Kind::Pure => {
                    walk::parts(expression).into_iter().map(here).collect()
                }
                Answer::Builtin(_) | Answer::Nobody => Vec::new(),
            };
        }
        match &expression.kind {
            ExpressionKind::Name(name) => match self.owner(routine, &name.folded) {
                Some((owner, name)) => self.sources_of(&Slot::Variable(owner, name)),
                None => Vec::new(),
            },
            ExpressionKind::Field(_, name) => self.field(&name.folded),
            ExpressionKind::Index(object, index) => {
                let mut sources = vec![here(object)];
                match &index.kind {
                    ExpressionKind::Literal(Literal::Int(_)) => {}
                    ExpressionKind::Text(key) => sources.extend(self.field(&key.to_lowercase())),
                    _ => {
                        let fields = self.sources.iter().filter(|(slot, _)| matches!(slot, Slot::Field(_) | Slot::AnyField));
                        sources.extend(fields.flat_map(|(_, sources)| sources.iter().copied()));
                    }
                }
                sources
            }
            ExpressionKind::Conditional(_, yes, no) => vec![here(yes), here(no)],
            ExpressionKind::Binary(BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Coalesce, a, b) => {
                vec![here(a), here(b)]
            }
            ExpressionKind::Array(items) => items.iter().map(here).collect(),
            _ => Vec::new(),
        }
    }

    fn field(&self, name: &str) -> Vec<Origin<'a>> {
        let mut sources = self.sources_of(&Slot::Field(name.into()));
        sources.extend(self.sources_of(&Slot::AnyField));
        sources
    }

    fn sources_of(&self, slot: &Slot) -> Vec<Origin<'a>> {
        self.sources.get(slot).cloned().unwrap_or_default()
    }

    fn add(&mut self, slot: Slot, routine: usize, expression: &'a Expression, block: u32) {
        let origin = Origin { expression, routine, block: Some(block) };
        self.sources.entry(slot).or_default().push(origin);
    }

    /// The slot that a place belongs to.
    fn slot(&self, routine: usize, place: &Expression) -> Option<Slot> {
        match &place.kind {
            ExpressionKind::Name(name) => self.owner(routine, &name.folded).map(|(owner, name)| Slot::Variable(owner, name)),
            ExpressionKind::Field(_, name) => Some(Slot::Field(name.folded.clone())),
            ExpressionKind::Index(object, index) => match &index.kind {
                ExpressionKind::Text(key) => Some(Slot::Field(key.to_lowercase().into())),
                ExpressionKind::Literal(Literal::Int(_)) => self.slot(routine, object),
                _ => Some(Slot::AnyField),
            },
            _ => None,
        }
    }

    fn assign(&mut self, routine: usize, place: &'a Expression, value: &'a Expression, block: u32) {
        if let Some(slot) = self.slot(routine, place) {
            self.add(slot, routine, value, block);
        }
        match &place.kind {
            ExpressionKind::Index(object, _) => {
                if let Some(slot) = self.slot(routine, object) {
                    self.add(slot, routine, value, block);
                }
            }
            ExpressionKind::Field(object, field) => {
                if let ExpressionKind::Name(name) = &object.kind {
                    self.set_field(routine, &name.folded, &field.text, block);
                }
            }
            ExpressionKind::Name(name) => {
                let this = &self.whole.routines[routine];
                if this.is_function && this.name.is_some_and(|own| own.folded == name.folded) {
                    self.add(Slot::Result(routine), routine, value, block);
                }
            }
            _ => {}
        }
    }

    fn set_field(&mut self, routine: usize, variable: &str, field: &Rc<str>, block: u32) {
        if let Some(key) = self.owner(routine, variable) {
            self.fields.entry(key).or_default().push((field.clone(), block));
        }
    }

    fn block(&mut self, routine: usize, statements: &'a [Statement], target: Option<&'a Expression>) {
        self.blocks += 1;
        let block = self.blocks;
        for statement in statements {
            self.statement(routine, statement, block, target);
        }
    }

    fn statement(&mut self, routine: usize, statement: &'a Statement, block: u32, target: Option<&'a Expression>) {
        for expression in walk::own_expressions(statement) {
            walk::each_part(expression, &mut |part| self.part(routine, part, block));
        }
        match &statement.kind {
            StatementKind::Assign { place, value, .. } => self.assign(routine, place, value, block),
            StatementKind::WithField { place, value, .. } => self.with_line(routine, place, value, block, target),
            StatementKind::With { target, body, .. } => {
                let bare = walk::with_style(body) == WithStyle::Bare;
                self.blocks += 1;
                for line in body {
                    match &line.kind {
                        StatementKind::Assign { place, value, .. } if bare => {
                            walk::each_part(value, &mut |part| self.part(routine, part, block));
                            self.with_line(routine, place, value, block, Some(target));
                        }
                        _ => self.statement(routine, line, block, Some(target)),
                    }
                }
                return;
            }
            StatementKind::ForEach { variable, list, .. } => {
                if let Some((owner, name)) = self.owner(routine, &variable.folded) {
                    self.add(Slot::Variable(owner, name), routine, list, block);
                }
            }
            StatementKind::Return(Some(value)) => self.add(Slot::Result(routine), routine, value, block),
            _ => {}
        }
        for inner in walk::blocks(statement) {
            self.block(routine, inner, target);
        }
    }

    /// One line of WITH: its place is the target's field, or a path from there.
    fn with_line(
        &mut self,
        routine: usize,
        place: &'a Expression,
        value: &'a Expression,
        block: u32,
        target: Option<&'a Expression>,
    ) {
        let field = match &place.kind {
            ExpressionKind::Name(name) => &name.text,
            ExpressionKind::Field(_, name) => &name.text,
            _ => return self.assign(routine, place, value, block),
        };
        self.add(Slot::Field(field.to_lowercase().into()), routine, value, block);
        let first = first_step(place).unwrap_or(field).clone();
        if let Some(ExpressionKind::Name(variable)) = target.map(|target| &target.kind) {
            self.set_field(routine, &variable.folded, &first, block);
        }
    }

    fn part(&mut self, routine: usize, part: &'a Expression, block: u32) {
        match &part.kind {
            ExpressionKind::Call { name, arguments } => {
                let Answer::Procedure(index) = self.whole.answer(&name.folded) else { return };
                let whole = self.whole;
                for (parameter, argument) in whole.routines[index].parameters.iter().zip(arguments) {
                    self.add(Slot::Variable(index, parameter.folded.clone()), routine, argument, block);
                }
            }
            ExpressionKind::Method { object, name, arguments } if appends(name) => {
                for argument in arguments {
                    if let Some(slot) = self.slot(routine, object) {
                        self.add(slot, routine, argument, block);
                    }
                }
            }
            ExpressionKind::Object(fields) => {
                for (key, value) in fields {
                    self.add(Slot::Field(key.to_lowercase().into()), routine, value, block);
                }
            }
            _ => {}
        }
    }
}

/// The field that a path inside of WITH begins with.
fn first_step(place: &Expression) -> Option<&Rc<str>> {
    let mut place = place;
    let mut step = None;
    loop {
        match &place.kind {
            ExpressionKind::Field(object, name) => {
                step = Some(&name.text);
                place = object;
            }
            ExpressionKind::Index(object, _) => place = object,
            ExpressionKind::Name(name) => return Some(&name.text),
            _ => return step,
        }
    }
}
