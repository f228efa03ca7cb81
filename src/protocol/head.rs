//! HTTP/1.1 heads (RFC 9112 sections 2 to 5), preserved as they were on the wire: bytes, order, case and
//! duplicates. The start line is parsed by httparse.

use std::borrow::Cow;
use std::fmt;

mod fields;
mod line;

use fields::{Fields, Place};

pub use fields::{LineFault, MalformedLine};
pub use line::{HeaderLine, HeaderLineError, is_token, is_token_char};

/// The maximum length of a head, in bytes.
pub const MAX_HEAD: usize = 64 << 10;

/// The maximum number of header fields.
pub const MAX_FIELDS: usize = 256;

/// A head as received or to be sent, with the positions of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    bytes: Vec<u8>,
    start_line: usize,
    fields: Fields,
}

/// The start line of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusLine {
    /// Minor version: 1 for HTTP/1.1.
    pub minor_version: u8,
    /// Status code, 100 to 999.
    pub status: u16,
    /// Reason phrase; often empty.
    pub reason: String,
}

/// The start line of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine {
    /// Minor version: 1 for HTTP/1.1.
    pub minor_version: u8,
    /// The method.
    pub method: String,
    /// The request target.
    pub target: String,
}

/// Why bytes are not an HTTP/1.1 head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// The first bytes are not those of HTTP.
    NotHttp(Vec<u8>),
    /// The start line looks like HTTP but is malformed.
    StartLine(String),
    /// The head is longer than [`MAX_HEAD`] bytes.
    TooLong,
    /// The head has more than [`MAX_FIELDS`] fields and malformed lines.
    TooManyFields,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHttp(_) => f.write_str("that is not HTTP"),
            Self::StartLine(line) => write!(f, "malformed start line {line:?}"),
            Self::TooLong => write!(f, "the head is longer than {} KiB", MAX_HEAD >> 10),
            Self::TooManyFields => write!(f, "the head has more than {MAX_FIELDS} header fields"),
        }
    }
}

impl Head {
    /// Builds a head from `start_line` and `fields`.
    pub fn build(start_line: &str, fields: &[HeaderLine]) -> Self {
        let mut bytes = format!("{start_line}\r\n").into_bytes();
        let mut places = Vec::with_capacity(fields.len());
        for field in fields {
            let name = bytes.len()..bytes.len() + field.name.len();
            let separator = if field.value.is_empty() { ":" } else { ": " };
            let start = name.end + separator.len();
            let value = start..start + field.value.len();
            let line = format!("{}{separator}{}\r\n", field.name, field.value);
            bytes.extend_from_slice(line.as_bytes());
            places.push((Place::Wire(name), Place::Wire(value)));
        }
        bytes.extend_from_slice(b"\r\n");
        let fields = Fields { places, ..Fields::default() };
        Self { bytes, start_line: start_line.len(), fields }
    }

    /// The head as it is on the wire, with the empty line that ends it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The start line, without its line break.
    pub fn start_line(&self) -> &[u8] {
        &self.bytes[..self.start_line]
    }

    /// Names and values in order, as received. A value folded over several lines is unfolded.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.places.iter().map(|(name, value)| {
            // Names are tokens, so ASCII.
            let name = str::from_utf8(self.fields.at(&self.bytes, name)).unwrap_or_default();
            (name, self.fields.at(&self.bytes, value))
        })
    }

    /// The lines that are not header fields, in order (RFC 9112 section 5).
    pub fn malformed_lines(&self) -> &[MalformedLine] {
        &self.fields.malformed
    }

    /// The head as interpreted when malformed lines are tolerated: they are ignored, except for fields with
    /// white space before the colon, which are used (RFC 9112 section 5.1).
    #[must_use]
    pub fn lenient(&self) -> Self {
        let bytes = self.bytes.clone();
        Self { bytes, start_line: self.start_line, fields: self.fields.lenient() }
    }

    /// The head to validate, with malformed lines tolerated or not.
    pub fn judged(&self, lenient: bool) -> Cow<'_, Self> {
        match lenient {
            true => Cow::Owned(self.lenient()),
            false => Cow::Borrowed(self),
        }
    }

    /// All values of the field `name`, as text.
    pub fn values(&self, name: &str) -> impl Iterator<Item = String> {
        self.fields()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// The first value of the field `name`, as text.
    pub fn value(&self, name: &str) -> Option<String> {
        self.values(name).next()
    }

    /// The elements of all comma-separated lists in fields called `name` (RFC 9110 section 5.6.1).
    pub fn list(&self, name: &str) -> Vec<String> {
        self.values(name)
            .flat_map(|value| split_list(&value))
            .filter(|element| !element.is_empty())
            .collect()
    }
}

/// Splits at commas that are not inside a quoted string, and trims the parts.
pub fn split_list(value: &str) -> Vec<String> {
    split_unquoted(value, ',')
}

