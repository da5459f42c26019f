//! Specification documents: Markdown whose headings are cases, with a script and what it must do.
//!
//! `# name` begins a case. Its sections are `## Source`, optionally `## Library` (a file of `lib/`), `## File name` (a file that may be included), `## Memory` (KEY=VALUE lines), `## Body` (the
//! JSON of a webhook), `## Query` and `## Params` (NAME=VALUE lines of its query, or of the command line), `## Request`
//! (its headers, NAME: VALUE) and `## Peer` (answers of the network, a line each: `METHOD URL STATUS BODY`), and what is compared: `## Output` (printed lines), `## Error` (compile errors, or the failure of
//! the run), `## Answer` (status and body), `## Rows` (a SELECT line, then a row a line), `## Sent` (calls and
//! mails), `## Headers` (calls with the headers that the script set), `## Warnings` and, for lowering, `## Bytecode` (as
//! compiled) and `## Specialized` (as executed). With `UPDATE=1` in the environment, what was found replaces what stands there.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gbvm::engine::{Engine, FixedClock};
use gbvm::event::Event;
use gbvm::scripts::{self, LoadError};
use gbvm_lang::format::{self, Refusal};
use gbvm_lang::source::Source;
use gbvm_stdlib::services::Level;
use gbvm_vm::instant::Instant;

use crate::peers::{Peer, PostBox};

/// The clock of every case.
pub const NOW: &str = "2026-01-31T09:05:07.123Z";

/// A section of a case: its heading and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The heading, such as `Output`.
    pub heading: String,
    /// The text between the fences, or after the heading where there are none.
    pub text: String,
}

/// A case of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its heading.
    pub name: String,
    /// The text between the heading and the first section.
    pub prose: String,
    /// Its sections in order.
    pub sections: Vec<Section>,
}

/// The cases of a document.
pub fn parse(document: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut is_fenced = false;
    for line in document.lines() {
        if line.starts_with("```") {
            is_fenced = !is_fenced;
            continue;
        }
        match (is_fenced, line.strip_prefix("# "), line.strip_prefix("## ")) {
            (false, Some(name), _) => cases.push(Case { name: name.trim().to_owned(), prose: String::new(), sections: Vec::new() }),
            (false, None, Some(heading)) => {
                if let Some(case) = cases.last_mut() {
                    case.sections.push(Section { heading: heading.trim().to_owned(), text: String::new() });
                }
            }
            (is_fenced, _, _) => {
                let Some(case) = cases.last_mut() else { continue };
                match case.sections.last_mut() {
                    Some(section) if is_fenced => {
                        section.text.push_str(line);
                        section.text.push('\n');
                    }
                    Some(_) => {}
                    None => {
                        case.prose.push_str(line);
                        case.prose.push('\n');
                    }
                }
            }
        }
    }
    cases
}

/// The document that these cases make.
pub fn print(cases: &[Case]) -> String {
    let mut document = String::new();
    for (at, case) in cases.iter().enumerate() {
        if at > 0 {
            document.push('\n');
        }
        let prose = case.prose.trim();
        let _ = writeln!(document, "# {}", case.name);
        if !prose.is_empty() {
            let _ = write!(document, "\n{prose}\n");
        }
        for section in &case.sections {
            let kind = match section.heading.as_str() {
                "Source" | "Library" | "Formatted" => "basic",
                heading if heading.starts_with("File ") => "basic",
                "Body" => "json",
                _ => "text",
            };
            let _ = write!(document, "\n## {}\n\n```{kind}\n{}```\n", section.heading, section.text);
        }
    }
    document
}

/// What a case is given; its other sections are compared.
const GIVEN: [&str; 8] = ["Source", "Library", "Memory", "Body", "Peer", "Query", "Params", "Request"];

/// Whether a section is one that a case is given.
fn is_given(heading: &str) -> bool {
    GIVEN.contains(&heading) || heading.starts_with("File ")
}

/// Whether anything in a case is compared with what happens.
pub fn asserts(case: &Case) -> bool {
    case.sections.iter().any(|section| !is_given(&section.heading))
}

