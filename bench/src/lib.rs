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
        Function::Host(_) | Function::Declare => Native::Host,
    })
}

/// The same script again and again, its procedures renamed, until it has this many lines.
pub fn long_script(lines: usize) -> String {
    let body = "SUB part_NUMBER(order)\n    IF order.total > 100 THEN\n        WITH note = NEW OBJECT\n            .order_id = order.id\n            .text = \"Order \" + order.number + \" is large\"\n            .created_at = NOW()\n        END WITH\n        INSERT \"notes\", note\n    ELSE IF order.total = 0 THEN\n        UPDATE \"orders\", \"id=\" + order.id, order\n    END IF\nEND SUB\n";
    let count = lines.div_ceil(body.lines().count());
    (0..count).map(|number| body.replace("NUMBER", &number.to_string())).collect()
}
