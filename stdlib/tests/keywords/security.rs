//! Signatures and keys.

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use gbvm_stdlib::fake::World;
use gbvm_vm::text::Text;
use gbvm_vm::value::Value;
use ring::hmac;

use crate::caller::{NOW, call, data, json, lit, world};

const RAW: &[u8] = br#"{ "event": "created", "n": 1.0 }"#;
/// [`NOW`] in seconds.
const SECONDS: i64 = 1_769_850_307;

fn tag(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

fn requested() -> World {
    let mut world = world();
    world.run.raw_body = RAW.to_vec();
    world.run.body = json(std::str::from_utf8(RAW).expect("it is text"));
    world
}

fn verified(world: &mut World, body: Value, signature: &str, secret: &str) -> bool {
    let result = call(world, "VERIFY_SIGNATURE").with(body).with(data(signature)).with(Value::Text(Text::secret("hook_secret", secret))).json();
    result == "true"
}

#[test]
fn the_requests_body_is_checked_by_its_bytes() {
    let mut world = requested();
    let body = world.run.body.clone();
    let right = tag(b"s", RAW);
    for signature in [HEXLOWER.encode(&right), HEXUPPER.encode(&right), BASE64.encode(&right), format!("sha256={}", HEXLOWER.encode(&right)), format!("sha256={}", BASE64.encode(&right))] {
        world.run.is_authenticated = false;
        assert!(verified(&mut world, body.clone(), &signature, "s"), "{signature}");
        assert!(world.run.is_authenticated);
    }
    world.run.is_authenticated = false;
    let reencoded = HEXLOWER.encode(&tag(b"s", br#"{"event":"created","n":1}"#));
    for signature in [reencoded.as_str(), "", "sha256=", "00", "not a signature"] {
        assert!(!verified(&mut world, body.clone(), signature, "s"), "{signature}");
    }
    assert!(!world.run.is_authenticated);
}

#[test]
fn a_body_that_is_empty_or_a_scalar_is_checked_by_its_bytes_too() {
    for raw in ["[]", " [ ] ", "{}", "null", "\"\"", "\"a\"", "0", "false", "1.0"] {
        let mut world = world();
        world.run.raw_body = raw.as_bytes().to_vec();
        world.run.body = json(raw);
        let body = world.run.body.clone();
        assert!(verified(&mut world, body.clone(), &HEXLOWER.encode(&tag(b"s", raw.as_bytes())), "s"), "{raw}");
        assert!(!verified(&mut world, body, &HEXLOWER.encode(&tag(b"guess", raw.as_bytes())), "s"), "{raw}");
    }
}

#[test]
fn another_string_is_checked_by_its_text_and_nothing_else_is() {
    let mut world = requested();
    let signature = HEXLOWER.encode(&tag(b"s", "héllo".as_bytes()));
    assert!(verified(&mut world, data("héllo"), &signature, "s"));
    let of_json = HEXLOWER.encode(&tag(b"s", br#"{"a":1}"#));
    assert!(!verified(&mut world, json(r#"{"a":1}"#), &of_json, "s"));
    let of_nothing = HEXLOWER.encode(&tag(b"s", b""));
    assert!(!verified(&mut world, Value::Null, &of_nothing, "s"));
    world.run = Default::default();
    assert!(verified(&mut world, Value::Null, &of_nothing, "s"));
}

#[test]
fn an_empty_secret_verifies_nothing() {
    let mut world = requested();
    let body = world.run.body.clone();
    let signature = HEXLOWER.encode(&tag(b"", RAW));
    assert!(!verified(&mut world, body, &signature, ""));
}

#[test]
fn a_timed_signature_holds_for_five_minutes() {
    let mut world = requested();
    let body = world.run.body.clone();
    let signed = |seconds: i64| format!("t={seconds},v1={}", HEXLOWER.encode(&tag(b"s", &[seconds.to_string().as_bytes(), b".", RAW].concat())));
    assert_eq!(gbvm_vm::instant::Instant::parse(NOW).map(|now| now.0), Some(SECONDS * 1000));
    for distance in [0, 300, -300] {
        assert!(verified(&mut world, body.clone(), &signed(SECONDS + distance), "s"), "{distance}");
    }
    for distance in [301, -301] {
        assert!(!verified(&mut world, body.clone(), &signed(SECONDS + distance), "s"), "{distance}");
    }
    let forged = signed(SECONDS - 1000).replace(&(SECONDS - 1000).to_string(), &SECONDS.to_string());
    assert!(!verified(&mut world, body.clone(), &forged, "s"));
    let rolled = signed(SECONDS).replace(",v1=", ",v1=00ff,v1=");
    assert!(verified(&mut world, body, &rolled, "s"));
}

#[test]
fn a_standard_webhook_signs_its_id_and_time() {
    let mut world = requested();
    let body = world.run.body.clone();
    let signature = format!("v1,{}", BASE64.encode(&tag(b"key", &[format!("msg_1.{SECONDS}.").as_bytes(), RAW].concat())));
    let secret = format!("whsec_{}", BASE64.encode(b"key"));
    assert!(!verified(&mut world, body.clone(), &signature, &secret));
    world.run.request_headers = vec![("webhook_id".to_owned(), "msg_1".to_owned()), ("webhook_timestamp".to_owned(), SECONDS.to_string())];
    assert!(verified(&mut world, body.clone(), &signature, &secret));
    assert!(verified(&mut world, body.clone(), &format!("v1a,xx v1,AAAA {signature}"), &secret));
    world.run.request_headers[0].1 = "msg_2".to_owned();
    assert!(!verified(&mut world, body.clone(), &signature, &secret));
    world.run.request_headers[0].1 = "msg_1".to_owned();
    world.clock.advance_ms(301_000);
    assert!(!verified(&mut world, body, &signature, &secret));
}

#[test]
fn keys_are_equal_and_not_empty() {
    let mut world = world();
    let mut same = |a: &str, b: &str| call(&mut world, "VERIFY_KEY").with(data(a)).with(Value::Text(Text::secret("a_key", b))).json();
    assert_eq!(same("abc", "abc"), "true");
    assert_eq!(same("abc", "abd"), "false");
    assert_eq!(same("", ""), "false");
    assert_eq!(same("", "abc"), "false");
    assert!(world.run.is_authenticated);
}

#[test]
fn what_is_made_of_a_secret_is_secret() {
    let mut world = world();
    let secret = || Value::Text(Text::secret("a_key", "abc"));
    for phrase in ["SHA256", "BASE64_ENCODE", "UCASE", "LEN"] {
        let made = call(&mut world, phrase).with(secret()).run().expect("it is text");
        assert!(matches!(&made, Value::Text(text) if text.has_secret()) || matches!(made, Value::Int(3)), "{phrase}");
    }
    assert_eq!(call(&mut world, "SHA256").with(lit("abc")).json(), "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"");
    assert_eq!(call(&mut world, "BASE64_DECODE").with(lit("%%")).json(), "E_ENCODING");
}
