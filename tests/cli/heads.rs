//! Malformed heads and interim responses: the rest of the response is still shown.

use serde_json::json;

use crate::events::assert_valid;
use crate::listen::{client, listen};
use crate::scripts::answer_close;
use crate::support::{Outcome, Peer, Server, close, script, switching_protocols, text, wscope};

/// Lines that are not header fields, each with its report.
const MALFORMED: [(&str, &str); 5] = [
    ("Server : box", "(white space before the colon): \"Server : box\""),
    ("garbage line", "(no colon): \"garbage line\""),
    ("X Bad: y", "(invalid character in the name): \"X Bad: y\""),
    (": y", "(empty name): \": y\""),
    ("X-A: \u{1b}[2J", "(control character in the value): \"X-A: "),
];

/// A run of `wscope OPTIONS URL` in which the server sends this response.
#[track_caller]
fn run_against(answer: &str, options: &[&str]) -> Outcome {
    let answer = answer.to_owned();
    let server = Server::respond(answer);
    wscope().args(options).arg(server.url()).run()
}

/// A run in which the server sends a 101 with an additional line, a message and a Close frame.
#[track_caller]
fn accepted_with(line: &str, options: &[&str]) -> Outcome {
    let line = line.to_owned();
    let server = Server::script(move |peer| {
        let head = switching_protocols(&peer.read_head(), &[&line]);
        peer.send([head.into_bytes(), text("hello"), close(1000, "")].concat());
    });
    wscope().args(options).arg(server.url()).run()
}

fn forbidden(line: &str) -> String {
    format!("HTTP/1.1 403 Forbidden\r\nX-B: c\r\n{line}\r\nContent-Length: 3\r\n\r\nwhy")
}

#[test]
fn a_refusal_with_a_malformed_line_is_shown_completely() {
    for (line, words) in MALFORMED {
        let words = format!("refused: 403 Forbidden; malformed header field, line 2 {words}");
        let line = line.replace('\u{1b}', "\\e");
        for options in [&[][..], &["-v"], &["--json"]] {
            let outcome = run_against(&forbidden(&line.replace("\\e", "\u{1b}")), options)
                .code(4)
                .stderr_contains(&words)
                .stderr_contains(&format!("\n< X-B: c\n< {line}\n< Content-Length: 3\n<\n< why\n"))
                .stderr_lacks("\u{1b}");
            for event in outcome.json_lines() {
                assert_valid(&event);
                assert_eq!((&event["status"], &event["body"]), (&json!(403), &json!("why")));
                assert_eq!(
                    event["response_headers"],
                    json!([["X-B", "c"], ["Content-Length", "3"]])
                );
                assert_eq!(event["malformed_headers"].as_array().map(Vec::len), Some(1), "{event}");
            }
        }
    }
}

#[test]
fn folded_fields_are_unfolded() {
    run_against(&forbidden("X-A: b\r\n\t folded"), &[])
        .code(4)
        .stderr_contains("refused: 403 Forbidden\n")
        .stderr_contains("< X-A: b folded\n");
    for options in [&["-v"][..], &["-v", "--lenient"]] {
        accepted_with("X-A: b\r\n folded", options)
            .code(0)
            .stdout("hello\n")
            .stderr_contains("< X-A: b folded\n")
            .stderr_lacks("malformed");
    }
}

#[test]
fn a_101_with_a_malformed_line_requires_lenient() {
    for (line, words) in MALFORMED {
        accepted_with(line, &[])
            .code(4)
            .stdout("")
            .stderr_contains("wscope: opening handshake: invalid HTTP response: malformed header")
            .stderr_contains(words)
            .stderr_contains("hint: --lenient accepts responses")
            .stderr_contains("< HTTP/1.1 101 Switching Protocols\n")
            .stderr_lacks("\u{1b}");
        accepted_with(line, &["--lenient"])
            .code(0)
            .stdout("hello\n")
            .stderr_contains("warning: malformed header field, line ")
            .stderr_contains("ignored (--lenient)");
    }
    let outcome = accepted_with("garbage line", &["--lenient", "--json"]).code(0);
    let open = &outcome.json_lines()[0];
    assert_valid(open);
    assert_eq!(open["malformed_headers"], json!(["garbage line"]));
}

