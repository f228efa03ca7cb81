//! What the server answers to the opening handshake: passed on as it came, and shown.

use serde_json::json;

use super::{assert_alive, leave, proxy, unread_proxy};
use crate::support::{Peer, deflate, frame, header, masked, switching_protocols, text};

#[test]
fn the_101_passes_as_it_came() {
    let proxy = proxy(&[]);
    let mut client = proxy.client();
    client.request("/", &["Sec-WebSocket-Protocol: soap, wamp"]);
    let mut server = proxy.target.accept();
    let head = server.read_head();
    let accept = header(&switching_protocols(&head, &[]), "Sec-WebSocket-Accept")
        .expect("a value")
        .to_owned();
    let response = format!(
        "HTTP/1.1 101 Whatever it says\r\nset-COOKIE: a=1\r\nUPGRADE:   WebSocket\r\nX-Twice: 1\r\nconnection:upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nX-Twice: 2\r\nSet-Cookie: b=2\r\nSec-WebSocket-Protocol: wamp\r\n\r\n"
    );
    server.send(&response);
    assert_eq!(client.read_head(), response);
    assert_alive(&mut client, &mut server);
    leave(client, server);
}

#[test]
fn an_invalid_101_passes_and_is_reported() {
    let mut proxy = proxy(&[]);
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    server.read_head();
    let response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Accept: wrong\r\nSec-WebSocket-Protocol: unasked\r\n\r\n";
    server.send(response);
    assert_eq!(client.read_head(), response);
    let line = proxy.running.wait_stderr("the server's 101 is not valid, and was passed on");
    assert!(line.contains("Sec-WebSocket-Accept"), "{line}");
    assert_alive(&mut client, &mut server);
    leave(client, server);
}

/// The client may accept such a response: what the server selected is in use then.
#[test]
fn what_an_invalid_101_selects_is_shown_and_decoded() {
    let mut proxy = proxy(&["--json", "--enforce", "--rule", "server hello => replace HELLO"]);
    let mut client = proxy.client();
    client.request("/", &["Sec-WebSocket-Extensions: permessage-deflate"]);
    let mut server = proxy.target.accept();
    server.read_head();
    let response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Accept: wrong\r\nSec-WebSocket-Protocol: unasked\r\n\
                    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10\r\n\r\n";
    server.send(response);
    assert_eq!(client.read_head(), response);
    let open = proxy.event("open");
    assert_eq!(open["protocol"], "unasked", "{open}");
    assert_eq!(open["extensions"], "permessage-deflate; client_max_window_bits=10", "{open}");
    server.send(frame(true, 4, 1, &deflate(b"hello")));
    let message = proxy.event("message");
    assert_eq!((&message["data"], &message["rule"]), (&json!("hello"), &json!(1)), "{message}");
    assert_eq!(client.read_message(), (1, b"HELLO".to_vec()));
    leave(client, server);
    let outcome = proxy.stop();
    assert!(!outcome.stdout.contains("\"event\":\"violation\""), "{}", outcome.stdout);
}

/// RFC 6455 section 5.2: reserved bits are forbidden unless an extension was negotiated that defines them.
#[test]
fn what_an_unknown_extension_may_define_is_no_violation() {
    let proxy = proxy(&["--json", "--enforce"]);
    let extension = ["Sec-WebSocket-Extensions: x-own"];
    let (mut client, mut server) = proxy.open_with("/", &extension, &extension);
    let bytes = [frame(true, 2, 1, b"coded"), frame(true, 0, 3, b"own"), text("plain")].concat();
    server.send(&bytes);
    assert_eq!(client.read_exact(bytes.len()), bytes);
    leave(client, server);
    let outcome = proxy.stop();
    assert!(!outcome.stdout.contains("\"event\":\"violation\""), "{}", outcome.stdout);
}

#[test]
fn interim_responses_pass_at_once() {
    let mut proxy = proxy(&["--json"]);
    let mut client = proxy.client();
    client.request("/", &["Expect: 100-continue"]);
    let mut server = proxy.target.accept();
    let head = server.read_head();
    for interim in
        ["HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"]
    {
        server.send(interim);
        assert_eq!(client.read_head(), interim);
    }
    server.accept(&head);
    assert!(client.read_head().starts_with("HTTP/1.1 101 "));
    let open = proxy.event("open");
    assert_eq!(open["status"], 101);
    assert_alive(&mut client, &mut server);
    leave(client, server);
}

#[test]
fn many_interim_responses_pass() {
    let mut proxy = proxy(&["--json"]);
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    let head = server.read_head();
    let interim = "HTTP/1.1 102 Processing\r\n\r\n";
    server.send(interim.repeat(200).as_str());
    for _ in 0..200 {
        assert_eq!(client.read_head(), interim);
    }
    server.accept(&head);
    assert!(client.read_head().starts_with("HTTP/1.1 101 "));
    assert_eq!(proxy.event("open")["status"], 101);
    assert_alive(&mut client, &mut server);
    leave(client, server);
}

/// An upgrade request that is answered with this response, byte for byte what the client gets.
#[track_caller]
fn refused(proxy: &super::Proxied, response: &[u8]) -> Vec<u8> {
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    server.read_head();
    server.send(response);
    server.eof();
    client.read_exact(response.len())
}

