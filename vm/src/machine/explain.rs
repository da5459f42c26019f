//! Names the value at fault, and says how it came to hold nothing: "`existing` is MISSING: FIND on line 31 found no row".
//!
//! Faults are made where nobody knows variables. Here the instruction that failed, its text and the registers are at
//! hand. Nothing of this runs while nothing fails.

use std::borrow::Cow;

use crate::coerce;
use crate::fault::{About, Fault, WrongValue};
use crate::frame::Frame;
use crate::isa::{Instruction as I, Operand};
use crate::machine::Vm;
use crate::program::{Procedure, Program, Reg, Span, line_and_column};
use crate::value::Value;

/// A variable as the running procedure sees it, or a field or element of one.
struct Variable<'a> {
    name: Cow<'a, str>,
    value: &'a Value,
    /// The register of a variable, if it is no shared one.
    register: Option<Reg>,
}

impl Vm {
    /// The fault with the name of the value at fault, where that is known.
    pub(super) fn explained(&self, mut fault: Fault) -> Fault {
        let about = std::mem::take(&mut fault.about);
        let Some(frame) = self.alive().last() else { return fault };
        let program = self.linked.program();
        let at = frame.pc.wrapping_sub(1);
        let Some(&instruction) = program.code.get(at as usize) else { return fault };
        let subject = subject(program, instruction, at, fault.argument);
        match about {
            About::Nothing => {}
            About::Value(wrong) => {
                if let Some(name) = subject.and_then(|subject| self.name_of(frame, at, instruction, subject, fault.argument)) {
                    put_name(&mut fault.message, &wrong, name);
                }
                if wrong.is_nothing {
                    self.say_why(&mut fault.message, frame, at, self.variables_in(frame, subject.unwrap_or("")));
                }
            }
            About::Operand(wrong) => {
                if let Some(name) = self.wrong_operand(frame, at, instruction) {
                    put_name(&mut fault.message, &wrong, &name);
                }
            }
            About::Empty => self.say_why(&mut fault.message, frame, at, self.variables_in(frame, subject.unwrap_or(""))),
            About::Divisor => {
                let divisor = self.divisor(frame, at, instruction);
                append_numbers(&mut fault.message, divisor.as_slice());
                self.say_why(&mut fault.message, frame, at, divisor.into_iter().collect());
            }
            About::Result => append_numbers(&mut fault.message, &self.operands(frame, at, instruction)),
        }
        fault
    }

    /// Adds to a message which of the variables is nothing, and why.
    fn say_why(&self, message: &mut String, frame: &Frame, at: u32, variables: Vec<Variable<'_>>) {
        if let Some((variable, why)) = variables.into_iter().find_map(|variable| self.nothing(frame, at, &variable).map(|why| (variable, why))) {
            append(message, &variable, &why);
        }
    }

