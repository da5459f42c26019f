//! The project's configuration, `gbvm.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gbvm_vm::limits::Limits;
use serde::Deserialize;

use crate::retention::Retention;
use crate::traffic::Rule;

/// What the configuration says, secrets resolved.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The SQLite file.
    pub database: Option<PathBuf>,
    /// The time zone of schedules.
    pub zone: Option<String>,
    /// Origins whose calls go elsewhere.
    pub routes: BTreeMap<String, String>,
    /// `host:port` that scripts may call.
    pub allow_net: Vec<String>,
    /// The address, scheme and host, at which callers reach the webhooks.
    pub public_url: Option<String>,
    /// Variables of the environment that scripts may read.
    pub allow_env: Vec<String>,
    /// What goes to which origin at most.
    pub origins: BTreeMap<String, Rule>,
    /// The webhooks that anybody may call.
    pub open_webhooks: Vec<String>,
    /// How long what is kept.
    pub retention: Retention,
    /// The mail server.
    pub smtp: Option<String>,
    /// The sender of mail.
    pub mail_from: String,
    /// Secrets by memory key.
    pub secrets: BTreeMap<String, String>,
    /// The bounds.
    pub limits: Limits,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct File {
    database: Option<PathBuf>,
    zone: Option<String>,
    routes: BTreeMap<String, String>,
    allow_net: Vec<String>,
    allow_env: Vec<String>,
    public_url: Option<String>,
    origins: BTreeMap<String, Rule>,
    open_webhooks: Vec<String>,
    retention: Retention,
    mail: Mail,
    secrets: BTreeMap<String, Secret>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Mail {
    url: Option<String>,
    from: Option<String>,
}

/// Where a secret's value comes from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Secret {
    Env(String),
    File(PathBuf),
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// One sentence with the file's name, for people.
    pub fn read(path: &Path) -> Result<Config, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: cannot be read: {error}", path.display()))?;
        Config::parse(&text, path.parent().unwrap_or(Path::new(""))).map_err(|message| format!("{}: {message}", path.display()))
    }

    /// Reads a configuration, or gives the defaults where there is none.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn read_if_there(path: &Path) -> Result<Config, String> {
        if path.exists() { Config::read(path) } else { Config::parse("", Path::new("")) }
    }

    fn parse(text: &str, folder: &Path) -> Result<Config, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut secrets = BTreeMap::new();
        for (key, secret) in file.secrets {
            let value = match secret {
                Secret::Env(name) => std::env::var(&name).map_err(|_| format!("the secret {key}: the environment has no {name}"))?,
                Secret::File(path) => {
                    let path = folder.join(path);
                    let text = std::fs::read_to_string(&path).map_err(|error| format!("the secret {key}: {}: {error}", path.display()))?;
                    text.trim_end_matches(['\r', '\n']).to_owned()
                }
            };
            secrets.insert(key, value);
        }
        Ok(Config {
            database: file.database.map(|path| folder.join(path)),
            zone: file.zone,
            routes: file.routes,
            allow_net: file.allow_net,
            allow_env: file.allow_env,
            origins: file.origins,
            open_webhooks: file.open_webhooks,
            retention: file.retention,
            public_url: file.public_url,
            smtp: file.mail.url,
            mail_from: file.mail.from.unwrap_or_else(|| "gbvm@localhost".to_owned()),
            secrets,
            limits: Limits::default(),
        })
    }
}
