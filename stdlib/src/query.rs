//! Filters of keywords: an argument becomes a template with values for its holes, and the rules for those values.
//!
//! Storage implementations share [`check_read`], [`check_write`], [`operand`], [`elements`], [`pattern`] and
//! [`count`], so that they agree on every case but the look-up itself.

use std::borrow::Cow;

use gbvm_vm::coerce::{self, Number};
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::operators;
use gbvm_vm::template::{Condition, Count, FilterFunction, Literal, Piece, Source, Template, Term};
use gbvm_vm::text::{Origin, Text};
use gbvm_vm::value::Value;

use crate::argument as arguments;
use crate::keyword::{Call, FilterParser};
use crate::services::Filter;
use crate::time;

/// The most elements an IN list may have once its arrays are spread.
pub const IN_MAX: usize = 10_000;

/// A filter that a keyword was given.
pub struct Query<'a> {
    template: Cow<'a, Template>,
    holes: Cow<'a, [Value]>,
}

impl<'a> Query<'a> {
    /// The filter in an argument: the compiled template with its values, or text that is read now by its origins.
    ///
    /// # Errors
    /// The codes of the filter parser.
    pub fn of_argument(parse: FilterParser, call: &Call<'a>, argument: usize) -> Result<Query<'a>, Fault> {
        let value = call.argument(argument);
        if let Some(template) = call.template(argument) {
            let holes = match value {
                Value::Array(array) => array.items(),
                _ => &[],
            };
            return Ok(Query { template: Cow::Borrowed(template), holes: Cow::Borrowed(holes) });
        }
        if !call.is_given(argument) {
            return Ok(Query::everything());
        }
        match value {
            Value::Text(text) => Query::of_text(parse, text).map_err(|fault| fault.at_argument(argument as u8)),
            Value::Bool(_) | Value::Date(_) | Value::Array(_) | Value::Object(_) => Err(no_filter(value).at_argument(argument as u8)),
            Value::Missing | Value::Null | Value::Int(_) | Value::Float(_) => Ok(Query::of_id(value.clone())),
        }
    }

    /// The filter that every row passes because none was written.
    pub fn everything() -> Query<'a> {
        Query { template: Cow::Owned(Template::default()), holes: Cow::Borrowed(&[]) }
    }

    /// The filter for the row with an id.
    pub fn of_id(id: Value) -> Query<'a> {
        let template = Template { condition: Some(Condition::Id(Term::Hole(0))), holes: 1, ..Template::default() };
        Query { template: Cow::Owned(template), holes: Cow::Owned(vec![id]) }
    }

    /// Reads text that exists only now: its literal parts are syntax, all others are values.
    ///
    /// # Errors
    /// The codes of the filter parser.
    pub fn of_text(parse: FilterParser, text: &Text) -> Result<Query<'a>, Fault> {
        let mut sources = Vec::new();
        let mut holes = Vec::new();
        for (origin, part) in text.parts() {
            if origin == Origin::Literal {
                sources.push(Source::Text(part));
            } else {
                sources.push(Source::Hole(holes.len() as u16));
                holes.push(Value::Text(Text::of_parts([(origin, part.to_owned())])));
            }
        }
        Ok(Query { template: Cow::Owned(parse(&sources)?), holes: Cow::Owned(holes) })
    }

    /// The filter as storage takes it.
    pub fn filter(&self, now: Instant) -> Filter<'_> {
        Filter { template: &self.template, holes: &self.holes, now }
    }

    /// The one value that the filter is, where it is a value without an operator: a field's name, for AGGREGATE.
    pub fn lone_value(&self) -> Option<Value> {
        match &self.template.condition {
            Some(Condition::Id(Term::Literal(literal))) => Some(written(literal)),
            Some(Condition::Id(Term::Hole(hole))) => self.holes.get(usize::from(*hole)).cloned(),
            _ => None,
        }
    }
}

/// The fault of a filter that is neither text nor an id. What a comparison gives must not pass for the id 1.
fn no_filter(value: &Value) -> Fault {
    let what = match value {
        Value::Bool(_) => format!("{}, as a comparison gives it", coerce::text(value).as_str()),
        _ => arguments::kind_of(value),
    };
    let message = "a filter is a text, as in \"sku=\" + sku, or the id of a row";
    Fault::of_value("E_FILTER_TYPE", message, value, what)
}

