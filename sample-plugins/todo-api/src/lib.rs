//! The todo api 2.x as types: what `protocol/todo.ts` says, for plugins in Rust. A library, not a plugin.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version of the api that these types are.
pub const VERSION: &str = "2.0.0";

/// The event by which a plugin that mirrors something wakes its host.
pub const CHANGED: &str = "todo.changed";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    #[default]
    Open,
    Active,
    Blocked,
    Done,
    Cancelled,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
}

/// What the host knows when it asks for a change.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Ask {
    /// What the person has typed.
    pub input: Option<String>,
    /// Ids of the todos that the person has selected.
    #[serde(default)]
    pub selected: Vec<String>,
    /// No more todos than this.
    pub max: Option<u32>,
}

/// What the host is to do: all of it, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Change {
    /// One line for a person.
    pub summary: String,
    pub commands: Vec<Command>,
    /// Names it, to be told by `applied`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub batch: Option<String>,
}

/// One change of the host's list. An id may be the `temp_id` of a todo that the same batch has created before.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Command {
    Create(Create),
    Update(Update),
    /// With all that is below it.
    Delete {
        id: String,
    },
    Move(Move),
    /// Null removes the key.
    Metadata {
        id: String,
        key: String,
        value: Value,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    /// The batch's own name for it.
    pub temp_id: String,
    pub parent: Option<String>,
    /// The sibling that it comes behind.
    #[serde(skip_serializing_if = "After::is_last")]
    #[schemars(with = "Option<String>")]
    pub after: After,
    pub title: String,
    pub state: State,
    pub priority: Priority,
    /// A day, `2026-12-31`.
    pub due: Option<String>,
    pub notes: Option<String>,
    pub metadata: Map<String, Value>,
}

/// What is `None` stays as it is; `Some(None)` clears.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Update {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "State")]
    pub state: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Priority")]
    pub priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub due: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub notes: Option<Option<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Move {
    pub id: String,
    pub parent: Option<String>,
    #[serde(skip_serializing_if = "After::is_last")]
    #[schemars(with = "Option<String>")]
    pub after: After,
}

/// Where among its siblings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum After {
    First,
    Sibling(String),
    #[default]
    Last,
}

impl After {
    fn is_last(&self) -> bool {
        *self == Self::Last
    }

    /// Behind that one, or first where there is none.
    pub fn sibling(id: Option<&str>) -> Self {
        id.map_or(Self::First, |id| Self::Sibling(id.into()))
    }
}

impl Serialize for After {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Sibling(id) => serializer.serialize_some(id),
            // The last one is left out.
            Self::First | Self::Last => serializer.serialize_none(),
        }
    }
}

/// What `preview` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Preview {
    /// One line for a person.
    pub summary: String,
    pub lines: Vec<String>,
    /// There would be more lines.
    pub more: bool,
}

/// The params of `applied`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Applied {
    pub batch: String,
    pub created: Vec<Created>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    pub temp_id: String,
    pub id: String,
}

/// A todo of the host, as `todo.query` answers and as events tell.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Todo {
    pub id: String,
    pub parent: Option<String>,
    pub title: String,
    pub state: State,
    pub priority: Priority,
    pub due: Option<String>,
    pub notes: Option<String>,
    pub metadata: Map<String, Value>,
    /// The plugin whose batch created it.
    pub origin: Option<String>,
}

/// One page of what `todo.query` answers.
#[derive(Clone, Debug, Deserialize)]
pub struct Found {
    pub todos: Vec<Todo>,
    pub more: bool,
}

/// A host takes no longer titles and notes than it can tell in an event; this many characters always fit.
pub const TITLE: usize = 500;
pub const NOTES: usize = 4000;

/// As a title: one line, not too long.
pub fn title(text: &str) -> String {
    let words: Vec<_> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let line: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    clip(&line.join(" "), TITLE)
}

/// As notes: not too long. `None` when there is nothing to note.
pub fn notes(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| clip(text, NOTES))
}

fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.into(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_absent_and_what_is_null_are_two_things() {
        let keep = Command::Update(Update { id: "1".into(), ..Update::default() });
        assert_eq!(serde_json::to_value(keep).unwrap(), json!({ "op": "update", "id": "1" }));
        let clear = Command::Update(Update { id: "1".into(), notes: Some(None), ..Update::default() });
        assert_eq!(serde_json::to_value(clear).unwrap(), json!({ "op": "update", "id": "1", "notes": null }));
    }

    #[test]
    fn a_title_is_one_line_of_a_length_that_hosts_take() {
        assert_eq!(title(" a\r b\n\tc\u{7} "), "a b c");
        assert_eq!(title(&"ü".repeat(501)), format!("{}…", "ü".repeat(499)));
        assert_eq!(title(&"ü".repeat(500)).chars().count(), 500);
        assert_eq!((notes(" \n"), notes("a\nb ")), (None, Some("a\nb".into())));
    }

    #[test]
    fn a_place_is_first_last_or_behind_a_sibling() {
        let moved = |after| {
            serde_json::to_value(Command::Move(Move { id: "1".into(), parent: None, after })).unwrap()
        };
        assert_eq!(moved(After::First), json!({ "op": "move", "id": "1", "parent": null, "after": null }));
        assert_eq!(moved(After::Last), json!({ "op": "move", "id": "1", "parent": null }));
        assert_eq!(moved(After::sibling(Some("2")))["after"], "2");
    }
}
