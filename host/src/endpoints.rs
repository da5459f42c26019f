//! Requests to their scripts: which endpoint a path names, and the answer where it names none.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gbvm_lang::declare::Declaration;
use gbvm_vm::fault::Fault;
use parking_lot::Mutex;

use crate::engine::{self, World};
use crate::event::{Event, WebhookEvent};
use crate::inbox;
use crate::outcome::Reply;
use crate::percent::decode_percent;
use crate::runner::{self, Start};
use crate::scripts::Script;
use crate::storage::RunIdentity;
use crate::turns::{self, Full, Respond, Threads, Turn};

/// The name of this bot in paths, where the project sets none.
pub const DEFAULT_BOT: &str = "default";

/// The name, decoded, of the endpoint that a path asks for: `/webhook/{name}` or `/api/{bot}/webhook/{name}`.
pub fn name_in(path: &str) -> Option<String> {
    let mut parts = path.strip_prefix('/')?.split('/');
    let name = match (parts.next()?, parts.next()?) {
        ("webhook", name) => name,
        ("api", _bot) => {
            if parts.next()? != "webhook" {
                return None;
            }
            parts.next()?
        }
        _ => return None,
    };
    (parts.next().is_none() && !name.is_empty()).then(|| decode_percent(name))
}

/// The endpoints of scripts, by name.
pub fn endpoints(scripts: &[Arc<Script>]) -> BTreeMap<&str, &Arc<Script>> {
    let mut found = BTreeMap::new();
    for script in scripts {
        for declaration in &script.declarations {
            if let Declaration::Webhook(webhook) = declaration {
                found.entry(webhook.name.as_str()).or_insert(script);
            }
        }
    }
    found
}

/// Checks that no endpoint is declared by two scripts.
///
/// # Errors
/// `E_ENDPOINT_TWICE`.
pub fn check(scripts: &[Arc<Script>]) -> Result<(), Fault> {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for script in scripts {
        for declaration in &script.declarations {
            let Declaration::Webhook(webhook) = declaration else { continue };
            if let Some(other) = owners.insert(&webhook.name, &script.name)
                && other != script.name
            {
                return Err(Fault::new("E_ENDPOINT_TWICE", format!("{other} and {} both declare the webhook \"{}\"", script.name, webhook.name)));
            }
        }
    }
    Ok(())
}

/// The endpoints, with their scripts, at which anybody may write: no signature and no key is checked, and neither the
/// script nor the project says that this is meant.
pub fn unguarded<'s>(scripts: &'s [Arc<Script>], open: &BTreeSet<String>) -> Vec<(&'s str, &'s Script)> {
    let mut found = Vec::new();
    for script in scripts.iter().filter(|script| script.writes && script.warnings.iter().any(|warning| warning.code == "W_UNAUTHENTICATED")) {
        for declaration in &script.declarations {
            if let Declaration::Webhook(webhook) = declaration
                && !webhook.open
                && webhook.scheme.is_none()
                && !open.contains(&webhook.name)
            {
                found.push((webhook.name.as_str(), &**script));
            }
        }
    }
    found
}

/// Takes a request: the script of its endpoint runs on one of these threads and answers.
pub fn take(world: &Arc<World>, request: WebhookEvent, respond: Respond, threads: &Arc<dyn Threads>) {
    let (script, event) = match find(world, request) {
        Ok(found) => found,
        Err(refusal) => return respond(refusal),
    };
    let answer = Once::new(respond);
    let own = answer.clone();
    let is_accepted = inbox::webhook(&script, &event).is_some_and(|webhook| webhook.accept);
    let taken = if is_accepted {
        let world = Arc::clone(world);
        threads.apart(Box::new(move || own.give_or_break(|| execute(&world, &script, event))))
    } else if script.waits {
        wait_apart(world, script, event, own, threads)
    } else {
        turns::take(world, Turn { script, event: Event::Webhook(event), respond: Box::new(move |reply| own.give(reply)) }, threads)
    };
    if taken.is_err() {
        let mut reply = Reply::error(503, "E_BUSY", "too many requests are waiting; try again in a second");
        reply.headers.push(("retry-after".into(), "1".into()));
        answer.give(reply);
    }
}

