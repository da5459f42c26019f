//! SET with a table, a filter and `field=value`.

use gbvm_vm::fault::Fault;
use gbvm_vm::object::Object;
use gbvm_vm::signature::{Access, Form, Param, Role};
use gbvm_vm::template::{Comparison, Condition};
use gbvm_vm::value::Value;

use crate::data;
use crate::keyword::{Call, Example, HostContext, Keyword};
use crate::query::{self, Operand, Query};

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[Keyword::host(
    "Data",
    Form::Statement,
    "SET",
    &[Param::required("table", Role::Table), Param::required("filter", Role::Filter), Param::required("field=value", Role::Filter)],
    set,
)
.access(Access::Write)
.about(
    "Sets fields of the rows that pass a filter, written as text",
    "It is UPDATE with `\"field=value\"` in the place of the object; several are joined by AND. The field's name is written in the script, a value that is joined to it stays a value, whatever it holds. An empty value clears the field. The filter follows the rules of UPDATE. `SET x = e` assigns to a variable.",
    &[Example::new("INSERT \"jobs\", {id: \"1\", status: \"open\"}\nstatus = \"on hold\"\nSET \"jobs\", \"id=1\", \"status=\" + status + \" AND tries=2\"\njob = FIND \"jobs\", \"id=1\"\nPRINT job.status, job.tries", "on hold 2")],
)];

fn set(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let table = data::table(context, call, 0, "SET")?;
    let query = Query::of_argument(context.parse_filter, call, 1)?;
    let filter = query.filter(context.clock.now());
    query::check_write(&filter, context.limits)?;
    let changes = match call.argument(2) {
        Value::Object(_) => data::record(call.argument(2), 2, "SET")?,
        _ => assignments(context, call)?,
    };
    let count = context.storage.update(&table, filter, &changes)?;
    if count == 0 {
        query::check_unmatched(&filter)?;
    }
    Ok(Value::Int(count as i64))
}

/// The fields and values of `a=1 AND b=2`.
fn assignments(context: &HostContext<'_>, call: &Call<'_>) -> Result<Object, Fault> {
    let refuse = || Fault::new("E_ARGUMENT", "SET wants what it sets as \"field=value\", several joined by AND").at_argument(2);
    let query = Query::of_argument(context.parse_filter, call, 2)?;
    let filter = query.filter(context.clock.now());
    let mut changes = Object::new();
    let mut waiting: Vec<&Condition> = filter.template.condition.iter().collect();
    while let Some(condition) = waiting.pop() {
        match condition {
            Condition::And(parts) => waiting.extend(parts.iter().rev()),
            Condition::Compare(column, Comparison::Equal, term) => {
                let value = match query::operand(term, &filter)? {
                    Operand::Known(value) => value,
                    Operand::WrittenEmpty | Operand::EmptyHole | Operand::Column(_) => Value::Null,
                };
                data::refuse_secret(&value).map_err(|fault| fault.at_argument(2))?;
                changes.set_str(column, value)?;
            }
            _ => return Err(refuse()),
        }
    }
    if changes.fields().next().is_none() { Err(refuse()) } else { Ok(changes) }
}
