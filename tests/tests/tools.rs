//! The tools around a script as their users meet them: traces, listings, completions, the manual, the dialogue.

use std::process::Output;

use gbvm_tests::command::piped;

fn gbvm(arguments: &[&str], script: &str, input: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("t.bas"), script).expect("a file can be written");
    piped(arguments, folder.path(), input)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_trace_tells_statements_and_what_they_change() {
    let script = "total = 0\nFOR i = 1 TO 2\n    total = total + twice(i)\nNEXT\nPRINT total\nFUNCTION twice(n)\n    RETURN n * 2\nEND FUNCTION\n";
    let output = gbvm(&["run", "t.bas", "--trace", "--db", ":memory:"], script, "");
    assert_eq!(text(&output.stdout), "6\n");
    let wanted = "t.bas:1:1: total = 0\n    total = 0\nt.bas:2:1: FOR i = 1 TO 2\n    i = 1\nt.bas:3:5: total = total + twice(i)\n    n = 1\n\
                  t.bas:7:5: RETURN n * 2\n    total = 2\n    i = 2\nt.bas:3:5: total = total + twice(i)\n    n = 2\nt.bas:7:5: RETURN n * 2\n    total = 6\n\
                  t.bas:5:1: PRINT total\n";
    assert_eq!(text(&output.stderr), wanted);
}

#[test]
fn a_trace_tells_what_a_procedure_changed_last() {
    let script = "show 1\nx = two()\nSUB show(n)\n    SHARED seen\n    last = n + 1\n    seen = last\nEND SUB\nFUNCTION two()\n    local = 2\nEND FUNCTION\n";
    let trace = text(&gbvm(&["run", "t.bas", "--trace", "--db", ":memory:"], script, "").stderr);
    let wanted = "t.bas:1:1: show 1\n    n = 1\nt.bas:5:5: last = n + 1\n    last = 2\nt.bas:6:5: seen = last\n    seen = 2\nt.bas:2:1: x = two()\n\
                  t.bas:9:5: local = 2\n    local = 2\n";
    assert_eq!(trace, wanted);
}

#[test]
fn a_trace_shows_no_secret() {
    let script = "k = \"Bearer \" + GET BOT MEMORY \"crm_api_key\"\no = {inner: [k]}\nl = LEN(k)\nm = MID(k, 2)\n";
    let output = gbvm(&["run", "t.bas", "--trace", "--db", ":memory:", "--memory", "crm_api_key=hush-hush"], script, "");
    let trace = text(&output.stderr);
    assert!(trace.contains("    k = \"Bearer ‹crm_api_key›\"\n") && trace.contains("    o = object with "), "{trace}");
    assert!(!trace.contains("hush"), "{trace}");
}

#[test]
fn a_trace_goes_through_failures_and_host_calls() {
    let script = "TRY\n    INSERT \"parts\", {id: \"1\"}\n    INSERT \"parts\", {id: \"1\"}\nCATCH e\n    code = e.code\nEND TRY\nx = 1 / 0\n";
    let output = gbvm(&["run", "t.bas", "--trace", "--db", ":memory:"], script, "");
    let trace = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{trace}");
    assert!(trace.contains("t.bas:5:5: code = e.code\n    code = \"E_UNIQUE\"\nt.bas:7:1: x = 1 / 0\n") && trace.contains("E_DIVIDE_BY_ZERO"), "{trace}");
}

#[test]
fn a_listing_shows_the_source_between_instructions() {
    let listing = text(&gbvm(&["disasm", "t.bas", "--source"], "x = 1\nPRINT x\n", "").stdout);
    let lines: Vec<&str> = listing.lines().collect();
    assert_eq!((lines[1], lines[3]), ("; t.bas:1: x = 1", "; t.bas:2: PRINT x"), "{listing}");
    let specialized = text(&gbvm(&["disasm", "t.bas", "--source", "--specialized"], "x = 1\nPRINT x\n", "").stdout);
    assert!(specialized.contains("; t.bas:2: PRINT x"), "{specialized}");
}

