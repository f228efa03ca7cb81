//! `--json`: keys, types and order of every event are as documented, and stdout contains nothing else.

use crate::scripts::{answer_close, close, refused_url, serve, serve_bytes, serve_tls};
use crate::support::{BINARY, CONTINUATION, Outcome, Peer, Server, TEXT, Wscope};
use crate::support::{binary, frame, ping, pong, text, wscope};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};
use std::fmt;

const SCHEMA: &str = include_str!("../data/events.schema.json");

/// Runs with `--json` and compares each line of stdout with the documentation.
#[track_caller]
pub(crate) fn events(command: Wscope) -> (Outcome, Vec<Value>) {
    let outcome = command.arg("--json").run();
    let events = outcome.json_lines();
    for (line, event) in outcome.stdout.lines().zip(&events) {
        assert_valid(event);
        let documented: Vec<_> = documented_keys(event).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys(line), documented, "{line}");
    }
    let elapsed: Vec<_> = events.iter().map(|event| event["elapsed_ms"].as_f64()).collect();
    assert!(elapsed.is_sorted(), "not in order: {elapsed:?}");
    (outcome, events)
}

#[track_caller]
pub(crate) fn assert_valid(event: &Value) {
    let schema = serde_json::from_str(SCHEMA).expect("JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let errors: Vec<_> = validator.iter_errors(event).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{event}\n{}", errors.join("\n"));
}

/// The keys of an event in the order of the documentation, and whether each is always there.
fn documented_keys(event: &Value) -> Vec<(String, bool)> {
    let kind = match (event["event"].as_str(), event["type"].as_str()) {
        (Some("message"), Some(_)) if event.get("file").is_some() => "file",
        (Some("message"), Some(kind)) => kind,
        (Some("ping" | "pong"), _) => "control",
        (Some(kind), _) => kind,
        (None, _) => panic!("not an event: {event}"),
    };
    let keys = match kind {
        "open" => {
            "url remote local http_version status reason request_headers response_headers protocol \
             extensions tls timings_ms"
        }
        "text" => "direction type data size wire_size compressed frames",
        "binary" => "direction type encoding data size wire_size compressed frames",
        "file" => "direction type file size wire_size compressed frames",
        "control" => "direction encoding data size rtt_ms",
        "frame" => {
            "direction opcode fin rsv1 rsv2 rsv3 masked size wire_size mask length_bits minimal \
             message fragment compressed plain_size final_block header raw"
        }
        "violation" => "message section offset header",
        "close" => {
            "code name reason was_clean initiator sent received incomplete_message? end end_error? \
             position? violation? unsent? error_follows? duration_ms quiet_ms? last? totals hint?"
        }
        "redirect" => "status reason from to request_headers",
        "retry" => "attempt delay_ms reason limit? requested?",
        "reconnect" => "attempt delay_ms reason waiting unconfirmed limit? requested?",
        "error" => {
            "kind message hint status response_headers body status_line? body_notes? url? \
             request_headers? timings_ms?"
        }
        other => panic!("an undocumented event: {other}"),
    };
    let keys = ["event", "time", "elapsed_ms"].into_iter().chain(keys.split_whitespace());
    let keys = keys.filter_map(|key| match key.strip_suffix('?') {
        None => Some((key.to_owned(), true)),
        Some(key) => event.get(key).map(|_| (key.to_owned(), false)),
    });
    keys.collect()
}

/// The keys of an object in their order in the text.
#[track_caller]
fn keys(object: &str) -> Vec<String> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut keys = Vec::new();
            while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
                keys.push(key);
            }
            Ok(keys)
        }
    }
    serde_json::Deserializer::from_str(object).deserialize_map(Keys).expect("an object")
}

/// The events of this name.
fn named<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == name).collect()
}

/// The event without what differs between runs.
fn without_times(event: &Value) -> Value {
    let mut event = event.clone();
    let object = event.as_object_mut().expect("an object");
    ["event", "time", "elapsed_ms"].iter().for_each(|key| _ = object.remove(*key));
    event
}

