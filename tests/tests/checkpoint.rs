//! A run that is written to bytes and read back at every call of the host comes to the same end as one that is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use gbvm::scripts::{self, Script};
use gbvm_lang::source::Source;
use gbvm_stdlib::fake::World;
use gbvm_stdlib::keyword::{Call, Function};
use gbvm_stdlib::security::hmac_sha256_hex;
use gbvm_tests::libraries::{BULK, ERP, RESOLVER};
use gbvm_tests::{root, seed, spec};
use gbvm_vm::coerce;
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::{Secrets, Stop, Vm};
use gbvm_vm::value::Value;

/// One script with what starts it.
struct Case {
    file: &'static str,
    library: &'static str,
    /// Statements that fill the tables first.
    tables: &'static str,
    memory: &'static [(&'static str, &'static str)],
    /// The variables that its event brings, as JSON.
    event: &'static [(&'static str, &'static str)],
    answers: &'static [(u16, &'static str)],
    /// How many calls of the host the run must make at least.
    calls: usize,
}

const CASES: &[Case] = &[
    Case {
        file: "crm-sync.bas",
        library: "",
        tables: "",
        memory: &[("crm_webhook_secret", "s3cret")],
        event: &[("body", r#"{"event":"created","type":"contact","id":"c-1","timestamp":"2026-01-31T08:59:00Z","data":{"firstName":"Ann","account":{"name":"Acme"}}}"#)],
        answers: &[],
        calls: 5,
    },
    Case {
        file: "crm-outbound.bas",
        library: "",
        tables: "INSERT \"contacts\", {id: \"1\", first_name: \"Ann\"}",
        memory: &[("crm_api_key", "crm-secret")],
        event: &[("trigger", r#"{"operation":"INSERT","table":"contacts","id":"1","new_data":{"id":"1","first_name":"Ann","external_id":""},"old_data":null}"#)],
        answers: &[(201, r#"{"id":"crm-7"}"#)],
        calls: 6,
    },
    Case {
        file: "erp-sync.bas",
        library: ERP,
        tables: "INSERT \"products\", {id: \"1\", sku: \"A-1\", name: \"Anvil\", reorder_point: 10}",
        memory: &[("erp_webhook_key", "k-erp")],
        event: &[
            ("headers", r#"{"x_api_key":"k-erp"}"#),
            ("body", r#"{"eventType":"created","entity":"salesOrder","entityId":"so-1","payload":{"orderNumber":"1001","customerId":"cu-1","total":99.5,"lineItems":[{"sku":"A-1","quantity":2,"unitPrice":40},{"sku":"B-2","quantity":1,"unitPrice":19.5}]}}"#),
        ],
        answers: &[],
        calls: 4,
    },
    Case {
        file: "inventory-sync.bas",
        library: "",
        tables: "INSERT \"inventory\", {id: \"1\", sku: \"A-1\", warehouse: \"W1\", quantity_on_hand: 5}\nINSERT \"products\", {id: \"1\", sku: \"A-1\", name: \"Anvil\", reorder_point: 3}",
        memory: &[("erp_api_key", "erp-secret"), ("ecom_api_key", "shop-secret"), ("pos_api_key", "pos-secret"), ("wms_api_key", "wms-secret")],
        event: &[("body", r#"{"source":"erp","sku":"A-1","warehouse":"W1","type":"shipment","quantity":5}"#)],
        answers: &[],
        calls: 15,
    },
    Case {
        file: "conflict-resolver.bas",
        library: RESOLVER,
        tables: "INSERT \"sync_conflicts\", {id: \"a\", record_type: \"contacts\", record_id: \"1\", status: \"pending\", original_data: {phone: \"1\", title: \"CTO\"}, local_data: {phone: \"2\", title: \"CTO\"}, remote_data: {phone: \"1\", title: \"CEO\"}, local_timestamp: \"2026-01-31T08:00:00Z\", remote_timestamp: \"2026-01-31T08:00:30Z\"}\nINSERT \"sync_conflicts\", {id: \"b\", record_type: \"contacts\", record_id: \"1\", status: \"pending\", original_data: {phone: \"1\"}, local_data: {phone: \"2\"}, remote_data: {phone: \"3\"}, local_timestamp: \"2026-01-31T08:00:00Z\", remote_timestamp: \"2026-01-31T08:00:30Z\"}\nINSERT \"contacts\", {id: \"1\", phone: \"1\"}",
        memory: &[],
        event: &[],
        answers: &[],
        calls: 6,
    },
    Case {
        file: "sync-monitor.bas",
        library: "",
        tables: "INSERT \"sync_events\", {id: \"1\", source: \"crm\", timestamp: DATEADD(NOW(), -2, \"hour\")}",
        memory: &[("pagerduty_key", "pager-secret"), ("max_sync_lag_crm", "30")],
        event: &[],
        answers: &[],
        calls: 8,
    },
    Case {
        file: "bulk-sync.bas",
        library: BULK,
        tables: "",
        memory: &[("crm_api_key", "crm-secret")],
        event: &[("body", r#"{"source":"crm","target":"local","entity":"contact","batch_size":2}"#)],
        answers: &[(200, r#"{"data":[{"id":"1","name":"Ann"},{"id":"2","name":""}],"has_more":true}"#), (200, r#"{"data":[{"id":"3","name":"Bob"}],"has_more":false}"#)],
        calls: 10,
    },
    Case { file: "sync-config.bas", library: "", tables: "", memory: &[], event: &[], answers: &[], calls: 6 },
];

/// Secrets that a mask keeps from being readable in the bytes.
struct Vault(BTreeMap<String, Value>);

impl Secrets for Vault {
    fn reveal(&self, key: &str) -> Option<String> {
        self.0.get(key).map(|value| coerce::text(value).as_str().to_owned())
    }

    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        Some(plain.iter().map(|byte| byte ^ 0x5a).collect())
    }

    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        self.seal(sealed)
    }
}

/// How many instructions run at once, and how often: what is not over then never is.
const SLICE: u64 = 20_000;
const SLICES: usize = 20;

/// How a run came to its end.
struct End {
    calls: usize,
    /// Its failure, if it failed.
    failure: Option<String>,
    /// Its variables.
    left: Vec<String>,
}

/// Runs a script over a world, through bytes wherever it stops, where asked to.
fn run(script: &Arc<Script>, world: &mut World, event: &[(&str, Value)], through_bytes: bool) -> End {
    let limits = Arc::new(Limits::default());
    let mut vm = Vm::new(&script.linked, &limits);
    for (name, value) in event {
        vm.set_variable(name, value.clone());
    }
    let now = gbvm_stdlib::services::Clock::now(&world.clock);
    let (mut calls, mut slices) = (0, 0);
    let failure = loop {
        vm.set_fuel(Some(SLICE));
        let stop = vm.run(&|| now);
        match &stop {
            Stop::Done => break None,
            Stop::Failed(fault) => break Some(fault.to_string()),
            Stop::OutOfFuel if slices == SLICES => break Some("it does not end".to_owned()),
            Stop::OutOfFuel => slices += 1,
            Stop::HostCall => calls += 1,
        }
        if through_bytes {
            vm = through(vm, script, &limits, world, event);
        }
        if let Stop::HostCall = stop {
            let pending = vm.pending().expect("the run waits for a call");
            let keyword = gbvm_stdlib::find(pending.phrase).expect("the keyword is in the table");
            let call = Call { arguments: pending.arguments, site: pending.site, templates: &script.linked.program().templates, frames: pending.frames };
            let answer = match keyword.function {
                Function::Host(function) => function(&mut world.context(), &call),
                Function::Absent => Err(gbvm_stdlib::elsewhere::fault(keyword).expect("it says why it is absent")),
                Function::Pure(_) | Function::Asking(_) | Function::Changing(_) | Function::Declare => panic!("{} is no call of the host", pending.phrase),
            };
            match answer {
                Ok(answer) => vm.resume(answer),
                Err(fault) => {
                    if let Err(fault) = vm.fail(fault) {
                        break Some(fault.to_string());
                    }
                }
            }
        }
    };
    let left = vm.variables().map(|(name, value)| format!("{name} = {}", coerce::json(value))).collect();
    End { calls, failure, left }
}

/// The run, written to bytes and read back.
fn through(vm: Vm, script: &Arc<Script>, limits: &Arc<Limits>, world: &World, event: &[(&str, Value)]) -> Vm {
    let vault = Vault(world.storage.entries.clone());
    let bytes = vm.checkpoint(&vault).expect("the state can be written");
    for (key, secret) in world.storage.entries.iter().filter(|(key, _)| gbvm_stdlib::memory::is_secret_key(key)) {
        let secret = coerce::text(secret);
        // A caller who proves by the secret itself has sent it as data, and a script may write it as text.
        let is_sent = event.iter().any(|(_, value)| coerce::json(value).contains(secret.as_str()));
        let is_written = script.sources.iter().any(|source| source.text.contains(secret.as_str()));
        let is_readable = !is_sent && !is_written && bytes.windows(secret.as_str().len()).any(|window| window == secret.as_str().as_bytes());
        assert!(!is_readable, "{}: the checkpoint shows {key}", script.name);
    }
    drop(vm);
    let vm = Vm::restore(&script.linked, limits, &bytes, &vault).unwrap_or_else(|fault| panic!("{}: {fault}", script.name));
    assert_eq!(vm.checkpoint(&vault).expect("the state can be written again"), bytes, "{}: the same state has the same bytes", script.name);
    vm
}

/// What a run left behind: variables, rows, memory, calls, mails, lines.
fn end_of(case: &Case, script: &Arc<Script>, through_bytes: bool) -> (usize, Vec<String>) {
    let now = Instant::parse("2026-01-31T09:00:00Z").expect("the time of the test is an instant");
    let mut world = World::new(gbvm_lang::filter::parse, now);
    for (key, value) in case.memory {
        world.storage.entries.insert((*key).to_owned(), Value::text(*value));
    }
    let preparation = compile("prepare.bas", case.tables, "");
    let prepared = run(&preparation, &mut world, &[], false);
    assert_eq!(prepared.failure, None, "{}: its tables can be filled", case.file);
    for (status, body) in case.answers {
        world.http.answer(*status, body);
    }
    let json = |text: &str| gbvm_stdlib::json::parse(text.as_bytes(), &Limits::default()).expect("the event is JSON");
    let mut event: Vec<(&str, Value)> = case.event.iter().map(|(name, text)| (*name, json(text))).collect();
    if let Some((_, body)) = case.event.iter().find(|(name, _)| *name == "body") {
        world.run.raw_body = body.as_bytes().to_vec();
        world.run.body = json(body);
        if !case.event.iter().any(|(name, _)| *name == "headers") {
            let signature = hmac_sha256_hex(b"s3cret", body.as_bytes());
            event.push(("headers", json(&format!(r#"{{"x_webhook_signature":"{signature}"}}"#))));
        }
    }
    let End { calls, failure, mut left } = run(script, &mut world, &event, through_bytes);
    assert_eq!(failure, None, "{}", case.file);
    left.extend(left_in(&world, script));
    (calls, left)
}

/// What a run left in the world: rows, memory, calls, mails, lines.
fn left_in(world: &World, script: &Script) -> Vec<String> {
    let mut left = Vec::new();
    for table in script.schema.tables.keys() {
        left.extend(world.storage.rows(table).into_iter().map(|row| format!("{table}: {}", coerce::json(&Value::Object(row)))));
    }
    left.extend(world.storage.entries.iter().map(|(key, value)| format!("{key}: {}", coerce::json(value))));
    left.extend(world.storage.calls.iter().chain(&world.http.requests).map(|request| format!("{request:?}")));
    left.extend(world.storage.mails.iter().map(|mail| format!("{mail:?}")));
    left.extend(world.console.lines.iter().map(|line| format!("{line:?}")));
    left
}

fn compile(name: &str, text: &str, library: &str) -> Arc<Script> {
    let sources = vec![Source::new(name, text), Source::new("lib/library.bas", library)];
    Arc::new(scripts::compile(sources, &[]).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn every_script_goes_on_from_every_call() {
    let Some(folder) = seed() else { return };
    for case in CASES {
        let text = std::fs::read_to_string(folder.join(case.file)).expect("the script can be read");
        let script = compile(case.file, &text, case.library);
        let (calls, straight) = end_of(case, &script, false);
        assert!(calls >= case.calls, "{}: only {calls} calls", case.file);
        let (calls_again, interrupted) = end_of(case, &script, true);
        assert_eq!((calls, straight), (calls_again, interrupted), "{}", case.file);
    }
}

/// Functions whose results differ from run to run.
const RANDOM: [&str; 3] = ["GUID", "RANDOM", "RND"];

/// How a case of the documents ends over a world in memory, and what it leaves there; and the number of its calls.
fn end_of_document(case: &spec::Case, script: &Arc<Script>, through_bytes: bool) -> (usize, Vec<String>) {
    let now = Instant::parse(spec::NOW).expect("the time of the documents is an instant");
    let mut world = World::new(gbvm_lang::filter::parse, now);
    let given = |heading: &str| case.sections.iter().find(|section| section.heading == heading).map(|section| section.text.trim_end());
    for line in given("Peer").unwrap_or_default().lines() {
        let [_, _, status, body] = line.splitn(4, ' ').collect::<Vec<_>>()[..] else { continue };
        world.http.answer(status.parse().expect("a status is a number"), body);
    }
    let body = given("Body").and_then(|body| gbvm_stdlib::json::parse(body.as_bytes(), &Limits::default()).ok());
    let event: Vec<(&str, Value)> = body.map(|body| ("body", body)).into_iter().collect();
    let End { calls, failure, mut left } = run(script, &mut world, &event, through_bytes);
    left.extend(failure);
    left.extend(left_in(&world, script));
    (calls, left)
}

#[test]
fn every_document_goes_on_from_every_call() {
    let (mut cases, mut calls, mut failed) = (0, 0, 0);
    for path in spec::documents(&root().join("tests/spec")) {
        let text = std::fs::read_to_string(&path).expect("a document can be read");
        for case in spec::parse(&text) {
            let source = |heading: &str| case.sections.iter().find(|section| section.heading == heading).map_or("", |section| &section.text);
            if RANDOM.iter().any(|word| source("Source").to_uppercase().contains(word)) {
                continue;
            }
            let sources = vec![Source::new(&*case.name, source("Source")), Source::new("lib/library.bas", source("Library"))];
            let Ok(script) = scripts::compile(sources, &[]) else { continue };
            let script = Arc::new(script);
            let straight = end_of_document(&case, &script, false);
            let interrupted = end_of_document(&case, &script, true);
            assert_eq!(straight, interrupted, "{}: {}", path.display(), case.name);
            cases += 1;
            calls += straight.0;
            failed += usize::from(straight.1.iter().any(|line| line.contains("error[")));
        }
    }
    assert!(cases > 300 && calls > cases && failed > 20, "{cases} cases made {calls} calls and {failed} failed");
}

#[test]
fn damaged_bytes_are_refused_and_do_no_harm() {
    let script = compile("loop.bas", "items = [{a: 1, b: \"two\"}, [3.5, NOW()]]\nFOR i = 1 TO 3\n    CALL show(items, i)\nNEXT i\nSUB show(list, n)\n    PRINT n\n    list[0].a = n\nEND SUB\n", "");
    let limits = Arc::new(Limits { fuel: Some(10_000), ..Limits::default() });
    let vault = Vault(BTreeMap::new());
    let mut vm = Vm::new(&script.linked, &limits);
    assert!(matches!(vm.run(&|| Instant(0)), Stop::HostCall), "PRINT is a call of the host");
    let bytes = vm.checkpoint(&vault).expect("the state can be written");
    let mut accepted = 0;
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            if let Ok(mut vm) = Vm::restore(&script.linked, &limits, &damaged, &vault) {
                accepted += 1;
                vm.set_fuel(Some(10_000));
                vm.resume(Value::Missing);
                // Whatever was accepted runs without a panic, to whichever end.
                let _ = vm.run(&|| Instant(0));
            }
        }
        assert!(Vm::restore(&script.linked, &limits, &bytes[..at], &vault).is_err(), "{at} bytes of {} are accepted", bytes.len());
    }
    assert!(accepted > 0, "a flipped bit of a number is still a number");
}
