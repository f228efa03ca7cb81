//! `$'…'`, bash's string with the escapes of C.

use super::words::{Cursor, Fault};

/// Reads up to the closing quote, which is the end; `quote` is where the string began.
pub(super) fn ansi_string(
    cursor: &mut Cursor<'_>,
    quote: usize,
    text: &mut String,
) -> Result<(), Fault> {
    let mut octets = Octets::default();
    loop {
        let at = cursor.at;
        let c = match cursor.next() {
            None => return Err(Fault::unclosed(quote).incomplete()),
            Some('\'') => {
                octets.flush(text);
                return Ok(());
            }
            Some('\\') => match escape(cursor, at)? {
                Escape::Octet(octet) => {
                    octets.0.push(octet);
                    continue;
                }
                Escape::Char(c) => c,
                Escape::Unknown => '\\',
            },
            Some(c) => c,
        };
        octets.flush(text);
        text.push(c);
    }
}

/// Bytes above 0x7f that follow each other as `\xHH` or `\nnn`.
#[derive(Default)]
struct Octets(Vec<u8>);

impl Octets {
    /// As UTF-8, or else each as the character of this number: so Firefox and Safari write characters below U+0100.
    fn flush(&mut self, text: &mut String) {
        match str::from_utf8(&self.0) {
            Ok(whole) => *text += whole,
            Err(_) => text.extend(self.0.iter().map(|octet| char::from(*octet))),
        }
        self.0.clear();
    }
}

enum Escape {
    /// A byte, which may be a part of a character.
    Octet(u8),
    Char(char),
    /// The backslash stands for itself, and what follows it too.
    Unknown,
}

/// What a backslash at `at`, which has been read, and the characters behind it stand for.
fn escape(cursor: &mut Cursor<'_>, at: usize) -> Result<Escape, Fault> {
    let is_octal = |c: char| c.is_digit(8);
    let c = match cursor.peek() {
        Some('a') => '\u{7}',
        Some('b') => '\u{8}',
        Some('e' | 'E') => '\u{1b}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('v') => '\u{b}',
        Some(c @ ('\\' | '\'' | '"' | '?')) => c,
        Some(digit) if is_octal(digit) => {
            let value = number(cursor, 3, 8).unwrap_or_default();
            return octet(value, at);
        }
        Some('x') => return hexadecimal(cursor, 2, at, octet),
        Some('u') => return unicode(cursor, at),
        Some('U') => return hexadecimal(cursor, 8, at, character),
        Some('c') if cursor.second().is_some_and(|c| c.is_ascii()) => {
            cursor.next();
            let control = cursor.next().map_or(0, |c| u32::from(c.to_ascii_uppercase()) & 0x1f);
            return octet(control, at);
        }
        _ => return Ok(Escape::Unknown),
    };
    cursor.next();
    Ok(Escape::Char(c))
}

/// A number of at most `most` digits, if there is one.
fn number(cursor: &mut Cursor<'_>, most: usize, radix: u32) -> Option<u32> {
    let digits: String =
        cursor.rest().chars().take(most).take_while(|c| c.is_digit(radix)).collect();
    let value = u32::from_str_radix(&digits, radix).ok()?;
    cursor.at += digits.len();
    Some(value)
}

/// A letter and a hexadecimal number; without digits the letter is an ordinary one.
fn hexadecimal(
    cursor: &mut Cursor<'_>,
    most: usize,
    at: usize,
    value: fn(u32, usize) -> Result<Escape, Fault>,
) -> Result<Escape, Fault> {
    let mut ahead = cursor.clone();
    ahead.next();
    let Some(number) = number(&mut ahead, most, 16) else { return Ok(Escape::Unknown) };
    *cursor = ahead;
    value(number, at)
}

/// `\uHHHH`. Two of them may be one character, in UTF-16 as Firefox writes it.
fn unicode(cursor: &mut Cursor<'_>, at: usize) -> Result<Escape, Fault> {
    let mut ahead = cursor.clone();
    ahead.next();
    let Some(first) = number(&mut ahead, 4, 16) else { return Ok(Escape::Unknown) };
    *cursor = ahead.clone();
    if (0xd800..0xdc00).contains(&first)
        && ahead.eat('\\')
        && ahead.eat('u')
        && let Some(second @ 0xdc00..=0xdfff) = number(&mut ahead, 4, 16)
    {
        *cursor = ahead;
        return character(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), at);
    }
    character(first, at)
}

/// As in bash, only the low eight bits count.
fn octet(value: u32, at: usize) -> Result<Escape, Fault> {
    match (value & 0xff) as u8 {
        0 => Err(nul(at)),
        value @ 1..0x80 => Ok(Escape::Char(char::from(value))),
        value => Ok(Escape::Octet(value)),
    }
}

fn character(value: u32, at: usize) -> Result<Escape, Fault> {
    match char::from_u32(value) {
        Some('\0') => Err(nul(at)),
        Some(c) => Ok(Escape::Char(c)),
        None => Err(Fault::new(at, "there is no character with this number")),
    }
}

fn nul(at: usize) -> Fault {
    Fault::new(at, "NUL is not allowed in a command line")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inside: &str) -> Result<String, Fault> {
        let whole = format!("{inside}'");
        let mut text = String::new();
        ansi_string(&mut Cursor::new(&whole), 0, &mut text).map(|()| text)
    }

    #[test]
    fn each_escape_is_known() {
        for (inside, expected) in [
            (r"\a\b\e\E\f\n\r\t\v", "\u{7}\u{8}\u{1b}\u{1b}\u{c}\n\r\t\u{b}"),
            (r#"\\ \' \" \?"#, r#"\ ' " ?"#),
            (r"\041\41\1012\501", "!!A2A"),
            (r"\x41\x4\x9z\x", "A\u{4}\u{9}z\\x"),
            (r"\u0021\u21\u20ac1\uz", "!!\u{20ac}1\\uz"),
            (r"\U0001f600 \U41", "\u{1f600} A"),
            (r"\ud83d\ude00", "\u{1f600}"),
            (r"\ca\cA\c?", "\u{1}\u{1}\u{1f}"),
            (r"\[\{\q\8", r"\[\{\q\8"),
            // UTF-8, or characters below U+0100 as Firefox and Safari write them.
            (r"\xc3\xa9", "\u{e9}"),
            (r"\303\251", "\u{e9}"),
            (r"\xe9", "\u{e9}"),
            (r"caf\xe9 \xe9", "caf\u{e9} \u{e9}"),
            (r"\xf0\x9f\x98\x80", "\u{1f600}"),
            (r"\xc3x\xa9", "\u{c3}x\u{a9}"),
            ("\u{20ac}\n", "\u{20ac}\n"),
        ] {
            assert_eq!(read(inside).as_deref(), Ok(expected), "{inside}");
        }
    }

    #[test]
    fn characters_that_do_not_exist_are_refused() {
        for (inside, at) in [
            (r"a\0", 1),
            (r"\400", 0),
            (r"\x00", 0),
            (r"\u0000", 0),
            (r"\U0", 0),
            (r"\c@", 0),
            (r"ab\ud83dx", 2),
            (r"\ud83d\u0041", 0),
            (r"\udc00", 0),
            (r"\U00110000", 0),
            (r"\Uffffffff", 0),
        ] {
            assert_eq!(read(inside).map_err(|fault| fault.at), Err(at), "{inside}");
        }
    }
}
