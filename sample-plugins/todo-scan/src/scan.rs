//! The method: from a root to its items.

use std::path::Path;
use std::time::{Duration, Instant};

use bulkhead_plugin::{Call, Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::comment::comments;
use crate::item::{Find, Item, Kind, items};
use crate::language::{self, Language};
use crate::{checkbox, marker, walk};

const MAX_ITEMS: u32 = 10_000;

/// Between two reports of progress.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Params {
    /// A directory, or a single file.
    pub root: String,
    /// Stop after so many items; 10,000 unless told.
    pub max_items: Option<u32>,
    /// Only these kinds; all unless told.
    pub include: Option<Vec<Kind>>,
}

#[derive(Serialize, JsonSchema)]
pub struct Scan {
    /// In the order of files and lines.
    pub items: Vec<Item>,
    /// Files that were read.
    pub files: usize,
    /// Files that were not: binary, larger than 1 MiB, not readable, or of a kind whose comments are not known.
    pub skipped: usize,
    /// There are more items than were asked for.
    pub truncated: bool,
}

pub fn scan(call: &Call, params: Params) -> Result<Scan, Error> {
    let root = Path::new(&params.root);
    if !root.exists() {
        return Err(Error::named("root_not_found", format!("there is no {}", root.display())));
    }
    let wanted = |kind| params.include.as_ref().is_none_or(|kinds| kinds.contains(&kind));
    let most = params.max_items.unwrap_or(MAX_ITEMS) as usize;

    let listing = walk::list(call, root)?;
    let total = listing.files.len() as u64;
    let mut result = Scan { items: Vec::new(), files: 0, skipped: listing.unreadable, truncated: false };
    let mut reported: Option<Instant> = None;
    for (done, path) in (0..).zip(&listing.files) {
        call.check()?;
        let file = relative(path, root);
        if reported.is_none_or(|at| at.elapsed() >= PAUSE) {
            call.progress(&file, done, total);
            reported = Some(Instant::now());
        }
        let Some(language) = language::of(path) else {
            result.skipped += 1;
            continue;
        };
        let Ok(Some(source)) = walk::read(path) else {
            result.skipped += 1;
            continue;
        };
        result.files += 1;
        let finds = finds(&source, language, language::is_markdown(path));
        let found = items(&file, finds).into_iter().filter(|item| wanted(item.kind));
        result.items.extend(found);
        if result.items.len() > most {
            result.items.truncate(most);
            result.truncated = true;
            break;
        }
    }
    call.progress("done", (result.files + result.skipped) as u64, total);
    Ok(result)
}

fn finds(source: &str, language: &Language, markdown: bool) -> Vec<Find> {
    let mut finds: Vec<Find> = Vec::new();
    // The line on which prose would go on.
    let mut prose = 0;
    for piece in comments(source, language) {
        let Some(marker) = marker::find(piece.text, piece.line == prose) else {
            prose = if marker::goes_on(piece.text) { piece.line + 1 } else { 0 };
            continue;
        };
        finds.push(Find {
            title: marker.title.into(),
            author: marker.author.map(Into::into),
            kind: marker.kind,
            done: false,
            priority: marker.kind.priority(marker.urgent),
            line: piece.line,
            column: column(piece.whole, piece.start + marker.at),
        });
    }
    if markdown {
        let fenced = checkbox::fenced(source);
        finds.retain(|find| !fenced[find.line - 1]);
        for (index, line) in source.lines().enumerate().filter(|(index, _)| !fenced[*index]) {
            finds.extend(checkbox::find(line).map(|found| Find {
                title: found.title.into(),
                author: None,
                kind: Kind::Checkbox,
                done: found.done,
                priority: Kind::Checkbox.priority(found.urgent),
                line: index + 1,
                column: column(line, found.at),
            }));
        }
        finds.sort_by_key(|find| (find.line, find.column));
    }
    finds
}

fn column(line: &str, at: usize) -> usize {
    line[..at].chars().count() + 1
}

fn relative(path: &Path, root: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    // The root may be the file itself.
    let inside =
        if inside.as_os_str().is_empty() { path.file_name().map_or(path, Path::new) } else { inside };
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Priority;

    #[test]
    fn a_find_says_where_it_is_and_how_urgent() {
        let source = "let é = 1; // TODO: a\n// HACK b\n/*\n * FIXME c */";
        let language = language::of(Path::new("a.rs")).expect("a language");
        let found: Vec<_> = finds(source, language, false)
            .into_iter()
            .map(|find| (find.line, find.column, find.kind, find.priority, find.title))
            .collect();
        assert_eq!(
            found,
            [
                (1, 15, Kind::Todo, Priority::Normal, "a".into()),
                (2, 4, Kind::Hack, Priority::Low, "b".into()),
                (4, 4, Kind::Fixme, Priority::High, "c".into()),
            ]
        );
    }

    #[test]
    fn a_bare_word_counts_where_a_sentence_begins() {
        let source = "# TODO one\n# TODO two\n# This finds each\n# TODO comment.\n# TODO three\nx # ends in\n\n# TODO four";
        let language = language::of(Path::new("a.py")).expect("a language");
        let titles: Vec<_> = finds(source, language, false).into_iter().map(|find| find.title).collect();
        assert_eq!(titles, ["one", "two", "three", "four"]);
    }

    #[test]
    fn markdown_has_boxes_and_comments_outside_of_examples() {
        let source = "- [x] a\n```\n- [ ] no <!-- TODO: no -->\n```\n<!-- TODO: b -->\n- [ ] c";
        let language = language::of(Path::new("a.md")).expect("a language");
        let found: Vec<_> = finds(source, language, true)
            .into_iter()
            .map(|find| (find.line, find.kind, find.done, find.title))
            .collect();
        assert_eq!(
            found,
            [
                (1, Kind::Checkbox, true, "a".into()),
                (5, Kind::Todo, false, "b".into()),
                (6, Kind::Checkbox, false, "c".into()),
            ]
        );
    }
}
