//! Filters to SQL. The text depends on the template, the table and which values are empty; values are always bound.

use gbvm_stdlib::query::{self, Operand, Step};
use gbvm_stdlib::services::Filter;
use gbvm_vm::fault::Fault;
use gbvm_vm::coerce;
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::operators::{self, Class};
use gbvm_vm::template::{Comparison, Condition};
use gbvm_vm::value::Value;
use rusqlite::types::Value as SqlValue;

use super::schema::{Affinity, Kind, Table, quoted};
use super::values::{Bound, kind_number, to_sql, twins};

/// From this many values on, an IN list is bound as one JSON array.
const LONG_LIST: usize = 200;
/// The longest pattern of LIKE that the database takes, in bytes.
const PATTERN_MAX: usize = 50_000;

/// SQL text with the values it binds, in order.
#[derive(Default)]
pub struct Sql {
    /// The text.
    pub text: String,
    /// The values.
    pub values: Vec<Bound>,
}

impl Sql {
    /// SQL that begins with this text.
    pub fn new(text: impl Into<String>) -> Sql {
        Sql { text: text.into(), values: Vec::new() }
    }

    /// Appends text.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Appends a value.
    pub fn bind(&mut self, value: Bound) {
        self.text.push('?');
        self.values.push(value);
    }

    /// Appends ` WHERE …`, nothing where the filter has no condition.
    ///
    /// # Errors
    /// The filter's codes.
    pub fn condition(&mut self, table: &Table, filter: &Filter<'_>) -> Result<(), Fault> {
        if let Some(condition) = &filter.template.condition {
            self.push(" WHERE ");
            self.part(condition, table, filter)?;
        }
        Ok(())
    }

    /// Appends the sort order; rows that it does not tell apart come by id.
    pub fn order(&mut self, table: &Table, filter: &Filter<'_>) {
        let mut keys = Vec::new();
        for key in &filter.template.order {
            let column = Column::of(table, &key.column);
            keys.push(format!("gbvm_rank({}, {}){}", column.sql, kind_number(column.kind), if key.descending { " DESC" } else { "" }));
        }
        if table.column("id").is_some() {
            keys.push("\"id\"".to_owned());
        }
        if !keys.is_empty() {
            self.push(" ORDER BY ");
            self.push(&keys.join(", "));
        }
    }

    /// Appends LIMIT and OFFSET: the filter's own, and at most `most` rows.
    ///
    /// # Errors
    /// `E_FILTER_LIMIT`.
    pub fn limit(&mut self, filter: &Filter<'_>, most: u64, limits: &Limits) -> Result<(), Fault> {
        let limit = filter.template.limit.as_ref().map(|limit| query::count(limit, filter, limits)).transpose()?;
        self.push(" LIMIT ");
        self.bind(number(limit.unwrap_or(u64::MAX).min(most)));
        if let Some(offset) = &filter.template.offset {
            let offset = query::count(offset, filter, limits)?;
            self.push(" OFFSET ");
            self.bind(number(offset));
        }
        Ok(())
    }

    /// One condition. It may be NULL where it does not hold; NOT makes that FALSE first, so that it is the complement.
    fn part(&mut self, condition: &Condition, table: &Table, filter: &Filter<'_>) -> Result<(), Fault> {
        match condition {
            Condition::And(parts) => self.joined(parts, " AND ", table, filter),
            Condition::Or(parts) => self.joined(parts, " OR ", table, filter),
            Condition::Not(part) => self.negated(true, |sql| sql.part(part, table, filter)),
            Condition::Compare(column, comparison, term) => {
                let column = Column::of(table, column);
                match query::operand(term, filter)? {
                    Operand::Column(other) => self.compare_columns(&column, *comparison, &Column::of(table, &other)),
                    operand @ (Operand::Known(_) | Operand::WrittenEmpty | Operand::EmptyHole) => self.compare(&column, *comparison, &operand),
                }
                Ok(())
            }
            Condition::Like(column, is_not, term) => {
                let column = Column::of(table, column);
                let pattern = query::pattern(term, filter)?;
                self.negated(*is_not, |sql| {
                    match &pattern {
                        None => sql.push("FALSE"),
                        Some(steps) => {
                            let text = format!("gbvm_text({}, {})", column.sql, kind_number(column.kind));
                            match column.kind {
                                Some(Kind::Json) => sql.push(&text),
                                Some(Kind::Plain | Kind::Date | Kind::Boolean | Kind::Decimal) | None => sql.push(&format!("CASE typeof({0}) WHEN 'text' THEN {0} ELSE {text} END", column.sql)),
                            }
                            sql.push(" LIKE ");
                            sql.bind(Bound(SqlValue::Text(pattern_text(steps)?)));
                            sql.push(" ESCAPE '\\'");
                        }
                    }
                    Ok(())
                })
            }
            Condition::Between(column, is_not, low, high) => {
                let column = Column::of(table, column);
                let (low, high) = (query::operand(low, filter)?, query::operand(high, filter)?);
                self.negated(*is_not, |sql| {
                    sql.push("(");
                    sql.compare(&column, Comparison::GreaterOrEqual, &low);
                    sql.push(" AND ");
                    sql.compare(&column, Comparison::LessOrEqual, &high);
                    sql.push(")");
                    Ok(())
                })
            }
            Condition::In(column, is_not, terms) => {
                let column = Column::of(table, column);
                let elements = query::elements(terms, filter)?;
                self.negated(*is_not, |sql| {
                    sql.is_one_of(&column, &elements);
                    Ok(())
                })
            }
            Condition::Empty(column, is_not) => {
                let column = Column::of(table, column);
                self.negated(*is_not, |sql| {
                    sql.is_empty(&column);
                    Ok(())
                })
            }
            Condition::Id(term) => {
                let operand = query::operand(term, filter)?;
                self.compare(&Column::of(table, "id"), Comparison::Equal, &operand);
                Ok(())
            }
        }
    }

