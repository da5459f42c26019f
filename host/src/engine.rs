//! The public face: build an engine, load scripts, fire events, serve, shut down.
//!
//! An engine has no global state: two in one process do not see each other. It is `Send + Sync`; every method may be
//! called from any thread and blocks until its effects are on disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use gbvm_lang::source::Source;
use gbvm_stdlib::services::{Clock, Level, Storage as _};
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::value::Value;

use crate::clock::SystemClock;
use crate::event::Event;
use crate::news::News;
use crate::outbox::Post;
use crate::outcome::Outcome;
use crate::calls::Transport;
use crate::retention::Retention;
use crate::runner::{self, Budget, Start};
use crate::scripts::{self, Embedded, LoadError, Script};
use crate::storage::late::{LateStore, StoreGuard};
use crate::segment::Segment;
use crate::storage::{Handler, RunIdentity, Store};
use crate::traffic::{Rule, Traffic};
use crate::turns::Turns;
use crate::work;

/// A clock that threads share.
pub type SharedClock = Arc<dyn Clock + Send + Sync>;

/// Where PRINT and the log of scripts go.
pub type Printer = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// Who is told of the statements of runs.
pub type Tracer = Arc<dyn Fn(&str) + Send + Sync>;

/// The engine. Dropping it stops it.
pub struct Engine {
    world: Arc<World>,
    workers: Mutex<Vec<std::thread::JoinHandle<()>>>,
}

/// What all runs of an engine share.
pub struct World {
    store: LateStore,
    loaded: RwLock<Arc<Loaded>>,
    limits: Arc<Limits>,
    clock: SharedClock,
    printer: Printer,
    tracer: Option<Tracer>,
    transport: Arc<dyn Transport>,
    post: Option<Arc<dyn Post>>,
    secrets: BTreeMap<String, String>,
    embedded: Vec<Embedded>,
    origins: BTreeSet<String>,
    zone: Option<String>,
    public_url: Option<String>,
    inputs: BTreeMap<String, String>,
    environment: BTreeMap<String, Option<String>>,
    news: Arc<News>,
    turns: Turns,
    traffic: Arc<Traffic>,
    retention: Retention,
    open_webhooks: BTreeSet<String>,
    is_draining: AtomicBool,
    is_stopping: AtomicBool,
    is_interrupted: AtomicBool,
}

/// The scripts that are loaded, and what every run asks of them.
struct Loaded {
    scripts: Vec<Arc<Script>>,
    /// Who answers which endpoint.
    endpoints: HashMap<String, Arc<Script>>,
    /// The origins that scripts may call.
    origins: Arc<[String]>,
}

impl Loaded {
    fn new(scripts: Vec<Arc<Script>>, configured: &BTreeSet<String>) -> Loaded {
        let endpoints = crate::endpoints::endpoints(&scripts).into_iter().map(|(name, script)| (name.to_owned(), Arc::clone(script))).collect();
        let mut origins = configured.clone();
        origins.extend(scripts.iter().flat_map(|script| script.origins.iter().cloned()));
        Loaded { endpoints, origins: origins.into_iter().collect(), scripts }
    }
}

/// Settings of an engine that is to be built.
pub struct Builder {
    database: Option<PathBuf>,
    limits: Limits,
    clock: SharedClock,
    printer: Printer,
    tracer: Option<Tracer>,
    transport: Option<Arc<dyn Transport>>,
    post: Option<Arc<dyn Post>>,
    secrets: BTreeMap<String, String>,
    memory: Vec<(String, String)>,
    embedded: Vec<Embedded>,
    routes: Vec<(String, String)>,
    allow_net: Vec<String>,
    allow_env: Vec<String>,
    traffic: BTreeMap<String, Rule>,
    retention: Retention,
    open_webhooks: BTreeSet<String>,
    zone: Option<String>,
    public_url: Option<String>,
    inputs: BTreeMap<String, String>,
}

