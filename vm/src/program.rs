//! The immutable form of a compiled script, shared by all its runs.

use std::sync::Arc;

use crate::isa::Instruction;
use crate::template::Template;

/// A range of bytes in one source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// Which of the program's sources.
    pub source: u16,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// From the start of this span to the end of another in the same source.
    pub fn to(self, end: Span) -> Span {
        Span { source: self.source, start: self.start, end: self.end.max(end.end) }
    }
}

/// The line and the column in characters, both from 1, of a byte position.
pub fn line_and_column(text: &str, position: usize) -> (u32, u32) {
    let before = text.get(..position.min(text.len())).unwrap_or(text);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() as u32 + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[start..].chars().count() as u32 + 1)
}

/// Where the lines of a text begin: for many questions about one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines(Vec<u32>);

impl Lines {
    /// The lines of a text.
    pub fn of(text: &str) -> Lines {
        Lines(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1)).collect())
    }

    /// The line, from 1, of a byte position.
    pub fn number(&self, position: usize) -> u32 {
        self.0.partition_point(|start| *start as usize <= position) as u32
    }

    /// The line and the column in characters, both from 1, of a byte position in the text: as [`line_and_column`].
    pub fn place(&self, text: &str, position: usize) -> (u32, u32) {
        let number = self.number(position.min(text.len()));
        let start = self.0[number as usize - 1] as usize;
        let column = text.get(start..position.min(text.len())).map_or(0, |before| before.chars().count());
        (number, column as u32 + 1)
    }

    /// The text of a line, from 1, without its line break.
    pub fn text<'t>(&self, text: &'t str, number: u32) -> &'t str {
        let start = self.0.get(number as usize - 1).map_or(text.len(), |start| *start as usize);
        text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("")
    }
}

/// The text of a line (from 1), without its line break.
pub fn line_text(text: &str, line: u32) -> &str {
    text.lines().nth(line as usize - 1).unwrap_or("")
}

/// A compiled script. `Send + Sync`: runs share it by [`Arc`] and copy nothing of it but their constants.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Program {
    /// The instructions of all procedures.
    pub code: Vec<Instruction>,
    /// The place of each instruction.
    pub spans: Vec<Span>,
    /// The constants.
    pub constants: Vec<Constant>,
    /// Field names and keys of object literals.
    pub names: Vec<Arc<str>>,
    /// The field names of each object literal, as indexes into `names`.
    pub shapes: Vec<Vec<NameIndex>>,
    /// Places that instructions change: a root and the steps from it.
    pub paths: Vec<Path>,
    /// The functions and keywords that the program calls, by phrase.
    pub imports: Vec<Import>,
    /// The calls of imports.
    pub sites: Vec<CallSite>,
    /// Filters parsed while compiling.
    pub templates: Vec<Template>,
    /// Where one value leads to one of many places.
    pub tables: Vec<JumpTable>,
    /// The procedures; the first is the main part of the script.
    pub procedures: Vec<Procedure>,
    /// The names of the variables that procedures share with the main part, by slot.
    pub globals: Vec<Arc<str>>,
    /// How many inline-cache slots the field instructions use.
    pub caches: u16,
    /// The files, for messages.
    pub sources: Vec<SourceText>,
}

impl Program {
    /// Where an instruction may go, other than to the next one.
    pub fn targets(&self, instruction: Instruction) -> Vec<Target> {
        let mut instruction = instruction;
        if let Instruction::Switch { table, .. } = instruction {
            return self.tables.get(table.at()).map_or_else(Vec::new, |table| table.cases.iter().map(|(_, target)| *target).chain([table.otherwise]).collect());
        }
        instruction.target_mut().map(|target| *target).into_iter().collect()
    }

    /// The procedure that an instruction belongs to.
    pub fn procedure_at(&self, pc: u32) -> &Procedure {
        let at = self.procedures.partition_point(|procedure| procedure.entry <= pc);
        &self.procedures[at.saturating_sub(1)]
    }
}

/// A file's name and text.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceText {
    /// The name that messages show.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text of a string literal: its provenance is literal.
    Text(Arc<str>),
}

