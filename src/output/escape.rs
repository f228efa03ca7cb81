//! Text that is safe to show on a terminal.
//!
//! Everything the peer sends is hostile: control characters can move the cursor, rewrite the
//! screen or type into some terminals, and bidi and invisible characters can make one message look
//! like another. Such characters are shown in a visible form. Backslashes that are really in the
//! text are not doubled, since readable JSON and paths matter more here than a reversible form.

use std::borrow::Cow;
use std::fmt::Write as _;

pub use crate::hidden::is_hidden;
use crate::hidden::{is_joiner, joins};

/// What happens to line breaks and tabs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Newlines {
    /// `\n` and `\t` stay as they are.
    Keep,
    /// `\n` and `\t` are shown as escapes, so that the result is one line.
    Escape,
}

/// `text` with every character that could harm or mislead shown as an escape.
pub fn escape(text: &str, newlines: Newlines) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut copied = 0;
    for (at, c, previous) in with_previous(text) {
        if needs_escape(c, previous, newlines) {
            out.push_str(&text[copied..at]);
            push_escape(&mut out, c);
            copied = at + c.len_utf8();
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// `text` in quotes, as one line; with `…` before the closing one if it is only the start of a text (`is_cut`). Quotes
/// and backslashes in it are escaped too, so that it is seen where it ends.
pub fn quoted(text: &str, is_cut: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for (c, is_escaped) in characters(text, Newlines::Escape) {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_escaped => push_escape(&mut out, c),
            c => out.push(c),
        }
    }
    out.push_str(if is_cut { "…\"" } else { "\"" });
    out
}

/// Like [`escape`], with each byte that is not part of valid UTF-8 shown as `\xNN`.
pub fn escape_bytes(bytes: &[u8], newlines: Newlines) -> Cow<'_, str> {
    if let Ok(text) = str::from_utf8(bytes) {
        return escape(text, newlines);
    }
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(&escape(chunk.valid(), newlines));
        for byte in chunk.invalid() {
            push_hex(&mut out, u32::from(*byte));
        }
    }
    Cow::Owned(out)
}

/// Whether a binary message is better shown as text: it is not empty, it is valid UTF-8, and all
/// its characters other than line breaks and tabs would be shown as they are.
pub fn is_readable_text(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else {
        return false;
    };
    !text.is_empty()
        && with_previous(text)
            .all(|(_, c, previous)| c == '\r' || !needs_escape(c, previous, Newlines::Keep))
}

/// The characters of `text` with their offsets and the character before each.
fn with_previous(text: &str) -> impl Iterator<Item = (usize, char, Option<char>)> {
    let mut previous = None;
    text.char_indices().map(move |(at, c)| (at, c, previous.replace(c)))
}

/// Whether these bytes, written to a terminal as they are, may do more than show text: control characters
/// other than line breaks and tabs, or bytes that are not UTF-8, some of which are controls elsewhere.
pub fn may_control(bytes: &[u8]) -> bool {
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    str::from_utf8(bytes).map_or(true, |text| text.contains(is_control))
}

/// The characters of `text`, each with whether [`escape`] would show it as an escape.
pub fn characters(text: &str, newlines: Newlines) -> impl Iterator<Item = (char, bool)> {
    with_previous(text).map(move |(_, c, previous)| (c, needs_escape(c, previous, newlines)))
}

fn needs_escape(c: char, previous: Option<char>, newlines: Newlines) -> bool {
    match c {
        ' '..='~' => false,
        '\n' | '\t' => newlines == Newlines::Escape,
        _ if is_joiner(c) => !joins(previous),
        _ => is_hidden(c),
    }
}

fn push_escape(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x1b' => out.push_str("\\e"),
        _ if c.is_control() => push_hex(out, u32::from(c)),
        _ => out.extend(c.escape_unicode()),
    }
}

