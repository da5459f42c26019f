//! The command as its users meet it: exit codes, messages, files.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use gbvm_tests::command::{binary, piped};
use gbvm_tests::root;

fn gbvm(arguments: &[&str], folder: &Path) -> Output {
    Command::new(binary()).args(arguments).current_dir(folder).env_remove("RUST_LOG").output().expect("the command can be started")
}

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file can be written");
    }
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_script_without_events_runs_once() {
    let folder = folder_with(&[("hello.bas", "PRINT \"hello \" + name\n")]);
    let output = gbvm(&["run", "hello.bas", "--param", "name=Ann"], folder.path());
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "hello Ann\n"), "{}", text(&output.stderr));
}

#[test]
fn what_a_script_logs_stands_in_standard_output() {
    let folder = folder_with(&[("log.bas", "PRINT 1\nLOG_INFO \"two\", 2\nLOG_WARN \"three\"\nLOG_ERROR \"four\"\n")]);
    let output = gbvm(&["run", "log.bas"], folder.path());
    assert_eq!(text(&output.stdout), "1\ntwo 2\nthree\nfour\n", "{}", text(&output.stderr));
}

#[test]
fn an_input_that_a_script_does_not_know_is_told() {
    let folder = folder_with(&[("hello.bas", "PRINT \"hello \" + name\n")]);
    let output = gbvm(&["run", "hello.bas", "--param", "name=Ann", "--param", "nmae=Bob"], folder.path());
    let message = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "hello Ann\n"), "{message}");
    assert!(message.contains("no input nmae") && !message.contains("no input name"), "{message}");
}

#[test]
fn a_failing_script_says_where_and_exits_with_1() {
    let folder = folder_with(&[("bad.bas", "x = 1\nSUB half(n)\n    y = n / 0\nEND SUB\nCALL half(x)\n")]);
    // Main ends where the first procedure begins, so the call stands before it.
    std::fs::write(folder.path().join("bad.bas"), "x = 1\nCALL half(x)\nSUB half(n)\n    y = n / 0\nEND SUB\n").expect("a file can be written");
    let output = gbvm(&["run", "bad.bas"], folder.path());
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("bad.bas:4:") && message.contains("error[E_DIVIDE_BY_ZERO]") && message.contains("in half, called at bad.bas:2:"), "{message}");
}

#[test]
fn five_mistakes_are_five_placed_errors() {
    let folder = folder_with(&[("five.bas", "x = = 1\nIF x THEN\n  y = (2\nEND IF\nFOR EACH a IN\nNEXT a\nz = \"open\nEND WHILE\n")]);
    let output = gbvm(&["check", "five.bas"], folder.path());
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{report}");
    assert!(report.lines().count() >= 5, "{report}");
    for line in report.lines() {
        let mut parts = line.split(':');
        assert_eq!(parts.next(), Some("five.bas"), "{report}");
        assert!(parts.next().is_some_and(|line| line.parse::<u32>().is_ok()) && parts.next().is_some_and(|column| column.parse::<u32>().is_ok()), "{report}");
        assert_eq!(parts.next().map(|kind| kind.trim().split('[').next().unwrap_or_default()), Some("error"), "{report}");
    }
    let json = gbvm(&["check", "five.bas", "-o", "json"], folder.path());
    let parsed: serde_json::Value = serde_json::from_slice(&json.stdout).expect("the report is JSON");
    assert_eq!(parsed.as_array().map(Vec::len), Some(report.lines().count()));
    assert!(parsed[0]["line"].is_u64() && parsed[0]["message"].is_string(), "{parsed}");
}

#[test]
fn warnings_fail_only_on_request() {
    let folder = folder_with(&[("warn.bas", "CALL somebody_else(1)\n")]);
    assert_eq!(gbvm(&["check", "warn.bas"], folder.path()).status.code(), Some(0));
    let strict = gbvm(&["check", "--deny-warnings", "warn.bas"], folder.path());
    assert_eq!(strict.status.code(), Some(3));
    assert!(text(&strict.stdout).contains("somebody_else"), "{}", text(&strict.stdout));
}

