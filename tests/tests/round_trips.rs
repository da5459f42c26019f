//! What arrives as JSON, passes a script and a column, and leaves as JSON again, is what arrived: every digit of it.

use std::sync::Arc;

use gbvm::scripts::Script;
use gbvm_tests::scenario::Scenario;
use proptest::prelude::*;
use serde_json::Value as Json;

/// Takes `body.v`, stores it in a column of its kind and in one without, reads it back, and answers with both.
const SCRIPT: &str = r#"
TABLE typed
  whole integer
  amount decimal
  size number
  word text
  at date
  yes boolean
  data json
END TABLE
WEBHOOK "echo", OPEN, DEDUPE OFF
SAVE "typed", "1", {COLUMN: body.v}
SAVE "plain", "1", {v: body.v}
first = FIND "typed", "id=1"
second = FIND "plain", "id=1"
listed = []
FOR EACH each IN FIND "plain", "id=1"
    listed.ADD(each.v)
NEXT each
WITH result = NEW OBJECT
    .typed = first.COLUMN
    .plain = second.v
    .listed = listed[0]
    .sent = JSON_PARSE(JSON_STRINGIFY(body.v))
END WITH
"#;

fn world(column: &str) -> (Scenario, Arc<Script>) {
    let world = Scenario::new(&[]);
    let script = world.load_text("echo.bas", &SCRIPT.replace("COLUMN", column)).unwrap_or_else(|errors| panic!("{errors:?}"));
    (world, script)
}

/// The texts of the value after each way, as the answer has them. Fresh tables: a column keeps the kind of its first value.
fn ways(column: &str, value: &str) -> Vec<String> {
    let (world, script) = world(column);
    let reply = world.post(&script, "echo", &format!("{{\"v\":{value}}}")).reply;
    let text = reply.text().to_string();
    assert_eq!(reply.status, 200, "{column} {value}: {text}");
    let answer: Json = serde_json::from_str(&text).expect("the answer is JSON");
    let raw = |name: &str| {
        let key = format!("\"{name}\":");
        let from = text.find(&key).expect("the answer has the field") + key.len();
        let mut values = serde_json::Deserializer::from_str(&text[from..]).into_iter::<Json>();
        let _ = values.next();
        text[from..from + values.byte_offset()].to_owned()
    };
    assert!(answer.is_object());
    ["typed", "plain", "listed", "sent"].map(raw).to_vec()
}

fn unchanged(column: &str, value: &str) {
    assert_eq!(ways(column, value), [value; 4], "in the column {column}");
}

#[test]
fn numbers_past_the_exact_floats_keep_every_digit() {
    for number in [i64::MAX, i64::MIN, 9_007_199_254_740_993, -9_007_199_254_740_993, 0, -1, 1_767_225_600_000] {
        unchanged("whole", &number.to_string());
    }
}

#[test]
fn decimal_text_keeps_its_zeros() {
    for text in ["10.50", "0.1000000000000000055511151231257827", "007", "+1", "1e3", " 5", "-0", "123456789012345678901234567890.12"] {
        unchanged("word", &format!("\"{text}\""));
    }
    for text in ["10.50", "0.1000000000000000055511151231257827", "-0", "123456789012345678901234567890.12", "1e3"] {
        unchanged("amount", &format!("\"{text}\""));
    }
    unchanged("amount", "9007199254740993");
    unchanged("amount", "10.5");
    // A column that is declared as one of numbers holds numbers: that is what its author asked for.
    assert_eq!(ways("size", "\"10.50\""), ["10.5", "\"10.50\"", "\"10.50\"", "\"10.50\""]);
}

#[test]
fn booleans_and_moments_are_what_they_were() {
    for value in ["true", "false"] {
        unchanged("yes", value);
    }
    unchanged("at", "\"2026-01-31T09:05:07.123Z\"");
    // A plain column keeps the text; a date column keeps the moment.
    let moved = ways("at", "\"2026-01-31T10:05:07.123+01:00\"");
    assert_eq!(moved[0], "\"2026-01-31T09:05:07.123Z\"");
    assert!(moved[1..].iter().all(|way| way == "\"2026-01-31T10:05:07.123+01:00\""), "{moved:?}");
}

/// JSON whose numbers a script knows exactly.
fn json() -> impl Strategy<Value = Json> {
    let number = prop_oneof![any::<i64>().prop_map(Json::from), (-1_000_000i64..1_000_000).prop_map(|n| Json::from(n as f64 / 64.0 + 1.0 / 128.0))];
    let leaf = prop_oneof![Just(Json::Null), any::<bool>().prop_map(Json::from), number, "\\PC{0,12}".prop_map(Json::from), "-?[0-9]{1,24}(\\.[0-9]{1,9})?".prop_map(Json::from)];
    leaf.prop_recursive(3, 24, 5, |inner| {
        let object = prop::collection::btree_map("[a-z]{1,6}", inner.clone(), 0..5).prop_map(|fields| Json::Object(fields.into_iter().collect()));
        prop_oneof![prop::collection::vec(inner, 0..5).prop_map(Json::Array), object]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn integers_are_exact(number in any::<i64>()) {
        unchanged("whole", &number.to_string());
    }

    #[test]
    fn texts_are_exact(text in "\\PC{1,40}") {
        let text = Json::from(text).to_string();
        let found: Vec<Json> = ways("word", &text).iter().map(|way| serde_json::from_str(way).expect("a way is JSON")).collect();
        let wanted: Json = serde_json::from_str(&text).expect("the text is JSON");
        prop_assert!(found.iter().all(|way| *way == wanted), "{text}: {found:?}");
    }

    #[test]
    fn structures_are_exact(value in prop_oneof![prop::collection::vec(json(), 1..5).prop_map(Json::Array), prop::collection::btree_map("[a-z]{1,6}", json(), 1..5).prop_map(|fields| Json::Object(fields.into_iter().collect()))]) {
        let found: Vec<Json> = ways("data", &value.to_string()).iter().map(|way| serde_json::from_str(way).expect("a way is JSON")).collect();
        prop_assert!(found.iter().all(|way| *way == value), "{value}: {found:?}");
    }
}
