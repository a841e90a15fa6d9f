//! Runs a program that the operator has configured, without a shell, and turns what it prints into todos.

mod command;
mod config;
mod keeper;
mod output;
mod program;

use std::sync::{Arc, Mutex, PoisonError};

use bulkhead_plugin::{Action, Activation, Api, Call, Error, Level, Method, log, plugin};
use todo_api::Ask;

use crate::config::Config;

fn main() {
    // The same executable, as the process between the plugin and the program.
    if std::env::args_os().nth(1).is_some_and(|first| first == keeper::FLAG) {
        keeper::run();
    }
    let current: Arc<Mutex<Option<Arc<Config>>>> = Arc::default();
    let kept = Arc::clone(&current);
    let configure = move |_: &Activation, config: Config| {
        config.check()?;
        // It may be installed later: that is no reason to not start.
        if let Err(error) = program::find(&config.command[0]) {
            log(Level::Warn, error.message());
        }
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(config));
        Ok(())
    };
    let generate = move |call: &Call, ask: Ask| {
        let config = current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let config = config.ok_or_else(|| Error::internal("it was not activated"))?;
        command::generate(call, &config, ask)
    };
    let generate = Method::new("generate", generate)
        .description("Runs the configured program: each todo that it prints is a todo.")
        .error("program_missing", "There is no such program, or it is not executable.")
        .error("program_failed", "The program has ended with an error; `status` and `stderr` say more.")
        .error("program_timeout", "The program has not ended in time, and was killed.")
        .error("output_invalid", "What the program printed is not what `format` says.")
        .error("invalid_input", "The command has no place for an input, or needs one.");
    plugin!()
        .activate(configure.clone())
        .configure(configure)
        .api(
            Api::new("todo", todo_api::VERSION)
                .with(generate)
                .with(Action::new("generate", "generate").description("Todos from a program.").key("ctrl+g")),
        )
        .run()
}
