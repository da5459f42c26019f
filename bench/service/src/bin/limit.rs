//! The limit: the webhook written by hand for nothing else, on hyper, rusqlite and ring.
//!
//! One thread does all of it, so that no request is handed from one thread to another. Requests whose signature is right
//! wait in a list; when no socket has anything left to read, all of them become one transaction, and they are answered
//! when it is on disk. A request that comes alone therefore runs at once, and what arrives during a commit is the next group.

use std::cell::RefCell;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Parser;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use ring::hmac;
use rusqlite::{Connection, OptionalExtension};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task;

use gbvm_bench_service::http::PATH;

/// The largest body that is taken, in bytes.
const BODY_MAX: usize = 1 << 20;

/// Serves the webhook until it is ended.
#[derive(Parser)]
struct Options {
    /// Where to listen
    #[arg(long)]
    listen: SocketAddr,
    /// The database
    #[arg(long)]
    db: PathBuf,
    /// SQLite's synchronous
    #[arg(long, default_value = "FULL", value_parser = ["FULL", "NORMAL"])]
    synchronous: String,
}

/// What the CRM sends, as far as it is of use.
#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    event: Text<'a>,
    #[serde(borrow)]
    timestamp: Text<'a>,
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, default)]
    first_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    last_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    email: Option<Text<'a>>,
    #[serde(borrow, default)]
    phone: Option<Text<'a>>,
    #[serde(borrow, default)]
    account: Option<Account<'a>>,
    #[serde(borrow, default)]
    title: Option<Text<'a>>,
    #[serde(borrow, default)]
    status: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Account<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
}

/// Text that is borrowed from the body where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] std::borrow::Cow<'a, str>);

impl rusqlite::ToSql for Text<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(rusqlite::types::ToSqlOutput::from(&*self.0))
    }
}

/// What became of a change.
enum Done {
    Synced(String),
    Duplicate,
    Malformed(String),
    Failed(String),
}

struct Waiting {
    body: Bytes,
    answer: oneshot::Sender<Done>,
}

struct Service {
    key: hmac::Key,
    waiting: RefCell<Vec<Waiting>>,
    arrived: Notify,
}

fn main() {
    let options = Options::parse();
    let secret = std::env::var("WEBHOOK_SECRET").expect("WEBHOOK_SECRET holds the secret");
    let service = Rc::new(Service { key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), waiting: RefCell::default(), arrived: Notify::new() });
    let database = Database::open(&options.db, &options.synchronous).expect("the database can be opened");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().expect("the system has what a runtime needs");
    task::LocalSet::new().block_on(&runtime, async {
        task::spawn_local(commit(Rc::clone(&service), database));
        accept(service, options.listen).await;
    });
}

