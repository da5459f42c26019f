//! Random filters over random rows: SQLite finds what a model finds that evaluates the filter row by row, in the same
//! order. `FILTERS=100000 cargo test --release -p gbvm-tests --test filters` tries more.

use std::cmp::Ordering;

use gbvm::storage::schema::{SchemaNeeds, TableNeeds};
use gbvm::storage::{RunIdentity, Store};
use gbvm_stdlib::fake::matches;
use gbvm_stdlib::query::Query;
use gbvm_stdlib::services::{Filter, Storage as _};
use gbvm_tests::dice::Dice;
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::object::Object;
use gbvm_vm::operators;
use gbvm_vm::template::{Comparison, Condition, Source, Template, Term};
use gbvm_vm::value::Value;

/// The time of the test.
const NOW: Instant = Instant(1_767_225_600_000);
const COLUMNS: [&str; 4] = ["a", "b", "c", "nobody"];
/// How many filters are tried on each set of rows.
const FILTERS_A_TABLE: u64 = 40;

/// A value, many of which equal others of another kind or lie close to them.
fn value(dice: &mut Dice) -> Value {
    match dice.below(12) {
        0 => Value::Null,
        1 => Value::Bool(dice.below(2) == 0),
        2 => Value::Int(dice.one_of(&[0, 1, -1, 10, 9_007_199_254_740_993, i64::MAX])),
        3 => Value::Float(dice.one_of(&[0.5, 10.0, -1.5, 1e300, 9_007_199_254_740_992.0])),
        4 => Value::Date(Instant(dice.one_of(&[NOW.0, NOW.0 + 1, 0]))),
        5 => Value::Int(dice.one_of(&[1_767_225_600, 1_767_225_600_000])),
        _ => Value::text(dice.one_of(&TEXTS)),
    }
}

const TEXTS: [&str; 22] = [
    "", "0", "1", "10", "010", "1.0", " 10", "0.5", "true", "false", "New York", "new york", "O'Brien", "50%", "a_b", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z",
    "2026-01-01T01:00:00+01:00", "2026-01-01", "9007199254740993", "é", "zebra",
];

/// A filter as its author writes it: text, and values that are computed.
#[derive(Default)]
struct Written {
    pieces: Vec<Result<String, u16>>,
    holes: Vec<Value>,
}

impl Written {
    fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Ok(before)) => before.push_str(text),
            Some(Err(_)) | None => self.pieces.push(Ok(text.to_owned())),
        }
    }

    fn hole(&mut self, value: Value) {
        self.pieces.push(Err(self.holes.len() as u16));
        self.holes.push(value);
    }

    fn value(&mut self, dice: &mut Dice) {
        match dice.below(8) {
            0..=3 => self.hole(value(dice)),
            4 => self.text(dice.one_of(&["10", "0.5", "TRUE", "NULL", "new york", "''", "'O''Brien'", "\"010\"", "2026-01-01"])),
            5 => self.text(dice.one_of(&["NOW()", "TODAY()", "DATE('2026-01-01')", "DATEADD(NOW(), -1, 'hour')", "UPPER('zebra')"])),
            6 => {
                self.text("'");
                self.hole(value(dice));
                self.text("0'");
            }
            _ => {
                self.text("2026-01-");
                self.hole(Value::text("01"));
            }
        }
    }

    fn predicate(&mut self, dice: &mut Dice) {
        self.text(dice.one_of(&COLUMNS));
        match dice.below(12) {
            0..=3 => self.text(dice.one_of(&["=", "<>", "=="])),
            4..=6 => self.text(dice.one_of(&["<", "<=", ">", ">="])),
            7 => {
                self.text(dice.one_of(&[" LIKE ", " NOT LIKE "]));
                self.text(dice.one_of(&["'%o%'", "'_0%'", "new%"]));
                return;
            }
            8 => self.text(dice.one_of(&[" LIKE ", " NOT LIKE "])),
            9 => {
                self.text(dice.one_of(&[" BETWEEN ", " NOT BETWEEN "]));
                self.value(dice);
                self.text(" AND ");
            }
            10 => {
                self.text(dice.one_of(&[" IN (", " NOT IN ("]));
                for at in 0..dice.below(3) {
                    if at > 0 {
                        self.text(", ");
                    }
                    self.value(dice);
                }
                self.text(")");
                return;
            }
            _ => return self.text(dice.one_of(&[" IS NULL", " IS NOT NULL", " IS EMPTY", " IS NOT EMPTY"])),
        }
        self.value(dice);
    }

    fn condition(&mut self, dice: &mut Dice, depth: usize) {
        match dice.below(if depth == 0 { 1 } else { 5 }) {
            0 | 1 => self.predicate(dice),
            2 => {
                self.text("NOT (");
                self.condition(dice, depth - 1);
                self.text(")");
            }
            _ => {
                self.text("(");
                self.condition(dice, depth - 1);
                self.text(dice.one_of(&[") AND (", ") OR ("]));
                self.condition(dice, depth - 1);
                self.text(")");
            }
        }
    }

    fn order(&mut self, dice: &mut Dice) {
        if dice.below(3) == 0 {
            self.text(" ORDER BY ");
            self.text(dice.one_of(&COLUMNS));
            self.text(dice.one_of(&["", " DESC", " ASC, b DESC"]));
        }
    }

    fn template(&self) -> Result<Template, gbvm_vm::fault::Fault> {
        let sources: Vec<Source<'_>> = self.pieces.iter().map(|piece| piece.as_ref().map_or_else(|hole| Source::Hole(*hole), |text| Source::Text(text))).collect();
        gbvm_lang::filter::parse(&sources)
    }

    fn shown(&self) -> String {
        let shown = self.pieces.iter().map(|piece| piece.clone().unwrap_or_else(|hole| format!("‹{:?}›", self.holes[usize::from(hole)])));
        shown.collect()
    }
}

