//! Frames on the wire (RFC 6455 section 5.2): header decoding and encoding, masking.
//!
//! The header codec itself is tungstenite's. What it lets pass (non-minimal lengths, the top bit of
//! a 64-bit length) or loses (the header of a frame with a reserved opcode) is recovered here,
//! because a debugger has to show exactly those frames.

use std::fmt;
use std::io::Cursor;

use rand::{Rng, SeedableRng, rngs::StdRng};
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

/// The longest header there is: 2 bytes, a 64-bit length and a masking key.
pub const MAX_HEADER: usize = 14;

/// The longest payload of a control frame, in bytes (RFC 6455 section 5.5).
pub const MAX_CONTROL_PAYLOAD: usize = 125;

/// What a frame is for (RFC 6455 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// 0: goes on with a fragmented message.
    Continuation,
    /// 1: starts a text message.
    Text,
    /// 2: starts a binary message.
    Binary,
    /// 8: closes the connection.
    Close,
    /// 9: asks for a pong.
    Ping,
    /// 10: answers a ping, or comes unasked.
    Pong,
    /// 3 to 7 and 11 to 15: reserved.
    Reserved(u8),
}

impl Opcode {
    /// Reads the low four bits of a frame's first byte.
    pub const fn from_bits(byte: u8) -> Self {
        match byte & 0x0f {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            other => Self::Reserved(other),
        }
    }

    /// The four bits on the wire.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
            Self::Reserved(bits) => bits & 0x0f,
        }
    }

    /// Control frames have the top bit of the opcode set (RFC 6455 section 5.5).
    pub const fn is_control(self) -> bool {
        self.bits() & 8 != 0
    }

    /// The name used in displays and events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Continuation => "continuation",
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Close => "close",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Reserved(_) => "reserved",
        }
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reserved(bits) => write!(f, "reserved opcode {bits}"),
            named => f.write_str(named.name()),
        }
    }
}

/// A frame header, with the bytes it came as or went as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The last frame of its message.
    pub fin: bool,
    /// Used by permessage-deflate; otherwise reserved.
    pub rsv1: bool,
    /// Reserved.
    pub rsv2: bool,
    /// Reserved.
    pub rsv3: bool,
    /// What the frame is for.
    pub opcode: Opcode,
    /// The masking key, if the payload is masked.
    pub mask: Option<[u8; 4]>,
    /// Payload length in bytes, as declared. Not to be trusted: up to 2^64-1.
    pub length: u64,
    bytes: [u8; MAX_HEADER],
    size: u8,
}

impl Header {
    /// Decodes the header at the start of `bytes`; `None` when more bytes are needed.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let first = *bytes.first()?;
        let opcode = Opcode::from_bits(first);
        let mut copy = [0; MAX_HEADER];
        let available = bytes.len().min(MAX_HEADER);
        copy[..available].copy_from_slice(&bytes[..available]);
        // The codec drops the header of a frame with a reserved opcode: give it a known one.
        copy[0] = (first & 0xf0) | if opcode.is_control() { 9 } else { 2 };
        let mut cursor = Cursor::new(&copy[..available]);
        let (parsed, length) = FrameHeader::parse(&mut cursor).ok()??;
        let size = cursor.position() as u8; // at most MAX_HEADER
        copy[0] = first;
        copy[usize::from(size)..].fill(0);
        Some(Self {
            fin: parsed.is_final,
            rsv1: parsed.rsv1,
            rsv2: parsed.rsv2,
            rsv3: parsed.rsv3,
            opcode,
            mask: parsed.mask,
            length,
            bytes: copy,
            size,
        })
    }

    /// A header to send, without reserved bits and with the shortest length encoding.
    pub fn new(opcode: Opcode, fin: bool, mask: Option<[u8; 4]>, length: u64) -> Self {
        let header = FrameHeader {
            is_final: fin,
            opcode: codec_opcode(opcode),
            mask,
            ..FrameHeader::default()
        };
        let mut bytes = [0; MAX_HEADER];
        let size = header.len(length);
        header.format(length, &mut &mut bytes[..]).expect("a header is at most MAX_HEADER bytes");
        Self {
            fin,
            rsv1: false,
            rsv2: false,
            rsv3: false,
            opcode,
            mask,
            length,
            bytes,
            size: size as u8, // at most MAX_HEADER
        }
    }

    /// The same header with RSV1 set, which marks a compressed message (RFC 7692 section 6.1).
    pub fn with_rsv1(mut self) -> Self {
        self.rsv1 = true;
        self.bytes[0] |= 0x40;
        self
    }

    /// The header as it is on the wire.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }

    /// Size of the header in bytes, 2 to 14.
    #[expect(clippy::len_without_is_empty, reason = "a header is never empty")]
    pub fn len(&self) -> usize {
        usize::from(self.size)
    }

    /// Header and payload together, in bytes.
    pub fn wire_size(&self) -> u64 {
        self.length.saturating_add(u64::from(self.size))
    }

    /// How the length was encoded: 7, 16 or 64 bits.
    pub fn length_bits(&self) -> u8 {
        match self.bytes[1] & 0x7f {
            127 => 64,
            126 => 16,
            _ => 7,
        }
    }

    /// Whether the length has the shortest encoding, as RFC 6455 section 5.2 demands.
    pub fn is_minimal(&self) -> bool {
        match self.length_bits() {
            64 => self.length > 0xffff,
            16 => self.length > 125,
            _ => true,
        }
    }

    /// The reserved bits that are set, as text: "RSV1", "RSV1, RSV3"; empty when none is.
    pub fn reserved_bits(&self) -> String {
        [(self.rsv1, "RSV1"), (self.rsv2, "RSV2"), (self.rsv3, "RSV3")]
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, name)| *name)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl fmt::Display for Header {
    /// "text, FIN, RSV1, mask 37fa213d, length 5 (16 bit, not minimal)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.opcode)?;
        if self.fin {
            f.write_str(", FIN")?;
        }
        let reserved = self.reserved_bits();
        if !reserved.is_empty() {
            write!(f, ", {reserved}")?;
        }
        if let Some([a, b, c, d]) = self.mask {
            write!(f, ", mask {a:02x}{b:02x}{c:02x}{d:02x}")?;
        }
        let minimal = if self.is_minimal() { "" } else { ", not minimal" };
        write!(f, ", length {} ({} bit{minimal})", self.length, self.length_bits())
    }
}

