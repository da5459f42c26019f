//! The front end through its public face: text in, tree or messages out.

mod dump;
mod table;

mod bombs;
mod messages;
mod seed;
mod shapes;

use gbvm_lang::parse::parse;
use gbvm_lang::source::Source;

/// The tree of a text that must have no mistakes.
pub fn tree(text: &str) -> String {
    let source = Source::new("test.bas", text);
    let (script, diagnostics) = parse(&source, 0, table::TABLE_OF_TESTS);
    let messages: Vec<String> = diagnostics.iter().map(|one| one.plain(std::slice::from_ref(&source))).collect();
    assert!(messages.is_empty(), "unexpected messages for\n{text}\n{}", messages.join("\n"));
    dump::script(&script, table::TABLE_OF_TESTS)
}

/// The messages of a text, without the file's name.
pub fn messages(text: &str) -> Vec<String> {
    let source = Source::new("t", text);
    let (_, diagnostics) = parse(&source, 0, table::TABLE_OF_TESTS);
    diagnostics.iter().map(|one| one.plain(std::slice::from_ref(&source))[2..].to_string()).collect()
}
