//! Scenarios and HARs of runs that end early.

use std::process::Stdio;
use std::thread;
use std::time::Instant;

use super::ends::full::limit_files;
use crate::scripts::{answer_close, serve};
use crate::stalls::TIME_TO_END;
use crate::support::{DEADLINE, Outcome, Running, Server, Signal, close, script, text, wscope};

fn recording(url: &str, file: &str, options: &[&str]) -> Running {
    let args = [&[url, "--record", file], options].concat();
    wscope().args(args).stdin_open().spawn()
}

/// Waits until a file has a text.
#[track_caller]
fn wait_for_text(running: &Running, file: &str, text: &str) {
    let path = running.home().join(file);
    let until = Instant::now() + DEADLINE;
    while !std::fs::read_to_string(&path).is_ok_and(|content| content.contains(text)) {
        assert!(Instant::now() < until, "{file} has no '{text}'");
        thread::yield_now();
    }
}

fn scenario(outcome: &Outcome) -> String {
    String::from_utf8(outcome.file("r.wscope")).expect("UTF-8")
}

#[test]
fn a_kill_leaves_the_scenario_of_what_was_before() {
    let server = serve(|peer| {
        peer.send([text("one"), text("two")].concat());
        peer.read_until_eof();
    });
    let running = recording(&server.url(), "r.wscope", &[]);
    wait_for_text(&running, "r.wscope", "\n< two\n");
    running.signal(Signal::KILL);
    let scenario = scenario(&running.wait());
    assert!(scenario.ends_with("HTTP 101\n< one\n< two\n"), "{scenario}");
}

#[test]
fn a_signal_in_a_flood_leaves_a_whole_scenario_in_time() {
    let server = serve(|peer| while peer.try_send(text("0123456789").repeat(5000)) {});
    let running = recording(&server.url(), "r.wscope", &["--mute", "in"]);
    wait_for_text(&running, "r.wscope", "\n< 0123456789\n");
    running.signal(Signal::TERM);
    let since = Instant::now();
    let outcome = running.wait().code(143);
    assert!(since.elapsed() < TIME_TO_END, "{:?}", since.elapsed());
    let scenario = scenario(&outcome);
    let mut steps = scenario.lines().skip_while(|line| *line != "HTTP 101").skip(1);
    assert!(steps.by_ref().take(100).all(|step| step == "< 0123456789"), "{scenario}");
}

const FULL: &str = "wscope: warning: recording to r.wscope stopped: a scenario can hold 8 MiB of events; \
                    it has 7 messages; .ndjson and .har have no such limit\n";

#[test]
fn a_scenario_that_holds_no_more_ends_the_recording_with_a_warning() {
    let server = serve(|peer| {
        peer.send(text(&"x".repeat(1 << 20)).repeat(9));
        peer.expect_text("go");
        peer.close_and_expect_reply(1000);
    });
    let mut running = recording(&server.url(), "r.wscope", &["--mute", "in"]);
    let warning = "warning: recording to r.wscope stopped: a scenario can hold 8 MiB of events; it has 7 messages; .ndjson and .har have no such limit\n";
    assert_eq!(
        format!("{}\n", running.wait_stderr("stopped").trim_end()),
        format!("wscope: {warning}")
    );
    running.write_stdin("go\n");
    let outcome = running.wait().code(0);
    assert_eq!(outcome.stderr.matches("r.wscope").count(), 1, "{}", outcome.stderr);
    let scenario = scenario(&outcome);
    assert_eq!(scenario.matches("\n< xxx").count(), 7);
    assert!(
        scenario.ends_with("\n# The recording continues: the rest did not fit into a scenario.\n")
    );
}

#[test]
fn a_scenario_that_holds_no_more_is_named_also_with_quiet() {
    let server = serve(|peer| {
        peer.send(text(&"x".repeat(1 << 20)).repeat(9));
        peer.close_and_expect_reply(1000);
    });
    let outcome = recording(&server.url(), "r.wscope", &["-q", "--mute", "in"]).wait().code(0);
    assert_eq!(outcome.stderr, FULL);
}

#[test]
fn a_full_disk_leaves_what_was_written_before() {
    let server = serve(|peer| {
        peer.send(text("ready"));
        peer.stall();
        peer.send(text("0123456789").repeat(20_000));
        answer_close(peer);
    });
    let running = recording(&server.url(), "r.wscope", &["--mute", "/0/"]);
    wait_for_text(&running, "r.wscope", "\n< ready\n");
    limit_files(&running, 100_000);
    server.release();
    let mut running = running;
    running.wait_stderr("recording to r.wscope stopped: File too large (os error 27); ");
    running.close_stdin();
    let outcome = running.wait().code(8);
    let scenario = scenario(&outcome);
    assert!(scenario.contains("\n< ready\n") && scenario.ends_with('\n'), "{scenario}");
    let messages = scenario.matches("\n< ").count();
    assert!(messages > 7000, "{messages}");
    outcome.stderr_contains(&format!("{messages} message"));
}

