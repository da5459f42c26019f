//! The threads of a server: those that move bytes, and workers for what may wait.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use smol::channel::{Receiver, bounded};
use smol::future::FutureExt;
use smol::{Executor, Timer};

use super::pool::Pool;
use crate::turns::{Full, Threads};

/// Where a handler finds threads.
pub struct Desk {
    executor: Arc<Executor<'static>>,
    end_asked: Receiver<()>,
    pool: Pool,
}

impl Desk {
    /// The threads of an executor, which end when the other side of the channel is gone, and at most so many workers, for
    /// which so many jobs may wait.
    pub(super) fn new(executor: Arc<Executor<'static>>, end_asked: Receiver<()>, workers_max: usize, waiting_max: usize) -> Desk {
        Desk { executor, end_asked, pool: Pool::new(workers_max, waiting_max) }
    }

    /// A further thread that moves bytes until the server ends.
    pub(super) fn start_thread(&self) -> io::Result<JoinHandle<()>> {
        self.start_thread_until(None)
    }

    fn start_thread_until(&self, enough: Option<Receiver<()>>) -> io::Result<JoinHandle<()>> {
        let (executor, end_asked) = (Arc::clone(&self.executor), self.end_asked.clone());
        thread::Builder::new().name("gbvm-server".into()).spawn(move || {
            // The channels are never sent to: their end is the signal.
            let end = async {
                let _ = end_asked.recv().await;
            };
            let enough = async {
                match enough {
                    Some(enough) => drop(enough.recv().await),
                    None => std::future::pending().await,
                }
            };
            smol::block_on(executor.run(end.or(enough)));
        })
    }

    /// Drops the jobs that wait for a worker, and takes no more.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// Does something on a worker.
    ///
    /// # Errors
    /// [`Full`] where all are busy and too many jobs wait.
    pub fn apart(&self, act: Box<dyn FnOnce() + Send>) -> Result<(), Full> {
        self.pool.submit(act)
    }
}

impl Threads for Desk {
    fn apart(&self, act: Box<dyn FnOnce() + Send>) -> Result<(), Full> {
        Desk::apart(self, act)
    }

    fn soon(&self, act: Box<dyn FnOnce() + Send>) {
        self.executor.spawn(async move { act() }).detach();
    }

    fn later(&self, time: Duration, act: Box<dyn FnOnce() + Send>) {
        let task = async move {
            Timer::after(time).await;
            act();
        };
        self.executor.spawn(task).detach();
    }

    fn stand_in(&self) -> Box<dyn Send> {
        let (busy, enough) = bounded::<()>(1);
        if let Err(error) = self.start_thread_until(Some(enough)) {
            tracing::error!("a thread could not be started in the place of one that is busy: {error}");
        }
        Box::new(busy)
    }
}
