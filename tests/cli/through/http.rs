//! Requests that open no WebSocket: relayed to the server, bodies and all.

use serde_json::json;

use super::{Proxied, assert_alive, assert_status, deliver, leave, proxy, unread_proxy};
use crate::support::{Peer, header};

/// A client and a server between which this request has passed.
#[track_caller]
pub(super) fn requested(proxy: &Proxied, request: &str) -> (Peer, Peer) {
    let mut client = proxy.client();
    client.send(request);
    let mut server = proxy.target.accept();
    let got = server.read_exact(request.len());
    assert_eq!(String::from_utf8_lossy(&got), request);
    (client, server)
}

/// The next `http` event has these values.
#[track_caller]
fn expect_event(proxy: &mut Proxied, method: &str, target: &str, status: u16) {
    let event = proxy.event("http");
    let of = |name: &str| event[name].clone();
    assert_eq!(
        [of("connection"), of("method"), of("target"), of("status")],
        [json!(1), json!(method), json!(target), json!(status)]
    );
}

#[test]
fn requests_on_one_connection_are_relayed_one_after_another() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = requested(&proxy, "GET /one?a=b HTTP/1.1\r\nhost:x\r\n\r\n");
    deliver(
        &mut server,
        &mut client,
        b"HTTP/1.1 200 Fine\r\nContent-Length: 3\r\nx-a:  1\r\n\r\none",
    );
    expect_event(&mut proxy, "GET", "/one?a=b", 200);
    for status in [204, 304] {
        deliver(&mut client, &mut server, b"DELETE /none HTTP/1.1\r\nHost: x\r\n\r\n");
        let response = format!("HTTP/1.1 {status} None\r\nETag: \"x\"\r\n\r\n");
        deliver(&mut server, &mut client, response.as_bytes());
        expect_event(&mut proxy, "DELETE", "/none", status);
    }
    deliver(&mut client, &mut server, b"HEAD /head HTTP/1.1\r\nHost: x\r\n\r\n");
    deliver(&mut server, &mut client, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    expect_event(&mut proxy, "HEAD", "/head", 200);
    deliver(
        &mut client,
        &mut server,
        b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
    );
    deliver(&mut server, &mut client, b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
    expect_event(&mut proxy, "POST", "/p", 500);
    // The connection that served a page may open a WebSocket.
    client.request("/socket", &[]);
    server.accept_request();
    assert_status(&client.read_head(), 101);
    let open = proxy.event("open");
    assert_eq!(open["connection"], 1, "{open}");
    assert_alive(&mut client, &mut server);
    leave(client, server);
    proxy.target.expect_none();
}

#[test]
fn chunked_bodies_with_trailers_pass_byte_for_byte() {
    let proxy = unread_proxy(&[]);
    let chunks = "4;ext=\"a;b\"\r\nWiki\r\n00A\r\n0123456789\r\n0;last\r\nX-Trailer: 1\r\nx-trailer:2\r\n\r\n";
    let head =
        "POST /c HTTP/1.1\r\nHost: x\r\ntransfer-encoding: Chunked\r\nTrailer: X-Trailer\r\n\r\n";
    let (mut client, mut server) = requested(&proxy, &format!("{head}{chunks}"));
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    deliver(&mut server, &mut client, head.as_bytes());
    for byte in chunks.bytes() {
        deliver(&mut server, &mut client, &[byte]);
    }
    // Both ends of the bodies were found.
    deliver(&mut client, &mut server, b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
    deliver(&mut server, &mut client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn a_body_waits_for_100_continue() {
    let proxy = unread_proxy(&[]);
    let head = "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    let (mut client, mut server) = requested(&proxy, head);
    deliver(&mut server, &mut client, b"HTTP/1.1 100 Continue\r\n\r\n");
    deliver(&mut client, &mut server, b"body");
    deliver(&mut server, &mut client, b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn a_body_until_the_end_ends_the_connection() {
    let proxy = unread_proxy(&[]);
    for head in ["HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"] {
        let (mut client, mut server) = requested(&proxy, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        deliver(&mut server, &mut client, head.as_bytes());
        deliver(&mut server, &mut client, &vec![b'x'; 300_000]);
        server.eof();
        client.expect_eof();
        client.eof();
        server.expect_eof();
    }
}

/// A client must not take half a file for a whole one: it knows the length, or sees the reset.
#[test]
fn a_body_that_is_cut_off_is_not_completed() {
    let mut proxy = proxy(&["--json"]);
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    let (mut client, mut server) = requested(&proxy, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    deliver(&mut server, &mut client, &[head, &b"half"[..]].concat());
    server.eof();
    client.expect_eof();
    let event = proxy.event("http");
    assert_eq!(event["status"], 200, "{event}");
    assert!(event["note"].as_str().is_some_and(|note| note.contains("server")), "{event}");
    let (mut client, mut server) = requested(&proxy, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    deliver(&mut server, &mut client, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf");
    server.reset();
    client.expect_reset(b"");
}

#[test]
fn a_response_before_the_end_of_the_upload_arrives() {
    let proxy = unread_proxy(&[]);
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
    let (mut client, mut server) = requested(&proxy, head);
    deliver(&mut client, &mut server, &vec![b'x'; 100_000]);
    let response =
        "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 8\r\n\r\ntoo much";
    server.send(response);
    assert_eq!(client.read_exact(response.len()), response.as_bytes());
}

/// The server goes on reading, so that its connection can serve another request (RFC 9112 section 9.3).
#[test]
fn an_upload_goes_on_behind_the_response() {
    let mut proxy = proxy(&["--json"]);
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n";
    let (mut client, mut server) = requested(&proxy, head);
    deliver(&mut server, &mut client, b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    for _ in 0..3 {
        deliver(&mut client, &mut server, &vec![b'x'; 100_000]);
    }
    expect_event(&mut proxy, "POST", "/", 413);
    deliver(&mut client, &mut server, b"GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    deliver(&mut server, &mut client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    expect_event(&mut proxy, "GET", "/2", 200);
}

/// RFC 9112 section 9.6: the server ends the connection without reading the rest.
#[test]
fn an_upload_ends_with_the_server_behind_its_response() {
    let proxy = unread_proxy(&[]);
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n";
    let (mut client, mut server) = requested(&proxy, head);
    deliver(
        &mut server,
        &mut client,
        b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    );
    deliver(&mut client, &mut server, &vec![b'x'; 100_000]);
    server.eof();
    client.expect_eof();
    client.send(vec![b'x'; 100_000]); // and the response is not lost
    client.eof();
    server.read_until_eof();
}

#[test]
fn a_malformed_first_chunk_is_a_502() {
    let mut proxy = proxy(&["--json"]);
    let response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n";
    let (mut client, mut server) = requested(&proxy, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    server.send(response);
    assert_status(&client.read_head(), 502);
    let body = String::from_utf8(client.read_until_eof()).expect("UTF-8");
    assert!(body.contains("malformed chunk size"), "{body}");
    expect_event(&mut proxy, "GET", "/", 502);
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    server.read_head();
    server.send(response.replace("200 OK", "401 No"));
    assert_status(&client.read_head(), 502);
    let error = proxy.event("error");
    assert_eq!(error["kind"], "handshake", "{error}");
}

#[test]
fn an_upgrade_to_something_else_than_a_websocket_is_a_502_whether_asked_for_or_not() {
    for asked in
        ["", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"]
    {
        let mut proxy = proxy(&["--json"]);
        let request = format!("GET / HTTP/1.1\r\nHost: x\r\n{asked}\r\n");
        let (mut client, mut server) = requested(&proxy, &request);
        server.send(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        );
        assert_status(&client.read_head(), 502);
        let body = String::from_utf8(client.read_until_eof()).expect("UTF-8");
        let text = "switched protocols (101) for a request that was not for a WebSocket";
        assert!(body.contains(text), "{body}");
        expect_event(&mut proxy, "GET", "/", 502);
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let mut proxy = proxy(&["--json"]);
    let one = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n";
    let two = "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";
    let three = "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut client = proxy.client();
    client.send(format!("{one}{two}{three}"));
    let mut server = proxy.target.accept();
    for (number, request) in [one, two, three].iter().enumerate() {
        assert_eq!(server.read_exact(request.len()), request.as_bytes());
        let response = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}");
        deliver(&mut server, &mut client, response.as_bytes());
        assert_eq!(proxy.event("http")["target"], format!("/{}", number + 1));
    }
}

/// The second request of a connection has a body that is larger than all buffers.
#[test]
fn large_bodies_pass_on_a_used_connection_in_both_directions() {
    const SIZE: usize = 8 << 20;
    let proxy = unread_proxy(&[]);
    let (mut client, mut server) = requested(&proxy, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    deliver(&mut server, &mut client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    for _ in 0..2 {
        let (mut up, mut down) = (client.socket(), server.socket());
        let send = move |socket: &mut dyn std::io::Write, head: String| {
            let mut bytes = head.into_bytes();
            bytes.resize(bytes.len() + SIZE, b'x');
            socket.write_all(&bytes).expect("a reader");
        };
        let head = format!("POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: {SIZE}\r\n\r\n");
        let upload = std::thread::spawn(move || send(&mut up, head));
        let got = server.read_head();
        assert_eq!(server.read_exact(SIZE), vec![b'x'; SIZE], "{got}");
        upload.join().expect("a client without errors");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n");
        let download = std::thread::spawn(move || send(&mut down, head));
        client.read_head();
        assert_eq!(client.read_exact(SIZE), vec![b'x'; SIZE]);
        download.join().expect("a server without errors");
    }
}

/// A server ends an idle connection; another request of the client is to go to a new one, with its body.
#[test]
fn a_connection_that_the_server_has_ended_is_not_used_again() {
    for is_half_closed in [false, true] {
        let mut proxy = proxy(&["--json"]);
        let (mut client, mut server) = requested(&proxy, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        deliver(&mut server, &mut client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        proxy.event("http");
        server.eof();
        let kept = is_half_closed.then_some(server);
        for request in [
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
            "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
        ] {
            client.send(request);
            let mut server = proxy.target.accept();
            assert_eq!(server.read_exact(request.len()), request.as_bytes());
            deliver(&mut server, &mut client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            assert_eq!(proxy.event("http")["status"], 200);
        }
        client.request("/", &[]);
        let mut server = proxy.target.accept();
        server.accept_request();
        assert_status(&client.read_head(), 101);
        drop(kept);
    }
}

/// A request that crosses the end of a kept connection is not sent twice: the server may have carried it out.
#[test]
fn a_kept_connection_ends_for_the_client_as_for_the_proxy() {
    for method in ["GET", "DELETE", "POST"] {
        for is_reset in [false, true] {
            let mut proxy = proxy(&["--json"]);
            let (mut client, mut server) = requested(&proxy, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            deliver(&mut server, &mut client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            proxy.event("http");
            client.send(format!("{method} /p HTTP/1.1\r\nHost: x\r\n\r\n"));
            assert!(server.read_head().starts_with(&format!("{method} /p")));
            if is_reset {
                server.reset();
                client.expect_reset(b"");
            } else {
                drop(server);
                assert_eq!(client.read_until_eof(), b"", "{method}");
            }
            let event = proxy.event("http");
            assert!(event["status"].is_null(), "{event}");
            let note = event["note"].as_str().unwrap_or_default();
            assert!(note.starts_with("the server gave no response: "), "{event}");
            // A new connection is for the next client.
            let (_client, _server) = requested(&proxy, "GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
        }
    }
}

#[test]
fn host_is_rewritten_for_pages_too() {
    let proxy = unread_proxy(&[]);
    let request = format!("GET / HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", proxy.port);
    let forwarded = proxy.forwarded(&request);
    let target = format!("127.0.0.1:{}", proxy.target.port());
    assert_eq!(header(&forwarded, "Host"), Some(&*target), "{forwarded}");
    let own = format!("GET http://localhost:{}/a HTTP/1.1\r\nHost: x\r\n\r\n", proxy.port);
    let forwarded = proxy.forwarded(&own);
    assert!(forwarded.starts_with("GET /a HTTP/1.1\r\n"), "{forwarded}");
}
