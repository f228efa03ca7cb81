//! The negotiation of permessage-deflate (RFC 7692 sections 5 and 7.1): offers, responses, and their
//! validation.

use super::MIN_ZLIB_WINDOW;
use crate::protocol::head::{is_token, split_list, split_unquoted};
use crate::protocol::vocabulary::Role;

/// The offer that browsers send.
pub const DEFAULT_OFFER: &str = "permessage-deflate; client_max_window_bits";

/// The extension's name.
pub const NAME: &str = "permessage-deflate";

/// The default window as a base-2 logarithm: 2^15 bytes.
const MAX_WINDOW: u8 = 15;

const SERVER_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_WINDOW: &str = "server_max_window_bits";
const CLIENT_WINDOW: &str = "client_max_window_bits";

/// The negotiated parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeflateParams {
    /// The server starts every message with an empty window.
    pub server_no_context_takeover: bool,
    /// The client starts every message with an empty window.
    pub client_no_context_takeover: bool,
    /// Base-2 logarithm of the largest window the server uses, 8 to 15.
    pub server_max_window_bits: u8,
    /// Base-2 logarithm of the largest window the client uses, 8 to 15.
    pub client_max_window_bits: u8,
}

impl Default for DeflateParams {
    fn default() -> Self {
        Self {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: MAX_WINDOW,
            client_max_window_bits: MAX_WINDOW,
        }
    }
}

impl DeflateParams {
    /// The parameters for the messages that `sender` sends.
    pub(super) fn terms(&self, sender: Role) -> Terms {
        let (window, no_context_takeover) = match sender {
            Role::Client => (self.client_max_window_bits, self.client_no_context_takeover),
            Role::Server => (self.server_max_window_bits, self.server_no_context_takeover),
        };
        Terms { window, keeps_context: !no_context_takeover }
    }

    /// Whether a message that `sender` sends may refer to earlier ones (RFC 7692 section 7.1.1).
    pub fn keeps_context(&self, sender: Role) -> bool {
        self.terms(sender).keeps_context
    }

    /// A description for the endpoint in this role, such as "compressed both ways, context kept, server window
    /// 10".
    pub fn describe(&self, role: Role) -> String {
        let ways = match self.terms(role).window {
            ..MIN_ZLIB_WINDOW => "compressed by the peer only (our window is too small)",
            _ => "compressed both ways",
        };
        let context = match (self.server_no_context_takeover, self.client_no_context_takeover) {
            (false, false) => "context kept",
            (true, true) => "no context kept",
            (true, false) => "no context kept by the server",
            (false, true) => "no context kept by the client",
        };
        let mut text = format!("{ways}, {context}");
        for (name, bits) in
            [("server", self.server_max_window_bits), ("client", self.client_max_window_bits)]
        {
            if bits < MAX_WINDOW {
                text += &format!(", {name} window {bits}");
            }
        }
        text
    }
}

/// The parameters for the messages of one sender.
pub(super) struct Terms {
    /// Base-2 logarithm of the largest window it uses, 8 to 15.
    pub(super) window: u8,
    /// Messages may refer to earlier ones (context takeover).
    pub(super) keeps_context: bool,
}

/// One offer: an element of a client's Sec-WebSocket-Extensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// Whether the server may limit the client's window, and the client's own limit.
    client_max_window_bits: Option<Option<u8>>,
}

/// Why an element of Sec-WebSocket-Extensions cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// An extension other than permessage-deflate.
    #[error("unsupported extension '{0}': only permessage-deflate is supported")]
    OtherExtension(String),
    /// A parameter that does not exist.
    #[error("unknown parameter '{0}'")]
    UnknownParameter(String),
    /// A repeated parameter.
    #[error("duplicate parameter '{0}'")]
    Duplicate(String),
    /// A parameter that has a value and must not have one.
    #[error("parameter '{0}' does not take a value")]
    ValueUnwanted(String),
    /// A parameter without its value.
    #[error("parameter '{0}' requires a value from 8 to 15")]
    ValueMissing(String),
    /// A window out of range.
    #[error("parameter '{0}' is '{1}': must be 8 to 15")]
    BadWindow(String, String),
}

