//! Calls in the other direction: what a plugin asks of its host.

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use crate::asked::HostError;
use crate::call::Call;
use crate::error::{INTERNAL_ERROR, INVALID_PARAMS};
use crate::log::Level;
use crate::pool;

/// The host services that the operator has granted. From [`Call::host`] or
/// [`Activation::host`](crate::Activation::host); cheap to clone, and clones may go to other threads.
///
/// What is asked before the call is answered belongs to that call: it ends with the call's deadline, and when the call
/// is cancelled. A handle that is kept for longer asks for the plugin itself.
#[derive(Clone)]
pub struct Host {
    call: Call,
    time: Option<Duration>,
}

impl Host {
    pub(crate) fn new(call: Call) -> Self {
        Self { call, time: None }
    }

    /// The same host, which answers within this time or with an error.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }

    /// Calls any method of a service, such as `todo.query`, and waits for its answer. The plugin goes on serving meanwhile.
    pub fn request<R: DeserializeOwned>(
        &self,
        method: &str,
        params: &(impl Serialize + ?Sized),
    ) -> Result<R, HostError> {
        let params = to_raw_value(params).map_err(|error| {
            HostError::local(INVALID_PARAMS, "invalid_params", format!("{method}: {error}"))
        })?;
        let reply = self.call.ask(method, &params, self.time);
        let result = pool::aside(|| reply.recv()).unwrap_or_else(|_| Err(HostError::cancelled()))?;
        serde_json::from_str(result.get()).map_err(|error| {
            HostError::local(
                INTERNAL_ERROR,
                "invalid_result",
                format!("{method} answered otherwise: {error}"),
            )
        })
    }

    /// Calls a method of another plugin, `plugin/api.method`, where the configuration allows it.
    pub fn call<R: DeserializeOwned>(
        &self,
        target: &str,
        params: &(impl Serialize + ?Sized),
    ) -> Result<R, HostError> {
        #[derive(Serialize)]
        struct Params<'a, P: ?Sized> {
            target: &'a str,
            params: &'a P,
        }
        self.request("host.call", &Params { target, params })
    }

    /// Tells the host's clients, and the plugins that want this event, `api.event`.
    pub fn emit(&self, event: &str, params: &(impl Serialize + ?Sized)) -> Result<(), HostError> {
        #[derive(Serialize)]
        struct Params<'a, P: ?Sized> {
            event: &'a str,
            params: &'a P,
        }
        self.request("host.emit", &Params { event, params })
    }

    /// A line of the plugin's log. [`log`](crate::log()) does the same without asking.
    pub fn log(&self, level: Level, message: &str) -> Result<(), HostError> {
        self.request("host.log", &json!({ "level": level, "msg": message }))
    }

    /// A line of the plugin's log with more to it than a sentence.
    pub fn log_with(
        &self,
        level: Level,
        message: &str,
        fields: &Map<String, Value>,
    ) -> Result<(), HostError> {
        self.request("host.log", &json!({ "level": level, "msg": message, "fields": fields }))
    }

    /// Values that survive restarts.
    pub fn storage(&self) -> Storage {
        Storage { host: self.clone() }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("for", self.call.id()).finish_non_exhaustive()
    }
}

/// Values by key, kept by the host: keys of up to 256 bytes, values of up to 64 KiB of JSON.
pub struct Storage {
    host: Host,
}

impl Storage {
    /// The value, or `None` when there is none.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, HostError> {
        // What is null was stored as null: only the type can say whether that is a value.
        #[derive(Deserialize)]
        struct Stored {
            #[serde(default, deserialize_with = "crate::message::raw")]
            value: Option<Box<RawValue>>,
        }
        let stored: Stored = self.host.request("host.storage.get", &json!({ "key": key }))?;
        let Some(value) = stored.value else {
            return Ok(None);
        };
        serde_json::from_str(value.get()).map(Some).map_err(|error| {
            HostError::local(
                INTERNAL_ERROR,
                "invalid_result",
                format!("{key:?} holds something else: {error}"),
            )
        })
    }

    /// Stores a value, in place of the one before.
    pub fn set(&self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<(), HostError> {
        #[derive(Serialize)]
        struct Params<'a, V: ?Sized> {
            key: &'a str,
            value: &'a V,
        }
        self.host.request("host.storage.set", &Params { key, value })
    }

    /// Whether there was a value to delete.
    pub fn delete(&self, key: &str) -> Result<bool, HostError> {
        #[derive(Deserialize)]
        struct Answer {
            deleted: bool,
        }
        let Answer { deleted } = self.host.request("host.storage.delete", &json!({ "key": key }))?;
        Ok(deleted)
    }

    /// The keys that begin with `prefix`, in the order of their bytes.
    pub fn list(&self, prefix: &str) -> Result<Vec<String>, HostError> {
        #[derive(Deserialize)]
        struct Page {
            keys: Vec<String>,
            more: bool,
        }
        let mut keys: Vec<String> = Vec::new();
        loop {
            let mut params = json!({ "prefix": prefix });
            if let Some(last) = keys.last() {
                params["after"] = last.as_str().into();
            }
            let page: Page = self.host.request("host.storage.list", &params)?;
            let over = !page.more || page.keys.is_empty();
            keys.extend(page.keys);
            if over {
                return Ok(keys);
            }
        }
    }
}
