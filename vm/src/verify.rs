//! Checks a program once, so that the loop may index plainly.
//!
//! After [`verify`] every register, constant, name, place, call and target that an instruction names exists, every
//! window fits the stack, and no procedure runs past its end.

use crate::fault::Fault;
use crate::isa::{Instruction, Operand};
use crate::program::{Constant, Handler, Path, Procedure, Program, Reg, Root, Step, Takes};

/// The most registers of a procedure.
pub const REGISTERS_MAX: u8 = 250;

/// Checks a program.
///
/// # Errors
/// `E_PROGRAM` with what is wrong.
pub fn verify(program: &Program) -> Result<(), Fault> {
    if program.spans.len() != program.code.len() {
        return Err(wrong("the places of the instructions are not as many as the instructions"));
    }
    for span in &program.spans {
        let text = program.sources.get(usize::from(span.source)).map(|source| source.text.len());
        if text.is_none_or(|length| span.start > span.end || span.end as usize > length) {
            return Err(wrong("an instruction's place is outside of the sources"));
        }
    }
    check_tables(program)?;
    let mut next = 0;
    for procedure in &program.procedures {
        if procedure.entry != next || procedure.end <= procedure.entry || procedure.end as usize > program.code.len() {
            return Err(wrong("the procedures do not divide the code"));
        }
        next = procedure.end;
        check_procedure(program, procedure)?;
    }
    // Nobody calls it before it runs, so that nothing would be known of them.
    require(program.procedures.first().is_none_or(|main| main.parameters == 0), "the main part has parameters")?;
    if program.procedures.is_empty() || next as usize != program.code.len() {
        return Err(wrong("the procedures do not divide the code"));
    }
    Ok(())
}

fn wrong(what: &str) -> Fault {
    Fault::ending("E_PROGRAM", format!("the program is damaged: {what}"))
}

fn require(holds: bool, what: &str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(wrong(what)) }
}

fn check_tables(program: &Program) -> Result<(), Fault> {
    for shape in &program.shapes {
        require(shape.iter().all(|name| name.at() < program.names.len()), "a shape names no field")?;
    }
    for site in &program.sites {
        require(site.import.at() < program.imports.len(), "a call names no function")?;
        for argument in &site.arguments {
            require(argument.template.is_none_or(|template| template.at() < program.templates.len()), "a call names no filter")?;
            let text = program.sources.get(usize::from(argument.span.source)).map(|source| source.text.len());
            require(text.is_some_and(|length| argument.span.start <= argument.span.end && argument.span.end as usize <= length), "an argument's place is outside of the sources")?;
        }
    }
    Ok(())
}

fn check_procedure(program: &Program, procedure: &Procedure) -> Result<(), Fault> {
    require(procedure.registers <= REGISTERS_MAX && procedure.parameters <= procedure.registers, "a procedure has too many registers")?;
    require(procedure.variables.iter().all(|(register, _)| *register < procedure.registers), "a variable has no register")?;
    for handler in &procedure.handlers {
        check_handler(procedure, handler)?;
    }
    let code = &program.code[procedure.entry as usize..procedure.end as usize];
    for instruction in code {
        let pair = |first: Reg| first.at()..first.at() + 2;
        let is_apart = match *instruction {
            Instruction::Take { dst, src } => dst != src,
            Instruction::ForPrepare { counter, rest, .. } | Instruction::ForLoop { counter, rest, .. } => !pair(rest).contains(&counter.at()),
            Instruction::EachLoop { iterator, variable, .. } => !pair(iterator).contains(&variable.at()),
            _ => true,
        };
        require(is_apart, "an instruction works on one register in two ways")?;
        require(!instruction.is_specialized(), "it brings instructions that only linking makes")?;
        for operand in instruction.operands() {
            check_operand(program, procedure, operand)?;
        }
    }
    let ends = matches!(code.last(), Some(Instruction::Return { .. } | Instruction::Halt {} | Instruction::Jump { .. } | Instruction::Switch { .. } | Instruction::Throw { .. } | Instruction::Rethrow { .. }));
    require(ends, "a procedure runs past its end")
}

