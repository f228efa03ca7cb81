//! `wscope view`: recordings of events, shown again.

use std::net::TcpListener;

use crate::scripts::{close, serve};
use crate::support::{Outcome, Wscope, binary, ping, text, wscope};

const OPEN: &str = r#"{"event":"open","time":"2026-07-31T12:34:56.789012Z","elapsed_ms":1.5,"url":"ws://localhost/chat","remote":"127.0.0.1:80","status":101,"reason":"Switching Protocols","request_headers":[["Host","localhost"],["Cookie","session=1234567890"]],"response_headers":[["X-Server","s"]]}"#;
const HELLO: &str = r#"{"event":"message","time":"2026-07-31T12:34:56.800000Z","elapsed_ms":12.5,"direction":"sent","type":"text","data":"hello"}"#;
const WORLD: &str = r#"{"event":"message","time":"2026-07-31T12:34:57.000000Z","elapsed_ms":212.5,"direction":"received","type":"text","data":"world"}"#;
const BYE: &str = r#"{"event":"close","time":"2026-07-31T12:34:57.100000Z","elapsed_ms":312.5,"code":4001,"reason":"bye","was_clean":true,"initiator":"peer","received":{"code":4001,"reason":"bye"}}"#;

/// These lines, as a recording in the working directory.
fn recording(lines: &[&str]) -> Wscope {
    wscope().file("x.ndjson", lines.join("\n") + "\n").args(["view", "x.ndjson"])
}

fn chat() -> Wscope {
    recording(&[OPEN, HELLO, WORLD, BYE])
}

#[test]
fn the_received_messages_are_written_in_a_pipe() {
    let outcome = chat().run();
    outcome.code(0).stdout("world\n").stderr(
        "wscope: connected to ws://localhost/chat (127.0.0.1:80), no subprotocol, no extensions\n\
         wscope: closed by the peer: 4001 Private Use: \"bye\"\n",
    );
}

#[test]
fn a_recording_that_ends_before_its_connections_says_so() {
    let one = "wscope: the recording ends while the connection is open\n";
    recording(&[OPEN, HELLO]).run().code(0).stderr_contains(one);
    let numbered = OPEN.replace("\"open\",", "\"open\",\"connection\":2,");
    let two = "wscope: the recording ends while 2 connections are open\n";
    recording(&[OPEN, &numbered]).run().code(0).stderr_contains(two);
    chat().run().stderr_lacks("the recording ends");
}

#[test]
fn a_recording_is_read_from_standard_input_and_by_its_content() {
    let text = [OPEN, WORLD, BYE].join("\r\n");
    wscope().args(["view", "-q", "-"]).stdin(&text).run().code(0).stdout("world\n").stderr("");
    wscope().file("x.har", text).args(["view", "-q", "x.har"]).run().code(0).stdout("world\n");
}

#[test]
fn outputs_are_those_of_a_live_run() {
    for (options, expected) in [
        (&["--output", "hex"][..], "776f726c64\n"),
        (&["--output", "base64"], "d29ybGQ=\n"),
        (&["--output", "raw"], "world"),
        (&["--filter", "/w/"], "world\n"),
        (&["--mute", "in"], ""),
        (&["--entry", "1"], "world\n"),
        (&["--entry", "/chat"], "world\n"),
    ] {
        chat().args(options).arg("-q").run().code(0).stdout(expected).stderr("");
    }
}

#[test]
fn details_and_recorded_times_are_shown_beside_the_messages() {
    let outcome = chat().args(["-v", "--timestamps=utc"]).run();
    outcome
        .code(0)
        .stdout("world\n")
        .stderr_contains("2026-07-31T12:34:56.789012Z > GET /chat HTTP/1.1\n")
        .stderr_contains("2026-07-31T12:34:56.789012Z > Cookie: ***\n")
        .stderr_contains("2026-07-31T12:34:56.789012Z < X-Server: s\n")
        .stderr_contains("2026-07-31T12:34:57.100000Z wscope: closed by the peer: 4001");
    chat().args(["-v", "--show-secrets"]).run().stderr_contains("Cookie: session=1234567890\n");
    chat()
        .args(["-v", "--timestamps=relative"])
        .run()
        .stderr_contains("  0.312500 wscope: closed by the peer");
}

