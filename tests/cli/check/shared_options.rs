//! Options of the command for all connections, and what the file says instead.

use super::{check, run};
use crate::support::{Peer, Server, close, header, script, text};
use crate::tls::{Credentials, echo, refused};

/// What the request has of this header, if a connection with these lines and arguments is opened.
fn sent(lines: &str, arguments: &[&str], name: &'static str) -> Vec<String> {
    let (tell, told) = std::sync::mpsc::channel();
    let server = Server::script(move |peer| {
        let head = peer.accept_request();
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        let values = lines.filter(|(own, _)| own.eq_ignore_ascii_case(name));
        tell.send(values.map(|(_, value)| value.trim().to_owned()).collect()).expect("the test");
        peer.answer_close(1000);
    });
    let (scheme, host) = ("ws://", server.url().replace("ws://", ""));
    let first = match lines.strip_prefix("@ ") {
        Some(_) => format!("WS {scheme}f:ile@{host}"),
        None => format!("WS {scheme}{host}"),
    };
    let lines = lines.trim_start_matches("@ ");
    let scenario = format!("{first}\n{lines}HTTP 101\n");
    check(&scenario)
        .file("headers", "Origin: cli\nX-A: cli\nX-B;\n")
        .file("own", "X-A: file\n")
        .args(arguments)
        .run()
        .code(0);
    told.recv().expect("the server")
}

#[test]
fn headers_of_the_file_count_more_than_options_of_the_command() {
    let basic = "Basic ZjppbGU="; // f:ile
    for (lines, arguments, name, expected) in [
        ("[Options]\norigin: file\n", &["-H", "Origin: cli"][..], "Origin", &["file"][..]),
        ("[Options]\norigin: file\n", &["-H", "@headers"], "Origin", &["file"]),
        ("[Options]\norigin: file\n", &["--origin", "cli"], "Origin", &["file"]),
        ("Origin: file\n", &["--origin", "cli"], "Origin", &["file"]),
        ("[Options]\nheader: @own\n", &["-H", "@headers"], "X-A", &["file"]),
        ("[Options]\nheader: @own\n", &["-H", "X-A: cli", "-H", "x-a: 2"], "X-A", &["file"]),
        ("[Options]\nheader: @own\n", &["-H", "@headers"], "X-B", &[""]),
        ("[Options]\nuser-agent: file\n", &["-H", "User-Agent: cli"], "User-Agent", &["file"]),
        ("[Options]\nuser-agent: file\n", &["-A", "cli"], "User-Agent", &["file"]),
        ("", &["--user-agent", "cli"], "User-Agent", &["cli"]),
        (
            "[Options]\nbearer: file\n",
            &["-H", "Authorization: Bearer cli"],
            "Authorization",
            &["Bearer file"],
        ),
        ("[Options]\nbearer: file\n", &["-u", "c:li"], "Authorization", &["Bearer file"]),
        ("[Options]\nuser: f:ile\n", &["--bearer", "cli"], "Authorization", &[basic]),
        ("[Options]\nuser: f:ile\n", &["-H", "Authorization: cli"], "Authorization", &[basic]),
        ("@ ", &["-u", "c:li"], "Authorization", &[basic]),
        ("@ ", &["--bearer", "cli"], "Authorization", &[basic]),
        ("@ ", &["-H", "Authorization: cli"], "Authorization", &[basic]),
        ("Authorization: file\n", &["-u", "c:li"], "Authorization", &["file"]),
        ("[Options]\ncookie: f=1\n", &["--cookie", "c=2"], "Cookie", &["f=1"]),
        ("[Options]\ncookie: f=1\n", &["-H", "Cookie: c=2"], "Cookie", &["f=1"]),
        ("Cookie: f=1\n", &["--cookie", "c=2"], "Cookie", &["f=1"]),
        (
            "[Options]\nno-compress: true\n",
            &["--compress", "server_no_context_takeover"],
            "Sec-WebSocket-Extensions",
            &[],
        ),
        (
            "[Options]\ncompress: server_no_context_takeover\n",
            &["--no-compress"],
            "Sec-WebSocket-Extensions",
            &["permessage-deflate; server_no_context_takeover"],
        ),
        ("", &["--no-compress"], "Sec-WebSocket-Extensions", &[]),
        (
            "[Options]\nno-compress: false\n",
            &["--no-compress"],
            "Sec-WebSocket-Extensions",
            &["permessage-deflate; client_max_window_bits"],
        ),
    ] {
        assert_eq!(sent(lines, arguments, name), expected, "{lines} {arguments:?}");
    }
}

