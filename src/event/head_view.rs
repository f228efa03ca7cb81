//! An HTTP head as received, with secrets masked.

/// The lines of an HTTP head. It is made by [`super::Mask::head`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadView {
    /// The request or status line.
    pub start_line: Vec<u8>,
    /// Names and values, in order and as received.
    pub fields: Vec<(String, Vec<u8>)>,
    /// Malformed lines, in order.
    pub malformed: Vec<MalformedView>,
    /// For each mask, in order: the name of its field and a keyed hash of its secret. The key is random and never leaves the
    /// process, and the hashes are not written to any file. The start line has an empty name.
    pub secret_ids: Vec<(String, u64)>,
}

/// A malformed line of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedView {
    /// The number of fields before it.
    pub fields_before: usize,
    /// The line.
    pub text: Vec<u8>,
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
    /// A head without lines.
    pub const fn empty() -> Self {
        Self {
            start_line: Vec::new(),
            fields: Vec::new(),
            malformed: Vec::new(),
            secret_ids: Vec::new(),
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
}
