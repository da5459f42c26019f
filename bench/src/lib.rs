//! What the benchmarks measure: scripts, and how they are made ready to run.

use std::sync::Arc;

use gbvm_lang::source::Source;
use gbvm_stdlib::keyword::Function;
use gbvm_vm::machine::Linked;
use gbvm_vm::native::Native;

/// The project's own webhook script.
pub const CRM_SYNC: &str = include_str!("../../bas/crm-sync.bas");

/// Calls: the Fibonacci number of 24, the slow way.
pub const FIBONACCI: &str = "
FUNCTION fib(n)
    IF n < 2 THEN
        RETURN n
    END IF
    RETURN fib(n - 1) + fib(n - 2)
END FUNCTION
";

/// Loops and arithmetic over whole numbers.
pub const LOOPS: &str = "
sum = 0
FOR i = 1 TO 1000000
    sum = sum + i MOD 7
NEXT i
result = sum
";

/// Records: made, read and changed by fields with known names.
pub const RECORDS: &str = "
total = 0
FOR i = 1 TO 100000
    WITH order = NEW OBJECT
        .number = i
        .quantity = i MOD 10
        .price = 5
        .status = \"open\"
    END WITH
    order.status = \"paid\"
    total = total + order.quantity * order.price
NEXT i
result = total
";

/// A script compiled, verified and bound to its functions.
///
/// # Panics
/// Where it does not compile: the benchmarks' scripts are right.
pub fn link(source: &str) -> Arc<Linked> {
    let compilation = gbvm_lang::compile(&[Source::new("bench.bas", source)], &gbvm_stdlib::signatures());
    let script = compilation.script.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics));
    Arc::new(Linked::new(Arc::new(script.program), native).expect("compiled programs pass verification"))
}

/// The function that a name is bound to; of keywords that reach outside, that they stop the machine.
pub fn native(phrase: &str) -> Option<Native> {
    gbvm_stdlib::find(phrase).map(|keyword| match keyword.function {
        Function::Pure(function) => Native::Pure(function),
        Function::Changing(function) => Native::Changing(function),
        Function::Asking(function) => Native::Asking(function),
        Function::Host(_) | Function::Declare | Function::Absent => Native::Host,
    })
}

/// What a long script is made of: a procedure that handles an order, and a function.
const PART: &str = include_str!("long_script.bas");

/// A webhook of about this many lines, as they are written: it hands each kind of order to a procedure that finds, counts,
/// chooses, writes, calls and prints.
pub fn long_script(lines: usize) -> String {
    let count = lines.div_ceil(PART.lines().count() + 2);
    let mut script = "WEBHOOK \"orders\"\n\nIF NOT VERIFY_SIGNATURE(body, headers.x_signature, GET BOT MEMORY \"orders_secret\") THEN\n    result.status = 401\n    EXIT\nEND IF\n\nSELECT CASE body.kind\n".to_owned();
    for number in 0..count {
        script += &format!("    CASE \"{number}\"\n        handle_{number}(body)\n");
    }
    script += "END SELECT\n";
    script.extend((0..count).map(|number| format!("\n{}", PART.replace("NUMBER", &number.to_string()))));
    script
}