/// A table of random rows, as SQLite gives them back.
fn stored(dice: &mut Dice) -> (Store, Vec<Object>) {
    let mut store = Store::open(None, &Limits::default()).expect("a database in memory can be opened");
    let columns = COLUMNS[..3].iter().chain(&["id"]).map(|name| (*name).to_owned()).collect();
    let needs = TableNeeds { columns, indexed: ["a".to_owned()].into() };
    let needs = SchemaNeeds { tables: [("t".to_owned(), needs)].into(), declared: Vec::new(), names: COLUMNS.iter().chain(&["id"]).map(|name| (*name).to_owned()).collect() };
    store.prepare_schema(&needs).expect("the table can be made");
    store.begin(&RunIdentity::default(), true, NOW).expect("a transaction can begin");
    for number in 0..12 {
        let mut row = Object::of_fields([("id", Value::text(format!("r{number:02}")))]).expect("it is small");
        for column in &COLUMNS[..3] {
            if dice.below(8) > 0 {
                row.set_str(column, value(dice)).expect("it is small");
            }
        }
        store.insert("t", &row).expect("the row can be stored");
    }
    let everything = Query::everything();
    let rows = store.find("t", everything.filter(NOW), None).expect("all rows can be read");
    (store, rows)
}

/// The ids that the model finds, in order.
fn modelled(rows: &[Object], filter: &Filter<'_>) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for row in rows {
        if matches(row, filter).map_err(|fault| fault.code.to_string())? {
            found.push(row);
        }
    }
    found.sort_by(|a, b| {
        let keys = filter.template.order.iter().map(|key| {
            let order = operators::sort_order(a.read(&key.column), b.read(&key.column));
            if key.descending { order.reverse() } else { order }
        });
        keys.fold(Ordering::Equal, Ordering::then)
    });
    Ok(ids(found))
}

fn ids<'r>(rows: impl IntoIterator<Item = &'r Object>) -> Vec<String> {
    rows.into_iter().map(|row| gbvm_vm::coerce::text(row.read("id")).as_str().to_owned()).collect()
}

