//! The prefixes of payloads and patterns, such as `hex:`.

use super::syntax::FileKind;

/// What stands behind a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `text:…`
    Text,
    /// `text:"…"`: a JSON string, with its quotation marks.
    JsonString,
    /// `json:…`
    Json,
    /// `hex:…`
    Hex,
    /// `base64:…`
    Base64,
    /// `text:@…`, `json:@…` or `binary:@…`: the path of a file.
    File(FileKind),
    /// `ping:…`
    Ping,
    /// `pong:…`
    Pong,
    /// `close:…`
    Close,
}

/// All prefixes, those of files before those that they begin with.
const PREFIXES: [(&str, Form); 10] = [
    ("text:@", Form::File(FileKind::Text)),
    ("json:@", Form::File(FileKind::Json)),
    ("binary:@", Form::File(FileKind::Binary)),
    ("text:", Form::Text),
    ("json:", Form::Json),
    ("hex:", Form::Hex),
    ("base64:", Form::Base64),
    ("ping:", Form::Ping),
    ("pong:", Form::Pong),
    ("close:", Form::Close),
];

/// The form that the prefix of a text gives it, and how long the prefix is. `start` is the beginning of `text` in
/// which a prefix counts.
pub fn form(start: &str, text: &str) -> Option<(Form, usize)> {
    let (prefix, form) = PREFIXES.iter().find(|(prefix, _)| start.starts_with(prefix))?;
    let is_quoted = start[prefix.len()..].starts_with('"') && text.trim_end().ends_with('"');
    let form = if is_quoted && *form == Form::Text { Form::JsonString } else { *form };
    Some((form, prefix.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_form() {
        for (text, expected) in [
            ("text:a", Some((Form::Text, 5))),
            ("text:\"a\" ", Some((Form::JsonString, 5))),
            ("text:\"a", Some((Form::Text, 5))),
            ("json:\"a\"", Some((Form::Json, 5))),
            ("json:@a", Some((Form::File(FileKind::Json), 6))),
            ("binary:@a", Some((Form::File(FileKind::Binary), 8))),
            ("binary:a", None),
            (" text:a", None),
            ("@a", None),
        ] {
            assert_eq!(form(text, text), expected, "{text}");
        }
        assert_eq!(form("te", "text:a"), None);
    }
}
