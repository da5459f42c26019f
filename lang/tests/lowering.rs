//! Which instructions small scripts become.

#[path = "table/listing.rs"]
mod listing;
#[path = "table/signatures.rs"]
mod table;

use gbvm_lang::source::Source;

/// The listing of a script that must compile.
fn code(script: &str) -> String {
    let sources = [Source::new("test.bas", script)];
    let compilation = gbvm_lang::compile(&sources, table::SIGNATURES);
    let messages: Vec<String> = compilation.diagnostics.iter().map(|diagnostic| diagnostic.plain(&sources)).collect();
    let script = compilation.script.unwrap_or_else(|| panic!("{}", messages.join("\n")));
    listing::listing(&script.program)
}

fn check(script: &str, expected: &str) {
    let code = code(script);
    let trimmed: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(code.lines().collect::<Vec<_>>(), trimmed, "\n{code}");
}

#[test]
fn sums_add_until_a_text_stands_in_them() {
    check(
        "x = body + path + \"t\" + body + path\ny = body + 1 + path + 2",
        r#"
         0 Add R4 R0 R1
         1 LoadConst R5 "t"
         2 Move R6 R0
         3 Move R7 R1
         4 Concat R2 R4..8 false
         5 AddInt R4 R0 1
         6 Add R4 R4 R1
         7 AddInt R3 R4 2
         8 Halt
        "#,
    );
}

#[test]
fn a_sum_of_its_own_variable_is_written_last() {
    check(
        "x = body + path + x\nx += \"!\" + path",
        r#"
         0 Add R3 R0 R1
         1 Add R2 R3 R2
         2 LoadConst R3 "!"
         3 Move R4 R1
         4 AppendText R2 R3..5 false
         5 Halt
        "#,
    );
}

#[test]
fn conditions_compare_and_branch() {
    check(
        "IF body > 1 AND NOT (path <= 2 OR path = \"x\") THEN d = 1 ELSE d = 2\nIF NOT body < path THEN d = 3",
        r#"
         0 JumpUnlessGreaterInt R0 1 -> 5
         1 JumpIfLessOrEqualInt R1 2 -> 5
         2 JumpIfEqualConst R1 "x" -> 5
         3 LoadInt R2 1
         4 Jump -> 6
         5 LoadInt R2 2
         6 JumpIfLess R0 R1 -> 8
         7 LoadInt R2 3
         8 Halt
        "#,
    );
}

#[test]
fn and_and_or_give_the_deciding_operand() {
    check(
        "x = body OR x\nx = body AND path OR x",
        r#"
         0 Move R3 R0
         1 JumpIfTrue R3 -> 3
         2 Move R3 R1
         3 Move R1 R3
         4 Move R3 R0
         5 JumpIfFalse R3 -> 7
         6 Move R3 R2
         7 JumpIfTrue R3 -> 9
         8 Move R3 R1
         9 Move R1 R3
         10 Halt
        "#,
    );
}

#[test]
fn select_jumps_on_constants() {
    check(
        "SELECT CASE body\nCASE 1, \"x\"\nr = 1\nCASE IS > 5\nr = 2\nCASE 7 TO 9\nr = 3\nCASE ELSE\nr = 4\nEND SELECT",
        r#"
         0 JumpIfEqualConst R0 1 -> 2
         1 JumpIfNotEqualConst R0 "x" -> 4
         2 LoadInt R1 1
         3 Jump -> 15
         4 LoadInt R2 5
         5 JumpUnlessLess R2 R0 -> 8
         6 LoadInt R1 2
         7 Jump -> 15
         8 LoadInt R2 7
         9 JumpUnlessLessOrEqual R2 R0 -> 14
         10 LoadInt R3 9
         11 JumpUnlessLessOrEqual R0 R3 -> 14
         12 LoadInt R1 3
         13 Jump -> 15
         14 LoadInt R1 4
         15 Halt
        "#,
    );
}

#[test]
fn loops_test_at_their_end() {
    check(
        "FOR i = 1 TO 3\nIF i = 2 THEN EXIT FOR\nNEXT\nFOR EACH x IN body\nPRINT x\nNEXT x\nWHILE a < 3\na = a + 1\nWEND",
        r#"
         0 LoadInt R0 1
         1 LoadInt R4 3
         2 LoadInt R5 1
         3 ForPrepare R0 R4..6 -> 6
         4 JumpIfEqualConst R0 2 -> 6
         5 ForLoop R0 R4..6 -> 4
         6 EachPrepare R4..6 R1
         7 Jump -> 10
         8 Move R6 R2
         9 CallHost R6 PRINT(R6..7) Nothing
         10 EachLoop R4..6 R2 -> 8
         11 Jump -> 13
         12 AddInt R3 R3 1
         13 JumpIfLessInt R3 3 -> 12
         14 Halt
        "#,
    );
}

