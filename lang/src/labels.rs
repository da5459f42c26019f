//! Labels and the jumps to them: each must lead to one place of its own procedure that can be jumped to.
//!
//! Some blocks must be entered at their head, since it sets up what their end needs: loops over FOR, SELECT, WITH and
//! the parts of TRY. A jump may leave them (but for FINALLY, which goes on with what it interrupted), not enter them.

use std::rc::Rc;

use gbvm_vm::program::line_and_column;
use rustc_hash::FxHashMap;

use crate::ast::{Name, OnError, Statement, StatementKind};
use crate::diagnostic::Diagnostic;
use crate::resolve::Whole;
use crate::source::{Source, Span};
use crate::spelling;
use crate::walk;

/// The parts of TRY.
const TRY: [&str; 3] = ["TRY", "CATCH", "FINALLY"];

/// A block that must be entered at its head.
#[derive(Clone, Copy, PartialEq)]
struct Part {
    /// Its number in the procedure.
    number: usize,
    words: &'static str,
    /// The line that opens it.
    span: Span,
    is_finally: bool,
    /// Whether leaving it runs a FINALLY.
    has_finally: bool,
}

/// A label or a jump, with the blocks around it.
struct Place<'a> {
    name: &'a Name,
    parts: Vec<Part>,
}

/// What a procedure jumps to and from.
#[derive(Default)]
struct Jumps<'a> {
    labels: Vec<Place<'a>>,
    gotos: Vec<Place<'a>>,
    /// ON ERROR GOTO: they say where to go from anywhere.
    traps: Vec<Place<'a>>,
    count: usize,
}

/// What is wrong with the labels and jumps of a program.
pub fn check(whole: &Whole, sources: &[Source]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let all: Vec<Jumps> = whole.routines.iter().map(|routine| Jumps::of(routine.body)).collect();
    for (routine, jumps) in all.iter().enumerate() {
        let mut labels: FxHashMap<&str, &Place> = FxHashMap::default();
        for label in &jumps.labels {
            if let Some(first) = labels.get(&*label.name.folded) {
                let message = format!("There is a label {} already in this procedure; give one of them another name.", label.name.text);
                diagnostics.push(Diagnostic::error("E_LABEL", label.name.span, message).with_related(first.name.span, "the first one"));
            } else {
                labels.insert(&label.name.folded, label);
            }
        }
        for label in jumps.labels.iter().filter(|label| !jumps.leads_to(&label.name.folded)) {
            let message = format!("Nothing jumps to the label {0}. To call a procedure {0}, leave the colon out.", label.name.text);
            diagnostics.push(Diagnostic::warning("W_LABEL", label.name.span, message));
        }
        for jump in jumps.gotos.iter().chain(&jumps.traps) {
            match labels.get(&*jump.name.folded) {
                Some(label) => diagnostics.extend(jumps.refusal(jump, label, sources)),
                None => diagnostics.push(unknown(whole, &all, routine, jump)),
            }
        }
    }
    diagnostics
}

/// For each label of a routine, how many FINALLYs it is inside of.
pub fn depths(body: &[Statement]) -> FxHashMap<Rc<str>, usize> {
    let depth = |place: &Place| place.parts.iter().filter(|part| part.has_finally).count();
    Jumps::of(body).labels.iter().map(|label| (label.name.folded.clone(), depth(label))).collect()
}

/// The labels that stand in a block, and not in a block inside of it that must be entered at its head.
pub fn direct(block: &[Statement]) -> Vec<Rc<str>> {
    let jumps = Jumps::of(block);
    jumps.labels.iter().filter(|label| label.parts.is_empty()).map(|label| label.name.folded.clone()).collect()
}

/// The labels that ON ERROR GOTO names in a routine, each once.
pub fn trapped(body: &[Statement]) -> Vec<Rc<str>> {
    let mut names: Vec<Rc<str>> = Vec::new();
    for trap in &Jumps::of(body).traps {
        if !names.contains(&trap.name.folded) {
            names.push(trap.name.folded.clone());
        }
    }
    names
}

