//! What a file is, by its content.

use serde::de::IgnoredAny;

/// How much of a file is looked at to recognise it.
pub(super) const START: usize = 64 << 10;

/// What the start of a file looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    /// Lines of events.
    Events,
    /// A HAR.
    Har,
    /// Anything else: what it is, and what to do with it, where `FILE` is its name.
    Other(&'static str, Option<&'static str>),
}

const SCENARIO: Looks =
    Looks::Other("it looks like a scenario", Some("'wscope check FILE' runs scenarios"));

const COMPRESSED: Option<&str> =
    Some("decompress it first: a recording is read from standard input as '-'");

/// The first bytes of other formats.
const MAGIC: [(&[u8], Looks); 15] = [
    (b"\x1f\x8b", Looks::Other("it is compressed (gzip)", COMPRESSED)),
    (b"\x28\xb5\x2f\xfd", Looks::Other("it is compressed (zstd)", COMPRESSED)),
    (b"\xfd7zXZ\0", Looks::Other("it is compressed (xz)", COMPRESSED)),
    (b"BZh", Looks::Other("it is compressed (bzip2)", COMPRESSED)),
    (b"PK\x03\x04", Looks::Other("it is a zip archive", COMPRESSED)),
    (b"\xd4\xc3\xb2\xa1", PCAP),
    (b"\xa1\xb2\xc3\xd4", PCAP),
    (b"\x4d\x3c\xb2\xa1", PCAP),
    (b"\xa1\xb2\x3c\x4d", PCAP),
    (b"\x0a\x0d\x0d\x0a", PCAP),
    (b"\xff\xfe", UTF_16),
    (b"\xfe\xff", UTF_16),
    (b"%PDF", Looks::Other("it is a PDF", None)),
    (b"\x89PNG", Looks::Other("it is an image (PNG)", None)),
    (b"\x7fELF", Looks::Other("it is a program (ELF)", None)),
];

const PCAP: Looks = Looks::Other(
    "it is a capture of network packets (pcap), not of WebSocket messages",
    Some("record the connection with --record FILE.ndjson, or export a HAR from the browser"),
);

const UTF_16: Looks = Looks::Other("it is UTF-16", Some("convert it to UTF-8"));

/// What a file with this start is.
pub(super) fn looks(start: &[u8]) -> Looks {
    if let Some((_, looks)) = MAGIC.iter().find(|(magic, _)| start.starts_with(magic)) {
        return *looks;
    }
    let is_whole = start.len() < START;
    let start = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start);
    let text = start.trim_ascii_start();
    if text.is_empty() && !is_whole {
        return Looks::Other("its first 64 KiB are white space", None);
    }
    if text.is_empty() {
        return Looks::Other("it is empty", None);
    }
    if has_line_of_events(text) {
        return Looks::Events;
    }
    match text[0] {
        // As Windows writes it, some programs without the mark at the start.
        b'{' | b'[' if text.get(1) == Some(&0) => UTF_16,
        0 if matches!(text.get(1), Some(b'{' | b'[')) => UTF_16,
        b'{' => match object(text) {
            NEITHER if is_whole && is_cut(text) => {
                Looks::Other("it is JSON that was cut off", None)
            }
            looks => looks,
        },
        b'[' => Looks::Other("it is a JSON array", None),
        _ if start.contains(&0) => Looks::Other("it is binary data", None),
        b'<' => markup(text),
        _ => by_lines(text),
    }
}

/// What a file with this start is, if events cannot be added to it. They can if it is empty or has events from its first
/// line on: any other file was not meant.
pub(super) fn not_only_events(start: &[u8]) -> Option<&'static str> {
    let text = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start).trim_ascii();
    match looks(start) {
        _ if EVENT.starts_with(text) => None, // of a run that was killed at once
        Looks::Events if text.starts_with(b"{") => None,
        Looks::Events => Some("its first line is not an event"),
        Looks::Har => Some("it is a HAR"),
        Looks::Other(looks, _) => Some(looks),
    }
}

/// How we write events.
const EVENT: &[u8] = b"{\"event\":";

/// Whether a line starts as we write events: what is before that may be the output of another program.
fn has_line_of_events(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, EVENT).any(|at| at == 0 || text[at - 1] == b'\n')
}

/// Whether a text is the start of JSON.
fn is_cut(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_err_and(|error| error.is_eof())
}

const NEITHER: Looks = Looks::Other("it is JSON without \"event\" or \"log\"", None);

/// What an object is, by its keys, of which the last may not be known.
fn object(text: &[u8]) -> Looks {
    let (mut is_event, mut is_input) = (false, false);
    for key in Keys::of(text) {
        match key {
            b"event" => return Looks::Events,
            b"log" => return Looks::Har,
            b"time" | b"elapsed_ms" | b"direction" => is_event = true,
            b"type" => is_input = true,
            _ => {}
        }
    }
    match (is_event, is_input) {
        (true, _) => Looks::Events, // with its name behind long data
        (false, true) => Looks::Other(
            "it looks like lines for --input json",
            Some("'wscope --input json URL < FILE' sends them"),
        ),
        (false, false) => NEITHER,
    }
}

/// The keys of the object that a text starts with, as far as the text has them.
struct Keys<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Keys<'a> {
    const fn of(text: &'a [u8]) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// The string that starts at the current place, and the first byte behind it that is not blank.
    fn string(&mut self) -> Option<(&'a [u8], u8)> {
        let from = self.at + 1;
        let mut end = from;
        loop {
            end += memchr::memchr2(b'"', b'\\', self.text.get(end..)?)?;
            match self.text[end] {
                b'"' => break,
                _ => end += 2,
            }
        }
        self.at = end + 1;
        let rest = &self.text[self.at..];
        let next = rest.iter().find(|byte| !byte.is_ascii_whitespace())?;
        Some((&self.text[from..end], *next))
    }
}

