//! A small table of keywords, as the seed scripts use them.

use gbvm_vm::signature::{Form, Kind, Param, Role, Signature};

const NAME: Param = Param::required("name", Role::Value);
const MORE: Param = Param::optional("more", Role::Value);
const TABLE: Param = Param::required("table", Role::Table);
const FILTER: Param = Param::optional("filter", Role::Filter);
const URL: Param = Param::required("url", Role::Url);
const RECORD: Param = Param::required("record", Role::Record);
const KEY: Param = Param::required("key", Role::MemoryKey);
const VALUE: Param = Param::required("value", Role::Value);

const fn keyword(phrase: &'static str, params: &'static [Param]) -> Signature {
    Signature::new(phrase, Form::Keyword, Kind::Host, params)
}

const fn statement(phrase: &'static str, params: &'static [Param]) -> Signature {
    Signature::new(phrase, Form::Statement, Kind::Host, params)
}

const fn declare(phrase: &'static str, params: &'static [Param]) -> Signature {
    Signature::new(phrase, Form::Statement, Kind::Declare, params)
}

const fn function(phrase: &'static str, params: &'static [Param]) -> Signature {
    Signature::new(phrase, Form::Function, Kind::Pure, params)
}

/// The table.
pub const TABLE_OF_TESTS: &[Signature] = &[
    declare("WEBHOOK", &[NAME, MORE]),
    declare("ON", &[TABLE, VALUE]),
    declare("SET SCHEDULE", &[NAME, MORE]),
    keyword("GET BOT MEMORY", &[KEY]),
    statement("SET BOT MEMORY", &[KEY, VALUE]),
    keyword("GET", &[URL]),
    keyword("POST", &[URL, RECORD, MORE]),
    keyword("PUT", &[URL, RECORD, MORE]),
    statement("SET HEADER", &[NAME, VALUE]),
    Signature { aliases: &["SEND EMAIL"], ..statement("SEND MAIL", &[NAME, VALUE, VALUE, MORE]) },
    keyword("FIND", &[TABLE, FILTER]),
    keyword("INSERT", &[TABLE, RECORD]),
    keyword("UPDATE", &[TABLE, FILTER, RECORD]),
    keyword("SAVE", &[TABLE, VALUE, RECORD]),
    keyword("AGGREGATE", &[NAME, TABLE, FILTER, MORE]),
    Signature { variadic: true, ..statement("PRINT", &[MORE]) },
    statement("COMMIT", &[]),
    keyword("ERROR", &[]),
    keyword("ERROR MESSAGE", &[]),
    function("NOW", &[]),
    function("FORMAT", &[VALUE, VALUE]),
    function("UBOUND", &[VALUE]),
    function("INSTR", &[VALUE, VALUE, MORE]),
    function("ABS", &[VALUE]),
    function("DATEDIFF", &[VALUE, VALUE, MORE]),
    function("VERIFY_SIGNATURE", &[VALUE, VALUE, VALUE]),
];
