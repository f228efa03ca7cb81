//! Scripts and style sheets without what a browser does not need: comments, indentation and most ends of lines, a fifth of
//! the bytes.

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
pub(super) fn compact(source: &str) -> String {
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
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

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
        for (path, source) in scripts() {
            for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
                assert!(!line.contains(" //"), "{}: {line}", path.display());
            }
        }
    }

    #[test]
    fn no_text_of_a_script_has_an_operator_between_blanks() {
        let is_within = |part: &str| part.replace("\\\"", "").matches('"').count() % 2 == 1;
        for (path, source) in scripts() {
            for line in compact(&source).lines() {
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

    /// The scripts of the page and of reports.
    fn scripts() -> Vec<(PathBuf, String)> {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page");
        let files = ["assets", "embedded"].map(|folder| fs::read_dir(page.join(folder)));
        let paths = files.into_iter().flat_map(|files| files.expect("the folder"));
        let paths = paths.map(|file| file.expect("a file").path());
        let scripts = paths.filter(|path| path.extension().is_some_and(|it| it == "js"));
        scripts.map(|path| (path.clone(), fs::read_to_string(&path).expect("a source"))).collect()
    }
}
