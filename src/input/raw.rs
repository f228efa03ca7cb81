//! Parses the text form of frames: "text nofin rsv1 mask=00000000 length=9 hello".

use bytes::Bytes;
use data_encoding::BASE64;

use super::decode_hex;
use crate::protocol::Opcode;
use crate::protocol::frame::LengthEncoding;
use crate::protocol::raw::{RawFrame, RawMask};

/// Reads a frame: an opcode, any of `nofin`, `rsv1`, `rsv2`, `rsv3`, `nomask`, `mask=KEY`,
/// `length=N` and `bits=7|16|64`, and the payload: text, `hex:…`, `base64:…`, or `text:…` for text
/// that looks like one of these.
///
/// # Errors
/// The reason, as text.
pub fn parse_frame(text: &str) -> Result<RawFrame, String> {
    let (opcode, mut rest) = first_word(text.trim_start());
    let mut frame = RawFrame { opcode: opcode_of(opcode)?, ..RawFrame::new(Opcode::Text, vec![]) };
    loop {
        let (word, after) = first_word(rest);
        if !take_option(&mut frame, word)? {
            break;
        }
        rest = after;
    }
    frame.payload = payload(rest)?;
    let declared = frame.length.unwrap_or(frame.payload.len() as u64);
    match frame.encoding {
        Some(encoding) if declared > encoding.max() => {
            Err(format!("a length of {declared} does not fit into that many bits"))
        }
        _ => Ok(frame),
    }
}

/// What an opcode is written as.
const OPCODES: &str = "0 to 15, continuation, text, binary, close, ping or pong";

fn first_word(text: &str) -> (&str, &str) {
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

fn opcode_of(word: &str) -> Result<u8, String> {
    let opcode = match word {
        "continuation" | "cont" => Opcode::Continuation,
        "text" => Opcode::Text,
        "binary" => Opcode::Binary,
        "close" => Opcode::Close,
        "ping" => Opcode::Ping,
        "pong" => Opcode::Pong,
        "" => {
            return Err(format!("a frame requires an opcode: {OPCODES}, as in text nofin hello"));
        }
        number => {
            return match number.parse::<u8>() {
                Ok(opcode @ 0..=15) => Ok(opcode),
                _ => Err(format!("{number:?} is not an opcode: {OPCODES}")),
            };
        }
    };
    Ok(opcode.bits())
}

/// Whether the word was an option.
fn take_option(frame: &mut RawFrame, word: &str) -> Result<bool, String> {
    match word.split_once('=') {
        None => match word {
            "nofin" => frame.fin = false,
            "rsv1" => frame.reserved[0] = true,
            "rsv2" => frame.reserved[1] = true,
            "rsv3" => frame.reserved[2] = true,
            "nomask" => frame.mask = RawMask::Off,
            _ => return Ok(false),
        },
        Some(("mask", key)) => {
            let bytes = decode_hex(key)?;
            let key = bytes.try_into().map_err(|_| {
                format!("mask={key}: a masking key is 4 bytes, that is 8 hex digits")
            })?;
            frame.mask = RawMask::Key(key);
        }
        Some(("length", number)) => {
            let length =
                number.parse().map_err(|_| format!("length={number}: not a number of bytes"))?;
            frame.length = Some(length);
        }
        Some(("bits", bits)) => {
            frame.encoding = Some(match bits {
                "7" => LengthEncoding::Short,
                "16" => LengthEncoding::Medium,
                "64" => LengthEncoding::Long,
                _ => return Err(format!("bits={bits}: a length has 7, 16 or 64 bits")),
            });
        }
        Some(_) => return Ok(false),
    }
    Ok(true)
}

fn payload(text: &str) -> Result<Bytes, String> {
    if let Some(digits) = text.strip_prefix("hex:") {
        return decode_hex(digits).map(Bytes::from);
    }
    if let Some(data) = text.strip_prefix("base64:") {
        let bytes = BASE64.decode(data.as_bytes());
        return bytes.map(Bytes::from).map_err(|error| format!("not base64: {error}"));
    }
    Ok(Bytes::copy_from_slice(text.strip_prefix("text:").unwrap_or(text).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_with_every_option() {
        let plain = RawFrame::new(Opcode::Text, b"hello you".to_vec());
        assert_eq!(parse_frame("text hello you"), Ok(plain.clone()));
        assert_eq!(
            parse_frame("1 text:nofin"),
            Ok(RawFrame { payload: b"nofin"[..].into(), ..plain })
        );
        assert_eq!(
            parse_frame("11 nofin rsv1 rsv3 mask=0a0B0c0d length=70000 bits=64 hex:00 ff"),
            Ok(RawFrame {
                opcode: 11,
                fin: false,
                reserved: [true, false, true],
                mask: RawMask::Key([10, 11, 12, 13]),
                length: Some(70_000),
                encoding: Some(LengthEncoding::Long),
                payload: vec![0, 255].into(),
            })
        );
        let ping = RawFrame { mask: RawMask::Off, ..RawFrame::new(Opcode::Ping, vec![]) };
        assert_eq!(parse_frame("ping nomask"), Ok(ping));
    }

    #[test]
    fn errors_are_explained() {
        for (text, expected) in [
            ("", "requires an opcode: 0 to 15"),
            ("16 x", "\"16\" is not an opcode"),
            ("text mask=00", "8 hex digits"),
            ("text length=-1 x", "not a number of bytes"),
            ("text bits=8", "7, 16 or 64"),
            ("text bits=7 length=126", "does not fit"),
            ("text hex:0", "not hex"),
        ] {
            let problem = parse_frame(text).expect_err(text);
            assert!(problem.contains(expected), "{text:?}: {problem}");
        }
    }
}