async fn accept(service: Rc<Service>, listen: SocketAddr) {
    let listener = TcpListener::bind(listen).await.expect("the address is free");
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let service = Rc::clone(&service);
        task::spawn_local(async move {
            let answer = service_fn(|request| {
                let service = Rc::clone(&service);
                async move { Ok::<_, Infallible>(service.answer(request).await) }
            });
            // A broken connection is the peer's affair.
            let _ = http1::Builder::new().timer(TokioTimer::new()).half_close(true).serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

impl Service {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() != Method::POST || request.uri().path() != PATH {
            return json(StatusCode::NOT_FOUND, r#"{"error":"There is no such endpoint"}"#);
        }
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, BODY_MAX).collect().await else {
            return json(StatusCode::BAD_REQUEST, r#"{"error":"The body is too large or broken off"}"#);
        };
        let body = body.to_bytes();
        let signature = head.headers.get("x-webhook-signature").and_then(|value| from_hex(value.as_bytes()));
        let is_signed = signature.is_some_and(|signature| hmac::verify(&self.key, &body, &signature).is_ok());
        if !is_signed {
            return json(StatusCode::UNAUTHORIZED, r#"{"status":401,"error":"Invalid signature"}"#);
        }
        let (answer, done) = oneshot::channel();
        self.waiting.borrow_mut().push(Waiting { body, answer });
        self.arrived.notify_one();
        match done.await {
            Ok(Done::Synced(record_id)) => json(StatusCode::OK, serde_json::json!({ "status": "synced", "record_id": record_id, "direction": "inbound" }).to_string()),
            Ok(Done::Duplicate) => json(StatusCode::CONFLICT, r#"{"error":"duplicate"}"#),
            Ok(Done::Malformed(message)) => json(StatusCode::BAD_REQUEST, serde_json::json!({ "error": message }).to_string()),
            Ok(Done::Failed(message)) => {
                eprintln!("limit: {message}");
                json(StatusCode::INTERNAL_SERVER_ERROR, r#"{"error":"The database failed"}"#)
            }
            Err(_) => json(StatusCode::SERVICE_UNAVAILABLE, r#"{"error":"The service is stopping"}"#),
        }
    }
}

fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn from_hex(digits: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |of: u8| char::from(of).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(bytes)
}

/// Turns what waits into transactions, for ever.
async fn commit(service: Rc<Service>, database: Database) {
    loop {
        service.arrived.notified().await;
        // Yielding lets the sockets be looked at. While that brings requests, the group grows.
        let mut count = 0;
        while service.waiting.borrow().len() > count {
            count = service.waiting.borrow().len();
            task::yield_now().await;
        }
        let group = std::mem::take(&mut *service.waiting.borrow_mut());
        if group.is_empty() {
            continue;
        }
        match database.apply(&group) {
            Ok(done) => {
                for (Waiting { answer, .. }, done) in group.into_iter().zip(done) {
                    // The caller may have gone meanwhile.
                    let _ = answer.send(done);
                }
            }
            Err(error) => {
                for Waiting { answer, .. } in group {
                    let _ = answer.send(Done::Failed(error.to_string()));
                }
            }
        }
    }
}

struct Database {
    connection: Connection,
}

impl Database {
    fn open(path: &Path, synchronous: &str) -> rusqlite::Result<Database> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        Ok(Database { connection })
    }

    /// Applies a group as one transaction: when this returns, it is on disk, or nothing of it is.
    fn apply(&self, group: &[Waiting]) -> rusqlite::Result<Vec<Done>> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let now = format!("{:.3}", jiff::Timestamp::now());
        let applied: rusqlite::Result<Vec<Done>> = group.iter().map(|waiting| self.apply_one(&waiting.body, &now)).collect();
        let committed = applied.and_then(|done| {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            Ok(done)
        });
        if committed.is_err() && !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        committed
    }

    /// Nothing of what it does can fail by itself, so it needs no savepoint: a repeated event is seen at the first write.
    fn apply_one(&self, body: &[u8], now: &str) -> rusqlite::Result<Done> {
        let change: Change<'_> = match serde_json::from_slice(body) {
            Ok(change) => change,
            Err(error) => return Ok(Done::Malformed(error.to_string())),
        };
        let data = &change.data;
        let mut event = self.connection.prepare_cached("INSERT INTO sync_events (id, source, event, record_id, source_timestamp, received_at, status) VALUES (?1, 'crm', ?2, ?3, ?4, ?5, 'ok') ON CONFLICT (id) DO NOTHING")?;
        if event.execute((&change.id, &change.event, &data.id, &change.timestamp, now))? == 0 {
            return Ok(Done::Duplicate);
        }
        let company = data.account.as_ref().and_then(|account| account.name.as_ref());
        let mut find = self.connection.prepare_cached("SELECT rowid FROM contacts WHERE external_id = ?1")?;
        let existing: Option<i64> = find.query_row([&data.id], |row| row.get(0)).optional()?;
        match existing {
            Some(rowid) => {
                let sql = "UPDATE contacts SET first_name = ?1, last_name = ?2, email = ?3, phone = ?4, company = ?5, title = ?6, status = ?7, source_timestamp = ?8, updated_at = ?9 WHERE rowid = ?10";
                let values = (&data.first_name, &data.last_name, &data.email, &data.phone, company, &data.title, &data.status, &change.timestamp, now, rowid);
                self.connection.prepare_cached(sql)?.execute(values)?;
            }
            None => {
                let sql = "INSERT INTO contacts (id, external_id, first_name, last_name, email, phone, company, title, status, source_timestamp, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
                let id = uuid::Uuid::now_v7().to_string();
                let values = (id, &data.id, &data.first_name, &data.last_name, &data.email, &data.phone, company, &data.title, &data.status, &change.timestamp, now);
                self.connection.prepare_cached(sql)?.execute(values)?;
            }
        }
        let sql = "INSERT INTO sync_status (id, record_id, last_event, last_sync, sync_direction, status) VALUES ('contact_' || ?1, ?1, ?2, ?3, 'inbound', 'success') ON CONFLICT (id) DO UPDATE SET last_event = excluded.last_event, last_sync = excluded.last_sync";
        self.connection.prepare_cached(sql)?.execute((&data.id, &change.id, now))?;
        Ok(Done::Synced(change.data.id.0.into_owned()))
    }
}
