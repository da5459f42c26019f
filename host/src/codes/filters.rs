//! Codes of filters: the text behind the table in FIND, UPDATE, DELETE and AGGREGATE.

use super::Code;
use super::Example::Script;

pub(super) const CODES: &[Code] = &[
    Code {
        code: "E_FILTER_SYNTAX",
        meaning: "A filter cannot be read. It is a condition on columns: comparisons with AND, OR, NOT and brackets, then ORDER BY, LIMIT and OFFSET.",
        example: Script("x = FIND \"parts\", \"price = = 3\"\n"),
        cure: "Write column, operator and value: \"price > 3 AND name = \" + name.",
    },
    Code {
        code: "E_FILTER_IDENT",
        meaning: "Data stands in a filter where a column, an operator or an order must stand. Only the script's own text can be syntax.",
        example: Script("WEBHOOK \"test\", OPEN\nx = FIND \"parts\", body.word + \"=1\"\n"),
        cure: "Write the column in the script; choose between several with SELECT CASE.",
    },
    Code {
        code: "E_FILTER_TAINT",
        meaning: "A whole filter is data. It is then looked up as an id, and this one reads like a condition.",
        example: Script("WEBHOOK \"test\", OPEN\nx = FIND \"parts\", body.filter\n"),
        cure: "Write column and operator in the script and join only the value: \"name=\" + body.name.",
    },
    Code {
        code: "E_FILTER_QUOTE",
        meaning: "A quote in a filter is not closed.",
        example: Script("x = FIND \"parts\", \"name='bolt\"\n"),
        cure: "Close it. Values that are joined need no quotes: \"name=\" + name.",
    },
    Code {
        code: "E_FILTER_FUNC",
        meaning: "A filter calls a function that filters do not have.",
        example: Script("x = FIND \"parts\", \"day = SQRT(4)\"\n"),
        cure: "Compute the value before and join it: \"day = \" + SQRT(4).",
    },
    Code {
        code: "E_FILTER_ARITY",
        meaning: "A function in a filter gets more or fewer values than it takes.",
        example: Script("x = FIND \"parts\", \"day = DATEADD(NOW())\"\n"),
        cure: "Write as in a script: DATEADD(NOW(), -1, 'hour').",
    },
    Code {
        code: "E_FILTER_TYPE",
        meaning: "A filter, or a value in one, is of a kind that cannot stand there: an object, or what a comparison gives.",
        example: Script("x = FIND \"parts\", \"name=\" + {a: 1}\n"),
        cure: "Say which field is meant; write a filter as a text, \"name=\" + name, and not as a comparison, name = \"bolt\".",
    },
    Code {
        code: "E_FILTER_LIMIT",
        meaning: "LIMIT or OFFSET is no whole number from 0 on, or too large.",
        example: Script("x = FIND \"parts\", \"a=1 LIMIT many\"\n"),
        cure: "Write a number, or join one: \"… LIMIT \" + n.",
    },
    Code {
        code: "E_FILTER_CLAUSE",
        meaning: "A filter of UPDATE or DELETE has ORDER BY, LIMIT or OFFSET; they change every row that matches.",
        example: Script("DELETE \"parts\", \"a=1 LIMIT 5\"\n"),
        cure: "Take the clause out, or FIND the rows and change each by its id.",
    },
    Code {
        code: "E_FILTER_UNBOUNDED",
        meaning: "UPDATE or DELETE would change every row, because its filter is empty.",
        example: Script("DELETE \"parts\", \"\"\n"),
        cure: "Write \"*\" if every row is meant.",
    },
    Code {
        code: "E_FILTER_EMPTY",
        meaning: "A value in the filter of an UPDATE or DELETE is NULL or empty; more rows could be changed than were meant.",
        example: Script("DELETE \"parts\", \"name=\" + absent\n"),
        cure: "Check the value first: IF name <> \"\" THEN … END IF.",
    },
    Code {
        code: "E_FILTER_DEPTH",
        meaning: "Brackets, NOT or functions stand inside one another too deeply in a filter.",
        example: Script("x = FIND \"parts\", \"((((((((((((((((((((((((((((((((((((a=1))))))))))))))))))))))))))))))))))))\"\n"),
        cure: "Write the condition flatter, or find in two steps.",
    },
    Code {
        code: "E_FILTER_TOO_LARGE",
        meaning: "A filter has too many comparisons or values, or a value of LIKE is longer than 50000 bytes.",
        example: Script("ids = RANGE(1, 10001)\nx = FIND \"parts\", \"n IN (\" + ids + \")\"\n"),
        cure: "Use IN for many values, and several FINDs for very many (CHUNK). Look for a shorter text.",
    },
];
