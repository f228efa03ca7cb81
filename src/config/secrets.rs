//! Which options and arguments hold secrets.

use std::ffi::OsString;

use crate::redact::Redaction;

/// Options whose value is a secret, unless it names a file.
const SECRET: [&str; 7] = [
    "--bearer",
    "--oauth2-bearer",
    "--cookie",
    "--pass",
    "--passphrase",
    "--tls-pass",
    "--proxy-user",
];

/// The value of an option as it may be shown, if it holds a secret.
pub(super) fn masked(option: &str, value: &str) -> Option<String> {
    let is_file = value.starts_with('@');
    match option {
        "--user" | "--auth" | "--basic-auth" | "-u" => {
            (value.contains(':') && !is_file).then(|| "***".to_owned())
        }
        "--header" | "-H" | "--proxy-header" => {
            let (name, rest) = value.split_once(':')?;
            let shown = Redaction::Mask.value(name, rest.trim().as_bytes());
            (shown.as_ref() != rest.trim().as_bytes()).then(|| format!("{name}: ***"))
        }
        "--subprotocol" | "--protocol" | "-s" => {
            let shown = Redaction::Mask.value("Sec-WebSocket-Protocol", value.as_bytes());
            let shown = String::from_utf8_lossy(&shown);
            (shown != value).then(|| shown.into_owned())
        }
        option if SECRET.contains(&option) => (!is_file).then(|| "***".to_owned()),
        _ => {
            let shown = Redaction::Mask.argument(value);
            (shown != value).then(|| shown.into_owned())
        }
    }
}

/// The arguments that hold secrets, each by its place and as it may be shown. One too many does no harm:
/// which word is the value of which option is guessed, so that no time is spent on it.
pub fn secret_arguments(args: &[OsString]) -> Vec<(usize, OsString)> {
    let mut found = Vec::new();
    let mut before = "";
    for (place, arg) in args.iter().enumerate().skip(1) {
        let Some(text) = arg.to_str() else { continue };
        let shown = match text.split_once('=') {
            Some((option, value)) if option.starts_with("--") => {
                masked(option, value).map(|shown| format!("{option}={shown}"))
            }
            _ if before.starts_with("--") => masked(before, text),
            _ => short(before, text),
        };
        found.extend(shown.map(|shown| (place, OsString::from(shown))));
        before = text;
    }
    found
}

/// A word behind letters such as `-vu`, or letters with a value such as `-uUSER:PASS`.
fn short(before: &str, text: &str) -> Option<String> {
    let ends_with = |letter| before.starts_with('-') && before.ends_with(letter);
    if ends_with('u') {
        return masked("-u", text);
    }
    if ends_with('H') {
        return masked("-H", text);
    }
    if ends_with('s') {
        return masked("-s", text);
    }
    let letters = text.strip_prefix('-').unwrap_or_default();
    let Some(at) = letters.find(['u', 'H', 's']) else { return masked("", text) };
    let (start, value) = text.split_at(at + 2);
    let option = format!("-{}", &start[start.len() - 1..]);
    masked(&option, value).map(|shown| format!("{start}{shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_on_the_command_line_are_found() {
        for (args, shown) in [
            (&["-u", "me:pw"][..], &["-u", "***"][..]),
            (&["-vu", "me:pw"], &["-vu", "***"]),
            (&["-ume:pw"], &["-u***"]),
            (&["-kume:pw"], &["-ku***"]),
            (&["--user", "me:pw"], &["--user", "***"]),
            (&["--auth=me:pw"], &["--auth=***"]),
            (&["--bearer", "x"], &["--bearer", "***"]),
            (&["--cookie=a=b"], &["--cookie=***"]),
            (&["--passphrase", "x"], &["--passphrase", "***"]),
            (&["-H", "Authorization: x"], &["-H", "Authorization: ***"]),
            (&["-s", "bearer,s3cr3t-V4lue"], &["-s", "bearer,***"]),
            (&["-stoken.s3cr3t-V4lue"], &["-stoken.***"]),
            (&["-HCookie:x"], &["-HCookie: ***"]),
            (&["--header=X-Api-Key: x"], &["--header=X-Api-Key: ***"]),
            (&["-H", "X-Acme-Token: x"], &["-H", "X-Acme-Token: ***"]),
            (&["wss://h/?next=%2F%3Ftoken%3Dx"], &["wss://h/?next=%2F%3Ftoken%3D***"]),
            (&["--proxy", "http://me:pw@h"], &["--proxy", "http://me:***@h"]),
            (&["-k", "wss://me:pw@h/x"], &["-k", "wss://me:***@h/x"]),
            (&["me:pw@h/x"], &["***@h/x"]),
            (&["wss://h/?token=x&a=b"], &["wss://h/?token=***&a=b"]),
        ] {
            let mut all: Vec<OsString> = ["wscope"].iter().chain(args).map(Into::into).collect();
            for (place, shown) in secret_arguments(&all) {
                all[place] = shown;
            }
            assert_eq!(all[1..], *shown, "{args:?}");
        }
    }

    #[test]
    fn what_is_no_secret_is_left_alone() {
        for args in [
            &["-u", "me"][..],
            &["-u", "@file"],
            &["--bearer=@file"],
            &["-H", "X-Other: x"],
            &["-H", "@file"],
            &["wss://h/x?a=b"],
            &["@staging/x"],
            &["-x", "hello you: there"],
            &["--timestamps=utc"],
        ] {
            let all: Vec<OsString> = ["wscope"].iter().chain(args).map(Into::into).collect();
            assert_eq!(secret_arguments(&all), [], "{args:?}");
        }
    }
}
