//! The specification documents and scenario tests, and what runs them.
//!
//! [`spec`] reads documents: a script in, text out. [`peers`] are recording stand-ins for the network and the mail
//! server, for tests that need no socket.

pub mod libraries;
pub mod peers;
pub mod scenario;
pub mod spec;

use std::path::{Path, PathBuf};

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests stand in a folder of the checkout")
}

/// The folder of the scripts that exist already, where the checkout has it beside it.
pub fn seed() -> Option<PathBuf> {
    shared("seed")
}

/// A folder of the material beside the checkout, where it is there.
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder = root().parent()?.join("shared").join(name);
    folder.is_dir().then_some(folder)
}
