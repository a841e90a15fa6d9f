//! A plugin and its host, seen from the host's side of a real process.

mod support;

use serde_json::{Value, json};
use support::process::Process;

fn started() -> Process {
    let mut process = Process::example("hosted");
    process.request(&json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocol": { "min": 1, "max": 1 }, "plugin": "hosted", "generation": 1,
            "services": ["host.storage", "host.emit"], "limits": { "frameBytes": 300 }
        }
    }));
    assert_eq!(process.message().unwrap()["id"], 1);
    call(&mut process, 2, "activate", &json!({ "config": {} }));
    assert_eq!(process.message().unwrap()["result"], json!({}));
    process
}

fn call(process: &mut Process, id: u32, method: &str, params: &Value) {
    process.request(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
}

/// The plugin asks this; it is answered like that.
fn serve(process: &mut Process, asked: &Value, ctx: &Value, result: &Value) {
    let request = process.message().unwrap();
    let (method, params) = (&request["method"], &request["params"]);
    assert_eq!(json!({ "method": method, "params": params }), *asked);
    assert_eq!(request["ctx"], *ctx);
    process.request(&json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }));
}

fn result(process: &mut Process, id: u32) -> Value {
    let answer = process.message().unwrap();
    assert_eq!(answer["id"], id, "{answer}");
    answer["result"].clone()
}

#[test]
fn what_is_stored_is_read_and_deleted_and_listed_page_by_page() {
    let mut process = started();
    let parent = |id| json!({ "parent": id });
    let (get, set) = ("host.storage.get", "host.storage.set");
    for (id, stored, visits) in [(3, json!({}), 1), (4, json!({ "value": 1 }), 2)] {
        call(&mut process, id, "hosted.visit", &json!({}));
        let asked = json!({ "method": get, "params": { "key": "visits" } });
        serve(&mut process, &asked, &parent(id), &stored);
        let asked = json!({ "method": set, "params": { "key": "visits", "value": visits } });
        serve(&mut process, &asked, &parent(id), &Value::Null);
        assert_eq!(result(&mut process, id), visits);
    }

    call(&mut process, 5, "hosted.forget", &json!({}));
    let asked = json!({ "method": "host.storage.delete", "params": { "key": "visits" } });
    serve(&mut process, &asked, &parent(5), &json!({ "deleted": true }));
    assert_eq!(result(&mut process, 5), true);

    call(&mut process, 6, "hosted.keys", &json!({}));
    let asked = json!({ "method": "host.storage.list", "params": { "prefix": "v" } });
    serve(&mut process, &asked, &parent(6), &json!({ "keys": ["va", "vb"], "more": true }));
    let asked = json!({ "method": "host.storage.list", "params": { "prefix": "v", "after": "vb" } });
    serve(&mut process, &asked, &parent(6), &json!({ "keys": ["vc"], "more": false }));
    assert_eq!(result(&mut process, 6), json!(["va", "vb", "vc"]));
}

#[test]
fn what_is_stored_of_another_type_is_an_error_and_no_panic() {
    let mut process = started();
    call(&mut process, 3, "hosted.visit", &json!({}));
    let asked = json!({ "method": "host.storage.get", "params": { "key": "visits" } });
    serve(&mut process, &asked, &json!({ "parent": 3 }), &json!({ "value": "many" }));
    let error = &process.message().unwrap()["error"];
    assert_eq!(error["code"], -32603);
    assert!(error["message"].as_str().unwrap().contains("\"visits\" holds something else"), "{error}");
}

#[test]
fn another_plugin_is_called_within_a_time_and_its_error_goes_up() {
    let mut process = started();
    call(&mut process, 3, "hosted.words", &json!({ "text": "one two" }));
    let params = json!({ "target": "wordcount/text.count", "params": { "text": "one two" } });
    let asked = json!({ "method": "host.call", "params": params });
    serve(&mut process, &asked, &json!({ "parent": 3, "ms": 1500 }), &json!({ "words": 2 }));
    assert_eq!(result(&mut process, 3), 2);

    call(&mut process, 4, "hosted.words", &json!({ "text": "" }));
    let id = process.message().unwrap()["id"].clone();
    let error =
        json!({ "code": -31950, "message": "not granted", "data": { "code": "service_not_granted" } });
    process.request(&json!({ "jsonrpc": "2.0", "id": id, "error": error }));
    let error = json!({
        "code": -32603, "message": "not granted (service_not_granted)", "data": { "code": "internal_error" }
    });
    assert_eq!(process.message().unwrap()["error"], error);
}

