//! Jump tables: the first case that equals a value, by one look-up where equality allows it.

use rustc_hash::FxHashMap;

use crate::fault::Fault;
use crate::machine::core::{Core, LONG_TEXT};
use crate::operators;
use crate::program::{Constant, JumpTable, Program, TableIndex, Target};
use crate::value::Value;

/// Up to here every whole float is written as the integer that it equals.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// How many times more places than cases a table by position may have.
const SPARSE_MAX: usize = 4;

/// A jump table, ready for look-ups. Equality is that of the operators: a number and its own text are twins, so that
/// each case stands under both.
pub struct Lookup {
    /// Where the integers from `first` on lead, where they lie close together.
    by_position: Vec<Target>,
    first: i64,
    integers: FxHashMap<i64, Target>,
    texts: Texts,
    /// Where NULL and its like lead.
    empty: Target,
    otherwise: Target,
}

impl Lookup {
    /// The look-up of a table.
    pub fn of(program: &Program, table: &JumpTable) -> Lookup {
        let (mut integers, mut texts) = (FxHashMap::default(), FxHashMap::default());
        for (constant, target) in &table.cases {
            // The first of equal cases counts.
            match &program.constants[constant.at()] {
                Constant::Int(int) => {
                    integers.entry(*int).or_insert(*target);
                    texts.entry(int.to_string()).or_insert(*target);
                }
                Constant::Text(text) => {
                    texts.entry(text.to_string()).or_insert(*target);
                    if let Some(int) = text.parse::<i64>().ok().filter(|int| *int.to_string() == **text) {
                        integers.entry(int).or_insert(*target);
                    }
                }
                Constant::Float(_) => {}
            }
        }
        let (first, by_position) = by_position(&integers, table.otherwise);
        let empty = texts.get("").copied().unwrap_or(table.otherwise);
        Lookup { by_position, first, integers, texts: Texts::of(texts), empty, otherwise: table.otherwise }
    }

    #[inline(always)]
    fn integer(&self, int: i64) -> Target {
        if self.by_position.is_empty() {
            return self.integers.get(&int).copied().unwrap_or(self.otherwise);
        }
        self.by_position.get(int.wrapping_sub(self.first) as usize).copied().unwrap_or(self.otherwise)
    }

    /// Where a value leads, where that is seen at once.
    #[inline(always)]
    pub fn plainly(&self, value: &Value) -> Option<Target> {
        match value {
            Value::Int(int) => Some(self.integer(*int)),
            Value::Text(text) if text.is_plain() && text.as_str().len() < LONG_TEXT => Some(self.texts.get(text.as_str()).unwrap_or(self.otherwise)),
            Value::Missing | Value::Null => Some(self.empty),
            _ => None,
        }
    }
}

/// The first integer of a table, and where it and those behind it lead; nothing where they lie far apart.
fn by_position(integers: &FxHashMap<i64, Target>, otherwise: Target) -> (i64, Vec<Target>) {
    let (Some(first), Some(last)) = (integers.keys().min().copied(), integers.keys().max().copied()) else { return (0, vec![otherwise]) };
    let length = i128::from(last) - i128::from(first) + 1;
    if length > (SPARSE_MAX * integers.len()) as i128 {
        return (0, Vec::new());
    }
    let target = |at: i128| integers.get(&((i128::from(first) + at) as i64)).copied().unwrap_or(otherwise);
    (first, (0..length).map(target).collect())
}

/// Texts by their length and ends, in which those of a script differ. However a text was made that is looked up, it is
/// compared with no more than the script's own that stand in a row.
struct Texts {
    /// A power of two of places, half of them free at least.
    slots: Vec<Option<Slot>>,
}

struct Slot {
    ends: Ends,
    text: Box<str>,
    target: Target,
}

/// Up to this length, texts with the same ends are the same.
const WHOLE_MAX: usize = 16;

/// The length of a text, its first bytes and its last.
#[derive(Clone, Copy, PartialEq)]
struct Ends(usize, u64, u64);

impl Ends {
    #[inline(always)]
    fn of(text: &str) -> Ends {
        let bytes = text.as_bytes();
        let eight = |part: Option<&[u8; 8]>| part.map_or(0, |part| u64::from_le_bytes(*part));
        let four = |part: Option<&[u8; 4]>| part.map_or(0, |part| u64::from(u32::from_le_bytes(*part)));
        match bytes.len() {
            0 => Ends(0, 0, 0),
            length @ 1..4 => Ends(length, u64::from(bytes[0]) | u64::from(bytes[length / 2]) << 8, u64::from(bytes[length - 1])),
            length @ 4..8 => Ends(length, four(bytes.first_chunk()), four(bytes.last_chunk())),
            length => Ends(length, eight(bytes.first_chunk()), eight(bytes.last_chunk())),
        }
    }

    #[inline(always)]
    fn place(self, count: usize) -> usize {
        let Ends(length, first, last) = self;
        let mixed = (first ^ last.rotate_left(29) ^ length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize & (count - 1)
    }
}

impl Texts {
    fn of(cases: FxHashMap<String, Target>) -> Texts {
        let mut slots: Vec<Option<Slot>> = Vec::new();
        slots.resize_with((2 * cases.len()).next_power_of_two().max(2), || None);
        for (text, target) in cases {
            let ends = Ends::of(&text);
            let mut at = ends.place(slots.len());
            while slots[at].is_some() {
                at = (at + 1) & (slots.len() - 1);
            }
            slots[at] = Some(Slot { ends, text: text.into(), target });
        }
        Texts { slots }
    }

