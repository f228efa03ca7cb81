//! What `HTTP` lines expect of the opening handshake, and when it is tried again.

use std::time::Duration;

use super::{run, run_with};
use crate::scripts::refused_url;
use crate::support::{Script, Server, script, text};

/// Accepts with these header lines; the part may fail for them.
fn accepting(lines: &'static [&'static str]) -> Server {
    Server::script(|peer| {
        let head = peer.read_head();
        peer.accept_with(&head, lines);
        peer.answer_close(1000);
    })
}

fn refusing(status: &str, lines: &[&str]) -> Server {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    Server::respond(format!("HTTP/1.1 {status}\r\n{lines}Content-Length: 0\r\n\r\n"))
}

/// Scenario language, section 3: "Without an `HTTP` line the status has to be 101. After `HTTP 401` (any other status)
/// there are only sections. […] `HTTP *` takes any."
#[test]
fn the_status_is_101_or_what_the_file_expects() {
    for (line, status, is_met) in [
        ("< a\n", 101, true),
        ("< a\n", 200, false),
        ("< a\n", 401, false),
        ("HTTP 101\n", 101, true),
        ("HTTP 101\n", 401, false),
        ("HTTP 401\n", 401, true),
        ("HTTP 401\n", 403, false),
        ("HTTP 401\n", 101, false),
        ("HTTP 503\n", 503, true),
        ("HTTP *\n", 101, true),
        ("HTTP *\n< a\n", 101, true),
        ("HTTP *\n", 401, true),
        ("HTTP *\n", 500, true),
        ("HTTP *\n[Asserts]\nstatus == 500\n", 500, true),
        ("HTTP *\n[Asserts]\nstatus == 500\n", 401, false),
    ] {
        let server = match status {
            101 => Server::script(|peer| {
                peer.accept_request();
                peer.send(text("a"));
                peer.answer_close(1000);
            }),
            status => refusing(&format!("{status} Reason"), &[]),
        };
        let outcome = run(&server, &format!("WS {{{{url}}}}\n{line}"));
        let expected = Some(i32::from(!is_met));
        assert_eq!(outcome.code, expected, "{line} {status}: {}", outcome.stdout);
    }
    run(&accepting(&[]), "WS {{url}}\nHTTP 401\n")
        .code(1)
        .stdout_contains("s.wscope:2:1: the server accepted the connection")
        .stdout_contains("  expected  status 401\n  got       status 101\n");
}

/// Scenario language, section 3: "Header lines under it must be there with that value."; "a header line holds if one
/// header of that name (whatever its case) has that value."
#[test]
fn one_header_of_the_name_has_to_have_the_value() {
    for (lines, expected, got) in [
        (&["X-A: 1"][..], "X-A: 1", None),
        (&["x-a: 1"], "X-A: 1", None),
        (&["X-A: 1"], "x-A:1", None),
        (&["X-A:   1  "], "X-A: 1", None),
        (&["X-A: 2", "X-B: 3", "X-A: 1"], "X-A: 1", None),
        (&["X-A: 1", "X-A: 2"], "X-A: 1", None),
        (&["X-A: 2"], "X-A: 1", Some("2")),
        (&["X-A: 1, 2"], "X-A: 1", Some("1, 2")),
        (&["X-A: b"], "X-A: B", Some("b")),
        (&["X-B: 1"], "X-A: 1", Some("no header X-A")),
        (&[], "X-A: 1", Some("no header X-A")),
    ] {
        let scenario = |status: &str| format!("WS {{{{url}}}}\nHTTP {status}\n{expected}\n");
        for outcome in [
            run(&accepting(lines), &scenario("101")),
            run(&accepting(lines), &scenario("*")),
            run(&refusing("401 Unauthorized", lines), &scenario("401")),
        ] {
            match got {
                None => outcome.code(0),
                Some(got) => outcome
                    .code(1)
                    .stdout_contains(match got.starts_with("no header") {
                        true => "s.wscope:3:1: the response does not have this header\n",
                        false => "s.wscope:3:1: the response has another value\n",
                    })
                    .stdout_contains(&format!("  got       {got}\n")),
            };
        }
    }
    // All of them are needed.
    for (value, code) in [("1", 0), ("2", 1)] {
        let scenario = format!("WS {{{{url}}}}\nHTTP 101\nX-A: 1\nX-B: {value}\n");
        run(&accepting(&["X-A: 1", "X-B: 1"]), &scenario).code(code);
    }
}

