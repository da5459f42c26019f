//! Three-way merging of records, and what it rests on: which values are the same, and where two records differ.
//!
//! Values are the same where their canonical forms are: comparing in pairs would not be transitive, and then merging
//! local with remote would not agree with merging remote with local. A record that is NULL has no field.

use gbvm_vm::fault::Fault;
use gbvm_vm::object::{Key, Object};
use gbvm_vm::value::Value;

use crate::canonical::canonical;

/// Fields that tell of a record's storage and transport, not of what it describes; so do names that begin with `_`.
const BOOKKEEPING: [&str; 6] = ["id", "created_at", "updated_at", "synced_at", "external_id", "external_source"];

/// Whether a record's own field stays outside of differences and merges.
pub fn is_bookkeeping(name: &str) -> bool {
    name.starts_with('_') || BOOKKEEPING.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether two values count as the same.
pub fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) if a == b => true,
        (Value::Text(x), Value::Text(y)) if !may_have_twin(x.as_str()) && !may_have_twin(y.as_str()) => false,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (a, b) if is_absent(a) || is_absent(b) => is_absent(a) && is_absent(b),
        _ => canonical(a) == canonical(b),
    }
}

/// Whether a text may be the same as another one: as the spelling of a number or instant, or in another normal form.
fn may_have_twin(text: &str) -> bool {
    !text.is_ascii() || text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
}

/// Whether a value says that there is none.
pub fn is_absent(value: &Value) -> bool {
    match value {
        Value::Missing | Value::Null => true,
        Value::Text(text) => text.as_str().is_empty(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// A place where two records differ.
pub struct Change<'v> {
    /// The names of the fields that lead there, with dots between.
    pub path: String,
    /// What was there.
    pub old: &'v Value,
    /// What is there now.
    pub new: &'v Value,
}

/// The names of the fields in which two records differ, bookkeeping left out.
pub fn changed<'v>(base: &'v Object, now: &'v Object) -> impl Iterator<Item = &'v Key> {
    names([base, now]).into_iter().filter(move |name| !is_bookkeeping(name) && !is_same(field(base, name), field(now, name)))
}

/// Where two records differ, in the order of the paths. Objects are compared field by field where both sides have one,
/// all else as a whole; bookkeeping is left out.
pub fn diff<'v>(base: &'v Object, now: &'v Object) -> Vec<Change<'v>> {
    let mut changes = Vec::new();
    for name in names([base, now]).into_iter().filter(|name| !is_bookkeeping(name)) {
        differences(name.to_string(), field(base, name), field(now, name), &mut changes);
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

fn differences<'v>(path: String, old: &'v Value, new: &'v Value, changes: &mut Vec<Change<'v>>) {
    if let (Value::Object(before), Value::Object(after)) = (old, new) {
        for name in names([before, after]) {
            differences(format!("{path}.{name}"), field(before, name), field(after, name), changes);
        }
    } else if !is_same(old, new) {
        changes.push(Change { path, old, new });
    }
}

/// The names of all fields of some objects, each once, in the order in which they are met.
fn names<const N: usize>(objects: [&Object; N]) -> Vec<&Key> {
    let mut names: Vec<&Key> = Vec::with_capacity(objects[0].len());
    for (at, object) in objects.iter().enumerate() {
        for (name, _) in object.fields() {
            if !objects[..at].iter().any(|before| before.get(name).is_some()) {
                names.push(name);
            }
        }
    }
    names
}

fn field<'v>(object: &'v Object, name: &str) -> &'v Value {
    object.get(name).unwrap_or(&Value::Missing)
}

/// One of the two sides of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What is stored here.
    Local,
    /// What another system says.
    Remote,
}

/// How two changes of one place clash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// One side cleared it and the other changed it.
    DeleteUpdate,
    /// Both set what was not there, differently.
    AddAdd,
    /// An object stands against something that is none.
    Structure,
    /// Both changed it, differently.
    UpdateUpdate,
}

impl Clash {
    /// As scripts see it.
    pub fn name(self) -> &'static str {
        match self {
            Clash::DeleteUpdate => "delete/update",
            Clash::AddAdd => "add/add",
            Clash::Structure => "structure",
            Clash::UpdateUpdate => "update/update",
        }
    }

    fn of(base: &Value, local: &Value, remote: &Value) -> Clash {
        let is_object = |value: &Value| matches!(value, Value::Object(_));
        if is_absent(local) || is_absent(remote) {
            Clash::DeleteUpdate
        } else if is_absent(base) {
            Clash::AddAdd
        } else if is_object(local) != is_object(remote) || is_object(base) != is_object(local) {
            Clash::Structure
        } else {
            Clash::UpdateUpdate
        }
    }
}

