//! What other programs write.

use serde_json::Value;

use super::*;

/// Some members of each event.
fn picked(events: &[Recorded], keys: &[&str]) -> Vec<String> {
    let pick = |event: &Recorded| {
        let line: Value = serde_json::from_str(&shown(event)).expect("JSON");
        let values = keys.iter().filter_map(|key| line.get(key)).filter(|value| !value.is_null());
        let texts =
            values.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        texts.collect::<Vec<_>>().join(" ")
    };
    events.iter().map(pick).collect()
}

const MESSAGES: [&str; 8] =
    ["event", "connection", "time", "elapsed_ms", "direction", "type", "data", "wire_size"];

#[test]
fn chrome_writes_seconds() {
    let events = events(include_bytes!("../../../../tests/data/har/chrome.har"));
    assert_eq!(
        picked(&events, &MESSAGES),
        [
            "open 2026-05-04T09:00:01.125000Z 0.000",
            "message 2026-05-04T09:00:01.250125Z 125.125 sent text {\"op\":\"hello\",\"n\":1} 0",
            "message 2026-05-04T09:00:01.500000Z 375.000 received text {\"op\":\"welcome\",\"to\":\"é 世界\"} 0",
            "message 2026-05-04T09:00:02.000000Z 875.000 received binary AP+AQQ== 0",
            "error 2026-05-04T09:00:03.750000Z 2625.000",
        ]
    );
    let opened = ["url", "http_version", "status", "reason", "protocol", "extensions", "remote"];
    assert_eq!(
        picked(&events[..1], &opened),
        ["wss://app.test/live?v=2 HTTP/1.1 101 Switching Protocols chat.v2 permessage-deflate "]
    );
    assert_eq!(
        picked(&events[4..], &["kind", "message"]),
        ["abnormal connection failed: Invalid frame header"]
    );
}

/// It sorts such an entry before the others.
#[test]
fn chrome_writes_no_time_of_a_connection_that_failed_before_its_handshake() {
    let har = br#"{"log": {"entries": [
        {"_resourceType": "websocket", "startedDateTime": "1969-12-31T23:59:59.000Z", "time": 3401587.956,
         "request": {"url": "ws://x/1"}, "response": {"status": 0}, "timings": {"send": 0, "wait": 3401587.892},
         "_webSocketMessages": [{"type": "error", "time": 3400.587892, "opcode": -1, "data": "net::ERR_UNSAFE_PORT"}]},
        {"_resourceType": "websocket", "startedDateTime": "2026-05-04T09:00:01.000Z",
         "request": {"url": "ws://x/2"}, "response": {"status": 101}, "timings": {"send": 0, "wait": 2},
         "_webSocketMessages": [{"type": "send", "time": 1777885202, "opcode": 1, "data": "hi"}]}
    ]}}"#;
    assert_eq!(
        picked(&events(har), &MESSAGES),
        [
            "error 1 2026-05-04T09:00:01.000000Z 0.000",
            "open 2 2026-05-04T09:00:01.002000Z 2.000",
            "message 2 2026-05-04T09:00:02.000000Z 1000.000 sent text hi 0",
        ]
    );
}

#[test]
fn playwright_writes_milliseconds() {
    let events = events(include_bytes!("../../../../tests/data/har/playwright.har"));
    assert_eq!(
        picked(&events, &MESSAGES),
        [
            "open 1 2026-05-04T09:00:01.125000Z 0.000",
            "message 1 2026-05-04T09:00:01.250125Z 125.125 sent text ask 0",
            "message 1 2026-05-04T09:00:02.000625Z 875.625 received binary AQI= 0",
            "error 2 2026-05-04T09:00:03.000000Z 1875.000",
        ]
    );
    assert_eq!(
        picked(&events[3..], &["kind", "message"]),
        ["connect could not connect to ws://localhost:9001/closed: net::ERR_CONNECTION_REFUSED"]
    );
}

#[test]
fn mitmproxy_writes_urls_of_http() {
    let events = events(include_bytes!("../../../../tests/data/har/mitmproxy.har"));
    assert_eq!(
        picked(&events, &MESSAGES),
        [
            "open 1 2026-05-04T09:00:01.131250Z 0.000",
            "message 1 2026-05-04T09:00:01.132273Z 1.023 received text first 0",
            "message 1 2026-05-04T09:00:01.250125Z 118.875 sent text  0",
            "error 2 2026-05-04T09:00:02.000000Z 868.750",
        ]
    );
    assert_eq!(
        picked(&events[..1], &["url", "remote", "response_headers", "timings_ms"]),
        ["ws://localhost:9001/live 127.0.0.1:9001 [[\"X-Served\",\"1\"],[\"X-Served\",\"2\"]] \
          {\"dns\":null,\"tcp\":2.000,\"proxy\":null,\"tls\":null,\"upgrade\":4.250,\"total\":6.250}"]
    );
    assert_eq!(
        picked(&events[3..], &["kind", "message", "status", "response_headers", "body"]),
        ["handshake ws://localhost:9001/private refused the upgrade: 401 Unauthorized 401 \
          [[\"WWW-Authenticate\",\"Bearer\"]] no token"]
    );
}

