//! Webhooks that declare how their callers sign: what each scheme takes and what it refuses. The signatures are computed
//! here, by another way than the engine's.

use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER};
use gbvm::event::{Event, WebhookEvent};
use gbvm::scripts::Script;
use gbvm_stdlib::services::Clock;
use gbvm_tests::scenario::Scenario;
use ring::hmac;

const SECRET: &str = "s3cret";
const BODY: &str = r#"{"id":1,"name":"Ann é"}"#;

fn sign(key: &[u8], parts: &[&str]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), parts.concat().as_bytes()).as_ref().to_vec()
}

fn world(scheme: &str, secret: &str) -> (Scenario, Arc<Script>) {
    let world = Scenario::new(&[("hook_secret", secret)]);
    let script = world.load_text("hook.bas", &format!("WEBHOOK \"hook\", SCHEME \"{scheme}\" KEY \"hook_secret\", DEDUPE OFF\nSAVE \"seen\", \"1\", {{method: method}}")).expect("the script compiles");
    (world, script)
}

/// The status of the answer to a request with these headers; a refused one writes nothing.
fn status(world: &(Scenario, Arc<Script>), event: Event, headers: &[(&str, String)]) -> u16 {
    let event = headers.iter().fold(event, |event, (name, value)| event.header(name, value.clone()));
    let before = world.0.rows("SELECT count(*) FROM gbvm_runs WHERE state = 'done'");
    let status = world.0.fire(&world.1, &event).reply.status;
    if status != 200 {
        assert_eq!(world.0.rows("SELECT count(*) FROM gbvm_runs WHERE state = 'done'"), before);
    }
    status
}

fn request(body: &str) -> Event {
    Event::webhook("hook").header("content-type", "application/json").body(body)
}

/// Now, in whole seconds, moved by some.
fn seconds(world: &(Scenario, Arc<Script>), by: i64) -> String {
    (world.0.clock.now().0 / 1000 + by).to_string()
}

#[test]
fn github() {
    let world = world("github", SECRET);
    let header = |value: String| [("X-Hub-Signature-256", value)];
    let right = HEXLOWER.encode(&sign(SECRET.as_bytes(), &[BODY]));
    assert_eq!(status(&world, request(BODY), &header(format!("sha256={right}"))), 200);
    assert_eq!(status(&world, request(BODY), &header(right.clone())), 401, "without its prefix");
    assert_eq!(status(&world, request(BODY), &header(format!("sha1={right}"))), 401, "of another kind");
    let in_base64 = BASE64.encode(&sign(SECRET.as_bytes(), &[BODY]));
    assert_eq!(status(&world, request(BODY), &header(format!("sha256={in_base64}"))), 401, "spelt as others do");
    assert_eq!(status(&world, request(&BODY.replace("Ann", "Bob")), &header(format!("sha256={right}"))), 401, "another body");
    assert_eq!(status(&world, request(BODY), &header(format!("sha256={}", HEXLOWER.encode(&sign(b"guess", &[BODY]))))), 401, "another secret");
    assert_eq!(status(&world, request(BODY), &[]), 401, "no signature");
    assert_eq!(status(&world, request(BODY), &[("X-Signature", format!("sha256={right}"))]), 401, "another header");
}

#[test]
fn shopify() {
    let world = world("shopify", SECRET);
    let right = BASE64.encode(&sign(SECRET.as_bytes(), &[BODY]));
    assert_eq!(status(&world, request(BODY), &[("X-Shopify-Hmac-Sha256", right.clone())]), 200);
    assert_eq!(status(&world, request(&format!("{BODY} ")), &[("X-Shopify-Hmac-Sha256", right.clone())]), 401, "one byte more");
    assert_eq!(status(&world, request(BODY), &[("X-Shopify-Hmac-Sha256", right[..40].to_owned())]), 401, "cut off");
    let hexadecimal = HEXLOWER.encode(&sign(SECRET.as_bytes(), &[BODY]));
    assert_eq!(status(&world, request(BODY), &[("X-Shopify-Hmac-Sha256", hexadecimal)]), 401, "spelt as others do");
}

