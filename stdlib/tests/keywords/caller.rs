//! Calls a keyword by its phrase, with the call site that the compiler would make.

use gbvm_stdlib::fake::World;
use gbvm_stdlib::keyword::{Call, Function};
use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::native::PureContext;
use gbvm_vm::program::{ArgumentSite, CallSite, ImportIndex, Span, TemplateIndex, Wanted};
use gbvm_vm::template::{Comparison, Condition, Literal, Source, Template, Term};
use gbvm_vm::text::{Origin, Text};
use gbvm_vm::value::Value;

/// The instant at which every world begins.
pub const NOW: &str = "2026-01-31T09:05:07.000Z";

/// An empty world at [`NOW`].
pub fn world() -> World {
    World::new(parse_filter, Instant::parse(NOW).expect("NOW is in the full form"))
}

/// Reads `column=` with text or a hole after it, a lone hole, and nothing: enough to tell syntax from data.
fn parse_filter(sources: &[Source<'_>]) -> Result<Template, Fault> {
    let condition = match sources {
        [] | [Source::Text("")] => None,
        [Source::Hole(hole)] => Some(Condition::Id(Term::Hole(*hole))),
        [Source::Text(text)] => {
            let (column, value) = text.split_once('=').ok_or_else(|| Fault::new("E_FILTER_SYNTAX", "no comparison"))?;
            let literal = if value.is_empty() { Literal::Empty } else { Literal::Text(value.to_owned()) };
            Some(Condition::Compare(column.to_owned(), Comparison::Equal, Term::Literal(literal)))
        }
        [Source::Text(text), Source::Hole(hole)] if text.ends_with('=') => {
            Some(Condition::Compare(text.trim_end_matches('=').to_owned(), Comparison::Equal, Term::Hole(*hole)))
        }
        _ => return Err(Fault::new("E_FILTER_SYNTAX", "beyond this reader")),
    };
    Ok(Template { condition, holes: 1, ..Template::default() })
}

/// One call being put together.
pub struct Caller<'w> {
    world: &'w mut World,
    phrase: &'static str,
    arguments: Vec<Value>,
    sites: Vec<ArgumentSite>,
    templates: Vec<Template>,
    wanted: Wanted,
    frames: Vec<u64>,
}

/// Begins a call whose result is used as a value, from the main part of the script.
pub fn call<'w>(world: &'w mut World, phrase: &'static str) -> Caller<'w> {
    Caller { world, phrase, arguments: Vec::new(), sites: Vec::new(), templates: Vec::new(), wanted: Wanted::Value, frames: vec![1] }
}

impl Caller<'_> {
    /// Adds an argument that is a variable of this name.
    pub fn named(mut self, name: &str, value: Value) -> Self {
        let start = 10 * (self.arguments.len() as u32 + 1);
        self.arguments.push(value);
        self.sites.push(ArgumentSite { span: Span { source: 0, start, end: start + 1 }, name: name.into(), template: None });
        self
    }

    /// Adds an argument.
    pub fn with(self, value: Value) -> Self {
        self.named("", value)
    }

    /// Adds a filter that was parsed while compiling.
    pub fn filter(mut self, template: Template, holes: Vec<Value>) -> Self {
        self = self.with(Value::array(holes).expect("holes are flat"));
        self.sites.last_mut().expect("an argument was just added").template = Some(TemplateIndex(self.templates.len() as _));
        self.templates.push(template);
        self
    }

    /// As a statement.
    pub fn statement(mut self) -> Self {
        self.wanted = Wanted::Nothing;
        self
    }

    /// As a list of rows.
    pub fn list(mut self) -> Self {
        self.wanted = Wanted::List;
        self
    }

    /// From a procedure that these calls led to.
    pub fn in_frames(mut self, frames: &[u64]) -> Self {
        self.frames = frames.to_vec();
        self
    }

    /// Makes the call.
    pub fn run(mut self) -> Result<Value, Fault> {
        let keyword = gbvm_stdlib::find(self.phrase).expect("the phrase is one of the table");
        while !keyword.signature.variadic && self.arguments.len() < keyword.signature.params.len() {
            self.arguments.push(Value::Missing);
            self.sites.push(ArgumentSite { span: Span { source: 0, start: 0, end: 99 }, name: "".into(), template: None });
        }
        match keyword.function {
            Function::Pure(function) | Function::Asking(function) => {
                let now = self.world.context().clock.now();
                function(&PureContext { now: &|| now, limits: &Limits::default() }, &self.arguments)
            }
            Function::Changing(function) => {
                let now = self.world.context().clock.now();
                let mut place = std::mem::take(&mut self.arguments[0]);
                let changed = function(&PureContext { now: &|| now, limits: &Limits::default() }, &mut place, &self.arguments)?;
                Value::array(vec![changed.value, place])
            }
            Function::Host(function) => {
                let site = CallSite { import: ImportIndex(0), wanted: self.wanted, arguments: self.sites };
                let call = Call { arguments: &self.arguments, site: &site, templates: &self.templates, frames: &self.frames };
                function(&mut self.world.context(), &call)
            }
            Function::Absent => Err(gbvm_stdlib::elsewhere::fault(keyword).expect("it says why it is absent")),
            Function::Declare => panic!("a declaration cannot be called"),
        }
    }

    /// Makes the call and gives the result as JSON, `MISSING`, or the code of its fault.
    pub fn json(self) -> String {
        match self.run() {
            Ok(Value::Missing) => "MISSING".to_owned(),
            Ok(value) => coerce::json(&value),
            Err(fault) => fault.code.into_owned(),
        }
    }

    /// The fault that the call must end with.
    pub fn fault(self) -> Fault {
        self.run().expect_err("the call is refused")
    }
}

/// Text written in the script.
pub fn lit(text: &str) -> Value {
    Value::Text(Text::literal(text))
}

/// Text from outside.
pub fn data(text: &str) -> Value {
    Value::text(text)
}

/// A sum: text of the script and data in turn, beginning with the script's.
pub fn sum(parts: &[&str]) -> Value {
    let origins = [Origin::Literal, Origin::Data].into_iter().cycle();
    Value::Text(Text::of_parts(parts.iter().zip(origins).map(|(part, origin)| (origin, (*part).to_owned()))))
}

/// A value from JSON.
pub fn json(text: &str) -> Value {
    gbvm_stdlib::json::parse(text.as_bytes(), &Limits::default()).expect("the test's JSON is right")
}

/// `column = ` a hole.
pub fn equals(column: &str) -> Template {
    Template { condition: Some(Condition::Compare(column.to_owned(), Comparison::Equal, Term::Hole(0))), holes: 1, ..Template::default() }
}
