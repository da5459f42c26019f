//! The fields of a cron expression: read with messages of our own, and written the way saffron wants them.
//!
//! saffron counts days of the week from 1, starts ranges that wrap one too early and explains nothing. So every
//! field is read here into the set of its values and handed over as a plain list, days of the week by name.

/// One kind of field.
struct Kind {
    name: &'static str,
    least: u32,
    greatest: u32,
    names: &'static [&'static str],
}

const SECOND: Kind = Kind { name: "second", least: 0, greatest: 59, names: &[] };
const MINUTE: Kind = Kind { name: "minute", least: 0, greatest: 59, names: &[] };
const HOUR: Kind = Kind { name: "hour", least: 0, greatest: 23, names: &[] };
const DAY: Kind = Kind { name: "day of the month", least: 1, greatest: 31, names: &[] };
const MONTH: Kind = Kind {
    name: "month",
    least: 1,
    greatest: 12,
    names: &["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"],
};
const WEEKDAY: Kind =
    Kind { name: "day of the week", least: 0, greatest: 7, names: &["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] };

/// The short names that saffron reads.
const SHORT_DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// What a field says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Field {
    /// `*` or `?`.
    Any,
    /// Bit n: value n.
    Values(u64),
    /// A form that saffron reads as it is: `L`, `15W`, `FRIL`, `MON#2`.
    Special(String),
}

/// A cron expression, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    second: Field,
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Fields {
    /// Reads 5 fields, 6 with seconds first, or a macro.
    pub(super) fn parse(text: &str) -> Result<Fields, String> {
        let text = match text.trim().strip_prefix('@') {
            Some(name) => expand_macro(name)?,
            None => text.trim(),
        };
        let parts: Vec<&str> = text.split_whitespace().collect();
        let (second, rest) = match parts.as_slice() {
            [second, rest @ ..] if rest.len() == 5 => (parse_field(second, &SECOND)?, rest),
            rest if rest.len() == 5 => (Field::Values(1), rest),
            _ => {
                return Err(format!(
                    "\"{text}\" is no time. Cron has 5 fields (minute, hour, day, month, day of the week) or 6 with seconds first; words are such as \"every 5 minutes\", \"every day at 9am\" or \"weekdays at 8am\"."
                ));
            }
        };
        Ok(Fields {
            second,
            minute: parse_field(rest[0], &MINUTE)?,
            hour: parse_field(rest[1], &HOUR)?,
            day: match special_day(rest[2])? {
                Some(special) => Field::Special(special),
                None => parse_field(rest[2], &DAY)?,
            },
            month: parse_field(rest[3], &MONTH)?,
            weekday: match special_weekday(rest[4])? {
                Some(special) => Field::Special(special),
                None => seven_is_sunday(parse_field(rest[4], &WEEKDAY)?),
            },
        })
    }

    /// The seconds of a minute, bit by bit.
    pub(super) fn seconds(&self) -> u64 {
        self.second.values(&SECOND)
    }

    /// Whether no hour is left out.
    pub(super) fn is_of_every_hour(&self) -> bool {
        self.hour.values(&HOUR) == all(&HOUR)
    }

    /// Whether a month that is named has a day that is named.
    pub(super) fn can_come(&self) -> bool {
        let (Field::Values(days), Field::Any) = (&self.day, &self.weekday) else { return true };
        let months = self.month.values(&MONTH);
        (1..=12).filter(|month| months & (1 << month) != 0).any(|month| {
            let length = match month {
                2 => 29,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            days & ((1 << (length + 1)) - 1) != 0
        })
    }

    /// The five fields from the minute on, in saffron's writing.
    pub(super) fn for_saffron(&self) -> String {
        let weekday = match &self.weekday {
            Field::Values(bits) => (0..7).filter(|day| bits & (1 << day) != 0).map(|day| SHORT_DAYS[day]).collect::<Vec<_>>().join(","),
            field @ (Field::Any | Field::Special(_)) => field.list(),
        };
        [self.minute.list(), self.hour.list(), self.day.list(), self.month.list(), weekday].join(" ")
    }

    /// The expression with every value written out and days of the week from 0; seconds only where they are used.
    pub(super) fn canonical(&self) -> String {
        let rest = [&self.minute, &self.hour, &self.day, &self.month, &self.weekday].map(Field::list).join(" ");
        if self.second == Field::Values(1) { rest } else { format!("{} {rest}", self.second.list()) }
    }
}

impl Field {
    fn values(&self, kind: &Kind) -> u64 {
        match self {
            Field::Values(bits) => *bits,
            Field::Any | Field::Special(_) => all(kind),
        }
    }

    fn list(&self) -> String {
        match self {
            Field::Any => "*".into(),
            Field::Special(text) => text.clone(),
            Field::Values(bits) => (0..64).filter(|value| bits & (1 << value) != 0).map(|value| value.to_string()).collect::<Vec<_>>().join(","),
        }
    }
}

fn all(kind: &Kind) -> u64 {
    (kind.least..=kind.greatest).fold(0, |bits, value| bits | 1 << value)
}

fn expand_macro(name: &str) -> Result<&'static str, String> {
    match name.to_ascii_lowercase().as_str() {
        "yearly" | "annually" => Ok("0 0 1 1 *"),
        "monthly" => Ok("0 0 1 * *"),
        "weekly" => Ok("0 0 * * 0"),
        "daily" | "midnight" => Ok("0 0 * * *"),
        "hourly" => Ok("0 * * * *"),
        "minutely" => Ok("* * * * *"),
        _ => Err(format!("@{name} is not known; there are @yearly, @monthly, @weekly, @daily and @hourly.")),
    }
}

/// `*`, `?`, or a list of values, ranges and steps.
fn parse_field(text: &str, kind: &Kind) -> Result<Field, String> {
    if text == "*" || (text == "?" && matches!(kind.greatest, 7 | 31)) {
        return Ok(Field::Any);
    }
    let mut bits = 0;
    for item in text.split(',') {
        if item.is_empty() {
            return Err(format!("The {} field \"{text}\" has an empty place in its list.", kind.name));
        }
        bits |= parse_item(item, kind)?;
    }
    Ok(Field::Values(bits))
}

/// A value, `a-b`, `*`, each with `/step`.
fn parse_item(item: &str, kind: &Kind) -> Result<u64, String> {
    let (range, step) = match item.split_once('/') {
        None => (item, None),
        Some((range, step)) => (range, Some(parse_step(step, item, kind)?)),
    };
    // Of the two numbers for Sunday a whole week uses one.
    let greatest = if kind.greatest == 7 { 6 } else { kind.greatest };
    let (from, to) = match range.split_once('-') {
        _ if range == "*" => (kind.least, greatest),
        Some((from, to)) => (parse_value(from, kind)?, parse_value(to, kind)?),
        None => {
            let value = parse_value(range, kind)?;
            (value, if step.is_some() { greatest.max(value) } else { value })
        }
    };
    let step = step.unwrap_or(1) as usize;
    if from <= to {
        return Ok((from..=to).step_by(step).fold(0, |bits, value| bits | 1 << value));
    }
    // A range that goes over the end, such as 22-2 or fri-mon.
    let from = if from > greatest { kind.least } else { from };
    let wrapped = if from <= to { (from..=to).chain(0..0) } else { (from..=greatest).chain(kind.least..to + 1) };
    Ok(wrapped.step_by(step).fold(0, |bits, value| bits | 1 << value))
}

fn parse_step(text: &str, item: &str, kind: &Kind) -> Result<u32, String> {
    let most = kind.greatest;
    match text.parse::<u32>() {
        Ok(step) if text.bytes().all(|byte| byte.is_ascii_digit()) && (1..=most).contains(&step) => Ok(step),
        _ => Err(format!("The step in \"{item}\" of the {} field must be a number from 1 to {most}.", kind.name)),
    }
}

/// A number, or the name of a month or day, whole or by its first three letters.
fn parse_value(text: &str, kind: &Kind) -> Result<u32, String> {
    let lower = text.to_ascii_lowercase();
    let name = (lower.len() >= 3).then(|| kind.names.iter().position(|name| *name == lower || name[..3] == lower)).flatten();
    if let Some(index) = name {
        return Ok(index as u32 + kind.least);
    }
    let (least, greatest) = (kind.least, kind.greatest);
    match text.parse::<u32>() {
        Ok(value) if text.bytes().all(|byte| byte.is_ascii_digit()) && (least..=greatest).contains(&value) => Ok(value),
        _ => Err(format!("\"{text}\" in the {} field is not a value from {least} to {greatest}.", kind.name)),
    }
}

fn seven_is_sunday(field: Field) -> Field {
    match field {
        Field::Values(bits) if bits & (1 << 7) != 0 => Field::Values(bits & 0x7f | 1),
        field @ (Field::Any | Field::Values(_) | Field::Special(_)) => field,
    }
}

/// `L`, `L-3`, `LW`, `15W`.
fn special_day(text: &str) -> Result<Option<String>, String> {
    let upper = text.to_ascii_uppercase();
    if !upper.contains(['L', 'W']) {
        return Ok(None);
    }
    let is_number = |digits: &str, most: u32| digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse().is_ok_and(|value: u32| (1..=most).contains(&value));
    let is_good = upper == "L" || upper == "LW" || upper.strip_prefix("L-").is_some_and(|digits| is_number(digits, 27)) || upper.strip_suffix('W').is_some_and(|digits| is_number(digits, 31));
    if is_good { Ok(Some(upper)) } else { Err(format!("\"{text}\" in the day of the month field is not known; there are L, L-3, LW and 15W, each alone.")) }
}

/// `friL` or `5L`, `mon#2` or `1#2`.
fn special_weekday(text: &str) -> Result<Option<String>, String> {
    let unknown = || format!("\"{text}\" in the day of the week field is not known; friL is the last Friday, mon#2 the second Monday, each alone.");
    let lower = text.to_ascii_lowercase();
    let short = |day: &str| parse_value(day, &WEEKDAY).map(|day| SHORT_DAYS[day as usize % 7]).map_err(|_| unknown());
    if let Some((day, nth)) = lower.split_once('#') {
        let day = short(day)?;
        return if matches!(nth, "1" | "2" | "3" | "4" | "5") { Ok(Some(format!("{day}#{nth}"))) } else { Err(unknown()) };
    }
    match lower.strip_suffix('l') {
        None => Ok(None),
        Some(day) => Ok(Some(format!("{}L", short(day)?))),
    }
}

/// Whether a text has as many parts as cron, and only parts such as cron has.
pub(super) fn looks_like_cron(text: &str) -> bool {
    let parts: Vec<&str> = text.split_whitespace().collect();
    (5..=7).contains(&parts.len())
        && parts.iter().all(|part| {
            let is_name = |word: &str| [&MONTH, &WEEKDAY].iter().any(|kind| parse_value(word, kind).is_ok());
            part.contains(['*', '?']) || part.bytes().any(|byte| byte.is_ascii_digit()) || part.split([',', '-']).all(is_name) || matches!(*part, "L" | "LW")
        })
}
