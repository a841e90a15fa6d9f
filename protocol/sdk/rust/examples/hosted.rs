//! What a plugin does with its host: storage, other plugins, events from a thread of its own, streams, the log.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bulkhead_plugin::{Activation, Api, Call, Error, Host, Level, Plugin, Sink, log_with};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Deserialize, JsonSchema)]
struct Text {
    text: String,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Count {
    words: u64,
}

fn visit(call: &Call, _: Nothing) -> Result<u64, Error> {
    let storage = call.host().storage();
    let visits = storage.get::<u64>("visits")?.unwrap_or(0) + 1;
    storage.set("visits", &visits)?;
    Ok(visits)
}

fn forget(call: &Call, _: Nothing) -> Result<bool, Error> {
    Ok(call.host().storage().delete("visits")?)
}

fn keys(call: &Call, _: Nothing) -> Result<Vec<String>, Error> {
    Ok(call.host().storage().list("v")?)
}

fn words(call: &Call, params: Text) -> Result<u64, Error> {
    let host = call.host().within(Duration::from_millis(1500));
    let count: Count = host.call("wordcount/text.count", &json!({ "text": params.text }))?;
    Ok(count.words)
}

fn say(call: &Call, params: Text) -> Result<(), Error> {
    let fields = Map::from_iter([("length".to_owned(), Value::from(params.text.len()))]);
    log_with(Level::Warn, &params.text, &fields);
    call.host().log(Level::Info, &params.text)?;
    Ok(call.host().log_with(Level::Error, &params.text, &fields)?)
}

/// Each line in the text, from a thread of its own.
fn lines(_: &Call, params: Text, items: &Sink<String>) -> Result<(), Error> {
    let items = items.clone();
    let reader = thread::spawn(move || {
        params
            .text
            .lines()
            .try_for_each(|line| items.send(&line.repeat(if line == "long" { 100 } else { 1 })))
    });
    reader.join().unwrap_or_else(|_| Err(Error::internal("the reader panicked")))
}

/// Tells the host of each change that `changes` brings.
fn watch(host: &Host, changes: &Receiver<String>) {
    for change in changes {
        if let Err(error) = host.emit("hosted.changed", &json!({ "text": change })) {
            eprintln!("nobody was told: {error}");
        }
    }
}

fn main() {
    let (sender, changes) = channel();
    let changes = Mutex::new(Some(changes));
    let sender = Arc::new(Mutex::new(sender));
    let activate = move |activation: &Activation, _: Nothing| {
        if let Some(changes) = changes.lock().unwrap().take() {
            let host = activation.host().clone();
            thread::spawn(move || watch(&host, &changes));
        }
        eprintln!("granted: {}", activation.services().join(", "));
        Ok(())
    };
    let change = move |_: &Call, params: Text| {
        let sender: &Sender<String> = &sender.lock().unwrap();
        Ok(sender.send(params.text)?)
    };

    let api = Api::new("hosted", "1.0.0")
        .method("visit", visit)
        .method("forget", forget)
        .method("keys", keys)
        .method("words", words)
        .method("say", say)
        .stream("lines", lines)
        .event("change", change)
        .action("visit", "visit");
    Plugin::new("hosted", "1.0.0")
        .activate(activate)
        .needs("host.storage", "^1.0.0")
        .wants("host.emit", "^1.0.0")
        .api(api)
        .threads(1)
        .run()
}
