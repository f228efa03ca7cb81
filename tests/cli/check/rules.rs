//! The rules of scenarios.

use super::{check, run};
use crate::support::{Peer, Server, close, script, text, wscope};

fn texts(messages: &[&str]) -> Vec<u8> {
    messages.iter().flat_map(|message| text(message)).collect()
}

/// A server that sends these messages at once, then answers the Close frame.
fn sending(messages: &'static [&'static str]) -> Server {
    Server::script(|peer| {
        peer.accept_request();
        peer.send(texts(messages));
        peer.answer_close(1000);
    })
}

/// Scenario language, section 3: "Nothing is lost between steps."; section 1: "`SLEEP` nothing is done; what comes is
/// kept"
#[test]
fn nothing_is_lost_between_steps() {
    let server = sending(&["a", "b", "c", "d"]);
    run(&server, "WS {{url}}\nSLEEP 50ms\n< a\n< b\nSLEEP 50ms\n< c\n< d\n").code(0);
}

/// Scenario language, section 3: "With `strict: true` the next message has to match."
#[test]
fn strict_demands_the_next_message() {
    let server = sending(&["x", "a"]);
    run(&server, "WS {{url}}\n[Options]\nstrict: true\n\n< a\n")
        .code(1)
        .stdout_contains("strict: the next message does not match");
    let server = sending(&["x", "a"]);
    run(&server, "WS {{url}}\n[Options]\nstrict: true\nignore: x\n\n< a\n").code(0);
}

/// Scenario language, section 1: "`<!` must not come"
#[test]
fn what_must_not_be_received_fails_the_part() {
    let server = sending(&["a", r#"{"type":"error","text":"broken"}"#, "b"]);
    run(&server, "WS {{url}}\n<! {\"type\":\"error\"}\n< a\n< b\n")
        .code(1)
        .stdout_contains("s.wscope:2:1: this was received\n  <! {\"type\":\"error\"}\n")
        .stdout_contains("{\"type\":\"error\",\"text\":\"broken\"}");
}

/// Scenario language, section 1: "`SILENCE` no data message for that long"
#[test]
fn silence_fails_at_a_message() {
    let server = sending(&["a"]);
    run(&server, "WS {{url}}\nSILENCE 5s\n").code(1).stdout_contains("a message was received");
}

/// Scenario language, section 3: "A Close of the peer's […] fails the step that waits […], and says code and reason"
#[test]
fn an_unexpected_close_fails_the_step_that_waits() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(close(1011, "db down"));
        peer.read_until_eof();
    });
    run(&server, "WS {{url}}\n< a\n").code(1).stdout_contains(
        "the connection ended: closed by the peer: 1011 Internal Error: \"db down\"",
    );
}

/// Scenario language, section 2: "`close:1006` is an end without Close"
#[test]
fn an_end_without_a_close_frame_can_be_expected() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.eof();
        peer.read_until_eof();
    });
    run(&server, "WS {{url}}\n< close:1006\n").code(0);
}

/// Scenario language, section 3: "a peer that does not answer is a warning (with `--strict` a failure)"
#[test]
fn a_missing_close_reply_is_a_warning_and_with_strict_a_failure() {
    for (args, code) in [(&[][..], 0), (&["--strict"], 1)] {
        let server = Server::script(|peer| {
            peer.accept_request();
            peer.send(text("a"));
            peer.read_frame();
            peer.eof();
        });
        let url = format!("url={}", server.url());
        let outcome = check("WS {{url}}\n< a\n").args(["--variable", &url]).args(args).run();
        let outcome = outcome.code(code);
        let shown = if code == 0 { &outcome.stderr } else { &outcome.stdout };
        assert!(shown.contains("the server did not complete the closing handshake"), "{shown}");
    }
}

/// Scenario language, section 1: "A value is data, never language"
#[test]
fn a_captured_value_is_data_and_never_language() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("text:@s.wscope"));
        peer.expect_text("text:@s.wscope");
        peer.answer_close(1000);
    });
    run(&server, "WS {{url}}\n< /text:/\n[Captures]\nx: text\n> {{x}}\n").code(0);
}