fn codec_opcode(opcode: Opcode) -> OpCode {
    match opcode {
        Opcode::Continuation => OpCode::Data(Data::Continue),
        Opcode::Text => OpCode::Data(Data::Text),
        Opcode::Binary => OpCode::Data(Data::Binary),
        Opcode::Close => OpCode::Control(Control::Close),
        Opcode::Ping => OpCode::Control(Control::Ping),
        Opcode::Pong => OpCode::Control(Control::Pong),
        Opcode::Reserved(bits) if bits & 8 != 0 => OpCode::Control(Control::Reserved(bits)),
        Opcode::Reserved(bits) => OpCode::Data(Data::Reserved(bits)),
    }
}

/// XORs `bytes` with the masking key (RFC 6455 section 5.3), `bytes` starting at `offset` in the
/// payload. Masking and unmasking are the same.
pub fn apply_mask(bytes: &mut [u8], key: [u8; 4], offset: usize) {
    let mut rotated = key;
    rotated.rotate_left(offset % 4);
    let word = u64::from_ne_bytes([
        rotated[0], rotated[1], rotated[2], rotated[3], rotated[0], rotated[1], rotated[2],
        rotated[3],
    ]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for chunk in words {
        *chunk = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(rotated.iter().cycle()) {
        *byte ^= key;
    }
}

/// Where masking keys come from. RFC 6455 section 10.3 wants them unpredictable.
#[derive(Debug)]
pub enum Masks {
    /// From a cryptographic generator seeded by the system.
    Random(Box<StdRng>),
    /// Always this one: for tests and for reproducing a byte stream.
    Fixed([u8; 4]),
}

impl Masks {
    /// Unpredictable keys.
    pub fn random() -> Self {
        Self::Random(Box::new(StdRng::from_rng(&mut rand::rng())))
    }

    /// The key of the next frame.
    pub fn next_key(&mut self) -> [u8; 4] {
        match self {
            Self::Random(generator) => generator.next_u32().to_ne_bytes(),
            Self::Fixed(key) => *key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_survive_a_round_trip_with_every_length_encoding() {
        for (length, bits) in
            [(0, 7), (125, 7), (126, 16), (65535, 16), (65536, 64), (u64::MAX, 64)]
        {
            for mask in [None, Some([1, 2, 3, 4])] {
                let sent = Header::new(Opcode::Text, true, mask, length);
                let got = Header::decode(sent.bytes()).expect("complete header");
                assert_eq!(got, sent);
                assert_eq!(got.length_bits(), bits);
                assert!(got.is_minimal());
            }
        }
    }

    #[test]
    fn a_header_in_pieces_needs_all_of_them() {
        let header = Header::new(Opcode::Binary, true, Some([9; 4]), 70_000);
        for cut in 0..header.len() {
            assert_eq!(Header::decode(&header.bytes()[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn reserved_opcodes_keep_their_header() {
        for bits in [3, 7, 11, 15] {
            let header = Header::decode(&[0xf0 | bits, 0x03, 1, 2, 3]).expect("complete header");
            assert_eq!(header.opcode, Opcode::Reserved(bits));
            assert_eq!(header.bytes(), [0xf0 | bits, 0x03]);
            assert_eq!(header.reserved_bits(), "RSV1, RSV2, RSV3");
            assert_eq!(header.length, 3);
        }
    }

    #[test]
    fn longer_length_encodings_than_needed_are_seen() {
        assert!(!Header::decode(&[0x81, 126, 0, 125]).unwrap().is_minimal());
        assert!(!Header::decode(&[0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]).unwrap().is_minimal());
    }

    /// RFC 6455 section 5.7: a masked "Hello".
    #[test]
    fn masking_is_as_in_the_rfc_from_any_offset() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let masked = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        for cut in 0..=5 {
            let mut bytes = *b"Hello";
            let (head, tail) = bytes.split_at_mut(cut);
            apply_mask(head, key, 0);
            apply_mask(tail, key, cut);
            assert_eq!(bytes, masked, "cut at {cut}");
        }
    }

    #[test]
    fn random_masks_differ() {
        let mut masks = Masks::random();
        let keys: std::collections::HashSet<_> = (0..64).map(|_| masks.next_key()).collect();
        assert!(keys.len() > 60);
    }
}
