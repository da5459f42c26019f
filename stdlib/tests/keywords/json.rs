//! Reading and writing JSON.

use gbvm_stdlib::json::parse;
use gbvm_vm::coerce;
use gbvm_vm::limits::Limits;
use gbvm_vm::value::Value;

use crate::caller::{call, data, world};

fn read(text: &str) -> Result<String, String> {
    parse(text.as_bytes(), &Limits::default()).map(|value| coerce::json(&value)).map_err(|fault| fault.message)
}

#[test]
fn agrees_with_another_reader() {
    for text in [
        "null", "true", "false", "0", "-0.5", "\"\"", "[]", "{}", " [ 1 , [ ] , { } ] ", r#"{"a":{"b":[1,{"c":null}]},"d":"x"}"#,
        r#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude80é🚀""#, r#"{"a":1,"a":2}"#, "[1,]", "[,1]", "{\"a\"}", "{a:1}", "[1 2]", "01", "1.", ".5", "+1", "-", "1e", "tru", "nul", "'a'", "\"a", "\"\\x\"", "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"\\u12\"", "[", "{", "]", "}", "[1}", "{\"a\":1]", "\"a\nb\"", "1 2", "", "  ", "[[[]]", "{\"a\":}", "{,}", "[1,2", "\u{feff}1", "1-2",
    ] {
        let ours = read(text);
        let theirs: Result<serde_json::Value, _> = serde_json::from_str(text.trim_start_matches('\u{feff}'));
        match theirs {
            Ok(theirs) => {
                let ours = ours.unwrap_or_else(|message| panic!("{text:?} is refused: {message}"));
                assert_eq!(serde_json::from_str::<serde_json::Value>(&ours).expect("what we write is JSON"), theirs, "{text:?}");
            }
            Err(_) => assert!(ours.is_err(), "{text:?} is read as {ours:?}"),
        }
    }
}

#[test]
fn strings_are_read_and_written_alike() {
    for text in [r#"{"a":{"b":[1,{"c":null}]},"d":"x\n\u0001é"}"#, r#"["\"\\"]"#, "[1.5,-3,12345678901234567]"] {
        assert_eq!(read(text).as_deref(), Ok(text));
    }
    assert_eq!(read(r#""\ud83d\ude80\/""#).as_deref(), Ok("\"🚀/\""));
}

#[test]
fn whole_numbers_keep_their_digits() {
    assert_eq!(read("9223372036854775807").as_deref(), Ok("9223372036854775807"));
    assert_eq!(read("100000000000000000000").as_deref(), Ok("100000000000000000000"));
    assert_eq!(read("1e3").as_deref(), Ok("1000"));
    assert_eq!(read("9223372036854775809").as_deref(), Ok("\"9223372036854775809\""));
    assert_eq!(read("123456789012345678901234567890123456789012345").as_deref(), Ok("\"123456789012345678901234567890123456789012345\""));
    assert_eq!(read("1e999").as_deref(), Ok("\"1e999\""));
    assert!(matches!(parse(b"1.0", &Limits::default()), Ok(Value::Float(_))));
}

#[test]
fn depth_is_bounded_without_a_deep_stack() {
    let nested = |depth: usize| format!("{}{}", "[1,".repeat(depth) + "1", "]".repeat(depth));
    assert!(read(&nested(64)).is_ok());
    assert!(read(&nested(65)).expect_err("it is too deep").contains("64"));
    let bare = |depth: usize, open: &str, close: &str| format!("{}{}", open.repeat(depth), close.repeat(depth));
    assert!(read(&bare(64, "[", "]")).is_ok());
    assert!(read(&bare(65, "[", "]")).expect_err("it is too deep").contains("64"));
    let objects = |depth: usize| format!("{}{{}}{}", "{\"a\":".repeat(depth - 1), "}".repeat(depth - 1));
    assert!(read(&objects(64)).is_ok());
    assert!(read(&objects(65)).expect_err("it is too deep").contains("64"));
    assert!(read(&"[1,".repeat(1_000_000)).is_err());
}

#[test]
fn messages_name_line_and_column() {
    assert_eq!(read("{\n  \"a\": 1,\n  \"é\" 2\n}"), Err("\":\" is missing after the key, at line 3, column 7 of the JSON text".to_owned()));
    assert_eq!(parse(b"\xff", &Limits::default()).map(|_| ()).expect_err("it is not UTF-8").code, "E_JSON");
}

#[test]
fn the_functions() {
    let mut world = world();
    assert_eq!(call(&mut world, "JSON_PARSE").with(data(r#"{"a":1}"#)).json(), r#"{"a":1}"#);
    assert_eq!(call(&mut world, "JSON_PARSE").with(data("{")).json(), "E_JSON");
    assert_eq!(call(&mut world, "JSON_PARSE").with(Value::Null).json(), "null");
    assert_eq!(call(&mut world, "JSON_STRINGIFY").with(parse(b"[1,\"x\"]", &Limits::default()).expect("JSON")).json(), r#""[1,\"x\"]""#);
}
