//! The colours of a typed line: JSON by its tokens.

use super::json_text::is_meant_as_json;
use super::json_text::tokens::{Kind, tokens};
use super::text_part::text_part;
use super::visible::has_hidden;

/// A longer line has no colours, in bytes: it is drawn anew for each key.
const MAX_COLORED: usize = 4 << 10;

const END: &str = "\x1b[0m";

/// Whether the line is drawn in colours, as wide as without them.
pub(super) fn is_colored(line: &str) -> bool {
    json_start(line).is_some()
}

/// The line with the colours of its JSON, if [`is_colored`].
pub(super) fn colored(line: &str) -> Option<String> {
    let (before, json) = line.split_at(json_start(line)?);
    let mut text = before.to_owned();
    for token in tokens(json) {
        match style(token.kind, token.text) {
            Some(style) => [style, token.text, END].iter().for_each(|part| text.push_str(part)),
            None => text.push_str(token.text),
        }
    }
    Some(text)
}

/// Where JSON begins in the line, if it is drawn in colours.
fn json_start(line: &str) -> Option<usize> {
    if line.len() > MAX_COLORED || has_hidden(line) {
        return None;
    }
    // Behind `/to N` too, where that is not a command.
    let part = text_part(line, true).filter(|part| part.is_whole && !part.reads_escapes)?;
    is_meant_as_json(part.text).then_some(part.at)
}

/// As in received messages.
fn style(kind: Kind, text: &str) -> Option<&'static str> {
    match kind {
        Kind::Key => Some("\x1b[1;34m"),
        Kind::Str => Some("\x1b[32m"),
        Kind::Word if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            Some("\x1b[36m")
        }
        Kind::Word if matches!(text, "true" | "false" | "null") => Some("\x1b[35m"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_a_color_for_each_token() {
        let line = r#"/text {"a": [1, "b", true"#;
        let text = "/text {\x1b[1;34m\"a\"\x1b[0m: [\x1b[36m1\x1b[0m, \x1b[32m\"b\"\x1b[0m, \x1b[35mtrue\x1b[0m";
        assert_eq!(colored(line).as_deref(), Some(text));
    }

    #[test]
    fn only_the_colors_are_added() {
        for line in ["{\"안녕\":\"👍\"}", "[\n1,\t2", "{'a' x}", "/to 2 {}", "  [\"\\", "[\"a\nb"]
        {
            let mut text = colored(line).expect(line);
            while let Some(at) = text.find('\x1b') {
                let end = text[at..].find('m').expect("the end of a sequence");
                text.replace_range(at..=at + end, "");
            }
            assert_eq!(text, line);
        }
    }

    #[test]
    fn other_lines_have_no_colors() {
        let long = format!("[{}", " ".repeat(MAX_COLORED));
        for line in ["", "hello {}", "/ping {", "{\"\x1b[2J\"}", "{\"\u{202e}\"}", long.as_str()] {
            assert_eq!(colored(line), None, "{line:?}");
        }
    }
}
