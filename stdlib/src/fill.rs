//! FILL: texts with `{{name}}` in them, filled from objects.

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::native::PureContext;
use gbvm_vm::object::Object;
use gbvm_vm::signature::{Param, Role};
use gbvm_vm::value::Value;

use crate::argument::{self, at};
use crate::keyword::{Example, Keyword};

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[Keyword::pure("Text", "FILL", &[Param::required("data", Role::Value), Param::required("template", Role::Value)], fill).about(
    "A template with `{{name}}` replaced by the fields of data",
    "The template is text, or an object or array with such texts in it. A path such as `{{customer.name}}` reads inside; what is not there is filled with nothing. Of an array of data it gives an array, one filled template for each element.",
    &[
        Example::new("text = FILL {name: \"Ana\", order: {total: 12.5}}, \"{{name}} owes {{order.total}}\"\nPRINT text", "Ana owes 12.5"),
        Example::new("FOR EACH line IN FILL([{n: 1}, {n: 2}], \"no. {{n}}\")\n  PRINT line\nNEXT", "no. 1\nno. 2"),
    ],
)];

fn fill(context: &PureContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let template = at(arguments, 1);
    match at(arguments, 0) {
        Value::Array(rows) => {
            let filled = rows.items().iter().map(|row| filled(context, row, template, arguments)).collect::<Result<Vec<_>, _>>()?;
            argument::array(filled, context.limits)
        }
        data => filled(context, data, template, arguments),
    }
}

fn filled(context: &PureContext<'_>, data: &Value, template: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    match template {
        Value::Text(text) => argument::computed(arguments, replaced(data, text.as_str(), context)?, context.limits),
        Value::Array(items) => {
            let items = items.items().iter().map(|item| filled(context, data, item, arguments)).collect::<Result<Vec<_>, _>>()?;
            argument::array(items, context.limits)
        }
        Value::Object(object) => {
            let mut out = Object::new();
            for (key, value) in object.fields() {
                out.set(key, filled(context, data, value, arguments)?)?;
            }
            Ok(Value::Object(out))
        }
        Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => Ok(template.clone()),
    }
}

fn replaced(data: &Value, template: &str, context: &PureContext<'_>) -> Result<String, Fault> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((name, after)) = behind.split_once("}}") else { break };
        out.push_str(before);
        let mut value = data;
        for step in name.trim().split('.') {
            value = match value {
                Value::Object(object) => object.read(step.trim()),
                _ => &Value::Missing,
            };
        }
        coerce::write_text(value, &mut out);
        argument::check_length(out.len(), context.limits)?;
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}
