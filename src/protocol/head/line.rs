//! A header field line to be sent, and the characters that may stand in it.

/// A header field line to send: `Name: value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLine {
    /// The field name, in the case it was given.
    pub name: String,
    /// The value, without surrounding white space.
    pub value: String,
    /// It stands for a header that is not sent: `Name:`.
    pub is_removal: bool,
}

/// Why a header line cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderLineError {
    /// Not of the form `Name: value`.
    #[error("it has no colon; write 'Name: value', or 'Name;' to send it empty")]
    NoColon,
    /// Nothing before the colon.
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
    /// A line from its parts.
    pub fn new(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), is_removal: false }
    }

    /// The line that names the program; none for an empty name, as with curl.
    pub fn user_agent(agent: &str) -> Option<Self> {
        (!agent.is_empty()).then(|| Self::new("User-Agent", agent))
    }

    /// Reads `Name: value`, `Name:` for a header that is not sent, or `Name;` for one without a value, as
    /// curl has them.
    ///
    /// # Errors
    /// Without a colon, with a name that is no token, or with CR, LF, NUL or another control
    /// character in the value.
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

    /// Whether this is the field of that name; names are case-insensitive.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
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
