//! What is found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use todo_api::Priority;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Todo,
    Fixme,
    Hack,
    Checkbox,
}

#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Item {
    /// The same for as long as the file has this text: lines may move above it.
    pub id: String,
    pub title: String,
    pub kind: Kind,
    /// A ticked checkbox.
    pub done: bool,
    pub priority: Priority,
    /// Relative to the root, with slashes.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Of the marker, in characters, counted from 1.
    pub column: usize,
    /// Of `TODO(ann): …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub author: Option<String>,
}

/// One find, before it is known which file it is in.
#[derive(Debug, PartialEq, Eq)]
pub struct Find {
    pub title: String,
    pub kind: Kind,
    pub done: bool,
    pub priority: Priority,
    pub line: usize,
    pub column: usize,
    pub author: Option<String>,
}

impl Kind {
    /// High for FIXME, normal for TODO, low for HACK; an exclamation mark raises by one.
    pub fn priority(self, urgent: bool) -> Priority {
        match (self, urgent) {
            (Self::Fixme, _) | (Self::Todo | Self::Checkbox, true) => Priority::High,
            (Self::Todo | Self::Checkbox, false) | (Self::Hack, true) => Priority::Normal,
            (Self::Hack, false) => Priority::Low,
        }
    }
}

/// The items of one file. Two finds of the same text are told apart by their order.
pub fn items(file: &str, finds: Vec<Find>) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::with_capacity(finds.len());
    for find in finds {
        let same = items.iter().filter(|item| (item.kind, &item.title) == (find.kind, &find.title)).count();
        let Find { title, kind, done, priority, line, column, author } = find;
        let id = id(&format!("{file}\0{kind:?}\0{title}\0{same}"));
        items.push(Item { id, title, kind, done, priority, file: file.into(), line, column, author });
    }
    items
}

/// FNV-1a, 64 bits: stable across versions of Rust, which its own hasher is not.
fn id(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(title: &str, line: usize) -> Find {
        let (kind, priority) = (Kind::Todo, Priority::Normal);
        Find { title: title.into(), kind, done: false, priority, line, column: 4, author: None }
    }

    #[test]
    fn an_id_survives_lines_that_move_and_tells_equal_texts_apart() {
        let before = items("a.rs", vec![find("x", 1), find("x", 2)]);
        let after = items("a.rs", vec![find("new", 1), find("x", 5), find("x", 9)]);
        assert_eq!(before[0].id, after[1].id);
        assert_eq!(before[1].id, after[2].id);
        assert_ne!(before[0].id, before[1].id);
        assert_ne!(items("b.rs", vec![find("x", 1)])[0].id, before[0].id);
    }

    #[test]
    fn an_exclamation_mark_raises_the_priority_by_one() {
        assert_eq!(Kind::Hack.priority(false), Priority::Low);
        assert_eq!(Kind::Hack.priority(true), Priority::Normal);
        assert_eq!(Kind::Todo.priority(true), Priority::High);
        assert_eq!(Kind::Fixme.priority(true), Priority::High);
    }
}
