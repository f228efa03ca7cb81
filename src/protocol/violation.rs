//! Violations of the protocol by the peer after the handshake.

use std::fmt;

use super::close::{CloseCode, ClosePayload};
use super::frame::Header;

/// The rule of RFC 6455 or RFC 7692 that was violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A reserved bit without an extension that defines it.
    ReservedBits,
    /// A reserved opcode.
    ReservedOpcode,
    /// A masked frame from a server.
    MaskedByServer,
    /// An unmasked frame from a client.
    UnmaskedByClient,
    /// A control frame without FIN.
    FragmentedControl,
    /// A control frame with more than 125 bytes of payload.
    ControlTooLong,
    /// A control frame that is too long to be tolerated.
    ControlOverTolerance,
    /// A continuation frame without a message to continue.
    ContinuationWithoutStart,
    /// A new text or binary message inside a fragmented one.
    MessageInsideMessage,
    /// A length that is not minimally encoded.
    LengthNotMinimal,
    /// A 64-bit length with its top bit set.
    LengthTooLarge,
    /// A text message that is not valid UTF-8.
    InvalidUtf8,
    /// A close reason that is not valid UTF-8.
    InvalidUtf8InReason,
    /// A Close payload of one byte, too short for a code.
    CloseTooShort,
    /// A close code that must not be sent.
    InvalidCloseCode,
    /// A message over our size limit; not an error of the peer as such.
    MessageTooBig,
    /// A message over the memory budget; not an error of the peer as such.
    OverMemory,
    /// A plain HTTP response in place of a frame.
    HttpAfterUpgrade,
    /// Other text in place of a frame.
    TextInsteadOfFrame,
    /// A compressed message that cannot be inflated.
    CorruptDeflate,
    /// RSV1 on a frame for which permessage-deflate does not define it.
    MisplacedRsv1,
    /// A frame after the peer's Close frame.
    FrameAfterClose,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 22] = [
        Self::ReservedBits,
        Self::ReservedOpcode,
        Self::MaskedByServer,
        Self::UnmaskedByClient,
        Self::FragmentedControl,
        Self::ControlTooLong,
        Self::ControlOverTolerance,
        Self::ContinuationWithoutStart,
        Self::MessageInsideMessage,
        Self::LengthNotMinimal,
        Self::LengthTooLarge,
        Self::InvalidUtf8,
        Self::InvalidUtf8InReason,
        Self::CloseTooShort,
        Self::InvalidCloseCode,
        Self::MessageTooBig,
        Self::OverMemory,
        Self::HttpAfterUpgrade,
        Self::TextInsteadOfFrame,
        Self::CorruptDeflate,
        Self::MisplacedRsv1,
        Self::FrameAfterClose,
    ];

    /// The section that defines the rule.
    pub const fn section(self) -> &'static str {
        match self {
            Self::ReservedBits
            | Self::ReservedOpcode
            | Self::LengthNotMinimal
            | Self::LengthTooLarge
            | Self::HttpAfterUpgrade
            | Self::TextInsteadOfFrame => "RFC 6455 section 5.2",
            Self::MaskedByServer | Self::UnmaskedByClient => "RFC 6455 section 5.1",
            Self::FragmentedControl | Self::ControlTooLong | Self::ControlOverTolerance => {
                "RFC 6455 section 5.5"
            }
            Self::ContinuationWithoutStart | Self::MessageInsideMessage => "RFC 6455 section 5.4",
            Self::InvalidUtf8 => "RFC 6455 section 8.1",
            Self::InvalidUtf8InReason | Self::CloseTooShort | Self::FrameAfterClose => {
                "RFC 6455 section 5.5.1"
            }
            Self::InvalidCloseCode => "RFC 6455 section 7.4",
            Self::MessageTooBig | Self::OverMemory => "RFC 6455 section 10.4",
            Self::CorruptDeflate => "RFC 7692 section 7.2.2",
            Self::MisplacedRsv1 => "RFC 7692 section 6.1",
        }
    }

    /// The code we close with (RFC 6455 section 7.4.1).
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::InvalidUtf8 | Self::InvalidUtf8InReason | Self::CorruptDeflate => {
                CloseCode::INVALID_PAYLOAD
            }
            Self::MessageTooBig | Self::OverMemory => CloseCode::MESSAGE_TOO_BIG,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }

    /// A short description, also used as the reason in our Close frame.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::ReservedBits => "reserved bit set",
            Self::ReservedOpcode => "reserved opcode",
            Self::MaskedByServer => "masked frame from a server",
            Self::UnmaskedByClient => "unmasked frame from a client",
            Self::FragmentedControl => "fragmented control frame",
            Self::ControlTooLong | Self::ControlOverTolerance => "control frame over 125 bytes",
            Self::ContinuationWithoutStart => "continuation frame without a message to continue",
            Self::MessageInsideMessage => "new message inside a fragmented one",
            Self::LengthNotMinimal => "length not minimally encoded",
            Self::LengthTooLarge => "length with the top bit set",
            Self::InvalidUtf8 => "invalid UTF-8 in a text message",
            Self::InvalidUtf8InReason => "invalid UTF-8 in the close reason",
            Self::CloseTooShort => "close frame with a one-byte payload",
            Self::InvalidCloseCode => "invalid close code",
            Self::MessageTooBig => "message too big",
            Self::OverMemory => "message over --max-memory",
            Self::HttpAfterUpgrade => "HTTP response instead of frames",
            Self::TextInsteadOfFrame => "text instead of a frame",
            Self::CorruptDeflate => "corrupt compressed message",
            Self::MisplacedRsv1 => "RSV1 on a frame that cannot start a compressed message",
            Self::FrameAfterClose => "frame after the close frame",
        }
    }

    /// Whether the connection can continue after the violation.
    pub const fn is_tolerable(self) -> bool {
        !matches!(
            self,
            Self::LengthTooLarge
                | Self::ControlOverTolerance
                | Self::MessageTooBig
                | Self::OverMemory
                | Self::HttpAfterUpgrade
                | Self::TextInsteadOfFrame
                | Self::CorruptDeflate
        )
    }
}

