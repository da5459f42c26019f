//! Every cause of work, as one enum of plain data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Why a run exists. Events cross threads and are stored with their run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A request to an endpoint.
    Webhook(WebhookEvent),
    /// A committed change of a row.
    Trigger(TriggerEvent),
    /// A slot of a schedule.
    Schedule(ScheduleEvent),
    /// Somebody started the script by hand.
    Manual(ManualEvent),
}

/// A request to an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WebhookEvent {
    /// The name of the endpoint.
    pub name: String,
    /// The method, in capitals.
    pub method: String,
    /// The path that was asked for.
    pub path: String,
    /// The decoded query, in order.
    pub query: Vec<(String, String)>,
    /// The query as it was sent, without its `?`; empty where it was not sent.
    #[serde(default)]
    pub query_text: String,
    /// Header names in lower case with `_` for `-`, and values.
    pub headers: Vec<(String, String)>,
    /// The body's bytes as they came.
    #[serde(with = "base64")]
    pub body: Vec<u8>,
}

/// A committed change of a row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TriggerEvent {
    /// The table.
    pub table: String,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub operation: String,
    /// The row's id as text.
    pub row_id: String,
    /// The row after the change, as JSON; none after a delete.
    pub new: Option<String>,
    /// The row before the change, as JSON; none before an insert.
    pub old: Option<String>,
    /// How many triggers led here, this one included.
    pub depth: u32,
}

/// A slot of a schedule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScheduleEvent {
    /// The schedule's name.
    pub name: String,
    /// The slot, in milliseconds since 1970.
    pub slot: i64,
}

/// A start by hand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ManualEvent {
    /// The script's inputs by name.
    pub params: BTreeMap<String, String>,
}

impl WebhookEvent {
    /// A header by its name as scripts see it; none where it is empty.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name)?;
        Some(found.1.trim()).filter(|value| !value.is_empty())
    }
}

impl Event {
    /// A POST to an endpoint, for programs that embed the engine; add a body with [`Event::json`] or [`Event::body`].
    pub fn webhook(name: impl Into<String>) -> Event {
        let name = name.into();
        Event::Webhook(WebhookEvent { path: format!("/webhook/{name}"), name, method: "POST".into(), ..WebhookEvent::default() })
    }

    /// A start by hand without inputs.
    pub fn manual() -> Event {
        Event::Manual(ManualEvent::default())
    }

    /// The same webhook with a JSON body. Of other events nothing changes.
    ///
    /// # Errors
    /// Where the value has no JSON form.
    pub fn json(self, body: &impl serde::Serialize) -> Result<Event, serde_json::Error> {
        let bytes = serde_json::to_vec(body)?;
        Ok(self.header("content-type", "application/json").body(bytes))
    }

    /// The same webhook with these bytes as its body. Of other events nothing changes.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Event {
        if let Event::Webhook(webhook) = &mut self {
            webhook.body = bytes.into();
        }
        self
    }

    /// The same webhook with a further header. Of other events nothing changes.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Event {
        if let Event::Webhook(webhook) = &mut self {
            webhook.headers.push((name.to_ascii_lowercase().replace('-', "_"), value.into()));
        }
        self
    }

    /// The same webhook with a further part of its query. Of other events nothing changes.
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Event {
        if let Event::Webhook(webhook) = &mut self {
            webhook.query.push((name.to_owned(), value.into()));
        }
        self
    }

    /// The same start by hand with a further input. Of other events nothing changes.
    pub fn param(mut self, name: &str, value: impl Into<String>) -> Event {
        if let Event::Manual(manual) = &mut self {
            manual.params.insert(name.to_owned(), value.into());
        }
        self
    }

    /// The form in which an event is stored with its run.
    pub fn to_stored(&self) -> String {
        serde_json::to_string(self).expect("events hold text, numbers and bytes only")
    }

    /// Reads what [`Event::to_stored`] wrote.
    ///
    /// # Errors
    /// Where the text is damaged or of another version.
    pub fn from_stored(text: &str) -> Result<Event, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The word by which lists of runs show it.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Webhook(_) => "webhook",
            Event::Trigger(_) => "trigger",
            Event::Schedule(_) => "schedule",
            Event::Manual(_) => "manual",
        }
    }

    /// One line that says what happened, without data of the request.
    pub fn summary(&self) -> String {
        match self {
            Event::Webhook(event) => format!("webhook {} {}", event.method, event.name),
            Event::Trigger(event) => format!("trigger {} of {} {}", event.operation, event.table, event.row_id),
            Event::Schedule(event) => format!("schedule {} slot {}", event.name, event.slot),
            Event::Manual(_) => "started by hand".to_owned(),
        }
    }
}

/// Bytes as text, in the form in which an event is stored.
mod base64 {
    use data_encoding::BASE64;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64.decode(text.as_bytes()).map_err(serde::de::Error::custom)
    }
}
