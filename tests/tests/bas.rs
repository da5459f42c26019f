//! The project's own scripts: what they store, when they see a conflict, and that a change makes one push and no echo.

use std::sync::Arc;

use gbvm::outcome::Reply;
use gbvm::scripts::Script;
use gbvm_tests::root;
use gbvm_tests::scenario::{Scenario, compile};

const SECRET: &str = "s3cret";

/// Both scripts loaded, as `gbvm serve bas` would.
fn world() -> (Scenario, Arc<Script>) {
    let world = Scenario::new(&[("crm_webhook_secret", SECRET), ("crm_api_key", "k-1")]);
    let inbound = compile(&root().join("bas/crm-sync.bas"), "");
    let outbound = compile(&root().join("bas/crm-outbound.bas"), "");
    world.engine.load(vec![inbound.clone(), outbound]).expect("the scripts can be loaded");
    (world, inbound)
}

fn send(world: &Scenario, script: &Arc<Script>, event: &str, timestamp: &str, data: &str) -> Reply {
    let body = format!(r#"{{"event":"{event}","type":"contact","id":"c-1","timestamp":"{timestamp}","data":{data}}}"#);
    world.post_signed(script, "crm-inbound", &body, SECRET).reply
}

/// A change that a person makes here.
fn edit(world: &Scenario, assignment: &str) {
    world.prepare(&format!("UPDATE \"contacts\", \"external_id=c-1\", {{{assignment}, updated_at: NOW()}}"));
}

#[test]
fn a_change_of_the_crm_is_stored_and_not_sent_back() {
    let (world, script) = world();
    assert_eq!(send(&world, &script, "created", "2026-01-31T08:00:00Z", r#"{"firstName":"Ann","email":"ann@x.co","phone":"1"}"#).status, 200);
    world.clock.advance_ms(60_000);
    assert_eq!(send(&world, &script, "updated", "2026-01-31T08:10:00Z", r#"{"email":null,"phone":"2"}"#).text(), r#"{"status":"synced","record_id":"c-1","direction":"inbound"}"#);
    assert_eq!(world.rows("SELECT first_name, email, phone FROM contacts"), ["Ann||2"], "a field left out stays, NULL clears");
    world.clock.advance_ms(60_000);
    send(&world, &script, "deleted", "2026-01-31T08:20:00Z", "{}");
    assert_eq!(world.rows("SELECT deleted_at IS NOT NULL, deleted_from FROM contacts"), ["1|crm"]);
    assert_eq!(world.rows("SELECT event, status FROM sync_events ORDER BY id"), ["created|ok", "updated|ok", "deleted|ok"]);
    assert_eq!(world.peer.lines(), Vec::<String>::new(), "nothing goes back to where it came from");
}

#[test]
fn a_version_older_than_the_last_changes_nothing() {
    let (world, script) = world();
    send(&world, &script, "created", "2026-01-31T08:30:00Z", r#"{"firstName":"Ann"}"#);
    assert_eq!(send(&world, &script, "updated", "2026-01-31T08:00:00Z", r#"{"firstName":"Old"}"#).status, 200);
    assert_eq!(world.rows("SELECT first_name FROM contacts"), ["Ann"]);
    assert_eq!(world.rows("SELECT status FROM sync_events ORDER BY id"), ["ok", "stale"]);
}

#[test]
fn an_edit_that_the_crm_has_not_seen_is_a_conflict() {
    let (world, script) = world();
    send(&world, &script, "created", "2026-01-31T08:00:00Z", r#"{"firstName":"Ann","phone":"1"}"#);
    world.clock.advance_ms(600_000);
    edit(&world, "phone: \"2\"");
    let reply = send(&world, &script, "updated", "2026-01-31T08:30:00Z", r#"{"phone":"3"}"#);
    let ids = world.rows("SELECT id FROM sync_conflicts");
    assert_eq!(reply.text(), format!(r#"{{"status":"conflict","conflict_id":"{}"}}"#, ids[0]));
    assert_eq!(world.rows("SELECT phone FROM contacts"), ["2"], "the edit stays");
    assert_eq!(
        world.rows("SELECT source, record_type, \"table\", external_id, status, json_extract(original_data, '$.phone'), json_extract(local_data, '$.phone'), json_extract(remote_data, '$.phone') FROM sync_conflicts"),
        ["crm|contacts|contacts|c-1|pending|1|2|3"]
    );
    assert_eq!(world.rows("SELECT record_id = (SELECT id FROM contacts) FROM sync_conflicts"), ["1"]);

    send(&world, &script, "updated", "2026-01-31T08:40:00Z", r#"{"phone":"4"}"#);
    assert_eq!(world.rows("SELECT json_extract(original_data, '$.phone'), json_extract(remote_data, '$.phone') FROM sync_conflicts"), ["1|4"], "one open conflict a record, its base kept");
}

#[test]
fn a_change_newer_than_the_edit_wins() {
    let (world, script) = world();
    send(&world, &script, "created", "2026-01-31T08:00:00Z", r#"{"phone":"1"}"#);
    world.clock.advance_ms(60_000);
    edit(&world, "phone: \"2\"");
    assert_eq!(send(&world, &script, "updated", "2026-01-31T09:05:00Z", r#"{"phone":"3"}"#).status, 200);
    assert_eq!(world.rows("SELECT phone FROM contacts"), ["3"]);
    assert_eq!(world.rows("SELECT count(*) FROM sync_conflicts"), ["0"]);
}

#[test]
fn what_makes_no_sense_leaves_no_trace() {
    let (world, script) = world();
    assert_eq!(send(&world, &script, "exploded", "2026-01-31T08:00:00Z", "{}").status, 400);
    let nameless = world.post_signed(&script, "crm-inbound", r#"{"event":"updated","type":"contact","data":{"firstName":"Eve"}}"#, SECRET);
    assert_eq!(nameless.reply.status, 400);
    let forged = world.post_signed(&script, "crm-inbound", r#"{"event":"created","type":"contact","id":"c-1","data":{}}"#, "guess");
    assert_eq!(forged.reply.status, 401);
    assert_eq!(world.rows("SELECT (SELECT count(*) FROM contacts) + (SELECT count(*) FROM sync_events) + (SELECT count(*) FROM contacts_crm)"), ["0"]);
}

#[test]
fn one_edit_here_is_one_call_there() {
    let (world, _) = world();
    world.peer.answer("POST https://api.crm.com/api/contacts", 201, r#"{"id":"crm-7"}"#);
    world.prepare("INSERT \"contacts\", {first_name: \"Ann\", email: \"ann@x.co\", updated_at: NOW()}");
    world.engine.settle().expect("the queues can be worked off");
    assert_eq!(world.rows("SELECT external_id, external_source FROM contacts"), ["crm-7|crm"]);
    world.clock.advance_ms(60_000);
    world.prepare("UPDATE \"contacts\", \"external_id=crm-7\", {phone: \"2\", updated_at: NOW()}");
    world.engine.settle().expect("the queues can be worked off");
    let calls: Vec<String> = world.peer.lines().iter().map(|line| line.split(" {").next().unwrap_or_default().to_owned()).collect();
    assert_eq!(calls, ["POST https://api.crm.com/api/contacts", "PUT https://api.crm.com/api/contacts/crm-7"]);
    assert_eq!(world.rows("SELECT event, status FROM sync_events ORDER BY id"), ["create|ok", "update|ok"]);
}

#[test]
fn an_edit_that_both_sides_made_is_not_sent() {
    let (world, script) = world();
    send(&world, &script, "created", "2026-01-31T08:00:00Z", r#"{"firstName":"Ann","phone":"1"}"#);
    world.clock.advance_ms(60_000);
    edit(&world, "phone: \"2\"");
    assert_eq!(send(&world, &script, "updated", "2026-01-31T09:05:00Z", r#"{"phone":"2"}"#).text(), r#"{"status":"synced","record_id":"c-1","direction":"inbound"}"#);
    assert_eq!(world.peer.lines(), Vec::<String>::new());
    world.clock.advance_ms(60_000);
    edit(&world, "phone: \"3\"");
    world.engine.settle().expect("the queues can be worked off");
    assert_eq!(world.peer.lines().len(), 1, "the next edit is");
}

#[test]
fn a_refusal_of_the_crm_links_nothing() {
    let (world, _) = world();
    world.peer.answer("POST https://api.crm.com/api/contacts", 422, r#"{"error":"no email"}"#);
    world.prepare("INSERT \"contacts\", {first_name: \"Ann\", updated_at: NOW()}");
    world.engine.settle().expect("the queues can be worked off");
    assert_eq!(world.rows("SELECT external_id, synced_at FROM contacts"), ["|"]);
    assert_eq!(world.rows("SELECT event, status, response_status FROM sync_events"), ["create|error|422"]);
}

#[test]
fn an_id_of_the_crm_is_not_an_id_here() {
    let (world, script) = world();
    world.prepare("INSERT \"contacts\", {id: \"c-1\", first_name: \"Bob\", external_source: \"crm\", external_id: \"c-9\", updated_at: NOW(), synced_at: NOW()}");
    let reply = send(&world, &script, "created", "2026-01-31T08:00:00Z", r#"{"firstName":"Ann"}"#);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(world.rows("SELECT first_name, external_id, id = 'c-1' FROM contacts ORDER BY first_name"), ["Ann|c-1|0", "Bob|c-9|1"]);
}

#[test]
fn a_record_id_that_is_no_single_value_is_refused() {
    let (world, script) = world();
    for id in [r#"{"a":1}"#, "[\"c-1\"]"] {
        let reply = world.post_signed(&script, "crm-inbound", &format!(r#"{{"event":"created","type":"contact","id":{id},"data":{{}}}}"#), SECRET).reply;
        assert_eq!(reply.status, 400, "{id}: {}", reply.text());
    }
    assert_eq!(world.rows("SELECT count(*) FROM contacts_crm"), ["0"]);
}
