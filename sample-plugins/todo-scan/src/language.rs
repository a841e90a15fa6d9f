//! How comments and strings are written, by the name of a file.

use std::path::Path;

/// Enough of a language's grammar to tell its comments from its strings.
#[derive(Debug, PartialEq, Eq)]
pub struct Language {
    /// What begins a comment that ends with the line.
    pub line: &'static [&'static str],
    /// What begins and ends a comment that may span lines.
    pub block: &'static [(&'static str, &'static str)],
    /// What begins and ends a string that may span lines, longest first.
    pub text: &'static [(&'static str, &'static str)],
    /// Quotes of strings that end with the line at the latest.
    pub quotes: &'static [char],
    /// Whether ' may also begin a lifetime or a character, so that only a whole character literal is skipped.
    pub characters: bool,
}

const C: Language =
    Language { line: &["//"], block: &[("/*", "*/")], text: &[], quotes: &['"'], characters: true };
const RUST: Language =
    Language { text: &[("r##\"", "\"##"), ("r#\"", "\"#"), ("r\"", "\""), ("\"", "\"")], quotes: &[], ..C };
const JAVASCRIPT: Language = Language { text: &[("`", "`")], quotes: &['"', '\''], characters: false, ..C };
const GO: Language = Language { text: &[("`", "`")], ..C };
const CSS: Language = Language { line: &[], quotes: &['"', '\''], characters: false, ..C };
const SCSS: Language = Language { line: &["//"], ..CSS };
const PHP: Language = Language { line: &["//", "#"], quotes: &['"', '\''], characters: false, ..C };
const HASH: Language =
    Language { line: &["#"], block: &[], text: &[], quotes: &['"', '\''], characters: false };
const PYTHON: Language = Language { text: &[("\"\"\"", "\"\"\""), ("'''", "'''")], ..HASH };
const SQL: Language = Language { line: &["--"], block: &[("/*", "*/")], ..HASH };
const LUA: Language = Language { line: &["--"], block: &[("--[[", "]]")], text: &[("[[", "]]")], ..HASH };
const HASKELL: Language =
    Language { line: &["--"], block: &[("{-", "-}")], quotes: &['"'], characters: true, ..HASH };
const LISP: Language = Language { line: &[";"], text: &[("\"", "\"")], quotes: &[], ..HASH };
const INI: Language = Language { line: &["#", ";"], quotes: &[], ..HASH };
const TEX: Language = Language { line: &["%"], quotes: &[], ..HASH };
const MARKUP: Language = Language { line: &[], block: &[("<!--", "-->")], quotes: &[], ..HASH };
/// Markup with scripts in it.
const COMPONENT: Language = Language { block: &[("<!--", "-->"), ("/*", "*/")], line: &["//"], ..MARKUP };

/// `None` where comments are unknown: such a file is not read.
pub fn of(path: &Path) -> Option<&'static Language> {
    let name = path.file_name()?.to_str()?;
    match name {
        "Makefile" | "makefile" | "GNUmakefile" | "Dockerfile" | "Containerfile" | "Justfile"
        | "justfile" | "Rakefile" | "Gemfile" | "CMakeLists.txt" | ".gitignore" | ".dockerignore" => {
            return Some(&HASH);
        }
        _ => {}
    }
    let extension = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "rs" => &RUST,
        "c" | "h" | "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" | "m" | "mm" | "java" | "kt" | "kts"
        | "cs" | "swift" | "scala" | "zig" | "proto" | "dart" | "glsl" | "v" | "sv" | "d" => &C,
        "go" => &GO,
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "jsonc" | "json5" | "groovy"
        | "gradle" => &JAVASCRIPT,
        "css" => &CSS,
        "scss" | "less" => &SCSS,
        "php" => &PHP,
        "py" | "pyi" | "pyx" => &PYTHON,
        "sh" | "bash" | "zsh" | "fish" | "rb" | "pl" | "pm" | "r" | "jl" | "ex" | "exs" | "nim" | "cmake"
        | "mk" | "toml" | "yaml" | "yml" | "conf" | "tf" | "nix" | "ps1" | "awk" | "tcl" => &HASH,
        "sql" | "adb" | "ads" | "vhd" | "vhdl" => &SQL,
        "lua" => &LUA,
        "hs" | "elm" | "purs" => &HASKELL,
        "lisp" | "el" | "clj" | "cljs" | "scm" | "rkt" | "asm" | "s" => &LISP,
        "ini" | "cfg" | "properties" => &INI,
        "tex" | "sty" | "erl" | "hrl" => &TEX,
        "html" | "htm" | "xml" | "svg" | "xhtml" => &MARKUP,
        "vue" | "svelte" | "astro" => &COMPONENT,
        _ if is_markdown(path) => &MARKUP,
        _ => return None,
    })
}

pub fn is_markdown(path: &Path) -> bool {
    let extension = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    ["md", "markdown", "mdx"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}
