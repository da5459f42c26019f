//! SEND MAIL and SEND EMAIL.

use gbvm_stdlib::fake::World;
use gbvm_stdlib::services::Level;
use std::borrow::Cow;

use gbvm_vm::value::Value;

use crate::caller::{call, data, json, lit, world};

/// Sends to these recipients: the addresses queued, and the code if they are refused.
fn sent(world: &mut World, to: Value) -> (Vec<String>, Option<Cow<'static, str>>) {
    call(world, "SEND MAIL").named("email", to).with(lit("Subject")).with(lit("Body")).run().expect("the run goes on");
    world.storage.mails.pop().map_or_else(Default::default, |mail| (mail.to, mail.refused.map(|fault| fault.code)))
}

#[test]
fn written_recipients_may_be_several() {
    let mut world = world();
    assert_eq!(sent(&mut world, lit("a@x.co, Bob <b@x.co>")), (vec!["a@x.co".to_owned(), "b@x.co".to_owned()], None));
    assert_eq!(sent(&mut world, json(r#"["a@x.co","b@x.co"]"#)), (vec!["a@x.co".to_owned(), "b@x.co".to_owned()], None));
}

#[test]
fn a_recipient_from_data_is_one_address() {
    let mut world = world();
    assert_eq!(sent(&mut world, data(" a@x.co ")), (vec!["a@x.co".to_owned()], None));
    for address in ["a@x.co,b@x.co", "a@x.co\r\nRCPT TO:<b@x.co>", "a@x.co\nBcc: b@x.co", "Bob <b@x.co>", "a b@x.co", "nobody", "a@", "a@b@c", "a@x..co"] {
        assert_eq!(sent(&mut world, data(address)).1, Some("E_MAIL_HEADER".into()), "{address}");
    }
}

#[test]
fn no_recipient_is_a_warning() {
    let mut world = world();
    for nobody in [Value::Missing, Value::Null, data(""), json("[]"), json("[null]")] {
        assert_eq!(sent(&mut world, nobody), (vec![], None));
    }
    assert_eq!(world.console.lines[0], (Level::Warn, "SEND MAIL has no recipient (\"email\" is empty): nothing is sent".to_owned()));
    assert_eq!(world.console.lines.len(), 5);
}

#[test]
fn a_subject_is_one_line() {
    let mut world = world();
    call(&mut world, "SEND MAIL").with(lit("a@x.co")).with(data("x\r\nBcc: b@x.co")).with(lit("Body")).run().expect("the run goes on");
    assert_eq!(world.storage.mails[0].refused.as_ref().map(|fault| &*fault.code), Some("E_MAIL_HEADER"));
    call(&mut world, "SEND EMAIL").with(lit("a@x.co")).with(data("First\nSecond")).run().expect("the run goes on");
    assert_eq!((world.storage.mails[1].subject.as_str(), world.storage.mails[1].body.as_str()), ("First", "First\nSecond"));
    assert_eq!(call(&mut world, "SEND MAIL").with(lit("a@x.co")).with(lit("s")).with(lit("b")).with(lit("file.pdf")).json(), "E_NOT_HERE");
}
