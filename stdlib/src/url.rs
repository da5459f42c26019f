//! URLs: what the script wrote is syntax, everything else is encoded into one place of it.

use gbvm_vm::fault::Fault;
use gbvm_vm::text::{Origin, Text};

/// A URL that may be called.
#[derive(Clone, Debug, PartialEq)]
pub struct Url {
    /// The whole URL, encoded, without fragment. Secrets in it are still marked.
    pub text: Text,
    /// `scheme://host[:port]` in lower case, without a default port.
    pub origin: String,
}

/// Where in a URL the next character falls.
#[derive(Clone, Copy, PartialEq)]
enum Region {
    Path,
    Query,
    Fragment,
}

/// Builds the URL from its parts.
///
/// Scheme and authority come from the script's own text and are closed before the first hole; a URL that begins with
/// data must have an origin that is allowed.
///
/// # Errors
/// `E_URL`, `E_URL_HOST`, `E_URL_SEGMENT`.
pub fn build(text: &Text, allowed_origins: &[String]) -> Result<Url, Fault> {
    let whole = text.as_str();
    if whole.chars().any(char::is_control) {
        return Err(Fault::new("E_URL", "a line break or another control character stands in the URL"));
    }
    let parts = text.parts();
    let first_literal = match parts.first() {
        Some((Origin::Literal, part)) => Some(*part),
        _ => None,
    };
    let (scheme, rest) = split_scheme(whole)?;
    let authority_end = whole.len() - rest.len() + rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &whole[whole.len() - rest.len()..authority_end];
    match first_literal {
        Some(literal) if literal.len() < whole.len() && authority_end >= literal.len() => return Err(open_host()),
        _ => {}
    }
    let origin = origin_of(scheme, authority)?;
    if first_literal.is_none() && !allowed_origins.contains(&origin) {
        return Err(Fault::new("E_URL_HOST", "the host of this URL is data, and its origin is not among those that the project allows; write scheme and host in the script, or add the origin to allow_net"));
    }
    let mut builder = Builder { parts: vec![(Origin::Data, whole[..authority_end].to_owned())], region: Region::Path, segment: String::new(), segment_has_hole: false };
    let mut at = 0;
    for (index, (origin, part)) in parts.into_iter().enumerate() {
        let visible = &part[authority_end.saturating_sub(at).min(part.len())..];
        at += part.len();
        // The part that holds the authority is syntax as a whole: literal, or allowed by its origin.
        if origin == Origin::Literal || index == 0 {
            builder.syntax(origin, visible)?;
        } else {
            builder.hole(origin, visible);
        }
    }
    builder.end_segment()?;
    Ok(Url { text: Text::of_parts(builder.parts), origin })
}

fn open_host() -> Fault {
    Fault::new("E_URL_HOST", "data follows the URL's host before a / closes it, so it could become part of the host; put the / into the script's text")
}

fn split_scheme(whole: &str) -> Result<(&'static str, &str), Fault> {
    ["http", "https"]
        .into_iter()
        .find_map(|scheme| {
            let (given, rest) = whole.split_once("://")?;
            given.eq_ignore_ascii_case(scheme).then_some((scheme, rest))
        })
        .ok_or_else(|| Fault::new("E_URL", "a URL begins with http:// or https://"))
}

/// The origin of an authority without user and password; of the ways to write an IPv6 address it has one, as the client does.
fn origin_of(scheme: &str, authority: &str) -> Result<String, Fault> {
    let refuse = || Fault::new("E_URL", "the URL's host is not one: letters, digits, - and . are allowed, and a port after a colon; no user name, no password");
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or_else(refuse)?;
            let address: std::net::Ipv6Addr = address.parse().map_err(|_| refuse())?;
            (format!("[{address}]"), port)
        }
        None => {
            let at = authority.find(':').unwrap_or(authority.len());
            let host = &authority[..at];
            if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')) {
                return Err(refuse());
            }
            (host.to_ascii_lowercase(), &authority[at..])
        }
    };
    if port.is_empty() {
        return Ok(format!("{scheme}://{host}"));
    }
    let digits = port.strip_prefix(':').filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).ok_or_else(refuse)?;
    let port: u16 = digits.parse().map_err(|_| refuse())?;
    match (scheme, port) {
        ("http", 80) | ("https", 443) => Ok(format!("{scheme}://{host}")),
        _ => Ok(format!("{scheme}://{host}:{port}")),
    }
}

struct Builder {
    parts: Vec<(Origin, String)>,
    region: Region,
    /// The path segment so far, and whether data is in it.
    segment: String,
    segment_has_hole: bool,
}

impl Builder {
    /// Text that may hold separators.
    fn syntax(&mut self, origin: Origin, text: &str) -> Result<(), Fault> {
        let mut encoded = String::new();
        for char in text.chars() {
            match (self.region, char) {
                (Region::Path | Region::Query, '#') => {
                    self.end_segment()?;
                    self.region = Region::Fragment;
                }
                (Region::Path, '?') => {
                    self.end_segment()?;
                    self.region = Region::Query;
                }
                (Region::Path, '/') => self.end_segment()?,
                (Region::Path, char) => self.segment.push(char),
                (Region::Query | Region::Fragment, _) => {}
            }
            if self.region != Region::Fragment {
                write_syntax_char(char, &mut encoded);
            }
        }
        self.push(origin, text, encoded);
        Ok(())
    }

    /// A value: every character that could mean something is encoded.
    fn hole(&mut self, origin: Origin, value: &str) {
        match self.region {
            Region::Path => {
                self.segment.push_str(value);
                self.segment_has_hole = true;
            }
            Region::Query => {}
            Region::Fragment => return,
        }
        self.push(origin, value, encode(value));
    }

    /// A secret that had to be encoded is no longer the secret itself.
    fn push(&mut self, origin: Origin, from: &str, encoded: String) {
        let origin = match origin {
            Origin::Secret(key) if from != encoded => Origin::Derived(key),
            Origin::Literal => Origin::Data,
            origin => origin,
        };
        self.parts.push((origin, encoded));
    }

    fn end_segment(&mut self) -> Result<(), Fault> {
        if self.region == Region::Path && self.segment_has_hole {
            let plain = self.segment.to_ascii_lowercase().replace("%2e", ".");
            if matches!(plain.as_str(), "" | "." | "..") {
                return Err(Fault::of_empty("E_URL_SEGMENT", "a part of the URL's path is empty, \".\" or \"..\" with the value in it, and would mean another path; check the value first"));
            }
        }
        self.segment.clear();
        self.segment_has_hole = false;
        Ok(())
    }
}

/// Text with everything but letters, digits and `-._~` as `%XX` of its UTF-8 bytes.
pub fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            write_encoded(byte, &mut out);
        }
    }
    out
}

fn write_encoded(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

fn write_syntax_char(char: char, out: &mut String) {
    if char.is_ascii_graphic() && !matches!(char, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}') {
        out.push(char);
        return;
    }
    let mut bytes = [0; 4];
    for byte in char.encode_utf8(&mut bytes).bytes() {
        write_encoded(byte, out);
    }
}
