//! Labels and the jumps to them: each must lead to one place of its own procedure that can be jumped to.
//!
//! Some blocks must be entered at their head, since it sets up what their end needs: loops over FOR, SELECT, WITH and
//! the parts of TRY. A jump may leave them (but for FINALLY, which goes on with what it interrupted), not enter them.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ast::{Name, OnError, Statement, StatementKind};
use crate::diagnostic::Diagnostic;
use crate::resolve::Whole;
use crate::source::{Source, Span};
use crate::spelling::Names;
use crate::walk;

/// The parts of TRY.
const TRY: [&str; 3] = ["TRY", "CATCH", "FINALLY"];

/// A block that must be entered at its head.
#[derive(Clone, Copy)]
struct Part {
    /// The number of the part around it.
    around: Option<usize>,
    words: &'static str,
    /// The line that opens it.
    span: Span,
    is_finally: bool,
    /// Whether leaving it runs a FINALLY.
    has_finally: bool,
}

/// A label or a jump, with the number of the part that it stands in.
struct Place<'a> {
    name: &'a Name,
    part: Option<usize>,
}

/// What a procedure jumps to and from.
#[derive(Default)]
struct Jumps<'a> {
    labels: Vec<Place<'a>>,
    gotos: Vec<Place<'a>>,
    /// ON ERROR GOTO: they say where to go from anywhere.
    traps: Vec<Place<'a>>,
    /// The parts, those around others before these.
    parts: Vec<Part>,
}

/// What is wrong with the labels and jumps of a program.
pub fn check(whole: &Whole, sources: &[Source]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let all: Vec<Jumps> = whole.routines.iter().map(|routine| Jumps::of(routine.body)).collect();
    let mut elsewhere: FxHashMap<&str, (usize, &Place)> = FxHashMap::default();
    for (routine, jumps) in all.iter().enumerate() {
        for label in &jumps.labels {
            elsewhere.entry(&label.name.folded).or_insert((routine, label));
        }
    }
    for jumps in &all {
        let mut labels: FxHashMap<&str, &Place> = FxHashMap::default();
        for label in &jumps.labels {
            if let Some(first) = labels.get(&*label.name.folded) {
                let message = format!("There is a label {} already in this procedure; give one of them another name.", label.name.text);
                diagnostics.push(Diagnostic::error("E_LABEL", label.name.span, message).with_related(first.name.span, "the first one"));
            } else {
                labels.insert(&label.name.folded, label);
            }
        }
        let led_to: FxHashSet<&str> = jumps.gotos.iter().chain(&jumps.traps).map(|jump| &*jump.name.folded).collect();
        for label in jumps.labels.iter().filter(|label| !led_to.contains(&*label.name.folded)) {
            let message = format!("Nothing jumps to the label {0}. To call a procedure {0}, leave the colon out.", label.name.text);
            diagnostics.push(Diagnostic::warning("W_LABEL", label.name.span, message));
        }
        let names = Names::new(jumps.labels.iter().map(|label| &*label.name.text));
        for (jumps_of, is_trap) in [(&jumps.gotos, false), (&jumps.traps, true)] {
            for jump in jumps_of {
                match labels.get(&*jump.name.folded) {
                    Some(label) => diagnostics.extend(jumps.refusal(jump, is_trap, label, sources)),
                    None => diagnostics.push(unknown(whole, &names, elsewhere.get(&*jump.name.folded).copied(), jump)),
                }
            }
        }
    }
    diagnostics
}

/// The folded names of the labels of a routine.
pub fn names(body: &[Statement]) -> FxHashSet<Rc<str>> {
    let mut names = FxHashSet::default();
    walk::each_statement(body, &mut |statement| {
        if let StatementKind::Label(name) = &statement.kind {
            names.insert(name.folded.clone());
        }
    });
    names
}

/// For each label of a routine, how many FINALLYs it is inside of.
pub fn depths(body: &[Statement]) -> FxHashMap<Rc<str>, usize> {
    let jumps = Jumps::of(body);
    let depth = |place: &Place| jumps.around(place.part).filter(|part| jumps.parts[*part].has_finally).count();
    jumps.labels.iter().map(|label| (label.name.folded.clone(), depth(label))).collect()
}

/// The labels that stand in a block, and not in a block inside of it that must be entered at its head.
pub fn direct(block: &[Statement]) -> Vec<Rc<str>> {
    let mut labels = Vec::new();
    let mut waiting = vec![block.iter()];
    while let Some(statements) = waiting.last_mut() {
        let Some(statement) = statements.next() else {
            waiting.pop();
            continue;
        };
        if let StatementKind::Label(name) = &statement.kind {
            labels.push(name.folded.clone());
        }
        let inner = walk::blocks(statement).into_iter().enumerate().filter(|(index, _)| head(statement, *index).is_none());
        let inner: Vec<_> = inner.map(|(_, block)| block.iter()).collect();
        waiting.extend(inner.into_iter().rev());
    }
    labels
}

/// The labels of a routine that its ON ERROR GOTO name, each once; those that are direct in one block are neighbours.
pub fn trapped(body: &[Statement]) -> Vec<Rc<str>> {
    let jumps = Jumps::of(body);
    let parts: FxHashMap<&str, Option<usize>> = jumps.labels.iter().map(|label| (&*label.name.folded, label.part)).collect();
    let mut seen = FxHashSet::default();
    let names = jumps.traps.iter().map(|trap| &trap.name.folded).filter(|name| parts.contains_key(&***name));
    let mut names: Vec<Rc<str>> = names.filter(|name| seen.insert(&***name)).cloned().collect();
    names.sort_by_key(|name| parts[&**name]);
    names
}