    fn joined(&mut self, parts: &[Condition], between: &str, table: &Table, filter: &Filter<'_>) -> Result<(), Fault> {
        self.push("(");
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                self.push(between);
            }
            self.part(part, table, filter)?;
        }
        self.push(")");
        Ok(())
    }

    fn negated(&mut self, is_not: bool, write: impl FnOnce(&mut Sql) -> Result<(), Fault>) -> Result<(), Fault> {
        if !is_not {
            return write(self);
        }
        self.push("NOT ifnull(");
        write(self)?;
        self.push(", FALSE)");
        Ok(())
    }

    fn compare(&mut self, column: &Column, comparison: Comparison, operand: &Operand) {
        let sign = match comparison {
            Comparison::Equal => return self.is_one_of(column, std::slice::from_ref(operand)),
            Comparison::NotEqual => {
                self.push("NOT ifnull(");
                self.is_one_of(column, std::slice::from_ref(operand));
                return self.push(", FALSE)");
            }
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        };
        let Operand::Known(value) = operand else { return self.push("FALSE") };
        let instant = match value {
            Value::Date(instant) => Some(*instant),
            Value::Text(text) => Instant::parse_rfc3339(text.as_str()),
            Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Array(_) | Value::Object(_) => None,
        };
        self.push("(");
        // In a date column an index can narrow the rows: canonical texts sort as their instants do, and what is no
        // canonical text, such as a number, is looked at by the function.
        if let (Some(Kind::Date), Some(instant)) = (column.kind, instant) {
            self.push(&format!("({0} {sign} ", column.sql));
            self.bind(Bound(SqlValue::Text(instant.to_string())));
            self.push(&format!(" OR {}) AND ", column.unusual().join(" OR ")));
        }
        self.push(&format!("gbvm_order({}, {}, ", column.sql, kind_number(column.kind)));
        self.operand(value);
        self.push(&format!(") {sign} 0)"));
    }

    /// Compares two columns of the row.
    fn compare_columns(&mut self, column: &Column, comparison: Comparison, other: &Column) {
        let both = format!("{}, {}, {}, {}", column.sql, kind_number(column.kind), other.sql, kind_number(other.kind));
        self.push(&match comparison {
            Comparison::Equal => format!("gbvm_equal({both})"),
            Comparison::NotEqual => format!("NOT gbvm_equal({both})"),
            Comparison::Less => format!("gbvm_order({both}) < 0"),
            Comparison::LessOrEqual => format!("gbvm_order({both}) <= 0"),
            Comparison::Greater => format!("gbvm_order({both}) > 0"),
            Comparison::GreaterOrEqual => format!("gbvm_order({both}) >= 0"),
        });
    }

    /// A value and its kind, as the functions take them.
    fn operand(&mut self, value: &Value) {
        self.bind(to_sql(value, Kind::Plain));
        let kind = match value {
            Value::Date(_) => Kind::Date,
            Value::Bool(_) => Kind::Boolean,
            Value::Array(_) | Value::Object(_) => Kind::Json,
            Value::Missing | Value::Null | Value::Int(_) | Value::Float(_) | Value::Text(_) => Kind::Plain,
        };
        self.push(&format!(", {}", kind_number(Some(kind))));
    }

    fn is_empty(&mut self, column: &Column) {
        self.push(&format!("({0} IS NULL OR {0} = '')", column.sql));
    }

    /// Whether the column equals one of these values.
    fn is_one_of(&mut self, column: &Column, elements: &[Operand]) {
        let (mut stored, mut computed, mut decimals, mut empty) = (Vec::new(), Vec::new(), Vec::new(), false);
        for element in elements {
            match element {
                Operand::Known(value) if column.kind == Some(Kind::Decimal) && matches!(operators::class(value), Class::Number(_)) => decimals.push(value),
                Operand::Known(value) => {
                    let twins = twins(value, column.kind);
                    // A date column may also hold numbers and short forms that read as the instant.
                    if twins.is_none() || matches!(value, Value::Date(_)) {
                        computed.push(value);
                    }
                    stored.extend(twins.unwrap_or_default().into_iter().filter(|Bound(twin)| column.affinity.keeps(twin)));
                }
                Operand::WrittenEmpty => empty = true,
                Operand::EmptyHole | Operand::Column(_) => {}
            }
        }
        let mut between = "(";
        if !stored.is_empty() {
            self.push(between);
            self.one_of(&column.sql, stored);
            between = " OR ";
        }
        if !computed.is_empty() {
            for unusual in column.unusual() {
                self.push(between);
                self.push(&format!("{unusual} AND "));
                self.any_equal(column, &computed);
                between = " OR ";
            }
        }
        if !decimals.is_empty() {
            self.push(between);
            // Floats find the rows in the index, digits decide.
            let floats = decimals.iter().map(|value| Bound(SqlValue::Real(coerce::number(value).map_or(0.0, |number| number.as_float())))).collect();
            self.one_of(&value_of_decimal(&column.sql), floats);
            self.push(" AND ");
            self.any_equal(column, &decimals);
            between = " OR ";
        }
        if empty {
            self.push(between);
            self.is_empty(column);
            between = " OR ";
        }
        self.push(if between == "(" { "FALSE" } else { ")" });
    }

    /// Whether the column equals one of these by the language's equality. Halves in brackets keep the expression flat:
    /// SQLite bounds how deep one may be.
    fn any_equal(&mut self, column: &Column, values: &[&Value]) {
        match values {
            [] => self.push("FALSE"),
            [value] => {
                self.push(&format!("gbvm_equal({}, {}, ", column.sql, kind_number(column.kind)));
                self.operand(value);
                self.push(")");
            }
            values => {
                let (first, second) = values.split_at(values.len() / 2);
                self.push("(");
                self.any_equal(column, first);
                self.push(" OR ");
                self.any_equal(column, second);
                self.push(")");
            }
        }
    }

    fn one_of(&mut self, column: &str, values: Vec<Bound>) {
        self.push(&format!("{column} IN ("));
        if values.len() < LONG_LIST {
            for (at, value) in values.into_iter().enumerate() {
                if at > 0 {
                    self.push(", ");
                }
                self.bind(value);
            }
        } else {
            let list = values.into_iter().map(|Bound(value)| match value {
                SqlValue::Integer(int) => serde_json::Value::from(int),
                SqlValue::Real(real) => serde_json::Value::from(real),
                SqlValue::Text(text) => serde_json::Value::from(text),
                SqlValue::Null | SqlValue::Blob(_) => serde_json::Value::Null,
            });
            self.push("SELECT value FROM json_each(");
            self.bind(Bound(SqlValue::Text(serde_json::Value::Array(list.collect()).to_string())));
            self.push(")");
        }
        self.push(")");
    }
}

