//! An event as the detail of the page shows it: its line with as much data as was asked for.

use data_encoding::BASE64;

use super::block::Row;
use super::facts::Kind;
use super::members::{Members, inside, unescape};
use super::row::members;
use crate::protocol::{MessageKind, Side};
use crate::recording::scenario::{StepPayload, step};

/// The longest message of which there is a line of a scenario, in bytes.
const MAX_STEP: usize = 64 << 10;

/// The event without what is beyond `limit` bytes of its data, and whether anything is.
pub(super) fn cut_event(row: &Row<'_>, limit: usize) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    let is_cut = cut_object(members(row), limit, &mut out);
    (out, is_cut)
}

fn cut_object(members: Members<'_>, limit: usize, out: &mut Vec<u8>) -> bool {
    let mut is_cut = false;
    let is_base64 = members.clone().any(|(key, _)| key == b"encoding");
    let mut separator = b'{';
    for (key, value) in members {
        out.push(separator);
        separator = b',';
        out.push(b'"');
        out.extend_from_slice(key);
        out.extend_from_slice(b"\":");
        is_cut |= match key {
            b"data" if is_base64 => cut_base64(value, limit, out),
            b"bytes" | b"body_bytes" => cut_base64(value, limit, out),
            b"data" => cut_text(value, limit, out),
            b"changed_to" => cut_object(Members::new(value), limit, out),
            _ => {
                out.extend_from_slice(value);
                false
            }
        };
    }
    if separator == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
    is_cut
}

fn cut_base64(value: &[u8], limit: usize, out: &mut Vec<u8>) -> bool {
    let raw = inside(value);
    let most = limit.saturating_mul(4) / 3 / 4 * 4;
    let shown = &raw[..raw.len().min(most)];
    out.push(b'"');
    out.extend_from_slice(shown);
    out.push(b'"');
    shown.len() < raw.len()
}

/// Cuts a string in front of a character.
fn cut_text(value: &[u8], limit: usize, out: &mut Vec<u8>) -> bool {
    let raw = inside(value);
    let length = if raw.len() <= limit { raw.len() } else { start_length(raw, limit) };
    out.push(b'"');
    out.extend_from_slice(&raw[..length]);
    out.push(b'"');
    length < raw.len()
}

/// The length of the start of a string that stands for at most so many bytes.
fn start_length(raw: &[u8], limit: usize) -> usize {
    let (mut at, mut size) = (0, 0);
    while at < raw.len() {
        let (length, bytes) = match (raw[at], raw.get(at + 1)) {
            (b'\\', Some(b'u')) => {
                let mut c = Vec::with_capacity(4);
                let is_pair = raw[at..].get(2..3).is_some_and(|it| it.eq_ignore_ascii_case(b"d"))
                    && raw.get(at + 3).is_some_and(|it| b"89abAB".contains(it));
                let length = if is_pair { 12 } else { 6 }.min(raw.len() - at);
                unescape(&raw[at..at + length], &mut c);
                (length, c.len())
            }
            (b'\\', _) => (2.min(raw.len() - at), 1),
            (byte, _) => {
                let length = match byte {
                    0..0x80 => 1,
                    0x80..0xe0 => 2,
                    0xe0..0xf0 => 3,
                    _ => 4,
                };
                let length = length.min(raw.len() - at);
                (length, length)
            }
        };
        if size + bytes > limit {
            break;
        }
        (at, size) = (at + length, size + bytes);
    }
    at
}

/// What a scenario has for a message, ping or pong, or for the Close frame of a rule or of the end.
pub(super) fn scenario_line(row: &Row<'_>) -> Option<String> {
    let facts = row.facts;
    let is_sent = facts.from == Some(Side::Client);
    match facts.kind {
        Kind::Text | Kind::Binary | Kind::Ping | Kind::Pong => {
            if facts.data == 0 || row.is_cut() || row.data().len() > 2 * MAX_STEP {
                return None;
            }
            let data = data(row)?;
            if data.len() > MAX_STEP {
                return None;
            }
            let payload = match facts.kind {
                Kind::Text => StepPayload::Message(MessageKind::Text, &data),
                Kind::Binary => StepPayload::Message(MessageKind::Binary, &data),
                Kind::Ping => StepPayload::Ping(&data),
                _ => StepPayload::Pong(&data),
            };
            step(is_sent, &payload)
        }
        Kind::Close | Kind::CloseFrame => {
            let reason = members(row).find("reason").map(super::members::text).unwrap_or_default();
            step(is_sent, &StepPayload::Close(facts.code, &reason))
        }
        _ => None,
    }
}

fn data(row: &Row<'_>) -> Option<Vec<u8>> {
    let raw = row.data();
    if row.facts.is_base64 {
        return BASE64.decode(raw).ok();
    }
    let mut data = Vec::with_capacity(raw.len());
    unescape(raw, &mut data);
    Some(data)
}
