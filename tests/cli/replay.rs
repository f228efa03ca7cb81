//! `wscope replay`, and recordings for `listen --replay`.

use serde_json::{Value, json};

use crate::scripts::{answer_close, serve};
use crate::support::{Outcome, Server, close, ping, text, wscope};

mod check;
mod entries;
mod listen;
mod pace;
mod request;

/// Lines of events: `> text` and `< text` are messages, `>ping data` and `>hex 00ff` what they say, `@MS` sets the
/// time, `end INITIATOR CODE REASON` is the end.
pub(crate) fn recording(open: &Value, lines: &[&str]) -> String {
    let mut elapsed = 0;
    let mut events = vec![open.clone()];
    for line in lines {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let base64 = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
        let mut event = match word {
            ">" | "<" => json!({"event":"message","type":"text","data":rest}),
            ">hex" | "<hex" => {
                let bytes = data_encoding::HEXLOWER.decode(rest.as_bytes()).expect("hex");
                json!({"event":"message","type":"binary","encoding":"base64","data":base64(&bytes)})
            }
            ">ping" | "<ping" | ">pong" | "<pong" => {
                json!({"event":&word[1..],"encoding":"base64","data":base64(rest.as_bytes())})
            }
            ">file" => json!({"event":"message","type":"binary","file":rest,"size":5}),
            "end" => end(rest),
            time => {
                elapsed = time.strip_prefix('@').and_then(|ms| ms.parse().ok()).expect(line);
                continue;
            }
        };
        let direction = if word.starts_with('<') { "received" } else { "sent" };
        if word != "end" {
            event["direction"] = direction.into();
        }
        event["elapsed_ms"] = elapsed.into();
        events.push(event);
    }
    events.iter().map(|event| format!("{event}\n")).collect()
}

/// The end of a connection, `INITIATOR CODE REASON`: of the peer, and with 1000 of this side.
fn end(text: &str) -> Value {
    let mut words = text.splitn(3, ' ');
    let mut next = || words.next().unwrap_or_default();
    let (initiator, code, reason) = (next(), next().parse().unwrap_or(0), next());
    let received = match code {
        0 | 1006 => Value::Null,
        code => json!({"code":code,"reason":reason}),
    };
    let code = if code == 0 { 1006 } else { code };
    json!({
        "event":"close", "code":code, "reason":reason, "was_clean":code != 1006,
        "initiator":initiator, "sent":{"code":1000,"reason":""}, "received":received,
    })
}

/// An open connection without header fields.
pub(crate) fn open(url: &str) -> Value {
    open_with(url, &[])
}

/// The same with these header fields in its request.
pub(crate) fn open_with(url: &str, headers: &[(&str, &str)]) -> Value {
    json!({
        "event":"open", "time":"2026-01-02T03:04:05.000000Z", "elapsed_ms":0, "url":url, "status":101,
        "request_headers":headers, "response_headers":[], "protocol":null, "extensions":null,
    })
}

/// Replays these lines against a server.
#[track_caller]
pub(crate) fn replay(server: &Server, lines: &[&str], args: &[&str]) -> Outcome {
    let file = recording(&open(&server.url()), lines);
    wscope().file("r.ndjson", file).args(["replay", "r.ndjson"]).args(args).run()
}

#[test]
fn what_the_client_sent_is_sent_again() {
    let server = serve(|peer| {
        peer.send(text("hi"));
        peer.expect_text("a");
        peer.expect_binary(&[0, 255]);
        peer.send(text("1"));
        peer.expect_ping(b"p");
        peer.expect_text("é\n");
        peer.send([text("2"), ping(b"x")].concat());
        peer.expect_pong(b"x");
        answer_close(peer);
    });
    let lines = [
        "< hi",
        "> a",
        ">hex 00ff",
        "< 1",
        ">ping p",
        "> é\n",
        "< 2",
        "<ping x",
        ">pong x",
        "end self 1000",
    ];
    let outcome = replay(&server, &lines, &["--timeout", "0"]);
    outcome.code(0).stdout("hi\n1\n2\n");
    server.join();
}

#[test]
fn the_recorded_close_frame_is_sent() {
    let server = serve(|peer| {
        assert_eq!(peer.expect_close(4001), "see you");
        peer.send(close(4001, ""));
    });
    let mut end: Value = end("self 4001");
    end["sent"] = json!({"code":4001,"reason":"see you"});
    let file = format!("{}\n{end}\n", open(&server.url()));
    wscope().file("r.ndjson", file).args(["replay", "r.ndjson"]).run().code(0);
    server.join();
}

#[test]
fn a_close_code_that_must_not_be_sent_is_replaced() {
    for (sent, code) in [(json!({"code":1006,"reason":""}), 1000), (Value::Null, 1000)] {
        let server = serve(move |peer| {
            peer.expect_close(code);
            peer.send(close(code, ""));
        });
        let mut end: Value = end("self 1000");
        end["sent"] = sent;
        let file = format!("{}\n{end}\n", open(&server.url()));
        wscope().file("r.ndjson", file).args(["replay", "r.ndjson"]).run().code(0);
        server.join();
    }
}

