//! Who has ended a connection through `wscope proxy`, as `--json` and the display have it.

use serde_json::json;

use crate::listen::port_in;
use crate::support::{Outcome, Peer, Server, binary, close, frame, masked, text, wscope};

/// The outcome of a proxy for one connection between `client` and `server`.
fn proxied(
    options: &[&str],
    server: impl FnOnce(&mut Peer) + Send + 'static,
    client: impl FnOnce(&mut Peer),
) -> Outcome {
    let server = Server::script(server);
    let arguments = ["proxy", "127.0.0.1:0", &server.url(), "--once", "--json"];
    let mut proxy = wscope().args(arguments).args(options).spawn();
    let port = port_in(&proxy.wait_stderr("listening on ")).expect("a port");
    let mut peer = Peer::connect(port);
    peer.request("/", &[]);
    peer.read_head();
    client(&mut peer);
    drop(peer); // the proxy passes on that this side has ended
    proxy.wait()
}

fn close_event(outcome: &Outcome) -> serde_json::Value {
    let events = outcome.json_lines();
    events.into_iter().find(|event| event["event"] == "close").expect("the end")
}

#[test]
fn a_rule_that_closes_has_ended_the_connection_although_both_sides_answer() {
    let outcome = proxied(
        &["--rule", "server => close 1011 out of order"],
        |peer| {
            peer.accept_request();
            peer.send(text("hi"));
            peer.answer_close(1011);
            peer.expect_eof();
        },
        |peer| {
            assert_eq!(peer.expect_close(1011), "out of order");
            peer.send(masked(&close(1011, "out of order")));
            peer.expect_eof();
        },
    );
    let close = close_event(&outcome);
    assert_eq!(close["initiator"], "self", "{close}");
    assert_eq!(close["awaited"], json!(["client", "server"]), "{close}");
    outcome
        .code(6)
        .stderr_contains("closed by wscope: 1011 Internal Error: \"out of order\" (a rule)\n");
}

#[test]
fn what_is_corrupted_is_shown_in_both_forms() {
    let outcome = proxied(
        &["--rule", "server => corrupt", "--seed", "1"],
        |peer| {
            peer.accept_request();
            peer.send(binary(&[0]));
            peer.answer_close(1000);
            peer.eof();
        },
        |peer| {
            let delivered = peer.read_message().1;
            assert_eq!(delivered[0].count_ones(), 1, "{delivered:?}");
            peer.send(masked(&close(1000, "")));
            peer.expect_close(1000);
            peer.expect_eof();
        },
    );
    let events = outcome.json_lines();
    let message = events.iter().find(|event| event["event"] == "message").expect("a message");
    assert_eq!((&message["rule"], &message["data"]), (&json!(1), &json!("AA==")), "{message}");
    assert_ne!(message["changed_to"]["data"], json!("AA=="), "{message}");
    outcome.code(0);
}

#[test]
fn with_enforce_the_side_that_broke_the_protocol_is_not_said_to_be_silent() {
    let outcome = proxied(
        &["--enforce"],
        |peer| {
            peer.accept_request();
            peer.send(frame(true, 4, 1, b"hi")); // RSV1 without an extension
            peer.answer_close(1002);
            peer.expect_eof();
        },
        |peer| {
            peer.expect_close(1002);
            peer.send(masked(&close(1002, "")));
            peer.expect_eof();
        },
    );
    let close = close_event(&outcome);
    assert_eq!(
        (&close["initiator"], &close["awaited"]),
        (&json!("self"), &json!(["client"])),
        "{close}"
    );
    outcome.code(5).stderr_contains(
        "closed by wscope: 1002 Protocol Error (--enforce: the server violated the protocol)\n",
    );
}
