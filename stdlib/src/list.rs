//! Functions over arrays and objects. Elements count from 0. POP, SHIFT and SPLICE change what they are given.

use std::ops::Range;

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::native::{Changed, PureContext};
use gbvm_vm::object::Object;
use gbvm_vm::operators;
use gbvm_vm::signature::{Param, Role};
use gbvm_vm::value::Value;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::aggregate;
use crate::argument::{self, any_nothing, at, items};
use crate::canonical::canonical;
use crate::keyword::{Example, Keyword};
use crate::services::Aggregate;

const ARRAY: Param = Param::required("array", Role::Value);
const VALUE: Param = Param::required("value", Role::Value);
const FIELD: Param = Param::required("field", Role::Value);
const OBJECT: Param = Param::required("object", Role::Value);
const MAYBE_FIELD: Param = Param::optional("field", Role::Value);
const FAMILY: &str = "Arrays and objects";

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::pure(FAMILY, "UBOUND", &[ARRAY], upper_bound).about("How many elements an array has", "An object counts as one; NULL gives 0.", &[Example::new("PRINT UBOUND([\"a\", \"b\"])\nPRINT UBOUND(NULL)", "2\n0")]),
    Keyword::pure(FAMILY, "LBOUND", &[ARRAY], lower_bound).about("The index of an array's first element, 0", "", &[Example::new("PRINT LBOUND([5])", "0")]),
    Keyword::pure(FAMILY, "COUNT", &[ARRAY], upper_bound).about("How many elements an array has", "NULL gives 0.", &[Example::new("PRINT COUNT([5, 6, 7])", "3")]),
    Keyword::pure(FAMILY, "SUM", &[ARRAY, MAYBE_FIELD], sum).about("The sum of an array's numbers, or of a field of its objects", "Of nothing it is 0.", &[Example::new("PRINT SUM([1, 2, 3])\nPRINT SUM([{n: 2}, {n: 5}], \"n\")", "6\n7")]),
    Keyword::pure(FAMILY, "AVG", &[ARRAY, MAYBE_FIELD], average).about("The mean of an array's numbers, or of a field of its objects", "Of nothing it is NULL.", &[Example::new("PRINT AVG([1, 2, 6])", "3")]),
    Keyword::pure(FAMILY, "FIRST", &[ARRAY], first).about("An array's first element", "MISSING where there is none.", &[Example::new("PRINT FIRST([4, 5])", "4")]),
    Keyword::pure(FAMILY, "LAST", &[ARRAY], last).about("An array's last element", "MISSING where there is none.", &[Example::new("PRINT LAST([4, 5])", "5")]),
    Keyword::pure(FAMILY, "APPEND", &[ARRAY, VALUE], append).variadic().about("An array with values added at its end", "", &[Example::new("PRINT APPEND([1], 2, 3)", "1, 2, 3")]),
    Keyword::changing(FAMILY, "POP", &[ARRAY], pop).about(
        "Takes the last element off an array and gives it",
        "The array must be a variable, or a field or element of one; of anything else the element is given. MISSING where there is none.",
        &[Example::new("stack = [1, 2, 3]\ntop = stack.POP()\nPRINT top, stack\nPRINT POP(stack), stack.length", "3 1, 2\n2 1")],
    ),
    Keyword::changing(FAMILY, "SHIFT", &[ARRAY], shift).about(
        "Takes the first element off an array and gives it",
        "The array is one that POP could change. MISSING where there is none.",
        &[Example::new("queue = [\"a\", \"b\"]\nPRINT queue.SHIFT(), queue", "a b")],
    ),
    Keyword::changing(FAMILY, "SPLICE", &[ARRAY, Param::required("from", Role::Value), Param::optional("count", Role::Value), Param::optional("values", Role::Value)], splice).variadic().about(
        "Takes elements out of an array from an index on, puts others in their place, and gives those taken out",
        "Without a count it takes all from there on. A negative index counts from the end. The array is one that POP could change.",
        &[Example::new("list = [1, 2, 3, 4]\nPRINT list.SPLICE(1, 2, \"x\")\nPRINT list", "2, 3\n1, x, 4")],
    ),
    Keyword::pure(FAMILY, "SORT", &[ARRAY, MAYBE_FIELD, Param::optional("direction", Role::Word)], sort).about(
        "An array in order, or its objects in the order of a field",
        "Empty values come first, then numbers, dates and other text. The direction is \"ASC\" or \"DESC\".",
        &[Example::new("PRINT SORT([3, 1, 2])\nPRINT SORT([3, 1, 2], \"DESC\")\nrows = SORT([{n: 2}, {n: 1}], \"n\")\nPRINT rows[0].n", "1, 2, 3\n3, 2, 1\n1")],
    ),
    Keyword::pure(FAMILY, "REVERSE", &[ARRAY], reverse).about("An array, last element first", "A text is turned around letter by letter.", &[Example::new("PRINT REVERSE([1, 2, 3])\nPRINT REVERSE(\"Zoë\")", "3, 2, 1\nëoZ")]),
    Keyword::pure(FAMILY, "UNIQUE", &[ARRAY], unique).about("An array without repeated elements", "The first of equal elements is kept; 10 and \"10\" are equal.", &[Example::new("PRINT UNIQUE([1, 2, \"1\", 2])", "1, 2")]),
    Keyword::pure(FAMILY, "SLICE", &[ARRAY, Param::required("from", Role::Value), Param::optional("to", Role::Value)], slice).about(
        "The elements from one index to before another",
        "Negative indexes count from the end.",
        &[Example::new("PRINT SLICE([1, 2, 3, 4], 1, 3)\nPRINT SLICE([1, 2, 3, 4], -2)", "2, 3\n3, 4")],
    ),
    Keyword::pure(FAMILY, "FLATTEN", &[ARRAY], flatten).about("An array whose elements that are arrays are spread in it", "", &[Example::new("PRINT UBOUND(FLATTEN([1, [2, 3], [4]]))", "4")]),
    Keyword::pure(FAMILY, "RANGE", &[Param::required("from", Role::Value), Param::required("to", Role::Value), Param::optional("step", Role::Value)], range).about("The whole numbers from one to another", "", &[Example::new("PRINT RANGE(1, 4)\nPRINT RANGE(6, 0, -3)", "1, 2, 3, 4\n6, 3, 0")]),
    Keyword::pure(FAMILY, "INDEX_OF", &[ARRAY, VALUE], index_of).about("The index of an element, or -1", "", &[Example::new("PRINT INDEX_OF([\"a\", \"b\"], \"b\")", "1")]),
    Keyword::pure(FAMILY, "IN_ARRAY", &[VALUE, ARRAY], in_array).about("Whether an array has an element", "Array and value may stand in either order.", &[Example::new("PRINT IN_ARRAY(2, [1, 2])", "true")]),
    Keyword::pure(FAMILY, "CHUNK", &[ARRAY, Param::required("size", Role::Value)], chunk).about("An array cut into arrays of a size", "The last may be shorter.", &[Example::new("FOR EACH part IN CHUNK([1, 2, 3], 2)\n  PRINT part\nNEXT part", "1, 2\n3")]),
    Keyword::pure(FAMILY, "FILTER", &[ARRAY, FIELD, VALUE], filter).about("The objects of an array whose field has a value", "", &[Example::new("done = FILTER([{id: 1, s: \"done\"}, {id: 2, s: \"open\"}], \"s\", \"done\")\nPRINT UBOUND(done), done[0].id", "1 1")]),
    Keyword::pure(FAMILY, "MAP", &[ARRAY, FIELD], map).about("A field of each object of an array", "", &[Example::new("PRINT MAP([{id: 1}, {id: 2}], \"id\")", "1, 2")]),
    Keyword::pure(FAMILY, "GROUP_BY", &[ARRAY, FIELD], group_by).aliases(&["GROUP BY"]).about(
        "An object with, for each value of a field, the array of the objects that have it",
        "",
        &[Example::new("groups = GROUP_BY([{s: \"a\", n: 1}, {s: \"b\", n: 2}, {s: \"a\", n: 3}], \"s\")\nPRINT KEYS(groups), UBOUND(groups.a)", "a, b 2")],
    ),
    Keyword::pure(FAMILY, "KEYS", &[OBJECT], keys).about("The names of an object's fields", "Fields that are MISSING are none.", &[Example::new("PRINT KEYS({a: 1, b: 2})", "a, b")]),
    Keyword::pure(FAMILY, "VALUES", &[OBJECT], values).about("The values of an object's fields", "", &[Example::new("PRINT VALUES({a: 1, b: 2})", "1, 2")]),
    Keyword::pure(FAMILY, "HAS_FIELD", &[OBJECT, FIELD], has_field).about("Whether an object has a field of exactly this name", "A field that is NULL is there.", &[Example::new("PRINT HAS_FIELD({a: NULL}, \"a\")\nPRINT HAS_FIELD({a: 1}, \"b\")", "true\nfalse")]),
    Keyword::pure(FAMILY, "REMOVE_FIELD", &[OBJECT, FIELD], remove_field).about("An object without a field", "", &[Example::new("PRINT REMOVE_FIELD({a: 1, b: 2}, \"a\")", "{\"b\":2}")]),
];

