//! Sends signed webhooks over keep-alive connections from one thread, and checks afterwards what was stored.
//!
//! All requests are made and signed before the clock starts. Each client sends its next one when it has the answer to the
//! one before. What is counted lies between the end of the warm-up and the end of the time.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use ring::hmac;

use gbvm_bench_service::work::{Change, Plan};
use gbvm_bench_service::{check, http, process};

/// How many repeats and how many forged requests are tried at the end.
const PROBES: usize = 16;
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Measures a service; prints one line of JSON.
#[derive(Parser)]
struct Options {
    /// Where the service listens
    #[arg(long)]
    address: SocketAddr,
    /// Its process
    #[arg(long)]
    pid: u32,
    /// Its database
    #[arg(long)]
    db: PathBuf,
    /// How many clients send at once
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1024))]
    clients: u64,
    /// How many contacts the database had before
    #[arg(long)]
    rows: u64,
    /// Seconds that are counted
    #[arg(long)]
    seconds: f64,
    /// Seconds before that
    #[arg(long)]
    warm_up: f64,
    /// Requests made beforehand for each second; when they are used up, the measurement ends early
    #[arg(long, default_value_t = 30_000)]
    rate_max: u64,
}

/// One connection, with the requests that it will send.
struct Client {
    stream: TcpStream,
    requests: Vec<Vec<u8>>,
    /// The request that is on its way, and how much of it was written.
    number: usize,
    written: usize,
    sent_at: Instant,
    received: Vec<u8>,
    is_done: bool,
}

/// What was counted.
#[derive(Default)]
struct Count {
    began: Option<(Instant, Duration, Duration)>,
    ended: Option<(Instant, Duration, Duration)>,
    latencies_ns: Vec<u64>,
}

fn main() {
    let options = Options::parse();
    match measure(&options) {
        Ok(report) => println!("{report}"),
        Err(message) => {
            eprintln!("{message}");
            std::process::exit(1);
        }
    }
}

fn measure(options: &Options) -> Result<serde_json::Value, String> {
    let secret = std::env::var("WEBHOOK_SECRET").map_err(|_| "WEBHOOK_SECRET holds no secret")?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let plan = Plan { clients: options.clients, rows: options.rows };
    let each = ((options.seconds + options.warm_up) * options.rate_max as f64 / plan.clients as f64).ceil() as u64;
    let mut clients = Vec::new();
    for client in 0..plan.clients {
        let requests = (0..each).map(|number| http::request(Change { client, number }, plan, &key)).collect();
        let stream = std::net::TcpStream::connect(options.address).map_err(|error| format!("{}: {error}", options.address))?;
        stream.set_nodelay(true).and_then(|()| stream.set_nonblocking(true)).map_err(|error| error.to_string())?;
        let stream = TcpStream::from_std(stream);
        clients.push(Client { stream, requests, number: 0, written: 0, sent_at: Instant::now(), received: Vec::with_capacity(4096), is_done: false });
    }

    let mut count = Count::default();
    drive(options, &mut clients, &mut count)?;
    let acknowledged: Vec<u64> = clients.iter().map(|client| client.number as u64).collect();
    check::database(&options.db, plan, &acknowledged)?;
    probe(options, &clients)?;
    check::database(&options.db, plan, &acknowledged).map_err(|message| format!("after repeated and forged requests: {message}"))?;
    report(options, count, acknowledged.iter().sum())
}

/// Sends until the time is over, and waits for the answers on their way.
fn drive(options: &Options, clients: &mut [Client], count: &mut Count) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("the clients' sockets cannot be watched: {error}");
    let mut poll = Poll::new().map_err(failed)?;
    let mut events = Events::with_capacity(clients.len());
    let began = Instant::now();
    let warm = began + Duration::from_secs_f64(options.warm_up);
    let end = warm + Duration::from_secs_f64(options.seconds);
    for (token, client) in clients.iter_mut().enumerate() {
        poll.registry().register(&mut client.stream, Token(token), Interest::READABLE | Interest::WRITABLE).map_err(failed)?;
        client.sent_at = Instant::now();
        client.write()?;
    }
    let marks = |at: Instant| (at, process::cpu_time(options.pid), process::cpu_time(std::process::id()));
    let mut under_way = clients.len();
    while under_way > 0 {
        match poll.poll(&mut events, Some(PATIENCE)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled.map_err(failed)?,
        }
        if events.is_empty() {
            return Err(format!("no answer came within {} s", PATIENCE.as_secs()));
        }
        for event in &events {
            let client = &mut clients[event.token().0];
            if client.is_done {
                continue;
            }
            client.write()?;
            if !client.read()? {
                continue;
            }
            let now = Instant::now();
            if now >= warm && count.began.is_none() {
                count.began = Some(marks(now));
            } else if count.began.is_some() && count.ended.is_none() {
                count.latencies_ns.push((now - client.sent_at).as_nanos() as u64);
            }
            let is_over = now >= end || client.number == client.requests.len();
            if is_over && count.ended.is_none() {
                count.ended = Some(marks(now));
            }
            if is_over || count.ended.is_some() {
                client.is_done = true;
                under_way -= 1;
            } else {
                client.sent_at = Instant::now();
                client.write()?;
            }
        }
    }
    Ok(())
}

