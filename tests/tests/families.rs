//! Scripts that grow: twice as many lines take about twice the time, whatever they are made of.
//!
//! Each family is one construct over and over, as a generator might write it or somebody who means harm. What is linear
//! takes milliseconds here; what grows with the square of the lines takes longer than the bound allows.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use gbvm::scripts::{self, LoadError};
use gbvm_lang::format::format;
use gbvm_lang::source::Source;

/// The number of repetitions, and twice as many.
const SIZES: [usize; 2] = if cfg!(debug_assertions) { [200, 400] } else { [2_000, 4_000] };

/// How long one script may take through the compiler and the formatter.
const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 2 });

/// A family: its name, what stands before and behind, and what is repeated for each number `#`; `@` is the number before.
type Family = (&'static str, &'static str, &'static str, &'static str);

const FAMILIES: [Family; 41] = [
    ("an address that grows", "u = \"http://a/?\"\n", "u = u + \"&a#=\" + k\nr = GET u\n", ""),
    ("addresses out of each other", "u0 = \"http://a/?\"\n", "u# = u@ + \"&a=\" + k\nr = GET u#\n", ""),
    ("a table's name that grows", "u = \"t\"\n", "u = u + \"a#\"\nr = FIND u, \"a=\" + k\nINSERT u, r\n", ""),
    ("a filter that grows", "u = \"a=1\"\n", "u = u + \" AND a#=\" + k\nr = FIND \"t\", u\n", ""),
    ("one variable for many tables", "", "u = \"t#\"\nx = FIND u, \"a=1\"\nPRINT x.a#\n", ""),
    ("one variable for many tables and records", "", "u = \"t#\"\no.f# = #\nINSERT u, o\n", ""),
    ("fields by computed names", "", "o[k] = \"t#\"\nx = FIND o[j], \"a=1\"\n", ""),
    ("a field for many tables", "", "o.f = \"t#\"\nx = FIND o.f, \"a=1\"\n", ""),
    ("choices of itself", "u = \"http://a\"\n", "u = c ? u : u\nGET u\n", ""),
    ("choices out of each other", "u0 = \"http://a\"\n", "u# = c ? u@ : u@ + \"x\"\nGET u#\n", ""),
    ("a text joined with itself", "u = \"http://a\"\n", "u = u + u\nGET u\n", ""),
    ("a chain of variables", "v0 = \"t\"\n", "v# = v@\nFIND v#, \"a=1\"\n", ""),
    ("an array of tables", "a = []\n", "a.ADD(\"t#\")\nFIND a[#], \"x=1\"\n", ""),
    ("objects of themselves", "", "o = {a: o, b: o}\nINSERT \"t\", o\n", ""),
    ("an address that is added to", "u = \"http://a/\"\n", "u += \"x#\"\nGET u\n", ""),
    ("procedures that call the next", "p0 \"t\"\n", "SUB p@(a)\np# a\nx = FIND a, \"y=1\"\nEND SUB\n", ""),
    ("functions on one variable", "u = \"t\"\n", "u = f#(u)\nGET u\n", "FUNCTION f1(a)\nRETURN a + \"x\"\nEND FUNCTION\n"),
    ("names that nothing sets", "", "foo# = bar#\n", ""),
    ("names that nearly exist", "", "total#x = totel#x\n", ""),
    ("calls that nobody answers", "", "doit#(1)\ndont#\n", ""),
    ("procedures with names of their own", "", "g# = #\n", "SUB p()\nPRINT gg1\nEND SUB\n"),
    ("shared names", "SUB p()\n", "SHARED a#\na# = 1\n", "END SUB\n"),
    ("labels", "", "GOTO l#\nl#:\n", ""),
    ("labels that are not there", "", "GOTO l#\n", ""),
    ("labels in loops", "FOR i = 1 TO 2\n", "IF i = # THEN GOTO l#\nl#:\n", "NEXT\n"),
    ("tables", "", "TABLE t#\na string\nb integer key\nEND TABLE\n", ""),
    ("columns", "TABLE t\n", "a# string\n", "END TABLE\n"),
    ("inputs", "", "PARAM p# AS STRING LIKE \"x\" DESCRIPTION \"d\"\nPRINT p#\n", ""),
    ("writes and reads of the same rows", "", "UPDATE \"t\", \"id=#\", o\nold# = FIND \"t\", \"id=\" + x\n", ""),
    ("secrets", "s = GET BOT MEMORY \"a_secret\"\n", "s = s + \"a#\"\nIF s = x THEN PRINT #\n", ""),
    ("fields of one record", "", "o.f# = #\nPRINT o.f#\nINSERT \"t\", o\n", ""),
    ("rows in branches", "", "IF a THEN\nx = FIND \"t\", \"a=1\"\nEND IF\nPRINT x.a\n", ""),
    ("rows in a loop", "FOR i = 1 TO 2\n", "x = FIND \"t\", \"a=1\"\nPRINT x.a\n", "NEXT\n"),
    ("cases", "SELECT CASE x\n", "CASE #\ny = #\n", "END SELECT\n"),
    ("tests of one case", "SELECT CASE x\nCASE 0", ", #", "\ny = 1\nEND SELECT\n"),
    ("a long sum", "x = a", " + b", "\n"),
    ("a long condition", "IF a", " AND a = #", " THEN PRINT 1\n"),
    ("a long list", "x = [0", ", #", "]\n"),
    ("a long object", "x = {a: 1", ",\nk#: #", "}\n"),
    ("a long line", "x = 1", " : x = #", "\n"),
    ("mails", "", "BEGIN MAIL \"a@b.c\"\nSubject: x\n\nHello ${x}\nEND MAIL\n", ""),
];

fn script(family: &Family, count: usize) -> String {
    let (_, before, each, behind) = family;
    let mut script = (*before).to_owned();
    for number in 1..=count {
        script += &each.replace('#', &number.to_string()).replace('@', &(number - 1).to_string());
    }
    script + behind
}

#[test]
fn time_grows_with_the_lines() {
    let signatures = gbvm_stdlib::signatures();
    let mut wrong = String::new();
    for family in &FAMILIES {
        for count in SIZES {
            let source = Source::new("family.bas", script(family, count));
            let began = Instant::now();
            match scripts::compile(vec![source.clone()], &[]) {
                Ok(script) => assert!(!script.sources.is_empty()),
                Err(LoadError::Invalid(error)) => assert!(!error.diagnostics.is_empty()),
                Err(error @ LoadError::Unreadable(..)) => panic!("{error}"),
            }
            let compiled = began.elapsed();
            let _ = format(&source, &signatures);
            if began.elapsed() > LONGEST {
                let _ = writeln!(wrong, "{} × {count} takes {compiled:?} to compile, {:?} with formatting", family.0, began.elapsed());
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn deep_nests_of_long_blocks_take_time_by_their_size() {
    for (open, close) in [("IF a THEN\n", "END IF\n"), ("FOR i = 1 TO 2\n", "NEXT\n"), ("TRY\n", "CATCH\nEND TRY\n"), ("SELECT CASE a\nCASE 1\n", "END SELECT\n")] {
        let lines = "x = FIND \"t\", \"a=1\"\nPRINT x.a\n".repeat(SIZES[0]);
        let text = format!("{}{lines}{}", open.repeat(60), close.repeat(60));
        let began = Instant::now();
        assert!(scripts::compile(vec![Source::new("nest.bas", text)], &[]).is_ok(), "{open}");
        assert!(began.elapsed() < LONGEST, "{open} takes {:?}", began.elapsed());
    }
}
