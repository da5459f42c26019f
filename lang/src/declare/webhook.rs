//! WEBHOOK and its options.

use super::{refuse, text};
use crate::ast::{Expression, ExpressionKind};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// `WEBHOOK "name"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The last part of its path.
    pub name: String,
    /// Whether the author says that it authenticates nobody.
    pub open: bool,
    /// Whether requests are stored, answered at once and run later.
    pub accept: bool,
    /// How its callers sign, where the engine is to check it.
    pub scheme: Option<Scheme>,
    /// When a request counts as sent twice.
    pub dedupe: Dedupe,
    /// Where it stands.
    pub span: Span,
}

/// `SCHEME "github" KEY "memory key"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Whose way of signing.
    pub signing: Signing,
    /// The memory key with the secret.
    pub key: String,
}

/// A way of signing that the engine knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// GitHub's webhooks.
    Github,
    /// HubSpot's webhooks, third version.
    Hubspot,
    /// Shopify's webhooks.
    Shopify,
    /// Standard Webhooks.
    Standard,
    /// Stripe's webhooks.
    Stripe,
}

impl Signing {
    /// All of them, in the order of their names.
    pub const ALL: [Signing; 5] = [Signing::Github, Signing::Hubspot, Signing::Shopify, Signing::Standard, Signing::Stripe];

    /// As scripts write it.
    pub fn name(self) -> &'static str {
        match self {
            Signing::Github => "github",
            Signing::Hubspot => "hubspot",
            Signing::Shopify => "shopify",
            Signing::Standard => "standard",
            Signing::Stripe => "stripe",
        }
    }

    /// The headers in which the signature may stand, in lower case, as they are sent.
    pub fn headers(self) -> &'static [&'static str] {
        match self {
            Signing::Github => &["x-hub-signature-256"],
            Signing::Hubspot => &["x-hubspot-signature-v3"],
            Signing::Shopify => &["x-shopify-hmac-sha256"],
            Signing::Standard => &["webhook-signature", "svix-signature"],
            Signing::Stripe => &["stripe-signature"],
        }
    }
}

/// When a request counts as sent twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Dedupe {
    /// By the sender's id of the delivery, or the body.
    #[default]
    Standard,
    /// Never.
    Off,
    /// By a field of the body.
    Field(String),
}

const OPTIONS: &str = "After a webhook's name stands nothing, OPEN, ACCEPT, SCHEME \"github\" KEY \"memory key\", DEDUPE OFF or DEDUPE and a field.";

/// Reads a webhook from its name and what stands behind it, word for word.
pub(super) fn read(arguments: &[Expression], span: Span) -> Result<Webhook, Diagnostic> {
    let name = text(arguments, 0, "The webhook's name", span)?;
    let is_segment = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    // Clients take a lone . or .. out of a path.
    if !is_segment || matches!(name, "." | "..") {
        let message = "A webhook's name is one part of a path: letters, digits, - _ . and ~ only, and not . or .. alone.";
        return Err(refuse(arguments[0].span, message));
    }
    let mut webhook = Webhook { name: name.into(), open: false, accept: false, scheme: None, dedupe: Dedupe::Standard, span };
    let mut at = 1;
    while let Some(argument) = arguments.get(at) {
        at += 1;
        match word(argument).as_str() {
            "OPEN" => webhook.open = true,
            "ACCEPT" => webhook.accept = true,
            "SCHEME" => {
                webhook.scheme = Some(scheme(arguments, at, argument.span)?);
                at += 3;
            }
            "DEDUPE" => {
                webhook.dedupe = dedupe(arguments.get(at), argument.span)?;
                at += 1;
            }
            _ => return Err(refuse(argument.span, OPTIONS)),
        }
    }
    if webhook.open && webhook.scheme.is_some() {
        return Err(refuse(span, "OPEN says that nobody is checked, and SCHEME says how callers are; take one of them out."));
    }
    if webhook.accept && !webhook.open && webhook.scheme.is_none() {
        let message = "ACCEPT stores a request before the script can check who sent it. Say how callers sign: ACCEPT, SCHEME \"github\" KEY \"memory key\"; or that nobody is checked: ACCEPT, OPEN.";
        return Err(refuse(span, message));
    }
    Ok(webhook)
}

/// A word in capitals, written with or without quotes.
fn word(argument: &Expression) -> String {
    match &argument.kind {
        ExpressionKind::Name(name) => name.folded.to_ascii_uppercase(),
        ExpressionKind::Text(text) => text.trim().to_ascii_uppercase(),
        _ => String::new(),
    }
}

fn scheme(arguments: &[Expression], at: usize, span: Span) -> Result<Scheme, Diagnostic> {
    let given = text(arguments, at, "The scheme's name, such as \"github\",", span)?;
    let Some(signing) = Signing::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(given)) else {
        let known: Vec<&str> = Signing::ALL.into_iter().map(Signing::name).collect();
        return Err(refuse(arguments[at].span, format!("{given} is no scheme that is known here; those are {}.", known.join(", "))));
    };
    let has_key = arguments.get(at + 1).is_some_and(|argument| word(argument) == "KEY");
    if !has_key {
        return Err(refuse(span, "Behind SCHEME and its name stands KEY and the memory key with the secret: SCHEME \"github\" KEY \"github_secret\"."));
    }
    let key = text(arguments, at + 2, "The memory key with the secret", span)?;
    Ok(Scheme { signing, key: key.into() })
}

fn dedupe(argument: Option<&Expression>, span: Span) -> Result<Dedupe, Diagnostic> {
    match argument.map(|argument| &argument.kind) {
        Some(ExpressionKind::Name(name)) if &*name.folded == "off" => Ok(Dedupe::Off),
        Some(ExpressionKind::Text(text)) if text.trim().eq_ignore_ascii_case("off") => Ok(Dedupe::Off),
        Some(ExpressionKind::Name(name)) => Ok(Dedupe::Field(name.text.to_string())),
        Some(ExpressionKind::Text(text)) if !text.trim().is_empty() => Ok(Dedupe::Field(text.trim().into())),
        _ => Err(refuse(span, "Behind DEDUPE stands OFF, or the field of the body that tells requests apart.")),
    }
}
