//! The reference is what the records of the language and its keywords say, and its examples print what they say. `UPDATE=1` rewrites it.

use gbvm::manual;
use gbvm_lang::index::STRUCTURE;
use gbvm_tests::root;
use gbvm_tests::spec::{self, Case, Section};

#[test]
fn the_page_is_up_to_date() {
    let path = root().join("stdlib/REFERENCE.md");
    let made = manual::markdown();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &made).expect("the reference can be written");
    }
    let text = std::fs::read_to_string(&path).expect("the reference is checked in");
    assert!(text == made, "stdlib/REFERENCE.md is older than the records; UPDATE=1 cargo test -p gbvm-tests --test reference rewrites it");
}

#[test]
fn every_example_prints_what_it_says() {
    let mut wrong = Vec::new();
    let keywords = gbvm_stdlib::keywords().iter().map(|keyword| (keyword.signature.phrase, keyword.examples));
    for (name, examples) in manual::pages().map(|page| (page.words[0], page.examples)).chain(keywords) {
        for example in examples {
            let section = |heading: &str, text: &str| Section { heading: heading.into(), text: if text.is_empty() { String::new() } else { format!("{text}\n") } };
            let wanted = Case { name: name.into(), prose: String::new(), sections: vec![section("Source", example.script), section("Output", example.output)] };
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

#[test]
fn every_word_of_the_language_has_a_page() {
    for word in STRUCTURE {
        assert!(manual::find(word).is_some(), "say in host/src/manual/ what {word} means");
    }
}

#[test]
fn pages_are_whole() {
    for page in manual::pages() {
        let name = page.words[0];
        assert!(!page.examples.is_empty() && !page.usage.is_empty() && !page.summary.ends_with('.'), "{name}");
        assert!(page.details.is_empty() || page.details.ends_with('.'), "{name}: {}", page.details);
        assert!(page.words.iter().all(|word| manual::find(&word.to_lowercase()).is_some()), "{name}");
    }
}
