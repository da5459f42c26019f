//! Which filters parse, to what, and which code refuses the others.

use std::borrow::Cow;

use gbvm_lang::filter::parse;
use gbvm_vm::fault::Fault;
use gbvm_vm::template::*;

/// The code of a fault, of which there is a fixed number here.
fn code_of(fault: &Fault) -> &'static str {
    match fault.code {
        Cow::Borrowed(code) => code,
        Cow::Owned(ref code) => panic!("{code} was made at run time"),
    }
}

fn text(filter: &str) -> Result<Template, &'static str> {
    parse(&[Source::Text(filter)]).map_err(|fault| code_of(&fault))
}

fn compare(column: &str, value: Term) -> Condition {
    Condition::Compare(column.into(), Comparison::Equal, value)
}

/// A number, the pieces, where `None` is a hole, and the code that refuses them.
type Case = (u32, &'static [Option<&'static str>], Option<&'static str>);

/// The cases whose answer depends on the text alone.
const CASES: &[Case] = &[
    (1, &[Some("external_id="), None], None),
    (10, &[Some("external_id=")], None),
    (12, &[Some("external_id=''")], None),
    (13, &[Some("external_id IS EMPTY")], None),
    (14, &[Some("sku="), None, Some(" AND warehouse="), None], None),
    (17, &[Some("status=pending ORDER BY ts ASC LIMIT 50")], None),
    (19, &[Some("status<>'zzz' AND ts > DATEADD(NOW(), -1, 'hour')")], None),
    (20, &[Some("ts > DATEADD(NOW(), -"), None, Some(", 'hour')")], None),
    (22, &[Some("source="), None, Some(" OR destination="), None, Some(" ORDER BY ts DESC LIMIT 1")], None),
    (24, &[Some("city=New York AND sku=A-1")], None),
    (27, &[Some("name='O''Brien'")], None),
    (28, &[Some("name='"), None, Some("'")], None),
    (31, &[Some("name LIKE '50%'")], None),
    (35, &[Some("status IN (pending, 'done')")], None),
    (36, &[Some("status IN ("), None, Some(")")], None),
    (42, &[Some("qty>9")], None),
    (49, &[Some("NOT (status=pending OR status=done)")], None),
    (53, &[Some("city="), None, Some(" "), None], None),
    (54, &[Some("sku="), None, Some("AND id=2")], Some("E_FILTER_SYNTAX")),
    (56, &[None, Some("="), None], Some("E_FILTER_IDENT")),
    (57, &[Some("ext_"), None, Some("=1")], Some("E_FILTER_IDENT")),
    (59, &[None], None),
    (60, &[Some("status=done "), None], None),
    (61, &[Some("status='done' "), None], Some("E_FILTER_SYNTAX")),
    (62, &[Some("status=done ORDER BY "), None], Some("E_FILTER_IDENT")),
    (64, &[Some("status=pending LIMIT "), None], None),
    (68, &[Some("1=1")], Some("E_FILTER_SYNTAX")),
    (69, &[Some("LOWER(status)=done")], Some("E_FILTER_SYNTAX")),
    (70, &[Some("status=LOAD_EXTENSION('x')")], Some("E_FILTER_FUNC")),
    (71, &[Some("")], None),
    (73, &[Some("*")], None),
    (80, &[Some("website=https://x.co/?a=b")], Some("E_FILTER_SYNTAX")),
    (81, &[Some("website='https://x.co/?a=b'")], None),
    (83, &[Some("status==pending")], None),
    (84, &[Some("status!=pending")], None),
    (201, &[Some("a=1 AND "), None], Some("E_FILTER_IDENT")),
    (202, &[Some("a=1 AND b "), None, Some(" 2")], Some("E_FILTER_IDENT")),
    (203, &[None, Some(" OR a=1")], Some("E_FILTER_IDENT")),
    (204, &[Some("crm_"), None], None),
    (205, &[Some("a='x")], Some("E_FILTER_QUOTE")),
    (206, &[Some("a='x'y")], Some("E_FILTER_SYNTAX")),
    (207, &[Some("a=1 OFFSET 3")], Some("E_FILTER_SYNTAX")),
    (208, &[Some("a=1 LIMIT 3 OFFSET 2")], None),
    (209, &[Some("a=1 LIMIT x")], Some("E_FILTER_LIMIT")),
    (210, &[Some("a=1 LIMIT -1")], Some("E_FILTER_LIMIT")),
    (211, &[Some("a=1 LIMIT 1"), None], Some("E_FILTER_LIMIT")),
    (212, &[Some("a=NOW(1)")], Some("E_FILTER_ARITY")),
    (213, &[Some("a=1)")], Some("E_FILTER_SYNTAX")),
    (214, &[Some("(a=1")], Some("E_FILTER_SYNTAX")),
    (215, &[Some("a BETWEEN 1 AND 5 AND b NOT LIKE 'x%'")], None),
    (216, &[Some("ORDER BY ts DESC, id LIMIT 1")], None),
    (217, &[Some("limit=5 AND order=3")], None),
    (218, &[Some("a IN ()")], None),
    (219, &[Some("a=1 AND")], Some("E_FILTER_SYNTAX")),
    (220, &[Some("a=1; DROP TABLE t")], Some("E_FILTER_SYNTAX")),
    (221, &[Some("a=1 ORDER BY b "), None], Some("E_FILTER_IDENT")),
    (222, &[Some("* AND a=1")], Some("E_FILTER_SYNTAX")),
    (223, &[Some("FOO(a)=1")], Some("E_FILTER_FUNC")),
];

