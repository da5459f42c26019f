//! Requests that come twice: what tells them apart, and requests that are stored now and run later.
//!
//! A request is looked up, and noted, only once its caller has proved who it is: a stranger can neither read an answer
//! nor take the place of a request that is still to come.

use std::sync::Arc;

use gbvm_lang::declare::{Declaration, Dedupe, Webhook};
use gbvm_stdlib::security;
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::memory;
use gbvm_vm::value::Value;
use ring::digest;

use crate::engine::{self, World};
use crate::event::{Event, WebhookEvent};
use crate::input;
use crate::outcome::Reply;
use crate::scheme;
use crate::scripts::Script;
use crate::storage::{AcceptedRequest, Received};

/// How long a request that names itself is known, in milliseconds: three days, as long as senders repeat.
const NAMED_MS: i64 = 72 * 3_600_000;
/// How long one is known that is told apart by its content alone, in milliseconds.
const UNNAMED_MS: i64 = 10 * 60_000;
/// Headers by which senders name a delivery without signing the name, as scripts see them.
const NAMES: [&str; 8] =
    ["x_github_delivery", "x_shopify_event_id", "x_shopify_webhook_id", "x_gitlab_event_uuid", "x_atlassian_webhook_identifier", "webhook_id", "svix_id", "idempotency_key"];
/// How the ids of Stripe's events begin. Other senders that sign in its way put the id of a record there.
const STRIPE_EVENT: &str = "evt_";
/// The header that says that an answer is the one of an earlier request.
const REPLAYED: &str = "gbvm-replayed";

/// What a request is told apart by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The hash of what tells it apart.
    pub key: [u8; 32],
    /// How long it is known, in milliseconds.
    pub kept_ms: i64,
    /// Whether nothing but its content tells it apart: two requests that were both meant could be one.
    pub is_by_content: bool,
}

impl Ticket {
    fn new(kind: &str, endpoint: &str, parts: &[&[u8]], kept_ms: i64) -> Ticket {
        let mut hash = digest::Context::new(&digest::SHA256);
        for part in [kind.as_bytes(), endpoint.as_bytes()].iter().chain(parts) {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut key = [0; 32];
        key.copy_from_slice(hash.finish().as_ref());
        Ticket { key, kept_ms, is_by_content: false }
    }
}

/// The declaration of the endpoint that a request asked for.
pub fn webhook<'s>(script: &'s Script, request: &WebhookEvent) -> Option<&'s Webhook> {
    script.declarations.iter().find_map(|declaration| match declaration {
        Declaration::Webhook(webhook) if webhook.name == request.name => Some(webhook),
        Declaration::Webhook(_) | Declaration::Trigger(_) | Declaration::Schedule(_) => None,
    })
}

/// What tells a request apart: none where it may come as often as it likes. `signed_by` is the signature that was right,
/// where one was.
pub fn ticket(webhook: &Webhook, request: &WebhookEvent, body: &Value, signed_by: Option<&str>) -> Option<Ticket> {
    let name = &webhook.name;
    let field = match &webhook.dedupe {
        Dedupe::Off => return None,
        Dedupe::Standard => None,
        Dedupe::Field(field) => text_at(body, field).map(|value| Ticket::new("field", name, &[field.as_bytes(), value.as_bytes()], NAMED_MS)),
    };
    if field.is_some() {
        return field;
    }
    if let Some(id) = signed_by.and_then(|signature| signed_id(signature, request, body)) {
        return Some(Ticket::new("id", name, &[id.as_bytes()], NAMED_MS));
    }
    // Whoever has seen a signed request could send it under another name, or another one under its name.
    if let Some((header, id)) = request.headers.iter().find(|(header, id)| NAMES.contains(&header.as_str()) && !id.trim().is_empty()) {
        return Some(Ticket::new("name", name, &[header.as_bytes(), id.as_bytes(), &request.body], NAMED_MS));
    }
    // Asking the same twice is no delivery that came twice.
    if matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
        return None;
    }
    let query: Vec<&[u8]> = request.query.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]).collect();
    let parts: Vec<&[u8]> = [request.method.as_bytes(), &request.body].into_iter().chain(query).collect();
    Some(Ticket { is_by_content: true, ..Ticket::new("body", name, &parts, UNNAMED_MS) })
}

