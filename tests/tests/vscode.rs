//! The extension for VS Code: its files are JSON and name what is there, and its words are those of the language.
//!
//! `UPDATE=1` writes the grammar.

use std::path::PathBuf;

use gbvm_lang::index::STRUCTURE;
use gbvm_tests::root;
use gbvm_vm::signature::Form;
use serde_json::{Value, json};

fn folder() -> PathBuf {
    root().join("host/editor/vscode")
}

fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A pattern for any of these words, the longest first.
fn any_of<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let mut words: Vec<&str> = words.collect();
    words.sort_unstable_by_key(|word| (std::cmp::Reverse(word.len()), *word));
    words.dedup();
    let words: Vec<String> = words.into_iter().map(|word| word.replace(' ', "\\s+")).collect();
    format!("(?i)(?<![.\\w])(?:{})(?![\\w$])", words.join("|"))
}

/// The grammar as the tables make it.
fn grammar() -> Value {
    let signatures = gbvm_stdlib::signatures();
    let phrases = |is_function: bool| {
        let of_form = signatures.iter().filter(move |signature| (signature.form == Form::Function) == is_function);
        any_of(of_form.flat_map(|signature| signature.aliases.iter().copied().chain([signature.phrase])))
    };
    let hole = json!({ "name": "meta.interpolation.gbvm", "begin": "\\$\\{", "end": "\\}", "patterns": [{ "include": "$self" }] });
    json!({
        "name": "General Bots BASIC",
        "scopeName": "source.gbvm",
        "patterns": [
            { "name": "comment.line.apostrophe.gbvm", "match": "^\\s*'.*$|(?<=[\\w\\])}\"'])\\s+'[^']*$" },
            { "name": "comment.line.rem.gbvm", "match": "(?i)(?<![.\\w])rem(?:\\s.*)?$" },
            { "name": "comment.line.double-slash.gbvm", "match": "(?:^|(?<=\\s))//.*$" },
            {
                "name": "string.quoted.double.gbvm", "begin": "\"", "end": "\"(?!\")",
                "patterns": [{ "name": "constant.character.escape.gbvm", "match": "\\\\(?:[ntr\"'\\\\$]|u\\{[0-9A-Fa-f]+\\})|\"\"" }, hole],
            },
            { "name": "string.quoted.single.gbvm", "match": "'(?:[^'\\\\\\n]|\\\\.|'')*'" },
            { "name": "constant.numeric.gbvm", "match": "(?<![\\w.])(?:0[xX][0-9A-Fa-f_]+|\\d[\\d_]*(?:\\.\\d[\\d_]*)?(?:[eE][+-]?\\d+)?)(?!\\w)" },
            {
                "match": "(?i)(?<![.\\w])(SUB|FUNCTION)\\s+([\\p{L}_][\\w]*)",
                "captures": { "1": { "name": "keyword.control.gbvm" }, "2": { "name": "entity.name.function.gbvm" } },
            },
            { "name": "variable.other.property.gbvm", "match": "(?<=\\.)[\\p{L}_][\\w]*" },
            { "name": "variable.other.gbvm", "match": "^\\s*[\\p{L}_][\\w]*[$%]?(?=\\s*(?:[-+]?=(?!=)|\\.|\\[))" },
            { "name": "support.function.keyword.gbvm", "match": phrases(false) },
            { "name": "keyword.control.gbvm", "match": any_of(STRUCTURE.iter().copied()) },
            { "name": "support.function.gbvm", "match": format!("{}(?=\\s*\\()", phrases(true)) },
            { "name": "keyword.operator.gbvm", "match": "==|<>|!=|<=|>=|\\+=|-=|&&|\\|\\||\\?\\?|\\?\\.|[-+*/\\\\^&=<>!%?:]" },
        ],
    })
}

#[test]
fn the_grammar_has_the_words_of_the_language() {
    let path = folder().join("syntaxes/gbvm.tmLanguage.json");
    let wanted = serde_json::to_string_pretty(&grammar()).expect("the grammar is JSON") + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &wanted).expect("the grammar can be written");
    }
    let found = std::fs::read_to_string(&path).expect("the grammar is there");
    assert_eq!(found, wanted, "UPDATE=1 cargo test -p gbvm-tests --test vscode writes it anew");
    for phrase in gbvm_stdlib::signatures().iter().map(|signature| signature.phrase.replace(' ', "\\\\s+")) {
        assert!(found.contains(&phrase), "{phrase}");
    }
}

#[test]
fn the_extension_is_whole() {
    let package = read("package.json");
    read("language-configuration.json");
    let main = package["main"].as_str().expect("the extension has a file to start with");
    let client = std::fs::read_to_string(folder().join(main)).expect("the file is there");
    assert!(client.contains("[\"lsp\"]") && package["dependencies"]["vscode-languageclient"].is_string());
    for (list, key) in [("languages", "configuration"), ("grammars", "path")] {
        for entry in package["contributes"][list].as_array().expect("it contributes") {
            let path = entry[key].as_str().expect("a file is named");
            assert!(folder().join(path).exists(), "{path}");
        }
    }
    let language = &package["contributes"]["languages"][0];
    assert_eq!((&language["id"], &language["extensions"][0]), (&json!("gbvm"), &json!(".bas")));
    assert_eq!(package["contributes"]["grammars"][0]["scopeName"], grammar()["scopeName"]);
}
