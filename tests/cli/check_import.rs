//! `wscope check` with files of other programs, and with patterns of files.

use crate::support::{Peer, Server, Wscope, binary, text, wscope};

/// `wscope check` with this file, in which `{{url}}` is the server's.
fn check(server: &Server, name: &str, contents: &str) -> Wscope {
    let url = format!("url={}", server.url());
    wscope().file(name, contents).args(["check", name, "--variable", &url])
}

const CHAT: &str = "@room = lobby

### join and leave
# @name a room
WEBSOCKET {{url}}/chat
    ?room={{room}}
Content-Type: application/json
Authorization: Basic Ada {{password}}
X-Request: {{$uuid}}

// the first message
{
  \"join\": \"{{room}}\"
}
=== wait-for-server
=== wait-for-server
hex:00
===
bye

### something else
GET http://localhost/
";

/// Scenario language, section 5: "`.http`/`.rest` files with `WEBSOCKET` requests … are taken too".
#[test]
fn a_websocket_request_of_an_http_file_is_a_part() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        assert!(head.starts_with("GET /chat?room=lobby HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("\r\nAuthorization: Basic QWRhOnMzY3IzdA==\r\n"), "{head}");
        let id = head.split("\r\nX-Request: ").nth(1).expect("a header");
        assert_eq!(id.split('\r').next().map(str::len), Some(36), "{head}");
        assert!(!head.contains("Content-Type"), "{head}");
        peer.accept_with(&head, &[]);
        peer.expect_text("{\n  \"join\": \"lobby\"\n}");
        peer.send(text("welcome"));
        peer.send(binary(&[0]));
        peer.expect_text("hex:00");
        peer.expect_text("bye");
        peer.answer_close(1000);
    });
    check(&server, "chat.http", CHAT)
        .args(["--secret", "password=s3cr3t"])
        .run()
        .code(0)
        .stdout_contains("passed chat.http (1 part, ")
        .stderr("chat.http:22:1: warning: 1 request that is not WEBSOCKET is skipped: GET\n  GET http://localhost/\n  ^^^^^^^^^^^^^^^^^^^^^\n");
}

/// Scenario language, section 5: "JetBrains: `===`, `=== wait-for-server`".
#[test]
fn nothing_is_sent_before_the_awaited_message() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.expect_text("a");
        peer.answer_close(1000);
    });
    let contents = "# @timeout 50 ms\nWEBSOCKET {{url}}\n\na\n=== wait-for-server\nb\n";
    check(&server, "a.rest", contents)
        .run()
        .code(1)
        .stdout_contains("a.rest:5:1: nothing matched within 50 ms\n  === wait-for-server\n")
        .stdout_contains("expected  any message\n");
}

#[test]
fn a_message_may_be_a_file_beside_the_request() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.expect_text("{\"from\":\"file {{x}}\"}");
        peer.answer_close(1000);
    });
    let program = wscope();
    std::fs::create_dir(program.home().join("requests")).expect("a folder");
    let url = format!("url={}", server.url());
    program
        .file("requests/a.http", "WEBSOCKET {{url}}\n\n< ./m.json\n")
        .file("requests/m.json", "{\"from\":\"file {{x}}\"}")
        .args(["check", "requests/a.http", "--variable", &url])
        .run()
        .code(0);
}

#[test]
fn what_cannot_be_translated_is_an_error_before_anything_is_connected() {
    let contents = "WEBSOCKET ws://{{host}}\n\n{\"t\":{{$timestamp}}}\n";
    wscope()
        .file("a.http", contents)
        .args(["check", "a.http", "--variable", "host=127.0.0.1:1"])
        .run()
        .code(2)
        .stderr_contains("a.http:3:6: error: {{$timestamp}} cannot be translated\n  {\"t\":{{$timestamp}}}\n       ^^^^^^^^^^^^^^\n");
    wscope()
        .file("a.http", contents.replace("$timestamp", "t"))
        .args(["check", "a.http", "--variable", "host=127.0.0.1:1"])
        .run()
        .code(2)
        .stderr_contains("a.http:3:6: error: unknown variable \"t\"\n");
}

