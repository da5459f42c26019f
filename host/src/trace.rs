//! Tells a run statement by statement: each with its place, and after it the variables that it changed.

use std::collections::BTreeMap;

use gbvm_vm::coerce;
use gbvm_vm::machine::{Moment, Vm};
use gbvm_vm::value::Value;

use crate::scripts::Script;

/// The most characters of a value that are shown.
const VALUE_MAX: usize = 200;

/// The values of variables as they were last seen, by name.
type Seen = BTreeMap<String, String>;

/// Tells one run.
pub struct Trace<'a> {
    script: &'a Script,
    print: &'a dyn Fn(&str),
    /// Of each call that is alive.
    frames: Vec<Seen>,
    shared: Seen,
}

impl<'a> Trace<'a> {
    /// Of a run of a script; lines go to `print`.
    pub fn new(script: &'a Script, print: &'a dyn Fn(&str)) -> Trace<'a> {
        Trace { script, print, frames: Vec::new(), shared: Seen::new() }
    }

    /// Sees the moment before an instruction: where a statement begins, what the last one changed is told, and then it.
    /// Before a procedure is left, what it changed last is told, since its variables are gone behind that.
    pub fn see(&mut self, moment: &Moment<'_>) {
        let statements = &self.script.statements;
        let behind = statements.partition_point(|(pc, _)| *pc <= moment.pc);
        let begun = behind.checked_sub(1).map(|at| statements[at]).filter(|(pc, _)| *pc == moment.pc);
        if begun.is_none() && !moment.leaves {
            return;
        }
        self.frames.resize_with(moment.depth, Seen::new);
        if let Some(frame) = self.frames.last_mut() {
            tell(frame, moment.variables(), self.print);
        }
        tell(&mut self.shared, moment.shared(), self.print);
        let Some((_, span)) = begun else { return };
        let source = &self.script.sources[usize::from(span.source)];
        let (line, column) = source.line_and_column(span.start as usize);
        (self.print)(&format!("{}:{line}:{column}: {}", source.name, source.line_text(line).trim()));
    }

    /// Tells what the last statement changed.
    pub fn finish(&mut self, vm: &Vm) {
        self.frames.truncate(1);
        let mut seen = std::mem::take(&mut self.shared);
        seen.extend(self.frames.pop().unwrap_or_default());
        tell(&mut seen, vm.variables(), self.print);
    }
}

fn tell<'v>(seen: &mut Seen, variables: impl Iterator<Item = (&'v str, &'v Value)>, print: &dyn Fn(&str)) {
    for (name, value) in variables {
        let now = shown(value);
        let before = seen.get(name).map_or("MISSING", String::as_str);
        if before != now {
            print(&format!("    {name} = {now}"));
            seen.insert(name.to_owned(), now);
        }
    }
}

/// A value as a trace shows it: like JSON, short, and without secrets.
pub fn shown(value: &Value) -> String {
    let text = match value {
        Value::Missing => "MISSING".to_owned(),
        Value::Null => "NULL".to_owned(),
        Value::Text(text) => coerce::json(&Value::text(&*text.masked())),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Array(_) | Value::Object(_) => match coerce::secret_in(value) {
            Some(secret) => format!("{} with {}", value.kind(), secret.masked()),
            None => coerce::json(value),
        },
    };
    if text.chars().count() <= VALUE_MAX {
        return text;
    }
    text.chars().take(VALUE_MAX).chain(['…']).collect()
}
