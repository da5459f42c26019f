//! Functions over numbers, and conversions to them.

use gbvm_vm::coerce::{self, Number};
use gbvm_vm::fault::Fault;
use gbvm_vm::native::PureContext;
use gbvm_vm::operators;
use gbvm_vm::signature::{Param, Role};
use gbvm_vm::value::Value;
use ring::rand::{SecureRandom, SystemRandom};

use crate::aggregate;
use crate::argument::{self, any_nothing, at};
use crate::format;
use crate::keyword::{Example, Keyword};
use crate::services::Aggregate;

const NUMBER: Param = Param::required("number", Role::Value);
const VALUE: Param = Param::required("value", Role::Value);
const FAMILY: &str = "Math";

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::pure(FAMILY, "ABS", &[NUMBER], abs).about("A number without its sign", "NULL gives NULL.", &[Example::new("PRINT ABS(-4.5)", "4.5")]),
    Keyword::pure(FAMILY, "ROUND", &[NUMBER, Param::optional("places", Role::Value)], round).about(
        "A number rounded to decimal places, half away from zero",
        "Without places, to a whole number; negative places round before the point. What counts is the number as it is printed. NULL gives NULL.",
        &[Example::new("PRINT ROUND(2.5)\nPRINT ROUND(1.005, 2)\nPRINT ROUND(1250, -2)", "3\n1.01\n1300")],
    ),
    Keyword::pure(FAMILY, "INT", &[NUMBER], floor).aliases(&["FLOOR"]).about("The greatest whole number that is not above a number", "NULL gives NULL.", &[Example::new("PRINT INT(2.7)\nPRINT FLOOR(-2.1)", "2\n-3")]),
    Keyword::pure(FAMILY, "FIX", &[NUMBER], fix).about("A number with its fraction cut off", "NULL gives NULL.", &[Example::new("PRINT FIX(-2.7)", "-2")]),
    Keyword::pure(FAMILY, "CEILING", &[NUMBER], ceiling).aliases(&["CEIL"]).about("The least whole number that is not below a number", "NULL gives NULL.", &[Example::new("PRINT CEILING(2.1)", "3")]),
    Keyword::pure(FAMILY, "SQR", &[NUMBER], square_root).aliases(&["SQRT"]).about("The square root of a number", "Of a negative number it is the error `E_RANGE`. NULL gives NULL.", &[Example::new("PRINT SQR(9)", "3")]),
    Keyword::pure(FAMILY, "POW", &[NUMBER, Param::required("exponent", Role::Value)], power).aliases(&["POWER"]).about("A number to a power", "NULL gives NULL.", &[Example::new("PRINT POW(2, 10)", "1024")]),
    Keyword::pure(FAMILY, "SGN", &[NUMBER], sign).about("-1, 0 or 1 by the sign of a number", "NULL gives NULL.", &[Example::new("PRINT SGN(-3)", "-1")]),
    Keyword::pure(FAMILY, "MIN", &[VALUE], least).variadic().about("The least of several values, or of an array's elements", "NULL among several values gives NULL; in an array it is passed over.", &[Example::new("PRINT MIN(3, 1, 2)\nPRINT MIN([3, NULL, 2])", "1\n2")]),
    Keyword::pure(FAMILY, "MAX", &[VALUE], greatest).variadic().about("The greatest of several values, or of an array's elements", "NULL among several values gives NULL; in an array it is passed over.", &[Example::new("PRINT MAX(3, 1, 2)", "3")]),
    Keyword::pure(FAMILY, "RANDOM", &[Param::optional("from", Role::Value), Param::optional("to", Role::Value)], random).aliases(&["RND"]).about(
        "A random number that nobody can foretell",
        "Without arguments from 0 to below 1; with one, a whole number from 1 to it; with two, a whole number from the first to the second.",
        &[Example::new("PRINT RANDOM(4, 4)", "4")],
    ),
    Keyword::pure(FAMILY, "CINT", &[VALUE], cint).about("A value as a whole number, rounded half away from zero", "NULL gives NULL.", &[Example::new("PRINT CINT(\"2.5\")", "3")]),
    Keyword::pure(FAMILY, "CDBL", &[VALUE], cdbl).about("A value as a number", "NULL gives NULL.", &[Example::new("PRINT CDBL(\"2.50\") + 1", "3.5")]),
    Keyword::pure(FAMILY, "CBOOL", &[VALUE], cbool).about("Whether a value counts as true", "NULL gives NULL.", &[Example::new("PRINT CBOOL(\"0\")\nPRINT CBOOL(\"yes\")", "false\ntrue")]),
    Keyword::pure(FAMILY, "ISNUMERIC", &[VALUE], is_numeric).aliases(&["IS NUMERIC", "IS_NUMERIC"]).about("Whether a value is a number or text in the form of one", "", &[Example::new("PRINT ISNUMERIC(\"12.5\")\nPRINT ISNUMERIC(\"12 kg\")", "true\nfalse")]),
];