#[test]
fn a_missing_file_is_a_usage_error() {
    let folder = folder_with(&[]);
    let output = gbvm(&["run", "nothing.bas"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("nothing.bas"), "{}", text(&output.stderr));
}

#[test]
fn a_broken_database_file_is_left_alone() {
    let folder = folder_with(&[("hello.bas", "SET BOT MEMORY \"a\", 1\n"), ("data.db", "this is no database, it is a letter to my aunt, and it is longer than a page header of one hundred bytes")]);
    let before = std::fs::read(folder.path().join("data.db")).expect("the file can be read");
    let output = gbvm(&["run", "hello.bas", "--db", "data.db"], folder.path());
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("data.db"), "{}", text(&output.stderr));
    assert_eq!(std::fs::read(folder.path().join("data.db")).expect("the file can be read"), before);
}

#[test]
fn a_webhook_fired_by_hand_answers_and_stores() {
    let folder = folder_with(&[("event.json", r#"{"event":"created","type":"contact","id":"c-1","timestamp":"2026-01-31T08:59:00Z","data":{"firstName":"Ann"}}"#)]);
    let script = root().join("bas/crm-sync.bas");
    let arguments = ["run", script.to_str().expect("the path is text"), "--db", "data.db", "--memory", "crm_webhook_secret=s3cret", "--body", "event.json", "--sign", "crm_webhook_secret"];
    let output = gbvm(&arguments, folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "{\"status\":\"synced\",\"record_id\":\"c-1\",\"direction\":\"inbound\"}\n");
    assert!(text(&output.stderr).contains("status: 200"), "{}", text(&output.stderr));
    let database = rusqlite::Connection::open(folder.path().join("data.db")).expect("the database can be opened");
    let name: String = database.query_row("SELECT first_name FROM contacts", [], |row| row.get(0)).expect("the contact is there");
    assert_eq!(name, "Ann");
    drop(database);
    let unsigned = gbvm(&arguments[..8], folder.path());
    assert!(text(&unsigned.stderr).contains("status: 401"), "{}", text(&unsigned.stderr));
}

#[test]
fn a_body_that_is_no_json_says_where() {
    let folder = folder_with(&[("w.bas", "WEBHOOK \"w\", OPEN\nresult = body\n"), ("event.json", "{\"a\": 1,\n  oops}")]);
    let output = gbvm(&["run", "w.bas", "--db", ":memory:", "--body", "event.json"], folder.path());
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("event.json") && text(&output.stderr).contains("line 2"), "{}", text(&output.stderr));
}

#[test]
fn a_body_from_standard_input_is_read() {
    let folder = folder_with(&[("w.bas", "WEBHOOK \"w\", OPEN\nresult = body.a + 1\n")]);
    let mut child = Command::new(binary())
        .args(["run", "w.bas", "--db", ":memory:", "--body", "-"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command can be started");
    child.stdin.take().expect("the input is piped").write_all(b"{\"a\":41}").expect("the input can be written");
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "42\n"));
}

#[test]
fn memory_is_set_listed_and_masked() {
    let folder = folder_with(&[]);
    let run = |arguments: &[&str]| gbvm(&[&["memory", "--db", "data.db"], arguments].concat(), folder.path());
    assert_eq!(run(&["set", "crm_api_key", "k-12345"]).status.code(), Some(0));
    assert_eq!(run(&["set", "region", "north"]).status.code(), Some(0));
    let list = text(&run(&["list"]).stdout);
    assert_eq!(list, "crm_api_key = ‹crm_api_key›\nregion = north\n");
    assert_eq!(text(&run(&["get", "region"]).stdout), "north\n");
    assert_eq!(text(&run(&["get", "crm_api_key"]).stdout), "‹crm_api_key›\n");
    assert_eq!(text(&run(&["get", "crm_api_key", "--reveal"]).stdout), "k-12345\n");
    assert_eq!(run(&["unset", "region"]).status.code(), Some(0));
    assert_eq!(run(&["get", "region"]).status.code(), Some(1));
}

#[test]
fn help_explains_a_keyword() {
    let folder = folder_with(&[]);
    let one = gbvm(&["help", "get", "bot", "memory"], folder.path());
    assert!(one.status.success() && text(&one.stdout).contains("GET BOT MEMORY"), "{}", text(&one.stdout));
    assert_eq!(gbvm(&["help", "teleport"], folder.path()).status.code(), Some(2));
}

/// What `check` says of a script, and its exit code.
fn checked(script: &str) -> (Option<i32>, String) {
    let folder = folder_with(&[("a.bas", script)]);
    let output = gbvm(&["check", "a.bas"], folder.path());
    (output.status.code(), text(&output.stdout))
}

#[test]
fn a_name_that_no_table_or_column_may_have_is_a_placed_error() {
    let cases = [
        ("x = 1\nINSERT \"sqlite_master\", {a: 1}\n", "a.bas:2:8: error[E_TABLE_NAME]"),
        ("rows = FIND \"gbvm_runs\"\n", "a.bas:1:13: error[E_TABLE_NAME]"),
        ("t = \"no table\"\nINSERT t, {a: 1}\n", "a.bas:1:5: error[E_TABLE_NAME]"),
        ("DELETE \"no-table\", \"a=1\"\n", "a.bas:1:8: error[E_TABLE_NAME]"),
        ("ON \"PG_x\", \"INSERT\"\n", "a.bas:1:4: error[E_TABLE_NAME]"),
        ("INSERT \"t\", {\"bad col\": 1}\n", "a.bas:1:25: error[E_COLUMN_NAME]"),
        ("row = {a: 1, \"9\": 2}\nSAVE \"t\", \"1\", row\n", "a.bas:1:19: error[E_COLUMN_NAME]"),
    ];
    for (script, expected) in cases {
        let (code, report) = checked(script);
        assert!(code == Some(3) && report.starts_with(expected), "{script}{report}");
    }
    for script in ["t = \"\"\nIF a THEN\n t = \"x\"\nEND IF\nINSERT t, {a: 1}\n", "DELETE \"https://api.x.co/1\"\n", "POST \"https://api.x.co/1\", {\"@type\": 1}\n"] {
        let (code, report) = checked(script);
        assert_eq!(code, Some(0), "{script}{report}");
    }
    let folder = folder_with(&[("a.bas", "WEBHOOK \"a\", OPEN\nINSERT \"gbvm_x\", {a: 1}\n")]);
    let served = gbvm(&["serve", ".", "--db", ":memory:"], folder.path());
    assert!(served.status.code() == Some(3) && text(&served.stderr).contains("a.bas:2:8: error[E_TABLE_NAME]"), "{}", text(&served.stderr));
}

#[test]
fn a_time_that_cannot_be_read_is_a_placed_error() {
    for when in ["nonsense", "99 * * * *"] {
        let (code, report) = checked(&format!("x = 1\nSET SCHEDULE \"{when}\"\n"));
        assert!(code == Some(3) && report.starts_with("a.bas:2:1: error[E_SCHEDULE]") && report.contains(when), "{report}");
    }
    let (_, both) = checked("x = = 1\nSET SCHEDULE \"nonsense\"\ny = = 1\n");
    assert_eq!(both.lines().map(|line| line.split(' ').nth(1).unwrap_or_default()).collect::<Vec<_>>(), ["error[E_SYNTAX]:", "error[E_SCHEDULE]:", "error[E_SYNTAX]:"], "{both}");
    let folder = folder_with(&[("a.bas", "SET SCHEDULE \"nonsense\"\n")]);
    for arguments in [&["run", "a.bas", "--once"][..], &["run", "a.bas"], &["serve", "."]] {
        let output = gbvm(arguments, folder.path());
        assert!(output.status.code() == Some(3) && text(&output.stderr).contains("a.bas:1:1: error[E_SCHEDULE]"), "{arguments:?} {}", text(&output.stderr));
    }
}

#[test]
fn a_webhook_that_is_declared_twice_is_an_error() {
    let (code, report) = checked("WEBHOOK \"a\", OPEN\nWEBHOOK \"a\", OPEN\n");
    assert!(code == Some(3) && report.starts_with("a.bas:2:1: error[E_ENDPOINT_TWICE]"), "{report}");
    let folder = folder_with(&[("a.bas", "WEBHOOK \"w\", OPEN\n"), ("b.bas", "WEBHOOK \"w\", OPEN\n")]);
    let output = gbvm(&["serve", ".", "--db", ":memory:"], folder.path());
    let message = text(&output.stderr);
    assert!(output.status.code() == Some(3) && message.contains("a.bas") && message.contains("b.bas"), "{message}");
}

#[test]
fn a_webhook_has_the_name_of_one_part_of_a_path() {
    for name in ["a/b", "a b", "a?b", "a#b", "a%b", "..", "größe"] {
        let (code, report) = checked(&format!("WEBHOOK \"{name}\", OPEN\n"));
        assert!(code == Some(3) && report.starts_with("a.bas:1:9: error[E_DECLARE]") && report.contains("letters, digits, - _ . and ~"), "{name}: {report}");
    }
    assert_eq!(checked("WEBHOOK \"a-B_9.x~\", OPEN\n").0, Some(0));
}

#[test]
fn an_empty_declaration_says_what_is_empty() {
    assert!(checked("ON \"\", \"INSERT\"\n").1.contains("The table's name is empty"));
    assert!(checked("ON \"t\", \"\"\n").1.contains("The list of events, such as \"INSERT,UPDATE\", is empty"));
}

#[test]
fn what_a_script_without_events_queues_is_delivered() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let route = format!("https://api.x.co=http://{}", listener.local_addr().expect("the listener has an address"));
    let peer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the peer is called");
        let mut head = [0; 4096];
        let length = std::io::Read::read(&mut stream, &mut head).expect("the request can be read");
        stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").expect("the answer can be sent");
        text(&head[..length])
    });
    let folder = folder_with(&[("say.bas", "POST \"https://api.x.co/1\", {a: 1}\n"), ("mail.bas", "SEND MAIL \"ann@x.co\", \"s\", \"b\"\n")]);
    let output = gbvm(&["run", "say.bas", "--db", "data.db", "--route", &route], folder.path());
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    assert!(peer.join().expect("the peer ends").starts_with("POST /1 "));

    let kept = text(&gbvm(&["run", "mail.bas", "--db", "data.db"], folder.path()).stderr);
    assert!(kept.contains("1 queued deliveries could not be made yet"), "{kept}");
    let lost = text(&gbvm(&["run", "mail.bas", "--db", ":memory:"], folder.path()).stderr);
    assert!(lost.contains("are lost") && !lost.contains("gbvm serve"), "{lost}");
}

