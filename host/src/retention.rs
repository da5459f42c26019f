//! How long is kept what nobody needs any more: records of runs, deliveries that arrived, and rows of tables that the
//! project names.

use std::collections::BTreeMap;
use std::str::FromStr;

use gbvm_lang::names;
use serde::Deserialize;

/// What is kept for how long. Dead deliveries and events are kept until somebody takes them in hand.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Records of runs that have ended.
    pub runs: Span,
    /// Calls and mail that were delivered.
    pub deliveries: Span,
    /// Rows of scripts' tables, by `table.column`, where the column says how old a row is. Nothing is started by their end.
    pub rows: BTreeMap<Aged, Span>,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention { runs: Span::days(30), deliveries: Span::days(30), rows: BTreeMap::new() }
    }
}

/// A length of time: `90d`, `12h`, `6w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Span {
    /// In milliseconds.
    pub millis: i64,
}

impl Span {
    const fn days(days: i64) -> Span {
        Span { millis: days * 86_400_000 }
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Span, String> {
        let wrong = || format!("{text:?} is no length of time such as \"12h\", \"90d\" or \"6w\"");
        let unit = text.chars().last().ok_or_else(wrong)?;
        let millis = match unit {
            'h' => 3_600_000,
            'd' => 86_400_000,
            'w' => 7 * 86_400_000,
            _ => return Err(wrong()),
        };
        let count: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
        if count == 0 {
            return Err(format!("{text:?} would keep nothing"));
        }
        Ok(Span { millis: i64::from(count) * millis })
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Span, String> {
        text.parse()
    }
}

/// A table, and the column that says how old its rows are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Aged {
    /// The table's name.
    pub table: String,
    /// The column's name.
    pub column: String,
}

impl TryFrom<String> for Aged {
    type Error = String;

    fn try_from(text: String) -> Result<Aged, String> {
        let parts = text.split_once('.').filter(|(table, column)| names::is_table(table) && names::is_column(column));
        let (table, column) = parts.ok_or_else(|| format!("{text:?} is no table and column such as \"sync_events.received_at\""))?;
        Ok(Aged { table: table.to_owned(), column: column.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read() {
        for (text, hours) in [("1h", 1), ("90d", 2_160), ("6w", 1_008)] {
            assert_eq!(text.parse::<Span>().map(|span| span.millis), Ok(hours * 3_600_000), "{text}");
        }
        for text in ["", "d", "0d", "-1d", "1.5d", "1", "1m", "99999999999d", "1é"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn engine_tables_are_not_named() {
        for text in ["gbvm_runs.id", "events", "events.", ".at", "a b.c", "events.a;b"] {
            assert!(Aged::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert!(Aged::try_from("sync_events.received_at".to_owned()).is_ok());
    }
}
