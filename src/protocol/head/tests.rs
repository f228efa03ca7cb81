use super::*;

#[test]
fn a_head_is_preserved_as_received() {
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
fn data_that_is_not_http_is_detected_at_the_first_wrong_byte() {
    for bytes in
        [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"\x15\x03\x01\x00\x02\x02\x46", b"220 mail ESMTP\r\n"]
    {
        assert_eq!(parse_response(bytes), Err(HeadError::NotHttp(bytes.to_vec())));
        assert!(parse_response(&bytes[..1]).is_err());
    }
}

/// The head of a response with these lines after the start line.
fn head_of(lines: &str) -> Head {
    let bytes = format!("HTTP/1.1 101 OK\r\n{lines}\r\n");
    let (_, head) = parse_response(bytes.as_bytes()).unwrap().unwrap();
    assert_eq!(head.bytes(), bytes.as_bytes());
    head
}

fn fields_of(head: &Head) -> Vec<(&str, String)> {
    head.fields().map(|(name, value)| (name, String::from_utf8_lossy(value).into_owned())).collect()
}

#[test]
fn a_malformed_start_line_is_an_error() {
    for line in ["HTTP/1.1 1o1 OK", "HTTP/1.1 050 X", "HTTP/2 101 OK", "HTTP/1.1 200 O\0K"] {
        let error = parse_response(format!("{line}\r\nA: b\r\n\r\n").as_bytes()).unwrap_err();
        assert_eq!(error, HeadError::StartLine(line.to_owned()));
    }
    for line in ["GET / HTTP/2", "GET /a b HTTP/1.1", "GET", "G@T / HTTP/1.1"] {
        let error = parse_request(format!("{line}\r\nA: b\r\n\r\n").as_bytes()).unwrap_err();
        assert_eq!(error, HeadError::StartLine(line.to_owned()));
    }
}

#[test]
fn a_malformed_line_is_kept_and_does_not_affect_others() {
    for (line, fault) in [
        ("Upgrade websocket", LineFault::NoColon),
        ("Upgrade : websocket", LineFault::SpaceBeforeColon),
        ("Upgrade\t: websocket", LineFault::SpaceBeforeColon),
        (": websocket", LineFault::NoName),
        ("Up(grade: websocket", LineFault::Name),
        ("Up grade: websocket", LineFault::Name),
        ("Upgrade: web\0socket", LineFault::Value),
        ("Upgrade: websocket\r", LineFault::Value),
        ("Upgrade: \u{7f}", LineFault::Value),
    ] {
        let head = head_of(&format!("A: b\r\n{line}\r\nC: d\r\n"));
        assert_eq!(fields_of(&head), [("A", "b".to_owned()), ("C", "d".to_owned())], "{line:?}");
        let text = line.as_bytes().to_vec();
        let kept = MalformedLine { number: 2, text, fault, fields_before: 1 };
        assert_eq!(head.malformed_lines(), [kept], "{line:?}");
    }
    let head = head_of(" A: b\r\nC: d\r\n");
    assert_eq!(fields_of(&head), [("C", "d".to_owned())]);
    assert_eq!(head.malformed_lines()[0].fault, LineFault::LeadingSpace);
}

#[test]
fn folded_values_are_joined() {
    for (lines, value) in [
        ("A: b\r\n c\r\n", "b c"),
        ("A: b \t\r\n\t  c \r\n  d\r\n", "b c d"),
        ("A:\r\n b\r\n", "b"),
        ("A: b\r\n \r\n", "b"),
        ("A: b\n c\n", "b c"),
        ("A: b\r\n C: d\r\n", "b C: d"),
    ] {
        let head = head_of(lines);
        assert_eq!(fields_of(&head), [("A", value.to_owned())], "{lines:?}");
        assert_eq!(head.malformed_lines(), [], "{lines:?}");
    }
    let head = head_of("A: b\r\n c\r\nbad\r\n line\r\nD: e\r\n f\0\r\nG: h\r\n i\r\n");
    assert_eq!(fields_of(&head), [("A", "b c".to_owned()), ("G", "h i".to_owned())]);
    let texts: Vec<_> =
        head.malformed_lines().iter().map(|line| (line.number, &line.text[..])).collect();
    assert_eq!(texts, [(3, &b"bad line"[..]), (5, b"D: e f\0")]);
}

#[test]
fn leniently_fields_with_space_before_the_colon_are_used() {
    let head = head_of("A : b\r\nbad\r\nC: d\r\nE\t:\r\n f\r\nG : h\0\r\nI J : k\r\nL: m\r\n");
    let expected = [("A", "b"), ("C", "d"), ("E", "f"), ("L", "m")];
    let expected = expected.map(|(name, value)| (name, value.to_owned()));
    assert_eq!(fields_of(&head.lenient()), expected);
    assert_eq!(head.lenient().malformed_lines(), []);
    assert_eq!(head.malformed_lines().len(), 5);
}

#[test]
fn the_quote_of_a_long_line_is_truncated() {
    let head = head_of(&format!("{}\r\n", "x".repeat(10_000)));
    let line = &head.malformed_lines()[0];
    assert!(line.describe(&line.text).len() < 300);
}

#[test]
fn the_size_of_heads_is_limited() {
    let endless = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(MAX_HEAD));
    assert_eq!(parse_response(endless.as_bytes()), Err(HeadError::TooLong));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(MAX_FIELDS + 1));
    assert_eq!(parse_response(many.as_bytes()), Err(HeadError::TooManyFields));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\nbad\r\n".repeat(MAX_FIELDS / 2));
    assert!(parse_response(many.as_bytes()).is_ok());
    let many = many.replacen("bad", "bad\r\nworse", 1);
    assert_eq!(parse_response(many.as_bytes()), Err(HeadError::TooManyFields));
    let folded = format!("HTTP/1.1 200 OK\r\nA: b\r\n{}\r\n", " c\r\n".repeat(10_000));
    assert!(parse_response(folded.as_bytes()).is_ok());
}

#[test]
fn header_lines_are_validated() {
    let line = HeaderLine::parse("X-Token:  a:b ").unwrap();
    assert_eq!((line.name.as_str(), line.value.as_str()), ("X-Token", "a:b"));
    for typed in ["A: b", "A:", "A;"] {
        assert_eq!(HeaderLine::parse(typed).unwrap().to_string(), typed);
    }
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
