//! Hints at the end of a connection, derived from the bytes received.

use super::listen_once;
use crate::scripts::{close, serve};
use crate::support::{CLOSE, Peer, frame, masked, text, wscope};

/// Servers check Origin, subprotocol and credentials after they have accepted a connection.
#[test]
fn a_close_without_a_code_right_after_the_handshake_names_missing_headers() {
    let empty = |peer: &mut Peer| {
        peer.send(frame(true, 0, CLOSE, b""));
        peer.read_frame();
    };
    let hint = "hint: the server closed right after the handshake; the request had no ";
    for (args, words) in [
        (
            &[][..],
            "no Origin (-o), no subprotocol (-s) and no credentials (-u, --bearer, --cookie), and \
                 the server may require one of them\n",
        ),
        (&["-H", "Authorization: Bearer x"], "no Origin (-o) and no subprotocol (-s), and"),
        (
            &["--cookie", "a=b", "-o", "http://a"],
            "no subprotocol (-s), and the server may require it\n",
        ),
        (
            &["-s", "chat"],
            "no Origin (-o), no subprotocol that the server chose (-s chat) and no credentials (-u",
        ),
        (&["-H", "X-Api-Key: abcdef"], "no Origin (-o) and no subprotocol (-s), and"),
        (
            &["-s", "chat", "-u", "a:b", "-o", "http://a"],
            "no subprotocol that the server chose (-s chat), and the server may require it\n",
        ),
    ] {
        let server = serve(empty);
        let outcome = wscope().args(args).arg(server.url()).stdin_open().run().code(0);
        outcome.stderr_contains(hint).stderr_contains(words);
    }
    let server = serve(empty);
    let url = format!("{}?token=abcdef", server.url());
    wscope()
        .arg(url)
        .stdin_open()
        .run()
        .code(0)
        .stderr_contains("no Origin (-o) and no subprotocol (-s), and");
    let greeted = serve(move |peer| {
        peer.send(text("x"));
        empty(peer);
    });
    wscope().arg(greeted.url()).stdin_open().run().code(0).stderr_contains(
        "hint: the server closed right after its first message, which may say why; the request had no Origin",
    );
    let served = serve(move |peer| {
        peer.send([text("x"), text("y")].concat());
        empty(peer);
    });
    wscope().arg(served.url()).stdin_open().run().code(0).stderr_lacks("hint: ");
    let asked = serve(move |peer| {
        peer.expect_text("question");
        empty(peer);
    });
    let args = ["-x", "question", &asked.url()];
    wscope().args(args).stdin_open().run().code(0).stderr_contains(
        "hint: the server closed right after message 1 was sent, without a code or an answer: its log",
    );
    let answered = serve(move |peer| {
        peer.expect_text("question");
        peer.send(text("answer"));
        empty(peer);
    });
    let args = ["-x", "question", &answered.url()];
    wscope().args(args).stdin_open().run().code(0).stderr_lacks("hint: ");
    let coded = serve(|peer| close(peer, 1000, ""));
    wscope().arg(coded.url()).stdin_open().run().code(0).stderr_lacks("hint: ");
    let (server, mut peer) = listen_once(&[]);
    peer.send(masked(&frame(true, 0, CLOSE, b"")));
    peer.read_frame();
    server.wait().code(0).stderr_lacks("hint: ");
}

