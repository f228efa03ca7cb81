//! Frames on the wire (RFC 6455 section 5.2): header decoding and encoding, masking.
//!
//! The codec is our own, because a debugger has to show what other implementations reject or correct:
//! reserved opcodes, lengths in more bytes than needed or with the top bit set. It also accounts for a
//! large part of the cost of a small message.

use std::fmt;

use rand::{Rng, SeedableRng, rngs::StdRng};

/// The maximum length of a header: 2 bytes, a 64-bit length and a masking key.
pub const MAX_HEADER: usize = 14;

/// The bit in the second byte that marks a masked payload.
const MASK_BIT: u8 = 0x80;

/// The other bits of that byte: the length, or the size of the extended length.
const LENGTH_BITS: u8 = 0x7f;

/// The maximum payload of a control frame, in bytes (RFC 6455 section 5.5).
pub const MAX_CONTROL_PAYLOAD: usize = 125;

/// The type of a frame (RFC 6455 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// 0: continues a fragmented message.
    Continuation,
    /// 1: starts a text message.
    Text,
    /// 2: starts a binary message.
    Binary,
    /// 8: closes the connection.
    Close,
    /// 9: requests a pong.
    Ping,
    /// 10: answers a ping, or is unsolicited.
    Pong,
    /// 3 to 7 and 11 to 15: reserved.
    Reserved(u8),
}

impl Opcode {
    /// Decodes the low four bits of a frame's first byte.
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

/// A frame header, with its encoded bytes.
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
    /// The type of the frame.
    pub opcode: Opcode,
    /// The masking key, if the payload is masked.
    pub mask: Option<[u8; 4]>,
    /// Payload length in bytes, as declared by the sender: untrusted, up to 2^64-1.
    pub length: u64,
    bytes: [u8; MAX_HEADER],
    size: u8,
}

impl Header {
    /// Decodes the header at the start of `bytes`; `None` when more bytes are needed.
    #[inline]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        let field = match second & LENGTH_BITS {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let is_masked = second & MASK_BIT != 0;
        let size = 2 + field + if is_masked { 4 } else { 0 };
        let head = bytes.get(..size)?;
        let length = match &head[2..2 + field] {
            [] => u64::from(second & LENGTH_BITS),
            extended => extended.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
        };
        let mask = head.last_chunk().copied().filter(|_| is_masked);
        let copy = match bytes.first_chunk() {
            Some(start) => first_of(*start, size),
            None => {
                let mut copy = [0; MAX_HEADER];
                copy[..size].copy_from_slice(head);
                copy
            }
        };
        Some(Self::from_parts(first, mask, length, copy, size))
    }

    /// A header to send, without reserved bits and with the shortest length encoding.
    pub fn new(opcode: Opcode, fin: bool, mask: Option<[u8; 4]>, length: u64) -> Self {
        let first = if fin { 0x80 } else { 0 } | opcode.bits();
        Self::encode(first, mask, length, LengthEncoding::shortest(length))
    }

    /// A header with this first byte. A length that the encoding cannot represent is reduced to its maximum.
    pub(super) fn encode(
        first: u8,
        mask: Option<[u8; 4]>,
        length: u64,
        encoding: LengthEncoding,
    ) -> Self {
        let length = length.min(encoding.max());
        let field = length.to_be_bytes();
        let mut bytes = [0; MAX_HEADER];
        bytes[0] = first;
        let mut size = match encoding {
            LengthEncoding::Short => {
                bytes[1] = field[7];
                2
            }
            LengthEncoding::Medium => {
                bytes[1] = 126;
                bytes[2..4].copy_from_slice(&field[6..]);
                4
            }
            LengthEncoding::Long => {
                bytes[1] = 127;
                bytes[2..10].copy_from_slice(&field);
                10
            }
        };
        if let Some(key) = mask {
            bytes[1] |= MASK_BIT;
            bytes[size..size + 4].copy_from_slice(&key);
            size += 4;
        }
        Self::from_parts(first, mask, length, bytes, size)
    }

    fn from_parts(
        first: u8,
        mask: Option<[u8; 4]>,
        length: u64,
        bytes: [u8; MAX_HEADER],
        size: usize,
    ) -> Self {
        Self {
            fin: first & 0x80 != 0,
            rsv1: first & 0x40 != 0,
            rsv2: first & 0x20 != 0,
            rsv3: first & 0x10 != 0,
            opcode: Opcode::from_bits(first),
            mask,
            length,
            bytes,
            size: size as u8, // at most MAX_HEADER
        }
    }

    /// The same header with RSV1 set, which marks a compressed message (RFC 7692 section 6.1).
    pub fn with_rsv1(self) -> Self {
        self.with_reserved_bits([true, self.rsv2, self.rsv3])
    }

    /// The same header with these bits as RSV1, RSV2 and RSV3.
    pub fn with_reserved_bits(mut self, bits: [bool; 3]) -> Self {
        [self.rsv1, self.rsv2, self.rsv3] = bits;
        for (mask, is_set) in [0x40, 0x20, 0x10].into_iter().zip(bits) {
            match is_set {
                true => self.bytes[0] |= mask,
                false => self.bytes[0] &= !mask,
            }
        }
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

    /// The size of header and payload together, in bytes.
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

    /// Whether the length has the shortest encoding, as RFC 6455 section 5.2 requires.
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

/// The first `size` bytes, then zeros. A copy of fixed length is many times faster than a short one of
/// any length.
fn first_of(bytes: [u8; MAX_HEADER], size: usize) -> [u8; MAX_HEADER] {
    let mut wide = [0; 16];
    wide[..MAX_HEADER].copy_from_slice(&bytes);
    let kept = u128::from_le_bytes(wide) & ((1 << (8 * size)) - 1); // size is at most 14
    let mut copy = [0; MAX_HEADER];
    copy.copy_from_slice(&kept.to_le_bytes()[..MAX_HEADER]);
    copy
}

/// How a length is encoded (RFC 6455 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthEncoding {
    /// In 7 bits.
    Short,
    /// In 16 bits.
    Medium,
    /// In 64 bits.
    Long,
}

impl LengthEncoding {
    /// The largest length that it can represent.
    pub const fn max(self) -> u64 {
        match self {
            Self::Short => 125,
            Self::Medium => u16::MAX as u64,
            Self::Long => u64::MAX,
        }
    }

    /// The encoding that RFC 6455 requires for this length.
    pub const fn shortest(length: u64) -> Self {
        match length {
            0..=125 => Self::Short,
            126..=0xffff => Self::Medium,
            _ => Self::Long,
        }
    }
}

/// XORs `bytes`, which start at `offset` in the payload, with the masking key (RFC 6455 section 5.3).
/// Masking and unmasking are the same operation.
#[inline(always)]
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

/// The source of masking keys. RFC 6455 section 10.3 requires them to be unpredictable.
#[derive(Debug)]
pub enum Masks {
    /// From a cryptographic generator seeded by the system.
    Random(Box<StdRng>),
    /// Always the same key: for tests and for reproducing a byte stream.
    Fixed([u8; 4]),
}

impl Masks {
    /// A source of unpredictable keys.
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
mod tests;
