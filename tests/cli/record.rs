//! `--record`: what is in the file, whatever happens to the run.

#[cfg(target_os = "linux")]
mod ends;
mod files;
mod inputs;
#[cfg(unix)]
mod prompt;
#[cfg(target_os = "linux")]
mod rewritten;
mod several;

use std::path::Path;

use serde_json::Value;

use crate::scripts::{answer_close, close, refused_url, serve};
use crate::support::{Outcome, Peer, Server, binary, ping, text, wscope};

/// The events in a file, of which every line is whole.
#[track_caller]
fn events(bytes: &[u8]) -> Vec<Value> {
    assert!(bytes.is_empty() || bytes.ends_with(b"\n"), "the last line is cut");
    let text = str::from_utf8(bytes).expect("UTF-8");
    let parse = |line: &str| match serde_json::from_str(line) {
        Ok(event) => event,
        Err(error) => panic!("{error}: {line}"),
    };
    text.lines().map(parse).collect()
}

/// The events in a file of a program that may be running.
#[track_caller]
fn events_at(path: &Path) -> Vec<Value> {
    events(&std::fs::read(path).expect("a recording"))
}

/// What events are, in short: of a message its direction and text.
fn names(events: &[Value]) -> Vec<String> {
    let name = |event: &Value| match event["event"].as_str().expect("a name") {
        "message" => {
            let direction = event["direction"].as_str().expect("a direction");
            format!("{direction} {}", event["data"].as_str().expect("data"))
        }
        name => name.to_owned(),
    };
    events.iter().map(name).collect()
}

/// Without input, with `r.ndjson` as the file.
fn record(url: &str, options: &[&str]) -> Outcome {
    wscope().args([url, "--record", "r.ndjson"]).args(options).stdin_null().run()
}

fn recorded(outcome: &Outcome) -> Vec<String> {
    names(&events(&outcome.file("r.ndjson")))
}

fn talk(peer: &mut Peer) {
    peer.expect_text("hello");
    peer.send([text("one"), binary(&[0, 255]), ping(b"p"), text("two")].concat());
    peer.expect_pong(b"p");
    close(peer, 1000, "done");
}

const TALK: [&str; 8] = [
    "open",
    "sent hello",
    "received one",
    "received AP8=",
    "ping",
    "pong",
    "received two",
    "close",
];

#[test]
fn the_events_of_json_are_recorded() {
    let server = serve(talk);
    let outcome = record(&server.url(), &["-x", "hello", "--json"]).code(0);
    let recorded = String::from_utf8(outcome.file("r.ndjson")).expect("UTF-8");
    assert_eq!(recorded, outcome.stdout);
    assert_eq!(names(&outcome.json_lines()), TALK);
}

/// No step of a scenario can expect it.
#[test]
fn a_connection_that_failed_is_named_in_the_scenario() {
    let url = refused_url();
    let outcome = wscope().args([&*url, "--record", "r.wscope"]).stdin_null().run().code(3);
    let scenario = String::from_utf8(outcome.file("r.wscope")).expect("UTF-8");
    assert!(scenario.contains("\n#   could not connect: TCP connect: "), "{scenario}");
    assert!(scenario.contains(&format!(" (WS {url}")), "{scenario}");
    assert!(scenario.lines().all(|line| line.is_empty() || line.starts_with('#')), "{scenario}");
}

#[test]
fn what_is_shown_does_not_matter() {
    for options in [
        &["--filter", "none"][..],
        &["--mute", "in", "--mute", "out", "--mute", "ping", "--mute", "pong"],
        &["-q"],
        &["--output", "raw"],
    ] {
        let server = serve(talk);
        let outcome = record(&server.url(), &[&["-x", "hello"], options].concat()).code(0);
        assert_eq!(recorded(&outcome), TALK, "{options:?}");
    }
}

#[test]
fn frames_are_recorded_on_demand() {
    let frames = |options: &[&str]| {
        let server = serve(talk);
        let outcome = record(&server.url(), &[&["-x", "hello"], options].concat()).code(0);
        let frames = events(&outcome.file("r.ndjson"));
        frames.into_iter().filter(|event| event["event"] == "frame").collect::<Vec<_>>()
    };
    assert_eq!(frames(&["-v"]).len(), 0);
    let headers = frames(&["-vv"]);
    assert!(headers.len() >= 7 && headers[0].get("data").is_none(), "{headers:?}");
    assert!(frames(&["-vvv"])[0].get("data").is_some());
}

