//! Random scripts full of failures, jumps and loops compile, and end the same on every dispatcher, through bytes too.
//!
//! `SCRIPTS=100000 cargo test --release -p gbvm-tests --test random_scripts` runs more of them.

use std::fmt::Write as _;
use std::sync::Arc;

use gbvm::scripts::{self, LoadError};
use gbvm_lang::diagnostic::Severity;
use gbvm_lang::source::Source;
use gbvm_tests::dice::Dice;
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::{Dispatcher, Linked, Secrets, Stop, Vm};
use gbvm_vm::value::Value;

/// A script that grows.
struct Writer {
    dice: Dice,
    text: String,
    depth: usize,
    /// Whether a procedure is being written, and whether TRY is around.
    in_procedure: bool,
    in_try: bool,
    in_finally: bool,
    loops: Vec<&'static str>,
}

impl Writer {
    fn line(&mut self, line: &str) {
        let indent = "  ".repeat(self.depth);
        let _ = writeln!(self.text, "{indent}{line}");
    }

    fn value(&mut self) -> String {
        let simple = ["a", "b", "c", "i", "1", "0", "7", "2.5", "\"x\"", "\"4\"", "NULL", "[1, 2]", "list", "o", "o.n", "list[i]", "ERROR", "ERROR CODE"];
        match self.dice.below(10) {
            0 => format!("{} + {}", self.dice.one_of(&simple), self.dice.one_of(&simple)),
            1 => format!("{} - {}", self.dice.one_of(&simple), self.dice.one_of(&simple)),
            2 => format!("{} / {}", self.dice.one_of(&simple), self.dice.one_of(&simple)),
            3 => format!("{} & {}", self.dice.one_of(&simple), self.dice.one_of(&simple)),
            4 => format!("f({})", self.dice.one_of(&simple)),
            5 => format!("g({}, {})", self.dice.one_of(&simple), self.dice.one_of(&simple)),
            6 => format!("{} MOD {}", self.dice.one_of(&simple), self.dice.one_of(&simple)),
            _ => self.dice.one_of(&simple).to_owned(),
        }
    }

    fn simple(&mut self) {
        let (value, other) = (self.value(), self.value());
        let name = self.dice.one_of(&["a", "b", "c", "o", "list"]);
        let line = match self.dice.below(16) {
            0 => format!("PRINT {value}"),
            1 => format!("THROW {value}"),
            2 => format!("o.n = {value}"),
            3 => format!("list[i] = {value}"),
            4 => format!("o.m.k += {value}"),
            5 => format!("list.ADD({value})"),
            6 => format!("IF {value} = {other} THEN {name} = {other} ELSE PRINT {value}"),
            7 if self.in_procedure && !self.in_finally => format!("RETURN {value}"),
            8 if !self.in_finally => "IF a = b THEN EXIT".to_owned(),
            9 if !self.in_try => self.dice.one_of(&["ON ERROR RESUME NEXT", "ON ERROR GOTO 0", "ON ERROR GOTO l0", "CLEAR ERROR"]).to_owned(),
            10 if !self.in_finally => format!("IF {value} > {other} THEN GOTO l{}", self.dice.below(3)),
            11 if !self.in_finally => match self.loops.last() {
                Some(kind) => format!("IF {value} = {other} THEN {} {kind}", self.dice.one_of(&["EXIT", "CONTINUE"])),
                None => format!("{name} = {value}"),
            },
            12 => format!("{name} += {value}"),
            _ => format!("{name} = {value}"),
        };
        self.line(&line);
    }

    fn block(&mut self) {
        self.depth += 1;
        for _ in 0..1 + self.dice.below(3) {
            self.statement();
        }
        self.depth -= 1;
    }

    fn repeated(&mut self, kind: &'static str) {
        self.loops.push(kind);
        self.block();
        self.loops.pop();
    }

    fn statement(&mut self) {
        if self.depth > 4 {
            return self.simple();
        }
        let value = self.value();
        match self.dice.below(14) {
            0 => {
                self.line(&format!("FOR i = 0 TO {value}"));
                self.repeated("FOR");
                self.line("NEXT i");
            }
            1 => {
                self.line(&format!("FOR EACH c IN {value}"));
                self.repeated("FOR");
                self.line("NEXT c");
            }
            2 => {
                self.line("WHILE b < 9");
                self.line("  b += 1");
                self.repeated("WHILE");
                self.line("WEND");
            }
            3 => {
                self.line("DO");
                self.line("  b += 2");
                self.repeated("DO");
                self.line(&format!("LOOP UNTIL b > 8 OR b = {value}"));
            }
            4 => {
                self.line(&format!("SELECT CASE {value}"));
                for case in ["1, 2", "\"x\", \"4\"", "7"] {
                    self.line(&format!("CASE {case}"));
                    self.block();
                }
                self.line("END SELECT");
            }
            5 => {
                self.line("WITH o = NEW OBJECT");
                self.depth += 1;
                self.line(&format!(".n = {value}"));
                let more = self.value();
                self.line(&format!(".m = {more}"));
                self.depth -= 1;
                self.line("END WITH");
            }
            6..=8 => self.try_block(),
            _ => self.simple(),
        }
    }

