//! A message of an entry.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::time::{MILLISECONDS, MessageTime, Micros, NotATime};
use super::values::{base64, bytes, decimal, is_true, number, text, unsigned};

/// An element of `_webSocketMessages` or `_webSocketControl`.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) what: MessageKind,
    /// None if there is none, or it is not a time.
    pub(super) time: Option<MessageTime>,
    /// What it has as its time is not one.
    pub(super) has_odd_time: bool,
    /// The payload; of an error its text.
    pub(super) data: Bytes,
    /// What only our own HARs have.
    pub(super) own: Option<Box<OwnFields>>,
}

/// What a message is. The sender is that of HARs, whoever recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageKind {
    /// A frame, or the frames of a message, with the opcode of the first.
    Frames(Sender, Opcode),
    /// What Chrome reports of a connection that failed.
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Client,
    Server,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

/// The fields of our own messages beside those that Chrome writes. A field is not there if it has the usual value.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OwnFields {
    /// Since the start of the recording.
    pub(super) elapsed: Option<Micros>,
    pub(super) wire_size: Option<u64>,
    pub(super) compressed: bool,
    pub(super) frames: Option<u64>,
    /// `***` stands in it for a secret.
    pub(super) masked: bool,
    /// The file that was sent; its data was not recorded.
    pub(super) file: Option<String>,
    /// A proxy did not keep it.
    pub(super) omitted: bool,
    /// Of a message without its data.
    pub(super) size: u64,
    /// Of a pong.
    pub(super) rtt: Option<Micros>,
    /// Of a control frame: how many messages are before it.
    pub(super) after: Option<u64>,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    opcode: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow, rename = "_bytes")]
    bytes: Option<&'a RawValue>,
    #[serde(borrow, rename = "_elapsed")]
    elapsed: Option<&'a RawValue>,
    #[serde(borrow, rename = "_wireSize")]
    wire_size: Option<&'a RawValue>,
    #[serde(borrow, rename = "_compressed")]
    compressed: Option<&'a RawValue>,
    #[serde(borrow, rename = "_frames")]
    frames: Option<&'a RawValue>,
    #[serde(borrow, rename = "_secretsMasked")]
    masked: Option<&'a RawValue>,
    #[serde(borrow, rename = "_file")]
    file: Option<&'a RawValue>,
    #[serde(borrow, rename = "_omitted")]
    omitted: Option<&'a RawValue>,
    #[serde(borrow, rename = "_size")]
    size: Option<&'a RawValue>,
    #[serde(borrow, rename = "_rtt")]
    rtt: Option<&'a RawValue>,
    #[serde(borrow, rename = "_after")]
    after: Option<&'a RawValue>,
}

impl Message {
    /// The message that a value is. `warn` takes what is odd about it.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn parse(value: &RawValue, warn: &mut dyn FnMut(&str)) -> Result<Self, String> {
        let fields: Fields<'_> =
            serde_json::from_str(value.get()).map_err(|_| "it is not a message: skipped")?;
        let mut what = fields.what()?;
        let own = fields.own();
        let data = match (fields.data, &own) {
            (Some(value), _) => bytes(value).unwrap_or_else(|| {
                warn("`data` is not a string: used as written");
                value.get().into()
            }),
            (None, Some(own)) if own.file.is_some() || own.omitted => Vec::new(),
            (None, _) => {
                warn("it has no `data`: treated as empty");
                Vec::new()
            }
        };
        if fields.opcode.and_then(unsigned) == Some(0)
            && let MessageKind::Frames(_, opcode) = &mut what
        {
            // The message that it continues is not known, nor its kind.
            warn("`opcode` is 0, of a continuation: taken as a message of its own");
            *opcode = if base64(&data).is_some() { Opcode::Binary } else { Opcode::Text };
        }
        let data = match what {
            MessageKind::Error => data,
            // The bytes of a text that is not UTF-8, which a string of JSON cannot be.
            MessageKind::Frames(_, Opcode::Text) => match fields.bytes.and_then(bytes) {
                Some(encoded) => base64(&encoded).unwrap_or(data),
                None => data,
            },
            MessageKind::Frames(..) => base64(&data).unwrap_or_else(|| {
                warn("`data` is not base64: used as written");
                data
            }),
        };
        let read = fields.time.map(MessageTime::of);
        let has_odd_time = read == Some(Err(NotATime));
        let time = read.and_then(Result::ok).flatten();
        Ok(Self { what, time, has_odd_time, data: data.into(), own })
    }
}

impl Fields<'_> {
    fn what(&self) -> Result<MessageKind, String> {
        let kind = self.kind.and_then(text).unwrap_or_default();
        let sender = match &*kind.to_ascii_lowercase() {
            "send" | "sent" | "outgoing" | "request" => Sender::Client,
            "receive" | "received" | "incoming" | "response" => Sender::Server,
            "error" => return Ok(MessageKind::Error),
            _ => {
                let reason = "`type` is not \"send\" or \"receive\": the message is skipped";
                return Err(reason.to_owned());
            }
        };
        let opcode = match self.opcode {
            None => Opcode::Text,
            Some(value) => opcode(value)
                .ok_or_else(|| "`opcode` is not one: the message is skipped".to_owned())?,
        };
        Ok(MessageKind::Frames(sender, opcode))
    }

    fn own(&self) -> Option<Box<OwnFields>> {
        let millis = |value| decimal(number(value)?, MILLISECONDS).filter(|micros| *micros >= 0);
        let own = OwnFields {
            elapsed: self.elapsed.and_then(millis),
            wire_size: self.wire_size.and_then(unsigned),
            compressed: self.compressed.is_some_and(is_true),
            frames: self.frames.and_then(unsigned),
            masked: self.masked.is_some_and(is_true),
            file: self.file.and_then(text),
            omitted: self.omitted.is_some_and(is_true),
            size: self.size.and_then(unsigned).unwrap_or_default(),
            rtt: self.rtt.and_then(millis),
            after: self.after.and_then(unsigned),
        };
        (own != OwnFields::default()).then(|| Box::new(own))
    }
}

