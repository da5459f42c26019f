//! What the compiler says of scripts, and what it tells the engine.

#[path = "table/signatures.rs"]
mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gbvm_lang::declare::{Dedupe, Declaration, Schedule, Trigger, Webhook};
use gbvm_lang::diagnostic::Severity;
use gbvm_lang::source::Source;
use gbvm_lang::{Compilation, CompiledScript};
use gbvm_vm::isa::{Instruction, Operand};
use gbvm_vm::program::{Program, Wanted};

fn compile(texts: &[(&str, &str)]) -> (Compilation, Vec<Source>) {
    let sources: Vec<Source> = texts.iter().map(|(name, text)| Source::new(*name, *text)).collect();
    (gbvm_lang::compile(&sources, table::SIGNATURES), sources)
}

fn messages(text: &str) -> Vec<String> {
    let (compilation, sources) = compile(&[("a.bas", text)]);
    compilation.diagnostics.iter().map(|diagnostic| diagnostic.plain(&sources)).collect()
}

/// Checks that one message begins so.
fn says(text: &str, beginning: &str) {
    let messages = messages(text);
    assert!(messages.iter().any(|message| message.starts_with(beginning)), "{beginning}\nis none of\n{}", messages.join("\n"));
}

fn quiet(text: &str) {
    assert_eq!(messages(text), Vec::<String>::new());
}

fn script(text: &str) -> CompiledScript {
    let (compilation, sources) = compile(&[("a.bas", text)]);
    let messages: Vec<String> = compilation.diagnostics.iter().map(|diagnostic| diagnostic.plain(&sources)).collect();
    compilation.script.unwrap_or_else(|| panic!("{}", messages.join("\n")))
}

/// What the calls of a keyword want, in order.
fn wanted(text: &str, phrase: &str) -> Vec<Wanted> {
    let program = script(text).program;
    let sites = program.sites.iter().filter(|site| &*program.imports[site.import.at()].phrase == phrase);
    sites.map(|site| site.wanted).collect()
}

/// The folder that the eight scripts are in, where this machine has it.
fn seed() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().map(|folder| folder.join("shared/seed")).find(|folder| folder.is_dir())
}

/// What every program must hold, whatever it came from.
fn check_bounds(program: &Program) {
    assert_eq!(program.code.len(), program.spans.len());
    for procedure in &program.procedures {
        assert!(procedure.entry < procedure.end && procedure.registers <= 250);
        let register = |register: u8| assert!(register < procedure.registers, "{}: R{register}", procedure.name);
        let within = |first: u8, count: usize| {
            assert!(usize::from(first) + count <= usize::from(procedure.registers), "{}: R{first} + {count}", procedure.name);
        };
        for at in procedure.entry..procedure.end {
            for operand in program.code[at as usize].operands() {
                match operand {
                    Operand::Read(at) | Operand::Write(at) | Operand::Window(at, _) => register(at.0),
                    Operand::Range(range) => within(range.first.0, range.count.into()),
                    Operand::Block(first, count) => within(first.0, count.into()),
                    Operand::Arguments(first, site) => within(first.0, program.sites[site.at()].arguments.len()),
                    Operand::Fields(first, shape) => within(first.0, program.shapes[shape.at()].len()),
                    Operand::Cases(table) => assert!(table.at() < program.tables.len()),
                    Operand::To(target) => assert!((procedure.entry..procedure.end).contains(&target.0)),
                    Operand::Const(index) => assert!(index.at() < program.constants.len()),
                    Operand::Name(index) => assert!(index.at() < program.names.len()),
                    Operand::Path(index) => assert!(index.at() < program.paths.len()),
                    Operand::Global(index) => assert!(index.at() < program.globals.len()),
                    Operand::Cache(index) => assert!(index.0 < program.caches),
                    Operand::Int(_) | Operand::Flag(_) => {}
                }
            }
        }
        let last = program.code[procedure.end as usize - 1];
        assert!(matches!(last, Instruction::Return { .. } | Instruction::Halt {} | Instruction::Jump { .. } | Instruction::Switch { .. } | Instruction::Throw { .. } | Instruction::Rethrow { .. }), "{last:?}");
    }
}

#[test]
fn the_eight_scripts_compile_without_an_error() {
    let Some(folder) = seed() else { return };
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (compilation, sources) = compile(&[(&path.to_string_lossy(), &text)]);
        for diagnostic in &compilation.diagnostics {
            assert_eq!(diagnostic.severity, Severity::Warning, "{}", diagnostic.plain(&sources));
        }
        check_bounds(&compilation.script.unwrap().program);
        count += 1;
    }
    assert_eq!(count, 8);
}