#[test]
fn a_wrong_option_is_a_usage_error_that_says_what_is_wanted() {
    let folder = folder_with(&[("w.bas", "WEBHOOK \"w\", OPEN\nSET SCHEDULE \"hourly\"\nON \"t\", \"INSERT\"\n"), ("b.json", "{}")]);
    let cases: [(&[&str], &str); 14] = [
        (&["--new", "b.json"], "--trigger"),
        (&["--old", "b.json"], "--trigger"),
        (&["--body", "b.json", "--once"], "--once"),
        (&["--body", "b.json", "--trigger", "insert", "--new", "b.json"], "--trigger"),
        (&["--once", "--trigger", "insert"], "--trigger"),
        (&["--method", "PO ST"], "--method wants a method"),
        (&["--method", ""], "--method wants a method"),
        (&["--header", "X-A: 1\r\nX-B: 2"], "line break"),
        (&["--header", "X A: 1"], "no name of a header"),
        (&["--once", "--route", "https://api.x.co/v1=http://127.0.0.1:1"], "without a path"),
        (&["--once", "--route", "nothing"], "--route wants ORIGIN=URL"),
        (&["--once", "--memory", "nothing"], "--memory wants KEY=VALUE"),
        (&["--once", "--now", "9999-12-31T23:59:59Z"], "to 9999-12-29"),
        (&["--once", "--now", "tomorrow"], "--now wants an instant"),
    ];
    for (options, expected) in cases {
        let output = gbvm(&[&["run", "w.bas", "--db", ":memory:"], options].concat(), folder.path());
        let message = text(&output.stderr);
        assert!(output.status.code() == Some(2) && message.contains(expected), "{options:?}: {:?} {message}", output.status);
    }
}