/// Runs a script that may wait. If it still does when its caller has waited long enough, and goes on whatever becomes of
/// the process, the caller is told which run it is.
fn wait_apart(world: &Arc<World>, script: Arc<Script>, request: WebhookEvent, answer: Once, threads: &Arc<dyn Threads>) -> Result<(), Full> {
    let event = Event::Webhook(request);
    let run_id = engine::new_run_id();
    let is_late = Arc::new(AtomicBool::new(false));
    let has_kept = Arc::new(AtomicBool::new(false));
    let tell = {
        let (is_late, has_kept, answer, run_id) = (Arc::clone(&is_late), Arc::clone(&has_kept), answer.clone(), run_id.clone());
        move || {
            if is_late.load(Ordering::SeqCst) && has_kept.load(Ordering::SeqCst) {
                answer.give(inbox::accepted(&run_id));
            }
        }
    };
    let (when_kept, when_late) = (tell.clone(), tell);
    let world = Arc::clone(world);
    let time = Duration::from_millis(world.limits().answer_ms);
    threads.apart(Box::new(move || {
        let is_kept = || {
            has_kept.store(true, Ordering::SeqCst);
            when_kept();
        };
        answer.give_or_break(|| {
            let begin = Start::of_webhook(&world, &script, &event);
            let identity = RunIdentity { run_id, ..begin.identity.clone() };
            runner::execute_unwatched(&world, Start { identity, is_kept: Some(&is_kept), ..begin }).reply
        });
    }))?;
    threads.later(time, Box::new(move || {
        is_late.store(true, Ordering::SeqCst);
        when_late();
    }));
    Ok(())
}

/// A caller who is to be answered once, by whoever is first.
#[derive(Clone)]
struct Once(Arc<Mutex<Option<Respond>>>);

impl Once {
    fn new(respond: Respond) -> Once {
        Once(Arc::new(Mutex::new(Some(respond))))
    }

    fn give(&self, reply: Reply) {
        let respond = self.0.lock().take();
        if let Some(respond) = respond {
            respond(reply);
        }
    }

    /// Gives what this comes to, or says that it ended in a panic.
    fn give_or_break(&self, answer: impl FnOnce() -> Reply) {
        self.give(catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(|_| Reply::broken()));
    }
}

/// Answers a request on this thread.
pub fn answer(world: &World, request: WebhookEvent) -> Reply {
    match find(world, request) {
        Ok((script, request)) => execute(world, &script, request),
        Err(refusal) => refusal,
    }
}

/// Stores a request that its webhook accepts, or runs its script to the end.
fn execute(world: &World, script: &Arc<Script>, request: WebhookEvent) -> Reply {
    match inbox::webhook(script, &request).filter(|webhook| webhook.accept) {
        Some(webhook) => inbox::accept(world, script, webhook, request.clone()),
        None => runner::execute_unwatched(world, Start::of_webhook(world, script, &Event::Webhook(request))).reply,
    }
}

/// The script that a request asks for.
fn find(world: &World, request: WebhookEvent) -> Result<(Arc<Script>, WebhookEvent), Reply> {
    if world.is_stopping() {
        let mut reply = Reply::error(503, "E_STOPPING", "the server is stopping");
        reply.headers.push(("retry-after".into(), "5".into()));
        return Err(reply);
    }
    let Some(name) = name_in(&request.path) else {
        return Err(Reply::error(404, "E_NO_ENDPOINT", "there is no such endpoint; webhooks are at /webhook/NAME"));
    };
    match world.endpoint(&name) {
        Some(script) => Ok((script, WebhookEvent { name, ..request })),
        None => Err(Reply::error(404, "E_NO_ENDPOINT", &format!("no loaded script declares the webhook \"{name}\""))),
    }
}
