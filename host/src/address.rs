//! The addresses at which a caller may have asked: some sign the one that they called.

use std::fmt::Write as _;

use crate::event::WebhookEvent;
use crate::percent::decode_percent;

/// The whole addresses of a request. Behind a proxy, host and protocol are others than this process sees: the project
/// says them as its public URL, `https://hooks.example.com`, and then there is one. Else they are what the headers
/// say, with either protocol.
pub fn addresses(request: &WebhookEvent, public_url: Option<&str>) -> Vec<String> {
    let path = path_and_query(request);
    if let Some(public) = public_url {
        return vec![format!("{}{path}", public.trim_end_matches('/'))];
    }
    let hosts = ["x_forwarded_host", "host"].into_iter().filter_map(|name| request.header(name));
    hosts.flat_map(|host| ["https", "http"].map(|protocol| format!("{protocol}://{host}{path}"))).collect()
}

/// The characters that signers of addresses write plainly, and their numbers in hexadecimal.
const PLAIN: [(&str, char); 12] = [
    ("3A", ':'),
    ("2F", '/'),
    ("3F", '?'),
    ("40", '@'),
    ("21", '!'),
    ("24", '$'),
    ("27", '\''),
    ("28", '('),
    ("29", ')'),
    ("2A", '*'),
    ("2C", ','),
    ("3B", ';'),
];

fn path_and_query(request: &WebhookEvent) -> String {
    if request.query_text.is_empty() {
        return request.query.iter().enumerate().fold(plainly(&request.path), |mut address, (at, (name, value))| {
            let _ = write!(address, "{}{}={}", if at == 0 { '?' } else { '&' }, encoded(name), encoded(value));
            address
        });
    }
    format!("{}?{}", plainly(&request.path), plainly(&request.query_text))
}

/// What was sent, with some characters decoded.
fn plainly(text: &str) -> String {
    let mut parts = text.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let known = part.get(..2).and_then(|digits| PLAIN.iter().find(|(known, _)| known.eq_ignore_ascii_case(digits)));
        match known {
            Some((digits, char)) => {
                plain.push(*char);
                plain.push_str(&part[digits.len()..]);
            }
            None => {
                plain.push('%');
                plain.push_str(part);
            }
        }
    }
    plain
}

/// A part of a query that was never sent as text.
fn encoded(part: &str) -> String {
    decode_percent(part).bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || PLAIN.iter().any(|(_, plain)| *plain == char::from(byte)) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_characters_are_decoded_and_nothing_else() {
        for (sent, plain) in [("/a%3Ab%2fc", "/a:b/c"), ("%2B+%20%25", "%2B+%20%25"), ("%", "%"), ("%4", "%4"), ("a%ä", "a%ä"), ("%%3f", "%?"), ("%40%21%24%27%28%29%2A%2C%3B", "@!$'()*,;")] {
            assert_eq!(plainly(sent), plain);
        }
    }
}
