//! BEGIN TRANSACTION, COMMIT and ROLLBACK.

use gbvm_vm::fault::Fault;
use gbvm_vm::signature::{Access, Boundary, Form};
use gbvm_vm::value::Value;

use crate::keyword::{Call, Example, HostContext, Keyword};

const FAMILY: &str = "Data";

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::host(FAMILY, Form::Statement, "BEGIN TRANSACTION", &[], begin).access(Access::Write).boundary(Boundary::Begin).about(
        "Marks the point to which ROLLBACK goes back",
        "What follows is undone by ROLLBACK as one: rows, memory entries, queued calls and mail; variables keep their values. Transactions may nest. One that is still open where the run ends well is kept, and an error that nobody catches undoes it. A call whose answer the script waits for cannot stand inside one: that is the error `E_CALL_IN_TRANSACTION`.",
        &[Example::new("INSERT \"t\", {id: \"a\"}\nBEGIN TRANSACTION\nINSERT \"t\", {id: \"b\"}\nROLLBACK\nPRINT AGGREGATE t COUNT", "1")],
    ),
    Keyword::host(FAMILY, Form::Statement, "COMMIT", &[], commit).aliases(&["COMMIT TRANSACTION"]).access(Access::Write).boundary(Boundary::Commit).about(
        "Keeps what was done since the innermost BEGIN TRANSACTION",
        "Inside another transaction the outer one still decides. With none open, everything the run has written so far is committed to disk, and an error that comes later does not undo it any more.",
        &[Example::new("BEGIN TRANSACTION\nINSERT \"t\", {id: \"a\"}\nCOMMIT\nPRINT AGGREGATE t COUNT", "1")],
    ),
    Keyword::host(FAMILY, Form::Statement, "ROLLBACK", &[], rollback).aliases(&["ROLLBACK TRANSACTION"]).access(Access::Write).boundary(Boundary::Rollback).about(
        "Undoes what was done since the innermost BEGIN TRANSACTION",
        "With none open it is the error `E_NO_TRANSACTION`.",
        &[Example::new("BEGIN TRANSACTION\nSET BOT MEMORY \"step\", 2\nROLLBACK\nPRINT GET BOT MEMORY \"step\" ?? \"unset\"", "unset")],
    ),
];

fn begin(context: &mut HostContext<'_>, _: &Call<'_>) -> Result<Value, Fault> {
    context.storage.begin_transaction().map(|()| Value::Null)
}

fn commit(context: &mut HostContext<'_>, _: &Call<'_>) -> Result<Value, Fault> {
    // With none open the runner has ended the segment already.
    context.storage.commit_transaction().map(|_| Value::Null)
}

fn rollback(context: &mut HostContext<'_>, _: &Call<'_>) -> Result<Value, Fault> {
    if context.storage.rollback_transaction()? {
        return Ok(Value::Null);
    }
    Err(Fault::new("E_NO_TRANSACTION", "there is nothing to go back to: no BEGIN TRANSACTION is open here"))
}
