//! What an event looks like to its script: the variables `body`, `headers`, `params`, `trigger` and so on.

use std::collections::BTreeMap;

use gbvm_stdlib::http::OutgoingHeader;
use gbvm_stdlib::json;
use gbvm_stdlib::keyword::RunState;
use gbvm_vm::fault::Fault;
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::Vm;
use gbvm_vm::object::Object;
use gbvm_vm::value::Value;

use crate::event::{Event, TriggerEvent, WebhookEvent};

/// Sets the variables of a run that begins, and what its keywords know of the request. What the event brings comes
/// before the inputs that every run gets.
///
/// # Errors
/// `E_JSON` for a body that says it is JSON and is not, `E_BODY` for one that is no text.
pub fn begin(vm: &mut Vm, event: &Event, inputs: &BTreeMap<String, String>, limits: &Limits) -> Result<RunState, Fault> {
    let state = state_of(event, inputs, limits)?;
    let pairs = |pairs: &[(String, String)]| Object::of_fields(pairs.iter().map(|(name, value)| (name.as_str(), Value::text(value.as_str()))));
    let mut given = inputs.clone();
    if let Event::Manual(manual) = event {
        given.extend(manual.params.clone());
    }
    for (name, value) in &given {
        vm.set_variable(name, Value::text(value.as_str()));
    }
    vm.set_variable("params", Value::Object(pairs(&given.into_iter().collect::<Vec<_>>())?));
    match event {
        Event::Webhook(webhook) => {
            vm.set_variable("body", state.body.clone());
            vm.set_variable("headers", Value::Object(pairs(&webhook.headers)?.headers()));
            vm.set_variable("params", Value::Object(pairs(&webhook.query)?));
            vm.set_variable("method", Value::text(webhook.method.as_str()));
            vm.set_variable("path", Value::text(webhook.path.as_str()));
        }
        Event::Trigger(trigger) => {
            vm.set_variable("trigger", trigger_value(trigger, limits)?);
        }
        Event::Schedule(_) | Event::Manual(_) => {}
    }
    Ok(state)
}

/// What the keywords of a run that goes on know of its request, and what they had been told since.
///
/// # Errors
/// As [`begin`].
pub fn resume(event: &Event, inputs: &BTreeMap<String, String>, limits: &Limits, headers: Vec<OutgoingHeader>, is_authenticated: bool) -> Result<RunState, Fault> {
    Ok(RunState { headers, is_authenticated, ..state_of(event, inputs, limits)? })
}

fn state_of(event: &Event, inputs: &BTreeMap<String, String>, limits: &Limits) -> Result<RunState, Fault> {
    let own = match event {
        Event::Webhook(webhook) => webhook.query.clone(),
        Event::Manual(manual) => manual.params.clone().into_iter().collect(),
        Event::Trigger(_) | Event::Schedule(_) => Vec::new(),
    };
    // What the event brings comes before what every run gets.
    let inputs = own.into_iter().chain(inputs.clone()).collect();
    match event {
        Event::Webhook(webhook) => Ok(RunState {
            raw_body: webhook.body.clone(),
            body: read_body(webhook, limits)?,
            request_headers: webhook.headers.clone(),
            inputs,
            ..RunState::default()
        }),
        Event::Trigger(_) | Event::Schedule(_) | Event::Manual(_) => Ok(RunState { inputs, ..RunState::default() }),
    }
}

fn trigger_value(trigger: &TriggerEvent, limits: &Limits) -> Result<Value, Fault> {
    let image = |text: &Option<String>| match text {
        Some(text) => json::parse(text.as_bytes(), limits),
        None => Ok(Value::Null),
    };
    Ok(Value::Object(Object::of_fields([
        ("operation", Value::text(trigger.operation.as_str())),
        ("table", Value::text(trigger.table.as_str())),
        ("id", Value::text(trigger.row_id.as_str())),
        ("new_data", image(&trigger.new)?),
        ("old_data", image(&trigger.old)?),
    ])?))
}

/// JSON or a form as an object, else text. A body without a content type, or that a client labelled as a form by
/// habit, is JSON where it reads as JSON.
///
/// # Errors
/// `E_JSON`, `E_BODY`.
pub fn read_body(webhook: &WebhookEvent, limits: &Limits) -> Result<Value, Fault> {
    if webhook.body.is_empty() {
        return Ok(Value::Missing);
    }
    let kind = webhook.headers.iter().find(|(name, _)| name == "content_type").map_or("", |(_, value)| value.as_str());
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if kind == "application/json" || kind.ends_with("+json") {
        return json::parse(&webhook.body, limits);
    }
    let looks_like_json = matches!(webhook.body.trim_ascii_start().first(), Some(b'{' | b'['));
    if (looks_like_json || kind.is_empty())
        && let Ok(value) = json::parse(&webhook.body, limits)
    {
        return Ok(value);
    }
    let text = std::str::from_utf8(&webhook.body).map_err(|_| Fault::new("E_BODY", "the body is neither JSON nor UTF-8 text"))?;
    if kind == "application/x-www-form-urlencoded" {
        let fields = crate::form::decode(text);
        return Ok(Value::Object(Object::of_fields(fields.into_iter().map(|(name, value)| (name, Value::text(value))))?));
    }
    Ok(Value::text(text))
}