#[test]
fn stripe() {
    let world = world("stripe", SECRET);
    let signed = |time: &str, key: &[u8]| HEXLOWER.encode(&sign(key, &[time, ".", BODY]));
    let header = |value: String| [("Stripe-Signature", value)];
    for (by, wanted) in [(0, 200), (-300, 200), (300, 200), (-301, 401), (301, 401)] {
        let time = seconds(&world, by);
        assert_eq!(status(&world, request(BODY), &header(format!("t={time},v1={}", signed(&time, SECRET.as_bytes())))), wanted, "{by} s from now");
    }
    let time = seconds(&world, 0);
    let (right, other) = (signed(&time, SECRET.as_bytes()), signed(&time, b"old"));
    assert_eq!(status(&world, request(BODY), &header(format!("t={time},v1={other},v1={right},v0=aa"))), 200, "signed with two secrets");
    assert_eq!(status(&world, request(BODY), &header(format!("t={time},v0={right}"))), 401, "another version");
    assert_eq!(status(&world, request(BODY), &header(format!("t={},v1={right}", seconds(&world, 1)))), 401, "the time is signed");
    assert_eq!(status(&world, request(BODY), &header(HEXLOWER.encode(&sign(SECRET.as_bytes(), &[BODY])))), 401, "without a time");
}

#[test]
fn standard_webhooks() {
    let key = b"0123456789abcdef0123456789abcdef";
    let world = world("standard", &format!("whsec_{}", BASE64.encode(key)));
    let signed = |id: &str, time: &str, key: &[u8]| format!("v1,{}", BASE64.encode(&sign(key, &[id, ".", time, ".", BODY])));
    let headers = |id: &str, time: &str, signature: String| [("webhook-id", id.to_owned()), ("webhook-timestamp", time.to_owned()), ("webhook-signature", signature)];
    for (by, wanted) in [(0, 200), (-300, 200), (300, 200), (-301, 401), (301, 401)] {
        let time = seconds(&world, by);
        assert_eq!(status(&world, request(BODY), &headers("msg_1", &time, signed("msg_1", &time, key))), wanted, "{by} s from now");
    }
    let time = seconds(&world, 0);
    let right = signed("msg_1", &time, key);
    let rotated = format!("{} {right}", signed("msg_1", &time, b"the secret that was before this one"));
    assert_eq!(status(&world, request(BODY), &headers("msg_1", &time, rotated)), 200, "signed with two secrets");
    let elder = [("svix-id", "msg_1".to_owned()), ("svix-timestamp", time.clone()), ("svix-signature", right.clone())];
    assert_eq!(status(&world, request(BODY), &elder), 200, "by the names that the headers had first");
    assert_eq!(status(&world, request(BODY), &headers("msg_2", &time, right.clone())), 401, "the id is signed");
    assert_eq!(status(&world, request(BODY), &headers("msg_1", &time, right.replace("v1,", "v1a,"))), 401, "another version");
    assert_eq!(status(&world, request(BODY), &[("webhook-signature", right)]), 401, "without id and time");
    for empty in ["", " "] {
        assert_eq!(status(&world, request(BODY), &headers(empty, &time, signed(empty, &time, key))), 401, "an empty id tells no message from another");
    }
}

