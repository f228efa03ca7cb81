//! Which options and arguments hold secrets.

use std::ffi::OsString;

use crate::redact::Redaction;

mod given;
mod words;

pub use given::GivenValues;
pub(super) use given::{Used, secrets};
use words::values;

/// The kind of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `USER:PASS`
    User,
    /// A token.
    Bearer,
    /// Pairs of names and values.
    Cookies,
    /// The passphrase of a key.
    Passphrase,
    /// `NAME=VALUE` with a value that is not shown.
    Assignment,
    /// A header field.
    Header,
    /// Names, some of which may be tokens.
    Subprotocols,
    /// A URL, perhaps without scheme.
    Url,
    /// Anything else. It may contain a URL.
    Other,
}

impl Kind {
    /// The kind of the value of an option, which is given as `--name` or `-n`.
    fn of(option: &str) -> Self {
        match option {
            "--user" | "--auth" | "--basic-auth" | "-u" | "--proxy-user" => Self::User,
            "--bearer" | "--oauth2-bearer" => Self::Bearer,
            "--cookie" => Self::Cookies,
            "--pass" | "--passphrase" | "--tls-pass" => Self::Passphrase,
            "--secret" => Self::Assignment,
            "--header" | "-H" | "--proxy-header" => Self::Header,
            "--subprotocol" | "--protocol" | "-s" => Self::Subprotocols,
            "--proxy" | "--connect" | "-c" => Self::Url,
            _ => Self::Other,
        }
    }

    /// The value with its secret masked; `None` if it has none.
    fn masked(self, value: &str) -> Option<String> {
        let is_file = value.starts_with('@');
        match self {
            Self::User => (value.contains(':') && !is_file).then(|| "***".to_owned()),
            Self::Bearer | Self::Cookies | Self::Passphrase => (!is_file).then(|| "***".to_owned()),
            Self::Assignment => value.split_once('=').map(|(name, _)| format!("{name}=***")),
            Self::Header => header(value),
            Self::Subprotocols => {
                let shown = Redaction::Mask.value("Sec-WebSocket-Protocol", value.as_bytes());
                let shown = String::from_utf8_lossy(&shown);
                (shown != value).then(|| shown.into_owned())
            }
            Self::Url | Self::Other => {
                let shown = Redaction::Mask.argument(value);
                (shown != value).then(|| shown.into_owned())
            }
        }
    }
}

/// A header field with its secret masked, also a malformed one; `None` if it has none.
fn header(line: &str) -> Option<String> {
    if let Some((name, value)) = line.split_once(':') {
        let shown = Redaction::Mask.value(name, value.trim().as_bytes());
        if value.trim().is_empty() {
            return None; // the header is removed
        }
        if shown.as_ref() != value.trim().as_bytes() {
            return Some(format!("{name}: ***"));
        }
    }
    let shown = Redaction::Mask.malformed_line(line.as_bytes());
    (shown.as_ref() != line.as_bytes()).then(|| String::from_utf8_lossy(&shown).into_owned())
}

/// A header field with secrets masked, also a malformed one.
pub(super) fn shown_header(line: &str) -> String {
    header(line).unwrap_or_else(|| line.to_owned())
}