    fn variable_in<'a>(&'a self, frame: &Frame, register: Reg) -> Option<Variable<'a>> {
        let procedure = &self.linked.program.procedures[frame.procedure.at()];
        let (_, name) = procedure.variables.iter().find(|(own, _)| *own == register.0)?;
        Some(Variable { name: Cow::Borrowed(name), value: &self.stack[frame.base as usize + register.at()], register: Some(register) })
    }

    /// A variable in a register, or the place that was read into it for the instruction at hand.
    fn read_by<'a>(&'a self, frame: &Frame, at: u32, register: Reg) -> Option<Variable<'a>> {
        if let Some(variable) = self.variable_in(frame, register) {
            return Some(variable);
        }
        let program = self.linked.program();
        let procedure = &program.procedures[frame.procedure.at()];
        let is_written = |pc: &u32| program.code[*pc as usize].operands().iter().any(|operand| matches!(*operand, Operand::Write(own) if own == register));
        let reader = (procedure.entry..at).rev().find(is_written)?;
        // Where another way leads here, the value may come from there.
        let leads_here = |pc: u32| program.targets(program.code[pc as usize]).iter().any(|target| (reader + 1..=at).contains(&target.0));
        if (procedure.entry..procedure.end).any(leads_here) {
            return None;
        }
        let (I::GetField { .. } | I::GetIndex { .. } | I::GetIndexField { .. } | I::GetGlobal { .. }) = program.code[reader as usize] else { return None };
        let text = text_at(program, program.spans[reader as usize]).filter(|text| is_place(text))?;
        Some(Variable { name: Cow::Borrowed(text), value: &self.stack[frame.base as usize + register.at()], register: None })
    }

    /// What the author calls the value that an instruction refuses.
    fn name_of<'a>(&'a self, frame: &Frame, at: u32, instruction: I, subject: &'a str, argument: Option<u8>) -> Option<&'a str> {
        let in_register = |register| match self.variable_in(frame, register)?.name {
            Cow::Borrowed(name) => Some(name),
            Cow::Owned(_) => None,
        };
        match instruction {
            I::EachPrepare { list, .. } => in_register(list),
            I::In { b, .. } => in_register(b),
            I::ForPrepare { counter, rest, .. } => {
                let is_wrong = |register: &Reg| coerce::number(&self.stack[frame.base as usize + register.at()]).is_none();
                match self.written_by(frame, at, [counter, rest, Reg(rest.0 + 1)].into_iter().find(is_wrong)?)? {
                    I::Move { src, .. } => in_register(src),
                    I::GetGlobal { slot, .. } => Some(&self.linked.program().globals[slot.at()]),
                    _ => None,
                }
            }
            _ => argument.filter(|_| is_place(subject)).map(|_| subject),
        }
    }

    /// The instruction above that wrote a register.
    fn written_by(&self, frame: &Frame, at: u32, register: Reg) -> Option<I> {
        let program = self.linked.program();
        let is_written = |instruction: &I| instruction.operands().iter().any(|operand| matches!(*operand, Operand::Write(own) if own == register));
        let entry = program.procedures[frame.procedure.at()].entry;
        (entry..at).rev().map(|pc| program.code[pc as usize]).find(is_written)
    }

    /// The name of the operand of an arithmetic instruction that is no number.
    fn wrong_operand(&self, frame: &Frame, at: u32, instruction: I) -> Option<String> {
        let operands = match instruction {
            I::SubtractFromField { object, src, .. } | I::SubtractFromIndex { object, src, .. } | I::SubtractFromIndexField { object, src, .. } => {
                let is_number = |register: Reg| coerce::number(&self.stack[frame.base as usize + register.at()]).is_some();
                if is_number(src) {
                    return self.changed_place(frame, object, instruction);
                }
                [Some(src), None]
            }
            _ => arithmetic(instruction).into(),
        };
        let is_wrong = |register: &Reg| coerce::number(&self.stack[frame.base as usize + register.at()]).is_none();
        let wrong = operands.into_iter().flatten().find(is_wrong)?;
        Some(self.read_by(frame, at, wrong)?.name.into_owned())
    }

    /// The field or element that an instruction changes.
    fn changed_place(&self, frame: &Frame, object: Reg, instruction: I) -> Option<String> {
        let program = self.linked.program();
        let holder = self.variable_in(frame, object)?.name;
        let element = |index: Reg| match &self.stack[frame.base as usize + index.at()] {
            Value::Int(number) => Some(format!("{holder}[{number}]")),
            _ => None,
        };
        match instruction {
            I::SubtractFromField { name, .. } => Some(format!("{holder}.{}", program.names[name.at()])),
            I::SubtractFromIndex { index, .. } => element(index),
            I::SubtractFromIndexField { index, name, .. } => Some(format!("{}.{}", element(index)?, program.names[name.at()])),
            _ => None,
        }
    }

    /// The operands of an arithmetic instruction that are variables, or places that were read for it.
    fn operands<'a>(&'a self, frame: &Frame, at: u32, instruction: I) -> Vec<Variable<'a>> {
        let (first, second) = arithmetic(instruction);
        let operands: Vec<Variable> = first.into_iter().chain(second.filter(|_| second != first)).filter_map(|register| self.read_by(frame, at, register)).collect();
        operands
    }

    fn divisor<'a>(&'a self, frame: &Frame, at: u32, instruction: I) -> Option<Variable<'a>> {
        match instruction {
            I::Divide { b, .. } | I::IntegerDivide { b, .. } | I::Modulo { b, .. } => self.read_by(frame, at, b),
            _ => None,
        }
    }

    /// The variables that a piece of the script's text names.
    fn variables_in<'a>(&'a self, frame: &Frame, text: &str) -> Vec<Variable<'a>> {
        let program = &self.linked.program;
        let procedure = &program.procedures[frame.procedure.at()];
        let find = |name: &str| {
            if let Some((register, _)) = procedure.variables.iter().find(|(_, own)| own.eq_ignore_ascii_case(name)) {
                return self.variable_in(frame, Reg(*register));
            }
            let slot = program.globals.iter().position(|own| own.eq_ignore_ascii_case(name))?;
            Some(Variable { name: Cow::Borrowed(&program.globals[slot]), value: &self.globals[slot], register: None })
        };
        names_in(text).into_iter().filter_map(find).collect()
    }

    /// Why a variable is nothing; none where it is something. The reason is empty where it is not known.
    fn nothing(&self, frame: &Frame, at: u32, variable: &Variable<'_>) -> Option<String> {
        // The reason is looked for in all of the procedure: only where it is wanted.
        if !variable.value.is_nothing() && !matches!(variable.value, Value::Array(array) if array.is_empty()) {
            return None;
        }
        let program = self.linked.program();
        let procedure = &program.procedures[frame.procedure.at()];
        let why = variable.register.map(|register| reason(program, procedure, register, at)).unwrap_or_default();
        let is_empty = matches!(variable.value, Value::Array(array) if array.is_empty()) && why.ends_with(NO_ROW);
        (variable.value.is_nothing() || is_empty).then_some(why)
    }
}

