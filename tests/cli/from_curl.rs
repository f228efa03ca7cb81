//! `--from-curl`: command lines that browsers and Burp copied.

use std::sync::mpsc;

use crate::request::request_of;
use crate::support::{Outcome, Server, header, wscope};

mod copied;
#[cfg(unix)]
mod typed;

/// The request of a client with this command, in which HOST stands for the server's host and port, and these
/// arguments.
#[track_caller]
fn request(command: &str, args: &[&str]) -> (String, Outcome) {
    request_of(&[], |server: &Server| {
        let host = format!("127.0.0.1:{}", server.port());
        let args = args.iter().map(|arg| arg.replace("HOST", &host));
        wscope()
            .file("c.txt", command.replace("HOST", &host))
            .args(["--from-curl", "c.txt"])
            .args(args)
    })
}

/// The error for a command that is not used.
#[track_caller]
fn refused(command: impl AsRef<[u8]>, words: &[&str]) {
    let client = wscope().file("c.txt", command).args(["--from-curl", "c.txt"]);
    let outcome = client.run().code(2).stdout("");
    words.iter().fold(outcome, |outcome, word| outcome.stderr_contains(word));
}

/// The fields of the request that a handshake needs not.
fn fields(head: &str) -> Vec<&str> {
    const NEEDED: [&str; 5] =
        ["Host", "Connection", "Upgrade", "Sec-WebSocket-Version", "Sec-WebSocket-Key"];
    let is_own = |line: &&str| !NEEDED.iter().any(|name| line.starts_with(&format!("{name}: ")));
    head.lines().skip(1).filter(|line| !line.is_empty()).filter(is_own).collect()
}

#[test]
fn what_is_given_beside_it_counts_more() {
    const COMMAND: &str = "curl 'ws://127.0.0.1:1/no' -H 'Origin: http://a' -H 'User-Agent: a' -H 'Cookie: a=b' \
        -H 'Authorization: Basic YTpi' -H 'X-A: 1' -H 'X-B: 1' -H 'x-b: 2' -H 'Sec-WebSocket-Protocol: v1, v2' \
        -H 'Sec-WebSocket-Extensions: permessage-deflate' -m 0.001";
    let args = [
        "ws://HOST/yes",
        "-o",
        "http://b",
        "-A",
        "b",
        "--cookie",
        "c=d",
        "--bearer",
        "t",
        "-H",
        "X-B: 3",
        "-s",
        "v3",
        "--no-compress",
        "-m",
        "10",
    ];
    let (head, outcome) = request(COMMAND, &args);
    assert!(head.starts_with("GET /yes HTTP/1.1\r\n"), "{head}");
    let expected = [
        "User-Agent: b",
        "Origin: http://b",
        "Authorization: Bearer t",
        "Cookie: c=d",
        "Sec-WebSocket-Protocol: v3",
        "X-A: 1",
        "X-B: 3",
    ];
    assert_eq!(fields(&head), expected);
    outcome.stderr_contains("subprotocol");
    let (head, _) = request("curl -k", &["ws://HOST/yes"]);
    assert!(head.starts_with("GET /yes HTTP/1.1\r\n"), "{head}");
}

#[test]
fn it_counts_more_than_settings() {
    let (head, _) = request_of(&[], |server| {
        let command = format!("curl -H 'X-A: 1' -A copied -u a:b {}", server.url());
        let options = "-H 'X-A: 2' -H 'X-B: 2' -A set --bearer no";
        let client = wscope().file("c.txt", command).env("WSCOPE_OPTIONS", options);
        client.args(["--from-curl", "c.txt"])
    });
    assert_eq!(
        fields(&head)[..4],
        [
            "User-Agent: copied",
            "Authorization: Basic YTpi",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
            "X-B: 2"
        ],
        "{head}"
    );
    assert_eq!(header(&head, "X-A"), Some("1"));
}

#[test]
fn it_is_used_without_settings_too() {
    let (head, _) = request("curl http://HOST/x -H 'X-A: 1'", &["--no-config"]);
    assert!(head.starts_with("GET /x HTTP/1.1\r\n"), "{head}");
    assert_eq!(header(&head, "X-A"), Some("1"));
}

#[test]
fn what_has_no_meaning_is_named() {
    let command = "curl 'http://HOST/' -X POST --data-raw '{\"password\":\"hunter2\"}' --http2 -H 'Upgrade: websocket' \
                   -H 'Host: HOST' --compressed -s";
    let (_, outcome) = request(command, &["-v"]);
    outcome
        .stderr_contains("--from-curl c.txt: not used for a WebSocket: -X, --data-raw, --http2")
        .stderr_contains("--from-curl c.txt: not taken into this handshake: Upgrade, Host")
        .stderr_lacks("hunter2");
    let (_, outcome) = request("curl http://HOST/ -X GET -isSN -H 'Upgrade: websocket'", &[]);
    outcome.stderr_lacks("not used").stderr_lacks("not taken");
}

#[test]
fn secrets_of_the_command_are_masked() {
    let command =
        "curl 'http://me:hunter2@HOST/?token=hunter3&a=b' -H 'X-Api-Key: hunter4' -b 'sid=hunter5'";
    let (head, outcome) = request(command, &["-v"]);
    for secret in ["token=hunter3", "X-Api-Key: hunter4", "Cookie: sid=hunter5", "bWU6aHVudGVyMg=="]
    {
        assert!(head.contains(secret), "{head}");
    }
    outcome.stderr_contains("X-Api-Key: ***").stderr_lacks("hunter").stderr_lacks("bWU6");
    let (_, outcome) = request("curl http://HOST/ -u me:hunter2", &["-v"]);
    outcome.stderr_lacks("hunter2").stderr_lacks("bWU6aHVudGVyMg==");
}