/// webpack-dev-server and Rails send the cause as a message.
#[test]
fn a_first_message_that_names_the_cause_is_used() {
    let first = |message: &'static str, code: Option<u16>, args: &[&str]| {
        let server = serve(move |peer| {
            peer.send(text(message));
            match code {
                Some(code) => close(peer, code, ""),
                None => {
                    peer.send(frame(true, 0, CLOSE, b""));
                    peer.read_frame();
                }
            }
        });
        let outcome = wscope().args(args).arg(server.url()).stdin_open().run().code(0);
        (outcome, server.port())
    };
    let hint = "hint: the server closed right after its first message, which names ";
    let webpack = r#"{"type":"error","data":"Invalid Host/Origin header"}"#;
    for (args, origin) in
        [(&[][..], "no Origin (-o)"), (&["-o", "http://a"], "the Origin http://a")]
    {
        let (outcome, port) = first(webpack, None, args);
        let end = format!(
            "the Origin and the Host; the request had {origin} and the Host 127.0.0.1:{port}\n"
        );
        outcome.stderr_contains(&format!("{hint}{end}"));
    }
    let rails = r#"{"type":"disconnect","reason":"unauthorized","reconnect":false}"#;
    for code in [None, Some(1000)] {
        first(rails, code, &[]).0.stderr_contains(&format!(
            "{hint}credentials; the request had no credentials (-u, --bearer, --cookie)\n"
        ));
        first(rails, code, &["--cookie", "a=b"])
            .0
            .stderr_contains(&format!("{hint}credentials; the request had credentials\n"));
    }
    first("no subprotocol", None, &["-s", "a"]).0.stderr_contains(&format!(
        "{hint}a subprotocol; the request had no subprotocol that the server chose (-s a)\n"
    ));
    first("your token is 17", Some(1000), &[]).0.stderr_lacks("hint: ");
}

/// Without a reason only the meaning of the code is known; a cause would be a guess.
#[test]
fn a_close_code_without_a_reason_is_explained() {
    let graphql = &["-s", "graphql-transport-ws"][..];
    for (args, code, reason, hint) in [
        (
            &[][..],
            1011,
            "",
            "the endpoint encountered an unexpected condition that prevented it from continuing; 'wscope codes 1011' \
             explains the code",
        ),
        (&[], 1011, "out of memory", "'wscope codes 1011' explains the code"),
        (
            &[],
            4401,
            "",
            "for private use: only the application defines what it means; 'wscope codes 4401' lists \
             applications that use the code",
        ),
        (&[], 4999, "", "for private use: only the application defines what it means"),
        (
            &[],
            1012,
            "",
            "the service is restarting, or shutting down: a client may reconnect, after a \
             random delay of 5 to 30 seconds; 'wscope codes 1012' explains the code",
        ),
        (
            graphql,
            4401,
            "",
            "graphql-transport-ws: Unauthorized: a subscription before the server's connection_ack",
        ),
        (
            graphql,
            4401,
            "token expired",
            "'wscope codes 4401' lists applications that use the code",
        ),
    ] {
        let server = crate::support::Server::script(move |peer| {
            let head = peer.read_head();
            let chosen = "Sec-WebSocket-Protocol: graphql-transport-ws";
            peer.accept_with(&head, &[chosen][..args.len() / 2]);
            close(peer, code, reason);
        });
        let outcome = wscope().args(args).arg(server.url()).stdin_open().run().code(6);
        outcome.stderr_contains(&format!("\nhint: {hint}\n")).stderr_lacks("often");
    }
    for code in [3500, 4999] {
        let server = serve(move |peer| close(peer, code, "own words"));
        let outcome = wscope().arg(server.url()).stdin_open().run().code(6);
        outcome.stderr_lacks("hint: ");
    }
    let (server, mut peer) = listen_once(&[]);
    peer.send(masked(&crate::support::close(1007, "")));
    peer.expect_close(1007);
    let hint = "hint: the endpoint received data that does not fit the type of the message";
    server.wait().code(6).stderr_contains(hint);
}

/// We mask our frames: a missing mask cannot be the cause.
#[test]
fn a_protocol_error_reported_by_the_peer_is_not_explained_by_a_mask() {
    let server = serve(|peer| close(peer, 1002, "bad"));
    let outcome = wscope().arg(server.url()).stdin_open().run().code(6);
    outcome.stderr_lacks("mask").stderr_contains("hint: 'wscope codes 1002' explains the code\n");
    let (server, mut peer) = listen_once(&[]);
    peer.send(masked(&crate::support::close(1002, "")));
    peer.expect_close(1002);
    server.wait().code(6).stderr_lacks("mask");
}
