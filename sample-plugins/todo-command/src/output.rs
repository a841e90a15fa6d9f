//! From what a program prints to commands. Parents come before their children.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use todo_api::{Command, Create, Priority, State};

use crate::config::Format;

/// Nested deeper, JSON is no list of todos; a host takes 64 levels.
const DEEPEST: usize = 32;

pub fn read(format: Format, printed: &[u8], prefix: &str) -> Result<Vec<Command>, String> {
    let mut batch = Batch { prefix, commands: Vec::new() };
    match format {
        Format::Lines => lines(&String::from_utf8_lossy(printed), &mut batch),
        Format::Json => {
            let todos: Vec<Printed> = parse(printed)?;
            batch.add_all(todos, None, 0)?;
        }
        Format::Jira => jira(parse(printed)?, &mut batch),
    }
    Ok(batch.commands)
}

fn parse<'a, T: Deserialize<'a>>(printed: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(printed).map_err(|error| format!("the output does not fit: {error}"))
}

struct Batch<'a> {
    prefix: &'a str,
    commands: Vec<Command>,
}

impl Batch<'_> {
    /// Returns its name in the batch; `None` for one without a title.
    fn add(&mut self, title: &str, create: Create) -> Option<String> {
        if title.trim().is_empty() {
            return None;
        }
        let temp_id = format!("new:{}", self.commands.len());
        let title = todo_api::title(&format!("{}{title}", self.prefix));
        self.commands.push(Command::Create(Create { temp_id: temp_id.clone(), title, ..create }));
        Some(temp_id)
    }

    fn add_all(&mut self, todos: Vec<Printed>, parent: Option<&str>, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(format!("it is nested deeper than {DEEPEST} levels"));
        }
        for todo in todos {
            let Printed { title, state, done, priority, due, notes, metadata, children } = todo;
            let state = state.unwrap_or(if done { State::Done } else { State::Open });
            let create = Create {
                parent: parent.map(Into::into),
                state,
                priority,
                due,
                notes: notes.as_deref().and_then(todo_api::notes),
                metadata,
                ..Create::default()
            };
            if let Some(id) = self.add(&title, create) {
                self.add_all(children, Some(&id), depth + 1)?;
            }
        }
        Ok(())
    }
}

/// One of the format `json`.
#[derive(Deserialize)]
struct Printed {
    title: String,
    state: Option<State>,
    #[serde(default)]
    done: bool,
    #[serde(default)]
    priority: Priority,
    due: Option<String>,
    notes: Option<String>,
    #[serde(default)]
    metadata: Map<String, Value>,
    #[serde(default)]
    children: Vec<Printed>,
}

/// A todo on each line, further in: below the line before. Bullets and boxes are understood.
fn lines(text: &str, batch: &mut Batch) {
    let mut above: Vec<(usize, String)> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        let (done, title) = without_box(line.trim());
        while above.last().is_some_and(|(column, _)| *column >= indent) {
            above.pop();
        }
        above.truncate(DEEPEST);
        let create = Create {
            parent: above.last().map(|(_, id)| id.clone()),
            state: if done { State::Done } else { State::Open },
            ..Create::default()
        };
        if let Some(id) = batch.add(title, create) {
            above.push((indent, id));
        }
    }
}

fn without_box(line: &str) -> (bool, &str) {
    let text = ["- ", "* ", "+ "].iter().find_map(|bullet| line.strip_prefix(bullet)).unwrap_or(line).trim();
    if let Some(rest) = text.strip_prefix("[ ]") {
        return (false, rest.trim());
    }
    match text.strip_prefix("[x]").or_else(|| text.strip_prefix("[X]")) {
        Some(rest) => (true, rest.trim()),
        None => (false, text),
    }
}

/// What Jira's search answers, or its list of issues alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Search {
    Page { issues: Vec<Issue> },
    Issues(Vec<Issue>),
}

