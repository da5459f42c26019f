//! `gbvm run FILE`: runs a script once, fires one event at it, or serves it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use gbvm_lang::declare::Declaration;
use gbvm_stdlib::security;
use gbvm_vm::coerce;
use gbvm_vm::limits::Limits;

use super::colour::Colour;
use super::{Exit, Failure, output, serve, world};
use crate::engine::Engine;
use crate::event::{Event, ScheduleEvent, TriggerEvent, WebhookEvent};
use crate::outcome::Outcome;
use crate::render;
use crate::runner::Budget;
use crate::scripts::Script;

/// Options of `run`.
#[derive(Args, Debug)]
pub struct Options {
    /// The script
    file: PathBuf,
    #[command(flatten)]
    world: world::Options,
    /// Fire its webhook once with this body; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["once", "trigger"])]
    body: Option<PathBuf>,
    /// A header of that request: "X-Thing: value"
    #[arg(long, value_name = "NAME: VALUE", conflicts_with_all = ["once", "trigger"])]
    header: Vec<String>,
    /// A query parameter of that request
    #[arg(long, value_name = "NAME=VALUE", conflicts_with_all = ["once", "trigger"])]
    query: Vec<String>,
    /// The method of that request [default: POST]
    #[arg(long, conflicts_with_all = ["once", "trigger"])]
    method: Option<String>,
    /// Sign the body with this memory secret, into X-Webhook-Signature
    #[arg(long, value_name = "KEY", conflicts_with_all = ["once", "trigger"])]
    sign: Option<String>,
    /// Which of several webhooks or schedules to fire
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// Fire its schedule once
    #[arg(long, conflicts_with = "trigger")]
    once: bool,
    /// Fire its trigger once
    #[arg(long, value_enum, value_name = "OPERATION")]
    trigger: Option<Operation>,
    /// The row after the change, as JSON
    #[arg(long, value_name = "FILE", requires = "trigger")]
    new: Option<PathBuf>,
    /// The row before the change, as JSON
    #[arg(long, value_name = "FILE", requires = "trigger")]
    old: Option<PathBuf>,
    /// Tell each statement and the variables it changes on standard error
    #[arg(long)]
    trace: bool,
    /// Instructions it may execute
    #[arg(long)]
    fuel: Option<u64>,
    /// Seconds it may take
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// The MiB that the script's values may take at one time (64 for an event, 1024 without one)
    #[arg(long, value_name = "MIB")]
    memory_limit: Option<usize>,
    #[command(flatten)]
    service: serve::Service,
}

/// A change of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Operation {
    /// A new row
    Insert,
    /// A changed row
    Update,
    /// A removed row
    Delete,
}

/// Runs, fires or serves.
pub fn run(options: &Options, colour: Colour) -> Result<Exit, Failure> {
    world::start_log("warn", colour);
    let sources = crate::scripts::read(&options.file);
    let script = world::loaded(sources.and_then(|sources| crate::scripts::compile(sources, &[])).map(Arc::new), colour)?;
    let fires_webhook = options.body.is_some() || options.sign.is_some() || !options.header.is_empty() || !options.query.is_empty() || options.method.is_some();
    let fires = fires_webhook || options.once || options.trigger.is_some();
    if !fires && !script.declarations.is_empty() {
        let engine = world::engine(&options.world, world::folder_of(&options.file), world::Prints::ToLog, options.trace)?;
        return serve::serve_scripts(engine, vec![script], &options.service);
    }
    let event = if fires_webhook {
        webhook(options, &script)?
    } else if options.once {
        schedule(options, &script)?
    } else if let Some(operation) = options.trigger {
        trigger(options, operation, &script)?
    } else {
        Event::manual()
    };
    tell_unknown_inputs(&options.world.param, &script)?;
    let engine = world::engine(&options.world, world::folder_of(&options.file), world::Prints::ToStandardOutput, options.trace)?;
    fire(options, &engine, &script, event)
}

/// Warns of an input that the script does not know: its name may be misspelt.
fn tell_unknown_inputs(given: &[String], script: &Script) -> Result<(), Failure> {
    for parameter in given {
        let (name, _) = world::pair("param", "NAME=VALUE", parameter)?;
        let program = script.linked.program();
        let variables = program.procedures.iter().flat_map(|procedure| &procedure.variables).map(|(_, name)| &**name);
        let mut known = script.interface.params.iter().map(|param| &*param.name).chain(program.globals.iter().map(|name| &**name)).chain(variables);
        // In params a script finds all of them, whatever their names.
        if !known.any(|known| known.eq_ignore_ascii_case(name) || known.eq_ignore_ascii_case("params")) {
            eprintln!("gbvm: warning: the script has no input {name}, so --param {parameter} does nothing");
        }
    }
    Ok(())
}

