//! Who has ended a connection through `wscope proxy`, as `--json` and the display have it.

use serde_json::json;

use crate::listen::port_in;
use crate::support::{
    Outcome, Peer, Server, binary, close, frame, masked, ping, pong, text, wscope,
};

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

/// The close code that the client got, as a HAR has it.
fn recorded_code(outcome: &Outcome) -> serde_json::Value {
    let har: serde_json::Value = serde_json::from_slice(&outcome.file("x.har")).expect("JSON");
    har["log"]["entries"][0]["_webSocketClose"]["code"].clone()
}

const HAR: [&str; 2] = ["--record", "x.har"];

#[test]
fn a_rule_that_closes_before_the_servers_close_frame_decides_the_end_although_that_has_come() {
    let outcome = proxied(
        &[&["--rule", "server text:two => close 4001 x"], &HAR[..]].concat(),
        |peer| {
            peer.accept_request();
            peer.send([text("one"), text("two"), close(1000, "bye")].concat());
            assert_eq!(peer.expect_close(4001), "x");
            peer.expect_eof();
        },
        |peer| {
            peer.expect_text("one");
            assert_eq!(peer.expect_close(4001), "x");
            peer.send(masked(&close(4001, "")));
            peer.expect_eof();
        },
    );
    let close = close_event(&outcome);
    let end = json!([close["initiator"], close["code"], close["not_delivered"]]);
    assert_eq!(end, json!(["self", 4001, ["server"]]), "{close}");
    assert_eq!(recorded_code(&outcome), 4001);
    outcome.code(6).stderr_contains(
        "closed by wscope: 4001 Private Use: \"x\" (a rule); the server had closed: 1000 Normal Closure: \"bye\", not delivered\n",
    );
}

#[test]
fn a_close_frame_in_place_of_that_of_the_server_decides_the_end() {
    let outcome = proxied(
        &[&["--rule", "server close: => close 4005"], &HAR[..]].concat(),
        |peer| {
            peer.accept_request();
            peer.send(close(1000, ""));
            peer.expect_close(4005);
            peer.expect_eof();
        },
        |peer| {
            peer.expect_close(4005);
            peer.send(masked(&close(4005, "")));
            peer.expect_eof();
        },
    );
    let close = close_event(&outcome);
    assert_eq!((&close["initiator"], &close["code"]), (&json!("self"), &json!(4005)), "{close}");
    assert_eq!(recorded_code(&outcome), 4005);
    outcome.code(6);
}

#[test]
fn a_rule_that_resets_decides_the_end_although_the_servers_close_frame_has_come() {
    for (rule, before) in
        [("server text:two => abort", &b"\x81\x03one"[..]), ("server close: => abort", b"")]
    {
        let outcome = proxied(
            &[&["--rule", rule], &HAR[..]].concat(),
            move |peer| {
                peer.accept_request();
                let close = close(1000, "");
                match before {
                    [] => peer.send(close),
                    before => peer.send([before.to_vec(), text("two"), close].concat()),
                }
                peer.expect_reset(b"");
            },
            |peer| peer.expect_reset(before),
        );
        let close = close_event(&outcome);
        let end = json!([close["initiator"], close["code"], close["was_clean"]]);
        assert_eq!(end, json!(["self", 1006, false]), "{rule}: {close}");
        assert_eq!(recorded_code(&outcome), 1006, "{rule}");
        outcome.code(6).stderr_contains(
            "ended by wscope without a Close frame (1006): a rule reset both TCP connections; the server had closed: 1000 Normal Closure, not delivered\n",
        );
    }
}

#[test]
fn an_answer_in_place_of_which_a_rule_resets_is_none() {
    let outcome = proxied(
        &[&["--rule", "server close: => abort"], &HAR[..]].concat(),
        |peer| {
            peer.accept_request();
            peer.answer_close(1000);
            peer.expect_reset(b"");
        },
        |peer| {
            peer.send(masked(&close(1000, "")));
            peer.expect_reset(b"");
        },
    );
    let close = close_event(&outcome);
    assert_eq!((&close["initiator"], &close["code"]), (&json!("client"), &json!(1000)), "{close}");
    assert_eq!(recorded_code(&outcome), 1006);
    outcome.code(6).stderr_contains("closed by the client: 1000 Normal Closure; a rule reset both");
}