/// An opcode, by its number or its name.
fn opcode(value: &RawValue) -> Option<Opcode> {
    Some(match unsigned(value) {
        Some(1) => Opcode::Text,
        Some(8) => Opcode::Close,
        Some(9) => Opcode::Ping,
        Some(10) => Opcode::Pong,
        // DevTools: whatever is not text is base64.
        Some(0 | 2) => Opcode::Binary,
        Some(_) => return None,
        None => match &*text(value)?.to_ascii_lowercase() {
            "text" => Opcode::Text,
            "binary" => Opcode::Binary,
            "close" => Opcode::Close,
            "ping" => Opcode::Ping,
            "pong" => Opcode::Pong,
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(json: &str) -> (Option<Message>, Vec<String>) {
        let value = RawValue::from_string(json.to_owned()).expect("JSON");
        let mut warnings = Vec::new();
        let message = Message::parse(&value, &mut |reason| warnings.push(reason.to_owned()));
        let message = message.map_err(|reason| warnings.push(reason)).ok();
        (message, warnings)
    }

    #[test]
    fn messages_of_other_programs_are_read() {
        use Opcode::{Binary, Close, Ping, Text};
        use Sender::{Client, Server};
        for (json, what, data) in [
            (r#"{"type":"send","time":1.5,"opcode":1,"data":"aGk="}"#, (Client, Text), "aGk="),
            (r#"{"type":"receive","time":1.5,"opcode":2,"data":"aGk="}"#, (Server, Binary), "hi"),
            (r#"{"type":"receive","opcode":"1","data":"é","more":[{}]}"#, (Server, Text), "é"),
            (r#"{"data":"x","type":"receive"}"#, (Server, Text), "x"),
            (r#"{"type":"send","opcode":9,"data":""}"#, (Client, Ping), ""),
            (r#"{"type":"receive","opcode":8,"data":"A+g="}"#, (Server, Close), "\u{3}\u{e8}"),
            (r#"{"type":"Send","opcode":"TEXT","data":"x"}"#, (Client, Text), "x"),
            (r#"{"type":"RECEIVE","opcode":"binary","data":"aGk="}"#, (Server, Binary), "hi"),
            (r#"{"type":"sent","data":"x"}"#, (Client, Text), "x"),
            (r#"{"type":"received","data":"x"}"#, (Server, Text), "x"),
            (r#"{"type":"outgoing","data":"x"}"#, (Client, Text), "x"),
            (r#"{"type":"incoming","data":"x"}"#, (Server, Text), "x"),
            (r#"{"type":"request","data":"x"}"#, (Client, Text), "x"),
            (r#"{"type":"response","opcode":"ping","data":""}"#, (Server, Ping), ""),
        ] {
            let (message, warnings) = parsed(json);
            let message = message.expect("a message");
            assert_eq!(message.what, MessageKind::Frames(what.0, what.1), "{json}");
            let data: Vec<u8> = match what.1 {
                Close => vec![3, 0xe8],
                _ => data.into(),
            };
            assert_eq!((message.data.to_vec(), warnings), (data, vec![]), "{json}");
        }
        let (error, _) = parsed(r#"{"type":"error","time":1.5,"opcode":-1,"data":"refused"}"#);
        assert_eq!(error.map(|it| it.what), Some(MessageKind::Error));
    }

    #[test]
    fn what_is_odd_is_reported() {
        for (json, is_kept, reason) in [
            ("7", false, "it is not a message"),
            ("{}", false, "`type` is not"),
            (r#"{"type":"upload","data":""}"#, false, "`type` is not"),
            (r#"{"type":"send","opcode":7,"data":""}"#, false, "`opcode` is not one"),
            (r#"{"type":"send","opcode":"x","data":""}"#, false, "`opcode` is not one"),
            (r#"{"type":"send","opcode":1}"#, true, "it has no `data`"),
            (r#"{"type":"send","opcode":1,"data":null}"#, true, "it has no `data`"),
            (r#"{"type":"send","opcode":1,"data":{"a":1}}"#, true, "`data` is not a string"),
            (r#"{"type":"send","opcode":2,"data":"hi!"}"#, true, "`data` is not base64"),
            (r#"{"type":"send","opcode":0,"data":"hi!"}"#, true, "`opcode` is 0"),
            (r#"{"type":"send","opcode":0,"data":"AP8="}"#, true, "`opcode` is 0"),
        ] {
            let (message, warnings) = parsed(json);
            assert_eq!(message.is_some(), is_kept, "{json}");
            assert!(warnings.len() == 1 && warnings[0].starts_with(reason), "{json}: {warnings:?}");
        }
    }

    #[test]
    fn our_fields_are_read() {
        let (message, warnings) = parsed(
            r#"{"type":"send","opcode":2,"_file":"a b","_size":7,"_elapsed":1.5,"_wireSize":9,
                "_compressed":true,"_frames":3,"_secretsMasked":true,"_rtt":-1,"_after":"x"}"#,
        );
        let own = OwnFields {
            elapsed: Some(1500),
            wire_size: Some(9),
            compressed: true,
            frames: Some(3),
            masked: true,
            file: Some("a b".to_owned()),
            omitted: false,
            size: 7,
            rtt: None,
            after: None,
        };
        assert_eq!((message.and_then(|it| it.own), warnings), (Some(Box::new(own)), vec![]));
    }
}
