//! A row as the list shows it.

use std::borrow::Cow;

use data_encoding::BASE64;
use serde::Serialize;

use super::block::Row;
use super::facts::{Facts, Kind, Level};
use super::members::{Members, inside, number, text, unescape};
use super::preview::{MAX_BYTES, MAX_CHARACTERS, first_characters, hex, preview};
use super::protocol::direction;
use crate::protocol::CloseCode;

/// A row of the list.
#[derive(Debug, Serialize)]
pub(super) struct RowView<'a> {
    row: u64,
    connection: Option<u64>,
    time: Cow<'a, str>,
    elapsed_ms: f64,
    delta_ms: Option<f64>,
    event: &'static str,
    direction: Option<&'static str>,
    #[serde(rename = "type")]
    kind: &'static str,
    size: Option<u64>,
    wire_size: Option<u64>,
    compressed: bool,
    frames: Option<u32>,
    preview: String,
    cut: bool,
    code: Option<u16>,
    rule: Option<u32>,
    action: Option<Cow<'a, str>>,
    /// It was not passed on when it was received.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    waited: bool,
    late_ms: Option<f64>,
    level: Option<&'static str>,
}

impl<'a> RowView<'a> {
    /// The view of a row. `before`: when the row before it in the list was, in microseconds since the start.
    pub(super) fn new(row: &Row<'a>, before: Option<u64>) -> Self {
        let facts = row.facts;
        let (preview, cut) = preview_of(row);
        let members = members(row);
        let member = |name| members.clone().find(name).map(text);
        let is_known = |number: u64| (number > 0).then_some(number);
        Self {
            row: row.number,
            connection: facts.connection,
            time: member("time").unwrap_or_default(),
            elapsed_ms: millis(facts.elapsed),
            delta_ms: before.map(|before| difference(facts.elapsed, before)),
            event: facts.kind.event(),
            direction: facts.from.map(direction),
            kind: facts.kind.name(),
            size: facts.size,
            wire_size: is_known(facts.wire_size),
            compressed: facts.compressed,
            frames: Some(facts.frames).filter(|frames| *frames > 0),
            preview,
            cut,
            code: Some(facts.code).filter(|code| *code > 0),
            rule: Some(facts.rule).filter(|rule| *rule > 0),
            action: member("action"),
            waited: members.clone().find("delivered") == Some(b"false"),
            late_ms: facts.late().map(|late| millis(u64::from(late))),
            level: match facts.level {
                Level::Plain => None,
                Level::Warn => Some("warn"),
                Level::Bad => Some("bad"),
            },
        }
    }
}

/// Microseconds in milliseconds.
pub(super) fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

/// In milliseconds; less than 0 if runs follow each other in a recording.
fn difference(later: u64, earlier: u64) -> f64 {
    match later.checked_sub(earlier) {
        Some(micros) => millis(micros),
        None => -millis(earlier - later),
    }
}

/// The members of the line, without looking at its data.
pub(super) fn members<'a>(row: &Row<'a>) -> Members<'a> {
    let members = Members::new(row.line);
    let Facts { data, data_length, .. } = row.facts;
    match *data as usize {
        0 => members,
        start => members.passing_over(start - 1, start + *data_length as usize + 1),
    }
}

/// The start of what the row has, and whether there is more.
fn preview_of(row: &Row<'_>) -> (String, bool) {
    let facts = row.facts;
    if facts.data == 0 {
        let whole = sentence(row);
        let start = first_characters(&whole);
        return (start.to_owned(), start.len() < whole.len());
    }
    let raw = row.data();
    match facts.is_base64 {
        true => base64_start(raw, facts.size, matches!(facts.kind, Kind::Ping | Kind::Pong)),
        false => text_start(raw),
    }
}

