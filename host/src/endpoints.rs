//! Requests to their scripts: which endpoint a path names, and the answer where it names none.

use std::collections::BTreeMap;
use std::sync::Arc;

use gbvm_lang::declare::Declaration;
use gbvm_vm::fault::Fault;

use crate::engine::World;
use crate::event::{Event, WebhookEvent};
use crate::inbox;
use crate::outcome::Reply;
use crate::percent::decode_percent;
use crate::runner::Budget;
use crate::scripts::Script;

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

/// Answers a request: runs the script of its endpoint.
pub fn answer(world: &World, request: WebhookEvent) -> Reply {
    if world.is_stopping() {
        let mut reply = Reply::error(503, "E_STOPPING", "the server is stopping");
        reply.headers.push(("retry-after".into(), "5".into()));
        return reply;
    }
    let Some(name) = name_in(&request.path) else {
        return Reply::error(404, "E_NO_ENDPOINT", "there is no such endpoint; webhooks are at /webhook/NAME");
    };
    let scripts = world.scripts();
    let Some(script) = endpoints(&scripts).get(name.as_str()).copied().cloned() else {
        return Reply::error(404, "E_NO_ENDPOINT", &format!("no loaded script declares the webhook \"{name}\""));
    };
    let request = WebhookEvent { name, ..request };
    if let Some(webhook) = inbox::webhook(&script, &request).filter(|webhook| webhook.accept) {
        return inbox::accept(world, &script, webhook, request.clone());
    }
    let limits = world.limits();
    let budget = Budget { fuel: limits.fuel, wall_ms: limits.webhook_wall_ms, memory_bytes: limits.memory_bytes };
    let outcome = world.fire(&script, &Event::Webhook(request), budget);
    outcome.reply
}
