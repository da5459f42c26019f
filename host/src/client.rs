//! Makes HTTP calls to the origins a project allows, and to addresses that are not its own network.
//!
//! One [`Network`] serves a whole engine. [`Network::send`] is one try; [`ImmediateCalls`] repeats it as scripts
//! expect. Nothing here puts a header's value or a URL's path into a message: both may hold secrets.

mod address;
mod calls;
mod url;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use gbvm_stdlib::services::Answer;
use ureq::http::header::{ACCEPT_ENCODING, HeaderName, HeaderValue, LOCATION};
use ureq::http::{Method, Request, Response, Uri};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, SendBody};

pub use address::is_public;
pub use calls::{ImmediateCalls, Pause, is_retried, retry_after};
pub use url::origin_of;

use address::{CheckedResolver, RefusedAddress, Reach};
use url::{Place, resolve};

/// Redirects that one call follows.
const REDIRECTS: usize = 3;

/// What a project says about its network.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    /// Origins and the base URL that answers in their stead.
    pub routes: Vec<(String, String)>,
    /// `host:port` pairs that may be called whatever their address is.
    pub allow_net: Vec<String>,
    /// The origins that the loaded scripts name literally.
    pub allowed_origins: Vec<String>,
    /// Milliseconds one call may take, redirects included.
    pub timeout_ms: u64,
    /// Bytes of an answer, after decompression.
    pub answer_bytes: usize,
}

/// A request with every secret resolved.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// `scheme://host[:port]` of the URL, in lower case, without a default port.
    pub origin: String,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body; none and empty differ only for methods that usually have none.
    pub body: Option<Vec<u8>>,
}

impl fmt::Debug for PlainRequest {
    /// Shows neither header values nor the body nor the URL's path: secrets are resolved in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "{} {}/… {names:?} {} bytes", self.method, self.origin, self.body.as_ref().map_or(0, Vec::len))
    }
}

/// Why a call gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// The project does not allow this origin.
    NotAllowed {
        /// The origin.
        origin: String,
        /// What allow_net would have to name.
        host_and_port: String,
    },
    /// Every address of the host is of a private or special range.
    AddressRefused {
        /// What allow_net would have to name.
        host_and_port: String,
    },
    /// The request cannot be sent as it is.
    BadRequest(String),
    /// The answer is larger than the limit.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// The answer's status, which says what became of the call all the same.
        status: u16,
    },
    /// The time was over, in milliseconds.
    Timeout(u64),
    /// The connection failed or broke, or the peer does not speak HTTP.
    Broken(String),
    /// The engine stops.
    ShutDown,
}

impl TransportError {
    /// The code that scripts and the outbox see.
    pub fn code(&self) -> &'static str {
        match self {
            TransportError::NotAllowed { .. } | TransportError::AddressRefused { .. } => "E_NET",
            TransportError::BadRequest(_) | TransportError::TooLarge { .. } | TransportError::Timeout(_) | TransportError::Broken(_) => "E_HTTP",
            TransportError::ShutDown => "E_STOPPING",
        }
    }

    /// Whether another try may go better.
    pub fn may_pass(&self) -> bool {
        match self {
            TransportError::Timeout(_) | TransportError::Broken(_) => true,
            TransportError::NotAllowed { .. } | TransportError::AddressRefused { .. } | TransportError::BadRequest(_) | TransportError::TooLarge { .. } | TransportError::ShutDown => false,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TransportError::NotAllowed { origin, host_and_port } => {
                write!(f, "{origin} stands in no script as a literal; add \"{host_and_port}\" to allow_net to permit it")
            }
            TransportError::AddressRefused { host_and_port } => {
                write!(f, "{host_and_port} is at a loopback, private or reserved address; add \"{host_and_port}\" to allow_net to permit it")
            }
            TransportError::BadRequest(reason) => f.write_str(reason),
            TransportError::TooLarge { limit, .. } => write!(f, "the answer is larger than {limit} bytes"),
            TransportError::Timeout(millis) => write!(f, "no whole answer within {millis} ms"),
            TransportError::Broken(reason) => f.write_str(reason),
            TransportError::ShutDown => f.write_str("the call was cut short because the engine stops"),
        }
    }
}

