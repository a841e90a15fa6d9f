//! What the operator configures.

use bulkhead_plugin::Error;
use schemars::JsonSchema;
use serde::Deserialize;

/// The place of the input among the arguments.
pub const INPUT: &str = "{input}";

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// The program and its arguments. `{input}` in an argument stands for what the person has typed.
    pub command: Vec<String>,
    /// What the program prints: a todo on each line, JSON, or what Jira's search answers.
    #[serde(default)]
    pub format: Format,
    /// The program is killed after so many seconds; 60 unless told.
    #[serde(default = "a_minute")]
    pub timeout_seconds: u32,
    /// Goes before each title.
    #[serde(default)]
    pub title_prefix: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    #[default]
    Lines,
    Json,
    Jira,
}

fn a_minute() -> u32 {
    60
}

impl Config {
    pub fn check(&self) -> Result<(), Error> {
        let Some(program) = self.command.first() else {
            return Err(Error::config_invalid("/command", "must name a program"));
        };
        if program.is_empty() || program.contains(INPUT) {
            return Err(Error::config_invalid("/command/0", "must be a program: the input is no part of it"));
        }
        if self.timeout_seconds == 0 {
            return Err(Error::config_invalid("/timeoutSeconds", "must be 1 at least"));
        }
        Ok(())
    }

    /// The arguments, with the input in its place.
    pub fn arguments(&self, input: Option<&str>) -> Result<Vec<String>, Error> {
        let arguments = &self.command[1..];
        let has_place = arguments.iter().any(|each| each.contains(INPUT));
        match input.filter(|input| !input.trim().is_empty()) {
            None if has_place => Err(Error::named("invalid_input", "the command needs an input")),
            None => Ok(arguments.to_vec()),
            Some(_) if !has_place => {
                Err(Error::named("invalid_input", format!("no argument of the command has a {INPUT}")))
            }
            Some(input) => Ok(arguments.iter().map(|each| each.replace(INPUT, input)).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json};

    fn config(value: Value) -> Config {
        from_value(value).expect("a configuration")
    }

    #[test]
    fn the_input_goes_where_it_belongs_as_one_argument() {
        let config = config(json!({ "command": ["jira", "--jql", "project = {input}"] }));
        assert_eq!(config.arguments(Some("A; rm -rf /")).unwrap(), ["--jql", "project = A; rm -rf /"]);
        assert_eq!(config.arguments(None).unwrap_err().data().unwrap()["code"], "invalid_input");
    }

    #[test]
    fn an_input_without_a_place_is_refused() {
        let config = config(json!({ "command": ["list"] }));
        assert!(config.arguments(None).unwrap().is_empty());
        assert!(config.arguments(Some(" ")).unwrap().is_empty());
        assert_eq!(config.arguments(Some("x")).unwrap_err().data().unwrap()["code"], "invalid_input");
    }

    #[test]
    fn what_is_wrong_has_its_path() {
        for (value, path) in [
            (json!({ "command": [] }), "/command"),
            (json!({ "command": ["{input}"] }), "/command/0"),
            (json!({ "command": ["a"], "timeoutSeconds": 0 }), "/timeoutSeconds"),
        ] {
            assert_eq!(config(value).check().unwrap_err().data().unwrap()["path"], path);
        }
    }
}
