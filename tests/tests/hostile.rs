//! What arrives in a webhook changes no row but the one it is about, makes no column, and brings no secret to light.

use std::path::PathBuf;
use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER};
use gbvm::Event;
use gbvm::engine::Engine;
use gbvm::scripts::{self, Script};
use gbvm_lang::source::Source;
use gbvm_stdlib::security::hmac_sha256_hex;
use gbvm_tests::libraries::ERP;
use gbvm_tests::scenario::Scenario;
use gbvm_tests::{root, seed};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

/// A webhook script with a body that it accepts.
struct Case {
    path: PathBuf,
    library: &'static str,
    endpoint: &'static str,
    memory: &'static [(&'static str, &'static str)],
    secret: &'static str,
    body: Value,
}

fn cases() -> Vec<Case> {
    let contact = json!({"event": "updated", "type": "contact", "id": "c-1", "timestamp": "2026-01-31T08:59:00Z", "data": {"firstName": "Ann", "lastName": "Lee", "email": "ann@x.co", "account": {"name": "Acme"}}});
    let mut cases = vec![Case { path: root().join("bas/crm-sync.bas"), library: "", endpoint: "crm-inbound", memory: &[("crm_webhook_secret", "s3cret")], secret: "s3cret", body: contact.clone() }];
    if let Some(seed) = seed() {
        cases.push(Case { path: seed.join("crm-sync.bas"), library: "", endpoint: "crm-inbound", memory: &[("crm_webhook_secret", "s3cret")], secret: "s3cret", body: contact });
        cases.push(Case {
            path: seed.join("erp-sync.bas"),
            library: ERP,
            endpoint: "erp-webhook",
            memory: &[("erp_webhook_key", "s3cret")],
            secret: "s3cret",
            body: json!({"eventType": "created", "entity": "salesOrder", "entityId": "so-1", "payload": {"orderNumber": "1001", "customerId": "cu-1", "total": 99.5, "lineItems": [{"sku": "A-1", "quantity": 2, "unitPrice": 40}]}}),
        });
        cases.push(Case {
            path: seed.join("erp-sync.bas"),
            library: ERP,
            endpoint: "erp-webhook",
            memory: &[("erp_webhook_key", "s3cret")],
            secret: "s3cret",
            body: json!({"eventType": "updated", "entity": "inventory", "entityId": "A-1", "payload": {"qtyOnHand": 4, "qtyAvailable": 4, "warehouse": "W1"}}),
        });
        cases.push(Case {
            path: seed.join("inventory-sync.bas"),
            library: "",
            endpoint: "inventory-update",
            memory: &[("erp_api_key", "ke"), ("ecom_api_key", "kc"), ("pos_api_key", "kp"), ("wms_api_key", "kw")],
            secret: "s3cret",
            body: json!({"source": "erp", "sku": "A-1", "warehouse": "W1", "type": "receipt", "quantity": 5, "reason": "count"}),
        });
    }
    cases
}

/// Every place of a value below its root.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, part)| (name.clone(), part)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, part)| (at.to_string(), part)).collect(),
        _ => Vec::new(),
    };
    for (name, part) in parts {
        let path = format!("{path}/{name}");
        places(part, &path, found);
        found.push(path);
    }
}

/// The body with the value at a place replaced; none takes it away.
fn changed(body: &Value, place: &str, by: Option<&Value>) -> Value {
    let mut body = body.clone();
    match by {
        Some(value) => *body.pointer_mut(place).expect("the place is there") = value.clone(),
        None => {
            let (parent, name) = place.rsplit_once('/').expect("a place has a parent");
            match body.pointer_mut(parent).expect("the parent is there") {
                Value::Object(fields) => drop(fields.remove(name)),
                Value::Array(items) => drop(items.remove(name.parse().expect("an index is a number"))),
                _ => unreachable!("only objects and arrays have parts"),
            }
        }
    }
    body
}

/// Puts rows into every table of a script that none of its webhooks is about: one with empty texts, one with NULLs, one
/// with values of its own.
fn add_bystanders(world: &Scenario, script: &Arc<Script>) -> Vec<String> {
    let mut selects = Vec::new();
    for (table, needs) in &script.schema.tables {
        for (kind, value) in [("empty", "\"\""), ("null", "NULL"), ("other", "\"other\"")] {
            let fields: Vec<String> = needs.columns.iter().filter(|column| *column != "id").map(|column| format!(", {column}: {value}")).collect();
            world.prepare(&format!("INSERT \"{table}\", {{id: \"bystander-{kind}\"{}}}", fields.concat()));
        }
        selects.push(format!("SELECT * FROM \"{table}\" WHERE id LIKE 'bystander-%' ORDER BY id"));
    }
    selects
}

