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
