//! todo 2.x: the same items as commands, and a look at them.

use bulkhead_plugin::{Call, Error};
use serde_json::{Map, Value, json};
use todo_api::{Ask, Change, Command, Create, Preview, State};

use crate::item::Item;
use crate::scan::{Params, Scan, scan};

const PREVIEW_LINES: usize = 20;
/// A host takes 10,000 commands in one batch, and each item may be in a file of its own.
const MAX_ITEMS: u32 = 5000;

pub fn generate(call: &Call, ask: Ask) -> Result<Change, Error> {
    let found = look(call, ask)?;
    Ok(Change { summary: summary(&found), commands: commands(&found.items), batch: None })
}

pub fn preview(call: &Call, ask: Ask) -> Result<Preview, Error> {
    let most = ask.max.map_or(PREVIEW_LINES, |most| most as usize);
    let found = look(call, Ask { max: None, ..ask })?;
    let lines = found.items.iter().take(most);
    Ok(Preview {
        summary: summary(&found),
        lines: lines.map(|item| format!("{}:{}  {}", item.file, item.line, item.title)).collect(),
        more: found.items.len() > most || found.truncated,
    })
}

/// The input is the directory, or the file; none: the working directory.
fn look(call: &Call, ask: Ask) -> Result<Scan, Error> {
    let root = ask.input.filter(|input| !input.trim().is_empty()).unwrap_or_else(|| ".".into());
    let most = ask.max.unwrap_or(MAX_ITEMS).min(MAX_ITEMS);
    scan(call, Params { root, max_items: Some(most), include: None }).map_err(|error| {
        let not_there = error.data().is_some_and(|data| data["code"] == "root_not_found");
        if not_there { Error::named("source_unavailable", error.message()) } else { error }
    })
}

fn summary(found: &Scan) -> String {
    let done = found.items.iter().filter(|item| item.done).count();
    let mut files: Vec<_> = found.items.iter().map(|item| &item.file).collect();
    files.dedup();
    let more = if found.truncated { ", and there are more" } else { "" };
    format!(
        "{} to do and {done} done in {} of {} files{more}",
        found.items.len() - done,
        files.len(),
        found.files
    )
}

/// Below one todo for each file. A file is done when all in it is.
fn commands(items: &[Item]) -> Vec<Command> {
    let mut commands = Vec::new();
    for in_file in items.chunk_by(|a, b| a.file == b.file) {
        let file = &in_file[0].file;
        let parent = format!("file:{file}");
        commands.push(Command::Create(Create {
            temp_id: parent.clone(),
            title: todo_api::title(file),
            state: state(in_file.iter().all(|item| item.done)),
            ..Create::default()
        }));
        commands.extend(in_file.iter().map(|item| {
            Command::Create(Create {
                temp_id: format!("item:{}", item.id),
                parent: Some(parent.clone()),
                title: todo_api::title(&item.title),
                state: state(item.done),
                priority: item.priority,
                metadata: metadata(item),
                ..Create::default()
            })
        }));
    }
    commands
}

fn state(done: bool) -> State {
    if done { State::Done } else { State::Open }
}

fn metadata(item: &Item) -> Map<String, Value> {
    let Item { id, kind, file, line, author, .. } = item;
    let mut source = json!({ "id": id, "kind": kind, "file": file, "line": line });
    if let Some(author) = author {
        source["author"] = json!(author);
    }
    Map::from_iter([("source".into(), source)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{Kind, Priority};

    fn item(file: &str, title: &str, done: bool) -> Item {
        let (kind, priority) = (Kind::Checkbox, Priority::Normal);
        let (id, author) = (format!("{file}-{title}"), None);
        Item { id, title: title.into(), kind, done, priority, file: file.into(), line: 1, column: 1, author }
    }

    #[test]
    fn each_file_is_a_todo_with_its_items_below() {
        let items = [item("a.md", "x", true), item("a.md", "y", false), item("b.md", "z", true)];
        let created: Vec<_> = commands(&items)
            .into_iter()
            .map(|command| match command {
                Command::Create(Create { parent, title, state, .. }) => (parent, title, state),
                other => panic!("{other:?}"),
            })
            .collect();
        let below = |file: &str| Some(format!("file:{file}"));
        assert_eq!(
            created,
            [
                (None, "a.md".into(), State::Open),
                (below("a.md"), "x".into(), State::Done),
                (below("a.md"), "y".into(), State::Open),
                (None, "b.md".into(), State::Done),
                (below("b.md"), "z".into(), State::Done),
            ]
        );
    }
}
