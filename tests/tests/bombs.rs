//! Large scripts made of one word form over and over: each ends with a message or a program, soon.

use gbvm::scripts::{self, LoadError};
use gbvm_lang::source::Source;

const COUNT: usize = 20_000;

#[test]
fn forms_in_words_take_time_by_their_size() {
    let again = |text: &str| text.repeat(COUNT);
    let bombs = [
        format!("x = format{}", again(" + format")),
        again("SAVE "),
        format!("x = 1{}", again("\nAND FIND t")),
        again("FIND t\nWHERE a = 1\n"),
        format!("x = by{}", again(" 'a' + by")),
        format!("MERGE t WITH {}", again("x BY 'a' + by ")),
        format!("x = FIND t WHERE a{}", again(" IN (a")),
        format!("x = {}", again("FIND t WHERE a = ")),
        format!("UPDATE t SET a = 1{} WHERE a = 1", again(", a = 1")),
        format!("FIND t WHERE a = 1{}", again(" OR a = 1")),
        again("table string\n"),
        format!("{}sub x\nend table\n", again("table string\n")),
        format!("x = {}", again("weather(")),
        again("BEGIN MAIL 'x'\n${"),
        again("INCLUDE 'a.bas'\n"),
    ];
    for bomb in bombs {
        match scripts::compile(vec![Source::new("bomb.bas", bomb)], &[]) {
            Ok(script) => assert!(!script.sources.is_empty()),
            Err(LoadError::Invalid(error)) => assert!(!error.diagnostics.is_empty()),
            Err(error @ LoadError::Unreadable(..)) => panic!("{error}"),
        }
    }
}
