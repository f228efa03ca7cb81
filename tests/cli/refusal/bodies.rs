//! Malformed, truncated and encoded bodies: the received part is shown, and the problem is reported.

use super::{hint_of, refused};
use crate::support::{Server, wscope};

#[test]
fn the_body_after_a_malformed_chunk_is_shown() {
    const NOTE: &str =
        "(the chunked transfer coding is malformed: the body is shown as received from there on)\n";
    for (body, shown) in [
        ("zz\r\nthe reason why\r\n", "< zz\n< the reason why\n"),
        ("5\r\nfirst\r\nthe reason\r\n", "< firstthe reason\n"),
        ("Access denied: no seat", "< Access denied: no seat\n"),
    ] {
        let head = "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n";
        let outcome = refused(format!("{head}{body}"), &[]);
        assert!(outcome.stderr.ends_with(&format!("\n<\n{shown}{NOTE}")), "{}", outcome.stderr);
    }
}

#[test]
fn a_truncated_body_is_reported_with_its_position() {
    for (fields, body, note) in [
        (
            "Content-Length: 500",
            "short",
            "(body cut after 5 of 500 bytes: the connection was closed)",
        ),
        (
            "Transfer-Encoding: chunked",
            "5\r\nshort\r\n",
            "(body cut after 5 bytes, before its last chunk: the connection was closed)",
        ),
    ] {
        let outcome = refused(format!("HTTP/1.1 403 Forbidden\r\n{fields}\r\n\r\n{body}"), &[]);
        let end = format!("\n<\n< short\n{note}\n");
        assert!(outcome.stderr.ends_with(&end), "{}", outcome.stderr);
    }
    refused("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\n", &[])
        .stderr_contains("(body cut after 0 of 9 bytes: the connection was closed)\n");
}

/// The start of a secret at the end of the received part is masked.
#[test]
fn the_start_of_a_secret_in_a_truncated_body_is_masked() {
    let response = "HTTP/1.1 403 Forbidden\r\nContent-Length: 500\r\n\r\nyou sent S3cretTo";
    refused(response, &["--bearer", "S3cretToken99"])
        .stderr_contains("< you sent ***\n")
        .stderr_lacks("S3cret");
}

#[test]
fn a_truncated_body_of_a_proxy_is_reported_with_its_position() {
    let proxy = Server::respond("HTTP/1.1 502 No\r\nContent-Length: 500\r\n\r\nshort");
    let url = proxy.http_url();
    wscope().args(["--proxy", &url, "ws://target.invalid/"]).run().code(3).stderr_contains(
        "\n<\n< short\n(body cut after 5 of 500 bytes: the connection was closed)\n",
    );
}

#[test]
fn an_undecoded_body_is_reported() {
    let response = [
        &b"HTTP/1.1 403 No\r\nContent-Encoding: br\r\nContent-Length: 6\r\n\r\n"[..],
        b"\x0b\x05\x80hi\x03",
    ]
    .concat();
    let note = "(the body is br-encoded, 6 bytes, not decoded)\n";
    refused(&response, &[]).stderr_contains(note).stderr_lacks("0b 05");
    refused(&response, &["-v"]).stderr_contains(note).stderr_contains("0b 05 80 68 69 03");
    let long = [
        &b"HTTP/1.1 403 No\r\nContent-Encoding: zstd\r\nContent-Length: 9000\r\n\r\n"[..],
        &[1; 9000],
    ]
    .concat();
    let outcome = refused(&long, &[]).stderr_contains("(the body is zstd-encoded, more than ");
    assert!(!outcome.stderr.contains("4 KiB"), "{}", outcome.stderr);
    refused("HTTP/1.1 403 No\r\nContent-Encoding: br\r\nContent-Length: 0\r\n\r\n", &[])
        .stderr_lacks("encoded,");
}

#[test]
fn an_empty_or_truncated_page_is_not_reported_as_without_text() {
    let head = "HTTP/1.1 500 Bad\r\nContent-Type: text/html\r\n";
    refused(format!("{head}Content-Length: 0\r\n\r\n"), &[]).stderr_lacks("HTML page");
    let page = format!("<html><body>{}REASON: disk full</body>", "<div class=x>".repeat(380));
    let length = page.len();
    refused(format!("{head}Content-Length: {length}\r\n\r\n{page}"), &[])
        .stderr_contains(
            "(the first 4 KiB of an HTML page, without text so far; -v shows its source)\n",
        )
        .stderr_contains("(the body is longer: only its first 4 KiB were read)\n");
    refused(format!("{head}Content-Length: 500\r\n\r\n<html><body>"), &[])
        .stderr_contains("(the start of an HTML page, without text so far; -v shows its source)\n")
        .stderr_contains("(body cut after 12 of 500 bytes: the connection was closed)\n");
}

/// If the body gives the cause, the hint does not guess.
#[test]
fn there_is_no_guess_if_the_body_gives_the_cause() {
    for (status, body, hint) in [
        ("500 Internal Server Error", "disk full", ""),
        ("403 Forbidden", "{\"detail\":\"Not authenticated\"}", ""),
        ("400 Bad Request", "room parameter missing", "-v shows the request that was sent"),
        (
            "400 Bad Request",
            "Client must support 'binary' protocol",
            "the response mentions a protocol: if a subprotocol is meant, -s NAME offers it",
        ),
    ] {
        let length = body.len();
        let response = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}");
        assert_eq!(hint_of(&refused(response, &[])), hint, "{status} {body}");
    }
}
