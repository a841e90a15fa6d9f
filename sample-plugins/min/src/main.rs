//! The smallest plugin with a state of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bulkhead_plugin::{Api, Call, Error, Method, plugin};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Pair {
    a: i64,
    b: i64,
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn min(_: &Call, pair: Pair) -> Result<i64, Error> {
    Ok(pair.a.min(pair.b))
}

fn main() {
    let count = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&count);
    plugin!()
        .api(
            Api::new("min", "1.0.0")
                .with(Method::new("min", min).description("The lesser of two integers.").idempotent())
                .with(
                    Method::new("counter", move |_: &Call, _: Nothing| Ok(count.fetch_add(1, Relaxed) + 1))
                        .description("Counts its own calls, from 1 in each life of the process."),
                )
                .with(
                    Method::new("peek", move |_: &Call, _: Nothing| Ok(seen.load(Relaxed)))
                        .description("How far the counter is; 0 in a fresh process.")
                        .idempotent(),
                ),
        )
        .run()
}
