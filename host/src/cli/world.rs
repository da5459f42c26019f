//! The options that several verbs share, and what is made of them: the configuration, the engine, messages.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use gbvm_stdlib::services::Level;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::{FIRST, Instant, LAST};
use gbvm_vm::limits::Limits;

use super::colour::Colour;
use super::{Exit, Failure, output};
use crate::config::Config;
use crate::engine::{Engine, FixedClock};
use crate::render;
use crate::scripts::{LoadError, Script};
use crate::storage::Store;

/// Where data lives unless `--db` says otherwise.
pub const DEFAULT_DATABASE: &str = ".gbvm/data.db";

/// Options of every verb that runs scripts.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub struct Options {
    /// The SQLite file [default: .gbvm/data.db]; `:memory:` for none
    #[arg(long, value_name = "PATH")]
    pub db: Option<PathBuf>,
    /// Set a memory entry for good
    #[arg(long, value_name = "KEY=VALUE")]
    pub memory: Vec<String>,
    /// Give the script an input
    #[arg(long, value_name = "NAME=VALUE")]
    pub param: Vec<String>,
    /// Send calls of an origin elsewhere, for tests: https://api.crm.com=http://127.0.0.1:9001
    #[arg(long, value_name = "ORIGIN=URL")]
    pub route: Vec<String>,
    /// Allow calls to this host and port, at private addresses too
    #[arg(long, value_name = "HOST:PORT")]
    pub allow_net: Vec<String>,
    /// The mail server: smtp://[user:password@]host:port, smtps:// or smtp+starttls://
    #[arg(long, value_name = "URL")]
    pub smtp: Option<String>,
    /// The configuration [default: gbvm.toml beside the script, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Fix the clock: 2026-01-31T09:00:00Z
    #[arg(long, value_name = "INSTANT")]
    pub now: Option<String>,
}

/// Splits `name=value`, which the help calls `form`; the name must not be empty.
pub fn pair<'a>(option: &str, form: &str, text: &'a str) -> Result<(&'a str, &'a str), Failure> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| Failure::new(Exit::Usage, format!("gbvm: --{option} wants {form}, not {text:?}")))
}

/// The engine that the options and the configuration in `folder` describe.
pub fn engine(options: &Options, folder: &Path, prints: Prints, is_traced: bool) -> Result<Engine, Failure> {
    let config = match &options.config {
        Some(path) => Config::read(path),
        None => Config::read_if_there(&folder.join("gbvm.toml")),
    }
    .map_err(|message| Failure::new(Exit::Usage, format!("gbvm: {message}")))?;
    let mut builder = Engine::builder().limits(config.limits.clone()).printer(move |level, line| print(prints, level, line));
    let database = options.db.clone().or(config.database.clone()).unwrap_or_else(|| DEFAULT_DATABASE.into());
    if database != Path::new(":memory:") {
        builder = builder.database(database);
    }
    for (origin, target) in &config.routes {
        builder = builder.route(origin, target);
    }
    for route in &options.route {
        let (origin, target) = pair("route", "ORIGIN=URL", route)?;
        check_origin(origin)?;
        builder = builder.route(origin, target);
    }
    builder = builder.allow_env(config.allow_env.iter().cloned());
    builder = builder.allow_net(config.allow_net.iter().cloned()).allow_net(options.allow_net.iter().cloned());
    builder = builder.retention(config.retention).open_webhooks(config.open_webhooks);
    for (origin, rule) in &config.origins {
        if !is_origin(origin) {
            return Err(Failure::new(Exit::Usage, format!("gbvm: [origins] wants scheme and host without a path, such as \"https://api.crm.com\"; {origin:?} is none")));
        }
        builder = builder.traffic(origin, rule.clone());
    }
    for entry in &options.memory {
        let (key, value) = pair("memory", "KEY=VALUE", entry)?;
        builder = builder.memory(key, value);
    }
    for parameter in &options.param {
        let (name, value) = pair("param", "NAME=VALUE", parameter)?;
        builder = builder.input(name, value);
    }
    for (key, value) in config.secrets {
        builder = builder.secret(key, value);
    }
    if let Some(url) = config.public_url {
        if !is_origin(url.trim_end_matches('/')) {
            return Err(Failure::new(Exit::Usage, format!("gbvm: public_url wants scheme and host without a path, such as https://hooks.example.com; {url:?} is none")));
        }
        builder = builder.public_url(url);
    }
    if let Some(zone) = config.zone {
        builder = builder.zone(zone);
    }
    if let Some(url) = options.smtp.as_ref().or(config.smtp.as_ref()) {
        let mailer = crate::smtp::Mailer::new(url, config.mail_from.clone()).map_err(|error| Failure::new(Exit::Usage, format!("gbvm: --smtp: {error}")))?;
        builder = builder.post(Arc::new(mailer));
    }
    if let Some(now) = &options.now {
        let instant = Instant::parse(now).filter(|instant| (FIRST..=LAST).contains(instant));
        let now = instant.ok_or_else(|| Failure::new(Exit::Usage, format!("gbvm: --now wants an instant such as 2026-01-31T09:00:00Z, from the year 0000 to {LAST}, not {now:?}")))?;
        builder = builder.clock(Arc::new(FixedClock(now)));
    }
    if is_traced {
        builder = builder.tracer(|line| eprintln!("{line}"));
    }
    builder.build().map_err(failure)
}