#[test]
fn sqlite_finds_what_the_model_finds() {
    let filters = std::env::var("FILTERS").ok().and_then(|text| text.parse().ok()).unwrap_or(4_000u64);
    let (mut some, mut none, mut refused) = (0, 0, 0);
    for table in 0..filters.div_ceil(FILTERS_A_TABLE) {
        let mut dice = Dice((table + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (mut store, rows) = stored(&mut dice);
        for _ in 0..FILTERS_A_TABLE {
            let mut written = Written::default();
            written.condition(&mut dice, 2);
            written.order(&mut dice);
            let template = match written.template() {
                Ok(template) => template,
                Err(fault) => panic!("{} is refused: {fault}", written.shown()),
            };
            let filter = Filter { template: &template, holes: &written.holes, now: NOW };
            let wanted = modelled(&rows, &filter);
            let found = store.find("t", filter, None).map(|rows| ids(&rows)).map_err(|fault| fault.code.to_string());
            let shown = || rows.iter().map(|row| format!("{row:?}\n")).collect::<String>();
            assert!(found == wanted, "table {table}: {}\nfound  {found:?}\nwanted {wanted:?}\n{}", written.shown(), shown());
            match wanted {
                Ok(ids) if ids.is_empty() => none += 1,
                Ok(_) => some += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(some > filters / 4 && none > filters / 50, "filters that say something: {some} find, {none} find nothing, {refused} are refused");
}

#[test]
fn columns_compare_with_columns_as_the_model_says() {
    use Comparison::*;
    let mut some = 0;
    for table in 0..40u64 {
        let mut dice = Dice((table + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (mut store, rows) = stored(&mut dice);
        for (column, other) in COLUMNS.iter().flat_map(|column| COLUMNS.iter().map(move |other| (column, other))) {
            for comparison in [Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual] {
                for is_negated in [false, true] {
                    let condition = Condition::Compare((*column).to_owned(), comparison, Term::Column((*other).to_owned()));
                    let condition = if is_negated { Condition::Not(Box::new(condition)) } else { condition };
                    let template = Template { condition: Some(condition), ..Template::default() };
                    let filter = Filter { template: &template, holes: &[], now: NOW };
                    let wanted = modelled(&rows, &filter);
                    let found = store.find("t", filter, None).map(|rows| ids(&rows)).map_err(|fault| fault.code.to_string());
                    assert!(found == wanted, "table {table}: {template:?}\nfound  {found:?}\nwanted {wanted:?}");
                    some += usize::from(wanted.is_ok_and(|ids| !ids.is_empty()));
                }
            }
        }
    }
    assert!(some > 1_000, "{some} find something");
}

/// A moment equals whatever reads as it, in a column of every kind, and nothing else, by the index and in a scan.
#[test]
fn a_moment_equals_what_reads_as_it_in_columns_of_every_kind() {
    let moments = [NOW, Instant(0), Instant(1_767_225_600_001)];
    let mut equal = 0;
    // The first value of a column settles its kind.
    for first in [Value::Date(NOW), Value::text("plain"), Value::Bool(true), Value::array(Vec::new()).expect("it is small"), Value::Int(7)] {
        let mut store = Store::open(None, &Limits::default()).expect("a database in memory can be opened");
        let needs = TableNeeds { columns: ["a", "b", "id"].map(str::to_owned).into(), indexed: ["a".to_owned()].into() };
        let needs = SchemaNeeds { tables: [("t".to_owned(), needs)].into(), declared: Vec::new(), names: ["a", "b", "id"].map(str::to_owned).into() };
        store.prepare_schema(&needs).expect("the table can be made");
        store.begin(&RunIdentity::default(), true, NOW).expect("a transaction can begin");
        let numbers = [Value::Int(1_767_225_600), Value::Int(1_767_225_600_000), Value::Int(1_767_225_600_001), Value::Float(1_767_225_600.0), Value::Int(0), Value::Int(1), Value::Bool(false)];
        let texts = TEXTS.iter().chain(&["2026-01-01 00:00", "1970-01-01", "1767225600"]).map(|text| Value::text(*text));
        for (number, value) in [first].into_iter().chain(moments.map(Value::Date)).chain(numbers).chain(texts).enumerate() {
            let row = Object::of_fields([("id", Value::text(format!("r{number:02}"))), ("a", value.clone()), ("b", value)]).expect("it is small");
            store.insert("t", &row).expect("the row can be stored");
        }
        let rows = store.find("t", Query::everything().filter(NOW), None).expect("all rows can be read");
        for (moment, column) in moments.iter().flat_map(|moment| ["a", "b"].map(|column| (moment, column))) {
            for text in ["=", "<>", " IN (1, ", " NOT IN (1, ", ">=", "<"] {
                let mut written = Written::default();
                written.text(&format!("{column}{text}"));
                written.hole(Value::Date(*moment));
                written.text(if text.contains('(') { ")" } else { "" });
                let template = written.template().expect("the filter is right");
                let filter = Filter { template: &template, holes: &written.holes, now: NOW };
                let wanted = modelled(&rows, &filter);
                let found = store.find("t", filter, None).map(|rows| ids(&rows)).map_err(|fault| fault.code.to_string());
                assert_eq!(found, wanted, "{}", written.shown());
                equal += usize::from(text == "=") * wanted.map_or(0, |ids| ids.len());
            }
        }
    }
    assert!(equal > 100, "{equal} rows equal a moment");
}
