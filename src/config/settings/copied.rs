//! Reads the command line that `--from-curl` names.

use std::io::{self, BufRead, Read};
use std::path::Path;

use super::SettingError;
use crate::config::ConfigError;
use crate::config::curl::{CurlCommand, STDIN, split};
use crate::config::files::FileReader;
use crate::input::is_utf16;
use crate::platform::files::FileError;
use crate::platform::stdio;

const OPTION: &str = "--from-curl";

/// The maximum size of a command, in bytes.
const MAX_SIZE: u64 = 1 << 20;

/// What a line of a terminal holds at most, in bytes with its end; the system drops the rest of a longer one.
const MAX_TERMINAL_LINE: usize = if cfg!(target_vendor = "apple") { 1024 } else { 4096 };

/// A command line for curl, and where it is from.
#[derive(Debug)]
pub(super) struct CurlSource {
    name: String,
    text: String,
}

/// What standard input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typing {
    /// It is no terminal.
    None,
    /// It is a terminal.
    Silent,
    /// It is a terminal, and standard error too: what is expected is said there.
    Asked,
}

impl CurlSource {
    /// Reads a file, or standard input: to its end, or on a terminal to the end of the command.
    ///
    /// # Errors
    /// If it cannot be read, is over 1 MiB, or is not UTF-8.
    pub(super) fn read(
        name: &str,
        typing: Typing,
        files: &FileReader,
    ) -> Result<Self, ConfigError> {
        let path = Path::new(name);
        let bytes = match (name, typing) {
            (STDIN, Typing::None) => {
                let read = files.run(OPTION, path, read_stdin)?;
                read.map_err(|error| ConfigError::file(OPTION, path, error))?
            }
            (STDIN, _) => {
                if typing == Typing::Asked {
                    let text = "paste the curl command; it ends with a line that ends in neither \\ nor ^\n";
                    stdio::write_to_stderr(text.as_bytes(), None);
                }
                files.run(OPTION, path, read_terminal)?.map_err(|error| match error {
                    ReadError::File(error) => ConfigError::file(OPTION, path, error),
                    ReadError::CutLine(number) => cut_line(number).into(),
                })?
            }
            _ => files.bytes(OPTION, path)?,
        };
        Ok(Self { name: name.to_owned(), text: decoded(name, bytes)? })
    }

    /// What the command requests.
    ///
    /// # Errors
    /// With the first place that cannot be used.
    pub(super) fn command(&self) -> Result<CurlCommand, SettingError> {
        let command = split(&self.text).and_then(|words| CurlCommand::new(&words));
        command.map_err(|fault| SettingError::plain(&self.place(fault.at), &fault.reason))
    }

    /// The option with its file.
    pub(super) fn option(&self) -> String {
        format!("{OPTION} {}", self.name)
    }

    /// The option with its file and the line and column at `at`, counted from 1, of characters.
    pub(super) fn place(&self, at: usize) -> String {
        let before = &self.text[..self.text.floor_char_boundary(at)];
        let line = before.rsplit('\n').next().unwrap_or_default();
        let number = before.matches('\n').count() + 1;
        format!("{}, line {number}, column {}", self.option(), line.chars().count() + 1)
    }
}

fn cut_line(number: usize) -> SettingError {
    let place = format!("{OPTION} {STDIN}, line {number}");
    let reason = "the terminal cuts lines of this length: save the command in a file";
    SettingError::plain(&place, reason)
}

/// The text without a byte order mark, which some editors write.
fn decoded(name: &str, bytes: Vec<u8>) -> Result<String, SettingError> {
    if is_utf16(&bytes) {
        let reason = "it is UTF-16, but must be UTF-8";
        return Err(SettingError::plain(&format!("{OPTION} {name}"), reason));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..valid];
        let number = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let byte = valid - before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let place = format!("{OPTION} {name}, line {number}, byte {}", byte + 1);
        SettingError::plain(&place, "it is not UTF-8")
    })?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

fn read_stdin() -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SIZE { Err(FileError::TooLarge(MAX_SIZE)) } else { Ok(bytes) }
}

enum ReadError {
    File(FileError),
    /// The line with this number, from 1.
    CutLine(usize),
}

/// Reads lines until the command is complete. The terminal keeps the lines that follow for the prompt.
fn read_terminal() -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    for number in 1.. {
        let start = bytes.len();
        let line = io::stdin().lock().take(MAX_SIZE).read_until(b'\n', &mut bytes);
        line.map_err(|error| ReadError::File(error.into()))?;
        if bytes.len() as u64 > MAX_SIZE {
            return Err(ReadError::File(FileError::TooLarge(MAX_SIZE)));
        }
        let line = bytes.len() - start;
        if line >= MAX_TERMINAL_LINE {
            return Err(ReadError::CutLine(number));
        }
        if line == 0 || is_complete(&String::from_utf8_lossy(&bytes)) {
            break;
        }
    }
    Ok(bytes)
}

/// Whether no further line belongs to the command.
fn is_complete(text: &str) -> bool {
    let text = text.trim_end_matches(['\r', '\n']);
    let continues = |c: char| (text.len() - text.trim_end_matches(c).len()) % 2 == 1;
    match split(text) {
        Ok(words) => !words.is_empty() && !continues('\\') && !continues('^'),
        Err(fault) => !fault.is_incomplete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_on_a_terminal_ends_with_its_last_line() {
        for (text, is_whole) in [
            ("\n", false),
            ("# copied\n", false),
            ("curl a\n", true),
            ("curl a \\\n", false),
            ("curl a \\\n -k\n", true),
            ("curl ^\"a^\" ^\r\n", false),
            ("curl ^\"a^\" ^\r\n -k\r\n", true),
            ("curl 'a\n", false),
            ("curl $'a\n", false),
            ("curl 'a\n'\n", true),
            ("curl a\\\\\n", true),
            ("curl a |\n", true),
        ] {
            assert_eq!(is_complete(text), is_whole, "{text:?}");
        }
    }

    #[test]
    fn a_place_is_a_line_and_a_column() {
        let source = CurlSource { name: "f".to_owned(), text: "curl \\\n é | b".to_owned() };
        assert_eq!(source.place(0), "--from-curl f, line 1, column 1");
        assert_eq!(source.place(7), "--from-curl f, line 2, column 1");
        assert_eq!(source.place(11), "--from-curl f, line 2, column 4");
        assert_eq!(source.place(99), "--from-curl f, line 2, column 7");
        let error = source.command().expect_err("an operator").to_string();
        assert!(error.starts_with("--from-curl f, line 2, column 4: '|' is"), "{error}");
    }

    #[test]
    fn text_is_utf_8() {
        for (bytes, expected) in [
            (&b"curl a\nb\xff"[..], "--from-curl f, line 2, byte 2: it is not UTF-8"),
            (b"\xff", "--from-curl f, line 1, byte 1: it is not UTF-8"),
            (b"\xff\xfec\0", "--from-curl f: it is UTF-16, but must be UTF-8"),
        ] {
            let error = decoded("f", bytes.to_vec()).expect_err(expected);
            assert_eq!(error.to_string(), expected);
        }
        assert_eq!(decoded("f", b"\xef\xbb\xbfcurl".to_vec()).expect("text"), "curl");
    }
}
