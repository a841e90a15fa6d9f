//! What the host has of the tasks, and the commands that bring it up to date. Pure.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use todo_api::{After, Command, Create, Move, State, Todo, Update};

use crate::config::Order;
use crate::folder::Contents;
use crate::task::{Task, resolve_blockers};

/// Names that the batch gives, until the host has answered with ids of its own.
const NEW: &str = "new:";
/// By these the host's todos are recognised.
const ROOT: &str = "mirror";
const TASK: &str = "task";

/// As the host was told, and as it confirmed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mirror {
    /// The todo above all others.
    pub root: Option<Root>,
    /// In the order in which they stand below the root.
    pub entries: Vec<Entry>,
    /// Todos of tasks that somebody has moved elsewhere.
    pub strays: Vec<Entry>,
    /// Todos of tasks that have another one already.
    pub surplus: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Root {
    pub todo: String,
    pub title: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    pub todo: String,
    pub file: String,
    pub shown: Shown,
}

/// What the host was told last. What a person has changed there since then stays, until the file changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    pub title: String,
    pub state: State,
    pub notes: Option<String>,
    pub due: Option<String>,
}

impl Mirror {
    /// With the ids that the host gave.
    pub fn confirmed(mut self, created: &HashMap<String, String>) -> Self {
        let confirm = |todo: &mut String| match created.get(todo.as_str()) {
            Some(id) => {
                todo.clone_from(id);
                true
            }
            None => !todo.starts_with(NEW),
        };
        if !self.root.as_mut().is_some_and(|root| confirm(&mut root.todo)) {
            self.root = None;
        }
        self.entries.retain_mut(|entry| confirm(&mut entry.todo));
        self
    }

    /// As the host has it now: what was deleted there is not known any more, and what it has without this plugin's knowing,
    /// because a crash came in between, is known again.
    pub fn corrected(self, found: &[Todo]) -> Self {
        let mut known: HashMap<String, Entry> =
            self.entries.into_iter().map(|entry| (entry.todo.clone(), entry)).collect();
        let Some(top) = found.iter().find(|todo| todo.metadata.contains_key(ROOT)) else {
            return Self {
                surplus: tasks_of(found).map(|(todo, _)| todo.id.clone()).collect(),
                ..Self::default()
            };
        };
        let title = self.root.filter(|root| root.todo == top.id).map_or(top.title.clone(), |root| root.title);
        let mut corrected = Self { root: Some(Root { todo: top.id.clone(), title }), ..Self::default() };
        let mut seen = HashSet::new();
        for (todo, key) in tasks_of(found) {
            if !seen.insert(key) {
                corrected.surplus.push(todo.id.clone());
                continue;
            }
            let entry = known.remove(&todo.id).unwrap_or_else(|| Entry {
                key: key.into(),
                todo: todo.id.clone(),
                file: String::new(),
                shown: Shown {
                    title: todo.title.clone(),
                    state: todo.state,
                    notes: todo.notes.clone(),
                    due: todo.due.clone(),
                },
            });
            let at_home = todo.parent.as_deref() == Some(top.id.as_str());
            if at_home { corrected.entries.push(entry) } else { corrected.strays.push(entry) }
        }
        corrected
    }
}

fn tasks_of(found: &[Todo]) -> impl Iterator<Item = (&Todo, &str)> {
    found.iter().filter_map(|todo| Some((todo, todo.metadata.get(TASK)?.as_str()?)))
}

