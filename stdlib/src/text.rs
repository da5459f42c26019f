//! Functions over text. Positions count characters, from 1.

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::native::PureContext;
use gbvm_vm::operators;
use gbvm_vm::signature::{Param, Role};
use gbvm_vm::value::Value;
use memchr::memmem;

use crate::argument::{self, any_nothing, at};
use crate::keyword::{Example, Keyword};

const TEXT: Param = Param::required("text", Role::Value);
const PART: Param = Param::required("part", Role::Value);
const COUNT: Param = Param::required("count", Role::Value);
const FAMILY: &str = "Text";

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::pure(FAMILY, "LEN", &[TEXT], len).about("How many characters a text has, or elements an array", "NULL gives 0.", &[Example::new("PRINT LEN(\"Zoë\")", "3")]),
    Keyword::pure(FAMILY, "LEFT", &[TEXT, COUNT], left).about("The first characters of a text", "", &[Example::new("PRINT LEFT(\"invoice\", 3)", "inv")]),
    Keyword::pure(FAMILY, "RIGHT", &[TEXT, COUNT], right).about("The last characters of a text", "", &[Example::new("PRINT RIGHT(\"invoice\", 3)", "ice")]),
    Keyword::pure(FAMILY, "MID", &[TEXT, Param::required("start", Role::Value), Param::optional("count", Role::Value)], mid).aliases(&["SUBSTRING"]).about(
        "The characters of a text from a position on",
        "Positions begin at 1. Without a count, all that follow.",
        &[Example::new("PRINT MID(\"invoice\", 3, 4)", "voic")],
    ),
    Keyword::pure(FAMILY, "UCASE", &[TEXT], upper).aliases(&["UPPER"]).about("A text in capitals", "", &[Example::new("PRINT UCASE(\"Zoë\")", "ZOË")]),
    Keyword::pure(FAMILY, "LCASE", &[TEXT], lower).aliases(&["LOWER"]).about("A text in small letters", "", &[Example::new("PRINT LCASE(\"ABC\")", "abc")]),
    Keyword::pure(FAMILY, "TRIM", &[TEXT], trim).about("A text without blanks at both ends", "", &[Example::new("PRINT \"[\" + TRIM(\"  a b \") + \"]\"", "[a b]")]),
    Keyword::pure(FAMILY, "LTRIM", &[TEXT], trim_left).about("A text without blanks at its beginning", "", &[Example::new("PRINT \"[\" + LTRIM(\"  a \") + \"]\"", "[a ]")]),
    Keyword::pure(FAMILY, "RTRIM", &[TEXT], trim_right).about("A text without blanks at its end", "", &[Example::new("PRINT \"[\" + RTRIM(\" a  \") + \"]\"", "[ a]")]),
    Keyword::pure(FAMILY, "REPLACE", &[TEXT, PART, Param::required("with", Role::Value)], replace).about(
        "A text with every occurrence of a part replaced",
        "An empty part replaces nothing.",
        &[Example::new("PRINT REPLACE(\"a-b-c\", \"-\", \"+\")", "a+b+c")],
    ),
    Keyword::pure(FAMILY, "SPLIT", &[TEXT, Param::optional("separator", Role::Value)], split).about(
        "The parts of a text between separators",
        "Without a separator, a comma; with an empty one, single characters. Empty text has no parts.",
        &[Example::new("parts = SPLIT(\"a;b;c\", \";\")\nPRINT UBOUND(parts), parts[1]", "3 b")],
    ),
    Keyword::pure(FAMILY, "JOIN", &[Param::required("array", Role::Value), Param::optional("separator", Role::Value)], join).about(
        "The elements of an array as one text",
        "Without a separator, a comma and a blank.",
        &[Example::new("PRINT JOIN([1, 2, 3], \"-\")", "1-2-3")],
    ),
    Keyword::pure(FAMILY, "CONTAINS", &[TEXT, PART], contains).about("Whether a text has a part, or an array an element", "Case counts.", &[Example::new("PRINT CONTAINS(\"invoice\", \"voi\")\nPRINT CONTAINS([1, 2], 3)", "true\nfalse")]),
    Keyword::pure(FAMILY, "STARTSWITH", &[TEXT, PART], starts_with).aliases(&["STARTS_WITH"]).about("Whether a text begins with a part", "Case counts.", &[Example::new("PRINT STARTSWITH(\"invoice\", \"in\")", "true")]),
    Keyword::pure(FAMILY, "ENDSWITH", &[TEXT, PART], ends_with).aliases(&["ENDS_WITH"]).about("Whether a text ends with a part", "Case counts.", &[Example::new("PRINT ENDSWITH(\"invoice\", \"ice\")", "true")]),
    Keyword::pure(
        FAMILY,
        "INSTR",
        &[Param::required("text or array", Role::Value), Param::required("part", Role::Value), Param::optional("part after a start", Role::Value)],
        instr,
    )
    .about(
        "The position of a part in a text, or of an element in an array; 0 if it is not there",
        "Positions begin at 1. `INSTR(start, text, part)` looks from a position on.",
        &[Example::new("PRINT INSTR(\"invoice\", \"voi\")\nPRINT INSTR(4, \"banana\", \"an\")\nPRINT INSTR([\"email\", \"phone\"], \"phone\")", "3\n4\n2")],
    ),
    Keyword::pure(FAMILY, "CHR", &[Param::required("code", Role::Value)], chr).about("The character with a Unicode number", "NULL gives NULL.", &[Example::new("PRINT CHR(65)", "A")]),
    Keyword::pure(FAMILY, "ASC", &[TEXT], asc).about("The Unicode number of a text's first character", "Empty text gives 0.", &[Example::new("PRINT ASC(\"A\")", "65")]),
    Keyword::pure(FAMILY, "STR", &[Param::required("value", Role::Value)], text).aliases(&["CSTR"]).about("The text of a value", "It is the text that PRINT shows.", &[Example::new("PRINT STR(1.50) + \"x\"", "1.5x")]),
    Keyword::pure(FAMILY, "VAL", &[TEXT], val).about("The number that a text begins with", "0 where it begins with none.", &[Example::new("PRINT VAL(\"12.5 kg\")\nPRINT VAL(\"none\")", "12.5\n0")]),
    Keyword::pure(FAMILY, "LPAD", &[TEXT, Param::required("length", Role::Value), Param::optional("fill", Role::Value)], pad_left).about("A text filled at its beginning up to a length", "Without a fill, blanks. Longer text stays as it is.", &[Example::new("PRINT LPAD(7, 3, \"0\")", "007")]),
    Keyword::pure(FAMILY, "RPAD", &[TEXT, Param::required("length", Role::Value), Param::optional("fill", Role::Value)], pad_right).about("A text filled at its end up to a length", "Without a fill, blanks. Longer text stays as it is.", &[Example::new("PRINT RPAD(\"ab\", 4, \".\")", "ab..")]),
    Keyword::pure(FAMILY, "REPEAT", &[TEXT, COUNT], repeat).about("A text several times over", "", &[Example::new("PRINT REPEAT(\"ab\", 3)", "ababab")]),
    Keyword::pure(FAMILY, "URL_ENCODE", &[TEXT], url_encode).about("A text with all but letters, digits and -._~ written as %XX", "Values in a URL are encoded without it.", &[Example::new("PRINT URL_ENCODE(\"a b&c\")", "a%20b%26c")]),
    Keyword::pure(FAMILY, "URL_DECODE", &[TEXT], url_decode).about("The text that an encoded one stands for", "A plus sign is a blank. What is no encoding is kept.", &[Example::new("PRINT URL_DECODE(\"a%20b%26c\")", "a b&c")]),
    Keyword::pure(FAMILY, "HTML_ESCAPE", &[TEXT], html_escape).about("A text in which no character means anything to HTML", "", &[Example::new("PRINT HTML_ESCAPE(\"<b> & 'c'\")", "&lt;b&gt; &amp; &#39;c&#39;")]),
];

