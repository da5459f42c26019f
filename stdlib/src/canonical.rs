//! One text for all values that count as the same, so that groups, sets and merges need no comparison of pairs.

use gbvm_vm::coerce::{self, Number};
use gbvm_vm::instant::Instant;
use gbvm_vm::value::Value;
use unicode_normalization::UnicodeNormalization;

use crate::merge::is_absent;

/// The canonical text of a value. NULL, MISSING and `""` are one; booleans are 0 and 1; text in the shortest form of a
/// number is that number; text in full RFC 3339 form is that instant; other text is in normal form C (Unicode Standard
/// Annex 15); an object is its members that are there, in the order of their names.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// The characters of ASCII that are the normal form of another one, and that one: the Greek question mark, the Greek
/// varia and the sign of the unit kelvin (Unicode Character Database).
const TWINS: [(char, char); 3] = [(';', '\u{37e}'), ('`', '\u{1fef}'), ('K', '\u{212a}')];

/// All texts whose normal form a text of ASCII is, itself first; none where they are more than `most`, or where the
/// text is no ASCII, so that they are not known.
pub fn ascii_spellings(text: &str, most: usize) -> Option<Vec<String>> {
    if !text.is_ascii() {
        return None;
    }
    let mut spellings = vec![String::with_capacity(text.len())];
    for own in text.chars() {
        let twin = TWINS.iter().find(|(ascii, _)| *ascii == own).map(|(_, twin)| *twin);
        if twin.is_some() && spellings.len() * 2 > most {
            return None;
        }
        let others: Vec<String> = twin.iter().flat_map(|twin| spellings.iter().map(move |spelling| format!("{spelling}{twin}"))).collect();
        spellings.iter_mut().for_each(|spelling| spelling.push(own));
        spellings.extend(others);
    }
    Some(spellings)
}

fn write(value: &Value, out: &mut String) {
    match value {
        _ if is_absent(value) => out.push('e'),
        Value::Bool(bool) => out.push_str(if *bool { "n1" } else { "n0" }),
        Value::Int(_) | Value::Float(_) => {
            out.push('n');
            coerce::write_json(value, out);
        }
        Value::Date(instant) => write_instant(*instant, out),
        Value::Text(text) => write_text(text.as_str(), out),
        Value::Array(array) => {
            out.push('[');
            for item in array.items() {
                write(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(object) => {
            let mut members: Vec<_> = object.fields().filter(|(_, field)| !is_absent(field)).collect();
            members.sort_by(|a, b| a.0.cmp(b.0));
            out.push('{');
            for (key, field) in members {
                coerce::write_json_text(key, out);
                write(field, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Missing | Value::Null => out.push('e'),
    }
}

fn write_text(text: &str, out: &mut String) {
    if let Some(number) = coerce::numeric_text(text) {
        let mut shortest = String::new();
        coerce::write_json(&Value::from(number), &mut shortest);
        let is_canonical = shortest == text && !matches!(number, Number::Int(0) if text != "0");
        if is_canonical {
            out.push('n');
            out.push_str(text);
            return;
        }
    }
    match Instant::parse_rfc3339(text) {
        Some(instant) => write_instant(instant, out),
        None => {
            out.push('t');
            if text.is_ascii() {
                coerce::write_json_text(text, out);
            } else {
                coerce::write_json_text(&text.nfc().collect::<String>(), out);
            }
        }
    }
}

fn write_instant(instant: Instant, out: &mut String) {
    out.push('d');
    out.push_str(&instant.0.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twins_are_all_that_there_are() {
        let mut found: Vec<(char, char)> = ('\u{80}'..=char::MAX).filter_map(|twin| Some((twin.to_string().nfc().next().filter(char::is_ascii)?, twin))).collect();
        found.sort();
        assert_eq!(found, TWINS.into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn spellings_have_one_canonical_text() {
        let spellings = ascii_spellings("aK;b", 4).expect("they are four");
        assert_eq!((spellings.len(), spellings[0].as_str()), (4, "aK;b"));
        for spelling in spellings {
            assert_eq!(canonical(&Value::text(spelling)), canonical(&Value::text("aK;b")));
        }
        assert_eq!(ascii_spellings("aK;b", 3), None);
        assert_eq!(ascii_spellings("\u{212a}", 8), None);
    }
}
