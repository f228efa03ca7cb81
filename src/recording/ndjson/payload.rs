//! Payloads.

use bytes::Bytes;
use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER_PERMISSIVE};
use serde::Deserialize;

use super::values::Text;
use crate::protocol::MessageKind;

/// How binary data is written.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    #[default]
    Base64,
    Hex,
}

impl Encoding {
    /// The data. With or without padding.
    ///
    /// # Errors
    /// The byte that cannot be decoded.
    pub(super) fn decode(self, text: &str) -> Result<Bytes, String> {
        let (name, decoded) = match self {
            Self::Base64 if text.len().is_multiple_of(4) => {
                ("base64", BASE64.decode(text.as_bytes()))
            }
            Self::Base64 => ("base64", BASE64_NOPAD.decode(text.as_bytes())),
            Self::Hex => ("hex", HEXLOWER_PERMISSIVE.decode(text.as_bytes())),
        };
        let problem = |error: data_encoding::DecodeError| {
            format!("data is not {name} at byte {} of the text", error.position + 1)
        };
        decoded.map(Bytes::from).map_err(problem)
    }
}

/// The payload of a message. Text is written as it is, with its bytes beside it if these are not UTF-8.
///
/// # Errors
/// If it cannot be decoded.
pub(super) fn payload(
    kind: MessageKind,
    data: Text<'_>,
    encoding: Option<Encoding>,
    bytes: Option<Text<'_>>,
) -> Result<Bytes, String> {
    match (kind, encoding, bytes) {
        (MessageKind::Text, None, Some(bytes)) => Encoding::Base64.decode(&bytes.0),
        (MessageKind::Text, None, None) => Ok(data.into_bytes()),
        (_, encoding, _) => encoding.unwrap_or_default().decode(&data.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_base64_or_hex() {
        for (encoding, text, expected) in [
            (Encoding::Base64, "", Some(&b""[..])),
            (Encoding::Base64, "AP8=", Some(&[0, 255])),
            (Encoding::Base64, "AP8", Some(&[0, 255])),
            (Encoding::Base64, "AP8==", None),
            (Encoding::Base64, "A\u{e9}8=", None),
            (Encoding::Hex, "00fF", Some(&[0, 255])),
            (Encoding::Hex, "0", None),
        ] {
            let decoded = encoding.decode(text);
            assert_eq!(decoded.ok().as_deref(), expected, "{text}");
        }
    }
}
