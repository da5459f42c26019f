//! Words of other languages, and what takes their place in this one.

/// What to write instead of a word that other languages have; the word is in lower case.
pub fn advice(folded: &str) -> Option<&'static str> {
    Some(match folded {
        "dim" | "var" | "const" | "local" | "redim" | "global" | "auto" => {
            "Variables need no declaration: assign a value, x = 0, or x = [] for a list, and leave this word out."
        }
        "option" | "explicit" | "defint" | "strict" => "The language has no options: leave the line out.",
        "static" => "What a procedure keeps stands in a variable of the main part, and SHARED names it.",
        "declare" => "A procedure needs no declaration: it may stand behind what calls it.",
        "def" | "func" | "fn" | "proc" | "procedure" | "method" | "lambda" => {
            "A procedure begins with SUB name(a, b) or FUNCTION name(a, b) and ends with END SUB or END FUNCTION."
        }
        "class" | "struct" | "interface" | "enum" => "There are no kinds of the script's own: NEW OBJECT has any fields, and SUB and FUNCTION work on it.",
        "elif" | "elsif" | "elsef" => "The next test of an IF is ELSE IF … THEN.",
        "if" => "To choose a value write IIF(condition, a, b).",
        "where" => "WHERE stands in the statement that it belongs to, or directly below it, as in FIND orders WHERE total > 10.",
        "unless" => "Such a test is IF NOT condition THEN … END IF.",
        "begin" => "A block needs no word to begin: leave it out.",
        "break" => "EXIT FOR, EXIT DO or EXIT WHILE leaves a loop.",
        "continue" => "CONTINUE FOR, CONTINUE DO or CONTINUE WHILE begins the next round of a loop.",
        "foreach" => "The loop over a list is FOR EACH x IN list, in two words.",
        "gosub" => "Make what it calls a SUB, and CALL it.",
        "go" => "A jump is written in one word: GOTO label.",
        "until" | "repeat" => "Such a loop is DO … LOOP UNTIL condition.",
        "resume" => "ON ERROR RESUME NEXT goes on by itself: leave the line out.",
        "except" | "rescue" => "The part of TRY for failures begins with CATCH e.",
        "import" | "imports" | "require" => "The procedures of the files in lib/ are there by themselves.",
        "nil" | "none" | "undefined" | "nothing" => "The value of nothing is NULL.",
        "println" | "printf" | "echo" | "puts" | "console" | "msgbox" | "debug" => "PRINT shows values: PRINT a, b.",
        "using" => "A number or date in a form is FORMAT(value, \"#,##0.00\").",
        "readline" | "inputbox" | "inkey$" | "getline" | "line" => "Nobody sits at a keyboard here: take the value from body or params, or declare it with PARAM.",
        "cls" | "locate" | "color" | "beep" | "screen" => "There is no screen here: leave the line out.",
        "sleep" | "delay" | "pause" => "WAIT seconds lets time pass.",
        "randomize" => "RANDOM needs no preparation: leave the line out.",
        "timer" => "NOW() is the time.",
        "restore" => "Values that stand in a script are a list, as in rows = [1, 2, 3], and FOR EACH goes through them.",
        "swap" => "Three lines do it: t = a, a = b and b = t.",
        "del" | "unset" | "erase" => "To forget a value assign NULL to its variable.",
        "raise" | "panic" => "THROW message fails with a message.",
        "switch_case" | "match" => "Such a choice is SELECT CASE x … CASE 1 … END SELECT.",
        "pass" | "noop" => "A block may be empty: leave the line out.",
        "await" | "async" | "yield" => "A call waits for its answer by itself: leave this word out.",
        "createobject" | "getobject" => "No other program's objects are here: call a service with GET or POST.",
        "date" => "The time is NOW(), the day TODAY().",
        "isnothing" | "isnone" | "isundefined" => "ISNULL(x) tells whether there is a value.",
        "exists" => "x IS NOT NULL tells whether there is a value.",
        "equals" | "eq" | "eqv" => "= compares.",
        "starts" | "begins" => "STARTSWITH(text, part) tells how a text begins.",
        "ends" => "ENDSWITH(text, part) tells how a text ends.",
        "includes" => "CONTAINS(text, part) looks into a text, x IN list into a list.",
        "andalso" => "AND computes its second value only where it is needed.",
        "orelse" => "OR computes its second value only where it is needed.",
        "div" => "\\ divides to a whole number.",
        "vbcrlf" | "vbnewline" | "vblf" => "A line break in a text is \\n.",
        "vbtab" => "A tab in a text is \\t.",
        "concatenate" | "concat" | "strcat" => "Texts are joined with &.",
        "vlookup" | "hlookup" | "xlookup" | "lookup" => "A row is looked up with FIND: row = FIND parts WHERE sku = code.",
        "countif" | "sumif" | "averageif" => "Rows are counted and summed with AGGREGATE: n = AGGREGATE parts SUM qty WHERE price > 10.",
        _ => return None,
    })
}

