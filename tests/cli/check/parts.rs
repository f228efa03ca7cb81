//! Parts, and what they share.

use super::{check, run, run_with};
use crate::support::{Script, Server, script, text, wscope};

/// Sends a text, and expects another one if there is one.
fn talk(sent: &'static str, expected: Option<&'static str>) -> Script {
    script(move |peer| {
        peer.accept_request();
        peer.send(text(sent));
        expected.iter().for_each(|expected| peer.expect_text(expected));
        peer.answer_close(1000);
    })
}

const CAPTURING: &str = "\
### one
WS {{url}}
< /./
[Captures]
v: text
### two
WS {{url}}
< b
> {{v}}
";

/// Scenario language, section 3: "Parts run one after another, each with connections of its own; captured values stay
/// until the end of the file."
#[test]
fn a_captured_value_stays_until_the_end_of_the_file() {
    let server = Server::scripts([talk("first", None), talk("b", Some("first"))]);
    run(&server, CAPTURING).code(0);
    // A failure after it was captured does not take it away.
    let server = Server::scripts([talk("first", None), talk("b", Some("first"))]);
    let scenario = CAPTURING.replace("v: text\n", "v: text\n[Asserts]\nsize == 9\n");
    run(&server, &scenario).code(1).stdout_contains("2 parts: 1 passed, 1 failed");
}

