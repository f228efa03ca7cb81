//! `--from-curl`: the URL and the options of a command line that a browser or a proxy copied for curl.
//!
//! The text is split into words as the shell that it was written for would do it, and no shell runs. The words are
//! translated into arguments of our own, which the settings put before those of the command line.

mod cmd;
mod command;
mod dialect;
mod escapes;
mod headers;
mod options;
mod posix;
mod url;
mod words;

pub use command::{Argument, CurlCommand};
pub use dialect::Dialect;
pub use words::{Fault, Word};

/// The name of standard input as the file of the command.
pub(super) const STDIN: &str = "-";

/// The words of the one command in a text.
///
/// # Errors
/// With the first place that is not valid, or that would need a shell.
pub fn split(text: &str) -> Result<Vec<Word>, Fault> {
    if let Some(at) = text.find('\0') {
        return Err(Fault { at, reason: "NUL is not allowed".to_owned(), is_incomplete: false });
    }
    let words = match Dialect::of(text) {
        Dialect::Posix => posix::words(text),
        Dialect::Cmd => cmd::words(text),
    };
    // Of a text that is something else, what is wrong for a shell does not matter.
    words.map_err(|fault| command::refuse_other_program(text).err().unwrap_or(fault))
}
