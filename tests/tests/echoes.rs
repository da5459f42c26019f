//! Two systems that keep each other in step: an edit is told once, what was told comes to rest, nothing is lost.

use std::sync::Arc;

use gbvm::scripts::{self, Script};
use gbvm_lang::source::Source;
use gbvm_tests::scenario::Scenario;

/// Takes what the other side says. `SOURCE` is the other side's name.
const INBOUND: &str = r#"
WEBHOOK "SOURCE-inbound", OPEN
WITH record = NEW OBJECT
    .name = body.data.name
    .phone = body.data.phone
    .external_id = body.id
    .external_source = "SOURCE"
    .updated_at = NOW()
    .synced_at = NOW()
END WITH
existing = FIND "contacts", "id=" + body.your_id
IF existing.id = "" THEN existing = FIND "contacts", "external_source=SOURCE AND external_id=" + body.id END IF
IF existing.id = "" THEN
    INSERT "contacts", record
    id = record.id
ELSE
    UPDATE "contacts", "id=" + existing.id, record
    id = existing.id
END IF
WITH result = NEW OBJECT
    .id = id
END WITH
"#;

/// Tells the other side of every change, and looks at nothing: what keeps it quiet is the engine.
const OUTBOUND: &str = r#"
ON "contacts", "INSERT,UPDATE"
record = trigger.new_data
CHECK
response = POST "https://SOURCE.example/inbound", {id: record.id, your_id: record.external_id, data: {name: record.name, phone: record.phone}}
IF response.ok THEN
    WITH ack = NEW OBJECT
        .external_id = response.id
        .external_source = "SOURCE"
        .synced_at = NOW()
    END WITH
    UPDATE "contacts", "id=" + record.id, ack
END IF
"#;

/// What a careful script asks first: did the other side say this itself, or does it have it already?
const CHECK: &str = r#"
IF record.external_source = "SOURCE" AND record.synced_at = record.updated_at THEN EXIT
IF record.external_id <> "" THEN
    news = CHANGED_FIELDS(SYNC_BASE("contacts", "SOURCE", record.external_id), record)
    IF news.length = 0 THEN EXIT
END IF
"#;

/// A side: an engine, and the scripts that tell another side, whose name is given.
struct Side {
    world: Scenario,
    inbound: Arc<Script>,
    other: &'static str,
    /// How many of its requests were taken to the other side.
    taken: usize,
}

impl Side {
    fn new(other: &'static str, check: &str) -> Side {
        let world = Scenario::new(&[]);
        let compile = |name: &str, text: &str| Arc::new(scripts::compile(vec![Source::new(name, text.replace("SOURCE", other))], &[]).unwrap_or_else(|error| panic!("{error}")));
        let inbound = compile("inbound.bas", INBOUND);
        let outbound = compile("outbound.bas", &OUTBOUND.replace("CHECK", check));
        world.engine.load(vec![inbound.clone(), outbound]).expect("the scripts can be loaded");
        Side { world, inbound, other, taken: 0 }
    }

    /// An edit by a person, with what it starts.
    fn edit(&self, statements: &str) {
        self.world.clock.advance_ms(1_000);
        self.world.prepare(statements);
        self.world.engine.settle().expect("the queues can be worked off");
    }

    /// Takes the requests made since to the other side; how many there were.
    fn deliver_to(&mut self, to: &Side) -> usize {
        let requests = self.world.peer.requests();
        let fresh = &requests[self.taken..];
        for request in fresh {
            to.world.clock.advance_ms(1_000);
            let outcome = to.world.post(&to.inbound, &format!("{}-inbound", to.other), &String::from_utf8_lossy(request.body.as_deref().unwrap_or_default()));
            assert_eq!(outcome.reply.status, 200, "{}", outcome.reply.text());
        }
        self.taken = requests.len();
        fresh.len()
    }

    fn contacts(&self) -> Vec<String> {
        self.world.rows("SELECT name, phone FROM contacts ORDER BY name")
    }
}

