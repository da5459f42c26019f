//! Form and query text, `a=b&c=d`, as pairs (WHATWG URL, section 5).

use crate::percent::decode_percent;

/// The pairs of a form or query, decoded, in order. Bytes that are no UTF-8 become U+FFFD.
pub fn decode(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode_part(name), decode_part(value))
        })
        .collect()
}

fn decode_part(part: &str) -> String {
    decode_percent(&part.replace('+', " "))
}
