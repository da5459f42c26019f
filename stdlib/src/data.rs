//! FIND, INSERT, UPDATE, SAVE, DELETE, AGGREGATE.

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::object::Object;
use gbvm_vm::operators;
use gbvm_vm::program::Wanted;
use gbvm_vm::signature::{Access, Form, Holds, Param, Part, Role, WordForm};
use gbvm_vm::value::Value;

use crate::aggregate;
use crate::argument as arguments;
use crate::http;
use crate::keyword::{Call, Example, HostContext, Keyword};
use crate::query::{self, Query};
use crate::services::Aggregate;

const TABLE: Param = Param::required("table", Role::Table);
const FILTER: Param = Param::optional("filter", Role::Filter);
const FAMILY: &str = "Data";
/// What AGGREGATE computes.
const FUNCTIONS: &[&str] = &["COUNT", "SUM", "AVG", "AVERAGE", "MIN", "MAX"];
const WHERE: Part = Part::new("WHERE", Holds::Condition, 1);

const FIND_FORMS: &[WordForm] = &[WordForm {
    phrase: "FIND",
    parts: &[Part::new("", Holds::Name, 0), WHERE, Part::new("ORDER BY", Holds::Order, 1), Part::new("LIMIT", Holds::Limit, 1), Part::new("OFFSET", Holds::Offset, 1)],
}];
const INSERT_FORMS: &[WordForm] = &[WordForm {
    phrase: "INSERT INTO",
    parts: &[Part::new("", Holds::Name, 0), Part::new("WITH", Holds::Fields, 1), Part::new("VALUES", Holds::Value, 1)],
}];
const UPDATE_FORMS: &[WordForm] = &[WordForm { phrase: "UPDATE", parts: &[Part::new("", Holds::Name, 0), Part::new("SET", Holds::Fields, 2), WHERE] }];
const SAVE_FORMS: &[WordForm] = &[WordForm { phrase: "SAVE", parts: &[Part::new("", Holds::Values, 0), Part::new("WITH", Holds::Fields, Part::NEXT)] }];
const DELETE_FORMS: &[WordForm] = &[WordForm { phrase: "DELETE FROM", parts: &[Part::new("", Holds::Name, 0), WHERE] }];
const AGGREGATE_FORMS: &[WordForm] = &[WordForm {
    phrase: "AGGREGATE",
    parts: &[Part::new("", Holds::Name, 1), Part::new("", Holds::Choice(FUNCTIONS), 0), Part::new("", Holds::Name, 2), Part::new("WHERE", Holds::Condition, 3)],
}];

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::host(FAMILY, Form::Keyword, "FIND", &[TABLE, FILTER], find).row_or_list().word_forms(FIND_FORMS).access(Access::Read).about(
        "The rows of a table that pass a filter",
        "Used as a list it gives an array of all rows; used as a row it gives the first one, in the asked order or else by id, or MISSING. More rows than the limit allows are the error `E_FIND_TOO_MANY`. FOR EACH directly over it goes through any number of rows: which they are is settled when the loop begins, they are read 500 at a time, and one that is deleted before that is skipped. A table or column that does not exist has no rows. A filter has at most 500 comparisons and nests at most 32 deep.",
        &[
            Example::new("INSERT \"parts\", {id: \"a\", sku: \"X1\", qty: 3}\nINSERT \"parts\", {id: \"b\", sku: \"X2\", qty: 9}\npart = FIND \"parts\", \"sku=\" + \"X2\"\nPRINT part.qty", "9"),
            Example::new("INSERT \"parts\", {id: \"a\", qty: 3}\nINSERT \"parts\", {id: \"b\", qty: 9}\nFOR EACH part IN FIND \"parts\", \"qty > 1 ORDER BY qty DESC\"\n  PRINT part.id\nNEXT part", "b\na"),
        ],
    ),
    Keyword::host(FAMILY, Form::Keyword, "INSERT", &[TABLE, Param::required("record", Role::Record)], insert).word_forms(INSERT_FORMS).access(Access::Write).sets_id().about(
        "Stores a new row, or an array of new rows",
        "Gives the row as stored. Without an id the row gets one, which is also set in the object. Fields that are MISSING are left out, NULL is stored. An id that exists already is the error `E_UNIQUE`.",
        &[Example::new("order = {id: \"o-1\", total: 12.5}\nINSERT \"orders\", order\nrow = FIND \"orders\", \"id=o-1\"\nPRINT row.total", "12.5")],
    ),
    Keyword::host(FAMILY, Form::Keyword, "UPDATE", &[TABLE, Param::required("filter", Role::Filter), Param::required("record", Role::Record)], update).word_forms(UPDATE_FORMS).access(Access::Write).about(
        "Changes the rows that pass a filter",
        "Gives the number of rows. Columns that the object lacks keep their value; the id never changes. An empty filter is refused (`\"*\"` means every row), and so is one with an empty value in it, so that a message without an id changes nothing.",
        &[Example::new("INSERT \"jobs\", {id: \"1\", status: \"running\"}\nn = UPDATE \"jobs\", \"id=1\", {status: \"done\"}\njob = FIND \"jobs\", \"id=1\"\nPRINT n + \" \" + job.status", "1 done")],
    ),
    Keyword::host(FAMILY, Form::Keyword, "SAVE", &[TABLE, Param::required("id", Role::Record), Param::optional("record", Role::Record)], save).variadic().word_forms(SAVE_FORMS).access(Access::Write).about(
        "Inserts the row with an id, or updates it",
        "Gives the row as stored. Columns that are not given keep their value. `SAVE t, obj` takes the id from the object, `SAVE t, [objs]` saves each; of `SAVE t, id, a, b` the names become columns. An empty id is the error `E_ID_EMPTY`.",
        &[Example::new("SAVE \"stock\", \"X1\", {qty: 3, bin: \"A\"}\nSAVE \"stock\", \"X1\", {qty: 4}\nrow = FIND \"stock\", \"id=X1\"\nPRINT row.qty + row.bin", "4A")],
    ),
    Keyword::host(FAMILY, Form::Keyword, "DELETE", &[TABLE, FILTER], delete).word_forms(DELETE_FORMS).address_form("DELETE HTTP").access(Access::Write).about(
        "Deletes the rows that pass a filter",
        "Gives the number of rows. It refuses the filters that UPDATE refuses. With a text that begins with http:// or https:// it is DELETE HTTP.",
        &[Example::new("INSERT \"jobs\", {id: \"1\", status: \"done\"}\nremoved = DELETE \"jobs\", \"status=done\"\nPRINT removed", "1")],
    ),
    Keyword::host(
        FAMILY,
        Form::Keyword,
        "AGGREGATE",
        &[Param::required("function", Role::Word), TABLE, Param::optional("field or filter", Role::Filter), FILTER],
        aggregate,
    )
    .word_forms(AGGREGATE_FORMS)
    .access(Access::Read)
    .about(
        "COUNT, SUM, AVG, MIN or MAX over rows",
        "`AGGREGATE \"COUNT\", table, filter` counts rows; the others name a field before the filter. An array of rows may stand in place of the table. Of nothing, COUNT and SUM are 0 and the others NULL.",
        &[Example::new("INSERT \"sales\", {id: \"1\", amount: 10}\nINSERT \"sales\", {id: \"2\", amount: 5}\ntotal = AGGREGATE \"SUM\", \"sales\", \"amount\"\nlarge = AGGREGATE \"COUNT\", \"sales\", \"amount > 5\"\nPRINT total\nPRINT large", "15\n1")],
    ),
];