fn push_hex(out: &mut String, value: u32) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\\x{value:02x}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    const FAMILY: &str = "👨\u{200d}👩\u{200d}👧";

    #[test]
    fn harmless_text_is_borrowed() {
        for text in [
            "",
            "plain ASCII with \\ and \"",
            "Grüße, 世界, Ωμέγα",
            FAMILY,
            "❤\u{fe0f} 1\u{fe0f}\u{20e3} 👁\u{fe0f}\u{200d}🗨\u{fe0f}",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "private \u{e000}\u{f8ff} e\u{0301}",
        ] {
            assert!(matches!(escape(text, Newlines::Escape), Cow::Borrowed(same) if same == text));
        }
        assert!(matches!(escape("a\n\tb", Newlines::Keep), Cow::Borrowed("a\n\tb")));
    }

    #[test]
    fn the_end_of_a_quoted_text_is_seen() {
        for (text, is_cut, shown) in [
            ("", false, r#""""#),
            ("plain é", false, r#""plain é""#),
            (r#"{"text":"#, true, r#""{\"text\":…""#),
            (r#""a b" c"#, false, r#""\"a b\" c""#),
            ("a\\", false, r#""a\\""#),
            ("a\n\u{1b}", false, r#""a\n\e""#),
        ] {
            assert_eq!(quoted(text, is_cut), shown);
        }
    }

    #[test]
    fn each_class_is_escaped() {
        for (text, shown) in [
            ("a\nb", "a\\nb"),
            ("a\r\nb", "a\\r\\nb"),
            ("a\tb", "a\\tb"),
            ("\x1b[2J", "\\e[2J"),
            ("\0\x07\x1f", "\\x00\\x07\\x1f"),
            ("\x7f\u{80}\u{9b}31m", "\\x7f\\x80\\x9b31m"),
            ("\u{202e}gnp.exe", "\\u{202e}gnp.exe"),
            ("\u{200e}\u{200f}\u{061c}", "\\u{200e}\\u{200f}\\u{61c}"),
            ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
            ("a\u{200b}b\u{2060}c\u{feff}", "a\\u{200b}b\\u{2060}c\\u{feff}"),
            ("so\u{ad}ft\u{180e}", "so\\u{ad}ft\\u{180e}"),
            ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
            ("\u{fff9}\u{fffb}", "\\u{fff9}\\u{fffb}"),
            ("🏴\u{e0067}\u{e007f}", "🏴\\u{e0067}\\u{e007f}"),
            ("\u{fdd0}\u{fffe}\u{10ffff}", "\\u{fdd0}\\u{fffe}\\u{10ffff}"),
            ("\u{3164}\u{ffa0}", "\\u{3164}\\u{ffa0}"),
            ("a\\n", "a\\n"),
        ] {
            assert_eq!(escape(text, Newlines::Escape), shown, "{text:?}");
        }
    }

    #[test]
    fn text_that_may_control_is_detected() {
        for bytes in [&b"\x1b[m"[..], b"\x07", b"\0", b"\x7f", b"\xff", "\u{9b}".as_bytes()] {
            assert!(may_control(bytes), "{bytes:?}");
        }
        for text in ["", "a\r\n\tb", "é世界", FAMILY, "\u{202e}"] {
            assert!(!may_control(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn kept_newlines_still_show_carriage_returns() {
        assert_eq!(escape("a\r\n\tb\r", Newlines::Keep), "a\\r\n\tb\\r");
    }

    #[test]
    fn joiners_are_kept_only_where_they_join() {
        for (text, shown) in [
            ("\u{200d}é", "\\u{200d}é"),
            ("a\u{200c}b", "a\\u{200c}b"),
            ("é\u{200d}\u{200c}\u{200d}", "é\u{200d}\\u{200c}\\u{200d}"),
            ("\u{9b}\u{200d}", "\\x9b\\u{200d}"),
            ("\u{202e}\u{200d}", "\\u{202e}\\u{200d}"),
        ] {
            assert_eq!(escape(text, Newlines::Keep), shown, "{text:?}");
        }
    }

    #[test]
    fn invalid_bytes_are_shown_one_by_one() {
        for (bytes, shown) in [
            (&b"ok"[..], "ok"),
            (b"a\xffb\xc3", "a\\xffb\\xc3"),
            (b"\xe4\xb8 \xe4\xb8\x96", "\\xe4\\xb8 世"),
            (b"\xed\xa0\x80\x1b\xc0\xaf", "\\xed\\xa0\\x80\\e\\xc0\\xaf"),
            (b"\xff\n\xff\xe2\x80\x8d", "\\xff\n\\xff\\u{200d}"),
        ] {
            assert_eq!(escape_bytes(bytes, Newlines::Keep), shown, "{bytes:?}");
        }
        assert!(matches!(escape_bytes(b"ok", Newlines::Escape), Cow::Borrowed("ok")));
    }

    #[test]
    fn readable_text_is_detected() {
        for text in ["a", "line\r\n\tline\n", "{\"a\": 1}", "Grüße", FAMILY] {
            assert!(is_readable_text(text.as_bytes()), "{text:?}");
        }
        for bytes in [&b""[..], b"a\0", b"\x1b[m", b"\xff", b"a\x7f", "\u{9b}".as_bytes()] {
            assert!(!is_readable_text(bytes), "{bytes:?}");
        }
        assert!(!is_readable_text("\u{202e}abc".as_bytes()));
    }

    proptest! {
        #[test]
        fn output_never_controls_the_terminal(bytes in vec(any::<u8>(), 0..64), text: String) {
            let harmful = |c: char| is_hidden(c) && !is_joiner(c);
            for newlines in [Newlines::Keep, Newlines::Escape] {
                for shown in [escape_bytes(&bytes, newlines), escape(&text, newlines)] {
                    let kept = |c| newlines == Newlines::Keep && matches!(c, '\n' | '\t');
                    prop_assert!(!shown.contains(|c| harmful(c) && !kept(c)));
                }
            }
        }

        #[test]
        fn escaping_twice_changes_nothing(
            text in "[a-z\\\\é\u{200b}-\u{200f}\u{9b}\u{202e}👩\n\r\x1b]{0,24}",
        ) {
            let once = escape(&text, Newlines::Escape);
            prop_assert!(matches!(escape(&once, Newlines::Escape), Cow::Borrowed(_)));
        }

        #[test]
        fn readable_text_is_shown_unchanged(text in "\\PC{1,24}") {
            if is_readable_text(text.as_bytes()) {
                prop_assert_eq!(&*escape(&text, Newlines::Keep), text.as_str());
            }
        }
    }
}