#[test]
fn no_field_of_a_body_reaches_other_rows() {
    let replacements = [None, Some(Value::Null), Some(json!("")), Some(json!([])), Some(json!({})), Some(json!(0)), Some(json!(false)), Some(json!("*")), Some(json!("x OR id<>x"))];
    let mut sent = 0;
    for case in cases() {
        let world = Scenario::new(case.memory);
        let script = world.load(&case.path, case.library);
        let selects = add_bystanders(&world, &script);
        let all = || selects.iter().flat_map(|select| world.rows(select)).collect::<Vec<_>>();
        let before = all();
        assert!(!before.is_empty() && before.len() == 3 * selects.len(), "{}: every table has its bystanders", case.path.display());
        let send = |body: &str| {
            let signature = hmac_sha256_hex(case.secret.as_bytes(), body.as_bytes());
            world.fire(&script, &Event::webhook(case.endpoint).header("content-type", "application/json").header("X-Webhook-Signature", signature).header("X-Api-Key", case.secret).body(body))
        };
        let mut paths = Vec::new();
        places(&case.body, "", &mut paths);
        for path in paths {
            for replacement in &replacements {
                let body = changed(&case.body, &path, replacement.as_ref()).to_string();
                send(&body);
                assert_eq!(all(), before, "{}: {path} became {replacement:?}", case.path.display());
                sent += 1;
            }
        }
        let whole = send(&case.body.to_string());
        assert_eq!(whole.fault, None, "{}: the body itself is accepted", case.path.display());
    }
    assert!(sent >= 50, "{sent} bodies were sent");
}

#[test]
fn unknown_keys_make_no_column() {
    let world = Scenario::new(&[]);
    let script = world.load_text("keys.bas", "WEBHOOK \"keys\", OPEN\nINSERT \"things\", body\nIF FALSE THEN\nINSERT \"things\", {name: 1}\nEND IF").expect("it compiles");
    let columns = || world.rows("SELECT name FROM pragma_table_info('things')");
    let before = columns();
    assert!(before.contains(&"name".to_owned()), "{before:?}");
    let body: serde_json::Map<String, Value> = (0..10_000).map(|number| (format!("key_{number}"), json!(number))).collect();
    let refused = world.post(&script, "keys", &Value::Object(body).to_string());
    assert_eq!(refused.fault.map(|fault| fault.code.to_string()).as_deref(), Some("E_COLUMN_UNKNOWN"));
    for key in ["Name2", "name; DROP TABLE things", "\"", "x\u{0}y", "gbvm_secret", ""] {
        let refused = world.post(&script, "keys", &json!({"name": "a", key: 1}).to_string());
        assert!(refused.fault.is_some(), "{key:?} is refused");
    }
    assert_eq!(columns(), before);
    assert_eq!(world.rows("SELECT count(*) FROM things"), ["0"]);
    assert_eq!(world.post(&script, "keys", r#"{"name": "a"}"#).fault, None);
}

#[test]
fn a_run_fills_no_log() {
    let world = Scenario::new(&[]);
    let script = world.load_text("log.bas", "WEBHOOK \"log\", OPEN\nFOR i = 1 TO 40\nLOG_INFO REPEAT(\"é\", 100000)\nNEXT i\nPRINT \"end\"\nresult = 1").expect("it compiles");
    let done = world.post(&script, "log", "{}");
    assert_eq!((done.fault, done.reply.status), (None, 200));
    let printed = world.printed();
    let bytes: usize = printed.iter().map(String::len).sum();
    assert!((900_000..1_100_000).contains(&bytes), "{bytes} bytes");
    assert_eq!(printed.last().map(String::as_str), Some("the run has logged as much as it may: what follows is left out"));
}

#[test]
fn who_cannot_sign_takes_no_lock_and_leaves_no_row() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("data.sqlite");
    let engine = Engine::builder().database(&path).memory("hub_secret", "s3cret").build().expect("the database can be made");
    let text = "WEBHOOK \"hook\", SCHEME \"github\" KEY \"hub_secret\"\nINSERT \"t\", {a: 1}";
    let script = Arc::new(scripts::compile(vec![Source::new("hook.bas", text)], &[]).expect("it compiles"));
    engine.load(vec![script.clone()]).expect("its table can be made");
    let send = |signature: String| engine.fire(&script, &Event::webhook("hook").header("X-Hub-Signature-256", signature).body("{}"));
    // Another process writes all the while.
    let other = rusqlite::Connection::open(&path).expect("the file is there");
    other.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
    let refused = send("sha256=00".to_owned());
    assert_eq!((refused.reply.status, refused.fault.map(|fault| fault.code.to_string()).as_deref()), (401, Some("E_SIGNATURE")));
    other.execute_batch("COMMIT").expect("nothing stands in the way");
    let count = |table: &str| other.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).expect("the table is there");
    assert_eq!((count("gbvm_runs"), count("t")), (0, 0));
    let done = send(format!("sha256={}", hmac_sha256_hex(b"s3cret", b"{}")));
    assert_eq!((done.fault, count("gbvm_runs"), count("t")), (None, 1, 1));
}

