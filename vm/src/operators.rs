//! The operators: one equality, one order, arithmetic.

use std::cmp::Ordering;

use crate::coerce::{self, Number};
use crate::fault::Fault;
use crate::instant::Instant;
use crate::text::Text;
use crate::value::{Array, Value};

/// Whether a value is *empty*: NULL, MISSING, `""` or an empty array. All of these are equal.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Missing | Value::Null => true,
        Value::Text(text) => text.as_str().is_empty(),
        Value::Array(array) => array.is_empty(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Object(_) => false,
    }
}

/// `a = b`.
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => equal_texts(a, b),
        _ if is_empty(a) || is_empty(b) => is_empty(a) && is_empty(b) && !is_unset_secret(a) && !is_unset_secret(b),
        (Value::Date(date), other) | (other, Value::Date(date)) => coerce::instant(other) == Some(*date),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => order_numbers(number_of(a), number_of(b)) == Ordering::Equal,
        (number @ (Value::Int(_) | Value::Float(_)), Value::Text(text)) | (Value::Text(text), number @ (Value::Int(_) | Value::Float(_))) => {
            let mut twin = String::new();
            coerce::write_json(number, &mut twin);
            twin == text.as_str()
        }
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Bool(bool), number @ (Value::Int(_) | Value::Float(_))) | (number @ (Value::Int(_) | Value::Float(_)), Value::Bool(bool)) => {
            number_of(number).as_float() == f64::from(u8::from(*bool))
        }
        (Value::Bool(bool), Value::Text(text)) | (Value::Text(text), Value::Bool(bool)) => text.as_str() == if *bool { "true" } else { "false" },
        (Value::Array(a), Value::Array(b)) => a.address() == b.address() || a.len() == b.len() && a.items().iter().zip(b.items()).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => a.address() == b.address() || a.fields().count() == b.fields().count() && a.fields().all(|(key, value)| b.get(key).is_some_and(|other| equal(value, other))),
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => false,
        (Value::Missing | Value::Null, _) | (_, Value::Missing | Value::Null) => false,
    }
}

/// Whether a value is a secret that was never set. It equals nothing but an empty text of the script: what a caller
/// left out must not pass for it.
fn is_unset_secret(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.is_unset())
}

/// The fault of a value that is, or was made from, a secret which is not set: nothing may be learnt from it.
///
/// # Errors
/// `E_SECRET_UNSET`.
pub fn check_set(value: &Value) -> Result<(), Fault> {
    match value {
        Value::Text(text) => text.unset_secret().map_or(Ok(()), |key| Err(unset(key))),
        Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Array(_) | Value::Object(_) => Ok(()),
    }
}

#[cold]
fn unset(key: &str) -> Fault {
    Fault::new("E_SECRET_UNSET", format!("the secret {key} is not set, so nothing can be compared with it or made from it; set it with `gbvm memory set {key} …`"))
}

/// Byte for byte; in a time that depends on the lengths alone where either is a secret.
fn equal_texts(a: &Text, b: &Text) -> bool {
    if !a.has_secret() && !b.has_secret() {
        return a == b;
    }
    if (a.unset_secret().is_some() || b.unset_secret().is_some()) && !a.is_literal() && !b.is_literal() {
        return false;
    }
    let (a, b) = (a.as_str().as_bytes(), b.as_str().as_bytes());
    a.len() == b.len() && std::hint::black_box(a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b))) == 0
}

/// The order of `<` and its kin: none where the values are of different classes or one is empty.
pub fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => return Some(a.cmp(b)),
        (Value::Date(date), other) => return (!is_empty(other)).then(|| coerce::instant(other)).flatten().map(|other| date.cmp(&other)),
        (other, Value::Date(date)) => return (!is_empty(other)).then(|| coerce::instant(other)).flatten().map(|other| other.cmp(date)),
        _ => {}
    }
    match (class(a), class(b)) {
        (Class::Number(a), Class::Number(b)) => Some(order_numbers(a, b)),
        (Class::Instant(a), Class::Instant(b)) => Some(a.cmp(&b)),
        (Class::Text(a), Class::Text(b)) => Some(a.cmp(b)),
        (Class::Empty | Class::Number(_) | Class::Instant(_) | Class::Text(_) | Class::Compound, _) => None,
    }
}

/// The total order of SORT and ORDER BY: empty, numbers, instants, other text, arrays and objects.
pub fn sort_order(a: &Value, b: &Value) -> Ordering {
    match (class(a), class(b)) {
        (Class::Number(a), Class::Number(b)) => order_numbers(a, b),
        (Class::Instant(a), Class::Instant(b)) => a.cmp(&b),
        (Class::Text(a), Class::Text(b)) => a.cmp(b),
        (Class::Compound, Class::Compound) => coerce::json(a).cmp(&coerce::json(b)),
        (a, b) => a.rank().cmp(&b.rank()),
    }
}

/// What `<` compares a value as.
pub enum Class<'a> {
    /// NULL, MISSING, `""`, an empty array.
    Empty,
    /// A number, numeric text, a boolean as 0 or 1.
    Number(Number),
    /// A date, or text in full RFC 3339 form.
    Instant(Instant),
    /// Other text.
    Text(&'a str),
    /// An array or object.
    Compound,
}

