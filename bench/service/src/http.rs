//! Requests as bytes, signed beforehand, and as much of HTTP/1.1 as it takes to read their answers.

use ring::hmac;

use crate::work::{Change, Plan};

/// Where every peer takes the webhook.
pub const PATH: &str = "/webhook/crm-sync";

/// A whole request, signed with a key.
pub fn request(change: Change, plan: Plan, key: &hmac::Key) -> Vec<u8> {
    let body = change.body(plan);
    let signature: String = hmac::sign(key, &body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nX-Webhook-Signature: {signature}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend(body);
    request
}

/// A whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The lines before the body.
    pub head: &'a [u8],
    /// The body.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// Whether it says that the event was there already.
    pub fn is_duplicate(&self) -> bool {
        let is_replayed = header(self.head, b"gbvm-replayed").is_some_and(|value| value == b"true");
        self.status == 409 || is_replayed
    }

    /// Whether it says that the change was stored.
    pub fn is_synced(&self) -> bool {
        self.status == 200 && self.body.windows(8).any(|part| part == b"\"synced\"")
    }
}

/// The answer at the beginning of these bytes, once it is whole.
///
/// # Errors
/// What is wrong with it: it must have a Content-Length.
pub fn answer(bytes: &[u8]) -> Result<Option<Answer<'_>>, String> {
    let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else { return Ok(None) };
    let head = &bytes[..end];
    let told = || String::from_utf8_lossy(bytes).into_owned();
    let status = head.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.get(..3));
    let status = status.and_then(number).ok_or_else(|| format!("this is no answer of HTTP/1.1: {}", told()))?;
    let length = header(head, b"content-length").and_then(number).ok_or_else(|| format!("the answer has no length: {}", told()))?;
    let body = &bytes[end + 4..];
    if body.len() > length {
        return Err(format!("more was sent than one answer: {}", told()));
    }
    let status = u16::try_from(status).expect("three digits");
    Ok((body.len() == length).then_some(Answer { status, head, body }))
}

fn header<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (found, rest) = line.split_at_checked(name.len())?;
        let value = rest.strip_prefix(b":")?;
        found.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
    })
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
