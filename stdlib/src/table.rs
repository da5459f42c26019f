//! All keywords in one list, and how one is found.

use std::sync::LazyLock;

use gbvm_vm::signature::Signature;
use rustc_hash::FxHashMap;

use crate::keyword::Keyword;
use crate::{console, data, elsewhere, fill, flow, headers, http, input, json, kind, list, mail, math, memory, security, set_field, sync, text, time, transaction, triggers, upsert};

static KEYWORDS: LazyLock<Vec<Keyword>> = LazyLock::new(|| {
    [
        data::KEYWORDS,
        set_field::KEYWORDS,
        upsert::KEYWORDS,
        transaction::KEYWORDS,
        memory::KEYWORDS,
        http::KEYWORDS,
        headers::KEYWORDS,
        mail::KEYWORDS,
        triggers::KEYWORDS,
        input::KEYWORDS,
        console::KEYWORDS,
        flow::KEYWORDS,
        text::KEYWORDS,
        fill::KEYWORDS,
        time::KEYWORDS,
        math::KEYWORDS,
        list::KEYWORDS,
        kind::KEYWORDS,
        json::KEYWORDS,
        security::KEYWORDS,
        elsewhere::KEYWORDS,
        sync::KEYWORDS,
    ]
    .concat()
});

static INDEX: LazyLock<FxHashMap<&'static str, usize>> = LazyLock::new(|| {
    let mut index = FxHashMap::default();
    for (at, keyword) in KEYWORDS.iter().enumerate() {
        index.insert(keyword.signature.phrase, at);
        for alias in keyword.signature.aliases {
            index.insert(alias, at);
        }
    }
    index
});

/// Every keyword and function of the language, by family, always in this order.
pub fn keywords() -> &'static [Keyword] {
    &KEYWORDS
}

/// What the compiler must know of each.
pub fn signatures() -> Vec<Signature> {
    KEYWORDS.iter().map(|keyword| keyword.signature).collect()
}

/// The keyword with a phrase or alias, in any case, its words separated by one blank.
pub fn find(phrase: &str) -> Option<&'static Keyword> {
    let at = match INDEX.get(phrase) {
        Some(at) => at,
        None => INDEX.get(phrase.to_ascii_uppercase().as_str())?,
    };
    KEYWORDS.get(*at)
}
