//! The reference is what the keywords' records say, and its examples print what they say. `UPDATE=1` rewrites it.

use gbvm_tests::root;
use gbvm_tests::spec::{self, Case, Section};

#[test]
fn the_page_is_up_to_date() {
    let path = root().join("stdlib/REFERENCE.md");
    let made = gbvm_stdlib::reference::markdown();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &made).expect("the reference can be written");
    }
    let text = std::fs::read_to_string(&path).expect("the reference is checked in");
    assert!(text == made, "stdlib/REFERENCE.md is older than the records; UPDATE=1 cargo test -p gbvm-tests --test reference rewrites it");
}

#[test]
fn every_example_prints_what_it_says() {
    let mut wrong = Vec::new();
    for keyword in gbvm_stdlib::keywords() {
        for example in keyword.examples {
            let section = |heading: &str, text: &str| Section { heading: heading.into(), text: if text.is_empty() { String::new() } else { format!("{text}\n") } };
            let wanted = Case { name: keyword.signature.phrase.into(), prose: String::new(), sections: vec![section("Source", example.script), section("Output", example.output)] };
            let mut found = spec::observe(&wanted);
            // What is logged goes to the log: an example shows standard output.
            let printed = &mut found.sections[1].text;
            *printed = printed.lines().filter(|line| !["info: ", "warning: ", "error: "].iter().any(|level| line.starts_with(level))).map(|line| format!("{line}\n")).collect();
            if found != wanted {
                wrong.push(format!("--- wanted\n{}--- found\n{}", spec::print(&[wanted]), spec::print(&[found])));
            }
        }
    }
    assert!(wrong.is_empty(), "{} examples differ\n{}", wrong.len(), wrong.join("\n"));
}
