//! HTTP/1.1 heads (RFC 9112 sections 2 to 5) kept as they were on the wire: bytes, order, case and
//! duplicates. httparse decides what is well-formed.

use std::fmt;
use std::ops::Range;

mod line;

pub use line::{HeaderLine, HeaderLineError, is_token, is_token_char};

/// The longest head that is read, in bytes.
pub const MAX_HEAD: usize = 64 << 10;

/// The most header fields that are read.
pub const MAX_FIELDS: usize = 256;

/// A head as it was received (or is to be sent), with where its parts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    bytes: Vec<u8>,
    start_line: usize,
    fields: Vec<(Range<usize>, Range<usize>)>,
}

/// The first line of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusLine {
    /// Minor version: 1 for HTTP/1.1.
    pub minor_version: u8,
    /// Status code, 100 to 999.
    pub status: u16,
    /// Reason phrase; often empty.
    pub reason: String,
}

/// The first line of a request.
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
    /// A first line that looks like HTTP and is none.
    StartLine(String),
    /// A malformed header field line.
    Field {
        /// Which one, from 1.
        number: usize,
        /// The line.
        line: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Over [`MAX_HEAD`] bytes.
    TooLong,
    /// Over [`MAX_FIELDS`] fields.
    TooManyFields,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHttp(_) => f.write_str("that is not HTTP"),
            Self::StartLine(line) => write!(f, "malformed start line {line:?}"),
            Self::Field { number, line, why } => {
                write!(f, "malformed header field, line {number} ({why}): {line:?}")
            }
            Self::TooLong => write!(f, "the head is longer than {} KiB", MAX_HEAD >> 10),
            Self::TooManyFields => write!(f, "the head has more than {MAX_FIELDS} header fields"),
        }
    }
}

impl Head {
    /// The head that `start_line` and `fields` make.
    pub fn build(start_line: &str, fields: &[HeaderLine]) -> Self {
        let mut bytes = format!("{start_line}\r\n").into_bytes();
        let mut ranges = Vec::with_capacity(fields.len());
        for field in fields {
            let name = bytes.len()..bytes.len() + field.name.len();
            let separator = if field.value.is_empty() { ":" } else { ": " };
            let start = name.end + separator.len();
            let value = start..start + field.value.len();
            let line = format!("{}{separator}{}\r\n", field.name, field.value);
            bytes.extend_from_slice(line.as_bytes());
            ranges.push((name, value));
        }
        bytes.extend_from_slice(b"\r\n");
        Self { bytes, start_line: start_line.len(), fields: ranges }
    }

    /// The head as it is on the wire, with the empty line that ends it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The first line, without its line break.
    pub fn start_line(&self) -> &[u8] {
        &self.bytes[..self.start_line]
    }

    /// Names and values in order, as they came.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|(name, value)| {
            // Names are tokens, so ASCII.
            (
                str::from_utf8(&self.bytes[name.clone()]).unwrap_or_default(),
                &self.bytes[value.clone()],
            )
        })
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

/// Splits at commas that are not inside a quoted string, and trims.
pub fn split_list(value: &str) -> Vec<String> {
    split_unquoted(value, ',')
}

/// Splits at `separator` where it is not inside a quoted string, and trims.
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

/// Reads a response head at the start of `bytes`; `None` when more bytes are needed. Returns also
/// how many bytes the head takes.
///
/// # Errors
/// As soon as the bytes cannot become a head any more.
pub fn parse_response(bytes: &[u8]) -> Result<Option<(StatusLine, Head)>, HeadError> {
    must_start_like(bytes, b"HTTP/1.")?;
    let Some(bytes) = whole_head(bytes)? else { return Ok(None) };
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => {
            // httparse takes any three digits.
            let Some(status @ 100..) = response.code else {
                return Err(HeadError::StartLine(first_line(bytes)));
            };
            let line = StatusLine {
                minor_version: response.version.unwrap_or_default(),
                status,
                reason: reason(bytes),
            };
            Ok(Some((line, keep(&bytes[..length], response.headers))))
        }
        Ok(httparse::Status::Partial) => Ok(None),
        Err(error) => Err(explain(bytes, error)),
    }
}

/// Reads a request head at the start of `bytes`; `None` when more bytes are needed.
///
/// # Errors
/// As soon as the bytes cannot become a head any more.
pub fn parse_request(bytes: &[u8]) -> Result<Option<(RequestLine, Head)>, HeadError> {
    if bytes.first().is_some_and(|first| !first.is_ascii_uppercase()) {
        return Err(HeadError::NotHttp(bytes.to_vec()));
    }
    let Some(bytes) = whole_head(bytes)? else { return Ok(None) };
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => {
            let line = RequestLine {
                minor_version: request.version.unwrap_or_default(),
                method: request.method.unwrap_or_default().to_owned(),
                target: request.path.unwrap_or_default().to_owned(),
            };
            Ok(Some((line, keep(&bytes[..length], request.headers))))
        }
        Ok(httparse::Status::Partial) => Ok(None),
        Err(error) => Err(explain(bytes, error)),
    }
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

/// The bytes up to the empty line that ends a head. Parsing before it has come would take quadratic
/// time from a peer that sends byte by byte.
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

fn keep(bytes: &[u8], fields: &[httparse::Header<'_>]) -> Head {
    let place = |part: &[u8]| {
        let start = part.as_ptr() as usize - bytes.as_ptr() as usize; // httparse borrows from `bytes`
        start..start + part.len()
    };
    Head {
        bytes: bytes.to_vec(),
        start_line: first_line_bytes(bytes).len(),
        fields: fields
            .iter()
            .map(|field| (place(field.name.as_bytes()), place(field.value)))
            .collect(),
    }
}

/// Finds the line that httparse did not like.
fn explain(bytes: &[u8], error: httparse::Error) -> HeadError {
    if error == httparse::Error::TooManyHeaders {
        return HeadError::TooManyFields;
    }
    let fields =
        bytes.split(|&byte| byte == b'\n').skip(1).take_while(|line| !matches!(line, [] | [b'\r']));
    for (index, line) in fields.enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(why) = field_fault(line) {
            let line = String::from_utf8_lossy(line).into_owned();
            return HeadError::Field { number: index + 1, line, why };
        }
    }
    HeadError::StartLine(first_line(bytes))
}

fn field_fault(line: &[u8]) -> Option<&'static str> {
    if line.first().is_some_and(|first| b" \t".contains(first)) {
        return Some("it starts with white space: obsolete line folding");
    }
    let Some(colon) = memchr::memchr(b':', line) else { return Some("no colon") };
    let (name, value) = line.split_at(colon);
    if name.is_empty() {
        return Some("empty name");
    }
    if name.last().is_some_and(|last| b" \t".contains(last)) {
        return Some("white space before the colon");
    }
    if !name.iter().all(|&byte| is_token_char(char::from(byte))) {
        return Some("invalid character in the name");
    }
    let bad_value = value.iter().any(|&byte| byte == 0x7f || (byte < 0x20 && byte != b'\t'));
    bad_value.then_some("control character in the value")
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(first_line_bytes(bytes)).into_owned()
}

fn first_line_bytes(bytes: &[u8]) -> &[u8] {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// What follows the status code. httparse gives none that is not ASCII.
fn reason(bytes: &[u8]) -> String {
    let line = first_line(bytes);
    line.splitn(3, ' ').nth(2).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests;