#[test]
fn a_request_beyond_the_limit_fails_without_being_sent() {
    let mut process = started();
    call(&mut process, 3, "hosted.words", &json!({ "text": "x".repeat(200) }));
    let answer = process.message().unwrap();
    assert_eq!(answer["id"], 3, "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("the limit is 300"), "{answer}");
}

#[test]
fn a_thread_of_the_plugin_emits_for_itself_and_for_no_call() {
    let mut process = started();
    call(&mut process, 3, "hosted.change", &json!({ "text": "new" }));
    let (mut answered, mut emitted) = (false, false);
    while !(answered && emitted) {
        let message = process.message().unwrap();
        if message["method"] == "host.emit" {
            emitted = true;
            let params = json!({ "event": "hosted.changed", "params": { "text": "new" } });
            assert_eq!(message["params"], params);
            assert!(message["ctx"].get("parent").is_none(), "{message}");
        } else {
            answered = true;
            assert_eq!((&message["id"], &message["result"]), (&json!(3), &Value::Null));
        }
    }
}

#[test]
fn with_its_only_thread_waiting_for_the_host_the_plugin_still_serves() {
    let mut process = started();
    call(&mut process, 3, "hosted.visit", &json!({}));
    let asked = process.message().unwrap();
    assert_eq!(asked["method"], "host.storage.get");
    call(&mut process, 4, "hosted.forget", &json!({}));
    let asked = json!({ "method": "host.storage.delete", "params": { "key": "visits" } });
    serve(&mut process, &asked, &json!({ "parent": 4 }), &json!({ "deleted": false }));
    assert_eq!(result(&mut process, 4), false);
}

#[test]
fn items_from_another_thread_keep_their_order_and_one_too_long_is_an_error() {
    let mut process = started();
    let stream = |id: u32, text: &str| {
        json!({
            "jsonrpc": "2.0", "id": id, "method": "hosted.lines", "params": { "text": text },
            "ctx": { "credit": 10 }
        })
    };
    process.request(&stream(3, "a\nb\nc"));
    for (seq, value) in (0..).zip(["a", "b", "c"]) {
        let params = json!({ "id": 3, "seq": seq, "value": value });
        assert_eq!(process.message().unwrap()["params"], params);
    }
    assert_eq!(result(&mut process, 3), Value::Null);

    process.request(&stream(4, "a\nlong"));
    assert_eq!(process.message().unwrap()["params"]["value"], "a");
    let error = &process.message().unwrap()["error"];
    assert_eq!((&error["code"], &error["data"]["code"]), (&json!(-32603), &json!("item_too_large")));
}

#[test]
fn a_line_of_the_log_goes_to_stderr_or_to_the_host() {
    let mut process = started();
    call(&mut process, 3, "hosted.say", &json!({ "text": "so\nit is" }));
    let asked = json!({ "method": "host.log", "params": { "level": "info", "msg": "so\nit is" } });
    serve(&mut process, &asked, &json!({ "parent": 3 }), &Value::Null);
    let params = json!({ "level": "error", "msg": "so\nit is", "fields": { "length": 8 } });
    let asked = json!({ "method": "host.log", "params": params });
    serve(&mut process, &asked, &json!({ "parent": 3 }), &Value::Null);
    assert_eq!(result(&mut process, 3), Value::Null);
    let log = process.end();
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines[0], "granted: host.storage, host.emit");
    let line: Value = serde_json::from_str(lines[1]).unwrap();
    assert_eq!(line, json!({ "level": "warn", "msg": "so\nit is", "length": 8 }));
}