impl Offer {
    /// Parses an offer: "permessage-deflate; client_max_window_bits; server_max_window_bits=10".
    ///
    /// # Errors
    /// The first parameter that makes it invalid (RFC 7692 section 7.1).
    pub fn parse(element: &str) -> Result<Self, OfferError> {
        let mut offer = Self::default();
        for Parameter { name, value } in parameters(element)? {
            match name.as_str() {
                SERVER_TAKEOVER => {
                    offer.server_no_context_takeover = flag(&name, value)?;
                }
                CLIENT_TAKEOVER => {
                    offer.client_no_context_takeover = flag(&name, value)?;
                }
                SERVER_WINDOW => offer.server_max_window_bits = Some(window(&name, value)?),
                CLIENT_WINDOW => {
                    let limit = value.is_some().then(|| window(&name, value)).transpose()?;
                    offer.client_max_window_bits = Some(limit);
                }
                _ => return Err(OfferError::UnknownParameter(name)),
            }
        }
        Ok(offer)
    }

    /// Accepts the offer unchanged; returns the parameters, and the element for the server's response.
    pub fn accept(&self) -> (DeflateParams, String) {
        let params = DeflateParams {
            server_no_context_takeover: self.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover,
            server_max_window_bits: self.server_max_window_bits.unwrap_or(MAX_WINDOW),
            client_max_window_bits: self.client_max_window_bits.flatten().unwrap_or(MAX_WINDOW),
        };
        let mut answer = NAME.to_owned();
        if self.server_no_context_takeover {
            answer += &format!("; {SERVER_TAKEOVER}");
        }
        if self.client_no_context_takeover {
            answer += &format!("; {CLIENT_TAKEOVER}");
        }
        if let Some(bits) = self.server_max_window_bits {
            answer += &format!("; {SERVER_WINDOW}={bits}");
        }
        if let Some(bits) = self.client_max_window_bits.flatten() {
            answer += &format!("; {CLIENT_WINDOW}={bits}");
        }
        (params, answer)
    }

    /// Validates a server's response to this offer (RFC 7692 section 7.1).
    ///
    /// # Errors
    /// Why the response does not match the offer, and what would.
    fn validate(&self, answer: &Self) -> Result<DeflateParams, Mismatch> {
        if self.server_no_context_takeover && !answer.server_no_context_takeover {
            return Err(Mismatch::new(
                format!("without {SERVER_TAKEOVER}"),
                "it, as in the offer",
                "RFC 7692 section 7.1.1.1",
            ));
        }
        if let Some(asked) = self.server_max_window_bits {
            match answer.server_max_window_bits {
                Some(bits) if bits <= asked => {}
                given => {
                    let expected = format!("at most {asked}, as in the offer");
                    let got = match given {
                        Some(bits) => format!("{SERVER_WINDOW}={bits}"),
                        None => format!("without {SERVER_WINDOW}"),
                    };
                    return Err(Mismatch::new(got, &expected, "RFC 7692 section 7.1.2.1"));
                }
            }
        }
        let client_window = match (self.client_max_window_bits, answer.client_max_window_bits) {
            (_, None) => MAX_WINDOW,
            (None, Some(_)) => {
                return Err(Mismatch::new(
                    format!("{CLIENT_WINDOW}, which was not offered"),
                    "only what was offered",
                    "RFC 7692 section 7.1.2.2",
                ));
            }
            (Some(_), Some(bits)) => bits.unwrap_or(MAX_WINDOW),
        };
        // Our own limit applies even if the server does not repeat it.
        let limit = self.client_max_window_bits.flatten().unwrap_or(MAX_WINDOW);
        Ok(DeflateParams {
            server_no_context_takeover: answer.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover
                || answer.client_no_context_takeover,
            server_max_window_bits: answer.server_max_window_bits.unwrap_or(MAX_WINDOW),
            client_max_window_bits: client_window.min(limit),
        })
    }
}

/// Why a response does not match the offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::protocol) struct Mismatch {
    pub(in crate::protocol) got: String,
    pub(in crate::protocol) expected: String,
    pub(in crate::protocol) section: &'static str,
}

impl Mismatch {
    fn new(got: String, expected: &str, section: &'static str) -> Self {
        Self { got, expected: expected.to_owned(), section }
    }
}

/// Whether an element of Sec-WebSocket-Extensions names permessage-deflate.
pub(in crate::protocol) fn is_permessage_deflate(element: &str) -> bool {
    split_unquoted(element, ';').first().is_some_and(|name| name.eq_ignore_ascii_case(NAME))
}

