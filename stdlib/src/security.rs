//! VERIFY_SIGNATURE, VERIFY_KEY, and the functions that hash and encode.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXLOWER_PERMISSIVE};
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::native::PureContext;
use gbvm_vm::operators;
use gbvm_vm::signature::{Form, Param, Role};
use gbvm_vm::value::Value;
use md5::{Digest, Md5};
use ring::{digest, hmac};

use crate::argument;
use crate::keyword::{Call, Example, HostContext, Keyword, RunState};

const FAMILY: &str = "Security";
const TEXT: Param = Param::required("text", Role::Value);
/// How far the time in a signature may lie from now, in milliseconds.
const TOLERANCE_MS: i64 = 300_000;

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::host(
        FAMILY,
        Form::Function,
        "VERIFY_SIGNATURE",
        &[Param::required("body", Role::Value), Param::required("signature", Role::Value), Param::required("secret", Role::Value)],
        verify_signature,
    )
    .about(
        "Whether a signature is the HMAC-SHA256 of a body",
        "The request's own `body` is checked by the bytes that arrived, another string by its UTF-8 bytes. The signature may be hexadecimal, base64, `sha256=…`, `t=…,v1=…` with its time within five minutes of now, `v1,…` with the headers webhook-id and webhook-timestamp, or HubSpot's of version 3, which signs the address too: behind a proxy `public_url` in gbvm.toml says which that is. An empty secret or signature is FALSE. The comparison takes the same time wherever the difference is.",
        &[Example::new("PRINT VERIFY_SIGNATURE(\"what do ya want for nothing?\", \"sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843\", \"Jefe\")\nPRINT VERIFY_SIGNATURE(\"other\", \"5bdcc146\", \"Jefe\")", "true\nfalse")],
    ),
    Keyword::host(FAMILY, Form::Function, "VERIFY_KEY", &[Param::required("given", Role::Value), Param::required("expected", Role::Value)], verify_key).about(
        "Whether two keys are the same, compared in a time that does not tell where they differ",
        "FALSE if either is empty.",
        &[Example::new("PRINT VERIFY_KEY(\"abc\", \"abc\")\nPRINT VERIFY_KEY(\"\", \"\")", "true\nfalse")],
    ),
    Keyword::pure(FAMILY, "SHA256", &[TEXT], sha256).aliases(&["HASH"]).about(
        "The SHA-256 of a text, in hexadecimal",
        "NULL gives NULL.",
        &[Example::new("PRINT SHA256(\"abc\")", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")],
    ),
    Keyword::pure(FAMILY, "MD5", &[TEXT], md5).about(
        "The MD5 of a text, in hexadecimal",
        "For services that ask for it; it keeps nothing safe. NULL gives NULL.",
        &[Example::new("PRINT MD5(\"abc\")", "900150983cd24fb0d6963f7d28e17f72")],
    ),
    Keyword::host(FAMILY, Form::Function, "ENV", &[Param::required("name", Role::Word)], environment).about(
        "A variable of the environment that the project lets scripts read",
        "The names stand in `allow_env = [\"NAME\"]` of gbvm.toml; any other is the error `E_ENV`. NULL where it is not set.",
        &[Example::new("region = \"eu\"\nIF region = \"\" THEN region = ENV(\"REGION\")\nPRINT region", "eu")],
    ),
    Keyword::pure(FAMILY, "HMAC", &[TEXT, Param::required("key", Role::Value)], hmac_text).about(
        "The HMAC-SHA256 of a text, in hexadecimal",
        "NULL gives NULL.",
        &[Example::new("PRINT HMAC(\"what do ya want for nothing?\", \"Jefe\")", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")],
    ),
    Keyword::pure(FAMILY, "BASE64_ENCODE", &[TEXT], base64_encode).about("A text's UTF-8 bytes in base64", "NULL gives NULL.", &[Example::new("PRINT BASE64_ENCODE(\"hello\")", "aGVsbG8=")]),
    Keyword::pure(FAMILY, "BASE64_DECODE", &[TEXT], base64_decode).about(
        "The text that base64 stands for",
        "Both alphabets are read, with and without padding. What is no base64, or no UTF-8, is the error `E_ENCODING`. NULL gives NULL.",
        &[Example::new("PRINT BASE64_DECODE(\"aGVsbG8=\")", "hello")],
    ),
];

/// The bytes that a signature is checked over: those of the request where the value is its body.
fn signed_bytes(value: &Value, run: &RunState) -> Option<Vec<u8>> {
    match value {
        Value::Missing | Value::Null if run.raw_body.is_empty() => Some(Vec::new()),
        _ if is_same(value, &run.body) => Some(run.raw_body.clone()),
        Value::Text(text) => Some(text.as_str().as_bytes().to_vec()),
        Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Equality without twins: 1 and "1" sign differently.
fn is_same(a: &Value, b: &Value) -> bool {
    a.kind() == b.kind() && operators::equal(a, b) && coerce::json(a) == coerce::json(b)
}

fn md5(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if argument::any_nothing(arguments) {
        return Ok(Value::Null);
    }
    let digest = Md5::digest(argument::text(arguments, 0).as_str());
    argument::computed(arguments, HEXLOWER.encode(&digest), context.limits)
}

fn environment(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let name = coerce::text(call.argument(0));
    match context.environment.get(name.as_str()) {
        Some(value) => Ok(value.as_ref().map_or(Value::Null, |value| Value::text(value.as_str()))),
        None => Err(Fault::new("E_ENV", format!("the project does not let scripts read {0}; add allow_env = [\"{0}\"] to gbvm.toml if it is meant to", name.masked())).at_argument(0)),
    }
}

fn verify_signature(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let signature = coerce::text(call.argument(1));
    let secret = coerce::text(call.argument(2));
    if signature.as_str().trim().is_empty() || secret.as_str().is_empty() || secret.unset_secret().is_some() {
        return Ok(Value::Bool(false));
    }
    let (given, secret, now, run) = (signature.as_str().trim(), secret.as_str(), context.clock.now(), &mut *context.run);
    let is_requests = is_same(call.argument(0), &run.body);
    let is_right = signed_bytes(call.argument(0), run).is_some_and(|body| {
        is_signed(&body, given, secret, now, &run.request_headers)
            || is_requests && is_hubspot(&run.asked.0, &run.asked.1, &body, given, secret, now, &run.request_headers)
    });
    if is_right {
        run.is_authenticated = true;
        run.signature = is_requests.then(|| given.to_owned());
    }
    Ok(Value::Bool(is_right))
}

/// Whether a signature, in any of the ways that are known, is that of a body at this time.
pub fn is_signed(body: &[u8], signature: &str, secret: &str, now: Instant, headers: &[(String, String)]) -> bool {
    match form_of(signature) {
        SignatureForm::Standard => is_standard_webhook(body, signature, secret, now, headers),
        SignatureForm::Timed => is_timed(body, signature, secret, now, Spelling::Either),
        SignatureForm::Plain => {
            let value = match signature.split_once('=') {
                Some((scheme, value)) if scheme.eq_ignore_ascii_case("sha256") => value,
                _ => signature,
            };
            is_hmac(secret.as_bytes(), body, value, Spelling::Either)
        }
    }
}

/// How a signature is written, which says what it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureForm {
    /// The hash of the body alone.
    Plain,
    /// `v1,…`: id and time stand in headers of their own, and are signed with the body.
    Standard,
    /// `t=…,v1=…`: the time is signed with the body.
    Timed,
}

/// How a signature is written.
pub fn form_of(signature: &str) -> SignatureForm {
    if signature.starts_with("v1,") || signature.contains(" v1,") {
        SignatureForm::Standard
    } else if signature.contains("t=") && signature.contains("v1=") {
        SignatureForm::Timed
    } else {
        SignatureForm::Plain
    }
}

/// The id of a delivery that is signed in the standard way; an empty one is none.
pub fn standard_id(headers: &[(String, String)]) -> Option<&str> {
    header(headers, ["webhook_id", "svix_id"]).filter(|id| !id.trim().is_empty())
}

fn header<'h>(headers: &'h [(String, String)], names: [&str; 2]) -> Option<&'h str> {
    headers.iter().find(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value.as_str())
}

/// How the bytes of a signature are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// Hexadecimal, of either case.
    Hexadecimal,
    /// Base64 of either alphabet, with or without padding.
    Base64,
    /// Either of the above.
    Either,
}

/// Whether a text is the HMAC-SHA256 of a message, spelt so.
pub fn is_hmac(key: &[u8], message: &[u8], given: &str, spelling: Spelling) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    decodings(given.as_bytes(), spelling).any(|tag| hmac::verify(&key, message, &tag).is_ok())
}