/// The registers that an arithmetic instruction computes with.
fn arithmetic(instruction: I) -> (Option<Reg>, Option<Reg>) {
    match instruction {
        I::Add { a, b, .. } | I::Subtract { a, b, .. } | I::Multiply { a, b, .. } | I::Divide { a, b, .. } | I::IntegerDivide { a, b, .. } | I::Modulo { a, b, .. } | I::Power { a, b, .. } => (Some(a), Some(b)),
        I::AddInt { a, .. } | I::SubtractInt { a, .. } | I::MultiplyInt { a, .. } | I::ModuloInt { a, .. } | I::IntegerDivideInt { a, .. } | I::Negate { src: a, .. } => (Some(a), None),
        _ => (None, None),
    }
}

/// What is said of a keyword that gives rows and gave none.
const NO_ROW: &str = "found no row";

/// How a register came to hold nothing, where the procedure sets it in one place.
fn reason(program: &Program, procedure: &Procedure, register: Reg, at: u32) -> String {
    let writes = |pc: &u32| {
        let instruction = program.code[*pc as usize];
        let is_written = |operand: &Operand| match *operand {
            Operand::Write(own) => own == register,
            Operand::Block(first, count) => (first.at()..first.at() + usize::from(count)).contains(&register.at()),
            Operand::Window(first, _) => first == register,
            _ => false,
        };
        !changes_inside(instruction) && instruction.operands().iter().any(is_written)
    };
    let writers: Vec<u32> = (procedure.entry..procedure.end).filter(|pc| *pc != at).filter(writes).collect();
    let line = |pc: u32| {
        let span = program.spans[pc as usize];
        line_and_column(&program.sources[usize::from(span.source)].text, span.start as usize).0
    };
    // A result that is moved to a variable comes from the instruction before.
    let source = |pc: u32| match (program.code[pc as usize], program.code[pc.saturating_sub(1) as usize]) {
        (I::Move { src, .. }, I::Call { first, .. }) if first == src => pc - 1,
        _ => pc,
    };
    match *writers.as_slice() {
        [] if register.0 < procedure.parameters => "the call gave nothing for it".to_owned(),
        [] => "nothing has set it".to_owned(),
        [pc] => match program.code[source(pc) as usize] {
            I::CallHost { site, .. } | I::CallPure { site, .. } | I::CallChanging { site, .. } => {
                let import = &program.imports[program.sites[site.at()].import.at()];
                let gave = if import.gives_rows { NO_ROW } else { "gave nothing" };
                format!("{} on line {} {gave}", import.phrase, line(pc))
            }
            I::Call { procedure, .. } => format!("{} on line {} gave nothing", program.procedures[procedure.at()].name, line(pc)),
            I::GetField { name, .. } | I::GetIndexField { name, .. } => format!("the field {} was not there on line {}", program.names[name.at()], line(pc)),
            _ => format!("line {} sets it", line(pc)),
        },
        _ => String::new(),
    }
}