#[test]
fn lenient_accepts_space_before_the_colon() {
    let server = || {
        Server::script(|peer| {
            let head = switching_protocols(&peer.read_head(), &[]);
            let head = head.replace("Upgrade: ", "Upgrade : ");
            peer.send([head.into_bytes(), text("hello"), close(1000, "")].concat());
        })
    };
    let outcome = wscope().arg(server().url()).run().code(4);
    outcome.stderr_contains("Upgrade: missing").stderr_lacks("hint:");
    wscope().args(["--lenient", &server().url()]).run().code(0).stdout("hello\n");
}

#[test]
fn secrets_in_a_malformed_line_are_masked() {
    for line in
        ["Set-Cookie : sid=hunter2", "Set-Cookie sid=hunter2", "Set-Cookie: sid=\r\n hunter2\u{1}"]
    {
        for options in [&["-v"][..], &["--json"]] {
            let outcome = run_against(&forbidden(line), options).code(4).stderr_lacks("hunter2");
            assert!(!outcome.stdout.contains("hunter2"), "{}", outcome.stdout);
        }
        run_against(&forbidden(line), &["--show-secrets"]).stderr_contains("hunter2");
    }
    run_against(&forbidden("you are hunter2"), &["--bearer", "hunter2"])
        .stderr_contains("< you are ***\n")
        .stderr_lacks("hunter2");
}

#[test]
fn a_malformed_line_of_a_redirect_is_reported() {
    const REDIRECT: &str = "HTTP/1.1 302 Found\r\nLocation : /b\r\nContent-Length: 0\r\n\r\n";
    run_against(REDIRECT, &[])
        .code(4)
        .stderr_contains("refused: 302 Found; malformed header field, line 1 (white space before")
        .stderr_lacks("without a Location");
    run_against(REDIRECT, &["-L"]).code(4).stderr_contains(
        "without a Location header; malformed header field, line 1 (white space before",
    );
    for (line, options) in
        [("Location : /b", &["-L", "--lenient"][..]), ("bad\r\nLocation: /b", &["-L"])]
    {
        let first = REDIRECT.replace("Location : /b", line);
        let server = Server::scripts([
            script(move |peer| {
                peer.read_head();
                peer.send(first);
            }),
            script(|peer| {
                let head = peer.read_head();
                assert!(head.starts_with("GET /b "), "{head}");
                peer.accept(&head);
                peer.close_and_expect_reply(1000);
            }),
        ]);
        wscope()
            .args(options)
            .arg(server.url())
            .run()
            .code(0)
            .stderr_contains("warning: malformed header field, line 1 ");
    }
}

#[test]
fn the_number_of_interim_responses_is_limited() {
    let flood = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1100);
    run_against(&flood, &[])
        .code(4)
        .stderr_contains("the server sent more than 1000 interim responses");
    let outcome = run_through(&flood, &[], false).code(3);
    outcome.stderr_contains("it sent more than 1000 interim answers");
    let long = format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n", "x".repeat(20 << 10));
    let outcome = run_against(&long.repeat(9), &[]).code(4);
    outcome.stderr_contains("the server sent more than 4 interim responses");
}

/// More than 16 were a failure. A server sends them while it works on the response (RFC 2518 section 10.1).
#[test]
fn a_response_may_follow_many_interim_ones() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        peer.send("HTTP/1.1 102 Processing\r\n\r\n".repeat(40));
        peer.accept(&head);
        peer.send([text("hello"), close(1000, "")].concat());
    });
    wscope().arg(server.url()).run().code(0).stdout("hello\n");
    let interim = "HTTP/1.1 102 Processing\r\n\r\n".repeat(40);
    let outcome = run_against(&(interim + &forbidden("A: b")), &["-v"]).code(4);
    outcome.stderr_contains("403 Forbidden");
}

#[test]
fn the_response_after_a_malformed_start_line_is_shown() {
    let server = Server::script(|peer| {
        peer.read_head();
        peer.send("HTTP/1.1 4o3 Forbidden\r\nX-B: c\r\n\r\nwhy");
        peer.stall();
    });
    wscope()
        .arg(server.url())
        .run()
        .code(4)
        .stderr_contains("malformed start line \"HTTP/1.1 4o3 Forbidden\"")
        .stderr_contains("< X-B: c\n< \n< why\n");
}

/// Sends a request with an additional line. Returns the status line of the response.
fn request_with(port: u16, line: &str) -> (Peer, String) {
    let mut peer = Peer::connect(port);
    peer.request("/", &[line]);
    let head = peer.read_head();
    (peer, head.lines().next().unwrap_or_default().to_owned())
}

