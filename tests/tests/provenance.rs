//! The tree of a filter depends on the script's text only: sixty hostile texts in each hole of each filter of the
//! project's scripts and of those that existed before it, read while compiling and when the line runs.

use gbvm_stdlib::query::Query;
use gbvm_tests::{root, seed};
use gbvm_vm::instant::Instant;
use gbvm_vm::template::Template;
use gbvm_vm::text::{Origin, Text};

const ATTACKS: [&str; 60] = [
    "", " ", "'", "''", "\"", "\"\"", "\\", "\\'", "`", ";", "--", "/*", "*/", "#", "%", "_", "*", "?", "(", ")", "()", ",", "=", "<>", "!=", "<", ">", "|", "&", "\0", "\n", "\r\n", "\t", "\u{2028}",
    "\u{202e}", "NULL", "TRUE", "1", "0", "-1", "1e999", "NOW()", "' OR '1'='1", "\" OR \"1\"=\"1", " OR 1=1", "x OR id<>x", "x AND FALSE", "x ORDER BY id DESC", "x LIMIT 0", "x OFFSET 9", "1; DROP TABLE customers",
    "x' UNION SELECT value FROM gbvm_memory --", "a=b", "id=1", "NOT x", "x) OR (id=1", "IN (1,2)", "LIKE %", "BETWEEN 1 AND 9", "‹data›",
];

/// A piece of an argument: text in quotes, or something computed.
enum Piece {
    Literal(String),
    Computed,
}

/// The operands of the sums and the text in quotes that an argument is made of; none where it is made in another way.
fn pieces(argument: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut operand, mut depth, mut quoted) = (String::new(), 0, false);
    for char in argument.chars().chain(['+']) {
        match char {
            '"' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            '+' if !quoted && depth == 0 => {
                let text = operand.trim();
                let literal = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                pieces.push(literal.map_or(Piece::Computed, |text| Piece::Literal(text.to_owned())));
                operand.clear();
                continue;
            }
            _ => {}
        }
        operand.push(char);
    }
    pieces
}

/// The tree that the same argument has when its text is put together at run time from these values.
fn read_late(pieces: &[Piece], value: &str) -> Result<Template, String> {
    let parts = pieces.iter().map(|piece| match piece {
        Piece::Literal(text) => (Origin::Literal, text.clone()),
        Piece::Computed => (Origin::Data, value.to_owned()),
    });
    let text = Text::of_parts(parts);
    Query::of_text(gbvm_lang::filter::parse, &text).map(|query| query.filter(Instant(0)).template.clone()).map_err(|fault| fault.to_string())
}

#[test]
fn no_value_changes_the_tree_of_a_filter() {
    let folders = [Some(root().join("bas")), seed()];
    let (mut filters, mut tried) = (0, 0);
    for folder in folders.into_iter().flatten() {
        let files = std::fs::read_dir(&folder).expect("the folder can be read").map(|entry| entry.expect("it has entries").path());
        for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "bas")) {
            let script = gbvm_tests::scenario::compile(&file, "");
            let program = script.linked.program();
            for argument in program.sites.iter().flat_map(|site| &site.arguments) {
                let Some(index) = argument.template else { continue };
                let source = &program.sources[usize::from(argument.span.source)].text;
                let written = &source[argument.span.start as usize..argument.span.end as usize];
                let pieces = pieces(written);
                filters += 1;
                for attack in ATTACKS {
                    let late = read_late(&pieces, attack);
                    assert_eq!(late.as_ref(), Ok(&program.templates[index.at()]), "{}: {written} with {attack:?}", file.display());
                    tried += 1;
                }
            }
        }
    }
    assert!(filters >= 5 && tried == filters * ATTACKS.len(), "{filters} filters were tried with {tried} values");
    println!("{filters} filters with {tried} hostile values");
}
