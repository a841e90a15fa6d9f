//! The reference plugin that protocol/transcripts/ is about.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bulkhead_plugin::{Action, Activation, Api, Bytes, Call, Error, Method, Plugin, Sink};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize, JsonSchema)]
struct Config {
    label: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    value: Value,
}

#[derive(Deserialize, JsonSchema)]
struct Add {
    a: i64,
    b: i64,
}

#[derive(Deserialize, JsonSchema)]
struct Slow {
    ms: Option<u64>,
}

#[derive(Deserialize, JsonSchema)]
struct Progress {
    steps: u64,
}

#[derive(Deserialize, JsonSchema)]
struct Repeat {
    text: String,
    times: usize,
}

#[derive(Deserialize, JsonSchema)]
struct Fail {
    code: i64,
    message: String,
}

#[derive(Deserialize, JsonSchema)]
struct Print {
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Count {
    to: i64,
    cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Number {
    n: i64,
}

#[derive(Deserialize, JsonSchema)]
struct Ask {
    method: String,
    params: Value,
}

#[derive(Deserialize, JsonSchema)]
struct Reverse {
    parts: Vec<Bytes>,
}

#[derive(Deserialize, JsonSchema)]
struct Poke {
    n: i64,
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn echo(_: &Call, params: Echo) -> Result<Value, Error> {
    Ok(params.value)
}

fn add(_: &Call, params: Add) -> Result<i64, Error> {
    params.a.checked_add(params.b).ok_or_else(|| Error::named("overflow", "the sum is too large"))
}

fn slow(call: &Call, params: Slow) -> Result<&'static str, Error> {
    call.sleep(params.ms.map_or(Duration::MAX, Duration::from_millis))?;
    Ok("done")
}

fn progress(call: &Call, params: Progress) -> Result<u64, Error> {
    for step in 1..=params.steps {
        call.check()?;
        call.progress(&format!("step {step}"), step, params.steps);
    }
    Ok(params.steps)
}

fn repeat(_: &Call, params: Repeat) -> Result<String, Error> {
    Ok(params.text.repeat(params.times))
}

fn fail(_: &Call, params: Fail) -> Result<(), Error> {
    Err(Error::new(params.code, params.message).with_data(json!({ "code": "failed" })))
}

fn print(_: &Call, params: Print) -> Result<(), Error> {
    println!("{}", params.text);
    Ok(())
}

fn count(_: &Call, params: Count, items: &Sink<Number>) -> Result<u64, Error> {
    let seen: i64 = params.cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let mut sent = 0;
    for n in seen + 1..=params.to {
        items.send_at(&Number { n }, n)?;
        sent += 1;
    }
    Ok(sent)
}

fn ask(call: &Call, params: Ask) -> Result<Value, Error> {
    match call.host().request::<Value>(&params.method, &params.params) {
        Ok(result) => Ok(json!({ "ok": result })),
        Err(error) => {
            call.check()?;
            Ok(json!({ "error": { "code": error.code(), "message": error.message() } }))
        }
    }
}

fn reverse(_: &Call, params: Reverse) -> Result<Vec<Bytes>, Error> {
    Ok(params.parts.into_iter().rev().collect())
}

fn main() {
    let label = Arc::new(Mutex::new(None));
    let configured = Arc::clone(&label);
    let configure = move |_: &Activation, config: Config| {
        *configured.lock().unwrap() = config.label;
        Ok(())
    };
    let label = move |_: &Call, _: Nothing| Ok(label.lock().unwrap().clone());

    let sum = Arc::new(AtomicI64::new(0));
    let poked = Arc::clone(&sum);
    let pokes = move |_: &Call, _: Nothing| Ok(sum.load(Relaxed));
    let poke = move |_: &Call, event: Poke| {
        if event.n < 0 {
            return Err(Error::named("negative", "n must not be negative"));
        }
        poked.fetch_add(event.n, Relaxed);
        Ok(())
    };

    let api = Api::new("conformance", "1.0.0")
        .with(Method::new("echo", echo).idempotent())
        .with(Method::new("add", add).idempotent())
        .method("slow", slow)
        .method("progress", progress)
        .method("repeat", repeat)
        .method("fail", fail)
        .method("print", print)
        .stream("count", count)
        .method("ask", ask)
        .method("label", label)
        .method("pokes", pokes)
        .method("reverse", reverse)
        .event("poke", poke)
        .with(Action::new("pokes", "pokes").description("How often it was poked").key("ctrl+k"));
    Plugin::new("conformance", "1.0.0")
        .activate(configure.clone())
        .configure(configure)
        .wants("host.storage", "^1.0.0")
        .api(api)
        .run()
}