/// A close event without what it says of the time before.
pub(crate) fn without_totals(close: &Value) -> Value {
    let mut close = close.clone();
    let object = close.as_object_mut().expect("an object");
    let keys = ["duration_ms", "totals", "quiet_ms", "last", "error_follows", "hint", "violation"];
    keys.iter().for_each(|key| _ = object.remove(*key));
    close
}

#[test]
fn the_schema_requires_every_key_and_its_type() {
    let server = serve_bytes([text("x"), binary(b"y"), ping(b"p")].concat());
    let (_, events) = events(wscope().args(["-vv", "--count", "2", &server.url()]));
    let (_, failure) = self::events(wscope().arg(refused_url()));
    let schema = serde_json::from_str(SCHEMA).expect("JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    for event in events.iter().chain(&failure) {
        for (key, is_required) in documented_keys(event) {
            let mut changed = event.clone();
            changed[&key] = json!({"of": "the wrong type"});
            assert!(!validator.is_valid(&changed), "{key} may have any type in {event}");
            changed.as_object_mut().expect("an object").remove(&key);
            assert!(
                !is_required || !validator.is_valid(&changed),
                "{key} may be missing in {event}"
            );
        }
        let mut more = event.clone();
        more["from a later version"] = json!(1);
        assert!(validator.is_valid(&more), "unknown keys must be ignored");
    }
}

#[test]
fn the_open_event() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        peer.accept_with(&head, &["X-Twice: 1", "x-twice: 2", "Sec-WebSocket-Protocol: soap"]);
        answer_close(peer);
    });
    let url = server.url();
    let (outcome, events) =
        events(wscope().args(["-s", "soap", "-H", "X-Own: é", "--wait", "0", &url]));
    outcome.code(0);
    let open = &events[0];
    assert_eq!(
        (&open["event"], &open["protocol"], &open["tls"]),
        (&json!("open"), &json!("soap"), &json!(null))
    );
    assert_eq!(open["url"], format!("{url}/"));
    assert_eq!(open["remote"], format!("127.0.0.1:{}", server.port()));
    assert_eq!(
        (&open["http_version"], &open["reason"]),
        (&json!("HTTP/1.1"), &json!("Switching Protocols"))
    );
    let has = |headers: &str, name: &str, value: &str| {
        open[headers].as_array().is_some_and(|list| list.contains(&json!([name, value])))
    };
    assert!(has("request_headers", "X-Own", "é") && has("request_headers", "Upgrade", "websocket"));
    assert!(has("response_headers", "X-Twice", "1") && has("response_headers", "x-twice", "2"));
    let timings = &open["timings_ms"];
    assert!(timings["total"].as_f64() >= timings["upgrade"].as_f64(), "{timings}");
    assert_eq!((&timings["proxy"], &timings["tls"]), (&Value::Null, &Value::Null));
}

#[test]
fn the_open_event_over_tls() {
    let server = serve_tls(answer_close);
    let url = format!("wss://127.0.0.1:{}", server.port());
    let (outcome, events) = events(wscope().args(["-k", "--wait", "0", &url]));
    outcome.code(0);
    let tls = &events[0]["tls"];
    assert!(tls["version"].as_str().is_some_and(|version| version.starts_with("TLS")), "{tls}");
    let certificate = &tls["certificate"];
    assert_eq!(certificate["subject"], certificate["issuer"]);
    assert!(events[0]["timings_ms"]["tls"].is_number());
}

