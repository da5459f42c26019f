//! SUM and AVG as functions of SQLite that add as the language does: money to the cent.

use gbvm_stdlib::aggregate::Total;
use gbvm_stdlib::services::Aggregate;
use gbvm_vm::coerce::{self, Number};
use gbvm_vm::fault::Fault;
use gbvm_vm::operators;
use gbvm_vm::value::Value;
use rusqlite::functions::{self, Context, FunctionFlags};
use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::{Connection, Result};

/// What stands for a total that no number can hold.
const TOO_LARGE: &str = "too large";

/// One of the two functions.
struct TotalOf(Aggregate);

/// The name of the function that computes an aggregate in SQL; none where there is none.
pub fn function(aggregate: Aggregate) -> Option<&'static str> {
    match aggregate {
        Aggregate::Sum => Some("gbvm_sum"),
        Aggregate::Average => Some("gbvm_average"),
        Aggregate::Count | Aggregate::Least | Aggregate::Greatest => None,
    }
}

/// Gives a connection the functions.
pub fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    for aggregate in [Aggregate::Sum, Aggregate::Average] {
        if let Some(name) = function(aggregate) {
            connection.create_aggregate_function(name, 1, flags, TotalOf(aggregate))?;
        }
    }
    Ok(())
}

/// What one of the functions gave.
///
/// # Errors
/// `E_OVERFLOW`.
pub fn value_of(result: SqlValue) -> Result<Value, Fault> {
    match result {
        SqlValue::Integer(int) => Ok(Value::Int(int)),
        SqlValue::Real(real) => Ok(Value::Float(real)),
        SqlValue::Null => Ok(Value::Null),
        SqlValue::Text(_) | SqlValue::Blob(_) => Err(operators::overflow()),
    }
}

impl functions::Aggregate<Total, SqlValue> for TotalOf {
    fn init(&self, _: &mut Context<'_>) -> Result<Total> {
        Ok(Total::default())
    }

    fn step(&self, context: &mut Context<'_>, total: &mut Total) -> Result<()> {
        match context.get_raw(0) {
            ValueRef::Integer(int) => total.add(Number::Int(int)),
            ValueRef::Real(real) => total.add(Number::Float(real)),
            ValueRef::Text(text) => {
                if let Some(number) = std::str::from_utf8(text).ok().and_then(coerce::numeric_text) {
                    total.add(number);
                }
            }
            ValueRef::Null | ValueRef::Blob(_) => {}
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, total: Option<Total>) -> Result<SqlValue> {
        Ok(match total.unwrap_or_default().finish(self.0) {
            Ok(Value::Int(int)) => SqlValue::Integer(int),
            Ok(Value::Float(float)) => SqlValue::Real(float),
            Ok(_) => SqlValue::Null,
            Err(_) => SqlValue::Text(TOO_LARGE.to_owned()),
        })
    }
}
