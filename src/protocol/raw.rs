//! Frames as they are asked for, allowed or not: to see what a peer makes of them.

use super::frame::{Header, Opcode};

/// A frame that is sent as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// Any opcode, 0 to 15.
    pub opcode: u8,
    /// The last frame of its message.
    pub fin: bool,
    /// RSV1, RSV2 and RSV3.
    pub reserved: [bool; 3],
    /// Whether and how the payload is masked.
    pub mask: RawMask,
    /// The length in the header; `None`: that of the payload.
    pub length: Option<u64>,
    /// How the length is encoded; `None`: in the fewest bits.
    pub encoding: Option<LengthEncoding>,
    /// The payload, before masking.
    pub payload: Vec<u8>,
}

/// Masking of a [`RawFrame`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawMask {
    /// As the role wants it.
    AsDue,
    /// None.
    Off,
    /// With this key.
    Key([u8; 4]),
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
    /// The longest length that it can hold.
    pub const fn max(self) -> u64 {
        match self {
            Self::Short => 125,
            Self::Medium => u16::MAX as u64,
            Self::Long => u64::MAX,
        }
    }

    const fn shortest(length: u64) -> Self {
        match length {
            0..=125 => Self::Short,
            126..=0xffff => Self::Medium,
            _ => Self::Long,
        }
    }
}

impl RawFrame {
    /// An unfragmented frame with nothing special about it.
    pub fn new(opcode: Opcode, payload: Vec<u8>) -> Self {
        Self {
            opcode: opcode.bits(),
            fin: true,
            reserved: [false; 3],
            mask: RawMask::AsDue,
            length: None,
            encoding: None,
            payload,
        }
    }

    /// The header; `due` is the key that a frame of this role has.
    pub(super) fn header(&self, due: Option<[u8; 4]>) -> Option<Header> {
        let key = match self.mask {
            RawMask::AsDue => due,
            RawMask::Off => None,
            RawMask::Key(key) => Some(key),
        };
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        let [rsv1, rsv2, rsv3] = self.reserved;
        let mut bytes = vec![
            bit(self.fin, 0x80)
                | bit(rsv1, 0x40)
                | bit(rsv2, 0x20)
                | bit(rsv3, 0x10)
                | (self.opcode & 0x0f),
        ];
        let length = self.length.unwrap_or(self.payload.len() as u64);
        let masked = bit(key.is_some(), 0x80);
        match self.encoding.unwrap_or_else(|| LengthEncoding::shortest(length)) {
            LengthEncoding::Short => bytes.push(masked | (length.min(125) as u8)),
            LengthEncoding::Medium => {
                bytes.push(masked | 126);
                bytes.extend((length.min(0xffff) as u16).to_be_bytes());
            }
            LengthEncoding::Long => {
                bytes.push(masked | 127);
                bytes.extend(length.to_be_bytes());
            }
        }
        bytes.extend(key.into_iter().flatten());
        Header::decode(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_as_asked() {
        let plain = RawFrame::new(Opcode::Text, b"hi".to_vec());
        let cases = [
            (plain.clone(), &[0x81, 0x82, 9, 9, 9, 9][..]),
            (RawFrame { mask: RawMask::Off, ..plain.clone() }, &[0x81, 0x02]),
            (
                RawFrame { mask: RawMask::Key([1, 2, 3, 4]), fin: false, ..plain.clone() },
                &[0x01, 0x82, 1, 2, 3, 4],
            ),
            (
                RawFrame {
                    opcode: 11,
                    reserved: [true, false, true],
                    mask: RawMask::Off,
                    length: Some(1 << 40),
                    ..plain.clone()
                },
                &[0xdb, 127, 0, 0, 1, 0, 0, 0, 0, 0],
            ),
            (
                RawFrame {
                    mask: RawMask::Off,
                    encoding: Some(LengthEncoding::Medium),
                    ..plain.clone()
                },
                &[0x81, 126, 0, 2],
            ),
        ];
        for (frame, expected) in cases {
            let header = frame.header(Some([9; 4])).expect("a header");
            assert_eq!(header.bytes(), expected, "{frame:?}");
        }
    }
}