#[derive(Deserialize)]
struct Issue {
    key: String,
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    summary: String,
    status: Option<Status>,
    priority: Option<Named>,
    duedate: Option<String>,
    /// Text, or a document of Jira's own, which is left out.
    #[serde(default)]
    description: Value,
    parent: Option<Parent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    name: String,
    status_category: Option<Category>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Category {
    key: String,
}

#[derive(Deserialize)]
struct Parent {
    key: String,
}

fn jira(search: Search, batch: &mut Batch) {
    let (Search::Page { issues } | Search::Issues(issues)) = search;
    let keys: Vec<_> = issues.iter().map(|issue| issue.key.clone()).collect();
    // Those whose parent is not among them stand at the top; the others come when theirs has come.
    let (mut rest, mut ready): (Vec<_>, Vec<_>) = issues
        .into_iter()
        .partition(|issue| issue.fields.parent.as_ref().is_some_and(|parent| keys.contains(&parent.key)));
    let mut placed: Map<String, Value> = Map::new();
    // A ring of parents, which Jira does not have, would be left out.
    for _ in 0..DEEPEST {
        for Issue { key, fields } in ready {
            let parent = fields.parent.and_then(|parent| placed.get(&parent.key)?.as_str().map(String::from));
            let create = Create {
                parent,
                state: state(fields.status.as_ref()),
                priority: priority(fields.priority.as_ref()),
                due: fields.duedate,
                notes: fields.description.as_str().and_then(todo_api::notes),
                metadata: Map::from_iter([("jira".into(), json!(key))]),
                ..Create::default()
            };
            if let Some(id) = batch.add(&format!("{key} {}", fields.summary), create) {
                placed.insert(key, id.into());
            }
        }
        (ready, rest) = rest.into_iter().partition(|issue| {
            issue.fields.parent.as_ref().is_some_and(|parent| placed.contains_key(&parent.key))
        });
        if ready.is_empty() {
            break;
        }
    }
}

fn state(status: Option<&Status>) -> State {
    let Some(Status { name, status_category }) = status else {
        return State::Open;
    };
    if name.eq_ignore_ascii_case("blocked") {
        return State::Blocked;
    }
    match status_category.as_ref().map(|category| category.key.as_str()) {
        Some("done") => State::Done,
        Some("indeterminate") => State::Active,
        _ => State::Open,
    }
}

/// By the names that Jira comes with; of others nothing is known.
fn priority(named: Option<&Named>) -> Priority {
    match named.map(|Named { name }| name.to_ascii_lowercase()).as_deref() {
        Some("highest" | "high" | "blocker" | "critical") => Priority::High,
        Some("low" | "lowest" | "minor" | "trivial") => Priority::Low,
        _ => Priority::Normal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (Option<String>, String, State);

    fn check(format: Format, printed: &str, prefix: &str, expected: &[(Option<usize>, &str, State)]) {
        let commands = read(format, printed.as_bytes(), prefix).expect("todos");
        let found: Vec<Row> = commands
            .into_iter()
            .map(|command| match command {
                Command::Create(Create { parent, title, state, .. }) => (parent, title, state),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected: Vec<Row> = expected
            .iter()
            .map(|(parent, title, state)| (parent.map(|n| format!("new:{n}")), (*title).into(), *state))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_line_is_a_todo_below_the_one_that_it_is_indented_under() {
        check(
            Format::Lines,
            "one\n  - [x] two\n    three\n\n  four\n* five\n",
            "",
            &[
                (None, "one", State::Open),
                (Some(0), "two", State::Done),
                (Some(1), "three", State::Open),
                (Some(0), "four", State::Open),
                (None, "five", State::Open),
            ],
        );
    }

    #[test]
    fn json_may_be_nested_and_says_states() {
        check(
            Format::Json,
            r#"[{"title": "a", "state": "blocked", "children": [{"title": "b", "done": true}, {"title": " "}]}]"#,
            "P: ",
            &[(None, "P: a", State::Blocked), (Some(0), "P: b", State::Done)],
        );
        assert!(read(Format::Json, b"[{\"title\": 1}]", "").unwrap_err().contains("expected a string"));
        assert!(read(Format::Json, b"nonsense", "").is_err());
    }

    fn priorities(format: Format, printed: &str) -> Vec<Priority> {
        let commands = read(format, printed.as_bytes(), "").expect("todos");
        let of = |command: &Command| match command {
            Command::Create(Create { priority, .. }) => *priority,
            other => panic!("{other:?}"),
        };
        commands.iter().map(of).collect()
    }

    #[test]
    fn a_priority_is_passed_on() {
        let printed = r#"[{"title": "a", "priority": "low"}, {"title": "b"}]"#;
        assert_eq!(priorities(Format::Json, printed), [Priority::Low, Priority::Normal]);
        assert!(read(Format::Json, br#"[{"title": "a", "priority": "later"}]"#, "").is_err());
        let issue =
            |priority: Value| json!({ "key": "A-1", "fields": { "summary": "s", "priority": priority } });
        let named = |name: &str| issue(json!({ "name": name, "id": "1" }));
        let issues = json!([named("Highest"), named("Medium"), named("Low"), issue(Value::Null)]);
        assert_eq!(
            priorities(Format::Jira, &issues.to_string()),
            [Priority::High, Priority::Normal, Priority::Low, Priority::Normal]
        );
    }

    #[test]
    fn jira_issues_stand_below_their_parents_whatever_the_order() {
        let issue = |key: &str, status: &str, category: &str, parent: Option<&str>| {
            json!({ "key": key, "fields": {
                "summary": format!("about {key}"),
                "status": { "name": status, "statusCategory": { "key": category } },
                "parent": parent.map(|key| json!({ "key": key })),
                "duedate": null, "description": { "type": "doc" } } })
        };
        let issues = json!({ "total": 4, "issues": [
            issue("A-2", "Blocked", "indeterminate", Some("A-1")),
            issue("A-1", "In Progress", "indeterminate", Some("Z-9")),
            issue("A-3", "Done", "done", Some("A-2")),
            issue("A-4", "To Do", "new", None),
        ] });
        check(
            Format::Jira,
            &issues.to_string(),
            "",
            &[
                (None, "A-1 about A-1", State::Active),
                (None, "A-4 about A-4", State::Open),
                (Some(0), "A-2 about A-2", State::Blocked),
                (Some(2), "A-3 about A-3", State::Done),
            ],
        );
        check(Format::Jira, "[]", "", &[]);
    }
}
