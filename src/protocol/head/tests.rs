use super::*;

#[test]
fn a_head_is_kept_as_it_came() {
    let bytes =
        b"HTTP/1.1 101 Switching Protocols\r\nuPGRADE:websocket\r\nX: a\r\nX:  b \r\nB: \xff\r\n\r\nrest";
    let (line, head) = parse_response(bytes).unwrap().unwrap();
    assert_eq!(
        (line.status, line.reason.as_str(), line.minor_version),
        (101, "Switching Protocols", 1)
    );
    assert_eq!(head.bytes(), &bytes[..bytes.len() - 4]);
    let fields: Vec<_> = head.fields().collect();
    assert_eq!(fields, [("uPGRADE", &b"websocket"[..]), ("X", b"a"), ("X", b"b"), ("B", b"\xff")]);
    assert_eq!(head.list("x"), ["a", "b"]);
    assert_eq!(head.start_line(), b"HTTP/1.1 101 Switching Protocols");
}

#[test]
fn every_prefix_of_a_head_needs_more() {
    let bytes = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
    for cut in 0..bytes.len() {
        assert_eq!(parse_response(&bytes[..cut]), Ok(None), "cut at {cut}");
    }
    assert!(parse_response(bytes).unwrap().is_some());
}

#[test]
fn what_is_not_http_is_seen_at_the_first_wrong_byte() {
    for bytes in
        [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"\x15\x03\x01\x00\x02\x02\x46", b"220 mail ESMTP\r\n"]
    {
        assert_eq!(parse_response(bytes), Err(HeadError::NotHttp(bytes.to_vec())));
        assert!(parse_response(&bytes[..1]).is_err());
    }
}

#[test]
fn malformed_heads_name_the_line() {
    let cases = [
        ("HTTP/1.1 101 OK\r\nUpgrade websocket\r\n\r\n", "line 1 (no colon)"),
        (
            "HTTP/1.1 101 OK\r\nA: b\r\nUpgrade : websocket\r\n\r\n",
            "line 2 (white space before the colon)",
        ),
        ("HTTP/1.1 101 OK\r\nA: b\r\n folded\r\n\r\n", "line 2 (it starts with white space"),
        ("HTTP/1.1 101 OK\r\nA: b\0c\r\n\r\n", "control character in the value"),
        ("HTTP/1.1 1o1 OK\r\nA: b\r\n\r\n", "malformed start line"),
        ("HTTP/1.1 050 X\r\n\r\n", "malformed start line"),
        ("HTTP/2 101 OK\r\n\r\n", "malformed start line \"HTTP/2 101 OK\""),
    ];
    for (bytes, expected) in cases {
        let error = parse_response(bytes.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{bytes:?}: {error}");
    }
}

#[test]
fn heads_are_bounded() {
    let endless = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(MAX_HEAD));
    assert_eq!(parse_response(endless.as_bytes()), Err(HeadError::TooLong));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(MAX_FIELDS + 1));
    assert_eq!(parse_response(many.as_bytes()), Err(HeadError::TooManyFields));
}

#[test]
fn header_lines_are_checked() {
    let line = HeaderLine::parse("X-Token:  a:b ").unwrap();
    assert_eq!((line.name.as_str(), line.value.as_str()), ("X-Token", "a:b"));
    assert_eq!(HeaderLine::parse("nonsense"), Err(HeaderLineError::NoColon));
    assert_eq!(HeaderLine::parse(": x"), Err(HeaderLineError::NoName));
    assert_eq!(HeaderLine::parse("a b: x"), Err(HeaderLineError::InName(' ')));
    for c in ['\r', '\n', '\0', '\x07'] {
        assert_eq!(HeaderLine::parse(&format!("A: x{c}y")), Err(HeaderLineError::InValue(c)));
    }
}

#[test]
fn lists_respect_quotes() {
    assert_eq!(split_list(r#"a; x="1,2", b ,,c"#), [r#"a; x="1,2""#, "b", "", "c"]);
}
