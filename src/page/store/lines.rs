//! What a line says of its event.

use crate::page::facts::{Facts, Kind, Level};
use crate::page::members::{Members, micros, number};
use crate::protocol::{CloseCode, Side};

/// A line of an event.
#[derive(Debug)]
pub(super) enum Line {
    /// It is a row.
    Row(Facts),
    /// It is a frame, which belongs to the row behind it.
    Frame(Frame),
}

/// A frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) connection: Option<u64>,
    pub(super) from: Side,
    /// The kind of row that it belongs to: [`Kind::Text`] for all data frames.
    pub(super) kind: Kind,
    /// It has nothing that its message does not tell.
    pub(super) is_plain: bool,
}

/// Reads a line; `None`: it is not of an event that is shown. `is_server` says whether this program is the server of a
/// connection.
pub(super) fn read(line: &[u8], is_server: impl FnOnce(Option<u64>) -> bool) -> Option<Line> {
    // Offsets have 32 bits.
    if line.len() > (u32::MAX / 2) as usize {
        return None;
    }
    let mut found = Found::default();
    let mut members = Members::new(line);
    while let Some((key, value)) = members.next() {
        found.take(key, value, members.position());
    }
    if !members.is_whole() {
        return None;
    }
    if found.event == b"\"frame\"" && !found.raw {
        return Some(Line::Frame(found.frame(is_server)?));
    }
    Some(Line::Row(found.facts(line, is_server)?))
}

/// The members that matter.
#[derive(Debug, Default)]
struct Found<'a> {
    event: &'a [u8],
    direction: &'a [u8],
    kind: &'a [u8],
    opcode: &'a [u8],
    outcome: &'a [u8],
    facts: Facts,
    status: u64,
    has_file: bool,
    omitted: bool,
    raw: bool,
    not_final: bool,
    rsv1: bool,
    /// A reserved bit, a length in more bytes than it needs, or a final block.
    is_odd: bool,
    fragment: u64,
    masked: bool,
}

impl<'a> Found<'a> {
    /// Takes a member whose value ends at `end`.
    fn take(&mut self, key: &[u8], value: &'a [u8], end: usize) {
        let facts = &mut self.facts;
        let is_true = value == b"true";
        match key {
            b"event" => self.event = value,
            b"elapsed_ms" => facts.elapsed = micros(value).unwrap_or_default(),
            b"connection" => facts.connection = number(value),
            b"direction" => self.direction = value,
            b"type" => self.kind = value,
            b"encoding" => facts.is_base64 = true,
            b"data" if value.len() >= 2 => {
                // The length of a line was checked.
                facts.data = (end - value.len() + 1) as u32;
                facts.data_length = (value.len() - 2) as u32;
            }
            b"size" => facts.size = number(value),
            b"wire_size" => facts.wire_size = number(value).unwrap_or_default(),
            b"compressed" => facts.compressed = is_true,
            b"frames" => facts.frames = number(value).map_or(0, saturated),
            b"code" => facts.code = number(value).map_or(0, |code| code.min(65535) as u16),
            b"rule" => facts.rule = number(value).map_or(0, saturated),
            b"status" => self.status = number(value).unwrap_or_default(),
            b"file" => self.has_file = true,
            b"omitted" => self.omitted = is_true,
            b"raw" => self.raw = is_true,
            b"opcode" => self.opcode = value,
            b"outcome" => self.outcome = value,
            b"fin" => self.not_final = !is_true,
            b"rsv1" => self.rsv1 = is_true,
            b"rsv2" | b"rsv3" | b"final_block" => self.is_odd |= is_true,
            b"minimal" => self.is_odd |= !is_true,
            b"fragment" => self.fragment = number(value).unwrap_or_default(),
            b"masked" => self.masked = is_true,
            _ => {}
        }
    }

    fn from(&self, is_server: impl FnOnce(Option<u64>) -> bool) -> Option<Side> {
        let is_sent = match self.direction {
            b"\"client\"" => return Some(Side::Client),
            b"\"server\"" => return Some(Side::Server),
            b"\"sent\"" => true,
            b"\"received\"" => false,
            _ => return None,
        };
        let is_server = is_server(self.facts.connection);
        Some(if is_sent == is_server { Side::Server } else { Side::Client })
    }

    fn frame(&self, is_server: impl FnOnce(Option<u64>) -> bool) -> Option<Frame> {
        let from = self.from(is_server)?;
        let kind = match self.opcode {
            b"\"ping\"" => Kind::Ping,
            b"\"pong\"" => Kind::Pong,
            b"\"close\"" => Kind::Close,
            _ => Kind::Text,
        };
        let is_plain = !self.is_odd
            && !self.not_final
            && self.rsv1 == self.facts.compressed
            && self.fragment <= 1
            && self.masked == (from == Side::Client)
            && kind != Kind::Close
            && self.opcode != b"\"reserved\"";
        Some(Frame { connection: self.facts.connection, from, kind, is_plain })
    }

    fn facts(self, line: &[u8], is_server: impl FnOnce(Option<u64>) -> bool) -> Option<Facts> {
        let kind = self.row_kind()?;
        let mut facts = Facts { kind, from: self.from(is_server), ..self.facts };
        facts.end = line.len() as u32; // its length was checked
        facts.level = self.level(kind);
        if kind == Kind::Held {
            // The row of its arrival shows the data.
            (facts.data, facts.data_length, facts.is_base64) = (0, 0, false);
        }
        Some(facts)
    }

    fn row_kind(&self) -> Option<Kind> {
        Some(match self.event {
            b"\"message\"" if self.omitted => Kind::Omitted,
            b"\"message\"" if self.kind == b"\"binary\"" => Kind::Binary,
            b"\"message\"" => Kind::Text,
            b"\"ping\"" => Kind::Ping,
            b"\"pong\"" => Kind::Pong,
            b"\"held\"" => Kind::Held,
            b"\"close_frame\"" => Kind::CloseFrame,
            b"\"close\"" => Kind::Close,
            b"\"open\"" => Kind::Open,
            b"\"error\"" => Kind::Error,
            b"\"violation\"" => Kind::Violation,
            b"\"http\"" => Kind::Http,
            b"\"redirect\"" => Kind::Redirect,
            b"\"retry\"" => Kind::Retry,
            b"\"reconnect\"" => Kind::Reconnect,
            b"\"frame\"" => Kind::Frame,
            _ => return None,
        })
    }

    fn level(&self, kind: Kind) -> Level {
        match kind {
            Kind::Error | Kind::Violation => Level::Bad,
            Kind::Close | Kind::CloseFrame => match CloseCode::new(self.facts.code) {
                code if code.is_normal() => Level::Plain,
                CloseCode::ABNORMAL
                | CloseCode::PROTOCOL_ERROR
                | CloseCode::INVALID_PAYLOAD
                | CloseCode::INTERNAL_ERROR => Level::Bad,
                _ => Level::Warn,
            },
            Kind::Held if self.outcome != b"\"delivered\"" => Level::Warn,
            Kind::Http if self.status >= 500 => Level::Bad,
            Kind::Http if self.status >= 400 => Level::Warn,
            Kind::Omitted | Kind::Retry | Kind::Reconnect => Level::Warn,
            _ => Level::Plain,
        }
    }
}

fn saturated(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