/// Splits at separators that are not inside a quoted string, and trims the parts.
pub(super) fn split_unquoted(value: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in value.chars() {
        if c == separator && !quoted {
            parts.push(String::new());
            continue;
        }
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && c == '\\' && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts.iter().map(|part| part.trim_matches([' ', '\t']).to_owned()).collect()
}

/// Parses a response head at the start of `bytes`; `None` when more bytes are needed.
///
/// # Errors
/// As soon as the bytes cannot be the start of a valid head.
pub fn parse_response(bytes: &[u8]) -> Result<Option<(StatusLine, Head)>, HeadError> {
    must_start_like(bytes, b"HTTP/1.")?;
    let Some(bytes) = whole_head(bytes)? else { return Ok(None) };
    let mut response = httparse::Response::new(&mut []);
    let wrong = || HeadError::StartLine(first_line(bytes));
    match response.parse(&alone(bytes)) {
        Ok(httparse::Status::Complete(_)) => {
            // httparse accepts any three digits.
            let Some(status @ 100..) = response.code else { return Err(wrong()) };
            let line = StatusLine {
                minor_version: response.version.unwrap_or_default(),
                status,
                reason: reason(bytes),
            };
            Ok(Some((line, keep(bytes)?)))
        }
        _ => Err(wrong()),
    }
}

/// Parses a request head at the start of `bytes`; `None` when more bytes are needed.
///
/// # Errors
/// As soon as the bytes cannot be the start of a valid head.
pub fn parse_request(bytes: &[u8]) -> Result<Option<(RequestLine, Head)>, HeadError> {
    if bytes.first().is_some_and(|first| !first.is_ascii_uppercase()) && !starts_like_method(bytes)
    {
        return Err(HeadError::NotHttp(bytes.to_vec()));
    }
    let Some(bytes) = whole_head(bytes)? else { return Ok(None) };
    let start_line = alone(bytes);
    let mut request = httparse::Request::new(&mut []);
    match request.parse(&start_line) {
        Ok(httparse::Status::Complete(_)) => {
            let line = RequestLine {
                minor_version: request.version.unwrap_or_default(),
                method: request.method.unwrap_or_default().to_owned(),
                target: request.path.unwrap_or_default().to_owned(),
            };
            Ok(Some((line, keep(bytes)?)))
        }
        _ => Err(HeadError::StartLine(first_line(bytes))),
    }
}

/// Whether the bytes so far may begin a method of HTTP, in whatever case it is written: the name of a method is
/// case-sensitive, but `get` is a request for a method that is not known (RFC 9110 section 9.1).
fn starts_like_method(bytes: &[u8]) -> bool {
    const METHODS: [&[u8]; 9] = [
        b"GET ",
        b"HEAD ",
        b"POST ",
        b"PUT ",
        b"DELETE ",
        b"CONNECT ",
        b"OPTIONS ",
        b"TRACE ",
        b"PATCH ",
    ];
    METHODS.iter().any(|method| {
        let compared = bytes.len().min(method.len());
        bytes[..compared].eq_ignore_ascii_case(&method[..compared])
    })
}

/// The start line as a complete head, so that it is parsed independently of the other lines.
fn alone(bytes: &[u8]) -> Vec<u8> {
    [first_line_bytes(bytes), b"\r\n\r\n"].concat()
}

fn must_start_like(bytes: &[u8], start: &[u8]) -> Result<(), HeadError> {
    let compared = bytes.len().min(start.len());
    if bytes[..compared] == start[..compared] {
        return Ok(());
    }
    if bytes.starts_with(b"HTTP/") {
        return Err(HeadError::StartLine(first_line(bytes)));
    }
    Err(HeadError::NotHttp(bytes.to_vec()))
}

/// The bytes up to the empty line that ends a head. Parsing before it was received would take quadratic
/// time if the peer sends byte by byte.
fn whole_head(bytes: &[u8]) -> Result<Option<&[u8]>, HeadError> {
    let searched = &bytes[..bytes.len().min(MAX_HEAD)];
    let end = memchr::memmem::find_iter(searched, b"\n").find_map(|at| match &searched[at + 1..] {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    });
    match end {
        Some(end) => Ok(Some(&bytes[..end])),
        None if bytes.len() >= MAX_HEAD => Err(HeadError::TooLong),
        None => Ok(None),
    }
}

/// A complete head, its lines classified.
fn keep(bytes: &[u8]) -> Result<Head, HeadError> {
    let fields_from = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    Ok(Head {
        fields: Fields::sort(bytes, fields_from)?,
        bytes: bytes.to_vec(),
        start_line: first_line_bytes(bytes).len(),
    })
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(first_line_bytes(bytes)).into_owned()
}

fn first_line_bytes(bytes: &[u8]) -> &[u8] {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The reason phrase. httparse does not return one that is not ASCII.
fn reason(bytes: &[u8]) -> String {
    let line = first_line(bytes);
    line.splitn(3, ' ').nth(2).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests;
