//! FIND, INSERT, UPDATE, SAVE, DELETE, AGGREGATE.

use gbvm_stdlib::fake::World;
use gbvm_vm::template::{Condition, Count, OrderBy, Template, Term};
use gbvm_vm::text::Text;
use gbvm_vm::value::Value;

use crate::caller::{call, data, equals, json, lit, sum, world};

fn with_jobs() -> World {
    let mut world = world();
    for row in [r#"{"id":"a","status":"open","n":3}"#, r#"{"id":"b","status":"done","n":"10"}"#, r#"{"id":"c","n":null}"#] {
        call(&mut world, "INSERT").with(lit("jobs")).with(json(row)).run().expect("the row is new");
    }
    world
}

#[test]
fn find_gives_a_row_a_list_or_missing() {
    let mut world = with_jobs();
    assert_eq!(call(&mut world, "FIND").with(lit("jobs")).filter(equals("status"), vec![data("done")]).json(), r#"{"id":"b","status":"done","n":"10"}"#);
    assert_eq!(call(&mut world, "FIND").with(lit("jobs")).filter(equals("status"), vec![data("done")]).list().json(), r#"[{"id":"b","status":"done","n":"10"}]"#);
    assert_eq!(call(&mut world, "FIND").with(lit("jobs")).filter(equals("status"), vec![data("gone")]).json(), "MISSING");
    assert_eq!(call(&mut world, "FIND").with(lit("nowhere")).list().json(), "[]");
    let Ok(Value::Array(all)) = call(&mut world, "FIND").with(lit("jobs")).list().run() else { panic!("a list was asked for") };
    assert_eq!(all.len(), 3);
}

#[test]
fn find_by_a_lone_value_is_by_id() {
    let mut world = with_jobs();
    assert_eq!(call(&mut world, "FIND").with(lit("jobs")).with(data("c")).json(), r#"{"id":"c","n":null}"#);
    assert_eq!(call(&mut world, "FIND").with(lit("jobs")).with(data("status=open")).json(), "E_FILTER_TAINT");
    assert_eq!(call(&mut world, "FIND").with(lit("jobs")).with(Value::Missing).json(), "MISSING");
    assert_eq!(call(&mut world, "FIND").with(lit("jobs")).with(json("[1]")).json(), "E_FILTER_TYPE");
}

#[test]
fn runtime_text_keeps_data_out_of_the_syntax() {
    let mut world = with_jobs();
    let ids = |filter| call(&mut with_jobs(), "FIND").with(lit("jobs")).with(filter).list().json();
    assert!(ids(lit("status=open")).contains(r#""id":"a""#));
    assert!(ids(sum(&["status=", "open"])).contains(r#""id":"a""#));
    assert_eq!(ids(sum(&["status=", "x OR 1=1"])), "[]");
    assert_eq!(ids(sum(&["status=", ""])), "[]");
    assert!(ids(lit("status=")).contains(r#""id":"c""#));
    assert_eq!(call(&mut world, "UPDATE").with(lit("jobs")).with(sum(&["status=", ""])).with(json("{}")).json(), "E_FILTER_EMPTY");
}

#[test]
fn an_update_is_never_wider_than_written() {
    let mut world = with_jobs();
    let change = || json(r#"{"n":0}"#);
    let mut refused = |template: Template, holes| call(&mut world, "UPDATE").with(lit("jobs")).filter(template, holes).with(change()).json();
    for empty in [Value::Missing, Value::Null, data("")] {
        assert_eq!(refused(equals("status"), vec![empty]), "E_FILTER_EMPTY");
    }
    let not = Template { condition: Some(Condition::Not(Box::new(equals("status").condition.expect("it has one")))), ..equals("status") };
    assert_eq!(refused(not, vec![Value::Null]), "E_FILTER_EMPTY");
    let within = Template { condition: Some(Condition::In("id".to_owned(), true, vec![Term::Hole(0)])), holes: 1, ..Template::default() };
    assert_eq!(refused(within.clone(), vec![json("[]")]), "E_FILTER_EMPTY");
    assert_eq!(refused(within, vec![json(r#"["a",null]"#)]), "E_FILTER_EMPTY");
    let no_elements = Template { condition: Some(Condition::In("id".to_owned(), true, vec![])), ..Template::default() };
    assert_eq!(refused(no_elements, vec![]), "E_FILTER_EMPTY");
    assert_eq!(refused(Template::default(), vec![]), "E_FILTER_UNBOUNDED");
    assert_eq!(refused(Template { limit: Some(Count::Literal(1)), ..equals("status") }, vec![data("open")]), "E_FILTER_CLAUSE");
    let ordered = Template { order: vec![OrderBy { column: "id".to_owned(), descending: false }], ..equals("status") };
    assert_eq!(refused(ordered, vec![data("open")]), "E_FILTER_CLAUSE");
    assert_eq!(refused(equals("status"), vec![json("{}")]), "E_FILTER_TYPE");
    assert_eq!(refused(equals("status"), vec![data("a\0b")]), "E_NUL");
    assert_eq!(refused(Template { star: true, ..Template::default() }, vec![]), "3");
}

#[test]
fn update_and_delete_by_id_count_rows() {
    let mut world = with_jobs();
    assert_eq!(call(&mut world, "UPDATE").with(lit("jobs")).with(data("a")).with(json(r#"{"id":"z","n":4}"#)).json(), "1");
    assert_eq!(call(&mut world, "FIND").with(lit("jobs")).with(data("a")).json(), r#"{"id":"a","status":"open","n":4}"#);
    assert_eq!(call(&mut world, "DELETE").with(lit("jobs")).with(data("a")).json(), "1");
    assert_eq!(call(&mut world, "DELETE").with(lit("jobs")).with(data("a")).json(), "0");
    assert_eq!(call(&mut world, "DELETE").with(lit("jobs")).with(data("n>0")).json(), "E_FILTER_TAINT");
    assert_eq!(call(&mut world, "DELETE").with(lit("jobs")).with(Value::Null).json(), "E_FILTER_EMPTY");
    assert_eq!(call(&mut world, "DELETE").with(lit("jobs")).json(), "E_FILTER_UNBOUNDED");
}

#[test]
fn limits_of_a_filter_are_integers_in_range() {
    let mut world = with_jobs();
    let limited = |limit| Template { limit: Some(limit), holes: 1, ..Template::default() };
    let mut found = |template, hole| call(&mut world, "FIND").with(lit("jobs")).filter(template, vec![hole]).list().json();
    assert!(found(limited(Count::Hole(0)), data("1")).contains(r#""id":"a""#));
    for hole in [data("1; DROP TABLE t"), Value::Int(-1), Value::Int(10_001), Value::Null, Value::Float(1.5)] {
        assert_eq!(found(limited(Count::Hole(0)), hole), "E_FILTER_LIMIT");
    }
    assert_eq!(found(limited(Count::Literal(10_001)), Value::Null), "E_FILTER_LIMIT");
}

#[test]
fn an_in_list_has_an_end() {
    let mut world = with_jobs();
    let within = |count: i64| {
        let items = Value::array((0..count).map(Value::Int).collect()).expect("numbers are flat");
        (Template { condition: Some(Condition::In("n".to_owned(), false, vec![Term::Hole(0)])), holes: 1, ..Template::default() }, vec![items])
    };
    let (template, holes) = within(10_000);
    assert!(call(&mut world, "FIND").with(lit("jobs")).filter(template, holes).list().json().contains(r#""id":"b""#));
    let (template, holes) = within(10_001);
    assert_eq!(call(&mut world, "FIND").with(lit("jobs")).filter(template, holes).list().json(), "E_FILTER_TOO_LARGE");
}

#[test]
fn a_table_named_by_data_must_exist() {
    let mut world = with_jobs();
    assert!(call(&mut world, "FIND").with(data("jobs")).json().contains(r#""id":"a""#));
    assert_eq!(call(&mut world, "FIND").with(data("users")).json(), "E_TABLE_UNKNOWN");
    assert_eq!(call(&mut world, "INSERT").with(data("users")).with(json("{}")).json(), "E_TABLE_UNKNOWN");
    for name in ["sqlite_master", "pg_user", "GBVM_runs", "a b", "1a", "", "x\"y"] {
        assert_eq!(call(&mut world, "FIND").with(lit(name)).json(), "E_TABLE_NAME", "{name}");
    }
    let fault = call(&mut world, "FIND").named("table", Value::Null).fault();
    assert_eq!(fault.message, "FIND needs the name of a table, and this is NULL");
    assert_eq!(fault.argument, Some(0));
}

#[test]
fn missing_fields_are_left_out_and_secrets_refused() {
    let mut world = world();
    let mut row = gbvm_vm::object::Object::new();
    row.set_str("id", data("1")).expect("flat");
    row.set_str("gone", Value::Missing).expect("flat");
    assert_eq!(call(&mut world, "INSERT").with(lit("t")).with(Value::Object(row.clone())).json(), r#"{"id":"1"}"#);
    assert_eq!(call(&mut world, "INSERT").with(lit("t")).with(Value::Object(row.clone())).json(), "E_UNIQUE");
    row.set_str("key", Value::Text(Text::secret("crm_api_key", "s3cret"))).expect("flat");
    let fault = call(&mut world, "SAVE").with(lit("t")).with(data("2")).with(Value::Object(row)).fault();
    assert_eq!(fault.code, "E_SECRET_LEAK");
    assert!(!fault.message.contains("s3cret"));
    assert_eq!(call(&mut world, "INSERT").with(lit("t")).with(data("text")).json(), "E_TYPE");
}

#[test]
fn insert_takes_arrays_and_makes_ids() {
    let mut world = world();
    assert_eq!(call(&mut world, "INSERT").with(lit("t")).with(json(r#"[{"n":1},{"n":2}]"#)).json(), r#"[{"id":"id-000001","n":1},{"id":"id-000002","n":2}]"#);
}

#[test]
fn save_takes_its_forms() {
    let mut world = world();
    assert_eq!(call(&mut world, "SAVE").with(lit("t")).with(data("k")).with(json(r#"{"a":1,"b":2}"#)).json(), r#"{"id":"k","a":1,"b":2}"#);
    assert_eq!(call(&mut world, "SAVE").with(lit("t")).with(data("k")).named("a", Value::Int(5)).named("data.c", Value::Int(6)).json(), r#"{"id":"k","a":5,"b":2,"c":6}"#);
    assert_eq!(call(&mut world, "SAVE").with(lit("t")).with(json(r#"{"id":"k","b":9}"#)).json(), r#"{"id":"k","a":5,"b":9,"c":6}"#);
    assert_eq!(call(&mut world, "SAVE").with(lit("t")).with(json(r#"[{"id":"k","c":0},{"id":"l"}]"#)).json(), r#"[{"id":"k","a":5,"b":9,"c":0},{"id":"l"}]"#);
    for id in [Value::Missing, Value::Null, data("")] {
        assert_eq!(call(&mut world, "SAVE").with(lit("t")).with(id).with(json("{}")).json(), "E_ID_EMPTY");
    }
    assert_eq!(call(&mut world, "SAVE").with(lit("t")).with(json("{}")).json(), "E_ID_EMPTY");
    assert_eq!(call(&mut world, "SAVE").with(lit("t")).with(data("k")).with(Value::Int(5)).json(), "E_ARGUMENT");
}

#[test]
fn aggregate_over_tables_and_arrays() {
    let mut world = with_jobs();
    let mut over = |function, field| call(&mut world, "AGGREGATE").with(lit(function)).with(lit("jobs")).with(lit(field)).json();
    assert_eq!(over("SUM", "n"), "13");
    assert_eq!(over("avg", "n"), "6.5");
    assert_eq!(over("MAX", "n"), "\"10\"");
    assert_eq!(over("MIN", "nothing"), "null");
    assert_eq!(over("SUM", "nothing"), "0");
    assert_eq!(over("MEDIAN", "n"), "E_ARGUMENT");
    assert_eq!(call(&mut world, "AGGREGATE").with(lit("COUNT")).with(lit("jobs")).json(), "3");
    assert_eq!(call(&mut world, "AGGREGATE").with(lit("COUNT")).with(lit("jobs")).filter(equals("status"), vec![data("open")]).json(), "1");
    assert_eq!(call(&mut world, "AGGREGATE").with(lit("COUNT")).with(lit("none")).json(), "0");
    assert_eq!(call(&mut world, "AGGREGATE").with(lit("SUM")).with(json(r#"[{"n":1},{"n":2.5},{}]"#)).with(lit("n")).json(), "3.5");
    let field = Template { condition: Some(Condition::Id(Term::Literal(gbvm_vm::template::Literal::Text("n".to_owned())))), ..Template::default() };
    assert_eq!(call(&mut world, "AGGREGATE").with(lit("SUM")).with(lit("jobs")).filter(field, vec![]).filter(equals("status"), vec![data("open")]).json(), "3");
}
