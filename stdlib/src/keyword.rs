//! The record of a keyword: one `const` in its family's file is all there is of it.

use std::collections::BTreeMap;

use gbvm_vm::fault::Fault;
use gbvm_vm::limits::Limits;
use gbvm_vm::native::{ChangingFunction, PureFunction};
use gbvm_vm::program::{CallSite, Wanted};
use gbvm_vm::signature::{Access, Boundary, Form, Kind, Param, Signature, WordForm};
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

impl Keyword {
    /// A function that the loop calls.
    pub const fn pure(family: &'static str, phrase: &'static str, params: &'static [Param], function: PureFunction) -> Keyword {
        Keyword::bare(family, Signature::new(phrase, Form::Function, Kind::Pure, params), Function::Pure(function))
    }

    /// A function that the loop calls and that changes its first argument.
    pub const fn changing(family: &'static str, phrase: &'static str, params: &'static [Param], function: ChangingFunction) -> Keyword {
        let mut signature = Signature::new(phrase, Form::Function, Kind::Pure, params);
        signature.changes_first = true;
        Keyword::bare(family, signature, Function::Changing(function))
    }

    /// A function that asks what a value is: of a secret that is not set too, which all others refuse.
    pub const fn asking(family: &'static str, phrase: &'static str, params: &'static [Param], function: PureFunction) -> Keyword {
        Keyword::bare(family, Signature::new(phrase, Form::Function, Kind::Pure, params), Function::Asking(function))
    }

    /// A keyword that the runner calls.
    pub const fn host(family: &'static str, form: Form, phrase: &'static str, params: &'static [Param], function: HostFunction) -> Keyword {
        Keyword::bare(family, Signature::new(phrase, form, Kind::Host, params), Function::Host(function))
    }

    /// A declaration.
    pub const fn declare(family: &'static str, phrase: &'static str, params: &'static [Param]) -> Keyword {
        Keyword::bare(family, Signature::new(phrase, Form::Statement, Kind::Declare, params), Function::Declare)
    }

    const fn bare(family: &'static str, signature: Signature, function: Function) -> Keyword {
        Keyword { signature, family, summary: "", details: "", examples: &[], function }
    }

    /// With what the reference says of it.
    pub const fn about(mut self, summary: &'static str, details: &'static str, examples: &'static [Example]) -> Keyword {
        self.summary = summary;
        self.details = details;
        self.examples = examples;
        self
    }

    /// With other phrases for it.
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Keyword {
        self.signature.aliases = aliases;
        self
    }

    /// With other ways to write it, in words.
    pub const fn word_forms(mut self, word_forms: &'static [WordForm]) -> Keyword {
        self.signature.word_forms = word_forms;
        self
    }

    /// With any number of values for the last parameter.
    pub const fn variadic(mut self) -> Keyword {
        self.signature.variadic = true;
        self
    }

    /// With one value for a whole statement.
    pub const fn once_per_statement(mut self) -> Keyword {
        self.signature.once_per_statement = true;
        self
    }

    /// With rows as its result.
    pub const fn row_or_list(mut self) -> Keyword {
        self.signature.row_or_list = true;
        self
    }

    /// With the new row's `id` set in its record too.
    pub const fn sets_id(mut self) -> Keyword {
        self.signature.sets_id = true;
        self
    }

    /// With what it does to stored data.
    pub const fn access(mut self, access: Access) -> Keyword {
        self.signature.access = access;
        self
    }

    /// With time that passes: the segment ends before it.
    pub const fn pausing(mut self) -> Keyword {
        self.signature.pauses = true;
        self
    }

    /// With a transaction that begins or ends with it.
    pub const fn boundary(mut self, boundary: Boundary) -> Keyword {
        self.signature.boundary = Some(boundary);
        self
    }

    /// With another keyword that is meant where its first argument begins as an address does.
    pub const fn address_form(mut self, phrase: &'static str) -> Keyword {
        self.signature.address_form = Some(phrase);
        self
    }

    /// With a value that must be used: as a statement alone it is refused with this.
    pub const fn value_only(mut self, instead: &'static str) -> Keyword {
        self.signature.value_only = Some(instead);
        self
    }

