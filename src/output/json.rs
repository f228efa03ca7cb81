//! Events as JSON, one object a line, keys in the order of the documentation.

use std::borrow::Cow;
use std::time::Duration;

use data_encoding::HEXLOWER;

use super::{Format, Outlet};
use crate::event::{
    Closed, ControlPayload, Event, EventKind, Failure, FileSent, Message, ProxyInitiator, Redirect,
    RetryScheduled,
};
use crate::protocol::close::ClosePayload;
use crate::protocol::violation::Violation;
use crate::protocol::vocabulary::{Direction, FrameEvent};
use crate::protocol::{CloseCode, MessageKind};

mod ended;
mod message;
mod object;
mod opened;
mod text;
mod transit;
mod visible;

use message::ShortTexts;
use object::{Object, TimeFields};
pub use opened::SECRET_IDS;
use opened::{certificate, interim, open, secret_ids, timings};
pub use text::escaped;
pub use visible::{put_visible, visible};

/// Which events of frames are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JsonFrames {
    /// None.
    None,
    /// An event for each, without the payload.
    Headers,
    /// An event for each, with the payload.
    Payloads,
}

impl JsonFrames {
    /// Those that are written if `-v` was given so often.
    pub const fn of_verbosity(verbose: u8) -> Self {
        match verbose {
            0 | 1 => Self::None,
            2 => Self::Headers,
            _ => Self::Payloads,
        }
    }
}

/// What lines for other parts of the program have, and those of `--json` and recordings do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addition {
    /// For scenarios: the hashes of masked secrets ([`SECRET_IDS`]), and when a Close frame was sent or received.
    Scenario,
}

/// Writes events.
#[derive(Debug)]
pub struct Json {
    frames: JsonFrames,
    /// What else is in them.
    addition: Option<Addition>,
    /// The part of an event that the outlet does not have yet.
    part: Vec<u8>,
    when: TimeFields,
    texts: ShortTexts,
}

impl Json {
    /// Writes them, and these of frames.
    pub fn new(frames: JsonFrames) -> Self {
        Self {
            frames,
            addition: None,
            part: Vec::new(),
            when: TimeFields::default(),
            texts: ShortTexts::default(),
        }
    }

    /// Writes also this.
    pub fn with(self, addition: Addition) -> Self {
        Self { addition: Some(addition), ..self }
    }
}

/// The line of an event without frames' payloads, for formats that have the same values elsewhere; empty if there is none.
pub fn line(event: &Event<'_>) -> Vec<u8> {
    let mut outlet = Outlet::memory();
    Json::new(JsonFrames::Headers).event(event, &mut outlet);
    outlet.bytes().to_vec()
}

impl Format for Json {
    fn shares_messages(&self) -> bool {
        true
    }

    fn event(&mut self, event: &Event<'_>, out: &mut Outlet) {
        if let EventKind::Message(message) = &event.what
            && message.kind == MessageKind::Text
            && message.data.len() <= message::MOST
            && !message.masked
            && event.passes_as_it_is()
            && let Some(text) = message::Text::of(message.data)
        {
            let Self { texts, when, .. } = self;
            return out.write_record(message.data.len() + message::OTHERS, |line| {
                texts.write(line, when, event, message, text);
            });
        }
        self.when.set(event.at);
        let object = Object::new(&mut self.part, out, &self.when);
        match &event.what {
            EventKind::Open(opened) => open(object, event, opened, self.addition),
            EventKind::Message(message) => data_message(object, event, message),
            EventKind::FileSent(file) => file_sent(object, event, file),
            EventKind::Ping(direction, data) => {
                control(object, event, "ping", *direction, *data, None)
            }
            EventKind::Pong(direction, data, rtt) => {
                control(object, event, "pong", *direction, *data, *rtt)
            }
            EventKind::Frame(shown) if self.frames >= JsonFrames::Headers || shown.raw => {
                frame(object, event, shown, self.frames)
            }
            EventKind::Tolerated(direction, broken) => {
                let is_reframed = event.transit.is_some_and(|transit| transit.is_reframed);
                violation(object, event, *direction, broken, !is_reframed)
            }
            EventKind::Violation(direction, broken) if event.transit.is_some() => {
                violation(object, event, *direction, broken, false)
            }
            EventKind::CloseFrame(direction, close)
                if event.touch().is_some() || self.addition == Some(Addition::Scenario) =>
            {
                transit::close_frame(object, event, *direction, close)
            }
            EventKind::Omitted(omitted) => transit::omitted(object, event, omitted),
            EventKind::Decided(decided) => transit::decided(object, event, decided),
            EventKind::Http(http) => transit::http(object, event, http),
            EventKind::Closed(closed) => close(object, event, closed, self.addition),
            EventKind::ProxyClosed(closed) => transit::closed(object, event, closed),
            EventKind::Redirect(hop) => redirect(object, event, hop, self.addition),
            EventKind::RetryScheduled(attempt) => retry(object, event, attempt),
            EventKind::Failure(failure) => error(object, event, failure),
            // Other events have the same, or it is for people only.
            EventKind::Tunnel(_)
            | EventKind::Request(_)
            | EventKind::Frame(_)
            | EventKind::CloseFrame(..)
            | EventKind::Violation(..)
            | EventKind::Notice(..)
            | EventKind::Shown(_) => {}
        }
    }
}

