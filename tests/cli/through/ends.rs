//! The ends of connections: passed on as they came, and shown.

use serde_json::{Value, json};

use super::{Proxied, deliver, proxy, unread_proxy};
use crate::support::{CLOSE, NO_STATUS, Peer, close, frame, masked, text};

/// The fields of the close event that tell how it ended.
#[track_caller]
fn closed(proxy: &mut Proxied) -> Value {
    let event = proxy.event("close");
    let code = |side: &str| event[side]["code"].clone();
    json!([
        event["code"],
        event["initiator"],
        event["was_clean"],
        code("client"),
        code("server"),
        event["end"]["client"],
        event["end"]["server"]
    ])
}

/// Both sides end TCP, the client first.
#[track_caller]
fn end(mut client: Peer, mut server: Peer) {
    client.eof();
    server.expect_eof();
    server.eof();
    client.expect_eof();
}

#[test]
fn a_clean_close_by_the_client() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    client.send(masked(&close(4001, "ça va")));
    assert_eq!(server.expect_close(4001), "ça va");
    server.send(close(4001, ""));
    client.expect_close(4001);
    end(client, server);
    let event = proxy.event("close");
    let of = |name: &str| event[name].clone();
    assert_eq!(
        [of("code"), of("reason"), of("initiator"), of("was_clean")],
        [json!(4001), json!("ça va"), json!("client"), json!(true)]
    );
    assert_eq!(of("client"), json!({"code": 4001, "reason": "ça va"}));
    assert_eq!(of("server"), json!({"code": 4001, "reason": ""}));
    assert_eq!(of("connection"), json!(1));
}

#[test]
fn a_clean_close_by_the_server() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    server.close(1001, "away");
    assert_eq!(client.expect_close(1001), "away");
    client.close(1000, "");
    server.expect_close(1000);
    end(client, server);
    assert_eq!(closed(&mut proxy), json!([1001, "server", true, 1000, 1001, "fin", "fin"]));
}

#[test]
fn a_close_without_a_code_is_1005() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    client.send(masked(&close(NO_STATUS, "")));
    server.expect_close(NO_STATUS);
    server.send(close(NO_STATUS, ""));
    client.expect_close(NO_STATUS);
    end(client, server);
    let event = proxy.event("close");
    assert_eq!((&event["code"], &event["was_clean"]), (&json!(1005), &json!(true)), "{event}");
}

#[test]
fn invalid_close_payloads_pass_unchanged() {
    for payload in [&b"\x03"[..], b"\x03\xed", b"\x00\x00", b"\x03\xe8\xff\xfe", &[b'x'; 126]] {
        let mut proxy = proxy(&["--json"]);
        let (mut client, mut server) = proxy.open();
        let bytes = frame(true, 0, CLOSE, payload);
        deliver(&mut client, &mut server, &masked(&bytes));
        deliver(&mut server, &mut client, &bytes);
        let mut has_violated = |direction| {
            let is_of = |event: Value| event["direction"] == direction;
            (0..4).any(|_| is_of(proxy.event("violation")))
        };
        assert!(has_violated("client") && has_violated("server"));
        end(client, server);
        proxy.event("close");
    }
}

#[test]
fn a_close_without_answer_is_not_clean() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    client.close(1000, "");
    server.expect_close(1000);
    end(client, server);
    assert_eq!(closed(&mut proxy), json!([1000, "client", false, 1000, null, "fin", "fin"]));
}

#[test]
fn an_end_without_close_frame_stays_1006() {
    let mut proxy = proxy(&["--json"]);
    let (client, server) = proxy.open();
    end(client, server);
    assert_eq!(closed(&mut proxy), json!([1006, "client", false, null, null, "fin", "fin"]));
    let (mut client, mut server) = proxy.open();
    server.eof();
    client.expect_eof();
    client.eof();
    server.expect_eof();
    assert_eq!(closed(&mut proxy), json!([1006, "server", false, null, null, "fin", "fin"]));
}