#[test]
fn a_full_disk_leaves_a_har_that_is_closed() {
    let server = serve(|peer| {
        peer.send(text("ready"));
        peer.stall();
        peer.send(text("0123456789").repeat(20_000));
        answer_close(peer);
    });
    let mut running = recording(&server.url(), "r.har", &["--mute", "/0/"]);
    assert_eq!(running.read_stdout_line(), "ready");
    limit_files(&running, 300_000);
    server.release();
    let warning = running.wait_stderr("recording to r.har stopped: File too large (os error 27); ");
    running.close_stdin();
    let bytes = running.wait().code(8).file("r.har");
    assert!(bytes.len() > 200_000 && bytes.len() <= 300_000, "{}", bytes.len());
    let har: serde_json::Value = serde_json::from_slice(&bytes).expect("a HAR that is closed");
    let messages = har["log"]["entries"][0]["_webSocketMessages"].as_array().expect("messages");
    assert!(warning.contains(&format!("{} messages", messages.len())), "{warning}");
}

#[test]
fn a_flood_that_goes_on_after_our_close_is_not_recorded_for_ever() {
    let server = serve(|peer| while peer.try_send(text(&"x".repeat(60_000)).repeat(10)) {});
    let args = ["--count", "1", "--close-timeout", "200ms", "--record", "r.har"];
    let outcome = wscope().arg(server.url()).args(args).stdin_null().stdout_to(Stdio::null()).run();
    let har = outcome.code(0).file("r.har");
    assert!(serde_json::from_slice::<serde_json::Value>(&har).is_ok(), "a HAR that is closed");
}

/// Contract, section 6: "`>` and `<` as they came".
#[test]
fn what_is_received_after_our_close_frame_is_expected_after_it() {
    let server = Server::scripts((0..2).map(|_| {
        script(|peer| {
            peer.accept_request();
            peer.expect_text("go");
            peer.expect_close(1000);
            peer.send([text("late1"), text("late2"), close(1000, "")].concat());
            peer.read_until_eof();
        })
    }));
    let args = [&server.url(), "--record", "r.wscope", "-x", "go", "-w", "0"];
    let outcome = wscope().args(args).stdin("").run().code(0);
    let scenario = scenario(&outcome);
    assert!(
        scenario.ends_with("\n> go\n> close:1000\n< late1\n< late2\n< close:1000\n"),
        "{scenario}"
    );
    wscope().file("r.wscope", &scenario).args(["check", "r.wscope"]).run().code(0);
    server.join();
}

/// Contract, section 6: "a scenario that `check` runs", with "options that matter".
#[test]
fn options_that_reach_the_server_are_in_the_scenario() {
    let server = Server::scripts((0..2).map(|_| {
        script(|peer| {
            peer.accept_request();
            peer.expect_text("hi");
            answer_close(peer);
        })
    }));
    let place = format!("127.0.0.1:{}", server.port());
    let args = ["ws://a.invalid/", "--connect-to", &place, "-x", "hi", "-w", "0"];
    let options = ["--record", "r.wscope", "--compress", "client_no_context_takeover"];
    let outcome = wscope().args(args).args(options).stdin("").run().code(0);
    let scenario = scenario(&outcome);
    let expected =
        format!("[Options]\ncompress: client_no_context_takeover\nconnect-to: {place}\nHTTP 101\n");
    assert!(scenario.contains(&expected), "{scenario}");
    wscope().file("r.wscope", &scenario).args(["check", "r.wscope"]).run().code(0);
    server.join();
}

/// None is lost without a word: what has no usual value is written, with its unit.
#[test]
fn limits_and_flags_of_the_connection_are_in_the_scenario() {
    let server = Server::scripts((0..2).map(|_| {
        script(|peer| {
            peer.accept_request();
            peer.expect_text("hi");
            answer_close(peer);
        })
    }));
    let given = ["-4", "-L", "--lenient", "--connect-timeout", "7", "--idle-timeout", "0.5m"];
    let more = ["--max-message-size", "1M", "--ping-interval", "30", "--close-timeout", "5s"];
    let args = [&server.url(), "-x", "hi", "-w", "0", "--record", "r.wscope"];
    let outcome = wscope().args(args).args(given).args(more).stdin("").run().code(0);
    let scenario = scenario(&outcome);
    let expected = "[Options]\nconnect-timeout: 7s\nipv4: true\nlocation: true\nlenient: true\n\
                    max-message-size: 1048576\nping-interval: 30s\nidle-timeout: 30s\nHTTP 101\n";
    assert!(scenario.contains(expected), "{scenario}");
    wscope().file("r.wscope", &scenario).args(["check", "r.wscope"]).run().code(0);
    server.join();
}
