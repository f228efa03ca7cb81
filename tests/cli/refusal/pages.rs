//! HTML pages and compressed bodies.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::refused;
use crate::support::{Server, wscope};

/// A page of this many paragraphs, with markup around them.
fn page(paragraphs: usize) -> String {
    let text: String = (1..=paragraphs)
        .map(|n| format!("\n\n  <p class=\"x > y\">line&nbsp;<b>{n}</b></p>\n"))
        .collect();
    format!(
        "<!DOCTYPE html><html><head><style>p {{ }}</style>\n<script>var a;</script></head><body>{text}</body></html>"
    )
}

fn response(fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 403 Forbidden\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[test]
fn a_page_is_shown_as_text() {
    for fields in ["Content-Type: text/html\r\n", ""] {
        refused(response(fields, page(2).as_bytes()), &[])
            .stderr_contains(
                "\n<\n< line 1\n< line 2\n(the text of an HTML page; -v shows its source)\n",
            )
            .stderr_lacks("<p")
            .stderr_lacks("var a");
    }
    refused(response("", page(2).as_bytes()), &["-v"])
        .stderr_contains("\n< <!DOCTYPE html><html>")
        .stderr_contains("<script>var a;</script>");
    refused(response("Content-Type: text/plain\r\n", page(1).as_bytes()), &[])
        .stderr_contains("\n< <!DOCTYPE html><html>");
    refused(response("", b"<html><div id=root></div><script>x</script>"), &[])
        .stderr_contains("\n(an HTML page without text; -v shows its source)\n");
    let outcome = refused(response("", page(2).as_bytes()), &["--json"]);
    assert_eq!(outcome.json_lines()[0]["body"], page(2));
}

#[test]
fn a_page_is_complete_in_a_pipe() {
    refused(response("", page(50).as_bytes()), &[])
        .stderr_contains("< line 1\n")
        .stderr_contains("< line 50\n");
}

#[cfg(unix)]
#[test]
fn a_page_is_truncated_on_a_terminal() {
    use crate::support::Terminal;
    for (options, is_complete) in [(&[][..], false), (&["-v"], true)] {
        let server = Server::respond(response("", page(50).as_bytes()));
        let url = server.url();
        let mut terminal = Terminal::spawn(options.iter().copied().chain([&*url]), 200, 100);
        assert_eq!(terminal.wait_exit(), 4);
        let text = terminal.screen();
        assert!(text.contains(if is_complete { "<b>50</b>" } else { "line 20" }), "{text}");
        assert!(!text.contains("line 21"), "{text}");
        assert_eq!(text.contains("30 more lines: -v shows"), !is_complete, "{text}");
    }
}

#[test]
fn a_secret_split_by_markup_is_masked() {
    let body = "<html><p>you sent hun<b></b>ter2hun&#116;er2</p></html>";
    refused(response("", body.as_bytes()), &["--bearer", "hunter2"])
        .stderr_contains("< you sent ******\n")
        .stderr_lacks("hunter2");
}

#[test]
fn a_page_is_escaped() {
    let body = "<html><p>&#27;[2J&#x9b;2J&#10;&#x202e;a</p></html>";
    let outcome = refused(response("", body.as_bytes()), &[]);
    let is_harmful = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!outcome.stderr.contains(is_harmful), "{:?}", outcome.stderr);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}

#[test]
fn compressed_bodies_are_decompressed() {
    let text = b"token expired";
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(text).expect("zlib");
    for (coding, body) in [("gzip", gzip(text)), ("deflate", zlib.finish().expect("zlib"))] {
        let fields = format!("Content-Encoding: {coding}\r\n");
        refused(response(&fields, &body), &[]).stderr_contains("\n<\n< token expired\n");
        let size = format!("{:x}\r\n", body.len());
        let head = format!("HTTP/1.1 403 No\r\n{fields}Transfer-Encoding: chunked\r\n\r\n");
        let chunked = [head.as_bytes(), size.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        let outcome = refused(chunked, &["--json"]).stderr_contains("\n<\n< token expired\n");
        assert_eq!(outcome.json_lines()[0]["body"], "token expired");
    }
    let fields = "Content-Encoding: gzip\r\nContent-Type: text/html\r\n";
    refused(response(fields, &gzip(page(2).as_bytes())), &[])
        .stderr_contains("\n< line 1\n< line 2\n");
    refused(response(fields, &gzip(b"you sent hunter2")), &["--bearer", "hunter2"])
        .stderr_contains("you sent ***")
        .stderr_lacks("hunter2");
}

#[test]
fn the_decompressed_size_is_bounded() {
    let bomb = gzip(&vec![b'x'; 64 << 20]);
    let outcome = refused(response("Content-Encoding: gzip\r\n", &bomb), &[]);
    assert!(outcome.stderr.len() < 6000, "{} bytes on stderr", outcome.stderr.len());
    outcome.stderr_contains("4 KiB");
}

#[test]
fn a_body_without_the_declared_encoding_is_shown_unchanged() {
    refused(response("Content-Encoding: gzip\r\n", b"plain words"), &[])
        .stderr_contains("\n<\n< plain words\n");
}

#[test]
fn a_page_of_a_proxy_is_shown_as_text() {
    let proxy = Server::script(|peer| {
        peer.read_head();
        let fields = "Content-Encoding: gzip\r\nContent-Type: text/html\r\n";
        peer.send(response(fields, &gzip(page(2).as_bytes())));
    });
    let url = proxy.http_url();
    wscope()
        .args(["--proxy", &url, "ws://target.invalid/"])
        .run()
        .code(3)
        .stderr_contains("\n<\n< line 1\n< line 2\n");
}
