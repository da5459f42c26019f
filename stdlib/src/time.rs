//! Dates: NOW, DATEADD, DATEDIFF and their kin. All of them are in UTC.

use gbvm_vm::coerce::{self, Number};
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::native::PureContext;
use gbvm_vm::operators;
use gbvm_vm::signature::{Holds, Param, Part, Role, WordForm};
use gbvm_vm::value::Value;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use crate::argument::{self, at};
use crate::format;
use crate::keyword::{Example, Keyword};

const DATE: Param = Param::required("date", Role::Value);
const UNIT: Param = Param::required("unit", Role::Word);
const FAMILY: &str = "Date";

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::pure(FAMILY, "NOW", &[], now).once_per_statement().about(
        "The present instant",
        "It is the same instant for the whole of one statement; a WITH block is one statement.",
        &[Example::new("d = NOW()\nPRINT TYPEOF(d)\nPRINT DATEDIFF(d, d, \"second\")", "date\n0")],
    ),
    Keyword::pure(FAMILY, "TODAY", &[], today).once_per_statement().about(
        "Midnight, UTC, at the start of the present day",
        "It is a date, so `TODAY() + 3600` is one o'clock.",
        &[Example::new("PRINT FORMAT(TODAY(), \"HH:mm:ss\")", "00:00:00")],
    ),
    Keyword::pure(FAMILY, "DATE", &[Param::optional("date or year", Role::Value), Param::optional("month", Role::Value), Param::optional("day", Role::Value)], date).about(
        "Midnight of the day that a date falls on, or of a year, month and day; of today without an argument",
        "Days are those of UTC. A month past 12 or a day past the month's end counts on: DATE(2026, 13, 1) is in January 2027. NULL gives NULL.",
        &[Example::new("PRINT DATE(\"2026-01-31T09:05:07Z\")\nPRINT DATE(2026, 2, 29)", "2026-01-31T00:00:00.000Z\n2026-03-01T00:00:00.000Z")],
    ),
    Keyword::pure(FAMILY, "DATEVALUE", &[DATE], date_value).about(
        "The date that a text or number reads as",
        "Read are RFC 3339 with any offset, `YYYY-MM-DD`, the same with a time in UTC, and numbers: seconds below 100000000000, else milliseconds. What cannot be read is an error.",
        &[Example::new("PRINT DATEVALUE(\"2026-01-31 09:05\")", "2026-01-31T09:05:00.000Z")],
    ),
    Keyword::pure(FAMILY, "ISDATE", &[Param::required("value", Role::Value)], is_date).aliases(&["IS DATE"]).about(
        "Whether a value is a date or text that reads as one",
        "",
        &[Example::new("PRINT ISDATE(\"2026-01-31\")\nPRINT ISDATE(\"soon\")", "true\nfalse")],
    ),
    Keyword::pure(FAMILY, "YEAR", &[DATE], year).about("The year of a date", "NULL gives NULL.", &[Example::new("PRINT YEAR(\"2026-01-31\")", "2026")]),
    Keyword::pure(FAMILY, "MONTH", &[DATE], month).about("The month of a date, 1 to 12", "NULL gives NULL.", &[Example::new("PRINT MONTH(\"2026-01-31\")", "1")]),
    Keyword::pure(FAMILY, "DAY", &[DATE], day).about("The day of the month, 1 to 31", "NULL gives NULL.", &[Example::new("PRINT DAY(\"2026-01-31\")", "31")]),
    Keyword::pure(FAMILY, "HOUR", &[DATE], hour).about("The hour of a date, 0 to 23", "NULL gives NULL.", &[Example::new("PRINT HOUR(\"2026-01-31T09:05:07Z\")", "9")]),
    Keyword::pure(FAMILY, "MINUTE", &[DATE], minute).about("The minute of a date, 0 to 59", "NULL gives NULL.", &[Example::new("PRINT MINUTE(\"2026-01-31T09:05:07Z\")", "5")]),
    Keyword::pure(FAMILY, "SECOND", &[DATE], second).about("The second of a date, 0 to 59", "NULL gives NULL.", &[Example::new("PRINT SECOND(\"2026-01-31T09:05:07Z\")", "7")]),
    Keyword::pure(FAMILY, "WEEKDAY", &[DATE], weekday).about("The day of the week, 1 for Sunday to 7 for Saturday", "NULL gives NULL.", &[Example::new("PRINT WEEKDAY(\"2026-01-31\")", "7")]),
    Keyword::pure(FAMILY, "EOMONTH", &[DATE, Param::optional("months", Role::Value)], end_of_month).about(
        "Midnight of the last day of a date's month, or of a month that many later",
        "NULL gives NULL.",
        &[Example::new("PRINT FORMAT(EOMONTH(\"2026-01-15\", 1), \"YYYY-MM-DD\")", "2026-02-28")],
    ),
    Keyword::pure(FAMILY, "UNIXTIME", &[Param::optional("date", Role::Value)], unix_time).about(
        "The seconds from the start of 1970 to a date, or to now",
        "NULL gives NULL.",
        &[Example::new("PRINT UNIXTIME(\"2026-01-31T00:00:00Z\")", "1769817600")],
    ),
    Keyword::pure(FAMILY, "DATEADD", &[DATE, Param::required("number", Role::Value), UNIT], add).about(
        "A date moved by a number of units",
        "Date, number and unit may stand in any order. Units: millisecond, second, minute, hour, day, week, month, quarter, year. A month later than the 31st is the last day of the month. NULL gives NULL.",
        &[
            Example::new("PRINT FORMAT(DATEADD(\"2026-01-31\", 1, \"month\"), \"YYYY-MM-DD\")", "2026-02-28"),
            Example::new("PRINT DATEADD(\"hour\", -1, \"2026-01-31T09:05:07Z\")", "2026-01-31T08:05:07.000Z"),
        ],
    ),
    Keyword::pure(FAMILY, "DATEDIFF", &[Param::required("from", Role::Value), Param::required("to", Role::Value), Param::optional("unit", Role::Word)], diff).about(
        "How many whole units lie between one date and a later one",
        "Negative where the second date is the earlier. The unit may also stand first; without one, days. NULL gives NULL.",
        &[
            Example::new("PRINT DATEDIFF(\"2026-01-31\", \"2026-02-02\")", "2"),
            Example::new("PRINT DATEDIFF(\"2026-01-31T09:05:07Z\", \"2026-01-31T09:00:00Z\", \"minute\")", "-5"),
        ],
    ),
    Keyword::pure(FAMILY, "FORMAT", &[Param::required("value", Role::Value), Param::required("pattern", Role::Word)], format::format)
        .word_forms(&[WordForm { phrase: "FORMAT", parts: &[Part::new("", Holds::Value, 0), Part::new("AS", Holds::Value, 1)] }])
        .about(
        "A date or number as text, by a pattern",
        "In patterns for dates: YYYY or yyyy, YY, MMMM, MMM, MM, M (month), DD or dd, D or d, dddd, ddd (weekday), HH, hh (of twelve hours where tt stands too), mm (minute), ss, fff, tt; text in single quotes is kept. In patterns for numbers: 0 is a digit, # a digit if there is one, a comma groups by thousands, % multiplies by 100, a leading + shows the sign. NULL gives NULL.",
        &[
            Example::new("PRINT FORMAT(\"2026-01-31T09:05:07Z\", \"YYYY-MM-DD HH:mm:ss\")", "2026-01-31 09:05:07"),
            Example::new("PRINT FORMAT(1234.5, \"$#,##0.00\")\nPRINT FORMAT(0.256, \"0%\")", "$1,234.50\n26%"),
        ],
    ),
];

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// A fixed number of milliseconds.
    Fixed(i64),
    /// A number of calendar months.
    Months(i64),
}