#[test]
fn hubspot() {
    let world = world("hubspot", SECRET);
    let signed = |method: &str, address: &str, time: &str| BASE64.encode(&sign(SECRET.as_bytes(), &[method, address, BODY, time]));
    let headers = |time: &str, signature: String| [("Host", "gb.example.com".to_owned()), ("X-HubSpot-Request-Timestamp", time.to_owned()), ("X-HubSpot-Signature-v3", signature)];
    let address = "https://gb.example.com/webhook/hook";
    for (by, wanted) in [(0, 200), (-300_000, 200), (300_000, 200), (-300_001, 401), (300_001, 401)] {
        let time = (world.0.clock.now().0 + by).to_string();
        assert_eq!(status(&world, request(BODY), &headers(&time, signed("POST", address, &time))), wanted, "{by} ms from now");
    }
    let time = world.0.clock.now().0.to_string();
    assert_eq!(status(&world, request(BODY), &headers(&time, signed("GET", address, &time))), 401, "the method is signed");
    assert_eq!(status(&world, request(BODY), &headers(&time, signed("POST", "https://other.example.com/webhook/hook", &time))), 401, "the host is signed");
    assert_eq!(status(&world, request(&BODY.replace("Ann", "Bob")), &headers(&time, signed("POST", address, &time))), 401, "the body is signed");
    let asked = || request(BODY).query("portal", "7").query("next", "https://x.co/a b&c");
    let with_query = format!("{address}?portal=7&next=https://x.co/a%20b%26c");
    assert_eq!(status(&world, asked(), &headers(&time, signed("POST", &with_query, &time))), 200, "with a query");
    assert_eq!(status(&world, asked(), &headers(&time, signed("POST", address, &time))), 401, "the query is signed");
    let forwarded = [("X-Forwarded-Host", "gb.example.com".to_owned()), ("Host", "127.0.0.1:8080".to_owned()), ("X-HubSpot-Request-Timestamp", time.clone()), ("X-HubSpot-Signature-v3", signed("POST", address, &time))];
    assert_eq!(status(&world, request(BODY), &forwarded), 200, "behind a proxy");
    assert_eq!(status(&world, request(BODY), &headers("soon", signed("POST", address, "soon"))), 401, "no time");
}

#[test]
fn hubspot_by_a_script_and_behind_a_proxy() {
    let text = "WEBHOOK \"hook\", DEDUPE OFF\nresult = {ok: VERIFY_SIGNATURE(body, headers.x_hubspot_signature_v3, GET BOT MEMORY \"hook_secret\")}";
    let world = Scenario::new(&[("hook_secret", SECRET)]);
    let script = world.load_text("hook.bas", text).expect("the script compiles");
    let time = world.clock.now().0.to_string();
    let ask = |engine: &gbvm::Engine, address: &str, time: &str, query: &str| {
        let signature = BASE64.encode(&sign(SECRET.as_bytes(), &["POST", address, BODY, time]));
        let headers = [("host", "10.0.0.7:8080"), ("content_type", "application/json"), ("x_hubspot_request_timestamp", time), ("x_hubspot_signature_v3", &signature)];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let request = WebhookEvent { name: "hook".into(), method: "POST".into(), path: "/webhook/hook".into(), query: Vec::new(), query_text: query.into(), headers, body: BODY.into() };
        engine.fire(&script, &Event::Webhook(request)).reply.text()
    };
    assert_eq!(ask(&world.engine, "http://10.0.0.7:8080/webhook/hook", &time, ""), "{\"ok\":true}");
    assert_eq!(ask(&world.engine, "http://10.0.0.7:8080/webhook/hook?a=b:c+d%20%2B", &time, "a=b%3Ac+d%20%2B"), "{\"ok\":true}", "as it was sent, some characters plain");
    assert_eq!(ask(&world.engine, "https://hooks.example.com/webhook/hook", &time, ""), "{\"ok\":false}", "another host");
    assert_eq!(ask(&world.engine, "http://10.0.0.7:8080/webhook/hook", &(world.clock.now().0 - 300_001).to_string(), ""), "{\"ok\":false}", "too old");
    let proxied = gbvm::Engine::builder().clock(world.clock.clone()).memory("hook_secret", SECRET).public_url("https://hooks.example.com/").build().expect("an engine can be built");
    proxied.load(vec![script.clone()]).expect("the script can be loaded");
    assert_eq!(ask(&proxied, "https://hooks.example.com/webhook/hook", &time, ""), "{\"ok\":true}");
    assert_eq!(ask(&proxied, "http://10.0.0.7:8080/webhook/hook", &time, ""), "{\"ok\":false}", "the project says where");
}

