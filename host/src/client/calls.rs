//! Calls whose answer a script waits for: a few tries within half a minute, then a fault.

use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use gbvm_stdlib::services::{Answer, HttpClient, Request};
use gbvm_vm::fault::Fault;

use super::{PlainRequest, TransportError};
use crate::calls::Transport;

/// Tries of one call.
const TRIES: u32 = 3;
/// The pause before the second try, on average; it doubles before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Tries and pauses together.
const WHOLE: Duration = Duration::from_secs(30);
/// How often a pause looks whether the engine stops.
const PAUSE_STEP: Duration = Duration::from_millis(50);

/// Waits; a fault ends the call.
pub type Pause<'a> = Box<dyn FnMut(Duration) -> Result<(), Fault> + 'a>;

/// The client of one run.
pub struct ImmediateCalls<'a> {
    transport: &'a dyn Transport,
    /// Sent with POST and PATCH, unless the script sets one itself. The same for every try.
    pub idempotency_key: Option<String>,
    pause: Pause<'a>,
}

impl<'a> ImmediateCalls<'a> {
    /// A client that sleeps between tries.
    pub fn new(transport: &'a dyn Transport, idempotency_key: Option<String>) -> ImmediateCalls<'a> {
        let pause = move |time: Duration| {
            let end = Instant::now() + time;
            while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
                if transport.is_shut_down() {
                    return Err(Fault::ending("E_STOPPING", "The call was cut short because the engine stops."));
                }
                thread::sleep(left.min(PAUSE_STEP));
            }
            Ok(())
        };
        ImmediateCalls::with_pause(transport, idempotency_key, Box::new(pause))
    }

    /// A client that waits between tries in its own way.
    pub fn with_pause(transport: &'a dyn Transport, idempotency_key: Option<String>, pause: Pause<'a>) -> ImmediateCalls<'a> {
        ImmediateCalls { transport, idempotency_key, pause }
    }
}

impl HttpClient for ImmediateCalls<'_> {
    fn call(&mut self, request: &Request) -> Result<Answer, Fault> {
        let key = self.idempotency_key.as_deref().filter(|_| matches!(request.method, "POST" | "PATCH"));
        let plain = PlainRequest::resolve(request, key)?;
        let shown = shown_url(request);
        let mut spent = Duration::ZERO;
        let mut tries = 0;
        loop {
            tries += 1;
            let begin = Instant::now();
            let outcome = self.transport.send_within(&plain, WHOLE.saturating_sub(spent));
            spent += begin.elapsed();
            let (failure, asked) = match outcome {
                Ok(answer) if !is_retried(answer.status) => return Ok(answer),
                Ok(answer) => (format!("last answer {}", answer.status), retry_after(&answer, SystemTime::now())),
                Err(error) if !error.may_pass() => {
                    let fault = Fault::new(error.code(), format!("{} {shown}: {error}.", request.method));
                    return Err(if error == TransportError::ShutDown { fault.and_ends() } else { fault });
                }
                Err(error) => (error.to_string(), None),
            };
            let pause = jittered(FIRST_PAUSE * 2u32.pow(tries - 1)).max(asked.unwrap_or_default());
            if tries == TRIES || spent + pause >= WHOLE {
                let counted = ["no try", "one try", "two tries", "three tries"][tries as usize];
                return Err(Fault::new("E_HTTP", format!("{} {shown}: {counted}, {failure}.", request.method)));
            }
            (self.pause)(pause)?;
            spent += pause;
        }
    }
}

impl PlainRequest {
    /// The request with its secrets as they are now, and with this key, unless the script sets one itself.
    ///
    /// # Errors
    /// `E_SECRET_UNSET` where it needs a secret that is not set.
    pub fn resolve(request: &Request, idempotency_key: Option<&str>) -> Result<PlainRequest, Fault> {
        let texts = [&request.url].into_iter().chain(request.headers.iter().map(|(_, value)| value)).chain(&request.body);
        for text in texts {
            if let Some(key) = text.unset_secret() {
                return Err(Fault::new("E_SECRET_UNSET", format!("The call needs the secret {key}, which is not set. SET BOT MEMORY \"{key}\" gives it a value.")));
            }
        }
        let mut headers: Vec<(String, String)> = request.headers.iter().map(|(name, value)| (name.clone(), value.as_str().to_owned())).collect();
        let has_key = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"));
        if let Some(key) = idempotency_key.filter(|_| !has_key) {
            headers.push(("Idempotency-Key".into(), key.into()));
        }
        Ok(PlainRequest {
            method: request.method.into(),
            url: request.url.as_str().into(),
            origin: request.origin.clone(),
            headers,
            body: request.body.as_ref().map(|body| body.as_str().as_bytes().to_vec()),
        })
    }
}

/// The URL for messages: secrets masked, and without its query.
fn shown_url(request: &Request) -> String {
    request.url.masked().split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// Whether an answer of this status is asked for again: the peer is busy or failed.
pub fn is_retried(status: u16) -> bool {
    matches!(status, 408 | 425 | 429) || status >= 500
}

/// The time, more or less by up to half.
fn jittered(time: Duration) -> Duration {
    let random = RandomState::new().hash_one(0u8) >> 11;
    time.mul_f64(0.5 + random as f64 / (1u64 << 53) as f64)
}

/// How long the peer asks to be left alone: seconds, or until a date in any of the three forms of HTTP.
pub fn retry_after(answer: &Answer, now: SystemTime) -> Option<Duration> {
    let (_, value) = answer.headers.iter().find(|(name, _)| name == "retry-after")?;
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds mean longer than anybody waits.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let read = |value: &str| retry_after(&Answer { headers: vec![("retry-after".into(), value.into())], ..Answer::default() }, now).map(|time| time.as_secs());
        assert_eq!(read("7"), Some(7));
        assert_eq!(read(" 0 "), Some(0));
        assert_eq!(read("99999999999999999999999"), Some(u64::from(u32::MAX)));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0));
        assert_eq!(read("Sunday, 06-Nov-94 08:50:07 GMT"), Some(30));
        assert_eq!(read("Sun Nov  6 08:50:07 1994"), Some(30));
        for odd in ["", "-1", "soon", "1.5", "Sun, 99 Nov 1994 08:50:07 GMT"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    #[test]
    fn pauses_vary_by_half() {
        for _ in 0..1000 {
            let pause = jittered(Duration::from_millis(1000)).as_millis();
            assert!((500..=1500).contains(&pause), "{pause}");
        }
    }
}
