//! No text panics, hangs or overflows the front end, and none that compiles the machine.
//!
//! A few seconds by default; `GBVM_CASES=1000000` goes on for longer, `GBVM_FIRST` begins elsewhere.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gbvm::runner::Budget;
use gbvm::scripts;
use gbvm::{Engine, Event};
use gbvm_lang::format::{Refusal, format};
use gbvm_lang::index::{Index, STRUCTURE};
use gbvm_lang::source::Source;
use gbvm_tests::peers::{Peer, PostBox};
use gbvm_tests::soup;

/// How long one text may take through everything. What is not optimized, on a machine that is busy, takes longer; what
/// grows with the square of the text takes minutes.
const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 2 });

/// What goes wrong with a text, if anything does.
fn fault_of(text: &str, engine: &Engine) -> Option<String> {
    let began = Instant::now();
    let tried = catch_unwind(AssertUnwindSafe(|| {
        let signatures = gbvm_stdlib::signatures();
        Index::new(text, &signatures);
        let source = Source::new("soup.bas", text);
        let problem = match format(&source, &signatures) {
            Ok(once) => match format(&Source::new("soup.bas", once.as_str()), &signatures) {
                Ok(twice) if twice == once => None,
                other => Some(format!("formatting is not done after one time\n--- once\n{once}\n--- twice\n{other:?}")),
            },
            Err(Refusal::Unreadable(_)) => None,
            Err(Refusal::Different) => Some("formatting would change the meaning".to_owned()),
        };
        // A script that waits would make the test wait.
        if let Ok(script) = scripts::compile(vec![source], &[])
            && !text.to_uppercase().contains("WAIT")
        {
            let script = Arc::new(script);
            let budget = Budget { fuel: Some(20_000), wall_ms: Some(1_000), query_ms: Some(1_000), memory_bytes: 64 << 20 };
            if engine.prepare(&script).is_ok() {
                engine.fire_within(&script, &Event::manual(), budget);
            }
        }
        problem
    }));
    match tried {
        Err(_) => Some("it panics".to_owned()),
        Ok(Some(problem)) => Some(problem),
        Ok(None) if began.elapsed() > LONGEST => Some(format!("it takes {:?}", began.elapsed())),
        Ok(None) => None,
    }
}

fn engine() -> Engine {
    Engine::builder().transport(Arc::new(Peer::default())).post(Arc::new(PostBox::default())).printer(|_, _| {}).build().expect("an engine in memory can be built")
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn texts_that_nobody_wrote_break_nothing() {
    let signatures = gbvm_stdlib::signatures();
    let words: Vec<&str> = signatures.iter().map(|signature| signature.phrase).chain(STRUCTURE.iter().copied()).collect();
    let scripts: Vec<String> = gbvm_tests::scripts().into_iter().map(|(_, text)| text).filter(|text| text.len() < 20_000).collect();
    let (first, count) = (number("GBVM_FIRST").unwrap_or(0), number("GBVM_CASES").unwrap_or(600));
    let mut engine_of_now = engine();
    let mut wrong = Vec::new();
    for case in first..first + count {
        // What one script stores must not be the next one's.
        if case % 200 == 0 {
            engine_of_now = engine();
        }
        let text = soup::text(case, &words, &scripts);
        if let Some(fault) = fault_of(&text, &engine_of_now) {
            wrong.push(format!("case {case}: {fault}\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n=====\n"));
}

#[test]
fn what_nests_without_end_is_refused() {
    const MANY: usize = 100_000;
    /// The compiler meets what anybody sends; the tools, where nothing is optimized, what somebody edits.
    const FEWER: usize = if cfg!(debug_assertions) { 10_000 } else { MANY };
    let signatures = gbvm_stdlib::signatures();
    let check = |text: &dyn Fn(usize) -> String, piece: &str| {
        for (what, count, work) in [
            ("compiling", MANY, &(|source: &Source| scripts::compile(vec![source.clone()], &[]).is_err()) as &dyn Fn(&Source) -> bool),
            ("formatting", FEWER, &|source: &Source| format(source, &signatures).is_err()),
            ("indexing", FEWER, &|source: &Source| Index::new(&source.text, &signatures).table_of("x").is_none()),
        ] {
            let began = Instant::now();
            assert!(work(&Source::new("bomb.bas", text(count))), "{what} {piece} is not refused");
            assert!(began.elapsed() < LONGEST, "{what} {piece} takes {:?}", began.elapsed());
        }
    };
    for piece in ["(", "[", "{a: ", "f(", "a[", "-", "! ", "NOT ", "\"${", "x ? ", "GET "] {
        check(&|count| format!("x = {}1\n", piece.repeat(count)), piece);
    }
    for piece in ["IF a THEN\n", "IF a THEN ", "WHILE a\n", "FOR EACH a IN b\n", "DO\n", "WITH a\n", "SELECT CASE a\nCASE 1\n", "TRY\n", "SUB a\n", "ELSE IF a THEN\n", "END IF\n"] {
        check(&|count| piece.repeat(count), piece);
    }
}
