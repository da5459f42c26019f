//! Schedules: against another implementation, by hand, and where clocks are set.

use chrono::{DateTime, Utc};
use croner::parser::{CronParser, Seconds};
use gbvm::cron::{Timetable, reads_as_time};
use gbvm_vm::instant::Instant;

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound)) as u32
    }

    /// One item of a field: as we read it, and as croner does, which knows no ranges that wrap.
    fn item(&mut self, least: u32, greatest: u32, names: &[&str]) -> (String, String) {
        let (from, to) = (least + self.below(greatest - least + 1), least + self.below(greatest - least + 1));
        let step = 1 + self.below(greatest - least);
        let name = |value: u32, random: &mut Random| match names.get((value - least) as usize) {
            Some(name) if random.below(2) == 0 => (*name).to_owned(),
            _ => value.to_string(),
        };
        let same = |text: String| (text.clone(), text);
        match self.below(8) {
            0 => same(format!("*/{step}")),
            1 if from <= to => same(format!("{from}-{to}/{step}")),
            2 => (format!("{from}/{step}"), format!("{from}-{}/{step}", if greatest == 7 { 6.max(from) } else { greatest })),
            // croner takes sun-sun for the whole week, so it is given numbers.
            3 | 4 if from <= to => (format!("{}-{}", name(from, self), name(to, self)), format!("{from}-{to}")),
            3 | 4 => {
                // A week has one Sunday whichever number it has.
                let end = if greatest == 7 { 6 } else { greatest };
                let values: Vec<String> = (from..=end).chain(least..=to).map(|value| value.to_string()).collect();
                let written = if from > end { (0..=to).map(|value| value.to_string()).collect::<Vec<_>>().join(",") } else { values.join(",") };
                (format!("{}-{}", name(from, self), name(to, self)), written)
            }
            _ => same(name(from, self)),
        }
    }

    fn field(&mut self, least: u32, greatest: u32, names: &[&str], any_in_ten: u32) -> (String, String) {
        if self.below(10) < any_in_ten {
            return ("*".into(), "*".into());
        }
        let items: Vec<(String, String)> = (0..1 + self.below(3)).map(|_| self.item(least, greatest, names)).collect();
        let join = |take: fn(&(String, String)) -> &String| items.iter().map(|item| take(item).clone()).collect::<Vec<_>>().join(",");
        (join(|item| &item.0), join(|item| &item.1))
    }

    fn expression(&mut self) -> (String, String) {
        const MONTHS: [&str; 12] = ["jan", "FEB", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "Nov", "dec"];
        const DAYS: [&str; 7] = ["sun", "MON", "tue", "wed", "thu", "Fri", "sat"];
        let mut fields = Vec::new();
        if self.below(3) == 0 {
            fields.push(self.field(0, 59, &[], 2));
        }
        fields.push(self.field(0, 59, &[], 2));
        fields.push(self.field(0, 23, &[], 3));
        fields.push(match self.below(12) {
            0 => ("L".into(), "L".into()),
            1 => {
                let day = format!("{}W", 1 + self.below(28));
                (day.clone(), day)
            }
            _ => self.field(1, 31, &[], 5),
        });
        fields.push(self.field(1, 12, &MONTHS, 6));
        fields.push(match self.below(12) {
            0 => (format!("{}#{}", 1, 2), "1#2".into()),
            1 => {
                let day = self.below(7);
                (format!("{day}L"), format!("{day}L"))
            }
            2 => {
                let (day, nth) = (self.below(7), 1 + self.below(5));
                (format!("{}#{nth}", DAYS[day as usize]), format!("{day}#{nth}"))
            }
            // The second number for Sunday is written as a number only.
            _ => self.field(0, 7, &DAYS, 5),
        });
        let join = |take: fn(&(String, String)) -> &String| fields.iter().map(|field| take(field).clone()).collect::<Vec<_>>().join(" ");
        (join(|field| &field.0), join(|field| &field.1))
    }
}

fn utc(instant: Instant) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(instant.0).expect("within the years")
}

