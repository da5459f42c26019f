//! A bounded set of worker threads with a bounded queue before it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::turns::Full;

/// Work for a worker.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// Worker threads, started when they are first needed.
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    workers_max: usize,
    waiting_max: usize,
}

struct State {
    jobs: VecDeque<Job>,
    workers: usize,
    idle: usize,
    is_closed: bool,
}

impl Shared {
    /// The state; no job runs while it is locked, so a panic cannot leave it half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// At most `workers_max` jobs run and `waiting_max` wait.
    pub(super) fn new(workers_max: usize, waiting_max: usize) -> Pool {
        let state = State { jobs: VecDeque::new(), workers: 0, idle: 0, is_closed: false };
        Pool(Arc::new(Shared { state: Mutex::new(state), wake: Condvar::new(), workers_max: workers_max.max(1), waiting_max }))
    }

    /// Queues a job, or refuses it at once.
    pub(super) fn submit(&self, job: Job) -> Result<(), Full> {
        let mut state = self.0.lock();
        if state.is_closed {
            return Err(Full);
        }
        // An idle worker takes one queued job, so only what exceeds them is waiting.
        if state.jobs.len() < state.idle {
            state.jobs.push_back(job);
            self.0.wake.notify_one();
            return Ok(());
        }
        if state.workers < self.0.workers_max {
            let shared = Arc::clone(&self.0);
            if thread::Builder::new().name("gbvm-worker".into()).spawn(move || work(&shared)).is_ok() {
                state.workers += 1;
                state.jobs.push_back(job);
                // The new worker counts as idle until it takes a job.
                state.idle += 1;
                return Ok(());
            }
            if state.workers == 0 {
                return Err(Full);
            }
        }
        if state.jobs.len() - state.idle >= self.0.waiting_max {
            return Err(Full);
        }
        state.jobs.push_back(job);
        self.0.wake.notify_one();
        Ok(())
    }

    /// Drops the waiting jobs, takes no more, and lets the workers end after their present job.
    pub(super) fn close(&self) {
        let mut state = self.0.lock();
        state.is_closed = true;
        let dropped = std::mem::take(&mut state.jobs);
        drop(state);
        drop(dropped);
        self.0.wake.notify_all();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.close();
    }
}

/// A worker's life. It is counted idle when it starts, and whenever it comes back for a job.
fn work(shared: &Shared) {
    let mut state = shared.lock();
    loop {
        if let Some(job) = state.jobs.pop_front() {
            state.idle -= 1;
            drop(state);
            // The panic's message has been printed; the worker goes on.
            let _ = catch_unwind(AssertUnwindSafe(job));
            state = shared.lock();
            state.idle += 1;
        } else if state.is_closed {
            state.idle -= 1;
            state.workers -= 1;
            return;
        } else {
            state = shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn refuses_past_workers_and_queue() {
        let pool = Pool::new(2, 1);
        let (open, gate) = channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let (done, finished) = channel();
        for _ in 0..3 {
            let (gate, done) = (Arc::clone(&gate), done.clone());
            let job: Job = Box::new(move || {
                gate.lock().expect("no holder panics").recv().expect("the test opens the gate");
                done.send(()).expect("the test listens");
            });
            assert_eq!(pool.submit(job), Ok(()));
        }
        assert_eq!(pool.submit(Box::new(|| {})), Err(Full));
        for _ in 0..3 {
            open.send(()).expect("jobs wait");
        }
        for _ in 0..3 {
            finished.recv().expect("every accepted job runs");
        }
    }

    #[test]
    fn survives_a_panic() {
        let pool = Pool::new(1, 4);
        let (done, finished) = channel();
        assert_eq!(pool.submit(Box::new(|| panic!("on purpose"))), Ok(()));
        assert_eq!(pool.submit(Box::new(move || done.send(7).expect("the test listens"))), Ok(()));
        assert_eq!(finished.recv(), Ok(7));
    }
}
