//! The connection for people: how it was opened, its frames, how it was closed.

use std::time::Duration;

use super::message::{counted, grouped};
use super::stamp::short;
use super::{Detail, Human, arrow, role};
use crate::event::{Closed, HeadView, Opened};
use crate::net::Timings;
use crate::net::tls::TlsInfo;
use crate::output::escape::{Newlines, escape, escape_bytes, is_readable_text};
use crate::output::hex_dump::{hex, hex_dump};
use crate::output::style::Role;
use crate::protocol::connection::{ClosePayload, Counters, Direction, EndCause, FrameEvent, Party};
use crate::protocol::violation::Violation;

/// Payload bytes shown of a frame.
const MAX_PREVIEW: usize = 48;

/// Payload bytes dumped of a frame with `-vvv`.
const MAX_DUMP: usize = 4096;

impl Human {
    pub(super) fn opened(&self, opened: &Opened) -> Option<String> {
        if !self.tells(Detail::Line) {
            return None;
        }
        if !self.tells(Detail::Head) {
            return Some(self.remark(Role::Dim, &summary(opened)));
        }
        let mut text = String::new();
        if self.tells(Detail::Control) {
            text += &self.head(Direction::Sent, &opened.request);
        }
        text += &self.head(Direction::Received, &opened.response);
        text += &format!("{}\n", self.paint(Role::Good, &connected(opened)));
        text += &self.paint(Role::Dim, &format!("  {}\n", negotiated(opened)));
        if let Some(tls) = &opened.tls {
            text += &self
                .paint(Role::Dim, &format!("  {}\n", escape(&tls_text(tls), Newlines::Escape)));
        }
        text += &self.paint(Role::Dim, &format!("  {}\n", timings_text(&opened.timings)));
        Some(text)
    }

    /// A head as it was on the wire, each line with the direction in front.
    pub(super) fn head(&self, direction: Direction, head: &HeadView) -> String {
        let arrow = self.paint(role(direction), arrow(direction));
        let start_line = self.paint(Role::Bold, &escape_bytes(&head.start_line, Newlines::Escape));
        let mut text = format!("{arrow} {start_line}\n");
        for (name, value) in &head.fields {
            let name = self.paint(Role::HeaderName, name);
            text += &format!("{arrow} {name}: {}\n", escape_bytes(value, Newlines::Escape));
        }
        text
    }

    pub(super) fn control(&self, name: &str, direction: Direction, data: &[u8]) -> Option<String> {
        self.tells(Detail::Control)
            .then(|| format!("{}\n", self.control_line(name, direction, data)))
    }

    /// Whoever sent a ping wants to see this, also without `-v`.
    pub(super) fn answered_ping(&self, data: &[u8], rtt: Duration) -> Option<String> {
        self.tells(Detail::Head).then(|| {
            let rtt = self.paint(Role::Dim, &format!(", round trip {}", short(rtt)));
            format!("{}{rtt}\n", self.control_line("pong", Direction::Received, data))
        })
    }

    fn control_line(&self, name: &str, direction: Direction, data: &[u8]) -> String {
        let arrow = self.paint(role(direction), arrow(direction));
        let name = self.paint(Role::Control, name);
        let data = if data.is_empty() { String::new() } else { format!(" {}", preview(data)) };
        format!("{arrow} {name}{data}")
    }

    pub(super) fn close_frame(&self, direction: Direction, close: &ClosePayload) -> Option<String> {
        if !self.tells(Detail::Control) {
            return None;
        }
        let arrow = self.paint(role(direction), arrow(direction));
        Some(format!("{arrow} {} {}\n", self.paint(Role::Control, "close"), close_text(close)))
    }

    pub(super) fn frame(&self, frame: &FrameEvent<'_>) -> Option<String> {
        if !self.tells(Detail::Frames) {
            return None;
        }
        let header = &frame.header;
        let mark = format!("{0}{0}", arrow(frame.direction));
        let mark = self.paint(role(frame.direction), &mark);
        let mut facts = vec![header.opcode.to_string()];
        facts.extend(header.fin.then(|| "FIN".to_owned()));
        facts.extend(Some(header.reserved_bits()).filter(|bits| !bits.is_empty()));
        facts.extend(header.mask.map(|key| format!("mask {}", hex(&key).replace(' ', ""))));
        facts.push(format!("length {} ({} bit)", grouped(header.length), header.length_bits()));
        let shown = &frame.payload[..frame.payload.len().min(MAX_PREVIEW)];
        let preview = if shown.is_empty() { String::new() } else { format!(" {}", preview(shown)) };
        let more = if shown.len() < frame.payload.len() { "…" } else { "" };
        let mut text =
            format!("{mark} frame {}{}{more}\n", facts.join(", "), self.paint(Role::Dim, &preview));
        if self.tells(Detail::Bytes) {
            text += &format!("   header {}\n", hex(header.bytes()));
            let dumped = &frame.payload[..frame.payload.len().min(MAX_DUMP)];
            if !dumped.is_empty() {
                text += &format!("{}\n", hex_dump(dumped, self.options.style, "   "));
            }
        }
        Some(text)
    }