impl<'a> Jumps<'a> {
    fn of(body: &'a [Statement]) -> Jumps<'a> {
        let mut jumps = Jumps::default();
        jumps.block(body, None);
        jumps
    }

    fn block(&mut self, block: &'a [Statement], part: Option<usize>) {
        for statement in block {
            match &statement.kind {
                StatementKind::Label(name) => self.labels.push(Place { name, part }),
                StatementKind::Goto(name) => self.gotos.push(Place { name, part }),
                StatementKind::OnError(OnError::Goto(name)) => self.traps.push(Place { name, part }),
                StatementKind::OnError(OnError::Resume | OnError::Fail)
                | StatementKind::Assign { .. }
                | StatementKind::If { .. }
                | StatementKind::Select { .. }
                | StatementKind::ForEach { .. }
                | StatementKind::For { .. }
                | StatementKind::While { .. }
                | StatementKind::Do { .. }
                | StatementKind::Leave(_)
                | StatementKind::Return(_)
                | StatementKind::With { .. }
                | StatementKind::WithField { .. }
                | StatementKind::Try { .. }
                | StatementKind::Throw(_)
                | StatementKind::ClearError
                | StatementKind::Shared(_)
                | StatementKind::Expression(_)
                | StatementKind::Invalid => {}
            }
            for (index, inner) in walk::blocks(statement).into_iter().enumerate() {
                let inside = match head(statement, index) {
                    Some((words, has_finally)) => {
                        self.parts.push(Part { around: part, words, span: statement.span, is_finally: words == "FINALLY", has_finally });
                        Some(self.parts.len() - 1)
                    }
                    None => part,
                };
                self.block(inner, inside);
            }
        }
    }

    /// A part and those around it, by their numbers, innermost first.
    fn around(&self, part: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(part, |part| self.parts[*part].around)
    }

    /// What is wrong with a jump to a label that exists.
    fn refusal(&self, jump: &Place, is_trap: bool, label: &Place, sources: &[Source]) -> Option<Diagnostic> {
        let (around_jump, around_label): (Vec<usize>, Vec<usize>) = (self.around(jump.part).collect(), self.around(label.part).collect());
        // Those around both are the same from the outermost on.
        let common = around_jump.iter().rev().zip(around_label.iter().rev()).take_while(|(a, b)| a == b).count();
        let entered = around_label.iter().rev().nth(common).map(|part| &self.parts[*part]);
        let left = around_jump[..around_jump.len() - common].iter().find(|part| self.parts[**part].is_finally);
        let message = match (entered, left) {
            _ if is_trap => {
                // The label serves what fails inside of the block that holds it; inside of TRY, CATCH does.
                let part = around_label.iter().rev().map(|part| &self.parts[*part]).find(|part| TRY.contains(&part.words))?;
                format!("ON ERROR GOTO cannot lead into {}, whose CATCH takes the errors there.", part.words)
            }
            (Some(part), _) => {
                let line = sources[usize::from(part.span.source)].line_and_column(part.span.start as usize).0;
                format!("GOTO cannot jump into the {} of line {line}, where {} stands: a block like this is entered at its head. Put the label before it.", part.words, label.name.text)
            }
            (None, Some(_)) => "GOTO cannot leave FINALLY: it goes on to its END TRY, and then with what it interrupted.".to_string(),
            (None, None) => return None,
        };
        Some(Diagnostic::error("E_LABEL", jump.name.span, message).with_related(label.name.span, "the label"))
    }
}

/// What must be entered at its head: what a block of a statement is, and whether leaving it runs a FINALLY.
fn head(statement: &Statement, index: usize) -> Option<(&'static str, bool)> {
    match &statement.kind {
        StatementKind::ForEach { .. } => Some(("FOR EACH", false)),
        StatementKind::For { .. } => Some(("FOR", false)),
        StatementKind::Select { .. } => Some(("SELECT CASE", false)),
        StatementKind::With { .. } => Some(("WITH", false)),
        StatementKind::Try { catch, finally, .. } => {
            let part = TRY[if catch.is_none() && index == 1 { 2 } else { index }];
            Some((part, finally.is_some() && part != "FINALLY"))
        }
        _ => None,
    }
}

/// A jump to a label that its procedure does not have.
fn unknown(whole: &Whole, own: &Names, elsewhere: Option<(usize, &Place)>, jump: &Place) -> Diagnostic {
    let name = &jump.name.text;
    let near = own.nearest(name);
    let hint = match (near, elsewhere) {
        (Some(near), _) => format!(" Did you mean {near}?"),
        (None, Some((other, _))) => {
            let place = whole.routines[other].name.map_or("the main part".to_string(), |name| name.text.to_string());
            format!(" The one in {place} cannot be reached: a jump stays in its procedure.")
        }
        (None, None) => format!(" A label is a line of its own: {name}:"),
    };
    let diagnostic = Diagnostic::error("E_LABEL", jump.name.span, format!("There is no label {name} in this procedure.{hint}"));
    match elsewhere {
        Some((_, label)) => diagnostic.with_related(label.name.span, "the label elsewhere"),
        None => diagnostic,
    }
}