#[test]
fn asking_for_memory_makes_no_database_and_steers_no_terminal() {
    let folder = folder_with(&[]);
    let run = |arguments: &[&str]| gbvm(&[&["memory", "--db", "sub/data.db"], arguments].concat(), folder.path());
    for asked in [&["list"][..], &["get", "a"], &["unset", "a"]] {
        let output = run(asked);
        assert!(output.status.code() == Some(4) && text(&output.stderr).contains("no such database"), "{asked:?} {}", text(&output.stderr));
    }
    assert_eq!(run(&["set", "", "1"]).status.code(), Some(2));
    assert!(!folder.path().join("sub").exists());
    assert_eq!(run(&["set", "a", "x\u{1b}[2Jy\nz é"]).status.code(), Some(0));
    assert_eq!(text(&run(&["list"]).stdout), "a = x\\u{1b}[2Jy\\nz é\n");
    assert_eq!(text(&run(&["get", "a"]).stdout), "x\\u{1b}[2Jy\\nz é\n");
}

#[test]
fn a_missing_file_does_not_hide_the_others() {
    let folder = folder_with(&[("bad.bas", "x = = 1\n")]);
    let output = gbvm(&["check", "none.bas", "bad.bas", "-o", "json"], folder.path());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!((&report[0]["file"], &report[0]["code"], &report[1]["code"]), (&"none.bas".into(), &"E_FILE".into(), &"E_SYNTAX".into()), "{report}");
    let output = gbvm(&["check", "none.bas", "bad.bas"], folder.path());
    assert!(text(&output.stderr).contains("none.bas") && text(&output.stdout).contains("bad.bas:1:"), "{}", text(&output.stderr));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_a_run_quietly_and_a_full_disk_does_not() {
    let folder = folder_with(&[("loop.bas", "WHILE TRUE\n  PRINT \"y\"\nWEND\n"), ("one.bas", "PRINT \"y\"\n")]);
    let mut child = Command::new(binary()).args(["run", "loop.bas", "--db", ":memory:"]).current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command can be started");
    let mut first = [0; 2];
    std::io::Read::read_exact(&mut child.stdout.take().expect("the output is piped"), &mut first).expect("a line comes");
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    if let Ok(full) = std::fs::File::options().write(true).open("/dev/full") {
        let output = Command::new(binary()).args(["run", "one.bas", "--db", ":memory:"]).current_dir(folder.path()).stdout(full).stderr(Stdio::piped()).output().expect("the command can be started");
        assert!(output.status.code() == Some(1) && text(&output.stderr).contains("standard output cannot be written"), "{}", text(&output.stderr));
    }
}

#[test]
fn a_filter_has_a_bounded_size() {
    let chain = |joint: &str, count: usize| vec!["a=1"; count].join(joint);
    let runs = |filter: &str| {
        let folder = folder_with(&[("a.bas", &format!("INSERT \"t\", {{a: 1}}\nf = \"{filter}\"\nrows = FIND \"t\", f\nPRINT UBOUND(rows)\n"))]);
        let output = gbvm(&["run", "a.bas", "--db", ":memory:"], folder.path());
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    for joint in [" AND ", " OR "] {
        assert_eq!(runs(&chain(joint, 500)), (Some(0), "1\n".to_owned(), String::new()));
        let (code, _, message) = runs(&chain(joint, 501));
        assert!(code == Some(1) && message.contains("E_FILTER_TOO_LARGE"), "{message}");
        let (code, report) = checked(&format!("x = FIND \"t\", \"{}\"\nPRINT x.a\n", chain(joint, 5000)));
        assert!(code == Some(3) && report.contains("E_FILTER_TOO_LARGE"), "{report}");
    }
    let nested = format!("{}a=1{}", "(".repeat(32), ")".repeat(32));
    assert_eq!(runs(&vec![nested.as_str(); 500].join(" AND ")).0, Some(0));
    for filter in ["* ORDER BY age DESC", "* LIMIT 1", "* a=1", "* *"] {
        let (code, report) = checked(&format!("x = FIND \"p\", \"{filter}\"\nPRINT x.a\n"));
        assert!(code == Some(3) && report.contains("E_FILTER_SYNTAX") && report.contains("leave the * out"), "{filter} {report}");
    }
}

#[test]
fn a_procedure_that_is_there_twice_says_where_the_first_is() {
    let (_, report) = checked("SUB f()\nEND SUB\nSUB F()\nEND SUB\n");
    assert!(report.starts_with("a.bas:3:5: error[E_DUPLICATE]") && report.contains("a.bas:1:5"), "{report}");
}

#[test]
fn dead_mail_is_logged_as_an_error() {
    let folder = folder_with(&[("mail.bas", "SEND MAIL \"ann@x.co\", \"a\" + CHR(10) + \"b\", \"text\"\n")]);
    let message = text(&gbvm(&["run", "mail.bas", "--db", ":memory:"], folder.path()).stderr);
    assert!(message.contains("ERROR") && message.contains("E_MAIL_HEADER"), "{message}");
}

#[test]
fn a_failure_is_said_once_and_a_recursion_briefly() {
    let folder = folder_with(&[("deep.bas", "CALL f(1)\nSUB f(n)\n    CALL f(n + 1)\nEND SUB\n")]);
    let message = text(&gbvm(&["run", "deep.bas", "--db", ":memory:"], folder.path()).stderr);
    assert_eq!(message.matches("error[").count(), 1, "{message}");
    assert!(message.lines().count() < 10 && message.contains("more calls of f …"), "{message}");
}

#[test]
fn fmt_writes_checks_shows_and_refuses() {
    let untidy = "if a then\nprint 1\nend if\n";
    let tidy = "IF a THEN\n    PRINT 1\nEND IF\n";
    let folder = folder_with(&[("a.bas", untidy), ("b.bas", tidy), ("broken.bas", "x = (1\n")]);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("the file is there");

    let output = gbvm(&["fmt", "--check", "a.bas", "b.bas"], folder.path());
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), "a.bas\n"));
    let output = gbvm(&["fmt", "--diff", "a.bas", "b.bas"], folder.path());
    let diff = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{diff}");
    assert!(diff.starts_with("--- a.bas\n+++ a.bas (formatted)\n@@ ") && diff.contains("\n-print 1\n") && diff.contains("\n+    PRINT 1\n"), "{diff}");
    assert_eq!(read("a.bas"), untidy, "neither writes");

    let output = gbvm(&["fmt"], folder.path());
    assert_eq!(output.status.code(), Some(3), "one of the folder's scripts cannot be read");
    assert_eq!(text(&output.stderr), "broken.bas:1:5: error[E_SYNTAX]: this ( has no )\n");
    assert_eq!((read("a.bas").as_str(), read("b.bas").as_str(), read("broken.bas").as_str()), (tidy, tidy, "x = (1\n"), "the others are written");
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder is there").count(), 3, "nothing is left over");

    let output = piped(&["fmt", "-"], folder.path(), untidy);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), tidy));
    let output = gbvm(&["fmt", "absent.bas"], folder.path());
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

