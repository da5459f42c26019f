//! Operators, from those that bind least to those that bind most.

use gbvm_stdlib::keyword::Example;

use super::Page;

pub(super) const PAGES: &[Page] = &[
    Page {
        words: &["? :", "?"],
        usage: "<condition> ? <value> : <value>",
        summary: "The first value where a condition holds, else the second",
        details: "Only the one that is needed is computed. The same as IIF.",
        examples: &[Example::new("n = 3\nPRINT n > 2 ? \"many\" : \"few\"", "many")],
    },
    Page {
        words: &["IIF"],
        usage: "IIF(<condition>, <value>, <value>)",
        summary: "The first value where a condition holds, else the second",
        details: "Only the one that is needed is computed. IF is a statement and gives no value.",
        examples: &[Example::new("n = 0\nPRINT IIF(n = 0, \"none\", 100 / n)", "none")],
    },
    Page {
        words: &["??"],
        usage: "<value> ?? <value>",
        summary: "The first value, or the second where the first is NULL or MISSING",
        details: "OR takes the second also where the first is 0, FALSE or empty.",
        examples: &[Example::new("order = {note: \"\", count: 0}\nPRINT order.count ?? 1, order.price ?? 9", "0 9")],
    },
    Page {
        words: &["OR", "||"],
        usage: "<value> OR <value>",
        summary: "The first value if it is true, else the second",
        details: "The second is computed only where it is needed. `||` is the same.",
        examples: &[Example::new("name = \"\"\nPRINT name OR \"Unknown\", (1 > 2 OR 2 > 1)", "Unknown true")],
    },
    Page {
        words: &["XOR"],
        usage: "<value> XOR <value>",
        summary: "TRUE where exactly one of two is true",
        details: "",
        examples: &[Example::new("PRINT (TRUE XOR FALSE), (TRUE XOR TRUE)", "true false")],
    },
    Page {
        words: &["AND", "&&"],
        usage: "<value> AND <value>",
        summary: "The first value if it is false, else the second",
        details: "The second is computed only where it is needed. `&&` is the same.",
        examples: &[Example::new("x = 7\nIF x > 5 AND x < 10 THEN PRINT \"between\"", "between")],
    },
    Page {
        words: &["NOT", "!"],
        usage: "NOT <value>",
        summary: "TRUE where a value is false",
        details: "It binds less than comparisons: `NOT a = b` is `NOT (a = b)`. `!` is the same, and binds most.",
        examples: &[Example::new("done = FALSE\nIF NOT done THEN PRINT \"open\"", "open")],
    },
    Page {
        words: &["=", "==", "<>", "!="],
        usage: "<value> = <value>\n<value> <> <value>",
        summary: "Whether two values are equal, or differ",
        details: "`==` and `!=` are the same. NULL, MISSING and \"\" are one value, empty, equal to nothing else. A number equals its own decimal text: 10 and \"10\", not \"010\". Texts compare byte for byte, arrays and objects by content.",
        examples: &[Example::new("PRINT (10 = \"10\"), (\"a\" <> \"A\"), (NULL = \"\"), ([1, 2] = [1, 2])", "true true true true")],
    },
    Page {
        words: &["<", "<=", ">", ">="],
        usage: "<value> < <value>",
        summary: "Whether a value comes before or behind another",
        details: "Numbers, and text in the form of a number, come before dates, and these before other text. Between values of different classes, and with an empty one, the answer is always FALSE.",
        examples: &[Example::new("PRINT (2 < \"10\"), (\"apple\" < \"pear\"), (NULL < 1)", "true true false")],
    },
    Page {
        words: &["IN", "NOT IN"],
        usage: "<value> [NOT] IN <list>\n<value> [NOT] IN (<value>, …)",
        summary: "Whether a value is an element of a list",
        details: "In a condition on columns the list may hold any values of the script.",
        examples: &[Example::new("status = \"paid\"\nIF status IN (\"paid\", \"sent\") THEN PRINT \"known\"\nPRINT 3 NOT IN [1, 2]", "known\ntrue")],
    },
    Page {
        words: &["LIKE", "NOT LIKE"],
        usage: "<value> [NOT] LIKE <pattern>",
        summary: "Whether a text fits a pattern",
        details: "`%` stands for any text, `_` for one character; case does not count for ASCII letters.",
        examples: &[Example::new("PRINT (\"ana@example.com\" LIKE \"%@example.com\"), (\"a1\" LIKE \"a_\")", "true true")],
    },
    Page {
        words: &["BETWEEN", "NOT BETWEEN"],
        usage: "<value> [NOT] BETWEEN <low> AND <high>",
        summary: "Whether a value lies between two others, both included",
        details: "",
        examples: &[Example::new("PRINT 5 BETWEEN 1 AND 5", "true")],
    },
    Page {
        words: &["IS", "IS NULL", "IS NOT NULL", "IS EMPTY", "IS NOT EMPTY"],
        usage: "<value> IS [NOT] NULL\n<value> IS [NOT] NUMERIC",
        summary: "Whether a value is NULL or MISSING, or of a kind",
        details: "A FIND that found no rows IS NULL. In CASE, `IS` begins a comparison.",
        examples: &[Example::new("x = NULL\nIF x IS NULL THEN PRINT \"nothing\"\nIF \"12\" IS NUMERIC THEN PRINT \"a number\"", "nothing\na number")],
    },
    Page {
        words: &["+"],
        usage: "<value> + <value>",
        summary: "Adds numbers, joins texts and arrays, moves dates",
        details: "Where a text stands in the sum, as in \"n=\" + x, all of it is joined as text. Else two numbers, or a number and a text in the form of one, are added; NULL counts as 0; a date and a number give the date so many seconds later.",
        examples: &[Example::new("PRINT 1 + 2, \"n=\" + 1 + 2, [1] + [2]", "3 n=12 1, 2")],
    },
    Page {
        words: &["&"],
        usage: "<value> & <value>",
        summary: "Joins two values as text",
        details: "",
        examples: &[Example::new("PRINT 1 & 2 & NULL & \"x\"", "12x")],
    },
    Page {
        words: &["-", "*", "/", "\\", "MOD", "%", "^"],
        usage: "<number> - <number>\n<number> * <number>\n<number> / <number>\n<number> \\ <number>\n<number> MOD <number>\n<number> ^ <number>",
        summary: "Subtracts, multiplies, divides, divides to a whole number, gives the rest, raises to a power",
        details: "Texts in the form of a number count as it, NULL as 0, all else is the error `E_TYPE`. Division by zero is `E_DIVIDE_BY_ZERO`, a whole number past 64 bits `E_OVERFLOW`. `%` is MOD. `^` binds most, then `* / \\ MOD`, then `+ - &`.",
        examples: &[Example::new("PRINT 7 - 2, 7 * 2, 7 / 2, 7 \\ 2, 7 MOD 2, 2 ^ 10", "5 14 3.5 3 1 1024")],
    },
];
