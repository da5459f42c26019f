//! `gbvm memory set|get|list|unset`: the key-value store that scripts read with GET BOT MEMORY.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use gbvm_stdlib::memory::is_secret_key;
use gbvm_stdlib::services::Storage as _;
use gbvm_vm::coerce;
use gbvm_vm::limits::Limits;
use gbvm_vm::value::Value;

use super::{Exit, Failure, output, world};
use crate::storage::Store;

/// Options of `memory`.
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
    /// Set an entry
    Set {
        /// The key; one that ends in _key, _secret, _token or _password is a secret
        key: String,
        /// The value
        value: String,
    },
    /// Show an entry
    Get {
        /// The key
        key: String,
        /// Show a secret as it is
        #[arg(long)]
        reveal: bool,
    },
    /// List all entries; secrets are masked
    List,
    /// Remove an entry
    Unset {
        /// The key
        key: String,
    },
}

/// Does what was asked.
pub fn memory(options: &Options) -> Result<Exit, Failure> {
    match &options.act {
        Act::Set { key, .. } if key.is_empty() => return Err(Failure::new(Exit::Usage, "gbvm: a memory entry needs a key; the one given is empty")),
        // Asking makes nothing.
        Act::Get { .. } | Act::List | Act::Unset { .. } if !options.db.exists() => {
            return Err(Failure::new(Exit::Database, format!("gbvm: {}: there is no such database; `gbvm memory set` makes it", options.db.display())));
        }
        Act::Set { .. } | Act::Get { .. } | Act::List | Act::Unset { .. } => {}
    }
    let mut store = Store::open(Some(&options.db), &Limits::default()).map_err(world::failure)?;
    match &options.act {
        Act::Set { key, value } => store.set_memory(key, &Value::text(value.as_str())).map_err(world::failure)?,
        Act::Get { key, reveal } => match store.memory(key).map_err(world::failure)? {
            Some(value) => output::line(&shown(key, &value, *reveal))?,
            None => return Err(Failure::new(Exit::ScriptError, format!("gbvm: {key} is not set"))),
        },
        Act::List => {
            for (key, value) in store.memory_list().map_err(world::failure)? {
                output::line(&format!("{} = {}", output::escaped(&key), shown(&key, &value, false)))?;
            }
        }
        Act::Unset { key } => {
            if !store.memory_unset(key).map_err(world::failure)? {
                return Err(Failure::new(Exit::ScriptError, format!("gbvm: {key} is not set")));
            }
        }
    }
    Ok(Exit::Ok)
}

/// The value as it is printed: secrets masked, control characters spelled out.
fn shown(key: &str, value: &Value, reveal: bool) -> String {
    if is_secret_key(key) && !reveal { format!("‹{key}›") } else { output::escaped(coerce::text(value).as_str()) }
}