/// A text computed from the first argument.
fn map(context: &PureContext<'_>, arguments: &[Value], change: impl FnOnce(&str) -> String) -> Result<Value, Fault> {
    let text = argument::text(arguments, 0);
    argument::computed(arguments, change(text.as_str()), context.limits)
}

fn len(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Int(match at(arguments, 0) {
        Value::Array(array) => array.len() as i64,
        value => coerce::text(value).as_str().chars().count() as i64,
    }))
}

/// How many characters an argument asks for, negative counts as none.
fn count(arguments: &[Value], index: usize) -> Result<usize, Fault> {
    Ok(argument::integer(arguments, index)?.max(0) as usize)
}

/// The byte where a character begins; the end where there are fewer.
fn byte_of(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

fn left(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if at(arguments, 1).is_nothing() {
        return Ok(Value::Null);
    }
    let count = count(arguments, 1)?;
    map(context, arguments, |text| text[..byte_of(text, count)].to_owned())
}

fn right(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if at(arguments, 1).is_nothing() {
        return Ok(Value::Null);
    }
    let count = count(arguments, 1)?;
    map(context, arguments, |text| text[byte_of(text, text.chars().count().saturating_sub(count))..].to_owned())
}

fn mid(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if at(arguments, 1).is_nothing() {
        return Ok(Value::Null);
    }
    let start = argument::integer(arguments, 1)?.max(1) as usize - 1;
    let count = argument::integer_or(arguments, 2, i64::MAX)?.max(0) as usize;
    map(context, arguments, |text| {
        let rest = &text[byte_of(text, start)..];
        rest[..byte_of(rest, count)].to_owned()
    })
}

fn upper(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(context, arguments, str::to_uppercase)
}

fn lower(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(context, arguments, str::to_lowercase)
}

fn trim(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(context, arguments, |text| text.trim().to_owned())
}

fn trim_left(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(context, arguments, |text| text.trim_start().to_owned())
}

fn trim_right(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(context, arguments, |text| text.trim_end().to_owned())
}

fn replace(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let (text, part, with) = (argument::text(arguments, 0), argument::text(arguments, 1), argument::text(arguments, 2));
    let (text, part, with) = (text.as_str(), part.as_str(), with.as_str());
    if part.is_empty() {
        return argument::computed(arguments, text.to_owned(), context.limits);
    }
    if with.len() > part.len() {
        let growth = text.matches(part).count().saturating_mul(with.len() - part.len());
        argument::check_length(text.len().saturating_add(growth), context.limits)?;
    }
    argument::computed(arguments, text.replace(part, with), context.limits)
}

fn split(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let text = argument::text(arguments, 0);
    let separator = match at(arguments, 1) {
        Value::Missing => ",".to_owned(),
        separator => coerce::text(separator).as_str().to_owned(),
    };
    let part = |part: &str| Value::Text(text.derive(part));
    let parts = match (text.as_str(), separator.as_str()) {
        ("", _) => Vec::new(),
        (text, "") => text.char_indices().map(|(at, char)| part(&text[at..at + char.len_utf8()])).collect(),
        (text, separator) => {
            let mut parts = Vec::new();
            let mut from = 0;
            for at in memmem::find_iter(text.as_bytes(), separator) {
                parts.push(part(&text[from..at]));
                from = at + separator.len();
            }
            parts.push(part(&text[from..]));
            parts
        }
    };
    argument::array(parts, context.limits)
}

fn join(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let separator = match at(arguments, 1) {
        Value::Missing => ", ".to_owned(),
        separator => coerce::text(separator).as_str().to_owned(),
    };
    let mut joined = String::new();
    for (index, item) in argument::items(at(arguments, 0)).iter().enumerate() {
        if index > 0 {
            joined.push_str(&separator);
        }
        coerce::write_text(item, &mut joined);
        argument::check_length(joined.len(), context.limits)?;
    }
    argument::computed(arguments, joined, context.limits)
}

fn contains(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(match at(arguments, 0) {
        Value::Array(array) => array.items().iter().any(|item| operators::equal(item, at(arguments, 1))),
        _ => argument::text(arguments, 0).as_str().contains(argument::text(arguments, 1).as_str()),
    }))
}