    fn try_block(&mut self) {
        let (outer_try, outer_finally) = (self.in_try, self.in_finally);
        self.in_try = true;
        self.line("TRY");
        self.block();
        let kind = self.dice.below(3);
        if kind > 0 {
            self.line(if kind == 1 { "CATCH e" } else { "CATCH" });
            self.block();
        }
        if kind != 1 {
            self.line("FINALLY");
            self.in_finally = true;
            let loops = std::mem::take(&mut self.loops);
            self.block();
            self.loops = loops;
        }
        self.line("END TRY");
        (self.in_try, self.in_finally) = (outer_try, outer_finally);
    }

    /// A procedure's statements, with labels between them.
    fn body(&mut self) {
        match self.dice.below(4) {
            0 => {}
            1 => self.line("ON ERROR GOTO l1"),
            _ => self.line("ON ERROR RESUME NEXT"),
        }
        for label in 0..3 {
            self.block();
            self.line(&format!("l{label}:"));
        }
        self.block();
    }
}

fn script(seed: u64) -> String {
    let mut writer = Writer { dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1), text: String::new(), depth: 0, in_procedure: false, in_try: false, in_finally: false, loops: Vec::new() };
    writer.line("a = 1\nb = 2\ni = 0\nlist = [1, \"x\", 3]\no = {n: 5, m: {k: 1}}");
    writer.body();
    writer.in_procedure = true;
    for head in ["FUNCTION f(a)", "FUNCTION g(a, b)"] {
        writer.line(head);
        if writer.dice.below(2) == 0 {
            writer.line("SHARED list");
        }
        writer.body();
        writer.line("END FUNCTION");
    }
    writer.text
}

struct NoSecrets;

impl Secrets for NoSecrets {
    fn reveal(&self, _: &str) -> Option<String> {
        None
    }

    fn seal(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn open(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

/// How a script ends: what it wrote, why it stopped, its variables.
fn end_of(linked: &Arc<Linked>, limits: &Arc<Limits>, dispatcher: Dispatcher, through_bytes: bool) -> String {
    let mut vm = Vm::new(linked, limits);
    vm.set_dispatcher(dispatcher);
    let (mut written, mut calls, mut slices) = (String::new(), 0, 0);
    let ended = loop {
        vm.set_fuel(Some(2_000));
        match vm.run(&|| Instant(0)) {
            Stop::Done => break "done".to_owned(),
            Stop::Failed(fault) => break fault.to_string(),
            Stop::OutOfFuel if slices == 3 => break "out of fuel".to_owned(),
            Stop::OutOfFuel => slices += 1,
            Stop::HostCall if calls == 60 => break "still writing".to_owned(),
            Stop::HostCall => {
                calls += 1;
                let line = vm.pending().map_or(String::new(), |pending| coerce::text(&pending.arguments[0]).as_str().to_owned());
                let _ = writeln!(written, "{line}");
                // Some lines cannot be written.
                if calls % 7 > 0 {
                    vm.resume(Value::Missing);
                } else if let Err(fault) = vm.fail(Fault::new("E_FULL", "the paper is full")) {
                    break fault.to_string();
                }
            }
        }
        vm.take_undone();
        if through_bytes {
            let bytes = vm.checkpoint(&NoSecrets).expect("the state can be written");
            vm = Vm::restore(linked, limits, &bytes, &NoSecrets).unwrap_or_else(|fault| panic!("{fault}"));
            vm.set_dispatcher(dispatcher);
        }
    };
    let variables: Vec<String> = vm.variables().map(|(name, value)| format!("{name} = {}", coerce::json(value))).collect();
    format!("{written}{ended}\n{}", variables.join("\n"))
}

#[test]
fn random_scripts_end_the_same_everywhere() {
    let count = std::env::var("SCRIPTS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let limits = Arc::new(Limits { call_depth: 12, string_bytes: 2_000, array_items: 100, ..Limits::default() });
    let mut ends = std::collections::BTreeMap::new();
    for seed in 1..=count {
        let text = script(seed);
        let script = match scripts::compile(vec![Source::new("random.bas", &*text)], &[]) {
            Ok(script) => script,
            Err(LoadError::Invalid(invalid)) => {
                // A jump out of FINALLY's loops, or a label inside of what it cannot enter, may be refused; nothing else.
                let errors: Vec<_> = invalid.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error && diagnostic.code != "E_LABEL").collect();
                assert!(errors.is_empty(), "script {seed}: {errors:?}\n{text}");
                *ends.entry("refused".to_owned()).or_insert(0) += 1;
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        let wanted = end_of(&script.linked, &limits, Dispatcher::Reference, false);
        for &dispatcher in Dispatcher::ALL {
            for through_bytes in [false, true] {
                let found = end_of(&script.linked, &limits, dispatcher, through_bytes);
                assert!(found == wanted, "script {seed} on {dispatcher:?}, through bytes: {through_bytes}\n{found}\n--- instead of\n{wanted}\n--- by\n{text}\n{}", gbvm_vm::disasm::disassemble_linked(&script.linked));
            }
        }
        let end = wanted.lines().find(|line| ["done", "out of fuel", "still writing"].contains(line)).unwrap_or("failed");
        *ends.entry(end.to_owned()).or_insert(0) += 1;
    }
    // The scripts are worth running only if they end in many ways.
    assert!(ends.len() >= 4 && ends["done"] > count / 50 && ends["failed"] > count / 5, "{ends:?}");
}
