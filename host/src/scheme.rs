//! Checks the signature of a request whose webhook declares how its callers sign, before the script runs.

use gbvm_lang::declare::Signing;
use gbvm_stdlib::security::{self, Spelling};
use gbvm_stdlib::services::Storage as _;
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::value::Value;

use crate::address::addresses;
use crate::engine::World;
use crate::event::{Event, WebhookEvent};
use crate::inbox;
use crate::scripts::Script;

/// The request's signature, which is as its webhook declares it; none where it declares nothing. The secret is read outside of
/// the run's transaction, which may be one that writes: a stranger must not take the lock of the database.
///
/// # Errors
/// `E_SIGNATURE` where it is not, or where the secret is not set; those of the database.
pub fn authenticate<'e>(world: &World, script: &Script, event: &'e Event) -> Result<Option<&'e str>, Fault> {
    let Event::Webhook(request) = event else { return Ok(None) };
    let Some(scheme) = inbox::webhook(script, request).and_then(|webhook| webhook.scheme.as_ref()) else { return Ok(None) };
    let secret = match world.configured_secret(&scheme.key) {
        Some(secret) => Some(Value::text(secret)),
        None => world.store_as_it_is()?.memory(&scheme.key)?,
    };
    let secret = secret.as_ref().map(coerce::text);
    let secret = secret.as_ref().map_or("", |secret| secret.as_str());
    if secret.is_empty() {
        tracing::error!("the webhook {} refuses every request: the secret \"{}\" is not set", request.name, scheme.key);
    }
    let signature = signature_in(scheme.signing, request).filter(|signature| !secret.is_empty() && is_signed(world, scheme.signing, request, signature, secret));
    signature.map(Some).ok_or_else(|| Fault::new("E_SIGNATURE", format!("the request is not signed as the webhook {} wants it", request.name)))
}

fn signature_in(signing: Signing, request: &WebhookEvent) -> Option<&str> {
    signing.headers().iter().find_map(|name| request.header(&name.replace('-', "_")))
}

/// Whether a request is signed in exactly the way of a scheme.
fn is_signed(world: &World, signing: Signing, request: &WebhookEvent, signature: &str, secret: &str) -> bool {
    let (body, key, now) = (&request.body[..], secret.as_bytes(), world.clock().now());
    match signing {
        Signing::Github => signature.strip_prefix("sha256=").is_some_and(|value| security::is_hmac(key, body, value, Spelling::Hexadecimal)),
        Signing::Hubspot => security::is_hubspot(&request.method, &addresses(request, world.public_url()), body, signature, secret, now, &request.headers),
        Signing::Shopify => security::is_hmac(key, body, signature, Spelling::Base64),
        Signing::Standard => security::is_standard_webhook(body, signature, secret, now, &request.headers),
        Signing::Stripe => security::is_timed(body, signature, secret, now, Spelling::Hexadecimal),
    }
}
