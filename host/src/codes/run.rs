//! Codes of faults that end a run: values that do not fit what is done with them, and bounds.

use super::Code;
use super::Example::{Script, Situation};

pub(super) const CODES: &[Code] = &[
    Code {
        code: "E_UNANSWERED",
        meaning: "A line calls a name that nobody answers: no procedure of the script or of lib/, and no function.",
        example: Script("PRINT twise(2)\n"),
        cure: "Check the spelling, or write the procedure. gbvm check warns of such names before anything runs (W_UNANSWERED).",
    },
    Code {
        code: "E_TYPE",
        meaning: "A value is of a kind that the operator, keyword or function cannot use, such as a text that is no number in a subtraction.",
        example: Script("PRINT \"three\" - 1\n"),
        cure: "Convert the value first (VAL, CSTR, DATEVALUE), or find out why it is what it is: PRINT TYPEOF(x).",
    },
    Code {
        code: "E_ARGUMENT",
        meaning: "A value is of the right kind, but means nothing to the function or keyword.",
        example: Script("PRINT RANGE(1, 5, 0)\n"),
        cure: "gbvm help and the function's name says what it takes.",
    },
    Code {
        code: "E_RANGE",
        meaning: "A number or date is outside of what is possible: a STEP of 0, a root of a negative number, a year past 9999.",
        example: Script("PRINT SQR(-1)\n"),
        cure: "Check the value before the line.",
    },
    Code {
        code: "E_OVERFLOW",
        meaning: "The result of a calculation is larger than a number can be; whole numbers have 64 bits.",
        example: Script("x = 9223372036854775807\nx = x + 1\n"),
        cure: "Calculate with floats (1.0 * x), which lose digits past the fifteenth instead.",
    },
    Code {
        code: "E_DIVIDE_BY_ZERO",
        meaning: "The divisor of /, \\ or MOD is zero, or nothing: NULL counts as 0.",
        example: Script("total = 10\nPRINT total / parts_count\n"),
        cure: "Check the divisor first, or divide inside IIF(n = 0, 0, x / n).",
    },
    Code {
        code: "E_INDEX",
        meaning: "What stands in the square brackets is no index and no key: indexes are whole numbers from 0 on, keys are texts.",
        example: Script("a = [1, 2]\na[-1] = 3\n"),
        cure: "Arrays begin at 0. The last element is a[UBOUND(a) - 1].",
    },
    Code {
        code: "E_NOT_AN_OBJECT",
        meaning: "A field of something is set that has no fields, such as a variable that nothing was assigned to.",
        example: Script("customer.name = \"Ann\"\n"),
        cure: "Make it an object first: customer = NEW OBJECT. If it should come from FIND, check that a row was found.",
    },
    Code {
        code: "E_NOT_AN_ARRAY",
        meaning: "Something is added to a value that is no array.",
        example: Script("names = \"Ann\"\nnames.ADD(\"Bob\")\n"),
        cure: "Begin it as an array: names = [].",
    },
    Code {
        code: "E_ARRAY_TOO_LONG",
        meaning: "An array would have more than 1,048,576 elements.",
        example: Script("a = RANGE(1, 2000000)\n"),
        cure: "Work on the data in parts: CHUNK, or LIMIT and OFFSET in FIND.",
    },
    Code {
        code: "E_STRING_TOO_LONG",
        meaning: "A text would have more than 8 MiB.",
        example: Script("x = REPEAT(\"0123456789\", 1000000)\n"),
        cure: "Send or store the text in parts.",
    },
    Code {
        code: "E_THROWN",
        meaning: "The script threw an error that gives no code of its own, and nothing caught it.",
        example: Script("THROW \"no stock\"\n"),
        cure: "TRY … CATCH e … END TRY catches it; e.message has the text. An object with a code, THROW {code: \"E_STOCK\", message: \"…\"}, tells errors apart.",
    },
    Code {
        code: "E_ASSERT",
        meaning: "The condition of an ASSERT does not hold.",
        example: Script("ASSERT 1 + 1 = 3, \"sums are broken\"\n"),
        cure: "The script itself says what should hold here: find out why it does not.",
    },
    Code {
        code: "E_MERGE_CONFLICT",
        meaning: "MERGE_RECORDS found a field that both sides changed in different ways.",
        example: Script("x = MERGE_RECORDS({a: 1}, {a: 2}, {a: 3})\n"),
        cure: "MERGE3 gives the conflicts beside the merged record, and RESOLVE decides them by rules.",
    },
    Code {
        code: "E_CALL_DEPTH",
        meaning: "More than 256 procedures wait for one another: usually one calls itself without an end.",
        example: Script("CALL again\nSUB again\n    CALL again\nEND SUB\n"),
        cure: "Give the recursion an end, or write it as a loop.",
    },
    Code {
        code: "E_FUEL",
        meaning: "The run used up the instructions that it may execute.",
        example: Script("WEBHOOK \"test\", OPEN\nWHILE TRUE\nWEND\n"),
        cure: "Look for a loop whose condition never changes. Large work belongs into several runs: a schedule that takes some rows at a time.",
    },
    Code {
        code: "E_MEMORY",
        meaning: "The values of a run take more memory than they may.",
        example: Situation("A loop that keeps every row of a large table in one array."),
        cure: "Let go of values that are no longer needed, and take tables in parts with LIMIT and OFFSET.",
    },
    Code {
        code: "E_TIME",
        meaning: "The run took longer than it may: 10 seconds for a webhook, 15 minutes for a schedule or trigger, waits for answers left out.",
        example: Situation("A webhook that goes through a million rows before it answers."),
        cure: "Answer first and do the work later: let a trigger or a schedule do it.",
    },
    Code {
        code: "E_JSON",
        meaning: "A text that should be JSON is none. The message says where it goes wrong.",
        example: Script("x = JSON_PARSE(\"{a: }\")\n"),
        cure: "Check what made the text; JSON_STRINGIFY makes JSON of a value. A webhook answers such a body with 400 by itself.",
    },
    Code {
        code: "E_ENCODING",
        meaning: "A text that should be base64 is none, or what it holds is no text.",
        example: Script("PRINT BASE64_DECODE(\"%%\")\n"),
        cure: "Check what made the text; texts of URLs use other signs (URL_DECODE).",
    },
    Code {
        code: "E_NUL",
        meaning: "A value in a filter holds the character NUL, which the database does not take.",
        example: Script("x = FIND \"parts\", \"name=\" + CHR(0)\n"),
        cure: "Take it out: REPLACE(x, CHR(0), \"\").",
    },
    Code {
        code: "E_RANDOM",
        meaning: "The operating system gives no random numbers, so nothing that needs them can go on.",
        example: Situation("A container without a source of randomness."),
        cure: "Repair the system: no script can.",
    },
    Code {
        code: "E_NOT_HERE",
        meaning: "The line needs something that this machine does not have.",
        example: Script("SEND MAIL \"a@example.com\", \"s\", \"b\", [\"file.pdf\"]\n"),
        cure: "Leave it out, or do it another way; the message says which.",
    },
    Code {
        code: "E_PROGRAM",
        meaning: "The compiled program is damaged. Every program is checked before it runs, and this one does not hold.",
        example: Situation("A mistake of the compiler."),
        cure: "Report it with the script.",
    },
    Code {
        code: "E_CHECKPOINT",
        meaning: "A run that waited for an answer cannot go on, because what was kept of it is damaged or of another version.",
        example: Situation("gbvm was replaced by another version while a run waited for an answer."),
        cure: "The run is recorded as failed; start it again with its event if its work is still wanted.",
    },
    Code {
        code: "E_STOPPING",
        meaning: "The process is stopping, and cut the run or refused the request. Nothing of it is lost: what began from the queue goes on at the next start.",
        example: Situation("Ctrl-C while a webhook is being answered."),
        cure: "None is needed; whoever called gets 503 and tries again.",
    },
];
