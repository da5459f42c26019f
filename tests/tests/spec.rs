//! Runs every document below `tests/spec`. `UPDATE=1` rewrites them to what was found.

use gbvm_tests::{root, spec};

#[test]
fn every_document_holds() {
    let update = std::env::var_os("UPDATE").is_some();
    let documents = spec::documents(&root().join("tests/spec"));
    let mut cases = 0;
    let mut differences = Vec::new();
    for path in &documents {
        let text = std::fs::read_to_string(path).expect("a document can be read");
        let wanted = spec::parse(&text);
        let found: Vec<spec::Case> = wanted.iter().map(spec::observe).collect();
        cases += wanted.len();
        if update {
            std::fs::write(path, spec::print(&found)).expect("a document can be written");
            continue;
        }
        for (wanted, found) in wanted.iter().zip(&found).filter(|(wanted, found)| wanted != found) {
            let place = path.strip_prefix(root()).unwrap_or(path).display();
            differences.push(format!("{place}: {}\n--- wanted\n{}\n--- found\n{}", wanted.name, spec::print(std::slice::from_ref(wanted)), spec::print(std::slice::from_ref(found))));
        }
    }
    assert!(cases > 0, "there are no documents");
    assert!(differences.is_empty(), "{} of {cases} cases differ\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn every_case_asserts_something() {
    for path in spec::documents(&root().join("tests/spec")) {
        let text = std::fs::read_to_string(&path).expect("a document can be read");
        for case in spec::parse(&text) {
            assert!(spec::asserts(&case), "{}: {} asserts nothing", path.display(), case.name);
        }
    }
}
