//! URLs from the script's text and data.

use gbvm_stdlib::url::build;
use gbvm_vm::text::{Origin, Text};
use gbvm_vm::value::Value;

use crate::caller::sum;

fn built(parts: &[&str]) -> String {
    let Value::Text(text) = sum(parts) else { panic!("a sum is text") };
    match build(&text, &["https://ok.example".to_owned()]) {
        Ok(url) => format!("{} {}", url.origin, url.text.as_str()),
        Err(fault) => fault.code.into_owned(),
    }
}

#[test]
fn literals_are_syntax_and_data_is_encoded() {
    assert_eq!(built(&["https://api.crm.com/api/contacts/", "a/b?c#d e"]), "https://api.crm.com https://api.crm.com/api/contacts/a%2Fb%3Fc%23d%20e");
    assert_eq!(built(&["https://api.crm.com/?q=", "a&b=c+d", "&x=1"]), "https://api.crm.com https://api.crm.com/?q=a%26b%3Dc%2Bd&x=1");
    assert_eq!(built(&["https://api.crm.com/a b/ü?x=\"#part"]), "https://api.crm.com https://api.crm.com/a%20b/%C3%BC?x=%22");
    assert_eq!(built(&["https://api.crm.com/a%20b"]), "https://api.crm.com https://api.crm.com/a%20b");
    assert_eq!(built(&["https://api.crm.com/p/", "7", "/inventory"]), "https://api.crm.com https://api.crm.com/p/7/inventory");
    assert_eq!(built(&["https://api.crm.com/?q=", ""]), "https://api.crm.com https://api.crm.com/?q=");
    assert_eq!(built(&["https://api.crm.com#", "x"]), "https://api.crm.com https://api.crm.com");
}

#[test]
fn the_origin_is_canonical() {
    assert_eq!(built(&["HTTPS://API.crm.com:443/x"]), "https://api.crm.com HTTPS://API.crm.com:443/x");
    assert_eq!(built(&["http://localhost:8080"]), "http://localhost:8080 http://localhost:8080");
    assert_eq!(built(&["http://[::1]:80/"]), "http://[::1] http://[::1]:80/");
    assert_eq!(built(&["http://[0:0:0:0:0:0:0:1]:9/"]), "http://[::1]:9 http://[0:0:0:0:0:0:0:1]:9/");
    assert_eq!(built(&["http://[FD00::0001]/"]), "http://[fd00::1] http://[FD00::0001]/");
}

#[test]
fn the_host_is_closed_before_data() {
    assert_eq!(built(&["https://api.crm.com", ".evil.com/x"]), "E_URL_HOST");
    assert_eq!(built(&["https://api.crm.com", "/x"]), "E_URL_HOST");
    assert_eq!(built(&["https://", "evil.com", "/x"]), "E_URL_HOST");
    assert_eq!(built(&["https://api.crm.com:", "80", "/x"]), "E_URL_HOST");
    assert_eq!(built(&["http", "s://api.crm.com/"]), "E_URL_HOST");
    assert_eq!(built(&["https://api.crm.com", "", "/x"]), "E_URL_HOST");
}

#[test]
fn data_alone_needs_an_allowed_origin() {
    assert_eq!(built(&["", "https://ok.example/next?page=2"]), "https://ok.example https://ok.example/next?page=2");
    assert_eq!(built(&["", "https://ok.example", "/items/", "a/b"]), "https://ok.example https://ok.example/items/a%2Fb");
    assert_eq!(built(&["", "https://evil.example/"]), "E_URL_HOST");
    assert_eq!(built(&["", "https://ok.example@evil.example/"]), "E_URL");
    assert_eq!(built(&["", "https://ok.example\\@evil.example/"]), "E_URL");
    assert_eq!(built(&["", "https://ok.example.evil.example/"]), "E_URL_HOST");
}

#[test]
fn a_value_cannot_change_the_path() {
    for value in ["", ".", ".."] {
        assert_eq!(built(&["https://api.crm.com/items/", value]), "E_URL_SEGMENT", "{value}");
        assert_eq!(built(&["https://api.crm.com/items/", value, "/stock"]), "E_URL_SEGMENT", "{value}");
        assert_eq!(built(&["https://api.crm.com/items/", value, "?a=1"]), "E_URL_SEGMENT", "{value}");
    }
    assert_eq!(built(&["https://api.crm.com/items/.", "."]), "E_URL_SEGMENT");
    assert_eq!(built(&["https://api.crm.com/items/%2e", "."]), "E_URL_SEGMENT");
    assert_eq!(built(&["https://api.crm.com/items/v", ""]), "https://api.crm.com https://api.crm.com/items/v");
}

#[test]
fn other_schemes_and_control_characters_are_refused() {
    for url in ["ftp://a.b/", "file:///etc/passwd", "//a.b/", "javascript:alert(1)", "https:/a.b", "", "https://a b/", "https://u:p@a.b/", "https:///x", "https://a.b:/", "https://a.b:99999/", "https://[::1/"] {
        assert_eq!(built(&[url]), "E_URL", "{url}");
    }
    for control in ["\r", "\n", "\0"] {
        assert_eq!(built(&["https://a.b/", control]), "E_URL");
    }
}

#[test]
fn secrets_stay_marked() {
    let text = |secret: &str| Text::of_parts([(Origin::Literal, "https://a.b/?key=".to_owned()), (Origin::Secret("a_key".into()), secret.to_owned())]);
    let plain = build(&text("abc"), &[]).expect("it is a URL").text;
    assert_eq!(plain.parts(), [(Origin::Data, "https://a.b/?key="), (Origin::Secret("a_key".into()), "abc")]);
    let encoded = build(&text("a/b"), &[]).expect("it is a URL").text;
    assert_eq!(encoded.parts()[1], (Origin::Derived("a_key".into()), "a%2Fb"));
}
