//! Percent-encoded text, as URLs have it.

/// The text with `%41` and the like decoded; what is not UTF-8 becomes `�`, and a `%` without two digits stays.
pub fn decode_percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let byte = digits.and_then(|digits| data_encoding::HEXLOWER_PERMISSIVE.decode(digits).ok()).and_then(|decoded| decoded.first().copied());
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pairs_of_digits_are_decoded() {
        for (text, decoded) in [("a%20b", "a b"), ("%c3%A4", "ä"), ("100%", "100%"), ("%4", "%4"), ("%zz", "%zz"), ("%ff", "\u{fffd}"), ("%2541", "%41"), ("", "")] {
            assert_eq!(decode_percent(text), decoded, "{text}");
        }
    }
}
