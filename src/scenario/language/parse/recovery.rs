//! Lines that cannot be read: what they were probably meant as, so that the others are read in spite of them.

use super::step::{Head, keyword_sign, name};
use super::{Content, Parser, is_status, is_url};
use crate::scenario::language::diagnostic::Diagnostic;
use crate::scenario::language::template::is_name;

/// The words that lines begin with, and what else they are called.
const WORDS: [(&str, &[&str]); 5] = [
    ("WS", &["websocket", "wss", "connect", "open"]),
    ("HTTP", &["http/1.0", "http/1.1", "http/2"]),
    ("SILENCE", &["silent", "quiet"]),
    ("DURING", &[]),
    ("SLEEP", &["wait", "pause", "delay"]),
];

const NOT_AN_ITEM: &str = "not a step, a section or a connection";

const ITEMS: &str =
    "a step starts with >, <, <&, <?, <!, SILENCE, DURING, SLEEP or $, a comment with #";

const BEHIND_PAYLOAD: &str = "a payload of several lines stands between lines of ```; captures and \
                              asserts have [Captures] or [Asserts] before them";

impl<'a> Parser<'a> {
    /// A line that begins with a word that was probably meant as another; it is reported, and read as that.
    pub(super) fn meant(&mut self, content: Content<'a>) -> bool {
        if is_url(content.text) {
            self.error(content.at(), "a connection is written WS URL");
            self.connect(content, content.trim());
            return true;
        }
        let connection = name(content).filter(|(name, _)| self.has_connection(name.text));
        let start = connection.map_or(content, |(_, behind)| behind);
        let end = start.text.find([' ', '\t']).unwrap_or(start.text.len());
        let word = Content { text: &start.text[..end], ..start };
        let rest = start.skip(end).trim();
        let Some(meant) = meant_word(word.text, rest.text) else { return false };
        let message = format!("unknown word {:?}: did you mean {meant}?", word.text);
        let error = self.error(word.at(), message);
        if word.text.eq_ignore_ascii_case(meant) {
            error.help = Some("words are written in capitals".to_owned());
        }
        match keyword_sign(meant) {
            Some(sign) => {
                let connection = connection.map(|(name, _)| name);
                self.step(content, Head { connection, sign, rest });
            }
            None if meant == "WS" => self.connect(content, rest),
            None => self.response(content, rest),
        }
        true
    }

    /// A line that means nothing. Of several in a row the first is reported, with how many follow.
    pub(super) fn unknown_line(&mut self, content: Content<'a>, is_behind_payload: bool) {
        if self.unknown_connection(content) {
            return self.end_unknown_lines();
        }
        self.note_name(content);
        if let Some((_, more)) = &mut self.unknown_lines {
            *more += 1;
            return;
        }
        let error = self.unknown_line_error(content, is_behind_payload);
        self.unknown_lines = Some((self.errors.len(), 0));
        self.reported.may_have_connection |=
            self.connections.is_empty() || content.text.contains("://");
        self.errors.push(error);
    }

    fn unknown_line_error(&self, content: Content<'a>, is_behind_payload: bool) -> Diagnostic {
        let error = |message: &str, help: &str| {
            Diagnostic::new(content.at(), message.to_owned()).with_help(help.to_owned())
        };
        if is_behind_payload {
            return error(NOT_AN_ITEM, BEHIND_PAYLOAD);
        }
        if content.text.starts_with(['{', '[', '`', '"']) {
            return error(
                "a payload without a sign before it",
                "> sends a message, < waits for one",
            );
        }
        match self.not_a_field(content) {
            Some(error) => error,
            None if self.part.as_ref().is_some_and(|part| !part.items.is_empty()) => {
                error(NOT_AN_ITEM, ITEMS)
            }
            None => error(
                "not the start of a part",
                "a part begins with  ### TITLE  or  WS URL, a comment with #",
            ),
        }
    }

    /// A line that means something ends those that do not.
    pub(super) fn end_unknown_lines(&mut self) {
        if let Some((index, more)) = self.unknown_lines.take().filter(|(_, more)| *more > 0) {
            let number = if more == 1 { String::new() } else { format!(" {more}") };
            self.errors[index].message.push_str(&format!(" (this line and the next{number})"));
        }
    }

