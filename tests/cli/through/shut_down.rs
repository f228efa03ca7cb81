//! What waits when a signal ends the proxy.

use super::{Proxied, proxy};
use crate::support::{Outcome, Peer, Signal, masked, ping, text};

/// Both sides get Close 1001, after `before` arrived at the client, and answer it.
#[track_caller]
fn expect_end(proxy: Proxied, mut client: Peer, mut server: Peer, before: &[&str]) -> Outcome {
    proxy.running.signal(Signal::TERM);
    for message in before {
        client.expect_text(message);
    }
    for peer in [&mut client, &mut server] {
        peer.expect_close(1001);
        peer.close(1001, "");
    }
    client.expect_eof();
    server.expect_eof();
    proxy.running.wait().code(0)
}

#[test]
fn what_waits_for_its_time_is_delivered() {
    for options in
        [&["--latency", "1h"][..], &["--throttle", "1"], &["--rule", "server => delay 1h"]]
    {
        let mut proxy = proxy(&[&["--json"], options].concat());
        let (client, mut server) = proxy.open();
        server.send([text("a"), text("b")].concat());
        proxy.event("message");
        proxy.event("message");
        let outcome = expect_end(proxy, client, server, &["a", "b"]);
        let events = outcome.json_lines();
        let close = events.iter().find(|event| event["event"] == "close").expect("a close event");
        assert_eq!(close["self"]["code"], 1001, "{options:?}: {close}");
        assert!(!outcome.stderr.contains("not delivered"), "{}", outcome.stderr);
    }
}

/// A message that a side has sent before it got the Close frame reaches nobody any more.
#[test]
fn what_comes_behind_the_close_frame_is_counted() {
    for options in [&[][..], &["--rule", "client nth 100 => drop"]] {
        let proxy = proxy(&[&["--json"], options].concat());
        let (mut client, mut server) = proxy.open();
        proxy.running.signal(Signal::TERM);
        client.expect_close(1001);
        client.send([masked(&text("late")), masked(&ping(b"p")), masked(&text("later"))].concat());
        client.close(1001, "");
        server.expect_close(1001);
        server.close(1001, "");
        server.expect_eof();
        let outcome = proxy.running.wait().code(0);
        let line = "not delivered to the server: 2 messages";
        assert!(outcome.stderr.contains(line), "{}", outcome.stderr);
    }
}

/// A side that has ended TCP before has ended the connection, without a Close frame.
#[test]
fn a_signal_behind_a_fin_is_not_the_end() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    server.eof();
    client.expect_eof();
    proxy.running.signal(Signal::TERM);
    server.expect_close(1001);
    client.eof();
    server.expect_eof();
    let close = proxy.event("close");
    let [code, initiator] = [&close["code"], &close["initiator"]];
    assert_eq!((code, initiator), (&1006.into(), &"server".into()), "{close}");
}

/// Inside a frame there can be no Close frame: it is not reported as sent.
#[test]
fn a_close_frame_that_cannot_be_sent_is_not_reported() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    let (to_server, to_client) = (masked(&text("incomplete")), text("incomplete"));
    super::deliver(&mut client, &mut server, &to_server[..9]);
    super::deliver(&mut server, &mut client, &to_client[..9]);
    proxy.running.signal(Signal::TERM);
    client.expect_eof();
    server.expect_eof();
    client.eof();
    server.eof();
    let close = proxy.event("close");
    assert_eq!(
        (&close["self"], &close["code"]),
        (&serde_json::Value::Null, &1006.into()),
        "{close}"
    );
}
