//! The plugin as a whole: what its author says of it, and how it is run.

use std::io::{self, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use crate::api::{Api, assert_name};
use crate::asked::Asked;
use crate::call::{Call, Peer, Terms};
use crate::error::Error;
use crate::frame;
use crate::handshake::routes;
use crate::host::Host;
use crate::message::{Id, Params, typed};
use crate::output::Output;
use crate::schema::config_schema;
use crate::session::Session;
use crate::stdio;

/// The protocol's version that this crate speaks.
pub(crate) const PROTOCOL: i64 = 1;

// sysexits.h: the supervisor was misunderstood, is unreachable; the plugin was started by hand.
pub(crate) const EXIT_DATA: i32 = 65;
pub(crate) const EXIT_IO: i32 = 74;
const EXIT_USAGE: i32 = 64;

const THREADS: usize = 256;

/// What happens when a handler panics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Panic {
    /// The process ends with its message on stderr and status 101. Bulkhead reports the crash and starts it anew, with
    /// fresh state. The default: what a panic left behind is not worth trusting.
    #[default]
    Exit,
    /// The call is answered with -32603 and `data.code` `panic`, and the process lives on. Needs `panic = "unwind"`.
    Answer,
}

/// What a plugin is told when it is activated, and when it is configured anew.
#[derive(Clone, Debug)]
pub struct Activation {
    pub(crate) host: Host,
    pub(crate) services: Vec<String>,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) plugin: String,
    pub(crate) generation: u64,
}

impl Activation {
    /// A directory of the plugin's own that outlives the process.
    pub fn data_dir(&self) -> Option<&Path> {
        self.data_dir.as_deref()
    }

    /// The host's services. Kept, for a thread of the plugin's own, it goes on working when the hook has returned.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The host services that the operator has granted, such as `host.storage`.
    pub fn services(&self) -> &[String] {
        &self.services
    }

    /// The name under which the supervisor runs this process.
    pub fn plugin(&self) -> &str {
        &self.plugin
    }

    /// Which life of that name this is, counted from 1.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

pub(crate) type Hook = dyn Fn(&Activation, Option<&RawValue>) -> Result<(), Error> + Send + Sync;

/// A plugin: apis, and how to run them. Built once, in `main`, and handed over to [`run`](Plugin::run).
pub struct Plugin {
    name: String,
    version: String,
    pub(crate) apis: Vec<Api>,
    exclusive: bool,
    needs: Vec<Value>,
    config: Option<Value>,
    pub(crate) on_activate: Option<Box<Hook>>,
    pub(crate) on_configure: Option<Box<Hook>>,
    pub(crate) on_panic: Panic,
    pub(crate) threads: usize,
}

impl Plugin {
    /// `name` is `[a-z][a-z0-9-]*`, `version` a semantic version. [`plugin!`](crate::plugin!) takes both from Cargo.
    ///
    /// # Panics
    /// When the name is no such name.
    pub fn new(name: &str, version: &str) -> Self {
        assert_name("plugin", name);
        Self {
            name: name.into(),
            version: version.into(),
            apis: Vec::new(),
            exclusive: false,
            needs: Vec::new(),
            config: None,
            on_activate: None,
            on_configure: None,
            on_panic: Panic::default(),
            threads: THREADS,
        }
    }

    /// Offers an api.
    ///
    /// # Panics
    /// When it is offered already, in the same version.
    #[must_use]
    pub fn api(mut self, api: Api) -> Self {
        assert!(
            self.apis.iter().all(|other| (&other.name, &other.version) != (&api.name, &api.version)),
            "the api {} {} is offered twice",
            api.name,
            api.version
        );
        self.apis.push(api);
        self
    }

    /// Takes configuration: `hook` runs before the first call, with the `config` of the plugin's entry as the type that it
    /// names. What it returns as an error fails the start; [`Error::config_invalid`] names the value that is wrong.
    #[must_use]
    pub fn activate<C, F>(mut self, hook: F) -> Self
    where
        C: DeserializeOwned + JsonSchema,
        F: Fn(&Activation, C) -> Result<(), Error> + Send + Sync + 'static,
    {
        self.config = Some(config_schema::<C>());
        self.on_activate = Some(configured(hook));
        self
    }

    /// Takes another configuration while it runs; `hook` may be the one of [`activate`](Plugin::activate). What it
    /// returns as an error leaves the old configuration in force. Calls go on meanwhile.
    #[must_use]
    pub fn configure<C, F>(mut self, hook: F) -> Self
    where
        C: DeserializeOwned + JsonSchema,
        F: Fn(&Activation, C) -> Result<(), Error> + Send + Sync + 'static,
    {
        self.config = Some(config_schema::<C>());
        self.on_configure = Some(configured(hook));
        self
    }

    /// A host service that the plugin can not do without, such as `host.storage`, and a semver range of it.
    #[must_use]
    pub fn needs(mut self, service: &str, range: &str) -> Self {
        self.needs.push(json!({ "service": service, "range": range }));
        self
    }

    /// A host service that the plugin calls where it is granted: [`Activation::services`] says so.
    #[must_use]
    pub fn wants(mut self, service: &str, range: &str) -> Self {
        self.needs.push(json!({ "service": service, "range": range, "optional": true }));
        self
    }