/// Scenario language, section 3: "Sections behind the block judge the handshake; those behind a step judge what the
/// step took."
#[test]
fn sections_behind_the_block_judge_the_handshake() {
    let server = |message: &'static str| {
        Server::script(move |peer| {
            let head = peer.read_head();
            peer.accept_with(&head, &["X-A: 1"]);
            peer.send(text(message));
            peer.answer_close(1000);
        })
    };
    let scenario = "WS {{url}}\nHTTP 101\nX-A: 1\n[Captures]\nv: header \"X-A\"\n[Asserts]\n\
        header \"X-A\" == \"1\"\n< /./\n[Asserts]\ntext == {{v}}\n";
    run(&server("1"), scenario).code(0);
    run(&server("2"), scenario).code(1).stdout_contains("s.wscope:10:1: the assertion does not");
    run(&server("1"), &scenario.replace("== \"1\"", "== \"2\""))
        .code(1)
        .stdout_contains("s.wscope:7:1: the assertion does not hold");
}

fn accept() -> Script {
    script(|peer| {
        peer.accept_request();
        peer.send(text("a"));
        peer.answer_close(1000);
    })
}

fn respond(status: &'static str) -> Script {
    script(move |peer| {
        peer.read_head();
        peer.send(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"));
    })
}

/// Scenario language, section 3: "`retry: 20` waits for a server to come up: again after 250 ms, […], on connect
/// errors, 502 and 503"
#[test]
fn a_server_that_is_starting_is_tried_again() {
    let scenario = "WS {{url}}\n[Options]\nretry: 20\n\n< a\n";
    for first in
        [respond("502 Bad Gateway"), respond("503 Busy"), script(|peer| drop(peer.read_head()))]
    {
        let outcome = run(&Server::scripts([first, accept()]), scenario).code(0);
        assert!(outcome.elapsed >= Duration::from_millis(250), "{:?}", outcome.elapsed);
    }
    for status in ["500 Error", "504 Timeout", "404 Not Found", "429 Later"] {
        let outcome = run(&Server::scripts([respond(status)]), scenario).code(1);
        outcome.stdout_contains(&format!("  got       status {}\n", &status[..3]));
    }
    for status in ["502 Bad Gateway", "503 Busy"] {
        run(&Server::scripts([respond(status)]), "WS {{url}}\n< a\n").code(1);
    }
}

/// Scenario language, section 3: "again after 250 ms, growing to 1 s, on connect errors", as often as `retry` says
#[test]
fn connecting_is_tried_again_as_often_as_retry_says() {
    let server = Server::scripts([respond("503 Busy"), respond("503 Busy")]);
    let scenario = "WS {{url}}\n[Options]\nretry: 1\n\n< a\n";
    run(&server, scenario).code(1).stdout_contains("  got       status 503\n");
    let refused = super::check("WS {{url}}\n[Options]\nretry: 2\n\n< a\n")
        .args(["--variable", &format!("url={}", refused_url())])
        .run()
        .code(1)
        .stdout_contains("Connection refused");
    assert!(refused.elapsed >= Duration::from_millis(250 + 500), "{:?}", refused.elapsed);
}

/// Scenario language, section 3: "`retry: 20` waits […] within `max-time`."
#[test]
fn attempts_end_with_max_time() {
    let scenario = "WS {{url}}\n[Options]\nretry: 1000\nmax-time: 400ms\n\n< a\n";
    let outcome = super::check(scenario)
        .args(["--variable", &format!("url={}", refused_url())])
        .run()
        .code(1)
        .stdout_contains("s.wscope:1:1: ");
    assert!(outcome.elapsed >= Duration::from_millis(250), "{:?}", outcome.elapsed);
    assert!(outcome.elapsed < Duration::from_secs(10), "{:?}", outcome.elapsed);
}

/// Scenario language, section 3: "Of several `max-time`s of a part the smallest counts; the command's caps them all."
#[test]
fn the_smallest_max_time_counts() {
    let run = |(first, second, args): (&str, &str, &[&str])| {
        let server = Server::repeat(2, |peer| {
            peer.accept_request();
            peer.answer_close(1000);
        });
        let scenario = format!(
            "WS {{{{url}}}} as a\n[Options]\nmax-time: {first}\n\n\
             WS {{{{url}}}} as b\n[Options]\nmax-time: {second}\n\nSLEEP 60s\n"
        );
        let outcome = run_with(&server, &scenario, args).code(1);
        outcome.stdout_contains("s.wscope:9:1: the part is not over after 900 ms (max-time)");
    };
    let rows: [(&str, &str, &[&str]); 4] = [
        ("60s", "900ms", &[]),
        ("900ms", "60s", &[]),
        ("60s", "50s", &["-m", "900ms"]),
        ("900ms", "60s", &["--max-time", "20s"]),
    ];
    std::thread::scope(|scope| {
        for row in rows {
            scope.spawn(move || run(row));
        }
    });
}

/// Scenario language, section 3: "A part has `max-time`"
#[test]
fn max_time_counts_for_each_part_anew() {
    let server = Server::repeat(2, |peer| {
        peer.accept_request();
        peer.answer_close(1000);
    });
    let part = "### p\nWS {{url}}\nHTTP 101\nSLEEP 700ms\n";
    run_with(&server, &part.repeat(2), &["-m", "1300ms"]).code(0);
}