fn starts_with(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(argument::text(arguments, 0).as_str().starts_with(argument::text(arguments, 1).as_str())))
}

fn ends_with(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(argument::text(arguments, 0).as_str().ends_with(argument::text(arguments, 1).as_str())))
}

fn instr(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if let Value::Array(array) = at(arguments, 0) {
        let place = array.items().iter().position(|item| operators::equal(item, at(arguments, 1)));
        return Ok(Value::Int(place.map_or(0, |place| place as i64 + 1)));
    }
    let has_start = !matches!(at(arguments, 2), Value::Missing);
    let (start, text, part) = if has_start {
        (argument::integer_or(arguments, 0, 1)?.max(1) as usize - 1, argument::text(arguments, 1), argument::text(arguments, 2))
    } else {
        (0, argument::text(arguments, 0), argument::text(arguments, 1))
    };
    let text = text.as_str();
    let from = byte_of(text, start);
    let found = if text.is_empty() || from == text.len() { None } else { memmem::find(&text.as_bytes()[from..], part.as_str().as_bytes()) };
    Ok(Value::Int(found.map_or(0, |at| (start + text[from..from + at].chars().count()) as i64 + 1)))
}

fn chr(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if any_nothing(arguments) {
        return Ok(Value::Null);
    }
    let code = argument::integer(arguments, 0)?;
    let char = u32::try_from(code).ok().and_then(char::from_u32);
    let char = char.ok_or_else(|| Fault::new("E_ARGUMENT", format!("no character has the number {code}")).at_argument(0))?;
    argument::computed(arguments, char.to_string(), context.limits)
}

