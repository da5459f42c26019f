//! Hands a mail to an SMTP server and keeps what the server said.
//!
//! mail-send speaks only tokio, so each mail gets a small runtime on the calling thread, which blocks. One time-out
//! lies around everything, from the name's lookup to the last reply.

use std::fmt;
use std::net::Ipv6Addr;
use std::time::Duration;

use mail_send::mail_builder::MessageBuilder;
use mail_send::mail_builder::headers::address::Address;
use mail_send::smtp::AssertReply;
use mail_send::smtp::message::Message;
use mail_send::{Credentials, SmtpClient, SmtpClientBuilder};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::percent::decode_percent;

/// From the first packet to the last reply.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long saying goodbye may take: by then the mail is delivered.
const GOODBYE: Duration = Duration::from_secs(1);
/// What is kept of a reply.
const REPLY_CHARACTERS: usize = 500;

/// A way to one SMTP server, with one sender.
pub struct Mailer {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials<String>>,
    /// The sender's name, which may be empty, and address.
    from: (String, String),
    patience: Duration,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    /// Never: the server is on this machine.
    Loopback,
    /// TLS where the server offers it; a password is not sent without.
    Offered,
    /// TLS after STARTTLS, or nothing.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// A mail was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFailure {
    /// Whether a later try may go better.
    pub retry: bool,
    /// The server's reply, or what happened in its stead.
    pub reply: String,
}

impl MailFailure {
    fn dead(reply: impl Into<String>) -> MailFailure {
        MailFailure { retry: false, reply: reply.into() }
    }

    fn passing(reply: impl Into<String>) -> MailFailure {
        MailFailure { retry: true, reply: reply.into() }
    }
}

impl fmt::Display for MailFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reply)
    }
}

impl std::error::Error for MailFailure {}

impl fmt::Debug for Mailer {
    /// Leaves the credentials out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailer {}:{} {:?}", self.host, self.port, self.security)
    }
}