/// Runs `args` against a server with some of everything, and returns the events.
fn live(args: &[&str]) -> Outcome {
    let server = serve(|peer| {
        peer.expect_text("hello");
        peer.send([text("a"), ping(b"p"), binary(&[0, 255]), text("é \u{1b}")].concat());
        close(peer, 1000, "done");
    });
    wscope().arg(server.url()).args(["--json", "-x", "hello"]).args(args).run().code(0)
}

#[test]
fn all_events_of_a_live_run_come_back_as_they_were() {
    for args in [&[][..], &["-vv"], &["-vvv"]] {
        let events = live(args).stdout;
        let shown = wscope().file("x", &events).args(["view", "--json", "x"]).run();
        shown.code(0).stdout(&events);
    }
}

#[test]
fn a_line_that_is_cut_is_a_warning_and_one_that_is_broken_an_error() {
    let cut = [OPEN, WORLD, &HELLO[..50]].join("\n");
    wscope()
        .file("cut", cut)
        .args(["view", "cut"])
        .run()
        .code(0)
        .stdout("world\n")
        .stderr_contains(
            "wscope: warning: cut:3: the last line is cut: EOF while parsing a string",
        );
    recording(&[OPEN, &HELLO[..50], "{}", WORLD]).arg("-q").run().code(2).stdout("world\n").stderr(
        "wscope: cannot read the recording: x.ndjson:2:50: EOF while parsing a string \
             (at byte 327 of the file); 1 more line is invalid\n",
    );
}

#[test]
fn a_reader_that_has_enough_is_no_reason_for_a_warning() {
    for options in [&["view", "x"][..], &["view", "-vv", "x"], &["view", "--json", "x"]] {
        let message = WORLD.replace("world", &"world".repeat(1000)) + "\n";
        let file = OPEN.to_owned() + "\n" + &message.repeat(2_000);
        let mut running = wscope().file("x", file).args(options).spawn();
        running.read_stdout_line();
        running.close_stdout();
        running.wait().code(0).stderr_lacks("warning").stderr_lacks("without -vv");
    }
}

#[test]
fn statistics_of_a_file_that_is_not_a_recording_are_not_shown() {
    for options in [&["--stats"][..], &["--stats", "--json"]] {
        let view = |file: &str| {
            let view = wscope().file("x", "hello\n").file("y", format!("{OPEN}\n!\n"));
            view.args(["view", file]).args(options).run()
        };
        view("x").code(2).stdout("");
        view("missing").code(8).stdout("");
        view("y").code(2).stdout_contains("messages");
        wscope()
            .file("y", format!("{OPEN}\n"))
            .args(["view", "--entry", "7", "y"])
            .args(options)
            .run()
            .code(2)
            .stdout("");
    }
}

#[test]
fn other_files_are_named_for_what_they_are() {
    for (content, expected) in [
        (&b""[..], "x: it is empty"),
        (b"hello", "x: it is plain text"),
        (b"\x1f\x8b\x08\0", "x: it is compressed (gzip)"),
        (b"<!doctype html>", "x: it looks like HTML"),
        (b"\xd4\xc3\xb2\xa1\0", "x: it is a capture of network packets (pcap)"),
        (b"{\"type\":\"text\",\"data\":\"a\"}", "x: it looks like lines for --input json"),
        (b"WS ws://a\n> b\n", "x: it looks like a scenario\nhint: 'wscope check x' runs scenarios"),
        (b"WEBSOCKET ws://a\n", "x: it looks like a file of HTTP requests\nhint: 'wscope check x'"),
    ] {
        let outcome = wscope().file("x", content).args(["view", "x"]).run();
        let expected = format!("wscope: cannot read the recording: {expected}");
        outcome.code(2).stdout("").stderr_contains(&expected);
    }
    wscope().args(["view", "."]).run().code(2).stderr_contains(".: it is a directory");
    wscope().args(["view", "missing"]).run().code(8).stderr_contains("missing: No such file");
}

