//! 64-bit integers that survive a host in which every number is a double.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An integer that may lie beyond ±(2^53 − 1). It travels as a string, described by
/// `{"type": "string", "format": "int64"}`.
///
/// ```
/// # use bulkhead_plugin::{Int64, serde_json};
/// assert_eq!(serde_json::to_string(&Int64(i64::MAX)).unwrap(), "\"9223372036854775807\"");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Int64(pub i64);

impl From<i64> for Int64 {
    fn from(value: i64) -> Self {
        Self(value)
    }
}

impl From<Int64> for i64 {
    fn from(value: Int64) -> Self {
        value.0
    }
}

impl Serialize for Int64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Int64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| {
            de::Error::invalid_value(de::Unexpected::Str(&text), &"a 64-bit integer in decimal digits")
        })
    }
}

impl JsonSchema for Int64 {
    fn schema_name() -> Cow<'static, str> {
        "Int64".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "int64" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_i64_survives_and_nothing_else_is_taken() {
        for value in [i64::MIN, -1, 0, (1 << 53) + 1, i64::MAX] {
            let text = serde_json::to_string(&Int64(value)).unwrap();
            assert_eq!(serde_json::from_str::<Int64>(&text).unwrap(), Int64(value));
        }
        for text in ["5", "\"\"", "\"5.0\"", "\"9223372036854775808\"", "null"] {
            assert!(serde_json::from_str::<Int64>(text).is_err(), "{text}");
        }
    }
}
