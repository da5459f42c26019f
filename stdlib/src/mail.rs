//! SEND MAIL and SEND EMAIL.

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::operators;
use gbvm_vm::signature::{Access, Form, Param, Role};
use gbvm_vm::text::Text;
use gbvm_vm::value::Value;

use crate::argument;
use crate::keyword::{Call, Example, HostContext, Keyword};
use crate::services::{Level, Mail};

const TO: Param = Param::required("to", Role::Recipient);
const FAMILY: &str = "Mail";
/// The most characters that SEND EMAIL takes for its subject.
const SUBJECT_MAX: usize = 78;

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::host(
        FAMILY,
        Form::Statement,
        "SEND MAIL",
        &[TO, Param::required("subject", Role::Value), Param::required("body", Role::Value), Param::optional("attachments", Role::Value)],
        send_mail,
    )
    .access(Access::Write)
    .about(
        "Sends a mail after the run has committed",
        "The recipient may be an array, and in text that the script wrote several addresses separated by commas; a recipient that is data is exactly one address. Without a recipient nothing is sent and the log says so. An address or subject with a line break in it makes a dead letter `E_MAIL_HEADER`; the run goes on.",
        &[Example::new("SEND MAIL \"sales@example.com\", \"New order\", \"Total: \" + 12.5\nPRINT \"queued\"", "queued")],
    ),
    Keyword::host(FAMILY, Form::Statement, "SEND EMAIL", &[TO, Param::required("text", Role::Value)], send_email).access(Access::Write).about(
        "Sends a mail whose subject is the first line of its text",
        "Recipients are those of SEND MAIL.",
        &[Example::new("SEND EMAIL \"ops@example.com\", \"Disk full\"\nPRINT \"queued\"", "queued")],
    ),
    Keyword::host(FAMILY, Form::Statement, "BEGIN MAIL", &[TO, Param::required("text", Role::Value)], begin_mail).access(Access::Write).text_until("END MAIL").about(
        "Sends the text below it, up to END MAIL, as a mail",
        "A first line `Subject: …` is the subject, else the first line is both. `${…}` in the text is filled in. So much indentation as the first line has is left out of each. Recipients are those of SEND MAIL.",
        &[Example::new("name = \"Ana\"\nBEGIN MAIL \"ana@example.com\"\nSubject: Welcome, ${name}\n\nYour account is open.\nEND MAIL\nPRINT \"queued\"", "queued")],
    ),
];

fn send_mail(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    if !operators::is_empty(call.argument(3)) {
        return Err(Fault::new("E_NOT_HERE", "mail with attachments cannot be sent here; leave them out or send a link").at_argument(3));
    }
    queue(context, call, coerce::text(call.argument(1)), coerce::text(call.argument(2)))
}

fn send_email(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let body = coerce::text(call.argument(1));
    let line = body.as_str().trim_start().lines().next().unwrap_or("").trim_end();
    let subject = body.derive(line.chars().take(SUBJECT_MAX).collect::<String>());
    queue(context, call, subject, body)
}

fn begin_mail(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let text = coerce::text(call.argument(1));
    let (line, rest) = text.as_str().trim_start().split_once('\n').unwrap_or((text.as_str(), ""));
    let is_subject = line.get(..8).is_some_and(|word| word.eq_ignore_ascii_case("subject:"));
    if !is_subject {
        return send_email(context, call);
    }
    let subject = text.derive(line[8..].trim().to_owned());
    let body = text.derive(rest.trim_start_matches('\n').to_owned());
    queue(context, call, subject, body)
}

fn queue(context: &mut HostContext<'_>, call: &Call<'_>, subject: Text, body: Text) -> Result<Value, Fault> {
    let mut to = Vec::new();
    let mut refused = None;
    for recipient in argument::items(call.argument(0)) {
        let recipient = coerce::text(recipient);
        if let Some(secret) = recipient.secret_key() {
            let message = format!("the secret {secret} would be a mail's recipient, and recipients are listed in the clear");
            return Err(Fault::new("E_SECRET_LEAK", message).at_argument(0));
        }
        let is_written = recipient.is_literal();
        let addresses: Vec<&str> = if is_written { recipient.as_str().split(',').collect() } else { vec![recipient.as_str()] };
        for address in addresses.into_iter().map(|address| if is_written { bare(address) } else { address.trim_matches(' ') }) {
            if address.is_empty() {
                continue;
            }
            if !is_address(address) {
                refused = Some(Fault::new("E_MAIL_HEADER", "a recipient is not exactly one mail address"));
            }
            to.push(address.to_owned());
        }
    }
    if to.is_empty() {
        let name = call.argument_name(0);
        let shown = if name.is_empty() { String::new() } else { format!(" (\"{name}\" is empty)") };
        context.console.line(Level::Warn, &format!("SEND MAIL has no recipient{shown}: nothing is sent"));
        return Ok(Value::Missing);
    }
    if subject.as_str().contains(['\r', '\n', '\0']) {
        refused = Some(Fault::new("E_MAIL_HEADER", "the subject holds a line break"));
    }
    context.storage.queue_mail(&Mail { to, subject, body, refused })?;
    Ok(Value::Missing)
}

/// The address of `Name <address>`.
fn bare(recipient: &str) -> &str {
    let recipient = recipient.trim();
    match recipient.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((_, address)) => address.trim(),
        None => recipient,
    }
}

/// Whether a text is one address that cannot be taken for anything else.
fn is_address(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let is_plain = |text: &str| {
        !text.is_empty() && !text.starts_with('.') && !text.ends_with('.') && !text.contains("..") && !text.chars().any(|char| char.is_control() || char.is_whitespace() || "<>()[],;:\\\"@".contains(char))
    };
    address.len() <= 254 && is_plain(local) && is_plain(domain)
}