#[test]
fn subprotocols_of_the_file_replace_those_of_the_command() {
    for (lines, expected) in [("subprotocol: file, both\n", "file, both"), ("", "cli, both")] {
        let server = Server::script(move |peer| {
            let head = peer.read_head();
            assert_eq!(header(&head, "Sec-WebSocket-Protocol"), Some(expected), "{head}");
            peer.accept_with(&head, &["Sec-WebSocket-Protocol: both"]);
            peer.answer_close(1000);
        });
        check(&format!("WS {{{{url}}}}\n[Options]\n{lines}HTTP 101\n"))
            .args(["--variable", &format!("url={}", server.url()), "-s", "cli,both"])
            .run()
            .code(0);
    }
}

#[test]
fn a_flag_of_the_command_can_be_turned_off() {
    let credentials = Credentials::for_names(&["localhost", "127.0.0.1"]);
    for (option, code) in [("", 0), ("insecure: true\n", 0), ("insecure: false\n", 1)] {
        let server = if code == 0 { echo(&credentials) } else { refused(&credentials) };
        let url = server.url().replace("ws://", "url=wss://");
        let scenario = format!("WS {{{{url}}}}\n[Options]\n{option}HTTP 101\n> a\n< a\n");
        check(&scenario).args(["-k", "--variable", &url]).run().code(code);
    }
}

#[test]
fn routes_of_the_file_come_before_those_of_the_command() {
    for (line, option, value) in [
        ("connect-to: 127.0.0.1:PORT", "--connect-to", "127.0.0.1:1"),
        ("resolve: h.invalid:PORT:127.0.0.1", "--resolve", "h.invalid:PORT:127.0.0.2"),
        ("connect-to: 127.0.0.1:PORT", "--unix-socket", "none"),
    ] {
        let server = Server::script(|peer| {
            peer.accept_request();
            peer.answer_close(1000);
        });
        let port = server.port().to_string();
        let scenario = format!("WS ws://h.invalid:PORT\n[Options]\n{line}\nHTTP 101\n");
        let value = value.replace("PORT", &port);
        check(&scenario.replace("PORT", &port)).args([option, &value]).run().code(0);
    }
}

#[test]
fn options_of_what_follows_the_handshake_are_for_all_connections() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("0123456789"));
        peer.expect_close(1009);
        peer.read_until_eof();
    });
    let program = |server: &Server, scenario: &str| {
        check(scenario).args(["--variable", &format!("url={}", server.url())])
    };
    let waits = "WS {{url}}\n< 0123456789\n";
    program(&server, waits).args(["--max-message-size", "5"]).run().code(1);
    let is_silent = |peer: &mut Peer| {
        peer.accept_request();
        peer.read_until_eof();
    };
    for (arguments, expected) in [
        (&["--idle-timeout", "200ms"][..], "nothing"),
        (&["--ping-interval", "100ms", "--ping-timeout", "200ms"], "ping"),
    ] {
        let outcome = program(&Server::script(is_silent), waits).args(arguments).run().code(1);
        outcome.stdout_contains(expected);
    }
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("0123456789"));
        peer.read_until_eof();
    });
    let outcome = program(&server, waits).args(["--close-timeout", "100ms"]).run().code(0);
    outcome.stderr_contains("closing handshake");
}

