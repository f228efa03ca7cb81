//! Frames to be received, well-formed or not.

use wscope::protocol::Role;
use wscope::protocol::frame::apply_mask;

/// The masking key of RFC 6455 section 5.7.
pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// How the length of a payload is encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    Shortest,
    Bits16,
    Bits64,
    /// The top bit set, which is never valid.
    TopBit,
}

/// The bytes of a frame, masked or not.
pub(crate) fn frame(first: u8, length: Length, is_masked: bool, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    bytes.extend(length_field(payload.len(), length));
    let start = bytes.len();
    bytes.extend_from_slice(payload);
    if is_masked {
        bytes[1] |= 0x80;
        apply_mask(&mut bytes[start..], KEY, 0);
        bytes.splice(start..start, KEY);
    }
    bytes
}

/// The bytes of a frame as an end in this role has to receive it.
pub(crate) fn frame_for(role: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, Length::Shortest, role == Role::Server, payload)
}

fn length_field(size: usize, length: Length) -> Vec<u8> {
    let bits16 = || [&[126][..], &(size as u16).to_be_bytes()].concat();
    let bits64 = |top: u64| [&[127][..], &(size as u64 | top).to_be_bytes()].concat();
    match length {
        Length::Shortest if size < 126 => vec![size as u8],
        Length::Shortest if size <= 0xffff => bits16(),
        Length::Bits16 => bits16(),
        Length::Shortest | Length::Bits64 => bits64(0),
        Length::TopBit => bits64(1 << 63),
    }
}
