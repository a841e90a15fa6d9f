//! Bytes that travel beside the JSON, seen from the supervisor's side of a real process.

mod support;

use serde_json::{Value, json};
use support::process::Process;

fn tile(id: u32, image: &Value, times: usize, bulk: bool) -> Value {
    let params = json!({ "image": image, "times": times });
    json!({ "jsonrpc": "2.0", "id": id, "method": "images.tile", "params": params, "ctx": { "bulk": bulk } })
}

fn all(data: &[u8]) -> Value {
    json!({ "$bytes": [0, data.len()] })
}

fn tiled(answer: &Value, id: u32, image: &Value, bytes: usize) {
    let expected = json!({ "jsonrpc": "2.0", "id": id, "result": { "image": image, "bytes": bytes } });
    assert_eq!(*answer, expected);
}

fn options() -> Process {
    let mut process = Process::example("options");
    process.handshake();
    process
}

/// Of every byte there is, and no two ranges alike.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_le_bytes()[3]
    };
    (0..length).map(next).collect()
}

#[test]
fn a_plugin_says_that_it_reads_bulk_data_and_describes_bytes_as_text() {
    let description = Process::example("options").handshake();
    assert_eq!(description["result"]["capabilities"]["bulk"], true);
    let apis = description["result"]["apis"].as_array().unwrap();
    let images = apis.iter().find(|api| api["name"] == "images").unwrap();
    let bytes = json!({ "type": "string", "contentEncoding": "base64" });
    let [params, result] = ["params", "result"].map(|of| &images["methods"][0][of]["properties"]["image"]);
    assert_eq!((params, result), (&bytes, &bytes));
}

#[test]
fn sixteen_mebibytes_go_there_and_back_as_they_are() {
    let data = noise(16 << 20);
    let mut process = options();
    process.send_beside(&tile(3, &all(&data), 1, true), &data);
    let (answer, back) = process.message_and_data().unwrap();
    tiled(&answer, 3, &all(&data), data.len());
    assert!(back.unwrap() == data, "other bytes came back");
}

#[test]
fn a_caller_that_takes_no_data_gets_text_and_one_that_sends_text_gets_data() {
    let mut process = options();
    process.send_beside(&tile(3, &json!({ "$bytes": [1, 3] }), 1, false), b"?abc?");
    tiled(&process.message().unwrap(), 3, &json!("YWJj"), 3);
    process.request(&tile(4, &json!("YWJj"), 1000, true));
    let (answer, data) = process.message_and_data().unwrap();
    tiled(&answer, 4, &json!({ "$bytes": [0, 3000] }), 3000);
    assert_eq!(data.unwrap(), b"abc".repeat(1000));
    process.request(&tile(5, &json!("YWJj"), 1, false));
    tiled(&process.message().unwrap(), 5, &json!("YWJj"), 3);
}

#[test]
fn few_bytes_come_back_as_text() {
    let mut process = options();
    process.send_beside(&tile(3, &all(b"GIF89a"), 1, true), b"GIF89a");
    tiled(&process.message().unwrap(), 3, &json!("R0lGODlh"), 6);
}

#[test]
fn frames_of_both_kinds_follow_each_other() {
    let mut process = options();
    for id in (10..40).step_by(2) {
        let data = noise(id as usize * 10_000);
        process.send_beside(&tile(id, &all(&data), 1, true), &data);
        process.request(&json!({ "jsonrpc": "2.0", "id": id + 1, "method": "ping", "params": {} }));
    }
    let mut answered = Vec::new();
    for _ in 10..40 {
        let (answer, data) = process.message_and_data().unwrap();
        let id = u32::try_from(answer["id"].as_u64().unwrap()).unwrap();
        if id % 2 == 0 {
            assert!(data.unwrap() == noise(id as usize * 10_000), "other bytes for {id}");
        } else {
            assert_eq!((&answer["result"], data), (&json!({}), None));
        }
        answered.push(id);
    }
    answered.sort_unstable();
    assert!(answered.into_iter().eq(10..40));
}

#[test]
fn a_handler_that_takes_any_value_sees_text() {
    let mut process = Process::example("conformance");
    process.handshake();
    let params = json!({ "value": [{ "$bytes": [0, 6] }, { "$bytes": [6, 0] }, 5] });
    process.send_beside(
        &json!({ "jsonrpc": "2.0", "id": 3, "method": "conformance.echo", "params": params, "ctx": { "bulk": true } }),
        b"GIF89a",
    );
    assert_eq!(process.message().unwrap()["result"], json!(["R0lGODlh", "", 5]));
}

#[test]
fn a_range_outside_of_the_data_is_the_callers_mistake() {
    let mut process = options();
    for (id, image) in [
        (3, json!({ "$bytes": [0, 7] })),
        (4, json!({ "$bytes": [-1, 2] })),
        (5, json!({ "$bytes": [0, 6], "more": 1 })),
        (6, json!("no base64")),
    ] {
        process.send_beside(&tile(id, &image, 1, true), b"GIF89a");
        let error = &process.message().unwrap()["error"];
        assert_eq!((&error["code"], &error["data"]["path"]), (&json!(-32602), &json!("/image")), "{error}");
    }
    // In a frame of the other kind it is an object like any other.
    process.request(&tile(7, &json!({ "$bytes": [0, 0] }), 1, true));
    assert_eq!(process.message().unwrap()["error"]["data"]["path"], "/image");
}

#[test]
fn an_answer_beyond_the_limit_is_refused_data_and_all() {
    let mut process = Process::example("options");
    process.request(&json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": { "protocol": { "min": 1, "max": 1 }, "limits": { "frameBytes": 4096 } }
    }));
    process.message().unwrap();
    process.request(&json!({ "jsonrpc": "2.0", "id": 2, "method": "activate", "params": { "config": {} } }));
    process.message().unwrap();
    for (id, times, fits) in [(3, 4000, true), (4, 4096, false)] {
        process.send_beside(&tile(id, &all(b"a"), times, true), b"a");
        let (answer, data) = process.message_and_data().unwrap();
        assert_eq!(data.is_some(), fits, "{answer}");
        if !fits {
            assert_eq!(answer["error"]["data"]["code"], "answer_too_large");
        }
    }
}

#[test]
fn data_where_none_belongs_ends_the_session() {
    for (message, named) in [
        (json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": 3 } }), "no request"),
        (json!({ "jsonrpc": "2.0", "id": 1, "result": null }), "no request"),
    ] {
        let mut process = options();
        process.send_beside(&message, b"");
        assert_eq!(process.wait(), Ok(65));
        let log = process.end();
        assert!(log.contains(named), "{log}");
    }
}

#[test]
fn a_header_that_tells_json_and_data_apart_wrongly_ends_the_session() {
    for json in ["0", "53", "x", "1; json=1"] {
        let mut process = options();
        let bulk = format!("Content-Type: application/vnd.bulkhead.bulk; json={json}");
        process.write(format!("Content-Length: 52\r\n{bulk}\r\n\r\n").as_bytes());
        process.write(br#"{"jsonrpc":"2.0","id":3,"method":"ping","params":{}}"#);
        assert_eq!(process.wait(), Ok(65), "{json}");
        let log = process.end();
        assert!(log.contains("not in step with the protocol"), "{log}");
    }
}
