//! TODO, FIXME and HACK in the text of a comment.

use crate::item::Kind;

#[derive(Debug, PartialEq, Eq)]
pub struct Marker<'a> {
    pub kind: Kind,
    pub urgent: bool,
    /// Of `TODO(ann): …`.
    pub author: Option<&'a str>,
    pub title: &'a str,
    /// Where in the text the marker is, in bytes.
    pub at: usize,
}

const WORDS: [(&str, Kind); 3] = [("TODO", Kind::Todo), ("FIXME", Kind::Fixme), ("HACK", Kind::Hack)];

/// The first marker of a comment's line. Where a sentence begins with the word, the word is enough; elsewhere it takes a
/// colon, because prose may speak of these words. `wrapped`: the sentence began on the line above.
pub fn find(text: &str, wrapped: bool) -> Option<Marker<'_>> {
    let mut candidates: Vec<_> = WORDS
        .iter()
        .flat_map(|(word, kind)| text.match_indices(word).map(|(at, _)| (at, *word, *kind)))
        .collect();
    candidates.sort_unstable_by_key(|(at, _, _)| *at);
    candidates.into_iter().find_map(|(at, word, kind)| marker(text, wrapped, at, word, kind))
}

fn marker<'a>(text: &'a str, wrapped: bool, at: usize, word: &'static str, kind: Kind) -> Option<Marker<'a>> {
    let before = &text[..at];
    if before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || "_-'\"`".contains(c)) {
        return None;
    }
    let mut rest = &text[at + word.len()..];
    let mut urgent = skip(&mut rest, "!");
    let mut author = None;
    if rest.starts_with('(') {
        let end = rest.find(')')?;
        author = Some(rest[1..end].trim()).filter(|name| !name.is_empty());
        rest = &rest[end + 1..];
        urgent |= skip(&mut rest, "!");
    }
    let colon = skip(&mut rest, ":");
    let leading = !wrapped && before.chars().all(|c| c.is_whitespace() || c.is_ascii_punctuation());
    let ends = rest.is_empty() || rest.starts_with(char::is_whitespace);
    if !(colon || leading && ends) {
        return None;
    }
    let title = rest.trim();
    Some(Marker { kind, urgent, author, title: if title.is_empty() { word } else { title }, at })
}

/// Whether a line of a comment is prose that may go on in the next line: it has not come to an end.
pub fn goes_on(text: &str) -> bool {
    text.trim_end().ends_with(|c: char| c.is_alphanumeric() || ",-/`'\"".contains(c))
}

fn skip(rest: &mut &str, mark: &str) -> bool {
    match rest.strip_prefix(mark) {
        Some(after) => {
            *rest = after;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_may_have_an_author_a_colon_and_an_exclamation_mark() {
        for (text, kind, urgent, title) in [
            (" TODO: sort it", Kind::Todo, false, "sort it"),
            (" TODO sort it ", Kind::Todo, false, "sort it"),
            ("TODO(ann): sort it", Kind::Todo, false, "sort it"),
            (" * FIXME (no author) breaks", Kind::Fixme, false, "(no author) breaks"),
            ("/ HACK!: for now", Kind::Hack, true, "for now"),
            (" TODO(ann)!: now", Kind::Todo, true, "now"),
            (" TODO!(ann) now", Kind::Todo, true, "now"),
            (" Fast enough. TODO: measure", Kind::Todo, false, "measure"),
            (" TODO", Kind::Todo, false, "TODO"),
            (" TODO:größer", Kind::Todo, false, "größer"),
            (" see TODO, or FIXME: both", Kind::Fixme, false, "both"),
        ] {
            let found = find(text, false).unwrap_or_else(|| panic!("nothing in {text:?}"));
            assert_eq!((found.kind, found.urgent, found.title), (kind, urgent, title), "{text:?}");
        }
    }

    #[test]
    fn the_author_stands_in_parentheses_right_behind_the_word() {
        for (text, author) in [
            (" TODO(ann): x", Some("ann")),
            (" TODO!( ann ) x", Some("ann")),
            (" TODO(): x", None),
            (" TODO (ann) x", None),
        ] {
            assert_eq!(find(text, false).expect("a marker").author, author, "{text:?}");
        }
    }

    #[test]
    fn a_wrapped_line_of_prose_may_begin_with_the_word() {
        assert!(goes_on(" This looks for") && goes_on(" FIXME, HACK,"));
        assert!(!goes_on(" That was it.") && !goes_on("") && !goes_on(" these:"));
        assert_eq!(find(" TODO comments, and others", true), None);
        assert!(find(" TODO: sort it", true).is_some());
    }

    #[test]
    fn prose_about_the_words_is_no_marker() {
        for text in [
            " finds TODO comments",
            " TODO/FIXME/HACK comments",
            " TODOS: many",
            " MY_TODO: x",
            " todo: lower case",
            " `TODO: x` is found",
            " TODO(unclosed",
            " HACKER: x",
        ] {
            assert_eq!(find(text, false), None, "{text:?}");
        }
    }
}
