//! Places: variables, fields and elements that are changed.

use std::rc::Rc;

use gbvm_vm::isa::Instruction;
use gbvm_vm::program::{Path, Reg, Root, Span, Step};

use super::{Binding, Lowering};
use crate::ast::{Expression, ExpressionKind, Name};
use crate::resolve::Answer;

/// A variable, or something inside of one, whose indexes are computed.
#[derive(Clone, Debug)]
pub struct Place {
    root: Root,
    steps: Vec<Step>,
    /// The steps that the author wrote as an index with a text in it: they are read exactly, not ignoring case.
    indexed: Vec<(usize, Rc<str>)>,
    name: Rc<str>,
}

impl Place {
    /// The variable's own register, if the place is a whole variable in a register.
    pub fn register(&self) -> Option<Reg> {
        match (self.root, self.steps.is_empty()) {
            (Root::Register(register), true) => Some(register),
            (Root::Register(_), false) | (Root::Global(_), _) => None,
        }
    }

    /// Where it begins and what leads on from there; none where the author wrote an index with a text in it, which is
    /// read exactly.
    pub fn exact_steps(&self) -> Option<(Root, &[Step])> {
        self.indexed.is_empty().then_some((self.root, &self.steps))
    }
}

impl Lowering<'_> {
    /// The place that an expression names; its indexes stay in temporaries until the caller releases them.
    pub(super) fn place(&mut self, expression: &Expression) -> Option<Place> {
        let mut steps = Vec::new();
        let mut at = expression;
        let mut place = loop {
            match &at.kind {
                ExpressionKind::Name(name) => break self.variable(name)?,
                ExpressionKind::WithTarget => match self.targets.last() {
                    Some(target) => break target.clone(),
                    None => {
                        self.error("E_WITH", at.span, "A line that begins with a dot belongs into a WITH block.");
                        return None;
                    }
                },
                ExpressionKind::Field(object, _) | ExpressionKind::Index(object, _) => {
                    steps.push(at);
                    at = object;
                }
                ExpressionKind::Invalid => return None,
                _ => {
                    self.error("E_PLACE", expression.span, "Only a variable, or a field or element of one, can be set.");
                    return None;
                }
            }
        };
        for step in steps.into_iter().rev() {
            let step = match &step.kind {
                ExpressionKind::Field(_, name) => Step::Field(self.emit.name(&name.text)),
                ExpressionKind::Index(_, index) => match &index.kind {
                    ExpressionKind::Text(key) => {
                        place.indexed.push((place.steps.len(), key.clone()));
                        Step::Field(self.emit.name(key))
                    }
                    _ => Step::Index(self.operand(index)),
                },
                _ => unreachable!("only fields and elements were collected"),
            };
            place.steps.push(step);
        }
        Some(place)
    }

    /// The variable with a name, as a place.
    pub(super) fn variable(&mut self, name: &Name) -> Option<Place> {
        let own = self.whole.routines[self.routine].name.is_some_and(|own| own.folded == name.folded);
        if let Answer::Procedure(index) = self.whole.answer(&name.folded)
            && !own
            && self.whole.routines[index].span.source == name.span.source
        {
            let message = format!("{} is a procedure and cannot be set like a variable.", name.text);
            self.error("E_PLACE", name.span, message);
            return None;
        }
        let root = match self.registers.binding(&name.folded)? {
            Binding::Register(register) => Root::Register(register),
            Binding::Global(global) => Root::Global(global),
        };
        Some(Place { root, steps: Vec::new(), indexed: Vec::new(), name: name.text.clone() })
    }

    /// A place one field further.
    pub(super) fn field_of(&mut self, place: &Place, name: &str) -> Place {
        let mut place = place.clone();
        place.steps.push(Step::Field(self.emit.name(name)));
        place
    }

    /// Sets a place.
    pub(super) fn store(&mut self, place: &Place, src: Reg, span: Span) {
        let instruction = match (place.root, place.steps.as_slice()) {
            (Root::Register(dst), []) if dst == src => return,
            (Root::Register(dst), []) => Instruction::Move { dst, src },
            (Root::Global(slot), []) => Instruction::SetGlobal { slot, src },
            (Root::Register(object), [Step::Field(name)]) => {
                let cache = self.emit.cache();
                Instruction::SetField { object, src, name: *name, cache }
            }
            (Root::Register(object), [Step::Index(index)]) => Instruction::SetIndex { object, index: *index, src },
            (Root::Register(object), [Step::Index(index), Step::Field(name)]) => {
                let cache = self.emit.cache();
                Instruction::SetIndexField { object, index: *index, src, name: *name, cache }
            }
            (Root::Register(_) | Root::Global(_), _) => Instruction::SetPath { path: self.path(place), src },
        };
        self.emit(span, instruction);
    }

    /// Reads a place.
    pub(super) fn load(&mut self, place: &Place, dst: Reg, span: Span) {
        let (mut object, steps) = match place.root {
            Root::Register(register) => (register, place.steps.as_slice()),
            Root::Global(slot) => {
                self.emit(span, Instruction::GetGlobal { dst, slot });
                (dst, place.steps.as_slice())
            }
        };
        if let (Root::Register(object), [Step::Index(index), Step::Field(name)], true) = (place.root, steps, place.indexed.is_empty()) {
            let cache = self.emit.cache();
            return self.emit(span, Instruction::GetIndexField { dst, object, index: *index, name: *name, cache });
        }
        for (at, step) in steps.iter().enumerate() {
            let key = place.indexed.iter().find(|(indexed, _)| *indexed == at).map(|(_, key)| key);
            let instruction = match *step {
                Step::Field(_) if let Some(key) = key => {
                    let (index, constant) = (self.registers.temporary(), self.emit.text(key));
                    self.emit(span, Instruction::LoadConst { dst: index, constant });
                    Instruction::GetIndex { dst, object, index }
                }
                Step::Field(name) => Instruction::GetField { dst, object, name, cache: self.emit.cache() },
                Step::Index(index) => Instruction::GetIndex { dst, object, index },
            };
            self.emit(span, instruction);
            object = dst;
        }
        if object != dst {
            self.emit(span, Instruction::Move { dst, src: object });
        }
    }

    /// Appends to the array at a place.
    pub(super) fn append(&mut self, place: &Place, src: Reg, span: Span) {
        if let Some(array) = place.register() {
            return self.emit(span, Instruction::Push { array, src });
        }
        let path = self.path(place);
        self.emit(span, Instruction::Append { path, src });
    }

    /// Lets the object at a place take over a field of another one.
    pub(super) fn adopt(&mut self, place: &Place, src: Reg, name: &str, span: Span) {
        let path = self.path(place);
        let name = self.emit.name(name);
        self.emit(span, Instruction::AdoptField { path, src, name });
    }

    pub(super) fn path(&mut self, place: &Place) -> gbvm_vm::program::PathIndex {
        let path = Path { root: place.root, steps: place.steps.clone(), name: (&*place.name).into() };
        self.emit.path(path)
    }

    /// A place that is only a register.
    pub(super) fn register_place(&self, register: Reg) -> Place {
        Place { root: Root::Register(register), steps: Vec::new(), indexed: Vec::new(), name: "".into() }
    }
}
