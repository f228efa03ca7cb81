//! The text of a configuration file: options for every connection, then named endpoints with theirs.
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

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct File {
    /// The options above the first section.
    pub(super) defaults: Vec<Line>,
    /// The sections, in order.
    pub(super) endpoints: Vec<Endpoint>,
}

/// A section.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// What stands in the brackets.
    pub(super) name: String,
    /// Where it begins, from 1.
    pub(super) number: usize,
    /// Its options.
    pub(super) lines: Vec<Line>,
}

/// An option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: usize,
    /// As on the command line: `--name` or `-n`.
    pub(super) option: String,
    /// Without its quotes.
    pub(super) value: Option<String>,
    /// The line up to the value, which may be a secret.
    pub(super) shown: String,
    /// Where in it the option stands.
    pub(super) at: Range<usize>,
}

/// Why a line cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// From 1.
    pub(super) number: usize,
    /// The line up to the fault and its end.
    pub(super) shown: String,
    /// Where in it the fault is; empty where something is missing.
    pub(super) at: Range<usize>,
    /// What is wrong there.
    pub(super) reason: String,
}

/// The longest name of an option, in bytes, dashes included.
const MAX_NAME: usize = 80;

const FORM: &str = "an option is written NAME = VALUE, --NAME or -X VALUE";

/// Reads a file.
///
/// # Errors
/// With the first line that cannot be read.
pub(super) fn parse(text: &str) -> Result<File, Fault> {
    let mut file = File::default();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let number = index + 1;
        let line = line.trim_end();
        let indent = line.len() - line.trim_start().len();
        if line.is_empty() || line[indent..].starts_with('#') {
            continue;
        }
        if line[indent..].starts_with('[') {
            let name = section(line, indent, number)?;
            if let Some(other) = numbers.insert(name.clone(), number) {
                let reason = format!("there is an endpoint of that name already, in line {other}");
                return Err(fault(line, number, indent..line.len(), reason));
            }
            file.endpoints.push(Endpoint { name, number, lines: Vec::new() });
            continue;
        }
        let option = option(line, indent, number)?;
        match file.endpoints.last_mut() {
            Some(endpoint) => endpoint.lines.push(option),
            None => file.defaults.push(option),
        }
    }
    Ok(file)
}

fn fault(line: &str, number: usize, at: Range<usize>, reason: impl Into<String>) -> Fault {
    Fault { number, shown: line[..at.end].to_owned(), at, reason: reason.into() }
}

/// Whether this may name an endpoint.
pub(super) fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.chars().all(is_part)
}

/// `[name]`, also `[@name]`.
fn section(line: &str, indent: usize, number: usize) -> Result<String, Fault> {
    let Some(end) = line.find(']') else {
        return Err(fault(line, number, line.len()..line.len(), "the ']' is missing"));
    };
    let behind = line[end + 1..].trim_start();
    if !behind.is_empty() && !behind.starts_with('#') {
        return Err(fault(line, number, end + 1..line.len(), "nothing may follow the ']'"));
    }
    let name = line[indent + 1..end].trim();
    let name = name.strip_prefix('@').unwrap_or(name);
    if !is_name(name) {
        let reason = "the name of an endpoint has letters, digits, '-', '_' and '.'";
        return Err(fault(line, number, indent + 1..end, reason));
    }
    Ok(name.to_owned())
}

fn option(line: &str, indent: usize, number: usize) -> Result<Line, Fault> {
    let rest = &line[indent..];
    let is_short = rest.starts_with('-') && !rest.starts_with("--");
    let dashes = rest.len() - rest.trim_start_matches('-').len();
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let length = if is_short {
        rest.find(char::is_whitespace).unwrap_or(rest.len())
    } else {
        dashes + rest[dashes..].find(|c| !is_part(c)).unwrap_or(rest.len() - dashes)
    };
    let at = indent..indent + length;
    if length == dashes || dashes > 2 {
        let end = at.end + rest[length..].chars().next().map_or(0, char::len_utf8);
        return Err(fault(line, number, at.start..end, FORM));
    }
    if !is_short && length > MAX_NAME {
        return Err(fault(line, number, indent..indent + MAX_NAME, "no option has so long a name"));
    }
    let behind = &line[at.end..];
    let text = behind.trim_start();
    let text = match text.strip_prefix('=') {
        Some(text) => Some(text.trim_start()),
        None if text.is_empty() || text.starts_with('#') => None,
        None if dashes > 0 && behind.starts_with(char::is_whitespace) => Some(text),
        None => {
            let start = line.len() - text.len();
            let end = start + text.chars().next().map_or(0, char::len_utf8);
            return Err(fault(line, number, start..end, format!("a '=' is expected here: {FORM}")));
        }
    };
    let value_start = text.map_or(line.len(), |text| line.len() - text.len());
    let value = text.map(unquoted).transpose().map_err(|(offset, reason)| {
        // What stands between may be a secret.
        let shown = line[..value_start + 1].to_owned();
        let at = if offset == 0 { value_start..value_start + 1 } else { shown.len()..shown.len() };
        Fault { number, shown, at, reason: reason.to_owned() }
    })?;
    let name = &line[at.clone()];
    let option = match (dashes, name.len()) {
        (0, 1) => format!("-{name}"),
        (0, _) => format!("--{name}"),
        _ => name.to_owned(),
    };
    let shown = line[..value_start].trim_end().to_owned();
    Ok(Line { number, option, value, shown, at })
}