/// A term's value once its holes are filled.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A value that is not empty.
    Known(Value),
    /// Nothing, written so in the script: it equals what is empty.
    WrittenEmpty,
    /// Nothing, from data: it equals no row and differs from every one.
    EmptyHole,
    /// What stands in another column of the row.
    Column(String),
}

/// Checks a filter for FIND and AGGREGATE.
///
/// # Errors
/// `E_FILTER_TYPE`, `E_FILTER_LIMIT`, `E_FILTER_TOO_LARGE`, `E_NUL`, `E_SECRET_UNSET`.
pub fn check_read(filter: &Filter<'_>, limits: &Limits) -> Result<(), Fault> {
    for hole in filter.holes {
        check_hole(hole)?;
    }
    if let Some(condition) = &filter.template.condition {
        visit(condition, &mut |terms, is_list| {
            if is_list {
                return elements(terms, filter).map(drop);
            }
            terms.iter().try_for_each(|term| operand(term, filter).map(drop))
        })?;
    }
    for clause in [&filter.template.limit, &filter.template.offset].into_iter().flatten() {
        count(clause, filter, limits)?;
    }
    Ok(())
}

/// Checks a filter for UPDATE and DELETE, which no value from outside may widen.
///
/// # Errors
/// Those of [`check_read`], `E_FILTER_CLAUSE`, `E_FILTER_UNBOUNDED`, `E_FILTER_EMPTY`.
pub fn check_write(filter: &Filter<'_>, limits: &Limits) -> Result<(), Fault> {
    let template = filter.template;
    if !template.order.is_empty() || template.limit.is_some() || template.offset.is_some() {
        return Err(Fault::new("E_FILTER_CLAUSE", "UPDATE and DELETE change every row that matches: take ORDER BY, LIMIT and OFFSET out of the filter"));
    }
    let Some(condition) = &template.condition else {
        if template.star {
            return Ok(());
        }
        return Err(Fault::of_empty("E_FILTER_UNBOUNDED", "the filter is empty, so every row would change; write \"*\" if that is meant"));
    };
    if filter.holes.iter().any(is_empty_somewhere) {
        return Err(empty_in_write());
    }
    visit(condition, &mut |terms, is_list| if is_list && terms.is_empty() { Err(empty_in_write()) } else { Ok(()) })?;
    check_read(filter, limits)
}

/// Checks a filter that matched no row: a value alone is looked up as an id, and one that looks like a condition was
/// meant as a filter.
///
/// # Errors
/// `E_FILTER_TAINT`.
pub fn check_unmatched(filter: &Filter<'_>) -> Result<(), Fault> {
    let Some(Condition::Id(term)) = &filter.template.condition else { return Ok(()) };
    if !has_hole(term) {
        return Ok(());
    }
    match operand(term, filter)? {
        Operand::Known(Value::Text(text)) if text.as_str().contains(['=', '<', '>']) => Err(Fault::new(
            "E_FILTER_TAINT",
            "the filter is data from end to end, so it is an id and not a condition; write column and operator in the script and join only the value: \"column=\" + value",
        )),
        _ => Ok(()),
    }
}

fn empty_in_write() -> Fault {
    Fault::of_empty("E_FILTER_EMPTY", "a value in the filter is NULL or empty, and UPDATE and DELETE refuse such a filter; check the value first")
}

fn is_empty_somewhere(value: &Value) -> bool {
    match value {
        Value::Array(array) => array.is_empty() || array.items().iter().any(operators::is_empty),
        _ => operators::is_empty(value),
    }
}

fn check_hole(value: &Value) -> Result<(), Fault> {
    match value {
        Value::Text(text) if text.as_str().contains('\0') => Err(Fault::new("E_NUL", "a value in the filter holds the character NUL")),
        Value::Text(text) if text.unset_secret().is_some() => Err(unset_secret(text)),
        Value::Array(array) => array.items().iter().try_for_each(check_hole),
        _ => Ok(()),
    }
}

/// The fault of using a secret that was never set.
pub fn unset_secret(text: &Text) -> Fault {
    let key = text.unset_secret().map_or("", |key| &**key);
    Fault::new("E_SECRET_UNSET", format!("the secret \"{key}\" is not set; set it with SET BOT MEMORY \"{key}\" or in the project's configuration"))
}

