//! The request of the opening handshake on the wire.

use std::sync::mpsc;

use crate::support::{DEADLINE, Outcome, Peer, Server, Wscope, header, wscope};

/// The request and the outcome of a client that is accepted with these header lines and closed immediately.
#[track_caller]
pub(crate) fn request_of(
    extra: &'static [&'static str],
    client: impl FnOnce(&Server) -> Wscope,
) -> (String, Outcome) {
    let (sender, heads) = mpsc::channel();
    let server = Server::script(move |peer| {
        let head = peer.read_head();
        peer.accept_with(&head, extra);
        peer.close_and_expect_reply(1000);
        sender.send(head).expect("a receiver in the test");
    });
    let outcome = client(&server).run().code(0);
    server.join();
    (heads.recv().expect("a request"), outcome)
}

/// The request sent with these options.
#[track_caller]
fn request(options: &[&str]) -> String {
    request_of(&[], |server| wscope().args(options).arg(server.url())).0
}

fn names(head: &str) -> Vec<&str> {
    head.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect()
}

#[test]
fn the_default_request_follows_the_rfc() {
    let head = request(&[]);
    let expected = [
        "Host",
        "User-Agent",
        "Connection",
        "Upgrade",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Key",
    ];
    assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
    assert_eq!(names(&head)[..expected.len()], expected, "{head}");
    let agent = concat!("wscope/", env!("CARGO_PKG_VERSION"));
    for (name, value) in [
        ("User-Agent", agent),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
    ] {
        assert_eq!(header(&head, name), Some(value), "{head}");
    }
    assert_eq!(header(&head, "Sec-WebSocket-Key").map(str::len), Some(24), "{head}");
    assert_eq!(header(&head, "Sec-WebSocket-Protocol"), None, "{head}");
}

