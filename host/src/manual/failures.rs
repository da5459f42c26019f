//! What a script does where something fails.

use gbvm_stdlib::keyword::Example;

use super::Page;

pub(super) const PAGES: &[Page] = &[
    Page {
        words: &["TRY", "CATCH", "FINALLY", "END TRY"],
        usage: "TRY\n    …\n[CATCH [<variable>]\n    …]\n[FINALLY\n    …]\nEND TRY",
        summary: "Goes on in CATCH where its block fails, and through FINALLY in every case",
        details: "It has CATCH, FINALLY or both. The variable gets the error: `.message`, `.code` and `.line`. What bounds a run is taken by no CATCH.",
        examples: &[Example::new("TRY\n    x = 1 / 0\nCATCH e\n    PRINT e.code\nFINALLY\n    PRINT \"done\"\nEND TRY", "E_DIVIDE_BY_ZERO\ndone")],
    },
    Page {
        words: &["THROW"],
        usage: "THROW <value>",
        summary: "Fails with a message",
        details: "The value is a text, or an object with `message` and `code`. Without a code it is `E_THROWN`.",
        examples: &[Example::new("TRY\n    THROW {code: \"E_STOCK\", message: \"sold out\"}\nCATCH e\n    PRINT e.code & \": \" & e.message\nEND TRY", "E_STOCK: sold out")],
    },
    Page {
        words: &["ON ERROR", "ON ERROR RESUME NEXT", "ON ERROR GOTO", "ON ERROR GOTO 0", "RESUME", "RESUME NEXT"],
        usage: "ON ERROR RESUME NEXT\nON ERROR GOTO <label>\nON ERROR GOTO 0",
        summary: "Says how the procedure goes on where a statement fails",
        details: "With RESUME NEXT the statement is undone and the next one runs; a failed assignment leaves its variable MISSING. With a label it goes on there. GOTO 0 ends both. ERROR tells whether something has failed.",
        examples: &[Example::new("ON ERROR RESUME NEXT\nx = 1 / 0\nIF ERROR THEN PRINT ERROR CODE\nCLEAR ERROR\nPRINT \"on\"", "E_DIVIDE_BY_ZERO\non")],
    },
    Page {
        words: &["ERROR", "ERROR MESSAGE", "ERROR CODE", "CLEAR ERROR"],
        usage: "ERROR\nERROR MESSAGE\nERROR CODE\nCLEAR ERROR",
        summary: "Whether a statement has failed under ON ERROR, why, and with which code",
        details: "It stays until CLEAR ERROR or the next failure.",
        examples: &[Example::new("ON ERROR RESUME NEXT\nTHROW \"no answer\"\nPRINT ERROR, ERROR MESSAGE\nCLEAR ERROR\nPRINT ERROR", "true no answer\nfalse")],
    },
];
