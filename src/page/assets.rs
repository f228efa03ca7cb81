//! The files of the page. They are part of the program, and have no secrets. Comments, indentation and most ends of lines
//! stay here: they are a fifth of the bytes.

use std::sync::LazyLock;

/// A file of the page.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its name.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// What is in it, without indentation and comments.
    pub content: String,
    /// What is in its source.
    pub source: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($name:literal: $content_type:expr),* $(,)?) => {
        [$(Asset {
            name: $name,
            content_type: $content_type,
            content: shortened(include_str!(concat!("assets/", $name)), $content_type),
            source: include_str!(concat!("assets/", $name)),
        }),*]
    };
}

/// All files of the page.
static ASSETS: LazyLock<[Asset; 28]> = LazyLock::new(|| {
    assets![
        "app.js": SCRIPT,
        "compose.js": SCRIPT,
        "connections.js": SCRIPT,
        "detail-parts.js": SCRIPT,
        "detail.js": SCRIPT,
        "dialogs.js": SCRIPT,
        "dom.js": SCRIPT,
        "format.js": SCRIPT,
        "held.js": SCRIPT,
        "hex.js": SCRIPT,
        "index.html": HTML,
        "json-parse.js": SCRIPT,
        "json-tree.js": SCRIPT,
        "keys.js": SCRIPT,
        "lane-scale.js": SCRIPT,
        "lane.js": SCRIPT,
        "list.js": SCRIPT,
        "main.js": SCRIPT,
        "model.js": SCRIPT,
        "panes.js": SCRIPT,
        "payload.js": SCRIPT,
        "row-view.js": SCRIPT,
        "rows.js": SCRIPT,
        "save.js": SCRIPT,
        "scroll.js": SCRIPT,
        "socket.js": SCRIPT,
        "status.js": SCRIPT,
        "style.css": CSS,
    ]
});

/// The file of this name.
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// What is served of a source.
fn shortened(source: &str, content_type: &str) -> String {
    match content_type {
        CSS => compact_style(source),
        SCRIPT => compact_script(source),
        _ => compact(source),
    }
}

/// Operators between blanks, which scripts do not need. No text in one has such.
const OPERATORS: [(&str, &str); 4] =
    [(" = ", "="), (" => ", "=>"), (" === ", "==="), (" && ", "&&")];

/// A script without the ends of lines and blanks where it needs none. No text in one spans lines, and no comment is behind
/// code.
pub(super) fn compact_script(source: &str) -> String {
    const ENDS: [(&str, &str); 4] = [("{\n", "{"), (";\n", ";"), (",\n", ","), ("\n}", "}")];
    without(&OPERATORS, without(&ENDS, compact(source)))
}

/// A style sheet without blanks and ends of lines beside punctuation as well. No text in one has such.
pub(super) fn compact_style(source: &str) -> String {
    const SHORTER: [(&str, &str); 12] = [
        (" {", "{"),
        ("{\n", "{"),
        ("{ ", "{"),
        ("; ", ";"),
        (": ", ":"),
        (", ", ","),
        (" > ", ">"),
        (" !", "!"),
        (" }", "}"),
        ("}\n", "}"),
        (";\n", ";"),
        (";}", "}"),
    ];
    without(&SHORTER, compact(source))
}

fn without(longer: &[(&str, &str)], text: String) -> String {
    longer.iter().fold(text, |text, (long, short)| text.replace(long, short))
}

/// A source without indentation, blank lines, lines that are comments, and types.
fn compact(source: &str) -> String {
    let mut compacted = String::with_capacity(source.len());
    let mut is_in_comment = false;
    for line in source.lines().map(str::trim) {
        let begins =
            line.starts_with("/*") && line.find("*/").is_none_or(|at| at + 2 == line.len());
        if is_in_comment || begins {
            is_in_comment = !line.ends_with("*/");
        } else if !line.is_empty() && !line.starts_with("//") {
            push_without_types(line, &mut compacted);
            compacted.push('\n');
        }
    }
    compacted
}