#[test]
fn a_literal_with_block_is_one_instruction() {
    check(
        "WITH x = NEW OBJECT\n.a = 1\n.b = NOW()\n.c = NOW()\n.d.e = 2\n.f = .a\nEND WITH",
        r#"
         0 CallPure R1 NOW(R1..1) Value
         1 LoadInt R2 1
         2 Move R3 R1
         3 Move R4 R1
         4 NewObject R0 R2.. {a, b, c}
         5 LoadInt R2 2
         6 SetPath R0.d.e R2
         7 GetField R2 R0 .a ~
         8 SetField R0 R2 .f ~
         9 Halt
        "#,
    );
}

#[test]
fn with_extends_or_begins_anew() {
    check(
        "WITH x\n.a = 1\nEND WITH\nWITH y\na = 1\nEND WITH",
        r#"
         0 LoadInt R2 1
         1 SetField R0 R2 .a ~
         2 LoadInt R2 1
         3 NewObject R1 R2.. {a}
         4 Halt
        "#,
    );
}

#[test]
fn filters_are_parsed_while_compiling() {
    check(
        "row = FIND \"t\", \"a=\" + body + \" AND b='\" + path + \"'\"\nPRINT row.a\nUPDATE \"t\", body, row",
        r#"
         0 LoadConst R3 "t"
         1 Move R5 R0
         2 Move R6 R1
         3 NewArray R4 R5..7
         4 CallHost R2 FIND(R3..5) Value filter
         5 GetField R3 R2 .a ~
         6 CallHost R3 PRINT(R3..4) Nothing
         7 LoadConst R3 "t"
         8 Move R4 R0
         9 Move R5 R2
         10 CallHost R3 UPDATE(R3..6) Nothing
         11 Halt
        "#,
    );
}

#[test]
fn an_insert_gives_the_object_its_id() {
    check(
        "rec = {a: 1}\nINSERT \"t\", rec\nPRINT rec.id",
        r#"
         0 LoadInt R1 1
         1 NewObject R0 R1.. {a}
         2 LoadConst R1 "t"
         3 Move R2 R0
         4 CallHost R1 INSERT(R1..3) Value
         5 AdoptField R0 R1 .id
         6 GetField R1 R0 .id ~
         7 CallHost R1 PRINT(R1..2) Nothing
         8 Halt
        "#,
    );
}

#[test]
fn places_change_where_they_are() {
    check(
        "a.b = 1\na.b.c = 2\na[path].d += 3\na.list.ADD(4)",
        r#"
         0 LoadInt R2 1
         1 SetField R0 R2 .b ~
         2 LoadInt R2 2
         3 SetPath R0.b.c R2
         4 LoadInt R2 3
         5 AddToIndexField R0 R1 R2 .d ~
         6 LoadInt R2 4
         7 Append R0.list R2
         8 Halt
        "#,
    );
}

#[test]
fn procedures_share_what_they_only_read() {
    check(
        "limit = 3\nPRINT total(limit, 5)\nFUNCTION total(a, b)\nsum = a + b + limit + body.x\nRETURN sum\nEND FUNCTION\nSUB s(a)\nCALL total(a)\nEND SUB",
        r#"
         0 LoadInt R0 3
         1 SetGlobal G.limit R0
         2 GetGlobal R0 G.limit
         3 LoadInt R1 5
         4 Call total(R0..)
         5 CallHost R0 PRINT(R0..1) Nothing
         6 Halt
         total:
         7 Add R3 R0 R1
         8 GetGlobal R4 G.limit
         9 Add R3 R3 R4
         10 GetGlobal R5 G.body
         11 GetField R4 R5 .x ~
         12 Add R2 R3 R4
         13 Return R2
         s:
         14 Move R1 R0
         15 LoadMissing R2
         16 Call total(R1..)
         17 LoadMissing R1
         18 Return R1
        "#,
    );
}

#[test]
fn a_function_gives_what_it_assigned_to_its_name() {
    check(
        "x = half(4)\nFUNCTION half(n)\nhalf = n / 2\nEND FUNCTION",
        r#"
         0 LoadInt R1 4
         1 Call half(R1..)
         2 Move R0 R1
         3 Halt
         half:
         4 LoadInt R2 2
         5 Divide R1 R0 R2
         6 Return R1
        "#,
    );
}

#[test]
fn only_sums_that_reach_syntax_keep_their_parts() {
    check(
        "base = \"https://a.example\"\nurl = base + path\nmsg = base + path\nGET url\nPRINT msg",
        r#"
         0 LoadConst R0 "https://a.example"
         1 Add R2 R0 R1
         2 Add R3 R0 R1
         3 Move R4 R2
         4 CallHost R4 GET(R4..5) Nothing
         5 Move R4 R3
         6 CallHost R4 PRINT(R4..5) Nothing
         7 Halt
        "#,
    );
}

#[test]
fn an_unanswered_name_fails_when_it_runs() {
    check(
        "x = CALL nobody(1)",
        r#"
         0 Unanswered "nobody"
         1 LoadMissing R0
         2 Halt
        "#,
    );
}