#[test]
fn text_alone_decides_which_filters_parse() {
    for (number, pieces, refused) in CASES {
        let mut hole = 0;
        let sources: Vec<Source> = pieces
            .iter()
            .map(|piece| match piece {
                Some(text) => Source::Text(text),
                None => {
                    hole += 1;
                    Source::Hole(hole - 1)
                }
            })
            .collect();
        let answer = parse(&sources);
        assert_eq!(answer.as_ref().err().map(code_of), *refused, "case {number}: {answer:?}");
        if let Ok(template) = answer {
            assert_eq!(template.holes, hole, "case {number}");
        }
    }
}

#[test]
fn values_are_told_apart_by_form() {
    let of = |filter: &str| text(filter).unwrap().condition.unwrap();
    assert_eq!(of("a=007"), compare("a", Term::Literal(Literal::Text("007".into()))));
    assert_eq!(of("a=7"), compare("a", Term::Literal(Literal::Int(7))));
    assert_eq!(of("a=-0.5e1"), compare("a", Term::Literal(Literal::Float(-5.0))));
    assert_eq!(of("a=true"), compare("a", Term::Literal(Literal::Bool(true))));
    assert_eq!(of("a=NULL"), compare("a", Term::Literal(Literal::Empty)));
    assert_eq!(of("a='NULL'"), compare("a", Term::Literal(Literal::Text("NULL".into()))));
    assert_eq!(of("a= AND b=1"), Condition::And(vec![
        compare("a", Term::Literal(Literal::Empty)),
        compare("b", Term::Literal(Literal::Int(1))),
    ]));
    assert_eq!(of("a=New York  ORDER BY b"), compare("a", Term::Literal(Literal::Text("New York".into()))));
    assert_eq!(of("a=Portland OREGON"), compare("a", Term::Literal(Literal::Text("Portland OREGON".into()))));
    assert_eq!(of("abc-5"), Condition::Id(Term::Literal(Literal::Text("abc-5".into()))));
    assert_eq!(of("a IS NOT EMPTY"), Condition::Empty("a".into(), true));
    assert_eq!(of("NOT a=1 OR b=2"), Condition::Or(vec![
        Condition::Not(Box::new(compare("a", Term::Literal(Literal::Int(1))))),
        compare("b", Term::Literal(Literal::Int(2))),
    ]));
}

