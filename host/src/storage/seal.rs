//! Seals what was computed from secrets, with a key that lies outside of the database.

use std::io::Write;
use std::path::{Path, PathBuf};

use gbvm_vm::fault::Fault;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use super::Store;

const KEY_LEN: usize = 32;

/// Seals and opens with AES-256-GCM under one key.
pub struct Seal {
    key: LessSafeKey,
    random: SystemRandom,
}

impl Store {
    /// Seals bytes; none where there is no key and none can be made.
    pub fn seal(&mut self, plain: &[u8]) -> Option<Vec<u8>> {
        let seal = self.sealer().inspect_err(|fault| tracing::error!("{}", fault.message)).ok()?;
        let mut nonce = [0; NONCE_LEN];
        seal.random.fill(&mut nonce).ok()?;
        let mut sealed = plain.to_vec();
        seal.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// What was sealed; none where it was sealed with another key or changed since.
    pub fn open_sealed(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let seal = self.sealer().inspect_err(|fault| tracing::error!("{}", fault.message)).ok()?;
        let mut bytes = sealed.to_vec();
        let plain = seal.key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut bytes).ok()?;
        Some(plain.to_vec())
    }

    fn sealer(&mut self) -> Result<&Seal, Fault> {
        if self.seal.is_none() {
            let random = SystemRandom::new();
            let key = match &self.path {
                Some(path) => key_file(&beside(path, "key"), &random)?,
                None => fresh(&random)?,
            };
            let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| Fault::new("E_DATABASE", "the sealing key cannot be used"))?;
            self.seal = Some(Seal { key: LessSafeKey::new(key), random });
        }
        Ok(self.seal.as_ref().expect("it was made above"))
    }
}

/// The path of a file that belongs to a database.
pub fn beside(database: &Path, what: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    name.into()
}

fn fresh(random: &SystemRandom) -> Result<[u8; KEY_LEN], Fault> {
    let mut key = [0; KEY_LEN];
    random.fill(&mut key).map_err(|_| Fault::new("E_DATABASE", "the system gives no random bytes"))?;
    Ok(key)
}

/// The key in a file that only its owner may read; made where it is not there.
fn key_file(path: &Path, random: &SystemRandom) -> Result<[u8; KEY_LEN], Fault> {
    let cannot = |error: std::io::Error| Fault::new("E_DATABASE", format!("{}: {error}", path.display()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(mut file) => {
            let key = fresh(random)?;
            file.write_all(&key).and_then(|()| file.sync_all()).map_err(cannot)?;
            Ok(key)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let key = std::fs::read(path).map_err(cannot)?;
            key.try_into().map_err(|_| Fault::new("E_DATABASE", format!("{}: this is no sealing key", path.display())))
        }
        Err(error) => Err(cannot(error)),
    }
}