fn decodings(given: &[u8], spelling: Spelling) -> impl Iterator<Item = Vec<u8>> {
    const ALL: [Encoding; 5] = [HEXLOWER_PERMISSIVE, BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD];
    let range = match spelling {
        Spelling::Hexadecimal => 0..1,
        Spelling::Base64 => 1..ALL.len(),
        Spelling::Either => 0..ALL.len(),
    };
    ALL.into_iter()
        .skip(range.start)
        .take(range.len())
        .filter_map(move |encoding| encoding.decode(given).ok())
        .filter(|bytes| bytes.len() == digest::SHA256_OUTPUT_LEN)
}

/// `t=1700000000,v1=hex[,v1=hex]`: the time is signed in front of the body.
pub fn is_timed(body: &[u8], signature: &str, secret: &str, now: Instant, spelling: Spelling) -> bool {
    let fields = || signature.split(',').filter_map(|field| field.trim().split_once('='));
    let Some((_, time)) = fields().find(|(name, _)| *name == "t") else { return false };
    let message = [time.as_bytes(), b".", body].concat();
    is_recent(time, now) && fields().any(|(name, value)| name == "v1" && is_hmac(secret.as_bytes(), &message, value, spelling))
}

/// `v1,base64[ v1,base64]` with id and time in headers of their own, both signed in front of the body.
/// A sender that changes its secret signs with both for a while.
pub fn is_standard_webhook(body: &[u8], signature: &str, secret: &str, now: Instant, headers: &[(String, String)]) -> bool {
    let (Some(id), Some(time)) = (standard_id(headers), header(headers, ["webhook_timestamp", "svix_timestamp"])) else { return false };
    let message = [id.as_bytes(), b".", time.as_bytes(), b".", body].concat();
    let keys = standard_keys(secret);
    let mut given = signature.split_whitespace().filter_map(|one| one.strip_prefix("v1,"));
    is_recent(time, now) && given.any(|value| keys.iter().any(|key| is_hmac(key, &message, value, Spelling::Base64)))
}

