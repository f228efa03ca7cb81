//! Where credentials come from: options, files, the environment, the URL, netrc, the terminal.

use crate::request::request_of;
use crate::scripts::refused_url;
use crate::support::{Outcome, Server, Wscope, header, wscope};

mod challenge;
#[cfg(unix)]
mod prompt;
mod secrets;
#[cfg(target_os = "linux")]
mod title;

const BASIC: &str = "Basic bWU6aHVudGVyMg=="; // me:hunter2

/// The Authorization header that this client sends.
#[track_caller]
fn authorization(client: impl FnOnce(&Server) -> Wscope) -> Option<String> {
    let (head, _) = request_of(&[], client);
    assert!(head.matches("Authorization").count() <= 1, "{head}");
    header(&head, "Authorization").map(str::to_owned)
}

#[track_caller]
fn authorization_with(args: &[&str], env: &[(&str, &str)], url: &str) -> Option<String> {
    authorization(|server| {
        let client = wscope()
            .file("pair", "me:hunter2\r\nmore\n")
            .file("token", "\u{feff}hunter2\n")
            .file(".netrc", "machine 127.0.0.1 login me password hunter2")
            .file("other", "default login me password hunter2");
        let client = env.iter().fold(client, |client, (name, value)| client.env(name, value));
        client.args(args).arg(server.url().replace("ws://", &format!("ws://{url}")))
    })
}

#[test]
fn credentials_are_read_from_every_source() {
    const TOKEN: &str = "Bearer hunter2";
    for (args, env, url, expected) in [
        (&["-u", "me:hunter2"][..], &[][..], "", BASIC),
        (&["--auth=me:hunter2"], &[], "", BASIC),
        (&["--basic-auth", "me:hunter2"], &[], "", BASIC),
        (&["--user", "@pair"], &[], "", BASIC),
        (&["--bearer", "hunter2"], &[], "", TOKEN),
        (&["--oauth2-bearer", "@token"], &[], "", TOKEN),
        (&[], &[("WSCOPE_USER", "me:hunter2")], "", BASIC),
        (&[], &[("WSCOPE_USER", "@pair")], "", BASIC),
        (&[], &[("WSCOPE_BEARER", "hunter2")], "", TOKEN),
        (&[], &[], "me:hunter2@", BASIC),
        (&["--netrc"], &[], "", BASIC),
        (&["--netrc-file", "other"], &[], "", BASIC),
        (&["--netrc"], &[("NETRC", "other")], "", BASIC),
        (&["-u", "me:"], &[], "", "Basic bWU6"),
        (&["-u", ":x:y"], &[], "", "Basic Ong6eQ=="),
        (&["-u", "tést:123£"], &[], "", "Basic dMOpc3Q6MTIzwqM="),
        (&[], &[], "t%C3%A9st:123%C2%A3@", "Basic dMOpc3Q6MTIzwqM="),
    ] {
        let sent = authorization_with(args, env, url);
        assert_eq!(sent.as_deref(), Some(expected), "{args:?} {env:?} {url}");
    }
}

#[test]
fn more_specific_sources_take_precedence() {
    let env = [("WSCOPE_USER", "env:no"), ("WSCOPE_BEARER", "env")];
    for (args, url, expected) in [
        (&["-H", "Authorization: mine", "-u", "a:b", "--netrc"][..], "url:no@", Some("mine")),
        (&["-H", "authorization:", "-u", "a:b"], "url:no@", None),
        (&["--bearer", "no", "-u", "me:hunter2", "--netrc"], "url:no@", Some(BASIC)),
        (&["-u", "no:no", "--bearer", "yes"], "url:no@", Some("Bearer yes")),
        (&["--netrc"], "url:yes@", Some("Basic dXJsOnllcw==")),
        (&["--netrc"], "", Some(BASIC)),
        (&["--netrc"], "me@", Some(BASIC)),
        (&[], "url@", Some("Basic dXJsOg==")),
        (&[], "", Some("Bearer env")),
        (&["--netrc"], "stranger@", Some("Basic c3RyYW5nZXI6")),
    ] {
        let sent = authorization_with(args, &env, url);
        assert_eq!(sent.as_deref(), expected, "{args:?} {url}");
    }
}

#[test]
fn no_credentials_are_sent_by_default() {
    assert_eq!(authorization_with(&[], &[], ""), None);
    assert_eq!(authorization_with(&[], &[("WSCOPE_USER", ""), ("WSCOPE_BEARER", "")], ""), None);
}

