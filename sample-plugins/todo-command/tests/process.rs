//! The plugin as a process, with real programs: scripts in a directory of the test's own.
#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("todo-command-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn script(&self, text: &str) -> String {
        let path = self.0.join("tracker");
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is executable");
        path.to_string_lossy().into_owned()
    }

    /// A pipe by a name: reading it waits until somebody writes, and ends when all writers are gone.
    fn pipe(&self) -> PathBuf {
        let path = self.0.join("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Plugin {
    process: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Plugin {
    fn start(config: &Value) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_todo-command"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the plugin starts");
        let (input, output) = (process.stdin.take().expect("a pipe"), process.stdout.take().expect("a pipe"));
        let mut plugin = Self { process, input, output };
        plugin.request(1, "initialize", &json!({ "protocol": { "min": 1, "max": 1 } }));
        assert!(plugin.answer(1)["result"].is_object());
        plugin.request(2, "activate", &json!({ "config": config }));
        plugin
    }

    fn ready(config: &Value) -> Self {
        let mut plugin = Self::start(config);
        let answer = plugin.answer(2);
        assert!(answer["error"].is_null(), "{answer}");
        plugin
    }

    fn request(&mut self, id: u32, method: &str, params: &Value) {
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
    }

    fn say(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("it reads");
    }

    /// The answer with this id; progress before it is passed over.
    fn answer(&mut self, id: u32) -> Value {
        loop {
            let mut header = Vec::new();
            while !header.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                self.output.read_exact(&mut byte).expect("a header");
                header.extend(byte);
            }
            let header = String::from_utf8(header).expect("text");
            let length = header.trim().strip_prefix("Content-Length: ").expect("a length");
            let mut body = vec![0; length.parse().expect("a number")];
            self.output.read_exact(&mut body).expect("a body");
            let message: Value = serde_json::from_slice(&body).expect("JSON");
            if message["id"] == id {
                return message;
            }
        }
    }

    fn generate(&mut self, params: &Value) -> Value {
        self.request(3, "todo.generate", params);
        self.answer(3)
    }

    /// What it wrote to stderr, once it has left.
    fn leave(self) -> String {
        let Self { mut process, input, .. } = self;
        drop(input);
        let mut log = String::new();
        process.stderr.take().expect("a pipe").read_to_string(&mut log).expect("text");
        assert!(process.wait().expect("it ends").success());
        log
    }
}

/// A program with a child and a grandchild, all of which hold the pipe open and end by no other way than being killed.
fn tree(pipe: &Path) -> String {
    let pipe = pipe.display();
    format!(
        "exec 3>{pipe}
trap '' TERM
sh -c 'trap \"\" TERM; sh -c \"trap : TERM; echo up >&3; while :; do sleep 1000; done\" & wait; while :; do sleep 1000; done' &
while :; do sleep 1000; done"
    )
}

/// Waits until all of the tree is up.
fn watch(pipe: &Path) -> fs::File {
    let mut watched = fs::File::open(pipe).expect("the pipe");
    let mut up = [0; 3];
    watched.read_exact(&mut up).expect("the grandchild is up");
    watched
}

/// Returns when nobody holds the pipe any more: all of the tree is gone. A tree that lives on hangs the test.
fn gone(mut watched: fs::File) {
    watched.read_to_end(&mut Vec::new()).expect("the end of the pipe");
}

fn code(answer: &Value) -> &str {
    answer["error"]["data"]["code"].as_str().unwrap_or_else(|| panic!("no error: {answer}"))
}

#[test]
fn what_the_program_prints_is_a_batch_and_what_it_complains_about_is_logged() {
    let folder = Folder::new("lines");
    let script = folder.script("echo \"$1\"; echo 'a complaint' >&2; echo '  [x] below'");
    let mut plugin = Plugin::ready(&json!({ "command": [script, "$HOME; {input}"], "titlePrefix": "> " }));
    let answer = plugin.generate(&json!({ "input": "`date`" }));
    let commands = &answer["result"]["commands"];
    // No shell has read the arguments.
    assert_eq!(commands[0]["title"], "> $HOME; `date`");
    assert_eq!(
        (&commands[1]["title"], &commands[1]["state"], &commands[1]["parent"]),
        (&json!("> below"), &json!("done"), &commands[0]["tempId"])
    );
    assert!(plugin.leave().contains("a complaint"));
}

