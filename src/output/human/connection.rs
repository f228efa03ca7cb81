//! How a connection was opened, its control frames, how it was closed.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::message::{counted, grouped};
use super::preview::preview;
use super::stamp::short;
use super::{Detail, Human, arrow, role};
use crate::event::{Closed, HeadView, LastTraffic, Opened, ProxyHeads, SOON};
use crate::net::Timings;
use crate::output::certificate;
use crate::output::escape::{Newlines, escape, escape_bytes, quoted};
use crate::output::head::head_lines;
use crate::output::style::Role;
use crate::output::wrap::HANGING;
use crate::protocol::Opcode;
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::{EndCause, Ending, Initiator};
use crate::protocol::vocabulary::{Compressed, Counters, Direction, Position, TransportEnd};

impl Human {
    /// The CONNECT request and the response of the proxy.
    pub(super) fn tunnel(&self, heads: &ProxyHeads) -> Option<String> {
        self.shows(Detail::Control).then(|| {
            let answers = heads.interim.iter().map(|interim| &interim.head).chain(&heads.response);
            let answers = answers.map(|head| self.head(Direction::Received, head));
            self.head(Direction::Sent, &heads.request) + &answers.collect::<String>()
        })
    }

    /// Our request.
    pub(super) fn request(&self, head: &HeadView) -> Option<String> {
        self.shows(Detail::Control).then(|| self.head(Direction::Sent, head))
    }

    pub(super) fn opened(&self, opened: &Opened) -> Option<String> {
        if !self.shows(Detail::Line) {
            return None;
        }
        if !self.shows(Detail::Head) {
            return Some(self.remark(Role::Dim, &summary(opened)));
        }
        // One line: the heads of browsers are long, and they reconnect often.
        if opened.initiator == Initiator::Peer && !self.shows(Detail::Control) {
            return Some(self.joined_line(opened));
        }
        // Our request was shown when it was sent.
        Some(match opened.initiator {
            Initiator::Local => self.opened_in_full(opened, None, Direction::Received),
            Initiator::Peer => {
                self.opened_in_full(opened, Some(Direction::Received), Direction::Sent)
            }
        })
    }

    /// A client that connected to us or through us, in one line.
    pub(super) fn joined_line(&self, opened: &Opened) -> String {
        format!("{}\n", self.paragraph(Role::Good, &self.joined(opened), 0, HANGING))
    }

    /// The response head in the direction `answering`, before it the request head if that has a direction, and details.
    pub(super) fn opened_in_full(
        &self,
        opened: &Opened,
        asking: Option<Direction>,
        answering: Direction,
    ) -> String {
        let mut text = String::new();
        if let Some(asking) = asking {
            text += &self.head(asking, &opened.request);
        }
        let interim = opened.interim.iter().map(|interim| &interim.head);
        interim.chain([&opened.response]).for_each(|head| text += &self.head(answering, head));
        text += &format!("{}\n", self.paragraph(Role::Good, &connected(opened), 0, HANGING));
        let detail = |detail: &str| {
            let line = format!("  {}", escape(detail, Newlines::Escape));
            format!("{}\n", self.paragraph(Role::Dim, &line, 0, HANGING))
        };
        text += &detail(&negotiated(opened));
        if let Some(tls) = &opened.tls {
            let alpn = tls.alpn.as_ref().filter(|_| self.shows(Detail::Control));
            let alpn = alpn.map_or_else(String::new, |name| format!(", ALPN {name}"));
            text += &detail(&format!("{}, {}{alpn}", tls.version, tls.cipher));
            text += &tls.certificate.as_ref().map_or_else(String::new, |certificate| {
                match self.shows(Detail::Control) {
                    true => {
                        detail("certificate")
                            + &certificate::lines(
                                certificate,
                                4,
                                self.options.style,
                                self.columns(),
                            )
                    }
                    false => detail(&certificate::line(certificate)),
                }
            });
        }
        if opened.timings != Timings::default() {
            text += &detail(&timings_text(&opened.timings));
        }
        text
    }