impl Builder {
    /// Keeps the data in this SQLite file, which is made where it is not there. Without it, data lives in memory.
    pub fn database(mut self, path: impl Into<PathBuf>) -> Builder {
        self.database = Some(path.into());
        self
    }

    /// Replaces the bounds.
    pub fn limits(mut self, limits: Limits) -> Builder {
        self.limits = limits;
        self
    }

    /// Replaces the clock, for tests and replays.
    pub fn clock(mut self, clock: SharedClock) -> Builder {
        self.clock = clock;
        self
    }

    /// Says where PRINT and the log of scripts go; by default PRINT goes to standard output, the log to `tracing`.
    pub fn printer(mut self, printer: impl Fn(Level, &str) + Send + Sync + 'static) -> Builder {
        self.printer = Arc::new(printer);
        self
    }

    /// Has every run told statement by statement, each line to this function. Runs are then slower.
    pub fn tracer(mut self, tracer: impl Fn(&str) + Send + Sync + 'static) -> Builder {
        self.tracer = Some(Arc::new(tracer));
        self
    }

    /// Replaces the network, for tests.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Builder {
        self.transport = Some(transport);
        self
    }

    /// Says who carries mail. Without it, mail stays queued.
    pub fn post(mut self, post: Arc<dyn Post>) -> Builder {
        self.post = Some(post);
        self
    }

    /// Sends calls of an origin such as `https://api.crm.com` to another base URL.
    pub fn route(mut self, origin: impl Into<String>, target: impl Into<String>) -> Builder {
        self.routes.push((origin.into(), target.into()));
        self
    }

    /// Allows calls to these `host:port`, at private addresses too.
    pub fn allow_net<S: Into<String>>(mut self, hosts: impl IntoIterator<Item = S>) -> Builder {
        self.allow_net.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// Says that anybody may call these webhooks, though their scripts do not say so.
    pub fn open_webhooks<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Builder {
        self.open_webhooks.extend(names.into_iter().map(Into::into));
        self
    }

    /// Says how long is kept what nobody needs any more.
    pub fn retention(mut self, retention: Retention) -> Builder {
        self.retention = retention;
        self
    }

    /// Bounds how much goes to an origin such as `https://api.crm.com`.
    pub fn traffic(mut self, origin: impl AsRef<str>, rule: Rule) -> Builder {
        self.traffic.insert(origin.as_ref().to_ascii_lowercase(), rule);
        self
    }

    /// Lets scripts read these variables of the environment, as they are when the engine is made.
    pub fn allow_env<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Builder {
        self.allow_env.extend(names.into_iter().map(Into::into));
        self
    }

    /// Sets a memory entry for good.
    pub fn memory(mut self, key: impl Into<String>, value: impl Into<String>) -> Builder {
        self.memory.push((key.into(), value.into()));
        self
    }

    /// Gives a secret memory entry a value that is not stored and beats the stored one.
    pub fn secret(mut self, key: impl Into<String>, value: impl Into<String>) -> Builder {
        self.secrets.insert(key.into(), value.into());
        self
    }

    /// Adds a function to the language.
    pub fn function(mut self, function: Embedded) -> Builder {
        self.embedded.push(function);
        self
    }

    /// Reads schedules in this time zone of the IANA database instead of UTC.
    pub fn zone(mut self, zone: impl Into<String>) -> Builder {
        self.zone = Some(zone.into());
        self
    }

    /// Says at which address, scheme and host, callers reach the webhooks: some sign it.
    pub fn public_url(mut self, url: impl Into<String>) -> Builder {
        self.public_url = Some(url.into());
        self
    }

    /// Gives every run an input: a variable of this name, and a field of `params` where the event brings none.
    pub fn input(mut self, name: impl Into<String>, value: impl Into<String>) -> Builder {
        self.inputs.insert(name.into(), value.into());
        self
    }

    /// Makes the engine. The database is opened when it is first needed.
    ///
    /// # Errors
    /// `E_DATABASE` where memory entries are to be set and the database cannot be opened; `E_NET` for a route or address
    /// that cannot be read.
    pub fn build(self) -> Result<Engine, Fault> {
        let news = Arc::<News>::default();
        let store = LateStore::new(self.database, self.limits.clone(), Arc::clone(&news));
        for (key, value) in &self.memory {
            store.open()?.set_memory(key, &Value::text(value.as_str()))?;
        }
        let limits = Arc::new(self.limits);
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(crate::calls::network(self.routes.clone(), self.allow_net.clone(), &limits)?),
        };
        let mut origins: BTreeSet<String> = self.routes.iter().map(|(origin, _)| origin.to_ascii_lowercase()).collect();
        for host in &self.allow_net {
            origins.extend(crate::calls::origins_of(host));
        }
        let world = World {
            store,
            loaded: RwLock::new(Arc::new(Loaded::new(Vec::new(), &origins))),
            limits,
            clock: self.clock,
            printer: self.printer,
            tracer: self.tracer,
            transport,
            post: self.post,
            secrets: self.secrets,
            embedded: self.embedded,
            origins,
            zone: self.zone,
            public_url: self.public_url,
            inputs: self.inputs,
            environment: self.allow_env.into_iter().map(|name| (name.clone(), std::env::var(name).ok())).collect(),
            news,
            turns: Turns::default(),
            traffic: Arc::new(Traffic::new(self.traffic)),
            retention: self.retention,
            open_webhooks: self.open_webhooks,
            is_draining: AtomicBool::new(false),
            is_stopping: AtomicBool::new(false),
            is_interrupted: AtomicBool::new(false),
        };
        Ok(Engine { world: Arc::new(world), workers: Mutex::default() })
    }
}

