//! Parses a configuration file: options for all connections, then endpoints with theirs.
//!
//! ```text
//! # for all connections
//! connect-timeout = 5s
//! --no-compress
//! -H 'X-Client: me'
//!
//! [staging]
//! url = wss://staging.example.com/ws
//! bearer = @/run/secrets/staging
//! ```

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use super::{SettingError, words};

/// A part of a file. The first has the options for all connections, and no name; the others are endpoints.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// The name in the brackets.
    pub(super) name: String,
    /// The number of the line with the brackets, from 1.
    pub(super) number: usize,
    pub(super) lines: Vec<SettingLine>,
}

/// An option.
#[derive(Clone, Debug)]
pub(super) struct SettingLine {
    /// From 1.
    pub(super) number: usize,
    /// Its name as on the command line: `--name` or `-n`.
    pub(super) option: String,
    /// Its value without quotes.
    pub(super) value: Option<String>,
    /// The line with an ellipsis for the value, which may be a secret, and below it carets.
    marked: String,
}

impl SettingLine {
    /// An error whose cause is this line.
    pub(super) fn error(&self, path: &Path, reason: &str) -> SettingError {
        const COMMENT: &str = "a '#' after a value is part of it: put the comment on its own line, or the value in quotes";
        const HELP: &str = "'wscope --help' lists the options; --no-config ignores the file";
        let hint = Some(if self.has_comment() { COMMENT } else { HELP }.to_owned());
        let marked = Some(self.marked.clone());
        SettingError { marked, hint, ..SettingError::at_line(path, self.number, reason) }
    }

    /// Whether the value seems to contain a comment.
    pub(super) fn has_comment(&self) -> bool {
        self.value.as_deref().is_some_and(|value| value.contains(" #"))
    }
}

/// The part of a line that is malformed, and the reason. What follows that part may be a secret.
type Malformed = (Range<usize>, &'static str);

/// Reads a file.
///
/// # Errors
/// With the first line that is malformed.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<Section>, SettingError> {
    let mut sections = Vec::new();
    // The line of each endpoint.
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut current = Section::default();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let (number, line) = (index + 1, line.trim_end());
        let error = |(at, reason): Malformed| SettingError {
            marked: Some(marked(&line[..at.end], at)),
            ..SettingError::at_line(path, number, reason)
        };
        match line.trim_start().chars().next() {
            None | Some('#') => {}
            Some('[') => {
                let name = section(line).map_err(error)?;
                if let Some(first) = names.insert(name.clone(), number) {
                    let reason =
                        format!("there is an endpoint of that name already, in line {first}");
                    let at = line.len() - line.trim_start().len()..line.len();
                    let marked = Some(marked(line, at));
                    return Err(SettingError {
                        marked,
                        ..SettingError::at_line(path, number, &reason)
                    });
                }
                let next = Section { name, number, lines: Vec::new() };
                sections.push(std::mem::replace(&mut current, next));
            }
            Some(_) => current.lines.push(option(line, number).map_err(error)?),
        }
    }
    sections.push(current);
    Ok(sections)
}

/// A text with carets below a part of it; of a long text only that part.
fn marked(text: &str, at: Range<usize>) -> String {
    const MAX_CHARS: usize = 120;
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let before = text[..at.start].chars().count();
    let count = text[at].chars().count().max(1);
    if shown.chars().count() > MAX_CHARS {
        let cut: String = shown.chars().skip(before).take(MAX_CHARS).collect();
        return format!("  {cut}…\n  {}", "^".repeat(count.min(MAX_CHARS)));
    }
    format!("  {shown}\n  {}{}", " ".repeat(before), "^".repeat(count))
}

/// `[name]`, also `[@name]`
fn section(line: &str) -> Result<String, Malformed> {
    let end = line.find(']').ok_or((line.len()..line.len(), "the ']' is missing"))?;
    let rest = line[end + 1..].trim_start();
    if !rest.is_empty() && !rest.starts_with('#') {
        return Err((end + 1..line.len(), "nothing may follow the ']'"));
    }
    let start = line.len() - line.trim_start().len() + 1;
    let name = line[start..end].trim();
    let name = name.strip_prefix('@').unwrap_or(name);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(is_part) {
        return Err((
            start..end,
            "the name of an endpoint consists of letters, digits, '-', '_' and '.'",
        ));
    }
    Ok(name.to_owned())
}

