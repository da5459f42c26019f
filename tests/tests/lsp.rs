//! The language server as an editor meets it: started, spoken to, and told goodbye.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use gbvm_tests::command::binary;
use serde_json::{Value, json};

struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next: i64,
    /// The messages of files, as they came, until somebody asks for them.
    published: Vec<Value>,
}

impl Editor {
    fn start(folder: &Path) -> Editor {
        let mut server = Command::new(binary()).arg("lsp").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the server can be started");
        let input = server.stdin.take().expect("its input is a pipe");
        let output = BufReader::new(server.stdout.take().expect("its output is a pipe"));
        let mut editor = Editor { server, input, output, next: 1, published: Vec::new() };
        let answer = editor.ask("initialize", json!({ "capabilities": {} }));
        assert_eq!(answer["capabilities"]["hoverProvider"], true, "{answer}");
        editor.tell("initialized", json!({}));
        editor
    }

    fn write(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).and_then(|()| self.input.flush()).expect("the server reads");
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line).expect("the server writes");
            assert!(!line.is_empty(), "the server has ended");
            match line.trim().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().expect("a length is a number"),
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).expect("the message is whole");
        serde_json::from_slice(&body).expect("the message is JSON")
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The whole response to a request.
    fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.next;
        self.next += 1;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.read();
            if message["id"] == id {
                return message;
            }
            self.published.push(message);
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let response = self.request(method, params);
        assert!(response["error"].is_null(), "{response}");
        response["result"].clone()
    }

    /// The next messages of a file.
    fn diagnostics(&mut self, uri: &str) -> Value {
        loop {
            let message = if self.published.is_empty() { self.read() } else { self.published.remove(0) };
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri {
                return message["params"]["diagnostics"].clone();
            }
        }
    }

    fn open(&mut self, uri: &str, text: &str) {
        self.tell("textDocument/didOpen", json!({ "textDocument": { "uri": uri, "languageId": "gbvm", "version": 1, "text": text } }));
    }

    fn change(&mut self, uri: &str, text: &str) {
        self.tell("textDocument/didChange", json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [{ "text": text }] }));
    }

    fn at(&mut self, method: &str, uri: &str, line: u32, character: u32) -> Value {
        self.ask(method, json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } }))
    }

    fn stop(mut self) {
        let answer = self.ask("shutdown", Value::Null);
        assert!(answer.is_null(), "{answer}");
        self.tell("exit", Value::Null);
        let status = self.server.wait().expect("the server ends");
        assert!(status.success(), "{status}");
    }
}

fn labels(completions: &Value) -> Vec<&str> {
    completions.as_array().expect("a list is given").iter().filter_map(|item| item["label"].as_str()).collect()
}

fn project() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::create_dir(folder.path().join("lib")).expect("a folder can be made");
    std::fs::write(folder.path().join("lib/tools.bas"), "' Puts a name in order.\nFUNCTION tidy(name)\n    RETURN TRIM(name)\nEND FUNCTION\n").expect("a file can be written");
    std::fs::write(folder.path().join("other.bas"), "INSERT \"contacts\", {first_name: \"Ann\", email: \"a\"}\n").expect("a file can be written");
    let uri = format!("file://{}/main.bas", folder.path().display());
    (folder, uri)
}

const MAIN: &str = "WEBHOOK \"in\", OPEN\n\u{1f600}\u{e9} = 1\ncontact = FIND \"contacts\", \"email=\" + body.email\nPRINT tidy(contact.first_name), twice(2)\nx = \"\u{1f600}\" + totl\nFUNCTION twice(n)\n    total = n * 2\n    RETURN total\nEND FUNCTION\n";

