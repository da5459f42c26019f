//! The bytes between an editor and the server: frames with a length and a JSON message each.
//!
//! A message that cannot be read is answered as JSON-RPC has it, and the next one is read. Only where it is not known
//! where the next one begins, the server ends and says so.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::thread::{self, JoinHandle};

use lsp_server::{Connection, ErrorCode, Message};
use serde_json::{Value, json};

/// The most bytes of one line of a header.
const HEADER_MAX: u64 = 4 << 10;

/// The most bytes of one message: the largest script, with every character escaped, and what is around it.
const CONTENT_MAX: u64 = 64 << 20;

/// What moves the bytes.
pub struct Wire {
    reader: JoinHandle<Result<(), String>>,
    writer: JoinHandle<io::Result<()>>,
}

/// A connection over standard input and output.
pub fn connect() -> (Connection, Wire) {
    let (server, Connection { sender, receiver }) = Connection::memory();
    let reader = thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Some(message) = next(&mut input)? {
            let is_exit = matches!(&message, Message::Notification(notification) if notification.method == "exit");
            if sender.send(message).is_err() || is_exit {
                break;
            }
        }
        Ok(())
    });
    let writer = thread::spawn(move || receiver.into_iter().try_for_each(|message| message.write(&mut io::stdout().lock())));
    (server, Wire { reader, writer })
}

impl Wire {
    /// Waits until all is written. The connection must be dropped before.
    ///
    /// # Errors
    /// Why it ended early.
    pub fn close(self) -> Result<(), String> {
        let panicked = || "the connection to the editor broke".to_owned();
        self.writer.join().map_err(|_| panicked())?.map_err(|error| error.to_string())?;
        self.reader.join().map_err(|_| panicked())?
    }
}

/// The next message that can be read; none at the end of the input.
fn next(input: &mut dyn BufRead) -> Result<Option<Message>, String> {
    loop {
        let length = match length(input) {
            Ok(Some(length)) => length,
            Ok(None) => return Ok(None),
            Err(message) => {
                refuse(ErrorCode::ParseError, Value::Null, &message)?;
                return Err(message);
            }
        };
        if length > CONTENT_MAX {
            refuse(ErrorCode::InvalidRequest, Value::Null, &format!("a message of {length} bytes is too large; the most is {CONTENT_MAX}"))?;
            io::copy(&mut input.take(length), &mut io::sink()).map_err(|error| error.to_string())?;
            continue;
        }
        let mut content = vec![0; length as usize];
        match input.read_exact(&mut content) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err("the input ends in the middle of a message".to_owned()),
            Err(error) => return Err(error.to_string()),
        }
        let value: Value = match serde_json::from_slice(&content) {
            Ok(value) => value,
            Err(error) => {
                refuse(ErrorCode::ParseError, Value::Null, &format!("this message is no JSON: {error}"))?;
                continue;
            }
        };
        let id = value.get("id").cloned().unwrap_or(Value::Null);
        match serde_json::from_value(value) {
            Ok(message) => return Ok(Some(message)),
            Err(_) => refuse(ErrorCode::InvalidRequest, id, "this is neither a request nor a notification nor a response")?,
        }
    }
}

/// The length that a header tells; none where the input ends before one.
fn length(input: &mut dyn BufRead) -> Result<Option<u64>, String> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        (&mut *input).take(HEADER_MAX).read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            return Err(match line.len() as u64 == HEADER_MAX {
                true => format!("a line of the header is longer than {HEADER_MAX} bytes"),
                false => "the input ends in the middle of a header".to_owned(),
            });
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            return length.map(Some).ok_or_else(|| "a header has no Content-Length".to_owned());
        }
        let Some((name, value)) = line.split_once(':') else {
            return Err(format!("a line of the header is no name and value: {}", line.chars().take(60).collect::<String>()));
        };
        if name.trim().eq_ignore_ascii_case("content-length") {
            let value = value.trim();
            length = Some(value.parse().map_err(|_| format!("Content-Length is no number of bytes: {}", value.chars().take(60).collect::<String>()))?);
        }
    }
}

/// Answers what cannot be read.
fn refuse(code: ErrorCode, id: Value, message: &str) -> Result<(), String> {
    let text = json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code as i32, "message": message } }).to_string();
    let mut output = io::stdout().lock();
    write!(output, "Content-Length: {}\r\n\r\n{text}", text.len()).and_then(|()| output.flush()).map_err(|error| error.to_string())
}