/// What to write instead of a word that other languages have for a value: many of the others are good names here.
pub fn value(folded: &str) -> Option<&'static str> {
    let is_value = matches!(folded, "nil" | "none" | "undefined" | "nothing" | "console" | "debug" | "inkey$" | "timer" | "vbcrlf" | "vbnewline" | "vblf" | "vbtab" | "except" | "begin");
    if is_value { advice(folded) } else { None }
}

/// What to write instead of a word that stands inside of a statement: a value, or what other languages put between two.
pub fn inside(folded: &str) -> Option<&'static str> {
    let is_operator = matches!(
        folded,
        "andalso" | "orelse" | "div" | "equals" | "eq" | "eqv" | "starts" | "begins" | "ends" | "includes" | "exists" | "using" | "if" | "await" | "lambda" | "fn" | "date" | "import"
    );
    if is_operator { advice(folded) } else { value(folded) }
}

/// What to write instead of a method that other languages have; the name is in lower case.
pub fn method(folded: &str) -> Option<&'static str> {
    Some(match folded {
        "touppercase" | "tolocaleuppercase" | "toupper" | "upcase" | "uppercase" => "A text in capitals is UPPER(text), or text.UPPER().",
        "tolowercase" | "tolocalelowercase" | "tolower" | "downcase" | "lowercase" | "casefold" => "A text in small letters is LOWER(text), or text.LOWER().",
        "strip" | "chomp" => "A text without blanks at its ends is TRIM(text), or text.TRIM().",
        "lstrip" | "trimstart" | "trimleft" => "A text without blanks at its beginning is LTRIM(text), or text.LTRIM().",
        "rstrip" | "trimend" | "trimright" => "A text without blanks at its end is RTRIM(text), or text.RTRIM().",
        "includes" | "has" | "some" | "any" => "CONTAINS(x, part) looks into texts and arrays, and so does x.CONTAINS(part).",
        "hasownproperty" | "haskey" | "has_key" | "containskey" | "hasfield" | "exists" => "HAS_FIELD(object, name) tells whether an object has a field, and so does object.HAS_FIELD(name).",
        "startwith" | "beginswith" => "STARTSWITH(text, part) tells how a text begins, and so does text.STARTSWITH(part).",
        "endwith" => "ENDSWITH(text, part) tells how a text ends, and so does text.ENDSWITH(part).",
        "unshift" | "prepend" | "insert" | "insertat" => "SPLICE(list, at, 0, value) puts a value in before the element at that index, counted from 0; list.SPLICE(0, 0, value) puts it first.",
        "remove" | "removeat" | "delete" | "delete_at" | "erase" => "SPLICE(list, at, 1) takes the element at that index out of a list, counted from 0; REMOVE_FIELD(object, name) gives an object without a field.",
        "addrange" | "extend" | "concat" => "Lists are joined with +, as in list = list + other; texts with &.",
        "foreach" | "each" | "every" | "collect" | "select" | "reduce" | "fold" | "aggregate" | "flatmap" => "There are no functions without a name: FOR EACH x IN list … NEXT goes through a list.",
        "where" | "findall" | "find" | "findindex" | "findlast" | "firstordefault" => "FILTER(list, field, value) gives the objects whose field has a value; any other test stands in FOR EACH x IN list … NEXT.",
        "indexof" | "lastindexof" | "search" => "INDEX_OF(list, value) gives the index of an element, counted from 0, and INSTR(text, part) the position in a text, counted from 1.",
        "substr" | "char_at" | "charat" | "at" => "MID(text, start, count) gives a part of a text, counted from 1; text.MID(1, 1) is its first character. Elements stand in brackets, list[0].",
        "charcodeat" | "codepointat" | "ord" => "ASC(text) gives the number of a text's first character.",
        "replaceall" | "gsub" | "sub" => "REPLACE(text, part, other) replaces every occurrence, and so does text.REPLACE(part, other).",
        "padstart" | "padleft" | "rjust" | "zfill" => "LPAD(text, length, filler) fills a text at its beginning.",
        "padend" | "padright" | "ljust" => "RPAD(text, length, filler) fills a text at its end.",
        "tostring" | "to_s" | "to_string" | "stringify" => "STR(x) gives a value as text, and JSON_STRINGIFY(x) as JSON.",
        "tofixed" | "toprecision" => "ROUND(x, 2) rounds a number, and FORMAT(x, \"0.00\") writes it with that many decimals.",
        "toint" | "to_i" | "parseint" | "tointeger" => "CINT(x) makes a whole number of a value.",
        "tonumber" | "to_f" | "parsefloat" | "tofloat" | "todouble" => "CDBL(x) makes a number of a value.",
        "parse" => "JSON_PARSE(text) reads JSON, and DATEVALUE(text) a date.",
        "size" | "getlength" => "The number of elements or characters is LEN(x), or x.length.",
        "items" | "entries" | "getkeys" => "KEYS(object) gives the names of an object's fields, and VALUES(object) their values.",
        "sorted" | "orderby" | "sortby" | "sort_by" => "SORT(list) gives a list in order, and SORT(list, field) a list of objects in the order of a field.",
        "reversed" => "REVERSE(list) gives a list with its last element first.",
        "distinct" | "uniq" | "toset" => "UNIQUE(list) gives a list without repeated elements.",
        "groupby" => "GROUP_BY(list, field) gives an object with the elements for each value of a field.",
        "average" | "mean" => "The mean of a list is AVG(list).",
        "clear" | "removeall" => "To empty a list assign a new one: list = [].",
        "add_all" | "enqueue" => "list.ADD(value) adds a value at the end.",
        "dequeue" => "SHIFT(list) takes the first element off a list and gives it.",
        "then" | "await" | "catch" | "finally" => "A call waits for its answer by itself, and TRY … CATCH e … END TRY takes a failure.",
        "log" | "print" | "println" | "write" | "writeline" | "info" | "debug" | "warn" => "PRINT shows values: PRINT a, b.",
        "gettime" | "getdate" | "getfullyear" | "getmonth" | "toisostring" | "strftime" => "YEAR(d), MONTH(d) and DAY(d) are the parts of a date, and FORMAT(d, pattern) writes it.",
        "adddays" | "addmonths" | "addhours" | "addminutes" => "DATEADD(d, n, unit) moves a date; gbvm help DATEADD shows how it is written.",
        "bind" | "call" | "apply" | "invoke" => "A procedure is called by its name: f(a, b).",
        _ => return None,
    })
}

