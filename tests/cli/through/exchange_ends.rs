//! The ends of TCP connections while a request is being answered: passed on as they came.

use serde_json::json;

use super::http::requested;
#[cfg(target_os = "linux")]
use super::resets::{fill, read_until_reset, sip};
use super::{assert_status, deliver, proxy, unread_proxy};
use crate::support::{Peer, text};

const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// A client whose opening handshake the server has got, and the server with its head.
#[track_caller]
fn awaiting(proxy: &super::Proxied) -> (Peer, Peer, String) {
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    let head = server.read_head();
    (client, server, head)
}

#[test]
fn the_end_of_a_client_passes_before_the_101() {
    let proxy = unread_proxy(&[]);
    let (mut client, mut server, head) = awaiting(&proxy);
    client.eof();
    server.expect_eof();
    server.accept(&head);
    server.send(text("still"));
    assert_status(&client.read_head(), 101);
    client.expect_text("still");
    server.eof();
    client.expect_eof();
}

#[test]
fn a_reset_by_a_client_passes_before_the_101() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server, _) = awaiting(&proxy);
    client.reset();
    server.expect_reset(b"");
    let error = proxy.event("error");
    assert!(error["message"].as_str().is_some_and(|it| it.contains("RST")), "{error}");
}

#[test]
fn a_client_that_ends_its_direction_gets_the_rest_of_the_response() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = requested(&proxy, GET);
    deliver(&mut server, &mut client, b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
    client.eof();
    server.expect_eof();
    deliver(&mut server, &mut client, b"rest");
    client.expect_eof();
    assert_eq!(proxy.event("http")["status"], 200);
}

#[test]
fn a_reset_by_a_client_passes_while_it_is_answered() {
    let proxy = unread_proxy(&[]);
    let (mut client, mut server) = requested(&proxy, GET);
    deliver(&mut server, &mut client, b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
    client.reset();
    server.expect_reset(b"");
}

#[test]
fn the_end_of_a_client_passes_within_its_request() {
    let proxy = unread_proxy(&[]);
    let request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf";
    let (mut client, mut server) = requested(&proxy, request);
    client.eof();
    server.expect_eof();
    deliver(&mut server, &mut client, b"HTTP/1.1 400 Short\r\nContent-Length: 0\r\n\r\n");
    client.expect_eof();
}

#[test]
fn pipelined_requests_before_the_end_of_a_client_are_all_answered() {
    let proxy = unread_proxy(&[]);
    let mut client = proxy.client();
    client.send(GET.repeat(2));
    client.eof();
    let mut server = proxy.target.accept();
    for number in 1..=2 {
        assert_eq!(server.read_exact(GET.len()), GET.as_bytes());
        let response = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}");
        deliver(&mut server, &mut client, response.as_bytes());
    }
    server.expect_eof();
    client.expect_eof();
}

#[test]
fn a_reset_by_the_server_during_an_upload_is_not_taken_for_an_end() {
    let mut proxy = proxy(&["--json"]);
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n\r\n";
    let (mut client, mut server) = requested(&proxy, head);
    let mut upload = client.socket();
    let uploading = std::thread::spawn(move || {
        let _ = std::io::Write::write_all(&mut upload, &vec![b'x'; 16_000_000]);
    });
    server.read_exact(1 << 20);
    server.reset();
    assert_status(&client.read_head(), 502);
    let event = proxy.event("http");
    assert_eq!(event["status"], json!(502), "{event}");
    assert!(event["note"].as_str().is_some_and(|note| note.contains("RST")), "{event}");
    client.reset();
    uploading.join().expect("a client without errors");
}

pub(super) const DOWNLOAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";

/// What the client does not take fills all buffers, so that the server is not read any more.
#[cfg(target_os = "linux")]
#[test]
fn a_reset_by_the_server_passes_though_the_client_takes_nothing() {
    let mut proxy = proxy(&["--json"]);
    let (client, mut server) = requested(&proxy, GET);
    server.send(DOWNLOAD);
    fill(&server, &[b'x'; 60_000]);
    server.reset();
    let event = proxy.event("http");
    assert_eq!(event["status"], 200, "{event}");
    let note = event["note"].as_str().unwrap_or_default();
    assert!(note.contains("RST"), "{event}");
    assert!(note.contains("; not delivered to the client: up to "), "{event}");
    read_until_reset(&client);
}

