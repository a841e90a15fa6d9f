//! Mirrors a directory of JSON task files into the todos of its host, and wakes the host when something has changed there.

mod config;
mod folder;
mod mirror;
mod store;
mod task;
mod tasks;

use std::sync::Arc;
use std::thread;

use bulkhead_plugin::schemars::JsonSchema;
use bulkhead_plugin::{Action, Activation, Api, Call, Event, Level, Method, log, plugin};
use serde::Deserialize;
use todo_api::{Applied, Ask};

use crate::config::Config;
use crate::tasks::Tasks;

#[derive(Deserialize, JsonSchema)]
struct Loaded {
    /// The plugin whose batch it was.
    by: Option<String>,
}

fn main() {
    let tasks = Arc::new(Tasks::default());
    let own = || Arc::clone(&tasks);
    let (started, configured) = (own(), own());
    let activate = move |activation: &Activation, config: Config| {
        started.configure(activation, config)?;
        if activation.services().iter().any(|service| service == "host.emit") {
            let (tasks, host) = (Arc::clone(&started), activation.host().clone());
            thread::spawn(move || tasks.watch(&host));
        } else {
            log(Level::Warn, "host.emit is not granted: the host has to ask by itself what is new");
        }
        Ok(())
    };
    let configure = move |activation: &Activation, config: Config| configured.configure(activation, config);
    let (generate, sync, applied, loaded) = (own(), own(), own(), own());
    let generate = Method::new("generate", move |_: &Call, ask: Ask| generate.generate(ask))
        .description("The tasks as todos that nothing keeps up to date. The input is a part of their titles.")
        .idempotent()
        .error("source_unavailable", "The directory can not be read.");
    let sync = Method::new("sync", move |call: &Call, ask: Ask| sync.sync(call, ask))
        .description("What brings the mirrored todos up to date with the directory.")
        .error("source_unavailable", "The directory can not be read.");
    let applied = Method::new("applied", move |call: &Call, params: Applied| applied.applied(call, params))
        .description("The host has done what `sync` answered.")
        .error("unknown_batch", "There is no such batch, or it has been confirmed.");
    let loaded =
        Event::new("loaded", move |call: &Call, event: Loaded| loaded.loaded(call, event.by.as_deref()))
            .description("Asks the host to sync: its list is another one.");
    plugin!()
        .needs("host.storage", "^1.0.0")
        .wants("host.emit", "^1.0.0")
        .wants("todo.query", "^1.0.0")
        .activate(activate)
        .configure(configure)
        .api(
            Api::new("todo", todo_api::VERSION)
                .with(generate)
                .with(sync)
                .with(applied)
                .with(loaded)
                .with(Action::new("generate", "generate").description("Copies of all tasks.").key("ctrl+g"))
                .with(Action::new("sync", "sync").description("Looks at the directory again.")),
        )
        .run()
}
