//! Requests that act on connections.

use std::borrow::Cow;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Serialize};

use super::Tab;
use super::request::{Failure, Request, json};
use crate::page::control::{HeldMessage, Payload, PayloadKind, RuleText, Target};
use crate::page::preview::preview;
use crate::page::protocol::{To, direction};
use crate::protocol::close::ClosePayload;
use crate::protocol::frame::MAX_CONTROL_PAYLOAD;
use crate::protocol::{CloseCode, Side};

/// The most messages that are listed as held.
const MAX_HELD: usize = 500;

/// The answer to what needs none.
const DONE: &str = "{}";

#[derive(Deserialize)]
struct Send<'a> {
    connection: Option<u64>,
    to: To,
    #[serde(rename = "type")]
    kind: PayloadKind,
    encoding: Encoding,
    #[serde(borrow)]
    data: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Close<'a> {
    connection: Option<u64>,
    to: Target,
    code: Option<u16>,
    #[serde(borrow, default)]
    reason: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Edit<'a> {
    number: u64,
    #[serde(rename = "type")]
    kind: PayloadKind,
    encoding: Encoding,
    #[serde(borrow)]
    data: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Hold {
    on: bool,
}

#[derive(Deserialize)]
struct Release {
    number: Option<u64>,
    drop: bool,
}

#[derive(Deserialize)]
struct Numbered {
    number: u64,
}

#[derive(Deserialize)]
struct Rule<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// How the bytes of a payload are written.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Utf8,
    Base64,
    Hex,
}

impl Tab {
    /// Carries out a request that acts on connections, rules or held messages.
    pub(super) fn act(&mut self, method: &str, request: &Request<'_>) -> Result<String, Failure> {
        match method {
            "send" => {
                let Send { connection, to, kind, encoding, data } = request.members()?;
                let payload = encoding.payload(kind, data)?;
                if self.store.is_closing(connection, to.0) {
                    return Err(closing(connection, to.0).into());
                }
                self.control.send(self.own(connection)?, to.0, payload)?;
            }
            "close" => {
                let Close { connection, to, code, reason } = request.members()?;
                // A reason has a code in front of it (RFC 6455 section 5.5.1).
                let code = code.or_else(|| (!reason.is_empty()).then_some(CloseCode::NORMAL.get()));
                let close = ClosePayload::to_send(code.map(CloseCode::new), &reason)
                    .map_err(|error| error.to_string())?;
                self.control.close(self.own(connection)?, to, close)?;
                to.sides().iter().for_each(|side| self.store.set_closing(connection, *side));
            }
            "hold" => {
                let Hold { on } = request.members()?;
                self.control.hold(on)?;
            }
            "held" => return self.held(),
            "held_payload" => {
                let Numbered { number } = request.members()?;
                return Ok(json(&HeldPayload::of(&self.control.held_payload(number)?)));
            }
            "release" => {
                let Release { number, drop } = request.members()?;
                self.control.release(number, drop)?;
            }
            "edit" => {
                let Edit { number, kind, encoding, data } = request.members()?;
                self.control.edit(number, encoding.payload(kind, data)?)?;
            }
            "rules" => {
                let version = self.control.state().rules_version;
                return Ok(json(&RuleList { version, list: self.control.rules()? }));
            }
            "add_rule" => {
                let Rule { text } = request.members()?;
                self.control.add_rule(&text)?;
            }
            "remove_rule" => {
                let Numbered { number } = request.members()?;
                self.control.remove_rule(number)?;
            }
            unknown => {
                let start = &unknown[..unknown.floor_char_boundary(40)];
                return Err(format!("there is no method {start:?}").into());
            }
        }
        Ok(DONE.to_owned())
    }

    /// The number by which the command knows a connection.
    fn own(&self, connection: Option<u64>) -> Result<Option<u64>, String> {
        let own = self.store.own_number(connection);
        own.ok_or_else(|| format!("connection {} is not open", connection.unwrap_or_default()))
    }

    fn held(&mut self) -> Result<String, Failure> {
        let version = self.control.state().held_version; // before the list: a change in between is seen
        let list = self.control.held(MAX_HELD)?;
        let list = list.iter().take(MAX_HELD).map(HeldRow::of).collect();
        Ok(json(&HeldList { version, list }))
    }
}

/// Why nothing more is sent to a side.
fn closing(connection: Option<u64>, to: Side) -> String {
    let number = connection.map(|number| format!(" {number}")).unwrap_or_default();
    format!("not sent: connection{number} is being closed, and the {} gets no more", to.name())
}

impl Encoding {
    /// The payload that is written like this.
    ///
    /// # Errors
    /// Why a frame cannot have it.
    fn payload(self, kind: PayloadKind, data: Cow<'_, str>) -> Result<Payload, String> {
        let decoded = |result: Result<Vec<u8>, data_encoding::DecodeError>, name| {
            let place = |error: data_encoding::DecodeError| {
                format!("the data is not {name} at byte {}", error.position + 1)
            };
            result.map_err(place)
        };
        let data = match self {
            Self::Utf8 => data.into_owned().into_bytes(),
            Self::Base64 => decoded(BASE64.decode(data.as_bytes()), "base64")?,
            Self::Hex => {
                let digits: Vec<u8> =
                    data.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
                decoded(HEXLOWER_PERMISSIVE.decode(&digits), "hexadecimal digits")?
            }
        };
        match kind {
            PayloadKind::Text => {
                if let Err(error) = str::from_utf8(&data) {
                    let at = error.valid_up_to() + 1;
                    return Err(format!("a text message must be UTF-8: byte {at} is not"));
                }
            }
            PayloadKind::Close => return Err("a Close frame is sent by closing".to_owned()),
            PayloadKind::Ping | PayloadKind::Pong if data.len() > MAX_CONTROL_PAYLOAD => {
                let length = data.len();
                return Err(format!(
                    "a ping or pong has at most {MAX_CONTROL_PAYLOAD} bytes, not {length}"
                ));
            }
            PayloadKind::Binary | PayloadKind::Ping | PayloadKind::Pong => {}
        }
        Ok(Payload { kind, data })
    }
}

#[derive(Serialize)]
struct RuleList {
    version: u64,
    list: Vec<RuleText>,
}

#[derive(Serialize)]
struct HeldList {
    version: u64,
    list: Vec<HeldRow>,
}

#[derive(Serialize)]
struct HeldRow {
    number: u64,
    connection: u64,
    rule: Option<u64>,
    direction: &'static str,
    #[serde(rename = "type")]
    kind: PayloadKind,
    size: u64,
    preview: String,
    after: Option<u64>,
}

impl HeldRow {
    fn of(held: &HeldMessage) -> Self {
        let is_text = matches!(held.kind, PayloadKind::Text | PayloadKind::Close);
        Self {
            number: held.number,
            connection: held.connection,
            rule: held.rule,
            direction: direction(held.from),
            kind: held.kind,
            size: held.size,
            preview: preview(&held.start, is_text),
            after: held.after,
        }
    }
}

#[derive(Serialize)]
struct HeldPayload<'a> {
    #[serde(rename = "type")]
    kind: PayloadKind,
    encoding: Encoding,
    data: Cow<'a, str>,
}

impl<'a> HeldPayload<'a> {
    fn of(payload: &'a Payload) -> Self {
        let kind = payload.kind;
        match str::from_utf8(&payload.data) {
            Ok(text) if kind != PayloadKind::Binary => {
                Self { kind, encoding: Encoding::Utf8, data: text.into() }
            }
            _ => {
                let data = BASE64.encode(&payload.data).into();
                Self { kind, encoding: Encoding::Base64, data }
            }
        }
    }
}
