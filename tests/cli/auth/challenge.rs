//! Explanations of refusals because of credentials.

use crate::support::{Outcome, Server, wscope};

#[track_caller]
fn refused(response: &str, args: &[&str]) -> Outcome {
    let response = format!("HTTP/1.1 {response}\r\nContent-Length: 0\r\n\r\n");
    let server = Server::respond(response);
    wscope().args(args).arg(server.url()).run().code(4)
}

#[test]
fn the_hint_names_the_required_and_the_sent_credentials() {
    const USER: &[&str] = &["-u", "me:pass"];
    const BEARER: &[&str] = &["--bearer", "abcdef"];
    for (response, args, hint) in [
        (
            "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"the lab\", charset=\"UTF-8\"",
            &[][..],
            "the server requires a user name and password (Basic, realm \"the lab\"): -u USER prompts for the password",
        ),
        (
            "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"the lab\"",
            USER,
            "the Basic credentials sent (--user) were refused, realm \"the lab\": check user name and password",
        ),
        (
            "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"api\", scope=\"read write\"",
            &[],
            "the server requires a token (Bearer, realm \"api\", scope \"read write\"): --bearer TOKEN",
        ),
        (
            "401 Unauthorized\r\nwww-authenticate: bearer error=\"invalid_token\", error_description=\"The token expired\"",
            BEARER,
            "the Bearer credentials sent (--bearer) were refused: invalid_token (\"The token expired\")",
        ),
        (
            "401 Unauthorized\r\nWWW-Authenticate: Bearer",
            BEARER,
            "the Bearer credentials sent (--bearer) were refused",
        ),
        (
            "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=x",
            USER,
            "the Basic credentials sent (--user) were refused: the server requires a token (Bearer, realm \"x\"): --bearer TOKEN",
        ),
        (
            "401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\nWWW-Authenticate: Basic realm=x",
            &[],
            "the server requires a user name and password (Basic, realm \"x\"): -u USER prompts for the password",
        ),
        (
            "401 Unauthorized\r\nWWW-Authenticate: Negotiate, NTLM",
            &[],
            "the server requires Negotiate, NTLM (Kerberos or a Windows login), which wscope does not support: does the server accept a token or a cookie instead?",
        ),
        (
            "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"a, b\", qop=\"auth\", algorithm=SHA-256, nonce=\"x\"",
            USER,
            "the Basic credentials sent (--user) were refused: the server requires a Digest login (realm \"a, b\", algorithm \"SHA-256\"), which wscope does not support: does the server accept a token or a cookie instead?",
        ),
        (
            "401 Unauthorized\r\nWWW-Authenticate: Custom x=y",
            &[],
            "the server requires credentials of the scheme Custom: -H 'Authorization: Custom …'",
        ),
        (
            "401 Unauthorized",
            &[],
            "the server requires credentials and does not specify which (-u USER, --bearer TOKEN, --cookie 'a=b', or a token in the query of the URL), or it checks the Origin header (-o https://HOST)",
        ),
        (
            "401 Unauthorized",
            &["-H", "Authorization: Custom abcdef"],
            "the Custom credentials sent (-H Authorization) were refused, or it checks the Origin header (-o https://HOST)",
        ),
        (
            "401 Unauthorized",
            &["--cookie", "session=abcdef"],
            "what was sent (--cookie) is not accepted as credentials, or the server requires others, or it checks the Origin header (-o https://HOST)",
        ),
        (
            "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"",
            &["--cookie", "session=abcdef"],
            "the server requires a user name and password (Basic, realm \"x\"): -u USER prompts for the password",
        ),
        (
            "403 Forbidden",
            &["-H", "X-Api-Key: abcdef", "--cookie", "session=abcdef"],
            "usual causes: a wrong path, credentials that are wrong or lack a permission (sent: --cookie, -H X-Api-Key), or an Origin check (-o https://HOST)",
        ),
        (
            "403 Forbidden\r\nWWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"admin\"",
            BEARER,
            "not allowed with this token: insufficient_scope, scope \"admin\"",
        ),
        (
            "403 Forbidden",
            USER,
            "usual causes: a wrong path, a permission that the Basic credentials sent (--user) lack, or an Origin check (-o https://HOST)",
        ),
        (
            "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"corp\"",
            &[],
            "a proxy in between requires credentials (Basic, realm \"corp\")",
        ),
    ] {
        refused(response, args).stderr_contains(&format!("\nhint: {hint}\n"));
    }
}

#[test]
fn the_hint_names_the_source_of_the_credentials() {
    let response = "401 Unauthorized\r\nWWW-Authenticate: Basic realm=x";
    let server = Server::repeat(2, move |peer| {
        peer.read_head();
        peer.respond(&format!("HTTP/1.1 {response}\r\nContent-Length: 0\r\n\r\n"));
    });
    let run = |name: &str, value: &str| wscope().env(name, value).arg(server.url()).run().code(4);
    run("WSCOPE_USER", "me:pass").stderr_contains("(WSCOPE_USER) were refused");
    run("WSCOPE_BEARER", "abc")
        .stderr_contains("(WSCOPE_BEARER) were refused: the server requires a");
}

#[test]
fn a_hostile_challenge_is_escaped_and_truncated() {
    let long = "x".repeat(3000);
    let response = format!(
        "401 No\r\nWWW-Authenticate: Bearer realm=\"\u{9b}2J\\\u{202e}\", error=\"{long}\", =,\"\r\n\
         WWW-Authenticate: \u{202e}\r\nWWW-Authenticate: {}",
        "Basic,".repeat(2000)
    );
    let outcome = refused(&response, &[]);
    let hint = outcome.stderr.lines().find(|line| line.starts_with("hint: ")).unwrap_or_default();
    assert!(hint.len() < 600, "{hint}");
    let is_harmful = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!outcome.stderr.contains(is_harmful), "{:?}", outcome.stderr);
}
