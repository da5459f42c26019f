//! Where values come from: the definitions of every variable, field and result in the whole program.
//!
//! Fields are followed by their names alone, whatever object they are of. That errs on the side of too many
//! sources, never too few, for everything that the script's own text computes.

mod closure;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gbvm_vm::signature::Kind;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ast::{BinaryOperator, Expression, ExpressionKind, Literal, Name, Statement, StatementKind};
use crate::resolve::{Answer, Meaning, Whole, appends};
use crate::walk::{self, WithStyle};

pub use closure::Search;

/// Something that holds values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Slot {
    /// A variable of a routine.
    Variable(usize, Rc<str>),
    /// A field of any object.
    Field(Rc<str>),
    /// A field whose name is only known at run time: what is set there may be read as any field.
    AnyField,
    /// Where a field is read whose name is only known at run time: all fields.
    AllFields,
    /// The result of a routine.
    Result(usize),
}

/// The number of a slot of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SlotIndex(u32);

/// The slot of fields whose names are only known at run time.
const ANY_FIELD: SlotIndex = SlotIndex(0);
/// The slot of all fields.
const ALL_FIELDS: SlotIndex = SlotIndex(1);

/// One step from a value back to where it comes from.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// The value of an expression.
    Expression(Origin<'a>),
    /// Whatever a slot holds.
    Slot(SlotIndex),
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

/// The fields that a script sets in one variable.
#[derive(Debug, Default)]
struct Fields {
    sets: Vec<FieldSet>,
    /// Their names in lower case.
    folded: FxHashSet<String>,
}

/// How many origins all questions about one program may look at. A script that a person or a generator wrote needs a
/// small part of it. What would need more is not followed: its tables and columns are seen when it runs.
const LOOKS_MAX: usize = 1_000_000;

/// The definitions of a program.
#[derive(Debug)]
pub struct Flows<'a> {
    whole: &'a Whole<'a>,
    slots: FxHashMap<Slot, SlotIndex>,
    /// What each slot may hold.
    sources: Vec<Vec<Origin<'a>>>,
    /// The slots of fields with known names.
    known_fields: Vec<SlotIndex>,
    fields: FxHashMap<Variable, Fields>,
    blocks: u32,
    /// The closures that were asked for.
    closures: RefCell<FxHashMap<SlotIndex, Rc<[Origin<'a>]>>>,
    /// How many origins may still be looked at.
    looks: Cell<usize>,
}

impl<'a> Flows<'a> {
    /// The definitions of a program.
    pub fn new(whole: &'a Whole<'a>) -> Flows<'a> {
        let mut flows = Flows {
            whole,
            slots: FxHashMap::default(),
            sources: Vec::new(),
            known_fields: Vec::new(),
            fields: FxHashMap::default(),
            blocks: 0,
            closures: RefCell::default(),
            looks: Cell::new(LOOKS_MAX),
        };
        for (slot, index) in [(Slot::AnyField, ANY_FIELD), (Slot::AllFields, ALL_FIELDS)] {
            let made = flows.slot_index(slot);
            debug_assert_eq!(made, index);
        }
        for routine in 0..whole.routines.len() {
            flows.block(routine, whole.routines[routine].body, None);
        }
        flows
    }

    /// The program.
    pub fn whole(&self) -> &'a Whole<'a> {
        self.whole
    }

    /// The fields that the script sets in a variable, with the block of each.
    pub fn fields_of(&self, routine: usize, name: &Name) -> &[FieldSet] {
        self.fields_in(routine, name).map_or(&[], |fields| &fields.sets)
    }

    /// Whether the script sets a field of a variable, whatever the case of its letters.
    pub fn sets_field(&self, routine: usize, variable: &Name, field: &Name) -> bool {
        self.fields_in(routine, variable).is_some_and(|fields| fields.folded.contains(&*field.folded))
    }

    fn fields_in(&self, routine: usize, name: &Name) -> Option<&Fields> {
        self.fields.get(&self.owner(routine, &name.folded)?)
    }

    fn owner(&self, routine: usize, name: &Rc<str>) -> Option<Variable> {
        match self.whole.meaning(routine, name) {
            Meaning::Own => Some((routine, name.clone())),
            Meaning::Main => Some((0, name.clone())),
            Meaning::Call(_) | Meaning::Error | Meaning::Unset => None,
        }
    }

    /// The slot whose value an expression has, if that is all that it has: expressions with the same one come from the
    /// same places.
    pub fn slot_of(&self, routine: usize, expression: &Expression) -> Option<SlotIndex> {
        match self.whole.callee(routine, expression) {
            Some(Answer::Procedure(index)) => return self.slots.get(&Slot::Result(index)).copied(),
            Some(Answer::Builtin(_) | Answer::Nobody) => return None,
            None => {}
        }
        match &expression.kind {
            ExpressionKind::Name(name) => {
                let (owner, name) = self.owner(routine, &name.folded)?;
                self.slots.get(&Slot::Variable(owner, name)).copied()
            }
            ExpressionKind::Field(_, name) => Some(self.field(&name.folded)),
            _ => None,
        }
    }

    /// The slot that is read where a field of this name is.
    fn field(&self, folded: &Rc<str>) -> SlotIndex {
        self.slots.get(&Slot::Field(folded.clone())).copied().unwrap_or(ANY_FIELD)
    }

    /// What may give an expression its value, one step back.
    pub fn steps(&self, origin: Origin<'a>, see: &mut dyn FnMut(Step<'a>)) {
        let Origin { expression, routine, .. } = origin;
        let here = |expression: &'a Expression| Step::Expression(Origin { expression, ..origin });
        if let Some(slot) = self.slot_of(routine, expression) {
            return see(Step::Slot(slot));
        }
        if let Some(answer) = self.whole.callee(routine, expression) {
            if let Answer::Builtin(index) = answer
                && self.whole.signatures[usize::from(index)].kind == Kind::Pure
            {
                walk::parts(expression).into_iter().for_each(|part| see(here(part)));
            }
            return;
        }
        match &expression.kind {
            ExpressionKind::Index(object, index) => {
                see(here(object));
                match &index.kind {
                    ExpressionKind::Literal(Literal::Int(_)) => {}
                    ExpressionKind::Text(key) => see(Step::Slot(self.field(&key.to_lowercase().into()))),
                    _ => see(Step::Slot(ALL_FIELDS)),
                }
            }
            ExpressionKind::Conditional(_, yes, no) => [yes, no].into_iter().for_each(|part| see(here(part))),
            ExpressionKind::Binary(BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Coalesce, a, b) => {
                [a, b].into_iter().for_each(|part| see(here(part)));
            }
            ExpressionKind::Array(items) => items.iter().for_each(|item| see(here(item))),
            _ => {}
        }
    }

    /// What a slot may hold, one step back.
    pub fn sources_of(&self, slot: SlotIndex, see: &mut dyn FnMut(Step<'a>)) {
        self.sources[slot.0 as usize].iter().for_each(|origin| see(Step::Expression(*origin)));
        if slot == ALL_FIELDS {
            self.known_fields.iter().for_each(|field| see(Step::Slot(*field)));
        }
        if slot == ALL_FIELDS || self.known_fields.binary_search_by_key(&slot.0, |field| field.0).is_ok() {
            see(Step::Slot(ANY_FIELD));
        }
    }

    fn slot_index(&mut self, slot: Slot) -> SlotIndex {
        let next = SlotIndex(self.sources.len() as u32);
        let is_field = matches!(slot, Slot::Field(_));
        let index = *self.slots.entry(slot).or_insert(next);
        if index == next {
            self.sources.push(Vec::new());
            if is_field {
                self.known_fields.push(next);
            }
        }
        index
    }

    fn add(&mut self, slot: Slot, routine: usize, expression: &'a Expression, block: u32) {
        let origin = Origin { expression, routine, block: Some(block) };
        let index = self.slot_index(slot);
        self.sources[index.0 as usize].push(origin);
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

    fn set_field(&mut self, routine: usize, variable: &Rc<str>, field: &Rc<str>, block: u32) {
        if let Some(key) = self.owner(routine, variable) {
            let fields = self.fields.entry(key).or_default();
            fields.sets.push((field.clone(), block));
            fields.folded.insert(field.to_lowercase());
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
