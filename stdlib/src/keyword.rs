//! The record of a keyword: one `const` in its family's file is all there is of it.

use gbvm_vm::fault::Fault;
use gbvm_vm::limits::Limits;
use gbvm_vm::native::PureFunction;
use gbvm_vm::program::{CallSite, Wanted};
use gbvm_vm::signature::Signature;
use gbvm_vm::template::{Source, Template};
use gbvm_vm::value::Value;

use crate::services::{Clock, Console, HttpClient, Storage};

/// A keyword or function of the language.
#[derive(Clone, Copy)]
pub struct Keyword {
    /// What the compiler must know.
    pub signature: Signature,
    /// The family under which the reference lists it.
    pub family: &'static str,
    /// One sentence, without a full stop.
    pub summary: &'static str,
    /// Paragraphs of detail: rules, errors, bounds.
    pub details: &'static str,
    /// Scripts that run as they stand and what each prints.
    pub examples: &'static [Example],
    /// What it does.
    pub function: Function,
}

/// A script that shows a keyword.
#[derive(Clone, Copy)]
pub struct Example {
    /// The script.
    pub script: &'static str,
    /// What it prints, line for line.
    pub output: &'static str,
}

/// What a keyword does.
#[derive(Clone, Copy)]
pub enum Function {
    /// Called inside the loop.
    Pure(PureFunction),
    /// Called by the runner while the machine waits.
    Host(HostFunction),
    /// Nothing at run time.
    Declare,
}

/// A keyword that needs the world.
pub type HostFunction = fn(&mut HostContext<'_>, &Call<'_>) -> Result<Value, Fault>;

/// One call of a host keyword.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The values of the arguments, one for each parameter. A filter with a template is the array of its holes' values.
    pub arguments: &'a [Value],
    /// What the compiler knows of the call.
    pub site: &'a CallSite,
    /// The templates of the program.
    pub templates: &'a [Template],
    /// The serial numbers of the procedure calls that are alive, outermost first; the last is the caller.
    pub frames: &'a [u64],
}

impl Call<'_> {
    /// What the caller does with the result.
    pub fn wanted(&self) -> Wanted {
        self.site.wanted
    }

    /// The template that was compiled for an argument, if one was.
    pub fn template(&self, argument: usize) -> Option<&Template> {
        self.site.arguments.get(argument)?.template.map(|index| &self.templates[index.at()])
    }
}

/// Reads filter text that only exists when a script runs.
pub type FilterParser = fn(&[Source<'_>]) -> Result<Template, Fault>;

/// The world as one call sees it.
pub struct HostContext<'a> {
    /// Tables, memory, outbox.
    pub storage: &'a mut dyn Storage,
    /// Calls with an answer.
    pub http: &'a mut dyn HttpClient,
    /// The present.
    pub clock: &'a dyn Clock,
    /// Output and log.
    pub console: &'a mut dyn Console,
    /// What this run carries from call to call.
    pub run: &'a mut RunState,
    /// The bounds in force.
    pub limits: &'a Limits,
    /// How filter text is read.
    pub parse_filter: FilterParser,
}

/// What a run carries besides the machine. It is written into checkpoints with it.
#[derive(Clone, Debug, Default)]
pub struct RunState {
    /// The bytes of the request's body, for signatures.
    pub raw_body: Vec<u8>,
    /// The request's body as the script got it at first: what `raw_body` stands for.
    pub body: Value,
    /// The request's headers, names in lower case with `_` for `-`.
    pub request_headers: Vec<(String, String)>,
    /// Headers set by SET HEADER that are still in force.
    pub headers: Vec<crate::http::OutgoingHeader>,
    /// Whether the caller has proved who it is: a signature or key was right, or a secret compared equal.
    pub is_authenticated: bool,
}