/// A place that both sides changed in different ways.
pub struct Conflict {
    /// The names of the fields that lead there, with dots between.
    pub path: String,
    /// How the changes clash.
    pub clash: Clash,
    /// What was there.
    pub base: Value,
    /// What is there locally.
    pub local: Value,
    /// What is there remotely.
    pub remote: Value,
}

/// What a merge comes to.
#[derive(Default)]
pub struct Merge {
    /// The record, with the preferred side's value where there is a conflict. What was cleared is NULL in it.
    pub merged: Object,
    /// Where both sides changed the same.
    pub conflicts: Vec<Conflict>,
    /// The paths that only the local side changed.
    pub from_local: Vec<String>,
    /// The paths that only the remote side changed.
    pub from_remote: Vec<String>,
}

/// Merges what two sides made of one record; a conflict goes to the side that `prefer` names for its path. Of bookkeeping, the local side's value is carried over, else the remote
/// side's.
///
/// # Errors
/// `E_TOO_LARGE` where the two together are too large for a value.
pub fn merge(base: &Object, local: &Object, remote: &Object, prefer: &dyn Fn(&str) -> Side) -> Result<Merge, Fault> {
    let mut merge = Merge::default();
    let mut merged = Object::new();
    for name in names([base, local, remote]) {
        let (ours, theirs) = (field(local, name), field(remote, name));
        let value = if !is_bookkeeping(name) {
            merge.value(name.to_string(), [field(base, name), ours, theirs], prefer)?
        } else if !is_absent(ours) || matches!(theirs, Value::Missing) {
            ours.clone()
        } else {
            theirs.clone()
        };
        if !matches!(value, Value::Missing) {
            merged.set(name, value)?;
        }
    }
    merge.merged = merged;
    Ok(merge)
}

impl Merge {
    /// Merges one place.
    fn value(&mut self, path: String, [base, local, remote]: [&Value; 3], prefer: &dyn Fn(&str) -> Side) -> Result<Value, Fault> {
        if is_same(local, remote) {
            return Ok(settled(local));
        }
        if is_same(remote, base) {
            note(path, base, local, &mut self.from_local);
            return Ok(settled(local));
        }
        if is_same(local, base) {
            note(path, base, remote, &mut self.from_remote);
            return Ok(settled(remote));
        }
        if let (Value::Object(ours), Value::Object(theirs)) = (local, remote)
            && let Some(before) = object_or_none(base)
        {
            let mut merged = Object::new();
            for name in names([&before, ours, theirs]) {
                let value = self.value(format!("{path}.{name}"), [field(&before, name), field(ours, name), field(theirs, name)], prefer)?;
                merged.set(name, value)?;
            }
            return Ok(Value::Object(merged));
        }
        let present = |value: &Value| if matches!(value, Value::Missing) { Value::Null } else { value.clone() };
        let preferred = match prefer(&path) {
            Side::Local => local,
            Side::Remote => remote,
        };
        self.conflicts.push(Conflict { path, clash: Clash::of(base, local, remote), base: present(base), local: present(local), remote: present(remote) });
        Ok(present(preferred))
    }
}

/// Notes the paths at which one side alone changed something.
fn note(path: String, base: &Value, changed: &Value, paths: &mut Vec<String>) {
    let mut changes = Vec::new();
    differences(path, base, changed, &mut changes);
    paths.extend(changes.into_iter().map(|change| change.path));
}

/// A value as it stands in a merged record: what was cleared is there as NULL, so that it is written.
fn settled(value: &Value) -> Value {
    if is_absent(value) { Value::Null } else { value.clone() }
}

/// The object that a base is for two objects that grew from it: none where it is something else.
fn object_or_none(base: &Value) -> Option<Object> {
    match base {
        Value::Object(object) => Some(object.clone()),
        base if is_absent(base) => Some(Object::new()),
        _ => None,
    }
}

/// The whole record that a partial one means: what it has not keeps the base's value, what is NULL in it clears.
///
/// # Errors
/// `E_TOO_LARGE`.
pub fn overlay(base: &Object, partial: &Object) -> Result<Object, Fault> {
    let mut whole = base.clone();
    for (name, value) in partial.fields() {
        let value = match (field(base, name), value) {
            (Value::Object(before), Value::Object(part)) => Value::Object(overlay(before, part)?),
            (_, value) => value.clone(),
        };
        whole.set(name, value)?;
    }
    Ok(whole)
}
