//! What holds of every merge, on random records. `TRIPLES=200000 cargo test --release -p gbvm-stdlib --test merge` tries more.

use gbvm_stdlib::canonical::canonical;
use gbvm_stdlib::merge::{self, Merge, Side, is_absent, is_bookkeeping};
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::object::Object;
use gbvm_vm::value::Value;

/// A generator of numbers that look random (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % bound
    }

    /// A value, many of which are the same as another one in other clothes.
    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 18 } else { 24 }) {
            0 => Value::Null,
            1 => Value::Missing,
            2 => Value::text(""),
            3 => Value::Bool(true),
            4 => Value::Int(1),
            5 => Value::text("1"),
            6 => Value::text("true"),
            7 => Value::Float(1.5),
            8 => Value::text("1.5"),
            9 => Value::text("1.50"),
            10 => Value::text("Jos\u{e9}"),
            11 => Value::text("Jose\u{301}"),
            12 => Value::Date(Instant(1_700_000_000_000)),
            13 => Value::text("2023-11-14T22:13:20Z"),
            14 => Value::text("2023-11-14T23:13:20.000+01:00"),
            15 => Value::Int(0),
            16 => Value::Bool(false),
            17 => Value::text("plain"),
            18 => Value::array((0..self.below(3)).map(|_| self.value(0)).collect()).expect("it is small"),
            _ => Value::Object(self.record(depth - 1)),
        }
    }

    fn record(&mut self, depth: usize) -> Object {
        let mut record = Object::new();
        for name in ["a", "b", "c.d", "id", "_rev"] {
            if self.below(4) > 0 {
                record.set_str(name, self.value(depth)).expect("it is small");
            }
        }
        record
    }

    /// The record with a few changes.
    fn edited(&mut self, record: &Object) -> Object {
        let mut edited = record.clone();
        for _ in 0..self.below(3) {
            let name = ["a", "b", "c.d", "e", "id"][self.below(5)];
            let value = match edited.get(name) {
                Some(Value::Object(inner)) if self.below(3) > 0 => Value::Object(self.edited(&inner.clone())),
                _ => self.value(2),
            };
            edited.set_str(name, value).expect("it is small");
        }
        edited
    }
}

fn merge3(base: &Object, local: &Object, remote: &Object, prefer: Side) -> Merge {
    merge::merge(base, local, remote, &|_| prefer, &Limits::default()).expect("they are small")
}

/// A record as it counts: its canonical text without bookkeeping.
fn meaning(record: &Object) -> String {
    let fields = record.fields().filter(|(name, _)| !is_bookkeeping(name)).map(|(name, value)| (name.clone(), value.clone()));
    canonical(&Value::Object(Object::of_fields(fields).expect("it is small")))
}

/// The places of a record that hold no object, with their values.
fn leaves(path: &[String], value: &Value, found: &mut Vec<(Vec<String>, String)>) {
    match value {
        Value::Object(object) => {
            for (name, part) in object.fields() {
                leaves(&[path, &[name.to_string()]].concat(), part, found);
            }
        }
        value if is_absent(value) => {}
        value => found.push((path.to_vec(), canonical(value))),
    }
}

fn leaves_of(record: &Object) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    for (name, value) in record.fields().filter(|(name, _)| !is_bookkeeping(name)) {
        leaves(&[name.to_string()], value, &mut found);
    }
    found
}

/// Whether one path is the other or leads to it.
fn touches(a: &str, b: &str) -> bool {
    let leads = |short: &str, long: &str| long == short || long.strip_prefix(short).is_some_and(|rest| rest.starts_with('.'));
    leads(a, b) || leads(b, a)
}

fn paths(base: &Object, now: &Object) -> Vec<String> {
    merge::diff(base, now, &Limits::default()).expect("they are small").into_iter().map(|change| change.path).collect()
}

fn check(base: &Object, local: &Object, remote: &Object) -> Result<(), String> {
    let ensure = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
    let merged = merge3(base, local, remote, Side::Local);
    let (ours, theirs) = (paths(base, local), paths(base, remote));
    let clashes: Vec<&str> = merged.conflicts.iter().map(|conflict| conflict.path.as_str()).collect();

    let swapped = merge3(base, remote, local, Side::Remote);
    ensure(meaning(&merged.merged) == meaning(&swapped.merged), "P1: the sides swapped give another record")?;
    let (mut here, mut there) = (clashes.clone(), swapped.conflicts.iter().map(|conflict| conflict.path.as_str()).collect::<Vec<_>>());
    here.sort_unstable();
    there.sort_unstable();
    ensure(here == there, "P1: the sides swapped clash elsewhere")?;

    ensure(meaning(&merge3(base, base, remote, Side::Local).merged) == meaning(remote), "P2: remote alone")?;
    ensure(meaning(&merge3(base, local, base, Side::Local).merged) == meaning(local), "P2: local alone")?;
    ensure(meaning(&merge3(base, local, local, Side::Local).merged) == meaning(local), "P2: both the same")?;

    if clashes.is_empty() {
        for side in [local, remote] {
            let again = merge3(base, &merged.merged, side, Side::Local);
            ensure(again.conflicts.is_empty(), "P3: a clean result clashes with a side")?;
            ensure(meaning(&again.merged) == meaning(&merged.merged), "P3: a clean result changes by merging with a side")?;
        }
    }

    for (changed, other, side) in [(&ours, &theirs, local), (&theirs, &ours, remote)] {
        for path in changed.iter().filter(|path| !other.iter().any(|other| touches(path, other))) {
            let survives = !paths(side, &merged.merged).iter().any(|differs| touches(differs, path));
            ensure(survives, &format!("P4: the change at {path} is lost"))?;
        }
    }

    for clash in &clashes {
        let is_by_both = ours.iter().any(|path| touches(path, clash)) && theirs.iter().any(|path| touches(path, clash));
        ensure(is_by_both, &format!("P5: {clash} clashes and was not changed by both"))?;
    }

    let known: Vec<_> = [base, local, remote].into_iter().flat_map(leaves_of).collect();
    ensure(leaves_of(&merged.merged).iter().all(|leaf| known.contains(leaf)), "P6: a value is invented")?;

    ensure(ours.is_empty() == (meaning(base) == meaning(local)), "P7: DIFF and sameness disagree")
}

#[test]
fn the_seven_properties_hold() {
    let triples = std::env::var("TRIPLES").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000u64);
    let (mut clean, mut clashing) = (0, 0);
    for seed in 1..=triples {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let base = dice.record(2);
        let local = if dice.below(8) == 0 { dice.record(2) } else { dice.edited(&base) };
        let remote = if dice.below(8) == 0 { dice.record(2) } else { dice.edited(&base) };
        if let Err(broken) = check(&base, &local, &remote) {
            panic!("{broken}\nseed {seed}\nbase   {base:?}\nlocal  {local:?}\nremote {remote:?}\nmerged {:?}", merge3(&base, &local, &remote, Side::Local).merged);
        }
        match merge3(&base, &local, &remote, Side::Local).conflicts.is_empty() {
            true => clean += 1,
            false => clashing += 1,
        }
    }
    assert!(clean > triples / 10 && clashing > triples / 10, "both kinds are tried: {clean} clean, {clashing} clashing");
}

#[test]
fn equal_is_the_same_as_an_equal_canonical_form() {
    let mut dice = Dice(7);
    for _ in 0..100_000 {
        let (a, b) = (dice.value(2), dice.value(2));
        assert_eq!(merge::is_same(&a, &b), canonical(&a) == canonical(&b), "{a:?} {b:?}");
    }
}