/// The start of data in base64, of this size in bytes, and whether there is more.
fn base64_start(raw: &[u8], size: Option<u64>, is_control: bool) -> (String, bool) {
    let most = MAX_BYTES.div_ceil(3) * 4;
    let bytes = BASE64.decode(&raw[..raw.len().min(most) / 4 * 4]).unwrap_or_default();
    let is_cut = size.is_some_and(|size| size > bytes.len().min(MAX_BYTES) as u64);
    match str::from_utf8(&bytes) {
        Ok(text) if is_control && !is_cut && !text.contains(char::is_control) => {
            (text.to_owned(), false)
        }
        _ => (hex(&bytes), is_cut),
    }
}

/// The start of text as it is written, and whether there is more.
fn text_start(raw: &[u8]) -> (String, bool) {
    // An escape of 6 bytes is a character; two of them may be one.
    let start = &raw[..raw.len().min(12 * (MAX_CHARACTERS + 1))];
    let mut bytes = Vec::with_capacity(start.len());
    unescape(start, &mut bytes);
    let shown = preview(&bytes, true);
    let is_cut = shown.len() < bytes.len() || start.len() < raw.len();
    (shown, is_cut)
}

/// What the list shows of a row that has no data.
pub(super) fn sentence(row: &Row<'_>) -> String {
    let members = members(row);
    let find = |name| members.clone().find(name);
    let member = |name| find(name).map(text).unwrap_or_default();
    let status = || find("status").and_then(number).map_or_else(String::new, |it| it.to_string());
    match row.facts.kind {
        Kind::Text | Kind::Binary => format!("file {}", member("file")),
        Kind::Omitted => "not kept: it was too large".to_owned(),
        Kind::Ping | Kind::Pong => String::new(),
        Kind::Frame => {
            let is_final = if find("fin") == Some(b"true") { ", FIN" } else { "" };
            format!("raw frame: {}{is_final}", member("opcode"))
        }
        Kind::Close | Kind::CloseFrame => {
            let code = row.facts.code;
            let name = CloseCode::new(code).name();
            let reason = match member("reason") {
                reason if reason.is_empty() => String::new(),
                reason => format!(" \"{reason}\""),
            };
            let by = match &*member("initiator") {
                "self" => ", by wscope",
                "peer" => ", by the peer",
                "client" => ", by the client",
                "server" => ", by the server",
                _ => "",
            };
            format!("{code} {name}{reason}{by}")
        }
        Kind::Open => format!("{} {} {}", status(), member("reason"), member("url")),
        Kind::Error | Kind::Violation => member("message").into_owned(),
        Kind::Held => {
            // What only waited has none.
            let number = find("number").and_then(number).map(|number| format!("#{number} "));
            let number = number.unwrap_or_default();
            let outcome = member("outcome").replace('_', " ");
            let delivered = find("changed_to").map_or_else(|| members.clone(), Members::new);
            format!("{number}{outcome}: {}", start_of(&delivered))
        }
        Kind::Http => {
            let answer = match find("status") {
                Some(b"null") | None => "no response".to_owned(),
                Some(status) => String::from_utf8_lossy(status).into_owned(),
            };
            format!("{} {} → {answer}", member("method"), member("target"))
        }
        Kind::Redirect => format!("{} {} → {}", status(), member("from"), member("to")),
        Kind::Retry | Kind::Reconnect => {
            let attempt = find("attempt").and_then(number).unwrap_or_default();
            let delay = find("delay_ms").map(plain).unwrap_or_default();
            format!("attempt {attempt} in {delay} ms: {}", member("reason"))
        }
    }
}

/// The start of what was held or waited, or was delivered instead.
fn start_of(members: &Members<'_>) -> String {
    let find = |name| members.clone().find(name);
    let kind = find("type").map(text).unwrap_or_default();
    let size = find("size").and_then(number);
    match (find("data"), find("code")) {
        (Some(data), _) if find("encoding").is_some() => {
            base64_start(inside(data), size, matches!(&*kind, "ping" | "pong")).0
        }
        (Some(data), _) => text_start(inside(data)).0,
        (None, Some(code)) => format!("{kind} {}", String::from_utf8_lossy(code)),
        (None, None) => kind.into_owned(),
    }
}

/// A number without decimal places that are 0.
fn plain(value: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(value.strip_suffix(b".000").unwrap_or(value))
}
