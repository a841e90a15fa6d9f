//! Cuts the comments out of a source file. No parser: just enough to not take a string for a comment.

use crate::language::Language;

/// What one line has of one comment.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Counted from 1.
    pub line: usize,
    /// The whole line, and where in it the comment's text begins, in bytes.
    pub whole: &'a str,
    pub start: usize,
    pub text: &'a str,
}

enum State {
    Code,
    Comment(&'static str),
    Text { close: &'static str, escapes: bool },
}

pub fn comments<'a>(source: &'a str, language: &Language) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut state = State::Code;
    for (index, whole) in source.lines().enumerate() {
        let mut at = 0;
        let mut add = |start: usize, end: usize| {
            pieces.push(Piece { line: index + 1, whole, start, text: &whole[start..end] });
        };
        while at < whole.len() {
            match state {
                State::Comment(close) => {
                    let end = whole[at..].find(close).map(|length| at + length);
                    add(at, end.unwrap_or(whole.len()));
                    at = end.map_or(whole.len(), |end| end + close.len());
                    if end.is_some() {
                        state = State::Code;
                    }
                }
                State::Text { close, escapes } => match end_of_text(whole, at, close, escapes) {
                    Some(end) => {
                        at = end;
                        state = State::Code;
                    }
                    None => at = whole.len(),
                },
                State::Code => match token(whole, at, language) {
                    Token::LineComment(length) => {
                        add(at + length, whole.len());
                        at = whole.len();
                    }
                    Token::Opens(next, length) => {
                        state = next;
                        at += length;
                    }
                    Token::Skip(length) => at += length,
                },
            }
        }
    }
    pieces
}

enum Token {
    LineComment(usize),
    Opens(State, usize),
    /// Nothing of interest for so many bytes, one at least.
    Skip(usize),
}

fn token(line: &str, at: usize, language: &Language) -> Token {
    let bytes = line.as_bytes();
    let rest = &bytes[at..];
    // Only r"…" begins with a letter; most bytes need no further look.
    if rest[0] != b'r' && (rest[0].is_ascii_alphanumeric() || rest[0] == b' ' || !rest[0].is_ascii()) {
        return Token::Skip(1);
    }
    for (open, close) in language.block {
        if rest.starts_with(open.as_bytes()) {
            return Token::Opens(State::Comment(close), open.len());
        }
    }
    for open in language.line {
        // `a#b`, `$#` and `\%` are no comments; `a//b` is one.
        let apart = at == 0 || bytes[at - 1].is_ascii_whitespace() || open.len() > 1;
        if apart && rest.starts_with(open.as_bytes()) {
            return Token::LineComment(open.len());
        }
    }
    for (open, close) in language.text {
        let inside_name = open.starts_with('r') && at > 0 && is_name(bytes[at - 1]);
        if !inside_name && rest.starts_with(open.as_bytes()) {
            let escapes = !open.starts_with('r');
            return Token::Opens(State::Text { close, escapes }, open.len());
        }
    }
    if language.characters && rest[0] == b'\'' {
        return Token::Skip(character(&line[at..]));
    }
    for quote in language.quotes {
        if rest[0] == *quote as u8 {
            // An apostrophe in running text has no partner: it opens nothing.
            let end = end_of_text(line, at + 1, quote.encode_utf8(&mut [0; 4]), true);
            return Token::Skip(end.map_or(1, |end| end - at));
        }
    }
    Token::Skip(1)
}

/// Where the text that is open at `at` has ended, in bytes.
fn end_of_text(line: &str, at: usize, close: &str, escapes: bool) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut i = at;
    while i < bytes.len() {
        if escapes && bytes[i] == b'\\' {
            i += 2;
        } else if bytes[i..].starts_with(close.as_bytes()) {
            return Some(i + close.len());
        } else {
            i += 1;
        }
    }
    None
}

/// The length of a character literal such as 'x' or '\u{1f6a2}', or 1 when the quote begins something else, such as
/// Rust's lifetimes.
fn character(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => {
            characters.next();
            characters.take(10).find(|(_, c)| *c == '\'').map_or(1, |(end, _)| end + 1)
        }
        Some(_) => match characters.next() {
            Some((end, '\'')) => end + 1,
            _ => 1,
        },
        None => 1,
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::of;
    use std::path::Path;

    fn check(file: &str, source: &str, expected: &[(usize, &str)]) {
        let language = of(Path::new(file)).expect("a language");
        let found: Vec<_> = comments(source, language)
            .into_iter()
            .map(|piece| (piece.line, piece.text))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        assert_eq!(found, expected, "in {file}: {source}");
    }

    #[test]
    fn comments_are_found_in_each_family_of_languages() {
        check(
            "a.rs",
            "a(); // one\n/* two\n * three */ b(); /// four",
            &[(1, " one"), (2, " two"), (3, " * three "), (3, "/ four")],
        );
        check("a.py", "x = 1 # one\n#two", &[(1, " one"), (2, "two")]);
        check("a.sql", "select 1; -- one\n/* two */", &[(1, " one"), (2, " two ")]);
        check("a.lua", "--[[ one\ntwo ]] x -- three", &[(1, " one"), (2, "two "), (2, " three")]);
        check("a.html", "<p>// no</p> <!-- one -->", &[(1, " one ")]);
        check("Makefile", "all: # one", &[(1, " one")]);
        check("a.el", ";; one", &[(1, "; one")]);
        check("a.vue", "<!-- one --> // two", &[(1, " one "), (1, " two")]);
    }

    #[test]
    fn strings_are_no_comments() {
        check("a.rs", r#"let a = "// no \" // no"; // yes"#, &[(1, " yes")]);
        check("a.rs", "let a = r#\"// no \" // no\n// no\"#; // yes", &[(2, " yes")]);
        check("a.rs", "let a = \"\n// no\n\"; // yes", &[(3, " yes")]);
        check("a.rs", r"let a = '\''; let b = '\\'; let c = '/'; // yes", &[(1, " yes")]);
        check("a.rs", "fn f<'a>(x: &'a str) {} // yes", &[(1, " yes")]);
        check("a.rs", "let a = '\"'; // yes", &[(1, " yes")]);
        check("a.ts", "const a = `\n// no\n${x}`; // yes", &[(3, " yes")]);
        check("a.ts", "const a = 'http://no', b = \"http://no\"; // yes", &[(1, " yes")]);
        check("a.py", "'''\n# no\n''' # yes", &[(3, " yes")]);
        check("a.sh", "echo \"# no\" ${#no} $# don't # yes", &[(1, " yes")]);
        check("a.tex", r"100\% no % yes", &[(1, " yes")]);
    }

    #[test]
    fn any_text_is_survived() {
        for source in ["'", "\"", "'\\", "r#\"", "/*", "*/", "é'é' // ü", "\\", "'\\u{1f6a2}' '🚢'", "\0//"]
        {
            for file in ["a.rs", "a.py", "a.ts", "a.lua", "a.md", "a.tex", "a.hs"] {
                comments(source, of(Path::new(file)).expect("a language"));
            }
        }
    }
}
