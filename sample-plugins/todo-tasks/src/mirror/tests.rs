use super::*;
use crate::task;

fn contents(tasks: &[(&str, &str, &str)]) -> Contents {
    let read = |(key, subject, status): &(&str, &str, &str)| {
        let text = json!({ "id": key, "subject": subject, "status": status }).to_string();
        task::read(&format!("{key}.json"), text.as_bytes()).unwrap()
    };
    Contents { tasks: tasks.iter().map(read).collect(), ..Contents::default() }
}

/// A host in small: titles below the root, in their order, by what the commands say.
#[derive(Default)]
struct Host {
    last: u32,
    rows: Vec<(String, String, State)>,
    tasks: HashMap<String, String>,
    root: Option<(String, String)>,
}

impl Host {
    fn apply(&mut self, commands: &[Command]) -> HashMap<String, String> {
        let mut created = HashMap::new();
        for command in commands {
            let real = |id: &String| created.get(id).unwrap_or(id).clone();
            match command {
                Command::Create(create) => {
                    let after = self.behind(&create.after, &created);
                    self.last += 1;
                    let id = self.last.to_string();
                    match create.metadata.get(TASK) {
                        None => self.root = Some((id.clone(), create.title.clone())),
                        Some(key) => {
                            assert_eq!(
                                create.parent.as_ref().map(real).as_ref(),
                                self.root.as_ref().map(|(id, _)| id)
                            );
                            self.rows.insert(after, (id.clone(), create.title.clone(), create.state));
                            self.tasks.insert(id.clone(), key.as_str().unwrap().into());
                        }
                    }
                    created.insert(create.temp_id.clone(), id);
                }
                Command::Update(update) => match self.rows.iter_mut().find(|row| row.0 == update.id) {
                    Some(row) => {
                        row.1 = update.title.clone().unwrap_or_else(|| row.1.clone());
                        row.2 = update.state.unwrap_or(row.2);
                    }
                    None => {
                        let (id, title) = self.root.as_mut().unwrap();
                        assert_eq!(*id, update.id);
                        *title = update.title.clone().unwrap();
                    }
                },
                Command::Delete { id } => self.rows.retain(|row| row.0 != *id),
                Command::Move(moved) => {
                    let at = self.rows.iter().position(|row| row.0 == moved.id).unwrap();
                    let row = self.rows.remove(at);
                    let after = self.behind(&moved.after, &created);
                    self.rows.insert(after, row);
                }
                Command::Metadata { .. } => unreachable!(),
            }
        }
        created
    }

    fn behind(&self, after: &After, created: &HashMap<String, String>) -> usize {
        match after {
            After::First => 0,
            After::Last => self.rows.len(),
            After::Sibling(id) => {
                let id = created.get(id).unwrap_or(id);
                self.rows.iter().position(|row| row.0 == *id).expect("a sibling") + 1
            }
        }
    }

    fn titles(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.1.as_str()).collect()
    }

    /// As `todo.query` answers.
    fn found(&self) -> Vec<Todo> {
        let todo = |id: &str, title: &str, state, parent: Option<&str>, key: (&str, &str)| Todo {
            id: id.into(),
            parent: parent.map(Into::into),
            title: title.into(),
            state,
            priority: todo_api::Priority::Normal,
            due: None,
            notes: None,
            metadata: Map::from_iter([(key.0.into(), key.1.into())]),
            origin: None,
        };
        let Some((root, title)) = &self.root else { return Vec::new() };
        let rows = self
            .rows
            .iter()
            .map(|(id, title, state)| todo(id, title, *state, Some(root), (TASK, &self.tasks[id])));
        std::iter::once(todo(root, title, State::Open, None, (ROOT, "tasks"))).chain(rows).collect()
    }
}

fn sync(host: &mut Host, mirror: Mirror, contents: &Contents, order: Order) -> Mirror {
    let (commands, next) = plan(&mirror, contents, order, "tasks");
    let after = next.confirmed(&host.apply(&commands));
    assert_eq!(
        plan(&after, contents, order, "tasks"),
        (vec![], after.clone()),
        "a second look changes nothing"
    );
    after
}

/// With `todo.query`.
fn resync(host: &mut Host, mirror: Mirror, contents: &Contents, order: Order) -> Mirror {
    let found = host.found();
    sync(host, mirror.corrected(&found), contents, order)
}