impl<'a> Iterator for Keys<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            match self.text.get(self.at)? {
                b'"' => {
                    let (string, next) = self.string()?;
                    if self.depth == 1 && next == b':' {
                        return Some(string);
                    }
                    continue;
                }
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth <= 1 => {
                    self.at = self.text.len();
                    return None;
                }
                b'}' | b']' => self.depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }
}

fn markup(text: &[u8]) -> Looks {
    let start = text[..text.len().min(1024)].to_ascii_lowercase();
    match memchr::memmem::find(&start, b"<html").or(memchr::memmem::find(&start, b"<!doctype html"))
    {
        Some(_) => Looks::Other("it looks like HTML", None),
        None => Looks::Other("it looks like XML", None),
    }
}

/// What a text is, by the words its lines start with.
fn by_lines(text: &[u8]) -> Looks {
    let lines = || text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_start);
    let starts = |words: &[&str]| {
        lines().any(|line| words.iter().any(|word| line.starts_with(word.as_bytes())))
    };
    if starts(&["WEBSOCKET ", "GET http", "POST http", "GET {{", "WEBSOCKET\t"]) {
        return Looks::Other(
            "it looks like a file of HTTP requests",
            Some("'wscope check FILE' runs its WEBSOCKET requests"),
        );
    }
    if starts(&["WS ", "### "]) {
        return SCENARIO;
    }
    if starts(&["curl "]) {
        return Looks::Other(
            "it looks like a curl command",
            Some("'wscope --from-curl FILE' opens its connection"),
        );
    }
    match str::from_utf8(text) {
        Err(error) if error.error_len().is_some() => Looks::Other("it is binary data", None),
        _ => Looks::Other("it is plain text", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(start: &[u8]) -> &'static str {
        match looks(start) {
            Looks::Events => "events",
            Looks::Har => "a HAR",
            Looks::Other(words, _) => words,
        }
    }

    #[test]
    fn files_are_recognised_by_their_content() {
        const NEITHER: &str = "it is JSON without \"event\" or \"log\"";
        const CUT: &str = "it is JSON that was cut off";
        const INPUT: &str = "it looks like lines for --input json";
        for (start, expected) in [
            ("", "it is empty"),
            ("\u{feff} \r\n", "it is empty"),
            (&" ".repeat(START - 1), "it is empty"),
            (&" ".repeat(START), "its first 64 KiB are white space"),
            ("{\"event\":\"open\"", "events"),
            ("\u{feff}\r\n {\"time\":\"x\", \"event\" : \"open\"}", "events"),
            ("{\"time\":\"x\",\"data\":\"cut", "events"),
            ("wscope: connected\n{\"event\":\"open\"}", "events"),
            ("{\n  \"log\" : {", "a HAR"),
            ("{\"x\":{\"log\":1,\"event\":2},\"y\":[{\"event\":1}],\"z\":\"event\"}", NEITHER),
            ("{\"a\\\"\":\"\\\\\",\"event\":1}", "events"),
            ("{\"x\":1}\n{\"event\":1}", "events"),
            ("{\"x\":1}\n {\"event\":1}", NEITHER),
            ("{\"type\":\"text\",\"data\":\"a\"}", INPUT),
            ("{", CUT),
            ("{\"", CUT),
            ("{\"\\", CUT),
            ("{\"a\":1,", CUT),
            ("{\0\"\0", "it is UTF-16"),
            ("\0{\0\"", "it is UTF-16"),
            ("{}", NEITHER),
            ("[1]", "it is a JSON array"),
            ("### a title\nWS ws://h\n> a", "it looks like a scenario"),
            ("# comment\n\nWS ws://h", "it looks like a scenario"),
            ("### x\nWEBSOCKET ws://h\n", "it looks like a file of HTTP requests"),
            ("curl 'http://h'", "it looks like a curl command"),
            ("<!DOCTYPE HTML><html>", "it looks like HTML"),
            ("<?xml version=\"1.0\"?><a/>", "it looks like XML"),
            ("hello", "it is plain text"),
            ("a\0b", "it is binary data"),
        ] {
            assert_eq!(words(start.as_bytes()), expected, "{start:?}");
        }
        assert_eq!(words(b"\x1f\x8b\x08"), "it is compressed (gzip)");
        assert_eq!(words(b"a\xff\xfe"), "it is binary data");
        assert_eq!(words("é".as_bytes().split_last().expect("two").1), "it is plain text");
    }

    #[test]
    fn events_are_added_to_events_only() {
        for start in [
            "",
            "\u{feff}\n",
            "{\"event\":\"open\"}\n",
            "\u{feff}{\"time\":\"x\",\"event\":\"open\"}\n",
            "{\"ev",
            "{\"event\":\"op",
        ] {
            assert_eq!(not_only_events(start.as_bytes()), None, "{start}");
        }
        for (start, expected) in [
            ("# wscope\n\n{\"event\":\"open\"}\n", "its first line is not an event"),
            ("# wscope\n", "it is plain text"),
            ("{\"log\":{}}", "it is a HAR"),
            ("{\"type\":\"text\"}", "it looks like lines for --input json"),
            ("{}", "it is JSON without \"event\" or \"log\""),
            ("\u{1}\0", "it is binary data"),
        ] {
            assert_eq!(not_only_events(start.as_bytes()), Some(expected), "{start}");
        }
    }
}