/// Validates a server's response against all offers, in their order of preference.
///
/// # Errors
/// If the response matches no offer: why it does not match the first one.
pub(in crate::protocol) fn validate(
    offers: &[String],
    answer: &str,
) -> Result<DeflateParams, Mismatch> {
    let parsed = Offer::parse(answer).map_err(|error| {
        let expected = "valid parameters of RFC 7692, each at most once";
        Mismatch::new(error.to_string(), expected, "RFC 7692 section 7.1")
    })?;
    if matches!(parsed.client_max_window_bits, Some(None)) {
        return Err(Mismatch::new(
            format!("{CLIENT_WINDOW} without a value"),
            "a value from 8 to 15",
            "RFC 7692 section 7.1.2.2",
        ));
    }
    let mut first = None;
    for offer in offers.iter().filter_map(|offer| Offer::parse(offer).ok()) {
        match offer.validate(&parsed) {
            Ok(params) => return Ok(params),
            Err(mismatch) => first = first.or(Some(mismatch)),
        }
    }
    // Only the user can set offers that we cannot parse: the response to them is accepted unchecked.
    first.map_or_else(|| Ok(parsed.accept().0), Err)
}

/// The parameters of a server's response that need not match an offer, for an observer: what cannot be read has its default,
/// with which any message can be decompressed.
pub fn as_written(element: &str) -> DeflateParams {
    let mut params = DeflateParams::default();
    for Parameter { name, value } in parameters(element).unwrap_or_default() {
        let bits = || window(&name, value.clone()).unwrap_or(MAX_WINDOW);
        match name.as_str() {
            SERVER_TAKEOVER => params.server_no_context_takeover = true,
            CLIENT_TAKEOVER => params.client_no_context_takeover = true,
            SERVER_WINDOW => params.server_max_window_bits = bits(),
            CLIENT_WINDOW => params.client_max_window_bits = bits(),
            _ => {}
        }
    }
    params
}

/// The server's choice: the first valid offer of permessage-deflate.
pub fn choose(elements: &[String]) -> Option<(DeflateParams, String)> {
    elements.iter().find_map(|element| Offer::parse(element).ok()).map(|offer| offer.accept())
}

/// Parses comma-separated offers. An offer without the extension's name consists of parameters only.
///
/// # Errors
/// If one of them is not a valid offer.
pub fn offers(text: &str) -> Result<Vec<String>, OfferError> {
    let complete = |element: String| {
        let offer = match element.as_str() {
            "" => NAME.to_owned(),
            named if is_permessage_deflate(named) => element,
            parameters => format!("{NAME}; {parameters}"),
        };
        Offer::parse(&offer).map(|_| offer)
    };
    split_list(text).into_iter().map(complete).collect()
}

struct Parameter {
    name: String,
    value: Option<String>,
}

fn parameters(element: &str) -> Result<Vec<Parameter>, OfferError> {
    let mut parts = split_unquoted(element, ';').into_iter();
    let extension = parts.next().unwrap_or_default();
    if !extension.eq_ignore_ascii_case(NAME) {
        return Err(OfferError::OtherExtension(extension));
    }
    let mut found: Vec<Parameter> = Vec::new();
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(unquoted(value.trim()).to_owned())),
            None => (part.trim(), None),
        };
        if !is_token(name) {
            return Err(OfferError::UnknownParameter(part));
        }
        // Parameter names are compared case-insensitively, as all tokens here.
        let name = name.to_ascii_lowercase();
        if found.iter().any(|other| other.name == name) {
            return Err(OfferError::Duplicate(name));
        }
        found.push(Parameter { name, value });
    }
    Ok(found)
}

/// A value may be quoted (RFC 6455 section 9.1).
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

fn flag(name: &str, value: Option<String>) -> Result<bool, OfferError> {
    match value {
        None => Ok(true),
        Some(_) => Err(OfferError::ValueUnwanted(name.to_owned())),
    }
}

/// A decimal number from 8 to 15 without leading zeros (RFC 7692 section 7.1.2).
fn window(name: &str, value: Option<String>) -> Result<u8, OfferError> {
    let Some(value) = value else { return Err(OfferError::ValueMissing(name.to_owned())) };
    match value.parse::<u8>() {
        Ok(bits @ 8..=MAX_WINDOW) if !value.starts_with(['0', '+']) => Ok(bits),
        _ => Err(OfferError::BadWindow(name.to_owned(), value)),
    }
}

#[cfg(test)]
mod tests;
