//! Everyday words for a schedule, compiled to cron: `every 5 minutes`, `weekdays at 8am`, `business hours`.

/// What the words have said so far.
#[derive(Default)]
struct Plan {
    period: Option<(Unit, u32)>,
    weekdays: Option<String>,
    days: Option<String>,
    times: Vec<TimeOfDay>,
    /// First and last hour.
    window: Option<(u32, u32)>,
}

/// Hour and minute.
type TimeOfDay = (u32, u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// The cron expression for a text in words; none where its first word is not one of a schedule's.
///
/// # Errors
/// A sentence that says which words are not understood, or why cron cannot say this.
pub(super) fn to_cron(text: &str) -> Result<Option<String>, String> {
    let spaced = text.to_lowercase().replace(',', " , ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let Some(first) = words.first() else { return Err("A schedule needs a time; this one is empty.".into()) };
    if !begins_schedule(first, &words) {
        return Ok(None);
    }
    let mut plan = Plan::default();
    let mut rest = words.as_slice();
    while !rest.is_empty() {
        let used = plan.take(rest).map_err(|reason| format!("\"{text}\": {reason}"))?;
        if used == 0 {
            return Err(format!(
                "\"{}\" in \"{text}\" is not understood. There are \"every 5 minutes\", \"every hour from 9 to 17\", \"every day at 9am\", \"weekdays at 8am\", \"every monday at 9:30am\", \"business hours\" and cron.",
                rest.join(" ")
            ));
        }
        rest = &rest[used..];
    }
    plan.cron().map(Some).map_err(|reason| format!("\"{text}\": {reason}"))
}

fn begins_schedule(first: &str, words: &[&str]) -> bool {
    matches!(
        first,
        "every" | "each" | "hourly" | "daily" | "nightly" | "weekly" | "monthly" | "quarterly" | "yearly" | "annually" | "weekday" | "weekdays" | "weekend" | "weekends" | "at" | "midnight" | "noon"
    ) || matches!(words, ["business", "hours", ..] | ["first" | "last", ..] | ["on", _, ..])
        || weekday(first).is_some_and(|_| words.len() < 5 || words.iter().any(|word| matches!(*word, "at" | "and")))
}

impl Plan {
    /// Understands the next words and gives their number; none if it does not know them.
    fn take(&mut self, words: &[&str]) -> Result<usize, String> {
        match words {
            ["every" | "each" | "on" | "and" | "," | "the" | "of" | "a" | "during" | "in", ..] => Ok(1),
            ["business", "hours", ..] => {
                self.set_window((9, 17))?;
                self.set_weekdays("1-5")?;
                if self.period.is_none() && words.len() == 2 {
                    self.period = Some((Unit::Hour, 1));
                }
                Ok(2)
            }
            ["hourly", ..] => self.set_period(Unit::Hour, 1, 1),
            ["daily" | "nightly", ..] => self.set_period(Unit::Day, 1, 1),
            ["weekly", ..] => self.set_period(Unit::Week, 1, 1),
            ["monthly", ..] => self.set_period(Unit::Month, 1, 1),
            ["quarterly" | "quarter", ..] => self.set_period(Unit::Month, 3, 1),
            ["yearly" | "annually", ..] => self.set_period(Unit::Year, 1, 1),
            ["half", "hour" | "an", "hour", ..] => self.set_period(Unit::Minute, 30, 3),
            ["half", "hour", ..] => self.set_period(Unit::Minute, 30, 2),
            ["other", word, ..] => match unit(word) {
                Some(unit) => self.set_period(unit, 2, 2),
                None => Ok(0),
            },
            ["weekday" | "weekdays" | "workday" | "workdays", ..] => self.set_weekdays("1-5").map(|()| 1),
            ["weekend" | "weekends", ..] => self.set_weekdays("0,6").map(|()| 1),
            ["midnight", ..] => self.add_time((0, 0)),
            ["noon", ..] => self.add_time((12, 0)),
            ["at", rest @ ..] => Ok(match self.take_time(rest)? {
                0 => 0,
                used => used + 1,
            }),
            ["from" | "between", rest @ ..] => self.take_window(rest),
            ["first" | "1st", "day", ..] => self.set_days("1").map(|()| 2),
            ["last", "day", ..] => self.set_days("L").map(|()| 2),
            ["first" | "last", ..] => Ok(0),
            ["month", ..] if self.days.is_some() => Ok(1),
            [number, word, ..] if number.parse::<u32>().is_ok() && unit(word).is_some() => {
                let unit = unit(word).ok_or("no unit")?;
                self.set_period(unit, number.parse().map_err(|_| "no number")?, 2)
            }
            [word, ..] => {
                if let Some(day) = ordinal(word) {
                    return self.set_days(&day.to_string()).map(|()| 1);
                }
                if let Some(unit) = unit(word) {
                    return self.set_period(unit, 1, 1);
                }
                if let Some(day) = weekday(word) {
                    let days = match self.weekdays.take() {
                        Some(days) => format!("{days},{day}"),
                        None => day.to_string(),
                    };
                    self.weekdays = Some(days);
                    return Ok(1);
                }
                // A second time: "at 9am and 5pm".
                if self.times.is_empty() { Ok(0) } else { self.take_time(words) }
            }
            [] => Ok(0),
        }
    }

    fn set_period(&mut self, unit: Unit, count: u32, used: usize) -> Result<usize, String> {
        match self.period {
            Some(_) => Err("it names two periods.".into()),
            None => {
                self.period = Some((unit, count));
                Ok(used)
            }
        }
    }

    fn set_weekdays(&mut self, days: &str) -> Result<(), String> {
        match &self.weekdays {
            Some(_) => Err("it names the days twice.".into()),
            None => {
                self.weekdays = Some(days.into());
                Ok(())
            }
        }
    }

    fn set_days(&mut self, days: &str) -> Result<(), String> {
        let days = match (self.days.take(), days) {
            (None, days) => days.to_owned(),
            (Some(before), days) if before != "L" && days != "L" => format!("{before},{days}"),
            (Some(_), _) => return Err("the last day needs a schedule of its own.".into()),
        };
        self.days = Some(days);
        Ok(())
    }

    fn set_window(&mut self, window: (u32, u32)) -> Result<(), String> {
        match self.window {
            Some(_) => Err("it names two spans of hours.".into()),
            None => {
                self.window = Some(window);
                Ok(())
            }
        }
    }

    fn add_time(&mut self, time: (u32, u32)) -> Result<usize, String> {
        self.times.push(time);
        Ok(1)
    }

    /// `9am`, `9 am`, `9:30`, `noon`: gives the number of words.
    fn take_time(&mut self, words: &[&str]) -> Result<usize, String> {
        match clock(words)? {
            None => Ok(0),
            Some((time, used)) => {
                self.times.push(time);
                Ok(used)
            }
        }
    }

    /// `9 to 17`, `9am and 5pm`, after from or between.
    fn take_window(&mut self, words: &[&str]) -> Result<usize, String> {
        let Some((from, used)) = clock(words)? else { return Ok(0) };
        let Some((&("to" | "and" | "until" | "till" | "-"), rest)) = words[used..].split_first() else { return Ok(0) };
        let Some((to, more)) = clock(rest)? else { return Ok(0) };
        if from.1 != 0 || to.1 != 0 {
            return Err("a span goes from a whole hour to a whole hour.".into());
        }
        self.set_window((from.0, to.0))?;
        // from, first time, to, second time
        Ok(used + more + 2)
    }

    fn cron(self) -> Result<String, String> {
        if self.period.is_none() && self.weekdays.is_none() && self.days.is_none() && self.times.is_empty() && self.window.is_none() {
            return Err("it names no time.".into());
        }
        let or_any = |field: &Option<String>| field.clone().unwrap_or_else(|| "*".into());
        let (unit, count) = self.period.unwrap_or((Unit::Day, 1));
        if count == 0 {
            return Err("a period is at least 1.".into());
        }
        let weekdays = or_any(&self.weekdays);
        let hours = self.window.map_or("*".into(), |(from, to)| format!("{from}-{to}"));
        let is_within_day = matches!(unit, Unit::Second | Unit::Minute | Unit::Hour);
        if is_within_day && !self.times.is_empty() {
            return Err("a time of day does not go with a period shorter than a day.".into());
        }
        let days = or_any(&self.days);
        match unit {
            Unit::Second => Ok(format!("{} * {hours} {days} * {weekdays}", stepped(count, 60, "second", "a minute")?)),
            Unit::Minute if count > 59 && count % 60 == 0 => self.every_hours(count / 60, &hours, &days, &weekdays),
            Unit::Minute => Ok(format!("{} {hours} {days} * {weekdays}", stepped(count, 60, "minute", "an hour")?)),
            Unit::Hour => self.every_hours(count, &hours, &days, &weekdays),
            Unit::Day | Unit::Week | Unit::Month | Unit::Year => self.on_days(unit, count),
        }
    }

    fn every_hours(&self, count: u32, hours: &str, days: &str, weekdays: &str) -> Result<String, String> {
        let step = stepped(count, 24, "hour", "a day")?;
        let hours = match (self.window, count) {
            (None, _) => step,
            (Some(_), 1) => hours.to_owned(),
            (Some(_), count) => format!("{hours}/{count}"),
        };
        Ok(format!("0 {hours} {days} * {weekdays}"))
    }

    /// At times of day, on days.
    fn on_days(self, unit: Unit, count: u32) -> Result<String, String> {
        let times = if self.times.is_empty() { vec![(0, 0)] } else { self.times };
        let (minute, hours) = match self.window {
            // "weekdays from 9 to 17" is every hour of them.
            Some(_) if times != [(0, 0)] => return Err("it names both a time and a span of hours.".into()),
            Some((from, to)) => (0, format!("{from}-{to}")),
            None => {
                let minute = times[0].1;
                if times.iter().any(|time| time.1 != minute) {
                    return Err("times with different minutes need a schedule each.".into());
                }
                (minute, times.iter().map(|time| time.0.to_string()).collect::<Vec<_>>().join(","))
            }
        };
        let named_days = self.days;
        let (days, months, weekdays) = match unit {
            Unit::Day if count == 1 => (named_days, None, self.weekdays),
            // Counted anew each month.
            Unit::Day if named_days.is_none() && self.weekdays.is_none() && count < 31 => (Some(format!("*/{count}")), None, None),
            Unit::Week if count == 1 && named_days.is_none() => (None, None, Some(self.weekdays.unwrap_or_else(|| "0".into()))),
            Unit::Month if 12 % count == 0 && self.weekdays.is_none() => {
                (Some(named_days.unwrap_or_else(|| "1".into())), Some(if count == 1 { "*".into() } else { format!("*/{count}") }), None)
            }
            Unit::Year if count == 1 && self.weekdays.is_none() => (Some(named_days.unwrap_or_else(|| "1".into())), Some("1".into()), None),
            Unit::Second | Unit::Minute | Unit::Hour | Unit::Day | Unit::Week | Unit::Month | Unit::Year => {
                return Err("cron cannot say this; name the days of the week or of the month instead.".into());
            }
        };
        let or_any = |field: Option<String>| field.unwrap_or_else(|| "*".into());
        Ok(format!("{minute} {hours} {} {} {}", or_any(days), or_any(months), or_any(weekdays)))
    }
}

/// `*/n` where n divides the whole, so that the slots are evenly spaced.
fn stepped(count: u32, whole: u32, name: &str, whole_name: &str) -> Result<String, String> {
    match count {
        1 => Ok("*".into()),
        count if count == whole => Ok("0".into()),
        count if whole.is_multiple_of(count) => Ok(format!("*/{count}")),
        _ => {
            let even: Vec<String> = (1..=whole / 2).filter(|step| whole.is_multiple_of(*step)).map(|step| step.to_string()).collect();
            Err(format!("{count} {name}s do not divide {whole_name} evenly; {} do.", even.join(", ")))
        }
    }
}

fn unit(word: &str) -> Option<Unit> {
    match word {
        "second" | "seconds" | "sec" | "secs" => Some(Unit::Second),
        "minute" | "minutes" | "min" | "mins" => Some(Unit::Minute),
        "hour" | "hours" | "hr" | "hrs" => Some(Unit::Hour),
        "day" | "days" => Some(Unit::Day),
        "week" | "weeks" => Some(Unit::Week),
        "month" | "months" => Some(Unit::Month),
        "year" | "years" => Some(Unit::Year),
        _ => None,
    }
}

/// The number of a day of the week, whole, in the plural, or by its first letters.
fn weekday(word: &str) -> Option<usize> {
    let singular = word.strip_suffix('s').filter(|word| word.ends_with("day")).unwrap_or(word);
    WEEKDAYS.iter().position(|name| *name == singular || (singular.len() >= 3 && singular.len() <= 5 && name.starts_with(singular)))
}

/// `1st`, `22nd`, `15th`.
fn ordinal(word: &str) -> Option<u32> {
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending))?;
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

/// A time of day and how many words it takes.
fn clock(words: &[&str]) -> Result<Option<(TimeOfDay, usize)>, String> {
    let Some(&first) = words.first() else { return Ok(None) };
    match first {
        "midnight" => return Ok(Some(((0, 0), 1))),
        "noon" => return Ok(Some(((12, 0), 1))),
        _ => {}
    }
    let digits_end = first.find(|letter: char| !letter.is_ascii_digit() && letter != ':').unwrap_or(first.len());
    let (digits, mut half) = first.split_at(digits_end);
    let mut used = 1;
    if half.is_empty() && let Some(next @ (&"am" | &"pm" | &"a.m." | &"p.m." | &"o'clock")) = words.get(1) {
        half = next;
        used = 2;
    }
    let (hour, minute) = digits.split_once(':').unwrap_or((digits, "00"));
    let (Ok(hour), Ok(minute)) = (hour.parse::<u32>(), minute.parse::<u32>()) else { return Ok(None) };
    let hour = match half {
        "am" | "a.m." if (1..=12).contains(&hour) => hour % 12,
        "pm" | "p.m." if (1..=12).contains(&hour) => hour % 12 + 12,
        "" | "h" | "o'clock" if hour < 24 => hour,
        _ => return Err(format!("\"{first}\" is no time of day; 9am, 9:30am and 14:00 are.")),
    };
    if minute > 59 {
        return Err(format!("\"{first}\" is no time of day; an hour has 60 minutes."));
    }
    Ok(Some(((hour, minute), used)))
}