/// Refused before connecting, without showing the secret.
#[track_caller]
fn refused(args: &[&str], env: &[(&str, &str)], words: &[&str]) -> Outcome {
    let client = wscope()
        .file("broken", "machine h\nlogin u\npasswd hunter2\n")
        .file("jar", "a=b\nhunter2\n")
        .file("pair", "hunter2\n");
    let client = env.iter().fold(client, |client, (name, value)| client.env(name, value));
    let mut outcome = client.args(args).arg(refused_url()).run().code(2).stdout("");
    for word in words {
        outcome = outcome.stderr_contains(word);
    }
    outcome.stderr_lacks("hunter2")
}

#[test]
fn invalid_credentials_are_refused_without_being_shown() {
    for (args, words) in [
        (&["--bearer", "two hunter2"][..], &["bad --bearer \"***\"", "' ' is not allowed"][..]),
        (&["--bearer", "Bearer hunter2"], &["leave out the word Bearer"]),
        (&["--bearer", ""], &["the token is empty"]),
        (&["--bearer", "@missing"], &["--bearer missing: No such file"]),
        (&["-u", "me:hunter2\n"], &["bad --user \"***\"", "must not contain control characters"]),
        (&["-u", ""], &["the user name is missing"]),
        (&["-u", "me"], &["bad --user \"me\": the password is missing", "@FILE"]),
        (&["--netrc-file", "missing"], &["--netrc-file missing: No such file"]),
        (&["--netrc-file", "broken"], &["bad --netrc-file \"broken\": line 3: ", "is expected"]),
        (&["--cookie", "hunter2"], &["bad --cookie \"***\"", "'a=b; c=d'; @FILE"]),
        (
            &["--cookie", "a=hunter2\r\nX: y"],
            &["bad --cookie", "must not contain control characters"],
        ),
        (&["--cookie", "@jar"], &["bad --cookie \"jar\": line 2: "]),
    ] {
        refused(args, &[], words);
    }
    refused(&[], &[("WSCOPE_BEARER", "two hunter2")], &["bad WSCOPE_BEARER \"***\""]);
    refused(&[], &[("WSCOPE_USER", "me:hunter2\u{1}")], &["bad WSCOPE_USER \"***\""]);
}

#[test]
fn a_missing_netrc_file_or_entry_is_reported() {
    request_of(&[], |server| wscope().arg("--netrc").arg(server.url()))
        .1
        .stderr_contains("warning: --netrc: no such file: ")
        .stderr_contains("/.netrc\n");
    let (head, outcome) = request_of(&[], |server| {
        wscope()
            .file("n", "machine h login u password p")
            .args(["--netrc-file", "n"])
            .arg(server.url())
    });
    assert_eq!(header(&head, "Authorization"), None);
    outcome.stderr_contains("--netrc-file: nothing for 127.0.0.1 in n\n");
}

#[test]
#[cfg(unix)]
fn a_netrc_file_readable_by_others_is_reported() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    for (mode, is_reported) in [(0o600, false), (0o640, true), (0o604, true)] {
        let (_, outcome) = request_of(&[], |server| {
            let client = wscope().file("n", "default login u password p");
            set_permissions(client.home().join("n"), Permissions::from_mode(mode)).expect("a mode");
            client.args(["--netrc-file", "n"]).arg(server.url())
        });
        let has_warning =
            outcome.stderr.contains("warning: n contains secrets and is readable by others");
        assert_eq!(has_warning, is_reported, "{mode:o}: {}", outcome.stderr);
    }
}

#[test]
fn cookies_are_joined_from_options_and_files() {
    let jar = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\tx1\n\
               #HttpOnly_127.0.0.1\tFALSE\t/chat\tFALSE\t4102444800\thttp\tx2\n\
               127.0.0.1\tFALSE\t/elsewhere\tFALSE\t0\tno\tno\nother.example\tTRUE\t/\tFALSE\t0\tno\tno\n";
    let (head, _) = request_of(&[], |server| {
        wscope()
            .file("jar", jar)
            .file("list", "e=f;\n# no\n")
            .args(["--cookie", "a=b; c=d", "--cookie", "@list", "--cookie", "@jar"])
            .arg(server.url() + "/chat/room?no=1")
    });
    assert_eq!(header(&head, "Cookie"), Some("a=b; c=d; e=f; sid=x1; http=x2"));
    let (head, outcome) = request_of(&[], |server| {
        wscope().args(["-H", "Cookie: mine=1", "--cookie", "a=b"]).arg(server.url())
    });
    assert_eq!(header(&head, "Cookie"), Some("mine=1"));
    outcome.stderr_contains("wscope: --cookie is not sent: -H 'Cookie: …' replaces it\n");
}
