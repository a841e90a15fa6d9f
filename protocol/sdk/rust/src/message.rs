//! Bodies of frames: what came in, and the bytes of what goes out.

use std::fmt;
use std::time::Duration;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, error::Category};

use crate::asked::{HostError, Reply};
use crate::error::{Error, INTERNAL_ERROR};
use crate::frame::Frame;
use crate::pack::Packed;
use crate::unpack::{Beside, Data};

/// The id of a request: what its answer, its progress and its cancellation name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// What Bulkhead itself sends.
    Integer(i64),
    /// What other hosts may send.
    String(String),
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(id) => write!(f, "{id}"),
            Self::String(id) => write!(f, "{id:?}"),
        }
    }
}

/// About the call rather than of it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Context {
    /// Time left, in milliseconds.
    pub ms: Option<f64>,
    /// How many items the caller takes before its first `$/credit`.
    #[serde(default)]
    pub credit: Option<u64>,
    /// Whether the answer may carry data.
    #[serde(default)]
    pub bulk: Option<bool>,
}

#[derive(Debug)]
pub(crate) enum Incoming {
    Request {
        id: Id,
        method: String,
        params: Option<Box<RawValue>>,
        context: Context,
    },
    Notification {
        method: String,
        params: Option<Box<RawValue>>,
    },
    Answer {
        id: Id,
        outcome: Reply,
    },
    /// An answer without an id: to what, nobody knows.
    Nothing,
    Invalid {
        id: Option<Id>,
        error: Error,
    },
}

/// Params stay text until the handler's own type reads them: one pass, straight into it.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    jsonrpc: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    #[serde(default)]
    method: Option<Value>,
    #[serde(default)]
    params: Option<Box<RawValue>>,
    #[serde(default)]
    ctx: Option<Value>,
    #[serde(default, deserialize_with = "raw")]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<Value>,
}

/// `null` as a result rather than as an absence.
pub(crate) fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::deserialize(deserializer).map(Some)
}

/// `null` as a value rather than as an absence: an id of null is wrong, an absent one is a notification.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

pub(crate) fn parse(body: &[u8]) -> Incoming {
    let invalid = |id, error| Incoming::Invalid { id, error };
    let Ok(text) = std::str::from_utf8(body) else {
        return invalid(None, Error::parse_error("not UTF-8"));
    };
    // A struct would also take an array, member by member.
    if !text.trim_start().starts_with('{') {
        return match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) if text.trim_start().starts_with('[') => {
                invalid(None, Error::invalid_request("batches are not served"))
            }
            Ok(_) => invalid(None, Error::invalid_request("a message is an object")),
            Err(error) => invalid(None, Error::parse_error(error.to_string())),
        };
    }
    let envelope: Envelope = match serde_json::from_str(text) {
        Ok(envelope) => envelope,
        Err(error) if error.classify() == Category::Data => {
            return invalid(None, Error::invalid_request(error.to_string()));
        }
        Err(error) => return invalid(None, Error::parse_error(error.to_string())),
    };
    let id = match envelope.id.map(serde_json::from_value::<Id>) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => {
            return invalid(None, Error::invalid_request("an id is an integer or a string"));
        }
    };
    if envelope.jsonrpc.as_ref().and_then(Value::as_str) != Some("2.0") {
        return invalid(id, Error::invalid_request("jsonrpc is not \"2.0\""));
    }
    let method = match envelope.method {
        None => {
            return match id {
                Some(id) => Incoming::Answer { id, outcome: reply(envelope.result, envelope.error) },
                None => Incoming::Nothing,
            };
        }
        Some(Value::String(method)) => method,
        Some(_) => return invalid(id, Error::invalid_request("method is not a string")),
    };
    match id {
        None => Incoming::Notification { method, params: envelope.params },
        Some(id) => Incoming::Request {
            id,
            method,
            params: envelope.params,
            // A plugin may ignore what it receives; one that is malformed is ignored too.
            context: envelope.ctx.and_then(|ctx| serde_json::from_value(ctx).ok()).unwrap_or_default(),
        },
    }
}

