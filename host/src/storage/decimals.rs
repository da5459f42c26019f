//! Decimals by their value: every digit counts, whatever a float could hold.

use std::cmp::Ordering;

use gbvm_vm::coerce;
use gbvm_vm::operators::{self, Class};
use gbvm_vm::value::Value;

/// The most digits that an exponent may add; past it the float decides.
const EXPONENT_MAX: usize = 400;

/// A number by its digits.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    /// Digits before the point, without leading zeros.
    whole: String,
    /// Digits behind it, without trailing zeros.
    fraction: String,
}

impl Decimal {
    fn of(value: &Value) -> Option<Decimal> {
        if !matches!(operators::class(value), Class::Number(_)) {
            return None;
        }
        let text = match value {
            Value::Text(text) => text.as_str().to_owned(),
            number => coerce::json(number),
        };
        let (is_negative, digits) = text.strip_prefix('-').map_or((false, &*text), |digits| (true, digits));
        let (digits, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
        let exponent: isize = exponent.parse().ok().filter(|exponent: &isize| exponent.unsigned_abs() <= EXPONENT_MAX)?;
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (mut whole, mut fraction) = (whole.to_owned(), fraction.to_owned());
        if exponent >= 0 {
            let moved = exponent.unsigned_abs().min(fraction.len());
            whole.push_str(&fraction[..moved]);
            whole.push_str(&"0".repeat(exponent.unsigned_abs() - moved));
            fraction.drain(..moved);
        } else {
            let padded = format!("{}{whole}", "0".repeat(exponent.unsigned_abs()));
            let (kept, moved) = padded.split_at(padded.len() - exponent.unsigned_abs());
            fraction.insert_str(0, moved);
            whole = kept.to_owned();
        }
        let (whole, fraction) = (whole.trim_start_matches('0').to_owned(), fraction.trim_end_matches('0').to_owned());
        let is_zero = whole.is_empty() && fraction.is_empty();
        Some(Decimal { is_negative: is_negative && !is_zero, whole, fraction })
    }

    /// The order of two that have one sign, without it.
    fn size(&self, other: &Decimal) -> Ordering {
        let by_whole = self.whole.len().cmp(&other.whole.len()).then_with(|| self.whole.cmp(&other.whole));
        by_whole.then_with(|| self.fraction.cmp(&other.fraction))
    }
}

/// The order of two values of which one stands in a column of decimals, by every digit; none where one is no number.
pub fn order(a: &Value, b: &Value) -> Option<Ordering> {
    let (a, b) = (Decimal::of(a)?, Decimal::of(b)?);
    Some(match (a.is_negative, b.is_negative) {
        (false, false) => a.size(&b),
        (true, true) => b.size(&a),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    })
}

/// Bytes that sort as [`order`] does, for a number.
pub fn rank(value: &Value) -> Option<Vec<u8>> {
    let decimal = Decimal::of(value)?;
    let mut key = (decimal.whole.len() as u64).to_be_bytes().to_vec();
    key.extend(decimal.whole.bytes());
    key.extend(decimal.fraction.bytes());
    // An end that is below every digit; turned round, above.
    key.push(0);
    if decimal.is_negative {
        key.iter_mut().for_each(|byte| *byte = !*byte);
    }
    key.insert(0, u8::from(!decimal.is_negative));
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_rank_agree_with_the_digits() {
        let sorted = ["-1e3", "-10.5", "-10.49", "-2", "-0.5", "-1e-7", "0", "0.1", "0.10000000000000000001", "5e-1", "1", "2", "9007199254740992", "9007199254740993", "12345678901234567890.12", "12345678901234567890.13", "1e25"];
        for (a, left) in sorted.iter().enumerate() {
            for (b, right) in sorted.iter().enumerate() {
                let (left, right) = (Value::text(*left), Value::text(*right));
                assert_eq!(order(&left, &right), Some(a.cmp(&b)), "{left:?} {right:?}");
                assert_eq!(rank(&left).cmp(&rank(&right)), a.cmp(&b), "{left:?} {right:?}");
            }
        }
        for (a, b) in [("10.50", "10.5"), ("1e1", "10"), ("-0", "0"), ("0.0", "0"), ("100e-2", "1"), ("1.5e1", "15.0")] {
            assert_eq!(order(&Value::text(a), &Value::text(b)), Some(Ordering::Equal), "{a} {b}");
            assert_eq!(rank(&Value::text(a)), rank(&Value::text(b)), "{a} {b}");
        }
        assert_eq!(order(&Value::Int(10), &Value::text("10.0")), Some(Ordering::Equal));
        assert_eq!(order(&Value::Float(0.1), &Value::text("0.10")), Some(Ordering::Equal));
        assert_eq!(order(&Value::Int(1), &Value::text("x")), None);
    }
}
