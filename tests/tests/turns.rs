//! Runs that take turns: what they share is one commit, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gbvm::calls::{PlainRequest, Transport, TransportError};
use gbvm::endpoints;
use gbvm::engine::{Engine, World};
use gbvm::event::WebhookEvent;
use gbvm::outcome::Reply;
use gbvm::turns::{Full, Respond, Threads};
use gbvm_stdlib::services::Answer;
use gbvm_vm::fault::Fault;
use gbvm_vm::limits::Limits;

/// Long enough for whatever a machine does besides.
const PATIENCE: Duration = Duration::from_secs(60);

/// A thread for each thing that is to be done, and a count of the threads that gave up their place.
#[derive(Default)]
struct OwnThreads {
    aside: AtomicUsize,
}

impl Threads for OwnThreads {
    fn apart(&self, act: Box<dyn FnOnce() + Send>) -> Result<(), Full> {
        std::thread::spawn(act);
        Ok(())
    }

    fn soon(&self, act: Box<dyn FnOnce() + Send>) {
        std::thread::spawn(act);
    }

    fn later(&self, time: Duration, act: Box<dyn FnOnce() + Send>) {
        std::thread::spawn(move || {
            std::thread::sleep(time);
            act();
        });
    }

    fn stand_in(&self) -> Box<dyn Send> {
        self.aside.fetch_add(1, Ordering::SeqCst);
        Box::new(())
    }
}

struct Service {
    engine: Engine,
    own: Arc<OwnThreads>,
    folder: tempfile::TempDir,
}

impl Service {
    /// An engine that answers to the endpoints of these scripts.
    fn new(limits: Limits, scripts: &[&str]) -> Service {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let engine = Engine::builder().database(folder.path().join("data.db")).limits(limits).build().expect("an engine can be built");
        let compiled = scripts.iter().enumerate().map(|(at, text)| engine.compile(&format!("{at}.bas"), text).unwrap_or_else(|error| panic!("{error}")));
        engine.load(compiled.collect()).expect("the scripts can be loaded");
        Service { engine, own: Arc::default(), folder }
    }

    fn ask(&self, endpoint: &str, respond: Respond) {
        ask(self.engine.world(), &self.threads(), endpoint, respond);
    }

    fn threads(&self) -> Arc<dyn Threads> {
        self.own.clone()
    }

    /// What another process sees.
    fn count(&self, table: &str) -> i64 {
        count(&self.folder.path().join("data.db"), table)
    }
}

fn ask(world: &Arc<World>, threads: &Arc<dyn Threads>, endpoint: &str, respond: Respond) {
    let request = WebhookEvent { method: "POST".into(), path: format!("/webhook/{endpoint}"), ..WebhookEvent::default() };
    endpoints::take(world, request, respond, threads);
}

fn count(database: &Path, table: &str) -> i64 {
    let other = rusqlite::Connection::open(database).expect("the database can be opened beside");
    other.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("it can be read")
}

fn to(answers: &Sender<u16>) -> Respond {
    let answers = answers.clone();
    Box::new(move |reply: Reply| answers.send(reply.status).expect("the test waits for answers"))
}

const GOOD: &str = "WEBHOOK \"good\", OPEN\nINSERT \"seen\", {word: \"good\"}\n";
const BAD: &str = "WEBHOOK \"bad\", OPEN\nINSERT \"seen\", {word: \"bad\"}\nTHROW \"on purpose\"\n";
const ENDLESS: &str = "WEBHOOK \"endless\", OPEN\nWHILE TRUE\nWEND\n";

#[test]
fn a_lone_run_is_on_disk_when_it_is_answered() {
    let service = Service::new(Limits::default(), &[GOOD]);
    let (sender, answers) = channel();
    for expected in 1..=3 {
        service.ask("good", to(&sender));
        assert_eq!(answers.recv_timeout(PATIENCE), Ok(200));
        assert_eq!(service.count("seen"), expected);
    }
    assert_eq!(service.count("gbvm_runs"), 3);
}

/// While one leads, others come: it is answered first, and they then share a commit.
#[test]
fn runs_of_one_group_are_all_on_disk_before_the_first_is_answered() {
    let service = Service::new(Limits { group_ms: 60_000, ..Limits::default() }, &[GOOD, BAD]);
    let database = service.folder.path().join("data.db");
    let (sender, answers) = channel();
    let seen: Arc<Mutex<Vec<i64>>> = Arc::default();
    let (world, threads) = (service.engine.world().clone(), service.threads());
    let brings = {
        let (sender, seen) = (sender.clone(), seen.clone());
        move |_: Reply| {
            for endpoint in ["good", "bad", "good", "bad", "good"] {
                let (sender, seen, database) = (sender.clone(), seen.clone(), database.clone());
                let respond: Respond = Box::new(move |reply| {
                    seen.lock().expect("no test thread fails here").push(count(&database, "seen"));
                    sender.send(reply.status).expect("the test waits");
                });
                ask(&world, &threads, endpoint, respond);
            }
        }
    };
    service.ask("good", Box::new(brings));
    let statuses: Vec<u16> = (0..5).map(|_| answers.recv_timeout(PATIENCE).expect("all are answered")).collect();
    assert_eq!(statuses, [200, 500, 200, 500, 200]);
    assert_eq!(*seen.lock().expect("no test thread fails here"), [4; 5], "one commit holds all that succeeded, and nothing of those that failed");
    let other = rusqlite::Connection::open(service.folder.path().join("data.db")).expect("it can be opened");
    let states = |state: &str| other.query_row("SELECT count(*) FROM gbvm_runs WHERE state = ?1", [state], |row| row.get::<_, i64>(0)).expect("it can be read");
    assert_eq!((states("done"), states("failed")), (4, 2));
}

