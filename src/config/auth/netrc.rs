//! `.netrc`, as curl reads it: machine, default, login, password, account, macdef, quotes, comments.

use std::iter::Peekable;
use std::str::Chars;

/// The entry of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NetrcEntry {
    /// The user name.
    pub(super) login: Option<String>,
    /// The password.
    pub(super) password: Option<String>,
    port: Option<String>,
}

/// Why a file is malformed. The words of the file are not repeated: any may be a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NetrcFault {
    /// From 1.
    pub(super) line: usize,
    /// The reason.
    pub(super) reason: &'static str,
}

/// The first entry for this host, port and, if it is known, user name. The port of a
/// machine may be in its name, or follow it as in Emacs.
pub(super) fn find(
    text: &str,
    host: &str,
    port: u16,
    login: Option<&str>,
) -> Result<Option<NetrcEntry>, NetrcFault> {
    Ok(all(text, host, port)?
        .find(|entry| login.is_none_or(|it| entry.login.as_deref() == Some(it))))
}

/// The passwords of all entries for this host and port. None if the file is malformed.
pub(super) fn passwords(text: &str, host: &str, port: u16) -> Vec<String> {
    all(text, host, port).into_iter().flatten().filter_map(|entry| entry.password).collect()
}

/// The entries for this host and port, in order.
fn all(text: &str, host: &str, port: u16) -> Result<impl Iterator<Item = NetrcEntry>, NetrcFault> {
    let with_port = format!("{host}:{port}");
    let names_us = move |machine: &Machine| match machine {
        Machine::Default => true,
        Machine::Named(name) => {
            name.eq_ignore_ascii_case(host) || name.eq_ignore_ascii_case(&with_port)
        }
    };
    let fits =
        move |entry: &NetrcEntry| entry.port.as_deref().is_none_or(|given| is_port(given, port));
    let entries = entries(text)?.into_iter();
    let found = entries.filter(move |(machine, entry)| names_us(machine) && fits(entry));
    Ok(found.map(|(_, entry)| entry))
}

fn is_port(given: &str, port: u16) -> bool {
    match given.parse::<u16>() {
        Ok(number) => number == port,
        Err(_) => ["http", "https", "ws", "wss"].contains(&given),
    }
}

enum Machine {
    Named(String),
    Default,
}

fn entries(text: &str) -> Result<Vec<(Machine, NetrcEntry)>, NetrcFault> {
    let mut words = Words { rest: text.chars().peekable(), line: 1 };
    let mut entries: Vec<(Machine, NetrcEntry)> = Vec::new();
    while let Some(word) = words.next()? {
        let fault = |reason| NetrcFault { line: word.line, reason };
        let is = |keyword: &str| word.text.eq_ignore_ascii_case(keyword) && !word.is_quoted;
        if is("machine") {
            let name = words.value(word.line, "machine requires a name")?;
            entries.push((Machine::Named(name), NetrcEntry::default()));
        } else if is("default") {
            entries.push((Machine::Default, NetrcEntry::default()));
        } else if is("macdef") {
            words.skip_macro();
        } else if is("login") || is("password") || is("account") || is("port") {
            let value = words.value(word.line, "the last keyword of the file has no value")?;
            let Some((_, entry)) = entries.last_mut() else {
                return Err(fault("this is before the first machine"));
            };
            match () {
                () if is("login") => entry.login = Some(value),
                () if is("password") => entry.password = Some(value),
                () if is("port") => entry.port = Some(value),
                () => {}
            }
        } else {
            return Err(fault(
                "machine, default, login, password, account or macdef is expected here; a value with spaces must be in quotes",
            ));
        }
    }
    Ok(entries)
}

struct Word {
    text: String,
    is_quoted: bool,
    line: usize,
}

struct Words<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
}