#[test]
fn every_connection_has_its_own_key() {
    let keys = [request(&[]), request(&[])]
        .map(|head| header(&head, "Sec-WebSocket-Key").map(str::to_owned));
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn headers_are_replaced_added_removed_and_repeated_in_case_and_order() {
    let head = request(&[
        "-H",
        "hOST: other",
        "-H",
        "X-b: 1",
        "-H",
        "x-B: 2",
        "-H",
        "User-Agent:",
        "-H",
        "X-A:a:b ",
        "-H",
        "X-Empty:",
    ]);
    assert_eq!(names(&head)[..2], ["hOST", "Connection"], "{head}");
    assert!(head.contains("\r\nhOST: other\r\n") && head.matches("ost:").count() == 0, "{head}");
    assert!(head.contains("\r\nX-b: 1\r\nx-B: 2\r\nX-A: a:b\r\n"), "{head}");
    assert!(
        !head.to_ascii_lowercase().contains("user-agent") && !head.contains("X-Empty"),
        "{head}"
    );
}

#[test]
fn a_header_can_be_sent_empty() {
    let head = request(&["-H", "X-Empty;", "-H", "X-Blank; ", "-H", "User-Agent;", "-o", "x"]);
    assert!(head.contains("\r\nUser-Agent:\r\n"), "{head}");
    assert!(head.contains("\r\nX-Empty:\r\nX-Blank:\r\n"), "{head}");
    let outcome = wscope().args(["-H", "X-Other; a", "ws://localhost:1"]).run().code(2);
    outcome.stderr_contains("no colon; use 'Name: value', or 'Name;' for an empty value");
    assert!(!request(&["-A", ""]).contains("User-Agent"), "an empty name, as with curl");
}

#[test]
fn header_files_may_have_comments_and_blank_lines() {
    let (head, _) = request_of(&[], |server| {
        let file = "# made by hand\nX-One: 1\r\n\n  \nX-Two: 2\nOrigin: http://a.example";
        wscope()
            .file("h.txt", file)
            .args(["-H", "X-Zero: 0", "-H", "@h.txt", "-H", "X-Three: 3"])
            .arg(server.url())
    });
    assert!(
        head.contains(
            "X-Zero: 0\r\nX-One: 1\r\nX-Two: 2\r\nOrigin: http://a.example\r\nX-Three: 3\r\n"
        ),
        "{head}"
    );
}

/// Editors on Windows write a byte order mark.
#[test]
fn a_byte_order_mark_in_a_header_file_is_ignored() {
    let (head, _) = request_of(&[], |server| {
        wscope().file("h.txt", "\u{feff}X-One: 1\n").args(["-H", "@h.txt"]).arg(server.url())
    });
    assert_eq!(header(&head, "X-One"), Some("1"));
    let utf16: Vec<u8> = "\u{feff}X-One: 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let outcome = wscope().file("h.txt", utf16).args(["-H", "@h.txt", "ws://localhost:1"]).run();
    outcome.code(2).stderr_contains("--header h.txt: it is UTF-16, but must be UTF-8");
}

#[test]
fn origin_and_user_agent_have_options() {
    for options in
        [["-o", "http://a.example", "-A", "me/1"], ["--origin", "http://a.example", "--ua", "me/1"]]
    {
        let head = request(&options);
        assert_eq!(header(&head, "Origin"), Some("http://a.example"));
        assert_eq!(header(&head, "User-Agent"), Some("me/1"));
        assert_eq!(head.matches("User-Agent").count(), 1);
    }
}

#[test]
fn subprotocols_are_offered_in_the_order_given() {
    for options in [
        &["-s", "v2.chat,v1.chat", "--subprotocol", "soap"][..],
        &["--protocol", "v2.chat", "-s", " v1.chat , soap"],
    ] {
        let (head, outcome) = request_of(&["sec-websocket-protocol: v1.chat"], |server| {
            wscope().args(options).arg(server.url())
        });
        assert_eq!(header(&head, "Sec-WebSocket-Protocol"), Some("v2.chat, v1.chat, soap"));
        outcome.stderr_contains("subprotocol v1.chat").stderr_lacks("warning");
    }
}

#[test]
fn a_subprotocol_offered_by_a_header_may_be_chosen() {
    let (_, outcome) = request_of(&["Sec-WebSocket-Protocol: v2"], |server| {
        wscope().args(["-H", "Sec-WebSocket-Protocol: v1, v2", "--json"]).arg(server.url())
    });
    assert_eq!(outcome.json_lines()[0]["protocol"], "v2");
}

#[test]
fn both_heads_are_shown_as_on_the_wire() {
    let (head, outcome) = request_of(&["X-Dup: 1", "x-dUP: 2", "X-Utf8: é"], |server| {
        wscope().args(["-v", "-H", "x-MINE: 1", "-H", "X-mine: 2"]).arg(server.url())
    });
    let sent: String =
        head.lines().filter(|line| !line.is_empty()).map(|line| format!("> {line}\n")).collect();
    outcome
        .stderr_contains(&sent)
        .stderr_contains("< HTTP/1.1 101 Switching Protocols\n< Upgrade: websocket\n")
        .stderr_contains("< X-Dup: 1\n< x-dUP: 2\n< X-Utf8: é\n");
}

/// A server that calls `answer` when the test releases it.
fn answering_on_release(
    answer: impl FnOnce(&mut Peer, &str) + Send + 'static,
) -> (Server, mpsc::Sender<()>) {
    let (release, released) = mpsc::channel();
    let server = Server::script(move |peer| {
        let head = peer.read_head();
        released.recv_timeout(DEADLINE).expect("a request shown before the response");
        answer(peer, &head);
    });
    (server, release)
}

#[test]
fn the_request_is_shown_when_sent_and_once() {
    let (server, release) = answering_on_release(|peer, head| {
        peer.accept(head);
        peer.close(1000, "");
    });
    let mut running = wscope().args(["-v", &server.url()]).spawn();
    running.wait_stderr("> GET / HTTP/1.1");
    release.send(()).expect("a server");
    let outcome = running.wait().code(0).stderr_contains("< HTTP/1.1 101");
    assert_eq!(outcome.stderr.matches("> GET").count(), 1, "{}", outcome.stderr);

    let (server, release) = answering_on_release(|peer, _| {
        peer.respond("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    });
    let mut running = wscope().args(["-v", &server.url()]).spawn();
    running.wait_stderr("> GET / HTTP/1.1");
    release.send(()).expect("a server");
    let outcome = running.wait().code(4).stderr_contains("< HTTP/1.1 404");
    assert_eq!(outcome.stderr.matches("> GET").count(), 1, "{}", outcome.stderr);
}

#[test]
fn the_request_is_shown_on_stderr_with_json() {
    let server = Server::respond("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let outcome = wscope().args(["-v", "--json", &server.url()]).run().code(4);
    assert_eq!(outcome.stderr.matches("> GET / HTTP/1.1\n").count(), 1, "{}", outcome.stderr);
    let events: Vec<_> = outcome.json_lines().iter().map(|it| it["event"].clone()).collect();
    assert_eq!(events, ["error"]);
}