/// Scenario language, section 3: "captured values stay until the end of the file", and not longer.
#[test]
fn a_captured_value_ends_with_its_file_and_run() {
    wscope()
        .file("a.wscope", "WS ws://127.0.0.1:1\n< a\n[Captures]\nv: text\n")
        .file("b.wscope", "WS ws://127.0.0.1:1\n> {{v}}\n< a\n")
        .args(["check"])
        .run()
        .code(2)
        .stdout("")
        .stderr_contains("b.wscope:2:3: error: unknown variable \"v\"");
    // In the second run the part that captures fails before it does.
    let server = Server::scripts([
        talk("first", None),
        talk("b", Some("first")),
        script(|peer| {
            peer.read_head();
            peer.send("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
        }),
        talk("b", None),
    ]);
    run_with(&server, CAPTURING, &["--repeat", "2", "--jobs", "1"])
        .code(1)
        .stdout_contains("s.wscope:9:3: the variable \"v\" has no value")
        .stdout_contains("2 files, 4 parts: 2 passed, 2 failed, 0 skipped");
}

/// Scenario language, section 3: "Parts run one after another, each with connections of its own"
#[test]
fn a_connection_ends_with_its_part() {
    let server = Server::scripts([talk("a", None), talk("a", Some("x"))]);
    let scenario = "### one\nWS {{url}} as me\nme< a\n### two\nWS {{url}} as me\nme< a\nme> x\n";
    run(&server, scenario).code(0);
    check("### one\nWS ws://h as me\nme< a\n### two\nme> x\n")
        .run()
        .code(2)
        .stderr_contains("s.wscope:5:1: error: ");
}

/// Scenario language, section 3: "A failed part does not stop the next one; `--fail-fast` does."
#[test]
fn a_part_that_cannot_connect_does_not_stop_the_next() {
    let scenario = "### one\nWS ws://127.0.0.1:1\n< a\n### two\nWS {{url}}\n< b\n";
    run(&Server::scripts([talk("b", None)]), scenario)
        .code(1)
        .stdout_contains("2 parts: 1 passed, 1 failed, 0 skipped");
    check(scenario)
        .args(["--fail-fast", "--variable", "url=ws://127.0.0.1:1"])
        .run()
        .code(1)
        .stdout_contains("2 parts: 0 passed, 1 failed, 1 skipped");
}

/// Scenario language, section 3: "A part that neither asserts nor expects anything is a warning, an error with
/// `--strict`."
#[test]
fn a_part_that_judges_nothing_is_a_warning_and_with_strict_an_error() {
    let message = "this part neither expects nor asserts anything";
    for (steps, judges) in [
        ("", false),
        ("> a\n", false),
        ("> a\nSLEEP 1ms\n", false),
        ("DURING 1ms\n", false),
        ("> a\n[Captures]\nv: variable \"url\"\n", false),
        ("HTTP 101\n", true),
        ("[Asserts]\nstatus == 101\n", true),
        ("<! a\n", true),
        ("SILENCE 1ms\n", true),
        ("DURING 1ms\n[Asserts]\ncount == 0\n", true),
    ] {
        let scenario = format!("WS {{{{url}}}}\n{steps}");
        let server = || {
            Server::script(|peer| {
                peer.accept_request();
                while peer.read_frame().opcode == 1 {}
                peer.close(1000, "");
            })
        };
        let outcome = run(&server(), &scenario).code(0);
        match judges {
            true => {
                outcome.stderr("");
                run_with(&server(), &scenario, &["--strict"]).code(0).stderr("");
            }
            false => {
                outcome.stderr_contains(&format!("s.wscope:1:1: warning: {message}"));
                // It is found before anything is connected.
                let args = ["--strict", "--variable", "url=ws://127.0.0.1:1"];
                check(&scenario)
                    .args(args)
                    .run()
                    .code(2)
                    .stdout("")
                    .stderr_contains(&format!("s.wscope:1:1: error: {message}"));
            }
        }
    }
}

/// Scenario language, section 3: "With two or more connections named in a part, a step without NAME is an error (exit 2,
/// found before anything runs)."
#[test]
fn with_several_connections_each_step_needs_a_name() {
    let connections = "WS ws://127.0.0.1:1 as a\nWS ws://127.0.0.1:1 as b\n";
    for step in ["> x", "< x", "<! x", "SILENCE 1s", "DURING 1s", "> close:1000"] {
        check(&format!("### fine\n{connections}a< x\n### wrong\n{connections}{step}\n"))
            .run()
            .code(2)
            .stdout("")
            .stderr_contains("s.wscope:8:1: error: which connection? This part has several");
    }
    // Steps that are for no connection need none, nor those of a part with one.
    let server = Server::scripts([talk("x", None), talk("y", None), talk("z", None)]);
    let scenario = "### two\nWS {{url}} as a\nWS {{url}} as b\nSLEEP 1ms\na< x\nb< y\n\
        ### one\nWS {{url}} as c\n< z\n";
    run(&server, scenario).code(0);
}

/// Scenario language, section 3: "`{{name}}` is put in as text before a payload is judged to be JSON, so `{"n":{{n}}}` is
/// JSON if n is a number; a bare `{…}` or `[…]` that does not parse is taken as text, with a warning."
#[test]
fn a_value_is_put_in_before_a_payload_is_judged_to_be_json() {
    for (value, message, is_json) in [
        ("7", r#"{"m":1,"n":7.0}"#, true),
        ("\"a\"", r#"{"m":1,"n":"a"}"#, true),
        ("word", r#"{"n":word}"#, false),
    ] {
        let scenario =
            "WS {{url}}\n[Options]\nstrict: true\n\n< /n/\n< {\"n\":{{n}}}\n> {\"n\":{{n}}}\n";
        let sent = format!("{{\"n\":{value}}}");
        let server = Server::script(move |peer| {
            peer.accept_request();
            peer.send([text("n"), text(message)].concat());
            peer.expect_text(&sent);
            peer.answer_close(1000);
        });
        let outcome = run_with(&server, scenario, &["--variable", &format!("n={value}")]).code(0);
        match is_json {
            true => outcome.stderr(""),
            false => outcome.stderr_contains("taken as text, as it is not JSON: "),
        };
    }
    for payload in ["{a}", "[1,", "[a]", "{\"a\":}"] {
        let server = Server::script(move |peer| {
            peer.accept_request();
            peer.send(text(payload));
            peer.expect_text(payload);
            peer.answer_close(1000);
        });
        let outcome = run(&server, &format!("WS {{{{url}}}}\n< {payload}\n> {payload}\n")).code(0);
        if payload.ends_with(['}', ']']) {
            outcome
                .stderr_contains("s.wscope:2:")
                .stderr_contains("warning: taken as text, as it is not JSON: ");
        }
    }
}