#[test]
fn a_hole_keeps_its_type_only_alone_and_unquoted() {
    let of = |pieces: &[Source]| parse(pieces).unwrap().condition.unwrap();
    assert_eq!(of(&[Source::Text("a="), Source::Hole(0)]), compare("a", Term::Hole(0)));
    assert_eq!(of(&[Source::Text("a="), Source::Hole(0), Source::Text(" ")]), compare("a", Term::Hole(0)));
    let quoted = of(&[Source::Text("a='"), Source::Hole(0), Source::Text("'")]);
    assert_eq!(quoted, compare("a", Term::Mixed(vec![Piece::Hole(0)])));
    let mixed = of(&[Source::Text("status=done "), Source::Hole(0)]);
    assert_eq!(mixed, compare("status", Term::Mixed(vec![Piece::Text("done ".into()), Piece::Hole(0)])));
    assert_eq!(of(&[Source::Hole(0)]), Condition::Id(Term::Hole(0)));
}

#[test]
fn a_literal_hole_may_be_column_operator_and_order() {
    let of = |pieces: &[Source]| parse(pieces).unwrap();
    let column = [Source::LiteralHole(0, "status"), Source::Text("="), Source::Hole(1)];
    assert_eq!(of(&column).condition, Some(compare("status", Term::Hole(1))));
    let operator = [Source::Text("qty "), Source::LiteralHole(0, ">="), Source::Text(" 5")];
    let expected = Condition::Compare("qty".into(), Comparison::GreaterOrEqual, Term::Literal(Literal::Int(5)));
    assert_eq!(of(&operator).condition, Some(expected));
    let order = [Source::Text("a=1 ORDER BY "), Source::LiteralHole(0, "b DESC")];
    assert_eq!(of(&order).order, [OrderBy { column: "b".into(), descending: true }]);
    // Where a value may stand it stays a value.
    let value = [Source::Text("a="), Source::LiteralHole(0, "1 OR b=2")];
    assert_eq!(of(&value).condition, Some(compare("a", Term::Hole(0))));
    assert_eq!(of(&[Source::LiteralHole(0, "x")]).condition, Some(Condition::Id(Term::Hole(0))));
}

#[test]
fn nesting_has_a_limit() {
    let nested = |count: usize| format!("{}a=1{}", "(".repeat(count), ")".repeat(count));
    assert!(text(&nested(32)).is_ok());
    assert_eq!(text(&nested(33)), Err("E_FILTER_DEPTH"));
    assert_eq!(text(&nested(100_000)), Err("E_FILTER_DEPTH"));
    assert_eq!(text(&format!("{}a=1", "NOT ".repeat(33))), Err("E_FILTER_DEPTH"));
    let functions = |count: usize| format!("a={}x{}", "LOWER(".repeat(count), ")".repeat(count));
    assert!(text(&functions(32)).is_ok());
    assert_eq!(text(&functions(33)), Err("E_FILTER_DEPTH"));
    assert_eq!(text(&format!("a IN ({})", vec!["1"; 10_001].join(","))), Err("E_FILTER_TOO_LARGE"));
}

#[test]
fn messages_never_hold_data() {
    let fault = parse(&[Source::Text("a='x' "), Source::Hole(0)]).unwrap_err();
    assert!(fault.message.contains("a='x' ‹data›"), "{fault}");
}

/// A small generator of repeatable nonsense.
struct Soup(u64);

impl Soup {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % below
    }
}

#[test]
fn no_soup_of_pieces_panics() {
    const BITS: &[&str] = &[
        "a", "status", "=", "<", ">", "!", "(", ")", ",", "'", "\"", ";", " ", " AND ", " OR ", "NOT ", " IN ", " IS ",
        "NULL", "EMPTY", " LIKE ", " BETWEEN ", "ORDER BY ", " LIMIT ", " OFFSET ", "NOW()", "DATEADD(", "5", "-1",
        "é", "\0", "*", "ORDER", " BY", "\n", "%", "LIMIT",
    ];
    let mut soup = Soup(7);
    for _ in 0..60_000 {
        let mut pieces = Vec::new();
        for number in 0..soup.next(9) {
            pieces.push(match soup.next(6) {
                0 => Source::Hole(number as u16),
                1 => Source::LiteralHole(number as u16, BITS[soup.next(BITS.len())]),
                _ => Source::Text(BITS[soup.next(BITS.len())]),
            });
        }
        let _ = parse(&pieces);
    }
}
