//! FILL: texts with `{{name}}` in them, filled from objects.

use gbvm_vm::coerce;
use gbvm_vm::fault::Fault;
use gbvm_vm::memory;
use gbvm_vm::native::PureContext;
use gbvm_vm::object::Object;
use gbvm_vm::signature::{Param, Role};
use gbvm_vm::text::Text;
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
    // Looked for once: in rows times templates it would be looked for in all rows each time.
    let filler = Filler { context, secret: arguments.iter().find_map(coerce::secret_in) };
    let template = at(arguments, 1);
    match at(arguments, 0) {
        Value::Array(rows) => {
            let mut all = Vec::new();
            for row in rows.items() {
                all.push(filler.filled(row, template)?);
                // Rows times templates may be far more than either.
                memory::check()?;
            }
            argument::array(all, context.limits)
        }
        data => filler.filled(data, template),
    }
}

struct Filler<'a> {
    context: &'a PureContext<'a>,
    /// A secret in the data or the template, if there is one: then all that is filled is secret.
    secret: Option<&'a Text>,
}

impl Filler<'_> {
    fn filled(&self, data: &Value, template: &Value) -> Result<Value, Fault> {
        match template {
            Value::Text(text) => {
                let filled = replaced(data, text.as_str(), self.context)?;
                argument::check_length(filled.len(), self.context.limits)?;
                Ok(Value::Text(match self.secret {
                    Some(secret) => secret.derive(filled),
                    None => Text::data(filled),
                }))
            }
            Value::Array(items) => {
                let items = items.items().iter().map(|item| self.filled(data, item)).collect::<Result<Vec<_>, _>>()?;
                argument::array(items, self.context.limits)
            }
            Value::Object(object) => {
                let mut out = Object::new();
                for (key, value) in object.fields() {
                    out.set(key, self.filled(data, value)?)?;
                }
                Ok(Value::Object(out))
            }
            Value::Missing | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => Ok(template.clone()),
        }
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
