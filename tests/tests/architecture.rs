//! What must stay absent: edges between crates, second TLS stacks, keywords spelt outside their table, `unsafe` elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which crates of the workspace each of them may use.
const EDGES: &[(&str, &[&str])] = &[
    ("gbvm-vm", &[]),
    ("gbvm-lang", &["gbvm-vm"]),
    ("gbvm-stdlib", &["gbvm-vm"]),
    ("gbvm", &["gbvm-lang", "gbvm-stdlib", "gbvm-vm"]),
    ("gbvm-bench", &["gbvm", "gbvm-lang", "gbvm-stdlib", "gbvm-tests", "gbvm-vm"]),
    ("gbvm-tests", &["gbvm", "gbvm-lang", "gbvm-stdlib", "gbvm-vm"]),
];

/// TLS is one rustls on ring. `openssl-probe` is not among these: it only knows where certificates lie.
const BANNED: &[&str] = &[
    "openssl",
    "openssl-src",
    "openssl-sys",
    "native-tls",
    "aws-lc-rs",
    "aws-lc-sys",
    "aws-lc-fips-sys",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests stand in a folder of the checkout")
}

#[test]
fn crates_use_each_other_in_one_direction() {
    // Cargo reads the manifests, so renamed, optional, build and per-target dependencies are all seen.
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs this test, so it can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");

    let mut found = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("the workspace has packages") {
        let used: BTreeSet<&str> = package["dependencies"]
            .as_array()
            .expect("a package lists its dependencies")
            .iter()
            .filter(|dependency| dependency["path"].is_string())
            .filter_map(|dependency| dependency["name"].as_str())
            .collect();
        found.insert(package["name"].as_str().expect("a package has a name"), used);
    }

    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        EDGES.iter().map(|(name, uses)| (*name, uses.iter().copied().collect())).collect();
    let names = |map: &BTreeMap<&str, BTreeSet<&str>>| map.keys().map(|name| name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&allowed), "a crate came or went: say in EDGES what it may use");
    for (name, used) in &found {
        let wrong: Vec<_> = used.difference(&allowed[name]).collect();
        assert!(wrong.is_empty(), "{name} may not use {wrong:?}");
    }
}

#[test]
fn there_is_one_tls_and_it_is_rustls_on_ring() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("the lock file is checked in");
    let packages: Vec<&str> =
        lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    let banned: Vec<_> = packages.iter().filter(|name| BANNED.contains(name)).collect();
    assert!(banned.is_empty(), "{banned:?} came into Cargo.lock; `cargo tree -i NAME` says through what");
    let rustls = packages.iter().filter(|name| **name == "rustls").count();
    assert_eq!(rustls, 1, "there must be one rustls; `cargo tree -d` shows who wants another");
}

#[test]
fn sources_come_from_one_registry() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("the lock file is checked in");
    let sources: BTreeSet<&str> = lock.lines().filter_map(|line| line.strip_prefix("source = ")).collect();
    assert!(sources.len() == 1 && sources.iter().all(|source| source.starts_with("\"registry+")), "{sources:?}");
}

/// A keyword is one record in `stdlib`. A second place that spells it would have to be changed with it.
#[test]
fn two_files_have_unsafe() {
    let folders: Vec<PathBuf> = ["vm", "lang", "stdlib", "host"].iter().map(|name| root().join(name).join("src")).collect();
    let allowing = rust_files(&folders).into_iter().filter(|path| fs::read_to_string(path).expect("a source file is UTF-8").contains("allow(unsafe_code)"));
    let mut found: Vec<PathBuf> = allowing.map(|path| path.strip_prefix(root()).expect("it was found there").to_owned()).collect();
    found.sort();
    assert_eq!(found, [Path::new("vm/src/machine/threaded.rs"), Path::new("vm/src/shared.rs")]);
}

#[test]
fn keywords_are_spelt_in_their_table_only() {
    let phrases: BTreeSet<&str> = gbvm_stdlib::signatures()
        .iter()
        .flat_map(|signature| signature.aliases.iter().copied().chain([signature.phrase]))
        .collect();
    let mut spelt = Vec::new();
    for file in rust_files(&[root().join("lang/src"), root().join("vm/src")]) {
        let path = file.strip_prefix(root()).expect("the files are below the root").display().to_string();
        // Filters have functions of their own grammar, and declarations never reach the machine.
        if path.starts_with("lang/src/filter") || path.starts_with("lang/src/declare") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file is text");
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in product.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            // Every second piece between quotes is a string.
            for literal in code.split('"').skip(1).step_by(2).filter(|literal| phrases.contains(literal)) {
                spelt.push(format!("{path}:{}: {literal}", number + 1));
            }
        }
    }
    assert!(spelt.is_empty(), "keywords are spelt outside stdlib:\n{}", spelt.join("\n"));
}

/// All Rust files below the folders, in order.
fn rust_files(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = folders.to_vec();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is part of the checkout") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