#[test]
fn a_file_without_a_websocket_request_is_an_error() {
    wscope()
        .file("a.http", "GET http://localhost/\n")
        .args(["check", "a.http"])
        .run()
        .code(2)
        .stderr_contains("a.http:1:1: error: this file has no WEBSOCKET request\n");
}

#[test]
fn a_script_is_a_warning_and_with_strict_an_error() {
    let contents = "WEBSOCKET {{url}}\n\n=== wait-for-server\n> {%\n  client.test();\n%}\n";
    let serve = || {
        Server::script(|peer| {
            peer.accept_request();
            peer.send(text("a"));
            peer.answer_close(1000);
        })
    };
    let warning = "a.http:4:1: warning: scripts are not run: what it checks or sets is left out\n";
    check(&serve(), "a.http", contents).run().code(0).stderr_contains(warning);
    let unused = wscope().file("a.http", contents);
    unused
        .args(["check", "a.http", "--strict", "--variable", "url=ws://127.0.0.1:1"])
        .run()
        .code(2)
        .stderr_contains("a.http:4:1: error: scripts are not run");
}

#[test]
fn folders_do_not_mean_http_files() {
    let program = wscope().file("a.http", "WEBSOCKET ws://h\n").file("b.wscope", "### b\n");
    program.args(["check", "--list"]).run().code(0).stdout("b.wscope:1: b\n");
    let program = wscope().file("a.http", "### a\nWEBSOCKET ws://h\n").file("b.wscope", "### b\n");
    program
        .args(["check", "--list", "b.wscope", "a.http"])
        .run()
        .code(0)
        .stdout("b.wscope:1: b\na.http:1: a\n");
}

/// A folder with scenarios in it, hidden ones too.
fn folder() -> Wscope {
    let program = wscope();
    for name in ["b/c", ".d"] {
        std::fs::create_dir_all(program.home().join(name)).expect("a folder");
    }
    let names = ["z.wscope", "a.wscope", "b/1.wscope", "b/c/2.wscope", ".d/3.wscope", "b/4.txt"];
    names.into_iter().fold(program, |program, name| program.file(name, "### t\n"))
}

/// Scenario language, section 5: "`--glob`".
#[test]
fn glob_adds_the_files_that_match_in_order_of_name() {
    for (args, expected) in [
        (&["--glob", "*.wscope"][..], &["a", "z"][..]),
        (&["--glob", "**/*.wscope"], &["a", "b/1", "b/c/2", "z"]),
        (&["--glob", "b/*.wscope", "--glob", "a.*"], &["b/1", "a"]),
        (&["z.wscope", "--glob", "./*.wscope"], &["z", "a"]),
        (&["--glob", ".d/*"], &[".d/3"]),
    ] {
        let expected: String =
            expected.iter().map(|name| format!("{name}.wscope:1: t\n")).collect();
        folder().args(["check", "--list"]).args(args).run().code(0).stdout(&expected);
    }
}

#[test]
fn a_pattern_that_matches_nothing_is_an_error() {
    let run = |pattern: &str| folder().args(["check", "a.wscope", "--glob", pattern]).run().code(2);
    run("*.nothing").stderr_contains("no file matches --glob \"*.nothing\"");
    run("b").stderr_contains("no file matches --glob \"b\"");
    run("a**").stderr_contains("bad --glob \"a**\": ");
}

/// Scenario language, section 4: the filter `decode "msgpack"`.
#[test]
fn a_binary_message_can_be_read_as_message_pack() {
    let server = Server::script(|peer: &mut Peer| {
        peer.accept_request();
        peer.send(binary(b"\x82\xa2id\x07\xa4tags\x92\xa1a\xa1b"));
        peer.send(binary(b"\x92\x01"));
        peer.answer_close(1000);
    });
    let scenario = "WS {{url}}\n< hex:82 ..\n[Asserts]\n\
                    bytes decode \"msgpack\" jsonpath \"$.id\" == 7\n\
                    bytes decode \"msgpack\" jsonpath \"$.tags[*]\" includes \"b\"\n\
                    < hex:92 ..\n[Asserts]\nbytes decode \"msgpack\" count == 1\n";
    check(&server, "s.wscope", scenario)
        .run()
        .code(1)
        .stdout_contains("s.wscope:8:7: ")
        .stdout_contains("not MessagePack: truncated: 1 more byte expected at byte 2");
}
