//! Calls to other systems: the network as a trait, what an answer means, and calls whose answer a script waits for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use gbvm_stdlib::services::{Answer, HttpClient as _, Request};
use gbvm_vm::fault::Fault;
use gbvm_vm::limits::Limits;
use ring::digest;

use crate::client::{ImmediateCalls, Network, NetworkOptions};
pub use crate::client::{PlainRequest, TransportError};
use crate::engine::World;

/// How long a call waits for its origin's rate.
const TURN: Duration = Duration::from_secs(30);
/// How often such a wait looks whether the engine stops, in milliseconds.
const LOOK_AGAIN_MS: u64 = 50;

/// Makes one try of one call.
pub trait Transport: Send + Sync {
    /// Sends the request and gives the answer, whatever its status, within this time and the configured one.
    ///
    /// # Errors
    /// Where no answer came, or the address may not be called.
    fn send_within(&self, request: &PlainRequest, time: Duration) -> Result<Answer, TransportError>;

    /// Replaces the origins that may be called.
    ///
    /// # Errors
    /// `E_NET` for an origin that cannot be read.
    fn allow(&self, origins: &BTreeSet<String>) -> Result<(), Fault>;

    /// Cuts calls in flight, for good.
    fn shut_down(&self);

    /// Whether calls were cut for good.
    fn is_shut_down(&self) -> bool;
}

impl Transport for Network {
    fn send_within(&self, request: &PlainRequest, time: Duration) -> Result<Answer, TransportError> {
        Network::send_within(self, request, time)
    }

    fn allow(&self, origins: &BTreeSet<String>) -> Result<(), Fault> {
        self.set_allowed_origins(origins.iter().cloned()).map_err(|message| Fault::new("E_NET", message))
    }

    fn shut_down(&self) {
        Network::shut_down(self);
    }

    fn is_shut_down(&self) -> bool {
        Network::is_shut_down(self)
    }
}

/// The real network.
///
/// # Errors
/// `E_NET` for a route or address that cannot be read.
pub fn network(routes: Vec<(String, String)>, allow_net: Vec<String>, limits: &Arc<Limits>) -> Result<Network, Fault> {
    let options = NetworkOptions { routes, allow_net, allowed_origins: Vec::new(), timeout_ms: limits.http_ms, answer_bytes: limits.http_answer_bytes };
    Network::new(options).map_err(|message| Fault::new("E_NET", message))
}

/// The origins that an allowed `host:port` stands for.
pub fn origins_of(host: &str) -> Vec<String> {
    let host = host.to_ascii_lowercase();
    let bare = |port: &str| host.strip_suffix(port).map(str::to_owned);
    [bare(":443").map(|bare| format!("https://{bare}")), bare(":80").map(|bare| format!("http://{bare}")), Some(format!("https://{host}")), Some(format!("http://{host}"))].into_iter().flatten().collect()
}

/// Makes a call whose answer a script waits for: the `count`-th of its run, with up to three tries.
///
/// # Errors
/// `E_HTTP` where no final answer came, `E_NET` where the address may not be called, `E_SECRET_UNSET`.
pub fn call_at_once(world: &World, request: &Request, run_id: &str, count: u32) -> Result<Answer, Fault> {
    let key = idempotency_key(request, run_id, count);
    wait_for_turn(world, &request.origin)?;
    ImmediateCalls::new(&**world.transport(), Some(key)).call(request)
}

/// Waits until the origin's rate lets a call go, as long as the call itself may take.
fn wait_for_turn(world: &World, origin: &str) -> Result<(), Fault> {
    let begin = Moment::now();
    while let Err(until) = world.traffic().call(origin, world.clock().now()) {
        if world.is_stopping() {
            return Err(Fault::ending("E_STOPPING", "the call was cut short because the process is stopping"));
        }
        let now = world.clock().now();
        if begin.elapsed() > TURN || until.0.saturating_sub(now.0) > TURN.as_millis() as i64 {
            return Err(Fault::new("E_HTTP", format!("the rate that gbvm.toml allows for {origin} is used up for {} s", TURN.as_secs())));
        }
        let wait = crate::work::millis_until(now, until).clamp(1, LOOK_AGAIN_MS);
        world.clock().pause(wait)?;
    }
    Ok(())
}

/// The same for each repetition of a call by the same run, another for every other content.
fn idempotency_key(request: &Request, run_id: &str, count: u32) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    let body = request.body.as_ref().map_or("", |body| body.as_str());
    for part in [run_id, &count.to_string(), request.method, request.url.as_str(), body] {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part.as_bytes());
    }
    data_encoding::HEXLOWER.encode(&context.finish().as_ref()[..16])
}
