//! Delivers what runs have queued: calls that stand as statements, and mail.
//!
//! A delivery is tried until it succeeds, is refused for good, or has used up its tries; it is then listed as dead.

use std::time::{Duration, SystemTime};

use gbvm_vm::fault::Fault;

use crate::client::{PlainRequest, TransportError, is_retried, retry_after};
use crate::engine::World;
use crate::smtp::{MailFailure, Mailer};
use crate::traffic::UnderWay;
use crate::storage::{Delivery, DeliveryKind};
use crate::work;

/// How long to wait after each failed try, in seconds. After the last the delivery is dead.
const WAITS_S: [u64; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// How long a peer may ask to be left alone: as long as the longest of those waits.
const WAIT_MAX: Duration = Duration::from_secs(86_400);

/// Carries mail to a server.
pub trait Post: Send + Sync {
    /// Sends one mail and gives the server's reply.
    ///
    /// # Errors
    /// The server's refusal, or why it was not reached.
    fn send(&self, to: &[String], subject: &str, body: &str, message_id: &str) -> Result<String, MailFailure>;
}

impl Post for Mailer {
    fn send(&self, to: &[String], subject: &str, body: &str, message_id: &str) -> Result<String, MailFailure> {
        Mailer::send(self, to, subject, body, message_id)
    }
}

/// A delivery as it goes out, secrets in the clear: plain data for whichever thread makes the try.
pub struct Parcel {
    /// The row of the outbox.
    pub id: i64,
    under_way: UnderWay,
    /// How many tries were made.
    attempt: u32,
    what: Contents,
}

enum Contents {
    Call(PlainRequest),
    Mail { to: Vec<String>, subject: String, body: String, message_id: String },
    /// It can never be sent, for this reason.
    Nothing(String),
}

impl Parcel {
    /// What a row of the outbox is to become.
    pub fn of(delivery: &Delivery, under_way: UnderWay) -> Parcel {
        let what = match &delivery.what {
            DeliveryKind::Call(request) => match PlainRequest::resolve(request, (request.method != "GET").then_some(&delivery.idempotency_key)) {
                Ok(request) => Contents::Call(request),
                Err(fault) => Contents::Nothing(fault.to_string()),
            },
            DeliveryKind::Damaged(reason) => Contents::Nothing(reason.clone()),
            DeliveryKind::Mail(mail, message_id) => {
                Contents::Mail { to: mail.to.clone(), subject: mail.subject.as_str().to_owned(), body: mail.body.as_str().to_owned(), message_id: message_id.clone() }
            }
        };
        Parcel { id: delivery.id, under_way, attempt: delivery.attempt, what }
    }
}

/// What became of one try.
enum Ending {
    Delivered(u16),
    Later(String, Option<Duration>),
    Dead(String),
    /// It was cut short by the end of the process, and does not count.
    Cut,
}

/// Tries one delivery and notes what became of it, as often as `again` says so where that cannot be noted.
///
/// # Errors
/// `E_DATABASE` where it is not noted; the delivery is then tried again.
pub fn deliver(world: &World, parcel: Parcel, again: &dyn Fn(&Fault) -> bool) -> Result<(), Fault> {
    let ending = match &parcel.what {
        Contents::Call(request) => call(world, request),
        Contents::Nothing(reason) => Ending::Dead(reason.clone()),
        Contents::Mail { to, subject, body, message_id } => match world.post() {
            None => Ending::Later("no mail server is configured (--smtp URL)".into(), Some(Duration::from_secs(300))),
            Some(post) => match post.send(to, subject, body, message_id) {
                Ok(_) => Ending::Delivered(250),
                Err(failure) if failure.retry => Ending::Later(failure.reply, None),
                Err(failure) => Ending::Dead(failure.reply),
            },
        },
    };
    let ending = if world.is_stopping() && !matches!(ending, Ending::Delivered(_)) { Ending::Cut } else { ending };
    let answered = match &ending {
        Ending::Delivered(_) => Some(true),
        // Nothing was sent.
        Ending::Dead(_) if matches!(parcel.what, Contents::Nothing(_)) => None,
        // Where nobody carries mail, no server failed.
        Ending::Later(..) if matches!(parcel.what, Contents::Mail { .. }) && world.post().is_none() => None,
        Ending::Later(..) => Some(false),
        // Whoever refuses one request may take the next.
        Ending::Dead(_) => Some(true),
        Ending::Cut => None,
    };
    parcel.under_way.ended(world.clock().now(), answered);
    work::write_until_it_holds(world, again, |store| match &ending {
        Ending::Delivered(status) => store.finish_call(parcel.id, *status),
        Ending::Dead(reason) => {
            tracing::error!(delivery = parcel.id, "a delivery is dead: {reason}");
            store.bury_call(parcel.id, reason)
        }
        Ending::Later(reason, after) => match WAITS_S.get(parcel.attempt as usize) {
            None => {
                tracing::error!(delivery = parcel.id, "a delivery is dead after {} tries: {reason}", parcel.attempt + 1);
                store.bury_call(parcel.id, reason)
            }
            Some(seconds) => {
                let wait = Duration::from_millis(seconds * fastrand::u64(800..=1200)).max(after.unwrap_or_default().min(WAIT_MAX));
                let at = world.clock().now().plus_millis(wait.as_millis() as i64).unwrap_or(gbvm_vm::instant::LAST);
                tracing::warn!(delivery = parcel.id, "a delivery failed and is tried again in {} s: {reason}", wait.as_secs());
                store.retry_call(parcel.id, at, reason)
            }
        },
        Ending::Cut => Ok(()),
    })
}

fn call(world: &World, request: &PlainRequest) -> Ending {
    let time = Duration::from_millis(world.limits().http_ms);
    match world.transport().send_within(request, time) {
        Ok(answer) => answered(answer.status, retry_after(&answer, SystemTime::now())),
        // Nobody waits for what the answer says.
        Err(TransportError::TooLarge { status, .. }) => answered(status, None),
        Err(error) if error.may_pass() => Ending::Later(error.to_string(), None),
        Err(error) => Ending::Dead(error.to_string()),
    }
}

/// What an answer of this status means, whose sender may ask to be left alone for a time.
fn answered(status: u16, rest: Option<Duration>) -> Ending {
    match status {
        200..300 => Ending::Delivered(status),
        _ if is_retried(status) => Ending::Later(format!("the server answered {status}"), rest),
        _ => Ending::Dead(format!("the server answered {status}")),
    }
}
