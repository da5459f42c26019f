//! `gbvm doctor`: whether the database and the work that waits in it are well.

use std::path::PathBuf;

use clap::Args;
use gbvm_stdlib::services::Clock as _;

use super::{Exit, Failure, output, world};
use crate::clock::SystemClock;

/// Options of `doctor`.
#[derive(Args, Debug)]
pub struct Options {
    /// The SQLite file
    #[arg(long, value_name = "PATH", default_value = world::DEFAULT_DATABASE)]
    db: PathBuf,
}

/// Says what is well and what is not; ends with 1 where something is to be done.
pub fn doctor(options: &Options) -> Result<Exit, Failure> {
    let mut store = world::existing(&options.db)?;
    let findings = store.findings(SystemClock::default().now()).map_err(world::failure)?;
    for finding in &findings {
        output::line(&format!("{}  {}", if finding.is_wrong { "wrong" } else { "ok   " }, output::escaped(&finding.message)))?;
    }
    Ok(if findings.iter().any(|finding| finding.is_wrong) { Exit::ScriptError } else { Exit::Ok })
}