#[test]
fn an_editor_is_served() {
    let (folder, uri) = project();
    let main = MAIN.replace("\u{1f600}\u{e9} = 1", "\u{e9} = 1");
    std::fs::write(folder.path().join("main.bas"), &main).expect("a file can be written");
    let mut editor = Editor::start(folder.path());
    editor.open(&uri, &main);
    let found = editor.diagnostics(&uri);
    // The emoji has two units.
    assert_eq!((&found[0]["code"], &found[0]["range"]["start"]), (&json!("W_UNASSIGNED"), &json!({ "line": 4, "character": 11 })), "{found}");
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");

    editor.change(&uri, "IF x THEN\n    PRINT (1\n");
    let found = editor.diagnostics(&uri);
    assert_eq!((&found[0]["severity"], &found[0]["range"]["start"]), (&json!(1), &json!({ "line": 1, "character": 10 })), "{found}");
    editor.change(&uri, &main);
    editor.diagnostics(&uri);

    let hover = editor.at("textDocument/hover", &uri, 2, 11);
    assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("FIND")), "{hover}");
    let hover = editor.at("textDocument/hover", &uri, 3, 33);
    assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("FUNCTION twice(n)")), "{hover}");
    let hover = editor.at("textDocument/hover", &uri, 3, 7);
    assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("FUNCTION tidy(name)") && text.contains("Puts a name in order.")), "{hover}");
    let hover = editor.at("textDocument/hover", &uri, 3, 12);
    assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("rows of `contacts`")), "{hover}");

    let place = editor.at("textDocument/definition", &uri, 3, 33);
    assert_eq!((&place["uri"], &place["range"]["start"]), (&json!(uri), &json!({ "line": 5, "character": 9 })));
    let place = editor.at("textDocument/definition", &uri, 3, 7);
    assert!(place["uri"].as_str().is_some_and(|uri| uri.ends_with("/lib/tools.bas")) && place["range"]["start"] == json!({ "line": 1, "character": 9 }), "{place}");
    let place = editor.at("textDocument/definition", &uri, 7, 13);
    assert_eq!(place["range"]["start"], json!({ "line": 6, "character": 4 }), "a variable of the procedure");
    let place = editor.at("textDocument/definition", &uri, 3, 12);
    assert_eq!(place["range"]["start"], json!({ "line": 2, "character": 0 }), "a variable of the main part");

    let found = editor.at("textDocument/completion", &uri, 3, 19);
    assert_eq!(labels(&found), ["email", "first_name", "id"]);
    let found = editor.at("textDocument/completion", &uri, 2, 18);
    assert_eq!(labels(&found), ["contacts"]);
    let found = editor.at("textDocument/completion", &uri, 7, 4);
    for label in ["total", "n", "contact", "twice", "tidy", "GET BOT MEMORY", "LEN", "THEN"] {
        assert!(labels(&found).contains(&label), "{label}");
    }

    let found = editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } }));
    let names: Vec<&str> = found.as_array().expect("a list is given").iter().filter_map(|symbol| symbol["name"].as_str()).collect();
    assert_eq!(names, ["WEBHOOK in", "twice"]);

    let edits = editor.ask("textDocument/formatting", json!({ "textDocument": { "uri": uri }, "options": { "tabSize": 4, "insertSpaces": true } }));
    assert_eq!(edits, json!([]), "it is in order");
    editor.change(&uri, "if x then\nprint 1\nend if\n");
    let edits = editor.ask("textDocument/formatting", json!({ "textDocument": { "uri": uri }, "options": { "tabSize": 4, "insertSpaces": true } }));
    assert_eq!((&edits[0]["newText"], &edits[0]["range"]["end"]), (&json!("IF x THEN\n    PRINT 1\nEND IF\n"), &json!({ "line": 3, "character": 0 })));

    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    while editor.diagnostics(&uri) != json!([]) {}
    editor.stop();
}

#[test]
fn half_written_text_and_strange_requests_end_nothing() {
    let (folder, uri) = project();
    let mut editor = Editor::start(folder.path());
    let script = MAIN.replace('\n', "\r\n");
    editor.open(&uri, "");
    for (end, _) in script.char_indices() {
        editor.change(&uri, &script[..end]);
        let line = script[..end].matches('\n').count() as u32;
        for method in ["textDocument/hover", "textDocument/completion", "textDocument/definition"] {
            editor.at(method, &uri, line, end as u32 % 40);
        }
        if end % 7 == 0 {
            editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } }));
            editor.ask("textDocument/formatting", json!({ "textDocument": { "uri": uri }, "options": { "tabSize": 4, "insertSpaces": true } }));
        }
    }
    assert!(editor.at("textDocument/hover", "file:///absent.bas", 0, 0).is_null());
    assert!(editor.at("textDocument/hover", &uri, 1_000_000, 1_000_000).is_null());
    assert_eq!(editor.request("textDocument/rename", json!({}))["error"]["code"], -32601);
    assert_eq!(editor.request("textDocument/hover", json!({ "position": 3 }))["error"]["code"], -32602);
    editor.tell("textDocument/didChange", json!([1, 2]));
    editor.open("untitled:Untitled-1", "PRINT totl\n");
    assert_eq!(editor.diagnostics("untitled:Untitled-1")[0]["code"], "W_UNASSIGNED");
    editor.stop();
}

#[test]
fn a_broken_message_is_answered_and_the_next_one_too() {
    let (folder, uri) = project();
    let mut editor = Editor::start(folder.path());
    let broken: [(&[u8], i64); 5] = [
        (b"{ no JSON", -32700),
        (b"\xff\xfe\xfd", -32700),
        (b"", -32700),
        (b"[1, 2]", -32600),
        (b"{\"jsonrpc\": \"2.0\", \"what\": 1}", -32600),
    ];
    for (content, code) in broken {
        write!(editor.input, "Content-Length: {}\r\n\r\n", content.len()).and_then(|()| editor.input.write_all(content)).and_then(|()| editor.input.flush()).expect("the server reads");
        let answer = editor.read();
        assert_eq!((answer["error"]["code"].as_i64(), answer["id"].is_null()), (Some(code), true), "{answer}");
    }
    editor.open(&uri, "PRINT 1 +\n");
    assert_eq!(editor.diagnostics(&uri).as_array().map(Vec::len), Some(1));
    editor.stop();
}