impl Mailer {
    /// Reads `smtp://[user:password@]host[:port]`, `smtps://…` or `smtp+starttls://…`, and a sender such as
    /// `shop@example.com` or `The shop <shop@example.com>`.
    ///
    /// # Errors
    /// A sentence that says what cannot be read, without the password.
    pub fn new(url: &str, from: String) -> Result<Mailer, String> {
        let (scheme, rest) = url.split_once("://").ok_or("The mail server needs a URL such as smtps://user:password@mail.example.com:465")?;
        let rest = rest.trim_end_matches('/');
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, rest),
        };
        let (host, port) = split_port(place).ok_or_else(|| format!("\"{place}\" in the mail server's URL is no host with a port"))?;
        let security = match scheme {
            "smtp" if is_loopback(&host) => Security::Loopback,
            "smtp" => Security::Offered,
            "smtp+starttls" => Security::StartTls,
            "smtps" => Security::Tls,
            _ => return Err(format!("The mail server's URL begins with \"{scheme}://\"; it may begin with smtps://, smtp+starttls:// or smtp://")),
        };
        let port = port.unwrap_or(match security {
            Security::Loopback | Security::Offered => 25,
            Security::StartTls => 587,
            Security::Tls => 465,
        });
        let credentials = user.map(|user| {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            Credentials::Plain { username: decode_percent(name), secret: decode_percent(password) }
        });
        let from = split_sender(&from).ok_or_else(|| format!("\"{from}\" is no sender such as shop@example.com"))?;
        Ok(Mailer { host, port, security, credentials, from, patience: PATIENCE })
    }

    /// The same way with another bound for one mail; the usual one is 30 seconds.
    pub fn with_patience(mut self, patience: Duration) -> Mailer {
        self.patience = patience;
        self
    }

    /// Hands over one mail, to all recipients or to none, and gives the server's reply. The Message-ID stays the same
    /// over all tries of a mail, so that a second copy can be told.
    ///
    /// # Errors
    /// [`MailFailure`]: to be retried after a reply 4yz or a fault of the way, dead after 5yz or where a header
    /// would hold what it must not.
    pub fn send(&self, to: &[String], subject: &str, body: &str, message_id: &str) -> Result<String, MailFailure> {
        let message = self.message(to, subject, body, message_id)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| MailFailure::passing(format!("the mail could not be sent: {error}")))?;
        let outcome = runtime.block_on(async { tokio::time::timeout(self.patience, self.deliver(message)).await });
        // A lookup that hangs would hold up the end of the runtime.
        runtime.shutdown_background();
        match outcome {
            Ok(outcome) => outcome.map_err(|error| self.explain(error)),
            Err(_) => Err(MailFailure::passing(format!("{}:{} did not take the mail within {} ms", self.host, self.port, self.patience.as_millis()))),
        }
    }

    /// The mail as it goes over the wire, with its envelope.
    fn message(&self, to: &[String], subject: &str, body: &str, message_id: &str) -> Result<Message<'static>, MailFailure> {
        if to.is_empty() {
            return Err(MailFailure::dead("E_MAIL_HEADER: the mail has no recipient"));
        }
        if let Some(at) = to.iter().position(|address| !is_address(address)) {
            return Err(MailFailure::dead(format!("E_MAIL_HEADER: recipient {} of {} is not one plain address", at + 1, to.len())));
        }
        if subject.contains(['\r', '\n', '\0']) {
            return Err(MailFailure::dead("E_MAIL_HEADER: the subject holds a line break or NUL"));
        }
        let id = message_id.trim_start_matches('<').trim_end_matches('>');
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>')) {
            return Err(MailFailure::dead("E_MAIL_HEADER: the Message-ID is not one that mail allows"));
        }
        let (name, address) = &self.from;
        let sender = Address::new_address((!name.is_empty()).then(|| name.clone()), address.clone());
        let recipients = Address::new_list(to.iter().map(|address| Address::new_address(None::<&str>, address.as_str())).collect());
        // In mail a lone CR is no line break, and some servers take one for it: only whole breaks go out.
        let body = body.replace("\r\n", "\n").replace('\r', "\n");
        let bytes = MessageBuilder::new()
            .from(sender)
            .to(recipients)
            .subject(subject)
            .message_id(id)
            .text_body(body)
            .write_to_vec()
            .map_err(|error| MailFailure::dead(format!("the mail could not be written: {error}")))?;
        let mut envelope = Message::empty().from(address.clone()).body(bytes);
        for address in to {
            envelope = envelope.to(address.clone());
        }
        Ok(envelope)
    }

    async fn deliver(&self, message: Message<'static>) -> Result<String, mail_send::Error> {
        match self.security {
            Security::Loopback => self.deliver_here(message).await,
            Security::Tls => hand_over(self.builder()?.connect().await?, message).await,
            Security::StartTls => hand_over(self.builder()?.implicit_tls(false).connect().await?, message).await,
            Security::Offered => match self.builder()?.implicit_tls(false).connect().await {
                Err(mail_send::Error::MissingStartTls) if self.credentials.is_none() => hand_over(self.builder()?.connect_plain().await?, message).await,
                client => hand_over(client?, message).await,
            },
        }
    }

    /// To a server on this machine, without reading the system's certificates.
    async fn deliver_here(&self, message: Message<'static>) -> Result<String, mail_send::Error> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let mut client = SmtpClient { stream: TcpStream::connect((host, self.port)).await?, timeout: self.patience };
        client.read().await?.assert_positive_completion()?;
        let capabilities = client.ehlo("localhost").await?;
        if let Some(credentials) = &self.credentials {
            client.authenticate(credentials, &capabilities).await?;
        }
        hand_over(client, message).await
    }

    fn builder(&self) -> Result<SmtpClientBuilder<String>, mail_send::Error> {
        let builder = SmtpClientBuilder::new(self.host.clone(), self.port).map_err(|reason| mail_send::Error::Io(std::io::Error::other(reason)))?.timeout(self.patience);
        Ok(match &self.credentials {
            Some(credentials) => builder.credentials(credentials.clone()),
            None => builder,
        })
    }

    /// Sorts a failure into passing and final.
    fn explain(&self, error: mail_send::Error) -> MailFailure {
        let server = format!("{}:{}", self.host, self.port);
        match error {
            mail_send::Error::UnexpectedReply(reply) | mail_send::Error::AuthenticationFailed(reply) => {
                MailFailure { retry: !(500..=599).contains(&reply.code), reply: written(reply.code, reply.esc, &reply.message) }
            }
            mail_send::Error::MissingStartTls => MailFailure::passing(format!("{server} offers no STARTTLS, and the mail is not sent without")),
            mail_send::Error::UnsupportedAuthMechanism => MailFailure::passing(format!("{server} knows no way to sign in that is known here")),
            mail_send::Error::UnparseableReply => MailFailure::passing(format!("{server} broke off, or does not speak SMTP")),
            mail_send::Error::Timeout => MailFailure::passing(format!("{server} did not answer in time")),
            mail_send::Error::Io(error) => MailFailure::passing(format!("the connection to {server} failed: {error}")),
            mail_send::Error::Tls(error) => MailFailure::passing(format!("the secure connection to {server} failed: {error}")),
            mail_send::Error::InvalidTLSName => MailFailure::passing(format!("{} is no name that a certificate can hold", self.host)),
            mail_send::Error::Base64(_) | mail_send::Error::Auth(_) | mail_send::Error::MissingCredentials => MailFailure::passing(format!("signing in to {server} failed")),
            mail_send::Error::MissingMailFrom | mail_send::Error::MissingRcptTo => MailFailure::dead("E_MAIL_HEADER: the mail has no sender or no recipient"),
        }
    }
}