    /// How many of the next lines are the rest of JSON that this line begins: a payload ends with its line.
    pub(super) fn json_lines(&self, first: &str) -> usize {
        let mut depth = Depth::default();
        depth.add(first);
        let mut count = 0;
        while depth.is_open()
            && let Some(line) = self.peek(count).map(|line| line.text.trim())
            && (line.is_empty() || may_be_json(line))
        {
            depth.add(line);
            count += 1;
        }
        let is_json = |index| self.peek(index).is_some_and(|line| may_be_json(line.text.trim()));
        if (0..count).any(is_json) { count } else { 0 }
    }

    /// Passes over so many lines that were reported.
    pub(super) fn skip_lines(&mut self, count: usize) {
        self.next += count;
    }
}

/// How deep in arrays and objects the end of a text is, and whether it is in a string.
#[derive(Default)]
struct Depth {
    depth: i64,
    is_string: bool,
    is_escaped: bool,
}

impl Depth {
    /// Adds a line.
    fn add(&mut self, line: &str) {
        for byte in line.bytes() {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = self.is_string,
                b'"' => self.is_string = !self.is_string,
                b'{' | b'[' if !self.is_string => self.depth += 1,
                b'}' | b']' if !self.is_string => self.depth -= 1,
                _ => {}
            }
        }
        // A string of JSON ends with its line.
        (self.is_string, self.is_escaped) = (false, false);
    }

    fn is_open(&self) -> bool {
        self.depth > 0
    }
}

/// Whether a line begins as one of JSON does, and not as one of a scenario.
fn may_be_json(line: &str) -> bool {
    let word = |word: &str| {
        line.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    };
    let is_section = line
        .strip_prefix('[')
        .and_then(|line| line.strip_suffix(']'))
        .is_some_and(|name| is_name(name) && !["null", "true", "false"].contains(&name));
    (line.starts_with(|c: char| c.is_ascii_digit() || "{}[],:\"-".contains(c)) && !is_section)
        || ["null", "true", "false"].into_iter().any(word)
}

/// The word that was probably meant; what follows has to fit.
fn meant_word(word: &str, rest: &str) -> Option<&'static str> {
    let is_variable = rest.starts_with("{{");
    let fits = |known: &str| match known {
        "WS" => is_variable || is_url(rest),
        "HTTP" => is_status(rest.split(' ').next().unwrap_or_default()),
        _ => is_variable || rest.starts_with(|c: char| c.is_ascii_digit()),
    };
    let is_same = |known: &str, others: &[&str]| {
        known.eq_ignore_ascii_case(word) || others.iter().any(|it| it.eq_ignore_ascii_case(word))
    };
    let exact = WORDS.iter().find(|(known, others)| is_same(known, others) && fits(known));
    let similar = || {
        let is_similar = |known: &str| {
            known.len() > 4 && strsim::damerau_levenshtein(known, &word.to_uppercase()) <= 2
        };
        WORDS.iter().find(|(known, _)| word.len() > 3 && is_similar(known) && fits(known))
    };
    // The word of a line that was read is none that was meant as another.
    let is_known = WORDS.iter().any(|(known, _)| *known == word);
    exact.or_else(similar).filter(|_| !is_known).map(|(known, _)| *known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_meant_as_others_are_found() {
        for (word, rest, expected) in [
            ("ws", "ws://h", Some("WS")),
            ("Ws", "{{url}}", Some("WS")),
            ("connect", "wss://h as a", Some("WS")),
            ("connect", "to the server", None),
            ("HTTP/1.1", "101", Some("HTTP")),
            ("http", "101 Switching Protocols", Some("HTTP")),
            ("Sleep", "1s", Some("SLEEP")),
            ("wait", "1s", Some("SLEEP")),
            ("silense", "2", Some("SILENCE")),
            ("during", "{{t}}", Some("DURING")),
            ("during", "the day", None),
            ("size", "2", None),
            ("SLEEP", "2", None),
            ("é", "2s", None),
        ] {
            assert_eq!(meant_word(word, rest), expected, "{word} {rest}");
        }
    }
}
