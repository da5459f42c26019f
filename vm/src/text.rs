//! Strings, and which of their parts were written in the script.
//!
//! Provenance is a list of segments. Joining keeps them; every other operation gives data, except that a string
//! made from a secret is a secret. See [`Text::join`].

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use compact_str::CompactString;

use crate::memory::Letters;
use crate::shared::Shared;

/// Past this many segments a text's literal parts merge into data.
pub const SEGMENTS_MAX: usize = 64;
/// Past this many bytes a tracked text's literal parts merge into data.
pub const TRACKED_MAX: usize = 16 * 1024;

/// An immutable string, shared until changed.
#[derive(Clone)]
pub struct Text(Shared<TextData>);

#[derive(Clone)]
struct TextData {
    string: Letters,
    /// None for data, which most texts are.
    provenance: Option<Box<Provenance>>,
}

/// Where the parts of a text that is not data from end to end come from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Provenance {
    Literal,
    Parts(Box<[Segment]>),
}

/// A run of bytes of one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it comes from.
    pub origin: Origin,
    /// Its length in bytes.
    pub len: u32,
}

/// Where a part of a text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A string literal of the script, or the project's configuration.
    Literal,
    /// Anything else.
    Data,
    /// The whole value of the secret memory entry with this key.
    Secret(Rc<str>),
    /// Something computed from secrets; the key of one of them, for messages.
    Derived(Rc<str>),
}

impl Text {
    /// A text that came from outside or was computed.
    pub fn data(string: impl Into<CompactString>) -> Text {
        Text(Shared::new(TextData { string: string.into().into(), provenance: None }))
    }

    /// A text that was written in the script or the project's configuration.
    pub fn literal(string: impl Into<CompactString>) -> Text {
        Text(Shared::new(TextData { string: string.into().into(), provenance: Some(Box::new(Provenance::Literal)) }))
    }

    /// The value of a secret memory entry.
    pub fn secret(key: &str, string: impl Into<String>) -> Text {
        Text::of_parts(vec![(Origin::Secret(key.into()), string.into())])
    }

    /// A text from its parts, in order. Adjacent parts of one origin are kept joined.
    pub fn of_parts(parts: impl IntoIterator<Item = (Origin, String)>) -> Text {
        let mut string = CompactString::default();
        let mut segments = Vec::new();
        for (origin, part) in parts {
            string.push_str(&part);
            push_segment(&mut segments, origin, part.len());
        }
        Text(Shared::new(TextData { string: string.into(), provenance: settle(segments) }))
    }

    /// Where its contents lie: two holders of one value see the same address.
    pub(crate) fn address(&self) -> usize {
        self.0.address()
    }

    pub(crate) fn shared(&self) -> &Shared<impl Sized> {
        &self.0
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0.string
    }

    /// Whether it is literal from end to end.
    pub fn is_literal(&self) -> bool {
        self.0.provenance.as_deref() == Some(&Provenance::Literal)
    }

    /// Whether it is of one origin and no secret: such texts compare byte for byte.
    #[inline]
    pub fn is_plain(&self) -> bool {
        !matches!(self.0.provenance.as_deref(), Some(Provenance::Parts(_)))
    }

    /// The key of a secret in it that is not set: a part of no length. What was made from such a secret keeps that part.
    pub fn unset_secret(&self) -> Option<&Rc<str>> {
        let Some(Provenance::Parts(parts)) = self.0.provenance.as_deref() else { return None };
        parts.iter().find_map(|segment| match &segment.origin {
            Origin::Secret(key) | Origin::Derived(key) if segment.len == 0 => Some(key),
            Origin::Secret(_) | Origin::Derived(_) | Origin::Literal | Origin::Data => None,
        })
    }

    /// Whether it is nothing but a secret that is not set, which reads as NULL.
    pub fn is_unset(&self) -> bool {
        self.as_str().is_empty() && self.has_secret()
    }

    /// Whether any part is a secret or made from one.
    pub fn has_secret(&self) -> bool {
        self.secret_key().is_some()
    }

    /// The key of the first secret in it.
    pub fn secret_key(&self) -> Option<&Rc<str>> {
        let Some(Provenance::Parts(parts)) = self.0.provenance.as_deref() else { return None };
        parts.iter().find_map(|segment| match &segment.origin {
            Origin::Secret(key) | Origin::Derived(key) => Some(key),
            Origin::Literal | Origin::Data => None,
        })
    }