/// Takes elements out of the array in a place and puts others there; a single value becomes an array of it first.
fn replaced(place: &mut Value, range: Range<usize>, values: Vec<Value>) -> Result<(Vec<Value>, usize), Fault> {
    if !matches!(place, Value::Array(_)) {
        *place = Value::array(items(place).to_vec())?;
    }
    let Value::Array(array) = place else { return Ok((Vec::new(), 0)) };
    let moved = if values.len() == range.len() { 0 } else { array.len() - range.end };
    Ok((array.splice(range, values)?, moved))
}

/// Takes one element out of the array in a place.
fn taken(place: &mut Value, at: usize) -> Result<Changed, Fault> {
    if items(place).is_empty() {
        return Ok(Changed { value: Value::Missing, moved: 0 });
    }
    let (mut taken, moved) = replaced(place, at..at + 1, Vec::new())?;
    Ok(Changed { value: taken.pop().unwrap_or_default(), moved })
}

fn pop(_: &PureContext<'_>, place: &mut Value, _: &[Value]) -> Result<Changed, Fault> {
    let last = items(place).len().saturating_sub(1);
    taken(place, last)
}

fn shift(_: &PureContext<'_>, place: &mut Value, _: &[Value]) -> Result<Changed, Fault> {
    taken(place, 0)
}