/// Scenario language, section 3: "A failed part does not stop the next one; `--fail-fast` does."
#[test]
fn parts_run_one_after_the_other_and_a_failed_one_stops_none() {
    let serve = || {
        Server::scripts(["x", "b"].map(|message| {
            script(move |peer: &mut Peer| {
                peer.accept_request();
                peer.send(text(message));
                peer.answer_close(1000);
            })
        }))
    };
    let scenario = "### one\nWS {{url}}\n[Options]\ntimeout: 50ms\n< a\n### two\nWS {{url}}\n< b\n";
    run(&serve(), scenario).code(1).stdout_contains("2 parts: 1 passed, 1 failed, 0 skipped");
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.answer_close(1000);
    });
    let url = format!("url={}", server.url());
    check(scenario)
        .args(["--variable", &url, "--fail-fast"])
        .run()
        .code(1)
        .stdout_contains("2 parts: 0 passed, 1 failed, 1 skipped");
}

/// Scenario language, section 1: "only with --allow-run (else exit 2 before anything connects)"
#[test]
fn commands_need_permission_and_get_values_in_the_environment() {
    let scenario = "$ printf %s {{x}}\n[Asserts]\nstdout == \"; false\"\n[Captures]\ny: stdout\n";
    let scenario = &format!("### c\nWS {{{{url}}}}\n{scenario}> {{{{y}}}}\n< done\n");
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.expect_text("; false");
        peer.send(text("done"));
        peer.answer_close(1000);
    });
    let url = format!("url={}", server.url());
    let args = ["--variable", &url, "--variable", "x=; false"];
    check(scenario).args(args).run().code(2).stderr_contains("--allow-run permits it");
    check(scenario).args(args).arg("--allow-run").run().code(0);
}

/// Scenario language, section 1: "a status other than 0 fails"
#[test]
fn a_command_that_fails_fails_the_part() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.answer_close(1000);
    });
    let url = format!("url={}", server.url());
    check("WS {{url}}\n$ echo out; exit 3\n")
        .args(["--variable", &url, "--allow-run"])
        .run()
        .code(1)
        .stdout_contains("the command ended with status 3")
        .stdout_contains("output: out");
}

/// Scenario language, section 5: "a folder: its *.wscope, recursively, in order of name; none: ./".
#[test]
fn folders_are_searched_in_order_of_name() {
    let none = "### none\n";
    let program = wscope();
    std::fs::create_dir(program.home().join("b")).expect("a folder");
    let program = program
        .file("b/2.wscope", none)
        .file("a.wscope", none)
        .file("b/1.wscope", none)
        .file("b/notes.txt", "x");
    let expected = "a.wscope:1: none\nb/1.wscope:1: none\nb/2.wscope:1: none\n";
    program.args(["check", "--list"]).run().code(0).stdout(expected);
    let program = wscope();
    std::fs::create_dir(program.home().join("b")).expect("a folder");
    let program = program.file("b/notes.txt", "x");
    program.args(["check", "b"]).run().code(2).stderr_contains("no *.wscope file in this folder");
}

/// Scenario language, section 5: "`--only /regex/` (titles)", and exit 2 if it matches nothing.
#[test]
fn only_runs_the_parts_with_that_title() {
    let server = sending(&["a"]);
    let scenario = "### first\nWS {{url}}\n< x\n### second\nWS {{url}}\n< a\n";
    let url = format!("url={}", server.url());
    check(scenario)
        .args(["--variable", &url, "--only", "/^sec/"])
        .run()
        .code(0)
        .stdout_contains("1 part: 1 passed");
    check(scenario)
        .args(["--variable", "url=ws://h", "--only", "/third/"])
        .run()
        .code(2)
        .stderr_contains("no part has a title that matches --only /third/");
}