impl Class<'_> {
    fn rank(&self) -> u8 {
        match self {
            Class::Empty => 0,
            Class::Number(_) => 1,
            Class::Instant(_) => 2,
            Class::Text(_) => 3,
            Class::Compound => 4,
        }
    }
}

/// The class of a value.
pub fn class(value: &Value) -> Class<'_> {
    match value {
        _ if is_empty(value) => Class::Empty,
        Value::Bool(bool) => Class::Number(Number::Int(i64::from(*bool))),
        Value::Int(int) => Class::Number(Number::Int(*int)),
        Value::Float(float) => Class::Number(Number::Float(*float)),
        Value::Date(instant) => Class::Instant(*instant),
        Value::Text(text) => {
            let text = text.as_str();
            match (coerce::numeric_text(text), Instant::parse_rfc3339(text)) {
                (Some(number), _) => Class::Number(number),
                (None, Some(instant)) => Class::Instant(instant),
                (None, None) => Class::Text(text),
            }
        }
        Value::Array(_) | Value::Object(_) => Class::Compound,
        Value::Missing | Value::Null => Class::Empty,
    }
}

fn number_of(value: &Value) -> Number {
    coerce::number(value).unwrap_or(Number::Int(0))
}

/// Compares numbers exactly, integers with floats too.
pub fn order_numbers(a: Number, b: Number) -> Ordering {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => a.cmp(&b),
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
        (Number::Int(a), Number::Float(b)) => order_int_float(a, b),
        (Number::Float(a), Number::Int(b)) => order_int_float(b, a).reverse(),
    }
}

fn order_int_float(int: i64, float: f64) -> Ordering {
    if float >= 9_223_372_036_854_775_808.0 {
        return Ordering::Less;
    }
    if float < -9_223_372_036_854_775_808.0 {
        return Ordering::Greater;
    }
    let whole = float.trunc();
    int.cmp(&(whole as i64)).then_with(|| 0.0.partial_cmp(&(float - whole)).unwrap_or(Ordering::Equal))
}

/// `a + b` where neither is written as a string: adds numbers and dates, joins arrays, else joins texts.
///
/// # Errors
/// `E_OVERFLOW`, `E_RANGE`, `E_TOO_LARGE`.
pub fn add(a: &Value, b: &Value) -> Result<Value, Fault> {
    match (a, b) {
        (Value::Date(date), seconds) | (seconds, Value::Date(date)) if !matches!(seconds, Value::Text(_)) => match coerce::number(seconds) {
            Some(seconds) => move_date(*date, seconds, 1.0),
            None => Ok(Value::Text(Text::join(&[coerce::text(a), coerce::text(b)], true))),
        },
        (Value::Array(first), Value::Array(second)) => {
            let items = first.items().iter().chain(second.items()).cloned().collect();
            Ok(Value::Array(Array::new(items)?))
        }
        (Value::Text(_), Value::Text(_)) => Ok(Value::Text(Text::join(&[coerce::text(a), coerce::text(b)], true))),
        (Value::Int(_) | Value::Float(_), _) | (_, Value::Int(_) | Value::Float(_)) => match (coerce::number(a), coerce::number(b)) {
            (Some(a), Some(b)) => arithmetic(a, b, i64::checked_add, |a, b| a + b),
            _ => Ok(Value::Text(Text::join(&[coerce::text(a), coerce::text(b)], true))),
        },
        _ => Ok(Value::Text(Text::join(&[coerce::text(a), coerce::text(b)], true))),
    }
}

fn move_date(date: Instant, seconds: Number, sign: f64) -> Result<Value, Fault> {
    let millis = (seconds.as_float() * 1000.0 * sign).round();
    let moved = if millis.abs() < 1e15 { date.plus_millis(millis as i64) } else { None };
    moved.map(Value::Date).ok_or_else(|| Fault::new("E_RANGE", "the date would leave the years 0000 to 9999"))
}

/// `a - b`.
///
/// # Errors
/// `E_TYPE`, `E_OVERFLOW`, `E_RANGE`.
pub fn subtract(a: &Value, b: &Value) -> Result<Value, Fault> {
    if let Value::Date(date) = a {
        return match b {
            Value::Date(other) => Ok(Value::Float((date.0 - other.0) as f64 / 1000.0)),
            _ => move_date(*date, operand(b, "-")?, -1.0),
        };
    }
    arithmetic(operand(a, "-")?, operand(b, "-")?, i64::checked_sub, |a, b| a - b)
}

/// `a * b`.
///
/// # Errors
/// `E_TYPE`, `E_OVERFLOW`.
pub fn multiply(a: &Value, b: &Value) -> Result<Value, Fault> {
    arithmetic(operand(a, "*")?, operand(b, "*")?, i64::checked_mul, |a, b| a * b)
}

