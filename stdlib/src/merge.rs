//! Three-way merging of records, and what it rests on: which values are the same, and where two records differ.
//!
//! Values are the same where their canonical forms are: comparing in pairs would not be transitive, and then merging
//! local with remote would not agree with merging remote with local. A record that is NULL has no field.

use gbvm_vm::fault::Fault;
use gbvm_vm::limits::Limits;
use gbvm_vm::object::{Key, Object, SHAPED_MAX};
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
        (Value::Float(a), Value::Float(b)) if a.to_bits() == b.to_bits() => true,
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

/// The path of the place at hand, written once however many places lie below it, and how much of paths was given out.
struct Paths {
    at_hand: String,
    given_bytes: usize,
    most_bytes: usize,
}

impl Paths {
    fn new(limits: &Limits) -> Paths {
        Paths { at_hand: String::new(), given_bytes: 0, most_bytes: limits.string_bytes }
    }

    /// Goes to a field of the record itself.
    fn begin(&mut self, name: &str) {
        self.at_hand.clear();
        self.at_hand.push_str(name);
    }

    /// Goes to a field of the place at hand, and gives what leads back.
    fn enter(&mut self, name: &str) -> usize {
        let length = self.at_hand.len();
        self.at_hand.push('.');
        self.at_hand.push_str(name);
        length
    }

    /// Goes back to the place from which a field was entered.
    fn leave(&mut self, length: usize) {
        self.at_hand.truncate(length);
    }

    /// The path of the place at hand, to keep. All together are bounded as one text is: a long name above many
    /// places would be kept with each of them.
    fn give(&mut self) -> Result<String, Fault> {
        self.given_bytes = self.given_bytes.saturating_add(self.at_hand.len());
        if self.given_bytes > self.most_bytes {
            let message = format!("the records differ in so many places that their paths take more than {} bytes together; compare parts of them, or use shorter names", self.most_bytes);
            return Err(Fault::ending("E_TOO_LARGE", message));
        }
        Ok(self.at_hand.clone())
    }
}

/// Where two records differ, in the order of the paths. Objects are compared field by field where both sides have one,
/// all else as a whole; bookkeeping is left out.
///
/// # Errors
/// `E_TOO_LARGE` where the paths together are longer than a text may be.
pub fn diff<'v>(base: &'v Object, now: &'v Object, limits: &Limits) -> Result<Vec<Change<'v>>, Fault> {
    let (mut paths, mut changes) = (Paths::new(limits), Vec::new());
    for name in names([base, now]).into_iter().filter(|name| !is_bookkeeping(name)) {
        paths.begin(name);
        differences(&mut paths, field(base, name), field(now, name), &mut |path, old, new| changes.push(Change { path, old, new }))?;
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

/// Shows each place at or below the one at hand where two values differ.
fn differences<'v>(paths: &mut Paths, old: &'v Value, new: &'v Value, see: &mut dyn FnMut(String, &'v Value, &'v Value)) -> Result<(), Fault> {
    if let (Value::Object(before), Value::Object(after)) = (old, new) {
        for name in names([before, after]) {
            let length = paths.enter(name);
            differences(paths, field(before, name), field(after, name), see)?;
            paths.leave(length);
        }
    } else if !is_same(old, new) {
        see(paths.give()?, old, new);
    }
    Ok(())
}

/// The names of all fields of some objects, each once, in the order in which they are met.
fn names<const N: usize>(objects: [&Object; N]) -> Vec<&Key> {
    let mut names: Vec<&Key> = Vec::with_capacity(objects[0].len());
    for (at, object) in objects.iter().enumerate() {
        for (place, (name, _)) in object.fields().enumerate() {
            // Records of one origin have the same names in the same order.
            let is_known = at > 0 && names.get(place).is_some_and(|known| *known == name);
            if !is_known && !objects[..at].iter().any(|before| before.get(name).is_some()) {
                names.push(name);
            }
        }
    }
    names
}

/// As [`field`], for one that is probably at this place: records of one origin have the same names in the same order.
fn field_near<'v>(object: &'v Object, place: usize, name: &Key) -> &'v Value {
    let near = if object.len() <= SHAPED_MAX { object.fields().nth(place) } else { None };
    match near {
        Some((key, value)) if key == name => value,
        Some(_) | None => field(object, name),
    }
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
/// `E_TOO_LARGE` where the two together are too large for a value, or the paths together are longer than a text may be.
pub fn merge(base: &Object, local: &Object, remote: &Object, prefer: &dyn Fn(&str) -> Side, limits: &Limits) -> Result<Merge, Fault> {
    let mut merging = Merging { merge: Merge::default(), paths: Paths::new(limits), prefer };
    let mut merged = Object::new();
    for (place, name) in names([base, local, remote]).into_iter().enumerate() {
        let (ours, theirs) = (field_near(local, place, name), field_near(remote, place, name));
        let value = if !is_bookkeeping(name) {
            merging.paths.begin(name);
            merging.value([field_near(base, place, name), ours, theirs])?
        } else if !is_absent(ours) || matches!(theirs, Value::Missing) {
            ours.clone()
        } else {
            theirs.clone()
        };
        if !matches!(value, Value::Missing) {
            merged.set(name, value)?;
        }
    }
    Ok(Merge { merged, ..merging.merge })
}

/// A merge under way.
struct Merging<'p> {
    merge: Merge,
    paths: Paths,
    prefer: &'p dyn Fn(&str) -> Side,
}

impl Merging<'_> {
    /// Merges the place at hand.
    fn value(&mut self, [base, local, remote]: [&Value; 3]) -> Result<Value, Fault> {
        if is_same(local, remote) {
            return Ok(settled(local));
        }
        if is_same(remote, base) {
            differences(&mut self.paths, base, local, &mut |path, _, _| self.merge.from_local.push(path))?;
            return Ok(settled(local));
        }
        if is_same(local, base) {
            differences(&mut self.paths, base, remote, &mut |path, _, _| self.merge.from_remote.push(path))?;
            return Ok(settled(remote));
        }
        if let (Value::Object(ours), Value::Object(theirs)) = (local, remote)
            && let Some(before) = object_or_none(base)
        {
            let mut merged = Object::new();
            for name in names([&before, ours, theirs]) {
                let length = self.paths.enter(name);
                let value = self.value([field(&before, name), field(ours, name), field(theirs, name)])?;
                self.paths.leave(length);
                merged.set(name, value)?;
            }
            return Ok(Value::Object(merged));
        }
        let present = |value: &Value| if matches!(value, Value::Missing) { Value::Null } else { value.clone() };
        let path = self.paths.give()?;
        let preferred = match (self.prefer)(&path) {
            Side::Local => local,
            Side::Remote => remote,
        };
        self.merge.conflicts.push(Conflict { path, clash: Clash::of(base, local, remote), base: present(base), local: present(local), remote: present(remote) });
        Ok(present(preferred))
    }
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
