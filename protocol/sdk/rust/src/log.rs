//! Lines of the log that say how much they matter.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value, json};

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// Writes a line with a level to the plugin's log. A plain `eprintln!` is a line as well, without one.
///
/// ```
/// # use bulkhead_plugin::{Level, log};
/// log(Level::Warn, format_args!("{} files are not readable", 3));
/// ```
pub fn log(level: Level, message: impl fmt::Display) {
    log_with(level, message, &Map::new());
}

/// Writes a line that says more than a sentence does.
pub fn log_with(level: Level, message: impl fmt::Display, fields: &Map<String, Value>) {
    // One write: lines of several threads do not mix. Not `eprintln!`: that panics when stderr is closed.
    let _ = io::stderr().write_all(line(level, &message.to_string(), fields).as_bytes());
}

fn line(level: Level, message: &str, fields: &Map<String, Value>) -> String {
    let mut line = fields.clone();
    line.insert("level".into(), json!(level));
    line.insert("msg".into(), message.into());
    format!("{}\n", Value::from(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_json_object_whatever_its_text() {
        let Value::Object(fields) = json!({ "file": "a", "level": "of water" }) else { unreachable!() };
        let line = line(Level::Warn, "two\nlines", &fields);
        assert_eq!(line.matches('\n').count(), 1);
        let parsed: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(parsed, json!({ "level": "warn", "msg": "two\nlines", "file": "a" }));
    }
}
