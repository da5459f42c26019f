//! The server over real loopback sockets, spoken to byte by byte.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use gbvm::server::{Handler, IncomingRequest, OutgoingResponse, Patience, Server, ServerError, blocking, start, start_with};
use gbvm_vm::limits::Limits;

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn small() -> Limits {
    Limits { body_bytes: 1000, header_count: 8, header_bytes: 1024, connections: 16, runs: 2, queue: 1, ..Limits::default() }
}

fn text(status: u16, body: impl Into<String>) -> OutgoingResponse {
    OutgoingResponse { status, headers: vec![("Content-Type".into(), "text/plain".into())], body: body.into().into_bytes() }
}

fn serve(limits: Limits, handler: impl Fn(IncomingRequest) -> OutgoingResponse + Send + Sync + 'static) -> Server {
    start(ANY_PORT, Arc::new(limits), blocking(handler)).expect("a free port is there")
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a valid time-out");
    stream
}

/// Sends bytes and reads until the server closes.
fn exchange(server: &Server, request: &[u8]) -> String {
    let mut stream = connect(server);
    // The server may answer and close before everything is written.
    let _ = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).expect("answers are text here")
}

/// Reads one answer with a Content-Length.
fn read_answer(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    let mut byte = [0];
    while !answer.ends_with("\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a whole head");
        answer.push(byte[0] as char);
    }
    let length = answer.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length").parse().expect("a number");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a whole body");
    answer + std::str::from_utf8(&body).expect("text")
}

#[test]
fn a_request_arrives_whole() {
    let server = serve(Limits::default(), |request| {
        assert!(request.peer.ip().is_loopback());
        text(201, format!("{} {} {:?} {:?} {}", request.method, request.path, request.query, request.headers, String::from_utf8_lossy(&request.body)))
    });
    let answer = exchange(&server, b"PUT /a%20b/c?x=1&y=a+b%21 HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nContent-Length: 5\r\n\r\nhello");
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert!(answer.contains("content-type: text/plain\r\n"), "{answer}");
    let expected = r#"PUT /a%20b/c [("x", "1"), ("y", "a b!")] [("host", "h"), ("x-one", "1"), ("content-length", "5")] hello"#;
    assert!(answer.ends_with(expected), "{answer}");
    server.stop(Duration::from_secs(1));
}