/// Applies a function to the first argument's number; NULL of nothing.
fn map(arguments: &[Value], change: impl FnOnce(Number) -> Result<Value, Fault>) -> Result<Value, Fault> {
    if any_nothing(&arguments[..arguments.len().min(1)]) { Ok(Value::Null) } else { change(argument::number(arguments, 0)?) }
}

/// A float without fraction as an integer, where it fits.
fn whole(float: f64) -> Value {
    if float.abs() < 9.2e18 { Value::Int(float as i64) } else { Value::Float(float) }
}

fn abs(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(arguments, |number| match number {
        Number::Int(int) => int.checked_abs().map(Value::Int).ok_or_else(operators::overflow),
        Number::Float(float) => Ok(Value::Float(float.abs())),
    })
}

fn rounded(number: Number, places: i64) -> Result<Value, Fault> {
    let places = places.clamp(-400, 400);
    if let (Number::Int(_), 0..) = (number, places) {
        return Ok(number.into());
    }
    let text = format::round_text(number, places);
    coerce::numeric_text(&text).map(Value::from).ok_or_else(operators::overflow)
}

fn round(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(arguments, |number| rounded(number, argument::integer_or(arguments, 1, 0)?))
}

fn floor(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(arguments, |number| match number {
        Number::Int(int) => Ok(Value::Int(int)),
        Number::Float(float) => Ok(whole(float.floor())),
    })
}

fn fix(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(arguments, |number| match number {
        Number::Int(int) => Ok(Value::Int(int)),
        Number::Float(float) => Ok(whole(float.trunc())),
    })
}

fn ceiling(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(arguments, |number| match number {
        Number::Int(int) => Ok(Value::Int(int)),
        Number::Float(float) => Ok(whole(float.ceil())),
    })
}

fn square_root(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(arguments, |number| match number.as_float() {
        negative if negative < 0.0 => Err(Fault::new("E_RANGE", "a negative number has no square root").at_argument(0)),
        number => Ok(Value::Float(number.sqrt())),
    })
}

fn power(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if any_nothing(arguments) { Ok(Value::Null) } else { operators::power(at(arguments, 0), at(arguments, 1)) }
}

fn sign(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(arguments, |number| Ok(Value::Int(operators::order_numbers(number, Number::Int(0)) as i64)))
}

fn extreme(arguments: &[Value], aggregate: Aggregate) -> Result<Value, Fault> {
    match arguments {
        [Value::Array(array)] => aggregate::fold(aggregate, array.items().iter()),
        _ if any_nothing(arguments) => Ok(Value::Null),
        _ => aggregate::fold(aggregate, arguments.iter()),
    }
}

fn least(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    extreme(arguments, Aggregate::Least)
}

fn greatest(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    extreme(arguments, Aggregate::Greatest)
}

/// Sixty-four random bits.
fn random_bits() -> Result<u64, Fault> {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Fault::new("E_RANDOM", "the system gives no random numbers"))?;
    Ok(u64::from_le_bytes(bytes))
}

fn random(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let (low, high) = match (at(arguments, 0), at(arguments, 1)) {
        (Value::Null, _) | (_, Value::Null) => return Ok(Value::Null),
        (Value::Missing, Value::Missing) => return Ok(Value::Float((random_bits()? >> 11) as f64 / (1u64 << 53) as f64)),
        (_, Value::Missing) => (1, argument::integer(arguments, 0)?),
        _ => (argument::integer(arguments, 0)?, argument::integer(arguments, 1)?),
    };
    if low > high {
        return Err(Fault::new("E_ARGUMENT", format!("no whole number lies from {low} to {high}")));
    }
    let count = i128::from(high) - i128::from(low) + 1;
    let drawn = (i128::from(random_bits()?) * count) >> 64;
    i64::try_from(i128::from(low) + drawn).map(Value::Int).map_err(|_| operators::overflow())
}

fn cint(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(arguments, |number| match rounded(number, 0)? {
        Value::Float(_) => Err(operators::overflow()),
        int => Ok(int),
    })
}

fn cdbl(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(arguments, |number| Ok(Value::Float(number.as_float())))
}

fn cbool(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if any_nothing(arguments) { Ok(Value::Null) } else { Ok(Value::Bool(coerce::truth(at(arguments, 0)))) }
}

fn is_numeric(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let value = at(arguments, 0);
    Ok(Value::Bool(!value.is_nothing() && coerce::number(value).is_some()))
}
