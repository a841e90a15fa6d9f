//! The golden conversations of protocol/transcripts/, held with the example `conformance`.

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::pattern::matches;
use support::process::Process;

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
    let mut process = Process::example("conformance");
    for (number, line) in text.lines().enumerate().skip(1) {
        let step = serde_json::from_str(line).expect("a line is one JSON object");
        take(&mut process, &filled(step)).map_err(|what| {
            let log = process.end();
            format!("{}:{}: {what}\n  step: {line}\n  stderr: {log}", path.display(), number + 1)
        })?;
    }
    process.end();
    Ok(())
}

fn take(process: &mut Process, step: &Value) -> Result<(), String> {
    let (name, value) = step.as_object().and_then(|step| step.iter().next()).expect("a step");
    match name.as_str() {
        "send" => process.send(value.to_string().as_bytes()),
        "sendRaw" => process.write(value.as_str().expect("a text").as_bytes()),
        "eof" => process.close_input(),
        "expect" => {
            let message = process.message()?;
            if !matches(value, Some(&message)) {
                return Err(format!("came: {message}"));
            }
        }
        "unordered" => unordered(process, value.as_array().expect("a list of patterns"))?,
        "expectExit" => {
            let status = Value::from(process.wait()?);
            if !matches(value, Some(&status)) {
                return Err(format!("ended with status {status}"));
            }
        }
        other => return Err(format!("no such step: {other}")),
    }
    Ok(())
}

fn unordered(process: &mut Process, patterns: &[Value]) -> Result<(), String> {
    let mut rows: Vec<Vec<&Value>> = patterns
        .iter()
        .map(|entry| entry.as_array().map_or_else(|| vec![entry], |row| row.iter().collect()))
        .collect();
    while rows.iter().any(|row| !row.is_empty()) {
        let message = process.message()?;
        let row = rows
            .iter_mut()
            .find(|row| row.first().is_some_and(|next| matches(next, Some(&message))))
            .ok_or_else(|| format!("none of the patterns left takes: {message}"))?;
        row.remove(0);
    }
    Ok(())
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