    /// A client of ours, in one line of 80 columns if what it sent allows that.
    fn joined(&self, opened: &Opened) -> String {
        let resource = opened.url.splitn(4, '/').nth(3).unwrap_or_default();
        let mut facts = format!("/{resource}{}", origin(opened));
        match &opened.protocol {
            Some(name) => facts += &format!(", subprotocol {name}"),
            // The reason why a browser fails the connection.
            None if !opened.offered.is_empty() => {
                facts += &format!(", no subprotocol (offered: {})", opened.offered.join(", "));
            }
            None => {}
        }
        let client = format!("client {}", opened.remote);
        let text = format!("{client} connected to {facts}");
        let columns = self.columns().map(|columns| columns.saturating_sub(self.overhang()));
        let is_short = columns.is_none_or(|columns| text.width() <= columns);
        let text = if is_short { text } else { format!("{client}: {facts}") };
        escape(&text, Newlines::Escape).into_owned()
    }

    /// A head as it was on the wire, each line behind an arrow for the direction.
    pub(super) fn head(&self, direction: Direction, head: &HeadView) -> String {
        let arrow = self.paint(role(direction), arrow(direction));
        let start_line = self.paint(Role::Bold, &escape_bytes(&head.start_line, Newlines::Escape));
        format!("{arrow} {start_line}\n") + &head_lines(head, &arrow, self.options.style)
    }

    /// A ping or pong; with `-v`.
    pub(super) fn control(&self, name: &str, direction: Direction, data: &[u8]) -> Option<String> {
        self.shows(Detail::Control)
            .then(|| format!("{}\n", self.control_line(name, direction, data)))
    }

    /// The pong for a ping that was typed is shown without `-v`; at a prompt, where it answers a command, also with `-q`.
    pub(super) fn answered_ping(&self, data: &[u8], rtt: Duration) -> Option<String> {
        let answers_command = self.options.answers && self.options.full_command;
        (answers_command || self.shows(Detail::Head)).then(|| {
            let rtt = self.paint(Role::Dim, &format!(", round trip {}", short(rtt)));
            format!("{}{rtt}\n", self.control_line("pong", Direction::Received, data))
        })
    }

    pub(super) fn control_line(&self, name: &str, direction: Direction, data: &[u8]) -> String {
        let arrow = self.paint(role(direction), arrow(direction));
        let name = self.paint(Role::Control, name);
        let data = if data.is_empty() { String::new() } else { format!(" {}", preview(data)) };
        format!("{arrow} {name}{data}")
    }

    pub(super) fn close_frame(&self, direction: Direction, close: &ClosePayload) -> Option<String> {
        self.shows(Detail::Control).then(|| self.close_line(direction, close))
    }

    pub(super) fn close_line(&self, direction: Direction, close: &ClosePayload) -> String {
        let arrow = self.paint(role(direction), arrow(direction));
        format!("{arrow} {} {}\n", self.paint(Role::Control, "close"), close_text(close))
    }

    pub(super) fn closed(&self, closed: &Closed) -> Option<String> {
        let surplus = match self.surplus {
            0 => String::new(),
            1 => "1 more message was received after the last one that --count asked for".to_owned(),
            many => format!(
                "{many} more messages were received after the last one that --count asked for"
            ),
        };
        let mut text = String::new();
        if !surplus.is_empty() && self.shows(Detail::Line) {
            text += &self.remark(Role::Dim, &surplus);
        }
        if let Some(dropped) = incomplete(closed).filter(|_| self.shows(Detail::Line)) {
            text += &self.warning(&dropped);
        }
        let is_worth_a_line = match self.options.detail {
            Detail::Quiet => false,
            Detail::Line => {
                closed.initiator() != Some(Initiator::Local)
                    || closed.ending.cause == EndCause::CloseTimeout
                    || differing_answer(closed).is_some()
            }
            _ => true,
        };
        if is_worth_a_line && !closed.failure_follows {
            let when = if self.shows(Detail::Control) { when(closed) } else { String::new() };
            text += &self.remark(Role::Good, &format!("{}{when}", closed_text(closed)));
        }
        let hint = closed.hint.as_ref().filter(|_| !closed.failure_follows);
        if let Some(hint) = hint.filter(|_| self.shows(Detail::Line)) {
            text += &self.advice(hint);
        }
        if self.shows(Detail::Head) {
            text += &self.remark(Role::Dim, &totals(closed));
            text +=
                &compression(closed).map_or_else(String::new, |line| self.remark(Role::Dim, &line));
        }
        (!text.is_empty()).then_some(text)
    }
}

