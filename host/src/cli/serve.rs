//! `gbvm serve [DIR]`: serves all scripts of a folder until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use clap::Args;
use gbvm_lang::declare::Declaration;

use super::colour::Colour;
use super::{Exit, Failure, output, world};
use crate::endpoints;
use crate::engine::{Engine, World};
use crate::event::WebhookEvent;
use crate::outcome::Reply;
use crate::scripts::{self, Script};
use crate::server::{self, Desk, IncomingRequest, Responder, ServerError, Stopping};
use crate::turns::Threads;

/// How long the answers of runs that were cut short may take on their way out.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// How often the end of the runs is looked for while stopping.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Options of `serve`.
#[derive(Args, Debug)]
pub struct Options {
    /// The folder
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    service: Service,
    #[command(flatten)]
    world: world::Options,
}

/// Options of everything that serves.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Service {
    /// Where to listen while it serves
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Seconds that runs may go on after the order to stop
    #[arg(long, default_value_t = 25, value_name = "SECONDS")]
    grace: u32,
}

/// Compiles all scripts of the folder and serves them; if one does not compile, none is served.
pub fn serve(options: &Options, colour: Colour) -> Result<Exit, Failure> {
    world::start_log("info", colour);
    let files = scripts::scripts_in(&options.folder).map_err(|error| Failure::new(Exit::Usage, format!("gbvm: {error}")))?;
    let mut loaded = Vec::new();
    let mut broken = false;
    for file in &files {
        match world::loaded(scripts::read(file).and_then(|sources| scripts::compile(sources, &[])).map(Arc::new), colour) {
            Ok(script) => loaded.push(script),
            Err(failure) if failure.exit == Exit::DoesNotCompile => broken = true,
            Err(failure) => return Err(failure),
        }
    }
    if broken {
        return Err(Failure::new(Exit::DoesNotCompile, "gbvm: nothing is served while a script does not compile"));
    }
    // A script without events has nothing to wait for: `gbvm run` runs it.
    loaded.retain(|script| !script.declarations.is_empty());
    if loaded.is_empty() {
        return Err(Failure::new(Exit::Usage, format!("gbvm: {}: no script here declares a webhook, a trigger or a schedule", options.folder.display())));
    }
    let engine = world::engine(&options.world, &options.folder, world::Prints::ToLog, false)?;
    serve_scripts(engine, loaded, &options.service)
}

/// Serves these scripts until Ctrl-C or SIGTERM; a second one cuts short what still runs.
pub fn serve_scripts(engine: Engine, scripts: Vec<Arc<Script>>, service: &Service) -> Result<Exit, Failure> {
    let (stop, stopped) = mpsc::channel();
    ctrlc::set_handler(move || {
        // After the end nobody listens any more.
        let _ = stop.send(());
    })
    .map_err(|error| Failure::new(Exit::Usage, format!("gbvm: signals cannot be handled: {error}")))?;
    if !service.listen.ip().is_loopback() {
        refuse_unguarded(&scripts, engine.world(), service.listen)?;
    }
    engine.claim().map_err(world::failure)?;
    engine.load(scripts).map_err(world::failure)?;
    engine.start().map_err(world::failure)?;
    let has_webhooks = !endpoints::endpoints(&engine.scripts()).is_empty();
    let world = engine.world().clone();
    let server = if has_webhooks {
        let server = server::start(service.listen, world.limits().clone(), Arc::new(move |request, responder, desk| answer(&world, request, responder, desk))).map_err(|error| {
            let exit = if matches!(error, ServerError::AddressInUse(_)) { Exit::AddressInUse } else { Exit::Usage };
            Failure::new(exit, format!("gbvm: {error}"))
        })?;
        say(&format!("listening on http://{}", server.address()));
        Some(server)
    } else {
        say("working without endpoints; Ctrl-C stops");
        None
    };
    for script in engine.scripts() {
        describe(&script);
    }
    // The sender lives in the signal handler for as long as the process.
    let _ = stopped.recv();
    tracing::info!("stopping");
    let grace = Duration::from_secs(service.grace.into());
    let server = server.map(|server| server.stop_accepting(grace + LAST_ANSWERS));
    engine.drain();
    let end = Instant::now() + grace;
    let is_over = || engine.is_idle() && server.as_ref().is_none_or(Stopping::is_finished);
    while !is_over() && Instant::now() < end && stopped.recv_timeout(LOOK_AGAIN).is_err() {}
    engine.shut_down();
    if let Some(server) = server {
        server.finish();
    }
    engine.world().store().and_then(|mut store| store.close()).map_err(world::failure)?;
    Ok(Exit::Ok)
}

/// Refuses to offer to strangers what writes for anybody.
fn refuse_unguarded(scripts: &[Arc<Script>], world: &World, listen: SocketAddr) -> Result<(), Failure> {
    let unguarded = endpoints::unguarded(scripts, world.open_webhooks());
    if unguarded.is_empty() {
        return Ok(());
    }
    let lines: String = unguarded.iter().map(|(name, script)| format!("\n  {}: the webhook \"{name}\" checks no signature and no key, and writes", script.name)).collect();
    let cure = "check the callers with VERIFY_SIGNATURE, VERIFY_KEY or SCHEME; or write OPEN behind the webhook's name, or its name into open_webhooks in gbvm.toml, if that is meant; or listen at 127.0.0.1";
    Err(Failure::new(Exit::Usage, format!("gbvm: at {listen} anybody could write:{lines}\n{cure}")))
}

/// A line about the service, which goes on though nobody may read it.
fn say(line: &str) {
    let _ = output::line(line);
}

fn describe(script: &Script) {
    for declaration in &script.declarations {
        match declaration {
            Declaration::Webhook(webhook) => say(&format!("  {} answers /webhook/{1} and /api/{2}/webhook/{1}", script.name, webhook.name, endpoints::DEFAULT_BOT)),
            Declaration::Trigger(trigger) => {
                let operations = [("INSERT", trigger.insert), ("UPDATE", trigger.update), ("DELETE", trigger.delete)];
                let operations: Vec<&str> = operations.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| name).collect();
                say(&format!("  {} runs after {} of {}", script.name, operations.join(", "), trigger.table));
            }
            Declaration::Schedule(schedule) => say(&format!("  {} runs at {}", script.name, schedule.when)),
        }
    }
}

fn answer(world: &Arc<World>, request: IncomingRequest, responder: Responder, desk: &Arc<Desk>) {
    let respond = move |reply: Reply| responder.send(reply.into());
    match server::fold_headers(&request.headers) {
        Ok(headers) => {
            let event = WebhookEvent { name: String::new(), method: request.method, path: request.path, query: request.query, query_text: request.query_text, headers, body: request.body };
            let threads: Arc<dyn Threads> = desk.clone();
            endpoints::take(world, event, Box::new(respond), &threads);
        }
        Err(message) => respond(Reply::error(400, "E_HEADERS", &message)),
    }
}
