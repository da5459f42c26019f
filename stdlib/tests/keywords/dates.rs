//! Dates, units and patterns.

use gbvm_vm::instant::Instant;
use gbvm_vm::value::Value;

use crate::caller::{call, data, lit, world};

fn add(arguments: [Value; 3]) -> String {
    let mut world = world();
    let [a, b, c] = arguments;
    call(&mut world, "DATEADD").with(a).with(b).with(c).json()
}

fn diff(a: &str, b: &str, unit: &str) -> String {
    let mut world = world();
    call(&mut world, "DATEDIFF").with(data(a)).with(data(b)).with(lit(unit)).json()
}

fn formatted(value: Value, pattern: &str) -> String {
    let mut world = world();
    call(&mut world, "FORMAT").with(value).with(lit(pattern)).json()
}

#[test]
fn dateadd_takes_any_order() {
    let date = || Value::Date(Instant::parse("2026-01-31T09:05:07Z").expect("a date"));
    for arguments in [[date(), Value::Int(-1), lit("hour")], [lit("hour"), Value::Int(-1), date()], [date(), lit("hour"), Value::Int(-1)], [data("2026-01-31T09:05:07Z"), data("-1"), lit("Hours")]] {
        assert_eq!(add(arguments), "\"2026-01-31T08:05:07.000Z\"");
    }
    assert_eq!(add([lit("day"), Value::Int(1), Value::Int(1_769_850_307)]), "\"2026-02-01T09:05:07.000Z\"");
    assert_eq!(add([Value::Int(1_769_850_307), Value::Int(1), lit("day")]), "\"2026-02-01T09:05:07.000Z\"");
}

#[test]
fn months_end_where_they_end() {
    assert_eq!(add([data("2026-01-31"), Value::Int(1), lit("month")]), "\"2026-02-28T00:00:00.000Z\"");
    assert_eq!(add([data("2024-02-29"), Value::Int(1), lit("year")]), "\"2025-02-28T00:00:00.000Z\"");
    assert_eq!(add([data("2026-03-31"), Value::Int(-1), lit("quarter")]), "\"2025-12-31T00:00:00.000Z\"");
    assert_eq!(add([data("2026-01-01"), Value::Int(2), lit("weeks")]), "\"2026-01-15T00:00:00.000Z\"");
    assert_eq!(add([data("2026-01-01"), Value::Float(1.5), lit("ms")]), "\"2026-01-01T00:00:00.002Z\"");
}

#[test]
fn what_cannot_be_added_is_said() {
    assert_eq!(add([Value::Null, Value::Int(1), lit("day")]), "null");
    assert_eq!(add([data("2026-01-01"), Value::Missing, lit("day")]), "null");
    assert_eq!(add([data("soon"), Value::Int(1), lit("day")]), "E_TYPE");
    assert_eq!(add([data("2026-01-01"), Value::Int(1), lit("fortnight")]), "E_TYPE");
    assert_eq!(add([data("2026-01-01"), Value::Int(i64::MAX), lit("year")]), "E_RANGE");
    assert_eq!(add([data("2026-01-01"), Value::Int(i64::MAX), lit("day")]), "E_RANGE");
}

#[test]
fn datediff_counts_whole_units_from_the_first_to_the_second() {
    assert_eq!(diff("2026-01-31T09:05:07Z", "2026-01-31T09:06:06Z", "minute"), "0");
    assert_eq!(diff("2026-01-31T09:05:07Z", "2026-01-31T09:06:07Z", "minute"), "1");
    assert_eq!(diff("2026-01-31T09:06:07Z", "2026-01-31T09:05:07Z", "second"), "-60");
    assert_eq!(diff("2026-01-31", "2026-02-28", "month"), "1");
    assert_eq!(diff("2026-01-15", "2026-02-14", "month"), "0");
    assert_eq!(diff("2026-03-15", "2026-01-16", "month"), "-1");
    assert_eq!(diff("2024-02-29", "2026-02-28", "year"), "2");
    assert_eq!(diff("2024-03-01", "2026-02-28", "year"), "1");
    let mut world = world();
    assert_eq!(call(&mut world, "DATEDIFF").with(data("2026-01-01")).with(data("2026-01-31")).json(), "30");
    assert_eq!(call(&mut world, "DATEDIFF").with(lit("day")).with(data("2026-01-01")).with(data("2026-01-31")).json(), "30");
    assert_eq!(call(&mut world, "DATEDIFF").with(Value::Missing).with(data("2026-01-31")).with(lit("day")).json(), "null");
    assert_eq!(call(&mut world, "DATEDIFF").with(data("soon")).with(data("2026-01-31")).with(lit("day")).json(), "E_TYPE");
}