impl Engine {
    /// Settings to begin with: data in memory, the default bounds, the system's clock.
    pub fn builder() -> Builder {
        Builder {
            database: None,
            limits: Limits::default(),
            clock: Arc::new(SystemClock::default()),
            printer: Arc::new(print_line),
            tracer: None,
            transport: None,
            post: None,
            secrets: BTreeMap::new(),
            memory: Vec::new(),
            embedded: Vec::new(),
            routes: Vec::new(),
            allow_net: Vec::new(),
            allow_env: Vec::new(),
            traffic: BTreeMap::new(),
            retention: Retention::default(),
            open_webhooks: BTreeSet::new(),
            zone: None,
            public_url: None,
            inputs: BTreeMap::new(),
        }
    }

    /// Compiles a script from its text, without loading it.
    ///
    /// # Errors
    /// Where it does not compile.
    pub fn compile(&self, name: &str, text: &str) -> Result<Arc<Script>, LoadError> {
        Ok(Arc::new(scripts::compile(vec![Source::new(name, text)], &self.world.embedded)?))
    }

    /// Reads and compiles a script and the library beside it, without loading it.
    ///
    /// # Errors
    /// Where a file cannot be read or the script does not compile.
    pub fn compile_file(&self, path: &Path) -> Result<Arc<Script>, LoadError> {
        Ok(Arc::new(scripts::compile(scripts::read(path)?, &self.world.embedded)?))
    }

    /// Makes the engine answer for these scripts, instead of those loaded before: their tables are made, their
    /// triggers are registered, their endpoints and schedules are live once the engine works.
    ///
    /// # Errors
    /// `E_DATABASE` where tables cannot be made; `E_ENDPOINT_TWICE` where two scripts declare one endpoint.
    pub fn load(&self, scripts: Vec<Arc<Script>>) -> Result<(), Fault> {
        crate::endpoints::check(&scripts)?;
        {
            let mut store = self.world.store()?;
            for script in &scripts {
                store.prepare_schema(&script.schema).map_err(|fault| Fault::new(fault.code, format!("{}: {}", script.name, fault.message)))?;
            }
            store.set_handlers(handlers_of(&scripts))?;
        }
        let loaded = Loaded::new(scripts, &self.world.origins);
        *self.world.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
        self.world.transport.allow(&self.world.allowed_origins().iter().cloned().collect())
    }

