//! Mail against a small SMTP server on loopback that says what the test wants.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use gbvm::smtp::{MailFailure, Mailer, is_address};

/// A server that notes every line it gets and replies by the first word; `.` stands for the end of the mail and an
/// empty word for the greeting. An empty reply closes the connection.
struct SmtpServer {
    port: u16,
    lines: Receiver<String>,
}

fn server(reply: impl Fn(&str) -> String + Send + 'static) -> SmtpServer {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let (note, lines) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
            let mut is_data = false;
            let mut word = String::new();
            loop {
                let answer = if is_data { None } else { Some(reply(&word)) };
                if let Some(answer) = answer {
                    if answer.is_empty() {
                        break;
                    }
                    let _ = stream.write_all(format!("{answer}\r\n").as_bytes());
                    is_data = word == "DATA" && answer.starts_with('3');
                }
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    break;
                }
                let _ = note.send(line.clone());
                word = line.trim().split(' ').next().unwrap_or_default().to_owned();
                if is_data && line == ".\r\n" {
                    is_data = false;
                }
            }
        }
    });
    SmtpServer { port, lines }
}

/// What a server that takes everything replies.
fn polite(word: &str) -> String {
    match word {
        "" => "220 hello",
        "EHLO" => "250-here\r\n250-AUTH PLAIN\r\n250 8BITMIME",
        "AUTH" => "235 welcome",
        "DATA" => "354 go on",
        "." => "250 2.0.0 queued as 17",
        "QUIT" => "221 bye",
        _ => "250 fine",
    }
    .to_owned()
}

impl SmtpServer {
    fn mailer(&self) -> Mailer {
        Mailer::new(&format!("smtp://127.0.0.1:{}", self.port), "The shop <shop@example.com>".into()).expect("a good URL")
    }

    /// Everything it got, after it said goodbye.
    fn heard(&self) -> String {
        let mut heard = String::new();
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(5)) {
            heard.push_str(&line);
            if line.starts_with("QUIT") {
                return heard;
            }
        }
        panic!("no goodbye after {heard}");
    }
}

fn to(addresses: &[&str]) -> Vec<String> {
    addresses.iter().map(|address| address.to_string()).collect()
}

