//! Close codes (RFC 6455 section 7.4): their names, their meaning, and usual causes.

mod applications;
mod payload;
mod ranges;
mod registry;

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use registry::{REGISTERED, RegisteredCode};

pub use applications::{APPLICATIONS, Application};
pub use payload::{ClosePayload, InvalidClose};
pub use ranges::RANGES;

/// A close code, RFC 6455 section 7.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloseCode(u16);

/// What a close code means, who may send it, and why it usually occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The meaning in one short line.
    pub summary: &'static str,
    /// The meaning in full.
    pub meaning: &'static str,
    /// Who may send it.
    pub sender: &'static str,
    /// Usual causes, the most common first.
    pub causes: &'static [&'static str],
    /// Where it is defined.
    pub section: &'static str,
}

/// A range of close codes that share a name and a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeRange {
    /// The first code of the range.
    pub first: u16,
    /// The last code of the range.
    pub last: u16,
    /// The name of every code in the range that has no name of its own.
    pub name: &'static str,
    /// The explanation of the range as a whole.
    pub explanation: Explanation,
}

/// A text that cannot be parsed as a close code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseCloseCodeError {
    text: String,
}

impl CloseCode {
    /// The purpose of the connection has been fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The endpoint is going away: a server shuts down, or a browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the WebSocket protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// The type of the message is not accepted.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// Reported for a Close frame without a code; never sent.
    pub const NO_STATUS: Self = Self(1005);
    /// Reported for a connection that ended without a Close frame; never sent.
    pub const ABNORMAL: Self = Self(1006);
    /// The data is not consistent with the type of the message.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// The endpoint's policy was violated.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// The message is larger than the endpoint accepts.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// The server's response lacks an extension that the client requires.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// The endpoint encountered an unexpected condition.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// The service restarts.
    pub const SERVICE_RESTART: Self = Self(1012);
    /// The service is overloaded for now.
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// A gateway received an invalid response from the upstream server.
    pub const BAD_GATEWAY: Self = Self(1014);
    /// Reported for a failed TLS handshake; never sent.
    pub const TLS_HANDSHAKE: Self = Self(1015);

    /// Wraps any number, including those that must not be sent; see [`CloseCode::may_be_sent`].
    pub const fn new(code: u16) -> Self {
        Self(code)
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The registered name, or else the name of the range.
    pub fn name(self) -> &'static str {
        self.entry().map_or_else(|| self.range().name, |entry| entry.name)
    }

    /// Whether an endpoint may send this code in a Close frame (RFC 6455 sections 7.4.1 and 7.4.2).
    pub fn may_be_sent(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }

    /// Whether a connection that ended with this code ended normally.
    pub fn is_normal(self) -> bool {
        matches!(self, Self::NORMAL | Self::GOING_AWAY | Self::NO_STATUS)
    }

    /// Meaning, sender, usual causes and definition.
    pub fn explain(self) -> Explanation {
        self.entry().map_or_else(|| self.range().explanation, |entry| entry.explanation)
    }

    fn entry(self) -> Option<&'static RegisteredCode> {
        REGISTERED.iter().find(|entry| entry.code == self.0)
    }

    fn range(self) -> &'static CodeRange {
        let within = |range: &&CodeRange| (range.first..=range.last).contains(&self.0);
        RANGES.iter().find(within).expect("the ranges cover every number")
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.name())
    }
}

impl From<u16> for CloseCode {
    fn from(code: u16) -> Self {
        Self(code)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

impl FromStr for CloseCode {
    type Err = ParseCloseCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `u16::from_str` also takes a leading plus sign.
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits { text.parse().ok() } else { None };
        number.map(Self).ok_or_else(|| ParseCloseCodeError { text: text.to_owned() })
    }
}

impl fmt::Display for ParseCloseCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a close code: expected a number such as 1000, at most 65535",
            self.text
        )
    }
}

impl Error for ParseCloseCodeError {}

/// Every code with a name of its own, in order.
pub const KNOWN: &[u16] = &{
    let mut codes = [0; REGISTERED.len()];
    let mut at = 0;
    while at < codes.len() {
        codes[at] = REGISTERED[at].code;
        at += 1;
    }
    codes
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_registry_or_the_range() {
        for (code, shown) in [
            (0, "0 Unused"),
            (999, "999 Unused"),
            (1000, "1000 Normal Closure"),
            (1004, "1004 Reserved"),
            (1008, "1008 Policy Violation"),
            (1015, "1015 TLS Handshake"),
            (1016, "1016 Reserved"),
            (2999, "2999 Reserved"),
            (3000, "3000 Unauthorized"),
            (3001, "3001 Registered Code"),
            (4999, "4999 Private Use"),
            (5000, "5000 Invalid"),
            (65535, "65535 Invalid"),
        ] {
            assert_eq!(CloseCode::new(code).to_string(), shown);
        }
    }

    #[test]
    fn only_valid_codes_may_be_sent() {
        let allowed = |code: &u16| CloseCode::new(*code).may_be_sent();
        let below_3000: Vec<u16> = (0..3000).filter(allowed).collect();
        assert_eq!(
            below_3000,
            [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
        );
        assert!((3000..=4999).all(|code| allowed(&code)));
        assert!(!(5000..=u16::MAX).any(|code| allowed(&code)));
    }

    #[test]
    fn three_codes_are_normal() {
        let normal: Vec<u16> =
            (0..=u16::MAX).filter(|code| CloseCode::new(*code).is_normal()).collect();
        assert_eq!(normal, [1000, 1001, 1005]);
    }

    #[test]
    fn ranges_cover_every_number_once() {
        assert_eq!(RANGES[0].first, 0);
        assert_eq!(RANGES[RANGES.len() - 1].last, u16::MAX);
        assert!(RANGES.windows(2).all(|pair| pair[0].last + 1 == pair[1].first));
    }

    #[test]
    fn tables_are_sorted_and_complete() {
        assert!(KNOWN.is_sorted());
        for code in KNOWN.iter().copied().chain(RANGES.iter().map(|range| range.first)) {
            let explanation = CloseCode::new(code).explain();
            assert!(!explanation.causes.is_empty(), "{code}");
            assert!(
                [explanation.summary, explanation.meaning, explanation.sender, explanation.section]
                    .iter()
                    .all(|text| !text.is_empty())
            );
        }
    }

    #[test]
    fn numbers_are_parsed_and_errors_explained() {
        assert_eq!("1008".parse(), Ok(CloseCode::POLICY_VIOLATION));
        assert_eq!("65535".parse(), Ok(CloseCode::new(65535)));
        for text in ["", "+1000", "65536", "going away", " 1000"] {
            let error = text.parse::<CloseCode>().expect_err("not a code").to_string();
            assert!(error.starts_with(&format!("{text:?} is not a close code")), "{error}");
        }
    }
}