#[test]
fn messages_are_drawn_and_coloured_when_asked() {
    let folder = folder_with(&[("a.bas", "PRINT 1\nx = (1\n")]);
    let plain = gbvm(&["check", "a.bas"], folder.path());
    assert_eq!(text(&plain.stdout), "a.bas:2:5: error[E_SYNTAX]: this ( has no )\n");
    let coloured = text(&gbvm(&["--color", "always", "check", "a.bas"], folder.path()).stdout);
    assert!(coloured.contains("\u{1b}[") && coloured.contains("x = (1") && coloured.contains('^'), "{coloured}");
    let never = gbvm(&["check", "--color", "never", "a.bas"], folder.path());
    assert_eq!(never.stdout, plain.stdout);
    let json = text(&gbvm(&["check", "-o", "json", "a.bas"], folder.path()).stdout);
    let reports: serde_json::Value = serde_json::from_str(&json).expect("JSON is printed");
    assert_eq!((&reports[0]["line"], &reports[0]["column"], &reports[0]["code"]), (&2.into(), &5.into(), &"E_SYNTAX".into()));
}

#[test]
fn explain_tells_of_every_code_and_offers_the_near_one() {
    let folder = folder_with(&[]);
    let page = text(&gbvm(&["explain", "e_divide_by_zero"], folder.path()).stdout);
    assert!(page.starts_with("E_DIVIDE_BY_ZERO\n") && page.contains("\nExample:\n") && page.contains("\nCure:\n"), "{page}");
    let list = text(&gbvm(&["explain"], folder.path()).stdout);
    assert_eq!(list.lines().count(), gbvm::codes::all().count());
    let output = gbvm(&["explain", "E_SYNTX"], folder.path());
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(2), "gbvm: there is no code E_SYNTX; did you mean E_SYNTAX?\n"));
}