/// The longest name of a table.
const NAME_MAX: usize = 63;

/// The table that an argument names. Text of the script names any; data must name one that exists.
///
/// # Errors
/// `E_TABLE_NAME`, `E_TABLE_UNKNOWN`.
pub fn table(context: &mut HostContext<'_>, call: &Call<'_>, argument: usize, keyword: &str) -> Result<String, Fault> {
    let value = call.argument(argument);
    let Value::Text(text) = value else {
        // A variable that nothing has set was most likely meant as the name itself.
        let bare = call.bare_name(argument).filter(|name| value.is_nothing() && is_name(name));
        let hint = bare.map_or_else(String::new, |name| format!(" (\"{name}\" in quotes, if it is called so)"));
        return Err(Fault::of_value("E_TABLE_NAME", &format!("{keyword} needs the name of a table{hint}"), value, arguments::kind_of(value)).at_argument(argument as u8));
    };
    let name = text.as_str();
    let shown = if text.is_literal() { format!("\"{name}\"") } else { "this text, which is data,".to_owned() };
    if !is_name(name) {
        let message = format!("{shown} cannot be the name of a table: letters, digits, _ and . are allowed, a letter or _ first, {NAME_MAX} at most, and not sqlite_, pg_ or gbvm_ in front");
        return Err(Fault::new("E_TABLE_NAME", message).at_argument(argument as u8));
    }
    if !text.is_literal() && !context.storage.has_table(name)? {
        let message = "the name of this table is data, and there is no such table; only a name that is written in a script makes one";
        return Err(Fault::new("E_TABLE_UNKNOWN", message).at_argument(argument as u8));
    }
    Ok(name.to_owned())
}

