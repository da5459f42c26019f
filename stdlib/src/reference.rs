//! Help for one keyword and the reference of all, made from their records.

use std::fmt::Write;

use gbvm_vm::signature::{Form, Holds, Signature, WordForm};

use crate::keyword::{Example, Function, Keyword};
use crate::table;

/// How a keyword is written, its parameters in angle brackets, those that may be left out in square ones too.
pub fn usage(signature: &Signature) -> String {
    let mut parameters = String::new();
    let mut open = 0;
    for (at, param) in signature.params.iter().enumerate() {
        if param.optional {
            parameters.push_str(if at > 0 { " [, " } else { "[" });
            open += 1;
        } else if at > 0 {
            parameters.push_str(", ");
        }
        let _ = write!(parameters, "<{}>", param.name);
    }
    if signature.variadic {
        parameters.push_str(" …");
    }
    parameters.push_str(&"]".repeat(open));
    match signature.form {
        Form::Function => format!("{}({parameters})", signature.phrase),
        Form::Keyword | Form::Statement if parameters.is_empty() => signature.phrase.to_owned(),
        Form::Keyword | Form::Statement => format!("{} {parameters}", signature.phrase),
    }
}

/// How a word form is written, everything that may be left out in square brackets.
fn word_usage(signature: &Signature, form: &WordForm) -> String {
    let mut out = form.phrase.to_owned();
    for part in form.parts {
        let name = signature.params.get(usize::from(part.param)).map_or("", |param| param.name);
        let what = match part.holds {
            Holds::Name | Holds::Value => format!("<{name}>"),
            Holds::Values => "<values>".to_owned(),
            Holds::Fields => "<field> = <value>, …".to_owned(),
            Holds::Choice(words) => words.join("|"),
            Holds::Condition => "<condition>".to_owned(),
            Holds::Order => "<column> [DESC], …".to_owned(),
            Holds::Limit | Holds::Offset => "<number>".to_owned(),
        };
        let is_needed = signature.params.get(usize::from(part.param)).is_some_and(|param| !param.optional)
            && form.parts.iter().filter(|other| other.param == part.param).count() == 1;
        let _ = match part.words {
            "" => write!(out, " {what}"),
            words if is_needed => write!(out, " {words} {what}"),
            words => write!(out, " [{words} {what}]"),
        };
    }
    out
}

/// The help for one keyword, as plain text.
pub fn help(keyword: &Keyword) -> String {
    let mut out = format!("{}\n\n{}.\n", usage(&keyword.signature), keyword.summary);
    if !keyword.details.is_empty() {
        let _ = writeln!(out, "{}", keyword.details);
    }
    if let Some(note) = note(keyword) {
        let _ = writeln!(out, "{note}");
    }
    examples(keyword.examples, &mut out);
    out
}

/// Examples as plain text.
pub fn examples(examples: &[Example], out: &mut String) {
    for example in examples {
        out.push('\n');
        indent(example.script, out);
        out.push_str("prints\n");
        indent(example.output, out);
    }
}

/// Examples as Markdown.
pub fn examples_as_markdown(examples: &[Example], out: &mut String) {
    for example in examples {
        let _ = write!(out, "\n```basic\n{}\n```\n\n```text\n{}\n```\n", example.script, example.output);
    }
}

fn indent(text: &str, out: &mut String) {
    for line in text.lines() {
        let _ = writeln!(out, "    {line}");
    }
}

/// What the signature says beyond its parameters.
fn note(keyword: &Keyword) -> Option<String> {
    let mut notes = Vec::new();
    if !keyword.signature.aliases.is_empty() {
        notes.push(format!("Also written {}.", keyword.signature.aliases.join(", ")));
    }
    let forms: Vec<String> = keyword.signature.word_forms.iter().map(|form| format!("`{}`", word_usage(&keyword.signature, form))).collect();
    if !forms.is_empty() {
        notes.push(format!("In words: {}.", forms.join(", ")));
    }
    if let Some(end) = keyword.signature.text_end {
        notes.push(format!("The text stands below it, up to a line {end}."));
    }
    match keyword.function {
        Function::Declare => notes.push("A declaration: it stands at the top of a script and does nothing when its line is reached.".to_owned()),
        Function::Pure(_) | Function::Asking(_) | Function::Changing(_) | Function::Host(_) | Function::Absent => {}
    }
    (!notes.is_empty()).then(|| notes.join(" "))
}

/// Every keyword with its summary, by family: what `gbvm help` shows.
pub fn overview() -> String {
    let mut out = String::new();
    let mut family = "";
    for keyword in table::keywords() {
        if keyword.family != family {
            family = keyword.family;
            let _ = writeln!(out, "{}{family}", if out.is_empty() { "" } else { "\n" });
        }
        let _ = writeln!(out, "  {:<24} {}", keyword.signature.phrase, keyword.summary);
    }
    out
}

/// The keywords as Markdown, by family in the order of the list.
pub fn markdown() -> String {
    let mut out = String::new();
    let mut family = "";
    for keyword in table::keywords() {
        if keyword.family != family {
            family = keyword.family;
            let _ = write!(out, "\n## {family}\n");
        }
        let _ = write!(out, "\n### {}\n\n`{}`\n\n{}.", keyword.signature.phrase, usage(&keyword.signature), keyword.summary);
        for text in [keyword.details, note(keyword).as_deref().unwrap_or("")] {
            if !text.is_empty() {
                let _ = write!(out, " {text}");
            }
        }
        out.push('\n');
        examples_as_markdown(keyword.examples, &mut out);
    }
    out
}
