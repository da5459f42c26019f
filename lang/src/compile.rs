//! From sources to a program, with everything that the engine must know of it.

use gbvm_vm::program::{Program, SourceText};
use gbvm_vm::signature::Signature;
use rustc_hash::FxHashSet;

use crate::address::Addresses;
use crate::ast::{Procedure, Script, Statement};
use crate::declare::{self, Declaration, Interface};
use crate::diagnostic::{Diagnostic, Severity};
use crate::flow::Flows;
use crate::labels;
use crate::lint;
use crate::lower::{self, Facts, Lowered};
use crate::parse::{parse_beside, procedure_names};
use crate::reach;
use crate::reads::{self, Reads};
use crate::resolve::{self, Answer, Whole};
use crate::rows;
use crate::schema::{self, Accesses, Schema};
use crate::source::{Source, SourceKind, Span};
use crate::transaction;
use crate::walk;

/// What compiling gives: a script if there was no error, and every message.
#[derive(Clone, Debug)]
pub struct Compilation {
    /// The script, if it has no error.
    pub script: Option<CompiledScript>,
    /// What starts the script, as far as it can be read, though it has errors.
    pub declarations: Vec<Declaration>,
    /// Errors and warnings, by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// A script that can be run.
#[derive(Clone, Debug)]
pub struct CompiledScript {
    /// Its code.
    pub program: Program,
    /// What starts it; nothing means: once, from top to bottom, when asked to.
    pub declarations: Vec<Declaration>,
    /// What it says of itself, and its inputs.
    pub interface: Interface,
    /// The tables and addresses it asks for.
    pub schema: Schema,
    /// What it does to stored data.
    pub accesses: Accesses,
    /// The tables and fields that it reads.
    pub reads: Reads,
    /// The first instruction of each statement, in the order of the code: for traces.
    pub statements: Vec<(u32, Span)>,
}

/// Compiles a script, the first source, with libraries, the others, whose procedures answer the calls that the
/// script does not.
pub fn compile(sources: &[Source], signatures: &[Signature]) -> Compilation {
    let mut diagnostics = Vec::new();
    let mut trees = Vec::with_capacity(sources.len());
    let procedures = sources.iter().flat_map(|source| procedure_names(&source.text)).collect();
    for (index, source) in (0u16..).zip(sources) {
        let (tree, found) = parse_beside(source, index, signatures, &procedures);
        diagnostics.extend(found);
        trees.push(tree);
    }
    let script = if trees.is_empty() { None } else { back_end(sources, trees, signatures, &mut diagnostics) };
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.source, diagnostic.span.start, diagnostic.severity));
    diagnostics.dedup();
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let declarations = script.as_ref().map(|script| script.declarations.clone()).unwrap_or_default();
    Compilation { script: script.filter(|_| !failed), declarations, diagnostics }
}

fn back_end(
    sources: &[Source],
    mut trees: Vec<Script>,
    signatures: &[Signature],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<CompiledScript> {
    let is_readable = diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error);
    let declare::Declared { events: declarations, interface, diagnostics: found } = declare::take(&mut trees[0].main, signatures);
    diagnostics.extend(found);
    for (tree, source) in trees.iter_mut().zip(sources).skip(1) {
        diagnostics.extend(never_run(&mut tree.main, source.kind, signatures));
    }
    let own: Vec<&Procedure> = trees[0].procedures.iter().collect();
    let beside = |kind: SourceKind| -> Vec<&Procedure> {
        let files = trees.iter().zip(sources).skip(1).filter(|(_, source)| source.kind == kind);
        files.flat_map(|(tree, _)| &tree.procedures).collect()
    };
    let (included, libraries) = (beside(SourceKind::Included), beside(SourceKind::Library));
    for group in [&own, &included, &libraries] {
        diagnostics.extend(resolve::check_procedures(group, sources));
    }
    let everything = Whole::new(&trees[0].main, own.iter().chain(&included).chain(&libraries).copied().collect(), signatures);
    let needed = needed(&everything, own.len());
    let whole = if needed.len() + 1 == everything.routines.len() { everything } else { Whole::new(&trees[0].main, needed, signatures) };
    diagnostics.extend(labels::check(&whole, sources));
    let flows = Flows::new(&whole);
    let addresses = Addresses::new(&flows);
    let facts = Facts { tracked: reach::tracked(&whole, &flows), rows: rows::wanted(&whole) };
    let Lowered { mut program, statements, diagnostics: found } = lower::lower(&whole, &facts);
    // Blocks that nest too deep are told of already: that they need much is no news.
    let is_deep = diagnostics.iter().any(|diagnostic| diagnostic.code == "E_DEPTH");
    diagnostics.extend(found.into_iter().filter(|diagnostic| !is_deep || diagnostic.code != "E_TOO_LARGE"));
    // Warnings speak of the whole script: beside a line that cannot be read they would mislead.
    if is_readable {
        diagnostics.extend(lint::lint(&whole, &flows, &addresses, &declarations));
    }
    diagnostics.extend(transaction::calls_inside(&whole));
    let tables: Vec<_> = trees.iter().flat_map(|tree| &tree.tables).collect();
    let (mut schema, accesses, found) = schema::schema(&whole, &flows, &addresses, &tables);
    diagnostics.extend(found);
    for tree in &trees {
        diagnostics.extend(schema.declare(&tree.tables));
    }
    for declaration in &declarations {
        if let Declaration::Trigger(trigger) = declaration {
            schema.tables.entry(trigger.table.clone()).or_default();
        }
    }
    let text = |source: &Source| SourceText { name: source.name.clone(), text: source.text.clone() };
    program.sources = sources.iter().map(text).collect();
    let reads = reads::reads(&whole, &flows);
    Some(CompiledScript { program, declarations, interface, schema, accesses, reads, statements })
}

/// What stands outside of the procedures of a file beside the script.
fn never_run(main: &mut Vec<Statement>, kind: SourceKind, signatures: &[Signature]) -> Vec<Diagnostic> {
    let declare::Declared { events, interface, mut diagnostics } = declare::take(main, signatures);
    let declared = events.iter().map(Declaration::span).chain(interface.params.first().map(|param| param.span));
    let first = declared.chain(main.first().map(|statement| statement.span)).min_by_key(|span| span.start);
    if let Some(span) = first {
        let file = match kind {
            SourceKind::Library => "A library",
            SourceKind::Included => "An included file",
        };
        let message = format!("{file} holds SUB and FUNCTION only; this line would never run.");
        diagnostics.push(Diagnostic::error("E_LIBRARY", span, message));
    }
    diagnostics
}

/// The script's own procedures, and those of the libraries that are called from there.
fn needed<'a>(everything: &Whole<'a>, own: usize) -> Vec<&'a Procedure> {
    let mut waiting: Vec<usize> = (0..=own).collect();
    let mut seen: FxHashSet<usize> = waiting.iter().copied().collect();
    while let Some(routine) = waiting.pop() {
        walk::each_expression(everything.routines[routine].body, &mut |expression| {
            if let Some(Answer::Procedure(index)) = everything.callee(routine, expression)
                && seen.insert(index)
            {
                waiting.push(index);
            }
        });
    }
    let mut indexes: Vec<usize> = seen.into_iter().filter(|index| *index > 0).collect();
    indexes.sort_unstable();
    indexes.into_iter().filter_map(|index| everything.procedure(index)).collect()
}
