//! The changes that the CRM sends: which contact each is about and what it says, all made of two numbers.
//!
//! Each client has contacts of its own, so that what a contact must hold at the end follows from how many changes each
//! client had acknowledged, whatever the order in which clients were served.

/// One of so many changes is about a contact that is not there yet.
const NEW_EVERY: u64 = 4;

/// How the work is dealt out.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many clients send.
    pub clients: u64,
    /// How many contacts there are before.
    pub rows: u64,
}

/// One change, by who sends it and how many it sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The client, from 0.
    pub client: u64,
    /// Its changes before this one.
    pub number: u64,
}

/// What a contact says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its given name, and so on in the order of the table.
    pub first_name: String,
    /// Has quotes and letters beyond ASCII, as names do.
    pub last_name: String,
    /// Its address.
    pub email: String,
    /// Its number.
    pub phone: String,
    /// Where it works.
    pub company: String,
    /// What it does there.
    pub title: String,
    /// A word.
    pub status: String,
}

impl Change {
    /// The unique id of the event.
    pub fn event_id(self) -> String {
        format!("evt-{:04}-{:08}", self.client, self.number)
    }

    /// The change that an event id names.
    pub fn of_event_id(id: &str) -> Option<Change> {
        let (client, number) = id.strip_prefix("evt-")?.split_once('-')?;
        let change = Change { client: client.parse().ok()?, number: number.parse().ok()? };
        (change.event_id() == id).then_some(change)
    }

    /// Whether it brings a contact that is not there yet.
    pub fn is_new(self) -> bool {
        self.number % NEW_EVERY == NEW_EVERY - 1
    }

    /// The CRM's id of the contact.
    pub fn external_id(self, plan: Plan) -> String {
        if self.is_new() {
            return format!("new-{:04}-{:08}", self.client, self.number);
        }
        let own = (plan.rows / plan.clients).max(1);
        external_id_of_row(self.client + plan.clients * (scatter(self.number) % own))
    }

    /// What the contact is after the change.
    pub fn contact(self) -> Contact {
        let Change { client, number } = self;
        let word = scatter(number * 1_000 + client);
        Contact {
            first_name: format!("Ana{}", word % 1_000),
            last_name: format!("O'Brien-Conceição {}", word % 10_000),
            email: format!("ana.{client}.{number}@example.com"),
            phone: format!("+351 21 {:07}", word % 10_000_000),
            company: format!("Example & Sons {}", word % 500),
            title: if word.is_multiple_of(3) { "Head of Purchasing".to_owned() } else { "Engineer".to_owned() },
            status: if word.is_multiple_of(2) { "active".to_owned() } else { "lead".to_owned() },
        }
    }

    /// When the CRM made the change, each a second after the client's one before.
    pub fn timestamp(self) -> String {
        let seconds = self.number % 86_400;
        format!("2026-01-{:02}T{:02}:{:02}:{:02}Z", 1 + self.number / 86_400 % 28, seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }

    /// The body of the webhook.
    pub fn body(self, plan: Plan) -> Vec<u8> {
        let contact = self.contact();
        let body = serde_json::json!({
            "id": self.event_id(),
            "event": if self.is_new() { "created" } else { "updated" },
            "type": "contact",
            "timestamp": self.timestamp(),
            "data": {
                "id": self.external_id(plan),
                "firstName": contact.first_name,
                "lastName": contact.last_name,
                "email": contact.email,
                "phone": contact.phone,
                "account": { "id": "001A7", "name": contact.company },
                "title": contact.title,
                "leadSource": "web",
                "status": contact.status,
            },
        });
        body.to_string().into_bytes()
    }
}

/// The CRM's id of a contact that is there before.
pub fn external_id_of_row(row: u64) -> String {
    format!("row-{row:09}")
}

/// Spreads consecutive numbers, by the finisher of SplitMix64.
fn scatter(number: u64) -> u64 {
    let mut word = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}
