//! HARs of other programs and ours, shown again.

use serde_json::{Value, json};

use crate::listen::{client, listen, start};
use crate::scripts::{close, refused_url, serve};
use crate::support::{Outcome, Peer, Server, Signal, binary, masked, ping, script, text, wscope};

fn fixture(name: &str) -> String {
    format!("{}/tests/data/har/{name}.har", env!("CARGO_MANIFEST_DIR"))
}

/// `wscope view` with this HAR as its standard input.
#[track_caller]
fn view(args: &[&str], har: impl Into<Vec<u8>>) -> Outcome {
    wscope().arg("view").args(args).arg("-").stdin_bytes(har).run()
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).expect("a fixture")
}

#[test]
fn what_a_browser_received_is_shown() {
    let outcome = wscope().args(["view", &fixture("chrome")]).stdin_null().run();
    outcome.stdout_contains("{\"op\":\"welcome\",\"to\":\"é 世界\"}\n");
    let outcome = wscope().args(["view", &fixture("playwright")]).stdin_null().run();
    outcome.stdout_bytes(b"\x01\x02\n");
}

#[test]
fn all_events_of_our_har_are_shown() {
    let events = view(&["--json"], read("wscope")).json_lines();
    let names: Vec<_> = events.iter().map(|it| it["event"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["open", "message", "open", "message", "ping", "pong", "close", "error"]);
    let times: Vec<_> = events.iter().filter_map(|it| it["elapsed_ms"].as_f64()).collect();
    assert!(times.is_sorted() && times.len() == 8, "{times:?}");
    assert_eq!((&events[6]["connection"], &events[6]["code"]), (&2.into(), &1000.into()));
    assert_eq!((&events[7]["connection"], &events[7]["status"]), (&3.into(), &403.into()));
}

#[test]
fn a_har_that_was_not_closed_is_shown_with_a_warning() {
    let har = read("wscope");
    let end = har.windows(12).rposition(|it| it == b"{\"type\":\"rec").expect("a message");
    let outcome = view(&["--json"], &har[..end]);
    assert_eq!(outcome.json_lines().len(), 7);
    outcome.stderr_contains("standard input:7:").stderr_contains("the HAR is incomplete");
}

#[test]
fn a_har_that_is_broken_is_an_error_behind_what_was_before() {
    let mut har = read("wscope");
    let at = har.windows(12).rposition(|it| it == b"{\"type\":\"rec").expect("a message");
    har[at] = b'!';
    let outcome = view(&["--json"], har).code(2);
    assert_eq!(outcome.json_lines().len(), 7);
    outcome.stderr_contains(":8:1: expected value");
}

#[test]
fn what_is_odd_in_a_har_is_named_with_its_place() {
    let outcome = view(&["--json"], read("odd"));
    assert_eq!(outcome.json_lines().len(), 7);
    outcome
        .stderr_contains(
            "standard input:8:73: entry 7: _webSocketMessages[2]: `data` is not base64",
        )
        .stderr_contains("entry 8: `startedDateTime` is not a date and time")
        .stderr_contains("connected to ws://x/, no subprotocol, no extensions\n")
        .stderr_contains("connected to an unknown URL, ");
}

#[test]
fn a_har_over_the_limit_is_refused() {
    let outcome = view(&["--max-size", "100"], read("chrome")).code(2);
    outcome.stderr_contains("the file is larger than 100 bytes").stderr_contains("--max-size");
}

/// A session with messages of both kinds, a ping and the peer's Close, recorded in `r.har` and `r.ndjson`.
fn recorded() -> Outcome {
    let server = serve(|peer| {
        peer.expect_text("hello");
        peer.send([text("h\u{e9}"), binary(&[0, 255]), ping(b"p")].concat());
        peer.expect_pong(b"p");
        close(peer, 1000, "done");
    });
    let files = ["--record", "r.har", "--record", "r.ndjson"];
    let url = format!("{}?token=s3cr3t-t0ken", server.url());
    wscope().args([&*url, "-x", "hello", "-H", "X: 1", "-H", "X: 2"]).args(files).stdin_null().run()
}

#[test]
fn a_session_is_recorded_as_chrome_writes_it() {
    let outcome = recorded();
    let har = outcome.file("r.har");
    assert!(!String::from_utf8_lossy(&har).contains("s3cr3t"));
    let har: Value = serde_json::from_slice(&har).expect("JSON");
    let log = &har["log"];
    assert_eq!((&log["version"], &log["pages"]), (&json!("1.2"), &json!([])));
    let entry = &log["entries"][0];
    assert_eq!(entry["_resourceType"], "websocket");
    assert!(entry["request"]["url"].as_str().is_some_and(|url| url.ends_with("?token=***")));
    let headers = entry["request"]["headers"].as_array().expect("headers");
    let own: Vec<_> =
        headers.iter().filter(|it| it["name"] == "X").map(|it| &it["value"]).collect();
    assert_eq!(own, ["1", "2"]);
    let messages = entry["_webSocketMessages"].as_array().expect("messages");
    let messages: Vec<_> = messages
        .iter()
        .map(|it| {
            assert!(it["time"].as_f64().is_some_and(|time| time > 1e9), "{it}");
            json!([it["type"], it["opcode"], it["data"]])
        })
        .collect();
    assert_eq!(
        messages,
        [
            json!(["send", 1, "hello"]),
            json!(["receive", 1, "h\u{e9}"]),
            json!(["receive", 2, "AP8="])
        ]
    );
    let control = entry["_webSocketControl"].as_array().expect("control frames");
    let control: Vec<_> =
        control.iter().map(|it| json!([it["type"], it["opcode"], it["data"]])).collect();
    assert_eq!(control, [json!(["receive", 9, "cA=="]), json!(["send", 10, "cA=="])]);
    let close = &entry["_webSocketClose"];
    assert_eq!(
        [&close["code"], &close["reason"], &close["initiator"], &close["wasClean"]],
        [&json!(1000), &json!("done"), &json!("peer"), &json!(true)]
    );
}

#[test]
fn a_har_and_lines_of_the_same_session_are_shown_alike() {
    let outcome = recorded();
    let lines = view(&["--json"], outcome.file("r.ndjson")).json_lines();
    assert_eq!(view(&["--json"], outcome.file("r.har")).json_lines(), lines);
    assert_eq!(lines.len(), 7);
}

#[test]
fn a_refused_connection_is_an_entry_with_its_body() {
    let server = Server::script(|peer| {
        peer.read_head();
        peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/x\r\nContent-Length: 2\r\n\r\nno");
        peer.read_until_eof();
    });
    let outcome = wscope().args([&*server.url(), "--record", "r.har"]).stdin_null().run().code(4);
    let har: Value = serde_json::from_slice(&outcome.file("r.har")).expect("JSON");
    let entry = &har["log"]["entries"][0];
    assert_eq!(entry["request"]["headers"][0]["name"], "Host");
    let response = &entry["response"];
    assert_eq!((&response["status"], &response["statusText"]), (&json!(403), &json!("Forbidden")));
    assert_eq!(
        (&response["content"]["text"], &response["content"]["mimeType"]),
        (&json!("no"), &json!("text/x"))
    );
    let shown = view(&["--json"], outcome.file("r.har")).json_lines();
    assert_eq!((&shown[0]["event"], &shown[0]["body"]), (&json!("error"), &json!("no")));
}

#[test]
fn a_body_that_is_not_text_is_kept_byte_for_byte() {
    let server = Server::script(|peer| {
        peer.read_head();
        peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\n\xffa\0\xfe");
        peer.read_until_eof();
    });
    let files = ["--record", "r.har", "--record", "r.ndjson"];
    let outcome = wscope().arg(server.url()).args(files).stdin_null().run().code(4);
    let in_base64 = json!({
        "size": 4, "mimeType": "x-unknown", "text": "/2EA/g==", "encoding": "base64",
    });
    let content = |har: &[u8]| {
        let har: Value = serde_json::from_slice(har).expect("JSON");
        har["log"]["entries"][0]["response"]["content"].clone()
    };
    assert_eq!(content(&outcome.file("r.har")), in_base64);
    for file in ["r.har", "r.ndjson"] {
        let recording = outcome.file(file);
        let shown = view(&["--json"], recording.clone()).json_lines();
        let body = (&shown[0]["body"], &shown[0]["body_bytes"]);
        assert_eq!(body, (&json!("\u{fffd}a\0\u{fffd}"), &json!("/2EA/g==")), "{file}");
        let again = view(&["--record", "again.har"], recording).file("again.har");
        assert_eq!(content(&again), in_base64, "{file}");
    }
}

#[cfg(unix)]
#[test]
fn what_a_server_receives_is_sent_by_clients() {
    let (running, port) = listen(&["--echo", "--record", "r.har"]);
    let mut peers: Vec<_> = (0..3).map(|_| client(port)).collect();
    for (index, peer) in peers.iter_mut().enumerate() {
        peer.send(masked(&text(&format!("m{index}"))));
        peer.expect_text(&format!("m{index}"));
    }
    peers.iter_mut().skip(1).for_each(|peer| peer.close_and_expect_reply(1000));
    running.signal(Signal::TERM);
    peers[0].read_until_eof();
    let outcome = running.wait().code(143);
    let har: Value = serde_json::from_slice(&outcome.file("r.har")).expect("JSON");
    let entries = har["log"]["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 3);
    for entry in entries {
        let messages = &entry["_webSocketMessages"];
        assert_eq!(
            (&messages[0]["type"], &messages[1]["type"]),
            (&json!("send"), &json!("receive"))
        );
        assert!(entry["_webSocketClose"]["code"].is_u64(), "{entry}");
    }
    let shown = view(&["--json"], outcome.file("r.har")).json_lines();
    let received = shown.iter().filter(|it| it["direction"] == "received");
    assert_eq!(received.count(), 3, "as the server saw it");
}

/// The comparison of no messages succeeded.
#[test]
fn a_connection_with_messages_that_cannot_be_read_is_not_checked() {
    let message = r#"[{"type":"send","opcode":1,"data":"a"},{"type":"upload","data":"b"},7]"#;
    for (messages, reason) in [
        (
            message,
            "_webSocketMessages[1]: `type` is not \"send\" or \"receive\": the message is skipped",
        ),
        (r#"{"type":"send"}"#, "_webSocketMessages is not an array: skipped"),
    ] {
        let har = format!(
            r#"{{"log":{{"entries":[{{"startedDateTime":"2024-01-02T03:04:05Z","request":{{"url":"{}"}},"response":{{"status":101}},"_webSocketMessages":{messages}}}]}}}}"#,
            refused_url()
        );
        let run = |args: &[&str]| wscope().file("x.har", &*har).args(args).arg("x.har").run();
        let reason = format!("entry 1: {reason}");
        for args in [&["check"][..], &["replay", "--check"]] {
            let outcome = run(args).code(2).stderr_contains(&reason);
            outcome.stderr_contains("x.har:1:").stderr_contains("cannot be checked");
        }
        run(&["view"]).code(0).stderr_contains(&reason);
    }
}

/// Two of the three ends were missing.
#[test]
fn every_end_of_a_session_with_reconnects_is_shown() {
    let lost = || {
        script(|peer: &mut Peer| {
            peer.accept_request();
            peer.reset();
        })
    };
    let last = script(|peer: &mut Peer| {
        peer.accept_request();
        close(peer, 1000, "");
    });
    let server = Server::scripts([lost(), lost(), last]);
    let options = ["--reconnect", "--reconnect-delay", "1ms", "--record", "r.har"];
    let run = wscope().arg(server.url()).args(options).args(["--wait", "forever"]);
    let outcome = run.stdin_null().run().code(0);
    let shown = view(&[], outcome.file("r.har")).stderr;
    let ends = |words: &str| shown.lines().filter(|line| line.contains(words)).count();
    assert_eq!((ends("wscope: closed"), ends("connected to")), (3, 3), "{shown}");
}

/// Where a refusal of another program's HAR repeats secrets of its request, they are masked.
#[test]
fn a_status_text_that_repeats_a_secret_is_masked() {
    for status in [302, 401] {
        let har = serde_json::json!({ "log": { "entries": [{
            "startedDateTime": "2026-05-04T09:00:01Z",
            "_resourceType": "websocket",
            "request": { "url": "wss://a.test/?token=SEKRET20", "headers": [
                { "name": "Authorization", "value": "Bearer SEKRET22" }
            ] },
            "response": {
                "status": status,
                "statusText": "Found SEKRET22",
                "redirectURL": "wss://a.test/r?token=SEKRET23",
                "headers": [{ "name": "Location", "value": "wss://a.test/r?token=SEKRET23" }]
            }
        }] } });
        for args in [&["-v"][..], &["--json"]] {
            let outcome = view(args, har.to_string()).stderr_lacks("SEKRET");
            assert!(!outcome.stdout.contains("SEKRET"), "{status}");
        }
        for name in ["o.ndjson", "o.har", "o.wscope"] {
            let outcome = view(&["--record", name], har.to_string());
            let file = String::from_utf8(outcome.file(name)).expect("UTF-8");
            assert!(!file.contains("SEKRET"), "{status}: {file}");
        }
    }
}

/// What elapsed starts anew in each run.
#[test]
fn runs_that_were_added_to_one_file_stay_apart_in_a_har() {
    let run = |minute: u64, longest: u64| {
        let event = |ms: u64, event: &str, rest: &str| {
            format!(
                r#"{{"event":"{event}","time":"2026-05-04T09:{minute:02}:00.{ms:03}000Z","elapsed_ms":{ms}.000,"connection":1{rest}}}"#
            ) + "\n"
        };
        let data = format!(
            r#","direction":"client","type":"text","data":"{minute}","size":1,"wire_size":7,"compressed":false,"frames":1"#
        );
        event(longest / 2, "open", r#","url":"ws://h/","status":101"#)
            + &event(longest - 1, "message", &data)
            + &event(longest, "close", r#","code":1000,"was_clean":true"#)
    };
    let lines = [run(1, 900), run(2, 30), run(3, 600)].concat();
    let outcome = view(&["-q", "--record", "r.har"], lines.clone()).code(0);
    let outcome = view(&["--json"], outcome.file("r.har")).code(0);
    let picked = |events: Vec<Value>| {
        let pick = |it: &Value| format!("{} {} {}", it["event"], it["time"], it["data"]);
        events.iter().map(pick).collect::<Vec<_>>()
    };
    assert_eq!(picked(outcome.json_lines()), picked(view(&["--json"], lines).json_lines()));
}

/// Lines of events are what a HAR is made from, also by `view`.
#[test]
fn a_refused_request_keeps_its_method() {
    for (head, url) in [
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "ws://h/"),
        ("HEAD / HTTP/1.1\r\n\r\n", "ws://unknown.invalid/"),
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "ws://h/a"),
    ] {
        let method = head.split(' ').next();
        let program = wscope().stdin_null();
        let (running, port) = start(program, &["--record", "r.har", "--record", "r.ndjson"]);
        let mut peer = Peer::connect(port);
        peer.send(head);
        peer.answer();
        running.signal(Signal::TERM);
        let outcome = running.wait();
        let [lines, har] = ["r.ndjson", "r.har"].map(|file| outcome.file(file));
        let error = |recording: &[u8]| {
            let events = view(&["--json"], recording).json_lines();
            events.into_iter().find(|it| it["event"] == "error").expect("an error")
        };
        let event = error(&lines);
        assert_eq!((event["method"].as_str(), &event["url"]), (method, &url.into()), "{event}");
        assert_eq!(error(&har), event);
        let converted = wscope().file("r.ndjson", lines);
        let converted = converted.args(["view", "r.ndjson", "--record", "c.har"]).run();
        for har in [har, converted.file("c.har")] {
            let har: Value = serde_json::from_slice(&har).expect("JSON");
            let request = &har["log"]["entries"][0]["request"];
            assert_eq!((request["method"].as_str(), &request["url"]), (method, &url.into()));
        }
    }
}