#[test]
fn many_variables_and_fields_still_fit() {
    let variables: String = (0..300).map(|number| format!("v{number} = {number}\n")).collect();
    check_bounds(&script(&variables).program);
    let fields: String = (0..200).map(|number| format!(".f{number} = {number}\n")).collect();
    check_bounds(&script(&format!("WITH x = NEW OBJECT\n{fields}END WITH")).program);
    let items: Vec<String> = (0..500).map(|number| number.to_string()).collect();
    check_bounds(&script(&format!("x = [{}]\ny = {}", items.join(", "), items.join(" + \"a\" + "))).program);
    let holes = "\"a=\"".to_string() + &" + body".repeat(400);
    says(&format!("x = FIND \"t\", {holes}"), "a.bas:1:1: error[E_TOO_LARGE]: This needs too many values at once");
    says(&format!("PRINT {}", ["1"; 400].join(", ")), "a.bas:1:1: error[E_TOO_LARGE]");
    let procedure = format!("SUB s()\n{variables}END SUB");
    says(&procedure, "a.bas:182:1: error[E_TOO_LARGE]: This procedure has more than 180 variables");
}

#[test]
fn declarations_are_read_without_running() {
    let declared = |text: &str| {
        let mut declarations = script(text).declarations;
        assert_eq!(declarations.len(), 1);
        declarations.remove(0)
    };
    let Declaration::Webhook(webhook) = declared("WEBHOOK \"in\", OPEN") else { panic!() };
    assert_eq!(webhook, Webhook { name: "in".into(), open: true, accept: false, scheme: None, dedupe: Dedupe::Standard, span: webhook.span });
    let Declaration::Trigger(trigger) = declared("ON \"t\", \"INSERT, delete\"") else { panic!() };
    assert_eq!(trigger, Trigger { table: "t".into(), insert: true, update: false, delete: true, span: trigger.span });
    for text in ["SET SCHEDULE \"job\", \"*/5 * * * *\"", "SET SCHEDULE \"*/5 * * * *\", \"job\""] {
        let Declaration::Schedule(schedule) = declared(text) else { panic!() };
        assert_eq!(schedule, Schedule { name: Some("job".into()), when: "*/5 * * * *".into(), span: schedule.span });
    }
    let Declaration::Schedule(schedule) = declared("SET SCHEDULE \"every day at 9am\"") else { panic!() };
    assert_eq!((schedule.name, &*schedule.when), (None, "every day at 9am"));
    says("x = \"a\"\nWEBHOOK x", "a.bas:2:9: error[E_DECLARE]: The webhook's name must be written here");
    says("ON \"t\", \"CHANGE\"", "a.bas:1:9: error[E_DECLARE]: CHANGE is no event");
    says("IF body THEN\nWEBHOOK \"x\"\nEND IF", "a.bas:2:1: error[E_DECLARE]: WEBHOOK stands at the top level");
}

#[test]
fn uses_decide_between_a_row_and_a_list() {
    use Wanted::{List, Page, Pages, Value};
    let find = |rest: &str| wanted(&format!("r = FIND \"t\"\n{rest}"), "FIND");
    assert_eq!(find("PRINT r.a"), [Value]);
    assert_eq!(find("IF r = \"\" THEN PRINT 1"), [Value]);
    assert_eq!(find("IF ISNULL(r) OR r IS NULL THEN PRINT 1"), [Value]);
    assert_eq!(find("FOR EACH x IN r\nPRINT x\nNEXT x"), [List]);
    assert_eq!(find("PRINT r[0].a"), [List]);
    assert_eq!(find("PRINT r.length"), [List]);
    assert_eq!(find("PRINT UBOUND(r)"), [List]);
    assert_eq!(find("PRINT r.a\nx = {row: r}"), [Value]);
    assert_eq!(find("x = {row: r}\nPRINT r.a"), [List]);
    assert_eq!(find("PRINT r.a\nPRINT r[1]"), [List]);
    assert_eq!(find("PRINT r.a\nr = FIND \"u\"\nPRINT r.count"), [Value, List]);
    let branches = "IF body THEN\nr = FIND \"t\"\nPRINT r.a\nELSE\nr = FIND \"u\"\nPRINT r.count\nEND IF";
    assert_eq!(wanted(branches, "FIND"), [Value, List]);
    let joined = "IF body THEN\nr = FIND \"t\"\nELSE\nr = FIND \"u\"\nEND IF\nPRINT r.count";
    assert_eq!(wanted(joined, "FIND"), [List, List]);
    let around = "WHILE body\nPRINT UBOUND(r)\nr = FIND \"t\"\nWEND";
    assert_eq!(wanted(around, "FIND"), [List]);
    let shared = "r = FIND \"t\"\nCALL s()\nSUB s()\nFOR EACH x IN r\nPRINT x\nNEXT x\nEND SUB";
    assert_eq!(wanted(shared, "FIND"), [List]);
    assert_eq!(wanted("FOR EACH x IN FIND \"t\"\nPRINT x\nNEXT x", "FIND"), [Pages, Page]);
    assert_eq!(wanted("FOR EACH x IN ISNULL(a) ? FIND(\"t\") : []\nPRINT x\nNEXT x", "FIND"), [List]);
    assert_eq!(wanted("PRINT f()\nFUNCTION f()\nRETURN FIND \"t\"\nEND FUNCTION", "FIND"), [List]);
}