impl Words<'_> {
    fn take(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn next(&mut self) -> Result<Option<Word>, NetrcFault> {
        loop {
            match self.rest.peek() {
                None => return Ok(None),
                Some('#') => while self.take().is_some_and(|c| c != '\n') {},
                Some(c) if c.is_whitespace() => _ = self.take(),
                Some('"') => return self.quoted().map(Some),
                Some(_) => return Ok(Some(self.bare())),
            }
        }
    }

    /// The value of a keyword. One that starts with # is not a comment.
    fn value(&mut self, line: usize, missing: &'static str) -> Result<String, NetrcFault> {
        while self.rest.peek().is_some_and(|c| c.is_whitespace()) {
            self.take();
        }
        match self.rest.peek() {
            None => Err(NetrcFault { line, reason: missing }),
            Some('"') => Ok(self.quoted()?.text),
            Some(_) => Ok(self.bare().text),
        }
    }

    fn bare(&mut self) -> Word {
        let line = self.line;
        let mut text = String::new();
        while let Some(c) = self.rest.next_if(|c| !c.is_whitespace()) {
            text.push(c);
        }
        Word { text, is_quoted: false, line }
    }

    fn quoted(&mut self) -> Result<Word, NetrcFault> {
        let line = self.line;
        let unclosed =
            NetrcFault { line, reason: "the quote that opens here is not closed on its line" };
        self.take();
        let mut text = String::new();
        loop {
            match self.take() {
                None | Some('\n') => return Err(unclosed),
                Some('"') => return Ok(Word { text, is_quoted: true, line }),
                Some('\\') => match self.take() {
                    None | Some('\n') => return Err(unclosed),
                    Some('n') => text.push('\n'),
                    Some('r') => text.push('\r'),
                    Some('t') => text.push('\t'),
                    Some(c) => text.push(c),
                },
                Some(c) => text.push(c),
            }
        }
    }

    /// A macro ends at the next empty line.
    fn skip_macro(&mut self) {
        let mut is_empty = false;
        while let Some(c) = self.take() {
            match c {
                '\n' if is_empty => return,
                '\n' => is_empty = true,
                '\r' => {}
                _ => is_empty = false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(text: &str, host: &str) -> Option<(String, String)> {
        let entry = find(text, host, 443, None).expect("a well-formed file")?;
        Some((entry.login.unwrap_or_default(), entry.password.unwrap_or_default()))
    }

    #[test]
    fn the_first_entry_of_the_host_is_used() {
        let file = "# mine\nmachine a.example login one password 1\nMACHINE b.example\n\tlogin two\n\tpassword 2\n\
                    machine a.example login three password 3\ndefault login any password 0\nmachine late login x";
        for (host, user, password) in [
            ("a.example", "one", "1"),
            ("A.EXAMPLE", "one", "1"),
            ("b.example", "two", "2"),
            ("c.example", "any", "0"),
            ("late", "any", "0"),
        ] {
            assert_eq!(login(file, host), Some((user.into(), password.into())), "{host}");
        }
    }

    #[test]
    fn values_may_look_like_keywords() {
        for (file, password) in [
            (
                r#"machine h login u password "with \"quotes\", blanks and \\""#,
                r#"with "quotes", blanks and \"#,
            ),
            (r#"machine h login u password "a\tb\nc\rd\e""#, "a\tb\nc\rde"),
            ("machine h login u password #hash", "#hash"),
            ("machine h login u password machine", "machine"),
            ("machine h login u password pa\"ss\\word", "pa\"ss\\word"),
            ("machine h\r\nlogin u\r\npassword x\r\n", "x"),
            ("machine h login u password x # a comment\n# another", "x"),
            ("macdef m\nmachine h login no password no\n\nmachine h login u password x", "x"),
            ("machine h account z login u password x", "x"),
            ("machine h login u password \"\"", ""),
            ("machine h port imap login no password no machine h port 443 login u password x", "x"),
            ("machine h:80 login no password no machine h:443 login u password x", "x"),
        ] {
            assert_eq!(login(file, "h"), Some(("u".into(), password.into())), "{file}");
        }
    }

    #[test]
    fn a_given_user_selects_its_entry() {
        let file = "machine h login a password 1 machine h login b password 2";
        let found = find(file, "h", 80, Some("b")).expect("a well-formed file").expect("an entry");
        assert_eq!(found.password.as_deref(), Some("2"));
        assert_eq!(find(file, "h", 80, Some("c")), Ok(None));
    }

    #[test]
    fn errors_name_the_line() {
        for (file, line, words) in [
            ("machine h\nlogin u\npasswd secret", 3, "is expected here"),
            ("machine h login u password with blanks", 1, "must be in quotes"),
            ("\n\nlogin u", 3, "before the first machine"),
            ("machine h\nlogin", 2, "no value"),
            ("machine", 1, "requires a name"),
            ("machine h login \"u\npassword x", 1, "not closed"),
            ("machine h login \"u\\", 1, "not closed"),
            ("\u{feff}machine h", 1, "is expected here"),
        ] {
            let fault = find(file, "h", 80, None).expect_err(file);
            assert!(fault.line == line && fault.reason.contains(words), "{file:?}: {fault:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_quoted_password_is_read_unchanged(password: String) {
            let escaped = password.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
            let file = format!("machine h login \"u\" password \"{escaped}\"");
            let entry = find(&file, "h", 443, Some("u")).map(Option::unwrap_or_default);
            proptest::prop_assert_eq!(entry.map(|it| it.password), Ok(Some(password)));
        }

        #[test]
        fn any_text_is_parsed_or_rejected(text in "(\\PC|[\"\\\\# \n]|machine |login |macdef ){0,40}") {
            let _ = find(&text, "h", 443, None);
        }
    }
}
