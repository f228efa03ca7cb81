//! What the readers of both shells share: words, faults, and the place in the text.

/// A word of a command line, as the shell hands it to the program: without quotes and escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Where it begins in the command line, in bytes from 0.
    pub at: usize,
}

/// Why a command line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it was found, in bytes from 0.
    pub at: usize,
    /// The reason. It never quotes a value, which may be a secret.
    pub reason: String,
    /// More text can make the command line valid.
    pub is_incomplete: bool,
}

impl Fault {
    pub(super) fn new(at: usize, reason: impl Into<String>) -> Self {
        Self { at, reason: reason.into(), is_incomplete: false }
    }

    pub(super) fn unclosed(at: usize) -> Self {
        Self::new(at, "the quote that opens here is not closed")
    }

    pub(super) fn incomplete(self) -> Self {
        Self { is_incomplete: true, ..self }
    }

    /// An operator of the shell, at the place of `cursor`.
    pub(super) fn operator(cursor: &Cursor<'_>, operator: char) -> Self {
        let reason = format!(
            "'{operator}' is a shell operator, and no shell is run: remove it with its operands, or quote it"
        );
        Self::new(cursor.at, reason)
    }

    /// The value of a variable, or the output of a command, would be here.
    pub(super) fn substitution(at: usize, what: &str) -> Self {
        Self::new(at, format!("the shell would expand {what} here, and no shell is run"))
    }

    /// A line below the command that is not empty.
    pub(super) fn second_command(at: usize, continuation: char) -> Self {
        let reason = format!(
            "the command ends on a line above, which does not end in '{continuation}': one command is read"
        );
        Self::new(at, reason)
    }
}

/// A place in a text that moves forward.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// In bytes from 0.
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character after the next one.
    pub(super) fn second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Moves over `c` if it is next.
    pub(super) fn eat(&mut self, c: char) -> bool {
        let is_next = self.peek() == Some(c);
        if is_next {
            self.next();
        }
        is_next
    }

    pub(super) fn is_line_end(&self) -> bool {
        self.rest().starts_with('\n') || self.rest().starts_with("\r\n")
    }

    /// Moves over the end of a line if it is next.
    pub(super) fn eat_line_end(&mut self) -> bool {
        let is_end = self.is_line_end();
        if is_end {
            self.eat('\r');
            self.next();
        }
        is_end
    }

    /// Moves over characters that `is_kept` accepts, and returns them.
    pub(super) fn take_while(&mut self, is_kept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !is_kept(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }
}

/// Whether words are separated by it. Line ends are none.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}
