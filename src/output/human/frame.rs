//! Frames: every bit of the header, the message, and the payload.

use unicode_width::UnicodeWidthStr;

use super::connection::percent;
use super::message::{counted, grouped};
use super::preview::{payload_preview, preview};
use super::{Detail, Human, arrow, role};
use crate::output::escape::is_readable_text;
use crate::output::hex_dump::{hex, hex_dump};
use crate::output::style::Role;
use crate::output::wrap::HANGING;
use crate::protocol::Opcode;
use crate::protocol::close::ClosePayload;
use crate::protocol::violation::Violation;
use crate::protocol::vocabulary::{FrameEvent, Part};

/// Payload bytes shown of a frame.
const MAX_PREVIEW: usize = 48;

/// A reason is shown whole.
const MAX_REASON: usize = ClosePayload::MAX_REASON;

/// Payload bytes dumped of a frame with `-vvv`.
const MAX_DUMP: usize = 64 << 10;

impl Human {
    /// Frames are shown with `-vv`; a raw frame of ours is always shown.
    pub(super) fn frame(&self, frame: &FrameEvent<'_>) -> Option<String> {
        let is_reported = self.shows(Detail::Frames) || (frame.raw && self.shows(Detail::Line));
        if !is_reported {
            return None;
        }
        let mark = format!("{0}{0}", arrow(frame.direction));
        let raw = if frame.raw { "raw " } else { "" };
        let lead = mark.len() + " ".len() + raw.len();
        let facts = format!("frame {}", facts(frame));
        let facts = self.wrapped(&facts, lead, HANGING);
        let column = match facts.rsplit_once('\n') {
            Some((_, last)) => last.width(),
            None => self.overhang() + lead + facts.width(),
        };
        let mark = self.paint(role(frame.direction), &mark);
        let raw = self.paint(Role::Warning, raw);
        let preview = self.beside(&preview_of(frame), column);
        let text = format!("{mark} {raw}{facts}{preview}\n");
        Some(if self.shows(Detail::Bytes) { text + &self.bytes_of(frame) } else { text })
    }

    /// A preview behind what takes `column` columns of the line, or on lines of its own.
    fn beside(&self, preview: &str, column: usize) -> String {
        let Some(words) = preview.strip_prefix(' ') else { return String::new() };
        if self.columns().is_none_or(|columns| column + preview.width() <= columns) {
            return self.paint(Role::Dim, preview);
        }
        let below = format!("{}{words}", " ".repeat(HANGING));
        format!("\n{}", self.paragraph(Role::Dim, &below, 0, 0))
    }

    fn bytes_of(&self, frame: &FrameEvent<'_>) -> String {
        let mut text = format!("   header {}\n", hex(frame.header.bytes()));
        let dumped = &frame.payload[..frame.payload.len().min(MAX_DUMP)];
        if !dumped.is_empty() {
            text += &format!("{}\n", hex_dump(dumped, self.options.style, "   ", self.columns()));
        }
        let rest = frame.payload.len() - dumped.len();
        if rest > 0 {
            let remark = format!("   … {} more bytes", grouped(rest as u64));
            text += &format!("{}\n", self.paint(Role::Dim, &remark));
        }
        text
    }

    /// The frame whose violation ends the connection. The failure that follows names the cause.
    pub(super) fn violation(&self, violation: &Violation) -> Option<String> {
        let text = if self.shows(Detail::Line) { self.offending(violation) } else { String::new() };
        (!text.is_empty()).then_some(text)
    }

    pub(super) fn offending(&self, violation: &Violation) -> String {
        offending_frame(violation).map_or_else(String::new, |text| self.remark(Role::Error, &text))
    }

    /// A violation that is tolerated.
    pub(super) fn tolerated(&self, violation: &Violation) -> Option<String> {
        if self.options.detail == Detail::Quiet {
            return None;
        }
        Some(self.warning(&violation.to_string()) + &self.offending(violation))
    }
}

/// "text, FIN, RSV1, length 23 (7 bit), message 4, 120 bytes compressed to 23 (19 %)".
fn facts(frame: &FrameEvent<'_>) -> String {
    let mut text = frame.header.to_string();
    let Some(part) = frame.part else { return text };
    let Part { message, fragment, compressed, is_final_block } = part;
    text += &format!(", message {message}");
    if fragment > 1 || !frame.header.fin {
        text += &format!(", fragment {fragment}");
    }
    match frame.plain_size {
        Some(plain) => {
            let packed = frame.header.length;
            let ratio = percent(packed, plain);
            let plain = counted(plain, "byte");
            text += &format!(", {plain} compressed to {} ({ratio})", grouped(packed));
        }
        None if compressed => text += ", compressed",
        None => {}
    }
    if is_final_block {
        text += ", ends with a final DEFLATE block (BFINAL)";
    }
    text
}

/// The frame that broke a rule, with its bytes as far as they are known.
fn offending_frame(violation: &Violation) -> Option<String> {
    let header = violation.frame?;
    let mut text = format!(
        "offending frame at byte {}: {header}; header {}",
        violation.offset,
        hex(header.bytes())
    );
    if !violation.payload.is_empty() {
        text += &format!("; payload {}", hex(&violation.payload));
        if (violation.payload.len() as u64) < header.length {
            text += " …";
        }
        if is_readable_text(&violation.payload) {
            text += &format!(" {}", preview(&violation.payload));
        }
    }
    Some(text)
}

/// The payload, or its start: of a compressed message decompressed, of a Close frame code and reason.
fn preview_of(frame: &FrameEvent<'_>) -> String {
    match (frame.header.opcode, frame.payload.split_first_chunk::<2>()) {
        (Opcode::Close, Some((code, reason))) => {
            format!(" {}{}", hex(code), payload_preview(reason, MAX_REASON))
        }
        _ => payload_preview(frame.plain.unwrap_or(frame.payload), MAX_PREVIEW),
    }
}