fn splice(context: &PureContext<'_>, place: &mut Value, arguments: &[Value]) -> Result<Changed, Fault> {
    let length = items(place).len() as i64;
    let from = argument::integer(arguments, 1)?;
    let from = if from < 0 { length.saturating_add(from).max(0) } else { from.min(length) };
    let count = argument::integer_or(arguments, 2, length)?.clamp(0, length - from);
    let values = arguments.get(3..).unwrap_or(&[]).iter().filter(|value| !matches!(value, Value::Missing));
    let values: Vec<Value> = values.cloned().collect();
    argument::check_count((length - count) as usize + values.len(), context.limits)?;
    let (taken, moved) = replaced(place, from as usize..(from + count) as usize, values)?;
    Ok(Changed { value: Value::array(taken)?, moved })
}

fn upper_bound(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Int(match at(arguments, 0) {
        Value::Array(array) => array.len() as i64,
        value => i64::from(!operators::is_empty(value)),
    }))
}

fn lower_bound(_: &PureContext<'_>, _: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Int(0))
}

/// The field of an element that an argument names, or the element itself where none is named.
fn field_of<'a>(item: &'a Value, arguments: &[Value], index: usize) -> &'a Value {
    match (item, at(arguments, index)) {
        (Value::Object(object), Value::Text(field)) => object.read(field.as_str()),
        (item, Value::Missing | Value::Null) => item,
        _ => &Value::Missing,
    }
}

fn sum(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    aggregate::fold(Aggregate::Sum, items(at(arguments, 0)).iter().map(|item| field_of(item, arguments, 1)))
}

fn average(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    aggregate::fold(Aggregate::Average, items(at(arguments, 0)).iter().map(|item| field_of(item, arguments, 1)))
}

fn first(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(items(at(arguments, 0)).first().cloned().unwrap_or_default())
}

fn last(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(items(at(arguments, 0)).last().cloned().unwrap_or_default())
}

fn append(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let added = arguments.get(1..).unwrap_or(&[]);
    argument::array(items(at(arguments, 0)).iter().chain(added).cloned().collect(), context.limits)
}

fn sort(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let is_word = |index: usize, word: &str| matches!(at(arguments, index), Value::Text(text) if text.as_str().eq_ignore_ascii_case(word));
    let direction_first = is_word(1, "ASC") || is_word(1, "DESC");
    let is_descending = is_word(2, "DESC") || is_word(1, "DESC");
    let key = if direction_first { 2 } else { 1 };
    let mut sorted = items(at(arguments, 0)).to_vec();
    // With the direction alone there is no field to read.
    let read = |item: &Value| if direction_first { item.clone() } else { field_of(item, arguments, key).clone() };
    sorted.sort_by(|a, b| {
        let order = operators::sort_order(&read(a), &read(b));
        if is_descending { order.reverse() } else { order }
    });
    argument::array(sorted, context.limits)
}

fn reverse(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if let Value::Text(text) = at(arguments, 0) {
        let turned = text.as_str().chars().rev().collect();
        return argument::computed(arguments, turned, context.limits);
    }
    argument::array(items(at(arguments, 0)).iter().rev().cloned().collect(), context.limits)
}

fn unique(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let mut seen = FxHashSet::default();
    let kept = items(at(arguments, 0)).iter().filter(|item| seen.insert(canonical(item))).cloned().collect();
    argument::array(kept, context.limits)
}

/// An index that may count from the end, within the bounds.
fn place(index: i64, len: usize) -> usize {
    let len = len as i64;
    (if index < 0 { index.saturating_add(len) } else { index }).clamp(0, len) as usize
}