impl std::error::Error for TransportError {}

/// The way out. Cheap to clone; clones share connections, rules and [`Network::shut_down`].
#[derive(Clone)]
pub struct Network(Arc<Shared>);

struct Shared {
    /// For what scripts name: goes to public addresses and what allow_net names.
    public: Agent,
    /// For route targets, which the operator chose: goes anywhere.
    routed: Agent,
    routes: HashMap<String, String>,
    allow_net: Arc<HashSet<String>>,
    origins: RwLock<HashSet<String>>,
    timeout: Duration,
    answer_bytes: usize,
    is_shut_down: AtomicBool,
}

/// Headers that describe the connection: setting them could make one request look like two.
const CONNECTION_HEADERS: [&str; 11] =
    ["host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect", "proxy-connection", "proxy-authorization"];

impl Network {
    /// Builds the way out.
    ///
    /// # Errors
    /// A sentence that names the route, origin or `host:port` that cannot be read.
    pub fn new(options: NetworkOptions) -> Result<Network, String> {
        let mut routes = HashMap::new();
        for (origin, target) in &options.routes {
            let from = origin_of(origin).ok_or_else(|| format!("The route from \"{origin}\" needs an origin like https://api.crm.com"))?;
            if origin_of(target).is_none() || target.contains(['?', '#']) {
                return Err(format!("The route of \"{origin}\" leads to \"{target}\", which is no URL like http://127.0.0.1:9001"));
            }
            routes.insert(from, target.trim_end_matches('/').to_owned());
        }
        let mut allow_net = HashSet::new();
        for entry in &options.allow_net {
            allow_net.insert(url::host_and_port(entry).ok_or_else(|| format!("allow_net holds \"{entry}\", which is not of the form host:port"))?);
        }
        let allow_net = Arc::new(allow_net);
        let timeout = Duration::from_millis(options.timeout_ms.max(1));
        let agent = |reach: Reach| Agent::with_parts(configuration(timeout), DefaultConnector::default(), CheckedResolver::new(reach));
        let network = Network(Arc::new(Shared {
            public: agent(Reach::Public(Arc::clone(&allow_net))),
            routed: agent(Reach::Anywhere),
            routes,
            allow_net,
            origins: RwLock::default(),
            timeout,
            answer_bytes: options.answer_bytes,
            is_shut_down: AtomicBool::new(false),
        }));
        network.set_allowed_origins(options.allowed_origins)?;
        Ok(network)
    }

    /// Sets the origins that the loaded scripts name literally.
    ///
    /// # Errors
    /// A sentence that names what is no origin; the origins stay as they were.
    pub fn set_allowed_origins(&self, origins: impl IntoIterator<Item = String>) -> Result<(), String> {
        let read = |text: String| origin_of(&text).ok_or_else(|| format!("\"{text}\" is no origin like https://api.crm.com"));
        let origins = origins.into_iter().map(read).collect::<Result<HashSet<String>, String>>()?;
        *self.0.origins.write().unwrap_or_else(PoisonError::into_inner) = origins;
        Ok(())
    }

    /// One try, within the project's time-out.
    ///
    /// # Errors
    /// [`TransportError`]; an answer of any status is none.
    pub fn send(&self, request: &PlainRequest) -> Result<Answer, TransportError> {
        self.send_within(request, self.0.timeout)
    }