fn reply(result: Option<Box<RawValue>>, error: Option<Value>) -> Reply {
    #[derive(Deserialize)]
    struct Failure {
        code: i64,
        #[serde(default)]
        message: String,
        data: Option<Value>,
    }
    match (result, error.map(serde_json::from_value::<Failure>)) {
        (Some(result), None) => Ok(result),
        (_, Some(Ok(Failure { code, message, data }))) => Err(HostError::new(code, message, data)),
        _ => Err(HostError::local(INTERNAL_ERROR, "invalid_result", "the host gave no valid answer".into())),
    }
}

/// What a request brings for its handler: JSON, and the data that came beside it.
#[derive(Default)]
pub(crate) struct Params {
    pub json: Option<Box<RawValue>>,
    pub data: Option<Vec<u8>>,
}

/// Params as the type that the handler takes. `refuse` makes the error out of a JSON pointer and a message.
pub(crate) fn typed<T: serde::de::DeserializeOwned>(
    params: Option<&RawValue>,
    data: Option<&Data>,
    refuse: fn(&str, String) -> Error,
) -> Result<T, Error> {
    let text = params.map_or("{}", RawValue::get);
    if !text.starts_with('{') {
        return Err(refuse("", "expected an object".into()));
    }
    let read = match data {
        None => serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)),
        Some(data) => {
            let value = serde_json::from_str(text).map_err(|error| refuse("", error.to_string()))?;
            serde_path_to_error::deserialize(Beside { value: &value, data })
        }
    };
    read.map_err(|error| {
        let path = pointer(error.path());
        let inner = error.into_inner();
        // The path says where; the position in the text would mean nothing to the caller.
        let position = format!(" at line {} column {}", inner.line(), inner.column());
        let message = inner.to_string();
        let message = message.strip_suffix(&position).unwrap_or(&message);
        let place = if path.is_empty() { String::new() } else { format!("{path}: ") };
        refuse(&path, format!("{place}{message}"))
    })
}

/// RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let key = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&key);
    }
    pointer
}

