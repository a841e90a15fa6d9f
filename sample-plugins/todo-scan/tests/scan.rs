//! The plugin as a process, on a real tree.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// A directory of its own for one test, gone when the test is done.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str, files: &[(&str, &[u8])]) -> Self {
        let root = std::env::temp_dir().join(format!("todo-scan-{name}-{}", std::process::id()));
        for (path, content) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            fs::write(path, content).expect("a file");
        }
        Self(root)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// All answers and notifications of a session in which the call is the only one.
fn scan(params: &Value) -> Vec<Value> {
    call("1.1.0", "todo.scan", params)
}

fn call(version: &str, method: &str, params: &Value) -> Vec<Value> {
    let request = |id, method: &str, params: &Value| {
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    };
    let mut plugin = Command::new(env!("CARGO_BIN_EXE_todo-scan"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the plugin starts");
    let mut input = plugin.stdin.take().expect("a pipe");
    let mut output = plugin.stdout.take().expect("a pipe");
    let mut say = |text: String| input.write_all(text.as_bytes()).expect("it reads");
    let mut messages = vec![];
    say(request(1, "initialize", &json!({ "protocol": { "min": 1, "max": 1 } })));
    messages.push(message(&mut output));
    let agreed = json!([{ "name": "todo", "version": version }]);
    say(request(2, "activate", &json!({ "config": {}, "apis": agreed })));
    messages.push(message(&mut output));
    say(request(3, method, params));
    while messages.last().expect("it has two")["id"] != 3 {
        messages.push(message(&mut output));
    }
    drop(input);
    assert!(plugin.wait().expect("it ends").success());
    messages.split_off(2)
}

fn message(output: &mut impl Read) -> Value {
    let mut header = Vec::new();
    while !header.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        output.read_exact(&mut byte).expect("a header");
        header.extend(byte);
    }
    let header = String::from_utf8(header).expect("text");
    let length = header.trim().strip_prefix("Content-Length: ").expect("a length");
    let mut body = vec![0; length.parse().expect("a number")];
    output.read_exact(&mut body).expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}

fn result(root: &Path, more: &Value) -> Value {
    let mut params = json!({ "root": root });
    for (name, value) in more.as_object().expect("an object") {
        params[name] = value.clone();
    }
    scan(&params).pop().expect("an answer")["result"].take()
}

#[test]
fn a_tree_is_walked_in_order_without_what_git_ignores() {
    let tree = Tree::new(
        "walk",
        &[
            ("b/lib.rs", b"// FIXME: second\n"),
            ("a.py", b"# TODO(ann): first\n"),
            ("z.md", b"- [x] third\n- [ ] fourth\n"),
            (".gitignore", b"out/\n*.gen.rs\n"),
            ("out/x.rs", b"// TODO: ignored\n"),
            ("x.gen.rs", b"// TODO: ignored\n"),
            (".hidden/x.rs", b"// TODO: hidden\n"),
            ("binary.c", b"// TODO: binary\n\0"),
            ("data.unknown", b"// TODO: unknown\n"),
        ],
    );
    let found = result(&tree.0, &json!({}));
    let items: Vec<_> = found["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| {
            (item["file"].as_str(), item["line"].as_u64(), item["title"].as_str(), item["priority"].as_str())
        })
        .collect();
    assert_eq!(
        items,
        [
            (Some("a.py"), Some(1), Some("first"), Some("normal")),
            (Some("b/lib.rs"), Some(1), Some("second"), Some("high")),
            (Some("z.md"), Some(1), Some("third"), Some("normal")),
            (Some("z.md"), Some(2), Some("fourth"), Some("normal")),
        ]
    );
    assert_eq!(
        (&found["files"], &found["skipped"], &found["truncated"]),
        (&json!(3), &json!(2), &json!(false))
    );
    assert_eq!(found, result(&tree.0, &json!({})));

    let few = result(&tree.0, &json!({ "maxItems": 3 }));
    assert_eq!((few["items"].as_array().map(Vec::len), &few["truncated"]), (Some(3), &json!(true)));
    let boxes = result(&tree.0, &json!({ "include": ["checkbox"], "maxItems": 2 }));
    assert_eq!((boxes["items"].as_array().map(Vec::len), &boxes["truncated"]), (Some(2), &json!(false)));
}

#[test]
fn progress_counts_the_files() {
    let tree = Tree::new("progress", &[("a.rs", b""), ("b.rs", b"")]);
    let messages = scan(&json!({ "root": tree.0 }));
    assert_eq!(
        messages[0]["params"],
        json!({ "id": 3, "value": { "message": "a.rs", "done": 0, "total": 2 } })
    );
    let last = &messages[messages.len() - 2]["params"]["value"];
    assert_eq!((&last["done"], &last["total"]), (&json!(2), &json!(2)));
}

#[test]
fn a_root_that_is_not_there_is_an_ordinary_error() {
    let answer = scan(&json!({ "root": "/nonexistent/root" })).pop().expect("an answer");
    assert_eq!(answer["error"]["data"]["code"], "root_not_found");
}

#[test]
fn todo_2_answers_with_a_batch_of_the_same_items() {
    let tree = Tree::new("batch", &[("a.rs", b"// TODO(ann): one\n"), ("b.md", b"- [x] two\n")]);
    let params = json!({ "input": tree.0 });
    let change = call("2.0.0", "todo.generate", &params).pop().expect("an answer")["result"].take();
    assert_eq!(change["summary"], "1 to do and 1 done in 2 of 2 files");
    let commands = change["commands"].as_array().expect("commands");
    let titles: Vec<_> = commands.iter().map(|each| each["title"].as_str().expect("a title")).collect();
    assert_eq!(titles, ["a.rs", "one", "b.md", "two"]);
    assert_eq!(commands[1]["parent"], commands[0]["tempId"]);
    assert_eq!(commands[1]["metadata"]["source"]["author"], "ann");

    let few = json!({ "input": tree.0, "max": 1 });
    let look = call("2.0.0", "todo.preview", &few).pop().expect("an answer")["result"].take();
    assert_eq!((&look["lines"], &look["more"]), (&json!(["a.rs:1  one"]), &json!(true)));
    let missing =
        call("2.0.0", "todo.generate", &json!({ "input": "/nonexistent" })).pop().expect("an answer");
    assert_eq!(missing["error"]["data"]["code"], "source_unavailable");
}
