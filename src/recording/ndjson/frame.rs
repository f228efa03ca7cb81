//! Frames, and violations of the protocol.

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;

use super::payload::Encoding;
use super::values::{Direction, Text, or_default};
use crate::protocol::frame::Header;
use crate::protocol::vocabulary::Part;
use crate::protocol::{Opcode, Rule, Violation};
use crate::recording::{RecordedFrame, RecordedKind};

/// The members of a frame.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct FrameLine<'a> {
    direction: Direction,
    opcode: OpcodeName,
    #[serde(default, deserialize_with = "or_default")]
    fin: bool,
    #[serde(default, deserialize_with = "or_default")]
    rsv1: bool,
    #[serde(default, deserialize_with = "or_default")]
    rsv2: bool,
    #[serde(default, deserialize_with = "or_default")]
    rsv3: bool,
    size: u64,
    #[serde(default, deserialize_with = "or_default")]
    masked: bool,
    mask: Option<String>,
    message: Option<u64>,
    fragment: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    compressed: bool,
    plain_size: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    final_block: bool,
    header: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    raw: bool,
    encoding: Option<Encoding>,
    #[serde(borrow)]
    data: Option<Text<'a>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OpcodeName {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
    Reserved,
}

impl FrameLine<'_> {
    /// # Errors
    /// Why it is not a frame.
    pub(super) fn kind(self) -> Result<RecordedKind, String> {
        let header = self.header()?;
        let encoding = self.encoding.unwrap_or_default();
        let payload = self.data.map(|data| encoding.decode(&data.0)).transpose()?;
        let part = self.message.map(|message| Part {
            message,
            fragment: self.fragment.unwrap_or(1),
            compressed: self.compressed,
            is_final_block: self.final_block,
        });
        Ok(RecordedKind::Frame(Box::new(RecordedFrame {
            direction: self.direction.into(),
            header,
            has_payload: payload.is_some(),
            payload: payload.unwrap_or_default(),
            part,
            plain_size: self.plain_size,
            raw: self.raw,
        })))
    }

    /// The header as it was on the wire, or made of what the contract has of it.
    fn header(&self) -> Result<Header, String> {
        if let Some(bytes) = &self.header {
            return header(bytes).ok_or_else(|| format!("{bytes:?} is not a frame header in hex"));
        }
        let opcode = match self.opcode {
            OpcodeName::Continuation => Opcode::Continuation,
            OpcodeName::Text => Opcode::Text,
            OpcodeName::Binary => Opcode::Binary,
            OpcodeName::Close => Opcode::Close,
            OpcodeName::Ping => Opcode::Ping,
            OpcodeName::Pong => Opcode::Pong,
            OpcodeName::Reserved => {
                return Err("a frame with a reserved opcode has no \"header\"".to_owned());
            }
        };
        let mask = self.mask.as_ref().map(|mask| {
            let key = HEXLOWER_PERMISSIVE.decode(mask.as_bytes()).ok();
            let key: Option<[u8; 4]> = key.and_then(|key| key.try_into().ok());
            key.ok_or_else(|| format!("{mask:?} is not a masking key in hex"))
        });
        // A frame that is only known to be masked has the size of one.
        let mask = mask.transpose()?.or(self.masked.then_some([0; 4]));
        let header = Header::new(opcode, self.fin, mask, self.size);
        Ok(header.with_reserved_bits([self.rsv1, self.rsv2, self.rsv3]))
    }
}

/// A whole header in hex.
fn header(text: &str) -> Option<Header> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
    Header::decode(&bytes).filter(|header| header.len() == bytes.len())
}

/// The members of a violation.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct ViolationLine {
    message: String,
    offset: Option<u64>,
    header: Option<String>,
    passed_on: Option<bool>,
    #[serde(default)]
    pub(super) reframed: bool,
}

impl ViolationLine {
    /// The event; `None` if its rule is not known.
    pub(super) fn kind(&self, direction: Option<Direction>) -> Option<RecordedKind> {
        let violation = Box::new(self.violation()?);
        let direction = direction.unwrap_or(Direction::Received);
        Some(match self.passed_on {
            Some(false) if direction.is_proxied() && !self.reframed => {
                RecordedKind::Violation(direction.into(), violation)
            }
            _ => RecordedKind::Tolerated(direction.into(), violation),
        })
    }

    /// The violation; `None` if its rule is not known.
    pub(super) fn violation(&self) -> Option<Violation> {
        let (rule, detail) = Rule::ALL.iter().find_map(|rule| {
            let rest = self.message.strip_prefix(rule.summary())?.strip_prefix(": ")?;
            let rest = rest.strip_suffix(')')?.strip_suffix(rule.section())?;
            Some((*rule, rest.strip_suffix(" (")?.to_owned()))
        })?;
        Some(Violation {
            rule,
            detail,
            frame: self.header.as_deref().and_then(header),
            offset: self.offset.unwrap_or_default(),
            payload: Box::default(),
            excerpt: Vec::new(),
            cause: None,
        })
    }
}
