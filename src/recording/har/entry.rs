//! The parts of an entry as text: what is before the messages, each message, and what is behind them.

use std::io;

use serde_json::{Map, Value, json};

use super::base::Base;
use super::fields::{
    COMMON, StatusLine, content, no_content, put_addresses, put_timings, request, response, take,
    text,
};
use super::json::{object, put, put_base64, put_text};
use super::runs::Runs;
use super::time::{Micros, Millis, Seconds, micros_of, micros_of_wall, rfc3339};
use crate::event::{Failure, Omitted, Opened, ProxyInitiator, UNKNOWN_HOST};
use crate::net::Timings;
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::Direction;
use crate::protocol::{MessageKind, Side};
use crate::recording::{Recorded, RecordedKind, RecordedMessage};

/// Keys of an opened connection that are in the fields of the entry.
const OPEN_KEYS: [&str; 6] =
    ["url", "http_version", "status", "reason", "request_headers", "response_headers"];
/// Keys of a redirect that are in the fields of the entry.
const REDIRECT_KEYS: [&str; 5] = ["status", "reason", "from", "to", "request_headers"];
/// Keys of a failure that are in the fields of the entry.
const ERROR_KEYS: [&str; 4] = ["status", "response_headers", "body", "body_bytes"];
/// Keys of the end of a connection that `_webSocketClose` has under the names of the WebSocket API.
const CLOSE_KEYS: [&str; 5] = ["code", "name", "reason", "was_clean", "initiator"];

/// Importers demand a URL. This one says that it is not known.
pub(super) fn unknown_url() -> String {
    format!("ws://{UNKNOWN_HOST}/")
}

/// Which side has recorded. In a proxy directions are those that the client sees.
pub(super) fn recorded_by(event: &Recorded, opened: &Opened) -> Initiator {
    match event.transit {
        Some(_) => Initiator::Local,
        None => opened.initiator,
    }
}

/// Appends what is before the messages of a connection.
pub(super) fn put_open(out: &mut Vec<u8>, event: &Recorded, runs: &Runs, opened: &Opened) {
    let mut own = object(event);
    let no_fields = json!([]);
    let request_fields = own.get("request_headers").cloned().unwrap_or(no_fields.clone());
    let response_fields = own.get("response_headers").cloned().unwrap_or(no_fields);
    let received = format!("HTTP/1.{}", opened.http_minor);
    // The version that is recorded is that of what was received.
    let (asked, answered) = match recorded_by(event, opened) {
        Initiator::Local => ("HTTP/1.1", &*received),
        Initiator::Peer => (&*received, "HTTP/1.1"),
    };
    let line = StatusLine { status: opened.status, reason: &opened.reason, http_version: answered };
    put_start(
        out,
        micros_of_wall(event.at.wall).saturating_sub(micros_of(opened.timings.total)),
        &request(&opened.url, asked, &request_fields),
        &response(&line, &response_fields, no_content()),
        &opened.timings,
    );
    put_addresses(out, opened);
    take(&mut own, &OPEN_KEYS);
    put_own(out, event, runs, ("open", own));
    out.extend_from_slice(b",\"_webSocketMessages\":[");
}

/// Appends what is before the messages of a connection of which the opening was not recorded.
pub(super) fn put_unopened(out: &mut Vec<u8>, event: &Recorded, runs: &Runs) {
    let line = StatusLine { status: 101, reason: "", http_version: "HTTP/1.1" };
    put_start(
        out,
        micros_of_wall(event.at.wall),
        &request(&unknown_url(), "HTTP/1.1", &json!([])),
        &response(&line, &json!([]), no_content()),
        &Timings::default(),
    );
    let mut own = Map::new();
    // The times of messages follow from this one.
    let elapsed = serde_json::from_str(&Millis(micros_of(event.at.elapsed)).to_string());
    own.insert("elapsed_ms".to_owned(), elapsed.unwrap_or_default());
    if event.transit.is_some() {
        own.insert("initiator".to_owned(), ProxyInitiator::Client.name().into());
    }
    put_own(out, event, runs, ("open", own));
    out.extend_from_slice(b",\"_webSocketMessages\":[");
}

