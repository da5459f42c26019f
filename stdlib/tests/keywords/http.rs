//! Calls: what is sent, when, and what the answer is.

use gbvm_stdlib::services::Answer;
use gbvm_vm::text::{Origin, Text};
use gbvm_vm::value::Value;

use crate::caller::{call, data, json, lit, sum, world};

const URL: &str = "https://api.crm.com/contacts";

#[test]
fn a_used_call_is_made_and_a_statement_queued() {
    let mut world = world();
    world.http.answer(201, r#"{"id":"c-1","status":"active","data":[1]}"#);
    let Ok(Value::Object(answer)) = call(&mut world, "POST").with(lit(URL)).with(json(r#"{"a":1}"#)).run() else { panic!("an answer is an object") };
    assert_eq!(gbvm_vm::coerce::json(&Value::Object(answer)), r#"{"id":"c-1","status":201,"data":[1],"ok":true,"headers":{"content_type":"application/json"},"body":{"id":"c-1","status":"active","data":[1]}}"#);
    assert_eq!(world.http.requests.len(), 1);
    assert!(world.storage.calls.is_empty());

    assert_eq!(call(&mut world, "POST").with(lit(URL)).with(json(r#"{"a":1}"#)).statement().json(), "MISSING");
    let queued = &world.storage.calls[0];
    assert_eq!((queued.method, queued.url.as_str(), queued.origin.as_str()), ("POST", URL, "https://api.crm.com"));
    assert_eq!(queued.body.as_ref().map(Text::as_str), Some(r#"{"a":1}"#));
    assert_eq!(queued.headers, [("Content-Type".to_owned(), Text::literal("application/json"))]);
}

#[test]
fn a_body_goes_out_in_its_form() {
    let mut world = world();
    let mut sent = |body: Value, content_type: Value| {
        call(&mut world, "PUT").with(lit(URL)).with(body).with(content_type).statement().run().expect("it is queued");
        let request = world.storage.calls.pop().expect("it was queued");
        (request.body.map(|body| body.as_str().to_owned()).unwrap_or_default(), request.headers.first().map(|(_, value)| value.as_str().to_owned()).unwrap_or_default())
    };
    let form = "application/x-www-form-urlencoded";
    assert_eq!(sent(json(r#"{"a b":"x&y z","n":[1,2],"e":null}"#), lit(form)), ("a+b=x%26y+z&n=1&n=2&e=".to_owned(), form.to_owned()));
    assert_eq!(sent(data("<x/>"), lit("application/xml")), ("<x/>".to_owned(), "application/xml".to_owned()));
    assert_eq!(sent(data("hello"), Value::Missing), ("hello".to_owned(), "text/plain; charset=utf-8".to_owned()));
    assert_eq!(sent(json("[1,true]"), Value::Missing), ("[1,true]".to_owned(), "application/json".to_owned()));
    assert_eq!(sent(Value::Missing, Value::Missing), (String::new(), String::new()));
}

#[test]
fn the_content_type_is_sent_once() {
    let mut world = world();
    call(&mut world, "SET HEADER").with(lit("content-type")).with(lit("application/vnd.api+json")).run().expect("it can be set");
    call(&mut world, "POST").with(lit(URL)).with(json("{}")).statement().run().expect("it is queued");
    assert_eq!(world.storage.calls[0].headers, [("Content-Type".to_owned(), Text::literal("application/vnd.api+json"))]);
    assert_eq!(call(&mut world, "POST").with(lit(URL)).with(json("{}")).with(data("a\r\nb")).json(), "E_HEADER_VALUE");
}

#[test]
fn secrets_in_a_body_stay_marked() {
    let mut world = world();
    let secret = |text: &str| Value::Text(Text::join(&[Text::literal("k "), Text::secret("pagerduty_key", text)], true));
    let mut sent = |text: &str| {
        let mut body = gbvm_vm::object::Object::new();
        body.set_str("routing", secret(text)).expect("flat");
        body.set_str("gone", Value::Missing).expect("flat");
        body.set_str("n", Value::Int(1)).expect("flat");
        call(&mut world, "POST").with(lit(URL)).with(Value::Object(body)).statement().run().expect("it is queued");
        world.storage.calls.pop().and_then(|request| request.body).expect("it has a body")
    };
    let plain = sent("abc");
    assert_eq!(plain.parts(), [(Origin::Data, r#"{"routing":"k "#), (Origin::Secret("pagerduty_key".into()), "abc"), (Origin::Data, r#"","n":1}"#)]);
    assert_eq!(sent("a\"b").parts()[1], (Origin::Derived("pagerduty_key".into()), r#"a\"b"#));
    assert!(gbvm_stdlib::json::parse(sent("a\"b").as_str().as_bytes(), &Default::default()).is_ok());
}

#[test]
fn an_unset_secret_is_never_sent() {
    let mut world = world();
    let unset = Value::Text(Text::join(&[Text::literal("Bearer "), Text::secret("crm_api_key", "")], true));
    call(&mut world, "SET HEADER").with(lit("Authorization")).with(unset).run().expect("it can be set");
    let fault = call(&mut world, "GET").with(lit(URL)).fault();
    assert_eq!(fault.code, "E_SECRET_UNSET");
    assert!(fault.message.contains("crm_api_key"));
    assert!(world.http.requests.is_empty());
    // In the outbox it becomes a dead letter, and the run goes on.
    assert_eq!(call(&mut world, "GET").with(lit(URL)).statement().json(), "MISSING");
}

#[test]
fn only_a_success_has_fields() {
    let mut world = world();
    world.http.answer(404, r#"{"id":"no","error":"gone"}"#);
    let Ok(Value::Object(answer)) = call(&mut world, "GET").with(lit(URL)).run() else { panic!("404 is an answer") };
    assert!(answer.get("id").is_none());
    assert_eq!(gbvm_vm::coerce::json(answer.read("body")), r#"{"id":"no","error":"gone"}"#);
    assert_eq!(gbvm_vm::coerce::json(answer.read("ok")), "false");
    assert_eq!(answer.strict_message(), Some("GET https://api.crm.com answered 404, and of such an answer only .status, .ok, .headers and .body can be read"));
    for status in [408, 425, 429, 500, 503] {
        world.http.answer(status, "{}");
        assert_eq!(call(&mut world, "GET").with(lit(URL)).json(), "E_HTTP");
    }
}

#[test]
fn a_body_that_is_no_json_is_text() {
    let mut world = world();
    let mut answered = |content_type: &str, body: &[u8]| {
        world.http.answers.push_back(Ok(Answer { status: 200, headers: vec![("content-type".to_owned(), content_type.to_owned())], body: body.to_vec() }));
        let Ok(Value::Object(answer)) = call(&mut world, "GET").with(lit(URL)).run() else { panic!("200 is an answer") };
        gbvm_vm::coerce::json(answer.read("body"))
    };
    assert_eq!(answered("text/plain", b"12"), "\"12\"");
    assert_eq!(answered("application/json", b"12"), "12");
    assert_eq!(answered("application/json", b"{broken"), "\"{broken\"");
    assert_eq!(answered("text/html", b" [1]"), "[1]");
    assert_eq!(answered("application/problem+json", b""), "\"\"");
}

#[test]
fn delete_is_http_where_it_names_a_url() {
    let mut world = world();
    assert_eq!(call(&mut world, "DELETE").with(sum(&["https://api.crm.com/c/", "7"])).statement().json(), "MISSING");
    assert_eq!((world.storage.calls[0].method, world.storage.calls[0].url.as_str()), ("DELETE", "https://api.crm.com/c/7"));
    assert_eq!(call(&mut world, "DELETE").with(lit(URL)).json(), "E_ARGUMENT");
    world.http.answer(204, "");
    assert!(call(&mut world, "DELETE HTTP").with(lit(URL)).json().contains(r#""status":204"#));
    assert_eq!(call(&mut world, "GET").named("source_url", Value::Missing).fault().message, "GET needs a URL, and this is MISSING");
}
