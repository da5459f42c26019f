//! Codes of warnings: the script runs, but probably does not do what was meant.

use super::Code;
use super::Example::{Script, Situation};

pub(super) const CODES: &[Code] = &[
    Code {
        code: "W_UNANSWERED",
        meaning: "A line calls a name that nobody answers; it fails when it runs.",
        example: Script("IF FALSE THEN notify_all(\"stock is low\")\n"),
        cure: "Check the spelling, or write the procedure in the script or in lib/.",
    },
    Code {
        code: "W_UNASSIGNED",
        meaning: "A variable is read that nothing sets, so it is empty; only --param can give it a value.",
        example: Script("total = 3\nPRINT totl\n"),
        cure: "Check the spelling.",
    },
    Code {
        code: "W_OWN_VARIABLE",
        meaning: "A procedure sets a variable of its own that has the name of one of the main part. That of the main part stays as it is.",
        example: Script("order = NEW OBJECT\nCALL fill\nPRINT order.n\nSUB fill\n    order.n = 1\nEND SUB\n"),
        cure: "Return the value from a FUNCTION and assign it.",
    },
    Code {
        code: "W_ASSIGN_CHAIN",
        meaning: "The first = of a line assigns, any other compares: a = b = 0 puts TRUE or FALSE into a and leaves b as it is.",
        example: Script("a = 1\nb = 2\na = b = 0\nPRINT a, b\n"),
        cure: "Write two assignments; or put the comparison in brackets, a = (b = 0), to say that it is meant.",
    },
    Code {
        code: "W_COMPARE_CHAIN",
        meaning: "Two comparisons follow each other: 1 < x < 9 compares the answer of 1 < x, TRUE or FALSE, with 9.",
        example: Script("x = 5\nIF 1 < x < 9 THEN PRINT \"between\"\n"),
        cure: "Write 1 < x AND x < 9, or x BETWEEN 1 AND 9.",
    },
    Code {
        code: "W_OR_VALUE",
        meaning: "A value stands behind OR where a comparison is meant: x = 1 OR 2 is true whatever x is.",
        example: Script("x = 5\nIF x = 1 OR 2 THEN PRINT \"one or two\"\n"),
        cure: "Write x = 1 OR x = 2, or x IN [1, 2].",
    },
    Code {
        code: "W_ERROR_VARIABLE",
        meaning: "A script looks at ERROR after ON ERROR, but has a variable of this name, which the test then means.",
        example: Script("ON ERROR RESUME NEXT\nerror = \"\"\nx = 1 / 0\nIF ERROR THEN PRINT \"failed\"\n"),
        cure: "Give the variable another name.",
    },
    Code {
        code: "W_COLUMN_UNDECLARED",
        meaning: "A script names a column that its TABLE does not declare. It is made all the same, but keeps what it is given: it has neither type nor rule.",
        example: Script("TABLE parts\n  name string\nEND TABLE\nINSERT \"parts\", {name: \"bolt\", weight: 3}\n"),
        cure: "Add the column to the TABLE; or mend its name, if another is meant.",
    },
    Code {
        code: "W_LABEL",
        meaning: "Nothing jumps to a label. A name with a colon behind it calls nothing.",
        example: Script("again:\nPRINT 1\n"),
        cure: "Delete the label; to call a procedure, leave the colon out.",
    },
    Code {
        code: "W_NOT_HERE",
        meaning: "The line needs a service that this machine does not have; it fails when it runs.",
        example: Script("IF FALSE THEN REMEMBER \"a\", 1\n"),
        cure: "The message says what to use in its place.",
    },
    Code {
        code: "W_UNUSED",
        meaning: "A function is called behind a dot and its value is dropped; only ADD and PUSH change what they are called on.",
        example: Script("a = [3, 1]\na.SORT()\n"),
        cure: "Keep the value: a = a.SORT().",
    },
    Code {
        code: "W_UNREACHABLE",
        meaning: "A line never runs: something before it always leaves, or it stands behind the first SUB or FUNCTION.",
        example: Script("EXIT\nPRINT 1\n"),
        cure: "Delete the line, or move it up.",
    },
    Code {
        code: "W_STALE_READ",
        meaning: "A variable that is meant for the old state of rows reads them after they were changed, and gets the new state.",
        example: Script("id = 1\nUPDATE \"orders\", \"n=\" + id, {status: \"open\"}\nold_order = FIND \"orders\", \"n=\" + id\nPRINT old_order.status\n"),
        cure: "Move the FIND above the UPDATE.",
    },
    Code {
        code: "W_SECRET_COMPARED",
        meaning: "A header is compared with a secret by = or <>. How long that takes tells a caller how much of the secret was right, and an unset secret equals an absent header.",
        example: Script("WEBHOOK \"test\"\nIF headers.x_key <> GET BOT MEMORY \"shop_api_key\" THEN EXIT\n"),
        cure: "IF NOT VERIFY_KEY(headers.x_key, GET BOT MEMORY \"shop_api_key\") THEN … END IF.",
    },
    Code {
        code: "W_UNAUTHENTICATED",
        meaning: "Anybody may call the webhook: nothing checks a signature or a key.",
        example: Script("WEBHOOK \"test\"\nINSERT \"parts\", {name: body.name}\n"),
        cure: "Check the caller with VERIFY_SIGNATURE or VERIFY_KEY, or write OPEN behind the name if everybody is meant.",
    },
    Code {
        code: "W_FILTER_AT_RUN",
        meaning: "A filter depends on data in a place where only the script's own text can stand; it fails when it runs, or finds something else than was meant.",
        example: Script("WEBHOOK \"test\", OPEN\nx = FIND \"parts\", body.word + \"=1\"\n"),
        cure: "Write columns, operators and orders in the script and join only values.",
    },
    Code {
        code: "W_ADDRESS_AT_RUN",
        meaning: "The host of an address is not written in the script; it is called only if the project allows its origin.",
        example: Script("WEBHOOK \"test\", OPEN\nx = GET body.url\n"),
        cure: "Write scheme and host in the script, or allow the origin with allow_net.",
    },
    Code {
        code: "W_TABLE_UNWRITTEN",
        meaning: "A table is read that no script of the folder writes and that the database does not have, so nothing is ever found in it.",
        example: Situation("FIND \"contcts\" in a folder whose scripts write \"contacts\"."),
        cure: "Check the name. If another program fills the table, its database is looked at where gbvm.toml or --db names it.",
    },
    Code {
        code: "W_FIELD_UNKNOWN",
        meaning: "A field of a found row is read that the table does not have, while it has one whose name is near.",
        example: Situation("PRINT row.frist_name, where the table has first_name."),
        cure: "Check the spelling.",
    },
];
