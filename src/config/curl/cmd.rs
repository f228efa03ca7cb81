//! Splits a command line that a browser wrote for cmd.exe.
//!
//! Two programs would read it: cmd.exe, for which a caret escapes, and then the C runtime of curl, for which quotes
//! and backslashes count. Chrome has written it in three ways, the last of which Firefox writes too:
//!
//! - up to 2018 `"…"` with `""` for a quote and `"%"` for a percent sign;
//! - up to 2023 `"…"` with carets inside, which cmd.exe itself does not read as escapes there;
//! - `^"…^"`, in which a caret escapes as it does outside quotes.
//!
//! What is read is what was meant: the value in the browser.

use super::words::{Cursor, Fault, Word, is_blank};

/// The words of the one command in `text`.
///
/// # Errors
/// With the first place that is not valid, or that needs cmd.exe.
pub(super) fn words(text: &str) -> Result<Vec<Word>, Fault> {
    let mut cursor = Cursor::new(text);
    let mut words: Vec<Word> = Vec::new();
    let mut is_over = false;
    // Chrome writes two backslashes for one, Firefox, which writes curl.exe, does not.
    let mut doubles = true;
    loop {
        cursor.take_while(is_blank);
        match cursor.peek() {
            None => return Ok(words),
            Some('\n') => {
                cursor.next();
                is_over = !words.is_empty();
            }
            Some('^') if skip_continuation(&mut cursor) => {}
            Some(_) if is_over => return Err(Fault::second_command(cursor.at, '^')),
            Some(_) => {
                words.push(Reader::new(&mut cursor, doubles).word()?);
                if let [program] = &*words {
                    doubles = !program.text.to_ascii_lowercase().ends_with(".exe");
                }
            }
        }
    }
}

/// Moves over a caret and the end of the line behind it.
fn skip_continuation(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = cursor.clone();
    let is_there = ahead.eat('^') && ahead.eat_line_end();
    if is_there {
        *cursor = ahead;
    }
    is_there
}

/// Characters for which Chrome wrote no caret inside `"…"`, but for the `&`.
pub(super) fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c.is_whitespace() || "_-:=+~'/.,?;()*`".contains(c)
}

/// A character as the C runtime gets it.
#[derive(Clone, Copy)]
struct Unit {
    c: char,
    /// A caret was before it.
    is_escaped: bool,
}

/// The quote that is open.
#[derive(Clone, Copy)]
struct Quote {
    at: usize,
    /// It was written `^"`.
    is_escaped: bool,
}

/// Reads one word.
struct Reader<'a, 'b> {
    cursor: &'b mut Cursor<'a>,
    text: String,
    quote: Option<Quote>,
    /// Backslashes that were read last, and whether all of them had a caret.
    backslashes: (usize, bool),
    /// Two of them with carets stand for one.
    doubles: bool,
}

impl<'a, 'b> Reader<'a, 'b> {
    fn new(cursor: &'b mut Cursor<'a>, doubles: bool) -> Self {
        Self { cursor, text: String::new(), quote: None, backslashes: (0, true), doubles }
    }

    fn word(mut self) -> Result<Word, Fault> {
        let at = self.cursor.at;
        loop {
            let place = self.cursor.at;
            let is_end = self.cursor.is_line_end() || self.cursor.peek().is_none();
            match self.quote {
                Some(quote) if is_end => return Err(Fault::unclosed(quote.at)),
                None if is_end || self.cursor.peek().is_some_and(is_blank) => break,
                _ => {}
            }
            match self.unit()? {
                None => {}
                Some(Unit { c: '\\', is_escaped }) => {
                    let (count, all_escaped) = self.backslashes;
                    self.backslashes = (count + 1, all_escaped && is_escaped);
                }
                Some(Unit { c: '"', is_escaped }) => self.quote(place, is_escaped),
                Some(Unit { c, is_escaped: false }) if self.is_operator(c) => {
                    self.cursor.at = place;
                    return Err(Fault::operator(self.cursor, c));
                }
                Some(Unit { c, is_escaped: true }) if self.quote.is_none() && is_blank(c) => break,
                Some(Unit { c, .. }) => {
                    self.flush();
                    self.text.push(c);
                }
            }
        }
        self.flush();
        Ok(Word { text: self.text, at })
    }

    fn is_operator(&self, c: char) -> bool {
        self.quote.is_none() && matches!(c, '&' | '|' | '<' | '>')
    }

    /// The next character without its caret; `None` where the line goes on.
    fn unit(&mut self) -> Result<Option<Unit>, Fault> {
        let at = self.cursor.at;
        let Some(c) = self.cursor.next() else { return Ok(None) };
        let is_escaped = c == '^' && self.escapes();
        let c = match c {
            '^' if is_escaped && self.cursor.eat_line_end() => {
                // A second line end is what the caret escapes.
                let is_break = self.cursor.eat_line_end();
                return Ok(is_break.then_some(Unit { c: '\n', is_escaped }));
            }
            '^' if is_escaped => match self.cursor.next() {
                Some(c) => c,
                None => {
                    let reason = "a caret ends the command";
                    return Err(Fault::new(at, reason).incomplete());
                }
            },
            c => c,
        };
        if c == '%' {
            self.refuse_variable(at, is_escaped)?;
            self.skip_caret_of_percent();
        }
        Ok(Some(Unit { c, is_escaped }))
    }

    /// Whether a caret that has been read escapes what follows. In `"…"` it does where Chrome wrote it.
    fn escapes(&self) -> bool {
        match self.quote {
            Some(Quote { is_escaped: false, .. }) => {
                self.cursor.is_line_end() || self.cursor.peek().is_some_and(|c| !is_plain(c))
            }
            _ => true,
        }
    }

