//! Values as SQLite keeps them, and back; what SQL alone cannot say of them, as functions of it.
//!
//! Storage converts nothing: integers, reals and text are kept as given. A date is its canonical text, a boolean 0 or
//! 1, an array or object its JSON. The catalogue's kind of a column says how such values read.

use std::cmp::Ordering;

use gbvm_stdlib::json;
use gbvm_vm::coerce::{self, Number};
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::operators::{self, Class};
use gbvm_vm::value::Value;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef};
use rusqlite::{Connection, Result, ToSql};

use super::decimals;
use super::schema::Kind;

/// The length of an instant's canonical text, in bytes.
const CANONICAL_DATE: usize = 24;

/// A value bound to a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound(pub SqlValue);

impl ToSql for Bound {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

/// The form in which a column of this kind keeps a value.
pub fn to_sql(value: &Value, kind: Kind) -> Bound {
    Bound(match value {
        Value::Missing | Value::Null => SqlValue::Null,
        Value::Bool(bool) => SqlValue::Integer(i64::from(*bool)),
        Value::Int(int) => SqlValue::Integer(*int),
        // A float without fraction enters as an integer.
        Value::Float(float) if float.fract() == 0.0 && float.abs() < 9e15 => SqlValue::Integer(*float as i64),
        Value::Float(float) => SqlValue::Real(*float),
        Value::Date(instant) => SqlValue::Text(instant.to_string()),
        Value::Text(text) => SqlValue::Text(match Instant::parse_rfc3339(text.as_str()) {
            Some(instant) if kind == Kind::Date => instant.to_string(),
            _ => text.as_str().to_owned(),
        }),
        Value::Array(_) | Value::Object(_) => SqlValue::Text(coerce::json(value)),
    })
}

/// What a stored value reads as in a column of this kind.
pub fn from_sql(value: ValueRef<'_>, kind: Option<Kind>) -> Value {
    match (value, kind) {
        (ValueRef::Null, _) => Value::Null,
        (ValueRef::Integer(int @ (0 | 1)), Some(Kind::Boolean)) => Value::Bool(int == 1),
        (ValueRef::Integer(int), _) => Value::Int(int),
        (ValueRef::Real(real), _) => Value::Float(real),
        (ValueRef::Text(text), kind) => {
            let text = String::from_utf8_lossy(text);
            match kind {
                Some(Kind::Date) => canonical_date(&text).map_or_else(|| Value::text(&*text), Value::Date),
                Some(Kind::Json) if text.starts_with(['[', '{']) => json::parse(text.as_bytes(), &Limits::default()).unwrap_or_else(|_| Value::text(text)),
                Some(Kind::Json | Kind::Boolean | Kind::Plain | Kind::Decimal) | None => Value::text(text),
            }
        }
        (ValueRef::Blob(bytes), _) => Value::text(data_encoding::BASE64.encode(bytes)),
    }
}

/// The instant whose canonical text this is.
pub fn canonical_date(text: &str) -> Option<Instant> {
    Instant::parse_rfc3339(text).filter(|_| text.len() == CANONICAL_DATE)
}

/// The kinds as SQL passes them: what stands in the column, or what is compared with it.
const KINDS: [Kind; 5] = [Kind::Plain, Kind::Date, Kind::Boolean, Kind::Json, Kind::Decimal];

/// A kind as a number for SQL.
pub fn kind_number(kind: Option<Kind>) -> i64 {
    KINDS.iter().position(|known| Some(*known) == kind).unwrap_or(0) as i64
}

/// Gives a connection the functions that filters compile to.
pub fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    // gbvm_order(column, kind, value, kind): -1, 0, 1, or NULL where the two have no order.
    connection.create_scalar_function("gbvm_order", 4, flags, |context| {
        let (a, b) = (argument(context, 0), argument(context, 2));
        let by_digits = if is_decimal(context) { decimals::order(&a, &b) } else { None };
        Ok(by_digits.or_else(|| operators::order(&a, &b)).map(|order| order as i64))
    })?;
    // gbvm_equal(column, kind, value, kind): the language's equality.
    connection.create_scalar_function("gbvm_equal", 4, flags, |context| {
        let (a, b) = (argument(context, 0), argument(context, 2));
        let by_digits = if is_decimal(context) { decimals::order(&a, &b) } else { None };
        Ok(by_digits.map_or_else(|| operators::equal(&a, &b), |order| order == Ordering::Equal))
    })?;
    // gbvm_text(column, kind): its text, where that is not what is stored.
    connection.create_scalar_function("gbvm_text", 2, flags, |context| Ok(coerce::text(&argument(context, 0)).as_str().to_owned()))?;
    // gbvm_rank(column, kind): bytes that sort as the language sorts values.
    connection.create_scalar_function("gbvm_rank", 2, flags, |context| {
        let value = argument(context, 0);
        let digits = if kind_of(context, 1) == Some(Kind::Decimal) { decimals::rank(&value) } else { None };
        Ok(digits.map_or_else(|| rank(&value), |digits| [&[1][..], &digits].concat()))
    })
}

