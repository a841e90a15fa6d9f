//! What the plugin does: watches, and answers.

use std::collections::HashMap;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bulkhead_plugin::{Activation, Call, Error, Host, HostError, Level, log};
use serde_json::{Value, json};
use todo_api::{Applied, Ask, CHANGED, Change, Found, Todo};

use crate::config::Config;
use crate::folder::{Contents, Folder};
use crate::mirror::{Mirror, copies, plan, wanted};
use crate::store;

/// Between two looks at the directory.
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Default)]
pub struct Tasks {
    directory: Mutex<Directory>,
    reconfigured: Condvar,
    /// Locked for the whole of a `sync`: one at a time.
    told: Mutex<Told>,
}

#[derive(Default)]
struct Directory {
    config: Option<Config>,
    /// The id under which the supervisor runs this plugin.
    plugin: String,
    folder: Folder,
    contents: Contents,
    /// Told once for each time that it goes away.
    gone: bool,
}

/// What the host knows.
#[derive(Default)]
struct Told {
    /// `None`: not read from the storage yet.
    mirror: Option<Mirror>,
    /// A batch that the host has not confirmed, and what it has when it does.
    batch: Option<(String, Mirror)>,
    batches: u64,
}

impl Tasks {
    /// Before the first call, and whenever the configuration is another one.
    pub fn configure(&self, activation: &Activation, config: Config) -> Result<(), Error> {
        config.check()?;
        let mut directory = lock(&self.directory);
        if directory.config.as_ref().is_some_and(|old| old.directory != config.directory) {
            directory.folder = Folder::default();
        }
        directory.plugin = activation.plugin().into();
        directory.config = Some(config);
        self.reconfigured.notify_all();
        Ok(())
    }

    /// Wakes the host whenever there is something new, beginning with what there is now. For a thread of its own.
    pub fn watch(&self, host: &Host) {
        let mut directory = lock(&self.directory);
        let mut announced: Option<(Option<Config>, Contents)> = None;
        loop {
            // What can not be read has been logged.
            let _ = directory.look();
            let Directory { config, contents, .. } = &*directory;
            if announced.as_ref().is_none_or(|(old, seen)| (old, seen) != (config, contents)) {
                announced = Some((config.clone(), contents.clone()));
                drop(directory);
                if let Err(error) = host.emit(CHANGED, &json!({})) {
                    log(Level::Warn, format_args!("the host was not woken: {error}"));
                }
                directory = lock(&self.directory);
            }
            directory = match self.reconfigured.wait_timeout(directory, PAUSE) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// The whole directory, or the tasks with the input in their titles, as todos that stand for themselves.
    pub fn generate(&self, ask: Ask) -> Result<Change, Error> {
        let (config, contents) = self.now()?;
        let tasks = wanted(&Mirror::default(), &contents, config.order);
        let part = ask.input.unwrap_or_default().to_lowercase();
        let most = ask.max.map_or(usize::MAX, |most| most as usize);
        let commands =
            copies(tasks.iter().filter(|task| task.title.to_lowercase().contains(&part)).take(most));
        let summary = format!("{} of {} tasks in {}", commands.len(), tasks.len(), config.title());
        Ok(Change { summary, commands, batch: None })
    }

    pub fn sync(&self, call: &Call, _: Ask) -> Result<Change, Error> {
        let mut told = lock(&self.told);
        let (config, contents) = self.now()?;
        let host = call.host();
        let stored = match told.mirror.take() {
            Some(mirror) => mirror,
            None => store::load(&host)?,
        };
        told.mirror = Some(stored.clone());
        let mirror = match query(&host, &self.plugin())? {
            Some(found) => stored.clone().corrected(&found),
            None => stored.clone(),
        };
        let (commands, next) = plan(&mirror, &contents, config.order, &config.title());
        if commands.is_empty() {
            told.mirror = None;
            store::save(&host, &stored, &next)?;
            (told.mirror, told.batch) = (Some(next), None);
            return Ok(Change { summary: format!("{} is up to date", config.title()), ..Change::default() });
        }
        told.batches += 1;
        // A number of another life must not be taken for one of this.
        let batch = format!("{}-{}", std::process::id(), told.batches);
        told.batch = Some((batch.clone(), next));
        let summary =
            format!("{} tasks in {}: {} changes", contents.tasks.len(), config.title(), commands.len());
        Ok(Change { summary, commands, batch: Some(batch) })
    }

    pub fn applied(&self, call: &Call, applied: Applied) -> Result<(), Error> {
        let mut told = lock(&self.told);
        let Some((_, next)) = told.batch.take_if(|(batch, _)| *batch == applied.batch) else {
            return Err(Error::named("unknown_batch", format!("no batch {} waits", applied.batch)));
        };
        let created: HashMap<_, _> =
            applied.created.into_iter().map(|each| (each.temp_id, each.id)).collect();
        let after = next.confirmed(&created);
        let before = told.mirror.take().unwrap_or_default();
        // Where that fails, the storage is read again.
        store::save(&call.host(), &before, &after)?;
        told.mirror = Some(after);
        Ok(())
    }

    /// Another list in the host: it may lack what this one mirrors.
    pub fn loaded(&self, call: &Call, by: Option<&str>) -> Result<(), Error> {
        if by != Some(self.plugin().as_str()) {
            call.host().emit(CHANGED, &json!({}))?;
        }
        Ok(())
    }

    /// As the directory is at this moment.
    fn now(&self) -> Result<(Config, Contents), Error> {
        let mut directory = lock(&self.directory);
        directory.look().map_err(|error| {
            Error::named("source_unavailable", format!("the tasks are not readable: {error}"))
        })?;
        let config = directory.config.clone().ok_or_else(|| Error::internal("it was not activated"))?;
        Ok((config, directory.contents.clone()))
    }

    fn plugin(&self) -> String {
        lock(&self.directory).plugin.clone()
    }
}

impl Directory {
    fn look(&mut self) -> io::Result<()> {
        let Some(config) = &self.config else {
            return Ok(());
        };
        match self.folder.look(&config.directory) {
            Ok(contents) => {
                self.contents = contents;
                self.gone = false;
                Ok(())
            }
            Err(error) => {
                if !self.gone {
                    let path = config.directory.display();
                    log(Level::Warn, format_args!("{path}: {error}; its todos stay as they are"));
                }
                self.gone = true;
                Err(error)
            }
        }
    }
}

/// The host's todos that this plugin has created. `None`: nobody answers, so that the storage has to do.
fn query(host: &Host, plugin: &str) -> Result<Option<Vec<Todo>>, HostError> {
    let mut todos: Vec<Todo> = Vec::new();
    loop {
        let mut params = json!({ "origin": plugin });
        if let Some(last) = todos.last() {
            params["after"] = Value::from(last.id.as_str());
        }
        let page: Found = match host.request("todo.query", &params) {
            Ok(page) => page,
            Err(error) if ["service_not_granted", "service_unavailable"].contains(&error.code().as_str()) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let over = !page.more || page.todos.is_empty();
        todos.extend(page.todos);
        if over {
            return Ok(Some(todos));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
