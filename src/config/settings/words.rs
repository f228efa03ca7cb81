//! Quotes: `WSCOPE_OPTIONS` is split into words as a POSIX shell does it, but nothing is expanded; a value in
//! the configuration file may be one quoted word.

/// The words of `WSCOPE_OPTIONS`.
///
/// # Errors
/// Why it is malformed, and at which character, from 1.
pub(super) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = text.chars().enumerate();
    while let Some((at, c)) = rest.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' | '"' => {
                let part =
                    quoted(&mut rest, c, |c| matches!(c, '"' | '\\' | '$' | '`').then_some(c));
                let part =
                    part.ok_or_else(|| format!("the quote at character {} is not closed", at + 1))?;
                word.get_or_insert_default().push_str(&part);
            }
            '\\' => match rest.next() {
                Some((_, c)) => word.get_or_insert_default().push(c),
                None => return Err("the backslash at the end escapes nothing".to_owned()),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// A value of the configuration file. One in quotes may have spaces at its ends and be followed by a comment; in
/// double quotes a backslash makes the next character literal, or a line break or tab of n, r and t.
///
/// # Errors
/// Why its quotes are not valid.
pub(super) fn unquoted(text: &str) -> Result<String, &'static str> {
    let mut rest = text.chars().enumerate();
    let Some((_, quote @ ('"' | '\''))) = rest.next() else { return Ok(text.to_owned()) };
    let escape = |c| match c {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        c => Some(c),
    };
    let value = quoted(&mut rest, quote, escape).ok_or("this quote is not closed")?;
    match rest.map(|(_, c)| c).find(|c| !c.is_whitespace()) {
        None | Some('#') => Ok(value),
        Some(_) => Err(
            "nothing may follow the closing quote; use the other kind of quotes for a value that contains quotes",
        ),
    }
}

/// Up to the closing quote, or `None` if there is none. `escape` gives what a backslash and a character mean in
/// double quotes; if that is nothing, the backslash is literal.
fn quoted(
    rest: &mut impl Iterator<Item = (usize, char)>,
    quote: char,
    escape: impl Fn(char) -> Option<char>,
) -> Option<String> {
    let mut text = String::new();
    loop {
        match rest.next()?.1 {
            c if c == quote => return Some(text),
            '\\' if quote == '"' => {
                let c = rest.next()?.1;
                match escape(c) {
                    Some(meant) => text.push(meant),
                    None => text.extend(['\\', c]),
                }
            }
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_in_a_shell() {
        for (text, words) in [
            ("  \t\n ", &[][..]),
            ("-H 'X-A: b' -H \"X-B: c\"", &["-H", "X-A: b", "-H", "X-B: c"]),
            ("a'b'\"c\"d", &["abcd"]),
            ("'' \"\"", &["", ""]),
            ("a\\ b \\'c", &["a b", "'c"]),
            (r#""a\"b\\c\d" 'a\b'"#, &[r#"a"b\c\d"#, r"a\b"]),
            ("$HOME *", &["$HOME", "*"]),
        ] {
            assert_eq!(split(text).expect(text), words, "{text}");
        }
        for text in ["a 'b", "a \"b", "\"\\\"", "a\\"] {
            assert!(split(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_quoted_word_is_read_unchanged(words: Vec<String>) {
            let quoted: Vec<_> =
                words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
            proptest::prop_assert_eq!(split(&quoted.join(" ")), Ok(words));
        }
    }
}
