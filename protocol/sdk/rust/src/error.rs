//! What a call is answered with when it has no result.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

pub(crate) const PARSE_ERROR: i64 = -32700;
pub(crate) const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
pub(crate) const INVALID_PARAMS: i64 = -32602;
pub(crate) const INTERNAL_ERROR: i64 = -32603;
pub(crate) const CANCELLED: i64 = -32800;
const INCOMPATIBLE_PROTOCOL: i64 = -32001;
const CONFIG_INVALID: i64 = -32002;
/// The code of errors that are told apart by their name alone.
const NAMED: i64 = 1;

/// An ordinary error: the call failed, the plugin lives on.
///
/// Any `std::error::Error` becomes one with `?`, as `internal_error` (-32603) with the error's own text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Error {
    code: i64,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

impl Error {
    /// An error of the plugin's own, told apart by a stable `name`: it arrives as `data.code`.
    ///
    /// ```
    /// # use bulkhead_plugin::Error;
    /// let error = Error::named("root_not_found", "there is no directory /nowhere");
    /// assert_eq!(error.data().unwrap()["code"], "root_not_found");
    /// ```
    pub fn named(name: &str, message: impl Into<String>) -> Self {
        Self::new(NAMED, message).with_data(json!({ "code": name }))
    }

    /// An error with a number of the plugin's own. The range -31999 to -31900 belongs to the supervisor: a code in it is
    /// sent as `internal_error` instead.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// Adds `data`, replacing what was there. It should have a `code`, a stable string.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// The params fit their types and are wrong all the same. `path` is a JSON pointer to the value, such as `/roots/0`.
    pub fn invalid_params(path: &str, message: impl Into<String>) -> Self {
        Self::new(INVALID_PARAMS, message).with_data(json!({ "code": "invalid_params", "path": path }))
    }

    /// The configuration is wrong: the answer of an `activate` hook. `path` is a JSON pointer to the value.
    pub fn config_invalid(path: &str, message: impl Into<String>) -> Self {
        Self::new(CONFIG_INVALID, message).with_data(json!({ "code": "config_invalid", "path": path }))
    }

    /// The plugin failed in a way that it did not foresee.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(INTERNAL_ERROR, message).with_data(json!({ "code": "internal_error" }))
    }

    /// The answer to a cancelled call; [`Call::check`](crate::Call::check) returns it.
    pub fn cancelled() -> Self {
        Self::new(CANCELLED, "cancelled").with_data(json!({ "code": "cancelled" }))
    }

    /// The number.
    pub fn code(&self) -> i64 {
        self.code
    }

    /// The sentence for a human.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What a program may want to know.
    pub fn data(&self) -> Option<&Value> {
        self.data.as_ref()
    }

    pub(crate) fn parse_error(message: impl Into<String>) -> Self {
        Self::new(PARSE_ERROR, message).with_data(json!({ "code": "parse_error" }))
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(INVALID_REQUEST, message).with_data(json!({ "code": "invalid_request" }))
    }

    pub(crate) fn method_not_found(method: &str) -> Self {
        Self::new(METHOD_NOT_FOUND, format!("no method {method:?}"))
            .with_data(json!({ "code": "method_not_found" }))
    }

    pub(crate) fn panicked(message: &str) -> Self {
        Self::new(INTERNAL_ERROR, format!("panicked: {message}")).with_data(json!({ "code": "panic" }))
    }

    pub(crate) fn incompatible_protocol(ours: i64, host: (i64, i64)) -> Self {
        let (min, max) = host;
        let upgrade = if min > ours { "the plugin" } else { "the host" };
        Self::new(
            INCOMPATIBLE_PROTOCOL,
            format!("the plugin speaks protocol {ours}, the host {min} to {max}: upgrade {upgrade}"),
        )
        .with_data(json!({ "code": "incompatible_protocol", "min": ours, "max": ours }))
    }

    /// What goes over the wire: the supervisor's own codes do not.
    pub(crate) fn sendable(self) -> Self {
        if !(-31999..=-31900).contains(&self.code) {
            return self;
        }
        Self::new(
            INTERNAL_ERROR,
            format!(
                "{} (the plugin chose code {}, which belongs to the supervisor)",
                self.message, self.code
            ),
        )
        .with_data(json!({ "code": "reserved_code" }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

// This is why `Error` itself is no `std::error::Error`: the two would overlap. `anyhow` does the same.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        Self::internal(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_supervisors_codes_are_not_sent() {
        for code in [-31999, -31950, -31900] {
            let sent = Error::new(code, "mine").sendable();
            assert_eq!(sent.code(), INTERNAL_ERROR);
            assert!(sent.message().contains(&code.to_string()));
        }
        for code in [-32000, -31899, 7] {
            assert_eq!(Error::new(code, "mine").sendable().code(), code);
        }
    }

    #[test]
    fn the_question_mark_takes_any_error() {
        fn parse() -> Result<i32, Error> {
            Ok("x".parse::<i32>()?)
        }
        assert_eq!(parse().unwrap_err().message(), "invalid digit found in string");
    }

    #[test]
    fn an_incompatible_protocol_names_the_side_to_upgrade() {
        assert!(Error::incompatible_protocol(1, (2, 3)).message().ends_with("upgrade the plugin"));
        assert!(Error::incompatible_protocol(1, (0, 0)).message().ends_with("upgrade the host"));
    }
}