/// `name`, `name = value`, `--name`, `--name=value`, `--name value`, `-n` or `-n value`
fn option(line: &str, number: usize) -> Result<SettingLine, Malformed> {
    const MAX_NAME: usize = 80; // in bytes, with its dashes
    const FORM: &str = "an option is written NAME = VALUE, --NAME or -X VALUE";
    const NO_EQUALS: &str =
        "a '=' is expected here: an option is written NAME = VALUE, --NAME or -X VALUE";
    let start = line.len() - line.trim_start().len();
    let text = &line[start..];
    let dashes = text.len() - text.trim_start_matches('-').len();
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let length = match dashes {
        1 => text.find(char::is_whitespace),
        _ => text.find(|c| !is_part(c)),
    };
    let end = start + length.unwrap_or(text.len());
    let char_end = |at: usize| at + line[at..].chars().next().map_or(0, char::len_utf8);
    if end == start + dashes || dashes > 2 {
        return Err((start..char_end(end), FORM));
    }
    if dashes != 1 && end - start > MAX_NAME {
        return Err((start..start + MAX_NAME, "the option name is too long"));
    }
    let rest = line[end..].trim_start();
    let value = match rest.strip_prefix('=') {
        Some(value) => Some(value.trim_start()),
        None if rest.is_empty() || rest.starts_with('#') => None,
        None if dashes > 0 && line[end..].starts_with(char::is_whitespace) => Some(rest),
        None => {
            return Err((line.len() - rest.len()..char_end(line.len() - rest.len()), NO_EQUALS));
        }
    };
    let value_start = line.len() - value.map_or(0, str::len);
    let value = value.map(words::unquoted).transpose();
    let value = value.map_err(|reason| (value_start..value_start + 1, reason))?;
    // A value may follow a letter directly.
    let name_end = if dashes == 1 { char_end(start + 1) } else { end };
    let shown = match &value {
        Some(_) if name_end < end => return Err((start..name_end, FORM)),
        None if name_end < end => format!("{}…", &line[..name_end]),
        Some(_) => format!("{} …", line[..value_start].trim_end()),
        None => line[..end].to_owned(),
    };
    let option = match (dashes, end - start) {
        (0, 1) => format!("-{}", &line[start..end]),
        (0, _) => format!("--{}", &line[start..end]),
        _ => line[start..end].to_owned(),
    };
    Ok(SettingLine { number, option, value, marked: marked(&shown, start..name_end) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Section>, SettingError> {
        parse(Path::new("config"), text)
    }

    #[test]
    fn an_option_has_several_forms() {
        for (text, option, value) in [
            ("--no-compress", "--no-compress", None),
            ("no-compress # for now", "--no-compress", None),
            ("-vv", "-vv", None),
            ("k", "-k", None),
            ("--wait=5s", "--wait", Some("5s")),
            ("--wait 5s", "--wait", Some("5s")),
            ("--wait = 5s", "--wait", Some("5s")),
            ("\t wait=5s\r", "--wait", Some("5s")),
            ("w = 5s", "-w", Some("5s")),
            ("wait =", "--wait", Some("")),
            ("-H X-A: b # c", "-H", Some("X-A: b # c")),
            ("-H 'X-A: b' # c", "-H", Some("X-A: b")),
            ("--header=X-A: a=b", "--header", Some("X-A: a=b")),
            ("send = {\"op\": \"login\"}", "--send", Some("{\"op\": \"login\"}")),
            ("send = \" a\\n\\t\\\"b\\\\ \"", "--send", Some(" a\n\t\"b\\ ")),
            ("send = 'a\\n\"b'", "--send", Some("a\\n\"b")),
            ("send = ''", "--send", Some("")),
        ] {
            let file = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let line = &file[0].lines[0];
            assert_eq!((line.option.as_str(), line.value.as_deref()), (option, value), "{text}");
        }
    }

    #[test]
    fn sections_are_endpoints() {
        let text =
            "\u{feff}# all\nquiet\n\n[a]\nurl = ws://a\n  [ @b.c-1 ] # two\nurl = ws://b\nk\n";
        let file = read(text).expect("a well-formed file");
        let shown: Vec<_> =
            file.iter().map(|it| (it.name.as_str(), it.number, it.lines[0].number)).collect();
        assert_eq!(shown, [("", 0, 2), ("a", 4, 5), ("b.c-1", 6, 7)]);
    }

    #[test]
    fn the_invalid_part_of_a_line_is_marked() {
        for (text, number, marked, reason) in [
            ("\n[a", 2, "  [a\n    ^", "the ']' is missing"),
            ("[a] b", 1, "  [a] b\n     ^^", "nothing may follow the ']'"),
            ("[]", 1, "  [\n   ^", "the name of an endpoint consists of"),
            ("[a b]", 1, "  [a b\n   ^^^", "the name of an endpoint consists of"),
            ("= x", 1, "  =\n  ^", "an option is written"),
            ("---wait", 1, "  ---wait\n  ^^^^^^^", "an option is written"),
            ("wait hunter2", 1, "  wait h\n       ^", "a '=' is expected here"),
            ("bearer = \"hunter2\\", 1, "  bearer = \"\n           ^", "this quote is not closed"),
            ("bearer = 'hunter2' x", 1, "  bearer = '\n           ^", "nothing may follow"),
        ] {
            let error = read(text).expect_err(text);
            assert_eq!(error.place, format!("config, line {number}"), "{text}");
            assert_eq!(error.marked.as_deref(), Some(marked), "{text}");
            assert!(error.reason.contains(reason), "{text}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_parsed_or_rejected(text in "(\\PC|[\\[\\]=#\"'\\\\ \t\n-]){0,60}") {
            let _ = read(&text);
        }
    }
}
