//! Raw frames, valid or not, to test how a peer reacts to them.

use std::fmt;

use bytes::Bytes;

use super::frame::{Header, LengthEncoding, Opcode};

/// A frame that is sent without validation.
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
    /// The length in the header; `None`: the length of the payload.
    pub length: Option<u64>,
    /// How the length is encoded; `None`: the shortest encoding.
    pub encoding: Option<LengthEncoding>,
    /// The payload, before masking.
    pub payload: Bytes,
}

/// Masking of a [`RawFrame`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawMask {
    /// As RFC 6455 requires for the role.
    ByRole,
    /// Not masked.
    Off,
    /// With this key.
    Key([u8; 4]),
}

impl RawFrame {
    /// A regular unfragmented frame.
    pub fn new(opcode: Opcode, payload: impl Into<Bytes>) -> Self {
        Self {
            opcode: opcode.bits(),
            fin: true,
            reserved: [false; 3],
            mask: RawMask::ByRole,
            length: None,
            encoding: None,
            payload: payload.into(),
        }
    }

    /// The header; `by_role` is the masking key for [`RawMask::ByRole`].
    pub fn header(&self, by_role: Option<[u8; 4]>) -> Header {
        let key = match self.mask {
            RawMask::ByRole => by_role,
            RawMask::Off => None,
            RawMask::Key(key) => Some(key),
        };
        let [rsv1, rsv2, rsv3] = self.reserved.map(u8::from);
        let bits = u8::from(self.fin) << 3 | rsv1 << 2 | rsv2 << 1 | rsv3;
        let length = self.length.unwrap_or(self.payload.len() as u64);
        let encoding = self.encoding.unwrap_or(LengthEncoding::shortest(length));
        Header::encode(bits << 4 | (self.opcode & 0x0f), key, length, encoding)
    }
}

/// As written on a command line, without its payload.
impl fmt::Display for RawFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.opcode {
            0 => f.write_str("continuation")?,
            1 => f.write_str("text")?,
            2 => f.write_str("binary")?,
            8 => f.write_str("close")?,
            9 => f.write_str("ping")?,
            10 => f.write_str("pong")?,
            other => write!(f, "{other}")?,
        }
        let [rsv1, rsv2, rsv3] = self.reserved;
        let off = self.mask == RawMask::Off;
        let flags = [(!self.fin, "nofin"), (rsv1, "rsv1"), (rsv2, "rsv2"), (rsv3, "rsv3")];
        for (_, word) in flags.into_iter().chain([(off, "nomask")]).filter(|(is_set, _)| *is_set) {
            write!(f, " {word}")?;
        }
        if let RawMask::Key([a, b, c, d]) = self.mask {
            write!(f, " mask={a:02x}{b:02x}{c:02x}{d:02x}")?;
        }
        if let Some(length) = self.length {
            write!(f, " length={length}")?;
        }
        match self.encoding {
            None => Ok(()),
            Some(LengthEncoding::Short) => f.write_str(" bits=7"),
            Some(LengthEncoding::Medium) => f.write_str(" bits=16"),
            Some(LengthEncoding::Long) => f.write_str(" bits=64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_displayed_as_on_the_command_line() {
        let plain = RawFrame::new(Opcode::Text, b"hi".to_vec());
        let odd = RawFrame {
            opcode: 11,
            fin: false,
            reserved: [true, false, true],
            mask: RawMask::Key([0, 1, 2, 255]),
            length: Some(9),
            encoding: Some(LengthEncoding::Long),
            payload: Bytes::new(),
        };
        let off = RawFrame { mask: RawMask::Off, ..plain.clone() };
        let words = [plain, off, odd].map(|frame| frame.to_string());
        let expected = ["text", "text nomask", "11 nofin rsv1 rsv3 mask=000102ff length=9 bits=64"];
        assert_eq!(words, expected);
    }

    #[test]
    fn headers_are_encoded_as_specified() {
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
            let header = frame.header(Some([9; 4]));
            assert_eq!(header.bytes(), expected, "{frame:?}");
        }
    }
}