impl Client {
    fn failed(&self, what: impl std::fmt::Display) -> String {
        format!("request {} of a client: {what}", self.number)
    }

    /// Writes what is left of the request.
    fn write(&mut self) -> Result<(), String> {
        while let Some(rest) = self.requests.get(self.number).map(|request| &request[self.written..]).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(())
    }

    /// Reads what is there. True when it was the rest of an answer; then the next request is up.
    fn read(&mut self) -> Result<bool, String> {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(self.failed("the service closed the connection")),
                Ok(count) => self.received.extend(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.failed(error)),
            }
            let Some(answer) = http::answer(&self.received).map_err(|message| self.failed(message))? else { continue };
            if !answer.is_synced() {
                return Err(self.failed(String::from_utf8_lossy(&self.received)));
            }
            self.received.clear();
            self.number += 1;
            self.written = 0;
            return Ok(true);
        }
    }
}

/// Sends acknowledged requests again, and such as nobody signed: the first must be told from new ones, the others refused.
fn probe(options: &Options, clients: &[Client]) -> Result<(), String> {
    let mut stream = std::net::TcpStream::connect(options.address).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
    let sent = clients.iter().filter(|client| client.number > 0).flat_map(|client| [&client.requests[0], &client.requests[client.number - 1]]);
    for request in sent.take(PROBES) {
        let received = exchange(&mut stream, request)?;
        let answer = http::answer(&received)?.ok_or("the answer to a repeat broke off")?;
        if !answer.is_duplicate() {
            return Err(format!("a repeated event was answered as if it were new: {}", String::from_utf8_lossy(&received)));
        }
        let mut forged = request.clone();
        let signature = forged.windows(11).position(|part| part == b"Signature: ").expect("every request is signed") + 11;
        forged[signature] = if forged[signature] == b'0' { b'1' } else { b'0' };
        let received = exchange(&mut stream, &forged)?;
        let answer = http::answer(&received)?.ok_or("the answer to a forged request broke off")?;
        if answer.status != 401 {
            return Err(format!("a forged request was answered {}", String::from_utf8_lossy(&received)));
        }
    }
    Ok(())
}

fn exchange(stream: &mut std::net::TcpStream, request: &[u8]) -> Result<Vec<u8>, String> {
    stream.write_all(request).map_err(|error| error.to_string())?;
    let (mut received, mut buffer) = (Vec::new(), [0; 4096]);
    while http::answer(&received)?.is_none() {
        match stream.read(&mut buffer).map_err(|error| format!("a repeated or forged request got no answer: {error}"))? {
            0 => return Err("the connection was closed at a repeated or forged request".to_owned()),
            count => received.extend(&buffer[..count]),
        }
    }
    Ok(received)
}

fn report(options: &Options, count: Count, acknowledged: u64) -> Result<serde_json::Value, String> {
    let (Some((began, server_before, own_before)), Some((ended, server_after, own_after))) = (count.began, count.ended) else {
        return Err("nothing was answered after the warm-up".to_owned());
    };
    let mut latencies = count.latencies_ns;
    latencies.sort_unstable();
    let requests = latencies.len();
    if requests == 0 {
        return Err("nothing was answered after the warm-up".to_owned());
    }
    let percentile = |percent: usize| latencies[(requests - 1) * percent / 100] as f64 / 1e3;
    let seconds = (ended - began).as_secs_f64();
    let each = |before: Duration, after: Duration| after.saturating_sub(before).as_secs_f64() * 1e6 / requests as f64;
    Ok(serde_json::json!({
        "clients": options.clients,
        "requests": requests,
        "seconds": seconds,
        "requests_per_second": requests as f64 / seconds,
        "p50_us": percentile(50),
        "p99_us": percentile(99),
        "server_cpu_us": each(server_before, server_after),
        "load_cpu_us": each(own_before, own_after),
        "acknowledged": acknowledged,
    }))
}
