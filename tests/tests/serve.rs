//! The server over real sockets: endpoints, refusals, bounds, the loop through a stand-in CRM, stopping.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use gbvm_stdlib::security::hmac_sha256_hex;
use gbvm_tests::command::binary;
use gbvm_tests::root;

/// A server in a process of its own, ended with the test.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(arguments: &[&str], folder: &Path) -> Server {
        let mut child = Command::new(binary()).args(arguments).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the server can be started");
        let mut lines = BufReader::new(child.stdout.take().expect("the output is piped"));
        let mut line = String::new();
        lines.read_line(&mut line).expect("the server says where it listens");
        let address = line.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("the server says {line:?}")).to_owned();
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Server { child, address }
    }

    /// Sends a request and gives status and body.
    fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("the server accepts");
        let mut head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).expect("the head can be sent");
        // A server that refuses a large body may close before it was all sent.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no answer but {answer:?}"));
        (status, answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned()))
    }

    fn post_signed(&self, path: &str, secret: &str, body: &str) -> (u16, String) {
        let signature = hmac_sha256_hex(secret.as_bytes(), body.as_bytes());
        self.post(path, &[("Content-Type", "application/json"), ("X-Webhook-Signature", &signature)], body.as_bytes())
    }

    /// Asks it to stop, as a service manager would, and gives its exit code.
    fn stop(self) -> Option<i32> {
        self.order_to_stop();
        self.wait()
    }

    fn order_to_stop(&self) {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(killed.is_ok_and(|status| status.success()), "the server can be signalled");
    }

    fn wait(mut self) -> Option<i32> {
        self.child.wait().expect("the server ends").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is gone already where the test stopped it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A CRM that answers every request and reports its first line and body.
fn crm() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("the listener has an address");
    let (report, reported) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().expect("a socket can be shared"));
            let (mut first, mut length) = (String::new(), 0);
            if reader.read_line(&mut first).is_err() {
                continue;
            }
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
            }
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                continue;
            }
            let answer = r#"{"id":"crm-1"}"#;
            let _ = write!(stream, "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}", answer.len());
            if report.send(format!("{} {}", first.trim(), String::from_utf8_lossy(&body))).is_err() {
                return;
            }
        }
    });
    (format!("http://{address}"), reported)
}

fn query(folder: &Path, select: &str) -> Vec<String> {
    let database = rusqlite::Connection::open(folder.join("data.db")).expect("the database can be opened");
    let mut statement = database.prepare(select).expect("the question is right");
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).expect("the question can be asked");
    rows.map(|row| row.expect("a row can be read")).collect()
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

/// A peer that answers nobody until it is told to.
struct SlowPeer {
    /// The route by which `https://slow.test` is found at it.
    route: String,
    requests: Receiver<()>,
    gate: Arc<(Mutex<bool>, Condvar)>,
}

impl SlowPeer {
    fn start() -> SlowPeer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let route = format!("https://slow.test=http://{}", listener.local_addr().expect("the listener has an address"));
        let (report, requests) = channel();
        let gate: Arc<(Mutex<bool>, Condvar)> = Arc::default();
        let opened = gate.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let (report, opened) = (report.clone(), opened.clone());
                std::thread::spawn(move || {
                    // The request has no body, and its head fits into one piece.
                    if stream.read(&mut [0; 4096]).is_err() || report.send(()).is_err() {
                        return;
                    }
                    let closed = opened.0.lock().expect("no holder panics");
                    drop(opened.1.wait_while(closed, |is_open| !*is_open));
                    // Whoever asked may be gone.
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
                });
            }
        });
        SlowPeer { route, requests, gate }
    }

    fn wait_for_request(&self) {
        self.requests.recv_timeout(Duration::from_secs(20)).expect("the peer is called");
    }

    fn answer_everybody(&self) {
        *self.gate.0.lock().expect("no holder panics") = true;
        self.gate.1.notify_all();
    }
}

const OPTIONS: [&str; 8] = ["--listen", "127.0.0.1:0", "--db", "data.db", "--memory", "crm_webhook_secret=s3cret", "--memory", "crm_api_key=k-1"];