const SECOND: i64 = 1000;
const DAY: i64 = 86_400 * SECOND;

fn unit_named(name: &str) -> Option<Unit> {
    let name = name.trim().to_ascii_lowercase();
    let unit = match name.strip_suffix('s').filter(|stem| stem.len() > 1).unwrap_or(&name) {
        "millisecond" | "ms" => Unit::Fixed(1),
        "second" | "sec" | "s" => Unit::Fixed(SECOND),
        "minute" | "min" | "n" | "mi" => Unit::Fixed(60 * SECOND),
        "hour" | "hr" | "h" => Unit::Fixed(3600 * SECOND),
        "day" | "d" => Unit::Fixed(DAY),
        "week" | "w" | "ww" | "wk" => Unit::Fixed(7 * DAY),
        "month" | "m" | "mm" => Unit::Months(1),
        "quarter" | "q" => Unit::Months(3),
        "year" | "y" | "yy" | "yyyy" => Unit::Months(12),
        _ if name == "ms" => Unit::Fixed(1),
        _ => return None,
    };
    Some(unit)
}

/// Arguments told apart: the unit with its position, and the others in order.
type Sorted<'a> = (Option<(usize, Unit)>, Vec<&'a Value>);

fn sort_out(arguments: &[Value]) -> Result<Sorted<'_>, Fault> {
    let mut unit = None;
    let mut others = Vec::with_capacity(2);
    for (index, argument) in arguments.iter().enumerate() {
        match argument {
            Value::Text(text) if unit.is_none() && let Some(named) = unit_named(text.as_str()) => unit = Some((index, named)),
            Value::Missing if index == 2 => {}
            _ => others.push(argument),
        }
    }
    if unit.is_none() && others.len() > 2 {
        let strange = others.iter().find(|value| matches!(value, Value::Text(_)) && coerce::instant(value).is_none());
        return Err(match strange {
            Some(value) => argument::wrong_kind("a unit of time such as \"day\"", value),
            None => Fault::new("E_ARGUMENT", "a unit of time such as \"day\" is missing"),
        });
    }
    Ok((unit, others))
}

