//! Less common choices: an api in two versions, bytes, a bound on threads, configuration kept, panics answered.
//!
//! `--exit-on-panic` leaves out the last one.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bulkhead_plugin::{Api, Bytes, Call, Error, Int64, Method, Panic, Plugin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Config {
    /// Added to each sum.
    #[serde(default)]
    offset: i64,
}

#[derive(Deserialize, JsonSchema)]
struct None {}

#[derive(Deserialize, JsonSchema)]
struct Numbers {
    numbers: Vec<Int64>,
}

#[derive(Serialize, JsonSchema)]
struct Sum {
    sum: Int64,
}

#[derive(Deserialize, JsonSchema)]
struct Tile {
    image: Bytes,
    times: usize,
}

#[derive(Serialize, JsonSchema)]
struct Tiled {
    image: Bytes,
    bytes: usize,
}

fn tile(_: &Call, params: Tile) -> Result<Tiled, Error> {
    let image: Bytes = params.image.repeat(params.times).into();
    Ok(Tiled { bytes: image.len(), image })
}

fn wait(call: &Call, _: None) -> Result<(), Error> {
    call.sleep(Duration::MAX)
}

fn panic(_: &Call, _: None) -> Result<(), Error> {
    panic!("on purpose");
}

fn main() {
    let offset = Arc::new(OnceLock::new());
    let kept = Arc::clone(&offset);

    let sum = move |_: &Call, params: Numbers| {
        let first = offset.get().copied().unwrap_or_default();
        let sum = params.numbers.iter().try_fold(first, |sum: i64, n| sum.checked_add(n.0));
        Ok(Sum { sum: sum.ok_or_else(|| Error::named("overflow", "beyond 64 bits"))?.into() })
    };

    let exit = std::env::args().any(|argument| argument == "--exit-on-panic");
    Plugin::new("options", "1.0.0")
        .activate(move |_, config: Config| {
            if config.offset < 0 {
                return Err(Error::config_invalid("/offset", "must not be negative"));
            }
            kept.get_or_init(|| config.offset);
            Ok(())
        })
        .api(Api::new("sums", "1.0.0").method("old", |_: &Call, _: None| Ok("one")))
        .api(
            Api::new("sums", "2.0.0").method("wait", wait).method("panic", panic).with(
                Method::new("sum", sum)
                    .description("Adds 64-bit integers.")
                    .idempotent()
                    .error("overflow", "The sum does not fit into 64 bits."),
            ),
        )
        .api(Api::new("images", "1.0.0").method("tile", tile))
        .threads(1)
        .on_panic(if exit { Panic::Exit } else { Panic::Answer })
        .run()
}
