//! Codes of mistakes that the compiler finds: the script does not run.

use super::Code;
use super::Example::{Script, Situation};

pub(super) const CODES: &[Code] = &[
    Code {
        code: "E_SYNTAX",
        meaning: "A line cannot be read: a word, a sign or a bracket stands where none can, or something is missing; or a block has no end, or an end no block.",
        example: Script("IF total > 10\n    PRINT total\nEND IF\n"),
        cure: "Read the message from the caret on: it says what is expected there. A block that seems to lack its end is often one of whose lines a word is misspelt.",
    },
    Code {
        code: "E_NUMBER",
        meaning: "A number is too large to be kept: whole numbers have 64 bits, and the largest float is about 1.8e308.",
        example: Script("x = 99999999999999999999\n"),
        cure: "Write .0 behind it for a float, or put quotes around it where its digits matter, as in an order number.",
    },
    Code {
        code: "E_SIZE",
        meaning: "A file is too large: it has more than 4 MiB, or more than a million words and signs.",
        example: Situation("A generated script with a million lines."),
        cure: "Split the file; procedures that several scripts use belong into lib/. Data belongs into a table.",
    },
    Code {
        code: "E_DEPTH",
        meaning: "Blocks, brackets or values stand inside one another too deeply: 200 levels in a script, 16 of ${…} in one text, 1000 in a value.",
        example: Script("a = []\nFOR i = 1 TO 5000\n    a = [a]\nNEXT\n"),
        cure: "Put inner parts into variables, or inner blocks into a SUB. A value that nests so deeply is usually a loop that wraps it again and again.",
    },
    Code {
        code: "E_TOO_LARGE",
        meaning: "Something needs more room than there is: a script with more than 65,536 different constants, a procedure with more than 180 variables, a value of more than 64 MiB, a LIKE between two very long texts, or two records that differ in so many places that their paths are longer than one text may be.",
        example: Situation("A list that a loop doubles until it weighs more than 64 MiB."),
        cure: "Split the script or the procedure; keep large data in a table and read it in parts.",
    },
    Code {
        code: "E_PLACE",
        meaning: "Something is assigned to that is no variable, field or element, such as the name of a procedure.",
        example: Script("price = 3\nSUB price\nEND SUB\n"),
        cure: "Put a variable, or a field or element of one, on the left of the =, and give it a name of its own.",
    },
    Code {
        code: "E_WITH",
        meaning: "A line that begins with a dot stands outside of WITH, so the dot has no object.",
        example: Script(".status = 200\n"),
        cure: "Put the line between WITH x = NEW OBJECT and END WITH, or write the variable before the dot.",
    },
    Code {
        code: "E_ARITY",
        meaning: "A keyword, function or procedure gets more or fewer values than it takes.",
        example: Script("PRINT LEFT(\"abc\")\n"),
        cure: "Compare with gbvm help and its name. A keyword inside a list of values needs brackets around it, or it takes the commas for its own.",
    },
    Code {
        code: "E_METHOD",
        meaning: "There is no method of this name: arrays have ADD and PUSH, and functions may be called behind a dot.",
        example: Script("a = [1]\na.shuffle(2)\n"),
        cure: "Write the function with the value in brackets, f(a), or check the name.",
    },
    Code {
        code: "E_DUPLICATE",
        meaning: "Two procedures, or two parameters of one procedure, have the same name.",
        example: Script("SUB a(x, x)\nEND SUB\n"),
        cure: "Rename one of them. Names do not differ by case.",
    },
    Code {
        code: "E_LABEL",
        meaning: "GOTO or ON ERROR GOTO names a label that is not in its procedure or cannot be reached from there, or a label stands twice.",
        example: Script("GOTO done\ndonne:\nPRINT 1\n"),
        cure: "Write the label as a line of its own, done:, in the same procedure and not inside of another block.",
    },
    Code {
        code: "E_LIBRARY",
        meaning: "A file of lib/ has a line outside of SUB and FUNCTION; nothing would ever run it.",
        example: Situation("lib/tools.bas begins with PRINT \"loaded\"."),
        cure: "Move the line into a procedure, or the file out of lib/.",
    },
    Code {
        code: "E_DECLARE",
        meaning: "A declaration (WEBHOOK, ON, SET SCHEDULE) cannot be read: it stands inside a block, or a part is missing or is no text in quotes. Declarations are read without running the script.",
        example: Script("WEBHOOK \"two words\"\n"),
        cure: "Put the declaration at the top of the script with its names written out in quotes.",
    },
    Code {
        code: "E_ENDPOINT_TWICE",
        meaning: "Two declarations want the same webhook, so it is not clear which script answers.",
        example: Script("WEBHOOK \"orders\", OPEN\nWEBHOOK \"orders\", OPEN\n"),
        cure: "Give one of them another name.",
    },
    Code {
        code: "E_SCHEDULE",
        meaning: "The time of a schedule cannot be read.",
        example: Script("SET SCHEDULE \"sync\", \"every blue moon\"\n"),
        cure: "Write cron with five fields (\"*/5 * * * *\") or words such as \"every 5 minutes\", \"daily\", \"weekdays at 8am\".",
    },
    Code {
        code: "E_DIALOGUE",
        meaning: "The line uses a word of dialogue with a person, and nobody talks to this machine.",
        example: Script("HEAR answer\n"),
        cure: "Values come with the event, or as inputs (PARAM); the message says what takes the word's place.",
    },
    Code {
        code: "E_INCLUDE",
        meaning: "An included file is not there, lies outside of the folder of the script, cannot be read, or includes itself in a circle.",
        example: Situation("INCLUDE \"tools.bas\" where no such file stands in this folder."),
        cure: "A path is taken from the folder of the file that names it. Move what two files need of each other into a third.",
    },
    Code {
        code: "E_TABLE_TWICE",
        meaning: "A table is declared twice.",
        example: Script("TABLE parts\n    name string\nEND TABLE\nTABLE parts\n    price number\nEND TABLE\n"),
        cure: "Put all columns into one declaration.",
    },
    Code {
        code: "E_COLUMN_VALUE",
        meaning: "In the words behind WHERE or SET, a name stands where a value must, and the script has no such variable.",
        example: Situation("FIND parts WHERE name = ORDER BY price, in which the value is missing."),
        cure: "Assign the variable before, or write the value.",
    },
    Code {
        code: "E_CALL_IN_TRANSACTION",
        meaning: "A call whose answer is used stands inside of a transaction: the database would be locked while the script waits.",
        example: Script("BEGIN TRANSACTION\nx = GET \"https://api.example.com/\"\nCOMMIT\n"),
        cure: "Make the call before BEGIN TRANSACTION or after COMMIT.",
    },
    Code {
        code: "E_COLUMN_NAME",
        meaning: "A field would become a column, and no column can have its name: letters, digits, _ and . are allowed, a letter or _ first, 63 at most.",
        example: Script("INSERT \"parts\", {\"unit price\": 3}\n"),
        cure: "Rename the field before it is stored: unit_price.",
    },
];
