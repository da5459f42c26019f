//! Keeping two systems in step: differences, merges, and who wins a conflict.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::native::PureContext;
use gbvm_vm::object::Object;
use gbvm_vm::signature::{Access, Form, Param, Role};
use gbvm_vm::text::Text;
use gbvm_vm::value::Value;

use crate::argument::{self, at};
use crate::base::Origin;
use crate::data;
use crate::keyword::{Call, Example, HostContext, Keyword};
use crate::merge::{self, Merge, Side, is_absent};

const FAMILY: &str = "Sync";
const BASE: Param = Param::required("base", Role::Value);
const NOW: Param = Param::required("now", Role::Value);
const LOCAL: Param = Param::required("local", Role::Value);
const REMOTE: Param = Param::required("remote", Role::Value);

/// Two times that lie no further apart than this, in milliseconds, do not tell which side is newer.
const SAME_TIME_MS: i64 = 60_000;
/// A time further ahead of the moment of receipt than this, in milliseconds, is from a clock that is wrong.
const AHEAD_MAX_MS: i64 = 300_000;
/// The most fields that a summary names.
const SUMMARY_FIELDS: usize = 8;
/// The most characters of a summary.
const SUMMARY_CHARACTERS: usize = 200;
/// What a summary says where there is nothing to say.
const NO_DATA: &str = "(no data)";

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    Keyword::pure(FAMILY, "CHANGED_FIELDS", &[BASE, NOW], changed_fields).aliases(&["GET_CHANGED_FIELDS"]).about(
        "The names of the fields that differ between two records, sorted",
        "NULL, MISSING and \"\" are the same, so are 10 and \"10\", TRUE and 1, and texts that look alike in Unicode. The fields id, created_at, updated_at, synced_at, external_id, external_source, and those whose names begin with _, are left out. Without a base these are all fields that are not empty.",
        &[Example::new("PRINT CHANGED_FIELDS({name: \"Ann\", phone: \"1\"}, {name: \"Ann\", phone: \"2\", fax: \"\"})", "phone")],
    ),
    Keyword::pure(FAMILY, "DIFF", &[BASE, NOW], diff).about(
        "The places where two records differ, each with `path`, `old` and `new`",
        "Objects in them are compared field by field, arrays as a whole. What counts as the same, and what is left out, is as for CHANGED_FIELDS.",
        &[Example::new("FOR EACH change IN DIFF({at: {city: \"Rio\", zip: 1}}, {at: {city: \"SP\", zip: 1}})\n  PRINT change.path, change.old, change.new\nNEXT change", "at.city Rio SP")],
    ),
    Keyword::pure(FAMILY, "MERGE3", &[BASE, LOCAL, REMOTE, Param::optional("prefer", Role::Word)], merge3).about(
        "What two sides made of one record, merged",
        "It gives `merged`, `conflicts`, `from_local` and `from_remote`. Each place that one side changed gets that side's value; what both changed in different ways is a conflict with `path`, `kind`, `base`, `local` and `remote`, and `merged` has there the value of the preferred side: \"local\" unless \"remote\" is said. Kinds are update/update, delete/update, add/add and structure. What one side cleared is NULL in `merged`. All three are whole records: see OVERLAY.",
        &[Example::new("m = MERGE3({a: 1, b: 1, c: 1}, {a: 2, b: 1, c: 2}, {a: 1, b: 3, c: 4})\nPRINT m.merged\nPRINT m.conflicts[0].path, m.conflicts[0].kind\nPRINT m.from_local, m.from_remote", "{\"a\":2,\"b\":3,\"c\":2}\nc update/update\na b")],
    ),
    Keyword::pure(FAMILY, "MERGE_RECORDS", &[BASE, LOCAL, REMOTE], merge_records).about(
        "What two sides made of one record, merged; a conflict is an error",
        "As `MERGE3(…).merged`. The error is `E_MERGE_CONFLICT` and names the fields.",
        &[Example::new("PRINT MERGE_RECORDS({a: 1, b: 1}, {a: 2, b: 1}, {a: 1, b: 3})", "{\"a\":2,\"b\":3}")],
    ),
    Keyword::pure(FAMILY, "OVERLAY", &[BASE, Param::required("partial", Role::Value)], overlay).about(
        "The whole record that a partial one means",
        "A field that the partial record lacks keeps the base's value, one that is NULL in it is cleared. Objects in it are partial too.",
        &[Example::new("PRINT OVERLAY({name: \"Ann\", phone: \"1\"}, {phone: NULL})", "{\"name\":\"Ann\",\"phone\":null}")],
    ),
    Keyword::host(FAMILY, Form::Function, "RESOLVE", &[Param::required("conflict", Role::Value), Param::optional("rules", Role::Word)], resolve).access(Access::Read).about(
        "Who wins a conflict, and what the record is then",
        "The conflict has `original_data`, `local_data` and `remote_data`, and may have `local_timestamp`, `remote_timestamp`, `received_at` and `source`. The answer has `resolved`, `winner` (same, delete, merge, local, remote, or nothing), `details`, `merged` and `fields`, which says for each clashing field who won and why. Where nothing differs, it is the same; where one side was deleted since the original and the other is untouched, it is deleted; where the changes do not clash, they are merged. Otherwise each clashing field goes to the newer side if the times are usable and more than a minute apart, else as the memory entries `sync_priority.` and the field's whole path, such as `sync_priority.address.city`, `sync_priority.` and the record's field in which it lies, then `sync_priority_source`, say, else it is left to a person. With \"seed\" the rules are: the newer record, else a merge of different fields, else the priority, for whole records.",
        &[Example::new("WITH conflict = NEW OBJECT\n  .original_data = {phone: \"1\", name: \"Ann\"}\n  .local_data = {phone: \"2\", name: \"Ann\"}\n  .remote_data = {phone: \"1\", name: \"Anna\"}\nEND WITH\nr = RESOLVE(conflict)\nPRINT r.winner, r.merged", "merge {\"phone\":\"2\",\"name\":\"Anna\"}")],
    ),
    Keyword::host(
        FAMILY,
        Form::Function,
        "SYNC_BASE",
        &[Param::required("table", Role::Table), Param::required("source", Role::Value), Param::required("external id", Role::Value)],
        sync_base,
    )
    .access(Access::Read)
    .about(
        "What another system is known to have of a row: the base of a merge",
        "The source and the id are the `external_source` and `external_id` of the row. A write that sets `synced_at` on a row with both keeps the row as it is then, without id, created_at, updated_at, synced_at, external_id, external_source and the fields whose names begin with _. Where a trigger's script writes so to the row that started it, kept is the row as the script was shown it, with what the script wrote: that is what it could have sent. NULL where there was no such write. A write of this kind that changes neither the row nor what is kept does nothing and counts no row.",
        &[Example::new("INSERT \"contacts\", {id: \"1\", name: \"Ann\", phone: \"1\", external_source: \"crm\", external_id: \"c-1\", synced_at: NOW()}\nUPDATE \"contacts\", \"id=1\", {phone: \"2\"}\nbase = SYNC_BASE(\"contacts\", \"crm\", \"c-1\")\nrow = FIND \"contacts\", \"id=1\"\nPRINT base\nPRINT CHANGED_FIELDS(base, row)", "{\"name\":\"Ann\",\"phone\":\"1\"}\nphone")],
    ),
    Keyword::pure(FAMILY, "SUMMARIZE_DATA", &[Param::required("record", Role::Value)], summarize).about(
        "A record in one short line, for people",
        "Up to eight fields that hold neither an object nor an array, and 200 characters. Secrets are masked; of nothing it says (no data).",
        &[Example::new("PRINT SUMMARIZE_DATA({name: \"Ann\", phone: \"1\", tags: [1]})\nPRINT SUMMARIZE_DATA(NULL)", "name: Ann, phone: 1\n(no data)")],
    ),
];

