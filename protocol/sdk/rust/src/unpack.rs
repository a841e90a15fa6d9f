//! Params with data beside them: a deserializer in which each placeholder is the bytes that it stands for.

use std::cell::Cell;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde::{Deserialize, Deserializer};
use serde_json::{Error, Map, Value};

use crate::bytes;
use crate::pack::PLACEHOLDER;

/// What came beside the JSON of a request.
pub(crate) struct Data<'a> {
    bytes: &'a [u8],
    most: usize,
    left: Cell<usize>,
}

impl<'a> Data<'a> {
    /// Gives out `most` bytes in all: any number of placeholders may mean the same range.
    pub fn new(bytes: &'a [u8], most: usize) -> Self {
        Self { bytes, most, left: Cell::new(most) }
    }

    fn range(&self, offset: usize, length: usize) -> Result<&'a [u8], Error> {
        let end = offset.checked_add(length);
        let bytes = end.and_then(|end| self.bytes.get(offset..end)).ok_or_else(|| {
            let there = self.bytes.len();
            Error::custom(format_args!(
                "{length} bytes from {offset} lie outside of the {there} bytes of data"
            ))
        })?;
        let most = self.most;
        let left = self.left.get().checked_sub(length);
        self.left.set(left.ok_or_else(|| Error::custom(format_args!("more than {most} bytes in all")))?);
        Ok(bytes)
    }
}

/// A value, and the data that its placeholders mean. [`Bytes`](crate::Bytes) get a copy of their range, any other type
/// base64 text.
#[derive(Clone, Copy)]
pub(crate) struct Beside<'de> {
    pub value: &'de Value,
    pub data: &'de Data<'de>,
}

impl<'de> Beside<'de> {
    /// The range that an object stands for. `None` when it is just an object.
    fn placeholder(self, members: &Map<String, Value>) -> Result<Option<&'de [u8]>, Error> {
        let Some(range) = members.get(PLACEHOLDER) else {
            return Ok(None);
        };
        let (offset, length) = <(usize, usize)>::deserialize(range)
            .ok()
            .filter(|_| members.len() == 1)
            .ok_or_else(|| Error::custom("a placeholder for bytes is {\"$bytes\": [offset, length]}"))?;
        self.data.range(offset, length).map(Some)
    }

    fn members(
        self,
        members: &'de Map<String, Value>,
    ) -> MapDeserializer<'de, impl Iterator<Item = (Name<'de>, Self)>, Error> {
        MapDeserializer::new(members.iter().map(move |(name, value)| (Name(name), Self { value, ..self })))
    }
}

