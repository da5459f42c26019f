//! A table of signatures to compile tests with, small but of every kind.

use gbvm_vm::signature::{Access, Form, Kind, Param, Role, Signature};

const fn required(name: &'static str, role: Role) -> Param {
    Param::required(name, role)
}

const fn optional(name: &'static str, role: Role) -> Param {
    Param::optional(name, role)
}

const fn pure(phrase: &'static str, params: &'static [Param]) -> Signature {
    Signature::new(phrase, Form::Function, Kind::Pure, params)
}

const fn host(phrase: &'static str, params: &'static [Param]) -> Signature {
    Signature::new(phrase, Form::Keyword, Kind::Host, params)
}

const fn declare(phrase: &'static str, params: &'static [Param]) -> Signature {
    Signature::new(phrase, Form::Statement, Kind::Declare, params)
}

const VALUE: Param = required("value", Role::Value);
const TABLE: Param = required("table", Role::Table);
const URL: Param = required("url", Role::Url);

/// The table.
pub const SIGNATURES: &[Signature] = &[
    Signature {
        row_or_list: true,
        access: Access::Read,
        ..host("FIND", &[TABLE, optional("filter", Role::Filter)])
    },
    Signature { access: Access::Write, sets_id: true, ..host("INSERT", &[TABLE, required("record", Role::Record)]) },
    Signature {
        access: Access::Write,
        ..host("UPDATE", &[TABLE, required("filter", Role::Filter), required("record", Role::Record)])
    },
    Signature {
        access: Access::Write,
        variadic: true,
        ..host("SAVE", &[TABLE, VALUE, optional("record", Role::Record)])
    },
    Signature { access: Access::Write, ..host("DELETE", &[TABLE, required("filter", Role::Filter)]) },
    Signature {
        access: Access::Read,
        ..host("AGGREGATE", &[
            required("operation", Role::Word),
            TABLE,
            optional("field", Role::Field),
            optional("filter", Role::Filter),
        ])
    },
    Signature { immediate: true, ..host("GET", &[URL]) },
    Signature { immediate: true, ..host("POST", &[URL, VALUE]) },
    Signature { immediate: true, ..host("PUT", &[URL, VALUE]) },
    host("GET BOT MEMORY", &[required("key", Role::MemoryKey)]),
    Signature { form: Form::Statement, ..host("SET BOT MEMORY", &[required("key", Role::MemoryKey), VALUE]) },
    Signature {
        form: Form::Statement,
        ..host("SET HEADER", &[required("name", Role::Header), required("value", Role::Header)])
    },
    Signature {
        form: Form::Statement,
        ..host("SEND MAIL", &[
            required("to", Role::Recipient),
            required("subject", Role::Value),
            required("body", Role::Value),
            optional("attachments", Role::Value),
        ])
    },
    Signature { form: Form::Statement, variadic: true, ..host("PRINT", &[optional("value", Role::Value)]) },
    declare("WEBHOOK", &[VALUE, optional("mode", Role::Word)]),
    declare("ON", &[TABLE, VALUE]),
    declare("SET SCHEDULE", &[VALUE, optional("when", Role::Value)]),
    Signature { once_per_statement: true, ..pure("NOW", &[]) },
    pure("FORMAT", &[VALUE, required("pattern", Role::Value)]),
    pure("DATEDIFF", &[VALUE, VALUE, optional("unit", Role::Word)]),
    Signature { aliases: &["UPPER"], ..pure("UCASE", &[VALUE]) },
    pure("TRIM", &[VALUE]),
    pure("ABS", &[VALUE]),
    pure("UBOUND", &[VALUE]),
    pure("ISNULL", &[VALUE]),
    pure("INSTR", &[VALUE, VALUE, optional("part", Role::Value)]),
    pure("VERIFY_SIGNATURE", &[VALUE, VALUE, VALUE]),
    pure("VERIFY_KEY", &[VALUE, VALUE]),
    pure("get_changed_fields", &[VALUE, VALUE]),
    pure("merge_records", &[VALUE, VALUE, VALUE]),
    pure("summarize_data", &[VALUE]),
];
