//! The transcript of a part: a row an event.

use std::fmt::Write;

use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;

use super::text::{escaped, inline, shortened};
use crate::output::escape::{Newlines, is_readable_text};
use crate::protocol::counted::counted;
use crate::scenario::outcome::{Transcript, TranscriptEvent};

/// The longest text of a message that is shown, in bytes.
const MAX_TEXT: usize = 4 << 10;

/// The longest binary message that is shown, in bytes.
const MAX_BINARY: usize = 512;

/// The longest text of other events.
const MAX_OTHER: usize = 16 << 10;

const HEAD: [&str; 6] = ["Time", "Connection", "Direction", "Type", "Size", "Data"];

/// The events of a part.
pub(super) fn table(page: &mut String, transcript: &Transcript) {
    if transcript.events.is_empty() && transcript.omitted == 0 {
        return;
    }
    let has_names = transcript.events.iter().any(|event| event.connection.is_some());
    page.push_str(
        "<h4>Messages</h4>\n<table class=\"messages\" role=\"table\" aria-label=\"Messages\">\n\
         <thead role=\"rowgroup\"><tr role=\"row\">",
    );
    for name in HEAD.iter().filter(|name| has_names || **name != "Connection") {
        let _ = write!(page, "<th role=\"columnheader\" scope=\"col\">{name}</th>");
    }
    page.push_str("</tr></thead>\n<tbody role=\"rowgroup\">\n");
    for event in transcript.with_gap() {
        match event {
            Some(event) => row(page, event, has_names),
            None => gap(page, transcript.omitted, has_names),
        }
    }
    page.push_str("</tbody>\n</table>\n");
}

/// The row in place of events that are not kept.
fn gap(page: &mut String, omitted: u64, has_names: bool) {
    let empty = HEAD.len() - 1 - usize::from(!has_names);
    let _ = writeln!(
        page,
        "<tr role=\"row\" class=\"gap\">{}<td role=\"cell\" class=\"data dim\">{} left out here</td></tr>",
        "<td role=\"cell\"></td>".repeat(empty),
        counted(omitted, "event"),
    );
}

/// What a row shows besides time and connection, as HTML.
struct Row {
    class: &'static str,
    direction: &'static str,
    kind: String,
    size: String,
    data: String,
}

fn row(page: &mut String, event: &TranscriptEvent, has_names: bool) {
    let json: Value = serde_json::from_str(&event.json).unwrap_or_default();
    let row = match json["event"].as_str() {
        Some("message" | "ping" | "pong") => payload_row(&json),
        Some("close") => close_row(&json, event),
        kind => other_row(kind.unwrap_or_default(), event),
    };
    let _ = write!(page, "<tr role=\"row\" class=\"{}\">", row.class);
    let mut cell = |class: &str, html: &str| {
        let _ = write!(page, "<td role=\"cell\" class=\"{class}\">{html}</td>");
    };
    cell("number", &format!("{:.3} s", event.at.as_secs_f64()));
    if has_names {
        cell("name", &inline(event.connection.as_deref().unwrap_or_default()));
    }
    cell("direction", row.direction);
    cell("kind", &row.kind);
    cell("number", &row.size);
    cell("data", &row.data);
    page.push_str("</tr>\n");
}

fn payload_row(json: &Value) -> Row {
    let is_sent = json["direction"] == "sent";
    let event = json["event"].as_str().unwrap_or_default();
    let is_control = event != "message";
    let kind = if is_control { event } else { json["type"].as_str().unwrap_or_default() };
    let size = json["size"].as_u64().unwrap_or_default();
    Row {
        class: match (is_control, is_sent) {
            (true, _) => "control",
            (false, true) => "out",
            (false, false) => "in",
        },
        direction: direction(is_sent),
        kind: inline(kind),
        size: format!("{size} B"),
        data: payload(json, usize::try_from(size).unwrap_or(usize::MAX)),
    }
}

const fn direction(is_sent: bool) -> &'static str {
    if is_sent { "↑ sent" } else { "↓ received" }
}

/// The payload, cut if it is long.
fn payload(json: &Value, size: usize) -> String {
    let data = match (json["data"].as_str(), json["file"].as_str()) {
        (Some(data), _) => data,
        (None, Some(path)) => return format!("from the file <code>{}</code>", inline(path)),
        (None, None) => return String::new(),
    };
    if data.is_empty() {
        return "<span class=\"dim\">empty</span>".to_owned();
    }
    if json["encoding"] != "base64" {
        return start(data, MAX_TEXT, size);
    }
    let limit = data.len().min(MAX_TEXT.div_ceil(3) * 4);
    let bytes = BASE64.decode(data.as_bytes().get(..limit).unwrap_or_default());
    let bytes = bytes.unwrap_or_default();
    if is_readable_text(&bytes) {
        return start(&String::from_utf8_lossy(&bytes), MAX_TEXT, size);
    }
    let shown = &bytes[..bytes.len().min(MAX_BINARY)];
    let pairs: Vec<_> = shown.iter().map(|byte| HEXLOWER.encode(&[*byte])).collect();
    let rest = if shown.len() < size { shortened(size) } else { String::new() };
    format!("<code>hex:{}</code>{rest}", pairs.join(" "))
}

/// The start of a text that has `size` bytes as a whole.
fn start(text: &str, limit: usize, size: usize) -> String {
    let start = &text[..text.floor_char_boundary(limit)];
    let rest = if start.len() < text.len() { shortened(size) } else { String::new() };
    format!("<code>{}</code>{rest}", escaped(start, Newlines::Keep))
}

fn close_row(json: &Value, event: &TranscriptEvent) -> Row {
    let by = json["initiator"].as_str();
    Row {
        class: if json["was_clean"] == true { "control" } else { "bad" },
        direction: by.map_or("", |by| direction(by == "self")),
        kind: "close".to_owned(),
        size: json["code"].as_u64().map_or_else(String::new, |code| code.to_string()),
        data: lines(&event.text),
    }
}

/// An event that is shown as on a terminal.
fn other_row(kind: &str, event: &TranscriptEvent) -> Row {
    Row {
        class: if matches!(kind, "error" | "violation") { "bad" } else { "control" },
        direction: "",
        kind: inline(kind),
        size: String::new(),
        data: lines(&event.text),
    }
}

/// Lines of a text: the first one, behind which the others can be opened.
fn lines(text: &str) -> String {
    let shown = |text: &str| start(text, MAX_OTHER, text.len());
    match text.split_once('\n') {
        None => shown(text),
        Some((first, rest)) => {
            format!("<details><summary>{}</summary>{}</details>", shown(first), shown(rest))
        }
    }
}