/// Browsers do not follow it: the next entry is another connection.
#[test]
fn a_redirect_in_the_har_of_another_program_is_a_refusal() {
    let har = br#"{"log":{"entries":[
        {"startedDateTime":"2026-05-04T09:00:01Z","_resourceType":"websocket","request":{"url":"wss://a.test/n"},
         "response":{"status":302,"statusText":"Found","redirectURL":"wss://a.test/login","headers":[]}},
        {"startedDateTime":"2026-05-04T09:00:05Z","_resourceType":"websocket","request":{"url":"wss://a.test/login"},
         "response":{"status":101},"_webSocketMessages":[{"type":"send","time":1777885206,"opcode":1,"data":"hi"}]}
    ]}}"#;
    assert_eq!(
        picked(&events(har), &["event", "connection", "url", "status", "data"]),
        ["error 1 wss://a.test/n 302", "open 2 wss://a.test/login 101", "message 2 hi"]
    );
}

#[test]
fn http_toolkit_writes_the_end() {
    let (events, result) = read_all(include_bytes!("../../../../tests/data/har/http-toolkit.har"));
    let warnings = result.map(|summary| summary.warnings).map_err(|error| error.to_string());
    assert_eq!(
        warnings,
        Ok(vec!["x.har:7:7: entry 1: _webSocketClose does not say which side closed".to_owned()])
    );
    assert_eq!(
        picked(&events, &["event", "connection", "url", "data", "code", "reason", "was_clean"]),
        [
            "open 1 wss://app.test/live Switching Protocols",
            "message 1 bye",
            "close 1 4001 enough true",
            "open 2 wss://app.test/live ",
            "close 2 1006  false",
        ]
    );
    assert_eq!(
        picked(&events[2..3], &["time", "duration_ms"]),
        ["2026-05-04T09:00:03.125000Z 1998.000"]
    );
}

#[test]
fn what_is_odd_is_a_warning_with_its_place() {
    let (events, result) = read_all(include_bytes!("../../../../tests/data/har/odd.har"));
    let warnings = result.map(|summary| summary.warnings).map_err(|error| error.to_string());
    assert!(warnings.is_ok(), "{warnings:?}");
    assert_eq!(
        picked(
            &events,
            &[
                "event",
                "connection",
                "from",
                "to",
                "elapsed_ms",
                "direction",
                "data",
                "code",
                "reason"
            ]
        ),
        [
            "error 1 0.000",
            "open 2 0.000 ",
            "message 2 0.000 received a",
            "open 3 0.000 ",
            "message 2 1250.000 received bm8gYmFzZTY0",
            "message 2 1250.000 sent {\"c\": 1}",
            "close 2 1250.000 1000 bye",
        ]
    );
    assert_eq!(
        warnings.expect("warnings"),
        [
            "x.har:2:4: entry 1: it is not an object: skipped",
            "x.har:2:9: entry 2: it is not an object: skipped",
            "x.har:2:14: entry 3: it is not an object: skipped",
            "x.har:2:18: entry 4: it is not an object: skipped",
            "x.har:7:7: entry 7: _webSocketMessages[1]: it is not a message: skipped",
            "x.har:8:73: entry 7: _webSocketMessages[2]: `data` is not base64: used as written",
            "x.har:9:34: entry 7: _webSocketMessages[3]: `type` is not \"send\" or \"receive\": the message is skipped",
            "x.har:10:64: entry 7: _webSocketMessages[4]: `data` is not a string: used as written",
            "x.har:14:63: entry 8: _webSocketMessages is not an array: skipped",
            "x.har:5:3: entry 7: request.url is not a string: ignored",
            "x.har:5:3: entry 7: response is not an object: ignored",
            "x.har:14:3: entry 8: `startedDateTime` is not a date and time",
            "x.har:14:3: entry 8: its messages are in another file, \"0a1b.jsonl\", and are missing here: Playwright's recordHar writes them into the HAR with content: 'embed'",
            "x.har:14:3: entry 8: _webSocketClose is not an object: skipped",
        ]
    );
}