#[test]
fn listen_refuses_a_request_with_a_malformed_line_and_shows_it() {
    for (line, words) in MALFORMED {
        let (mut server, port) = listen(&["-v"]);
        let (mut peer, status) = request_with(port, line);
        assert_eq!(status, "HTTP/1.1 400 Bad Request");
        let body = String::from_utf8(peer.read_until_eof()).expect("text");
        assert!(body.contains("malformed header field, line 6 ("), "{body}");
        let reported =
            server.wait_stderr("refused: 400 Bad Request: malformed header field, line 6 ");
        assert!(reported.contains(words), "{reported}");
        assert!(server.wait_stderr("hint: ").contains("--lenient accepts requests"));
        server.wait_stderr("< GET / HTTP/1.1");
        server.wait_stderr(&format!("< {}", line.replace('\u{1b}', "\\e")));
    }
}

#[test]
fn listen_accepts_folded_fields_and_with_lenient_malformed_lines() {
    let (_server, port) = listen(&[]);
    let (mut peer, status) = request_with(port, "X-A: b\r\n folded");
    assert_eq!(status, "HTTP/1.1 101 Switching Protocols");
    close_normally(&mut peer);
    let (mut server, port) = listen(&["--lenient", "--json"]);
    let (mut peer, status) = request_with(port, "garbage line");
    assert_eq!(status, "HTTP/1.1 101 Switching Protocols");
    server.wait_stderr("(no colon): \"garbage line\": ignored (--lenient)");
    close_normally(&mut peer);
    let open: serde_json::Value = serde_json::from_str(&server.read_stdout_line()).expect("JSON");
    assert_eq!(open["malformed_headers"], json!(["garbage line"]), "{open}");
}

#[test]
fn a_secret_repeated_in_a_malformed_line_is_masked() {
    let line = "Authorization: Bearer s3cr3t-V4lue\r\ngarbage s3cr3t-V4lue";
    for (options, status) in [(&["--lenient"][..], "101"), (&[], "400")] {
        let (mut server, port) = listen(&[&["--json", "-v"], options].concat());
        let (_peer, answer) = request_with(port, line);
        assert!(answer.contains(status), "{answer}");
        let event = server.read_stdout_line();
        assert!(event.contains("garbage ***") && !event.contains("s3cr3t"), "{event}");
        let reported = server.wait_stderr("(no colon): ");
        assert!(reported.contains("\"garbage ***\""), "{reported}");
    }
}

fn close_normally(peer: &mut Peer) {
    peer.close_and_expect_reply(1000);
}

#[test]
fn listen_masks_secrets_in_a_malformed_line() {
    for line in ["Authorization : Bearer hunter2", "Cookie sid=hunter2"] {
        let (mut server, port) = listen(&["-v"]);
        let (_peer, status) = request_with(port, line);
        assert_eq!(status, "HTTP/1.1 400 Bad Request");
        let reported =
            server.wait_stderr("refused: 400 Bad Request: malformed header field, line 6 ");
        assert!(reported.contains("***") && !reported.contains("hunter2"), "{reported}");
    }
    drop(client(listen(&[]).1));
}

/// Runs through an HTTP proxy that sends this response to CONNECT, and then serves if it `is_accepted`.
#[track_caller]
fn run_through(answer: &str, options: &[&str], is_accepted: bool) -> Outcome {
    let answer = answer.to_owned();
    let proxy = Server::script(move |peer| {
        peer.read_head();
        peer.send(answer);
        if is_accepted {
            peer.accept_request();
            answer_close(peer);
        }
    });
    let url = proxy.http_url();
    wscope().args(["-w", "0", "--proxy", &url]).args(options).arg("ws://target.invalid/").run()
}

#[test]
fn a_proxy_response_with_a_malformed_line_is_shown_completely() {
    let refusal = "HTTP/1.1 502 Bad Gateway\r\nbad line\r\nX-B: c\r\nContent-Length: 3\r\n\r\nwhy";
    run_through(refusal, &[], false)
        .code(3)
        .stderr_contains(
            ": 502 Bad Gateway; malformed header field, line 1 (no colon): \"bad line\"\n",
        )
        .stderr_contains("< bad line\n< X-B: c\n< Content-Length: 3\n<\n< why\n");
    let accepted = "HTTP/1.1 200 OK\r\nbad line\r\nX-B: c\r\n d\r\n\r\n";
    run_through(accepted, &[], false)
        .code(3)
        .stderr_contains("invalid answer to CONNECT: malformed header field, line 1 (no colon)")
        .stderr_contains("< HTTP/1.1 200 OK\n< bad line\n< X-B: c d\n");
    run_through(accepted, &["--lenient", "-v"], true)
        .code(0)
        .stderr_contains("< HTTP/1.1 200 OK\n< bad line\n< X-B: c d\n")
        .stderr_contains("warning: answer to CONNECT: malformed header field, line 1 (no colon): \"bad line\": ignored (--lenient)");
}

