//! What waits when a signal ends the proxy.

#[cfg(target_os = "linux")]
use super::exchange_ends::{DOWNLOAD, REFUSAL, UPLOAD};
use super::http::requested;
#[cfg(target_os = "linux")]
use super::resets::{fill, read_until_reset};
use super::{Proxied, assert_status, deliver, proxy, start, unread_proxy};
use crate::support::{Listener, Outcome, Peer, Signal, masked, ping, text, wscope};

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

/// Where a rule may touch messages, a part of one waits for the rest.
#[test]
fn the_start_of_a_message_that_waited_for_its_rest_is_counted() {
    let proxy = proxy(&["--json", "--rule", "client nth 100 => drop"]);
    let (mut client, mut server) = proxy.open();
    let half = &masked(&text("half a message"))[..9];
    client.send([&masked(&text("before"))[..], half].concat());
    server.expect_text("before");
    proxy.running.signal(Signal::TERM);
    client.expect_close(1001);
    server.expect_close(1001);
    server.close(1001, "");
    client.eof();
    let outcome = proxy.running.wait().code(0);
    let line = "not delivered to the server: 1 message";
    assert!(outcome.stderr.contains(line), "{}", outcome.stderr);
}

/// Its size is not the reason why it is not delivered, and what has come of it is shown.
#[test]
fn a_message_under_way_is_shown_whole_and_not_as_omitted() {
    let mut proxy = proxy(&["--json", "-vv", "--rule", "server nth 100 => drop"]);
    let (mut client, mut server) = proxy.open();
    server.send(b"\x01\x05under");
    proxy.event("frame"); // a part of the message was received
    proxy.running.signal(Signal::TERM);
    assert_eq!(client.read_exact(7), b"\x01\x05under");
    client.expect_close(1001);
    server.expect_close(1001);
    server.send([&b"\x80\x04 way"[..], &text("behind")].concat());
    for words in ["under way", "behind"] {
        let message = proxy.event("message");
        let [data, delivered] = [&message["data"], &message["delivered"]];
        assert_eq!((data, delivered), (&words.into(), &false.into()), "{message}");
    }
    proxy.running.wait_stderr("not delivered to the client: 2 messages");
    let outcome = proxy.running.wait();
    assert!(!outcome.stdout.contains("omitted"), "{}", outcome.stdout);
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
    deliver(&mut client, &mut server, &to_server[..9]);
    deliver(&mut server, &mut client, &to_client[..9]);
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

/// The only event of this kind.
#[track_caller]
fn only(outcome: &Outcome, kind: &str) -> serde_json::Value {
    let events = outcome.json_lines();
    let mut of_kind = events.iter().filter(|event| event["event"] == kind);
    match (of_kind.next(), of_kind.next()) {
        (Some(event), None) => event.clone(),
        _ => panic!("expected one event of kind {kind}: {events:?}"),
    }
}

#[test]
fn requests_that_are_being_answered_are_reported() {
    const GET: &str = "GET /poll HTTP/1.1\r\nHost: x\r\n\r\n";
    let one = proxy(&["--json"]);
    let (client, server) = requested(&one, GET);
    let outcome = one.stop();
    let event = only(&outcome, "http");
    assert_eq!((&event["status"], &event["target"]), (&serde_json::Value::Null, &"/poll".into()));
    assert_eq!(event["note"], "the proxy ended before the server answered", "{event}");
    drop((client, server));

    let two = proxy(&["--json"]);
    let (mut client, mut server) = requested(&two, GET);
    deliver(&mut server, &mut client, b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
    let outcome = two.stop();
    let event = only(&outcome, "http");
    assert_eq!(event["status"], 200, "{event}");
    assert_eq!(event["note"], "the proxy ended within the response", "{event}");
    client.expect_reset(b"");
}

/// The note of the exchange that the end of the run has cut, with its status.
#[cfg(target_os = "linux")]
#[track_caller]
fn cut(proxy: Proxied) -> (serde_json::Value, String) {
    let event = only(&proxy.stop(), "http");
    (event["status"].clone(), event["note"].as_str().unwrap_or_default().to_owned())
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_side_did_not_get_of_an_exchange_is_noted() {
    const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let one = proxy(&["--json"]);
    let (client, mut server) = requested(&one, GET);
    server.send(DOWNLOAD);
    fill(&server, &[b'x'; 60_000]);
    let (status, note) = cut(one);
    assert_eq!(status, 200, "{note}");
    let lost = note
        .strip_prefix("the proxy ended within the response; not delivered to the client: up to ");
    let bytes = lost.and_then(|it| it.strip_suffix(" bytes")?.parse::<u64>().ok());
    assert!(bytes.is_some_and(|bytes| bytes > 100_000), "{note}");
    read_until_reset(&client);

    let two = proxy(&["--json"]);
    let (client, server) = requested(&two, UPLOAD);
    fill(&client, &[b'x'; 60_000]);
    let (status, note) = cut(two);
    assert_eq!(status, serde_json::Value::Null, "{note}");
    let text = "the proxy ended before the server answered; not delivered to the server: up to ";
    assert!(note.starts_with(text), "{note}");
    drop(server);
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_client_did_not_get_of_a_refusal_is_shown() {
    let proxy = proxy(&["--json"]);
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    server.read_head();
    server.send(REFUSAL);
    fill(&server, &[b'x'; 60_000]);
    let outcome = proxy.stop();
    assert_eq!(only(&outcome, "error")["status"], 401);
    let text = "not delivered to the client: up to ";
    assert!(outcome.stderr.contains(text), "{}", outcome.stderr);
    read_until_reset(&client);
}

#[test]
fn an_opening_handshake_without_an_answer_is_reported() {
    let proxy = proxy(&["--json"]);
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    server.read_head();
    let outcome = proxy.stop();
    let event = only(&outcome, "error");
    assert_eq!(event["message"], "the proxy ended before the server answered", "{event}");
}

/// The server accepts TCP connections, and then says nothing.
#[test]
fn a_request_for_which_the_proxy_is_connecting_is_answered_and_reported() {
    let target = Listener::new();
    let url = format!("wss://127.0.0.1:{}", target.port());
    let (running, port) = start(wscope().stdin_null(), &["--json"], &url);
    let mut client = Peer::connect(port);
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut server = target.accept();
    server.read_exact(1); // of a ClientHello
    running.signal(Signal::TERM);
    assert_status(&client.read_head(), 503);
    let outcome = running.wait().code(0);
    let event = only(&outcome, "http");
    assert_eq!((&event["status"], &event["note"]), (&503.into(), &"the proxy is ending".into()));
}

/// The rest of a frame of which a part was passed on follows before the Close frame.
#[test]
fn a_throttle_does_not_cut_a_frame() {
    let proxy = unread_proxy(&["--throttle", "100K"]);
    let (mut client, server) = proxy.open();
    let payload = "x".repeat(3 << 20);
    let (mut sender, frame) = (server.socket(), text(&payload));
    let sending = std::thread::spawn(move || std::io::Write::write_all(&mut sender, &frame));
    let start = client.read_exact(100 << 10); // all that may pass at once
    proxy.running.signal(Signal::TERM);
    let rest = client.read_exact(text(&payload).len() - start.len());
    assert!([start, rest].concat() == text(&payload));
    client.expect_close(1001);
    sending.join().expect("a thread").expect("a reader");
    client.close(1001, "");
    drop((client, server));
    proxy.running.wait().code(0);
}

/// Of a frame that is not complete in time, the receiver gets what there is, and no Close frame.
#[test]
fn a_frame_that_does_not_end_in_time_is_followed_by_no_close_frame() {
    let proxy = unread_proxy(&[]);
    let (mut client, mut server) = proxy.open();
    let part = &text("incomplete")[..5];
    deliver(&mut server, &mut client, part);
    proxy.running.signal(Signal::TERM);
    server.expect_close(1001);
    client.expect_eof();
    client.eof();
    proxy.running.wait().code(0);
}

/// Whoever has got a Close frame of the other side gets none of the proxy.
#[test]
fn only_who_got_the_close_frame_of_the_proxy_is_said_to_have_got_it() {
    for options in [&["--json"][..], &["--json", "--rule", "any zzz => drop"]] {
        for (client_closes, server_closes) in [(true, true), (true, false), (false, true)] {
            let mut proxy = proxy(options);
            let (mut client, mut server) = proxy.open();
            if client_closes {
                client.close(1000, "bye");
                server.expect_close(1000);
            }
            if server_closes {
                server.close(1000, "bye");
                client.expect_close(1000);
            }
            proxy.running.signal(Signal::TERM);
            let awaited = match (client_closes, server_closes) {
                (true, true) => serde_json::Value::Null,
                (true, false) => {
                    client.expect_close(1001);
                    serde_json::json!(["client"])
                }
                _ => {
                    server.expect_close(1001);
                    serde_json::json!(["server"])
                }
            };
            client.eof();
            server.eof();
            client.expect_eof();
            server.expect_eof();
            let close = proxy.event("close");
            assert_eq!(close["awaited"], awaited, "{close}");
            assert_eq!(close["self"].is_null(), awaited.is_null(), "{close}");
            assert_eq!(close["code"], 1000, "{close}");
            let outcome = proxy.running.wait();
            let says_1001 = outcome.stderr.contains("1001 Going Away");
            assert_eq!(says_1001, !awaited.is_null(), "{}", outcome.stderr);
        }
    }
}

/// A part of it was passed on, so that the receiver has got no message either.
#[test]
fn a_message_of_which_only_a_part_was_passed_on_is_counted() {
    let fragment = masked(&crate::support::frame(false, 0, 1, b"frag"));
    for part in [masked(&text("hello you"))[..9].to_vec(), fragment] {
        let proxy = proxy(&["--json"]);
        let (mut client, mut server) = proxy.open();
        deliver(&mut client, &mut server, &part);
        proxy.running.signal(Signal::TERM);
        client.expect_close(1001);
        client.eof();
        server.read_until_eof();
        server.eof();
        let outcome = proxy.running.wait().code(0);
        let close = only(&outcome, "close");
        let lost = serde_json::json!({"client": {"messages": 1}});
        assert_eq!(close["undelivered"], lost, "{close}");
        let line = "not delivered to the server: 1 message\n";
        assert!(outcome.stderr.contains(line), "{}", outcome.stderr);
    }
}