#[test]
fn connections_are_kept_alive_and_chunks_joined() {
    let server = serve(Limits::default(), |request| text(200, String::from_utf8_lossy(&request.body)));
    let mut stream = connect(&server);
    for _ in 0..3 {
        stream.write_all(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").expect("open");
        assert!(read_answer(&mut stream).ends_with("abcde"));
    }
    drop(stream);
    server.stop(Duration::from_secs(1));
}

#[test]
fn an_address_in_use_is_told_apart() {
    let server = serve(Limits::default(), |_| text(200, ""));
    let handler: Handler = blocking(|_| text(200, ""));
    match start(server.address(), Arc::new(Limits::default()), handler) {
        Err(ServerError::AddressInUse(address)) => assert_eq!(address, server.address()),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two servers at one address"),
    }
    server.stop(Duration::ZERO);
}

#[test]
fn bodies_are_bounded_at_and_past_the_limit() {
    let server = serve(small(), |request| text(200, request.body.len().to_string()));
    let with = |size: usize| [format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {size}\r\n\r\n").into_bytes(), vec![b'x'; size]].concat();
    assert!(exchange(&server, &with(1000)).ends_with("\r\n\r\n1000"));
    for size in [1001, 100_000, 3_000_000] {
        let answer = exchange(&server, &with(size));
        assert!(answer.starts_with("HTTP/1.1 413 "), "{size}: {answer}");
        assert!(answer.contains(r#""error":"E_BODY_TOO_LARGE""#), "{size}: {answer}");
    }
    let chunks = [b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), format!("{:x}\r\n{}\r\n", 600, "x".repeat(600)).repeat(2).into_bytes(), b"0\r\n\r\n".to_vec()].concat();
    assert!(exchange(&server, &chunks).starts_with("HTTP/1.1 413 "));
    let asked = exchange(&server, b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
    assert!(asked.starts_with("HTTP/1.1 413 "), "{asked}");
    server.stop(Duration::from_secs(1));
}

#[test]
fn heads_are_bounded_at_and_past_the_limit() {
    let server = serve(small(), |_| text(200, "in"));
    let fields = |count: usize| format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", (1..count).map(|n| format!("h{n}: v\r\n")).collect::<String>());
    assert!(exchange(&server, fields(8).as_bytes()).ends_with("in"));
    for count in [9, 17, 300] {
        let answer = exchange(&server, fields(count).as_bytes());
        assert!(answer.starts_with("HTTP/1.1 431 "), "{count}: {answer}");
    }
    let sized = |bytes: usize| {
        let frame = "GET / HTTP/1.1\r\nHost: h\r\nx: \r\n\r\n".len();
        format!("GET / HTTP/1.1\r\nHost: h\r\nx: {}\r\n\r\n", "v".repeat(bytes - frame))
    };
    assert!(exchange(&server, sized(1024).as_bytes()).ends_with("in"));
    for size in [1025, 5000, 20_000] {
        let answer = exchange(&server, sized(size).as_bytes());
        assert!(answer.starts_with("HTTP/1.1 431 "), "{size}: {answer}");
    }
    server.stop(Duration::from_secs(1));
}

#[test]
fn ambiguous_headers_are_refused() {
    let server = serve(small(), |_| text(200, "in"));
    for head in ["X-A: 1\r\nX_A: 2", "X-Signature: 1\r\nX-Signature: 1", "Host: other"] {
        let answer = exchange(&server, format!("GET / HTTP/1.1\r\nHost: h\r\n{head}\r\n\r\n").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains(r#""error":"E_HEADERS""#), "{head}: {answer}");
    }
    assert!(exchange(&server, b"GET / HTTP/1.1\r\nHost: h\r\nAccept: a\r\nAccept: b\r\n\r\n").ends_with("in"));
    assert!(exchange(&server, b"garbage\r\n\r\n").starts_with("HTTP/1.1 400 "));
    server.stop(Duration::from_secs(1));
}

#[test]
fn a_panic_is_a_500_and_the_worker_lives_on() {
    let server = serve(Limits { runs: 1, ..small() }, |request| if request.path == "/bad" { panic!("on purpose") } else { text(200, "fine") });
    let answer = exchange(&server, b"GET /bad HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 500 ") && !answer.contains("purpose"), "{answer}");
    assert!(exchange(&server, b"GET /good HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("fine"));
    server.stop(Duration::from_secs(1));
}

#[test]
fn answers_that_http_cannot_carry_are_a_500() {
    let server = serve(small(), |request| match request.path.as_str() {
        "/status" => text(42, ""),
        "/continue" => text(100, ""),
        "/length" => OutgoingResponse { status: 200, headers: vec![("Content-Length".into(), "99".into()), ("Transfer-Encoding".into(), "x".into())], body: b"two".to_vec() },
        _ => OutgoingResponse { status: 200, headers: vec![("X".into(), "a\r\nSet-Cookie: b".into())], body: Vec::new() },
    });
    for path in ["/status", "/continue", "/split"] {
        let answer = exchange(&server, format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 500 ") && !answer.contains("set-cookie"), "{path}: {answer}");
    }
    assert!(exchange(&server, b"GET /length HTTP/1.1\r\nHost: h\r\n\r\n").contains("content-length: 3\r\n"));
    server.stop(Duration::from_secs(1));
}

/// A handler that reports that it began and waits for the gate.
fn gated() -> (Handler, Receiver<()>, Sender<()>) {
    let (began, started) = channel();
    let (open, gate) = channel::<()>();
    let (began, gate) = (Mutex::new(began), Mutex::new(gate));
    let handler: Handler = blocking(move |_| {
        let _ = began.lock().expect("no panic here").send(());
        let _ = gate.lock().expect("no panic here").recv();
        text(200, "done")
    });
    (handler, started, open)
}

#[test]
fn past_the_queue_is_a_503() {
    let (handler, started, open) = gated();
    let server = start(ANY_PORT, Arc::new(small()), handler).expect("a free port");
    let request = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let mut waiting: Vec<TcpStream> = (0..2).map(|_| connect(&server)).collect();
    for stream in &mut waiting {
        stream.write_all(request).expect("open");
        started.recv().expect("runs at once");
    }
    // One may wait; of the others some are refused. Which ones is a race, how many is not.
    let mut more: Vec<TcpStream> = (0..3).map(|_| connect(&server)).collect();
    for stream in &mut more {
        stream.write_all(request).expect("open");
    }
    let (report, answers) = channel();
    for mut stream in waiting.into_iter().chain(more) {
        let report = report.clone();
        thread::spawn(move || {
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer);
            let _ = report.send(answer);
        });
    }
    for _ in 0..2 {
        let answer = answers.recv().expect("refusals come first");
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 1\r\n"), "{answer}");
    }
    for _ in 0..3 {
        open.send(()).expect("handlers wait");
    }
    for _ in 0..3 {
        assert!(answers.recv().expect("the accepted ones end").ends_with("done"));
    }
    server.stop(Duration::from_secs(1));
}

#[test]
fn slow_senders_are_cut_off() {
    let patience = Patience { head: Duration::from_millis(200), body: Duration::from_millis(200), write: Duration::from_millis(200) };
    let handler: Handler = blocking(|_| text(200, "x".repeat(64 << 20)));
    let server = start_with(ANY_PORT, Arc::new(small()), patience, handler).expect("a free port");
    let mut slow_head = connect(&server);
    slow_head.write_all(b"GET / HTTP/1.1\r\nHos").expect("open");
    let mut slow_body = connect(&server);
    slow_body.write_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc").expect("open");
    let mut slow_reader = connect(&server);
    slow_reader.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").expect("open");
    let mut answer = String::new();
    let _ = slow_head.read_to_string(&mut answer);
    assert!(!answer.contains("200 OK"), "{answer}");
    answer.clear();
    let _ = slow_body.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("E_BODY_TIMEOUT"), "{answer}");
    // The reader that took nothing is closed: the server stops without waiting for it.
    let begin = Instant::now();
    server.stop(Duration::from_secs(8));
    assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
    drop(slow_reader);
}

#[test]
fn stopping_lets_requests_finish() {
    let (handler, started, open) = gated();
    let server = start(ANY_PORT, Arc::new(small()), handler).expect("a free port");
    let address = server.address();
    let mut stream = connect(&server);
    let mut idle = connect(&server);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").expect("open");
    started.recv().expect("it runs");
    let stopping = thread::spawn(move || server.stop(Duration::from_secs(8)));
    // An idle connection is closed by the stop: from then on nothing new is accepted.
    assert_eq!(idle.read(&mut [0]).unwrap_or(0), 0);
    assert!(TcpStream::connect(address).is_err());
    open.send(()).expect("the handler waits");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("a whole answer");
    assert!(answer.ends_with("done"), "{answer}");
    stopping.join().expect("stop returns");
}

#[test]
fn stopping_gives_up_after_its_grace() {
    let (handler, started, open) = gated();
    let server = start(ANY_PORT, Arc::new(small()), handler).expect("a free port");
    let mut stream = connect(&server);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").expect("open");
    started.recv().expect("it runs");
    server.stop(Duration::from_millis(50));
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert_eq!(answer, "");
    drop(open);
}

#[test]
fn connections_past_the_limit_wait() {
    let served = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&served);
    let server = serve(Limits { connections: 2, ..small() }, move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        text(200, "x")
    });
    let request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let mut first = connect(&server);
    let mut second = connect(&server);
    for stream in [&mut first, &mut second] {
        stream.write_all(request).expect("open");
        read_answer(stream);
    }
    let mut third = connect(&server);
    third.write_all(request).expect("the system queues it");
    third.set_read_timeout(Some(Duration::from_millis(100))).expect("valid");
    assert!(third.read(&mut [0]).is_err());
    assert_eq!(served.load(Ordering::SeqCst), 2);
    drop(first);
    third.set_read_timeout(Some(Duration::from_secs(10))).expect("valid");
    read_answer(&mut third);
    assert_eq!(served.load(Ordering::SeqCst), 3);
    drop((second, third));
    server.stop(Duration::from_secs(1));
}
