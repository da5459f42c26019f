//! FORMAT: dates and numbers as text, by patterns.

use gbvm_vm::coerce::{self, Number};
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::native::PureContext;
use gbvm_vm::operators;
use gbvm_vm::value::Value;
use jiff::civil::Weekday;

use crate::argument::{self, at};

const MONTHS: [&str; 12] = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
];
/// What a date pattern may hold, longest first.
const TOKENS: &[&str] = &[
    "YYYY", "yyyy", "MMMM", "dddd", "DDDD", "MMM", "ddd", "DDD", "fff", "YY", "yy", "MM", "DD", "dd", "HH", "hh", "mm", "ss", "tt", "M", "D", "d", "H", "h", "m", "s",
];

/// The function FORMAT.
///
/// # Errors
/// `E_TYPE`.
pub fn format(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let value = at(arguments, 0);
    if operators::is_empty(value) {
        return Ok(Value::Null);
    }
    let pattern = argument::text(arguments, 1);
    let pattern = pattern.as_str();
    if pattern.is_empty() {
        return argument::computed(arguments, coerce::text(value).as_str().to_owned(), context.limits);
    }
    let is_for_numbers = pattern.contains(['0', '#']);
    let formatted = match value {
        Value::Int(_) | Value::Float(_) | Value::Text(_) if is_for_numbers => coerce::number(value).map(|number| format_number(number, pattern)),
        Value::Date(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) => coerce::instant(value).map(|instant| format_date(instant, pattern)),
        Value::Missing | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let formatted = formatted.ok_or_else(|| argument::wrong_kind(if is_for_numbers { "a number" } else { "a date" }, value).at_argument(0))?;
    argument::computed(arguments, formatted, context.limits)
}

/// A date by a pattern, in UTC.
pub fn format_date(instant: Instant, pattern: &str) -> String {
    let has_half_days = pattern.contains("tt");
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        if first == '\''
            && let Some(end) = rest[1..].find('\'')
        {
            out.push_str(&rest[1..=end]);
            rest = &rest[end + 2..];
        } else if let Some(token) = TOKENS.iter().find(|token| rest.starts_with(**token)) {
            write_token(instant, token, has_half_days, &mut out);
            rest = &rest[token.len()..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

fn write_token(instant: Instant, token: &str, has_half_days: bool, out: &mut String) {
    let utc = instant.utc();
    let month = MONTHS[usize::from(utc.month().unsigned_abs()) - 1];
    let hour = match utc.hour() {
        hour if !has_half_days => hour,
        hour if hour % 12 == 0 => 12,
        hour => hour % 12,
    };
    let written = match token {
        "YYYY" | "yyyy" => format!("{:04}", utc.year()),
        "YY" | "yy" => format!("{:02}", utc.year() % 100),
        "MMMM" => month.to_owned(),
        "MMM" => month[..3].to_owned(),
        "MM" => format!("{:02}", utc.month()),
        "M" => utc.month().to_string(),
        "dddd" | "DDDD" => weekday_name(utc.weekday()).to_owned(),
        "ddd" | "DDD" => weekday_name(utc.weekday())[..3].to_owned(),
        "DD" | "dd" => format!("{:02}", utc.day()),
        "D" | "d" => utc.day().to_string(),
        "HH" => format!("{:02}", utc.hour()),
        "H" => utc.hour().to_string(),
        "hh" => format!("{hour:02}"),
        "h" => hour.to_string(),
        "mm" => format!("{:02}", utc.minute()),
        "m" => utc.minute().to_string(),
        "ss" => format!("{:02}", utc.second()),
        "s" => utc.second().to_string(),
        "fff" => format!("{:03}", utc.millisecond()),
        "tt" => (if utc.hour() < 12 { "AM" } else { "PM" }).to_owned(),
        other => other.to_owned(),
    };
    out.push_str(&written);
}

fn weekday_name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// A number by a pattern: text, digits, text.
pub fn format_number(number: Number, pattern: &str) -> String {
    let is_digit = |char: char| matches!(char, '0' | '#' | ',' | '.');
    let start = pattern.find(['0', '#']).unwrap_or(pattern.len());
    let start = if pattern[..start].ends_with('.') { start - 1 } else { start };
    let end = start + pattern[start..].find(|char| !is_digit(char)).unwrap_or(pattern.len() - start);
    let (before, digits, after) = (&pattern[..start], &pattern[start..end], &pattern[end..]);
    let number = if before.contains('%') || after.contains('%') { percent(number) } else { number };

    let (whole_pattern, fraction_pattern) = digits.split_once('.').unwrap_or((digits, ""));
    let most = fraction_pattern.chars().filter(|char| matches!(char, '0' | '#')).count();
    let least = fraction_pattern.rfind('0').map_or(0, |at| fraction_pattern[..=at].chars().filter(|char| matches!(char, '0' | '#')).count());
    let rounded = round_text(number, most as i64);
    let (is_negative, rounded) = rounded.strip_prefix('-').map_or((false, rounded.as_str()), |rest| (true, rest));
    let (whole, fraction) = rounded.split_once('.').unwrap_or((rounded, ""));

    let zeros = whole_pattern.matches('0').count();
    let whole = if whole == "0" && zeros == 0 && most > 0 { "" } else { whole };
    let mut whole = format!("{}{whole}", "0".repeat(zeros.saturating_sub(whole.len())));
    if whole_pattern.contains(',') {
        whole = grouped(&whole);
    }
    let mut fraction = format!("{fraction}{}", "0".repeat(most.saturating_sub(fraction.len())));
    while fraction.len() > least && fraction.ends_with('0') {
        fraction.pop();
    }

    let sign = if is_negative { "-" } else if before.starts_with('+') { "+" } else { "" };
    let before = before.strip_prefix('+').unwrap_or(before);
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{before}{whole}{point}{fraction}{after}")
}

/// A hundred times a number, by its decimal exponent: a product of floats would make 28.999… of 0.29.
fn percent(number: Number) -> Number {
    let scientific = match number {
        Number::Int(int) if int.checked_mul(100).is_some() => return Number::Int(int * 100),
        Number::Int(int) => format!("{int}e0"),
        Number::Float(float) => format!("{float:e}"),
    };
    let product = scientific.split_once('e').and_then(|(digits, exponent)| format!("{digits}e{}", exponent.parse::<i32>().ok()? + 2).parse().ok());
    Number::Float(product.filter(|product: &f64| product.is_finite()).unwrap_or(number.as_float()))
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number rounded to decimal places, half away from zero, as plain digits. What counts is the number as people see
/// it, its shortest decimal form: 1.005 to two places is 1.01.
pub fn round_text(number: Number, places: i64) -> String {
    let plain = match number {
        Number::Int(int) => int.to_string(),
        Number::Float(float) => format!("{float}"),
    };
    let (sign, plain) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let keep = whole.len() as i64 + places;
    if keep < 0 {
        return "0".to_owned();
    }
    let mut digits: Vec<u8> = [whole.as_bytes(), fraction.as_bytes()].concat();
    let keep = keep as usize;
    if keep >= digits.len() {
        return format!("{sign}{plain}");
    }
    let is_up = digits[keep] >= b'5';
    digits.truncate(keep);
    if is_up {
        match digits.iter().rposition(|digit| *digit != b'9') {
            Some(at) => {
                digits[at] += 1;
                digits[at + 1..].fill(b'0');
            }
            None => {
                digits.fill(b'0');
                digits.insert(0, b'1');
            }
        }
    }
    let fraction_kept = places.max(0) as usize;
    let whole_end = digits.len() - fraction_kept.min(digits.len());
    let mut out = String::from_utf8_lossy(&digits[..whole_end]).into_owned();
    out.push_str(&"0".repeat(places.min(0).unsigned_abs() as usize));
    let out = match out.trim_start_matches('0') {
        "" => "0".to_owned(),
        trimmed => trimmed.to_owned(),
    };
    let fraction = String::from_utf8_lossy(&digits[whole_end..]).into_owned();
    let is_zero = out == "0" && fraction.bytes().all(|digit| digit == b'0');
    let sign = if is_zero { "" } else { sign };
    if fraction.is_empty() { format!("{sign}{out}") } else { format!("{sign}{out}.{fraction}") }
}
