//! Functions that ask what a value is, choose between values, or make identifiers.

use gbvm_vm::fault::Fault;
use gbvm_vm::native::PureContext;
use gbvm_vm::operators;
use gbvm_vm::signature::{Param, Role};
use gbvm_vm::value::Value;
use ring::rand::{SecureRandom, SystemRandom};

use crate::argument::at;
use crate::keyword::{Example, Keyword};

const VALUE: Param = Param::required("value", Role::Value);
const FAMILY: &str = "Values";

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::asking(FAMILY, "TYPEOF", &[VALUE], type_of).about("The kind of a value as a word", "It is one of MISSING, NULL, boolean, number, string, date, array, object.", &[Example::new("PRINT TYPEOF(1.5), TYPEOF([1]), TYPEOF(NULL)", "number array NULL")]),
    Keyword::asking(FAMILY, "ISNULL", &[VALUE], is_null).aliases(&["IS_NULL"]).about("Whether a value is NULL or MISSING, or an array without elements", "A FIND that found nothing is so in both its forms, and so is a secret that is not set.", &[Example::new("x = {a: 1}\nPRINT ISNULL(x.b), ISNULL(x.a)", "true false")]),
    Keyword::asking(FAMILY, "ISMISSING", &[VALUE], is_missing).aliases(&["IS_MISSING"]).about("Whether a value is not there at all", "NULL is there.", &[Example::new("x = {a: NULL}\nPRINT ISMISSING(x.a), ISMISSING(x.b)", "false true")]),
    Keyword::asking(FAMILY, "ISEMPTY", &[VALUE], is_empty).aliases(&["IS_EMPTY", "IS EMPTY"]).about("Whether a value is NULL, MISSING, empty text, or an array or object without content", "", &[Example::new("PRINT ISEMPTY(\"\"), ISEMPTY([]), ISEMPTY(0)", "true true false")]),
    Keyword::asking(FAMILY, "ISARRAY", &[VALUE], is_array).aliases(&["IS_ARRAY"]).about("Whether a value is an array", "", &[Example::new("PRINT ISARRAY([1]), ISARRAY(1)", "true false")]),
    Keyword::asking(FAMILY, "ISOBJECT", &[VALUE], is_object).aliases(&["IS_OBJECT"]).about("Whether a value is an object", "", &[Example::new("PRINT ISOBJECT({a: 1}), ISOBJECT([1])", "true false")]),
    Keyword::asking(FAMILY, "COALESCE", &[VALUE], coalesce).variadic().aliases(&["NVL"]).about("The first value that is neither NULL nor MISSING", "NULL where there is none. Empty text is a value, a secret that is not set is none.", &[Example::new("PRINT COALESCE(NULL, 0, 5)", "0")]),
    Keyword::pure(FAMILY, "GUID", &[], guid).aliases(&["UUID"]).about("A new identifier that nobody has, a random UUID", "", &[Example::new("PRINT LEN(GUID())", "36")]),
];

fn type_of(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::text(at(arguments, 0).kind()))
}

fn is_null(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(match at(arguments, 0) {
        Value::Missing | Value::Null => true,
        Value::Array(array) => array.is_empty(),
        Value::Text(text) => text.is_unset(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Object(_) => false,
    }))
}

fn is_missing(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(matches!(at(arguments, 0), Value::Missing)))
}

fn is_empty(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(match at(arguments, 0) {
        Value::Object(object) => object.fields().next().is_none(),
        value => operators::is_empty(value),
    }))
}

fn is_array(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(matches!(at(arguments, 0), Value::Array(_))))
}

fn is_object(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(matches!(at(arguments, 0), Value::Object(_))))
}

fn coalesce(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(arguments.iter().find(|value| !value.reads_as_null()).cloned().unwrap_or(Value::Null))
}

fn guid(_: &PureContext<'_>, _: &[Value]) -> Result<Value, Fault> {
    let mut bytes = [0u8; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Fault::new("E_RANDOM", "the system gives no random numbers"))?;
    // Version 4, variant 1: RFC 9562, section 5.4.
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits = data_encoding::HEXLOWER.encode(&bytes);
    Ok(Value::text([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")))
}