/// A recognised cause of a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A UTF-16 surrogate was encoded on its own (RFC 3629 section 3).
    Surrogate,
    /// A text ends in the middle of a character.
    CutCharacter,
    /// A compressed message refers to earlier ones, although no context takeover was negotiated (RFC 7692
    /// section 7.1.1).
    KeptContext,
    /// A compressed message refers further back than the window that was negotiated (RFC 7692 section 7.1.2).
    OutsideWindow,
    /// The size line of an HTTP chunk (RFC 9112 section 7.1).
    HttpChunk,
    /// An HTTP request line (RFC 9112 section 3).
    HttpRequest,
    /// HTML or XML.
    Markup,
    /// A line end, followed by a frame.
    LineEnd,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Surrogate => "a UTF-16 surrogate",
            Self::CutCharacter => "a truncated character",
            Self::KeptContext => "a reference to an earlier message",
            Self::OutsideWindow => "a reference to data outside of the window",
            Self::HttpChunk => "the size of an HTTP chunk",
            Self::HttpRequest => "an HTTP request",
            Self::Markup => "HTML or XML",
            Self::LineEnd => "a line end",
        })
    }
}

/// A violation of the protocol, with details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule that was violated.
    pub rule: Rule,
    /// What was received: "RSV2 set on a text frame", "close code 1006".
    pub detail: String,
    /// The frame that violated it, if one could be decoded.
    pub frame: Option<Header>,
    /// The offset of that frame in the stream of bytes after the handshake.
    pub offset: u64,
    /// The first bytes of that frame's payload, unmasked, as far as received: at most 64 bytes.
    pub payload: Box<[u8]>,
    /// Text sent by the peer: the reason in an invalid Close frame, or the start of what was received in
    /// place of frames, at most 4 KiB.
    pub excerpt: Vec<u8>,
    /// The cause, if it is known.
    pub cause: Option<Cause>,
}

/// The maximum number of payload bytes that are kept to be shown.
pub(super) const MAX_SHOWN: usize = 64;

impl Violation {
    /// A violation at `offset`, where no frame could be decoded.
    pub(super) fn at(offset: u64, rule: Rule, detail: String) -> Self {
        Self {
            rule,
            detail,
            frame: None,
            offset,
            payload: Box::default(),
            excerpt: Vec::new(),
            cause: None,
        }
    }

    /// A violation by the frame with this header at `offset`; `payload`: its unmasked payload, as far as
    /// received.
    pub(super) fn by_frame(
        header: Header,
        offset: u64,
        rule: Rule,
        detail: String,
        payload: &[u8],
    ) -> Self {
        Self {
            frame: Some(header),
            payload: payload[..payload.len().min(MAX_SHOWN)].into(),
            ..Self::at(offset, rule, detail)
        }
    }
}

impl Violation {
    /// The reason in the invalid Close frame, if it has one. It need not be valid UTF-8.
    pub fn close_reason(&self) -> Option<&[u8]> {
        (self.is_by_close() && !self.excerpt.is_empty()).then_some(&self.excerpt[..])
    }

    /// The content of the invalid Close frame. Its code may be one that must not be sent.
    pub fn invalid_close(&self) -> Option<ClosePayload> {
        let code = self.payload.first_chunk().map(|code| CloseCode::new(u16::from_be_bytes(*code)));
        let reason = String::from_utf8_lossy(&self.excerpt).into_owned();
        self.is_by_close().then_some(ClosePayload { code, reason })
    }

    /// Whether the violation is in the payload of a Close frame, which still shows that the peer wanted to
    /// close.
    pub(super) fn is_by_close(&self) -> bool {
        matches!(
            self.rule,
            Rule::InvalidCloseCode | Rule::InvalidUtf8InReason | Rule::CloseTooShort
        )
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.rule.summary(), self.detail, self.rule.section())
    }
}