/// What the secret of the next test is.
const CANARY: &str = "canary-6f1ed002";

/// What would show it: a part of it, or what is made of it, in small letters.
fn traces() -> Vec<String> {
    let bytes = CANARY.as_bytes();
    let made = ["canary", "6f1ed002", "kanary", "yranac"].map(str::to_owned);
    // Of an encoding, the middle: its ends depend on what stands beside it.
    let base64 = (0..3).map(|lead| BASE64.encode(&[&vec![b' '; lead], bytes].concat())[4..16].to_owned());
    let hashes = [hmac_sha256_hex(bytes, b"x"), HEXLOWER.encode(digest(&SHA256, bytes).as_ref()), HEXLOWER.encode(bytes)];
    made.into_iter().chain(base64).chain(hashes).map(|trace| trace.to_lowercase()).collect()
}

/// Ways on which a script might let a secret out, each a webhook of its own, and how it must end: with this code of a
/// fault, or well where there is none. A line that is never reached would let nothing out, and prove nothing.
const LEAKS: &[(&str, &str)] = &[
    ("E_SECRET_LEAK", "result = secret"),
    ("E_SECRET_LEAK", "result = {status: 200, key: \"Bearer \" + secret}"),
    ("E_SECRET_LEAK", "result = [[secret]]"),
    ("E_SECRET_LEAK", "result_key = UPPER(secret)"),
    ("E_SECRET_LEAK", "result = {status: 302, body: \"\", headers: {location: secret}}"),
    ("", "PRINT secret"),
    ("", "PRINT \"key: \" & secret & \".\""),
    ("", "PRINT [secret, {k: secret}]"),
    ("", "LOG_INFO secret\nLOG_WARN \"x\" + secret\nLOG_ERROR {k: secret}"),
    ("", "PRINT summarize_data({k: secret})"),
    ("E_THROWN", "THROW secret"),
    ("‹crm_api_key›", "THROW {message: secret, code: secret}"),
    ("", "TRY\nTHROW secret\nCATCH e\nPRINT e.message\nresult = e\nEND TRY"),
    ("E_TYPE", "x = secret * 2"),
    ("E_TYPE", "x = DATEADD(secret, 1, \"day\")"),
    ("E_SECRET_LEAK", "o = {}\no[secret] = 1\nresult = o"),
    ("E_SECRET_LEAK", "INSERT \"vault\", {name: secret}"),
    ("E_SECRET_LEAK", "SAVE \"vault\", secret, {name: 1}"),
    ("E_SECRET_LEAK", "SAVE \"vault\", \"1\", {name: JSON_STRINGIFY({k: secret})}"),
    ("E_SECRET_LEAK", "UPDATE \"vault\", \"id=1\", {name: REPLACE(secret, \"c\", \"k\")}"),
    ("", "x = FIND \"vault\", \"name=\" + secret\nresult = x"),
    ("E_FILTER_SYNTAX", "f = \"name=\" + secret + \" OR\"\nx = FIND \"vault\", f"),
    ("E_TABLE_NAME", "x = FIND secret"),
    ("", "x = GET \"https://api.crm.com/\" + secret"),
    ("E_URL", "x = GET secret"),
    ("", "SET HEADER \"X-Key\", secret\nx = POST \"https://api.crm.com/a\", {k: 1}"),
    ("", "POST \"https://api.crm.com/a\", {k: secret}"),
    ("", "SEND MAIL \"ops@x.co\", \"key\", \"the key is \" + secret"),
    ("E_SECRET_LEAK", "SEND MAIL secret, \"s\", \"b\""),
    ("E_SECRET_LEAK", "SET BOT MEMORY \"plain\", secret"),
    ("E_SECRET_LEAK", "SET BOT MEMORY secret, 1"),
    ("E_ASSERT", "ASSERT FALSE, secret"),
    ("E_DIVIDE_BY_ZERO", "x = 1 / 0 + secret"),
    ("E_TYPE", "CALL f(secret)\nSUB f(x)\ny = x - 1\nEND SUB"),
    ("E_TYPE", "FOR EACH c IN secret\nPRINT c\nNEXT c"),
    ("", "x = VAL(secret) + ASC(secret)\nPRINT SPLIT(secret, \"-\")"),
    ("", "PRINT BASE64_ENCODE(secret), HMAC(\"x\", secret), LEFT(secret, 20)"),
    ("E_SECRET_LEAK", "x = JSON_PARSE(secret)"),
    ("", "SELECT CASE secret\nCASE 1, 2, 3, 4, 5, \"a\"\nPRINT 1\nEND SELECT\nx = [1][secret]"),
    ("E_ENV", "x = ENV(secret)"),
    ("E_ARGUMENT", "x = MERGE3({}, {}, {}, secret)"),
    ("E_ARGUMENT", "x = RESOLVE({}, secret)"),
    ("E_PARAM", "x = INPUT(secret, \"INTEGER\")"),
    ("E_ARGUMENT", "x = INPUT(\"n\", secret)"),
    ("E_TYPE", "x = MERGE3(secret, {}, {})"),
    ("E_TYPE", "x = RESOLVE({local_data: secret})"),
    ("E_SECRET_LEAK", "result = REVERSE(secret)"),
    ("E_SECRET_LEAK", "result = SPLIT(secret, \"-\")"),
    ("E_SECRET_LEAK", "result = BASE64_ENCODE(secret)"),
    ("E_SECRET_LEAK", "result = HMAC(\"x\", secret)"),
    ("E_SECRET_LEAK", "result = [MD5(secret), SHA256(secret)]"),
    ("", "PRINT SHA256(secret), MD5(secret), REPLACE(secret, \"canary\", \"\")"),
];

