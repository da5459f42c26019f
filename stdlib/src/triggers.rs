//! WEBHOOK, ON and SET SCHEDULE: what starts a script. They are read while compiling and do nothing at run time.

use gbvm_vm::signature::{Holds, Param, Part, Role, WordForm};

use crate::keyword::{Example, Keyword};

const FAMILY: &str = "Triggers";

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::declare(FAMILY, "WEBHOOK", &[Param::required("name", Role::Word), Param::optional("option", Role::Word)]).variadic().about(
        "Offers the script as an endpoint",
        "The script runs for every request and sees `body`, `headers`, `params`, `method` and `path`. What it leaves in `result` is the answer; an integer `result.status` from 100 to 599 is the HTTP status. The name is one part of a path: letters, digits, `-`, `_`, `.` and `~`. Options follow behind commas: `OPEN` says that callers are not checked; `SCHEME \"github\" KEY \"memory key\"` lets the engine check their signature (github; hubspot, version 3; shopify; standard; stripe; each in its own form only, and where it signs a time, within five minutes of now) with the secret in the memory before the script runs; `ACCEPT`, with a scheme or OPEN, stores the request, answers 202 with `{\"run\": id}` and runs it from the queue, at the next start too; accepted requests run side by side, and are tried again where another system does not answer. A request that comes twice is answered as the first time, with the header `gbvm-replayed: true`, and not run; one whose first run goes on still gets 202. It is looked up once the caller has proved who it is, if the script can change anything: by an id that the signature covers (standard, stripe) or the sender's id of the delivery together with the body, for three days; else, but for GET, by the content, for ten minutes. A run that failed, or answered 408, 425, 429 or 5xx, is repeated. `DEDUPE OFF` takes every request as new, `DEDUPE field` tells them apart by a field of the body (`DEDUPE \"order.id\"`), for three days.",
        &[Example::new("WEBHOOK \"ping\"\nresult = {pong: TRUE}\nPRINT result.pong", "true")],
    ),
    Keyword::declare(FAMILY, "ON", &[Param::required("table", Role::Word), Param::required("operations", Role::Word)]).about(
        "Runs the script after rows of a table changed",
        "Operations are INSERT, UPDATE and DELETE, separated by commas. The script sees `trigger.new_data`, `trigger.old_data`, `trigger.operation`, `trigger.table` and `trigger.id`. It is never started by its own writes.",
        &[Example::new("ON \"contacts\", \"INSERT,UPDATE\"\nPRINT trigger.operation ?? \"by hand\"", "by hand")],
    ),
    change("ON INSERT OF"),
    change("ON UPDATE OF"),
    change("ON DELETE OF"),
    change("ON INSERT OR UPDATE OF"),
    change("ON INSERT OR DELETE OF"),
    change("ON UPDATE OR DELETE OF"),
    change("ON INSERT OR UPDATE OR DELETE OF"),
    Keyword::declare(FAMILY, "TABLE", &[Param::required("name", Role::Word)]).about(
        "Declares a table, its columns in the lines below it, up to END TABLE",
        "A column is `name type`, then `key`, `unique` or `references table` where it is. The types are string, text, integer, number, decimal, boolean, date and json, string(20) with the most characters. A decimal keeps the digits of a text such as \"10.50\", and filters compare it by value: `total=10.5` finds it. The line `EXTRA json` makes the column `extra`, an object that keeps the fields of a record for which the table has no column; without it such a field is the error `E_COLUMN_UNKNOWN`, unless a script spells its name out: then the column is made without a type. One that is nearly a declared column's name is refused as a slip, with `E_COLUMN_UNKNOWN` too. The table is made when the script is loaded; one that is there gets the columns that it lacks. What does not fit its column is the error `E_CONSTRAINT`, which names it; a second row with a unique value `E_UNIQUE`; the id of a row that is not there `E_REFERENCE`. A table has a column `id` in any case; `id integer key` is numbered by the database.",
        &[Example::new("TABLE parts\n  sku string(20) key\n  qty integer\nEND TABLE\nINSERT INTO parts WITH sku = \"X1\", qty = \"3\"\npart = FIND parts WHERE sku = \"X1\"\nPRINT part.qty + 1", "4")],
    ),
    Keyword::declare(FAMILY, "INCLUDE", &[Param::required("file", Role::Word)]).about(
        "Makes the procedures of another file part of the script",
        "The path is taken from the folder of the file that names it. The file holds SUB and FUNCTION, and may include others. A procedure of the script comes before one of an included file, and that before one of `lib/*.bas`, which is included by itself. A file that is not there, that lies outside of the folder of the script, or that includes itself, is an error at this line.",
        &[Example::new("' INCLUDE \"prices.bas\" would bring its procedures\nPRINT \"ok\"", "ok")],
    ),
    Keyword::declare(FAMILY, "DESCRIPTION", &[Param::required("text", Role::Word)]).about(
        "Says what the script does",
        "`gbvm help FILE` and `gbvm check -o json` show it.",
        &[Example::new("DESCRIPTION \"Copies orders to the ERP\"\nPRINT \"done\"", "done")],
    ),
    Keyword::declare(
        FAMILY,
        "PARAM",
        &[Param::required("name", Role::Word), Param::optional("type", Role::Word), Param::optional("example", Role::Word), Param::optional("text", Role::Word)],
    )
    .word_forms(&[WordForm {
        phrase: "PARAM",
        parts: &[Part::new("", Holds::Name, 0), Part::new("AS", Holds::Name, 1), Part::new("LIKE", Holds::Value, 2), Part::new("DESCRIPTION", Holds::Value, 3)],
    }])
    .about(
        "Reads an input of the script into a variable",
        "The input comes from the body's fields, the query or `--param name=value`, as INPUT reads it; what is not given is MISSING. The types are STRING, INTEGER, NUMBER, BOOLEAN, DATE, EMAIL, ARRAY, OBJECT and ANY. LIKE shows an example.",
        &[Example::new("PARAM quantity AS INTEGER LIKE 5 DESCRIPTION \"How many\"\nPRINT quantity ?? \"not given\"", "not given")],
    ),
    Keyword::declare(FAMILY, "SET SCHEDULE", &[Param::required("name or time", Role::Word), Param::optional("time", Role::Word)]).about(
        "Runs the script at certain times",
        "The time is a cron expression of five fields, six with seconds in front, or words such as `every 5 minutes` and `weekdays at 8am`; in UTC unless the project sets a zone. A job never overlaps itself.",
        &[Example::new("SET SCHEDULE \"tidy\", \"*/15 * * * *\"\nPRINT \"tidied\"", "tidied")],
    ),
];

/// `ON INSERT OF "table"` and its kin.
const fn change(phrase: &'static str) -> Keyword {
    const TABLE: &[Param] = &[Param::required("table", Role::Word)];
    const EXAMPLE: &[Example] = &[Example::new("ON INSERT OF \"contacts\"\nPRINT trigger.operation ?? \"by hand\"", "by hand")];
    Keyword::declare(FAMILY, phrase, TABLE).about("Runs the script after such changes of a table", "It is ON with these operations.", EXAMPLE)
}
