//! The list of all keywords: complete records, no word twice, found in any case.

use std::collections::HashSet;

use gbvm_stdlib::keyword::Function;
use gbvm_stdlib::reference;
use gbvm_vm::signature::Kind;

#[test]
fn every_record_is_complete() {
    let mut words = HashSet::new();
    for keyword in gbvm_stdlib::keywords() {
        let phrase = keyword.signature.phrase;
        for word in [phrase].iter().chain(keyword.signature.aliases) {
            assert!(words.insert(*word), "{word} stands twice");
            assert_eq!(*word, word.to_uppercase(), "{word} is not in capitals");
            assert_eq!(gbvm_stdlib::find(&word.to_lowercase()).map(|found| found.signature.phrase), Some(phrase));
        }
        assert!(!keyword.summary.is_empty() && !keyword.summary.ends_with('.'), "{phrase}: a summary is one sentence without its full stop");
        assert!(!keyword.examples.is_empty() || keyword.signature.absence.is_some(), "{phrase} has no example");
        let kind = match keyword.function {
            Function::Pure(_) | Function::Asking(_) | Function::Changing(_) => Kind::Pure,
            Function::Host(_) | Function::Absent => Kind::Host,
            Function::Declare => Kind::Declare,
        };
        assert_eq!(keyword.signature.kind, kind, "{phrase}");
        assert_eq!(keyword.signature.changes_first, matches!(keyword.function, Function::Changing(_)), "{phrase}");
        let optional = keyword.signature.params.iter().skip_while(|param| !param.optional);
        assert!(optional.clone().all(|param| param.optional), "{phrase}: a required parameter follows one that may be left out");
    }
    assert!(gbvm_stdlib::find("NO SUCH WORD").is_none());
}

#[test]
fn help_shows_usage_rules_and_examples() {
    let help = reference::help(gbvm_stdlib::find("find").expect("FIND is a keyword"));
    assert!(help.starts_with("FIND <table> [, <filter>]\n\nThe rows of a table that pass a filter.\n"), "{help}");
    assert!(help.contains("prints\n    9\n"), "{help}");
    let usage = |phrase| reference::usage(&gbvm_stdlib::find(phrase).expect("a keyword").signature);
    assert_eq!(usage("NOW"), "NOW()");
    assert_eq!(usage("CLEAR HEADERS"), "CLEAR HEADERS");
    assert_eq!(usage("AGGREGATE"), "AGGREGATE <function>, <table> [, <field or filter> [, <filter>]]");
    assert_eq!(usage("DATEDIFF"), "DATEDIFF(<from>, <to> [, <unit>])");
}

#[test]
fn the_reference_has_every_keyword() {
    let reference = reference::markdown();
    for keyword in gbvm_stdlib::keywords() {
        assert!(reference.contains(&format!("### {}\n", keyword.signature.phrase)), "{}", keyword.signature.phrase);
    }
}