/// Every document below a folder.
pub fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder of documents can be read") {
            let path = entry.expect("the folder of documents can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The source in the one style; the reason where it cannot be formatted.
fn formatted(source: &str) -> String {
    let source = Source::new("test.bas", source);
    match format::format(&source, &gbvm_stdlib::signatures()) {
        Ok(text) => text,
        Err(Refusal::Different) => "the formatted text would not mean the same\n".to_owned(),
        Err(Refusal::Unreadable(errors)) => errors.iter().map(|error| error.plain(std::slice::from_ref(&source)) + "\n").collect(),
    }
}

/// The lines of a section as names and values.
fn pairs(section: Option<&str>, between: char) -> impl Iterator<Item = (&str, &str)> {
    section.unwrap_or_default().lines().map(move |line| {
        let (name, value) = line.split_once(between).unwrap_or_else(|| panic!("{line} is no name and value"));
        (name.trim(), value.trim())
    })
}

/// The case as it would stand if what it does were right.
///
/// # Panics
/// Where the engine cannot be built or a section is not known: the document is wrong.
pub fn observe(case: &Case) -> Case {
    let given = |heading: &str| case.sections.iter().find(|section| section.heading == heading).map(|section| section.text.as_str());
    let printed: Arc<Mutex<String>> = Arc::default();
    let sink = printed.clone();
    let now = Instant::parse(NOW).expect("the clock of the cases is an instant");
    let (peer, post) = (Arc::new(Peer::default()), Arc::new(PostBox::default()));
    let builder = pairs(given("Memory"), '=').fold(Engine::builder(), |builder, (key, value)| builder.memory(key, value));
    let engine = builder
        .clock(Arc::new(FixedClock(now)))
        .transport(peer.clone())
        .post(post.clone())
        .printer(move |level, line| {
            let lead = match level {
                Level::Output => "",
                Level::Info => "info: ",
                Level::Warn => "warning: ",
                Level::Error => "error: ",
            };
            let _ = writeln!(sink.lock().unwrap_or_else(PoisonError::into_inner), "{lead}{line}");
        })
        .build()
        .expect("an engine in memory can be built");
    for line in given("Peer").unwrap_or_default().lines() {
        let [method, url, status, body] = line.splitn(4, ' ').collect::<Vec<_>>()[..] else { panic!("{}: {line} is no METHOD URL STATUS BODY", case.name) };
        peer.answer(&format!("{method} {url}"), status.parse().expect("a status is a number"), body);
    }
    let source = given("Source").expect("every case has a source");
    let file = |path: &Path| {
        let found = given(&format!("File {}", path.display()));
        found.map(str::to_owned).ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))
    };
    let mut files = scripts::gather(Source::new("test.bas", source), &gbvm_stdlib::signatures(), &file);
    files.sources.extend(given("Library").map(|text| Source::new("lib/library.bas", text)));
    let (mut error, mut answer, mut bytecode, mut specialized, mut warnings) = (String::new(), String::new(), String::new(), String::new(), String::new());
    match scripts::compile(files, &[]) {
        Err(LoadError::Invalid(invalid)) => error = format!("{invalid}\n"),
        Err(unreadable @ LoadError::Unreadable(..)) => panic!("{unreadable}"),
        Ok(script) => {
            let script = Arc::new(script);
            bytecode = gbvm_vm::disasm::disassemble(script.linked.program());
            specialized = gbvm_vm::disasm::disassemble_linked(&script.linked);
            for warning in &script.warnings {
                let _ = writeln!(warnings, "{}", warning.plain(&script.sources));
            }
            if let Err(fault) = engine.load(vec![script.clone()]) {
                error = format!("{fault}\n");
            } else {
                let event = match given("Body") {
                    Some(body) => {
                        let event = Event::webhook("test").header("content-type", "application/json").body(body.trim_end());
                        let event = pairs(given("Query"), '=').fold(event, |event, (name, value)| event.query(name, value));
                        pairs(given("Request"), ':').fold(event, |event, (name, value)| event.header(name, value))
                    }
                    None => pairs(given("Params"), '=').fold(Event::manual(), |event, (name, value)| event.param(name, value)),
                };
                let outcome = engine.fire(&script, &event);
                engine.settle().expect("the queues of a case can be worked off");
                if let Some(fault) = &outcome.fault {
                    error = format!("{}\n", gbvm::render::fault(fault));
                }
                answer = format!("{} {}\n", outcome.reply.status, outcome.reply.text().replace(&outcome.run_id, "RUN"));
            }
        }
    }
    let mut sent = String::new();
    for line in peer.lines() {
        let _ = writeln!(sent, "{line}");
    }
    for mail in post.mails() {
        let _ = writeln!(sent, "MAIL {} | {} | {}", mail.to.join(", "), mail.subject, mail.body.replace('\n', "\\n"));
    }
    let mut headers = String::new();
    for request in peer.requests() {
        let _ = write!(headers, "{} {}", request.method, request.url);
        for (name, value) in request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("idempotency-key")) {
            let _ = write!(headers, " | {name}: {value}");
        }
        headers.push('\n');
    }
    let printed = printed.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let sections = case.sections.iter().map(|section| Section {
        heading: section.heading.clone(),
        text: match section.heading.as_str() {
            heading if is_given(heading) => section.text.clone(),
            "Output" => printed.clone(),
            "Error" => error.clone(),
            "Answer" => answer.clone(),
            "Bytecode" => bytecode.clone(),
            "Specialized" => specialized.clone(),
            "Warnings" => warnings.clone(),
            "Formatted" => formatted(source),
            "Sent" => sent.clone(),
            "Headers" => headers.clone(),
            "Rows" => {
                let query = section.text.lines().next().unwrap_or_default();
                let rows = engine.world().store().and_then(|mut store| store.query(query)).unwrap_or_else(|fault| panic!("{query}: {fault}"));
                rows.into_iter().fold(format!("{query}\n"), |text, row| text + &row.join("|") + "\n")
            }
            other => panic!("{}: there is no section {other}", case.name),
        },
    });
    let mut observed = Case { name: case.name.clone(), prose: case.prose.clone(), sections: sections.collect() };
    // A failure that the document does not mention is a difference, not a silence.
    if !error.is_empty() && given("Error").is_none() {
        observed.sections.push(Section { heading: "Error".into(), text: error });
    }
    observed
}