/// Whether a table or column may be called so.
pub fn is_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.len() <= NAME_MAX
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
        && !["sqlite_", "pg_", "gbvm_"].iter().any(|prefix| lower.starts_with(prefix))
}

/// A record to write: an object in which no secret would come to rest.
///
/// # Errors
/// `E_TYPE`, `E_SECRET_LEAK`.
pub fn record(value: &Value, argument: usize, keyword: &str) -> Result<Object, Fault> {
    let Value::Object(object) = value else {
        return Err(Fault::of_value("E_TYPE", &format!("{keyword} stores an object"), value, arguments::kind_of(value)).at_argument(argument as u8));
    };
    refuse_secret(value).map_err(|fault| fault.at_argument(argument as u8))?;
    Ok(object.clone())
}

/// Refuses a value with a secret in it.
///
/// # Errors
/// `E_SECRET_LEAK`.
pub fn refuse_secret(value: &Value) -> Result<(), Fault> {
    let Some(secret) = coerce::secret_in(value) else { return Ok(()) };
    let key = secret.secret_key().map_or("", |key| &**key);
    Err(Fault::new("E_SECRET_LEAK", format!("the secret \"{key}\" would be stored in a table, where anyone who reads the table finds it")))
}

fn find(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    if call.wanted() == Wanted::Page {
        let rows = context.storage.find_page(coerce::text(call.argument(0)).as_str())?;
        return Value::array(rows.into_iter().map(Value::Object).collect());
    }
    let table = table(context, call, 0, "FIND")?;
    let query = Query::of_argument(context.parse_filter, call, 1)?;
    let filter = query.filter(context.clock.now());
    query::check_read(&filter, context.limits)?;
    if call.wanted() == Wanted::Pages {
        let pages = context.storage.find_pages(&table, filter)?;
        if pages.is_empty() {
            query::check_unmatched(&filter)?;
        }
        return arguments::array(pages.into_iter().map(Value::text).collect(), context.limits);
    }
    let most = if call.wanted() == Wanted::List { None } else { Some(1) };
    let rows = context.storage.find(&table, filter, most)?;
    if rows.is_empty() {
        query::check_unmatched(&filter)?;
    }
    if call.wanted() == Wanted::List {
        return Value::array(rows.into_iter().map(Value::Object).collect());
    }
    Ok(rows.into_iter().next().map_or(Value::Missing, Value::Object))
}

fn insert(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let table = table(context, call, 0, "INSERT")?;
    if let Value::Array(rows) = call.argument(1) {
        let records = rows.items().iter().map(|row| record(row, 1, "INSERT")).collect::<Result<Vec<_>, _>>()?;
        let stored = records.iter().map(|row| context.storage.insert(&table, row).map(Value::Object)).collect::<Result<Vec<_>, _>>()?;
        return Value::array(stored);
    }
    let row = record(call.argument(1), 1, "INSERT")?;
    context.storage.insert(&table, &row).map(Value::Object)
}

fn update(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let table = table(context, call, 0, "UPDATE")?;
    let query = Query::of_argument(context.parse_filter, call, 1)?;
    let filter = query.filter(context.clock.now());
    query::check_write(&filter, context.limits)?;
    let changes = record(call.argument(2), 2, "UPDATE")?;
    let count = context.storage.update(&table, filter, &changes)?;
    if count == 0 {
        query::check_unmatched(&filter)?;
    }
    Ok(Value::Int(count as i64))
}

fn delete(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    if let Value::Text(text) = call.argument(0)
        && http::is_url(text.as_str())
    {
        return http::delete_from_data_form(context, call);
    }
    let table = table(context, call, 0, "DELETE")?;
    let query = Query::of_argument(context.parse_filter, call, 1)?;
    let filter = query.filter(context.clock.now());
    query::check_write(&filter, context.limits)?;
    let count = context.storage.delete(&table, filter)?;
    if count == 0 {
        query::check_unmatched(&filter)?;
    }
    Ok(Value::Int(count as i64))
}

