//! No secret is shown, whatever its source and the outcome: everything the program writes is searched for its
//! value.

use std::sync::mpsc;

use crate::scripts::refused_url;
use crate::support::{Outcome, Server, Wscope, close, wscope};

const SECRET: &str = "s3cr3t-V4lue";
const PAIR: &str = "bWU6czNjcjN0LVY0bHVl"; // me:s3cr3t-V4lue in base64

/// A source of the secret: arguments, environment variables, the userinfo of the URL, and the part after its
/// path.
type Source =
    (&'static [&'static str], &'static [(&'static str, &'static str)], &'static str, &'static str);

const SOURCES: [Source; 24] = [
    (&["-u", "me:s3cr3t-V4lue"], &[], "", ""),
    (&["-u", "@pair"], &[], "", ""),
    (&["--bearer", "s3cr3t-V4lue"], &[], "", ""),
    (&["--bearer", "@token"], &[], "", ""),
    (&["--cookie", "sid=s3cr3t-V4lue; theme=dark"], &[], "", ""),
    (&["--cookie", "@jar"], &[], "", ""),
    (&["--netrc"], &[], "", ""),
    (&["-H", "Authorization: Bearer s3cr3t-V4lue"], &[], "", ""),
    (&["-H", "authorization: s3cr3t-V4lue"], &[], "", ""),
    (&["-H", "Proxy-Authorization: Basic s3cr3t-V4lue"], &[], "", ""),
    (&["-H", "Cookie: sid=s3cr3t-V4lue"], &[], "", ""),
    (&["-H", "@headers"], &[], "", ""),
    (&["-H", "X-Api-Key: s3cr3t-V4lue"], &[], "", ""),
    (&["-H", "X-Acme-Access-Token: s3cr3t-V4lue"], &[], "", ""),
    (&["-H", "x-auth-thing: Bearer s3cr3t-V4lue"], &[], "", ""),
    (&["-s", "access_token, s3cr3t-V4lue"], &[], "", ""),
    (&["-s", "soap", "-s", "bearer.s3cr3t-V4lue"], &[], "", ""),
    (&[], &[], "", "?token=s3cr3t%2DV4lue"),
    (&[], &[("WSCOPE_USER", "me:s3cr3t-V4lue")], "", ""),
    (&[], &[("WSCOPE_BEARER", "s3cr3t-V4lue")], "", ""),
    (&[], &[], "me:s3cr3t-V4lue@", ""),
    (&[], &[], "s3cr3t-V4lue@", ""),
    (&[], &[], "", "?access_token=s3cr3t-V4lue&a=b"),
    (&[], &[], "", "?a=b&Signature=s3cr3t-V4lue"),
];

fn client((args, env, before, after): Source, url: &str) -> Wscope {
    let client = wscope()
        .file("pair", format!("me:{SECRET}"))
        .file("token", SECRET)
        .file("jar", format!("sid={SECRET}\n"))
        .file("headers", format!("Authorization: Bearer {SECRET}\n"))
        .file(".netrc", format!("default login me password {SECRET}"));
    let client = env.iter().fold(client, |client, (name, value)| client.env(name, value));
    client.args(args).arg(url.replace("ws://", &format!("ws://{before}")) + "/p" + after)
}

#[track_caller]
fn assert_no_secret(outcome: &Outcome, what: &str) {
    for secret in [SECRET, PAIR, "czNjcjN0LVY0bHVlOg", "s3cr3t%2DV4lue"] {
        for text in [&outcome.stdout, &outcome.stderr] {
            assert!(!text.contains(secret), "{what}: {secret} in\n{text}");
        }
    }
}

const DISPLAYS: [&[&str]; 4] = [&["-v"], &["-vvv"], &["--json", "-vvv"], &[]];