type TermCheck<'c> = &'c mut dyn FnMut(&[Term], bool) -> Result<(), Fault>;

/// Calls a function with the terms of every predicate, and whether they are an IN list.
fn visit(condition: &Condition, check: TermCheck<'_>) -> Result<(), Fault> {
    match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.iter().try_for_each(|part| visit(part, check)),
        Condition::Not(part) => visit(part, check),
        Condition::Compare(_, _, term) | Condition::Like(_, _, term) | Condition::Id(term) => check(std::slice::from_ref(term), false),
        Condition::Between(_, _, low, high) => {
            check(std::slice::from_ref(low), false)?;
            check(std::slice::from_ref(high), false)
        }
        Condition::In(_, _, terms) => check(terms, true),
        Condition::Empty(_, _) => Ok(()),
    }
}

/// The value of a term.
///
/// # Errors
/// `E_FILTER_TYPE`.
pub fn operand(term: &Term, filter: &Filter<'_>) -> Result<Operand, Fault> {
    if let Term::Column(column) = term {
        return Ok(Operand::Column(column.clone()));
    }
    let value = value(term, filter)?;
    Ok(operand_of(value, has_hole(term)))
}

fn operand_of(value: Value, is_data: bool) -> Operand {
    match (operators::is_empty(&value), is_data) {
        (false, _) => Operand::Known(value),
        (true, true) => Operand::EmptyHole,
        (true, false) => Operand::WrittenEmpty,
    }
}

/// The values of an IN list, its arrays spread.
///
/// # Errors
/// `E_FILTER_TYPE`, `E_FILTER_TOO_LARGE`.
pub fn elements(terms: &[Term], filter: &Filter<'_>) -> Result<Vec<Operand>, Fault> {
    let mut all = Vec::with_capacity(terms.len());
    for term in terms {
        if let Term::Hole(hole) = term
            && let Value::Array(array) = hole_value(*hole, filter)
        {
            for item in array.items() {
                all.push(operand_of(scalar(item)?, true));
            }
        } else {
            all.push(operand(term, filter)?);
        }
    }
    if all.len() > IN_MAX {
        return Err(Fault::new("E_FILTER_TOO_LARGE", format!("an IN list may have {IN_MAX} values, and this one has {}", all.len())));
    }
    Ok(all)
}

/// The number of a LIMIT or OFFSET.
///
/// # Errors
/// `E_FILTER_LIMIT`.
pub fn count(clause: &Count, filter: &Filter<'_>, limits: &Limits) -> Result<u64, Fault> {
    let number = match clause {
        Count::Literal(number) => Some(*number),
        Count::Hole(hole) => match coerce::number(hole_value(*hole, filter).present().unwrap_or(&Value::Bool(false))) {
            Some(Number::Int(int)) => u64::try_from(int).ok(),
            Some(Number::Float(float)) => ((0.0..1e15).contains(&float) && float.fract() == 0.0).then_some(float as u64),
            None => None,
        },
    };
    number.filter(|number| *number <= limits.find_rows).ok_or_else(|| {
        Fault::new("E_FILTER_LIMIT", format!("LIMIT and OFFSET take a whole number from 0 to {}", limits.find_rows))
    })
}

fn hole_value<'a>(hole: u16, filter: &Filter<'a>) -> &'a Value {
    filter.holes.get(usize::from(hole)).unwrap_or(&Value::Missing)
}

/// Whether any part of a term is data.
pub fn has_hole(term: &Term) -> bool {
    match term {
        Term::Literal(_) | Term::Column(_) => false,
        Term::Hole(_) => true,
        Term::Mixed(pieces) => pieces.iter().any(|piece| matches!(piece, Piece::Hole(_))),
        Term::Function(_, terms) => terms.iter().any(has_hole),
    }
}

