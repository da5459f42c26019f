//! Hostile texts give an error, not an overflow and not a hang.

use gbvm_lang::parse::{TEXT_MAX, parse};
use gbvm_lang::source::Source;

use crate::{messages, table};

/// Whether a text gives an error with this code.
fn gives(text: &str, code: &str) -> bool {
    let (_, diagnostics) = parse(&Source::new("bomb", text), 0, table::TABLE_OF_TESTS);
    diagnostics.iter().any(|one| one.code == code)
}

const MANY: usize = 100_000;

#[test]
fn nested_brackets() {
    for (open, close) in [("(", ")"), ("[", "]"), ("f(", ")"), ("{a: ", "}"), ("a[", "]")] {
        let text = format!("x = {}1{}\n", open.repeat(MANY), close.repeat(MANY));
        assert!(gives(&text, "E_DEPTH"), "{open}");
        let text = format!("x = {}1\ny = 2\n", open.repeat(MANY));
        assert!(gives(&text, "E_SYNTAX"), "{open} without end");
        let text = format!("x = 1{}\n", close.repeat(MANY));
        assert!(gives(&text, "E_SYNTAX"), "{close} without start");
    }
}

#[test]
fn long_chains() {
    for operator in ["- ", "* ", "/ ", "^ ", "= ", ". ", "? b : "] {
        let text = format!("x = a{}\n", format!(" {operator}a").repeat(MANY));
        assert!(gives(&text, "E_DEPTH"), "{operator}");
    }
    for prefix in ["-", "! ", "NOT ", "GET ", "CALL f(", "FIND a, "] {
        let text = format!("x = {}b\n", prefix.repeat(MANY));
        assert!(!messages(&text).is_empty(), "{prefix}");
    }
}

#[test]
fn flat_chains_are_no_bombs() {
    for operator in ["+", "&", "AND", "OR", "??"] {
        let text = format!("x = a{}\n", format!(" {operator} a.b").repeat(MANY));
        assert_eq!(messages(&text), Vec::<String>::new(), "{operator}");
    }
}

#[test]
fn nested_blocks() {
    for opener in ["IF a THEN\n", "WHILE a\n", "WITH a\n", "DO\n", "FOR EACH a IN b\n", "SELECT CASE a\nCASE 1\n", "IF a THEN "] {
        assert!(gives(&opener.repeat(MANY), "E_DEPTH"), "{opener}");
    }
    assert!(gives(&format!("{}{}", "IF a THEN\n".repeat(MANY), "END IF\n".repeat(MANY)), "E_DEPTH"));
}

#[test]
fn nested_holes() {
    assert!(gives(&"x = \"${".repeat(MANY), "E_DEPTH"));
    assert!(gives(&format!("x = {}", "\"${".repeat(MANY)), "E_DEPTH"));
}

#[test]
fn a_large_text_is_refused() {
    assert!(gives(&" ".repeat(TEXT_MAX + 1), "E_SIZE"));
    assert!(gives(&"a ".repeat(TEXT_MAX / 2), "E_SIZE"));
}

#[test]
fn a_text_full_of_mistakes_has_a_readable_number_of_errors() {
    let found = messages(&"x = = 1\n".repeat(MANY)).len();
    assert_eq!(found, 101);
}

#[test]
fn any_bytes_give_a_tree() {
    // Every line of a script, cut at every byte, and with its ends swapped.
    let text = "IF a.b[1] = \"x${c + 1}y\" AND NOT f('q', {k: [1, 0xF]}) THEN SET BOT MEMORY k, 1_0e2 ? a : b ' é\n";
    for (at, _) in text.char_indices() {
        messages(&text[..at]);
        messages(&text[at..]);
        messages(&format!("{}{}", &text[at..], &text[..at]));
        messages(&format!("{}\n{}\nEND IF", &text[at..], &text[..at]));
    }
}