fn save(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let table = table(context, call, 0, "SAVE")?;
    let id = call.argument(1);
    if !call.is_given(2) {
        if let Value::Array(rows) = id {
            let records = rows.items().iter().map(|row| record(row, 1, "SAVE")).collect::<Result<Vec<_>, _>>()?;
            let stored = records.iter().map(|row| save_row(context, &table, row.read("id"), row)).collect::<Result<Vec<_>, _>>()?;
            return Value::array(stored);
        }
        let row = record(id, 1, "SAVE")?;
        return save_row(context, &table, row.read("id"), &row);
    }
    if let (Value::Object(_), false) = (call.argument(2), call.is_given(3)) {
        let row = record(call.argument(2), 2, "SAVE")?;
        return save_row(context, &table, id, &row);
    }
    let mut row = Object::new();
    for argument in 2..call.site.arguments.len() {
        let name = call.argument_name(argument).rsplit('.').next().unwrap_or("");
        if name.is_empty() {
            return Err(Fault::new("E_ARGUMENT", "SAVE names the columns after the variables it is given, and this is no variable; give it an object").at_argument(argument as u8));
        }
        refuse_secret(call.argument(argument)).map_err(|fault| fault.at_argument(argument as u8))?;
        row.set_str(name, call.argument(argument).clone())?;
    }
    save_row(context, &table, id, &row)
}

fn save_row(context: &mut HostContext<'_>, table: &str, id: &Value, row: &Object) -> Result<Value, Fault> {
    if operators::is_empty(id) {
        return Err(Fault::of_empty("E_ID_EMPTY", "SAVE needs the id of the row, and it is NULL or empty").at_argument(1));
    }
    if matches!(id, Value::Array(_) | Value::Object(_)) {
        return Err(Fault::of_value("E_TYPE", "the id of a row is one value", id, format!("an {}", id.kind())).at_argument(1));
    }
    refuse_secret(id).map_err(|fault| fault.at_argument(1))?;
    context.storage.save(table, id, row).map(Value::Object)
}

fn aggregate(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let word = coerce::text(call.argument(0));
    let Some(function) = aggregate::named(word.as_str()) else {
        return Err(Fault::new("E_ARGUMENT", "AGGREGATE computes COUNT, SUM, AVG, MIN or MAX, and its first argument is none of them").at_argument(0));
    };
    let (field, filter_at) = match (function, is_word_form(call)) {
        // COUNT takes its filter where the others take the field.
        (Aggregate::Count, false) if !call.is_given(3) => (String::new(), 2),
        (Aggregate::Count, true) if call.template(2).is_none() && call.argument(2).is_nothing() => (String::new(), 3),
        _ => (field(context, call)?, 3),
    };
    if let Value::Array(rows) = call.argument(1) {
        if function == Aggregate::Count && field.is_empty() {
            return Ok(Value::Int(rows.len() as i64));
        }
        let values = rows.items().iter().map(|row| match row {
            Value::Object(row) => row.read(&field),
            value => value,
        });
        return aggregate::fold(function, values);
    }
    let table = table(context, call, 1, "AGGREGATE")?;
    let query = Query::of_argument(context.parse_filter, call, filter_at)?;
    let filter = query.filter(context.clock.now());
    query::check_read(&filter, context.limits)?;
    let result = context.storage.aggregate(function, &table, &field, filter)?;
    if matches!(result, Value::Int(0) | Value::Null) && context.storage.find(&table, filter, Some(1))?.is_empty() {
        query::check_unmatched(&filter)?;
    }
    Ok(result)
}

/// Whether AGGREGATE is written in words: the function then stands behind the table.
fn is_word_form(call: &Call<'_>) -> bool {
    matches!(&call.site.arguments[..], [function, table, ..] if function.span.start > table.span.start)
}

/// The field of AGGREGATE. It stands where COUNT has a filter, so the compiler may have read it as one.
fn field(context: &HostContext<'_>, call: &Call<'_>) -> Result<String, Fault> {
    let value = match call.template(2) {
        Some(_) => Query::of_argument(context.parse_filter, call, 2)?.lone_value(),
        None => Some(call.argument(2).clone()),
    };
    match value {
        Some(Value::Text(text)) if !text.as_str().is_empty() => Ok(text.as_str().to_owned()),
        _ => Err(Fault::new("E_ARGUMENT", "AGGREGATE needs the name of a field as its third argument").at_argument(2)),
    }
}
