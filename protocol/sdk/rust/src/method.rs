//! The parts of an api: methods, events and actions, and what `describe` shows of them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::error::Error;
use crate::message::{Params, typed};
use crate::pack::{Packed, pack};
use crate::schema::{params_schema, result_schema};
use crate::sink::Sink;
use crate::unpack::Data;

pub(crate) type Handler = dyn Fn(&Call, Params) -> Result<Packed, Error> + Send + Sync;

/// A handler and what `describe` shows of it.
pub struct Method {
    pub(crate) name: String,
    described: Map<String, Value>,
    errors: Vec<Value>,
    pub(crate) handler: Arc<Handler>,
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
        assert_member("method", name);
        let mut described = Map::new();
        described.insert("params".into(), params_schema::<P>());
        described.insert("result".into(), result_schema::<R>());
        Self {
            name: name.into(),
            described,
            errors: Vec::new(),
            handler: Arc::new(move |call, Params { json, data }| {
                let beside = data.as_deref().map(|data| Data::new(data, call.frame_limit()));
                let params = typed(json.as_deref(), beside.as_ref(), Error::invalid_params)?;
                // The handler has its own copy; that of the frame may be large.
                drop((json, data));
                let result = handler(call, params)?;
                pack(&result, call.takes_data())
                    .map_err(|error| Error::internal(format!("the result is no JSON: {error}")))
            }),
        }
    }

    /// A method that gives items before its result. Putting one into the [`Sink`] waits until the reader takes it.
    ///
    /// # Panics
    /// When the name is not `[A-Za-z][A-Za-z0-9_-]*`.
    pub fn stream<P, T, R, F>(name: &str, handler: F) -> Self
    where
        P: DeserializeOwned + JsonSchema,
        T: Serialize + JsonSchema + 'static,
        R: Serialize + JsonSchema,
        F: Fn(&Call, P, &Sink<T>) -> Result<R, Error> + Send + Sync + 'static,
    {
        Self::new(name, move |call: &Call, params| handler(call, params, &Sink::new(call.clone())))
            .describe_as("item", result_schema::<T>())
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

    fn describe_as(mut self, member: &str, value: Value) -> Self {
        self.described.insert(member.into(), value);
        self
    }

    pub(crate) fn describe(&self) -> Value {
        let mut described = self.described.clone();
        described.insert("name".into(), self.name.clone().into());
        if !self.errors.is_empty() {
            described.insert("errors".into(), self.errors.clone().into());
        }
        described.into()
    }
}

/// What the plugin wants to be told, and what it does then. The events of one kind come one at a time and in order.
pub struct Event {
    pub(crate) name: String,
    described: Map<String, Value>,
    pub(crate) handler: Arc<Handler>,
}

impl Event {
    /// An event served by `handler`, within 5 s. Three errors one after the other, and it is not told any more.
    ///
    /// # Panics
    /// When the name is not `[A-Za-z][A-Za-z0-9_-]*`.
    pub fn new<P, F>(name: &str, handler: F) -> Self
    where
        P: DeserializeOwned + JsonSchema,
        F: Fn(&Call, P) -> Result<(), Error> + Send + Sync + 'static,
    {
        assert_member("event", name);
        let Method { name, mut described, handler, .. } = Method::new(name, handler);
        described.remove("result");
        Self { name, described, handler }
    }

    /// One sentence.
    #[must_use]
    pub fn description(mut self, text: &str) -> Self {
        self.described.insert("description".into(), text.into());
        self
    }

    pub(crate) fn describe(&self) -> Value {
        let mut described = self.described.clone();
        described.insert("name".into(), self.name.clone().into());
        described.into()
    }
}

/// What a person may start from a menu or with a key.
pub struct Action {
    pub(crate) id: String,
    pub(crate) method: String,
    described: Map<String, Value>,
}

impl Action {
    /// `method` does it, with the params that the host has for it.
    ///
    /// # Panics
    /// When the id is not `[A-Za-z][A-Za-z0-9_-]*`.
    pub fn new(id: &str, method: &str) -> Self {
        assert_member("action", id);
        Self { id: id.into(), method: method.into(), described: Map::new() }
    }

    /// One sentence.
    #[must_use]
    pub fn description(mut self, text: &str) -> Self {
        self.described.insert("description".into(), text.into());
        self
    }

    /// Suggests a key, such as `ctrl+t`: the host decides.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.described.insert("key".into(), key.into());
        self
    }

    pub(crate) fn describe(&self) -> Value {
        let mut described = self.described.clone();
        described.insert("id".into(), self.id.clone().into());
        described.insert("method".into(), self.method.clone().into());
        described.into()
    }
}

/// # Panics
/// When it is not `[A-Za-z][A-Za-z0-9_-]*`.
fn assert_member(of: &str, name: &str) {
    assert!(
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'),
        "{name:?} is no {of} name: those are like [A-Za-z][A-Za-z0-9_-]*"
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
}
