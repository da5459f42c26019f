//! SUM, AVG, MIN, MAX and COUNT over values, wherever the values come from.

use gbvm_vm::coerce::Number;
use gbvm_vm::fault::Fault;
use gbvm_vm::operators::{self, Class};
use gbvm_vm::value::Value;

use crate::services::Aggregate;

/// Reads the name of an aggregate.
pub fn named(name: &str) -> Option<Aggregate> {
    [
        ("COUNT", Aggregate::Count),
        ("SUM", Aggregate::Sum),
        ("AVG", Aggregate::Average),
        ("AVERAGE", Aggregate::Average),
        ("MIN", Aggregate::Least),
        ("MAX", Aggregate::Greatest),
    ]
    .into_iter()
    .find_map(|(word, aggregate)| name.eq_ignore_ascii_case(word).then_some(aggregate))
}

/// Computes over values. COUNT counts those that are not empty; the others pass over what is empty, SUM and AVG also
/// over what is no number. Of nothing: 0 for COUNT and SUM, NULL otherwise.
///
/// # Errors
/// `E_OVERFLOW`.
pub fn fold<'a>(aggregate: Aggregate, values: impl Iterator<Item = &'a Value>) -> Result<Value, Fault> {
    let mut present = values.filter(|value| !operators::is_empty(value));
    match aggregate {
        Aggregate::Count => Ok(Value::Int(present.count() as i64)),
        Aggregate::Sum => sum(present).map(|(sum, _)| sum.into()),
        Aggregate::Average => {
            let (sum, count) = sum(present)?;
            if count == 0 {
                return Ok(Value::Null);
            }
            operators::divide(&sum.into(), &Value::Int(count))
        }
        Aggregate::Least => {
            let first = present.next();
            Ok(first.map_or(Value::Null, |first| present.fold(first, |least, value| if operators::sort_order(value, least).is_lt() { value } else { least }).clone()))
        }
        Aggregate::Greatest => {
            let first = present.next();
            Ok(first.map_or(Value::Null, |first| present.fold(first, |most, value| if operators::sort_order(value, most).is_gt() { value } else { most }).clone()))
        }
    }
}

/// The sum of the numbers among the values and how many they are. Integers are summed exactly.
fn sum<'a>(values: impl Iterator<Item = &'a Value>) -> Result<(Number, i64), Fault> {
    let (mut whole, mut fraction, mut has_fraction, mut count) = (0i128, 0.0, false, 0);
    for value in values {
        match operators::class(value) {
            Class::Number(Number::Int(int)) => whole += i128::from(int),
            Class::Number(Number::Float(float)) => {
                fraction += float;
                has_fraction = true;
            }
            Class::Empty | Class::Instant(_) | Class::Text(_) | Class::Compound => continue,
        }
        count += 1;
    }
    if has_fraction {
        let sum = whole as f64 + fraction;
        return if sum.is_finite() { Ok((Number::Float(sum), count)) } else { Err(operators::overflow()) };
    }
    Ok((Number::Int(i64::try_from(whole).map_err(|_| operators::overflow())?), count))
}
