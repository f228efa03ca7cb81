//! The lines after the start line of a head: header fields and malformed lines (RFC 9112 section 5).

use std::fmt;
use std::ops::Range;

use super::{HeadError, MAX_FIELDS, is_token_char};

/// A line that is not a valid header field. It is kept for display; the other lines are interpreted
/// without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedLine {
    /// The number of the line after the start line, from 1.
    pub number: usize,
    /// The line without its line break, joined with its continuation lines.
    pub text: Vec<u8>,
    /// Why it is malformed.
    pub fault: LineFault,
    /// The number of header fields before it.
    pub fields_before: usize,
}

/// Why a header field line is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineFault {
    /// It starts with white space, and there is no line before it to continue (RFC 9112 section 2.2).
    LeadingSpace,
    /// It has no colon.
    NoColon,
    /// The name is empty.
    NoName,
    /// White space between the name and the colon (RFC 9112 section 5.1).
    SpaceBeforeColon,
    /// The name is not a token (RFC 9110 section 5.1).
    Name,
    /// A control character in the value (RFC 9110 section 5.5).
    Value,
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LeadingSpace => "leading white space, but no line to continue",
            Self::NoColon => "no colon",
            Self::NoName => "empty name",
            Self::SpaceBeforeColon => "white space before the colon",
            Self::Name => "invalid character in the name",
            Self::Value => "control character in the value",
        })
    }
}

/// The maximum number of bytes of a line that are quoted.
const MAX_QUOTED: usize = 120;

impl MalformedLine {
    /// A description with number, fault and text; the text is passed as `shown`, with secrets masked.
    pub fn describe(&self, shown: &[u8]) -> String {
        let quoted = String::from_utf8_lossy(&shown[..shown.len().min(MAX_QUOTED)]);
        let more = if shown.len() > MAX_QUOTED { "…" } else { "" };
        format!("malformed header field, line {} ({}): {quoted:?}{more}", self.number, self.fault)
    }
}

/// The position of a name or value of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the bytes of the head, as received.
    Wire(Range<usize>),
    /// In [`Fields::unfolded`]: joined from several lines, or changed.
    Unfolded(Range<usize>),
}

/// The classified lines of a head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    /// Names and values, in order.
    pub(super) places: Vec<(Place, Place)>,
    /// Text that does not occur in the head in this form.
    pub(super) unfolded: Vec<u8>,
    /// The malformed lines, in order.
    pub(super) malformed: Vec<MalformedLine>,
}

/// A field line with its continuation lines.
struct FieldLine {
    number: usize,
    line: Range<usize>,
    /// Where it starts in the unfolded text, if it has continuation lines.
    unfolded_from: Option<usize>,
}

impl Fields {
    /// Classifies the lines of `head` from byte `at` to the empty line at its end.
    ///
    /// # Errors
    /// If there are too many.
    pub(super) fn sort(head: &[u8], mut at: usize) -> Result<Self, HeadError> {
        let mut fields = Self::default();
        let mut open: Option<FieldLine> = None;
        let mut number = 0;
        while let Some(length) = memchr::memchr(b'\n', &head[at..]) {
            let line = at..at + length - usize::from(head[at..at + length].ends_with(b"\r"));
            at += length + 1;
            if line.is_empty() {
                break;
            }
            number += 1;
            match &mut open {
                Some(open) if is_space(head[line.start]) => fields.unfold(head, open, line),
                _ => {
                    if let Some(whole) =
                        open.replace(FieldLine { number, line, unfolded_from: None })
                    {
                        fields.add(head, whole);
                    }
                }
            }
            if fields.places.len() + fields.malformed.len() >= MAX_FIELDS {
                return Err(HeadError::TooManyFields);
            }
        }
        if let Some(whole) = open {
            fields.add(head, whole);
        }
        Ok(fields)
    }