    /// With text below it, up to a line that says this, as its last argument.
    pub const fn text_until(mut self, end: &'static str) -> Keyword {
        self.signature.text_end = Some(end);
        self
    }

    /// With an answer from outside where its result is used.
    pub const fn immediate(mut self) -> Keyword {
        self.signature.immediate = true;
        self
    }
}

/// A script that shows a keyword.
#[derive(Clone, Copy)]
pub struct Example {
    /// The script.
    pub script: &'static str,
    /// What it prints, line for line.
    pub output: &'static str,
}

impl Example {
    /// A script and what it prints.
    pub const fn new(script: &'static str, output: &'static str) -> Example {
        Example { script, output }
    }
}

/// What a keyword does.
#[derive(Clone, Copy)]
pub enum Function {
    /// Called inside the loop.
    Pure(PureFunction),
    /// Called by the loop; it changes its first argument.
    Changing(ChangingFunction),
    /// As the above, of a secret that is not set too.
    Asking(PureFunction),
    /// Called by the runner while the machine waits.
    Host(HostFunction),
    /// Nothing at run time.
    Declare,
    /// It fails: this machine does not have what it needs. [`crate::elsewhere::fault`] says why.
    Absent,
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

impl<'a> Call<'a> {
    /// What the caller does with the result.
    pub fn wanted(&self) -> Wanted {
        self.site.wanted
    }

    /// The template that was compiled for an argument, if one was.
    pub fn template(&self, argument: usize) -> Option<&'a Template> {
        self.site.arguments.get(argument)?.template.map(|index| &self.templates[index.at()])
    }

    /// Whether the script wrote this argument: what is MISSING may have been written, and then it is an empty value, or
    /// left out. What was left out has the place of the whole call, which begins before its first argument.
    pub fn is_given(&self, argument: usize) -> bool {
        let Some(site) = self.site.arguments.get(argument) else { return false };
        let is_there = site.template.is_some() || !matches!(self.argument(argument), Value::Missing);
        is_there || self.site.arguments.first().is_some_and(|first| site.span.start > first.span.start)
    }

    /// An argument's value; MISSING where it was left out.
    pub fn argument(&self, argument: usize) -> &'a Value {
        self.arguments.get(argument).unwrap_or(&Value::Missing)
    }

    /// The variable or field that an argument names; empty where it is no name.
    pub fn argument_name(&self, argument: usize) -> &'a str {
        self.site.arguments.get(argument).map_or("", |site| &*site.name)
    }

    /// The variable that an argument is, if it is nothing else.
    pub fn bare_name(&self, argument: usize) -> Option<&'a str> {
        let site = self.site.arguments.get(argument)?;
        let is_whole = site.span.end.saturating_sub(site.span.start) as usize == site.name.len();
        (is_whole && !site.name.is_empty()).then_some(&*site.name)
    }

    /// The procedure call that this call stands in.
    pub fn frame(&self) -> u64 {
        self.frames.last().copied().unwrap_or(0)
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
    /// The variables of the environment that the project lets scripts read; without a value where they are not set.
    pub environment: &'a BTreeMap<String, Option<String>>,
    /// The origins that a URL may have which is not written in the script: `https://api.crm.com`, lower case,
    /// without a default port.
    pub allowed_origins: &'a [String],
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
    /// What else the run was given: the query of a request, parameters of the command line.
    pub inputs: Vec<(String, String)>,
    /// Headers set by SET HEADER that are still in force.
    pub headers: Vec<crate::http::OutgoingHeader>,
    /// Whether the caller has proved who it is: a signature or key was right, or a secret compared equal.
    pub is_authenticated: bool,
    /// The request's method, and the addresses at which its caller may have asked: some sign them.
    pub asked: (String, Vec<String>),
    /// The signature of the request's body that was right, if the caller proved it by one.
    pub signature: Option<String>,
    /// What INPUT said of the value that it refused last: of this alone a failure tells the caller, whose mistake it is.
    pub refused_input: Option<String>,
}
