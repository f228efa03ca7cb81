//! Recordings with several connections.

use crate::replay::{open, recording};
use crate::scripts::{answer_close, serve};
use crate::support::wscope;

#[test]
fn one_of_several_connections_has_to_be_chosen() {
    let server = serve(|peer| {
        peer.expect_text("second");
        answer_close(peer);
    });
    let url = format!("{}/b", server.url().trim_end_matches('/'));
    let file = [
        recording(&open("ws://127.0.0.1:9/a?token=secret"), &["> first", "< x", "end self 1000"]),
        recording(&open(&url), &["> second", "end self 1000"]),
    ]
    .concat();
    let run = |args: &[&str]| {
        wscope().file("r.ndjson", &file).args(["replay", "r.ndjson"]).args(args).run()
    };
    let outcome = run(&[]).code(2).stdout("");
    outcome
        .stderr_contains("wscope: r.ndjson: 2 connections: choose one with --entry N")
        .stderr_contains("\n1  2026-01-02 03:04:05Z  1 message to the server, 1 to the client  ws://127.0.0.1:9/a?token=***\n")
        .stderr_contains("\n2  ");
    for entry in ["3", "/c"] {
        run(&["--entry", entry])
            .code(2)
            .stderr_contains(&format!("--entry {entry}: no connection"));
    }
    run(&["--entry", "ws://"]).code(2).stderr_contains("2 connections: choose one");
    run(&["--entry", ""]).code(2).stderr_contains("bad --entry");
    run(&["--entry", "/b"]).code(0);
    server.join();
}

#[test]
fn a_recording_without_a_connection_is_refused() {
    let file = "{\"event\":\"error\",\"time\":\"2026-01-02T03:04:05Z\",\"elapsed_ms\":1,\"kind\":\"connect\",\"message\":\"x\"}\n";
    let outcome = wscope().file("r.ndjson", file).args(["replay", "r.ndjson"]).run().code(2);
    outcome.stderr_contains("wscope: r.ndjson: the recording has no WebSocket connection\n");
}

/// A HAR as Chrome writes it, of WebSockets with these URLs, each with a message and an answer.
fn har(urls: &[&str]) -> String {
    let page = serde_json::json!({
        "request":{"method":"GET","url":"http://h/","httpVersion":"HTTP/1.1","headers":[]},
        "response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","headers":[]},
        "startedDateTime":"2026-01-02T03:04:04.000Z","time":1,"timings":{},
    });
    let socket = |url: &&str| {
        serde_json::json!({
            "_resourceType":"websocket",
            "_webSocketMessages":[
                {"type":"send","time":1767323046.0,"opcode":1,"data":"a"},
                {"type":"receive","time":1767323046.5,"opcode":2,"data":"AAEC"},
            ],
            "request":{
                "method":"GET","url":url,"httpVersion":"HTTP/1.1",
                "headers":[{"name":"Origin","value":"https://app.example"}],
            },
            "response":{"status":101,"statusText":"Switching Protocols","httpVersion":"HTTP/1.1","headers":[]},
            "startedDateTime":"2026-01-02T03:04:05.000Z","time":1,"timings":{},
        })
    };
    let entries: Vec<_> = [page].into_iter().chain(urls.iter().map(socket)).collect();
    serde_json::json!({"log":{"version":"1.2","creator":{"name":"WebInspector"},"entries":entries}})
        .to_string()
}

#[test]
fn the_connections_of_a_browser_are_replayed() {
    for several in [false, true] {
        let server = serve(|peer| {
            peer.expect_text("a");
            peer.send(crate::support::binary(&[0, 1, 2]));
            answer_close(peer);
        });
        let url = format!("{}/chat", server.url());
        let urls = [&*url, "wss://h/other"];
        let (urls, args) = match several {
            true => (&urls[..], &["--entry", "/chat"][..]),
            false => (&urls[..1], &[][..]),
        };
        let program = wscope().file("r.har", har(urls)).args(["replay", "--check", "r.har"]);
        let outcome = program.args(args).run().code(0);
        outcome.stderr_contains("the answers are as recorded (compared: 1 message of the server)");
        server.join();
    }
    let outcome =
        wscope().file("r.har", har(&["ws://h/a", "ws://h/b"])).args(["replay", "r.har"]).run();
    let outcome = outcome.code(2).stderr_contains("r.har: 2 connections: choose one");
    outcome.stderr_contains("1 message to the server, 1 to the client  ws://h/b\n");
}