/// A column in SQL; one that is not there reads as NULL.
struct Column {
    sql: String,
    kind: Option<Kind>,
    affinity: Affinity,
}

impl Column {
    fn of(table: &Table, name: &str) -> Column {
        match table.column(name) {
            Some(column) => Column { sql: quoted(&column.name), kind: column.kind, affinity: column.affinity },
            None => Column { sql: "NULL".to_owned(), kind: None, affinity: Affinity::None },
        }
    }

    /// Conditions, one of which each row holds whose value only a function can compare: in a date column what is no
    /// canonical text, elsewhere all. Those of a date column are ranges, in which an index over such values is searched.
    fn unusual(&self) -> Vec<String> {
        match self.kind {
            Some(Kind::Date) => ["< ''", ">= ''"].map(|range| format!("({} AND {} {range})", is_unusual_date(&self.sql), self.sql)).to_vec(),
            Some(Kind::Plain | Kind::Boolean | Kind::Json | Kind::Decimal) | None => vec!["TRUE".to_owned()],
        }
    }
}

/// The value of a decimal as a float, by which an index finds it.
pub fn value_of_decimal(column: &str) -> String {
    format!("CAST({column} AS REAL)")
}

/// The condition that a date column holds no canonical text. An index over such values has it word for word.
pub fn is_unusual_date(column: &str) -> String {
    format!("NOT (typeof({column}) = 'text' AND length({column}) = 24)")
}

/// A pattern as the database reads it.
///
/// # Errors
/// `E_FILTER_TOO_LARGE`: of a longer one the database says no more than that it is too complex.
fn pattern_text(steps: &[Step]) -> Result<String, Fault> {
    let mut pattern = String::new();
    for step in steps {
        match step {
            Step::Run => pattern.push('%'),
            Step::One => pattern.push('_'),
            Step::Char(char) => {
                if matches!(char, '%' | '_' | '\\') {
                    pattern.push('\\');
                }
                pattern.push(*char);
            }
        }
    }
    if pattern.len() > PATTERN_MAX {
        return Err(Fault::new("E_FILTER_TOO_LARGE", format!("a value of LIKE may have {PATTERN_MAX} bytes, and this one has {}", pattern.len())));
    }
    Ok(pattern)
}

fn number(number: u64) -> Bound {
    Bound(SqlValue::Integer(i64::try_from(number).unwrap_or(i64::MAX)))
}