#[test]
fn the_schema_is_what_the_text_names() {
    let needs = script(
        "SELECT CASE body.type\nCASE 1\nWITH r = NEW OBJECT\n.name = 1\nEND WITH\nt = \"contacts\"\nCASE 2\nr = {title: 2}\nt = \"deals\"\nEND SELECT\nINSERT t, r\nUPDATE t, \"ext=\" + body.id + \" AND age>5\", {done: 1}\nCALL keep(\"log\", body)\nSUB keep(where_to, what)\nSAVE where_to, what.id, what\nEND SUB",
    );
    let columns = |table: &str| needs.schema.tables[table].columns.iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(columns("contacts"), ["age", "done", "ext", "name"]);
    assert_eq!(columns("deals"), ["age", "done", "ext", "title"]);
    assert_eq!(columns("log"), [] as [&str; 0]);
    assert_eq!(needs.schema.tables["deals"].indexed, BTreeSet::from(["ext".to_string()]));
    assert!(needs.schema.field_names.contains("title") && !needs.schema.field_names.contains("contacts"));
    assert!(needs.accesses.writes && !needs.accesses.reads);
}

#[test]
fn origins_are_those_that_the_text_settles() {
    let needs = script(
        "base = \"https://Api.One.com:8443\"\nGET base + \"/x/\" + body.id\nGET \"https://two.com/\" + body.id\nGET \"https://three.com\" + body.path\nGET body.url\nCALL fetch(\"http://four.com/a\")\nSUB fetch(url)\nGET url\nEND SUB",
    );
    assert_eq!(needs.schema.origins.iter().map(String::as_str).collect::<Vec<_>>(), [
        "http://four.com",
        "https://api.one.com:8443",
        "https://two.com"
    ]);
}

#[test]
fn libraries_answer_what_the_script_does_not() {
    let library = "' shared\nFUNCTION twice(x)\nRETURN add(x, x)\nEND FUNCTION\nFUNCTION add(a, b)\nRETURN a + b\nEND FUNCTION\nSUB unused()\nPRINT nothing_sets_this\nEND SUB";
    let (compilation, _) = compile(&[("a.bas", "PRINT twice(2)"), ("lib/m.bas", library)]);
    assert!(compilation.diagnostics.is_empty(), "{:?}", compilation.diagnostics);
    let procedures = compilation.script.unwrap().program.procedures;
    assert_eq!(procedures.iter().map(|procedure| &*procedure.name).collect::<Vec<_>>(), ["", "twice", "add"]);
    let (compilation, sources) = compile(&[("a.bas", "PRINT 1"), ("lib/m.bas", "PRINT 2")]);
    assert_eq!(compilation.diagnostics[0].plain(&sources), "lib/m.bas:1:1: error[E_LIBRARY]: A library holds SUB and FUNCTION only; this line would never run.");
}

