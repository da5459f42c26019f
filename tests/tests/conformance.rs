//! The conformance cases, each by a script. Those for filters run over SQLite: once with the filter in the argument,
//! where it is parsed while compiling, and once through a variable, where it is parsed when the line runs. What a
//! variable holds is text: arrays and booleans keep their kind in an argument only.

use gbvm_tests::scenario::Scenario;
use gbvm_tests::shared;
use serde_json::Value;

/// Declares the columns, then stores the rows of the request.
const STORE: &str = r#"WEBHOOK "store", OPEN
FOR EACH row IN body.rows
    INSERT "t", row
NEXT row
IF FALSE THEN
    INSERT "t", {id: "", external_id: "", status: "", sku: "", warehouse: "", qty: 0, city: "", name: "", ts: "", code: "", sent: 0, email: "", touched: 0}
END IF
"#;

/// A string literal of the language.
fn literal(text: &str) -> String {
    let escaped: String = text.chars().map(|char| match char {
        '"' | '\\' => format!("\\{char}"),
        '$' => "\\$".to_owned(),
        char if char.is_control() => format!("\\u{{{:x}}}", char as u32),
        char => char.to_string(),
    }).collect();
    format!("\"{escaped}\"")
}

fn script(case: &Value, through_variable: bool) -> (String, Vec<Value>) {
    let mut data = Vec::new();
    let mut pieces = Vec::new();
    for segment in case["segments"].as_array().expect("a case has segments") {
        match segment.get("lit") {
            Some(text) => pieces.push(literal(text.as_str().expect("a literal segment is text"))),
            None => {
                pieces.push(format!("body.d{}", data.len()));
                data.push(segment["data"].clone());
            }
        }
    }
    let filter = pieces.join(" + ");
    let (settle, filter) = if through_variable { (format!("filter_text = {filter}\n"), "filter_text".to_owned()) } else { (String::new(), filter) };
    let statement = match case["stmt"].as_str().expect("a case has a statement") {
        "FIND" => format!("found = FIND \"t\", {filter}\nresult = []\nFOR EACH row IN found\n    result.ADD(row.id)\nNEXT row"),
        "UPDATE" => format!("UPDATE \"t\", {filter}, {{touched: 1}}\nresult = \"updated\""),
        "DELETE" => format!("DELETE \"t\", {filter}\nresult = \"deleted\""),
        "AGGREGATE" => format!("result = AGGREGATE \"COUNT\", \"t\", {filter}"),
        other => panic!("there is no statement {other}"),
    };
    (format!("WEBHOOK \"case\", OPEN\n{settle}{statement}\n"), data)
}

/// What a case comes to: the ids it found or changed, or the code of its error.
fn outcome(cases: &Value, case: &Value, through_variable: bool) -> Value {
    let world = Scenario::new(&[]);
    let now = gbvm_vm::instant::Instant::parse(cases["now"].as_str().expect("the cases have a time")).expect("it is an instant");
    world.clock.set(now);
    let store = world.load_text("store.bas", STORE).expect("the preparation compiles");
    let stored = world.post(&store, "store", &serde_json::json!({"rows": cases["rows"]}).to_string());
    assert_eq!(stored.fault, None, "the rows are stored");
    let (text, data) = script(case, through_variable);
    let script = match world.load_text("case.bas", &text) {
        Ok(script) => script,
        Err(codes) => return serde_json::json!({"error": codes.join(" ")}),
    };
    let body: serde_json::Map<String, Value> = data.into_iter().enumerate().map(|(at, value)| (format!("d{at}"), value)).collect();
    let done = world.post(&script, "case", &Value::Object(body).to_string());
    if let Some(fault) = done.fault {
        return serde_json::json!({"error": fault.code});
    }
    let answer = done.reply.text();
    let mut ids: Vec<String> = match case["stmt"].as_str() {
        Some("FIND") => {
            let found: Vec<Value> = serde_json::from_str(&answer).expect("the answer is a list");
            found.iter().map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).collect()
        }
        Some("UPDATE") => world.rows("SELECT id FROM t WHERE touched = 1"),
        Some("DELETE") => (1..=5).map(|id| id.to_string()).filter(|id| world.rows(&format!("SELECT id FROM t WHERE id = '{id}' OR id = {id}")).is_empty()).collect(),
        _ => return serde_json::json!({"count": answer}),
    };
    // An asked order is part of the answer; without one the rows are a set.
    let is_ordered = case["segments"].to_string().to_uppercase().contains("ORDER BY");
    if !is_ordered {
        ids.sort();
    }
    serde_json::json!({"rows": ids})
}

