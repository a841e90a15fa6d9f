//! What a plugin offers: apis, and the methods, events and actions in them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::Call;
use crate::error::Error;
use crate::method::{Action, Event, Handler, Method};
use crate::sink::Sink;

/// A named, versioned set of methods, of the events that it wants, and of actions. One plugin may offer several, and one
/// of them in several versions.
pub struct Api {
    pub(crate) name: String,
    pub(crate) version: String,
    methods: Vec<Method>,
    events: Vec<Event>,
    actions: Vec<Action>,
}

impl Api {
    /// `name` is `[a-z][a-z0-9-]*`, `version` a semantic version.
    ///
    /// # Panics
    /// When the name is no such name.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        let name = name.into();
        assert_name("api", &name);
        Self { name, version: version.into(), methods: Vec::new(), events: Vec::new(), actions: Vec::new() }
    }

    /// Adds a method. The wire calls it `api.name`; its schemas come from the handler's types.
    ///
    /// # Panics
    /// When the api has a method or an event of this name already.
    #[must_use]
    pub fn method<P, R, F>(self, name: &str, handler: F) -> Self
    where
        P: DeserializeOwned + JsonSchema,
        R: Serialize + JsonSchema,
        F: Fn(&Call, P) -> Result<R, Error> + Send + Sync + 'static,
    {
        self.with(Method::new(name, handler))
    }

    /// Adds a method that gives items before its result.
    ///
    /// # Panics
    /// When the api has a method or an event of this name already.
    #[must_use]
    pub fn stream<P, T, R, F>(self, name: &str, handler: F) -> Self
    where
        P: DeserializeOwned + JsonSchema,
        T: Serialize + JsonSchema + 'static,
        R: Serialize + JsonSchema,
        F: Fn(&Call, P, &Sink<T>) -> Result<R, Error> + Send + Sync + 'static,
    {
        self.with(Method::stream(name, handler))
    }

    /// Adds an event that the plugin wants to be told.
    ///
    /// # Panics
    /// When the api has a method or an event of this name already.
    #[must_use]
    pub fn event<P, F>(self, name: &str, handler: F) -> Self
    where
        P: DeserializeOwned + JsonSchema,
        F: Fn(&Call, P) -> Result<(), Error> + Send + Sync + 'static,
    {
        self.with(Event::new(name, handler))
    }

    /// Adds an action that a person may start, done by a method of this api.
    ///
    /// # Panics
    /// When the api has an action of this id already, or no such method: methods come first.
    #[must_use]
    pub fn action(self, id: &str, method: &str) -> Self {
        self.with(Action::new(id, method))
    }

    /// Adds a [`Method`], an [`Event`] or an [`Action`] that says more of itself.
    ///
    /// # Panics
    /// When the api has one of this name already, or an action's method is not there: methods come first.
    #[must_use]
    pub fn with(mut self, part: impl Into<Part>) -> Self {
        let api = &self.name;
        match part.into() {
            Part::Method(method) => {
                self.assert_new(&method.name);
                self.methods.push(method);
            }
            Part::Event(event) => {
                self.assert_new(&event.name);
                self.events.push(event);
            }
            Part::Action(action) => {
                let Action { id, method, .. } = &action;
                assert!(
                    self.actions.iter().all(|other| other.id != *id),
                    "the api {api} has two actions {id:?}"
                );
                assert!(
                    self.methods.iter().any(|other| other.name == *method),
                    "the action {id:?} names no method of the api {api}: {method:?}"
                );
                self.actions.push(action);
            }
        }
        self
    }

    fn assert_new(&self, name: &str) {
        let mut names = self.methods.iter().map(|each| &each.name);
        assert!(names.all(|other| other != name), "the api {} has two methods {name:?}", self.name);
        let mut names = self.events.iter().map(|each| &each.name);
        assert!(names.all(|other| other != name), "the api {} has an event {name:?} already", self.name);
    }

    /// What serves its methods and events, by their names.
    pub(crate) fn handlers(&self) -> impl Iterator<Item = (&str, &Arc<Handler>)> {
        let methods = self.methods.iter().map(|each| (each.name.as_str(), &each.handler));
        methods.chain(self.events.iter().map(|each| (each.name.as_str(), &each.handler)))
    }

    pub(crate) fn describe(&self) -> Value {
        let methods: Vec<_> = self.methods.iter().map(Method::describe).collect();
        let mut described = json!({ "name": self.name, "version": self.version, "methods": methods });
        if !self.events.is_empty() {
            described["events"] = self.events.iter().map(Event::describe).collect();
        }
        if !self.actions.is_empty() {
            described["actions"] = self.actions.iter().map(Action::describe).collect();
        }
        described
    }
}

/// What [`Api::with`] takes.
pub enum Part {
    /// A method.
    Method(Method),
    /// An event.
    Event(Event),
    /// An action.
    Action(Action),
}

impl From<Method> for Part {
    fn from(method: Method) -> Self {
        Self::Method(method)
    }
}

impl From<Event> for Part {
    fn from(event: Event) -> Self {
        Self::Event(event)
    }
}

impl From<Action> for Part {
    fn from(action: Action) -> Self {
        Self::Action(action)
    }
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

    fn nothing(_: &Call, _: Params) -> Result<(), Error> {
        Ok(())
    }

    #[test]
    fn a_stream_an_event_and_an_action_are_described() {
        let api = Api::new("x", "1.0.0")
            .stream("watch", |_: &Call, _: Params, _: &Sink<String>| Ok(3))
            .event("added", nothing)
            .with(Event::new("gone", nothing).description("It went."))
            .with(Action::new("look", "watch").description("Looks.").key("ctrl+l"));
        let described = api.describe();
        let watch = &described["methods"][0];
        assert_eq!((&watch["item"]["type"], &watch["result"]["type"]), (&json!("string"), &json!("integer")));
        let [added, gone] = &described["events"].as_array().unwrap()[..] else { panic!("{described}") };
        assert_eq!((&added["name"], &added["params"]["type"]), (&json!("added"), &json!("object")));
        assert_eq!(gone["description"], "It went.");
        assert!(added.get("result").is_none());
        let look = json!({ "id": "look", "method": "watch", "description": "Looks.", "key": "ctrl+l" });
        assert_eq!(described["actions"], json!([look]));
    }

    #[test]
    #[should_panic(expected = "has an event \"a\" already")]
    fn a_name_stands_for_a_method_or_an_event() {
        let _ = Api::new("x", "1.0.0").event("a", nothing).method("a", nothing);
    }

    #[test]
    #[should_panic(expected = "names no method of the api x: \"b\"")]
    fn an_action_is_done_by_a_method_of_its_api() {
        let _ = Api::new("x", "1.0.0").method("a", nothing).action("do", "b");
    }
}