#[test]
fn check_knows_the_tables_of_the_folder_and_the_database() {
    let reads = "a = FIND \"contcts\", \"id=1\"\nb = FIND \"contacts\", \"id=1\"\nPRINT a.n, b.frist_name, b.first_name, b.anything\nc = FIND \"parts\", \"id=1\"\nPRINT c.nmae\n";
    let folder = folder_with(&[("reads.bas", reads), ("writes.bas", "INSERT \"contacts\", {first_name: \"Ann\"}\n")]);
    let report = |arguments: &[&str]| text(&gbvm(arguments, folder.path()).stdout);
    let found = report(&["check", "reads.bas"]);
    assert_eq!(
        found,
        "reads.bas:1:10: warning[W_TABLE_UNWRITTEN]: No script here writes the table contcts, and the database does not have it: nothing is found in it. Did you mean contacts?\n\
         reads.bas:3:14: warning[W_FIELD_UNKNOWN]: contacts has no column frist_name. Did you mean first_name?\n\
         reads.bas:4:10: warning[W_TABLE_UNWRITTEN]: No script here writes the table parts, and the database does not have it: nothing is found in it.\n"
    );
    let database = rusqlite::Connection::open(folder.path().join("shop.db")).expect("a database can be made");
    database.execute_batch("CREATE TABLE parts (id TEXT PRIMARY KEY, name TEXT)").expect("a table can be made");
    let found = report(&["check", "--db", "shop.db", "reads.bas"]);
    assert!(found.contains("parts has no column nmae. Did you mean name?") && !found.contains("the table parts"), "{found}");
    assert!(!folder.path().join(".gbvm").exists(), "checking makes nothing");
}