#[test]
fn no_secret_is_shown_on_success() {
    for source in SOURCES {
        let server = Server::repeat(DISPLAYS.len(), |peer| {
            let head = peer.read_head();
            assert!(
                [SECRET, PAIR, "czNjcjN0LVY0bHVlOg", "s3cr3t%2DV4lue"]
                    .iter()
                    .any(|it| head.contains(it)),
                "{head}"
            );
            peer.accept_with(&head, &["Set-Cookie: sid=s3cr3t-V4lue", "X-Echo: s3cr3t-V4lue"]);
            peer.close_and_expect_reply(1000);
        });
        for display in DISPLAYS {
            let outcome = client(source, &server.url()).args(display).run().code(0);
            assert_no_secret(&outcome, &format!("{source:?} {display:?}"));
        }
    }
}

#[test]
fn no_secret_is_shown_in_a_close_reason() {
    for (display, code) in
        [&["-v"][..], &["-vvv"], &["--json", "-vv"], &[]].into_iter().zip([1000, 1008, 4001, 1006])
    {
        let server = Server::repeat(SOURCES.len(), move |peer| {
            peer.accept_request();
            peer.send(close(code, &format!("no {SECRET}")));
            peer.read_frame();
        });
        for source in SOURCES {
            let status = match code {
                1000 => 0,
                1006 => 5,
                _ => 6,
            };
            let outcome = client(source, &server.url()).args(display).run().code(status);
            assert_no_secret(&outcome, &format!("{source:?} {display:?}"));
            outcome.stderr_contains("***");
        }
    }
}

#[test]
fn no_secret_is_shown_as_the_chosen_subprotocol() {
    for display in DISPLAYS {
        let server = Server::script(|peer| {
            let head = peer.read_head();
            peer.accept_with(&head, &["Sec-WebSocket-Protocol: bearer.s3cr3t-V4lue"]);
            peer.close_and_expect_reply(1000);
        });
        let args = ["-s", "soap,bearer.s3cr3t-V4lue"];
        let outcome = wscope().args(display).args(args).arg(server.url()).run().code(0);
        assert_no_secret(&outcome, &format!("{display:?}"));
        outcome.stderr_contains("subprotocol bearer.***");
    }
}