/// The argument as a record; NULL and MISSING are one without fields.
fn record(arguments: &[Value], index: usize) -> Result<Object, Fault> {
    match at(arguments, index) {
        Value::Object(object) => Ok(object.clone()),
        value if is_absent(value) => Ok(Object::new()),
        value => Err(argument::wrong_kind("a record", value).at_argument(index as u8)),
    }
}

fn changed_fields(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let (base, now) = (record(arguments, 0)?, record(arguments, 1)?);
    let names = changed_names(&base, &now);
    argument::array(names.into_iter().map(Value::text).collect(), context.limits)
}

/// The names of the fields that differ, sorted.
fn changed_names(base: &Object, now: &Object) -> Vec<String> {
    let mut names: Vec<String> = merge::changed(base, now).map(|name| name.to_string()).collect();
    names.sort();
    names
}

fn diff(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let (base, now) = (record(arguments, 0)?, record(arguments, 1)?);
    let changes = merge::diff(&base, &now, context.limits)?.into_iter().map(|change| {
        let present = |value: &Value| value.present().cloned().unwrap_or(Value::Null);
        Ok(Value::Object(Object::of_fields([("path", Value::text(change.path)), ("old", present(change.old)), ("new", present(change.new))])?))
    });
    argument::array(changes.collect::<Result<_, Fault>>()?, context.limits)
}