#[test]
fn refusals_pass_with_their_bodies_and_are_shown() {
    let mut proxy = proxy(&["--json"]);
    for (response, status, body) in [
        (&b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic\r\nContent-Length: 5\r\n\r\ngo on"[..], 401, "go on"),
        (
            b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\nRetry-After: 1\r\n\r\n3;x=y\r\nfor\r\n2\r\n a\r\n0\r\nTrailer: 1\r\n\r\n",
            503,
            "for a",
        ),
        (b"HTTP/1.0 403 Forbidden\r\n\r\nuntil the end", 403, "until the end"),
        (b"HTTP/1.1 302 Found\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n", 302, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi"),
    ] {
        let got = refused(&proxy, response);
        assert_eq!(got.escape_ascii().to_string(), response.escape_ascii().to_string());
        let error = proxy.event("error");
        assert_eq!(error["kind"], "handshake", "{error}");
        assert_eq!(error["status"], status, "{error}");
        assert_eq!(error["body"].as_str().unwrap_or_default(), body, "{error}");
        assert!(error["connection"].is_u64(), "{error}");
    }
}

#[test]
fn the_servers_words_are_on_stderr() {
    let mut proxy = proxy(&[]);
    refused(&proxy, b"HTTP/1.1 403 Not You\r\nContent-Length: 9\r\nX-Why: age\r\n\r\ntoo young");
    proxy.running.wait_stderr("403 Not You");
    proxy.running.wait_stderr("too young");
}

#[test]
fn a_client_can_try_again_on_the_same_connection() {
    let proxy = proxy(&[]);
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    server.read_head();
    server.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nwho?");
    assert!(client.read_head().starts_with("HTTP/1.1 401 "));
    assert_eq!(client.read_exact(4), b"who?");
    client.request("/", &["Authorization: Basic YTpi"]);
    let head = server.read_head();
    assert_eq!(header(&head, "Authorization"), Some("Basic YTpi"));
    server.accept(&head);
    assert!(client.read_head().starts_with("HTTP/1.1 101 "));
    assert_alive(&mut client, &mut server);
    leave(client, server);
}

#[test]
fn data_with_the_101_and_behind_the_request_arrives() {
    let mut proxy = proxy(&["--json"]);
    let mut client = proxy.client();
    let mut early = crate::support::upgrade_request("/", &[]).into_bytes();
    early.extend(masked(&text("from the client")));
    client.send(early);
    let mut server = proxy.target.accept();
    let head = server.read_head();
    let mut response = switching_protocols(&head, &[]).into_bytes();
    response.extend(text("from the server"));
    server.send(response);
    assert!(client.read_head().starts_with("HTTP/1.1 101 "));
    client.expect_text("from the server");
    server.expect_text("from the client");
    let mut messages = [proxy.event("message"), proxy.event("message")]
        .map(|it| (it["direction"].clone(), it["data"].clone()));
    messages.sort_by_key(|(direction, _)| direction.to_string());
    let expected = [("client", "from the client"), ("server", "from the server")];
    assert_eq!(messages, expected.map(|(direction, data)| (json!(direction), json!(data))));
    leave(client, server);
}

/// The client must not send frames before the 101, but the server is to see that it does.
#[test]
fn a_megabyte_behind_the_request_arrives() {
    const SIZE: usize = 1 << 20;
    let proxy = unread_proxy(&[]);
    let mut client = proxy.client();
    let socket = client.socket();
    let frame = masked(&crate::support::binary(&vec![7; SIZE]));
    let expected = frame.clone();
    let sender = std::thread::spawn(move || {
        use std::io::Write;
        let mut socket = socket;
        socket.write_all(crate::support::upgrade_request("/", &[]).as_bytes()).expect("a reader");
        socket.write_all(&frame).expect("a reader");
    });
    let mut server: Peer = proxy.target.accept();
    server.accept_request();
    assert!(server.read_exact(expected.len()) == expected);
    sender.join().expect("a sender without errors");
    assert!(client.read_head().starts_with("HTTP/1.1 101 "));
}

#[test]
fn interim_responses_without_end_are_a_502() {
    let mut proxy = proxy(&["--json"]);
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    server.read_head();
    let interim = "HTTP/1.1 102 Processing\r\n\r\n";
    let mut down = server.socket();
    let sending = std::thread::spawn(move || {
        let _ = std::io::Write::write_all(&mut down, interim.repeat(10_001).as_bytes());
    });
    let all = String::from_utf8(client.read_until_eof()).expect("UTF-8");
    let rest = all.strip_prefix(&interim.repeat(10_000)).expect("all that are allowed");
    super::assert_status(rest, 502);
    let error = proxy.event("error");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains("interim") && !message.contains("start line"), "{error}");
    assert_eq!(error["kind"], "handshake", "{error}");
    sending.join().expect("a server without errors");
}

/// In one piece as in several, what is valid of it has been passed on.
#[test]
fn a_refusal_whose_second_chunk_is_malformed_is_passed_on_up_to_there() {
    let mut proxy = proxy(&[]);
    let valid = b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    server.read_head();
    server.send([&valid[..], b"zz\r\nabc"].concat());
    client.expect_reset(valid);
    proxy.running.wait_stderr("401 No");
    proxy.running.wait_stderr("the server's response has a malformed body: malformed chunk size");
}

#[test]
fn a_refusal_whose_first_chunk_is_malformed_is_a_fault_of_the_server() {
    let mut proxy = proxy(&["--json"]);
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    server.read_head();
    server.send("HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc");
    assert!(client.read_head().starts_with("HTTP/1.1 502 "));
    assert_eq!(
        proxy.event("error")["message"],
        "opening handshake: the server's response has a malformed body: malformed chunk size"
    );
}
