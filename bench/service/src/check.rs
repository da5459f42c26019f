//! What the database must hold when every request was answered: each acknowledged event once, and what it said.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::work::{Change, Contact, Plan};

/// Checks the database against the number of changes that each client had acknowledged, from its first one on.
///
/// # Errors
/// What is wrong, in words.
pub fn database(path: &Path, plan: Plan, acknowledged: &[u64]) -> Result<(), String> {
    let cannot = |error: rusqlite::Error| format!("the database cannot be read: {error}");
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(cannot)?;
    // One state of the file for all that is looked at.
    connection.execute_batch("BEGIN").map_err(cannot)?;
    let expected = Expected::after(plan, acknowledged);
    events(&connection, plan, acknowledged).map_err(cannot)??;
    contacts(&connection, plan, &expected).map_err(cannot)??;
    statuses(&connection, &expected).map_err(cannot)?
}

/// The contacts that were changed, with the last change of each.
struct Expected {
    last: HashMap<String, Change>,
    new: usize,
}

impl Expected {
    fn after(plan: Plan, acknowledged: &[u64]) -> Expected {
        let mut expected = Expected { last: HashMap::new(), new: 0 };
        for (client, count) in (0..).zip(acknowledged) {
            for number in 0..*count {
                let change = Change { client, number };
                expected.new += usize::from(change.is_new());
                expected.last.insert(change.external_id(plan), change);
            }
        }
        expected
    }
}

fn events(connection: &Connection, plan: Plan, acknowledged: &[u64]) -> rusqlite::Result<Result<(), String>> {
    let mut seen = HashSet::new();
    let mut statement = connection.prepare("SELECT id, record_id, status FROM sync_events")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, record_id, status): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let change = Change::of_event_id(&id).filter(|change| acknowledged.get(change.client as usize).is_some_and(|count| change.number < *count));
        let Some(change) = change else { return Ok(Err(format!("event {id} is stored, but was never acknowledged"))) };
        if change.external_id(plan) != record_id || status != "ok" {
            return Ok(Err(format!("event {id} is stored as of record {record_id}, status {status}")));
        }
        if !seen.insert(id) {
            return Ok(Err(format!("event {} is stored twice", change.event_id())));
        }
    }
    let wanted: u64 = acknowledged.iter().sum();
    let lost = wanted - seen.len() as u64;
    Ok(if lost == 0 { Ok(()) } else { Err(format!("{lost} of {wanted} acknowledged events are not stored")) })
}

fn contacts(connection: &Connection, plan: Plan, expected: &Expected) -> rusqlite::Result<Result<(), String>> {
    let mut statement = connection.prepare("SELECT external_id, first_name, last_name, email, phone, company, title, status, source_timestamp FROM contacts")?;
    let mut rows = statement.query([])?;
    let (mut count, mut right) = (0, HashSet::new());
    while let Some(row) = rows.next()? {
        count += 1;
        let external_id: String = row.get(0)?;
        let Some(change) = expected.last.get(&external_id) else { continue };
        let stored = Contact { first_name: row.get(1)?, last_name: row.get(2)?, email: row.get(3)?, phone: row.get(4)?, company: row.get(5)?, title: row.get(6)?, status: row.get(7)? };
        let timestamp: String = row.get(8)?;
        // A time may be stored in another of its forms: the seconds are told apart.
        let same_time = timestamp.get(..19) == change.timestamp().get(..19);
        if stored != change.contact() || !same_time {
            return Ok(Err(format!("contact {external_id} is {stored:?} of {timestamp}, but its last change was {}", change.event_id())));
        }
        if !right.insert(external_id) {
            return Ok(Err(format!("the contact of {} is there twice", change.event_id())));
        }
    }
    let wanted = plan.rows as usize + expected.new;
    if count != wanted || right.len() != expected.last.len() {
        return Ok(Err(format!("{count} contacts are stored, {} of those that were changed; {wanted} and {} should be", right.len(), expected.last.len())));
    }
    Ok(Ok(()))
}

fn statuses(connection: &Connection, expected: &Expected) -> rusqlite::Result<Result<(), String>> {
    let mut statement = connection.prepare("SELECT id, record_id, last_event FROM sync_status")?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let (id, record_id, last_event): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let is_right = expected.last.get(&record_id).is_some_and(|change| change.event_id() == last_event);
        if !is_right || id != format!("contact_{record_id}") {
            return Ok(Err(format!("sync_status {id} of {record_id} names {last_event}")));
        }
        count += 1;
    }
    let wanted = expected.last.len();
    Ok(if count == wanted { Ok(()) } else { Err(format!("sync_status has {count} rows; {wanted} contacts were changed")) })
}