/// `a / b`, a float.
///
/// # Errors
/// `E_TYPE`, `E_DIVIDE_BY_ZERO`, `E_OVERFLOW`.
pub fn divide(a: &Value, b: &Value) -> Result<Value, Fault> {
    let (a, b) = (operand(a, "/")?.as_float(), operand(b, "/")?.as_float());
    if b == 0.0 {
        return Err(divide_by_zero());
    }
    finite(a / b)
}

/// `a \ b`, rounded towards zero.
///
/// # Errors
/// `E_TYPE`, `E_DIVIDE_BY_ZERO`, `E_OVERFLOW`.
pub fn integer_divide(a: &Value, b: &Value) -> Result<Value, Fault> {
    whole(a, b, "\\", i64::checked_div, |a, b| (a / b).trunc())
}

/// `a MOD b`, with the sign of `a`.
///
/// # Errors
/// `E_TYPE`, `E_DIVIDE_BY_ZERO`, `E_OVERFLOW`.
pub fn modulo(a: &Value, b: &Value) -> Result<Value, Fault> {
    whole(a, b, "MOD", |a, b| if b == -1 { Some(0) } else { a.checked_rem(b) }, |a, b| a % b)
}

fn whole(a: &Value, b: &Value, sign: &str, ints: fn(i64, i64) -> Option<i64>, floats: fn(f64, f64) -> f64) -> Result<Value, Fault> {
    let (a, b) = (operand(a, sign)?, operand(b, sign)?);
    if b.as_float() == 0.0 {
        return Err(divide_by_zero());
    }
    arithmetic(a, b, ints, floats)
}

/// `a ^ b`: an integer where both are integers, the exponent is not negative and the result fits.
///
/// # Errors
/// `E_TYPE`, `E_OVERFLOW`, `E_DIVIDE_BY_ZERO` of 0 to a negative power, `E_RANGE` where no number is the result.
pub fn power(a: &Value, b: &Value) -> Result<Value, Fault> {
    match (operand(a, "^")?, operand(b, "^")?) {
        (Number::Int(base), Number::Int(exponent)) if exponent >= 0 => {
            let exponent = u32::try_from(exponent).map_err(|_| overflow())?;
            base.checked_pow(exponent).map(Value::Int).ok_or_else(overflow)
        }
        (a, b) => match (a.as_float(), b.as_float()) {
            (0.0, exponent) if exponent < 0.0 => Err(divide_by_zero()),
            (base, exponent) if base < 0.0 && exponent.fract() != 0.0 => Err(Fault::new("E_RANGE", "a negative number has a power only with a whole number behind ^")),
            (base, exponent) => finite(base.powf(exponent)),
        },
    }
}

/// `-a`.
///
/// # Errors
/// `E_TYPE`, `E_OVERFLOW`.
pub fn negate(a: &Value) -> Result<Value, Fault> {
    match operand(a, "-")? {
        Number::Int(int) => int.checked_neg().map(Value::Int).ok_or_else(overflow),
        Number::Float(float) => Ok(Value::Float(-float)),
    }
}

fn arithmetic(a: Number, b: Number, ints: fn(i64, i64) -> Option<i64>, floats: fn(f64, f64) -> f64) -> Result<Value, Fault> {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => ints(a, b).map(Value::Int).ok_or_else(overflow),
        _ => finite(floats(a.as_float(), b.as_float())),
    }
}

fn finite(float: f64) -> Result<Value, Fault> {
    if float.is_finite() { Ok(Value::Float(float)) } else { Err(overflow()) }
}

fn operand(value: &Value, sign: &str) -> Result<Number, Fault> {
    coerce::number(value).ok_or_else(|| {
        let shown = match value {
            Value::Text(text) if !text.has_secret() && text.as_str().len() <= 40 => format!("the text {:?}", text.as_str()),
            Value::Array(_) | Value::Object(_) => format!("an {}", value.kind()),
            Value::Missing | Value::Null => value.kind().to_owned(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) => format!("a {}", value.kind()),
        };
        Fault::of_operand("E_TYPE", &format!("{sign} needs numbers"), shown)
    })
}

/// The fault of an integer that leaves 64 bits or a float that leaves its range.
pub fn overflow() -> Fault {
    Fault::of_result("E_OVERFLOW", "the result is too large for a number")
}

fn divide_by_zero() -> Fault {
    Fault::of_divisor("E_DIVIDE_BY_ZERO", "division by zero")
}

/// `text LIKE pattern`: `%` is any run, `_` one character, ASCII case ignored.
pub fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().map(|c| c.to_ascii_lowercase()).collect();
    let pattern: Vec<char> = pattern.chars().map(|c| c.to_ascii_lowercase()).collect();
    let (mut at, mut from) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(from) {
            Some('%') => {
                retry = Some((from + 1, at));
                from += 1;
            }
            Some(&want) if want == '_' || want == text[at] => {
                at += 1;
                from += 1;
            }
            _ => match retry {
                Some((pattern_at, text_at)) => {
                    retry = Some((pattern_at, text_at + 1));
                    from = pattern_at;
                    at = text_at + 1;
                }
                None => return false,
            },
        }
    }
    pattern[from..].iter().all(|&want| want == '%')
}
