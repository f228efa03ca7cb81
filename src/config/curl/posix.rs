//! Splits a command line as bash and zsh do. What would need a shell is a fault.

use super::escapes::ansi_string;
use super::words::{Cursor, Fault, Word, is_blank};

/// The words of the one command in `text`.
///
/// # Errors
/// With the first place that is not valid, or that needs a shell.
pub(super) fn words(text: &str) -> Result<Vec<Word>, Fault> {
    let mut cursor = Cursor::new(text);
    let mut words = Vec::new();
    let mut is_over = false;
    loop {
        cursor.take_while(is_blank);
        match cursor.peek() {
            None => return Ok(words),
            Some('#') => {
                cursor.take_while(|c| c != '\n');
            }
            Some('\n') => {
                cursor.next();
                is_over = !words.is_empty();
            }
            Some('\\') if skip_continuation(&mut cursor) => {}
            Some(_) if is_over => return Err(Fault::second_command(cursor.at, '\\')),
            Some(_) => words.push(word(&mut cursor)?),
        }
    }
}

/// Moves over a backslash and the end of the line behind it.
fn skip_continuation(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = cursor.clone();
    let is_there = ahead.eat('\\') && ahead.eat_line_end();
    if is_there {
        *cursor = ahead;
    }
    is_there
}

fn word(cursor: &mut Cursor<'_>) -> Result<Word, Fault> {
    let at = cursor.at;
    let mut text = String::new();
    while let Some(c) = cursor.peek() {
        match c {
            '\n' => break,
            c if is_blank(c) => break,
            '\'' => single(cursor, &mut text)?,
            '"' => double(cursor, &mut text)?,
            '$' if cursor.second() == Some('\'') => {
                let quote = cursor.at;
                cursor.next();
                cursor.next();
                ansi_string(cursor, quote, &mut text)?;
            }
            '$' if cursor.second() == Some('"') => {
                cursor.next(); // a text to be translated, which is the same text
            }
            '\\' if skip_continuation(cursor) => {}
            '\\' => {
                let backslash = cursor.at;
                cursor.next();
                let Some(c) = cursor.next() else {
                    let reason = "a backslash ends the command";
                    return Err(Fault::new(backslash, reason).incomplete());
                };
                text.push(c);
            }
            '|' | '&' | ';' | '<' | '>' | '(' | ')' => return Err(Fault::operator(cursor, c)),
            c => {
                refuse_substitution(cursor)?;
                text.push(c);
                cursor.next();
            }
        }
    }
    Ok(Word { text, at })
}

/// `'…'`: everything stands for itself.
fn single(cursor: &mut Cursor<'_>, text: &mut String) -> Result<(), Fault> {
    let quote = cursor.at;
    cursor.next();
    *text += cursor.take_while(|c| c != '\'');
    if cursor.eat('\'') { Ok(()) } else { Err(Fault::unclosed(quote).incomplete()) }
}

/// `"…"`: a backslash escapes `$`, a backtick, `"`, itself and the end of the line.
fn double(cursor: &mut Cursor<'_>, text: &mut String) -> Result<(), Fault> {
    let quote = cursor.at;
    cursor.next();
    loop {
        match cursor.peek() {
            None => return Err(Fault::unclosed(quote).incomplete()),
            Some('"') => {
                cursor.next();
                return Ok(());
            }
            Some('\\') if skip_continuation(cursor) => {}
            Some('\\') if matches!(cursor.second(), Some('$' | '`' | '"' | '\\')) => {
                cursor.next();
                text.extend(cursor.next());
            }
            Some(c) => {
                refuse_substitution(cursor)?;
                text.push(c);
                cursor.next();
            }
        }
    }
}