#[test]
fn a_signed_webhook_becomes_rows() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let bas = root().join("bas");
    let server = Server::start(&[&["serve", bas.to_str().expect("the path is text")], &OPTIONS[..]].concat(), folder.path());
    let body = r#"{"event":"created","type":"contact","id":"c-1","timestamp":"2026-01-31T08:59:00Z","data":{"firstName":"Ann","lastName":"Lee"}}"#;

    for path in ["/webhook/crm-inbound", "/api/default/webhook/crm-inbound"] {
        assert_eq!(server.post(path, &[("Content-Type", "application/json")], body.as_bytes()).0, 401, "{path}");
        assert_eq!(server.post_signed(path, "guess", body).0, 401, "{path}");
    }
    assert_eq!(query(folder.path(), "SELECT count(*) || '' FROM sync_events"), ["0"]);
    let (status, answer) = server.post_signed("/webhook/crm-inbound", "s3cret", body);
    assert_eq!((status, answer.as_str()), (200, r#"{"status":"synced","record_id":"c-1","direction":"inbound"}"#));
    assert_eq!(query(folder.path(), "SELECT first_name FROM contacts"), ["Ann"]);
    assert_eq!(query(folder.path(), "SELECT record_id FROM sync_events"), ["c-1"]);
    assert_eq!(server.post_signed("/webhook/crm-inbound", "s3cret", &body.replace("\"contact\"", "\"spaceship\"")).0, 400);
    assert_eq!(server.post("/webhook/nobody", &[], b"{}").0, 404);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn bad_requests_are_refused_and_the_server_lives_on() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("open.bas"), "WEBHOOK \"open\", OPEN\nresult = body.a\n").expect("a file can be written");
    let server = Server::start(&["run", "open.bas", "--listen", "127.0.0.1:0", "--db", "data.db"], folder.path());
    let json = [("Content-Type", "application/json")];
    let (status, answer) = server.post("/webhook/open", &json, b"{\"a\": oops}");
    assert!(status == 400 && answer.contains("E_JSON"), "{status} {answer}");
    let (status, answer) = server.post("/webhook/open", &json, &vec![b' '; 2 << 20]);
    assert!(status == 413 && answer.contains("E_BODY_TOO_LARGE"), "{status} {answer}");
    assert_eq!(server.post("/webhook/open", &[("Content-Type", "application/json"), ("X-A", "1"), ("X_A", "2")], b"{}").0, 400);
    assert_eq!(server.post("/webhook/open", &json, ("[".repeat(100_000)).as_bytes()).0, 400);
    assert_eq!(server.post("/webhook/open", &json, b"{\"a\": 7}"), (200, "7".to_owned()));
}

#[test]
fn a_stored_contact_is_created_in_the_crm_exactly_once() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (url, requests) = crm();
    let route = format!("https://api.crm.com={url}");
    let bas = root().join("bas");
    let _server = Server::start(&[&["serve", bas.to_str().expect("the path is text"), "--route", &route], &OPTIONS[..]].concat(), folder.path());
    let insert = root().join("bas/samples/new-contact.bas");
    let inserted = Command::new(binary()).args(["run", insert.to_str().expect("the path is text"), "--db", "data.db"]).current_dir(folder.path()).output().expect("the command can be started");
    assert!(inserted.status.success(), "{}", String::from_utf8_lossy(&inserted.stderr));
    let first = requests.recv_timeout(Duration::from_secs(20)).expect("the CRM is called");
    assert!(first.starts_with("POST /api/contacts HTTP/1.1 ") && first.contains("\"firstName\":\"Ann\""), "{first}");
    wait_for("the contact to be linked", || query(folder.path(), "SELECT coalesce(external_id, '') FROM contacts") == ["crm-1"]);
    wait_for("the queue to be empty", || query(folder.path(), "SELECT count(*) || '' FROM gbvm_jobs WHERE state IN ('queued', 'held')") == ["0"]);
    assert!(requests.recv_timeout(Duration::from_millis(1500)).is_err(), "nothing more is sent");
}

#[test]
fn a_port_in_use_has_its_own_exit_code() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("the listener has an address").to_string();
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("open.bas"), "WEBHOOK \"open\", OPEN\n").expect("a file can be written");
    let output = Command::new(binary()).args(["run", "open.bas", "--listen", &address, "--db", "data.db"]).current_dir(folder.path()).output().expect("the command can be started");
    assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&address), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_second_server_on_one_database_is_refused() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("open.bas"), "WEBHOOK \"open\", OPEN\n").expect("a file can be written");
    let arguments = ["run", "open.bas", "--listen", "127.0.0.1:0", "--db", "data.db"];
    let _first = Server::start(&arguments, folder.path());
    let second = Command::new(binary()).args(arguments).current_dir(folder.path()).output().expect("the command can be started");
    assert_eq!(second.status.code(), Some(4), "{}", String::from_utf8_lossy(&second.stderr));
}