/// The instant a value reads as, or why it does not.
///
/// # Errors
/// `E_TYPE`.
pub fn instant(value: &Value) -> Result<Instant, Fault> {
    coerce::instant(value).ok_or_else(|| argument::wrong_kind("a date", value))
}

/// Midnight of the instant's day.
pub fn midnight(instant: Instant) -> Instant {
    Instant(instant.0 - instant.0.rem_euclid(DAY))
}

/// Midnight of the day that a value falls on.
///
/// # Errors
/// `E_TYPE`.
pub fn day_of(value: &Value) -> Result<Value, Fault> {
    instant(value).map(midnight).map(Value::Date)
}

/// DATEADD on its arguments in any order, none of them empty.
///
/// # Errors
/// `E_TYPE`, `E_ARGUMENT`, `E_RANGE`.
pub fn date_add(arguments: &[Value]) -> Result<Value, Fault> {
    moved(arguments).map_err(|fault| fault_at(fault, arguments))
}

/// Points a fault at the argument that can be no part of a sum of a date and a time: an array or an object.
fn fault_at(fault: Fault, arguments: &[Value]) -> Fault {
    match arguments.iter().position(|argument| matches!(argument, Value::Array(_) | Value::Object(_))) {
        Some(index) if fault.argument.is_none() => fault.at_argument(index as u8),
        _ => fault,
    }
}

fn moved(arguments: &[Value]) -> Result<Value, Fault> {
    let (unit, others) = sort_out(arguments)?;
    let (Some((unit_at, unit)), [first, second]) = (unit, others.as_slice()) else {
        return Err(Fault::new("E_ARGUMENT", "DATEADD takes a date, a number and a unit of time such as \"day\""));
    };
    // A number may also be a date; then the order decides: unit, number, date, or the date first.
    let first_is_number = match (coerce::number(first), coerce::number(second)) {
        (Some(_), None) => true,
        (Some(_), Some(_)) => unit_at == 0,
        (None, _) => false,
    };
    let (date, amount) = if first_is_number { (second, first) } else { (first, second) };
    let amount = coerce::number(amount).ok_or_else(|| argument::wrong_kind("a number", amount))?;
    let moved = match unit {
        Unit::Fixed(millis) => fixed_shift(amount, millis).and_then(|shift| instant(date).ok()?.plus_millis(shift)),
        Unit::Months(months) => {
            let months = (amount.as_float() * months as f64).trunc();
            if months.abs() < 1e6 { add_months(instant(date)?, months as i64) } else { None }
        }
    };
    instant(date)?;
    moved.map(Value::Date).ok_or_else(|| Fault::new("E_RANGE", "the date would leave the years 0000 to 9999"))
}

fn fixed_shift(amount: Number, millis: i64) -> Option<i64> {
    match amount {
        Number::Int(int) => int.checked_mul(millis),
        Number::Float(float) => {
            let shift = (float * millis as f64).round();
            (shift.abs() < 1e15).then_some(shift as i64)
        }
    }
}

fn add_months(instant: Instant, months: i64) -> Option<Instant> {
    let span = jiff::Span::new().try_months(months).ok()?;
    Instant::from_utc(instant.utc().checked_add(span).ok()?)
}

/// DATEDIFF on its arguments in any order, none of them empty.
///
/// # Errors
/// `E_TYPE`, `E_ARGUMENT`.
pub fn date_diff(arguments: &[Value]) -> Result<Value, Fault> {
    between(arguments).map_err(|fault| fault_at(fault, arguments))
}

fn between(arguments: &[Value]) -> Result<Value, Fault> {
    let (unit, others) = sort_out(arguments)?;
    let [from, to] = others.as_slice() else {
        return Err(Fault::new("E_ARGUMENT", "DATEDIFF takes two dates and a unit of time such as \"day\""));
    };
    let (from, to) = (instant(from)?, instant(to)?);
    let whole = match unit.map_or(Unit::Fixed(DAY), |(_, unit)| unit) {
        Unit::Fixed(millis) => (to.0 - from.0) / millis,
        Unit::Months(months) => whole_months(from, to) / months,
    };
    Ok(Value::Int(whole))
}

