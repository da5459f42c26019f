//! A world for scenario tests: the engine with its data in memory, and recording stand-ins around it.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gbvm::engine::Engine;
use gbvm::event::{Event, ScheduleEvent, TriggerEvent};
use gbvm::outcome::Outcome;
use gbvm::scripts::{self, LoadError, Script};
use gbvm_lang::diagnostic::Severity;
use gbvm_lang::source::Source;
use gbvm_stdlib::security::hmac_sha256_hex;
use gbvm_stdlib::services::Clock;
use gbvm_vm::instant::Instant;

use crate::peers::{Peer, PostBox};

/// A clock that a test moves.
pub struct HandClock(AtomicI64);

impl HandClock {
    /// Sets the clock.
    pub fn set(&self, now: Instant) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    /// Moves the clock forward.
    pub fn advance_ms(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::SeqCst))
    }
}

/// The engine and what stands around it.
pub struct Scenario {
    /// The engine; nothing runs but what the test fires and settles.
    pub engine: Engine,
    /// The network.
    pub peer: Arc<Peer>,
    /// The mail server.
    pub post: Arc<PostBox>,
    /// The clock.
    pub clock: Arc<HandClock>,
    printed: Arc<Mutex<Vec<String>>>,
}

impl Scenario {
    /// A world with these memory entries, at 2026-01-31T09:00:00Z.
    ///
    /// # Panics
    /// Where the engine cannot be built.
    pub fn new(memory: &[(&str, &str)]) -> Scenario {
        let start = Instant::parse("2026-01-31T09:00:00Z").expect("the start is an instant");
        let (peer, post) = (Arc::new(Peer::default()), Arc::new(PostBox::default()));
        let clock = Arc::new(HandClock(AtomicI64::new(start.0)));
        let printed: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = printed.clone();
        let mut builder = Engine::builder().transport(peer.clone()).post(post.clone()).clock(clock.clone());
        builder = builder.printer(move |_, line| sink.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned()));
        for (key, value) in memory {
            builder = builder.memory(*key, *value);
        }
        Scenario { engine: builder.build().expect("an engine in memory can be built"), peer, post, clock, printed }
    }

    /// Compiles a script with the text of a library beside it, which may be empty, and loads it alone.
    ///
    /// # Panics
    /// Where it does not compile.
    pub fn load(&self, path: &Path, library: &str) -> Arc<Script> {
        let script = compile(path, library);
        self.engine.load(vec![script.clone()]).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        script
    }

    /// Compiles the text of a script and loads it alone, or gives the codes of its errors.
    ///
    /// # Errors
    /// Where it does not compile.
    ///
    /// # Panics
    /// Where its tables cannot be made.
    pub fn load_text(&self, name: &str, text: &str) -> Result<Arc<Script>, Vec<String>> {
        let script = match scripts::compile(vec![Source::new(name, text)], &[]) {
            Ok(script) => Arc::new(script),
            Err(LoadError::Invalid(error)) => {
                let errors = error.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
                return Err(errors.map(|diagnostic| diagnostic.code.to_string()).collect());
            }
            Err(error @ LoadError::Unreadable(..)) => panic!("{error}"),
        };
        self.engine.load(vec![script.clone()]).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        Ok(script)
    }

    /// Fires a webhook with a JSON body, signed with this secret.
    pub fn post_signed(&self, script: &Arc<Script>, endpoint: &str, body: &str, secret: &str) -> Outcome {
        let signature = hmac_sha256_hex(secret.as_bytes(), body.as_bytes());
        self.fire(script, &webhook(endpoint, body).header("X-Webhook-Signature", signature))
    }

    /// Fires a webhook with a JSON body.
    pub fn post(&self, script: &Arc<Script>, endpoint: &str, body: &str) -> Outcome {
        self.fire(script, &webhook(endpoint, body))
    }

    /// Fires a schedule.
    pub fn tick(&self, script: &Arc<Script>) -> Outcome {
        self.fire(script, &Event::Schedule(ScheduleEvent { name: "test".into(), slot: self.clock.now().0 }))
    }

    /// Fires a trigger for a row image, with the image before.
    pub fn change(&self, script: &Arc<Script>, table: &str, new: &str, old: Option<&str>) -> Outcome {
        let operation = if old.is_some() { "UPDATE" } else { "INSERT" };
        let event = TriggerEvent { table: table.into(), operation: operation.into(), row_id: "1".into(), new: Some(new.into()), old: old.map(Into::into), depth: 1 };
        self.fire(script, &Event::Trigger(event))
    }

    /// Fires any event, then works off what it queued.
    ///
    /// # Panics
    /// Where the queues cannot be worked off.
    pub fn fire(&self, script: &Arc<Script>, event: &Event) -> Outcome {
        let outcome = self.engine.fire(script, event);
        self.engine.settle().expect("the queues can be worked off");
        outcome
    }

    /// Runs statements of the language in this world, to prepare tables.
    ///
    /// # Panics
    /// Where they do not compile or fail.
    pub fn prepare(&self, statements: &str) {
        let script = Arc::new(scripts::compile(vec![Source::new("prepare.bas", statements)], &[]).unwrap_or_else(|error| panic!("{error}")));
        self.engine.prepare(&script).expect("tables can be made");
        let outcome = self.engine.fire(&script, &Event::manual());
        assert_eq!(outcome.fault, None, "the preparation fails");
    }

    /// What a SELECT finds, a row a line, columns divided by `|`.
    ///
    /// # Panics
    /// Where the SELECT is wrong.
    pub fn rows(&self, select: &str) -> Vec<String> {
        let rows = self.engine.world().store().and_then(|mut store| store.query(select)).unwrap_or_else(|fault| panic!("{select}: {fault}"));
        rows.into_iter().map(|row| row.join("|")).collect()
    }

    /// What was printed and logged so far.
    pub fn printed(&self) -> Vec<String> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Compiles a script with the text of a library beside it, which may be empty.
///
/// # Panics
/// Where it cannot be read or does not compile.
pub fn compile(path: &Path, library: &str) -> Arc<Script> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut sources = vec![Source::new(path.file_name().unwrap_or_default().to_string_lossy(), text)];
    if !library.is_empty() {
        sources.push(Source::new("lib/library.bas", library));
    }
    Arc::new(scripts::compile(sources, &[]).unwrap_or_else(|error| panic!("{error}")))
}

fn webhook(endpoint: &str, body: &str) -> Event {
    Event::webhook(endpoint).header("content-type", "application/json").body(body)
}
