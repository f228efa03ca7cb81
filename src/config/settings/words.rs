//! `WSCOPE_OPTIONS`, split into words as a POSIX shell does it, but nothing is expanded.

/// The words.
///
/// # Errors
/// What is wrong, and at which character, from 1.
pub(super) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = text.chars().enumerate();
    while let Some((at, c)) = rest.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                quoted(&mut rest, c, word)
                    .ok_or_else(|| format!("the quote at character {} is not closed", at + 1))?;
            }
            '\\' => match rest.next() {
                Some((_, c)) => word.get_or_insert_default().push(c),
                None => return Err("nothing follows the backslash at the end".to_owned()),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Up to the closing quote. In double quotes a backslash is one, unless it is needed for more.
fn quoted(
    rest: &mut impl Iterator<Item = (usize, char)>,
    quote: char,
    word: &mut String,
) -> Option<()> {
    loop {
        match (rest.next()?.1, quote) {
            (c, _) if c == quote => return Some(()),
            ('\\', '"') => match rest.next()?.1 {
                c @ ('"' | '\\' | '$' | '`') => word.push(c),
                c => word.extend(['\\', c]),
            },
            (c, _) => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_in_a_shell() {
        for (text, words) in [
            ("", &[][..]),
            ("  \t\n ", &[]),
            ("-k --wait 5s", &["-k", "--wait", "5s"]),
            ("-H 'X-A: b' -H \"X-B: c\"", &["-H", "X-A: b", "-H", "X-B: c"]),
            ("a'b'\"c\"d", &["abcd"]),
            ("'' \"\"", &["", ""]),
            ("a\\ b \\'c", &["a b", "'c"]),
            (r#""a\"b\\c\d" 'a\b'"#, &[r#"a"b\c\d"#, r"a\b"]),
            ("-x '{\"op\": \"login\"}'", &["-x", "{\"op\": \"login\"}"]),
            ("$HOME *", &["$HOME", "*"]),
        ] {
            assert_eq!(split(text).expect(text), words, "{text}");
        }
    }

    #[test]
    fn open_ends_are_refused() {
        for text in ["a 'b", "a \"b", "\"\\\"", "a\\"] {
            assert!(split(text).is_err(), "{text}");
        }
        assert_eq!(split("ab 'c").unwrap_err(), "the quote at character 4 is not closed");
    }

    proptest::proptest! {
        #[test]
        fn any_word_in_quotes_is_itself(words: Vec<String>) {
            let quoted: Vec<_> =
                words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
            proptest::prop_assert_eq!(split(&quoted.join(" ")), Ok(words));
        }

        #[test]
        fn any_text_is_split_or_refused(text: String) {
            let _ = split(&text);
        }
    }
}