    pub(super) fn violation(&self, violation: &Violation) -> Option<String> {
        let header = violation.frame.filter(|_| self.tells(Detail::Line))?;
        let what = format!("frame at byte {}: header {}", violation.offset, hex(header.bytes()));
        Some(self.remark(Role::Error, &what))
    }

    pub(super) fn closed(&self, closed: &Closed) -> Option<String> {
        let surplus = match self.surplus {
            0 => String::new(),
            1 => "1 more message came after the last one that --count asked for".to_owned(),
            many => format!("{many} more messages came after the last one that --count asked for"),
        };
        let mut text = String::new();
        if !surplus.is_empty() && self.tells(Detail::Line) {
            text += &self.remark(Role::Dim, &surplus);
        }
        let is_worth_a_line = match self.options.detail {
            Detail::Quiet => false,
            Detail::Line => {
                closed.ending.initiator == Party::Peer || !closed.ending.reason().is_empty()
            }
            _ => true,
        };
        if is_worth_a_line && !closed.failure_follows {
            text += &self.remark(Role::Good, &closed_text(closed));
        }
        if self.tells(Detail::Head) {
            text += &self.remark(Role::Dim, &totals(closed));
        }
        (!text.is_empty()).then_some(text)
    }
}

/// One line for a pipe.
fn summary(opened: &Opened) -> String {
    let tls = opened.tls.as_ref().map_or_else(String::new, |tls| format!(", {}", tls.version));
    let (what, took) = (negotiated(opened), short(opened.timings.total));
    format!("{}{tls}, {what}, {took}", connected(opened))
}

fn connected(opened: &Opened) -> String {
    match opened.initiator {
        Party::Local => format!("connected to {} ({})", opened.url, opened.remote),
        Party::Peer => format!("client {} connected to {}", opened.remote, opened.url),
    }
}

fn negotiated(opened: &Opened) -> String {
    let protocol = match &opened.protocol {
        Some(name) => format!("subprotocol {}", escape(name, Newlines::Escape)),
        None => "no subprotocol".to_owned(),
    };
    let extensions = match &opened.extensions {
        Some(list) => format!("extensions {}", escape(list, Newlines::Escape)),
        None => "no extensions".to_owned(),
    };
    format!("{protocol}, {extensions}")
}

fn tls_text(tls: &TlsInfo) -> String {
    let certificate = tls.certificate.as_ref().map_or_else(String::new, |certificate| {
        let end = jiff::Timestamp::from_second(certificate.not_after).unwrap_or_default();
        format!(
            "; certificate {}, issued by {}, until {end}",
            certificate.subject, certificate.issuer
        )
    });
    format!("{}, {}{certificate}", tls.version, tls.cipher)
}

fn timings_text(timings: &Timings) -> String {
    let phases = [
        ("dns", timings.dns),
        ("tcp", timings.tcp),
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

fn preview(data: &[u8]) -> String {
    if is_readable_text(data) {
        format!("\"{}\"", escape_bytes(data, Newlines::Escape))
    } else {
        hex(data)
    }
}

fn close_text(close: &ClosePayload) -> String {
    match close.code {
        None => "without a code (1005)".to_owned(),
        Some(code) if close.reason.is_empty() => code.to_string(),
        Some(code) => format!("{code}, reason \"{}\"", escape(&close.reason, Newlines::Escape)),
    }
}

fn closed_text(closed: &Closed) -> String {
    let ending = &closed.ending;
    let who = match ending.initiator {
        Party::Peer => "by the peer",
        Party::Local => "by us",
    };
    let what = match (&ending.cause, &ending.received) {
        (EndCause::Handshake, Some(close)) => close_text(close),
        _ => ending.code().to_string(),
    };
    format!("closed {who}: {what}")
}

fn totals(closed: &Closed) -> String {
    let side = |counters: &Counters| {
        format!(
            "{} ({})",
            counted(counters.messages, "message"),
            counted(counters.payload_bytes, "byte")
        )
    };
    format!(
        "received {}, sent {}, in {}",
        side(&closed.received),
        side(&closed.sent),
        short(closed.age)
    )
}
