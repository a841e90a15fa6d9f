//! Handshakes that fail.

use std::process::exit;

use serde_json::{Value, json};

use crate::raw::{Stdout, receive};

pub fn exit_in_it(status: i32) -> ! {
    receive();
    exit(status)
}

/// Speaks another version of the protocol, and nothing else.
pub fn other_protocol(stdout: &Stdout, version: i64) -> ! {
    answer_all(|id| {
        let message = format!("chaos speaks protocol {version}");
        let data = json!({ "code": "incompatible_protocol", "min": version, "max": version });
        stdout.send(&json!({
            "jsonrpc": "2.0", "id": id, "error": { "code": -32001, "message": message, "data": data }
        }));
    })
}

/// Describes itself with a name that is none, a version that is none, and apis that are no list.
pub fn bad_description(stdout: &Stdout) -> ! {
    answer_all(|id| {
        let plugin = json!({ "name": "Chaos!", "version": "one" });
        let result = json!({ "protocol": 1, "plugin": plugin, "apis": "chaos" });
        stdout.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    })
}

fn answer_all(answer: impl Fn(&Value)) -> ! {
    while let Some(message) = receive() {
        if let Some(id) = message.get("id") {
            answer(id);
        }
    }
    exit(0)
}
