//! What a run came to, and the answer that its caller gets.

use gbvm_vm::coerce;
use gbvm_vm::fault::{Fault, shown};
use gbvm_vm::machine::Vm;
use gbvm_vm::object::Object;
use gbvm_vm::value::Value;

/// What a finished run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The run's id.
    pub run_id: String,
    /// The answer.
    pub reply: Reply,
    /// Why it failed, if it did.
    pub fault: Option<Fault>,
}

/// An answer to a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Reply {
    /// A JSON answer.
    pub fn json(status: u16, body: String) -> Reply {
        Reply { status, headers: vec![("content-type".into(), "application/json".into())], body: body.into_bytes() }
    }

    /// `{"error": code, "message": …}`.
    pub fn error(status: u16, code: &str, message: &str) -> Reply {
        let mut body = String::from("{\"error\":");
        coerce::write_json_text(&shown(code), &mut body);
        body.push_str(",\"message\":");
        coerce::write_json_text(&shown(message), &mut body);
        body.push('}');
        Reply::json(status, body)
    }

    /// The answer where a request met a fault of the server itself, which is in its log.
    pub fn broken() -> Reply {
        Reply::error(500, "E_INTERNAL", "The server failed while it handled this request. Its log says more.")
    }

    /// The answer to a caller whose run failed: it learns the code and the run, and the message only where that is what
    /// was said of an input of its own. The same code may be thrown by the script, for what no caller is to know.
    pub fn failed(fault: &Fault, run_id: &str, refused_input: Option<&str>) -> Reply {
        let status = match &*fault.code {
            // Before the run began, the mistake was in the request, and its sender may learn it.
            "E_JSON" | "E_BODY" if fault.trace.is_empty() => return Reply::error(400, &fault.code, &fault.message),
            "E_PARAM" if refused_input == Some(fault.message.as_str()) => return Reply::error(400, &fault.code, &fault.message),
            "E_SIGNATURE" if fault.trace.is_empty() => 401,
            "E_HTTP" => 502,
            "E_DATABASE_FULL" | "E_DATABASE_BUSY" => 503,
            "E_STOPPING" if fault.ends_run => 503,
            "E_UNIQUE" => 409,
            _ => 500,
        };
        let mut body = String::from("{\"error\":");
        coerce::write_json_text(&shown(&fault.code), &mut body);
        body.push_str(",\"run\":");
        coerce::write_json_text(run_id, &mut body);
        body.push('}');
        let mut reply = Reply::json(status, body);
        if status == 503 {
            reply.headers.push(("retry-after".into(), "5".into()));
        }
        reply
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The answer of a run that ended well: `result`, else the variables `result_*` as one object, else `{"status":"ok"}`.
///
/// # Errors
/// `E_SECRET_LEAK` where the answer would hold a secret.
pub fn reply_of(vm: &Vm) -> Result<Reply, Fault> {
    let result = match vm.variable("result") {
        Some(value) if !matches!(value, Value::Missing) => value.clone(),
        _ => Value::Object(parts_of_result(vm)?),
    };
    if let Some(secret) = coerce::secret_in(&result) {
        return Err(Fault::new("E_SECRET_LEAK", format!("the answer would hold the secret {}", secret.masked())));
    }
    let Value::Object(object) = &result else {
        return Ok(Reply::json(200, coerce::json(&result)));
    };
    let status = match object.get("status") {
        Some(Value::Int(status)) if (100..600).contains(status) => *status as u16,
        // A float without a fraction is written like an integer everywhere.
        Some(Value::Float(status)) if status.fract() == 0.0 && (100.0..600.0).contains(status) => *status as u16,
        _ => 200,
    };
    let mut reply = match object.get("body") {
        Some(Value::Text(text)) => Reply { status, headers: vec![("content-type".into(), "text/plain; charset=utf-8".into())], body: text.as_str().into() },
        Some(body) => Reply::json(status, coerce::json(body)),
        None => Reply::json(status, coerce::json(&result)),
    };
    if let Some(Value::Object(headers)) = object.get("headers").filter(|_| object.get("body").is_some()) {
        for (name, value) in headers.fields() {
            let name = name.to_ascii_lowercase();
            reply.headers.retain(|(own, _)| *own != name);
            reply.headers.push((name, coerce::text(value).as_str().to_owned()));
        }
    }
    Ok(reply)
}

fn parts_of_result(vm: &Vm) -> Result<Object, Fault> {
    let parts = vm.variables().filter_map(|(name, value)| Some((name.strip_prefix("result_")?, value)));
    let object = Object::of_fields(parts.filter(|(_, value)| !matches!(value, Value::Missing)).map(|(name, value)| (name, value.clone())))?;
    if object.is_empty() { Object::of_fields([("status", Value::text("ok"))]) } else { Ok(object) }
}
