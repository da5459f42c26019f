//! Listens for HTTP requests and hands each one to whoever answers it.
//!
//! One thread moves bytes and hands requests over; where it is held up, another stands in for it (`desk`). A request is
//! handed over only when its head and body are complete and within the limits, so a slow sender holds a connection but
//! never a run.

mod desk;
mod pool;
mod request;
mod stall;

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use gbvm_vm::limits::Limits;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use smol::channel::{Receiver, Sender, bounded};
use smol::future::FutureExt;
use smol::lock::{Semaphore, SemaphoreGuardArc};
use smol::{Async, Executor, Timer};
use smol_hyper::rt::{FuturesIo, SmolTimer};

use crate::outcome::Reply;

pub use desk::Desk;
pub use request::fold_headers;

use stall::Stalling;

/// How long accepting rests after an error such as too many open files.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// What answers a request. It is called on the thread that moves bytes; what holds that up for long belongs on another,
/// which the desk has.
pub type Handler = Arc<dyn Fn(IncomingRequest, Responder, &Arc<Desk>) + Send + Sync>;

/// A handler that calls a function, which may block, on a worker for each request.
pub fn blocking(answer: impl Fn(IncomingRequest) -> OutgoingResponse + Send + Sync + 'static) -> Handler {
    let answer = Arc::new(answer);
    Arc::new(move |request, responder, desk| {
        let (answer, busy) = (Arc::clone(&answer), responder.clone());
        let act = move || {
            let answered = catch_unwind(AssertUnwindSafe(|| answer(request)));
            responder.send(answered.unwrap_or_else(|_| Reply::broken().into()));
        };
        if desk.apart(Box::new(act)).is_err() {
            busy.send(OutgoingResponse::busy());
        }
    })
}

/// Where the answer to a request goes. The request of one that is dropped without an answer is told to come again.
#[derive(Clone)]
pub struct Responder(Sender<OutgoingResponse>);

impl Responder {
    /// Sends the answer. Only the first one counts.
    pub fn send(self, answer: OutgoingResponse) {
        // The caller may have gone meanwhile.
        let _ = self.0.try_send(answer);
    }
}

/// A request that arrived whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as sent, still percent-encoded; see [`crate::percent::decode_percent`].
    pub path: String,
    /// Names and values of the query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The query as sent, without its `?`.
    pub query_text: String,
    /// Names in lower case and values, in order.
    pub headers: Vec<(String, String)>,
    /// The bytes that were sent.
    pub body: Vec<u8>,
    /// Who sent it.
    pub peer: SocketAddr,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingResponse {
    /// The status code.
    pub status: u16,
    /// Names and values, in order. Lengths and connection headers are the server's own and are left out.
    pub headers: Vec<(String, String)>,
    /// The bytes to send.
    pub body: Vec<u8>,
}

impl From<Reply> for OutgoingResponse {
    fn from(reply: Reply) -> OutgoingResponse {
        OutgoingResponse { status: reply.status, headers: reply.headers, body: reply.body }
    }
}

impl OutgoingResponse {
    /// The answer where too many requests wait.
    pub fn busy() -> OutgoingResponse {
        busy("Too many requests are waiting. Try again in a second.")
    }

    /// An error as JSON: the code and a sentence for the caller.
    pub fn error(status: u16, code: &str, message: &str) -> OutgoingResponse {
        OutgoingResponse {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: serde_json::json!({ "error": code, "message": message }).to_string().into_bytes(),
        }
    }
}

/// Why a server could not start.
#[derive(Debug)]
pub enum ServerError {
    /// Another process listens at this address.
    AddressInUse(SocketAddr),
    /// The address cannot be listened at for another reason.
    Listen(SocketAddr, io::Error),
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerError::AddressInUse(address) => write!(f, "cannot listen at {address}: another program does so already; stop it or choose another port"),
            ServerError::Listen(address, error) => write!(f, "cannot listen at {address}: {error}"),
        }
    }
}

impl std::error::Error for ServerError {}