#[test]
fn errors_point_at_what_is_wrong() {
    says("x = FORMAT(1)", "a.bas:1:5: error[E_ARITY]: FORMAT takes 2 arguments (value, pattern), but 1 is given.");
    says("CALL f(1, 2)\nSUB f(a)\nEND SUB", "a.bas:1:1: error[E_ARITY]: f takes 1 argument (a), but 2 are given.");
    says("x = FIND \"t\", \"a='b\"", "a.bas:1:15: error[E_FILTER_QUOTE]: In the filter \"a='b\"");
    says("x = FIND \"t\", \"a=1 AND LOWER(b)=2\"", "a.bas:1:15: error[E_FILTER_SYNTAX]");
    says("EXIT FOR", "a.bas:1:1: error[E_SYNTAX]: EXIT FOR stands only inside FOR");
    says("EXIT SUB", "a.bas:1:1: error[E_SYNTAX]: EXIT SUB");
    says("f = 1\nSUB f()\nEND SUB", "a.bas:1:1: error[E_PLACE]: f is a procedure");
    says("SUB f()\nEND SUB\nSUB F()\nEND SUB", "a.bas:3:5: error[E_DUPLICATE]: There is a procedure F already, at a.bas:1:5.");
    says("x = body.shout(1)", "a.bas:1:10: error[E_METHOD]: There is no method shout");
}

#[test]
fn warnings_name_what_is_probably_not_meant() {
    says("x = UCSE(body.a)", "a.bas:1:5: warning[W_UNANSWERED]: Nobody answers the name UCSE: this line will fail when it runs. Did you mean UCASE?");
    says("total = 1\nPRINT totl", "a.bas:2:7: warning[W_UNASSIGNED]: totl is read here, but nothing in the script sets it; only --param totl=… can. Did you mean total?");
    says("EXIT\nPRINT 1", "a.bas:2:1: warning[W_UNREACHABLE]: This line never runs: EXIT stands before it.");
    says("WEBHOOK \"x\"", "a.bas:1:1: warning[W_UNAUTHENTICATED]");
    quiet("WEBHOOK \"x\", OPEN");
    quiet("WEBHOOK \"x\"\nIF NOT VERIFY_KEY(headers.x, GET BOT MEMORY \"x_key\") THEN EXIT");
    let compared = "WEBHOOK \"x\"\ngiven = headers.x_key\nk = GET BOT MEMORY \"x_key\"\nIF given <> k THEN EXIT";
    says(compared, "a.bas:4:4: warning[W_SECRET_COMPARED]");
    assert_eq!(messages(compared).len(), 1);
    says("GET \"https://\" + body.host", "a.bas:1:5: warning[W_ADDRESS_AT_RUN]");
    quiet("GET \"https://a.example/\" + body.path");
    says("c = \"a\"\nx = FIND \"t\", c + \"=\" + body.v", "a.bas:2:15: warning[W_FILTER_AT_RUN]");
    let stale = "UPDATE \"t\", \"a=\" + body.a, {b: 1}\nold_row = FIND \"t\", \"a=\" + body.a\nPRINT old_row.b";
    says(stale, "a.bas:2:11: warning[W_STALE_READ]");
    quiet("UPDATE \"t\", \"a=\" + body.a, {b: 1}\nrow = FIND \"t\", \"a=\" + body.a\nPRINT row.b");
    let lost = "t = {a: 1}\nCALL s()\nPRINT t.a\nSUB s()\nt.a = 2\nEND SUB";
    says(lost, "a.bas:5:1: warning[W_OWN_VARIABLE]");
}

#[test]
fn a_filter_whose_column_is_a_variable_is_judged_when_it_runs() {
    let program = script("f = \"status\"\nr = FIND \"t\", f + \"=\" + body.v").program;
    let tracked = program.code.iter().any(|instruction| matches!(instruction, Instruction::Concat { track: true, .. } | Instruction::AppendText { track: true, .. }));
    assert!(tracked && program.templates.is_empty());
}

#[test]
fn a_text_that_grows_into_an_address_keeps_its_parts() {
    let tracks = |text: &str| {
        let program = script(text).program;
        let tracked = |instruction: &Instruction| matches!(instruction, Instruction::Concat { track: true, .. } | Instruction::AppendText { track: true, .. });
        program.code.iter().filter(|instruction| tracked(instruction)).count()
    };
    assert_eq!(tracks("url = \"https://a.example/\"\nurl += \"x/\" + body.id\nurl += \"?y\"\nGET url"), 2);
    assert_eq!(tracks("list = []\nlist.ADD(\"https://a.example/\" + body.id)\nFOR EACH url IN list\nGET url\nNEXT url"), 1);
    assert_eq!(tracks("PRINT page(\"a\" + body.id)\nFUNCTION page(name)\nRETURN GET \"https://a.example/\" + name\nEND FUNCTION"), 2);
    assert_eq!(tracks("o = {u: \"https://a.example/\" + body.id, v: \"not \" + body.id}\nGET o.u\nPRINT o.v"), 1);
}
