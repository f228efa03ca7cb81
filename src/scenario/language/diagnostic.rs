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

/// Those of the errors that overlap with none in `before`, which is in the order of the file.
pub fn elsewhere(
    errors: Vec<Diagnostic>,
    before: &[Diagnostic],
    line: impl Fn(usize) -> usize,
) -> Vec<Diagnostic> {
    let is_elsewhere = |error: &Diagnostic| {
        let end =
            before.partition_point(|other| other.at.start <= error.at.start.max(error.at.end));
        let same_line = before[..end].iter().rev();
        let mut same_line =
            same_line.take_while(|other| line(other.at.start) == line(error.at.start));
        !same_line.any(|other| other.at.end >= error.at.start)
    };
    errors.into_iter().filter(is_elsewhere).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_an_error_is_left_out() {
        let at = |ranges: &[(usize, usize)]| -> Vec<_> {
            ranges.iter().map(|(start, end)| Diagnostic::new(*start..*end, "wrong")).collect()
        };
        // Lines of ten bytes.
        let line = |offset: usize| offset / 10;
        let before = at(&[(2, 4), (7, 9), (20, 25)]);
        let later = at(&[(0, 1), (4, 5), (5, 6), (11, 12), (21, 22), (28, 29)]);
        assert_eq!(at_other_lines(later.clone(), &before, line), at(&[(11, 12)]));
        assert_eq!(elsewhere(later, &before, line), at(&[(0, 1), (5, 6), (11, 12), (28, 29)]));
        assert_eq!(elsewhere(at(&[(0, 1)]), &[], line), at(&[(0, 1)]));
    }
}
