//! Breaking the rules while staying alive.

use std::io::{self, Write};

use bulkhead_plugin::{Call, Error};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::raw::Stdout;

/// What to write where a frame should be.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Garbage {
    /// A header of one mebibyte without an end.
    Header1mb,
    /// `Content-Length: -1`
    NegativeLength,
    /// `Content-Length: 12abc`
    BadLength,
    /// `Content-Length: 9007199254740992`
    HugeLength,
    /// A length just beyond the agreed limit, and the first megabyte of such a body.
    TooLarge,
    /// A frame whose body is not UTF-8.
    InvalidUtf8,
    /// JSON nested 100,000 deep.
    Deep,
    /// Text that is neither a frame nor a line.
    Text,
}

pub fn garbage(stdout: &Stdout, kind: Garbage) {
    let frame = |body: &[u8]| [format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat();
    let bytes = match kind {
        Garbage::Header1mb => {
            let mut header = b"Content-Length: 10\r\nX-Noise: ".to_vec();
            header.resize(1 << 20, b'x');
            header
        }
        Garbage::NegativeLength => b"Content-Length: -1\r\n\r\n{}".to_vec(),
        Garbage::BadLength => b"Content-Length: 12abc\r\n\r\n{}".to_vec(),
        Garbage::HugeLength => b"Content-Length: 9007199254740992\r\n\r\n{}".to_vec(),
        Garbage::TooLarge => {
            let mut start = format!("Content-Length: {}\r\n\r\n{{\"x\":\"", (64 << 20) + 1).into_bytes();
            start.resize(1 << 20, b'x');
            start
        }
        Garbage::InvalidUtf8 => frame(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"\xff\xfe\"}"),
        Garbage::Deep => {
            let depth = 100_000;
            let nested = ["[".repeat(depth), "]".repeat(depth)].concat();
            frame(format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{nested}}}").as_bytes())
        }
        Garbage::Text => b"I am not a frame, and this is not the end of the line".to_vec(),
    };
    stdout.write(&bytes);
}

/// A string of so many bytes. One beyond the agreed limit the SDK would not send, so it leaves on the side.
pub fn huge_result(stdout: &Stdout, call: &Call, bytes: usize) -> String {
    const LIMIT: usize = 64 << 20;
    const ENVELOPE: usize = 64;
    let text = "x".repeat(bytes);
    if bytes + ENVELOPE <= LIMIT {
        return text;
    }
    stdout.send(&json!({ "jsonrpc": "2.0", "id": call.id(), "result": text }));
    "sent already".into()
}

/// Answers with a code of the supervisor's own, which the SDK would not send.
pub fn reserved_code(stdout: &Stdout, call: &Call) -> Error {
    let error = json!({ "code": -31950, "message": "not mine to send", "data": { "code": "timeout" } });
    stdout.send(&json!({ "jsonrpc": "2.0", "id": call.id(), "error": error }));
    Error::named("answered_already", "this is the second answer")
}

/// Lines of 100 bytes, in one go.
pub fn flood_stderr(bytes: usize) -> io::Result<()> {
    let mut line = [b'.'; 100];
    line[99] = b'\n';
    let block = line.repeat(100);
    let mut stderr = io::stderr().lock();
    let mut left = bytes;
    while left > 0 {
        let length = left.min(block.len());
        stderr.write_all(&block[..length])?;
        left -= length;
    }
    Ok(())
}

pub fn ignore_sigterm() {
    // SAFETY: ignoring a signal installs no code.
    unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
}

/// Holds the thread that reads standard input inside a signal handler, for ever; all others go on.
pub fn stop_reading(reader: libc::pthread_t) {
    extern "C" fn stay(_: libc::c_int) {
        loop {
            // SAFETY: pause is async-signal-safe.
            unsafe { libc::pause() };
        }
    }
    // SAFETY: the reader is the main thread, which lives as long as the process; `stay` allocates nothing.
    unsafe {
        libc::signal(libc::SIGUSR1, stay as *const () as libc::sighandler_t);
        libc::pthread_kill(reader, libc::SIGUSR1);
    }
}
