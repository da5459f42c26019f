//! Reads a request whole and within the limits, or says why not.

use std::net::SocketAddr;
use std::time::Duration;

use gbvm_lang::declare::Signing;
use gbvm_vm::limits::Limits;
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::header::EXPECT;
use smol::Timer;
use smol::future::FutureExt;

use super::{IncomingRequest, OutgoingResponse};
use crate::form;

/// What is read and thrown away of a body that is too large, so that its sender comes to read the answer.
const DISCARD_BYTES: usize = 4 << 20;
/// How long that may take.
const DISCARD_TIME: Duration = Duration::from_secs(2);

/// Why a request never reached the handler.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    HeadTooLarge { fields: usize, bytes: usize },
    BodyTooLarge { bytes: usize },
    BodyTooSlow,
    BodyBroken,
    Headers(String),
}

impl Refusal {
    /// The answer that says so.
    pub(super) fn response(&self) -> OutgoingResponse {
        match self {
            Refusal::HeadTooLarge { fields, bytes } => {
                OutgoingResponse::error(431, "E_HEADERS_TOO_LARGE", &format!("A request may have at most {fields} headers and a head of {bytes} bytes."))
            }
            Refusal::BodyTooLarge { bytes } => OutgoingResponse::error(413, "E_BODY_TOO_LARGE", &format!("A request's body may have at most {bytes} bytes.")),
            Refusal::BodyTooSlow => OutgoingResponse::error(408, "E_BODY_TIMEOUT", "The body did not arrive in time."),
            Refusal::BodyBroken => OutgoingResponse::error(400, "E_BODY_BROKEN", "The body ended before it was complete."),
            Refusal::Headers(message) => OutgoingResponse::error(400, "E_HEADERS", message),
        }
    }
}

/// Reads the request.
pub(super) async fn read(request: Request<Incoming>, peer: SocketAddr, limits: &Limits, patience: Duration) -> Result<IncomingRequest, Refusal> {
    let (head, mut body) = request.into_parts();
    let headers: Vec<(String, String)> =
        head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    // As on the wire: each line ends with two bytes, a field has a colon and a blank, and an empty line ends the head.
    let line_bytes = head.method.as_str().len() + target.len() + " HTTP/1.1\r\n".len() + 1;
    let head_bytes = line_bytes + headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>() + 2;
    if headers.len() > limits.header_count || head_bytes > limits.header_bytes {
        return Err(Refusal::HeadTooLarge { fields: limits.header_count, bytes: limits.header_bytes });
    }
    fold_headers(&headers).map_err(Refusal::Headers)?;

    let too_large = Refusal::BodyTooLarge { bytes: limits.body_bytes };
    if body.size_hint().lower() > limits.body_bytes as u64 {
        // A sender that asked first sends nothing after this answer.
        if !head.headers.contains_key(EXPECT) {
            discard(&mut body).await;
        }
        return Err(too_large);
    }
    let collect = async {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Refusal::BodyBroken)?.into_data() else { continue };
            if bytes.len() + data.len() > limits.body_bytes {
                return Err(too_large);
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    };
    let expire = async {
        Timer::after(patience).await;
        Err(Refusal::BodyTooSlow)
    };
    let read = collect.or(expire).await;
    if matches!(read, Err(Refusal::BodyTooLarge { .. })) {
        discard(&mut body).await;
    }
    Ok(IncomingRequest {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(form::decode).unwrap_or_default(),
        query_text: head.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: read?,
        peer,
    })
}

/// Reads on for a while: a connection closed over unread bytes is reset, and the answer with it.
async fn discard(body: &mut Incoming) {
    let read = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, |data| data.len());
            if bytes > DISCARD_BYTES {
                return;
            }
        }
    };
    let expire = async {
        Timer::after(DISCARD_TIME).await;
    };
    read.or(expire).await;
}

/// Whether a signature scheme relies on this header: two of them would let one be checked and the other be read.
fn is_signature_header(name: &str) -> bool {
    const WHOLE: [&str; 8] = ["authorization", "host", "content-type", "webhook-id", "webhook-timestamp", "svix-id", "svix-timestamp", "x-api-key"];
    WHOLE.contains(&name) || Signing::ALL.into_iter().any(|signing| signing.headers().contains(&name)) || ["signature", "hmac", "digest", "timestamp"].iter().any(|part| name.contains(part))
}

/// The headers as a script sees them: `-` in names is `_`, and the values of a repeated name are joined.
///
/// # Errors
/// A sentence for the sender where two different names fold to one, or a header that signatures rely on is repeated.
pub fn fold_headers(headers: &[(String, String)]) -> Result<Vec<(String, String)>, String> {
    let mut folded: Vec<(String, String)> = Vec::with_capacity(headers.len());
    let mut names: Vec<String> = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let variable = name.replace('-', "_");
        match folded.iter().position(|(other, _)| *other == variable) {
            None => {
                folded.push((variable, value.clone()));
                names.push(name);
            }
            Some(at) if names[at] != name => {
                return Err(format!("The headers {} and {name} differ only in - and _; send one of them.", names[at]));
            }
            Some(_) if is_signature_header(&name) => return Err(format!("The header {name} is sent twice; send it once.")),
            Some(at) => {
                let joined = &mut folded[at].1;
                joined.push_str(if name == "cookie" { "; " } else { ", " });
                joined.push_str(value);
            }
        }
    }
    Ok(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn names_fold_and_values_join() {
        let folded = fold_headers(&headers(&[("X-Api-Key", "k"), ("accept", "a"), ("Accept", "b"), ("cookie", "x=1"), ("cookie", "y=2")]));
        assert_eq!(folded, Ok(headers(&[("x_api_key", "k"), ("accept", "a, b"), ("cookie", "x=1; y=2")])));
    }

    #[test]
    fn names_that_fold_together_are_refused() {
        assert!(fold_headers(&headers(&[("X-A", "1"), ("X_A", "1")])).is_err());
        assert!(fold_headers(&headers(&[("x-signature", "1"), ("y", ""), ("X_Signature", "2")])).is_err());
    }

    #[test]
    fn a_signature_is_sent_once() {
        for name in Signing::ALL.into_iter().flat_map(Signing::headers).copied().chain(["Stripe-Signature", "webhook-id", "Webhook-Timestamp"]) {
            assert!(fold_headers(&headers(&[(name, "1"), (name, "1")])).is_err(), "{name}");
        }
    }

    #[test]
    fn queries_are_decoded() {
        let decoded = form::decode("a=1+2&b=%C3%A4%2&&c&=d&e=%ff%26");
        assert_eq!(decoded, headers(&[("a", "1 2"), ("b", "ä%2"), ("c", ""), ("", "d"), ("e", "\u{fffd}&")]));
    }
}
