//! The protocol's stream without the SDK, which would keep most of this from happening.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::Arc;

use serde_json::Value;

/// A copy of the real standard output.
#[derive(Clone)]
pub struct Stdout(Arc<File>);

impl Stdout {
    pub fn duplicate() -> Self {
        let copy = io::stdout().as_fd().try_clone_to_owned().expect("standard output is open");
        Self(Arc::new(copy.into()))
    }

    /// Writes bytes between whatever else is written.
    pub fn write(&self, bytes: &[u8]) {
        // A supervisor that has had enough closes the pipe, which is what is wanted.
        let _ = (&*self.0).write_all(bytes);
    }

    pub fn send(&self, message: &Value) {
        let body = message.to_string();
        self.write(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }
}

/// The next message on standard input, for a handshake without the SDK; `None` when it has ended.
pub fn receive() -> Option<Value> {
    let mut input = io::stdin().lock();
    let mut header = Vec::new();
    while !header.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        input.read_exact(&mut byte).ok()?;
        header.extend(byte);
    }
    let header = String::from_utf8_lossy(&header).to_ascii_lowercase();
    let length = header.split_once("content-length:")?.1.lines().next()?.trim().parse().ok()?;
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
