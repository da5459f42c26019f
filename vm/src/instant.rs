//! Points in time, and how text and numbers are read as one.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, tz::Offset};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

/// The first instant that can be written: the year 0000.
pub const FIRST: Instant = Instant(-62_167_219_200_000);
/// The last instant that can be written: the end of the year 9999, less a day so that every offset fits.
pub const LAST: Instant = Instant(253_402_127_999_999);

impl Instant {
    /// From milliseconds; none outside the years 0000 to 9999.
    pub fn from_millis(millis: i64) -> Option<Instant> {
        (FIRST.0..=LAST.0).contains(&millis).then_some(Instant(millis))
    }

    /// Reads the full form of RFC 3339: date, `T`, `t` or a blank, time with seconds, and an offset.
    pub fn parse_rfc3339(text: &str) -> Option<Instant> {
        let bytes = text.as_bytes();
        if bytes.len() < 20 || !bytes.is_ascii() || !looks_like_date(&bytes[..10]) {
            return None;
        }
        let offset_at = match bytes.last() {
            Some(b'Z' | b'z') => bytes.len() - 1,
            _ => bytes.len().checked_sub(6).filter(|&at| {
                at >= 19 && matches!(bytes[at], b'+' | b'-') && bytes[at + 3] == b':' && two_digits(bytes, at + 1).is_some_and(|h| h < 24) && two_digits(bytes, at + 4).is_some_and(|m| m < 60)
            })?,
        };
        let local = parse_local(&text[..offset_at], true)?;
        let shift = if offset_at == bytes.len() - 1 {
            0
        } else {
            let minutes = i64::from(two_digits(bytes, offset_at + 1)?) * 60 + i64::from(two_digits(bytes, offset_at + 4)?);
            if bytes[offset_at] == b'-' { -minutes } else { minutes }
        };
        Instant::from_millis(local.0 - shift * 60_000)
    }

    /// Reads what the language reads as an instant: RFC 3339, `YYYY-MM-DD[ T]HH:MM[:SS[.fff]]` and `YYYY-MM-DD` in UTC.
    pub fn parse(text: &str) -> Option<Instant> {
        Instant::parse_rfc3339(text).or_else(|| parse_local(text, false))
    }

    /// Reads a number: seconds below 10¹¹, else milliseconds.
    pub fn from_number(number: f64) -> Option<Instant> {
        let millis = if number.abs() < 1e11 { number * 1000.0 } else { number };
        (millis.is_finite() && millis.abs() < 1e15).then(|| Instant::from_millis(millis.round() as i64)).flatten()
    }

    /// The same instant moved by milliseconds; none where that leaves the writable years.
    pub fn plus_millis(self, millis: i64) -> Option<Instant> {
        self.0.checked_add(millis).and_then(Instant::from_millis)
    }

    /// The calendar date and time in UTC.
    pub fn utc(self) -> DateTime {
        let timestamp = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        Offset::UTC.to_datetime(timestamp)
    }

    /// From a calendar date and time in UTC.
    pub fn from_utc(datetime: DateTime) -> Option<Instant> {
        Instant::from_millis(Offset::UTC.to_timestamp(datetime).ok()?.as_millisecond())
    }
}

fn two_digits(bytes: &[u8], at: usize) -> Option<u8> {
    let (tens, ones) = (*bytes.get(at)?, *bytes.get(at + 1)?);
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
}

fn looks_like_date(bytes: &[u8]) -> bool {
    bytes.len() == 10 && bytes.iter().enumerate().all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
}

/// `YYYY-MM-DD`, with a time after a blank or `T`; the date alone and the time without seconds only where allowed.
fn parse_local(text: &str, needs_seconds: bool) -> Option<Instant> {
    let bytes = text.as_bytes();
    if bytes.len() < 10 || !bytes.is_ascii() || !looks_like_date(&bytes[..10]) {
        return None;
    }
    let date = Date::new(
        i16::from(two_digits(bytes, 0)?) * 100 + i16::from(two_digits(bytes, 2)?),
        two_digits(bytes, 5)? as i8,
        two_digits(bytes, 8)? as i8,
    )
    .ok()?;
    if bytes.len() == 10 {
        return if needs_seconds { None } else { Instant::from_utc(date.at(0, 0, 0, 0)) };
    }
    if !matches!(bytes[10], b'T' | b't' | b' ') || bytes.get(13) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (two_digits(bytes, 11)?, two_digits(bytes, 14)?);
    let (mut second, mut nanos) = (0, 0);
    if bytes.len() > 16 {
        if bytes[16] != b':' {
            return None;
        }
        second = two_digits(bytes, 17)?;
        if bytes.len() > 19 {
            let digits = &bytes[20..];
            if bytes[19] != b'.' || digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
                return None;
            }
            nanos = digits.iter().fold(0i32, |sum, digit| sum * 10 + i32::from(digit - b'0')) * 10i32.pow(9 - digits.len() as u32);
        }
    } else if needs_seconds {
        return None;
    }
    // A leap second reads as the last second that this clock has.
    let second = if second == 60 { 59 } else { second };
    let time = jiff::civil::Time::new(hour as i8, minute as i8, second as i8, nanos).ok()?;
    let millis = Instant::from_utc(date.at(0, 0, 0, 0))?.0
        + i64::from(time.hour()) * 3_600_000
        + i64::from(time.minute()) * 60_000
        + i64::from(time.second()) * 1000
        + i64::from(nanos / 1_000_000);
    Instant::from_millis(millis)
}

impl fmt::Display for Instant {
    /// `2026-01-31T09:05:07.123Z`, always of this width: such texts sort as their instants do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = self.utc();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            utc.year(), utc.month(), utc.day(), utc.hour(), utc.minute(), utc.second(), utc.millisecond()
        )
    }
}
