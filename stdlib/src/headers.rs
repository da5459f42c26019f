//! SET HEADER and CLEAR HEADERS, how long a header lasts and to whom it is sent.

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::signature::{Form, Param, Role};
use gbvm_vm::text::Text;
use gbvm_vm::value::Value;

use crate::argument;
use crate::http::OutgoingHeader;
use crate::keyword::{Call, Example, HostContext, Keyword, RunState};

const FAMILY: &str = "HTTP";
/// Headers that belong to the connection and not to the script.
const REFUSED: [&str; 12] = [
    "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect", "proxy-connection", "proxy-authorization", "http2-settings",
];

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::host(FAMILY, Form::Statement, "SET HEADER", &[Param::required("name", Role::Header), Param::required("value", Role::Header)], set).about(
        "Sets a header for the HTTP calls that follow",
        "It lasts to the end of the procedure that set it, in the main part to the end of the run; an empty value clears it. A header with a secret in it, or one named Authorization, Cookie or after a key, token or secret, is sent only to the first origin it was sent to, until it is set again. The name must be written in the script.",
        &[Example::new("SET HEADER \"Accept\", \"application/json\"\nPRINT \"set\"", "set")],
    ),
    Keyword::host(FAMILY, Form::Statement, "CLEAR HEADERS", &[], clear).about(
        "Clears the headers that SET HEADER set",
        "",
        &[Example::new("SET HEADER \"Accept\", \"text/csv\"\nCLEAR HEADERS\nPRINT \"cleared\"", "cleared")],
    ),
];

/// Checks a header's name.
///
/// # Errors
/// `E_HEADER_VALUE`.
pub fn check_name(name: &str) -> Result<(), Fault> {
    let is_token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    if !is_token {
        return Err(Fault::new("E_HEADER_VALUE", "the name of a header consists of letters, digits and - without blanks"));
    }
    if REFUSED.iter().any(|refused| name.eq_ignore_ascii_case(refused)) {
        return Err(Fault::new("E_HEADER_VALUE", format!("the header {name} belongs to the connection and cannot be set")));
    }
    Ok(())
}

/// Checks a header's value.
///
/// # Errors
/// `E_HEADER_VALUE`.
pub fn check_value(name: &str, value: &str) -> Result<(), Fault> {
    if value.chars().any(|char| char.is_control() && char != '\t') {
        return Err(Fault::new("E_HEADER_VALUE", format!("the value of the header {name} holds a line break or another control character")));
    }
    Ok(())
}

fn is_credential(name: &str, value: &Text) -> bool {
    let name = name.to_ascii_lowercase();
    value.has_secret() || matches!(name.as_str(), "authorization" | "cookie") || ["key", "token", "secret"].iter().any(|part| name.contains(part))
}

fn set(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let Value::Text(name) = call.argument(0) else {
        return Err(Fault::of_value("E_HEADER_VALUE", "a header needs a name", call.argument(0), argument::kind_of(call.argument(0))).at_argument(0));
    };
    if !name.is_literal() {
        return Err(Fault::new("E_HEADER_VALUE", "the name of a header must be written in the script, and this one is data").at_argument(0));
    }
    let name = name.as_str().trim();
    check_name(name).map_err(|fault| fault.at_argument(0))?;
    let value = coerce::text(call.argument(1));
    check_value(name, value.as_str()).map_err(|fault| fault.at_argument(1))?;
    put(context.run, call, name, value);
    Ok(Value::Missing)
}

fn clear(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    drop_ended(context.run, call);
    let names: Vec<String> = context.run.headers.iter().map(|header| header.name.clone()).collect();
    for name in names {
        put(context.run, call, &name, Text::literal(""));
    }
    Ok(Value::Missing)
}

/// Sets a header for the procedure call at hand. An outer one of the same name is hidden until this call ends.
fn put(run: &mut RunState, call: &Call<'_>, name: &str, value: Text) {
    drop_ended(run, call);
    let frame = call.frame();
    run.headers.retain(|header| header.frame != frame || !header.name.eq_ignore_ascii_case(name));
    let is_cleared = value.as_str().is_empty() && !value.has_secret();
    if is_cleared && !run.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name)) {
        return;
    }
    run.headers.push(OutgoingHeader { frame, name: name.to_owned(), value, origin: None });
}

/// Forgets the headers of procedure calls that ended.
fn drop_ended(run: &mut RunState, call: &Call<'_>) {
    if run.headers.iter().any(|header| !call.frames.contains(&header.frame)) {
        run.headers.retain(|header| call.frames.contains(&header.frame));
    }
}

/// The headers to send to an origin. Credentials that were never sent are bound to it; those of another stay behind.
pub fn for_origin(run: &mut RunState, call: &Call<'_>, origin: &str) -> Vec<(String, Text)> {
    drop_ended(run, call);
    let mut sent: Vec<(String, Text)> = Vec::new();
    for at in (0..run.headers.len()).rev() {
        let header = &run.headers[at];
        let is_hidden = run.headers[at + 1..].iter().any(|inner| inner.name.eq_ignore_ascii_case(&header.name));
        let is_cleared = header.value.as_str().is_empty() && !header.value.has_secret();
        if is_hidden || is_cleared {
            continue;
        }
        if is_credential(&header.name, &header.value) {
            let bound = run.headers[at].origin.get_or_insert_with(|| origin.to_owned());
            if bound != origin {
                continue;
            }
        }
        let header = &run.headers[at];
        sent.push((header.name.clone(), header.value.clone()));
    }
    sent.reverse();
    sent
}
