//! A header field line to send, and the characters allowed in it.

use std::fmt;

/// A header field line to send: `Name: value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLine {
    /// The field name, in the case given.
    pub name: String,
    /// The value, without surrounding white space.
    pub value: String,
    /// It marks a header that must not be sent: `Name:`.
    pub is_removal: bool,
}

/// Why a header line cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderLineError {
    /// Not of the form `Name: value`.
    #[error("no colon; use 'Name: value', or 'Name;' for an empty value")]
    NoColon,
    /// The name is empty.
    #[error("the name is empty")]
    NoName,
    /// A character that RFC 9110 section 5.6.2 does not allow in a name.
    #[error("{0:?} is not allowed in a header name")]
    InName(char),
    /// A character that would end the line or the head.
    #[error("{0:?} is not allowed in a header value")]
    InValue(char),
}

impl HeaderLine {
    /// A line with this name and value.
    pub fn new(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), is_removal: false }
    }

    /// The User-Agent header; `None` for an empty value, as with curl.
    pub fn user_agent(agent: &str) -> Option<Self> {
        (!agent.is_empty()).then(|| Self::new("User-Agent", agent))
    }

    /// Parses `Name: value`, `Name:` for a header that is not sent, or `Name;` for one with an empty value, as
    /// curl does.
    ///
    /// # Errors
    /// If there is no colon, the name is not a token, or the value contains CR, LF, NUL or another control
    /// character.
    pub fn parse(line: &str) -> Result<Self, HeaderLineError> {
        let (name, value, is_empty) =
            match (line.split_once(':'), line.trim_end().strip_suffix(';')) {
                (Some((name, value)), _) => (name, value, false),
                (None, Some(name)) => (name, "", true),
                (None, None) => return Err(HeaderLineError::NoColon),
            };
        if name.is_empty() {
            return Err(HeaderLineError::NoName);
        }
        if let Some(wrong) = name.chars().find(|c| !is_token_char(*c)) {
            return Err(HeaderLineError::InName(wrong));
        }
        let value = value.trim_matches([' ', '\t']);
        if let Some(wrong) = value.chars().find(|c| c.is_ascii_control() && *c != '\t') {
            return Err(HeaderLineError::InValue(wrong));
        }
        let is_removal = value.is_empty() && !is_empty;
        Ok(Self { is_removal, ..Self::new(name, value) })
    }

    /// Whether the field has this name, compared case-insensitively.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The line as [`HeaderLine::parse`] reads it.
impl fmt::Display for HeaderLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_removal, self.value.as_str()) {
            (true, _) => write!(f, "{}:", self.name),
            (false, "") => write!(f, "{};", self.name),
            (false, value) => write!(f, "{}: {value}", self.name),
        }
    }
}

/// Whether `c` may occur in a token (RFC 9110 section 5.6.2).
pub fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// Whether `text` is a token, as a subprotocol or extension name must be.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_token_char)
}