/// Whether an instruction writes a register only to change something in its value, or to leave nothing in it.
fn changes_inside(instruction: I) -> bool {
    matches!(
        instruction,
        I::LoadMissing { .. } | I::SetField { .. } | I::SetIndex { .. } | I::SetIndexField { .. } | I::Push { .. }
            | I::AddToField { .. } | I::AddToIndex { .. } | I::AddToIndexField { .. }
            | I::SubtractFromField { .. } | I::SubtractFromIndex { .. } | I::SubtractFromIndexField { .. }
    )
}

/// The text of what an instruction refuses: of an argument where one is at fault, else of all of it. None of what fails
/// with words of the script's own.
fn subject(program: &Program, instruction: I, at: u32, argument: Option<u8>) -> Option<&str> {
    let own = program.spans[at as usize];
    let span: Span = match instruction {
        I::Throw { .. } | I::Rethrow { .. } => return None,
        I::CallPure { site, .. } | I::CallChanging { site, .. } | I::CallHost { site, .. } => {
            let site = &program.sites[site.at()];
            match argument.and_then(|argument| site.arguments.get(usize::from(argument))) {
                Some(argument) => argument.span,
                None if matches!(instruction, I::CallPure { .. } | I::CallChanging { .. }) => return None,
                None => own,
            }
        }
        _ => own,
    };
    text_at(program, span)
}

fn text_at(program: &Program, span: Span) -> Option<&str> {
    program.sources[usize::from(span.source)].text.get(span.start as usize..span.end as usize)
}

/// Lets the name of a refused value stand in the message.
fn put_name(message: &mut String, wrong: &WrongValue, name: &str) {
    if message.is_char_boundary(wrong.lead) {
        message.truncate(wrong.lead);
        message.push_str(&format!("`{name}` is {}", wrong.shown));
    }
}

/// Adds to a message which numbers variables are.
fn append_numbers(message: &mut String, variables: &[Variable<'_>]) {
    let are: Vec<String> = variables
        .iter()
        .filter(|variable| matches!(variable.value, Value::Int(_) | Value::Float(_)))
        .map(|variable| format!("`{}` is {}", variable.name, coerce::text(variable.value).as_str()))
        .collect();
    if !are.is_empty() {
        message.push_str(&format!(": {}", are.join(" and ")));
    }
}

/// Adds to a message that a variable is nothing, and why.
fn append(message: &mut String, variable: &Variable<'_>, why: &str) {
    let kind = if variable.value.is_nothing() { variable.value.kind() } else { "empty" };
    let is_named = message.contains(&format!("`{}` is", variable.name));
    message.truncate(message.trim_end_matches('.').len());
    if !is_named {
        message.push_str(&format!(". `{}` is {kind}", variable.name));
    }
    if !why.is_empty() {
        message.push_str(": ");
        message.push_str(why);
    }
}

/// Whether a text is a variable, or a field or element of one.
fn is_place(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut may_stand = |c: char| {
        depth = match c {
            '[' => depth + 1,
            ']' => depth.saturating_sub(1),
            _ => depth,
        };
        c != '\n' && (depth > 0 || c.is_alphanumeric() || "_.$%]".contains(c))
    };
    text.starts_with(|first: char| first.is_alphabetic() || first == '_') && text.len() <= 60 && text.chars().all(&mut may_stand)
}

/// The words of a text that may be variables: not what stands in strings, outside of `${…}`, or behind a dot.
fn names_in(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '%');
    let (mut names, mut rest, mut is_field) = (Vec::new(), text, false);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if first == '"' {
            let holes = token.split("${").skip(1).map(|hole| hole.split('}').next().unwrap_or(hole));
            names.extend(holes.flat_map(names_in));
        } else if is_word(first) && !first.is_ascii_digit() && !is_field {
            names.push(token);
        }
        is_field = first == '.';
        rest = after;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_fields_and_strings() {
        assert_eq!(names_in("\"id=\" + existing.id & 'x y' + f(a_1[2 + i], 1e3).z"), ["existing", "f", "a_1", "i"]);
        assert_eq!(names_in("\"https://x.co/${row.id}/${ n + \"\" }\" & \"open"), ["row", "n"]);
        assert_eq!(names_in(""), Vec::<&str>::new());
    }

    #[test]
    fn only_what_names_one_value_is_a_place() {
        for (text, holds) in [("x", true), ("body.email", true), ("rows[0].id", true), ("f(x)", false), ("\"x\"", false), ("1", false), ("a + b", false), ("a[i + 1].x", true), ("a[1] + b", false)] {
            assert_eq!(is_place(text), holds, "{text}");
        }
    }
}