    /// Obsolete line folding is replaced by a space (RFC 9112 section 5.2).
    fn unfold(&mut self, head: &[u8], open: &mut FieldLine, line: Range<usize>) {
        if open.unfolded_from.is_none() {
            open.unfolded_from = Some(self.unfolded.len());
            self.unfolded.extend_from_slice(trim_end(&head[open.line.clone()]));
        }
        self.unfolded.push(b' ');
        self.unfolded.extend_from_slice(trim(&head[line]));
    }

    /// Adds a line with all its continuation lines.
    fn add(&mut self, head: &[u8], whole: FieldLine) {
        let FieldLine { number, line, unfolded_from } = whole;
        let text = match unfolded_from {
            Some(from) => &self.unfolded[from..],
            None => &head[line.clone()],
        };
        match split(text) {
            Ok((name, value)) => {
                let place = |part: Range<usize>| match unfolded_from {
                    Some(from) => Place::Unfolded(part.start + from..part.end + from),
                    None => Place::Wire(part.start + line.start..part.end + line.start),
                };
                self.places.push((place(name), place(value)));
            }
            Err(fault) => {
                let (text, fields_before) = (text.to_vec(), self.places.len());
                self.malformed.push(MalformedLine { number, text, fault, fields_before });
                self.unfolded.truncate(unfolded_from.unwrap_or(self.unfolded.len()));
            }
        }
    }

    /// The text at this position.
    pub(super) fn at<'a>(&'a self, head: &'a [u8], place: &Place) -> &'a [u8] {
        match place {
            Place::Wire(range) => &head[range.clone()],
            Place::Unfolded(range) => &self.unfolded[range.clone()],
        }
    }

    /// The fields without malformed lines. Lines whose only fault is white space before the colon become
    /// fields, as for a proxy that removes it (RFC 9112 section 5.1).
    pub(super) fn lenient(&self) -> Self {
        let mut lenient = Self { malformed: Vec::new(), ..self.clone() };
        for line in self.malformed.iter().rev() {
            if line.fault != LineFault::SpaceBeforeColon {
                continue;
            }
            let Some((name, value)) = without_space(&line.text) else { continue };
            let mut add = |part: &[u8]| {
                let start = lenient.unfolded.len();
                lenient.unfolded.extend_from_slice(part);
                Place::Unfolded(start..lenient.unfolded.len())
            };
            let field = (add(name), add(value));
            lenient.places.insert(line.fields_before, field);
        }
        lenient
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim_start(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| is_space(**byte)).count()..]
}

fn trim_end(text: &[u8]) -> &[u8] {
    &text[..text.len() - text.iter().rev().take_while(|byte| is_space(**byte)).count()]
}

fn trim(text: &[u8]) -> &[u8] {
    trim_end(trim_start(text))
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|&byte| is_token_char(char::from(byte)))
}

fn is_value(value: &[u8]) -> bool {
    !value.iter().any(|&byte| byte == 0x7f || (byte < 0x20 && byte != b'\t'))
}

/// The positions of name and value in a field line.
fn split(line: &[u8]) -> Result<(Range<usize>, Range<usize>), LineFault> {
    if line.first().copied().is_some_and(is_space) {
        return Err(LineFault::LeadingSpace);
    }
    let colon = memchr::memchr(b':', line).ok_or(LineFault::NoColon)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    match name.last() {
        None => return Err(LineFault::NoName),
        Some(&last) if is_space(last) => return Err(LineFault::SpaceBeforeColon),
        Some(_) if !is_name(name) => return Err(LineFault::Name),
        Some(_) if !is_value(value) => return Err(LineFault::Value),
        Some(_) => {}
    }
    let start = line.len() - trim_start(value).len();
    Ok((0..colon, start..start + trim(value).len()))
}

/// Name and value of a line whose only fault is white space before the colon.
fn without_space(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = (trim_end(&line[..colon]), &line[colon + 1..]);
    (is_name(name) && is_value(value)).then(|| (name, trim(value)))
}
