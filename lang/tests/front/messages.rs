//! What the front end says of mistakes.

use gbvm_lang::parse::parse;
use gbvm_lang::source::Source;

use crate::{messages, table};

#[test]
fn show() {
    for text in [
        "x = \nIF a THEN\nEND IF\ny = (1 + 2\nPRINT \"abc\nFOR i = 1 10\nNEXT i\nz = a b\nWITH q = NEW OBJCT\n.a = 1\nEND WITH",
        "IF x = 5\n  PRINT 1\nEND IF",
        "IF x THEN\nPRINT 1\n",
        "WHLE x > 3\nx = x - 1\nWEND",
        "WHILE x > 3\nx = x - 1\nWNED\n",
        "FOREACH x IN y\nPRINT x\nNEXT",
        "FOR EACH x IN y\nIF a THEN\nPRINT x\nNEXT x",
        "FOR EACH x IN y\nPRINT x\nNEXT z",
        "END IF",
        "END FI",
        "SUB a(x)\nIF x THEN\nSUB b\nEND SUB",
        "FUNCTION a(x)\nEND SUB",
        "EXIT FOR",
        "x = f(1, GET a, b)",
        "x = POST a, b, c, d",
        "x = 99999999999999999999",
        "x = 12abc",
        "x = “hi”",
        "a.b",
        "5 + 3",
        "x = f(1, 2",
        "x = [1, 2\ny = 3",
        "x = 1)",
        "SELECT CASE x\nPRINT 1\nCASE 1\nEND SELECT",
        "IF a THEN\nELSE\nELSE\nEND IF",
        "f(1) = 2",
        "FOR EACH x OF y\nNEXT",
        "FOR x IN y\nNEXT",
        "CALL",
        "IF a THAN\nEND IF",
        "x = \"a${b\ny = 1",
        "x = \"a${}b\"",
        "SUB f(a, 1)\nEND SUB",
        "CONTINUE",
        "TRY\nEND TRY",
        "x = a +\n",
        "x == 1",
        "ELSEIF a THEN",
        "x = {a: 1, 2}",
        "x = 5 5",
        "label:\nGOTO label",
    ] {
        let source = Source::new("t", text);
        let (_, found) = parse(&source, 0, table::TABLE_OF_TESTS);
        println!("-----\n{text}\n>>>");
        for one in found {
            println!("{}", one.rendered(std::slice::from_ref(&source)));
        }
    }
    let _ = messages("");
}