#[test]
fn dates_by_pattern() {
    let date = || Value::Date(Instant::parse("2026-01-05T15:04:09.007Z").expect("a date"));
    for (pattern, text) in [
        ("YYYYMMDDHHmmss", "20260105150409"),
        ("yyyy-MM-dd hh:mm:ss.fff", "2026-01-05 15:04:09.007"),
        ("hh:mm tt", "03:04 PM"),
        ("dddd, D MMMM YYYY", "Monday, 5 January 2026"),
        ("d MMM YY", "5 Jan 26"),
        ("YYYY-MM-DD'T'HH", "2026-01-05T15"),
    ] {
        assert_eq!(formatted(date(), pattern), format!("\"{text}\""), "{pattern}");
    }
    assert_eq!(formatted(data("2026-01-05"), "DD/MM/YYYY"), "\"05/01/2026\"");
    assert_eq!(formatted(Value::Null, "DD"), "null");
    assert_eq!(formatted(data("soon"), "DD"), "E_TYPE");
}

#[test]
fn numbers_by_pattern() {
    for (number, pattern, text) in [
        (1234.5, "#,##0.00", "1,234.50"),
        (0.5, "0.00", "0.50"),
        (0.29, "0%", "29%"),
        (0.256, "0.0%", "25.6%"),
        (-1234.5, "$#,##0.00", "-$1,234.50"),
        (2.0, "+0.0", "+2.0"),
        (-2.0, "+0.0", "-2.0"),
        (1.005, "0.00", "1.01"),
        (999.995, "0.00", "1000.00"),
        (7.0, "000", "007"),
        (1234567.0, "#,##0", "1,234,567"),
        (1.5, "0.##", "1.5"),
        (-0.001, "0.00", "0.00"),
        (12.0, "0 kg", "12 kg"),
    ] {
        assert_eq!(formatted(Value::Float(number), pattern), format!("\"{text}\""), "{number} {pattern}");
    }
    assert_eq!(formatted(data("12.5"), "0.00"), "\"12.50\"");
    assert_eq!(formatted(Value::Int(i64::MAX), "#,##0"), "\"9,223,372,036,854,775,807\"");
}

#[test]
fn parts_of_a_date() {
    let mut world = world();
    for (phrase, part) in [("YEAR", "2026"), ("MONTH", "1"), ("DAY", "31"), ("HOUR", "9"), ("MINUTE", "5"), ("SECOND", "7"), ("WEEKDAY", "7"), ("UNIXTIME", "1769850307")] {
        assert_eq!(call(&mut world, phrase).with(data("2026-01-31T09:05:07Z")).json(), part, "{phrase}");
        assert_eq!(call(&mut world, phrase).with(Value::Null).json(), "null", "{phrase}");
    }
    assert_eq!(call(&mut world, "TODAY").json(), "\"2026-01-31T00:00:00.000Z\"");
    assert_eq!(call(&mut world, "NOW").json(), "\"2026-01-31T09:05:07.000Z\"");
    assert_eq!(call(&mut world, "EOMONTH").with(data("2026-01-31")).with(Value::Int(1)).json(), "\"2026-02-28T00:00:00.000Z\"");
    assert_eq!(call(&mut world, "EOMONTH").with(data("2026-01-31")).with(Value::Int(i64::MAX)).json(), "E_RANGE");
}