/// Undoes quoted-printable.
fn unquote(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'=' && after.len() >= 2 {
            bytes.extend(data_encoding::HEXUPPER_PERMISSIVE.decode(&after[..2]).expect("two digits"));
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// The body of a mail as a reader shows it.
fn body_of(heard: &str) -> String {
    let data = heard.split_once("DATA\r\n").expect("a mail").1.split_once("\r\n.\r\n").expect("its end").0;
    let (head, body) = data.split_once("\r\n\r\n").expect("head and body");
    let stuffed = body.replace("\r\n..", "\r\n.");
    let body = stuffed.strip_prefix('.').filter(|rest| rest.starts_with('.')).unwrap_or(&stuffed);
    let encoding = head.lines().find_map(|line| line.strip_prefix("Content-Transfer-Encoding: ")).unwrap_or("7bit");
    match encoding {
        "base64" => String::from_utf8(BASE64.decode(body.replace("\r\n", "").as_bytes()).expect("base64")).expect("UTF-8"),
        "quoted-printable" => unquote(body),
        _ => body.to_owned(),
    }
}

#[test]
fn a_mail_is_handed_over() {
    let server = server(polite);
    let reply = server.mailer().send(&to(&["a@example.org", "b+c@example.org"]), "Order 17", "Thanks.\n.\n..dots\nEnd", "<17.abc@gbvm>");
    assert_eq!(reply.as_deref(), Ok("250 2.0.0 queued as 17"));
    let heard = server.heard();
    for part in [
        "MAIL FROM:<shop@example.com>\r\n",
        "RCPT TO:<a@example.org>\r\nRCPT TO:<b+c@example.org>\r\nDATA\r\n",
        "From: \"The shop\" <shop@example.com>\r\n",
        "Subject: Order 17\r\n",
        "Message-ID: <17.abc@gbvm>\r\n",
        "\r\nDate: ",
    ] {
        assert!(heard.contains(part), "{part}: {heard}");
    }
    assert_eq!(heard.matches("\r\n.\r\n").count(), 1, "{heard}");
    assert_eq!(body_of(&heard).replace("\r\n", "\n").trim_end(), "Thanks.\n.\n..dots\nEnd");
}

#[test]
fn letters_beyond_ascii_arrive() {
    let server = server(polite);
    for body in ["Grüße, 你好 — ✓\nzweite Zeile", "ü", "你好你好你好你好你好你好你好你好你好你好你好你好你好你好你好你好你好你好你好你好", &"long ".repeat(500), "a\r\n.\r\nMAIL FROM:<x@y>\r\n", "bare\r.\rcr"] {
        server.mailer().send(&to(&["a@example.org"]), "Bestätigung – 确认 ✓", body, "x@gbvm").expect("taken");
        let heard = server.heard();
        assert!(heard.is_ascii(), "{heard}");
        assert_eq!(heard.matches("\r\n.\r\n").count(), 1, "{heard}");
        assert!(!heard.replace("\r\n", "").contains(['\r', '\n']), "{heard:?}");
        let subject = heard.split_once("\r\nSubject: ").expect("a subject").1;
        let words: String = subject.split("?=").take_while(|part| part.trim_start().starts_with("=?")).map(|part| part.trim_start().to_owned()).collect();
        let decoded: String = words
            .split("=?")
            .filter(|word| !word.is_empty())
            .map(|word| {
                let mut parts = word.splitn(3, '?');
                let (charset, encoding, text) = (parts.next().expect("charset"), parts.next().expect("encoding"), parts.next().expect("text"));
                assert!(charset.eq_ignore_ascii_case("utf-8"));
                if encoding.eq_ignore_ascii_case("b") { String::from_utf8(BASE64.decode(text.as_bytes()).expect("base64")).expect("whole letters") } else { unquote(&text.replace('_', " ")) }
            })
            .collect();
        assert_eq!(decoded, "Bestätigung – 确认 ✓", "{subject}");
        let plain = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").trim_end().to_owned();
        assert_eq!(plain(&body_of(&heard)), plain(body), "{heard}");
    }
}

#[test]
fn replies_decide_about_a_retry() {
    let cases = [
        ("", "421 4.3.2 too busy", true),
        ("MAIL", "451 4.7.1 greylisted", true),
        ("RCPT", "550 5.1.1 no such user", false),
        ("RCPT", "452 4.2.2 mailbox full", true),
        ("DATA", "554 no", false),
        (".", "554 5.7.1 spam", false),
        (".", "450 4.0.0 later", true),
    ];
    for (at, says, retry) in cases {
        let server = server(move |word| if word == at { says.to_owned() } else { polite(word) });
        let failure = server.mailer().send(&to(&["a@example.org"]), "s", "b", "x@gbvm").expect_err(says);
        assert_eq!(failure, MailFailure { retry, reply: says.to_owned() }, "{at}");
    }
}

#[test]
fn a_broken_way_is_retried_and_a_broken_goodbye_is_not() {
    for at in ["", "EHLO", "MAIL", "DATA", "."] {
        let server = server(move |word| if word == at { String::new() } else { polite(word) });
        let failure = server.mailer().send(&to(&["a@example.org"]), "s", "b", "x@gbvm").expect_err(at);
        assert!(failure.retry, "{at}: {failure}");
    }
    let server = server(|word| if word == "QUIT" { String::new() } else { polite(word) });
    assert!(server.mailer().send(&to(&["a@example.org"]), "s", "b", "x@gbvm").is_ok());
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
    let mailer = Mailer::new(&format!("smtp://localhost:{closed}"), "a@b.c".into()).expect("a good URL");
    assert!(mailer.send(&to(&["a@example.org"]), "s", "b", "x@gbvm").expect_err("nobody listens").retry);
}

#[test]
fn a_silent_server_is_left_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("smtp://{}", listener.local_addr().expect("bound"));
    let begin = Instant::now();
    let failure = Mailer::new(&url, "a@b.c".into()).expect("a good URL").with_patience(Duration::from_millis(200)).send(&to(&["a@example.org"]), "s", "b", "x@gbvm").expect_err("silence");
    assert!(failure.retry && begin.elapsed() < Duration::from_secs(3), "{failure}");
}

#[test]
fn headers_and_commands_cannot_be_smuggled() {
    let server = server(polite);
    let attacks: [(&[&str], &str, &str); 12] = [
        (&["a@example.org\r\nRCPT TO:<evil@example.org>"], "s", "x@gbvm"),
        (&["a@example.org>\r\nDATA"], "s", "x@gbvm"),
        (&["a@example.org, b@example.org"], "s", "x@gbvm"),
        (&["A <a@example.org>"], "s", "x@gbvm"),
        (&["a@example.org", ""], "s", "x@gbvm"),
        (&["a b@example.org"], "s", "x@gbvm"),
        (&["a@example.org\0"], "s", "x@gbvm"),
        (&[], "s", "x@gbvm"),
        (&["a@example.org"], "s\r\nBcc: evil@example.org", "x@gbvm"),
        (&["a@example.org"], "s\nBcc: evil@example.org", "x@gbvm"),
        (&["a@example.org"], "s", "x@gbvm>\r\nBcc: evil@example.org"),
        (&["a@example.org"], "s", ""),
    ];
    for (recipients, subject, id) in attacks {
        let failure = server.mailer().send(&to(recipients), subject, "b", id).expect_err("refused");
        assert!(!failure.retry && failure.reply.starts_with("E_MAIL_HEADER: ") && !failure.reply.contains("evil"), "{failure}");
    }
    assert!(server.lines.try_recv().is_err(), "no connection was made");
}

#[test]
fn passwords_are_sent_and_never_shown() {
    let server = server(polite);
    let url = format!("smtp://shop%40example.com:p%3Ass%2Fw%C3%B6rd@localhost:{}", server.port);
    let mailer = Mailer::new(&url, "shop@example.com".into()).expect("a good URL");
    assert!(!format!("{mailer:?}").contains("ss"), "{mailer:?}");
    mailer.send(&to(&["a@example.org"]), "s", "b", "x@gbvm").expect("taken");
    let heard = server.heard();
    let sent = heard.split_once("AUTH PLAIN ").expect("signed in").1.lines().next().expect("a line");
    assert_eq!(BASE64.decode(sent.as_bytes()).expect("base64"), "\0shop@example.com\0p:ss/wörd".as_bytes());
    let refusing = self::server(|word| if word == "AUTH" { "535 5.7.8 who are you".to_owned() } else { polite(word) });
    let url = format!("smtp://shop:hunter2@localhost:{}", refusing.port);
    let failure = Mailer::new(&url, "a@b.c".into()).expect("a good URL").send(&to(&["a@example.org"]), "s", "b", "x@gbvm").expect_err("refused");
    assert_eq!(failure, MailFailure { retry: false, reply: "535 5.7.8 who are you".into() });
    for bad in ["mail.example.com", "http://user:hunter2@mail.example.com", "smtp://user:hunter2@", "smtp://user:hunter2@host:99999", "smtps://user:hunter2@ho st", "smtps://user:hunter2@[::zz]:1"] {
        let message = Mailer::new(bad, "a@b.c".into()).expect_err(bad);
        assert!(!message.contains("hunter2"), "{message}");
    }
    for bad in ["", "shop", "a@b, c@d", "Name <a@b", "Na\nme <a@b.c>"] {
        assert!(Mailer::new("smtp://localhost", bad.into()).is_err(), "{bad}");
    }
}

#[test]
fn starttls_is_not_done_without() {
    let server = server(polite);
    let url = format!("smtp+starttls://127.0.0.1:{}", server.port);
    let failure = Mailer::new(&url, "a@b.c".into()).expect("a good URL").send(&to(&["a@example.org"]), "s", "b", "x@gbvm").expect_err("no TLS");
    assert!(failure.retry, "{failure}");
    while let Ok(line) = server.lines.try_recv() {
        assert!(!line.starts_with("MAIL"), "{line}");
    }
}

#[test]
fn addresses_are_told_from_other_texts() {
    for good in ["a@b", "first.last+tag@sub.example-1.org", "o'neil@example.org", "x@127.0.0.1"] {
        assert!(is_address(good), "{good}");
    }
    for bad in ["", "@", "a@", "@b", "a", "a@b@c", "a@b c", "a@b,c@d", "<a@b>", "a@b>", "\"a b\"@c", ".a@b", "a..b@c", "a@-b", "a@b.", "a@b..c", "ä@b", "a@ö", "a@b\n", "a;b@c", "a@[127.0.0.1]"] {
        assert!(!is_address(bad), "{bad}");
    }
}