/// What the server's system has not sent when it is reset is lost; what the proxy has read is not.
#[cfg(target_os = "linux")]
#[test]
fn a_client_that_reads_slowly_gets_what_came_before_a_reset() {
    let mut proxy = proxy(&["--json"]);
    let (client, mut server) = requested(&proxy, GET);
    server.send(DOWNLOAD);
    fill(&server, &[b'x'; 60_000]);
    server.reset();
    sip(&client);
    read_until_reset(&client);
    let event = proxy.event("http");
    let note = event["note"].as_str().unwrap_or_default();
    assert!(note.contains("RST") && !note.contains("not delivered"), "{event}");
}

pub(super) const REFUSAL: &str = "HTTP/1.1 401 No\r\nContent-Length: 1000000000\r\n\r\n";

pub(super) const UPLOAD: &str = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n";

#[cfg(target_os = "linux")]
#[test]
fn a_server_that_reads_slowly_gets_what_came_before_a_reset() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, server) = requested(&proxy, UPLOAD);
    fill(&client, &[b'x'; 60_000]);
    client.reset();
    sip(&server);
    read_until_reset(&server);
    let event = proxy.event("http");
    let note = event["note"].as_str().unwrap_or_default();
    assert!(note.starts_with("the client ended the connection"), "{event}");
    assert!(!note.contains("not delivered"), "{event}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_server_that_takes_nothing_does_not_get_is_noted() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, server) = requested(&proxy, UPLOAD);
    fill(&client, &[b'x'; 60_000]);
    client.reset();
    let event = proxy.event("http");
    let note = event["note"].as_str().unwrap_or_default();
    assert!(note.contains("; not delivered to the server: up to "), "{event}");
    read_until_reset(&server);
}

#[cfg(target_os = "linux")]
#[test]
fn a_download_that_is_not_read_holds_up_no_other() {
    let proxy = unread_proxy(&[]);
    let (stalled, mut server) = requested(&proxy, GET);
    server.send(DOWNLOAD);
    fill(&server, &[b'x'; 60_000]);
    let (mut client, mut other) = requested(&proxy, GET);
    deliver(&mut other, &mut client, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    drop((stalled, server));
}

#[cfg(target_os = "linux")]
#[test]
fn a_reset_by_a_client_that_takes_nothing_passes() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, server) = requested(&proxy, GET);
    let mut sender = server.socket();
    std::io::Write::write_all(&mut sender, DOWNLOAD.as_bytes()).expect("a reader");
    fill(&server, &[b'x'; 60_000]);
    client.reset();
    let event = proxy.event("http");
    assert_eq!(event["status"], 200, "{event}");
    let note = event["note"].as_str().unwrap_or_default();
    assert!(note.starts_with("the client ended the connection"), "{event}");
    read_until_reset(&server);
}

/// The server has refused the opening handshake, whatever the client did then.
#[test]
fn a_refusal_is_the_outcome_though_the_client_resets_the_connection() {
    let proxy = proxy(&["--once"]);
    let (mut client, mut server, _) = awaiting(&proxy);
    deliver(&mut server, &mut client, b"HTTP/1.1 401 No\r\nContent-Length: 8\r\n\r\nhalf");
    client.reset();
    server.expect_reset(b"");
    proxy.running.wait().code(4).stderr_contains("401 No");
}

/// What was refused is the outcome, and that the client did not get all of that is shown.
#[cfg(target_os = "linux")]
#[test]
fn what_a_client_did_not_get_of_a_refusal_is_shown() {
    let mut proxy = proxy(&["--json"]);
    let (client, mut server, _) = awaiting(&proxy);
    server.send(REFUSAL);
    fill(&server, &[b'x'; 60_000]);
    server.reset();
    assert_eq!(proxy.event("error")["status"], 401);
    let line = proxy.running.wait_stderr("not delivered to the client: ");
    assert!(line.contains("within its response: ") && line.contains("RST"), "{line}");
    read_until_reset(&client);
}

/// The client does not read the interim responses, behind which there can be no 504.
#[cfg(target_os = "linux")]
#[test]
fn a_timeout_does_not_wait_for_a_client_that_takes_nothing() {
    let proxy = proxy(&["--once", "--connect-timeout", "1s"]);
    let (client, server, _) = awaiting(&proxy);
    let filler = "x".repeat(6000);
    fill(&server, format!("HTTP/1.1 103 Early Hints\r\nX-A: {filler}\r\n\r\n").as_bytes());
    proxy.running.wait().code(7);
    read_until_reset(&client);
}
