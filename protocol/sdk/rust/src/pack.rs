//! Results as they travel: JSON, and beside it the bytes that are too many for base64 text.

use std::cell::{Cell, RefCell};
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

/// The one member of an object that stands for a range of the data. Source: protocol/README.md, "Bulk data".
pub(crate) const PLACEHOLDER: &str = "$bytes";

/// Fewer bytes than this are not worth a frame of another type.
const LEAST: usize = 1024;

pub(crate) struct Packed {
    pub json: Vec<u8>,
    pub data: Option<Vec<u8>>,
}

/// With `bulk`, [`Bytes`](crate::Bytes) may travel beside the JSON.
pub(crate) fn pack<T: Serialize + ?Sized>(value: &T, bulk: bool) -> Result<Packed, serde_json::Error> {
    if let Some(packed) = bulk.then(|| beside(value)).flatten() {
        return Ok(packed);
    }
    Ok(Packed { json: serde_json::to_vec(value)?, data: None })
}

/// `None` when it has to travel as plain JSON.
fn beside<T: Serialize + ?Sized>(value: &T) -> Option<Packed> {
    let mut json = Vec::with_capacity(128);
    let members = Cell::new(0);
    let scope = Scope::enter();
    value
        .serialize(&mut Serializer::with_formatter(&mut json, Counting { members: &members, key: Key::No }))
        .ok()?;
    let Placed { data, ranges } = scope.leave();
    if ranges == 0 {
        return Some(Packed { json, data: None });
    }
    // More: the value has such members of its own. Fewer: a placeholder went where it is none, into a string or a hash.
    let only_ours = members.get() == ranges;
    (only_ours && data.len() >= LEAST).then_some(Packed { json, data: Some(data) })
}

#[derive(Default)]
struct Placed {
    data: Vec<u8>,
    ranges: usize,
}

thread_local! {
    /// Where bytes go while a result is written that may have data beside it.
    static PLACED: RefCell<Option<Placed>> = const { RefCell::new(None) };
}

/// Puts bytes beside the JSON that is being written: their offset and length there. `None` where they are text.
pub(crate) fn place(bytes: &[u8]) -> Option<(usize, usize)> {
    PLACED.with_borrow_mut(|placed| {
        let Placed { data, ranges } = placed.as_mut()?;
        let offset = data.len();
        data.extend_from_slice(bytes);
        *ranges += 1;
        Some((offset, bytes.len()))
    })
}

/// Ends when it is dropped, too: the thread serves other calls after one that panicked.
struct Scope;

impl Scope {
    fn enter() -> Self {
        PLACED.set(Some(Placed::default()));
        Self
    }

    fn leave(self) -> Placed {
        PLACED.take().unwrap_or_default()
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        PLACED.set(None);
    }
}

/// Writes what serde_json writes, and counts the members named as placeholders are.
struct Counting<'a> {
    members: &'a Cell<usize>,
    key: Key,
}

/// What has been written of a member's name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    No,
    Nothing,
    Placeholder,
    Other,
}

impl Counting<'_> {
    fn goes_on(&mut self, with: Key) {
        self.key = match self.key {
            Key::No => Key::No,
            Key::Nothing => with,
            Key::Placeholder | Key::Other => Key::Other,
        };
    }
}

impl Formatter for Counting<'_> {
    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.key = Key::Nothing;
        CompactFormatter.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        if self.key == Key::Placeholder {
            self.members.set(self.members.get().saturating_add(1));
        }
        self.key = Key::No;
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        self.goes_on(if text == PLACEHOLDER { Key::Placeholder } else { Key::Other });
        writer.write_all(text.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        self.goes_on(Key::Other);
        CompactFormatter.write_char_escape(writer, escape)
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, json: &str) -> io::Result<()> {
        // Nobody has looked into it; names in it may be written with escapes.
        if json.contains(PLACEHOLDER) || json.contains("\\u00") {
            self.members.set(usize::MAX);
        }
        writer.write_all(json.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Bytes;
    use serde_json::value::to_raw_value;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn kib(of: u8) -> Bytes {
        vec![of; 1024].into()
    }

    fn packed<T: Serialize>(value: &T) -> (Value, Option<Vec<u8>>) {
        let Packed { json, data } = pack(value, true).unwrap();
        (serde_json::from_slice(&json).unwrap(), data)
    }

    fn travels_plain<T: Serialize>(value: &T) {
        assert_eq!(packed(value), (serde_json::to_value(value).unwrap(), None));
    }

    #[test]
    fn bytes_go_beside_the_json_one_after_the_other() {
        let two = json!([{ "a": { "$bytes": [0, 1024] } }, { "$bytes": [1024, 3] }]);
        let (value, data) = packed(&(BTreeMap::from([("a", kib(1))]), Bytes::from(vec![2; 3])));
        assert_eq!(value, two);
        assert_eq!(data, Some([vec![1; 1024], vec![2; 3]].concat()));
    }

    #[test]
    fn they_are_text_where_nobody_takes_data_and_where_there_are_few() {
        let Packed { json, data } = pack(&kib(0), false).unwrap();
        assert_eq!((json, data), (serde_json::to_vec(&kib(0)).unwrap(), None));
        travels_plain(&[Bytes::from(vec![1; 1000]), Bytes::from(vec![2; 23])]);
        travels_plain(&("\u{1}\"é", 1.5, [(); 0], BTreeMap::from([("\n", 1)])));
    }

    #[test]
    fn a_value_with_such_a_member_of_its_own_travels_plain() {
        let own = json!({ "$bytes": [0, 1] });
        travels_plain(&own);
        travels_plain(&(kib(1), &own));
        travels_plain(&(kib(1), to_raw_value(&own).unwrap()));
        let escaped = serde_json::value::RawValue::from_string(r#"{"\u0024bytes":1}"#.into()).unwrap();
        travels_plain(&(kib(1), escaped));
    }

    #[test]
    fn a_name_or_a_text_that_is_only_like_it_is_no_matter() {
        let like = json!({ "$bytes ": 1, "\n$bytes": 1, "$bytes\n": 1, "a": "$bytes", "": "$bytes" });
        assert!(packed(&(kib(1), &like)).1.is_some());
        assert!(packed(&(kib(1), to_raw_value(&json!({ "a": 1 })).unwrap())).1.is_some());
    }

    #[derive(Serialize)]
    struct Inside {
        #[serde(serialize_with = "as_text")]
        text: Bytes,
        #[serde(serialize_with = "as_value")]
        value: Bytes,
    }

    fn as_text<S: serde::Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(bytes).unwrap())
    }

    fn as_value<S: serde::Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::to_value(bytes).unwrap().serialize(serializer)
    }

    #[test]
    fn a_placeholder_that_ends_up_in_a_text_is_none() {
        travels_plain(&Inside { text: kib(1), value: kib(2) });
        travels_plain(&BTreeMap::from([(kib(1), kib(2))]));
    }

    #[test]
    fn after_a_panic_bytes_are_text_again() {
        struct Panics;
        impl Serialize for Panics {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                panic!("on purpose")
            }
        }
        assert!(std::panic::catch_unwind(|| pack(&(kib(1), Panics), true)).is_err());
        assert!(place(b"a").is_none());
    }
}
