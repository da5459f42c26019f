//! When a schedule comes round: cron expressions, everyday words, and time zones.
//!
//! A schedule is kept in local time, to the second; saffron finds the minutes, this file the rest. Where clocks are
//! set, a schedule that names hours behaves as cron does: a time that is left out comes at the end of the gap, and a
//! time that comes twice counts the first time. A schedule of every hour goes by the time that passes instead.

mod fields;
mod words;

use chrono::{DateTime as ChronoDateTime, Utc};
use gbvm_vm::instant::{FIRST, Instant, LAST};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use fields::Fields;

/// The slots of a schedule.
#[derive(Clone, Debug)]
pub struct Timetable {
    expression: String,
    /// Bit n: at second n of a minute.
    seconds: u64,
    minutes: saffron::Cron,
    is_of_every_hour: bool,
    zone: TimeZone,
}

impl Timetable {
    /// Reads cron with 5 fields, or 6 with seconds first, a macro such as `@hourly`, or words such as
    /// `weekdays at 8am`. The zone is an IANA name; without one it is UTC.
    ///
    /// # Errors
    /// A sentence that names the part that cannot be read.
    pub fn parse(text: &str, zone: Option<&str>) -> Result<Timetable, String> {
        let zone = match zone {
            None => TimeZone::UTC,
            Some(name) => TimeZone::get(name).map_err(|_| format!("\"{name}\" is not the name of a time zone; names look like Europe/Berlin."))?,
        };
        let cron = match words::to_cron(text)? {
            Some(cron) => cron,
            None => text.to_owned(),
        };
        let fields = Fields::parse(&cron)?;
        let expression = fields.canonical();
        let minutes: saffron::Cron = fields.for_saffron().parse().map_err(|_| format!("\"{text}\" cannot be read as a time."))?;
        if !fields.can_come() || !minutes.any() {
            return Err(format!("\"{text}\" never comes: no month it names has such a day."));
        }
        Ok(Timetable { expression, seconds: fields.seconds(), minutes, is_of_every_hour: fields.is_of_every_hour(), zone })
    }

    /// The cron expression, with words and macros written out.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The first slot after an instant.
    pub fn next_after(&self, instant: Instant) -> Option<Instant> {
        let start = instant.0.div_euclid(1000);
        let next = if self.is_of_every_hour { self.next_by_time_passed(start) } else { self.next_by_clock(start) };
        Instant::from_millis(next?.checked_mul(1000)?)
    }

    /// The last slot at or before an instant, not more than `horizon_ms` before it.
    pub fn last_before(&self, instant: Instant, horizon_ms: i64) -> Option<Instant> {
        // What comes after an instant never comes earlier for a later instant, so the last start with a slot
        // within reach can be found by halving.
        let within = |start: i64| self.next_after(Instant(start * 1000)).filter(|slot| *slot <= instant);
        let earliest = instant.0.saturating_sub(horizon_ms.max(0)).max(FIRST.0);
        // A slot at `earliest` itself is after the second before it.
        let mut low = earliest.div_euclid(1000) - i64::from(earliest.rem_euclid(1000) == 0);
        let mut high = instant.0.div_euclid(1000);
        let mut found = within(low)?;
        while low < high {
            let middle = low + (high - low + 1) / 2;
            match within(middle) {
                Some(slot) => {
                    found = slot;
                    low = middle;
                }
                None => high = middle - 1,
            }
        }
        Some(found)
    }

    /// The first second of local time after this one, both counted from 1970 as if local time were UTC.
    fn next_local(&self, local: i64) -> Option<i64> {
        let minute = local.div_euclid(60);
        let at = ChronoDateTime::<Utc>::from_timestamp(minute * 60, 0)?;
        if self.minutes.contains(at) {
            let later = self.seconds >> local.rem_euclid(60) >> 1;
            if later != 0 {
                return Some(local + 1 + i64::from(later.trailing_zeros()));
            }
        }
        if local > LAST.0 / 1000 {
            return None;
        }
        Some(self.minutes.next_after(at)?.timestamp() + i64::from(self.seconds.trailing_zeros()))
    }

    /// How far local time is ahead at a second of UTC.
    fn offset_at(&self, second: i64) -> Option<i64> {
        Some(i64::from(self.zone.to_offset(Timestamp::from_second(second).ok()?).seconds()))
    }

    /// For schedules that name hours: each local time counts once.
    fn next_by_clock(&self, start: i64) -> Option<i64> {
        let mut local = start + self.offset_at(start)?;
        loop {
            local = self.next_local(local)?;
            let second = self.first_second_at(local)?;
            // The second time round, the times of the first lie in the past.
            if second > start {
                return Some(second);
            }
        }
    }

    /// The first second of UTC at which clocks show this local time, or the end of the gap that leaves it out.
    fn first_second_at(&self, local: i64) -> Option<i64> {
        let civil: DateTime = Offset::UTC.to_datetime(Timestamp::from_second(local).ok()?);
        match self.zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => Some(local - i64::from(offset.seconds())),
            AmbiguousOffset::Fold { before, .. } => Some(local - i64::from(before.seconds())),
            AmbiguousOffset::Gap { after, .. } => {
                // With the later offset the time lies before the gap, so the gap's end is the next change.
                let before_gap = Timestamp::from_second(local - i64::from(after.seconds())).ok()?;
                Some(self.zone.following(before_gap).next()?.timestamp().as_second())
            }
        }
    }

    /// For schedules of every hour: whenever clocks show such a minute.
    fn next_by_time_passed(&self, start: i64) -> Option<i64> {
        let mut offset = self.offset_at(start)?;
        let mut second = start;
        loop {
            let next = self.next_local(second + offset)? - offset;
            let change = self.zone.following(Timestamp::from_second(second).ok()?).next();
            match change {
                Some(change) if change.timestamp().as_second() <= next => {
                    offset = i64::from(change.offset().seconds());
                    let first = change.timestamp().as_second();
                    // The change itself may be a slot: look from the second before it, by the new offset.
                    let next = self.next_local(first - 1 + offset)? - offset;
                    let after = self.zone.following(Timestamp::from_second(first).ok()?).next();
                    if after.is_none_or(|after| next < after.timestamp().as_second()) {
                        return Some(next);
                    }
                    second = first;
                }
                Some(_) | None => return Some(next),
            }
        }
    }
}

/// Whether a text is meant as a time and not as a name: it is one, or has the look of a broken one.
pub fn reads_as_time(text: &str) -> bool {
    let text = text.trim();
    let first = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    text.starts_with('@') || first == "every" || fields::looks_like_cron(text) || Timetable::parse(text, None).is_ok()
}