fn redirect(mut object: Object<'_>, event: &Event<'_>, hop: &Redirect, addition: Option<Addition>) {
    object.start("redirect", event);
    object.number("status", u64::from(hop.status));
    object.text("reason", &hop.reason);
    object.text("from", &hop.from);
    object.text("to", &hop.to);
    if !hop.request.fields.is_empty() {
        object.headers("request_headers", &hop.request.fields);
        secret_ids(&mut object, &hop.request, addition);
    }
    object.objects("interim", hop.interim.iter(), interim);
    object.end();
}

fn retry(mut object: Object<'_>, event: &Event<'_>, retry: &RetryScheduled) {
    object.start(if retry.is_reconnect { "reconnect" } else { "retry" }, event);
    object.number("attempt", retry.attempt);
    object.millis("delay_ms", Some(retry.delay));
    object.text("reason", &retry.reason);
    if retry.is_reconnect {
        object.number("waiting", retry.waiting as u64);
        object.number("unconfirmed", retry.unconfirmed);
    }
    if let Some(limit) = retry.limit {
        object.number("limit", limit);
    }
    if retry.is_requested {
        object.boolean("requested", true);
    }
    object.end();
}

fn data_message(mut object: Object<'_>, event: &Event<'_>, message: &Message<'_>) {
    object.start("message", event);
    object.text("direction", event.direction_name(message.direction));
    object.text("type", message.kind.name());
    let text = (message.kind == MessageKind::Text).then(|| text_of(message.data));
    match &text {
        Some(text) => object.text("data", text),
        None => object.base64(message.data),
    }
    object.number("size", message.data.len() as u64);
    object.number("wire_size", message.wire_size);
    object.boolean("compressed", message.compressed);
    object.number("frames", message.frames);
    if message.masked {
        object.boolean("secrets_masked", true);
    }
    if let Some(Cow::Owned(_)) = text {
        object.base64_text("bytes", message.data);
    }
    transit::touch(&mut object, event);
    object.end();
}

/// Like a message, with the file in place of its data.
fn file_sent(mut object: Object<'_>, event: &Event<'_>, file: &FileSent<'_>) {
    object.start("message", event);
    object.text("direction", Direction::Sent.name());
    object.text("type", file.kind.name());
    object.text("file", file.path);
    object.number("size", file.size);
    object.number("wire_size", file.wire_size);
    object.boolean("compressed", false);
    object.number("frames", 1);
    object.end();
}

/// What was received as text may not be UTF-8 with `--lenient`.
fn text_of(data: &[u8]) -> Cow<'_, str> {
    match simdutf8::basic::from_utf8(data) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(data),
    }
}

fn control(
    mut object: Object<'_>,
    event: &Event<'_>,
    name: &str,
    direction: Direction,
    payload: ControlPayload<'_>,
    rtt: Option<Duration>,
) {
    object.start(name, event);
    object.text("direction", event.direction_name(direction));
    object.base64(payload.data);
    object.number("size", payload.len() as u64);
    object.millis("rtt_ms", rtt);
    if payload.masked {
        object.boolean("secrets_masked", true);
    }
    transit::touch(&mut object, event);
    object.end();
}

fn frame(mut object: Object<'_>, event: &Event<'_>, frame: &FrameEvent<'_>, detail: JsonFrames) {
    let header = &frame.header;
    object.start("frame", event);
    object.text("direction", event.direction_name(frame.direction));
    object.text("opcode", header.opcode.name());
    object.boolean("fin", header.fin);
    object.boolean("rsv1", header.rsv1);
    object.boolean("rsv2", header.rsv2);
    object.boolean("rsv3", header.rsv3);
    object.boolean("masked", header.mask.is_some());
    object.number("size", header.length);
    object.number("wire_size", header.wire_size());
    object.text_or_null("mask", header.mask.map(|key| HEXLOWER.encode(&key)).as_deref());
    object.number("length_bits", u64::from(header.length_bits()));
    object.boolean("minimal", header.is_minimal());
    object.number_or_null("message", frame.part.map(|part| part.message));
    object.number_or_null("fragment", frame.part.map(|part| part.fragment));
    object.boolean("compressed", frame.part.is_some_and(|part| part.compressed));
    object.number_or_null("plain_size", frame.plain_size);
    object.boolean("final_block", frame.part.is_some_and(|part| part.is_final_block));
    object.text("header", &HEXLOWER.encode(header.bytes()));
    object.boolean("raw", frame.raw);
    // A recording may have the frame without its payload.
    let is_known = frame.has_payload && (!frame.payload.is_empty() || header.length == 0);
    if detail == JsonFrames::Payloads && is_known {
        object.base64(frame.payload);
    }
    object.end();
}

