//! A JSON object that is written to an outlet.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use data_encoding::BASE64;

use super::text;
use crate::event::{Event, HeadView, Stamp};
use crate::output::deferred::{BLOCK, Render, base64_piece, encode_onto};
use crate::output::{LONG, Outlet};

/// An object is written in parts of about this size, so that a long payload is not copied as a whole.
const PART: usize = 64 << 10;

/// A JSON object being written.
pub(super) struct Object<'a> {
    line: Line<'a>,
    first: bool,
    when: &'a TimeFields,
}

/// Collects short pieces of text.
struct Line<'a> {
    part: &'a mut Vec<u8>,
    out: &'a mut Outlet,
}

impl Line<'_> {
    fn put(&mut self, bytes: &[u8]) {
        if bytes.len() >= PART {
            self.flush_part();
            return self.out.put(bytes);
        }
        self.part.extend_from_slice(bytes);
        if self.part.len() >= PART {
            self.flush_part();
        }
    }

    fn put_base64(&mut self, block: &[u8]) {
        encode_onto(&BASE64, block, self.part);
        if self.part.len() >= PART {
            self.flush_part();
        }
    }

    fn put_long(&mut self, value: &[u8], render: Render) {
        self.flush_part();
        self.out.put_long(value, render);
    }

    fn flush_part(&mut self) {
        if !self.part.is_empty() {
            self.out.put(self.part);
            self.part.clear();
        }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The time of an event as JSON. Events of one read have the same, and to format it for each would be half the
/// cost of a small event.
#[derive(Debug, Default)]
pub(super) struct TimeFields {
    at: Option<Stamp>,
    text: Vec<u8>,
}

impl TimeFields {
    /// The members.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Sets the time of the next event.
    pub(super) fn set(&mut self, at: Stamp) {
        if self.at == Some(at) {
            return;
        }
        self.at = Some(at);
        self.text.clear();
        let wall = jiff::Timestamp::try_from(at.wall).unwrap_or_default();
        let elapsed = Millis(at.elapsed);
        let _ = write!(self.text, ",\"time\":\"{wall:.6}\",\"elapsed_ms\":{elapsed}"); // writing to a Vec cannot fail
    }
}

/// A duration in milliseconds, to the microsecond.
struct Millis(Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        write!(f, "{}.{:03}", micros / 1000, micros % 1000)
    }
}

impl<'a> Object<'a> {
    /// An object that is written to `out`. Short pieces are collected in `part`.
    pub(super) fn new(part: &'a mut Vec<u8>, out: &'a mut Outlet, when: &'a TimeFields) -> Self {
        Self { line: Line { part, out }, first: true, when }
    }
}

