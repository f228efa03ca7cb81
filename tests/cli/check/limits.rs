//! What ends a part early: `max-time`, signals, the failure of another one; and what is tried again.

#[cfg(unix)]
use std::fs::File;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::{check, run};
#[cfg(unix)]
use crate::files::{fifo, wait_until_opened, writer};
use crate::support::{Peer, Server, script, text};
#[cfg(unix)]
use crate::support::{Running, Signal, Wscope, wscope};

/// A server that takes all that is sent and never answers.
fn silent() -> Server {
    Server::script(|peer| {
        peer.accept_request();
        peer.read_until_eof();
    })
}

/// Scenario language, section 3: "A part has `max-time`"
#[test]
fn max_time_ends_silence_during_and_sleep() {
    for step in ["SILENCE 60s", "DURING 60s", "SLEEP 60s", "< a"] {
        let scenario =
            format!("WS {{{{url}}}}\n[Options]\nmax-time: 200ms\ntimeout: 60s\n{step}\n");
        run(&silent(), &scenario)
            .code(1)
            .stdout_contains("s.wscope:5:1: the part is not over after 200 ms (max-time)");
    }
}

/// Scenario language, section 3: "A part has `max-time`"
#[test]
fn the_smallest_max_time_counts() {
    let part = |own: &str| format!("WS {{{{url}}}}\n[Options]\n{own}HTTP 101\nSLEEP 60s\n");
    for (own, command, limit) in [
        ("max-time: 300ms\n", Some("10s"), "300 ms"),
        ("max-time: 10s\n", Some("300ms"), "300 ms"),
        ("max-time: 10s\nmax-time: 300ms\n", None, "300 ms"),
        ("max-time: 300ms\nmax-time: 10s\n", None, "300 ms"),
        ("max-time: {{limit}}\n", None, "200 ms"),
        ("max-time: 0s\n", Some("300ms"), "300 ms"),
    ] {
        let server = silent();
        let url = format!("url={}", server.url());
        let program = check(&part(own)).args(["--variable", &url, "--variable", "limit=200ms"]);
        let program = program.args(command.iter().flat_map(|limit| ["-m", limit]));
        program
            .run()
            .code(1)
            .stdout_contains(&format!("the part is not over after {limit} (max-time)"));
    }
}

#[test]
fn a_max_time_counts_from_the_start_whichever_connection_has_it() {
    let server = silent();
    let scenario =
        "WS {{url}} as a\nSLEEP 60s\nWS {{url}} as b\n[Options]\nmax-time: 200ms\nHTTP 101\nb< a\n";
    run(&server, scenario)
        .code(1)
        .stdout_contains("s.wscope:2:1: the part is not over after 200 ms");
}

#[test]
fn max_time_ends_the_closing_handshake() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("a"));
        peer.read_until_eof();
    });
    let outcome = run(&server, "WS {{url}}\n[Options]\nmax-time: 400ms\n< a\n").code(0);
    assert!(outcome.elapsed < Duration::from_secs(4), "{:?}", outcome.elapsed);
    outcome.stderr_contains(
        "the connection: the server did not complete the closing handshake before the part's max-time",
    );
}