/// Refuses an origin to route that is more, or less, than scheme and host: no call would ever be of it.
fn check_origin(origin: &str) -> Result<(), Failure> {
    if is_origin(origin) {
        return Ok(());
    }
    Err(Failure::new(Exit::Usage, format!("gbvm: --route wants ORIGIN=URL, where the origin is scheme and host without a path, such as https://api.crm.com; {origin:?} is none")))
}

fn is_origin(text: &str) -> bool {
    let host = text.split_once("://").filter(|(scheme, _)| ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))).map(|(_, host)| host);
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@']))
}

/// Where the lines of PRINT and of the log go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prints {
    /// To standard output, for whoever runs the script.
    ToStandardOutput,
    /// To the log, where nobody waits for the script.
    ToLog,
}

fn print(prints: Prints, level: Level, line: &str) {
    match level {
        _ if prints == Prints::ToStandardOutput => output::line_of_script(line),
        Level::Output | Level::Info => tracing::info!("{line}"),
        Level::Warn => tracing::warn!("{line}"),
        Level::Error => tracing::error!("{line}"),
    }
}

/// Opens a database that is there; asking makes none.
pub fn existing(path: &Path) -> Result<Store, Failure> {
    if !path.exists() {
        return Err(Failure::new(Exit::Database, format!("gbvm: {}: there is no such database; --db names another", path.display())));
    }
    Store::open(Some(path), &Limits::default()).map_err(failure)
}

/// How the command ends for a fault that no script caused.
pub fn failure(fault: Fault) -> Failure {
    let exit = match &*fault.code {
        code if code.starts_with("E_DATABASE") => Exit::Database,
        "E_SCHEDULE" | "E_ENDPOINT_TWICE" => Exit::DoesNotCompile,
        _ => Exit::Usage,
    };
    Failure::new(exit, format!("gbvm: error[{}]: {}", fault.code, fault.message))
}

/// Prints what the compiler says of a script and gives it, if it compiled.
pub fn loaded(result: Result<Arc<Script>, LoadError>, colour: Colour) -> Result<Arc<Script>, Failure> {
    let look = colour.look(&std::io::stderr());
    match result {
        Ok(script) => {
            for warning in &script.warnings {
                eprintln!("{}", render::diagnostic(warning, &script.sources, look));
            }
            Ok(script)
        }
        Err(LoadError::Invalid(error)) => {
            for diagnostic in &error.diagnostics {
                eprintln!("{}", render::diagnostic(diagnostic, &error.sources, look));
            }
            Err(Failure::new(Exit::DoesNotCompile, ""))
        }
        Err(error @ LoadError::Unreadable(..)) => Err(Failure::new(Exit::Usage, format!("gbvm: {error}"))),
    }
}

/// The folder in which a script stands.
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Sends the log to standard error: from this level on, or as RUST_LOG says.
pub fn start_log(level: &str, colour: Colour) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour.look(&std::io::stderr()) == render::Look::Coloured).with_target(false);
    // A second start in one process keeps the first log.
    let _ = log.try_init();
}