impl Object<'_> {
    pub(super) fn start(&mut self, name: &str, event: &Event<'_>) {
        self.text("event", name);
        self.line.put(&self.when.text);
        if let Some(connection) = event.connection {
            self.number("connection", connection);
        }
    }

    fn key(&mut self, key: &str) {
        self.line.put(if self.first { b"{\"" } else { b",\"" });
        self.first = false;
        self.line.put(key.as_bytes()); // ours: nothing to escape
        self.line.put(b"\":");
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.put_text(value);
    }

    pub(super) fn text_or_null(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(key, value),
            None => self.null(key),
        }
    }

    pub(super) fn null(&mut self, key: &str) {
        self.key(key);
        self.line.put(b"null");
    }

    pub(super) fn boolean(&mut self, key: &str, value: bool) {
        self.key(key);
        self.line.put(if value { b"true" } else { b"false" });
    }

    pub(super) fn number(&mut self, key: &str, value: u64) {
        self.key(key);
        let _ = serde_json::to_writer(&mut self.line, &value); // writing to an outlet cannot fail
    }

    pub(super) fn number_or_null(&mut self, key: &str, value: Option<u64>) {
        match value {
            Some(value) => self.number(key, value),
            None => self.null(key),
        }
    }

    pub(super) fn millis(&mut self, key: &str, value: Option<Duration>) {
        match value {
            Some(value) => {
                self.key(key);
                let _ = write!(self.line, "{}", Millis(value)); // see above
            }
            None => self.null(key),
        }
    }

    pub(super) fn base64(&mut self, data: &[u8]) {
        self.text("encoding", "base64");
        self.base64_text("data", data);
    }

    /// Bytes in base64, without naming the encoding.
    pub(super) fn base64_text(&mut self, key: &str, data: &[u8]) {
        self.key(key);
        self.line.put(b"\"");
        match data.len() >= LONG {
            true => self.line.put_long(data, base64_piece),
            false => data.chunks(BLOCK).for_each(|block| self.line.put_base64(block)),
        }
        self.line.put(b"\"");
    }

    /// Names and values, in order.
    pub(super) fn headers(&mut self, key: &str, fields: &[(String, Vec<u8>)]) {
        self.key(key);
        self.line.put(b"[");
        for (index, (name, value)) in fields.iter().enumerate() {
            self.line.put(if index == 0 { b"[" } else { b",[" });
            self.put_text(name);
            self.line.put(b",");
            self.put_bytes(value);
            self.line.put(b"]");
        }
        self.line.put(b"]");
    }

    /// Names and values of which some are missing; without any, not even the key.
    pub(super) fn optional_pairs(&mut self, key: &str, pairs: &[(String, Option<String>)]) {
        if pairs.is_empty() {
            return;
        }
        self.key(key);
        for (index, (name, value)) in pairs.iter().enumerate() {
            self.line.put(if index == 0 { b"[[" } else { b",[" });
            self.put_text(name);
            self.line.put(b",");
            match value {
                Some(value) => self.put_text(value),
                None => self.line.put(b"null"),
            }
            self.line.put(b"]");
        }
        self.line.put(b"]");
    }

    /// Lines of heads that are not header fields; without any, not even the key.
    pub(super) fn malformed(&mut self, key: &str, heads: &[&HeadView]) {
        let mut lines = heads.iter().flat_map(|head| &head.malformed).peekable();
        if lines.peek().is_none() {
            return;
        }
        self.key(key);
        for (index, line) in lines.enumerate() {
            self.line.put(if index == 0 { b"[" } else { b"," });
            self.put_bytes(&line.text);
        }
        self.line.put(b"]");
    }

    /// What is not UTF-8 is shown as Latin-1, as HTTP once defined it.
    fn put_bytes(&mut self, bytes: &[u8]) {
        match str::from_utf8(bytes) {
            Ok(text) => self.put_text(text),
            Err(_) => {
                self.put_text(&bytes.iter().map(|&byte| char::from(byte)).collect::<String>())
            }
        }
    }

    pub(super) fn texts(&mut self, key: &str, values: &[String]) {
        self.key(key);
        for (index, value) in values.iter().enumerate() {
            self.line.put(if index == 0 { b"[" } else { b"," });
            self.put_text(value);
        }
        self.line.put(if values.is_empty() { b"[]" } else { b"]" });
    }

    /// Numbers.
    pub(super) fn numbers(&mut self, key: &str, values: &[u64]) {
        self.key(key);
        let _ = serde_json::to_writer(&mut self.line, values); // writing to an outlet cannot fail
    }

    pub(super) fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.key(key);
        self.inner(fill);
    }

    fn inner(&mut self, fill: impl FnOnce(&mut Object<'_>)) {
        let line = Line { part: self.line.part, out: self.line.out };
        fill(&mut Object { line, first: true, when: self.when });
        self.line.put(b"}");
    }

    /// A list of objects; without any, not even the key.
    pub(super) fn objects<T>(
        &mut self,
        key: &str,
        items: impl Iterator<Item = T>,
        fill: impl Fn(&mut Object<'_>, T),
    ) {
        let mut items = items.peekable();
        if items.peek().is_none() {
            return;
        }
        self.key(key);
        for (index, item) in items.enumerate() {
            self.line.put(if index == 0 { b"[" } else { b"," });
            self.inner(|object| fill(object, item));
        }
        self.line.put(b"]");
    }

    fn put_text(&mut self, text: &str) {
        self.line.put(b"\"");
        match text.len() >= LONG {
            true => self.line.put_long(text.as_bytes(), text::escaped_piece),
            false => text::escaped(text, |part| self.line.put(part)),
        }
        self.line.put(b"\"");
    }

    /// Ends it, and the line.
    pub(super) fn end(&mut self) {
        self.line.put(b"}\n");
        self.line.flush_part();
    }
}
