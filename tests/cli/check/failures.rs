//! What is shown of failures.

use super::{check, run};
use crate::scripts::refused_url;
use crate::support::{Server, text};

#[test]
fn a_timeout_shows_what_was_expected_and_what_came() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("hello"));
        peer.send(text(r#"{"a":1,"b":{"c":3}}"#));
        peer.answer_close(1000);
    });
    let scenario = "### t\nWS {{url}}\n[Options]\ntimeout: 100ms\n< {\"a\":1,\"b\":{\"c\":2}}\n[Asserts]\nsize > 1\n";
    let mut outcome = run(&server, scenario).code(1);
    for part in [
        "failed: t\ns.wscope:5:1: nothing matched within 100 ms\n",
        "  < {\"a\":1,\"b\":{\"c\":2}}\n  ^^^^^^^^^^^^^^^^^^^^^\n",
        "  expected  JSON that contains {\"a\":1,\"b\":{\"c\":2}}\n",
        "  received  hello\n            {\"a\":1,\"b\":{\"c\":3}}\n",
        "  closest   {\"a\":1,\"b\":{\"c\":3}}\n  differs   at $.b.c expected 2, got 3\n",
    ] {
        outcome = outcome.stdout_contains(part);
    }
}

#[test]
fn all_assertions_of_a_step_are_reported() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("one"));
        peer.answer_close(1000);
    });
    let scenario = "WS {{url}}\n< one\n[Asserts]\nsize == 4\nsize == 3\ntext startsWith \"x\"\n";
    run(&server, scenario)
        .code(1)
        .stdout_contains("s.wscope:4:1: the assertion does not hold\n  size == 4\n")
        .stdout_contains("  expected  4\n  got       3\n")
        .stdout_contains("also line 6: expected startsWith \"x\", got \"one\"");
}

#[test]
fn a_server_that_is_not_there_fails_the_part() {
    check("WS {{url}}\n< a\n")
        .args(["--variable", &format!("url={}", refused_url())])
        .run()
        .code(1)
        .stdout_contains("s.wscope:1:1: could not connect: TCP connect: 127.0.0.1:")
        .stdout_contains("Connection refused");
}

#[test]
fn another_status_shows_the_body() {
    let server = Server::respond("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno entry\n");
    run(&server, "WS {{url}}\nHTTP 101\n")
        .code(1)
        .stdout_contains("  expected  status 101\n  got       status 403\n")
        .stdout_contains("body: no entry");
}

#[test]
fn syntax_errors_of_all_files_are_shown_before_anything_runs() {
    crate::support::wscope()
        .file("a.wscope", "WS ws://h\n< /a(/\n[Asserts]\nsiez == 1\n")
        .file("b.wscope", "WS {{host}}\n[Options]\ninsecrue: true\nsend: x\n> caf\u{e9} {{y}}\n")
        .args(["check", "--variable", "host=h"])
        .run()
        .code(2)
        .stdout("")
        .stderr_contains(
            "a.wscope:2:3: error: not a regular expression: unclosed group\n  < /a(/\n    ^^^^",
        )
        .stderr_contains(
            "b.wscope:5:8: error: unknown variable \"y\"\n  > caf\u{e9} {{y}}\n         ^^^^^",
        );
    crate::support::wscope()
        .file(
            "b.wscope",
            "WS ws://h\n[Options]\ninsecrue: true\nsend: x\nconnect-timeout: soon\n< a\n",
        )
        .args(["check"])
        .run()
        .code(2)
        .stderr_contains("b.wscope:3:1: error: unknown option \"insecrue\"")
        .stderr_contains("help: did you mean \"insecure\"?")
        .stderr_contains("b.wscope:4:1: error: the option \"send\" has no meaning in a scenario");
}

#[test]
fn what_is_not_text_is_refused() {
    crate::support::wscope()
        .file("a.wscope", b"WS ws://h\n> caf\xe9\n")
        .args(["check", "a.wscope"])
        .run()
        .code(2)
        .stderr_contains("a.wscope: line 2, byte 6: not UTF-8");
    check("WS ws://h\n").args(["missing.wscope"]).run().code(8).stderr_contains("missing.wscope");
}
