//! Checks the signature of a request whose webhook declares how its callers sign, before the script runs.

use gbvm_lang::declare::{Declaration, Scheme};
use gbvm_stdlib::security;
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;

use crate::engine::World;
use crate::event::{Event, WebhookEvent};
use crate::scripts::Script;
use crate::segment::Segment;

/// Whether the request is signed as its webhook declares; FALSE where it declares nothing.
///
/// # Errors
/// `E_SIGNATURE` where it is not, or where the secret is not set.
pub fn authenticate(world: &World, segment: &Segment<'_>, script: &Script, event: &Event) -> Result<bool, Fault> {
    let Event::Webhook(request) = event else { return Ok(false) };
    let declared = script.declarations.iter().find_map(|declaration| match declaration {
        Declaration::Webhook(webhook) if webhook.name == request.name => webhook.scheme.as_ref(),
        Declaration::Webhook(_) | Declaration::Trigger(_) | Declaration::Schedule(_) => None,
    });
    let Some(scheme) = declared else { return Ok(false) };
    let secret = segment.memory(&scheme.key)?;
    let secret = secret.as_ref().map(coerce::text);
    let secret = secret.as_ref().map_or("", |secret| secret.as_str());
    if secret.is_empty() {
        tracing::error!("the webhook {} refuses every request: the secret \"{}\" is not set", request.name, scheme.key);
    }
    let is_right = !secret.is_empty()
        && signature(scheme, request).is_some_and(|signature| security::is_signed(&request.body, signature, secret, world.clock().now(), &request.headers));
    if is_right { Ok(true) } else { Err(Fault::new("E_SIGNATURE", format!("the request is not signed as the webhook {} wants it", request.name))) }
}

/// The signature that a request carries.
fn signature<'r>(scheme: &Scheme, request: &'r WebhookEvent) -> Option<&'r str> {
    let header = match scheme.name {
        "github" => "x_hub_signature_256",
        "shopify" => "x_shopify_hmac_sha256",
        "stripe" => "stripe_signature",
        _ => "webhook_signature",
    };
    let found = request.headers.iter().find(|(name, _)| name == header)?;
    Some(found.1.trim()).filter(|signature| !signature.is_empty())
}