    #[inline(always)]
    fn get(&self, text: &str) -> Option<Target> {
        let ends = Ends::of(text);
        let mut at = ends.place(self.slots.len());
        while let Some(slot) = &self.slots[at] {
            if slot.ends == ends && (text.len() <= WHOLE_MAX || *slot.text == *text) {
                return Some(slot.target);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        None
    }
}

/// Where a value leads.
///
/// # Errors
/// `E_MEMORY`, as of all that takes much fuel at once.
pub fn switch(core: &mut Core<'_>, value: &Value, table: TableIndex) -> Result<Target, Fault> {
    let lookup = &core.tables[table.at()];
    if let Some(target) = lookup.plainly(value) {
        return Ok(target);
    }
    Ok(match value {
        Value::Float(float) if float.fract() == 0.0 && float.abs() < EXACT_MAX => lookup.integer(*float as i64),
        Value::Text(text) if !text.has_secret() => {
            let found = lookup.texts.get(text.as_str());
            core.charge_walk(value)?;
            found.unwrap_or(lookup.otherwise)
        }
        // Of these the equality has more to say, and a secret is compared in the same time whatever it is.
        _ => one_by_one(core, value, table),
    })
}

fn one_by_one(core: &mut Core<'_>, value: &Value, table: TableIndex) -> Target {
    let table = &core.program.tables[table.at()];
    let mut found = table.otherwise;
    core.charge_steps(table.cases.len());
    for (constant, target) in table.cases.iter().rev() {
        if operators::equal(value, &core.constants[constant.at()]) {
            found = *target;
        }
    }
    found
}

/// The cases that have no look-up of their own compare as the operators do, so a look-up must agree with them.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::ConstIndex;
    use crate::text::Text;

    fn look_up(lookup: &Lookup, value: &Value) -> Target {
        match value {
            Value::Float(float) => lookup.integer(*float as i64),
            other => lookup.plainly(other).expect("the other values of this test are plain"),
        }
    }

    #[test]
    fn a_look_up_agrees_with_the_equality() {
        let texts = ["", "0", "10", "010", "1.0", "-7", "-0", "true", "1e3", " 10", "9007199254740993", "9223372036854775808", "x"];
        let integers = [0, 10, -7, 1, 1000, 9007199254740991, 9007199254740993, i64::MAX, i64::MIN];
        let mut constants: Vec<Constant> = texts.iter().map(|text| Constant::Text((*text).into())).collect();
        constants.extend(integers.map(Constant::Int));
        // Once in this order, once in the other: the first of twins counts.
        for is_reversed in [false, true] {
            let mut order: Vec<usize> = (0..constants.len()).collect();
            if is_reversed {
                order.reverse();
            }
            let cases = order.iter().map(|at| (ConstIndex(*at as u16), Target(*at as u32))).collect();
            let table = JumpTable { cases, otherwise: Target(99) };
            let program = Program { constants: constants.clone(), ..Program::default() };
            let lookup = Lookup::of(&program, &table);
            let value_of = |constant: &Constant| match constant {
                Constant::Int(int) => Value::Int(*int),
                Constant::Float(float) => Value::Float(*float),
                Constant::Text(text) => Value::Text(Text::literal(&**text)),
            };
            let mut values: Vec<Value> = constants.iter().map(value_of).collect();
            values.extend(integers.map(|int| Value::Float(int as f64)).into_iter().filter(|float| matches!(float, Value::Float(float) if float.abs() < EXACT_MAX)));
            values.extend([Value::Missing, Value::Null, Value::Float(-0.0), Value::Int(3), Value::text("nothing")]);
            for value in &values {
                let wanted = table.cases.iter().find(|(constant, _)| operators::equal(value, &value_of(&constants[constant.at()]))).map_or(table.otherwise, |(_, target)| *target);
                assert_eq!(look_up(&lookup, value), wanted, "{value:?}, reversed: {is_reversed}");
            }
        }
    }

    #[test]
    fn close_integers_stand_by_position_and_far_ones_do_not() {
        for (cases, is_close) in [(vec![1, 2, 3, 5, 9], true), (vec![-2, -1, 0, 1, 2], true), (vec![1, 1_000, 2_000, 3_000, 4_000], false), (vec![i64::MIN, i64::MAX, 0, 1, 2], false)] {
            let program = Program { constants: cases.iter().map(|case| Constant::Int(*case)).collect(), ..Program::default() };
            let table = JumpTable { cases: (0..5).map(|at| (ConstIndex(at), Target(u32::from(at)))).collect(), otherwise: Target(99) };
            let lookup = Lookup::of(&program, &table);
            assert_eq!(!lookup.by_position.is_empty(), is_close, "{cases:?}");
            for value in cases.iter().flat_map(|case| [case.wrapping_sub(1), *case, case.wrapping_add(1)]).chain([i64::MIN, i64::MAX]) {
                let wanted = cases.iter().position(|case| *case == value).map_or(99, |at| at as u32);
                assert_eq!(lookup.integer(value), Target(wanted), "{value} in {cases:?}");
            }
        }
    }

    #[test]
    fn texts_of_every_length_are_found() {
        let texts: Vec<String> = (0..40).map(|length| "abcdefghij".repeat(4)[..length].to_owned()).collect();
        let cases = texts.iter().enumerate().filter(|(at, _)| at % 2 == 0).map(|(at, text)| (text.clone(), Target(at as u32))).collect();
        let table = Texts::of(cases);
        for (at, text) in texts.iter().enumerate() {
            assert_eq!(table.get(text), (at % 2 == 0).then_some(Target(at as u32)), "{text}");
        }
        assert_eq!(table.get("abcdefghiJabcdefghij"), None);
    }
}