/// The server echoes the whole request, as echo services and debug pages do.
#[test]
fn no_secret_is_shown_in_an_echo_of_the_request() {
    for source in SOURCES {
        let server = Server::repeat(DISPLAYS.len(), |peer| {
            let head = peer.read_head();
            let body = format!("you sent\n{head}\nwhich is me:{SECRET}");
            peer.respond(&format!(
                "HTTP/1.1 401 No {SECRET}\r\nX-Echo: {SECRET}\r\nWWW-Authenticate: Bearer realm=\"{SECRET}\"\r\n\
                 Location: /x?token={SECRET}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ));
        });
        for display in DISPLAYS {
            let outcome = client(source, &server.url()).args(display).run().code(4);
            assert_no_secret(&outcome, &format!("{source:?} {display:?}"));
            outcome.stderr_contains("< you sent\n").stderr_contains("***");
        }
    }
}

/// The server knows the secret although it was not sent.
#[test]
fn no_overridden_secret_is_shown() {
    const SOURCES: [Source; 11] = [
        (&["--bearer", "s3cr3t-V4lue", "-u", "me:x"], &[], "", ""),
        (&["-u", "me:s3cr3t-V4lue", "--bearer", "x"], &[], "", ""),
        (&["-u", "@pair", "--bearer", "x"], &[], "", ""),
        (&["--bearer", "s3cr3t-V4lue", "--bearer", "x"], &[], "", ""),
        (&["--bearer", "s3cr3t-V4lue", "-H", "Authorization: x"], &[], "", ""),
        (&["--cookie", "sid=s3cr3t-V4lue", "-H", "Cookie: x"], &[], "", ""),
        (&["--netrc", "--bearer", "x"], &[], "", ""),
        (&["--bearer", "x"], &[("WSCOPE_USER", "me:s3cr3t-V4lue")], "", ""),
        (&["--bearer", "x"], &[("WSCOPE_OPTIONS", "-u me:s3cr3t-V4lue")], "", ""),
        (&["--no-proxy", "*"], &[("HTTP_PROXY", "http://me:s3cr3t-V4lue@h")], "", ""),
        (&["--bearer", "x"], &[], "me:s3cr3t-V4lue@", ""),
    ];
    for source in SOURCES {
        let server = Server::repeat(2, |peer| {
            let head = peer.read_head();
            assert!(!head.contains(SECRET) && !head.contains(PAIR), "{head}");
            let body = format!("you are me:{SECRET} or {PAIR}");
            let length = body.len();
            peer.respond(&format!(
                "HTTP/1.1 401 No {SECRET}\r\nContent-Length: {length}\r\n\r\n{body}"
            ));
        });
        for display in [&["-v"][..], &["--json"]] {
            let outcome = client(source, &server.url()).args(display).run().code(4);
            assert_no_secret(&outcome, &format!("{source:?} {display:?}"));
            outcome.stderr_contains("< you are ");
        }
    }
}

/// The shown part of a body ends in the middle of the secret.
#[test]
fn no_part_of_a_secret_is_shown_at_the_end_of_a_body() {
    let server = Server::script(|peer| {
        peer.read_head();
        let body = format!("{}{SECRET}", "x".repeat(4096 - 8));
        peer.respond(&format!("HTTP/1.1 403 No\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    });
    let outcome = wscope().args(["--bearer", SECRET]).arg(server.url()).run().code(4);
    assert!(!outcome.stderr.contains(&SECRET[..4]), "{}", outcome.stderr);
    outcome.stderr_contains("xxx***");
}

/// A reason ends after 123 bytes, and at most 64 bytes of a refused frame are shown.
#[test]
fn no_part_of_a_secret_is_shown_in_a_close_frame() {
    for (first, reason, status) in [
        (0x88, "x".repeat(123 - 8), 6),
        (0xc8, "x".repeat(64 - 2 - 8), 5), // with a reserved bit
    ] {
        for display in DISPLAYS {
            let reason = format!("{reason}{SECRET}");
            let server = Server::script(move |peer| {
                peer.accept_request();
                let cut = &reason.as_bytes()[..reason.len().min(123)];
                let payload = [&1008_u16.to_be_bytes(), cut].concat();
                peer.send([&[first, payload.len() as u8][..], &payload].concat());
                peer.read_frame();
            });
            let client = wscope().args(["--bearer", SECRET]).args(display).arg(server.url());
            let outcome = client.run().code(status);
            for text in [&outcome.stdout, &outcome.stderr] {
                assert!(!text.contains(&SECRET[..4]), "{display:?}: {text}");
                assert!(!text.contains("73 33 63 72"), "{display:?}: {text}");
            }
        }
    }
}

#[test]
fn no_secret_is_shown_of_an_invalid_response() {
    for (source, answer) in SOURCES.into_iter().zip(["", "HTTP/1.1 1", "x"].into_iter().cycle()) {
        let server = Server::respond(format!("{answer}{SECRET}"));
        let outcome = client(source, &server.url()).arg("-v").run().code(4);
        assert_no_secret(&outcome, &format!("{source:?} {answer:?}"));
    }
}

#[test]
fn no_secret_is_shown_when_the_connection_is_refused() {
    for source in SOURCES {
        for display in DISPLAYS {
            let outcome = client(source, &refused_url()).args(display).run().code(3);
            assert_no_secret(&outcome, &format!("{source:?} {display:?}"));
        }
    }
}

#[test]
fn no_secret_is_shown_in_usage_errors() {
    for source in SOURCES {
        for wrong in
            [&["--frob"][..], &["--expect", "/(/"], &["--connect-timeout", "x"], &["ws://h"]]
        {
            let outcome = client(source, &refused_url()).args(wrong).run().code(2);
            assert_no_secret(&outcome, &format!("{source:?} {wrong:?}"));
        }
    }
    for args in [
        &["-u", "me:s3cr3t-V4lue\u{1}", "ws://h"][..],
        &["--bearer", "s3cr3t-V4lue\u{1}", "ws://h"],
        &["--cookie", "sid=s3cr3t-V4lue\u{1}", "ws://h"],
        &["--cookie", "s3cr3t-V4lue", "ws://h"],
        &["-H", "Cookie: s3cr3t-V4lue\u{1}", "ws://h"],
        &["-H", "X-Api-Key: s3cr3t-V4lue\u{1}", "ws://h"],
        &["-H", " Authorization: Bearer s3cr3t-V4lue", "ws://h"],
        &["-H", "Authorization=Bearer s3cr3t-V4lue", "ws://h"],
        &["ws://me:s3cr3t-V4lue@h x/"],
        &["ws://s3cr3t-V4lue@h:x/"],
        &["ws://h/?token=s3cr3t-V4lue#x"],
        &["ws://h/#token=s3cr3t-V4lue"],
        &["ws://h", "ws://me:s3cr3t-V4lue@h"],
        &["ws://h", "ws://h/?token=s3cr3t-V4lue"],
        &["--bearer=s3cr3t-V4lue"],
        &["-u=s3cr3t-V4lue"],
        &["--passwd=s3cr3t-V4lue", "ws://h"],
    ] {
        for json in [&[][..], &["--json"]] {
            let outcome = wscope().args(args).args(json).run().code(2);
            assert_no_secret(&outcome, &format!("{args:?}"));
        }
    }
}

#[test]
fn no_secret_is_sent_to_another_server() {
    for source in SOURCES.into_iter().filter(|(_, _, _, after)| after.is_empty()) {
        let (sender, heads) = mpsc::channel();
        let other = Server::script(move |peer| {
            let head = peer.accept_request();
            peer.close_and_expect_reply(1000);
            sender.send(head).expect("a receiver in the test");
        });
        let location = format!("http://127.0.0.1:{}/x?token={SECRET}", other.port());
        let first = Server::respond(format!(
            "HTTP/1.1 302 To {SECRET}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        ));
        let outcome = client(source, &first.url()).args(["-L", "-v"]).run().code(0);
        first.join();
        other.join();
        assert_no_secret(&outcome, &format!("{source:?}"));
        let head = heads.recv().expect("a request");
        let (request, headers) = head.split_once("\r\n").expect("a request line");
        assert!(request.starts_with("GET /x?"), "{head}");
        for secret in [SECRET, PAIR, "czNjcjN0LVY0bHVlOg", "s3cr3t%2DV4lue"] {
            assert!(!headers.contains(secret), "{source:?}: {head}");
        }
    }
}

/// On a terminal, and in the history of the prompt.
#[test]
#[cfg(unix)]
fn no_secret_is_shown_at_a_prompt() {
    use crate::support::{Key, Terminal};
    let server = Server::script(|peer| {
        let head = peer.read_head();
        peer.accept_with(&head, &["X-Echo: s3cr3t-V4lue"]);
        peer.expect_text("hello");
        peer.answer_close(1000);
    });
    let url = server.url() + "/?token=s3cr3t-V4lue";
    let args = ["-vv", "-u", "me:s3cr3t-V4lue", "--cookie", "a=s3cr3t-V4lue", &url];
    let mut terminal = Terminal::spawn(args, 120, 60);
    terminal.wait_for_prompt();
    terminal.type_line("hello");
    terminal.wait_until("an empty prompt", |screen| screen.trim_end().ends_with("\n>"));
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 0);
    server.join();
    let history = std::fs::read_to_string(terminal.home().join(".local/state/wscope/history"));
    let history = history.expect("a history");
    assert!(history.contains("hello"), "{history}");
    for text in [terminal.raw_output(), history] {
        assert!(!text.contains(SECRET) && !text.contains(PAIR), "{text}");
    }
}

#[test]
fn show_secrets_shows_all() {
    let server = Server::respond(format!("HTTP/1.1 403 No\r\nContent-Length: 12\r\n\r\n{SECRET}"));
    let outcome = wscope()
        .args(["--show-secrets", "-v", "-u", "me:s3cr3t-V4lue", "--cookie", "a=s3cr3t-V4lue"])
        .arg(server.url())
        .run()
        .code(4);
    outcome
        .stderr_contains(&format!("> Authorization: Basic {PAIR}\n"))
        .stderr_contains(&format!("> Cookie: a={SECRET}\n"))
        .stderr_contains(&format!("< {SECRET}\n"));
}

/// Whatever the form of the token, and also if the server chooses it as the subprotocol.
#[test]
fn no_kubernetes_token_is_shown_as_a_subprotocol() {
    const PREFIX: &str = "base64url.bearer.authorization.k8s.io.";
    for token in ["bXktdG9rZW4", "abcdefgh", "Qx"] {
        let (name, other) = (format!("{PREFIX}{token}"), format!("{PREFIX}{token}x"));
        for (answer, code) in [("v4.channel.k8s.io", 0), (&name, 0), ("", 0), (&other, 4)] {
            for view in [&["-vvv"][..], &["--json", "-vvv"]] {
                let answer = match answer {
                    "" => String::new(),
                    answer => format!("Sec-WebSocket-Protocol: {answer}"),
                };
                let server = Server::script(move |peer| {
                    let head = peer.read_head();
                    let lines = [&*answer];
                    peer.accept_with(&head, if answer.is_empty() { &[] } else { &lines });
                    peer.send(close(1000, "no my-token"));
                });
                let args = ["-s", &name, "-s", "v4.channel.k8s.io", &server.url()];
                let outcome = wscope().args(view).args(args).run().code(code);
                let shown = [&*outcome.stdout, &*outcome.stderr].concat();
                assert!(
                    !shown.contains(&name) && shown.contains(&format!("{PREFIX}***")),
                    "{shown}"
                );
                assert!(token == "Qx" || !shown.contains(token), "{shown}");
                assert!(token != "bXktdG9rZW4" || !shown.contains("my-token"), "{shown}");
            }
        }
    }
}

/// Without a prefix that marks a token: bokeh's, signed or not, and a session's.
#[test]
fn no_random_token_is_shown_as_a_subprotocol() {
    for token in [
        "eyJzZXNzaW9uX2lkIjoibkg0a1BiS0duUG1mV0VuUWJFRERTciJ9",
        "nH4kPbKGnPmfWEnQbEDDSrXXWV2UIVwMdPjV5hMTlAgk",
        "550e8400-e29b-41d4-a716-446655440000",
    ] {
        for view in [&["-vvv"][..], &["--json"]] {
            let server = Server::script(move |peer| {
                let head = peer.read_head();
                assert!(head.contains(&format!("Sec-WebSocket-Protocol: bokeh, {token}\r\n")));
                peer.accept_with(&head, &["Sec-WebSocket-Protocol: bokeh"]);
                peer.send(close(1000, token));
                peer.expect_close(1000);
            });
            let subprotocols = format!("bokeh,{token}");
            let outcome = wscope().args(view).args(["-s", &subprotocols, &server.url()]).run();
            let shown = [&*outcome.stdout, &*outcome.stderr].concat();
            assert!(!shown.contains(token) && shown.contains("bokeh, ***"), "{shown}");
        }
        let twice = format!("{token},{token}");
        let outcome = wscope().args(["-s", &twice, "ws://localhost:1"]).run().code(2);
        assert!(!outcome.stderr.contains(token), "{}", outcome.stderr);
    }
}
