//! What arrives in a webhook changes no row but the one it is about, makes no column, and brings no secret to light.

use std::path::PathBuf;
use std::sync::Arc;

use gbvm::Event;
use gbvm::scripts::Script;
use gbvm_stdlib::security::hmac_sha256_hex;
use gbvm_tests::libraries::ERP;
use gbvm_tests::scenario::Scenario;
use gbvm_tests::{root, seed};
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

/// What the secret of the next test is.
const CANARY: &str = "canary-6f1ed002";

/// Ways on which a script might let a secret out, each a webhook of its own.
const LEAKS: &[&str] = &[
    "result = secret",
    "result = {status: 200, key: \"Bearer \" + secret}",
    "result = [[secret]]",
    "result_key = UPPER(secret)",
    "result = {status: 302, body: \"\", headers: {location: secret}}",
    "PRINT secret",
    "PRINT \"key: \" & secret & \".\"",
    "PRINT [secret, {k: secret}]",
    "LOG_INFO secret\nLOG_WARN \"x\" + secret\nLOG_ERROR {k: secret}",
    "PRINT summarize_data({k: secret})",
    "THROW secret",
    "THROW {message: secret, code: secret}",
    "TRY\nTHROW secret\nCATCH e\nPRINT e.message\nresult = e\nEND TRY",
    "x = secret * 2",
    "x = DATEADD(secret, 1, \"day\")",
    "o = {}\no[secret] = 1\nresult = o",
    "INSERT \"vault\", {name: secret}",
    "SAVE \"vault\", secret, {name: 1}",
    "SAVE \"vault\", \"1\", {name: JSON_STRINGIFY({k: secret})}",
    "UPDATE \"vault\", \"id=1\", {name: REPLACE(secret, \"c\", \"k\")}",
    "x = FIND \"vault\", \"name=\" + secret\nresult = x",
    "f = \"name=\" + secret + \" OR\"\nx = FIND \"vault\", f",
    "x = FIND secret",
    "x = GET \"https://api.crm.com/\" + secret",
    "x = GET secret",
    "SET HEADER \"X-Key\", secret\nx = POST \"https://api.crm.com/a\", {k: 1}",
    "POST \"https://api.crm.com/a\", {k: secret}",
    "SEND MAIL \"ops@x.co\", \"key\", \"the key is \" + secret",
    "SEND MAIL secret, \"s\", \"b\"",
    "SET BOT MEMORY \"plain\", secret",
    "SET BOT MEMORY secret, 1",
    "ASSERT FALSE, secret",
    "x = 1 / 0 + secret",
    "CALL f(secret)\nSUB f(x)\ny = x - 1\nEND SUB",
    "FOR EACH c IN secret\nPRINT c\nNEXT c",
    "x = VAL(secret) + ASC(secret)\nPRINT SPLIT(secret, \"-\")",
    "PRINT BASE64_ENCODE(secret), HMAC(\"x\", secret), LEFT(secret, 20)",
    "x = JSON_PARSE(secret)",
    "SELECT CASE secret\nCASE 1, 2, 3, 4, 5, \"a\"\nPRINT 1\nEND SELECT\nx = [1][secret]",
];

#[test]
fn no_secret_comes_to_light() {
    let mut mails = 0;
    for leak in LEAKS {
        let world = Scenario::new(&[("crm_api_key", CANARY)]);
        let text = format!("WEBHOOK \"leak\", OPEN\nsecret = GET BOT MEMORY \"crm_api_key\"\n{leak}\nIF FALSE THEN\nINSERT \"vault\", {{name: 1}}\nEND IF");
        let script = match world.load_text("leak.bas", &text) {
            Ok(script) => script,
            Err(codes) => panic!("{leak}: {codes:?}"),
        };
        let outcome = world.post(&script, "leak", "{}");
        let shown = format!("{}\n{:?}\n{:?}\n{:?}", outcome.reply.text(), outcome.reply, outcome.fault, world.printed());
        assert!(!shown.to_lowercase().contains(CANARY), "{leak}\n{shown}");
        let tables = world.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'gbvm_memory'");
        assert!(tables.len() > 5, "{tables:?}");
        for table in tables {
            let rows = world.rows(&format!("SELECT * FROM \"{table}\""));
            assert!(!rows.concat().to_lowercase().contains(CANARY), "{leak}\n{table}: {rows:?}");
        }
        mails += world.post.mails().len();
    }
    // What is sent on purpose arrives.
    assert!(mails > 0, "the mail with the key was sent");
}
