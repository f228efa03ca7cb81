//! An HTTP head as received, with secrets masked.

use crate::protocol::head::{Head, MalformedLine};

use crate::redact::{Redaction, Secrets};

/// The lines of an HTTP head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadView {
    /// The request or status line.
    pub start_line: Vec<u8>,
    /// Names and values, in order and as received.
    pub fields: Vec<(String, Vec<u8>)>,
    /// Malformed lines, in order.
    pub malformed: Vec<MalformedView>,
}

/// A malformed line of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedView {
    /// The number of fields before it.
    pub fields_before: usize,
    /// The line.
    pub text: Vec<u8>,
}

impl MalformedView {
    fn new(line: &MalformedLine, redaction: Redaction) -> Self {
        let text = redaction.malformed_line(&line.text).into_owned();
        Self { fields_before: line.fields_before, text }
    }
}

/// A line of a head after the start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadLine<'a> {
    /// Name and value.
    Field(&'a str, &'a [u8]),
    /// A malformed line.
    Malformed(&'a [u8]),
}

impl HeadView {
    /// A view of `head` with secrets masked.
    pub fn new(head: &Head, redaction: Redaction) -> Self {
        Self {
            start_line: redaction.start_line(head.start_line()),
            fields: head
                .fields()
                .map(|(name, value)| (name.to_owned(), redaction.value(name, value).into_owned()))
                .collect(),
            malformed: head
                .malformed_lines()
                .iter()
                .map(|line| MalformedView::new(line, redaction))
                .collect(),
        }
    }

    /// The lines after the start line, in order.
    pub fn lines(&self) -> impl Iterator<Item = HeadLine<'_>> {
        let mut malformed = self.malformed.iter().peekable();
        let mut fields = self.fields.iter().enumerate().peekable();
        std::iter::from_fn(move || {
            let next = fields.peek().map_or(usize::MAX, |(index, _)| *index);
            if let Some(line) = malformed.next_if(|line| line.fields_before <= next) {
                return Some(HeadLine::Malformed(&line.text));
            }
            fields.next().map(|(_, (name, value))| HeadLine::Field(name, value))
        })
    }

    /// The view with repeated secrets of the request masked.
    #[must_use]
    pub fn without(self, secrets: &Secrets) -> Self {
        let fields = self.fields.into_iter();
        Self {
            start_line: secrets.mask(&self.start_line).into_owned(),
            fields: fields
                .map(|(name, value)| (secrets.mask_text(name), secrets.mask(&value).into_owned()))
                .collect(),
            malformed: self
                .malformed
                .into_iter()
                .map(|line| MalformedView { text: secrets.mask(&line.text).into_owned(), ..line })
                .collect(),
        }
    }
}
