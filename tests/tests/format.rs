//! What `gbvm fmt` promises of every script there is: the same meaning, and nothing left to do the second time.

use gbvm_lang::format::{Refusal, format};
use gbvm_lang::source::Source;
use gbvm_tests::scripts;

#[test]
fn formatting_is_idempotent_and_keeps_every_script() {
    let signatures = gbvm_stdlib::signatures();
    let mut formatted = 0;
    let mut wrong = Vec::new();
    for (name, text) in scripts() {
        let source = Source::new("test.bas", text.as_str());
        let once = match format(&source, &signatures) {
            Ok(once) => once,
            Err(Refusal::Unreadable(_)) => continue,
            Err(Refusal::Different) => {
                wrong.push(format!("{name}: would not mean the same"));
                continue;
            }
        };
        formatted += 1;
        match format(&Source::new("test.bas", once.as_str()), &signatures) {
            Ok(twice) if twice == once => {}
            other => wrong.push(format!("{name}: is not done after one time\n--- once\n{once}\n--- twice\n{other:?}")),
        }
        let written = |text: &str| text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect::<String>();
        if written(&once) != written(&text) {
            wrong.push(format!("{name}: loses or gains something\n{once}"));
        }
    }
    assert!(formatted > 100, "only {formatted} scripts were formatted");
    assert!(wrong.is_empty(), "{} of {formatted}\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn the_project_s_own_scripts_are_formatted() {
    let signatures = gbvm_stdlib::signatures();
    for (name, text) in scripts().into_iter().filter(|(name, _)| name.contains("/bas/")) {
        let formatted = format(&Source::new("test.bas", text.as_str()), &signatures).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        assert_eq!(text, formatted, "{name}: gbvm fmt {name} puts it right");
    }
}
