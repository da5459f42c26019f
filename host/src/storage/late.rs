//! A database that is opened when it is first needed, and given to one thread at a time: a script that only prints
//! leaves no file behind.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use parking_lot::{Mutex, MutexGuard};

use crate::news::News;

use super::group::{OpenGroup, Receipt};
use super::{RunIdentity, Store};

/// Why the store is there.
const IS_OPEN: &str = "a guard is given, and a group begun, for an open database only";

/// Where the database is, and the database once it is open.
pub struct LateStore {
    /// Its lock is fair after half a millisecond: whoever commits one run after another keeps nobody waiting for ever.
    state: Mutex<State>,
    /// How many threads wait for it.
    waiting: AtomicUsize,
}

struct State {
    path: Option<PathBuf>,
    limits: Limits,
    store: Option<Store>,
    /// The transaction that runs share, while it is open.
    group: Option<OpenGroup>,
    /// Told when something was queued and is committed.
    news: Arc<News>,
}

/// The open database. Given free, it commits the group that is open, unless somebody else is about to.
pub struct StoreGuard<'a> {
    late: &'a LateStore,
    state: MutexGuard<'a, State>,
}

impl LateStore {
    /// A database in a file, or in memory, that is not open yet. It tells the news when something is queued.
    pub fn new(path: Option<PathBuf>, limits: Limits, news: Arc<News>) -> LateStore {
        LateStore { state: Mutex::new(State { path, limits, store: None, group: None, news }), waiting: AtomicUsize::new(0) }
    }

    /// The database, with no transaction open. It is opened if it must be.
    ///
    /// # Errors
    /// Those of [`Store::open`].
    pub fn open(&self) -> Result<StoreGuard<'_>, Fault> {
        let mut guard = self.as_it_is()?;
        guard.state.commit_group();
        Ok(guard)
    }

    /// The database, perhaps in the middle of a transaction that runs share: for a question whose answer may change
    /// until that is committed.
    ///
    /// # Errors
    /// Those of [`Store::open`].
    pub fn as_it_is(&self) -> Result<StoreGuard<'_>, Fault> {
        let mut guard = self.lock();
        if guard.state.store.is_none() {
            let store = Store::open(guard.state.path.as_deref(), &guard.state.limits)?;
            guard.state.store = Some(store);
        }
        Ok(guard)
    }

    /// The database in the transaction that a run shares with others.
    ///
    /// # Errors
    /// Those of [`Store::open`]; `E_DATABASE_BUSY`, `E_DATABASE`.
    pub fn join(&self, run: &RunIdentity, write: bool, now: Instant) -> Result<StoreGuard<'_>, Fault> {
        let mut guard = self.as_it_is()?;
        guard.state.join(run, write, now)?;
        Ok(guard)
    }

    /// Commits the group that is open.
    pub fn commit_group(&self) {
        self.lock().state.commit_group();
    }

    /// Whether nobody has the database at this moment.
    pub fn is_free(&self) -> bool {
        !self.state.is_locked()
    }

    /// Whether the database is open.
    pub fn is_open(&self) -> bool {
        self.lock().state.store.is_some()
    }

    fn lock(&self) -> StoreGuard<'_> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let state = self.state.lock();
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        StoreGuard { late: self, state }
    }
}

impl State {
    fn join(&mut self, run: &RunIdentity, write: bool, now: Instant) -> Result<(), Fault> {
        if self.group.as_ref().is_some_and(|group| !group.suits(self.store(), write)) {
            self.commit_group();
        }
        let store = self.store.as_mut().expect(IS_OPEN);
        match &mut self.group {
            Some(group) => {
                group.count_run();
                store.act_for(run, now);
            }
            None => {
                store.begin(run, write, now)?;
                self.group = Some(OpenGroup::new(write));
            }
        }
        Ok(())
    }

    fn store(&self) -> &Store {
        self.store.as_ref().expect(IS_OPEN)
    }

    fn commit_group(&mut self) {
        let Some(group) = self.group.take() else { return };
        let store = self.store.as_mut().expect(IS_OPEN);
        group.end(store);
        if store.takes_news() {
            self.news.tell();
        }
    }
}

impl StoreGuard<'_> {
    /// Ends a run's part in the group: what it wrote is on disk once the receipt says so. The run may promise that it
    /// commits later, so that further runs join meanwhile.
    pub fn leave(mut self, commits_later: bool) -> Option<Receipt> {
        let group = self.state.group.as_mut()?;
        if commits_later {
            group.promise();
        }
        Some(group.receipt())
    }
}

impl Drop for StoreGuard<'_> {
    fn drop(&mut self) {
        let others_wait = self.late.waiting.load(Ordering::SeqCst) > 0;
        let State { store: Some(store), group: Some(group), limits, .. } = &*self.state else { return };
        // Whoever waits ends the group, or joins it and is asked the same.
        let goes_on = store.in_transaction() && group.has_room(limits) && (group.is_promised() || others_wait);
        if !goes_on {
            self.state.commit_group();
        }
    }
}

impl Deref for StoreGuard<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        self.state.store()
    }
}

impl DerefMut for StoreGuard<'_> {
    fn deref_mut(&mut self) -> &mut Store {
        self.state.store.as_mut().expect(IS_OPEN)
    }
}
