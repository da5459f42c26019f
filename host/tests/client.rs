//! The client against peers that answer, stall, break off, lie and lead astray, all on loopback.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use gbvm::client::{ImmediateCalls, Network, NetworkOptions, PlainRequest, TransportError};
use gbvm_stdlib::services::{Answer, HttpClient, Request};
use gbvm_vm::fault::Fault;
use gbvm_vm::text::Text;

/// A peer that hands each connection, with the head and body it read, to a function.
struct Peer {
    port: u16,
    requests: Receiver<String>,
    connections: Arc<AtomicUsize>,
}

fn peer(answer: impl Fn(usize, &str, &mut TcpStream) + Send + 'static) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let (report, requests) = channel();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    thread::spawn(move || {
        let mut number = 0;
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            counter.fetch_add(1, Ordering::SeqCst);
            while let Some(request) = read_request(&mut stream) {
                let _ = report.send(request.clone());
                answer(number, &request, &mut stream);
                number += 1;
            }
        }
    });
    Peer { port, requests, connections }
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |length| length.parse().expect("a number"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    request.extend(body);
    Some(String::from_utf8_lossy(&request).into_owned())
}

/// Sends an answer with this status line, further header lines and body.
fn reply(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let _ = stream.write_all(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    let _ = stream.write_all(body);
}

fn options() -> NetworkOptions {
    NetworkOptions { routes: Vec::new(), allow_net: Vec::new(), allowed_origins: Vec::new(), timeout_ms: 5000, answer_bytes: 100_000 }
}

impl Peer {
    fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn options(&self) -> NetworkOptions {
        NetworkOptions { allow_net: vec![format!("127.0.0.1:{}", self.port)], ..options() }
    }

    fn network(&self) -> Network {
        Network::new(self.options()).expect("good options")
    }

    fn get(&self, path: &str) -> PlainRequest {
        plain("GET", &self.origin(), path, None)
    }
}

fn plain(method: &str, origin: &str, path: &str, body: Option<&str>) -> PlainRequest {
    PlainRequest { method: method.into(), url: format!("{origin}{path}"), origin: origin.into(), headers: Vec::new(), body: body.map(|body| body.as_bytes().to_vec()) }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn requests_and_answers_are_whole() {
    let peer = peer(|_, _, stream| reply(stream, "404 Not Found", "X-Thing: One\r\n", b"gone"));
    let network = peer.network();
    let mut request = plain("POST", &peer.origin(), "/a%20b?x=1", Some("hello"));
    request.headers = vec![("X-Key".into(), "v ä".into()), ("Accept-Encoding".into(), "br".into())];
    let answer = network.send(&request).expect("any status is an answer");
    assert_eq!((answer.status, answer.body.as_slice()), (404, b"gone".as_slice()));
    assert!(answer.headers.contains(&("x-thing".into(), "One".into())));
    let seen = peer.requests.recv().expect("it arrived");
    assert!(seen.starts_with("POST /a%20b?x=1 HTTP/1.1\r\n") && seen.ends_with("\r\n\r\nhello"), "{seen}");
    let head = seen.to_lowercase();
    assert!(head.contains("x-key: v ä\r\n") && head.contains("accept-encoding: gzip\r\n") && head.contains("user-agent: gbvm/"), "{seen}");

    for (method, body, length) in [("POST", None, Some("0")), ("DELETE", None, None), ("DELETE", Some("x"), Some("1")), ("PUT", Some(""), Some("0")), ("GET", None, None)] {
        network.send(&plain(method, &peer.origin(), "", body)).expect("an answer");
        let seen = peer.requests.recv().expect("it arrived").to_lowercase();
        let sent = seen.lines().find_map(|line| line.strip_prefix("content-length: "));
        assert_eq!(sent, length, "{method} {body:?}: {seen}");
    }
    assert_eq!(peer.connections.load(Ordering::SeqCst), 1, "drained connections are used again");
}

#[test]
fn only_allowed_origins_are_called() {
    let peer = peer(|_, _, stream| reply(stream, "200 OK", "", b"in"));
    let network = Network::new(options()).expect("good options");
    let refused = network.send(&peer.get("/")).expect_err("not allowed");
    assert_eq!(refused.code(), "E_NET");
    assert!(matches!(refused, TransportError::NotAllowed { .. }));
    // A script that names it literally is allowed to try, and the address is refused.
    network.set_allowed_origins([peer.origin()]).expect("origins");
    assert!(matches!(network.send(&peer.get("/")), Err(TransportError::AddressRefused { .. })));
    // The origin that was checked must be the URL's.
    let mut forged = peer.get("/");
    forged.origin = "https://api.crm.com".into();
    assert!(matches!(network.send(&forged), Err(TransportError::BadRequest(_))));
    assert!(network.set_allowed_origins(["nonsense".to_owned()]).is_err());
    assert_eq!(peer.connections.load(Ordering::SeqCst), 0);
    assert_eq!(peer.network().send(&peer.get("/")).expect("allowed by name").body, b"in");
}

#[test]
fn odd_ways_to_write_this_machine_are_refused() {
    let peer = peer(|_, _, stream| reply(stream, "200 OK", "", b"in"));
    let hosts = [
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.1", "127.0.0.1.", "127.255.255.254", "0.0.0.0", "0", "localhost",
        "LOCALHOST", "localhost.", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "10.0.0.1",
        "169.254.169.254", "192.168.0.1", "172.16.0.1", "100.64.0.1", "[fe80::1]", "[fd00::1]", "224.0.0.1", "255.255.255.255", "[ff02::1]",
    ];
    for host in hosts {
        let origin = gbvm::client::origin_of(&format!("http://{host}:{}", peer.port)).expect("it reads as an origin");
        let network = Network::new(NetworkOptions { allowed_origins: vec![origin.clone()], ..options() }).expect("good options");
        let begin = Instant::now();
        let refused = network.send(&plain("GET", &origin, "/", None)).expect_err(host);
        // Some resolvers do not know the odd ways at all, which is as good.
        assert!(matches!(refused, TransportError::AddressRefused { .. } | TransportError::Broken(_)), "{host}: {refused:?}");
        assert!(begin.elapsed() < Duration::from_secs(4), "{host}");
    }
    for url in ["http://127.0.0.1@example.com/", "http://example.com@127.0.0.1/", "http://127.0.0.1 /", "file:///etc/passwd", "http://ⓛocalhost/", "gopher://127.0.0.1/"] {
        let request = PlainRequest { url: url.into(), ..plain("GET", &peer.origin(), "/", None) };
        assert!(matches!(peer.network().send(&request), Err(TransportError::BadRequest(_))), "{url}");
    }
    assert_eq!(peer.connections.load(Ordering::SeqCst), 0);
}

#[test]
fn routed_origins_go_to_their_target() {
    let peer = peer(|number, _, stream| match number {
        0 => reply(stream, "302 Found", "Location: https://api.crm.com/two?y=2\r\n", b""),
        _ => reply(stream, "200 OK", "", b"in"),
    });
    let routes = vec![("https://api.crm.com".to_owned(), format!("{}/base/", peer.origin()))];
    let network = Network::new(NetworkOptions { routes, ..options() }).expect("good options");
    let answer = network.send(&plain("GET", "https://api.crm.com", "/one?x=1", None)).expect("an answer");
    assert_eq!(answer.status, 200);
    assert!(peer.requests.recv().expect("arrived").starts_with("GET /base/one?x=1 "));
    assert!(peer.requests.recv().expect("arrived").starts_with("GET /base/two?y=2 "));
    // The target is no origin of its own for scripts, even while a connection to it is open.
    network.set_allowed_origins([peer.origin()]).expect("origins");
    assert!(matches!(network.send(&peer.get("/")), Err(TransportError::AddressRefused { .. })));
    assert!(Network::new(NetworkOptions { routes: vec![("api.crm.com".into(), peer.origin())], ..options() }).is_err());
    assert!(Network::new(NetworkOptions { routes: vec![("https://a".into(), "b".into())], ..options() }).is_err());
    assert!(Network::new(NetworkOptions { allow_net: vec!["https://a".into()], ..options() }).is_err());
}

#[test]
fn redirects_stay_at_their_origin() {
    let other = peer(|_, _, stream| reply(stream, "200 OK", "", b"stolen"));
    let elsewhere = other.origin();
    let peer = peer(move |_, request, stream| match request.split(' ').nth(1).expect("a path") {
        "/a/0" => reply(stream, "200 OK", "", b"end"),
        "/other" => reply(stream, "302 Found", &format!("Location: {elsewhere}/\r\n"), b"away"),
        "/localhost" => reply(stream, "302 Found", "Location: //localhost/\r\n", b"away"),
        "/none" => reply(stream, "302 Found", "", b"nowhere"),
        path => {
            let left: usize = path.trim_start_matches("/a/").parse().expect("a number");
            reply(stream, "307 Temporary Redirect", &format!("Location: ../a/{}\r\n", left - 1), b"on")
        }
    });
    let network = Network::new(NetworkOptions { allow_net: vec![format!("127.0.0.1:{}", peer.port), format!("127.0.0.1:{}", other.port)], ..options() }).expect("good options");
    let fetch = |path: &str| network.send(&peer.get(path)).expect("an answer");
    assert_eq!(fetch("/a/3").body, b"end");
    assert_eq!(fetch("/a/4").status, 307);
    assert_eq!(fetch("/other").body, b"away");
    assert_eq!(fetch("/localhost").status, 302);
    assert_eq!(fetch("/none").body, b"nowhere");
    assert_eq!(network.send(&plain("POST", &peer.origin(), "/a/2", Some("x"))).expect("an answer").status, 307);
    assert_eq!(other.connections.load(Ordering::SeqCst), 0);
}

#[test]
fn answers_are_bounded_after_decompression() {
    let peer = peer(|_, request, stream| match request.split(' ').nth(1).expect("a path") {
        "/at" => reply(stream, "200 OK", "", &vec![b'x'; 100_000]),
        "/past" => reply(stream, "200 OK", "", &vec![b'x'; 100_001]),
        "/small" => reply(stream, "200 OK", "Content-Encoding: gzip\r\n", &gzip(b"inflated")),
        "/bomb" => reply(stream, "200 OK", "Content-Encoding: gzip\r\n", &gzip(&vec![0; 50 << 20])),
        "/broken" => reply(stream, "200 OK", "Content-Encoding: gzip\r\n", b"not gzip at all"),
        _ => {
            // Endless, without a length.
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
        }
    });
    let network = peer.network();
    assert_eq!(network.send(&peer.get("/at")).expect("at the limit").body.len(), 100_000);
    assert_eq!(network.send(&peer.get("/past")), Err(TransportError::TooLarge { limit: 100_000, status: 200 }));
    assert_eq!(network.send(&peer.get("/small")).expect("small").body, b"inflated");
    assert_eq!(network.send(&peer.get("/bomb")), Err(TransportError::TooLarge { limit: 100_000, status: 200 }));
    assert!(matches!(network.send(&peer.get("/broken")), Err(TransportError::Broken(_))));
    assert_eq!(network.send(&peer.get("/endless")), Err(TransportError::TooLarge { limit: 100_000, status: 200 }));
}

#[test]
fn slow_and_broken_peers_are_errors_in_time() {
    let peer = peer(|_, request, stream| match request.split(' ').nth(1).expect("a path") {
        "/drip" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        }
        "/half" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        "/head" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX: ");
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        }
        "/other" => {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n\r\n");
        }
        _ => {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    });
    let network = Network::new(NetworkOptions { timeout_ms: 400, ..peer.options() }).expect("good options");
    let begin = Instant::now();
    assert_eq!(network.send(&peer.get("/drip")), Err(TransportError::Timeout(400)));
    assert_eq!(network.send(&peer.get("/head")), Err(TransportError::Timeout(400)));
    for path in ["/half", "/other", "/nothing"] {
        let error = network.send(&peer.get(path)).expect_err(path);
        assert!(matches!(error, TransportError::Broken(_)) && error.may_pass(), "{path}: {error:?}");
    }
    assert!(begin.elapsed() < Duration::from_secs(4));
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
    let network = Network::new(NetworkOptions { allow_net: vec![format!("127.0.0.1:{closed}")], ..options() }).expect("good options");
    let error = network.send(&plain("GET", &format!("http://127.0.0.1:{closed}"), "/", None)).expect_err("nobody listens");
    assert!(matches!(error, TransportError::Broken(_)), "{error:?}");
}

#[test]
fn headers_cannot_break_out_and_stay_unsaid() {
    let peer = peer(|_, _, stream| reply(stream, "200 OK", "", b"in"));
    let network = peer.network();
    let bad = [("X", "s3cret\r\nY: 1"), ("X", "s3cret\0"), ("X\r\nY", "s3cret"), ("", "s3cret"), ("Host", "s3cret"), ("content-length", "3"), ("Transfer-Encoding", "chunked")];
    for (name, value) in bad {
        let request = PlainRequest { headers: vec![(name.into(), value.into())], ..peer.get("/") };
        let error = network.send(&request).expect_err(name);
        assert!(matches!(error, TransportError::BadRequest(_)) && !error.to_string().contains("s3cret"), "{error}");
        assert!(!format!("{request:?}").contains("s3cret"));
    }
    assert_eq!(peer.connections.load(Ordering::SeqCst), 0);
}

#[test]
fn shutting_down_cuts_calls_in_flight() {
    let (arrived, arrival) = channel();
    let peer = peer(move |_, request, stream| {
        if request.starts_with("GET /body") {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npart");
        }
        let _ = arrived.send(());
        let _ = stream.read(&mut [0]);
    });
    for path in ["/head", "/body"] {
        let network = Network::new(NetworkOptions { timeout_ms: 30_000, ..peer.options() }).expect("good options");
        let (caller, request) = (network.clone(), peer.get(path));
        let begin = Instant::now();
        let call = thread::spawn(move || caller.send(&request));
        arrival.recv().expect("the call arrives");
        network.shut_down();
        assert_eq!(call.join().expect("no panic"), Err(TransportError::ShutDown), "{path}");
        assert!(begin.elapsed() < Duration::from_secs(10));
        assert_eq!(network.send(&peer.get(path)), Err(TransportError::ShutDown));
    }
}

fn scripted(method: &'static str, origin: &str, path: &str) -> Request {
    Request { method, url: Text::data(format!("{origin}{path}")), origin: origin.into(), headers: Vec::new(), body: None }
}

/// Calls with pauses written down instead of slept.
fn call(network: &Network, request: &Request) -> (Result<Answer, Fault>, Vec<Duration>) {
    let pauses = Mutex::new(Vec::new());
    let pause = |time| {
        pauses.lock().expect("one thread").push(time);
        Ok(())
    };
    let outcome = ImmediateCalls::with_pause(network, Some("key-1".into()), Box::new(pause)).call(request);
    (outcome, pauses.into_inner().expect("one thread"))
}

#[test]
fn busy_peers_are_asked_three_times() {
    let peer = peer(|number, _, stream| match number {
        0 => reply(stream, "503 Busy", "", b""),
        1 => reply(stream, "429 Slow", "Retry-After: 7\r\n", b""),
        2 => reply(stream, "201 Created", "", b"in"),
        _ => reply(stream, "503 Busy", "", b""),
    });
    let network = peer.network();
    let (outcome, pauses) = call(&network, &scripted("POST", &peer.origin(), "/x?token=1"));
    assert_eq!(outcome.expect("the third try").status, 201);
    assert!((250..=750).contains(&pauses[0].as_millis()) && pauses[1] == Duration::from_secs(7), "{pauses:?}");
    for _ in 0..3 {
        assert!(peer.requests.recv().expect("arrived").to_lowercase().contains("idempotency-key: key-1\r\n"));
    }
    let (outcome, pauses) = call(&network, &scripted("GET", &peer.origin(), "/x?token=1"));
    let fault = outcome.expect_err("always busy");
    assert_eq!(fault.code, "E_HTTP");
    assert_eq!(fault.message, format!("GET {}/x: three tries, last answer 503.", peer.origin()));
    assert!(pauses.len() == 2 && (500..=1500).contains(&pauses[1].as_millis()), "{pauses:?}");
    assert!(!peer.requests.recv().expect("arrived").to_lowercase().contains("idempotency-key"));
}

#[test]
fn waiting_longer_than_half_a_minute_is_given_up() {
    let peer = peer(|_, _, stream| reply(stream, "503 Busy", "Retry-After: 31\r\n", b""));
    let (outcome, pauses) = call(&peer.network(), &scripted("GET", &peer.origin(), "/"));
    assert!(outcome.expect_err("too long").message.ends_with(": one try, last answer 503."));
    assert!(pauses.is_empty());
}

#[test]
fn final_answers_and_refusals_are_not_repeated() {
    let peer = peer(|_, _, stream| reply(stream, "422 No", "", b"why"));
    let (outcome, pauses) = call(&peer.network(), &scripted("PUT", &peer.origin(), "/"));
    assert_eq!((outcome.expect("an answer").status, pauses.len()), (422, 0));
    let (outcome, pauses) = call(&Network::new(options()).expect("good options"), &scripted("PUT", &peer.origin(), "/"));
    assert_eq!((&*outcome.expect_err("not allowed").code, pauses.len()), ("E_NET", 0));
    assert_eq!(peer.connections.load(Ordering::SeqCst), 1);
}

#[test]
fn broken_connections_are_tried_again_and_named() {
    let peer = peer(|number, _, stream| match number {
        0 => {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        _ => reply(stream, "200 OK", "", b"in"),
    });
    let (outcome, pauses) = call(&peer.network(), &scripted("GET", &peer.origin(), "/"));
    assert_eq!((outcome.expect("the second try").body, pauses.len()), (b"in".to_vec(), 1));
}

#[test]
fn secrets_are_sent_and_never_said() {
    let peer = peer(|_, _, stream| reply(stream, "503 Busy", "", b""));
    let network = peer.network();
    let mut request = scripted("GET", &peer.origin(), "");
    request.url = Text::join(&[request.url, Text::literal("/"), Text::secret("crm_api_key", "s3cret")], true);
    request.headers = vec![("Authorization".into(), Text::join(&[Text::literal("Bearer "), Text::secret("crm_api_key", "s3cret")], true))];
    let (outcome, _) = call(&network, &request);
    let fault = outcome.expect_err("always busy");
    assert!(fault.message.contains("/‹crm_api_key›: three tries") && !fault.message.contains("s3cret"), "{}", fault.message);
    let seen = peer.requests.recv().expect("arrived");
    assert!(seen.starts_with("GET /s3cret ") && seen.contains("Bearer s3cret\r\n"), "{seen}");
    request.headers = vec![("Authorization".into(), Text::join(&[Text::literal("Bearer "), Text::secret("other_key", "")], true))];
    let (outcome, _) = call(&network, &request);
    assert_eq!(outcome.expect_err("no such secret").code, "E_SECRET_UNSET");
}
