//! A plugin's process, spoken to as a supervisor would.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(10);

/// A message, and what came beside it.
type Message = (Value, Option<Vec<u8>>);

pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Result<Message, String>>,
    log: Option<JoinHandle<String>>,
}

impl Process {
    /// One of the crate's examples, which `cargo test` has built next to the test.
    pub fn example(name: &str) -> Self {
        Self::start(&mut Command::new(example(name)))
    }

    pub fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect(
                "the plugin starts (`cargo test --test` does not build the examples, `cargo test` does)",
            );
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut stderr = child.stderr.take().expect("a pipe");
        let (sender, messages) = channel();
        thread::spawn(move || {
            while let Some(message) = read(&mut output).transpose() {
                let broken = message.is_err();
                if sender.send(message).is_err() || broken {
                    break;
                }
            }
        });
        let log = thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stderr.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Self { input: child.stdin.take(), child, messages, log: Some(log) }
    }

    pub fn send(&mut self, body: &[u8]) {
        self.write(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        self.write(body);
    }

    pub fn send_beside(&mut self, message: &Value, data: &[u8]) {
        let json = message.to_string();
        let length = json.len() + data.len();
        let bulk = format!("Content-Type: application/vnd.bulkhead.bulk; json={}", json.len());
        self.write(format!("Content-Length: {length}\r\n{bulk}\r\n\r\n{json}").as_bytes());
        self.write(data);
    }

    /// A process that is gone already shows in the next step.
    pub fn write(&mut self, bytes: &[u8]) {
        if let Some(input) = &mut self.input {
            let _ = input.write_all(bytes);
        }
    }

    pub fn close_input(&mut self) {
        self.input = None;
    }

    pub fn message(&mut self) -> Result<Value, String> {
        match self.message_and_data()? {
            (message, None) => Ok(message),
            (message, Some(data)) => Err(format!("{} bytes beside: {message}", data.len())),
        }
    }

    pub fn message_and_data(&mut self) -> Result<Message, String> {
        match self.messages.recv_timeout(PATIENCE) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => Err("no message came".into()),
            Err(RecvTimeoutError::Disconnected) => Err("the output ended".into()),
        }
    }

    /// The exit status, once the output has ended without a further message.
    pub fn wait(&mut self) -> Result<i32, String> {
        self.wait_past(|_| false)
    }

    /// The same, but for messages that may come.
    pub fn wait_past(&mut self, passed: impl Fn(&Value) -> bool) -> Result<i32, String> {
        loop {
            match self.messages.recv_timeout(PATIENCE) {
                Ok(Ok((message, None))) if passed(&message) => {}
                Ok(message) => return Err(format!("a message that nobody expects: {message:?}")),
                Err(RecvTimeoutError::Timeout) => return Err("the process did not end".into()),
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().map_err(|error| error.to_string())?;
                    return status.code().ok_or_else(|| format!("ended by a signal: {status}"));
                }
            }
        }
    }

    pub fn handshake(&mut self) -> Value {
        self.request(&json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": { "protocol": { "min": 1, "max": 1 }, "plugin": "test", "generation": 1 }
        }));
        let description = self.message().expect("an answer to initialize");
        self.request(&json!({
            "jsonrpc": "2.0", "id": 2, "method": "activate", "params": { "config": {} }
        }));
        self.message().expect("an answer to activate");
        description
    }

    pub fn request(&mut self, message: &Value) {
        self.send(message.to_string().as_bytes());
    }

    /// Ends the process if need be, and returns what it wrote to stderr.
    pub fn end(&mut self) -> String {
        self.close_input();
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.log.take().map(|log| log.join().unwrap_or_default()).unwrap_or_default()
    }
}

pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test");
    let profile = test.ancestors().nth(2).expect("target/<profile>/deps/<test>");
    profile.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

fn read(output: &mut impl BufRead) -> Result<Option<Message>, String> {
    let mut header = Vec::new();
    while header.last().is_none_or(|line| line != "\r\n") {
        let mut line = String::new();
        output.read_line(&mut line).map_err(|error| error.to_string())?;
        if line.is_empty() && header.is_empty() {
            return Ok(None);
        }
        let known =
            ["Content-Length: ", "Content-Type: ", "\r\n"].iter().any(|known| line.starts_with(known));
        if !known {
            return Err(format!("noise between frames: {line:?}"));
        }
        header.push(line);
    }
    let number = |line: &str, before: &str| line.strip_prefix(before)?.strip_suffix("\r\n")?.parse().ok();
    let length: usize = number(&header[0], "Content-Length: ").ok_or_else(|| format!("{header:?}"))?;
    let json = match &header[1..header.len() - 1] {
        [] => None,
        [bulk] => Some(
            number(bulk, "Content-Type: application/vnd.bulkhead.bulk; json=")
                .filter(|json| (1..=length).contains(json))
                .ok_or_else(|| format!("{header:?}"))?,
        ),
        _ => return Err(format!("{header:?}")),
    };
    let mut body = vec![0; length];
    output.read_exact(&mut body).map_err(|error| error.to_string())?;
    let data = json.map(|json| body.split_off(json));
    let message: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let answers = message.get("result").is_some() != message.get("error").is_some();
    if message["jsonrpc"] != "2.0" || (message.get("method").is_none() && !answers) {
        return Err(format!("no message: {message}"));
    }
    Ok(Some((message, data)))
}