    /// `%^A` stands for `%A`, so that it begins no variable.
    fn skip_caret_of_percent(&mut self) {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if self.cursor.peek() == Some('^') && self.cursor.second().is_some_and(is_name) {
            self.cursor.next();
        }
    }

    /// `%NAME%` is a variable, but not `%C3%A9`.
    fn refuse_variable(&self, at: usize, is_escaped: bool) -> Result<(), Fault> {
        let is_name = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        let name: String = self.cursor.rest().chars().take_while(is_name).take(40).collect();
        let is_ended = self.cursor.rest()[name.len()..].starts_with('%');
        let is_octet = name.len() >= 2 && name.chars().take(2).all(|c| c.is_ascii_hexdigit());
        let starts = name.starts_with(|c: char| !c.is_ascii_digit());
        if !is_escaped && is_ended && starts && !is_octet {
            return Err(Fault::substitution(at, &format!("%{name}%")));
        }
        Ok(())
    }

    /// A quote at `at`. Backslashes before it are halved; an odd one makes it an ordinary character.
    fn quote(&mut self, at: usize, is_escaped: bool) {
        let (count, _) = std::mem::replace(&mut self.backslashes, (0, true));
        self.text.extend(std::iter::repeat_n('\\', count / 2));
        if count % 2 == 1 {
            self.text.push('"');
            return;
        }
        self.quote = match self.quote {
            None => Some(Quote { at, is_escaped }),
            Some(quote) if !is_escaped && self.cursor.eat('"') => {
                self.text.push('"');
                Some(quote)
            }
            Some(_) => None,
        };
    }

    /// Appends the backslashes that no quote follows.
    fn flush(&mut self) {
        let (count, all_escaped) = std::mem::replace(&mut self.backslashes, (0, true));
        let count = if self.doubles && all_escaped { count.div_ceil(2) } else { count };
        self.text.extend(std::iter::repeat_n('\\', count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn split(text: &str) -> Vec<String> {
        words(text).expect(text).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_those_that_the_browser_meant() {
        for (text, expected) in [
            ("curl a  b\r\n", &["curl", "a", "b"][..]),
            // Chrome since 2023, and Firefox
            (
                "curl ^\"wss://h/?a=1^&b=2^\" ^\r\n  -H ^\"X: y^\"\r\n",
                &["curl", "wss://h/?a=1&b=2", "-H", "X: y"],
            ),
            (r#"curl ^"A: ^\^"b^\^";v=^\^"1^\^"^""#, &["curl", r#"A: "b";v="1""#]),
            (r#"curl ^"a^%^20b^%^^^" ^"^%^C3^""#, &["curl", "a%20b%^", "%C3"]),
            (r#"curl ^"^$x^`^!^<^>^|^{^}^@^#^é^" ^"^""#, &["curl", "$x`!<>|{}@#é", ""]),
            ("curl ^\"a^\n\nb^\" c", &["curl", "a\nb", "c"]),
            ("curl.exe ^\"a\"^\r\n\r\n\"b^\" c", &["curl.exe", "a\nb", "c"]),
            // Two backslashes are one in Chrome, but not in Firefox.
            (r#"curl ^"a^\^\b^\^\^\^"c^" ^"^\[^""#, &["curl", r#"a\b\"c"#, r"\["]),
            (r#"curl.exe ^"a^\b^\^\c^\^"d^""#, &["curl.exe", r#"a\b\\c"d"#]),
            // Chrome up to 2023
            (
                r#"curl "wss://h/?a=1^&b=^%^7B" -H "A: ^\^"b^\^"" "#,
                &["curl", "wss://h/?a=1&b=%7B", "-H", "A: \"b\""],
            ),
            (r#"curl "a&b^^c" "^d" "^%^ab""#, &["curl", "a&b^c", "^d", "%ab"]),
            // Chrome up to 2018
            (
                r#"curl "a ""b"" c" "" "20"%"21" "x"%""%"y" """z""""#,
                &["curl", "a \"b\" c", "", "20%21", "x%%y", "\"z\""],
            ),
            // typed
            (
                r#"curl "C:\dir\new" "a \"b\" c" d\e "f\\""#,
                &["curl", r"C:\dir\new", "a \"b\" c", r"d\e", r"f\"],
            ),
            ("curl a^ b %C3%A9%b 100%", &["curl", "a", "b", "%C3%A9%b", "100%"]),
            ("curl 'a b'", &["curl", "'a", "b'"]),
            ("curl a^\nb", &["curl", "ab"]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn what_needs_cmd_is_refused_at_its_place() {
        for (text, at, reason) in [
            ("curl a & b", 7, "'&' is a shell operator"),
            ("curl ^\"a^\" &\r\ncurl ^\"b^\"", 11, "'&'"),
            ("curl a > NUL", 7, "'>'"),
            ("curl a | b", 7, "'|'"),
            ("curl \"%APPDATA%\"", 6, "expand %APPDATA% here"),
            ("curl x%TOKEN%", 6, "%TOKEN%"),
            ("curl \"a\r\nb\"", 5, "not closed"),
            ("curl ^\"a", 5, "not closed"),
            ("curl a\r\n-H x", 8, "does not end in '^'"),
            ("curl a^", 6, "a caret ends"),
        ] {
            let fault = words(text).expect_err(text);
            assert_eq!(fault.at, at, "{text}: {fault:?}");
            assert!(fault.reason.contains(reason), "{text}: {fault:?}");
        }
    }
}