#[test]
fn a_program_that_is_not_there_is_said_at_activate_and_at_the_call() {
    let mut plugin = Plugin::ready(&json!({ "command": ["no-such-tracker"] }));
    let answer = plugin.generate(&json!({}));
    assert_eq!(code(&answer), "program_missing");
    assert_eq!(answer["error"]["data"]["program"], "no-such-tracker");
    assert!(plugin.leave().contains("no-such-tracker"));

    let folder = Folder::new("missing");
    let path = folder.script("");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is not executable");
    let mut plugin = Plugin::ready(&json!({ "command": [path] }));
    // Installed while the plugin runs, it is found.
    assert_eq!(code(&plugin.generate(&json!({}))), "program_missing");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is executable");
    assert!(plugin.generate(&json!({}))["result"].is_object());
}

#[test]
fn a_program_that_fails_says_why() {
    let folder = Folder::new("fails");
    let mut plugin =
        Plugin::ready(&json!({ "command": [folder.script("echo 'not logged in' >&2; exit 3")] }));
    let error = &plugin.generate(&json!({}))["error"];
    assert_eq!(error["data"], json!({ "code": "program_failed", "status": 3, "stderr": ["not logged in"] }));
    assert!(error["message"].as_str().expect("a message").ends_with("status 3: not logged in"));
}

#[test]
fn output_of_another_kind_is_an_error() {
    let folder = Folder::new("kind");
    let command = folder.script("echo one");
    let mut plugin = Plugin::ready(&json!({ "command": [command], "format": "json" }));
    assert_eq!(code(&plugin.generate(&json!({}))), "output_invalid");
    let command = folder.script("yes");
    let mut plugin = Plugin::ready(&json!({ "command": [command] }));
    assert_eq!(code(&plugin.generate(&json!({}))), "output_invalid");
}

#[test]
fn a_configuration_that_is_wrong_is_refused() {
    let mut plugin = Plugin::start(&json!({ "command": [] }));
    let answer = plugin.answer(2);
    assert_eq!((code(&answer), &answer["error"]["data"]["path"]), ("config_invalid", &json!("/command")));
}

#[test]
fn cancelling_the_call_kills_all_that_the_program_has_started() {
    let folder = Folder::new("cancel");
    let pipe = folder.pipe();
    let mut plugin = Plugin::ready(&json!({ "command": [folder.script(&tree(&pipe))] }));
    plugin.request(3, "todo.generate", &json!({}));
    let watched = watch(&pipe);
    plugin.say(&json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": 3 } }));
    assert_eq!(plugin.answer(3)["error"]["code"], -32800);
    gone(watched);
}

#[test]
fn time_that_is_up_kills_all_that_the_program_has_started() {
    let folder = Folder::new("timeout");
    let pipe = folder.pipe();
    let mut plugin = Plugin::ready(&json!({ "command": [folder.script(&tree(&pipe))], "timeoutSeconds": 1 }));
    plugin.request(3, "todo.generate", &json!({}));
    let watched = watch(&pipe);
    assert_eq!(code(&plugin.answer(3)), "program_timeout");
    gone(watched);
}

#[test]
fn what_a_program_leaves_in_the_background_goes_with_it() {
    let folder = Folder::new("background");
    let pipe = folder.pipe();
    let script = folder.script(&format!(
        "echo one; sh -c 'exec 3>{}; echo up >&3; sleep 1000' &\nread x < {0}.done",
        pipe.display()
    ));
    let done = Command::new("mkfifo").arg(format!("{}.done", pipe.display())).status();
    assert!(done.expect("mkfifo").success());
    let mut plugin = Plugin::ready(&json!({ "command": [script] }));
    plugin.request(3, "todo.generate", &json!({}));
    let watched = watch(&pipe);
    fs::write(format!("{}.done", pipe.display()), "x\n").expect("the script reads");
    assert_eq!(plugin.answer(3)["result"]["commands"][0]["title"], "one");
    gone(watched);
}

#[test]
fn the_program_does_not_outlive_the_plugin_however_that_ends() {
    for by_signal in [false, true] {
        let folder = Folder::new(if by_signal { "killed" } else { "stopped" });
        let pipe = folder.pipe();
        let mut plugin = Plugin::ready(&json!({ "command": [folder.script(&tree(&pipe))] }));
        plugin.request(3, "todo.generate", &json!({}));
        let watched = watch(&pipe);
        if by_signal {
            plugin.process.kill().expect("SIGKILL");
            plugin.process.wait().expect("it ends");
        } else {
            drop(plugin.leave());
        }
        gone(watched);
    }
}
