//! Secrets repeated in Location are masked everywhere.

use data_encoding::{BASE64, BASE64URL_NOPAD};

use super::{accept, redirect};
use crate::scripts::refused_url;
use crate::support::{Outcome, Script, Server, header, script, wscope};

const PASSWORD: &str = "S3cret/Pass 1";
const TOKEN: &str = "S3cretTok+Value";
const KEY: &str = "S3cretKey";

/// The secrets in the encodings that occur in a Location.
fn encodings() -> String {
    format!(
        "next=%2Fx%3Ftoken%3DS3cretTok%252BValue&p=S3cret%2FPass+1&q=S3cret%252fPass%2520%31&b={}&c={}&k={KEY}",
        BASE64.encode(format!("me:{PASSWORD}").as_bytes()),
        BASE64URL_NOPAD.encode(format!("{{\"token\":\"{TOKEN}\"}}").as_bytes()),
    )
}

#[track_caller]
fn assert_no_secret(outcome: &Outcome) {
    let base64 =
        [format!("me:{PASSWORD}"), TOKEN.to_owned()].map(|it| BASE64.encode(it.as_bytes()));
    let base64 = base64.map(|it| it[4..12].to_owned()); // without the characters that depend on the adjacent bytes
    for text in [&outcome.stdout, &outcome.stderr] {
        for secret in
            ["S3cret", "s3cret", &base64[0], &base64[1], &BASE64.encode(TOKEN.as_bytes())[..8]]
        {
            assert!(!text.contains(secret), "{secret} in\n{text}");
        }
    }
}

fn run(displays: &[&str], url: &str) -> Outcome {
    wscope()
        .args(displays)
        .args(["-L", "-w", "0", "-u", "me:S3cret/Pass 1", "-H", "X-Acme-Token: S3cretKey"])
        .arg(format!("{url}/x?token=S3cretTok%2BValue"))
        .run()
}

const DISPLAYS: [&[&str]; 4] = [&[], &["-v"], &["-vvv"], &["--json", "-vv"]];

#[test]
fn no_secret_is_shown_of_followed_redirects() {
    for display in DISPLAYS {
        let server = Server::scripts([
            redirect("302 S3cretKey", format!("/login?{}", encodings()), |_| {}),
            redirect("302 Found", format!("/on?{}", encodings()), |head| {
                assert!(head.starts_with("GET /login?next="), "{head}");
            }),
            accept(|head| assert_eq!(header(head, "X-Acme-Token"), Some(KEY), "{head}")),
        ]);
        let outcome = run(display, &server.url()).code(0);
        assert_no_secret(&outcome);
        outcome.stderr_contains("/login?next=%2Fx%3Ftoken%3D***&p=***&q=***&b=***");
    }
}

#[test]
fn no_secret_is_shown_in_refusals() {
    let repeating = || {
        script(|peer| {
            let head = peer.read_head();
            let body = format!("you sent\n{head}\n{PASSWORD} {TOKEN} {KEY} {}", encodings());
            let length = body.len();
            let head = format!("HTTP/1.1 403 No\r\nContent-Length: {length}\r\n\r\n");
            peer.respond(&(head + &body));
        })
    };
    let ends: [fn() -> Script; 2] = [
        || redirect("302 Found", "ftp://S3cretKey/", |_| {}),
        || script(|peer| drop(peer.read_head())),
    ];
    for display in DISPLAYS {
        for end in [&repeating as &dyn Fn() -> Script, &ends[0], &ends[1]] {
            let first = redirect("302 Found", format!("/login?{}", encodings()), |_| {});
            let server = Server::scripts([first, end()]);
            assert_no_secret(&run(display, &server.url()).code(4));
        }
    }
}

#[test]
fn no_secret_is_shown_in_a_redirect_loop() {
    for display in DISPLAYS {
        let redirect_loop = format!("/login?{}", encodings());
        let server = Server::scripts([
            redirect("302 Found", redirect_loop.clone(), |_| {}),
            redirect("302 Found", redirect_loop, |_| {}),
        ]);
        let outcome = run(display, &server.url()).code(4);
        assert_no_secret(&outcome);
        outcome.stderr_contains("redirect loop: ");
    }
}

/// Secrets are not sent to another host, and are masked in its name.
#[test]
fn no_secret_is_shown_or_sent_after_a_redirect_to_another_host() {
    let refusing = refused_url().replace("ws://", "");
    for display in DISPLAYS {
        let target =
            Server::scripts([redirect("302 Found", format!("http://{refusing}/{KEY}"), |head| {
                for name in ["X-Acme-Token", "Authorization"] {
                    assert_eq!(header(head, name), None, "{head}");
                }
            })]);
        let location = format!("{}/?{}", target.url(), encodings());
        let first = Server::scripts([redirect("302 Found", location, |_| {})]);
        assert_no_secret(&run(display, &first.url()).code(3));
        let first = Server::scripts([redirect("302 Found", "http://s3cretkey.invalid/", |_| {})]);
        assert_no_secret(&run(display, &first.url()).code(3));
    }
}
