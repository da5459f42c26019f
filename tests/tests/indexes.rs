//! Every filter of the project's and the given scripts that compares a column with `=` is served by an index, whatever
//! kind of value it is compared with.

use std::path::PathBuf;

use gbvm::scripts::Script;
use gbvm::storage::schema::SchemaNeeds;
use gbvm::storage::{RunIdentity, Store};
use gbvm_stdlib::query::Query;
use gbvm_stdlib::services::{Filter, Storage as _};
use gbvm_tests::{root, scenario, seed};
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::object::Object;
use gbvm_vm::template::{Comparison, Condition, Source, Template, Term};
use gbvm_vm::value::Value;

const NOW: Instant = Instant(1_767_225_600_000);

/// What a column's first value may be, and a value of it may be compared with.
fn values() -> Vec<Value> {
    vec![
        Value::Int(7),
        Value::Int(i64::MAX),
        Value::Float(0.5),
        Value::text("Ann"),
        Value::text("7"),
        Value::text("007"),
        Value::text("2026-01-31T09:00:00Z"),
        Value::Bool(true),
        Value::Date(NOW),
    ]
}

/// An empty store with the tables that a script needs; each column has had a value of this kind.
fn store(script: &Script, first: &Value) -> Store {
    let mut store = Store::open(None, &Limits::default()).expect("a store in memory opens");
    store.prepare_schema(&script.schema).expect("the tables can be made");
    store.begin(&RunIdentity::default(), true, NOW).expect("a transaction begins");
    for (table, needs) in &script.schema.tables {
        let fields = needs.columns.iter().filter(|column| *column != "id").map(|column| (column.as_str(), first.clone()));
        store.insert(table, &Object::of_fields(fields).expect("a row is small")).unwrap_or_else(|fault| panic!("{table}: {fault}"));
    }
    store
}

/// The columns that rows must equal something in, wherever in the condition that stands.
fn compared(condition: &Condition, columns: &mut Vec<String>) {
    match condition {
        Condition::And(parts) => parts.iter().for_each(|part| compared(part, columns)),
        Condition::Compare(column, Comparison::Equal, Term::Hole(_) | Term::Mixed(_) | Term::Literal(_)) => columns.push(column.to_string()),
        // Any of the others may let many rows through.
        Condition::Or(_) | Condition::Not(_) | Condition::Compare(..) | Condition::Like(..) | Condition::Between(..) | Condition::In(..) | Condition::Empty(..) | Condition::Id(_) => {}
    }
}

fn scripts() -> Vec<PathBuf> {
    let folders = std::iter::once(root().join("bas")).chain(seed());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).expect("the folder can be read").map(|entry| entry.expect("it has a name").path()));
    files.filter(|path| path.extension().is_some_and(|extension| extension == "bas")).collect()
}

#[test]
fn every_filter_of_the_scripts_that_has_an_equality() {
    let mut seen = 0;
    for path in scripts() {
        let script = scenario::compile(&path, "");
        for first in values() {
            let mut store = store(&script, &first);
            for template in &script.linked.program().templates {
                let mut columns = Vec::new();
                template.condition.iter().for_each(|condition| compared(condition, &mut columns));
                columns.retain(|column| column != "id");
                let tables = script.schema.tables.iter().filter(|(_, needs)| !columns.is_empty() && columns.iter().all(|column| needs.indexed.contains(column)));
                for (table, _) in tables {
                    let holes = vec![first.clone(); usize::from(template.holes)];
                    let plan = store.plan(table, &Filter { template, holes: &holes, now: NOW }).unwrap_or_else(|fault| panic!("{table}: {fault}"));
                    assert!(is_served(&plan), "{}: {table}, {columns:?} = {first:?}: {plan:?}", path.display());
                    seen += 1;
                }
            }
        }
    }
    let least = if seed().is_some() { 100 } else { 30 };
    assert!(seen > least, "only {seen} filters were looked at");
}

/// Whether a plan looks at no whole table.
fn is_served(plan: &[String]) -> bool {
    !plan.is_empty() && plan.iter().all(|line| !line.starts_with("SCAN")) && plan.iter().any(|line| line.contains("USING INDEX"))
}

fn template(text: &str) -> Template {
    let (before, after) = text.split_once('?').expect("the filter has a hole");
    gbvm_lang::filter::parse(&[Source::Text(before), Source::Hole(0), Source::Text(after)]).expect("the filter can be read")
}

/// A store with one indexed column whose first value is this.
fn column_of(first: &Value) -> Store {
    let mut store = Store::open(None, &Limits::default()).expect("a store in memory opens");
    let mut needs = SchemaNeeds::default();
    let table = needs.tables.entry("t".to_owned()).or_default();
    table.columns.insert("c".to_owned());
    table.indexed.insert("c".to_owned());
    needs.names.insert("c".to_owned());
    store.prepare_schema(&needs).expect("the table can be made");
    store.begin(&RunIdentity::default(), true, NOW).expect("a transaction begins");
    store.insert("t", &Object::of_fields([("c", first.clone())]).expect("a row is small")).expect("the row can be stored");
    store
}

#[test]
fn every_value_finds_its_like_by_an_index_in_a_column_of_its_kind() {
    for value in values() {
        let mut store = column_of(&value);
        for text in ["c=?", "c=? AND c<>x", "c IN (?)", "c=? OR c=zebra"] {
            let (template, holes) = (template(text), [value.clone()]);
            let plan = store.plan("t", &Filter { template: &template, holes: &holes, now: NOW }).expect("the filter has a plan");
            assert!(is_served(&plan), "{text} with {value:?}: {plan:?}");
        }
    }
}

#[test]
fn a_range_of_dates_is_served_too() {
    let mut store = column_of(&Value::Date(NOW));
    for text in ["c>?", "c<=?", "c BETWEEN ? AND 2027-01-01T00:00:00Z"] {
        let (template, holes) = (template(text), [Value::Date(NOW)]);
        let plan = store.plan("t", &Filter { template: &template, holes: &holes, now: NOW }).expect("the filter has a plan");
        assert!(is_served(&plan), "{text}: {plan:?}");
    }
}

#[test]
fn dates_in_other_words_are_still_found() {
    let mut store = column_of(&Value::Date(NOW));
    let twins = [Value::text("2026-01-01T01:00:00+01:00"), Value::text("2026-01-01"), Value::Int(NOW.0), Value::Int(NOW.0 / 1000), Value::text("soon"), Value::Int(3)];
    for twin in &twins {
        store.insert("t", &Object::of_fields([("c", twin.clone())]).expect("a row is small")).expect("the row can be stored");
    }
    let query = Query::of_id(Value::Date(NOW));
    let mut template = query.filter(NOW).template.clone();
    template.condition = Some(Condition::Compare("c".into(), Comparison::Equal, Term::Hole(0)));
    let holes = [Value::Date(NOW)];
    let filter = Filter { template: &template, holes: &holes, now: NOW };
    let equal = twins.iter().filter(|twin| gbvm_vm::operators::equal(twin, &Value::Date(NOW))).count();
    assert!(equal >= 2, "the language takes several of these for the same instant");
    assert_eq!(store.find("t", filter, None).expect("the rows can be read").len(), equal + 1);
}
