//! What a peer can do wrong after the handshake, with the rule it breaks.

use std::fmt;

use super::close::{CloseCode, ClosePayload};
use super::frame::Header;

/// A rule of RFC 6455 or RFC 7692 that the peer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A reserved bit without an extension that gives it a meaning.
    ReservedBits,
    /// An opcode that means nothing.
    ReservedOpcode,
    /// A masked frame from a server.
    MaskedByServer,
    /// An unmasked frame from a client.
    UnmaskedByClient,
    /// A control frame without FIN.
    FragmentedControl,
    /// A control frame with more than 125 bytes of payload.
    ControlTooLong,
    /// A control frame that is too long to be tolerated as well.
    ControlOverTolerance,
    /// A continuation of nothing.
    ContinuationWithoutStart,
    /// A new text or binary message inside an unfinished one.
    MessageInsideMessage,
    /// A length in more bytes than it needs.
    LengthNotMinimal,
    /// A 64-bit length with its top bit set.
    LengthTooLarge,
    /// Text that is not UTF-8.
    InvalidUtf8,
    /// A close reason that is not UTF-8.
    InvalidUtf8InReason,
    /// A Close payload of one byte: half a code.
    CloseTooShort,
    /// A close code that must not be sent.
    InvalidCloseCode,
    /// More than we are willing to take; not the peer's error as such.
    MessageTooBig,
    /// More than the budget for all connections leaves; not the peer's error as such.
    OverMemory,
    /// A plain HTTP response where a frame should be.
    HttpAfterUpgrade,
    /// Another text where a frame should be.
    TextInsteadOfFrame,
    /// A compressed message that cannot be inflated.
    CorruptDeflate,
    /// RSV1 where permessage-deflate gives it no meaning.
    MisplacedRsv1,
    /// A frame behind the peer's Close frame.
    FrameAfterClose,
}

impl Rule {
    /// Where the rule stands.
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

    /// A few words for the reason of our Close frame.
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

    /// Whether the connection can go on after it, for those who want to see what follows.
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

/// What is known of the reason for a violation beside the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Half of a UTF-16 surrogate pair was encoded on its own (RFC 3629 section 3).
    Surrogate,
    /// A text ends in the middle of a character.
    CutCharacter,
    /// A compressed message refers to others, although it was agreed that none does (RFC 7692 section
    /// 7.1.1).
    KeptContext,
    /// The size line of an HTTP chunk (RFC 9112 section 7.1).
    HttpChunk,
    /// An HTTP request line (RFC 9112 section 3).
    HttpRequest,
    /// HTML or XML.
    Markup,
    /// A line end, with a frame behind it.
    LineEnd,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Surrogate => "a UTF-16 surrogate",
            Self::CutCharacter => "a character that is cut off",
            Self::KeptContext => "a reference to an earlier message",
            Self::HttpChunk => "the size of an HTTP chunk",
            Self::HttpRequest => "an HTTP request",
            Self::Markup => "HTML or XML",
            Self::LineEnd => "a line end",
        })
    }
}

/// One violation, with what there is to know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule broken.
    pub rule: Rule,
    /// What came, in numbers: "RSV2 set on a text frame", "close code 1006".
    pub detail: String,
    /// The frame that broke it, if one was recognisable.
    pub frame: Option<Header>,
    /// Where in the stream of bytes after the handshake that frame starts.
    pub offset: u64,
    /// The start of that frame's payload, unmasked, as far as it had come: at most 64 bytes.
    pub payload: Box<[u8]>,
    /// The peer's own words: the reason in a bad Close frame, or the start of what came instead of
    /// frames, at most 4 KiB.
    pub excerpt: Vec<u8>,
    /// Why, if it is known.
    pub cause: Option<Cause>,
}

/// How much of a payload is kept to be shown.
pub(super) const MAX_SHOWN: usize = 64;

impl Violation {
    /// At `offset`, where no frame was recognisable.
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

    /// By the frame with this header, which starts at `offset`, and as much of its payload, unmasked,
    /// as is there.
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
    /// The reason of the Close frame that broke the rule, if it is one and has a reason. It need not be
    /// UTF-8.
    pub fn close_reason(&self) -> Option<&[u8]> {
        (self.is_by_close() && !self.excerpt.is_empty()).then_some(&self.excerpt[..])
    }

    /// What the Close frame said that broke the rule, if it is one. Its code need not be one that may be sent.
    pub fn invalid_close(&self) -> Option<ClosePayload> {
        let code = self.payload.first_chunk().map(|code| CloseCode::new(u16::from_be_bytes(*code)));
        let reason = String::from_utf8_lossy(&self.excerpt).into_owned();
        self.is_by_close().then_some(ClosePayload { code, reason })
    }

    /// Whether what a Close frame says broke the rule: the peer wanted to close, however badly it said so.
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
