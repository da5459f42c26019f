//! A database that is opened when it is first needed: a script that only prints leaves no file behind.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gbvm_vm::fault::Fault;
use gbvm_vm::limits::Limits;

use super::Store;

/// Where the database is, and the database once it is open.
pub struct LateStore(Mutex<State>);

struct State {
    path: Option<PathBuf>,
    limits: Limits,
    store: Option<Store>,
}

/// The open database, for one transaction or one question.
pub struct StoreGuard<'a>(MutexGuard<'a, State>);

impl LateStore {
    /// A database in a file, or in memory, that is not open yet.
    pub fn new(path: Option<PathBuf>, limits: Limits) -> LateStore {
        LateStore(Mutex::new(State { path, limits, store: None }))
    }

    /// The database, which is opened if it must be.
    ///
    /// # Errors
    /// Those of [`Store::open`].
    pub fn open(&self) -> Result<StoreGuard<'_>, Fault> {
        let mut state = self.lock();
        if state.store.is_none() {
            state.store = Some(Store::open(state.path.as_deref(), &state.limits)?);
        }
        Ok(StoreGuard(state))
    }

    /// The database, if it is open.
    pub fn if_open(&self) -> Option<StoreGuard<'_>> {
        let state = self.lock();
        state.store.is_some().then_some(StoreGuard(state))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held left a transaction that the next `begin` rolls back.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for StoreGuard<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        self.0.store.as_ref().expect("a guard is given for an open database only")
    }
}

impl DerefMut for StoreGuard<'_> {
    fn deref_mut(&mut self) -> &mut Store {
        self.0.store.as_mut().expect("a guard is given for an open database only")
    }
}
