//! A program as lines of text, one an instruction, for tests to compare.

use gbvm_vm::isa::Operand;
use gbvm_vm::program::{Constant, Path, Program, Root, Step};

/// The code of all procedures.
pub fn listing(program: &Program) -> String {
    let mut text = String::new();
    for procedure in &program.procedures {
        if !procedure.name.is_empty() {
            text.push_str(&format!("{}:\n", procedure.name));
        }
        for at in procedure.entry..procedure.end {
            let instruction = program.code[at as usize];
            let operands: Vec<String> = instruction.operands().iter().map(|operand| shown(program, *operand)).collect();
            text.push_str(format!("{at} {} {}", instruction.name(), operands.join(" ")).trim_end());
            text.push('\n');
        }
    }
    text
}

fn shown(program: &Program, operand: Operand) -> String {
    match operand {
        Operand::Read(register) | Operand::Write(register) => format!("R{}", register.0),
        Operand::Range(range) => format!("R{}..{}", range.first.0, range.first.0 + range.count),
        Operand::Block(register, count) => format!("R{}..{}", register.0, register.0 + count),
        Operand::Arguments(first, site) => {
            let site = &program.sites[site.at()];
            let phrase = &program.imports[site.import.at()].phrase;
            let filters = site.arguments.iter().filter(|argument| argument.template.is_some()).count();
            let filter = if filters > 0 { " filter" } else { "" };
            format!("{phrase}(R{}..{}) {:?}{filter}", first.0, usize::from(first.0) + site.arguments.len(), site.wanted)
        }
        Operand::Window(first, index) => format!("{}(R{}..)", program.procedures[index.at()].name, first.0),
        Operand::Fields(first, shape) => {
            let names: Vec<&str> = program.shapes[shape.at()].iter().map(|name| &*program.names[name.at()]).collect();
            format!("R{}.. {{{}}}", first.0, names.join(", "))
        }
        Operand::Const(constant) => match &program.constants[constant.at()] {
            Constant::Int(value) => value.to_string(),
            Constant::Float(value) => format!("{value:?}"),
            Constant::Text(text) => format!("{text:?}"),
        },
        Operand::Int(value) => value.to_string(),
        Operand::Flag(flag) => flag.to_string(),
        Operand::Name(name) => format!(".{}", program.names[name.at()]),
        Operand::Path(path) => path_shown(program, &program.paths[path.at()]),
        Operand::Global(global) => format!("G.{}", program.globals[global.at()]),
        Operand::Cache(_) => "~".into(),
        Operand::To(target) => format!("-> {}", target.0),
        Operand::Cases(table) => {
            let table = &program.tables[table.at()];
            let cases: Vec<String> = table.cases.iter().map(|(case, target)| format!("{} -> {},", shown(program, Operand::Const(*case)), target.0)).collect();
            format!("{} else -> {}", cases.join(" "), table.otherwise.0)
        }
    }
}

fn path_shown(program: &Program, path: &Path) -> String {
    let root = match path.root {
        Root::Register(register) => format!("R{}", register.0),
        Root::Global(global) => format!("G.{}", program.globals[global.at()]),
    };
    path.steps.iter().fold(root, |shown, step| match step {
        Step::Field(name) => format!("{shown}.{}", program.names[name.at()]),
        Step::Index(register) => format!("{shown}[R{}]", register.0),
    })
}