/// How long a peer may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the first byte of a request, or the end of the one before, to the end of its head.
    pub head: Duration,
    /// From the end of the head to the end of the body.
    pub body: Duration,
    /// Between two pieces of the answer that the peer takes.
    pub write: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { head: Duration::from_secs(30), body: Duration::from_secs(30), write: Duration::from_secs(30) }
    }
}

/// A server that listens until it is stopped or dropped.
pub struct Server {
    address: SocketAddr,
    stop: Sender<Duration>,
    stopped: Receiver<()>,
    end_threads: Sender<()>,
    thread: JoinHandle<()>,
    desk: Arc<Desk>,
}

/// Listens at an address with the usual patience.
///
/// # Errors
/// [`ServerError`] where the address cannot be listened at.
pub fn start(listen: SocketAddr, limits: Arc<Limits>, handler: Handler) -> Result<Server, ServerError> {
    start_with(listen, limits, Patience::default(), handler)
}

/// Listens at an address.
///
/// # Errors
/// [`ServerError`] where the address cannot be listened at.
pub fn start_with(listen: SocketAddr, limits: Arc<Limits>, patience: Patience, handler: Handler) -> Result<Server, ServerError> {
    let refused = |error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => ServerError::AddressInUse(listen),
        _ => ServerError::Listen(listen, error),
    };
    let socket = TcpListener::bind(listen).map_err(refused)?;
    let address = socket.local_addr().map_err(refused)?;
    let listener = Async::new(socket).map_err(refused)?;

    let executor: Arc<Executor<'static>> = Arc::new(Executor::new());
    let (end_threads, end_asked) = bounded::<()>(1);
    let desk = Arc::new(Desk::new(Arc::clone(&executor), end_asked, limits.runs, limits.queue));
    let (stop, stop_asked) = bounded(1);
    let (report_stopped, stopped) = bounded(1);
    let service = Arc::new(Service { limits, patience, handler, desk: Arc::clone(&desk) });
    executor.spawn(accept(listener, service, Arc::clone(&executor), stop_asked, report_stopped)).detach();

    let thread = desk.start_thread().map_err(|error| ServerError::Listen(listen, error))?;
    Ok(Server { address, stop, stopped, end_threads, thread, desk })
}

impl Server {
    /// The address listened at, with the port that the system chose where port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts nothing more at once, lets requests in flight finish for at most `grace`, then closes every connection.
    pub fn stop(self, grace: Duration) {
        self.stop_accepting(grace).finish();
    }

    /// Accepts nothing more, and lets requests in flight finish for at most `grace` while the caller goes on.
    pub fn stop_accepting(self, grace: Duration) -> Stopping {
        // Where nobody listens for the order, the server has stopped already.
        let _ = self.stop.send_blocking(grace);
        Stopping(self)
    }
}

/// A server that accepts nothing more and answers the requests that it has.
pub struct Stopping(Server);

impl Stopping {
    /// Whether every request is answered, or the time for that is over.
    pub fn is_finished(&self) -> bool {
        !self.0.stopped.is_empty() || self.0.stopped.is_closed()
    }

    /// Waits until every request is answered or the time for that is over, then closes every connection.
    pub fn finish(self) {
        let server = self.0;
        let _ = server.stopped.recv_blocking();
        server.desk.close();
        server.end_threads.close();
        // A panic there has been reported by the thread itself.
        let _ = server.thread.join();
    }
}

/// What every connection needs.
struct Service {
    limits: Arc<Limits>,
    patience: Patience,
    handler: Handler,
    desk: Arc<Desk>,
}

/// What the accept loop waits for.
enum Next {
    Connection(io::Result<(Async<TcpStream>, SocketAddr)>),
    /// Stop within this time; none where the server was dropped without being stopped.
    Stop(Option<Duration>),
}