    /// Makes the tables that a script needs and lets it call its origins, for scripts that are fired without being loaded.
    /// For one that touches no data the database stays as it is, perhaps not even there.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn prepare(&self, script: &Arc<Script>) -> Result<(), Fault> {
        if script.touches_data {
            self.world.store()?.prepare_schema(&script.schema)?;
        }
        let mut origins: BTreeSet<String> = self.world.allowed_origins().iter().cloned().collect();
        origins.extend(script.origins.iter().cloned());
        self.world.transport.allow(&origins)
    }

    /// Executes a script for an event and gives what it came to, its effects being on disk.
    pub fn fire(&self, script: &Arc<Script>, event: &Event) -> Outcome {
        let limits = self.world.limits();
        let budget = match event {
            Event::Webhook(_) => Budget::of_webhook(limits),
            Event::Trigger(_) | Event::Schedule(_) => Budget::of_job(limits),
            Event::Manual(_) => Budget::of_hand(limits.manual_memory_bytes),
        };
        runner::execute(&self.world, Start::new(script, event, budget))
    }

    /// Executes a script for an event within other bounds than those of the engine. A request is run however often it
    /// comes: whoever says the bounds stands by.
    pub fn fire_within(&self, script: &Arc<Script>, event: &Event, budget: Budget) -> Outcome {
        runner::execute(&self.world, Start { has_inbox: false, ..Start::new(script, event, budget) })
    }

    /// Executes a script by hand with variables of its main part set, and gives them back as the run leaves them: for
    /// dialogues, in which one line goes on where the last one ended.
    pub fn fire_with(&self, script: &Arc<Script>, variables: &mut Vec<(String, Value)>) -> Outcome {
        let event = Event::manual();
        let budget = Budget::of_hand(self.world.limits().memory_bytes);
        runner::execute_with(&self.world, Start { has_inbox: false, ..Start::new(script, &event, budget) }, variables)
    }

    /// The loaded scripts.
    pub fn scripts(&self) -> Vec<Arc<Script>> {
        self.world.scripts()
    }

    /// The value of a secret memory entry, from the configuration or the database.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn secret(&self, key: &str) -> Result<Option<String>, Fault> {
        if let Some(secret) = self.world.configured_secret(key) {
            return Ok(Some(secret.to_owned()));
        }
        let value = self.world.store()?.memory(key)?;
        Ok(value.map(|value| gbvm_vm::coerce::text(&value).as_str().to_owned()))
    }

    /// Works off what is due in the queues, on this thread, until nothing is due: triggers, calls, mail.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn settle(&self) -> Result<(), Fault> {
        while work::round(&self.world)? {}
        Ok(())
    }

    /// Claims the queues of the database for this process, before anything there is changed.
    ///
    /// # Errors
    /// `E_DATABASE_LOCKED` where another process works them.
    pub fn claim(&self) -> Result<(), Fault> {
        self.world.store()?.lock()
    }

    /// Starts the threads that work the queues and the schedules, as the only process to do so on this database.
    /// Runs that a crash interrupted go on.
    ///
    /// # Errors
    /// `E_DATABASE_LOCKED` where another process works them; `E_SCHEDULE` for a schedule that cannot be read.
    pub fn start(&self) -> Result<(), Fault> {
        self.claim()?;
        self.world.store()?.queue_what_waits_for_nothing()?;
        let timetables = crate::scheduler::timetables(&self.world)?;
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.extend(work::recover(&self.world)?);
        let world = self.world.clone();
        workers.push(std::thread::spawn(move || work::keep_working(&world)));
        if !timetables.is_empty() {
            let world = self.world.clone();
            workers.push(std::thread::spawn(move || crate::scheduler::keep_time(&world, timetables)));
        }
        Ok(())
    }

    /// What answers requests to the endpoints of the loaded scripts.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Begins no queued event, delivery or slot any more. What has begun goes on; [`Engine::is_idle`] says how long.
    pub fn drain(&self) {
        self.world.is_draining.store(true, Ordering::SeqCst);
        self.world.news.tell();
    }

    /// Whether nothing that the engine's own threads began still goes on, after [`Engine::drain`].
    pub fn is_idle(&self) -> bool {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).iter().all(std::thread::JoinHandle::is_finished)
    }

    /// Stops: no new work begins, calls in flight are cut, runs end at their next instruction slice. A run that has a
    /// checkpoint goes on from there at the next start; what a run wrote since is undone.
    pub fn shut_down(&self) {
        self.world.is_stopping.store(true, Ordering::SeqCst);
        self.world.transport.shut_down();
        self.world.news.tell();
        let workers = std::mem::take(&mut *self.workers.lock().unwrap_or_else(PoisonError::into_inner));
        for worker in workers {
            if worker.join().is_err() {
                tracing::error!("a worker ended in a panic");
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.shut_down();
    }
}

impl World {
    /// The store, for one transaction or one question.
    ///
    /// # Errors
    /// `E_DATABASE` where it cannot be opened.
    pub fn store(&self) -> Result<StoreGuard<'_>, Fault> {
        self.store.open()
    }

    /// The store, perhaps in the middle of a transaction that runs share: for a question whose answer may change until
    /// that is committed.
    ///
    /// # Errors
    /// `E_DATABASE` where it cannot be opened.
    pub fn store_as_it_is(&self) -> Result<StoreGuard<'_>, Fault> {
        self.store.as_it_is()
    }

    /// The store in the transaction that this run shares with others.
    ///
    /// # Errors
    /// `E_DATABASE_BUSY`, `E_DATABASE`.
    pub fn join(&self, run: &RunIdentity, write: bool) -> Result<StoreGuard<'_>, Fault> {
        self.store.join(run, write, self.clock.now())
    }

    /// Commits what runs have written that promised to commit later.
    pub fn commit_group(&self) {
        self.store.commit_group();
    }

    /// Writes for the engine itself, in the transaction that runs share, and waits until that is on disk.
    ///
    /// # Errors
    /// Those of what is done, which is undone then, and of the database.
    pub fn write<T>(&self, act: impl FnOnce(&mut Store) -> Result<T, Fault>) -> Result<T, Fault> {
        let segment = Segment::new(self, RunIdentity::default(), true, None);
        let done = segment.within(true, act)?;
        segment.commit()?;
        Ok(done)
    }

    /// Whether nobody has the store at this moment.
    pub fn is_store_free(&self) -> bool {
        self.store.is_free()
    }

    /// Whether something has needed the store before.
    pub fn has_store(&self) -> bool {
        self.store.is_open()
    }

    /// The loaded scripts.
    pub fn scripts(&self) -> Vec<Arc<Script>> {
        self.loaded().scripts.clone()
    }

    /// The script that answers requests to an endpoint.
    pub fn endpoint(&self, name: &str) -> Option<Arc<Script>> {
        self.loaded().endpoints.get(name).cloned()
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The bounds.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// The clock.
    pub fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// The network.
    pub fn transport(&self) -> &Arc<dyn Transport> {
        &self.transport
    }

    /// Who carries mail.
    pub fn post(&self) -> Option<&Arc<dyn Post>> {
        self.post.as_ref()
    }

    /// The time zone of schedules.
    pub fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// The address at which callers reach the webhooks, where the project says it.
    pub fn public_url(&self) -> Option<&str> {
        self.public_url.as_deref()
    }

    /// The inputs that every run gets.
    pub fn inputs(&self) -> &BTreeMap<String, String> {
        &self.inputs
    }

    /// The variables of the environment that scripts may read.
    pub fn environment(&self) -> &BTreeMap<String, Option<String>> {
        &self.environment
    }

    /// A secret that the configuration gives.
    pub fn configured_secret(&self, key: &str) -> Option<&str> {
        self.secrets.get(key).map(String::as_str)
    }

    /// All secrets that the configuration gives.
    pub fn configured_secrets(&self) -> &BTreeMap<String, String> {
        &self.secrets
    }

    /// The origins that scripts may call: those that loaded scripts spell out, those that the configuration allows.
    pub fn allowed_origins(&self) -> Arc<[String]> {
        Arc::clone(&self.loaded().origins)
    }

    /// One line of a script's output or log.
    pub fn print(&self, level: Level, line: &str) {
        (self.printer)(level, line);
    }

    /// Cuts the run short that executes now, or that begins next.
    pub fn interrupt(&self) {
        self.is_interrupted.store(true, Ordering::SeqCst);
    }

    /// Whether the run is to be cut short; asking takes the order back.
    pub fn takes_interrupt(&self) -> bool {
        self.is_interrupted.swap(false, Ordering::SeqCst)
    }

    /// Who is told of every statement.
    pub fn tracer(&self) -> Option<&Tracer> {
        self.tracer.as_ref()
    }

    /// Whether the engine is to stop.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }

    /// Whether queued events, deliveries and slots may still begin.
    pub fn takes_work(&self) -> bool {
        !self.is_draining.load(Ordering::SeqCst) && !self.is_stopping()
    }

    /// The webhooks that anybody may call, as the project says.
    pub fn open_webhooks(&self) -> &BTreeSet<String> {
        &self.open_webhooks
    }

    /// How long what is kept.
    pub fn retention(&self) -> &Retention {
        &self.retention
    }

    /// What may go to which origin.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// The line of runs that never wait.
    pub fn turns(&self) -> &Turns {
        &self.turns
    }

    /// Wakes the workers of the queues.
    pub fn news(&self) -> &News {
        &self.news
    }

    /// Executes a script for an event that begins a chain of causes, and logs its failure.
    pub fn fire(&self, script: &Arc<Script>, event: &Event, budget: Budget) -> Outcome {
        runner::execute_unwatched(self, Start::new(script, event, budget))
    }
}

