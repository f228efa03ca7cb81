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
    /// The shell whose quotes or continued lines are the first in the text; else the one whose escapes are inside of
    /// quotes that both have. Without any it makes no difference, but for backslashes, which separate folders on Windows.
    pub fn of(text: &str) -> Self {
        let mut cursor = Cursor::new(text);
        cursor.take_while(char::is_whitespace);
        let program = cursor.take_while(|c| !c.is_whitespace());
        let mut default = match program.to_ascii_lowercase().ends_with(".exe") {
            true => Self::Cmd,
            false => Self::Posix,
        };
        evidence(&mut cursor, &mut default).unwrap_or(default)
    }
}

/// The shell that is certain. `default` becomes the one that is probable.
fn evidence(cursor: &mut Cursor<'_>, default: &mut Dialect) -> Option<Dialect> {
    let mut is_start = true;
    while let Some(c) = cursor.next() {
        let next = cursor.peek();
        match c {
            '^' if is_start && next == Some('"') => return Some(Dialect::Cmd),
            '^' if cursor.is_line_end() => return Some(Dialect::Cmd),
            '\\' if cursor.is_line_end() => return Some(Dialect::Posix),
            '\\' => drop(cursor.next()),
            '\'' if is_start => return Some(Dialect::Posix),
            '$' if is_start && next == Some('\'') => return Some(Dialect::Posix),
            '"' if has_escapes_of_cmd(cursor) => *default = Dialect::Cmd,
            _ => {}
        }
        // -H'Name: value', --header='Name: value'
        is_start = is_blank(c) || c == '\n' || c == '=';
        is_start |= c.is_ascii_alphabetic() && next == Some('\'');
    }
    None
}

/// Reads the rest of a string in quotes, and whether Chrome wrote it for cmd.exe.
fn has_escapes_of_cmd(cursor: &mut Cursor<'_>) -> bool {
    let mut has_caret = false;
    while let Some(c) = cursor.next() {
        match (c, cursor.peek()) {
            // Only after another escape is it certain that this one does not end the string.
            ('^', Some(next)) if !is_plain(next) && (has_caret || next != '"') => {
                has_caret = true;
                cursor.next();
            }
            ('\\', _) => drop(cursor.next()),
            // "" stands for a quote.
            ('"', next) => return has_caret || next == Some('"'),
            _ => {}
        }
    }
    has_caret
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certain_evidence_counts_more() {
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
            ("curl \"https://h/?a=1^&b= 'c'\" -H \"a: ^\\^\" 'b' $'c'^\\^\"\"", Cmd),
            ("curl \"https://h/\" -H \"a: ^\\^\"b^\\^\"\"", Cmd),
            ("curl \"https://h/\" -H \"a: \"\"b\"\"\"", Cmd),
            ("curl \"https://h/\" -H \"a: \\\"b\\\"\"", Posix),
            ("curl \"https://h/\" -H \"a: it's ^b\"", Posix),
            ("curl \"https://h/\" -H \"a: ", Posix),
            ("curl it's \\\n", Posix),
            ("curl \"a\"\"b\" \\\n -k", Posix),
            ("curl \"a\"\"b\" $'c'", Posix),
            ("curl \\\"a\"\"", Posix),
        ] {
            assert_eq!(Dialect::of(text), expected, "{text}");
        }
    }
}
