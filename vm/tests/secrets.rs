//! Secrets in checkpoints: their keys are written, and what they are when the run goes on is read.

use gbvm_vm::checkpoint::{read_value, write_value};
use gbvm_vm::machine::Secrets;
use gbvm_vm::text::Text;
use gbvm_vm::value::Value;

/// A memory with one secret.
struct Secret(&'static str);

impl Secrets for Secret {
    fn reveal(&self, key: &str) -> Option<String> {
        (key == "shop_key").then(|| self.0.to_owned())
    }

    fn seal(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn open(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

#[test]
fn a_secret_that_has_become_shorter_changes_nothing_else() {
    let long = "0123456789012345678901234567890123456789012345678901234567890123456789";
    let (first, second) = (Value::text(format!("first {long}")), Value::text(format!("second {long}")));
    let secret = Value::Text(Text::secret("shop_key", long));
    let written = Value::array(vec![secret, first.clone(), second, first]).expect("it is flat");
    let mut bytes = Vec::new();
    write_value(&written, &Secret(long), &mut bytes).expect("nothing is computed from a secret");
    let read = read_value(&mut bytes.as_slice(), &Secret("short")).expect("it can be read");
    let Value::Array(array) = read else { panic!("an array was written") };
    let texts: Vec<&str> = array.items().iter().map(|item| if let Value::Text(text) = item { text.as_str() } else { "" }).collect();
    assert_eq!(texts, ["short", &format!("first {long}"), &format!("second {long}"), &format!("first {long}")]);
}