    /// The parts in order, each with its origin. Data and secrets that are empty are parts of no length: whoever reads
    /// a filter or URL must see that a value stood there.
    pub fn parts(&self) -> Vec<(Origin, &str)> {
        match self.0.provenance.as_deref() {
            None => vec![(Origin::Data, self.as_str())],
            Some(Provenance::Literal) => vec![(Origin::Literal, self.as_str())],
            Some(Provenance::Parts(parts)) => {
                let mut rest = self.as_str();
                parts
                    .iter()
                    .map(|segment| {
                        let (part, after) = rest.split_at(segment.len as usize);
                        rest = after;
                        (segment.origin.clone(), part)
                    })
                    .collect()
            }
        }
    }

    /// The text with every secret part replaced by `‹key›`: the only form that may be logged or shown.
    pub fn masked(&self) -> Cow<'_, str> {
        if !self.has_secret() {
            return Cow::Borrowed(self.as_str());
        }
        let mut shown = String::new();
        for (origin, part) in self.parts() {
            match origin {
                Origin::Literal | Origin::Data => shown.push_str(part),
                // The mark of a secret that is not set, behind what was made from it.
                Origin::Derived(_) if part.is_empty() && !shown.is_empty() => {}
                Origin::Secret(key) | Origin::Derived(key) => {
                    shown.push('‹');
                    shown.push_str(&key);
                    shown.push('›');
                }
            }
        }
        Cow::Owned(shown)
    }

    /// A text computed from this one in any way but joining: data, or a derived secret if this has a secret. Of a secret
    /// that is not set it keeps the mark.
    pub fn derive(&self, string: impl Into<CompactString>) -> Text {
        match self.secret_key() {
            None => Text::data(string),
            Some(key) => {
                let unset = self.unset_secret().map(|key| (Origin::Derived(key.clone()), String::new()));
                Text::of_parts([(Origin::Derived(key.clone()), string.into().into_string())].into_iter().chain(unset))
            }
        }
    }

    /// The texts joined. With `track` the result knows the origin of each part; without, it is data unless
    /// a part is secret.
    pub fn join(texts: &[Text], track: bool) -> Text {
        let length = texts.iter().map(|text| text.as_str().len()).sum();
        let mut string = CompactString::with_capacity(length);
        for text in texts {
            string.push_str(text.as_str());
        }
        if !track && !texts.iter().any(Text::has_secret) {
            return Text::data(string);
        }
        let mut segments = Vec::new();
        for text in texts {
            match text.0.provenance.as_deref() {
                None => push_segment(&mut segments, Origin::Data, text.as_str().len()),
                Some(Provenance::Literal) => push_segment(&mut segments, Origin::Literal, text.as_str().len()),
                Some(Provenance::Parts(parts)) => {
                    for part in parts {
                        push_segment(&mut segments, part.origin.clone(), part.len as usize);
                    }
                }
            }
        }
        if segments.len() > SEGMENTS_MAX || string.len() > TRACKED_MAX {
            let mut merged = Vec::new();
            for segment in segments {
                let origin = if segment.origin == Origin::Literal { Origin::Data } else { segment.origin };
                push_segment(&mut merged, origin, segment.len as usize);
            }
            segments = merged;
        }
        Text(Shared::new(TextData { string: string.into(), provenance: settle(segments) }))
    }

    /// Whether it is data from end to end.
    pub fn is_data(&self) -> bool {
        self.0.provenance.is_none()
    }

    /// Lets a function append plain data in place where nobody else holds the text and it is data itself; gives back
    /// whether it did.
    pub fn append_with(&mut self, append: impl FnOnce(&mut CompactString)) -> bool {
        match self.0.get_mut() {
            Some(data) if data.provenance.is_none() => {
                data.string.change(append);
                true
            }
            _ => false,
        }
    }
}

fn push_segment(segments: &mut Vec<Segment>, origin: Origin, len: usize) {
    let is_secret = matches!(origin, Origin::Secret(_) | Origin::Derived(_));
    if len == 0 && origin == Origin::Literal {
        return;
    }
    match segments.last_mut() {
        Some(last) if !is_secret && last.origin == origin => last.len += len as u32,
        _ => segments.push(Segment { origin, len: len as u32 }),
    }
}

fn settle(segments: Vec<Segment>) -> Option<Box<Provenance>> {
    match segments.as_slice() {
        [] | [Segment { origin: Origin::Literal, .. }] => Some(Box::new(Provenance::Literal)),
        [Segment { origin: Origin::Data, .. }] => None,
        _ => Some(Box::new(Provenance::Parts(segments.into()))),
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.address() == other.address() || self.as_str() == other.as_str()
    }
}

impl fmt::Debug for Text {
    /// Shows the masked form, so that no debug output can hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.masked())
    }
}

impl From<&str> for Text {
    fn from(string: &str) -> Text {
        Text::data(string)
    }
}

impl From<String> for Text {
    fn from(string: String) -> Text {
        Text::data(string)
    }
}