#[test]
fn shells_and_manuals_know_every_verb() {
    let verbs = ["check", "run", "serve", "disasm", "fmt", "explain", "help", "memory"];
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&gbvm(&["completions", shell], "", "").stdout);
        for verb in verbs {
            assert!(script.contains(verb), "{shell} does not know {verb}");
        }
    }
    let page = text(&gbvm(&["man"], "", "").stdout);
    assert!(page.contains(".TH gbvm 1"), "{page}");
    for verb in verbs {
        assert!(page.contains(&format!(".SH \"GBVM {}\"", verb.to_uppercase())), "{verb}");
    }
    assert_eq!(gbvm(&["completions", "cmd"], "", "").status.code(), Some(2));
}

/// What a dialogue prints and says.
fn dialogue(input: &str) -> (String, String) {
    let output = gbvm(&["repl", "--db", ":memory:", "--memory", "crm_api_key=hush"], "", input);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_dialogue_keeps_variables_and_procedures() {
    let input = "x = 1\nx + 2\n\"a\" + x\nFUNCTION twice(n)\n    RETURN n * 2\nEND FUNCTION\ntwice(x + 20)\nit + 1\nx = [1,\n 2]\nx\nFOR i = 1 TO 2\n    PRINT i * UBOUND(x)\nNEXT\no = NEW OBJECT\no.a = 5\no\n\
                 SUB show\n    PRINT o.a\nEND SUB\nshow\nFUNCTION twice(n)\n    RETURN n + n + 1\nEND FUNCTION\ntwice(1)\nabsent\nNULL\n";
    let (said, failed) = dialogue(input);
    assert_eq!(said, "3\na1\n42\n43\n[1,2]\n2\n4\n{\"a\":5}\n5\n3\nMISSING\nNULL\n", "{failed}");
    assert_eq!(failed, "");
}

#[test]
fn a_dialogue_outlives_mistakes_and_failures() {
    let (said, failed) = dialogue("x = 7\nx = 1 / 0\ny = (1\n\nnobody(1)\nTHROW \"no\"\nEXIT\nEND\nSTOP\nIF x THEN\n\nx\n");
    assert_eq!(said, "7\n");
    for code in ["E_DIVIDE_BY_ZERO", "E_SYNTAX", "E_UNANSWERED", "E_THROWN"] {
        assert!(failed.contains(code), "{code}: {failed}");
    }
}

#[test]
fn a_dialogue_shows_its_state_and_no_secret() {
    let (said, failed) = dialogue(
        "INSERT \"parts\", {id: \"1\", name: \"bolt\"}\nrow = FIND \"parts\", \"name=bolt\"\n:tables\nk = GET BOT MEMORY \"crm_api_key\"\nk\n[k]\n:vars\n:disasm x = 3\n:help LEN\n:nope\n:quit\n1 + 1\n",
    );
    assert!(said.contains("{\"id\":\"1\",\"name\":\"bolt\"}\n") && said.contains("parts: id, name\n") && said.contains("k = \"‹crm_api_key›\"\n"), "{said}");
    assert!(said.contains("; input:1: x = 3") && said.contains("How many characters"), "{said}");
    assert!(failed.contains("there is no command :nope") && !said.ends_with("2\n"), "{said}{failed}");
    assert!(!said.contains("hush") && !failed.contains("hush"), "{said}{failed}");
}

#[test]
fn what_stands_beside_a_script_hides_none_of_its_mistakes() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).expect("a file can be written");
    std::fs::create_dir(folder.path().join("lib")).expect("a folder can be made");
    write("asked.bas", b"x = = 1\n");
    write("beside.bas", b"y = = 1\n");
    write("bytes.bas", b"z = \xff\n");
    write("lib/broken.bas", b"SUB a(\nEND SUB\n");
    write("lib/bytes.bas", b"\xff\n");
    let report = text(&piped(&["check", "asked.bas"], folder.path(), "").stdout);
    let of = |file: &str| report.lines().filter(|line| line.starts_with(file)).count();
    assert!(of("asked.bas:1:5: error[E_SYNTAX]") == 1 && of("lib/broken.bas:1:") == 1, "{report}");
    assert!(of("lib/bytes.bas:1:1: error[E_INCLUDE]: This file of the library cannot be read") == 1, "{report}");
    assert_eq!(of("beside.bas") + of("bytes.bas"), 0, "{report}");
}

