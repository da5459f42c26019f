//! `gbvm db backup`: a copy of the database, made while others use it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Exit, Failure, output, world};

/// Options of `db`.
#[derive(Args, Debug)]
pub struct Options {
    /// The SQLite file
    #[arg(long, value_name = "PATH", default_value = world::DEFAULT_DATABASE, global = true)]
    db: PathBuf,
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand, Debug)]
enum Act {
    /// Copy the database into a new file; whoever uses it goes on
    Backup {
        /// The copy, which must not be there yet
        file: PathBuf,
    },
}

/// Does what was asked.
pub fn db(options: &Options) -> Result<Exit, Failure> {
    let Act::Backup { file } = &options.act;
    let mut store = world::existing(&options.db)?;
    if file.exists() {
        return Err(Failure::new(Exit::Usage, format!("gbvm: {}: the file is there already; a backup replaces nothing", file.display())));
    }
    store.back_up(file).map_err(world::failure)?;
    output::line(&format!("{} is a copy of {}; what is sealed in it opens with {}.key only, as {0}.key", file.display(), options.db.display(), options.db.display()))?;
    Ok(Exit::Ok)
}
