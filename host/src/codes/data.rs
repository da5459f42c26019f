//! Codes of stored data and of secrets.

use super::Code;
use super::Example::{Script, Situation};

pub(super) const CODES: &[Code] = &[
    Code {
        code: "E_TABLE_NAME",
        meaning: "What stands in the place of a table's name is no name that a table can have, or comes from outside: letters, digits, _ and . are allowed, and names of the engine and the database are refused.",
        example: Script("x = FIND \"gbvm_jobs\"\n"),
        cure: "Write the table's name in the script. Where it depends on data, choose it with SELECT CASE among names that are written.",
    },
    Code {
        code: "E_TABLE_UNKNOWN",
        meaning: "A table's name is data, and no loaded script names such a table.",
        example: Script("WEBHOOK \"test\", OPEN\nx = FIND body.word\n"),
        cure: "Choose the table with SELECT CASE among names that are written in the script.",
    },
    Code {
        code: "E_COLUMN_TWICE",
        meaning: "Two fields of a record name one column in different cases, and neither is written exactly like it.",
        example: Script("INSERT \"parts\", {Name: \"bolt\"}\nINSERT \"parts\", JSON_PARSE(\"{\\\"NAME\\\": 1, \\\"name\\\": 2}\")\n"),
        cure: "Copy the fields that are wanted into a new object, or set the one that counts under the column's own name.",
    },
    Code {
        code: "E_COLUMN_UNKNOWN",
        meaning: "A column would be made from a key that no script spells out: a caller cannot add columns. Or a TABLE is declared without the column, and one of nearly the same name is there.",
        example: Script("WEBHOOK \"test\", OPEN\nINSERT \"parts\", body\n"),
        cure: "Copy the fields that are wanted into a new object: WITH row = NEW OBJECT … .name = body.name … END WITH. To keep all of them, declare the table with TABLE … END TABLE and the line EXTRA json.",
    },
    Code {
        code: "E_COLUMNS",
        meaning: "A table has as many columns as it may have: 500.",
        example: Situation("A script that makes a column for each day."),
        cure: "Make rows of what are columns now.",
    },
    Code {
        code: "E_UNIQUE",
        meaning: "A row with this id, or with the same value in a column that must be unique, is there already.",
        example: Script("INSERT \"parts\", {id: \"1\"}\nINSERT \"parts\", {id: \"1\"}\n"),
        cure: "SAVE inserts or changes by the id. To know beforehand, FIND the row.",
    },
    Code {
        code: "E_CONSTRAINT",
        meaning: "The database's own rules for the table refuse the row: a column that may not be empty, a check, a reference.",
        example: Situation("INSERT \"orders\" without customer_id into a table that declares it NOT NULL."),
        cure: "Give the columns what the table asks for; the message names the rule.",
    },
    Code {
        code: "E_REFERENCE",
        meaning: "A column that refers to another table holds no id of a row there, or a row is deleted that others refer to.",
        example: Script("TABLE orders\n    customer string references customers\nEND TABLE\nTABLE customers\n    name string\nEND TABLE\nINSERT \"orders\", {customer: \"nobody\"}\n"),
        cure: "Store the row that is referred to first, and delete it last.",
    },
    Code {
        code: "E_KEY_EMPTY",
        meaning: "A row given to MERGE has no value in a column of the key.",
        example: Script("x = MERGE \"parts\", [{name: \"bolt\"}], \"sku\"\n"),
        cure: "Leave such rows out: FILTER, or IF row.sku <> \"\".",
    },
    Code {
        code: "E_NO_TRANSACTION",
        meaning: "ROLLBACK stands where no transaction is open.",
        example: Script("ROLLBACK\n"),
        cure: "Write BEGIN TRANSACTION before what may have to be undone.",
    },
    Code {
        code: "E_TRANSACTION_DEPTH",
        meaning: "Too many transactions are open, one inside the other.",
        example: Script("WHILE TRUE\n    BEGIN TRANSACTION\nWEND\n"),
        cure: "End each with COMMIT or ROLLBACK; a loop that begins one each time must end it too.",
    },
    Code {
        code: "E_ID_EMPTY",
        meaning: "SAVE got an empty id, so it is not known which row is meant.",
        example: Script("SAVE \"parts\", NULL, {name: \"bolt\"}\n"),
        cure: "Check the id first; INSERT makes one by itself.",
    },
    Code {
        code: "E_FIND_TOO_MANY",
        meaning: "More rows match than one FIND may give: 10,000.",
        example: Situation("FIND \"events\" on a table with a million rows."),
        cure: "Narrow the filter, or read in parts: \"… ORDER BY id LIMIT 1000 OFFSET \" + n. To count or add up, use AGGREGATE.",
    },
    Code {
        code: "E_QUERY_TIME",
        meaning: "The database took longer for one query than a run that an event started may make it: 10 seconds.",
        example: Situation("FIND \"events\", \"note LIKE '%x%'\" on a table with a hundred million rows."),
        cure: "Compare a column with =, so that an index serves it, or narrow the filter. A run that is started by hand has no such bound.",
    },
    Code {
        code: "E_TRIGGER_DEPTH",
        meaning: "Triggers started one another in a chain of 8.",
        example: Situation("Two scripts, each with ON the table that the other writes."),
        cure: "Let one of them look whether anything is left to change, and write only then.",
    },
    Code {
        code: "E_DATABASE",
        meaning: "The database cannot be opened, read or written. The message has the reason.",
        example: Situation("gbvm run a.bas --db /nowhere/data.db"),
        cure: "Check the path, its permissions, and that the file is an SQLite database.",
    },
    Code {
        code: "E_DATABASE_BUSY",
        meaning: "Another process wrote to the database for too long.",
        example: Situation("A backup tool that holds the file while a webhook writes."),
        cure: "Let other programs keep their transactions short. Queued work is tried again by itself.",
    },
    Code {
        code: "E_DATABASE_FULL",
        meaning: "The disk is full.",
        example: Situation("No room is left where the database lies."),
        cure: "Make room. Queued work is tried again by itself.",
    },
    Code {
        code: "E_DATABASE_LOCKED",
        meaning: "Another gbvm serves this database; two would deliver everything twice.",
        example: Situation("gbvm serve started a second time in the same folder."),
        cure: "Stop the other one, or use another file with --db.",
    },
    Code {
        code: "E_SECRET_LEAK",
        meaning: "A secret would get to where others can read it: a table, an answer, a key, the name of a field.",
        example: Script("SET BOT MEMORY \"crm_api_key\", \"k\"\nINSERT \"parts\", {note: GET BOT MEMORY \"crm_api_key\"}\n"),
        cure: "Secrets belong into headers, signatures and comparisons only. What is no secret should have a key that does not end in _key, _secret, _token or _password.",
    },
    Code {
        code: "E_SECRET_KEY",
        meaning: "The key of a memory entry is data and ends like that of a secret, so a caller could choose which secret is read.",
        example: Script("WEBHOOK \"test\", OPEN\nx = GET BOT MEMORY body.key\n"),
        cure: "Write the key in the script, at least its end: GET BOT MEMORY source + \"_api_key\".",
    },
    Code {
        code: "E_SECRET_UNSET",
        meaning: "A secret is used that has no value.",
        example: Script("SET HEADER \"Authorization\", \"Bearer \" + GET BOT MEMORY \"crm_api_key\"\nx = GET \"http://127.0.0.1:9/\"\n"),
        cure: "Set it: gbvm memory set crm_api_key …, or in [secrets] of gbvm.toml.",
    },
    Code {
        code: "E_SECRET_SEAL",
        meaning: "What was computed from a secret cannot be kept while the run waits, or cannot be opened again: the key file beside the database is missing or another.",
        example: Situation("The database was copied without the file .key beside it."),
        cure: "Copy the key file together with the database.",
    },
];