#[test]
fn a_server_that_closes_early_leaves_messages_unsent() {
    let server = serve(|peer| {
        peer.expect_text("a");
        peer.close_and_expect_reply(1000);
    });
    let outcome = replay(&server, &["> a", "< 1", "> b", "< 2", "end self 1000"], &[]);
    outcome.code(1).stderr_contains("1 of 2 recorded messages not sent");
    server.join();
}

#[test]
fn events_are_written_as_of_a_connection() {
    let server = serve(|peer| {
        peer.expect_text("a");
        peer.send(text("1"));
        answer_close(peer);
    });
    let outcome = replay(&server, &["> a", "< 1", "end self 1000"], &["--json"]).code(0);
    let names: Vec<_> = outcome
        .json_lines()
        .iter()
        .map(|event| event["event"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(names, ["open", "message", "message", "close"]);
    server.join();
}

#[test]
fn a_message_whose_data_was_not_recorded_is_named() {
    let file = recording(&open("ws://127.0.0.1:9"), &["> a", ">file big.bin", "end self 1000"]);
    let outcome = wscope().file("r.ndjson", file).args(["replay", "r.ndjson"]).run().code(2);
    outcome.stderr_contains(
        "wscope: r.ndjson: message 2 of the client is the file \"big.bin\" (5 bytes), which is not in the recording",
    );
}

#[test]
fn the_recording_of_a_server_is_replayed_as_its_client() {
    let server = serve(|peer| {
        peer.expect_text("from the client");
        peer.send(text("from the server"));
        answer_close(peer);
    });
    let mut open = open(&server.url());
    open["initiator"] = "peer".into();
    let lines = ["< from the client", "> from the server", "end peer 1000"];
    let file = recording(&open, &lines);
    let outcome =
        wscope().file("r.ndjson", file).args(["replay", "--check", "r.ndjson"]).run().code(0);
    outcome
        .stdout("from the server\n")
        .stderr_contains("the answers are as recorded (compared: 1 message of the server)");
    server.join();
}

#[test]
fn wrong_usage_is_named() {
    for (args, message) in [
        (
            &["r.ndjson", "--pace", "fast", "--speed", "2"][..],
            "bad --speed \"2\": only --pace original",
        ),
        (&["r.ndjson", "--speed", "0"], "bad --speed \"0\": must be a number above 0"),
        (&["r.ndjson", "--speed", "inf"], "bad --speed \"inf\""),
        (&["r.ndjson", "--speed", "x"], "bad --speed \"x\""),
        (&["r.ndjson", "--ignore", "$.a"], "--check"),
        (&["r.ndjson", "--check", "--ignore", "ts"], "bad --ignore \"ts\": not a JSONPath"),
        (&["r.ndjson", "--timeout", "soon"], "bad --timeout \"soon\""),
        (&["r.ndjson", "--max-size", "x"], "bad --max-size \"x\""),
        (&["r.ndjson", "ws://h/#x"], "bad URL"),
        (&["missing.ndjson"], "missing.ndjson: "),
    ] {
        let file = recording(&open("ws://127.0.0.1:9"), &["> a"]);
        let code = if args[0] == "missing.ndjson" { 8 } else { 2 };
        let outcome = wscope().file("r.ndjson", file).arg("replay").args(args).run().code(code);
        outcome.stdout("").stderr_contains(message);
    }
}

#[test]
fn a_file_that_is_no_recording_is_refused() {
    for (content, looks) in [("", "empty"), ("<html></html>", "HTML"), ("\x7fELF", "ELF")] {
        let outcome = wscope().file("r", content).args(["replay", "r"]).run().code(2);
        outcome.stderr_contains("wscope: cannot read the recording: r: ").stderr_contains(looks);
    }
    let outcome =
        wscope().file("r", "{\"event\":\"open\"}\n").args(["replay", "--json", "r"]).run();
    assert_eq!(outcome.json_lines()[0]["kind"], "usage");
}

#[test]
fn a_recording_can_come_from_standard_input() {
    let server = serve(|peer| {
        peer.expect_text("a");
        answer_close(peer);
    });
    let file = recording(&open(&server.url()), &["> a", "end self 1000"]);
    wscope().stdin(&file).args(["replay", "-"]).run().code(0);
    server.join();
}

#[test]
fn a_replay_can_be_recorded() {
    let server = serve(|peer| {
        peer.expect_text("a");
        peer.send(text("1"));
        answer_close(peer);
    });
    let file = recording(&open(&server.url()), &["> a", "< 1", "end self 1000"]);
    let args = ["replay", "r.ndjson", "--record", "again.ndjson"];
    let outcome = wscope().file("r.ndjson", &file).args(args).run().code(0);
    let again = String::from_utf8(outcome.file("again.ndjson")).expect("text");
    assert_eq!(again.matches("\"event\":\"message\"").count(), 2, "{again}");
    server.join();
    for command in [&["replay"][..], &["listen", ":0", "--replay"]] {
        let program = wscope().file("r.ndjson", &file).args(command);
        let outcome = program.args(["r.ndjson", "--record", "r.ndjson", "--force"]).run();
        let outcome = outcome.code(2);
        outcome.stderr_contains("the recording that is replayed");
    }
}
