//! WebSocket frames as bytes (RFC 6455 section 5.2), built by hand so that invalid ones can be built too.

/// Opcode of a continuation frame.
pub const CONTINUATION: u8 = 0x0;
/// Opcode of a text message.
pub const TEXT: u8 = 0x1;
/// Opcode of a binary message.
pub const BINARY: u8 = 0x2;
/// Opcode of a Close frame.
pub const CLOSE: u8 = 0x8;
/// Opcode of a ping.
pub const PING: u8 = 0x9;
/// Opcode of a pong.
pub const PONG: u8 = 0xa;

/// Represents a Close frame without a code.
pub const NO_STATUS: u16 = 1005;

/// A frame as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whether it is the final fragment of its message.
    pub fin: bool,
    /// The three reserved bits: RSV1 is 4, RSV2 is 2, RSV3 is 1.
    pub rsv: u8,
    /// The opcode, reserved ones included.
    pub opcode: u8,
    /// Whether the payload was masked on the wire.
    pub masked: bool,
    /// The payload, unmasked.
    pub payload: Vec<u8>,
    /// The length of the whole frame on the wire.
    pub raw_len: usize,
}

/// A text message in one frame.
pub fn text(payload: &str) -> Vec<u8> {
    frame(true, 0, TEXT, payload.as_bytes())
}

/// A binary message in one frame.
pub fn binary(payload: &[u8]) -> Vec<u8> {
    frame(true, 0, BINARY, payload)
}

/// A ping.
pub fn ping(payload: &[u8]) -> Vec<u8> {
    frame(true, 0, PING, payload)
}

/// A pong.
pub fn pong(payload: &[u8]) -> Vec<u8> {
    frame(true, 0, PONG, payload)
}

/// A Close frame; [`NO_STATUS`] makes one with an empty payload.
pub fn close(code: u16, reason: &str) -> Vec<u8> {
    if code == NO_STATUS && reason.is_empty() {
        return frame(true, 0, CLOSE, b"");
    }
    frame(true, 0, CLOSE, &[&code.to_be_bytes(), reason.as_bytes()].concat())
}

/// Any frame, unmasked as a server sends it. `rsv` as in [`Frame::rsv`].
pub fn frame(fin: bool, rsv: u8, opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![u8::from(fin) << 7 | rsv << 4 | opcode];
    match payload.len() {
        short @ 0..126 => bytes.push(short as u8),
        medium @ 126..65536 => {
            bytes.push(126);
            bytes.extend((medium as u16).to_be_bytes());
        }
        long => {
            bytes.push(127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(payload);
    bytes
}

/// An unmasked frame from the builders above, masked as a client sends it.
pub fn masked(frame: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let payload = HEAD + extended_len(frame[1]);
    let mut bytes = frame[..payload].to_vec();
    bytes[1] |= MASK_BIT;
    bytes.extend(KEY);
    bytes.extend(frame[payload..].iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// The frame at the start of `bytes`; `None` if it is incomplete.
pub(super) fn parse(bytes: &[u8]) -> Option<Frame> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let masked = second & MASK_BIT != 0;
    let key_at = HEAD + extended_len(second);
    let length = match bytes.get(HEAD..key_at)? {
        [] => usize::from(second & !MASK_BIT),
        extended => extended.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)),
    };
    let payload_at = key_at + if masked { 4 } else { 0 };
    let raw_len = payload_at.saturating_add(length);
    let mut payload = bytes.get(payload_at..raw_len)?.to_vec();
    if masked {
        let key = bytes[key_at..payload_at].iter().cycle();
        payload.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
    }
    Some(Frame {
        fin: first & 0x80 != 0,
        rsv: first >> 4 & 7,
        opcode: first & 0xf,
        masked,
        payload,
        raw_len,
    })
}

/// The header of the last frame, which may be incomplete.
pub fn last_header(mut bytes: &[u8]) -> &[u8] {
    while let Some(frame) = parse(bytes).filter(|frame| frame.raw_len < bytes.len()) {
        bytes = &bytes[frame.raw_len..];
    }
    let masking_key = if bytes[1] & MASK_BIT != 0 { 4 } else { 0 };
    &bytes[..HEAD + extended_len(bytes[1]) + masking_key]
}

const HEAD: usize = 2;
const MASK_BIT: u8 = 0x80;

fn extended_len(second: u8) -> usize {
    match second & !MASK_BIT {
        126 => 2,
        127 => 8,
        _ => 0,
    }
}
