//! The language server: speaks the Language Server Protocol over standard input and output.
//!
//! Every file is sent whole when it changes; its messages are computed once nothing else waits. An answer that fails
//! is an error to the editor and never the end of the server.

mod document;
mod position;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use gbvm_lang::project::Known;
use gbvm_vm::signature::Signature;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::{
    CompletionOptions, CompletionParams, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, DocumentFormattingParams,
    DocumentSymbolParams, DocumentSymbolResponse, GotoDefinitionParams, Hover, HoverContents, HoverParams, HoverProviderCapability, MarkupContent, MarkupKind,
    OneOf, PublishDiagnosticsParams, ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::Config;
use crate::scripts;
use document::Document;

/// Serves an editor until it says goodbye.
///
/// # Errors
/// Where what comes is no protocol.
pub fn serve(database: &Path) -> Result<(), String> {
    let (connection, wire) = wire::connect();
    let capabilities = ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::FULL)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions { trigger_characters: Some(vec![".".into(), "\"".into()]), ..CompletionOptions::default() }),
        definition_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        ..ServerCapabilities::default()
    };
    let capabilities = serde_json::to_value(capabilities).map_err(|error| error.to_string())?;
    let served = connection.initialize(capabilities).map_err(|error| error.to_string()).and_then(|_| converse(&connection, database));
    drop(connection);
    // Why the bytes ended says more than that they did.
    wire.close().and(served)
}

fn converse(connection: &Connection, database: &Path) -> Result<(), String> {
    let mut server = Server { connection, database, signatures: gbvm_stdlib::signatures(), documents: BTreeMap::new(), changed: BTreeSet::new(), known: BTreeMap::new(), is_closing: false };
    server.run()
}

struct Server<'a> {
    connection: &'a Connection,
    /// Where the tables are looked up, unless the project's configuration says otherwise.
    database: &'a Path,
    signatures: Vec<Signature>,
    /// The open files, by address.
    documents: BTreeMap<String, Document>,
    /// Those whose messages are old.
    changed: BTreeSet<String>,
    /// What is known of the tables of each folder, until a file is saved.
    known: BTreeMap<PathBuf, Known>,
    /// Whether the editor has said goodbye.
    is_closing: bool,
}