/// Appends the entry of a redirect.
pub(super) fn put_redirect(out: &mut Vec<u8>, event: &Recorded, runs: &Runs) {
    let mut own = object(event);
    let status = own.get("status").and_then(Value::as_u64).unwrap_or_default();
    let line = StatusLine {
        status: u16::try_from(status).unwrap_or_default(),
        reason: text(&own, "reason"),
        http_version: "HTTP/1.1",
    };
    let mut response = response(&line, &json!([]), no_content());
    response["redirectURL"] = text(&own, "to").into();
    let fields = own.get("request_headers").cloned().unwrap_or(json!([]));
    let request = request(text(&own, "from"), "HTTP/1.1", &fields);
    put_start(out, micros_of_wall(event.at.wall), &request, &response, &Timings::default());
    take(&mut own, &REDIRECT_KEYS);
    put_own(out, event, runs, ("redirect", own));
    out.extend_from_slice(b",\"time\":0.000}");
}

/// Appends the entry of a connection that was refused, or that could not be made.
pub(super) fn put_failure(
    out: &mut Vec<u8>,
    event: &Recorded,
    runs: &Runs,
    failure: &Failure,
    url: &str,
) {
    let mut own = object(event);
    let fields = own.get("response_headers").filter(|it| it.is_array()).cloned();
    let fields = fields.unwrap_or(json!([]));
    let mut response = match &failure.response {
        None => {
            let line = StatusLine { status: 0, reason: "", http_version: "" };
            response(&line, &fields, no_content())
        }
        Some(refusal) => {
            let line = String::from_utf8_lossy(&refusal.head.start_line);
            let (http_version, rest) = line.split_once(' ').unwrap_or(("HTTP/1.1", ""));
            let reason = rest.split_once(' ').map_or("", |(_, reason)| reason);
            let line = StatusLine { status: refusal.status, reason, http_version };
            response(&line, &fields, content(refusal, &fields))
        }
    };
    response["_error"] = failure.message.as_str().into();
    let fields = own.get("request_headers").cloned();
    let mut request = request(url, "HTTP/1.1", fields.as_ref().unwrap_or(&json!([])));
    if let Some(method) = failure.attempt.as_ref().and_then(|it| it.method.as_deref()) {
        request["method"] = method.into();
    }
    let timings = failure.attempt.as_ref().and_then(|it| it.timings).unwrap_or_default();
    let started = micros_of_wall(event.at.wall).saturating_sub(micros_of(timings.total));
    put_start(out, started, &request, &response, &timings);
    // A HAR has a method, headers and a URL in any case: those that say the same as none are also among our own values.
    if fields.is_some_and(|fields| fields.as_array().is_some_and(|fields| !fields.is_empty())) {
        take(&mut own, &["request_headers"]);
    }
    if url != unknown_url() {
        take(&mut own, &["url"]);
    }
    if failure.response.is_some() {
        take(&mut own, &ERROR_KEYS);
    }
    put_own(out, event, runs, ("error", own));
    put_member(out, "time", &Millis(micros_of(timings.total)).to_string());
    out.push(b'}');
}

/// Appends the start of an object, up to its timings.
fn put_start(
    out: &mut Vec<u8>,
    started: Micros,
    request: &Value,
    response: &Value,
    timings: &Timings,
) {
    out.extend_from_slice(b"{\"startedDateTime\":\"");
    out.extend_from_slice(rfc3339(started).as_bytes());
    out.extend_from_slice(b"\",\"_resourceType\":\"websocket\",\"request\":");
    put(out, request);
    out.extend_from_slice(b",\"response\":");
    put(out, response);
    out.extend_from_slice(b",\"cache\":{},\"timings\":");
    put_timings(out, timings);
}

/// Appends what importers ignore: the values of an event that HARs have no field for.
fn put_own(
    out: &mut Vec<u8>,
    event: &Recorded,
    runs: &Runs,
    (name, mut values): (&str, Map<String, Value>),
) {
    take(&mut values, &COMMON);
    out.extend_from_slice(b",\"_wscope\":{");
    if let Some(connection) = event.connection {
        out.extend_from_slice(format!("\"connection\":{connection},").as_bytes());
    }
    out.extend_from_slice(
        format!("\"time\":{}", Seconds(micros_of_wall(event.at.wall))).as_bytes(),
    );
    if runs.earlier() > 0 {
        put_member(out, "earlier_ms", &Millis(runs.earlier()).to_string());
    }
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes()); // ours: nothing to escape
    out.extend_from_slice(b"\":");
    put(out, &values);
    out.push(b'}');
}