/// A violation that was tolerated; one that was not is an error. In a proxy neither is.
fn violation(
    mut object: Object<'_>,
    event: &Event<'_>,
    direction: Direction,
    violation: &Violation,
    is_passed_on: bool,
) {
    object.start("violation", event);
    if event.transit.is_some() {
        object.text("direction", event.direction_name(direction));
    }
    violated(&mut object, violation);
    if event.transit.is_some() {
        object.boolean("passed_on", is_passed_on);
    }
    if event.transit.is_some_and(|transit| transit.is_reframed) {
        object.boolean("reframed", true);
    }
    object.end();
}

fn violated(object: &mut Object<'_>, violation: &Violation) {
    object.text("message", &violation.to_string());
    object.text("section", violation.rule.section());
    object.number("offset", violation.offset);
    object.text_or_null("header", violation.frame.map(|it| HEXLOWER.encode(it.bytes())).as_deref());
}

fn close(mut object: Object<'_>, event: &Event<'_>, closed: &Closed, addition: Option<Addition>) {
    let ending = &closed.ending;
    let code = ending.code();
    object.start("close", event);
    object.number("code", u64::from(code.get()));
    object.text("name", code.name());
    object.text("reason", ending.reason());
    object.boolean("was_clean", ending.is_clean());
    object.text_or_null("initiator", closed.initiator().map(|initiator| initiator.name()));
    side(&mut object, "sent", ending.sent.as_ref());
    let invalid = ending.violation.as_ref().and_then(Violation::invalid_close);
    side(&mut object, "received", ending.received.as_ref().or(invalid.as_ref()));
    ended::incomplete(&mut object, ending.incomplete.as_ref());
    ended::details(&mut object, closed);
    if let Some(ids) = &closed.masked {
        object.boolean("secrets_masked", true);
        if addition == Some(Addition::Scenario) && !ids.is_empty() {
            object.numbers(SECRET_IDS, ids);
        }
    }
    object.end();
}

/// The Close frame of one side.
fn side(object: &mut Object<'_>, name: &str, close: Option<&ClosePayload>) {
    match close {
        None => object.null(name),
        Some(close) => object.object(name, |inner| close_members(inner, close)),
    }
}

fn close_members(object: &mut Object<'_>, close: &ClosePayload) {
    let code = close.code.unwrap_or(CloseCode::NO_STATUS);
    object.number("code", u64::from(code.get()));
    object.text("reason", &close.reason);
}

fn error(mut object: Object<'_>, event: &Event<'_>, failure: &Failure) {
    object.start("error", event);
    object.text("kind", failure.kind.name());
    object.text("message", &failure.message);
    object.text_or_null("hint", failure.hint.as_deref());
    match &failure.response {
        None => {
            ["status", "response_headers"].into_iter().for_each(|key| object.null(key));
            let words = String::from_utf8_lossy(&failure.excerpt);
            object.text_or_null("body", Some(&*words).filter(|words| !words.is_empty()));
        }
        Some(response) => {
            object.number("status", u64::from(response.status));
            object.headers("response_headers", &response.head.fields);
            object.text("body", &String::from_utf8_lossy(&response.body));
        }
    }
    let response = failure.response.as_ref().map(|response| &response.head);
    let heads: Vec<_> = failure.request.as_ref().into_iter().chain(response).collect();
    object.malformed("malformed_headers", &heads);
    object.objects("interim", failure.interim.iter(), interim);
    if let Some(info) = &failure.certificate {
        object.object("certificate", |inner| certificate(inner, info));
    }
    if let Some(response) = &failure.response {
        object.text("status_line", &String::from_utf8_lossy(&response.head.start_line));
        if !response.notes.is_empty() {
            object.texts("body_notes", &response.notes);
        }
    }
    let body = failure.response.as_ref().map_or(&failure.excerpt, |response| &response.body);
    if str::from_utf8(body).is_err() {
        object.base64_text("body_bytes", body);
    }
    if let Some(attempt) = &failure.attempt {
        object.text("url", &attempt.url);
        if let Some(method) = &attempt.method {
            object.text("method", method);
        }
        if let Some(request) = &attempt.request {
            object.headers("request_headers", &request.fields);
        }
        if let Some(took) = &attempt.timings {
            timings(&mut object, took);
        }
    }
    if event.transit.is_some() {
        object.text("initiator", ProxyInitiator::Client.name()); // of the connection
    }
    object.end();
}

#[cfg(test)]
mod tests;
