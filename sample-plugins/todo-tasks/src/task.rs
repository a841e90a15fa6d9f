//! One task file.

use serde::Deserialize;
use serde_json::Value;
use todo_api::State;

/// A key of the host's storage has 256 bytes at most, this one and a prefix.
const LONGEST_KEY: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The same through renaming, where the file has an id.
    pub key: String,
    pub file: String,
    pub title: String,
    pub state: State,
    pub notes: Option<String>,
    pub due: Option<String>,
    /// Keys of others.
    pub blocked_by: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    id: Option<Value>,
    #[serde(alias = "title")]
    subject: String,
    #[serde(default)]
    description: String,
    status: Option<String>,
    due: Option<String>,
    #[serde(default)]
    blocked_by: Vec<Value>,
}

/// `Err` says what is wrong: half written, or no task.
pub fn read(file: &str, text: &[u8]) -> Result<Task, String> {
    let written: Written = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let stem = file.strip_suffix(".json").unwrap_or(file);
    let key = match &written.id {
        None | Some(Value::Null) => stem.into(),
        Some(id) => key_of(id).ok_or("the id is neither text nor a number")?,
    };
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(format!("an id has 1 to {LONGEST_KEY} bytes"));
    }
    let title = todo_api::title(&written.subject);
    if title.is_empty() {
        return Err("the subject is empty".into());
    }
    Ok(Task {
        key,
        file: file.into(),
        title,
        state: state(written.status.as_deref())?,
        notes: todo_api::notes(&written.description),
        due: written.due.filter(|due| !due.is_empty()),
        blocked_by: written.blocked_by.iter().filter_map(key_of).collect(),
    })
}

fn key_of(id: &Value) -> Option<String> {
    match id {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn state(status: Option<&str>) -> Result<State, String> {
    Ok(match status.unwrap_or("pending") {
        "pending" | "open" | "todo" => State::Open,
        "in_progress" | "active" => State::Active,
        "blocked" => State::Blocked,
        "completed" | "done" => State::Done,
        "cancelled" | "deleted" => State::Cancelled,
        other => {
            return Err(format!(
                "the status {other:?} is none of pending, in_progress, blocked, completed and cancelled"
            ));
        }
    })
}

/// The states and notes of tasks that wait for others say so.
pub fn resolve_blockers(tasks: &mut [Task]) {
    let open: Vec<_> = tasks
        .iter()
        .filter(|task| !matches!(task.state, State::Done | State::Cancelled))
        .map(|task| (task.key.clone(), task.title.clone()))
        .collect();
    for task in tasks.iter_mut() {
        let waits_for: Vec<_> = open
            .iter()
            .filter(|(key, _)| *key != task.key && task.blocked_by.contains(key))
            .map(|(_, title)| title.as_str())
            .collect();
        if waits_for.is_empty() || matches!(task.state, State::Done | State::Cancelled) {
            continue;
        }
        if task.state == State::Open {
            task.state = State::Blocked;
        }
        let blocked = format!("Blocked by: {}", waits_for.join(", "));
        let notes = task.notes.iter().map(String::as_str).chain([blocked.as_str()]);
        task.notes = todo_api::notes(&notes.collect::<Vec<_>>().join("\n\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(text: &str) -> Task {
        read("a.json", text.as_bytes()).unwrap()
    }

    #[test]
    fn a_file_is_a_task_by_whatever_names_its_members_go() {
        let one = task(
            r#"{"id": 7, "subject": "x\ny", "status": "in_progress", "blockedBy": [3, "b"], "due": ""}"#,
        );
        assert_eq!((one.key.as_str(), one.title.as_str(), one.state), ("7", "x y", State::Active));
        assert_eq!((one.blocked_by, one.due), (vec!["3".into(), "b".into()], None));
        let other = task(r#"{"title": "x", "description": "more"}"#);
        assert_eq!((other.key.as_str(), other.state, other.notes), ("a", State::Open, Some("more".into())));
    }

    #[test]
    fn what_is_no_task_is_named() {
        for (text, why) in [
            (r#"{"subject": "x"#, "EOF"),
            ("", "EOF"),
            (r#"{"id": 1}"#, "subject"),
            (r#"{"subject": " "}"#, "empty"),
            (r#"{"subject": "x", "id": {}}"#, "neither"),
            (r#"{"subject": "x", "status": "later"}"#, "later"),
        ] {
            let error = read("a.json", text.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_task_is_blocked_as_long_as_another_one_is_open() {
        let mut tasks = [
            task(r#"{"id": 1, "subject": "one"}"#),
            task(r#"{"id": 2, "subject": "two", "blockedBy": [1, 9], "description": "d"}"#),
        ];
        resolve_blockers(&mut tasks);
        assert_eq!(
            (tasks[1].state, tasks[1].notes.as_deref()),
            (State::Blocked, Some("d\n\nBlocked by: one"))
        );
        let mut tasks = [
            task(r#"{"id": 1, "subject": "one", "status": "completed"}"#),
            task(r#"{"id": 2, "subject": "two", "blockedBy": [1, 2]}"#),
        ];
        resolve_blockers(&mut tasks);
        assert_eq!((tasks[1].state, tasks[1].notes.as_deref()), (State::Open, None));
    }
}