impl Server<'_> {
    fn run(&mut self) -> Result<(), String> {
        loop {
            let message = match self.connection.receiver.try_recv() {
                Ok(message) => message,
                Err(_) => {
                    self.publish()?;
                    match self.connection.receiver.recv() {
                        Ok(message) => message,
                        // The editor is gone.
                        Err(_) => return Ok(()),
                    }
                }
            };
            match message {
                Message::Request(request) => {
                    let response = match request.method.as_str() {
                        _ if self.is_closing => Response::new_err(request.id, ErrorCode::InvalidRequest as i32, "after shutdown only exit is answered".to_owned()),
                        "shutdown" => {
                            self.is_closing = true;
                            Response::new_ok(request.id, Value::Null)
                        }
                        _ => self.answer(request),
                    };
                    self.send(Message::Response(response))?;
                }
                Message::Notification(notification) if notification.method == "exit" && self.is_closing => return Ok(()),
                Message::Notification(notification) => self.notice(notification),
                Message::Response(_) => {}
            }
        }
    }

    fn send(&self, message: Message) -> Result<(), String> {
        self.connection.sender.send(message).map_err(|error| error.to_string())
    }

    fn notice(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(opened) = serde_json::from_value::<DidOpenTextDocumentParams>(params) {
                    self.set(opened.text_document.uri, opened.text_document.text);
                }
            }
            "textDocument/didChange" => {
                if let Ok(changed) = serde_json::from_value::<DidChangeTextDocumentParams>(params)
                    && let Some(change) = changed.content_changes.into_iter().next_back()
                {
                    self.set(changed.text_document.uri, change.text);
                }
            }
            "textDocument/didSave" => {
                // Another file may write or no longer write a table.
                self.known.clear();
                self.changed.extend(self.documents.keys().cloned());
            }
            "textDocument/didClose" => {
                if let Ok(closed) = serde_json::from_value::<DidCloseTextDocumentParams>(params) {
                    let uri = closed.text_document.uri.as_str().to_owned();
                    self.documents.remove(&uri);
                    self.changed.insert(uri);
                }
            }
            _ => {}
        }
    }

    fn set(&mut self, uri: Uri, text: String) {
        let key = uri.as_str().to_owned();
        self.documents.insert(key.clone(), Document { uri, text });
        self.changed.insert(key);
    }

    /// Sends the messages of the files that have changed.
    fn publish(&mut self) -> Result<(), String> {
        for key in std::mem::take(&mut self.changed) {
            let (uri, diagnostics) = match self.documents.get(&key) {
                Some(document) => {
                    let known = known(&mut self.known, document, self.database);
                    (document.uri.clone(), guarded(|| document.diagnostics(known)).unwrap_or_default())
                }
                None => match key.parse() {
                    Ok(uri) => (uri, Vec::new()),
                    Err(_) => continue,
                },
            };
            let params = PublishDiagnosticsParams { uri, diagnostics, version: None };
            self.send(Message::Notification(Notification::new("textDocument/publishDiagnostics".into(), params)))?;
        }
        Ok(())
    }

    fn answer(&mut self, request: Request) -> Response {
        let Request { id, method, params } = request;
        match self.result(&method, params) {
            Ok(Some(value)) => Response::new_ok(id, value),
            Ok(None) => Response::new_err(id, ErrorCode::MethodNotFound as i32, format!("{method} is not answered here")),
            Err(message) => Response::new_err(id, ErrorCode::InvalidParams as i32, message),
        }
    }

    /// The answer to a request; none where nobody answers such.
    fn result(&mut self, method: &str, params: Value) -> Result<Option<Value>, String> {
        let signatures = &self.signatures;
        let documents = &self.documents;
        let find = |uri: &Uri| documents.get(uri.as_str());
        let failed = || "this could not be answered".to_owned();
        let found = match method {
            "textDocument/hover" => {
                let HoverParams { text_document_position_params: place, .. } = read(params)?;
                let hover = find(&place.text_document.uri).and_then(|document| guarded(|| document.hover(place.position, signatures)).flatten());
                json(hover.map(|(value, range)| Hover { contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value }), range: Some(range) }))
            }
            "textDocument/definition" => {
                let GotoDefinitionParams { text_document_position_params: place, .. } = read(params)?;
                json(find(&place.text_document.uri).and_then(|document| guarded(|| document.definition(place.position, signatures)).flatten()))
            }
            "textDocument/completion" => {
                let CompletionParams { text_document_position: place, .. } = read(params)?;
                let Some(document) = find(&place.text_document.uri) else { return Ok(Some(Value::Null)) };
                let known = known(&mut self.known, document, self.database);
                json(guarded(|| document.completions(place.position, known, signatures)).ok_or_else(failed)?)
            }
            "textDocument/formatting" => {
                let DocumentFormattingParams { text_document, .. } = read(params)?;
                json(find(&text_document.uri).map(|document| guarded(|| document.formatted(signatures)).unwrap_or_default()))
            }
            "textDocument/documentSymbol" => {
                let DocumentSymbolParams { text_document, .. } = read(params)?;
                json(find(&text_document.uri).map(|document| DocumentSymbolResponse::Nested(guarded(|| document.symbols(signatures)).unwrap_or_default())))
            }
            _ => return Ok(None),
        };
        found.map(Some)
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, String> {
    serde_json::from_value(params).map_err(|error| error.to_string())
}

fn json(value: impl serde::Serialize) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

/// What a function gives; nothing where it panics: a mistake in one answer must not end the server.
fn guarded<T>(answer: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(answer)).ok()
}

/// What is known of the tables of a document's folder.
fn known<'k>(folders: &'k mut BTreeMap<PathBuf, Known>, document: &Document, database: &Path) -> &'k Known {
    let folder = document.path().and_then(|path| path.parent().map(Path::to_owned));
    folders.entry(folder.clone().unwrap_or_default()).or_insert_with(|| match folder {
        Some(folder) => {
            let config = Config::read_if_there(&folder.join("gbvm.toml")).ok().and_then(|config| config.database);
            scripts::known(&folder, Some(&config.unwrap_or_else(|| folder.join(database))))
        }
        None => Known::default(),
    })
}
