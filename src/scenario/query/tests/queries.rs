use super::*;

/// Scenario language, section 4: the queries of a message; a singular JSON path gives "the value, another a list".
#[test]
fn queries_of_a_message() {
    let facts = MessageFacts {
        wire_size: 17,
        frames: 3,
        is_compressed: true,
        ..text(r#"{"a":{"b":[1,2.5]},"id":9007199254740993}"#)
    };
    let facts = Facts::Message(&facts);
    for (line, value) in [
        (r#"jsonpath "$.a.b[1]""#, "a float: 2.5"),
        (r#"jsonpath "$.id""#, "an integer: 9007199254740993"),
        (r#"jsonpath "$.x""#, "nothing"),
        (r#"jsonpath "$.a.b[*]""#, "a list: [1,2.5]"),
        (r#"jsonpath "$..x""#, "a list: []"),
        (r#"regex /"id":(\d+)/"#, "a string: \"9007199254740993\""),
        (r#"regex "b.:""#, r#"a string: "b\":""#),
        (r"regex /x(a)?/", "nothing"),
        (r"regex /id(x)?/", "nothing"),
        ("text", r#"a string: "{\"a\":{\"b\":[1,2.5]},\"id\":9007199254740993}""#),
        ("type", "a string: \"text\""),
        ("size", "an integer: 41"),
        ("wire_size", "an integer: 17"),
        ("frames", "an integer: 3"),
        ("compressed", "a boolean: true"),
        ("duration", "a duration: 120ms"),
        (r#"variable "n""#, "an integer: 1"),
        (r#"variable "x""#, "nothing"),
        ("rtt", "rtt has no meaning here"),
    ] {
        assert_eq!(captured(line, &facts), value, "{line}");
    }
}

/// Scenario language, section 4: `bytes`, `type` (`"text"`, `"binary"`).
#[test]
fn a_binary_message_is_bytes_and_may_be_json() {
    let bytes = message(MessageKind::Binary, &[1, 0, 10]);
    let object = message(MessageKind::Binary, br#"{"a":1}"#);
    let (bytes, object) = (Facts::Message(&bytes), Facts::Message(&object));
    assert_eq!(captured("bytes", &bytes), "bytes: hex:01 00 0a");
    assert_eq!(captured("type", &bytes), "a string: \"binary\"");
    assert_eq!(captured("text", &bytes), "a text message is expected, got a binary one");
    assert_eq!(captured("regex /a/", &object), "a text message is expected, got a binary one");
    assert_eq!(captured(r#"jsonpath "$.a""#, &object), "an integer: 1");
    assert_eq!(
        captured(r#"jsonpath "$.a""#, &Facts::Message(&text("a"))),
        "the message is not JSON: expected value at line 1 column 1"
    );
    let packed = message(MessageKind::Binary, b"\x81\xa1a\x07");
    let packed = Facts::Message(&packed);
    assert_eq!(captured(r#"bytes decode "msgpack" jsonpath "$.a""#, &packed), "an integer: 7");
    let first = MessageFacts { duration: None, ..text("") };
    assert_eq!(captured("duration", &Facts::Message(&first)), "nothing");
    let reason =
        "duration counts from the last message sent on this connection before, and none was sent";
    let assertion = parse_assertion("duration < 1ms", 0).expect("an assertion");
    let failed = assertion.check(&Facts::Message(&first), &variables()).expect_err("nothing");
    let FailureKind::Mismatch(mismatch) = failed.kind else { panic!("{failed:?}") };
    assert_eq!(mismatch.to_string(), "expected < 1ms, got nothing");
    assert_eq!(mismatch.difference, Some(Phrase::from(reason.to_owned())));
    let capture = parse_capture("duration", 0).expect("a capture");
    let failed = capture.capture(&Facts::Message(&first), &variables()).expect_err("nothing");
    let expected = FailureKind::Error(format!("there is nothing to capture: {reason}"));
    assert_eq!(failed.kind, expected);
}

/// Scenario language, section 4: "of a connection: `status`, `header "Name"`, …, `certificate "…"`".
#[test]
fn queries_of_a_handshake() {
    let headers = [("Upgrade", "websocket"), ("Set-Cookie", "a=1"), ("set-cookie", "b=2")];
    let facts = HandshakeFacts {
        status: 101,
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        subprotocol: Some("chat".to_owned()),
        extensions: Some("permessage-deflate".to_owned()),
        body: Some(b"no token".to_vec()),
        timings: Timings { tcp: Some(Duration::from_millis(3)), ..Timings::default() },
        tls_version: Some("TLSv1.3".to_owned()),
        certificate: Some(CertificateFacts {
            subject: "CN=a".to_owned(),
            issuer: "CN=b".to_owned(),
            not_after: "2027-01-02T03:04:05Z".parse().expect("a date"),
            days_left: -3,
        }),
    };
    for (line, value) in [
        ("status", "an integer: 101"),
        (r#"header "UPGRADE""#, "a string: \"websocket\""),
        (r#"header "Set-Cookie""#, "a list: [\"a=1\",\"b=2\"]"),
        (r#"header "X""#, "nothing"),
        (r#"header "{{x}}""#, "the variable \"x\" has no value"),
        ("subprotocol", "a string: \"chat\""),
        ("extensions", "a string: \"permessage-deflate\""),
        ("body", "a string: \"no token\""),
        (r#"timing "tcp""#, "a duration: 3ms"),
        (r#"timing "dns""#, "nothing"),
        (r#"timing "tls""#, "nothing"),
        (r#"timing "upgrade""#, "nothing"),
        (r#"timing "total""#, "nothing"),
        ("tls_version", "a string: \"TLSv1.3\""),
        (r#"certificate "subject""#, "a string: \"CN=a\""),
        (r#"certificate "issuer""#, "a string: \"CN=b\""),
        (r#"certificate "not_after""#, "a date: 2027-01-02T03:04:05Z"),
        (r#"certificate "days_left""#, "an integer: -3"),
        ("text", "text has no meaning here"),
    ] {
        assert_eq!(captured(line, &Facts::Handshake(&facts)), value, "{line}");
    }
    let plain = HandshakeFacts { body: Some(vec![0xff]), ..HandshakeFacts::default() };
    assert_eq!(captured("body", &Facts::Handshake(&plain)), "bytes: hex:ff");
    for line in ["subprotocol", "extensions", "tls_version", r#"certificate "issuer""#] {
        assert_eq!(captured(line, &Facts::Handshake(&plain)), "nothing", "{line}");
    }
}

/// Scenario language, section 4: "after `< close:` `code`, `reason`, `clean`, `initiator`; after `< pong:` `rtt`".
#[test]
fn queries_of_an_end_and_of_a_pong() {
    let mut close =
        CloseFacts { code: 4001, reason: "see you".to_owned(), is_clean: true, is_by_peer: true };
    for (line, value) in [
        ("code", "an integer: 4001"),
        ("reason", "a string: \"see you\""),
        ("clean", "a boolean: true"),
        ("initiator", "a string: \"peer\""),
        ("status", "status has no meaning here"),
    ] {
        assert_eq!(captured(line, &Facts::Close(&close)), value, "{line}");
    }
    close.is_by_peer = false;
    assert_eq!(captured("initiator", &Facts::Close(&close)), "a string: \"self\"");
    let pong = PongFacts { rtt: Some(Duration::from_micros(1500)) };
    assert_eq!(captured("rtt", &Facts::Pong(&pong)), "a duration: 1.5ms");
    assert_eq!(captured("rtt", &Facts::Pong(&PongFacts::default())), "nothing");
    assert_eq!(captured("code", &Facts::Pong(&pong)), "code has no meaning here");
}

/// Scenario language, section 4: "after DURING `count`, `rate` (a second), `gap` (the longest between two)".
#[test]
fn queries_of_a_period() {
    let at = |millis, data| (Duration::from_millis(millis), text(data));
    let mut period = PeriodFacts {
        length: Duration::from_secs(2),
        messages: vec![at(100, "a"), at(350, "b"), at(400, "c")],
    };
    for (line, value) in [
        ("count", "an integer: 3"),
        ("rate", "a float: 1.5"),
        ("gap", "a duration: 250ms"),
        ("text", "text has no meaning here"),
    ] {
        assert_eq!(captured(line, &Facts::Period(&period)), value, "{line}");
    }
    period.messages.truncate(1);
    assert_eq!(captured("gap", &Facts::Period(&period)), "nothing");
    let empty = PeriodFacts::default();
    assert_eq!(captured("rate", &Facts::Period(&empty)), "nothing");
    assert_eq!(captured("count", &Facts::Period(&empty)), "an integer: 0");
}

/// Scenario language, section 4: "after `$` `stdout`, `exit`".
#[test]
fn queries_of_a_command() {
    let command = |stdout: &[u8]| CommandFacts { stdout: stdout.to_vec(), exit: Some(3) };
    let value = |line, command: CommandFacts| captured(line, &Facts::Command(&command));
    assert_eq!(value("stdout", command(b"a\nb\r\n\n")), "a string: \"a\\nb\"");
    assert_eq!(value("stdout", command(b"")), "a string: \"\"");
    assert_eq!(value("stdout", command(b"\xff\n")), "bytes: hex:ff");
    assert_eq!(value("exit", command(b"")), "an integer: 3");
    assert_eq!(value("exit", CommandFacts::default()), "nothing");
    assert_eq!(value("count", CommandFacts::default()), "count has no meaning here");
    assert_eq!(captured("stdout", &Facts::Nothing), "stdout has no meaning here");
    assert_eq!(captured(r#"variable "n""#, &Facts::Nothing), "an integer: 1");
}
