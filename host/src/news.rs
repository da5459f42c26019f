//! Wakes whoever works the queues when there may be something to do.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Whether there is news, for threads that wait for it.
#[derive(Debug, Default)]
pub struct News {
    is_there: Mutex<bool>,
    told: Condvar,
}

impl News {
    /// Tells whoever waits that there may be something to do.
    pub fn tell(&self) {
        *self.is_there.lock() = true;
        self.told.notify_all();
    }

    /// Waits until there may be something to do, or as long as said.
    pub fn wait(&self, most: Duration) {
        let mut is_there = self.is_there.lock();
        self.told.wait_while_for(&mut is_there, |is_there| !*is_there, most);
        *is_there = false;
    }
}