/// Whether one of two compared stands in a column of decimals.
fn is_decimal(context: &Context<'_>) -> bool {
    [1, 3].into_iter().any(|at| kind_of(context, at) == Some(Kind::Decimal))
}

fn kind_of(context: &Context<'_>, at: usize) -> Option<Kind> {
    let number = context.get::<i64>(at).ok()?;
    KINDS.get(usize::try_from(number).ok()?).copied()
}

fn argument(context: &Context<'_>, at: usize) -> Value {
    from_sql(context.get_raw(at), kind_of(context, at + 1))
}

/// Bytes that sort as [`operators::sort_order`] does.
fn rank(value: &Value) -> Vec<u8> {
    let ordered = |number: i64| ((number as u64) ^ (1 << 63)).to_be_bytes();
    match operators::class(value) {
        Class::Empty => vec![0],
        Class::Number(number) => {
            let float = number.as_float();
            let bits = float.to_bits() as i64;
            // Floats sort as their bits do once those of negative ones are turned round.
            let mut key = vec![1];
            key.extend(ordered(bits ^ (((bits >> 63) as u64) >> 1) as i64));
            // Integers past 2⁵³ that share a float differ by what it lost.
            let rest = match number {
                Number::Int(int) if float.abs() < 9e18 => int - float as i64,
                Number::Int(_) | Number::Float(_) => 0,
            };
            key.extend(ordered(rest));
            key
        }
        Class::Instant(instant) => [&[2][..], &ordered(instant.0)].concat(),
        Class::Text(text) => [&[3][..], text.as_bytes()].concat(),
        Class::Compound => [&[4][..], coerce::json(value).as_bytes()].concat(),
    }
}

/// Everything that a column may hold which equals this value, so that an index finds it; none where only a function
/// can tell.
pub fn twins(value: &Value, kind: Option<Kind>) -> Option<Vec<Bound>> {
    let mut twins = vec![to_sql(value, kind.unwrap_or(Kind::Plain))];
    let mut add = |twin: SqlValue| {
        if !twins.contains(&Bound(twin.clone())) {
            twins.push(Bound(twin));
        }
    };
    match value {
        Value::Int(_) | Value::Float(_) => {
            add(SqlValue::Text(coerce::json(value)));
            if kind == Some(Kind::Date)
                && let Some(instant) = coerce::instant(value)
            {
                add(SqlValue::Text(instant.to_string()));
            }
        }
        Value::Bool(bool) => add(SqlValue::Text(if *bool { "true" } else { "false" }.to_owned())),
        Value::Text(text) => {
            let text = text.as_str();
            add(SqlValue::Text(text.to_owned()));
            match coerce::numeric_text(text) {
                Some(Number::Int(int)) if int.to_string() == text => add(SqlValue::Integer(int)),
                Some(Number::Float(float)) if coerce::float_shortest(float) == text => add(SqlValue::Real(float)),
                Some(_) | None => {}
            }
            match (kind, text) {
                (Some(Kind::Boolean), "true") => add(SqlValue::Integer(1)),
                (Some(Kind::Boolean), "false") => add(SqlValue::Integer(0)),
                (Some(Kind::Date), _) => {
                    if let Some(instant) = coerce::instant(value) {
                        add(SqlValue::Text(instant.to_string()));
                    }
                }
                (Some(Kind::Boolean | Kind::Json | Kind::Plain | Kind::Decimal) | None, _) => {}
            }
        }
        // In a date column every instant is canonical; elsewhere any text or number may read as the same one.
        Value::Date(_) if kind == Some(Kind::Date) => {}
        Value::Date(_) | Value::Array(_) | Value::Object(_) => return None,
        Value::Missing | Value::Null => return None,
    }
    // What is stored may read as something else: 1 in a boolean column is TRUE, which the text "1" does not equal.
    twins.retain(|Bound(twin)| operators::equal(&from_sql(ValueRef::from(twin), kind), value));
    Some(twins)
}