/// The text of a field, or of one that a path with dots leads to. Only texts and numbers tell one thing from another.
fn text_at(body: &Value, path: &str) -> Option<String> {
    let Value::Object(object) = body else { return None };
    let found = match (object.read(path), path.split_once('.')) {
        (Value::Missing, Some((first, rest))) => return text_at(object.read(first), rest),
        (found, _) => found,
    };
    match found {
        Value::Text(_) | Value::Int(_) | Value::Float(_) => Some(coerce::text(found).as_str().to_owned()).filter(|text| !text.trim().is_empty()),
        Value::Missing | Value::Null | Value::Bool(_) | Value::Date(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The id of a delivery, where the signature covers it.
fn signed_id(signature: &str, request: &WebhookEvent, body: &Value) -> Option<String> {
    match security::form_of(signature) {
        security::SignatureForm::Standard => security::standard_id(&request.headers).map(str::to_owned),
        security::SignatureForm::Timed => text_at(body, "id").filter(|id| id.starts_with(STRIPE_EVENT)),
        security::SignatureForm::Plain => None,
    }
}

/// The answer to a request that is there already: that of the first, or, while its run goes on, which run that is.
pub fn replay(request: &WebhookEvent, ticket: &Ticket, first: Received) -> Reply {
    if ticket.is_by_content {
        tracing::warn!(run = %first.run_id, "a request to {} has the content of an earlier one, so it was answered as that and not run; DEDUPE OFF on WEBHOOK runs every request", request.name);
    }
    let mut reply = first.reply.unwrap_or_else(|| accepted(&first.run_id));
    reply.headers.push((REPLAYED.into(), "true".into()));
    reply
}

/// Whether an answer settles its request. After the others its sender is to come again, and to be heard.
pub fn settles(reply: &Reply) -> bool {
    !matches!(reply.status, 408 | 425 | 429 | 500..)
}

/// The answer to a request whose run goes on: 202, and which run that is.
pub fn accepted(run_id: &str) -> Reply {
    let mut body = String::from("{\"run\":");
    coerce::write_json_text(run_id, &mut body);
    body.push('}');
    Reply::json(202, body)
}

/// Stores a request of a webhook that declares ACCEPT and answers it; its run follows from the queue.
pub fn accept(world: &World, script: &Arc<Script>, webhook: &Webhook, request: WebhookEvent) -> Reply {
    let run_id = engine::new_run_id();
    let event = Event::Webhook(request);
    store(world, script, webhook, &event, &run_id).unwrap_or_else(|fault| Reply::failed(&fault, &run_id, None))
}

fn store(world: &World, script: &Arc<Script>, webhook: &Webhook, event: &Event, run_id: &str) -> Result<Reply, Fault> {
    let signature = scheme::authenticate(world, script, event)?;
    let Event::Webhook(request) = event else { return Ok(accepted(run_id)) };
    let _bounded = memory::bound(world.limits().memory_bytes);
    // What cannot be read is refused now: later nobody would learn of it.
    let body = input::read_body(request, world.limits())?;
    let ticket = signature.and_then(|signature| ticket(webhook, request, &body, Some(signature)));
    let reply = accepted(run_id);
    let accepted = AcceptedRequest { run_id, script: &script.name, endpoint: &webhook.name, event: &event.to_stored(), reply: &reply };
    let repeated = world.write(|store| store.accept(ticket.as_ref(), &accepted, world.clock().now()))?;
    match (repeated, &ticket) {
        (Some(first), Some(ticket)) => Ok(replay(request, ticket, first)),
        (Some(_), None) | (None, _) => Ok(reply),
    }
}
