//! Parses a configuration file: options for all connections, then endpoints with theirs.
//!
//! ```text
//! # for all connections
//! connect-timeout = 5s
//! --no-compress
//! -H 'X-Client: me'
//!
//! [staging]
//! url = wss://staging.example.com/ws
//! bearer = @/run/secrets/staging
//! ```

use std::path::Path;
use std::rc::Rc;

use super::SettingError;
use super::origin::Origin;

/// An option of the file.
#[derive(Debug)]
pub(super) struct SettingLine {
    /// From 1.
    pub(super) number: usize,
    /// The name in the brackets above it; empty for an option for all connections.
    pub(super) section: Rc<str>,
    /// `--name`, `--name=value`, `-n`, `-n=value` or `-nvalue`
    pub(super) argument: String,
}

impl SettingLine {
    /// The URL if the line gives one. The name of another endpoint is none.
    pub(super) fn url(&self) -> Option<&str> {
        self.argument.strip_prefix("--url=").filter(|url| !url.starts_with('@'))
    }
}

/// Reads a file.
///
/// # Errors
/// With the first line that is malformed. The line is not in the error: it may contain a secret.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<SettingLine>, SettingError> {
    let error = |(number, reason)| SettingError::at(path, &Origin::Line(number), reason);
    lines(text).map(|line| line.map_err(error)).collect()
}

/// The options of a file, and the number of each line that is malformed with the reason. Options below the malformed
/// name of a section are left out.
pub(super) fn lines(
    text: &str,
) -> impl Iterator<Item = Result<SettingLine, (usize, &'static str)>> {
    const SECTION: &str =
        "a section is written [NAME]; the name consists of letters, digits, '-', '_' and '.'";
    const OPTION: &str =
        "an option is written NAME = VALUE, --NAME or -X VALUE; a comment needs its own line";
    let mut section: Option<Rc<str>> = Some("".into());
    text.lines().enumerate().filter_map(move |(index, line)| {
        let (number, line) = (index + 1, line.trim());
        match line.chars().next()? {
            '#' => None,
            '[' => {
                section = name(line).map(Into::into);
                section.is_none().then_some(Err((number, SECTION)))
            }
            _ => {
                let section = Rc::clone(section.as_ref()?);
                let option =
                    argument(line).map(|argument| SettingLine { number, section, argument });
                Some(option.ok_or((number, OPTION)))
            }
        }
    })
}

/// `[name]`
fn name(line: &str) -> Option<&str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = line.strip_prefix('[')?.strip_suffix(']')?.trim();
    (!name.is_empty() && name.chars().all(is_part)).then_some(name)
}

/// `name`, `name = value`, `--name`, `--name=value`, `--name value`, `-n`, `-n value` or `-nvalue`
fn argument(line: &str) -> Option<String> {
    const MAX_NAME: usize = 80; // in bytes
    let end = line.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(line.len());
    let (name, rest) = (&line[..end], line[end..].trim_start());
    let letters = name.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
    if letters.is_some_and(|letters| letters.chars().count() > 1) {
        return Some(line.to_owned());
    }
    let word = name.trim_start_matches('-');
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !(1..=MAX_NAME).contains(&word.len()) || !word.chars().all(is_part) {
        return None;
    }
    let option = format!("{}{word}", if word.len() == 1 { "-" } else { "--" });
    match rest.strip_prefix('=') {
        Some(value) => Some(format!("{option}={}", unquoted(value.trim_start()))),
        None if rest.is_empty() => Some(option),
        None => name.starts_with('-').then(|| format!("{option}={}", unquoted(rest))),
    }
}

/// The value without the quotes around it.
fn unquoted(value: &str) -> &str {
    let inside = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_has_several_forms() {
        for (text, argument) in [
            ("--no-compress", "--no-compress"),
            ("-vv", "-vv"),
            ("-ume:a=b c", "-ume:a=b c"),
            ("k", "-k"),
            ("--wait 5s", "--wait=5s"),
            ("--wait = 5s", "--wait=5s"),
            ("\t wait=5s\r", "--wait=5s"),
            ("w = 5s", "-w=5s"),
            ("wait =", "--wait="),
            ("-H X-A: b # c", "-H=X-A: b # c"),
            ("--header=X-A: a=b", "--header=X-A: a=b"),
            ("send = {\"op\": \"login\"}", "--send={\"op\": \"login\"}"),
            ("send = \" a\\n\"b\\ \"", "--send= a\\n\"b\\ "),
            ("send = '\"b\"'", "--send=\"b\""),
            ("send = 'b\"", "--send='b\""),
            ("send = ''", "--send="),
            ("send = \"", "--send=\""),
        ] {
            let file = parse(Path::new("config"), &format!("# all\n{text}")).expect(text);
            assert_eq!((file[0].number, file[0].argument.as_str()), (2, argument), "{text}");
        }
    }

    #[test]
    fn a_malformed_line_is_reported_without_its_text() {
        for (text, reason) in [
            ("[a", "a section is written [NAME]"),
            ("[hunter2] # b", "a section is written [NAME]"),
            ("[]", "a section is written [NAME]"),
            ("[a b]", "a section is written [NAME]"),
            ("= hunter2", "an option is written"),
            ("- hunter2", "an option is written"),
            ("--", "an option is written"),
            ("wait hunter2", "an option is written"),
            ("bearer:hunter2", "an option is written"),
            (&"x".repeat(81), "an option is written"),
        ] {
            let error = parse(Path::new("config"), &format!("\n{text}")).expect_err(text);
            assert_eq!(error.place, "config, line 2", "{text}");
            assert!(error.reason.starts_with(reason), "{text}: {error}");
            assert!(!error.to_string().contains("hunter2"), "{text}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_parsed_or_rejected(text in "(\\PC|[\\[\\]=#\"'\\\\ \t\n-]){0,60}") {
            let _ = parse(Path::new("config"), &text);
        }
    }
}