#[test]
fn check_takes_a_folder() {
    let folder = folder_with(&[("b.bas", "PRINT totl\n"), ("a.bas", "IF\n"), ("notes.txt", "IF\n")]);
    std::fs::create_dir(folder.path().join("empty")).expect("a folder can be made");
    let output = gbvm(&["check", "."], folder.path());
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{report}");
    let lines: Vec<&str> = report.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("a.bas:1:") && lines[1].contains("b.bas:1:7: warning[W_UNASSIGNED]"), "{report}");
    let output = gbvm(&["check", "empty"], folder.path());
    assert_eq!((output.status.code(), text(&output.stderr).contains("there is no script in this folder")), (Some(2), true));
}

#[test]
fn a_script_says_what_it_wants() {
    let source = "DESCRIPTION \"Counts parts\"\nPARAM quantity AS INTEGER LIKE 5 DESCRIPTION \"How many\"\nWEBHOOK \"count\", OPEN\nPRINT quantity\n";
    let folder = folder_with(&[("count.bas", source), ("plain.bas", "PRINT 1\n")]);
    let help = gbvm(&["help", "count.bas"], folder.path());
    let shown = text(&help.stdout);
    assert_eq!(help.status.code(), Some(0), "{}", text(&help.stderr));
    for part in ["Counts parts", "answers /webhook/count", "quantity", "INTEGER", "such as 5: How many"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let report = gbvm(&["check", "-o", "json", "count.bas", "plain.bas"], folder.path());
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).expect("the report is JSON");
    assert_eq!(report.as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!(report[0]["message"], "Counts parts");
    assert_eq!(report[0]["inputs"][0], serde_json::json!({ "name": "quantity", "type": "INTEGER", "example": "5", "description": "How many" }));
    assert_eq!(gbvm(&["help", "nowhere.bas"], folder.path()).status.code(), Some(2));
}

#[test]
fn included_files_are_read_from_their_folders() {
    let folder = folder_with(&[("main.bas", "INCLUDE \"parts/a.bas\"\nPRINT twice(4), thrice(4)\n")]);
    std::fs::create_dir(folder.path().join("parts")).expect("a folder can be made");
    std::fs::create_dir(folder.path().join("lib")).expect("a folder can be made");
    std::fs::write(folder.path().join("parts/a.bas"), "INCLUDE \"../lib/b.bas\"\nFUNCTION twice(n)\nRETURN n * 2\nEND FUNCTION\n").expect("a file can be written");
    std::fs::write(folder.path().join("lib/b.bas"), "FUNCTION thrice(n)\nRETURN n * 3\nEND FUNCTION\n").expect("a file can be written");
    let output = gbvm(&["run", "main.bas"], folder.path());
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "8 12\n"), "{}", text(&output.stderr));
    std::fs::remove_file(folder.path().join("lib/b.bas")).expect("a file can be removed");
    let output = gbvm(&["check", "main.bas"], folder.path());
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{report}");
    assert!(report.contains("parts/a.bas:1:1: error[E_INCLUDE]: There is no file lib/b.bas"), "{report}");
}

