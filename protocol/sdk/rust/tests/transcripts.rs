//! The golden conversations of protocol/transcripts/, held with the example `conformance`.

mod support;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use support::pattern::{id_name, matches};
use support::process::Process;

/// Capabilities of this SDK that a transcript may be about.
const OFFERED: [&str; 1] = ["bulk"];

#[test]
fn every_golden_conversation_goes_as_written() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../transcripts");
    let mut paths: Vec<_> = fs::read_dir(directory)
        .expect("protocol/transcripts is next to the SDK")
        .map(|entry| entry.expect("a directory entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    let failures: Vec<_> = paths.iter().filter_map(|path| hold(path).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn hold(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let about: Value = serde_json::from_str(text.lines().next().expect("a title")).expect("a JSON object");
    if let Some(capability) = about["capability"].as_str().filter(|name| !OFFERED.contains(name)) {
        println!("{}: skipped, no {capability}", path.display());
        return Ok(());
    }
    let mut held =
        Conversation { process: Process::example("conformance"), ids: HashMap::new(), ignored: Vec::new() };
    for (number, line) in text.lines().enumerate().skip(1) {
        let step = serde_json::from_str(line).expect("a line is one JSON object");
        held.take(&filled(step)).map_err(|what| {
            let log = held.process.end();
            format!("{}:{}: {what}\n  step: {line}\n  stderr: {log}", path.display(), number + 1)
        })?;
    }
    held.process.end();
    Ok(())
}

struct Conversation {
    process: Process,
    /// What the plugin's own requests are numbered, by the name that a pattern gave them.
    ids: HashMap<String, Value>,
    /// Patterns of messages that may come at any time.
    ignored: Vec<Value>,
}

impl Conversation {
    fn take(&mut self, step: &Value) -> Result<(), String> {
        let (name, value) = step.as_object().and_then(|step| step.iter().next()).expect("a step");
        match name.as_str() {
            "send" => self.process.send(self.with_ids(value).to_string().as_bytes()),
            "sendRaw" => self.process.write(value.as_str().expect("a text").as_bytes()),
            "sendBulk" => {
                let data = bytes(value["data"].as_str().expect("a text"));
                self.process.send_beside(&self.with_ids(&value["message"]), &data);
            }
            "eof" => self.process.close_input(),
            "ignore" => self.ignored.push(value.clone()),
            "expect" | "expectBulk" => {
                let (message, has_data) = self.received()?;
                if has_data != (name == "expectBulk") {
                    return Err(format!(
                        "came {} data: {message}",
                        if has_data { "with" } else { "without" }
                    ));
                }
                if !matches(&self.with_ids(value), Some(&message)) {
                    return Err(format!("came: {message}"));
                }
                self.remember(value, &message);
            }
            "unordered" => self.unordered(value.as_array().expect("a list of patterns"))?,
            "expectExit" => {
                let ignored = std::mem::take(&mut self.ignored);
                let passed = |message: &Value| ignored.iter().any(|each| matches(each, Some(message)));
                let status = Value::from(self.process.wait_past(passed)?);
                if !matches(value, Some(&status)) {
                    return Err(format!("ended with status {status}"));
                }
            }
            other => return Err(format!("no such step: {other}")),
        }
        Ok(())
    }

    fn unordered(&mut self, patterns: &[Value]) -> Result<(), String> {
        let mut rows: Vec<Vec<&Value>> = patterns
            .iter()
            .map(|entry| entry.as_array().map_or_else(|| vec![entry], |row| row.iter().collect()))
            .collect();
        while rows.iter().any(|row| !row.is_empty()) {
            let message = self.message()?;
            let row = rows
                .iter_mut()
                .find(|row| row.first().is_some_and(|next| matches(&self.with_ids(next), Some(&message))))
                .ok_or_else(|| format!("none of the patterns left takes: {message}"))?;
            self.remember(row.remove(0), &message);
        }
        Ok(())
    }

    fn message(&mut self) -> Result<Value, String> {
        match self.received()? {
            (message, false) => Ok(message),
            (message, true) => Err(format!("came with data: {message}")),
        }
    }

    /// The next message, and whether there was data beside it.
    fn received(&mut self) -> Result<(Value, bool), String> {
        loop {
            let (message, data) = self.process.message_and_data()?;
            if let Some(data) = data {
                return Ok((in_hex(message, &data)?, true));
            }
            if !self.ignored.iter().any(|pattern| matches(pattern, Some(&message))) {
                return Ok((message, false));
            }
        }
    }

    /// With each `$id` whose name is known replaced by that id.
    fn with_ids(&self, value: &Value) -> Value {
        if let Some(id) = id_name(value).and_then(|name| self.ids.get(name)) {
            return id.clone();
        }
        match value {
            Value::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), self.with_ids(value))).collect()
            }
            Value::Array(elements) => elements.iter().map(|each| self.with_ids(each)).collect(),
            other => other.clone(),
        }
    }

    /// Gives the ids in a message that matched the names that the pattern has for them.
    fn remember(&mut self, pattern: &Value, message: &Value) {
        if let Some(name) = id_name(pattern) {
            self.ids.insert(name.to_owned(), message.clone());
        } else if let (Value::Object(pattern), Value::Object(message)) = (pattern, message) {
            for (name, pattern) in pattern {
                if let Some(message) = message.get(name) {
                    self.remember(pattern, message);
                }
            }
        }
    }
}

/// With each range of the data replaced by what `$hex` matches.
fn in_hex(value: Value, data: &[u8]) -> Result<Value, String> {
    match value {
        Value::Object(members) if members.contains_key("$bytes") => {
            let range = <(usize, usize)>::deserialize(&members["$bytes"]).ok();
            let range = range
                .filter(|_| members.len() == 1)
                .and_then(|(offset, length)| data.get(offset..offset.checked_add(length)?));
            let bytes = range.ok_or_else(|| format!("no range of the data: {members:?}"))?;
            Ok(json!({ "$hex": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() }))
        }
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| Ok((name, in_hex(value, data)?))).collect()
        }
        Value::Array(elements) => elements.into_iter().map(|each| in_hex(each, data)).collect(),
        other => Ok(other),
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len() % 2 == 0, "a digit too many: {hex:?}");
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two hexadecimal digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// With each `$repeat` replaced by the text that it stands for.
fn filled(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let repeat = members.get("$repeat").and_then(Value::as_str);
            let times = members.get("times").and_then(Value::as_u64);
            if let (Some(text), Some(times)) = (repeat, times) {
                return text.repeat(usize::try_from(times).expect("a size")).into();
            }
            members.into_iter().map(|(name, value)| (name, filled(value))).collect()
        }
        Value::Array(elements) => elements.into_iter().map(filled).collect(),
        other => other,
    }
}