#[test]
fn connections_are_told_apart_and_chosen() {
    let second = |line: &str| line.replacen("\"elapsed_ms\"", "\"connection\":2,\"elapsed_ms\"", 1);
    let (open, world) = (second(OPEN).replace("chat", "feed"), second(WORLD));
    let both = || recording(&[OPEN, WORLD, &open, &world, BYE]);
    both().run().code(0).stdout("world\nworld\n").stderr_contains("#2 wscope: connected to");
    both().args(["-q", "--entry", "feed"]).run().code(0).stdout("world\n").stderr("");
    both().args(["-q", "--entry", "3"]).run().code(2).stdout("").stderr(
        "wscope: x.ndjson has no connection 3\n\
         hint: its connections: 1 ws://localhost/chat, 2 ws://localhost/feed\n",
    );
    both().args(["--entry", "0"]).run().code(2).stderr_contains("connections count from 1");
}

#[test]
fn a_recorded_failure_is_reported_as_it_was() {
    // A port that nothing listens on any more.
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it").port();
    let events = wscope().args(["--json", &format!("ws://127.0.0.1:{port}/")]).run().code(3);
    let report = &events.stderr;
    assert!(report.contains("could not connect"), "{report}");
    let shown = wscope().file("x", &events.stdout).args(["view", "x"]).run();
    shown.code(0).stdout("").stderr(report);
}

#[test]
fn a_reader_that_has_enough_ends_it() {
    let line = format!("{WORLD}\n");
    let mut run = wscope().args(["view", "-q", "-"]).stdin_bytes(line.repeat(50_000)).spawn();
    assert_eq!(run.read_stdout_line(), "world");
    run.close_stdout();
    run.wait().code(0).stderr("");
}

#[test]
fn what_is_recorded_meanwhile_is_shown_at_once() {
    let mut run = wscope().args(["view", "-q", "-"]).spawn();
    for _ in 0..3 {
        run.write_stdin(format!("{WORLD}\n"));
        assert_eq!(run.read_stdout_line(), "world");
    }
    run.close_stdin();
    run.wait().code(0);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_at_once_whatever_it_waits_for() {
    use crate::support::Signal;

    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        // For more of the recording.
        let mut run = wscope().args(["view", "-q", "-"]).stdin_open().spawn();
        run.write_stdin(format!("{WORLD}\n"));
        assert_eq!(run.read_stdout_line(), "world");
        run.signal(signal);
        run.wait().code(code).stderr("");
    }
    // For a reader.
    let line = format!("{WORLD}\n");
    let mut run = wscope().args(["view", "-q", "-"]).stdin_bytes(line.repeat(50_000)).spawn();
    assert_eq!(run.read_stdout_line(), "world");
    run.signal(Signal::INT);
    run.wait().code(130).stderr("");
}

#[test]
fn statistics_are_a_table_or_an_object() {
    chat().arg("--stats").run().code(0).stderr("").stdout_contains(
        "x.ndjson: 1 connection, 311 ms, from 2026-07-31T12:34:56Z\n\n                        \
         received            sent\nmessages                       1               1\n",
    );
    let outcome = chat().args(["--stats", "--json"]).run().code(0);
    let stats = &outcome.json_lines()[0];
    assert_eq!((&stats["received"]["messages"], &stats["sent"]["bytes"]), (&1.into(), &5.into()));
    assert_eq!((&stats["duration_ms"], &stats["closes"]["4001"]), (&311.0.into(), &1.into()));
    let outcome = chat().args(["--stats", "--json", "--mute", "out"]).run().code(0);
    assert_eq!(outcome.json_lines()[0]["sent"]["messages"], 0);
}

