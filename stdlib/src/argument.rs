//! How functions read their arguments, and how secrets stay secret in what they give.

use gbvm_vm::coerce::{self, Number};
use gbvm_vm::fault::Fault;
use gbvm_vm::limits::Limits;
use gbvm_vm::operators;
use gbvm_vm::text::Text;
use gbvm_vm::value::Value;

/// The longest text that a message shows.
const SHOWN_BYTES: usize = 40;

/// Whether any of the arguments is NULL or MISSING.
pub fn any_nothing(arguments: &[Value]) -> bool {
    arguments.iter().any(Value::is_nothing)
}

/// The argument at a position, MISSING past the end.
pub fn at(arguments: &[Value], index: usize) -> &Value {
    arguments.get(index).unwrap_or(&Value::Missing)
}

/// The argument as text; NULL and MISSING are `""`.
pub fn text(arguments: &[Value], index: usize) -> Text {
    coerce::text(at(arguments, index))
}

/// The argument as a number.
///
/// # Errors
/// `E_TYPE`.
pub fn number(arguments: &[Value], index: usize) -> Result<Number, Fault> {
    let value = at(arguments, index);
    let number = if let Value::Bool(bool) = value { Some(Number::Int(i64::from(*bool))) } else { coerce::number(value) };
    number.ok_or_else(|| wrong_kind("a number", value).at_argument(index as u8))
}

/// The argument as a whole number, its fraction cut off.
///
/// # Errors
/// `E_TYPE`, `E_OVERFLOW`.
pub fn integer(arguments: &[Value], index: usize) -> Result<i64, Fault> {
    match number(arguments, index)? {
        Number::Int(int) => Ok(int),
        Number::Float(float) if float.abs() < 9.2e18 => Ok(float as i64),
        Number::Float(_) => Err(operators::overflow().at_argument(index as u8)),
    }
}

/// The argument as a whole number, or another where it was left out.
///
/// # Errors
/// As [`integer`].
pub fn integer_or(arguments: &[Value], index: usize, otherwise: i64) -> Result<i64, Fault> {
    if at(arguments, index).is_nothing() { Ok(otherwise) } else { integer(arguments, index) }
}

/// A value's kind as a sentence names it: `a string`, `an array`, `NULL`.
pub fn kind_of(value: &Value) -> String {
    match value {
        Value::Missing | Value::Null => value.kind().to_owned(),
        Value::Array(_) | Value::Object(_) => format!("an {}", value.kind()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) => format!("a {}", value.kind()),
    }
}

/// What a value is, for the end of a sentence: short text itself, of all else its kind, so that no secret is shown.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) if !text.has_secret() && text.as_str().len() <= SHOWN_BYTES => format!("the text {:?}", text.as_str()),
        value => kind_of(value),
    }
}

/// The fault of a value of the wrong kind.
pub fn wrong_kind(wanted: &str, value: &Value) -> Fault {
    Fault::of_value("E_TYPE", &format!("{wanted} is needed here"), value, shown(value))
}

/// The fault of a word that is none of those that are known here.
pub fn unknown_word(known: &str, value: &Value) -> Fault {
    Fault::of_value("E_ARGUMENT", known, value, shown(value))
}

/// A text computed from arguments: secret where any of them is.
///
/// # Errors
/// `E_STRING_TOO_LONG`.
pub fn computed(arguments: &[Value], string: String, limits: &Limits) -> Result<Value, Fault> {
    check_length(string.len(), limits)?;
    let secrets = || arguments.iter().filter_map(coerce::secret_of);
    Ok(Value::Text(match secrets().find(|secret| secret.unset_secret().is_some()).or_else(|| secrets().next()) {
        Some(secret) => secret.derive(string),
        None => Text::data(string),
    }))
}

/// Checks the length of a string before it is made.
///
/// # Errors
/// `E_STRING_TOO_LONG`.
pub fn check_length(bytes: usize, limits: &Limits) -> Result<(), Fault> {
    if bytes > limits.string_bytes {
        return Err(Fault::ending("E_STRING_TOO_LONG", format!("a string may have {} bytes, and this one would have {bytes}", limits.string_bytes)));
    }
    Ok(())
}

/// An array of computed elements.
///
/// # Errors
/// `E_ARRAY_TOO_LONG`, `E_DEPTH`.
pub fn array(items: Vec<Value>, limits: &Limits) -> Result<Value, Fault> {
    check_count(items.len(), limits)?;
    Value::array(items)
}

/// Refuses an array of more elements than the limits allow.
///
/// # Errors
/// `E_ARRAY_TOO_LONG`.
pub fn check_count(length: usize, limits: &Limits) -> Result<(), Fault> {
    if length > limits.array_items {
        return Err(Fault::ending("E_ARRAY_TOO_LONG", format!("an array may have {} elements, and this one would have {length}", limits.array_items)));
    }
    Ok(())
}

/// The elements of an array; a single value is one element, NULL and MISSING are none.
pub fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(array) => array.items(),
        Value::Missing | Value::Null => &[],
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) | Value::Object(_) => std::slice::from_ref(value),
    }
}
