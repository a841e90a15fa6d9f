//! The mirror in the host's storage, one key for each task, so that a restart does not create everything once more.

use std::collections::HashMap;

use bulkhead_plugin::{Host, HostError};
use serde::{Deserialize, Serialize};

use crate::mirror::{Entry, Mirror, Root, Shown};

const ROOT: &str = "root";
const TASKS: &str = "task/";

#[derive(Serialize, Deserialize)]
struct Stored {
    todo: String,
    file: String,
    /// Among its siblings.
    position: usize,
    #[serde(flatten)]
    shown: Shown,
}

pub fn load(host: &Host) -> Result<Mirror, HostError> {
    let storage = host.storage();
    let mut entries = Vec::new();
    for name in storage.list(TASKS)? {
        let Some(Stored { todo, file, position, shown }) = storage.get(&name)? else {
            continue;
        };
        entries.push((position, Entry { key: name[TASKS.len()..].into(), todo, file, shown }));
    }
    entries.sort_by_key(|(position, _)| *position);
    let entries = entries.into_iter().map(|(_, entry)| entry).collect();
    Ok(Mirror { root: storage.get::<Root>(ROOT)?, entries, ..Mirror::default() })
}

/// Writes what differs.
pub fn save(host: &Host, before: &Mirror, after: &Mirror) -> Result<(), HostError> {
    let storage = host.storage();
    if before.root != after.root {
        match &after.root {
            Some(root) => storage.set(ROOT, root)?,
            None => drop(storage.delete(ROOT)?),
        }
    }
    let mut old: HashMap<_, _> =
        before.entries.iter().enumerate().map(|(at, entry)| (entry.key.as_str(), (at, entry))).collect();
    for (position, entry) in after.entries.iter().enumerate() {
        if old.remove(entry.key.as_str()) != Some((position, entry)) {
            let Entry { key, todo, file, shown } = entry.clone();
            storage.set(&format!("{TASKS}{key}"), &Stored { todo, file, position, shown })?;
        }
    }
    for key in old.into_keys() {
        storage.delete(&format!("{TASKS}{key}"))?;
    }
    Ok(())
}
