//! Checks the signature of a request whose webhook declares how its callers sign, before the script runs.

use std::fmt::Write as _;

use gbvm_lang::declare::Signing;
use gbvm_stdlib::security;
use gbvm_stdlib::services::Storage as _;
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::value::Value;

use crate::engine::World;
use crate::event::{Event, WebhookEvent};
use crate::inbox;
use crate::percent::decode_percent;
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
        None => world.store()?.memory(&scheme.key)?,
    };
    let secret = secret.as_ref().map(coerce::text);
    let secret = secret.as_ref().map_or("", |secret| secret.as_str());
    if secret.is_empty() {
        tracing::error!("the webhook {} refuses every request: the secret \"{}\" is not set", request.name, scheme.key);
    }
    let signature = signature_in(scheme.signing, request).filter(|signature| !secret.is_empty() && is_signed(scheme.signing, request, signature, secret, world.clock().now()));
    signature.map(Some).ok_or_else(|| Fault::new("E_SIGNATURE", format!("the request is not signed as the webhook {} wants it", request.name)))
}

fn signature_in(signing: Signing, request: &WebhookEvent) -> Option<&str> {
    signing.headers().iter().find_map(|name| header(request, name))
}

/// Whether a request is signed in exactly the way of a scheme.
fn is_signed(signing: Signing, request: &WebhookEvent, signature: &str, secret: &str, now: Instant) -> bool {
    let (body, key) = (&request.body[..], secret.as_bytes());
    match signing {
        Signing::Github => signature.strip_prefix("sha256=").is_some_and(|value| security::is_hmac(key, body, value)),
        Signing::Hubspot => is_hubspot(request, signature, key, now),
        Signing::Shopify => security::is_hmac(key, body, signature),
        Signing::Standard => security::is_standard_webhook(body, signature, secret, now, &request.headers),
        Signing::Stripe => security::is_timed(body, signature, secret, now),
    }
}

/// A header of the request by its name as it is sent, in lower case; it is kept as scripts see it.
fn header<'r>(request: &'r WebhookEvent, name: &str) -> Option<&'r str> {
    let folded = name.replace('-', "_");
    let found = request.headers.iter().find(|(known, _)| *known == folded)?;
    Some(found.1.trim()).filter(|value| !value.is_empty())
}

/// HubSpot signs, from its third version on, method, address, body and the time in milliseconds. The address is the one
/// that it called: behind a proxy that is another host, and another protocol, than this process sees.
fn is_hubspot(request: &WebhookEvent, signature: &str, key: &[u8], now: Instant) -> bool {
    let Some(time) = header(request, "x-hubspot-request-timestamp") else { return false };
    if !time.parse().is_ok_and(|millis| security::is_near(millis, now)) {
        return false;
    }
    let hosts = ["x-forwarded-host", "host"].into_iter().filter_map(|name| header(request, name));
    let mut addresses = hosts.flat_map(|host| ["https", "http"].map(|protocol| format!("{protocol}://{host}{}", path_and_query(request))));
    addresses.any(|address| security::is_hmac(key, &[request.method.as_bytes(), address.as_bytes(), &request.body, time.as_bytes()].concat(), signature))
}

/// Path and query as HubSpot writes them for its signature: some characters are decoded there, all others that an
/// address cannot have are encoded.
fn path_and_query(request: &WebhookEvent) -> String {
    const STAYS: &[u8] = b"-_.~:/?@!$'()*,;";
    let encoded = |text: &str| {
        text.bytes().fold(String::new(), |mut encoded, byte| {
            if byte.is_ascii_alphanumeric() || STAYS.contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                let _ = write!(encoded, "%{byte:02X}");
            }
            encoded
        })
    };
    let mut address = encoded(&decode_percent(&request.path));
    for (at, (name, value)) in request.query.iter().enumerate() {
        let _ = write!(address, "{}{}={}", if at == 0 { '?' } else { '&' }, encoded(name), encoded(value));
    }
    address
}
