//! What several tests of the machine need.

use gbvm_vm::machine::Secrets;

/// A store without a secret: for programs whose checkpoints hold none.
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn reveal(&self, _: &str) -> Option<String> {
        None
    }

    fn seal(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn open(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}
