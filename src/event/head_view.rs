//! A head as it is shown: as it was on the wire, but without secrets.

use crate::protocol::head::Head;

use crate::redact::{Redaction, Secrets};

/// The lines of an HTTP head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadView {
    /// The request or status line.
    pub start_line: Vec<u8>,
    /// Names and values, in order and as they came.
    pub fields: Vec<(String, Vec<u8>)>,
}

impl HeadView {
    /// What may be shown of `head`.
    pub fn new(head: &Head, redaction: Redaction) -> Self {
        Self {
            start_line: redaction.start_line(head.start_line()),
            fields: head
                .fields()
                .map(|(name, value)| (name.to_owned(), redaction.value(name, value).into_owned()))
                .collect(),
        }
    }

    /// The same, where the server repeats secrets that were sent to it.
    #[must_use]
    pub fn without(self, secrets: &Secrets) -> Self {
        let fields = self.fields.into_iter();
        Self {
            start_line: secrets.mask(&self.start_line).into_owned(),
            fields: fields
                .map(|(name, value)| (secrets.mask_text(name), secrets.mask(&value).into_owned()))
                .collect(),
        }
    }
}
