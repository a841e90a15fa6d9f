//! Frames: `Content-Length: N`, an empty line, N bytes, which are JSON or, where the header says so, JSON and data.

use std::fmt;
use std::io::{self, BufRead, Read};

/// Source: protocol/README.md, "Framing".
const HEADER_BYTES: u64 = 4096;
/// The type of a frame that carries data. Source: protocol/README.md, "Bulk data".
const BULK: &str = "application/vnd.bulkhead.bulk";

/// The JSON of a message and, in a frame of the type for it, what comes beside it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub json: Vec<u8>,
    pub data: Option<Vec<u8>>,
}

impl Frame {
    /// Without its header.
    pub fn len(&self) -> usize {
        self.json.len() + self.data.as_ref().map_or(0, Vec::len)
    }

    pub fn header(&self) -> Vec<u8> {
        let length = self.len();
        match &self.data {
            None => format!("Content-Length: {length}\r\n\r\n"),
            Some(_) => {
                let json = self.json.len();
                format!("Content-Length: {length}\r\nContent-Type: {BULK}; json={json}\r\n\r\n")
            }
        }
        .into_bytes()
    }
}

impl From<Vec<u8>> for Frame {
    fn from(json: Vec<u8>) -> Self {
        Self { json, data: None }
    }
}

#[derive(Debug)]
pub(crate) enum FrameError {
    Io(io::Error),
    Broken(String),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "stdin can not be read: {error}"),
            Self::Broken(what) => write!(f, "stdin is not in step with the protocol: {what}"),
        }
    }
}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The next frame, or `None` when the input ended between two.
pub(crate) fn read(input: &mut impl BufRead, limit: usize) -> Result<Option<Frame>, FrameError> {
    let Some(Header { length, json }) = read_header(input)? else {
        return Ok(None);
    };
    if length > limit {
        return broken(format!("a frame of {length} bytes; the limit is {limit}"));
    }
    let mut part = |start, length| {
        // Grows with what arrives: a header alone must not cost its number in memory.
        let mut bytes = Vec::new();
        input.take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() < length {
            let (got, of) = (start + bytes.len(), start + length);
            return broken(format!("the input ended after {got} of {of} bytes"));
        }
        Ok(bytes)
    };
    Ok(Some(match json {
        None => Frame { json: part(0, length)?, data: None },
        Some(json) => Frame { json: part(0, json)?, data: Some(part(json, length - json)?) },
    }))
}

struct Header {
    length: usize,
    /// How many of these bytes are JSON, where the others are data.
    json: Option<usize>,
}

fn read_header(input: &mut impl BufRead) -> Result<Option<Header>, FrameError> {
    let mut header = input.take(HEADER_BYTES);
    let mut length = None;
    let mut json = None;
    let mut first = true;
    loop {
        let mut line = Vec::new();
        header.read_until(b'\n', &mut line)?;
        if line.is_empty() && first {
            return Ok(None);
        }
        first = false;
        let Some(line) = line.strip_suffix(b"\r\n") else {
            return broken(if header.limit() == 0 {
                format!("a header of more than {HEADER_BYTES} bytes")
            } else {
                format!("a header line that does not end in CR LF: {}", shown(&line))
            });
        };
        if line.is_empty() {
            return match (length, json) {
                (None, _) => broken("a header without Content-Length"),
                (Some(length), Some(json)) if !(1..=length).contains(&json) => {
                    broken(format!("json={json} in a frame of {length} bytes"))
                }
                (Some(length), json) => Ok(Some(Header { length, json })),
            };
        }
        let Some((name, value)) = split_once(line, b':') else {
            return broken(format!("a header line without a colon: {}", shown(line)));
        };
        if name.eq_ignore_ascii_case(b"content-length") {
            if length.is_some() {
                return broken("Content-Length twice in one header");
            }
            length = Some(parse_number("Content-Length ", value)?);
        } else if name.eq_ignore_ascii_case(b"content-type") {
            if let Some(parsed) = parse_type(value)? {
                if json.replace(parsed).is_some() {
                    return broken("Content-Type twice in one header");
                }
            }
        }
    }
}

/// How many bytes are JSON; `None` for any type but that of bulk data.
fn parse_type(value: &[u8]) -> Result<Option<usize>, FrameError> {
    let (name, parameter) = split_once(value, b';').unwrap_or((value, b""));
    if !name.trim_ascii().eq_ignore_ascii_case(BULK.as_bytes()) {
        return Ok(None);
    }
    match parameter.trim_ascii().split_at_checked("json=".len()) {
        Some((name, json)) if name.eq_ignore_ascii_case(b"json=") => parse_number("json=", json).map(Some),
        _ => broken(format!("{BULK} without json: {}", shown(parameter))),
    }
}

fn parse_number(what: &str, value: &[u8]) -> Result<usize, FrameError> {
    let digits = value.trim_ascii();
    std::str::from_utf8(digits)
        .ok()
        // `parse` alone would take "+5".
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .map_or_else(|| broken(format!("{what}{}", shown(digits))), Ok)
}

fn split_once(line: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let index = line.iter().position(|&b| b == at)?;
    Some((&line[..index], &line[index + 1..]))
}

fn shown(bytes: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]))
}