/// A value in quotes may have blanks at its ends; in double quotes a backslash makes the next
/// character literal, or a line break or tab of n, r and t.
fn unquoted(text: &str) -> Result<String, (usize, &'static str)> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return Ok(text.to_owned());
    };
    let mut value = String::new();
    let mut rest = text.char_indices().skip(1);
    while let Some((at, c)) = rest.next() {
        if c == quote {
            let behind = text[at + 1..].trim_start();
            let is_end = behind.is_empty() || behind.starts_with('#');
            let reason = "nothing may follow the closing quote; put a value that has quotes in it into the other kind";
            return if is_end { Ok(value) } else { Err((at + 1, reason)) };
        }
        match (c, quote) {
            ('\\', '"') => match rest.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, 't')) => value.push('\t'),
                Some((_, c)) => value.push(c),
                None => break,
            },
            _ => value.push(c),
        }
    }
    Err((0, "this quote is not closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> (String, Option<String>) {
        let file = parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        let line = file.defaults.into_iter().next().expect("an option");
        (line.option, line.value)
    }

    #[test]
    fn an_option_may_be_written_in_many_ways() {
        for (text, option, value) in [
            ("--no-compress", "--no-compress", None),
            ("no-compress", "--no-compress", None),
            ("no-compress # for now", "--no-compress", None),
            ("-k", "-k", None),
            ("-vv", "-vv", None),
            ("--wait=5s", "--wait", Some("5s")),
            ("--wait 5s", "--wait", Some("5s")),
            ("--wait = 5s", "--wait", Some("5s")),
            ("\t wait=5s\r", "--wait", Some("5s")),
            ("wait = 5s", "--wait", Some("5s")),
            ("w = 5s", "-w", Some("5s")),
            ("k", "-k", None),
            ("wait =", "--wait", Some("")),
            ("-H X-A: b # c", "-H", Some("X-A: b # c")),
            ("-H 'X-A: b' # c", "-H", Some("X-A: b")),
            ("--header=X-A: a=b", "--header", Some("X-A: a=b")),
            ("send = {\"op\": \"login\"}", "--send", Some("{\"op\": \"login\"}")),
            ("send = \" a\\n\\t\\\"b\\\\ \"", "--send", Some(" a\n\t\"b\\ ")),
            ("send = 'a\\n\"b'", "--send", Some("a\\n\"b")),
            ("send = ''", "--send", Some("")),
        ] {
            assert_eq!(one(text), (option.to_owned(), value.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn sections_are_endpoints() {
        let file = parse(
            "\u{feff}# all\nquiet\n\n[a]\nurl = ws://a\n  [ @b.c-1 ] # two\nurl = ws://b\nquiet\n",
        );
        let file = file.expect("a well-formed file");
        let shown: Vec<_> =
            file.endpoints.iter().map(|it| (it.name.as_str(), it.number, it.lines.len())).collect();
        assert_eq!((file.defaults.len(), shown), (1, vec![("a", 4, 1), ("b.c-1", 6, 2)]));
        assert_eq!(file.endpoints[1].lines[0].number, 7);
    }

    #[test]
    fn a_bad_line_is_marked_where_it_is_bad() {
        for (text, number, shown, at, reason) in [
            ("\n[a", 2, "[a", 2..2, "the ']' is missing"),
            ("[a] b", 1, "[a] b", 3..5, "nothing may follow the ']'"),
            ("[]", 1, "[", 1..1, "the name of an endpoint has"),
            ("[a b]", 1, "[a b", 1..4, "the name of an endpoint has"),
            ("[a]\n[b]\n[a]", 3, "[a]", 0..3, "already, in line 1"),
            ("= x", 1, "=", 0..1, "an option is written"),
            ("--", 1, "--", 0..2, "an option is written"),
            ("---wait", 1, "---wait", 0..7, "an option is written"),
            ("wait: hunter2", 1, "wait:", 4..5, "a '=' is expected here"),
            ("wait hunter2", 1, "wait h", 5..6, "a '=' is expected here"),
            ("--wait: hunter2", 1, "--wait:", 6..7, "a '=' is expected here"),
            ("bearer = \"hunter2", 1, "bearer = \"", 9..10, "this quote is not closed"),
            ("bearer = \"hunter2\\", 1, "bearer = \"", 9..10, "this quote is not closed"),
            (
                "bearer = 'hunter2' x",
                1,
                "bearer = '",
                10..10,
                "nothing may follow the closing quote",
            ),
            ("bearer = é", 1, "", 0..0, ""),
        ] {
            match parse(text) {
                Ok(_) => assert_eq!(reason, "", "{text}"),
                Err(fault) => {
                    assert_eq!(
                        (fault.number, fault.shown.as_str(), fault.at.clone()),
                        (number, shown, at),
                        "{text}"
                    );
                    assert!(fault.reason.contains(reason), "{text}: {}", fault.reason);
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(\\PC|[\\[\\]=#\"'\\\\ \t\n-]){0,60}") {
            if let Err(fault) = parse(&text) {
                proptest::prop_assert!(fault.shown.get(fault.at.clone()).is_some(), "{fault:?}");
            }
        }
    }
}