#[test]
fn a_half_closed_connection_goes_on_in_the_other_direction() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    client.send(masked(&text("last")));
    client.eof();
    server.expect_text("last");
    server.expect_eof();
    for number in 0..3 {
        let words = format!("still {number}");
        server.send(text(&words));
        client.expect_text(&words);
    }
    server.eof();
    client.expect_eof();
    assert_eq!(closed(&mut proxy), json!([1006, "client", false, null, null, "fin", "fin"]));

    let (mut client, mut server) = proxy.open();
    server.close(1000, "");
    server.eof();
    client.expect_close(1000);
    client.expect_eof();
    for number in 0..3 {
        let words = format!("still {number}");
        client.send(masked(&text(&words)));
        server.expect_text(&words);
    }
    client.close(1000, "");
    server.expect_close(1000);
    client.eof();
    server.expect_eof();
    assert_eq!(closed(&mut proxy), json!([1000, "server", true, 1000, 1000, "fin", "fin"]));
}

#[test]
fn a_reset_is_passed_on_as_a_reset() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    server.send(text("before"));
    client.expect_text("before");
    server.reset();
    client.expect_reset(b"");
    assert_eq!(closed(&mut proxy), json!([1006, "server", false, null, null, null, "reset"]));
    let (mut client, mut server) = proxy.open();
    client.reset();
    server.expect_reset(b"");
    assert_eq!(closed(&mut proxy), json!([1006, "client", false, null, null, "reset", null]));
}

#[test]
fn a_reset_after_a_close_is_passed_on_too() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    server.close(1000, "");
    client.expect_close(1000);
    server.reset();
    client.expect_reset(b"");
    assert_eq!(closed(&mut proxy), json!([1000, "server", false, null, 1000, null, "reset"]));
}

#[test]
fn a_reset_of_a_half_closed_connection_is_passed_on() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    client.eof();
    server.expect_eof();
    server.reset();
    client.expect_reset(b"");
    assert_eq!(closed(&mut proxy), json!([1006, "client", false, null, null, "fin", "reset"]));
}

/// A side that has closed its socket answers what it gets with a reset, behind its FIN.
#[test]
fn a_reset_behind_an_end_ends_the_connection() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    server.eof();
    client.expect_eof();
    server.reset();
    assert_eq!(closed(&mut proxy), json!([1006, "server", false, null, null, null, "fin"]));
    let (mut client, mut server) = proxy.open();
    client.eof();
    server.expect_eof();
    client.reset();
    assert_eq!(closed(&mut proxy), json!([1006, "client", false, null, null, "fin", null]));
}

#[test]
fn an_end_within_a_frame_passes_what_came() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    client.send(&masked(&text("incomplete"))[..9]);
    assert_eq!(server.read_exact(9), &masked(&text("incomplete"))[..9]);
    end(client, server);
    assert_eq!(closed(&mut proxy), json!([1006, "client", false, null, null, "fin", "fin"]));
}

/// Bytes and FIN in one segment: the bytes come first.
#[test]
fn what_came_right_before_the_end_arrives() {
    let proxy = unread_proxy(&[]);
    let (mut client, mut server) = proxy.open();
    let bytes = [text("x").repeat(50_000), close(1000, "")].concat();
    let count = bytes.len();
    let reader = std::thread::spawn(move || {
        let bytes = client.read_until_eof();
        client.eof();
        bytes
    });
    server.send(&bytes);
    server.eof();
    let got = reader.join().expect("a reader without errors");
    assert_eq!(got.len(), count);
    assert!(got == bytes);
    server.expect_eof();
}

#[test]
fn the_end_is_on_stderr_with_its_initiator() {
    let mut proxy = proxy(&[]);
    let (client, server) = proxy.open();
    end(client, server);
    let line = proxy.running.wait_stderr("1006");
    assert!(line.starts_with("#1 ") && line.contains("client"), "{line}");
    let (mut client, mut server) = proxy.open();
    server.close(1011, "oops");
    client.expect_close(1011);
    end(client, server);
    let line = proxy.running.wait_stderr("1011");
    assert!(line.starts_with("#2 ") && line.contains("server") && line.contains("oops"), "{line}");
}