/// What is wrong with a character that begins no word and no sign: what stands before it and behind it on its line, and
/// the bracket that is open.
pub fn character(found: char, before: &str, behind: &str, bracket: Option<char>) -> String {
    let first = before.split_whitespace().next().unwrap_or("").to_ascii_lowercase();
    match found {
        '“' | '”' | '„' | '«' | '»' => format!("{found} is a quote of a word processor; texts stand in \""),
        '‘' | '’' => format!("{found} is a quote of a word processor; write ' for a comment or \" for a text"),
        '`' => "` is no quote here; texts stand in \", and values in them as ${value}".to_owned(),
        '–' | '—' | '−' => format!("{found} is a dash of a word processor; minus is -"),
        ';' if first == "for" => "FOR counts with TO, as in FOR i = 0 TO 9; there is no ; in it".to_owned(),
        ';' if first == "input" => advice("inputbox").unwrap_or_default().to_owned(),
        ';' if bracket.is_some() => "; separates nothing; write a comma between values".to_owned(),
        ';' if before.trim().is_empty() => "; begins no comment; a comment begins with '".to_owned(),
        ';' if behind.trim().is_empty() || behind.trim_start().starts_with(['\'', '}', ';']) => "; ends no line: the end of the line does; leave it out".to_owned(),
        ';' => "; separates nothing; values have a comma between them, as in PRINT a, b, and statements a : or a line each".to_owned(),
        '#' if matches!(first.as_str(), "open" | "close" | "line" | "write" | "get" | "put") || behind.starts_with(|c: char| c.is_ascii_digit()) && !behind.contains('#') => {
            "there are no files here, and so no numbers of files: rows are stored with SAVE and read with FIND".to_owned()
        }
        '#' if behind.contains('#') => "# is no sign here; a date is text in quotes, as in DATE(\"2026-01-31\")".to_owned(),
        '#' => "# is no sign here; a comment begins with '".to_owned(),
        '$' => "$ stands only at the end of a name or as ${…} inside a text".to_owned(),
        '@' => "@ belongs to no name here: leave it out".to_owned(),
        '|' => "| is no sign here; write OR".to_owned(),
        '~' => "~ is no sign here; write NOT".to_owned(),
        '≠' => "≠ is no sign here; write <>".to_owned(),
        '≤' => "≤ is no sign here; write <=".to_owned(),
        '≥' => "≥ is no sign here; write >=".to_owned(),
        '×' | '·' => format!("{found} is no sign here; write *"),
        '÷' => "÷ is no sign here; write /".to_owned(),
        '…' => "… stands for nothing here; write out what is meant".to_owned(),
        '€' | '£' | '¥' | '°' => format!("{found} belongs to no number; write the number alone, and {found} in a text"),
        c if c.is_control() => "a control character stands here; delete it".to_owned(),
        c => format!("the character {c} means nothing here; in a text it stands in quotes"),
    }
}

/// Whether other languages write a word before SUB and FUNCTION.
pub fn is_modifier(folded: &str) -> bool {
    matches!(folded, "public" | "private" | "friend" | "protected" | "static" | "async" | "export" | "declare" | "global" | "default")
}
