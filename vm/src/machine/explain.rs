//! Names the value at fault, and says how it came to hold nothing: "`existing` is MISSING: FIND on line 31 found no row".
//!
//! Faults are made where nobody knows variables. Here the instruction that failed, its text and the registers are at
//! hand. Nothing of this runs while nothing fails.

use crate::coerce;
use crate::fault::Fault;
use crate::frame::Frame;
use crate::isa::{Instruction as I, Operand};
use crate::machine::Vm;
use crate::program::{Procedure, Program, Reg, Span, line_and_column};
use crate::value::Value;

/// How messages speak of the value at fault; where it has a name, that stands instead.
const THIS: &str = ", and this is ";
/// How messages say that a value is nothing.
const NOTHING: [&str; 4] = ["MISSING", "NULL", "empty", "by zero"];

/// A variable as the running procedure sees it.
struct Variable<'a> {
    name: &'a str,
    value: &'a Value,
    /// Its register, if it is no shared one.
    register: Option<Reg>,
}

impl Vm {
    /// The fault with the name of the value at fault, where that is known.
    pub(super) fn explained(&self, mut fault: Fault) -> Fault {
        let Some(frame) = self.alive().last() else { return fault };
        let program = self.linked.program();
        let at = frame.pc.wrapping_sub(1);
        let Some(&instruction) = program.code.get(at as usize) else { return fault };
        let Some(subject) = subject(program, instruction, at, fault.argument) else { return fault };
        if fault.message.contains(THIS)
            && let Some(name) = self.name_of(frame, instruction, subject, fault.argument)
        {
            fault.message = fault.message.replacen(THIS, &format!(", and `{name}` is "), 1);
        }
        if let Some(wrong) = self.wrong_operand(frame, instruction).filter(|_| fault.code == "E_TYPE") {
            fault.message.push_str(&format!("; it is in `{}`", wrong.name));
        } else if NOTHING.iter().any(|word| fault.message.contains(word)) {
            let names = if fault.code == "E_DIVIDE_BY_ZERO" { self.divisor(frame, instruction).into_iter().collect() } else { self.variables_in(frame, subject) };
            if let Some((variable, why)) = names.into_iter().find_map(|variable| self.nothing(frame, at, &variable).map(|why| (variable, why))) {
                append(&mut fault.message, &variable, &why);
            }
        }
        fault
    }

    fn variable_in<'a>(&'a self, frame: &Frame, register: Reg) -> Option<Variable<'a>> {
        let procedure = &self.linked.program.procedures[frame.procedure.at()];
        let (_, name) = procedure.variables.iter().find(|(own, _)| *own == register.0)?;
        Some(Variable { name, value: &self.stack[frame.base as usize + register.at()], register: Some(register) })
    }

    /// What the author calls the value that an instruction refuses.
    fn name_of<'a>(&'a self, frame: &Frame, instruction: I, subject: &'a str, argument: Option<u8>) -> Option<&'a str> {
        match instruction {
            I::EachPrepare { list, .. } => self.variable_in(frame, list).map(|variable| variable.name),
            I::In { b, .. } => self.variable_in(frame, b).map(|variable| variable.name),
            _ => argument.filter(|_| is_place(subject)).map(|_| subject),
        }
    }

    /// The operand of an arithmetic instruction that is a variable and no number.
    fn wrong_operand<'a>(&'a self, frame: &Frame, instruction: I) -> Option<Variable<'a>> {
        let operands = match instruction {
            I::Add { a, b, .. } | I::Subtract { a, b, .. } | I::Multiply { a, b, .. } | I::Divide { a, b, .. } | I::IntegerDivide { a, b, .. } | I::Modulo { a, b, .. } | I::Power { a, b, .. } => [Some(a), Some(b)],
            I::AddInt { a, .. } | I::SubtractInt { a, .. } | I::MultiplyInt { a, .. } | I::ModuloInt { a, .. } | I::IntegerDivideInt { a, .. } | I::Negate { src: a, .. } => [Some(a), None],
            _ => [None, None],
        };
        operands.into_iter().flatten().filter_map(|register| self.variable_in(frame, register)).find(|variable| coerce::number(variable.value).is_none())
    }

    fn divisor<'a>(&'a self, frame: &Frame, instruction: I) -> Option<Variable<'a>> {
        match instruction {
            I::Divide { b, .. } | I::IntegerDivide { b, .. } | I::Modulo { b, .. } => self.variable_in(frame, b),
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
            Some(Variable { name: &program.globals[slot], value: &self.globals[slot], register: None })
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
            I::CallHost { site, .. } | I::CallPure { site, .. } => {
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
        I::CallPure { site, .. } | I::CallHost { site, .. } => {
            let site = &program.sites[site.at()];
            match argument.and_then(|argument| site.arguments.get(usize::from(argument))) {
                Some(argument) => argument.span,
                None if matches!(instruction, I::CallPure { .. }) => return None,
                None => own,
            }
        }
        _ => own,
    };
    program.sources[usize::from(span.source)].text.get(span.start as usize..span.end as usize)
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
    text.starts_with(|first: char| first.is_alphabetic() || first == '_') && text.len() <= 60 && text.chars().all(|c| c.is_alphanumeric() || "_.$%[]".contains(c))
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
        for (text, holds) in [("x", true), ("body.email", true), ("rows[0].id", true), ("f(x)", false), ("\"x\"", false), ("1", false), ("a + b", false)] {
            assert_eq!(is_place(text), holds, "{text}");
        }
    }
}
