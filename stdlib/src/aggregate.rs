//! SUM, AVG, MIN, MAX and COUNT over values, wherever the values come from.

use std::cmp::Ordering;

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
    let mut fold = Fold::new(aggregate);
    values.for_each(|value| fold.add(value));
    fold.finish()
}

/// An aggregate of the values seen so far.
pub struct Fold {
    aggregate: Aggregate,
    /// How many values counted.
    count: i64,
    total: Total,
    /// The least or greatest value.
    end: Option<Value>,
}

impl Fold {
    /// An aggregate of no value.
    pub fn new(aggregate: Aggregate) -> Fold {
        Fold { aggregate, count: 0, total: Total::default(), end: None }
    }

    /// Takes a value in.
    pub fn add(&mut self, value: &Value) {
        if operators::is_empty(value) {
            return;
        }
        match self.aggregate {
            Aggregate::Count => self.count += 1,
            Aggregate::Sum | Aggregate::Average => {
                if let Class::Number(number) = operators::class(value) {
                    self.total.add(number);
                }
            }
            Aggregate::Least => self.keep(value, Ordering::Less),
            Aggregate::Greatest => self.keep(value, Ordering::Greater),
        }
    }

    fn keep(&mut self, value: &Value, wanted: Ordering) {
        if self.end.as_ref().is_none_or(|end| operators::sort_order(value, end) == wanted) {
            self.end = Some(value.clone());
        }
    }

    /// What it comes to.
    ///
    /// # Errors
    /// `E_OVERFLOW`.
    pub fn finish(self) -> Result<Value, Fault> {
        match self.aggregate {
            Aggregate::Count => Ok(Value::Int(self.count)),
            Aggregate::Sum | Aggregate::Average => self.total.finish(self.aggregate),
            Aggregate::Least | Aggregate::Greatest => Ok(self.end.unwrap_or(Value::Null)),
        }
    }
}

/// The sum of numbers, and how many there are.
#[derive(Default)]
pub struct Total {
    sum: Sum,
    count: i64,
}

impl Total {
    /// Takes a number in.
    pub fn add(&mut self, number: Number) {
        self.sum.add(number);
        self.count += 1;
    }

    /// The average where that is asked for, else the sum.
    ///
    /// # Errors
    /// `E_OVERFLOW`.
    pub fn finish(&self, aggregate: Aggregate) -> Result<Value, Fault> {
        match aggregate {
            Aggregate::Average if self.count == 0 => Ok(Value::Null),
            Aggregate::Average => operators::divide(&self.sum.total()?.into(), &Value::Int(self.count)),
            Aggregate::Sum | Aggregate::Count | Aggregate::Least | Aggregate::Greatest => self.sum.total().map(Value::from),
        }
    }
}

/// How many millionths make one.
const MILLION: f64 = 1e6;
/// Integers of this size and above are not all floats.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// A sum of numbers. Integers, and decimals of up to six places, are summed exactly, so that amounts of money come out to
/// the cent; the rest with the error of each addition carried along (Neumaier 1974).
#[derive(Default)]
struct Sum {
    whole: i128,
    millionths: i128,
    rest: f64,
    error: f64,
    has_fraction: bool,
}

impl Sum {
    fn add(&mut self, number: Number) {
        let float = match number {
            Number::Int(int) => {
                self.whole += i128::from(int);
                return;
            }
            Number::Float(float) => float,
        };
        self.has_fraction = true;
        let millionths = (float * MILLION).round();
        // The quotient is the float nearest to the decimal, so it is this decimal that the float stands for.
        if millionths.abs() < EXACT_MAX && millionths / MILLION == float {
            self.millionths += millionths as i128;
            return;
        }
        let sum = self.rest + float;
        self.error += if self.rest.abs() >= float.abs() { (self.rest - sum) + float } else { (float - sum) + self.rest };
        self.rest = sum;
    }

    fn total(&self) -> Result<Number, Fault> {
        if !self.has_fraction {
            return i64::try_from(self.whole).map(Number::Int).map_err(|_| operators::overflow());
        }
        let exact = self.whole * MILLION as i128 + self.millionths;
        let (sign, size) = (if exact < 0 { "-" } else { "" }, exact.unsigned_abs());
        let decimal = format!("{sign}{}.{:06}", size / MILLION as u128, size % MILLION as u128);
        let sum = decimal.parse::<f64>().map_err(|_| operators::overflow())? + (self.rest + self.error);
        if sum.is_finite() { Ok(Number::Float(sum)) } else { Err(operators::overflow()) }
    }
}