#[test]
fn standard_webhooks_while_the_secret_changes_here() {
    let (new, old) = (b"0123456789abcdef0123456789abcdef", b"fedcba9876543210fedcba9876543210");
    let both = format!("whsec_{} whsec_{}", BASE64.encode(new), BASE64.encode(old));
    for (secret, key, wanted) in [(both.clone(), &new[..], 200), (both.clone(), old, 200), (both, b"another", 401), (BASE64.encode(new), new, 200), ("plain".into(), b"plain", 200), ("whsec_".into(), b"", 401), ("whsec_!".into(), b"!", 401)] {
        let world = world("standard", &secret);
        let time = seconds(&world, 0);
        let signature = format!("v1a,AAAA v1,{}", BASE64.encode(&sign(key, &["m", ".", &time, ".", BODY])));
        assert_eq!(status(&world, request(BODY), &[("webhook-id", "m".to_owned()), ("webhook-timestamp", time), ("webhook-signature", signature)]), wanted, "{secret}");
    }
    // The example of the specification, with the time as it is there.
    let key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let headers = [("webhook_id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), ("webhook_timestamp", "1614265330")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let signed = |secret: &str| gbvm_stdlib::security::is_signed(b"{\"test\": 2432232314}", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", secret, gbvm_vm::instant::Instant(1_614_265_330_000), &headers);
    assert!(signed(&format!("whsec_{key}")) && signed(key) && !signed("whsec_AAAA"));
}

/// The same signatures, checked by a script with VERIFY_SIGNATURE.
#[test]
fn a_script_verifies_every_form() {
    let world = Scenario::new(&[("hook_secret", SECRET)]);
    let text = "WEBHOOK \"hook\", DEDUPE OFF\nWITH result = NEW OBJECT\n  .ok = VERIFY_SIGNATURE(body, headers.x_signature, GET BOT MEMORY \"hook_secret\")\nEND WITH";
    let script = world.load_text("hook.bas", text).expect("the script compiles");
    let world = (world, script);
    let time = seconds(&world, -300);
    let late = seconds(&world, -301);
    let plain = sign(SECRET.as_bytes(), &[BODY]);
    let timed = |time: &str| HEXLOWER.encode(&sign(SECRET.as_bytes(), &[time, ".", BODY]));
    let standard = |time: &str| BASE64.encode(&sign(SECRET.as_bytes(), &["m", ".", time, ".", BODY]));
    let cases = [
        (HEXLOWER.encode(&plain), &time, true),
        (HEXLOWER.encode(&plain).to_uppercase(), &time, true),
        (BASE64.encode(&plain), &time, true),
        (format!("sha256={}", HEXLOWER.encode(&plain)), &time, true),
        (format!("t={time},v1={}", timed(&time)), &time, true),
        (format!("t={late},v1={}", timed(&late)), &time, false),
        (format!("v1,{}", standard(&time)), &time, true),
        (format!("v1,AAAA v1,{}", standard(&time)), &time, true),
        (format!("v1,{}", standard(&late)), &late, false),
        (HEXLOWER.encode(&sign(b"guess", &[BODY])), &time, false),
        (String::new(), &time, false),
    ];
    for (signature, time, wanted) in cases {
        let headers = [("x-signature", signature.clone()), ("webhook-id", "m".to_owned()), ("webhook-timestamp", time.clone())];
        let event = headers.iter().fold(request(BODY), |event, (name, value)| event.header(name, value.clone()));
        assert_eq!(world.0.fire(&world.1, &event).reply.text(), format!("{{\"ok\":{wanted}}}"), "{signature}");
    }
}