/// Scenario language, section 3: "After `HTTP 401` (any other status) there are only sections."
#[test]
fn an_expected_status_is_no_reason_for_another_attempt() {
    let server = Server::respond("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    run(&server, "WS {{url}}\n[Options]\nretry: 5\nHTTP 503\n").code(0);
    let server = Server::respond("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    run(&server, "WS {{url}}\n[Options]\nretry: 5\nHTTP *\n[Asserts]\nstatus == 503\n").code(0);
}

/// Scenario language, section 3: "`retry: 20` waits for a server to come up: again […] on connect errors"
#[test]
fn a_connect_timeout_is_a_reason_for_another_attempt() {
    let server = Server::scripts([
        script(|peer: &mut Peer| {
            peer.read_head();
            peer.read_until_eof();
        }),
        script(|peer: &mut Peer| {
            peer.accept_request();
            peer.send(text("a"));
            peer.answer_close(1000);
        }),
    ]);
    run(&server, "WS {{url}}\n[Options]\nretry: 5\nconnect-timeout: 500ms\n< a\n").code(0);
}

const THREE: &str = "\
### one
WS {{url}}
< a
### two
WS {{url}}
> go
< {\"n\":1}
### three
WS {{url}}
< a
";

/// Scenario language, section 5: "130/143 (reports are written)".
#[test]
#[cfg(unix)]
fn a_signal_shows_where_a_part_was_interrupted() {
    let (waits, waiting) = channel();
    let server = Server::scripts([
        script(|peer: &mut Peer| {
            peer.accept_request();
            peer.send(text("a"));
            peer.answer_close(1000);
        }),
        script(move |peer: &mut Peer| {
            peer.accept_request();
            peer.send(text("another"));
            peer.expect_text("go");
            waits.send(()).expect("the test");
            peer.read_until_eof();
        }),
    ]);
    let url = format!("url={}", server.url());
    let args = ["--variable", &url, "--report-json", "json", "--report-tap", "tap"];
    let running = check(THREE).args(args).spawn();
    waiting.recv().expect("part two");
    running.signal(Signal::INT);
    let outcome = running.wait().code(130);
    let report: serde_json::Value = serde_json::from_slice(&outcome.file("json")).expect("JSON");
    let file = &report["files"][0];
    assert_eq!(file["outcome"], "skipped");
    let parts: Vec<_> = (0..3).map(|part| &file["parts"][part]["outcome"]).collect();
    assert_eq!(parts, ["passed", "skipped", "skipped"]);
    assert_eq!(file["parts"][1]["interruption"]["line"], 7);
    assert_eq!(file["parts"][1]["failure"], serde_json::Value::Null);
    let tap = String::from_utf8(outcome.file("tap")).expect("UTF-8");
    assert!(tap.contains("ok 2 - s.wscope: two # SKIP interrupted at line 7\n"), "{tap}");
    outcome
        .stdout_contains("interrupted s.wscope (3 parts, ")
        .stdout_contains("interrupted: two\ns.wscope:7:1: interrupted here\n")
        .stdout_contains("  expected  JSON that contains {\"n\":1}\n")
        .stdout_contains("1 file, 3 parts: 1 passed, 0 failed, 2 skipped, ");
}

/// Scenario language, section 5: "`--jobs N` (files side by side) · `--fail-fast`".
#[test]
#[cfg(unix)]
fn fail_fast_interrupts_the_files_that_run_beside() {
    let (waits, waiting) = channel();
    let slow = Server::script(move |peer| {
        peer.accept_request();
        peer.expect_text("go");
        waits.send(()).expect("the other server");
        peer.read_until_eof();
    });
    let failing = Server::script(move |peer| {
        peer.accept_request();
        waiting.recv().expect("the other server");
        peer.send(text("b"));
        peer.answer_close(1000);
    });
    let scenario = |url: &str, steps: &str| format!("WS {url}\n[Options]\nstrict: true\n{steps}");
    wscope()
        .file("a.wscope", scenario(&slow.url(), "> go\n< a\n"))
        .file("b.wscope", scenario(&failing.url(), "< a\n"))
        .args(["check", "--fail-fast", "--jobs", "2"])
        .run()
        .code(1)
        .stdout_contains("failed b.wscope (1 part, ")
        .stdout_contains("interrupted a.wscope (1 part, ")
        .stdout_contains("a.wscope:5:1: interrupted here\n")
        .stdout_contains("2 files, 2 parts: 0 passed, 1 failed, 1 skipped, ");
}

/// Starts a program and waits until it reads a FIFO, which has no end while the file is open.
#[cfg(unix)]
fn reading_a_fifo(program: Wscope) -> (Running, File) {
    let writer = writer(&fifo(&program.home()));
    let running = program.spawn();
    let file = wait_until_opened(&writer);
    (running, file)
}

/// Contract, section 2: "At a signal, and when `--max-time` runs out, the end comes within 1 s whatever stalls"
#[test]
#[cfg(unix)]
fn a_file_that_blocks_ends_with_the_part_or_a_signal() {
    let payload = "WS {{url}}\n[Options]\nclose-timeout: 10ms\nHTTP 101\n> text:@fifo\n";
    let option = "WS {{url}}\n[Options]\ncacert: fifo\nHTTP 101\n";
    for (scenario, late, place, connects) in
        [(payload, "5:3", "5:1", true), (option, "1:1", "1:1", false)]
    {
        let program = |server: &Option<Server>| {
            let url = server.as_ref().map_or_else(|| "ws://127.0.0.1:1".to_owned(), Server::url);
            check(scenario).args(["--variable", &format!("url={url}")])
        };
        let server = connects.then(silent);
        let (running, _file) = reading_a_fifo(program(&server).args(["--max-time", "300ms"]));
        let late = format!("s.wscope:{late}: the part is not over after 300 ms (max-time)");
        running.wait().code(1).stdout_contains(&late);
        let server = connects.then(silent);
        let (running, _file) = reading_a_fifo(program(&server));
        running.signal(Signal::TERM);
        let place = format!("s.wscope:{place}: interrupted here");
        running.wait().code(143).stdout_contains(&place);
    }
}

/// Contract, section 2: "At a signal, and when `--max-time` runs out, the end comes within 1 s whatever stalls"
#[test]
#[cfg(unix)]
fn reading_a_scenario_ends_at_a_signal_and_with_max_time() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        for args in [&["check", "fifo"][..], &["check", "--list", "fifo"]] {
            let (running, _file) = reading_a_fifo(wscope().args(args));
            running.signal(signal);
            running.wait().code(code).stdout("");
        }
    }
    let program = wscope().args(["check", "--max-time", "100ms", "fifo"]);
    let (running, _file) = reading_a_fifo(program);
    let error = "wscope: timed out: --max-time 100ms ran out while reading the scenarios\n";
    running.wait().code(7).stdout("").stderr(error);
}

/// A path is refused before anything runs, or its evaluation is not begun.
#[test]
fn a_json_path_that_multiplies_ends() {
    let nested = format!("{}1{}", "{\"a\":".repeat(250), "}".repeat(250));
    let server = Server::script(move |peer| {
        peer.accept_request();
        peer.send(text(&nested));
        peer.answer_close(1000);
    });
    let scenario = "WS {{url}}\n< {}\n[Asserts]\njsonpath \"$..a..a\" count > 0\n";
    run(&server, scenario).code(1).stdout_contains("the JSONPath selects more than 64 MiB");
    check("WS ws://127.0.0.1:1\n< {}\n[Captures]\nv: jsonpath \"$..a..a..a\"\n")
        .run()
        .code(2)
        .stderr_contains("s.wscope:4:21: error: a JSONPath has at most 2 \"..\"");
}
