//! Functions that the loop calls without stopping.

use std::sync::Arc;

use crate::fault::Fault;
use crate::instant::Instant;
use crate::limits::Limits;
use crate::value::Value;

/// What a pure function may see besides its arguments.
pub struct PureContext<'a> {
    /// The present instant.
    pub now: &'a dyn Fn() -> Instant,
    /// The bounds in force.
    pub limits: &'a Limits,
}

/// A function of the table that the loop calls. It gets as many arguments as its signature has parameters, the
/// missing ones MISSING; of a variadic one, as many as were given.
pub type PureFunction = fn(&PureContext<'_>, &[Value]) -> Result<Value, Fault>;

/// A function of the table that changes its first argument where that stands; the slice has MISSING in its place. Where
/// it fails, what it was to change is as before.
pub type ChangingFunction = fn(&PureContext<'_>, &mut Value, &[Value]) -> Result<Changed, Fault>;

/// What a function gives that changed its first argument.
pub struct Changed {
    /// Its result.
    pub value: Value,
    /// How many elements had to move, which takes time.
    pub moved: usize,
}

/// A function that an embedding program registered.
pub type EmbeddedFunction = Arc<dyn Fn(&[Value]) -> Result<Value, Fault> + Send + Sync>;

/// What an import of a program is bound to.
#[derive(Clone)]
pub enum Native {
    /// Called inside the loop.
    Pure(PureFunction),
    /// Called inside the loop; it changes its first argument.
    Changing(ChangingFunction),
    /// Called inside the loop; it asks what a value is, and may be asked of a secret that is not set.
    Asking(PureFunction),
    /// Called inside the loop; from the embedding program.
    Embedded(EmbeddedFunction),
    /// The loop stops for it.
    Host,
}
