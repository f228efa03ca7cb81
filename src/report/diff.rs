//! The difference between two versions of a file, for people.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use crate::output::escape::{Newlines, escape};
use crate::output::style::{Role, Style};

/// After this time a difference may be larger than it has to be.
const LIMIT: Duration = Duration::from_secs(2);

/// A unified diff, in lines that are safe for a terminal.
pub fn unified(file: &str, old: &str, new: &str, style: Style) -> String {
    let (name, line) = (name(file), |role, text: &str| format!("{}\n", style.paint(role, text)));
    let mut text =
        line(Role::Bold, &format!("--- {name}")) + &line(Role::Bold, &format!("+++ {name}"));
    let diff = TextDiff::configure().timeout(LIMIT).diff_lines(old, new);
    for hunk in diff.unified_diff().iter_hunks() {
        text += &line(Role::Dim, &hunk.header().to_string());
        for change in hunk.iter_changes() {
            let content = change.value().trim_end_matches(['\r', '\n']);
            let content = escape(content, Newlines::Escape);
            text += &match change.tag() {
                ChangeTag::Equal => format!(" {content}\n"),
                ChangeTag::Delete => line(Role::Error, &format!("-{content}")),
                ChangeTag::Insert => line(Role::Good, &format!("+{content}")),
            };
            if change.missing_newline() {
                text += "\\ No newline at end of file\n";
            }
        }
    }
    text
}

/// The name of a file, safe for a terminal.
pub fn name(file: &str) -> String {
    escape(file, Newlines::Escape).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_around_a_change_are_shown() {
        let old = "a\r\nb\r\nc\r\nd\r\n< 1\u{1b}\r\ne";
        let new = old.replace("1", "/.*/");
        let expected = "--- x\\ny\n+++ x\\ny\n@@ -2,5 +2,5 @@\n b\n c\n d\n-< 1\\e\n+< /.*/\\e\n e\n\\ No newline at end of file\n";
        assert_eq!(unified("x\ny", old, &new, Style::plain()), expected);
    }
}
