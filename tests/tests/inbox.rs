//! Requests that come twice, and requests that are accepted now and run later.

use std::path::Path;
use std::sync::Arc;

use gbvm::endpoints;
use gbvm::engine::Engine;
use gbvm::event::{Event, WebhookEvent};
use gbvm::outcome::Reply;
use gbvm::scripts::Script;
use gbvm_stdlib::security::hmac_sha256_hex;
use gbvm_stdlib::services::Clock as _;
use gbvm_tests::scenario::Scenario;

const SECRET: &str = "s3cret";
const CHECK: &str = "IF NOT VERIFY_SIGNATURE(body, headers.x_signature, GET BOT MEMORY \"hook_secret\") THEN\n  result = {status: 401}\n  EXIT\nEND IF\n";
const WRITE: &str = "INSERT \"seen\", {body: JSON_STRINGIFY(body)}\nn = AGGREGATE \"COUNT\", \"seen\"\nresult = {number: n}\n";
const COUNT: &str = "SELECT count(*) FROM seen";

fn world(options: &str, script: &str) -> (Scenario, Arc<Script>) {
    let world = Scenario::new(&[("hook_secret", SECRET), ("hook_key", "k-1")]);
    let script = world.load_text("hook.bas", &format!("WEBHOOK \"hook\"{options}\n{script}")).unwrap_or_else(|codes| panic!("{codes:?}"));
    (world, script)
}

fn sign(body: &str) -> String {
    hmac_sha256_hex(SECRET.as_bytes(), body.as_bytes())
}

/// A request with these headers through the front door, without its run where it is accepted.
fn ask(world: &Scenario, method: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let headers = headers.iter().map(|(name, value)| (name.to_ascii_lowercase().replace('-', "_"), (*value).to_owned()));
    let headers = headers.chain([("content_type".to_owned(), "application/json".to_owned())]).collect();
    let request = WebhookEvent { name: String::new(), method: method.into(), path: "/webhook/hook".into(), query: Vec::new(), query_text: String::new(), headers, body: body.into() };
    endpoints::answer(world.engine.world(), request)
}

fn signed(world: &Scenario, headers: &[(&str, &str)], body: &str) -> Reply {
    let signature = sign(body);
    ask(world, "POST", &[headers, &[("X-Signature", signature.as_str())]].concat(), body)
}

fn is_replayed(reply: &Reply) -> bool {
    reply.headers.contains(&("gbvm-replayed".to_owned(), "true".to_owned()))
}

