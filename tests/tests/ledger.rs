//! `gbvm runs|outbox|inbox|schedule`: what a person on call sees and does beside a service, and files of earlier versions.

use std::path::Path;
use std::process::{Command, Output};

use gbvm_tests::command::binary;

fn gbvm(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).current_dir(folder).env_remove("RUST_LOG").output().expect("the command can be started")
}

fn output_of(folder: &Path, arguments: &[&str]) -> String {
    let output = gbvm(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the output is text")
}

fn json_of(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&output_of(folder, &[arguments, &["-o", "json"]].concat())).expect("the output is JSON")
}

/// A folder with a database in which one call with a secret was refused and one mail waits.
fn after_a_day() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let script = "SAVE \"items\", 1, {qty: 1}\nSET HEADER \"Authorization\", \"Bearer \" + GET BOT MEMORY \"crm_api_key\"\nPOST \"http://127.0.0.1:9/x\", {n: 1}\nSEND MAIL \"ann@example.com\", \"Stock\", \"one left\"\n";
    std::fs::write(folder.path().join("push.bas"), script).expect("a file can be written");
    let ran = gbvm(folder.path(), &["run", "push.bas", "--db", "d.db", "--memory", "crm_api_key=t0ps3cret"]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    folder
}

#[test]
fn deliveries_are_listed_shown_replayed_and_dropped() {
    let folder = after_a_day();
    let at = |arguments: &[&str]| [arguments, &["--db", "d.db"]].concat().iter().map(|argument| (*argument).to_owned()).collect::<Vec<String>>();
    let run = |arguments: &[&str]| output_of(folder.path(), &at(arguments).iter().map(String::as_str).collect::<Vec<_>>());
    let json = |arguments: &[&str]| json_of(folder.path(), &at(arguments).iter().map(String::as_str).collect::<Vec<_>>());
    let list = json(&["outbox", "list"]);
    let states: Vec<_> = list.as_array().expect("a list").iter().map(|delivery| (delivery["to"].as_str(), delivery["state"].as_str())).collect();
    assert_eq!(states, [(Some("mail"), Some("queued")), (Some("http://127.0.0.1:9"), Some("dead"))], "a private address is refused for good");
    let id = list[1]["id"].as_str().expect("an id").to_owned();
    let shown = run(&["outbox", "show", &id]);
    assert!(shown.contains("POST http://127.0.0.1:9/x") && shown.contains("‹crm_api_key›") && !shown.contains("t0ps3cret"), "{shown}");
    assert_eq!(json(&["outbox", "list", "--state", "dead", "--to", "http://127.0.0.1:9"]).as_array().map(Vec::len), Some(1));
    run(&["outbox", "replay", &id]);
    let mail = list[0]["id"].as_str().expect("an id").to_owned();
    run(&["outbox", "drop", &mail]);
    let states: Vec<String> = json(&["outbox", "list"]).as_array().expect("a list").iter().map(|delivery| delivery["state"].to_string()).collect();
    assert_eq!(states, ["\"dead\"", "\"queued\""]);
    let runs = json(&["runs", "list", "--state", "done"]);
    let shown = json(&["runs", "show", runs[0]["id"].as_str().expect("an id")]);
    assert_eq!((shown["script"].as_str(), shown["deliveries"].as_array().map(Vec::len)), (Some("push.bas"), Some(2)));
}

#[test]
fn what_is_not_there_is_said() {
    let folder = after_a_day();
    for (arguments, message) in [
        (&["outbox", "show", "99", "--db", "d.db"][..], "there is no delivery 99"),
        (&["outbox", "replay", "2", "--db", "d.db"], "there is no dead delivery 2"),
        (&["runs", "show", "x", "--db", "d.db"], "there is no run x"),
        (&["runs", "cancel", "x", "--db", "d.db"], "there is no queued run x"),
        (&["schedule", "pause", "x", "--db", "d.db"], "there is no schedule x"),
        (&["inbox", "list", "--db", "none.db"], "there is no such database"),
    ] {
        let output = gbvm(folder.path(), arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(message), "{arguments:?}: {said}");
    }
    assert!(!folder.path().join("none.db").exists(), "asking makes no database");
}

/// The engine's tables as version 2 made them, with work in them.
#[test]
fn a_file_of_an_earlier_version_is_taken_over_with_its_work() {
    let folder = after_a_day();
    let database = rusqlite::Connection::open(folder.path().join("d.db")).expect("it can be opened");
    database
        .execute_batch(
            "DROP TABLE gbvm_inbox; DROP TABLE gbvm_schedules; CREATE TABLE gbvm_schedules (name TEXT PRIMARY KEY, last_slot_ms INTEGER) WITHOUT ROWID;
             INSERT INTO gbvm_schedules VALUES ('report.bas:nightly', 1764000000000); PRAGMA user_version = 2;",
        )
        .expect("it can be set back");
    drop(database);
    assert_eq!(output_of(folder.path(), &["schedule", "list", "--db", "d.db"]), "report.bas:nightly  last_slot=2025-11-24T16:00:00.000Z  state=on\n");
    output_of(folder.path(), &["schedule", "pause", "report.bas:nightly", "--db", "d.db"]);
    assert_eq!(json_of(folder.path(), &["schedule", "list", "--db", "d.db"])[0]["state"], "paused");
    output_of(folder.path(), &["schedule", "resume", "report.bas:nightly", "--db", "d.db"]);
    assert_eq!(json_of(folder.path(), &["schedule", "list", "--db", "d.db"])[0]["state"], "on");
    assert_eq!(json_of(folder.path(), &["outbox", "list", "--db", "d.db"]).as_array().map(Vec::len), Some(2));
    assert_eq!(output_of(folder.path(), &["inbox", "list", "--db", "d.db"]), "");
}

#[test]
fn a_backup_is_whole_and_replaces_nothing() {
    let folder = after_a_day();
    output_of(folder.path(), &["db", "backup", "copy.db", "--db", "d.db"]);
    assert_eq!(json_of(folder.path(), &["outbox", "list", "--db", "copy.db"]), json_of(folder.path(), &["outbox", "list", "--db", "d.db"]));
    let again = gbvm(folder.path(), &["db", "backup", "copy.db", "--db", "d.db"]);
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("is there already"));
}

#[test]
fn the_doctor_says_what_is_to_be_done() {
    let folder = after_a_day();
    let look = || {
        let output = gbvm(folder.path(), &["doctor", "--db", "d.db"]);
        (output.status.code(), String::from_utf8(output.stdout).expect("the output is text"))
    };
    let (code, said) = look();
    assert!(code == Some(1) && said.contains("ok     the file is whole") && said.contains("wrong  1 deliveries are dead"), "{said}");
    let database = rusqlite::Connection::open(folder.path().join("d.db")).expect("it can be opened");
    database.execute_batch("UPDATE gbvm_outbox SET state = 'delivered' WHERE state = 'dead'; UPDATE gbvm_outbox SET due_ms = unixepoch() * 1000 WHERE state = 'queued'").expect("it can be changed");
    let (code, said) = look();
    assert!(code == Some(0) && !said.contains("wrong"), "{said}");
    database.execute_batch("UPDATE gbvm_outbox SET due_ms = 1 WHERE state = 'queued'").expect("it can be changed");
    let (code, said) = look();
    assert!(code == Some(1) && said.contains("is `gbvm serve` running?"), "{said}");
}