/// Two sides with one contact on both, linked and at rest.
fn linked(check: &str) -> (Side, Side) {
    let (mut a, mut b) = (Side::new("b", check), Side::new("a", check));
    a.world.peer.answer("POST https://b.example/inbound", 200, r#"{"id":"at-b"}"#);
    a.edit("INSERT \"contacts\", {id: \"at-a\", name: \"Ann\", phone: \"1\"}");
    b.world.peer.answer("POST https://a.example/inbound", 200, r#"{"id":"at-a"}"#);
    b.edit("INSERT \"contacts\", {id: \"at-b\", name: \"Ann\", phone: \"1\", external_id: \"at-a\", external_source: \"a\", updated_at: NOW(), synced_at: NOW()}");
    rest(&mut a, &mut b);
    assert_eq!(a.world.rows("SELECT external_id FROM contacts"), ["at-b"]);
    (a, b)
}

/// Delivers until both are silent; how many messages that took.
fn rest(a: &mut Side, b: &mut Side) -> usize {
    let mut messages = 0;
    for _ in 0..20 {
        // Each answers with the id that the contact has there.
        for _ in 0..5 {
            a.world.peer.answer("POST https://b.example/inbound", 200, r#"{"id":"at-b"}"#);
            b.world.peer.answer("POST https://a.example/inbound", 200, r#"{"id":"at-a"}"#);
        }
        let fresh = a.deliver_to(b) + b.deliver_to(a);
        if fresh == 0 {
            return messages;
        }
        messages += fresh;
    }
    panic!("the two sides never fall silent: {messages} messages");
}

#[test]
fn an_edit_is_told_once_where_the_script_asks_for_the_base() {
    let (mut a, mut b) = linked(CHECK);
    for (number, phone) in ["2", "3", "2"].into_iter().enumerate() {
        a.edit(&format!("UPDATE \"contacts\", \"id=at-a\", {{phone: \"{phone}\"}}"));
        assert_eq!(rest(&mut a, &mut b), 1, "edit {number}");
        assert_eq!((a.contacts(), b.contacts()), (vec![format!("Ann|{phone}")], vec![format!("Ann|{phone}")]));
    }
    b.edit("UPDATE \"contacts\", \"id=at-b\", {name: \"Anna\"}");
    assert_eq!(rest(&mut a, &mut b), 1);
    assert_eq!(a.contacts(), ["Anna|2"]);
}

#[test]
fn an_edit_comes_to_rest_after_two_messages_where_no_script_looks() {
    let (mut a, mut b) = linked("");
    for phone in ["2", "3", "2"] {
        a.edit(&format!("UPDATE \"contacts\", \"id=at-a\", {{phone: \"{phone}\"}}"));
        let messages = rest(&mut a, &mut b);
        assert!((1..=2).contains(&messages), "{messages} messages for one edit");
        assert_eq!((a.contacts(), b.contacts()), (vec![format!("Ann|{phone}")], vec![format!("Ann|{phone}")]));
    }
}

#[test]
fn an_edit_made_while_another_one_is_told_is_told_too() {
    let (mut a, mut b) = linked(CHECK);
    a.world.clock.advance_ms(1_000);
    a.world.prepare("UPDATE \"contacts\", \"id=at-a\", {phone: \"2\"}");
    a.world.prepare("UPDATE \"contacts\", \"id=at-a\", {phone: \"1\"}");
    a.world.engine.settle().expect("the queues can be worked off");
    assert_eq!(rest(&mut a, &mut b), 2, "both versions are told, though the row was back where it began when the first was");
    assert_eq!(b.contacts(), ["Ann|1"]);
}

#[test]
fn a_write_of_bookkeeping_starts_nothing() {
    let (mut a, mut b) = linked("");
    for change in ["updated_at: NOW()", "_seen: 1", "external_source: \"b\"", "phone: \"1\"", "phone: 1", "fax: \"\""] {
        a.edit(&format!("UPDATE \"contacts\", \"id=at-a\", {{{change}}}"));
        assert_eq!(rest(&mut a, &mut b), 0, "{change}");
    }
}

#[test]
fn ten_thousand_updates_from_outside_are_not_told_to_anyone() {
    let (mut a, mut b) = linked(CHECK);
    for number in 0..10_000 {
        a.world.clock.advance_ms(10);
        let body = format!(r#"{{"id":"at-b","data":{{"name":"Ann","phone":"p{}"}}}}"#, number / 2);
        assert_eq!(a.world.engine.fire(&a.inbound, &gbvm::event::Event::webhook("b-inbound").header("content-type", "application/json").body(body)).reply.status, 200);
        if number % 100 == 99 {
            a.world.engine.settle().expect("the queues can be worked off");
        }
    }
    a.world.engine.settle().expect("the queues can be worked off");
    assert_eq!(a.contacts(), ["Ann|p4999"]);
    assert_eq!(rest(&mut a, &mut b), 0);
    assert_eq!(a.world.rows("SELECT count(*) FROM gbvm_jobs WHERE state <> 'done'"), ["0"]);
}

/// The stored times of the one contact.
fn times(world: &Scenario) -> Vec<String> {
    world.rows("SELECT updated_at = '2026-01-01T00:00:00.000Z', synced_at = updated_at, synced_at IS NULL FROM contacts")
}

#[test]
fn the_engine_says_when_a_row_changed_unless_its_own_source_says_so() {
    let contact = "INSERT \"contacts\", {id: \"1\", phone: \"1\", updated_at: DATE(\"2026-01-01\"), synced_at: DATE(\"2026-01-01\"), external_id: \"c-1\", external_source: \"crm\"}";
    let cases = [
        ("form", "{phone: \"2\"}", ["0|0|0"], "an edit by a request that is no delivery"),
        ("crm-inbound", "{phone: \"2\"}", ["1|1|0"], "a delivery of the row's source"),
        ("erp-inbound", "{phone: \"2\"}", ["0|0|0"], "a delivery of another source"),
        ("inbound", "{phone: \"2\", external_source: \"crm\"}", ["1|1|0"], "a record that says where it comes from"),
        ("form", "{phone: \"1\"}", ["1|1|0"], "no change"),
        ("form", "{phone: \"2\", updated_at: DATE(\"2026-01-01\")}", ["1|1|0"], "the script says when"),
        ("crm-inbound", "{deleted_at: NOW(), deleted_from: \"crm\"}", ["1|1|0"], "a delete mark that was delivered"),
        ("crm-inbound", "{deleted_at: NOW(), updated_at: NOW()}", ["0|1|0"], "a delete mark that was delivered, with its time"),
        ("form", "{deleted_at: NOW()}", ["0|0|0"], "a delete mark by a person"),
    ];
    for (endpoint, record, wanted, name) in cases {
        let world = Scenario::new(&[]);
        let text = format!("WEBHOOK \"{endpoint}\", OPEN\nUPDATE \"contacts\", \"id=1\", {record}");
        let script = world.load_text("test.bas", &text).unwrap_or_else(|errors| panic!("{errors:?}"));
        world.prepare(contact);
        world.clock.advance_ms(5_000);
        assert_eq!(world.post(&script, endpoint, "{}").reply.status, 200);
        assert_eq!(times(&world), wanted, "{name}");
    }
}

#[test]
fn a_pending_edit_of_a_row_that_was_deleted_there_is_not_sent() {
    let world = Scenario::new(&[]);
    let script = world.load_text("test.bas", "WEBHOOK \"crm-inbound\", OPEN\nUPDATE \"contacts\", \"external_id=\" + body.id, {deleted_at: NOW(), deleted_from: \"crm\"}").unwrap_or_else(|errors| panic!("{errors:?}"));
    world.prepare("INSERT \"contacts\", {id: \"1\", updated_at: DATE(\"2026-01-03\"), synced_at: DATE(\"2026-01-01\"), external_id: \"c-1\", external_source: \"crm\"}");
    world.post(&script, "crm-inbound", "{\"id\":\"c-1\"}");
    assert_eq!(world.rows("SELECT updated_at, synced_at FROM contacts"), ["2026-01-03T00:00:00.000Z|2026-01-03T00:00:00.000Z"]);
    assert_eq!(world.rows("SELECT json_extract(snapshot, '$.deleted_from') FROM gbvm_bases"), ["crm"]);
}
