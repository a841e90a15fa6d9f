use bulkhead_plugin::{Api, Call, Error, plugin};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Params {
    a: i64,
    b: i64,
}

fn min(_: &Call, p: Params) -> Result<i64, Error> {
    Ok(p.a.min(p.b))
}

fn main() {
    plugin!().api(Api::new("min", "1.0.0").method("min", min)).run()
}