#[test]
fn agrees_with_another_implementation() {
    let parser = CronParser::builder().seconds(Seconds::Optional).build();
    let mut random = Random(1);
    let (mut compared, mut never) = (0, 0);
    while compared < 20_000 {
        let (ours, theirs) = random.expression();
        // 1970 to 2100, to the millisecond.
        let start = Instant(i64::from(random.below(1 << 31)) * 1900 + i64::from(random.below(1000)));
        let other = parser.parse(&theirs).unwrap_or_else(|error| panic!("{theirs}: {error}"));
        let timetable = match Timetable::parse(&ours, None) {
            Ok(timetable) => timetable,
            Err(message) => {
                assert!(message.contains("never comes"), "{ours}: {message}");
                assert!(other.find_next_occurrence(&utc(start), false).is_err(), "{ours}");
                never += 1;
                continue;
            }
        };
        let next = timetable.next_after(start);
        let expected = other.find_next_occurrence(&utc(start), false).ok().map(|next| next.timestamp() * 1000);
        assert_eq!(next.map(|next| next.0), expected, "{ours} ({}) after {start}", timetable.expression());
        compared += 1;
        if compared % 20 == 0
            && let Some(next) = next
        {
            let last = timetable.last_before(Instant(next.0 + 999), i64::MAX);
            assert!(last.is_some_and(|last| last >= next), "{ours}");
            assert_eq!(timetable.last_before(next, 0), Some(next), "{ours}");
            assert!(timetable.last_before(Instant(next.0 - 1), i64::MAX).is_none_or(|last| last <= start), "{ours}");
        }
    }
    assert!(never < 200, "{never}");
}

/// The first slots after an instant.
fn slots(text: &str, zone: Option<&str>, after: &str, count: usize) -> Vec<String> {
    let timetable = Timetable::parse(text, zone).expect(text);
    let mut at = Instant::parse(after).expect(after);
    (0..count)
        .map(|_| {
            at = timetable.next_after(at).expect("a slot");
            at.to_string()[..19].to_owned()
        })
        .collect()
}

#[test]
fn days_of_the_week_count_from_sunday() {
    // 2026-01-04 is a Sunday.
    for sunday in ["0", "7", "sun", "Sunday", "7-7"] {
        assert_eq!(slots(&format!("0 0 * * {sunday}"), None, "2026-01-01", 2), ["2026-01-04T00:00:00", "2026-01-11T00:00:00"], "{sunday}");
    }
    assert_eq!(slots("0 0 * * 5-7", None, "2026-01-01", 4), ["2026-01-02T00:00:00", "2026-01-03T00:00:00", "2026-01-04T00:00:00", "2026-01-09T00:00:00"]);
    assert_eq!(slots("0 0 * * fri-mon", None, "2026-01-05", 2), ["2026-01-09T00:00:00", "2026-01-10T00:00:00"]);
    assert_eq!(slots("0 0 * * 7-1", None, "2026-01-05", 2), ["2026-01-11T00:00:00", "2026-01-12T00:00:00"]);
    assert_eq!(slots("0 22-1 * * *", None, "2026-01-05T21:00", 4), ["2026-01-05T22:00:00", "2026-01-05T23:00:00", "2026-01-06T00:00:00", "2026-01-06T01:00:00"]);
    // Either day will do where both are named.
    assert_eq!(slots("0 0 13 * 5", None, "2026-01-09", 2), ["2026-01-13T00:00:00", "2026-01-16T00:00:00"]);
}

#[test]
fn seconds_come_first() {
    assert_eq!(slots("30 * * * * *", None, "2026-01-01T00:00:30Z", 1), ["2026-01-01T00:01:30"]);
    assert_eq!(slots("*/20 59 23 31 12 *", None, "2026-12-31T23:59:20Z", 2), ["2026-12-31T23:59:40", "2027-12-31T23:59:00"]);
    assert_eq!(slots("59 59 23 * * *", None, "2026-01-01", 1), ["2026-01-01T23:59:59"]);
}

