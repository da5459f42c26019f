//! Calls: of procedures, of keywords and functions, of methods.

use gbvm_vm::isa::Instruction;
use gbvm_vm::program::{ArgumentSite, CallSite, Reg, Span, Wanted};
use gbvm_vm::signature::{Absence, Form, Kind, Role, Signature};

use super::Lowering;
use super::place::Place;
use crate::ast::{Expression, ExpressionKind, Literal, Name};
use crate::foreign;
use crate::reach;
use crate::resolve::{Answer, appends};

/// The field that an insert makes.
const ID: &str = "id";

impl Lowering<'_> {
    /// A call by name; without a destination it stands as a statement.
    pub(super) fn call(&mut self, call: &Expression, name: &Name, answer: Answer, arguments: &[&Expression], dst: Option<Reg>) {
        match answer {
            Answer::Procedure(index) => self.call_procedure(index, call.span, arguments, dst),
            Answer::Builtin(index) => self.builtin(index, call.span, arguments, dst),
            Answer::Nobody => self.unanswered(name, dst, call.span),
        }
    }

    pub(super) fn unanswered(&mut self, name: &Name, dst: Option<Reg>, span: Span) {
        let constant = self.emit.text(&name.text);
        self.emit(span, Instruction::Unanswered { name: constant });
        if let Some(dst) = dst {
            self.emit(span, Instruction::LoadMissing { dst });
        }
    }

    /// Calls a procedure of the program. Its registers begin where the arguments stand, above everything in use.
    pub(super) fn call_procedure(&mut self, index: usize, span: Span, arguments: &[&Expression], dst: Option<Reg>) {
        let routine = &self.whole.routines[index];
        let parameters = routine.parameters.len();
        if arguments.len() > parameters {
            let name = routine.name.map_or("", |name| &*name.text);
            let names: Vec<&str> = routine.parameters.iter().map(|parameter| &*parameter.text).collect();
            let message = format!(
                "{name} takes {} ({}), but {} given.",
                counted(parameters, "argument"),
                names.join(", "),
                are_or_is(arguments.len()),
            );
            self.error("E_ARITY", span, message);
            return;
        }
        let mark = self.registers.mark();
        let moved = self.moved_argument(arguments, dst);
        // Where the result goes to the topmost temporary, that is where the call can leave it itself.
        let mut next = dst.filter(|dst| self.registers.is_top(*dst));
        let mut first = None;
        for position in 0..parameters.max(1) {
            let register = next.take().unwrap_or_else(|| self.registers.temporary());
            first.get_or_insert(register);
            match arguments.get(position) {
                Some(_) if moved == Some(position) => {
                    let src = dst.expect("only a call with a destination moves an argument");
                    self.emit(span, Instruction::Take { dst: register, src });
                }
                Some(argument) => self.into(argument, register),
                None if position < parameters => self.emit(span, Instruction::LoadMissing { dst: register }),
                None => {}
            }
        }
        let first = first.expect("there is at least one register");
        self.emit(span, Instruction::Call { first, procedure: gbvm_vm::program::ProcIndex(index as u16) });
        if let Some(dst) = dst
            && dst != first
        {
            self.emit(span, Instruction::Move { dst, src: first });
        }
        self.registers.release(mark);
    }

    /// The argument that the call may have for itself: in `x = f(x)` nobody reads the old value any more, so that the
    /// procedure can change it in place.
    fn moved_argument(&self, arguments: &[&Expression], dst: Option<Reg>) -> Option<usize> {
        // Where a handler takes the failure, the old value may be looked at.
        let dst = dst.filter(|dst| self.registers.is_variable(*dst) && !self.may_be_caught())?;
        let mut mentions = (0..).zip(arguments).filter(|(_, argument)| self.mentions_register(argument, dst));
        let (position, argument) = mentions.next()?;
        (mentions.next().is_none() && self.is_register(argument, dst)).then_some(position)
    }

    /// Calls a keyword or function of the table.
    pub(super) fn builtin(&mut self, index: u16, span: Span, arguments: &[&Expression], dst: Option<Reg>) {
        let signature = &self.whole.signatures[usize::from(index)];
        if signature.kind == Kind::Declare {
            let message = format!("{} stands at the top level of a script, outside of blocks and procedures.", signature.phrase);
            return self.error("E_DECLARE", span, message);
        }
        if let Some(Absence::Dialogue(instead)) = signature.absence {
            let message = format!("{} is a word of dialogue, and {instead}.", signature.phrase);
            return self.error("E_DIALOGUE", span, message);
        }
        if let Some(instead) = signature.value_only.filter(|_| dst.is_none()) {
            let message = format!("{} cannot stand alone: {instead}.", signature.phrase);
            return self.error("E_DIALOGUE", span, message);
        }
        if !self.arity_fits(signature, arguments.len(), span) {
            return;
        }
        self.refuse_columns(signature, arguments);
        if signature.changes_first {
            return self.changing(signature, span, arguments, dst);
        }
        self.native(signature, span, arguments, dst);
    }

    /// Calls a function that changes its first argument: in its place, so that nothing is copied.
    fn changing(&mut self, signature: &Signature, span: Span, arguments: &[&Expression], dst: Option<Reg>) {
        let mark = self.registers.mark();
        if let Some(place) = self.changed_place(signature, arguments[0]) {
            let first = self.registers.temporary();
            self.emit(span, Instruction::LoadMissing { dst: first });
            let own = match &arguments[0].kind {
                ExpressionKind::Name(name) | ExpressionKind::Field(_, name) => (&*name.text).into(),
                _ => "".into(),
            };
            let mut sites = vec![ArgumentSite { span: arguments[0].span, name: own, template: None }];
            let count = if signature.variadic { arguments.len() } else { signature.params.len() };
            sites.extend((1..count).map(|position| self.argument_or_missing(signature, position, arguments, span)));
            let import = self.emit.import(signature);
            let wanted = if dst.is_some() { Wanted::Value } else { Wanted::Nothing };
            let site = self.emit.site(CallSite { import, wanted, arguments: sites });
            let path = self.path(&place);
            self.emit(span, Instruction::CallChanging { dst: dst.unwrap_or(first), first, path, site });
        } else {
            arguments[1..].iter().for_each(|argument| self.discard(argument));
        }
        self.registers.release(mark);
    }

    /// The place that a function changes; of what is no place, a register with its value.
    fn changed_place(&mut self, signature: &Signature, argument: &Expression) -> Option<Place> {
        if is_simple_place(argument) && self.is_variable_place(argument) {
            return self.place(argument);
        }
        if matches!(argument.kind, ExpressionKind::Field(..) | ExpressionKind::Index(..)) {
            let message = format!("{} changes what it is given; put the index that is computed here into a variable first.", signature.phrase);
            self.error("E_PLACE", argument.span, message);
        }
        let register = self.registers.temporary();
        self.into(argument, register);
        Some(self.register_place(register))
    }

    /// Calls a keyword or function whose arguments fit.
    fn native(&mut self, signature: &Signature, span: Span, arguments: &[&Expression], dst: Option<Reg>) {
        let mark = self.registers.mark();
        let adopting = self.adopting_places(signature, arguments);
        let first = Reg(self.registers.mark());
        let count = if signature.variadic { arguments.len() } else { signature.params.len() };
        let mut sites = Vec::with_capacity(count);
        for position in 0..count {
            sites.push(self.argument_or_missing(signature, position, arguments, span));
        }
        let wanted = match dst {
            None if adopting.is_empty() => Wanted::Nothing,
            Some(_) => self.facts.rows.get(&span).copied().unwrap_or(Wanted::Value),
            None => Wanted::Value,
        };
        let result = match dst {
            Some(dst) => dst,
            None if count > 0 => first,
            None => self.registers.temporary(),
        };
        let first = if count > 0 { first } else { result };
        let import = self.emit.import(signature);
        let site = self.emit.site(CallSite { import, wanted, arguments: sites });
        self.emit(span, match signature.kind {
            Kind::Pure => Instruction::CallPure { dst: result, first, site },
            Kind::Host | Kind::Declare => Instruction::CallHost { dst: result, first, site },
        });
        for place in adopting {
            self.adopt(&place, result, ID, span);
        }
        self.registers.release(mark);
    }

    fn arity_fits(&mut self, signature: &Signature, given: usize, span: Span) -> bool {
        let most = signature.most();
        if given >= signature.least() && most.is_none_or(|most| given <= most) {
            return true;
        }
        let mut names = String::new();
        for (index, param) in signature.params.iter().enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            let name = if param.optional { format!("[{separator}{}]", param.name) } else { format!("{separator}{}", param.name) };
            names.push_str(&name);
        }
        let repeated = if signature.variadic { " …" } else { "" };
        let takes = match (signature.least(), most) {
            (least, Some(most)) if least == most => counted(least, "argument"),
            (least, Some(most)) => format!("{least} to {}", counted(most, "argument")),
            (least, None) => format!("at least {}", counted(least, "argument")),
        };
        let listed = if names.is_empty() { String::new() } else { format!(" ({names}{repeated})") };
        let message = format!("{} takes {takes}{listed}, but {} given.", signature.phrase, are_or_is(given));
        self.error("E_ARITY", span, message);
        false
    }

    /// An argument, or MISSING where it was left out, in the next register.
    fn argument_or_missing(&mut self, signature: &Signature, position: usize, arguments: &[&Expression], span: Span) -> ArgumentSite {
        let register = self.registers.temporary();
        match arguments.get(position) {
            Some(argument) => self.argument(signature, position, argument, register),
            None => {
                self.emit(span, Instruction::LoadMissing { dst: register });
                ArgumentSite { span, name: "".into(), template: None }
            }
        }
    }

    fn argument(&mut self, signature: &Signature, position: usize, argument: &Expression, dst: Reg) -> ArgumentSite {
        let is_filter = reach::param(signature, position).is_some_and(|param| param.role == Role::Filter);
        let template = if is_filter { self.filter(argument, dst) } else { None };
        if template.is_none() {
            self.into(argument, dst);
        }
        let name = match &argument.kind {
            ExpressionKind::Name(name) | ExpressionKind::Field(_, name) => (&*name.text).into(),
            _ => "".into(),
        };
        ArgumentSite { span: argument.span, name, template }
    }

    /// The places of records that take over the id of the row that is stored.
    fn adopting_places(&mut self, signature: &Signature, arguments: &[&Expression]) -> Vec<Place> {
        if !signature.sets_id {
            return Vec::new();
        }
        let mut places = Vec::new();
        for (position, argument) in arguments.iter().enumerate() {
            let is_record = reach::param(signature, position).is_some_and(|param| param.role == Role::Record);
            if is_record && is_simple_place(argument) && self.is_variable_place(argument) {
                places.extend(self.place(argument));
            }
        }
        places
    }

    /// Whether a place begins with something that can be set here.
    fn is_variable_place(&self, place: &Expression) -> bool {
        match crate::walk::root(place) {
            Some(name) => self.registers.binding(&name.folded).is_some(),
            None => !self.targets.is_empty(),
        }
    }

    /// `object.method(a, b)`.
    pub(super) fn method(&mut self, call: &Expression, object: &Expression, name: &Name, arguments: &[Expression], dst: Option<Reg>) {
        if appends(name) {
            return self.append_method(call, object, name, arguments, dst);
        }
        if arguments.is_empty() && matches!(&*name.folded, "length" | "count") {
            let dst = dst.unwrap_or_else(|| self.registers.temporary());
            let object = self.operand(object);
            let (name, cache) = (self.emit.name(&name.text), self.emit.cache());
            return self.emit(call.span, Instruction::GetField { dst, object, name, cache });
        }
        match self.whole.answer(&name.folded) {
            // A keyword that other languages have as a method of lists is not meant.
            Answer::Builtin(index) if self.whole.signatures[usize::from(index)].form == Form::Function || foreign::method(&name.folded).is_none() => {
                let arguments: Vec<&Expression> = std::iter::once(object).chain(arguments).collect();
                self.builtin(index, call.span, &arguments, dst);
            }
            answer @ (Answer::Builtin(_) | Answer::Procedure(_) | Answer::Nobody) => {
                let hint = self.instead_of_method(object, name, answer);
                self.error("E_METHOD", name.span, format!("There is no method {}{hint}", name.text));
            }
        }
    }

    /// What to write instead of a method that there is not, behind its name.
    fn instead_of_method(&self, object: &Expression, name: &Name, answer: Answer) -> String {
        if matches!(answer, Answer::Procedure(_)) {
            return format!("; {0} is a procedure, and takes the value in brackets: {0}(…).", name.text);
        }
        // `console.log(x)`: nobody sets what the call begins with.
        if let ExpressionKind::Name(root) = &object.kind
            && self.registers.binding(&root.folded).is_none()
            && let Some(advice) = foreign::value(&root.folded)
        {
            return format!(". {advice}");
        }
        match (foreign::method(&name.folded), self.whole.near_method(&name.folded)) {
            (Some(advice), _) => format!(". {advice}"),
            (None, Some(near)) => format!(". Did you mean {}?", near.to_uppercase()),
            (None, None) => "; arrays have ADD, and functions take their value in brackets.".to_owned(),
        }
    }

    fn append_method(&mut self, call: &Expression, object: &Expression, name: &Name, arguments: &[Expression], dst: Option<Reg>) {
        if arguments.is_empty() {
            let message = format!("{} needs the value to append.", name.text);
            return self.error("E_ARITY", call.span, message);
        }
        let mark = self.registers.mark();
        if let Some(place) = self.place(object) {
            let above = self.registers.mark();
            for argument in arguments {
                let src = self.operand(argument);
                self.append(&place, src, call.span);
                self.registers.release(above);
            }
            if let Some(dst) = dst {
                self.load_into(&place, dst, call.span);
            }
        }
        self.registers.release(mark);
    }

    /// Reads a place into a register that the place's own indexes may use.
    fn load_into(&mut self, place: &Place, dst: Reg, span: Span) {
        let value = self.registers.temporary();
        self.load(place, value, span);
        self.emit(span, Instruction::Move { dst, src: value });
    }

    /// The register with the value of a function that serves the whole statement.
    pub(super) fn once_value(&self, expression: &Expression) -> Option<Reg> {
        let wanted = self.once_function(expression)?;
        self.once.iter().rev().find(|(index, _)| *index == wanted).map(|(_, register)| *register)
    }

    /// The function that an expression calls, if one value of it serves the whole statement.
    fn once_function(&self, expression: &Expression) -> Option<u16> {
        let index = match &expression.kind {
            ExpressionKind::Call { .. } | ExpressionKind::Keyword { .. } | ExpressionKind::Name(_) => {
                match self.whole.callee(self.routine, expression)? {
                    Answer::Builtin(index) => index,
                    Answer::Procedure(_) | Answer::Nobody => return None,
                }
            }
            _ => return None,
        };
        let has_arguments = !crate::walk::parts(expression).is_empty();
        (self.whole.signatures[usize::from(index)].once_per_statement && !has_arguments).then_some(index)
    }

    /// Computes the functions that occur more than once in a statement's expressions and serve all of it. The
    /// caller forgets them again where the statement ends.
    pub(super) fn compute_once(&mut self, expressions: &[&Expression]) {
        let mut counts: Vec<(u16, usize, Span)> = Vec::new();
        for expression in expressions {
            crate::walk::each_part(expression, &mut |part| {
                if let Some(index) = self.once_function(part) {
                    match counts.iter_mut().find(|(known, ..)| *known == index) {
                        Some((_, count, _)) => *count += 1,
                        None => counts.push((index, 1, part.span)),
                    }
                }
            });
        }
        for (index, count, span) in counts {
            let is_known = self.once.iter().any(|(known, _)| *known == index);
            if count > 1 && !is_known {
                let register = self.registers.temporary();
                self.builtin(index, span, &[], Some(register));
                self.once.push((index, register));
            }
        }
    }
}

/// Whether reading a place twice is the same as reading it once.
fn is_simple_place(place: &Expression) -> bool {
    match &place.kind {
        ExpressionKind::Name(_) | ExpressionKind::WithTarget => true,
        ExpressionKind::Field(object, _) => is_simple_place(object),
        ExpressionKind::Index(object, index) => {
            let is_plain = matches!(
                index.kind,
                ExpressionKind::Name(_) | ExpressionKind::Text(_) | ExpressionKind::Literal(Literal::Int(_))
            );
            is_plain && is_simple_place(object)
        }
        _ => false,
    }
}

fn counted(count: usize, noun: &str) -> String {
    match count {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

fn are_or_is(count: usize) -> String {
    match count {
        0 => "none is".into(),
        1 => "1 is".into(),
        _ => format!("{count} are"),
    }
}