fn put_member(out: &mut Vec<u8>, key: &str, value: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
    out.extend_from_slice(value.as_bytes());
}

/// Appends the start of a message of either list.
fn put_sender(out: &mut Vec<u8>, base: &Base, direction: Direction, opcode: &str) {
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(base.sender(direction));
    out.extend_from_slice(base.time.as_bytes());
    out.extend_from_slice(b",\"opcode\":");
    out.extend_from_slice(opcode.as_bytes());
}

const fn opcode(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Text => "1",
        MessageKind::Binary => "2",
    }
}

/// Where the start of a text goes that is already long: it is empty then.
pub(super) type Overflow<'a> = &'a mut dyn FnMut(&mut Vec<u8>) -> io::Result<()>;

/// Appends a message as Chrome writes it. What else is known of it follows, unless it has the usual value.
///
/// # Errors
/// Of `overflow`.
pub(super) fn put_message(
    out: &mut Vec<u8>,
    base: &Base,
    message: &RecordedMessage,
    overflow: Overflow<'_>,
) -> io::Result<()> {
    put_sender(out, base, message.direction, opcode(message.kind));
    out.extend_from_slice(b",\"data\":\"");
    match (message.kind, str::from_utf8(&message.data)) {
        (MessageKind::Text, Ok(text)) => put_pieces(out, text, overflow)?,
        (MessageKind::Text, Err(_)) => {
            // `--lenient` lets it pass. As JSON is UTF-8, its bytes are beside it.
            for chunk in message.data.utf8_chunks() {
                put_pieces(out, chunk.valid(), overflow)?;
                if !chunk.invalid().is_empty() {
                    put_text(out, "\u{fffd}");
                }
                if out.len() > PIECE {
                    overflow(out)?;
                }
            }
            out.extend_from_slice(b"\",\"_bytes\":\"");
            put_base64_pieces(out, &message.data, overflow)?;
        }
        (MessageKind::Binary, _) => put_base64_pieces(out, &message.data, overflow)?,
    }
    out.push(b'"');
    let is_masked = base.sender(message.direction) == b"send";
    if message.wire_size != usual_wire_size(message.data.len() as u64, is_masked) {
        put_member(out, "_wireSize", &message.wire_size.to_string());
    }
    if message.is_masked {
        put_member(out, "_secretsMasked", "true");
    }
    put_frames(out, base, message.compressed, message.frames);
    Ok(())
}

/// Appends how a message was sent, if not in one frame and as it is, and the end of it.
fn put_frames(out: &mut Vec<u8>, base: &Base, is_compressed: bool, frames: u64) {
    if is_compressed {
        put_member(out, "_compressed", "true");
    }
    if frames != 1 {
        put_member(out, "_frames", &frames.to_string());
    }
    base.put_elapsed(out);
    out.push(b'}');
}

/// How much of a message is encoded at once; a multiple of 3, for base64.
const PIECE: usize = 48 << 10;

fn put_pieces(out: &mut Vec<u8>, mut text: &str, overflow: Overflow<'_>) -> io::Result<()> {
    while text.len() > PIECE {
        let (piece, rest) = text.split_at(text.floor_char_boundary(PIECE));
        put_text(out, piece);
        overflow(out)?;
        text = rest;
    }
    put_text(out, text);
    Ok(())
}

fn put_base64_pieces(out: &mut Vec<u8>, data: &[u8], overflow: Overflow<'_>) -> io::Result<()> {
    for piece in data.chunks(PIECE) {
        put_base64(out, piece);
        if piece.len() == PIECE {
            overflow(out)?;
        }
    }
    Ok(())
}

/// The size of one frame that is not compressed.
pub(super) fn usual_wire_size(size: u64, is_masked: bool) -> u64 {
    let length = match size {
        0..=125 => 0,
        126..=0xffff => 2,
        _ => 8,
    };
    size + 2 + length + if is_masked { 4 } else { 0 }
}

