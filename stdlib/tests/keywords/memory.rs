//! GET BOT MEMORY, SET BOT MEMORY and secrets.

use gbvm_stdlib::services::Level;
use gbvm_vm::coerce;
use gbvm_vm::operators;
use gbvm_vm::text::{Origin, Text};
use gbvm_vm::value::Value;

use crate::caller::{call, data, json, lit, sum, world};

#[test]
fn values_keep_their_kind() {
    let mut world = world();
    assert_eq!(call(&mut world, "GET BOT MEMORY").with(lit("lag")).json(), "null");
    for value in ["30", "\"30\"", "{\"a\":[1]}", "null"] {
        call(&mut world, "SET BOT MEMORY").with(lit("lag")).with(json(value)).run().expect("it is stored");
        assert_eq!(call(&mut world, "GET BOT MEMORY").with(lit("lag")).json(), value);
    }
    assert_eq!(call(&mut world, "GET BOT MEMORY").with(Value::Null).json(), "E_ARGUMENT");
}

#[test]
fn keys_with_certain_endings_are_secrets() {
    let mut world = world();
    for key in ["crm_api_key", "hook_secret", "a_token", "db_password", "CRM_API_KEY"] {
        call(&mut world, "SET BOT MEMORY").with(lit(key)).with(lit("s3cret")).run().expect("it is stored");
        let Ok(Value::Text(secret)) = call(&mut world, "GET BOT MEMORY").with(lit(key)).run() else { panic!("a secret is text") };
        assert_eq!(secret.masked(), format!("‹{key}›"));
    }
    assert_eq!(call(&mut world, "GET BOT MEMORY").with(lit("monkey")).json(), "null");
}

#[test]
fn the_ending_of_a_secret_key_is_literal() {
    let mut world = world();
    let mixed = Value::Text(Text::of_parts([(Origin::Data, "crm".to_owned()), (Origin::Literal, "_api_key".to_owned())]));
    assert!(matches!(call(&mut world, "GET BOT MEMORY").with(mixed.clone()).run(), Ok(Value::Text(text)) if text.has_secret()));
    assert_eq!(call(&mut world, "SET BOT MEMORY").with(mixed).with(lit("x")).json(), "E_SECRET_KEY");
    assert_eq!(call(&mut world, "GET BOT MEMORY").with(data("crm_api_key")).json(), "E_SECRET_KEY");
    assert_eq!(call(&mut world, "GET BOT MEMORY").with(sum(&["crm_api", "_key"])).json(), "E_SECRET_KEY");
    assert_eq!(call(&mut world, "SET BOT MEMORY").with(data("crm_api_key")).with(lit("x")).json(), "E_SECRET_KEY");
}

#[test]
fn an_unset_secret_is_empty_and_names_its_key() {
    let mut world = world();
    let Ok(secret) = call(&mut world, "GET BOT MEMORY").with(lit("crm_api_key")).run() else { panic!("an unset secret can be read") };
    assert!(operators::equal(&secret, &lit("")));
    assert_eq!(coerce::secret_in(&secret).and_then(Text::secret_key).map(|key| &**key), Some("crm_api_key"));
}

#[test]
fn a_secret_does_not_leave_by_memory_or_print() {
    let mut world = world();
    call(&mut world, "SET BOT MEMORY").with(lit("crm_api_key")).with(lit("s3cret")).run().expect("it is stored");
    let secret = call(&mut world, "GET BOT MEMORY").with(lit("crm_api_key")).run().expect("it is set");
    assert_eq!(call(&mut world, "SET BOT MEMORY").with(lit("plain")).with(secret.clone()).json(), "E_SECRET_LEAK");
    let upper = call(&mut world, "UCASE").with(secret.clone()).run().expect("it is text");
    let bearer = Value::Text(Text::join(&[Text::literal("Bearer "), coerce::text(&secret)], true));
    let list = Value::array(vec![secret, upper, bearer]).expect("texts are flat");
    call(&mut world, "PRINT").with(list).with(Value::Int(1)).run().expect("anything can be printed");
    assert_eq!(world.console.lines, [(Level::Output, "‹crm_api_key›, ‹crm_api_key›, Bearer ‹crm_api_key› 1".to_owned())]);
}