    /// One try, within the shorter of `time` and the project's time-out.
    ///
    /// # Errors
    /// As [`Network::send`].
    pub fn send_within(&self, request: &PlainRequest, time: Duration) -> Result<Answer, TransportError> {
        let time = time.min(self.0.timeout);
        let late = TransportError::Timeout(time.as_millis() as u64);
        let deadline = Instant::now() + time;
        let mut place = self.admit(request)?;
        let headers = sendable_headers(&request.headers)?;
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| TransportError::BadRequest(format!("\"{}\" is no HTTP method", request.method)))?;
        let origin = place.origin.clone();
        let route = self.0.routes.get(&origin);
        let agent = if route.is_some() { &self.0.routed } else { &self.0.public };
        if let Some(target) = route {
            place = read_place(&format!("{target}{}", place.path_and_query))?;
        }
        let mut redirects = 0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(late);
            }
            let sent = exchange(agent, &method, &place, &headers, request.body.as_deref(), left)?;
            let mut response = sent.map_err(|error| self.explain(error, &place, &late))?;
            let answer = self.read_answer(&mut response, &late)?;
            let next = (method == Method::GET && redirects < REDIRECTS).then(|| redirect(&response, &place)).flatten();
            place = match (next, route) {
                (Some(next), _) if next.origin == place.origin => next,
                // A server behind a route may know itself by its public name.
                (Some(next), Some(target)) if next.origin == origin => read_place(&format!("{target}{}", next.path_and_query))?,
                (Some(_) | None, _) => return Ok(answer),
            };
            redirects += 1;
        }
    }

    /// Ends every call in flight at once, and refuses those that come later.
    pub fn shut_down(&self) {
        self.0.is_shut_down.store(true, Ordering::SeqCst);
        self.0.public.clone().shutdown();
        self.0.routed.clone().shutdown();
    }

    /// Whether [`Network::shut_down`] was called.
    pub fn is_shut_down(&self) -> bool {
        self.0.is_shut_down.load(Ordering::SeqCst)
    }

    /// Where the request goes, if the project allows that.
    fn admit(&self, request: &PlainRequest) -> Result<Place, TransportError> {
        let place = read_place(&request.url)?;
        if place.origin != request.origin {
            return Err(TransportError::BadRequest(format!("the URL is not of the origin {}", request.origin)));
        }
        let is_allowed = self.0.routes.contains_key(&place.origin)
            || self.0.allow_net.contains(&place.host_and_port)
            || self.0.origins.read().unwrap_or_else(PoisonError::into_inner).contains(&place.origin);
        if is_allowed { Ok(place) } else { Err(TransportError::NotAllowed { origin: place.origin, host_and_port: place.host_and_port }) }
    }

    /// Reads the whole body: a connection with unread bytes could not be used again.
    fn read_answer(&self, response: &mut Response<Body>, late: &TransportError) -> Result<Answer, TransportError> {
        let limit = self.0.answer_bytes;
        let mut body = Vec::new();
        // The reader decompresses, so what counts is what the script would hold.
        let read = response.body_mut().as_reader().take(limit as u64 + 1).read_to_end(&mut body);
        // A call that was cut off may look like a body that ended.
        if self.is_shut_down() {
            return Err(TransportError::ShutDown);
        }
        read.map_err(|error| match ureq::Error::from(error) {
            ureq::Error::Timeout(_) => late.clone(),
            _ => TransportError::Broken("the connection broke in the middle of the answer".into()),
        })?;
        if body.len() > limit {
            return Err(TransportError::TooLarge { limit, status: response.status().as_u16() });
        }
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
        Ok(Answer { status: response.status().as_u16(), headers, body })
    }

    /// Says what went wrong without any part of the request but its host.
    fn explain(&self, error: ureq::Error, place: &Place, late: &TransportError) -> TransportError {
        if self.is_shut_down() {
            return TransportError::ShutDown;
        }
        let host = &place.host_and_port;
        match error {
            ureq::Error::Timeout(_) => late.clone(),
            ureq::Error::Other(inner) if inner.is::<RefusedAddress>() => TransportError::AddressRefused { host_and_port: host.clone() },
            ureq::Error::HostNotFound => TransportError::Broken(format!("the host of {host} has no address")),
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => late.clone(),
            // Refused, reset, or a certificate that is not trusted: the system and the TLS library say it best.
            ureq::Error::Io(error) => TransportError::Broken(format!("the connection to {host} failed: {error}")),
            ureq::Error::Rustls(error) => TransportError::Broken(format!("the secure connection to {host} failed: {error}")),
            ureq::Error::Tls(error) => TransportError::Broken(format!("the secure connection to {host} failed: {error}")),
            ureq::Error::ConnectionFailed => TransportError::Broken(format!("the connection to {host} failed")),
            ureq::Error::LargeResponseHeader(_, _) => TransportError::Broken(format!("{host} answered with too large a head")),
            // ureq's enum is open; the rest are faults of the peer's protocol.
            _ => TransportError::Broken(format!("{host} did not answer in HTTP")),
        }
    }
}

