//! `gbvm memory set|get|list|unset`: the key-value store that scripts read with GET BOT MEMORY.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use gbvm_stdlib::memory::is_secret_key;
use gbvm_stdlib::services::Storage as _;
use gbvm_vm::coerce;
use gbvm_vm::limits::Limits;
use gbvm_vm::value::Value;

use super::{Exit, Failure, common};
use crate::storage::Store;

/// Options of `memory`.
#[derive(Args, Debug)]
pub struct Options {
    /// The SQLite file
    #[arg(long, value_name = "PATH", default_value = common::DEFAULT_DATABASE, global = true)]
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
    if let Some(parent) = options.db.parent().filter(|parent| *parent != Path::new("")) {
        std::fs::create_dir_all(parent).map_err(|error| Failure::new(Exit::Database, format!("gbvm: {}: the folder cannot be made: {error}", parent.display())))?;
    }
    let mut store = Store::open(Some(&options.db), &Limits::default()).map_err(common::failure)?;
    match &options.act {
        Act::Set { key, value } => store.set_memory(key, &Value::text(value.as_str())).map_err(common::failure)?,
        Act::Get { key, reveal } => match store.memory(key).map_err(common::failure)? {
            Some(value) => println!("{}", shown(key, &value, *reveal)),
            None => return Err(Failure::new(Exit::ScriptError, format!("gbvm: {key} is not set"))),
        },
        Act::List => {
            for (key, value) in store.memory_list().map_err(common::failure)? {
                println!("{key} = {}", shown(&key, &value, false));
            }
        }
        Act::Unset { key } => {
            if !store.memory_unset(key).map_err(common::failure)? {
                return Err(Failure::new(Exit::ScriptError, format!("gbvm: {key} is not set")));
            }
        }
    }
    Ok(Exit::Ok)
}

fn shown(key: &str, value: &Value, reveal: bool) -> String {
    if is_secret_key(key) && !reveal { format!("‹{key}›") } else { coerce::text(value).as_str().to_owned() }
}
