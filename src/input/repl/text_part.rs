//! The part of a typed line that is sent as a text.

use super::parsed::split;
use super::set::LineKind;

/// The text that a line sends, and the command that sends it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TextPart<'l> {
    /// The text as it was typed.
    pub(super) text: &'l str,
    /// Where it begins in the line, in bytes.
    pub(super) at: usize,
    /// Its escapes are replaced.
    pub(super) reads_escapes: bool,
    /// It is a message of its own, and not sent in fragments.
    pub(super) is_whole: bool,
    /// A command, without its slash, that sends what is put behind it unchanged.
    pub(super) command: String,
}

/// The command that sends what follows as a text, unchanged.
pub(super) const SEND_TEXT: &str = "text -- ";

/// The text that a line sends; `None` if it is a command that sends no text. With `has_clients` `/to N` is one.
pub(super) fn text_part(line: &str, has_clients: bool) -> Option<TextPart<'_>> {
    let part = |text: &str, reads_escapes, is_whole, command| {
        // The text is the rest of the line.
        let at = line.len() - text.len();
        Some(TextPart { text: &line[at..], at, reads_escapes, is_whole, command })
    };
    let command = match LineKind::of(line) {
        LineKind::Text(text) => return part(text, false, true, SEND_TEXT.to_owned()),
        LineKind::Command(command) => command,
    };
    match split(command) {
        ("text", argument) => {
            let (reads_escapes, text) = text_argument(argument);
            part(text, reads_escapes, true, SEND_TEXT.to_owned())
        }
        ("fragment", argument) => {
            let (count, text) = split(argument);
            part(text, false, false, format!("fragment {count} "))
        }
        ("to", argument) if has_clients => {
            let (number, rest) = split(argument);
            let inner = text_part(rest, false)?;
            let at = line.len() - inner.text.len();
            let command = format!("to {number} /{}", inner.command);
            Some(TextPart { at, command, ..inner })
        }
        _ => None,
    }
}

/// The argument of `/text`: whether its escapes are read (`-e`), and the text.
pub(super) fn text_argument(argument: &str) -> (bool, &str) {
    match split(argument) {
        ("-e", text) => (true, text),
        ("--", text) => (false, text),
        _ => (false, argument),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_line_is_found() {
        for (line, text, reads_escapes, command) in [
            ("a b", "a b", false, "text -- "),
            ("//a", "/a", false, "text -- "),
            ("", "", false, "text -- "),
            ("/text {", "{", false, "text -- "),
            ("/text  x", " x", false, "text -- "),
            ("/text", "", false, "text -- "),
            ("/text -e a -e", "a -e", true, "text -- "),
            ("/text -- -e a", "-e a", false, "text -- "),
            ("/text -ea", "-ea", false, "text -- "),
            ("/fragment 3 a b", "a b", false, "fragment 3 "),
            ("/to 2 a b", "a b", false, "to 2 /text -- "),
            ("/to 2 //a", "/a", false, "to 2 /text -- "),
            ("/to 2 /text -e a", "a", true, "to 2 /text -- "),
            ("/to 2 /fragment 2 ab", "ab", false, "to 2 /fragment 2 "),
        ] {
            let part = text_part(line, true).expect(line);
            assert_eq!((part.text, part.reads_escapes), (text, reads_escapes), "{line}");
            assert_eq!((part.command.as_str(), part.at), (command, line.len() - text.len()));
        }
    }

    #[test]
    fn other_commands_have_no_text() {
        for line in ["/ping {{a}}", "/binary 00", "/to 2 /ping a", "/to 2 /to 3 a", "/texts a"] {
            assert_eq!(text_part(line, true), None, "{line}");
        }
        assert_eq!(text_part("/to 2 a", false), None);
    }
}