/// An empty payload was made up for those without one.
#[test]
fn frames_that_are_recorded_again_have_no_other_members() {
    let server = serve(|peer| {
        peer.send(text(""));
        close(peer, 1000, "");
    });
    let first = record(&server.url(), &["-vv"]).code(0).file("r.ndjson");
    for verbosity in ["-vv", "-vvv"] {
        let view = wscope().file("r.ndjson", first.clone());
        let args = ["view", verbosity, "--record", "again.ndjson", "r.ndjson"];
        let again = view.args(args).run().code(0).file("again.ndjson");
        assert_eq!(events(&again), events(&first), "{verbosity}");
    }
}

#[test]
fn messages_beyond_the_count_are_recorded() {
    let server = serve(|peer| {
        peer.send([text("one"), text("two"), text("three")].concat());
        answer_close(peer);
    });
    let outcome = record(&server.url(), &["-1"]).code(0).stdout("one\n");
    assert_eq!(
        recorded(&outcome),
        ["open", "received one", "received two", "received three", "close"]
    );
}

#[test]
fn a_long_message_is_one_line() {
    let long = "é\u{1}".repeat(300_000);
    let sent = long.clone();
    let server = serve(move |peer| {
        peer.send([text(&sent), binary(&vec![7; 200_000]), text("end")].concat());
        close(peer, 1000, "");
    });
    let outcome = record(&server.url(), &["--max-message-size", "64M"]).code(0);
    let events = events(&outcome.file("r.ndjson"));
    assert_eq!(events.len(), 5);
    assert_eq!(events[1]["data"], long.as_str());
    assert_eq!(events[2]["size"], 200_000);
    assert_eq!(events[3]["data"], "end");
}

#[test]
fn secrets_are_masked_except_in_messages() {
    let server = serve(|peer| {
        peer.send(text("s3cr3t-bearer"));
        close(peer, 1000, "");
    });
    let url = format!("{}/?token=s3cr3t-query", server.url());
    let options = ["--bearer", "s3cr3t-bearer", "--cookie", "id=s3cr3t-cookie"];
    let outcome = record(&url, &options).code(0);
    let text = String::from_utf8(outcome.file("r.ndjson")).expect("UTF-8");
    let (open, rest) = text.split_once('\n').expect("an event");
    assert!(open.contains("token=***") && !open.contains("s3cr3t"), "{open}");
    assert!(rest.contains("s3cr3t-bearer"), "{rest}");
}

#[test]
fn failures_to_connect_are_recorded() {
    let outcome = record(&refused_url(), &[]).code(3);
    let failure = &events(&outcome.file("r.ndjson"))[0];
    assert_eq!((&failure["event"], &failure["kind"]), (&"error".into(), &"connect".into()));
    assert!(failure["url"].as_str().is_some_and(|url| url.starts_with("ws://127.0.0.1:")));
    assert_eq!(failure.get("request_headers"), None, "there was no request");

    let server = Server::respond("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    let url = format!("{}/a?token=s3cr3t-query", server.url());
    let outcome = record(&url, &["--bearer", "s3cr3t-bearer"]).code(4);
    let failure = &events(&outcome.file("r.ndjson"))[0];
    assert_eq!((&failure["status"], &failure["body"]), (&403.into(), &"no".into()));
    assert_eq!(failure["url"], format!("{}/a?token=***", server.url()));
    let request = failure["request_headers"].to_string();
    assert!(request.contains(r#"["Authorization","Bearer ***"]"#), "{request}");
    assert!(failure["timings_ms"]["upgrade"].is_number());
}

#[test]
fn a_lost_connection_and_the_next_one_are_in_one_file() {
    let server = Server::scripts([
        crate::support::script(|peer| {
            peer.accept_request();
            peer.send(text("one"));
            peer.reset();
        }),
        crate::support::script(|peer| {
            peer.accept_request();
            peer.send(text("two"));
            close(peer, 1000, "");
        }),
    ]);
    let outcome = record(&server.url(), &["--reconnect", "--wait", "forever"]).code(0);
    assert_eq!(
        recorded(&outcome),
        ["open", "received one", "close", "reconnect", "open", "received two", "close"]
    );
}
