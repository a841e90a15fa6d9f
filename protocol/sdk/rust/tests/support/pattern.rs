//! The patterns of protocol/transcripts/README.md.

use regex::Regex;
use serde_json::Value;

/// Whether the pattern takes the value; `None` stands for a member that is not there.
pub fn matches(pattern: &Value, value: Option<&Value>) -> bool {
    if let Some(members) = pattern.as_object() {
        if let Some((name, argument)) = members.iter().find(|(name, _)| name.starts_with('$')) {
            return wildcard(name, argument, value);
        }
    }
    let Some(value) = value else {
        return false;
    };
    match (pattern, value) {
        (Value::Object(pattern), Value::Object(value)) => {
            pattern.iter().all(|(name, pattern)| matches(pattern, value.get(name)))
        }
        (Value::Array(pattern), Value::Array(value)) => {
            pattern.len() == value.len()
                && pattern.iter().zip(value).all(|(pattern, value)| matches(pattern, Some(value)))
        }
        _ => equal(pattern, value),
    }
}

/// The name in `{"$id": name}`.
pub fn id_name(value: &Value) -> Option<&str> {
    value.get("$id").and_then(Value::as_str)
}

fn wildcard(name: &str, argument: &Value, value: Option<&Value>) -> bool {
    if name == "$absent" {
        return value.is_none();
    }
    let Some(value) = value else {
        return false;
    };
    match name {
        "$any" => true,
        "$id" => value.is_i64() || value.is_string(),
        "$exact" => equal(argument, value),
        "$hex" => value.get("$hex") == Some(argument),
        "$oneOf" => argument
            .as_array()
            .is_some_and(|choices| choices.iter().any(|pattern| matches(pattern, Some(value)))),
        "$pattern" => {
            let pattern = Regex::new(argument.as_str().expect("a text")).expect("a pattern");
            value.as_str().is_some_and(|text| pattern.is_match(text))
        }
        "$type" => match argument.as_str() {
            Some("null") => value.is_null(),
            Some("boolean") => value.is_boolean(),
            Some("integer") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Some("number") => value.is_number(),
            Some("string") => value.is_string(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            other => panic!("no such type: {other:?}"),
        },
        other => panic!("no such wildcard: {other}"),
    }
}

/// `1` and `1.0` are one number.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}