#[test]
fn the_same_content_within_ten_minutes_is_answered_once_more_and_not_run() {
    let (world, _) = world("", &format!("{CHECK}{WRITE}"));
    let first = signed(&world, &[], r#"{"a":1}"#);
    assert_eq!((first.status, first.text().as_str(), is_replayed(&first)), (200, r#"{"number":1}"#, false));
    world.clock.advance_ms(599_999);
    let second = signed(&world, &[], r#"{"a":1}"#);
    assert_eq!((second.status, second.text().as_str(), is_replayed(&second)), (200, r#"{"number":1}"#, true));
    assert_eq!(world.rows(COUNT), ["1"]);
    assert_eq!(signed(&world, &[], r#"{"a":2}"#).text(), r#"{"number":2}"#, "other content");
    world.clock.advance_ms(1);
    assert_eq!(signed(&world, &[], r#"{"a":1}"#).text(), r#"{"number":3}"#, "later");
}

#[test]
fn a_stranger_reads_no_answer_and_takes_no_place() {
    let (world, _) = world("", &format!("{CHECK}{WRITE}"));
    let body = r#"{"a":1}"#;
    assert_eq!(ask(&world, "POST", &[("X-Signature", "00")], body).status, 401);
    assert!(world.rows("SELECT count(*) FROM gbvm_inbox") == ["0"]);
    assert!(!is_replayed(&signed(&world, &[], body)));
    let stranger = ask(&world, "POST", &[("X-Signature", "00")], body);
    assert_eq!((stranger.status, is_replayed(&stranger)), (401, false));
}

#[test]
fn names_that_are_not_signed_count_only_with_the_content() {
    let (world, _) = world("", &format!("{CHECK}{WRITE}"));
    assert!(!is_replayed(&signed(&world, &[("X-GitHub-Delivery", "d-1")], "{}")));
    world.clock.advance_ms(71 * 3_600_000);
    assert!(is_replayed(&signed(&world, &[("X-GitHub-Delivery", "d-1")], "{}")), "three days");
    assert!(!is_replayed(&signed(&world, &[("X-GitHub-Delivery", "d-2")], "{}")), "another name");
    assert!(!is_replayed(&signed(&world, &[("X-GitHub-Delivery", "d-1")], r#"{"a":1}"#)), "another content under the name");
    assert_eq!(world.rows(COUNT), ["3"]);
}

#[test]
fn dedupe_by_a_field_and_off() {
    let (fields, _) = world(", DEDUPE \"order.id\"", &format!("{CHECK}{WRITE}"));
    assert!(!is_replayed(&signed(&fields, &[], r#"{"order":{"id":7},"qty":1}"#)));
    fields.clock.advance_ms(24 * 3_600_000);
    assert!(is_replayed(&signed(&fields, &[], r#"{"order":{"id":"7"},"qty":2}"#)), "the same order");
    assert!(!is_replayed(&signed(&fields, &[], r#"{"order":{"id":8},"qty":1}"#)));
    assert!(!is_replayed(&signed(&fields, &[], r#"{"qty":1}"#)), "without the field the content counts");
    assert!(is_replayed(&signed(&fields, &[], r#"{"qty":1}"#)));
    for no_id in ["{}", r#"{"a":1}"#, "[]", "[7]", "true"] {
        let body = |qty: u8| format!(r#"{{"order":{{"id":{no_id}}},"qty":{qty}}}"#);
        assert!(!is_replayed(&signed(&fields, &[], &body(1))));
        assert!(!is_replayed(&signed(&fields, &[], &body(2))), "{no_id} is no id");
    }
    let (off, _) = world(", DEDUPE OFF", &format!("{CHECK}{WRITE}"));
    for _ in 0..3 {
        assert!(!is_replayed(&signed(&off, &[("X-GitHub-Delivery", "d-1")], "{}")));
    }
    assert_eq!(off.rows(COUNT), ["3"]);
}

#[test]
fn a_key_authenticates_by_function_and_by_comparison() {
    for check in ["IF NOT VERIFY_KEY(headers.x_key, GET BOT MEMORY \"hook_key\") THEN EXIT\n", "IF headers.x_key <> GET BOT MEMORY \"hook_key\" THEN EXIT\n"] {
        let (world, _) = world("", &format!("{check}{WRITE}"));
        let with_key = |method: &str, key: &str| ask(&world, method, &[("X-Key", key)], r#"{"a":1}"#);
        assert!(!is_replayed(&with_key("POST", "k-1")), "{check}");
        assert!(is_replayed(&with_key("POST", "k-1")), "{check}");
        assert!(!is_replayed(&with_key("POST", "k-2")), "{check}");
        assert!(!is_replayed(&with_key("PUT", "k-1")), "{check}: another method");
        assert_eq!(world.rows(COUNT), ["2"], "{check}");
        assert!(!is_replayed(&with_key("GET", "k-1")) && !is_replayed(&with_key("GET", "k-1")), "{check}: questions");
    }
}

#[test]
fn without_a_proof_every_request_is_run() {
    let (world, _) = world(", OPEN", WRITE);
    for _ in 0..3 {
        assert!(!is_replayed(&ask(&world, "POST", &[], "{}")));
    }
    assert_eq!(world.rows(COUNT), ["3"]);
}

#[test]
fn after_a_failure_the_repeat_is_run() {
    let (failing, _) = world("", &format!("{CHECK}INSERT \"seen\", {{a: 1}}\nanswer = GET \"https://slow.test/x\"\nIF answer.stop THEN THROW \"stopped\"\n"));
    failing.peer.answer("GET https://slow.test/x", 200, r#"{"stop":true}"#);
    assert_eq!(signed(&failing, &[], "{}").status, 500);
    let repeat = signed(&failing, &[], "{}");
    assert_eq!((repeat.status, is_replayed(&repeat)), (200, false), "what failed was not done");
    let (busy, _) = world("", &format!("{CHECK}INSERT \"seen\", {{a: 1}}\nresult = {{status: 503}}\n"));
    assert!(!is_replayed(&signed(&busy, &[], "{}")) && !is_replayed(&signed(&busy, &[], "{}")), "the script asks for a repeat");
    let (refusing, _) = world("", &format!("{CHECK}INSERT \"seen\", {{a: 1}}\nresult = {{status: 409}}\n"));
    assert!(!is_replayed(&signed(&refusing, &[], "{}")) && is_replayed(&signed(&refusing, &[], "{}")), "an answer is an answer");
}

#[test]
fn what_a_script_undoes_does_not_take_the_request_with_it() {
    let text = format!("{CHECK}BEGIN TRANSACTION\nINSERT \"seen\", {{a: 1}}\nROLLBACK\nON ERROR RESUME NEXT\nx = GET BOT MEMORY (\"a\" + body.x) + 1 / 0\nINSERT \"seen\", {{a: 2}}\n");
    let (world, _) = world("", &text);
    assert!(!is_replayed(&signed(&world, &[], "{}")) && is_replayed(&signed(&world, &[], "{}")));
    assert_eq!(world.rows(COUNT), ["1"]);
}

#[test]
fn a_repeat_while_the_first_still_runs_learns_which_it_is() {
    let (world, script) = world("", &format!("{CHECK}INSERT \"seen\", {{a: 1}}\n"));
    let ticket = gbvm::inbox::webhook(&script, &WebhookEvent { name: "hook".into(), ..WebhookEvent::default() }).and_then(|webhook| {
        let request = WebhookEvent { name: "hook".into(), method: "POST".into(), body: b"{}".to_vec(), ..WebhookEvent::default() };
        gbvm::inbox::ticket(webhook, &request, &gbvm_vm::value::Value::Missing, None)
    });
    let ticket = ticket.expect("the content tells it apart");
    world.engine.world().store().and_then(|mut store| store.keep_request(&ticket, "run-1", None, world.clock.now())).expect("it can be noted");
    let repeat = signed(&world, &[], "{}");
    assert_eq!((repeat.status, repeat.text().as_str(), is_replayed(&repeat)), (202, r#"{"run":"run-1"}"#, true));
}

const STANDARD: &str = ", ACCEPT, SCHEME \"standard\" KEY \"hook_secret\"";

/// A request signed as Standard Webhooks say.
fn standard(world: &Scenario, id: &str, body: &str) -> Reply {
    let time = (world.clock.now().0 / 1000).to_string();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = data_encoding::BASE64.encode(ring::hmac::sign(&key, format!("{id}.{time}.{body}").as_bytes()).as_ref());
    ask(world, "POST", &[("webhook-id", id), ("webhook-timestamp", &time), ("webhook-signature", &format!("v1,{signature}"))], body)
}

#[test]
fn an_accepted_request_is_answered_first_and_run_after() {
    let (world, _) = world(STANDARD, WRITE);
    let reply = standard(&world, "msg_1", r#"{"a":1}"#);
    let queued = world.rows("SELECT run_id FROM gbvm_jobs WHERE state = 'queued'");
    assert_eq!((reply.status, reply.text()), (202, format!(r#"{{"run":"{}"}}"#, queued[0])));
    assert_eq!(world.rows("SELECT count(*) FROM gbvm_runs"), ["0"], "nothing has run");
    // Its time was near when it came; its run may be later.
    world.clock.advance_ms(3_600_000);
    world.engine.settle().expect("the queue can be worked off");
    assert_eq!(world.rows("SELECT body FROM seen"), [r#"{"a":1}"#]);
    assert_eq!(world.rows("SELECT state, id FROM gbvm_runs"), [format!("done|{}", queued[0])]);
    let repeat = standard(&world, "msg_1", r#"{"a":1}"#);
    assert_eq!((repeat.status, repeat.text(), is_replayed(&repeat)), (202, reply.text(), true));
    assert!(!is_replayed(&standard(&world, "msg_2", r#"{"a":1}"#)), "the id is signed, so it tells apart alone");
    world.engine.settle().expect("the queue can be worked off");
    assert_eq!(world.rows(COUNT), ["2"]);
}

#[test]
fn what_is_not_signed_or_cannot_be_read_is_not_stored() {
    let (world, _) = world(STANDARD, WRITE);
    for headers in [&[][..], &[("webhook-id", "m"), ("webhook-timestamp", "1"), ("webhook-signature", "v1,AAAA")]] {
        let reply = ask(&world, "POST", headers, "{}");
        assert!(reply.status == 401 && reply.text().contains("E_SIGNATURE"), "{} {}", reply.status, reply.text());
    }
    assert_eq!(standard(&world, "msg_1", "{oops").status, 400);
    assert_eq!(world.rows("SELECT (SELECT count(*) FROM gbvm_jobs) || (SELECT count(*) FROM gbvm_inbox) || (SELECT count(*) FROM gbvm_runs)"), ["000"]);
    assert!(!is_replayed(&standard(&world, "msg_1", "{}")), "the refused one took no place");
}

#[test]
fn an_accepted_request_is_tried_again_while_others_are_away_and_else_dead() {
    let (world, _) = world(STANDARD, "IF body.bad THEN THROW \"bad\"\nx = GET \"https://crm.test/a\"\nINSERT \"seen\", {a: x.a}\n");
    for _ in 0..3 {
        world.peer.answer("GET https://crm.test/a", 503, "{}");
    }
    world.peer.answer("GET https://crm.test/a", 200, r#"{"a":5}"#);
    assert_eq!(standard(&world, "msg_1", "{}").status, 202);
    world.engine.settle().expect("the queue can be worked off");
    assert_eq!(world.rows("SELECT state, attempt FROM gbvm_jobs"), ["queued|1"]);
    world.clock.advance_ms(5_000);
    world.engine.settle().expect("the queue can be worked off");
    assert_eq!(world.rows("SELECT a FROM seen"), ["5"]);
    assert_eq!(standard(&world, "msg_2", r#"{"bad":true}"#).status, 202);
    world.engine.settle().expect("the queue can be worked off");
    assert_eq!(world.rows("SELECT state, operation FROM gbvm_jobs"), ["dead|REQUEST"]);
}

fn engine(folder: &Path) -> Engine {
    let engine = Engine::builder().database(folder.join("data.db")).memory("hook_secret", SECRET).build().expect("an engine can be built");
    let script = engine.compile("hook.bas", &format!("WEBHOOK \"hook\", ACCEPT, SCHEME \"github\" KEY \"hook_secret\"\n{WRITE}")).expect("the script compiles");
    engine.load(vec![script]).expect("the script can be loaded");
    engine
}

#[test]
fn an_accepted_request_outlives_the_process() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let first = engine(folder.path());
    let headers = vec![("x_hub_signature_256".to_owned(), format!("sha256={}", sign("{}")))];
    let request = WebhookEvent { name: String::new(), method: "POST".into(), path: "/webhook/hook".into(), query: Vec::new(), query_text: String::new(), headers, body: b"{}".to_vec() };
    assert_eq!(endpoints::answer(first.world(), request.clone()).status, 202);
    drop(first);
    let second = engine(folder.path());
    second.settle().expect("the queue can be worked off");
    let rows = |select: &str| second.world().store().and_then(|mut store| store.query(select)).expect("the question is right");
    assert_eq!(rows(COUNT), [["1"]]);
    assert!(is_replayed(&endpoints::answer(second.world(), request)));
    assert_eq!(rows("SELECT count(*) FROM gbvm_jobs"), [["0"]]);
}

#[test]
fn accept_wants_to_know_who_may() {
    let world = Scenario::new(&[]);
    assert_eq!(world.load_text("hook.bas", "WEBHOOK \"hook\", ACCEPT\n").err(), Some(vec!["E_DECLARE".to_owned()]));
    let script = world.load_text("hook.bas", &format!("WEBHOOK \"hook\", ACCEPT, OPEN\n{WRITE}")).expect("whoever opens it may");
    assert_eq!(ask(&world, "POST", &[], "{}").status, 202);
    assert_eq!(ask(&world, "POST", &[], "{}").status, 202);
    world.engine.settle().expect("the queue can be worked off");
    assert_eq!(world.rows(COUNT), ["2"], "without a proof nothing is a repeat");
    assert_eq!(world.engine.fire(&script, &Event::webhook("hook").body("{}")).reply.text(), r#"{"number":3}"#, "by hand it runs at once");
}
