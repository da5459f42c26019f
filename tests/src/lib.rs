//! The specification documents and scenario tests, and what runs them.
//!
//! [`spec`] reads documents: a script in, text out. [`peers`] are recording stand-ins for the network and the mail
//! server, for tests that need no socket.

pub mod command;
pub mod dice;
pub mod libraries;
pub mod peers;
pub mod scenario;
pub mod soup;
pub mod spec;

use std::path::{Path, PathBuf};

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests stand in a folder of the checkout")
}

/// The folder of the scripts that exist already: beside the checkout, or where `GBVM_SEED` says.
pub fn seed() -> Option<PathBuf> {
    std::env::var_os("GBVM_SEED").map(PathBuf::from).or_else(|| shared("seed"))
}

/// Every script that the checkout and what lies beside it have, with a name: of the documents, of `bas` and `bench`, and
/// those that exist already.
pub fn scripts() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in spec::documents(&root().join("tests/spec")) {
        let text = std::fs::read_to_string(&path).expect("a document can be read");
        for case in spec::parse(&text) {
            let sources = case.sections.into_iter().filter(|section| matches!(section.heading.as_str(), "Source" | "Library"));
            found.extend(sources.map(|section| (format!("{}: {}", path.display(), case.name), section.text)));
        }
    }
    let mut folders: Vec<PathBuf> = [root().join("bas"), root().join("bench/programs")].into_iter().chain(seed()).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of scripts can be read") {
            let path = entry.expect("a folder of scripts can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "bas") {
                found.push((path.display().to_string(), std::fs::read_to_string(&path).expect("a script is text")));
            }
        }
    }
    found.sort();
    found
}

/// A folder of the material beside the checkout, where it is there.
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder = root().parent()?.join("shared").join(name);
    folder.is_dir().then_some(folder)
}
