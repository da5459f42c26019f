//! Every code has its page, every page its code, and the examples show what they say.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use gbvm::codes::{self, Example};
use gbvm::scripts::{self, LoadError};
use gbvm::{Engine, Event};
use gbvm_lang::declare::Declaration;
use gbvm_lang::source::Source;
use gbvm_tests::root;

/// The codes that the product's sources spell.
fn spelt() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders: Vec<PathBuf> = ["vm", "lang", "stdlib", "host"].iter().map(|name| root().join(name).join("src")).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is part of the checkout") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.extend((!path.ends_with("host/src/codes")).then_some(path));
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source file is text");
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            let lines = product.lines().filter(|line| !line.trim_start().starts_with("//"));
            found.extend(lines.flat_map(|line| line.split('"')).filter(|literal| is_code(literal)).map(str::to_owned));
        }
    }
    found
}

fn is_code(text: &str) -> bool {
    let rest = text.strip_prefix("E_").or_else(|| text.strip_prefix("W_"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'))
}

#[test]
fn codes_and_pages_are_the_same() {
    let pages: Vec<String> = codes::all().map(|code| code.code.to_owned()).collect();
    let unique: BTreeSet<String> = pages.iter().cloned().collect();
    assert_eq!(pages.len(), unique.len(), "a code has two pages");
    let spelt = spelt();
    let without_page: Vec<_> = spelt.difference(&unique).collect();
    let unused: Vec<_> = unique.difference(&spelt).collect();
    assert!(without_page.is_empty(), "say in host/src/codes/ what these mean: {without_page:?}");
    assert!(unused.is_empty(), "nothing gives these codes any more: {unused:?}");
}

#[test]
fn pages_are_whole() {
    for code in codes::all() {
        for text in [code.meaning, code.cure] {
            assert!(text.len() > 15 && text.ends_with('.'), "{}: {text}", code.code);
        }
    }
}

#[test]
fn examples_show_their_codes() {
    let mut wrong = Vec::new();
    for code in codes::all() {
        if let Example::Script(script) = code.example {
            let found = codes_of(script);
            if !found.iter().any(|found| found == code.code) {
                wrong.push(format!("{}: its example gives {found:?}\n{script}", code.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the compiler and a run say of a script.
fn codes_of(script: &str) -> Vec<String> {
    let engine = Engine::builder().build().expect("an engine in memory can be built");
    let script = match scripts::compile(vec![Source::new("example.bas", script)], &[]) {
        Ok(script) => Arc::new(script),
        Err(LoadError::Invalid(error)) => return error.diagnostics.iter().map(|diagnostic| diagnostic.code.to_string()).collect(),
        Err(error @ LoadError::Unreadable(..)) => panic!("{error}"),
    };
    let mut found: Vec<String> = script.warnings.iter().map(|warning| warning.code.to_string()).collect();
    if let Err(fault) = engine.load(vec![script.clone()]) {
        return vec![fault.code.to_string()];
    }
    let webhook = script.declarations.iter().any(|declaration| matches!(declaration, Declaration::Webhook(_)));
    let event = if webhook {
        let body = r#"{"word": "n", "url": "https://x.example.com/", "key": "shop_token", "dots": "..", "filter": "a=1 OR b=2", "name": "bolt", "new column": 1}"#;
        Event::webhook("test").header("content-type", "application/json").body(body)
    } else {
        Event::manual()
    };
    found.extend(engine.fire(&script, &event).fault.map(|fault| fault.code.to_string()));
    found
}
