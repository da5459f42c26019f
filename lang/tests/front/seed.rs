//! The seed scripts parse as they are.

use std::path::{Path, PathBuf};

use crate::tree;

/// The folder of the seed scripts, where it is at hand: beside the workspace, or where `GBVM_SEED` says.
fn folder() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/seed");
    std::env::var_os("GBVM_SEED").map_or_else(beside, PathBuf::from)
}

#[test]
fn every_seed_script_parses_without_messages() {
    let Ok(entries) = std::fs::read_dir(folder()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".bas") {
            let text = std::fs::read_to_string(entry.path()).expect("a seed script is text");
            let tree = tree(&text);
            assert!(!tree.contains("INVALID"), "{name}");
            if std::env::var_os("SHOW_TREE").is_some() {
                println!("{name}\n{tree}");
            }
        }
    }
}