const EARLY: &str =
    "HTTP/1.1 103 Early Hints\r\nX-Debug: routed-to-b\r\nSet-Cookie: a=hunter2\r\n\r\n";

#[test]
fn interim_responses_are_shown_before_the_final_one() {
    let refusal = format!("{EARLY}HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    let outcome = run_against(&refusal, &["-v"]).code(4).stderr_lacks("hunter2").stderr_contains(
        "< HTTP/1.1 103 Early Hints\n< X-Debug: routed-to-b\n< Set-Cookie: ***\n< HTTP/1.1 403",
    );
    drop(outcome);
    let expected = json!([{
        "from": "server", "status": 103, "reason": "Early Hints",
        "headers": [["X-Debug", "routed-to-b"], ["Set-Cookie", "***"]]
    }]);
    let outcome = run_against(&refusal, &["--json"]).code(4);
    let event = &outcome.json_lines()[0];
    assert_valid(event);
    assert_eq!(event["interim"], expected);
    for options in [&["-v"][..], &["--json"]] {
        let server = Server::script(|peer| {
            let head = peer.read_head();
            let head = switching_protocols(&head, &[]);
            peer.send([EARLY.as_bytes(), head.as_bytes(), &close(1000, "")].concat());
        });
        let outcome =
            wscope().args(options).arg(server.url()).run().code(0).stderr_lacks("hunter2");
        if options.contains(&"-v") {
            outcome.stderr_contains("< X-Debug: routed-to-b\n< Set-Cookie: ***\n< HTTP/1.1 101 ");
        } else {
            let open = &outcome.json_lines()[0];
            assert_valid(open);
            assert_eq!(open["interim"], expected);
        }
    }
}

#[test]
fn an_interim_response_without_a_final_one_is_reported() {
    let silent = Server::script(|peer| {
        peer.read_head();
        peer.send("HTTP/1.1 100 Continue\r\n\r\n");
        peer.stall();
    });
    wscope()
        .args(["--connect-timeout", "300ms", &silent.url()])
        .run()
        .code(7)
        .stderr_contains(
            "timed out: the server sent 100 Continue and no final response within 300ms",
        )
        .stderr_contains("< HTTP/1.1 100 Continue\n")
        .stderr_lacks("wss://")
        .stderr_lacks("no HTTP server");
    run_against("HTTP/1.1 102\r\n\r\n", &[])
        .code(4)
        .stderr_contains(
            "the server ended the connection after 102 Processing, without a final response",
        )
        .stderr_lacks("wss://");
}

#[test]
fn interim_responses_of_a_proxy_are_shown_too() {
    let answer = format!("{EARLY}HTTP/1.1 200 OK\r\n\r\n");
    run_through(&answer, &["-v"], true)
        .code(0)
        .stderr_contains("< HTTP/1.1 103 Early Hints\n< X-Debug: routed-to-b\n")
        .stderr_lacks("hunter2");
    let outcome = run_through(&answer, &["--json"], true).code(0);
    assert_eq!(outcome.json_lines()[0]["interim"][0]["from"], "proxy");
    assert_valid(&outcome.json_lines()[0]);
    let outcome = run_through(
        &format!("{EARLY}HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n"),
        &["--json"],
        false,
    )
    .code(3)
    .stderr_contains("< HTTP/1.1 103 Early Hints\n");
    assert_eq!(outcome.json_lines()[0]["interim"][0]["status"], 103);
    run_through(EARLY, &[], false)
        .code(3)
        .stderr_contains("it ended the connection after 103 Early Hints, without a final answer")
        .stderr_lacks("may be a SOCKS proxy");
    let proxy = Server::script(|peer| {
        peer.read_head();
        peer.send(EARLY);
        peer.stall();
    });
    let url = proxy.http_url();
    wscope()
        .args(["--proxy", &url, "--connect-timeout", "300ms", "ws://target.invalid/"])
        .run()
        .code(7)
        .stderr_contains("timed out after 300ms (after 103 Early Hints)")
        .stderr_lacks("may be a SOCKS proxy");
}