/// They were 0 without a word.
#[test]
fn times_of_messages_are_of_any_unit_and_what_is_none_is_one_warning() {
    let read = |times: [&str; 2]| {
        let message =
            |time: &str| format!(r#"{{"type":"send","time":{time},"opcode":1,"data":"x"}}"#);
        let har = format!(
            r#"{{"log":{{"entries":[{{"startedDateTime":"2024-01-02T03:04:05Z","request":{{"url":"ws://h/"}},"response":{{"status":101}},"_webSocketMessages":[{}]}}]}}}}"#,
            times.map(message).join(",")
        );
        let (events, result) = read_all(har.as_bytes());
        let warnings = result.map(|summary| summary.warnings).map_err(|error| error.to_string());
        (picked(&events[1..], &["elapsed_ms"]), warnings.expect("a recording"))
    };
    for times in [
        ["\"2024-01-02T03:04:06Z\"", "\"2024-01-02T05:04:08.500+02:00\""],
        ["1704164646", "\"1704164648.5\""],
        ["1704164646000", "1704164648500"],
        ["1704164646000000", "1704164648500000"],
        ["1704164646000000000", "1704164648500000000"],
    ] {
        let expected = ["1000.000", "3500.000"].map(str::to_owned).to_vec();
        assert_eq!(read(times), (expected, vec![]), "{times:?}");
    }
    let (_, warnings) = read(["\"soon\"", "{}"]);
    let [warning, more] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(more.ends_with("_webSocketMessages: the same for 1 message behind that"), "{more}");
    let reason = "entry 1: _webSocketMessages[0]: `time` is not a time: it follows the one before";
    assert!(warning.starts_with("x.har:1:") && warning.ends_with(reason), "{warning}");
}

/// They were replaced without a word.
#[test]
fn values_of_other_types_are_warnings() {
    let warnings = |request: &str, response: &str, close: &str| {
        let har = format!(
            r#"{{"log":{{"entries":[{{"_webSocketMessages":[{{"type":"send","time":1,"opcode":1,"data":"x"}}],"request":{request},"response":{response},"_webSocketClose":{close}}}]}}}}"#
        );
        let (events, result) = read_all(har.as_bytes());
        let warnings = result.map(|summary| summary.warnings).map_err(|error| error.to_string());
        let warnings = warnings.expect("a recording").into_iter();
        let texts = warnings.map(|it| it.split_once("entry 1: ").expect("its entry").1.to_owned());
        assert_eq!(picked(&events, &["event"]), ["open", "message", "close"], "{har}");
        texts.collect::<Vec<_>>()
    };
    let request = r#"{"url":"ws://h/","headers":[]}"#;
    let response = r#"{"status":101,"headers":[]}"#;
    let closed = r#"{"code":4001,"reason":"x","initiator":"peer"}"#;
    assert_eq!(warnings(request, response, closed), [""; 0]);
    let no_side = "_webSocketClose does not say which side closed";
    for close in [r#"{"code":4001,"reason":"x"}"#, "{}"] {
        assert_eq!(warnings(request, response, close), [no_side]);
    }
    let peer = r#"{"initiator":"peer"}"#;
    for (close, expected) in [
        (
            r#"{"code":99999,"reason":"x","initiator":"peer"}"#,
            "_webSocketClose.code is not a close code: ignored; the reason is \"x\"",
        ),
        (r#"{"code":{},"initiator":"peer"}"#, "_webSocketClose.code is not a close code: ignored"),
        (
            r#"{"code":"4001","reason":5,"initiator":"peer"}"#,
            "_webSocketClose.reason is not a string: ignored",
        ),
    ] {
        assert_eq!(warnings(request, response, close), [expected]);
    }
    assert_eq!(
        warnings(r#"{"url":7,"headers":"x"}"#, r#"{"status":"ok","headers":{}}"#, peer),
        [
            "request.url is not a string: ignored",
            "request.headers is not an array: ignored",
            "response.status is not a number: ignored",
            "response.headers is not an array: ignored",
        ]
    );
    let expected = ["request is not an object: ignored", "response is not an object: ignored"];
    assert_eq!(warnings("[]", "true", peer), expected);
}

#[test]
fn a_har_that_is_cut_has_what_was_before() {
    let har = include_bytes!("../../../../tests/data/har/chrome.har");
    let at = har.windows(12).position(|it| it == b"AP+AQQ==\"\n  ").expect("the third message");
    let (events, result) = read_all(&har[..at]);
    assert_eq!(
        picked(&events, &["event", "url", "direction"]),
        ["open ", "message sent", "message received"]
    );
    let warnings = result.expect("warnings").warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("x.har:112:21: the HAR is incomplete"), "{warnings:?}");
}

#[test]
fn what_is_not_json_is_an_error_with_its_place() {
    for (har, events, error) in [
        (
            &br#"{"log": {"entries": [{"_webSocketMessages": [{"type":"send","data":"a"}, }]}"#[..],
            2,
            "x.har:1:74: expected value (at byte 73 of the file)",
        ),
        (
            b"{\"log\": {\"entries\":\n {}}}",
            0,
            "x.har:2:2: invalid type: map, expected an array as `log.entries` (at byte 21 of the file)",
        ),
        (
            b"{\"log\": {\"pages\": []}}",
            0,
            "x.har: it is JSON without `log.entries`, which a HAR has",
        ),
        (
            b"{\"log\": [[[",
            0,
            "x.har:1:9: invalid type: sequence, expected an object as `log` (at byte 8 of the file)",
        ),
        (
            b"{\"log\": {\"entries\": []}} {}",
            0,
            "x.har:1:26: trailing characters (at byte 25 of the file)",
        ),
        (b"", 0, "x.har:1:1: EOF while parsing a value (at byte 0 of the file)"),
    ] {
        let (found, result) = read_all(har);
        let text = result.expect_err("an error").to_string();
        assert_eq!((found.len(), &*text), (events, error), "{}", String::from_utf8_lossy(har));
    }
}

#[test]
fn a_har_over_the_limit_is_an_error() {
    let har = include_bytes!("../../../../tests/data/har/chrome.har");
    let limits = Limits { max_size: 100 };
    let error = read("x.har", &har[..], &limits, &mut |_| ControlFlow::Continue(()));
    let error = error.expect_err("an error").to_string();
    assert_eq!(error, "x.har: the file is larger than 100 bytes");
}

#[test]
fn deep_nesting_is_no_recursion() {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    for har in [
        format!(r#"{{"log": {{"x": {deep}, "entries": []}}}}"#),
        format!(r#"{{"log": {{"entries": [{{"request": {deep}, "x": {deep}}}]}}}}"#),
        format!(
            r#"{{"log": {{"entries": [{{"_webSocketMessages": [{deep}], "_wscope": {{"open": {deep}}}}}]}}}}"#
        ),
        format!(r#"{{"log": {{"entries": [{deep}]}}}}"#),
    ] {
        let _ = read_all(har.as_bytes());
    }
}

#[test]
fn the_side_that_recorded_is_a_member_whatever_the_spaces() {
    for (own, version) in [
        (r#"{"initiator":"peer"}"#, "HTTP/1.0"),
        (r#"{ "initiator" : "peer" }"#, "HTTP/1.0"),
        (r#"{"initiator": "self"}"#, "HTTP/1.1"),
        (r#"{"x":{"initiator":"peer"}}"#, "HTTP/1.1"),
        ("{}", "HTTP/1.1"),
    ] {
        let har = format!(
            r#"{{"log": {{"entries": [{{"startedDateTime": "2026-05-04T09:00:01Z",
                "request": {{"url": "ws://h/", "httpVersion": "HTTP/1.0"}},
                "response": {{"status": 101, "httpVersion": "HTTP/1.1"}},
                "_webSocketMessages": [], "_wscope": {{"open": {own}}}}}]}}}}"#
        );
        assert_eq!(picked(&events(har.as_bytes()), &["http_version"]), [version], "{own}");
    }
}

#[test]
fn a_head_with_too_many_fields_is_cut() {
    let fields = vec![r#"{"name":"a","value":"b"}"#; 10_003].join(",");
    let har = format!(
        r#"{{"log":{{"entries":[{{"_webSocketMessages":[],"request":{{"url":"ws://h/","headers":[]}},
            "response":{{"status":101,"headers":[{fields}]}}}}]}}}}"#
    );
    let (events, result) = read_all(har.as_bytes());
    let open: Value = serde_json::from_str(&shown(&events[0])).expect("JSON");
    assert_eq!(open["response_headers"].as_array().map(Vec::len), Some(10_000));
    let warnings = result.expect("a HAR").warnings;
    let warning = "entry 1: 3 header fields left out: a head is kept up to 10000 fields and 1 MiB";
    assert!(warnings.iter().any(|it| it.ends_with(warning)), "{warnings:?}");
}

/// Some browsers export the handshake alone.
#[test]
fn a_har_without_messages_is_named_once() {
    let entry =
        r#"{"request":{"url":"ws://h/","headers":[]},"response":{"status":101,"headers":[]}}"#;
    let har = format!(r#"{{"log":{{"entries":[{entry},{entry}]}}}}"#);
    let (events, result) = read_all(har.as_bytes());
    assert_eq!(events.len(), 2);
    let warnings = result.map(|summary| summary.warnings).map_err(|error| error.to_string());
    let warnings = warnings.expect("a recording");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("no entry has _webSocketMessages"), "{warnings:?}");
    let empty = har.replacen(r#"{"request""#, r#"{"_webSocketMessages":[],"request""#, 1);
    let (_, result) = read_all(empty.as_bytes());
    assert_eq!(result.map(|it| it.warnings).map_err(|it| it.to_string()), Ok(vec![]));
}