/// Accepts until asked to stop. Past the connection limit it leaves new connections in the system's queue.
async fn accept(listener: Async<TcpListener>, service: Arc<Service>, executor: Arc<Executor<'static>>, stop: Receiver<Duration>, stopped: Sender<()>) {
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(service.limits.connections));
    let grace = loop {
        let wait_for_stop = async { Next::Stop(stop.recv().await.ok()) };
        let place = room.acquire_arc();
        let wait_for_connection = async {
            let place = place.await;
            (Next::Connection(listener.accept().await), Some(place))
        };
        // Being asked to stop goes first, so that a flood of connections cannot delay it.
        match (async { (wait_for_stop.await, None) }).or(wait_for_connection).await {
            (Next::Stop(grace), _) => break grace.unwrap_or_default(),
            (Next::Connection(Ok((stream, peer))), Some(place)) => {
                let _ = stream.get_ref().set_nodelay(true);
                executor.spawn(serve(stream, peer, Arc::clone(&service), graceful.watcher(), place)).detach();
            }
            (Next::Connection(Err(error)), _) => {
                tracing::warn!("a connection could not be accepted: {error}");
                Timer::after(ACCEPT_REST).await;
            }
            // A connection always comes with its place.
            (Next::Connection(Ok(_)), None) => {}
        }
    };
    drop(listener);
    let finish = async {
        graceful.shutdown().await;
    };
    let give_up = async {
        Timer::after(grace).await;
    };
    finish.or(give_up).await;
    let _ = stopped.send(()).await;
}

/// Serves one connection until either side closes it.
async fn serve(stream: Async<TcpStream>, peer: SocketAddr, service: Arc<Service>, watcher: Watcher, place: SemaphoreGuardArc) {
    let patience = service.patience;
    // hyper answers 431 with an empty body at its own bounds; ours are checked in `request`, with words, just below.
    let head_bytes = service.limits.header_bytes.saturating_mul(2).max(8192);
    let head_fields = service.limits.header_count.saturating_mul(2);
    let answer = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(service.answer(request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(SmolTimer::new())
        .header_read_timeout(patience.head)
        .max_headers(head_fields)
        .max_header_size(head_bytes)
        // A sender that closes its half after the request still gets its answer.
        .half_close(true)
        .serve_connection(FuturesIo::new(Stalling::new(stream, patience.write)), answer);
    // A broken connection is the peer's affair.
    let _ = watcher.watch(connection).await;
    drop(place);
}

impl Service {
    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Full<Bytes>> {
        match request::read(request, peer, &self.limits, self.patience.body).await {
            Ok(request) => finish(self.run(request).await),
            Err(refusal) => {
                let mut response = finish(refusal.response());
                // Bytes of the request may still be on their way.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                response
            }
        }
    }

    /// Hands the request over and waits for its answer.
    async fn run(&self, request: IncomingRequest) -> OutgoingResponse {
        let (give, answer) = bounded(1);
        let responder = Responder(give);
        let broken = responder.clone();
        if catch_unwind(AssertUnwindSafe(|| (self.handler)(request, responder, &self.desk))).is_err() {
            broken.send(Reply::broken().into());
        } else {
            drop(broken);
        }
        answer.recv().await.unwrap_or_else(|_| busy("The server is stopping. Try again in a second."))
    }
}

fn busy(message: &str) -> OutgoingResponse {
    let mut response = OutgoingResponse::error(503, "E_BUSY", message);
    response.headers.push(("retry-after".into(), "1".into()));
    response
}

/// Headers that describe the connection and the length: the server sets them itself.
fn is_server_header(name: &str) -> bool {
    ["content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer"].iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// Turns an answer into hyper's; one that HTTP cannot carry becomes a 500.
fn finish(response: OutgoingResponse) -> Response<Full<Bytes>> {
    let unfit = |message: &str| finish(OutgoingResponse::error(500, "E_HEADER_VALUE", message));
    let Ok(status) = StatusCode::from_u16(response.status) else {
        return unfit("The answer's status is not an HTTP status.");
    };
    if status.is_informational() {
        return unfit("The answer's status does not end a request.");
    }
    let mut answer = Response::new(Full::new(Bytes::from(response.body)));
    *answer.status_mut() = status;
    for (name, value) in &response.headers {
        if is_server_header(name) {
            continue;
        }
        let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value).or_else(|_| HeaderValue::from_bytes(value.as_bytes()))) else {
            return unfit("A header of the answer has a name or value that HTTP does not allow.");
        };
        answer.headers_mut().append(name, value);
    }
    answer
}