fn side(arguments: &[Value], index: usize) -> Result<Side, Fault> {
    match coerce::text(at(arguments, index)).as_str().to_ascii_lowercase().as_str() {
        "" | "local" => Ok(Side::Local),
        "remote" => Ok(Side::Remote),
        _ => Err(argument::unknown_word("the preferred side is \"local\" or \"remote\"", at(arguments, index)).at_argument(index as u8)),
    }
}

fn merge3(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let (base, local, remote) = (record(arguments, 0)?, record(arguments, 1)?, record(arguments, 2)?);
    let prefer = side(arguments, 3)?;
    let merge = merge::merge(&base, &local, &remote, &|_| prefer, context.limits)?;
    let conflicts = merge.conflicts.into_iter().map(|conflict| {
        let fields = [
            ("path", Value::text(conflict.path)),
            ("kind", Value::text(conflict.clash.name())),
            ("base", conflict.base),
            ("local", conflict.local),
            ("remote", conflict.remote),
        ];
        Ok(Value::Object(Object::of_fields(fields)?))
    });
    let conflicts = Value::array(conflicts.collect::<Result<_, Fault>>()?)?;
    let paths = |paths: Vec<String>| Value::array(paths.into_iter().map(Value::text).collect());
    let fields = [("merged", Value::Object(merge.merged)), ("conflicts", conflicts), ("from_local", paths(merge.from_local)?), ("from_remote", paths(merge.from_remote)?)];
    Ok(Value::Object(Object::of_fields(fields)?))
}

fn merge_records(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let (base, local, remote) = (record(arguments, 0)?, record(arguments, 1)?, record(arguments, 2)?);
    let merge = merge::merge(&base, &local, &remote, &|_| Side::Local, context.limits)?;
    if merge.conflicts.is_empty() {
        return Ok(Value::Object(merge.merged));
    }
    let paths: Vec<&str> = merge.conflicts.iter().take(SUMMARY_FIELDS).map(|conflict| conflict.path.as_str()).collect();
    let message = format!("both sides changed {} in different ways; MERGE3 gives the conflicts, and RESOLVE decides them", paths.join(", "));
    Err(Fault::new("E_MERGE_CONFLICT", message))
}

fn overlay(_: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let (base, partial) = (record(arguments, 0)?, record(arguments, 1)?);
    Ok(Value::Object(merge::overlay(&base, &partial)?))
}