#[test]
fn a_header_that_cannot_be_read_ends_the_server_with_a_message() {
    let long = format!("X-Long: {}\r\n\r\n", "x".repeat(10_000));
    for (header, reason) in [
        ("Content-Length: many\r\n\r\n", "Content-Length is no number"),
        ("Content-Length: -5\r\n\r\n", "Content-Length is no number"),
        ("Content-Type: x\r\n\r\n", "no Content-Length"),
        ("{\"jsonrpc\": \"2.0\"}\n", "is no number of bytes"),
        ("hello\r\n", "no name and value"),
        (&long, "longer than"),
        ("Content-Length: 10\r\n\r\nabc", "in the middle of a message"),
    ] {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let output = gbvm_tests::command::piped(&["lsp"], folder.path(), header);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{header}: {error}");
        assert!(error.contains(reason) || header.starts_with('{') && error.starts_with("gbvm: "), "{header}: {error}");
        assert_eq!(error.lines().count(), 1, "{header}: {error}");
    }
}

#[test]
fn statements_labels_and_inputs_are_explained_and_found() {
    let (folder, uri) = project();
    let mut editor = Editor::start(folder.path());
    let text = "PARAM quantity AS INTEGER\nPARAM \"note\"\nON ERROR GOTO failed\nIF quantity > 3 THEN\n    GOTO done\nEND IF\nPRINT note ?? quantity\ndone:\nPRINT IIF(quantity, 1, 2)\nfailed:\nPRINT 3\nrows = FIND parts WHERE qty = quantity\n";
    editor.open(&uri, text);
    let mut hover = |line, character| editor.at("textDocument/hover", &uri, line, character)["contents"]["value"].as_str().unwrap_or("").to_owned();
    for (line, character, wanted) in [
        (2, 3, "ON ERROR GOTO <label>"),
        (3, 1, "END IF closes it all"),
        (3, 12, "<value> < <value>"),
        (3, 17, "END IF closes it all"),
        (4, 6, "GOTO <label>"),
        (4, 10, "label on line 8"),
        (5, 2, "END IF closes it all"),
        (6, 12, "<value> ?? <value>"),
        (8, 8, "IIF(<condition>"),
        (11, 8, "The rows of a table"),
        (11, 20, "A condition on the columns"),
        (0, 8, "first set on line 1"),
    ] {
        let found = hover(line, character);
        assert!(found.contains(wanted), "{line}:{character}: {found}");
    }
    let mut definition = |line, character| {
        let start = editor.at("textDocument/definition", &uri, line, character)["range"]["start"].clone();
        (start["line"].as_u64(), start["character"].as_u64())
    };
    assert_eq!(definition(2, 16), (Some(9), Some(0)));
    assert_eq!(definition(4, 10), (Some(7), Some(0)));
    assert_eq!(definition(3, 5), (Some(0), Some(6)));
    assert_eq!(definition(6, 7).0, Some(1));
    assert_eq!(definition(3, 1), (None, None));
    editor.stop();
}

#[test]
fn columns_of_the_open_text_are_offered() {
    let (folder, uri) = project();
    let mut editor = Editor::start(folder.path());
    const TOP: &str = "TABLE stock\n    id STRING KEY\n    sku STRING\nEND TABLE\nINSERT \"moves\", {qty: 1, note: \"a\"}\nWITH o = NEW OBJECT\n    .alpha = 1\nEND WITH\n";
    editor.open(&uri, TOP);
    let mut offered = |line: &str| {
        editor.change(&uri, &format!("{TOP}{line}\nPRINT 1\n"));
        let found = editor.at("textDocument/completion", &uri, 8, line.len() as u32);
        labels(&found).into_iter().map(str::to_owned).collect::<Vec<String>>()
    };
    for line in ["INSERT \"stock\", {", "INSERT \"stock\", {id: 1, ", "x = FIND \"stock\", \"", "x = FIND \"stock\", \"sku = 1 AND "] {
        assert_eq!(offered(line), ["id", "sku"], "{line}");
    }
    for line in ["x = FIND moves WHERE ", "UPDATE moves SET ", "x = FIND moves WHERE no", "DELETE FROM moves WHERE "] {
        assert_eq!(offered(line)[..3], ["id", "note", "qty"], "{line}");
    }
    for line in ["x = FIND \"", "INSERT \"mo", "DELETE FROM \""] {
        assert_eq!(offered(line), ["contacts", "moves", "stock"], "{line}");
    }
    assert_eq!(offered("PRINT o."), ["alpha"]);
    for line in ["' x = FIND \"", "PRINT 1 ' o.", "REM PR"] {
        assert_eq!(offered(line), [""; 0], "{line}");
    }
    assert!(offered("PRINT ").contains(&"LEN".to_owned()));
    editor.stop();
}

#[test]
fn after_shutdown_nothing_is_answered() {
    let (folder, uri) = project();
    let mut editor = Editor::start(folder.path());
    editor.open(&uri, "PRINT 1\n");
    assert!(editor.ask("shutdown", Value::Null).is_null());
    let place = json!({ "textDocument": { "uri": uri }, "position": { "line": 0, "character": 1 } });
    assert_eq!(editor.request("textDocument/hover", place)["error"]["code"], -32600);
    editor.tell("exit", Value::Null);
    let status = editor.server.wait().expect("the server ends");
    assert!(status.success(), "{status}");
}
