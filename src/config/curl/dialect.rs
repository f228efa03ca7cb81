//! Decides for which shell a command line was written.

use super::cmd::is_plain;
use super::words::{Cursor, is_blank};

/// A shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// bash, zsh, sh.
    Posix,
    /// cmd.exe.
    Cmd,
}

impl Dialect {
    /// The shell whose quotes or continued lines are the first in the text. Where there are none it makes no difference,
    /// but for backslashes, which separate folders on Windows.
    pub fn of(text: &str) -> Self {
        let mut cursor = Cursor::new(text);
        cursor.take_while(char::is_whitespace);
        let program = cursor.take_while(|c| !c.is_whitespace());
        let default = match program.to_ascii_lowercase().ends_with(".exe") {
            true => Self::Cmd,
            false => Self::Posix,
        };
        evidence(&mut cursor).unwrap_or(default)
    }
}

fn evidence(cursor: &mut Cursor<'_>) -> Option<Dialect> {
    let mut is_start = true;
    while let Some(c) = cursor.next() {
        let next = cursor.peek();
        match c {
            '^' if is_start && next == Some('"') => return Some(Dialect::Cmd),
            '^' if cursor.is_line_end() => return Some(Dialect::Cmd),
            '\\' if cursor.is_line_end() => return Some(Dialect::Posix),
            '\'' if is_start => return Some(Dialect::Posix),
            '$' if is_start && next == Some('\'') => return Some(Dialect::Posix),
            '"' => {
                if let Some(dialect) = quoted(cursor) {
                    return Some(dialect);
                }
            }
            _ => {}
        }
        // -H'Name: value', --header='Name: value'
        is_start = is_blank(c) || c == '\n' || c == '=';
        is_start |= c.is_ascii_alphabetic() && next == Some('\'');
    }
    None
}

/// Reads the rest of a string in quotes.
fn quoted(cursor: &mut Cursor<'_>) -> Option<Dialect> {
    while let Some(c) = cursor.next() {
        match c {
            '^' if cursor.peek().is_some_and(|c| !is_plain(c) && c != '"') => {
                return Some(Dialect::Cmd);
            }
            '\\' => {
                cursor.next();
            }
            // "" stands for a quote.
            '"' if cursor.peek() == Some('"') => return Some(Dialect::Cmd),
            '"' => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_evidence_counts() {
        use Dialect::{Cmd, Posix};
        for (text, expected) in [
            ("curl https://h/", Posix),
            ("curl.exe https://h/", Cmd),
            (r"C:\Windows\curl.EXE https://h/", Cmd),
            ("curl 'https://h/' -H 'a: ^\"b^\"'", Posix),
            ("curl.exe 'https://h/'", Posix),
            ("curl $'https://h/'", Posix),
            ("curl -H'a: ^\"' x", Posix),
            ("curl --header='a ^\"' x", Posix),
            ("curl https://h/ \\\n -H \"a: ^&\"", Posix),
            ("curl https://h/ \\\r\n -H \"a: ^&\"", Posix),
            ("curl ^\"https://h/^\"", Cmd),
            ("curl -X GET ^\r\n -H 'a'", Cmd),
            ("curl \"https://h/?a=1^&b=2\"", Cmd),
            ("curl \"https://h/\" -H \"a: ^\\^\"b^\\^\"\"", Cmd),
            ("curl \"https://h/\" -H \"a: \"\"b\"\"\"", Cmd),
            ("curl \"https://h/\" -H \"a: \\\"b\\\"\"", Posix),
            ("curl \"https://h/\" -H \"a: it's ^b\"", Posix),
            ("curl \"https://h/\" -H \"a: ", Posix),
            ("curl it's \\\n", Posix),
        ] {
            assert_eq!(Dialect::of(text), expected, "{text}");
        }
    }
}