/// A procedure's code.
#[derive(Clone, Debug, PartialEq)]
pub struct Procedure {
    /// Its name; empty for the main part.
    pub name: Arc<str>,
    /// Its first instruction.
    pub entry: u32,
    /// The instruction after its last.
    pub end: u32,
    /// How many parameters it has; they are its first registers.
    pub parameters: u8,
    /// How many registers it uses, at most [`crate::verify::REGISTERS_MAX`].
    pub registers: u8,
    /// The names of registers that hold variables, for messages: `(register, name)`.
    pub variables: Vec<(u8, Arc<str>)>,
    /// Where it goes on after a fault: of those that guard the instruction that failed, the first that takes it.
    pub handlers: Vec<Handler>,
}

impl Procedure {
    /// The handlers that guard an instruction, those that are asked first before the others.
    pub fn handlers_at(&self, pc: u32) -> impl Iterator<Item = &Handler> {
        self.handlers.iter().filter(move |handler| (handler.start..handler.end).contains(&pc))
    }
}

/// Where a procedure goes on when an instruction fails, or a call that it made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    /// The first instruction that it guards.
    pub start: u32,
    /// The instruction after the last.
    pub end: u32,
    /// What it takes.
    pub takes: Takes,
    /// Where the procedure goes on.
    pub target: Target,
    /// Two registers for what failed and where: an object with the message, the code and the line, and the places that
    /// led there; of the end of the run NULL.
    pub error: Reg,
    /// Where it guards a statement of which nothing may stay when it fails: the register that counts such statements.
    pub count: Option<Reg>,
}

/// What a handler takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Every fault that does not end the run.
    Faults,
    /// These, and the end of the run, from which it goes on by `Rethrow`.
    Everything,
    /// Faults while a register holds this integer.
    While(Reg, u16),
    /// Faults while a register holds an integer from one on up to another, this included.
    Between(Reg, u16, u16),
}

/// The places to which the values of a `Switch` lead.
#[derive(Clone, Debug, PartialEq)]
pub struct JumpTable {
    /// Integers and texts, each with its place. The first that equals the value counts.
    pub cases: Vec<(ConstIndex, Target)>,
    /// Where all other values lead.
    pub otherwise: Target,
}

/// A function or keyword that a program calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The phrase of its signature.
    pub phrase: Arc<str>,
    /// Whether it is called inside the loop.
    pub is_pure: bool,
    /// Whether it gives rows, of which there may be none.
    pub gives_rows: bool,
}

/// One call of an import.
#[derive(Clone, Debug, PartialEq)]
pub struct CallSite {
    /// Which import.
    pub import: ImportIndex,
    /// What the caller does with the result.
    pub wanted: Wanted,
    /// Each argument in order.
    pub arguments: Vec<ArgumentSite>,
}

/// What a caller does with a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing: the call stands as a statement.
    Nothing,
    /// It uses it as one value; of a keyword that gives rows, as one row.
    Value,
    /// It uses it as a list of rows.
    List,
    /// It goes through the rows in order. The answer is an array of pages; what a page is only the keyword knows.
    Pages,
    /// It goes through the rows of the page that is the first argument. The answer is the array of those that still are.
    Page,
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct ArgumentSite {
    /// Where it stands.
    pub span: Span,
    /// The variable or field that it names, for messages; empty where it is no name.
    pub name: Arc<str>,
    /// A filter that was parsed while compiling: the argument is then the array of the values for its holes.
    pub template: Option<TemplateIndex>,
}

/// A place that an instruction changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Where it begins.
    pub root: Root,
    /// The steps from there.
    pub steps: Vec<Step>,
    /// The variable's name, for messages.
    pub name: Arc<str>,
}

/// Where a place begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// A register of the procedure.
    Register(Reg),
    /// A shared variable.
    Global(GlobalIndex),
}

/// One step of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A field by name.
    Field(NameIndex),
    /// An index or key in a register.
    Index(Reg),
}

macro_rules! indexes {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        impl $name {
            /// The index as a position in its list.
            pub fn at(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

indexes! {
    /// A register of the running procedure.
    Reg(u8);
    /// A constant of the program.
    ConstIndex(u16);
    /// A field name of the program.
    NameIndex(u16);
    /// The fields of an object literal.
    ShapeIndex(u16);
    /// A place.
    PathIndex(u16);
    /// An import.
    ImportIndex(u16);
    /// A call of an import.
    SiteIndex(u16);
    /// A filter template.
    TemplateIndex(u16);
    /// A procedure.
    ProcIndex(u16);
    /// A variable shared by procedures.
    GlobalIndex(u16);
    /// An inline-cache slot.
    CacheIndex(u16);
    /// A jump table.
    TableIndex(u16);
    /// A position in the code.
    Target(u32);
}