#[test]
fn macros_and_words_are_cron() {
    let cases = [
        ("@hourly", "0 * * * *"),
        ("@Weekly", "0 0 * * 0"),
        ("hourly", "0 * * * *"),
        ("daily", "0 0 * * *"),
        ("weekly", "0 0 * * 0"),
        ("monthly", "0 0 1 * *"),
        ("yearly", "0 0 1 1 *"),
        ("quarterly", "0 0 1 1,4,7,10 *"),
        ("every minute", "* * * * *"),
        ("every 5 minutes", "*/5 * * * *"),
        ("Every 5 Minutes", "*/5 * * * *"),
        ("every half hour", "*/30 * * * *"),
        ("every other hour", "0 */2 * * *"),
        ("every 90 seconds", ""),
        ("every 15 seconds", "*/15 * * * * *"),
        ("every hour", "0 * * * *"),
        ("every 6 hours", "0 */6 * * *"),
        ("every 120 minutes", "0 */2 * * *"),
        ("every day", "0 0 * * *"),
        ("every day at 9am", "0 9 * * *"),
        ("every day at 9 am", "0 9 * * *"),
        ("daily at 14:30", "30 14 * * *"),
        ("at 12am", "0 0 * * *"),
        ("every day at noon", "0 12 * * *"),
        ("at midnight", "0 0 * * *"),
        ("every day at 9am and 5pm", "0 9,17 * * *"),
        ("weekdays at 8am", "0 8 * * 1-5"),
        ("every weekday at 8:15pm", "15 20 * * 1-5"),
        ("weekends at 10", "0 10 * * 0,6"),
        ("every monday at 9:30am", "30 9 * * 1"),
        ("mondays at 7", "0 7 * * 1"),
        ("every monday, wednesday and friday at 6pm", "0 18 * * 1,3,5"),
        ("every tue and thu at 8:00", "0 8 * * 2,4"),
        ("every hour from 9 to 17", "0 9-17 * * *"),
        ("every hour from 9am to 5pm on weekdays", "0 9-17 * * 1-5"),
        ("every 15 minutes between 22 and 2", "*/15 22-2 * * *"),
        ("business hours", "0 9-17 * * 1-5"),
        ("every 15 minutes during business hours", "*/15 9-17 * * 1-5"),
        ("every hour during business hours", "0 9-17 * * 1-5"),
        ("weekdays from 8 to 18", "0 8-18 * * 1-5"),
        ("first day of the month at 6am", "0 6 1 * *"),
        ("last day of the month", "0 0 L * *"),
        ("every month on the 15th at 8am", "0 8 15 * *"),
        ("monthly on the 1st and 15th", "0 0 1,15 * *"),
        ("every 3 months", "0 0 1 */3 *"),
        ("every 7 minutes", ""),
        ("every 5 hours", ""),
        ("every 0 minutes", ""),
        ("every 2 weeks", ""),
        ("every day at 25:00", ""),
        ("every day at 9:60", ""),
        ("every day at 13pm", ""),
        ("every 5 minutes at 9am", ""),
        ("every day at 9:00 and 17:30", ""),
        ("every blue moon", ""),
        ("every", ""),
    ];
    for (words, cron) in cases {
        match (Timetable::parse(words, None), cron) {
            (Err(message), "") => assert!(message.contains('"') && message.len() > 20, "{words}: {message}"),
            (Ok(timetable), "") => panic!("{words} is taken for {}", timetable.expression()),
            (Err(message), _) => panic!("{words}: {message}"),
            (Ok(timetable), cron) => assert_eq!(timetable.expression(), Timetable::parse(cron, None).expect(cron).expression(), "{words}"),
        }
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let cases = [
        ("60 * * * *", "\"60\" in the minute field"),
        ("* 24 * * *", "\"24\" in the hour field"),
        ("* * 0 * *", "\"0\" in the day of the month field"),
        ("* * * 13 *", "\"13\" in the month field"),
        ("* * * * 8", "\"8\" in the day of the week field"),
        ("* * * * noday", "\"noday\" in the day of the week field"),
        ("*/0 * * * *", "step in \"*/0\" of the minute field"),
        ("*/90 * * * *", "step in \"*/90\" of the minute field"),
        ("1,,2 * * * *", "minute field \"1,,2\""),
        ("+1 * * * *", "\"+1\""),
        ("-1 * * * *", "minute field"),
        ("1-2-3 * * * *", "\"2-3\""),
        ("60 * * * * *", "\"60\" in the second field"),
        ("* * * *", "5 fields"),
        ("* * * * * * *", "5 fields"),
        ("? * * * *", "\"?\" in the minute field"),
        ("0 0 31 2 *", "never comes"),
        ("0 0 30-31 2 *", "never comes"),
        ("0 0 31 4,6,9,11 *", "never comes"),
        ("0 0 1L * *", "day of the month field"),
        ("0 0 32W * *", "day of the month field"),
        ("0 0 * * L", "day of the week field"),
        ("0 0 * * mon#6", "day of the week field"),
        ("@reboot", "@reboot"),
        ("", "empty"),
        ("ä * * * *", "\"ä\""),
        ("* * * * ßüü", "day of the week"),
    ];
    for (text, part) in cases {
        let message = Timetable::parse(text, None).expect_err(text);
        assert!(message.contains(part), "{text}: {message}");
    }
    assert!(Timetable::parse("@daily", Some("Mars/Olympus")).expect_err("no zone").contains("Mars/Olympus"));
}

#[test]
fn names_are_told_from_times() {
    for time in ["*/5 * * * *", "61 * * * *", "0 9 * * mon-fri", "@hourly", "@soon", "every 7 minutes", "daily", "business hours", "weekdays at 8am", "0 0 1 1 * 2026"] {
        assert!(reads_as_time(time), "{time}");
    }
    for name in ["sync-health-check", "nightly sync", "daily-report", "weekly report of all open deals", "job 5", "", "at risk customers", "last resort", "monday report", "a b c d e", "business"] {
        assert!(!reads_as_time(name), "{name}");
    }
}

#[test]
fn zones_shift_the_slots() {
    assert_eq!(slots("0 9 * * *", Some("Europe/Berlin"), "2026-01-01", 1), ["2026-01-01T08:00:00"]);
    assert_eq!(slots("0 9 * * *", Some("Europe/Berlin"), "2026-07-01", 1), ["2026-07-01T07:00:00"]);
    assert_eq!(slots("0 0 1 * *", Some("Asia/Kolkata"), "2026-01-15", 1), ["2026-01-31T18:30:00"]);
}

#[test]
fn a_gap_in_the_day_loses_no_slot() {
    // In Berlin 02:00 to 03:00 of 2026-03-29 does not exist: 01:00 UTC is 03:00 at once.
    let berlin = Some("Europe/Berlin");
    assert_eq!(slots("30 2 * * *", berlin, "2026-03-28 12:00", 2), ["2026-03-29T01:00:00", "2026-03-30T00:30:00"]);
    // Asked in the gap's hour, the slot has been.
    assert_eq!(slots("30 2 * * *", berlin, "2026-03-29 01:10", 1), ["2026-03-30T00:30:00"]);
    assert_eq!(slots("*/30 1-3 * * *", berlin, "2026-03-29 00:00", 3), ["2026-03-29T00:30:00", "2026-03-29T01:00:00", "2026-03-29T01:30:00"]);
    assert_eq!(slots("*/30 * * * *", berlin, "2026-03-29 00:00", 3), ["2026-03-29T00:30:00", "2026-03-29T01:00:00", "2026-03-29T01:30:00"]);
}

#[test]
fn an_hour_that_comes_twice_runs_daily_jobs_once() {
    // In Berlin 02:00 to 03:00 of 2026-10-25 comes twice, at 00:00 and at 01:00 UTC.
    let berlin = Some("Europe/Berlin");
    assert_eq!(slots("30 2 * * *", berlin, "2026-10-24 12:00", 2), ["2026-10-25T00:30:00", "2026-10-26T01:30:00"]);
    assert_eq!(slots("30 2 * * *", berlin, "2026-10-25 01:10", 1), ["2026-10-26T01:30:00"]);
    assert_eq!(slots("*/30 * * * *", berlin, "2026-10-25 00:00", 4), ["2026-10-25T00:30:00", "2026-10-25T01:00:00", "2026-10-25T01:30:00", "2026-10-25T02:00:00"]);
}

#[test]
fn the_last_slot_is_found_for_catching_up() {
    let last = |text: &str, now: &str, horizon_ms: i64| Timetable::parse(text, None).expect(text).last_before(Instant::parse(now).expect(now), horizon_ms).map(|slot| slot.to_string());
    let hour = 3_600_000;
    assert_eq!(last("*/15 * * * *", "2026-01-01T10:20:30Z", hour).as_deref(), Some("2026-01-01T10:15:00.000Z"));
    assert_eq!(last("*/15 * * * *", "2026-01-01T10:15:00Z", hour).as_deref(), Some("2026-01-01T10:15:00.000Z"));
    assert_eq!(last("0 9 * * *", "2026-01-01T10:00:00.001Z", hour), None);
    assert_eq!(last("0 9 * * *", "2026-01-01T10:00:00.000Z", hour).as_deref(), Some("2026-01-01T09:00:00.000Z"));
    assert_eq!(last("0 0 29 2 *", "2026-01-01T00:00:00Z", 1000 * 24 * hour).as_deref(), Some("2024-02-29T00:00:00.000Z"));
    assert_eq!(last("* * * * * *", "2026-01-01T00:00:00.999Z", 0), None);
    assert_eq!(last("* * * * * *", "2026-01-01T00:00:00.999Z", 999).as_deref(), Some("2026-01-01T00:00:00.000Z"));
}

#[test]
fn the_years_have_an_end() {
    let timetable = Timetable::parse("0 0 29 2 *", None).expect("cron");
    assert_eq!(timetable.next_after(gbvm_vm::instant::LAST), None);
    assert!(timetable.next_after(gbvm_vm::instant::FIRST).is_some());
    assert_eq!(timetable.last_before(gbvm_vm::instant::FIRST, i64::MAX), None);
}