#[test]
fn an_endless_run_steps_aside_and_is_ended_alone() {
    let service = Service::new(Limits { fuel: Some(300_000_000), ..Limits::default() }, &[GOOD, ENDLESS]);
    let (sender, answers) = channel();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| service.ask("endless", to(&sender)));
        }
        while service.own.aside.load(Ordering::SeqCst) < 1 {
            std::thread::yield_now();
        }
        let (quick, quick_answers) = channel();
        service.ask("good", to(&quick));
        assert_eq!(quick_answers.recv_timeout(PATIENCE), Ok(200));
        assert!(answers.try_recv().is_err(), "the endless ones go on meanwhile");
    });
    let statuses: Vec<u16> = (0..4).map(|_| answers.recv_timeout(PATIENCE).expect("they are ended")).collect();
    assert_eq!(statuses, [500; 4]);
    assert_eq!(service.count("seen"), 1);
    // The place of the one who led is taken again.
    let (sender, answers) = channel();
    service.ask("good", to(&sender));
    assert_eq!(answers.recv_timeout(PATIENCE), Ok(200));
}

#[test]
fn past_its_bound_the_line_says_so_at_once() {
    let service = Service::new(Limits { queue: 2, ..Limits::default() }, &[GOOD]);
    let (sender, answers) = channel();
    let (world, threads) = (service.engine.world().clone(), service.threads());
    let brings = {
        let sender = sender.clone();
        move |_: Reply| (0..5).for_each(|_| ask(&world, &threads, "good", to(&sender)))
    };
    service.ask("good", Box::new(brings));
    let mut statuses: Vec<u16> = (0..5).map(|_| answers.recv_timeout(PATIENCE).expect("all are answered")).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 503, 503, 503]);
    assert_eq!(service.count("seen"), 3);
}

/// A network in which a call takes until the test lets it go.
struct Slow(Mutex<std::sync::mpsc::Receiver<()>>);

impl Transport for Slow {
    fn send_within(&self, _: &PlainRequest, _: Duration) -> Result<Answer, TransportError> {
        self.0.lock().expect("no test thread fails here").recv_timeout(PATIENCE).expect("the test lets it go");
        Ok(Answer { status: 200, headers: Vec::new(), body: b"{}".to_vec() })
    }

    fn allow(&self, _: &BTreeSet<String>) -> Result<(), Fault> {
        Ok(())
    }

    fn shut_down(&self) {}

    fn is_shut_down(&self) -> bool {
        false
    }
}

/// Whoever waits for long is told which run it is, but only where that run cannot be lost any more.
#[test]
fn a_run_that_waits_for_long_is_answered_with_its_id_if_it_is_kept() {
    for (write, early) in [("INSERT \"seen\", {word: \"x\"}\n", Some(202)), ("", None)] {
        let (let_go, gate) = channel();
        let script = format!("WEBHOOK \"slow\", OPEN\n{write}answer = GET \"https://a.example/x\"\nresult = {{status: 200, word: \"late\"}}\n");
        let engine = Engine::builder().limits(Limits { answer_ms: 50, ..Limits::default() }).transport(Arc::new(Slow(Mutex::new(gate)))).build().expect("an engine can be built");
        engine.load(vec![engine.compile("slow.bas", &script).unwrap_or_else(|error| panic!("{error}"))]).expect("it can be loaded");
        let threads: Arc<dyn Threads> = Arc::new(OwnThreads::default());
        let (sender, answers) = channel();
        ask(engine.world(), &threads, "slow", to(&sender));
        let first = answers.recv_timeout(if early.is_some() { PATIENCE } else { Duration::from_millis(200) }).ok();
        assert_eq!(first, early);
        let_go.send(()).expect("the call waits");
        if early.is_none() {
            assert_eq!(answers.recv_timeout(PATIENCE), Ok(200));
        } else {
            let done = || engine.world().store().and_then(|mut store| store.query("SELECT count(*) FROM gbvm_runs WHERE state = 'done'")).expect("it can be read");
            while done() != [["1"]] {
                std::thread::yield_now();
            }
        }
    }
}