fn slice(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let all = items(at(arguments, 0));
    let from = place(argument::integer_or(arguments, 1, 0)?, all.len());
    let to = place(argument::integer_or(arguments, 2, i64::MAX)?, all.len());
    argument::array(all.get(from..to.max(from)).unwrap_or(&[]).to_vec(), context.limits)
}

fn flatten(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let mut flat = Vec::new();
    for item in items(at(arguments, 0)) {
        match item {
            Value::Array(inner) => flat.extend_from_slice(inner.items()),
            item => flat.push(item.clone()),
        }
    }
    argument::array(flat, context.limits)
}

fn range(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if any_nothing(&arguments[..arguments.len().min(2)]) {
        return Ok(Value::Null);
    }
    let (from, to) = (argument::integer(arguments, 0)?, argument::integer(arguments, 1)?);
    let step = argument::integer_or(arguments, 2, if from <= to { 1 } else { -1 })?;
    if step == 0 {
        return Err(Fault::new("E_ARGUMENT", "RANGE cannot step by 0").at_argument(2));
    }
    let mut numbers = Vec::new();
    let mut next = Some(from);
    while let Some(number) = next.filter(|number| if step > 0 { *number <= to } else { *number >= to }) {
        if numbers.len() >= context.limits.array_items {
            return Err(Fault::ending("E_ARRAY_TOO_LONG", format!("an array may have {} elements, and this one would have more", context.limits.array_items)));
        }
        numbers.push(Value::Int(number));
        next = number.checked_add(step);
    }
    argument::array(numbers, context.limits)
}

fn index_of(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let index = items(at(arguments, 0)).iter().position(|item| operators::equal(item, at(arguments, 1)));
    Ok(Value::Int(index.map_or(-1, |index| index as i64)))
}

fn in_array(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let (first, second) = (at(arguments, 0), at(arguments, 1));
    let (value, array) = if matches!(second, Value::Array(_)) { (first, second) } else { (second, first) };
    Ok(Value::Bool(items(array).iter().any(|item| operators::equal(item, value))))
}

fn chunk(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let size = usize::try_from(argument::integer(arguments, 1)?).ok().filter(|size| *size > 0);
    let size = size.ok_or_else(|| Fault::new("E_ARGUMENT", "the size of a chunk is at least 1").at_argument(1))?;
    let chunks = items(at(arguments, 0)).chunks(size).map(|chunk| Value::array(chunk.to_vec())).collect::<Result<Vec<_>, _>>()?;
    argument::array(chunks, context.limits)
}

fn filter(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let kept = items(at(arguments, 0)).iter().filter(|item| operators::equal(field_of(item, arguments, 1), at(arguments, 2))).cloned().collect();
    argument::array(kept, context.limits)
}

fn map(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    argument::array(items(at(arguments, 0)).iter().map(|item| field_of(item, arguments, 1).clone()).collect(), context.limits)
}

fn group_by(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let mut places: FxHashMap<String, usize> = FxHashMap::default();
    let mut groups: Vec<(String, Vec<Value>)> = Vec::new();
    for item in items(at(arguments, 0)) {
        let value = field_of(item, arguments, 1);
        if let Some(secret) = coerce::secret_in(value) {
            let key = secret.secret_key().map_or("", |key| &**key);
            return Err(Fault::new("E_SECRET_LEAK", format!("the secret \"{key}\" would become the name of a field")));
        }
        let place = *places.entry(canonical(value)).or_insert_with(|| {
            groups.push((coerce::text(value).as_str().to_owned(), Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(item.clone());
    }
    let mut object = Object::new();
    for (key, group) in groups {
        object.set_str(&key, Value::array(group)?)?;
    }
    Ok(Value::Object(object))
}

fn keys(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    match at(arguments, 0) {
        Value::Object(object) => argument::array(object.fields().map(|(key, _)| Value::text(&**key)).collect(), context.limits),
        _ => argument::array(Vec::new(), context.limits),
    }
}

fn values(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    match at(arguments, 0) {
        Value::Object(object) => argument::array(object.fields().map(|(_, value)| value.clone()).collect(), context.limits),
        _ => argument::array(Vec::new(), context.limits),
    }
}

fn has_field(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(match at(arguments, 0) {
        Value::Object(object) => object.get(argument::text(arguments, 1).as_str()).is_some(),
        _ => false,
    }))
}

fn remove_field(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    match at(arguments, 0) {
        Value::Object(object) => {
            let mut rest = object.clone();
            rest.remove(argument::text(arguments, 1).as_str());
            Ok(Value::Object(rest))
        }
        value => Ok(value.clone()),
    }
}