/// The arguments that contain secrets: each with its index and its masked form.
pub fn secret_arguments(args: &[OsString]) -> Vec<(usize, OsString)> {
    let words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let shown = values(&words).into_iter().filter_map(|value| {
        let shown = value.kind.masked(value.text)?;
        Some((value.place, OsString::from(format!("{}{shown}", value.before))))
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(args: &[&str]) -> Vec<OsString> {
        let mut all: Vec<OsString> = ["wscope"].iter().chain(args).map(Into::into).collect();
        for (place, shown) in secret_arguments(&all) {
            all[place] = shown;
        }
        all.split_off(1)
    }

    #[test]
    fn secrets_on_the_command_line_are_found() {
        for (args, shown) in [
            (&["-u", "me:pw"][..], &["-u", "***"][..]),
            (&["-vu", "me:pw"], &["-vu", "***"]),
            (&["-ume:pw"], &["-u***"]),
            (&["-u=me:pw"], &["-u=***"]),
            (&["-kume:pw"], &["-ku***"]),
            (&["-vku=me:pw"], &["-vku=***"]),
            (&["--user=me:pw", "-ume:pw"], &["--user=***", "-u***"]),
            (&["-q", "-HX-Api-Key: x", "-HCookie:x"], &["-q", "-HX-Api-Key: ***", "-HCookie: ***"]),
            (&["-vHX-Api-Key: x"], &["-vHX-Api-Key: ***"]),
            (&["--user", "me:pw"], &["--user", "***"]),
            (&["--auth=me:pw"], &["--auth=***"]),
            (&["--bearer", "x"], &["--bearer", "***"]),
            (&["--cookie=a=b"], &["--cookie=***"]),
            (&["--passphrase", "x"], &["--passphrase", "***"]),
            (&["--pass", "--cert", "x"], &["--pass", "--cert", "x"]),
            (&["listen", "--tls-pass=x", "-u", "a:b"], &["listen", "--tls-pass=***", "-u", "***"]),
            (&["-H", "Authorization: x"], &["-H", "Authorization: ***"]),
            (&["-H", "Authorization x"], &["-H", "Authorization ***"]),
            (&["-H", "Author ization: Bearer x"], &["-H", "Author ization: Bearer ***"]),
            (&["-H", "Cookie=x"], &["-H", "Cookie=***"]),
            (&["-H", " Authorization: x"], &["-H", " Authorization: ***"]),
            (&["-H", "Authorization : x"], &["-H", "Authorization : ***"]),
            (&["-H", " Authorization: x"], &["-H", " Authorization: ***"]),
            (&["-H", "Authorization=x"], &["-H", "Authorization=***"]),
            (&["-s", "bearer,s3cr3t-V4lue"], &["-s", "bearer,***"]),
            (&["-stoken.s3cr3t-V4lue"], &["-stoken.***"]),
            (&["-HCookie:x"], &["-HCookie: ***"]),
            (&["--header=X-Api-Key: x"], &["--header=X-Api-Key: ***"]),
            (
                &["--proxy-header", "Proxy-Authorization: x"],
                &["--proxy-header", "Proxy-Authorization: ***"],
            ),
            (&["-H", "X-Acme-Token: x"], &["-H", "X-Acme-Token: ***"]),
            (&["wss://h/?next=%2F%3Ftoken%3Dx"], &["wss://h/?next=%2F%3Ftoken%3D***"]),
            (&["--proxy", "http://me:pw@h"], &["--proxy", "http://me:***@h"]),
            (&["--proxy=me:pw@h"], &["--proxy=***@h"]),
            (&["-k", "wss://me:pw@h/x"], &["-k", "wss://me:***@h/x"]),
            (&["-cwss://me:pw@h/x"], &["-cwss://me:***@h/x"]),
            (&["-qc=wss://me:pw@h/x"], &["-qc=wss://me:***@h/x"]),
            (&["me:pw@h/x"], &["***@h/x"]),
            (&["wss://h/?token=x&a=b"], &["wss://h/?token=***&a=b"]),
            (&["-v", "--", "me:pw@h/x"], &["-v", "--", "***@h/x"]),
        ] {
            assert_eq!(hidden(args), *shown, "{args:?}");
        }
    }

    #[test]
    fn other_arguments_are_unchanged() {
        for args in [
            &["-u", "me"][..],
            &["-ume"],
            &["-u", "@file"],
            &["--bearer=@file"],
            &["-H", "X-Other: x"],
            &["-H", "Authorization:"],
            &["-H", "@file"],
            &["wss://h/x?a=b"],
            &["@staging/x"],
            &["-x", "hello you: there"],
            &["-xuser: a"],
            &["-x", "-ume:pw"],
            &["-x", "--bearer", "wss://h"],
            &["--send", "-ume:pw"],
            &["--timestamps=utc"],
            &["--", "-ume:pw"],
        ] {
            assert_eq!(hidden(args), args, "{args:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_is_not_utf_8_is_found() {
        use std::os::unix::ffi::OsStringExt;
        let args = ["wscope", "-u"].map(OsString::from);
        let args = [&args[..], &[OsString::from_vec(b"me:p\xff".to_vec())]].concat();
        assert_eq!(secret_arguments(&args), [(2, OsString::from("***"))]);
    }
}
