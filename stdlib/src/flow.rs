//! WAIT and ASSERT.

use gbvm_vm::coerce::{self, Number};
use gbvm_vm::fault::Fault;
use gbvm_vm::native::PureContext;
use gbvm_vm::signature::{Form, Kind, Param, Role, Signature};
use gbvm_vm::value::Value;

use crate::argument;
use crate::console;
use crate::keyword::{Call, Example, Function, HostContext, Keyword};

const FAMILY: &str = "Flow";
const SECONDS: &[Param] = &[Param::required("seconds", Role::Value)];
const CONDITION: &[Param] = &[Param::required("condition", Role::Value), Param::optional("message", Role::Value)];

/// The longest wait, in seconds.
const WAIT_MAX: f64 = 86_400.0;
/// How long the clock is let alone at once, in milliseconds: in between, an order to stop is heard.
const STEP_MS: u64 = 50;

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::host(FAMILY, Form::Statement, "WAIT", SECONDS, wait).pausing().about(
        "Lets so many seconds pass",
        "What was written before is committed first, so that nobody waits for the database meanwhile. A wait counts as time of the run; the longest is a day. Fractions may be given.",
        &[Example::new("WAIT 0\nPRINT \"on\"", "on")],
    ),
    Keyword {
        signature: Signature::new("ASSERT", Form::Statement, Kind::Pure, CONDITION),
        family: FAMILY,
        summary: "Fails where a condition does not hold",
        details: "The message is what is said then. The error can be caught like any other; its code is E_ASSERT.",
        examples: &[Example::new("ASSERT 1 + 1 = 2, \"sums are broken\"\nPRINT \"ok\"", "ok")],
        function: Function::Pure(assert),
    },
];

fn wait(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let seconds = match argument::number(call.arguments, 0)? {
        Number::Int(seconds) => seconds as f64,
        Number::Float(seconds) => seconds,
    };
    if !(0.0..=WAIT_MAX).contains(&seconds) {
        return Err(Fault::new("E_RANGE", format!("WAIT takes 0 to {WAIT_MAX} seconds, not {seconds}")).at_argument(0));
    }
    let mut left = (seconds * 1000.0) as u64;
    while left > 0 {
        let step = left.min(STEP_MS);
        context.clock.pause(step)?;
        left -= step;
    }
    Ok(Value::Missing)
}

fn assert(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if coerce::truth(argument::at(arguments, 0)) {
        return Ok(Value::Missing);
    }
    let message = console::shown(argument::at(arguments, 1));
    let message = if message.is_empty() { "the condition of this ASSERT does not hold".to_owned() } else { message };
    Err(Fault::new("E_ASSERT", message))
}