fn whole_months(from: Instant, to: Instant) -> i64 {
    let (a, b) = (from.utc(), to.utc());
    let months = (i64::from(b.year()) - i64::from(a.year())) * 12 + i64::from(b.month()) - i64::from(a.month());
    match add_months(from, months) {
        Some(reached) if months > 0 && reached > to => months - 1,
        Some(reached) if months < 0 && reached < to => months + 1,
        _ => months,
    }
}

fn now(context: &PureContext<'_>, _: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Date((context.now)()))
}

fn today(context: &PureContext<'_>, _: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Date(midnight((context.now)())))
}

fn date(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if !matches!((at(arguments, 1), at(arguments, 2)), (Value::Missing, Value::Missing)) {
        return calendar_date(arguments);
    }
    match at(arguments, 0) {
        Value::Missing => today(context, arguments),
        value if operators::is_empty(value) => Ok(Value::Null),
        value => day_of(value),
    }
}

/// The day with a year, a month and a day; what is past the end of a year or month counts on.
fn calendar_date(arguments: &[Value]) -> Result<Value, Fault> {
    if argument::any_nothing(arguments) {
        return Ok(Value::Null);
    }
    let (year, month, day) = (argument::integer(arguments, 0)?, argument::integer(arguments, 1)?, argument::integer(arguments, 2)?);
    let outside = || Fault::new("E_RANGE", format!("the year {year}, month {month}, day {day} is no date that can be written"));
    if !(-9999..=9999).contains(&year) || month.abs() > 120_000 || day.abs() > 4_000_000 {
        return Err(outside());
    }
    let months = year * 12 + month - 1;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let first = i16::try_from(year).ok().and_then(|year| jiff::civil::Date::new(year, month as i8, 1).ok()).ok_or_else(outside)?;
    let epoch = jiff::civil::date(1970, 1, 1);
    let days = i64::from(first.since(epoch).map_err(|_| outside())?.get_days()) + day - 1;
    Ok(Value::Date(Instant(days * 86_400_000)))
}

fn date_value(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let value = at(arguments, 0);
    if operators::is_empty(value) { Ok(Value::Null) } else { instant(value).map(Value::Date) }
}

fn is_date(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(match at(arguments, 0) {
        Value::Date(_) => true,
        Value::Text(text) => Instant::parse(text.as_str()).is_some(),
        Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Array(_) | Value::Object(_) => false,
    }))
}

/// A number read from the calendar of a date; NULL of nothing.
fn part(arguments: &[Value], read: fn(DateTime) -> i64) -> Result<Value, Fault> {
    let value = at(arguments, 0);
    if operators::is_empty(value) { Ok(Value::Null) } else { Ok(Value::Int(read(instant(value)?.utc()))) }
}

fn year(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    part(arguments, |utc| i64::from(utc.year()))
}

fn month(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    part(arguments, |utc| i64::from(utc.month()))
}

fn day(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    part(arguments, |utc| i64::from(utc.day()))
}

fn hour(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    part(arguments, |utc| i64::from(utc.hour()))
}

fn minute(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    part(arguments, |utc| i64::from(utc.minute()))
}

fn second(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    part(arguments, |utc| i64::from(utc.second()))
}

fn weekday(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    part(arguments, |utc| i64::from(utc.weekday().to_sunday_one_offset()))
}

fn end_of_month(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let value = at(arguments, 0);
    if operators::is_empty(value) {
        return Ok(Value::Null);
    }
    let first: Date = instant(value)?.utc().date().first_of_month();
    let months = argument::integer_or(arguments, 1, 0)?;
    let last = i32::try_from(months)
        .ok()
        .filter(|months| months.unsigned_abs() < 120_000)
        .and_then(|months| first.checked_add(months.months()).ok())
        .and_then(|month| Instant::from_utc(month.last_of_month().at(0, 0, 0, 0)));
    last.map(Value::Date).ok_or_else(|| Fault::new("E_RANGE", "the date would leave the years 0000 to 9999"))
}

fn unix_time(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let instant = match at(arguments, 0) {
        Value::Missing => (context.now)(),
        value if operators::is_empty(value) => return Ok(Value::Null),
        value => instant(value)?,
    };
    Ok(Value::Int(instant.0.div_euclid(1000)))
}

fn add(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if arguments.iter().any(operators::is_empty) { Ok(Value::Null) } else { date_add(arguments) }
}

fn diff(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if arguments.iter().take(2).any(operators::is_empty) { Ok(Value::Null) } else { date_diff(arguments) }
}
