//! What is wrong in a file, and what could be read in spite of it.

use std::collections::BTreeSet;
use std::ops::Range;

/// Something that is wrong in a file, or that may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where, in bytes of the file.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Something that is wrong there.
    pub fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: None }
    }

    /// The same, with advice.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same, so many bytes further behind.
    #[must_use]
    pub fn shifted(self, by: usize) -> Self {
        Self { at: self.at.start + by..self.at.end + by, ..self }
    }
}

/// What could be read, and everything that is wrong, in the order of the file.
#[derive(Clone, Debug)]
pub struct Partial<T> {
    /// What could be read. It must not be run if anything is wrong.
    pub value: T,
    /// What is wrong.
    pub errors: Vec<Diagnostic>,
}

impl<T> Partial<T> {
    /// What was read, if nothing is wrong.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn complete(self) -> Result<T, Vec<Diagnostic>> {
        match self.errors.is_empty() {
            true => Ok(self.value),
            false => Err(self.errors),
        }
    }
}

/// Those of the errors whose line has none in `before`: a line that could not be read is not wrong a second time.
/// `line` is the number of the line of an offset.
pub fn at_other_lines(
    errors: Vec<Diagnostic>,
    before: &[Diagnostic],
    line: impl Fn(usize) -> usize,
) -> Vec<Diagnostic> {
    if errors.is_empty() || before.is_empty() {
        return errors;
    }
    let wrong: BTreeSet<_> = before.iter().map(|error| line(error.at.start)).collect();
    errors.into_iter().filter(|error| !wrong.contains(&line(error.at.start))).collect()
}