/// Whether something shows the secret.
fn shows(traces: &[String], shown: &str) -> bool {
    let shown = shown.to_lowercase();
    traces.iter().any(|trace| shown.contains(trace))
}

#[test]
fn no_secret_comes_to_light() {
    let traces = traces();
    let (mut mails, mut ended) = (0, Vec::new());
    for (_, leak) in LEAKS {
        let world = Scenario::new(&[("crm_api_key", CANARY)]);
        let text = format!("WEBHOOK \"leak\", OPEN\nsecret = GET BOT MEMORY \"crm_api_key\"\n{leak}\nIF FALSE THEN\nINSERT \"vault\", {{name: 1}}\nEND IF");
        let script = match world.load_text("leak.bas", &text) {
            Ok(script) => script,
            Err(codes) => panic!("{leak}: {codes:?}"),
        };
        let outcome = world.fire(&script, &Event::webhook("leak").header("content-type", "application/json").body(format!("{{\"{CANARY}\": \"many\", \"n\": 1}}")));
        let shown = format!("{}\n{:?}\n{:?}\n{:?}", outcome.reply.text(), outcome.reply, outcome.fault, world.printed());
        assert!(!shows(&traces, &shown), "{leak}\n{shown}");
        let tables = world.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'gbvm_memory'");
        assert!(tables.len() > 5, "{tables:?}");
        for table in tables {
            let rows = world.rows(&format!("SELECT * FROM \"{table}\""));
            assert!(!shows(&traces, &rows.concat()), "{leak}\n{table}: {rows:?}");
        }
        mails += world.post.mails().len();
        ended.push((outcome.fault.map(|fault| fault.code.to_string()).unwrap_or_default(), *leak));
    }
    let wanted: Vec<(String, &str)> = LEAKS.iter().map(|(code, leak)| ((*code).to_owned(), *leak)).collect();
    assert_eq!(ended, wanted);
    // What is sent on purpose arrives.
    assert!(mails > 0, "the mail with the key was sent");
}

/// The search itself: what is in plain sight is found.
#[test]
fn a_secret_in_plain_sight_is_seen() {
    let traces = traces();
    for shown in ["x CANARY-6F1ED002", "[\"6f1ed002\"]", "Y2FuYXJ5LTZmMWVkMDAy", "63616e6172792d3666316564303032"] {
        assert!(shows(&traces, shown), "{shown}");
    }
    assert!(!shows(&traces, "***crm_api_key***"));
}