#[test]
fn the_host_has_what_the_directory_has_in_the_order_that_is_wanted() {
    let mut host = Host::default();
    let first = contents(&[("1", "b", "pending"), ("2", "a", "completed"), ("10", "c", "in_progress")]);
    let mirror = sync(&mut host, Mirror::default(), &first, Order::Status);
    assert_eq!(host.titles(), ["c", "b", "a"]);
    let mirror = sync(&mut host, mirror, &first, Order::Name);
    assert_eq!(host.titles(), ["a", "b", "c"]);
    let second = contents(&[("2", "a", "pending"), ("3", "new", "pending"), ("10", "C", "completed")]);
    let mirror = sync(&mut host, mirror, &second, Order::Status);
    assert_eq!(host.titles(), ["a", "new", "C"]);
    sync(&mut host, mirror, &contents(&[]), Order::Status);
    assert!(host.rows.is_empty());
    assert_eq!(host.root.as_ref().map(|(_, title)| title.as_str()), Some("tasks"));
}

#[test]
fn every_order_is_reached_from_every_other() {
    let keys = ["1", "2", "3", "4"];
    let statuses = ["in_progress", "pending", "completed"];
    let mut host = Host::default();
    let mut mirror = Mirror::default();
    // Every choice of states, and with some of the tasks missing.
    for n in 0..3usize.pow(4) {
        let tasks: Vec<_> = (0..4)
            .filter(|at| (n * 7 + at) % 5 != 0)
            .map(|at| (keys[at], keys[at], statuses[n / 3usize.pow(u32::try_from(at).unwrap()) % 3]))
            .collect();
        let contents = contents(&tasks);
        mirror = sync(&mut host, mirror, &contents, Order::Status);
        let wanted = wanted(&mirror, &contents, Order::Status);
        assert_eq!(host.titles(), wanted.iter().map(|task| task.title.as_str()).collect::<Vec<_>>());
    }
}

#[test]
fn a_batch_that_the_host_did_without_telling_is_known_again() {
    let mut host = Host::default();
    let tasks = contents(&[("1", "a", "pending"), ("2", "b", "pending")]);
    let (commands, _) = plan(&Mirror::default(), &tasks, Order::Status, "tasks");
    host.apply(&commands);
    let corrected = Mirror::default().corrected(&host.found());
    assert_eq!(plan(&corrected, &tasks, Order::Status, "tasks").0, []);
}

#[test]
fn what_was_deleted_in_the_host_is_made_again_and_what_is_there_twice_goes() {
    let mut host = Host::default();
    let tasks = contents(&[("1", "a", "pending"), ("2", "b", "pending")]);
    let mirror = sync(&mut host, Mirror::default(), &tasks, Order::Status);
    host.rows.remove(0);
    let mirror = resync(&mut host, mirror, &tasks, Order::Status);
    assert_eq!(host.titles(), ["a", "b"]);
    host.tasks.insert("99".into(), "1".into());
    host.rows.push(("99".into(), "a".into(), State::Open));
    resync(&mut host, mirror, &tasks, Order::Status);
    assert_eq!(host.titles(), ["a", "b"]);
}

#[test]
fn what_a_person_moved_away_comes_back() {
    let mut host = Host::default();
    let tasks = contents(&[("1", "a", "pending"), ("2", "b", "pending")]);
    let mirror = sync(&mut host, Mirror::default(), &tasks, Order::Status);
    let mut found = host.found();
    found[1].parent = None;
    let (commands, _) = plan(&mirror.corrected(&found), &tasks, Order::Status, "tasks");
    let (id, parent) = (found[1].id.clone(), Some(found[0].id.clone()));
    assert_eq!(commands, [Command::Move(Move { id, parent, after: After::First })]);
}

#[test]
fn a_persons_changes_stay_until_the_file_changes() {
    let mut host = Host::default();
    let tasks = contents(&[("1", "a", "pending")]);
    let mirror = sync(&mut host, Mirror::default(), &tasks, Order::Status);
    host.rows[0].1 = "mine".into();
    let mirror = resync(&mut host, mirror, &tasks, Order::Status);
    assert_eq!(host.titles(), ["mine"]);
    let mirror = mirror.corrected(&host.found());
    sync(&mut host, mirror, &contents(&[("1", "theirs", "pending")]), Order::Status);
    assert_eq!(host.titles(), ["theirs"]);
}

#[test]
fn a_file_that_can_not_be_read_keeps_its_todo() {
    let mut host = Host::default();
    let tasks = contents(&[("1", "a", "pending"), ("2", "b", "pending")]);
    let mirror = sync(&mut host, Mirror::default(), &tasks, Order::Status);
    let mut fewer = contents(&[("2", "b", "pending")]);
    fewer.unreadable.insert("1.json".into());
    sync(&mut host, mirror, &fewer, Order::Status);
    assert_eq!(host.titles(), ["a", "b"]);
}
