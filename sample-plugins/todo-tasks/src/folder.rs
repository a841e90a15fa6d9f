//! The directory: which files there are, and the tasks in them. A file is read again only when it may have changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

use bulkhead_plugin::{Level, log};

use crate::task::{self, Task};

/// A host takes 10,000 commands in one batch, and a task may need three: what it was is deleted, it is changed and moved.
const MOST_FILES: usize = 3000;
const LARGEST: u64 = 256 << 10;
/// The clock of a file system ticks slowly: what was written just now may be written again without a new time.
const SETTLED: Duration = Duration::from_secs(2);

#[derive(Default)]
pub struct Folder {
    files: BTreeMap<String, Known>,
    /// What has been logged, so that each problem is logged once.
    problems: BTreeMap<String, String>,
}

struct Known {
    /// `None`: to be read again in any case.
    stamp: Option<Stamp>,
    /// As it was when it could be read.
    task: Option<Task>,
    readable: bool,
}

#[derive(Clone, Copy, PartialEq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
    inode: u64,
}

/// What is to be mirrored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// By their keys, each once.
    pub tasks: Vec<Task>,
    /// Files that are there and of which it is not known what is in them: what they stood for stays.
    pub unreadable: BTreeSet<String>,
}

impl Folder {
    /// Reads what is new. On an error nothing is known, and what was known stays: a directory that can not be read for a
    /// while must not look like one without tasks.
    pub fn look(&mut self, path: &Path) -> io::Result<Contents> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string()
                && name.ends_with(".json")
                && !name.starts_with('.')
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        let mut problems = BTreeMap::new();
        if names.len() > MOST_FILES {
            let message = format!("of {} files the first {MOST_FILES} are mirrored", names.len());
            problems.insert(String::new(), message);
            names.truncate(MOST_FILES);
        }
        self.files.retain(|name, _| names.binary_search(name).is_ok());
        for name in names {
            if let Err(problem) = self.read(path, &name) {
                problems.insert(name, problem);
            }
        }
        let contents = self.contents(&mut problems);
        for (name, problem) in &problems {
            if self.problems.get(name) != Some(problem) {
                log(Level::Warn, format_args!("{}: {problem}", path.join(name).display()));
            }
        }
        self.problems = problems;
        Ok(contents)
    }

    /// `Err` says why the file is skipped.
    fn read(&mut self, path: &Path, name: &str) -> Result<(), String> {
        let now = SystemTime::now();
        // Gone meanwhile: the next look will see it.
        let Ok(about) = fs::metadata(path.join(name)) else {
            self.files.remove(name);
            return Ok(());
        };
        let stamp = stamp(&about);
        let old = self.files.remove(name);
        if let Some(known) = old.as_ref().filter(|known| stamp.is_some() && known.stamp == stamp) {
            let kept = if known.readable { None } else { self.problems.get(name).cloned() };
            self.files.extend(old.map(|known| (name.into(), known)));
            return kept.map_or(Ok(()), Err);
        }
        let read = contents_of(&path.join(name), &about).and_then(|text| task::read(name, &text));
        let settled = stamp.filter(|stamp| now.duration_since(stamp.modified).is_ok_and(|age| age > SETTLED));
        let last = old.and_then(|known| known.task);
        let (task, readable, problem) = match read {
            Ok(task) => (Some(task), true, Ok(())),
            Err(problem) => (last, false, Err(format!("skipped: {problem}"))),
        };
        self.files.insert(name.into(), Known { stamp: settled, task, readable });
        problem
    }

    fn contents(&self, problems: &mut BTreeMap<String, String>) -> Contents {
        let mut contents = Contents::default();
        let mut files_by_key: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, known) in &self.files {
            let Some(task) = &known.task else {
                contents.unreadable.insert(name.clone());
                continue;
            };
            if let Some(first) = files_by_key.get(task.key.as_str()) {
                let problem = format!("skipped: {first} has the same id, {}", task.key);
                problems.entry(name.clone()).or_insert(problem);
            } else {
                files_by_key.insert(&task.key, name);
                contents.tasks.push(task.clone());
            }
        }
        contents.tasks.sort_by(|a, b| a.key.cmp(&b.key));
        contents
    }
}

fn contents_of(path: &Path, about: &Metadata) -> Result<Vec<u8>, String> {
    if !about.is_file() {
        return Err("no regular file".into());
    }
    let mut text = Vec::new();
    // It may grow meanwhile.
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(LARGEST + 1).read_to_end(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > LARGEST { Err(format!("larger than {LARGEST} bytes")) } else { Ok(text) }
}

fn stamp(about: &Metadata) -> Option<Stamp> {
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(about);
    #[cfg(not(unix))]
    let inode = 0;
    Some(Stamp { modified: about.modified().ok()?, length: about.len(), inode })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("todo-tasks-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.0.join(name), text).unwrap();
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn titles(contents: &Contents) -> Vec<&str> {
        contents.tasks.iter().map(|task| task.title.as_str()).collect()
    }

    #[test]
    fn what_is_written_changed_renamed_and_deleted_is_seen() {
        let directory = Directory::new("seen");
        let mut folder = Folder::default();
        directory.write("b.json", r#"{"id": 2, "subject": "two"}"#);
        directory.write("a.json", r#"{"id": 1, "subject": "one"}"#);
        directory.write("a.txt", "no task");
        directory.write(".a.json.tmp.json", "no task");
        assert_eq!(titles(&folder.look(&directory.0).unwrap()), ["one", "two"]);
        // Of the same length, and within one tick of the file system's clock.
        directory.write("a.json", r#"{"id": 1, "subject": "One"}"#);
        assert_eq!(titles(&folder.look(&directory.0).unwrap()), ["One", "two"]);
        fs::rename(directory.0.join("a.json"), directory.0.join("z.json")).unwrap();
        let renamed = folder.look(&directory.0).unwrap();
        assert_eq!((titles(&renamed), renamed.tasks[0].file.as_str()), (vec!["One", "two"], "z.json"));
        fs::remove_file(directory.0.join("b.json")).unwrap();
        assert_eq!(titles(&folder.look(&directory.0).unwrap()), ["One"]);
    }

    #[test]
    fn a_file_that_can_not_be_read_stands_for_what_it_was() {
        let directory = Directory::new("half");
        let mut folder = Folder::default();
        directory.write("a.json", r#"{"id": 1, "subject": "one"}"#);
        directory.write("b.json", r#"{"id": 2, "sub"#);
        let first = folder.look(&directory.0).unwrap();
        assert_eq!((titles(&first), first.unreadable.len()), (vec!["one"], 1));
        directory.write("a.json", r#"{"id": 1, "#);
        assert_eq!(folder.look(&directory.0).unwrap(), first);
        directory.write("a.json", r#"{"id": 1, "subject": "whole"}"#);
        assert_eq!(titles(&folder.look(&directory.0).unwrap()), ["whole"]);
    }

    #[test]
    fn an_id_stands_for_one_task() {
        let directory = Directory::new("twice");
        directory.write("a.json", r#"{"id": 1, "subject": "one"}"#);
        directory.write("b.json", r#"{"id": "1", "subject": "other"}"#);
        assert_eq!(titles(&Folder::default().look(&directory.0).unwrap()), ["one"]);
    }

    #[test]
    fn a_directory_that_is_gone_is_an_error_and_not_an_empty_one() {
        assert!(Folder::default().look(Path::new("/nonexistent/tasks")).is_err());
    }
}
