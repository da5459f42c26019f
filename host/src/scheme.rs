//! Checks the signature of a request whose webhook declares how its callers sign, before the script runs.

use std::fmt::Write as _;

use gbvm_lang::declare::Declaration;
use gbvm_stdlib::security;
use gbvm_stdlib::services::Storage as _;
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::value::Value;

use crate::engine::World;
use crate::event::{Event, WebhookEvent};
use crate::percent::decode_percent;
use crate::scripts::Script;

/// Whether the request is signed as its webhook declares; FALSE where it declares nothing. The secret is read outside of
/// the run's transaction, which may be one that writes: a stranger must not take the lock of the database.
///
/// # Errors
/// `E_SIGNATURE` where it is not, or where the secret is not set; those of the database.
pub fn authenticate(world: &World, script: &Script, event: &Event) -> Result<bool, Fault> {
    let Event::Webhook(request) = event else { return Ok(false) };
    let declared = script.declarations.iter().find_map(|declaration| match declaration {
        Declaration::Webhook(webhook) if webhook.name == request.name => webhook.scheme.as_ref(),
        Declaration::Webhook(_) | Declaration::Trigger(_) | Declaration::Schedule(_) => None,
    });
    let Some(scheme) = declared else { return Ok(false) };
    let secret = match world.configured_secret(&scheme.key) {
        Some(secret) => Some(Value::text(secret)),
        None => world.store()?.memory(&scheme.key)?,
    };
    let secret = secret.as_ref().map(coerce::text);
    let secret = secret.as_ref().map_or("", |secret| secret.as_str());
    if secret.is_empty() {
        tracing::error!("the webhook {} refuses every request: the secret \"{}\" is not set", request.name, scheme.key);
    }
    let is_right = !secret.is_empty() && is_signed(scheme.name, request, secret, world.clock().now());
    if is_right { Ok(true) } else { Err(Fault::new("E_SIGNATURE", format!("the request is not signed as the webhook {} wants it", request.name))) }
}

/// Whether a request is signed in exactly the way of a scheme.
fn is_signed(scheme: &str, request: &WebhookEvent, secret: &str, now: Instant) -> bool {
    let Some(signature) = signature_headers(scheme).iter().find_map(|name| header(request, name)) else { return false };
    let (body, key) = (&request.body[..], secret.as_bytes());
    match scheme {
        "github" => signature.strip_prefix("sha256=").is_some_and(|value| security::is_hmac(key, body, value)),
        "shopify" => security::is_hmac(key, body, signature),
        "stripe" => security::is_timed(body, signature, secret, now),
        "hubspot" => is_hubspot(request, signature, key, now),
        _ => security::is_standard_webhook(body, signature, secret, now, &request.headers),
    }
}

/// The headers in which the signature may stand.
fn signature_headers(scheme: &str) -> &'static [&'static str] {
    match scheme {
        "github" => &["x_hub_signature_256"],
        "shopify" => &["x_shopify_hmac_sha256"],
        "stripe" => &["stripe_signature"],
        "hubspot" => &["x_hubspot_signature_v3"],
        _ => &["webhook_signature", "svix_signature"],
    }
}

fn header<'r>(request: &'r WebhookEvent, name: &str) -> Option<&'r str> {
    let found = request.headers.iter().find(|(known, _)| known == name)?;
    Some(found.1.trim()).filter(|value| !value.is_empty())
}

/// HubSpot signs, from its third version on, method, address, body and the time in milliseconds. The address is the one
/// that it called: behind a proxy that is another host, and another protocol, than this process sees.
fn is_hubspot(request: &WebhookEvent, signature: &str, key: &[u8], now: Instant) -> bool {
    let Some(time) = header(request, "x_hubspot_request_timestamp") else { return false };
    if !time.parse().is_ok_and(|millis| security::is_near(millis, now)) {
        return false;
    }
    let hosts = ["x_forwarded_host", "host"].into_iter().filter_map(|name| header(request, name));
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