/// The keys that a secret of Standard Webhooks stands for. While it is changed, the new one and the old one may stand
/// there, divided by blanks. Without its prefix it may be the key itself, or base64 as with it.
fn standard_keys(secret: &str) -> Vec<Vec<u8>> {
    const PREFIX: &str = "whsec_";
    if secret.starts_with(PREFIX) {
        let keys = secret.split_whitespace().filter_map(|one| BASE64.decode(one.strip_prefix(PREFIX)?.as_bytes()).ok());
        // Everybody knows the empty key.
        return keys.filter(|key| !key.is_empty()).collect();
    }
    [Some(secret.as_bytes().to_vec()), BASE64.decode(secret.as_bytes()).ok()].into_iter().flatten().filter(|key| !key.is_empty()).collect()
}

/// HubSpot signs, from its third version on, method, address, body and the time in milliseconds, in base64.
pub fn is_hubspot(method: &str, addresses: &[String], body: &[u8], signature: &str, secret: &str, now: Instant, headers: &[(String, String)]) -> bool {
    let Some(time) = header(headers, ["x_hubspot_request_timestamp"; 2]).map(str::trim) else { return false };
    let is_now = time.parse().is_ok_and(|millis| is_near(millis, now));
    is_now && addresses.iter().any(|address| is_hmac(secret.as_bytes(), &[method.as_bytes(), address.as_bytes(), body, time.as_bytes()].concat(), signature, Spelling::Base64))
}

fn is_recent(seconds: &str, now: Instant) -> bool {
    seconds.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1000)).is_some_and(|millis| is_near(millis, now))
}

/// Whether a time, in milliseconds since 1970, lies within the tolerance of now.
fn is_near(millis: i64, now: Instant) -> bool {
    millis.checked_sub(now.0).is_some_and(|distance| distance.unsigned_abs() <= TOLERANCE_MS.unsigned_abs())
}

fn verify_key(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let (given, expected) = (coerce::text(call.argument(0)), coerce::text(call.argument(1)));
    // Hashes have one length, so that neither length nor content shows in the time.
    let hash = |text: &str| digest::digest(&digest::SHA256, text.as_bytes());
    let (a, b) = (hash(given.as_str()), hash(expected.as_str()));
    let difference = a.as_ref().iter().zip(b.as_ref()).fold(0, |difference, (a, b)| difference | (a ^ b));
    let is_right = std::hint::black_box(difference) == 0 && !given.as_str().is_empty() && !expected.as_str().is_empty() && expected.unset_secret().is_none() && given.unset_secret().is_none();
    if is_right {
        context.run.is_authenticated = true;
    }
    Ok(Value::Bool(is_right))
}

fn sha256(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if argument::any_nothing(arguments) {
        return Ok(Value::Null);
    }
    let hash = digest::digest(&digest::SHA256, argument::text(arguments, 0).as_str().as_bytes());
    argument::computed(arguments, HEXLOWER.encode(hash.as_ref()), context.limits)
}

/// HMAC-SHA256 (RFC 2104) of a message, in lower-case hex: what a sender puts into its signature header.
pub fn hmac_sha256_hex(key: &[u8], message: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    HEXLOWER.encode(hmac::sign(&key, message).as_ref())
}

fn hmac_text(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if argument::any_nothing(arguments) {
        return Ok(Value::Null);
    }
    let tag = hmac_sha256_hex(argument::text(arguments, 1).as_str().as_bytes(), argument::text(arguments, 0).as_str().as_bytes());
    argument::computed(arguments, tag, context.limits)
}

fn base64_encode(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if argument::any_nothing(arguments) {
        return Ok(Value::Null);
    }
    argument::computed(arguments, BASE64.encode(argument::text(arguments, 0).as_str().as_bytes()), context.limits)
}

fn base64_decode(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if argument::any_nothing(arguments) {
        return Ok(Value::Null);
    }
    let text = argument::text(arguments, 0);
    let bytes = [BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD].into_iter().find_map(|encoding| encoding.decode(text.as_str().trim().as_bytes()).ok());
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(decoded) => argument::computed(arguments, decoded, context.limits),
        None => Err(Fault::new("E_ENCODING", "this is no base64 of a text").at_argument(0)),
    }
}
