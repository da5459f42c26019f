//! The addresses that a program's own text asks for: how each may begin, and the origin that this settles.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::ast::{Expression, ExpressionKind};
use crate::flow::{Flows, Origin, SlotIndex, Step};

/// How many beginnings of one address are told apart.
const PREFIXES_MAX: usize = 64;
/// How many steps back one beginning is followed.
const STEPS_MAX: usize = 64;
/// How many expressions are looked at for one address.
const VISITS_MAX: usize = 2_000;
/// How many expressions are looked at for all addresses of a program.
const LOOKS_MAX: usize = 5_000_000;
/// How much of an address is of interest, in bytes.
const LENGTH_MAX: usize = 512;

/// A text that is known from its beginning: up to its end, or up to a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Prefix {
    text: String,
    is_whole: bool,
}

impl Prefix {
    fn unknown() -> Prefix {
        Prefix { text: String::new(), is_whole: false }
    }

    fn then(&self, after: &Prefix) -> Prefix {
        let text = format!("{}{}", self.text, after.text);
        Prefix { text, is_whole: after.is_whole }.cut()
    }

    /// The same without what is of no interest: what stands behind the origin, and what is too long to be one.
    fn cut(self) -> Prefix {
        if let Some((scheme, rest)) = self.text.split_once("://")
            && let Some(end) = rest.find(['/', '?', '#'])
        {
            let length = scheme.len() + "://".len() + end + 1;
            return Prefix { text: self.text[..length].to_owned(), is_whole: false };
        }
        if self.text.len() > LENGTH_MAX {
            return Prefix { text: self.text.chars().take(LENGTH_MAX).collect(), is_whole: false };
        }
        self
    }

    /// The origin that an address with this beginning has, if its text settles it: `scheme://host[:port]`, in lower case.
    fn origin(&self) -> Option<String> {
        let text = self.text.trim_start();
        let (scheme, rest) = text.split_once("://")?;
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return None;
        }
        let end = rest.find(['/', '?', '#']);
        let authority = match end {
            Some(end) => &rest[..end],
            None if self.is_whole => rest,
            None => return None,
        };
        let is_plain = !authority.is_empty()
            && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
        is_plain.then(|| format!("{scheme}://{authority}").to_ascii_lowercase())
    }
}

/// The beginnings that a value may have.
type Prefixes = Rc<BTreeSet<Prefix>>;

/// The addresses of a program. What a variable may begin with is found once.
pub struct Addresses<'f, 'a> {
    flows: &'f Flows<'a>,
    known: RefCell<FxHashMap<SlotIndex, Prefixes>>,
    looks: Cell<usize>,
}

/// Where a search for beginnings stands.
#[derive(Default)]
struct Way {
    /// The slots that led here: what one of them begins with is not known yet.
    slots: Vec<SlotIndex>,
    /// How many steps were made.
    steps: usize,
    /// How many expressions were looked at.
    visits: usize,
    /// The outermost of the slots that was met again, by its place in `slots`.
    outermost: Option<usize>,
    /// Whether something was left out because it was too much. What is found since is not the whole.
    is_cut: bool,
}

impl<'f, 'a> Addresses<'f, 'a> {
    /// The addresses of a program, none of which is looked at yet.
    pub fn new(flows: &'f Flows<'a>) -> Addresses<'f, 'a> {
        Addresses { flows, known: RefCell::default(), looks: Cell::new(0) }
    }

    /// The origins that an address may have, as far as the script's text says so.
    pub fn origins(&self, routine: usize, argument: &'a Expression) -> BTreeSet<String> {
        self.beginnings(routine, argument).iter().filter_map(Prefix::origin).collect()
    }

    /// Whether the script's text settles the origin of an address, whichever way its value comes about.
    pub fn settles_origin(&self, routine: usize, argument: &'a Expression) -> bool {
        self.beginnings(routine, argument).iter().all(|prefix| prefix.origin().is_some())
    }