fn summarize(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let record = record(arguments, 0)?;
    let is_scalar = |value: &Value| !is_absent(value) && value.depth() == 0;
    let mut summary = String::new();
    for (name, value) in record.fields().filter(|(_, value)| is_scalar(value)).take(SUMMARY_FIELDS) {
        let comma = if summary.is_empty() { "" } else { ", " };
        let shown = coerce::text(value).masked().into_owned();
        let _ = write!(summary, "{comma}{name}: {shown}");
    }
    if summary.is_empty() {
        summary.push_str(NO_DATA);
    }
    if summary.chars().count() > SUMMARY_CHARACTERS {
        summary = summary.chars().take(SUMMARY_CHARACTERS - 1).chain(['…']).collect();
    }
    argument::check_length(summary.len(), context.limits)?;
    Ok(Value::Text(Text::data(summary)))
}

fn sync_base(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let table = data::table(context, call, 0, "SYNC_BASE")?;
    for index in [1, 2] {
        let value = call.argument(index);
        if matches!(value, Value::Array(_) | Value::Object(_)) {
            return Err(argument::wrong_kind("one value", value).at_argument(index as u8));
        }
    }
    let Some(origin) = Origin::new(call.argument(1), call.argument(2)) else { return Ok(Value::Null) };
    Ok(context.storage.sync_base(&table, &origin)?.map_or(Value::Null, Value::Object))
}

/// What was decided, and why.
struct Resolution {
    /// `same`, `delete`, `merge`, `local`, `remote`; empty where a person must decide.
    winner: &'static str,
    details: String,
    merged: Object,
    /// For each clashing field: its path, who won it (empty: nobody), and why.
    fields: Vec<(String, &'static str, String)>,
}

/// A conflict as a script hands it over.
struct Case {
    base: Object,
    local: Object,
    remote: Object,
    local_time: Option<Instant>,
    remote_time: Option<Instant>,
    source: String,
}

fn resolve(context: &mut HostContext<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let Value::Object(conflict) = call.argument(0) else {
        return Err(argument::wrong_kind("a conflict, which is an object,", call.argument(0)).at_argument(0));
    };
    let case = Case::read(conflict, context.clock.now())?;
    let resolution = match coerce::text(call.argument(1)).as_str().to_ascii_lowercase().as_str() {
        "" => case.by_field(context)?,
        "seed" => case.as_a_whole(context)?,
        _ => return Err(argument::unknown_word("the rules are \"seed\", or left out", call.argument(1)).at_argument(1)),
    };
    argument::check_length(resolution.details.len(), context.limits)?;
    let fields = resolution.fields.into_iter().map(|(path, winner, why)| Ok(Value::Object(Object::of_fields([("path", Value::text(path)), ("winner", Value::text(winner)), ("details", Value::text(why))])?)));
    let answer = [
        ("resolved", Value::Bool(!resolution.winner.is_empty())),
        ("winner", Value::text(resolution.winner)),
        ("details", Value::text(resolution.details)),
        ("merged", Value::Object(resolution.merged)),
        ("fields", Value::array(fields.collect::<Result<_, Fault>>()?)?),
    ];
    Ok(Value::Object(Object::of_fields(answer)?))
}

impl Case {
    fn read(conflict: &Object, now: Instant) -> Result<Case, Fault> {
        let side = |name: &str| match conflict.read(name) {
            Value::Object(record) => Ok(record.clone()),
            value if is_absent(value) => Ok(Object::new()),
            value => Err(Fault::of_value("E_TYPE", &format!("the conflict's {name} must be a record"), value, argument::kind_of(value)).at_argument(0)),
        };
        let time = |name: &str| coerce::instant(conflict.read(name));
        let received = time("received_at").or_else(|| time("created_at")).unwrap_or(now);
        let usable = |name: &str| time(name).filter(|time| time.0 <= received.0.saturating_add(AHEAD_MAX_MS));
        Ok(Case {
            base: side("original_data")?,
            local: side("local_data")?,
            remote: side("remote_data")?,
            local_time: usable("local_timestamp"),
            remote_time: usable("remote_timestamp"),
            source: coerce::text(conflict.read("source")).as_str().to_owned(),
        })
    }