#[test]
fn received_messages() {
    let server = serve(|peer| {
        peer.send([text("h\"é\n\u{0}"), text("hello"), binary(&[0, 255]), text("")].concat());
        peer.send(
            [frame(false, 0, TEXT, b"\xe2"), frame(true, 0, CONTINUATION, b"\x82\xac")].concat(),
        );
        peer.send(binary(&[7; 70_000]));
        answer_close(peer);
    });
    let (outcome, events) = events(wscope().args(["--count", "6", &server.url()]));
    outcome.code(0);
    let messages: Vec<_> = named(&events, "message").into_iter().map(without_times).collect();
    let text = |data: &str, size: usize, wire_size: usize, frames: usize| {
        json!({"direction": "received", "type": "text", "data": data, "size": size,
               "wire_size": wire_size, "compressed": false, "frames": frames})
    };
    assert_eq!(messages[0], text("h\"é\n\u{0}", 6, 8, 1));
    assert_eq!(messages[1], text("hello", 5, 7, 1));
    assert_eq!(
        messages[2],
        json!({"direction": "received", "type": "binary", "encoding": "base64", "data": "AP8=", "size": 2,
               "wire_size": 4, "compressed": false, "frames": 1})
    );
    assert_eq!(messages[3], text("", 0, 2, 1));
    assert_eq!(messages[4], text("€", 3, 7, 2));
    assert_eq!((&messages[5]["size"], &messages[5]["wire_size"]), (&json!(70_000), &json!(70_010)));
    assert_eq!(messages.len(), 6);
}

#[test]
fn sent_messages() {
    let server = serve(|peer| {
        peer.expect_text("hello");
        peer.expect_binary(&[0, 255]);
        peer.expect_text("from stdin");
        answer_close(peer);
    });
    let args = ["-x", "hello", "--send-hex", "00ff", "--wait", "0", &server.url()];
    let (outcome, events) = events(wscope().args(args).stdin("from stdin\n"));
    outcome.code(0);
    let messages: Vec<_> = named(&events, "message").into_iter().map(without_times).collect();
    let sent = |data: &str, size: usize| {
        json!({"direction": "sent", "type": "text", "data": data, "size": size, "wire_size": size + 6,
               "compressed": false, "frames": 1})
    };
    assert_eq!((&messages[0], &messages[2]), (&sent("hello", 5), &sent("from stdin", 10)));
    assert_eq!((&messages[1]["data"], &messages[1]["wire_size"]), (&json!("AP8="), &json!(8)));
    assert_eq!(messages.len(), 3);
}

#[test]
fn pings_and_pongs() {
    let server = serve(|peer| {
        peer.expect_ping(b"ours");
        peer.send([pong(b"not asked for"), pong(b"ours"), ping(b"theirs")].concat());
        peer.expect_pong(b"theirs");
        peer.send(text("done"));
        answer_close(peer);
    });
    let stdin = "{\"type\":\"ping\",\"data\":\"ours\"}\n";
    let args = ["--input", "json", "--count", "1", &server.url()];
    let (outcome, events) = events(wscope().args(args).stdin(stdin));
    outcome.code(0);
    let seen = |name: &str, direction: &str, data: &str| {
        let found = named(&events, name).into_iter();
        let mut found =
            found.filter(|event| event["direction"] == direction && event["data"] == data);
        found.next().unwrap_or_else(|| panic!("no {name} {direction} with {data}")).clone()
    };
    assert_eq!(seen("ping", "received", "dGhlaXJz")["size"], 6);
    assert_eq!(seen("pong", "sent", "dGhlaXJz")["rtt_ms"], Value::Null);
    assert_eq!(seen("pong", "received", "bm90IGFza2VkIGZvcg==")["rtt_ms"], Value::Null);
    assert_eq!(seen("ping", "sent", "b3Vycw==")["rtt_ms"], Value::Null);
    assert!(seen("pong", "received", "b3Vycw==")["rtt_ms"].as_f64().is_some_and(|rtt| rtt > 0.0));
}

