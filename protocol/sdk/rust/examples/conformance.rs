//! The reference plugin that protocol/transcripts/ is about.

use std::time::Duration;

use bulkhead_plugin::{Api, Call, Error, Plugin};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize, JsonSchema)]
struct Config {
    #[serde(rename = "label")]
    _label: Option<String>,
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

fn main() {
    let api = Api::new("conformance", "1.0.0")
        .method("echo", echo)
        .method("add", add)
        .method("slow", slow)
        .method("progress", progress)
        .method("repeat", repeat)
        .method("fail", fail)
        .method("print", print);
    Plugin::new("conformance", "1.0.0").activate(|_, _: Config| Ok(())).api(api).run()
}
