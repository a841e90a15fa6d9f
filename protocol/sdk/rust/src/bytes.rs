//! Bytes in params and results.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};

use base64::Engine;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::pack::{self, PLACEHOLDER};

/// The name by which a deserializer that has the bytes as they are knows who asks for them.
pub(crate) const NAME: &str = "bulkhead_plugin::Bytes";

/// Bytes. In JSON they are base64 text (RFC 4648 §4, with padding), described by
/// `{"type": "string", "contentEncoding": "base64"}`; in the params and the result of a call they travel beside the JSON
/// as they are, where the caller can do that.
///
/// ```
/// # use bulkhead_plugin::{Bytes, serde_json};
/// assert_eq!(serde_json::to_string(&Bytes::from(vec![1, 2])).unwrap(), "\"AQI=\"");
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(Vec<u8>);

impl Bytes {
    /// The bytes, without copying them.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Bytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        bytes.0
    }
}

/// How many there are: they may be an image.
impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match pack::place(self) {
            Some(range) => {
                let mut placeholder = serializer.serialize_map(Some(1))?;
                placeholder.serialize_entry(PLACEHOLDER, &range)?;
                placeholder.end()
            }
            None => serializer.collect_str(&Base64Display::new(self, &STANDARD)),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, Visitor)
    }
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("base64 text")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bytes, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
        // Not serde's `invalid_value`: it repeats the whole text.
        STANDARD.decode(text).map(Bytes).map_err(|error| E::custom(format_args!("no base64 text: {error}")))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(Bytes(bytes))
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "contentEncoding": "base64" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{params_schema, result_schema};
    use serde_json::{from_str, json, to_string, to_value};

    #[test]
    fn every_byte_survives_as_base64_text() {
        let all: Vec<u8> = (0..=255).collect();
        for length in 0..all.len() {
            let bytes = Bytes::from(&all[..length]);
            let text = to_string(&bytes).unwrap();
            assert_eq!(from_str::<Bytes>(&text).unwrap(), bytes);
            assert_eq!(to_value(&bytes).unwrap().to_string(), text);
        }
        assert_eq!(to_string(&Bytes::from(&b"GIF89a"[..])).unwrap(), r#""R0lGODlh""#);
        assert_eq!(to_string(&Bytes::default()).unwrap(), r#""""#);
    }

    #[test]
    fn what_is_no_base64_with_padding_is_refused_and_not_repeated() {
        for text in ["AQI", "AQI=\\n", "AQJ=", "AQ-_", "AQ==AQ==", "====", " AQI="] {
            let error = from_str::<Bytes>(&format!("\"{text}\"")).unwrap_err().to_string();
            assert!(error.starts_with("no base64 text: "), "{text}: {error}");
            assert!(!error.contains(text), "{error}");
        }
        for other in ["5", "null", "[1,2]", r#"{"$bytes":[0,1]}"#] {
            let error = from_str::<Bytes>(other).unwrap_err().to_string();
            assert!(error.contains("expected base64 text"), "{other}: {error}");
        }
    }

    #[test]
    fn they_are_described_as_text_in_base64() {
        let described = json!({ "type": "string", "contentEncoding": "base64" });
        assert_eq!((params_schema::<Bytes>(), result_schema::<Bytes>()), (described.clone(), described));
    }

    #[test]
    fn they_are_a_slice_and_become_a_vec_without_a_copy() {
        let mut bytes = Bytes::from(vec![1, 2, 3]);
        bytes.reverse();
        let place = bytes.as_ptr();
        let vec = bytes.into_vec();
        assert_eq!((vec.as_ptr(), vec), (place, vec![3, 2, 1]));
        assert_eq!(format!("{:?}", Bytes::from(vec![0; 1000])), "Bytes(1000)");
    }
}
