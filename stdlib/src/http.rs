//! GET, POST and their kin: a call whose answer is used is made at once, one that stands as a statement is queued.

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::object::Object;
use gbvm_vm::program::Wanted;
use gbvm_vm::signature::{Access, Form, Param, Role};
use gbvm_vm::text::Text;
use gbvm_vm::value::Value;

use crate::argument;
use crate::body;
use crate::headers;
use crate::json;
use crate::keyword::{Call, Example, HostContext, Keyword};
use crate::query;
use crate::services::{Answer, Request};
use crate::url;

/// A header set by SET HEADER.
#[derive(Clone, Debug, PartialEq)]
pub struct OutgoingHeader {
    /// The procedure call that set it, by serial number: it ends with that call.
    pub frame: u64,
    /// The name as written.
    pub name: String,
    /// The value; an empty one hides what an outer call set.
    pub value: Text,
    /// The origin it is bound to, once it was sent and where it is a credential.
    pub origin: Option<String>,
}

const URL: Param = Param::required("url", Role::Url);
const WITH_BODY: &[Param] = &[URL, Param::optional("body", Role::Value), Param::optional("content type", Role::Header)];
const FAMILY: &str = "HTTP";
/// Examples name a host that no test reaches, so they show the statement form, which is queued.
const RULES: &str = "Used as a value, the call is made at once and gives the answer: `.status`, `.ok`, `.headers` and `.body` are the HTTP answer's, any other field is read from a JSON body. A status below 500 other than 408, 425 and 429 is an answer; of one that is not 2xx only these four can be read. As a statement, the call is delivered after the run has committed. Scheme and host must be written in the script; a value in the path or query is encoded.";

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::host(FAMILY, Form::Keyword, "GET", &[URL], get).access(Access::Write).immediate().about("Makes an HTTP GET request", RULES, &[Example::new("GET \"https://api.example.com/ping/\" + 7\nPRINT \"queued\"", "queued")]),
    Keyword::host(FAMILY, Form::Keyword, "POST", WITH_BODY, post).access(Access::Write).immediate().about(
        "Makes an HTTP POST request",
        RULES,
        &[Example::new("POST \"https://hooks.example.com/alert\", {text: \"low stock\"}\nPRINT \"queued\"", "queued")],
    ),
    Keyword::host(FAMILY, Form::Keyword, "PUT", WITH_BODY, put).access(Access::Write).immediate().about("Makes an HTTP PUT request", RULES, &[Example::new("PUT \"https://api.example.com/items/\" + \"a b\", {qty: 3}\nPRINT \"queued\"", "queued")]),
    Keyword::host(FAMILY, Form::Keyword, "PATCH", WITH_BODY, patch).access(Access::Write).immediate().about("Makes an HTTP PATCH request", RULES, &[Example::new("PATCH \"https://api.example.com/items/1\", {qty: 3}\nPRINT \"queued\"", "queued")]),
    Keyword::host(FAMILY, Form::Keyword, "DELETE HTTP", &[URL], delete).access(Access::Write).immediate().about("Makes an HTTP DELETE request", RULES, &[Example::new("DELETE HTTP \"https://api.example.com/items/1\"\nPRINT \"queued\"", "queued")]),
];

