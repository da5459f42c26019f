//! The system's clock, made to never go backwards.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gbvm_stdlib::services::Clock;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;

/// The system's clock. An instant it has shown is never followed by an earlier one.
#[derive(Default)]
pub struct SystemClock {
    latest_ms: AtomicI64,
}

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
        Instant(self.latest_ms.fetch_max(millis, Ordering::SeqCst).max(millis))
    }

    fn pause(&self, milliseconds: u64) -> Result<(), Fault> {
        std::thread::sleep(Duration::from_millis(milliseconds));
        Ok(())
    }
}
