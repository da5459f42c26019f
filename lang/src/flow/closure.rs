//! Follows values back to all the places that they may come from.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::{Flows, Origin, SlotIndex, Step};
use crate::ast::Expression;

/// A walk from values back to where they come from. It looks once at each expression and at each slot, so that it takes
/// no longer than the program is large, wherever it begins.
pub struct Search<'f, 'a> {
    flows: &'f Flows<'a>,
    expressions: FxHashSet<*const Expression>,
    slots: FxHashSet<SlotIndex>,
    /// What was found; up to `next` it has been followed.
    found: Vec<Origin<'a>>,
    next: usize,
}

impl<'f, 'a> Search<'f, 'a> {
    /// A walk that begins nowhere yet.
    pub fn new(flows: &'f Flows<'a>) -> Search<'f, 'a> {
        Search { flows, expressions: FxHashSet::default(), slots: FxHashSet::default(), found: Vec::new(), next: 0 }
    }

    /// Adds a place to begin, or to go on from.
    pub fn add(&mut self, origin: Origin<'a>) {
        if self.expressions.insert(std::ptr::from_ref(origin.expression)) {
            self.found.push(origin);
        }
    }

    /// Adds all that a slot may hold.
    fn add_slot(&mut self, slot: SlotIndex) {
        if self.slots.insert(slot) {
            let flows = self.flows;
            flows.sources_of(slot, &mut |step| self.step(step));
        }
    }

    fn step(&mut self, step: Step<'a>) {
        match step {
            Step::Expression(origin) => self.add(origin),
            Step::Slot(slot) => self.add_slot(slot),
        }
    }
}

impl<'a> Iterator for Search<'_, 'a> {
    type Item = Origin<'a>;

    fn next(&mut self) -> Option<Origin<'a>> {
        let origin = *self.found.get(self.next)?;
        self.next += 1;
        let flows = self.flows;
        flows.steps(origin, &mut |step| self.step(step));
        Some(origin)
    }
}

/// An expression, and all those whose value it may have.
pub struct Closure<'a> {
    /// The expression.
    first: Origin<'a>,
    /// The others, each once.
    rest: Rc<[Origin<'a>]>,
    /// Whether all of them are here; else there are none, and nothing is known.
    pub is_whole: bool,
}

impl<'a> Closure<'a> {
    /// The expression, then the others.
    pub fn iter(&self) -> impl Iterator<Item = Origin<'a>> + '_ {
        std::iter::once(self.first).chain(self.rest.iter().copied())
    }
}

impl<'a> Flows<'a> {
    /// The expression and all those whose value it may have.
    pub fn closure(&self, routine: usize, expression: &'a Expression) -> Closure<'a> {
        let first = Origin { expression, routine, block: None };
        let rest = match self.slot_of(routine, expression) {
            Some(slot) => self.closure_of_slot(slot),
            None => {
                let mut search = Search::new(self);
                search.add(first);
                search.next();
                self.all(search)
            }
        };
        let is_whole = rest.is_some() && self.looks(rest.as_ref().map_or(0, |rest| rest.len()));
        Closure { first, rest: rest.filter(|_| is_whole).unwrap_or_else(|| Rc::new([])), is_whole }
    }

    /// Notes that so many origins are looked at; false where that would be too many.
    pub fn looks(&self, count: usize) -> bool {
        let left = self.looks.get().checked_sub(count);
        self.looks.set(left.unwrap_or(0));
        left.is_some()
    }

    fn closure_of_slot(&self, slot: SlotIndex) -> Option<Rc<[Origin<'a>]>> {
        if let Some(known) = self.closures.borrow().get(&slot) {
            return Some(known.clone());
        }
        let mut search = Search::new(self);
        search.add_slot(slot);
        let found = self.all(search)?;
        self.closures.borrow_mut().insert(slot, found.clone());
        Some(found)
    }

    /// All that a walk finds from here on; nothing where that is too much.
    fn all(&self, search: Search<'_, 'a>) -> Option<Rc<[Origin<'a>]>> {
        let mut found = Vec::new();
        for origin in search {
            if !self.looks(1) {
                return None;
            }
            found.push(origin);
        }
        Some(found.into())
    }
}