/// Whether a text begins as a URL does.
pub fn is_url(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

fn get(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    perform(context, call, "GET")
}

fn post(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    perform(context, call, "POST")
}

fn put(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    perform(context, call, "PUT")
}

fn patch(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    perform(context, call, "PATCH")
}

fn delete(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    perform(context, call, "DELETE")
}

/// DELETE with a URL where a table was expected. Its answer cannot be waited for: the segment it stands in was not
/// ended before it.
///
/// # Errors
/// `E_ARGUMENT` where the answer is used, and those of DELETE HTTP.
pub fn delete_from_data_form(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    if call.wanted() != Wanted::Nothing {
        return Err(Fault::new("E_ARGUMENT", "this DELETE calls a URL; write DELETE HTTP to use its answer").at_argument(0));
    }
    perform(context, call, "DELETE")
}

fn perform(context: &mut HostContext<'_>, call: &Call<'_>, method: &'static str) -> Result<Value, Fault> {
    let request = request(context, call, method)?;
    if call.wanted() == Wanted::Nothing {
        context.storage.queue_call(&request)?;
        return Ok(Value::Missing);
    }
    if let Some(unset) = unset_secret(&request) {
        return Err(query::unset_secret(unset));
    }
    let answer = context.http.call(&request)?;
    answer_value(&request, &answer, context)
}

/// The first text of a request that needs a secret which is not set.
pub fn unset_secret(request: &Request) -> Option<&Text> {
    let headers = request.headers.iter().map(|(_, value)| value);
    [&request.url].into_iter().chain(headers).chain(&request.body).find(|text| text.unset_secret().is_some())
}

fn request(context: &mut HostContext<'_>, call: &Call<'_>, method: &'static str) -> Result<Request, Fault> {
    let Value::Text(text) = call.argument(0) else {
        return Err(Fault::of_value("E_URL", &format!("{method} needs a URL"), call.argument(0), argument::kind_of(call.argument(0))).at_argument(0));
    };
    let url = url::build(text, context.allowed_origins).map_err(|fault| fault.at_argument(0))?;
    let mut headers = headers::for_origin(context.run, call, &url.origin);
    let content_type = content_type(call, method, &headers)?;
    let body = if has_body(method) { body::of_value(call.argument(1), content_type.as_ref().map(Text::as_str)) } else { None };
    if let Some((_, otherwise)) = &body {
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        headers.push(("Content-Type".to_owned(), content_type.unwrap_or_else(|| Text::literal(*otherwise))));
    }
    Ok(Request { method, url: url.text, origin: url.origin, headers, body: body.map(|(body, _)| body) })
}

fn has_body(method: &str) -> bool {
    matches!(method, "POST" | "PUT" | "PATCH")
}

/// The content type that the call asks for: its argument, else the header.
fn content_type(call: &Call<'_>, method: &str, headers: &[(String, Text)]) -> Result<Option<Text>, Fault> {
    let given = coerce::text(if has_body(method) { call.argument(2) } else { &Value::Missing });
    if !given.as_str().is_empty() {
        headers::check_value("Content-Type", given.as_str()).map_err(|fault| fault.at_argument(2))?;
        return Ok(Some(given));
    }
    Ok(headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type")).map(|(_, value)| value.clone()))
}

/// The value of an answer.
fn answer_value(request: &Request, answer: &Answer, context: &HostContext<'_>) -> Result<Value, Fault> {
    let said = format!("{} {} answered {}", request.method, request.origin, answer.status);
    if matches!(answer.status, 408 | 425 | 429) || answer.status >= 500 {
        return Err(Fault::new("E_HTTP", said));
    }
    let body = answer_body(answer, context);
    let is_ok = (200..300).contains(&answer.status);
    let mut value = match &body {
        Value::Object(fields) if is_ok => fields.clone(),
        _ => Object::new(),
    };
    value.set_str("status", Value::Int(i64::from(answer.status)))?;
    value.set_str("ok", Value::Bool(is_ok))?;
    value.set_str("headers", Value::Object(answer_headers(answer)?.headers()))?;
    value.set_str("body", body)?;
    if !is_ok {
        value = value.strict(format!("{said}, and of such an answer only .status, .ok, .headers and .body can be read"));
    }
    Ok(Value::Object(value))
}

/// JSON where the answer says so or looks so, and is; else text.
fn answer_body(answer: &Answer, context: &HostContext<'_>) -> Value {
    let content_type = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type")).map_or("", |(_, value)| value.as_str());
    let looks_like_json = matches!(answer.body.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'{' | b'['));
    if (content_type.to_ascii_lowercase().contains("json") || looks_like_json)
        && let Ok(value) = json::parse(&answer.body, context.limits)
    {
        return value;
    }
    Value::text(String::from_utf8_lossy(&answer.body))
}

/// Names in lower case with `_` for `-`, as in a webhook's `headers`; values of a repeated name joined by commas.
fn answer_headers(answer: &Answer) -> Result<Object, Fault> {
    let mut headers = Object::new();
    for (name, value) in &answer.headers {
        let name = name.to_ascii_lowercase().replace('-', "_");
        let joined = match headers.get(&name) {
            Some(earlier) => format!("{}, {value}", coerce::text(earlier).as_str()),
            None => value.clone(),
        };
        headers.set_str(&name, Value::text(joined))?;
    }
    Ok(headers)
}