#[cfg(unix)]
#[test]
fn a_second_server_under_another_name_of_the_database_is_refused() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("open.bas"), "WEBHOOK \"open\", OPEN\n").expect("a file can be written");
    let _first = Server::start(&["run", "open.bas", "--listen", "127.0.0.1:0", "--db", "data.db"], folder.path());
    let second = |database: &str| {
        let arguments = ["run", "open.bas", "--listen", "127.0.0.1:0", "--db", database];
        let output = Command::new(binary()).args(arguments).current_dir(folder.path()).output().expect("the command can be started");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    std::os::unix::fs::symlink("data.db", folder.path().join("link.db")).expect("a link can be made");
    let (code, message) = second("link.db");
    assert!(code == Some(4) && message.contains("E_DATABASE_LOCKED"), "{code:?} {message}");
    std::fs::hard_link(folder.path().join("data.db"), folder.path().join("hard.db")).expect("a link can be made");
    let (code, message) = second("hard.db");
    assert!(code == Some(4) && message.contains("hard links"), "{code:?} {message}");
}

/// A script with a step before and a step after a call that takes its time.
const STEPS: &str = "mark = GUID()\nINSERT \"steps\", {mark: mark, name: \"first\"}\nanswer = GET \"https://slow.test/page\"\nINSERT \"steps\", {mark: mark, name: \"second\"}\n";
/// How many runs made both steps.
const WHOLE: &str = "SELECT count(*) || '' FROM steps AS a JOIN steps AS b ON a.mark = b.mark WHERE a.name = 'first' AND b.name = 'second'";
const UNFINISHED: &str = "SELECT (SELECT count(*) FROM gbvm_checkpoints) || ' ' || (SELECT count(*) FROM gbvm_runs WHERE state = 'failed')";

fn slow_server(folder: &Path, peer: &SlowPeer, grace: &str) -> Server {
    Server::start(&["run", "slow.bas", "--listen", "127.0.0.1:0", "--db", "data.db", "--route", &peer.route, "--grace", grace], folder)
}

#[test]
fn a_scheduled_run_that_the_stop_cuts_goes_on_at_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("slow.bas"), format!("WEBHOOK \"unused\", OPEN\nSET SCHEDULE \"* * * * * *\"\n{STEPS}")).expect("a file can be written");
    let peer = SlowPeer::start();
    let server = slow_server(folder.path(), &peer, "0");
    peer.wait_for_request();
    assert_eq!(server.stop(), Some(0));
    assert_eq!(query(folder.path(), UNFINISHED), ["1 0"]);
    let mark = query(folder.path(), "SELECT mark FROM steps").remove(0);
    peer.answer_everybody();
    let _server = slow_server(folder.path(), &peer, "0");
    wait_for("the run to end", || query(folder.path(), &format!("{WHOLE} AND a.mark = '{mark}'")) == ["1"]);
}

#[test]
fn a_scheduled_run_has_the_grace_to_end() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("slow.bas"), format!("WEBHOOK \"unused\", OPEN\nSET SCHEDULE \"* * * * * *\"\n{STEPS}")).expect("a file can be written");
    let peer = SlowPeer::start();
    let server = slow_server(folder.path(), &peer, "20");
    peer.wait_for_request();
    server.order_to_stop();
    wait_for("the server to accept nothing more", || TcpStream::connect(&server.address).is_err());
    peer.answer_everybody();
    assert_eq!(server.wait(), Some(0));
    assert_eq!(query(folder.path(), WHOLE), ["1"], "the run ends, and no further slot begins");
    assert_eq!(query(folder.path(), UNFINISHED), ["0 0"]);
}

#[test]
fn a_triggered_run_that_the_stop_cuts_stays_queued() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("slow.bas"), format!("WEBHOOK \"put\", OPEN\nON \"parts\", \"INSERT\"\nIF method = \"POST\" THEN\n  EXIT\nEND IF\n{STEPS}")).expect("a file can be written");
    std::fs::write(folder.path().join("put.bas"), "INSERT \"parts\", {sku: \"A-1\"}\n").expect("a file can be written");
    let peer = SlowPeer::start();
    let server = slow_server(folder.path(), &peer, "0");
    let put = Command::new(binary()).args(["run", "put.bas", "--db", "data.db"]).current_dir(folder.path()).status().expect("the command can be started");
    assert!(put.success());
    peer.wait_for_request();
    assert_eq!(server.stop(), Some(0));
    assert_eq!(query(folder.path(), UNFINISHED), ["1 0"]);
    assert_eq!(query(folder.path(), "SELECT state || attempt FROM gbvm_jobs"), ["queued0"]);
    peer.answer_everybody();
    let _server = slow_server(folder.path(), &peer, "0");
    wait_for("the run to end", || query(folder.path(), WHOLE) == ["1"]);
    assert_eq!(query(folder.path(), "SELECT count(*) || '' FROM steps"), ["2"]);
}