fn broken<T>(what: impl Into<String>) -> Result<T, FrameError> {
    Err(FrameError::Broken(what.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(mut input: &[u8]) -> Result<Vec<Frame>, String> {
        let mut frames = Vec::new();
        while let Some(frame) = read(&mut input, 1000).map_err(|error| error.to_string())? {
            frames.push(frame);
        }
        Ok(frames)
    }

    fn all(input: &[u8]) -> Result<Vec<String>, String> {
        let plain = |Frame { json, data }| {
            assert_eq!(data, None);
            String::from_utf8(json).unwrap()
        };
        Ok(frames(input)?.into_iter().map(plain).collect())
    }

    fn encoded(frame: &Frame) -> Vec<u8> {
        let data = frame.data.as_deref().unwrap_or_default();
        [&frame.header(), &frame.json, data].concat()
    }

    #[test]
    fn frames_follow_each_other_and_header_names_have_no_case() {
        let input = b"Content-Length: 2\r\n\r\n{}content-LENGTH:3\r\nContent-Type: x\r\n\r\n[1]";
        assert_eq!(all(input), Ok(vec!["{}".into(), "[1]".into()]));
        assert_eq!(all(b""), Ok(vec![]));
    }

    #[test]
    fn what_is_encoded_is_read_back() {
        for data in [None, Some(vec![]), Some(b"\r\n\r\n{}\xff".to_vec())] {
            let frame = Frame { json: "{\"é\":1}".into(), data };
            assert_eq!(frames(&encoded(&frame).repeat(2)).unwrap()[1], frame);
        }
    }

    #[test]
    fn what_comes_beside_the_json_is_data_in_a_frame_of_that_type() {
        let bulk = |json: &str, data: &str| Frame { json: json.into(), data: Some(data.into()) };
        for (input, frame) in [
            (
                "Content-Length: 5\r\nContent-Type: application/vnd.bulkhead.bulk; json=2\r\n\r\n{}abc",
                bulk("{}", "abc"),
            ),
            (
                "content-type:APPLICATION/vnd.Bulkhead.bulk ;JSON=2 \r\ncontent-length:3\r\n\r\n{}a",
                bulk("{}", "a"),
            ),
            (
                "Content-Length: 2\r\nContent-Type: application/vnd.bulkhead.bulk;json=2\r\n\r\n{}",
                bulk("{}", ""),
            ),
            (
                "Content-Length: 3\r\nContent-Type: application/vnd.bulkhead.bulky; json=x\r\n\r\n{} ",
                b"{} ".to_vec().into(),
            ),
        ] {
            assert_eq!(frames(input.as_bytes()), Ok(vec![frame]), "{input}");
        }
    }

    #[test]
    fn a_type_of_bulk_data_that_is_wrong_is_named() {
        const TYPE: &str = "Content-Type: application/vnd.bulkhead.bulk";
        for (types, named) in [
            (format!("{TYPE}; json=0"), "json=0 in a frame of 5 bytes"),
            (format!("{TYPE}; json=6"), "json=6 in a frame of 5 bytes"),
            (format!("{TYPE}; json=+2"), "json=\"+2\""),
            (format!("{TYPE}; json=\"2\""), "json="),
            (format!("{TYPE}; json="), "json=\"\""),
            (format!("{TYPE}; json"), "without json"),
            (TYPE.into(), "without json"),
            (format!("{TYPE}; json=2; json=2"), "json=\"2; json=2\""),
            (format!("{TYPE}; a=1; json=2"), "without json: \" a=1; json=2\""),
            (format!("{TYPE}; json=2\r\n{TYPE}; json=2"), "Content-Type twice"),
        ] {
            let error =
                frames(format!("Content-Length: 5\r\n{types}\r\n\r\n{{}}abc").as_bytes()).unwrap_err();
            assert!(error.contains(named), "{error:?} does not name {named:?}");
        }
        let error =
            frames(format!("Content-Length: 5\r\n{TYPE}; json=2\r\n\r\n{{}}ab").as_bytes()).unwrap_err();
        assert!(error.contains("ended after 4 of 5"), "{error}");
        let error =
            frames(format!("Content-Length: 1001\r\n{TYPE}; json=2\r\n\r\n{{}}").as_bytes()).unwrap_err();
        assert!(error.contains("the limit is 1000"), "{error}");
    }

    #[test]
    fn a_broken_frame_is_named() {
        for (input, named) in [
            (&b"Content-Length: -1\r\n\r\n"[..], "Content-Length \"-1\""),
            (b"Content-Length: +5\r\n\r\n", "Content-Length \"+5\""),
            (b"Content-Length: 12abc\r\n\r\n", "Content-Length \"12abc\""),
            (b"Content-Length: \r\n\r\n", "Content-Length \"\""),
            (b"Content-Length: 99999999999999999999999\r\n\r\n", "Content-Length"),
            (b"Content-Length: 1001\r\n\r\n", "the limit is 1000"),
            (b"Content-Length: 2\n\n{}", "CR LF"),
            (b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "twice"),
            (b"hello\r\n\r\n", "without a colon"),
            (b"X: 1\r\n\r\n", "without Content-Length"),
            (b"Content-Length: 5\r\n\r\n{}", "ended after 2 of 5"),
            (b"Content-Le", "CR LF"),
        ] {
            let error = all(input).unwrap_err();
            assert!(error.contains(named), "{error:?} does not name {named:?}");
        }
    }

    #[test]
    fn a_header_without_end_costs_four_kilobytes() {
        let input = vec![b'x'; 1_000_000];
        assert!(all(&input).unwrap_err().contains("more than 4096 bytes"));
    }
}