fn value(term: &Term, filter: &Filter<'_>) -> Result<Value, Fault> {
    match term {
        Term::Literal(literal) => Ok(written(literal)),
        Term::Hole(hole) => scalar(hole_value(*hole, filter)),
        Term::Column(column) => Err(Fault::new("E_FILTER_TYPE", format!("the column {column} stands where a value belongs; columns can only be compared"))),
        Term::Mixed(pieces) => {
            let mut joined = String::new();
            for piece in pieces {
                match piece {
                    Piece::Text(text) => joined.push_str(text),
                    Piece::Hole(hole) => coerce::write_text(&scalar(hole_value(*hole, filter))?, &mut joined),
                }
            }
            Ok(Value::text(joined))
        }
        Term::Function(function, terms) => {
            let arguments = terms.iter().map(|term| value(term, filter)).collect::<Result<Vec<_>, _>>()?;
            apply(*function, &arguments, filter.now)
        }
    }
}

fn written(literal: &Literal) -> Value {
    match literal {
        Literal::Empty => Value::Null,
        Literal::Bool(bool) => Value::Bool(*bool),
        Literal::Int(int) => Value::Int(*int),
        Literal::Float(float) => Value::Float(*float),
        Literal::Text(text) => Value::Text(Text::literal(text.as_str())),
    }
}

fn scalar(value: &Value) -> Result<Value, Fault> {
    match value {
        Value::Array(_) | Value::Object(_) => Err(Fault::new("E_FILTER_TYPE", format!("an {} stands in the filter where one value belongs", value.kind()))),
        Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Text(_) => Ok(value.clone()),
    }
}

fn apply(function: FilterFunction, arguments: &[Value], now: Instant) -> Result<Value, Fault> {
    let first = arguments.first().unwrap_or(&Value::Missing);
    let result = match function {
        FilterFunction::Now => Ok(Value::Date(now)),
        FilterFunction::Today => Ok(Value::Date(time::midnight(now))),
        _ if arguments.iter().any(operators::is_empty) => return Ok(Value::Null),
        FilterFunction::Date => time::day_of(first),
        FilterFunction::DateAdd => time::date_add(arguments),
        FilterFunction::DateDiff => time::date_diff(arguments),
        FilterFunction::Lower => Ok(Value::text(coerce::text(first).as_str().to_lowercase())),
        FilterFunction::Upper => Ok(Value::text(coerce::text(first).as_str().to_uppercase())),
    };
    result.map_err(|fault| Fault::new("E_FILTER_TYPE", format!("in the filter, {}", fault.message)))
}

/// One step of a LIKE pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Any run of characters: a `%` that the script wrote.
    Run,
    /// Any one character: a `_` that the script wrote.
    One,
    /// This character, ASCII case ignored; `%` and `_` in data are such characters.
    Char(char),
}

/// The pattern of a LIKE; none where it is an empty hole, which nothing is like.
///
/// # Errors
/// `E_FILTER_TYPE`.
pub fn pattern(term: &Term, filter: &Filter<'_>) -> Result<Option<Vec<Step>>, Fault> {
    if matches!(operand(term, filter)?, Operand::EmptyHole) {
        return Ok(None);
    }
    let mut steps = Vec::new();
    let mut add = |text: &str, is_data: bool| {
        steps.extend(text.chars().map(|char| match char {
            '%' if !is_data => Step::Run,
            '_' if !is_data => Step::One,
            char => Step::Char(char),
        }));
    };
    match term {
        Term::Mixed(pieces) => {
            for piece in pieces {
                match piece {
                    Piece::Text(text) => add(text, false),
                    Piece::Hole(hole) => add(coerce::text(hole_value(*hole, filter)).as_str(), true),
                }
            }
        }
        Term::Literal(_) | Term::Hole(_) | Term::Column(_) | Term::Function(_, _) => add(coerce::text(&value(term, filter)?).as_str(), has_hole(term)),
    }
    Ok(Some(steps))
}

/// Whether a text matches a pattern, ASCII case ignored.
pub fn is_like(text: &str, pattern: &[Step]) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut from) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(from) {
            Some(Step::Run) => {
                retry = Some((from + 1, at));
                from += 1;
                continue;
            }
            Some(Step::One) => {}
            Some(Step::Char(char)) if char.eq_ignore_ascii_case(&text[at]) => {}
            Some(Step::Char(_)) | None => {
                let Some((pattern_at, text_at)) = retry else { return false };
                retry = Some((pattern_at, text_at + 1));
                from = pattern_at;
                at = text_at + 1;
                continue;
            }
        }
        at += 1;
        from += 1;
    }
    pattern[from..].iter().all(|step| *step == Step::Run)
}