impl<'a> Jumps<'a> {
    fn of(body: &'a [Statement]) -> Jumps<'a> {
        let mut jumps = Jumps::default();
        jumps.block(body, &mut Vec::new());
        jumps
    }

    fn block(&mut self, block: &'a [Statement], parts: &mut Vec<Part>) {
        for statement in block {
            let place = |name| Place { name, parts: parts.clone() };
            match &statement.kind {
                StatementKind::Label(name) => self.labels.push(place(name)),
                StatementKind::Goto(name) => self.gotos.push(place(name)),
                StatementKind::OnError(OnError::Goto(name)) => self.traps.push(place(name)),
                _ => {}
            }
            for (index, inner) in walk::blocks(statement).into_iter().enumerate() {
                match self.part(statement, index) {
                    Some(part) => {
                        parts.push(part);
                        self.block(inner, parts);
                        parts.pop();
                    }
                    None => self.block(inner, parts),
                }
            }
        }
    }

    fn leads_to(&self, folded: &str) -> bool {
        self.gotos.iter().chain(&self.traps).any(|jump| &*jump.name.folded == folded)
    }

    /// The part that a block of a statement is, if it must be entered at its head.
    fn part(&mut self, statement: &Statement, index: usize) -> Option<Part> {
        let mut has_finally = false;
        let words = match &statement.kind {
            StatementKind::ForEach { .. } => "FOR EACH",
            StatementKind::For { .. } => "FOR",
            StatementKind::Select { .. } => "SELECT CASE",
            StatementKind::With { .. } => "WITH",
            StatementKind::Try { catch, finally, .. } => {
                let part = TRY[if catch.is_none() && index == 1 { 2 } else { index }];
                has_finally = finally.is_some() && part != "FINALLY";
                part
            }
            _ => return None,
        };
        self.count += 1;
        Some(Part { number: self.count, words, span: statement.span, is_finally: words == "FINALLY", has_finally })
    }

    /// What is wrong with a jump to a label that exists.
    fn refusal(&self, jump: &Place, label: &Place, sources: &[Source]) -> Option<Diagnostic> {
        let is_trap = self.traps.iter().any(|trap| std::ptr::eq(trap, jump));
        let entered = label.parts.iter().find(|part| !jump.parts.contains(part));
        let left = jump.parts.iter().rev().find(|part| part.is_finally && !label.parts.contains(part));
        let message = match (entered, left) {
            _ if is_trap => {
                // The label serves what fails inside of the block that holds it; inside of TRY, CATCH does.
                let part = label.parts.iter().find(|part| TRY.contains(&part.words))?;
                format!("ON ERROR GOTO cannot lead into {}, whose CATCH takes the errors there.", part.words)
            }
            (Some(part), _) => {
                let line = line_and_column(&sources[usize::from(part.span.source)].text, part.span.start as usize).0;
                format!("GOTO cannot jump into the {} of line {line}, where {} stands: a block like this is entered at its head. Put the label before it.", part.words, label.name.text)
            }
            (None, Some(_)) => "GOTO cannot leave FINALLY: it goes on to its END TRY, and then with what it interrupted.".to_string(),
            (None, None) => return None,
        };
        Some(Diagnostic::error("E_LABEL", jump.name.span, message).with_related(label.name.span, "the label"))
    }
}

/// A jump to a label that its procedure does not have.
fn unknown(whole: &Whole, all: &[Jumps], routine: usize, jump: &Place) -> Diagnostic {
    let name = &jump.name.text;
    let same = |place: &&Place| place.name.folded == jump.name.folded;
    let elsewhere = all.iter().enumerate().find_map(|(other, jumps)| jumps.labels.iter().find(same).map(|label| (other, label)));
    let near = spelling::nearest(name, all[routine].labels.iter().map(|label| &*label.name.text));
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
