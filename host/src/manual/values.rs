//! Values as scripts write them, and what reaches into them.

use gbvm_stdlib::keyword::Example;

use super::Page;

pub(super) const PAGES: &[Page] = &[
    Page {
        words: &["NUMBERS", "0x"],
        usage: "42   1_000   3.14   1e3   0xFF",
        summary: "Whole numbers of 64 bits, and floats of 64 bits",
        details: "Decimals have a point. A float without a fraction prints as a whole number.",
        examples: &[Example::new("PRINT 1_000, 0xFF, 1e3, 1.5", "1000 255 1000 1.5")],
    },
    Page {
        words: &["TEXTS", "\"", "${", "${}"],
        usage: "\"<text>\"\n'<text>'\n\"<text>${<value>}<text>\"",
        summary: "Text, with values in it where ${…} says so",
        details: "Escapes: `\\n \\t \\r \\\" \\' \\\\ \\u{…}`; a doubled quote is a quote. ${…} works inside of \" and not of '. A text may go over several lines.",
        examples: &[Example::new("name = \"Ana\"\nPRINT \"Hello ${name}, ${1 + 1} new\"\nPRINT \"she said \"\"yes\"\"\"", "Hello Ana, 2 new\nshe said \"yes\"")],
    },
    Page {
        words: &["TRUE", "FALSE"],
        usage: "TRUE | FALSE",
        summary: "The two truth values",
        details: "TRUE equals 1 and \"true\", FALSE equals 0 and \"false\".",
        examples: &[Example::new("PRINT TRUE, (1 = 2)", "true false")],
    },
    Page {
        words: &["NULL", "MISSING"],
        usage: "NULL",
        summary: "The value of nothing",
        details: "What is not there is MISSING: a variable that was not set, a field that an object lacks, a FIND that found no row. It acts as NULL, but a field that is MISSING is left out of rows, JSON and bodies, while NULL is written.",
        examples: &[Example::new("o = {a: NULL, b: nobody}\nPRINT o, ISNULL(o.c)", "{\"a\":null} true")],
    },
    Page {
        words: &["[]", "[", "NEW ARRAY"],
        usage: "[<value>, …]\nNEW ARRAY\n<array>[<index>]",
        summary: "An array, and its elements, counted from 0",
        details: "An index out of range gives MISSING. `.ADD(x)` appends, `.length` counts. A field of an array is that of its first element.",
        examples: &[Example::new("list = [10, 20]\nlist.ADD(30)\nPRINT list[0], list.length, list", "10 3 10, 20, 30")],
    },
    Page {
        words: &["{}", "{", "#{", "NEW", "NEW OBJECT", "OBJECT"],
        usage: "{<key>: <value>, \"<key>\": <value>, …}\nNEW OBJECT",
        summary: "An object: fields with values, in their order",
        details: "`#{` is the same as `{`.",
        examples: &[Example::new("o = {name: \"Ana\", \"zip code\": \"1000\"}\nPRINT o.name, o[\"zip code\"]", "Ana 1000")],
    },
    Page {
        words: &[".", "?."],
        usage: "<object>.<field>\n<object>[\"<field>\"]",
        summary: "Reads or writes a field",
        details: "A field of NULL, MISSING or a plain value is MISSING, so a way through several never fails, and `?.` is the same. With the dot, case does not count where no field has exactly the name.",
        examples: &[Example::new("o = {Account: {name: \"Ana\"}}\nPRINT o.account.name, ISNULL(o.owner.name)", "Ana true")],
    },
    Page {
        words: &["WHERE", "ORDER BY", "LIMIT", "OFFSET", "DESC"],
        usage: "… WHERE <condition> [ORDER BY <column> [DESC], …] [LIMIT <number>] [OFFSET <number>]",
        summary: "A condition on the columns of a table, and the order of its rows",
        details: "It belongs to FIND, UPDATE and DELETE. The left name is a column; a name on the right is the script's variable if it has one, else a column.",
        examples: &[Example::new("INSERT \"parts\", {id: \"a\", qty: 3}\nINSERT \"parts\", {id: \"b\", qty: 9}\nleast = 1\nrows = FIND parts WHERE qty > least ORDER BY qty DESC LIMIT 1\nPRINT rows[0].id", "b")],
    },
];