/// Refuses a variable, the output of a command, or arithmetic, which begin with `$` or a backtick.
fn refuse_substitution(cursor: &Cursor<'_>) -> Result<(), Fault> {
    let what = match (cursor.peek(), cursor.second()) {
        (Some('`'), _) => "`…`".to_owned(),
        (Some('$'), Some('(')) => "$(…)".to_owned(),
        (Some('$'), Some('{')) => "${…}".to_owned(),
        (Some('$'), Some(c)) if c.is_ascii_alphanumeric() || "_?!@*#$-".contains(c) => {
            let is_part = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
            let name: String = cursor.rest()[1..].chars().take_while(is_part).take(40).collect();
            if name.is_empty() { format!("${c}") } else { format!("${name}") }
        }
        _ => return Ok(()),
    };
    Err(Fault::substitution(cursor.at, &what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn split(text: &str) -> Vec<String> {
        words(text).expect(text).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_those_of_bash() {
        for (text, expected) in [
            ("", &[][..]),
            ("curl  a\tb\n", &["curl", "a", "b"]),
            ("curl a\r\n\r\n", &["curl", "a"]),
            ("\n# comment 'x\ncurl a # rest ' of it\n\n# more\n", &["curl", "a"]),
            ("curl a#b", &["curl", "a#b"]),
            ("curl 'a b'c\"d e\"f\\ g", &["curl", "a bcd ef g"]),
            ("curl '' \"\" $''", &["curl", "", "", ""]),
            ("curl \\\n  -k \\\r\n a\\\nb", &["curl", "-k", "ab"]),
            ("'a\\n$X`|'", &["a\\n$X`|"]),
            (r#""\$ \` \" \\ \n \'""#, &[r#"$ ` " \ \n \'"#]),
            ("\"a\\\nb\"", &["ab"]),
            ("\"a\nb\"", &["a\nb"]),
            ("'it'\\''s' $'it\\'s'", &["it's", "it's"]),
            ("$\"a\" \"a$'b'\"", &["a", "a$'b'"]),
            ("a$ \"$\" $% {x} *?[] ~ !", &["a$", "$", "$%", "{x}", "*?[]", "~", "!"]),
            ("\u{e9}'\u{1f600}'", &["\u{e9}\u{1f600}"]),
        ] {
            assert_eq!(split(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_needs_a_shell_is_refused_at_its_place() {
        for (text, at, words) in [
            ("curl a | jq", 7, "'|' is a shell operator"),
            ("curl a && b", 7, "'&'"),
            ("curl a?b&c", 8, "'&'"),
            ("curl a; b", 6, "';'"),
            ("curl a > f", 7, "'>'"),
            ("curl a 2>/dev/null", 8, "'>'"),
            ("curl <(a)", 5, "'<'"),
            ("(curl a)", 0, "'('"),
            ("curl `x`", 5, "expand `…`"),
            ("curl $(x)", 5, "$(…)"),
            ("curl ${x}", 5, "${…}"),
            ("curl a$TOKEN/x", 6, "expand $TOKEN here"),
            ("curl \"é$TOKEN\"", 8, "$TOKEN"),
            ("curl \"`x`\"", 6, "`…`"),
            ("curl $? ", 5, "$?"),
            ("curl a\ncurl b", 7, "a line above, which does not end in '\\'"),
            ("curl a \\ \n -k", 11, "a line above"),
        ] {
            let fault = super::words(text).expect_err(text);
            assert_eq!(fault.at, at, "{text}: {fault:?}");
            assert!(fault.reason.contains(words) && !fault.is_incomplete, "{text}: {fault:?}");
        }
    }

    #[test]
    fn an_unclosed_quote_may_go_on() {
        for (text, at) in [("curl 'a", 5), ("curl \"a", 5), ("curl $'a\\'", 5), ("curl a\\", 6)] {
            let fault = words(text).expect_err(text);
            assert_eq!((fault.at, fault.is_incomplete), (at, true), "{text}: {fault:?}");
        }
    }

    #[test]
    fn a_word_knows_its_place() {
        let words = words("curl 'a' \\\n  -H x\"y\"").expect("words");
        let places: Vec<_> = words.iter().map(|word| (word.text.as_str(), word.at)).collect();
        assert_eq!(places, [("curl", 0), ("a", 5), ("-H", 13), ("xy", 16)]);
    }
}