    fn beginnings(&self, routine: usize, argument: &'a Expression) -> Prefixes {
        self.of(Origin { expression: argument, routine, block: None }, &mut Way::default())
    }

    fn of(&self, origin: Origin<'a>, way: &mut Way) -> Prefixes {
        if let ExpressionKind::Text(text) = &origin.expression.kind {
            return Rc::new(BTreeSet::from([Prefix { text: text.to_string(), is_whole: true }.cut()]));
        }
        way.visits += 1;
        self.looks.update(|looks| looks + 1);
        if way.steps > STEPS_MAX || way.visits > VISITS_MAX || self.looks.get() > LOOKS_MAX {
            way.is_cut = true;
            return Rc::new(BTreeSet::from([Prefix::unknown()]));
        }
        way.steps += 1;
        let found = match &origin.expression.kind {
            ExpressionKind::Sum(parts) | ExpressionKind::Concat(parts) | ExpressionKind::Interpolation(parts) => self.joined(parts, origin, way),
            _ => {
                let mut found = Vec::new();
                self.flows.steps(origin, &mut |step| found.push(step));
                self.either(found, way)
            }
        };
        way.steps -= 1;
        found
    }

    /// The beginnings of what is joined of parts.
    fn joined(&self, parts: &'a [Expression], origin: Origin<'a>, way: &mut Way) -> Prefixes {
        let mut joined = BTreeSet::from([Prefix { text: String::new(), is_whole: true }]);
        for part in parts {
            if joined.iter().all(|prefix| !prefix.is_whole) {
                break;
            }
            let next = self.of(Origin { expression: part, ..origin }, way);
            let (whole, ended): (BTreeSet<_>, BTreeSet<_>) = joined.into_iter().partition(|prefix| prefix.is_whole);
            joined = ended;
            add(&mut joined, whole.iter().flat_map(|before| next.iter().map(|after| before.then(after))));
        }
        Rc::new(joined)
    }

    /// The beginnings of what may come from several places; of what comes from nowhere that is known, nothing is.
    fn either(&self, steps: Vec<Step<'a>>, way: &mut Way) -> Prefixes {
        let mut found = BTreeSet::new();
        for step in steps {
            let next = match step {
                Step::Expression(origin) => self.of(origin, way),
                Step::Slot(slot) => self.of_slot(slot, way),
            };
            add(&mut found, next.iter().cloned());
        }
        if found.is_empty() {
            found.insert(Prefix::unknown());
        }
        Rc::new(found)
    }

    fn of_slot(&self, slot: SlotIndex, way: &mut Way) -> Prefixes {
        if let Some(known) = self.known.borrow().get(&slot) {
            return known.clone();
        }
        if let Some(at) = way.slots.iter().position(|around| *around == slot) {
            way.outermost = Some(way.outermost.map_or(at, |outermost| outermost.min(at)));
            return Rc::new(BTreeSet::from([Prefix::unknown()]));
        }
        let outer = way.outermost.take();
        way.slots.push(slot);
        let mut steps = Vec::new();
        self.flows.sources_of(slot, &mut |step| steps.push(step));
        let found = self.either(steps, way);
        way.slots.pop();
        // What depends on a slot that led here may be known better from elsewhere.
        let own = way.outermost.filter(|outermost| *outermost < way.slots.len());
        if own.is_none() && !way.is_cut {
            self.known.borrow_mut().insert(slot, found.clone());
        }
        way.outermost = [outer, own].into_iter().flatten().min();
        found
    }
}

/// Adds beginnings as long as there are not too many; then any other is unknown.
fn add(found: &mut BTreeSet<Prefix>, more: impl Iterator<Item = Prefix>) {
    for prefix in more {
        if found.len() >= PREFIXES_MAX && !found.contains(&prefix) {
            found.insert(Prefix::unknown());
            return;
        }
        found.insert(prefix);
    }
}