#[test]
fn the_environment_is_read_where_the_project_allows_it() {
    let folder = folder_with(&[("env.bas", "PRINT ENV(\"PATH\") <> \"\", ENV(\"GBVM_UNSET\") IS NULL\n"), ("gbvm.toml", "allow_env = [\"PATH\", \"GBVM_UNSET\"]\n")]);
    let output = gbvm(&["run", "env.bas"], folder.path());
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "true true\n"), "{}", text(&output.stderr));
}

#[test]
fn check_prints_the_schema_that_scripts_need() {
    let folder = folder_with(&[
        ("a.bas", "TABLE stock\n  sku text(20) key\n  seen date\nEND TABLE\nrow = FIND \"contacts\", \"email=\" + body.email + \" AND age > 3\"\nUPDATE \"contacts\", \"id=\" + row.id, {phone: \"1\"}\nx = FIND \"stock\", \"seen=\" + body.seen"),
        ("b.bas", "INSERT \"contacts\", {name: \"Ann\"}"),
        ("bad.bas", "IF"),
    ]);
    let output = gbvm(&["check", "--schema", "a.bas", "b.bas"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    let statements: Vec<&str> = printed.lines().filter(|line| line.starts_with("CREATE")).collect();
    let contacts = ["CREATE TABLE \"contacts\" (\"id\" TEXT PRIMARY KEY, \"age\", \"email\", \"phone\", \"name\");", "CREATE INDEX \"gbvm:contacts:email\" ON \"contacts\" (\"email\");"];
    assert_eq!(statements[..2], contacts, "{printed}");
    let stock = ["CREATE TABLE \"stock\" (", "CREATE INDEX \"gbvm:stock:seen\" ON", "CREATE INDEX \"gbvm:stock:seen:unusual\" ON", "CREATE UNIQUE INDEX \"gbvm_unique:stock:sku\" ON \"stock\" (\"sku\");"];
    assert!(statements.len() == 6 && statements[2..].iter().zip(stock).all(|(statement, begins)| statement.starts_with(begins)), "{printed}");
    // The statements are SQL that makes a database which the scripts then find complete.
    let json = gbvm(&["check", "--schema", "-o", "json", "a.bas"], folder.path());
    let reports: serde_json::Value = serde_json::from_slice(&json.stdout).expect("the report is JSON");
    let schema = reports.as_array().and_then(|reports| reports.iter().find(|report| report["code"] == "I_SCHEMA")).expect("the schema is reported");
    let database = rusqlite::Connection::open_in_memory().expect("a database in memory");
    for statement in schema["statements"].as_array().expect("a list of statements") {
        database.execute_batch(statement.as_str().expect("a statement is text")).expect("the statement is SQL");
    }
    let bad = gbvm(&["check", "--schema", "a.bas", "bad.bas"], folder.path());
    assert_eq!(bad.status.code(), Some(3));
    assert!(!text(&bad.stdout).contains("CREATE"), "what a broken script needs is not known");
    assert!(!folder.path().join(".gbvm").exists(), "nothing is made");
}

#[test]
fn what_writes_for_anybody_is_not_offered_to_strangers() {
    let folder = folder_with(&[("x.bas", "WEBHOOK \"x\"\nINSERT \"t\", {a: 1}\n")]);
    let serve = || {
        // An address that nobody has: where the scripts are fine, listening fails, and nothing is left running.
        let output = gbvm(&["serve", ".", "--listen", "192.0.2.1:9", "--db", ":memory:"], folder.path());
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = serve();
    assert!(code == Some(2) && said.contains("the webhook \"x\" checks no signature and no key, and writes") && said.contains("OPEN"), "{said}");
    std::fs::write(folder.path().join("gbvm.toml"), "open_webhooks = [\"x\"]\n").expect("a file can be written");
    assert!(serve().1.contains("cannot listen at 192.0.2.1:9"), "{}", serve().1);
    std::fs::remove_file(folder.path().join("gbvm.toml")).expect("it is there");
    for script in ["WEBHOOK \"x\", OPEN\nINSERT \"t\", {a: 1}\n", "WEBHOOK \"x\", SCHEME \"github\" KEY \"hook_secret\"\nINSERT \"t\", {a: 1}\n", "WEBHOOK \"x\"\nresult = {a: 1}\n"] {
        std::fs::write(folder.path().join("x.bas"), script).expect("a file can be written");
        assert!(serve().1.contains("cannot listen at 192.0.2.1:9"), "{script}: {}", serve().1);
    }
}
