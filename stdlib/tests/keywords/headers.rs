//! SET HEADER: how long a header lasts, to whom it goes, what is refused.

use gbvm_stdlib::fake::World;
use gbvm_vm::text::Text;
use gbvm_vm::value::Value;

use crate::caller::{call, data, lit, world};

fn set(world: &mut World, frames: &[u64], name: &str, value: Value) {
    call(world, "SET HEADER").with(lit(name)).with(value).in_frames(frames).run().expect("the header can be set");
}

/// The headers that a call to a host sends.
fn sent(world: &mut World, frames: &[u64], host: &str) -> Vec<String> {
    world.storage.calls.clear();
    call(world, "GET").with(lit(&format!("https://{host}/"))).statement().in_frames(frames).run().expect("the call is queued");
    world.storage.calls[0].headers.iter().map(|(name, value)| format!("{name}: {}", value.masked())).collect()
}

fn secret() -> Value {
    Value::Text(Text::secret("a_key", "s3cret"))
}

#[test]
fn a_header_lasts_to_the_end_of_its_procedure() {
    let mut world = world();
    set(&mut world, &[1], "Accept", lit("text/csv"));
    set(&mut world, &[1, 2], "accept", lit("text/html"));
    set(&mut world, &[1, 2], "X-Trace", lit("7"));
    assert_eq!(sent(&mut world, &[1, 2], "a.b"), ["accept: text/html", "X-Trace: 7"]);
    assert_eq!(sent(&mut world, &[1, 2, 3], "a.b"), ["accept: text/html", "X-Trace: 7"]);
    assert_eq!(sent(&mut world, &[1], "a.b"), ["Accept: text/csv"]);
    assert_eq!(sent(&mut world, &[1, 4], "a.b"), ["Accept: text/csv"]);
}

#[test]
fn an_empty_value_clears_until_the_procedure_ends() {
    let mut world = world();
    set(&mut world, &[1], "Accept", lit("text/csv"));
    set(&mut world, &[1, 2], "Accept", lit(""));
    assert!(sent(&mut world, &[1, 2], "a.b").is_empty());
    assert_eq!(sent(&mut world, &[1], "a.b"), ["Accept: text/csv"]);
    call(&mut world, "CLEAR HEADERS").run().expect("it cannot fail");
    assert!(sent(&mut world, &[1], "a.b").is_empty());
}

#[test]
fn a_credential_goes_to_the_first_origin_only() {
    let mut world = world();
    set(&mut world, &[1], "Authorization", lit("Basic abc"));
    set(&mut world, &[1], "X-API-Key", lit("k"));
    set(&mut world, &[1], "X-Custom", secret());
    set(&mut world, &[1], "Accept", lit("text/csv"));
    assert_eq!(sent(&mut world, &[1], "first.example").len(), 4);
    assert_eq!(sent(&mut world, &[1], "second.example"), ["Accept: text/csv"]);
    assert_eq!(sent(&mut world, &[1], "first.example").len(), 4);
    set(&mut world, &[1], "Authorization", lit("Basic def"));
    assert_eq!(sent(&mut world, &[1], "second.example"), ["Accept: text/csv", "Authorization: Basic def"]);
}

#[test]
fn a_hidden_credential_is_not_bound() {
    let mut world = world();
    set(&mut world, &[1], "Authorization", lit("outer"));
    set(&mut world, &[1, 2], "Authorization", lit("inner"));
    assert_eq!(sent(&mut world, &[1, 2], "first.example"), ["Authorization: inner"]);
    assert_eq!(sent(&mut world, &[1], "second.example"), ["Authorization: outer"]);
}

#[test]
fn names_and_values_are_checked() {
    let mut world = world();
    for name in ["", "a b", "a:b", "a\r\nb", "Host", "content-length", "Transfer-Encoding", "Connection", "é"] {
        assert_eq!(call(&mut world, "SET HEADER").with(lit(name)).with(lit("x")).json(), "E_HEADER_VALUE", "{name}");
    }
    for value in ["a\r\nX: y", "a\nb", "a\0b"] {
        assert_eq!(call(&mut world, "SET HEADER").with(lit("X-A")).with(data(value)).json(), "E_HEADER_VALUE");
    }
    assert_eq!(call(&mut world, "SET HEADER").with(data("X-A")).with(lit("x")).json(), "E_HEADER_VALUE");
    assert_eq!(call(&mut world, "SET HEADER").with(Value::Null).with(lit("x")).json(), "E_HEADER_VALUE");
}