#[test]
fn a_dialogue_reads_on_and_past_what_is_no_text() {
    let (out, err) = dialogue("x = \"a\nb\"\nPRINT x\nPRINT [1,\n2]\nnew = INSERT \"parts\", {id: \"p\", qty: 3}\nrows = FIND parts _\nWHERE qty > 1\nPRINT rows.id\n");
    assert_eq!((out.as_str(), err.as_str()), ("a\nb\n1, 2\np\n", ""));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut child = std::process::Command::new(gbvm_tests::command::binary())
        .args(["repl", "--db", ":memory:"])
        .current_dir(folder.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the dialogue can be started");
    std::io::Write::write_all(&mut child.stdin.take().expect("its input is a pipe"), b"PRINT 1\nPRINT \"caf\xe9\"\nPRINT 2\n").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("1\n2\n", Some(0)));
    assert!(text(&output.stderr).contains("this line is left out: it is not UTF-8 in line 1, byte 11: 0xE9"), "{}", text(&output.stderr));
}

#[test]
fn a_dialogue_completes_phrases() {
    let engine = gbvm::Engine::builder().database(":memory:").build().expect("an engine can be built");
    let dialogue = gbvm::repl::Dialogue::new(&engine, gbvm::render::Look::Plain);
    assert_eq!(dialogue.complete("x = GET BOT M"), (4, vec!["GET BOT MEMORY".to_owned()]));
    assert_eq!(dialogue.complete("END SUB"), (0, vec!["END SUB".to_owned()]));
    assert_eq!(dialogue.complete("rows = FIND p WHERE a = 1 ORDER B"), (26, vec!["ORDER BY".to_owned()]));
    assert_eq!(dialogue.complete("IF UCAS"), (3, vec!["UCASE".to_owned()]));
    assert_eq!(dialogue.complete(":he"), (0, vec![":help".to_owned()]));
    assert_eq!(dialogue.complete("zzz yyy"), (7, Vec::new()));
    assert_eq!(dialogue.complete("x = "), (4, Vec::new()));
}

#[test]
fn a_long_message_is_shown_in_part() {
    let output = gbvm(&["run", "t.bas", "--db", ":memory:"], "THROW REPEAT(\"é\", 4000000)\n", "");
    let error = text(&output.stderr);
    assert!(error.len() < 6000 && error.contains("… (7995904 bytes more)"), "{}: {}", error.len(), &error[error.len().saturating_sub(300)..]);
    let caught = gbvm(&["run", "t.bas", "--db", ":memory:"], "TRY\n    THROW REPEAT(\"x\", 10000)\nCATCH e\n    PRINT LEN(e.message)\nEND TRY\n", "");
    assert_eq!(text(&caught.stdout), "10000\n", "a script sees the whole of it");
}

#[test]
fn help_knows_statements_and_near_words() {
    for (word, wanted) in [("if", "END IF closes it all"), ("end sub", "A procedure that gives no value"), ("iif", "IIF(<condition>"), ("??", "<value> ?? <value>"), ("set", "SET <place> = <value>")] {
        let output = gbvm(&["help", word], "", "");
        assert!(output.status.success() && text(&output.stdout).contains(wanted), "{word}: {}", text(&output.stdout));
    }
    let output = gbvm(&["help", "fnid"], "", "");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(2), "gbvm: there is no keyword FNID; did you mean FIND?\n"));
}

#[test]
fn a_file_that_is_no_text_says_where() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (bytes, wanted) in [(&b"x = 1\nPRINT \"caf\xe9\"\n"[..], "in line 2, byte 11: 0xE9 (byte 17 of the file)"), (b"\xff\xfeP\0", "it is UTF-16")] {
        std::fs::write(folder.path().join("t.bas"), bytes).expect("a file can be written");
        let output = piped(&["check", "t.bas"], folder.path(), "");
        assert!(text(&output.stderr).contains(wanted), "{}", text(&output.stderr));
    }
}
