//! MERGE: inserts or updates many rows at once, found by columns that identify them.

use gbvm_vm::fault::Fault;
use gbvm_vm::object::Object;
use gbvm_vm::operators;
use gbvm_vm::signature::{Access, Form, Holds, Param, Part, Role, WordForm};
use gbvm_vm::value::Value;

use crate::argument as arguments;
use crate::canonical::canonical;
use crate::data;
use crate::keyword::{Call, Example, HostContext, Keyword};
use crate::merge::{is_bookkeeping, is_same};

const PARTS: &[Part] = &[Part::new("", Holds::Name, 0), Part::new("WITH", Holds::Value, 1), Part::new("BY", Holds::Value, 2)];
const FORMS: &[WordForm] = &[WordForm { phrase: "MERGE", parts: PARTS }, WordForm { phrase: "MERGE INTO", parts: PARTS }];

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[Keyword::host(
    "Data",
    Form::Keyword,
    "MERGE",
    &[Param::required("table", Role::Table), Param::required("rows", Role::Record), Param::required("key", Role::Field)],
    merge,
)
.aliases(&["MERGE INTO"])
.word_forms(FORMS)
.access(Access::Write)
.about(
    "Inserts or updates many rows at once, found by a key of one column or several",
    "The key is text such as `\"sku\"` or `\"sku,warehouse\"`. A row of the table belongs to a given one where all its key columns agree: 10 and `\"10\"`, TRUE and 1, and two spellings of an instant do. Fields that are not given keep their value. A row that would change nothing but `id`, times of synchronization and the like is not written. A given row without a value for its key is the error `E_KEY_EMPTY`; then nothing is written. Gives `{inserted, updated, unchanged, total}`, each given row counted once.",
    &[
        Example::new("SAVE \"stock\", \"1\", {sku: \"X1\", qty: 3}\nr = MERGE \"stock\", [{sku: \"X1\", qty: 4}, {sku: \"X2\", qty: 9}], \"sku\"\nPRINT r.inserted, r.updated, r.unchanged, r.total", "1 1 0 2"),
        Example::new("rows = [{sku: \"X1\", qty: 4}]\nMERGE stock WITH rows BY \"sku\"\nr = MERGE stock WITH rows BY \"sku\"\nPRINT r.unchanged", "1"),
    ],
)];

/// What MERGE did with the rows it was given; each counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Those that were new.
    pub inserted: u64,
    /// Those that changed a row.
    pub updated: u64,
    /// Those that changed nothing.
    pub unchanged: u64,
}

fn merge(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let table = data::table(context, call, 0, "MERGE")?;
    let keys = keys(call.argument(2))?;
    let mut rows = Vec::new();
    for (number, row) in arguments::items(call.argument(1)).iter().enumerate() {
        let row = data::record(row, 1, "MERGE")?;
        if let Some(key) = keys.iter().find(|key| operators::is_empty(row.read(key))) {
            let message = format!("row {} has no value for {key}, which is a part of the key; leave such rows out", number + 1);
            return Err(Fault::new("E_KEY_EMPTY", message).at_argument(1));
        }
        rows.push(row);
    }
    let merged = context.storage.merge(&table, &rows, &keys)?;
    let count = |count: u64| Value::Int(count as i64);
    Ok(Value::Object(Object::of_fields([
        ("inserted", count(merged.inserted)),
        ("updated", count(merged.updated)),
        ("unchanged", count(merged.unchanged)),
        ("total", count(rows.len() as u64)),
    ])?))
}

/// The columns of a key: text with commas, or an array.
fn keys(value: &Value) -> Result<Vec<String>, Fault> {
    let refuse = || Fault::new("E_ARGUMENT", "MERGE needs the name of the column that identifies a row, or several with commas: \"sku,warehouse\"").at_argument(2);
    let mut keys = Vec::new();
    for part in arguments::items(value) {
        let Value::Text(text) = part else { return Err(refuse()) };
        keys.extend(text.as_str().split(',').map(|key| key.trim().to_owned()));
    }
    if keys.is_empty() || keys.iter().any(|key| !data::is_name(key)) {
        return Err(refuse());
    }
    Ok(keys)
}

/// What identifies a row: one text for all spellings of its key's values.
pub fn key_of(row: &Object, keys: &[String]) -> String {
    keys.iter().fold(String::new(), |text, key| text + &canonical(row.read(key)) + "\u{1f}")
}

/// Whether the fields of a record say anything new of a row.
pub fn says_anything_new(row: &Object, stored: &Object) -> bool {
    row.fields().any(|(key, value)| !is_bookkeeping(key) && !matches!(value, Value::Missing) && !is_same(value, stored.read(key)))
}