/// Appends a message that was sent from a file.
pub(super) fn put_file(
    out: &mut Vec<u8>,
    base: &Base,
    (kind, path, size, wire_size): (MessageKind, &str, u64, u64),
) {
    put_sender(out, base, Direction::Sent, opcode(kind));
    // Importers pass over a message without data.
    out.extend_from_slice(b",\"data\":\"\",\"_file\":");
    put(out, path);
    put_member(out, "_size", &size.to_string());
    put_member(out, "_wireSize", &wire_size.to_string());
    base.put_elapsed(out);
    out.push(b'}');
}

/// Appends a message that a proxy did not keep.
pub(super) fn put_omitted(out: &mut Vec<u8>, base: &Base, omitted: &Omitted) {
    put_sender(out, base, omitted.direction, opcode(omitted.kind));
    // Importers pass over a message without data.
    out.extend_from_slice(b",\"data\":\"\",\"_omitted\":true");
    put_member(out, "_size", &omitted.size.to_string());
    put_member(out, "_wireSize", &omitted.wire_size.to_string());
    put_frames(out, base, omitted.compressed, omitted.frames);
}

/// A control frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Control<'a> {
    /// 9 or 10 (RFC 6455 section 11.8).
    pub(super) opcode: &'static str,
    pub(super) direction: Direction,
    pub(super) data: &'a [u8],
    /// `***` stands in it for a secret.
    pub(super) is_masked: bool,
    /// Of a pong that answered a ping.
    pub(super) rtt: Option<Micros>,
    /// The number of messages before it.
    pub(super) after: u64,
}

/// Appends a control frame.
pub(super) fn put_control(out: &mut Vec<u8>, base: &Base, control: &Control<'_>) {
    put_sender(out, base, control.direction, control.opcode);
    out.extend_from_slice(b",\"data\":\"");
    put_base64(out, control.data);
    out.push(b'"');
    put_member(out, "_after", &control.after.to_string());
    if let Some(rtt) = control.rtt {
        put_member(out, "_rtt", &Millis(rtt).to_string());
    }
    if control.is_masked {
        put_member(out, "_secretsMasked", "true");
    }
    base.put_elapsed(out);
    out.push(b'}');
}

/// Appends how the connection ended.
pub(super) fn put_close(out: &mut Vec<u8>, event: &Recorded) {
    let mut own = object(event);
    // An entry is about the connection of the client.
    let (code, reason) = match &event.what {
        RecordedKind::ProxyClosed(closed) => {
            let reason = closed.delivered_to(Side::Client).map_or("", |close| &close.reason);
            (Some(json!(closed.code_for_client().get())), Some(json!(reason)))
        }
        _ => (own.get("code").cloned(), own.get("reason").cloned()),
    };
    let close = json!({
        "code": code,
        "reason": reason,
        "initiator": own.get("initiator"),
        "wasClean": own.get("was_clean"),
    });
    take(&mut own, &CLOSE_KEYS);
    take(&mut own, &COMMON);
    out.extend_from_slice(b",\"_webSocketClose\":");
    put(out, &close);
    out.pop();
    let time = Seconds(micros_of_wall(event.at.wall)).to_string();
    put_member(out, "time", &time);
    out.extend_from_slice(b",\"_wscope\":");
    put(out, &own);
    out.push(b'}');
}

/// Appends a failure of an open connection.
pub(super) fn put_error(out: &mut Vec<u8>, event: &Recorded) {
    out.extend_from_slice(b",\"_wscopeError\":");
    put_other(out, event);
}

/// The object of a failure that belongs to no connection.
pub(super) fn run_failure(event: &Recorded, runs: &Runs) -> Vec<u8> {
    let mut text = Vec::new();
    put(&mut text, &object(event));
    if runs.earlier() > 0 {
        text.pop();
        put_member(&mut text, "earlier_ms", &Millis(runs.earlier()).to_string());
        text.push(b'}');
    }
    text
}

/// Appends an event of an open connection that HARs have no field for.
pub(super) fn put_other(out: &mut Vec<u8>, event: &Recorded) {
    let mut own = object(event);
    take(&mut own, &["event", "connection"]);
    put(out, &own);
}

/// Appends the end of an entry, with its duration.
pub(super) fn put_end(out: &mut Vec<u8>, base: &Base) {
    let open = micros_of(base.at.elapsed).saturating_sub(micros_of(base.opened.elapsed)).max(0);
    let time = Millis(base.opening.saturating_add(open)).to_string();
    put_member(out, "time", &time);
    out.push(b'}');
}