#[test]
fn redirects_are_followed_if_the_command_or_the_file_says_so() {
    let moved = |peer: &mut Peer| {
        let host = header(&peer.read_head(), "Host").expect("a host").to_owned();
        let response = format!("HTTP/1.1 302 Found\r\nLocation: http://{host}/b\r\n");
        peer.respond(&format!("{response}Content-Length: 0\r\n\r\n"));
    };
    let accepts = |peer: &mut Peer| {
        peer.accept_request();
        peer.answer_close(1000);
    };
    let program = |server: &Server, scenario: &str| {
        check(scenario).args(["--variable", &format!("url={}", server.url())])
    };
    let both = || Server::scripts([script(moved), script(accepts)]);
    program(&both(), "WS {{url}}\nHTTP 101\n").args(["--location"]).run().code(0);
    let server = Server::script(moved);
    let scenario = "WS {{url}}\n[Options]\nlocation: false\nHTTP 302\n";
    program(&server, scenario).args(["--location"]).run().code(0);
    let server = Server::script(moved);
    let scenario = "WS {{url}}\nHTTP 101\n";
    program(&server, scenario).args(["-L", "--max-redirs", "0"]).run().code(1);
}

#[test]
fn an_option_may_require_another_one_of_the_file() {
    check("WS ws://127.0.0.1:1\n[Options]\nno-system-ca: true\ncacert: none\nHTTP 101\n")
        .run()
        .code(1)
        .stdout_contains("none");
    check("WS ws://127.0.0.1:1\n[Options]\nno-system-ca: true\nHTTP 101\n")
        .file("ca.pem", Credentials::for_names(&["h"]).authority)
        .args(["--cacert", "ca.pem"])
        .run()
        .code(1)
        .stdout_contains("could not connect: TCP connect");
    for (lines, place) in [("no-system-ca: true", "3:1"), ("insecure: true\nkey: a", "4:1")] {
        let scenario = format!("WS ws://127.0.0.1:1\n[Options]\n{lines}\nHTTP 101\n");
        let expected = format!("s.wscope:{place}: error: the following required arguments");
        check(&scenario).run().code(2).stderr_contains(&expected);
    }
}

/// A file that passes with a warning of its text, one of its part and one of a secret.
const WARNED: &str = "WS {{url}}\n> {\"a\":\n";

#[test]
fn quiet_shows_failures_only() {
    let run = |arguments: &[&str]| {
        let server = Server::script(|peer| {
            peer.accept_request();
            peer.expect_text("{\"a\":");
            peer.expect_close(1000);
            peer.send(close(4001, "kicked"));
        });
        let url = format!("url={}", server.url());
        let server = if arguments.contains(&"--strict") { server.optional() } else { server };
        let program = check(WARNED).args(["--variable", &url, "--secret", "s=ab"]);
        let outcome = program.args(arguments).run();
        drop(server);
        outcome
    };
    let warnings = ["is short", "neither expects nor asserts", "4001"];
    let mut outcome = run(&[]).code(0);
    for warning in warnings {
        outcome = outcome.stderr_contains(warning);
    }
    run(&["-q"]).code(0).stdout("").stderr("");
    let outcome = run(&["-q", "--strict"]).code(2);
    outcome.stderr_contains("neither expects nor asserts");
}

#[test]
fn quiet_shows_a_warning_that_is_a_failure() {
    let server = || {
        Server::script(|peer| {
            peer.accept_request();
            peer.send(text("a"));
            peer.expect_close(1000);
            peer.send(close(4001, "kicked"));
        })
    };
    let scenario = "WS {{url}}\n< a\n";
    run(&server(), scenario).code(0).stderr_contains("4001");
    let strict = server();
    let url = format!("url={}", strict.url());
    check(scenario)
        .args(["-q", "--strict", "--variable", &url])
        .run()
        .code(1)
        .stdout_contains("4001");
}
