//! Text, numbers, arrays and objects: edges that the examples of the reference do not show.

use gbvm_vm::value::Value;

use crate::caller::{call, json, world};

/// Calls a function with arguments from a JSON array; the word `MISSING` in it is left out.
fn of(phrase: &'static str, arguments: &str) -> String {
    let mut world = world();
    let Value::Array(arguments) = json(arguments) else { panic!("arguments are an array") };
    let mut caller = call(&mut world, phrase);
    for argument in arguments.items() {
        caller = caller.with(argument.clone());
    }
    caller.json()
}

#[test]
fn nothing_gives_nothing() {
    for phrase in ["ABS", "ROUND", "INT", "SQR", "SGN", "CINT", "CDBL", "CBOOL", "CHR", "SHA256", "YEAR", "DATEVALUE"] {
        assert_eq!(of(phrase, "[null]"), "null", "{phrase}");
    }
    for phrase in ["LEN", "UBOUND", "COUNT", "ASC", "VAL"] {
        assert_eq!(of(phrase, "[null]"), "0", "{phrase}");
    }
    for phrase in ["UCASE", "TRIM", "STR", "HTML_ESCAPE"] {
        assert_eq!(of(phrase, "[null]"), "\"\"", "{phrase}");
    }
    assert_eq!(of("LEFT", "[\"abc\", null]"), "null");
    assert_eq!(of("MIN", "[null, 3]"), "null");
    assert_eq!(of("ISNUMERIC", "[null]"), "false");
}

#[test]
fn positions_count_characters() {
    assert_eq!(of("LEFT", "[\"éàü\", 2]"), "\"éà\"");
    assert_eq!(of("RIGHT", "[\"éàü\", 9]"), "\"éàü\"");
    assert_eq!(of("MID", "[\"éàü\", 2, 1]"), "\"à\"");
    assert_eq!(of("MID", "[\"éàü\", 9]"), "\"\"");
    assert_eq!(of("MID", "[\"éàü\", -1, 2]"), "\"éà\"");
    assert_eq!(of("INSTR", "[\"éàü\", \"ü\"]"), "3");
    assert_eq!(of("INSTR", "[2, \"üxü\", \"ü\"]"), "3");
    assert_eq!(of("INSTR", "[\"abc\", \"\"]"), "1");
    assert_eq!(of("INSTR", "[\"\", \"a\"]"), "0");
    assert_eq!(of("INSTR", "[null, \"a\"]"), "0");
    assert_eq!(of("INSTR", "[[\"a\", 10], \"10\"]"), "2");
    assert_eq!(of("INSTR", "[[], \"a\"]"), "0");
}

#[test]
fn val_reads_a_beginning() {
    for (text, number) in [("12.5 kg", "12.5"), ("007", "7"), ("-3e2x", "-300"), (".5", "0.5"), ("1.2.3", "1.2"), ("5e", "5"), ("kg", "0"), ("-", "0"), ("+4", "4"), ("0", "0"), ("00.5", "0.5")] {
        assert_eq!(of("VAL", &format!("[\"{text}\"]")), number, "{text}");
    }
}

#[test]
fn rounding_goes_away_from_zero_as_printed() {
    for (arguments, rounded) in [("[2.5]", "3"), ("[-2.5]", "-3"), ("[1.005, 2]", "1.01"), ("[9.995, 2]", "10"), ("[1250, -2]", "1300"), ("[50, -2]", "100"), ("[49, -2]", "0"), ("[0.1, 30]", "0.1"), ("[1e300, 2]", "1e300")] {
        assert_eq!(of("ROUND", arguments), rounded, "{arguments}");
    }
    assert_eq!(of("ABS", "[-9223372036854775808]"), "E_OVERFLOW");
    assert_eq!(of("CINT", "[1e300]"), "E_OVERFLOW");
    assert_eq!(of("SQR", "[-1]"), "E_RANGE");
    assert_eq!(of("ABS", "[\"x\"]"), "E_TYPE");
    assert_eq!(of("INT", "[-2.1]"), "-3");
    assert_eq!(of("RANDOM", "[5, 4]"), "E_ARGUMENT");
}

#[test]
fn long_results_are_refused_before_they_are_made() {
    assert_eq!(of("REPEAT", "[\"abc\", 9000000000000000000]"), "E_STRING_TOO_LONG");
    assert_eq!(of("LPAD", "[\"abc\", 9000000000000000000]"), "E_STRING_TOO_LONG");
    assert_eq!(of("RANGE", "[1, 9000000000000000000]"), "E_ARRAY_TOO_LONG");
    assert_eq!(of("RANGE", "[9223372036854775806, 9223372036854775807]"), "[9223372036854775806,9223372036854775807]");
}

#[test]
fn arrays_sort_group_and_slice() {
    assert_eq!(of("SORT", r#"[["b", null, 10, "9", "2026-01-01T00:00:00Z"]]"#), r#"[null,"9",10,"2026-01-01T00:00:00Z","b"]"#);
    assert_eq!(of("SORT", r#"[[{"n":2},{"n":1}], "n", "desc"]"#), r#"[{"n":2},{"n":1}]"#);
    assert_eq!(of("UNIQUE", r#"[[1, "1", true, "01", null, "", 1.0, [1], ["1"]]]"#), r#"[1,"01",null,[1]]"#);
    assert_eq!(of("GROUP_BY", r#"[[{"k":1,"v":"a"},{"k":"1","v":"b"},{"v":"c"}], "k"]"#), r#"{"1":[{"k":1,"v":"a"},{"k":"1","v":"b"}],"":[{"v":"c"}]}"#);
    assert_eq!(of("SLICE", "[[1,2,3], 2, 1]"), "[]");
    assert_eq!(of("SLICE", "[[1,2,3], -99, 99]"), "[1,2,3]");
    assert_eq!(of("CHUNK", "[[1], 0]"), "E_ARGUMENT");
    assert_eq!(of("FIRST", "[[]]"), "MISSING");
    assert_eq!(of("SUM", "[[1, 2.5, \"3\", \"x\", null]]"), "6.5");
    assert_eq!(of("SUM", "[[9223372036854775807, 1]]"), "E_OVERFLOW");
    assert_eq!(of("AVG", "[[]]"), "null");
    assert_eq!(of("MAX", "[[1, \"10\", 9]]"), "\"10\"");
    assert_eq!(of("UBOUND", "[{\"a\": 1}]"), "1");
    assert_eq!(of("SPLIT", "[\"\"]"), "[]");
    assert_eq!(of("SPLIT", "[\"ab\", \"\"]"), "[\"a\",\"b\"]");
    assert_eq!(of("COALESCE", "[null, \"\", 1]"), "\"\"");
    assert_eq!(of("URL_DECODE", "[\"a+b%zz%c3%a9\"]"), "\"a b%zzé\"");
}