fn asc(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Int(argument::text(arguments, 0).as_str().chars().next().map_or(0, |first| i64::from(u32::from(first)))))
}

fn text(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let text = argument::text(arguments, 0);
    Ok(Value::Text(text.derive(text.as_str())))
}

fn val(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if let number @ (Value::Int(_) | Value::Float(_)) = at(arguments, 0) {
        return Ok(number.clone());
    }
    let text = argument::text(arguments, 0);
    let text = text.as_str().trim_start();
    let text = text.strip_prefix('+').unwrap_or(text);
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    // The longest beginning that is a number; leading zeros and a bare point are read as people mean them.
    let (whole, rest) = text.split_at(digits(text));
    let fraction = rest.strip_prefix('.').map_or("", |rest| &rest[..digits(rest)]);
    if whole.is_empty() && fraction.is_empty() {
        return Ok(Value::Int(0));
    }
    let rest = if fraction.is_empty() { rest } else { &rest[1 + fraction.len()..] };
    let exponent = rest.strip_prefix(['e', 'E']).map_or("", |power| {
        let sign = usize::from(power.starts_with(['+', '-']));
        match digits(&power[sign..]) {
            0 => "",
            count => &rest[..1 + sign + count],
        }
    });
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    coerce::numeric_text(&[sign, whole, point, fraction, exponent].concat()).map(Value::from).ok_or_else(operators::overflow)
}

/// How many digits a text begins with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// What must be added to reach a length.
fn padding(arguments: &[Value], context: &PureContext<'_>) -> Result<String, Fault> {
    let text = argument::text(arguments, 0);
    let missing = count(arguments, 1)?.saturating_sub(text.as_str().chars().count());
    let fill = argument::text(arguments, 2);
    let fill = if fill.as_str().is_empty() { " " } else { fill.as_str() };
    argument::check_length(missing.saturating_add(text.as_str().len()), context.limits)?;
    Ok(fill.chars().cycle().take(missing).collect())
}

fn pad_left(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if at(arguments, 1).is_nothing() {
        return Ok(Value::Null);
    }
    let padding = padding(arguments, context)?;
    map(context, arguments, |text| padding + text)
}

fn pad_right(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if at(arguments, 1).is_nothing() {
        return Ok(Value::Null);
    }
    let padding = padding(arguments, context)?;
    map(context, arguments, |text| format!("{text}{padding}"))
}

fn repeat(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if at(arguments, 1).is_nothing() {
        return Ok(Value::Null);
    }
    let count = count(arguments, 1)?;
    argument::check_length(argument::text(arguments, 0).as_str().len().saturating_mul(count), context.limits)?;
    map(context, arguments, |text| text.repeat(count))
}

fn url_encode(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(context, arguments, crate::url::encode)
}

fn url_decode(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(context, arguments, |text| {
        let bytes = text.as_bytes();
        let mut out = Vec::with_capacity(bytes.len());
        let mut index = 0;
        while let Some(byte) = bytes.get(index) {
            let code = text.get(index + 1..index + 3).filter(|_| *byte == b'%').filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
            match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(decoded) => {
                    out.push(decoded);
                    index += 3;
                }
                None => {
                    out.push(if *byte == b'+' { b' ' } else { *byte });
                    index += 1;
                }
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    })
}

fn html_escape(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    map(context, arguments, |text| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;"))
}