    /// The newer side and by how many milliseconds, where the times tell.
    fn newer(&self) -> Option<(Side, i64)> {
        let ahead = self.local_time?.0.saturating_sub(self.remote_time?.0);
        let side = if ahead > 0 { Side::Local } else { Side::Remote };
        (ahead.saturating_abs() > SAME_TIME_MS).then_some((side, ahead.saturating_abs()))
    }

    /// The default rules: merge first, then decide what clashes field by field.
    fn by_field(&self, context: &mut HostContext<'_>) -> Result<Resolution, Fault> {
        let merge = merge::merge(&self.base, &self.local, &self.remote, &|_| Side::Local, context.limits)?;
        let (ours, theirs) = (merge::changed(&self.base, &self.local).next().is_none(), merge::changed(&self.base, &self.remote).next().is_none());
        if merge::changed(&self.local, &self.remote).next().is_none() {
            return Ok(Resolution::of("same", "both sides say the same".to_owned(), merge.merged));
        }
        let has_mark = |record: &Object| record.get("deleted_at").is_some_and(|at| !is_absent(at));
        // What was deleted before either side changed it tells nothing of the change.
        let deleted = |record: &Object| has_mark(record) && !has_mark(&self.base) || record.is_empty() && !self.base.is_empty();
        match (deleted(&self.local), deleted(&self.remote), ours, theirs) {
            (true, true, ..) => return Ok(Resolution::of("delete", "both sides deleted the record".to_owned(), merge.merged)),
            (true, false, _, true) => return Ok(Resolution::of("delete", "deleted locally, and the remote side has not changed it".to_owned(), self.local.clone())),
            (false, true, true, _) => return Ok(Resolution::of("delete", "deleted remotely, and the local side has not changed it".to_owned(), self.remote.clone())),
            (true, false, ..) => return Ok(Resolution::of("", "deleted locally, and changed remotely: a person must decide".to_owned(), merge.merged)),
            (false, true, ..) => return Ok(Resolution::of("", "deleted remotely, and changed locally: a person must decide".to_owned(), merge.merged)),
            (false, false, ..) => {}
        }
        if merge.conflicts.is_empty() {
            let details = format!("no field clashes: local changed [{}], remote changed [{}]", merge.from_local.join(", "), merge.from_remote.join(", "));
            return Ok(Resolution::of("merge", details, merge.merged));
        }
        self.decide(merge, context)
    }

    /// Decides each clashing field by time, else by priority.
    fn decide(&self, merge: Merge, context: &mut HostContext<'_>) -> Result<Resolution, Fault> {
        let newer = self.newer();
        let mut fields = Vec::new();
        let mut priorities = Priorities::default();
        let mut reasons_bytes = 0;
        for conflict in &merge.conflicts {
            let decided = match newer {
                Some((side, by)) => Some((side, format!("{} seconds newer", by / 1000))),
                None => self.priority(Some(&conflict.path), &mut priorities, context)?,
            };
            reasons_bytes += decided.as_ref().map_or(0, |(_, why)| why.len());
            argument::check_length(reasons_bytes, context.limits)?;
            let (winner, why) = decided.map_or(("", "changed within a minute, and no priority is set".to_owned()), |(side, why)| (name_of(side), why));
            fields.push((conflict.path.clone(), winner, why));
        }
        let remote: HashSet<&str> = fields.iter().filter(|(_, winner, _)| *winner == name_of(Side::Remote)).map(|(path, ..)| path.as_str()).collect();
        let prefer = |path: &str| if remote.contains(path) { Side::Remote } else { Side::Local };
        let merged = merge::merge(&self.base, &self.local, &self.remote, &prefer, context.limits)?.merged;
        let open: Vec<&str> = fields.iter().filter(|(_, winner, _)| winner.is_empty()).map(|(path, ..)| path.as_str()).collect();
        if !open.is_empty() {
            let details = format!("a person must decide {}: changed on both sides within a minute, and no priority is set", open.join(", "));
            return Ok(Resolution { winner: "", details, merged: merge.merged, fields });
        }
        let is_like = |side: &Object| merge::changed(&merged, side).next().is_none();
        let winner = match (is_like(&self.local), is_like(&self.remote)) {
            (true, _) => name_of(Side::Local),
            (false, true) => name_of(Side::Remote),
            (false, false) => "merge",
        };
        let details = fields.iter().map(|(path, winner, why)| format!("{path}: {winner} ({why})")).collect::<Vec<_>>().join(", ");
        Ok(Resolution { winner, details, merged, fields })
    }

