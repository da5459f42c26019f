//! From sources to a program, with everything that the engine must know of it.

use gbvm_vm::program::{Program, SourceText};
use gbvm_vm::signature::Signature;
use rustc_hash::FxHashSet;

use crate::ast::{Procedure, Script};
use crate::declare::{self, Declaration};
use crate::diagnostic::{Diagnostic, Severity};
use crate::flow::Flows;
use crate::labels;
use crate::lint;
use crate::lower::{self, Facts};
use crate::parse::{parse_beside, procedure_names};
use crate::reach;
use crate::resolve::{self, Answer, Whole};
use crate::rows;
use crate::schema::{self, Accesses, Schema};
use crate::source::Source;
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
    /// The tables and addresses it asks for.
    pub schema: Schema,
    /// What it does to stored data.
    pub accesses: Accesses,
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
    let (declarations, found) = declare::take(&mut trees[0].main, signatures);
    diagnostics.extend(found);
    for library in &trees[1..] {
        if let Some(statement) = library.main.first() {
            let message = "A library holds SUB and FUNCTION only; this line would never run.";
            diagnostics.push(Diagnostic::error("E_LIBRARY", statement.span, message));
        }
    }
    let own: Vec<&Procedure> = trees[0].procedures.iter().collect();
    let libraries: Vec<&Procedure> = trees[1..].iter().flat_map(|tree| &tree.procedures).collect();
    diagnostics.extend(resolve::check_procedures(&own, sources));
    diagnostics.extend(resolve::check_procedures(&libraries, sources));
    let everything = Whole::new(&trees[0].main, own.iter().chain(&libraries).copied().collect(), signatures);
    let needed = needed(&everything, own.len());
    let whole = Whole::new(&trees[0].main, needed, signatures);
    diagnostics.extend(labels::check(&whole, sources));
    let flows = Flows::new(&whole);
    let facts = Facts { tracked: reach::tracked(&whole, &flows), lists: rows::lists(&whole) };
    let (mut program, found) = lower::lower(&whole, &facts);
    diagnostics.extend(found);
    // Warnings speak of the whole script: beside a line that cannot be read they would mislead.
    if is_readable {
        diagnostics.extend(lint::lint(&whole, &flows, &declarations));
    }
    diagnostics.extend(transaction::calls_inside(&whole));
    let (mut schema, accesses, found) = schema::schema(&whole, &flows);
    diagnostics.extend(found);
    for declaration in &declarations {
        if let Declaration::Trigger(trigger) = declaration {
            schema.tables.entry(trigger.table.clone()).or_default();
        }
    }
    let text = |source: &Source| SourceText { name: source.name.clone(), text: source.text.clone() };
    program.sources = sources.iter().map(text).collect();
    Some(CompiledScript { program, declarations, schema, accesses })
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
