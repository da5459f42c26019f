//! A failure in the script author's words, with a code that programs can test.

use std::borrow::Cow;
use std::fmt;

use crate::value::Value;

/// The most bytes of a message, or of a code, that are shown at one time: a script may throw a text of any size.
const SHOWN_MAX: usize = 4096;

/// A message as it is shown: whole, or its beginning and how much is left out.
pub fn shown(message: &str) -> Cow<'_, str> {
    if message.len() <= SHOWN_MAX {
        return Cow::Borrowed(message);
    }
    let mut end = SHOWN_MAX;
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    Cow::Owned(format!("{}… ({} bytes more)", &message[..end], message.len() - end))
}

/// Why a statement failed.
///
/// `code` is stable (`E_TYPE`, `E_FILTER_EMPTY`, …) or what a script threw; `message` says the thing and the next step and never holds a
/// secret or the data of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The stable code.
    pub code: Cow<'static, str>,
    /// The explanation, one sentence or two, without place and without code.
    pub message: String,
    /// Where it happened: filled in by the machine, innermost first; empty outside of a run.
    pub trace: Vec<Place>,
    /// The argument at fault, counted from 0, so that the machine can point at it.
    pub argument: Option<u8>,
    /// Whether it ends the run whatever the script says: a bound that was reached, an order to stop.
    pub ends_run: bool,
    /// What of it the machine can name.
    pub(crate) about: About,
    /// The instructions that led to it, innermost first, where it was noticed before.
    pub(crate) way: Vec<Step>,
}

/// What a fault is about, so that the machine, which knows variables, can name it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) enum About {
    /// Nothing that has a name.
    #[default]
    Nothing,
    /// A value of the wrong kind.
    Value(Box<WrongValue>),
    /// An operand that is no number.
    Operand(Box<WrongValue>),
    /// Something that may not be NULL or empty, and is.
    Empty,
    /// A division by what is 0, or counts as 0.
    Divisor,
    /// A result that its operands make too large.
    Result,
}

/// A value that is refused, as the end of a message: from `lead` on, "`name` is {shown}" may stand instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrongValue {
    /// How many bytes of the message stand before the value.
    pub lead: usize,
    /// What the value is.
    pub shown: String,
    /// Whether it is NULL or MISSING.
    pub is_nothing: bool,
}

/// One step of the way to a fault: calls that wait at one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The instruction.
    pub at: u32,
    /// How many calls in a row wait there.
    pub times: u32,
    /// How many calls around these are left out before the next step.
    pub left_out: u32,
}

/// One line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's name as given to the compiler.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The procedure, empty for the main part of the script.
    pub procedure: String,
    /// The text of the line, without its line break.
    pub text: String,
    /// How many characters of it are meant.
    pub width: u32,
    /// How many calls in a row wait here: more than one where a procedure calls itself.
    pub times: u32,
    /// How many calls around these are left out of the trace before the next place.
    pub left_out: u32,
}

impl Fault {
    /// A fault without a place.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Fault {
        Fault { code: code.into(), message: message.into(), trace: Vec::new(), argument: None, ends_run: false, about: About::Nothing, way: Vec::new() }
    }

    /// A fault without a place that no handler of a script takes, so that no script goes on past it.
    pub fn ending(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Fault {
        Fault { ends_run: true, ..Fault::new(code, message) }
    }

    /// The fault of a value that is not what is wanted: "{wanted}, and this is {shown}". Where the value has a name in the
    /// script, that stands in the place of "this".
    pub fn of_value(code: impl Into<Cow<'static, str>>, wanted: &str, value: &Value, shown: impl Into<String>) -> Fault {
        let shown = shown.into();
        let about = WrongValue { lead: wanted.len() + ", and ".len(), shown: shown.clone(), is_nothing: value.is_nothing() };
        Fault { about: About::Value(Box::new(about)), ..Fault::new(code, format!("{wanted}, and this is {shown}")) }
    }

    /// The fault of an operand that is no number: "{wanted}, and {shown} is none", or "… and `name` is {shown}".
    pub(crate) fn of_operand(code: &'static str, wanted: &str, shown: String) -> Fault {
        let message = format!("{wanted}, and {shown} is none");
        let about = WrongValue { lead: wanted.len() + ", and ".len(), shown, is_nothing: false };
        Fault { about: About::Operand(Box::new(about)), ..Fault::new(code, message) }
    }

    /// The fault of something that may not be NULL or empty, and is: the machine says which variable it is, and why.
    pub fn of_empty(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Fault {
        Fault { about: About::Empty, ..Fault::new(code, message) }
    }

    /// The fault of a division by 0.
    pub(crate) fn of_divisor(code: &'static str, message: &str) -> Fault {
        Fault { about: About::Divisor, ..Fault::new(code, message) }
    }

    /// The fault of a result that is too large: the machine says of which variables it is made.
    pub(crate) fn of_result(code: &'static str, message: &str) -> Fault {
        Fault { about: About::Result, ..Fault::new(code, message) }
    }

    /// The same fault, which no handler of a script takes.
    pub fn and_ends(mut self) -> Fault {
        self.ends_run = true;
        self
    }

    /// The same fault, pointing at an argument of the call (from 0).
    pub fn at_argument(mut self, index: u8) -> Fault {
        self.argument = Some(index);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.trace.first() {
            write!(f, "{}:{}:{}: ", place.file, place.line, place.column)?;
        }
        write!(f, "error[{}]: {}", shown(&self.code), shown(&self.message))
    }
}

impl std::error::Error for Fault {}