/// Sends the mail over a connection that is ready, and says goodbye.
async fn hand_over<T: AsyncRead + AsyncWrite + Unpin>(mut client: SmtpClient<T>, message: Message<'static>) -> Result<String, mail_send::Error> {
    let envelope = &message;
    client.mail_from(&envelope.mail_from.email, &envelope.mail_from.parameters).await?;
    for recipient in &envelope.rcpt_to {
        client.rcpt_to(&recipient.email, &recipient.parameters).await?;
    }
    let reply = client.data(envelope.body.as_ref()).await?;
    // The server has taken the mail; how it takes the goodbye does not matter.
    let _ = tokio::time::timeout(GOODBYE, client.quit()).await;
    Ok(written(reply.code, reply.esc, &reply.message))
}

/// A reply as servers write it: `250 2.0.0 queued as 17`.
fn written(code: u16, enhanced: [u8; 3], message: &str) -> String {
    let [class, subject, detail] = enhanced;
    let enhanced = if class == 0 { String::new() } else { format!("{class}.{subject}.{detail} ") };
    format!("{code} {enhanced}{}", message.trim().chars().take(REPLY_CHARACTERS).collect::<String>())
}

/// Whether a text is one mail address and nothing else: no name, no blank, no second address, no line break.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_local = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte));
    let is_label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    is_local && domain.len() <= 253 && domain.split('.').all(is_label)
}

/// `Name <address>` or an address alone.
fn split_sender(from: &str) -> Option<(String, String)> {
    let from = from.trim();
    let (name, address) = match from.strip_suffix('>') {
        Some(rest) => rest.rsplit_once('<')?,
        None => ("", from),
    };
    let name = name.trim().trim_matches('"');
    (is_address(address) && !name.contains(|letter: char| letter.is_control())).then(|| (name.to_owned(), address.to_owned()))
}

/// Host and port, the host of an IPv6 address in its brackets.
fn split_port(place: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match place.rfind(']') {
        Some(end) => {
            let (host, rest) = place.split_at(end + 1);
            host.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?;
            (host, rest.strip_prefix(':').or(rest.is_empty().then_some("")))
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, Some("")),
        },
    };
    let port = port?;
    let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte));
    let port = if port.is_empty() { None } else { Some(port.parse().ok().filter(|port| *port != 0)?) };
    is_host.then(|| (host.to_ascii_lowercase(), port))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