#[test]
fn a_recording_is_converted_to_files_in_place_of_being_shown() {
    let outcome = chat().args(["--record", "y.ndjson", "--mute", "in"]).run();
    let outcome = outcome.code(0).stdout("").stderr_contains("recorded");
    let events = String::from_utf8(outcome.file("y.ndjson")).expect("UTF-8");
    let names: Vec<_> = events.lines().map(|line| &line[..14]).collect();
    assert_eq!(
        names,
        ["{\"event\":\"open", "{\"event\":\"mess", "{\"event\":\"mess", "{\"event\":\"clos"]
    );
    assert!(events.contains("[\"Cookie\",\"***\"]"), "{events}");
    let again = wscope().file("y.ndjson", &events).args(["view", "-q", "y.ndjson"]).run();
    again.code(0).stdout("world\n");
}

#[test]
fn a_conversion_overwrites_nothing() {
    let existing = chat().file("y.ndjson", "mine").args(["--record", "y.ndjson"]).run();
    let existing = existing.code(8).stderr_contains("--force");
    assert_eq!(existing.file("y.ndjson"), b"mine");
    let own = chat().args(["--record", "x.ndjson", "--force"]).run().code(2);
    assert!(own.file("x.ndjson").starts_with(OPEN.as_bytes()));
    let other = wscope().file("x", "text").args(["view", "x", "--record", "y.ndjson"]).run();
    let other = other.code(2).stderr_contains("it is plain text");
    assert!(!other.path("y.ndjson").exists(), "nothing was converted");
}

/// It made files of nothing, one of which `check` refuses.
#[test]
fn nothing_is_made_of_a_recording_without_connections() {
    let har = r#"{"log":{"entries":[]}}"#;
    for (name, text) in [("x.ndjson", "{\"event\":\"future\"}\n"), ("x.har", har)] {
        let args = ["view", name, "--record", "y.ndjson", "--record", "y.wscope"];
        let outcome = wscope().file(name, text).args(args).run().code(0);
        let outcome = outcome.stderr_contains("; nothing was recorded\n");
        for made in ["y.ndjson", "y.wscope"] {
            assert!(!outcome.path(made).exists(), "{made} of {name}");
        }
    }
}

#[test]
fn a_password_in_a_url_is_a_variable_of_the_scenario() {
    let open = OPEN.replace("ws://", "ws://us:hunter22@");
    let outcome = recording(&[&open, WORLD]).args(["--record", "y.wscope"]).run().code(0);
    let scenario = String::from_utf8(outcome.file("y.wscope")).expect("UTF-8");
    assert!(scenario.contains("\nWS ws://localhost/chat\n"), "{scenario}");
    assert!(scenario.contains("\nuser: us:{{password}}\n"), "{scenario}");
    let listed = wscope().file("y.wscope", &scenario).args(["check", "--list", "y.wscope"]);
    listed.args(["--secret", "password=x12345", "--secret", "cookie=y12345"]).run().code(0);
}

#[test]
fn secrets_of_an_attempt_that_failed_are_masked() {
    let error = r#"{"event":"error","elapsed_ms":1,"kind":"connect","message":"m","url":"ws://us:hunter22@h/?token=hunter22","request_headers":[["Authorization","Bearer hunter22"]]}"#;
    let shown = recording(&[error]).arg("--json").run();
    let event = &shown.json_lines()[0];
    assert_eq!(event["url"], "ws://us:***@h/?token=***");
    assert_eq!(event["request_headers"][0][1], "Bearer ***");
    let shown = recording(&[error]).args(["--json", "--show-secrets"]).run();
    assert_eq!(shown.json_lines()[0]["url"], "ws://us:hunter22@h/?token=hunter22");
}