/// Every time-out is bounded by the whole; no proxy of the environment, no redirects, statuses are answers.
fn configuration(timeout: Duration) -> ureq::config::Config {
    Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("gbvm/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(timeout))
        .timeout_per_call(Some(timeout))
        .timeout_resolve(Some(timeout.min(Duration::from_secs(10))))
        .timeout_connect(Some(timeout.min(Duration::from_secs(10))))
        .timeout_send_request(Some(timeout))
        .timeout_send_body(Some(timeout))
        .timeout_recv_response(Some(timeout))
        .timeout_recv_body(Some(timeout))
        .build()
}

/// Sends the request and waits for the head of the answer.
///
/// # Errors
/// Outside, a request that cannot be built; inside, what went wrong on the way.
fn exchange(
    agent: &Agent,
    method: &Method,
    place: &Place,
    headers: &[(HeaderName, HeaderValue)],
    body: Option<&[u8]>,
    time: Duration,
) -> Result<Result<Response<Body>, ureq::Error>, TransportError> {
    let mut builder = Request::builder().method(method).uri(place.uri());
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    let unfit = |_| TransportError::BadRequest("the request is not one that HTTP can carry".into());
    let usually_has_body = [Method::POST, Method::PUT, Method::PATCH].contains(method);
    match body {
        None if !usually_has_body => Ok(run(agent, builder.body(SendBody::none()).map_err(unfit)?, time)),
        body => Ok(run(agent, builder.body(body.unwrap_or_default()).map_err(unfit)?, time)),
    }
}

fn run(agent: &Agent, request: Request<impl ureq::AsSendBody>, time: Duration) -> Result<Response<Body>, ureq::Error> {
    let request = agent.configure_request(request).timeout_global(Some(time)).build();
    agent.run(request)
}

fn read_place(url: &str) -> Result<Place, TransportError> {
    let uri: Uri = url.parse().map_err(|_| TransportError::BadRequest("the URL cannot be read; blanks and letters beyond ASCII are written with %".into()))?;
    Place::of(&uri).map_err(|reason| TransportError::BadRequest(reason.into()))
}

/// The headers as HTTP knows them. Messages hold names only.
fn sendable_headers(headers: &[(String, String)]) -> Result<Vec<(HeaderName, HeaderValue)>, TransportError> {
    headers
        .iter()
        // Which compressions are understood is the client's to say; what the script gets is never compressed.
        .filter(|(name, _)| !name.eq_ignore_ascii_case(ACCEPT_ENCODING.as_str()))
        .map(|(name, value)| {
            let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| TransportError::BadRequest("a header's name is not one that HTTP allows".into()))?;
            if CONNECTION_HEADERS.contains(&known.as_str()) {
                return Err(TransportError::BadRequest(format!("the header {known} is set by the connection itself")));
            }
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| TransportError::BadRequest(format!("the header {known} has a value that HTTP does not allow")))?;
            Ok((known, value))
        })
        .collect()
}

/// Where a redirect leads.
fn redirect(response: &Response<Body>, place: &Place) -> Option<Place> {
    if ![301, 302, 303, 307, 308].contains(&response.status().as_u16()) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    read_place(&resolve(place, location)).ok()
}
