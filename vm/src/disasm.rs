//! A program as text, for people and for golden tests.

use std::fmt::Write as _;

use crate::isa::{Instruction, Operand};
use crate::machine::Linked;
use crate::program::{ConstIndex, Constant, Handler, Path, Procedure, Program, Root, Step, Takes, Lines};

/// The program's procedures with their instructions; in the margin the line of the source where it changes.
pub fn disassemble(program: &Program) -> String {
    listing(program, &program.code, Source::Numbers)
}

/// The same of a program as it is executed, with the instructions that linking has specialized.
pub fn disassemble_linked(linked: &Linked) -> String {
    listing(linked.program(), linked.code(), Source::Numbers)
}

/// Either of them with the lines of the source between the instructions.
pub fn disassemble_with_source(linked: &Linked, is_specialized: bool) -> String {
    let program = linked.program();
    listing(program, if is_specialized { linked.code() } else { &program.code }, Source::Lines)
}

/// How a listing shows the source.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The number of a line, in the margin.
    Numbers,
    /// The line itself too, before its instructions.
    Lines,
}

fn listing(program: &Program, code: &[Instruction], shows: Source) -> String {
    let mut text = String::new();
    let lines: Vec<Lines> = program.sources.iter().map(|source| Lines::of(&source.text)).collect();
    for (at, procedure) in program.procedures.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        let name = if procedure.name.is_empty() { "main" } else { &procedure.name };
        let _ = writeln!(text, "{name}: {} parameters, {} registers", procedure.parameters, procedure.registers);
        let mut last_line = 0;
        for pc in procedure.entry..procedure.end {
            let span = program.spans[pc as usize];
            let lines = &lines[usize::from(span.source)];
            let line = lines.number(span.start as usize);
            let margin = if line == last_line { String::new() } else { line.to_string() };
            if shows == Source::Lines && line != last_line {
                let source = &program.sources[usize::from(span.source)];
                let _ = writeln!(text, "; {}:{line}: {}", source.name, lines.text(&source.text, line).trim());
            }
            last_line = line;
            let instruction = &code[pc as usize];
            let operands: Vec<String> = instruction.operands().into_iter().map(|operand| shown(program, procedure, operand)).filter(|operand| !operand.is_empty()).collect();
            let _ = writeln!(text, "{}", format!("{margin:>5}  {:04}  {:<20} {}", pc - procedure.entry, instruction.name(), operands.join(", ")).trim_end());
        }
        for handler in &procedure.handlers {
            let _ = writeln!(text, "       {}", handler_shown(procedure, handler));
        }
    }
    text
}

fn shown(program: &Program, procedure: &Procedure, operand: Operand) -> String {
    let register = |index: u8| match procedure.variables.iter().find(|(own, _)| *own == index) {
        Some((_, name)) => format!("r{index}:{name}"),
        None => format!("r{index}"),
    };
    match operand {
        Operand::Read(reg) | Operand::Write(reg) => register(reg.0),
        Operand::Range(range) => format!("r{}..{}", range.first.0, u16::from(range.first.0) + u16::from(range.count)),
        Operand::Block(first, count) => format!("r{}..{}", first.0, u16::from(first.0) + u16::from(count)),
        Operand::Arguments(first, site) => {
            let site = &program.sites[site.at()];
            let filters = site.arguments.iter().filter_map(|argument| argument.template).map(|template| format!(" filter#{}", template.0)).collect::<String>();
            format!("{}({} from r{}) {:?}{filters}", program.imports[site.import.at()].phrase, site.arguments.len(), first.0, site.wanted)
        }
        Operand::Window(first, callee) => format!("{} at r{}", program.procedures[callee.at()].name, first.0),
        Operand::Fields(first, shape) => {
            let fields: Vec<&str> = program.shapes[shape.at()].iter().map(|name| &*program.names[name.at()]).collect();
            format!("{{{}}} from r{}", fields.join(" "), first.0)
        }
        Operand::Const(index) => constant(program, index),
        Operand::Int(int) => int.to_string(),
        Operand::Flag(flag) => flag.to_string(),
        Operand::Name(index) => format!(".{}", program.names[index.at()]),
        Operand::Path(index) => path_shown(program, &program.paths[index.at()]),
        Operand::Global(index) => format!("@{}", program.globals[index.at()]),
        Operand::Cache(_) => String::new(),
        Operand::To(target) => format!("-> {:04}", target.0 - procedure.entry),
        Operand::Cases(index) => {
            let table = &program.tables[index.at()];
            let cases = table.cases.iter().map(|(case, target)| format!("{} -> {:04}, ", constant(program, *case), target.0 - procedure.entry));
            format!("{}else -> {:04}", cases.collect::<String>(), table.otherwise.0 - procedure.entry)
        }
    }
}

fn constant(program: &Program, index: ConstIndex) -> String {
    match &program.constants[index.at()] {
        Constant::Int(int) => int.to_string(),
        Constant::Float(float) => format!("{float:?}"),
        Constant::Text(text) => format!("{text:?}"),
    }
}

/// A handler as a line: what it guards, what it takes, where it leads.
fn handler_shown(procedure: &Procedure, handler: &Handler) -> String {
    let at = |pc: u32| pc - procedure.entry;
    let takes = match handler.takes {
        Takes::Faults => "faults".to_owned(),
        Takes::Everything => "everything".to_owned(),
        Takes::While(mode, value) => format!("faults while r{} = {value}", mode.0),
        Takes::Between(mode, first, last) => format!("faults while r{} in {first}..{last}", mode.0),
    };
    let whole = handler.count.map_or(String::new(), |count| format!(", whole statements by r{}", count.0));
    format!("{:04}..{:04}  {takes} -> {:04}, error in r{}{whole}", at(handler.start), at(handler.end), at(handler.target.0), handler.error.0)
}

fn path_shown(program: &Program, path: &Path) -> String {
    let root = match path.root {
        Root::Register(register) => format!("r{}", register.0),
        Root::Global(global) => format!("@{}", program.globals[global.at()]),
    };
    path.steps.iter().fold(root, |text, step| match step {
        Step::Field(name) => format!("{text}.{}", program.names[name.at()]),
        Step::Index(register) => format!("{text}[r{}]", register.0),
    })
}