fn check_handler(procedure: &Procedure, handler: &Handler) -> Result<(), Fault> {
    let code = procedure.entry..procedure.end;
    require(handler.start <= handler.end && handler.start >= code.start && handler.end <= code.end && code.contains(&handler.target.0), "a handler leaves its procedure")?;
    let registers = usize::from(procedure.registers);
    let has_mode = match handler.takes {
        Takes::Faults | Takes::Everything => true,
        Takes::While(mode, _) | Takes::Between(mode, ..) => mode.at() < registers,
    };
    let has_count = handler.count.is_none_or(|count| count.at() < registers);
    require(has_mode && has_count && handler.error.at() + 2 <= registers, "a handler names a register that the procedure does not have")
}

fn check_operand(program: &Program, procedure: &Procedure, operand: Operand) -> Result<(), Fault> {
    let count = usize::from(procedure.registers);
    let block = |first: usize, length: usize| require(first + length <= count, "an instruction names a register that the procedure does not have");
    match operand {
        Operand::Read(register) | Operand::Write(register) => block(register.at(), 1),
        Operand::Range(range) => block(range.first.at(), usize::from(range.count)),
        Operand::Block(first, length) => block(first.at(), usize::from(length)),
        Operand::Arguments(first, site) => {
            let site = program.sites.get(site.at()).ok_or_else(|| wrong("an instruction names no call"))?;
            block(first.at(), site.arguments.len())
        }
        Operand::Window(first, callee) => {
            let callee = program.procedures.get(callee.at()).ok_or_else(|| wrong("an instruction names no procedure"))?;
            block(first.at(), usize::from(callee.parameters).max(1))
        }
        Operand::Fields(first, shape) => {
            let shape = program.shapes.get(shape.at()).ok_or_else(|| wrong("an instruction names no shape"))?;
            block(first.at(), shape.len())
        }
        Operand::Const(index) => require(index.at() < program.constants.len(), "an instruction names no constant"),
        Operand::Int(_) | Operand::Flag(_) => Ok(()),
        Operand::Name(index) => require(index.at() < program.names.len(), "an instruction names no field"),
        Operand::Path(index) => match program.paths.get(index.at()) {
            Some(path) => check_path(program, path, count),
            None => Err(wrong("an instruction names no place")),
        },
        Operand::Global(index) => require(index.at() < program.globals.len(), "an instruction names no shared variable"),
        Operand::Cache(index) => require(index.0 < program.caches, "an instruction names no cache slot"),
        Operand::To(target) => require((procedure.entry..procedure.end).contains(&target.0), "a jump leaves its procedure"),
        Operand::Cases(index) => {
            let table = program.tables.get(index.at()).ok_or_else(|| wrong("an instruction names no jump table"))?;
            let is_case = |constant: &Constant| match constant {
                Constant::Int(_) | Constant::Text(_) => true,
                Constant::Float(_) => false,
            };
            require(table.cases.iter().all(|(constant, _)| program.constants.get(constant.at()).is_some_and(is_case)), "a case is no integer and no text")?;
            let inside = |target: crate::program::Target| (procedure.entry..procedure.end).contains(&target.0);
            require(table.cases.iter().all(|(_, target)| inside(*target)) && inside(table.otherwise), "a jump leaves its procedure")
        }
    }
}

fn check_path(program: &Program, path: &Path, registers: usize) -> Result<(), Fault> {
    let root = match path.root {
        Root::Register(register) => register.at() < registers,
        Root::Global(global) => global.at() < program.globals.len(),
    };
    let steps = path.steps.iter().all(|step| match step {
        Step::Field(name) => name.at() < program.names.len(),
        Step::Index(register) => register.at() < registers,
    });
    require(root && steps, "a place names what is not there")
}
