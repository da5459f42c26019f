//! WEBHOOK, ON and SET SCHEDULE: what starts a script. They are read while compiling and do nothing at run time.

use gbvm_vm::signature::{Param, Role};

use crate::keyword::{Example, Keyword};

const FAMILY: &str = "Triggers";

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::declare(FAMILY, "WEBHOOK", &[Param::required("name", Role::Word), Param::optional("option", Role::Word)]).variadic().about(
        "Offers the script as an endpoint",
        "The script runs for every request and sees `body`, `headers`, `params`, `method` and `path`. What it leaves in `result` is the answer; an integer `result.status` from 100 to 599 is the HTTP status. The name is one part of a path: letters, digits, `-`, `_`, `.` and `~`.",
        &[Example::new("WEBHOOK \"ping\"\nresult = {pong: TRUE}\nPRINT result.pong", "true")],
    ),
    Keyword::declare(FAMILY, "ON", &[Param::required("table", Role::Word), Param::required("operations", Role::Word)]).about(
        "Runs the script after rows of a table changed",
        "Operations are INSERT, UPDATE and DELETE, separated by commas. The script sees `trigger.new_data`, `trigger.old_data`, `trigger.operation`, `trigger.table` and `trigger.id`. It is never started by its own writes.",
        &[Example::new("ON \"contacts\", \"INSERT,UPDATE\"\nPRINT trigger.operation ?? \"by hand\"", "by hand")],
    ),
    Keyword::declare(FAMILY, "SET SCHEDULE", &[Param::required("name or time", Role::Word), Param::optional("time", Role::Word)]).about(
        "Runs the script at certain times",
        "The time is a cron expression of five fields, six with seconds in front, or words such as `every 5 minutes` and `weekdays at 8am`; in UTC unless the project sets a zone. A job never overlaps itself.",
        &[Example::new("SET SCHEDULE \"tidy\", \"*/15 * * * *\"\nPRINT \"tidied\"", "tidied")],
    ),
];
