//! What the operator configures.

use std::path::{Path, PathBuf};

use bulkhead_plugin::Error;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// Where the task files are. Relative to the plugin's working directory.
    pub directory: PathBuf,
    /// In which order the todos stand.
    #[serde(default)]
    pub order: Order,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// What is being worked on first, what is done last.
    #[default]
    Status,
    Name,
}

impl Config {
    /// A directory that goes away later is waited for; one that was never there is a mistake.
    pub fn check(&self) -> Result<(), Error> {
        if self.directory.is_dir() {
            return Ok(());
        }
        let message = format!("there is no directory {}", self.directory.display());
        Err(Error::config_invalid("/directory", message))
    }

    /// Of the todo above all tasks.
    pub fn title(&self) -> String {
        let name = self.directory.canonicalize().ok();
        let name = name.as_deref().unwrap_or(&self.directory).file_name().map(Path::new);
        let title = todo_api::title(&name.unwrap_or(&self.directory).to_string_lossy());
        if title.is_empty() { "tasks".into() } else { title }
    }
}