/// The identity of a run that begins a chain of causes.
pub(crate) fn identity_of(script: &Script, event: &Event) -> RunIdentity {
    let depth = match event {
        Event::Trigger(trigger) => trigger.depth,
        Event::Webhook(_) | Event::Schedule(_) | Event::Manual(_) => 0,
    };
    let cause = match event {
        Event::Trigger(trigger) => Some(format!("{}/{}", trigger.table, trigger.row_id)),
        Event::Webhook(_) | Event::Schedule(_) | Event::Manual(_) => None,
    };
    RunIdentity { run_id: new_run_id(), script: script.name.clone(), cause, depth, ..RunIdentity::default() }
}

/// A new run's id: a UUID of version 7 (RFC 9562), so that ids sort by time.
pub fn new_run_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn handlers_of(scripts: &[Arc<Script>]) -> Vec<Handler> {
    use gbvm_lang::declare::Declaration;
    let mut handlers = Vec::new();
    for script in scripts {
        for declaration in &script.declarations {
            if let Declaration::Trigger(trigger) = declaration {
                handlers.push(Handler { script: script.name.clone(), table: trigger.table.clone(), insert: trigger.insert, update: trigger.update, delete: trigger.delete });
            }
        }
    }
    handlers
}

fn print_line(level: Level, line: &str) {
    match level {
        Level::Output => println!("{line}"),
        Level::Info => tracing::info!("{line}"),
        Level::Warn => tracing::warn!("{line}"),
        Level::Error => tracing::error!("{line}"),
    }
}

/// A clock that always shows the same instant, for runs that are fired by hand.
pub struct FixedClock(pub Instant);

impl Clock for FixedClock {
    fn now(&self) -> Instant {
        self.0
    }
}

const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<Engine>();
};
