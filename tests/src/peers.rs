//! Recording stand-ins for the network and the mail server.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gbvm::calls::{PlainRequest, Transport, TransportError};
use gbvm::outbox::Post;
use gbvm::smtp::MailFailure;
use gbvm_stdlib::services::Answer;
use gbvm_vm::fault::Fault;

/// A network that records every request and answers as told; 200 and `{}` where nothing was said.
#[derive(Default)]
pub struct Peer {
    state: Mutex<PeerState>,
}

#[derive(Default)]
struct PeerState {
    answers: VecDeque<(String, Answer)>,
    requests: Vec<PlainRequest>,
}

impl Peer {
    /// Answers the next request whose `METHOD URL` begins with `prefix` in this way.
    pub fn answer(&self, prefix: &str, status: u16, body: &str) {
        let answer = Answer { status, headers: vec![("content-type".into(), "application/json".into())], body: body.into() };
        self.state().answers.push_back((prefix.to_owned(), answer));
    }

    /// What was requested so far, in order.
    pub fn requests(&self) -> Vec<PlainRequest> {
        self.state().requests.clone()
    }

    /// What was requested so far, a line each: `METHOD URL BODY`.
    pub fn lines(&self) -> Vec<String> {
        let line = |request: &PlainRequest| {
            let body = request.body.as_deref().map(|body| format!(" {}", String::from_utf8_lossy(body)));
            format!("{} {}{}", request.method, request.url, body.unwrap_or_default())
        };
        self.state().requests.iter().map(line).collect()
    }

    fn state(&self) -> MutexGuard<'_, PeerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Peer {
    fn send_within(&self, request: &PlainRequest, _time: Duration) -> Result<Answer, TransportError> {
        let mut state = self.state();
        state.requests.push(request.clone());
        let line = format!("{} {}", request.method, request.url);
        let at = state.answers.iter().position(|(prefix, _)| line.starts_with(prefix.as_str()));
        let told = at.and_then(|at| state.answers.remove(at)).map(|(_, answer)| answer);
        Ok(told.unwrap_or_else(|| Answer { status: 200, headers: Vec::new(), body: b"{}".to_vec() }))
    }

    fn allow(&self, _origins: &BTreeSet<String>) -> Result<(), Fault> {
        Ok(())
    }

    fn shut_down(&self) {}

    fn is_shut_down(&self) -> bool {
        false
    }
}

/// A mail server that keeps what it is given.
#[derive(Default)]
pub struct PostBox {
    mails: Mutex<Vec<SentMail>>,
}

/// A mail that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMail {
    /// The recipients.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
    /// The Message-ID.
    pub message_id: String,
}

impl PostBox {
    /// What was sent so far, in order.
    pub fn mails(&self) -> Vec<SentMail> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Post for PostBox {
    fn send(&self, to: &[String], subject: &str, body: &str, message_id: &str) -> Result<String, MailFailure> {
        let mail = SentMail { to: to.to_vec(), subject: subject.to_owned(), body: body.to_owned(), message_id: message_id.to_owned() };
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
        Ok("250 kept".to_owned())
    }
}