#[test]
fn filters_do_what_the_cases_say() {
    let Some(folder) = shared("conformance") else { return };
    let text = std::fs::read_to_string(folder.join("filter_cases.json")).expect("the cases can be read");
    let cases: Value = serde_json::from_str(&text).expect("the cases are JSON");
    let mut wrong = Vec::new();
    for case in cases["cases"].as_array().expect("there is a list of cases") {
        let segments = case["segments"].as_array().expect("a case has segments");
        let is_textual = !segments.iter().any(|segment| segment["data"].is_array() || segment["data"].is_boolean());
        for through_variable in [false, true].into_iter().filter(|through_variable| is_textual || !through_variable) {
            let found = outcome(&cases, case, through_variable);
            let mut wanted = case["expect"].clone();
            if let (Some("AGGREGATE"), Some(rows)) = (case["stmt"].as_str(), wanted["rows"].as_array()) {
                wanted = serde_json::json!({"count": rows.len().to_string()});
            }
            if found != wanted {
                let way = if through_variable { "through a variable" } else { "in the argument" };
                wrong.push(format!("case {} {way}: {}\n  wanted {wanted}\n  found  {found}", case["n"], case["source"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

/// Merges what arrives and tells where the sides differ from the base.
const MERGE: &str = r#"WEBHOOK "merge", OPEN
WITH result = NEW OBJECT
    .merge = MERGE3(body.base, body.local, body.remote)
    .local_diff = DIFF(body.base, body.local)
    .remote_diff = DIFF(body.base, body.remote)
    .local_fields = CHANGED_FIELDS(body.base, body.local)
    .remote_fields = GET_CHANGED_FIELDS(body.base, body.remote)
END WITH
"#;

#[test]
fn merges_do_what_the_cases_say() {
    let Some(folder) = shared("conformance") else { return };
    let text = std::fs::read_to_string(folder.join("merge_cases.json")).expect("the cases can be read");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("the cases are JSON");
    let world = Scenario::new(&[]);
    let script = world.load_text("merge.bas", MERGE).expect("the script compiles");
    let mut wrong = Vec::new();
    for case in &cases {
        let body = serde_json::json!({"base": case["base"], "local": case["local"], "remote": case["remote"]});
        let done = world.post(&script, "merge", &body.to_string());
        assert_eq!(done.fault, None, "case {}", case["n"]);
        let answer: Value = serde_json::from_str(&done.reply.text()).expect("the answer is JSON");
        let paths = |changes: &Value| -> Vec<Value> { changes.as_array().expect("DIFF gives an array").iter().map(|change| change["path"].clone()).collect() };
        let firsts = |paths: &Value| -> Vec<String> {
            let all = paths.as_array().expect("paths are a list").iter().filter_map(Value::as_str);
            let firsts: std::collections::BTreeSet<String> = all.filter_map(|path| path.split('.').next()).map(str::to_owned).collect();
            firsts.into_iter().collect()
        };
        let checks = [
            ("merged", answer["merge"]["merged"].clone(), case["merged"].clone()),
            ("conflicts", answer["merge"]["conflicts"].clone(), case["conflicts"].clone()),
            ("local paths", paths(&answer["local_diff"]).into(), case["local_changes"].clone()),
            ("remote paths", paths(&answer["remote_diff"]).into(), case["remote_changes"].clone()),
            ("local fields", answer["local_fields"].clone(), firsts(&case["local_changes"]).into()),
            ("remote fields", answer["remote_fields"].clone(), firsts(&case["remote_changes"]).into()),
        ];
        for (what, found, wanted) in checks {
            if found != wanted {
                wrong.push(format!("case {} ({}), {what}\n  wanted {wanted}\n  found  {found}", case["n"], case["name"]));
            }
        }
    }
    assert!(!cases.is_empty() && wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}
