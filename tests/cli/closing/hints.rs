//! Hints at the end of a connection: they follow from what was received.

use super::listen_once;
use crate::scripts::{close, serve};
use crate::support::{CLOSE, Peer, frame, masked, text, wscope};

/// Origin, subprotocol and credentials are what servers check after they have accepted a connection.
#[test]
fn a_close_without_a_code_right_after_the_handshake_hints_at_what_is_missing() {
    let empty = |peer: &mut Peer| {
        peer.send(frame(true, 0, CLOSE, b""));
        peer.read_frame();
    };
    let hint = "hint: the server closed right after the handshake; the request had no ";
    for (args, words) in [
        (
            &[][..],
            Some(
                "no Origin (-o), no subprotocol (-s) and no credentials (-u, --bearer, --cookie), and \
                 the server may require one of them\n",
            ),
        ),
        (&["-H", "Authorization: Bearer x"], Some("no Origin (-o) and no subprotocol (-s), and")),
        (
            &["--cookie", "a=b", "-o", "http://a"],
            Some("no subprotocol (-s), and the server may require it\n"),
        ),
        (&["-s", "chat"], Some("no Origin (-o) and no credentials (-u, --bearer, --cookie), and")),
        (&["-H", "X-Api-Key: abcdef"], Some("no Origin (-o) and no subprotocol (-s), and")),
        (&["-s", "chat", "-u", "a:b", "-o", "http://a"], None),
    ] {
        let server = serve(empty);
        let outcome = wscope().args(args).arg(server.url()).stdin_open().run().code(0);
        match words {
            Some(words) => outcome.stderr_contains(hint).stderr_contains(words),
            None => outcome.stderr_lacks("hint: "),
        };
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
    wscope().args(args).stdin_open().run().code(0).stderr_lacks("hint: ");
    let coded = serve(|peer| close(peer, 1000, ""));
    wscope().arg(coded.url()).stdin_open().run().code(0).stderr_lacks("hint: ");
    let (server, mut peer) = listen_once(&[]);
    peer.send(masked(&frame(true, 0, CLOSE, b"")));
    peer.read_frame();
    server.wait().code(0).stderr_lacks("hint: ");
}

/// Without a reason the meaning of the code is all there is; it is a fact, and a cause would be a guess.
#[test]
fn a_close_code_is_explained_where_the_peer_gives_no_reason() {
    let graphql = &["-s", "graphql-transport-ws"][..];
    for (args, code, reason, hint) in [
        (
            &[][..],
            1011,
            "",
            "the endpoint met an unexpected condition that kept it from going on; 'wscope codes 1011' \
             explains the code",
        ),
        (&[], 1011, "out of memory", "'wscope codes 1011' explains the code"),
        (
            &[],
            4401,
            "",
            "for private use: only the application defines what it means; 'wscope codes 4401' explains \
             the code",
        ),
        (
            graphql,
            4401,
            "",
            "graphql-transport-ws: Unauthorized: a subscription before the server's connection_ack; \
             'wscope codes 4401' explains the code",
        ),
        (graphql, 4401, "token expired", "'wscope codes 4401' explains the code"),
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
    let (server, mut peer) = listen_once(&[]);
    peer.send(masked(&crate::support::close(1007, "")));
    peer.expect_close(1007);
    let hint = "hint: the endpoint received data that does not fit the type of the message";
    server.wait().code(6).stderr_contains(hint);
}

/// We mask what we send: that cannot be it.
#[test]
fn a_protocol_error_that_the_peer_sees_is_not_explained_by_a_mask() {
    let server = serve(|peer| close(peer, 1002, "bad"));
    let outcome = wscope().arg(server.url()).stdin_open().run().code(6);
    outcome.stderr_lacks("mask").stderr_contains("hint: 'wscope codes 1002' explains the code\n");
    let (server, mut peer) = listen_once(&[]);
    peer.send(masked(&crate::support::close(1002, "")));
    peer.expect_close(1002);
    server.wait().code(6).stderr_lacks("mask");
}
