//! What a plugin offers: apis, and the methods in them.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::error::Error;
use crate::message::typed;

/// A named, versioned set of methods. One plugin may offer several, and one of them in several versions.
pub struct Api {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) methods: Vec<Method>,
}

impl Api {
    /// `name` is `[a-z][a-z0-9-]*`, `version` a semantic version.
    ///
    /// # Panics
    /// When the name is no such name.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        let name = name.into();
        assert_name("api", &name);
        Self { name, version: version.into(), methods: Vec::new() }
    }

    /// Adds a method. The wire calls it `api.name`; its schemas come from the handler's types.
    ///
    /// # Panics
    /// When the api has a method of this name already.
    #[must_use]
    pub fn method<P, R, F>(self, name: &str, handler: F) -> Self
    where
        P: DeserializeOwned + JsonSchema,
        R: Serialize + JsonSchema,
        F: Fn(&Call, P) -> Result<R, Error> + Send + Sync + 'static,
    {
        self.with(Method::new(name, handler))
    }

    /// Adds a method that says more of itself than its types do.
    ///
    /// # Panics
    /// When the api has a method of this name already.
    #[must_use]
    pub fn with(mut self, method: Method) -> Self {
        assert!(
            self.methods.iter().all(|other| other.name != method.name),
            "the api {} has two methods {:?}",
            self.name,
            method.name
        );
        self.methods.push(method);
        self
    }

    pub(crate) fn describe(&self) -> Value {
        let methods: Vec<_> = self.methods.iter().map(Method::describe).collect();
        json!({ "name": self.name, "version": self.version, "methods": methods })
    }
}

type Handler = dyn Fn(&Call, Option<&RawValue>) -> Result<Box<RawValue>, Error> + Send + Sync;

/// A handler and what `describe` shows of it.
pub struct Method {
    name: String,
    described: Map<String, Value>,
    errors: Vec<Value>,
    handler: Box<Handler>,
}

impl Method {
    /// A method served by `handler`, a function over types that derive `Deserialize` or `Serialize`, and `JsonSchema`.
    ///
    /// Calls run at the same time, each on a thread of its own. A panic ends the process: see [`Panic`](crate::Panic).
    ///
    /// # Panics
    /// When the name is not `[A-Za-z][A-Za-z0-9_-]*`.
    pub fn new<P, R, F>(name: &str, handler: F) -> Self
    where
        P: DeserializeOwned + JsonSchema,
        R: Serialize + JsonSchema,
        F: Fn(&Call, P) -> Result<R, Error> + Send + Sync + 'static,
    {
        assert!(
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'),
            "{name:?} is no method name: those are like [A-Za-z][A-Za-z0-9_-]*"
        );
        let mut described = Map::new();
        described.insert("params".into(), params_schema::<P>());
        described.insert("result".into(), result_schema::<R>());
        Self {
            name: name.into(),
            described,
            errors: Vec::new(),
            handler: Box::new(move |call, params| {
                let params = typed(params, Error::invalid_params)?;
                let result = handler(call, params)?;
                to_raw_value(&result)
                    .map_err(|error| Error::internal(format!("the result is no JSON: {error}")))
            }),
        }
    }

    /// One sentence.
    #[must_use]
    pub fn description(self, text: &str) -> Self {
        self.describe_as("description", text.into())
    }

    /// The call may be made again after a crash: making it twice is like making it once.
    #[must_use]
    pub fn idempotent(self) -> Self {
        self.describe_as("idempotent", true.into())
    }

    /// The shape of this method's progress, where it is not `{message, done, total}`.
    #[must_use]
    pub fn progress<T: Serialize + JsonSchema>(self) -> Self {
        self.describe_as("progress", result_schema::<T>())
    }

    /// An error that callers should expect, by its `data.code`.
    #[must_use]
    pub fn error(mut self, code: &str, description: &str) -> Self {
        self.errors.push(json!({ "code": code, "description": description }));
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn serve(&self, call: &Call, params: Option<&RawValue>) -> Result<Box<RawValue>, Error> {
        (self.handler)(call, params)
    }

    fn describe_as(mut self, member: &str, value: Value) -> Self {
        self.described.insert(member.into(), value);
        self
    }

    fn describe(&self) -> Value {
        let mut described = self.described.clone();
        described.insert("name".into(), self.name.clone().into());
        if !self.errors.is_empty() {
            described.insert("errors".into(), self.errors.clone().into());
        }
        described.into()
    }
}

/// JSON Schema 2020-12 of what a type takes.
pub(crate) fn params_schema<T: JsonSchema>() -> Value {
    schema::<T>(SchemaSettings::draft2020_12())
}

/// JSON Schema 2020-12 of what a type gives: members that are left out or never left out differ from the above.
fn result_schema<T: JsonSchema>() -> Value {
    schema::<T>(SchemaSettings::draft2020_12().for_serialize())
}

fn schema<T: JsonSchema>(mut settings: SchemaSettings) -> Value {
    // The page of the protocol says which draft it is, in one place for all.
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    // The name of a Rust type is no part of a contract.
    schema.remove("title");
    schema.to_value()
}

/// # Panics
/// When it is not `[a-z][a-z0-9-]*`.
pub(crate) fn assert_name(of: &str, name: &str) {
    assert!(
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
        "{name:?} is no {of} name: those are like [a-z][a-z0-9-]*"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Params {
        /// How far.
        steps: u32,
        label: Option<String>,
    }

    #[test]
    fn a_method_is_described_by_its_types() {
        let method = Method::new("go", |_: &Call, _: Params| Ok(()))
            .description("Goes.")
            .idempotent()
            .error("stuck", "It can not.");
        let described = method.describe();
        assert_eq!(described["name"], "go");
        assert_eq!(described["idempotent"], true);
        assert_eq!(described["errors"][0]["code"], "stuck");
        assert_eq!(described["result"], json!({ "type": "null" }));
        let params = &described["params"];
        assert_eq!(params["type"], "object");
        assert_eq!(params["required"], json!(["steps"]));
        assert_eq!(params["properties"]["steps"]["description"], "How far.");
        assert!(params.get("$schema").is_none() && params.get("title").is_none());
    }

    #[test]
    #[should_panic(expected = "two methods \"a\"")]
    fn a_name_stands_for_one_method() {
        let method = || Method::new("a", |_: &Call, _: Params| Ok(()));
        let _ = Api::new("x", "1.0.0").with(method()).with(method());
    }

    #[test]
    #[should_panic(expected = "is no api name")]
    fn a_name_is_checked() {
        Api::new("Min", "1.0.0");
    }
}
