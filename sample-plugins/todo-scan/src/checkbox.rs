//! Task list items of Markdown: `- [ ] open`, `2. [x] done`.

#[derive(Debug, PartialEq, Eq)]
pub struct Checkbox<'a> {
    pub done: bool,
    /// `- [ ] ! this first`
    pub urgent: bool,
    pub title: &'a str,
    /// Where in the line the box is, in bytes.
    pub at: usize,
}

pub fn find(line: &str) -> Option<Checkbox<'_>> {
    let item = line.trim_start_matches([' ', '\t', '>']);
    let digits = item.bytes().take_while(u8::is_ascii_digit).count();
    let bullet = if digits > 0 {
        item[digits..].strip_prefix(['.', ')'])?
    } else {
        item.strip_prefix(['-', '*', '+'])?
    };
    let check = bullet.trim_start();
    if check.len() == bullet.len() {
        return None;
    }
    let (done, text) = if let Some(text) = check.strip_prefix("[ ]") {
        (false, text)
    } else {
        (true, check.strip_prefix("[x]").or_else(|| check.strip_prefix("[X]"))?)
    };
    if !text.starts_with(char::is_whitespace) {
        return None;
    }
    let text = text.trim();
    let (urgent, title) = match text.strip_prefix('!') {
        // `![…]` is a picture.
        Some(rest) if !rest.starts_with('[') => (true, rest.trim_start()),
        _ => (false, text),
    };
    (!title.is_empty()).then_some(Checkbox { done, urgent, title, at: line.len() - check.len() })
}

/// Tells which lines of a Markdown file are examples: those inside fences, the fences included.
pub fn fenced(source: &str) -> Vec<bool> {
    let mut open: Option<(char, usize)> = None;
    source
        .lines()
        .map(|line| {
            let text = line.trim_start_matches([' ', '>']);
            let mark = text.chars().next().unwrap_or(' ');
            let length = text.chars().take_while(|c| *c == mark).count();
            let is_fence = (mark == '`' || mark == '~') && length >= 3;
            match open {
                None if is_fence => open = Some((mark, length)),
                None => return false,
                Some((opened, least)) => {
                    let closes = mark == opened && length >= least && text[length..].trim().is_empty();
                    if is_fence && closes {
                        open = None;
                    }
                }
            }
            true
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_every_list_are_found() {
        for (line, done, title) in [
            ("- [ ] write", false, "write"),
            ("  * [x] read", true, "read"),
            ("+ [X]   sum ", true, "sum"),
            ("12. [ ] dozen", false, "dozen"),
            ("> 1) [ ] quoted", false, "quoted"),
            ("- [ ] ![picture](x)", false, "![picture](x)"),
        ] {
            let found = find(line).unwrap_or_else(|| panic!("nothing in {line:?}"));
            assert_eq!((found.done, found.title, found.urgent), (done, title, false), "{line:?}");
        }
        assert!(find("- [ ] ! first").expect("a box").urgent);
        assert_eq!(find("  - [ ] x").expect("a box").at, 4);
    }

    #[test]
    fn what_only_looks_like_a_box_is_none() {
        for line in
            ["[ ] x", "- [] x", "- [ ]", "- [ ](link)", "-[ ] x", "- [y] x", "1 [ ] x", "", "é", "--- [ ] x"]
        {
            assert_eq!(find(line), None, "{line:?}");
        }
    }

    #[test]
    fn examples_in_fences_are_told_apart() {
        let source = "a\n```md\n- [ ] x\n~~~\n```\nb\n~~~~\n```\n~~~~\nc";
        let marks: String = fenced(source).into_iter().map(|inside| if inside { 'x' } else { '.' }).collect();
        assert_eq!(marks, ".xxxx.xxx.");
    }
}
