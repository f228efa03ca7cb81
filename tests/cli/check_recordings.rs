//! `wscope check FILE.ndjson`: a recording as a scenario.

use crate::scripts::answer_close;
use crate::support::{Outcome, Peer, Server, script, text, wscope};

/// Scenario language, section 5: ".har and event .ndjson files are taken too (what was sent is sent again, what was
/// received is expected)".
fn recording(server: &Server, request_headers: &str, rest: &[&str]) -> String {
    let open = format!(
        r#"{{"event":"open","time":"2026-01-02T03:04:05.000000Z","elapsed_ms":1.0,"url":"{}","remote":"127.0.0.1:1","local":"127.0.0.1:2","http_version":"HTTP/1.1","status":101,"reason":"Switching Protocols","request_headers":[{request_headers}],"response_headers":[],"protocol":null,"extensions":null,"tls":null,"timings_ms":{{}}}}"#,
        server.url()
    );
    [&[open.as_str()], rest].concat().join("\n") + "\n"
}

fn message(direction: &str, data: &str) -> String {
    format!(
        r#"{{"event":"message","time":"2026-01-02T03:04:06.000000Z","elapsed_ms":2.0,"direction":"{direction}","type":"text","data":"{data}","size":1,"wire_size":1,"compressed":false,"frames":1}}"#
    )
}

fn answering(answer: &'static str) -> Server {
    Server::script(move |peer: &mut Peer| {
        peer.accept_request();
        peer.expect_text("question");
        peer.send(text(answer));
        answer_close(peer);
    })
}

fn check(file: &str, args: &[&str]) -> Outcome {
    wscope().file("s.ndjson", file).args(["check", "s.ndjson"]).args(args).run()
}

#[test]
fn what_was_sent_is_sent_and_what_was_received_is_expected() {
    let messages = [message("sent", "question"), message("received", "answer")];
    let messages = messages.each_ref().map(String::as_str);
    let server = answering("answer");
    check(&recording(&server, "", &messages), &[]).code(0).stdout_contains("1 passed");
    let server = answering("another answer");
    let options = ["--max-time", "500ms"];
    let outcome = check(&recording(&server, "", &messages), &options).code(1);
    outcome
        .stdout_contains("expected  the text \"answer\"")
        .stdout_contains("received  another answer");
}

/// As the Close frame of `ws.close()` in a browser: what echoes the code sends none either.
#[test]
fn a_close_frame_without_a_code_is_sent_without_one() {
    let server = Server::script(|peer| {
        peer.accept_request();
        let frame = peer.read_frame();
        peer.send(crate::support::frame(true, 0, frame.opcode, &frame.payload));
    });
    let closed = r#"{"event":"close","code":1005,"reason":"","was_clean":true,"initiator":"self","sent":{"code":1005,"reason":""},"received":{"code":1005,"reason":""}}"#;
    check(&recording(&server, "", &[closed]), &["--strict"]).code(0);
}

#[test]
fn masked_values_have_to_be_given() {
    let server = Server::script(|peer: &mut Peer| {
        let head = peer.read_head();
        assert!(head.contains("Authorization: Bearer letmein\r\n"), "{head}");
        peer.accept(&head);
        peer.expect_text("question");
        answer_close(peer);
    });
    let headers = r#"["Authorization","Bearer ***"]"#;
    let file = recording(&server, headers, &[&message("sent", "question")]);
    check(&file, &[])
        .code(2)
        .stderr_contains(
            "s.ndjson: values were masked in the recording: the header Authorization behind \"Bearer \"\n",
        )
        .stderr_contains("hint: give them with --secret authorization=VALUE\n");
    check(&file, &["--secret", "authorization=letmein"]).code(0);
}

#[test]
fn what_is_no_recording_is_refused() {
    for (content, reason) in [("", "empty"), ("{}\n", ""), ("WS ws://h\n> a\n", "")] {
        check(content, &[]).code(2).stderr_contains("s.ndjson").stderr_contains(reason);
    }
    wscope()
        .args(["check", "none.ndjson"])
        .run()
        .code(8)
        .stderr_contains("none.ndjson: No such file");
}

#[test]
fn a_recording_is_not_rewritten() {
    let server = answering("answer").optional();
    let file = recording(&server, "", &[&message("sent", "question")]);
    let outcome = check(&file, &["--relax", "--yes"]).code(2);
    outcome.stderr_contains("only scenario files can be rewritten");
}

#[test]
fn a_recording_that_differs_has_a_hint_at_how_to_relax_it() {
    let differing = || {
        script(|peer: &mut Peer| {
            peer.accept_request();
            peer.send(text(r#"{"type":"tick","time":2}"#));
            peer.close(1000, "");
            peer.expect_close(1000);
        })
    };
    let server = Server::scripts([differing(), differing()]);
    let tick = message("received", r#"{\"type\":\"tick\",\"time\":1}"#);
    let file = recording(&server, "", &[&tick]);
    check(&file, &[]).code(1).stderr_contains(
        "hint: wscope view s.ndjson --record s.wscope makes a scenario of it: wscope check --relax s.wscope leaves out \
         what differs from run to run\n",
    );
    // A file that exists is not overwritten.
    let (exists, also) = (wscope().file("s.wscope", "").file("s-2.wscope", ""), &file);
    let outcome = exists.file("s.ndjson", also).args(["check", "s.ndjson"]).run().code(1);
    outcome.stderr_contains("hint: wscope view s.ndjson --record s-3.wscope makes");
}

#[test]
fn an_option_of_scenarios_is_said_to_be_one() {
    wscope()
        .file("s.wscope", "WS ws://h/\n")
        .args(["check", "s.wscope", "--timeout", "1s"])
        .run()
        .code(2)
        .stderr_contains("hint: a scenario has this option: 'timeout: VALUE' below [Options]\n");
}

/// A line that was cut is said to be.
#[test]
fn a_recording_that_was_cut_is_used_up_to_there() {
    let server = answering("answer");
    let messages = [message("sent", "question"), message("received", "answer")];
    let messages = messages.each_ref().map(String::as_str);
    let whole = recording(&server, "", &messages);
    let cut = whole + r#"{"event":"message","time":"2026"#;
    check(&cut, &[]).code(0).stderr_contains("the last line is cut");
}

/// Nothing of the scenario that would be made of it is quoted: the user has never seen that.
#[test]
fn a_recording_without_an_open_connection_is_refused_once() {
    let failed =
        r#"{"event":"error","elapsed_ms":1,"kind":"connect","message":"refused","url":"ws://h/"}"#;
    let har = r#"{"log":{"version":"1.2","creator":{"name":"a","version":"1"},"entries":[]}}"#;
    let retry = r#"{"event":"retry","attempt":1,"delay_ms":1}"#;
    let (none, unopened) = (
        "the recording has no WebSocket connection",
        "no connection of the recording was opened: the scenario has nothing to check",
    );
    for (name, content, reason) in
        [("x.har", har, none), ("x.ndjson", retry, none), ("x.ndjson", failed, unopened)]
    {
        let program = wscope().file(name, format!("{content}\n"));
        let outcome = program.args(["check", name]).run().code(2);
        outcome.stderr(&format!("wscope: {name}: {reason}\n"));
    }
}
