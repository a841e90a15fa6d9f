//! The method: from the configured command to a batch.

use bulkhead_plugin::{Call, Error};
use todo_api::{Ask, Change};

use crate::config::Config;
use crate::{output, program};

/// A host takes 10,000 commands in one batch.
const MAX_TODOS: usize = 10_000;

pub fn generate(call: &Call, config: &Config, ask: Ask) -> Result<Change, Error> {
    let arguments = config.arguments(ask.input.as_deref())?;
    let path = program::find(&config.command[0])?;
    let printed = program::run(call, &path, &arguments, config.timeout_seconds)?;
    let most = ask.max.map_or(MAX_TODOS, |most| most as usize).min(MAX_TODOS);
    let mut commands = output::read(config.format, &printed, &config.title_prefix)
        .map_err(|why| Error::named("output_invalid", format!("{}: {why}", config.command[0])))?;
    let found = commands.len();
    // Parents come before their children, so what is left has its parents.
    commands.truncate(most);
    let more = if found > most { format!(" of {found}") } else { String::new() };
    let summary = format!("{}{more} from {}", plural(commands.len()), config.command[0]);
    Ok(Change { summary, commands, batch: None })
}

fn plural(n: usize) -> String {
    format!("{n} {}", if n == 1 { "todo" } else { "todos" })
}