    /// The side that the project prefers for a field, or for whole records where no path is given, and the rule that
    /// says so. The path itself comes before the record's field in it, and that before the source for all.
    fn priority(&self, path: Option<&str>, priorities: &mut Priorities, context: &mut HostContext<'_>) -> Result<Option<(Side, String)>, Fault> {
        let field = path.and_then(|path| path.split_once('.')).map(|(field, _)| field);
        let keys = [path, field].into_iter().flatten().map(|name| format!("sync_priority.{name}")).chain(["sync_priority_source".to_owned()]);
        for key in keys {
            let source = priorities.source(&key, context)?;
            if !source.is_empty() {
                let side = if source == self.source { Side::Remote } else { Side::Local };
                return Ok(Some((side, format!("{key} is {source}"))));
            }
        }
        Ok(None)
    }

    /// The order of the seed's script: whole records, the newer one first.
    fn as_a_whole(&self, context: &mut HostContext<'_>) -> Result<Resolution, Fault> {
        let merge = merge::merge(&self.base, &self.local, &self.remote, &|_| Side::Local, context.limits)?;
        let of = |side: Side| match side {
            Side::Local => self.local.clone(),
            Side::Remote => self.remote.clone(),
        };
        if let Some((side, by)) = self.newer() {
            return Ok(Resolution::of(name_of(side), format!("the {} record is {} seconds newer", name_of(side), by / 1000), of(side)));
        }
        let (ours, theirs) = (changed_names(&self.base, &self.local), changed_names(&self.base, &self.remote));
        // Both are sorted.
        if !ours.iter().any(|name| theirs.binary_search(name).is_ok()) {
            return Ok(Resolution::of("merge", format!("local changed [{}], remote changed [{}]", ours.join(", "), theirs.join(", ")), merge.merged));
        }
        match self.priority(None, &mut Priorities::default(), context)? {
            Some((side, why)) => Ok(Resolution::of(name_of(side), why, of(side))),
            None => Ok(Resolution::of("", "the same fields were changed on both sides within a minute: a person must decide".to_owned(), merge.merged)),
        }
    }
}

/// The memory entries that name preferred sources, each looked up once; empty where there is none.
#[derive(Default)]
struct Priorities(HashMap<String, String>);

impl Priorities {
    fn source(&mut self, key: &str, context: &mut HostContext<'_>) -> Result<&str, Fault> {
        if !self.0.contains_key(key) {
            let source = context.storage.memory(key)?.map(|value| coerce::text(&value).as_str().to_owned()).unwrap_or_default();
            self.0.insert(key.to_owned(), source);
        }
        Ok(&self.0[key])
    }
}

impl Resolution {
    fn of(winner: &'static str, details: String, merged: Object) -> Resolution {
        Resolution { winner, details, merged, fields: Vec::new() }
    }
}

fn name_of(side: Side) -> &'static str {
    match side {
        Side::Local => "local",
        Side::Remote => "remote",
    }
}
