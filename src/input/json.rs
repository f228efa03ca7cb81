//! `--input json`: the counterpart of the events, one object per line.

use std::borrow::Cow;

use bytes::Bytes;
use data_encoding::BASE64;
use serde::Deserialize;

use super::{Action, decode_hex, is_utf16};
use crate::protocol::close::ClosePayload;
use crate::protocol::frame::MAX_CONTROL_PAYLOAD;
use crate::protocol::{CloseCode, MessageKind};

/// Why a line is not an action.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct JsonError {
    /// Which byte of the line, from 1.
    pub(super) column: u64,
    /// The reason, as text.
    pub(super) reason: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum JsonLine<'a> {
    Text {
        #[serde(borrow)]
        data: Cow<'a, str>,
    },
    Binary {
        #[serde(default)]
        encoding: Encoding,
        data: String,
    },
    Ping {
        #[serde(default)]
        encoding: Option<Encoding>,
        #[serde(default)]
        data: String,
    },
    Pong {
        #[serde(default)]
        encoding: Option<Encoding>,
        #[serde(default)]
        data: String,
    },
    Close {
        #[serde(default)]
        code: Option<u16>,
        #[serde(default)]
        reason: Option<String>,
    },
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Base64,
    Hex,
}

/// RFC 8259 section 8.1: JSON does not start with a byte order mark.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads one line.
pub(super) fn action(line: &[u8]) -> Result<Action, JsonError> {
    let problem = |reason: &str| JsonError { column: 1, reason: reason.to_owned() };
    if line.starts_with(BYTE_ORDER_MARK) {
        return Err(problem(
            "a byte order mark (U+FEFF) precedes the JSON, which must be UTF-8 without one",
        ));
    }
    if is_utf16(line) {
        return Err(problem(
            "the input is UTF-16 according to its byte order mark, but must be UTF-8",
        ));
    }
    let text = str::from_utf8(line).map_err(|error| JsonError {
        column: error.valid_up_to() as u64 + 1,
        reason: "invalid UTF-8".to_owned(),
    })?;
    let line: JsonLine<'_> = serde_json::from_str(text).map_err(|error| JsonError {
        column: error.column().max(1) as u64,
        reason: without_position(&error),
    })?;
    build(line).map_err(|reason| JsonError { column: 1, reason })
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // The first is the library's message when no other escape follows.
    if ["unexpected end of hex escape", "lone leading surrogate"]
        .iter()
        .any(|it| text.starts_with(it))
    {
        return "half of a UTF-16 surrogate pair alone in \\u escapes".to_owned();
    }
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

fn build(line: JsonLine<'_>) -> Result<Action, String> {
    Ok(match line {
        JsonLine::Text { data } => Action::Send(MessageKind::Text, data.into_owned().into()),
        JsonLine::Binary { encoding, data } => {
            Action::Send(MessageKind::Binary, decode(encoding, &data)?.into())
        }
        JsonLine::Ping { encoding, data } => {
            Action::Ping(short("ping", control_data(encoding, data)?)?)
        }
        JsonLine::Pong { encoding, data } => {
            Action::Pong(short("pong", control_data(encoding, data)?)?)
        }
        JsonLine::Close { code, reason } => {
            let code = code.map(CloseCode::new);
            ClosePayload::to_send(code, reason.as_deref().unwrap_or_default())
                .map_err(|error| error.to_string())?;
            Action::Close(code, reason)
        }
    })
}

/// RFC 6455 section 5.5.
fn short(name: &str, data: Vec<u8>) -> Result<Bytes, String> {
    match data.len() {
        0..=MAX_CONTROL_PAYLOAD => Ok(data.into()),
        more => Err(format!("a {name} takes at most {MAX_CONTROL_PAYLOAD} bytes, not {more}")),
    }
}

/// Without an encoding the data of a ping or pong is taken as text.
fn control_data(encoding: Option<Encoding>, data: String) -> Result<Vec<u8>, String> {
    match encoding {
        None => Ok(data.into_bytes()),
        Some(encoding) => decode(encoding, &data),
    }
}

fn decode(encoding: Encoding, data: &str) -> Result<Vec<u8>, String> {
    match encoding {
        Encoding::Hex => decode_hex(data).map_err(|reason| format!("\"data\" is {reason}")),
        Encoding::Base64 => BASE64
            .decode(data.as_bytes())
            .map_err(|error| format!("\"data\" is not base64: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_parsed_to_its_action() {
        let send = |kind, data: &[u8]| Action::Send(kind, Bytes::copy_from_slice(data));
        let cases = [
            (r#"{"type":"text","data":"h\u00e9\n"}"#, send(MessageKind::Text, "hé\n".as_bytes())),
            (
                r#"{"type":"binary","encoding":"base64","data":"AAE="}"#,
                send(MessageKind::Binary, &[0, 1]),
            ),
            (
                r#"{"type":"binary","encoding":"hex","data":"00fF"}"#,
                send(MessageKind::Binary, &[0, 255]),
            ),
            (r#"{"type":"ping","data":"p"}"#, Action::Ping(b"p"[..].into())),
            (r#"{"type":"pong","encoding":"hex","data":"01"}"#, Action::Pong(vec![1].into())),
            (
                r#"{"type":"close","code":1000,"reason":"bye"}"#,
                Action::Close(Some(CloseCode::NORMAL), Some("bye".to_owned())),
            ),
            (r#"{"type":"close"}"#, Action::Close(None, None)),
        ];
        for (line, expected) in cases {
            assert_eq!(action(line.as_bytes()), Ok(expected), "{line}");
        }
    }

    #[test]
    fn errors_name_the_position() {
        for (line, expected) in [
            (r#"{"type":"text","data":"#, "EOF"),
            (r#"{"type":"nope"}"#, "unknown variant `nope`"),
            (r#"{"data":"x"}"#, "missing field `type`"),
            (r#"{"type":"text","data":"x","extra":1}"#, "unknown field `extra`"),
            (r#"{"type":"binary","data":"*"}"#, "not base64"),
            (r#"{"type":"text","data":"\ud83d"}"#, "half of a UTF-16 surrogate pair alone"),
            (r#"{"type":"text","data":"\ud83dabc def"}"#, "half of a UTF-16 surrogate pair alone"),
            (r#"{"type":"text","data":"\ud83d\ud83d"}"#, "half of a UTF-16 surrogate pair alone"),
            (r#"{"type":"text","data":"\ude00"}"#, "half of a UTF-16 surrogate pair alone"),
            (r#"{"type":"text","data":"\ud8"}"#, "invalid escape"),
            ("[1]", "invalid"),
        ] {
            let problem = action(line.as_bytes()).unwrap_err();
            assert!(problem.reason.contains(expected), "{line}: {problem:?}");
            assert!(problem.column >= 1);
        }
    }
}
