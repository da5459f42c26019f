//! The bytes from which an interrupted run goes on: the machine's state and what its keywords carry.

use std::sync::Arc;

use gbvm_stdlib::http::OutgoingHeader;
use gbvm_stdlib::keyword::RunState;
use gbvm_vm::checkpoint::{read_value, write_value};
use gbvm_vm::fault::Fault;
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::{Linked, Secrets, Vm};
use gbvm_vm::value::{Array, Value};

use crate::segment::Segment;

/// The form of these bytes; a reader refuses every other.
const VERSION: u8 = 2;

/// What a checkpoint holds.
pub struct Resumed {
    /// The machine, waiting for the call that was in flight.
    pub vm: Vm,
    /// The headers that SET HEADER had set.
    pub headers: Vec<OutgoingHeader>,
    /// Whether the caller had proved who it is.
    pub is_authenticated: bool,
    /// How many calls with an answer had been begun.
    pub calls: u32,
    /// The row that it had updated or saved last.
    pub last_row: Option<String>,
}

/// Writes the state of a run that waits for a call.
///
/// # Errors
/// Where a secret cannot be sealed.
pub fn write(vm: &Vm, state: &RunState, calls: u32, last_row: Option<&str>, secrets: &dyn Secrets) -> Result<Vec<u8>, Fault> {
    let headers = state.headers.iter().map(|header| {
        Value::array(vec![
            Value::Int(header.frame as i64),
            Value::text(header.name.as_str()),
            Value::Text(header.value.clone()),
            header.origin.as_ref().map_or(Value::Null, |origin| Value::text(origin.as_str())),
        ])
    });
    let carried = Value::array(vec![
        Value::Bool(state.is_authenticated),
        Value::Int(i64::from(calls)),
        last_row.map_or(Value::Null, Value::text),
        Value::Array(Array::new(headers.collect::<Result<_, _>>()?)?),
    ])?;
    let machine = vm.checkpoint(secrets)?;
    let mut bytes = vec![VERSION];
    bytes.extend((machine.len() as u64).to_le_bytes());
    bytes.extend(machine);
    write_value(&carried, secrets, &mut bytes)?;
    Ok(bytes)
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// `E_CHECKPOINT` where the bytes are of another version or another program, or damaged.
pub fn read(bytes: &[u8], linked: &Arc<Linked>, limits: &Arc<Limits>, secrets: &dyn Secrets) -> Result<Resumed, Fault> {
    let damaged = || Fault::new("E_CHECKPOINT", "the run's checkpoint is damaged or of another version");
    let rest = bytes.strip_prefix(&[VERSION]).ok_or_else(damaged)?;
    let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| damaged())?;
    let (machine, mut rest) = rest.split_at_checked(length).ok_or_else(damaged)?;
    let vm = Vm::restore(linked, limits, machine, secrets)?;
    let carried = read_value(&mut rest, secrets)?;
    let Value::Array(carried) = &carried else { return Err(damaged()) };
    let [Value::Bool(is_authenticated), Value::Int(calls), last_row, Value::Array(headers)] = carried.items() else { return Err(damaged()) };
    let headers = headers.items().iter().map(|header| {
        let Value::Array(header) = header else { return Err(damaged()) };
        let [Value::Int(frame), Value::Text(name), Value::Text(value), origin] = header.items() else { return Err(damaged()) };
        Ok(OutgoingHeader {
            frame: *frame as u64,
            name: name.as_str().to_owned(),
            value: value.clone(),
            origin: text_of(origin),
        })
    });
    Ok(Resumed { vm, headers: headers.collect::<Result<_, _>>()?, is_authenticated: *is_authenticated, calls: u32::try_from(*calls).map_err(|_| damaged())?, last_row: text_of(last_row) })
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.as_str().to_owned()),
        _ => None,
    }
}

/// Secrets as the store and the configuration know them.
pub struct StoreSecrets<'s, 'a>(pub &'s Segment<'a>);

impl Secrets for StoreSecrets<'_, '_> {
    fn reveal(&self, key: &str) -> Option<String> {
        let value = self.0.memory(key).ok()??;
        Some(gbvm_vm::coerce::text(&value).as_str().to_owned())
    }

    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.0.within(false, |store| Ok(store.seal(plain))).ok()?
    }

    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        self.0.within(false, |store| Ok(store.open_sealed(sealed))).ok()?
    }
}