#[test]
fn a_violation_behind_a_close_frame_that_is_enforced_is_the_outcome() {
    let outcome = proxied(
        &[&["--enforce"], &HAR[..]].concat(),
        |peer| {
            peer.accept_request();
            peer.send([close(1000, ""), text("late")].concat());
            peer.expect_close(1002);
            peer.expect_eof();
        },
        |peer| {
            peer.expect_close(1000);
            peer.send(masked(&close(1000, "")));
            peer.expect_eof();
        },
    );
    let close = close_event(&outcome);
    let end = json!([close["initiator"], close["code"], close["was_clean"], close["self"]["code"]]);
    assert_eq!(end, json!(["server", 1000, false, 1002]), "{close}");
    assert_eq!(recorded_code(&outcome), 1000, "which is what the client got");
    outcome.code(5).stderr_contains(
        "wscope closed: 1002 Protocol Error (--enforce: the server violated the protocol)",
    );
}

#[test]
fn a_close_frame_of_the_client_without_an_answer_is_no_normal_end() {
    for ends_with_reset in [true, false] {
        let outcome = proxied(
            &HAR,
            move |peer| {
                peer.accept_request();
                peer.expect_close(1000);
                if ends_with_reset { peer.reset() } else { peer.eof() }
            },
            |peer| {
                peer.send(masked(&close(1000, "")));
                if ends_with_reset { peer.expect_reset(b"") } else { peer.expect_eof() }
            },
        );
        assert_eq!(close_event(&outcome)["was_clean"], false);
        assert_eq!(recorded_code(&outcome), 1006);
        outcome.code(6).stderr_contains(
            "closed by the client: 1000 Normal Closure; the server did not answer (1006)",
        );
    }
}

#[test]
fn a_close_frame_of_the_client_is_not_answered_if_it_resets_before() {
    let outcome = proxied(
        &[],
        |peer| {
            peer.accept_request();
            peer.expect_close(1000);
            peer.send(ping(b"the Close frame has arrived"));
            peer.expect_reset(b"");
        },
        |peer| {
            peer.send(masked(&close(1000, "")));
            peer.expect_ping(b"the Close frame has arrived");
            peer.reset();
        },
    );
    outcome.code(6).stderr_contains("the server did not answer (1006)");
}

#[test]
fn close_frames_that_a_rule_drops_do_not_decide_the_end() {
    let drop_closes = |side: &str| ["--rule".to_owned(), format!("{side} close: => drop")];
    // The code that the client sends before that of the server, the latter, and the end.
    for (side, client, server, end, text) in [
        (
            "any",
            Some(1000),
            1001,
            json!(["client", 1006, false]),
            "ended by the client without a Close frame (1006): TCP connection ended (FIN); the client had closed: 1000 \
             Normal Closure, not delivered; the server had closed: 1001 Going Away, not delivered",
        ),
        (
            "server",
            None,
            1000,
            json!(["client", 1006, false]),
            "ended by the client without a Close frame (1006): TCP connection ended (FIN); the server had closed: 1000 \
             Normal Closure, not delivered",
        ),
        (
            "client",
            Some(1000),
            1011,
            json!(["server", 1011, false]),
            "closed by the server: 1011 Internal Error; the client answered: 1000 Normal Closure, not delivered",
        ),
        (
            "server",
            Some(1000),
            1000,
            json!(["client", 1000, false]),
            "closed by the client: 1000 Normal Closure; the server answered: 1000 Normal Closure, not delivered",
        ),
    ] {
        let rule = drop_closes(side);
        let is_closed = side == "server" && client.is_some();
        let outcome = proxied(
            &[&rule.each_ref().map(String::as_str)[..], &HAR[..]].concat(),
            move |peer| {
                peer.accept_request();
                if is_closed {
                    peer.expect_close(1000);
                }
                peer.expect_ping(b"closed");
                peer.send([close(server, ""), pong(b"closed")].concat());
                peer.expect_eof();
            },
            |peer| {
                if let Some(code) = client {
                    peer.send(masked(&close(code, "")));
                }
                peer.send(masked(&ping(b"closed")));
                if side == "client" {
                    peer.expect_close(server);
                }
                peer.expect_pong(b"closed");
                peer.eof();
            },
        );
        let close = close_event(&outcome);
        assert_eq!(json!([close["initiator"], close["code"], close["was_clean"]]), end, "{close}");
        outcome.code(6).stderr_contains(&format!("#1 wscope: {text}\n"));
    }
}
