//! Words of other languages, and what takes their place in this one.

/// What to write instead of a word that other languages have; the word is in lower case.
pub fn advice(folded: &str) -> Option<&'static str> {
    Some(match folded {
        "dim" | "var" | "const" | "local" => {
            "Variables need no declaration: assign a value, x = 0, and leave this word out."
        }
        "def" | "func" | "fn" | "proc" | "procedure" | "method" => {
            "A procedure begins with SUB name(a, b) or FUNCTION name(a, b) and ends with END SUB or END FUNCTION."
        }
        "elif" | "elsif" | "elsef" => "The next test of an IF is ELSE IF … THEN.",
        "break" => "EXIT FOR, EXIT DO or EXIT WHILE leaves a loop.",
        "continue" => "CONTINUE FOR, CONTINUE DO or CONTINUE WHILE begins the next round of a loop.",
        "gosub" => "Make what it calls a SUB, and CALL it.",
        "until" | "repeat" => "Such a loop is DO … LOOP UNTIL condition.",
        "import" | "require" | "using" => "The procedures of the files in lib/ are there by themselves.",
        "nil" | "none" | "undefined" | "nothing" => "The value of nothing is NULL.",
        "println" | "printf" | "echo" | "puts" | "console" | "msgbox" => "PRINT shows values: PRINT a, b.",
        "input" | "readline" => "Nobody sits at the keyboard: values come with the event, or by --param name=value.",
        "raise" | "panic" => "THROW message fails with a message.",
        "switch_case" | "match" => "Such a choice is SELECT CASE x … CASE 1 … END SELECT.",
        "pass" | "noop" => "A block may be empty: leave the line out.",
        _ => return None,
    })
}
