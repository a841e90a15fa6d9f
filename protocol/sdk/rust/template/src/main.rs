use bulkhead_plugin::{Api, Call, Error, Method, Plugin, plugin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Greet {
    /// Who is greeted.
    name: String,
}

#[derive(Serialize, JsonSchema)]
struct Greeting {
    greeting: String,
}

fn greet(_: &Call, params: Greet) -> Result<Greeting, Error> {
    if params.name.is_empty() {
        return Err(Error::invalid_params("/name", "must not be empty"));
    }
    Ok(Greeting {
        greeting: format!("Hello, {}!", params.name),
    })
}

fn offered() -> Plugin {
    let greet = Method::new("greet", greet)
        .description("Greets somebody.")
        .idempotent();
    plugin!().api(Api::new("{{name}}", "1.0.0").with(greet))
}

fn main() {
    offered().run()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn somebody_is_greeted() {
        let result = offered().try_call("{{name}}.greet", &json!({ "name": "Ada" }));
        assert_eq!(result, Ok(json!({ "greeting": "Hello, Ada!" })));
    }

    #[test]
    fn nobody_is_not() {
        for params in [json!({ "name": "" }), json!({ "name": 5 })] {
            let error = offered().try_call("{{name}}.greet", &params).unwrap_err();
            assert_eq!(error.data().unwrap()["path"], "/name");
        }
    }
}