#[test]
fn errors_name_the_place_in_the_command() {
    let place = |line, column| format!("--from-curl c.txt, line {line}, column {column}: ");
    for (command, at, reason) in [
        ("curl 'ws://h/' \\\n  -H 'X-A: 1' \\\n  -o f", place(3, 3), "-o cannot be used here"),
        ("curl 'ws://h/' -D -", place(1, 16), "-D cannot be used here"),
        ("curl 'ws://h/' -H @f", place(1, 16), "-H names a file"),
        ("curl 'ws://h/' \\\n  'ws://i/'", place(2, 3), "a second URL"),
        ("curl 'ws://h/' | jq .", place(1, 16), "'|' is a shell operator"),
        ("curl 'ws://é/' > f", place(1, 16), "'>' is a shell operator"),
        ("curl \"ws://h/$TOKEN\"", place(1, 14), "the shell would expand $TOKEN"),
        ("curl ws://h/ $(touch x)", place(1, 14), "the shell would expand $(…)"),
        ("curl 'ws://h/' -H 'X-A: 1", place(1, 19), "the quote that opens here is not closed"),
        ("curl 'ws://h/' --frob", place(1, 16), "curl has no option --frob"),
        ("curl 'ws://h/' -H 'X A: 1'", place(1, 16), "' ' is not allowed in a header name"),
        ("curl 'ws://h/' -H $'X-A: \\n'", place(1, 16), "bad --header"),
        ("curl 'ws://h/' -H 'X-A'", place(1, 16), "no colon"),
        ("curl 'ws://h/' -m soon", place(1, 16), "bad --max-time"),
        ("curl 'ws://h/' --max-redirs -1", place(1, 16), "invalid value '-1'"),
        ("curl 'ws://h/' --key k", place(1, 16), "--cert"),
        ("curl 'ws://h:0/'", place(1, 6), "bad URL"),
        ("curl 'ftp://h/'", place(1, 6), "ftp"),
        ("curl 'ws://h/' -H 'Sec-WebSocket-Protocol: a, a'", place(1, 16), "it is offered twice"),
        ("wget 'ws://h/'", place(1, 1), "not a curl command"),
        ("", place(1, 1), "there is no command"),
        ("curl a\0", place(1, 7), "NUL is not allowed"),
    ] {
        refused(command, &[&at, reason]);
    }
    refused(b"curl ws://h/\n\\xff \xff", &["--from-curl c.txt, line 2, byte 6: it is not UTF-8"]);
    refused("curl -k", &["--from-curl c.txt: the command has no URL; give one beside it"]);
    refused("x".repeat((1 << 20) + 1), &["--from-curl c.txt: the file is larger than 1 MiB"]);
}

#[test]
fn the_option_is_for_the_command_line_alone() {
    let client = wscope().env("WSCOPE_OPTIONS", "--from-curl c.txt").arg("ws://localhost:1");
    client.run().code(2).stderr_contains("--from-curl, --help and --version are allowed only on");
    wscope().args(["--from-curl", "none.txt"]).run().stderr_contains("--from-curl none.txt: ");
    wscope().args(["--json"]).run().code(2).stderr_contains("<URL>");
}

/// A copied command cannot make the program send a file.
#[test]
fn no_file_is_read_for_a_value() {
    for option in ["-u @c.txt", "--oauth2-bearer @c.txt", "--pass @c.txt --cert c.txt", "-H@c.txt"]
    {
        refused(format!("curl ws://127.0.0.1:1/ {option}"), &["names a file, which is not read"]);
    }
    let (head, outcome) = request("curl ws://HOST/ -b @c.txt -A @c.txt -H 'Cookie: @c.txt'", &[]);
    assert_eq!(header(&head, "User-Agent"), Some("@c.txt"));
    assert_eq!(header(&head, "Cookie"), Some("@c.txt"));
    outcome.stderr_contains("-b with a file");
}

#[test]
fn standard_input_may_be_the_command() {
    let (sender, received) = mpsc::channel();
    let server = Server::script(move |peer| {
        let head = peer.accept_request();
        peer.expect_text("hello");
        peer.close_and_expect_reply(1000);
        sender.send(head).expect("a receiver");
    });
    let command = format!("curl 'http://127.0.0.1:{}/in' \\\n -H 'X-A: 1'\n\n", server.port());
    let client = wscope().stdin(&command).args(["--from-curl", "-", "-x", "hello"]);
    client.run().code(0).stdout("");
    server.join();
    let head = received.recv().expect("a request");
    assert!(head.starts_with("GET /in HTTP/1.1\r\n"), "{head}");
    for option in ["--input=lines", "-0", "--slash"] {
        let client = wscope().stdin("curl ws://127.0.0.1:1").args(["--from-curl", "-", option]);
        client.run().code(2).stderr_contains("standard input is the command");
    }
    let client = wscope().stdin("curl a | b").args(["--from-curl", "-"]);
    client.run().code(2).stderr_contains("--from-curl -, line 1, column 8: '|'");
}