/// An answer. Its id is null when the request had none that could be read.
pub(crate) fn answer(id: Option<&Id>, outcome: Result<Packed, Error>) -> Frame {
    let (member, value, data) = match outcome {
        Ok(Packed { json, data }) => ("result", json, data),
        Err(error) => ("error", json(&error).into_bytes(), None),
    };
    let head = format!(r#"{{"jsonrpc":"2.0","id":{},"{member}":"#, json(&id));
    Frame { json: [head.as_bytes(), &value, b"}"].concat(), data }
}

pub(crate) fn progress(id: &Id, value: &RawValue) -> Vec<u8> {
    let (id, value) = (json(id), value.get());
    format!(r#"{{"jsonrpc":"2.0","method":"$/progress","params":{{"id":{id},"value":{value}}}}}"#)
        .into_bytes()
}

pub(crate) fn item(id: &Id, seq: u64, value: &RawValue, cursor: Option<&str>) -> Vec<u8> {
    let (id, value) = (json(id), value.get());
    let cursor = cursor.map_or_else(String::new, |cursor| format!(r#","cursor":{}"#, json(&cursor)));
    format!(
        r#"{{"jsonrpc":"2.0","method":"$/item","params":{{"id":{id},"seq":{seq},"value":{value}{cursor}}}}}"#
    )
    .into_bytes()
}

/// A request to the host, for the call `parent`.
pub(crate) fn request(
    id: &Id,
    method: &str,
    params: &RawValue,
    parent: Option<&Id>,
    time: Option<Duration>,
) -> Vec<u8> {
    #[derive(Serialize)]
    struct Ctx<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        parent: Option<&'a Id>,
        #[serde(skip_serializing_if = "Option::is_none")]
        ms: Option<u128>,
    }
    let ctx = json(&Ctx { parent, ms: time.map(|time| time.as_millis()) });
    let (id, method, params) = (json(id), json(&method), params.get());
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":{method},"params":{params},"ctx":{ctx}}}"#).into_bytes()
}

/// For the types of this crate, whose serialisation can not fail.
fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("ids and errors are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(body: &str) -> (Option<Id>, i64) {
        match parse(body.as_bytes()) {
            Incoming::Invalid { id, error } => (id, error.code()),
            other => panic!("{body} was taken as {other:?}"),
        }
    }

    #[test]
    fn what_is_no_message_is_refused_by_the_table() {
        use crate::error::{INVALID_REQUEST, PARSE_ERROR};
        for (body, code) in [
            ("", PARSE_ERROR),
            ("{", PARSE_ERROR),
            ("nonsense", PARSE_ERROR),
            (r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":NaN}}"#, PARSE_ERROR),
            ("{} {}", PARSE_ERROR),
            (r#"[{"jsonrpc":"2.0","id":1,"method":"a"}]"#, INVALID_REQUEST),
            ("5", INVALID_REQUEST),
            (r#"{"jsonrpc":"2.0","id":null,"method":"a"}"#, INVALID_REQUEST),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"a"}"#, INVALID_REQUEST),
            (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"a"}"#, INVALID_REQUEST),
        ] {
            assert_eq!(refused(body), (None, code), "{body}");
        }
        let (id, code) = refused(r#"{"id":7,"method":"a"}"#);
        assert_eq!((id, code), (Some(Id::Integer(7)), INVALID_REQUEST));
        assert!(matches!(
            parse(b"\xff"),
            Incoming::Invalid { error, .. } if error.code() == PARSE_ERROR
        ));
    }

    #[test]
    fn requests_notifications_and_answers_are_told_apart() {
        assert!(matches!(
            parse(br#"{"jsonrpc":"2.0","id":"x","method":"a.b","ctx":{"ms":5.5,"new":1},"more":1}"#),
            Incoming::Request {
                id: Id::String(_),
                context: Context { ms: Some(5.5), credit: None, bulk: None },
                ..
            }
        ));
        assert!(matches!(parse(br#"{"jsonrpc":"2.0","method":"exit"}"#), Incoming::Notification { .. }));
        assert!(matches!(parse(br#"{"jsonrpc":"2.0","result":null}"#), Incoming::Nothing));
    }

    #[test]
    fn an_answer_is_a_result_even_null_or_an_error() {
        fn outcome(members: &str) -> Result<String, (String, String)> {
            match parse(format!(r#"{{"jsonrpc":"2.0","id":1,{members}}}"#).as_bytes()) {
                Incoming::Answer { id: Id::Integer(1), outcome } => outcome
                    .map(|result| result.get().to_owned())
                    .map_err(|error| (error.code(), error.message().to_owned())),
                other => panic!("{members} was taken as {other:?}"),
            }
        }
        assert_eq!(outcome(r#""result":null"#), Ok("null".into()));
        assert_eq!(outcome(r#""result":{"a":1}"#), Ok(r#"{"a":1}"#.into()));
        let error = outcome(r#""error":{"code":-31954,"message":"full","data":{"code":"storage_full"}}"#);
        assert_eq!(error, Err(("storage_full".into(), "full".into())));
        let error = outcome(r#""error":{"code":7,"message":"no"}"#);
        assert_eq!(error, Err(("rpc_7".into(), "no".into())));
        assert_eq!(outcome(r#""more":1"#).unwrap_err().0, "invalid_result");
        assert_eq!(outcome(r#""error":"text""#).unwrap_err().0, "invalid_result");
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Scan {
        roots: Vec<String>,
        #[serde(rename = "a/b", default)]
        slash: i64,
    }

    fn path_of(params: serde_json::Value, data: Option<&[u8]>) -> (String, String) {
        let raw = serde_json::value::to_raw_value(&params).unwrap();
        let data = data.map(|bytes| Data::new(bytes, bytes.len()));
        let error = typed::<Scan>(Some(&raw), data.as_ref(), Error::invalid_params).unwrap_err();
        let path = error.data().unwrap()["path"].as_str().unwrap().to_owned();
        (path, error.message().to_owned())
    }

    #[test]
    fn wrong_params_are_named_by_a_json_pointer() {
        for data in [None, Some(&b"abc"[..])] {
            assert_eq!(
                path_of(json!({"roots": ["/a", 5]}), data),
                ("/roots/1".into(), "/roots/1: invalid type: integer `5`, expected a string".into())
            );
            assert_eq!(path_of(json!({"roots": [], "a/b": "5"}), data).0, "/a~1b");
            assert_eq!(path_of(json!({}), data), (String::new(), "missing field `roots`".into()));
            assert_eq!(path_of(json!([["/a"], 1]), data), (String::new(), "expected an object".into()));
        }
        let outside = json!({"roots": ["/a", {"$bytes": [1, 3]}]});
        let message = "/roots/1: 3 bytes from 1 lie outside of the 3 bytes of data";
        assert_eq!(path_of(outside, Some(b"abc")), ("/roots/1".into(), message.into()));
    }
}