/// The commands, and what the host has when it has done them.
pub fn plan(mirror: &Mirror, contents: &Contents, order: Order, title: &str) -> (Vec<Command>, Mirror) {
    let tasks = wanted(mirror, contents, order);
    let mut commands: Vec<_> = mirror.surplus.iter().map(|id| Command::Delete { id: id.clone() }).collect();
    let root = match &mirror.root {
        None if tasks.is_empty() => return (commands, Mirror::default()),
        None => {
            let temp_id = format!("{NEW}root");
            let metadata = Map::from_iter([(ROOT.into(), json!("tasks"))]);
            let create =
                Create { temp_id: temp_id.clone(), title: title.into(), metadata, ..Create::default() };
            commands.push(Command::Create(create));
            temp_id
        }
        Some(root) => {
            if root.title != title {
                let (id, title) = (root.todo.clone(), Some(title.into()));
                commands.push(Command::Update(Update { id, title, ..Update::default() }));
            }
            root.todo.clone()
        }
    };

    let keys: HashSet<_> = tasks.iter().map(|task| task.key.as_str()).collect();
    let (mut current, gone): (Vec<_>, Vec<_>) =
        mirror.entries.iter().cloned().partition(|entry| keys.contains(entry.key.as_str()));
    let (strays, lost): (Vec<_>, Vec<_>) =
        mirror.strays.iter().cloned().partition(|entry| keys.contains(entry.key.as_str()));
    commands.extend(gone.into_iter().chain(lost).map(|entry| Command::Delete { id: entry.todo }));
    let mut strays: BTreeMap<_, _> = strays.into_iter().map(|entry| (entry.key.clone(), entry)).collect();

    for (at, task) in tasks.iter().enumerate() {
        let after = || After::sibling(at.checked_sub(1).map(|before| current[before].todo.as_str()));
        let place = current[at..].iter().position(|entry| entry.key == task.key).map(|offset| at + offset);
        let stray = strays.remove(&task.key);
        if place == Some(at) {
            current[at].update(task, &mut commands);
            continue;
        }
        let mut entry = match (place, stray) {
            (None, None) => {
                let entry = Entry::new(task);
                commands.push(Command::Create(entry.create(&root, after())));
                current.insert(at, entry);
                continue;
            }
            (None, Some(stray)) => stray,
            (Some(from), _) => current[from].clone(),
        };
        entry.update(task, &mut commands);
        let (id, parent) = (entry.todo.clone(), Some(root.clone()));
        commands.push(Command::Move(Move { id, parent, after: after() }));
        if let Some(from) = place {
            current.remove(from);
        }
        current.insert(at, entry);
    }
    let root = Some(Root { todo: root, title: title.into() });
    (commands, Mirror { root, entries: current, ..Mirror::default() })
}

/// New todos that nothing keeps up to date.
pub fn copies<'a>(tasks: impl Iterator<Item = &'a Task>) -> Vec<Command> {
    tasks
        .map(|task| {
            let Entry { todo, shown: Shown { title, state, notes, due }, .. } = Entry::new(task);
            Command::Create(Create { temp_id: todo, title, state, notes, due, ..Create::default() })
        })
        .collect()
}

/// In their order. What an unreadable file stood for is wanted as it was.
pub fn wanted(mirror: &Mirror, contents: &Contents, order: Order) -> Vec<Task> {
    let mut tasks = contents.tasks.clone();
    resolve_blockers(&mut tasks);
    let there: HashSet<_> = contents.tasks.iter().map(|task| task.key.as_str()).collect();
    let entries = mirror.entries.iter().chain(&mirror.strays);
    tasks.extend(
        entries
            .filter(|entry| contents.unreadable.contains(&entry.file) && !there.contains(entry.key.as_str()))
            .map(Entry::as_task),
    );
    tasks.sort_by(|a, b| match order {
        Order::Status => rank(a.state).cmp(&rank(b.state)).then_with(|| by_key(a, b)),
        Order::Name => a.title.to_lowercase().cmp(&b.title.to_lowercase()).then_with(|| by_key(a, b)),
    });
    tasks
}

fn rank(state: State) -> u8 {
    match state {
        State::Active => 0,
        State::Open => 1,
        State::Blocked => 2,
        State::Done => 3,
        State::Cancelled => 4,
    }
}

/// Numbers as numbers.
fn by_key(a: &Task, b: &Task) -> Ordering {
    match (a.key.parse::<u64>(), b.key.parse::<u64>()) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        _ => a.key.cmp(&b.key),
    }
}

impl Entry {
    fn new(task: &Task) -> Self {
        let Task { key, file, title, state, notes, due, .. } = task.clone();
        Self { todo: format!("{NEW}{key}"), key, file, shown: Shown { title, state, notes, due } }
    }

    fn as_task(&self) -> Task {
        let Self { key, file, shown: Shown { title, state, notes, due }, .. } = self.clone();
        Task { key, file, title, state, notes, due, blocked_by: Vec::new() }
    }

    fn create(&self, root: &str, after: After) -> Create {
        let Self { key, todo, shown: Shown { title, state, notes, due }, .. } = self.clone();
        let metadata = Map::from_iter([(TASK.into(), Value::from(key))]);
        let parent = Some(root.into());
        Create { temp_id: todo, parent, after, title, state, due, notes, metadata, ..Create::default() }
    }

    fn update(&mut self, task: &Task, commands: &mut Vec<Command>) {
        let Self { shown, .. } = Self::new(task);
        let update = Update {
            id: self.todo.clone(),
            title: (shown.title != self.shown.title).then(|| shown.title.clone()),
            state: (shown.state != self.shown.state).then_some(shown.state),
            due: (shown.due != self.shown.due).then(|| shown.due.clone()),
            notes: (shown.notes != self.shown.notes).then(|| shown.notes.clone()),
            ..Update::default()
        };
        if shown != self.shown {
            commands.push(Command::Update(update));
        }
        self.shown = shown;
        self.file.clone_from(&task.file);
    }
}

#[cfg(test)]
mod tests;
