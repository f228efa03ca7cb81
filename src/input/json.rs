//! `--input json`: the counterpart of the events, one object per line.

use bytes::Bytes;
use data_encoding::BASE64;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Action, decode_hex, is_utf16};
use crate::protocol::close::{ClosePayload, InvalidClose};
use crate::protocol::frame::MAX_CONTROL_PAYLOAD;
use crate::protocol::{CloseCode, MessageKind};

mod problem;

/// Why a line is not an action.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct JsonError {
    /// Which byte of the line, from 1.
    pub(super) column: u64,
    /// The reason, as text.
    pub(super) reason: String,
}

/// The members of a line, as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct Members<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "given")]
    kind: Member<'a>,
    #[serde(borrow, default, deserialize_with = "given")]
    data: Member<'a>,
    #[serde(borrow, default, deserialize_with = "given")]
    encoding: Member<'a>,
    #[serde(borrow, default, deserialize_with = "given")]
    code: Member<'a>,
    #[serde(borrow, default, deserialize_with = "given")]
    reason: Member<'a>,
}

/// The value of a member; `None`: it is not there.
type Member<'a> = Option<&'a RawValue>;

/// `null` is a value like any other.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Member<'de>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LineKind {
    Text,
    Binary,
    Ping,
    Pong,
    Close,
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
    let members: Members<'_> = serde_json::from_str(text).map_err(|error| JsonError {
        // For what is wrong with a member as such the library has no useful position.
        column: if error.is_data() { 1 } else { error.column().max(1) as u64 },
        reason: problem::reason(&error),
    })?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(problem("wrong type: sequence, expected an object"));
    }
    Reader { text }.action(&members)
}

/// Reads the values of members.
#[derive(Clone, Copy)]
struct Reader<'a> {
    /// The whole line.
    text: &'a str,
}

impl<'a> Reader<'a> {
    fn action(self, members: &Members<'a>) -> Result<Action, JsonError> {
        let Members { data, encoding, code, reason, .. } = members;
        let kind = self.required("type", members.kind)?;
        let (encoding, code, reason) =
            (("encoding", *encoding), ("code", *code), ("reason", *reason));
        match kind {
            LineKind::Text => self.refuse(&[encoding, code, reason]),
            LineKind::Binary | LineKind::Ping | LineKind::Pong => self.refuse(&[code, reason]),
            LineKind::Close => self.refuse(&[("data", *data), encoding]),
        }?;
        Ok(match kind {
            LineKind::Text => {
                Action::Send(MessageKind::Text, self.required::<String>("data", *data)?.into())
            }
            LineKind::Binary => {
                let encoding = encoding.1.map(|it| self.read(it)).transpose()?;
                let text: String = self.required("data", *data)?;
                let bytes = decode(encoding.unwrap_or_default(), &text);
                Action::Send(MessageKind::Binary, bytes.map_err(|it| self.at(*data, it))?.into())
            }
            LineKind::Ping => Action::Ping(self.control("ping", encoding.1, *data)?),
            LineKind::Pong => Action::Pong(self.control("pong", encoding.1, *data)?),
            LineKind::Close => self.close(code.1, reason.1)?,
        })
    }

    fn control(
        self,
        name: &str,
        encoding: Member<'a>,
        data: Member<'a>,
    ) -> Result<Bytes, JsonError> {
        let encoding: Option<Option<Encoding>> = encoding.map(|it| self.read(it)).transpose()?;
        let text: Option<String> = data.map(|it| self.read(it)).transpose()?;
        control_data(encoding.flatten(), text.unwrap_or_default())
            .and_then(|data| short(name, data))
            .map_err(|problem| self.at(data, problem))
    }

    fn close(self, code: Member<'a>, reason: Member<'a>) -> Result<Action, JsonError> {
        let number: Option<Option<u16>> = code.map(|it| self.read(it)).transpose()?;
        let text: Option<Option<String>> = reason.map(|it| self.read(it)).transpose()?;
        let (number, text) = (number.flatten().map(CloseCode::new), text.flatten());
        ClosePayload::to_send(number, text.as_deref().unwrap_or_default()).map_err(|error| {
            let member = match error {
                InvalidClose::Code(_) => code,
                InvalidClose::ReasonTooLong(_) => reason,
            };
            self.at(member, error.to_string())
        })?;
        Ok(Action::Close(number, text))
    }