fn fire(options: &Options, engine: &Engine, script: &Arc<Script>, event: Event) -> Result<Exit, Failure> {
    engine.prepare(script).map_err(world::failure)?;
    let event = match &options.sign {
        Some(key) => sign(engine, event, key)?,
        None => event,
    };
    let limits = Limits::default();
    let is_event = !matches!(event, Event::Manual(_));
    let budget = Budget {
        fuel: options.fuel.or(limits.fuel.filter(|_| is_event)),
        wall_ms: options.timeout.map(|seconds| seconds.saturating_mul(1000)).or(limits.job_wall_ms.filter(|_| is_event)),
        query_ms: limits.query_ms.filter(|_| is_event),
        memory_bytes: options.memory_limit.map_or(if is_event { limits.memory_bytes } else { limits.manual_memory_bytes }, |mebibytes| mebibytes.saturating_mul(1 << 20)),
    };
    let outcome = engine.fire_within(script, &event, budget);
    report(&outcome, &event)?;
    deliver(engine)?;
    Ok(if outcome.fault.is_some() { Exit::ScriptError } else { Exit::Ok })
}

fn report(outcome: &Outcome, event: &Event) -> Result<(), Failure> {
    if let Some(fault) = &outcome.fault {
        eprintln!("{}", render::fault(fault));
    }
    if matches!(event, Event::Webhook(_)) {
        eprintln!("status: {}", outcome.reply.status);
        output::line(&outcome.reply.text())?;
    }
    Ok(())
}