/// A signal ends a conversion as it ends a run: with files that are whole.
#[cfg(unix)]
#[test]
fn a_conversion_that_a_signal_ends_is_readable() {
    use crate::support::{DEADLINE, Signal};
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let files = ["y.har", "y.wscope", "y.ndjson"].map(|name| ["--record", name]).concat();
        let mut running = wscope().args(["view", "-"]).args(files).stdin_open().spawn();
        running.write_stdin(format!("{OPEN}\n{WORLD}\n{}", &HELLO[..50]));
        let until = std::time::Instant::now() + DEADLINE;
        let lines = running.home().join("y.ndjson");
        while !std::fs::read(&lines)
            .is_ok_and(|text| memchr::memchr_iter(b'\n', &text).count() == 2)
        {
            assert!(std::time::Instant::now() < until, "nothing is converted");
            std::thread::yield_now();
        }
        running.signal(signal);
        let outcome = running.wait().code(status);
        let warning = "interrupted: the rest of standard input was not recorded";
        assert_eq!(outcome.stderr.matches("warning").count(), 1, "{}", outcome.stderr);
        let outcome = outcome.stderr_contains(&format!("wscope: warning: {warning}\n"));
        let har: serde_json::Value =
            serde_json::from_slice(&outcome.file("y.har")).expect("a HAR that is closed");
        let entry = &har["log"]["entries"][0];
        assert_eq!(entry["_webSocketMessages"][0]["data"], "world");
        let scenario = outcome.file("y.wscope");
        assert!(
            scenario.ends_with(b"HTTP 101\n< world\n"),
            "{}",
            String::from_utf8_lossy(&scenario)
        );
    }
}

/// A HAR never has frames, so that it was not made without -vv.
#[test]
fn why_there_are_no_frames_depends_on_the_format() {
    const MESSAGES: &str = r#"[{"type":"receive","time":1.5,"opcode":1,"data":"world"}]"#;
    let outcome = wscope().file("x.har", har(Some(MESSAGES))).args(["view", "-vv", "x.har"]).run();
    outcome
        .code(0)
        .stderr_contains("the recording has no frames: a HAR has messages only\n")
        .stderr_lacks("made without -vv");
    let outcome = chat().arg("-vv").run().code(0);
    outcome.stderr_contains("the recording has no frames: it was made without -vv\n");
}

#[test]
fn a_recording_without_connections_is_warned_of() {
    let program = wscope().file("x.har", har(None));
    let outcome = program.args(["view", "x.har"]).run().code(0).stdout("");
    outcome.stderr("wscope: warning: x.har: the recording has no WebSocket connection\n");
}

/// A HAR with a request that is a WebSocket if there are messages.
fn har(messages: Option<&str>) -> String {
    let own = messages.map(|list| format!(r#""_webSocketMessages":{list},"#)).unwrap_or_default();
    let scheme = if messages.is_some() { "ws" } else { "http" };
    let status = if messages.is_some() { 101 } else { 200 };
    format!(
        r#"{{"log":{{"version":"1.2","creator":{{"name":"a","version":"1"}},"entries":[{{{own}
            "startedDateTime":"2026-07-31T12:34:56.789Z","time":1,"timings":{{}},"cache":{{}},
            "request":{{"method":"GET","url":"{scheme}://h/x","headers":[]}},
            "response":{{"status":{status},"statusText":"x","headers":[],"content":{{}}}}}}]}}}}"#
    )
}

/// The shell's prompt was on the same line.
#[test]
fn ctrl_c_ends_the_line_of_a_terminal() {
    use crate::support::{Key, Terminal};
    let script = format!(
        "mkfifo f; exec 3<>f; printf '%s\\n' '{OPEN}' '{WORLD}' >&3; exec \"$WSCOPE\" view f"
    );
    let mut terminal = Terminal::spawn_shell(&script, 80, 24);
    terminal.wait_for("world");
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit(), 130);
    let screen = terminal.screen();
    assert!(screen.ends_with("^C"), "{screen}");
    assert_eq!(terminal.cursor().0, 0, "{screen}");
}