#[test]
fn a_webhook_that_the_stop_cuts_is_answered() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("slow.bas"), format!("WEBHOOK \"slow\", OPEN\nIF params.kind = \"reader\" THEN\n  answer = GET \"https://slow.test/page\"\nEND IF\n{STEPS}")).expect("a file can be written");
    let peer = SlowPeer::start();
    let server = slow_server(folder.path(), &peer, "0");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| server.post("/webhook/slow", &[], b"{}"));
        peer.wait_for_request();
        let reader = scope.spawn(|| server.post("/webhook/slow?kind=reader", &[], b"{}"));
        peer.wait_for_request();
        server.order_to_stop();
        for caller in [writer, reader] {
            let (status, answer) = caller.join().expect("the caller is answered");
            assert!(status == 503 && answer.contains("E_STOPPING"), "{status} {answer}");
        }
    });
    assert_eq!(server.wait(), Some(0));
    assert_eq!(query(folder.path(), UNFINISHED), ["1 1"], "the run that wrote goes on, the other is undone");
    peer.answer_everybody();
    let _server = slow_server(folder.path(), &peer, "0");
    wait_for("the run to end", || query(folder.path(), WHOLE) == ["1"]);
    assert_eq!(query(folder.path(), "SELECT count(*) || '' FROM steps"), ["2"]);
}

#[test]
fn an_accepted_request_that_a_kill_cuts_goes_on_at_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("slow.bas"), format!("WEBHOOK \"slow\", ACCEPT, SCHEME \"github\" KEY \"hook_secret\"\n{STEPS}")).expect("a file can be written");
    let peer = SlowPeer::start();
    let arguments = ["run", "slow.bas", "--listen", "127.0.0.1:0", "--db", "data.db", "--route", &peer.route, "--memory", "hook_secret=s3cret"];
    let signature = format!("sha256={}", hmac_sha256_hex(b"s3cret", b"{}"));
    let server = Server::start(&arguments, folder.path());
    let (status, answer) = server.post("/webhook/slow", &[("X-Hub-Signature-256", &signature)], b"{}");
    assert!(status == 202 && answer.starts_with("{\"run\":"), "{status} {answer}");
    peer.wait_for_request();
    // The end of the test's hold on it is kill -9.
    drop(server);
    peer.answer_everybody();
    let server = Server::start(&arguments, folder.path());
    wait_for("the run to end", || query(folder.path(), WHOLE) == ["1"]);
    assert_eq!(server.post("/webhook/slow", &[("X-Hub-Signature-256", &signature)], b"{}"), (202, answer));
    wait_for("the queue to be empty", || query(folder.path(), "SELECT count(*) || '' FROM gbvm_jobs") == ["0"]);
    assert_eq!(query(folder.path(), "SELECT count(*) || '' FROM steps"), ["2"]);
}

#[test]
fn a_webhook_answers_at_its_own_path_only() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("a.bas"), "WEBHOOK \"a-b\", OPEN\nresult = {status: 404.0, path: path}\n").expect("a file can be written");
    let server = Server::start(&["run", "a.bas", "--listen", "127.0.0.1:0", "--db", "data.db"], folder.path());
    for path in ["/webhook/a-b", "/webhook/a%2Db", "/webhook/%61-b", "/api/default/webhook/a%2db"] {
        let (status, answer) = server.post(path, &[], b"{}");
        assert!(status == 404 && answer.contains("\"path\""), "{path}: {status} {answer}");
    }
    for path in ["//webhook/a-b", "/webhook//a-b", "/webhook/a-b/", "/webhook/a%252Db", "/webhook/a-b%2F"] {
        let (status, answer) = server.post(path, &[], b"{}");
        assert!(status == 404 && answer.contains("E_NO_ENDPOINT"), "{path}: {status} {answer}");
    }
}