/// Sends what the run queued, if no other process works the queues of this database.
fn deliver(engine: &Engine) -> Result<(), Failure> {
    if !engine.world().has_store() {
        return Ok(());
    }
    let mut store = engine.world().store().map_err(world::failure)?;
    let waiting = store.waiting_deliveries().map_err(world::failure)?;
    if waiting == 0 {
        return Ok(());
    }
    if store.lock().is_err() {
        eprintln!("{waiting} queued deliveries are left to the process that serves this database");
        return Ok(());
    }
    drop(store);
    engine.settle().map_err(world::failure)?;
    let mut store = engine.world().store().map_err(world::failure)?;
    let left = store.waiting_deliveries().map_err(world::failure)?;
    if left > 0 && store.is_in_memory() {
        eprintln!("{left} queued deliveries could not be made and are lost, because the database is in memory only");
    } else if left > 0 {
        eprintln!("{left} queued deliveries could not be made yet; they stay queued and are tried again by `gbvm serve`");
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map_err(|error| Failure::new(Exit::Usage, format!("gbvm: {}: cannot be read: {error}", path.display())))
}

fn webhook(options: &Options, script: &Script) -> Result<Event, Failure> {
    let names = script.declarations.iter().filter_map(|declaration| match declaration {
        Declaration::Webhook(webhook) => Some(webhook.name.as_str()),
        Declaration::Trigger(_) | Declaration::Schedule(_) => None,
    });
    let name = pick(names.collect(), options, script, "webhook")?;
    let mut headers = Vec::new();
    for header in &options.header {
        let (name, value) = header.split_once(':').ok_or_else(|| Failure::new(Exit::Usage, format!("gbvm: --header wants \"Name: value\", not {header:?}")))?;
        if !is_token(name.trim()) {
            return Err(Failure::new(Exit::Usage, format!("gbvm: --header: {:?} is no name of a header; letters, digits and - are usual", name.trim())));
        }
        if value.contains(|c: char| c.is_control() && c != '\t') {
            return Err(Failure::new(Exit::Usage, format!("gbvm: --header: the value of {} has a line break or another control character, which no header can have", name.trim())));
        }
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    let headers = crate::server::fold_headers(&headers).map_err(|message| Failure::new(Exit::Usage, format!("gbvm: --header: {message}")))?;
    let body = options.body.as_deref().map(read_file).transpose()?.unwrap_or_default();
    let limit = Limits::default().body_bytes;
    if body.len() > limit {
        return Err(Failure::new(Exit::Usage, format!("gbvm: the body has {} bytes; a webhook takes at most {limit}", body.len())));
    }
    // A body whose kind nobody named is meant to be JSON: a slip in it is a mistake of whoever wrote the file.
    if !body.is_empty() && !headers.iter().any(|(name, _)| name == "content_type") {
        gbvm_stdlib::json::parse(&body, &Limits::default()).map_err(|fault| {
            let path = options.body.as_deref().unwrap_or(Path::new("-"));
            Failure::new(Exit::Usage, format!("gbvm: {}: {}; for another kind of body add --header \"Content-Type: text/plain\"", path.display(), fault.message))
        })?;
    }
    let mut query = Vec::new();
    for parameter in options.query.iter().chain(&options.world.param) {
        let (name, value) = world::pair("query", "NAME=VALUE", parameter)?;
        query.push((name.to_owned(), value.to_owned()));
    }
    let method = options.method.as_deref().unwrap_or("POST").to_ascii_uppercase();
    if !is_token(&method) {
        return Err(Failure::new(Exit::Usage, format!("gbvm: --method wants a method such as POST, not {method:?}")));
    }
    Ok(Event::Webhook(WebhookEvent { path: format!("/webhook/{name}"), name: name.to_owned(), method, query, query_text: String::new(), headers, body }))
}

/// Whether a text is a token of RFC 9110: what methods and names of headers are.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn schedule(options: &Options, script: &Script) -> Result<Event, Failure> {
    let names = script.declarations.iter().filter_map(|declaration| match declaration {
        Declaration::Schedule(schedule) => Some(schedule.name.as_deref().unwrap_or(&schedule.when)),
        Declaration::Trigger(_) | Declaration::Webhook(_) => None,
    });
    let name = pick(names.collect(), options, script, "schedule")?;
    Ok(Event::Schedule(ScheduleEvent { name: name.to_owned(), slot: 0 }))
}

fn trigger(options: &Options, operation: Operation, script: &Script) -> Result<Event, Failure> {
    let (word, needs_new, needs_old) = match operation {
        Operation::Insert => ("INSERT", true, false),
        Operation::Update => ("UPDATE", true, false),
        Operation::Delete => ("DELETE", false, true),
    };
    let table = script.declarations.iter().find_map(|declaration| match declaration {
        Declaration::Trigger(trigger) if [(Operation::Insert, trigger.insert), (Operation::Update, trigger.update), (Operation::Delete, trigger.delete)].contains(&(operation, true)) => Some(&trigger.table),
        Declaration::Trigger(_) | Declaration::Webhook(_) | Declaration::Schedule(_) => None,
    });
    let table = table.ok_or_else(|| Failure::new(Exit::Usage, format!("gbvm: {} has no ON for {word}", script.name)))?;
    let image = |option: &str, file: &Option<PathBuf>, is_needed: bool| -> Result<Option<String>, Failure> {
        let Some(file) = file else {
            return if is_needed { Err(Failure::new(Exit::Usage, format!("gbvm: --trigger {} wants --{option} FILE, the row as JSON", word.to_lowercase()))) } else { Ok(None) };
        };
        let bytes = read_file(file)?;
        let row = gbvm_stdlib::json::parse(&bytes, &Limits::default()).map_err(|fault| Failure::new(Exit::Usage, format!("gbvm: {}: {}", file.display(), fault.message)))?;
        Ok(Some(coerce::json(&row)))
    };
    let new = image("new", &options.new, needs_new)?;
    let old = image("old", &options.old, needs_old)?;
    let row_id = new.as_ref().or(old.as_ref()).and_then(|row| serde_json::from_str::<serde_json::Value>(row).ok()).and_then(|row| match row.get("id") {
        Some(serde_json::Value::String(id)) => Some(id.clone()),
        Some(serde_json::Value::Number(id)) => Some(id.to_string()),
        _ => None,
    });
    Ok(Event::Trigger(TriggerEvent { table: table.clone(), operation: word.to_owned(), row_id: row_id.unwrap_or_default(), new, old, depth: 1 }))
}

/// The declaration that is meant: the named one, or the only one.
fn pick<'a>(names: Vec<&'a str>, options: &Options, script: &Script, kind: &str) -> Result<&'a str, Failure> {
    let wanted = options.event.as_deref();
    match (wanted, names.as_slice()) {
        (None, [only]) => Ok(only),
        (Some(wanted), names) if names.contains(&wanted) => Ok(names.iter().copied().find(|name| *name == wanted).unwrap_or_default()),
        (_, []) => Err(Failure::new(Exit::Usage, format!("gbvm: {} declares no {kind}", script.name))),
        (_, names) => Err(Failure::new(Exit::Usage, format!("gbvm: say which {kind} with --event: {}", names.join(", ")))),
    }
}

fn sign(engine: &Engine, event: Event, key: &str) -> Result<Event, Failure> {
    let secret = engine.secret(key).map_err(world::failure)?;
    let secret = secret.ok_or_else(|| Failure::new(Exit::Usage, format!("gbvm: --sign: the memory secret {key} is not set; set it with --memory {key}=…")))?;
    let Event::Webhook(webhook) = &event else { return Ok(event) };
    let signature = security::hmac_sha256_hex(secret.as_bytes(), &webhook.body);
    Ok(event.header("X-Webhook-Signature", signature))
}
