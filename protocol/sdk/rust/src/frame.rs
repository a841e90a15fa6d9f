//! Frames: `Content-Length: N`, an empty line, N bytes.

use std::fmt;
use std::io::{self, BufRead, Read};

/// Source: protocol/README.md, "Framing".
const HEADER_BYTES: u64 = 4096;

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

/// The next body, or `None` when the input ended between two frames.
pub(crate) fn read(input: &mut impl BufRead, limit: usize) -> Result<Option<Vec<u8>>, FrameError> {
    let Some(length) = read_header(input)? else {
        return Ok(None);
    };
    if length > limit {
        return broken(format!("a frame of {length} bytes; the limit is {limit}"));
    }
    // Grows with what arrives: a header alone must not cost its number in memory.
    let mut body = Vec::new();
    input.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        let got = body.len();
        return broken(format!("the input ended after {got} of {length} bytes"));
    }
    Ok(Some(body))
}

pub(crate) fn encode(body: &[u8]) -> Vec<u8> {
    let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    frame.extend_from_slice(body);
    frame
}

fn read_header(input: &mut impl BufRead) -> Result<Option<usize>, FrameError> {
    let mut header = input.take(HEADER_BYTES);
    let mut length = None;
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
            return match length {
                Some(length) => Ok(Some(length)),
                None => broken("a header without Content-Length"),
            };
        }
        let Some((name, value)) = split_once(line, b':') else {
            return broken(format!("a header line without a colon: {}", shown(line)));
        };
        if name.eq_ignore_ascii_case(b"content-length") {
            if length.is_some() {
                return broken("Content-Length twice in one header");
            }
            length = Some(parse_length(value)?);
        }
    }
}

fn parse_length(value: &[u8]) -> Result<usize, FrameError> {
    let digits = value.trim_ascii();
    std::str::from_utf8(digits)
        .ok()
        // `parse` alone would take "+5".
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .map_or_else(|| broken(format!("Content-Length {}", shown(digits))), Ok)
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

    fn all(input: &[u8]) -> Result<Vec<String>, String> {
        let mut input = input;
        let mut bodies = Vec::new();
        loop {
            match read(&mut input, 1000) {
                Ok(Some(body)) => bodies.push(String::from_utf8(body).unwrap()),
                Ok(None) => return Ok(bodies),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    #[test]
    fn frames_follow_each_other_and_header_names_have_no_case() {
        let input = b"Content-Length: 2\r\n\r\n{}content-LENGTH:3\r\nContent-Type: x\r\n\r\n[1]";
        assert_eq!(all(input), Ok(vec!["{}".into(), "[1]".into()]));
        assert_eq!(all(b""), Ok(vec![]));
    }

    #[test]
    fn what_is_encoded_is_read_back() {
        assert_eq!(all(&encode("{\"é\":1}".as_bytes())), Ok(vec!["{\"é\":1}".into()]));
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
