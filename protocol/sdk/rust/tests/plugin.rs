//! What an author can choose, seen from the supervisor's side of a real process.

mod support;

use std::process::Command;

use serde_json::{Value, json};
use support::process::{Process, example};

fn call(id: u32, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

fn cancel(id: u32) -> Value {
    json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": id } })
}

#[test]
fn the_readme_begins_with_the_example_that_is_tested_here() {
    let readme = include_str!("../README.md");
    let (_, after) = readme.split_once("```rust,no_run\n").expect("a first example");
    let (first, _) = after.split_once("```").expect("its end");
    assert_eq!(first, include_str!("../examples/min.rs"));

    let mut process = Process::example("min");
    let description = process.handshake();
    assert_eq!(description["result"]["build"]["language"], "rust");
    for (id, (a, b, least)) in (3..).zip([(1, 2, 1), (-10, 10, -10), (2000, 2000, 2000)]) {
        process.request(&call(id, "min.min", &json!({ "a": a, "b": b })));
        assert_eq!(process.message().unwrap()["result"], least);
    }
    process.close_input();
    assert_eq!(process.wait(), Ok(0));
}

#[test]
fn a_panic_in_a_handler_ends_the_process_with_its_message() {
    let mut process = Process::start(Command::new(example("options")).arg("--exit-on-panic"));
    process.handshake();
    process.request(&call(3, "sums.panic", &json!({})));
    assert_eq!(process.wait(), Ok(101));
    let log = process.end();
    assert!(log.contains("panicked at examples/options.rs:"), "{log}");
    assert!(log.contains("on purpose"), "{log}");
}

#[test]
fn a_panic_is_answered_where_the_author_chose_so() {
    let mut process = Process::example("options");
    process.handshake();
    process.request(&call(3, "sums.panic", &json!({})));
    let error = &process.message().unwrap()["error"];
    assert_eq!((&error["code"], &error["data"]["code"]), (&json!(-32603), &json!("panic")));
    assert_eq!(error["message"], "panicked: on purpose");
    process.request(&call(4, "sums.sum", &json!({ "numbers": ["9007199254740993", "1"] })));
    assert_eq!(process.message().unwrap()["result"]["sum"], "9007199254740994");
}

#[test]
fn the_agreed_version_of_an_api_is_the_one_that_serves() {
    for (version, id, method, result) in
        [("1.0.0", 3, "sums.old", json!("one")), ("2.0.0", 4, "sums.sum", json!({ "sum": "0" }))]
    {
        let mut process = Process::example("options");
        process.request(&call(1, "initialize", &json!({ "protocol": { "min": 1, "max": 1 } })));
        process.message().unwrap();
        let agreed = json!({ "apis": [{ "name": "sums", "version": version }], "config": {} });
        process.request(&call(2, "activate", &agreed));
        process.message().unwrap();
        for each in ["sums.old", "sums.sum"] {
            process.request(&call(id, each, &json!({ "numbers": [] })));
            let answer = process.message().unwrap();
            if each == method {
                assert_eq!(answer["result"], result);
            } else {
                assert_eq!(answer["error"]["code"], -32601);
            }
        }
    }
}

#[test]
fn the_hook_can_refuse_a_configuration_that_fits_its_type() {
    let mut process = Process::example("options");
    process.request(&call(1, "initialize", &json!({ "protocol": { "min": 1, "max": 1 } })));
    let description = process.message().unwrap();
    let offset = &description["result"]["config"]["properties"]["offset"];
    assert_eq!(offset["description"], "Added to each sum.");
    process.request(&call(2, "activate", &json!({ "config": { "offset": -1 } })));
    let error = &process.message().unwrap()["error"];
    assert_eq!((&error["code"], &error["data"]["path"]), (&json!(-32002), &json!("/offset")));
    process.request(&call(3, "sums.sum", &json!({ "numbers": [] })));
    assert_eq!(process.message().unwrap()["error"]["code"], -32600);
}

#[test]
fn with_all_threads_taken_a_queued_call_can_be_cancelled_and_a_ping_is_answered() {
    let mut process = Process::example("options");
    process.handshake();
    process.request(&call(3, "sums.wait", &json!({})));
    process.request(&call(4, "sums.wait", &json!({})));
    process.request(&call(5, "ping", &json!({})));
    assert_eq!(process.message().unwrap()["id"], 5);
    process.request(&cancel(4));
    assert_eq!(process.message().unwrap(), cancelled(4));
    process.request(&cancel(3));
    assert_eq!(process.message().unwrap(), cancelled(3));
}

fn cancelled(id: u32) -> Value {
    let error = json!({ "code": -32800, "message": "cancelled", "data": { "code": "cancelled" } });
    json!({ "jsonrpc": "2.0", "id": id, "error": error })
}