/// Adds a line without the comments within it that are types, as in `/** @type {any} */ (x)`.
fn push_without_types(line: &str, out: &mut String) {
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once("/** @type ")
        && let Some((_, after)) = behind.split_once("*/")
    {
        out.push_str(before);
        rest = after.trim_start();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn each_file_of_the_folder_is_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page/assets");
        let files = fs::read_dir(folder).expect("the folder").map(|entry| {
            entry.expect("an entry").file_name().into_string().expect("a name in UTF-8")
        });
        let served = ASSETS.iter().map(|asset| asset.name.to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(files.collect::<BTreeSet<_>>(), served);
        for Asset { name, content_type, .. } in ASSETS.iter() {
            let expected = match name.rsplit_once('.') {
                Some((_, "html")) => HTML,
                Some((_, "css")) => CSS,
                _ => SCRIPT,
            };
            assert_eq!(*content_type, expected, "{name}");
        }
    }

    #[test]
    fn comments_and_indentation_are_left_out() {
        let source = "// @ts-check\n/* one line */\n/**\n * Adds. {@link x}\n */\n\n  add(1); // why\n\t* { a: b }\n/* a */ c\n";
        assert_eq!(compact(source), "add(1); // why\n* { a: b }\n/* a */ c\n");
        assert_eq!(compact("/* never ends\na\n"), "");
        let types = "a(/** @type {any} */ (b), /** @type {c} */d); // /** @type x";
        assert_eq!(compact(types), "a((b), d); // /** @type x\n");
    }

    #[test]
    fn scripts_keep_only_ends_of_lines_that_separate() {
        let script = "import { a } from \"./a.js\";\n\nclass A {\n  b() {\n    c(1,\n      2);\n    if (d && e === f) g = (h) => i\n  }\n  j() {}\n}\n";
        let compact =
            "import { a } from \"./a.js\";class A {b() {c(1,2);if (d&&e===f) g=(h)=>i}\nj() {}}\n";
        assert_eq!(compact_script(script), compact);
    }

    #[test]
    fn no_script_has_a_comment_behind_code() {
        for Asset { name, source, .. } in ASSETS.iter().filter(|it| it.content_type == SCRIPT) {
            for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
                assert!(!line.contains(" //"), "{name}: {line}");
            }
        }
    }

    #[test]
    fn no_text_of_a_script_has_an_operator_between_blanks() {
        let is_within = |part: &str| part.replace("\\\"", "").matches('"').count() % 2 == 1;
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page");
        let files = ["assets", "embedded"].map(|folder| fs::read_dir(page.join(folder)));
        let paths = files.into_iter().flat_map(|files| files.expect("the folder"));
        for path in paths.map(|file| file.expect("a file").path()) {
            let source = fs::read_to_string(&path).expect("a source");
            let lines = compact(&source).lines().map(str::to_owned).collect::<Vec<_>>();
            for line in lines.iter().filter(|_| path.extension().is_some_and(|it| it == "js")) {
                for (at, _) in OPERATORS.iter().flat_map(|(long, _)| line.match_indices(long)) {
                    let is_text = is_within(&line[..at]) && is_within(&line[at..]);
                    assert!(!is_text, "{}: {line}", path.display());
                }
            }
        }
    }

    #[test]
    fn style_sheets_keep_only_blanks_that_separate() {
        let style =
            "a > b :is(b, c) { d: e f; g: h !important; }\n@media (i: j) {\n  k { l: m; }\n}\n";
        let compact = "a>b :is(b,c){d:e f;g:h!important}@media (i:j){k{l:m}}";
        assert_eq!(compact_style(style), compact);
    }

    /// The limit that the page has set itself.
    #[test]
    fn all_files_together_are_small() {
        let size: usize = ASSETS.iter().map(|asset| asset.content.len()).sum();
        assert!(size <= 120 << 10, "{size} bytes");
    }

    #[test]
    fn only_names_of_files_are_found() {
        assert!(find("index.html").is_some());
        for name in ["", "/", "../assets.rs", "index.html/", "INDEX.HTML", "index%2ehtml"] {
            assert!(find(name).is_none(), "{name}");
        }
    }
}
