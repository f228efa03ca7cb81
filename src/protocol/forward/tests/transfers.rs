//! Where bodies end, and what comes after them.

use super::*;
use crate::protocol::head::parse_response;

/// How many bytes after the head of the request belong to its body, and how far it was received.
pub(super) fn scanned(transfer: &mut Transfer, pieces: &[&[u8]]) -> (usize, Progress) {
    let mut total = 0;
    for piece in pieces {
        let count = transfer.scan(piece);
        total += count;
        if count < piece.len() {
            break;
        }
    }
    (total, transfer.progress())
}

#[track_caller]
fn assert_scanned(transfer: impl Fn() -> Transfer, body: &[u8], rest: &[u8], progress: Progress) {
    let bytes = [body, rest].concat();
    for cut in 0..=bytes.len() {
        let got = scanned(&mut transfer(), &[&bytes[..cut], &bytes[cut..]]);
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(got, (body.len(), progress), "{text:?} cut at {cut}");
    }
}

fn request(head: &str) -> Transfer {
    let (line, head) = parse_request(head.as_bytes()).unwrap().unwrap();
    Transfer::request(&line, &head).unwrap()
}

fn try_response(method: &str, head: &str) -> Result<Transfer, FramingError> {
    let (line, head) = parse_response(head.as_bytes()).unwrap().unwrap();
    Transfer::response(method, &line, &head)
}

fn response(method: &str, head: &str) -> Transfer {
    try_response(method, head).unwrap_or_else(|error| panic!("{head:?}: {error}"))
}

#[test]
fn bodies_of_requests_end_where_their_head_says() {
    for (fields, body, rest) in [
        ("", "", "GET / HTTP/1.1\r\n"),
        ("Content-Length: 0\r\n", "", "GET"),
        ("Content-Length: 5\r\n", "hello", "GET"),
        ("Content-Length: 005, 5\r\n", "hello", ""),
        ("Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "0\r\n\r\n"),
        (
            "Transfer-Encoding: gzip, CHUNKED\r\n",
            "2;x\r\nab\r\n1\r\n\r\r\n0\r\nA: b\r\n\r\n",
            "GET",
        ),
    ] {
        for method in ["GET", "POST", "HEAD", "BREW"] {
            let head = format!("{method} / HTTP/1.1\r\n{fields}\r\n");
            assert_scanned(|| request(&head), body.as_bytes(), rest.as_bytes(), Progress::Complete);
        }
    }
    let short = || request("POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n");
    assert_scanned(short, b"hello", b"", Progress::Incomplete);
    let open = || request("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_scanned(open, b"5\r\nhello\r\n0\r\n", b"", Progress::Incomplete);
}

#[test]
fn bodies_of_responses_end_where_their_head_says() {
    let chunks = "3\r\nabc\r\n0\r\n\r\n";
    for (method, head, body, rest) in [
        ("GET", "200 OK\r\nContent-Length: 3\r\n", "abc", "HTTP"),
        ("GET", "200 OK\r\nContent-Length : 3\r\n", "abc", "HTTP"),
        ("GET", "200 OK\r\nContent-Length: 3\r\ncontent-length: 3\r\n", "abc", "HTTP"),
        ("HEAD", "200 OK\r\nContent-Length: 3\r\n", "", "HTTP"),
        ("HEAD", "200 OK\r\nTransfer-Encoding: chunked\r\n", "", "HTTP"),
        ("HEAD", "200 OK\r\n", "", "HTTP"),
        ("GET", "204 No Content\r\nContent-Length: 3\r\n", "", "HTTP"),
        ("GET", "304 Not Modified\r\nTransfer-Encoding: chunked\r\n", "", "HTTP"),
        ("GET", "100 Continue\r\nContent-Length: 3\r\n", "", "HTTP"),
        ("GET", "101 Switching Protocols\r\n", "", "\u{1}"),
        ("POST", "500 X\r\nTransfer-Encoding: Chunked\r\n", chunks, "HTTP"),
        ("GET", "200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n", chunks, "HTTP"),
        ("GET", "200 OK\r\nTransfer-Encoding: chunked\r\n", "3 \nabc\n0\nA: b\n\n", "HTTP"),
    ] {
        let head = format!("HTTP/1.1 {head}\r\n");
        let transfer = || response(method, &head);
        assert_scanned(transfer, body.as_bytes(), rest.as_bytes(), Progress::Complete);
    }
    for head in
        ["200 OK\r\n", "200 OK\r\nTransfer-Encoding: gzip\r\n", "404 X\r\nTransfer-Encoding:\r\n"]
    {
        let transfer = || response("GET", &format!("HTTP/1.1 {head}\r\n"));
        assert_scanned(transfer, b"abcHTTP", b"", Progress::UntilEnd);
        assert!(!transfer().persists());
    }
    assert_scanned(Transfer::until_end, b"abc", b"", Progress::UntilEnd);
}

#[test]
fn lengths_that_contradict_each_other_are_errors_in_responses_too() {
    for (length, error) in [
        ("3\r\nContent-Length: 4", FramingError::Lengths),
        ("3, 4", FramingError::Lengths),
        ("x", FramingError::Length),
        ("", FramingError::Length),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        assert_eq!(try_response("GET", &head).err(), Some(error), "{length:?}");
        assert!(response("HEAD", &head).is_complete());
    }
}

#[test]
fn a_malformed_chunk_ends_the_scan_at_its_line() {
    let new = || request("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut transfer = new();
    let malformed = Progress::Malformed(ChunkFault::Size);
    assert_eq!(scanned(&mut transfer, &[b"1\r\na\r\nx\r\nhello"]), (6, malformed));
    assert_eq!((transfer.scan(b"0\r\n\r\n"), transfer.progress()), (0, malformed));
    assert!(new().persists() && !transfer.persists());
    let malformed = Progress::Malformed(ChunkFault::Break);
    assert_scanned(new, b"1\r\na\r", b"\r\n0\r\n\r\n", malformed);
}

#[test]
fn a_connection_persists_if_the_head_says_so() {
    for (version, connection, persists) in [
        (1, "", true),
        (1, "Connection: keep-alive\r\n", true),
        (1, "Connection: close\r\n", false),
        (1, "Connection: x, Close\r\n", false),
        (1, "Connection: keep-alive\r\nConnection: close\r\n", false),
        (0, "", false),
        (0, "Connection: Keep-Alive\r\n", true),
        (0, "Connection: keep-alive, close\r\n", false),
    ] {
        let fields = format!("{connection}Content-Length: 0\r\n\r\n");
        assert_eq!(request(&format!("GET / HTTP/1.{version}\r\n{fields}")).persists(), persists);
        let head = format!("HTTP/1.{version} 200 OK\r\n{fields}");
        assert_eq!(response("GET", &head).persists(), persists, "{head:?}");
    }
    let both = "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n";
    assert!(!response("GET", &format!("HTTP/1.1 200 OK\r\n{both}")).persists());
    let old = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert!(!response("GET", old).persists());
}

#[test]
fn only_interim_responses_are_followed_by_another() {
    let interim: Vec<_> = (0..1000).filter(|status| is_interim(*status)).collect();
    assert_eq!(interim, [&[100][..], &(102..200).collect::<Vec<_>>()].concat());
}
