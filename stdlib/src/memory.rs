//! GET BOT MEMORY and SET BOT MEMORY, and which of its entries are secrets.

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::signature::{Access, Form, Param, Role};
use gbvm_vm::text::{Origin, Text};
use gbvm_vm::value::Value;

use crate::keyword::{Call, Example, HostContext, Keyword};

const KEY: Param = Param::required("key", Role::MemoryKey);
const FAMILY: &str = "Memory";
/// Entries whose key ends so are secrets.
const SECRET_SUFFIXES: [&str; 4] = ["_key", "_secret", "_token", "_password"];

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::host(FAMILY, Form::Keyword, "GET BOT MEMORY", &[KEY], get).access(Access::Read).about(
        "The value stored under a key",
        "A key that was never set gives NULL. Values keep their kind. An entry whose key ends in _key, _secret, _token or _password is a secret: it is masked wherever it would be shown and stored in no table. That ending must be written in the script.",
        &[Example::new("SET BOT MEMORY \"region\", \"eu\"\nPRINT GET BOT MEMORY \"region\"", "eu"), Example::new("SET BOT MEMORY \"crm_api_key\", \"s3cret\"\nPRINT GET BOT MEMORY \"crm_api_key\"", "‹crm_api_key›")],
    ),
    Keyword::host(FAMILY, Form::Statement, "SET BOT MEMORY", &[KEY, Param::required("value", Role::Value)], set).access(Access::Write).about(
        "Stores a value under a key",
        "It is kept until it is set again. The key of a secret must be written in the script from end to end, and a secret can be stored only under the key of a secret.",
        &[Example::new("SET BOT MEMORY \"lag\", 30\nSET BOT MEMORY \"lag\", (GET BOT MEMORY \"lag\") + 1\nPRINT GET BOT MEMORY \"lag\"", "31")],
    ),
];

/// Whether the entry with this key is a secret.
pub fn is_secret_key(key: &str) -> bool {
    SECRET_SUFFIXES.iter().any(|suffix| ends_with(key, suffix))
}

fn ends_with(key: &str, suffix: &str) -> bool {
    key.len().checked_sub(suffix.len()).and_then(|at| key.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

fn key(call: &Call<'_>) -> Result<Text, Fault> {
    match call.argument(0) {
        Value::Text(text) if !text.as_str().is_empty() && !text.has_secret() => Ok(text.clone()),
        Value::Text(text) if text.has_secret() => Err(Fault::new("E_SECRET_LEAK", "the key of a memory entry is made from a secret, and keys are not kept secret").at_argument(0)),
        value => Err(Fault::of_value("E_ARGUMENT", "a memory entry needs a key", value, if value.is_nothing() { value.kind() } else { "no text or an empty one" }).at_argument(0)),
    }
}

/// The literal text at the end of a key.
fn literal_end(key: &Text) -> String {
    match key.parts().pop() {
        Some((Origin::Literal, part)) => part.to_owned(),
        _ => String::new(),
    }
}

fn secret_key_fault(message: &str) -> Fault {
    Fault::new("E_SECRET_KEY", message).at_argument(0)
}

fn get(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let key = key(call)?;
    let stored = context.storage.memory(key.as_str())?;
    if !is_secret_key(key.as_str()) {
        return Ok(stored.unwrap_or(Value::Null));
    }
    if !is_secret_key(&literal_end(&key)) {
        return Err(secret_key_fault("the ending that makes this entry a secret (_key, _secret, _token, _password) is data; write it in the script"));
    }
    let secret = stored.map_or_else(String::new, |value| coerce::text(&value).as_str().to_owned());
    Ok(Value::Text(Text::secret(key.as_str(), secret)))
}

fn set(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let key = key(call)?;
    let value = call.argument(1);
    if is_secret_key(key.as_str()) {
        if !key.is_literal() {
            return Err(secret_key_fault("the key of a secret that is set must be written in the script from end to end"));
        }
    } else if let Some(secret) = coerce::secret_in(value) {
        let name = secret.secret_key().map_or("", |name| &**name);
        let message = format!("the secret \"{name}\" would be stored under a key that does not keep it secret; end the key in _key, _secret, _token or _password");
        return Err(Fault::new("E_SECRET_LEAK", message).at_argument(1));
    }
    let value = if value.is_nothing() { &Value::Null } else { value };
    context.storage.set_memory(key.as_str(), value)?;
    Ok(Value::Missing)
}