    /// Two processes of this plugin can not run at once, because it owns a port or a lock.
    #[must_use]
    pub fn exclusive(mut self) -> Self {
        self.exclusive = true;
        self
    }

    /// What happens when a handler panics. A panic in a thread that the author started is not caught either way: its
    /// message goes to stderr and the process lives on without that thread, as in any Rust program.
    #[must_use]
    pub fn on_panic(mut self, panic: Panic) -> Self {
        self.on_panic = panic;
        self
    }

    /// How many calls may run at the same time; the others queue. 256 unless told.
    ///
    /// # Panics
    /// When it is 0.
    #[must_use]
    pub fn threads(mut self, most: usize) -> Self {
        assert!(most > 0, "a plugin without threads serves nothing");
        self.threads = most;
        self
    }

    /// Serves until the supervisor says `exit` or is gone, then ends the process.
    ///
    /// From here on standard output leads to standard error and standard input is empty: the protocol has them.
    pub fn run(self) -> ! {
        if io::stdin().is_terminal() {
            explain(&self.name);
            process::exit(EXIT_USAGE);
        }
        let streams = stdio::take()
            .unwrap_or_else(|error| fail(EXIT_IO, &format!("the standard streams are not usable: {error}")));
        let session = Session::new(self, streams.output);
        let mut input = BufReader::with_capacity(64 * 1024, streams.input);
        loop {
            let read = frame::read(&mut input, session.frame_limit());
            match read.and_then(|frame| frame.map(|frame| session.receive(frame)).transpose()) {
                Ok(Some(())) => {}
                Ok(None) => session.leave(0),
                Err(error) => {
                    say(&error.to_string());
                    session.leave(EXIT_DATA)
                }
            }
        }
    }

    /// Serves one call without a supervisor, for tests: progress and items go nowhere, no hook has run, and the host
    /// answers everything with the error `no_host`.
    ///
    /// ```
    /// # use bulkhead_plugin::{Api, Call, Plugin};
    /// # use schemars::JsonSchema;
    /// # use serde_json::json;
    /// # #[derive(serde::Deserialize, JsonSchema)]
    /// # struct Params { a: i64, b: i64 }
    /// let plugin = Plugin::new("min", "1.0.0")
    ///     .api(Api::new("min", "1.0.0").method("min", |_: &Call, p: Params| Ok(p.a.min(p.b))));
    /// assert_eq!(plugin.try_call("min.min", &json!({ "a": 1, "b": 2 })), Ok(json!(1)));
    /// ```
    pub fn try_call(&self, method: &str, params: &Value) -> Result<Value, Error> {
        let peer = Peer {
            output: Output::new(None),
            asked: Asked::of_nobody(),
            frame_bytes: AtomicUsize::new(usize::MAX),
        };
        let terms = Terms { time_left: None, credit: u64::MAX, bulk: false };
        let call = Call::new(Id::Integer(0), method.into(), &terms, None, Arc::new(peer));
        let routes = routes(&self.apis, &[]);
        let handler = routes.get(method).ok_or_else(|| Error::method_not_found(method))?;
        let result = handler(&call, Params { json: Some(to_raw_value(params)?), data: None })?;
        Ok(serde_json::from_slice(&result.json)?)
    }

    pub(crate) fn describe(&self) -> Value {
        let apis: Vec<_> = self.apis.iter().map(Api::describe).collect();
        let mut description = Map::new();
        let mut tell = |member: &str, value: Value| description.insert(member.into(), value);
        tell("protocol", PROTOCOL.into());
        tell("plugin", json!({ "name": self.name, "version": self.version }));
        tell("build", build());
        tell("apis", apis.into());
        let mut capabilities = json!({ "ping": true, "bulk": true });
        if self.on_configure.is_some() {
            capabilities["configure"] = true.into();
        }
        tell("capabilities", capabilities);
        if !self.needs.is_empty() {
            tell("needs", self.needs.clone().into());
        }
        if self.exclusive {
            tell("exclusive", true.into());
        }
        if let Some(config) = &self.config {
            tell("config", config.clone());
        }
        description.into()
    }
}

fn configured<C: DeserializeOwned>(
    hook: impl Fn(&Activation, C) -> Result<(), Error> + Send + Sync + 'static,
) -> Box<Hook> {
    Box::new(move |activation, config| hook(activation, typed(config, None, Error::config_invalid)?))
}

fn build() -> Value {
    json!({
        "language": "rust",
        "compiler": env!("BULKHEAD_COMPILER"),
        "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
        "target": env!("BULKHEAD_TARGET"),
        "sdk": concat!("bulkhead-plugin ", env!("CARGO_PKG_VERSION")),
    })
}

fn explain(name: &str) {
    let program = std::env::args().next().unwrap_or_else(|| name.into());
    say(&format!(
        "{name} is a Bulkhead plugin: it speaks JSON-RPC over stdin and stdout, and a terminal does not.\n\
         To run it, add it to bulkhead.toml:\n\n    [plugins.{name}]\n    command = {program:?}\n\n\
         Then: bulkhead up"
    ));
}

/// A line on stderr. Not `eprintln!`: that panics when stderr is closed.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

pub(crate) fn fail(status: i32, text: &str) -> ! {
    say(text);
    process::exit(status)
}