#[test]
fn frames() {
    let server = serve(|peer| {
        peer.expect_text("hello");
        peer.send(
            [frame(false, 0, BINARY, b"a"), ping(b""), frame(true, 0, CONTINUATION, b"bc")]
                .concat(),
        );
        answer_close(peer);
    });
    let args = ["-vv", "-x", "hello", "--count", "1", &server.url()];
    let (outcome, events) = events(wscope().args(args));
    outcome.code(0);
    let shown: Vec<_> = named(&events, "frame").into_iter().map(without_times).collect();
    // Masking keys differ between runs, and with them the headers.
    let shown: Vec<_> = shown
        .into_iter()
        .map(|mut frame| {
            assert_eq!(frame["mask"].is_string(), frame["masked"] == true);
            let object = frame.as_object_mut().expect("an object");
            ["mask", "header"].iter().for_each(|key| _ = object.remove(*key));
            frame
        })
        .collect();
    let frame = |direction: &str, opcode: &str, fin: bool, size: usize, part: Option<(u8, u8)>| {
        let masked = direction == "sent";
        let wire_size = size + if masked { 6 } else { 2 };
        json!({"direction": direction, "opcode": opcode, "fin": fin, "rsv1": false, "rsv2": false,
               "rsv3": false, "masked": masked, "size": size, "wire_size": wire_size,
               "length_bits": 7, "minimal": true, "message": part.map(|part| part.0),
               "fragment": part.map(|part| part.1), "compressed": false, "plain_size": null,
               "final_block": false, "raw": false})
    };
    for expected in [
        frame("sent", "text", true, 5, Some((1, 1))),
        frame("received", "binary", false, 1, Some((1, 1))),
        frame("received", "ping", true, 0, None),
        frame("sent", "pong", true, 0, None),
        frame("received", "continuation", true, 2, Some((1, 2))),
        frame("sent", "close", true, 2, None),
        frame("received", "close", true, 2, None),
    ] {
        assert!(shown.contains(&expected), "no {expected} in {shown:#?}");
    }
    assert_eq!(shown.len(), 7);
}

#[test]
fn frame_events_require_double_verbosity() {
    let server = serve_bytes(text("x"));
    let (_, events) = events(wscope().args(["-v", "--count", "1", &server.url()]));
    assert!(named(&events, "frame").is_empty());
}

#[test]
fn the_close_event() {
    type Case = (fn(&mut Peer), &'static [&'static str], Value);
    let end = |code: u16, name: &str, was_clean: bool, initiator: &str, sides: [Value; 2]| {
        let end = match (was_clean, initiator) {
            (true, _) => "handshake",
            (false, "peer") => "fin",
            _ => "close_timeout",
        };
        let [sent, received] = sides;
        let reason = received.get("reason").cloned().unwrap_or(json!(""));
        json!({
            "code": code, "name": name, "reason": reason, "was_clean": was_clean,
            "initiator": initiator, "sent": sent, "received": received, "end": end,
        })
    };
    let close_frame = |code: u16, reason: &str| json!({"code": code, "reason": reason});
    let cases: [Case; 6] = [
        (
            |peer| close(peer, 1000, "Work complete"),
            &["--wait", "forever"],
            end(
                1000,
                "Normal Closure",
                true,
                "peer",
                [close_frame(1000, ""), close_frame(1000, "Work complete")],
            ),
        ),
        (
            |peer| close(peer, 1005, ""),
            &["--wait", "forever"],
            end(
                1005,
                "No Status Received",
                true,
                "peer",
                [close_frame(1005, ""), close_frame(1005, "")],
            ),
        ),
        (
            |peer| close(peer, 1008, "no"),
            &["--wait", "forever"],
            end(
                1008,
                "Policy Violation",
                true,
                "peer",
                [close_frame(1008, ""), close_frame(1008, "no")],
            ),
        ),
        (
            answer_close,
            &["--wait", "0"],
            end(
                1000,
                "Normal Closure",
                true,
                "self",
                [close_frame(1000, ""), close_frame(1000, "")],
            ),
        ),
        (
            Peer::eof,
            &["--wait", "forever"],
            end(1006, "Abnormal Closure", false, "peer", [Value::Null, Value::Null]),
        ),
        (
            |peer| {
                peer.expect_close(1000);
                peer.expect_eof();
            },
            &["--wait", "0"],
            end(1006, "Abnormal Closure", false, "self", [close_frame(1000, ""), Value::Null]),
        ),
    ];
    for (steps, args, expected) in cases {
        let server = serve(steps);
        let (_, events) =
            events(wscope().args(args).args(["--close-timeout", "200ms", &server.url()]));
        let closes = named(&events, "close");
        let [close] = closes[..] else { panic!("{closes:?}") };
        assert!(close["duration_ms"].is_number(), "{close}");
        assert_eq!(close["totals"]["received"]["messages"], 0, "{close}");
        assert_eq!(close.get("error_follows").is_some(), named(&events, "error").len() == 1);
        assert_eq!(without_totals(&without_times(close)), expected);
    }
}

