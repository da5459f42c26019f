//! Jump tables: the first case that equals a value, by one look-up where equality allows it.

use rustc_hash::FxHashMap;

use crate::machine::core::Core;
use crate::operators;
use crate::program::{Constant, JumpTable, Program, TableIndex, Target};
use crate::value::Value;

/// Up to here every whole float is written as the integer that it equals.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// A jump table, ready for look-ups. Equality is that of the operators: a number and its own text are twins, so that
/// each case stands under both.
pub struct Lookup {
    integers: FxHashMap<i64, Target>,
    texts: FxHashMap<Box<str>, Target>,
}

impl Lookup {
    /// The look-up of a table.
    pub fn of(program: &Program, table: &JumpTable) -> Lookup {
        let mut lookup = Lookup { integers: FxHashMap::default(), texts: FxHashMap::default() };
        for (constant, target) in &table.cases {
            // The first of equal cases counts.
            match &program.constants[constant.at()] {
                Constant::Int(int) => {
                    lookup.integers.entry(*int).or_insert(*target);
                    lookup.texts.entry(int.to_string().into()).or_insert(*target);
                }
                Constant::Text(text) => {
                    lookup.texts.entry((&**text).into()).or_insert(*target);
                    if let Some(int) = text.parse::<i64>().ok().filter(|int| *int.to_string() == **text) {
                        lookup.integers.entry(int).or_insert(*target);
                    }
                }
                Constant::Float(_) => {}
            }
        }
        lookup
    }
}

/// Where a value leads.
pub fn switch(core: &mut Core<'_>, value: &Value, table: TableIndex) -> Target {
    let lookup = &core.tables[table.at()];
    let found = match value {
        Value::Int(int) => lookup.integers.get(int),
        Value::Float(float) if float.fract() == 0.0 && float.abs() < EXACT_MAX => lookup.integers.get(&(*float as i64)),
        Value::Text(text) if !text.has_secret() => {
            let found = lookup.texts.get(text.as_str());
            core.charge_walk(value);
            found
        }
        Value::Missing | Value::Null => lookup.texts.get(""),
        Value::Object(_) => None,
        // Of these the equality has more to say, and a secret is compared in the same time whatever it is.
        Value::Bool(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) | Value::Array(_) => return one_by_one(core, value, table),
    };
    found.copied().unwrap_or(core.program.tables[table.at()].otherwise)
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

    fn look_up(lookup: &Lookup, value: &Value) -> Option<Target> {
        match value {
            Value::Int(int) => lookup.integers.get(int).copied(),
            Value::Float(float) if float.fract() == 0.0 && float.abs() < EXACT_MAX => lookup.integers.get(&(*float as i64)).copied(),
            Value::Text(text) => lookup.texts.get(text.as_str()).copied(),
            Value::Missing | Value::Null => lookup.texts.get("").copied(),
            _ => None,
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
                let wanted = table.cases.iter().find(|(constant, _)| operators::equal(value, &value_of(&constants[constant.at()]))).map(|(_, target)| *target);
                assert_eq!(look_up(&lookup, value), wanted, "{value:?}, reversed: {is_reversed}");
            }
        }
    }
}