impl<'de> IntoDeserializer<'de, Error> for Beside<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Beside<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(elements) => {
                let elements = elements.iter().map(|value| Self { value, ..self });
                let mut elements = SeqDeserializer::new(elements);
                let value = visitor.visit_seq(&mut elements)?;
                elements.end()?;
                Ok(value)
            }
            Value::Object(members) => match self.placeholder(members)? {
                Some(bytes) => visitor.visit_string(STANDARD.encode(bytes)),
                None => {
                    let mut members = self.members(members);
                    let value = visitor.visit_map(&mut members)?;
                    members.end()?;
                    Ok(value)
                }
            },
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == bytes::NAME {
            if let Value::Object(members) = self.value {
                if let Some(bytes) = self.placeholder(members)? {
                    return visitor.visit_byte_buf(bytes.to_vec());
                }
            }
        }
        // Raw JSON asks for itself like this; only serde_json knows how to give it.
        if name.starts_with("$serde_json::private::") {
            return Value::deserialize(self)?.deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value {
            Value::String(variant) => visitor.visit_enum(variant.as_str().into_deserializer()),
            Value::Object(members) => match self.placeholder(members)? {
                Some(bytes) => visitor.visit_enum(STANDARD.encode(bytes).into_deserializer()),
                None if members.len() == 1 => {
                    visitor.visit_enum(MapAccessDeserializer::new(self.members(members)))
                }
                None => Err(Error::invalid_value(Unexpected::Map, &"map with a single key")),
            },
            other => other.deserialize_enum("", &[], visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

/// The name of a member. Where a map has numbers for keys, it is their text.
struct Name<'de>(&'de str);

impl<'de> IntoDeserializer<'de, Error> for Name<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! from_text {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            serde_json::Deserializer::from_str(self.0).$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Name<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.0)
    }

    from_text! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Bytes;
    use serde::de::DeserializeOwned;
    use serde_json::json;
    use serde_json::value::RawValue;
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    const DATA: &[u8] = b"GIF89a";

    fn unpacked<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
        T::deserialize(Beside { value, data: &Data::new(DATA, 1000) }).map_err(|error| error.to_string())
    }

    fn all() -> Value {
        json!({ "$bytes": [0, 6] })
    }

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Source {
        Image(Bytes),
        File { path: String, part: Bytes },
        Both(Bytes, u8),
        Nothing,
    }

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(untagged)]
    enum Either {
        Number(f64),
        Image { image: Bytes },
    }

    #[derive(Deserialize, Debug, PartialEq)]
    struct Newtype(Option<Bytes>);

    #[test]
    fn bytes_stand_wherever_a_placeholder_does() {
        let gif = || Bytes::from(DATA);
        assert_eq!(unpacked(&all()), Ok(gif()));
        assert_eq!(unpacked(&json!({ "$bytes": [3, 2] })), Ok(Bytes::from(&b"89"[..])));
        assert_eq!(unpacked(&json!({ "$bytes": [6, 0] })), Ok(Bytes::default()));
        assert_eq!(unpacked(&json!([all(), "AQI=", null])), {
            Ok(vec![Newtype(Some(gif())), Newtype(Some(vec![1, 2].into())), Newtype(None)])
        });
        assert_eq!(unpacked(&json!({ "7": all() })), Ok(BTreeMap::from([(7_u8, gif())])));
        assert_eq!(unpacked(&json!({ "image": all() })), Ok(Source::Image(gif())));
        assert_eq!(unpacked(&json!({ "both": [all(), 1] })), Ok(Source::Both(gif(), 1)));
        let file = Source::File { path: "a".into(), part: gif() };
        assert_eq!(unpacked(&json!({ "file": { "path": "a", "part": all(), "more": all() } })), Ok(file));
        assert_eq!(unpacked(&json!({ "image": all() })), Ok(Either::Image { image: gif() }));
    }

    #[test]
    fn for_any_other_type_a_placeholder_is_base64_text() {
        assert_eq!(unpacked::<String>(&all()), Ok("R0lGODlh".into()));
        let value = unpacked::<Value>(&json!({ "a": [all()], "b": 1.5 }));
        assert_eq!(value, Ok(json!({ "a": ["R0lGODlh"], "b": 1.5 })));
        let raw = unpacked::<BTreeMap<Source2, Box<RawValue>>>(&json!({ "a": [all(), null] })).unwrap();
        assert_eq!(raw[&Source2::A].get(), r#"["R0lGODlh",null]"#);
    }

    #[derive(Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord)]
    #[serde(rename_all = "lowercase")]
    enum Source2 {
        A,
    }

    #[test]
    fn what_has_no_placeholder_is_read_as_from_json() {
        fn same<T: DeserializeOwned + PartialEq + Debug>(value: &Value) {
            assert_eq!(unpacked::<T>(value).ok(), T::deserialize(value).ok(), "{value}");
        }
        let values = [
            json!(null),
            json!(true),
            json!(5),
            json!(-1.5),
            json!("nothing"),
            json!("x"),
            json!([]),
            json!(["AQI=", 1]),
            json!(["AQI=", 1, 2]),
            json!({}),
            json!({ "image": "AQI=" }),
            json!({ "both": ["AQI=", 300] }),
            json!({ "image": "AQI=", "nothing": null }),
            json!({ "file": { "path": 1 } }),
            json!({ "nothing": null }),
            json!({ "1": "AQI=", "2": "" }),
        ];
        for value in &values {
            same::<Value>(value);
            same::<Source>(value);
            same::<Either>(value);
            same::<Newtype>(value);
            same::<(Bytes, u8)>(value);
            same::<Option<u8>>(value);
            same::<BTreeMap<u8, Bytes>>(value);
            same::<()>(value);
        }
    }

    #[test]
    fn a_range_outside_of_the_data_and_what_is_no_range_are_refused() {
        for range in [json!([0, 7]), json!([6, 1]), json!([7, 0]), json!([1, u64::MAX])] {
            let value = json!({ "$bytes": range });
            assert!(unpacked::<Bytes>(&value).unwrap_err().contains("outside of the 6 bytes"), "{range}");
            assert!(unpacked::<Value>(&json!([value])).unwrap_err().contains("outside"), "{range}");
        }
        for value in [
            json!({ "$bytes": [0] }),
            json!({ "$bytes": [0, 1, 2] }),
            json!({ "$bytes": [-1, 1] }),
            json!({ "$bytes": [0.0, 1] }),
            json!({ "$bytes": "AQI=" }),
            json!({ "$bytes": [0, 1], "more": 1 }),
        ] {
            assert!(unpacked::<Bytes>(&value).unwrap_err().contains("[offset, length]"), "{value}");
            assert!(unpacked::<Value>(&value).unwrap_err().contains("[offset, length]"), "{value}");
        }
    }

    #[test]
    fn placeholders_for_the_same_range_do_not_multiply_it_without_bound() {
        let many = |times| Value::Array(vec![all(); times]);
        assert!(unpacked::<Vec<Bytes>>(&many(166)).is_ok());
        assert_eq!(unpacked::<Vec<Bytes>>(&many(167)), Err("more than 1000 bytes in all".into()));
    }
}