#[test]
fn the_error_event() {
    let [refused, broken, closed, cut, silent, unmet] = [
        Server::respond("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nlate"),
        serve(|peer| {
            peer.send(frame(true, 4, TEXT, b"x"));
            peer.expect_close(1002);
        }),
        serve(|peer| close(peer, 1008, "no token")),
        serve(Peer::eof),
        serve(|peer| {
            peer.expect_close(1000);
            peer.expect_eof();
        }),
        serve(|peer| close(peer, 1000, "")),
    ];
    let url = Server::url;
    let cases: [(&[&str], i32, &str, &str); 9] = [
        (&["--nope"], 2, "usage", "--nope"),
        (&["ws://127.0.0.1/#fragment"], 2, "usage", "fragment"),
        (&[&refused_url()], 3, "connect", "refused"),
        (&[&url(&refused)], 4, "handshake", "503 Busy"),
        (&["--wait", "forever", &url(&broken)], 5, "protocol", "RSV1"),
        (&["--wait", "forever", &url(&closed)], 6, "abnormal", "no token"),
        (&["--wait", "forever", &url(&cut)], 6, "abnormal", "1006"),
        (&["--wait", "0", "--close-timeout", "50ms", &url(&silent)], 7, "timeout", "Close frame"),
        (&["--expect", "ready", &url(&unmet)], 1, "expectation", "ready"),
    ];
    for (args, status, kind, words) in cases {
        let (outcome, events) = events(wscope().args(args));
        let error = events.last().expect("an event").clone();
        let outcome = outcome.code(status);
        assert_eq!((&error["event"], &error["kind"]), (&json!("error"), &json!(kind)), "{args:?}");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{error}");
        outcome.stderr_contains(&format!("wscope: {message}\n"));
        assert_eq!(named(&events, "error").len(), 1);
        assert_eq!(named(&events, "close").len(), named(&events, "open").len(), "{args:?}");
    }
}

#[test]
fn the_error_event_of_a_refused_handshake_has_the_response() {
    let server = Server::respond(
        "HTTP/1.1 404 Not Here\r\nX-Why: gone\r\nContent-Length: 6\r\n\r\nb\"dy\n!",
    );
    let (outcome, events) = events(wscope().arg(server.url()));
    outcome.code(4);
    let [error] = &events[..] else { panic!("not a single error: {events:?}") };
    assert_eq!((&error["status"], &error["body"]), (&json!(404), &json!("b\"dy\n!")));
    assert_eq!(error["response_headers"], json!([["X-Why", "gone"], ["Content-Length", "6"]]));
    assert!(error["hint"].is_string());
    assert_eq!(error["url"], format!("{}/", server.url()));
    assert_eq!(error["request_headers"][1][0], "User-Agent");
    assert!(error["timings_ms"]["upgrade"].is_number());
}

#[test]
fn unreadable_input_is_a_local_failure() {
    let server = serve(|peer| {
        peer.expect_text("ok");
        answer_close(peer);
    });
    let command = wscope().args(["--wait", "0", &server.url()]).stdin_bytes(*b"ok\n\xff\n");
    let (outcome, events) = events(command);
    outcome.code(8).stderr_contains("line 2");
    let error = events.last().expect("an event");
    assert_eq!(
        (&error["kind"], &error["status"], &error["body"]),
        (&json!("local"), &json!(null), &json!(null))
    );
}