    fn required<T: Deserialize<'a>>(self, name: &str, value: Member<'a>) -> Result<T, JsonError> {
        match value {
            Some(value) => self.read(value),
            None => Err(self.at(None, format!("missing member \"{name}\""))),
        }
    }

    fn read<T: Deserialize<'a>>(self, value: &'a RawValue) -> Result<T, JsonError> {
        serde_json::from_str(value.get()).map_err(|error| {
            let problem = self.at(Some(value), problem::reason(&error));
            let inside = if error.is_data() { 0 } else { error.column().saturating_sub(1) as u64 };
            JsonError { column: problem.column + inside, ..problem }
        })
    }

    /// These members have no meaning in a line of this type.
    fn refuse(self, members: &[(&str, Member<'a>)]) -> Result<(), JsonError> {
        match members.iter().find(|(_, value)| value.is_some()) {
            Some((name, value)) => Err(self.at(*value, format!("unknown member \"{name}\""))),
            None => Ok(()),
        }
    }

    /// A problem with the value of a member, or, if it is not there, with the line.
    fn at(self, value: Member<'a>, reason: String) -> JsonError {
        let start =
            value.map_or(0, |value| value.get().as_ptr().addr() - self.text.as_ptr().addr());
        JsonError { column: start as u64 + 1, reason }
    }
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
            (r#"{"type":"text","data":"#, "the JSON ends too early"),
            (r#"{"type":"nope"}"#, r#"unknown value "nope", expected one of "text", "binary""#),
            (r#"{"data":"x"}"#, r#"missing member "type""#),
            (
                r#"{"type":"text","data":"x","extra":1}"#,
                r#"unknown member "extra", expected one of "type", "data""#,
            ),
            (r#"{"type":"text","data":"x","data":"y"}"#, r#"duplicate member "data""#),
            (r#"{"type":"text","data":null}"#, "wrong type: null, expected a string"),
            (r#"["text","x"]"#, "expected an object"),
            ("5", "expected an object"),
            (r#"{"type":"binary","data":"*"}"#, "not base64"),
            (r#"{"type":"text","data":"\ud83d"}"#, "half of a UTF-16 surrogate pair alone"),
            (r#"{"type":"text","data":"\ud83dabc def"}"#, "half of a UTF-16 surrogate pair alone"),
            (r#"{"type":"text","data":"\ud83d\ud83d"}"#, "half of a UTF-16 surrogate pair alone"),
            (r#"{"type":"text","data":"\ude00"}"#, "half of a UTF-16 surrogate pair alone"),
            (r#"{"type":"text","data":"\ud8"}"#, "not JSON: invalid escape"),
            ("[1]", "wrong type"),
            ("nope", "not JSON"),
            ("{nope", "not JSON: key must be a string"),
        ] {
            let problem = action(line.as_bytes()).unwrap_err();
            assert!(problem.reason.contains(expected), "{line}: {problem:?}");
            assert!(problem.column >= 1);
        }
    }
    #[test]
    fn a_problem_with_a_value_is_located_at_its_start() {
        let long = "a".repeat(126);
        for (before, value, after) in [
            (r#"{"type":"text","data":"#, "5", "}"),
            (r#" {"type": "#, r#""nope""#, r#","data":"x"}"#),
            (r#"{"é":"","type":"text","data":"x"}"#, "", ""),
            (r#"{"type":"text","data":"é","code":"#, "1", "}"),
            (r#"{"type":"binary","data":"#, r#""*""#, "}"),
            (r#"{"type":"binary","data":"00","encoding":"#, r#""utf8""#, "}"),
            (r#"{"type":"binary","encoding":"hex","data":"#, r#""0g""#, "}"),
            (r#"{"type":"ping","data":"#, &format!("\"{long}\""), "}"),
            (r#"{"type":"close","code":"#, "1006", "}"),
            (r#"{"type":"close","code":"#, "70000", "}"),
            (r#"{"code":1000,"type":"close","reason":"#, &format!("\"{long}\""), "}"),
        ] {
            let problem = action(format!("{before}{value}{after}").as_bytes()).unwrap_err();
            let expected = if value.is_empty() { 1 } else { before.len() as u64 + 1 };
            assert_eq!(problem.column, expected, "{before}: {problem:?}");
        }
        let problem = action(br#"{"type":"text","data":"ab\ud83d"}"#).unwrap_err();
        assert!((26..=32).contains(&problem.column), "where the escape is: {problem:?}");
        assert_eq!(action(br#"{"type":"text"}"#).unwrap_err().column, 1);
    }
}
