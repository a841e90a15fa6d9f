//! The methods.

use std::process;
use std::time::Duration;

use bulkhead_plugin::{Api, Call, Error, Method, Plugin, plugin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::misbehaviour::Garbage;
use crate::options::{Activation, Options};
use crate::raw::Stdout;
use crate::{deaths, escapee, misbehaviour};

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Deserialize, JsonSchema)]
struct Panic {
    /// What it says; may have several lines.
    message: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Exit {
    code: i32,
}

#[derive(Deserialize, JsonSchema)]
struct Sleep {
    ms: u64,
}

#[derive(Deserialize, JsonSchema)]
struct Text {
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Bytes {
    bytes: usize,
}

#[derive(Deserialize, JsonSchema)]
struct Kind {
    kind: Garbage,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Escapee {
    #[serde(default)]
    ignore_term: bool,
    /// Keep the plugin's descriptors open.
    #[serde(default)]
    hold_pipes: bool,
}

#[derive(Serialize, JsonSchema)]
struct Escaped {
    pid: u32,
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    value: Value,
}

pub fn plugin(options: &Options, stdout: Stdout) -> Plugin {
    let api = living(deadly(Api::new("chaos", &options.api_version)), &stdout);
    let plugin = plugin!().api(api);
    match options.activation {
        Activation::Usual => plugin,
        Activation::Unanswered => plugin.activate(|_, _: Nothing| deaths::hang()),
        Activation::ConfigInvalid => plugin
            .activate(|_, _: Nothing| Err(Error::config_invalid("/roots/0", "chaos likes no configuration"))),
    }
}

fn deadly(api: Api) -> Api {
    api.with(
        Method::new("panic", |_: &Call, params: Panic| -> Result<(), Error> {
            panic!("{}", said(params));
        })
        .description("Panics in the handler."),
    )
    .with(
        Method::new("panicThread", |_: &Call, params: Panic| {
            deaths::panic_in_thread(said(params));
            Ok("the thread is gone")
        })
        .description("Panics in a thread of its own, which the process survives."),
    )
    .with(
        Method::new("abort", |_: &Call, _: Nothing| -> Result<(), Error> { process::abort() })
            .description("Ends by SIGABRT."),
    )
    .with(
        Method::new("segfault", |_: &Call, _: Nothing| -> Result<(), Error> { deaths::segfault() })
            .description("Ends by SIGSEGV."),
    )
    .with(
        Method::new("stackOverflow", |_: &Call, _: Nothing| Ok(deaths::overflow_stack(0)))
            .description("Recurses until the stack is used up; ends by SIGABRT."),
    )
    .with(
        Method::new("exit", |_: &Call, params: Exit| -> Result<(), Error> { process::exit(params.code) })
            .description("Exits with a status, without an answer."),
    )
    .with(
        Method::new("alloc", |_: &Call, params: Bytes| {
            deaths::leak(params.bytes);
            Ok(params.bytes)
        })
        .description("Takes memory, writes to it, and keeps it."),
    )
    .with(
        Method::new("hang", |_: &Call, _: Nothing| -> Result<(), Error> { deaths::hang() })
            .description("Never answers, cancelled or not."),
    )
}

fn living(api: Api, stdout: &Stdout) -> Api {
    // SAFETY: takes nothing and can not fail. It is the main thread that builds the plugin and then reads.
    let reader = unsafe { libc::pthread_self() };
    let (stray, noise, huge, reserved) = (stdout.clone(), stdout.clone(), stdout.clone(), stdout.clone());
    api.with(
        Method::new("sleep", |call: &Call, params: Sleep| {
            call.sleep(Duration::from_millis(params.ms))?;
            Ok("done")
        })
        .description("Behaves well: a slow call that can be cancelled."),
    )
    .with(
        Method::new("echo", |_: &Call, params: Echo| Ok(params.value))
            .description("Behaves well: returns the value.")
            .idempotent(),
    )
    .with(
        Method::new("ignoreTerm", |_: &Call, _: Nothing| {
            misbehaviour::ignore_sigterm();
            Ok("SIGTERM is ignored")
        })
        .description("Ignores SIGTERM from now on."),
    )
    .with(
        Method::new("strayStdout", move |_: &Call, params: Text| {
            stray.write(params.text.as_bytes());
            Ok("written")
        })
        .description("Writes text between two frames, as it is."),
    )
    .with(
        Method::new("stderrFlood", |_: &Call, params: Bytes| {
            misbehaviour::flood_stderr(params.bytes)?;
            Ok("written")
        })
        .description("Writes so many bytes of log lines in one go."),
    )
    .with(
        Method::new("stopReading", move |_: &Call, _: Nothing| {
            misbehaviour::stop_reading(reader);
            Ok("nothing is read any more")
        })
        .description("Never reads standard input again, and lives on."),
    )
    .with(
        Method::new("hugeResult", move |call: &Call, params: Bytes| {
            Ok(misbehaviour::huge_result(&huge, call, params.bytes))
        })
        .description("Answers with a string of so many bytes, beyond the limit too."),
    )
    .with(
        Method::new("garbage", move |_: &Call, params: Kind| {
            misbehaviour::garbage(&noise, params.kind);
            Ok("written")
        })
        .description("Writes something that is no message, and then answers."),
    )
    .with(
        Method::new("reservedCode", move |call: &Call, _: Nothing| -> Result<(), Error> {
            Err(misbehaviour::reserved_code(&reserved, call))
        })
        .description("Answers with an error code of the supervisor's own; then answers again."),
    )
    .with(
        Method::new("spawnEscapee", |_: &Call, params: Escapee| {
            let Escapee { ignore_term, hold_pipes } = params;
            let pid = escapee::spawn(&escapee::Escapee { ignore_term, hold_pipes })?;
            Ok(Escaped { pid })
        })
        .description("Leaves a descendant in a session of its own behind."),
    )
}

fn said(params: Panic) -> String {
    params.message.unwrap_or_else(|| "on command".into())
}