/// One line for a pipe.
fn summary(opened: &Opened) -> String {
    let tls = opened.tls.as_ref().map_or_else(String::new, |tls| format!(", {}", tls.version));
    let took = match opened.timings.total {
        Duration::ZERO => String::new(), // a recording may not have it
        total => format!(", {}", short(total)),
    };
    let what = negotiated(opened);
    let origin = match opened.initiator {
        Initiator::Local => String::new(),
        Initiator::Peer => origin(opened),
    };
    format!("{}{origin}{tls}, {what}{took}", connected(opened))
}

/// ", Origin http://localhost:3000" of a browser.
fn origin(opened: &Opened) -> String {
    let fields = &opened.request.fields;
    let field = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("Origin"));
    let origin = field.map(|(_, value)| format!(", Origin {}", String::from_utf8_lossy(value)));
    origin.unwrap_or_default()
}

fn connected(opened: &Opened) -> String {
    let text = match opened.initiator {
        Initiator::Local => {
            let remote = match &opened.proxy {
                Some(proxy) => format!(" (via {})", proxy.words),
                None if opened.remote.is_empty() => String::new(), // a recording may not have it
                None => format!(" ({})", opened.remote),
            };
            let url = if opened.url.is_empty() { "an unknown URL" } else { &opened.url };
            format!("connected to {url}{remote}")
        }
        Initiator::Peer => format!("client {} connected to {}", opened.remote, opened.url),
    };
    escape(&text, Newlines::Escape).into_owned() // a client chooses its request target
}

fn negotiated(opened: &Opened) -> String {
    let protocol = match &opened.protocol {
        Some(name) => format!("subprotocol {}", escape(name, Newlines::Escape)),
        None => "no subprotocol".to_owned(),
    };
    let extensions = match (&opened.extensions, &opened.compression) {
        (Some(list), None) => format!("extensions {}", escape(list, Newlines::Escape)),
        (_, Some(words)) => words.clone(),
        (None, None) => "no extensions".to_owned(),
    };
    format!("{protocol}, {extensions}")
}

fn timings_text(timings: &Timings) -> String {
    let phases = [
        ("dns", timings.dns),
        ("tcp", timings.tcp),
        ("proxy", timings.proxy),
        ("tls", timings.tls),
        ("upgrade", timings.upgrade),
    ];
    let mut parts: Vec<_> = phases
        .iter()
        .filter_map(|(name, took)| took.map(|took| format!("{name} {}", short(took))))
        .collect();
    parts.push(format!("total {}", short(timings.total)));
    parts.join(", ")
}

/// A Close frame, as messages name it.
pub fn close_text(close: &ClosePayload) -> String {
    match close.code {
        None => "without a code (1005)".to_owned(),
        Some(code) if close.reason.is_empty() => code.to_string(),
        Some(code) => format!("{code}: {}", quoted(&close.reason, false)),
    }
}

/// A message that was incomplete, unless the place where the transport ended implies it.
fn incomplete(closed: &Closed) -> Option<String> {
    let message = closed.ending.incomplete?;
    let is_in_frame = matches!(
        closed.ending.cause,
        EndCause::Transport(_, Position::Payload { opcode: Opcode::Text | Opcode::Binary, .. })
    );
    let text = format!("an incomplete message was dropped: {message} had been received");
    (!is_in_frame).then_some(text)
}

/// How a connection ended, in a sentence.
pub fn closed_text(closed: &Closed) -> String {
    let ending = &closed.ending;
    if let (EndCause::Transport(TransportEnd::Error(error), _), None) =
        (&ending.cause, &ending.sent)
    {
        return format!("connection lost: {}: {}", ending.code(), escape(error, Newlines::Escape));
    }
    if closed.is_unsent && ending.received.is_none() {
        return format!("connection aborted: {}: our Close frame could not be sent", ending.code());
    }
    if closed.is_initiator_unknown {
        let close = ending.received.as_ref().or(ending.sent.as_ref());
        return close.map_or_else(
            || format!("closed: {}", ending.code()),
            |close| match close.code {
                None => format!("closed {}", close_text(close)),
                Some(_) => format!("closed with {}", close_text(close)),
            },
        );
    }
    let (who, close) = match (ending.initiator, &ending.sent) {
        (Initiator::Local, Some(sent)) => ("by us", Some(sent)),
        (Initiator::Local, None) => ("by us", None),
        (Initiator::Peer, _) => ("by the peer", ending.received.as_ref()),
    };
    let text = match close {
        None if ending.initiator == Initiator::Peer => {
            format!("closed {who}: {}{}", ending.code(), transport_text(ending))
        }
        None => format!("closed {who}: {}", ending.code()),
        Some(close) if close.code.is_none() => format!("closed {who} {}", close_text(close)),
        Some(close) => format!("closed {who}: {}", close_text(close)),
    };
    match (&ending.cause, differing_answer(closed)) {
        (_, Some(answer)) if answer.code.is_none() => {
            format!("{text}; the peer answered {}", close_text(answer))
        }
        (_, Some(answer)) => format!("{text}; the peer answered: {}", close_text(answer)),
        (EndCause::Transport(end, _), None) if ending.sent.is_some() => {
            format!(
                "{text}; the peer did not answer: {} (1006)",
                escape(&end.to_string(), Newlines::Escape)
            )
        }
        (EndCause::CloseTimeout | EndCause::Abandoned, None) if ending.sent.is_some() => {
            format!("{text}; the peer did not answer (1006)")
        }
        _ => text,
    }
}

/// How and where the connection ended without a Close frame.
fn transport_text(ending: &Ending) -> String {
    match &ending.cause {
        EndCause::Transport(end, position) => {
            format!(": {}, {position}", escape(&end.to_string(), Newlines::Escape))
        }
        _ => String::new(),
    }
}

/// When the peer closed, if that was soon after other traffic.
fn when(closed: &Closed) -> String {
    if closed.initiator() != Some(Initiator::Peer) || closed.ending.received.is_none() {
        return String::new();
    }
    match (closed.last.sent(), &closed.last) {
        (Some((what, ago)), _) if ago < SOON => format!(", {} after {what} was sent", short(ago)),
        (_, LastTraffic::Handshake) if closed.quiet < SOON => {
            format!(", {} after the handshake", short(closed.quiet))
        }
        _ => String::new(),
    }
}

/// The peer's answer to our Close frame, if it differs. It may: only an endpoint that closes for the same
/// reason answers with the same code (RFC 6455 section 5.5.1).
fn differing_answer(closed: &Closed) -> Option<&ClosePayload> {
    let ending = &closed.ending;
    let (sent, received) = (ending.sent.as_ref()?, ending.received.as_ref()?);
    let is_echo = received.code == sent.code
        && (received.reason == sent.reason || received.reason.is_empty());
    (closed.initiator() == Some(Initiator::Local) && !is_echo).then_some(received)
}

/// What compression saved, if there was any.
fn compression(closed: &Closed) -> Option<String> {
    let sides = packed_sides(&closed.received, &closed.sent);
    (!sides.is_empty()).then(|| format!("compression: {}", sides.join("; ")))
}

/// What compression saved of each direction; nothing about a single message, which is not a summary.
pub(super) fn packed_sides(received: &Counters, sent: &Counters) -> Vec<String> {
    packed_directions([("received", received), ("sent", sent)])
}

/// The same, with these names of the directions.
pub(super) fn packed_directions(directions: [(&str, &Counters); 2]) -> Vec<String> {
    let sides = directions.map(|(name, counters)| (name, &counters.compressed));
    if sides.iter().all(|(_, compressed)| compressed.messages <= 1) {
        return Vec::new();
    }
    let sides = sides.into_iter();
    sides.filter_map(|(name, it)| packed(it).map(|text| format!("{name} {text}"))).collect()
}

/// "3 messages, 200 bytes compressed to 40 (20 %)".
fn packed(compressed: &Compressed) -> Option<String> {
    let Compressed { messages, packed_bytes, plain_bytes } = *compressed;
    (messages > 0).then(|| {
        format!(
            "{}, {} compressed to {} ({})",
            counted(messages, "message"),
            counted(plain_bytes, "byte"),
            grouped(packed_bytes),
            percent(packed_bytes, plain_bytes)
        )
    })
}

/// 23 of 120 → "19 %".
pub(super) fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "of nothing".to_owned(),
        _ => format!("{:.0} %", part as f64 * 100.0 / whole as f64),
    }
}

fn totals(closed: &Closed) -> String {
    let [received, sent] = [&closed.received, &closed.sent].map(messages_of);
    format!("received {received}, sent {sent}, in {}", short(closed.age))
}

/// "2 messages (10 bytes)".
pub(super) fn messages_of(counters: &Counters) -> String {
    let messages = counted(counters.messages, "message");
    format!("{messages} ({})", counted(counters.payload_bytes, "byte"))
}
